#include "net/http.h"

#include "check_net.h"
#include "net/address.h"

#define END " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

static void test_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool fine, loopback;
	} table[] = {
		{"127.0.0.1:8787", true, true},
		{"127.9.9.9:0", true, true},
		{"localhost:65535", true, true},
		{"[::1]:0", true, true},
		{"[::ffff:127.0.0.1]:1", true, true},
		{"[::ffff:10.0.0.1]:1", true, false},
		{"0.0.0.0:1", true, false},
		{"[::]:1", true, false},
		{"10.1.2.3:00080", true, false},
		{"", false, false},
		{":", false, false},
		{":80", false, false},
		{"127.0.0.1", false, false},
		{"127.0.0.1:", false, false},
		{"127.0.0.1:65536", false, false},
		{"127.0.0.1:000080", false, false},
		{"127.0.0.1:-1", false, false},
		{"127.0.0.1:8x", false, false},
		{"127.0.0.1:80 ", false, false},
		{"127.0.0:80", false, false},
		{"127.0.0.256:80", false, false},
		{"::1:80", false, false},
		{"[::1:80", false, false},
		{"[127.0.0.1]:80", false, false},
		{"[]:80", false, false},
		{"[:80", false, false},
		{"[::1%lo]:80", false, false},
		{"example.org:80", false, false},
		{"0123456789012345678901234567890123456789012345678901234567890123456789:80", false, false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		struct hc_address a;
		enum hc_code code = hc_address_parse(table[i].text, &a, &err);
		if (code != (table[i].fine ? HC_OK : HC_USAGE))
			fail_msg("%s gives %d", table[i].text, code);
		if (code == HC_OK && hc_address_is_loopback((struct sockaddr *)&a.at) != table[i].loopback)
			fail_msg("%s", table[i].text);
		assert_true(code == HC_OK || err.hint[0]);
	}
}

static void test_listening(void **state)
{
	(void)state;
	struct hc_http *h = start_http(&usual_options), *second = NULL;
	struct hc_http_options o = usual_options;
	struct hc_err err;
	char text[64];
	assert_true(hc_http_is_loopback(h));
	snprintf(text, sizeof text, "127.0.0.1:%u", hc_http_port(h));
	o.listen = text;
	assert_int_equal(hc_http_start(&o, &app_shown, &second, &err), HC_IO);
	check_has(err.msg, "in use");
	o.listen = "192.0.2.1:0";
	assert_int_equal(hc_http_start(&o, &app_shown, &second, &err), HC_IO);
	o.listen = "nowhere";
	assert_int_equal(hc_http_start(&o, &app_shown, &second, &err), HC_USAGE);
	assert_null(second);
	hc_http_stop(h, 1);
	hc_http_stop(NULL, 1);
}

/* Requests and what must, and must not, be in the whole answer. */
static void test_exchanges(void **state)
{
	(void)state;
	static const struct {
		const char *request, *has, *has_too, *lacks;
	} table[] = {
		{"GET /" END, "HTTP/1.1 200 OK\r\n", "\r\n\r\nGET / near", " query"},
		{"GET /" END, "\r\nDate: ", "\r\nServer: hindcast\r\n", "<"},
		{"GET /" END, "\r\nContent-Length: 10\r\n", NULL, NULL},
		/* targets come as they were sent */
		{"GET /a%2Fb" END, "GET /a%2Fb near", NULL, NULL},
		{"GET //x" END, "GET //x near", NULL, NULL},
		{"GET /a/../b/." END, "GET /a/../b/. near", NULL, NULL},
		{"GET /?" END, "GET / query  near", NULL, NULL},
		{"GET /?x" END, "GET / query x near", NULL, NULL},
		{"GET /?x=" END, "GET / query x= near", NULL, NULL},
		{"GET /?a=1&b=%20+&&a=2?c" END, "GET / query a=1&b=%20+&&a=2?c near", NULL, NULL},
		{"GET /%zz%00%?%zz" END, "GET /%zz%00% query %zz near", NULL, NULL},
		{"GET /\xc3\xa4\xff#f" END, "GET /\xc3\xa4\xff#f near", NULL, NULL},
		{"GET http://h:1/p?q" END, "GET /p query q near", NULL, NULL},
		{"GET HTTPS://h" END, "GET / near", NULL, NULL},
		{"GET http://h?q" END, "GET / query q near", NULL, NULL},
		{"GET /x://h/" END, "GET /x://h/ near", NULL, NULL},
		/* methods and headers */
		{"PATCH /" END, "PATCH / near", NULL, NULL},
		{"GET / HTTP/1.1\r\nHost: h\r\nX-TEST:  a b \t\r\nConnection: close\r\n\r\n", "header a b near", NULL,
		 NULL},
		{"GET / HTTP/1.1\r\nHost: h\r\nX-Test:\r\nConnection: close\r\n\r\n", "header  near", NULL, NULL},
		{"GET / HTTP/1.0\r\n\r\n", "200 OK", "GET / near", NULL},
		/* bodies */
		{"PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "body 3 abc", NULL,
		 NULL},
		{"PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "PUT / near", NULL,
		 "body"},
		{"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", "body 1 a", NULL,
		 NULL},
		{"PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n",
		 "body 13 abc0123456789", NULL, NULL},
		{"PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\nExpect: "
		 "100-continue\r\n\r\nabc",
		 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", "body 3 abc", NULL},
		{"PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
		 "HTTP/1.1 403 ", "\r\n\r\nrefused", "100 Continue"},
		{"GET /refuse" END, "HTTP/1.1 403 ", "\r\n\r\nrefused", NULL},
		{"PUT /mid HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 ",
		 "\r\n\r\nenough", NULL},
		/* replies */
		{"GET /file" END, "HTTP/1.1 206 ", "\r\nContent-Length: 4\r\n\r\n3456", "34567"},
		{"GET /empty" END, "HTTP/1.1 200 ", "\r\nContent-Length: 0\r\n\r\n", "012"},
		{"HEAD /head" END, "\r\nContent-Length: 12345678901\r\n\r\n", NULL, NULL},
		{"HEAD /file" END, "\r\nContent-Length: 4\r\n\r\n", NULL, "3456"},
		{"HEAD /" END, "\r\nContent-Length: 11\r\n\r\n", NULL, "near"},
		{"DELETE /no" END, "HTTP/1.1 204 No Content\r\n", NULL, "Content-Length"},
		{"GET /inject" END, "\r\nX-Name: a  Set-Cookie: b c\r\n", "\r\nServer: AmazonS3\r\n", "hindcast"},
		{"GET /inject" END, "\r\nX-Empty: ", NULL, NULL},
		{"GET /over" END, "HTTP/1.1 500 ", NULL, "X-Many"},
		{"GET /bad" END, "HTTP/1.1 500 ", NULL, NULL},
	};
	struct hc_http *h = start_http(&usual_options);
	for (size_t i = 0; i < COUNT(table); i++) {
		char *reply = ask(hc_http_port(h), table[i].request, strlen(table[i].request));
		check_has(reply, table[i].has);
		if (table[i].has_too)
			check_has(reply, table[i].has_too);
		if (table[i].lacks)
			check_lacks(reply, table[i].lacks);
		check_lacks(reply, "<silence>");
		check_lacks(reply, "<reset>");
		free(reply);
	}
	assert_int_equal(dropped, 0);
	hc_http_stop(h, 1);
}

/* What is no request never reaches the application, is answered or not, and the connection ends. */
static void test_malformed(void **state)
{
	(void)state;
	static const struct {
		const char *request, *status; /* NULL: only the end */
	} table[] = {
		{"junk\r\n\r\n", NULL},
		{"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
		{"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
		{"GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
		{"GET * HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
		{"GET x HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
		{"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
		{"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\nHost: h\r\nbad name: x\r\n\r\n", "400"},
		{"GET / HTTP/1.1\r\nHost: h\r\nX: a\x01\r\n\r\n", "400"},
		{"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\nabc", "400"},
		{"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\nabc", "400"},
		{"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\nabc", "4"},
		{"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
		{"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "400"},
		{"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\nabc", "501"},
	};
	struct hc_http *h = start_http(&usual_options);
	for (size_t i = 0; i < COUNT(table); i++) {
		int fd = dial(hc_http_port(h));
		tell(fd, table[i].request);
		shutdown(fd, SHUT_WR);
		char *reply = hear_all(fd), start[32];
		close(fd);
		snprintf(start, sizeof start, "HTTP/1.1 %s", table[i].status ? table[i].status : "");
		if (table[i].status)
			check_has(reply, start);
		check_lacks(reply, "200 OK");
		check_lacks(reply, "<reset>");
		check_lacks(reply, "<silence>");
		free(reply);
		if (begun)
			fail_msg("%s: was begun", table[i].request);
	}
	hc_http_stop(h, 1);
}

static char *long_request(const char *before, const char *piece, size_t times)
{
	struct hc_buf b = HC_BUF(REPLY_MAX);
	hc_buf_cstr(&b, before);
	for (size_t i = 0; i < times; i++)
		hc_buf_cstr(&b, piece);
	hc_buf_cstr(&b, END);
	hc_buf_char(&b, '\0');
	assert_false(b.failed);
	return b.p;
}

static void test_limits(void **state)
{
	(void)state;
	static const struct {
		const char *before, *piece;
		size_t times;
		const char *has;
	} table[] = {
		{"GET /", "0123456789abcdef", 1000, "HTTP/1.1 200 "},
		{"GET /", "0123456789abcdef", 1100, "HTTP/1.1 431 "},
		{"GET /?", "0123456789abcdef", 1100, "HTTP/1.1 431 "},
		{"GET / HTTP/1.1\r\nX-Test: ", "0123456789abcdef", 1100, "HTTP/1.1 431 "},
		{"GET / HTTP/1.1", "\r\nX: y", 240, "HTTP/1.1 200 "},
		{"GET / HTTP/1.1", "\r\nX: y", 260, "HTTP/1.1 431 "},
		{"GET / HTTP/1.1", "\r\nX: y", 40000, "HTTP/1.1 431 "},
		{"GET / HTTP/1.1\r\nX: ", "0123456789abcdef", 40000, "HTTP/1.1 431 "},
	};
	struct hc_http *h = start_http(&usual_options);
	for (size_t i = 0; i < COUNT(table); i++) {
		char *request = long_request(table[i].before, table[i].piece, table[i].times);
		/* END begins with the version, which then is the value of a header: as good as any */
		char *version = strstr(request, " HTTP/1.1\r\nHost");
		if (strstr(table[i].before, "HTTP/1.1"))
			memcpy(version, " xxxxxxxx", 9);
		char *reply = ask(hc_http_port(h), request, strlen(request));
		check_has(reply, table[i].has);
		check_lacks(reply, "<silence>");
		free(reply);
		free(request);
	}
	hc_http_stop(h, 1);
}

/* A client that sends all of a large body before it reads still finds the reply. */
static void test_early_reply(void **state)
{
	(void)state;
	static const char *const heads[] = {
		"PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n",
		"PUT /mid HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\nContent-Length: 5\r\n\r\n",
	};
	static const char *const ends[] = {"refused", "enough", "more than once\n"};
	static char body[5000000];
	struct hc_http *h = start_http(&usual_options);
	for (size_t i = 0; i < COUNT(heads); i++) {
		int fd = dial(hc_http_port(h));
		tell(fd, heads[i]);
		usleep(50 * 1000); /* the reply is there before the body */
		assert_true(tell_bytes(fd, body, sizeof body));
		char *reply = hear_all(fd);
		if (!hc_str_ends(hc_str(reply), ends[i]))
			fail_msg("%s", reply);
		free(reply);
		close(fd);
	}
	assert_int_equal(dropped, 0);
	hc_http_stop(h, 1);
}

static void test_large_body(void **state)
{
	(void)state;
	static char body[5000000];
	struct hc_http *h = start_http(&usual_options);
	int fd = dial(hc_http_port(h));
	memset(body, 'x', sizeof body);
	tell(fd, "PUT /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n");
	assert_true(tell_bytes(fd, body, sizeof body));
	char *reply = hear_all(fd);
	check_has(reply, "body 5000000 xxx");
	free(reply);
	close(fd);
	hc_http_stop(h, 1);
}

/* Less than declared, broken chunks: drop, not finish. */
static void test_cut_bodies(void **state)
{
	(void)state;
	static const char *const table[] = {
		"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
		"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
	};
	struct hc_http *h = start_http(&usual_options);
	for (size_t i = 0; i < COUNT(table); i++) {
		int fd = dial(hc_http_port(h));
		tell(fd, table[i]);
		shutdown(fd, SHUT_WR);
		char *reply = hear_all(fd);
		close(fd);
		check_lacks(reply, "200 OK");
		free(reply);
		if (!reaches(&dropped, (int)i + 1))
			fail_msg("%s: not dropped", table[i]);
	}
	assert_int_equal(finished, 0);
	hc_http_stop(h, 1);
}

/* A connection is kept: one request after the other, a refused one without a body among them, and several at once. */
static void test_kept_connections(void **state)
{
	(void)state;
	static const char *const table[][2] = {
		{"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /1 near"},
		{"PUT /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", "PUT /2 near body 2 ab"},
		{"GET /refuse HTTP/1.1\r\nHost: h\r\n\r\n", "refused"},
		{"DELETE /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "refused"},
		{"PUT /mid HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab", "enough"},
		{"GET /3 HTTP/1.1\r\nHost: h\r\n\r\nGET /4 HTTP/1.1\r\nHost: h\r\n\r\n"
		 "PUT /5 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\naGET /6 HTTP/1.1\r\nHost: h\r\n\r\n",
		 "GET /6 near"},
		{"HEAD /head HTTP/1.1\r\nHost: h\r\n\r\n", "Content-Length: 12345678901\r\n\r\n"},
		{"GET /7 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /7 near"},
	};
	struct hc_http *h = start_http(&usual_options);
	int fd = dial(hc_http_port(h));
	for (size_t i = 0; i < COUNT(table); i++) {
		tell(fd, table[i][0]);
		char *reply = hear_until(fd, table[i][1]);
		check_lacks(reply, "Connection: close");
		free(reply);
	}
	close(fd);
	hc_http_stop(h, 1);
}

static void test_slow_clients(void **state)
{
	(void)state;
	struct hc_http *h = start_http(&usual_options);
	int one = dial(hc_http_port(h)), two = dial(hc_http_port(h)), three = dial(hc_http_port(h));
	tell(one, "GET /wait" END);
	tell(two, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab");
	tell(three, "GET / HT");
	assert_true(reaches(&begun, 2));
	char *reply = ask(hc_http_port(h), "GET /4" END, strlen("GET /4" END));
	check_has(reply, "GET /4 near");
	free(reply);
	assert_false(hears(one, 0));
	gate = 1;
	reply = hear_all(one);
	check_has(reply, "GET /wait near");
	free(reply);
	close(one);
	close(two);
	close(three);
	assert_true(reaches(&dropped, 1));
	hc_http_stop(h, 1);
}

/* Connections beyond the limit wait until another ends. */
static void test_connection_limit(void **state)
{
	(void)state;
	struct hc_http_options o = usual_options;
	o.connections_max = 2;
	struct hc_http *h = start_http(&o);
	int one = dial(hc_http_port(h)), two = dial(hc_http_port(h));
	tell(one, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	tell(two, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	free(hear_until(one, "near"));
	free(hear_until(two, "near"));
	int three = dial(hc_http_port(h));
	tell(three, "GET /3" END);
	assert_false(hears(three, 300));
	close(one);
	char *reply = hear_all(three);
	check_has(reply, "GET /3 near");
	free(reply);
	close(two);
	close(three);
	hc_http_stop(h, 1);
}

/* A silent connection ends; the time that the application takes does not count. */
static void test_idle_time(void **state)
{
	(void)state;
	struct hc_http_options o = usual_options;
	o.idle_timeout_s = 2;
	struct hc_http *h = start_http(&o);
	int one = dial(hc_http_port(h)), two = dial(hc_http_port(h)), slow = dial(hc_http_port(h));
	tell(one, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab");
	tell(slow, "PUT /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc");
	assert_true(reaches(&dawdled, 1));
	usleep(300 * 1000);
	tell_bytes(slow, "def", 3);
	char *reply = hear_all(slow);
	check_has(reply, "PUT /slow near body 6 abcdef");
	free(reply);
	close(slow);
	reply = hear_all(one);
	assert_string_equal(reply, "");
	free(reply);
	reply = hear_all(two);
	assert_string_equal(reply, "");
	free(reply);
	assert_true(reaches(&dropped, 1));
	close(one);
	close(two);
	hc_http_stop(h, 1);
}

struct stopping {
	struct hc_http *http;
	unsigned grace_s;
	int64_t took_us;
};

static void *stop_http(void *arg)
{
	struct stopping *s = arg;
	int64_t start_us = hc_clock_steady_us();
	hc_http_stop(s->http, s->grace_s);
	s->took_us = hc_clock_steady_us() - start_us;
	return NULL;
}

/* What has begun ends with its reply; an idle connection is not waited for; nobody else gets in. */
static void test_stop_waits(void **state)
{
	(void)state;
	struct stopping s = {start_http(&usual_options), 8, 0};
	unsigned port = hc_http_port(s.http);
	int one = dial(port), idle = dial(port);
	pthread_t thread;
	tell(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	free(hear_until(idle, "near"));
	tell(one, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_true(reaches(&begun, 2));
	assert_int_equal(pthread_create(&thread, NULL, stop_http, &s), 0);
	assert_false(hears(one, 200));
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int late = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(late, (struct sockaddr *)&to, sizeof to), -1);
	close(late);
	gate = 1;
	char *reply = hear_all(one);
	check_has(reply, "GET /wait near");
	check_has(reply, "Connection: close");
	free(reply);
	pthread_join(thread, NULL);
	assert_true(s.took_us < 4 * 1000000);
	close(one);
	close(idle);
}

/* A request that does not end is not waited for longer than the grace, and is dropped. */
static void test_stop_gives_up(void **state)
{
	(void)state;
	struct stopping s = {start_http(&usual_options), 1, 0};
	int one = dial(hc_http_port(s.http));
	tell(one, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab");
	assert_true(reaches(&begun, 1));
	stop_http(&s);
	assert_true(s.took_us > 900 * 1000 && s.took_us < 4 * 1000000);
	assert_int_equal(dropped, 1);
	assert_int_equal(finished, 0);
	close(one);
}

/* What a reply's header may not hold becomes a space, wherever it came from. */
static void test_reply_headers(void **state)
{
	(void)state;
	struct hc_http_reply reply = HC_HTTP_REPLY(100);
	hc_http_reply_header(&reply, "A", "%s", "b\r\nC: d\x0f\x7f\te\xc3\xa4");
	assert_int_equal(reply.n_headers, 1);
	assert_string_equal(reply.headers[0], "A: b  C: d  \te\xc3\xa4");
	hc_http_reply_free(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),        cmocka_unit_test(test_listening),
		cmocka_unit_test(test_exchanges),        cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_limits),           cmocka_unit_test(test_early_reply),
		cmocka_unit_test(test_large_body),       cmocka_unit_test(test_cut_bodies),
		cmocka_unit_test(test_kept_connections), cmocka_unit_test(test_slow_clients),
		cmocka_unit_test(test_connection_limit), cmocka_unit_test(test_idle_time),
		cmocka_unit_test(test_stop_waits),       cmocka_unit_test(test_stop_gives_up),
		cmocka_unit_test(test_reply_headers),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
