/*
 * A stage: outputs are made out of sight and appear together.
 *
 * Files are written below DIR/.hindcast-staging and moved into DIR when all of them are complete,
 * manifest.json last. What an earlier run left (the outputs its manifest.json lists) goes away in the
 * same step; files that are not listed there are never touched. Invariants:
 *   1. DIR/manifest.json, where present, describes exactly the outputs that are there.
 *   2. While DIR holds no manifest.json a report in it may be half of one (the step lasts as long as
 *      a few renames); whatever kills it there, the next stage on DIR removes the remains.
 *   3. One stage at a time on one DIR: a lock, dropped by the kernel when the process ends.
 * An output that is not listed (a baseline has no manifest) simply replaces the file of its name.
 */
#ifndef HC_STORE_STAGE_H
#define HC_STORE_STAGE_H

#include "store/store.h"
#include "sys/files.h"

struct hc_stage;

/* Prepares DIR (created if need be). HC_IO when it cannot be written or another run holds it. */
enum hc_code hc_stage_open(const char *dir, struct hc_stage **out, struct hc_err *err) HC_MUST_USE;

/* Opens an output by its path below DIR, to be written and closed by the caller. */
enum hc_code hc_stage_file(struct hc_stage *s, const char *path, struct hc_writer *out, struct hc_err *err) HC_MUST_USE;
/* Writes a whole output. */
enum hc_code hc_stage_write(struct hc_stage *s, const char *path, struct hc_str content,
			    struct hc_err *err) HC_MUST_USE;

/* Takes a file that stands in DIR over into the new report as it is (by a second name: nothing is copied). */
enum hc_code hc_stage_adopt(struct hc_stage *s, const char *path, struct hc_err *err) HC_MUST_USE;

/* The folder in which outputs stand until they are published. */
const char *hc_stage_folder(const struct hc_stage *s);

/* Lists the outputs made so far, with sizes, in byte order of their paths. */
enum hc_code hc_stage_outputs(struct hc_stage *s, struct hc_arena *arena, struct hc_objects *out,
			      struct hc_err *err) HC_MUST_USE;

/* Publishes all outputs and ends the stage (frees s, also on failure). */
enum hc_code hc_stage_publish(struct hc_stage *s, struct hc_err *err) HC_MUST_USE;

/* Throws the outputs away and frees s; DIR is as before, but for folders that had to be made (an empty
 * DIR that this stage created is removed). NULL is fine. */
void hc_stage_abandon(struct hc_stage *s);

#endif
