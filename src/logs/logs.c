#include "logs/logs.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "logs/filter.h"
#include "store/joblog.h"

enum {
	STREAMS_MAX = 50,    /* in a page */
	EVENTS_MAX = 10000,  /* in a page; hc_log_read sees to the bytes */
	SORTED_MAX = 100000, /* streams that an order other than that of names looks at */
	STREAM_ARENA_BYTES = 256 << 20,
	READ_ARENA_BYTES = 64 << 20,
};

#define invalid(call, err, ...) hc_fault((call), (err), 400, "InvalidParameterException", __VA_ARGS__)

static bool put_group_arn(const struct hc_call *call, const char *key, const char *behind, json_t *out)
{
	char arn[256];
	snprintf(arn, sizeof arn, "arn:aws:logs:%s:%s:log-group:%s%s", call->server->region, call->server->account,
		 HC_LOGS_GROUP, behind);
	return hc_tree_set_text(out, key, hc_str(arn));
}

static bool is_own_account(const struct hc_call *call, const json_t *accounts)
{
	const json_t *one;
	size_t i;
	json_array_foreach(accounts, i, one) if (json_is_string(one) && strcmp(json_string_value(one),
									       call->server->account) == 0) return true;
	return json_array_size(accounts) == 0;
}

/* An identifier is a group's name or its ARN. */
static bool names_group(const struct hc_call *call, struct hc_str identifier)
{
	char arn[256];
	snprintf(arn, sizeof arn, "arn:aws:logs:%s:%s:log-group:%s", call->server->region, call->server->account,
		 HC_LOGS_GROUP);
	return hc_str_eq(identifier, HC_STR(HC_LOGS_GROUP)) || hc_str_eq(identifier, hc_str(arn));
}

static bool is_asked_for(const struct hc_call *call)
{
	struct hc_str prefix = hc_tree_text(call->in, "logGroupNamePrefix");
	struct hc_str pattern = hc_tree_text(call->in, "logGroupNamePattern");
	struct hc_str class = hc_tree_text(call->in, "logGroupClass");
	const json_t *identifiers = hc_tree_at(call->in, "logGroupIdentifiers"), *one;
	bool named = json_array_size(identifiers) == 0;
	size_t i;
	json_array_foreach(identifiers, i, one) named =
		named || names_group(call, (struct hc_str){json_string_value(one), json_string_length(one)});
	return named && is_own_account(call, hc_tree_at(call->in, "accountIdentifiers")) &&
	       (!prefix.p || (prefix.n < sizeof HC_LOGS_GROUP && memcmp(prefix.p, HC_LOGS_GROUP, prefix.n) == 0)) &&
	       (!pattern.p || pattern.n == 0 ||
		memmem(HC_LOGS_GROUP, sizeof HC_LOGS_GROUP - 1, pattern.p, pattern.n) != NULL) &&
	       (!class.p || hc_str_eq(class, HC_STR("STANDARD")));
}

static enum hc_code describe_log_groups(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	(void)db;
	if (hc_tree_text(call->in, "logGroupNamePrefix").p && hc_tree_text(call->in, "logGroupNamePattern").p)
		return invalid(call, err,
			       "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
	/* There is one group, so there is one page. */
	if (hc_tree_text(call->in, "nextToken").p)
		return invalid(call, err, "The specified nextToken is invalid.");
	json_t *list = json_array(), *group;
	bool all = json_object_set_new(call->out, "logGroups", list) == 0;
	if (all && is_asked_for(call)) {
		group = json_object();
		all = json_array_append_new(list, group) == 0 &&
		      hc_tree_set_text(group, "logGroupName", HC_STR(HC_LOGS_GROUP)) &&
		      hc_tree_set_int(group, "metricFilterCount", 0) && hc_tree_set_int(group, "storedBytes", 0) &&
		      hc_tree_set_text(group, "logGroupClass", HC_STR("STANDARD")) &&
		      put_group_arn(call, "arn", ":*", group) && put_group_arn(call, "logGroupArn", "", group);
	}
	return all ? HC_OK : hc_fail_nomem(err, "log groups");
}

/* Both operations on streams name the group in one of two ways. */
static enum hc_code check_group(struct hc_call *call, struct hc_err *err)
{
	struct hc_str name = hc_tree_text(call->in, "logGroupName");
	struct hc_str identifier = hc_tree_text(call->in, "logGroupIdentifier");
	if (!name.p == !identifier.p)
		return invalid(call, err, "Exactly one of logGroupName and logGroupIdentifier must be specified.");
	if (name.p ? !hc_str_eq(name, HC_STR(HC_LOGS_GROUP)) : !names_group(call, identifier))
		return hc_fault(call, err, 400, "ResourceNotFoundException", "The specified log group does not exist.");
	return HC_OK;
}

struct listing {
	bool by_time, descending;
	struct hc_str prefix;
	size_t limit;
	struct hc_log_stream *list;
	size_t n;
	bool more;
	/* Behind this one. */
	bool has_after;
	struct hc_log_stream after;
};

static int by_time(const void *a, const void *b)
{
	const struct hc_log_stream *x = a, *y = b;
	if (x->last_event_us != y->last_event_us)
		return x->last_event_us < y->last_event_us ? -1 : 1;
	return hc_str_cmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	const struct hc_log_stream *x = a, *y = b;
	return hc_str_cmp(x->name, y->name);
}

static void reverse(struct listing *l)
{
	for (size_t i = 0; i < l->n / 2; i++) {
		struct hc_log_stream swapped = l->list[i];
		l->list[i] = l->list[l->n - 1 - i];
		l->list[l->n - 1 - i] = swapped;
	}
}

/* Every order but that of names sorts all that there are, and cuts the page out. */
static void cut_page(struct listing *l)
{
	int (*order)(const void *, const void *) = l->by_time ? by_time : by_name;
	size_t first = 0;
	if (l->n > 0)
		qsort(l->list, l->n, sizeof *l->list, order);
	if (l->descending)
		reverse(l);
	while (l->has_after && first < l->n) {
		int c = order(&l->list[first], &l->after);
		if (l->descending ? c < 0 : c > 0)
			break;
		first++;
	}
	l->list += first;
	l->n -= first;
	l->more = l->n > l->limit;
	if (l->more)
		l->n = l->limit;
}

/* Tokens of DescribeLogStreams: "MICROSECONDS/NAME" of the last stream given. */
static bool read_stream_token(struct hc_str token, struct listing *l)
{
	uint64_t us = 0;
	if (!token.p)
		return true;
	const char *slash = memchr(token.p, '/', token.n);
	if (!slash || !hc_u64_parse((struct hc_str){token.p, (size_t)(slash - token.p)}, &us) || us > INT64_MAX)
		return false;
	size_t used = (size_t)(slash - token.p) + 1;
	l->after.name = (struct hc_str){token.p + used, token.n - used};
	l->after.last_event_us = (int64_t)us;
	l->has_after = true;
	return l->after.name.n > 0;
}

static enum hc_code read_listing(struct hc_call *call, struct listing *l, struct hc_err *err)
{
	int64_t limit = hc_tree_int(call->in, "limit", STREAMS_MAX);
	*l = (struct listing){.prefix = hc_tree_text(call->in, "logStreamNamePrefix")};
	l->by_time = strcmp(hc_tree_cstring(call->in, "orderBy", "LogStreamName"), "LastEventTime") == 0;
	l->descending = hc_tree_bool(call->in, "descending", false);
	if (limit < 1 || limit > STREAMS_MAX)
		return invalid(call, err, "limit must be between 1 and %d.", STREAMS_MAX);
	l->limit = (size_t)limit;
	if (l->by_time && l->prefix.p)
		return invalid(call, err, "Cannot order by LastEventTime with a logStreamNamePrefix.");
	if (!read_stream_token(hc_tree_text(call->in, "nextToken"), l))
		return invalid(call, err, "The specified nextToken is invalid.");
	return HC_OK;
}

static bool put_stream(const struct hc_call *call, const struct hc_log_stream *s, json_t *list)
{
	json_t *one = json_object();
	char behind[HC_LOG_STREAM_NAME_MAX + 32];
	snprintf(behind, sizeof behind, ":log-stream:%.*s", HC_STR_ARG(s->name));
	bool all = json_array_append_new(list, one) == 0 && hc_tree_set_text(one, "logStreamName", s->name) &&
		   hc_tree_set_int(one, "creationTime", s->created_us / 1000) &&
		   hc_tree_set_int(one, "storedBytes", 0) && put_group_arn(call, "arn", behind, one);
	if (s->first_event_us != 0)
		all = all && hc_tree_set_int(one, "firstEventTimestamp", s->first_event_us / 1000) &&
		      hc_tree_set_int(one, "lastEventTimestamp", s->last_event_us / 1000) &&
		      hc_tree_set_int(one, "lastIngestionTime", s->last_event_us / 1000);
	return all;
}

static enum hc_code list_streams(struct hc_call *call, struct listing *l, struct hc_arena *arena, struct hc_err *err)
{
	bool in_order = !l->by_time && !l->descending;
	struct hc_str after = in_order && l->has_after ? l->after.name : HC_STR("");
	HC_TRY(hc_log_streams(call->server->logs, l->prefix, after, in_order ? l->limit : SORTED_MAX, arena, &l->list,
			      &l->n, &l->more, err));
	if (in_order)
		return HC_OK;
	if (l->more)
		return invalid(call, err,
			       "There are more than %d log streams: this server lists so many by ascending name only.",
			       SORTED_MAX);
	cut_page(l);
	return HC_OK;
}

static enum hc_code describe_log_streams(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(STREAM_ARENA_BYTES);
	struct listing l;
	(void)db;
	HC_TRY(check_group(call, err));
	HC_TRY(read_listing(call, &l, err));
	HC_TRY(list_streams(call, &l, &arena, err));
	json_t *list = json_array();
	bool all = json_object_set_new(call->out, "logStreams", list) == 0;
	for (size_t i = 0; all && i < l.n; i++)
		all = put_stream(call, &l.list[i], list);
	if (all && l.more) {
		char token[HC_LOG_STREAM_NAME_MAX + 32];
		const struct hc_log_stream *last = &l.list[l.n - 1];
		snprintf(token, sizeof token, "%lld/%.*s", (long long)last->last_event_us, HC_STR_ARG(last->name));
		all = hc_tree_set_text(call->out, "nextToken", hc_str(token));
	}
	return all ? HC_OK : hc_fail_nomem(err, "log streams");
}

/* GetLogEvents, read. */
struct reading {
	struct hc_str stream;
	int64_t start_ms, end_ms; /* start <= time < end */
	size_t limit;
	bool backward;
	uint64_t offset;        /* UINT64_MAX: the end */
	uint64_t first, behind; /* where what was given begins, and ends */
	json_t *list;
};

/* Tokens are "f/OFFSET" and "b/OFFSET": on from there, or what is before it. */
static bool read_event_token(struct hc_str token, struct reading *r)
{
	if (!token.p)
		return true;
	if (token.n < 3 || (token.p[0] != 'f' && token.p[0] != 'b') || token.p[1] != '/')
		return false;
	r->backward = token.p[0] == 'b';
	return hc_u64_parse((struct hc_str){token.p + 2, token.n - 2}, &r->offset) && r->offset <= INT64_MAX;
}

static enum hc_code read_reading(struct hc_call *call, struct reading *r, struct hc_err *err)
{
	int64_t limit = hc_tree_int(call->in, "limit", EVENTS_MAX);
	*r = (struct reading){.stream = hc_tree_text(call->in, "logStreamName")};
	r->start_ms = hc_tree_int(call->in, "startTime", 0);
	r->end_ms = hc_tree_int(call->in, "endTime", INT64_MAX);
	r->backward = !hc_tree_bool(call->in, "startFromHead", false);
	r->offset = r->backward ? UINT64_MAX : 0;
	if (!r->stream.p)
		return invalid(call, err, "logStreamName is required.");
	if (limit < 1 || limit > EVENTS_MAX)
		return invalid(call, err, "limit must be between 1 and %d.", EVENTS_MAX);
	if (r->start_ms < 0 || r->end_ms < 0)
		return invalid(call, err, "startTime and endTime must not be negative.");
	r->limit = (size_t)limit;
	if (!read_event_token(hc_tree_text(call->in, "nextToken"), r))
		return invalid(call, err, "The specified nextToken is invalid.");
	return HC_OK;
}

static bool in_time(const struct reading *r, const struct hc_log_event *e)
{
	int64_t ms = e->at_us / 1000;
	return ms >= r->start_ms && ms < r->end_ms;
}

static bool put_event(const struct hc_log_event *e, json_t *list)
{
	json_t *one = json_object();
	/* A message has at least one character: an empty line is a space. */
	struct hc_str text = e->text.n > 0 ? e->text : HC_STR(" ");
	return json_array_append_new(list, one) == 0 && hc_tree_set_int(one, "timestamp", e->at_us / 1000) &&
	       hc_tree_set_text(one, "message", text) && hc_tree_set_int(one, "ingestionTime", e->at_us / 1000);
}

/* Reads on until something of the time asked for is there, or nothing more: an empty page tells clients that they have seen all. */
static enum hc_code read_page(struct hc_call *call, struct reading *r, struct hc_err *err)
{
	bool started = false;
	for (uint64_t next = r->offset; json_array_size(r->list) == 0;) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(READ_ARENA_BYTES);
		struct hc_log_event *events;
		uint64_t from = next;
		size_t n;
		bool found;
		enum hc_code code = hc_log_read(call->server->logs, r->stream, &from, r->backward, r->limit, &arena,
						&events, &n, &next, &found, err);
		if (code == HC_USAGE)
			return invalid(call, err, "The specified nextToken is invalid.");
		HC_TRY(code);
		if (!found)
			return hc_fault(call, err, 400, "ResourceNotFoundException",
					"The specified log stream does not exist.");
		if (!started)
			r->first = r->behind = from;
		started = true;
		*(r->backward ? &r->first : &r->behind) = next;
		for (size_t i = 0; i < n; i++)
			if (in_time(r, &events[i]) && !put_event(&events[i], r->list))
				return hc_fail_nomem(err, "log events");
		if (next == from)
			break;
	}
	return HC_OK;
}

static enum hc_code get_log_events(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct reading r;
	char token[32];
	(void)db;
	HC_TRY(check_group(call, err));
	HC_TRY(read_reading(call, &r, err));
	r.list = json_array();
	if (json_object_set_new(call->out, "events", r.list) != 0)
		return hc_fail_nomem(err, "log events");
	HC_TRY(read_page(call, &r, err));
	snprintf(token, sizeof token, "f/%llu", (unsigned long long)r.behind);
	bool all = hc_tree_set_text(call->out, "nextForwardToken", hc_str(token));
	snprintf(token, sizeof token, "b/%llu", (unsigned long long)r.first);
	all = all && hc_tree_set_text(call->out, "nextBackwardToken", hc_str(token));
	return all ? HC_OK : hc_fail_nomem(err, "log events");
}

static const struct hc_handled operations[] = {
	{"DescribeLogGroups", describe_log_groups, false},
	{"DescribeLogStreams", describe_log_streams, false},
	{"FilterLogEvents", hc_logs_filter_log_events, false},
	{"GetLogEvents", get_log_events, false},
};

const struct hc_service hc_logs = {"logs", operations, sizeof operations / sizeof *operations};
