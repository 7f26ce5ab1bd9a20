#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum { PORT_DIGITS_MAX = 5, PORT_MAX = 65535, BACKLOG = 1024 };

static enum hc_code fail_address(const char *text, const char *what, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_USAGE, "\"%s\" is no address to listen on: %s", hc_str_show(hc_str(text), shown), what);
	return hc_hint(err, "write ADDRESS:PORT, as in 127.0.0.1:8787 or [::1]:8787; port 0 takes any free one");
}

static bool parse_port(const char *p, in_port_t *out)
{
	size_t n = strlen(p);
	unsigned long port = 0;
	if (n == 0 || n > PORT_DIGITS_MAX)
		return false;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		port = port * 10 + (unsigned long)(*p - '0');
	}
	*out = htons((uint16_t)port);
	return port <= PORT_MAX;
}

enum hc_code hc_address_parse(const char *text, struct hc_address *out, struct hc_err *err)
{
	struct hc_address a = {.size = 0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a.at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a.at;
	char host[INET6_ADDRSTRLEN + 1];
	const char *colon = strrchr(text, ':');
	in_port_t port;
	if (!colon || !parse_port(colon + 1, &port))
		return fail_address(text, "it has no port from 0 to 65535", err);
	size_t n = (size_t)(colon - text);
	bool brackets = n >= 2 && text[0] == '[' && text[n - 1] == ']';
	if (n - 2 * brackets >= sizeof host)
		return fail_address(text, "what stands before the port is too long", err);
	memcpy(host, text + brackets, n - 2 * brackets);
	host[n - 2 * brackets] = '\0';
	if (brackets && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = port;
		a.size = sizeof *v6;
	} else if (!brackets &&
		   inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		a.size = sizeof *v4;
	} else {
		return fail_address(text, "an IPv4 address, or an IPv6 address in brackets, must stand before the port",
				    err);
	}
	*out = a;
	return HC_OK;
}

bool hc_address_is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	if (a->sa_family != AF_INET6)
		return false;
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)a)->sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

static enum hc_code fail_listening(int fd, const struct hc_address *a, struct hc_err *err)
{
	const int error = errno;
	char host[INET6_ADDRSTRLEN] = "?";
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a->at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a->at;
	bool six = a->at.ss_family == AF_INET6;
	inet_ntop(a->at.ss_family, six ? (const void *)&v6->sin6_addr : &v4->sin_addr, host, sizeof host);
	if (fd >= 0)
		close(fd);
	hc_fail(err, HC_IO, "cannot listen on %s, port %u: %s", host, ntohs(six ? v6->sin6_port : v4->sin_port),
		strerror(error));
	if (error == EADDRINUSE)
		return hc_hint(err, "another program listens there: choose another port, or port 0 for any free one");
	if (error == EADDRNOTAVAIL)
		return hc_hint(err, "this machine does not have that address");
	if (error == EACCES)
		return hc_hint(err, "ports below 1024 are not for every user: choose a higher one");
	return err->code;
}

enum hc_code hc_address_listen(const struct hc_address *a, int *out_fd, unsigned *out_port, struct hc_err *err)
{
	struct hc_address got = {.size = sizeof got.at};
	const int on = 1;
	int fd = socket(a->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(fd, (const struct sockaddr *)&a->at, a->size) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&got.at, &got.size) != 0)
		return fail_listening(fd, a, err);
	*out_fd = fd;
	*out_port = ntohs(got.at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&got.at)->sin6_port
						       : ((struct sockaddr_in *)&got.at)->sin_port);
	return HC_OK;
}
