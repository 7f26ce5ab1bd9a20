#include "monitor/execution.h"

#include <stdlib.h>
#include <string.h>

#include "codec/digest.h"
#include "monitor/judge.h"
#include "monitor/merge.h"
#include "monitor/parts.h"
#include "monitor/reader.h"
#include "store/stage.h"
#include "sys/clock.h"

#define ARENA_BYTES (UINT64_C(1) << 36)
#define DOCUMENT_BYTES_MAX (UINT64_C(4) << 30)

#define JOIN_REPORT "join_report.json"

struct hc_execution {
	const struct hc_request *request;
	struct hc_arena arena;
	struct hc_input_files files;
	struct hc_account account;
	struct hc_tolerance tolerance;
	struct hc_measure measure;
	struct hc_preprocessor *preprocessor;
	struct hc_stage *stage;
	struct hc_parts parts;
	struct hc_record record; /* of analyze, and of rows of the preprocessor */
	struct hc_measured_rows outputs, labels;
	uint64_t rows; /* of tables, read so far */
	struct hc_report report;
};

static const char *path_of(const struct hc_execution *e, size_t file)
{
	return e->files.list[file].path;
}

static struct hc_measure *measure_of(struct hc_execution *e)
{
	return e->request->checks ? &e->measure : NULL;
}

/* --- what becomes of a merged record -------------------------------------------------------- */

static enum hc_code measure_match(struct hc_execution *e, const struct hc_match *match, struct hc_err *err)
{
	const struct hc_record *r = match->capture;
	struct hc_identity who = {r->inference_id, r->event_id, 0, match->place, match->label};
	HC_TRY(hc_record_read_truth(match->truth, &e->record, err));
	HC_TRY(hc_measure_read_labels(&e->measure, &e->record.truth, &e->labels, err));
	return hc_measure_add(&e->measure, match->outputs, &e->labels, &who, err);
}

static enum hc_code take_match(void *arg, const struct hc_match *match, struct hc_err *err)
{
	struct hc_execution *e = arg;
	if (e->request->measures && !e->preprocessor)
		HC_TRY(measure_match(e, match, err));
	if (!e->request->merge_folder && !e->preprocessor)
		return HC_OK;
	hc_buf_reset(&e->parts.line);
	hc_record_write_merged(match->capture, match->truth, &e->parts.line);
	HC_TRY(hc_buf_check(&e->parts.line, "a merged record", err));
	struct hc_str record = hc_buf_view(&e->parts.line);
	if (e->preprocessor)
		HC_TRY(hc_preprocessor_put(e->preprocessor, record, match->place.file, match->place.line, err));
	if (!e->request->merge_folder)
		return HC_OK;
	return hc_parts_write(&e->parts, &e->files.list[match->place.file], record, err);
}

static enum hc_code take_script_row(void *arg, const struct hc_script_row *row, struct hc_err *err)
{
	struct hc_execution *e = arg;
	enum hc_code code = hc_record_parse(row->record, HC_RECORD_MERGED, &e->record, err);
	if (code == HC_OK) {
		struct hc_class_place place = {row->file, row->line};
		struct hc_identity who = {e->record.inference_id, e->record.event_id, row->index, place, place};
		code = hc_measure_add_script_row(&e->measure, row->row, &e->record.truth, &who, err);
	}
	return code == HC_OK ? HC_OK : hc_tolerance_of(&e->tolerance, path_of(e, row->file), row->line, err);
}

static void count_dropped(void *arg, size_t file, uint64_t line)
{
	struct hc_execution *e = arg;
	(void)file, (void)line;
	e->report.dropped++;
}

static void write_place(void *arg, size_t file, uint64_t line, struct hc_buf *out)
{
	const struct hc_execution *e = arg;
	hc_buf_printf(out, "%s:%llu", path_of(e, file), (unsigned long long)line);
}

/* --- reading merged records and tables ------------------------------------------------------ */

static enum hc_code take_merged(void *arg, size_t file, struct hc_str text, uint64_t line, struct hc_err *err)
{
	struct hc_execution *e = arg;
	HC_TRY(hc_record_parse(text, HC_RECORD_MERGED, &e->record, err));
	if (e->preprocessor)
		return hc_preprocessor_put(e->preprocessor, text, file, line, err);
	HC_TRY(hc_measure_read_output(&e->measure, &e->record.output, &e->outputs, err));
	HC_TRY(hc_measure_read_labels(&e->measure, &e->record.truth, &e->labels, err));
	struct hc_class_place place = {file, line};
	struct hc_identity who = {e->record.inference_id, e->record.event_id, 0, place, place};
	return hc_measure_add(&e->measure, &e->outputs, &e->labels, &who, err);
}

static enum hc_code take_header(void *arg, const struct hc_csv_row *header, struct hc_err *err)
{
	struct hc_execution *e = arg;
	struct hc_measure_options *o = &e->measure.options;
	e->measure.outputs.columns = header ? header->n : 0;
	if (!header)
		return HC_OK;
	HC_TRY(hc_attribute_resolve(&o->truth, header, err));
	HC_TRY(hc_attribute_resolve(&o->probability, header, err));
	return e->measure.uses_class ? hc_attribute_resolve(&o->inference, header, err) : HC_OK;
}

static enum hc_code take_row(void *arg, size_t file, const struct hc_table_row *row, struct hc_err *err)
{
	struct hc_execution *e = arg;
	struct hc_class_place place = {file, row->line};
	struct hc_identity who = {.row = e->rows++, .output = place, .label = place};
	return hc_measure_add_table_row(&e->measure, row->text, row->format, &who, err);
}

static enum hc_code read_without_join(struct hc_execution *e, struct hc_err *err)
{
	struct hc_reader reader;
	hc_reader_init(&reader, e->request, &e->files, &e->tolerance, e);
	for (size_t i = 0; i < e->files.n; i++) {
		if (e->request->merged_input)
			HC_TRY(hc_reader_lines(&reader, i, take_merged, err));
		else
			HC_TRY(hc_reader_rows(&reader, i, take_header, take_row, err));
	}
	return HC_OK;
}

/* --- metrics and verdict -------------------------------------------------------------------- */

static enum hc_code read_records(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	if (q->preprocessor) {
		struct hc_preprocessor_io io = {take_script_row, count_dropped, write_place, e};
		HC_TRY(hc_preprocessor_start(q->preprocessor, q->script_limits, io, &e->preprocessor, err));
	}
	if (q->n_tables || q->merged_input)
		HC_TRY(read_without_join(e, err));
	else
		HC_TRY(hc_merge(q, &e->files, q->preprocessor ? NULL : measure_of(e), &e->tolerance,
				(struct hc_merge_sink){take_match, e}, err));
	return e->preprocessor ? hc_preprocessor_finish(e->preprocessor, err) : HC_OK;
}

static enum hc_code refuse_third_class(struct hc_execution *e, const struct hc_measured *found, struct hc_err *err)
{
	const struct hc_third_class *third = &found->third;
	if (third->records == 0)
		return HC_OK;
	char shown[HC_STR_SHOW_SIZE], negative[HC_STR_SHOW_SIZE], positive[HC_STR_SHOW_SIZE];
	const char *path = path_of(e, third->first.file);
	hc_fail(err, HC_INPUT, "'%s' is a third class beside '%s' and '%s'", hc_str_show(third->spelling, shown),
		hc_str_show(found->classes.names[0], negative), hc_str_show(found->classes.names[1], positive));
	hc_hint(err, "mend the label or prediction, choose --positive-label, or measure as MulticlassClassification");
	for (uint64_t i = 1; i < third->records; i++) {
		struct hc_err each = *err;
		if (hc_tolerance_of(&e->tolerance, path, third->first.line, &each) != HC_OK) {
			*err = each;
			return err->code;
		}
	}
	return hc_tolerance_of(&e->tolerance, path, third->first.line, err);
}

static enum hc_code compute_metrics(struct hc_execution *e, struct hc_err *err)
{
	struct hc_measured found;
	struct hc_class_place where;
	if (e->measure.n == 0) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: there is no record to measure");
		return hc_hint(err, e->preprocessor ? "the preprocessor dropped every record" : "check the inputs");
	}
	enum hc_code code = hc_measure_finish(&e->measure, &e->arena, &found, &where, err);
	if (code != HC_OK)
		return where.file == UINT64_MAX
			       ? code
			       : hc_err_at(err, "%s:%llu", path_of(e, where.file), (unsigned long long)where.line);
	HC_TRY(refuse_third_class(e, &found, err));
	if (found.metrics.n == 0)
		return hc_fail(err, HC_EMPTY, "no record is left to measure");
	e->report.has_metrics = true;
	e->report.problem = e->request->measure.problem;
	e->report.metrics = found.metrics;
	e->report.classes = found.classes;
	return HC_OK;
}

static enum hc_code read_constraints(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	if (!q->constraints)
		return HC_OK;
	const char *path;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(HC_CONSTRAINTS_BYTES_MAX);
	HC_TRY(hc_store_resolve(q->constraints, &e->arena, &path, err));
	HC_TRY(hc_file_slurp(path, &text, err));
	HC_TRY(hc_constraints_parse(hc_buf_view(&text), path, q->measure.problem, &e->report.constraints, err));
	e->report.constraints_path = path;
	return HC_OK;
}

/* --- output --------------------------------------------------------------------------------- */

typedef void write_document(const struct hc_report *report, struct hc_buf *out);

static enum hc_code stage_document(struct hc_execution *e, const char *name, write_document *write, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(DOCUMENT_BYTES_MAX);
	write(&e->report, &text);
	HC_TRY(hc_buf_check(&text, name, err));
	return hc_stage_write(e->stage, name, hc_buf_view(&text), err);
}

static enum hc_code stage_reports(struct hc_execution *e, struct hc_err *err)
{
	if (e->report.has_metrics) {
		HC_TRY(stage_document(e, "statistics.json", hc_report_statistics, err));
		HC_TRY(stage_document(e, "constraints.json", hc_report_suggested_constraints, err));
		if (!e->request->n_tables)
			HC_TRY(stage_document(e, "constraint_violations.json", hc_report_violations, err));
	}
	return e->report.account ? stage_document(e, JOIN_REPORT, hc_report_join, err) : HC_OK;
}

static enum hc_code checksum_inputs(struct hc_execution *e, struct hc_err *err)
{
	const char **sums = hc_arena_take(&e->arena, (e->files.n + 1) * sizeof *sums);
	if (!sums)
		return hc_fail_nomem(err, "the checksums");
	for (size_t i = 0; i < e->files.n; i++) {
		struct hc_source *source;
		char hex[HC_SHA256_HEX_SIZE];
		HC_TRY(hc_store_open(path_of(e, i), &source, err));
		enum hc_code code = hc_sha256_of_source(source, hex, err);
		hc_source_close(source);
		if (code != HC_OK)
			return hc_err_at(err, "%s", path_of(e, i));
		sums[i] = hc_arena_cstring(&e->arena, hc_str(hex));
	}
	e->report.checksums = sums;
	return HC_OK;
}

/* The files that were read beside the data. */
static enum hc_code list_other_inputs(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	const struct hc_input_file others[] = {
		{.source = "constraints", .path = e->report.constraints_path},
		{.source = "record_preprocessor_script", .path = q->preprocessor},
		{.source = "post_analytics_processor_script", .path = q->postprocessor},
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct hc_input_file file = others[i];
		struct hc_file_info info;
		if (!file.path)
			continue;
		HC_TRY(hc_file_look(file.path, &info, err));
		file.key = file.above = "";
		file.size = info.size;
		HC_TRY(hc_input_files_add(&e->files, file, err));
	}
	return HC_OK;
}

static enum hc_code stage_manifest(struct hc_execution *e, struct hc_err *err)
{
	struct hc_objects outputs;
	HC_TRY(list_other_inputs(e, err));
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(DOCUMENT_BYTES_MAX);
	if (e->request->checksums)
		HC_TRY(checksum_inputs(e, err));
	HC_TRY(hc_stage_outputs(e->stage, &e->arena, &outputs, err));
	hc_report_manifest(&e->report, &outputs, &text);
	hc_objects_free(&outputs);
	HC_TRY(hc_buf_check(&text, "manifest.json", err));
	return hc_stage_write(e->stage, "manifest.json", hc_buf_view(&text), err);
}

static enum hc_code postprocess(struct hc_execution *e, struct hc_err *err)
{
	enum { VARIABLES_MAX = 32 };
	const char *environment[VARIABLES_MAX + 2];
	size_t n = 0;
	if (!e->request->postprocessor)
		return HC_OK;
	HC_BUF_SCOPED struct hc_buf variable = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_printf(&variable, "output_path=%s", hc_stage_folder(e->stage));
	for (const char *const *v = e->request->script_environment; v && *v && n < VARIABLES_MAX; v++)
		environment[n++] = *v;
	environment[n++] = hc_buf_cstring(&variable);
	environment[n] = NULL;
	return hc_postprocessor_run(e->request->postprocessor, e->request->script_limits, environment, err);
}

/* The part of a file's path that is below a folder; NULL: it is not there. Both as realpath gives them. */
static const char *below(const char *folder, const char *file)
{
	size_t n = strlen(folder);
	return strncmp(file, folder, n) == 0 && file[n] == '/' ? file + n + 1 : NULL;
}

/*
 * `merge -o D` and then `analyze D -o D` make one report: replacing the first one would remove the records that
 * were read, so they and the account of their join are taken over.
 */
static enum hc_code adopt_inputs(struct hc_execution *e, struct hc_err *err)
{
	struct hc_file_info info;
	char *output = e->request->merged_input ? realpath(e->request->output, NULL) : NULL;
	enum hc_code code = HC_OK;
	bool any = false;
	for (size_t i = 0; output && i < e->files.n && code == HC_OK; i++) {
		char *file = realpath(path_of(e, i), NULL);
		const char *name = file ? below(output, file) : NULL;
		if (name)
			code = hc_stage_adopt(e->stage, name, err);
		any = any || name;
		free(file);
	}
	free(output);
	HC_TRY(code);
	const char *join = any ? hc_path_join(&e->arena, e->request->output, JOIN_REPORT) : NULL;
	if (!join)
		return any ? hc_fail_nomem(err, "a path") : HC_OK;
	HC_TRY(hc_file_look(join, &info, err));
	return info.kind == HC_FILE_REGULAR ? hc_stage_adopt(e->stage, JOIN_REPORT, err) : HC_OK;
}

static enum hc_code publish(struct hc_execution *e, struct hc_err *err)
{
	HC_TRY(adopt_inputs(e, err));
	HC_TRY(stage_reports(e, err));
	HC_TRY(postprocess(e, err));
	if (e->request->writes_manifest)
		HC_TRY(stage_manifest(e, err));
	struct hc_stage *stage = e->stage;
	e->stage = NULL;
	return hc_stage_publish(stage, err);
}

/* --- the whole ------------------------------------------------------------------------------ */

/* An output folder inside the captures holds merged records in date folders: they are no captures. */
static enum hc_code pass_over_own_records(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	const char *folder = q->merge_folder ? q->merge_folder : HC_MERGE_FOLDER;
	if (!*folder)
		return HC_OK;
	const char *merged = hc_path_join(&e->arena, q->output, folder);
	char *real = merged ? realpath(merged, NULL) : NULL;
	if (real)
		e->files.never = hc_arena_cstring(&e->arena, hc_str(real));
	free(real);
	return merged ? HC_OK : hc_fail_nomem(err, "a path");
}

static enum hc_code start(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	char uuid[HC_UUID_SIZE];
	HC_TRY(hc_clock_evaluation_us(&e->report.evaluation_us, err));
	if (q->checks)
		HC_TRY(hc_measure_init(&e->measure, &q->measure, err));
	HC_TRY(read_constraints(e, err));
	HC_TRY(pass_over_own_records(e, err));
	HC_TRY(hc_plan(q, &e->files, err));
	HC_TRY(hc_stage_open(q->output, &e->stage, err));
	hc_plan_uuid(&e->files, uuid);
	hc_parts_init(&e->parts, e->stage, q->merge_folder, uuid);
	return HC_OK;
}

static enum hc_code run(struct hc_execution *e, struct hc_err *err)
{
	HC_TRY(start(e, err));
	HC_TRY(read_records(e, err));
	HC_TRY(hc_parts_close(&e->parts, err));
	if (e->request->measures)
		HC_TRY(compute_metrics(e, err));
	if (e->report.has_metrics)
		hc_judge(&e->report.metrics, e->report.constraints_path ? &e->report.constraints : NULL,
			 e->request->aws_quirks, &e->report.verdict);
	e->report.tolerated = e->tolerance.seen;
	return publish(e, err);
}

enum hc_code hc_execution_run(const struct hc_request *request, struct hc_execution **out,
			      const struct hc_report **report, struct hc_err *err)
{
	struct hc_execution *e = calloc(1, sizeof *e);
	if (!e)
		return hc_fail_nomem(err, "the execution");
	e->request = request;
	e->arena = HC_ARENA(ARENA_BYTES);
	e->files.arena = &e->arena;
	e->account.arena = &e->arena;
	e->tolerance = (struct hc_tolerance){.max = request->max_bad_records, .account = &e->account};
	hc_record_init(&e->record);
	hc_measured_rows_init(&e->outputs);
	hc_measured_rows_init(&e->labels);
	e->report = (struct hc_report){.command = request->command,
				       .has_window = request->has_window,
				       .window = request->window,
				       .account = request->ground_truth_input ? &e->account : NULL,
				       .files = &e->files,
				       .options = request->options,
				       .n_options = request->n_options,
				       .seed = request->measure.seed,
				       .output = request->output};
	enum hc_code code = run(e, err);
	hc_preprocessor_close(e->preprocessor);
	e->preprocessor = NULL;
	hc_parts_abandon(&e->parts);
	if (code != HC_OK) {
		hc_execution_free(e);
		return code;
	}
	*out = e;
	*report = &e->report;
	return HC_OK;
}

void hc_execution_free(struct hc_execution *e)
{
	if (!e)
		return;
	hc_stage_abandon(e->stage);
	if (e->request->checks)
		hc_measure_free(&e->measure);
	hc_record_free(&e->record);
	hc_measured_rows_free(&e->outputs);
	hc_measured_rows_free(&e->labels);
	hc_account_free(&e->account);
	hc_input_files_free(&e->files);
	hc_arena_free(&e->arena);
	free(e);
}
