#include "base/utf8.h"

#include <string.h>

static bool tail(const unsigned char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if ((p[i] & 0xC0) != 0x80)
			return false;
	return true;
}

size_t hc_utf8_sequence(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	if (n == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xC2 && u[0] <= 0xDF)
		return n >= 2 && tail(u, 1, 2) ? 2 : 0;
	if (u[0] >= 0xE0 && u[0] <= 0xEF) {
		if (n < 3 || !tail(u, 1, 3))
			return 0;
		bool overlong = u[0] == 0xE0 && u[1] < 0xA0;
		bool surrogate = u[0] == 0xED && u[1] >= 0xA0;
		return overlong || surrogate ? 0 : 3;
	}
	if (u[0] >= 0xF0 && u[0] <= 0xF4) {
		if (n < 4 || !tail(u, 1, 4))
			return 0;
		bool overlong = u[0] == 0xF0 && u[1] < 0x90;
		bool too_high = u[0] == 0xF4 && u[1] >= 0x90;
		return overlong || too_high ? 0 : 4;
	}
	return 0;
}

size_t hc_utf8_valid_prefix(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n) {
		uint64_t word;
		if (n - i >= sizeof word) {
			memcpy(&word, p + i, sizeof word);
			if ((word & 0x8080808080808080u) == 0) {
				i += sizeof word;
				continue;
			}
		}
		size_t len = hc_utf8_sequence(p + i, n - i);
		if (len == 0)
			return i;
		i += len;
	}
	return n;
}

size_t hc_utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}
