#include "codec/scan.h"

#include "base/simd.h"
#include "check_guard.h"

enum { LENGTH_MAX = 300, ROUNDS = 4 };

static bool is_special(char c)
{
	return c == '"' || c == '\\' || (unsigned char)c < 0x20 || (unsigned char)c >= 0x80;
}

static void check_both(const char *p, size_t n)
{
	size_t first = 0;
	uint64_t lines = 0;
	while (first < n && !is_special(p[first]))
		first++;
	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	if (hc_scan_special(p, p + n) != p + first)
		fail_msg("%s: %zu bytes, special at %zu", hc_simd_name(hc_simd_kind()), n, first);
	if (hc_scan_count_lines(p, p + n) != lines)
		fail_msg("%s: %zu bytes, %d lines", hc_simd_name(hc_simd_kind()), n, (int)lines);
}

static char random_byte(uint64_t *seed, unsigned plain_of_64)
{
	uint64_t r = check_random(seed);
	if (r % 64 < plain_of_64)
		return (char)('#' + (r >> 8) % 0x39); /* up to '[' */
	return (r >> 8) % 4 == 0 ? '\n' : (char)(r >> 16);
}

/* Every length at every alignment before a page that may not be read, with few odd bytes and with many. */
static void test_lengths(void **state)
{
	(void)state;
	static const unsigned plain_of_64[ROUNDS] = {64, 63, 56, 0};
	char *end = check_guard_end(2 * LENGTH_MAX);
	uint64_t seed = 1;
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t n = 0; n <= LENGTH_MAX; n++) {
			for (char *p = end - 2 * LENGTH_MAX; p < end; p++)
				*p = random_byte(&seed, plain_of_64[round]);
			check_both(end - n, n);
			for (size_t back = 1; back < 64; back++)
				check_both(end - n - back, n);
		}
	}
}

/* Each value of a byte at each place of a block. */
static void test_bytes(void **state)
{
	(void)state;
	char text[130];
	for (int byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < sizeof text; at++) {
			memset(text, ' ', sizeof text);
			text[at] = (char)byte;
			check_both(text, sizeof text);
			check_both(text, at + 1);
			check_both(text, at);
		}
	}
}

static void test_nothing(void **state)
{
	(void)state;
	assert_null(hc_scan_special(NULL, NULL));
	assert_int_equal(hc_scan_count_lines(NULL, NULL), 0);
}

static int choose(void **state)
{
	struct hc_err err;
	return hc_simd_choose(*state, &err) == HC_OK ? 0 : -1;
}

int main(void)
{
	int failed = 0;
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++) {
		if (!hc_simd_has((enum hc_simd_kind)kind))
			continue;
		void *name = (void *)(uintptr_t)hc_simd_name((enum hc_simd_kind)kind);
		const struct CMUnitTest tests[] = {
			{"lengths", test_lengths, choose, NULL, name},
			{"bytes", test_bytes, choose, NULL, name},
			{"nothing", test_nothing, choose, NULL, name},
		};
		failed += cmocka_run_group_tests_name(name, tests, NULL, NULL);
	}
	return failed;
}
