/*
 * FilterLogEvents: what `aws logs tail` asks, the events of all streams of the group or some, in a span of time, that match a pattern.
 *
 * A page holds events of one stream after the other, in the order of their names (or of logStreamNames), and gives them sorted by time; what does
 * not fit is on the next page. It ends at `limit` events, at a megabyte of messages, and when HC_FILTER_LOOKED_MAX bytes of logs have been read or
 * HC_FILTER_STREAMS_MAX streams looked at: then it may hold no event and still have a nextToken, as with AWS. Streams whose first and last events
 * lie outside the span are not read. One that is read is read from its start.
 *
 * Unlike GetLogEvents, the end of the span belongs to it. Nothing from the call's own millisecond on is given, on none of its pages: a
 * client that asks again from the newest event on (--follow) would pass over what a stream read before got in the meantime.
 *
 * Tokens are ours: where the reading goes on and the time of the first call; checked like all that comes from outside. An event's id is its
 * stream and its number there, which stays the same: files only grow.
 */
#ifndef HC_LOGS_FILTER_H
#define HC_LOGS_FILTER_H

#include "service/service.h"

enum {
	HC_FILTER_EVENTS_MAX = 10000,
	HC_FILTER_PAGE_BYTES = 1 << 20,
	HC_FILTER_LOOKED_MAX = 16 << 20,
	HC_FILTER_STREAMS_MAX = 10000,
};

hc_handler hc_logs_filter_log_events;

#endif
