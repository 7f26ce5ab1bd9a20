/*
 * The commands: their table of options, and what a command line or a container's environment asks for.
 */
#ifndef HC_CLI_COMMANDS_H
#define HC_CLI_COMMANDS_H

#include "conf/options.h"
#include "monitor/request.h"

enum {
	HC_CMD_BASELINE = 1,
	HC_CMD_RUN = 2,
	HC_CMD_MERGE = 4,
	HC_CMD_ANALYZE = 8,
	HC_CMD_HELP = 16,
	HC_CMD_VERSION = 32,
	HC_CMD_SERVE = 64,
	HC_CMD_ENV = 128,
	HC_CMD_COMBINE = 256,
};

/* Numbers of the options, in the order of the table. */
enum hc_option_id {
	HC_OPT_PROBLEM_TYPE,
	HC_OPT_ENDPOINT_INPUT,
	HC_OPT_BATCH_INPUT,
	HC_OPT_GROUND_TRUTH_INPUT,
	HC_OPT_DATASET_FORMAT,
	HC_OPT_NO_HEADER,
	HC_OPT_CONSTRAINTS,
	HC_OPT_SCHEDULED_TIME,
	HC_OPT_PERIOD,
	HC_OPT_START_OFFSET,
	HC_OPT_END_OFFSET,
	HC_OPT_START,
	HC_OPT_END,
	HC_OPT_LABELS_UNTIL,
	HC_OPT_GROUND_TRUTH_ATTRIBUTE,
	HC_OPT_INFERENCE_ATTRIBUTE,
	HC_OPT_PROBABILITY_ATTRIBUTE,
	HC_OPT_THRESHOLD,
	HC_OPT_POSITIVE_LABEL,
	HC_OPT_ON_CONFLICT,
	HC_OPT_MAX_BAD_RECORDS,
	HC_OPT_MAX_LINE_BYTES,
	HC_OPT_AWS_QUIRKS,
	HC_OPT_SEED,
	HC_OPT_PREPROCESSOR,
	HC_OPT_POSTPROCESSOR,
	HC_OPT_SCRIPT_TIMEOUT,
	HC_OPT_SCRIPT_MEMORY,
	HC_OPT_THREADS,
	HC_OPT_MEMORY,
	HC_OPT_CHUNK_BYTES,
	HC_OPT_SIMD,
	HC_OPT_OUTPUT,
	HC_OPT_NO_MERGED_OUTPUT,
	HC_OPT_CURVE_POINTS,
	HC_OPT_CHECKSUMS,
	HC_OPT_PARTIAL,
	HC_OPT_JSON,
	HC_OPT_QUIET,
	HC_OPT_MAN,
	HC_OPT_DATA,
	HC_OPT_CONFIG,
	HC_OPT_LISTEN,
	HC_OPT_PROXY,
	HC_OPT_WITH_PROXY,
	HC_OPT_ACCOUNT,
	HC_OPT_REGION,
	HC_OPT_NO_AUTH,
	HC_OPT_JOBS,
	HC_OPT_IMAGE_COMMAND,
	HC_OPT_MAX_CONNECTIONS,
	HC_OPT_IDLE_TIMEOUT,
	HC_OPT_MAX_HEADER_BYTES,
	HC_OPT_MAX_BODY_BYTES,
	HC_OPT_MAX_OBJECT_BYTES,
	HC_OPT_MAX_LISTING,
	HC_OPTIONS,
};

extern const struct hc_options_table hc_table;

/*
 * What a parsed command line asks for. Strings of the request live in the arguments and the arena. In a container the window may be left
 * out (every hour folder that is there is read), and merged records go right below the output folder.
 */
enum hc_caller { HC_ON_COMMAND_LINE, HC_IN_CONTAINER };
enum hc_code hc_request_of_options(const struct hc_command *command, const struct hc_parsed *parsed,
				   enum hc_caller caller, struct hc_arena *arena, struct hc_request *out,
				   struct hc_err *err) HC_MUST_USE;

/* `serve` and `env`: the whole of both. `out` gets what `env` prints. */
enum hc_code hc_cli_serve(const struct hc_command *command, struct hc_parsed *parsed, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_cli_env(const struct hc_command *command, const struct hc_parsed *parsed, struct hc_buf *out,
			struct hc_err *err) HC_MUST_USE;

#endif
