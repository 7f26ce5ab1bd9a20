/*
 * Small helpers over jansson's trees: members by a path, texts as slices.
 */
#ifndef HC_CONTRACT_TREE_H
#define HC_CONTRACT_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* The member at "A.B.C"; NULL when one of them is missing or null. Borrowed. Lists: the first element by "[0]": "Outputs.[0].S3Output". */
json_t *hc_tree_at(const json_t *tree, const char *path);
/* Its text; p == NULL when it is not there or no string. Borrowed. */
struct hc_str hc_tree_text(const json_t *tree, const char *path);
/* The same as a NUL-terminated string, `otherwise` when it is not there. */
const char *hc_tree_cstring(const json_t *tree, const char *path, const char *otherwise);
int64_t hc_tree_int(const json_t *tree, const char *path, int64_t otherwise);
bool hc_tree_bool(const json_t *tree, const char *path, bool otherwise);
/* A timestamp member (seconds since 1970, a number) as an instant; 0 when it is not there. Rounded to milliseconds, kept within the years that can be written. */
int64_t hc_tree_instant(const json_t *tree, const char *path);

/* Sets a member; without memory the tree is marked by returning false (callers put all sets together with &=). */
bool hc_tree_set_text(json_t *object, const char *key, struct hc_str text); /* p == NULL: sets nothing */
bool hc_tree_set_int(json_t *object, const char *key, int64_t value);
bool hc_tree_set_instant(json_t *object, const char *key, int64_t us); /* seconds, milliseconds behind the point */
bool hc_tree_set(json_t *object, const char *key, json_t *value);      /* takes the value over; NULL sets nothing */
/* All members of `from` into object, as they are (shared, not copied). */
bool hc_tree_merge(json_t *object, const json_t *from);

/* A document from the catalog; NULL only when it is none (which is a bug or a broken file) or without memory. */
json_t *hc_tree_parse(struct hc_str text);
/* Compact text, in the arena, NUL-terminated; p == NULL without memory. */
struct hc_str hc_tree_print(const json_t *tree, struct hc_arena *arena);

#endif
