#include "catalog/catalog.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "check_files.h"

static struct hc_err err;

#define ok(call)                                            \
	do {                                                \
		if ((call) != HC_OK)                        \
			fail_msg("%s: %s", #call, err.msg); \
	} while (0)

static void sleep_ms(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

/* A work that is SQL. */
static enum hc_code run_sql(struct hc_db *db, void *sql, struct hc_err *e)
{
	return hc_db_exec(db, sql, e);
}

struct number {
	const char *sql;
	int64_t value;
};

static enum hc_code ask(struct hc_db *db, void *arg, struct hc_err *e)
{
	struct number *n = arg;
	bool found;
	return hc_db_int(db, &n->value, &found, e, n->sql, "");
}

static int64_t number_of(struct hc_catalog *c, const char *sql)
{
	struct number n = {.sql = sql, .value = -1};
	ok(hc_catalog_read(c, ask, &n, &err));
	return n.value;
}

static struct hc_catalog *open_with_table(void)
{
	struct hc_catalog *c;
	ok(hc_catalog_open(path_of("catalog"), &c, &err));
	ok(hc_catalog_write(c, run_sql, "CREATE TABLE IF NOT EXISTS n (id INTEGER PRIMARY KEY, v)", &err));
	return c;
}

static void test_open(void **state)
{
	(void)state;
	struct hc_catalog *c;
	/* what a crash left of one that was being made is no hindrance */
	make_file("catalog.new", "half");
	make_file("catalog.new-wal", "half");
	for (int i = 0; i < 3; i++) {
		ok(hc_catalog_open(path_of("catalog"), &c, &err));
		assert_int_equal(number_of(c, "SELECT count(*) FROM resource"), 0);
		assert_int_equal(number_of(c, "PRAGMA foreign_keys") + number_of(c, "PRAGMA query_only"), 1);
		hc_catalog_close(c);
		assert_false(exists("catalog-wal"));
		assert_false(exists("catalog.new"));
	}
	hc_catalog_close(NULL);
}

static void check_refused(const char *with)
{
	struct hc_catalog *c = NULL;
	assert_int_equal(hc_catalog_open(path_of("catalog"), &c, &err), HC_IO);
	assert_null(c);
	assert_non_null(strstr(err.msg, path_of("catalog")));
	if (!strstr(err.msg, with) || strlen(err.hint) == 0)
		fail_msg("not said: %s (%s)", err.msg, err.hint);
}

static void test_refused(void **state)
{
	(void)state;
	make_file("catalog", "this is some text, long enough to be one page or not; SQLite format 3");
	check_refused("not a database");
	make_file("catalog", "");
	check_refused("empty");
	assert_int_equal(unlink(path_of("catalog")), 0);
	make_file("catalog-wal", "something");
	check_refused("gone");
	assert_int_equal(unlink(path_of("catalog-wal")), 0);
	struct hc_catalog *c = open_with_table();
	ok(hc_catalog_write(c, run_sql, "PRAGMA user_version = 1000", &err));
	hc_catalog_close(c);
	check_refused("1000");
	struct hc_db *db;
	ok(hc_db_open(path_of("catalog"), HC_DB_WRITER, &db, &err));
	ok(hc_db_exec(db, "PRAGMA user_version = -1", &err));
	hc_db_close(db);
	check_refused("-1");
	assert_int_equal(truncate(path_of("catalog"), 8192), 0);
	check_refused("damaged");
	assert_int_equal(truncate(path_of("catalog"), 100), 0);
	check_refused("");
}

static enum hc_code write_and_fail(struct hc_db *db, void *arg, struct hc_err *e)
{
	(void)arg;
	HC_TRY(hc_db_run(db, NULL, e, "INSERT INTO n (id, v) VALUES (?, ?)", "ii", (int64_t)7, (int64_t)7));
	return hc_fail(e, HC_EMPTY, "changed my mind");
}

static void test_undone(void **state)
{
	(void)state;
	struct hc_catalog *c = open_with_table();
	ok(hc_catalog_write(c, run_sql, "INSERT INTO n VALUES (1, 1)", &err));
	assert_int_equal(hc_catalog_write(c, write_and_fail, NULL, &err), HC_EMPTY);
	assert_string_equal(err.msg, "changed my mind");
	assert_int_equal(hc_catalog_write(c, run_sql, "INSERT INTO n VALUES (8, 1); INSERT INTO n VALUES (1, 1)", &err),
			 HC_INPUT);
	assert_int_equal(number_of(c, "SELECT group_concat(id, '') FROM n"), 1);
	/* a reader does not write, and is fine after it tried */
	assert_int_equal(hc_catalog_read(c, run_sql, "INSERT INTO n VALUES (9, 1)", &err), HC_IO);
	assert_int_equal(hc_catalog_read(c, write_and_fail, NULL, &err), HC_IO);
	assert_int_equal(number_of(c, "SELECT count(*) FROM n"), 1);
	hc_catalog_close(c);
}

enum { THREADS = 16, ROUNDS = 60 };

static struct hc_catalog *shared;
static atomic_int failures;

static enum hc_code add_one(struct hc_db *db, void *arg, struct hc_err *e)
{
	int64_t id = *(int64_t *)arg;
	HC_TRY(hc_db_run(db, NULL, e, "INSERT INTO n VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET v = v + 1", "i", id));
	return hc_db_run(db, NULL, e, "UPDATE n SET v = v + 1 WHERE id = 0", "");
}

static enum hc_code add_and_fail(struct hc_db *db, void *arg, struct hc_err *e)
{
	HC_TRY(add_one(db, arg, e));
	return hc_fail(e, HC_EMPTY, "number %d", (int)*(int64_t *)arg);
}

static enum hc_code sum_is_right(struct hc_db *db, void *arg, struct hc_err *e)
{
	int64_t all = -1, total = -2, own = -1;
	bool found;
	HC_TRY(hc_db_int(db, &total, &found, e, "SELECT v FROM n WHERE id = 0", ""));
	HC_TRY(hc_db_int(db, &own, &found, e, "SELECT v FROM n WHERE id = ?", "i", ((int64_t *)arg)[0]));
	HC_TRY(hc_db_int(db, &all, &found, e, "SELECT sum(v) FROM n WHERE id <> 0", ""));
	/* one snapshot, and what this thread was told is in it */
	return all == total && own == ((int64_t *)arg)[1] ? HC_OK : hc_fail(e, HC_INPUT, "not one snapshot");
}

static void *count_up(void *arg)
{
	struct hc_err e;
	int64_t mine[2] = {(intptr_t)arg, 0};
	for (int i = 0; i < ROUNDS; i++) {
		if (hc_catalog_write(shared, add_one, mine, &e) != HC_OK)
			failures++;
		mine[1]++;
		char expected[32];
		snprintf(expected, sizeof expected, "number %d", (int)mine[0]);
		if (i % 3 == 0 &&
		    (hc_catalog_write(shared, add_and_fail, mine, &e) != HC_EMPTY || strcmp(e.msg, expected) != 0))
			failures++;
		if (hc_catalog_read(shared, sum_is_right, mine, &e) != HC_OK)
			failures++;
	}
	return NULL;
}

static void test_threads(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	shared = open_with_table();
	failures = 0;
	ok(hc_catalog_write(shared, run_sql, "INSERT INTO n VALUES (0, 0)", &err));
	for (intptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
	hc_catalog_close(shared);
	shared = open_with_table();
	assert_int_equal(number_of(shared, "SELECT v FROM n WHERE id = 0"), THREADS * ROUNDS);
	assert_int_equal(number_of(shared, "SELECT count(*) FROM n WHERE v = 60"), THREADS);
	hc_catalog_close(shared);
}

/* Readers: as many at once as may be, and no more. */
static atomic_int reading, most_reading;

static enum hc_code read_long(struct hc_db *db, void *arg, struct hc_err *e)
{
	(void)arg;
	int now = ++reading, most = most_reading;
	while (most < now && !atomic_compare_exchange_weak(&most_reading, &most, now))
		;
	for (int i = 0; i < 2000 && most_reading < HC_CATALOG_READERS_MAX; i++)
		sleep_ms(1);
	int64_t n;
	bool found;
	enum hc_code code = hc_db_int(db, &n, &found, e, "SELECT count(*) FROM n", "");
	reading--;
	return code;
}

static void *read_one(void *arg)
{
	struct hc_err e;
	if (hc_catalog_read(shared, read_long, arg, &e) != HC_OK)
		failures++;
	return NULL;
}

static void test_many_readers(void **state)
{
	(void)state;
	pthread_t threads[HC_CATALOG_READERS_MAX + 20];
	shared = open_with_table();
	failures = most_reading = 0;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_one, NULL), 0);
	/* writers wait for none of them */
	ok(hc_catalog_write(shared, run_sql, "INSERT INTO n VALUES (1, 1)", &err));
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(most_reading, HC_CATALOG_READERS_MAX);
	hc_catalog_close(shared);
}

/* Works that run in one batch: the first waits until the others stand in line. */
struct in_batch {
	hc_catalog_work *work;
	void *arg;
	enum hc_code code;
	struct hc_err err;
};

static enum hc_code wait_and_insert(struct hc_db *db, void *arg, struct hc_err *e)
{
	sleep_ms(200);
	return hc_db_exec(db, arg, e);
}

static void *write_it(void *arg)
{
	struct in_batch *b = arg;
	b->code = hc_catalog_write(shared, b->work, b->arg, &b->err);
	return NULL;
}

static void write_together(struct in_batch *batch, size_t n)
{
	pthread_t threads[8];
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, write_it, &batch[i]), 0);
		sleep_ms(i == 0 ? 50 : 10);
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static void test_commit_fails(void **state)
{
	(void)state;
	shared = open_with_table();
	ok(hc_catalog_write(shared, run_sql, "CREATE TABLE child (n REFERENCES n (id) DEFERRABLE INITIALLY DEFERRED)",
			    &err));
	struct in_batch batch[] = {
		{wait_and_insert, "INSERT INTO n VALUES (1, 1)", HC_OK, {0}},
		{run_sql, "INSERT INTO child VALUES (99)", HC_OK, {0}}, /* found out at the end */
		{write_and_fail, NULL, HC_OK, {0}},
		{run_sql, "INSERT INTO n VALUES (2, 1)", HC_OK, {0}},
	};
	write_together(batch, COUNT(batch));
	assert_int_equal(batch[0].code, HC_IO);
	assert_int_equal(batch[1].code, HC_IO);
	assert_int_equal(batch[2].code, HC_EMPTY);
	assert_int_equal(batch[3].code, HC_IO);
	assert_non_null(strstr(batch[0].err.msg, "FOREIGN KEY"));
	assert_int_equal(number_of(shared, "SELECT count(*) FROM n"), 0);
	ok(hc_catalog_write(shared, run_sql, "INSERT INTO n VALUES (3, 1)", &err));
	assert_int_equal(number_of(shared, "SELECT id FROM n"), 3);
	hc_catalog_close(shared);
}

/* A work that takes the whole transaction with it, as SQLite does on some errors. */
static void test_transaction_lost(void **state)
{
	(void)state;
	shared = open_with_table();
	ok(hc_catalog_write(shared, run_sql, "INSERT INTO n VALUES (5, 1)", &err));
	struct in_batch batch[] = {
		{wait_and_insert, "INSERT INTO n VALUES (1, 1)", HC_OK, {0}},
		{run_sql, "INSERT OR ROLLBACK INTO n VALUES (5, 1)", HC_OK, {0}},
		{run_sql, "INSERT INTO n VALUES (2, 1)", HC_OK, {0}},
	};
	write_together(batch, COUNT(batch));
	assert_int_equal(batch[0].code, HC_IO);
	assert_int_equal(batch[1].code, HC_INPUT);
	assert_int_equal(batch[2].code, HC_OK); /* of the next batch */
	/* one that hides it */
	assert_int_equal(hc_catalog_write(shared, run_sql, "ROLLBACK", &err), HC_IO);
	assert_int_equal(number_of(shared, "SELECT group_concat(id, '') FROM n"), 25);
	hc_catalog_close(shared);
}

static void test_full(void **state)
{
	(void)state;
	shared = open_with_table();
	static char set[64], *const fill = "INSERT INTO n (v) VALUES (zeroblob(3000))";
	snprintf(set, sizeof set, "PRAGMA max_page_count = %d", (int)number_of(shared, "PRAGMA page_count") + 20);
	ok(hc_catalog_write(shared, run_sql, set, &err));
	int64_t rows = 0;
	enum hc_code code;
	while ((code = hc_catalog_write(shared, run_sql, fill, &err)) == HC_OK)
		assert_true(++rows < 100);
	assert_int_equal(code, HC_LIMIT);
	assert_true(hc_db_is_full(&err));
	struct in_batch batch[] = {{wait_and_insert, "DELETE FROM n WHERE id = 1", HC_OK, {0}},
				   {run_sql, fill, HC_OK, {0}},
				   {run_sql, fill, HC_OK, {0}}};
	write_together(batch, COUNT(batch));
	/* however the batch fell: who was told so is there, who was not is not */
	for (size_t i = 0; i < COUNT(batch); i++) {
		assert_true(batch[i].code == HC_OK || hc_db_is_full(&batch[i].err));
		if (batch[i].code == HC_OK)
			rows += i == 0 ? -1 : 1;
	}
	assert_int_equal(number_of(shared, "SELECT count(*) FROM n"), rows);
	ok(hc_catalog_write(shared, run_sql, "PRAGMA max_page_count = 100000", &err));
	ok(hc_catalog_write(shared, run_sql, fill, &err));
	assert_int_equal(number_of(shared, "SELECT count(*) FROM n"), rows + 1);
	hc_catalog_close(shared);
}

/* -- kill -9: what was acknowledged is there */

enum { KILLS = 20, WRITERS = 4 };

static int acks;

static enum hc_code insert_number(struct hc_db *db, void *arg, struct hc_err *e)
{
	int64_t id = *(int64_t *)arg;
	HC_TRY(hc_db_run(db, NULL, e, "INSERT INTO n (id, v) VALUES (?, zeroblob(2000))", "i", id));
	return hc_db_run(db, NULL, e, "INSERT INTO n (id, v) VALUES (-?, zeroblob(2000))", "i", id);
}

static void *insert_for_ever(void *arg)
{
	struct hc_err e;
	for (int64_t id = (intptr_t)arg;; id += WRITERS)
		if (hc_catalog_write(shared, insert_number, &id, &e) != HC_OK ||
		    write(acks, &id, sizeof id) != sizeof id)
			_exit(1);
}

/* The life of the child: writes numbers from `from` on, telling each that stands. */
static _Noreturn void be_killed(const char *path, int64_t from)
{
	pthread_t threads[WRITERS];
	struct hc_err e;
	if (hc_catalog_open(path, &shared, &e) != HC_OK)
		_exit(2);
	for (intptr_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, insert_for_ever, (void *)((intptr_t)from + i));
	for (;;)
		pause();
}

/*
 * Runs a child for a time and kills it; the greatest number that it told, each of which is put into `told`. With `at_work` the time begins when it has told its
 * first, however slow the machine is; without, it may still be opening.
 */
static int64_t kill_one(int64_t from, long after_ms, bool at_work, bool *told, int64_t max)
{
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		acks = ends[1];
		be_killed(path_of("catalog"), from);
	}
	close(ends[1]);
	struct pollfd first = {.fd = ends[0], .events = POLLIN};
	if (at_work)
		assert_int_equal(poll(&first, 1, 60000), 1);
	sleep_ms(after_ms);
	kill(child, SIGKILL);
	int64_t id, last = from - 1;
	while (read(ends[0], &id, sizeof id) == sizeof id) {
		assert_true(id > 0 && id < max);
		told[id] = true;
		last = id > last ? id : last;
	}
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status)); /* not by itself */
	return last;
}

static void test_kills(void **state)
{
	(void)state;
	enum { MAX = 1000000 };
	static bool told[MAX];
	uint64_t random = 5;
	int64_t from = 1, n = 0;
	hc_catalog_close(open_with_table());
	for (int i = 0; i < KILLS; i++) {
		kill_one(from, (long)(check_random(&random) % 40), i % 2 == 0, told, MAX);
		struct hc_catalog *c = open_with_table();
		assert_int_equal(
			number_of(c, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
		assert_int_equal(number_of(c, "SELECT sum(id) IS NOT 0 AND count(*) > 0 FROM n"), 0); /* each whole */
		n = 0;
		for (int64_t id = 1; id < MAX; id++) {
			char sql[64];
			if (!told[id])
				continue;
			n++;
			snprintf(sql, sizeof sql, "SELECT count(*) FROM n WHERE id = %d", (int)id);
			if (id >= from) /* the earlier ones are counted below */
				assert_int_equal(number_of(c, sql), 1);
		}
		assert_true(number_of(c, "SELECT count(*) FROM n WHERE id > 0") >= n);
		from = number_of(c, "SELECT coalesce(max(id), 0) FROM n") + 1;
		hc_catalog_close(c);
	}
	assert_true(n >= KILLS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_open),
		in_folder(test_refused),
		in_folder(test_undone),
		in_folder(test_threads),
		in_folder(test_many_readers),
		in_folder(test_commit_fails),
		in_folder(test_transaction_lost),
		in_folder(test_full),
		in_folder(test_kills),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
