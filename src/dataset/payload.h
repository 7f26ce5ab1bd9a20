/*
 * Payloads: what stands in a record's `data`, decoded, as rows of the cells that attributes name.
 *
 * CSV: each line that is not blank is a row. JSON: each value in the text (one, or JSON lines) is a row, or as many rows
 * as a JSONPath with a wildcard finds in it. BASE64 is decoded when the content type says CSV or JSON.
 * One payload object is used for many records; cells are valid until it moves on.
 */
#ifndef HC_DATASET_PAYLOAD_H
#define HC_DATASET_PAYLOAD_H

#include "dataset/attribute.h"
#include "dataset/record.h"

enum {
	HC_PAYLOAD_CELLS_MAX = 4,    /* attributes read at once */
	HC_PAYLOAD_ROWS_MAX = 10000, /* rows of one JSON value */
};
#define HC_PAYLOAD_BYTES_MAX (UINT64_C(1) << 30)

enum hc_payload_format { HC_PAYLOAD_CSV, HC_PAYLOAD_JSON };

struct hc_cell_values {
	struct hc_json_value *list;
	size_t n;
	struct hc_buf text;
};

struct hc_payload {
	enum hc_payload_format format;
	struct hc_str rest;
	struct hc_csv_row row;
	bool alone;     /* a value that is all there is, is found by any name (labels: a baseline's column has one) */
	size_t columns; /* that each CSV row must have, as its header; 0: any number */
	const struct hc_attribute *attributes[HC_PAYLOAD_CELLS_MAX];
	size_t n_attributes;
	const char *const *prefixes; /* see hc_payload_open_text; NULL: none */
	struct hc_cell_values values[HC_PAYLOAD_CELLS_MAX];
	size_t rows_here, row_here; /* of the current JSON value */
	struct hc_str value;        /* the current JSON value */
	struct hc_buf text, bytes;  /* decoded data */
};

void hc_payload_init(struct hc_payload *p);
void hc_payload_free(struct hc_payload *p);

/*
 * Opens the data of a record's part, to read the cells of n attributes (kept by reference; at most
 * HC_PAYLOAD_CELLS_MAX). HC_INPUT: invalid base64, text that is not UTF-8, BASE64 of a content type that is neither
 * CSV nor JSON. `what` names the part in messages.
 */
enum hc_code hc_payload_open(struct hc_payload *p, const struct hc_part_data *data, const char *what,
			     const struct hc_attribute *const *attributes, size_t n, struct hc_err *err) HC_MUST_USE;

/* The same over text: a row of a CSV file, a JSON record. A JSON key that is not there is looked for
 * once more behind each of p->prefixes (NULL-terminated; rows of preprocessors say `endpointOutput_0`). */
void hc_payload_open_text(struct hc_payload *p, struct hc_str text, enum hc_payload_format format,
			  const struct hc_attribute *const *attributes, size_t n);

/* True when the attribute finds something in one JSON value. */
bool hc_payload_holds(struct hc_payload *p, struct hc_str json, const struct hc_attribute *attribute);

/* Moves to the next row and finds its cells; *got = false at the end. HC_INPUT when a cell is not there. */
enum hc_code hc_payload_next(struct hc_payload *p, bool *got, struct hc_err *err) HC_MUST_USE;

/*
 * The text of cell i of the current row: CSV fields and JSON strings decoded, numbers as written, true
 * and false as such. HC_INPUT when it is null, empty, an object or an array of several values.
 */
enum hc_code hc_payload_cell(struct hc_payload *p, size_t i, struct hc_str *out, struct hc_err *err) HC_MUST_USE;

#endif
