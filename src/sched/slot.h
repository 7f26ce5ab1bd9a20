/*
 * Slots: which tick of a schedule is due. Pure.
 *
 * A schedule remembers the last tick that was claimed or passed over. Ticks missed since then (the server was down, an execution took longer
 * than the period) are made up one by one, oldest first, for each of them has a window of its own; but not more than HC_SLOT_CATCH_UP_MAX of
 * them: those before are passed over.
 */
#ifndef HC_SCHED_SLOT_H
#define HC_SCHED_SLOT_H

#include "calendar/cron.h"

enum { HC_SLOT_CATCH_UP_MAX = 24 };

/*
 * The slot to claim now, of a schedule whose last one was `last_us` (0: none yet, the last tick is the first); false when none is due. NOW is due once, its slot is
 * `now_us` to the second. *passed_over counts the ticks before it that were missed and will not be made up.
 */
bool hc_slot_due(const struct hc_cron *cron, int64_t last_us, int64_t now_us, int64_t *slot_us, unsigned *passed_over);

/* When to look again; INT64_MAX: never (NOW that was claimed). */
int64_t hc_slot_next(const struct hc_cron *cron, int64_t last_us);

#endif
