/*
 * Labels that come as rows (Parquet), as the lines of JSON that labels are.
 *
 * A row is an object, a member a column, and takes one of two forms. Names of columns are compared without regard to case, `_` and
 * `-`; "SageMaker" before them is passed over.
 *
 *   records  groundTruthData: a structure {data, encoding}, or a plain value; eventMetadata: a
 *            structure with eventId or inferenceId (or these as columns of their own).
 *   flat     the id in the column eventId or inferenceId; the label in the column that
 *            --ground-truth-attribute names (exactly), else in the only other column there is.
 *            eventVersion, inferenceTime and the index of pandas (__index_level_0__) are never labels.
 *
 * An id is text, or an integer, which stands for its digits. A label that is text, a number or a
 * boolean becomes one field of CSV, quoted where it must be; a list or structure becomes JSON text.
 * Of a structure {data, encoding} members that are null count as absent; without encoding, data is a plain value.
 *
 *     {"event_id":95,"label":1}  ->  {"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":"95"}}
 */
#ifndef HC_DATASET_LABEL_ROW_H
#define HC_DATASET_LABEL_ROW_H

#include "base/buf.h"

/*
 * Appends the label record (one JSON line, without newline) that a row stands for. `attribute` is what
 * --ground-truth-attribute says, n = 0 without. HC_INPUT: no id, no label or several columns that could be it, an id
 * that is neither text nor integer, a null, a row that is no JSON object.
 */
enum hc_code hc_label_of_row(struct hc_str text, struct hc_str attribute, struct hc_buf *out,
			     struct hc_err *err) HC_MUST_USE;

#endif
