/* The summary for people: verdict first, then the numbers, then what was joined. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/instant.h"
#include "report/report.h"

enum { WHY_MAX = 200, SAMPLES_SHOWN = 3, MATRIX_SHOWN_MAX = 12, NAME_WIDTH_MAX = 20 };

struct paint {
	struct hc_buf *out;
	bool colour;
};

static void start(const struct paint *p, const char *code)
{
	if (p->colour)
		hc_buf_cstr(p->out, code);
}

static void end(const struct paint *p)
{
	if (p->colour)
		hc_buf_cstr(p->out, "\033[0m");
}

static const char RED[] = "\033[1;31m", GREEN[] = "\033[1;32m", YELLOW[] = "\033[33m", BOLD[] = "\033[1m";

void hc_report_plural(struct hc_buf *out, uint64_t n, const char *noun)
{
	hc_buf_u64(out, n);
	hc_buf_printf(out, " %s%s", noun, n == 1 ? "" : "s");
}

static void write_verdict(const struct paint *p, const struct hc_report *r)
{
	const struct hc_verdict *v = &r->verdict;
	if (r->partial) {
		start(p, BOLD);
		hc_buf_cstr(p->out, "COUNTED");
		end(p);
		hc_buf_cstr(p->out, "  ");
		hc_report_plural(p->out, r->rows, "record");
		hc_buf_cstr(p->out, ", to be measured by hindcast combine");
	} else if (!r->has_metrics) {
		start(p, GREEN);
		hc_buf_cstr(p->out, "MERGED");
		end(p);
	} else if (!r->constraints_path) {
		start(p, BOLD);
		hc_buf_cstr(p->out, "MEASURED");
		end(p);
		hc_buf_cstr(p->out, "  no constraints were given, nothing was judged");
	} else if (v->n_violations) {
		start(p, RED);
		hc_buf_cstr(p->out, "VIOLATIONS");
		end(p);
		hc_buf_printf(p->out, "  %zu of ", v->n_violations);
		hc_report_plural(p->out, v->n_judged, "constraint");
		hc_buf_cstr(p->out, " broken");
	} else {
		start(p, v->n_judged ? GREEN : YELLOW);
		hc_buf_cstr(p->out, v->n_judged ? "OK" : "NOT JUDGED");
		end(p);
		hc_buf_cstr(p->out, "  ");
		hc_report_plural(p->out, v->n_judged, "constraint");
		hc_buf_cstr(p->out, " kept");
	}
	if (r->constraints_path && v->n_not_judged)
		hc_buf_printf(p->out, ", %zu not judged", v->n_not_judged);
	hc_buf_char(p->out, '\n');
}

static void write_what(struct hc_buf *out, const struct hc_report *r)
{
	if (r->has_metrics) {
		hc_buf_printf(out, "%s, ", hc_problem_name(r->problem));
		hc_report_plural(out, r->metrics.n, "record");
		hc_buf_cstr(out, " measured");
	}
	if (r->has_window) {
		char from[HC_INSTANT_SIZE], to[HC_INSTANT_SIZE];
		hc_instant_print(r->window.start_us, from);
		hc_instant_print(r->window.end_us, to);
		hc_buf_printf(out, "%swindow %s to %s", r->has_metrics ? ", " : "", from, to);
	}
	if (r->has_metrics || r->has_window)
		hc_buf_char(out, '\n');
}

/* Six significant digits are enough to read; the files have all of them. */
static void print_number(double x, char *out, size_t size)
{
	if (isnan(x))
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%.6g", x);
}

static const struct hc_constraint *constraint_of(const struct hc_report *r, size_t metric)
{
	for (size_t i = 0; i < r->constraints.n; i++)
		if (r->constraints.list[i].metric == metric)
			return &r->constraints.list[i];
	return NULL;
}

static bool violated(const struct hc_report *r, const struct hc_metric_info *info)
{
	for (size_t i = 0; i < r->verdict.n_violations; i++)
		if (r->verdict.violations[i].metric == info)
			return true;
	return false;
}

static const char *not_judged(const struct hc_report *r, const struct hc_metric_info *info)
{
	for (size_t i = 0; i < r->verdict.n_not_judged; i++)
		if (r->verdict.not_judged[i].metric == info)
			return r->verdict.not_judged[i].why;
	return NULL;
}

static void write_outcome(const struct paint *p, const struct hc_report *r, const struct hc_metric_info *info,
			  const struct hc_constraint *c)
{
	char threshold[32];
	const char *why = not_judged(r, info);
	print_number(c->threshold, threshold, sizeof threshold);
	hc_buf_printf(p->out, "  %s %-10s ", c->op == HC_LESS_THAN_THRESHOLD ? "at least" : "at most ", threshold);
	if (why) {
		start(p, YELLOW);
		hc_buf_printf(p->out, "not judged: %s", why);
		end(p);
	} else if (violated(r, info)) {
		start(p, RED);
		hc_buf_cstr(p->out, "VIOLATED");
		end(p);
	} else {
		hc_buf_cstr(p->out, "ok");
	}
}

static void write_metrics(const struct paint *p, const struct hc_report *r)
{
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(r->problem, &n);
	bool any_constraint = r->constraints_path != NULL;
	hc_buf_printf(p->out, "\n  %-40s %12s %12s%s\n", "metric", "value", "+/-",
		      any_constraint ? "  constraint" : "");
	for (size_t i = 0; i < n; i++) {
		const struct hc_metric *m = &r->metrics.values[i];
		const struct hc_constraint *c = any_constraint ? constraint_of(r, i) : NULL;
		if (!m->present && !c)
			continue;
		char value[32], deviation[32];
		print_number(m->present ? m->value : NAN, value, sizeof value);
		print_number(m->present ? m->deviation : NAN, deviation, sizeof deviation);
		hc_buf_printf(p->out, "  %-40s %12s %12s", table[i].name, value, deviation);
		if (c)
			write_outcome(p, r, &table[i], c);
		else if (m->undefined)
			hc_buf_printf(p->out, "  not judged: %s", m->undefined);
		hc_buf_char(p->out, '\n');
	}
}

static size_t name_width(const struct hc_report *r)
{
	size_t width = 9;
	for (size_t i = 0; i < r->classes.classes; i++)
		if (r->classes.names[i].n > width)
			width = r->classes.names[i].n;
	return width > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : width;
}

static void write_matrix(struct hc_buf *out, const struct hc_report *r)
{
	size_t k = r->classes.classes;
	char shown[HC_STR_SHOW_SIZE];
	int width = (int)name_width(r);
	if (k > MATRIX_SHOWN_MAX) {
		hc_buf_printf(out, "\n  confusion matrix of %zu classes: see statistics.json\n", k);
		return;
	}
	hc_buf_printf(out, "\n  %-*s", width + 7, "actual \\ predicted");
	for (size_t i = 0; i < k; i++)
		hc_buf_printf(out, " %*.*s", width, NAME_WIDTH_MAX, hc_str_show(r->classes.names[i], shown));
	hc_buf_char(out, '\n');
	for (size_t i = 0; i < k; i++) {
		hc_buf_printf(out, "  %-*.*s", width + 9 > 18 ? width + 9 : 18, NAME_WIDTH_MAX,
			      hc_str_show(r->classes.names[i], shown));
		for (size_t j = 0; j < k; j++)
			hc_buf_printf(out, " %*llu", width, (unsigned long long)r->metrics.counts[i * k + j]);
		hc_buf_char(out, '\n');
	}
}

static void write_labels_read(struct hc_buf *out, const struct hc_report *r)
{
	static const char *const readings[] = {
		[HC_READ_ZERO_ONE] = "labels read as 0 and 1",
		[HC_READ_NUMBERS] = "labels read as numbers",
		[HC_READ_TEXT] = "labels read as text",
	};
	char shown[HC_STR_SHOW_SIZE];
	hc_buf_printf(out, "\n  %s", readings[r->classes.reading]);
	if (r->problem == HC_BINARY && r->classes.classes == 2 && r->classes.reading != HC_READ_ZERO_ONE)
		hc_buf_printf(out, ", positive is '%s'", hc_str_show(r->classes.names[1], shown));
	hc_buf_char(out, '\n');
}

static void write_account(const struct paint *p, const struct hc_report *r)
{
	const struct hc_account *a = r->account;
	hc_buf_printf(p->out, "\n  %-26s %12s %9s  %s\n", "join", "records", "share", "first of them");
	for (int i = 0; i < HC_ACCOUNT_LINES; i++) {
		enum hc_account_line line = (enum hc_account_line)i;
		hc_buf_printf(p->out, "  %-26s %12llu %8.2f%%", hc_account_name(line),
			      (unsigned long long)a->lines[line].count, 100 * hc_account_share(a, line));
		bool left_over = line > HC_MATCHED;
		if (left_over && a->lines[line].n_samples) {
			const struct hc_account_sample *s = &a->lines[line].samples[0];
			hc_buf_printf(p->out, "  %s:%llu", s->path, (unsigned long long)s->line);
		}
		hc_buf_char(p->out, '\n');
	}
	if (a->delays.n == 0)
		return;
	hc_buf_printf(p->out, "  label delay: half within %.1f h, nine in ten within %.1f h, the last after %.1f h\n",
		      (double)hc_delays_quantile(&a->delays, 0.5) / 3600,
		      (double)hc_delays_quantile(&a->delays, 0.9) / 3600,
		      (double)hc_delays_quantile(&a->delays, 1) / 3600);
}

void hc_report_summary(const struct hc_report *r, bool colour, struct hc_buf *out)
{
	struct paint p = {out, colour};
	write_verdict(&p, r);
	write_what(out, r);
	if (r->has_metrics) {
		write_metrics(&p, r);
		if (r->problem != HC_REGRESSION) {
			write_matrix(out, r);
			write_labels_read(out, r);
		}
	}
	if (r->account)
		write_account(&p, r);
	if (r->tolerated) {
		hc_buf_cstr(out, "\n  ");
		hc_report_plural(out, r->tolerated, "bad record");
		hc_buf_cstr(out, " tolerated\n");
	}
	if (r->dropped) {
		hc_buf_cstr(out, "\n  ");
		hc_report_plural(out, r->dropped, "record");
		hc_buf_cstr(out, " dropped by the preprocessor\n");
	}
	for (const char *const *name = r->verdict.silenced; name && *name; name++)
		hc_buf_printf(out, "\n  %s was not judged: --aws-quirks\n", *name);
	hc_buf_printf(out, "\n  written to %s\n", r->output);
}
