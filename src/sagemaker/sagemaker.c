#include "sagemaker/sagemaker.h"

#include "sagemaker/handlers.h"

static const struct hc_handled operations[] = {
	{"CreateModelQualityJobDefinition", hc_create_model_quality_job_definition, true},
	{"DescribeModelQualityJobDefinition", hc_describe_model_quality_job_definition, false},
	{"DeleteModelQualityJobDefinition", hc_delete_model_quality_job_definition, true},
	{"ListModelQualityJobDefinitions", hc_list_model_quality_job_definitions, false},
	{"CreateMonitoringSchedule", hc_create_monitoring_schedule, true},
	{"DescribeMonitoringSchedule", hc_describe_monitoring_schedule, false},
	{"UpdateMonitoringSchedule", hc_update_monitoring_schedule, true},
	{"DeleteMonitoringSchedule", hc_delete_monitoring_schedule, true},
	{"StartMonitoringSchedule", hc_start_monitoring_schedule, true},
	{"StopMonitoringSchedule", hc_stop_monitoring_schedule, true},
	{"ListMonitoringSchedules", hc_list_monitoring_schedules, false},
	{"ListMonitoringExecutions", hc_list_monitoring_executions, false},
	{"ListMonitoringAlerts", hc_list_monitoring_alerts, false},
	{"ListMonitoringAlertHistory", hc_list_monitoring_alert_history, false},
	{"UpdateMonitoringAlert", hc_update_monitoring_alert, true},
	{"CreateProcessingJob", hc_create_processing_job, true},
	{"DescribeProcessingJob", hc_describe_processing_job, false},
	{"StopProcessingJob", hc_stop_processing_job, true},
	{"DeleteProcessingJob", hc_delete_processing_job, true},
	{"ListProcessingJobs", hc_list_processing_jobs, false},
	{"CreateModel", hc_create_model, true},
	{"DescribeModel", hc_describe_model, false},
	{"DeleteModel", hc_delete_model, true},
	{"ListModels", hc_list_models, false},
	{"CreateEndpointConfig", hc_create_endpoint_config, true},
	{"DescribeEndpointConfig", hc_describe_endpoint_config, false},
	{"DeleteEndpointConfig", hc_delete_endpoint_config, true},
	{"ListEndpointConfigs", hc_list_endpoint_configs, false},
	{"CreateEndpoint", hc_create_endpoint, true},
	{"DescribeEndpoint", hc_describe_endpoint, false},
	{"UpdateEndpoint", hc_update_endpoint, true},
	{"DeleteEndpoint", hc_delete_endpoint, true},
	{"ListEndpoints", hc_list_endpoints, false},
	{"AddTags", hc_add_tags, true},
	{"ListTags", hc_list_tags, false},
	{"DeleteTags", hc_delete_tags, true},
};

const struct hc_service hc_sagemaker = {"sagemaker", operations, sizeof operations / sizeof *operations};
