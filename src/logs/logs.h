/*
 * CloudWatch Logs over the logs of processing jobs: group /aws/sagemaker/ProcessingJobs, one stream a job (reference 5). Read only.
 */
#ifndef HC_LOGS_LOGS_H
#define HC_LOGS_LOGS_H

#include "service/service.h"

#define HC_LOGS_GROUP "/aws/sagemaker/ProcessingJobs"

extern const struct hc_service hc_logs;

#endif
