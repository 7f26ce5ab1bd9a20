/*
 * Attributes: where in the data a score, a prediction or a label stands.
 *
 * For CSV a column: an index (`0`), `_c0`, or a name of the header. For JSON a key (`score`) or a
 * JSONPath (`$.predictions[0].score`); a key that is not there is tried once more as a path
 * (`a.b` as `$.a.b`), and an index addresses an element of an array. An attribute that was not
 * given stands for the only value there is (a label alone, an object of one member).
 */
#ifndef HC_DATASET_ATTRIBUTE_H
#define HC_DATASET_ATTRIBUTE_H

#include "codec/csv.h"
#include "codec/jsonpath.h"

enum { HC_ATTRIBUTE_LEN_MAX = 1024 };

struct hc_attribute {
	bool given;
	struct hc_str text; /* as the user wrote it */
	bool is_index;
	size_t index;
	size_t column; /* in CSV: the index, or what the header says; SIZE_MAX: unknown */
	struct hc_jsonpath path;
	bool has_dotted;
	struct hc_jsonpath dotted;
};

/* text NULL: an attribute that was not given. `option` names it in messages. */
enum hc_code hc_attribute_compile(const char *text, const char *option, struct hc_arena *arena,
				  struct hc_attribute *out, struct hc_err *err) HC_MUST_USE;

/* Finds the attribute's column in a header: by name, else by index. HC_INPUT, naming the columns
 * there are, when it is not among them. Does nothing for one that was not given. */
enum hc_code hc_attribute_resolve(struct hc_attribute *a, const struct hc_csv_row *header,
				  struct hc_err *err) HC_MUST_USE;

#endif
