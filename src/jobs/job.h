/*
 * A processing job as its document says it, ready to be run: what comes in, what goes out, which program.
 */
#ifndef HC_JOBS_JOB_H
#define HC_JOBS_JOB_H

#include "catalog/resource.h"
#include "contract/tree.h"
#include "service/image.h"
#include "service/service.h"

/* Trailing slashes of the address are cut. */
struct hc_job_end {
	struct hc_str name, uri, bucket, key; /* uri as given */
	struct hc_str local; /* path in the container: begins with '/', no "." or ".." in it, 32 names at most */
};

/* Strings live in the trees and in the arena that the job was read with. */
struct hc_job {
	struct hc_resource resource;
	json_t *doc, *detail; /* owned: hc_job_close */
	enum hc_image image;
	struct hc_str command; /* of a mapped image */
	struct hc_job_end *inputs, *outputs;
	size_t n_inputs, n_outputs;
	unsigned max_runtime_s;
};

/* HC_USAGE when the document cannot be run: what the API let in by mistake, or an image that is no longer mapped. */
enum hc_code hc_job_read(const struct hc_server *server, const struct hc_resource *resource, struct hc_arena *arena,
			 struct hc_job *out, struct hc_err *err) HC_MUST_USE;
void hc_job_close(struct hc_job *job);

/* "merge", "monitoring", or "" for a job that belongs to no execution. */
const char *hc_job_role(const struct hc_job *job);

#endif
