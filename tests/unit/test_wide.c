/* Wide records: what was written comes back, wherever the text lies. */
#include "monitor/wide.h"

#include <stdlib.h>

#include "check_metric.h"

enum { ROWS = 40, TEXT = 64 };

static struct hc_str random_text(uint64_t *random, char *out, size_t max)
{
	size_t n = check_random(random) % (max + 1);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)check_random(random); /* any byte, NUL too */
	return (struct hc_str){out, n};
}

static void check_bytes(struct hc_str got, struct hc_str expected)
{
	assert_int_equal(got.n, expected.n);
	assert_true(got.n == 0 || memcmp(got.p, expected.p, got.n) == 0);
}

/* Fills rows as a record's are, through their only door from outside. */
static void make_rows(uint64_t *random, size_t n, struct hc_measured_rows *rows)
{
	struct hc_row list[ROWS];
	char texts[ROWS * TEXT];
	struct hc_err err;
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		struct hc_str text = random_text(random, texts + used, check_random(random) % 3 ? TEXT : 0);
		list[i] = (struct hc_row){check_random(random) % 4 ? random_double(random) : NAN, used, text.n};
		used += text.n;
	}
	assert_int_equal(hc_measured_rows_set(rows, list, n, (struct hc_str){texts, used}, &err), HC_OK);
}

static void check_rows(const struct hc_measured_rows *got, const struct hc_measured_rows *expected)
{
	assert_int_equal(got->n, expected->n);
	for (size_t i = 0; i < got->n; i++) {
		check_same(got->list[i].number, expected->list[i].number);
		check_bytes(hc_measured_rows_text(got, i), hc_measured_rows_text(expected, i));
	}
}

static void test_round_trip(void **state)
{
	(void)state;
	struct hc_measured_rows rows, back;
	uint64_t random = 17;
	hc_measured_rows_init(&rows);
	hc_measured_rows_init(&back);
	for (unsigned round = 0; round < 500; round++) {
		char inference_id[TEXT], event_id[TEXT];
		struct hc_err err;
		struct hc_wide wide = {.same = check_random(&random),
				       .has_time = check_random(&random) % 2,
				       .time_us = (int64_t)check_random(&random),
				       .inference_id = random_text(&random, inference_id, TEXT),
				       .event_id = random_text(&random, event_id, TEXT)},
			       got;
		if (round % 5 == 0) /* a label has none of it */
			wide.inference_id = wide.event_id = (struct hc_str){0};
		make_rows(&random, check_random(&random) % (ROWS + 1), &rows);
		struct hc_buf out = HC_BUF(1 << 20);
		for (unsigned shift = 0; shift < round % 8; shift++)
			hc_buf_char(&out, '!'); /* texts of a spool begin anywhere */
		hc_wide_write(&out, &wide, &rows);
		struct hc_str text = hc_buf_view(&out);
		text.p += round % 8;
		text.n -= round % 8;
		/* exactly as long as it is, so that a byte more would be seen */
		char *exact = malloc(text.n + round % 8);
		assert_non_null(exact);
		memcpy(exact + round % 8, text.p, text.n);
		hc_buf_free(&out);
		assert_int_equal(hc_wide_read((struct hc_str){exact + round % 8, text.n}, &got, &back, &err), HC_OK);
		assert_int_equal(got.same, wide.same);
		assert_int_equal(got.has_time, wide.has_time);
		assert_int_equal(got.time_us, wide.time_us);
		check_bytes(got.inference_id, wide.inference_id);
		check_bytes(got.event_id, wide.event_id);
		check_rows(&back, &rows);
		free(exact);
	}
	hc_measured_rows_free(&rows);
	hc_measured_rows_free(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
