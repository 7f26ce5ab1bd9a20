#include "codec/unpack.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "check.h"

static struct hc_err err;

enum format { GZIP, ZSTD, FORMATS };

static void pack(enum format format, struct hc_str text, struct hc_buf *out)
{
	size_t room = text.n + text.n / 2 + 1024;
	char *to = hc_buf_room(out, room);
	assert_non_null(to);
	if (format == ZSTD) {
		size_t n = ZSTD_compress(to, room, text.p, text.n, 3);
		assert_false(ZSTD_isError(n));
		out->n += n;
		return;
	}
	z_stream z = {.next_in = (Bytef *)(uintptr_t)text.p, .avail_in = (uInt)text.n};
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += z.total_out;
	deflateEnd(&z);
}

/* A source that hands out `step` bytes a call. */
struct stepping {
	struct hc_source source;
	struct hc_str left;
	size_t step;
	int closed;
};

static enum hc_code stepping_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *e)
{
	(void)e;
	struct stepping *st = (struct stepping *)s;
	size_t n = st->step < cap ? st->step : cap;
	if (n > st->left.n)
		n = st->left.n;
	if (n)
		memcpy(buf, st->left.p, n);
	st->left.p += n;
	st->left.n -= n;
	*got = n;
	return HC_OK;
}

static void stepping_close(struct hc_source *s)
{
	((struct stepping *)s)->closed++;
}

/* Unpacks all, reading `step` packed and `cap` unpacked bytes at a time; the code of the end. */
static enum hc_code unpack(struct hc_str packed, size_t step, size_t cap, struct hc_buf *out)
{
	struct stepping st = {{stepping_read, stepping_close}, packed, step, 0};
	struct hc_source *s;
	enum hc_code code = HC_OK;
	size_t got = 1;
	assert_int_equal(hc_unpack_open(&st.source, &s, &err), HC_OK);
	while (code == HC_OK && got) {
		char *room = hc_buf_room(out, cap);
		assert_non_null(room);
		code = s->read(s, room, cap, &got, &err);
		if (code == HC_OK)
			out->n += got;
	}
	hc_source_close(s);
	assert_int_equal(st.closed, 1);
	return code;
}

static void check_unpacks(struct hc_str packed, struct hc_str expected)
{
	static const size_t steps[] = {1, 7, 4096, SIZE_MAX}, caps[] = {1, 100, 1 << 16};
	for (size_t i = 0; i < COUNT(steps); i++)
		for (size_t k = 0; k < COUNT(caps); k++) {
			HC_BUF_SCOPED struct hc_buf out = HC_BUF(1 << 24);
			assert_int_equal(unpack(packed, steps[i], caps[k], &out), HC_OK);
			assert_int_equal(out.n, expected.n);
			assert_true(hc_str_eq(hc_buf_view(&out), expected));
		}
}

static void check_fails(struct hc_str packed, enum hc_code code, const char *message)
{
	static const size_t steps[] = {1, SIZE_MAX};
	for (size_t i = 0; i < COUNT(steps); i++) {
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(1 << 24);
		assert_int_equal(unpack(packed, steps[i], 1000, &out), code);
		if (!strstr(err.msg, message))
			fail_msg("%s: not %s", err.msg, message);
	}
}

static void test_plain(void **state)
{
	(void)state;
	static const struct hc_str table[] = {
		{"", 0},
		{"a", 1},
		{"{\"a\":1}\n", 8},
		{"\x1f", 1},
		{"\x1f\x8a\x08", 3},
		{"\x28\xb5\x2f", 3},
		{"PK\x03\x04", 4},
		{"\x28\xb5\x2f\xfc", 4},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		check_unpacks(table[i], table[i]);
}

/* Text that packs a little: 100,000 bytes of random letters a to h. */
static struct hc_str some_text(struct hc_buf *buf)
{
	uint64_t random = 7;
	for (int i = 0; i < 100000; i++)
		hc_buf_char(buf, (char)('a' + check_random(&random) % 8));
	return hc_buf_view(buf);
}

static void test_packed(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 20);
	struct hc_str all = some_text(&text);
	static const size_t lens[] = {0, 1, 5000, 100000};
	for (enum format f = 0; f < FORMATS; f++)
		for (size_t i = 0; i < COUNT(lens); i++) {
			HC_BUF_SCOPED struct hc_buf packed = HC_BUF(1 << 20);
			pack(f, (struct hc_str){all.p, lens[i]}, &packed);
			check_unpacks(hc_buf_view(&packed), (struct hc_str){all.p, lens[i]});
			/* the rest as a second one, and an empty third */
			pack(f, (struct hc_str){all.p + lens[i], all.n - lens[i]}, &packed);
			pack(f, HC_STR(""), &packed);
			check_unpacks(hc_buf_view(&packed), all);
		}
}

/* Much out of little in: the packed bytes are used up long before what they stand for. */
static void test_zeros(void **state)
{
	(void)state;
	enum { SIZE = 5000000 };
	char *zeros = calloc(1, SIZE);
	assert_non_null(zeros);
	for (enum format f = 0; f < FORMATS; f++) {
		HC_BUF_SCOPED struct hc_buf packed = HC_BUF(1 << 24), out = HC_BUF(1 << 24);
		pack(f, (struct hc_str){zeros, SIZE}, &packed);
		assert_int_equal(unpack(hc_buf_view(&packed), SIZE_MAX, 4096, &out), HC_OK);
		assert_int_equal(out.n, SIZE);
		assert_memory_equal(out.p, zeros, SIZE);
	}
	free(zeros);
}

/* Cut at every byte but where nothing was begun: an error, never an end. */
static void test_cut(void **state)
{
	(void)state;
	static const size_t magic[FORMATS] = {2, 4};
	for (enum format f = 0; f < FORMATS; f++) {
		HC_BUF_SCOPED struct hc_buf packed = HC_BUF(1 << 20);
		pack(f, HC_STR("hello, hello, hello, hello"), &packed);
		size_t first = packed.n;
		pack(f, HC_STR("world"), &packed);
		for (size_t n = magic[f]; n < packed.n; n++)
			if (n != first)
				check_fails((struct hc_str){packed.p, n}, HC_INPUT, "ends before its end");
		check_unpacks((struct hc_str){packed.p, first}, HC_STR("hello, hello, hello, hello"));
	}
}

static void test_damaged(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf packed = HC_BUF(1 << 20);
	pack(GZIP, HC_STR("hello"), &packed);
	size_t n = packed.n;
	packed.p[n - 8] ^= 1; /* the check of the text */
	check_fails(hc_buf_view(&packed), HC_INPUT, "not valid gzip data: incorrect data check");
	packed.p[n - 8] ^= 1;
	packed.p[n - 1] ^= 1; /* its length */
	check_fails(hc_buf_view(&packed), HC_INPUT, "not valid gzip data: incorrect length check");
	packed.p[n - 1] ^= 1;
	hc_buf_cstr(&packed, "junk");
	check_fails(hc_buf_view(&packed), HC_INPUT, "not valid gzip data: incorrect header check");
	memset(packed.p + n, 0, 4); /* padding, as on tapes */
	check_unpacks(hc_buf_view(&packed), HC_STR("hello"));
	hc_buf_cstr(&packed, "x");
	check_fails(hc_buf_view(&packed), HC_INPUT, "after the padding");

	hc_buf_reset(&packed);
	pack(ZSTD, HC_STR("hello"), &packed);
	hc_buf_cstr(&packed, "junk");
	check_fails(hc_buf_view(&packed), HC_INPUT, "not valid zstd data");
	memset(packed.p + 4, 0xff, packed.n - 4); /* a header that asks for what there is not */
	check_fails(hc_buf_view(&packed), HC_INPUT, "not valid zstd data");
}

/* A frame of two bytes that says it needs a window of 2^28 bytes; one of 2^27 may. */
static void test_window(void **state)
{
	(void)state;
	char frame[] = "\x28\xb5\x2f\xfd\x00\x00\x11\x00\x00hi";
	size_t n = sizeof frame - 1;
	frame[5] = (char)((HC_UNPACK_WINDOW_LOG_MAX - 10) << 3);
	check_unpacks((struct hc_str){frame, n}, HC_STR("hi"));
	frame[5] = (char)((HC_UNPACK_WINDOW_LOG_MAX + 1 - 10) << 3);
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(1 << 20);
	assert_int_equal(unpack((struct hc_str){frame, n}, 1, 1000, &out), HC_LIMIT);
	assert_string_equal(err.msg, "the zstd data needs a window of more than 2^27 bytes");
	assert_true(err.hint[0] != '\0');
}

static void test_skippable(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf packed = HC_BUF(1 << 20);
	hc_buf_put(&packed, "\x5f\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
	pack(ZSTD, HC_STR("hello"), &packed);
	check_unpacks(hc_buf_view(&packed), HC_STR("hello"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),     cmocka_unit_test(test_packed),  cmocka_unit_test(test_zeros),
		cmocka_unit_test(test_cut),       cmocka_unit_test(test_damaged), cmocka_unit_test(test_window),
		cmocka_unit_test(test_skippable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
