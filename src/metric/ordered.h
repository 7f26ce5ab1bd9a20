/*
 * Binary records in the order of their scores, equal ones counted: what partial results (monitor/partial.h) are
 * written from. Private to src/metric; others call hc_binary_ordered.
 *
 * Records of one score are ordered by their kind. Which class has which number in it is the caller's choice, so equal
 * records come out alike whatever order the classes were met in. A bin that has too many records to be sorted at once
 * is split into finer ones, as often as it takes; each bin is dropped when its records were handed out, so that nothing
 * is held twice. One thread. Cost: a radix sort of 8 bytes a record.
 */
#ifndef HC_METRIC_ORDERED_H
#define HC_METRIC_ORDERED_H

#include "metric/binary.h"
#include "spill/bins.h"

/*
 * Hands out the records of `bins`, which are n_bins of struct hc_binary_record and ascend with the scores where there are any, and uses
 * them up. See hc_binary_ordered.
 */
enum hc_code hc_ordered_each(struct hc_bins *bins, unsigned n_bins, struct hc_spill *spill, bool has_score,
			     const uint16_t *numbers, size_t classes, hc_binary_group *take, void *arg,
			     struct hc_err *err) HC_MUST_USE;

#endif
