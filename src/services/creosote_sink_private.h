/* SPDX-License-Identifier: ISC */
/* What the parts of a sink share. */
#ifndef SERVICES_CREOSOTE_SINK_PRIVATE_H
#define SERVICES_CREOSOTE_SINK_PRIVATE_H

#include "services/creosote_sink.h"

/* Its file, for the log. */
const char *sink_path(const struct bucket_sink *sink);

/* Says here what is missing, as far as there is room for it. */
void sink_say_losses(struct bucket_sink *sink);

/* Writes what waits, for some ms at the most, and notes what came of it. */
void sink_write(struct bucket_sink *sink, int64_t now_ms);

/* What fails is logged once. */
void sink_sync(struct bucket_sink *sink);

#endif
