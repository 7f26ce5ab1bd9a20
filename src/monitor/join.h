/*
 * The join: labels by key, and the captures that ask for them.
 *
 * One table of keys (inference id, else event id; compared as decoded bytes). Labels go in first, in
 * the order of collection; then each capture asks. The table also remembers which captures asked, so that
 * repeats and labels without capture can be counted. Keys come from outside: the hash is keyed with
 * random bytes of the process, so nobody can make them collide; what the join answers does not depend on it.
 *
 * Memory: 64 bytes an id and its text, and the text of its label.
 */
#ifndef HC_MONITOR_JOIN_H
#define HC_MONITOR_JOIN_H

#include "base/arena.h"
#include "base/hash.h"

enum { HC_JOIN_IDS_MAX = 2000000000 };
#define HC_JOIN_TEXT_MAX (UINT64_C(1) << 38)

struct hc_join_entry {
	uint64_t hash;
	const char *key;
	const char *truth; /* groundTruthData as merged records hold it; NULL: no label */
	uint32_t key_n, truth_n;
	uint32_t file; /* of the label that counts; of the first capture where there is none */
	bool captured; /* a capture asked for it */
	uint64_t line;
};

struct hc_join {
	struct hc_arena text;
	struct hc_join_entry *entries; /* in the order in which their ids came */
	size_t n, cap;
	uint32_t *slots; /* 1 + index of an entry; 0: empty */
	size_t n_slots;
	struct hc_hash_key hash_key;
};

enum hc_code hc_join_init(struct hc_join *j, struct hc_err *err) HC_MUST_USE;
void hc_join_free(struct hc_join *j);

/* The entry of a key, made if it is new. Valid until the next call. */
enum hc_code hc_join_find(struct hc_join *j, struct hc_str key, struct hc_join_entry **out, bool *is_new,
			  struct hc_err *err) HC_MUST_USE;

/* Gives an entry its label (again: the earlier one is forgotten). */
enum hc_code hc_join_set_label(struct hc_join *j, struct hc_join_entry *entry, struct hc_str truth, size_t file,
			       uint64_t line, struct hc_err *err) HC_MUST_USE;

#endif
