/*
 * Combine: partial results (monitor/partial.h) of any number become one tally, as if one run had counted all of it.
 *
 * Their options must be the same, for what they count is not comparable otherwise; and no input file may be in two of
 * them, for its records would count twice. Files are told by their paths as the partials name them.
 */
#ifndef HC_MONITOR_COMBINE_H
#define HC_MONITOR_COMBINE_H

#include "monitor/partial.h"
#include "monitor/request.h"

struct hc_combined {
	size_t n;
	const char **paths;          /* of the partial results */
	struct hc_partial *partials; /* their heads */
	size_t **file_of;            /* their files' numbers in the union */
	uint64_t tolerated, dropped; /* in all */
};

/*
 * Reads the heads of request->partials; `files` gets the union of their inputs, in byte order of the paths. Everything
 * lives in the arena of `files`. HC_USAGE: options differ (the message names the option and two of the files), or the
 * output would replace one; HC_INPUT: a file cannot be read or is no partial result, an input is in two; or more bad
 * records were tolerated than request->max_bad_records, which is not looked at where request->partial is set.
 */
enum hc_code hc_combine_open(const struct hc_request *request, struct hc_input_files *files, struct hc_combined *out,
			     struct hc_err *err) HC_MUST_USE;

/* Adds all they count to the tally, with `workers` threads; places are hc_place(number of the file, line - 1). */
enum hc_code hc_combine_feed(const struct hc_combined *c, const struct hc_request *request, struct hc_tally *tally,
			     unsigned workers, struct hc_err *err) HC_MUST_USE;

#endif
