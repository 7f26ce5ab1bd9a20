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

/* 128 bits: SipHash-2-4-128 of the reference implementation. With a random key, n different texts
 * collide with a chance of about n^2 / 2^129. */
struct hc_hash128 {
	uint64_t low, high;
};
struct hc_hash128 hc_siphash128(struct hc_hash_key key, const void *p, size_t n);

/*
 * The same for HC_HASH_LANES texts at once, with vector instructions (base/simd.h): lane i is what
 * the functions above give for p[i], n[i] under keys[i] (hc_siphash_lanes) or key
 * (hc_siphash128_lanes). Fast when all n are equal, as ids of one writer are; else one by one.
 */
enum { HC_HASH_LANES = 8 };
void hc_siphash_lanes(const struct hc_hash_key keys[HC_HASH_LANES], const char *const p[HC_HASH_LANES],
		      const size_t n[HC_HASH_LANES], uint64_t out[HC_HASH_LANES]);
void hc_siphash128_lanes(struct hc_hash_key key, const char *const p[HC_HASH_LANES], const size_t n[HC_HASH_LANES],
			 struct hc_hash128 out[HC_HASH_LANES]);

static inline uint64_t hc_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

#endif
