/*
 * Tables: reading ends, lines never go back, rows are pieces of the input in their order. The first
 * byte says format, header and name, the second the longest line; the rest is the file.
 */
#include "codec/parquet.h"
#include "dataset/table.h"
#include "target.h"

static struct hc_err err;

static bool packed(struct hc_str s)
{
	return hc_str_starts(s, "\x1f\x8b") || hc_str_starts(s, "\x28\xb5\x2f\xfd");
}

static uint64_t lines_in(const char *p, const char *end)
{
	uint64_t n = 1;
	for (; p < end; p++)
		n += *p == '\n';
	return n;
}

static void check_row(const struct hc_table_row *row, struct hc_str *rest, struct hc_str text)
{
	must(row->line <= lines_in(text.p, text.p + text.n));
	const char *at = memmem(rest->p, rest->n, row->text.p, row->text.n);
	must(at != NULL);
	must(row->line >= lines_in(text.p, at));
	rest->p = at + row->text.n;
	rest->n = (size_t)(text.p + text.n - rest->p);
}

static enum hc_code read_rows(struct hc_table *t, struct hc_str text, bool is_packed)
{
	struct hc_str rest = text;
	uint64_t line = 1;
	size_t rows = 0;
	for (;;) {
		struct hc_table_row row = {.line = 0};
		bool got = false;
		HC_TRY(hc_table_next(t, &row, &got, &err));
		if (!got)
			return HC_OK;
		must(is_packed || ++rows <= text.n);
		must(row.line >= line && row.text.n > 0);
		line = row.line;
		if (!is_packed)
			check_row(&row, &rest, text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"t", "t.csv", "t.csv.out", "t.jsonl.gz", "t.json", "t.ndjson.zst"};
	if (size < 2)
		return 0;
	enum hc_table_format format = data[0] & 3;
	bool header = data[0] & 4;
	const char *name = names[(data[0] >> 3) % (sizeof names / sizeof *names)];
	size_t max_line = data[1] < 128 ? 1u + data[1] : 1u << (data[1] % 16);
	struct hc_str text = input_text(data + 2, size - 2);
	struct hc_table *t;
	enum hc_code code =
		hc_table_open(hc_source_of_memory(text.p, text.n), name, format, header, max_line, &t, &err);
	if (code == HC_OK) {
		const struct hc_csv_row *columns = hc_table_header(t);
		must(!columns || (header && columns->n >= 1));
		code = read_rows(t, text, packed(text));
		hc_table_close(t);
	}
	if (code != HC_OK) {
		bool no_parquet = code == HC_USAGE && !hc_parquet_is_built();
		must(code == HC_INPUT || (code == HC_LIMIT && packed(text)) || no_parquet);
		must_explain(code, &err);
	}
	return 0;
}
