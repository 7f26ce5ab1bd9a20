/*
 * The JSON documents of our own: join_report.json, manifest.json and the one of --json.
 * Their shapes are in schemas/.
 */
#include "base/instant.h"
#include "codec/jsonw.h"
#include "report/report.h"
#include "store/store.h"

/* Raised when a document's shape changes in a way that readers must know about. */
enum { DOCUMENT_FORMAT = 1 };

static void write_head(struct hc_jsonw *w, const char *command)
{
	hc_jsonw_member_cstr(w, "hindcast", HC_VERSION);
	hc_jsonw_key(w, "format");
	hc_jsonw_u64(w, DOCUMENT_FORMAT);
	hc_jsonw_member_cstr(w, "command", command);
}

static void write_instant(struct hc_jsonw *w, const char *key, int64_t us)
{
	char text[HC_INSTANT_SIZE];
	hc_instant_print(us, text);
	hc_jsonw_member_cstr(w, key, text);
}

static void write_window(struct hc_jsonw *w, const struct hc_report *r)
{
	if (!r->has_window)
		return;
	const struct hc_window *win = &r->window;
	hc_jsonw_key(w, "window");
	hc_jsonw_object(w);
	write_instant(w, "start", win->start_us);
	write_instant(w, "end", win->end_us);
	if (win->has_cutoff)
		write_instant(w, "scheduled_time", win->cutoff_us);
	write_instant(w, "first_capture_hour", win->capture_first_us);
	write_instant(w, "last_capture_hour", win->capture_last_us);
	write_instant(w, "first_label_hour", win->label_first_us);
	write_instant(w, "last_label_hour", win->label_last_us);
	hc_jsonw_object_end(w);
}

static void write_sample(struct hc_jsonw *w, const struct hc_account_sample *s)
{
	hc_jsonw_object(w);
	hc_jsonw_key(w, "id");
	if (s->id)
		hc_jsonw_str(w, (struct hc_str){s->id, s->id_n});
	else
		hc_jsonw_null(w);
	hc_jsonw_member_cstr(w, "file", s->path);
	hc_jsonw_member_u64(w, "line", s->line);
	if (s->why)
		hc_jsonw_member_cstr(w, "why", s->why);
	hc_jsonw_object_end(w);
}

static void write_account(struct hc_jsonw *w, const struct hc_account *a)
{
	for (int i = 0; i < HC_ACCOUNT_LINES; i++) {
		enum hc_account_line line = (enum hc_account_line)i;
		hc_jsonw_key(w, hc_account_name(line));
		hc_jsonw_object(w);
		hc_jsonw_member_u64(w, "count", a->lines[line].count);
		hc_jsonw_member_double(w, "share", hc_account_share(a, line));
		hc_jsonw_key(w, "samples");
		hc_jsonw_array(w);
		for (size_t k = 0; k < a->lines[line].n_samples; k++)
			write_sample(w, &a->lines[line].samples[k]);
		hc_jsonw_array_end(w);
		hc_jsonw_object_end(w);
	}
}

static void write_delays(struct hc_jsonw *w, const struct hc_account *a)
{
	static const struct {
		const char *key;
		double q;
	} quantiles[] = {{"min", 0},    {"p10", 0.1}, {"p25", 0.25}, {"p50", 0.5},
			 {"p75", 0.75}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1}};
	hc_jsonw_key(w, "label_delay");
	hc_jsonw_object(w);
	hc_jsonw_member_cstr(w, "unit", "seconds");
	hc_jsonw_member_u64(w, "count", a->delays.n);
	for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
		hc_jsonw_key(w, quantiles[i].key);
		if (a->delays.n)
			hc_jsonw_i64(w, hc_delays_quantile(&a->delays, quantiles[i].q));
		else
			hc_jsonw_null(w);
	}
	hc_jsonw_object_end(w);
}

static void write_not_judged(struct hc_jsonw *w, const struct hc_verdict *v)
{
	hc_jsonw_key(w, "not_judged");
	hc_jsonw_array(w);
	for (size_t i = 0; i < v->n_not_judged; i++) {
		hc_jsonw_object(w);
		hc_jsonw_member_cstr(w, "metric", v->not_judged[i].metric->name);
		hc_jsonw_member_cstr(w, "verdict", "not judged");
		hc_jsonw_member_cstr(w, "why", v->not_judged[i].why);
		hc_jsonw_object_end(w);
	}
	hc_jsonw_array_end(w);
}

static const char *reading_name(enum hc_class_reading reading)
{
	static const char *const names[] = {
		[HC_READ_ZERO_ONE] = "zero_one",
		[HC_READ_NUMBERS] = "numbers",
		[HC_READ_TEXT] = "text",
	};
	return names[reading];
}

/* How labels were read, and what the classes are. */
static void write_labels_read(struct hc_jsonw *w, const struct hc_report *r)
{
	if (!r->has_metrics)
		return;
	hc_jsonw_key(w, "labels");
	hc_jsonw_object(w);
	if (r->problem == HC_REGRESSION) {
		hc_jsonw_member_cstr(w, "read_as", "values");
	} else {
		hc_jsonw_member_cstr(w, "read_as", reading_name(r->classes.reading));
		hc_jsonw_key(w, "classes");
		hc_jsonw_array(w);
		for (size_t i = 0; i < r->classes.classes; i++)
			hc_jsonw_str(w, r->classes.names[i]);
		hc_jsonw_array_end(w);
	}
	hc_jsonw_object_end(w);
}

void hc_report_join(const struct hc_report *r, struct hc_buf *out)
{
	struct hc_jsonw w;
	hc_jsonw_open(&w, out);
	hc_jsonw_object(&w);
	write_head(&w, r->command);
	write_window(&w, r);
	write_account(&w, r->account);
	write_delays(&w, r->account);
	hc_jsonw_member_u64(&w, "dropped_by_preprocessor", r->dropped);
	write_labels_read(&w, r);
	write_not_judged(&w, &r->verdict);
	hc_jsonw_object_end(&w);
}

static void write_options(struct hc_jsonw *w, const struct hc_report *r)
{
	hc_jsonw_key(w, "options");
	hc_jsonw_object(w);
	for (size_t i = 0; i < r->n_options; i++) {
		hc_jsonw_key(w, r->options[i].name);
		if (r->options[i].value)
			hc_jsonw_cstr(w, r->options[i].value);
		else
			hc_jsonw_bool(w, true);
	}
	hc_jsonw_object_end(w);
}

static void write_inputs(struct hc_jsonw *w, const struct hc_report *r)
{
	hc_jsonw_key(w, "inputs");
	hc_jsonw_array(w);
	for (size_t i = 0; i < r->files->n; i++) {
		const struct hc_input_file *f = &r->files->list[i];
		hc_jsonw_object(w);
		hc_jsonw_member_cstr(w, "source", f->source);
		hc_jsonw_member_cstr(w, "path", f->path);
		hc_jsonw_member_u64(w, "size", f->size);
		if (r->checksums && r->checksums[i])
			hc_jsonw_member_cstr(w, "sha256", r->checksums[i]);
		hc_jsonw_object_end(w);
	}
	hc_jsonw_array_end(w);
}

void hc_report_manifest(const struct hc_report *r, const struct hc_objects *outputs, struct hc_buf *out)
{
	struct hc_jsonw w;
	hc_jsonw_open(&w, out);
	hc_jsonw_object(&w);
	write_head(&w, r->command);
	hc_jsonw_member_u64(&w, "seed", r->seed);
	write_window(&w, r);
	write_options(&w, r);
	write_inputs(&w, r);
	hc_jsonw_key(&w, "outputs");
	hc_jsonw_array(&w);
	for (size_t i = 0; i < outputs->n; i++) {
		hc_jsonw_object(&w);
		hc_jsonw_member_cstr(&w, "path", outputs->list[i].key);
		hc_jsonw_member_u64(&w, "size", outputs->list[i].size);
		hc_jsonw_object_end(&w);
	}
	hc_jsonw_array_end(&w);
	hc_jsonw_object_end(&w);
}

static void write_metrics(struct hc_jsonw *w, const struct hc_report *r)
{
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(r->problem, &n);
	hc_jsonw_key(w, "metrics");
	hc_jsonw_object(w);
	for (size_t i = 0; i < n; i++) {
		const struct hc_metric *m = &r->metrics.values[i];
		if (!m->present)
			continue;
		hc_jsonw_key(w, table[i].name);
		hc_jsonw_object(w);
		hc_jsonw_member_double(w, "value", m->value);
		hc_jsonw_member_double(w, "standard_deviation", m->deviation);
		if (m->undefined)
			hc_jsonw_member_cstr(w, "undefined", m->undefined);
		hc_jsonw_object_end(w);
	}
	hc_jsonw_object_end(w);
}

static void write_violations(struct hc_jsonw *w, const struct hc_report *r)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1024);
	hc_jsonw_key(w, "violations");
	hc_jsonw_array(w);
	for (size_t i = 0; i < r->verdict.n_violations; i++) {
		const struct hc_violation *v = &r->verdict.violations[i];
		hc_buf_reset(&text);
		hc_report_violation_text(v, &text);
		hc_jsonw_object(w);
		hc_jsonw_member_cstr(w, "metric", v->metric->name);
		hc_jsonw_member_double(w, "value", v->value);
		hc_jsonw_member_double(w, "standard_deviation", v->deviation);
		hc_jsonw_member_double(w, "threshold", v->threshold);
		hc_jsonw_member_cstr(w, "comparison_operator", hc_operator_name(v->op));
		hc_jsonw_member_str(w, "description", hc_buf_view(&text));
		hc_jsonw_object_end(w);
	}
	hc_jsonw_array_end(w);
}

static const char *verdict_name(const struct hc_report *r)
{
	if (!r->constraints_path)
		return "not_judged";
	return r->verdict.n_violations ? "violations" : "no_violations";
}

void hc_report_document(const struct hc_report *r, struct hc_buf *out)
{
	struct hc_jsonw w;
	hc_jsonw_open(&w, out);
	hc_jsonw_object(&w);
	write_head(&w, r->command);
	hc_jsonw_member_cstr(&w, "verdict", verdict_name(r));
	hc_jsonw_member_cstr(&w, "output", r->output);
	write_window(&w, r);
	if (r->has_metrics) {
		hc_jsonw_member_cstr(&w, "problem_type", hc_problem_name(r->problem));
		hc_jsonw_member_u64(&w, "item_count", r->metrics.n);
		write_labels_read(&w, r);
		write_metrics(&w, r);
		if (r->constraints_path)
			hc_jsonw_member_cstr(&w, "constraints", r->constraints_path);
		hc_jsonw_member_u64(&w, "judged", r->verdict.n_judged);
		write_violations(&w, r);
		write_not_judged(&w, &r->verdict);
	}
	if (r->partial)
		hc_jsonw_member_u64(&w, "rows_counted", r->rows);
	hc_jsonw_member_u64(&w, "bad_records_tolerated", r->tolerated);
	hc_jsonw_member_u64(&w, "dropped_by_preprocessor", r->dropped);
	if (r->account) {
		hc_jsonw_key(&w, "join");
		hc_jsonw_object(&w);
		write_account(&w, r->account);
		write_delays(&w, r->account);
		hc_jsonw_object_end(&w);
	}
	hc_jsonw_object_end(&w);
	hc_buf_char(out, '\n');
}

void hc_report_failure(const char *command, int exit_status, const struct hc_err *err, struct hc_buf *out)
{
	struct hc_jsonw w;
	hc_jsonw_open(&w, out);
	hc_jsonw_object(&w);
	write_head(&w, command);
	hc_jsonw_member_cstr(&w, "verdict", "failed");
	hc_jsonw_key(&w, "error");
	hc_jsonw_object(&w);
	hc_jsonw_key(&w, "exit_status");
	hc_jsonw_i64(&w, exit_status);
	hc_jsonw_member_cstr(&w, "message", err->msg);
	hc_jsonw_member_cstr(&w, "hint", err->hint[0] ? err->hint : NULL);
	hc_jsonw_object_end(&w);
	hc_jsonw_object_end(&w);
	hc_buf_char(out, '\n');
}
