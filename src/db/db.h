/*
 * The one SQL door: SQLite. A connection, statements with bound values, transactions. No SQL text stands here.
 *
 * Threads: a connection belongs to one thread at a time. Errors: HC_IO (disk, corruption, a write through a reader; the message
 * names the file), HC_NOMEM, HC_LIMIT when the disk is full (hc_db_is_full tells), HC_INPUT for a broken UNIQUE constraint (a row
 * that is there already).
 */
#ifndef HC_DB_DB_H
#define HC_DB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct hc_db;

enum hc_db_mode { HC_DB_WRITER, HC_DB_READER };
enum { HC_DB_STATEMENTS_MAX = 128, HC_DB_VALUES_MAX = 32, HC_DB_BUSY_TIMEOUT_MS = 10000 };

/*
 * Opens a file (made by a WRITER if missing): WAL, synchronous=FULL (a commit is on disk when it returns), foreign keys,
 * a busy timeout. Statements are prepared once per connection and kept, the last HC_DB_STATEMENTS_MAX of them. A file that is no
 * database or shorter than it says it is refused. A WRITER takes no checkpoints by itself: hc_db_checkpoint.
 */
enum hc_code hc_db_open(const char *path, enum hc_db_mode mode, struct hc_db **out, struct hc_err *err) HC_MUST_USE;
void hc_db_close(struct hc_db *db); /* NULL is fine */

/* Several statements without values: schema, PRAGMA, BEGIN, COMMIT, SAVEPOINT. */
enum hc_code hc_db_exec(struct hc_db *db, const char *sql, struct hc_err *err) HC_MUST_USE;

/* True inside BEGIN .. COMMIT. After some errors (a full disk) SQLite has rolled all of it back by itself. */
bool hc_db_in_transaction(const struct hc_db *db);
/* True when no query is open. */
bool hc_db_is_idle(const struct hc_db *db);

/* Pages in the write-ahead log after the last commit of this connection. */
int hc_db_wal_pages(const struct hc_db *db);
/*
 * Moves what readers let it from the log to the file, without waiting for them. `empty`: waits, and leaves a log of no size. Not in a
 * transaction. What a checkpoint could not do is done by a later one: nothing is lost.
 */
enum hc_code hc_db_checkpoint(struct hc_db *db, bool empty, struct hc_err *err) HC_MUST_USE;

/*
 * Values are bound by `types`, a letter each: i int64_t, d double, t struct hc_str (text; p == NULL binds NULL), s const char * (NULL
 * binds NULL), b struct hc_str (bytes). hc_db_run is for statements without rows; *changed (may be NULL) gets the number of rows touched.
 */
enum hc_code hc_db_run(struct hc_db *db, int64_t *changed, struct hc_err *err, const char *sql, const char *types,
		       ...) HC_MUST_USE;
/* The row id of the last INSERT. */
int64_t hc_db_last_id(struct hc_db *db);

/*
 * A running query. Zero-initialise, or hc_db_query; ended by hc_rows_end (scoped: HC_ROWS_SCOPED), which is fine to call twice. Values
 * are copied. Two queries of the same text can run at once.
 */
struct hc_rows {
	struct hc_db *db;
	void *statement;
};
void hc_rows_end(struct hc_rows *r);
#define HC_ROWS_SCOPED __attribute__((cleanup(hc_rows_end)))

enum hc_code hc_db_query(struct hc_db *db, struct hc_rows *out, struct hc_err *err, const char *sql, const char *types,
			 ...) HC_MUST_USE;
/* The same for SQL put together at run time (from constant pieces): values from a list. */
struct hc_db_value {
	char type; /* i d t b, or n for NULL */
	int64_t i;
	double d;
	struct hc_str t;
};
enum hc_code hc_db_query_list(struct hc_db *db, struct hc_rows *out, const char *sql, const struct hc_db_value *values,
			      size_t n, struct hc_err *err) HC_MUST_USE;
/* *row = false at the end; that ends the query too. */
enum hc_code hc_rows_next(struct hc_rows *r, bool *row, struct hc_err *err) HC_MUST_USE;
int64_t hc_rows_int(struct hc_rows *r, int column);
double hc_rows_double(struct hc_rows *r, int column);
bool hc_rows_null(struct hc_rows *r, int column);
/* A column's text or bytes, valid until the next hc_rows_next; p == NULL for NULL. */
struct hc_str hc_rows_text(struct hc_rows *r, int column);
/* The same, copied to the arena (NUL-terminated). HC_NOMEM through *failed = true. */
struct hc_str hc_rows_copy(struct hc_rows *r, int column, struct hc_arena *arena, bool *failed);

/* The first column of the first row; *found = false without one. */
enum hc_code hc_db_int(struct hc_db *db, int64_t *out, bool *found, struct hc_err *err, const char *sql,
		       const char *types, ...) HC_MUST_USE;

/* True for an error that came from a full disk. */
bool hc_db_is_full(const struct hc_err *err);

#endif
