/*
 * `hindcast env`: what a shell needs so that AWS's clients find the server: export and unset lines for eval.
 */
#ifndef HC_DAEMON_SHELL_H
#define HC_DAEMON_SHELL_H

#include "base/buf.h"
#include "daemon/place.h"

/*
 * Whatever the shell's variables, the user's configuration of AWS and a proxy say, clients reach the server with its key; so what the environment of this process
 * says of proxies is looked at. HC_USAGE when no server was started there, or `proxy` is wanted and it has none. Values are quoted for
 * a POSIX shell.
 */
enum hc_code hc_shell_env(const struct hc_place *place, bool proxy, struct hc_buf *out, struct hc_err *err) HC_MUST_USE;

#endif
