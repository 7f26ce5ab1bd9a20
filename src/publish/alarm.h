/*
 * Alarms: which state each should be in, and why.
 *
 * The daemon evaluates all of them once a minute, DescribeAlarms those that it shows. An evaluation follows from the catalog and the time alone.
 *
 * What is evaluated. CloudWatch looks at the EvaluationPeriods newest periods of the clock, and a bit beyond. A monitor's datapoint stands
 * at the begin of its window, hours or days before it comes, so that such an alarm would find nothing but gaps. Here the range goes by when datapoints
 * came: all that came within the last EvaluationPeriods x Period + HC_ALARM_SLACK_US (26 hours: a daily monitor, and time to run)
 * and stand at most HC_ALARM_LATE_US in the past. Of these the EvaluationPeriods newest periods that have datapoints are evaluated, wherever they
 * stand; gaps between them are nothing. Periods are aligned to 1970.
 *
 * Only when fewer than EvaluationPeriods are found the rest are missing, and TreatMissingData says what they are, by CloudWatch's own
 * tables ("Configuring how CloudWatch alarms treat missing data"), with b breaching of e existing periods, N = EvaluationPeriods, M = DatapointsToAlarm:
 *
 *   missing       none exists: INSUFFICIENT_DATA; ALARM when b >= min(M, e), else OK
 *   ignore        ALARM when b >= M; else, if all that exist are breaching (or none exists), the state stays; else OK
 *   breaching     ALARM when b + (N - e) >= M, else OK
 *   notBreaching  ALARM when b >= M, else OK
 *
 * So `breaching` means here: alarm, too, when the monitor has gone silent for more than a day.
 */
#ifndef HC_PUBLISH_ALARM_H
#define HC_PUBLISH_ALARM_H

#include "contract/tree.h"
#include "publish/statistic.h"

#define HC_ALARM_SLACK_US (26 * HC_HOUR_US)
#define HC_ALARM_LATE_US (400 * HC_DAY_US)
enum { HC_ALARM_PERIODS_MAX = 10080, HC_ALARM_REASON_MAX = 1023, HC_ALARM_REASON_DATA_MAX = 4000 };

/* What PutMetricAlarm gives to a new alarm, until it is first evaluated. */
#define HC_ALARM_UNCHECKED "Unchecked: Initial alarm creation"

/* Evaluates one alarm; a state or reason that is new is written to the catalog and to *alarm (texts in the arena). */
enum hc_code hc_alarm_evaluate(struct hc_db *db, struct hc_alarm *alarm, int64_t now_us, struct hc_arena *arena,
			       struct hc_err *err) HC_MUST_USE;
/* All of them; *changed (may be NULL) counts those whose state went to another. In the writer's transaction. */
enum hc_code hc_alarms_evaluate(struct hc_db *db, int64_t now_us, size_t *changed, struct hc_err *err) HC_MUST_USE;

#endif
