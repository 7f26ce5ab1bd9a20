#include "dataset/payload.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "codec/base64.h"

void hc_payload_init(struct hc_payload *p)
{
	*p = (struct hc_payload){0};
	p->text = p->bytes = HC_BUF(HC_PAYLOAD_BYTES_MAX);
	for (size_t i = 0; i < HC_PAYLOAD_CELLS_MAX; i++)
		p->values[i].text = HC_BUF(HC_PAYLOAD_BYTES_MAX);
}

void hc_payload_free(struct hc_payload *p)
{
	hc_buf_free(&p->text);
	hc_buf_free(&p->bytes);
	hc_csv_row_free(&p->row);
	for (size_t i = 0; i < HC_PAYLOAD_CELLS_MAX; i++) {
		free(p->values[i].list);
		hc_buf_free(&p->values[i].text);
	}
}

void hc_payload_open_text(struct hc_payload *p, struct hc_str text, enum hc_payload_format format,
			  const struct hc_attribute *const *attributes, size_t n)
{
	p->rest = text;
	p->format = format;
	p->n_attributes = n;
	for (size_t i = 0; i < n; i++)
		p->attributes[i] = attributes[i];
	p->rows_here = p->row_here = 0;
}

/* "text/csv; charset=utf-8" is CSV; application/json, application/jsonlines, application/x+json are JSON. */
static bool format_of_type(struct hc_str type, enum hc_payload_format *out)
{
	const char *semicolon = type.n ? memchr(type.p, ';', type.n) : NULL;
	if (semicolon)
		type.n = (size_t)(semicolon - type.p);
	type = hc_str_trim(type);
	struct hc_str end = type.n > 5 ? (struct hc_str){type.p + type.n - 5, 5} : type;
	if (hc_str_eq_nocase(type, HC_STR("text/csv")) || hc_str_eq_nocase(type, HC_STR("application/csv"))) {
		*out = HC_PAYLOAD_CSV;
		return true;
	}
	if (hc_str_eq_nocase(type, HC_STR("application/json")) ||
	    hc_str_eq_nocase(type, HC_STR("application/jsonlines")) ||
	    hc_str_eq_nocase(type, HC_STR("application/x-jsonlines")) ||
	    hc_str_eq_nocase(type, HC_STR("application/x-ndjson")) || hc_str_eq_nocase(type, HC_STR("text/json")) ||
	    hc_str_eq_nocase(end, HC_STR("+json"))) {
		*out = HC_PAYLOAD_JSON;
		return true;
	}
	return false;
}

static enum hc_code decode_base64(struct hc_payload *p, const struct hc_part_data *data, struct hc_str text,
				  const char *what, enum hc_payload_format *format, struct hc_str *out,
				  struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_RECORD_ID_MAX);
	struct hc_str type =
		data->content_type.raw.n ? hc_json_text(&data->content_type, &scratch) : (struct hc_str){0};
	if (!format_of_type(type, format)) {
		hc_fail(err, HC_INPUT, "%s.data is BASE64 of content type '%s'", what, hc_str_show(type, shown));
		return hc_hint(err,
			       "only CSV and JSON can be decoded: use --record-preprocessor-script, or declare the "
			       "content type when capturing");
	}
	hc_buf_reset(&p->bytes);
	bool valid = hc_base64_decode(text, &p->bytes);
	HC_TRY(hc_buf_check(&p->bytes, "decoded data", err));
	if (!valid) {
		hc_fail(err, HC_INPUT, "%s.data is not valid BASE64: '%s'", what, hc_str_show(text, shown));
		return hc_hint(err,
			       "its encoding says BASE64: upload the file again, or allow it with --max-bad-records");
	}
	*out = hc_buf_view(&p->bytes);
	if (hc_utf8_valid_prefix(out->p, out->n) == out->n)
		return HC_OK;
	hc_fail(err, HC_INPUT, "%s.data, decoded from BASE64, is not UTF-8: '%s'", what, hc_str_show(*out, shown));
	return hc_hint(err, "let the model answer in UTF-8, or use --record-preprocessor-script");
}

enum hc_code hc_payload_open(struct hc_payload *p, const struct hc_part_data *data, const char *what,
			     const struct hc_attribute *const *attributes, size_t n, struct hc_err *err)
{
	hc_buf_reset(&p->text);
	struct hc_str text = hc_json_text(&data->data, &p->text);
	HC_TRY(hc_buf_check(&p->text, "decoded data", err));
	enum hc_payload_format format = data->encoding == HC_ENCODING_JSON ? HC_PAYLOAD_JSON : HC_PAYLOAD_CSV;
	if (data->encoding == HC_ENCODING_BASE64)
		HC_TRY(decode_base64(p, data, text, what, &format, &text, err));
	hc_payload_open_text(p, text, format, attributes, n);
	return HC_OK;
}

static enum hc_code next_csv(struct hc_payload *p, bool *got, struct hc_err *err)
{
	const char *problem = NULL;
	char shown[HC_STR_SHOW_SIZE];
	struct hc_str before;
	do { /* a blank line is no row, here as in files */
		before = p->rest;
		*got = hc_csv_next(&p->rest, &p->row, &problem);
	} while (*got && hc_str_trim(p->row.raw).n == 0);
	if (problem) {
		hc_fail(err, HC_INPUT, "not valid CSV: %s: '%s'", problem, hc_str_show(before, shown));
		return hc_hint(err, "quote fields that hold commas, quotes or newlines, and double the quotes inside");
	}
	if (*got && p->columns && p->row.n != p->columns) {
		hc_fail(err, HC_INPUT, "the row has %zu columns, the header %zu: '%s'", p->row.n, p->columns,
			hc_str_show(before, shown));
		return hc_hint(err, "mend the row; text with commas must be quoted");
	}
	return HC_OK;
}

static bool reserve_values(struct hc_cell_values *v)
{
	if (!v->list)
		v->list = malloc(HC_PAYLOAD_ROWS_MAX * sizeof *v->list);
	return v->list != NULL;
}

/* An index addresses an element of an array, or the value itself where it is alone. */
static size_t find_by_index(struct hc_str json, size_t index, struct hc_json_value *out)
{
	struct hc_json j;
	enum hc_json_type type;
	hc_json_open(&j, json);
	if (!hc_json_peek(&j, &type) || type == HC_JSON_OBJECT)
		return 0;
	if (type != HC_JSON_ARRAY)
		return index == 0 && hc_json_value(&j, out);
	if (!hc_json_enter_array(&j))
		return 0;
	for (size_t i = 0; hc_json_element(&j) && hc_json_value(&j, out); i++)
		if (i == index)
			return 1;
	return 0;
}

/* The only value there is: a scalar, or the only member of an object. */
static size_t find_sole(struct hc_str json, struct hc_json_value *out)
{
	struct hc_json j;
	enum hc_json_type type;
	hc_json_open(&j, json);
	if (!hc_json_peek(&j, &type))
		return 0;
	if (type != HC_JSON_OBJECT)
		return hc_json_value(&j, out);
	struct hc_json_key key;
	size_t members = 0;
	if (hc_json_enter_object(&j))
		for (; hc_json_member(&j, &key) && hc_json_value(&j, out); members++)
			continue;
	return members == 1;
}

static size_t find_prefixed(const char *prefix, struct hc_str name, struct hc_str json, struct hc_json_value *out)
{
	struct hc_json j;
	struct hc_json_key key;
	struct hc_json_value value;
	size_t found = 0, n = strlen(prefix);
	hc_json_open(&j, json);
	if (!hc_json_enter_object(&j))
		return 0;
	while (hc_json_member(&j, &key) && hc_json_value(&j, &value)) {
		if (key.escaped || key.raw.n != n + name.n || memcmp(key.raw.p, prefix, n) != 0 ||
		    memcmp(key.raw.p + n, name.p, name.n) != 0)
			continue;
		*out = value;
		found = 1;
	}
	return found;
}

static size_t find_values(const struct hc_payload *p, const struct hc_attribute *a, struct hc_str json,
			  struct hc_json_value *out)
{
	if (!a->given)
		return find_sole(json, out);
	size_t n = hc_jsonpath_find(&a->path, json, out, HC_PAYLOAD_ROWS_MAX);
	if (n == 0 && a->has_dotted)
		n = hc_jsonpath_find(&a->dotted, json, out, HC_PAYLOAD_ROWS_MAX);
	if (n == 0 && a->is_index)
		n = find_by_index(json, a->index, out);
	if (n == 0 && p->alone && !a->is_index && json.p[0] != '{' && json.p[0] != '[')
		n = find_sole(json, out);
	for (const char *const *prefix = p->prefixes; n == 0 && prefix && *prefix; prefix++)
		n = find_prefixed(*prefix, a->text, json, out);
	return n;
}

bool hc_payload_holds(struct hc_payload *p, struct hc_str json, const struct hc_attribute *attribute)
{
	return reserve_values(&p->values[0]) && find_values(p, attribute, json, p->values[0].list) > 0;
}

static enum hc_code fail_finding(const struct hc_payload *p, size_t i, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE], shown_value[HC_STR_SHOW_SIZE];
	const struct hc_attribute *a = p->attributes[i];
	size_t n = p->values[i].n;
	hc_str_show(p->value, shown_value);
	if (n == 0 && !a->given) {
		hc_fail(err, HC_INPUT, "the label is not a single value: %s", shown_value);
		return hc_hint(err, "say where it is with --ground-truth-attribute");
	}
	hc_str_show(a->text, shown);
	if (n == 0) {
		hc_fail(err, HC_INPUT, "nothing at '%s' in %s", shown, shown_value);
		return hc_hint(err, "name a key that is there, or a JSONPath such as $.predictions[0].score");
	}
	if (n > HC_PAYLOAD_ROWS_MAX)
		return hc_fail(err, HC_INPUT, "'%s' finds more than %d values", shown, HC_PAYLOAD_ROWS_MAX);
	hc_fail(err, HC_INPUT, "'%s' finds %zu values where another attribute finds %zu", shown, n, p->values[0].n);
	return hc_hint(err, "all attributes must find the same number of values");
}

static enum hc_code find_cells(struct hc_payload *p, struct hc_err *err)
{
	for (size_t i = 0; i < p->n_attributes; i++) {
		struct hc_cell_values *v = &p->values[i];
		if (!reserve_values(v))
			return hc_fail_nomem(err, "the values of a record");
		v->n = find_values(p, p->attributes[i], p->value, v->list);
		if (v->n == 0 || v->n > HC_PAYLOAD_ROWS_MAX || v->n != p->values[0].n)
			return fail_finding(p, i, err);
	}
	p->rows_here = p->n_attributes ? p->values[0].n : 1;
	p->row_here = 0;
	return HC_OK;
}

static enum hc_code next_json(struct hc_payload *p, bool *got, struct hc_err *err)
{
	if (++p->row_here < p->rows_here) {
		*got = true;
		return HC_OK;
	}
	struct hc_json j;
	struct hc_json_value value;
	hc_json_open(&j, p->rest);
	*got = !hc_json_at_end(&j);
	if (!*got && !j.problem)
		return HC_OK;
	if (!hc_json_value(&j, &value)) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_INPUT, "data is not valid JSON: %s: '%s'", j.problem, hc_str_show(p->rest, shown));
		return hc_hint(err,
			       "its encoding says JSON: let the model answer so, or use --record-preprocessor-script");
	}
	p->rest.p = j.p;
	p->rest.n = (size_t)(j.end - j.p);
	p->value = value.raw;
	return find_cells(p, err);
}

enum hc_code hc_payload_next(struct hc_payload *p, bool *got, struct hc_err *err)
{
	return p->format == HC_PAYLOAD_CSV ? next_csv(p, got, err) : next_json(p, got, err);
}

static enum hc_code fail_csv_cell(const struct hc_payload *p, const struct hc_attribute *a, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE], shown_row[HC_STR_SHOW_SIZE];
	hc_str_show(p->row.raw, shown_row);
	if (!a->given) {
		hc_fail(err, HC_INPUT, "the label has %zu columns: '%s'", p->row.n, shown_row);
		return hc_hint(err,
			       "quote a label that holds commas, or name its column with --ground-truth-attribute");
	}
	if (a->column == SIZE_MAX) {
		hc_fail(err, HC_INPUT, "'%s' is not the index of a column, and this CSV has no header: '%s'",
			hc_str_show(a->text, shown), shown_row);
		return hc_hint(err, "name the column by its index: 0 is the first");
	}
	hc_fail(err, HC_INPUT, "no column %zu, there are %zu: '%s'", a->column, p->row.n, shown_row);
	return hc_hint(err, "columns are counted from 0");
}

static enum hc_code csv_cell(const struct hc_payload *p, const struct hc_attribute *a, struct hc_str *out,
			     struct hc_err *err)
{
	bool named = a->given && a->column == SIZE_MAX;
	bool sole = p->row.n == 1 && (!a->given || (p->alone && named));
	if (!sole && (!a->given || a->column >= p->row.n))
		return fail_csv_cell(p, a, err);
	*out = p->row.fields[sole ? 0 : a->column];
	return HC_OK;
}

/* Takes [[0.3]] for 0.3: models answer so. */
static struct hc_json_value unwrap(struct hc_json_value value)
{
	while (value.type == HC_JSON_ARRAY) {
		struct hc_json j;
		struct hc_json_value inner, second;
		hc_json_open(&j, value.raw);
		if (!hc_json_enter_array(&j) || !hc_json_element(&j) || !hc_json_value(&j, &inner))
			break;
		if (hc_json_element(&j) && hc_json_value(&j, &second))
			break;
		value = inner;
	}
	return value;
}

static enum hc_code json_cell(struct hc_payload *p, size_t i, struct hc_str *out, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE], shown_value[HC_STR_SHOW_SIZE];
	struct hc_json_value value = unwrap(p->values[i].list[p->row_here]);
	switch (value.type) {
	case HC_JSON_STRING:
		hc_buf_reset(&p->values[i].text);
		*out = hc_json_text(&value, &p->values[i].text);
		return hc_buf_check(&p->values[i].text, "a value", err);
	case HC_JSON_NUMBER:
	case HC_JSON_TRUE:
	case HC_JSON_FALSE:
		*out = value.raw;
		return HC_OK;
	default:
		hc_fail(err, HC_INPUT, "'%s' is not a single value: %s", hc_str_show(p->attributes[i]->text, shown),
			hc_str_show(value.raw, shown_value));
		return hc_hint(err, "name one element, such as $.predictions[0], or all with [*]");
	}
}

enum hc_code hc_payload_cell(struct hc_payload *p, size_t i, struct hc_str *out, struct hc_err *err)
{
	struct hc_str text;
	if (p->format == HC_PAYLOAD_CSV)
		HC_TRY(csv_cell(p, p->attributes[i], &text, err));
	else
		HC_TRY(json_cell(p, i, &text, err));
	if (hc_str_trim(text).n == 0) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_INPUT, "the value%s%s%s is empty", p->attributes[i]->given ? " of '" : "",
			p->attributes[i]->given ? hc_str_show(p->attributes[i]->text, shown) : "",
			p->attributes[i]->given ? "'" : "");
		return hc_hint(err, "remove the record, or allow it with --max-bad-records");
	}
	*out = text;
	return HC_OK;
}
