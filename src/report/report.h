/*
 * What one execution found, as a value; and its files.
 *
 * src/monitor fills a struct hc_report; the functions of this directory turn it into the files that
 * programs read (statistics.json, constraints.json, constraint_violations.json in AWS's form;
 * join_report.json, manifest.json and the document of --json in our own, see schemas/) and into the
 * summary that people read. Everything a report points to lives in the execution's arena.
 */
#ifndef HC_REPORT_REPORT_H
#define HC_REPORT_REPORT_H

#include "calendar/window.h"
#include "dataset/layout.h"
#include "metric/classes.h"
#include "metric/metrics.h"
#include "report/account.h"
#include "report/constraints.h"

struct hc_violation {
	const struct hc_metric_info *metric;
	double value, deviation, threshold;
	enum hc_operator op;
};

/* A constraint that could not be judged, and why. */
struct hc_not_judged {
	const struct hc_metric_info *metric;
	const char *why;
};

struct hc_verdict {
	struct hc_violation violations[HC_METRICS_MAX];
	size_t n_violations;
	struct hc_not_judged not_judged[HC_METRICS_MAX];
	size_t n_not_judged;
	size_t n_judged;             /* constraints that were */
	const char *const *silenced; /* with --aws-quirks: names of constraints left out; NULL-terminated or NULL */
};

/* An option as it was given, for the manifest. */
struct hc_given_option {
	const char *name, *value; /* value NULL: a flag */
};

struct hc_report {
	const char *command; /* "run", "merge", "analyze", "baseline" */
	int64_t evaluation_us;

	bool has_window;
	struct hc_window window;

	bool partial;  /* counts were written for `combine`, nothing was measured */
	uint64_t rows; /* then: rows that were counted */

	bool has_metrics;
	enum hc_problem_type problem;
	struct hc_metrics metrics;
	struct hc_class_map classes; /* classification */

	const char *constraints_path;      /* NULL: none were given, nothing was judged */
	struct hc_constraints constraints; /* those that were given */
	struct hc_verdict verdict;

	const struct hc_account *account; /* what was joined; NULL where nothing was */
	uint64_t tolerated;               /* bad records, also without an account */
	uint64_t dropped;                 /* records that the preprocessor dropped */

	const struct hc_input_files *files;
	const char *const *checksums; /* SHA-256 in hex, parallel to files; NULL: not asked for */
	const struct hc_given_option *options;
	size_t n_options;
	uint64_t seed;
	const char *output; /* folder, as given */
};

/* "1 record", "2 records". */
void hc_report_plural(struct hc_buf *out, uint64_t n, const char *noun);

/* statistics.json, reference 4.3. */
void hc_report_statistics(const struct hc_report *r, struct hc_buf *out);
/* constraints.json: suggested from these metrics, reference 4.5. Metrics without a finite value are left out. */
void hc_report_suggested_constraints(const struct hc_report *r, struct hc_buf *out);
/* constraint_violations.json, reference 4.6. */
void hc_report_violations(const struct hc_report *r, struct hc_buf *out);
/* The text of one violation. */
void hc_report_violation_text(const struct hc_violation *v, struct hc_buf *out);

/* join_report.json, schemas/join_report.schema.json. */
void hc_report_join(const struct hc_report *r, struct hc_buf *out);
/* manifest.json, schemas/manifest.schema.json; outputs are what was written beside it. */
struct hc_objects;
void hc_report_manifest(const struct hc_report *r, const struct hc_objects *outputs, struct hc_buf *out);
/* The document of --json, schemas/run.schema.json. */
void hc_report_document(const struct hc_report *r, struct hc_buf *out);
/* The same for a command that failed: `error` in place of the findings. */
void hc_report_failure(const char *command, int exit_status, const struct hc_err *err, struct hc_buf *out);

/* The summary for people, with colour if wanted. */
void hc_report_summary(const struct hc_report *r, bool colour, struct hc_buf *out);

/* "Completed: ..." or "CompletedWithViolations: ...", reference 3.6. */
void hc_report_exit_message(const struct hc_report *r, struct hc_buf *out);

#endif
