/*
 * hindcast: the program. Dispatches commands; the edge where error codes become exit statuses and
 * reports become text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/container.h"
#include "monitor/execution.h"
#include "sys/clock.h"
#include "sys/interrupt.h"

enum { EXIT_FINE = 0, EXIT_VIOLATIONS = 1, EXIT_BAD_INPUT = 2, EXIT_REFUSED = 3 };

#define ARENA_BYTES (UINT64_C(64) << 20)
#define TEXT_BYTES (UINT64_C(1) << 30)

static int status_of(enum hc_code code)
{
	switch (code) {
	case HC_OK:
		return EXIT_FINE;
	case HC_USAGE:
	case HC_INPUT:
	case HC_EMPTY:
		return EXIT_BAD_INPUT;
	default:
		return EXIT_REFUSED;
	}
}

static bool wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR");
	return isatty(fd) && !(no && *no);
}

/* Standard output is a file like any other: what does not arrive there is an error. */
static int print(struct hc_buf *text, int status)
{
	struct hc_err err;
	if (hc_buf_check(text, "the output", &err) == HC_OK && fwrite(text->p, 1, text->n, stdout) == text->n &&
	    fflush(stdout) == 0)
		return status;
	fprintf(stderr, "hindcast: standard output cannot be written\n");
	return EXIT_REFUSED;
}

static int fail(const struct hc_err *err)
{
	bool colour = wants_colour(STDERR_FILENO);
	fprintf(stderr, "%shindcast:%s %s%s%s\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "", err->msg,
		err->hint[0] ? "; " : "", err->hint);
	return status_of(err->code);
}

/* --- progress ------------------------------------------------------------------------------- */

struct progress {
	int64_t started_us, told_us;
	bool told;
};

static void tell(void *arg, const char *what, uint64_t done, uint64_t all)
{
	enum { FIRST_US = 500000, EVERY_US = 200000 };
	struct progress *p = arg;
	int64_t now = hc_clock_steady_us();
	if (now - p->started_us < FIRST_US || now - p->told_us < EVERY_US)
		return;
	p->told_us = now;
	p->told = true;
	double share = all ? 100.0 * (double)done / (double)all : 0;
	fprintf(stderr, "\r%s: %.0f of %.0f MB (%.0f %%)\033[K", what, (double)done / 1e6, (double)all / 1e6,
		share > 100 ? 100 : share);
	fflush(stderr);
}

static void end_progress(const struct progress *p)
{
	if (p->told)
		fprintf(stderr, "\r\033[K");
}

/* --- commands ------------------------------------------------------------------------------- */

enum voice { VOICE_SUMMARY, VOICE_JSON, VOICE_QUIET };

static enum voice voice_of(const struct hc_parsed *parsed)
{
	if (parsed->values[HC_OPT_JSON])
		return VOICE_JSON;
	return parsed->values[HC_OPT_QUIET] ? VOICE_QUIET : VOICE_SUMMARY;
}

static void warn_passed_over(const struct hc_report *report)
{
	const struct hc_input_files *f = report->files;
	if (f->passed_over)
		fprintf(stderr, "hindcast: note: %zu file%s not read, the name is not that of a record file: %s%s\n",
			f->passed_over, f->passed_over == 1 ? "" : "s", f->passed_over_example,
			f->passed_over == 1 ? "" : ", ...");
}

static int show_report(const struct hc_report *report, enum voice voice)
{
	int status = report->verdict.n_violations ? EXIT_VIOLATIONS : EXIT_FINE;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(TEXT_BYTES);
	if (voice == VOICE_QUIET)
		return status;
	warn_passed_over(report);
	if (voice == VOICE_JSON)
		hc_report_document(report, &text);
	else
		hc_report_summary(report, wants_colour(STDOUT_FILENO), &text);
	return print(&text, status);
}

static int show_failure(const char *command, const struct hc_err *err, enum voice voice)
{
	int status = fail(err);
	if (voice != VOICE_JSON)
		return status;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(TEXT_BYTES);
	hc_report_failure(command, status, err, &text);
	return print(&text, status);
}

static enum hc_code execute(struct hc_request *q, struct hc_execution **execution, const struct hc_report **report,
			    struct hc_err *err)
{
	struct progress progress = {.started_us = hc_clock_steady_us()};
	if (isatty(STDERR_FILENO))
		q->progress = (struct hc_progress){tell, &progress};
	enum hc_code code = hc_execution_run(q, execution, report, err);
	end_progress(&progress);
	q->progress = (struct hc_progress){0};
	return code;
}

static int run_in_container(const struct hc_command *command)
{
	struct hc_err err;
	struct hc_request q;
	struct hc_execution *execution = NULL;
	const struct hc_report *report = NULL;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
	enum hc_code code = hc_container_request(command, &arena, &q, &err);
	if (code == HC_OK)
		code = execute(&q, &execution, &report, &err);
	if (code == HC_OK)
		code = hc_container_finish(report, &err);
	if (code != HC_OK) {
		hc_container_fail(&err);
		hc_execution_free(execution);
		return fail(&err);
	}
	int status = show_report(report, VOICE_SUMMARY);
	hc_execution_free(execution);
	/* Violations are the job's finding, not its failure. */
	return status == EXIT_VIOLATIONS ? EXIT_FINE : status;
}

static int run_command(const struct hc_command *command, const struct hc_parsed *parsed)
{
	struct hc_err err;
	struct hc_request q;
	struct hc_execution *execution = NULL;
	const struct hc_report *report = NULL;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
	enum voice voice = voice_of(parsed);
	enum hc_code code = hc_request_of_options(command, parsed, HC_ON_COMMAND_LINE, &arena, &q, &err);
	if (code == HC_OK)
		code = execute(&q, &execution, &report, &err);
	if (code != HC_OK)
		return show_failure(command->name, &err, voice);
	int status = show_report(report, voice);
	hc_execution_free(execution);
	return status;
}

static int print_help(const struct hc_command *command, bool manual)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(TEXT_BYTES);
	if (manual)
		hc_options_manual(&hc_table, &text);
	else
		hc_options_help(&hc_table, command, &text);
	return print(&text, EXIT_FINE);
}

static int help(const struct hc_parsed *parsed)
{
	struct hc_err err;
	const struct hc_command *about = NULL;
	if (parsed->n_positionals > 0 && hc_options_command(&hc_table, parsed->positionals[0], &about, &err) != HC_OK)
		return fail(&err);
	return print_help(about, parsed->values[HC_OPT_MAN] != NULL);
}

static int print_version(void)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(TEXT_BYTES);
	hc_buf_cstr(&text, "hindcast " HC_VERSION "\n");
	return print(&text, EXIT_FINE);
}

static int run_env(const struct hc_command *command, const struct hc_parsed *parsed)
{
	struct hc_err err;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(TEXT_BYTES);
	if (hc_cli_env(command, parsed, &text, &err) != HC_OK)
		return fail(&err);
	return print(&text, EXIT_FINE);
}

static int run_serve(const struct hc_command *command, struct hc_parsed *parsed)
{
	struct hc_err err;
	return hc_cli_serve(command, parsed, &err) == HC_OK ? EXIT_FINE : fail(&err);
}

static int dispatch(const struct hc_command *command, int argc, char **argv)
{
	struct hc_err err;
	struct hc_parsed parsed;
	bool halves = command->bit & (HC_CMD_MERGE | HC_CMD_ANALYZE);
	if (halves && argc == 0 && hc_container_is())
		return run_in_container(command);
	int status;
	if (hc_options_parse(&hc_table, command, argc, argv, &parsed, &err) != HC_OK)
		status = show_failure(command->name, &err, voice_of(&parsed));
	else if (parsed.help)
		status = print_help(command, false);
	else if (command->bit == HC_CMD_HELP)
		status = help(&parsed);
	else if (command->bit == HC_CMD_VERSION)
		status = print_version();
	else if (command->bit == HC_CMD_ENV)
		status = run_env(command, &parsed);
	else if (command->bit == HC_CMD_SERVE)
		status = run_serve(command, &parsed);
	else
		status = run_command(command, &parsed);
	hc_parsed_free(&parsed);
	return status;
}

int main(int argc, char **argv)
{
	struct hc_err err;
	const struct hc_command *command;
	hc_interrupt_listen();
	if (argc < 2) {
		print_help(NULL, false);
		return EXIT_BAD_INPUT;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help(NULL, false);
	if (strcmp(argv[1], "--version") == 0)
		return print_version();
	if (hc_options_command(&hc_table, argv[1], &command, &err) != HC_OK)
		return fail(&err);
	return dispatch(command, argc - 2, argv + 2);
}
