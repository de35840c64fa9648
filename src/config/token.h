/* SPDX-License-Identifier: ISC */
/* The tokens of a text that text_clean() has gone over, as libconfuse's. */
#ifndef CONFIG_TOKEN_H
#define CONFIG_TOKEN_H

#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* an unquoted word */
	TOKEN_QUOTED, /* "...", '...' or ${...} */
	TOKEN_SET,    /* = */
	TOKEN_APPEND, /* += */
	TOKEN_OPEN,   /* { */
	TOKEN_CLOSE,  /* } */
	TOKEN_COMMA,
	TOKEN_OTHER /* ( or ) */
};

struct token {
	enum token_kind kind;
	size_t at, len; /* in the text, with its quotes */
	unsigned line;
};

/* A place in a text of `len` bytes; a copy remembers it. Begin with line 1. */
struct token_reader {
	const char *text;
	size_t len, at;
	unsigned line;
};

/* Goes past the next token and returns it; TOKEN_END again and again. */
struct token token_next(struct token_reader *reader);

#endif
