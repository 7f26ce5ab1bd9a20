/*
 * CSV: rows and newlines make up the text again; fields never hold more than was read; rows
 * written back and read again are the same; hc_csv_open_quote sees a row end where hc_csv_next does.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_fields(const struct hc_csv_row *row)
{
	must(row->n >= 1 && row->n <= HC_CSV_FIELDS_MAX);
	size_t bytes = row->n - 1;
	for (size_t i = 0; i < row->n; i++) {
		struct hc_str f = row->fields[i];
		bytes += f.n;
		must(hc_utf8_valid_prefix(f.p, f.n) == f.n && !memchr(f.p, '\0', f.n));
	}
	must(bytes <= row->raw.n);
}

static void check_written(const struct hc_csv_row *row)
{
	struct hc_buf out = HC_BUF(2 * row->raw.n + 2 * row->n + 2);
	for (size_t i = 0; i < row->n; i++) {
		if (i)
			hc_buf_char(&out, ',');
		hc_csv_quote(&out, row->fields[i]);
	}
	hc_buf_char(&out, '\n');
	must(!out.failed);
	struct hc_str text = hc_buf_view(&out);
	struct hc_csv_row again = {0};
	const char *problem;
	must(hc_csv_next(&text, &again, &problem) && text.n == 0);
	must(again.n == row->n);
	for (size_t i = 0; i < row->n; i++)
		must(hc_str_eq(again.fields[i], row->fields[i]));
	must(!hc_csv_next(&text, &again, &problem) && !problem);
	hc_csv_row_free(&again);
	hc_buf_free(&out);
}

/* The row line by line: inside a quote at the end of each but the last. */
static void check_lines(struct hc_str row)
{
	bool open = false;
	while (row.n) {
		const char *newline = memchr(row.p, '\n', row.n);
		size_t n = newline ? (size_t)(newline - row.p) + 1 : row.n;
		open = hc_csv_open_quote((struct hc_str){row.p, n}, open);
		row.p += n;
		row.n -= n;
		must(open == (row.n > 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str text = {size ? (const char *)data : "", size}, rest = text;
	struct hc_csv_row row = {0};
	const char *problem, *at = text.p;
	while (hc_csv_next(&rest, &row, &problem)) {
		must(row.raw.p == at && rest.p > at);
		size_t newline = (size_t)(rest.p - at) - row.raw.n;
		must(newline <= 2 && (newline || rest.n == 0));
		must(newline == 0 || rest.p[-1] == '\n');
		must(newline < 2 || rest.p[-2] == '\r');
		check_fields(&row);
		check_written(&row);
		check_lines((struct hc_str){at, (size_t)(rest.p - at)});
		at = rest.p;
	}
	must(rest.p + rest.n == text.p + text.n && rest.p >= at);
	must(problem || rest.n == 0);
	hc_csv_row_free(&row);
	return 0;
}
