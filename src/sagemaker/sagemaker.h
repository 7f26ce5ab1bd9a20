/*
 * SageMaker's monitoring API: job definitions, schedules, executions, alerts, processing jobs, and the registrations that they refer to
 * (models, endpoint configurations, endpoints), with tags. Behaviour, texts and defaults: AWS's, as ARCHITECTURE.md says where they leave room.
 */
#ifndef HC_SAGEMAKER_SAGEMAKER_H
#define HC_SAGEMAKER_SAGEMAKER_H

#include "service/service.h"

extern const struct hc_service hc_sagemaker;

#endif
