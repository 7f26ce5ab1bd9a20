#include "codec/chunked.h"

#include <assert.h>

enum {
	SIZE,     /* in the line of a chunk's size */
	BYTES,    /* in its bytes, left > 0 */
	BYTES_CR, /* at the line end behind them */
	BYTES_LF, /* in the middle of it */
	TRAILER,  /* in a line behind the last chunk */
	BARE_CR,  /* behind a line of the trailer that ended without CR */
	BARE_LF,
	END,
};

enum { SIGNATURE = 64, SIZE_DIGITS_MAX = 16 };

void hc_chunked_open(struct hc_chunked *c, const struct hc_chunked_events *events, void *arg)
{
	c->events = events;
	c->arg = arg;
	c->state = SIZE;
	c->left = 0;
	c->n_trailers = 0;
	c->n_line = 0;
}

static bool is_signature(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (hc_hex_digit(s.p[i]) < 0)
			return false;
	return s.n == SIGNATURE;
}

/* What stands before the next ';', and the ';', from *rest. */
static struct hc_str take_part(struct hc_str *rest)
{
	const char *at = rest->n ? memchr(rest->p, ';', rest->n) : NULL;
	struct hc_str part = {rest->p, at ? (size_t)(at - rest->p) : rest->n};
	size_t used = part.n + (at != NULL);
	rest->p += used;
	rest->n -= used;
	return part;
}

static enum hc_code take_size(struct hc_str text, uint64_t *out, struct hc_err *err)
{
	uint64_t size = 0;
	if (text.n == 0)
		return hc_fail(err, HC_INPUT, "a chunk has no size");
	for (size_t i = 0; i < text.n; i++) {
		char shown[HC_STR_SHOW_SIZE];
		int value = hc_hex_digit(text.p[i]);
		if (value < 0)
			return hc_fail(err, HC_INPUT, "the size of a chunk is '%s', not a hexadecimal number",
				       hc_str_show(text, shown));
		if (i >= SIZE_DIGITS_MAX)
			return hc_fail(err, HC_LIMIT, "the size of a chunk has more than %d digits", SIZE_DIGITS_MAX);
		size = size << 4 | (uint64_t)value;
	}
	if (size > HC_CHUNK_BYTES_MAX)
		return hc_fail(err, HC_LIMIT, "a chunk is larger than %llu bytes",
			       (unsigned long long)HC_CHUNK_BYTES_MAX);
	*out = size;
	return HC_OK;
}

/* HEX-SIZE[;chunk-signature=HEX64]; extensions that are not known are passed over, as RFC 9112 has it. */
static enum hc_code take_chunk(struct hc_chunked *c, struct hc_str line, struct hc_err *err)
{
	static const char name[] = "chunk-signature=";
	struct hc_str signature = {"", 0};
	uint64_t size;
	HC_TRY(take_size(hc_str_trim(take_part(&line)), &size, err));
	while (line.n) {
		struct hc_str part = hc_str_trim(take_part(&line));
		if (!hc_str_starts(part, name))
			continue;
		if (signature.n)
			return hc_fail(err, HC_INPUT, "a chunk has two signatures");
		signature = (struct hc_str){part.p + sizeof name - 1, part.n - (sizeof name - 1)};
		if (!is_signature(signature))
			return hc_fail(err, HC_INPUT, "the signature of a chunk is not 64 hexadecimal digits");
	}
	c->left = size;
	c->state = size ? BYTES : TRAILER;
	return c->events->chunk(c->arg, size, signature, err);
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* name:value, or nothing: the end. */
static enum hc_code take_trailer(struct hc_chunked *c, size_t n, bool bare, struct hc_err *err)
{
	char *line = c->line, *colon = n ? memchr(line, ':', n) : NULL;
	if (n == 0 && !bare) {
		c->state = END;
		return HC_OK;
	}
	if (!colon || colon == line)
		return hc_fail(err, HC_INPUT, "a line of the trailer is not 'name:value'");
	size_t n_name = (size_t)(colon - line);
	for (size_t i = 0; i < n_name; i++) {
		if (line[i] >= 'A' && line[i] <= 'Z')
			line[i] = (char)(line[i] - 'A' + 'a');
		if (!is_name_char(line[i]))
			return hc_fail(err, HC_INPUT,
				       "the name of a line of the trailer has a character that no name has");
	}
	if (c->n_trailers >= HC_CHUNK_TRAILERS_MAX)
		return hc_fail(err, HC_LIMIT, "the trailer has more than %d lines", HC_CHUNK_TRAILERS_MAX);
	c->n_trailers++;
	c->state = bare ? BARE_CR : TRAILER;
	return c->events->trailer(c->arg, (struct hc_str){line, n_name},
				  hc_str_trim((struct hc_str){colon + 1, n - n_name - 1}), err);
}

/* The line is complete: its newline is the last byte. */
static enum hc_code take_line(struct hc_chunked *c, struct hc_err *err)
{
	size_t n = c->n_line - 1;
	bool bare = n == 0 || c->line[n - 1] != '\r';
	n -= !bare;
	c->n_line = 0;
	if (memchr(c->line, '\0', n) || memchr(c->line, '\r', n))
		return hc_fail(err, HC_INPUT, "a line of a chunked body has a NUL or CR in it");
	if (c->state == TRAILER)
		return take_trailer(c, n, bare, err);
	if (bare)
		return hc_fail(err, HC_INPUT, "the size of a chunk must end with CR LF");
	return take_chunk(c, (struct hc_str){c->line, n}, err);
}

/* Takes bytes up to the end of a line; *used of n. */
static enum hc_code feed_line(struct hc_chunked *c, const char *p, size_t n, size_t *used, struct hc_err *err)
{
	const char *newline = memchr(p, '\n', n);
	size_t take = newline ? (size_t)(newline - p) + 1 : n;
	if (take > sizeof c->line - c->n_line)
		return hc_fail(err, HC_LIMIT, "a line of a chunked body is longer than %d bytes", HC_CHUNK_LINE_MAX);
	memcpy(c->line + c->n_line, p, take);
	c->n_line += take;
	*used = take;
	return newline ? take_line(c, err) : HC_OK;
}

static enum hc_code feed_bytes(struct hc_chunked *c, const char *p, size_t n, size_t *used, struct hc_err *err)
{
	size_t take = n < c->left ? n : (size_t)c->left;
	*used = take;
	c->left -= take;
	HC_TRY(c->events->bytes(c->arg, p, take, err));
	if (c->left)
		return HC_OK;
	c->state = BYTES_CR;
	return c->events->chunk_end(c->arg, err);
}

/*
 * The CR LF behind a chunk's bytes; or behind a line of the trailer that ended in LF alone. Some clients (minio-go)
 * end each line of the trailer with LF, and all of them with CR LF: that one is not the empty line which ends the body.
 */
static enum hc_code feed_line_end(struct hc_chunked *c, char byte, struct hc_err *err)
{
	switch (c->state) {
	case BYTES_CR:
	case BARE_CR:
		if (byte != '\r')
			break;
		c->state = c->state == BYTES_CR ? BYTES_LF : BARE_LF;
		return HC_OK;
	default:
		if (byte != '\n')
			break;
		c->state = c->state == BYTES_LF ? SIZE : TRAILER;
		return HC_OK;
	}
	return hc_fail(err, HC_INPUT, "a chunk is longer than its size, or does not end with CR LF");
}

static enum hc_code feed_some(struct hc_chunked *c, const char *p, size_t n, size_t *used, struct hc_err *err)
{
	switch (c->state) {
	case BARE_CR:
		if (*p != '\r') { /* one more line of the trailer */
			c->state = TRAILER;
			return feed_line(c, p, n, used, err);
		}
		*used = 1;
		return feed_line_end(c, *p, err);
	case BYTES_CR:
	case BYTES_LF:
	case BARE_LF:
		*used = 1;
		return feed_line_end(c, *p, err);
	case BYTES:
		return feed_bytes(c, p, n, used, err);
	case END:
		return hc_fail(err, HC_INPUT, "bytes come behind the end of a chunked body");
	default:
		return feed_line(c, p, n, used, err);
	}
}

enum hc_code hc_chunked_feed(struct hc_chunked *c, const void *p, size_t n, struct hc_err *err)
{
	for (const char *at = p; n > 0;) {
		size_t used = 0;
		HC_TRY(feed_some(c, at, n, &used, err));
		assert(used > 0 && used <= n);
		at += used;
		n -= used;
	}
	return HC_OK;
}

enum hc_code hc_chunked_finish(struct hc_chunked *c, struct hc_err *err)
{
	if (c->state != END)
		return hc_fail(err, HC_INPUT, "a chunked body ends before its last chunk and trailer are complete");
	return HC_OK;
}
