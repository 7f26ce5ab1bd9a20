/*
 * The HTTP server: libmicrohttpd behind one small door.
 *
 * Each connection has a thread of its own, so what an application does for one request (wait for a disk, say) keeps no other
 * waiting. A request comes as begin - body... - finish, or begin - body... - drop when the client goes away. Paths and headers
 * are handed on as they came: decoding is the application's. The server adds Date, Server (unless there is one) and Content-Length.
 *
 * What is no HTTP, or passes a limit, is refused here with a bare text: 400 for a target that is no path, a character that no
 * header may have, not exactly one Host, more than one length of the body; 431 for too many or too long headers, request line included;
 * 501 for a transfer coding but chunked. libmicrohttpd (0.9.75) itself answers 505, 431 far above our limit, 400 to a line that is no
 * header, a length that is no number (that head it sends twice) and broken chunks; it ends the connection without a word on a request
 * line of one word and on a query of thousands of parameters. To it a line ends at a NUL: what stands behind it is not seen by anyone.
 *
 * A client that sends its whole body before it reads still finds an early reply: our side of the connection is closed behind it,
 * and the body is read and thrown away for at most 30 s, or until nothing has come for 2 s.
 *
 * Ownership: a request and its strings live until finish or drop has returned; a reply's buffer is taken over by the server, its file
 * is closed by it. Threads: begin, body, finish and drop of one request come one after the other in the thread of its connection, those
 * of different requests at the same time. Signals are blocked in all of them. SIGPIPE must be ignored by the program.
 */
#ifndef HC_NET_HTTP_H
#define HC_NET_HTTP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct hc_http_header {
	struct hc_str name, value;
};

struct hc_http_request {
	struct hc_str method;
	struct hc_str path;  /* raw, percent-encoded */
	struct hc_str query; /* raw, behind '?' */
	bool has_query;      /* there was a '?' */
	const struct hc_http_header *headers;
	size_t n_headers;
	bool from_loopback; /* the peer's address */
};

/* The value of a header, by name in any case; NULL slice (p == NULL) when it is not there. */
struct hc_str hc_http_header_get(const struct hc_http_request *r, const char *name);

enum {
	HC_HTTP_REPLY_HEADERS_MAX = 64,
	HC_HTTP_REQUEST_HEADERS_MAX = 256,         /* more are refused: 431 */
	HC_HTTP_REPLY_BODY_MAX = 64 * 1024 * 1024, /* of the buffer that begin, body and finish find in a reply */
	HC_HTTP_BODY_PIECE_BYTES = 256 * 1024,     /* a body comes in pieces of at most about so much */
};

/* Filled by the application. Starts as HC_HTTP_REPLY. */
struct hc_http_reply {
	unsigned status;
	char *headers[HC_HTTP_REPLY_HEADERS_MAX]; /* "Name: value", by hc_http_reply_header */
	size_t n_headers;
	bool failed;        /* a header could not be added: the reply becomes a bare 500 */
	struct hc_buf body; /* or: */
	int fd;             /* a file whose bytes [offset, offset + length) are the body; -1: none */
	uint64_t offset, length;
	/* A reply to HEAD: what Content-Length says, without a body. */
	bool head;
	uint64_t head_length;
};
#define HC_HTTP_REPLY(max_body) ((struct hc_http_reply){.status = 200, .fd = -1, .body = HC_BUF(max_body)})
/*
 * Adds a header. Control characters in the value become spaces (but tabs); it ends at a NUL. Content-Length, Date and Connection are not the application's. Beyond
 * the maximum, or without memory, the reply becomes a 500 as a whole.
 */
void hc_http_reply_header(struct hc_http_reply *r, const char *name, const char *fmt, ...) HC_PRINTF(3, 4);
void hc_http_reply_free(struct hc_http_reply *r);

struct hc_http_app {
	void *arg;
	/*
	 * Headers are complete. Returns the exchange to go on with, or NULL after filling `reply` to answer at once: the body
	 * is then thrown away and the connection ends after the reply (one without a body goes on). `100 Continue` is sent by
	 * the server when begin accepted.
	 */
	void *(*begin)(void *arg, const struct hc_http_request *request, struct hc_http_reply *reply);
	/*
	 * Some of the body. False: filled `reply` and freed the exchange; no more of the body comes, nor finish or drop. The reply
	 * is sent when the client has sent the rest, for which it has 30 s: clients do not look before.
	 */
	bool (*body)(void *exchange, const void *p, size_t n, struct hc_http_reply *reply);
	/* The body is complete. Frees the exchange. */
	void (*finish)(void *exchange, struct hc_http_reply *reply);
	/* The client is gone, or sent less than it had declared. Frees the exchange. */
	void (*drop)(void *exchange);
};

struct hc_http_options {
	const char *listen;       /* "127.0.0.1:8787", "[::1]:0"; port 0: any */
	unsigned connections_max; /* further ones wait */
	unsigned
		idle_timeout_s; /* a connection on which nothing comes or goes for so long ends; the application's time does not count */
	size_t headers_max; /* bytes of request line and headers: 431 beyond */
};

struct hc_http;
/* HC_USAGE for an address that is none, HC_IO when it is taken or not ours. */
enum hc_code hc_http_start(const struct hc_http_options *options, const struct hc_http_app *app, struct hc_http **out,
			   struct hc_err *err) HC_MUST_USE;
/* The port that it listens on. */
unsigned hc_http_port(const struct hc_http *h);
/* True when the address that was asked for is a loopback one (127.0.0.0/8, ::1). */
bool hc_http_is_loopback(const struct hc_http *h);
/*
 * Takes no new connections, lets requests that have begun end (at most grace_s seconds; then they are dropped), frees all. Waits for
 * calls of the application to return, however long. Kept connections on which nothing goes on are not waited for. NULL is fine.
 */
void hc_http_stop(struct hc_http *h, unsigned grace_s);

#endif
