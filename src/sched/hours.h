/*
 * Hours with data: which hour folders YYYY/MM/DD/HH below a prefix of the object store hold objects. Cost: one look-up an hour that has data, and one a file or
 * folder between them that is none. A folder's marker (a key that ends with a slash) is no data.
 */
#ifndef HC_SCHED_HOURS_H
#define HC_SCHED_HOURS_H

#include "db/db.h"

enum { HC_HOURS_MAX = 10000 }; /* of one input of one execution: over a year */

/* An S3 URI cut in two; the key has no slash at its end. */
struct hc_location {
	struct hc_str bucket, key;
};
/* False when it is no s3:// address. Slices of `uri`. */
bool hc_location_parse(struct hc_str uri, struct hc_location *out);
/* "s3://BUCKET/KEY/BELOW" in the arena; p == NULL without memory. */
struct hc_str hc_location_print(const struct hc_location *l, const char *below, struct hc_arena *arena);

struct hc_hours {
	struct hc_str above; /* what stands between the location and the hours: "endpoint/variant", "output", "" */
	int64_t *list;       /* in the arena, ascending */
	size_t n;
	int64_t newest_us; /* when the range holds none: the newest hour folder there is; else and without any INT64_MIN */
};

/* The hours from first to last (included) below LOCATION/ABOVE that hold objects. HC_LIMIT beyond HC_HOURS_MAX. */
enum hc_code hc_hours_with_data(struct hc_db *db, const struct hc_location *location, struct hc_str above,
				int64_t first_us, int64_t last_us, struct hc_arena *arena, struct hc_hours *out,
				struct hc_err *err) HC_MUST_USE;

/* The names one level below LOCATION/ABOVE that hold objects: the variants of an endpoint. */
enum { HC_VARIANTS_MAX = 100 };
enum hc_code hc_hours_variants(struct hc_db *db, const struct hc_location *location, struct hc_str above,
			       struct hc_arena *arena, struct hc_str **out, size_t *n, struct hc_err *err) HC_MUST_USE;

#endif
