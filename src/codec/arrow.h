/*
 * Columns in memory: the structures of the Arrow C data interface and C stream interface.
 *
 * Written after the public specification (https://arrow.apache.org/docs/format/CDataInterface.html
 * and CStreamInterface.html), which fixes names and layout: whoever fills them and whoever reads
 * them need no common library. codec/parquet.h fills them, codec/arrow_rows.h reads them.
 *
 * Ownership: a structure is filled by a producer and released by calling its `release`, once; a
 * released one has `release` NULL. Children and dictionaries are released with their parent. What
 * an array holds is valid until it is released. One thread at a time.
 */
#ifndef HC_CODEC_ARROW_H
#define HC_CODEC_ARROW_H

#include <stdint.h>

/* The specification's own guards, so that this may stand beside another program's copy. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
	const char *format;   /* the type, as the specification's table of format strings has it */
	const char *name;     /* of the field; may be NULL */
	const char *metadata; /* counted pairs of counted texts; may be NULL */
	int64_t flags;
	int64_t n_children;
	struct ArrowSchema **children;
	struct ArrowSchema *dictionary; /* what an index stands for; NULL: these are no indices */
	void (*release)(struct ArrowSchema *);
	void *private_data;
};

struct ArrowArray {
	int64_t length;
	int64_t null_count; /* -1: not counted */
	int64_t offset;     /* where the values begin in the buffers, in values */
	int64_t n_buffers;
	int64_t n_children;
	const void **buffers;
	struct ArrowArray **children;
	struct ArrowArray *dictionary;
	void (*release)(struct ArrowArray *);
	void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

/* 0 or an errno; the text of the last error is valid until the next call. At the end get_next gives a released array. */
struct ArrowArrayStream {
	int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
	int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
	const char *(*get_last_error)(struct ArrowArrayStream *);
	void (*release)(struct ArrowArrayStream *);
	void *private_data;
};

#endif

#endif
