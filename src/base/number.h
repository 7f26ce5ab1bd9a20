/*
 * Numbers as text, both ways.
 */
#ifndef HC_BASE_NUMBER_H
#define HC_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Reads the whole of s, after trimming white space, as a decimal number: digits with an optional
 * sign, fraction and exponent (`1`, `-0.5`, `.5`, `5.`, `1e-3`, `+2`). No hexadecimal, no locale.
 * "nan", "inf" and "infinity" in any case and with a sign are numbers too, so that a caller can
 * say what it saw instead of "not a number". Correctly rounded; overflow gives an infinity.
 * At most HC_NUMBER_TEXT_MAX bytes. False when s is not one.
 */
enum { HC_NUMBER_TEXT_MAX = 1024 };
bool hc_number_parse(struct hc_str s, double *out);

/* The whole of s as a decimal integer without sign or spaces; false on anything else or overflow. */
bool hc_u64_parse(struct hc_str s, uint64_t *out);

/*
 * The shortest decimal text that reads back as x, in the form of Java's Double.toString:
 * 0.001 <= |x| < 10^7 as digits with at least one behind the point (`1.0`, `0.012`), anything
 * else as d.dddE<n> (`5.092682820403929E-4`, `1.0E7`), `NaN`, `Infinity`, `-Infinity`, `-0.0`.
 * Returns the length; out is NUL-terminated.
 */
enum { HC_NUMBER_PRINT_SIZE = 32 };
size_t hc_number_print(double x, char out[HC_NUMBER_PRINT_SIZE]);

/*
 * The shortest text a person would write for x: integers up to 2^53 without point (`2`), else as
 * hc_number_print.
 */
size_t hc_number_print_short(double x, char out[HC_NUMBER_PRINT_SIZE]);

#endif
