/*
 * Lines against a plain split of the same bytes: however the reads are cut, plain, as gzip and as
 * zstd; single lines and rows with quoted newlines. The first byte says how, the second the
 * longest line, the third seeds the cuts; the rest is the text, or (PACKED) packed bytes to try.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "codec/csv.h"
#include "codec/lines.h"
#include "codec/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAIN, GZIP, ZSTD, PACKED, WAYS };
enum { PACKED_OUT_MAX = 1 << 18 };

static struct hc_err err;

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* A source that hands out a few bytes at a time. */
struct cut_source {
	struct hc_source source;
	struct hc_str left;
	uint32_t state;
	bool *closed;
};

static enum hc_code cut_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *e)
{
	(void)e;
	struct cut_source *c = (struct cut_source *)s;
	c->state = c->state * 1664525u + 1013904223u;
	size_t n = 1 + (c->state >> 24) % 64;
	if (n > cap)
		n = cap;
	if (n > c->left.n)
		n = c->left.n;
	if (n)
		memcpy(buf, c->left.p, n);
	c->left.p += n;
	c->left.n -= n;
	*got = n;
	return HC_OK;
}

static void cut_close(struct hc_source *s)
{
	*((struct cut_source *)s)->closed = true;
	free(s);
}

static struct hc_source *cut(struct hc_str bytes, uint32_t seed, bool *closed)
{
	struct cut_source *c = malloc(sizeof *c);
	must(c != NULL);
	*closed = false;
	*c = (struct cut_source){{cut_read, cut_close}, bytes, seed, closed};
	return &c->source;
}

/* --- The expected lines -------------------------------------------------------------------- */

struct expected {
	struct hc_str left;
	uint64_t number; /* of the next line */
	size_t max_line;
	bool rows;
};

static bool is_wide(struct hc_str s)
{
	return hc_str_starts(s, "\xFE\xFF") || hc_str_starts(s, "\xFF\xFE") ||
	       (s.n >= 4 && memcmp(s.p, "\x00\x00\xFE\xFF", 4) == 0);
}

/* The length of the next line or row with its newline. */
static size_t piece(const struct expected *e, uint64_t *newlines)
{
	bool open = false;
	size_t n = 0;
	*newlines = 0;
	while (n < e->left.n) {
		const char *newline = memchr(e->left.p + n, '\n', e->left.n - n);
		if (!newline)
			return e->left.n;
		size_t to = (size_t)(newline - e->left.p) + 1;
		++*newlines;
		open = e->rows && hc_csv_open_quote((struct hc_str){e->left.p + n, to - n}, open);
		n = to;
		if (!open)
			return n;
	}
	return n;
}

static bool ends_in_quote(const struct expected *e, size_t n)
{
	bool open = false;
	for (size_t from = 0; e->rows && from < n;) {
		const char *newline = memchr(e->left.p + from, '\n', n - from);
		size_t to = newline ? (size_t)(newline - e->left.p) + 1 : n;
		open = hc_csv_open_quote((struct hc_str){e->left.p + from, to - from}, open);
		from = to;
	}
	return open;
}

static struct hc_line next_expected(struct expected *e)
{
	struct hc_line line = {HC_LINE_END, {NULL, 0}, e->number};
	if (e->left.n == 0)
		return line;
	uint64_t newlines;
	size_t n = piece(e, &newlines), text = n;
	if (e->left.p[n - 1] == '\n' && !ends_in_quote(e, n)) {
		text--;
		text -= text && e->left.p[text - 1] == '\r';
	}
	line.state = text > e->max_line ? HC_LINE_LONG : HC_LINE;
	if (line.state == HC_LINE_LONG)
		text = e->max_line < HC_LINE_HEAD_MAX ? e->max_line : HC_LINE_HEAD_MAX;
	line.text = (struct hc_str){e->left.p, text};
	e->left.p += n;
	e->left.n -= n;
	e->number += newlines;
	return line;
}

/* --- The lines read ------------------------------------------------------------------------ */

static bool row_goes_on(struct hc_str fresh, void *arg)
{
	bool *open = arg;
	return *open = hc_csv_open_quote(fresh, *open);
}

static enum hc_code next(struct hc_lines *l, bool rows, struct hc_line *line)
{
	bool open = false;
	return rows ? hc_lines_next_while(l, row_goes_on, &open, line, &err) : hc_lines_next(l, line, &err);
}

/* A row that was too long may end elsewhere when its quotes are not those of CSV. */
static bool quotes_are_clean(struct hc_str text)
{
	struct hc_csv_row row = {0};
	const char *problem;
	while (hc_csv_next(&text, &row, &problem))
		;
	hc_csv_row_free(&row);
	return !problem;
}

static void check_lines(struct hc_source *source, struct hc_str text, size_t max_line, bool rows)
{
	struct expected e = {text, 1, max_line, rows};
	struct hc_lines *l;
	must(hc_lines_open(source, max_line, &l, &err) == HC_OK);
	struct hc_line line;
	if (is_wide(text)) {
		must(next(l, rows, &line) == HC_INPUT);
		hc_lines_close(l);
		return;
	}
	if (hc_str_starts(text, "\xEF\xBB\xBF")) {
		e.left.p += 3;
		e.left.n -= 3;
	}
	bool exact = !rows || quotes_are_clean(e.left);
	do {
		must(next(l, rows, &line) == HC_OK);
		struct hc_line expected = next_expected(&e);
		must(line.state == expected.state);
		must(line.state == HC_LINE_END || line.number == expected.number);
		must(hc_str_eq(line.text, expected.text));
		must(line.state == HC_LINE_END || hc_lines_bytes(l) == text.n - e.left.n || !exact);
	} while (line.state != HC_LINE_END && (exact || line.state != HC_LINE_LONG));
	must(line.state != HC_LINE_END || hc_lines_bytes(l) == text.n);
	hc_lines_close(l);
}

/* --- Packing ------------------------------------------------------------------------------- */

/* The text as two gzip members; the length of the first. */
static size_t pack_gzip(struct hc_str text, size_t middle, struct hc_buf *out)
{
	size_t first = 0;
	static z_stream z;
	static bool ready;
	if (!ready)
		must(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 1, Z_DEFAULT_STRATEGY) == Z_OK);
	ready = true;
	for (int i = 0; i < 2; i++) {
		must(deflateReset(&z) == Z_OK);
		struct hc_str part =
			i ? (struct hc_str){text.p + middle, text.n - middle} : (struct hc_str){text.p, middle};
		z.next_in = (Bytef *)(uintptr_t)part.p;
		z.avail_in = (uInt)part.n;
		z.avail_out = (uInt)(part.n + 128);
		z.next_out = (Bytef *)hc_buf_room(out, z.avail_out);
		must(z.next_out && deflate(&z, Z_FINISH) == Z_STREAM_END);
		out->n += part.n + 128 - z.avail_out;
		first = i ? first : out->n;
	}
	return first;
}

/* The same as two zstd frames. */
static size_t pack_zstd(struct hc_str text, size_t middle, struct hc_buf *out)
{
	static ZSTD_CCtx *context;
	size_t first = 0;
	if (!context)
		context = ZSTD_createCCtx();
	for (int i = 0; i < 2; i++) {
		struct hc_str part =
			i ? (struct hc_str){text.p + middle, text.n - middle} : (struct hc_str){text.p, middle};
		size_t room = ZSTD_compressBound(part.n);
		char *to = hc_buf_room(out, room);
		size_t n = ZSTD_compressCCtx(context, to, room, part.p, part.n, 1);
		must(to && !ZSTD_isError(n));
		out->n += n;
		first = i ? first : out->n;
	}
	return first;
}

static struct hc_source *unpacked(struct hc_source *packed)
{
	struct hc_source *out;
	must(hc_unpack_open(packed, &out, &err) == HC_OK);
	return out;
}

/* Packed bytes cut at n are an error, unless that is where a member ends. */
static void check_cut_short(struct hc_str packed, size_t n, size_t first, size_t magic)
{
	bool closed;
	struct hc_source *s = unpacked(cut((struct hc_str){packed.p, n}, 1, &closed));
	char buf[256];
	size_t got = 0;
	enum hc_code code;
	do
		code = s->read(s, buf, sizeof buf, &got, &err);
	while (code == HC_OK && got);
	must((code == HC_OK) == (n < magic || n == first));
	must(code == HC_OK || code == HC_INPUT);
	hc_source_close(s);
	must(closed);
}

/* --- Anything that claims to be packed ----------------------------------------------------- */

static enum hc_code read_all(struct hc_source *s, struct hc_buf *out)
{
	enum hc_code code = HC_OK;
	size_t got = 1;
	while (code == HC_OK && got && out->n < PACKED_OUT_MAX) {
		char *room = hc_buf_room(out, 4096);
		must(room != NULL);
		code = s->read(s, room, 4096, &got, &err);
		if (code == HC_OK)
			out->n += got;
	}
	hc_source_close(s);
	return code;
}

static void check_packed(struct hc_str bytes, uint32_t seed)
{
	struct hc_buf a = HC_BUF(2 * PACKED_OUT_MAX), b = HC_BUF(2 * PACKED_OUT_MAX);
	bool closed;
	enum hc_code whole = read_all(unpacked(hc_source_of_memory(bytes.p, bytes.n)), &a);
	enum hc_code parts = read_all(unpacked(cut(bytes, seed, &closed)), &b);
	must(closed);
	if (a.n < PACKED_OUT_MAX && b.n < PACKED_OUT_MAX)
		must(whole == parts);
	if (whole == HC_OK && parts == HC_OK)
		must(memcmp(a.p, b.p, a.n < b.n ? a.n : b.n) == 0);
	hc_buf_free(&a);
	hc_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	unsigned way = data[0] % WAYS;
	bool rows = data[0] / WAYS & 1;
	size_t max_line = data[1] < 128 ? 1u + data[1] : 1u + 32u * data[1];
	uint32_t seed = data[2];
	struct hc_str text = {(const char *)data + 3, size - 3};
	struct hc_buf packed = HC_BUF(1 << 20);
	bool closed;
	switch (way) {
	case PACKED:
		check_packed(text, seed);
		break;
	case PLAIN:
		check_lines(hc_source_of_memory(text.p, text.n), text, max_line, rows);
		check_lines(cut(text, seed, &closed), text, max_line, rows);
		must(closed);
		break;
	default: {
		size_t first = (way == GZIP ? pack_gzip : pack_zstd)(text, text.n * seed / 255, &packed);
		check_lines(unpacked(cut(hc_buf_view(&packed), seed, &closed)), text, max_line, rows);
		must(closed);
		check_cut_short(hc_buf_view(&packed), packed.n * seed / 256, first, way == GZIP ? 2 : 4);
	}
	}
	hc_buf_free(&packed);
	return 0;
}
