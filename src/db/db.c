#include "db/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/hash.h"

enum { WAL_KEPT_BYTES = 64 << 20 };

/* How hc_db_is_full knows its own. */
static const char full_hint[] = "make room on the disk of the data folder; what was acknowledged is safe";

struct statement {
	struct statement *next; /* the one used before this */
	sqlite3_stmt *stmt;
	uint64_t hash; /* of its text */
	bool busy;
};

struct hc_db {
	sqlite3 *sqlite;
	struct statement *statements; /* the last used first */
	size_t n_statements;
	int wal_pages;
	char path[];
};

/* The errno of a refusal that is a full disk, whatever call met it. */
static bool is_out_of_room(int system_errno)
{
	return system_errno == ENOSPC || system_errno == EDQUOT;
}

/* What SQLite says became of the last call, as an error. */
static enum hc_code fail_sqlite(const struct hc_db *db, int result, struct hc_err *err)
{
	const char *said = sqlite3_errmsg(db->sqlite);
	int base = result & 0xff;
	if (base == SQLITE_FULL || (base == SQLITE_IOERR && is_out_of_room(sqlite3_system_errno(db->sqlite)))) {
		hc_err_set(err, HC_LIMIT, "%s: the disk is full (%s)", db->path, said);
		return hc_hint(err, "%s", full_hint);
	}
	switch (base) {
	case SQLITE_NOMEM:
		return hc_fail_nomem(err, "a query");
	case SQLITE_TOOBIG:
		return hc_fail(err, HC_LIMIT, "%s: a value is too long to be stored (%s)", db->path, said);
	case SQLITE_NOTADB:
		hc_err_set(err, HC_IO, "%s: this is not a database of hindcast (%s)", db->path, said);
		return hc_hint(err,
			       "another file was put in its place: put the right one back, or move it away and start "
			       "with an empty one");
	case SQLITE_CORRUPT:
		hc_err_set(err, HC_IO, "%s: the database is damaged (%s)", db->path, said);
		return hc_hint(err,
			       "put a backup in its place (with the -wal file that belongs to it), or move it away and "
			       "start with an empty one; `sqlite3 FILE .recover` saves what can be read");
	case SQLITE_BUSY:
		hc_err_set(err, HC_IO, "%s: the database is in use (%s)", db->path, said);
		return hc_hint(err, "end the other program that has it open");
	case SQLITE_CONSTRAINT:
		if (result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY ||
		    result == SQLITE_CONSTRAINT_ROWID)
			return hc_fail(err, HC_INPUT, "%s: it is there already (%s)", db->path, said);
		break;
	default:
		break;
	}
	return hc_fail(err, HC_IO, "%s: %s", db->path, said);
}

bool hc_db_is_full(const struct hc_err *err)
{
	return err->code == HC_LIMIT && strcmp(err->hint, full_hint) == 0;
}

static int note_wal(void *arg, sqlite3 *sqlite, const char *name, int pages)
{
	(void)sqlite;
	(void)name;
	((struct hc_db *)arg)->wal_pages = pages;
	return SQLITE_OK;
}

/* The settings of a connection. The first of them reads the file: here its damage shows. */
static enum hc_code set_up(struct hc_db *db, enum hc_db_mode mode, struct hc_err *err)
{
	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, HC_DB_BUSY_TIMEOUT_MS);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (mode == HC_DB_READER)
		return hc_db_exec(db, "PRAGMA query_only = 1; PRAGMA schema_version", err);
	HC_TRY(hc_db_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = 1", err));
	char kept[64];
	sqlite3_snprintf(sizeof kept, kept, "PRAGMA journal_size_limit = %d", WAL_KEPT_BYTES);
	HC_TRY(hc_db_exec(db, kept, err));
	sqlite3_wal_hook(db->sqlite, note_wal,
			 db); /* in place of SQLite's own, which takes a checkpoint inside a commit */
	return HC_OK;
}

enum hc_code hc_db_open(const char *path, enum hc_db_mode mode, struct hc_db **out, struct hc_err *err)
{
	struct hc_db *db = calloc(1, sizeof *db + strlen(path) + 1);
	if (!db)
		return hc_fail_nomem(err, "a database connection");
	strcpy(db->path, path);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int result = sqlite3_open_v2(path, &db->sqlite, flags | (mode == HC_DB_WRITER ? SQLITE_OPEN_CREATE : 0), NULL);
	enum hc_code code = HC_OK;
	if (!db->sqlite)
		code = hc_fail_nomem(err, "a database connection");
	else if (result != SQLITE_OK)
		code = fail_sqlite(db, result, err);
	else
		code = set_up(db, mode, err);
	if (code != HC_OK) {
		hc_db_close(db);
		return code;
	}
	*out = db;
	return HC_OK;
}

void hc_db_close(struct hc_db *db)
{
	if (!db)
		return;
	while (db->statements) {
		struct statement *next = db->statements->next;
		assert(!db->statements->busy);
		sqlite3_finalize(db->statements->stmt);
		free(db->statements);
		db->statements = next;
	}
	int result = sqlite3_close(db->sqlite);
	assert(result == SQLITE_OK);
	free(db);
}

enum hc_code hc_db_exec(struct hc_db *db, const char *sql, struct hc_err *err)
{
	int result = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
	return result == SQLITE_OK ? HC_OK : fail_sqlite(db, result, err);
}

bool hc_db_in_transaction(const struct hc_db *db)
{
	return !sqlite3_get_autocommit(db->sqlite);
}

bool hc_db_is_idle(const struct hc_db *db)
{
	for (const struct statement *s = db->statements; s; s = s->next)
		if (s->busy)
			return false;
	return true;
}

int hc_db_wal_pages(const struct hc_db *db)
{
	return db->wal_pages;
}

enum hc_code hc_db_checkpoint(struct hc_db *db, bool empty, struct hc_err *err)
{
	int mode = empty ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
	int result = sqlite3_wal_checkpoint_v2(db->sqlite, NULL, mode, NULL, NULL);
	db->wal_pages = 0; /* the next commit tells */
	return result == SQLITE_OK || (!empty && result == SQLITE_BUSY) ? HC_OK : fail_sqlite(db, result, err);
}

/* The statement goes to the front of the list. */
static void put_first(struct hc_db *db, struct statement **link)
{
	struct statement *s = *link;
	*link = s->next;
	s->next = db->statements;
	db->statements = s;
}

static void drop_oldest(struct hc_db *db)
{
	struct statement **oldest = NULL;
	for (struct statement **link = &db->statements; *link; link = &(*link)->next)
		if (!(*link)->busy)
			oldest = link;
	if (!oldest)
		return;
	struct statement *s = *oldest;
	*oldest = s->next;
	sqlite3_finalize(s->stmt);
	free(s);
	db->n_statements--;
}

/* An idle statement of that text, prepared if there is none; busy from now on. */
static enum hc_code take_statement(struct hc_db *db, const char *sql, struct statement **out, struct hc_err *err)
{
	uint64_t hash = hc_siphash((struct hc_hash_key){0}, sql, strlen(sql));
	for (struct statement **link = &db->statements; *link; link = &(*link)->next) {
		struct statement *s = *link;
		if (!s->busy && s->hash == hash && strcmp(sqlite3_sql(s->stmt), sql) == 0) {
			put_first(db, link);
			s->busy = true;
			*out = s;
			return HC_OK;
		}
	}
	if (db->n_statements >= HC_DB_STATEMENTS_MAX)
		drop_oldest(db);
	struct statement *s = malloc(sizeof *s);
	if (!s)
		return hc_fail_nomem(err, "a query");
	*s = (struct statement){.next = db->statements, .hash = hash, .busy = true};
	const char *tail = NULL;
	int result = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, &tail);
	if (result != SQLITE_OK) {
		free(s);
		(void)fail_sqlite(db, result, err);
		return result == SQLITE_ERROR ? hc_hint(err, "the statement: %s", sql) : hc_err_code(err);
	}
	assert(s->stmt && !*tail); /* one statement, not none or two */
	db->statements = s;
	db->n_statements++;
	*out = s;
	return HC_OK;
}

static void release(struct statement *s)
{
	sqlite3_reset(s->stmt); /* its result is that of the last step, which was seen */
	sqlite3_clear_bindings(s->stmt);
	s->busy = false;
}

/* `kept`: what owns the bytes while the statement runs (SQLITE_STATIC, SQLITE_TRANSIENT). */
static int bind_value(sqlite3_stmt *stmt, int at, const struct hc_db_value *v, sqlite3_destructor_type kept)
{
	const char *bytes = v->t.p ? v->t.p : "";
	switch (v->type) {
	case 'i':
		return sqlite3_bind_int64(stmt, at, v->i);
	case 'd':
		return sqlite3_bind_double(stmt, at, v->d);
	case 't':
		if (!v->t.p)
			return sqlite3_bind_null(stmt, at);
		return sqlite3_bind_text64(stmt, at, bytes, v->t.n, kept, SQLITE_UTF8);
	case 'b':
		return sqlite3_bind_blob64(stmt, at, bytes, v->t.n, kept);
	case 'n':
		return sqlite3_bind_null(stmt, at);
	default:
		assert(false); /* no type of value */
		return SQLITE_MISUSE;
	}
}

static enum hc_code bind_all(struct hc_db *db, struct statement *s, const struct hc_db_value *values, size_t n,
			     sqlite3_destructor_type kept, struct hc_err *err)
{
	assert((size_t)sqlite3_bind_parameter_count(s->stmt) == n);
	for (size_t i = 0; i < n; i++) {
		int result = bind_value(s->stmt, (int)i + 1, &values[i], kept);
		if (result != SQLITE_OK) {
			enum hc_code code = fail_sqlite(db, result, err);
			release(s);
			return code;
		}
	}
	return HC_OK;
}

/* The arguments behind a string of types; their number. */
static size_t gather(const char *types, va_list ap, struct hc_db_value values[HC_DB_VALUES_MAX])
{
	size_t n = 0;
	for (; types[n]; n++) {
		assert(n < HC_DB_VALUES_MAX);
		struct hc_db_value *v = &values[n];
		*v = (struct hc_db_value){.type = types[n]};
		switch (types[n]) {
		case 'i':
			v->i = va_arg(ap, int64_t);
			break;
		case 'd':
			v->d = va_arg(ap, double);
			break;
		case 's': {
			const char *text = va_arg(ap, const char *);
			v->type = 't';
			v->t = text ? hc_str(text) : (struct hc_str){0};
			break;
		}
		default:
			v->t = va_arg(ap, struct hc_str);
			break;
		}
	}
	return n;
}

enum hc_code hc_db_run(struct hc_db *db, int64_t *changed, struct hc_err *err, const char *sql, const char *types, ...)
{
	struct hc_db_value values[HC_DB_VALUES_MAX];
	va_list ap;
	va_start(ap, types);
	size_t n = gather(types, ap, values);
	va_end(ap);
	struct statement *s;
	HC_TRY(take_statement(db, sql, &s, err));
	HC_TRY(bind_all(db, s, values, n, SQLITE_STATIC, err));
	sqlite3_int64 before = sqlite3_total_changes64(db->sqlite);
	int result = sqlite3_step(s->stmt);
	enum hc_code code = HC_OK;
	assert(result != SQLITE_ROW);
	if (result != SQLITE_DONE)
		code = fail_sqlite(db, result, err);
	else if (changed)
		*changed = sqlite3_total_changes64(db->sqlite) == before ? 0 : sqlite3_changes64(db->sqlite);
	release(s);
	return code;
}

int64_t hc_db_last_id(struct hc_db *db)
{
	return sqlite3_last_insert_rowid(db->sqlite);
}

enum hc_code hc_db_query_list(struct hc_db *db, struct hc_rows *out, const char *sql, const struct hc_db_value *values,
			      size_t n, struct hc_err *err)
{
	struct statement *s;
	HC_TRY(take_statement(db, sql, &s, err));
	HC_TRY(bind_all(db, s, values, n, SQLITE_TRANSIENT, err));
	*out = (struct hc_rows){.db = db, .statement = s};
	return HC_OK;
}

static enum hc_code query_args(struct hc_db *db, struct hc_rows *out, struct hc_err *err, const char *sql,
			       const char *types, va_list ap)
{
	struct hc_db_value values[HC_DB_VALUES_MAX];
	size_t n = gather(types, ap, values);
	return hc_db_query_list(db, out, sql, values, n, err);
}

enum hc_code hc_db_query(struct hc_db *db, struct hc_rows *out, struct hc_err *err, const char *sql, const char *types,
			 ...)
{
	va_list ap;
	va_start(ap, types);
	enum hc_code code = query_args(db, out, err, sql, types, ap);
	va_end(ap);
	return code;
}

void hc_rows_end(struct hc_rows *r)
{
	if (r->statement)
		release(r->statement);
	r->statement = NULL;
}

enum hc_code hc_rows_next(struct hc_rows *r, bool *row, struct hc_err *err)
{
	struct statement *s = r->statement;
	if (!s) {
		*row = false;
		return HC_OK;
	}
	int result = sqlite3_step(s->stmt);
	if (result == SQLITE_ROW) {
		*row = true;
		return HC_OK;
	}
	enum hc_code code = result == SQLITE_DONE ? HC_OK : fail_sqlite(r->db, result, err);
	hc_rows_end(r);
	if (code == HC_OK)
		*row = false;
	return code;
}

static sqlite3_stmt *row_of(const struct hc_rows *r)
{
	assert(r->statement);
	return ((struct statement *)r->statement)->stmt;
}

int64_t hc_rows_int(struct hc_rows *r, int column)
{
	return sqlite3_column_int64(row_of(r), column);
}

double hc_rows_double(struct hc_rows *r, int column)
{
	return sqlite3_column_double(row_of(r), column);
}

bool hc_rows_null(struct hc_rows *r, int column)
{
	return sqlite3_column_type(row_of(r), column) == SQLITE_NULL;
}

struct hc_str hc_rows_text(struct hc_rows *r, int column)
{
	sqlite3_stmt *stmt = row_of(r);
	if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
		return (struct hc_str){0};
	const char *p = sqlite3_column_blob(stmt, column); /* of a text too: its bytes as they are */
	size_t n = (size_t)sqlite3_column_bytes(stmt, column);
	return (struct hc_str){p ? p : "", p ? n : 0};
}

struct hc_str hc_rows_copy(struct hc_rows *r, int column, struct hc_arena *arena, bool *failed)
{
	struct hc_str text = hc_rows_text(r, column);
	if (!text.p)
		return text;
	char *copy = hc_arena_cstring(arena, text);
	if (!copy)
		*failed = true;
	return (struct hc_str){copy, copy ? text.n : 0};
}

enum hc_code hc_db_int(struct hc_db *db, int64_t *out, bool *found, struct hc_err *err, const char *sql,
		       const char *types, ...)
{
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	va_list ap;
	va_start(ap, types);
	enum hc_code code = query_args(db, &rows, err, sql, types, ap);
	va_end(ap);
	if (code != HC_OK)
		return code;
	bool row;
	HC_TRY(hc_rows_next(&rows, &row, err));
	if (row)
		*out = hc_rows_int(&rows, 0);
	*found = row;
	return HC_OK;
}
