/*
 * What the scanners ask of 64 bytes at once, for each kind of vector instructions (base/simd.h).
 *
 * Two questions, answered by a function a kind (hc_block_*_plain, _neon, _avx2, _avx512):
 *   special   one bit a byte, the first byte lowest: '"', '\\', below 0x20, or 0x80 and above
 *   same      whether the first n (at most 64) bytes are those at q
 * 64 bytes must be readable at p (and q); hc_block_pad makes them so at the end of a text. A function
 * that calls them has HC_TARGET_AVX2 or HC_TARGET_AVX512 and runs only where hc_simd_kind() says so.
 */
#ifndef HC_CODEC_SCAN_BLOCK_H
#define HC_CODEC_SCAN_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

enum { HC_BLOCK = 64 };

#define HC_BLOCK_INLINE static inline __attribute__((always_inline))

/* The bytes of [p, end), fewer than 64, with zeros behind them. */
static inline const char *hc_block_pad(const char *p, const char *end, char room[HC_BLOCK])
{
	memset(room, 0, HC_BLOCK);
	memcpy(room, p, (size_t)(end - p));
	return room;
}

/* ---- plain: eight bytes a word ---- */

#define HC_BLOCK_EACH(byte) (0x0101010101010101u * (byte))
#define HC_BLOCK_TOPS HC_BLOCK_EACH(0x80u)

/* The first byte lowest, on every machine. */
HC_BLOCK_INLINE uint64_t hc_block_word(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The top bit of each byte that is not `byte`, where that is ASCII and `low` the word's lower seven bits a byte. */
HC_BLOCK_INLINE uint64_t hc_block_differs(uint64_t low, unsigned char byte)
{
	return (low ^ HC_BLOCK_EACH(byte)) + HC_BLOCK_EACH(0x7fu);
}

HC_BLOCK_INLINE uint64_t hc_block_special_plain(const char *p)
{
	uint64_t mask = 0;
	for (unsigned i = 0; i < HC_BLOCK / 8; i++) {
		uint64_t word = hc_block_word(p + 8 * i), low = word & ~HC_BLOCK_TOPS;
		uint64_t ordinary =
			hc_block_differs(low, '"') & hc_block_differs(low, '\\') & (low + HC_BLOCK_EACH(0x60u)) & ~word;
		/* The product brings the lowest bits of the bytes together, in the top byte. */
		uint64_t bits = ((~ordinary & HC_BLOCK_TOPS) >> 7) * 0x0102040810204080u >> 56;
		mask |= bits << 8 * i;
	}
	return mask;
}

HC_BLOCK_INLINE bool hc_block_same_plain(const char *p, const char *q, size_t n)
{
	return memcmp(p, q, n) == 0;
}

#if defined __x86_64__

#define HC_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define HC_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,popcnt")))

/* ---- AVX2 ---- */

HC_TARGET_AVX2 HC_BLOCK_INLINE __m256i hc_block_half_avx2(const char *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

HC_TARGET_AVX2 HC_BLOCK_INLINE uint64_t hc_block_bits_avx2(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

HC_TARGET_AVX2 HC_BLOCK_INLINE __m256i hc_block_special_half_avx2(__m256i bytes)
{
	__m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
	__m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
	/* The comparison is signed: bytes from 0x80 are below 0x20 as well. */
	__m256i odd = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes);
	return _mm256_or_si256(_mm256_or_si256(quote, backslash), odd);
}

HC_TARGET_AVX2 HC_BLOCK_INLINE uint64_t hc_block_special_avx2(const char *p)
{
	return hc_block_bits_avx2(hc_block_special_half_avx2(hc_block_half_avx2(p)),
				  hc_block_special_half_avx2(hc_block_half_avx2(p + HC_BLOCK / 2)));
}

HC_TARGET_AVX2 HC_BLOCK_INLINE bool hc_block_same_avx2(const char *p, const char *q, size_t n)
{
	__m256i low = _mm256_cmpeq_epi8(hc_block_half_avx2(p), hc_block_half_avx2(q));
	__m256i high = _mm256_cmpeq_epi8(hc_block_half_avx2(p + HC_BLOCK / 2), hc_block_half_avx2(q + HC_BLOCK / 2));
	return _bzhi_u64(~hc_block_bits_avx2(low, high), (unsigned)n) == 0;
}

/* ---- AVX-512 ---- */

HC_TARGET_AVX512 HC_BLOCK_INLINE __m512i hc_block_load_avx512(const char *p)
{
	return _mm512_loadu_si512((const void *)p);
}

HC_TARGET_AVX512 HC_BLOCK_INLINE uint64_t hc_block_special_avx512(const char *p)
{
	__m512i bytes = hc_block_load_avx512(p);
	return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')) |
	       _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')) |
	       _mm512_cmplt_epi8_mask(bytes, _mm512_set1_epi8(0x20)); /* signed, so from 0x80 as well */
}

HC_TARGET_AVX512 HC_BLOCK_INLINE bool hc_block_same_avx512(const char *p, const char *q, size_t n)
{
	return _bzhi_u64(_mm512_cmpneq_epi8_mask(hc_block_load_avx512(p), hc_block_load_avx512(q)), (unsigned)n) == 0;
}

#elif defined __aarch64__

/* ---- NEON ---- */

/* One bit a byte from four vectors of bytes that are 0 or 0xff. */
HC_BLOCK_INLINE uint64_t hc_block_bits_neon(const uint8x16_t m[4])
{
	static const uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
	uint8x16_t bits = vld1q_u8(bit);
	uint8x16_t a = vpaddq_u8(vandq_u8(m[0], bits), vandq_u8(m[1], bits));
	uint8x16_t b = vpaddq_u8(vandq_u8(m[2], bits), vandq_u8(m[3], bits));
	a = vpaddq_u8(a, b);
	a = vpaddq_u8(a, a);
	return vgetq_lane_u64(vreinterpretq_u64_u8(a), 0);
}

HC_BLOCK_INLINE uint8x16_t hc_block_load_neon(const char *p)
{
	return vld1q_u8((const uint8_t *)p);
}

HC_BLOCK_INLINE uint64_t hc_block_special_neon(const char *p)
{
	uint8x16_t m[4];
	for (int i = 0; i < 4; i++) {
		uint8x16_t bytes = hc_block_load_neon(p + 16 * i);
		/* Below 0x20 as a signed number: from 0x80 as well. */
		uint8x16_t odd = vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(0x20));
		uint8x16_t quoted = vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\')));
		m[i] = vorrq_u8(odd, quoted);
	}
	return hc_block_bits_neon(m);
}

HC_BLOCK_INLINE bool hc_block_same_neon(const char *p, const char *q, size_t n)
{
	uint8x16_t m[4];
	for (int i = 0; i < 4; i++)
		m[i] = vceqq_u8(hc_block_load_neon(p + 16 * i), hc_block_load_neon(q + 16 * i));
	uint64_t wanted = n < HC_BLOCK ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
	return (~hc_block_bits_neon(m) & wanted) == 0;
}

#endif
#endif
