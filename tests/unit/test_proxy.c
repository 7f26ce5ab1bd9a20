#include "net/proxy.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "check_files.h"
#include "check_net.h"
#include "net/authority.h"
#include "net/connect.h"

#define STS "sts.us-west-2.amazonaws.com"

static void test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *head;
		enum hc_connect_verdict verdict;
		const char *host;
	} table[] = {
		{"CONNECT " STS ":443 HTTP/1.1\r\n\r\n", HC_CONNECT_FINE, STS},
		{"CONNECT " STS ":443 HTTP/1.0\r\nHost: x\r\nA: b\r\n\r\n", HC_CONNECT_FINE, STS},
		{"CONNECT STS.AmazonAWS.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_FINE, "sts.amazonaws.com"},
		{"CONNECT amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_FINE, "amazonaws.com"},
		{"CONNECT a.amazonaws.com.cn:443 HTTP/1.1\r\n\r\n", HC_CONNECT_FINE, "a.amazonaws.com.cn"},
		{"CONNECT sagemaker.us-west-2.api.aws:443 HTTP/1.1\r\n\r\n", HC_CONNECT_FINE,
		 "sagemaker.us-west-2.api.aws"},
		{"CONNECT my_b-1.x.s3.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_FINE,
		 "my_b-1.x.s3.amazonaws.com"},
		/* other hosts, ports, methods */
		{"CONNECT example.org:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT notamazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT amazonaws.com.evil.org:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a.amazonaws.com:80 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a.amazonaws.com:4430 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a.amazonaws.com:0443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a.amazonaws.com HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT :443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT .amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a..amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT -a.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a-.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a.amazonaws.com.:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT u@a.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT a,DNS:b.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT *.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"CONNECT 0123456789012345678901234567890123456789012345678901234567890123.amazonaws.com:443 "
		 "HTTP/1.1\r\n\r\n",
		 HC_CONNECT_REFUSED, NULL},
		{"connect a.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		{"GET http://a.amazonaws.com/ HTTP/1.1\r\n\r\n", HC_CONNECT_REFUSED, NULL},
		/* no HTTP */
		{"", HC_CONNECT_MALFORMED, NULL},
		{"\r\n\r\n", HC_CONNECT_MALFORMED, NULL},
		{"CONNECT a.amazonaws.com:443 HTTP/1.1\r\n", HC_CONNECT_MALFORMED, NULL},
		{"CONNECT a.amazonaws.com:443\r\n\r\n", HC_CONNECT_MALFORMED, NULL},
		{"CONNECT a.amazonaws.com:443 HTTP/2\r\n\r\n", HC_CONNECT_MALFORMED, NULL},
		{"CONNECT  a.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_MALFORMED, NULL},
		{"CONNECT a.amazonaws.com:443 HTTP/1.1 \r\n\r\n", HC_CONNECT_MALFORMED, NULL},
		{" CONNECT a.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_MALFORMED, NULL},
		{"CONNECT a.\x80.amazonaws.com:443 HTTP/1.1\r\n\r\n", HC_CONNECT_MALFORMED, NULL},
		{"CONNECT a.amazonaws.com:443\tHTTP/1.1\r\n\r\n", HC_CONNECT_MALFORMED, NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_connect c = {"untouched"};
		enum hc_connect_verdict v = hc_connect_parse(hc_str(table[i].head), &c);
		if (v != table[i].verdict || strcmp(c.host, table[i].host ? table[i].host : "untouched") != 0)
			fail_msg("%s gives %d, %s", table[i].head, v, c.host);
	}
	assert_int_equal(hc_connect_parse((struct hc_str){"CONNECT a\0b.amazonaws.com:443 HTTP/1.1\r\n\r\n", 42},
					  &(struct hc_connect){""}),
			 HC_CONNECT_MALFORMED);
}

/* ---- the proxy with our server behind it ---- */

static struct hc_http *http;
static struct hc_proxy *proxy;

static enum hc_code try_proxy(const char *listen, unsigned connections_max, struct hc_err *err)
{
	const struct hc_proxy_options o = {.listen = listen,
					   .upstream_port = http ? hc_http_port(http) : 1,
					   .ca_certificate = path_of("ca.pem"),
					   .ca_key = path_of("ca.key"),
					   .connections_max = connections_max,
					   .idle_timeout_s = 10};
	return hc_proxy_start(&o, &proxy, err);
}

static void start_proxy(void)
{
	struct hc_err err;
	if (try_proxy("127.0.0.1:0", 10, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

static void stop_proxy(void)
{
	hc_proxy_stop(proxy);
	proxy = NULL;
}

static int enter_proxy(void **state)
{
	enter_folder(state);
	http = start_http(&usual_options);
	start_proxy();
	return 0;
}

static int leave_proxy(void **state)
{
	hc_http_stop(http, 1);
	stop_proxy();
	http = NULL;
	proxy = NULL;
	return leave_folder(state);
}

#define with_proxy(test) cmocka_unit_test_setup_teardown(test, enter_proxy, leave_proxy)

/* A client that believes ca.pem and is strict. */
static SSL_CTX *make_client(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_load_verify_locations(ctx, path_of("ca.pem"), NULL), 1);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
	return ctx;
}

/* The CONNECT itself; returns the socket behind the 200. */
static int open_tunnel(const char *host)
{
	char text[512];
	int fd = dial(hc_proxy_port(proxy));
	snprintf(text, sizeof text, "CONNECT %s:443 HTTP/1.1\r\nHost: %s:443\r\nUser-Agent: x\r\n\r\n", host, host);
	tell(fd, text);
	char *reply = hear_until(fd, "\r\n\r\n");
	check_has(reply, "HTTP/1.1 200 ");
	free(reply);
	return fd;
}

static SSL *shake(SSL_CTX *ctx, const char *connect_to, const char *verify_as, int *result)
{
	SSL *ssl = SSL_new(ctx);
	assert_non_null(ssl);
	SSL_set_fd(ssl, open_tunnel(connect_to));
	SSL_set_tlsext_host_name(ssl, verify_as);
	SSL_set1_host(ssl, verify_as);
	SSL_set_alpn_protos(ssl, (const unsigned char *)"\x02h2\x08http/1.1", 12);
	*result = SSL_connect(ssl);
	return ssl;
}

static void hang_up(SSL *ssl)
{
	int fd = SSL_get_fd(ssl);
	SSL_free(ssl);
	close(fd);
	ERR_clear_error();
}

static void say(SSL *ssl, const char *p, size_t n)
{
	for (size_t put; n > 0; p += put, n -= put)
		assert_int_equal(SSL_write_ex(ssl, p, n, &put), 1);
}

/* All until the other side ends properly. */
static char *listen_all(SSL *ssl)
{
	struct hc_buf b = HC_BUF(REPLY_MAX);
	char piece[4096];
	int n;
	while ((n = SSL_read(ssl, piece, sizeof piece)) > 0)
		hc_buf_put(&b, piece, (size_t)n);
	hc_buf_cstr(&b, SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN ? "" : "<torn>");
	hc_buf_char(&b, '\0');
	return b.p;
}

static void test_request_through(void **state)
{
	(void)state;
	static const char request[] = "POST /?Action=GetCallerIdentity HTTP/1.1\r\nHost: " STS
				      "\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";
	static const char *const hosts[] = {
		STS, "a.s3.amazonaws.com", STS, "api.aws",
		"a-name-that-is-longer-than-a-common-name-may-be.and-then-some.s3.amazonaws.com"};
	SSL_CTX *ctx = make_client();
	for (size_t i = 0; i < COUNT(hosts); i++) {
		int result;
		SSL *ssl = shake(ctx, hosts[i], hosts[i], &result);
		assert_int_equal(result, 1);
		assert_int_equal(SSL_get_verify_result(ssl), X509_V_OK);
		const unsigned char *protocol;
		unsigned protocol_n;
		SSL_get0_alpn_selected(ssl, &protocol, &protocol_n);
		check_str(((struct hc_str){(const char *)protocol, protocol_n}), "http/1.1");
		say(ssl, request, strlen(request));
		char *reply = listen_all(ssl);
		check_has(reply, "HTTP/1.1 200 OK");
		check_has(reply, "POST / query Action=GetCallerIdentity near body 3 abc");
		check_lacks(reply, "<torn>");
		free(reply);
		hang_up(ssl);
	}
	SSL_CTX_free(ctx);
}

/* Several requests over one connection, and a body of megabytes both accepted and refused. */
static void test_much_through(void **state)
{
	(void)state;
	static char body[5000000];
	static const char *const table[][2] = {
		{"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /1 near"},
		{"GET /2 HTTP/1.1\r\nHost: h\r\n\r\n", "GET /2 near"},
	};
	SSL_CTX *ctx = make_client();
	int result;
	SSL *ssl = shake(ctx, STS, STS, &result);
	assert_int_equal(result, 1);
	for (size_t i = 0; i < COUNT(table); i++) {
		char piece[1024];
		say(ssl, table[i][0], strlen(table[i][0]));
		size_t n = 0;
		do {
			int got = SSL_read(ssl, piece + n, (int)(sizeof piece - 1 - n));
			assert_true(got > 0);
			n += (size_t)got;
			piece[n] = '\0';
		} while (!strstr(piece, table[i][1]));
	}
	memset(body, 'x', sizeof body);
	static const char put[] = "PUT /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n";
	say(ssl, put, strlen(put));
	say(ssl, body, sizeof body);
	char *reply = listen_all(ssl);
	check_has(reply, "PUT /p near body 5000000 xxx");
	free(reply);
	hang_up(ssl);
	ssl = shake(ctx, STS, STS, &result);
	assert_int_equal(result, 1);
	static const char refused[] = "PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n";
	say(ssl, refused, strlen(refused));
	usleep(50 * 1000);
	say(ssl, body, sizeof body);
	reply = listen_all(ssl);
	check_has(reply, "HTTP/1.1 403 ");
	check_has(reply, "refused");
	free(reply);
	hang_up(ssl);
	SSL_CTX_free(ctx);
}

/* The certificate is for the host of the CONNECT alone, and by our authority alone. */
static void test_strangers(void **state)
{
	(void)state;
	SSL_CTX *ctx = make_client(), *other = SSL_CTX_new(TLS_client_method());
	int result;
	SSL *ssl = shake(ctx, STS, "sts.eu-west-1.amazonaws.com", &result);
	assert_int_not_equal(result, 1);
	assert_int_equal(SSL_get_verify_result(ssl), X509_V_ERR_HOSTNAME_MISMATCH);
	hang_up(ssl);
	SSL_CTX_set_verify(other, SSL_VERIFY_PEER, NULL);
	ssl = shake(other, STS, STS, &result);
	assert_int_not_equal(result, 1);
	hang_up(ssl);
	SSL_CTX_free(ctx);
	SSL_CTX_free(other);
}

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *head, *piece;
		size_t times;
		const char *has;
	} table[] = {
		{"CONNECT example.org:443 HTTP/1.1\r\n", "", 0, "HTTP/1.1 403 "},
		{"CONNECT " STS ":80 HTTP/1.1\r\n", "", 0, "HTTP/1.1 403 "},
		{"GET http://" STS "/ HTTP/1.1\r\n", "", 0, "HTTP/1.1 403 "},
		{"\x16\x03\x01 garbage\r\n", "", 0, "HTTP/1.1 400 "},
		{"CONNECT " STS ":443 HTTP/1.1\r\nX: ", "0123456789", 1000, "HTTP/1.1 431 "},
		{"CONNECT ", "0123456789", 10000, "HTTP/1.1 431 "},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		int fd = dial(hc_proxy_port(proxy));
		tell(fd, table[i].head);
		for (size_t k = 0; k < table[i].times; k++)
			tell_bytes(fd, table[i].piece, strlen(table[i].piece));
		tell_bytes(fd, "\r\n\r\n", 4);
		char *reply = hear_until(fd, "\r\n\r\n");
		check_has(reply, table[i].has);
		free(reply);
		close(fd);
	}
	/* no TLS behind the CONNECT; a head that ends early */
	int fd = open_tunnel(STS);
	tell(fd, "GET / HTTP/1.1\r\n\r\n");
	free(hear_all(fd));
	close(fd);
	fd = dial(hc_proxy_port(proxy));
	tell(fd, "CONNECT " STS);
	shutdown(fd, SHUT_WR);
	char *reply = hear_all(fd);
	assert_string_equal(reply, "");
	free(reply);
	close(fd);
	assert_int_equal(begun, 0);
}

static void test_no_server(void **state)
{
	(void)state;
	hc_http_stop(http, 0);
	http = NULL;
	int fd = dial(hc_proxy_port(proxy));
	tell(fd, "CONNECT " STS ":443 HTTP/1.1\r\n\r\n");
	char *reply = hear_all(fd);
	check_has(reply, "HTTP/1.1 502 ");
	free(reply);
	close(fd);
}

static void test_connection_limit(void **state)
{
	(void)state;
	struct hc_err err;
	stop_proxy();
	assert_int_equal(try_proxy("127.0.0.1:0", 1, &err), HC_OK);
	int one = open_tunnel(STS), two = dial(hc_proxy_port(proxy));
	char *reply = hear_all(two);
	check_lacks(reply, "<silence>");
	check_lacks(reply, "HTTP");
	free(reply);
	close(two);
	close(one);
	/* the place is free again, at the latest in a moment */
	for (int i = 0;; i++) {
		one = dial(hc_proxy_port(proxy));
		tell_bytes(one, "CONNECT x:443 HTTP/1.1\r\n\r\n", 26);
		reply = hear_all(one);
		close(one);
		bool answered = strstr(reply, "403") != NULL;
		free(reply);
		if (answered)
			break;
		assert_true(i < 1000);
		usleep(5000);
	}
}

/* Whatever connections do, the stop does not wait for them. */
static void test_stop(void **state)
{
	(void)state;
	SSL_CTX *ctx = make_client();
	int result, head = dial(hc_proxy_port(proxy)), tunnel = open_tunnel(STS);
	SSL *ssl = shake(ctx, STS, STS, &result);
	assert_int_equal(result, 1);
	tell(head, "CONNECT ");
	int64_t start_us = hc_clock_steady_us();
	stop_proxy();
	assert_true(hc_clock_steady_us() - start_us < 2000000);
	hang_up(ssl);
	close(head);
	close(tunnel);
	SSL_CTX_free(ctx);
}

/* ---- the authority's files ---- */

static char *text_of(const char *name)
{
	struct hc_buf b = HC_BUF(1 << 16);
	tell_file(path_of(name), &b);
	hc_buf_char(&b, '\0');
	return b.p;
}

static void test_authority_stays(void **state)
{
	(void)state;
	struct stat st;
	struct hc_err err;
	umask(0);
	assert_int_equal(try_proxy("[::1]:0", 10, &err), HC_OK);
	stop_proxy();
	assert_int_equal(stat(path_of("ca.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(exists("ca.key.new") || exists("ca.pem.new"));
	char *key = text_of("ca.key"), *certificate = text_of("ca.pem");
	start_proxy();
	stop_proxy();
	char *again = text_of("ca.pem");
	assert_string_equal(again, certificate);
	free(again);
	/* the certificate lost: a new one, of the same key */
	assert_int_equal(unlink(path_of("ca.pem")), 0);
	start_proxy();
	stop_proxy();
	again = text_of("ca.key");
	assert_string_equal(again, key);
	free(again);
	/* the key lost: both new */
	assert_int_equal(unlink(path_of("ca.key")), 0);
	start_proxy();
	stop_proxy();
	again = text_of("ca.key");
	assert_string_not_equal(again, key);
	free(again);
	free(key);
	free(certificate);
	start_proxy();
	stop_proxy();
}

static void test_bad_files(void **state)
{
	(void)state;
	struct hc_err err;
	start_proxy();
	stop_proxy();
	char *key = text_of("ca.key"), *certificate = text_of("ca.pem");
	assert_int_equal(chmod(path_of("ca.key"), 0640), 0);
	assert_int_equal(try_proxy("127.0.0.1:0", 10, &err), HC_INPUT);
	check_has(err.hint, "chmod 600");
	assert_int_equal(chmod(path_of("ca.key"), 0600), 0);
	make_file("ca.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
	assert_int_equal(try_proxy("127.0.0.1:0", 10, &err), HC_INPUT);
	check_has(err.msg, "ca.key: is no private key");
	make_file("ca.key", key);
	make_file("ca.pem", "");
	assert_int_equal(try_proxy("127.0.0.1:0", 10, &err), HC_INPUT);
	check_has(err.msg, "ca.pem: is no certificate");
	/* another authority's certificate */
	assert_int_equal(rename(path_of("ca.key"), path_of("kept")), 0);
	start_proxy();
	stop_proxy();
	make_file("ca.pem", certificate);
	assert_int_equal(try_proxy("127.0.0.1:0", 10, &err), HC_INPUT);
	check_has(err.msg, "does not belong to the key");
	free(key);
	free(certificate);
	/* not loopback, no folder */
	assert_int_equal(try_proxy("0.0.0.0:0", 10, &err), HC_USAGE);
	assert_int_equal(try_proxy("nowhere", 10, &err), HC_USAGE);
	const struct hc_proxy_options o = {.listen = "127.0.0.1:0",
					   .upstream_port = 1,
					   .ca_certificate = path_of("no/ca.pem"),
					   .ca_key = path_of("no/ca.key"),
					   .connections_max = 1,
					   .idle_timeout_s = 1};
	assert_int_equal(hc_proxy_start(&o, &proxy, &err), HC_IO);
	hc_proxy_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),      with_proxy(test_request_through),
		with_proxy(test_much_through),     with_proxy(test_strangers),
		with_proxy(test_refusals),         with_proxy(test_no_server),
		with_proxy(test_connection_limit), with_proxy(test_stop),
		in_folder(test_authority_stays),   in_folder(test_bad_files),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
