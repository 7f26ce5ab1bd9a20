/*
 * The one door to randomness: bytes that nobody can foresee (getrandom), for keys, ids and secrets.
 */
#ifndef HC_SYS_ENTROPY_H
#define HC_SYS_ENTROPY_H

#include <stddef.h>

#include "base/err.h"

enum { HC_RANDOM_HEX_MAX = 64 };

enum hc_code hc_random_fill(void *out, size_t n, struct hc_err *err) HC_MUST_USE;
/* n lower-case hex digits (n even, at most HC_RANDOM_HEX_MAX) and a NUL. */
enum hc_code hc_random_hex(char *out, size_t n, struct hc_err *err) HC_MUST_USE;

#endif
