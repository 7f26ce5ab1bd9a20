/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef HC_BASE_UTF8_H
#define HC_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the valid sequence at p (n bytes there), 0 if it is not one. */
size_t hc_utf8_sequence(const char *p, size_t n);

/* Offset of the first byte that is not valid UTF-8, n if all of it is. */
size_t hc_utf8_valid_prefix(const char *p, size_t n);

/* Writes code point `cp` (a scalar value) to out, returns 1 to 4. */
size_t hc_utf8_encode(uint32_t cp, char out[4]);

#endif
