#include "dataset/skeleton.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/simd.h"
#include "check_guard.h"
#include "check_skeleton.h"

enum { LINE_MAX = 1 << 20, ROOM = 1 << 21 };

static struct {
	struct hc_skeletons *s;
	struct skeleton_oracle oracle;
	struct hc_record r;
	char *end; /* of readable memory */
	size_t matched, learned, refused;
} b;

static void start(enum hc_record_kind kind)
{
	struct hc_err err;
	hc_skeletons_free(b.s);
	assert_int_equal(hc_skeletons_open(kind, &b.s, &err), HC_OK);
	b.oracle.kind = kind;
	b.oracle.max_line = LINE_MAX;
	b.matched = b.learned = b.refused = 0;
	if (b.end)
		return;
	b.end = check_guard_end(ROOM);
	hc_record_init(&b.r);
	hc_record_init(&b.oracle.full);
	b.oracle.expected = b.oracle.written = HC_BUF(ROOM);
}

/* Tries the line at p; says whether it fitted. */
static bool try(const char *p, const char *end)
{
	const char *next;
	if (!hc_skeletons_match(b.s, p, end, b.oracle.max_line, &b.r, &next))
		return false;
	const char *problem = skeleton_problem(&b.oracle, b.s, p, end, &b.r, next);
	if (problem)
		fail_msg("%s: %s: %.*s", hc_simd_name(hc_simd_kind()), problem, (int)(end - p), p);
	return true;
}

static bool teach(struct hc_str line)
{
	struct hc_record *r = &b.oracle.full;
	if (hc_record_parse(line, b.oracle.kind, r, &b.oracle.err) != HC_OK)
		return false;
	hc_skeletons_learn(b.s, line, r);
	return true;
}

/* A line as the engine takes it: tried, else read by the full scanner and learned. */
static bool take(const char *p, const char *end)
{
	const char *next;
	bool fitted = try(p, end);
	if (fitted)
		b.matched++;
	else if (teach(line_at(p, end, &next)))
		b.learned++;
	else
		b.refused++;
	return fitted;
}

static bool take_text(const char *line)
{
	size_t n = strlen(line);
	char *p = check_guarded(b.end, line, n);
	return take(p, b.end);
}

/* ---- made-up records ---- */

static uint64_t seed;

static unsigned pick(unsigned n)
{
	return (unsigned)(check_random(&seed) % n);
}

static void put_uuid(struct hc_buf *out)
{
	for (int i = 0; i < 36; i++)
		hc_buf_char(out, i == 8 || i == 13 || i == 18 || i == 23 ? '-' : "0123456789abcdef"[pick(16)]);
}

static void put_numbers(struct hc_buf *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		hc_buf_printf(out, "%s%.6g", i ? "," : "", pick(1000000) / 1e5);
}

static void put_odd_text(struct hc_buf *out)
{
	static const char *const odd[] = {
		"\\n",
		"\\\"",
		"\\\\",
		"\\/",
		"\\t",
		"\\u00e9",
		"\\ud83d\\ude00",
		"\xc3\xa9",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",
		"\x7f",
		" ",
		"{",
		"\\r\\n",
		"\\b\\f",
		"\\u0022",
	};
	for (unsigned n = pick(80); n > 0; n--) {
		if (pick(3))
			hc_buf_char(out, (char)('#' + pick(0x39)));
		else
			hc_buf_cstr(out, odd[pick(COUNT(odd))]);
	}
	hc_buf_char(out, 'x');
}

static void put_time(struct hc_buf *out)
{
	static const char *const forms[] = {
		"2026-03-01T05:28:32.125Z",  "2026-03-01t05:28:32z",
		"2026-03-01 05:28",          "2016-12-31T23:59:60Z",
		"2026-03-01T05:28:32+02:00", "9999-12-31T23:59:59Z",
		"0001-01-01T00:00:00Z",      "2026-03-01T05:2\\u0038:32Z",
		"2026-03-01T05:60:00Z",      "2026-03-01T05:00:61Z",
		"2026-02-30T05:00:00Z",      "2026-03-01T05:00:0AZ",
		"2026-03-01T05:00:00ZZ",     "",
	};
	if (pick(8) == 0)
		hc_buf_cstr(out, forms[pick(COUNT(forms))]);
	else
		hc_buf_printf(out, "2026-03-01T%02u:%02u:%02uZ", pick(3), pick(60), pick(60));
}

/* The texts of a form: what stands for %d is data, %o odd text, %u a uuid, %t a time, %w a word of few. */
static void put_form(const char *form, struct hc_buf *out)
{
	static const char *const words[] = {"text/csv", "application/json", "", "a\\\"b"};
	for (; *form; form++) {
		switch (*form == '%' ? *++form : 0) {
		case 'd':
			put_numbers(out, 1 + pick(90));
			break;
		case 'o':
			put_odd_text(out);
			break;
		case 'u':
			put_uuid(out);
			break;
		case 't':
			put_time(out);
			break;
		case 'w':
			hc_buf_cstr(out, words[pick(COUNT(words))]);
			break;
		default:
			hc_buf_char(out, *form);
		}
	}
}

#define META "\"eventMetadata\":{\"eventId\":\"%u\",\"inferenceId\":\"%u\",\"inferenceTime\":\"%t\"}"
static const char *const capture_forms[] = {
	"{\"captureData\":{\"endpointInput\":{\"observedContentType\":\"text/csv\",\"mode\":\"INPUT\",\"data\":\"%d\","
	"\"encoding\":\"CSV\"},\"endpointOutput\":{\"observedContentType\":\"text/csv; "
	"charset=utf-8\",\"mode\":\"OUTPUT\","
	"\"data\":\"%d\",\"encoding\":\"CSV\"}}," META ",\"eventVersion\":\"0\"}",
	"{\"captureData\":{\"endpointInput\":{\"observedContentType\":\"%w\",\"data\":\"%o\",\"encoding\":\"JSON\","
	"\"mode\":"
	"\"INPUT\"},\"endpointOutput\":{\"observedContentType\":\"%w\",\"mode\":\"OUTPUT\",\"data\":\"%o\","
	"\"encoding\":"
	"\"JSON\"}},\"eventMetadata\":{\"eventId\":\"%u\",\"inferenceTime\":\"%t\"},\"eventVersion\":\"%w\"}",
	"{ \"eventVersion\": \"0\", \"eventMetadata\": { \"inferenceTime\": \"%t\", \"eventId\": \"%o\", "
	"\"customAttributes\": "
	"[\"%w\", \"%o\"] }, \"captureData\": { \"endpointOutput\": { \"encoding\": \"CSV\", \"data\": \"%d\" }, "
	"\"latency\": 12,"
	" \"note\": \"%w\" }, \"more\": {\"a\": [1, true, null, {\"b\": \"%w\"}]} } ",
	"{\"captureData\":{\"batchTransformInput\":{\"data\":\"%d\",\"encoding\":\"CSV\"},\"batchTransformOutput\":{"
	"\"data\":"
	"\"%d\",\"encoding\":\"CSV\"}},\"eventMetadata\":{\"eventId\":\"%o\",\"inferenceTime\":\"%t\"},"
	"\"eventVersion\":\"0\"}",
	"{\"captureData\":{\"batchTransformOutput\":{\"data\":\"%d\",\"encoding\":\"BASE64\"}},\"eventMetadata\":{"
	"\"eventId\":"
	"\"%u\",\"inferenceId\":\"%o\"}}",
};
static const char *const label_forms[] = {
	"{\"groundTruthData\":{\"data\":\"%d\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"%u\"},"
	"\"eventVersion\":"
	"\"0\"}",
	"{\"eventMetadata\": {\"inferenceId\": \"%o\", \"inferenceTime\": \"%t\"}, \"groundTruthData\": "
	"{\"observedContentType\":"
	" \"%w\", \"encoding\": \"JSON\", \"data\": \"%o\"}}",
	"{\"eventVersion\":\"%w\",\"groundTruthData\":{\"encoding\":\"BASE64\",\"data\":\"%o\",\"extra\":{\"x\":\"%w\"}"
	"},"
	"\"eventMetadata\":{\"inferenceId\":\"%u\",\"eventId\":\"%u\"}}",
};
static const char *const merged_forms[] = {
	"{\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"%o\",\"encoding\":\"CSV\"},\"captureData\":{"
	"\"endpointInput\":{"
	"\"data\":\"%o\",\"encoding\":\"JSON\",\"mode\":\"INPUT\"},\"endpointOutput\":{\"data\":\"%d\",\"encoding\":"
	"\"CSV\","
	"\"observedContentType\":\"%w\"}}," META "}",
	"{\"eventMetadata\":{\"eventId\":\"%u\"},\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"%d\","
	"\"encoding\":"
	"\"CSV\"},\"captureData\":{\"batchTransformOutput\":{\"data\":\"%d\",\"encoding\":\"CSV\"}}}",
};
static const struct {
	const char *const *forms;
	unsigned n;
} kinds[] = {
	[HC_RECORD_CAPTURE] = {capture_forms, COUNT(capture_forms)},
	[HC_RECORD_LABEL] = {label_forms, COUNT(label_forms)},
	[HC_RECORD_MERGED] = {merged_forms, COUNT(merged_forms)},
};

/* Something that goes wrong with a text between a writer and a reader, or is done to it on purpose. */
static void mutate(struct hc_buf *text)
{
	static const char odd[] = "\"\\{}[]:,\n\r\t\0\x1f\x80\xc3\xa9\xed\xff\xf0 u/0";
	static const char *const pieces[] = {"\\u12",
					     "\\ud800",
					     "\\udc00",
					     "\\ud83d\\ude00",
					     "\"data\":\"7\",",
					     "\xed\xa0\x80",
					     "\xc0\xaf",
					     "\xf4\x90\x80\x80",
					     "\\x",
					     "\",\"encoding\":\"JSON",
					     "\r\n",
					     "\\\"",
					     "\xe2\x82",
					     "\xc3\xa9"};
	size_t at = text->n ? pick((unsigned)text->n) : 0, n = 0;
	const char *piece = "";
	char one;
	switch (pick(8)) {
	case 0:
		text->p[at] = (char)(text->p[at] ^ 1 << pick(8));
		return;
	case 1:
		text->p[at] = odd[pick(sizeof odd)];
		return;
	case 2:
		text->n = at;
		return;
	case 3: /* away with some */
		n = 1 + pick(8);
		n = n < text->n - at ? n : text->n - at;
		memmove(text->p + at, text->p + at + n, text->n - at - n);
		text->n -= n;
		return;
	case 4:
		piece = pieces[pick(COUNT(pieces))];
		n = strlen(piece);
		break;
	case 5: /* some of it twice */
		n = 1 + pick(60);
		n = n < text->n - at ? n : text->n - at;
		piece = text->p + at;
		break;
	case 6: /* an empty string */
		while (at < text->n && text->p[at] != '"')
			at++;
		while (at + 1 < text->n && text->p[at + 1] != '"')
			memmove(text->p + at + 1, text->p + at + 2, --text->n - at - 1);
		return;
	default:
		one = odd[pick(sizeof odd)];
		piece = &one;
		n = 1;
	}
	HC_BUF_SCOPED struct hc_buf copy = HC_BUF(1 << 12);
	hc_buf_put(&copy, piece, n);
	assert_non_null(hc_buf_room(text, n + 1));
	memmove(text->p + at + n, text->p + at, text->n - at);
	memcpy(text->p + at, copy.p, n);
	text->n += n;
}

static void put_line_end(struct hc_buf *text)
{
	static const char *const ends[] = {"\n", "\n", "\r\n", "", " \n", "\r\r\n", "\r", "x\n", "\n\n", "\t"};
	hc_buf_cstr(text, ends[pick(COUNT(ends))]);
}

/* Lines of few writers, many of them damaged: whatever fits is what the full scanner reads. */
static void test_property(void **state)
{
	(void)state;
	struct hc_buf text = HC_BUF(ROOM / 2);
	seed = 7;
	for (int kind = HC_RECORD_CAPTURE; kind <= HC_RECORD_MERGED; kind++) {
		size_t damaged = 0;
		for (unsigned round = 0; round < 20; round++) {
			start((enum hc_record_kind)kind);
			unsigned forms = 1 + pick(kinds[kind].n);
			for (unsigned i = 0; i < 500; i++) {
				bool damage = pick(2);
				hc_buf_reset(&text);
				put_form(kinds[kind].forms[pick(forms)], &text);
				for (unsigned n = damage ? 1 + pick(3) : 0; n > 0 && text.n; n--)
					mutate(&text);
				put_line_end(&text);
				if (text.n == 0)
					continue;
				if (pick(2)) /* with more behind it, or at the end of what may be read */
					put_form(kinds[kind].forms[0], &text);
				char *p = check_guarded(b.end, text.p, text.n);
				damaged += take(p, b.end) && damage;
			}
			assert_true(b.matched > 50 && b.learned > 5 && b.refused > 20);
		}
		assert_true(damaged > 100); /* in a hole, with no harm */
	}
	hc_buf_free(&text);
}

/* Cut at every byte, right before memory that may not be read. */
static void test_guard(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(ROOM / 2);
	seed = 11;
	for (int kind = HC_RECORD_CAPTURE; kind <= HC_RECORD_MERGED; kind++) {
		for (unsigned form = 0; form < kinds[kind].n; form++) {
			start((enum hc_record_kind)kind);
			size_t whole = 0;
			for (unsigned i = 0; i < 16; i++) {
				hc_buf_reset(&text);
				put_form(kinds[kind].forms[form], &text);
				take(check_guarded(b.end, text.p, text.n), b.end);
			}
			hc_buf_char(&text, '\n');
			for (size_t n = 1; n <= text.n; n++)
				whole += try(check_guarded(b.end, text.p, n), b.end);
			assert_true(whole <= 3); /* without LF, with it, without a space at the end */
		}
	}
}

/* The fast path is taken: a writer's lines fit from the second on, or once it has shown what differs. */
static void test_taken(void **state)
{
	(void)state;
	static const struct {
		enum hc_record_kind kind;
		const char *form;
		size_t learned_max;
	} table[] = {
		{HC_RECORD_CAPTURE,
		 "{\"captureData\":{\"endpointInput\":{\"observedContentType\":\"text/"
		 "csv\",\"mode\":\"INPUT\",\"data\":\"%d\","
		 "\"encoding\":\"CSV\"},\"endpointOutput\":{\"observedContentType\":\"text/csv; "
		 "charset=utf-8\",\"mode\":"
		 "\"OUTPUT\",\"data\":\"%d\",\"encoding\":\"CSV\"}},\"eventMetadata\":{\"eventId\":\"%u\","
		 "\"inferenceId\":\"%u\","
		 "\"inferenceTime\":\"2026-03-01T05:28:32Z\"},\"eventVersion\":\"0\"}\n",
		 1},
		{HC_RECORD_CAPTURE,
		 "{\"captureData\": {\"endpointOutput\": {\"data\": \"%o\", \"encoding\": \"JSON\", "
		 "\"observedContentType\": "
		 "\"%w\"}}, \"eventMetadata\": {\"eventId\": \"%u\"}}\r\n",
		 2},
		{HC_RECORD_LABEL,
		 "{\"groundTruthData\":{\"data\":\"%d\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"%u\"},"
		 "\"eventVersion\":\"0\"}\n",
		 1},
		{HC_RECORD_MERGED,
		 "{\"eventMetadata\":{\"eventId\":\"%u\"},\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"%d\","
		 "\"encoding\":"
		 "\"CSV\"},\"captureData\":{\"batchTransformOutput\":{\"data\":\"%d\",\"encoding\":\"CSV\"}}}",
		 1},
	};
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(ROOM / 2);
	seed = 3;
	for (size_t i = 0; i < COUNT(table); i++) {
		start(table[i].kind);
		for (int n = 0; n < 1000; n++) {
			hc_buf_reset(&text);
			put_form(table[i].form, &text);
			take(check_guarded(b.end, text.p, text.n), b.end);
		}
		assert_int_equal(b.refused, 0);
		assert_in_range(b.learned, 1, table[i].learned_max);
	}
}

#define LABEL(data, encoding, id)                                                     \
	"{\"groundTruthData\":{\"data\":\"" data "\",\"encoding\":\"" encoding "\"}," \
	"\"eventMetadata\":{\"eventId\":\"" id "\"},\"eventVersion\":\"0\"}"

/* What fits, and what does not, after one line. */
static void test_table(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool fits;
	} table[] = {
		{LABEL("1", "CSV", "a"), true},
		{LABEL("1", "CSV", "a") "\n", true},
		{LABEL("1", "CSV", "a") "\r\n", true},
		{LABEL("", "CSV", "a"), false},
		{LABEL("1", "CSV", ""), false},
		{LABEL("1", "JSON", "a"), false},
		{LABEL("1", "CSV", "\\u0041b"), true},
		{LABEL("\\\"\\n\\\\", "CSV", "a"), true},
		{LABEL("\\x", "CSV", "a"), false},
		{LABEL("\\ud800", "CSV", "a"), false},
		{LABEL("\\ud800\\udc00", "CSV", "a"), true},
		{LABEL("\xc3\xa9\xe2\x82\xac", "CSV", "a"), true},
		{LABEL("\xc3", "CSV", "a"), false},
		{LABEL("\xed\xa0\x80", "CSV", "a"), false},
		{LABEL("a\tb", "CSV", "a"), false},
		{LABEL("a\x7f", "CSV", "a"), true},
		{LABEL("1", "CSV", "a") " ", false},
		{LABEL("1", "CSV", "a") "}", false},
		{LABEL("1", "CSV", "a") "\r", false},
		{LABEL("1\",\"data\":\"2", "CSV", "a"), false},
	};
	start(HC_RECORD_LABEL);
	assert_false(take_text(table[0].line));
	for (size_t i = 0; i < COUNT(table); i++) {
		size_t n = strlen(table[i].line);
		bool fits = try(check_guarded(b.end, table[i].line, n), b.end);
		if (fits != table[i].fits)
			fail_msg("%s %s", table[i].line, fits ? "fits" : "does not fit");
	}
}

/* Ids at the limit and beyond, written as they are and with escapes. */
static void test_long_ids(void **state)
{
	(void)state;
	static const size_t sizes[] = {
		63, 64, 65, 1000, HC_RECORD_ID_MAX, HC_RECORD_ID_MAX + 1, 6 * HC_RECORD_ID_MAX + 6};
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(ROOM / 2);
	for (int escaped = 0; escaped < 2; escaped++) {
		start(HC_RECORD_LABEL);
		take_text(LABEL("1", "CSV", "a"));
		for (size_t i = 0; i < COUNT(sizes); i++) {
			hc_buf_reset(&text);
			hc_buf_cstr(&text,
				    "{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{"
				    "\"eventId\":\"");
			for (size_t n = 0; n < sizes[i]; n++)
				hc_buf_cstr(&text, escaped ? "\\n" : "a");
			hc_buf_cstr(&text, "\"},\"eventVersion\":\"0\"}\n");
			bool fits = try(check_guarded(b.end, text.p, text.n), b.end);
			if (escaped == 0)
				assert_int_equal(fits, sizes[i] <= HC_RECORD_ID_MAX);
		}
	}
}

/* Everything that may stand in a string, at every place of a block. */
static void test_places(void **state)
{
	(void)state;
	static const struct {
		const char *piece;
		bool valid;
	} table[] = {
		{"\\\"", true},     {"\\n", true},          {"\\\\", true},
		{"\\\\\\\"", true}, {"\\u0022", true},      {"\\ud83d\\ude00", true},
		{"\xc3\xa9", true}, {"\xe2\x82\xac", true}, {"\xf0\x9f\x98\x80", true},
		{"\\x", false},     {"\\ud83d", false},     {"\\u00g0", false},
		{"\xc3(", false},   {"\xe2\x82", false},    {"\xff", false},
		{"\x1f", false},
	};
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(ROOM / 2);
	for (size_t i = 0; i < COUNT(table); i++) {
		start(HC_RECORD_LABEL);
		take_text(LABEL("1", "CSV", "a"));
		for (size_t before = 0; before < 150; before++) {
			hc_buf_reset(&text);
			hc_buf_cstr(&text, "{\"groundTruthData\":{\"data\":\"");
			for (size_t n = 0; n < before; n++)
				hc_buf_char(&text, 'a');
			hc_buf_cstr(&text, table[i].piece);
			for (size_t end = 0; end < 2; end++) {
				hc_buf_cstr(&text, end ? "\n   "
						       : "\",\"encoding\":\"CSV\"},\"eventMetadata\":{"
							 "\"eventId\":\"a\"},\"eventVersion\":\"0\"}");
				bool fits = try(check_guarded(b.end, text.p, text.n), b.end);
				if (fits != table[i].valid)
					fail_msg("'%s' behind %zu bytes", table[i].piece, before);
			}
		}
	}
}

/* The text may end at every byte of what is left of a block, also in the middle of an escape. */
static void test_cut_escape(void **state)
{
	(void)state;
	char text[256] = "{\"groundTruthData\":{\"data\":\"";
	size_t start_n = strlen(text);
	start(HC_RECORD_LABEL);
	take_text(LABEL("1", "CSV", "a"));
	for (size_t n = 0; n < 140; n++) {
		memset(text + start_n, 'a', n);
		text[start_n + n] = '\\';
		assert_false(try(check_guarded(b.end, text, start_n + n + 1), b.end));
	}
}

/* Times in an hour that was read before are read in another way than the first. */
static void test_times(void **state)
{
	(void)state;
	static const struct {
		const char *time;
		bool fits;
	} table[] = {
		{"2026-03-01T05:59:60Z", true},
		{"2026-03-01T05:00:00Z", true},
		{"2026-03-01T05:28:32Z", true},
		{"2026-03-01T05:59:59Z", true},
		{"2026-03-01T05:59:60Z", true},
		{"2026-03-01T05:28:60Z", true},
		{"2026-03-01T05:60:00Z", false},
		{"2026-03-01T05:00:61Z", false},
		{"2026-03-01T05:0A:00Z", false},
		{"2026-03-01T05:A0:00Z", false},
		{"2026-03-01T05:00:0AZ", false},
		{"2026-03-01T05:00:A0Z", false},
		{"2026-03-01T05:00:0/Z", false},
		{"2026-03-01T05:00.00Z", false},
		{"2026-03-01T05:00:00z", true},
		{"2026-03-01T05:00:00X", false},
		{"2026-03-01T05:00:00 ", false},
		{"2026-03-01T06:00:00Z", true},
		{"2026-03-01T05:00:01Z", true},
		{"2026-03-01t05:00:01Z", true},
		{"2026-03-01t05:00:02z", true},
		{"2026-03-01 05:00:02Z", true},
		{"2026-03-01T05:00Z", true},
		{"2026-03-01T05:00:00+01:00", true},
		{"2026-03-01T05:00:00.5Z", true},
		{"2026-03-01T05:00:0\\u0030Z", false},
		{"", false},
	};
	char line[512];
	start(HC_RECORD_CAPTURE);
	for (size_t i = 0; i <= COUNT(table); i++) {
		const char *time = i ? table[i - 1].time : "2020-01-01T00:00:00Z";
		snprintf(line, sizeof line,
			 "{\"captureData\":{\"endpointOutput\":{\"data\":\"1\",\"encoding\":\"CSV\"}},"
			 "\"eventMetadata\":{\"eventId\":"
			 "\"a\",\"inferenceTime\":\"%s\"}}",
			 time);
		bool fits = take_text(line);
		if (i && fits != table[i - 1].fits)
			fail_msg("%s %s", time, fits ? "fits" : "does not fit");
	}
}

/* A fraction has as many digits as it likes, up to the limit of a value. */
static void test_long_time(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(ROOM / 2);
	start(HC_RECORD_CAPTURE);
	for (size_t size = HC_RECORD_ID_MAX - 2; size < HC_RECORD_ID_MAX + 2; size++) {
		hc_buf_reset(&text);
		hc_buf_cstr(&text, "{\"captureData\":{\"endpointOutput\":{\"data\":\"1\",\"encoding\":\"CSV\"}},"
				   "\"eventMetadata\":{\"eventId\":\"a\",\"inferenceTime\":\"2026-03-01T05:28:32.");
		for (size_t n = strlen("\"2026-03-01T05:28:32.Z\""); n < size; n++)
			hc_buf_char(&text, '1');
		hc_buf_cstr(&text, "Z\"}}\n");
		bool fits = take(check_guarded(b.end, text.p, text.n), b.end);
		assert_int_equal(fits, size > HC_RECORD_ID_MAX - 2 && size <= HC_RECORD_ID_MAX);
	}
}

/* A buffer that has exactly the room takes the text, a smaller one says so. */
static void test_write_limit(void **state)
{
	(void)state;
	const char *line = LABEL("1", "CSV", "a");
	size_t n = strlen("{\"data\":\"1\",\"encoding\":\"CSV\"}");
	start(HC_RECORD_LABEL);
	take_text(line);
	for (size_t max = 0; max < n + 100; max++) {
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(max);
		const char *next;
		assert_true(hc_skeletons_match(b.s, line, line + strlen(line), LINE_MAX, &b.r, &next));
		hc_skeletons_write_truth(b.s, &out);
		assert_int_equal(out.failed, max < n ? HC_LIMIT : HC_OK);
		if (max >= n)
			check_str(hc_buf_view(&out), "{\"data\":\"1\",\"encoding\":\"CSV\"}");
	}
}

static void test_max_line(void **state)
{
	(void)state;
	const char *line = LABEL("1", "CSV", "a") "\r\n";
	size_t n = strlen(line) - 2;
	start(HC_RECORD_LABEL);
	take_text(line);
	b.oracle.max_line = n;
	assert_true(take_text(line));
	b.oracle.max_line = n - 1;
	assert_false(try(check_guarded(b.end, line, n + 2), b.end));
}

/* Lines that cannot be expressed are not learned, and harm nothing. */
static void test_not_learned(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"{\"groundTruthData\":{\"d\\u0061ta\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"a\"}"
		"}",
		"{\"groundTruthData\":{\"data\":\"1\",\"data\":\"2\",\"encoding\":\"CSV\"},\"eventMetadata\":{"
		"\"eventId\":\"a\"}}",
		"{\"groundTruthData\":{},\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{"
		"\"eventId\":"
		"\"a\"}}",
		"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\r\"eventMetadata\":{\"eventId\":\"a\"}}",
		"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"a\"},"
		"\"x\":[[[[[[[[[[\"deep\"]]]]]]]]]]}",
		"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"a\"},"
		"\"x\":\"\x7f\"}",
	};
	for (size_t i = 0; i < COUNT(lines); i++) {
		start(HC_RECORD_LABEL);
		for (int n = 0; n < 3; n++)
			assert_false(take_text(lines[i]));
		assert_int_equal(b.learned, 3);
		take_text(LABEL("1", "CSV", "a"));
		assert_true(take_text(LABEL("2", "CSV", "b")));
	}
}

/* More writers than a set holds, in turn, then one of them alone. */
static void test_many_writers(void **state)
{
	(void)state;
	char line[512];
	start(HC_RECORD_LABEL);
	for (int n = 0; n < 5000; n++) {
		int writer = n < 4000 ? n % (HC_SKELETONS_MAX + 3) : 5;
		snprintf(line, sizeof line,
			 "{\"groundTruthData\":{\"data\":\"%d\",\"encoding\":\"CSV\",\"of\":%d},\"eventMetadata\":{"
			 "\"eventId\":"
			 "\"%d\"}}\n",
			 n, writer, n);
		take_text(line);
		if (n == 3999) /* most of them have a place, for they are not thrown out all the time */
			assert_true(b.matched > 1500);
	}
	assert_true(b.matched > 2300);
}

/* Writers whose lines are all different cost little, and leave those that fit alone. */
static void test_all_different(void **state)
{
	(void)state;
	char line[512];
	start(HC_RECORD_LABEL);
	for (int n = 0; n < 20000; n++) {
		snprintf(line, sizeof line,
			 "{\"groundTruthData\":{\"data\":\"%d\",\"encoding\":\"CSV\",\"n\":%d},\"eventMetadata\":{"
			 "\"eventId\":"
			 "\"%d\"}}\n",
			 n, n, n);
		assert_false(take_text(line));
	}
	for (int n = 0; n < 200; n++)
		take_text(LABEL("2", "CSV", "b"));
	assert_true(b.matched > 60);
}

/* String values that differ become holes, one after the other; the encoding stays. */
static void test_generalise(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool fits;
	} table[] = {
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\",\"a\":\"x\",\"b\":\"y\"},\"eventMetadata\":"
		 "{\"eventId\":"
		 "\"1\"}}",
		 false},
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\",\"a\":\"2\",\"b\":\"y\"},\"eventMetadata\":"
		 "{\"eventId\":"
		 "\"1\"}}",
		 false},
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\",\"a\":\"3\",\"b\":\"y\"},\"eventMetadata\":"
		 "{\"eventId\":"
		 "\"1\"}}",
		 true},
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\",\"a\":\"\",\"b\":\"\"},\"eventMetadata\":{"
		 "\"eventId\":"
		 "\"1\"}}",
		 false},
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\",\"a\":\"\",\"b\":\"9\"},\"eventMetadata\":{"
		 "\"eventId\":"
		 "\"1\"}}",
		 true},
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"JSON\",\"a\":\"\",\"b\":\"9\"},\"eventMetadata\":"
		 "{\"eventId\":"
		 "\"1\"}}",
		 false},
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"JSON\",\"a\":\"\",\"b\":\"9\"},\"eventMetadata\":"
		 "{\"eventId\":"
		 "\"2\"}}",
		 true},
		{"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\",\"a\":\"7\",\"b\":\"8\"},\"eventMetadata\":"
		 "{\"eventId\":"
		 "\"1\"}}",
		 true},
	};
	start(HC_RECORD_LABEL);
	for (size_t i = 0; i < COUNT(table); i++)
		if (take_text(table[i].line) != table[i].fits)
			fail_msg("%s %s", table[i].line, table[i].fits ? "does not fit" : "fits");
}

static int choose(void **state)
{
	struct hc_err err;
	return hc_simd_choose(*state, &err) == HC_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	hc_skeletons_free(b.s);
	b.s = NULL;
	hc_record_free(&b.r);
	hc_record_free(&b.oracle.full);
	hc_buf_free(&b.oracle.expected);
	hc_buf_free(&b.oracle.written);
	if (b.end)
		munmap(b.end - ROOM, ROOM + (size_t)sysconf(_SC_PAGESIZE));
	b.end = NULL;
	return 0;
}

int main(void)
{
	int failed = 0;
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++) {
		if (!hc_simd_has((enum hc_simd_kind)kind))
			continue;
		void *name = (void *)(uintptr_t)hc_simd_name((enum hc_simd_kind)kind);
		const struct CMUnitTest tests[] = {
			{"property", test_property, choose, NULL, name},
			{"guard", test_guard, choose, NULL, name},
			{"taken", test_taken, choose, NULL, name},
			{"table", test_table, choose, NULL, name},
			{"long ids", test_long_ids, choose, NULL, name},
			{"places", test_places, choose, NULL, name},
			{"cut escape", test_cut_escape, choose, NULL, name},
			{"times", test_times, choose, NULL, name},
			{"long time", test_long_time, choose, NULL, name},
			{"write limit", test_write_limit, choose, NULL, name},
			{"max line", test_max_line, choose, NULL, name},
			{"not learned", test_not_learned, choose, NULL, name},
			{"many writers", test_many_writers, choose, NULL, name},
			{"all different", test_all_different, choose, NULL, name},
			{"generalise", test_generalise, choose, NULL, name},
		};
		failed += cmocka_run_group_tests_name(name, tests, NULL, end);
	}
	return failed;
}
