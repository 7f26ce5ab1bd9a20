/*
 * Memory whose end is followed by a page that nobody may touch: who reads behind it is killed.
 */
#ifndef HC_TEST_CHECK_GUARD_H
#define HC_TEST_CHECK_GUARD_H

#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

/* The end of `size` bytes (rounded up to pages), which stay until the test ends. */
static inline char *check_guard_end(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size = (size + page - 1) / page * page;
	char *p = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(mprotect(p + size, page, PROT_NONE), 0);
	return p + size;
}

/* A copy of the text that ends where the memory does. */
static inline char *check_guarded(char *end, const char *text, size_t n)
{
	if (n)
		memcpy(end - n, text, n);
	return end - n;
}

#endif
