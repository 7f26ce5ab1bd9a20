/* Blocks within a budget, and the file behind them. */
#include "spill/spill.h"

#include "check_files.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

static void test_budget(void **state)
{
	(void)state;
	enum { N = 300 };
	struct hc_err err;
	struct hc_spill spill;
	unsigned char *blocks[N];
	assert_int_equal(hc_spill_init(&spill, N * (uint64_t)HC_SPILL_BLOCK + 1, "/nowhere", &err), HC_OK);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) {
			assert_int_equal(spill.used, (uint64_t)i * HC_SPILL_BLOCK);
			assert_true(hc_spill_has_room(&spill));
			blocks[i] = hc_spill_take(&spill, false);
			assert_non_null(blocks[i]);
			assert_int_equal((uintptr_t)blocks[i] % HC_SPILL_BLOCK, 0);
			memset(blocks[i], i, HC_SPILL_BLOCK);
		}
		assert_false(hc_spill_has_room(&spill));
		assert_null(hc_spill_take(&spill, false));
		/* past the budget for who must */
		void *more = hc_spill_take(&spill, true);
		assert_non_null(more);
		assert_int_equal(spill.used, (N + 1) * (uint64_t)HC_SPILL_BLOCK);
		memset(more, 0xff, HC_SPILL_BLOCK);
		hc_spill_give(&spill, more);
		/* none lies in another */
		for (int i = 0; i < N; i++) {
			for (int k = 0; k < HC_SPILL_BLOCK; k++)
				assert_int_equal(blocks[i][k], i & 0xff);
			if (i % 2 == 0)
				hc_spill_give(&spill, blocks[i]);
		}
		for (int i = 1; i < N; i += 2)
			hc_spill_give(&spill, blocks[i]);
		assert_int_equal(spill.used, 0);
	}
	/* what others have counts */
	spill.used += spill.budget;
	assert_null(hc_spill_take(&spill, false));
	spill.used -= spill.budget;
	assert_true(hc_spill_has_room(&spill));
	/* blocks that were not given back go too */
	assert_non_null(hc_spill_take(&spill, false));
	assert_int_equal(spill.scratch.fd, -1);
	hc_spill_free(&spill);
}

struct churn {
	struct hc_spill *spill;
	uint64_t seed;
	bool failed;
};

/* Takes and gives, writes and reads, with what is the thread's own in each block and text. */
static void *churn(void *arg)
{
	enum { HELD = 16, TEXTS = 64 };
	struct churn *c = arg;
	struct hc_err err;
	uint64_t *held[HELD] = {0}, at[TEXTS] = {0}, texts = 0;
	for (int i = 0; i < 3000; i++) {
		uint64_t r = check_random(&c->seed), text[3] = {c->seed, texts, r};
		uint64_t **block = &held[r % HELD];
		if (*block) {
			c->failed |= **block != (uintptr_t)c || (*block)[HC_SPILL_BLOCK / 8 - 1] != (uintptr_t)block;
			hc_spill_give(c->spill, *block);
			*block = NULL;
		} else if ((*block = hc_spill_take(c->spill, false)) != NULL) {
			**block = (uintptr_t)c;
			(*block)[HC_SPILL_BLOCK / 8 - 1] = (uintptr_t)block;
		}
		if (texts < TEXTS && r >> 60 == 0) {
			text[0] = (uintptr_t)c;
			c->failed |= hc_spill_put(c->spill, text, sizeof text, &at[texts++], &err) != HC_OK;
		}
	}
	for (uint64_t i = 0; i < texts; i++) {
		uint64_t text[3];
		c->failed |= hc_spill_get(c->spill, at[i], text, sizeof text, &err) != HC_OK ||
			     text[0] != (uintptr_t)c || text[1] != i;
	}
	for (int i = 0; i < HELD; i++)
		if (held[i])
			hc_spill_give(c->spill, held[i]);
	return NULL;
}

static void test_threads(void **state)
{
	(void)state;
	enum { THREADS = 4 };
	struct hc_err err;
	struct hc_spill spill;
	pthread_t threads[THREADS];
	struct churn churns[THREADS];
	assert_int_equal(hc_spill_init(&spill, 20 * HC_SPILL_BLOCK, check_folder, &err), HC_OK);
	for (unsigned i = 0; i < THREADS; i++) {
		churns[i] = (struct churn){&spill, i, false};
		assert_int_equal(pthread_create(&threads[i], NULL, churn, &churns[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(churns[i].failed);
	}
	assert_int_equal(spill.used, 0);
	assert_true(spill.scratch.fd >= 0);
	hc_spill_free(&spill);
	check_files("", "");
}

/* A disk that is full: the message says which, the hint what helps, and what was written can be read. */
static void check_full(const char *folder)
{
	enum { BYTES = 1 << 16 };
	static char text[BYTES], back[BYTES];
	struct hc_err err;
	struct hc_spill spill;
	uint64_t at = 0, last = 0;
	assert_int_equal(hc_spill_init(&spill, 0, folder, &err), HC_OK);
	enum hc_code code = HC_OK;
	for (int i = 0; i < 1000; i++) {
		memset(text, i, sizeof text);
		code = hc_spill_put(&spill, text, sizeof text, &at, &err);
		if (code != HC_OK)
			break;
		last = at;
	}
	assert_int_equal(code, HC_IO);
	assert_memory_equal(err.msg, folder, strlen(folder));
	assert_non_null(strstr(err.hint, folder));
	assert_non_null(strstr(err.hint, "--memory"));
	assert_true(last > 0);
	assert_int_equal(hc_spill_get(&spill, last, back, sizeof back, &err), HC_OK);
	assert_int_equal(back[0], (char)(last / BYTES));
	assert_int_equal(back[BYTES - 1], (char)(last / BYTES));
	hc_spill_free(&spill);
}

static void test_limit(void **state)
{
	(void)state;
	struct rlimit before, limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){.rlim_cur = 1000000, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	check_full(check_folder);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void test_disk(void **state)
{
	(void)state;
	char folder[CHECK_PATH_MAX];
	make_folder("disk");
	strcpy(folder, path_of("disk"));
	if (mount("none", folder, "tmpfs", 0, "size=1m") != 0)
		skip();
	check_full(folder);
	assert_int_equal(umount(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {in_folder(test_budget), in_folder(test_threads), in_folder(test_limit),
					   in_folder(test_disk)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
