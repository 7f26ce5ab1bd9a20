#include "monitor/merge.h"

#include "base/instant.h"
#include "base/number.h"
#include "dataset/batch.h"
#include "monitor/join.h"
#include "monitor/reader.h"

enum { MERGE_RECORD_MAX = 1 << 30 };

struct merge {
	const struct hc_request *request;
	struct hc_input_files *files;
	struct hc_measure *measure;
	struct hc_tolerance *tolerance;
	struct hc_account *account;
	struct hc_merge_sink sink;
	struct hc_join join;
	struct hc_record record, kept_label; /* the record at hand; a label it is compared with */
	struct hc_measured_rows outputs, labels;
	struct hc_csv_row row;
	struct hc_buf line, truth, text, kept_text;
};

static const char *path_of(const struct merge *m, size_t file)
{
	return m->files->list[file].path;
}

/* --- batch outputs -------------------------------------------------------------------------- */

static hc_take_line take_capture;

/* The attributes of a batch output may be names of its header. */
static enum hc_code take_header(void *arg, const struct hc_csv_row *header, struct hc_err *err)
{
	struct merge *m = arg;
	if (!header || !m->measure)
		return HC_OK;
	if (m->measure->uses_class)
		HC_TRY(hc_attribute_resolve(&m->measure->options.inference, header, err));
	return hc_attribute_resolve(&m->measure->options.probability, header, err);
}

static enum hc_code take_batch_row(void *arg, size_t file, const struct hc_table_row *row, struct hc_err *err)
{
	struct merge *m = arg;
	hc_buf_reset(&m->line);
	HC_TRY(hc_batch_capture(row->text, row->format, &m->row, &m->line, err));
	return take_capture(m, file, hc_buf_view(&m->line), row->line, err);
}

/* --- labels --------------------------------------------------------------------------------- */

/* `1`, `1.0` and ` 1` say the same; so do a CSV field and a JSON number that are equal. */
static bool same_value(struct hc_str a, struct hc_str b, bool same_encoding)
{
	double x, y;
	a = hc_str_trim(a);
	b = hc_str_trim(b);
	if (hc_str_eq(a, b) && same_encoding)
		return true;
	return hc_number_parse(a, &x) && hc_number_parse(b, &y) && x == y;
}

/* Whether two labels say the same, however they are spelled. */
static enum hc_code same_label(struct merge *m, const struct hc_join_entry *kept, bool *same, struct hc_err *err)
{
	struct hc_str old = {kept->truth, kept->truth_n};
	*same = hc_str_eq(old, hc_buf_view(&m->truth));
	if (*same)
		return HC_OK;
	HC_TRY(hc_record_read_truth(old, &m->kept_label, err));
	const struct hc_part_data *a = &m->kept_label.truth, *b = &m->record.truth;
	hc_buf_reset(&m->text);
	hc_buf_reset(&m->kept_text);
	struct hc_str x = hc_json_text(&a->data, &m->kept_text), y = hc_json_text(&b->data, &m->text);
	*same = same_value(x, y, a->encoding == b->encoding);
	return hc_buf_check(&m->text, "a label", err);
}

static enum hc_code fail_conflict(const struct merge *m, const struct hc_join_entry *kept, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE], new_data[HC_STR_SHOW_SIZE], old_truth[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_USAGE, "a different label for '%s': %s, at %s:%llu it was %s",
		hc_str_show(m->record.key, shown), hc_str_show(m->record.truth.data.raw, new_data),
		path_of(m, kept->file), (unsigned long long)kept->line,
		hc_str_show((struct hc_str){kept->truth, kept->truth_n}, old_truth));
	return hc_hint(err, "mend the labels, or choose with --on-conflict last or first");
}

/* A label for an id that has one already. */
static enum hc_code take_again(struct merge *m, struct hc_join_entry *kept, size_t file, uint64_t line,
			       struct hc_err *err)
{
	bool same;
	enum hc_on_conflict policy = m->request->on_conflict;
	HC_TRY(same_label(m, kept, &same, err));
	if (!same && policy == HC_CONFLICT_ERROR)
		return fail_conflict(m, kept, err);
	hc_account_count(m->account, same ? HC_DUPLICATE_LABELS : HC_CONFLICTING_LABELS, m->record.key,
			 path_of(m, file), line, NULL);
	if (same || policy == HC_CONFLICT_FIRST)
		return HC_OK;
	return hc_join_set_label(&m->join, kept, hc_buf_view(&m->truth), file, line, err);
}

static enum hc_code take_label(void *arg, size_t file, struct hc_str text, uint64_t line, struct hc_err *err)
{
	struct merge *m = arg;
	struct hc_join_entry *entry;
	bool is_new;
	HC_TRY(hc_record_parse(text, HC_RECORD_LABEL, &m->record, err));
	if (m->measure)
		HC_TRY(hc_measure_read_labels(m->measure, &m->record.truth, &m->labels, err));
	hc_buf_reset(&m->truth);
	hc_record_write_truth(&m->record, &m->truth);
	HC_TRY(hc_buf_check(&m->truth, "a label", err));
	HC_TRY(hc_join_find(&m->join, m->record.key, &entry, &is_new, err));
	hc_account_count(m->account, HC_LABELLED, m->record.key, path_of(m, file), line, NULL);
	if (!is_new)
		return take_again(m, entry, file, line, err);
	return hc_join_set_label(&m->join, entry, hc_buf_view(&m->truth), file, line, err);
}

/* --- captures ------------------------------------------------------------------------------- */

static enum hc_code count_delay(struct merge *m, const struct hc_join_entry *entry, struct hc_err *err)
{
	if (!m->record.has_time)
		return HC_OK;
	int64_t delay_us = m->files->list[entry->file].hour_us - m->record.time_us;
	return hc_account_delay(m->account, delay_us > 0 ? delay_us / HC_SECOND_US : 0, err);
}

static enum hc_code take_match(struct merge *m, const struct hc_join_entry *entry, size_t file, uint64_t line,
			       struct hc_err *err)
{
	struct hc_match match = {.capture = &m->record,
				 .truth = {entry->truth, entry->truth_n},
				 .outputs = m->measure ? &m->outputs : NULL,
				 .place = {file, line},
				 .label = {entry->file, entry->line}};
	HC_TRY(m->sink.take(m->sink.arg, &match, err));
	hc_account_count(m->account, HC_MATCHED, m->record.key, path_of(m, file), line, NULL);
	return count_delay(m, entry, err);
}

static bool is_after_window(const struct merge *m)
{
	const struct hc_request *q = m->request;
	return q->has_window && q->window.has_cutoff && !q->aws_quirks && m->record.has_time &&
	       m->record.time_us >= q->window.cutoff_us;
}

static enum hc_code take_capture(void *arg, size_t file, struct hc_str text, uint64_t line, struct hc_err *err)
{
	struct merge *m = arg;
	const struct hc_str *key = &m->record.key;
	struct hc_join_entry *entry;
	bool is_new;
	HC_TRY(hc_record_parse(text, HC_RECORD_CAPTURE, &m->record, err));
	if (m->measure)
		HC_TRY(hc_measure_read_output(m->measure, &m->record.output, &m->outputs, err));
	if (is_after_window(m)) {
		hc_account_count(m->account, HC_AFTER_WINDOW, *key, path_of(m, file), line, NULL);
		return HC_OK;
	}
	HC_TRY(hc_join_find(&m->join, *key, &entry, &is_new, err));
	if (is_new) {
		entry->file = (uint32_t)file;
		entry->line = line;
	}
	if (entry->truth)
		HC_TRY(take_match(m, entry, file, line, err));
	else
		hc_account_count(m->account, HC_CAPTURES_WITHOUT_LABEL, *key, path_of(m, file), line, NULL);
	hc_account_count(m->account, HC_CAPTURED, *key, path_of(m, file), line, NULL);
	if (entry->captured)
		hc_account_count(m->account, HC_REPEATED_CAPTURES, *key, path_of(m, file), line, NULL);
	entry->captured = true;
	return HC_OK;
}

static void count_left_labels(struct merge *m)
{
	for (size_t i = 0; i < m->join.n; i++) {
		const struct hc_join_entry *e = &m->join.entries[i];
		if (e->truth && !e->captured)
			hc_account_count(m->account, HC_LABELS_WITHOUT_CAPTURE, (struct hc_str){e->key, e->key_n},
					 path_of(m, e->file), e->line, NULL);
	}
}

/* --- the whole ------------------------------------------------------------------------------ */

static void first_sample(const struct hc_account *a, enum hc_account_line line, struct hc_buf *out)
{
	char shown[HC_STR_SHOW_SIZE];
	if (a->lines[line].n_samples == 0)
		return;
	const struct hc_account_sample *s = &a->lines[line].samples[0];
	hc_buf_printf(out, "'%s' (%s:%llu)", hc_str_show((struct hc_str){s->id, s->id_n}, shown), s->path,
		      (unsigned long long)s->line);
}

static enum hc_code fail_empty(const struct merge *m, struct hc_err *err)
{
	const struct hc_account *a = m->account;
	uint64_t captured = a->lines[HC_CAPTURED].count, labelled = a->lines[HC_LABELLED].count;
	if (captured == 0) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: no captured record in the window");
		if (a->lines[HC_AFTER_WINDOW].count)
			return hc_hint(err, "%llu were made at or after the scheduled time and belong to a later run",
				       (unsigned long long)a->lines[HC_AFTER_WINDOW].count);
		return hc_hint(err, "check that the endpoint captures data, the time and the offsets");
	}
	if (labelled == 0) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: no ground truth in the window");
		return hc_hint(err, "upload labels, or read them for longer (offsets, --labels-until)");
	}
	HC_BUF_SCOPED struct hc_buf samples = HC_BUF(HC_ERR_HINT_MAX);
	hc_fail(err, HC_EMPTY, "nothing matched: none of the %llu captured records has one of the %llu labels",
		(unsigned long long)captured, (unsigned long long)labelled);
	hc_buf_cstr(&samples, "a capture's id is ");
	first_sample(a, HC_CAPTURED, &samples);
	hc_buf_cstr(&samples, ", a label's is ");
	first_sample(a, HC_LABELLED, &samples);
	return hc_hint(err, "%s: the eventId of a label must be the inferenceId of its capture, or its eventId",
		       hc_buf_cstring(&samples));
}

static enum hc_code read_all(struct merge *m, struct hc_err *err)
{
	struct hc_reader reader;
	hc_reader_init(&reader, m->request, m->files, m->tolerance, m);
	for (size_t i = 0; i < m->files->n; i++) {
		const char *source = m->files->list[i].source;
		if (strcmp(source, "labels") == 0)
			HC_TRY(hc_reader_lines(&reader, i, take_label, err));
		else if (strcmp(source, "capture") == 0 && m->request->endpoint_input)
			HC_TRY(hc_reader_lines(&reader, i, take_capture, err));
		else if (strcmp(source, "capture") == 0)
			HC_TRY(hc_reader_rows(&reader, i, take_header, take_batch_row, err));
	}
	count_left_labels(m);
	hc_account_sort_delays(m->account);
	return m->account->lines[HC_MATCHED].count ? HC_OK : fail_empty(m, err);
}

enum hc_code hc_merge(const struct hc_request *request, struct hc_input_files *files, struct hc_measure *measure,
		      struct hc_tolerance *tolerance, struct hc_merge_sink sink, struct hc_err *err)
{
	struct merge m = {.request = request,
			  .files = files,
			  .measure = measure,
			  .tolerance = tolerance,
			  .account = tolerance->account,
			  .sink = sink,
			  .line = HC_BUF(MERGE_RECORD_MAX),
			  .truth = HC_BUF(MERGE_RECORD_MAX),
			  .text = HC_BUF(MERGE_RECORD_MAX),
			  .kept_text = HC_BUF(MERGE_RECORD_MAX)};
	hc_record_init(&m.record);
	hc_record_init(&m.kept_label);
	hc_measured_rows_init(&m.outputs);
	hc_measured_rows_init(&m.labels);
	enum hc_code code = hc_join_init(&m.join, err);
	if (code == HC_OK)
		code = read_all(&m, err);
	hc_join_free(&m.join);
	hc_record_free(&m.record);
	hc_record_free(&m.kept_label);
	hc_measured_rows_free(&m.outputs);
	hc_measured_rows_free(&m.labels);
	hc_csv_row_free(&m.row);
	hc_buf_free(&m.line);
	hc_buf_free(&m.truth);
	hc_buf_free(&m.text);
	hc_buf_free(&m.kept_text);
	return code;
}
