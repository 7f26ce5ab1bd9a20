#include "report/constraints.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "codec/json.h"

static const char *const operators[] = {
	[HC_LESS_THAN_THRESHOLD] = "LessThanThreshold",
	[HC_GREATER_THAN_THRESHOLD] = "GreaterThanThreshold",
};

enum { OPERATORS = sizeof operators / sizeof *operators, TEXT_MAX = 4096 };

const char *hc_operator_name(enum hc_operator op)
{
	return operators[op];
}

const char *hc_constraints_key(enum hc_problem_type problem)
{
	static const char *const keys[] = {
		[HC_BINARY] = "binary_classification_constraints",
		[HC_MULTICLASS] = "multiclass_classification_constraints",
		[HC_REGRESSION] = "regression_constraints",
	};
	return keys[problem];
}

const char *hc_statistics_key(enum hc_problem_type problem)
{
	static const char *const keys[] = {
		[HC_BINARY] = "binary_classification_metrics",
		[HC_MULTICLASS] = "multiclass_classification_metrics",
		[HC_REGRESSION] = "regression_metrics",
	};
	return keys[problem];
}

struct parser {
	struct hc_json json;
	const char *path;
	enum hc_problem_type problem;
	const struct hc_metric_info *metrics;
	size_t n_metrics;
	struct hc_constraints found;
};

/* Puts path and line of the parser's place before a message that was just set. */
static enum hc_code at(const struct parser *p, struct hc_err *err)
{
	unsigned line = 1;
	for (const char *c = p->json.start; c < p->json.p; c++)
		line += *c == '\n';
	return hc_err_at(err, "%s:%u", p->path, line);
}

static enum hc_code fail_text(const struct parser *p, struct hc_err *err)
{
	const struct hc_json *j = &p->json;
	char shown[HC_STR_SHOW_SIZE];
	struct hc_str rest = {j->p, (size_t)(j->end - j->p)};
	hc_fail(err, HC_INPUT, "not valid JSON: %s: '%s'", j->problem ? j->problem : "text behind the document",
		hc_str_show(rest, shown));
	hc_hint(err, "a constraints file is the constraints.json of a baseline, edited or not");
	return at(p, err);
}

static enum hc_code fail_metric(const struct parser *p, struct hc_str name, struct hc_err *err)
{
	const char *nearest = p->metrics[0].name;
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < p->n_metrics; i++) {
		size_t d = hc_str_distance(name, hc_str(p->metrics[i].name));
		if (d < best) {
			best = d;
			nearest = p->metrics[i].name;
		}
	}
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT, "%s.%s: no such metric of %s", hc_constraints_key(p->problem), hc_str_show(name, shown),
		hc_problem_name(p->problem));
	hc_hint(err, "did you mean '%s'?", nearest);
	return at(p, err);
}

static enum hc_code fail_entry(const struct parser *p, const char *metric, const char *what, struct hc_str value,
			       const char *hint, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT, "%s.%s: %s: '%s'", hc_constraints_key(p->problem), metric, what,
		hc_str_show(value, shown));
	hc_hint(err, "%s", hint);
	return at(p, err);
}

static enum hc_code parse_operator(const struct parser *p, const char *metric, const struct hc_json_value *value,
				   enum hc_operator *out, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(TEXT_MAX);
	struct hc_str text = value->type == HC_JSON_STRING ? hc_json_text(value, &scratch) : value->raw;
	size_t nearest = 0, best = SIZE_MAX;
	for (size_t i = 0; i < OPERATORS; i++) {
		size_t d = hc_str_distance(text, hc_str(operators[i]));
		if (d == 0 && value->type == HC_JSON_STRING) {
			*out = (enum hc_operator)i;
			return HC_OK;
		}
		if (d < best) {
			best = d;
			nearest = i;
		}
	}
	char hint[128];
	snprintf(hint, sizeof hint, "did you mean '%s'?", operators[nearest]);
	return fail_entry(p, metric, "no such comparison_operator", text, hint, err);
}

static enum hc_code parse_constraint(struct parser *p, const char *metric, struct hc_constraint *c, struct hc_err *err)
{
	struct hc_json_key key;
	struct hc_json_value value;
	bool has_threshold = false, has_operator = false;
	enum hc_json_type type;
	if (hc_json_peek(&p->json, &type) && type != HC_JSON_OBJECT) {
		if (!hc_json_value(&p->json, &value))
			return fail_text(p, err);
		return fail_entry(p, metric, "not an object with threshold and comparison_operator", value.raw,
				  "see the constraints.json of a baseline", err);
	}
	if (!hc_json_enter_object(&p->json))
		return fail_text(p, err);
	while (hc_json_member(&p->json, &key) && hc_json_value(&p->json, &value)) {
		if (hc_json_key_is(&key, "threshold")) {
			has_threshold = value.type == HC_JSON_NUMBER && hc_number_parse(value.raw, &c->threshold) &&
					isfinite(c->threshold);
			if (!has_threshold)
				return fail_entry(p, metric, "the threshold is not a number", value.raw,
						  "write it as a JSON number such as 0.85, without quotes", err);
		} else if (hc_json_key_is(&key, "comparison_operator")) {
			HC_TRY(parse_operator(p, metric, &value, &c->op, err));
			has_operator = true;
		}
	}
	if (p->json.problem)
		return fail_text(p, err);
	if (has_threshold && has_operator)
		return HC_OK;
	return fail_entry(p, metric, has_threshold ? "no comparison_operator" : "no threshold", (struct hc_str){0},
			  "an entry needs threshold and comparison_operator", err);
}

static void keep(struct hc_constraints *found, const struct hc_constraint *c)
{
	size_t i = 0;
	while (i < found->n && found->list[i].metric != c->metric)
		i++;
	found->list[i] = *c;
	found->n += i == found->n;
}

static enum hc_code parse_metrics(struct parser *p, struct hc_err *err)
{
	struct hc_json_key key;
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(TEXT_MAX);
	if (!hc_json_enter_object(&p->json))
		return fail_text(p, err);
	while (hc_json_member(&p->json, &key)) {
		hc_buf_reset(&scratch);
		struct hc_str name = hc_json_key_text(&key, &scratch);
		struct hc_constraint c = {0};
		while (c.metric < p->n_metrics && !hc_str_eq(name, hc_str(p->metrics[c.metric].name)))
			c.metric++;
		if (c.metric == p->n_metrics)
			return fail_metric(p, name, err);
		HC_TRY(parse_constraint(p, p->metrics[c.metric].name, &c, err));
		keep(&p->found, &c);
	}
	return p->json.problem ? fail_text(p, err) : HC_OK;
}

static enum hc_code fail_document(const struct parser *p, const char *other, struct hc_err *err)
{
	if (other)
		hc_fail(err, HC_INPUT, "%s: holds %s, this run needs %s", p->path, other,
			hc_constraints_key(p->problem));
	else
		hc_fail(err, HC_INPUT, "%s: holds no %s", p->path, hc_constraints_key(p->problem));
	return hc_hint(err, "use the constraints.json of a baseline for %s", hc_problem_name(p->problem));
}

enum hc_code hc_constraints_parse(struct hc_str text, const char *path, enum hc_problem_type problem,
				  struct hc_constraints *out, struct hc_err *err)
{
	struct parser p = {.path = path, .problem = problem};
	struct hc_json_key key;
	struct hc_json_value value;
	enum hc_json_type type;
	const char *other = NULL;
	bool any = false;
	p.metrics = hc_metric_table(problem, &p.n_metrics);
	hc_json_open(&p.json, hc_str_skip_mark(text));
	if (hc_json_peek(&p.json, &type) && type != HC_JSON_OBJECT)
		return fail_document(&p, NULL, err);
	if (!hc_json_enter_object(&p.json))
		return fail_text(&p, err);
	while (hc_json_member(&p.json, &key)) {
		for (int k = HC_BINARY; k <= HC_REGRESSION; k++)
			if (k != (int)problem && hc_json_key_is(&key, hc_constraints_key((enum hc_problem_type)k)))
				other = hc_constraints_key((enum hc_problem_type)k);
		if (hc_json_key_is(&key, hc_constraints_key(problem))) {
			any = true;
			HC_TRY(parse_metrics(&p, err));
		} else if (!hc_json_value(&p.json, &value)) {
			break;
		}
	}
	if (!hc_json_finish(&p.json))
		return fail_text(&p, err);
	if (!any)
		return fail_document(&p, other, err);
	*out = p.found;
	return HC_OK;
}
