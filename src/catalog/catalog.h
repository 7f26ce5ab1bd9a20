/*
 * The catalog: all that the server remembers, in one SQLite file, and the rule by which it is read and written.
 *
 * Readers see a snapshot and wait for nobody. Writers hand their work to one thread, which does what has come in the meantime in
 * one transaction and syncs once (group commit): no request waits for the disk sync of another that came before it, each for the
 * one that holds its own. Work that fails is rolled back alone (a savepoint), the rest stands. When hc_catalog_write returns HC_OK
 * its changes are on disk.
 *
 * The schema is src/catalog/schema/NNN.sql, numbered migrations, embedded; PRAGMA user_version says how far a file is. A file of a
 * newer program is refused. A new catalog is made under another name and renamed, so that an empty file is known as damage.
 *
 * Typed access stands in the sister headers: resource.h, object.h, telemetry.h, ...; each function there takes the `struct hc_db` that
 * a work function was handed.
 */
#ifndef HC_CATALOG_CATALOG_H
#define HC_CATALOG_CATALOG_H

#include "db/db.h"

struct hc_catalog;

enum { HC_CATALOG_READERS_MAX = 64, HC_CATALOG_BATCH_MAX = 256 };

/*
 * Opens (makes, migrates) the catalog and starts its writer. HC_IO, with what to do: no database, cut off, of a newer program, gone
 * while its -wal file is there. One process at a time: its caller holds the lock on the folder.
 */
enum hc_code hc_catalog_open(const char *path, struct hc_catalog **out, struct hc_err *err) HC_MUST_USE;
/* Waits for work under way. No call may be running or come after. NULL is fine. */
void hc_catalog_close(struct hc_catalog *c);

/*
 * Work on the catalog. What is not HC_OK undoes its changes. It must not call hc_catalog_write itself, not wait for others, not begin
 * or end transactions, and end every query that it opened.
 */
typedef enum hc_code hc_catalog_work(struct hc_db *db, void *arg, struct hc_err *err);

/*
 * Runs work in the writer's transaction; returns when that is on disk, or with the work's own error. Any thread. Work runs once at
 * most. When the disk refuses (is full) it can be that work that did well fails with another's in the same batch: HC_LIMIT, HC_IO.
 */
enum hc_code hc_catalog_write(struct hc_catalog *c, hc_catalog_work *work, void *arg, struct hc_err *err) HC_MUST_USE;
/* Runs work in this thread over one snapshot; what it writes is an error. Waits while HC_CATALOG_READERS_MAX others read. */
enum hc_code hc_catalog_read(struct hc_catalog *c, hc_catalog_work *work, void *arg, struct hc_err *err) HC_MUST_USE;

#endif
