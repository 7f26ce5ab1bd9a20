#include "daemon/supervisor.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "daemon/events.h"
#include "daemon/hooks.h"
#include "publish/alarm.h"
#include "sys/clock.h"

#define TURN_ARENA_BYTES (UINT64_C(256) << 20)
#define STACK_BYTES (size_t)(4 << 20)
enum { STOPPING_MAX = 64, PRUNE_ROWS = 10000, LOOK_EVERY_US = 1000000, APART_US = 50000, AGAIN_US = 10000000 };

/* A job that runs, in a thread of its own. */
struct running_job {
	struct hc_supervisor *supervisor;
	pthread_t thread;
	char name[HC_LOG_STREAM_NAME_MAX];
	_Atomic int stop;
	_Atomic bool done;
	bool failed; /* the server's own trouble: its end could not be recorded */
	bool used;
};

struct hc_supervisor {
	struct hc_jobs *jobs;
	struct hc_hooks hooks;
	unsigned at_once;
	struct running_job running[HC_RUNNING_MAX];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool woken;
	bool by_hand_next; /* whose turn it is: jobs created by hand, or those of schedules */
	int64_t turned_us; /* the last turn that looked at all schedules; steady */
	int64_t claim_next_us, look_next_us, start_next_us, alarms_next_us, prune_next_us;
};

static void say(void *arg, const char *line)
{
	(void)arg;
	hc_event(HC_LEVEL_WARN, "%s", line);
}

static void wake_by(void *arg)
{
	hc_supervisor_wake(arg);
}

enum hc_code hc_supervisor_open(struct hc_jobs *jobs, unsigned at_once, struct hc_supervisor **out, struct hc_err *err)
{
	struct hc_supervisor *s = calloc(1, sizeof *s);
	pthread_condattr_t attributes;
	if (!s)
		return hc_fail_nomem(err, "the supervisor");
	s->jobs = jobs;
	s->at_once = at_once < HC_RUNNING_MAX ? at_once : HC_RUNNING_MAX;
	s->hooks = (struct hc_hooks){
		.sched = {.account = jobs->server->account, .region = jobs->server->region, .say = say},
		.wake = wake_by,
		.arg = s};
	jobs->hooks = hc_hooks_of(&s->hooks);
	s->woken = true;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	*out = s;
	return HC_OK;
}

void hc_supervisor_wake(struct hc_supervisor *s)
{
	pthread_mutex_lock(&s->lock);
	s->woken = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* True when somebody woke us. */
static bool wait_for_reason(struct hc_supervisor *s)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)HC_TURN_MS * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&s->lock);
	int waited = 0;
	while (!s->woken && waited == 0)
		waited = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	bool woken = s->woken;
	s->woken = false;
	pthread_mutex_unlock(&s->lock);
	return woken;
}

/* --- claiming ----------------------------------------------------------------------------------- */

struct claiming {
	struct hc_supervisor *s;
	int64_t now_us;
	struct hc_claimed claimed;
};

static enum hc_code look_for_due(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct claiming *c = arg;
	return hc_sched_look(db, &c->s->hooks.sched, c->now_us, &c->claimed, err);
}

static enum hc_code claim(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct claiming *c = arg;
	return hc_sched_claim(db, &c->s->hooks.sched, c->now_us, &c->claimed, err);
}

static void claim_due(struct hc_supervisor *s, int64_t now_us)
{
	struct hc_err err;
	struct claiming c = {.s = s, .now_us = now_us - now_us % 1000};
	struct hc_catalog *catalog = s->jobs->server->catalog;
	enum hc_code code = hc_catalog_read(catalog, look_for_due, &c, &err);
	if (code == HC_OK && c.claimed.claimed)
		code = hc_catalog_write(catalog, claim, &c, &err);
	if (code != HC_OK) {
		hc_event_error("claim_failed", &err);
		s->claim_next_us = now_us + 10 * HC_SECOND_US;
		return;
	}
	s->claim_next_us = c.claimed.next_us;
	if (c.claimed.claimed)
		hc_event(HC_LEVEL_INFO, "event=claimed executions=%u", c.claimed.claimed);
}

/* --- jobs --------------------------------------------------------------------------------------- */

static struct running_job *find_running(struct hc_supervisor *s, struct hc_str name)
{
	for (size_t i = 0; i < HC_RUNNING_MAX; i++)
		if (s->running[i].used && hc_str_eq_nocase(name, hc_str(s->running[i].name)))
			return &s->running[i];
	return NULL;
}

static unsigned count_running(struct hc_supervisor *s)
{
	unsigned n = 0;
	for (size_t i = 0; i < HC_RUNNING_MAX; i++)
		n += s->running[i].used;
	return n;
}

static void *run_thread(void *arg)
{
	struct running_job *r = arg;
	struct hc_err err;
	hc_event(HC_LEVEL_INFO, "event=job_begins job=%s", r->name);
	int64_t begun = hc_clock_steady_us();
	r->failed = hc_job_run(r->supervisor->jobs, hc_str(r->name), &r->stop, &err) != HC_OK;
	if (r->failed)
		hc_event_error("job_not_recorded", &err);
	hc_event(HC_LEVEL_INFO, "event=job_ends job=%s seconds=%.3f", r->name,
		 (double)(hc_clock_steady_us() - begun) / 1e6);
	atomic_store(&r->done, true);
	hc_supervisor_wake(r->supervisor);
	return NULL;
}

/* False when it was not started: not now, after trouble. */
static bool start_job(struct hc_supervisor *s, struct hc_str name)
{
	struct running_job *r = s->running;
	pthread_attr_t attributes;
	if (hc_clock_steady_us() < s->start_next_us)
		return false;
	while (r->used)
		r++;
	*r = (struct running_job){.supervisor = s, .used = true};
	memcpy(r->name, name.p, name.n < sizeof r->name ? name.n : sizeof r->name - 1);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	int error = pthread_create(&r->thread, &attributes, run_thread, r);
	pthread_attr_destroy(&attributes);
	if (error != 0) {
		r->used = false;
		s->start_next_us = hc_clock_steady_us() + AGAIN_US;
		hc_event(HC_LEVEL_ERROR, "event=job_not_started job=%s error=\"%s\"", r->name, strerror(error));
	}
	return r->used;
}

static void reap(struct hc_supervisor *s)
{
	for (size_t i = 0; i < HC_RUNNING_MAX; i++) {
		struct running_job *r = &s->running[i];
		if (!r->used || !atomic_load(&r->done))
			continue;
		pthread_join(r->thread, NULL);
		r->used = false;
		/* It is still to do. What keeps the catalog from writing seldom goes away at once. */
		if (r->failed)
			s->start_next_us = hc_clock_steady_us() + AGAIN_US;
	}
}

/* Jobs of one status, oldest first: those of schedules, those created by hand (whose slot is 0), or both. */
struct looking {
	const char *status;
	int64_t slot_before_us, slot_after_us;
	size_t limit;
	struct hc_arena *arena;
	struct hc_resources jobs;
};

static enum hc_code look(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct looking *l = arg;
	struct hc_resource_filter filter = {.kind = HC_KIND_JOB,
					    .status = hc_str(l->status),
					    .slot_before_us = l->slot_before_us,
					    .slot_after_us = l->slot_after_us,
					    .limit = l->limit};
	return hc_resource_list(db, &filter, l->arena, &l->jobs, err);
}

static const struct hc_resource *first_waiting(struct hc_supervisor *s, const struct hc_resources *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (!find_running(s, jobs->list[i].name))
			return &jobs->list[i];
	return NULL;
}

static void stop_jobs(struct hc_supervisor *s, const struct hc_resources *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct running_job *r = find_running(s, jobs->list[i].name);
		if (r)
			atomic_store(&r->stop, HC_JOB_STOP);
		else if (count_running(s) == HC_RUNNING_MAX || !start_job(s, jobs->list[i].name)) /* only to be ended */
			return;
	}
}

/* Each kind is looked up for itself, so that a long queue of one hides nothing of the other. */
static void stop_and_start(struct hc_supervisor *s)
{
	struct hc_err err;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(TURN_ARENA_BYTES);
	size_t running = count_running(s), limit = running + s->at_once;
	struct looking stopping = {"Stopping", 0, 0, running + STOPPING_MAX, &arena, {0}};
	struct looking by_hand = {"InProgress", 1, 0, limit, &arena, {0}},
		       scheduled = {"InProgress", 0, 1, limit, &arena, {0}};
	struct hc_catalog *catalog = s->jobs->server->catalog;
	if (hc_catalog_read(catalog, look, &stopping, &err) != HC_OK ||
	    hc_catalog_read(catalog, look, &by_hand, &err) != HC_OK ||
	    hc_catalog_read(catalog, look, &scheduled, &err) != HC_OK) {
		hc_event_error("jobs_not_read", &err);
		return;
	}
	stop_jobs(s, &stopping.jobs);
	while (count_running(s) < s->at_once) {
		const struct hc_resource *hand = first_waiting(s, &by_hand.jobs);
		const struct hc_resource *tick = first_waiting(s, &scheduled.jobs);
		const struct hc_resource *job = (s->by_hand_next && hand) || !tick ? hand : tick;
		if (!job)
			return;
		if (!start_job(s, job->name))
			return;
		s->by_hand_next = job == tick;
	}
}

/* --- what time brings ----------------------------------------------------------------------------- */

static enum hc_code evaluate(struct hc_db *db, void *arg, struct hc_err *err)
{
	return hc_alarms_evaluate(db, *(int64_t *)arg, NULL, err);
}

struct pruning {
	int64_t before_us, removed;
};

static enum hc_code prune(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct pruning *p = arg;
	return hc_datapoints_prune(db, p->before_us, PRUNE_ROWS, &p->removed, err);
}

static void keep_house(struct hc_supervisor *s, int64_t now_us)
{
	struct hc_err err;
	int64_t steady = hc_clock_steady_us();
	struct hc_catalog *catalog = s->jobs->server->catalog;
	if (steady >= s->alarms_next_us) {
		s->alarms_next_us = steady + 60 * HC_SECOND_US;
		if (hc_catalog_write(catalog, evaluate, &now_us, &err) != HC_OK)
			hc_event_error("alarms_not_evaluated", &err);
	}
	if (steady >= s->prune_next_us) {
		struct pruning p = {.before_us = now_us - HC_TELEMETRY_KEEP_US};
		if (hc_catalog_write(catalog, prune, &p, &err) != HC_OK)
			hc_event_error("datapoints_not_pruned", &err);
		/* A few at a time, so that no transaction is long; what is left is for the next turn. */
		s->prune_next_us = p.removed == PRUNE_ROWS ? steady : steady + HC_HOUR_US;
	}
}

void hc_supervisor_turn(struct hc_supervisor *s)
{
	bool woken = wait_for_reason(s);
	/* Every write wakes us: many of them are looked at together. */
	int64_t early = s->turned_us + APART_US - hc_clock_steady_us();
	if (woken && early > 0)
		poll(NULL, 0, (int)(early / 1000) + 1);
	int64_t now = hc_clock_now_us(), steady = hc_clock_steady_us();
	reap(s);
	if (woken || now >= s->claim_next_us) {
		s->turned_us = steady;
		claim_due(s, now);
		woken = true;
	}
	if (woken || steady >= s->look_next_us) {
		s->look_next_us = steady + LOOK_EVERY_US;
		stop_and_start(s);
	}
	keep_house(s, now);
}

void hc_supervisor_close(struct hc_supervisor *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < HC_RUNNING_MAX; i++)
		if (s->running[i].used)
			atomic_store(&s->running[i].stop, HC_JOB_LEAVE);
	for (size_t i = 0; i < HC_RUNNING_MAX; i++)
		if (s->running[i].used)
			pthread_join(s->running[i].thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
