/*
 * Columns as rows: the input makes a schema and arrays of it, in buffers that are just as long as a producer must have
 * made them, but with any offsets, indices and lengths in them. Nothing outside of them is read, a row is valid JSON (but for texts
 * that are not UTF-8), and what cannot be read is explained.
 */
#include "base/utf8.h"
#include "codec/arrow_rows.h"
#include "codec/json.h"
#include "target.h"

enum { DEPTH_MAX = 4, CHILDREN_MAX = 3, LENGTH_MAX = 12, TEXT_MAX = 40, PIECES_MAX = 4096, ROW_MAX = 4000 };

/* What is left of the input, and what was made of it. */
struct maker {
	const uint8_t *p;
	size_t n;
	void *pieces[PIECES_MAX];
	size_t n_pieces;
};

static uint8_t take(struct maker *m)
{
	if (m->n == 0)
		return 0;
	m->n--;
	return *m->p++;
}

/* Cleared memory of exactly n bytes. */
static void *piece(struct maker *m, size_t n)
{
	must(m->n_pieces < PIECES_MAX);
	void *p = calloc(1, n ? n : 1);
	must(p != NULL);
	m->pieces[m->n_pieces++] = p;
	return p;
}

static void *bytes_of(struct maker *m, size_t n)
{
	uint8_t *p = piece(m, n);
	for (size_t i = 0; i < n; i++)
		p[i] = take(m);
	return p;
}

static const char *const formats[] = {
	"n",        "b",          "c",       "C",          "s",    "S",   "i",   "I",       "l",    "L",
	"e",        "f",          "g",       "u",          "U",    "z",   "Z",   "vu",      "vz",   "w:3",
	"w:16",     "w:0",        "tdD",     "tdm",        "tts",  "ttm", "ttu", "ttn",     "tss:", "tsm:UTC",
	"tsu:",     "tsn:",       "tDs",     "+l",         "+L",   "+vl", "+vL", "+w:2",    "+s",   "+m",
	"d:9,2,32", "d:18,-3,64", "d:38,38", "d:76,5,256", "+w:0", "tiM", "+r",  "d:1,999", "w:x",  "",
};

/* Bytes of one value in the second buffer; 0: it is bits, or there is none. */
static size_t width_of(const char *format)
{
	static const struct {
		const char *format;
		size_t width;
	} known[] = {{"c", 1},   {"C", 1},     {"s", 2},        {"S", 2},        {"e", 2},          {"i", 4},
		     {"I", 4},   {"f", 4},     {"u", 4},        {"z", 4},        {"+l", 4},         {"+m", 4},
		     {"+vl", 4}, {"tdD", 4},   {"tts", 4},      {"ttm", 4},      {"vu", 16},        {"vz", 16},
		     {"w:3", 3}, {"w:16", 16}, {"d:9,2,32", 4}, {"d:38,38", 16}, {"d:76,5,256", 32}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(format, known[i].format) == 0)
			return known[i].width;
	return strcmp(format, "b") == 0 || strcmp(format, "w:0") == 0 ? 0 : 8;
}

static void make_text(struct maker *m, const char *format, size_t end, struct ArrowArray *a)
{
	size_t width = width_of(format), n = take(m) % TEXT_MAX;
	uint8_t *offsets = bytes_of(m, (end + 1) * width);
	/* mostly in order; the last one is what a producer answers for */
	if (take(m) % 4) {
		memset(offsets, 0, (end + 1) * width);
		for (size_t i = 1; i <= end; i++)
			offsets[i * width] = (uint8_t)(i * n / (end + 1));
	}
	memset(offsets + end * width, 0, width);
	offsets[end * width] = (uint8_t)n;
	a->n_buffers = 3;
	a->buffers[1] = offsets;
	a->buffers[2] = bytes_of(m, n);
}

static void make_views(struct maker *m, size_t end, struct ArrowArray *a)
{
	size_t buffers = take(m) % 3;
	uint8_t *views = bytes_of(m, end * 16);
	int64_t *sizes = piece(m, buffers * sizeof *sizes);
	for (size_t i = 0; i < end && take(m) % 4; i++) /* small numbers find something */
		for (size_t k = 0; k < 16; k++)
			if (k == 0 || k == 8 || k == 12)
				views[i * 16 + k] = (uint8_t)(views[i * 16 + k] % (k == 8 ? 3 : TEXT_MAX));
			else if (k < 4 || k > 8)
				views[i * 16 + k] = 0;
	a->buffers[1] = views;
	for (size_t i = 0; i < buffers; i++) {
		sizes[i] = take(m) % TEXT_MAX;
		a->buffers[2 + i] = bytes_of(m, (size_t)sizes[i]);
	}
	a->buffers[2 + buffers] = sizes;
	a->n_buffers = (int64_t)(3 + buffers);
}

static void make_buffers(struct maker *m, const char *format, size_t end, struct ArrowArray *a)
{
	size_t width = width_of(format);
	bool lists = strcmp(format, "+l") == 0 || strcmp(format, "+L") == 0 || strcmp(format, "+m") == 0;
	a->n_buffers = 2;
	if (strchr("uUzZ", format[0]) && format[0]) {
		make_text(m, format, end, a);
	} else if (format[0] == 'v') {
		make_views(m, end, a);
	} else if (strcmp(format, "+s") == 0 || strncmp(format, "+w", 2) == 0) {
		a->n_buffers = 1;
	} else if (strcmp(format, "n") == 0) {
		a->n_buffers = 0;
	} else {
		uint8_t *values = bytes_of(m, width ? (end + lists) * width : (end + 7) / 8);
		for (size_t i = 0; lists && i <= end && take(m) % 4; i++)
			memset(values + i * width, 0, width), values[i * width] = (uint8_t)i;
		a->buffers[1] = values;
		if (strncmp(format, "+v", 2) == 0) {
			a->n_buffers = 3;
			a->buffers[2] = bytes_of(m, end * width);
		}
	}
}

/* A type and an array of it, which as a rule has `length` values. */
static void make(struct maker *m, unsigned depth, size_t length, struct ArrowSchema *s, struct ArrowArray *a);

static void make_children(struct maker *m, unsigned depth, const char *format, size_t end, struct ArrowSchema *s,
			  struct ArrowArray *a)
{
	size_t n = format[0] != '+' ? 0 : strcmp(format, "+s") == 0 ? take(m) % (CHILDREN_MAX + 1) : 1;
	size_t length = strcmp(format, "+w:2") == 0 ? 2 * end : strcmp(format, "+s") == 0 ? end : LENGTH_MAX;
	s->n_children = a->n_children = (int64_t)n;
	s->children = piece(m, n * sizeof *s->children);
	a->children = piece(m, n * sizeof *a->children);
	for (size_t i = 0; i < n; i++) {
		s->children[i] = piece(m, sizeof *s);
		a->children[i] = piece(m, sizeof *a);
		make(m, depth + 1, length, s->children[i], a->children[i]);
	}
}

static void make(struct maker *m, unsigned depth, size_t length, struct ArrowSchema *s, struct ArrowArray *a)
{
	static const char *const names[] = {"a", "b\"\n", "\xff", NULL, ""};
	const char *format = depth == 0 ? "+s" : formats[take(m) % (sizeof formats / sizeof *formats)];
	if (depth >= DEPTH_MAX && format[0] == '+')
		format = "i";
	uint8_t odd = take(m);
	size_t offset = odd % 8 == 7 ? take(m) % 9 : 0, end = offset + length;
	*s = (struct ArrowSchema){.format = format, .name = names[take(m) % 5]};
	*a = (struct ArrowArray){
		.length = (int64_t)length, .offset = (int64_t)offset, .null_count = odd % 4 == 3 ? -1 : 0};
	a->buffers = piece(m, 8 * sizeof *a->buffers);
	if (odd % 4 == 3)
		a->buffers[0] = bytes_of(m, (end + 7) / 8);
	make_buffers(m, format, end, a);
	make_children(m, depth, format, end, s, a);
	if (odd >= 224 && depth > 0 && depth < DEPTH_MAX && strchr("cCsSiIlL", format[0]) && format[0]) {
		s->dictionary = piece(m, sizeof *s);
		a->dictionary = piece(m, sizeof *a);
		make(m, depth + 1, LENGTH_MAX, s->dictionary, a->dictionary);
	}
	/* what even a producer's own checks might have missed */
	if (odd == 32 && format[0] != 'v') /* whose last buffer would be another */
		a->n_buffers--;
	if (odd == 40)
		a->length -= 1;
	if (odd == 48)
		a->buffers[a->n_buffers > 1] = NULL;
	if (odd == 56)
		s->n_children = 0;
	if (odd == 64)
		a->offset = INT64_MAX;
}

static void release_schema(struct ArrowSchema *s)
{
	s->release = NULL;
}

static void release_array(struct ArrowArray *a)
{
	a->release = NULL;
}

static void release_stream(struct ArrowArrayStream *s)
{
	s->release = NULL;
}

struct producer {
	struct ArrowSchema schema;
	struct ArrowArray batch;
	bool given;
};

static int give_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	*out = ((struct producer *)stream->private_data)->schema;
	out->release = release_schema;
	return 0;
}

static int give_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct producer *p = stream->private_data;
	*out = p->given ? (struct ArrowArray){0} : p->batch;
	out->release = p->given ? NULL : release_array;
	p->given = true;
	return 0;
}

static const char *tell_error(struct ArrowArrayStream *stream)
{
	(void)stream;
	return "";
}

static void check_row(const struct hc_arrow_row *row)
{
	struct hc_json j;
	struct hc_json_value value;
	must(row->text.n <= ROW_MAX);
	if (row->too_long)
		return;
	hc_json_open(&j, row->text);
	bool valid = hc_json_value(&j, &value) && hc_json_finish(&j) && value.type == HC_JSON_OBJECT;
	must(valid || hc_utf8_valid_prefix(row->text.p, row->text.n) < row->text.n);
}

static enum hc_code read_rows(struct hc_arrow_rows *rows, int64_t n, struct hc_err *err)
{
	for (int64_t seen = 0;; seen++) {
		struct hc_arrow_row row;
		bool got;
		HC_TRY(hc_arrow_rows_next(rows, &row, &got, err));
		if (!got) {
			must(seen == (n > 0 ? n : 0));
			return HC_OK;
		}
		check_row(&row);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_err err;
	struct maker *m = calloc(1, sizeof *m);
	must(m != NULL);
	m->p = data;
	m->n = size;
	struct producer p = {0};
	make(m, 0, take(m) % LENGTH_MAX, &p.schema, &p.batch);
	struct ArrowArrayStream stream = {give_schema, give_next, tell_error, release_stream, &p};
	struct hc_arrow_rows *rows;
	enum hc_code code = hc_arrow_rows_open(&stream, ROW_MAX, &rows, &err);
	if (code == HC_OK) {
		code = read_rows(rows, p.batch.length, &err);
		hc_arrow_rows_close(rows);
	}
	if (code != HC_OK) {
		must(code == HC_INPUT);
		must_explain(code, &err);
	}
	for (size_t i = 0; i < m->n_pieces; i++)
		free(m->pieces[i]);
	free(m);
	return 0;
}
