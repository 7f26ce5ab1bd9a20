#include "conf/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/files.h"

struct loading {
	const struct hc_options_table *table;
	const struct hc_command *command;
	struct hc_arena *arena;
	struct hc_parsed *parsed;
	bool set[HC_OPTIONS_MAX]; /* by the command line or the environment: the file says nothing more */
};

void hc_setting_variable(const struct hc_option *option, char out[HC_SETTING_VARIABLE_SIZE])
{
	snprintf(out, HC_SETTING_VARIABLE_SIZE, "HINDCAST_%s", option->name);
	for (char *p = out; *p; p++)
		*p = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
}

const char *hc_setting_shown(const struct hc_options_table *table, const struct hc_parsed *parsed, size_t option,
			     char out[HC_SETTING_SHOWN_SIZE])
{
	if (parsed->origins[option])
		snprintf(out, HC_SETTING_SHOWN_SIZE, "%s", parsed->origins[option]);
	else
		snprintf(out, HC_SETTING_SHOWN_SIZE, "--%s", table->options[option].name);
	return out;
}

static enum hc_code note_origin(struct loading *l, size_t i, const char *origin, struct hc_err *err)
{
	l->parsed->origins[i] = hc_arena_cstring(l->arena, hc_str(origin));
	return l->parsed->origins[i] ? HC_OK : hc_fail_nomem(err, "a setting");
}

static bool is_setting(const struct loading *l, size_t i)
{
	return (l->table->options[i].traits & HC_OPTION_SETTING) && (l->table->options[i].commands & l->command->bit);
}

/* A flag's word; false for one that is neither. */
static bool read_switch(struct hc_str text, bool *out)
{
	*out = hc_str_eq(text, HC_STR("true")) || hc_str_eq(text, HC_STR("1"));
	return *out || hc_str_eq(text, HC_STR("false")) || hc_str_eq(text, HC_STR("0"));
}

/* Takes one value; a list grows by a line. */
static enum hc_code take(struct loading *l, size_t i, struct hc_str text, struct hc_err *err)
{
	const struct hc_option *o = &l->table->options[i];
	bool on;
	char shown[HC_STR_SHOW_SIZE];
	if (!o->value) {
		if (!read_switch(text, &on)) {
			hc_fail(err, HC_USAGE, "%s is '%s'", o->name, hc_str_show(text, shown));
			return hc_hint(err, "it is true or false");
		}
		l->parsed->values[i] = on ? "" : NULL;
		return HC_OK;
	}
	const char *before = l->parsed->values[i];
	HC_BUF_SCOPED struct hc_buf joined = HC_BUF(HC_SETTINGS_FILE_MAX * 2);
	if (before)
		hc_buf_printf(&joined, "%s\n", before);
	hc_buf_str(&joined, text);
	HC_TRY(hc_buf_check(&joined, "a setting", err));
	l->parsed->values[i] = hc_arena_cstring(l->arena, hc_buf_view(&joined));
	return l->parsed->values[i] ? HC_OK : hc_fail_nomem(err, "a setting");
}

static enum hc_code load_environment(struct loading *l, struct hc_err *err)
{
	for (size_t i = 0; i < l->table->n_options; i++) {
		char name[HC_SETTING_VARIABLE_SIZE];
		l->set[i] = l->parsed->values[i] != NULL;
		if (!is_setting(l, i) || l->set[i])
			continue;
		hc_setting_variable(&l->table->options[i], name);
		const char *value = getenv(name);
		if (!value || !*value)
			continue;
		if (take(l, i, hc_str(value), err) != HC_OK)
			return hc_err_at(err, "the environment variable %s", name);
		HC_TRY(note_origin(l, i, name, err));
		l->set[i] = true;
	}
	return HC_OK;
}

static enum hc_code load_line(struct loading *l, struct hc_str line, const char *place, bool *seen, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE], origin[HC_SETTING_SHOWN_SIZE];
	const char *equals = memchr(line.p, '=', line.n);
	if (!equals || memchr(line.p, '\0', line.n)) { /* a value would end at a NUL, unseen */
		hc_fail(err, HC_USAGE, "'%s' is no setting", hc_str_show(line, shown));
		return hc_hint(err, "write NAME = VALUE");
	}
	struct hc_str name = hc_str_trim((struct hc_str){line.p, (size_t)(equals - line.p)});
	struct hc_str value = hc_str_trim((struct hc_str){equals + 1, line.n - (size_t)(equals + 1 - line.p)});
	for (size_t i = 0; i < l->table->n_options; i++) {
		if (!is_setting(l, i) || !hc_str_eq(name, hc_str(l->table->options[i].name)))
			continue;
		if (l->set[i])
			return HC_OK;
		/* A list says so by its value's name in the help. */
		const char *kind = l->table->options[i].value;
		if (seen[i] && !(kind && strstr(kind, "..."))) {
			hc_fail(err, HC_USAGE, "%s stands there twice", l->table->options[i].name);
			return hc_hint(err, "keep one of the lines");
		}
		seen[i] = true;
		snprintf(origin, sizeof origin, "%s: %s", place, l->table->options[i].name);
		HC_TRY(note_origin(l, i, origin, err));
		return take(l, i, value, err);
	}
	hc_fail(err, HC_USAGE, "there is no setting '%s'", hc_str_show(name, shown));
	return hc_hint(err, "%s %s --help lists them", l->table->program, l->command->name);
}

static enum hc_code load_file(struct loading *l, const char *file, bool must_exist, struct hc_err *err)
{
	bool seen[HC_OPTIONS_MAX] = {false};
	char place[HC_PATH_LEN_MAX + 32];
	struct hc_file_info info;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(HC_SETTINGS_FILE_MAX);
	HC_TRY(hc_file_look(file, &info, err));
	if (info.kind == HC_FILE_MISSING && !must_exist)
		return HC_OK;
	HC_TRY(hc_file_slurp(file, &text, err));
	struct hc_str rest = hc_str_skip_mark(hc_buf_view(&text));
	for (size_t number = 1; rest.n > 0; number++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		struct hc_str line = hc_str_trim((struct hc_str){rest.p, n});
		snprintf(place, sizeof place, "%s:%zu", file, number);
		if (line.n > 0 && line.p[0] != '#' && load_line(l, line, place, seen, err) != HC_OK)
			return hc_err_at(err, "%s", place);
		rest.p += n + (end != NULL);
		rest.n -= n + (end != NULL);
	}
	return HC_OK;
}

enum hc_code hc_settings_load(const struct hc_options_table *table, const struct hc_command *command, const char *file,
			      bool must_exist, struct hc_arena *arena, struct hc_parsed *parsed, struct hc_err *err)
{
	struct loading l = {.table = table, .command = command, .arena = arena, .parsed = parsed};
	HC_TRY(load_environment(&l, err));
	return file ? load_file(&l, file, must_exist, err) : HC_OK;
}
