#include "net/http.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/address.h"
#include "sys/clock.h"

enum {
	REPLY_HEADER_BYTES_MAX = 1 << 16,
	REPLY_TEXT_MAX = 256,
	ACCEPT_PAUSE_MS = 100, /* when the system has no descriptor left */
	LINGER_QUIET_MS = 2000,
	LINGER_CHUNK = 1 << 16,
	CONNECTIONS_SLACK = 64, /* what libmicrohttpd counts a little longer than we */
	SECOND_US = 1000000,
};

/* How long the rest of a body that nobody wants is still read, so that its sender comes to reading our reply. */
static const int64_t linger_us = 30 * (int64_t)SECOND_US;

struct hc_http {
	struct hc_http_app app;
	unsigned connections_max, idle_timeout_s, port;
	size_t headers_max;
	bool loopback;
	int listen_fd, wake_fd;
	pthread_t acceptor;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t quiet; /* under_way became 0 */
	unsigned connections; /* accepted and not yet closed; */
	unsigned starting;    /* those of them that libmicrohttpd has not begun with */
	unsigned under_way;
	bool stopping; /* connections end after their reply */
	bool closed;   /* nothing begins any more */
};

enum state {
	STATE_NEW,     /* the request line is there */
	STATE_BODY,    /* begin has accepted */
	STATE_REFUSED, /* `reply` waits for the end of the body */
	STATE_OVER,    /* the application is done with it */
};

struct exchange {
	struct hc_http *http;
	enum state state;
	bool under_way;     /* counted in http->under_way */
	bool complete;      /* nothing of the request is left to be read */
	void *app;          /* what begin returned; STATE_BODY */
	int64_t give_up_us; /* STATE_REFUSED */
	struct hc_http_reply reply;
	struct hc_http_request request;
	struct hc_http_header *headers;
	char *target; /* as it stands in the request line */
};

/* ---- requests and replies ---- */

struct hc_str hc_http_header_get(const struct hc_http_request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (hc_str_eq_nocase(r->headers[i].name, hc_str(name)))
			return r->headers[i].value;
	}
	return (struct hc_str){NULL, 0};
}

static bool is_token(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return s.n > 0;
}

/* The maximum of a buffer would refuse a value; this one only says that there was no memory. */
static char *header_text(const char *name, const char *fmt, va_list args)
{
	struct hc_buf b = HC_BUF(REPLY_HEADER_BYTES_MAX);
	char *value = NULL;
	if (vasprintf(&value, fmt, args) < 0)
		return NULL;
	for (char *c = value; *c; c++) {
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			*c = ' ';
	}
	hc_buf_cstr(&b, name);
	hc_buf_cstr(&b, ": ");
	hc_buf_cstr(&b, value);
	hc_buf_char(&b, '\0');
	free(value);
	if (b.failed)
		hc_buf_free(&b);
	return b.p;
}

void hc_http_reply_header(struct hc_http_reply *r, const char *name, const char *fmt, ...)
{
	assert(is_token(hc_str(name)));
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	if (r->n_headers < HC_HTTP_REPLY_HEADERS_MAX)
		text = header_text(name, fmt, args);
	va_end(args);
	if (text)
		r->headers[r->n_headers++] = text;
	else
		r->failed = true;
}

void hc_http_reply_free(struct hc_http_reply *r)
{
	for (size_t i = 0; i < r->n_headers; i++)
		free(r->headers[i]);
	hc_buf_free(&r->body);
	if (r->fd >= 0)
		close(r->fd);
	*r = (struct hc_http_reply){.fd = -1};
}

/* A reply of our own, for what never reaches the application or went wrong behind it. */
static void say_plainly(struct hc_http_reply *r, unsigned status, const char *what)
{
	hc_http_reply_free(r);
	*r = HC_HTTP_REPLY(REPLY_TEXT_MAX);
	r->status = status;
	hc_http_reply_header(r, "Content-Type", "text/plain");
	hc_buf_printf(&r->body, "%u: %s\n", status, what);
}

/* libmicrohttpd asks for the body of no reply to HEAD. */
static ssize_t no_body(void *arg, uint64_t at, char *p, size_t n)
{
	(void)arg;
	(void)at;
	memset(p, 0, n);
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* Takes over the body of the reply. NULL without memory, or when the figures are impossible. */
static struct MHD_Response *response_of(struct hc_http_reply *r)
{
	struct MHD_Response *response;
	if (r->head) {
		return r->head_length > INT64_MAX
			       ? NULL
			       : MHD_create_response_from_callback(r->head_length, 1, no_body, NULL, NULL);
	}
	if (r->fd >= 0 && r->length > 0) {
		if (r->offset > INT64_MAX || r->length > INT64_MAX - r->offset)
			return NULL;
		response = MHD_create_response_from_fd_at_offset64(r->length, r->fd, r->offset);
		if (response)
			r->fd = -1;
		return response;
	}
	response = MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_FREE);
	if (response)
		r->body.p = NULL;
	return response;
}

static bool add_headers(struct MHD_Response *response, const struct hc_http_reply *r)
{
	bool server = false;
	for (size_t i = 0; i < r->n_headers; i++) {
		char *colon = strchr(r->headers[i], ':'); /* a name has none */
		*colon = '\0';
		server = server || strcasecmp(r->headers[i], "Server") == 0;
		/* It takes no empty value; what leads a value means nothing. */
		const char *value = colon[2] ? colon + 2 : " ";
		if (MHD_add_response_header(response, r->headers[i], value) != MHD_YES)
			return false;
	}
	return server || MHD_add_response_header(response, "Server", "hindcast") == MHD_YES;
}

/* The idle time begins now: what the application took is not the client's. */
static void restart_timer(struct hc_http *h, struct MHD_Connection *c)
{
	MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
	MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, h->idle_timeout_s);
}

static bool is_stopping(struct hc_http *h)
{
	pthread_mutex_lock(&h->lock);
	bool stopping = h->stopping;
	pthread_mutex_unlock(&h->lock);
	return stopping;
}

/* Queues the reply and frees it. */
static enum MHD_Result answer(struct exchange *e, struct MHD_Connection *c, struct hc_http_reply *r)
{
	restart_timer(e->http, c);
	if (r->failed || r->body.failed || r->status < 200 || r->status > 599)
		say_plainly(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "the reply could not be made");
	enum MHD_Result result = MHD_NO;
	struct MHD_Response *response = response_of(r);
	if (response && add_headers(response, r) &&
	    (!is_stopping(e->http) || MHD_add_response_header(response, "Connection", "close") == MHD_YES))
		result = MHD_queue_response(c, r->status, response);
	if (response)
		MHD_destroy_response(response);
	hc_http_reply_free(r);
	return result;
}

/* ---- a request comes in ---- */

static void *on_request_line(void *arg, const char *target, struct MHD_Connection *c)
{
	(void)c;
	struct exchange *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->http = arg;
	e->reply = HC_HTTP_REPLY(REPLY_TEXT_MAX);
	e->target = strdup(target);
	if (!e->target) {
		free(e);
		return NULL;
	}
	return e;
}

static bool begin_under_way(struct exchange *e)
{
	struct hc_http *h = e->http;
	pthread_mutex_lock(&h->lock);
	e->under_way = !h->closed;
	h->under_way += e->under_way;
	pthread_mutex_unlock(&h->lock);
	return e->under_way;
}

static void end_under_way(struct exchange *e)
{
	struct hc_http *h = e->http;
	if (!e->under_way)
		return;
	e->under_way = false;
	pthread_mutex_lock(&h->lock);
	if (--h->under_way == 0)
		pthread_cond_broadcast(&h->quiet);
	pthread_mutex_unlock(&h->lock);
}

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value,
				 size_t value_n)
{
	(void)kind;
	struct hc_http_request *r = arg;
	struct hc_http_header *to = (struct hc_http_header *)r->headers;
	if (r->n_headers == HC_HTTP_REQUEST_HEADERS_MAX)
		return MHD_NO;
	/* It leaves the space behind a value in place. */
	while (value && value_n > 0 && (value[value_n - 1] == ' ' || value[value_n - 1] == '\t'))
		value_n--;
	to[r->n_headers++] = (struct hc_http_header){{name, name_n}, {value ? value : "", value ? value_n : 0}};
	return MHD_YES;
}

static bool has_control(struct hc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* Splits the target; one in absolute form, which proxies get, is cut to its path. */
static bool read_target(struct exchange *e)
{
	struct hc_str s = hc_str(e->target);
	const char *slashes = strstr(s.p, "://");
	if (slashes && (strncasecmp(s.p, "http://", 7) == 0 || strncasecmp(s.p, "https://", 8) == 0)) {
		const char *path = slashes + 3 + strcspn(slashes + 3, "/?");
		s = *path ? (struct hc_str){path, s.n - (size_t)(path - s.p)} : HC_STR("/");
	}
	if (memchr(s.p, ' ', s.n) || has_control(s) || memchr(s.p, '\t', s.n))
		return false;
	const char *mark = memchr(s.p, '?', s.n);
	e->request.has_query = mark != NULL;
	e->request.path = (struct hc_str){s.p, mark ? (size_t)(mark - s.p) : s.n};
	e->request.query = mark ? (struct hc_str){mark + 1, s.n - e->request.path.n - 1} : HC_STR("");
	if (mark == s.p)
		e->request.path = HC_STR("/");
	return e->request.path.n > 0 && e->request.path.p[0] == '/';
}

/*
 * What the framing of a request must not leave in doubt: libmicrohttpd takes the first of several lengths, and prefers chunks
 * to a length; others may read it differently. 0, or a status with its text in *what.
 */
static unsigned judge_headers(const struct hc_http_request *r, bool wants_host, bool *has_body, const char **what)
{
	struct hc_str length = {NULL, 0}, coding = {NULL, 0};
	unsigned lengths = 0, codings = 0, hosts = 0;
	for (size_t i = 0; i < r->n_headers; i++) {
		const struct hc_http_header *h = &r->headers[i];
		*what = "a header's name or value holds a character that none may have";
		if (!is_token(h->name) || has_control(h->value))
			return MHD_HTTP_BAD_REQUEST;
		if (hc_str_eq_nocase(h->name, HC_STR("Content-Length"))) {
			length = h->value;
			lengths++;
		} else if (hc_str_eq_nocase(h->name, HC_STR("Transfer-Encoding"))) {
			coding = h->value;
			codings++;
		} else if (hc_str_eq_nocase(h->name, HC_STR("Host"))) {
			hosts++;
		}
	}
	*what = "there must be one Host header";
	if (hosts > 1 || (hosts == 0 && wants_host))
		return MHD_HTTP_BAD_REQUEST;
	*what = "the length of the body is given more than once";
	if (lengths + codings > 1)
		return MHD_HTTP_BAD_REQUEST;
	*what = "the only transfer encoding is chunked";
	if (codings && !hc_str_eq_nocase(coding, HC_STR("chunked")))
		return MHD_HTTP_NOT_IMPLEMENTED;
	size_t zeros = 0;
	while (zeros < length.n && length.p[zeros] == '0')
		zeros++;
	*has_body = codings || zeros < length.n;
	return 0;
}

/* Fills e->request. 0, or a status with its text in *what. */
static unsigned read_request(struct exchange *e, struct MHD_Connection *c, const char *method, const char *version,
			     const char **what)
{
	struct hc_http_request *r = &e->request;
	const union MHD_ConnectionInfo *size = MHD_get_connection_info(c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	int n = MHD_get_connection_values(c, MHD_HEADER_KIND, NULL, NULL);
	bool has_body = true;
	*what = "request line and headers are too long";
	if (!size || size->header_size > e->http->headers_max)
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	*what = "there are too many headers";
	if (n < 0 || n > HC_HTTP_REQUEST_HEADERS_MAX)
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	*what = "no memory left for the request";
	r->headers = e->headers = malloc(HC_HTTP_REQUEST_HEADERS_MAX * sizeof *e->headers);
	if (!e->headers)
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	MHD_get_connection_values_n(c, MHD_HEADER_KIND, on_header, r);
	r->method = hc_str(method);
	r->from_loopback = peer && peer->client_addr && hc_address_is_loopback(peer->client_addr);
	unsigned status = judge_headers(r, strcmp(version, MHD_HTTP_VERSION_1_0) != 0, &has_body, what);
	e->complete = !has_body;
	if (status)
		return status;
	*what = "the request line is none of HTTP";
	return is_token(r->method) && read_target(e) ? 0 : MHD_HTTP_BAD_REQUEST;
}

/*
 * The reply to a request whose body, if it has one, is not wanted. With a body it is sent at once, and the connection ends;
 * without, libmicrohttpd must first be told to go on, or it would end that connection too.
 */
static enum MHD_Result refuse(struct exchange *e, struct MHD_Connection *c)
{
	e->state = STATE_REFUSED;
	if (e->complete) {
		restart_timer(e->http, c);
		return MHD_YES;
	}
	e->state = STATE_OVER;
	return answer(e, c, &e->reply);
}

static enum MHD_Result on_headers(struct exchange *e, struct MHD_Connection *c, const char *method, const char *version)
{
	struct hc_http *h = e->http;
	const char *what = "";
	if (!begin_under_way(e))
		return MHD_NO;
	unsigned status = read_request(e, c, method, version, &what);
	if (status) {
		e->complete = false; /* where this request ends is not to be trusted */
		say_plainly(&e->reply, status, what);
		return refuse(e, c);
	}
	e->reply = HC_HTTP_REPLY(HC_HTTP_REPLY_BODY_MAX);
	e->app = h->app.begin(h->app.arg, &e->request, &e->reply);
	if (!e->app)
		return refuse(e, c);
	e->state = STATE_BODY;
	restart_timer(h, c);
	return MHD_YES;
}

static enum MHD_Result on_body(struct exchange *e, struct MHD_Connection *c, const char *p, size_t n)
{
	if (e->state == STATE_BODY) {
		if (!e->http->app.body(e->app, p, n, &e->reply)) {
			e->state = STATE_REFUSED;
			e->give_up_us = hc_clock_steady_us() + linger_us;
		}
		restart_timer(e->http, c);
		return MHD_YES;
	}
	return hc_clock_steady_us() < e->give_up_us ? MHD_YES : MHD_NO;
}

static enum MHD_Result on_end(struct exchange *e, struct MHD_Connection *c)
{
	bool accepted = e->state == STATE_BODY;
	e->complete = true;
	e->state = STATE_OVER;
	if (accepted)
		e->http->app.finish(e->app, &e->reply);
	return answer(e, c, &e->reply);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method,
				  const char *version, const char *body, size_t *body_n, void **context)
{
	(void)arg;
	(void)url;
	struct exchange *e = *context;
	if (!e || e->state == STATE_OVER)
		return MHD_NO;
	if (e->state == STATE_NEW)
		return on_headers(e, c, method, version);
	if (*body_n == 0)
		return on_end(e, c);
	size_t n = *body_n;
	*body_n = 0;
	return on_body(e, c, body, n);
}

/*
 * A socket that is closed with bytes unread makes the system reset the connection, and the client may lose the reply that it
 * was sent. So our side is closed first, and what still comes is thrown away until the client has closed too or is quiet.
 */
static void linger(int fd)
{
	char *junk = malloc(LINGER_CHUNK);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	const int64_t until = hc_clock_steady_us() + linger_us;
	shutdown(fd, SHUT_WR);
	while (junk && hc_clock_steady_us() < until && poll(&p, 1, LINGER_QUIET_MS) > 0) {
		ssize_t n = recv(fd, junk, LINGER_CHUNK, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			break;
	}
	free(junk);
}

static void on_completed(void *arg, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode how)
{
	(void)arg;
	struct exchange *e = *context;
	*context = NULL;
	if (!e)
		return;
	if (e->state == STATE_BODY)
		e->http->app.drop(e->app);
	end_under_way(e);
	const union MHD_ConnectionInfo *socket = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK && !e->complete && socket)
		linger(socket->connect_fd);
	hc_http_reply_free(&e->reply);
	free(e->headers);
	free(e->target);
	free(e);
}

static size_t leave_escaped(void *arg, struct MHD_Connection *c, char *text)
{
	(void)arg;
	(void)c;
	return strlen(text);
}

/* ---- connections ---- */

static void wake(struct hc_http *h)
{
	uint64_t one = 1;
	ssize_t done = write(h->wake_fd, &one, sizeof one);
	(void)done; /* it can only be full, which wakes too */
}

static void on_connection(void *arg, struct MHD_Connection *c, void **context, enum MHD_ConnectionNotificationCode what)
{
	(void)c;
	(void)context;
	struct hc_http *h = arg;
	pthread_mutex_lock(&h->lock);
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		h->starting--;
	else if (h->connections-- == h->connections_max)
		wake(h);
	pthread_mutex_unlock(&h->lock);
}

/*
 * Another thread of libmicrohttpd takes the connection up, so it is counted here, before. One that cannot be added is closed by it;
 * if it was started before that, it was also told as closed.
 */
static void add_connection(struct hc_http *h, int fd, const struct sockaddr_storage *peer, socklen_t size)
{
	pthread_mutex_lock(&h->lock);
	h->connections++;
	h->starting++;
	pthread_mutex_unlock(&h->lock);
	if (MHD_add_connection(h->daemon, fd, (const struct sockaddr *)peer, size) == MHD_YES)
		return;
	pthread_mutex_lock(&h->lock);
	if (h->starting > 0) {
		h->starting--;
		h->connections--;
	}
	pthread_mutex_unlock(&h->lock);
}

static void accept_one(struct hc_http *h)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;
	int fd = accept4(h->listen_fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		add_connection(h, fd, &peer, size);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		struct pollfd p = {.fd = h->wake_fd, .events = POLLIN};
		poll(&p, 1, ACCEPT_PAUSE_MS);
	}
}

/* Ours, not libmicrohttpd's, because that closes connections beyond the limit where we let them wait. */
static void *accept_all(void *arg)
{
	struct hc_http *h = arg;
	for (;;) {
		pthread_mutex_lock(&h->lock);
		bool stopping = h->stopping, room = h->connections < h->connections_max;
		pthread_mutex_unlock(&h->lock);
		if (stopping)
			return NULL;
		struct pollfd p[2] = {{.fd = h->wake_fd, .events = POLLIN}, {.fd = h->listen_fd, .events = POLLIN}};
		if (poll(p, room ? 2 : 1, -1) < 0)
			continue;
		uint64_t count;
		if (p[0].revents && read(h->wake_fd, &count, sizeof count) < 0)
			continue;
		if (p[1].revents)
			accept_one(h);
	}
}

static struct MHD_Daemon *start_daemon(struct hc_http *h)
{
	/* Strict, it closes the connection on a target with a space, and sends its reply to a missing Host twice: we look ourselves. */
	/* A parsed header takes more than its text, and the body is read through what is left. */
	size_t memory = 4 * h->headers_max + HC_HTTP_BODY_PIECE_BYTES;
	return MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
					MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC,
				0, NULL, NULL, on_request, h, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, h,
				MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED,
				on_completed, h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
				MHD_OPTION_CONNECTION_LIMIT, h->connections_max + CONNECTIONS_SLACK,
				MHD_OPTION_CONNECTION_TIMEOUT, h->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				memory, MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END);
}

/* Signals are for the program's own thread. Threads that libmicrohttpd starts for us inherit that. */
static bool start_threads(struct hc_http *h)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	h->daemon = start_daemon(h);
	bool started = h->daemon && pthread_create(&h->acceptor, NULL, accept_all, h) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (h->daemon && !started)
		MHD_stop_daemon(h->daemon);
	return started;
}

static void free_http(struct hc_http *h)
{
	if (h->listen_fd >= 0)
		close(h->listen_fd);
	if (h->wake_fd >= 0)
		close(h->wake_fd);
	pthread_cond_destroy(&h->quiet);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

enum hc_code hc_http_start(const struct hc_http_options *options, const struct hc_http_app *app, struct hc_http **out,
			   struct hc_err *err)
{
	assert(options->connections_max > 0 && options->headers_max > 0);
	struct hc_address address;
	HC_TRY(hc_address_parse(options->listen, &address, err));
	struct hc_http *h = calloc(1, sizeof *h);
	if (!h)
		return hc_fail_nomem(err, "the HTTP server");
	*h = (struct hc_http){.app = *app,
			      .connections_max = options->connections_max,
			      .idle_timeout_s = options->idle_timeout_s,
			      .headers_max = options->headers_max,
			      .loopback = hc_address_is_loopback((struct sockaddr *)&address.at),
			      .listen_fd = -1,
			      .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_t steady;
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&h->quiet, &steady);
	pthread_condattr_destroy(&steady);
	enum hc_code code = hc_address_listen(&address, &h->listen_fd, &h->port, err);
	if (code == HC_OK && (h->wake_fd < 0 || !start_threads(h)))
		code = hc_fail(err, HC_IO, "the HTTP server cannot be started: %s", strerror(errno));
	if (code != HC_OK) {
		free_http(h);
		return code;
	}
	*out = h;
	return HC_OK;
}

unsigned hc_http_port(const struct hc_http *h)
{
	return h->port;
}

bool hc_http_is_loopback(const struct hc_http *h)
{
	return h->loopback;
}

/* Waits until no request is under way, at most grace_s; from then on none begins. */
static void wait_quiet(struct hc_http *h, unsigned grace_s)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)grace_s;
	pthread_mutex_lock(&h->lock);
	while (h->under_way > 0 && pthread_cond_timedwait(&h->quiet, &h->lock, &until) == 0) {
	}
	h->closed = true;
	pthread_mutex_unlock(&h->lock);
}

void hc_http_stop(struct hc_http *h, unsigned grace_s)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stopping = true;
	pthread_mutex_unlock(&h->lock);
	wake(h);
	pthread_join(h->acceptor, NULL);
	close(h->listen_fd);
	h->listen_fd = -1;
	wait_quiet(h, grace_s);
	MHD_stop_daemon(h->daemon);
	free_http(h);
}
