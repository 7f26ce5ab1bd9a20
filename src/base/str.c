#include "base/str.h"

#include <stdio.h>

#include "base/utf8.h"

int hc_str_cmp(struct hc_str a, struct hc_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool hc_str_eq_nocase(struct hc_str a, struct hc_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool hc_str_starts(struct hc_str s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

bool hc_str_ends(struct hc_str s, const char *suffix)
{
	size_t n = strlen(suffix);
	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

struct hc_str hc_str_skip_mark(struct hc_str s)
{
	size_t mark = hc_str_starts(s, "\xef\xbb\xbf") ? 3 : 0;
	return (struct hc_str){s.p + mark, s.n - mark};
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct hc_str hc_str_trim(struct hc_str s)
{
	while (s.n && is_space(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

const char *hc_str_show(struct hc_str s, char out[HC_STR_SHOW_SIZE])
{
	size_t at = 0, i = 0;
	while (i < s.n && i < HC_STR_SHOWN_MAX) {
		size_t len = hc_utf8_sequence(s.p + i, s.n - i);
		if (i + len > HC_STR_SHOWN_MAX)
			break;
		unsigned char c = (unsigned char)s.p[i];
		if (len == 0 || c < 0x20 || c == 0x7f) {
			at += (size_t)sprintf(out + at, "\\x%02x", c);
			i++;
		} else {
			memcpy(out + at, s.p + i, len);
			at += len;
			i += len;
		}
	}
	strcpy(out + at, i < s.n ? "..." : "");
	return out;
}

size_t hc_str_distance(struct hc_str a, struct hc_str b)
{
	enum { MAX = 64 };
	if (a.n > MAX || b.n > MAX)
		return MAX;
	size_t row[MAX + 1];
	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t swap = diagonal + (a.p[i - 1] != b.p[j - 1]);
			size_t drop = row[j] + 1, add = row[j - 1] + 1;
			diagonal = row[j];
			size_t best = drop < add ? drop : add;
			row[j] = best < swap ? best : swap;
		}
	}
	return row[b.n];
}
