/*
 * Content-Encoding: aws-chunked, as S3's clients send bodies whose length they know and whose digest they do not yet:
 *
 *     HEX-SIZE[;chunk-signature=HEX64]\r\n BYTES \r\n ... 0[;chunk-signature=...]\r\n [name:value\r\n ...] [x-amz-trailer-signature:HEX64\r\n] \r\n
 *
 * A push parser: bytes come in pieces of any size and content goes out as it comes. Nothing is allocated; what
 * is kept is one line. The parser checks form; signatures are the caller's to check. Lines of the trailer may end in LF alone: then
 * one CR LF behind them is theirs, and the one after it ends the body, as minio-go writes it. After a failure nothing more is fed.
 */
#ifndef HC_CODEC_CHUNKED_H
#define HC_CODEC_CHUNKED_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { HC_CHUNK_LINE_MAX = 8192, HC_CHUNK_TRAILERS_MAX = 32 };
#define HC_CHUNK_BYTES_MAX (UINT64_C(5) << 30)

struct hc_chunked_events {
	/* A chunk begins: its size (0: the last) and signature (empty without one). */
	enum hc_code (*chunk)(void *arg, uint64_t size, struct hc_str signature, struct hc_err *err);
	/* Bytes of the chunk; in pieces. */
	enum hc_code (*bytes)(void *arg, const void *p, size_t n, struct hc_err *err);
	/* The chunk's bytes are complete (not called for the last, empty one). */
	enum hc_code (*chunk_end)(void *arg, struct hc_err *err);
	/* One line of the trailer; names in lower case, values trimmed. */
	enum hc_code (*trailer)(void *arg, struct hc_str name, struct hc_str value, struct hc_err *err);
};

struct hc_chunked {
	const struct hc_chunked_events *events;
	void *arg;
	int state;
	uint64_t left; /* bytes of the chunk still to come */
	unsigned n_trailers;
	size_t n_line;
	char line[HC_CHUNK_LINE_MAX];
};

void hc_chunked_open(struct hc_chunked *c, const struct hc_chunked_events *events, void *arg);
/* HC_INPUT when the form is wrong or bytes come behind the end, HC_LIMIT for a line or chunk that is too long, or what an event said. */
enum hc_code hc_chunked_feed(struct hc_chunked *c, const void *p, size_t n, struct hc_err *err) HC_MUST_USE;
/* HC_INPUT when the end had not come. */
enum hc_code hc_chunked_finish(struct hc_chunked *c, struct hc_err *err) HC_MUST_USE;

#endif
