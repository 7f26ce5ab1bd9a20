/*
 * What one execution is asked to do. Filled by the command line (or the container's environment),
 * read by everything in src/monitor; the strings outlive the execution.
 */
#ifndef HC_MONITOR_REQUEST_H
#define HC_MONITOR_REQUEST_H

#include "calendar/window.h"
#include "dataset/table.h"
#include "monitor/measure.h"
#include "monitor/script.h"
#include "report/report.h"

enum hc_on_conflict { HC_CONFLICT_LAST, HC_CONFLICT_FIRST, HC_CONFLICT_ERROR };

enum {
	HC_LINE_BYTES_DEFAULT = 64 << 20, /* longest line of an input */
	HC_CURVE_POINTS_DEFAULT = 1000,
};

/* Where merged records stand below an output folder. */
#define HC_MERGE_FOLDER "merge"

struct hc_progress {
	/* What is being done, how many bytes of it, and of how many. NULL: nobody watches. */
	void (*tell)(void *arg, const char *what, uint64_t done, uint64_t all);
	void *arg;
};

struct hc_request {
	const char *command;

	/* Inputs: one of endpoint_input and batch_input with ground_truth_input; or merged_inputs; tables; partials. */
	const char *endpoint_input, *batch_input, *ground_truth_input;
	const char *const *merged_inputs; /* folders or files */
	size_t n_merged_inputs;
	const char *const *tables;
	size_t n_tables;
	const char *const *partials; /* they carry what `measure` says, but for curve_points */
	size_t n_partials;
	enum hc_table_format format;
	enum hc_table_header header;
	bool has_window; /* without one all hour folders are read */
	struct hc_window window;

	bool partial;  /* what was counted is written (monitor/partial.h), nothing is measured */
	bool checks;   /* `measure` is set: outputs and labels are read, to find bad ones */
	bool measures; /* and metrics are computed of them */
	struct hc_measure_options measure;
	const char *constraints; /* NULL: nothing is judged */
	const char *preprocessor, *postprocessor;
	struct hc_script_limits script_limits;
	const char *const
		*script_environment; /* more for the postprocessor: "NAME=value", NULL-terminated; NULL: nothing */

	enum hc_on_conflict on_conflict;
	uint64_t max_bad_records;
	size_t max_line;
	bool aws_quirks, checksums;

	unsigned threads;     /* 0: all cores */
	uint64_t memory;      /* bytes of rows in memory; 0: a quarter of the machine's */
	uint64_t chunk_bytes; /* of a file, read by one thread at a time; 0: HC_CHUNK_BYTES_DEFAULT */

	const char *output; /* folder */
	const char *
		merge_folder; /* below the output, for merged records; "" for the output itself; NULL: none are written */
	bool writes_manifest;

	const struct hc_given_option *options;
	size_t n_options;
	struct hc_progress progress;
};

#endif
