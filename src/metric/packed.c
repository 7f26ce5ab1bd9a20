#include "metric/packed.h"

#include <stdbool.h>

enum {
	FEW = 24,        /* keys that are sorted by insertion */
	SOME = 1 << 11,  /* keys for which narrower digits pay */
	DIGIT_BITS = 11, /* two of them are a stretch's passes */
	DIGIT_BITS_OF_SOME = 8,
	DIGITS_MAX = 1 << DIGIT_BITS,
};

static void insertion_sort(uint64_t *keys, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t key = keys[i];
		size_t at = i;
		for (; at > 0 && keys[at - 1] > key; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/* What the two passes look at: (key - least) >> shift, of two digits. */
struct passes {
	uint64_t least;
	unsigned shift, digit_bits;
};

static inline unsigned digit(const struct passes *p, uint64_t key, unsigned which)
{
	return (unsigned)((key - p->least) >> p->shift >> which * p->digit_bits) & ((1u << p->digit_bits) - 1);
}

static void scatter(const struct passes *p, unsigned which, uint32_t places[DIGITS_MAX], const uint64_t *from,
		    uint64_t *to, size_t n)
{
	uint32_t sum = 0;
	for (unsigned d = 0; d < 1u << p->digit_bits; d++) {
		uint32_t count = places[d];
		places[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[places[digit(p, from[i], which)]++] = from[i];
}

static void sort_two_digits(const struct passes *p, uint64_t *keys, uint64_t *scratch, size_t n)
{
	uint32_t low[DIGITS_MAX] = {0}, high[DIGITS_MAX] = {0};
	for (size_t i = 0; i < n; i++) {
		low[digit(p, keys[i], 0)]++;
		high[digit(p, keys[i], 1)]++;
	}
	scatter(p, 0, low, keys, scratch, n);
	scatter(p, 1, high, scratch, keys, n);
}

void hc_packed_sort(uint64_t *keys, uint64_t *scratch, size_t n, unsigned payload_bits)
{
	if (n <= FEW) {
		insertion_sort(keys, n);
		return;
	}
	uint64_t least = keys[0], most = keys[0];
	for (size_t i = 1; i < n; i++) {
		least = keys[i] < least ? keys[i] : least;
		most = keys[i] > most ? keys[i] : most;
	}
	if (least >> payload_bits == most >> payload_bits)
		return;
	struct passes p = {.least = least, .digit_bits = n < SOME ? DIGIT_BITS_OF_SOME : DIGIT_BITS};
	unsigned bits = 64 - (unsigned)__builtin_clzll(most - least);
	if (bits > 2 * p.digit_bits)
		p.shift = bits - 2 * p.digit_bits;
	sort_two_digits(&p, keys, scratch, n);
	if (p.shift == 0)
		return;
	for (size_t first = 0, end; first < n; first = end) {
		uint64_t prefix = (keys[first] - least) >> p.shift;
		for (end = first + 1; end < n && (keys[end] - least) >> p.shift == prefix;)
			end++;
		if (end - first > 1)
			hc_packed_sort(keys + first, scratch, end - first, payload_bits);
	}
}
