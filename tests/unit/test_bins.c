/* Rows in bins: what several writers put comes back whole and in their order, whatever of it went through the disk. */
#include "spill/bins.h"

#include "check_files.h"
#include <pthread.h>

enum { BINS = 37, WRITERS = 3 };

/* A row: its writer, its number with that writer, and bytes that depend on both; the first `size` bytes of this. */
struct row {
	uint32_t writer, number;
	unsigned char rest[HC_BINS_ROW_MAX - 8];
};

static void make_row(unsigned writer, uint32_t number, struct row *out)
{
	uint64_t state = (uint64_t)writer << 32 | number;
	out->writer = writer;
	out->number = number;
	for (size_t i = 0; i < sizeof out->rest; i += 8) {
		uint64_t r = check_random(&state);
		memcpy(out->rest + i, &r, 8);
	}
}

static unsigned bin_of(unsigned writer, uint32_t number)
{
	/* the last bin stays empty */
	return (unsigned)(hc_mix64((uint64_t)writer << 40 | number) % (BINS - 1));
}

struct job {
	struct hc_bins *bins;
	unsigned writer;
	uint32_t rows;
	size_t size;
	enum hc_code code;
	struct hc_err err;
};

static void *put_rows(void *arg)
{
	struct job *job = arg;
	struct hc_bin_cursor *cursors = hc_bins_cursors(job->bins, job->writer);
	job->code = HC_OK;
	for (uint32_t i = 0; i < job->rows && job->code == HC_OK; i++) {
		struct row row;
		void *to = NULL;
		make_row(job->writer, i, &row);
		job->code =
			hc_bins_row(job->bins, cursors, job->writer, bin_of(job->writer, i), job->size, &to, &job->err);
		if (job->code == HC_OK)
			memcpy(to, &row, job->size);
	}
	return NULL;
}

static void put_all(struct hc_bins *bins, struct job jobs[WRITERS], uint32_t rows, size_t size)
{
	pthread_t threads[WRITERS];
	for (unsigned w = 0; w < WRITERS; w++) {
		jobs[w] = (struct job){.bins = bins, .writer = w, .rows = rows, .size = size};
		assert_int_equal(pthread_create(&threads[w], NULL, put_rows, &jobs[w]), 0);
	}
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(pthread_join(threads[w], NULL), 0);
}

/* The rows of a bin are those that were put, each writer's in order. */
static uint64_t check_bin(struct hc_bins *bins, unsigned bin, uint32_t rows, size_t size, bool drop)
{
	struct hc_bins_view view;
	struct hc_err err;
	uint32_t next[WRITERS] = {0};
	uint64_t n = 0;
	assert_int_equal(hc_bins_load(bins, bin, &view, &err), HC_OK);
	for (size_t r = 0; r < view.n_runs; r++) {
		const struct hc_bins_run *run = &view.runs[r];
		assert_true(run->writer < WRITERS && run->n > 0);
		assert_true(r == 0 || run->writer >= run[-1].writer);
		for (size_t i = 0; i < run->n; i++) {
			struct row row;
			uint32_t *number = &next[run->writer];
			while (bin_of(run->writer, *number) != bin)
				++*number;
			make_row(run->writer, (*number)++, &row);
			assert_memory_equal((const char *)run->rows + i * size, &row, size);
		}
		n += run->n;
	}
	assert_int_equal(n, view.n);
	assert_int_equal(n, hc_bins_count(bins, bin));
	for (unsigned w = 0; w < WRITERS; w++)
		for (; next[w] < rows; next[w]++)
			assert_int_not_equal(bin_of(w, next[w]), bin);
	hc_bins_unload(bins, bin, &view, drop);
	assert_null(view.runs);
	return n;
}

struct reader {
	struct hc_bins *bins;
	unsigned first;
	uint32_t rows;
	size_t size;
	uint64_t n;
};

static void *check_half(void *arg)
{
	struct reader *reader = arg;
	for (unsigned bin = reader->first; bin < BINS; bin += 2)
		reader->n += check_bin(reader->bins, bin, reader->rows, reader->size, true);
	return NULL;
}

static void check_case(uint64_t budget, uint32_t rows, size_t size, bool spills)
{
	struct hc_err err;
	struct hc_spill spill;
	struct hc_bins *bins;
	struct job jobs[WRITERS];
	assert_int_equal(hc_spill_init(&spill, budget, check_folder, &err), HC_OK);
	assert_int_equal(hc_bins_open(&spill, BINS, size, WRITERS, &bins, &err), HC_OK);
	put_all(bins, jobs, rows, size);
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(jobs[w].code, HC_OK);
	hc_bins_flush(bins);
	assert_int_equal(hc_bins_total(bins), (uint64_t)rows * WRITERS);
	assert_int_equal(hc_bins_count(bins, BINS - 1), 0);
	assert_int_equal(spill.scratch.fd >= 0, spills);
	/* the first block of a bin is had whatever the budget says */
	uint64_t must = (uint64_t)WRITERS * BINS * HC_SPILL_BLOCK;
	assert_true(spill.used <= must || spill.used - must <= budget);
	check_files("", "");

	/* twice: a bin that is not dropped stays */
	assert_true(check_bin(bins, 5, rows, size, false) > 0 || rows == 0);
	struct reader readers[2] = {{bins, 0, rows, size, 0}, {bins, 1, rows, size, 0}};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, check_half, &readers[1]), 0);
	check_half(&readers[0]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(readers[0].n + readers[1].n, (uint64_t)rows * WRITERS);
	assert_int_equal(spill.used, 0);
	assert_int_equal(hc_bins_count(bins, 5), 0);
	hc_bins_free(bins);
	hc_spill_free(&spill);
}

static void test_rows(void **state)
{
	(void)state;
	check_case(0, 0, 40, false);
	check_case(UINT64_MAX, 1000, 40, false);
	check_case(UINT64_MAX, 40000, 40, false);
	/* every full block goes through the disk */
	check_case(0, 40000, 40, true);
	check_case(1, 30000, 33, true);
	/* some do */
	check_case(150 * HC_SPILL_BLOCK, 60000, 40, true);
	check_case(300 * HC_SPILL_BLOCK, 20000, HC_BINS_ROW_MAX, true);
	/* many blocks of one bin at once */
	check_case(900 * HC_SPILL_BLOCK, 80000, HC_BINS_ROW_MAX, true);
	/* one row more and one row less than blocks */
	check_case(0, 409 * (BINS - 1), 40, true);
}

/* A row of one byte, of 7, of the most: none straddles a block. */
static void test_sizes(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_spill spill;
	assert_int_equal(hc_spill_init(&spill, 0, check_folder, &err), HC_OK);
	for (size_t size = 1; size <= HC_BINS_ROW_MAX; size++) {
		struct hc_bins *bins;
		size_t in_block = HC_SPILL_BLOCK / size, n = 3 * in_block + (size & 1);
		assert_int_equal(hc_bins_open(&spill, 1, size, 1, &bins, &err), HC_OK);
		struct hc_bin_cursor *cursors = hc_bins_cursors(bins, 0);
		for (size_t i = 0; i < n; i++) {
			void *row = NULL;
			assert_int_equal(hc_bins_row(bins, cursors, 0, 0, size, &row, &err), HC_OK);
			memset(row, (int)(i % 251), size);
		}
		hc_bins_flush(bins);
		hc_bins_flush(bins);
		assert_int_equal(hc_bins_total(bins), n);
		struct hc_bins_view view;
		assert_int_equal(hc_bins_load(bins, 0, &view, &err), HC_OK);
		assert_int_equal(view.n, n);
		size_t i = 0;
		for (size_t r = 0; r < view.n_runs; r++)
			for (size_t k = 0; k < view.runs[r].n; k++, i++)
				for (size_t byte = 0; byte < size; byte++)
					assert_int_equal(((const unsigned char *)view.runs[r].rows)[k * size + byte],
							 i % 251);
		assert_int_equal(i, n);
		hc_bins_unload(bins, 0, &view, false);
		hc_bins_free(bins);
		assert_int_equal(spill.used, 0);
	}
	hc_spill_free(&spill);
}

/* A disk that cannot be written to is an error of the writer, and all can be freed behind it. */
static void test_failure(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_spill spill;
	struct hc_bins *bins;
	struct job jobs[WRITERS];
	assert_int_equal(hc_spill_init(&spill, 0, path_of("nowhere"), &err), HC_OK);
	assert_int_equal(hc_bins_open(&spill, BINS, 40, WRITERS, &bins, &err), HC_OK);
	put_all(bins, jobs, 40000, 40);
	for (unsigned w = 0; w < WRITERS; w++) {
		assert_int_equal(jobs[w].code, HC_IO);
		assert_non_null(strstr(jobs[w].err.msg, path_of("nowhere")));
	}
	hc_bins_flush(bins);
	hc_bins_free(bins);
	assert_int_equal(spill.used, 0);
	hc_spill_free(&spill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_folder(test_rows), in_folder(test_sizes), in_folder(test_failure)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
