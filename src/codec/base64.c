#include "codec/base64.h"

#include <stdint.h>

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a character stands for, plus one; 0 is none. */
static const unsigned char digits[256] = {
	['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* The first n of four digits, the others zero, to the low 24 bits; false if one is not a digit. */
static inline bool group(const char *p, size_t n, uint32_t *bits)
{
	uint32_t all = 0, seen = 0;
	for (size_t i = 0; i < 4; i++) {
		uint32_t digit = i < n ? digits[(unsigned char)p[i]] - 1u : 0;
		all = all << 6 | digit;
		seen |= digit;
	}
	*bits = all;
	return seen < 64;
}

bool hc_base64_decode(struct hc_str text, struct hc_buf *out)
{
	if (text.n % 4)
		return false;
	if (text.n == 0)
		return true;
	size_t padding = 0;
	while (padding < 2 && text.p[text.n - 1 - padding] == '=')
		padding++;
	size_t n = text.n / 4 * 3 - padding;
	unsigned char *to = (unsigned char *)hc_buf_room(out, n);
	if (!to)
		return true;
	uint32_t bits;
	size_t whole = padding ? text.n - 4 : text.n;
	for (size_t i = 0; i < whole; i += 4) {
		if (!group(text.p + i, 4, &bits))
			return false;
		*to++ = (unsigned char)(bits >> 16);
		*to++ = (unsigned char)(bits >> 8);
		*to++ = (unsigned char)bits;
	}
	if (padding) {
		uint32_t unused = padding == 2 ? 0xFFFF : 0xFF;
		if (!group(text.p + whole, 4 - padding, &bits) || (bits & unused))
			return false;
		*to++ = (unsigned char)(bits >> 16);
		if (padding == 1)
			*to = (unsigned char)(bits >> 8);
	}
	out->n += n;
	return true;
}

static void put_group(uint32_t bits, char *to)
{
	for (int i = 0; i < 4; i++)
		to[i] = alphabet[bits >> (18 - 6 * i) & 63];
}

void hc_base64_encode(struct hc_str bytes, struct hc_buf *out)
{
	if (bytes.n == 0)
		return;
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t groups = bytes.n / 3, rest = bytes.n % 3;
	char *to = hc_buf_room(out, (groups + (rest > 0)) * 4);
	if (!to)
		return;
	for (size_t i = 0; i < groups; i++, p += 3, to += 4)
		put_group((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2], to);
	if (rest) {
		put_group((uint32_t)p[0] << 16 | (rest == 2 ? (uint32_t)p[1] << 8 : 0), to);
		memset(to + rest + 1, '=', 3 - rest);
	}
	out->n += (groups + (rest > 0)) * 4;
}
