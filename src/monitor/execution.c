#include "monitor/execution.h"

#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "codec/digest.h"
#include "monitor/combine.h"
#include "monitor/judge.h"
#include "monitor/merged.h"
#include "store/stage.h"
#include "sys/clock.h"
#include "sys/crew.h"
#include "sys/interrupt.h"
#include "sys/machine.h"

#define ARENA_BYTES (UINT64_C(1) << 36)
#define DOCUMENT_BYTES_MAX (UINT64_C(4) << 30)

/* Of the machine's memory, where nothing else was said. */
enum { MEMORY_SHARE = 4 };

#define JOIN_REPORT "join_report.json"

/* Measures records that hold prediction and label; a worker's own. */
struct analyzer {
	HC_APART struct hc_execution *execution;
	struct hc_measure measure;
	struct hc_record record;
	struct hc_skeletons *skeletons;
	struct hc_measured_rows outputs, labels;
};

struct hc_execution {
	const struct hc_request *request;
	struct hc_request filled; /* the request, with the options that partial results carry */
	struct hc_combined combined;
	struct hc_arena arena;
	struct hc_input_files files;
	struct hc_account account;
	struct hc_tolerance tolerance;
	unsigned workers;
	struct hc_spill spill;
	struct hc_tally *tally;
	struct analyzer *analyzers; /* [workers]; the first one also reads tables and the preprocessor's rows */
	struct hc_merge merge;
	struct hc_reader reader; /* of merged records and tables */
	struct hc_preprocessor *preprocessor;
	struct hc_stage *stage;
	struct hc_parts parts;
	uint64_t rows; /* of tables, read so far */
	struct hc_report report;
};

static const char *path_of(const struct hc_execution *e, size_t file)
{
	return e->files.list[file].path;
}

static uint64_t place_in_table(size_t file, uint64_t line)
{
	return hc_place(file, line - 1);
}

/* --- what becomes of a merged record -------------------------------------------------------- */

static enum hc_code tolerate(struct hc_execution *e, struct hc_class_place at, struct hc_err *err)
{
	return hc_tolerance_of(&e->tolerance, path_of(e, at.file), at.line, err);
}

static enum hc_code take_script_row(void *arg, const struct hc_script_row *row, struct hc_err *err)
{
	struct hc_execution *e = arg;
	struct analyzer *a = &e->analyzers[0];
	enum hc_code code = hc_record_parse(row->record, HC_RECORD_MERGED, &a->record, err);
	if (code == HC_OK) {
		uint64_t place = place_in_table(row->file, row->line);
		struct hc_identity who = {a->record.inference_id, a->record.event_id, row->index, place, place};
		code = hc_measure_add_script_row(&a->measure, row->row, &a->record.truth, &who, err);
	}
	return code == HC_OK ? HC_OK : tolerate(e, (struct hc_class_place){row->file, row->line}, err);
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

/* A merged record goes to the preprocessor and to its part. */
static enum hc_code take_merged_record(void *arg, struct hc_str record, uint64_t place, struct hc_err *err)
{
	struct hc_execution *e = arg;
	struct hc_class_place at = hc_reader_where(&e->merge.reader, place);
	HC_TRY(hc_preprocessor_put(e->preprocessor, record, at.file, at.line, err));
	if (!e->request->merge_folder)
		return HC_OK;
	HC_TRY(hc_parts_write(&e->parts, &e->files.list[at.file], record, err));
	return hc_parts_write(&e->parts, &e->files.list[at.file], HC_STR("\n"), err);
}

static enum hc_code merge(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	bool scripted = q->preprocessor != NULL, writes = q->merge_folder != NULL;
	HC_TRY(hc_merge_run(&e->merge, q, &e->files, scripted ? NULL : e->tally, q->measures && !scripted,
			    scripted || writes, &e->spill, e->workers, &e->tolerance, err));
	if (scripted)
		return hc_merged_each(&e->merge, take_merged_record, e, err);
	return writes ? hc_merged_write(&e->merge, &e->parts, e->workers, err) : HC_OK;
}

/* --- reading merged records ------------------------------------------------------------------- */

static enum hc_code measure_record(struct analyzer *a, uint64_t place, struct hc_err *err)
{
	HC_TRY(hc_measure_read_output(&a->measure, &a->record.output, &a->outputs, err));
	HC_TRY(hc_measure_read_labels(&a->measure, &a->record.truth, &a->labels, err));
	HC_TRY(hc_measure_pair(a->outputs.n, a->labels.n, err));
	struct hc_identity who = {a->record.inference_id, a->record.event_id, 0, place, place};
	return hc_measure_add(&a->measure, &a->outputs, &a->labels, &who, err);
}

static enum hc_taken quick_merged(void *arg, const char *p, const char *end, uint64_t place, const char **next,
				  struct hc_err *err)
{
	struct analyzer *a = arg;
	size_t max_line = a->execution->request->max_line;
	if (!hc_skeletons_match(a->skeletons, p, end, max_line, &a->record, next))
		return HC_NOT_TAKEN;
	enum hc_code code = measure_record(a, place, err);
	return code == HC_OK ? HC_TAKEN : code == HC_INPUT ? HC_NOT_TAKEN : HC_TAKING_FAILED;
}

static enum hc_code full_merged(void *arg, struct hc_str text, uint64_t place, struct hc_err *err)
{
	struct analyzer *a = arg;
	HC_TRY(hc_record_parse(text, HC_RECORD_MERGED, &a->record, err));
	HC_TRY(measure_record(a, place, err));
	hc_skeletons_learn(a->skeletons, text, &a->record);
	return HC_OK;
}

static const struct hc_taker merged_records = {.quick = quick_merged, .full = full_merged};

/* For the preprocessor, in order. */
static enum hc_code feed_preprocessor(void *arg, struct hc_str text, uint64_t place, struct hc_err *err)
{
	struct hc_execution *e = arg;
	struct hc_class_place at = hc_reader_where(&e->reader, place);
	enum hc_code code = hc_record_parse(text, HC_RECORD_MERGED, &e->analyzers[0].record, err);
	if (code != HC_OK)
		return tolerate(e, at, err);
	return hc_preprocessor_put(e->preprocessor, text, at.file, at.line, err);
}

static enum hc_code pass_over_long(void *arg, uint64_t place, struct hc_err *err)
{
	struct hc_execution *e = arg;
	return tolerate(e, hc_reader_where(&e->reader, place), err);
}

static enum hc_code read_merged(struct hc_execution *e, struct hc_err *err)
{
	HC_TRY(hc_reader_cut(&e->reader, "merged", false, err));
	if (e->preprocessor) {
		const struct hc_taker feeding = {
			.names_places = true, .full = feed_preprocessor, .too_long = pass_over_long};
		for (size_t i = 0; i < e->reader.n_chunks; i++) {
			hc_reader_number(&e->reader, i, i + 1);
			HC_TRY(hc_reader_chunk(&e->reader, i, &feeding, e, err));
		}
		return HC_OK;
	}
	void **args = hc_arena_take(&e->arena, e->workers * sizeof *args);
	if (!args)
		return hc_fail_nomem(err, "the threads");
	for (unsigned i = 0; i < e->workers; i++)
		args[i] = &e->analyzers[i];
	HC_TRY(hc_reader_run(&e->reader, 0, e->reader.n_chunks, &merged_records, args, e->workers, err));
	/* No account tells why they are bad, and a pipe could not be read again. */
	return hc_reader_settle(&e->reader, &e->tolerance, NULL, NULL, err);
}

/* --- reading tables --------------------------------------------------------------------------- */

static enum hc_code take_header(void *arg, const struct hc_csv_row *header, struct hc_err *err)
{
	struct hc_execution *e = arg;
	struct hc_measure *m = &e->analyzers[0].measure;
	struct hc_measure_options *o = &m->options;
	m->outputs.columns = header ? header->n : 0;
	if (!header)
		return HC_OK;
	HC_TRY(hc_attribute_resolve(&o->truth, header, err));
	HC_TRY(hc_attribute_resolve(&o->probability, header, err));
	return m->uses_class ? hc_attribute_resolve(&o->inference, header, err) : HC_OK;
}

static enum hc_code take_row(void *arg, size_t file, const struct hc_table_row *row, struct hc_err *err)
{
	struct hc_execution *e = arg;
	uint64_t place = place_in_table(file, row->line);
	struct hc_identity who = {.row = e->rows++, .output = place, .label = place};
	return hc_measure_add_table_row(&e->analyzers[0].measure, row->text, row->format, &who, err);
}

static enum hc_code read_tables(struct hc_execution *e, struct hc_err *err)
{
	e->reader.what = "reading";
	for (size_t i = 0; i < e->files.n; i++)
		HC_TRY(hc_reader_rows(&e->reader, i, &e->tolerance, take_header, take_row, e, err));
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
	if (q->n_partials)
		HC_TRY(hc_combine_feed(&e->combined, q, e->tally, e->workers, err));
	else if (q->n_tables)
		HC_TRY(read_tables(e, err));
	else if (q->n_merged_inputs)
		HC_TRY(read_merged(e, err));
	else
		HC_TRY(merge(e, err));
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

/* Places of tables, of partial results, and of what the preprocessor made, name files; others chunks of a reader. */
static struct hc_class_place where_is(void *arg, uint64_t place)
{
	const struct hc_execution *e = arg;
	const struct hc_request *q = e->request;
	if (q->n_tables || q->n_partials || q->preprocessor)
		return (struct hc_class_place){hc_place_chunk(place), hc_place_line(place) + 1};
	return hc_reader_where(q->n_merged_inputs ? &e->reader : &e->merge.reader, place);
}

static enum hc_code compute_metrics(struct hc_execution *e, struct hc_err *err)
{
	struct hc_measured found;
	struct hc_class_place where;
	if (hc_tally_rows(e->tally) == 0) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: there is no record to measure");
		return hc_hint(err, e->preprocessor ? "the preprocessor dropped every record" : "check the inputs");
	}
	struct hc_place_resolver places = {where_is, e};
	enum hc_code code = hc_tally_finish(e->tally, &places, e->workers, &e->arena, &found, &where, err);
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

static void put_to_writer(void *arg, const void *p, size_t n)
{
	hc_writer_put(arg, p, n);
}

static enum hc_code digest_of_script(const char *path, char out[HC_SHA256_HEX_SIZE], struct hc_err *err)
{
	struct hc_source *source;
	HC_TRY(hc_file_open(path, &source, err));
	enum hc_code code = hc_sha256_of_source(source, out, err);
	hc_source_close(source);
	return code == HC_OK ? HC_OK : hc_err_at(err, "%s", path);
}

static enum hc_code stage_partial(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	char digest[HC_SHA256_HEX_SIZE];
	struct hc_writer writer;
	struct hc_place_resolver places = {where_is, e};
	struct hc_partial partial = {.options = q->measure,
				     .tolerated = e->tolerance.seen,
				     .dropped = e->report.dropped,
				     .files = e->files.list,
				     .n_files = e->files.n};
	if (q->n_partials)
		partial.preprocessor = e->combined.partials[0].preprocessor;
	if (q->preprocessor) {
		HC_TRY(digest_of_script(q->preprocessor, digest, err));
		partial.preprocessor = digest;
	}
	e->report.partial = true;
	e->report.rows = hc_tally_rows(e->tally);
	HC_TRY(hc_stage_file(e->stage, HC_PARTIAL_NAME, &writer, err));
	if (hc_partial_write(&partial, e->tally, &places, put_to_writer, &writer, err) != HC_OK) {
		hc_writer_abandon(&writer);
		return hc_err_code(err);
	}
	return hc_writer_close(&writer, err);
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
	bool reads_merged = e->request->n_merged_inputs || e->request->n_partials;
	char *output = reads_merged ? realpath(e->request->output, NULL) : NULL;
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

static enum hc_code open_analyzer(struct hc_execution *e, unsigned worker, struct hc_err *err)
{
	struct analyzer *a = &e->analyzers[worker];
	a->execution = e;
	hc_record_init(&a->record);
	hc_measured_rows_init(&a->outputs);
	hc_measured_rows_init(&a->labels);
	HC_TRY(hc_skeletons_open(HC_RECORD_MERGED, &a->skeletons, err));
	return e->tally ? hc_measure_init(&a->measure, &e->request->measure, e->tally, worker, err) : HC_OK;
}

static void free_analyzer(struct analyzer *a)
{
	if (!a->execution)
		return;
	if (a->execution->tally)
		hc_measure_free(&a->measure);
	hc_record_free(&a->record);
	hc_measured_rows_free(&a->outputs);
	hc_measured_rows_free(&a->labels);
	hc_skeletons_free(a->skeletons);
}

/* What records are read and measured with. */
static enum hc_code open_engine(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	bool joins = !q->n_tables && !q->n_merged_inputs;
	unsigned analyzers = joins ? 1 : e->workers;
	uint64_t memory = q->memory ? q->memory : hc_machine_memory() / MEMORY_SHARE;
	HC_TRY(hc_spill_init(&e->spill, memory, hc_stage_folder(e->stage), err));
	if (q->checks)
		HC_TRY(hc_tally_open(&q->measure, &e->spill, e->workers, &e->tally, err));
	hc_reader_init(&e->reader, q, &e->files);
	e->analyzers = hc_apart_alloc(e->workers, sizeof *e->analyzers);
	if (!e->analyzers)
		return hc_fail_nomem(err, "the threads");
	for (unsigned i = 0; i < analyzers; i++)
		HC_TRY(open_analyzer(e, i, err));
	return HC_OK;
}

static void free_engine(struct hc_execution *e)
{
	for (unsigned i = 0; e->analyzers && i < e->workers; i++)
		free_analyzer(&e->analyzers[i]);
	free(e->analyzers);
	e->analyzers = NULL;
	hc_merge_free(&e->merge);
	hc_reader_free(&e->reader);
	hc_tally_free(e->tally);
	e->tally = NULL;
	if (e->spill.folder)
		hc_spill_free(&e->spill);
}

static enum hc_code open_partials(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	HC_TRY(hc_combine_open(q, &e->files, &e->combined, err));
	e->filled = *q;
	e->filled.measure = e->combined.partials[0].options;
	e->filled.measure.curve_points = q->measure.curve_points;
	e->request = &e->filled;
	e->report.seed = e->filled.measure.seed;
	e->report.dropped = e->combined.dropped;
	e->tolerance.seen = e->combined.tolerated;
	return HC_OK;
}

static enum hc_code start(struct hc_execution *e, struct hc_err *err)
{
	const struct hc_request *q = e->request;
	char uuid[HC_UUID_SIZE];
	HC_TRY(hc_clock_evaluation_us(&e->report.evaluation_us, err));
	if (q->n_partials)
		HC_TRY(open_partials(e, err));
	q = e->request;
	if (q->checks)
		HC_TRY(hc_measure_options_check(&q->measure, err));
	HC_TRY(read_constraints(e, err));
	HC_TRY(pass_over_own_records(e, err));
	if (!q->n_partials)
		HC_TRY(hc_plan(q, &e->files, err));
	HC_TRY(hc_stage_open(q->output, &e->stage, err));
	hc_plan_uuid(&e->files, uuid);
	hc_parts_init(&e->parts, e->stage, q->merge_folder, uuid);
	return open_engine(e, err);
}

static enum hc_code run(struct hc_execution *e, struct hc_err *err)
{
	HC_TRY(start(e, err));
	HC_TRY(read_records(e, err));
	HC_TRY(hc_parts_close(&e->parts, err));
	if (e->request->partial)
		HC_TRY(stage_partial(e, err));
	else if (e->request->measures)
		HC_TRY(compute_metrics(e, err));
	if (e->report.has_metrics)
		hc_judge(&e->report.metrics, e->report.constraints_path ? &e->report.constraints : NULL,
			 e->request->aws_quirks, &e->report.verdict);
	e->report.tolerated = e->tolerance.seen;
	free_engine(e); /* its memory and its disk are not needed any more */
	HC_TRY(hc_interrupt_check(err));
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
	e->workers = request->threads ? request->threads : hc_crew_cores();
	e->files.workers = e->workers;
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
	free_engine(e);
	hc_account_free(&e->account);
	hc_input_files_free(&e->files);
	hc_arena_free(&e->arena);
	free(e);
}
