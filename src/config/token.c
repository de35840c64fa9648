/* SPDX-License-Identifier: ISC */
/* Takes a text apart where libconfuse's lexer does. */
#include "config/token.h"

#include <string.h>

#include "config/text.h"

static void
skip_space(struct token_reader *reader)
{
	while (reader->at < reader->len &&
	    strchr(" \t\r\n", reader->text[reader->at]) != NULL) {
		reader->line += reader->text[reader->at] == '\n';
		reader->at++;
	}
}

/* The length of the quoted text at `text`, which is sure to end. */
static size_t
quoted_length(const char *text, size_t len)
{
	size_t at = 1;

	while (at < len && text[at] != text[0]) {
		if (text[at] == '\\')
			at++;
		else if (text[0] == '"' && at + 1 < len && text[at] == '$' &&
		    text[at + 1] == '{')
			while (at < len && text[at] != '}')
				at++;
		at++;
	}
	return at < len ? at + 1 : len;
}

static size_t
variable_length(const char *text, size_t len)
{
	const char *end = memchr(text, '}', len);

	return end == NULL ? len : (size_t)(end - text) + 1;
}

static size_t
word_length(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && text_is_word(text[at]))
		at++;
	return at;
}

/* The kind of token that begins at `text`; *token_len is its length. */
static enum token_kind
read_token(const char *text, size_t len, size_t *token_len)
{
	*token_len = 1;
	switch (text[0]) {
	case '{':
		return TOKEN_OPEN;
	case '}':
		return TOKEN_CLOSE;
	case '=':
		return TOKEN_SET;
	case ',':
		return TOKEN_COMMA;
	case '+':
		*token_len = len > 1 && text[1] == '=' ? 2 : 1;
		return *token_len == 2 ? TOKEN_APPEND : TOKEN_OTHER;
	case '"':
	case '\'':
		*token_len = quoted_length(text, len);
		return TOKEN_QUOTED;
	}
	if (len > 1 && text[0] == '$' && text[1] == '{') {
		*token_len = variable_length(text, len);
		return TOKEN_QUOTED;
	}
	if (!text_is_word(text[0]))
		return TOKEN_OTHER;
	*token_len = word_length(text, len);
	return TOKEN_WORD;
}

struct token
token_next(struct token_reader *reader)
{
	struct token token = { .kind = TOKEN_END };

	skip_space(reader);
	token.at = reader->at;
	token.line = reader->line;
	if (reader->at < reader->len)
		token.kind = read_token(reader->text + reader->at,
		    reader->len - reader->at, &token.len);
	reader->at += token.len;
	return token;
}
