/*
 * Skeletons against the full scanner and jansson: the first line teaches, the following ones are tried (and
 * taught, if they did not fit), then many damaged copies of the first. What fits is a record to the full scanner,
 * with the same values and the same text when it is written, and JSON to jansson, with the same data and ids.
 * All kinds of vector instructions say the same. Counts the lines tried, for an input is many.
 */
#include <jansson.h>
#include <stdio.h>

#include "../unit/check_skeleton.h"
#include "base/hash.h"
#include "base/simd.h"
#include "target.h"

enum { RECORD_KINDS = HC_RECORD_MERGED + 1, LINE_MAX = 1 << 12, ROOM = 1 << 14, COPIES = 256, TAUGHT_MAX = 6 };

static struct hc_skeletons *sets[RECORD_KINDS][HC_SIMD_KINDS];
static struct skeleton_oracle oracle;
static struct hc_record records[HC_SIMD_KINDS];
static struct hc_buf scratch = HC_BUF(1 << 20);
static char *room;
static uint64_t lines_tried, lines_fitted, random_state;

static void report(void)
{
	fprintf(stderr, "%llu lines tried, %llu of them fitted\n", (unsigned long long)lines_tried,
		(unsigned long long)lines_fitted);
}

static void start(void)
{
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++) {
		if (!hc_simd_has((enum hc_simd_kind)kind))
			continue;
		must(hc_simd_choose(hc_simd_name((enum hc_simd_kind)kind), &oracle.err) == HC_OK);
		hc_record_init(&records[kind]);
		for (int record = 0; record < RECORD_KINDS; record++)
			must(hc_skeletons_open((enum hc_record_kind)record, &sets[record][kind], &oracle.err) == HC_OK);
	}
	hc_record_init(&oracle.full);
	oracle.max_line = LINE_MAX;
	oracle.expected = oracle.written = HC_BUF(1 << 20);
	room = malloc(ROOM);
	must(room != NULL);
	atexit(report);
}

static uint32_t pick(uint32_t n)
{
	return (uint32_t)(hc_mix64(random_state += UINT64_C(0x9e3779b97f4a7c15)) >> 32) % n;
}

/* Teaches each kind of record that the line is; says whether it was one. */
static bool teach(struct hc_str line, int record)
{
	if (hc_record_parse(line, (enum hc_record_kind)record, &oracle.full, &oracle.err) != HC_OK)
		return false;
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++)
		if (sets[record][kind])
			hc_skeletons_learn(sets[record][kind], line, &oracle.full);
	return true;
}

static bool is_text(const json_t *object, const char *name, struct hc_str text)
{
	const json_t *value = json_object_get(object, name);
	return json_is_string(value) &&
	       hc_str_eq((struct hc_str){json_string_value(value), json_string_length(value)}, text);
}

static void check_data(const json_t *part, const struct hc_part_data *data)
{
	hc_buf_reset(&scratch);
	if (data->data.raw.n)
		must(is_text(part, "data", hc_json_text(&data->data, &scratch)));
}

static void check_jansson(struct hc_str line, const struct hc_record *r)
{
	json_error_t error;
	json_t *theirs = json_loadb(line.p, line.n, JSON_ALLOW_NUL, &error);
	if (!theirs) { /* limits of jansson's own */
		enum json_error_code code = json_error_code(&error);
		must(code == json_error_numeric_overflow || code == json_error_null_byte_in_key);
		return;
	}
	const json_t *metadata = json_object_get(theirs, "eventMetadata");
	must(r->event_id.n == 0 || is_text(metadata, "eventId", r->event_id));
	must(r->inference_id.n == 0 || is_text(metadata, "inferenceId", r->inference_id));
	const json_t *capture = json_object_get(theirs, "captureData");
	check_data(json_object_get(capture, r->batch ? "batchTransformOutput" : "endpointOutput"), &r->output);
	check_data(json_object_get(theirs, "groundTruthData"), &r->truth);
	json_decref(theirs);
}

/* Says whether the line at p fits; all kinds of instructions must agree. */
static bool try(const char *p, const char *end, int record)
{
	const char *next = NULL, *first_next = NULL;
	int first = -1;
	bool fits = false;
	lines_tried++;
	oracle.kind = (enum hc_record_kind)record;
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++) {
		struct hc_skeletons *s = sets[record][kind];
		if (!s)
			continue;
		bool fitted = hc_skeletons_match(s, p, end, LINE_MAX, &records[kind], &next);
		if (first >= 0) {
			must(fitted == fits && (!fits || next == first_next));
			must(!fits || same_part_data(&records[kind].output, &records[first].output));
			must(!fits || same_part_data(&records[kind].truth, &records[first].truth));
			must(!fits || hc_str_eq(records[kind].key, records[first].key));
			continue;
		}
		first = kind;
		fits = fitted;
		first_next = next;
		if (!fits)
			continue;
		lines_fitted++;
		must(!skeleton_problem(&oracle, s, p, end, &records[kind], next));
		check_jansson(line_at(p, end, &next), &records[kind]);
		next = first_next;
	}
	return fits;
}

/* A damaged copy of the line, at the end of the room. */
static const char *damage(struct hc_str line)
{
	static const char odd[] = "\"\"\"\\\\{},:\n\r\t\0\x1f\x7f\x80\xc3\xa9\xed\xff\xf0 u/0";
	static const char *const pieces[] = {"\\n",
					     "\\\"",
					     "\\\\",
					     "\\u00e9",
					     "\\ud83d\\ude00",
					     "\xc3\xa9",
					     "\xe2\x82\xac",
					     "\xf0\x9f\x98\x80",
					     "\",\"a\":\"",
					     "\\udc00",
					     "\\ud800",
					     "\xed\xa0\x80",
					     "\xc0\xaf",
					     "\xf4\x90\x80\x80",
					     "\\u12",
					     "\",\"data\":\"",
					     "\r\n\"",
					     "\"}}",
					     "Z",
					     "59",
					     "\xe2\x82"};
	char *end = room + ROOM;
	size_t n = line.n, at = n ? pick((uint32_t)n) : 0, away = 0, put = 0;
	const char *piece = "";
	char one;
	switch (pick(6)) {
	case 0:
		one = (char)(line.p[at] ^ 1 << pick(8));
		piece = &one;
		away = put = 1;
		break;
	case 1:
		one = odd[pick(sizeof odd)];
		piece = &one;
		away = pick(2);
		put = 1;
		break;
	case 2:
		away = 1 + pick(12);
		break;
	case 3:
		piece = line.p + at;
		put = 1 + pick(70);
		put = put < n - at ? put : n - at;
		break;
	default:
		piece = pieces[pick(sizeof pieces / sizeof *pieces)];
		put = strlen(piece);
		away = pick(3);
	}
	away = away < n - at ? away : n - at;
	char *to = end - (n - away + put);
	memcpy(to, line.p, at);
	memcpy(to + at, piece, put);
	memcpy(to + at + put, line.p + at + away, n - at - away);
	return to;
}

static void try_damaged(struct hc_str line, const bool taught[RECORD_KINDS])
{
	if (line.n > LINE_MAX || line.n == 0)
		return;
	for (int i = 0; i < COPIES; i++) {
		const char *copy = damage(line);
		if (copy == room + ROOM)
			continue;
		for (int record = 0; record < RECORD_KINDS; record++)
			if (taught[record])
				try(copy, room + ROOM, record);
	}
}

static void try_lines(const char *p, const char *end, const bool taught[RECORD_KINDS])
{
	int lessons = 0;
	for (const char *next; p < end; p = next) {
		struct hc_str line = line_at(p, end, &next);
		for (int record = 0; record < RECORD_KINDS; record++)
			if (taught[record] && !try(p, end, record) && lessons < TAUGHT_MAX)
				lessons += teach(line, record);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!room)
		start();
	struct hc_str whole = input_text(data, size);
	const char *rest, *end = whole.p + whole.n;
	struct hc_str first = line_at(whole.p, end, &rest);
	bool taught[RECORD_KINDS];
	random_state = size;
	for (size_t i = 0; i + 8 <= size; i += 8) {
		uint64_t word;
		memcpy(&word, data + i, sizeof word);
		random_state = hc_mix64(random_state ^ word);
	}
	for (int record = 0; record < RECORD_KINDS; record++) {
		for (int kind = 0; kind < HC_SIMD_KINDS; kind++)
			if (sets[record][kind])
				hc_skeletons_forget(sets[record][kind]);
		taught[record] = teach(first, record);
	}
	try_lines(rest, end, taught);
	try_damaged((struct hc_str){whole.p, (size_t)(rest - whole.p)}, taught);
	return 0;
}
