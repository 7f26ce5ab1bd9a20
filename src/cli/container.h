/*
 * The processing-container contract: SageMaker's merge and analyzer images are told what to do by
 * environment variables and fixed paths (reference 3.4, 4.1). A command without arguments, with
 * dataset_source in its environment, runs so: it reads what lies in those folders, whatever its
 * hours, exits with 0 also for violations, and writes the exit message to output_message_file.
 */
#ifndef HC_CLI_CONTAINER_H
#define HC_CLI_CONTAINER_H

#include "cli/commands.h"

#define HC_CONTAINER_MESSAGE_FILE "/opt/ml/output/message"
#define HC_CONTAINER_METRICS_DIRECTORY "/opt/ml/output/metrics/cloudwatch"

/* True when the environment of this process is that of a processing container. */
bool hc_container_is(void);

/* What the environment asks of `merge` or `analyze`. HC_USAGE names the variable that is wrong. */
enum hc_code hc_container_request(const struct hc_command *command, struct hc_arena *arena, struct hc_request *out,
				  struct hc_err *err) HC_MUST_USE;

/* Writes the exit message, and with publish_cloudwatch_metrics=Enabled the metrics of the report. */
enum hc_code hc_container_finish(const struct hc_report *report, struct hc_err *err) HC_MUST_USE;

/* Writes why the job failed. What cannot be written is not complained about: there is nobody to read it. */
void hc_container_fail(const struct hc_err *why);

#endif
