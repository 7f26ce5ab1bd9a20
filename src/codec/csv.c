#include "codec/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void hc_csv_row_free(struct hc_csv_row *row)
{
	free(row->fields);
	hc_buf_free(&row->scratch);
	*row = (struct hc_csv_row){0};
}

static const char *add_field(struct hc_csv_row *row, const char *p, const char *end)
{
	if (row->n == HC_CSV_FIELDS_MAX)
		return "too many fields";
	if (row->n == row->cap) {
		size_t cap = row->cap ? row->cap * 2 : 16;
		struct hc_str *fields = realloc(row->fields, cap * sizeof *fields);
		if (!fields)
			return "no memory left for the fields of a row";
		row->fields = fields;
		row->cap = cap;
	}
	row->fields[row->n++] = (struct hc_str){p, (size_t)(end - p)};
	return NULL;
}

/* A row being split. */
struct split {
	const char *p, *end;
	bool doubled; /* some field holds doubled quotes */
};

/* True at a newline or the end of the text. */
static bool row_ends(const struct split *s)
{
	return s->p == s->end || *s->p == '\n' || (*s->p == '\r' && s->end - s->p > 1 && s->p[1] == '\n');
}

/* The field without its quotes, doubled quotes still doubled; s->p behind the closing quote. */
static const char *quoted_field(struct split *s, struct hc_csv_row *row)
{
	const char *open = s->p, *start = open + 1, *p = start;
	for (;;) {
		const char *quote = p < s->end ? memchr(p, '"', (size_t)(s->end - p)) : NULL;
		if (!quote)
			return "a quoted field that never ends";
		p = quote + 1;
		if (p == s->end || *p != '"') {
			s->p = p;
			return add_field(row, start, quote);
		}
		s->doubled = true;
		p++;
	}
}

static const char *plain_field(struct split *s, struct hc_csv_row *row)
{
	const char *start = s->p;
	while (!row_ends(s) && *s->p != ',') {
		if (*s->p == '"')
			return "a quote inside an unquoted field";
		s->p++;
	}
	return add_field(row, start, s->p);
}

static const char *split_row(struct split *s, struct hc_csv_row *row)
{
	for (;;) {
		bool quoted = s->p < s->end && *s->p == '"';
		const char *problem = quoted ? quoted_field(s, row) : plain_field(s, row);
		if (problem)
			return problem;
		if (row_ends(s))
			return NULL;
		if (*s->p != ',')
			return "text after a closing quote";
		s->p++;
	}
}

/* Only a field with doubled quotes has a quote in it. */
static const char *undouble(struct hc_csv_row *row)
{
	row->scratch.max = row->raw.n;
	hc_buf_reset(&row->scratch);
	char *to = hc_buf_room(&row->scratch, row->raw.n);
	if (!to)
		return "no memory left for a row";
	for (size_t i = 0; i < row->n; i++) {
		struct hc_str field = row->fields[i];
		const char *p = field.p, *end = p + field.n, *quote;
		if (!memchr(p, '"', field.n))
			continue;
		row->fields[i].p = to;
		while ((quote = memchr(p, '"', (size_t)(end - p))) != NULL) {
			size_t n = (size_t)(quote - p) + 1;
			memcpy(to, p, n);
			to += n;
			p = quote + 2;
		}
		memcpy(to, p, (size_t)(end - p));
		to += end - p;
		row->fields[i].n = (size_t)(to - row->fields[i].p);
	}
	return NULL;
}

/* The row's text as a whole: what the fields cannot say. */
static const char *check_text(struct split *s, struct hc_str raw)
{
	const char *nul = memchr(raw.p, '\0', raw.n);
	size_t valid = hc_utf8_valid_prefix(raw.p, raw.n);
	if (nul && (size_t)(nul - raw.p) < valid) {
		s->p = nul;
		return "a NUL byte";
	}
	if (valid < raw.n) {
		s->p = raw.p + valid;
		return "text is not UTF-8";
	}
	return NULL;
}

static void advance(struct hc_str *text, const char *to)
{
	text->n -= (size_t)(to - text->p);
	text->p = to;
}

bool hc_csv_next(struct hc_str *text, struct hc_csv_row *row, const char **problem)
{
	*problem = NULL;
	row->n = 0;
	row->raw = (struct hc_str){0};
	if (text->n == 0)
		return false;
	struct split s = {text->p, text->p + text->n, false};
	*problem = split_row(&s, row);
	if (!*problem) {
		row->raw = (struct hc_str){text->p, (size_t)(s.p - text->p)};
		if (row->raw.n)
			*problem = check_text(&s, row->raw);
	}
	if (!*problem && s.doubled)
		*problem = undouble(row);
	if (!*problem && s.p < s.end)
		s.p += *s.p == '\r' ? 2 : 1;
	advance(text, s.p);
	return !*problem;
}

bool hc_csv_open_quote(struct hc_str text, bool open)
{
	const char *p = text.n ? text.p : "", *start = p, *end = p + text.n, *quote;
	while (p < end && (quote = memchr(p, '"', (size_t)(end - p))) != NULL) {
		p = quote + 1;
		if (!open)
			open = quote == start || quote[-1] == ',' || quote[-1] == '\n';
		else if (p < end && *p == '"')
			p++;
		else
			open = false;
	}
	return open;
}

static bool needs_quotes(struct hc_str field)
{
	if (field.n == 0)
		return false;
	if (field.p[0] == ' ' || field.p[field.n - 1] == ' ')
		return true;
	for (size_t i = 0; i < field.n; i++)
		if (field.p[i] == ',' || field.p[i] == '"' || field.p[i] == '\r' || field.p[i] == '\n')
			return true;
	return false;
}

void hc_csv_quote(struct hc_buf *out, struct hc_str field)
{
	if (!needs_quotes(field)) {
		hc_buf_str(out, field);
		return;
	}
	hc_buf_char(out, '"');
	const char *p = field.p, *end = p + field.n, *quote;
	while (p < end && (quote = memchr(p, '"', (size_t)(end - p))) != NULL) {
		hc_buf_put(out, p, (size_t)(quote - p));
		hc_buf_put(out, "\"\"", 2);
		p = quote + 1;
	}
	hc_buf_put(out, p, (size_t)(end - p));
	hc_buf_char(out, '"');
}
