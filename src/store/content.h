/*
 * Content: the bytes of objects on disk, each a file that is written once and never changed.
 *
 * FOLDER/XX/ID, ID 32 hex digits at random (XX its first two), so no name from outside reaches the disk; FOLDER/incoming/ID while it
 * is written. A file is complete and synced, with the folder it stands in, before its ID is to be recorded; who records an ID keeps
 * it, others are swept away (hc_content_sweep).
 * Being immutable a file can be handed out as a second name (a hard link) without copying.
 *
 * Threads: any.
 */
#ifndef HC_STORE_CONTENT_H
#define HC_STORE_CONTENT_H

#include <stdint.h>

#include "sys/files.h"

enum { HC_CONTENT_ID_SIZE = 33 };

struct hc_contents; /* the folder */

enum hc_code hc_contents_open(const char *folder, struct hc_contents **out, struct hc_err *err) HC_MUST_USE;
void hc_contents_close(struct hc_contents *c);
/* False when the disk has no room for so many bytes: a guess, to refuse early; true where nobody knows. */
bool hc_contents_have_room(const struct hc_contents *c, uint64_t bytes);

/* Writing one. HC_LIMIT when the disk is full or the process may not write more (ENOSPC, EDQUOT, EFBIG). */
struct hc_content_writer {
	struct hc_contents *contents;
	char id[HC_CONTENT_ID_SIZE];
	int fd;
	uint64_t size;
};
enum hc_code hc_content_create(struct hc_contents *c, struct hc_content_writer *out, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_content_write(struct hc_content_writer *w, const void *p, size_t n, struct hc_err *err) HC_MUST_USE;
/* Appends all bytes of another content (uploads of many parts; copies). */
enum hc_code hc_content_append(struct hc_content_writer *w, const char *id, struct hc_err *err) HC_MUST_USE;
/* Syncs it; from now on the ID may be recorded. On failure nothing is left. */
enum hc_code hc_content_finish(struct hc_content_writer *w, struct hc_err *err) HC_MUST_USE;
void hc_content_abandon(struct hc_content_writer *w);

/* A file from elsewhere becomes a content (copied, synced); *out is then finished. HC_INPUT when it cannot be opened. */
enum hc_code hc_content_import(struct hc_contents *c, const char *path, struct hc_content_writer *out,
			       struct hc_err *err) HC_MUST_USE;

/* An open descriptor for reading. HC_IO when it is gone. */
enum hc_code hc_content_open(struct hc_contents *c, const char *id, int *fd, struct hc_err *err) HC_MUST_USE;
/*
 * Gives it out as a file: by a second name (copied where a link cannot be), or with `copies` always as a copy, for readers who may write: root is not kept off by
 * a file's mode. Folders above `path` are made.
 */
enum hc_code hc_content_give(struct hc_contents *c, const char *id, const char *path, bool copies,
			     struct hc_err *err) HC_MUST_USE;
/* Removes it; that it is missing is fine. What has it open reads on. */
void hc_content_remove(struct hc_contents *c, const char *id);

/* Removes every file last changed before `before_us` that `is_used` does not know: what a crash left. Calls is_used once a file, from this thread. */
enum hc_code hc_content_sweep(struct hc_contents *c, int64_t before_us,
			      enum hc_code (*is_used)(void *arg, const char *id, bool *used, struct hc_err *err),
			      void *arg, uint64_t *removed, struct hc_err *err) HC_MUST_USE;

#endif
