/*
 * Instants: microseconds since 1970-01-01T00:00:00Z, proleptic Gregorian, no leap seconds.
 */
#ifndef HC_BASE_INSTANT_H
#define HC_BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define HC_SECOND_US INT64_C(1000000)
#define HC_HOUR_US (3600 * HC_SECOND_US)
#define HC_DAY_US (24 * HC_HOUR_US)

/* Years that can be written; anything outside is refused. */
enum { HC_YEAR_MIN = 1, HC_YEAR_MAX = 9999 };

/*
 * RFC 3339 date-time, where seconds and zone may be left out (no zone means UTC), the T may be a
 * space or in lower case, fractions have any number of digits (cut to microseconds), and second 60
 * is the second after 59. The whole of s must be one. False otherwise.
 */
bool hc_instant_parse(struct hc_str s, int64_t *out_us);

/* "2021-05-18T01:00:00Z"; a fraction is cut. */
enum { HC_INSTANT_SIZE = 28 };
void hc_instant_print(int64_t us, char out[HC_INSTANT_SIZE]);
/* "2023-03-30T21:08:34.729Z", as evaluation_time has it. */
void hc_instant_print_ms(int64_t us, char out[HC_INSTANT_SIZE]);

/* Instant of an hour of a day; false when that date does not exist. */
bool hc_instant_of_hour(int year, int month, int day, int hour, int64_t *out_us);
/* "YYYY/MM/DD/HH", the folder of the hour that holds us. */
enum { HC_HOUR_PATH_SIZE = 16 };
void hc_instant_hour_path(int64_t us, char out[HC_HOUR_PATH_SIZE]);

/* Start of the hour that holds us. */
int64_t hc_instant_floor_hour(int64_t us);

#endif
