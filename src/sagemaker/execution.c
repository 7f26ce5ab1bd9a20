#include "sagemaker/common.h"
#include "sagemaker/handlers.h"
#include "sagemaker/list.h"
#include "sagemaker/monitoring.h"

bool hc_execution_summary(const struct hc_call *call, const struct hc_resource *execution, json_t *summary)
{
	(void)call;
	bool ok = true;
	ok &= hc_tree_set_text(summary, "MonitoringScheduleName", execution->parent);
	ok &= hc_tree_set_instant(summary, "ScheduledTime", execution->slot_us);
	ok &= hc_tree_set_instant(summary, "CreationTime", execution->created_us);
	ok &= hc_tree_set_instant(summary, "LastModifiedTime", execution->modified_us);
	ok &= hc_tree_set_text(summary, "MonitoringExecutionStatus", execution->status);
	ok &= hc_tree_set_text(summary, "ProcessingJobArn", execution->job_arn);
	ok &= hc_tree_set_text(summary, "EndpointName", execution->endpoint);
	ok &= hc_tree_set_text(summary, "FailureReason", execution->failure);
	ok &= hc_tree_set_text(summary, "MonitoringJobDefinitionName", execution->definition);
	ok &= hc_tree_set_text(summary, "MonitoringType", execution->type);
	return ok;
}

enum hc_code hc_list_monitoring_executions(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_resource_filter filter = hc_list_filter(call, HC_KIND_EXECUTION, HC_LIST_DEFAULT, true);
	struct hc_str name = hc_tree_text(call->in, "MonitoringScheduleName");
	if (name.p) {
		struct hc_resource schedule;
		bool found = false;
		HC_TRY(hc_resource_get(db, HC_KIND_SCHEDULE, name, call->arena, &schedule, &found, err));
		/* The service model knows no ResourceNotFound here. */
		if (!found) {
			if (!hc_tree_set(call->out, "MonitoringExecutionSummaries", json_array()))
				return hc_fail_nomem(err, "a list");
			return HC_OK;
		}
		filter.parent_uid = schedule.uid;
	}
	return hc_list_page(call, db, &filter, "MonitoringExecutionSummaries", hc_execution_summary, err);
}
