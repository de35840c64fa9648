/* SPDX-License-Identifier: ISC */
/*
 * The path of a bucket's file, in which %a stands for the sender and %% for a
 * percent, and the names of senders that are put there.
 */
#ifndef SERVICES_CREOSOTE_PATH_H
#define SERVICES_CREOSOTE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/service.h"

/* 0, or -1 with why: what is written after a percent, and where. */
int bucket_path_check(const char *path, char why[WHY_SIZE]);

/* True when there is a %a. */
bool bucket_path_has_sender(const char *path);

/* Writes the path of a sender's file: 0, or -1 with errno: it is too long. */
int
bucket_path_format(char out[PATH_MAX], const char *path, const char *sender);

/*
 * True when the name of a file, in the directory of the path, is one that a
 * sender's file may have; that of the others is none.
 */
bool bucket_path_matches(const char *path, const char *entry);

/* Writes the directory, without its last slash; "/" is "". */
void bucket_path_directory(char out[PATH_MAX], const char *path);

#define SENDER_NAME_SIZE 96

/* Where those are written that get no file of their own. */
#define SENDER_OTHERS "others"

/*
 * Writes the name of a sender's file: its address without the port; a path or
 * an abstract name with _ in place of what is no letter, digit, dot or hyphen,
 * and with _ or @ before it, so that it is never that of another kind of
 * sender; or "unnamed". A long one is cut, and gets a hash of all of it.
 */
void sender_name(
    char out[SENDER_NAME_SIZE], const struct sockaddr *peer, socklen_t len);

/* True for what sender_name() may write, and hardly anybody else does. */
bool sender_is_name(const char *text, size_t len);

#endif
