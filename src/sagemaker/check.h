/*
 * Checks of members that the contract's patterns let through: what has no meaning here or could lead out of a job's folder.
 *
 * Each says a ValidationException in the style of SageMaker's own second round of checks (text seen in a public report of the real service):
 * "InvalidParameter: 1 validation error(s) found.\n- WHAT, OPERATIONInput.A.B.\n". `member` is the path behind "OPERATIONInput.". Texts that are not there
 * (p == NULL) pass.
 */
#ifndef HC_SAGEMAKER_CHECK_H
#define HC_SAGEMAKER_CHECK_H

#include "service/service.h"

/* Says that a member is wrong; `what` is the part before the comma: "missing required field". */
enum hc_code hc_check_fail(struct hc_call *call, const char *what, const char *member, struct hc_err *err);
/* The same with an inner function's error and its hint; `why` may be `err` itself. */
enum hc_code hc_check_fail_why(struct hc_call *call, const struct hc_err *why, const char *member, struct hc_err *err);

/* s3://BUCKET[/KEY]: https, which the pattern allows, has no meaning here. */
enum hc_code hc_check_s3(struct hc_call *call, const char *member, struct hc_str uri, struct hc_err *err) HC_MUST_USE;
/* Where AWS's containers have what they read and write. */
#define HC_PROCESSING_FOLDER "/opt/ml/processing/"

/* Below a folder ("/opt/ml/"), without empty parts, `.`, `..` and NUL; one slash at the end is allowed. */
bool hc_check_is_below(struct hc_str path, const char *folder);
/* Below "/". */
enum hc_code hc_check_local_path(struct hc_call *call, const char *member, struct hc_str path,
				 struct hc_err *err) HC_MUST_USE;
/* Each key that begins with hindcast_ is one of ours, with a value that it takes (conf/own.h). NULL: there is none. */
enum hc_code hc_check_environment(struct hc_call *call, const char *member, const json_t *environment,
				  struct hc_err *err) HC_MUST_USE;
/*
 * What Model Monitor's analyzer reads of its environment, as far as it is there (empty: it is not): analysis_type, problem_type,
 * probability_threshold_attribute and dataset_format have values that it takes, and paths lead where it may read and write: below /opt/ml/processing/ (of the
 * message file and the metrics folder: below /opt/ml/). `member`: "Environment".
 */
enum hc_code hc_check_variables(struct hc_call *call, const char *member, const json_t *environment,
				struct hc_err *err) HC_MUST_USE;
/* The paths alone, which the merge job has too. */
enum hc_code hc_check_variable_paths(struct hc_call *call, const char *member, const json_t *environment,
				     struct hc_err *err) HC_MUST_USE;
/* Both are durations, and start <= 0, start <= end; one that is not there counts as 0. `member` is of the object that holds StartTimeOffset and EndTimeOffset. */
enum hc_code hc_check_offsets(struct hc_call *call, const char *member, struct hc_str start, struct hc_str end,
			      struct hc_err *err) HC_MUST_USE;

#endif
