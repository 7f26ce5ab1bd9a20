/*
 * Hashes.
 *
 * hc_siphash: SipHash-2-4 (Aumasson, Bernstein 2012), 64 bits, keyed: for tables whose keys come
 * from outside (a random key per process) and for the reproducible sample of a record (key from
 * the seed). hc_mix64: the finalizer of SplitMix64 (Steele, Lea, Flood 2014), a bijection.
 */
#ifndef HC_BASE_HASH_H
#define HC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hc_hash_key {
	uint64_t k0, k1;
};

uint64_t hc_siphash(struct hc_hash_key key, const void *p, size_t n);
uint64_t hc_mix64(uint64_t x);

#endif
