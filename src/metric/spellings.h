/*
 * Spellings: short texts that come again and again (classes, labels as written) and the numbers that stand for them.
 *
 * One dictionary for all threads; each has a cache of its own, so a text that was met before costs a comparison.
 * Numbers are given in the order in which threads happen to come and mean nothing but equality. Texts stay where
 * they are until the dictionary is freed.
 */
#ifndef HC_METRIC_SPELLINGS_H
#define HC_METRIC_SPELLINGS_H

#include <pthread.h>
#include <stdint.h>

#include "base/arena.h"

enum {
	HC_SPELLINGS_MAX = 65000,    /* different texts */
	HC_SPELLING_TEXT_MAX = 1024, /* bytes of one */
	HC_SPELLINGS_CACHED = 64,    /* in a thread's cache */
};

struct hc_spellings {
	pthread_mutex_t lock;
	struct hc_arena arena;
	struct hc_spelling {
		struct hc_str text;
		uint64_t hash;
	} * list;
	size_t n, cap;
	uint16_t *slots; /* open addressing over list; 0xffff: empty */
	size_t n_slots;
	size_t kept_back; /* of HC_SPELLINGS_MAX, for texts that come later; set while no other thread is here */
};

/* A thread's own; all zero at first. */
struct hc_spelling_cache {
	struct {
		struct hc_str text;
		uint16_t number;
	} entries[HC_SPELLINGS_CACHED];
};

void hc_spellings_init(struct hc_spellings *s);
void hc_spellings_free(struct hc_spellings *s);

/*
 * The number of a text, a new one if need be. False: it is too long, or there are too many (or no memory): the
 * caller keeps the text in another way.
 */
bool hc_spellings_number(struct hc_spellings *s, struct hc_spelling_cache *cache, struct hc_str text, uint16_t *out);

/* The text of a number. Any thread, for numbers that it was given; all once the others are gone. */
struct hc_str hc_spellings_text(struct hc_spellings *s, uint16_t number);

#endif
