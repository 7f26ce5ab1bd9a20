/*
 * Reading ahead: a source that is read by a thread of its own, so that what makes its bytes (unpacking, a slow
 * disk) goes on while they are used.
 */
#ifndef HC_SYS_AHEAD_H
#define HC_SYS_AHEAD_H

#include "base/source.h"

enum { HC_AHEAD_BYTES = 256 << 10 }; /* of each of two buffers */

/*
 * A source that gives the bytes and the failure of `source`, and owns it. Where the machine gives no thread or
 * memory it is `source` itself. The thread is gone when the source is closed, which may wait for one read of the
 * inner one.
 */
struct hc_source *hc_ahead(struct hc_source *source);

#endif
