/*
 * Command lines: NUL-separated words, the first the command. What is parsed is made of the words
 * given, and a request that comes of it has what its command needs.
 */
#include "cli/commands.h"
#include "target.h"

enum { WORDS_MAX = 64, BYTES_MAX = 4096 };

static struct hc_err err;

static bool is_word(const char *value, const char *words, size_t n)
{
	return value >= words && value < words + n;
}

static void check_parsed(const struct hc_parsed *p, const struct hc_command *c, const char *words, size_t n)
{
	for (size_t i = 0; i < hc_table.n_options; i++) {
		const struct hc_option *o = &hc_table.options[i];
		const char *value = p->values[i];
		must(!value || (o->commands & c->bit));
		must(!value || (o->value ? is_word(value, words, n) : value[0] == '\0'));
	}
	must(p->n_positionals == 0 || c->positional);
	for (size_t i = 0; i < p->n_positionals; i++)
		must(is_word(p->positionals[i], words, n));
}

static void check_request(const struct hc_request *q, const struct hc_command *c)
{
	bool joins = c->bit == HC_CMD_RUN || c->bit == HC_CMD_MERGE;
	must(q->output && q->max_line > 0 && q->has_window == joins);
	must(!joins || (!q->endpoint_input != !q->batch_input && q->ground_truth_input));
	must(!joins || q->window.start_us <= q->window.end_us);
	must(c->bit != HC_CMD_BASELINE || q->n_tables > 0);
	must(c->bit != HC_CMD_ANALYZE || q->n_merged_inputs);
	must(c->bit != HC_CMD_COMBINE || q->n_partials);
	must(q->measures == (c->bit != HC_CMD_MERGE));
	must(q->n_options <= HC_OPTIONS);
	if (q->measures && !q->n_partials)
		must(hc_measure_options_check(&q->measure, &err) == HC_OK);
}

static void check_command(const struct hc_command *c, int argc, char **argv, const char *words, size_t n)
{
	struct hc_parsed parsed;
	enum hc_code code = hc_options_parse(&hc_table, c, argc, argv, &parsed, &err);
	if (code == HC_OK)
		check_parsed(&parsed, c, words, n);
	if (code == HC_OK && !parsed.help &&
	    (c->bit & (HC_CMD_RUN | HC_CMD_MERGE | HC_CMD_BASELINE | HC_CMD_ANALYZE | HC_CMD_COMBINE))) {
		struct hc_arena arena = HC_ARENA(1 << 20);
		struct hc_request request;
		code = hc_request_of_options(c, &parsed, HC_ON_COMMAND_LINE, &arena, &request, &err);
		if (code == HC_OK)
			check_request(&request, c);
		hc_arena_free(&arena);
	}
	if (code != HC_OK) {
		must(code == HC_USAGE);
		must_explain(code, &err);
	}
	hc_parsed_free(&parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char words[BYTES_MAX + 1], *argv[WORDS_MAX + 1];
	int argc = 0;
	if (size > BYTES_MAX)
		return 0;
	memcpy(words, input_text(data, size).p, size);
	words[size] = '\0';
	for (size_t i = 0; i <= size && argc < WORDS_MAX; i += strlen(words + i) + 1)
		argv[argc++] = words + i;
	argv[argc] = NULL;
	const struct hc_command *command;
	enum hc_code code = hc_options_command(&hc_table, argv[0], &command, &err);
	if (code == HC_OK) {
		check_command(command, argc - 1, argv + 1, words, size + 1);
		return 0;
	}
	must(code == HC_USAGE);
	must_explain(code, &err);
	return 0;
}
