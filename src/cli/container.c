#include "cli/container.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/number.h"
#include "codec/json.h"
#include "conf/own.h"
#include "store/store.h"
#include "sys/files.h"

/* Where SageMaker cuts exit messages, and failure reasons too: those are cut by who shows them, so that the log has the whole. */
enum { MESSAGE_MAX = 1024 };

/* A variable's value; NULL when it is not set or empty. */
static const char *variable(const char *name)
{
	const char *v = getenv(name);
	return v && *v ? v : NULL;
}

bool hc_container_is(void)
{
	return variable("dataset_source") != NULL;
}

static enum hc_code need(const char *name, const char **out, struct hc_err *err)
{
	*out = variable(name);
	if (*out)
		return HC_OK;
	hc_fail(err, HC_USAGE, "the environment variable %s is not set", name);
	return hc_hint(err, "a processing container needs it; on the command line, give options (--help)");
}

/* A batch transform's capture holds output/YYYY; an endpoint's ENDPOINT/VARIANT/YYYY. */
static enum hc_code is_batch(const char *source, struct hc_arena *arena, bool *out, struct hc_err *err)
{
	struct hc_prefixes years;
	const char *output = hc_path_join(arena, source, "output");
	if (!output)
		return hc_fail_nomem(err, "a path");
	HC_TRY(hc_store_prefixes(output, arena, &years, err));
	*out = false;
	for (size_t i = 0; i < years.n; i++)
		*out = *out || (strlen(years.list[i]) == 4 && strspn(years.list[i], "0123456789") == 4);
	return HC_OK;
}

/* Our own settings among the variables, as the options of the same meaning (src/conf/own.h). */
static void read_own(struct hc_parsed *parsed)
{
	size_t n;
	const struct hc_own *table = hc_own_table(&n);
	for (size_t i = 0; i < n; i++) {
		const char *value = variable(table[i].variable);
		if (!value || !table[i].option || (table[i].form == HC_OWN_SWITCH && strcmp(value, "true") != 0))
			continue;
		for (size_t o = 0; o < HC_OPTIONS; o++)
			if (strcmp(hc_table.options[o].name, table[i].option) == 0)
				parsed->values[o] = value;
	}
}

static enum hc_code request_of_merge(const struct hc_command *command, struct hc_arena *arena, struct hc_request *out,
				     struct hc_err *err)
{
	struct hc_parsed parsed = {0};
	const char *source;
	bool batch;
	HC_TRY(need("dataset_source", &source, err));
	HC_TRY(need("ground_truth_source", &parsed.values[HC_OPT_GROUND_TRUTH_INPUT], err));
	HC_TRY(need("output_path", &parsed.values[HC_OPT_OUTPUT], err));
	HC_TRY(is_batch(source, arena, &batch, err));
	if (variable("hindcast_objects"))
		hc_store_mount(variable("hindcast_objects"));
	parsed.values[batch ? HC_OPT_BATCH_INPUT : HC_OPT_ENDPOINT_INPUT] = source;
	read_own(&parsed);
	return hc_request_of_options(command, &parsed, HC_IN_CONTAINER, arena, out, err);
}

/* dataset_format, such as {"csv":{"header":true,"output_columns_position":"START"}}. */
struct dataset_format {
	bool merged;
	const char *name; /* "csv", "json", "jsonl" */
	bool header;
};

static enum hc_code fail_format(const char *text, const char *why, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_USAGE, "the environment variable dataset_format %s: '%s'", why,
		hc_str_show(hc_str(text), shown));
	return hc_hint(err, "known are {\"csv\":{\"header\":true}}, {\"json\":{\"lines\":true}} and "
			    "{\"sagemakerMergeJson\":{\"captureIndexNames\":[\"endpointOutput\"]}}");
}

/* The members of one format: header and lines are all that matters here. */
static void read_format_members(struct hc_json *j, bool *header, bool *lines)
{
	struct hc_json_key key;
	struct hc_json_value value;
	enum hc_json_type type;
	if (hc_json_peek(j, &type) && type != HC_JSON_OBJECT) {
		hc_json_value(j, &value);
		return;
	}
	if (!hc_json_enter_object(j))
		return;
	while (hc_json_member(j, &key) && hc_json_value(j, &value)) {
		if (hc_json_key_is(&key, "header"))
			*header = value.type == HC_JSON_TRUE;
		else if (hc_json_key_is(&key, "lines"))
			*lines = value.type == HC_JSON_TRUE;
	}
}

static enum hc_code read_format(const char *text, struct dataset_format *out, struct hc_err *err)
{
	struct dataset_format f = {0};
	struct hc_json j;
	struct hc_json_key key;
	bool known = false;
	hc_json_open(&j, hc_str(text));
	if (hc_json_enter_object(&j)) {
		while (hc_json_member(&j, &key)) {
			bool header = false, lines = false;
			read_format_members(&j, &header, &lines);
			if (hc_json_key_is(&key, "csv"))
				f = (struct dataset_format){.name = "csv", .header = header};
			else if (hc_json_key_is(&key, "json"))
				f = (struct dataset_format){.name = lines ? "jsonl" : "json"};
			else if (hc_json_key_is(&key, "sagemakerMergeJson"))
				f = (struct dataset_format){.merged = true};
			else
				return fail_format(text, "is of a kind that model quality does not read", err);
			known = true;
		}
	}
	if (!hc_json_finish(&j) || !known)
		return fail_format(text, "is not a format", err);
	*out = f;
	return HC_OK;
}

static enum hc_code check_analysis(struct hc_err *err)
{
	const char *type = variable("analysis_type");
	if (type && strcmp(type, "MODEL_QUALITY") == 0)
		return HC_OK;
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_USAGE, "the environment variable analysis_type is '%s'",
		type ? hc_str_show(hc_str(type), shown) : "not set: data quality");
	return hc_hint(err, "only MODEL_QUALITY is supported");
}

/* What AWS's container lets the post-analytics script see; a folder by its whole path, for the script starts elsewhere. */
static enum hc_code pass_to_script(struct hc_arena *arena, struct hc_request *q, struct hc_err *err)
{
	static const char *const passed[] = {"analysis_type",
					     "problem_type",
					     "start_time",
					     "end_time",
					     "metric_time",
					     "publish_cloudwatch_metrics",
					     "sagemaker_endpoint_name",
					     "sagemaker_monitoring_schedule_name",
					     "cloudwatch_metrics_directory"};
	const size_t all = sizeof passed / sizeof *passed;
	const char **list = hc_arena_take(arena, (all + 1) * sizeof *list);
	size_t n = 0;
	for (size_t i = 0; list && i < all; i++) {
		const char *value = variable(passed[i]);
		char *whole = value && i == all - 1 ? realpath(value, NULL) : NULL;
		HC_BUF_SCOPED struct hc_buf text = HC_BUF(HC_PATH_LEN_MAX);
		hc_buf_printf(&text, "%s=%s", passed[i], whole ? whole : value ? value : "");
		free(whole);
		if (!value)
			continue;
		list[n] = text.failed ? NULL : hc_arena_cstring(arena, hc_buf_view(&text));
		if (!list[n++])
			return hc_fail_nomem(err, "the script's environment");
	}
	if (!list)
		return hc_fail_nomem(err, "the script's environment");
	list[n] = NULL;
	q->script_environment = list;
	return HC_OK;
}

static enum hc_code request_of_analyze(struct hc_arena *arena, struct hc_request *out, struct hc_err *err)
{
	static const struct {
		enum hc_option_id option;
		const char *variable;
	} map[] = {{HC_OPT_PROBLEM_TYPE, "problem_type"},
		   {HC_OPT_INFERENCE_ATTRIBUTE, "inference_attribute"},
		   {HC_OPT_PROBABILITY_ATTRIBUTE, "probability_attribute"},
		   {HC_OPT_GROUND_TRUTH_ATTRIBUTE, "ground_truth_attribute"},
		   {HC_OPT_THRESHOLD, "probability_threshold_attribute"},
		   {HC_OPT_POSITIVE_LABEL, "positive_label"},
		   {HC_OPT_CONSTRAINTS, "baseline_constraints"},
		   {HC_OPT_PREPROCESSOR, "record_preprocessor_script"},
		   {HC_OPT_POSTPROCESSOR, "post_analytics_processor_script"},
		   {HC_OPT_OUTPUT, "output_path"}};
	const char *source, *format_text;
	struct dataset_format format = {0};
	struct hc_parsed parsed = {0};
	HC_TRY(check_analysis(err));
	HC_TRY(need("dataset_source", &source, err));
	format_text = variable("dataset_format");
	if (!format_text)
		format_text = "{\"sagemakerMergeJson\":{}}";
	HC_TRY(need("problem_type", &parsed.values[HC_OPT_PROBLEM_TYPE], err));
	HC_TRY(need("output_path", &parsed.values[HC_OPT_OUTPUT], err));
	HC_TRY(read_format(format_text, &format, err));
	for (size_t i = 0; i < sizeof map / sizeof *map; i++)
		parsed.values[map[i].option] = variable(map[i].variable);
	read_own(&parsed);
	if (!format.merged) {
		parsed.values[HC_OPT_DATASET_FORMAT] = format.name;
		parsed.values[HC_OPT_NO_HEADER] = format.header ? NULL : "";
		parsed.values[HC_OPT_CONSTRAINTS] = parsed.values[HC_OPT_PREPROCESSOR] = NULL;
	}
	const char **positionals = hc_arena_take(arena, sizeof *positionals);
	const struct hc_command *command = NULL;
	if (!positionals)
		return hc_fail_nomem(err, "the request");
	positionals[0] = source;
	parsed.positionals = positionals;
	parsed.n_positionals = 1;
	HC_TRY(hc_options_command(&hc_table, format.merged ? "analyze" : "baseline", &command, err));
	HC_TRY(hc_request_of_options(command, &parsed, HC_IN_CONTAINER, arena, out, err));
	return pass_to_script(arena, out, err);
}

enum hc_code hc_container_request(const struct hc_command *command, struct hc_arena *arena, struct hc_request *out,
				  struct hc_err *err)
{
	if (command->bit == HC_CMD_MERGE)
		return request_of_merge(command, arena, out, err);
	return request_of_analyze(arena, out, err);
}

static enum hc_code write_message(struct hc_str text, struct hc_err *err)
{
	const char *path = variable("output_message_file");
	struct hc_writer w;
	HC_TRY(hc_writer_open(path ? path : HC_CONTAINER_MESSAGE_FILE, &w, err));
	hc_writer_put(&w, text.p, text.n);
	return hc_writer_close(&w, err);
}

/* One line a metric, as CloudWatch metrics of own containers are given (reference 5). */
static void write_metrics(const struct hc_report *r, const char *time, struct hc_buf *out)
{
	static const struct {
		const char *name, *variable;
	} dimensions[] = {{"Endpoint", "sagemaker_endpoint_name"},
			  {"MonitoringSchedule", "sagemaker_monitoring_schedule_name"}};
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(r->problem, &n);
	for (size_t i = 0; i < n; i++) {
		const struct hc_metric *m = &r->metrics.values[i];
		if (!m->present || !isfinite(m->value))
			continue;
		hc_buf_printf(out, "{\"MetricName\":\"%s\",\"Timestamp\":", table[i].name);
		hc_json_quote(out, hc_str(time));
		hc_buf_cstr(out, ",\"Dimensions\":[");
		bool any = false;
		for (size_t d = 0; d < sizeof dimensions / sizeof *dimensions; d++) {
			const char *value = variable(dimensions[d].variable);
			if (!value)
				continue;
			hc_buf_printf(out, "%s{\"Name\":\"%s\",\"Value\":", any ? "," : "", dimensions[d].name);
			hc_json_quote(out, hc_str(value));
			hc_buf_char(out, '}');
			any = true;
		}
		char value[HC_NUMBER_PRINT_SIZE];
		hc_number_print(m->value, value);
		hc_buf_printf(out, "],\"Value\":%s}\n", value);
	}
}

static enum hc_code publish_metrics(const struct hc_report *r, struct hc_err *err)
{
	const char *wanted = variable("publish_cloudwatch_metrics"), *time = variable("metric_time");
	const char *folder = variable("cloudwatch_metrics_directory");
	if (!r->has_metrics || !wanted || strcmp(wanted, "Enabled") != 0)
		return HC_OK;
	char now[HC_INSTANT_SIZE];
	hc_instant_print(r->evaluation_us, now);
	HC_BUF_SCOPED struct hc_buf path = HC_BUF(HC_PATH_LEN_MAX);
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 20);
	hc_buf_printf(&path, "%s/cloudwatch_metrics.jsonl", folder ? folder : HC_CONTAINER_METRICS_DIRECTORY);
	write_metrics(r, time ? time : now, &text);
	HC_TRY(hc_buf_check(&text, "the metrics", err));
	struct hc_writer w;
	HC_TRY(hc_writer_open(hc_buf_cstring(&path), &w, err));
	hc_writer_put(&w, text.p, text.n);
	return hc_writer_close(&w, err);
}

enum hc_code hc_container_finish(const struct hc_report *report, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MESSAGE_MAX);
	HC_TRY(publish_metrics(report, err));
	if (!report->has_metrics)
		return HC_OK; /* merge jobs have no exit message */
	hc_report_exit_message(report, &text);
	enum hc_code code = write_message(hc_buf_view(&text), err);
	/* Outside of a container there is no place for it by default, and nobody who asked for it. */
	return variable("output_message_file") ? code : HC_OK;
}

void hc_container_fail(const struct hc_err *why)
{
	struct hc_err ignored;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(HC_ERR_MSG_MAX + HC_ERR_HINT_MAX + MESSAGE_MAX);
	/* The words of AWS's container, which people look for. */
	if (why->code == HC_SCRIPT && strstr(why->msg, "the preprocessor script"))
		hc_buf_cstr(&text, "There is an exception raised in preprocessor script. Please double check the "
				   "preprocessor script. ");
	hc_buf_cstr(&text, why->msg);
	if (why->hint[0])
		hc_buf_printf(&text, "; %s", why->hint);
	if (write_message(hc_buf_view(&text), &ignored) != HC_OK)
		return;
}
