#include "codec/arrow_rows.h"

#include <errno.h>
#include <math.h>

#include "check.h"

/* --- a producer ------------------------------------------------------------------------------------- */

static int released_schemas, released_arrays, released_streams;

static void release_schema(struct ArrowSchema *s)
{
	released_schemas++;
	s->release = NULL;
}

static void release_array(struct ArrowArray *a)
{
	released_arrays++;
	a->release = NULL;
}

static void release_stream(struct ArrowArrayStream *s)
{
	released_streams++;
	s->release = NULL;
}

/* Gives a schema and batches, then `ends_with`. */
struct producer {
	struct ArrowSchema schema;
	const struct ArrowArray *batches;
	size_t n, at;
	int schema_fails, ends_with;
};

static int give_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	struct producer *p = stream->private_data;
	if (p->schema_fails)
		return p->schema_fails;
	*out = p->schema;
	out->release = release_schema;
	return 0;
}

static int give_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct producer *p = stream->private_data;
	if (p->at == p->n && p->ends_with)
		return p->ends_with;
	*out = p->at < p->n ? p->batches[p->at++] : (struct ArrowArray){0};
	if (out->n_buffers)
		out->release = release_array;
	return 0;
}

static const char *tell_error(struct ArrowArrayStream *stream)
{
	(void)stream;
	return "the page\nis \xc3\xa4 mess";
}

static struct ArrowArrayStream stream_of(struct producer *p)
{
	return (struct ArrowArrayStream){give_schema, give_next, tell_error, release_stream, p};
}

/* The rows, each with a newline; "(too long)" in the place of one that is. All that was taken is released. */
static enum hc_code read_rows(struct producer *p, size_t row_max, struct hc_buf *out, struct hc_err *err)
{
	struct ArrowArrayStream stream = stream_of(p);
	struct hc_arrow_rows *rows;
	released_schemas = released_arrays = released_streams = 0;
	enum hc_code code = hc_arrow_rows_open(&stream, row_max, &rows, err);
	bool opened = code == HC_OK;
	for (bool got = true; code == HC_OK && got;) {
		struct hc_arrow_row row;
		code = hc_arrow_rows_next(rows, &row, &got, err);
		if (code != HC_OK || !got)
			break;
		hc_buf_str(out, row.too_long ? HC_STR("(too long)") : row.text);
		hc_buf_char(out, '\n');
	}
	if (opened)
		hc_arrow_rows_close(rows);
	assert_int_equal(released_streams, 1);
	assert_int_equal(released_schemas, !p->schema_fails);
	assert_int_equal(released_arrays, (int)p->at);
	return code;
}

/* --- single columns --------------------------------------------------------------------------------- */

static const void *no_buffers[1];

/* One column "c" in one batch. */
static enum hc_code read_column(struct ArrowSchema schema, struct ArrowArray array, int64_t rows, struct hc_buf *out,
				struct hc_err *err)
{
	schema.name = "c";
	struct ArrowSchema *schemas[] = {&schema};
	struct ArrowArray *arrays[] = {&array};
	struct ArrowArray batch = {
		.length = rows, .n_buffers = 1, .buffers = no_buffers, .n_children = 1, .children = arrays};
	struct producer p = {
		.schema = {.format = "+s", .n_children = 1, .children = schemas}, .batches = &batch, .n = 1};
	return read_rows(&p, 1 << 16, out, err);
}

static void check_column(struct ArrowSchema schema, struct ArrowArray array, int64_t rows, const char *expected)
{
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_err err = {0};
	if (read_column(schema, array, rows, &out, &err) != HC_OK)
		fail_msg("%s: %s", schema.format, err.msg);
	check_str(hc_buf_view(&out), expected);
	hc_buf_free(&out);
}

static void check_refused(struct ArrowSchema schema, struct ArrowArray array, int64_t rows, const char *why)
{
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_err err = {0};
	if (read_column(schema, array, rows, &out, &err) != HC_INPUT)
		fail_msg("%s: %s, not: %.*s", schema.format, why, HC_STR_ARG(hc_buf_view(&out)));
	if (!strstr(err.msg, why) || !err.hint[0])
		fail_msg("%s: %s (%s)", schema.format, err.msg, err.hint);
	hc_buf_free(&out);
}

#define BUFFERS(...) ((const void *[]){__VA_ARGS__})
#define BITS(...) ((const unsigned char[]){__VA_ARGS__})

static void test_plain_values(void **state)
{
	(void)state;
	static const int8_t i8[] = {-128, 127, 0};
	static const uint8_t u8[] = {0, 255, 1};
	static const int16_t i16[] = {INT16_MIN, INT16_MAX, -1};
	static const uint16_t u16[] = {0, UINT16_MAX, 1};
	static const int32_t i32[] = {INT32_MIN, INT32_MAX, -1};
	static const uint32_t u32[] = {0, UINT32_MAX, 1};
	static const int64_t i64[] = {INT64_MIN, INT64_MAX, -1};
	static const uint64_t u64[] = {0, UINT64_MAX, 1};
	static const uint16_t half[] = {0x3c00, 0xc100, 0x0001, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000};
	static const float f32[] = {0.5f, -1, 0.1f};
	static const double f64[] = {0.1, 1.0 / 3,  1,         -0.0,    1e15, 123456789012345.0, 5e-324, 1e300,
				     NAN, INFINITY, -INFINITY, 0.29999, 2e-7};
	const struct {
		const char *format;
		const void *values;
		int64_t n;
		const char *rows;
	} table[] = {
		{"c", i8, 3, "{\"c\":-128}\n{\"c\":127}\n{\"c\":0}\n"},
		{"C", u8, 3, "{\"c\":0}\n{\"c\":255}\n{\"c\":1}\n"},
		{"s", i16, 3, "{\"c\":-32768}\n{\"c\":32767}\n{\"c\":-1}\n"},
		{"S", u16, 3, "{\"c\":0}\n{\"c\":65535}\n{\"c\":1}\n"},
		{"i", i32, 3, "{\"c\":-2147483648}\n{\"c\":2147483647}\n{\"c\":-1}\n"},
		{"I", u32, 3, "{\"c\":0}\n{\"c\":4294967295}\n{\"c\":1}\n"},
		{"l", i64, 3, "{\"c\":-9223372036854775808}\n{\"c\":9223372036854775807}\n{\"c\":-1}\n"},
		{"L", u64, 3, "{\"c\":0}\n{\"c\":18446744073709551615}\n{\"c\":1}\n"},
		{"tDu", i64, 3, "{\"c\":-9223372036854775808}\n{\"c\":9223372036854775807}\n{\"c\":-1}\n"},
		{"e", half, 8,
		 "{\"c\":1.0}\n{\"c\":-2.5}\n{\"c\":5.9604644775390625e-08}\n{\"c\":65504.0}\n{\"c\":\"Infinity\"}\n"
		 "{\"c\":\"-Infinity\"}\n{\"c\":\"NaN\"}\n{\"c\":-0.0}\n"},
		{"f", f32, 3, "{\"c\":0.5}\n{\"c\":-1.0}\n{\"c\":0.10000000149011612}\n"},
		{"g", f64, 13,
		 "{\"c\":0.1}\n{\"c\":0.3333333333333333}\n{\"c\":1.0}\n{\"c\":-0.0}\n{\"c\":1e+15}\n"
		 "{\"c\":123456789012345.0}\n{\"c\":4.94065645841247e-324}\n{\"c\":1e+300}\n{\"c\":\"NaN\"}\n"
		 "{\"c\":\"Infinity\"}\n{\"c\":\"-Infinity\"}\n{\"c\":0.29999}\n{\"c\":2e-07}\n"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_column((struct ArrowSchema){.format = table[i].format},
			     (struct ArrowArray){
				     .length = table[i].n, .n_buffers = 2, .buffers = BUFFERS(NULL, table[i].values)},
			     table[i].n, table[i].rows);
}

static void test_nulls_and_offsets(void **state)
{
	(void)state;
	static const int32_t values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct ArrowArray a = {.length = 3, .offset = 7, .n_buffers = 2};
	a.buffers = BUFFERS(BITS(0x80, 0x02), values);
	/* a bitmap that does not count, for there are no nulls, and one of which nobody knows */
	check_column((struct ArrowSchema){.format = "i"}, a, 3, "{\"c\":8}\n{\"c\":9}\n{\"c\":10}\n");
	a.null_count = -1;
	check_column((struct ArrowSchema){.format = "i"}, a, 3, "{\"c\":8}\n{\"c\":null}\n{\"c\":10}\n");
	a.buffers = BUFFERS(NULL, BITS(0x80, 0x02));
	check_column((struct ArrowSchema){.format = "b"}, a, 3, "{\"c\":true}\n{\"c\":false}\n{\"c\":true}\n");
	check_column((struct ArrowSchema){.format = "n"}, (struct ArrowArray){.length = 2}, 2,
		     "{\"c\":null}\n{\"c\":null}\n");
}

static void test_texts(void **state)
{
	(void)state;
	static const char bytes[] = "plain\"\\\n\xc3\xa4\xff"
				    "x";
	static const int32_t offsets[] = {0, 5, 5, 8, 10, 12};
	static const int64_t wide[] = {0, 5, 5, 8, 10, 12};
	static const char *rows[] = {
		"{\"c\":\"plain\"}\n{\"c\":\"\"}\n{\"c\":\"\\\"\\\\\\n\"}\n{\"c\":\"\xc3\xa4\"}\n{\"c\":\"\xffx\"}\n",
		"{\"c\":\"plain\"}\n{\"c\":\"\"}\n{\"c\":\"\\\"\\\\\\n\"}\n{\"c\":\"\xc3\xa4\"}\n{\"c\":\"/3g=\"}\n"};
	struct ArrowArray a = {.length = 5, .n_buffers = 3, .buffers = BUFFERS(NULL, offsets, bytes)};
	check_column((struct ArrowSchema){.format = "u"}, a, 5, rows[0]);
	check_column((struct ArrowSchema){.format = "z"}, a, 5, rows[1]);
	a.buffers = BUFFERS(NULL, wide, bytes);
	check_column((struct ArrowSchema){.format = "U"}, a, 5, rows[0]);
	check_column((struct ArrowSchema){.format = "Z"}, a, 5, rows[1]);
	/* nothing but empty texts needs no bytes */
	a = (struct ArrowArray){
		.length = 1, .n_buffers = 3, .buffers = BUFFERS(NULL, BITS(0, 0, 0, 0, 0, 0, 0, 0), NULL)};
	check_column((struct ArrowSchema){.format = "u"}, a, 1, "{\"c\":\"\"}\n");
	a = (struct ArrowArray){.length = 2, .offset = 1, .n_buffers = 2, .buffers = BUFFERS(NULL, "abcd\xff\xfe")};
	check_column((struct ArrowSchema){.format = "w:2"}, a, 2, "{\"c\":\"cd\"}\n{\"c\":\"//4=\"}\n");
	check_column((struct ArrowSchema){.format = "w:0"},
		     (struct ArrowArray){.length = 1, .n_buffers = 2, .buffers = BUFFERS(NULL, NULL)}, 1,
		     "{\"c\":\"\"}\n");
}

struct view {
	int32_t n;
	union {
		char text[12];
		struct {
			char prefix[4];
			int32_t buffer, offset;
		} far;
	};
};

static void test_views(void **state)
{
	(void)state;
	static const struct view views[] = {{12, {.text = "twelve bytes"}},
					    {0, {.text = ""}},
					    {13, {.far = {"text", 1, 2}}},
					    {14, {.far = {"fir", 0, 0}}}};
	static const int64_t sizes[] = {14, 15};
	struct ArrowArray a = {.length = 4, .n_buffers = 5};
	a.buffers = BUFFERS(NULL, views, "firstfirstfirs", "--thirteen text", sizes);
	check_column((struct ArrowSchema){.format = "vu"}, a, 4,
		     "{\"c\":\"twelve bytes\"}\n{\"c\":\"\"}\n{\"c\":\"thirteen text\"}\n{\"c\":\"firstfirstfirs\"}\n");
	static const struct view wrong[] = {{15, {.far = {"", 0, 0}}},
					    {13, {.far = {"", 1, 3}}},
					    {13, {.far = {"", 2, 0}}},
					    {13, {.far = {"", -1, 0}}},
					    {13, {.far = {"", 0, -1}}},
					    {-1, {.text = ""}},
					    {INT32_MAX, {.far = {"", 0, INT32_MAX}}}};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		a.length = 1;
		a.buffers = BUFFERS(NULL, &wrong[i], "firstfirstfirs", "--thirteen text", sizes);
		check_refused((struct ArrowSchema){.format = "vu"}, a, 1, "column \"c\": damaged");
	}
	a.buffers = BUFFERS(NULL, views, "firstfirstfirs", "--thirteen text", NULL);
	check_refused((struct ArrowSchema){.format = "vz"}, a, 1, "damaged: the sizes");
}

static void test_times(void **state)
{
	(void)state;
	static const int64_t values[] = {0,        -1, 1772342912, INT64_C(1772342912000), INT64_C(1772342912000001),
					 INT64_MIN};
	static const int64_t second_us = 1000000;
	const int64_t edges[] = {INT64_C(-62135596800) * second_us, INT64_C(-62135596800) * second_us - 1,
				 INT64_C(253402300799) * second_us + 999999, INT64_C(253402300800) * second_us};
	static const int32_t small[] = {20513, -1, 86399, 86400};
	static const int64_t day_ms[] = {86400000, -1, 0, INT64_MAX};
	const struct {
		const char *format;
		const void *values;
		int64_t n;
		const char *rows;
	} table[] = {
		{"tss:", values, 3,
		 "{\"c\":\"1970-01-01T00:00:00Z\"}\n{\"c\":\"1969-12-31T23:59:59Z\"}\n{\"c\":\"2026-03-01T05:28:32Z\"}"
		 "\n"},
		{"tsm:UTC", values, 4,
		 "{\"c\":\"1970-01-01T00:00:00Z\"}\n{\"c\":\"1969-12-31T23:59:59.999Z\"}\n"
		 "{\"c\":\"1970-01-21T12:19:02.912Z\"}\n{\"c\":\"2026-03-01T05:28:32Z\"}\n"},
		{"tsu:Europe/Berlin", values + 4, 2,
		 "{\"c\":\"2026-03-01T05:28:32.000001Z\"}\n{\"c\":-9223372036854775808}\n"},
		{"tsn:", values + 1, 1, "{\"c\":\"1969-12-31T23:59:59.999999999Z\"}\n"},
		{"tsn:", values + 5, 1, "{\"c\":\"1677-09-21T00:12:43.145224192Z\"}\n"},
		{"tsu:", edges, 4,
		 "{\"c\":\"0001-01-01T00:00:00Z\"}\n{\"c\":-62135596800000001}\n"
		 "{\"c\":\"9999-12-31T23:59:59.999999Z\"}\n{\"c\":253402300800000000}\n"},
		{"tdD", small, 2, "{\"c\":\"2026-03-01\"}\n{\"c\":\"1969-12-31\"}\n"},
		{"tdm", day_ms, 4,
		 "{\"c\":\"1970-01-02\"}\n{\"c\":\"1969-12-31\"}\n{\"c\":\"1970-01-01\"}\n{\"c\":9223372036854775807}"
		 "\n"},
		{"tts", small, 4, "{\"c\":\"05:41:53\"}\n{\"c\":-1}\n{\"c\":\"23:59:59\"}\n{\"c\":86400}\n"},
		{"ttm", small, 1, "{\"c\":\"00:00:20.513\"}\n"},
		{"ttu", values + 2, 1, "{\"c\":\"00:29:32.342912\"}\n"},
		{"ttn", values + 2, 1, "{\"c\":\"00:00:01.772342912\"}\n"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_column((struct ArrowSchema){.format = table[i].format},
			     (struct ArrowArray){
				     .length = table[i].n, .n_buffers = 2, .buffers = BUFFERS(NULL, table[i].values)},
			     table[i].n, table[i].rows);
}

static void test_decimals(void **state)
{
	(void)state;
	static const int32_t d32[] = {1250, -1, 0, INT32_MIN};
	static const int64_t d64[] = {-5, INT64_MAX};
	static const uint64_t d128[][2] = {{1, 1}, {UINT64_MAX, UINT64_MAX}, {0, UINT64_C(1) << 63}};
	static const uint64_t d256[][4] = {{0, 0, 0, UINT64_C(1) << 63}, {7, 0, 0, 0}};
	const struct {
		const char *format;
		const void *values;
		int64_t n;
		const char *rows;
	} table[] = {
		{"d:9,2,32", d32, 4, "{\"c\":12.50}\n{\"c\":-0.01}\n{\"c\":0.00}\n{\"c\":-21474836.48}\n"},
		{"d:9,0,32", d32, 3, "{\"c\":1250}\n{\"c\":-1}\n{\"c\":0}\n"},
		{"d:9,-3,32", d32, 3, "{\"c\":1250000}\n{\"c\":-1000}\n{\"c\":0}\n"},
		{"d:18,5,64", d64, 2, "{\"c\":-0.00005}\n{\"c\":92233720368547.75807}\n"},
		{"d:38,1", d128, 3,
		 "{\"c\":1844674407370955161.7}\n{\"c\":-0.1}\n{\"c\":-17014118346046923173168730371588410572.8}\n"},
		{"d:76,76,256", d256, 2,
		 "{\"c\":-5.7896044618658097711785492504343953926634992332820282019728792003956564819968}\n"
		 "{\"c\":0.0000000000000000000000000000000000000000000000000000000000000000000000000007}\n"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_column((struct ArrowSchema){.format = table[i].format},
			     (struct ArrowArray){
				     .length = table[i].n, .n_buffers = 2, .buffers = BUFFERS(NULL, table[i].values)},
			     table[i].n, table[i].rows);
}

static void test_uuid(void **state)
{
	(void)state;
	/* 2 pairs: a=b, ARROW:extension:name=arrow.uuid */
	char metadata[128];
	size_t at = 0;
	const char *texts[] = {"a", "b", "ARROW:extension:name", "arrow.uuid"};
	int32_t n = 2;
	memcpy(metadata, &n, sizeof n);
	at = sizeof n;
	for (size_t i = 0; i < COUNT(texts); i++) {
		n = (int32_t)strlen(texts[i]);
		memcpy(metadata + at, &n, sizeof n);
		memcpy(metadata + at + sizeof n, texts[i], (size_t)n);
		at += sizeof n + (size_t)n;
	}
	struct ArrowArray a = {.length = 1, .n_buffers = 2};
	a.buffers = BUFFERS(NULL, "\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00");
	check_column((struct ArrowSchema){.format = "w:16", .metadata = metadata}, a, 1,
		     "{\"c\":\"123e4567-e89b-12d3-a456-426614174000\"}\n");
	check_column((struct ArrowSchema){.format = "w:16"}, a, 1, "{\"c\":\"Ej5FZ+ibEtOkVkJmFBdAAA==\"}\n");
}

/* --- types in types --------------------------------------------------------------------------------- */

static const int32_t numbers[] = {10, 11, 12, 13, 14, 15};
static struct ArrowSchema number_schema = {.format = "i", .name = "item"};

static struct ArrowArray number_array(int64_t offset, int64_t length)
{
	static const void *buffers[] = {NULL, numbers};
	return (struct ArrowArray){.length = length, .offset = offset, .n_buffers = 2, .buffers = buffers};
}

static void test_lists(void **state)
{
	(void)state;
	static const int32_t offsets[] = {0, 1, 3, 3, 5}, view_offsets[] = {3, 0, 2}, view_sizes[] = {2, 0, 1};
	static const int64_t wide[] = {0, 1, 3, 3, 5};
	struct ArrowSchema *schemas[] = {&number_schema};
	struct ArrowArray values = number_array(1, 5), *arrays[] = {&values};
	struct ArrowSchema s = {.n_children = 1, .children = schemas};
	struct ArrowArray a = {.length = 3, .offset = 1, .n_buffers = 2, .n_children = 1, .children = arrays};
	const char *rows = "{\"c\":[12,13]}\n{\"c\":[]}\n{\"c\":[14,15]}\n";
	a.buffers = BUFFERS(NULL, offsets);
	s.format = "+l";
	check_column(s, a, 3, rows);
	s.format = "+m";
	check_column(s, a, 3, rows);
	a.buffers = BUFFERS(NULL, wide);
	s.format = "+L";
	check_column(s, a, 3, rows);
	a = (struct ArrowArray){.length = 3, .n_buffers = 3, .n_children = 1, .children = arrays};
	a.buffers = BUFFERS(NULL, view_offsets, view_sizes);
	s.format = "+vl";
	check_column(s, a, 3, "{\"c\":[14,15]}\n{\"c\":[]}\n{\"c\":[13]}\n");
	a = (struct ArrowArray){.length = 1, .offset = 1, .n_buffers = 1, .n_children = 1, .children = arrays};
	a.buffers = no_buffers;
	s.format = "+w:2";
	check_column(s, a, 1, "{\"c\":[13,14]}\n");
}

static void test_structures(void **state)
{
	(void)state;
	struct ArrowSchema second = {.format = "i", .name = "q\"\xc3\xa4"}, *schemas[] = {&number_schema, &second};
	struct ArrowArray x = number_array(0, 4), y = number_array(2, 4), *arrays[] = {&x, &y};
	struct ArrowArray a = {
		.length = 2, .offset = 2, .null_count = 1, .n_buffers = 1, .n_children = 2, .children = arrays};
	a.buffers = BUFFERS(BITS(0x04));
	check_column((struct ArrowSchema){.format = "+s", .n_children = 2, .children = schemas}, a, 2,
		     "{\"c\":{\"item\":12,\"q\\\"\xc3\xa4\":14}}\n{\"c\":null}\n");
	a = (struct ArrowArray){.length = 1, .n_buffers = 1, .buffers = no_buffers};
	check_column((struct ArrowSchema){.format = "+s"}, a, 1, "{\"c\":{}}\n");
}

static void test_dictionaries(void **state)
{
	(void)state;
	static const uint8_t indices[] = {3, 0, 1};
	static const int16_t wide[] = {1, -1, 4};
	struct ArrowArray values = number_array(2, 4);
	struct ArrowArray a = {.length = 2, .n_buffers = 2, .dictionary = &values};
	struct ArrowSchema s = {.format = "C", .dictionary = &number_schema};
	a.buffers = BUFFERS(NULL, indices);
	check_column(s, a, 2, "{\"c\":15}\n{\"c\":12}\n");
	s.format = "s";
	a.length = 1;
	a.buffers = BUFFERS(NULL, wide);
	check_column(s, a, 1, "{\"c\":13}\n");
	a.buffers = BUFFERS(NULL, wide + 1);
	check_refused(s, a, 1, "column \"c\": damaged: an index");
	a.buffers = BUFFERS(NULL, wide + 2);
	check_refused(s, a, 1, "damaged: an index");
	s.format = "u";
	check_refused(s, a, 1, "index that is no integer");
	s = (struct ArrowSchema){.format = "C"};
	check_refused(s, a, 1, "not of the type");
}

/* --- what is wrong ---------------------------------------------------------------------------------- */

static void test_wrong_offsets(void **state)
{
	(void)state;
	static const int32_t backwards[] = {0, 3, 2, 3}, outside[] = {0, 4, 3, 3}, negative[] = {-1, 1, 1, 3},
			     past[] = {0, 1, 2, 6};
	const int32_t *texts[] = {backwards, outside, negative}, *lists[] = {backwards, negative, past};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct ArrowArray a = {.length = 3, .n_buffers = 3, .buffers = BUFFERS(NULL, texts[i], "abc")};
		check_refused((struct ArrowSchema){.format = "u"}, a, 3, "column \"c\": damaged: the offset of a text");
	}
	struct ArrowSchema *schemas[] = {&number_schema};
	struct ArrowArray values = number_array(0, 5), *arrays[] = {&values};
	struct ArrowSchema s = {.format = "+l", .n_children = 1, .children = schemas};
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct ArrowArray a = {.length = 3, .n_buffers = 2, .n_children = 1, .children = arrays};
		a.buffers = BUFFERS(NULL, lists[i]);
		check_refused(s, a, 3, "column \"c\": damaged: the offset of a list");
	}
	static const int32_t froms[] = {0, 4, -1, INT32_MAX}, sizes[] = {-1, 2, 1, INT32_MAX};
	s.format = "+vl";
	for (size_t i = 0; i < COUNT(froms); i++) {
		struct ArrowArray a = {.length = 1, .n_buffers = 3, .n_children = 1, .children = arrays};
		a.buffers = BUFFERS(NULL, froms + i, sizes + i);
		check_refused(s, a, 1, "damaged: the offset of a list");
	}
}

static void test_wrong_arrays(void **state)
{
	(void)state;
	static const int32_t offsets[] = {0, 1, 2};
	struct ArrowSchema *schemas[] = {&number_schema};
	struct ArrowArray values = number_array(0, 5), *arrays[] = {&values}, *none[] = {NULL};
	const void **two = BUFFERS(NULL, offsets), **missing = BUFFERS(NULL, NULL);
	struct ArrowSchema number = {.format = "i"}, text = {.format = "u"}, list = {.format = "+l"};
	struct ArrowSchema fixed = {.format = "+w:3"}, structure = {.format = "+s"};
	list.children = fixed.children = structure.children = schemas;
	list.n_children = fixed.n_children = structure.n_children = 1;
	const struct {
		struct ArrowSchema schema;
		struct ArrowArray array;
		const char *why;
	} table[] = {
		{number, {.length = 1, .n_buffers = 2, .buffers = two}, "values are missing"},
		{number, {.length = 2, .offset = -1, .n_buffers = 2, .buffers = two}, "values are missing"},
		{number, {.length = 2, .offset = INT64_MAX, .n_buffers = 2, .buffers = two}, "values are missing"},
		{number, {.length = 2, .n_buffers = 1, .buffers = two}, "buffers are missing"},
		{number, {.length = 2, .n_buffers = 3, .buffers = two}, "buffers are missing"},
		{number, {.length = 2, .n_buffers = 2, .buffers = missing}, "a buffer is missing"},
		{number, {.length = 2, .n_buffers = 2}, "not of the type"},
		{number, {.length = 2, .n_buffers = 2, .buffers = two, .dictionary = &values}, "not of the type"},
		{number,
		 {.length = 2, .n_buffers = 2, .buffers = two, .n_children = 1, .children = arrays},
		 "not of the type"},
		{text, {.length = 2, .n_buffers = 3, .buffers = BUFFERS(NULL, NULL, "abc")}, "a buffer is missing"},
		{text, {.length = 2, .n_buffers = 3, .buffers = BUFFERS(NULL, offsets, NULL)}, "offset of a text"},
		{list, {.length = 2, .n_buffers = 2, .buffers = two}, "not of the type"},
		{list, {.length = 2, .n_buffers = 2, .buffers = two, .n_children = 1}, "not of the type"},
		{list,
		 {.length = 2, .n_buffers = 2, .buffers = two, .n_children = 1, .children = none},
		 "values are missing"},
		{fixed,
		 {.length = 2, .n_buffers = 1, .buffers = two, .n_children = 1, .children = arrays},
		 "values are missing"},
		{fixed,
		 {.length = INT64_MAX / 2, .n_buffers = 1, .buffers = two, .n_children = 1, .children = arrays},
		 "more values than can be counted"},
		{structure,
		 {.length = 2, .offset = 4, .n_buffers = 1, .buffers = two, .n_children = 1, .children = arrays},
		 "values are missing"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_refused(table[i].schema, table[i].array, 2, table[i].why);
}

static void test_wrong_types(void **state)
{
	(void)state;
	static const char *const formats[] = {
		"tiM", "tiD", "+ud:0,1", "+us:0", "+r", "d:9",  "d:9,200", "d:9,2,48", "d:9,2,128,1",   "d:x,2",
		"d",   "w:",  "w:-1",    "w:2x",  "w",  "tsx:", "ts",      "tss",      "tdX",           "tdD9",
		"ttx", "t",   "",        "x",     "vx", "v",    "ii",      "\xff\x01", "w:99999999999",
	};
	for (size_t i = 0; i < COUNT(formats); i++)
		check_refused((struct ArrowSchema){.format = formats[i]}, (struct ArrowArray){0}, 0,
			      "column 'c' has a type that cannot be read");
	check_refused((struct ArrowSchema){.format = "tiM"}, (struct ArrowArray){0}, 0, "interval");
	check_refused((struct ArrowSchema){.format = NULL}, (struct ArrowArray){0}, 0, "a type is missing");
	check_refused((struct ArrowSchema){.format = "+l"}, (struct ArrowArray){0}, 0, "lacks what should be inside");
	check_refused((struct ArrowSchema){.format = "+s", .n_children = 1}, (struct ArrowArray){0}, 0, "lacks");
	check_refused((struct ArrowSchema){.format = "+s", .n_children = -1}, (struct ArrowArray){0}, 0, "lacks");
	/* the column is named that the type is in */
	struct ArrowSchema inner = {.format = "tiM", .name = "inner"}, *schemas[] = {&inner};
	check_refused((struct ArrowSchema){.format = "+l", .n_children = 1, .children = schemas},
		      (struct ArrowArray){0}, 0, "column 'c' has");
}

static void test_depth(void **state)
{
	(void)state;
	struct ArrowSchema levels[HC_ARROW_DEPTH_MAX + 1], *children[HC_ARROW_DEPTH_MAX + 1];
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_err err;
	for (size_t i = 0; i < COUNT(levels); i++) {
		children[i] = i + 1 < COUNT(levels) ? &levels[i + 1] : &number_schema;
		levels[i] = (struct ArrowSchema){.format = "+l", .n_children = 1, .children = &children[i]};
	}
	assert_int_equal(read_column(levels[0], (struct ArrowArray){0}, 0, &out, &err), HC_LIMIT);
	children[HC_ARROW_DEPTH_MAX - 2] = &number_schema;
	assert_int_not_equal(read_column(levels[0], (struct ArrowArray){0}, 0, &out, &err), HC_LIMIT);
	hc_buf_free(&out);
}

/* --- streams ---------------------------------------------------------------------------------------- */

static void test_batches(void **state)
{
	(void)state;
	struct ArrowSchema text = {.format = "u", .name = "t"}, *schemas[] = {&number_schema, &text};
	struct ArrowArray x = number_array(0, 4), *arrays[] = {&x, NULL};
	struct ArrowArray t = {.length = 4, .n_buffers = 3};
	static const int32_t offsets[] = {0, 1, 31, 32, 33};
	t.buffers = BUFFERS(NULL, offsets, "aLONG TEXT OF THIRTY CHARACTERS?bc");
	arrays[1] = &t;
	struct ArrowArray batch = {.n_buffers = 1, .buffers = no_buffers, .n_children = 2, .children = arrays};
	struct ArrowArray batches[] = {batch, batch, batch, batch};
	batches[1].length = 3;
	batches[3].length = 2;
	batches[3].offset = 2; /* a slice of its columns */
	struct producer p = {.schema = {.format = "+s", .n_children = 2, .children = schemas},
			     .batches = batches,
			     .n = COUNT(batches)};
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_err err;
	assert_int_equal(read_rows(&p, 30, &out, &err), HC_OK);
	check_str(hc_buf_view(&out), "{\"item\":10,\"t\":\"a\"}\n(too long)\n{\"item\":12,\"t\":\"?\"}\n"
				     "{\"item\":12,\"t\":\"?\"}\n{\"item\":13,\"t\":\"b\"}\n");
	hc_buf_free(&out);
}

static void test_wanted(void **state)
{
	(void)state;
	struct ArrowSchema other = {.format = "i", .name = "q\"\n"};
	struct ArrowSchema *schemas[] = {&number_schema, &other, &number_schema};
	struct ArrowArray x = number_array(0, 1), y = number_array(1, 1), *arrays[] = {&x, &y, &x};
	struct ArrowArray batch = {
		.length = 1, .n_buffers = 1, .buffers = no_buffers, .n_children = 3, .children = arrays};
	const struct {
		struct hc_str names[2];
		size_t n;
		const char *row;
	} table[] = {
		{{HC_STR("q\"\n")}, 1, "{\"q\\\"\\n\":11}"},
		{{HC_STR("item")}, 1, "{\"item\":10,\"item\":10}"},
		{{HC_STR("item"), HC_STR("q\"\n")}, 2, "{\"item\":10,\"q\\\"\\n\":11,\"item\":10}"},
		{{HC_STR("q\"\n"), HC_STR("$.item")}, 2, "{\"item\":10,\"q\\\"\\n\":11,\"item\":10}"},
		{{HC_STR("")}, 0, "{}"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct producer p = {
			.schema = {.format = "+s", .n_children = 3, .children = schemas}, .batches = &batch, .n = 1};
		struct ArrowArrayStream stream = stream_of(&p);
		struct hc_arrow_rows *rows;
		struct hc_arrow_row row;
		struct hc_err err;
		bool got;
		assert_int_equal(hc_arrow_rows_open(&stream, 1000, &rows, &err), HC_OK);
		assert_int_equal(hc_arrow_rows_want(rows, table[i].names, table[i].n, &err), HC_OK);
		assert_int_equal(hc_arrow_rows_next(rows, &row, &got, &err), HC_OK);
		check_str(row.text, table[i].row);
		hc_arrow_rows_close(rows);
	}
}

static void test_failures(void **state)
{
	(void)state;
	static const struct {
		int number;
		enum hc_code code;
		const char *says;
	} table[] = {{EINVAL, HC_INPUT, "the page is    mess"},
		     {ENOBUFS, HC_LIMIT, "more memory"},
		     {ENOMEM, HC_NOMEM, "no memory"}};
	struct ArrowSchema *schemas[] = {&number_schema};
	struct ArrowArray x = number_array(0, 2), *arrays[] = {&x};
	struct ArrowArray batch = {
		.length = 2, .n_buffers = 1, .buffers = no_buffers, .n_children = 1, .children = arrays};
	struct hc_buf out = HC_BUF(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		struct producer p = {.schema_fails = table[i].number};
		assert_int_equal(read_rows(&p, 100, &out, &err), table[i].code);
		assert_non_null(strstr(err.msg, table[i].says));
		struct producer late = {.schema = {.format = "+s", .n_children = 1, .children = schemas},
					.batches = &batch,
					.n = 1,
					.ends_with = table[i].number};
		err = (struct hc_err){0};
		hc_buf_reset(&out);
		assert_int_equal(read_rows(&late, 100, &out, &err), table[i].code);
		assert_non_null(strstr(err.msg, table[i].says));
		check_str(hc_buf_view(&out), "{\"item\":10}\n{\"item\":11}\n");
	}
	struct hc_err err = {0};
	struct producer no_columns = {.schema = number_schema};
	assert_int_equal(read_rows(&no_columns, 100, &out, &err), HC_INPUT);
	hc_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_values),  cmocka_unit_test(test_nulls_and_offsets),
		cmocka_unit_test(test_texts),         cmocka_unit_test(test_views),
		cmocka_unit_test(test_times),         cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_uuid),          cmocka_unit_test(test_lists),
		cmocka_unit_test(test_structures),    cmocka_unit_test(test_dictionaries),
		cmocka_unit_test(test_wrong_offsets), cmocka_unit_test(test_wrong_arrays),
		cmocka_unit_test(test_wrong_types),   cmocka_unit_test(test_depth),
		cmocka_unit_test(test_batches),       cmocka_unit_test(test_failures),
		cmocka_unit_test(test_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
