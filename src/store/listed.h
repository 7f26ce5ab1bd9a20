/*
 * What a manifest.json lists as its outputs, so that the next report can replace them. Pure: touches no disk.
 */
#ifndef HC_STORE_LISTED_H
#define HC_STORE_LISTED_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* The folder below an output folder in which outputs are made; never an output itself. */
#define HC_STAGING_FOLDER ".hindcast-staging"

/* A path that an output can have: relative, not out of its folder (`..`), not in the staging folder, no NUL. */
bool hc_listed_is_output(struct hc_str path);

/* Takes the path of one output; valid during the call. */
typedef enum hc_code hc_listed_take(void *arg, struct hc_str path, struct hc_err *err);

/*
 * Hands the outputs that a manifest lists to `take`, as far as the text can be read: a text that is no manifest of
 * ours lists nothing, a path that is not an output's is passed over. Fails only as `take` does.
 */
enum hc_code hc_listed_outputs(struct hc_str manifest, hc_listed_take *take, void *arg, struct hc_err *err) HC_MUST_USE;

#endif
