/*
 * Columns as rows: each row of an Arrow stream as the text of one JSON object, {"column":value,...}, in the order of
 * the columns, so that what reads JSON lines reads columns too.
 *
 *   type                                   value
 *   null, and what is null in any column   null
 *   bool                                   true, false
 *   integers, durations (in their unit)    1
 *   float16, float32, float64              a number that reads back the same, as a double: 0.1, 1.0, 1e+20;
 *                                          "NaN", "Infinity", "-Infinity"
 *   decimals                               their digits: 12.50
 *   text, large text, text views           a string; bytes that are not UTF-8 stay as they are, so that the row is
 *                                          found bad by whoever reads it, as in a file of JSON lines
 *   bytes (all kinds)                      a string: the text if it is UTF-8, else base64
 *   UUID (extension arrow.uuid)            "123e4567-e89b-12d3-a456-426614174000"
 *   timestamps                             "2026-03-01T05:28:32.000001Z", with as many digits as the unit has but none if all are 0;
 *                                          without a zone they are taken for UTC
 *   dates                                  "2026-03-01"
 *   times of day                           "05:28:32.000001"
 *   lists (all kinds)                      [1,2]
 *   structures                             {"a":1}
 *   maps                                   [{"key":"a","value":1}]
 *   dictionaries (categories)              what the index stands for
 *
 * A timestamp outside the years 1 to 9999, or a time outside the day, is the number that is stored.
 * A type that is not in the table is HC_INPUT, naming column and type.
 *
 * Every offset, index and size in the arrays is checked before it is followed, but for one thing the interface cannot say: how long the
 * buffers are. The producer must have checked that buffers hold `length` values, and the bytes up to the last offset.
 *
 * One thread at a time. No allocation a row. Cost: about 100 ns a value.
 */
#ifndef HC_CODEC_ARROW_ROWS_H
#define HC_CODEC_ARROW_ROWS_H

#include <stdint.h>

#include "base/buf.h"
#include "codec/arrow.h"

enum {
	HC_ARROW_DEPTH_MAX = 32,              /* types inside types */
	HC_ARROW_FIELDS_MAX = 100000,         /* columns, with those inside them */
	HC_ARROW_SCHEMA_BYTES_MAX = 64 << 20, /* what is kept of the schema */
	HC_ARROW_DECIMAL_SCALE_MAX = 127,     /* either way */
	HC_ARROW_PROBLEM_SHOWN_MAX = 400,     /* of the producer's message */
};

struct hc_arrow_rows;

struct hc_arrow_row {
	struct hc_str text; /* valid until the next row */
	bool too_long;      /* over the limit: text is its beginning, no JSON */
};

/*
 * Takes over the stream (released also on failure). Rows are at most row_bytes_max long.
 * HC_INPUT: the schema cannot be had, or has a type that cannot be read; HC_LIMIT.
 */
enum hc_code hc_arrow_rows_open(struct ArrowArrayStream *stream, size_t row_bytes_max, struct hc_arrow_rows **out,
				struct hc_err *err) HC_MUST_USE;
void hc_arrow_rows_close(struct hc_arrow_rows *r);

/*
 * From now on rows hold only the columns of these names, which saves writing the others; all columns, if one of the names is no
 * column's. A speed-up, nothing else. HC_NOMEM.
 */
enum hc_code hc_arrow_rows_want(struct hc_arrow_rows *r, const struct hc_str *names, size_t n,
				struct hc_err *err) HC_MUST_USE;

/* The next row; *got = false at the end. HC_INPUT, HC_LIMIT, HC_NOMEM: no row after this one can be had. */
enum hc_code hc_arrow_rows_next(struct hc_arrow_rows *r, struct hc_arrow_row *out, bool *got,
				struct hc_err *err) HC_MUST_USE;

#endif
