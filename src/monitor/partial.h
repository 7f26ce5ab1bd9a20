/*
 * Partial results: what was counted of a part of the data, as a file that `combine` puts together with others.
 *
 * Version 1, also in docs/partial-format.md. Numbers are little-endian; a text is its length (u32), then its bytes; a
 * varint is 7 bits a byte, the lowest first, all bytes but the last with bit 7 set, in as few bytes as it takes. Equal
 * counts of equal inputs give equal bytes, whatever threads, memory or order they were counted with: what can be
 * ordered is, and nothing can be written in two ways.
 *
 *   head      "HCPART" u16 version
 *             u8 problem (0 binary, 1 multiclass, 2 regression)
 *             u8 given, a bit each: 1 inference attribute, 2 probability attribute, 4 ground truth attribute, 8 threshold,
 *                16 positive label, 32 preprocessor
 *             u64 seed, f64 threshold (0.0: none)
 *             five texts, empty where not given: the three attributes, positive label, preprocessor (its SHA-256 in hex)
 *             u64 bad records that were tolerated, u64 records that the preprocessor dropped, u64 rows counted
 *   files     u32 n, then each in byte order of the paths, no path twice: u8 source (an index of hc_partial_sources), text
 *             path, text key (below the input folder), text above (the date folders), i64 hour in microseconds since
 *             1970, u64 size
 *   classes   u32 n (regression: 0), then each in byte order of the spellings: text spelling, u64 rows with it as label, u64
 *             rows with it as prediction, u32 file and u64 line where it is first a label, u32 file and u64 line where it is
 *             first a prediction (0xffffffff and 0: never). Class and file numbers count from 0, lines from 1. The
 *             labels add up to the rows; so do the predictions, or to 0 where the class follows from the score
 *   binary    blocks: u32 bytes that follow the two numbers, u32 groups in it; the last one, 0 and 0, is the end. Each
 *             but the last before that has HC_PARTIAL_BLOCK_GROUPS groups. A group is three varints: by how much the bits
 *             of its score (a double, 0.0 to 1.0) are more than those of the group before (of the first group of a block:
 *             than 0), its kind (metric/binary.h), how many records it has. Ordered by score and kind, none twice.
 *             Without a probability attribute all scores are 0
 *   multiclass u32 n, then each pair of classes that has records, ordered: u16 actual, u16 predicted, u64 rows of all, u64
 *             rows of each sample (5)
 *   regression u32 n, then each sample pattern that has rows, ascending: u8 pattern, u64 rows, and four sums: of absolute
 *             errors, squared errors, labels, squared labels. A sum: u64 terms that are NaN, +infinity, -infinity; u8 1 if
 *             negative; u8 first, u8 n, n times u32: the magnitude's digits as struct hc_exact_number has them, below
 *             HC_PARTIAL_DIGITS; sums of doubles have none below HC_EXACT_DIGITS_OF_SQUARES
 *   end       SHA-256 of all bytes before it (32 bytes)
 *
 * What is read may come from anywhere: every number is checked before it is used, and an error (HC_INPUT) says at which
 * byte it is. What is accepted is canonical: written again it is the same bytes. The work of reading follows the number
 * of records that the file counts, not its size.
 */
#ifndef HC_MONITOR_PARTIAL_H
#define HC_MONITOR_PARTIAL_H

#include "codec/digest.h"
#include "dataset/layout.h"
#include "monitor/place.h"
#include "monitor/tally.h"

enum {
	HC_PARTIAL_VERSION = 1,
	HC_PARTIAL_CHECKSUM_BYTES = 32,
	HC_PARTIAL_BLOCK_GROUPS = 4096,
	HC_PARTIAL_FILES_MAX = HC_CHUNKS_MAX,
	HC_PARTIAL_TEXT_MAX = 4095, /* bytes of a path or positive label */
	HC_PARTIAL_DIGITS = 134,    /* of a sum: what 2^64 squares of doubles need */
	HC_PARTIAL_CLASSES_MAX = HC_CLASSES_MAX,
};
#define HC_PARTIAL_ROWS_MAX (UINT64_C(1) << 44)
#define HC_PARTIAL_NAME "partial.hcp"

/* "merged", ...: sources of input files by their numbers. NULL-terminated. */
extern const char *const hc_partial_sources[];

struct hc_partial_class {
	struct hc_str text;
	uint64_t labels, predictions;
	struct hc_class_place first_label, first_prediction; /* file UINT64_MAX: none */
};

/* All but the counts that can be many. */
struct hc_partial {
	struct hc_measure_options options; /* of attributes only `given` and `text`; curve_points is not kept */
	const char *preprocessor;          /* SHA-256 of the script in hex; NULL: there was none */
	uint64_t tolerated, dropped, rows;
	const struct hc_input_file *files;
	size_t n_files;
	/* What follows is set by hc_partial_open and means nothing to hc_partial_write. */
	const struct hc_partial_class *classes;
	size_t n_classes;
	size_t body, size; /* where the rest begins; bytes of the file */
	unsigned char checksum[HC_PARTIAL_CHECKSUM_BYTES];
};

/* Gets the bytes of a file one after the other; remembers its failures itself. */
typedef void hc_partial_put(void *arg, const void *p, size_t n);

/*
 * Writes what the tally has counted, and uses it up. Files of `partial` are in byte order of their paths, which is
 * that of the places that `places` resolves. HC_LIMIT past one of the limits, HC_INPUT when a path is there twice,
 * HC_IO and HC_NOMEM.
 */
enum hc_code hc_partial_write(const struct hc_partial *partial, struct hc_tally *tally,
			      const struct hc_place_resolver *places, hc_partial_put *put, void *arg,
			      struct hc_err *err) HC_MUST_USE;

/*
 * Reads the head of a file; what it points to is in the arena. The checksum is not looked at, but where something
 * is wrong.
 */
enum hc_code hc_partial_open(struct hc_str bytes, struct hc_arena *arena, struct hc_partial *out,
			     struct hc_err *err) HC_MUST_USE;

/*
 * Adds all that the file counts to the tally, whose options are those of the file, as `worker`; places become
 * hc_place(file_of[file], line - 1). `bytes` are those that hc_partial_open read the head of (HC_INPUT if they
 * changed). After a failure the tally is good for nothing but to be freed.
 */
enum hc_code hc_partial_feed(struct hc_str bytes, const struct hc_partial *partial, const size_t *file_of,
			     struct hc_tally *tally, unsigned worker, struct hc_err *err) HC_MUST_USE;

#endif
