/*
 * Requests that are almost right: valid ones, changed at the level of bytes, of JSON, XML and forms, of headers, targets and keys.
 *
 * What src/net/http.c lets nobody see is not made: control characters in headers or targets, several lengths or hosts, paths
 * without '/'. Everything follows from the seed of the generator.
 */
#ifndef HC_FUZZ_MUTATE_H
#define HC_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum { MUTATE_HEADERS_MAX = 48 };
#define MUTATE_TEXT_MAX (8 << 20)

struct mutate_header {
	struct hc_buf name, value;
};
struct mutate_request {
	struct hc_buf method, path, query, body;
	struct mutate_header headers[MUTATE_HEADERS_MAX];
	size_t n_headers;
	bool is_s3;
};

void mutate_free(struct mutate_request *r);
void mutate_add_header(struct mutate_request *r, struct hc_str name, struct hc_str value);

/* The generator: one stream of numbers from a seed. */
void mutate_seed(uint64_t seed);
uint64_t mutate_random(void);
size_t mutate_below(size_t n); /* 0 for n == 0 */

/* Changes a request in one to four ways. */
void mutate(struct mutate_request *r);

#endif
