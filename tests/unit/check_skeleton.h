/*
 * What must hold when a skeleton says that a line fits: the full scanner reads the same record, and what is written for
 * it is the same. For the property test and the fuzzer.
 */
#ifndef HC_TEST_CHECK_SKELETON_H
#define HC_TEST_CHECK_SKELETON_H

#include "dataset/skeleton.h"

struct skeleton_oracle {
	enum hc_record_kind kind;
	size_t max_line;
	struct hc_record full; /* initialized; what the full scanner read last */
	struct hc_buf expected, written;
	struct hc_err err;
};

static inline bool same_string(const struct hc_json_value *a, const struct hc_json_value *b)
{
	return a->type == b->type && a->escaped == b->escaped && a->raw.p == b->raw.p && a->raw.n == b->raw.n;
}

static inline bool same_part_data(const struct hc_part_data *a, const struct hc_part_data *b)
{
	return !a->part && same_string(&a->data, &b->data) && a->encoding == b->encoding &&
	       same_string(&a->content_type, &b->content_type);
}

/* The line at p as the reader of lines would hand it out, and where the next one begins. */
static inline struct hc_str line_at(const char *p, const char *end, const char **next)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));
	struct hc_str line = {p, (size_t)((newline ? newline : end) - p)};
	if (newline && line.n && p[line.n - 1] == '\r')
		line.n--;
	*next = newline ? newline + 1 : end;
	return line;
}

static inline const char *wrong_text(struct skeleton_oracle *o, const struct hc_skeletons *s)
{
	static const char truth[] = "{\"data\":\"1\",\"encoding\":\"CSV\"}";
	hc_buf_reset(&o->expected);
	hc_buf_reset(&o->written);
	if (o->kind != HC_RECORD_LABEL) {
		hc_record_write_merged(&o->full, HC_STR(truth), &o->expected);
		hc_skeletons_write_merged(s, HC_STR(truth), &o->written);
	}
	if (o->kind != HC_RECORD_CAPTURE) {
		hc_record_write_truth(&o->full, &o->expected);
		hc_skeletons_write_truth(s, &o->written);
	}
	bool same = o->expected.failed == o->written.failed &&
		    (o->expected.failed || hc_str_eq(hc_buf_view(&o->expected), hc_buf_view(&o->written)));
	return same ? NULL : "writes another text";
}

/* What is wrong about a line at p that was said to fit; NULL if nothing is. */
static inline const char *skeleton_problem(struct skeleton_oracle *o, const struct hc_skeletons *s, const char *p,
					   const char *end, const struct hc_record *r, const char *next)
{
	const char *behind;
	struct hc_str line = line_at(p, end, &behind);
	if (next != behind)
		return "ends elsewhere";
	if (line.n > o->max_line)
		return "longer than allowed";
	if (hc_record_parse(line, o->kind, &o->full, &o->err) != HC_OK)
		return "refused by the full scanner";
	if (!same_part_data(&r->output, &o->full.output) || !same_part_data(&r->truth, &o->full.truth))
		return "other data";
	if (!hc_str_eq(r->event_id, o->full.event_id) || !hc_str_eq(r->inference_id, o->full.inference_id) ||
	    !hc_str_eq(r->key, o->full.key))
		return "other ids";
	if (r->batch != o->full.batch)
		return "another kind of output";
	if (r->has_time != o->full.has_time || (r->has_time && r->time_us != o->full.time_us))
		return "another time";
	return wrong_text(o, s);
}

#endif
