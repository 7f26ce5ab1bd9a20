/* The table behind the parser, the help and the manual page. */
#include "cli/commands.h"

#define JOINING (HC_CMD_RUN | HC_CMD_MERGE)
#define MEASURING (HC_CMD_BASELINE | HC_CMD_RUN | HC_CMD_MERGE | HC_CMD_ANALYZE)
#define JUDGING (HC_CMD_RUN | HC_CMD_ANALYZE)
#define WRITING (MEASURING | HC_CMD_COMBINE)
#define FINISHING (JUDGING | HC_CMD_COMBINE)

static const char DATA[] = "Inputs", WINDOW[] = "Window", ATTRIBUTES[] = "Attributes", RECORDS[] = "Records",
		  SCRIPTS[] = "Scripts", SPEED[] = "Speed", OUTPUT[] = "Output", SERVER[] = "Server",
		  LIMITS[] = "Limits";

enum { IN_MANIFEST = HC_OPTION_IN_MANIFEST, SETTING = HC_OPTION_SETTING };

static const struct hc_option options[HC_OPTIONS] = {
	[HC_OPT_PROBLEM_TYPE] = {"problem-type", 0, "TYPE", DATA,
				 "BinaryClassification, MulticlassClassification or Regression. merge needs it only to "
				 "check scores and labels as run does.",
				 MEASURING, IN_MANIFEST},
	[HC_OPT_ENDPOINT_INPUT] = {"endpoint-input", 0, "DIR", DATA,
				   "Captured predictions of an endpoint: date folders YYYY/MM/DD/HH/*.jsonl, directly "
				   "below or up to two folders deeper (ENDPOINT/VARIANT/...). A path or file://.",
				   JOINING, IN_MANIFEST},
	[HC_OPT_BATCH_INPUT] = {"batch-transform-input", 0, "DIR", DATA,
				"Captured batch transform jobs: manifests output/YYYY/MM/DD/HH/*.json that name output "
				"files, whose rows end with inference id and time. A relative prefix in a manifest is "
				"relative to DIR.",
				JOINING, IN_MANIFEST},
	[HC_OPT_GROUND_TRUTH_INPUT] =
		{"ground-truth-input", 0, "DIR", DATA,
		 "Labels: YYYY/MM/DD/HH/*.jsonl, by the hour in which they were collected. Also *.parquet, where "
		 "hindcast was built with it: a row with groundTruthData and an id, or the id in the column eventId or "
		 "inferenceId and the label in that of --ground-truth-attribute or the only other one.",
		 JOINING, IN_MANIFEST},
	[HC_OPT_DATASET_FORMAT] =
		{"dataset-format", 0, "csv|jsonl|json|parquet", DATA,
		 "Format of a baseline or of batch outputs. By default guessed from the name, else from "
		 "the first character.",
		 HC_CMD_BASELINE | JOINING, IN_MANIFEST},
	[HC_OPT_NO_HEADER] = {"no-header", 0, NULL, DATA,
			      "CSV without a header: columns are named by index (0) or _c0. Batch outputs whose first "
			      "row ends with a "
			      "time have none, said or not.",
			      HC_CMD_BASELINE | JOINING, IN_MANIFEST},
	[HC_OPT_CONSTRAINTS] = {"constraints", 0, "FILE", DATA,
				"The constraints.json to judge by. Without it nothing is judged.", FINISHING,
				IN_MANIFEST},
	[HC_OPT_SCHEDULED_TIME] =
		{"scheduled-time", 0, "TIME", WINDOW,
		 "The tick of the schedule, RFC 3339 (2026-03-01T05:00Z; seconds and zone may be left "
		 "out, no zone is UTC). Without offsets the window is [TIME - period, TIME), read as whole hour "
		 "folders. Records "
		 "made at or after TIME are left out and counted.",
		 JOINING, IN_MANIFEST},
	[HC_OPT_PERIOD] = {"period", 0, "DURATION", WINDOW,
			   "Length of a window without offsets: PT1H by default. With offsets it has no meaning.",
			   JOINING, IN_MANIFEST},
	[HC_OPT_START_OFFSET] =
		{"start-time-offset", 0, "DURATION", WINDOW,
		 "Where the window starts, from the scheduled time: -P8D, -PT7H. Whole hour folders are "
		 "read, both ends included; labels are read up to the scheduled time.",
		 JOINING, IN_MANIFEST},
	[HC_OPT_END_OFFSET] = {"end-time-offset", 0, "DURATION", WINDOW,
			       "Where the window ends, from the scheduled time: -P1D, -PT0H.", JOINING, IN_MANIFEST},
	[HC_OPT_START] = {"start", 0, "TIME", WINDOW, "First hour of a window without schedule; a whole hour.", JOINING,
			  IN_MANIFEST},
	[HC_OPT_END] = {"end", 0, "TIME", WINDOW, "End of that window, a whole hour, itself not included.", JOINING,
			IN_MANIFEST},
	[HC_OPT_LABELS_UNTIL] = {"labels-until", 0, "TIME", WINDOW,
				 "With --start and --end: read label folders up to TIME instead of the window's end.",
				 JOINING, IN_MANIFEST},
	[HC_OPT_GROUND_TRUTH_ATTRIBUTE] =
		{"ground-truth-attribute", 0, "A", ATTRIBUTES,
		 "Where the label stands: a column name or index of CSV, a key or JSONPath of "
		 "JSON. Labels that stand alone need none.",
		 MEASURING, IN_MANIFEST},
	[HC_OPT_INFERENCE_ATTRIBUTE] =
		{"inference-attribute", 0, "A", ATTRIBUTES,
		 "Where the prediction stands: in captured CSV an index (0 is the first column), "
		 "in JSON a key or JSONPath ($.predictions[0].label).",
		 MEASURING, IN_MANIFEST},
	[HC_OPT_PROBABILITY_ATTRIBUTE] = {"probability-attribute", 0, "A", ATTRIBUTES,
					  "Where the probability of the positive class stands. auc, au_prc and the "
					  "curves need it.",
					  MEASURING, IN_MANIFEST},
	[HC_OPT_THRESHOLD] =
		{"probability-threshold-attribute", 0, "X", ATTRIBUTES,
		 "A number: a probability above it predicts the positive class, and the inference attribute "
		 "is not read.",
		 MEASURING, IN_MANIFEST},
	[HC_OPT_POSITIVE_LABEL] = {"positive-label", 0, "LABEL", ATTRIBUTES,
				   "Which of two classes is positive, where they are not 0 and 1 (or true and false).",
				   MEASURING, IN_MANIFEST},
	[HC_OPT_ON_CONFLICT] =
		{"on-conflict", 0, "last|first|error", RECORDS,
		 "Which of several different labels for one id counts, by collection folder, file name and "
		 "line: last by default.",
		 JOINING, IN_MANIFEST},
	[HC_OPT_MAX_BAD_RECORDS] = {"max-bad-records", 0, "N", RECORDS,
				    "Leave out and count up to N records that cannot be read: 0 by default.", WRITING,
				    IN_MANIFEST},
	[HC_OPT_MAX_LINE_BYTES] = {"max-line-bytes", 0, "N", RECORDS, "Longest line of an input: 67108864 by default.",
				   MEASURING, IN_MANIFEST},
	[HC_OPT_AWS_QUIRKS] =
		{"aws-quirks", 0, NULL, RECORDS,
		 "Do as SageMaker Model Monitor did also where that is a fault: keep records made after the "
		 "scheduled time, do not judge f0_5.",
		 HC_CMD_MERGE | FINISHING, IN_MANIFEST},
	[HC_OPT_SEED] = {"seed", 0, "N", RECORDS, "Seed of the samples behind the standard deviations: 0 by default.",
			 MEASURING, 0},
	[HC_OPT_PREPROCESSOR] =
		{"record-preprocessor-script", 0, "FILE", SCRIPTS,
		 "Python file with preprocess_handler(inference_record) or (inference_record, logger): "
		 "each merged record becomes what it returns, a dict, a list of dicts, or [] to drop it.",
		 JUDGING, IN_MANIFEST},
	[HC_OPT_POSTPROCESSOR] =
		{"post-analytics-processor-script", 0, "FILE", SCRIPTS,
		 "Python file with postprocess_handler(), called when the report is complete; output_path "
		 "in its environment names the folder.",
		 HC_CMD_BASELINE | FINISHING, IN_MANIFEST},
	[HC_OPT_SCRIPT_TIMEOUT] = {"script-timeout", 0, "SECONDS", SCRIPTS,
				   "Longest time a script may take in all: 3600 by default.",
				   HC_CMD_BASELINE | FINISHING, 0},
	[HC_OPT_SCRIPT_MEMORY] = {"script-memory", 0, "BYTES", SCRIPTS,
				  "Most address space a script may take: 4294967296 by default.",
				  HC_CMD_BASELINE | FINISHING, 0},
	[HC_OPT_THREADS] =
		{"threads", 0, "N", SPEED,
		 "Threads that share the work: one a core by default. What is written does not depend on it, nor "
		 "on the other options here.",
		 WRITING, 0},
	[HC_OPT_MEMORY] =
		{"memory", 0, "SIZE", SPEED,
		 "Memory for records that wait to be joined and measured, such as 512M or 8G: a quarter of the "
		 "machine's by default. What does not fit goes to an unnamed temporary file in the output folder.",
		 WRITING, 0},
	[HC_OPT_CHUNK_BYTES] =
		{"chunk-bytes", 0, "SIZE", SPEED,
		 "Files are cut into pieces of this size, each read by one thread at a time: 4M by default.", MEASURING,
		 0},
	[HC_OPT_SIMD] =
		{"simd", 0, "KIND", SPEED,
		 "Vector instructions to use: auto (the widest there are, the default), avx512, avx2, neon or plain.",
		 WRITING, 0},
	[HC_OPT_OUTPUT] = {"output", 'o', "DIR", OUTPUT,
			   "Folder of the report. An earlier report in it is replaced as a whole when the new one is "
			   "complete; other files are left alone.",
			   WRITING, 0},
	[HC_OPT_NO_MERGED_OUTPUT] = {"no-merged-output", 0, NULL, OUTPUT, "Do not write the merged records.",
				     HC_CMD_RUN, IN_MANIFEST},
	[HC_OPT_CURVE_POINTS] = {"curve-points", 0, "N", OUTPUT,
				 "Most points of a curve in statistics.json: 1000 by default. Areas are always of all "
				 "points.",
				 HC_CMD_BASELINE | FINISHING, IN_MANIFEST},
	[HC_OPT_CHECKSUMS] = {"checksums", 0, NULL, OUTPUT, "Add the SHA-256 of every input to manifest.json.",
			      HC_CMD_MERGE | FINISHING, IN_MANIFEST},
	[HC_OPT_PARTIAL] = {"partial", 0, NULL, OUTPUT,
			    "Write what was counted, as partial.hcp, instead of a report: combine makes one of many.",
			    HC_CMD_ANALYZE | HC_CMD_COMBINE, IN_MANIFEST},
	[HC_OPT_JSON] = {"json", 0, NULL, OUTPUT, "Print one JSON document in place of the summary, also of a failure.",
			 WRITING, 0},
	[HC_OPT_QUIET] = {"quiet", 'q', NULL, OUTPUT, "Print nothing but errors.", WRITING, 0},
	[HC_OPT_MAN] = {"man", 0, NULL, OUTPUT, "Print the manual page, in man(7).", HC_CMD_HELP, 0},
	[HC_OPT_DATA] = {"data", 0, "DIR", SERVER,
			 "The folder of the server: catalog, objects, logs, credentials. serve makes it.",
			 HC_CMD_SERVE | HC_CMD_ENV, SETTING},
	[HC_OPT_CONFIG] =
		{"config", 0, "FILE", SERVER,
		 "A file of settings, NAME = VALUE a line, NAME an option without its dashes: DIR/hindcast.conf by "
		 "default. Flags win over the environment, that over the file.",
		 HC_CMD_SERVE, SETTING},
	[HC_OPT_LISTEN] = {"listen", 0, "ADDRESS:PORT", SERVER,
			   "Where all services answer: 127.0.0.1:8787 by default; port 0 takes a free one.",
			   HC_CMD_SERVE, SETTING},
	[HC_OPT_PROXY] = {"proxy", 0, "ADDRESS:PORT", SERVER,
			  "Also be a forward proxy for AWS's hosts, on loopback: clients that ask a hard-coded host "
			  "(the SDK asks "
			  "STS so) reach this server, by TLS with a certificate of its own authority, DIR/ca.pem.",
			  HC_CMD_SERVE, SETTING},
	[HC_OPT_WITH_PROXY] = {"proxy", 0, NULL, SERVER, "Also the variables for the server's proxy.", HC_CMD_ENV, 0},
	[HC_OPT_ACCOUNT] = {"account", 0, "ID", SERVER, "Account id in ARNs: 123456789012 by default.", HC_CMD_SERVE,
			    SETTING},
	[HC_OPT_REGION] = {"region", 0, "REGION", SERVER,
			   "Region in ARNs and signatures: us-west-2 by default. Requests for another one are refused.",
			   HC_CMD_SERVE, SETTING},
	[HC_OPT_NO_AUTH] = {"no-auth", 0, NULL, SERVER,
			    "Verify no signatures: whoever reaches the server may do everything. On loopback only.",
			    HC_CMD_SERVE, SETTING},
	[HC_OPT_JOBS] = {"jobs", 0, "N", SERVER, "Jobs at once: the number of cores by default.", HC_CMD_SERVE,
			 SETTING},
	[HC_OPT_IMAGE_COMMAND] = {"image-command", 0, "REPOSITORY=COMMAND...", SERVER,
				  "Run jobs of an image as a command of /bin/sh, under the processing-container "
				  "contract: paths of the job's "
				  "environment lead into its folder, hindcast_container_root names that. Several in "
				  "the settings' file, a "
				  "line each.",
				  HC_CMD_SERVE, SETTING},
	[HC_OPT_MAX_CONNECTIONS] = {"max-connections", 0, "N", LIMITS, "Connections at once: 512 by default.",
				    HC_CMD_SERVE, SETTING},
	[HC_OPT_IDLE_TIMEOUT] = {"idle-timeout", 0, "SECONDS", LIMITS,
				 "A connection on which nothing comes or goes for so long ends: 60 by default.",
				 HC_CMD_SERVE, SETTING},
	[HC_OPT_MAX_HEADER_BYTES] = {"max-header-bytes", 0, "N", LIMITS, "Request line and headers: 32768 by default.",
				     HC_CMD_SERVE, SETTING},
	[HC_OPT_MAX_BODY_BYTES] = {"max-body-bytes", 0, "N", LIMITS,
				   "Body of a request that is no object: 4194304 by default, and at most.",
				   HC_CMD_SERVE, SETTING},
	[HC_OPT_MAX_OBJECT_BYTES] = {"max-object-bytes", 0, "N", LIMITS, "Size of an object: 5 TiB by default.",
				     HC_CMD_SERVE, SETTING},
	[HC_OPT_MAX_LISTING] = {"max-listing", 0, "N", LIMITS, "Objects in one page of a listing: 1000 by default.",
				HC_CMD_SERVE, SETTING},
};

static const struct hc_command commands[] = {
	{"baseline", HC_CMD_BASELINE,
	 "DATA... --problem-type TYPE --ground-truth-attribute A [--inference-attribute A] [--probability-attribute A] "
	 "[OPTION...] -o DIR",
	 "labelled predictions -> statistics.json, constraints.json",
	 "Measures labelled predictions and writes what later windows are held against: statistics.json and the "
	 "suggested "
	 "constraints.json. DATA are files or folders, plain, .gz or .zst, or - for standard input.",
	 "DATA", NULL},
	{"run", HC_CMD_RUN,
	 "--problem-type TYPE (--endpoint-input DIR | --batch-transform-input DIR) --ground-truth-input DIR "
	 "[--constraints FILE] (--scheduled-time TIME [--period D] [--start-time-offset D] [--end-time-offset D] | "
	 "--start TIME --end TIME [--labels-until TIME]) [OPTION...] -o DIR",
	 "one monitoring execution over a window: merge, measure, judge, report",
	 "Joins captured predictions with their labels, measures them, compares the metrics with constraints, and "
	 "writes "
	 "statistics.json, constraints.json (suggested from this window), constraint_violations.json, "
	 "join_report.json, "
	 "manifest.json and the merged records below merge/.",
	 NULL, NULL},
	{"merge", HC_CMD_MERGE,
	 "(--endpoint-input DIR | --batch-transform-input DIR) --ground-truth-input DIR (--scheduled-time TIME ... | "
	 "--start TIME --end TIME ...) [OPTION...] -o DIR",
	 "the first half of run: merged records and join report",
	 "Writes the merged records below merge/, join_report.json and manifest.json. Without arguments it runs as "
	 "SageMaker's "
	 "merge container does: dataset_source, ground_truth_source and output_path in the environment say what to do.",
	 NULL, NULL},
	{"analyze", HC_CMD_ANALYZE, "DIR... --problem-type TYPE [--constraints FILE] [OPTION...] -o DIR",
	 "the second half of run: measures and judges merged records",
	 "Reads the merged records below DIR (*.jsonl, at any depth) and writes what run writes, but no merged records "
	 "and no join report. With --partial it measures nothing and writes what it counted, for combine. Without "
	 "arguments it runs as SageMaker's analyzer container does: analysis_type, "
	 "dataset_source, "
	 "dataset_format, problem_type and the others in the environment say what to do; violations then exit with 0, "
	 "and the "
	 "exit message goes to output_message_file.",
	 "DIR", NULL},
	{"combine", HC_CMD_COMBINE, "PARTIAL... [--constraints FILE] [OPTION...] -o DIR",
	 "partial results of many parts -> the report of one analyze over all",
	 "Puts together what analyze --partial wrote of parts of the data, on one machine or many, and writes what one "
	 "analyze over all of it would have, byte for byte. PARTIAL are folders that hold partial.hcp, or such files. "
	 "Problem type, attributes, threshold, positive label and seed come with them and must be the same in all; an "
	 "input file may be in one of them only. With --partial the result is again a partial one, so that a tree of "
	 "any "
	 "shape gives the same report.\n\n--max-bad-records is what the bad records of all parts together are held "
	 "against.",
	 "PARTIAL", NULL},
	{"serve", HC_CMD_SERVE, "--data DIR [--listen 127.0.0.1:8787] [OPTION...]",
	 "a server that SageMaker's SDKs, boto3 and the AWS command line use unmodified",
	 "Answers SageMaker's monitoring API, S3, CloudWatch, CloudWatch Logs, STS and IAM on one port, runs "
	 "monitoring "
	 "schedules and processing jobs, and keeps everything below DIR. The first start makes a key pair in "
	 "DIR/credentials. When it is ready it prints one line with its URL; SIGTERM ends it.\n\nThen, in the shell of "
	 "the client: eval \"$(hindcast env --data DIR)\".\n\nEvery option can also stand in the environment "
	 "(HINDCAST_LISTEN) and in DIR/hindcast.conf (listen = 127.0.0.1:8787).",
	 NULL,
	 "0: it was told to stop.\n\n2: wrong settings.\n\n3: the machine refused: the address is taken, another "
	 "server "
	 "runs on DIR, the catalog is damaged or the disk full."},
	{"env", HC_CMD_ENV, "--data DIR [--proxy]", "shell lines that lead AWS's clients to the server",
	 "Prints lines for eval that set AWS_ENDPOINT_URL, AWS_SHARED_CREDENTIALS_FILE, AWS_REGION and "
	 "AWS_DEFAULT_REGION, and unset what would win over them. With --proxy also HTTPS_PROXY, NO_PROXY and "
	 "AWS_CA_BUNDLE.",
	 NULL, "0: printed.\n\n2: no server was started on DIR, or it has no proxy."},
	{"help", HC_CMD_HELP, "[COMMAND | --man]", "this help, or that of a command", "Prints help.", "COMMAND", NULL},
	{"version", HC_CMD_VERSION, "", "the program's version", "Prints the version.", NULL, NULL},
};

const struct hc_options_table hc_table = {
	.program = "hindcast",
	.version = HC_VERSION,
	.date = "2026-11-23",
	.summary = "tells whether a model in production still works, once the ground truth arrives",
	.text = "hindcast joins the predictions that a model made with the labels that came later, measures how good "
		"they "
		"were, compares that with a baseline, and reports violations. It reads and writes the files of Amazon "
		"SageMaker "
		"Model Monitor (model quality): the same folders, the same JSON, the same digits.\n\n"
		"A capture record is one JSON object a line with captureData.endpointOutput.data and eventMetadata; it "
		"is joined "
		"by its inferenceId, else its eventId, with the label whose eventMetadata.eventId is the same. A label "
		"is "
		"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"95\"},"
		"\"eventVersion\":\"0\"}.",
	.commands = commands,
	.n_commands = sizeof commands / sizeof *commands,
	.options = options,
	.n_options = HC_OPTIONS,
	.exit_status = "0: no violation.\n\n1: violations.\n\n2: wrong usage, unreadable or bad input, an empty "
		       "window, nothing "
		       "matched.\n\n3: the machine refused (disk, memory, limits), or a script failed.",
	.environment =
		"SOURCE_DATE_EPOCH: seconds since 1970 that reports give as their evaluation time, so that the same "
		"inputs give the same bytes.\n\nNO_COLOR: no colour, also on a terminal.\n\nHINDCAST_TEST_CLOCK: for "
		"tests of serve, a "
		"file that holds how many seconds its clock is ahead.\n\nThe variables of "
		"SageMaker's processing containers: see merge and analyze.",
};
