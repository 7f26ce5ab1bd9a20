#include "base/utf8.h"

#include "check.h"

/* An encoding of every scalar value by its definition, to hold both functions against. */
static size_t encode(uint32_t cp, unsigned char out[4])
{
	size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
	for (size_t i = n; i-- > 1; cp >>= 6)
		out[i] = (unsigned char)(0x80 | (cp & 0x3F));
	out[0] = (unsigned char)(lead[n] | cp);
	return n;
}

static void test_every_scalar(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
		unsigned char expected[4];
		size_t n = encode(cp, expected);
		bool surrogate = cp >= 0xD800 && cp <= 0xDFFF;
		assert_int_equal(hc_utf8_sequence((const char *)expected, n), surrogate ? 0 : n);
		assert_int_equal(hc_utf8_sequence((const char *)expected, n - 1), 0);
		if (surrogate)
			continue;
		char out[4];
		assert_int_equal(hc_utf8_encode(cp, out), n);
		assert_memory_equal(out, expected, n);
	}
}

static void test_invalid(void **state)
{
	(void)state;
	static const struct {
		struct hc_str s;
		size_t valid;
	} table[] = {
		{{NULL, 0}, 0},
		{HC_STR("\x80"), 0},             /* a tail alone */
		{HC_STR("\xc0\xaf"), 0},         /* overlong '/' */
		{HC_STR("\xc1\xbf"), 0},         /* overlong, two bytes */
		{HC_STR("\xe0\x9f\xbf"), 0},     /* overlong, three bytes */
		{HC_STR("\xf0\x8f\xbf\xbf"), 0}, /* overlong, four bytes */
		{HC_STR("\xed\xa0\x80"), 0},     /* surrogate */
		{HC_STR("\xf4\x90\x80\x80"), 0}, /* above U+10FFFF */
		{HC_STR("\xf5\x80\x80\x80"), 0}, /* no such lead */
		{HC_STR("\xff"), 0},             /* no such byte */
		{HC_STR("a\xc3\xa4\xc3"), 3},    /* cut */
		{HC_STR("ab\xe2\x82"), 2},       /* cut */
		{HC_STR("\xe2\x28\xa1"), 0},     /* second is no tail */
		{HC_STR("\xe2\x82\x28"), 0},     /* third is no tail */
		{HC_STR("\xf0\x9f\x98\x28"), 0}, /* fourth is no tail */
		{HC_STR("\0\0\0"), 3},           /* NUL is a character */
		{HC_STR("12345678\xc3\xa4zzzzzzz\xff"), 17},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(hc_utf8_valid_prefix(table[i].s.p, table[i].s.n), table[i].valid);
}

/* One bad byte, wherever it stands in the words that are skipped eight bytes at a time. */
static void test_place(void **state)
{
	(void)state;
	char text[40];
	for (size_t n = 0; n <= sizeof text; n++)
		for (size_t at = 0; at < n; at++) {
			memset(text, 'a', sizeof text);
			assert_int_equal(hc_utf8_valid_prefix(text, n), n);
			text[at] = (char)0xff;
			assert_int_equal(hc_utf8_valid_prefix(text, n), at);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_scalar),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
