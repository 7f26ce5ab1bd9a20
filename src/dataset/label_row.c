#include "dataset/label_row.h"

#include "dataset/batch.h"
#include "dataset/record.h"

/* What a row holds; raw.n = 0: it does not. Of a column that comes twice the last one counts. */
struct row {
	struct hc_json_value event_id, inference_id, truth, metadata;
	struct hc_json_value named; /* the column that the attribute names */
	struct hc_json_value other; /* the last of those that could be the label */
	size_t others;
};

static enum hc_code fail_row(struct hc_str row, const char *what, const char *hint, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT, "%s: '%s'", what, hc_str_show(row, shown));
	return hc_hint(err, "%s", hint);
}

/* Null is nothing. */
static bool is_there(const struct hc_json_value *value)
{
	return value->raw.n > 0 && value->type != HC_JSON_NULL;
}

/* Columns that are never a label: the rest of a record, and the index that pandas writes. */
static bool is_aside(const struct hc_json_key *key)
{
	return hc_batch_key_means(key, "eventversion") || hc_batch_key_means(key, "inferencetime") ||
	       hc_str_starts(key->raw, "__index_level_");
}

static void keep(struct row *r, const struct hc_json_key *key, const struct hc_json_value *value,
		 struct hc_str attribute)
{
	if (attribute.n && hc_json_key_eq(key, attribute))
		r->named = *value;
	if (hc_batch_key_means(key, "eventid")) {
		r->event_id = *value;
	} else if (hc_batch_key_means(key, "inferenceid")) {
		r->inference_id = *value;
	} else if (hc_batch_key_means(key, "groundtruthdata")) {
		r->truth = *value;
	} else if (hc_batch_key_means(key, "eventmetadata")) {
		r->metadata = *value;
	} else if (!is_aside(key)) {
		r->other = *value;
		r->others++;
	}
}

static enum hc_code read_row(struct hc_str text, struct hc_str attribute, struct row *r, struct hc_err *err)
{
	struct hc_json j;
	struct hc_json_key key;
	struct hc_json_value value;
	enum hc_json_type type;
	hc_json_open(&j, text);
	if (hc_json_peek(&j, &type) && type != HC_JSON_OBJECT)
		return fail_row(text, "not an object", "see the forms of label files in the manual", err);
	if (hc_json_enter_object(&j))
		while (hc_json_member(&j, &key) && hc_json_value(&j, &value))
			keep(r, &key, &value, attribute);
	if (hc_json_finish(&j))
		return HC_OK;
	struct hc_str rest = {j.p, (size_t)(j.end - j.p)};
	return fail_row(rest, j.problem ? j.problem : "text behind the row",
			"write text columns in UTF-8, or allow bad records with --max-bad-records", err);
}

/* The ids of eventMetadata, where it has them. */
static void read_metadata(struct row *r)
{
	struct hc_json j;
	struct hc_json_key key;
	struct hc_json_value value;
	if (r->metadata.type != HC_JSON_OBJECT)
		return;
	hc_json_open(&j, r->metadata.raw);
	if (!hc_json_enter_object(&j))
		return;
	while (hc_json_member(&j, &key) && hc_json_value(&j, &value)) {
		if (hc_batch_key_means(&key, "eventid") && is_there(&value))
			r->event_id = value;
		else if (hc_batch_key_means(&key, "inferenceid") && is_there(&value))
			r->inference_id = value;
	}
}

static bool is_integer(struct hc_str number)
{
	for (size_t i = 0; i < number.n; i++)
		if ((number.p[i] < '0' || number.p[i] > '9') && !(i == 0 && number.p[i] == '-'))
			return false;
	return true;
}

static enum hc_code write_id(const char *name, const struct hc_json_value *id, struct hc_buf *out, struct hc_err *err)
{
	bool quoted = id->type == HC_JSON_STRING;
	if (!quoted && (id->type != HC_JSON_NUMBER || !is_integer(id->raw)))
		return fail_row(id->raw, "the id is neither text nor an integer",
				"write ids as text, just as they were captured", err);
	hc_buf_printf(out, "\"%s\":%s", name, quoted ? "" : "\"");
	hc_buf_str(out, id->raw);
	hc_buf_cstr(out, quoted ? "" : "\"");
	return HC_OK;
}

static enum hc_code write_ids(const struct row *r, struct hc_buf *out, struct hc_err *err)
{
	bool has_event = is_there(&r->event_id), has_inference = is_there(&r->inference_id);
	if (has_event)
		HC_TRY(write_id("eventId", &r->event_id, out, err));
	if (has_event && has_inference)
		hc_buf_char(out, ',');
	return has_inference ? write_id("inferenceId", &r->inference_id, out, err) : HC_OK;
}

static bool is_special(char c)
{
	return c == ',' || c == '"' || c == '\r' || c == '\n';
}

static bool is_plain(struct hc_str text)
{
	size_t i = 0;
	while (i < text.n && !is_special(text.p[i]))
		i++;
	return i == text.n;
}

/* One field of CSV. */
static void write_field(struct hc_str text, struct hc_buf *out)
{
	if (is_plain(text)) {
		hc_buf_str(out, text);
		return;
	}
	hc_buf_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			hc_buf_char(out, '"');
		hc_buf_char(out, text.p[i]);
	}
	hc_buf_char(out, '"');
}

/* "data":"..","encoding":".." of a label that stands for itself. */
static enum hc_code write_plain(const struct hc_json_value *value, struct hc_buf *out, struct hc_err *err)
{
	bool nested = value->type == HC_JSON_ARRAY || value->type == HC_JSON_OBJECT;
	hc_buf_cstr(out, "\"data\":");
	if (value->type == HC_JSON_STRING && !value->escaped &&
	    is_plain((struct hc_str){value->raw.p + 1, value->raw.n - 2})) {
		hc_buf_str(out, value->raw);
	} else if (value->type == HC_JSON_STRING) {
		HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(out->max);
		HC_BUF_SCOPED struct hc_buf field = HC_BUF(out->max);
		write_field(hc_json_text(value, &scratch), &field);
		HC_TRY(hc_buf_check(&scratch, "a label", err));
		HC_TRY(hc_buf_check(&field, "a label", err));
		hc_json_quote(out, hc_buf_view(&field));
	} else {
		hc_json_quote(out, value->raw);
	}
	hc_buf_printf(out, ",\"encoding\":\"%s\"", nested ? "JSON" : "CSV");
	return HC_OK;
}

/* A structure {data, encoding}; *is_one = false, and nothing written, when the value is another. */
static enum hc_code write_given(const struct hc_json_value *truth, bool *is_one, struct hc_buf *out, struct hc_err *err)
{
	struct hc_json j;
	struct hc_json_key key;
	struct hc_json_value value, data = {0}, encoding = {0};
	*is_one = false;
	hc_json_open(&j, truth->raw);
	if (truth->type != HC_JSON_OBJECT || !hc_json_enter_object(&j))
		return HC_OK;
	while (hc_json_member(&j, &key) && hc_json_value(&j, &value)) {
		if (hc_batch_key_means(&key, "data")) {
			*is_one = true;
			data = value;
		} else if (hc_batch_key_means(&key, "encoding")) {
			encoding = value;
		}
	}
	if (!*is_one)
		return HC_OK;
	if (!is_there(&data))
		return fail_row(truth->raw, "the label is null", "leave out rows that have no label yet", err);
	if (!is_there(&encoding) || data.type != HC_JSON_STRING)
		return write_plain(&data, out, err);
	hc_buf_cstr(out, "\"data\":");
	hc_buf_str(out, data.raw);
	hc_buf_cstr(out, ",\"encoding\":");
	hc_buf_str(out, encoding.raw);
	return HC_OK;
}

static enum hc_code find_label(const struct row *r, struct hc_str text, struct hc_str attribute,
			       struct hc_json_value *out, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE], shown_row[HC_STR_SHOW_SIZE];
	*out = r->truth.raw.n ? r->truth : r->named.raw.n ? r->named : r->other;
	bool sole = r->truth.raw.n || r->named.raw.n || r->others == 1;
	if (sole && is_there(out))
		return HC_OK;
	if (sole)
		return fail_row(text, "the label is null", "leave out rows that have no label yet", err);
	if (attribute.n) {
		hc_fail(err, HC_INPUT, "no column '%s': '%s'", hc_str_show(attribute, shown),
			hc_str_show(text, shown_row));
		return hc_hint(err, "name the label's column with --ground-truth-attribute");
	}
	return fail_row(text, r->others ? "more than one column could be the label" : "the row has no label",
			"name the label's column with --ground-truth-attribute", err);
}

static enum hc_code write_record(const struct row *r, const struct hc_json_value *label, struct hc_buf *out,
				 struct hc_err *err)
{
	bool given = false;
	hc_buf_cstr(out, "{\"groundTruthData\":{");
	if (r->truth.raw.n)
		HC_TRY(write_given(label, &given, out, err));
	if (!given)
		HC_TRY(write_plain(label, out, err));
	hc_buf_cstr(out, "},\"eventMetadata\":{");
	HC_TRY(write_ids(r, out, err));
	hc_buf_cstr(out, "}}");
	return hc_buf_check(out, "a label", err);
}

enum hc_code hc_label_of_row(struct hc_str text, struct hc_str attribute, struct hc_buf *out, struct hc_err *err)
{
	struct row r = {0};
	struct hc_json_value label;
	size_t before = out->n;
	HC_TRY(read_row(text, attribute, &r, err));
	read_metadata(&r);
	if (!is_there(&r.event_id) && !is_there(&r.inference_id))
		return fail_row(text, "the row has no id",
				"a label needs a column eventId or inferenceId that is not null", err);
	HC_TRY(find_label(&r, text, attribute, &label, err));
	enum hc_code code = write_record(&r, &label, out, err);
	if (code != HC_OK)
		out->n = before;
	return code;
}
