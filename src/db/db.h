/*
 * The one SQL door: SQLite. A connection, statements with bound values, transactions. No SQL text stands here.
 *
 * Threads: a connection belongs to one thread at a time. Errors: HC_IO (disk, corruption; the message names the file), HC_NOMEM,
 * HC_LIMIT when the disk is full (hc_db_is_full tells), HC_INPUT for a broken UNIQUE constraint (a row that is there already).
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

/*
 * Opens a file (made by a WRITER if missing): WAL, synchronous=FULL (a commit is on disk when it returns), foreign keys,
 * a busy timeout. Statements are prepared once per connection and kept.
 */
enum hc_code hc_db_open(const char *path, enum hc_db_mode mode, struct hc_db **out, struct hc_err *err) HC_MUST_USE;
void hc_db_close(struct hc_db *db); /* NULL is fine */

/* Several statements without values: schema, PRAGMA, BEGIN, COMMIT, SAVEPOINT. */
enum hc_code hc_db_exec(struct hc_db *db, const char *sql, struct hc_err *err) HC_MUST_USE;

/*
 * Values are bound by `types`, a letter each: i int64_t, d double, t struct hc_str (text; p == NULL binds NULL), s const char * (NULL
 * binds NULL), b struct hc_str (bytes). hc_db_run is for statements without rows; *changed (may be NULL) gets the number of rows touched.
 */
enum hc_code hc_db_run(struct hc_db *db, int64_t *changed, struct hc_err *err, const char *sql, const char *types, ...) HC_MUST_USE;
/* The row id of the last INSERT. */
int64_t hc_db_last_id(struct hc_db *db);

/* A running query. Zero-initialise, or hc_db_query; ended by hc_rows_end (scoped: HC_ROWS_SCOPED). */
struct hc_rows {
	struct hc_db *db;
	void *statement;
};
void hc_rows_end(struct hc_rows *r);
#define HC_ROWS_SCOPED __attribute__((cleanup(hc_rows_end)))

enum hc_code hc_db_query(struct hc_db *db, struct hc_rows *out, struct hc_err *err, const char *sql, const char *types, ...) HC_MUST_USE;
/* The same for SQL put together at run time (from constant pieces): values from a list. */
struct hc_db_value {
	char type; /* i d t b, or n for NULL */
	int64_t i;
	double d;
	struct hc_str t;
};
enum hc_code hc_db_query_list(struct hc_db *db, struct hc_rows *out, const char *sql, const struct hc_db_value *values,
			      size_t n, struct hc_err *err) HC_MUST_USE;
/* *row = false at the end. */
enum hc_code hc_rows_next(struct hc_rows *r, bool *row, struct hc_err *err) HC_MUST_USE;
int64_t hc_rows_int(struct hc_rows *r, int column);
double hc_rows_double(struct hc_rows *r, int column);
bool hc_rows_null(struct hc_rows *r, int column);
/* A column's text or bytes, valid until the next hc_rows_next; p == NULL for NULL. */
struct hc_str hc_rows_text(struct hc_rows *r, int column);
/* The same, copied to the arena (NUL-terminated). HC_NOMEM through *failed = true. */
struct hc_str hc_rows_copy(struct hc_rows *r, int column, struct hc_arena *arena, bool *failed);

/* The first column of the first row; *found = false without one. */
enum hc_code hc_db_int(struct hc_db *db, int64_t *out, bool *found, struct hc_err *err, const char *sql, const char *types, ...) HC_MUST_USE;

/* True for an error that came from a full disk. */
bool hc_db_is_full(const struct hc_err *err);

#endif
