/*
 * Bad records: how many are tolerated, and the account of them.
 *
 * A bad record ends the run with its place in the message, unless --max-bad-records allows it; then
 * it is left out and counted as unreadable. Only HC_INPUT is about a record; any other failure ends the run.
 */
#ifndef HC_MONITOR_TOLERANCE_H
#define HC_MONITOR_TOLERANCE_H

#include "dataset/layout.h"
#include "report/account.h"

struct hc_tolerance {
	uint64_t max, seen;
	bool refused;               /* an error ended the run: it has its place, and passes */
	struct hc_account *account; /* where they are counted */
};

/*
 * Call with an error about the record at path:line, as left by the failing function. HC_OK when it is
 * tolerated (err is then spent), else err's code with the place before the message. What the machine
 * refuses is not about the record and passes as it is, and so does a script's failure, which names its record
 * itself.
 */
enum hc_code hc_tolerance_of(struct hc_tolerance *t, const char *path, uint64_t line, struct hc_err *err) HC_MUST_USE;

/* Adds to the error about the first bad record that is not tolerated that `max` others are. */
void hc_tolerance_hint(uint64_t max, struct hc_err *err);

#endif
