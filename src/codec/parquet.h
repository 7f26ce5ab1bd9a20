/*
 * Parquet files, as streams of columns (codec/arrow.h); codec/arrow_rows.h makes rows of them.
 *
 * Read by Apache Arrow C++ (codec/parquet.cc, the only C++ of this program), which is there only if
 * the build found it (meson option `parquet`); codec/parquet_none.c takes its place where it is not.
 * The file lies in memory as a whole, mapped as a rule. It is read front to back, pages at a time: what is held in
 * memory of it is a batch of rows (HC_PARQUET_BATCH_BYTES of what the file says its rows have) and a
 * page of each column, never more than HC_PARQUET_MEMORY_MAX.
 *
 * Threads: different streams may be used by different threads; none are started here.
 */
#ifndef HC_CODEC_PARQUET_H
#define HC_CODEC_PARQUET_H

#include "base/err.h"
#include "base/str.h"
#include "codec/arrow.h"

enum {
	HC_PARQUET_BATCH_BYTES = 16 << 20, /* aimed at, by the sizes that the file states */
	HC_PARQUET_BATCH_ROWS_MAX = 8192,  /* rows of one batch */
	HC_PARQUET_MEMORY_MAX = 1 << 30,   /* bytes that one stream and its batches may hold */
};

/* True when this program reads Parquet. */
bool hc_parquet_is_built(void);

/*
 * Whether a file that begins with these bytes (some 500 of it, or all) is Parquet: the four bytes
 * "PAR1", and bytes that no text has. (A CSV may begin with a column PAR1.) What is Parquet by this may still be damaged.
 */
static inline bool hc_parquet_begins(struct hc_str first)
{
	if (!hc_str_starts(first, "PAR1"))
		return false;
	for (size_t i = 0; i < first.n; i++) {
		unsigned char c = (unsigned char)first.p[i];
		if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
			return true;
	}
	return false;
}

/*
 * A stream of the file's columns, in their order. `bytes` must stay until the stream and all that came from it are released. What is
 * wrong with the file is told by the stream's get_schema and get_next, with these numbers: EINVAL it is damaged, or has what cannot be
 * read; ENOBUFS it needs more than HC_PARQUET_MEMORY_MAX; ENOMEM. Arrays have been validated: no offset leads out of a
 * buffer; indices of dictionaries and UTF-8 are left for the reader to check.
 * HC_USAGE when this program was built without it; HC_NOMEM.
 */
enum hc_code hc_parquet_open(struct hc_str bytes, struct ArrowArrayStream *out, struct hc_err *err) HC_MUST_USE;

#endif
