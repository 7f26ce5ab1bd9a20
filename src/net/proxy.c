#include "net/proxy.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/address.h"
#include "net/authority.h"
#include "net/connect.h"
#include "sys/clock.h"

enum {
	PIPE_BYTES = 1 << 16,
	REFUSAL_MAX = 256,
	LINGER_MS = 1000,
	LAST_MS = 5000,
	ACCEPT_PAUSE_MS = 100,
	ADDRESS_MAX = 80
};

struct hc_proxy {
	struct hc_authority *authority;
	struct hc_address upstream;
	unsigned port, connections_max, idle_timeout_s;
	int listen_fd, stop_fd; /* stop_fd is readable from the stop on: everybody who waits looks at it */
	pthread_t acceptor;
	pthread_mutex_t lock;
	pthread_cond_t gone; /* a connection ended */
	unsigned connections;
};

/* Bytes on their way in one direction. */
struct pipe {
	char *p;
	size_t at, n; /* p[at..n) are still to be written */
	bool ended;   /* nothing more comes in */
	bool closed;  /* and the other side knows */
};

struct link {
	struct hc_proxy *proxy;
	int client, server;
	SSL *ssl;
	struct pipe up, down; /* client -> server and back */
	short tls_wants;      /* what the TLS layer waits for beyond what we want */
};

/* ---- waiting ---- */

/* Until one of the events, at most timeout_ms; false when the time is over or the proxy stops. A side of 0 events is not watched. */
static bool wait_for(const struct link *l, short client, short server, int64_t timeout_ms)
{
	struct pollfd p[3] = {{.fd = l->proxy->stop_fd, .events = POLLIN},
			      {.fd = client ? l->client : -1, .events = client},
			      {.fd = server ? l->server : -1, .events = server}};
	int n;
	do {
		n = poll(p, 3, timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
	} while (n < 0 && errno == EINTR);
	return n > 0 && !p[0].revents;
}

static int64_t idle_ms(const struct hc_proxy *p)
{
	return (int64_t)p->idle_timeout_s * 1000;
}

/* What is left until a deadline; 0 when it is over. */
static int64_t left_ms(int64_t until_us)
{
	int64_t left_us = until_us - hc_clock_steady_us();
	return left_us > 0 ? left_us / 1000 + 1 : 0;
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- the head ---- */

static bool send_text(struct link *l, const char *text, int64_t until_us)
{
	size_t n = strlen(text);
	while (n > 0) {
		ssize_t sent = send(l->client, text, n, MSG_NOSIGNAL);
		if (sent < 0 && (!would_block() || !wait_for(l, POLLOUT, 0, left_ms(until_us))))
			return false;
		if (sent > 0) {
			text += sent;
			n -= (size_t)sent;
		}
	}
	return true;
}

/* Closing with bytes unread would reset the connection, and the client might lose what we said. */
static void refuse(struct link *l, const char *status, const char *why)
{
	char text[REFUSAL_MAX], junk[4096];
	const int64_t until_us = hc_clock_steady_us() + LINGER_MS * (int64_t)1000;
	snprintf(text, sizeof text,
		 "HTTP/1.1 %s\r\nServer: hindcast\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\n\r\n%s\n",
		 status, strlen(why) + 1, why);
	if (!send_text(l, text, until_us) || shutdown(l->client, SHUT_WR) != 0)
		return;
	while (wait_for(l, POLLIN, 0, left_ms(until_us))) {
		ssize_t n = recv(l->client, junk, sizeof junk, 0);
		if (n == 0 || (n < 0 && !would_block()))
			return;
	}
}

/* The head of the request and not a byte more: what follows is TLS. 0: it did not come, or is too long. */
static size_t read_head(struct link *l, char head[HC_CONNECT_HEAD_MAX], int64_t until_us, bool *too_long)
{
	size_t n = 0;
	*too_long = false;
	while (n < HC_CONNECT_HEAD_MAX) {
		if (!wait_for(l, POLLIN, 0, left_ms(until_us)))
			return 0;
		ssize_t seen = recv(l->client, head + n, HC_CONNECT_HEAD_MAX - n, MSG_PEEK);
		if (seen < 0 && would_block())
			continue;
		if (seen <= 0)
			return 0;
		size_t end = hc_connect_head((struct hc_str){head, n + (size_t)seen});
		size_t take = end ? end - n : (size_t)seen;
		if (recv(l->client, head + n, take, 0) != (ssize_t)take)
			return 0;
		n += take;
		if (end)
			return end;
	}
	*too_long = true;
	return 0;
}

static bool read_connect(struct link *l, struct hc_connect *out, int64_t until_us)
{
	char head[HC_CONNECT_HEAD_MAX];
	bool too_long;
	size_t n = read_head(l, head, until_us, &too_long);
	if (too_long)
		refuse(l, "431 Request Header Fields Too Large", "the head of the request is too long");
	if (n == 0)
		return false;
	switch (hc_connect_parse((struct hc_str){head, n}, out)) {
	case HC_CONNECT_FINE:
		return true;
	case HC_CONNECT_MALFORMED:
		refuse(l, "400 Bad Request", "this is no request of HTTP/1.1");
		return false;
	case HC_CONNECT_REFUSED:
		break;
	}
	refuse(l, "403 Forbidden",
	       "this proxy answers CONNECT to port 443 of AWS's hosts only: set NO_PROXY for others");
	return false;
}

/* ---- both ends ---- */

static bool connect_server(struct link *l, int64_t until_us)
{
	const struct hc_address *to = &l->proxy->upstream;
	const int on = 1;
	int error = 0;
	socklen_t size = sizeof error;
	l->server = socket(to->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->server < 0)
		return false;
	setsockopt(l->server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(l->server, (const struct sockaddr *)&to->at, to->size) == 0)
		return true;
	return errno == EINPROGRESS && wait_for(l, 0, POLLOUT, left_ms(until_us)) &&
	       getsockopt(l->server, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

/* What an SSL call that did not succeed waits for; 0: it failed. */
static short tls_events(const SSL *ssl, int result)
{
	int error = SSL_get_error(ssl, result);
	ERR_clear_error();
	return error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : 0;
}

static bool shake_hands(struct link *l, int64_t until_us)
{
	int result;
	while ((result = SSL_accept(l->ssl)) != 1) {
		short events = tls_events(l->ssl, result);
		if (!events || !wait_for(l, events, 0, left_ms(until_us)))
			return false;
	}
	return true;
}

/* ---- the bytes between ---- */

static bool is_empty(const struct pipe *p)
{
	return p->at == p->n;
}

/* Each step says whether something moved; *failed when its side is broken. */

static bool read_client(struct link *l, bool *failed)
{
	if (l->up.ended || !is_empty(&l->up))
		return false;
	int n = SSL_read(l->ssl, l->up.p, PIPE_BYTES);
	if (n > 0) {
		l->up.at = 0;
		l->up.n = (size_t)n;
		return true;
	}
	if (SSL_get_error(l->ssl, n) == SSL_ERROR_ZERO_RETURN) {
		l->up.ended = true;
		return true;
	}
	short events = tls_events(l->ssl, n);
	*failed = !events;
	l->tls_wants |= (short)(events & POLLOUT);
	return false;
}

static bool write_client(struct link *l, bool *failed)
{
	if (is_empty(&l->down))
		return false;
	int n = SSL_write(l->ssl, l->down.p + l->down.at, (int)(l->down.n - l->down.at));
	if (n > 0) {
		l->down.at += (size_t)n;
		return true;
	}
	short events = tls_events(l->ssl, n);
	*failed = !events;
	l->tls_wants |= (short)(events & POLLIN);
	return false;
}

static bool read_server(struct link *l, bool *failed)
{
	if (l->down.ended || !is_empty(&l->down))
		return false;
	ssize_t n = recv(l->server, l->down.p, PIPE_BYTES, 0);
	if (n < 0) {
		*failed = !would_block();
		return false;
	}
	l->down.at = 0;
	l->down.n = (size_t)n;
	l->down.ended = n == 0;
	return true;
}

static bool write_server(struct link *l, bool *failed)
{
	if (is_empty(&l->up))
		return false;
	ssize_t n = send(l->server, l->up.p + l->up.at, l->up.n - l->up.at, MSG_NOSIGNAL);
	if (n < 0) {
		*failed = !would_block();
		return false;
	}
	l->up.at += (size_t)n;
	return true;
}

/* Hands on the end of one side, once all before it is through. */
static void close_ended(struct link *l)
{
	if (l->up.ended && is_empty(&l->up) && !l->up.closed) {
		shutdown(l->server, SHUT_WR);
		l->up.closed = true;
	}
	if (l->down.ended && is_empty(&l->down) && !l->down.closed) {
		SSL_shutdown(l->ssl);
		ERR_clear_error();
		shutdown(l->client, SHUT_WR);
		l->down.closed = true;
	}
}

/* What our server said reaches the client even when the server no longer reads what the client sends. */
static void relay(struct link *l)
{
	for (;;) {
		bool moved = false, failed = false, deaf = false;
		l->tls_wants = 0;
		moved = read_client(l, &failed) || moved;
		moved = (!failed && write_server(l, &deaf)) || moved;
		moved = (!failed && read_server(l, &failed)) || moved;
		moved = (!failed && write_client(l, &failed)) || moved;
		if (failed || (deaf && l->down.closed))
			return;
		if (deaf)
			l->up.at = l->up.n; /* nobody wants it */
		close_ended(l);
		if (l->up.closed && l->down.closed)
			return;
		if (moved || deaf)
			continue;
		short client = l->tls_wants, server = 0;
		client |= (short)(!l->up.ended && is_empty(&l->up) ? POLLIN : 0);
		client |= (short)(is_empty(&l->down) ? 0 : POLLOUT);
		server |= (short)(!l->down.ended && is_empty(&l->down) ? POLLIN : 0);
		server |= (short)(is_empty(&l->up) ? 0 : POLLOUT);
		/* Once the server has ended, the rest is only so that the client gets all of it. */
		if (!wait_for(l, client, server, l->down.closed ? LAST_MS : idle_ms(l->proxy)))
			return;
	}
}

static void serve(struct link *l)
{
	static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	const int64_t until_us = hc_clock_steady_us() + idle_ms(l->proxy) * 1000;
	struct hc_connect asked;
	struct hc_err err;
	if (!read_connect(l, &asked, until_us))
		return;
	if (!connect_server(l, until_us)) {
		refuse(l, "502 Bad Gateway", "the server behind this proxy does not answer");
		return;
	}
	if (hc_authority_dress(l->proxy->authority, asked.host, l->client, &l->ssl, &err) != HC_OK) {
		refuse(l, "502 Bad Gateway", "no certificate can be made");
		return;
	}
	l->up.p = malloc(PIPE_BYTES);
	l->down.p = malloc(PIPE_BYTES);
	if (l->up.p && l->down.p && send_text(l, established, until_us) && shake_hands(l, until_us))
		relay(l);
}

/* ---- connections ---- */

static void end_connection(struct hc_proxy *p)
{
	pthread_mutex_lock(&p->lock);
	p->connections--;
	pthread_cond_signal(&p->gone);
	pthread_mutex_unlock(&p->lock);
}

static void free_link(struct link *l)
{
	SSL_free(l->ssl);
	free(l->up.p);
	free(l->down.p);
	close(l->client);
	if (l->server >= 0)
		close(l->server);
	free(l);
}

static void *run_link(void *arg)
{
	struct link *l = arg;
	struct hc_proxy *p = l->proxy;
	serve(l);
	free_link(l);
	OPENSSL_thread_stop();
	end_connection(p);
	return NULL;
}

static bool start_link(struct hc_proxy *p, int fd)
{
	pthread_t thread;
	const int on = 1;
	struct link *l = calloc(1, sizeof *l);
	if (!l) {
		close(fd);
		return false;
	}
	*l = (struct link){.proxy = p, .client = fd, .server = -1};
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (pthread_create(&thread, NULL, run_link, l) != 0) {
		free_link(l);
		return false;
	}
	pthread_detach(thread);
	return true;
}

static void accept_one(struct hc_proxy *p)
{
	int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		struct pollfd stop = {.fd = p->stop_fd, .events = POLLIN};
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			poll(&stop, 1, ACCEPT_PAUSE_MS);
		return;
	}
	pthread_mutex_lock(&p->lock);
	bool room = p->connections < p->connections_max;
	p->connections += room;
	pthread_mutex_unlock(&p->lock);
	if (!room)
		close(fd);
	else if (!start_link(p, fd))
		end_connection(p);
}

static void *accept_all(void *arg)
{
	struct hc_proxy *p = arg;
	for (;;) {
		struct pollfd w[2] = {{.fd = p->stop_fd, .events = POLLIN}, {.fd = p->listen_fd, .events = POLLIN}};
		if (poll(w, 2, -1) < 0)
			continue;
		if (w[0].revents)
			return NULL;
		accept_one(p);
	}
}

static enum hc_code parse_upstream(const struct hc_proxy_options *o, struct hc_address *out, struct hc_err *err)
{
	char text[ADDRESS_MAX];
	const char *host = o->upstream_host ? o->upstream_host : "127.0.0.1";
	bool six = strchr(host, ':') != NULL;
	snprintf(text, sizeof text, "%s%s%s:%u", six ? "[" : "", host, six ? "]" : "", o->upstream_port);
	return hc_address_parse(text, out, err);
}

static void free_proxy(struct hc_proxy *p)
{
	if (p->listen_fd >= 0)
		close(p->listen_fd);
	if (p->stop_fd >= 0)
		close(p->stop_fd);
	hc_authority_close(p->authority);
	pthread_cond_destroy(&p->gone);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Signals are for the program's own thread; links inherit that, which also keeps SIGPIPE from OpenSSL's writes away. */
static bool start_acceptor(struct hc_proxy *p)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&p->acceptor, NULL, accept_all, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return error == 0;
}

static enum hc_code open_proxy(struct hc_proxy *p, const struct hc_proxy_options *o, const struct hc_address *address,
			       struct hc_err *err)
{
	HC_TRY(parse_upstream(o, &p->upstream, err));
	HC_TRY(hc_authority_open(o->ca_certificate, o->ca_key, &p->authority, err));
	HC_TRY(hc_address_listen(address, &p->listen_fd, &p->port, err));
	if (p->stop_fd < 0 || !start_acceptor(p))
		return hc_fail(err, HC_IO, "the proxy cannot be started: %s", strerror(errno));
	return HC_OK;
}

enum hc_code hc_proxy_start(const struct hc_proxy_options *options, struct hc_proxy **out, struct hc_err *err)
{
	struct hc_address address;
	assert(options->connections_max > 0 && options->idle_timeout_s > 0);
	HC_TRY(hc_address_parse(options->listen, &address, err));
	if (!hc_address_is_loopback((struct sockaddr *)&address.at)) {
		hc_fail(err, HC_USAGE, "\"%s\" is not a loopback address", options->listen);
		return hc_hint(err, "whoever reaches the proxy is taken for a local user: let it listen on 127.0.0.1");
	}
	struct hc_proxy *p = calloc(1, sizeof *p);
	if (!p)
		return hc_fail_nomem(err, "the proxy");
	*p = (struct hc_proxy){.connections_max = options->connections_max,
			       .idle_timeout_s = options->idle_timeout_s,
			       .listen_fd = -1,
			       .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->gone, NULL);
	enum hc_code code = open_proxy(p, options, &address, err);
	if (code != HC_OK) {
		free_proxy(p);
		return code;
	}
	*out = p;
	return HC_OK;
}

unsigned hc_proxy_port(const struct hc_proxy *p)
{
	return p->port;
}

void hc_proxy_stop(struct hc_proxy *p)
{
	if (!p)
		return;
	uint64_t one = 1;
	if (write(p->stop_fd, &one, sizeof one) != sizeof one)
		abort(); /* an eventfd that nobody else writes to takes it */
	pthread_join(p->acceptor, NULL);
	pthread_mutex_lock(&p->lock);
	while (p->connections > 0)
		pthread_cond_wait(&p->gone, &p->lock);
	pthread_mutex_unlock(&p->lock);
	free_proxy(p);
}
