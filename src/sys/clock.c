#include "sys/clock.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/number.h"

static int64_t read_clock(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * HC_SECOND_US + t.tv_nsec / 1000;
}

/* Further away than this (100 years) the clock is not moved. */
#define AHEAD_MAX_S (INT64_C(36525) * 86400)

static const char *followed;
static _Atomic int64_t ahead_us;

void hc_clock_follow(const char *path)
{
	followed = path;
}

static void read_followed(void)
{
	char text[32];
	int fd = open(followed, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = 0;
	long long s = strtoll(text, NULL, 10);
	if (s >= -AHEAD_MAX_S && s <= AHEAD_MAX_S)
		atomic_store(&ahead_us, s * HC_SECOND_US);
}

int64_t hc_clock_now_us(void)
{
	if (followed)
		read_followed();
	return read_clock(CLOCK_REALTIME) + atomic_load(&ahead_us);
}

int64_t hc_clock_of_files_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t hc_clock_steady_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

enum hc_code hc_clock_evaluation_us(int64_t *out, struct hc_err *err)
{
	const uint64_t latest = UINT64_C(253402300799); /* 9999-12-31T23:59:59Z */
	const char *fixed = getenv("SOURCE_DATE_EPOCH");
	if (!fixed || !*fixed) {
		*out = hc_clock_now_us();
		return HC_OK;
	}
	uint64_t seconds;
	if (!hc_u64_parse(hc_str(fixed), &seconds) || seconds > latest) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_USAGE, "SOURCE_DATE_EPOCH is '%s', not a number of seconds since 1970",
			hc_str_show(hc_str(fixed), shown));
		return hc_hint(err, "unset it, or set it to a whole number such as 1767225600");
	}
	*out = (int64_t)seconds * HC_SECOND_US;
	return HC_OK;
}
