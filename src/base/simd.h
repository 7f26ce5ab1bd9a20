/*
 * Which vector instructions are used: the widest that the machine has, or what was chosen. All kinds
 * give the same answers, bit for bit; only speed differs.
 *
 * A module with vector code compiles it once a kind (functions with a target attribute, from one
 * source) and asks hc_simd_kind() which to call.
 */
#ifndef HC_BASE_SIMD_H
#define HC_BASE_SIMD_H

#include "base/err.h"

enum hc_simd_kind {
	HC_SIMD_PLAIN, /* what every machine of this architecture has, portable C */
	HC_SIMD_NEON,
	HC_SIMD_AVX2,   /* with BMI1 and BMI2 */
	HC_SIMD_AVX512, /* F, BW, DQ, VL; implies AVX2 */
};
enum { HC_SIMD_KINDS = HC_SIMD_AVX512 + 1 };

/* Cheap: one load. */
enum hc_simd_kind hc_simd_kind(void);

/* Whether this machine, and the build for it, has that kind. */
bool hc_simd_has(enum hc_simd_kind kind);
/* "plain", "neon", "avx2", "avx512". Static text. */
const char *hc_simd_name(enum hc_simd_kind kind);

/* "auto" or a kind's name (`--simd`, tests). HC_USAGE for another name, or one that this machine
 * lacks: the hint lists those it has. Before other threads run. */
enum hc_code hc_simd_choose(const char *name, struct hc_err *err) HC_MUST_USE;

#endif
