#include "codec/chunked.h"

#include <stdlib.h>

#include "base/buf.h"
#include "check.h"

/* What the events said, as text: "<SIZE;SIGNATURE>", bytes as they are, "|" behind a chunk, "{name=value}". */
struct heard {
	struct hc_buf text;
	int refuse; /* the event of this number fails; 0: none */
	int n;
};

static enum hc_code hear(struct heard *heard, struct hc_err *err)
{
	return ++heard->n == heard->refuse ? hc_fail(err, HC_IO, "refused") : HC_OK;
}

static enum hc_code on_chunk(void *arg, uint64_t size, struct hc_str signature, struct hc_err *err)
{
	struct heard *heard = arg;
	hc_buf_printf(&heard->text, "<%llu;%.*s>", (unsigned long long)size, signature.n > 4 ? 4 : (int)signature.n,
		      signature.p);
	return hear(heard, err);
}

static enum hc_code on_bytes(void *arg, const void *p, size_t n, struct hc_err *err)
{
	struct heard *heard = arg;
	assert_true(n > 0);
	hc_buf_put(&heard->text, p, n);
	return heard->refuse ? hear(heard, err) : HC_OK;
}

static enum hc_code on_chunk_end(void *arg, struct hc_err *err)
{
	struct heard *heard = arg;
	hc_buf_char(&heard->text, '|');
	return hear(heard, err);
}

static enum hc_code on_trailer(void *arg, struct hc_str name, struct hc_str value, struct hc_err *err)
{
	struct heard *heard = arg;
	hc_buf_printf(&heard->text, "{%.*s=%.*s}", HC_STR_ARG(name), HC_STR_ARG(value));
	return hear(heard, err);
}

static const struct hc_chunked_events events = {on_chunk, on_bytes, on_chunk_end, on_trailer};

/* Feeds the text in pieces of `step` bytes; a copy of each, so that reading past its end is seen. */
static enum hc_code feed(const char *text, size_t n, size_t step, struct heard *heard, struct hc_err *err)
{
	struct hc_chunked c;
	hc_chunked_open(&c, &events, heard);
	for (size_t at = 0; at < n; at += step) {
		size_t piece = n - at < step ? n - at : step;
		char *copy = malloc(piece);
		memcpy(copy, text + at, piece);
		enum hc_code code = hc_chunked_feed(&c, copy, piece, err);
		free(copy);
		if (code != HC_OK)
			return code;
	}
	return hc_chunked_finish(&c, err);
}

#define SIGNATURE "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"
#define S ";chunk-signature=" SIGNATURE

static void test_bodies(void **state)
{
	(void)state;
	static const struct {
		const char *body, *heard;
	} table[] = {
		{"0\r\n\r\n", "<0;>"},
		{"5\r\nhello\r\n0\r\n\r\n", "<5;>hello|<0;>"},
		{"5" S "\r\nhello\r\n0" S "\r\n\r\n", "<5;b474>hello|<0;b474>"},
		{"2\r\n\r\n\r\n1\r\n0\r\n0\r\n\r\n", "<2;>\r\n|<1;>0|<0;>"},
		{"00A\r\n0123456789\r\n000\r\n\r\n", "<10;>0123456789|<0;>"},
		{"0a\r\n0123456789\r\n0\r\n\r\n", "<10;>0123456789|<0;>"},
		/* as botocore and the SDKs of Java and JavaScript end it */
		{"1\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\r\n\r\n", "<1;>a|<0;>{x-amz-checksum-crc32=6Le+Qw==}"},
		{"1" S "\r\na\r\n0" S "\r\nX-Amz-Checksum-CRC32C: wdBDMA== \r\nx-amz-trailer-signature:" SIGNATURE
		 "\r\n\r\n",
		 "<1;b474>a|<0;b474>{x-amz-checksum-crc32c=wdBDMA==}{x-amz-trailer-signature=" SIGNATURE "}"},
		/* as minio-go does */
		{"1\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\n\r\n\r\n", "<1;>a|<0;>{x-amz-checksum-crc32=6Le+Qw==}"},
		{"0\r\na:1\nb:2\n\r\nx-amz-trailer-signature:" SIGNATURE "\r\n\r\n",
		 "<0;>{a=1}{b=2}{x-amz-trailer-signature=" SIGNATURE "}"},
		/* extensions, empty values, a colon in a value */
		{"1;a=b;c\r\nx\r\n0;\r\na:\r\nb::1\r\n\r\n", "<1;>x|<0;>{a=}{b=:1}"},
		{"1 ; a=b" S " \r\nx\r\n0\r\n\r\n", "<1;b474>x|<0;>"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t step = 1; step <= strlen(table[i].body); step++) {
			struct heard heard = {.text = HC_BUF(1000)};
			struct hc_err err;
			if (feed(table[i].body, strlen(table[i].body), step, &heard, &err) != HC_OK)
				fail_msg("%s in steps of %zu: %s", table[i].body, step, err.msg);
			check_str(hc_buf_view(&heard.text), table[i].heard);
			hc_buf_free(&heard.text);
		}
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum hc_code code;
	} table[] = {
		{"", HC_INPUT},
		{"0", HC_INPUT},
		{"0\r\n", HC_INPUT},
		{"0\r\n\r", HC_INPUT},
		{"5\r\nhel", HC_INPUT},
		{"5\r\nhello", HC_INPUT},
		{"5\r\nhello\r\n", HC_INPUT},
		{"5\r\nhello\r\n0\r\n", HC_INPUT},
		{"5\r\nhello\r\n0\r\na:b\r\n", HC_INPUT},
		{"0\r\na:b\n\r\n", HC_INPUT},
		{"0\r\n\r\nx", HC_INPUT},
		{"0\r\n\r\n\r\n", HC_INPUT},
		{"5\r\nhello!\r\n0\r\n\r\n", HC_INPUT},
		{"5\r\nhell\r\n0\r\n\r\n", HC_INPUT},
		{"5\r\nhello\n0\r\n\r\n", HC_INPUT},
		{"5\r\nhello\rx0\r\n\r\n", HC_INPUT},
		{"5\nhello\r\n0\r\n\r\n", HC_INPUT},
		{"\r\n0\r\n\r\n", HC_INPUT},
		{";a\r\n", HC_INPUT},
		{"g\r\n", HC_INPUT},
		{"-1\r\n", HC_INPUT},
		{"0x5\r\nhello\r\n0\r\n\r\n", HC_INPUT},
		{"5 5\r\nhello\r\n0\r\n\r\n", HC_INPUT},
		{"1;chunk-signature=\r\na\r\n0\r\n\r\n", HC_INPUT},
		{"1;chunk-signature=abc\r\na\r\n0\r\n\r\n", HC_INPUT},
		{"1" S "0\r\na\r\n0\r\n\r\n", HC_INPUT},
		{"1" S S "\r\na\r\n0\r\n\r\n", HC_INPUT},
		{"0\r\nabc\r\n\r\n", HC_INPUT},
		{"0\r\n:abc\r\n\r\n", HC_INPUT},
		{"0\r\na b:c\r\n\r\n", HC_INPUT},
		{"0\r\na\tb:c\r\n\r\n", HC_INPUT},
		{"0\r\na:b\rc\r\n\r\n", HC_INPUT},
		{"0\r\n\n", HC_INPUT},
		{"0\r\na:b\n\r\r\n", HC_INPUT},
		{"140000001\r\n", HC_LIMIT},
		{"ffffffffffffffff\r\n", HC_LIMIT},
		{"10000000000000000\r\n", HC_LIMIT},
		{"00000000000000001\r\na\r\n0\r\n\r\n", HC_LIMIT},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t step = 1; step <= strlen(table[i].body) + 1; step++) {
			struct heard heard = {.text = HC_BUF(1000)};
			struct hc_err err = {0};
			enum hc_code code = feed(table[i].body, strlen(table[i].body), step, &heard, &err);
			if (code != table[i].code || err.code != code || !err.msg[0])
				fail_msg("%s in steps of %zu is %d", table[i].body, step, code);
			hc_buf_free(&heard.text);
		}
	struct heard heard = {.text = HC_BUF(1000)};
	struct hc_err err;
	static const char nul[] = "0\r\na:b\0c\r\n\r\n";
	assert_int_equal(feed(nul, sizeof nul - 1, 4, &heard, &err), HC_INPUT);
	hc_buf_free(&heard.text);
}

/* A chunk of the largest size is announced; nothing of it has to be there at once. */
static void test_limits(void **state)
{
	(void)state;
	struct heard heard = {.text = HC_BUF(1 << 20)};
	struct hc_err err;
	struct hc_chunked c;
	hc_chunked_open(&c, &events, &heard);
	assert_int_equal(hc_chunked_feed(&c, "140000000\r\nabc", 14, &err), HC_OK);
	check_str(hc_buf_view(&heard.text), "<5368709120;>abc");
	assert_true(c.left == HC_CHUNK_BYTES_MAX - 3);

	HC_BUF_SCOPED struct hc_buf body = HC_BUF(1 << 20);
	for (int more = 0; more < 2; more++) {
		hc_buf_reset(&heard.text);
		hc_buf_reset(&body);
		hc_buf_cstr(&body, "0\r\n");
		for (int i = 0; i < HC_CHUNK_TRAILERS_MAX + more; i++)
			hc_buf_cstr(&body, "a:b\r\n");
		hc_buf_cstr(&body, "\r\n");
		assert_int_equal(feed(body.p, body.n, 7, &heard, &err), more ? HC_LIMIT : HC_OK);

		hc_buf_reset(&heard.text);
		hc_buf_reset(&body);
		hc_buf_cstr(&body, "0;");
		while (body.n < (size_t)HC_CHUNK_LINE_MAX - 2 + (size_t)more)
			hc_buf_char(&body, 'x');
		hc_buf_cstr(&body, "\r\n\r\n");
		assert_int_equal(feed(body.p, body.n, 100, &heard, &err), more ? HC_LIMIT : HC_OK);
		hc_buf_reset(&heard.text);
		assert_int_equal(feed(body.p, body.n, body.n, &heard, &err), more ? HC_LIMIT : HC_OK);
	}
	hc_buf_free(&heard.text);
}

/* What an event says ends the feeding. */
static void test_events_fail(void **state)
{
	(void)state;
	static const char body[] = "1\r\na\r\n0\r\na:b\r\n\r\n";
	for (int refuse = 1; refuse <= 5; refuse++) {
		struct heard heard = {.text = HC_BUF(1000), .refuse = refuse};
		struct hc_err err;
		assert_int_equal(feed(body, sizeof body - 1, 100, &heard, &err), HC_IO);
		assert_string_equal(err.msg, "refused");
		assert_int_equal(heard.n, refuse);
		hc_buf_free(&heard.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_events_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
