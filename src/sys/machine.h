/* What the machine has. */
#ifndef HC_SYS_MACHINE_H
#define HC_SYS_MACHINE_H

#include <stdint.h>

/*
 * Bytes of memory that this process may count on: the machine's, or what its cgroup (v1, v2) or address-space limit
 * allows, if that is less. At least 1.
 */
uint64_t hc_machine_memory(void);

/*
 * What the cgroups of a process allow, and those above them; UINT64_MAX without a limit. `groups` is its
 * /proc/PID/cgroup, `mounts` where the groups are as files: /sys/fs/cgroup. For hc_machine_memory and its test.
 */
uint64_t hc_machine_group_memory(const char *groups, const char *mounts);

#endif
