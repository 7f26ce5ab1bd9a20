/*
 * What follows from a job's end: its metrics go to CloudWatch's part of the catalog, its execution goes on or ends.
 */
#ifndef HC_DAEMON_HOOKS_H
#define HC_DAEMON_HOOKS_H

#include "jobs/run.h"
#include "sched/execution.h"

struct hc_hooks {
	struct hc_sched sched;
	/* Called behind an end that was recorded or is about to be: look again soon. */
	void (*wake)(void *arg);
	void *arg;
};

/* The namespaces of model quality (reference 5). */
#define HC_NAMESPACE_ENDPOINT "aws/sagemaker/Endpoints/model-metrics"
#define HC_NAMESPACE_BATCH "aws/sagemaker/ModelMonitoring/model-metrics"

struct hc_job_hooks hc_hooks_of(struct hc_hooks *hooks);

#endif
