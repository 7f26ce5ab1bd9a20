#include "daemon/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "publish/metrics_file.h"
#include "sys/clock.h"

#define GATHER_ARENA_BYTES (UINT64_C(256) << 20)

struct gathered {
	struct hc_arena arena;
	struct hc_metrics metrics;
	const char *space;
};

static void tell(void *arg, const char *text)
{
	hc_log_line(arg, hc_clock_now_us(), "hindcast: CloudWatch metrics: %s", text);
}

static const char *variable(const struct hc_job *job, const char *name)
{
	return hc_tree_cstring(hc_tree_at(job->doc, "Environment"), name, NULL);
}

/* With publish_cloudwatch_metrics=Enabled, as the analyzer has it; the files of scripts are among them. */
static void *gather(void *arg, const struct hc_job *job, const char *folder, struct hc_log_writer *log)
{
	struct hc_err err;
	const char *wanted = variable(job, "publish_cloudwatch_metrics");
	(void)arg;
	if (!wanted || strcmp(wanted, "Enabled") != 0)
		return NULL;
	struct gathered *g = calloc(1, sizeof *g);
	if (!g)
		return NULL;
	g->arena = HC_ARENA(GATHER_ARENA_BYTES);
	g->space = variable(job, "sagemaker_endpoint_name") ? HC_NAMESPACE_ENDPOINT : HC_NAMESPACE_BATCH;
	if (hc_metrics_read(folder, hc_clock_now_us(), &g->arena, tell, log, &g->metrics, &err) == HC_OK)
		return g;
	tell(log, err.msg);
	hc_arena_free(&g->arena);
	free(g);
	return NULL;
}

static enum hc_code ended(void *arg, struct hc_db *db, const struct hc_job *job, const json_t *merged, void *gathered,
			  int64_t now_us, struct hc_err *err)
{
	struct hc_hooks *hooks = arg;
	struct gathered *g = gathered;
	if (g && hc_str_eq(job->resource.status, HC_STR("Completed")))
		HC_TRY(hc_metrics_put(db, hc_str(g->space), &g->metrics, now_us, err));
	HC_TRY(hc_sched_job_ended(db, &hooks->sched, &job->resource, merged, now_us, err));
	hooks->wake(hooks->arg);
	return HC_OK;
}

static void forget(void *arg, void *gathered)
{
	struct gathered *g = gathered;
	(void)arg;
	if (!g)
		return;
	hc_arena_free(&g->arena);
	free(g);
}

struct hc_job_hooks hc_hooks_of(struct hc_hooks *hooks)
{
	return (struct hc_job_hooks){.arg = hooks, .gather = gather, .ended = ended, .forget = forget};
}
