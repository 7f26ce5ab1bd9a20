#include "base/apart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *hc_apart_alloc(size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - HC_APART_BYTES)
		return NULL;
	bytes = (bytes + HC_APART_BYTES - 1) & ~(size_t)(HC_APART_BYTES - 1);
	void *p = aligned_alloc(HC_APART_BYTES, bytes);
	return p ? memset(p, 0, bytes) : NULL;
}
