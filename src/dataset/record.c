#include "dataset/record.h"

#include "base/instant.h"

/* A byte of an id may be written as six: \u0041. */
enum { ID_WRITTEN_MAX = 6 * HC_RECORD_ID_MAX };

void hc_record_init(struct hc_record *r)
{
	*r = (struct hc_record){.inference_id_scratch = HC_BUF(ID_WRITTEN_MAX),
				.event_id_scratch = HC_BUF(ID_WRITTEN_MAX)};
}

void hc_record_free(struct hc_record *r)
{
	hc_buf_free(&r->inference_id_scratch);
	hc_buf_free(&r->event_id_scratch);
}

static enum hc_code fail_json(const struct hc_json *j, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	size_t at = hc_json_offset(j);
	struct hc_str rest = {j->start + at, (size_t)(j->end - j->start) - at};
	if (rest.n == 0) {
		hc_fail(err, HC_INPUT, "the record ends before it is complete (%zu bytes)", at);
		return hc_hint(err, "the file may be cut off: upload it again, or allow it with --max-bad-records");
	}
	hc_fail(err, HC_INPUT, "not valid JSON: %s at byte %zu: '%s'",
		j->problem ? j->problem : "text behind the record", at + 1, hc_str_show(rest, shown));
	return hc_hint(err, "write one JSON object a line in UTF-8, or allow bad records with --max-bad-records");
}

static enum hc_code too_many(const char *what, int max, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "%s has more than %d members", what, max);
	return hc_hint(err, "remove the members that are not part of a record");
}

static bool same_key(const struct hc_json_key *a, const struct hc_json_key *b)
{
	if (!a->escaped && !b->escaped)
		return hc_str_eq(a->raw, b->raw);
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_RECORD_ID_MAX);
	return hc_json_key_eq(a, hc_json_key_text(b, &scratch));
}

/* Collects the members of the object that stands next; errors of the text stick in j. */
static enum hc_code collect(struct hc_json *j, const char *what, struct hc_part *part, struct hc_err *err)
{
	enum hc_json_type type;
	part->n = 0;
	if (!hc_json_peek(j, &type))
		return HC_OK;
	if (type != HC_JSON_OBJECT) {
		struct hc_json_value value;
		char shown[HC_STR_SHOW_SIZE];
		if (!hc_json_value(j, &value))
			return HC_OK;
		hc_fail(err, HC_INPUT, "%s is not an object: %s", what, hc_str_show(value.raw, shown));
		return hc_hint(err, "see the record formats of the manual");
	}
	if (!hc_json_enter_object(j))
		return HC_OK;
	struct hc_record_member member;
	while (hc_json_member(j, &member.key)) {
		if (!hc_json_value(j, &member.value))
			return HC_OK;
		size_t i = 0;
		while (i < part->n && !same_key(&part->members[i].key, &member.key))
			i++;
		if (i == HC_RECORD_MEMBERS_MAX)
			return too_many(what, HC_RECORD_MEMBERS_MAX, err);
		part->members[i] = member;
		part->n += i == part->n;
	}
	return HC_OK;
}

static enum hc_code collect_capture(struct hc_json *j, struct hc_record *r, struct hc_err *err)
{
	enum hc_json_type type;
	r->n_parts = 0;
	if (!hc_json_peek(j, &type))
		return HC_OK;
	if (type != HC_JSON_OBJECT) {
		hc_fail(err, HC_INPUT, "captureData is not an object");
		return hc_hint(err, "see the record formats of the manual");
	}
	if (!hc_json_enter_object(j))
		return HC_OK;
	struct hc_json_key name;
	while (hc_json_member(j, &name)) {
		size_t i = 0;
		while (i < r->n_parts && !same_key(&r->parts[i].name, &name))
			i++;
		if (i == HC_RECORD_PARTS_MAX)
			return too_many("captureData", HC_RECORD_PARTS_MAX, err);
		r->parts[i].name = name;
		r->parts[i].other = (struct hc_json_value){0};
		r->parts[i].n = 0;
		if (hc_json_peek(j, &type) && type == HC_JSON_OBJECT)
			HC_TRY(collect(j, "a member of captureData", &r->parts[i], err));
		else if (!hc_json_value(j, &r->parts[i].other))
			break;
		r->n_parts += i == r->n_parts;
	}
	return HC_OK;
}

static enum hc_code collect_record(struct hc_json *j, struct hc_record *r, struct hc_err *err)
{
	struct hc_json_key key;
	struct hc_json_value skipped;
	while (hc_json_member(j, &key)) {
		if (hc_json_key_is(&key, "captureData")) {
			r->has_capture = true;
			HC_TRY(collect_capture(j, r, err));
		} else if (hc_json_key_is(&key, "groundTruthData")) {
			r->has_truth = true;
			HC_TRY(collect(j, "groundTruthData", &r->truth_part, err));
		} else if (hc_json_key_is(&key, "eventMetadata")) {
			r->has_metadata = true;
			HC_TRY(collect(j, "eventMetadata", &r->metadata, err));
		} else if (hc_json_key_is(&key, "eventVersion")) {
			if (!hc_json_value(j, &r->version))
				break;
		} else if (!hc_json_value(j, &skipped)) {
			break;
		}
	}
	return HC_OK;
}

static const struct hc_json_value *member(const struct hc_part *part, const char *name)
{
	for (size_t i = 0; i < part->n; i++)
		if (hc_json_key_is(&part->members[i].key, name))
			return &part->members[i].value;
	return NULL;
}

static enum hc_code bad_value(struct hc_err *err, const char *where, const char *name,
			      const struct hc_json_value *value, const char *why, const char *remedy)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT, "%s.%s %s: %s", where, name, why, hc_str_show(value->raw, shown));
	return hc_hint(err, "%s", remedy);
}

static enum hc_code read_encoding(const struct hc_part *part, const char *where, enum hc_encoding *out,
				  struct hc_err *err)
{
	static const struct {
		const char *name;
		enum hc_encoding encoding;
	} known[] = {{"CSV", HC_ENCODING_CSV}, {"JSON", HC_ENCODING_JSON}, {"BASE64", HC_ENCODING_BASE64}};
	const struct hc_json_value *value = member(part, "encoding");
	if (!value) {
		hc_fail(err, HC_INPUT, "%s has no encoding", where);
		return hc_hint(err, "write \"encoding\":\"CSV\", \"JSON\" or \"BASE64\" beside the data");
	}
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_RECORD_ID_MAX);
	struct hc_str text = value->type == HC_JSON_STRING ? hc_json_text(value, &scratch) : (struct hc_str){0};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (hc_str_eq(text, hc_str(known[i].name))) {
			*out = known[i].encoding;
			return HC_OK;
		}
	}
	return bad_value(err, where, "encoding", value, "is not known", "known encodings are CSV, JSON and BASE64");
}

static enum hc_code read_data(const struct hc_part *part, const char *where, struct hc_part_data *out,
			      struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	if (part->other.raw.n) {
		hc_fail(err, HC_INPUT, "%s is not an object: %s", where, hc_str_show(part->other.raw, shown));
		return hc_hint(err, "see the record formats of the manual");
	}
	const struct hc_json_value *data = member(part, "data"), *type = member(part, "observedContentType");
	if (!data) {
		hc_fail(err, HC_INPUT, "%s has no data", where);
		return hc_hint(err, "capture the model's output (capture mode Output or InputAndOutput)");
	}
	if (data->type != HC_JSON_STRING)
		return bad_value(err, where, "data", data, "is not a string",
				 "write it as a JSON string, such as \"1\"");
	if (data->raw.n == 2) {
		hc_fail(err, HC_INPUT, "%s.data is empty", where);
		return hc_hint(err, "remove the record, or allow it with --max-bad-records");
	}
	enum hc_encoding encoding;
	HC_TRY(read_encoding(part, where, &encoding, err));
	*out = (struct hc_part_data){.part = part, .data = *data, .encoding = encoding};
	if (type && type->type == HC_JSON_STRING)
		out->content_type = *type;
	return HC_OK;
}

static bool is_input(const struct hc_part *part)
{
	return part->other.raw.n == 0 &&
	       (hc_json_key_is(&part->name, "endpointInput") || hc_json_key_is(&part->name, "batchTransformInput"));
}

/* What to do about a record of another kind than was expected. */
static enum hc_code hint_kind(enum hc_record_kind kind, const char *hint, struct hc_err *err)
{
	bool merged = kind == HC_RECORD_MERGED;
	return hc_hint(err, "%s", merged ? HC_RECORD_MERGED_REMEDY : hint);
}

/* The output that predictions are read from; the encodings of the other parts are checked as well. */
static enum hc_code read_capture(struct hc_record *r, enum hc_record_kind kind, struct hc_err *err)
{
	if (!r->has_capture) {
		hc_fail(err, HC_INPUT, "the record has no captureData");
		return hint_kind(kind, "only captured predictions may stand in the capture folders", err);
	}
	const struct hc_part *endpoint = NULL, *batch = NULL;
	for (size_t i = 0; i < r->n_parts; i++) {
		const struct hc_part *part = &r->parts[i];
		enum hc_encoding ignored;
		if (hc_json_key_is(&part->name, "endpointOutput"))
			endpoint = part;
		else if (hc_json_key_is(&part->name, "batchTransformOutput"))
			batch = part;
		else if (is_input(part) && member(part, "encoding"))
			HC_TRY(read_encoding(part, "captureData's input", &ignored, err));
	}
	r->batch = !endpoint && batch;
	if (endpoint)
		return read_data(endpoint, "endpointOutput", &r->output, err);
	if (batch)
		return read_data(batch, "batchTransformOutput", &r->output, err);
	hc_fail(err, HC_INPUT, "captureData has no endpointOutput");
	return hc_hint(err, "capture the model's output (capture mode Output or InputAndOutput)");
}

static enum hc_code read_id(const struct hc_part *metadata, const char *name, struct hc_buf *scratch,
			    struct hc_str *out, struct hc_err *err)
{
	const struct hc_json_value *value = member(metadata, name);
	if (!value)
		return HC_OK;
	if (value->type != HC_JSON_STRING)
		return bad_value(err, "eventMetadata", name, value, "is not a string",
				 "write ids as JSON strings, such as \"95\"");
	if (value->raw.n == 2)
		return bad_value(err, "eventMetadata", name, value, "is empty", "give every record an id");
	struct hc_str id = hc_json_text(value, scratch);
	if (id.n > HC_RECORD_ID_MAX || scratch->failed == HC_LIMIT)
		return bad_value(err, "eventMetadata", name, value, "is longer than 65536 bytes", "use a shorter id");
	HC_TRY(hc_buf_check(scratch, name, err));
	*out = id;
	return HC_OK;
}

static enum hc_code read_time(struct hc_record *r, struct hc_err *err)
{
	const struct hc_json_value *value = member(&r->metadata, "inferenceTime");
	if (!value)
		return HC_OK;
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_RECORD_ID_MAX);
	r->has_time = value->type == HC_JSON_STRING && value->raw.n <= HC_RECORD_ID_MAX &&
		      hc_instant_parse(hc_json_text(value, &scratch), &r->time_us);
	if (r->has_time)
		return HC_OK;
	return bad_value(err, "eventMetadata", "inferenceTime", value, "is not a time",
			 "write it as RFC 3339 has it, such as \"2026-03-01T05:28:32Z\"");
}

static enum hc_code read_metadata(struct hc_record *r, enum hc_record_kind kind, struct hc_err *err)
{
	if (!r->has_metadata) {
		hc_fail(err, HC_INPUT, "the record has no eventMetadata, so no id");
		return hc_hint(err, "every record needs eventMetadata with an eventId");
	}
	HC_TRY(read_id(&r->metadata, "eventId", &r->event_id_scratch, &r->event_id, err));
	HC_TRY(read_id(&r->metadata, "inferenceId", &r->inference_id_scratch, &r->inference_id, err));
	/* A label names the capture's key in its eventId, whatever else it carries. */
	bool by_event = r->inference_id.n == 0 || (kind == HC_RECORD_LABEL && r->event_id.n > 0);
	r->key = by_event ? r->event_id : r->inference_id;
	if (r->key.n > 0)
		return HC_OK;
	hc_fail(err, HC_INPUT, "eventMetadata has neither inferenceId nor eventId");
	return hc_hint(err, "every record needs an id to be joined by");
}

static void clear(struct hc_record *r)
{
	r->n_parts = r->truth_part.n = r->metadata.n = 0;
	r->has_capture = r->has_truth = r->has_metadata = r->batch = r->has_time = false;
	r->version = (struct hc_json_value){0};
	r->output = r->truth = (struct hc_part_data){0};
	r->inference_id = r->event_id = r->key = (struct hc_str){0};
	hc_buf_reset(&r->inference_id_scratch);
	hc_buf_reset(&r->event_id_scratch);
}

static enum hc_code read_truth(struct hc_record *r, enum hc_record_kind kind, struct hc_err *err)
{
	if (!r->has_truth) {
		hc_fail(err, HC_INPUT, "the record has no groundTruthData");
		return hint_kind(kind,
				 "a label is {\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},"
				 "\"eventMetadata\":{\"eventId\":\"..\"}}",
				 err);
	}
	return read_data(&r->truth_part, "groundTruthData", &r->truth, err);
}

enum hc_code hc_record_parse(struct hc_str line, enum hc_record_kind kind, struct hc_record *r, struct hc_err *err)
{
	struct hc_json j;
	enum hc_json_type type;
	clear(r);
	hc_json_open(&j, line);
	if (hc_json_peek(&j, &type) && type != HC_JSON_OBJECT) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_INPUT, "the line is not a JSON object: '%s'", hc_str_show(line, shown));
		return hc_hint(err, "write one record, a JSON object, a line");
	}
	if (hc_json_enter_object(&j))
		HC_TRY(collect_record(&j, r, err));
	if (!hc_json_finish(&j))
		return fail_json(&j, err);
	if (kind != HC_RECORD_LABEL)
		HC_TRY(read_capture(r, kind, err));
	if (kind != HC_RECORD_CAPTURE)
		HC_TRY(read_truth(r, kind, err));
	HC_TRY(read_metadata(r, kind, err));
	return kind == HC_RECORD_LABEL ? HC_OK : read_time(r, err);
}

enum hc_code hc_record_read_truth(struct hc_str truth_json, struct hc_record *r, struct hc_err *err)
{
	struct hc_json j;
	hc_json_open(&j, truth_json);
	HC_TRY(collect(&j, "groundTruthData", &r->truth_part, err));
	if (!hc_json_finish(&j))
		return fail_json(&j, err);
	r->has_truth = true;
	return read_data(&r->truth_part, "groundTruthData", &r->truth, err);
}

static int by_name(const struct hc_json_key *a, const struct hc_json_key *b)
{
	return hc_str_cmp(a->raw, b->raw);
}

/*
 * A value as it was captured. A carriage return in its white space would break the line for readers that
 * take it for a line's end; a raw one cannot stand inside a string.
 */
static void write_value(const struct hc_json_value *value, struct hc_buf *out)
{
	struct hc_str rest = value->raw;
	bool nested = value->type == HC_JSON_OBJECT || value->type == HC_JSON_ARRAY;
	for (const char *cr; nested && (cr = memchr(rest.p, '\r', rest.n)) != NULL;) {
		size_t n = (size_t)(cr - rest.p);
		hc_buf_put(out, rest.p, n);
		rest.p += n + 1;
		rest.n -= n + 1;
	}
	hc_buf_str(out, rest);
}

/* Writes a part's members in the order of their names, as Spark's JSON writer does. */
static void write_part(const struct hc_part *part, struct hc_buf *out)
{
	unsigned char order[HC_RECORD_MEMBERS_MAX];
	for (size_t i = 0; i < part->n; i++) {
		size_t at = i;
		for (; at > 0 && by_name(&part->members[order[at - 1]].key, &part->members[i].key) > 0; at--)
			order[at] = order[at - 1];
		order[at] = (unsigned char)i;
	}
	hc_buf_char(out, '{');
	for (size_t i = 0; i < part->n; i++) {
		const struct hc_record_member *m = &part->members[order[i]];
		hc_buf_cstr(out, i ? ",\"" : "\"");
		hc_buf_str(out, m->key.raw);
		hc_buf_cstr(out, "\":");
		write_value(&m->value, out);
	}
	hc_buf_char(out, '}');
}

static void write_capture(const struct hc_record *r, struct hc_buf *out)
{
	unsigned char order[HC_RECORD_PARTS_MAX];
	for (size_t i = 0; i < r->n_parts; i++) {
		size_t at = i;
		for (; at > 0 && by_name(&r->parts[order[at - 1]].name, &r->parts[i].name) > 0; at--)
			order[at] = order[at - 1];
		order[at] = (unsigned char)i;
	}
	hc_buf_char(out, '{');
	for (size_t i = 0; i < r->n_parts; i++) {
		hc_buf_cstr(out, i ? ",\"" : "\"");
		hc_buf_str(out, r->parts[order[i]].name.raw);
		hc_buf_cstr(out, "\":");
		if (r->parts[order[i]].other.raw.n)
			write_value(&r->parts[order[i]].other, out);
		else
			write_part(&r->parts[order[i]], out);
	}
	hc_buf_char(out, '}');
}

static void write_version(const struct hc_record *r, struct hc_buf *out)
{
	hc_buf_cstr(out, "\"eventVersion\":");
	if (r->version.raw.n)
		write_value(&r->version, out);
	else
		hc_buf_cstr(out, "\"0\"");
}

void hc_record_write_truth(const struct hc_record *label, struct hc_buf *out)
{
	write_part(&label->truth_part, out);
}

void hc_record_write_merged(const struct hc_record *capture, struct hc_str truth_json, struct hc_buf *out)
{
	/* AWS's batch records have an event id alone; one with an inference id, by which it is joined, keeps it. */
	bool only_event = capture->batch && capture->inference_id.n == 0;
	if (only_event) {
		hc_buf_cstr(out, "{\"eventMetadata\":{\"eventId\":");
		hc_json_quote(out, capture->event_id);
		hc_buf_cstr(out, "},");
	} else {
		hc_buf_char(out, '{');
	}
	write_version(capture, out);
	hc_buf_cstr(out, ",\"groundTruthData\":");
	hc_buf_str(out, truth_json);
	hc_buf_cstr(out, ",\"captureData\":");
	write_capture(capture, out);
	if (!only_event) {
		hc_buf_cstr(out, ",\"eventMetadata\":");
		write_part(&capture->metadata, out);
	}
	hc_buf_char(out, '}');
}
