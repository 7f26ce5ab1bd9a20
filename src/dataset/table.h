/*
 * A file of rows: CSV with or without header, JSON lines, a JSON document, or Parquet.
 *
 * Baselines, the outputs of batch transform jobs, and labels in Parquet. Rows come one at a time, CSV and JSON lines
 * streamed; a JSON document (an array of rows, one row, or several values in a row) is read whole, up
 * to HC_TABLE_DOCUMENT_MAX. Packed files (.gz, .zst) are unpacked on the way.
 *
 * Parquet is recognised by its bytes (codec/parquet.h), whatever the name and the format say. Its rows are JSON objects, a member a column
 * (codec/arrow_rows.h), their line is their number from 1. The file is mapped; one that cannot be (from standard input, packed) is read whole,
 * up to HC_TABLE_DOCUMENT_MAX. A build without Parquet fails with HC_USAGE.
 */
#ifndef HC_DATASET_TABLE_H
#define HC_DATASET_TABLE_H

#include "base/source.h"
#include "dataset/payload.h"

#define HC_TABLE_DOCUMENT_MAX (UINT64_C(4) << 30)

enum hc_table_format { HC_TABLE_GUESS, HC_TABLE_CSV, HC_TABLE_JSONL, HC_TABLE_JSON, HC_TABLE_PARQUET };

bool hc_table_format_parse(struct hc_str s, enum hc_table_format *out);

/* What a name says: x.csv, x.jsonl, x.ndjson, x.json, x.parquet, each also behind .out, .gz or .zst; HC_TABLE_GUESS if nothing. */
enum hc_table_format hc_table_format_of_name(const char *name);

struct hc_table_row {
	struct hc_str text; /* valid until the next row */
	enum hc_payload_format format;
	uint64_t line;
	bool too_long; /* the line is over the limit and was passed over; text holds its beginning */
};

/* Whether the first row of a CSV names the columns. */
enum hc_table_header {
	HC_HEADER_NONE,
	HC_HEADER_FIRST_ROW,
	/* Unless its last field is a time: outputs of transform jobs have no header as a rule, and end so. */
	HC_HEADER_UNLESS_TIME,
};

struct hc_table;

/*
 * Takes over `source` (also on failure). `name` is the path that the source was opened from, "-" for standard input: a Parquet file is
 * opened once more by it. format HC_TABLE_GUESS: by name, else by the first character:
 * `{` JSON lines, `[` JSON, anything else CSV. HC_INPUT for an empty file with header, or bytes that are no text:
 * the error is about line 1.
 */
enum hc_code hc_table_open(struct hc_source *source, const char *name, enum hc_table_format format,
			   enum hc_table_header header, size_t max_line, struct hc_table **out,
			   struct hc_err *err) HC_MUST_USE;
void hc_table_close(struct hc_table *t);

/* True when the rows are those of a Parquet file. */
bool hc_table_is_parquet(const struct hc_table *t);

/*
 * Tells which columns are needed: rows of a Parquet file then leave out the others (a third of a microsecond each), if each name is a
 * column's. Other tables do not mind. The names are not kept. HC_NOMEM.
 */
enum hc_code hc_table_want(struct hc_table *t, const struct hc_str *names, size_t n, struct hc_err *err) HC_MUST_USE;

/* The header of a CSV, NULL without one. Valid until the table is closed. */
const struct hc_csv_row *hc_table_header(const struct hc_table *t);

/* The next row; *got = false at the end. Blank lines are passed over. HC_INPUT where a JSON document
 * is not one, or a packed or Parquet file is damaged: hc_table_line tells where. */
enum hc_code hc_table_next(struct hc_table *t, struct hc_table_row *out, bool *got, struct hc_err *err) HC_MUST_USE;

/* The line that was read last, or that an error is about. */
uint64_t hc_table_line(const struct hc_table *t);

#endif
