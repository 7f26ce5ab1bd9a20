#include "base/simd.h"

#include <stdio.h>
#include <string.h>

static enum hc_simd_kind chosen;

static const char *const names[HC_SIMD_KINDS] = {
	[HC_SIMD_PLAIN] = "plain",
	[HC_SIMD_NEON] = "neon",
	[HC_SIMD_AVX2] = "avx2",
	[HC_SIMD_AVX512] = "avx512",
};

enum hc_simd_kind hc_simd_kind(void)
{
	return chosen;
}

const char *hc_simd_name(enum hc_simd_kind kind)
{
	return names[kind];
}

bool hc_simd_has(enum hc_simd_kind kind)
{
#if defined __x86_64__
	__builtin_cpu_init();
	bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
		    __builtin_cpu_supports("popcnt");
	if (kind == HC_SIMD_AVX2)
		return avx2;
	if (kind == HC_SIMD_AVX512)
		return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined __aarch64__
	if (kind == HC_SIMD_NEON)
		return true;
#endif
	return kind == HC_SIMD_PLAIN;
}

/* Before main, so that asking costs no check. */
__attribute__((constructor)) static void choose_widest(void)
{
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++)
		if (hc_simd_has((enum hc_simd_kind)kind))
			chosen = (enum hc_simd_kind)kind;
}

static enum hc_code refuse(const char *name, bool known, struct hc_err *err)
{
	char has[64] = "auto";
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++)
		if (hc_simd_has((enum hc_simd_kind)kind))
			snprintf(has + strlen(has), sizeof has - strlen(has), ", %s", names[kind]);
	hc_fail(err, HC_USAGE, known ? "this machine has no %s instructions" : "no vector instructions are called '%s'",
		name);
	return hc_hint(err, "this machine has: %s", has);
}

enum hc_code hc_simd_choose(const char *name, struct hc_err *err)
{
	if (strcmp(name, "auto") == 0) {
		choose_widest();
		return HC_OK;
	}
	for (int kind = 0; kind < HC_SIMD_KINDS; kind++) {
		if (strcmp(name, names[kind]) != 0)
			continue;
		if (!hc_simd_has((enum hc_simd_kind)kind))
			return refuse(name, true, err);
		chosen = (enum hc_simd_kind)kind;
		return HC_OK;
	}
	return refuse(name, false, err);
}
