#include "sys/machine.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATH_SIZE = 8192 };

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The number in a file; UINT64_MAX for "max", and when there is none. */
static uint64_t read_limit(const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t n;
	if (!f)
		return UINT64_MAX;
	if (fscanf(f, "%" SCNu64, &n) != 1)
		n = UINT64_MAX;
	fclose(f);
	return n;
}

/*
 * The least limit of a group and those above it. In a container the group's path may be one that is not seen there: the
 * top is its own group then.
 */
static uint64_t least_limit(const char *mount, const char *group, const char *name)
{
	uint64_t least = UINT64_MAX;
	for (size_t n = strlen(group);; n--) {
		char path[PATH_SIZE];
		/* cut where a name ends: at the end, and before each slash */
		if ((group[n] == '\0' || group[n] == '/') &&
		    snprintf(path, sizeof path, "%s%.*s/%s", mount, (int)n, group, name) < (int)sizeof path)
			least = lesser(least, read_limit(path));
		if (n == 0)
			return least;
	}
}

/* Is `name` in a comma-separated list? */
static bool lists(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (;; list++) {
		if (strncmp(list, name, n) == 0 && (list[n] == ',' || list[n] == '\0'))
			return true;
		list = strchr(list, ',');
		if (!list)
			return false;
	}
}

/* One line of /proc/PID/cgroup: "NUMBER:CONTROLLERS:PATH"; version 2 has the number 0 and no controllers. */
static uint64_t line_limit(char *line, const char *mounts)
{
	char mount[PATH_SIZE];
	line[strcspn(line, "\n")] = '\0';
	char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
	if (!group)
		return UINT64_MAX;
	*group++ = '\0';
	controllers++;
	if (*controllers == '\0') {
		/* beside version 1 it is mounted below it */
		snprintf(mount, sizeof mount, "%s/unified", mounts);
		return lesser(least_limit(mounts, group, "memory.max"), least_limit(mount, group, "memory.max"));
	}
	if (!lists(controllers, "memory"))
		return UINT64_MAX;
	snprintf(mount, sizeof mount, "%s/memory", mounts);
	return least_limit(mount, group, "memory.limit_in_bytes");
}

uint64_t hc_machine_group_memory(const char *groups, const char *mounts)
{
	uint64_t least = UINT64_MAX;
	char line[PATH_SIZE];
	FILE *f = fopen(groups, "re");
	while (f && fgets(line, sizeof line, f))
		least = lesser(least, line_limit(line, mounts));
	if (f)
		fclose(f);
	return least;
}

uint64_t hc_machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
	uint64_t bytes = pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : UINT64_C(1) << 30;
	bytes = lesser(bytes, hc_machine_group_memory("/proc/self/cgroup", "/sys/fs/cgroup"));
	struct rlimit limit;
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		bytes = lesser(bytes, limit.rlim_cur);
	return bytes > 0 ? bytes : 1;
}
