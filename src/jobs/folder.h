/*
 * A job's folder: the container's file system as far as a job sees it. /opt/ml/processing/... of the container is FOLDER/opt/ml/processing/...;
 * inputs are put there as second names of objects' content (nothing is copied, but for programs of mapped images, which might write to them), outputs are taken from there into the object store.
 *
 * Names of files come from keys, which are hostile: a key that cannot be a path below its input fails the job.
 */
#ifndef HC_JOBS_FOLDER_H
#define HC_JOBS_FOLDER_H

#include "catalog/object.h"
#include "jobs/job.h"

/* The objects that batch manifests name, by bucket and key, below the folder. */
#define HC_JOB_OBJECTS "objects"

/* Folders that a key may make below its input: with those of the input's own path fewer than what can be listed and removed again. */
enum { HC_JOB_KEY_PARTS_MAX = 24 };

/*
 * Puts all inputs into the folder. HC_EMPTY in AWS's words when nothing stands below an address; HC_INPUT for a key that cannot be a path. For merge jobs the
 * outputs that batch manifests name are put below HC_JOB_OBJECTS too.
 */
enum hc_code hc_folder_fill(const struct hc_server *server, const struct hc_job *job, const char *folder,
			    struct hc_err *err) HC_MUST_USE;

/* One output file: where it lies, where it goes. */
struct hc_output {
	struct hc_str path;        /* of the file */
	struct hc_str bucket, key; /* of the object */
	char content[HC_CONTENT_ID_SIZE];
	uint64_t size;
	char md5[40];
};
struct hc_outputs {
	struct hc_output *list; /* in the arena */
	size_t n;
	json_t *merged; /* hour folders that a merge job wrote (texts); owned: hc_outputs_free */
};

/*
 * Takes all files of the outputs' folders into the content store, synced, not recorded yet. A merge job's join_report.json goes where the report will be, its manifest
 * nowhere. On failure nothing is left.
 */
enum hc_code hc_folder_collect(const struct hc_server *server, const struct hc_job *job, const char *folder,
			       struct hc_arena *arena, struct hc_outputs *out, struct hc_err *err) HC_MUST_USE;
/* `recorded`: the contents belong to objects now and stay. */
void hc_outputs_free(const struct hc_server *server, struct hc_outputs *o, bool recorded);

#endif
