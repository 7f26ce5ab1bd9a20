#include "codec/unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { PACKED_ROOM = 1 << 16, MAGIC_MAX = 4, GZIP_WINDOW = 15 + 16 /* 16: expect a gzip header */ };

struct unpacker {
	struct hc_source source;
	struct hc_source *packed;
	/* How the next bytes are made: chosen by the first bytes. */
	enum hc_code (*step)(struct unpacker *u, void *buf, size_t cap, size_t *got, struct hc_err *err);
	size_t at, end; /* packed bytes read and not yet used: room[at..end) */
	bool packed_ended;
	bool inside; /* a member or frame was begun and has not ended */
	bool padded; /* gzip: zeros after the last member */
	z_stream gzip;
	bool gzip_open;
	ZSTD_DStream *zstd;
	unsigned char room[PACKED_ROOM];
};

static enum hc_code fill(struct unpacker *u, struct hc_err *err)
{
	size_t got = 0;
	HC_TRY(u->packed->read(u->packed, u->room + u->end, sizeof u->room - u->end, &got, err));
	u->end += got;
	u->packed_ended = got == 0;
	return HC_OK;
}

/* Reads more packed bytes when all are used; false in *any at the end of them. */
static enum hc_code want(struct unpacker *u, bool *any, struct hc_err *err)
{
	if (u->at == u->end && !u->packed_ended) {
		u->at = u->end = 0;
		HC_TRY(fill(u, err));
	}
	*any = u->at < u->end;
	return HC_OK;
}

static enum hc_code fail_short(const char *format, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "the %s data ends before its end", format);
	return hc_hint(err, "the file is cut off: upload or copy it again");
}

static enum hc_code pass_through(struct unpacker *u, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	size_t left = u->end - u->at;
	if (left == 0)
		return u->packed->read(u->packed, buf, cap, got, err);
	*got = left < cap ? left : cap;
	memcpy(buf, u->room + u->at, *got);
	u->at += *got;
	return HC_OK;
}

static unsigned shorter(size_t n)
{
	return n < 1u << 30 ? (unsigned)n : 1u << 30;
}

static enum hc_code fail_gzip(int status, const z_stream *z, struct hc_err *err)
{
	if (status == Z_MEM_ERROR)
		return hc_fail_nomem(err, "unpacking gzip");
	hc_fail(err, HC_INPUT, "not valid gzip data: %s", z->msg ? z->msg : "no gzip header");
	return hc_hint(err, "the file is damaged: upload or copy it again");
}

/* Between members: zeros may pad the file to its end (as tapes do), else the next member begins. */
static enum hc_code between_members(struct unpacker *u, struct hc_err *err)
{
	while (u->at < u->end && u->room[u->at] == 0) {
		u->at++;
		u->padded = true;
	}
	if (u->at == u->end)
		return HC_OK;
	if (u->padded) {
		hc_fail(err, HC_INPUT, "not valid gzip data: text after the padding of the last member");
		return hc_hint(err, "the file is damaged: upload or copy it again");
	}
	int status = inflateReset(&u->gzip);
	if (status != Z_OK)
		return fail_gzip(status, &u->gzip, err);
	u->inside = true;
	return HC_OK;
}

static enum hc_code inflate_some(struct unpacker *u, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	z_stream *z = &u->gzip;
	unsigned room = shorter(cap);
	z->next_in = u->room + u->at;
	z->avail_in = (unsigned)(u->end - u->at);
	z->next_out = buf;
	z->avail_out = room;
	int status = inflate(z, Z_NO_FLUSH);
	u->at = u->end - z->avail_in;
	*got = room - z->avail_out;
	if (status == Z_STREAM_END)
		u->inside = false;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		return fail_gzip(status, z, err);
	return HC_OK;
}

static enum hc_code gzip_step(struct unpacker *u, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	size_t n = 0;
	while (n == 0) {
		bool any;
		HC_TRY(want(u, &any, err));
		if (any && !u->inside)
			HC_TRY(between_members(u, err));
		if (u->inside)
			HC_TRY(inflate_some(u, buf, cap, &n, err));
		if (!any && n == 0) {
			if (u->inside)
				return fail_short("gzip", err);
			break;
		}
	}
	*got = n;
	return HC_OK;
}

static enum hc_code fail_zstd(size_t status, struct hc_err *err)
{
	switch (ZSTD_getErrorCode(status)) {
	case ZSTD_error_memory_allocation:
		return hc_fail_nomem(err, "unpacking zstd");
	case ZSTD_error_frameParameter_windowTooLarge:
		hc_fail(err, HC_LIMIT, "the zstd data needs a window of more than 2^%d bytes",
			HC_UNPACK_WINDOW_LOG_MAX);
		return hc_hint(err, "pack it again with a smaller window (zstd without --ultra and --long)");
	default:
		hc_fail(err, HC_INPUT, "not valid zstd data: %s", ZSTD_getErrorName(status));
		return hc_hint(err, "the file is damaged: upload or copy it again");
	}
}

static enum hc_code zstd_step(struct unpacker *u, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	size_t n = 0;
	while (n == 0) {
		bool any;
		HC_TRY(want(u, &any, err));
		if (!any && !u->inside)
			break;
		ZSTD_inBuffer in = {u->room + u->at, u->end - u->at, 0};
		ZSTD_outBuffer out = {buf, cap, 0};
		size_t status = ZSTD_decompressStream(u->zstd, &out, &in);
		if (ZSTD_isError(status))
			return fail_zstd(status, err);
		u->at += in.pos;
		u->inside = status != 0;
		n = out.pos;
		/* Without new bytes, what the decoder still held has come out by now, or never will. */
		if (!any && n == 0 && u->inside)
			return fail_short("zstd", err);
	}
	*got = n;
	return HC_OK;
}

static enum hc_code gzip_start(struct unpacker *u, struct hc_err *err)
{
	int status = inflateInit2(&u->gzip, GZIP_WINDOW);
	if (status != Z_OK)
		return fail_gzip(status, &u->gzip, err);
	u->gzip_open = true;
	u->inside = true;
	u->step = gzip_step;
	return HC_OK;
}

static enum hc_code zstd_start(struct unpacker *u, struct hc_err *err)
{
	u->zstd = ZSTD_createDStream();
	if (!u->zstd)
		return hc_fail_nomem(err, "unpacking zstd");
	size_t status = ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, HC_UNPACK_WINDOW_LOG_MAX);
	if (ZSTD_isError(status))
		return fail_zstd(status, err);
	u->inside = true;
	u->step = zstd_step;
	return HC_OK;
}

static bool is_gzip(const unsigned char *p, size_t n)
{
	return n >= 2 && p[0] == 0x1F && p[1] == 0x8B;
}

static bool is_zstd(const unsigned char *p, size_t n)
{
	if (n < MAGIC_MAX)
		return false;
	bool frame = p[0] == 0x28 && p[1] == 0xB5 && p[2] == 0x2F && p[3] == 0xFD;
	bool skippable = (p[0] & 0xF0) == 0x50 && p[1] == 0x2A && p[2] == 0x4D && p[3] == 0x18;
	return frame || skippable;
}

bool hc_unpack_is_packed(const void *head, size_t n)
{
	return is_gzip(head, n) || is_zstd(head, n);
}

static enum hc_code recognise(struct unpacker *u, struct hc_err *err)
{
	while (u->end < MAGIC_MAX && !u->packed_ended)
		HC_TRY(fill(u, err));
	if (is_gzip(u->room, u->end))
		return gzip_start(u, err);
	if (is_zstd(u->room, u->end))
		return zstd_start(u, err);
	u->step = pass_through;
	return HC_OK;
}

static enum hc_code unpacker_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	struct unpacker *u = (struct unpacker *)s;
	if (!u->step)
		HC_TRY(recognise(u, err));
	return u->step(u, buf, cap, got, err);
}

static void unpacker_close(struct hc_source *s)
{
	struct unpacker *u = (struct unpacker *)s;
	hc_source_close(u->packed);
	if (u->gzip_open)
		inflateEnd(&u->gzip);
	ZSTD_freeDStream(u->zstd);
	free(u);
}

enum hc_code hc_unpack_open(struct hc_source *packed, struct hc_source **out, struct hc_err *err)
{
	struct unpacker *u = calloc(1, sizeof *u);
	if (!u) {
		hc_source_close(packed);
		return hc_fail_nomem(err, "unpacking");
	}
	u->source = (struct hc_source){unpacker_read, unpacker_close};
	u->packed = packed;
	*out = &u->source;
	return HC_OK;
}
