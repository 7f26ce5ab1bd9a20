/*
 * Reading the files of a plan record by record: the one loop behind captures, labels, merged records,
 * batch outputs and baselines. Opens and unpacks, names path and line in every message, hands bad records to
 * the tolerance, tells of progress, and stops when the process is asked to.
 */
#ifndef HC_MONITOR_READER_H
#define HC_MONITOR_READER_H

#include "monitor/request.h"
#include "monitor/tolerance.h"

struct hc_reader {
	const struct hc_request *request;
	const struct hc_input_files *files;
	struct hc_tolerance *tolerance;
	void *arg; /* for the functions below */
	uint64_t bytes_done, bytes_all;
};

/* What is done with one record. HC_INPUT: it is bad. Any other failure ends the reading. */
typedef enum hc_code hc_take_line(void *arg, size_t file, struct hc_str text, uint64_t line, struct hc_err *err);
typedef enum hc_code hc_take_row(void *arg, size_t file, const struct hc_table_row *row, struct hc_err *err);
/* Called once a table, with its header (NULL: it has none), before its rows. */
typedef enum hc_code hc_take_header(void *arg, const struct hc_csv_row *header, struct hc_err *err);

void hc_reader_init(struct hc_reader *r, const struct hc_request *request, const struct hc_input_files *files,
		    struct hc_tolerance *tolerance, void *arg);

/* All lines of a file that are not blank. */
enum hc_code hc_reader_lines(struct hc_reader *r, size_t file, hc_take_line *take, struct hc_err *err) HC_MUST_USE;

/* All rows of a table; "-" is standard input. */
enum hc_code hc_reader_rows(struct hc_reader *r, size_t file, hc_take_header *take_header, hc_take_row *take,
			    struct hc_err *err) HC_MUST_USE;

#endif
