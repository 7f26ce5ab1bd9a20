/*
 * Options of commands: one table makes the parser, the help and the manual page.
 *
 * Names are exact (no abbreviations: scripts would break when a name is added); `--name value`,
 * `--name=value`, `-o value`, `-ovalue`; a value may begin with a minus (`-PT2H`). `--` ends the
 * options. An unknown name is refused with the nearest known one.
 */
#ifndef HC_CONF_OPTIONS_H
#define HC_CONF_OPTIONS_H

#include "base/buf.h"

enum { HC_OPTIONS_MAX = 64, HC_POSITIONALS_MAX = 100000 };

enum hc_option_trait {
	HC_OPTION_IN_MANIFEST = 1, /* it can change what is written, so the manifest names it */
	HC_OPTION_SETTING = 2,     /* may also stand in the environment and in a file (conf/settings.h) */
};

struct hc_option {
	const char *name;  /* without dashes */
	char letter;       /* -o; 0: none */
	const char *value; /* what stands for its value in the help (DIR); NULL: a flag */
	const char *group; /* heading in the help */
	const char *help;  /* one or more sentences */
	unsigned commands; /* bit mask: commands that take it */
	unsigned traits;   /* bit mask of enum hc_option_trait */
};

struct hc_command {
	const char *name;
	unsigned bit;
	const char *synopsis;    /* behind the name */
	const char *summary;     /* one line */
	const char *text;        /* paragraphs, separated by an empty line */
	const char *positional;  /* what its arguments without dashes are ("DATA"); NULL: it takes none */
	const char *exit_status; /* paragraphs; NULL: those of the table */
};

struct hc_options_table {
	const char *program, *version, *date, *summary; /* date: of the manual, YYYY-MM-DD */
	const char *text;                               /* for the manual page and the general help */
	const struct hc_command *commands;
	size_t n_commands;
	const struct hc_option *options;
	size_t n_options;
	const char *exit_status; /* paragraphs */
	const char *environment; /* paragraphs */
};

struct hc_parsed {
	const char *values[HC_OPTIONS_MAX];  /* parallel to the table; NULL: not given; "" for flags */
	const char *origins[HC_OPTIONS_MAX]; /* where a value comes from, for messages; NULL: the command line */
	const char **positionals;            /* owned: hc_parsed_free */
	size_t n_positionals;
	bool help;
};

/* Parses argv[0 .. argc) for one command. HC_USAGE on anything that is not as the table says. */
enum hc_code hc_options_parse(const struct hc_options_table *table, const struct hc_command *command, int argc,
			      char *const *argv, struct hc_parsed *out, struct hc_err *err) HC_MUST_USE;
void hc_parsed_free(struct hc_parsed *p);

/* The command of that name. HC_USAGE with the nearest one for an unknown name. */
enum hc_code hc_options_command(const struct hc_options_table *table, const char *name, const struct hc_command **out,
				struct hc_err *err) HC_MUST_USE;

/* Help of the program (command NULL) or of one command; the manual page, in man(7). */
void hc_options_help(const struct hc_options_table *table, const struct hc_command *command, struct hc_buf *out);
void hc_options_manual(const struct hc_options_table *table, struct hc_buf *out);

#endif
