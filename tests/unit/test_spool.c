/* Texts of any length: what several writers put is found at its place, whatever of it went through the disk. */
#include "spill/spool.h"

#include "check_files.h"
#include <pthread.h>

enum { WRITERS = 3, TEXTS_MAX = 4000, TEXT_MAX = 200000 };

static unsigned char noise[TEXT_MAX + 256];

/* Most are short, some are empty, some go over many blocks, some end where a block does or nearly. */
static struct hc_str text_of(unsigned writer, size_t i)
{
	static const size_t odd[] = {127, 128, 129, 16381, 16382, 16383, 16384, 16385, 32768, TEXT_MAX};
	uint64_t state = (uint64_t)writer << 32 | i, r = check_random(&state);
	size_t n = r % 64 == 0 ? odd[(r >> 8) % COUNT(odd)] : (r >> 8) % (r % 8 == 0 ? 3000 : 60);
	return (struct hc_str){(const char *)noise + (r >> 40) % 256, n};
}

struct job {
	struct hc_spools *spools;
	unsigned writer;
	size_t n;
	uint64_t places[TEXTS_MAX];
	enum hc_code code;
	struct hc_err err;
};

static void *put_texts(void *arg)
{
	struct job *job = arg;
	for (size_t i = 0; i < job->n && job->code == HC_OK; i++)
		job->code =
			hc_spools_put(job->spools, job->writer, text_of(job->writer, i), &job->places[i], &job->err);
	return NULL;
}

/* Reads what the others wrote, in an order of its own. */
static void *get_texts(void *arg)
{
	struct job *jobs = arg;
	struct hc_buf scratch = HC_BUF(TEXT_MAX);
	struct hc_err err;
	uint64_t state = 5;
	for (size_t i = 0; i < 2 * TEXTS_MAX; i++) {
		uint64_t r = check_random(&state);
		const struct job *job = &jobs[r % WRITERS];
		size_t k = (r >> 8) % job->n;
		struct hc_str text, expected = text_of(job->writer, k);
		assert_int_equal(hc_spools_get(job->spools, job->places[k], &scratch, &text, &err), HC_OK);
		assert_int_equal(text.n, expected.n);
		assert_true(hc_str_eq(text, expected));
	}
	hc_buf_free(&scratch);
	return NULL;
}

static void run_all(struct job jobs[WRITERS], void *(*work)(void *), bool each)
{
	pthread_t threads[WRITERS];
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(pthread_create(&threads[w], NULL, work, each ? &jobs[w] : jobs), 0);
	for (unsigned w = 0; w < WRITERS; w++)
		assert_int_equal(pthread_join(threads[w], NULL), 0);
}

static void check_case(uint64_t budget, size_t n, bool spills)
{
	static struct job jobs[WRITERS];
	struct hc_err err;
	struct hc_spill spill;
	struct hc_spools *spools;
	assert_int_equal(hc_spill_init(&spill, budget, check_folder, &err), HC_OK);
	assert_int_equal(hc_spools_open(&spill, WRITERS, &spools, &err), HC_OK);
	for (unsigned w = 0; w < WRITERS; w++) {
		jobs[w].spools = spools;
		jobs[w].writer = w;
		jobs[w].n = n;
		jobs[w].code = HC_OK;
	}
	run_all(jobs, put_texts, true);
	hc_spools_flush(spools);
	for (unsigned w = 0; w < WRITERS; w++) {
		assert_int_equal(jobs[w].code, HC_OK);
		for (size_t i = 0; i < n; i++) {
			assert_true(jobs[w].places[i] > (i ? jobs[w].places[i - 1] : 0));
			assert_true(jobs[w].places[i] >> HC_SPOOL_PLACE_BITS == 0);
		}
	}
	assert_int_equal(spill.scratch.fd >= 0, spills);
	assert_true(spill.used <= budget || spill.used - budget <= WRITERS * HC_SPILL_BLOCK);
	run_all(jobs, get_texts, false);
	hc_spools_free(spools);
	assert_int_equal(spill.used, 0);
	hc_spill_free(&spill);
}

static void test_texts(void **state)
{
	(void)state;
	uint64_t seed = 1;
	for (size_t i = 0; i < sizeof noise; i += 8) {
		uint64_t r = check_random(&seed);
		memcpy(noise + i, &r, 8);
	}
	check_case(UINT64_MAX, TEXTS_MAX, false);
	check_case(0, TEXTS_MAX, true);
	check_case(100 * HC_SPILL_BLOCK, TEXTS_MAX, true);
	check_case(0, 1, false);
}

/* A text at every place around a block's end, so that the block ends in its length too (of two bytes, 0x80 and 1). */
static void test_edges(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_buf scratch = HC_BUF(1000);
	for (uint64_t budget = 0; budget < 2; budget++) {
		for (size_t first = HC_SPILL_BLOCK - 10; first < HC_SPILL_BLOCK + 3; first++) {
			struct hc_spill spill;
			struct hc_spools *spools;
			struct hc_str text;
			uint64_t places[4];
			uint64_t bytes = budget ? UINT64_MAX : 0;
			assert_int_equal(hc_spill_init(&spill, bytes, check_folder, &err), HC_OK);
			assert_int_equal(hc_spools_open(&spill, HC_SPOOL_WRITERS_MAX, &spools, &err), HC_OK);
			/* the last writer: the largest places */
			unsigned w = HC_SPOOL_WRITERS_MAX - 1;
			const struct hc_str texts[] = {{(const char *)noise, first},
						       {(const char *)noise + 1, 128},
						       {NULL, 0},
						       {(const char *)noise, HC_SPILL_BLOCK}};
			for (size_t i = 0; i < COUNT(texts); i++) {
				assert_int_equal(hc_spools_put(spools, w, texts[i], &places[i], &err), HC_OK);
				assert_true(places[i] >> HC_SPOOL_PLACE_BITS == 0);
			}
			hc_spools_flush(spools);
			for (size_t i = 1; i < 3; i++) {
				assert_int_equal(hc_spools_get(spools, places[i], &scratch, &text, &err), HC_OK);
				assert_true(hc_str_eq(text, texts[i]));
			}
			/* more than the buffer takes */
			assert_int_equal(hc_spools_get(spools, places[3], &scratch, &text, &err), HC_LIMIT);
			hc_spools_free(spools);
			hc_spill_free(&spill);
		}
	}
	hc_buf_free(&scratch);
}

static void test_refused(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_spill spill;
	struct hc_spools *spools;
	uint64_t place = 7;
	assert_int_equal(hc_spill_init(&spill, 0, path_of("nowhere"), &err), HC_OK);
	assert_int_equal(hc_spools_open(&spill, 1, &spools, &err), HC_OK);
	/* not looked at: refused by its length */
	struct hc_str huge = {"", HC_SPOOL_TEXT_MAX + 1};
	assert_int_equal(hc_spools_put(spools, 0, huge, &place, &err), HC_LIMIT);
	assert_int_equal(hc_spools_put(spools, 0, (struct hc_str){(const char *)noise, 40000}, &place, &err), HC_IO);
	assert_int_equal(place, 7);
	hc_spools_free(spools);
	assert_int_equal(spill.used, 0);
	hc_spill_free(&spill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_folder(test_texts), in_folder(test_edges), in_folder(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
