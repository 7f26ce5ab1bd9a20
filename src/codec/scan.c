#include "codec/scan.h"

#include "base/simd.h"
#include "codec/scan_block.h"

/* A text's last bytes are looked at with zeros behind them: no newlines, but special. */
#define SPECIAL(kind, target)                                                                                   \
	target static const char *special_##kind(const char *p, const char *end)                                \
	{                                                                                                       \
		char room[HC_BLOCK];                                                                            \
		for (; end - p >= HC_BLOCK; p += HC_BLOCK) {                                                    \
			uint64_t mask = hc_block_special_##kind(p);                                             \
			if (mask)                                                                               \
				return p + __builtin_ctzll(mask);                                               \
		}                                                                                               \
		return p == end ? p : p + __builtin_ctzll(hc_block_special_##kind(hc_block_pad(p, end, room))); \
	}

#define COUNT_LINES(kind, target)                                                               \
	target static uint64_t count_lines_##kind(const char *p, const char *end)               \
	{                                                                                       \
		char room[HC_BLOCK];                                                            \
		uint64_t n = 0;                                                                 \
		for (; end - p >= HC_BLOCK; p += HC_BLOCK)                                      \
			n += hc_block_newlines_##kind(p);                                       \
		return p == end ? n : n + hc_block_newlines_##kind(hc_block_pad(p, end, room)); \
	}

SPECIAL(plain, )
COUNT_LINES(plain, )
#if defined __x86_64__
SPECIAL(avx2, HC_TARGET_AVX2)
COUNT_LINES(avx2, HC_TARGET_AVX2)
SPECIAL(avx512, HC_TARGET_AVX512)
COUNT_LINES(avx512, HC_TARGET_AVX512)
#elif defined __aarch64__
SPECIAL(neon, )
COUNT_LINES(neon, )
#endif

const char *hc_scan_special(const char *p, const char *end)
{
	switch (hc_simd_kind()) {
#if defined __x86_64__
	case HC_SIMD_AVX512:
		return special_avx512(p, end);
	case HC_SIMD_AVX2:
		return special_avx2(p, end);
#elif defined __aarch64__
	case HC_SIMD_NEON:
		return special_neon(p, end);
#endif
	default:
		return special_plain(p, end);
	}
}

uint64_t hc_scan_count_lines(const char *p, const char *end)
{
	switch (hc_simd_kind()) {
#if defined __x86_64__
	case HC_SIMD_AVX512:
		return count_lines_avx512(p, end);
	case HC_SIMD_AVX2:
		return count_lines_avx2(p, end);
#elif defined __aarch64__
	case HC_SIMD_NEON:
		return count_lines_neon(p, end);
#endif
	default:
		return count_lines_plain(p, end);
	}
}
