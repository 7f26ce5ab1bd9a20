#include "codec/checksum.h"

#include "check.h"
#include "codec/digest.h"

enum { ALL = (1u << HC_CHECKSUM_KINDS) - 1 };

static const char *const names[HC_CHECKSUM_KINDS] = {"MD5", "SHA-1", "SHA-256", "CRC32", "CRC32C"};

/* "123456789" is the check of the CRC catalogue; the vectors of RFC 3720 B.4 are 32 bytes. */
static const struct {
	const char *text;
	size_t n;
	const char *hex[HC_CHECKSUM_KINDS];
} table[] = {
	{"",
	 0,
	 {"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "00000000", "00000000"}},
	{"a",
	 1,
	 {"0cc175b9c0f1b6a831c399e269772661", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
	  "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", "e8b7be43", "c1d04330"}},
	{"abc",
	 3,
	 {"900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "352441c2", "364b3fb7"}},
	{"123456789",
	 9,
	 {"25f9e794323b453885f5181f1b624d0b", "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
	  "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225", "cbf43926", "e3069283"}},
	{"\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
	 "\000\000\000\000\000",
	 32,
	 {"70bc8f4b72a86921468bf8e8441dce51", "de8a847bff8c343d69b853a215e6ee775ef2ef96",
	  "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925", "190a55ad", "8a9136aa"}},
	{"\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377"
	 "\377\377\377\377\377",
	 32,
	 {"0d7dc4266497100e4831f5b31b6b274f", "9e5175008751d08f361488c9927086b276b965fa",
	  "af9613760f72635fbdb44a5a0a63c39f12af30f950a6ee5c971be188e89c4051", "ff6cab0b", "62a8ab43"}},
	{"\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020\021\022\023\024\025\026\027\030\031\032"
	 "\033\034\035\036\037",
	 32,
	 {"b4ffcb23737cec315a4a4d1aa2a620ce", "ae5bd8efea5322c4d9986d06680a781392f9a642",
	  "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd", "91267e8a", "46dd794e"}},
	{"The quick brown fox jumps over the lazy dog",
	 43,
	 {"9e107d9d372bb6826bd81d3542a419d6", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
	  "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592", "414fa339", "22620404"}},
};

static void check_kinds(const struct hc_checksums *sums, const char *const hex[HC_CHECKSUM_KINDS])
{
	char text[HC_CHECKSUM_TEXT_SIZE];
	for (unsigned k = 0; k < HC_CHECKSUM_KINDS; k++) {
		hc_checksums_hex(sums, k, text);
		if (strcmp(text, hex[k]) != 0)
			fail_msg("%s is %s, not %s", names[k], text, hex[k]);
	}
}

static struct hc_checksums *open_kinds(unsigned kinds)
{
	struct hc_err err;
	struct hc_checksums *sums = NULL;
	assert_int_equal(hc_checksums_open(kinds, &sums, &err), HC_OK);
	return sums;
}

/* Whole, byte by byte, and asked for after every byte. */
static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_checksums *whole = open_kinds(ALL), *bytes = open_kinds(ALL);
		unsigned char bits[HC_CHECKSUM_BYTES_MAX];
		char text[HC_CHECKSUM_TEXT_SIZE];
		hc_checksums_add(whole, table[i].text, table[i].n);
		check_kinds(whole, table[i].hex);
		for (size_t k = 0; k < table[i].n; k++) {
			hc_checksums_add(bytes, table[i].text + k, 1);
			assert_int_equal(hc_checksums_get(bytes, HC_CHECKSUM_SHA256, bits), 32);
		}
		check_kinds(bytes, table[i].hex);
		check_kinds(bytes, table[i].hex);
		hc_checksums_free(whole);
		hc_checksums_free(bytes);
		for (unsigned k = 0; k < HC_CHECKSUM_KINDS; k++) {
			hc_checksum_hex_of(k, (struct hc_str){table[i].text, table[i].n}, text);
			assert_string_equal(text, table[i].hex[k]);
		}
	}
}

/* Steps of eight bytes and the rest of them, at every offset and in every cut. */
static void test_cuts(void **state)
{
	(void)state;
	unsigned char text[80];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (unsigned char)(i * 37 + 11);
	for (size_t from = 0; from < 9; from++)
		for (size_t n = 0; n < 60; n++) {
			unsigned char whole[HC_CHECKSUM_BYTES_MAX], parts[HC_CHECKSUM_BYTES_MAX];
			struct hc_checksums *a = open_kinds(1u << HC_CHECKSUM_CRC32C | 1u << HC_CHECKSUM_CRC32);
			struct hc_checksums *b = open_kinds(1u << HC_CHECKSUM_CRC32C | 1u << HC_CHECKSUM_CRC32);
			hc_checksums_add(a, text + from, n);
			for (size_t k = 0; k < n; k++)
				hc_checksums_add(b, text + from + k, 1);
			assert_int_equal(hc_checksums_get(a, HC_CHECKSUM_CRC32C, whole), 4);
			assert_int_equal(hc_checksums_get(b, HC_CHECKSUM_CRC32C, parts), 4);
			assert_memory_equal(whole, parts, 4);
			hc_checksums_free(a);
			hc_checksums_free(b);
		}
}

/* As x-amz-checksum-* and Content-MD5 have them: of "hello". */
static void test_base64(void **state)
{
	(void)state;
	static const char *const expected[HC_CHECKSUM_KINDS] = {
		"XUFAKrxLKna5cZ2REBfFkg==", "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
		"LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "NhCmhg==", "mnG7TA=="};
	struct hc_checksums *sums = open_kinds(ALL);
	char text[HC_CHECKSUM_TEXT_SIZE];
	hc_checksums_add(sums, "hello", 5);
	hc_checksums_add(sums, NULL, 0);
	for (unsigned k = 0; k < HC_CHECKSUM_KINDS; k++) {
		hc_checksums_base64(sums, k, text);
		assert_string_equal(text, expected[k]);
	}
	hc_checksums_free(sums);
	hc_checksums_free(NULL);
}

static void test_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_source *source = hc_source_of_memory(table[i].text, table[i].n);
		char hex[HC_SHA256_HEX_SIZE];
		struct hc_err err;
		assert_non_null(source);
		assert_int_equal(hc_sha256_of_source(source, hex, &err), HC_OK);
		assert_string_equal(hex, table[i].hex[HC_CHECKSUM_SHA256]);
		hc_source_close(source);
	}
}

static void test_equal_secretly(void **state)
{
	(void)state;
	assert_true(hc_equal_secretly(HC_STR(""), HC_STR("")));
	assert_true(hc_equal_secretly((struct hc_str){NULL, 0}, HC_STR("")));
	assert_true(hc_equal_secretly(HC_STR("abc"), HC_STR("abc")));
	assert_false(hc_equal_secretly(HC_STR("abc"), HC_STR("abd")));
	assert_false(hc_equal_secretly(HC_STR("abc"), HC_STR("ab")));
	assert_false(hc_equal_secretly(HC_STR("ab"), HC_STR("abc")));
	assert_false(hc_equal_secretly(HC_STR(""), HC_STR("a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_cuts),           cmocka_unit_test(test_base64),
		cmocka_unit_test(test_source), cmocka_unit_test(test_equal_secretly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
