/*
 * Skeletons: records of one writer share everything but a few values, so most of a line can be
 * compared instead of parsed.
 *
 * A skeleton is learned from a record that the full scanner (dataset/record.h) has read: literal text,
 * and holes where string values stand that differ from record to record (data, ids, time, and any
 * other string value that was seen to differ, but for encodings). A line fits when the literals are
 * there, each hole is the inside of a valid JSON string, and the line ends where the skeleton does.
 * What fits is exactly what the full scanner accepts as a record of that kind, with the same fields;
 * what does not fit says nothing: the caller asks the full scanner, which finds every malformed
 * record, and lets it be learned. The full scanner is the oracle of the property test and the fuzzer.
 *
 * Numbers, null, true, false and white space are literal. Lines with escaped or repeated keys, or
 * with carriage returns inside, are not learned, nor are very wide or deep ones: the full scanner is
 * good enough for them.
 *
 * A set holds a few skeletons, the last that fitted first: writers may alternate. One thread a set.
 * Nothing is allocated a record. Cost: one pass over the bytes with vector instructions
 * (codec/scan_block.h), about 0.1 cycles a byte plus some 20 cycles a hole.
 */
#ifndef HC_DATASET_SKELETON_H
#define HC_DATASET_SKELETON_H

#include "dataset/record.h"

enum {
	HC_SKELETONS_MAX = 8,           /* in a set; the one used longest ago makes room */
	HC_SKELETON_HOLES_MAX = 24,     /* of one; a record with more is not learned */
	HC_SKELETON_STRINGS_MAX = 64,   /* string values of one, likewise */
	HC_SKELETON_DEPTH_MAX = 8,      /* of nesting, likewise */
	HC_SKELETON_TEXT_MAX = 1 << 14, /* bytes of literals, likewise */
};

struct hc_skeletons;

/* Works with the vector instructions of hc_simd_kind() at this moment. HC_NOMEM. */
enum hc_code hc_skeletons_open(enum hc_record_kind kind, struct hc_skeletons **out, struct hc_err *err) HC_MUST_USE;
void hc_skeletons_free(struct hc_skeletons *s);
/* As if just opened. Cheap. */
void hc_skeletons_forget(struct hc_skeletons *s);

/*
 * Tries the line that begins at p (which is before `end`, where the readable bytes end: of the file, or
 * of a block that holds whole lines).
 * True: *next is behind the line's LF (or `end`), and r has output, truth, batch, inference_id,
 * event_id, key, has_time and time_us as hc_record_parse would set them for the line without its LF
 * or CRLF (part of output and truth is NULL, r->parts, metadata and truth_part are not filled).
 * Slices point into the line or r's scratch. False: nothing is said, r is undefined.
 * Lines longer than max_line never fit. After many misses in a row only some lines are tried.
 */
bool hc_skeletons_match(struct hc_skeletons *s, const char *p, const char *end, size_t max_line, struct hc_record *r,
			const char **next);

/*
 * Learns from a line that hc_record_parse has read into r, as the kind of this set; r's slices still point
 * into it. Cheap to call for every line that did not fit: a writer whose records are all different
 * is noticed, and learning then becomes rare.
 */
void hc_skeletons_learn(struct hc_skeletons *s, struct hc_str line, const struct hc_record *r);

/*
 * For the line that fitted last, which must still be there: the merged record, as
 * hc_record_write_merged would write it, appended to out (without newline). Not for labels.
 */
void hc_skeletons_write_merged(const struct hc_skeletons *s, struct hc_str truth_json, struct hc_buf *out);
/* For the label (or merged record) that fitted last: as hc_record_write_truth. */
void hc_skeletons_write_truth(const struct hc_skeletons *s, struct hc_buf *out);

#endif
