/* What a parsed command line asks for. */
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/number.h"
#include "base/simd.h"
#include "calendar/duration.h"
#include "cli/commands.h"
#include "monitor/reader.h"
#include "store/store.h"
#include "sys/crew.h"

#define LINE_BYTES_MAX (UINT64_C(1) << 32)
#define MEMORY_MIN (UINT64_C(1) << 20)
enum { CURVE_POINTS_MIN = 2, CURVE_POINTS_MAX = 10000000 };

struct reader {
	const struct hc_command *command;
	const struct hc_parsed *parsed;
	enum hc_caller caller;
	struct hc_arena *arena;
};

static const char *value(const struct reader *r, enum hc_option_id id)
{
	return r->parsed->values[id];
}

static bool given(const struct reader *r, enum hc_option_id id)
{
	return value(r, id) != NULL;
}

static enum hc_code fail_value(const struct reader *r, enum hc_option_id id, const char *what, const char *hint,
			       struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_USAGE, "--%s %s: '%s'", hc_table.options[id].name, what,
		hc_str_show(hc_str(value(r, id)), shown));
	return hc_hint(err, "%s", hint);
}

static enum hc_code need(const struct reader *r, enum hc_option_id id, struct hc_err *err)
{
	if (given(r, id))
		return HC_OK;
	const struct hc_option *o = &hc_table.options[id];
	hc_fail(err, HC_USAGE, "%s needs --%s", r->command->name, o->name);
	return hc_hint(err, "add --%s %s", o->name, o->value);
}

static enum hc_code read_number(const struct reader *r, enum hc_option_id id, uint64_t min, uint64_t max, uint64_t *out,
				struct hc_err *err)
{
	if (!given(r, id))
		return HC_OK;
	uint64_t v;
	if (!hc_u64_parse(hc_str(value(r, id)), &v) || v < min || v > max) {
		char hint[96];
		snprintf(hint, sizeof hint, "write a whole number from %llu to %llu", (unsigned long long)min,
			 (unsigned long long)max);
		return fail_value(r, id, "is not such a number", hint, err);
	}
	*out = v;
	return HC_OK;
}

/* 4096, 64K, 512M, 8G. */
static enum hc_code read_size(const struct reader *r, enum hc_option_id id, uint64_t min, uint64_t max, uint64_t *out,
			      struct hc_err *err)
{
	static const char units[] = "KMGT";
	if (!given(r, id))
		return HC_OK;
	struct hc_str s = hc_str(value(r, id));
	const char *unit = s.n ? strchr(units, s.p[s.n - 1] & ~0x20) : NULL;
	unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
	uint64_t v;
	s.n -= shift > 0;
	if (!hc_u64_parse(s, &v) || v > max >> shift || v << shift < min) {
		char hint[96];
		snprintf(hint, sizeof hint, "write bytes, or such as 512M or 8G; at least %llu bytes",
			 (unsigned long long)min);
		return fail_value(r, id, "is no such size", hint, err);
	}
	*out = v << shift;
	return HC_OK;
}

static enum hc_code read_instant(const struct reader *r, enum hc_option_id id, int64_t *out, struct hc_err *err)
{
	if (hc_instant_parse(hc_str(value(r, id)), out))
		return HC_OK;
	return fail_value(r, id, "is not a time", "write it as RFC 3339 has it, such as 2026-03-01T05:00Z", err);
}

static enum hc_code read_duration(const struct reader *r, enum hc_option_id id, int64_t *out, struct hc_err *err)
{
	if (!given(r, id))
		return HC_OK;
	if (hc_duration_parse(hc_str(value(r, id)), out, err) != HC_OK)
		return hc_err_at(err, "--%s", hc_table.options[id].name);
	return HC_OK;
}

/* --- window --------------------------------------------------------------------------------- */

static enum hc_code scheduled_window(const struct reader *r, struct hc_window *out, struct hc_err *err)
{
	int64_t tick, period = HC_HOUR_US, start = 0, end = 0;
	bool offsets = given(r, HC_OPT_START_OFFSET) || given(r, HC_OPT_END_OFFSET);
	HC_TRY(read_instant(r, HC_OPT_SCHEDULED_TIME, &tick, err));
	HC_TRY(read_duration(r, HC_OPT_PERIOD, &period, err));
	HC_TRY(read_duration(r, HC_OPT_START_OFFSET, &start, err));
	HC_TRY(read_duration(r, HC_OPT_END_OFFSET, &end, err));
	if (offsets)
		return hc_window_of_offsets(tick, start, end, out, err);
	enum hc_code code = hc_window_of_period(tick, period, out, err);
	return code == HC_OK || !given(r, HC_OPT_PERIOD) ? code
							 : fail_value(r, HC_OPT_PERIOD, "is no period",
								      "write a duration longer than nothing and "
								      "without a minus, such as PT1H",
								      err);
}

static enum hc_code hours_window(const struct reader *r, struct hc_window *out, struct hc_err *err)
{
	int64_t start, end, until = 0;
	HC_TRY(need(r, HC_OPT_START, err));
	HC_TRY(need(r, HC_OPT_END, err));
	HC_TRY(read_instant(r, HC_OPT_START, &start, err));
	HC_TRY(read_instant(r, HC_OPT_END, &end, err));
	if (given(r, HC_OPT_LABELS_UNTIL))
		HC_TRY(read_instant(r, HC_OPT_LABELS_UNTIL, &until, err));
	return hc_window_of_hours(start, end, given(r, HC_OPT_LABELS_UNTIL), until, out, err);
}

static enum hc_code read_window(const struct reader *r, struct hc_window *out, struct hc_err *err)
{
	static const enum hc_option_id of_schedule[] = {HC_OPT_PERIOD, HC_OPT_START_OFFSET, HC_OPT_END_OFFSET};
	bool scheduled = given(r, HC_OPT_SCHEDULED_TIME);
	bool hours = given(r, HC_OPT_START) || given(r, HC_OPT_END) || given(r, HC_OPT_LABELS_UNTIL);
	if (scheduled && given(r, HC_OPT_LABELS_UNTIL)) {
		hc_fail(err, HC_USAGE, "--labels-until goes with --start and --end, not with --scheduled-time");
		return hc_hint(err, "with --scheduled-time labels are read up to it: leave --labels-until out");
	}
	if (scheduled == hours) {
		hc_fail(err, HC_USAGE, "%s needs %s", r->command->name,
			hours ? "either --scheduled-time or --start and --end, not both"
			      : "a window: --scheduled-time, or --start and --end");
		return hc_hint(err, "write --scheduled-time 2026-03-01T05:00Z, or --start ... --end ...");
	}
	if (scheduled)
		return scheduled_window(r, out, err);
	for (size_t i = 0; i < sizeof of_schedule / sizeof *of_schedule; i++) {
		if (given(r, of_schedule[i])) {
			hc_fail(err, HC_USAGE, "--%s goes with --scheduled-time, not with --start and --end",
				hc_table.options[of_schedule[i]].name);
			return hc_hint(err, "leave it out");
		}
	}
	return hours_window(r, out, err);
}

/* --- inputs --------------------------------------------------------------------------------- */

static enum hc_code read_join_inputs(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	q->endpoint_input = value(r, HC_OPT_ENDPOINT_INPUT);
	q->batch_input = value(r, HC_OPT_BATCH_INPUT);
	q->ground_truth_input = value(r, HC_OPT_GROUND_TRUTH_INPUT);
	if (!q->endpoint_input == !q->batch_input) {
		hc_fail(err, HC_USAGE, "%s needs %s of --endpoint-input and --batch-transform-input", r->command->name,
			q->endpoint_input ? "only one" : "one");
		return hc_hint(err, "name the folder of the captured data with one of the two");
	}
	if (q->endpoint_input && (given(r, HC_OPT_DATASET_FORMAT) || given(r, HC_OPT_NO_HEADER))) {
		hc_fail(err, HC_USAGE, "--dataset-format and --no-header go with --batch-transform-input");
		return hc_hint(err, "leave them out: captured records say what they hold");
	}
	HC_TRY(need(r, HC_OPT_GROUND_TRUTH_INPUT, err));
	q->has_window = r->caller == HC_ON_COMMAND_LINE || given(r, HC_OPT_SCHEDULED_TIME);
	return q->has_window ? read_window(r, &q->window, err) : HC_OK;
}

static enum hc_code read_inputs(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	bool joins = r->command->bit & (HC_CMD_RUN | HC_CMD_MERGE);
	q->header = given(r, HC_OPT_NO_HEADER) ? HC_HEADER_NONE : joins ? HC_HEADER_UNLESS_TIME : HC_HEADER_FIRST_ROW;
	if (given(r, HC_OPT_DATASET_FORMAT) &&
	    !hc_table_format_parse(hc_str(value(r, HC_OPT_DATASET_FORMAT)), &q->format))
		return fail_value(r, HC_OPT_DATASET_FORMAT, "is no format", "known are csv, jsonl, json and parquet",
				  err);
	switch (r->command->bit) {
	case HC_CMD_BASELINE:
		if (r->parsed->n_positionals == 0) {
			hc_fail(err, HC_USAGE, "baseline needs labelled predictions");
			return hc_hint(err, "name files or folders, or - for standard input");
		}
		q->tables = r->parsed->positionals;
		q->n_tables = r->parsed->n_positionals;
		return need(r, HC_OPT_GROUND_TRUTH_ATTRIBUTE, err);
	case HC_CMD_ANALYZE:
		if (r->parsed->n_positionals == 0) {
			hc_fail(err, HC_USAGE, "analyze needs a folder of merged records");
			return hc_hint(err, "name the folder, such as report/merge");
		}
		q->merged_inputs = r->parsed->positionals;
		q->n_merged_inputs = r->parsed->n_positionals;
		return HC_OK;
	case HC_CMD_COMBINE:
		if (r->parsed->n_positionals == 0) {
			hc_fail(err, HC_USAGE, "combine needs partial results");
			return hc_hint(err, "name the folders that analyze --partial wrote");
		}
		q->partials = r->parsed->positionals;
		q->n_partials = r->parsed->n_positionals;
		return HC_OK;
	default:
		return read_join_inputs(r, q, err);
	}
}

/* --- measuring ------------------------------------------------------------------------------ */

static enum hc_code read_attribute(const struct reader *r, enum hc_option_id id, struct hc_attribute *out,
				   struct hc_err *err)
{
	char option[64];
	snprintf(option, sizeof option, "--%s", hc_table.options[id].name);
	return hc_attribute_compile(value(r, id), option, r->arena, out, err);
}

static enum hc_code read_measure(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	struct hc_measure_options *o = &q->measure;
	bool merge = r->command->bit == HC_CMD_MERGE;
	uint64_t points = HC_CURVE_POINTS_DEFAULT;
	HC_TRY(read_number(r, HC_OPT_CURVE_POINTS, CURVE_POINTS_MIN, CURVE_POINTS_MAX, &points, err));
	o->curve_points = (size_t)points;
	if (q->n_partials) {
		q->checks = q->measures = true; /* they carry the rest */
		return HC_OK;
	}
	HC_TRY(read_number(r, HC_OPT_SEED, 0, UINT64_MAX, &o->seed, err));
	if (merge && !given(r, HC_OPT_PROBLEM_TYPE))
		return HC_OK;
	HC_TRY(need(r, HC_OPT_PROBLEM_TYPE, err));
	if (!hc_problem_parse(hc_str(value(r, HC_OPT_PROBLEM_TYPE)), &o->problem))
		return fail_value(r, HC_OPT_PROBLEM_TYPE, "is no problem type",
				  "known are BinaryClassification, MulticlassClassification and Regression", err);
	HC_TRY(read_attribute(r, HC_OPT_INFERENCE_ATTRIBUTE, &o->inference, err));
	HC_TRY(read_attribute(r, HC_OPT_PROBABILITY_ATTRIBUTE, &o->probability, err));
	HC_TRY(read_attribute(r, HC_OPT_GROUND_TRUTH_ATTRIBUTE, &o->truth, err));
	o->has_threshold = given(r, HC_OPT_THRESHOLD);
	if (o->has_threshold && !hc_number_parse(hc_str(value(r, HC_OPT_THRESHOLD)), &o->threshold))
		return fail_value(r, HC_OPT_THRESHOLD, "is not a number", "write a number from 0 to 1, such as 0.5",
				  err);
	if (given(r, HC_OPT_POSITIVE_LABEL))
		o->positive_label = hc_str(value(r, HC_OPT_POSITIVE_LABEL));
	q->checks = true;
	q->measures = !merge;
	if (merge && !o->inference.given && !o->probability.given)
		q->checks = false;
	return q->checks ? hc_measure_options_check(o, err) : HC_OK;
}

/* --- records, scripts, output --------------------------------------------------------------- */

static enum hc_code read_conflict(const struct reader *r, enum hc_on_conflict *out, struct hc_err *err)
{
	static const char *const names[] = {
		[HC_CONFLICT_LAST] = "last", [HC_CONFLICT_FIRST] = "first", [HC_CONFLICT_ERROR] = "error"};
	if (!given(r, HC_OPT_ON_CONFLICT))
		return HC_OK;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (hc_str_eq(hc_str(value(r, HC_OPT_ON_CONFLICT)), hc_str(names[i]))) {
			*out = (enum hc_on_conflict)i;
			return HC_OK;
		}
	}
	return fail_value(r, HC_OPT_ON_CONFLICT, "is no such choice", "known are last, first and error", err);
}

static enum hc_code read_records(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	uint64_t line = HC_LINE_BYTES_DEFAULT;
	HC_TRY(read_conflict(r, &q->on_conflict, err));
	HC_TRY(read_number(r, HC_OPT_MAX_BAD_RECORDS, 0, UINT64_MAX, &q->max_bad_records, err));
	HC_TRY(read_number(r, HC_OPT_MAX_LINE_BYTES, 1, LINE_BYTES_MAX, &line, err));
	q->max_line = (size_t)line;
	q->aws_quirks = given(r, HC_OPT_AWS_QUIRKS);
	return HC_OK;
}

static enum hc_code read_speed(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	uint64_t threads = 0;
	HC_TRY(read_number(r, HC_OPT_THREADS, 1, HC_CREW_MAX, &threads, err));
	HC_TRY(read_size(r, HC_OPT_MEMORY, MEMORY_MIN, UINT64_MAX >> 1, &q->memory, err));
	HC_TRY(read_size(r, HC_OPT_CHUNK_BYTES, HC_CHUNK_BYTES_MIN, UINT64_MAX >> 1, &q->chunk_bytes, err));
	q->threads = (unsigned)threads;
	return given(r, HC_OPT_SIMD) ? hc_simd_choose(value(r, HC_OPT_SIMD), err) : HC_OK;
}

static enum hc_code read_scripts(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	uint64_t timeout = HC_SCRIPT_TIMEOUT_S, memory = HC_SCRIPT_MEMORY;
	q->preprocessor = value(r, HC_OPT_PREPROCESSOR);
	q->postprocessor = value(r, HC_OPT_POSTPROCESSOR);
	HC_TRY(read_number(r, HC_OPT_SCRIPT_TIMEOUT, 1, 1000000, &timeout, err));
	HC_TRY(read_number(r, HC_OPT_SCRIPT_MEMORY, 1 << 20, UINT64_MAX >> 1, &memory, err));
	q->script_limits = (struct hc_script_limits){(unsigned)timeout, memory};
	return HC_OK;
}

/* What only a report has a use for must not be thought to be in a partial result. */
static enum hc_code read_partial(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	static const enum hc_option_id of_report[] = {HC_OPT_CONSTRAINTS, HC_OPT_CURVE_POINTS, HC_OPT_AWS_QUIRKS,
						      HC_OPT_POSTPROCESSOR, HC_OPT_MAX_BAD_RECORDS};
	bool counts = r->command->bit == HC_CMD_ANALYZE; /* then bad records are met now */
	q->partial = given(r, HC_OPT_PARTIAL);
	for (size_t i = 0; q->partial && i < sizeof of_report / sizeof *of_report; i++) {
		if (!given(r, of_report[i]) || (counts && of_report[i] == HC_OPT_MAX_BAD_RECORDS))
			continue;
		hc_fail(err, HC_USAGE, "--%s has no effect with --partial, which makes no report",
			hc_table.options[of_report[i]].name);
		return hc_hint(err, "give it to the combine that makes the report");
	}
	return HC_OK;
}

/* The options that can change what is written, for the manifest. */
static enum hc_code list_options(const struct reader *r, struct hc_request *q, struct hc_err *err)
{
	struct hc_given_option *list = hc_arena_take(r->arena, HC_OPTIONS * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "the options");
	size_t n = 0;
	for (size_t i = 0; i < HC_OPTIONS; i++) {
		const struct hc_option *o = &hc_table.options[i];
		if ((o->traits & HC_OPTION_IN_MANIFEST) && r->parsed->values[i])
			list[n++] = (struct hc_given_option){o->name, o->value ? r->parsed->values[i] : NULL};
	}
	q->options = list;
	q->n_options = n;
	return HC_OK;
}

enum hc_code hc_request_of_options(const struct hc_command *command, const struct hc_parsed *parsed,
				   enum hc_caller caller, struct hc_arena *arena, struct hc_request *out,
				   struct hc_err *err)
{
	struct reader r = {command, parsed, caller, arena};
	struct hc_request q = {.command = command->name};
	HC_TRY(read_inputs(&r, &q, err));
	HC_TRY(read_measure(&r, &q, err));
	HC_TRY(read_records(&r, &q, err));
	HC_TRY(read_speed(&r, &q, err));
	HC_TRY(read_scripts(&r, &q, err));
	HC_TRY(read_partial(&r, &q, err));
	HC_TRY(need(&r, HC_OPT_OUTPUT, err));
	if (hc_store_resolve(value(&r, HC_OPT_OUTPUT), arena, &q.output, err) != HC_OK)
		return hc_err_at(err, "--output");
	q.constraints = value(&r, HC_OPT_CONSTRAINTS);
	q.checksums = given(&r, HC_OPT_CHECKSUMS);
	q.writes_manifest = command->bit != HC_CMD_BASELINE;
	bool merges = command->bit & (HC_CMD_RUN | HC_CMD_MERGE);
	const char *merged = caller == HC_IN_CONTAINER ? "" : HC_MERGE_FOLDER;
	q.merge_folder = merges && !given(&r, HC_OPT_NO_MERGED_OUTPUT) ? merged : NULL;
	HC_TRY(list_options(&r, &q, err));
	*out = q;
	return HC_OK;
}
