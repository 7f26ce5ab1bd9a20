#include "conf/options.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum { RUN = 1, HELP = 2, MAKE = 4 };

static const struct hc_option options[] = {
	{.name = "output",
	 .letter = 'o',
	 .value = "DIR",
	 .group = "Output",
	 .help = "Where to.",
	 .commands = RUN | MAKE},
	{.name = "quiet", .letter = 'q', .group = "Output", .help = "Says nothing.", .commands = RUN},
	{.name = "start-offset", .value = "D", .group = "Window", .help = "-P1D: a day back.", .commands = RUN},
	{.name = "end-offset", .value = "D", .group = "Window", .help = "See --start-offset.", .commands = RUN},
	{.name = "made", .value = "X", .group = "Window", .help = "Only of make.", .commands = MAKE},
};
enum { OUTPUT, QUIET, START, END, MADE };

static const struct hc_command commands[] = {
	{"run", RUN, "[OPTION...]", "runs", "One paragraph.\n\nAnother paragraph.", NULL, NULL},
	{"make", MAKE, "DATA...", "makes", "Text of make.", "DATA", "7 is odd."},
	{"help", HELP, "[COMMAND]", "helps", "Text of help.", "COMMAND", NULL},
};
enum { C_RUN, C_MAKE, C_HELP };

static const struct hc_options_table table = {
	.program = "prog",
	.version = "1.2",
	.date = "2026-01-02",
	.summary = "does things",
	.text = "About it.",
	.commands = commands,
	.n_commands = COUNT(commands),
	.options = options,
	.n_options = COUNT(options),
	.exit_status = "0 is good.",
	.environment = "NAME is read.",
};

/* Words separated by '|' as arguments. */
static enum hc_code parse(const struct hc_command *command, const char *words, struct hc_parsed *p, struct hc_err *err)
{
	static char copy[1024];
	char *argv[64], *rest = copy;
	int argc = 0;
	strcpy(copy, words);
	for (char *word; *words && (word = strsep(&rest, "|")) != NULL; argc++)
		argv[argc] = word;
	return hc_options_parse(&table, command, argc, argv, p, err);
}

/* "option=value " of what was given, then the other arguments. */
static void tell(const struct hc_parsed *p, struct hc_buf *out)
{
	hc_buf_reset(out);
	for (size_t i = 0; i < COUNT(options); i++)
		if (p->values[i])
			hc_buf_printf(out, "%s=%s ", options[i].name, p->values[i]);
	for (size_t i = 0; i < p->n_positionals; i++)
		hc_buf_printf(out, "[%s]", p->positionals[i]);
	hc_buf_cstr(out, p->help ? "help" : "");
}

static void test_parsed(void **state)
{
	(void)state;
	static const struct {
		int command;
		const char *words, *told;
	} cases[] = {
		{C_RUN, "", ""},
		{C_RUN, "--output|dir", "output=dir "},
		{C_RUN, "--output=dir", "output=dir "},
		{C_RUN, "-o|dir", "output=dir "},
		{C_RUN, "-odir", "output=dir "},
		{C_RUN, "-o=dir", "output==dir "},
		{C_RUN, "--output=a=b", "output=a=b "},
		{C_RUN, "--output=", "output= "},
		{C_RUN, "--quiet", "quiet= "},
		{C_RUN, "-q|-o|x", "output=x quiet= "},
		/* a value may begin with a minus, or be one of the option names */
		{C_RUN, "--start-offset|-P8D|--end-offset|-PT0H", "start-offset=-P8D end-offset=-PT0H "},
		{C_RUN, "--start-offset=-PT2H", "start-offset=-PT2H "},
		{C_RUN, "-o|--quiet", "output=--quiet "},
		{C_RUN, "-o|--", "output=-- "},
		/* other arguments, in any place; behind -- whatever they look like */
		{C_MAKE, "a|-o|x|b", "output=x [a][b]"},
		{C_MAKE, "-", "[-]"},
		{C_MAKE, "--|-o|--output=x|--", "[-o][--output=x][--]"},
		{C_MAKE, "a|--|b", "[a][b]"},
		/* help is answered at once, whatever else is there */
		{C_RUN, "--help", "help"},
		{C_RUN, "-h", "help"},
		{C_RUN, "-q|--help|--no-such", "quiet= help"},
		{C_MAKE, "--|--help", "[--help]"},
	};
	struct hc_buf out = HC_BUF(1 << 16);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hc_parsed p;
		struct hc_err err;
		if (parse(&commands[cases[i].command], cases[i].words, &p, &err) != HC_OK)
			fail_msg("%s: %s", cases[i].words, err.msg);
		tell(&p, &out);
		check_str(hc_buf_view(&out), cases[i].told);
		hc_parsed_free(&p);
	}
	hc_buf_free(&out);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		int command;
		const char *words, *why, *hint;
	} cases[] = {
		/* unknown, with the nearest known one of this command */
		{C_RUN, "--ouput|x", "prog run has no option --ouput", "--output?"},
		{C_RUN, "--start_offset=x", "no option --start_offset", "--start-offset?"},
		{C_RUN, "--Quiet", "no option --Quiet", "--quiet?"},
		{C_RUN, "--nothing-like-it", "no option --nothing-like-it", "prog run --help"},
		{C_RUN, "--", NULL, NULL}, /* the end of options is no option */
		{C_RUN, "-x", "prog run has no option -", "help"},
		/* no abbreviations; what belongs to another command */
		{C_RUN, "--out|x", "no option --out", "--output?"},
		{C_RUN, "--start|x", "no option --start", "prog run --help"},
		{C_RUN, "--made=1", "prog run has no option --made", "prog run --help"},
		{C_MAKE, "--quiet", "prog make has no option --quiet", "prog make --help"},
		{C_MAKE, "-q", "prog make has no option", "prog make --help"},
		/* values */
		{C_RUN, "--output", "--output needs a value", "--output DIR"},
		{C_RUN, "-q|-o", "--output needs a value", "--output DIR"},
		{C_RUN, "--quiet=yes", "--quiet takes no value", "--quiet alone"},
		{C_RUN, "-qx", "--quiet takes no value", "--quiet alone"},
		/* twice */
		{C_RUN, "-o|a|--output|b", "--output is given twice", "once"},
		{C_RUN, "-q|-q", "--quiet is given twice", "once"},
		/* arguments where none belong */
		{C_RUN, "dir", "prog run takes no argument 'dir'", "prog run --help"},
		{C_RUN, "-o|x|y", "takes no argument 'y'", "prog run --help"},
		{C_RUN, "-", "takes no argument '-'", "prog run --help"},
		{C_RUN, "--|-q", "takes no argument '-q'", "prog run --help"},
		{C_RUN, "|-q", "takes no argument ''", "prog run --help"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hc_parsed p;
		struct hc_err err = {0};
		enum hc_code code = parse(&commands[cases[i].command], cases[i].words, &p, &err);
		if (!cases[i].why)
			assert_int_equal(code, HC_OK);
		else if (code != HC_USAGE || !strstr(err.msg, cases[i].why) || !strstr(err.hint, cases[i].hint))
			fail_msg("%s: %d %s (%s)", cases[i].words, (int)code, err.msg, err.hint);
		hc_parsed_free(&p);
	}
}

static void test_commands(void **state)
{
	(void)state;
	static const struct {
		const char *name, *hint; /* hint NULL: it is one */
	} cases[] = {
		{"run", NULL},         {"make", NULL},      {"help", NULL}, {"rum", "'run'?"},
		{"Run", "'run'?"},     {"maek", "'make'?"}, {"", "'run'?"}, {"something", "prog --help"},
		{"--help", "'help'?"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct hc_command *c = NULL;
		struct hc_err err;
		enum hc_code code = hc_options_command(&table, cases[i].name, &c, &err);
		if (!cases[i].hint) {
			assert_int_equal(code, HC_OK);
			assert_string_equal(c->name, cases[i].name);
			continue;
		}
		assert_int_equal(code, HC_USAGE);
		assert_null(c);
		assert_non_null(strstr(err.msg, cases[i].name));
		if (!strstr(err.hint, cases[i].hint))
			fail_msg("%s: %s", cases[i].name, err.hint);
	}
}

static void test_help(void **state)
{
	(void)state;
	struct hc_buf out = HC_BUF(1 << 16);
	hc_options_help(&table, &commands[C_RUN], &out);
	check_str(hc_buf_view(&out), "prog run: runs\n"
				     "\n"
				     "usage: prog run [OPTION...]\n"
				     "\n"
				     "One paragraph.\n"
				     "\n"
				     "Another paragraph.\n"
				     "\n"
				     "Output:\n"
				     "  -o, --output DIR\n"
				     "        Where to.\n"
				     "  -q, --quiet\n"
				     "        Says nothing.\n"
				     "\n"
				     "Window:\n"
				     "  --start-offset D\n"
				     "        -P1D: a day back.\n"
				     "  --end-offset D\n"
				     "        See --start-offset.\n"
				     "\n"
				     "Exit status:\n"
				     "  0 is good.\n");
	hc_buf_reset(&out);
	hc_options_help(&table, NULL, &out);
	const char *text = hc_buf_cstring(&out);
	assert_true(hc_str_starts(hc_buf_view(&out), "prog 1.2: does things\n"));
	for (size_t i = 0; i < COUNT(commands); i++) {
		assert_non_null(strstr(text, commands[i].name));
		assert_non_null(strstr(text, commands[i].summary));
	}
	assert_non_null(strstr(text, "About it."));
	hc_buf_free(&out);
}

/* Long text is wrapped at words, within 80 columns, at its indent; nothing of it is lost. */
static void test_wrapping(void **state)
{
	(void)state;
	static const char word[] =
		"a-word-longer-than-eighty-columns-a-word-longer-than-eighty-columns-a-word-longer-than-it-is";
	char long_text[4096] = "";
	for (int i = 0; i < 40; i++)
		sprintf(long_text + strlen(long_text), "%s%d words%s", i ? " " : "", i * i * i,
			i == 20 ? ".\n\nNew paragraph" : "");
	strcat(long_text, " ");
	strcat(long_text, word);
	strcat(long_text, " end");
	const struct hc_option one = {.name = "x", .group = "G", .help = long_text, .commands = RUN};
	struct hc_options_table t = table;
	t.options = &one;
	t.n_options = 1;
	struct hc_buf out = HC_BUF(1 << 16);
	hc_options_help(&t, &commands[C_RUN], &out);
	const char *from = strstr(hc_buf_cstring(&out), "  --x\n"), *to = strstr(from, "\n\nExit status");
	assert_non_null(from);
	assert_non_null(to);
	from += strlen("  --x\n");
	/* the lines: indented by eight, not wider than 80 but for a word that is */
	int lines = 0;
	for (const char *line = from; line < to; lines++) {
		size_t n = strcspn(line, "\n");
		assert_true(n == 0 || strncmp(line, "        ", 8) == 0);
		assert_true(n == 0 || line[8] != ' ');
		assert_true(n == 0 || line[n - 1] != ' ');
		assert_true(n <= 80 || strncmp(line + 8, word, strlen(word)) == 0);
		line += n + 1;
	}
	assert_true(lines > 5);
	/* the words: the same ones in the same order */
	char *told = strndup(from, (size_t)(to - from)), *given = strdup(long_text), *told_rest = NULL,
	     *given_rest = NULL;
	char *b = strtok_r(told, " \n", &told_rest);
	for (char *a = strtok_r(given, " \n", &given_rest); a; a = strtok_r(NULL, " \n", &given_rest)) {
		assert_non_null(b);
		assert_string_equal(a, b);
		b = strtok_r(NULL, " \n", &told_rest);
	}
	assert_null(b);
	assert_non_null(strstr(from, ".\n\n        New paragraph"));
	free(told);
	free(given);
	hc_buf_free(&out);
}

static void test_manual(void **state)
{
	(void)state;
	struct hc_options_table t = table;
	t.text = ".dot and 'quote at the start\n.of lines\n\n'and paragraphs, a back\\slash, a da-sh";
	struct hc_buf out = HC_BUF(1 << 16);
	hc_options_manual(&t, &out);
	const char *text = hc_buf_cstring(&out);
	static const char *const parts[] = {
		".TH prog 1 \"2026-01-02\" \"prog 1.2\" \"User Commands\"\n",
		".SH NAME\nprog \\- ",
		".SH SYNOPSIS\n",
		".B prog run\n",
		".SH COMMANDS\n.SS run\nOne paragraph.\n.PP\nAnother paragraph.\n",
		".SH OPTIONS\n.SS Output\n.TP\n.B \\-o, \\-\\-output \\fIDIR\\fP\nWhere to.\n(run, make)\n",
		".B \\-\\-start\\-offset \\fID\\fP\n\\-P1D: a day back.\n(run)\n",
		".SH EXIT STATUS\n0 is good.\n",
		".SH ENVIRONMENT\nNAME is read.\n",
		/* text is text, not requests */
		"\n\\&.dot and 'quote at the start\n\\&.of lines\n.PP\n\\&'and paragraphs, a back\\eslash, a da\\-sh\n",
	};
	for (size_t i = 0; i < COUNT(parts); i++)
		if (!strstr(text, parts[i]))
			fail_msg("\"%s\" is not in\n%s", parts[i], text);
	/* every command and every option once */
	for (size_t i = 0; i < COUNT(commands); i++) {
		char line[64];
		snprintf(line, sizeof line, ".SS %s\n", commands[i].name);
		const char *at = strstr(text, line);
		assert_non_null(at);
		assert_null(strstr(at + 1, line));
	}
	hc_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parsed), cmocka_unit_test(test_refused),  cmocka_unit_test(test_commands),
		cmocka_unit_test(test_help),   cmocka_unit_test(test_wrapping), cmocka_unit_test(test_manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
