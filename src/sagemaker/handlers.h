/*
 * The operations of SageMaker's API, one handler each; sagemaker.c makes the service's table of them.
 *
 * Where things lie in the catalog (catalog/resource.h). Everywhere: `name` as the client wrote it, `arn` folded to lower case, `doc` the input of the
 * Create (or last Update) operation without Tags, completed with the contract's defaults; tags lie under the ARN.
 *
 *   DEFINITION       endpoint: EndpointInput.EndpointName, not set for a batch definition. type: "ModelQuality". status: not set.
 *                    doc: CreateModelQualityJobDefinition's input, StoppingCondition always there (3600 s). Never updated.
 *   MODEL            doc: CreateModel's input. status, detail: not set.
 *   ENDPOINT_CONFIG  doc: CreateEndpointConfig's input; DataCaptureConfig.DestinationS3Uri is where captures of its endpoints lie.
 *   ENDPOINT         definition: the name of the configuration that is in force (by it the scheduler finds the capture's place);
 *                    status: "InService" at once, for an endpoint is a registration here. doc: CreateEndpoint's input.
 *                    detail: {"ProductionVariants": [...], "DataCaptureConfig": {...}}: copies of the configuration's at the time of the
 *                    last change, so that deleting the configuration, which AWS allows, takes nothing from the endpoint. The
 *                    captures' place is detail's DataCaptureConfig.DestinationS3Uri; not there: the endpoint captures nothing.
 *   SCHEDULE, EXECUTION, ALERT, JOB: schedule.c, execution.c, alert.c, processing.c.
 */
#ifndef HC_SAGEMAKER_HANDLERS_H
#define HC_SAGEMAKER_HANDLERS_H

#include "service/service.h"

/* definition.c */
hc_handler hc_create_model_quality_job_definition;
hc_handler hc_describe_model_quality_job_definition;
hc_handler hc_delete_model_quality_job_definition;
hc_handler hc_list_model_quality_job_definitions;

/* schedule.c */
hc_handler hc_create_monitoring_schedule;
hc_handler hc_describe_monitoring_schedule;
hc_handler hc_update_monitoring_schedule;
hc_handler hc_delete_monitoring_schedule;
hc_handler hc_start_monitoring_schedule;
hc_handler hc_stop_monitoring_schedule;
hc_handler hc_list_monitoring_schedules;

/* execution.c */
hc_handler hc_list_monitoring_executions;

/* alert.c */
hc_handler hc_list_monitoring_alerts;
hc_handler hc_list_monitoring_alert_history;
hc_handler hc_update_monitoring_alert;

/* processing.c */
hc_handler hc_create_processing_job;
hc_handler hc_describe_processing_job;
hc_handler hc_stop_processing_job;
hc_handler hc_delete_processing_job;
hc_handler hc_list_processing_jobs;

/* model.c */
hc_handler hc_create_model;
hc_handler hc_describe_model;
hc_handler hc_delete_model;
hc_handler hc_list_models;

/* endpoint.c */
hc_handler hc_create_endpoint_config;
hc_handler hc_describe_endpoint_config;
hc_handler hc_delete_endpoint_config;
hc_handler hc_list_endpoint_configs;
hc_handler hc_create_endpoint;
hc_handler hc_describe_endpoint;
hc_handler hc_update_endpoint;
hc_handler hc_delete_endpoint;
hc_handler hc_list_endpoints;

/* tag.c */
hc_handler hc_add_tags;
hc_handler hc_list_tags;
hc_handler hc_delete_tags;

#endif
