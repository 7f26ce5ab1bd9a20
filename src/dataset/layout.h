/*
 * Where records lie: hour folders YYYY/MM/DD/HH, and the files in them.
 */
#ifndef HC_DATASET_LAYOUT_H
#define HC_DATASET_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Folders that may stand above the date: endpoint and variant. */
enum { HC_LAYOUT_ABOVE_MAX = 2 };

/* One file to be read. */
struct hc_input_file {
	const char *source; /* which input it belongs to: "capture", "labels", ... (static) */
	const char *path;   /* as messages and the manifest show it */
	const char *key;    /* the path below its input folder */
	const char *above;  /* path above the date: "endpoint/variant", "" */
	int64_t hour_us;    /* of its folder */
	uint64_t size;
	uint64_t id; /* struct hc_object's */
};

/* A growing list of files; strings live in the arena. */
struct hc_input_files {
	struct hc_arena *arena;
	struct hc_input_file *list;
	size_t n, cap;
	unsigned workers;   /* threads that look at the files of large folders */
	const char *never;  /* a folder that is not entered, as realpath gives it: our own output; NULL: none */
	size_t passed_over; /* files whose names say that they hold no records ... */
	const char *passed_over_example;
};
void hc_input_files_free(struct hc_input_files *f);
enum hc_code hc_input_files_add(struct hc_input_files *f, struct hc_input_file file, struct hc_err *err) HC_MUST_USE;

/* What stood in the folders, for messages when nothing is in the window. */
struct hc_layout_seen {
	bool any;
	int64_t first_us, last_us; /* hours of the folders there are, in or out of the range */
};

/*
 * Adds the files of all hour folders from first to last (included) below root, whose date folders
 * stand directly below it or up to `above_max` folders deeper. Order: path above the date, hour,
 * name. Files are those a name of which ends in one of `suffixes` (NULL-terminated; each also with .gz or .zst),
 * or that has no extension at all if "" is among them; others are counted as passed over; hidden ones (. or _ first) are not
 * seen. HC_INPUT when root does not exist. `seen` may be NULL.
 */
enum hc_code hc_layout_collect(const char *root, const char *source, size_t above_max, int64_t first_us,
			       int64_t last_us, const char *const *suffixes, struct hc_input_files *out,
			       struct hc_layout_seen *seen, struct hc_err *err) HC_MUST_USE;

/* True of a name that says Parquet: rows in columns, whatever the format of other files. */
bool hc_layout_is_parquet(const char *name);

/* True when a name ends as one of `suffixes` says. */
bool hc_layout_holds_records(const char *name, const char *const *suffixes);

#endif
