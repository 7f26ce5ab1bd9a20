/*
 * Reading the files of a plan, record by record, by all threads at once.
 *
 * Files are cut into chunks: pieces of plain files (those lines that begin in a range of bytes, read in blocks that
 * fit a core's cache), or whole files where they are small, packed, or tables. Workers take chunks in the order of
 * the plan; a record's place (monitor/place.h) says where it stands, so that whatever depends on order is decided
 * by places and never by which worker came first. A record is first offered to the taker's `quick` way
 * (dataset/skeleton.h); what that does not take is cut out as a line and goes to `full`.
 *
 * Bad records are remembered by their places; which of them are too many, and what is said of them, is settled when
 * all was read: a record is read again to say what is wrong with it. So the error is that of the first bad record
 * of the input, whatever thread saw it when.
 *
 * Memory: two buffers a worker, 8 bytes a bad record that is
 * tolerated, 8 bytes a row of a batch output.
 */
#ifndef HC_MONITOR_READER_H
#define HC_MONITOR_READER_H

#include <pthread.h>
#include <stdatomic.h>

#include "monitor/place.h"
#include "monitor/request.h"
#include "monitor/tolerance.h"

enum {
	HC_CHUNK_BYTES_DEFAULT = 4 << 20,
	HC_CHUNK_BYTES_MIN = 64,
	HC_READER_SLURPED_MAX = 256 << 10, /* files up to this size are read in one go */
};

struct hc_chunk {
	size_t file;       /* in the plan */
	uint64_t from, to; /* its lines begin in these bytes of the file */
	bool whole;        /* of a file that is not cut: read to its end, whatever its size by now */
	bool read;         /* it was, once: what follows stays, also when the file grows */
	uint64_t lines;    /* how many; of a table: rows */
	uint64_t before;   /* lines of the file before them, see hc_reader_number */
	bool rows;         /* it is a table: the line of a place counts rows ... */
	uint64_t *line_of; /* ... and this says in which line of the file a row begins, from 1 */
	uint64_t cap_rows;
};

enum hc_taken { HC_NOT_TAKEN, HC_TAKEN, HC_TAKING_FAILED };

/*
 * What is done with records. Each function gets the worker's own argument. HC_INPUT: the record is bad, and nothing
 * was done with it. Any other failure ends the reading.
 */
struct hc_taker {
	bool names_places; /* its failures do so already */
	/*
	 * The record that begins at p, `end` being the end of what can be read; *next: behind its newline. May be
	 * NULL. The bytes stay until `passed`.
	 */
	enum hc_taken (*quick)(void *arg, const char *p, const char *end, uint64_t place, const char **next,
			       struct hc_err *err);
	/* A line that is not blank. */
	enum hc_code (*full)(void *arg, struct hc_str line, uint64_t place, struct hc_err *err);
	/* For files of rows: the header (NULL: none) once a file, then each row. NULL: files hold lines. */
	enum hc_code (*header)(void *arg, const struct hc_csv_row *header, struct hc_err *err);
	enum hc_code (*row)(void *arg, const struct hc_table_row *row, uint64_t place, struct hc_err *err);
	/* A line or row longer than request->max_line; err says so. NULL: it is a bad record. */
	enum hc_code (*too_long)(void *arg, uint64_t place, struct hc_err *err);
	/* The bytes of what was taken so far are about to go. May be NULL. */
	enum hc_code (*passed)(void *arg, struct hc_err *err);
};

struct hc_bad_records {
	uint64_t *places; /* in order */
	size_t n, cap;
};

struct hc_reader {
	const struct hc_request *request;
	const struct hc_input_files *files;
	const char *what; /* is being done, for progress */
	struct hc_chunk *chunks;
	size_t n_chunks, cap_chunks;
	struct hc_bad_records bad;
	bool too_many_bad; /* that was the error of the last run */
	uint64_t bytes_all;
	bool passing; /* they are more than the memory holds */
	_Atomic uint64_t bytes_done;
	pthread_mutex_t lock; /* telling of progress */
};

void hc_reader_init(struct hc_reader *r, const struct hc_request *request, const struct hc_input_files *files);
void hc_reader_free(struct hc_reader *r);

/*
 * Cuts the files of a source ("labels", "capture", "merged") behind what was cut before; `rows`: they are tables.
 * HC_LIMIT past HC_CHUNKS_MAX chunks.
 */
enum hc_code hc_reader_cut(struct hc_reader *r, const char *source, bool rows, struct hc_err *err) HC_MUST_USE;

/*
 * Reads the chunks first..last (not included) with `workers` threads; args[w] is worker w's. Bad records are added
 * to r->bad, up to what request->max_bad_records tolerates; the first beyond that is the error, its place before
 * the message (then r->bad holds it too, and all that was good before it was taken).
 */
enum hc_code hc_reader_run(struct hc_reader *r, size_t first, size_t last, const struct hc_taker *taker,
			   void *const *args, unsigned workers, struct hc_err *err) HC_MUST_USE;

/*
 * Reads one chunk by the calling thread, for the first time or again; every failure ends it, its place before the
 * message. The chunk must be numbered.
 */
enum hc_code hc_reader_chunk(struct hc_reader *r, size_t chunk, const struct hc_taker *taker, void *arg,
			     struct hc_err *err) HC_MUST_USE;

/*
 * Reads the records at n places (in order) again and hands those, and only those, to the taker's `full` or `row`; a
 * failure of it ends the reading and passes as it is.
 */
enum hc_code hc_reader_again(struct hc_reader *r, const uint64_t *places, size_t n, const struct hc_taker *taker,
			     void *arg, struct hc_err *err) HC_MUST_USE;

/* Adds up the lines of the chunks before each of first..last, which were read. hc_reader_run does it by itself. */
void hc_reader_number(struct hc_reader *r, size_t first, size_t last);

/* File and line of a place. After its chunks were numbered. */
struct hc_class_place hc_reader_where(const struct hc_reader *r, uint64_t place);
/* HC_IO: what stands at a place is not what stood there. */
enum hc_code hc_reader_fail_changed(const struct hc_reader *r, uint64_t place, struct hc_err *err);
const char *hc_reader_path(const struct hc_reader *r, uint64_t place);

/* Adds bad records that were found later; r->bad stays in order. */
enum hc_code hc_reader_add_bad(struct hc_reader *r, const uint64_t *places, size_t n, struct hc_err *err) HC_MUST_USE;

/*
 * What is wrong with the bad records at n places (in order), by reading those again, each chunk once: reasons[i] is what
 * the taker says of the record, and stays as it was where that is nothing. (reasons NULL: hc_reader_again.)
 */
enum hc_code hc_reader_explain(struct hc_reader *r, const uint64_t *places, size_t n, const struct hc_taker *taker,
			       void *arg, struct hc_err *reasons, struct hc_err *err) HC_MUST_USE;

/* Says what is wrong with bad records, as hc_reader_explain. */
typedef enum hc_code hc_reader_why(void *arg, const uint64_t *places, size_t n, struct hc_err *reasons,
				   struct hc_err *err);

/*
 * Enters the bad records in the account, the first of them with their reasons (why NULL: without). HC_INPUT when
 * they are more than are tolerated: about the first beyond.
 */
enum hc_code hc_reader_settle(struct hc_reader *r, struct hc_tolerance *tolerance, hc_reader_why *why, void *arg,
			      struct hc_err *err) HC_MUST_USE;

/*
 * All rows of a table, one after the other, with its bad records given to the tolerance at once; "-" is standard
 * input.
 */
typedef enum hc_code hc_take_row(void *arg, size_t file, const struct hc_table_row *row, struct hc_err *err);
typedef enum hc_code hc_take_header(void *arg, const struct hc_csv_row *header, struct hc_err *err);
enum hc_code hc_reader_rows(struct hc_reader *r, size_t file, struct hc_tolerance *tolerance,
			    hc_take_header *take_header, hc_take_row *take, void *arg, struct hc_err *err) HC_MUST_USE;

#endif
