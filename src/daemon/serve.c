#include "daemon/serve.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/instant.h"
#include "daemon/credentials.h"
#include "daemon/events.h"
#include "daemon/supervisor.h"
#include "net/http.h"
#include "net/proxy.h"
#include "store/store.h"
#include "sys/clock.h"
#include "sys/interrupt.h"

/* A tunnel is quiet as long as the longest request takes. */
enum { URL_SIZE = 320, IMAGE_COMMANDS_MAX = 256, PROXY_IDLE_S = 1800 };

_Static_assert((int)HC_BODY_BYTES_MAX == (int)HC_API_BODY_MAX, "the setting's range is the contract's");

/* All that runs; closed in the opposite order. */
struct serving {
	const struct hc_place *place;
	const struct hc_serve_options *options;
	struct hc_arena arena;
	int lock;
	struct hc_credentials credentials;
	struct hc_server server;
	struct hc_api api;
	struct hc_jobs jobs;
	struct hc_http *http;
	struct hc_proxy *proxy;
	struct hc_supervisor *supervisor;
	int64_t started_us; /* as files' times go */
	pthread_t sweeper;
	bool sweeping;
	char url[URL_SIZE], proxy_url[URL_SIZE];
};

static void wake(void *arg)
{
	struct serving *s = arg;
	if (s->supervisor)
		hc_supervisor_wake(s->supervisor);
}

/* --- settings ----------------------------------------------------------------------------------- */

/* The lines of the setting as a list that ends with NULL. */
static enum hc_code read_image_commands(struct serving *s, struct hc_err *err)
{
	const char **list = hc_arena_take(&s->arena, (IMAGE_COMMANDS_MAX + 1) * sizeof *list);
	size_t n = 0;
	const char *at = s->options->image_commands;
	if (!list)
		return hc_fail_nomem(err, "the settings");
	while (at && *at) {
		size_t length = strcspn(at, "\n");
		struct hc_str line = hc_str_trim((struct hc_str){at, length});
		at += length + (at[length] == '\n');
		if (line.n == 0)
			continue;
		const char *equals = memchr(line.p, '=', line.n);
		if (!equals || equals == line.p || n == IMAGE_COMMANDS_MAX) {
			hc_fail(err, HC_USAGE, "the image command '%.*s' is no mapping, or there are too many",
				HC_STR_ARG(line));
			return hc_hint(err, "write REPOSITORY=COMMAND");
		}
		list[n] = hc_arena_cstring(&s->arena, line);
		if (!list[n++])
			return hc_fail_nomem(err, "the settings");
	}
	list[n] = NULL;
	s->server.image_commands = list;
	return HC_OK;
}

/* --- opening ------------------------------------------------------------------------------------ */

static enum hc_code lock_place(struct serving *s, struct hc_err *err)
{
	bool got;
	HC_TRY(hc_file_lock_folder(s->place->dir, &s->lock, &got, err));
	if (got)
		return HC_OK;
	hc_fail(err, HC_IO, "%s: another hindcast serve runs on this folder", s->place->dir);
	return hc_hint(err, "stop it first, or name another folder with --data");
}

/* ARNs hold both: what stands in the catalog would not be found under other names. */
static enum hc_code check_names(const struct serving *s, struct hc_err *err)
{
	struct hc_reach before;
	struct hc_err first;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	if (hc_reach_read(s->place, &arena, &before, &first) != HC_OK)
		return HC_OK; /* the first start */
	const char *account = before.account ? before.account : s->options->account;
	if (strcmp(before.region, s->options->region) == 0 && strcmp(account, s->options->account) == 0)
		return HC_OK;
	hc_fail(err, HC_USAGE, "%s belongs to account %s in %s; this start says %s in %s", s->place->dir, account,
		before.region, s->options->account, s->options->region);
	return hc_hint(err, "start it with --account %s --region %s, or name another folder", account, before.region);
}

static enum hc_code open_stores(struct serving *s, struct hc_err *err)
{
	const struct hc_serve_options *o = s->options;
	HC_TRY(hc_credentials_load(s->place->credentials, &s->credentials, err));
	HC_TRY(read_image_commands(s, err));
	HC_TRY(hc_catalog_open(s->place->catalog, &s->server.catalog, err));
	HC_TRY(hc_contents_open(s->place->objects, &s->server.contents, err));
	s->server.logs = s->place->logs;
	s->server.account = o->account;
	s->server.region = o->region;
	s->server.access_key = s->credentials.access_key;
	s->server.object_bytes_max = o->object_bytes;
	s->server.listing_max = o->listing;
	s->server.wake = wake;
	s->server.wake_arg = s;
	/* Work folders of a server that was killed. One that stays is in nobody's way but its own job's. */
	if (hc_file_remove_tree(s->place->work, err) != HC_OK)
		hc_event_error("work_not_removed", err);
	return hc_file_mkdirs(s->place->work, err);
}

/* How others on this machine reach an address that we listen on. */
static void print_url(const char *listen, unsigned port, char out[URL_SIZE])
{
	const char *colon = strrchr(listen, ':');
	int n = colon ? (int)(colon - listen) : (int)strlen(listen);
	if (n == 0 || strncmp(listen, "0.0.0.0", (size_t)n) == 0)
		snprintf(out, URL_SIZE, "http://127.0.0.1:%u", port);
	else if (strncmp(listen, "[::]", (size_t)n) == 0)
		snprintf(out, URL_SIZE, "http://[::1]:%u", port);
	else
		snprintf(out, URL_SIZE, "http://%.*s:%u", n, listen, port);
}

static enum hc_code open_http(struct serving *s, struct hc_err *err)
{
	const struct hc_serve_options *o = s->options;
	struct hc_http_options options = {.listen = o->listen,
					  .connections_max = o->connections,
					  .idle_timeout_s = o->idle_timeout_s,
					  .headers_max = (size_t)o->headers_bytes};
	s->api = (struct hc_api){.server = &s->server,
				 .authentication = {.access_key = hc_str(s->credentials.access_key),
						    .secret = hc_str(s->credentials.secret),
						    .region = hc_str(o->region),
						    .off = o->no_auth},
				 .body_max = o->body_bytes};
	HC_TRY(hc_api_open(&s->api, err));
	struct hc_http_app app = hc_api_app(&s->api);
	HC_TRY(hc_http_start(&options, &app, &s->http, err));
	if (o->no_auth && !hc_http_is_loopback(s->http)) {
		hc_fail(err, HC_USAGE, "--no-auth with --listen %s would let in everybody who can reach this machine",
			o->listen);
		return hc_hint(err, "listen on 127.0.0.1, or leave --no-auth out");
	}
	print_url(o->listen, hc_http_port(s->http), s->url);
	return HC_OK;
}

static enum hc_code open_proxy(struct serving *s, struct hc_err *err)
{
	const char *host = strstr(s->url, "//") + 2;
	const char *colon = strrchr(host, ':');
	char upstream[URL_SIZE];
	if (!s->options->proxy)
		return HC_OK;
	snprintf(upstream, sizeof upstream, "%.*s", (int)(colon - host), host);
	struct hc_proxy_options options = {.listen = s->options->proxy,
					   .upstream_port = hc_http_port(s->http),
					   .upstream_host = upstream,
					   .ca_certificate = s->place->ca_certificate,
					   .ca_key = s->place->ca_key,
					   .connections_max = s->options->connections,
					   .idle_timeout_s = PROXY_IDLE_S};
	HC_TRY(hc_proxy_start(&options, &s->proxy, err));
	print_url(s->options->proxy, hc_proxy_port(s->proxy), s->proxy_url);
	return HC_OK;
}

static enum hc_code open_supervisor(struct serving *s, struct hc_err *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned at_once = s->options->jobs ? s->options->jobs : cores > 0 ? (unsigned)cores : 1;
	s->jobs = (struct hc_jobs){.server = &s->server,
				   .folder = s->place->work,
				   .endpoint_url = s->url,
				   .credentials_file = s->place->credentials};
	return hc_supervisor_open(&s->jobs, at_once, &s->supervisor, err);
}

/* --- what a crash left ---------------------------------------------------------------------------- */

struct asking {
	struct serving *s;
	const char *id;
	bool used;
};

static enum hc_code ask(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct asking *a = arg;
	return hc_content_is_used(db, a->id, &a->used, err);
}

static enum hc_code is_used(void *arg, const char *id, bool *used, struct hc_err *err)
{
	struct asking a = {.s = arg, .id = id};
	HC_TRY(hc_catalog_read(a.s->server.catalog, ask, &a, err));
	*used = a.used;
	return hc_interrupt_check(err);
}

/*
 * Beside everything else: contents that a crash left without an object. Only what is older than this server; a second less, for what the times of
 * files leave out.
 */
static void *sweep(void *arg)
{
	struct serving *s = arg;
	struct hc_err err;
	uint64_t removed = 0;
	if (hc_content_sweep(s->server.contents, s->started_us - HC_SECOND_US, is_used, s, &removed, &err) == HC_OK &&
	    removed)
		hc_event(HC_LEVEL_INFO, "event=swept contents=%llu", (unsigned long long)removed);
	return NULL;
}

/* --- life --------------------------------------------------------------------------------------- */

static enum hc_code open_all(struct serving *s, struct hc_err *err)
{
	HC_TRY(lock_place(s, err));
	HC_TRY(check_names(s, err));
	HC_TRY(open_stores(s, err));
	HC_TRY(open_http(s, err));
	HC_TRY(open_proxy(s, err));
	HC_TRY(open_supervisor(s, err));
	struct hc_reach reach = {s->url, s->options->region, s->options->account, s->proxy ? s->proxy_url : NULL};
	HC_TRY(hc_reach_write(s->place, &reach, err));
	s->sweeping = pthread_create(&s->sweeper, NULL, sweep, s) == 0;
	return HC_OK;
}

/* Requests under way end first, for they may need all the rest. */
static void close_all(struct serving *s)
{
	hc_http_stop(s->http, HC_STOP_GRACE_S);
	hc_proxy_stop(s->proxy);
	hc_supervisor_close(s->supervisor);
	if (s->sweeping)
		pthread_join(s->sweeper, NULL);
	hc_contents_close(s->server.contents);
	hc_catalog_close(s->server.catalog);
	if (s->lock >= 0)
		hc_file_unlock(s->lock);
	hc_arena_free(&s->arena);
}

static enum hc_code announce(const struct serving *s, struct hc_err *err)
{
	if (printf("hindcast: ready at %s (data in %s)%s%s\n", s->url, s->place->dir, s->proxy ? ", proxy at " : "",
		   s->proxy ? s->proxy_url : "") < 0 ||
	    fflush(stdout) != 0)
		return hc_fail(err, HC_IO, "standard output cannot be written");
	return HC_OK;
}

enum hc_code hc_serve(const struct hc_place *place, const struct hc_serve_options *options, struct hc_err *err)
{
	struct hc_err stopped;
	struct serving s = {.place = place,
			    .options = options,
			    .lock = -1,
			    .arena = HC_ARENA(1 << 24),
			    .started_us = hc_clock_of_files_us()};
	signal(SIGPIPE, SIG_IGN);
	hc_store_mount(HC_JOB_OBJECTS); /* what manifests name is an object, here as in the job */
	const char *clock = getenv("HINDCAST_TEST_CLOCK");
	if (clock && *clock)
		hc_clock_follow(clock);
	enum hc_code code = open_all(&s, err);
	if (code == HC_OK)
		code = announce(&s, err);
	while (code == HC_OK && hc_interrupt_check(&stopped) == HC_OK)
		hc_supervisor_turn(s.supervisor);
	close_all(&s);
	return code;
}
