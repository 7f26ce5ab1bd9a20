#include "catalog/catalog.h"

#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/files.h"

/* The migrations, in order. A file that has seen the first N of them has user_version N. */
extern const char hc_schema_001[], hc_schema_002[], hc_schema_003[];
static const char *const migrations[] = {
	hc_schema_001,
	hc_schema_002,
	hc_schema_003,
};
enum { MIGRATIONS = sizeof migrations / sizeof *migrations };

/*
 * Pages in the log from which on a checkpoint is taken: when nobody waits, or in any case. It runs between two batches, when all of
 * the first have been told, so it delays nobody's answer but the next batch's.
 */
enum { CHECKPOINT_IDLE_PAGES = 1000, CHECKPOINT_PAGES = 8000 };

/* One call of hc_catalog_write, on its caller's stack. */
struct job {
	struct job *next;
	hc_catalog_work *work;
	void *arg;
	struct hc_err *err;
	enum hc_code code;
	bool done;
	pthread_cond_t told;
};

struct hc_catalog {
	pthread_mutex_t lock;
	/* Writing. The connection is the writer thread's. */
	struct hc_db *writer;
	pthread_t thread;
	pthread_cond_t work_came;
	struct job *first, **last; /* waiting */
	bool closing;
	/* Reading: connections that nobody uses, and how many there are. */
	pthread_cond_t reader_free;
	struct hc_db *idle[HC_CATALOG_READERS_MAX];
	size_t n_idle, n_readers;
	char path[];
};

/* -- schema */

static enum hc_code migrate(struct hc_db *db, const char *path, struct hc_err *err)
{
	int64_t version = 0;
	bool found;
	HC_TRY(hc_db_int(db, &version, &found, err, "PRAGMA user_version", ""));
	if (version < 0 || version > MIGRATIONS) {
		hc_err_set(err, HC_IO, "%s: its schema is version %lld, this program knows %d", path,
			   (long long)version, (int)MIGRATIONS);
		return hc_hint(
			err, "it was written by a newer hindcast: start that one, or put back the backup from before");
	}
	for (; version < MIGRATIONS; version++) {
		char done[64];
		snprintf(done, sizeof done, "PRAGMA user_version = %d", (int)version + 1);
		HC_TRY(hc_db_exec(db, "BEGIN IMMEDIATE", err));
		enum hc_code code = hc_db_exec(db, migrations[version], err);
		if (code == HC_OK)
			code = hc_db_exec(db, done, err);
		if (code == HC_OK)
			code = hc_db_exec(db, "COMMIT", err);
		if (code != HC_OK)
			return hc_err_at(err, "schema %d", (int)version + 1); /* closing rolls back */
	}
	return HC_OK;
}

static enum hc_code open_migrated(const char *path, struct hc_db **out, struct hc_err *err)
{
	struct hc_db *db;
	HC_TRY(hc_db_open(path, HC_DB_WRITER, &db, err));
	enum hc_code code = migrate(db, path, err);
	if (code == HC_OK)
		code = hc_db_checkpoint(db, true, err);
	if (code != HC_OK) {
		hc_db_close(db);
		return code;
	}
	*out = db;
	return HC_OK;
}

enum { PATH_SIZE = HC_PATH_LEN_MAX + 16 };

static enum hc_code remove_with(const char *path, const char *suffix, struct hc_err *err)
{
	char name[PATH_SIZE];
	snprintf(name, sizeof name, "%s%s", path, suffix);
	return hc_file_remove(name, err);
}

/* Makes a catalog under another name; what of one is there was cut off by a crash. */
static enum hc_code make(const char *path, struct hc_err *err)
{
	char new[PATH_SIZE];
	snprintf(new, sizeof new, "%s.new", path);
	HC_TRY(remove_with(new, "-wal", err));
	HC_TRY(remove_with(new, "-shm", err));
	HC_TRY(hc_file_remove(new, err));
	struct hc_db *db;
	HC_TRY(open_migrated(new, &db, err));
	hc_db_close(db); /* removes its log */
	HC_TRY(hc_file_move(new, path, err));
	char folder[PATH_SIZE];
	strcpy(folder, path);
	return hc_file_sync_folder(dirname(folder), err);
}

/* HC_IO for what SQLite would quietly take for a new database: an empty file, or none with a log left behind. */
static enum hc_code check_file(const char *path, bool *there, struct hc_err *err)
{
	char wal[PATH_SIZE];
	snprintf(wal, sizeof wal, "%s-wal", path);
	struct hc_file_info file, log;
	HC_TRY(hc_file_look(path, &file, err));
	HC_TRY(hc_file_look(wal, &log, err));
	if (file.kind == HC_FILE_FOLDER)
		return hc_fail(err, HC_IO, "%s: is a folder, not a database", path);
	if (file.kind == HC_FILE_REGULAR && file.size == 0) {
		hc_err_set(err, HC_IO, "%s: the database is damaged (it is empty)", path);
		return hc_hint(err, "put a backup in its place, or remove it and start with an empty one");
	}
	if (file.kind == HC_FILE_MISSING && log.kind != HC_FILE_MISSING && log.size > 0) {
		hc_err_set(err, HC_IO, "%s: the database is gone, but its log %s is there", path, wal);
		return hc_hint(err, "put the database back, or remove the log and start with an empty one");
	}
	*there = file.kind != HC_FILE_MISSING;
	return HC_OK;
}

/* -- writing */

/* Undoes what one job did. False when the batch is lost with it: SQLite rolls all of it back on some errors. */
static bool undo(struct hc_db *db, struct hc_err *err)
{
	return hc_db_in_transaction(db) && hc_db_exec(db, "ROLLBACK TO one; RELEASE one", err) == HC_OK;
}

/* What those get whose changes were lost through another's. */
static void say_lost(const struct hc_err *cause, struct hc_err *why)
{
	if (hc_db_is_full(cause))
		*why = *cause;
	else
		(void)hc_fail(why, HC_IO, "the transaction was lost: %s", cause->msg);
}

/* Runs one job in its savepoint. False: the whole transaction is lost, and *why says why. */
static bool run_one(struct hc_db *db, struct job *j, struct hc_err *why)
{
	j->code = hc_db_exec(db, "SAVEPOINT one", j->err);
	if (j->code == HC_OK) {
		j->code = j->work(db, j->arg, j->err);
		assert(hc_db_is_idle(db));
		if (j->code == HC_OK)
			j->code = hc_db_exec(db, "RELEASE one", j->err);
		if (j->code == HC_OK || undo(db, why))
			return true;
	}
	say_lost(j->err, why);
	return false;
}

/* The next waiting job, or NULL. */
static struct job *take_job(struct hc_catalog *c)
{
	pthread_mutex_lock(&c->lock);
	struct job *j = c->first;
	if (j) {
		c->first = j->next;
		if (!c->first)
			c->last = &c->first;
		j->next = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return j;
}

/* Runs what waits, and what comes while it runs. False: nothing of it stands, and *why says why. */
static bool run_batch(struct hc_catalog *c, struct job **batch, struct hc_err *why)
{
	struct job **end = batch;
	struct hc_db *db = c->writer;
	bool stands = hc_db_exec(db, "BEGIN IMMEDIATE", why) == HC_OK;
	struct job *j = NULL;
	for (int n = 0; n < HC_CATALOG_BATCH_MAX && (n == 0 || stands) && (j = take_job(c)); n++) {
		*end = j;
		end = &j->next;
		j->code = HC_OK;
		if (stands)
			stands = run_one(db, j, why);
	}
	return stands && hc_db_exec(db, "COMMIT", why) == HC_OK;
}

/* Who did well in a batch that is lost fails with it. */
static void tell(struct hc_catalog *c, struct job *batch, bool stands, const struct hc_err *why)
{
	pthread_mutex_lock(&c->lock);
	while (batch) {
		struct job *next = batch->next;
		if (!stands && batch->code == HC_OK) {
			*batch->err = *why;
			batch->code = why->code;
		}
		batch->done = true;
		pthread_cond_signal(&batch->told); /* under the lock: the job is gone once its caller sees `done` */
		batch = next;
	}
	pthread_mutex_unlock(&c->lock);
}

static void checkpoint_when_due(struct hc_catalog *c, struct hc_err *ignored)
{
	int pages = hc_db_wal_pages(c->writer);
	pthread_mutex_lock(&c->lock);
	bool busy = c->first != NULL;
	pthread_mutex_unlock(&c->lock);
	if (pages >= (busy ? CHECKPOINT_PAGES : CHECKPOINT_IDLE_PAGES))
		(void)!hc_db_checkpoint(c->writer, false, ignored); /* what it could not do the next one does */
}

static void *write_all(void *arg)
{
	struct hc_catalog *c = arg;
	struct hc_err why;
	for (;;) {
		pthread_mutex_lock(&c->lock);
		while (!c->first && !c->closing)
			pthread_cond_wait(&c->work_came, &c->lock);
		bool end = !c->first;
		pthread_mutex_unlock(&c->lock);
		if (end)
			return NULL;
		struct job *batch = NULL;
		bool stands = run_batch(c, &batch, &why);
		if (!stands && hc_db_in_transaction(c->writer)) {
			struct hc_err ignored;
			(void)!hc_db_exec(c->writer, "ROLLBACK", &ignored);
		}
		tell(c, batch, stands, &why);
		checkpoint_when_due(c, &why);
	}
}

enum hc_code hc_catalog_write(struct hc_catalog *c, hc_catalog_work *work, void *arg, struct hc_err *err)
{
	assert(!pthread_equal(pthread_self(), c->thread)); /* it would wait for itself */
	struct job j = {.work = work, .arg = arg, .err = err, .told = PTHREAD_COND_INITIALIZER};
	pthread_mutex_lock(&c->lock);
	*c->last = &j;
	c->last = &j.next;
	pthread_cond_signal(&c->work_came);
	while (!j.done)
		pthread_cond_wait(&j.told, &c->lock);
	pthread_mutex_unlock(&c->lock);
	pthread_cond_destroy(&j.told);
	return j.code;
}

/* -- reading */

static void give_back(struct hc_catalog *c, struct hc_db *db)
{
	pthread_mutex_lock(&c->lock);
	if (db)
		c->idle[c->n_idle++] = db;
	else
		c->n_readers--;
	pthread_cond_signal(&c->reader_free);
	pthread_mutex_unlock(&c->lock);
}

static enum hc_code take_reader(struct hc_catalog *c, struct hc_db **out, struct hc_err *err)
{
	pthread_mutex_lock(&c->lock);
	while (c->n_idle == 0 && c->n_readers == HC_CATALOG_READERS_MAX)
		pthread_cond_wait(&c->reader_free, &c->lock);
	struct hc_db *db = NULL;
	if (c->n_idle > 0)
		db = c->idle[--c->n_idle];
	else
		c->n_readers++;
	pthread_mutex_unlock(&c->lock);
	if (!db) {
		enum hc_code code = hc_db_open(c->path, HC_DB_READER, &db, err);
		if (code != HC_OK) {
			give_back(c, NULL);
			return code;
		}
	}
	*out = db;
	return HC_OK;
}

enum hc_code hc_catalog_read(struct hc_catalog *c, hc_catalog_work *work, void *arg, struct hc_err *err)
{
	struct hc_db *db;
	HC_TRY(take_reader(c, &db, err));
	enum hc_code code = hc_db_exec(db, "BEGIN DEFERRED", err);
	if (code == HC_OK) {
		code = work(db, arg, err);
		assert(hc_db_is_idle(db));
	}
	struct hc_err end_err;
	if (hc_db_in_transaction(db) && hc_db_exec(db, "COMMIT", &end_err) != HC_OK) {
		/* A connection that cannot end a snapshot is of no more use. */
		hc_db_close(db);
		db = NULL;
	}
	give_back(c, db);
	return code;
}

/* -- life */

static void free_catalog(struct hc_catalog *c)
{
	for (size_t i = 0; i < c->n_idle; i++)
		hc_db_close(c->idle[i]);
	hc_db_close(c->writer);
	pthread_cond_destroy(&c->work_came);
	pthread_cond_destroy(&c->reader_free);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

enum hc_code hc_catalog_open(const char *path, struct hc_catalog **out, struct hc_err *err)
{
	bool there;
	if (strlen(path) >= HC_PATH_LEN_MAX)
		return hc_fail(err, HC_LIMIT, "%s: the path is too long", path);
	HC_TRY(check_file(path, &there, err));
	if (!there)
		HC_TRY(make(path, err));
	struct hc_catalog *c = calloc(1, sizeof *c + strlen(path) + 1);
	if (!c)
		return hc_fail_nomem(err, "the catalog");
	strcpy(c->path, path);
	c->last = &c->first;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work_came, NULL);
	pthread_cond_init(&c->reader_free, NULL);
	enum hc_code code = open_migrated(path, &c->writer, err);
	if (code == HC_OK && pthread_create(&c->thread, NULL, write_all, c) != 0)
		code = hc_fail(err, HC_IO, "%s: cannot start the thread that writes", path);
	if (code != HC_OK) {
		free_catalog(c);
		return code;
	}
	*out = c;
	return HC_OK;
}

void hc_catalog_close(struct hc_catalog *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_signal(&c->work_came);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	struct hc_err ignored; /* what the checkpoint could not do the next start does */
	(void)!hc_db_checkpoint(c->writer, true, &ignored);
	free_catalog(c);
}
