#include "logs/pattern.h"

#define invalid(err, why) hc_fail((err), HC_USAGE, "Invalid filter pattern: %s", (why))

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What stands between double quotes; *at is behind the first of them, and then behind the last. */
static enum hc_code read_quoted(struct hc_str text, size_t *at, struct hc_arena *arena, struct hc_str *out,
				struct hc_err *err)
{
	char *copy = hc_arena_take_text(arena, text.n - *at + 1);
	size_t n = 0, i = *at;
	if (!copy)
		return hc_fail_nomem(err, "a filter pattern");
	for (; i < text.n && text.p[i] != '"'; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n && (text.p[i + 1] == '"' || text.p[i + 1] == '\\'))
			i++;
		copy[n++] = text.p[i];
	}
	if (i == text.n)
		return invalid(err, "a double quote is not closed.");
	i++;
	if (i < text.n && !is_space(text.p[i]))
		return invalid(err, "a space is missing behind a closing double quote.");
	*out = (struct hc_str){copy, n};
	*at = i;
	return HC_OK;
}

static enum hc_code read_bare(struct hc_str text, size_t *at, struct hc_str *out, struct hc_err *err)
{
	size_t i = *at;
	while (i < text.n && !is_space(text.p[i]))
		if (text.p[i++] == '"')
			return invalid(err, "a double quote stands within a term; in quotes it is written \\\".");
	*out = (struct hc_str){text.p + *at, i - *at};
	if (out->n >= 2 && out->p[0] == '%' && out->p[out->n - 1] == '%')
		return invalid(err, "regular expressions between percent signs are not supported by this server; "
				    "terms, ?terms, -terms and \"phrases\" are.");
	*at = i;
	return HC_OK;
}

/* Patterns of another kind are known by how they begin. */
static enum hc_code check_kind(struct hc_str text, struct hc_err *err)
{
	if (text.n > 0 && text.p[0] == '{')
		return invalid(err, "JSON patterns ({ $.member = value }) are not supported by this server; "
				    "terms, ?terms, -terms and \"phrases\" are.");
	if (text.n > 0 && text.p[0] == '[')
		return invalid(err, "space-delimited patterns ([field, field]) are not supported by this server; "
				    "terms, ?terms, -terms and \"phrases\" are.");
	if (text.n >= 2 && text.p[0] == '%' && text.p[text.n - 1] == '%')
		return invalid(err, "regular expressions between percent signs are not supported by this server; "
				    "terms, ?terms, -terms and \"phrases\" are.");
	return HC_OK;
}

static enum hc_code read_term(struct hc_str text, size_t *at, struct hc_arena *arena, struct hc_log_term *out,
			      struct hc_err *err)
{
	struct hc_log_term term = {.sign = '+'};
	if (text.p[*at] == '?' || text.p[*at] == '-')
		term.sign = text.p[(*at)++];
	if (*at < text.n && text.p[*at] == '"') {
		++*at;
		HC_TRY(read_quoted(text, at, arena, &term.text, err));
	} else {
		HC_TRY(read_bare(text, at, &term.text, err));
	}
	if (term.text.n == 0 && term.sign != '+')
		return invalid(err, "there is nothing behind a ? or -; as text they stand in double quotes.");
	*out = term;
	return HC_OK;
}

enum hc_code hc_log_pattern_parse(struct hc_str text, struct hc_arena *arena, struct hc_log_pattern *out,
				  struct hc_err *err)
{
	struct hc_log_pattern pattern = {.n = 0};
	size_t at = 0;
	while (at < text.n && is_space(text.p[at]))
		at++;
	while (text.n > at && is_space(text.p[text.n - 1]))
		text.n--;
	if (text.n > at)
		HC_TRY(check_kind((struct hc_str){text.p + at, text.n - at}, err));
	while (at < text.n) {
		struct hc_log_term term;
		HC_TRY(read_term(text, &at, arena, &term, err));
		if (term.text.n > 0 && pattern.n == HC_LOG_PATTERN_TERMS_MAX)
			return hc_fail(err, HC_USAGE, "Invalid filter pattern: it has more than %d terms.",
				       HC_LOG_PATTERN_TERMS_MAX);
		if (term.text.n > 0) /* "" is in every message */
			pattern.terms[pattern.n++] = term;
		while (at < text.n && is_space(text.p[at]))
			at++;
	}
	*out = pattern;
	return HC_OK;
}

bool hc_log_pattern_match(const struct hc_log_pattern *pattern, struct hc_str message)
{
	bool may = false, one = false;
	for (size_t i = 0; i < pattern->n; i++) {
		const struct hc_log_term *t = &pattern->terms[i];
		bool there = message.n >= t->text.n && memmem(message.p, message.n, t->text.p, t->text.n) != NULL;
		if (t->sign == '?') {
			may = true;
			one = one || there;
		} else if (there == (t->sign == '-')) {
			return false;
		}
	}
	return one || !may;
}
