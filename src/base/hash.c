#include "base/hash.h"

#include <stdbool.h>
#include <string.h>

#include "base/simd.h"

#define ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))

/* One round, on words or on vectors of words. */
#define SIP_ROUND(s)                                   \
	do {                                           \
		(s)->v0 += (s)->v1;                    \
		(s)->v1 = ROTL((s)->v1, 13) ^ (s)->v0; \
		(s)->v0 = ROTL((s)->v0, 32);           \
		(s)->v2 += (s)->v3;                    \
		(s)->v3 = ROTL((s)->v3, 16) ^ (s)->v2; \
		(s)->v0 += (s)->v3;                    \
		(s)->v3 = ROTL((s)->v3, 21) ^ (s)->v0; \
		(s)->v2 += (s)->v1;                    \
		(s)->v1 = ROTL((s)->v1, 17) ^ (s)->v2; \
		(s)->v2 = ROTL((s)->v2, 32);           \
	} while (0)

enum {
	FINAL_ROUNDS = 4,
	FINAL_64 = 0xff,    /* what v2 is changed by before the last rounds of 64 bits */
	FINAL_128 = 0xee,   /* of the lower half of 128 bits, */
	SECOND_128 = 0xdd,  /* v1 before the upper half, */
	INITIAL_128 = 0xee, /* and v1 from the beginning */
};

#define INITIAL_0 UINT64_C(0x736f6d6570736575) /* "somepseudorandomlygeneratedbytes" */
#define INITIAL_1 UINT64_C(0x646f72616e646f6d)
#define INITIAL_2 UINT64_C(0x6c7967656e657261)
#define INITIAL_3 UINT64_C(0x7465646279746573)

/* ---- one text ---- */

struct state {
	uint64_t v0, v1, v2, v3;
};

static inline void absorb(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	SIP_ROUND(s);
	SIP_ROUND(s);
	s->v0 ^= word;
}

static inline uint64_t finish(struct state *s)
{
	for (int i = 0; i < FINAL_ROUNDS; i++)
		SIP_ROUND(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t load(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The bytes behind the last whole word, and the length above them. */
static inline uint64_t last_word(const char *p, size_t n)
{
	uint64_t word = (uint64_t)n << 56;
	unsigned rest = (unsigned)n % 8;
	if (rest && n > 8)
		return word | load(p + n - 8) >> 8 * (8 - rest);
	for (unsigned i = 0; i < rest; i++)
		word |= (uint64_t)(unsigned char)p[n - rest + i] << 8 * i;
	return word;
}

static inline struct state absorb_all(struct hc_hash_key key, const char *p, size_t n, bool wide)
{
	struct state s = {key.k0 ^ INITIAL_0, key.k1 ^ INITIAL_1 ^ (wide ? INITIAL_128 : 0), key.k0 ^ INITIAL_2,
			  key.k1 ^ INITIAL_3};
	for (size_t i = 0; i + 8 <= n; i += 8)
		absorb(&s, load(p + i));
	absorb(&s, last_word(p, n));
	return s;
}

uint64_t hc_siphash(struct hc_hash_key key, const void *p, size_t n)
{
	struct state s = absorb_all(key, p, n, false);
	s.v2 ^= FINAL_64;
	return finish(&s);
}

struct hc_hash128 hc_siphash128(struct hc_hash_key key, const void *p, size_t n)
{
	struct hc_hash128 out;
	struct state s = absorb_all(key, p, n, true);
	s.v2 ^= FINAL_128;
	out.low = finish(&s);
	s.v1 ^= SECOND_128;
	out.high = finish(&s);
	return out;
}

/* ---- eight texts of one length ---- */

#ifdef __x86_64__
static bool same_length(const size_t n[HC_HASH_LANES])
{
	size_t differ = 0;
	for (int i = 1; i < HC_HASH_LANES; i++)
		differ |= n[i] ^ n[0];
	return differ == 0;
}

#define WIDTH 8
#define EACH(f)                                                \
	{                                                      \
		f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7) \
	}
#define NAMED(name) name##_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2")))
#include "base/hash_lanes.inc"
#undef WIDTH
#undef EACH
#undef NAMED
#undef TARGET

#define WIDTH 4
#define EACH(f)                        \
	{                              \
		f(0), f(1), f(2), f(3) \
	}
#define NAMED(name) name##_avx2
#define TARGET __attribute__((target("avx2,bmi,bmi2")))
#include "base/hash_lanes.inc"
#undef WIDTH
#undef EACH
#undef NAMED
#undef TARGET
#endif

void hc_siphash_lanes(const struct hc_hash_key keys[HC_HASH_LANES], const char *const p[HC_HASH_LANES],
		      const size_t n[HC_HASH_LANES], uint64_t out[HC_HASH_LANES])
{
#ifdef __x86_64__
	if (same_length(n) && hc_simd_kind() == HC_SIMD_AVX512) {
		hash_64_avx512(keys, p, n[0], out);
		return;
	}
	if (same_length(n) && hc_simd_kind() == HC_SIMD_AVX2) {
		hash_64_avx2(keys, p, n[0], out);
		return;
	}
#endif
	for (int i = 0; i < HC_HASH_LANES; i++)
		out[i] = hc_siphash(keys[i], p[i], n[i]);
}

void hc_siphash128_lanes(struct hc_hash_key key, const char *const p[HC_HASH_LANES], const size_t n[HC_HASH_LANES],
			 struct hc_hash128 out[HC_HASH_LANES])
{
#ifdef __x86_64__
	if (same_length(n) && hc_simd_kind() == HC_SIMD_AVX512) {
		hash_128_avx512(key, p, n[0], out);
		return;
	}
	if (same_length(n) && hc_simd_kind() == HC_SIMD_AVX2) {
		hash_128_avx2(key, p, n[0], out);
		return;
	}
#endif
	for (int i = 0; i < HC_HASH_LANES; i++)
		out[i] = hc_siphash128(key, p[i], n[i]);
}
