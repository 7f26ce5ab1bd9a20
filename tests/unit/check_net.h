/*
 * What the tests of src/net share: an application that does as its paths say, and sockets that talk to it.
 */
#ifndef HC_TEST_CHECK_NET_H
#define HC_TEST_CHECK_NET_H

#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "net/http.h"
#include "sys/clock.h"

enum { PATIENCE_MS = 10000, BODY_KEPT_MAX = 200, REPLY_MAX = 1 << 24 };

/* What happened to the application so far; `open` holds back requests to /wait. */
static atomic_int begun, finished, dropped, dawdled, gate;

struct exchange_seen {
	struct hc_buf said; /* what a reply tells of the request */
	char body[BODY_KEPT_MAX];
	size_t n;
	uint64_t total;
	char kind; /* the letter behind the path's first '/' */
};

/* Longer than the idle time of the test that asks for /slow. */
static inline void app_dawdle(void)
{
	usleep(2600 * 1000);
	dawdled++;
}

static inline bool path_is(const struct hc_http_request *r, const char *prefix)
{
	return hc_str_starts(r->path, prefix);
}

static inline void *app_begin(void *arg, const struct hc_http_request *r, struct hc_http_reply *reply)
{
	(void)arg;
	begun++;
	if (path_is(r, "/refuse")) {
		reply->status = 403;
		hc_buf_cstr(&reply->body, "refused");
		return NULL;
	}
	struct exchange_seen *e = calloc(1, sizeof *e);
	assert_non_null(e);
	e->said = HC_BUF(1 << 20);
	e->kind = r->path.n > 1 ? r->path.p[1] : '/';
	hc_buf_printf(&e->said, "%.*s %.*s", HC_STR_ARG(r->method), HC_STR_ARG(r->path));
	if (r->has_query)
		hc_buf_printf(&e->said, " query %.*s", HC_STR_ARG(r->query));
	struct hc_str x = hc_http_header_get(r, "x-test");
	if (x.p)
		hc_buf_printf(&e->said, " header %.*s", HC_STR_ARG(x));
	hc_buf_cstr(&e->said, r->from_loopback ? " near" : " far");
	return e;
}

static inline void app_free(struct exchange_seen *e)
{
	hc_buf_free(&e->said);
	free(e);
}

static inline bool app_body(void *exchange, const void *p, size_t n, struct hc_http_reply *reply)
{
	struct exchange_seen *e = exchange;
	for (size_t i = 0; i < n && e->n < BODY_KEPT_MAX; i++)
		e->body[e->n++] = ((const char *)p)[i];
	if (e->kind == 's' && e->total == 0)
		app_dawdle();
	e->total += n;
	if (e->kind != 'm')
		return true;
	reply->status = 400;
	hc_buf_cstr(&reply->body, "enough");
	app_free(e);
	return false;
}

/* Waits for `gate`, or for what is long enough to fail a test. */
static inline void app_wait(void)
{
	for (int64_t until_us = hc_clock_steady_us() + PATIENCE_MS * 1000; !gate && hc_clock_steady_us() < until_us;)
		usleep(1000);
}

static inline int file_of(const char *text)
{
	int fd = memfd_create("reply", MFD_CLOEXEC);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static inline void app_finish(void *exchange, struct hc_http_reply *reply)
{
	struct exchange_seen *e = exchange;
	switch (e->kind) {
	case 'w': /* wait */
		app_wait();
		break;
	case 'f': /* file */
		reply->status = 206;
		reply->fd = file_of("0123456789");
		reply->offset = 3;
		reply->length = 4;
		break;
	case 'e': /* empty file */
		reply->fd = file_of("0123456789");
		break;
	case 'h': /* head */
		reply->head = true;
		reply->head_length = UINT64_C(12345678901);
		break;
	case 'n': /* no content */
		reply->status = 204;
		break;
	case 'i': /* injection */
		hc_http_reply_header(reply, "X-Name", "%s", "a\r\nSet-Cookie: b\nc");
		hc_http_reply_header(reply, "X-Empty", "%s", "");
		hc_http_reply_header(reply, "Server", "AmazonS3");
		break;
	case 'o': /* over the maximum of headers */
		for (int i = 0; i <= HC_HTTP_REPLY_HEADERS_MAX; i++)
			hc_http_reply_header(reply, "X-Many", "%d", i);
		break;
	case 'b': /* a bad status */
		reply->status = 99;
		break;
	default:
		break;
	}
	if (reply->fd < 0 && !reply->head && reply->status != 204) {
		hc_buf_str(&reply->body, hc_buf_view(&e->said));
		if (e->total)
			hc_buf_printf(&reply->body, " body %llu %.*s", (unsigned long long)e->total, (int)e->n,
				      e->body);
	}
	app_free(e);
	finished++;
}

static inline void app_drop(void *exchange)
{
	app_free(exchange);
	dropped++;
}

static const struct hc_http_app app_shown = {NULL, app_begin, app_body, app_finish, app_drop};
static const struct hc_http_options usual_options = {"127.0.0.1:0", 50, 10, 16384};

static inline struct hc_http *start_http(const struct hc_http_options *options)
{
	struct hc_http *h = NULL;
	struct hc_err err;
	begun = finished = dropped = dawdled = gate = 0;
	if (hc_http_start(options, &app_shown, &h, &err) != HC_OK)
		fail_msg("%s", err.msg);
	return h;
}

/* A counter reaches a value within the patience of tests. */
static inline bool reaches(atomic_int *counter, int value)
{
	for (int64_t until_us = hc_clock_steady_us() + PATIENCE_MS * 1000; hc_clock_steady_us() < until_us;) {
		if (*counter >= value)
			return *counter == value;
		usleep(1000);
	}
	return false;
}

static inline int dial(unsigned port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* False when the other side is gone. */
static inline bool tell_bytes(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent < 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static inline void tell(int fd, const char *text)
{
	assert_true(tell_bytes(fd, text, strlen(text)));
}

/* Something comes, or the end, within the time. */
static inline bool hears(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, timeout_ms) > 0;
}

/* All until the other side ends, as text to be freed; "<reset>" or "<silence>" stands behind what did not end well. */
static inline char *hear_all(int fd)
{
	struct hc_buf b = HC_BUF(REPLY_MAX);
	char piece[4096];
	for (;;) {
		ssize_t n = hears(fd, PATIENCE_MS) ? recv(fd, piece, sizeof piece, 0) : -2;
		if (n > 0)
			hc_buf_put(&b, piece, (size_t)n);
		else if (n < 0)
			hc_buf_cstr(&b, n == -2 ? "<silence>" : "<reset>");
		if (n <= 0)
			break;
	}
	hc_buf_char(&b, '\0');
	return b.p;
}

/* Until `end` has come. */
static inline char *hear_until(int fd, const char *end)
{
	struct hc_buf b = HC_BUF(REPLY_MAX);
	char c;
	do {
		assert_true(hears(fd, PATIENCE_MS));
		assert_int_equal(recv(fd, &c, 1, 0), 1);
		hc_buf_char(&b, c);
	} while (!hc_str_ends(hc_buf_view(&b), end));
	hc_buf_char(&b, '\0');
	return b.p;
}

static inline char *ask(unsigned port, const char *p, size_t n)
{
	int fd = dial(port);
	tell_bytes(fd, p, n);
	char *reply = hear_all(fd);
	close(fd);
	return reply;
}

static inline void check_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in: %.2000s", part, text);
}

static inline void check_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in: %.2000s", part, text);
}

#endif
