#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>

#include "check.h"

/* Pieces do not overlap, do not move and are aligned; text pieces need not be. */
static void test_pieces(void **state)
{
	(void)state;
	enum { PIECES = 2000 };
	static unsigned char *piece[PIECES];
	static size_t size[PIECES];
	struct hc_arena a HC_ARENA_SCOPED = HC_ARENA(64 << 20);
	uint64_t random = 1;
	for (size_t i = 0; i < PIECES; i++) {
		uint64_t r = check_random(&random);
		size[i] = r % 100 == 0 ? r / 100 % 100000 : r / 100 % 200;
		bool text = r >> 63;
		piece[i] = text ? (void *)hc_arena_take_text(&a, size[i]) : hc_arena_take(&a, size[i]);
		assert_non_null(piece[i]);
		if (!text)
			assert_int_equal((uintptr_t)piece[i] % alignof(max_align_t), 0);
		memset(piece[i], (int)(i % 251), size[i]);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t j = 0; j < size[i]; j++)
			assert_int_equal(piece[i][j], i % 251);
}

static void test_budget(void **state)
{
	(void)state;
	static const size_t budgets[] = {0, 1, 16, 100, 4096, 5000, 100000};
	for (size_t i = 0; i < COUNT(budgets); i++) {
		struct hc_arena a HC_ARENA_SCOPED = HC_ARENA(budgets[i]);
		assert_null(hc_arena_take(&a, budgets[i] + 1));
		size_t taken = 0;
		while (hc_arena_take_text(&a, 7))
			taken += 7;
		assert_true(taken <= budgets[i]);
		assert_true(a.used <= budgets[i]);
		/* at most the end of one block is lost, and a block is at most half of what there is */
		assert_true(taken + 7 > budgets[i] / 2);

		hc_arena_free(&a);
		assert_int_equal(a.used, 0);
		assert_non_null(hc_arena_take_text(&a, budgets[i]));
	}
	struct hc_arena a HC_ARENA_SCOPED = HC_ARENA(1000);
	assert_null(hc_arena_take(&a, SIZE_MAX));
	assert_non_null(hc_arena_take(&a, 1000));
	assert_null(hc_arena_take(&a, 1));
}

static void test_copies(void **state)
{
	(void)state;
	struct hc_arena a HC_ARENA_SCOPED = HC_ARENA(100);
	char text[] = "text";
	struct hc_str copy = hc_arena_copy(&a, hc_str(text));
	char *cstring = hc_arena_cstring(&a, (struct hc_str){text, 3});
	struct hc_str empty = hc_arena_copy(&a, (struct hc_str){NULL, 0});
	char *empty_cstring = hc_arena_cstring(&a, (struct hc_str){NULL, 0});
	text[0] = 'X';
	check_str(copy, "text");
	assert_string_equal(cstring, "tex");
	assert_non_null(empty.p);
	assert_int_equal(empty.n, 0);
	assert_string_equal(empty_cstring, "");

	char large[200] = "";
	assert_null(hc_arena_copy(&a, (struct hc_str){large, sizeof large}).p);
	assert_int_equal(hc_arena_copy(&a, (struct hc_str){large, sizeof large}).n, 0);
	assert_null(hc_arena_cstring(&a, (struct hc_str){large, sizeof large}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_copies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
