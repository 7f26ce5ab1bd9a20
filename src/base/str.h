/*
 * Text as a slice: a pointer and a length, never owned, never NUL-terminated.
 *
 * A slice is valid as long as the memory it points into; who keeps one longer copies it (into an
 * arena or a buffer). An empty slice may have a NULL pointer.
 */
#ifndef HC_BASE_STR_H
#define HC_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct hc_str {
	const char *p;
	size_t n;
};

#define HC_STR(literal) ((struct hc_str){(literal), sizeof(literal) - 1})
/* For "%.*s". */
#define HC_STR_ARG(s) (int)(s).n, (s).p

static inline struct hc_str hc_str(const char *cstring)
{
	return (struct hc_str){cstring, strlen(cstring)};
}

static inline bool hc_str_eq(struct hc_str a, struct hc_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The value of a hexadecimal digit, in either case; -1 for any other character. */
static inline int hc_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Order by bytes, a prefix first. */
int hc_str_cmp(struct hc_str a, struct hc_str b);

/* Equal but for ASCII case. */
bool hc_str_eq_nocase(struct hc_str a, struct hc_str b);

bool hc_str_starts(struct hc_str s, const char *prefix);
bool hc_str_ends(struct hc_str s, const char *suffix);

/* Without a UTF-8 byte order mark at its start: editors leave them. */
struct hc_str hc_str_skip_mark(struct hc_str s);

/* Without leading and trailing spaces, tabs, CR, LF, VT and FF. */
struct hc_str hc_str_trim(struct hc_str s);

/*
 * What an error message shows of a value: at most 60 bytes cut at a UTF-8 boundary ("..." behind
 * a cut), control characters and bytes that are not UTF-8 as \xNN. The result lives in `out`.
 */
enum { HC_STR_SHOWN_MAX = 60, HC_STR_SHOW_SIZE = 4 * HC_STR_SHOWN_MAX + 8 };
const char *hc_str_show(struct hc_str s, char out[HC_STR_SHOW_SIZE]);

/* Levenshtein distance, for "did you mean"; texts over 64 bytes count as 64 apart. */
size_t hc_str_distance(struct hc_str a, struct hc_str b);

#endif
