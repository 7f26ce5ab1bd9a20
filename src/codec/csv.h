/*
 * CSV as RFC 4180 has it, read leniently where writers differ: LF or CRLF, a missing last newline,
 * quoted fields with doubled quotes, commas and newlines inside quotes.
 *
 * Errors: text after a closing quote, a quote inside an unquoted field, a quoted field that never
 * ends, a NUL byte, more than HC_CSV_FIELDS_MAX fields, text that is not UTF-8.
 */
#ifndef HC_CODEC_CSV_H
#define HC_CODEC_CSV_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

enum { HC_CSV_FIELDS_MAX = 16384 };

struct hc_csv_row {
	struct hc_str *fields; /* decoded; unquoted text is a slice of the input */
	size_t n, cap;
	struct hc_str raw;     /* the row as written, without its newline */
	struct hc_buf scratch; /* decoded text of fields that had doubled quotes */
};

void hc_csv_row_free(struct hc_csv_row *row);

/*
 * Takes the next row from *text and moves *text behind its newline. False at the end of text
 * (problem NULL) or on an error (*problem says what, static text; *text stands at the place).
 * `row` is reused: fields are valid until the next call, and as long as the text.
 * An empty line is a row with one empty field.
 */
bool hc_csv_next(struct hc_str *text, struct hc_csv_row *row, const char **problem);

/* True when text up to its end stands inside an open quote: more lines belong to the row. `open`
 * is what an earlier call for the text before it returned (false at the start of a row). */
bool hc_csv_open_quote(struct hc_str text, bool open);

/* Appends a field, quoted where it must be (comma, quote, CR, LF, leading or trailing space). */
void hc_csv_quote(struct hc_buf *out, struct hc_str field);

#endif
