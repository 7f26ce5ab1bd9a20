/* Spellings: a number a text, the same one for all threads, whatever caches hold. */
#include "metric/spellings.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static uint16_t number_of(struct hc_spellings *s, struct hc_spelling_cache *cache, struct hc_str text)
{
	uint16_t number = 0xffff;
	assert_true(hc_spellings_number(s, cache, text, &number));
	return number;
}

/* Texts are equal when their bytes are. */
static void test_texts(void **state)
{
	(void)state;
	static char longest[HC_SPELLING_TEXT_MAX + 1];
	memset(longest, 'n', sizeof longest);
	const struct hc_str texts[] = {
		{NULL, 0},
		HC_STR(" "),
		HC_STR("a"),
		HC_STR(" a"),
		HC_STR("A"),
		HC_STR("a\0"),
		HC_STR("a\0b"),
		HC_STR("\0"),
		HC_STR("0"),
		HC_STR("0.0"),
		HC_STR("1,\""),
		HC_STR("\xc3\xa9"),
		{longest, HC_SPELLING_TEXT_MAX},
		{longest, HC_SPELLING_TEXT_MAX - 1},
	};
	struct hc_spellings s;
	struct hc_spelling_cache cache = {0}, other = {0};
	hc_spellings_init(&s);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < COUNT(texts); i++)
			assert_int_equal(number_of(&s, round == 2 ? &other : &cache, texts[i]), i);
	assert_int_equal(s.n, COUNT(texts));
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct hc_str text = hc_spellings_text(&s, (uint16_t)i);
		assert_int_equal(text.n, texts[i].n);
		assert_true(text.n == 0 || memcmp(text.p, texts[i].p, text.n) == 0);
	}
	/* too long */
	uint16_t number = 4711;
	assert_false(hc_spellings_number(&s, &cache, (struct hc_str){longest, sizeof longest}, &number));
	assert_int_equal(number, 4711);
	assert_int_equal(s.n, COUNT(texts));
	hc_spellings_free(&s);
}

/* The dictionary keeps copies, and texts stay where they are while it grows. */
static void test_copies(void **state)
{
	(void)state;
	struct hc_spellings s;
	struct hc_spelling_cache cache = {0};
	char text[] = "first";
	hc_spellings_init(&s);
	uint16_t first = number_of(&s, &cache, hc_str(text));
	memset(text, 'x', 5);
	struct hc_str kept = hc_spellings_text(&s, first);
	check_str(kept, "first");
	for (unsigned i = 0; i < 5000; i++) {
		char more[16];
		int n = sprintf(more, "%u", i);
		assert_int_equal(number_of(&s, &cache, (struct hc_str){more, (size_t)n}), i + 1);
	}
	assert_ptr_equal(hc_spellings_text(&s, first).p, kept.p);
	check_str(kept, "first");
	assert_int_equal(number_of(&s, &cache, HC_STR("first")), first);
	hc_spellings_free(&s);
}

/* Texts that fall into one place of a cache: of one length, with the same first and last byte. */
static void test_cache_collisions(void **state)
{
	(void)state;
	struct hc_spellings s;
	struct hc_spelling_cache caches[2] = {0};
	uint64_t random = 3;
	hc_spellings_init(&s);
	uint16_t numbers[26];
	for (unsigned i = 0; i < 26; i++) {
		const char text[] = {'<', (char)('a' + i), '>'};
		numbers[i] = number_of(&s, &caches[0], (struct hc_str){text, 3});
	}
	for (unsigned k = 0; k < 2000; k++) {
		unsigned i = (unsigned)(check_random(&random) % 26);
		const char text[] = {'<', (char)('a' + i), '>'};
		assert_int_equal(number_of(&s, &caches[k % 2], (struct hc_str){text, 3}), numbers[i]);
	}
	assert_int_equal(s.n, 26);
	hc_spellings_free(&s);
}

/* When there are too many, those that are known keep their numbers. */
static void test_many(void **state)
{
	(void)state;
	struct hc_spellings s;
	struct hc_spelling_cache cache = {0};
	char text[16];
	hc_spellings_init(&s);
	for (unsigned i = 0; i < HC_SPELLINGS_MAX; i++) {
		int n = sprintf(text, "%u", i);
		if (number_of(&s, &cache, (struct hc_str){text, (size_t)n}) != i)
			fail_msg("%u", i);
	}
	uint16_t number = 4711;
	for (unsigned i = HC_SPELLINGS_MAX; i < HC_SPELLINGS_MAX + 100; i++) {
		int n = sprintf(text, "%u", i);
		assert_false(hc_spellings_number(&s, &cache, (struct hc_str){text, (size_t)n}, &number));
	}
	assert_int_equal(number, 4711);
	assert_int_equal(s.n, HC_SPELLINGS_MAX);
	for (unsigned i = 0; i < HC_SPELLINGS_MAX; i += 7) {
		int n = sprintf(text, "%u", i);
		assert_int_equal(number_of(&s, &cache, (struct hc_str){text, (size_t)n}), i);
		check_str(hc_spellings_text(&s, (uint16_t)i), text);
	}
	hc_spellings_free(&s);
}

/* Room that is kept back is there later. */
static void test_kept_back(void **state)
{
	(void)state;
	struct hc_spellings s;
	struct hc_spelling_cache cache = {0};
	char text[16];
	uint16_t number;
	hc_spellings_init(&s);
	s.kept_back = HC_SPELLINGS_MAX - 10;
	for (unsigned i = 0; i < 20; i++) {
		int n = sprintf(text, "%u", i);
		assert_int_equal(hc_spellings_number(&s, &cache, (struct hc_str){text, (size_t)n}, &number), i < 10);
	}
	s.kept_back = 0;
	assert_int_equal(number_of(&s, &cache, HC_STR("later")), 10);
	s.kept_back = HC_SPELLINGS_MAX;
	assert_int_equal(number_of(&s, &cache, HC_STR("later")), 10);
	assert_false(hc_spellings_number(&s, &cache, HC_STR("latest"), &number));
	hc_spellings_free(&s);
}

/* --- threads --- */

enum { THREADS = 4, TEXTS = 4000 };

struct job {
	struct hc_spellings *s;
	unsigned thread;
	bool right;
	uint16_t numbers[TEXTS];
};

/* Some texts are the same for all threads, others each thread's own. */
static int make_text(unsigned thread, unsigned i, char out[32])
{
	return i % 2 ? sprintf(out, "%u", i) : sprintf(out, "%u of %u", i, thread);
}

static void *add_texts(void *arg)
{
	struct job *job = arg;
	struct hc_spelling_cache cache = {0};
	/* each thread begins elsewhere; all texts come twice */
	for (unsigned k = 0; k < 2 * TEXTS; k++) {
		char text[32];
		unsigned i = (k * 7 + job->thread * 1000) % TEXTS;
		uint16_t number;
		struct hc_str s = {text, (size_t)make_text(job->thread, i, text)};
		if (!hc_spellings_number(job->s, &cache, s, &number) || (k >= TEXTS && number != job->numbers[i]))
			return NULL;
		job->numbers[i] = number;
		if (!hc_str_eq(hc_spellings_text(job->s, number), s))
			return NULL;
	}
	job->right = true;
	return NULL;
}

static void test_threads(void **state)
{
	(void)state;
	static struct job jobs[THREADS];
	static bool met[HC_SPELLINGS_MAX];
	struct hc_spellings s;
	pthread_t threads[THREADS];
	hc_spellings_init(&s);
	for (unsigned t = 0; t < THREADS; t++) {
		jobs[t] = (struct job){.s = &s, .thread = t};
		assert_int_equal(pthread_create(&threads[t], NULL, add_texts, &jobs[t]), 0);
	}
	for (unsigned t = 0; t < THREADS; t++) {
		assert_int_equal(pthread_join(threads[t], NULL), 0);
		assert_true(jobs[t].right);
	}
	assert_int_equal(s.n, TEXTS / 2 + THREADS * TEXTS / 2);
	for (unsigned t = 0; t < THREADS; t++) {
		for (unsigned i = 0; i < TEXTS; i++) {
			uint16_t number = jobs[t].numbers[i];
			assert_true(number < s.n);
			if (i % 2)
				assert_int_equal(number, jobs[0].numbers[i]);
			/* nobody else's */
			assert_true((i % 2 && t > 0) || !met[number]);
			met[number] = true;
		}
	}
	hc_spellings_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts), cmocka_unit_test(test_copies),    cmocka_unit_test(test_cache_collisions),
		cmocka_unit_test(test_many),  cmocka_unit_test(test_kept_back), cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
