/*
 * Objects by URI: the door through which inputs are listed and read.
 *
 * A URI is a path or `file://` with an absolute path. In a job of the server `s3://BUCKET/KEY` is a file too: the job's runner puts
 * the objects that a job reads below a folder, which is mounted (hc_store_mount).
 * Objects have keys below a prefix, as in S3: listing a prefix gives all objects below it, at any
 * depth, in byte order of their keys. On a disk a prefix is a folder and an object a file.
 * Listings hold regular files only (a fifo in a folder would keep its reader waiting).
 * A link that leads nowhere is HC_INPUT.
 * Names that begin with `.` or `_` are hidden (markers and temporary files of other programs).
 */
#ifndef HC_STORE_STORE_H
#define HC_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/source.h"

enum {
	HC_STORE_DEPTH_MAX = 32,                 /* folders below a listed prefix */
	HC_STORE_OBJECTS_MAX = 10 * 1000 * 1000, /* objects in one listing */
};

/* A URI or path to the path that the other functions take, in the arena. HC_USAGE for a scheme
 * that is not supported. */
enum hc_code hc_store_resolve(const char *uri, struct hc_arena *arena, const char **path,
			      struct hc_err *err) HC_MUST_USE;

/* From now on s3://BUCKET/KEY is the file FOLDER/BUCKET/KEY (nothing is copied; a static text). Before any other thread runs. */
void hc_store_mount(const char *folder);
/* True once mounted: then data from outside must not name any other file of this machine. */
bool hc_store_is_mounted(void);

struct hc_object {
	const char *key; /* below the prefix, in the arena */
	uint64_t size;
	uint64_t id; /* of a file that takes its place it is another */
};

struct hc_objects {
	struct hc_object *list; /* owned: hc_objects_free */
	size_t n, cap;
};
void hc_objects_free(struct hc_objects *o);

/* All objects below prefix. A prefix without any is an empty listing, also when it does not exist;
 * a prefix that is itself an object is a listing of one, with key "". Large folders are looked at by
 * `workers` threads. */
enum hc_code hc_store_list(const char *prefix, unsigned workers, struct hc_arena *arena, struct hc_objects *out,
			   struct hc_err *err) HC_MUST_USE;

/* Names one level below prefix that have something below them (S3: common prefixes of '/'). */
struct hc_prefixes {
	const char **list;
	size_t n;
};
enum hc_code hc_store_prefixes(const char *prefix, struct hc_arena *arena, struct hc_prefixes *out,
			       struct hc_err *err) HC_MUST_USE;

/* Opens one object; errors name it. */
enum hc_code hc_store_open(const char *path, struct hc_source **out, struct hc_err *err) HC_MUST_USE;

#endif
