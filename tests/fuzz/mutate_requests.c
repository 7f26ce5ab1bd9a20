/*
 * Mutated requests, many for each operation of api/ and of S3, to the application behind the HTTP server:
 *
 *     mutate_requests REQUESTS COUNT SEED [OPERATION]
 *
 * REQUESTS is requests.jsonl. First all of them are sent as they stand, in one fresh server, and must get the status that they name. Then
 * COUNT changed ones (mutate.h) for each operation, ROUND of them to each fresh server, which is what the lines with "world" make. What must hold:
 *
 *   a status that is one; no 5xx but 501 (and 503, which asks to come again);
 *   headers that are headers; a body of JSON or XML where its type says so; errors with a code;
 *   answers of the contract's operations fit their shapes;
 *   after a round nothing is stored by half: contents on disk are those that the catalog names, and its integrity holds.
 *
 * Requests are not signed (mutate_signatures.c is about that). Strings have exactly their bytes, so that a sanitizer sees a read behind one.
 * As many processes run as there are cores.
 */
#include <dirent.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "base/hash.h"
#include "codec/xml.h"
#include "mutate.h"
#include "sched/execution.h"
#include "sys/clock.h"
#include "sys/files.h"

#define START_S INT64_C(1767227400) /* 2026-01-01T00:30:00Z */
enum { SEEDS_MAX = 1024, NAMES_MAX = 256, ROUND = 1000, WRONG_SHOWN_MAX = 5, SLOW_US = 20000000 };

struct seed {
	const char *name;
	json_t *line;
	bool world;
	unsigned status; /* that it must get in its place; 0: any */
};
static struct seed seeds[SEEDS_MAX];
static size_t n_seeds;

static char folder[128];
static struct hc_server server;
static struct hc_api api;
static struct hc_http_app app;
static char upload[64];

static struct mutate_request current; /* for a crash's report */
static const char *current_name = "";
static size_t current_index;
static size_t n_wrong, n_wrong_of_name, n_sent;
static size_t n_of_class[6];
static int64_t slowest_us;

static void must(bool holds, const char *what, const struct hc_err *err)
{
	if (holds)
		return;
	fprintf(stderr, "%s: %s\n", what, err ? err->msg : "");
	exit(2);
}

/* --- telling -------------------------------------------------------------------------------------- */

static void show(const char *label, const char *p, size_t n)
{
	fprintf(stderr, "  %s (%zu) ", label, n);
	for (size_t i = 0; i < n && i < 3000; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c >= ' ' && c < 0x7f)
			fputc(c, stderr);
		else
			fprintf(stderr, "\\x%02x", c);
	}
	fputc('\n', stderr);
}

static void show_current(void)
{
	fprintf(stderr, "the request: %s, number %zu\n", current_name, current_index);
	show("method", current.method.p, current.method.n);
	show("path", current.path.p, current.path.n);
	show("query", current.query.p, current.query.n);
	for (size_t i = 0; i < current.n_headers; i++) {
		show("header", current.headers[i].name.p, current.headers[i].name.n);
		show("  value", current.headers[i].value.p, current.headers[i].value.n);
	}
	show("body", current.body.p, current.body.n);
}

static void wrong(const char *what, const struct hc_http_reply *reply)
{
	n_wrong++;
	if (++n_wrong_of_name > WRONG_SHOWN_MAX)
		return;
	fprintf(stderr, "WRONG: %s\n", what);
	show_current();
	if (reply) {
		fprintf(stderr, "the reply: %u\n", reply->status);
		for (size_t i = 0; i < reply->n_headers; i++)
			show("header", reply->headers[i], strlen(reply->headers[i]));
		show("body", reply->body.p, reply->body.n);
	}
}

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_set_death_callback(void (*callback)(void));
#endif

/* --- the world ------------------------------------------------------------------------------------- */

/* Times in the seeds are of the hour before. */
static void stand_at_start(void)
{
	static char path[192];
	snprintf(path, sizeof path, "%s/clock", folder);
	FILE *f = fopen(path, "w");
	must(f != NULL, path, NULL);
	fprintf(f, "%lld\n", (long long)(START_S - time(NULL)));
	fclose(f);
	hc_clock_follow(path);
}

static void open_world(void)
{
	struct hc_err err;
	char path[256];
	snprintf(folder, sizeof folder, "%s/mutate-XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm"
		 : getenv("TMPDIR")            ? getenv("TMPDIR")
					       : "/tmp");
	must(mkdtemp(folder) != NULL, "a folder", NULL);
	static char logs[192];
	snprintf(logs, sizeof logs, "%s/logs", folder);
	must(mkdir(logs, 0700) == 0, "a folder", NULL);
	server = (struct hc_server){.account = "123456789012",
				    .region = "us-west-2",
				    .access_key = "AKID",
				    .object_bytes_max = 64 << 20,
				    .listing_max = 1000,
				    .logs = logs};
	snprintf(path, sizeof path, "%s/catalog.db", folder);
	must(hc_catalog_open(path, &server.catalog, &err) == HC_OK, "the catalog", &err);
	snprintf(path, sizeof path, "%s/objects", folder);
	must(hc_contents_open(path, &server.contents, &err) == HC_OK, "the contents", &err);
	api = (struct hc_api){.server = &server,
			      .authentication = {.access_key = HC_STR("AKID"),
						 .secret = HC_STR("secret"),
						 .region = HC_STR("us-west-2"),
						 .off = true},
			      .body_max = HC_API_BODY_MAX};
	must(hc_api_open(&api, &err) == HC_OK, "the api", &err);
	app = hc_api_app(&api);
	upload[0] = '\0';
	stand_at_start();
}

/* Contents that the catalog names. */
static size_t count_named(void)
{
	char path[256];
	sqlite3 *db;
	sqlite3_stmt *s = NULL;
	snprintf(path, sizeof path, "%s/catalog.db", folder);
	must(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK, "the catalog", NULL);
	must(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL) == SQLITE_OK &&
		     sqlite3_step(s) == SQLITE_ROW,
	     "integrity", NULL);
	must(strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0, "the catalog is damaged", NULL);
	sqlite3_finalize(s);
	must(sqlite3_prepare_v2(db, "SELECT count(*) FROM (SELECT content FROM object UNION SELECT content FROM part)",
				-1, &s, NULL) == SQLITE_OK &&
		     sqlite3_step(s) == SQLITE_ROW,
	     "contents", NULL);
	size_t n = (size_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

static size_t count_files(const char *path)
{
	size_t n = 0;
	struct dirent *entry;
	DIR *dir = opendir(path);
	must(dir != NULL, path, NULL);
	while ((entry = readdir(dir)) != NULL) {
		char inner[512];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		n += entry->d_type == DT_DIR ? count_files(inner) : 1;
	}
	closedir(dir);
	return n;
}

static void close_world(void)
{
	struct hc_err err;
	char path[256];
	hc_catalog_close(server.catalog);
	hc_contents_close(server.contents);
	snprintf(path, sizeof path, "%s/objects", folder);
	size_t named = count_named(), there = count_files(path);
	if (named != there) {
		fprintf(stderr, "WRONG: %s: the catalog names %zu contents, %zu are on disk\n", current_name, named,
			there);
		n_wrong++;
	}
	must(hc_file_remove_tree(folder, &err) == HC_OK, "the folder", &err);
}

static enum hc_code claim(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct hc_claimed claimed;
	const struct hc_sched sched = {.account = "123456789012", .region = "us-west-2"};
	(void)arg;
	return hc_sched_claim(db, &sched, hc_clock_now_us(), &claimed, err);
}

/* --- replies ----------------------------------------------------------------------------------------- */

static struct hc_str reply_header(const struct hc_http_reply *reply, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < reply->n_headers; i++)
		if (strncasecmp(reply->headers[i], name, n) == 0 && reply->headers[i][n] == ':')
			return hc_str_trim(hc_str(reply->headers[i] + n + 1));
	return (struct hc_str){NULL, 0};
}

static struct hc_str request_header(const char *name)
{
	for (size_t i = 0; i < current.n_headers; i++)
		if (hc_str_eq_nocase(hc_buf_view(&current.headers[i].name), hc_str(name)))
			return hc_buf_view(&current.headers[i].value);
	return (struct hc_str){NULL, 0};
}

static void check_json(const struct hc_http_reply *reply)
{
	static struct hc_problem problem;
	json_t *tree = json_loadb(reply->body.p, reply->body.n, JSON_REJECT_DUPLICATES, NULL);
	if (!tree) {
		wrong("a reply that is no JSON", reply);
		return;
	}
	const json_t *type = json_object_get(tree, "__type");
	if (reply->status >= 400) {
		if (!json_is_string(type) || json_string_length(type) == 0 ||
		    !json_is_string(json_object_get(tree, "message")))
			wrong("an error without code or message", reply);
	} else {
		const struct hc_operation *op = hc_contract_find_target(request_header("x-amz-target"));
		if (!op || !hc_contract_check_output(op, tree, &problem))
			wrong(op ? problem.text : "an answer without an operation", reply);
	}
	json_decref(tree);
}

/* <Error><Code> at the root, or below <ErrorResponse>. */
static void check_xml(const struct hc_http_reply *reply)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(UINT64_C(256) << 20);
	struct hc_xml *root;
	struct hc_err err;
	if (hc_xml_read(hc_buf_view(&reply->body), &arena, &root, &err) != HC_OK) {
		wrong(err.msg, reply);
		return;
	}
	const struct hc_xml *error = root;
	if (reply->status < 400) {
		if (strncmp(root->name.p, "CompleteMultipartUploadResult", root->name.n) == 0 || !current.is_s3)
			return;
		const struct hc_xml *id = hc_xml_child(root, "UploadId");
		if (id && id->text.n < sizeof upload &&
		    hc_str_eq(root->name, HC_STR("InitiateMultipartUploadResult"))) {
			memcpy(upload, id->text.p, id->text.n);
			upload[id->text.n] = '\0';
		}
		return;
	}
	if (hc_str_eq(root->name, HC_STR("ErrorResponse")))
		error = hc_xml_child(root, "Error");
	const struct hc_xml *code = error ? hc_xml_child(error, "Code") : NULL;
	const struct hc_xml *message = error ? hc_xml_child(error, "Message") : NULL;
	if (!code || code->text.n == 0 || !message)
		wrong("an error without code or message", reply);
}

static void check_headers(const struct hc_http_reply *reply)
{
	for (size_t i = 0; i < reply->n_headers; i++) {
		const char *h = reply->headers[i], *colon = strchr(h, ':');
		bool fine = colon && colon > h;
		for (const char *c = h; *c && fine; c++)
			fine = ((unsigned char)*c >= ' ' || *c == '\t') && *c != 0x7f && (c >= colon || *c > ' ');
		if (!fine)
			wrong("a header that is none", reply);
	}
	if (reply->failed)
		wrong("a header could not be added", reply);
}

static void check_reply(const struct hc_http_reply *reply, bool was_head)
{
	struct stat st;
	struct hc_str type = reply_header(reply, "Content-Type");
	n_of_class[reply->status / 100 % 6]++;
	if (reply->status < 200 || reply->status > 599)
		wrong("a status that is none", reply);
	if (reply->status >= 500 && reply->status != 501 && reply->status != 503)
		wrong("the server is to blame", reply);
	if (reply->body.failed)
		wrong("a reply that is too large", reply);
	check_headers(reply);
	if (reply->fd >= 0 && (fstat(reply->fd, &st) != 0 || reply->offset + reply->length > (uint64_t)st.st_size))
		wrong("a reply longer than its file", reply);
	if (reply->status == 304 || reply->status == 204 || was_head || reply->fd >= 0)
		return;
	if (hc_str_starts(type, "application/x-amz-json"))
		reply->body.n || reply->status >= 400 ? check_json(reply) : (void)0;
	else if (reply->body.n && (hc_str_starts(type, "text/xml") || hc_str_starts(type, "application/xml")))
		check_xml(reply);
	else if (reply->status >= 400)
		wrong("an error without a document", reply);
}

/* --- sending ------------------------------------------------------------------------------------------- */

static struct hc_str exact(const struct hc_buf *b)
{
	char *p = malloc(b->n ? b->n : 1);
	must(p != NULL, "memory", NULL);
	if (b->n)
		memcpy(p, b->p, b->n);
	return (struct hc_str){p, b->n};
}

static void drop_text(struct hc_str s)
{
	free((void *)(uintptr_t)s.p);
}

/* All of the body, in pieces; true when finish is to be called. */
static bool send_body(void *exchange, size_t n, struct hc_http_reply *reply)
{
	for (size_t at = 0; at < n;) {
		size_t piece = mutate_below(4) ? n - at : mutate_below(n - at) + 1;
		char *copy = malloc(piece);
		must(copy != NULL, "memory", NULL);
		memcpy(copy, current.body.p + at, piece);
		bool on = app.body(exchange, copy, piece, reply);
		free(copy);
		if (!on)
			return false;
		at += piece;
	}
	return true;
}

/* Sends `current` as src/net/http.c does. */
static void carry(const struct hc_http_request *http, bool whole, struct hc_http_reply *reply)
{
	void *exchange = app.begin(app.arg, http, reply);
	if (!exchange)
		return;
	size_t n = whole ? current.body.n : mutate_below(current.body.n + 1);
	if (!send_body(exchange, n, reply))
		return;
	if (whole) {
		app.finish(exchange, reply);
	} else {
		app.drop(exchange);
		reply->status = 0;
	}
}

/* expected 0: any status. */
static void send_current(bool whole, unsigned expected)
{
	struct hc_http_header headers[MUTATE_HEADERS_MAX + 1];
	struct hc_http_reply reply = HC_HTTP_REPLY(HC_HTTP_REPLY_BODY_MAX);
	char length[24];
	snprintf(length, sizeof length, "%zu", current.body.n);
	struct hc_http_request http = {.method = exact(&current.method),
				       .path = exact(&current.path),
				       .query = exact(&current.query),
				       .has_query = current.query.n > 0,
				       .headers = headers,
				       .n_headers = current.n_headers,
				       .from_loopback = true};
	for (size_t i = 0; i < current.n_headers; i++)
		headers[i] = (struct hc_http_header){exact(&current.headers[i].name), exact(&current.headers[i].value)};
	if (current.body.n)
		headers[http.n_headers++] = (struct hc_http_header){HC_STR("Content-Length"), hc_str(length)};
	int64_t began_us = hc_clock_steady_us();
	carry(&http, whole, &reply);
	int64_t took_us = hc_clock_steady_us() - began_us;
	slowest_us = took_us > slowest_us ? took_us : slowest_us;
	if (took_us > SLOW_US)
		wrong("this took very long", &reply);
	if (whole)
		check_reply(&reply, hc_str_eq(http.method, HC_STR("HEAD")));
	if (expected && reply.status != expected)
		wrong("not the status that it must get", &reply);
	hc_http_reply_free(&reply);
	for (size_t i = 0; i < current.n_headers; i++) {
		drop_text(headers[i].name);
		drop_text(headers[i].value);
	}
	drop_text(http.method);
	drop_text(http.path);
	drop_text(http.query);
	n_sent++;
}

/* --- seeds ------------------------------------------------------------------------------------------------ */

static void put_text(const json_t *text, struct hc_buf *out)
{
	const char *p = json_string_value(text), *mark = strstr(p, "{uploadId}");
	*out = HC_BUF(MUTATE_TEXT_MAX);
	if (!mark) {
		hc_buf_cstr(out, p);
		return;
	}
	hc_buf_put(out, p, (size_t)(mark - p));
	hc_buf_cstr(out, upload);
	hc_buf_cstr(out, mark + strlen("{uploadId}"));
}

/* `current` becomes the seed's request. */
static void take(const struct seed *s)
{
	size_t i;
	json_t *header;
	mutate_free(&current);
	put_text(json_object_get(s->line, "method"), &current.method);
	put_text(json_object_get(s->line, "path"), &current.path);
	put_text(json_object_get(s->line, "query"), &current.query);
	put_text(json_object_get(s->line, "body"), &current.body);
	json_array_foreach(json_object_get(s->line, "headers"), i, header)
		mutate_add_header(&current, hc_str(json_string_value(json_array_get(header, 0))),
				  hc_str(json_string_value(json_array_get(header, 1))));
	current.is_s3 = strncmp(s->name, "s3.", 3) == 0;
	current_name = s->name;
}

static void send_as_it_stands(const struct seed *s, bool must_succeed)
{
	take(s);
	send_current(true, must_succeed ? s->status : 0);
}

static void send_world(bool must_succeed)
{
	struct hc_err err;
	for (size_t i = 0; i < n_seeds; i++)
		if (seeds[i].world)
			send_as_it_stands(&seeds[i], must_succeed);
	must(hc_catalog_write(server.catalog, claim, NULL, &err) == HC_OK, "claiming", &err);
}

static void read_seeds(const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	must(f != NULL, path, NULL);
	while (getline(&line, &size, f) > 0 && n_seeds < SEEDS_MAX) {
		json_t *tree = json_loads(line, 0, NULL);
		must(tree != NULL, "a line that is no JSON", NULL);
		seeds[n_seeds++] = (struct seed){
			.name = json_string_value(json_object_get(tree, "name")),
			.line = tree,
			.world = json_is_true(json_object_get(tree, "world")),
			.status = (unsigned)json_integer_value(json_object_get(tree, "status")),
		};
	}
	free(line);
	fclose(f);
	must(n_seeds > 0, "no requests", NULL);
}

static size_t find_names(const char *names[NAMES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < n_seeds; i++) {
		size_t k = 0;
		while (k < n && strcmp(names[k], seeds[i].name) != 0)
			k++;
		if (k == n && n < NAMES_MAX)
			names[n++] = seeds[i].name;
	}
	/* Each operation of the contract has a seed */
	for (size_t i = 0; i < hc_contract_count(); i++) {
		char name[160];
		size_t k = 0;
		snprintf(name, sizeof name, "%s.%s", hc_contract_at(i)->service, hc_contract_at(i)->name);
		while (k < n && strcmp(names[k], name) != 0)
			k++;
		must(k < n, name, NULL);
	}
	return n;
}

/* --- the work ----------------------------------------------------------------------------------------------- */

static const struct seed *any_of(const char *name)
{
	size_t n = 0, at;
	for (size_t i = 0; i < n_seeds; i++)
		n += strcmp(seeds[i].name, name) == 0;
	at = mutate_below(n);
	for (size_t i = 0;; i++)
		if (strcmp(seeds[i].name, name) == 0 && at-- == 0)
			return &seeds[i];
}

/* A name of its own, most of the time: what is there already is only refused. It is the first member of a creation. */
static void make_new(void)
{
	const char *key, *operation = strchr(current_name, '.') + 1;
	json_t *value, *tree;
	char name[64];
	if (strncmp(operation, "Create", 6) != 0 || current.is_s3 || mutate_below(5) == 0)
		return;
	tree = json_loadb(current.body.p, current.body.n, 0, NULL);
	snprintf(name, sizeof name, "new-%zu", current_index);
	json_object_foreach(tree, key, value)
	{
		json_object_set_new(tree, key, json_string(name));
		break;
	}
	char *text = json_dumps(tree, JSON_COMPACT);
	json_decref(tree);
	must(text != NULL, "memory", NULL);
	hc_buf_reset(&current.body);
	hc_buf_cstr(&current.body, text);
	free(text);
}

/* What a deletion or the end of an upload needs is often gone. */
static void make_again(const struct seed *s)
{
	bool ends = strstr(s->name, ".Delete") || strstr(s->name, ".Stop");
	if (mutate_below(ends && strncmp(s->name, "s3.", 3) != 0 ? 40 : 200) == 0)
		send_world(false);
	if (!strstr(json_string_value(json_object_get(s->line, "query")), "{uploadId}") || mutate_below(3))
		return;
	for (size_t i = 0; i < n_seeds; i++)
		if (seeds[i].world && (strcmp(seeds[i].name, "s3.CreateMultipartUpload") == 0 ||
				       strcmp(seeds[i].name, "s3.UploadPart") == 0))
			send_as_it_stands(&seeds[i], false);
}

static void do_round(const char *name, size_t from, size_t to, uint64_t seed)
{
	open_world();
	mutate_seed(seed ^ hc_siphash((struct hc_hash_key){from, to}, name, strlen(name)));
	send_world(true);
	for (current_index = from; current_index < to; current_index++) {
		const struct seed *s = any_of(name);
		make_again(s);
		if (mutate_below(20) == 0)
			send_as_it_stands(&seeds[mutate_below(n_seeds)], false);
		take(s);
		make_new();
		mutate(&current);
		send_current(mutate_below(50) != 0, 0);
	}
	send_world(false);
	current_name = name;
	close_world();
}

static int all_as_they_stand(void)
{
	open_world();
	for (size_t i = 0; i < n_seeds; i++)
		send_as_it_stands(&seeds[i], true);
	close_world();
	printf("%zu requests as they stand\n", n_seeds);
	return n_wrong ? 1 : 0;
}

static int work(const char *const *names, size_t n, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < n; i++) {
		int64_t began_us = hc_clock_steady_us();
		memset(n_of_class, 0, sizeof n_of_class);
		n_wrong_of_name = 0;
		for (size_t from = 0; from < count; from += ROUND)
			do_round(names[i], from, from + ROUND < count ? from + ROUND : count, seed);
		printf("%-52s %5.1f s  2xx %zu  3xx %zu  4xx %zu  5xx %zu\n", names[i],
		       (double)(hc_clock_steady_us() - began_us) / 1e6, n_of_class[2], n_of_class[3], n_of_class[4],
		       n_of_class[5]);
		fflush(stdout);
	}
	printf("%zu requests, the slowest took %.0f ms; %zu wrong\n", n_sent, (double)slowest_us / 1000, n_wrong);
	return n_wrong ? 1 : 0;
}

static void let_go(void)
{
	mutate_free(&current);
	for (size_t i = 0; i < n_seeds; i++)
		json_decref(seeds[i].line);
	n_seeds = 0;
}

/* In a process of its own: threads do not survive fork. */
static void begin(const char *const *names, size_t n, size_t count, uint64_t seed)
{
	pid_t child = fork();
	must(child >= 0, "fork", NULL);
	if (child > 0)
		return;
	int status = n ? work(names, n, count, seed) : all_as_they_stand();
	let_go();
	exit(status);
}

static bool wait_for(size_t n)
{
	bool fine = true;
	for (; n > 0; n--) {
		int status;
		must(wait(&status) > 0, "wait", NULL);
		fine &= status == 0;
	}
	return fine;
}

int main(int argc, char **argv)
{
	static const char *names[NAMES_MAX], *share[NAMES_MAX];
	if (argc < 4) {
		fprintf(stderr, "mutate_requests REQUESTS COUNT SEED [OPERATION]\n");
		return 2;
	}
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(show_current);
#endif
	size_t count = strtoul(argv[2], NULL, 10), n, cores = (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t seed = strtoull(argv[3], NULL, 10);
	read_seeds(argv[1]);
	n = find_names(names);
	begin(names, 0, 0, 0);
	bool fine = wait_for(1);
	if (argc > 4) {
		names[0] = argv[4];
		n = 1;
	}
	cores = cores < n ? cores : n;
	for (size_t c = 0; c < cores && fine; c++) {
		size_t mine = 0;
		for (size_t i = c; i < n; i += cores)
			share[mine++] = names[i];
		begin(share, mine, count, seed);
	}
	fine = fine && wait_for(cores);
	let_go();
	return fine ? 0 : 1;
}
