#include "conf/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf/settings.h"

static bool takes(const struct hc_option *o, const struct hc_command *c)
{
	return (o->commands & c->bit) != 0;
}

static enum hc_code fail_unknown(const struct hc_options_table *t, const struct hc_command *c, struct hc_str name,
				 struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	const struct hc_option *nearest = NULL, *elsewhere = NULL;
	size_t best = 4;
	for (size_t i = 0; i < t->n_options; i++) {
		const struct hc_option *o = &t->options[i];
		size_t d = hc_str_distance(name, hc_str(o->name));
		if (takes(o, c) && d < best) {
			best = d;
			nearest = o;
		}
		if (!takes(o, c) && d == 0)
			elsewhere = o;
	}
	hc_fail(err, HC_USAGE, "%s %s has no option --%s", t->program, c->name, hc_str_show(name, shown));
	if (nearest && !elsewhere)
		return hc_hint(err, "did you mean --%s?", nearest->name);
	return hc_hint(err, "%s %s --help lists them", t->program, c->name);
}

static enum hc_code find_long(const struct hc_options_table *t, const struct hc_command *c, struct hc_str name,
			      size_t *out, struct hc_err *err)
{
	for (size_t i = 0; i < t->n_options; i++) {
		if (takes(&t->options[i], c) && hc_str_eq(name, hc_str(t->options[i].name))) {
			*out = i;
			return HC_OK;
		}
	}
	return fail_unknown(t, c, name, err);
}

static enum hc_code find_letter(const struct hc_options_table *t, const struct hc_command *c, char letter, size_t *out,
				struct hc_err *err)
{
	for (size_t i = 0; i < t->n_options; i++) {
		if (takes(&t->options[i], c) && t->options[i].letter == letter) {
			*out = i;
			return HC_OK;
		}
	}
	return fail_unknown(t, c, (struct hc_str){&letter, 1}, err);
}

/* One argument that begins with a dash; `next` is the one behind it (NULL at the end). */
static enum hc_code parse_option(const struct hc_options_table *t, const struct hc_command *c, const char *arg,
				 const char *next, bool *used_next, struct hc_parsed *p, struct hc_err *err)
{
	size_t i = 0;
	const char *value = NULL;
	*used_next = false;
	if (arg[1] == '-') {
		const char *equals = strchr(arg + 2, '=');
		struct hc_str name = {arg + 2, equals ? (size_t)(equals - arg) - 2 : strlen(arg + 2)};
		HC_TRY(find_long(t, c, name, &i, err));
		value = equals ? equals + 1 : NULL;
	} else {
		HC_TRY(find_letter(t, c, arg[1], &i, err));
		value = arg[2] ? arg + 2 : NULL;
	}
	const struct hc_option *o = &t->options[i];
	if (p->values[i]) {
		hc_fail(err, HC_USAGE, "--%s is given twice", o->name);
		return hc_hint(err, "give it once");
	}
	if (!o->value && value) {
		hc_fail(err, HC_USAGE, "--%s takes no value", o->name);
		return hc_hint(err, "write --%s alone", o->name);
	}
	if (o->value && !value) {
		if (!next) {
			hc_fail(err, HC_USAGE, "--%s needs a value", o->name);
			return hc_hint(err, "write --%s %s", o->name, o->value);
		}
		value = next;
		*used_next = true;
	}
	p->values[i] = o->value ? value : "";
	return HC_OK;
}

static enum hc_code add_positional(const struct hc_options_table *t, const struct hc_command *c, const char *arg,
				   struct hc_parsed *p, struct hc_err *err)
{
	if (!c->positional) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_USAGE, "%s %s takes no argument '%s'", t->program, c->name,
			hc_str_show(hc_str(arg), shown));
		return hc_hint(err, "%s %s --help shows how it is called", t->program, c->name);
	}
	if (p->n_positionals == HC_POSITIONALS_MAX)
		return hc_fail(err, HC_USAGE, "more than %d arguments", HC_POSITIONALS_MAX);
	p->positionals[p->n_positionals++] = arg;
	return HC_OK;
}

static enum hc_code parse_all(const struct hc_options_table *t, const struct hc_command *c, int argc, char *const *argv,
			      struct hc_parsed *p, struct hc_err *err)
{
	bool only_positionals = false;
	for (int i = 0; i < argc; i++) {
		const char *arg = argv[i];
		bool used_next = false;
		if (only_positionals || arg[0] != '-' || arg[1] == '\0') {
			HC_TRY(add_positional(t, c, arg, p, err));
		} else if (strcmp(arg, "--") == 0) {
			only_positionals = true;
		} else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
			p->help = true;
			return HC_OK;
		} else {
			HC_TRY(parse_option(t, c, arg, i + 1 < argc ? argv[i + 1] : NULL, &used_next, p, err));
			i += used_next;
		}
	}
	return HC_OK;
}

enum hc_code hc_options_parse(const struct hc_options_table *table, const struct hc_command *command, int argc,
			      char *const *argv, struct hc_parsed *out, struct hc_err *err)
{
	assert(table->n_options <= HC_OPTIONS_MAX);
	*out = (struct hc_parsed){0};
	out->positionals = malloc(((size_t)argc + 1) * sizeof *out->positionals);
	if (!out->positionals)
		return hc_fail_nomem(err, "the arguments");
	return parse_all(table, command, argc, argv, out, err);
}

void hc_parsed_free(struct hc_parsed *p)
{
	free(p->positionals);
	p->positionals = NULL;
}

enum hc_code hc_options_command(const struct hc_options_table *table, const char *name, const struct hc_command **out,
				struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	const struct hc_command *nearest = &table->commands[0];
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < table->n_commands; i++) {
		size_t d = hc_str_distance(hc_str(name), hc_str(table->commands[i].name));
		if (d == 0) {
			*out = &table->commands[i];
			return HC_OK;
		}
		if (d < best) {
			best = d;
			nearest = &table->commands[i];
		}
	}
	hc_fail(err, HC_USAGE, "no command '%s'", hc_str_show(hc_str(name), shown));
	if (best <= 3)
		return hc_hint(err, "did you mean '%s'?", nearest->name);
	return hc_hint(err, "%s --help lists the commands", table->program);
}

/* --- help ----------------------------------------------------------------------------------- */

/* Text at an indent, wrapped at 80 columns; `at` is the column that is already reached. */
static void wrap(struct hc_buf *out, const char *text, size_t indent, size_t at)
{
	enum { COLUMNS = 80 };
	while (*text) {
		size_t word = strcspn(text, " \n");
		if (at > indent && at + 1 + word > COLUMNS) {
			hc_buf_char(out, '\n');
			at = 0;
		}
		if (at < indent) {
			hc_buf_printf(out, "%*s", (int)(indent - at), "");
			at = indent;
		} else if (at > indent && word) {
			hc_buf_char(out, ' ');
			at++;
		}
		hc_buf_put(out, text, word);
		at += word;
		text += word;
		if (text[0] == '\n' && text[1] == '\n') {
			hc_buf_cstr(out, "\n\n");
			at = 0;
		}
		text += strspn(text, " \n");
	}
	hc_buf_char(out, '\n');
}

static void option_name(const struct hc_option *o, struct hc_buf *out)
{
	if (o->letter)
		hc_buf_printf(out, "-%c, ", o->letter);
	hc_buf_printf(out, "--%s", o->name);
	if (o->value)
		hc_buf_printf(out, " %s", o->value);
}

static void help_options(const struct hc_options_table *t, const struct hc_command *c, struct hc_buf *out)
{
	enum { INDENT = 8 };
	const char *group = "";
	for (size_t i = 0; i < t->n_options; i++) {
		const struct hc_option *o = &t->options[i];
		if (!takes(o, c))
			continue;
		if (strcmp(group, o->group) != 0)
			hc_buf_printf(out, "\n%s:\n", o->group);
		group = o->group;
		hc_buf_cstr(out, "  ");
		option_name(o, out);
		if (o->traits & HC_OPTION_SETTING) {
			char variable[HC_SETTING_VARIABLE_SIZE];
			hc_setting_variable(o, variable);
			hc_buf_printf(out, "   [%s]", variable);
		}
		hc_buf_char(out, '\n');
		wrap(out, o->help, INDENT, 0);
	}
}

void hc_options_help(const struct hc_options_table *t, const struct hc_command *command, struct hc_buf *out)
{
	if (command) {
		hc_buf_printf(out, "%s %s: %s\n\nusage: %s %s ", t->program, command->name, command->summary,
			      t->program, command->name);
		size_t at = strlen(t->program) + strlen(command->name) + 9;
		wrap(out, command->synopsis, at, at);
		hc_buf_char(out, '\n');
		wrap(out, command->text, 0, 0);
		help_options(t, command, out);
		hc_buf_cstr(out, "\nExit status:\n");
		wrap(out, command->exit_status ? command->exit_status : t->exit_status, 2, 0);
		return;
	}
	hc_buf_printf(out, "%s %s: %s\n\nusage: %s COMMAND [OPTION...]\n\n", t->program, t->version, t->summary,
		      t->program);
	for (size_t i = 0; i < t->n_commands; i++)
		hc_buf_printf(out, "  %-10s %s\n", t->commands[i].name, t->commands[i].summary);
	hc_buf_char(out, '\n');
	wrap(out, t->text, 0, 0);
	hc_buf_printf(out, "\n%s COMMAND --help tells of one command; man %s of all.\n", t->program, t->program);
}

/* --- the manual page ------------------------------------------------------------------------ */

/* Text for troff: backslashes and leading dots or quotes escaped, dashes kept as minus signs. */
static void roff_text(struct hc_buf *out, const char *text)
{
	bool line_start = true;
	for (; *text; text++) {
		if (text[0] == '\n' && text[1] == '\n') {
			hc_buf_cstr(out, "\n.PP\n");
			text++;
			line_start = true;
			continue;
		}
		if (line_start && (*text == '.' || *text == '\''))
			hc_buf_cstr(out, "\\&");
		if (*text == '\\')
			hc_buf_cstr(out, "\\e");
		else if (*text == '-')
			hc_buf_cstr(out, "\\-");
		else
			hc_buf_char(out, *text);
		line_start = *text == '\n';
	}
	hc_buf_char(out, '\n');
}

static void roff_option(const struct hc_options_table *t, const struct hc_option *o, struct hc_buf *out)
{
	hc_buf_cstr(out, ".TP\n.B ");
	if (o->letter)
		hc_buf_printf(out, "\\-%c, ", o->letter);
	hc_buf_cstr(out, "\\-\\-");
	for (const char *p = o->name; *p; p++) {
		if (*p == '-')
			hc_buf_char(out, '\\');
		hc_buf_char(out, *p);
	}
	if (o->value)
		hc_buf_printf(out, " \\fI%s\\fP", o->value);
	hc_buf_char(out, '\n');
	roff_text(out, o->help);
	hc_buf_cstr(out, "(");
	bool first = true;
	for (size_t i = 0; i < t->n_commands; i++) {
		if (!takes(o, &t->commands[i]))
			continue;
		hc_buf_printf(out, "%s%s", first ? "" : ", ", t->commands[i].name);
		first = false;
	}
	if (o->traits & HC_OPTION_SETTING) {
		char variable[HC_SETTING_VARIABLE_SIZE];
		hc_setting_variable(o, variable);
		hc_buf_printf(out, "; %s", variable);
	}
	hc_buf_cstr(out, ")\n");
}

void hc_options_manual(const struct hc_options_table *t, struct hc_buf *out)
{
	hc_buf_printf(out, ".TH %s 1 \"%s\" \"%s %s\" \"User Commands\"\n.SH NAME\n%s \\- ", t->program, t->date,
		      t->program, t->version, t->program);
	roff_text(out, t->summary);
	hc_buf_cstr(out, ".SH SYNOPSIS\n");
	for (size_t i = 0; i < t->n_commands; i++) {
		hc_buf_printf(out, "%s.B %s %s\n", i ? ".br\n" : "", t->program, t->commands[i].name);
		if (*t->commands[i].synopsis)
			roff_text(out, t->commands[i].synopsis);
	}
	hc_buf_cstr(out, ".SH DESCRIPTION\n");
	roff_text(out, t->text);
	hc_buf_cstr(out, ".SH COMMANDS\n");
	for (size_t i = 0; i < t->n_commands; i++) {
		hc_buf_printf(out, ".SS %s\n", t->commands[i].name);
		roff_text(out, t->commands[i].text);
		if (t->commands[i].exit_status) {
			hc_buf_cstr(out, ".PP\nExit status:\n.PP\n");
			roff_text(out, t->commands[i].exit_status);
		}
	}
	hc_buf_cstr(out, ".SH OPTIONS\n");
	const char *group = "";
	for (size_t i = 0; i < t->n_options; i++) {
		if (strcmp(group, t->options[i].group) != 0)
			hc_buf_printf(out, ".SS %s\n", t->options[i].group);
		group = t->options[i].group;
		roff_option(t, &t->options[i], out);
	}
	hc_buf_cstr(out, ".SH EXIT STATUS\n");
	roff_text(out, t->exit_status);
	hc_buf_cstr(out, ".SH ENVIRONMENT\n");
	roff_text(out, t->environment);
}
