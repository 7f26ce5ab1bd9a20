#include "sys/ahead.h"

#include <stdlib.h>

#include "check.h"

enum { BYTES = 3 * HC_AHEAD_BYTES + 1234 };

/* Gives its bytes in pieces of changing size, then ends or fails. */
struct slow {
	struct hc_source source;
	const unsigned char *p;
	size_t at, n;
	uint64_t random;
	bool fails;
	bool *closed;
};

static enum hc_code slow_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	struct slow *slow = (struct slow *)s;
	size_t n = slow->n - slow->at, piece = 1 + check_random(&slow->random) % 70000;
	if (n == 0 && slow->fails)
		return hc_fail(err, HC_INPUT, "it is damaged");
	n = n < piece ? n : piece;
	n = n < cap ? n : cap;
	if (n)
		memcpy(buf, slow->p + slow->at, n);
	slow->at += n;
	*got = n;
	return HC_OK;
}

static void slow_close(struct hc_source *s)
{
	*((struct slow *)s)->closed = true;
}

static unsigned char *some_bytes(void)
{
	unsigned char *p = malloc(BYTES);
	uint64_t random = 3;
	for (size_t i = 0; i < BYTES; i++)
		p[i] = (unsigned char)check_random(&random);
	return p;
}

/* The bytes are those of the source, whatever the sizes of reads on both sides; so is its end, or its failure. */
static void test_bytes(void **state)
{
	(void)state;
	static const size_t sizes[] = {
		0, 1, 1000, HC_AHEAD_BYTES - 1, HC_AHEAD_BYTES, HC_AHEAD_BYTES + 1, 2 * HC_AHEAD_BYTES, BYTES};
	unsigned char *bytes = some_bytes(), *back = malloc(BYTES);
	for (size_t k = 0; k < 2 * COUNT(sizes); k++) {
		bool closed = false, fails = k % 2;
		size_t n = sizes[k / 2], at = 0, got = 1;
		struct slow slow = {{slow_read, slow_close}, bytes, 0, n, k + 1, fails, &closed};
		struct hc_source *s = hc_ahead(&slow.source);
		struct hc_err err;
		uint64_t random = k;
		enum hc_code code = HC_OK;
		while (code == HC_OK && got) {
			size_t most = 1 + check_random(&random) % 90000;
			code = s->read(s, back + at, most < BYTES - at ? most : BYTES - at + 1, &got, &err);
			at += code == HC_OK ? got : 0;
		}
		assert_int_equal(code, fails ? HC_INPUT : HC_OK);
		if (fails)
			assert_string_equal(err.msg, "it is damaged");
		assert_int_equal(at, n);
		assert_memory_equal(back, bytes, n);
		assert_false(closed);
		hc_source_close(s);
		assert_true(closed);
	}
	free(bytes);
	free(back);
}

/* Closed before its end, while the thread waits for room or reads. */
static void test_closed_early(void **state)
{
	(void)state;
	unsigned char *bytes = some_bytes();
	for (int k = 0; k < 50; k++) {
		bool closed = false;
		char some[100];
		size_t got = 0;
		struct hc_err err;
		struct slow slow = {{slow_read, slow_close}, bytes, 0, BYTES, 7, false, &closed};
		struct hc_source *s = hc_ahead(&slow.source);
		if (k % 2)
			assert_int_equal(s->read(s, some, sizeof some, &got, &err), HC_OK);
		hc_source_close(s);
		assert_true(closed);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes), cmocka_unit_test(test_closed_early)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
