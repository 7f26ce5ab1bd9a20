/*
 * Resources: everything of SageMaker's API that has a name, an ARN and a life: one table, so that listing (filters, order,
 * pages) is written once.
 *
 * `doc` is the JSON document that the client gave, checked and completed with defaults; `detail` a JSON object of what the
 * server found out since (exit message, start and end time, ...). Names are unique per kind, without regard to ASCII case, for ARNs are folded.
 */
#ifndef HC_CATALOG_RESOURCE_H
#define HC_CATALOG_RESOURCE_H

#include "db/db.h"

enum hc_kind {
	HC_KIND_DEFINITION = 1, /* model quality job definition */
	HC_KIND_SCHEDULE,
	HC_KIND_EXECUTION, /* name: SCHEDULE-UID/SLOT-US/REVISION, which makes a claim unique */
	HC_KIND_JOB,       /* processing job */
	HC_KIND_MODEL,
	HC_KIND_ENDPOINT_CONFIG,
	HC_KIND_ENDPOINT,
	HC_KIND_ALERT, /* name: SCHEDULE-UID/NAME */
};

/* Texts that are not set have p == NULL (a status that is empty is not set); on reading they live in the arena. */
struct hc_resource {
	int64_t uid; /* given by insert, never used again */
	enum hc_kind kind;
	struct hc_str name, arn;
	int64_t created_us, modified_us;
	struct hc_str status;  /* as the API spells it: "Scheduled", "InProgress" */
	struct hc_str failure; /* FailureReason */
	/* Whose it is: an execution's schedule, a job's execution; 0: nobody's. parent: the schedule's name, for executions. */
	int64_t parent_uid;
	struct hc_str parent;
	int64_t slot_us; /* execution: ScheduledTime. Schedule: the last tick that was claimed or passed over, 0: none */
	int64_t revision; /* schedule: goes up with every change of its configuration */
	struct hc_str endpoint, definition, type, job_arn;
	struct hc_str doc, detail; /* JSON objects */
};

/* Inserts; sets r->uid. HC_INPUT when the kind has that name already. */
enum hc_code hc_resource_insert(struct hc_db *db, struct hc_resource *r, struct hc_err *err) HC_MUST_USE;
/* By name; *found says whether it is there. */
enum hc_code hc_resource_get(struct hc_db *db, enum hc_kind kind, struct hc_str name, struct hc_arena *arena,
			     struct hc_resource *out, bool *found, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_resource_get_uid(struct hc_db *db, int64_t uid, struct hc_arena *arena, struct hc_resource *out,
				 bool *found, struct hc_err *err) HC_MUST_USE;
/* By ARN, of any kind. */
enum hc_code hc_resource_get_arn(struct hc_db *db, struct hc_str arn, struct hc_arena *arena, struct hc_resource *out,
				 bool *found, struct hc_err *err) HC_MUST_USE;
/* Writes every member but uid, kind, name, created_us back. HC_EMPTY when it is gone. */
enum hc_code hc_resource_update(struct hc_db *db, const struct hc_resource *r, struct hc_err *err) HC_MUST_USE;
/* Removes it and its tags; that it is gone is fine. */
enum hc_code hc_resource_delete(struct hc_db *db, int64_t uid, struct hc_err *err) HC_MUST_USE;
/* How many of a kind there are. */
enum hc_code hc_resource_count(struct hc_db *db, enum hc_kind kind, int64_t *out, struct hc_err *err) HC_MUST_USE;

enum hc_resource_sort { HC_SORT_CREATED, HC_SORT_NAME, HC_SORT_STATUS, HC_SORT_SLOT };

/* What is not set (p == NULL, 0) filters nothing. Times: before is exclusive, after is exclusive, as "after" and "before" say. */
struct hc_resource_filter {
	enum hc_kind kind;
	struct hc_str name_contains; /* without regard to ASCII case */
	struct hc_str status, endpoint, definition, type, parent;
	int64_t parent_uid;
	int64_t created_before_us, created_after_us, modified_before_us, modified_after_us, slot_before_us,
		slot_after_us;
	enum hc_resource_sort sort;
	bool descending;
	size_t limit;        /* most rows to give, 0: all */
	struct hc_str token; /* of the page before; p == NULL: the first page */
};

struct hc_resources {
	struct hc_resource *list; /* in the arena */
	size_t n;
	struct hc_str next; /* token of the next page; p == NULL: there is none */
};
/*
 * One page, in the order asked for (ties by uid; names without regard to ASCII case, a status that is not set first): keyset paging, so
 * that rows that come or go in between shift nothing. Names of parents, endpoints and definitions are compared without regard to ASCII
 * case, statuses and types exactly. HC_USAGE: a token that is not one of ours for this order. Fast at 10^6 rows for every order of a kind, and
 * with a status, parent or endpoint; other filters look at the rows that they leave out.
 */
enum hc_code hc_resource_list(struct hc_db *db, const struct hc_resource_filter *filter, struct hc_arena *arena,
			      struct hc_resources *out, struct hc_err *err) HC_MUST_USE;

/* Tags, by ARN, of a resource or not. Setting replaces the value of a key that is there; HC_LIMIT when there would be too many. */
enum { HC_TAGS_MAX = 50 };
struct hc_tag {
	struct hc_str key, value;
};
enum hc_code hc_tags_set(struct hc_db *db, struct hc_str arn, const struct hc_tag *tags, size_t n,
			 struct hc_err *err) HC_MUST_USE;
enum hc_code hc_tags_get(struct hc_db *db, struct hc_str arn, struct hc_arena *arena, struct hc_tag **out, size_t *n,
			 struct hc_err *err) HC_MUST_USE; /* in the order of their keys */
enum hc_code hc_tags_remove(struct hc_db *db, struct hc_str arn, const struct hc_str *keys, size_t n,
			    struct hc_err *err) HC_MUST_USE;

/* What became of an alert, newest last. */
struct hc_alert_change {
	int64_t id, at_us;
	struct hc_str schedule, alert, status;
};
enum hc_code hc_alert_change_add(struct hc_db *db, const struct hc_alert_change *change,
				 struct hc_err *err) HC_MUST_USE;
struct hc_alert_change_filter {
	struct hc_str schedule, alert, status;
	int64_t before_us, after_us;
	bool by_status, descending;
	size_t limit; /* 0: all */
	struct hc_str token;
};
/* As hc_resource_list. */
enum hc_code hc_alert_change_list(struct hc_db *db, const struct hc_alert_change_filter *filter, struct hc_arena *arena,
				  struct hc_alert_change **out, size_t *n, struct hc_str *next,
				  struct hc_err *err) HC_MUST_USE;

#endif
