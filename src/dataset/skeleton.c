#include "dataset/skeleton.h"

#include <stdlib.h>

#include "base/apart.h"
#include "base/instant.h"
#include "base/simd.h"
#include "codec/scan_block.h"

enum {
	NONE = -1,
	/* Misses in a row after which only one line in MISSES_TRY_EVERY is tried. */
	MISSES_MANY = 256,
	MISSES_TRY_EVERY = 16,
	/* Lessons that may be taken at once; one more for each HITS_A_LESSON lines that fit, and one in
	 * MISSES_A_LESSON that do not. A lesson costs a few times what the full scanner takes for the line. */
	LESSONS_MAX = 64,
	HITS_A_LESSON = 16,
	MISSES_A_LESSON = 64,
};

/* Pieces of a text: literals of a line, constants of what is written. */
struct piece {
	unsigned at, n;
};

/* The inside of a string in the line that is tried. */
struct span {
	const char *p;
	size_t n;
	bool escaped;
};

/* A string value of the line that a skeleton was learned from. */
struct string {
	size_t at, n; /* inside the quotes; in a skeleton of its text, where a hole has n = 0 */
	bool hole, fixed /* never a hole: what it says was understood */, escaped;
};

/* A string value of a line that fits, with its quotes: a hole, or part of a literal. */
struct place {
	int hole; /* NONE: it is in the literal before which `before` holes stand */
	unsigned before, at, n;
	bool there, escaped;
};

/* Of what output and truth are made. */
struct part_places {
	int data; /* a hole; NONE: the record has no such part */
	enum hc_encoding encoding;
	struct place content_type;
};

/* What is written for a line: constants, with a hole, the truth or nothing behind each. */
enum { FILLER_TRUTH = HC_SKELETON_HOLES_MAX, FILLER_NONE, PLAN_MAX = HC_SKELETON_HOLES_MAX + 4 };
struct plan {
	struct piece constants[PLAN_MAX];
	unsigned char fillers[PLAN_MAX];
	size_t n, bytes; /* of all constants */
	char text[HC_SKELETON_TEXT_MAX + HC_BLOCK];
};

struct skeleton {
	size_t n_holes;
	struct piece literals[HC_SKELETON_HOLES_MAX + 1]; /* of text; holes between them */
	struct part_places output, truth;
	bool batch, by_event;
	int event_id, inference_id, time; /* holes, or NONE */
	bool plain_event;                 /* the event id is written anew in merged records, so must have no escapes */

	/* Whence the above came, to compare with another line. */
	struct string strings[HC_SKELETON_STRINGS_MAX];
	size_t n_strings, text_n;
	char text[HC_SKELETON_TEXT_MAX + HC_BLOCK];
	struct plan merged, truth_json;
};

struct hc_skeletons {
	HC_APART struct skeleton *order[HC_SKELETONS_MAX]; /* the last that fitted first */
	size_t n;
	bool (*match)(struct hc_skeletons *s, const char *p, const char *end, size_t max_line, struct hc_record *r,
		      const char **next);
	enum hc_record_kind kind;

	const struct skeleton *fitted;
	const char *fitted_end; /* of the readable bytes behind the line */
	struct span spans[HC_SKELETON_HOLES_MAX];

	char hour[14]; /* "2026-03-01T05:", the last hour that was read; "" at first */
	int64_t hour_us;

	unsigned hits, lessons;
	uint64_t misses, missed_lessons;

	/* To learn with. */
	struct hc_record probe;
	struct hc_err err;
	struct hc_buf line, written;
	struct skeleton *spare; /* a lesson is written here */
	struct skeleton all[HC_SKELETONS_MAX + 1];
};

/* ---- trying a line ---- */

static const bool is_short_escape[256] = {
	['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true, ['f'] = true, ['n'] = true, ['r'] = true, ['t'] = true,
};

/* Where the next line begins if one ends here; else NULL. */
static inline const char *line_end(const char *p, const char *end)
{
	if (__builtin_expect(p < end && *p == '\n', 1))
		return p + 1;
	if (p == end)
		return p;
	return end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "2026-03-01T05:28:32Z" in an hour that was read before. */
static inline bool read_known_hour(const struct hc_skeletons *s, const char *p, size_t n, int64_t *out_us)
{
	if (n != 20 || memcmp(p, s->hour, sizeof s->hour) != 0 || p[16] != ':' || p[19] != 'Z')
		return false;
	p += sizeof s->hour;
	if (!is_digit(p[0]) || !is_digit(p[1]) || !is_digit(p[3]) || !is_digit(p[4]) || p[0] > '5' || p[3] > '5')
		return false;
	int minute = 10 * (p[0] - '0') + (p[1] - '0'), second = 10 * (p[3] - '0') + (p[4] - '0');
	*out_us = s->hour_us + (60 * minute + second) * HC_SECOND_US;
	return true;
}

static bool read_time(struct hc_skeletons *s, const struct span *text, struct hc_record *r)
{
	if (__builtin_expect(read_known_hour(s, text->p, text->n, &r->time_us), 1))
		return true;
	/* The full scanner refuses longer values. What has escapes is read by it: no time as it stands. */
	if (text->n + 2 > HC_RECORD_ID_MAX || !hc_instant_parse((struct hc_str){text->p, text->n}, &r->time_us))
		return false;
	/* Of this size is a time in UTC with seconds and no fraction. Second 60 may be in the next hour. */
	if (text->n == 20 && text->p[17] < '6') {
		memcpy(s->hour, text->p, sizeof s->hour);
		s->hour_us = hc_instant_floor_hour(r->time_us);
	}
	return true;
}

static inline struct hc_json_value string_at(const char *p, size_t n, bool escaped)
{
	return (struct hc_json_value){.type = HC_JSON_STRING, .escaped = escaped, .raw = {p, n}};
}

static inline struct hc_json_value value_of(const struct span *hole)
{
	return string_at(hole->p - 1, hole->n + 2, hole->escaped);
}

static inline bool fill_part(const struct span *spans, const struct part_places *places, const char *line,
			     struct hc_part_data *out)
{
	*out = (struct hc_part_data){0};
	if (places->data == NONE)
		return true;
	const struct span *data = &spans[places->data];
	if (data->n == 0)
		return false;
	out->data = value_of(data);
	out->encoding = places->encoding;
	const struct place *type = &places->content_type;
	if (!type->there)
		return true;
	if (type->hole != NONE) {
		out->content_type = value_of(&spans[type->hole]);
	} else {
		const char *literal = type->before ? spans[type->before - 1].p + spans[type->before - 1].n : line;
		out->content_type = string_at(literal + type->at, type->n, type->escaped);
	}
	return true;
}

static bool decode_id(const struct span *text, struct hc_buf *scratch, struct hc_str *out)
{
	struct hc_json_value value = value_of(text);
	hc_buf_reset(scratch);
	*out = hc_json_text(&value, scratch);
	return !scratch->failed;
}

static inline bool fill_id(const struct span *spans, int hole, struct hc_buf *scratch, struct hc_str *out)
{
	if (hole == NONE) {
		*out = (struct hc_str){0};
		return true;
	}
	const struct span *text = &spans[hole];
	if (text->n == 0 || text->n > HC_RECORD_ID_MAX)
		return false;
	*out = (struct hc_str){text->p, text->n};
	return __builtin_expect(!text->escaped, 1) || decode_id(text, scratch, out);
}

/* Reads what the holes hold; false where the full scanner would refuse it, or is needed to read it. */
static inline bool fill(struct hc_skeletons *s, const struct skeleton *k, const char *line, struct hc_record *r)
{
	const struct span *spans = s->spans;
	if (!fill_part(spans, &k->output, line, &r->output) || !fill_part(spans, &k->truth, line, &r->truth) ||
	    !fill_id(spans, k->event_id, &r->event_id_scratch, &r->event_id) ||
	    !fill_id(spans, k->inference_id, &r->inference_id_scratch, &r->inference_id))
		return false;
	if (k->plain_event && spans[k->event_id].escaped)
		return false;
	r->key = k->by_event ? r->event_id : r->inference_id;
	r->batch = k->batch;
	r->has_time = k->time != NONE;
	return !r->has_time || read_time(s, &spans[k->time], r);
}

/* The skeleton at i of the order has fitted the line at p. */
static inline void use(struct hc_skeletons *s, size_t i, const char *end)
{
	struct skeleton *k = s->order[i];
	for (; i > 0; i--)
		s->order[i] = s->order[i - 1];
	s->order[0] = k;
	s->fitted = k;
	s->fitted_end = end;
	s->misses = 0;
	if (++s->hits % HITS_A_LESSON == 0 && s->lessons < LESSONS_MAX)
		s->lessons++;
}

#define NAMED(name) name##_plain
#define TARGET
#include "dataset/skeleton_fit.inc"
#undef NAMED
#undef TARGET

#if defined __x86_64__
#define NAMED(name) name##_avx2
#define TARGET HC_TARGET_AVX2
#include "dataset/skeleton_fit.inc"
#undef NAMED
#undef TARGET

#define NAMED(name) name##_avx512
#define TARGET HC_TARGET_AVX512
#include "dataset/skeleton_fit.inc"
#undef NAMED
#undef TARGET
#elif defined __aarch64__
#define NAMED(name) name##_neon
#define TARGET
#include "dataset/skeleton_fit.inc"
#undef NAMED
#undef TARGET
#endif

bool hc_skeletons_match(struct hc_skeletons *s, const char *p, const char *end, size_t max_line, struct hc_record *r,
			const char **next)
{
	bool tried = __builtin_expect(s->misses < MISSES_MANY, 1) || s->misses % MISSES_TRY_EVERY == 0;
	if (tried && __builtin_expect(s->match(s, p, end, max_line, r, next), 1))
		return true;
	s->misses++;
	return false;
}

/* ---- learning ---- */

/* A line as its string values, and which of them are what. Indexes into `strings`, or NONE. */
struct sketch {
	struct hc_str line;
	struct string strings[HC_SKELETON_STRINGS_MAX];
	size_t n;
	int output_data, output_type, truth_data, truth_type, event_id, inference_id, time;
};

/* Walks over the next value and keeps its strings. False: it is not for learning. */
static bool walk(struct hc_json *j, unsigned depth, struct sketch *out);

static bool walk_object(struct hc_json *j, unsigned depth, struct sketch *out)
{
	struct hc_json_key keys[HC_RECORD_MEMBERS_MAX], key;
	size_t n = 0;
	if (!hc_json_enter_object(j))
		return false;
	while (hc_json_member(j, &key)) {
		if (key.escaped || n == HC_RECORD_MEMBERS_MAX)
			return false;
		for (size_t i = 0; i < n; i++)
			if (hc_str_eq(keys[i].raw, key.raw))
				return false;
		keys[n++] = key;
		if (!walk(j, depth + 1, out))
			return false;
	}
	return !j->problem;
}

static bool walk_array(struct hc_json *j, unsigned depth, struct sketch *out)
{
	if (!hc_json_enter_array(j))
		return false;
	while (hc_json_element(j))
		if (!walk(j, depth + 1, out))
			return false;
	return !j->problem;
}

static bool walk(struct hc_json *j, unsigned depth, struct sketch *out)
{
	enum hc_json_type type;
	struct hc_json_value value;
	if (depth > HC_SKELETON_DEPTH_MAX || !hc_json_peek(j, &type))
		return false;
	if (type == HC_JSON_OBJECT)
		return walk_object(j, depth, out);
	if (type == HC_JSON_ARRAY)
		return walk_array(j, depth, out);
	if (!hc_json_value(j, &value) || (type == HC_JSON_STRING && out->n == HC_SKELETON_STRINGS_MAX))
		return false;
	if (type == HC_JSON_STRING)
		out->strings[out->n++] = (struct string){
			.at = (size_t)(value.raw.p + 1 - out->line.p), .n = value.raw.n - 2, .escaped = value.escaped};
	return true;
}

/* Which string of the line a value is; NONE if it is no string. */
static int find(const struct sketch *d, const struct hc_json_value *value)
{
	for (size_t i = 0; value->type == HC_JSON_STRING && i < d->n; i++)
		if (d->line.p + d->strings[i].at == value->raw.p + 1 && d->strings[i].n + 2 == value->raw.n)
			return (int)i;
	return NONE;
}

static int find_member(const struct sketch *d, const struct hc_part *part, const char *name)
{
	for (size_t i = 0; i < part->n; i++)
		if (hc_json_key_is(&part->members[i].key, name))
			return find(d, &part->members[i].value);
	return NONE;
}

static int open_hole(struct sketch *d, int string)
{
	if (string != NONE)
		d->strings[string].hole = true;
	return string;
}

/* What a part carries is a hole; how it is encoded was understood, so it must stay. */
static void mark_part(struct sketch *d, const struct hc_part *part)
{
	open_hole(d, find_member(d, part, "data"));
	int encoding = find_member(d, part, "encoding");
	if (encoding != NONE)
		d->strings[encoding].fixed = true;
}

/* False: the line is none to learn from. */
static bool draw(struct sketch *d, struct hc_str line, enum hc_record_kind kind, const struct hc_record *r)
{
	struct hc_json j;
	d->line = line;
	d->n = 0;
	hc_json_open(&j, line);
	if (!walk(&j, 1, d) || !hc_json_finish(&j))
		return false;
	for (size_t i = 0; i < r->n_parts; i++)
		mark_part(d, &r->parts[i]);
	if (r->has_truth)
		mark_part(d, &r->truth_part);
	d->output_data = r->output.part ? find(d, &r->output.data) : NONE;
	d->output_type = r->output.part ? find(d, &r->output.content_type) : NONE;
	d->truth_data = r->truth.part ? find(d, &r->truth.data) : NONE;
	d->truth_type = r->truth.part ? find(d, &r->truth.content_type) : NONE;
	d->event_id = open_hole(d, find_member(d, &r->metadata, "eventId"));
	d->inference_id = open_hole(d, find_member(d, &r->metadata, "inferenceId"));
	d->time = open_hole(d, find_member(d, &r->metadata, "inferenceTime"));
	if (kind == HC_RECORD_LABEL)
		d->time = NONE; /* not read, so any string */
	return (d->output_data != NONE || kind == HC_RECORD_LABEL) &&
	       (d->truth_data != NONE || kind == HC_RECORD_CAPTURE) && (d->event_id != NONE || d->inference_id != NONE);
}

static struct hc_str between(const char *text, size_t from, size_t to)
{
	return (struct hc_str){text + from, to - from};
}

/* What stands before string i, from the end of the one before it (i = n: behind the last). */
static struct hc_str frame(const char *text, size_t text_n, const struct string *strings, size_t n, size_t i)
{
	return between(text, i ? strings[i - 1].at + strings[i - 1].n : 0, i < n ? strings[i].at : text_n);
}

enum likeness { UNLIKE, LIKE, EQUAL };

/* Whether the line differs from k in string values that may become holes; those of d then are, as are k's. */
static enum likeness compare(const struct skeleton *k, struct sketch *d)
{
	enum likeness found = EQUAL;
	if (d->n != k->n_strings)
		return UNLIKE;
	for (size_t i = 0; i <= d->n; i++)
		if (!hc_str_eq(frame(k->text, k->text_n, k->strings, k->n_strings, i),
			       frame(d->line.p, d->line.n, d->strings, d->n, i)))
			return UNLIKE;
	bool differs[HC_SKELETON_STRINGS_MAX];
	for (size_t i = 0; i < d->n; i++) {
		const struct string *ours = &k->strings[i], *theirs = &d->strings[i];
		differs[i] = !ours->hole && !hc_str_eq(between(k->text, ours->at, ours->at + ours->n),
						       between(d->line.p, theirs->at, theirs->at + theirs->n));
		if (differs[i] && ours->fixed)
			return UNLIKE;
		if (differs[i])
			found = LIKE;
	}
	for (size_t i = 0; i < d->n; i++)
		d->strings[i].hole |= differs[i] || k->strings[i].hole;
	return found;
}

/* Literals and holes of the sketch, into k. False: too many, or too long. */
static bool cut(struct skeleton *k, const struct sketch *d)
{
	size_t taken = 0, holes = 0, hole_bytes = 0;
	for (size_t i = 0; i < d->n; i++) {
		holes += d->strings[i].hole;
		hole_bytes += d->strings[i].hole ? d->strings[i].n : 0;
	}
	if (holes > HC_SKELETON_HOLES_MAX || d->line.n - hole_bytes > HC_SKELETON_TEXT_MAX)
		return false;
	k->n_holes = k->text_n = 0;
	k->n_strings = d->n;
	k->literals[0].at = 0;
	for (size_t i = 0; i <= d->n; i++) {
		struct string end = {.at = d->line.n, .hole = true}, *to = &k->strings[i];
		const struct string *from = i < d->n ? &d->strings[i] : &end;
		struct hc_str literal = between(d->line.p, taken, from->hole ? from->at : from->at + from->n);
		memcpy(k->text + k->text_n, literal.p, literal.n);
		k->text_n += literal.n;
		taken = from->at + from->n;
		if (i < d->n) {
			*to = *from;
			to->n = from->hole ? 0 : from->n;
			to->at = k->text_n - to->n;
		}
		if (from->hole) {
			struct piece *cut = &k->literals[k->n_holes];
			cut->n = (unsigned)k->text_n - cut->at;
			if (i < d->n)
				k->literals[++k->n_holes].at = (unsigned)k->text_n;
		}
	}
	return true;
}

static struct place place_of(const struct skeleton *k, int string)
{
	struct place place = {.there = string != NONE, .hole = NONE};
	if (string == NONE)
		return place;
	const struct string *s = &k->strings[string];
	for (int i = 0; i < string; i++)
		place.before += k->strings[i].hole;
	if (s->hole)
		place.hole = (int)place.before;
	place.at = (unsigned)s->at - 1 - k->literals[place.before].at;
	place.n = (unsigned)s->n + 2;
	place.escaped = s->escaped;
	return place;
}

static int hole_of(const struct skeleton *k, int string)
{
	return place_of(k, string).hole;
}

static void place_all(struct skeleton *k, const struct sketch *d, enum hc_record_kind kind, const struct hc_record *r)
{
	k->output = (struct part_places){hole_of(k, d->output_data), r->output.encoding, place_of(k, d->output_type)};
	k->truth = (struct part_places){hole_of(k, d->truth_data), r->truth.encoding, place_of(k, d->truth_type)};
	k->event_id = hole_of(k, d->event_id);
	k->inference_id = hole_of(k, d->inference_id);
	k->time = hole_of(k, d->time);
	k->batch = r->batch;
	k->by_event = k->inference_id == NONE || (kind == HC_RECORD_LABEL && k->event_id != NONE);
	k->plain_event = r->batch && k->inference_id == NONE;
}

/*
 * How lines that fit are written is learned from the writers of dataset/record.h: they write a line whose
 * holes hold marks, which are then found again. A mark stands for itself in JSON, and no literal holds one.
 */
enum { MARK = 0x7f, MARK_BYTES = 3, MARK_TRUTH = 'A' + FILLER_TRUTH };
static const struct hc_str truth_mark = {(const char[]){MARK, MARK_TRUTH, MARK}, MARK_BYTES};
/* The time's must be one. */
static const struct hc_str time_mark = {"0001-01-01T00:00:00Z", 20};

static void put_marked(const struct skeleton *k, struct hc_buf *out)
{
	for (size_t i = 0; i <= k->n_holes; i++) {
		hc_buf_put(out, k->text + k->literals[i].at, k->literals[i].n);
		if (i == k->n_holes)
			break;
		if ((int)i == k->time)
			hc_buf_str(out, time_mark);
		else
			hc_buf_put(out, (char[]){MARK, (char)('A' + i), MARK}, MARK_BYTES);
	}
}

/* The next mark in the text: its filler and size; FILLER_NONE at the end. */
static unsigned next_mark(const struct skeleton *k, struct hc_str text, size_t *at, size_t *size)
{
	const char *mark = text.n ? memchr(text.p, MARK, text.n) : NULL;
	const char *time = k->time != NONE ? memmem(text.p, text.n, time_mark.p, time_mark.n) : NULL;
	bool is_time = time && (!mark || time < mark);
	if (is_time)
		mark = time;
	*at = mark ? (size_t)(mark - text.p) : text.n;
	*size = !mark ? 0 : is_time ? time_mark.n : MARK_BYTES;
	return !mark ? FILLER_NONE : is_time ? (unsigned)k->time : (unsigned)(mark[1] - 'A');
}

static bool read_plan(const struct skeleton *k, struct hc_str text, struct plan *out)
{
	out->n = out->bytes = 0;
	for (unsigned filler = 0; filler != FILLER_NONE; out->n++) {
		size_t at, size;
		filler = next_mark(k, text, &at, &size);
		if (out->n == PLAN_MAX || out->bytes + at > HC_SKELETON_TEXT_MAX)
			return false;
		memcpy(out->text + out->bytes, text.p, at);
		out->constants[out->n] = (struct piece){(unsigned)out->bytes, (unsigned)at};
		out->fillers[out->n] = (unsigned char)filler;
		out->bytes += at;
		text = between(text.p, at + size, text.n);
	}
	return true;
}

static bool make_plans(struct hc_skeletons *s, struct skeleton *k)
{
	if (memchr(k->text, MARK, k->text_n) || memmem(k->text, k->text_n, time_mark.p, time_mark.n))
		return false;
	hc_buf_reset(&s->line);
	put_marked(k, &s->line);
	if (s->line.failed || hc_record_parse(hc_buf_view(&s->line), s->kind, &s->probe, &s->err) != HC_OK)
		return false;
	if (s->kind != HC_RECORD_LABEL) {
		hc_buf_reset(&s->written);
		hc_record_write_merged(&s->probe, truth_mark, &s->written);
		if (s->written.failed || !read_plan(k, hc_buf_view(&s->written), &k->merged))
			return false;
	}
	if (s->kind != HC_RECORD_CAPTURE) {
		hc_buf_reset(&s->written);
		hc_record_write_truth(&s->probe, &s->written);
		return !s->written.failed && read_plan(k, hc_buf_view(&s->written), &k->truth_json);
	}
	return true;
}

/* The skeleton at i of the order makes room for the spare one, which goes to the front. */
static void replace(struct hc_skeletons *s, size_t i)
{
	struct skeleton *old = s->order[i];
	for (; i > 0; i--)
		s->order[i] = s->order[i - 1];
	s->order[0] = s->spare;
	s->spare = old;
}

static bool may_learn(struct hc_skeletons *s)
{
	if (s->lessons > 0) {
		s->lessons--;
		return true;
	}
	return ++s->missed_lessons % MISSES_A_LESSON == 0;
}

void hc_skeletons_learn(struct hc_skeletons *s, struct hc_str line, const struct hc_record *r)
{
	struct sketch d;
	s->fitted = NULL;
	if (!may_learn(s) || memchr(line.p, '\r', line.n) || memchr(line.p, '\n', line.n) ||
	    !draw(&d, line, s->kind, r))
		return;
	enum likeness like = UNLIKE;
	size_t i = 0;
	while (i < s->n && (like = compare(s->order[i], &d)) == UNLIKE)
		i++;
	if (like == EQUAL || !cut(s->spare, &d))
		return;
	place_all(s->spare, &d, s->kind, r);
	if (!make_plans(s, s->spare))
		return;
	if (i == s->n && s->n < HC_SKELETONS_MAX)
		s->order[s->n++] = &s->all[i];
	replace(s, i < s->n ? i : s->n - 1);
}

void hc_skeletons_forget(struct hc_skeletons *s)
{
	s->n = 0;
	s->fitted = NULL;
	s->hour[0] = '\0';
	s->hits = 0;
	s->misses = s->missed_lessons = 0;
	s->lessons = LESSONS_MAX;
	s->spare = &s->all[HC_SKELETONS_MAX];
}

enum hc_code hc_skeletons_open(enum hc_record_kind kind, struct hc_skeletons **out, struct hc_err *err)
{
	struct hc_skeletons *s = hc_apart_alloc(1, sizeof *s);
	if (!s)
		return hc_fail_nomem(err, "the forms of records");
	s->kind = kind;
	hc_skeletons_forget(s);
	s->line = s->written = HC_BUF(2 * HC_SKELETON_TEXT_MAX);
	hc_record_init(&s->probe);
	switch (hc_simd_kind()) {
#if defined __x86_64__
	case HC_SIMD_AVX512:
		s->match = match_avx512;
		break;
	case HC_SIMD_AVX2:
		s->match = match_avx2;
		break;
#elif defined __aarch64__
	case HC_SIMD_NEON:
		s->match = match_neon;
		break;
#endif
	default:
		s->match = match_plain;
	}
	*out = s;
	return HC_OK;
}

void hc_skeletons_free(struct hc_skeletons *s)
{
	if (!s)
		return;
	hc_record_free(&s->probe);
	hc_buf_free(&s->line);
	hc_buf_free(&s->written);
	free(s);
}

/* ---- writing ---- */

/* Copies whole blocks: as many bytes more may be read and written. */
static inline char *copy_blocks(char *to, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i += HC_BLOCK)
		memcpy(to + i, from + i, HC_BLOCK);
	return to + n;
}

static char *copy(char *to, const char *from, size_t n)
{
	if (n)
		memcpy(to, from, n);
	return to + n;
}

static inline struct hc_str filler_text(const struct hc_skeletons *s, unsigned filler, struct hc_str truth_json)
{
	if (filler == FILLER_TRUTH)
		return truth_json;
	return (struct hc_str){s->spans[filler].p, s->spans[filler].n};
}

static void write_planned(const struct hc_skeletons *s, const struct plan *plan, struct hc_str truth_json,
			  struct hc_buf *out)
{
	size_t n = plan->n - 1, bytes = plan->bytes;
	for (size_t i = 0; i < n; i++)
		bytes += filler_text(s, plan->fillers[i], truth_json).n;
	bool wide = out->max - out->n > bytes && out->max - out->n - bytes >= HC_BLOCK;
	char *start = hc_buf_room(out, wide ? bytes + HC_BLOCK : bytes), *to = start;
	if (!start)
		return;
	for (size_t i = 0; i <= n; i++) {
		const char *constant = plan->text + plan->constants[i].at;
		to = (wide ? copy_blocks : copy)(to, constant, plan->constants[i].n);
		if (i == n)
			break;
		struct hc_str text = filler_text(s, plan->fillers[i], truth_json);
		bool roomy = wide && plan->fillers[i] != FILLER_TRUTH &&
			     (size_t)(s->fitted_end - text.p) >= text.n + HC_BLOCK;
		to = (roomy ? copy_blocks : copy)(to, text.p, text.n);
	}
	out->n += bytes;
}

void hc_skeletons_write_merged(const struct hc_skeletons *s, struct hc_str truth_json, struct hc_buf *out)
{
	assert(s->fitted && s->kind != HC_RECORD_LABEL);
	write_planned(s, &s->fitted->merged, truth_json, out);
}

void hc_skeletons_write_truth(const struct hc_skeletons *s, struct hc_buf *out)
{
	assert(s->fitted && s->kind != HC_RECORD_CAPTURE);
	write_planned(s, &s->fitted->truth_json, (struct hc_str){0}, out);
}
