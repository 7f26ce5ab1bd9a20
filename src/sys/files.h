/*
 * The one door to files and folders.
 *
 * Reading fails with HC_INPUT when the input is at fault (missing, not readable, a folder) and
 * HC_IO when the machine is; writing fails with HC_IO. Every message names the path.
 */
#ifndef HC_SYS_FILES_H
#define HC_SYS_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/source.h"

enum { HC_PATH_LEN_MAX = 4096 };

enum hc_file_kind { HC_FILE_MISSING, HC_FILE_REGULAR, HC_FILE_FOLDER, HC_FILE_OTHER };

struct hc_file_info {
	enum hc_file_kind kind;
	uint64_t size;
	uint64_t id; /* two files of one file system have different ones */
};

/* What stands at path (links are followed). Missing is not an error; no permission is. */
enum hc_code hc_file_look(const char *path, struct hc_file_info *out, struct hc_err *err) HC_MUST_USE;

/* The same for a name in a folder that was opened, which spares the way there; `path` is both, for messages. */
enum hc_code hc_folder_open(const char *path, int *out_fd, struct hc_err *err) HC_MUST_USE;
void hc_folder_close(int fd);
enum hc_code hc_file_look_in(int folder_fd, const char *name, const char *path, struct hc_file_info *out,
			     struct hc_err *err) HC_MUST_USE;

/*
 * Looks at n names, by `workers` threads where there are many. HC_FILE_MISSING: nothing is there, or looking failed;
 * who wants to know looks once more. `folder_fd` negative: the names are paths.
 */
void hc_file_look_all(int folder_fd, const char *const *names, size_t n, unsigned workers, struct hc_file_info *infos);

/* A file as a source; fifos and devices too. */
enum hc_code hc_file_open(const char *path, struct hc_source **out, struct hc_err *err) HC_MUST_USE;
/*
 * The n bytes of a file from a byte on, and what follows. `passing`: they are part of more than the memory holds; the
 * system is told to fetch them at once, and to forget them when the source is closed. By itself it would find what to
 * forget only by searching, which takes longer than the reading.
 */
enum hc_code hc_file_open_at(const char *path, uint64_t from, uint64_t n, bool passing, struct hc_source **out,
			     struct hc_err *err) HC_MUST_USE;
/* Standard input as a source. */
enum hc_code hc_file_open_stdin(struct hc_source **out, struct hc_err *err) HC_MUST_USE;

/* A whole file into buf (appended), up to the buffer's maximum. */
enum hc_code hc_file_slurp(const char *path, struct hc_buf *buf, struct hc_err *err) HC_MUST_USE;
/* The same for a file that is probably `size` bytes long: three calls of the system if it is. */
enum hc_code hc_file_slurp_sized(const char *path, uint64_t size, struct hc_buf *buf, struct hc_err *err) HC_MUST_USE;

/* Names in a folder, in byte order, without "." and "..". */
struct hc_names {
	const char **list; /* in the arena */
	size_t n;
};
enum { HC_FOLDER_NAMES_MAX = 10 * 1000 * 1000 };
enum hc_code hc_file_names(const char *folder, struct hc_arena *arena, struct hc_names *out,
			   struct hc_err *err) HC_MUST_USE;

/* dir + "/" + name in the arena; NULL without memory. An empty dir gives name alone. */
char *hc_path_join(struct hc_arena *arena, const char *dir, const char *name) HC_MUST_USE;

/*
 * Writing. A writer buffers; the first failure sticks and is reported by close. Close syncs the
 * file to disk; abandon only closes it.
 */
struct hc_writer {
	int fd;
	char *buf;
	size_t n;
	uint64_t size; /* bytes put so far */
	int failed;    /* errno of the first failure */
	bool unsynced; /* set by who can make the content again: close leaves it to the kernel when it reaches the disk */
	char path[HC_PATH_LEN_MAX];
};

/* Creates (or truncates) path, with the folders above it. */
enum hc_code hc_writer_open(const char *path, struct hc_writer *out, struct hc_err *err) HC_MUST_USE;
void hc_writer_put(struct hc_writer *w, const void *p, size_t n);
enum hc_code hc_writer_close(struct hc_writer *w, struct hc_err *err) HC_MUST_USE;
void hc_writer_abandon(struct hc_writer *w);

enum hc_code hc_file_mkdirs(const char *path, struct hc_err *err) HC_MUST_USE;
/* Moves a file within a file system, creating the folders above `to`; replaces atomically. */
enum hc_code hc_file_move(const char *from, const char *to, struct hc_err *err) HC_MUST_USE;
/* Gives a file a second name in the same file system, creating the folders above it. */
enum hc_code hc_file_link(const char *from, const char *to, struct hc_err *err) HC_MUST_USE;
/* Removes a file; a missing one is fine. */
enum hc_code hc_file_remove(const char *path, struct hc_err *err) HC_MUST_USE;
/* Removes path and then the folders above it, up to but not including `top`, while they are empty. */
enum hc_code hc_file_remove_and_prune(const char *path, const char *top, struct hc_err *err) HC_MUST_USE;
/* Removes a folder with all below it; does not follow links. A missing one is fine. */
enum hc_code hc_file_remove_tree(const char *path, struct hc_err *err) HC_MUST_USE;
/* Syncs n files together: the disk works on all of them before the first one is waited for. One that is gone is
 * passed over. At most HC_FILES_SYNCED. */
enum { HC_FILES_SYNCED = 64 };
enum hc_code hc_file_sync(const char *const *paths, size_t n, struct hc_err *err) HC_MUST_USE;
/* Syncs a folder, so that renames in it survive a crash. */
enum hc_code hc_file_sync_folder(const char *path, struct hc_err *err) HC_MUST_USE;

/*
 * An advisory lock on a folder, held until released or the process ends.
 * *got = false when another holds it.
 */
enum hc_code hc_file_lock_folder(const char *path, int *out_fd, bool *got, struct hc_err *err) HC_MUST_USE;
void hc_file_unlock(int fd);

#endif
