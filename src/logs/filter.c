#include "logs/filter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "logs/logs.h"
#include "logs/pattern.h"
#include "store/joblog.h"

enum { LIST_ARENA_BYTES = 64 << 20, READ_ARENA_BYTES = 64 << 20, TOKEN_NUMBERS = 4 };

#define invalid(call, err, ...) hc_fault((call), (err), 400, "InvalidParameterException", __VA_ARGS__)
#define invalid_token(call, err) invalid((call), (err), "The specified nextToken is invalid.")

/* Where the reading of a stream stands: at the event `skip` of what is read from `offset` on, behind `passed` events. */
struct place {
	struct hc_str stream;
	uint64_t offset, passed, skip;
};

struct found {
	int64_t ms;
	size_t turn; /* among the found: those of one millisecond keep their order */
	json_t *event;
};

struct search {
	struct hc_call *call;
	struct hc_log_pattern pattern;
	struct hc_str prefix;
	const json_t *names;       /* logStreamNames; NULL: the prefix counts */
	int64_t start_ms, last_ms; /* both belong to it */
	int64_t asked_ms;          /* the time of the first page's call */
	size_t limit;
	bool goes_on;   /* with a token: at `at`, */
	bool is_behind; /* or behind the stream of `at` */
	struct place at;
	struct found *found;
	size_t n, cap, bytes;
	uint64_t looked;
	bool full; /* the page is; `at` says where the next begins */
};

/* --- the request --- */

/* "r/ASKED/OFFSET/PASSED/SKIP/STREAM": on with that stream. "d/...": it is done, on behind it. */
static bool read_token(struct hc_str token, struct search *s)
{
	uint64_t numbers[TOKEN_NUMBERS];
	if (token.n < 2 || (token.p[0] != 'r' && token.p[0] != 'd') || token.p[1] != '/')
		return false;
	struct hc_str rest = {token.p + 2, token.n - 2};
	for (size_t i = 0; i < TOKEN_NUMBERS; i++) {
		const char *slash = memchr(rest.p, '/', rest.n);
		if (!slash || !hc_u64_parse((struct hc_str){rest.p, (size_t)(slash - rest.p)}, &numbers[i]) ||
		    numbers[i] > INT64_MAX)
			return false;
		rest.n -= (size_t)(slash - rest.p) + 1;
		rest.p = slash + 1;
	}
	if (rest.n == 0 || rest.n >= HC_LOG_STREAM_NAME_MAX)
		return false;
	s->goes_on = true;
	s->is_behind = token.p[0] == 'd';
	s->asked_ms = (int64_t)numbers[0];
	s->at = (struct place){rest, numbers[1], numbers[2], numbers[3]};
	return true;
}

static bool put_token(struct search *s, json_t *out)
{
	char token[HC_LOG_STREAM_NAME_MAX + 128];
	const struct place *at = &s->at;
	snprintf(token, sizeof token, "%c/%" PRId64 "/%" PRIu64 "/%" PRIu64 "/%" PRIu64 "/%.*s",
		 s->is_behind ? 'd' : 'r', s->asked_ms, at->offset, at->passed, at->skip, HC_STR_ARG(at->stream));
	return hc_tree_set_text(out, "nextToken", hc_str(token));
}

static struct hc_str name_at(const json_t *names, size_t i)
{
	const json_t *one = json_array_get(names, i);
	return (struct hc_str){json_string_value(one), json_string_length(one)};
}

/* Where a name stands in the list first; its length: nowhere. */
static size_t find_name(const json_t *names, struct hc_str name)
{
	size_t i = 0, n = json_array_size(names);
	while (i < n && !hc_str_eq(name_at(names, i), name))
		i++;
	return i;
}

static enum hc_code check_group(struct hc_call *call, struct hc_err *err)
{
	struct hc_str name = hc_tree_text(call->in, "logGroupName");
	if (hc_tree_text(call->in, "logGroupIdentifier").p)
		return invalid(
			call, err,
			"logGroupIdentifier is not supported by this server for FilterLogEvents: give logGroupName.");
	if (!name.p)
		return invalid(call, err, "logGroupName is required.");
	if (!hc_str_eq(name, HC_STR(HC_LOGS_GROUP)))
		return hc_fault(call, err, 400, "ResourceNotFoundException", "The specified log group does not exist.");
	return HC_OK;
}

static enum hc_code read_goal(struct search *s, struct hc_err *err)
{
	struct hc_call *call = s->call;
	struct hc_str token = hc_tree_text(call->in, "nextToken");
	int64_t last_ms = hc_tree_int(call->in, "endTime", INT64_MAX);
	s->start_ms = hc_tree_int(call->in, "startTime", 0);
	if (s->start_ms < 0 || last_ms < 0)
		return invalid(call, err, "startTime and endTime must not be negative.");
	s->asked_ms = call->now_us / 1000;
	if (token.p && !read_token(token, s))
		return invalid_token(call, err);
	s->last_ms = last_ms < s->asked_ms ? last_ms : s->asked_ms - 1;
	if (!s->goes_on)
		return HC_OK;
	bool is_ours = s->names ? find_name(s->names, s->at.stream) < json_array_size(s->names)
				: s->at.stream.n >= s->prefix.n &&
					  (s->prefix.n == 0 || memcmp(s->at.stream.p, s->prefix.p, s->prefix.n) == 0);
	return is_ours ? HC_OK : invalid_token(call, err);
}

static enum hc_code read_search(struct hc_call *call, struct search *s, struct hc_err *err)
{
	int64_t limit = hc_tree_int(call->in, "limit", HC_FILTER_EVENTS_MAX);
	*s = (struct search){.call = call, .prefix = hc_tree_text(call->in, "logStreamNamePrefix")};
	s->names = hc_tree_at(call->in, "logStreamNames");
	if (s->names && s->prefix.p)
		return invalid(call, err, "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
	if (limit < 1 || limit > HC_FILTER_EVENTS_MAX)
		return invalid(call, err, "limit must be between 1 and %d.", HC_FILTER_EVENTS_MAX);
	s->limit = (size_t)limit;
	enum hc_code code =
		hc_log_pattern_parse(hc_tree_text(call->in, "filterPattern"), call->arena, &s->pattern, err);
	if (code == HC_USAGE) {
		hc_fault_set(&call->fault, 400, "InvalidParameterException", "%s", err->msg);
		return code;
	}
	HC_TRY(code);
	return read_goal(s, err);
}

/* --- the search --- */

static bool add_found(struct search *s, int64_t ms, json_t *event)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct found *more = realloc(s->found, cap * sizeof *more);
		if (!more)
			return false;
		s->found = more;
		s->cap = cap;
	}
	s->found[s->n] = (struct found){ms, s->n, event};
	s->n++;
	return true;
}

/* `number` of the event in its stream. */
static bool take_event(struct search *s, const struct hc_log_event *e, uint64_t number, struct hc_str text)
{
	char id[HC_LOG_STREAM_NAME_MAX + 32];
	json_t *one = json_object();
	int64_t ms = e->at_us / 1000;
	snprintf(id, sizeof id, "%.*s:%" PRIu64, HC_STR_ARG(s->at.stream), number);
	if (hc_tree_set_text(one, "logStreamName", s->at.stream) && hc_tree_set_int(one, "timestamp", ms) &&
	    hc_tree_set_text(one, "message", text) && hc_tree_set_int(one, "ingestionTime", ms) &&
	    hc_tree_set_text(one, "eventId", hc_str(id)) && add_found(s, ms, one)) {
		s->bytes += text.n;
		return true;
	}
	json_decref(one);
	return false;
}

static bool is_wanted(const struct search *s, const struct hc_log_event *e)
{
	int64_t ms = e->at_us / 1000;
	return ms >= s->start_ms && ms <= s->last_ms && hc_log_pattern_match(&s->pattern, e->text);
}

/* Takes what is wanted of what was read, from at.skip on; at.skip is then where the page ended, if it did. */
static enum hc_code take_events(struct search *s, const struct hc_log_event *events, size_t n, struct hc_err *err)
{
	if (s->at.skip > n)
		return invalid_token(s->call, err);
	for (size_t i = s->at.skip; i < n; i++) {
		if (!is_wanted(s, &events[i]))
			continue;
		/* A message has at least one character: an empty line is a space. */
		struct hc_str text = events[i].text.n > 0 ? events[i].text : HC_STR(" ");
		s->at.skip = i;
		s->full = s->n >= s->limit || (s->n > 0 && s->bytes + text.n > HC_FILTER_PAGE_BYTES);
		if (s->full)
			return HC_OK;
		if (!take_event(s, &events[i], s->at.passed + i, text))
			return hc_fail_nomem(err, "log events");
	}
	return HC_OK;
}

/* Reads on from `at` to the stream's end, or till the page is full. A stream that went in the meantime has nothing. */
static enum hc_code search_stream(struct search *s, struct hc_err *err)
{
	for (;;) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(READ_ARENA_BYTES);
		struct hc_log_event *events;
		uint64_t from = s->at.offset, next;
		size_t n;
		bool there;
		s->full = s->looked >= HC_FILTER_LOOKED_MAX;
		if (s->full)
			return HC_OK;
		enum hc_code code = hc_log_read(s->call->server->logs, s->at.stream, &from, false, HC_FILTER_EVENTS_MAX,
						&arena, &events, &n, &next, &there, err);
		if (code == HC_USAGE)
			return invalid_token(s->call, err);
		HC_TRY(code);
		if (!there)
			return HC_OK;
		HC_TRY(take_events(s, events, n, err));
		if (s->full || next == from)
			return HC_OK;
		s->looked += next - from;
		s->at.offset = next;
		s->at.passed += n;
		s->at.skip = 0;
	}
}

/* By its ends, a stream may have events of the span. No time there: the line is none of ours, or there is none. */
static bool is_in_span(const struct search *s, const struct hc_log_stream *stream)
{
	return stream->bytes > 0 && (stream->last_event_us == 0 || stream->last_event_us / 1000 >= s->start_ms) &&
	       stream->first_event_us / 1000 <= s->last_ms;
}

static enum hc_code search_listed(struct search *s, const struct hc_log_stream *list, size_t n, struct hc_err *err)
{
	for (size_t i = 0; i < n && !s->full; i++) {
		s->at = (struct place){.stream = list[i].name};
		if (is_in_span(s, &list[i]))
			HC_TRY(search_stream(s, err));
	}
	return HC_OK;
}

/* The streams of that prefix, behind the one of the token. */
static enum hc_code search_group(struct search *s, struct hc_err *err)
{
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(LIST_ARENA_BYTES);
	struct hc_log_stream *list;
	struct hc_str after = s->goes_on ? s->at.stream : HC_STR("");
	size_t n;
	bool more;
	HC_TRY(hc_log_streams(s->call->server->logs, s->prefix, after, HC_FILTER_STREAMS_MAX, &arena, &list, &n, &more,
			      err));
	HC_TRY(search_listed(s, list, n, err));
	s->is_behind = !s->full && more;
	s->full = s->full || more;
	/* The token names it when the list is gone. */
	s->at.stream = hc_arena_copy(s->call->arena, s->at.stream);
	return s->at.stream.p ? HC_OK : hc_fail_nomem(err, "a name");
}

static enum hc_code look_up(struct search *s, struct hc_str name, struct hc_log_stream *out, bool *there,
			    struct hc_err *err)
{
	struct hc_log_stream *list;
	size_t n = 0;
	bool more;
	/* A name without '/' is none, and would list all jobs. The first that begins with a name is the one of that name. */
	if (memchr(name.p, '/', name.n))
		HC_TRY(hc_log_streams(s->call->server->logs, name, HC_STR(""), 1, s->call->arena, &list, &n, &more,
				      err));
	*there = n > 0 && hc_str_eq(list[0].name, name);
	if (*there)
		*out = list[0];
	return HC_OK;
}

/* Those of logStreamNames, behind the one of the token. On the first page all of them must be there; later one may have gone with its job. */
static enum hc_code search_named(struct search *s, struct hc_err *err)
{
	size_t n = json_array_size(s->names), n_list = 0;
	struct hc_log_stream *list = hc_arena_take(s->call->arena, (n + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "a list of logs");
	for (size_t i = s->goes_on ? find_name(s->names, s->at.stream) + 1 : 0; i < n; i++) {
		bool there;
		if (find_name(s->names, name_at(s->names, i)) < i)
			continue; /* named twice */
		HC_TRY(look_up(s, name_at(s->names, i), &list[n_list], &there, err));
		if (!there && !s->goes_on)
			return hc_fault(s->call, err, 400, "ResourceNotFoundException",
					"The specified log stream does not exist.");
		n_list += there;
	}
	return search_listed(s, list, n_list, err);
}

static enum hc_code search_all(struct search *s, struct hc_err *err)
{
	if (s->goes_on && !s->is_behind)
		HC_TRY(search_stream(s, err));
	s->is_behind = false;
	if (s->full)
		return HC_OK;
	return s->names ? search_named(s, err) : search_group(s, err);
}

/* --- the answer --- */

static int by_time(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	return x->turn < y->turn ? -1 : x->turn > y->turn;
}

static bool put_page(struct search *s, json_t *out)
{
	json_t *list = json_array();
	bool all = json_object_set_new(out, "events", list) == 0 &&
		   json_object_set_new(out, "searchedLogStreams", json_array()) == 0;
	if (s->n > 0)
		qsort(s->found, s->n, sizeof *s->found, by_time);
	for (size_t i = 0; all && i < s->n; i++)
		all = json_array_append(list, s->found[i].event) == 0;
	return all && (!s->full || put_token(s, out));
}

enum hc_code hc_logs_filter_log_events(struct hc_call *call, struct hc_db *db, struct hc_err *err)
{
	struct search s;
	(void)db;
	HC_TRY(check_group(call, err));
	HC_TRY(read_search(call, &s, err));
	enum hc_code code = search_all(&s, err);
	if (code == HC_OK && !put_page(&s, call->out))
		code = hc_fail_nomem(err, "log events");
	for (size_t i = 0; i < s.n; i++)
		json_decref(s.found[i].event);
	free(s.found);
	return code;
}
