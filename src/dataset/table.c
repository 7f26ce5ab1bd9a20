#include "dataset/table.h"

#include <stdlib.h>

#include "base/instant.h"
#include "codec/arrow_rows.h"
#include "codec/lines.h"
#include "codec/parquet.h"
#include "codec/unpack.h"
#include "sys/map.h"

/* Enough of a file to see what it is. */
enum { PEEK_MAX = 512, READ_STEP = 1 << 16 };

/* A source that gives some bytes back before it goes on. */
struct peeked_source {
	struct hc_source source;
	struct hc_source *inner;
	char bytes[PEEK_MAX];
	size_t n, at;
};

static enum hc_code peeked_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	struct peeked_source *p = (struct peeked_source *)s;
	if (p->at == p->n)
		return p->inner->read(p->inner, buf, cap, got, err);
	size_t n = p->n - p->at < cap ? p->n - p->at : cap;
	memcpy(buf, p->bytes + p->at, n);
	p->at += n;
	*got = n;
	return HC_OK;
}

static void peeked_close(struct hc_source *s)
{
	struct peeked_source *p = (struct peeked_source *)s;
	hc_source_close(p->inner);
	free(p);
}

/* Wraps `inner` and reads its first bytes. Owns inner from here on. */
static enum hc_code peek(struct hc_source *inner, struct peeked_source **out, struct hc_err *err)
{
	struct peeked_source *p = calloc(1, sizeof *p);
	if (!p) {
		hc_source_close(inner);
		return hc_fail_nomem(err, "reading a file");
	}
	p->source = (struct hc_source){peeked_read, peeked_close};
	p->inner = inner;
	for (size_t got = 1; got > 0 && p->n < PEEK_MAX; p->n += got) {
		enum hc_code code = inner->read(inner, p->bytes + p->n, PEEK_MAX - p->n, &got, err);
		if (code != HC_OK) {
			peeked_close(&p->source);
			return code;
		}
	}
	*out = p;
	return HC_OK;
}

bool hc_table_format_parse(struct hc_str s, enum hc_table_format *out)
{
	if (hc_str_eq_nocase(s, HC_STR("csv")))
		*out = HC_TABLE_CSV;
	else if (hc_str_eq_nocase(s, HC_STR("jsonl")))
		*out = HC_TABLE_JSONL;
	else if (hc_str_eq_nocase(s, HC_STR("json")))
		*out = HC_TABLE_JSON;
	else if (hc_str_eq_nocase(s, HC_STR("parquet")))
		*out = HC_TABLE_PARQUET;
	else
		return false;
	return true;
}

enum hc_table_format hc_table_format_of_name(const char *name)
{
	static const char *const wrappers[] = {".gz", ".zst", ".out"};
	static const struct {
		const char *suffix;
		enum hc_table_format format;
	} known[] = {{".csv", HC_TABLE_CSV},
		     {".jsonl", HC_TABLE_JSONL},
		     {".ndjson", HC_TABLE_JSONL},
		     {".json", HC_TABLE_JSON},
		     {".parquet", HC_TABLE_PARQUET}};
	struct hc_str s = hc_str(name);
	for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
		if (hc_str_ends(s, wrappers[i]))
			s.n -= strlen(wrappers[i]);
	if (hc_str_ends(s, ".out"))
		s.n -= 4;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (hc_str_ends(s, known[i].suffix))
			return known[i].format;
	return HC_TABLE_GUESS;
}

static enum hc_table_format format_of_bytes(struct hc_str s)
{
	s = hc_str_trim(hc_str_skip_mark(s));
	if (s.n && s.p[0] == '{')
		return HC_TABLE_JSONL;
	return s.n && s.p[0] == '[' ? HC_TABLE_JSON : HC_TABLE_CSV;
}

struct hc_table {
	enum hc_table_format format;
	struct hc_lines *lines; /* CSV, JSON lines */
	bool has_header, in_quote;
	bool first_is_row; /* the first row was read for a header and is none */
	struct hc_buf header_text;
	struct hc_csv_row header;
	struct hc_buf document; /* JSON; Parquet that is not mapped */
	struct hc_map map;      /* Parquet; p NULL: it is not */
	struct hc_arrow_rows *parquet;
	struct hc_json json;
	bool in_array;
	const char *counted_to; /* lines up to here were counted */
	uint64_t line;          /* read last */
};

static bool more_of_row(struct hc_str fresh, void *arg)
{
	struct hc_table *t = arg;
	t->in_quote = hc_csv_open_quote(fresh, t->in_quote);
	return t->in_quote;
}

/* The next line, or for CSV the next row with the newlines inside its quotes, that is not blank. */
static enum hc_code next_line(struct hc_table *t, struct hc_line *line, struct hc_err *err)
{
	do {
		t->in_quote = false;
		if (t->format == HC_TABLE_CSV)
			HC_TRY(hc_lines_next_while(t->lines, more_of_row, t, line, err));
		else
			HC_TRY(hc_lines_next(t->lines, line, err));
		t->line = line->number;
	} while (line->state == HC_LINE && hc_str_trim(line->text).n == 0);
	return HC_OK;
}

static bool ends_with_time(const struct hc_csv_row *row)
{
	int64_t time_us;
	return row->n > 1 && hc_instant_parse(hc_str_trim(row->fields[row->n - 1]), &time_us);
}

static enum hc_code read_header(struct hc_table *t, enum hc_table_header header, struct hc_err *err)
{
	struct hc_line line;
	const char *problem = NULL;
	char shown[HC_STR_SHOW_SIZE];
	HC_TRY(next_line(t, &line, err));
	if (line.state == HC_LINE_END) {
		hc_fail(err, HC_INPUT, "the file is empty, a header was expected");
		return hc_hint(err, "name a file with data; one without header needs --no-header");
	}
	t->header_text = HC_BUF(line.text.n + 1);
	hc_buf_str(&t->header_text, line.text);
	struct hc_str text = hc_buf_view(&t->header_text);
	HC_TRY(hc_buf_check(&t->header_text, "the header", err));
	if (line.state == HC_LINE && hc_csv_next(&text, &t->header, &problem)) {
		t->first_is_row = header == HC_HEADER_UNLESS_TIME && ends_with_time(&t->header);
		t->has_header = !t->first_is_row;
		return HC_OK;
	}
	hc_fail(err, HC_INPUT, "not a CSV header (line %llu): %s: '%s'", (unsigned long long)line.number,
		problem ? problem : "the line is too long", hc_str_show(line.text, shown));
	return hc_hint(err, "name the format with --dataset-format; a CSV without header needs --no-header");
}

static enum hc_code read_whole(struct hc_table *t, struct hc_source *source, const char *what, struct hc_err *err)
{
	t->document = HC_BUF(HC_TABLE_DOCUMENT_MAX);
	for (size_t got = 1; got > 0; t->document.n += got) {
		char *room = hc_buf_room(&t->document, READ_STEP);
		if (!room)
			return hc_buf_check(&t->document, what, err);
		HC_TRY(source->read(source, room, READ_STEP, &got, err));
	}
	return HC_OK;
}

static enum hc_code read_document(struct hc_table *t, struct hc_source *source, struct hc_err *err)
{
	HC_TRY(read_whole(t, source, "a JSON document (JSON lines may be of any size)", err));
	struct hc_str text = hc_str_skip_mark(hc_buf_view(&t->document));
	hc_json_open(&t->json, text);
	t->counted_to = text.p;
	t->line = 1;
	return HC_OK;
}

static enum hc_code fail_parquet(const struct peeked_source *p, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	if (p->n == 0)
		hc_fail(err, HC_INPUT, "the file is empty, a Parquet file was expected");
	else
		hc_fail(err, HC_INPUT, "not a Parquet file, which would begin with PAR1: '%s'",
			hc_str_show((struct hc_str){p->bytes, p->n}, shown));
	return hc_hint(err, "correct --dataset-format, or the name of the file");
}

/* The file at `name`, if it is the one that was peeked into: not packed, not a stream. */
static bool map_parquet(struct hc_table *t, const char *name)
{
	struct hc_err ignored;
	if (strcmp(name, "-") == 0 || hc_map_open(name, &t->map, &ignored) != HC_OK)
		return false;
	if (hc_parquet_begins((struct hc_str){t->map.p, t->map.n < PEEK_MAX ? t->map.n : PEEK_MAX}))
		return true;
	hc_map_close(&t->map);
	t->map.p = NULL;
	return false;
}

static enum hc_code open_parquet(struct hc_table *t, struct peeked_source *p, const char *name, size_t max_line,
				 struct hc_err *err)
{
	struct ArrowArrayStream stream;
	enum hc_code code = HC_OK;
	if (!hc_parquet_begins((struct hc_str){p->bytes, p->n}))
		code = fail_parquet(p, err);
	else if (hc_parquet_is_built() && !map_parquet(t, name))
		code = read_whole(t, &p->source, "a Parquet file that is packed or no file of the disk", err);
	peeked_close(&p->source);
	HC_TRY(code);
	struct hc_str mapped = {t->map.p, t->map.n};
	HC_TRY(hc_parquet_open(mapped.p ? mapped : hc_buf_view(&t->document), &stream, err));
	return hc_arrow_rows_open(&stream, max_line, &t->parquet, err);
}

static enum hc_code open_format(struct hc_table *t, struct peeked_source *p, const char *name,
				enum hc_table_header header, size_t max_line, struct hc_err *err)
{
	if (t->format == HC_TABLE_PARQUET)
		return open_parquet(t, p, name, max_line, err);
	if (t->format == HC_TABLE_JSON) {
		enum hc_code code = read_document(t, &p->source, err);
		peeked_close(&p->source);
		return code;
	}
	HC_TRY(hc_lines_open(&p->source, max_line, &t->lines, err));
	return header != HC_HEADER_NONE && t->format == HC_TABLE_CSV ? read_header(t, header, err) : HC_OK;
}

enum hc_code hc_table_open(struct hc_source *source, const char *name, enum hc_table_format format,
			   enum hc_table_header header, size_t max_line, struct hc_table **out, struct hc_err *err)
{
	struct hc_source *unpacked;
	struct peeked_source *p;
	HC_TRY(hc_unpack_open(source, &unpacked, err));
	HC_TRY(peek(unpacked, &p, err));
	struct hc_table *t = calloc(1, sizeof *t);
	if (!t) {
		peeked_close(&p->source);
		return hc_fail_nomem(err, "reading a file");
	}
	struct hc_str first = {p->bytes, p->n};
	t->format = format != HC_TABLE_GUESS ? format : hc_table_format_of_name(name);
	if (hc_parquet_begins(first))
		t->format = HC_TABLE_PARQUET;
	else if (t->format == HC_TABLE_GUESS)
		t->format = format_of_bytes(first);
	enum hc_code code = open_format(t, p, name, header, max_line, err);
	if (code != HC_OK) {
		hc_table_close(t);
		return code;
	}
	*out = t;
	return HC_OK;
}

void hc_table_close(struct hc_table *t)
{
	if (!t)
		return;
	if (t->lines)
		hc_lines_close(t->lines);
	hc_csv_row_free(&t->header);
	hc_buf_free(&t->header_text);
	hc_arrow_rows_close(t->parquet);
	if (t->map.p)
		hc_map_close(&t->map);
	hc_buf_free(&t->document);
	free(t);
}

bool hc_table_is_parquet(const struct hc_table *t)
{
	return t->format == HC_TABLE_PARQUET;
}

enum hc_code hc_table_want(struct hc_table *t, const struct hc_str *names, size_t n, struct hc_err *err)
{
	return t->parquet ? hc_arrow_rows_want(t->parquet, names, n, err) : HC_OK;
}

const struct hc_csv_row *hc_table_header(const struct hc_table *t)
{
	return t->has_header ? &t->header : NULL;
}

/* The line on which the document's parser stands. */
static uint64_t document_line(struct hc_table *t, const char *at)
{
	for (; t->counted_to < at; t->counted_to++)
		t->line += *t->counted_to == '\n';
	return t->line;
}

static enum hc_code fail_document(struct hc_table *t, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	const struct hc_json *j = &t->json;
	struct hc_str rest = {j->p, (size_t)(j->end - j->p)};
	document_line(t, j->p);
	if (rest.n == 0) {
		hc_fail(err, HC_INPUT, "the document ends before it is complete (%zu bytes)", t->document.n);
		return hc_hint(err, "the file may be cut off: make or copy it again");
	}
	hc_fail(err, HC_INPUT, "not valid JSON: %s: '%s'", j->problem ? j->problem : "unexpected text",
		hc_str_show(rest, shown));
	return hc_hint(err, "if the file holds one JSON object a line, say --dataset-format jsonl");
}

static enum hc_code next_of_document(struct hc_table *t, struct hc_table_row *out, bool *got, struct hc_err *err)
{
	struct hc_json_value value;
	enum hc_json_type type;
	for (;;) {
		if (t->in_array && hc_json_element(&t->json))
			break;
		t->in_array = false;
		if (t->json.problem)
			return fail_document(t, err);
		if (hc_json_at_end(&t->json)) {
			*got = false;
			return HC_OK;
		}
		if (!hc_json_peek(&t->json, &type))
			return fail_document(t, err);
		if (type != HC_JSON_ARRAY)
			break;
		t->in_array = hc_json_enter_array(&t->json);
	}
	if (!hc_json_value(&t->json, &value))
		return fail_document(t, err);
	*out = (struct hc_table_row){value.raw, HC_PAYLOAD_JSON, document_line(t, value.raw.p), false};
	*got = true;
	return HC_OK;
}

static enum hc_code next_of_parquet(struct hc_table *t, struct hc_table_row *out, bool *got, struct hc_err *err)
{
	struct hc_arrow_row row;
	bool any = false;
	enum hc_code code = hc_arrow_rows_next(t->parquet, &row, &any, err);
	if (code == HC_OK && any) {
		*out = (struct hc_table_row){row.text, HC_PAYLOAD_JSON, ++t->line, row.too_long};
		*got = true;
		return HC_OK;
	}
	/* A file that shrank may have looked damaged, or well for all that is left of it. */
	t->line += code != HC_OK;
	if (t->map.p)
		HC_TRY(hc_map_check(&t->map, err));
	*got = false;
	return code;
}

enum hc_code hc_table_next(struct hc_table *t, struct hc_table_row *out, bool *got, struct hc_err *err)
{
	if (t->format == HC_TABLE_PARQUET)
		return next_of_parquet(t, out, got, err);
	if (t->format == HC_TABLE_JSON)
		return next_of_document(t, out, got, err);
	struct hc_line line;
	if (t->first_is_row) {
		t->first_is_row = false;
		*got = true;
		*out = (struct hc_table_row){hc_buf_view(&t->header_text), HC_PAYLOAD_CSV, t->line, false};
		return HC_OK;
	}
	if (next_line(t, &line, err) != HC_OK) {
		t->line++;
		return hc_err_code(err);
	}
	*got = line.state != HC_LINE_END;
	*out = (struct hc_table_row){line.text, t->format == HC_TABLE_CSV ? HC_PAYLOAD_CSV : HC_PAYLOAD_JSON,
				     line.number, line.state == HC_LINE_LONG};
	return HC_OK;
}

uint64_t hc_table_line(const struct hc_table *t)
{
	return t->line;
}
