#include "dataset/batch.h"

#include <string.h>

#include "store/store.h"
#include "sys/files.h"

/* --- manifests ------------------------------------------------------------------------------ */

struct manifest {
	const char *root, *path;
	struct hc_arena *arena;
	const struct hc_batch_outputs *outputs;
	const char *prefix;
	size_t entries;
};

static enum hc_code fail_manifest(const struct manifest *m, const char *what, struct hc_str value, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT, "%s:1: %s: '%s'", m->path, what, hc_str_show(value, shown));
	return hc_hint(err, "a manifest is [{\"prefix\":\"file:///folder/\"},\"output.csv.out\"]");
}

static enum hc_code read_prefix(struct manifest *m, struct hc_json *j, struct hc_err *err)
{
	struct hc_json_key key;
	struct hc_json_value value;
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_PATH_LEN_MAX);
	if (!hc_json_enter_object(j))
		return HC_OK;
	while (hc_json_member(j, &key) && hc_json_value(j, &value)) {
		if (!hc_json_key_is(&key, "prefix"))
			continue;
		if (value.type != HC_JSON_STRING)
			return fail_manifest(m, "the prefix is not a string", value.raw, err);
		struct hc_str text = hc_json_text(&value, &scratch);
		HC_TRY(hc_buf_check(&scratch, "a prefix", err));
		if (memchr(text.p, '\0', text.n))
			return fail_manifest(m, "the prefix holds a NUL", text, err);
		char *given = hc_arena_cstring(m->arena, text);
		if (!given)
			return hc_fail_nomem(err, "a manifest");
		bool whole = given[0] == '/' || strstr(given, "://");
		/* On the server a manifest is somebody's upload: it names objects, never files of the machine. */
		if (hc_store_is_mounted() && strncmp(given, "s3://", 5) != 0)
			return fail_manifest(m, "the prefix is not an s3:// address", text, err);
		const char *uri = whole ? given : hc_path_join(m->arena, m->root, given);
		if (!uri)
			return hc_fail_nomem(err, "a manifest");
		enum hc_code code = hc_store_resolve(uri, m->arena, &m->prefix, err);
		if (code != HC_OK) {
			err->code = HC_INPUT;
			return hc_err_at(err, "%s:1: the prefix", m->path);
		}
	}
	return HC_OK;
}

static bool climbs(const char *path)
{
	for (const char *p = strstr(path, ".."); p; p = strstr(p + 1, ".."))
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static enum hc_code read_entry(struct manifest *m, struct hc_json *j, struct hc_err *err)
{
	struct hc_json_value value;
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_PATH_LEN_MAX);
	if (!hc_json_value(j, &value))
		return HC_OK;
	if (value.type != HC_JSON_STRING)
		return fail_manifest(m, "an entry is not a string", value.raw, err);
	struct hc_str text = hc_json_text(&value, &scratch);
	HC_TRY(hc_buf_check(&scratch, "an entry", err));
	char *name = hc_arena_cstring(m->arena, text);
	if (!name)
		return hc_fail_nomem(err, "a manifest");
	if (!m->prefix)
		return fail_manifest(m, "an entry stands before the prefix", text, err);
	if (text.n == 0 || strlen(name) != text.n || climbs(name))
		return fail_manifest(m, "an entry is not a file below the prefix", text, err);
	if (++m->entries > HC_MANIFEST_ENTRIES_MAX)
		return fail_manifest(m, "more entries than a manifest may have", text, err);
	const char *path = hc_path_join(m->arena, m->prefix, name);
	if (!path)
		return hc_fail_nomem(err, "a manifest");
	return m->outputs->take(m->outputs->arg, path, name, err);
}

static enum hc_code read_manifest(struct manifest *m, struct hc_json *j, struct hc_err *err)
{
	enum hc_json_type type;
	struct hc_str whole = {j->p, (size_t)(j->end - j->p)};
	if (hc_json_peek(j, &type) && type != HC_JSON_ARRAY)
		return fail_manifest(m, "not an array", whole, err);
	if (hc_json_enter_array(j)) {
		while (hc_json_element(j)) {
			if (hc_json_peek(j, &type) && type == HC_JSON_OBJECT)
				HC_TRY(read_prefix(m, j, err));
			else
				HC_TRY(read_entry(m, j, err));
		}
	}
	if (hc_json_finish(j))
		return HC_OK;
	struct hc_str rest = {j->p, (size_t)(j->end - j->p)};
	return fail_manifest(m, j->problem ? j->problem : "text behind the manifest", rest, err);
}

enum hc_code hc_batch_manifest_read(struct hc_str text, const char *root, const char *path, struct hc_arena *arena,
				    const struct hc_batch_outputs *outputs, struct hc_err *err)
{
	struct manifest m = {.root = root, .path = path, .arena = arena, .outputs = outputs};
	struct hc_json j;
	hc_json_open(&j, text);
	return read_manifest(&m, &j, err);
}

struct adding {
	struct hc_input_file manifest; /* a copy: adding may move the list that it stands in */
	struct hc_input_files *out;
};

static enum hc_code add_output(void *arg, const char *path, const char *name, struct hc_err *err)
{
	const struct adding *a = arg;
	struct hc_file_info info;
	HC_TRY(hc_file_look(path, &info, err));
	if (info.kind != HC_FILE_REGULAR) {
		hc_fail(err, HC_INPUT, "%s:1: the output '%s' does not exist", a->manifest.path, path);
		return hc_hint(err, "copy the transform job's outputs there, or correct the prefix in the manifest");
	}
	struct hc_input_file file = {"capture", path, name, a->manifest.above, a->manifest.hour_us, info.size, info.id};
	return hc_input_files_add(a->out, file, err);
}

enum hc_code hc_batch_manifest(const char *root, const struct hc_input_file *manifest, struct hc_input_files *out,
			       struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(HC_MANIFEST_BYTES_MAX);
	HC_TRY(hc_file_slurp(manifest->path, &text, err));
	struct adding a = {*manifest, out};
	struct hc_batch_outputs outputs = {add_output, &a};
	return hc_batch_manifest_read(hc_buf_view(&text), root, a.manifest.path, out->arena, &outputs, err);
}

/* --- output rows ---------------------------------------------------------------------------- */

static enum hc_code fail_row(struct hc_str text, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT, "the row does not end with an inference id and a time: '%s'", hc_str_show(text, shown));
	return hc_hint(err, "run the transform job with GenerateInferenceId, or correct --dataset-format");
}

static void write_head(struct hc_buf *out)
{
	hc_buf_cstr(out, "{\"captureData\":{\"batchTransformOutput\":{\"data\":");
}

/* id and time as JSON values. */
static void write_tail(const char *encoding, struct hc_str id, struct hc_str time, struct hc_buf *out)
{
	hc_buf_cstr(out, ",\"encoding\":\"");
	hc_buf_cstr(out, encoding);
	hc_buf_cstr(out, "\"}},\"eventMetadata\":{\"eventId\":");
	hc_buf_str(out, id);
	hc_buf_cstr(out, ",\"inferenceTime\":");
	hc_buf_str(out, time);
	hc_buf_cstr(out, "},\"eventVersion\":\"0\"}");
}

/* The beginning of a CSV row that holds its first n fields. */
static struct hc_str first_fields(struct hc_str raw, size_t n)
{
	bool quoted = false;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '"')
			quoted = !quoted;
		else if (raw.p[i] == ',' && !quoted && --n == 0)
			return (struct hc_str){raw.p, i};
	}
	return raw;
}

static enum hc_code capture_of_csv(struct hc_str text, struct hc_csv_row *row, struct hc_buf *out, struct hc_err *err)
{
	const char *problem = NULL;
	char shown[HC_STR_SHOW_SIZE];
	struct hc_str rest = text;
	if (!hc_csv_next(&rest, row, &problem)) {
		hc_fail(err, HC_INPUT, "not valid CSV: %s: '%s'", problem ? problem : "no row",
			hc_str_show(text, shown));
		return hc_hint(err, "quote fields that hold commas, quotes or newlines");
	}
	if (row->n < 3)
		return fail_row(text, err);
	HC_BUF_SCOPED struct hc_buf id = HC_BUF(HC_RECORD_ID_MAX * 8);
	HC_BUF_SCOPED struct hc_buf time = HC_BUF(HC_RECORD_ID_MAX * 8);
	hc_json_quote(&id, row->fields[row->n - 2]);
	hc_json_quote(&time, hc_str_trim(row->fields[row->n - 1]));
	HC_TRY(hc_buf_check(&id, "an inference id", err));
	HC_TRY(hc_buf_check(&time, "an inference time", err));
	write_head(out);
	hc_json_quote(out, first_fields(row->raw, row->n - 2));
	write_tail("CSV", hc_buf_view(&id), hc_buf_view(&time), out);
	return HC_OK;
}

bool hc_batch_key_means(const struct hc_json_key *key, const char *what)
{
	char plain[32];
	size_t n = 0;
	for (size_t i = 0; i < key->raw.n; i++) {
		char c = key->raw.p[i];
		if (c == '_' || c == '-')
			continue;
		if (n == sizeof plain)
			return false;
		plain[n++] = c;
	}
	struct hc_str s = {plain, n};
	struct hc_str maker = {plain, n > 9 ? 9 : n};
	if (hc_str_eq_nocase(maker, HC_STR("sagemaker"))) {
		s.p += 9;
		s.n -= 9;
	}
	return hc_str_eq_nocase(s, hc_str(what));
}

struct member_list {
	struct hc_json_key key;
	struct hc_json_value value;
};

enum { OUTPUT_MEMBERS_MAX = 256 };

/* Members or elements of a JSON row; SIZE_MAX when there are too many or it is not valid. */
static size_t list_members(struct hc_str text, struct member_list list[OUTPUT_MEMBERS_MAX], bool *is_array)
{
	struct hc_json j;
	enum hc_json_type type;
	size_t n = 0;
	hc_json_open(&j, text);
	if (!hc_json_peek(&j, &type) || (type != HC_JSON_OBJECT && type != HC_JSON_ARRAY))
		return SIZE_MAX;
	*is_array = type == HC_JSON_ARRAY;
	if (!(*is_array ? hc_json_enter_array(&j) : hc_json_enter_object(&j)))
		return SIZE_MAX;
	for (;;) {
		struct member_list m = {0};
		if (!(*is_array ? hc_json_element(&j) : hc_json_member(&j, &m.key)) || !hc_json_value(&j, &m.value))
			break;
		if (n == OUTPUT_MEMBERS_MAX)
			return SIZE_MAX;
		list[n++] = m;
	}
	return hc_json_finish(&j) ? n : SIZE_MAX;
}

static void find_id_and_time(const struct member_list *list, size_t n, bool is_array, size_t *id, size_t *time)
{
	bool has_id = false, has_time = false;
	for (size_t i = 0; i < n && !is_array; i++) {
		if (hc_batch_key_means(&list[i].key, "inferenceid")) {
			has_id = true;
			*id = i;
		} else if (hc_batch_key_means(&list[i].key, "inferencetime")) {
			has_time = true;
			*time = i;
		}
	}
	if (!has_id || !has_time) {
		*id = n - 2;
		*time = n - 1;
	}
}

static enum hc_code capture_of_json(struct hc_str text, struct hc_buf *out, struct hc_err *err)
{
	struct member_list list[OUTPUT_MEMBERS_MAX];
	bool is_array = false;
	size_t n = list_members(text, list, &is_array), id = 0, time = 0, kept = 0;
	if (n == SIZE_MAX) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_INPUT, "not a JSON object or array of at most %d members: '%s'", OUTPUT_MEMBERS_MAX,
			hc_str_show(text, shown));
		return hc_hint(err, "correct --dataset-format, or the output");
	}
	if (n < 3)
		return fail_row(text, err);
	find_id_and_time(list, n, is_array, &id, &time);
	if (list[id].value.type >= HC_JSON_ARRAY || list[time].value.type >= HC_JSON_ARRAY)
		return fail_row(text, err);
	HC_BUF_SCOPED struct hc_buf data = HC_BUF(HC_PAYLOAD_BYTES_MAX);
	hc_buf_char(&data, is_array ? '[' : '{');
	for (size_t i = 0; i < n; i++) {
		if (i == id || i == time)
			continue;
		if (kept++)
			hc_buf_char(&data, ',');
		if (!is_array) {
			hc_buf_char(&data, '"');
			hc_buf_str(&data, list[i].key.raw);
			hc_buf_cstr(&data, "\":");
		}
		hc_buf_str(&data, list[i].value.raw);
	}
	hc_buf_char(&data, is_array ? ']' : '}');
	HC_TRY(hc_buf_check(&data, "an output row", err));
	write_head(out);
	hc_json_quote(out, hc_buf_view(&data));
	write_tail("JSON", list[id].value.raw, list[time].value.raw, out);
	return HC_OK;
}

enum hc_code hc_batch_capture(struct hc_str text, enum hc_payload_format format, struct hc_csv_row *row,
			      struct hc_buf *out, struct hc_err *err)
{
	if (format == HC_PAYLOAD_CSV)
		HC_TRY(capture_of_csv(text, row, out, err));
	else
		HC_TRY(capture_of_json(text, out, err));
	return hc_buf_check(out, "an output row", err);
}
