/*
 * Partial results from anywhere: refused with a byte and a remedy, or canonical, that is, written again they are the same
 * bytes. The input is a file without its checksum, which is computed here, lest nothing comes past it.
 */
#include <string.h>

#include "codec/checksum.h"
#include "monitor/partial.h"
#include "target.h"

enum { ARENA_MAX = 1 << 26, ROWS_MAX = 1 << 14 };

static struct hc_err err;

static struct hc_spill *memory(void)
{
	static struct hc_spill spill;
	if (!spill.folder)
		must(hc_spill_init(&spill, UINT64_C(1) << 28, "/tmp", &err) == HC_OK);
	return &spill;
}

static char *seal(const uint8_t *data, size_t size)
{
	struct hc_checksums *sums = NULL;
	unsigned char sum[HC_CHECKSUM_BYTES_MAX];
	char *sealed = malloc(size + HC_PARTIAL_CHECKSUM_BYTES);
	must(sealed && hc_checksums_open(1U << HC_CHECKSUM_SHA256, &sums, &err) == HC_OK);
	if (size)
		memcpy(sealed, data, size);
	hc_checksums_add(sums, sealed, size);
	must(hc_checksums_get(sums, HC_CHECKSUM_SHA256, sum) == HC_PARTIAL_CHECKSUM_BYTES);
	memcpy(sealed + size, sum, HC_PARTIAL_CHECKSUM_BYTES);
	hc_checksums_free(sums);
	return sealed;
}

static struct hc_class_place where_is(void *arg, uint64_t place)
{
	(void)arg;
	return (struct hc_class_place){hc_place_chunk(place), hc_place_line(place) + 1};
}

static void put(void *arg, const void *p, size_t n)
{
	hc_buf_put(arg, p, n);
}

static void must_be_canonical(const struct hc_partial *p, struct hc_tally *t, struct hc_str bytes)
{
	const struct hc_place_resolver places = {where_is, NULL};
	HC_BUF_SCOPED struct hc_buf again = HC_BUF(1 << 28);
	must(hc_partial_write(p, t, &places, put, &again, &err) == HC_OK);
	must(hc_str_eq(hc_buf_view(&again), bytes));
}

static void feed(struct hc_str bytes, const struct hc_partial *p, struct hc_arena *arena)
{
	struct hc_tally *t;
	size_t *file_of = hc_arena_take(arena, (p->n_files + 1) * sizeof *file_of);
	must(file_of != NULL);
	for (size_t i = 0; i < p->n_files; i++)
		file_of[i] = i;
	must(hc_tally_open(&p->options, memory(), 1, &t, &err) == HC_OK);
	enum hc_code code = hc_partial_feed(bytes, p, file_of, t, 0, &err);
	must(code == HC_OK || code == HC_INPUT);
	if (code == HC_OK)
		must_be_canonical(p, t, bytes);
	else
		must_explain(code, &err);
	hc_tally_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_arena arena = HC_ARENA(ARENA_MAX);
	struct hc_partial p;
	char *sealed = seal(data, size);
	struct hc_str bytes = {sealed, size + HC_PARTIAL_CHECKSUM_BYTES};
	enum hc_code code = hc_partial_open(bytes, &arena, &p, &err);
	must(code == HC_OK || code == HC_INPUT);
	if (code != HC_OK)
		must_explain(code, &err);
	else if (p.rows <= ROWS_MAX)
		feed(bytes, &p, &arena);
	hc_arena_free(&arena);
	free(sealed);
	return 0;
}
