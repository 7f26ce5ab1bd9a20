#include "db/db.h"

#include "check_files.h"

static struct hc_err err;

#define ok(call)                                            \
	do {                                                \
		if ((call) != HC_OK)                        \
			fail_msg("%s: %s", #call, err.msg); \
	} while (0)

static struct hc_db *open_new(void)
{
	struct hc_db *db;
	ok(hc_db_open(path_of("db"), HC_DB_WRITER, &db, &err));
	ok(hc_db_exec(db, "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, i, d, x UNIQUE, b)", &err));
	return db;
}

/* The next row, or false. */
static bool next(struct hc_rows *rows)
{
	bool row;
	ok(hc_rows_next(rows, &row, &err));
	return row;
}

static int64_t count(struct hc_db *db)
{
	int64_t n = -1;
	bool found;
	ok(hc_db_int(db, &n, &found, &err, "SELECT count(*) FROM t", ""));
	assert_true(found);
	return n;
}

static void test_values(void **state)
{
	(void)state;
	struct hc_db *db = open_new();
	struct hc_str none = {0}, zero = {"a\0b", 3};
	ok(hc_db_run(db, NULL, &err, "INSERT INTO t (i, d, x, b) VALUES (?, ?, ?, ?)", "idtb", INT64_MIN, 0.1, zero,
		     zero));
	assert_int_equal(hc_db_last_id(db), 1);
	ok(hc_db_run(db, NULL, &err, "INSERT INTO t (i, d, x, b) VALUES (?, ?, ?, ?)", "stsb", NULL, none, "",
		     HC_STR("")));
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_rows rows = {0};
	bool failed = false;
	ok(hc_db_query(db, &rows, &err, "SELECT i, d, x, b, typeof(x), typeof(b) FROM t ORDER BY id", ""));
	assert_false(hc_db_is_idle(db));
	assert_true(next(&rows));
	assert_true(hc_rows_int(&rows, 0) == INT64_MIN);
	assert_true(hc_rows_double(&rows, 1) == 0.1);
	assert_true(hc_str_eq(hc_rows_text(&rows, 2), zero));
	assert_true(hc_str_eq(hc_rows_copy(&rows, 3, &arena, &failed), zero));
	check_str(hc_rows_text(&rows, 4), "text");
	check_str(hc_rows_text(&rows, 5), "blob");
	assert_true(next(&rows) && hc_rows_null(&rows, 0) && hc_rows_null(&rows, 1) && !hc_rows_null(&rows, 2));
	assert_null(hc_rows_text(&rows, 0).p);
	assert_null(hc_rows_copy(&rows, 0, &arena, &failed).p);
	assert_non_null(hc_rows_text(&rows, 2).p);
	assert_int_equal(hc_rows_text(&rows, 3).n, 0);
	assert_non_null(hc_rows_text(&rows, 3).p);
	assert_false(failed);
	struct hc_arena small = HC_ARENA(0);
	assert_null(hc_rows_copy(&rows, 2, &small, &failed).p);
	assert_true(failed);
	/* the end stays the end */
	for (int i = 0; i < 3; i++)
		assert_false(next(&rows));
	assert_true(hc_db_is_idle(db));
	hc_rows_end(&rows);
	hc_arena_free(&arena);
	hc_db_close(db);
}

static void test_changes(void **state)
{
	(void)state;
	struct hc_db *db = open_new();
	int64_t changed = 77, out = 77;
	bool found;
	for (int64_t i = 0; i < 5; i++)
		ok(hc_db_run(db, NULL, &err, "INSERT INTO t (i, x) VALUES (?, ?)", "ii", i, i));
	ok(hc_db_run(db, &changed, &err, "UPDATE t SET d = 1 WHERE i >= ?", "i", (int64_t)2));
	assert_int_equal(changed, 3);
	ok(hc_db_run(db, &changed, &err, "DELETE FROM t WHERE i = ?", "i", (int64_t)9));
	assert_int_equal(changed, 0);
	ok(hc_db_run(db, &changed, &err, "INSERT INTO t (x) VALUES (?) ON CONFLICT DO NOTHING", "i", (int64_t)2));
	assert_int_equal(changed, 0);
	/* a row that is there already; nothing else is HC_INPUT */
	changed = 77;
	assert_int_equal(hc_db_run(db, &changed, &err, "INSERT INTO t (x) VALUES (?)", "i", (int64_t)2), HC_INPUT);
	assert_int_equal(changed, 77);
	assert_int_equal(hc_db_run(db, NULL, &err, "INSERT INTO t (id) VALUES (?)", "i", (int64_t)2), HC_INPUT);
	assert_false(hc_db_is_full(&err));
	assert_int_equal(hc_db_exec(db, "nonsense", &err), HC_IO);
	assert_non_null(strstr(err.msg, path_of("db")));
	/* out is not touched without a row */
	ok(hc_db_int(db, &out, &found, &err, "SELECT i FROM t WHERE i = ?", "i", (int64_t)9));
	assert_false(found);
	assert_int_equal(out, 77);
	assert_true(hc_db_is_idle(db));
	hc_db_close(db);
}

static void test_two_of_one_text(void **state)
{
	(void)state;
	struct hc_db *db = open_new();
	for (int64_t i = 0; i < 4; i++)
		ok(hc_db_run(db, NULL, &err, "INSERT INTO t (i) VALUES (?)", "i", i));
	struct hc_rows outer HC_ROWS_SCOPED = {0};
	int64_t pairs = 0;
	ok(hc_db_query(db, &outer, &err, "SELECT i FROM t WHERE i >= ? ORDER BY i", "i", (int64_t)0));
	while (next(&outer)) {
		struct hc_rows inner HC_ROWS_SCOPED = {0};
		ok(hc_db_query(db, &inner, &err, "SELECT i FROM t WHERE i >= ? ORDER BY i", "i",
			       hc_rows_int(&outer, 0)));
		while (next(&inner))
			pairs = pairs * 10 + hc_rows_int(&inner, 0);
	}
	assert_int_equal(pairs, 123123233);
	hc_db_close(db);
}

/* More texts than are kept, while one is in use; and values that were bound before are gone. */
static void test_many_texts(void **state)
{
	(void)state;
	struct hc_db *db = open_new();
	struct hc_rows kept = {0};
	bool found;
	ok(hc_db_run(db, NULL, &err, "INSERT INTO t (i) VALUES (?)", "i", (int64_t)5));
	ok(hc_db_query(db, &kept, &err, "SELECT i FROM t WHERE i = ?", "i", (int64_t)5));
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 3 * HC_DB_STATEMENTS_MAX; i++) {
			char sql[64];
			int64_t out = 0;
			snprintf(sql, sizeof sql, "SELECT %d + ?", i);
			ok(hc_db_int(db, &out, &found, &err, sql, "i", (int64_t)round));
			assert_int_equal(out, i + round);
		}
	assert_true(next(&kept));
	assert_int_equal(hc_rows_int(&kept, 0), 5);
	hc_rows_end(&kept);
	hc_db_close(db);
}

static void test_list(void **state)
{
	(void)state;
	struct hc_db *db = open_new();
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	char text[] = "abc";
	struct hc_db_value values[] = {{.type = 'i', .i = 3},
				       {.type = 'd', .d = 0.5},
				       {.type = 't', .t = {text, 3}},
				       {.type = 'n'},
				       {.type = 'b', .t = {text, 2}}};
	ok(hc_db_query_list(db, &rows, "SELECT ?, ?, ?, ?, ?", values, COUNT(values), &err));
	memset(text, 'x', sizeof text); /* values were copied */
	assert_true(next(&rows));
	assert_int_equal(hc_rows_int(&rows, 0), 3);
	assert_true(hc_rows_double(&rows, 1) == 0.5);
	check_str(hc_rows_text(&rows, 2), "abc");
	assert_true(hc_rows_null(&rows, 3));
	check_str(hc_rows_text(&rows, 4), "ab");
	hc_rows_end(&rows);
	hc_db_close(db);
}

static void test_reader(void **state)
{
	(void)state;
	struct hc_db *db, *reader;
	assert_int_equal(hc_db_open(path_of("db"), HC_DB_READER, &reader, &err), HC_IO);
	assert_false(exists("db"));
	assert_int_equal(hc_db_open(path_of("no/where"), HC_DB_WRITER, &reader, &err), HC_IO);
	db = open_new();
	ok(hc_db_open(path_of("db"), HC_DB_READER, &reader, &err));
	ok(hc_db_exec(reader, "BEGIN", &err));
	assert_int_equal(count(reader), 0);
	ok(hc_db_run(db, NULL, &err, "INSERT INTO t (i) VALUES (1)", ""));
	/* its snapshot stands; the next one is newer */
	assert_int_equal(count(reader), 0);
	ok(hc_db_exec(reader, "COMMIT; BEGIN", &err));
	assert_int_equal(count(reader), 1);
	assert_int_equal(hc_db_run(reader, NULL, &err, "INSERT INTO t (i) VALUES (1)", ""), HC_IO);
	assert_true(hc_db_in_transaction(reader));
	assert_false(hc_db_in_transaction(db));
	/* a checkpoint does not wait for a reader */
	assert_true(hc_db_wal_pages(db) > 0);
	ok(hc_db_checkpoint(db, false, &err));
	assert_int_equal(hc_db_wal_pages(db), 0);
	hc_db_close(reader);
	ok(hc_db_checkpoint(db, true, &err));
	assert_int_equal(count(db), 1);
	hc_db_close(db);
	assert_false(exists("db-wal"));
}

static void test_full(void **state)
{
	(void)state;
	struct hc_db *db = open_new();
	ok(hc_db_exec(db, "PRAGMA max_page_count = 20", &err));
	int64_t rows = 0;
	enum hc_code code;
	while ((code = hc_db_run(db, NULL, &err, "INSERT INTO t (b) VALUES (zeroblob(3000))", "")) == HC_OK)
		assert_true(++rows < 100);
	assert_int_equal(code, HC_LIMIT);
	assert_true(hc_db_is_full(&err));
	assert_non_null(strstr(err.msg, path_of("db")));
	(void)hc_err_at(&err, "more");
	assert_true(hc_db_is_full(&err));
	assert_int_equal(count(db), rows);
	(void)hc_fail(&err, HC_LIMIT, "another limit");
	assert_false(hc_db_is_full(&err));
	/* not from a long value either */
	ok(hc_db_exec(db, "PRAGMA max_page_count = 1000000", &err));
	assert_int_equal(hc_db_run(db, NULL, &err, "INSERT INTO t (b) VALUES (zeroblob(2000000000))", ""), HC_LIMIT);
	assert_false(hc_db_is_full(&err));
	hc_db_close(db);
}

static void test_damage(void **state)
{
	(void)state;
	struct hc_db *db;
	char text[5000];
	memset(text, 'x', sizeof text);
	make_file_of("text", text, sizeof text);
	assert_int_equal(hc_db_open(path_of("text"), HC_DB_WRITER, &db, &err), HC_IO);
	assert_non_null(strstr(err.msg, path_of("text")));
	assert_true(strlen(err.hint) > 0);
	db = open_new();
	for (int i = 0; i < 20; i++)
		ok(hc_db_run(db, NULL, &err, "INSERT INTO t (b) VALUES (zeroblob(3000))", ""));
	hc_db_close(db);
	assert_int_equal(truncate(path_of("db"), 8192), 0);
	assert_int_equal(hc_db_open(path_of("db"), HC_DB_WRITER, &db, &err), HC_IO);
	assert_non_null(strstr(err.msg, "damaged"));
	assert_int_equal(hc_db_open(path_of("db"), HC_DB_READER, &db, &err), HC_IO);
	hc_db_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_values),     in_folder(test_changes), in_folder(test_two_of_one_text),
		in_folder(test_many_texts), in_folder(test_list),    in_folder(test_reader),
		in_folder(test_full),       in_folder(test_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
