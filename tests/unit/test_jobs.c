#include "jobs/run.h"

#include <pthread.h>
#include <unistd.h>

#include "check_files.h"

#include "base/instant.h"
#include "store/store.h"
#include "sys/clock.h"

/* The image "mine" stands for a shell command; run_script says which. */
static const char *const commands[] = {"mine=. ./script.sh", NULL};

static struct hc_server server;
static struct hc_jobs jobs;
static struct hc_arena arena;
static struct hc_err err;
static unsigned ended;         /* calls of the hook */
static enum hc_code hook_says; /* what the hook answers, once */
static char merged_text[512];

#define ok(call)                                            \
	do {                                                \
		if ((call) != HC_OK)                        \
			fail_msg("%s: %s", #call, err.msg); \
	} while (0)

static enum hc_code on_end(void *arg, struct hc_db *db, const struct hc_job *job, const json_t *merged, void *gathered,
			   int64_t now_us, struct hc_err *e)
{
	(void)arg, (void)db, (void)gathered, (void)now_us;
	ended++;
	assert_non_null(job->resource.status.p);
	char *text = merged ? json_dumps(merged, JSON_COMPACT) : NULL;
	snprintf(merged_text, sizeof merged_text, "%s", text ? text : "");
	free(text);
	if (hook_says == HC_OK)
		return HC_OK;
	hook_says = HC_OK;
	return hc_fail(e, HC_USAGE, "the hook says no");
}

static int enter(void **state)
{
	static char logs[CHECK_PATH_MAX], work[CHECK_PATH_MAX];
	if (enter_folder(state) != 0)
		return -1;
	make_folder("contents");
	make_folder("logs");
	make_folder("work");
	strcpy(logs, path_of("logs"));
	strcpy(work, path_of("work"));
	arena = HC_ARENA(512 << 20);
	server = (struct hc_server){
		.logs = logs, .account = "123456789012", .region = "us-west-2", .image_commands = commands};
	jobs = (struct hc_jobs){.server = &server,
				.folder = work,
				.endpoint_url = "http://127.0.0.1:1",
				.credentials_file = "/dev/null",
				.hooks = {.ended = on_end}};
	ended = 0;
	hook_says = HC_OK;
	return hc_catalog_open(path_of("catalog.db"), &server.catalog, &err) == HC_OK &&
			       hc_contents_open(path_of("contents"), &server.contents, &err) == HC_OK
		       ? 0
		       : -1;
}

static int leave(void **state)
{
	hc_catalog_close(server.catalog);
	hc_contents_close(server.contents);
	hc_arena_free(&arena);
	return leave_folder(state);
}

#define in_server(test) cmocka_unit_test_setup_teardown(test, enter, leave)

/* --- the store ---------------------------------------------------------------------------------- */

struct putting {
	struct hc_stored object;
	char old[HC_CONTENT_ID_SIZE];
};

static enum hc_code put_work(struct hc_db *db, void *arg, struct hc_err *e)
{
	struct putting *p = arg;
	bool made;
	HC_TRY(hc_bucket_create(db, p->object.bucket, 1, &made, e));
	return p->object.key.n ? hc_stored_put(db, &p->object, p->old, e) : HC_OK;
}

static void put_key(struct hc_str key, const char *text)
{
	struct hc_content_writer w;
	struct putting p = {
		.object = {.bucket = HC_STR("b"), .key = key, .etag = HC_STR("x"), .headers = HC_STR("{}")}};
	ok(hc_content_create(server.contents, &w, &err));
	ok(hc_content_write(&w, text, strlen(text), &err));
	memcpy(p.object.content, w.id, sizeof w.id);
	ok(hc_content_finish(&w, &err));
	p.object.size = strlen(text);
	ok(hc_catalog_write(server.catalog, put_work, &p, &err));
}

static void put(const char *key, const char *text)
{
	put_key(hc_str(key), text);
}

struct asking {
	struct hc_str prefix;
	struct hc_listing_entry *list;
	size_t n;
};

static enum hc_code list_work(struct hc_db *db, void *arg, struct hc_err *e)
{
	struct asking *a = arg;
	bool more;
	struct hc_listing_query q = {.bucket = HC_STR("b"), .prefix = a->prefix, .limit = 1000};
	return hc_listing(db, &q, &arena, &a->list, &a->n, &more, e);
}

/* "KEY=CONTENT " of all objects below a prefix. */
#define check_objects(prefix, expected) check_objects_at((prefix), (expected), __FILE__, __LINE__)

static void check_objects_at(const char *prefix, const char *expected, const char *file, int line)
{
	struct asking a = {.prefix = hc_str(prefix)};
	struct hc_buf text = HC_BUF(1 << 20);
	ok(hc_catalog_read(server.catalog, list_work, &a, &err));
	for (size_t i = 0; i < a.n; i++) {
		int fd;
		char bytes[4096];
		ok(hc_content_open(server.contents, a.list[i].content, &fd, &err));
		ssize_t n = read(fd, bytes, sizeof bytes);
		close(fd);
		assert_true(n >= 0 && (uint64_t)n == a.list[i].size);
		hc_buf_printf(&text, "%.*s=%.*s ", HC_STR_ARG(a.list[i].key), (int)n, bytes);
	}
	check_str_at(hc_buf_view(&text), expected, file, line);
	hc_buf_free(&text);
}

/* Files in the content store: none that no object names. */
static unsigned contents(void)
{
	struct hc_buf text = HC_BUF(1 << 24);
	unsigned n = 0;
	tell_below(path_of("contents"), "", false, NULL, &text);
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '/' && text.n - i > 33 && text.p[i + 33] == '=';
	hc_buf_free(&text);
	return n;
}

/* --- jobs --------------------------------------------------------------------------------------- */

static struct hc_str quoted(const char *text)
{
	char *copy = hc_arena_cstring(&arena, hc_str(text));
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return hc_str(copy);
}

static enum hc_code insert_work(struct hc_db *db, void *arg, struct hc_err *e)
{
	return hc_resource_insert(db, arg, e);
}

static enum hc_code update_work(struct hc_db *db, void *arg, struct hc_err *e)
{
	return hc_resource_update(db, arg, e);
}

static enum hc_code get_work(struct hc_db *db, void *arg, struct hc_err *e)
{
	bool found;
	HC_TRY(hc_resource_get(db, HC_KIND_JOB, HC_STR("j"), &arena, arg, &found, e));
	assert_true(found);
	return HC_OK;
}

static struct hc_resource job_now(void)
{
	struct hc_resource r;
	ok(hc_catalog_read(server.catalog, get_work, &r, &err));
	return r;
}

#define INPUT                                                                                                   \
	"'ProcessingInputs':[{'InputName':'in','S3Input':{'S3Uri':'s3://b/in','LocalPath':'/opt/ml/processing/" \
	"input'}}]"
#define OUTPUT                                                                                                      \
	"'ProcessingOutputConfig':{'Outputs':[{'OutputName':'out','S3Output':{'S3Uri':'s3://b/out/','LocalPath':'/" \
	"opt/ml/processing/output'}}]}"
#define JOB(more) "{'AppSpecification':{'ImageUri':'registry:5000/mine:1'}," INPUT "," OUTPUT more "}"

static void make_job(const char *doc, const char *detail)
{
	struct hc_resource r = {.kind = HC_KIND_JOB,
				.name = HC_STR("j"),
				.arn = HC_STR("arn:aws:sagemaker:us-west-2:123456789012:processing-job/j"),
				.status = HC_STR("InProgress"),
				.doc = quoted(doc),
				.detail = quoted(detail)};
	ok(hc_catalog_write(server.catalog, insert_work, &r, &err));
}

static void run_job(void)
{
	_Atomic int stop = HC_JOB_GO_ON;
	ok(hc_job_run(&jobs, HC_STR("j"), &stop, &err));
}

/* A job whose program is this shell text. */
static void run_script(const char *text)
{
	static char command[8192];
	static const char *mapping[] = {command, NULL};
	assert_true(snprintf(command, sizeof command, "mine=set -- \"$@\"; run() { %s\n}; run", text) <
		    (int)sizeof command);
	server.image_commands = mapping;
	run_job();
}

/* How it ended: "STATUS|exit message|failure". */
#define check_end(expected) check_end_at((expected), __FILE__, __LINE__)

static void check_end_at(const char *expected, const char *file, int line)
{
	char text[4096];
	struct hc_resource r = job_now();
	json_t *detail = hc_tree_parse(r.detail);
	snprintf(text, sizeof text, "%.*s|%s|%.*s", HC_STR_ARG(r.status), hc_tree_cstring(detail, "ExitMessage", ""),
		 HC_STR_ARG(r.failure));
	json_decref(detail);
	check_str_at(hc_str(text), expected, file, line);
}

static void check_starts(const char *expected)
{
	struct hc_resource r = job_now();
	if (!hc_str_starts(r.failure, expected))
		fail_msg("%.*s: %.*s", HC_STR_ARG(r.status), HC_STR_ARG(r.failure));
	check_str(r.status, "Failed");
}

/* --- documents ---------------------------------------------------------------------------------- */

static void test_documents(void **state)
{
	(void)state;
	static const struct {
		const char *doc, *says; /* NULL: fine */
	} table[] = {
		{JOB(""), NULL},
		{"{'AppSpecification':{'ImageUri':'mine'}}", NULL},
		{"{'AppSpecification':{'ImageUri':'other'}}", "nothing here stands for the image other"},
		{"{}", "nothing here stands for"},
#define WITH(uri, path)                                                                                         \
	"{'AppSpecification':{'ImageUri':'mine'},'ProcessingInputs':[{'InputName':'i','S3Input':{'S3Uri':'" uri \
	"','LocalPath':'" path "'}}]}"
		{WITH("s3://b", "/a"), NULL},
		{WITH("s3://b", "/a//b/.c/..d/e.."), NULL},
		{WITH("https://b/k", "/a"), "'https://b/k' is no s3:// address"},
		{WITH("", "/a"), "no s3:// address"},
		{WITH("s3://b", ""), "no path of a container"},
		{WITH("s3://b", "/"), "no path of a container"},
		{WITH("s3://b", "a/b"), "no path of a container"},
		{WITH("s3://b", "/a/../b"), "no path of a container"},
		{WITH("s3://b", "/.."), "no path of a container"},
		{WITH("s3://b", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"),
		 "no path of a container"},
		{WITH("s3://b", "/a/.."), "no path of a container"},
		{WITH("s3://b", "/a/./b"), "no path of a container"},
		{WITH("s3://b", "/a\\u0000/b"), "no path of a container"},
		{"{'AppSpecification':{'ImageUri':'mine'},'ProcessingInputs':[{'InputName':'i'}]}", "no s3:// address"},
		{"{'AppSpecification':{'ImageUri':'mine'},'ProcessingOutputConfig':{'Outputs':[{'S3Output':{'S3Uri':'"
		 "s3://b',"
		 "'LocalPath':'/../x'}}]}}",
		 "no path of a container"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_job job = {0};
		struct hc_resource r = {.name = HC_STR("j"), .doc = quoted(table[i].doc), .detail = HC_STR("{}")};
		enum hc_code code = hc_job_read(&server, &r, &arena, &job, &err);
		if (code != (table[i].says ? HC_USAGE : HC_OK) || (code != HC_OK && !strstr(err.msg, table[i].says)))
			fail_msg("row %zu: %d %s", i, (int)code, err.msg);
		if (code == HC_OK)
			hc_job_close(&job);
	}
	struct hc_job job;
	struct hc_resource r = {.doc = quoted(JOB(",'StoppingCondition':{'MaxRuntimeInSeconds':7}")),
				.detail = quoted("{'Role':'merge'}")};
	ok(hc_job_read(&server, &r, &arena, &job, &err));
	assert_int_equal(job.image, HC_IMAGE_COMMAND);
	check_str(job.command, ". ./script.sh");
	assert_int_equal(job.max_runtime_s, 7);
	assert_string_equal(hc_job_role(&job), "merge");
	assert_int_equal(job.n_inputs + job.n_outputs, 2);
	check_str(job.outputs[0].bucket, "b");
	check_str(job.outputs[0].key, "out");
	check_str(job.outputs[0].uri, "s3://b/out/");
	hc_job_close(&job);
}

/* --- its folder --------------------------------------------------------------------------------- */

/* What filling makes of the inputs; `says` NULL: fine. */
static void check_fill(const char *doc, enum hc_code expected, const char *says)
{
	struct hc_job job;
	struct hc_resource r = {.name = HC_STR("j"), .doc = quoted(doc), .detail = HC_STR("{}")};
	char folder[CHECK_PATH_MAX];
	strcpy(folder, path_of("work/f"));
	ok(hc_file_remove_tree(folder, &err));
	ok(hc_file_mkdirs(folder, &err));
	ok(hc_job_read(&server, &r, &arena, &job, &err));
	enum hc_code code = hc_folder_fill(&server, &job, folder, &err);
	if (code != expected || (says && !strstr(err.msg, says)))
		fail_msg("%d: %s", (int)code, code ? err.msg : "fine");
	hc_job_close(&job);
}

static void test_fill(void **state)
{
	(void)state;
	put("in", "exact");
	put("in/a", "A");
	put("in/deep/er/b", "B");
	put("in//double", "D");
	put("in/folder/", "");
	put("in/.hidden", "H");
	put("in2/other", "no");
	put("top", "T");
	check_fill(JOB(""), HC_OK, NULL);
	check_files("work/f/opt/ml/processing/input", ".hidden=H a=A deep/er/b=B double=D in=exact ");
	/* one object alone, under its name; the whole of a bucket */
	check_fill("{'AppSpecification':{'ImageUri':'mine'},'ProcessingInputs':[{'InputName':'i','S3Input':{'S3Uri':"
		   "'s3://b/in/deep/er/b','LocalPath':'/x/'}},{'InputName':'k','S3Input':{'S3Uri':'s3://b/top/"
		   "','LocalPath':'/y'}}]}",
		   HC_OK, NULL);
	check_files("work/f", "x/b=B y/top=T ");
	check_fill(WITH("s3://b/in2/", "/z"), HC_OK, NULL);
	check_files("work/f", "z/other=no ");
	/* nothing there, in AWS's words */
	check_fill(
		"{'RoleArn':'R','AppSpecification':{'ImageUri':'mine'},'ProcessingInputs':[{'InputName':'i','S3Input':"
		"{'S3Uri':'s3://b/non/','LocalPath':'/x'}}]}",
		HC_EMPTY,
		"No S3 objects found under S3 URL \"s3://b/non/\" given in input data source. Please ensure that the "
		"bucket exists in the selected region (us-west-2), that objects exist under that S3 prefix, and that "
		"the "
		"role \"R\" has \"s3:ListBucket\" permissions on bucket \"b\".");
	check_fill(WITH("s3://b/in/folder", "/x"), HC_EMPTY, "No S3 objects found"); /* a marker alone */
	check_fill(WITH("s3://none/in", "/x"), HC_EMPTY, "No S3 objects found");
}

static void test_many_inputs(void **state)
{
	(void)state;
	char key[32];
	for (int i = 0; i < 2105; i++) {
		snprintf(key, sizeof key, "in/%d", i);
		put(key, "x");
	}
	check_fill(JOB(""), HC_OK, NULL);
	struct hc_names names;
	ok(hc_file_names(path_of("work/f/opt/ml/processing/input"), &arena, &names, &err));
	assert_int_equal(names.n, 2105);
}

/* Keys that no path can be: the job fails, and nothing stands outside its folder. */
static void test_hostile_keys(void **state)
{
	(void)state;
	static char part[300], deep[1024];
	memset(part, 'p', 256);
	memcpy(part, "in1/", 4);
	strcpy(part + 260, "/x");
	memset(part + 4, 'p', 256);
	for (size_t i = 0; i + 2 < sizeof deep; i += 2)
		memcpy(deep + i, "a/", 3);
	memcpy(deep, "in2/", 4);
	deep[strlen(deep) - 1] = '\0';
	static const struct {
		const char *prefix, *key, *says;
	} table[] = {
		{"in0", "in0/../../../../../../../../../tmp/hindcast-evil", "cannot be a file"},
		{"in3", "in3/..", "cannot be a file"},
		{"in4", "in4/a/../b", "cannot be a file"},
		{"in5", "in5/./b", "cannot be a file"},
		{"in6", "in6/.", "cannot be a file"},
		{"in7/..", "in7/../x", NULL}, /* the address names it, nothing below does */
		{"in8", "in8///etc/passwd", NULL},
		{"in9", "in9/\xff\xfe \x01\n", NULL},
		{"in1", part, "cannot be a file"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char doc[512];
		put(table[i].key, "evil");
		snprintf(doc, sizeof doc, WITH("s3://b/%s", "/opt/ml/processing/input"), table[i].prefix);
		check_fill(doc, table[i].says ? HC_INPUT : HC_OK, table[i].says);
		assert_int_not_equal(access("/tmp/hindcast-evil", F_OK), 0);
	}
	check_files("work/f", ""); /* of the last one */
	put(deep, "deep");
	check_fill(WITH("s3://b/in2", "/x"), HC_INPUT, "cannot be a file");
	put("in10/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/f", "24");
	check_fill(WITH("s3://b/in10", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"), HC_OK,
		   NULL);
	put("in10/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/f", "25");
	check_fill(WITH("s3://b/in10", "/x"), HC_INPUT, "too many");
	/* two keys, one path; a key that is both a file and a folder */
	put("both/a", "file");
	put("both/a/b", "below");
	check_fill(WITH("s3://b/both", "/x"), HC_INPUT, "s3://b/both/a/b cannot be a file: its path is taken");
	put("same/a/b", "one");
	put("same/a//b", "two");
	check_fill(WITH("s3://b/same", "/x"), HC_INPUT, "its path is taken");
}

/* What batch manifests name is put below objects/, hostile or not there or not. */
static void test_manifests(void **state)
{
	(void)state;
	hc_store_mount(HC_JOB_OBJECTS);
	put("out/f1.out", "1");
	put("out/f2.out", "2");
	put("out/dir/", "");
	put("in/m1.json", "[{\"prefix\":\"s3://b/out/\"},\"f1.out\",\"f2.out\",\"gone.out\",\"dir/\"]");
	put("in/m2.json", "[{\"prefix\":\"s3://b/out\"},\"f1.out\"]");
	put("in/m3.json", "[{\"prefix\":\"s3://b/out/\"},\"../../../f1.out\"]");
	put("in/m4.json", "[{\"prefix\":\"/etc/\"},\"passwd\"]");
	put("in/m5.json", "{nothing");
	put("in/m6.json", "[{\"prefix\":\"s3://\"},\"x\"]");
	put("in/m7.json", "[{\"prefix\":\"s3:///\"},\"/\"]");
	put("in/m8.json", "[{\"prefix\":\"s3://b/\"},\"/\"]");
	struct hc_job job;
	struct hc_resource r = {
		.name = HC_STR("j"),
		.doc = quoted("{'AppSpecification':{'ImageUri':'sagemaker-model-monitor-groundtruth-merger'},"
			      "'ProcessingInputs':[{'InputName':'batch_transform_input_1','S3Input':"
			      "{'S3Uri':'s3://b/in','LocalPath':'/opt/ml/processing/transform'}}]}"),
		.detail = quoted("{'Role':'merge'}")};
	char folder[CHECK_PATH_MAX];
	strcpy(folder, path_of("work"));
	ok(hc_job_read(&server, &r, &arena, &job, &err));
	ok(hc_folder_fill(&server, &job, folder, &err));
	hc_job_close(&job);
	check_files("work/objects", "b/out/f1.out=1 b/out/f2.out=2 ");
}

/* --- running ------------------------------------------------------------------------------------ */

static void test_run(void **state)
{
	(void)state;
	put("in/a.csv", "1,2\n");
	make_job("{'AppSpecification':{'ImageUri':'registry:5000/mine:1','ContainerEntrypoint':['entry','a b'],"
		 "'ContainerArguments':['--x','$HOME']},'Environment':{'colour':'blue','data':'/opt/ml/processing/"
		 "input/a.csv',"
		 "'text':'not /opt/ml/processing/input'}," INPUT "," OUTPUT "}",
		 "{}");
	run_script("o=opt/ml/processing/output; mkdir -p $o/deep; echo \"$#:$1:$2:$3:$4\" > $o/arguments;"
		   " echo \"$colour $text $PROCESSING_JOB_ARN $AWS_ENDPOINT_URL $AWS_REGION\" > $o/environment;"
		   " cat \"$data\" > $o/deep/data; test -d opt/ml/output/metrics/cloudwatch; echo $? > $o/metrics;"
		   " grep -c ContainerEntrypoint opt/ml/config/processingjobconfig.json > $o/config;"
		   " printf ' Completed: fine. \\n' > $output_message_file; echo out; echo err >&2");
	check_end("Completed|Completed: fine.|");
	check_objects("out/",
		      "out/arguments=4:entry:a b:--x:$HOME\n out/config=1\n out/deep/data=1,2\n "
		      "out/environment=blue not /opt/ml/processing/input "
		      "arn:aws:sagemaker:us-west-2:123456789012:processing-job/j http://127.0.0.1:1 us-west-2\n "
		      "out/metrics=0\n ");
	assert_int_equal(ended, 1);
	assert_int_equal(contents(), 6);
	/* its folder is gone, its output stands in the log */
	check_tree("work", "");
	struct hc_log_stream *streams;
	size_t n;
	bool more, found;
	ok(hc_log_streams(server.logs, HC_STR("j/"), HC_STR(""), 10, &arena, &streams, &n, &more, &err));
	assert_int_equal(n, 1);
	uint64_t offset = 0, next;
	struct hc_log_event *events;
	ok(hc_log_read(server.logs, streams[0].name, &offset, false, 10, &arena, &events, &n, &next, &found, &err));
	assert_int_equal(n, 2);
	check_str(events[0].text, "out");
	check_str(events[1].text, "err");
	/* start and end; a job that has ended is not run again, nor changed */
	struct hc_resource before = job_now();
	json_t *detail = hc_tree_parse(before.detail);
	assert_true(hc_tree_instant(detail, "ProcessingStartTime") > 0);
	assert_true(hc_tree_instant(detail, "ProcessingEndTime") >= hc_tree_instant(detail, "ProcessingStartTime"));
	assert_int_equal(hc_tree_int(detail, "Begins", 0), 1);
	json_decref(detail);
	run_script("exit 1");
	struct hc_resource after = job_now();
	assert_int_equal(ended, 1);
	assert_true(hc_str_eq(before.detail, after.detail) && before.modified_us == after.modified_us);
	_Atomic int stop = HC_JOB_GO_ON;
	ok(hc_job_run(&jobs, HC_STR("none"), &stop, &err));
}

static void test_failures(void **state)
{
	(void)state;
	static const struct {
		const char *script, *failure;
	} table[] = {
		{"exit 3", "AlgorithmError: the program ended with exit status 3; exit code: 3"},
		{"echo first; echo the last line; echo; exit 1", "AlgorithmError: the last line; exit code: 1"},
		{"echo log; echo why > $output_message_file; exit 1", "AlgorithmError: why; exit code: 1"},
		{"echo AlgorithmError: known > $output_message_file; exit 2", "AlgorithmError: known; exit code: 2"},
		{"kill -9 $$", "AlgorithmError: the program was ended by signal 9 (Killed); exit code: 137"},
		{"echo half; kill -15 $$",
		 "AlgorithmError: half; the program was ended by signal 15 (Terminated); exit code: 143"},
		{"no-such-program", "AlgorithmError: hindcast: 1: no-such-program: not found; exit code: 127"},
		/* paths of inputs are addresses, relative and absolute; what only looks like one is not */
		{"echo opt/ml/processing/input/a.csv:1: bad; exit 1",
		 "AlgorithmError: s3://b/in/a.csv:1: bad; exit code: 1"},
		{"echo \"$PWD/opt/ml/processing/input/a.csv bad\"; exit 1",
		 "AlgorithmError: s3://b/in/a.csv bad; exit code: 1"},
		{"echo in opt/ml/processing/input, opt/ml/processing/input2/x; exit 1",
		 "AlgorithmError: in s3://b/in, opt/ml/processing/input2/x; exit code: 1"},
		/* a message that is a fifo or a device keeps nobody waiting */
		{"echo last; mkfifo opt/ml/output/message; exit 1", "AlgorithmError: last; exit code: 1"},
		{"echo last; ln -s /dev/zero opt/ml/output/message; exit 1", "AlgorithmError: last; exit code: 1"},
	};
	put("in/a", "x");
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_resource r;
		if (i == 0) {
			make_job(JOB(""), "{}");
		} else {
			r = job_now();
			r.status = HC_STR("InProgress");
			r.failure = (struct hc_str){NULL, 0};
			r.detail = HC_STR("{}");
			ok(hc_catalog_write(server.catalog, update_work, &r, &err));
		}
		run_script(table[i].script);
		r = job_now();
		check_str(r.status, "Failed");
		check_str(r.failure, table[i].failure);
		check_tree("work", "");
	}
	check_objects("out/", "");
	assert_int_equal(ended, COUNT(table));
}

/* An input whose path is one name does not eat the words of a message. */
static void test_short_paths(void **state)
{
	(void)state;
	put("in/a", "x");
	make_job(WITH("s3://b/in", "/data"), "{}");
	run_script("echo no data in data/a or metadata/a or datas, data; exit 1");
	check_end("Failed||AlgorithmError: no data in s3://b/in/a or metadata/a or datas, data; exit code: 1");
}

static void test_long_reason(void **state)
{
	(void)state;
	put("in/a", "x");
	make_job(JOB(""), "{}");
	run_script("i=0; while [ $i -lt 600 ]; do printf '\xc3\xa4'; i=$((i+1)); done > $output_message_file; exit 1");
	struct hc_resource r = job_now();
	assert_int_equal(r.failure.n, 1024);
	assert_int_equal((unsigned char)r.failure.p[1023], 0xa4);
}

/* What the job left behind holds nobody up. */
static void test_left_behind(void **state)
{
	(void)state;
	put("in/a", "x");
	make_job(JOB(""), "{}");
	int64_t began = hc_clock_steady_us();
	run_script("yes & sleep 1000 & setsid timeout 20 yes & echo done > $output_message_file");
	check_end("Completed|done|");
	assert_true(hc_clock_steady_us() - began < 5 * HC_SECOND_US);
}

/* Contents are never changed by a job's set-up, though its inputs are second names of them. */
static void test_contents_stay(void **state)
{
	(void)state;
	put("in/processingjobconfig.json", "mine");
	make_job("{'AppSpecification':{'ImageUri':'mine'},'ProcessingInputs':[{'InputName':'i','S3Input':{'S3Uri':'s3:/"
		 "/b/in',"
		 "'LocalPath':'/opt/ml/config'}}]}",
		 "{}");
	run_script("true");
	check_end("Completed||");
	check_objects("in/", "in/processingjobconfig.json=mine ");
}

/* What cannot be begun, or not be published, fails the job; nothing half is left. */
static void test_no_begin(void **state)
{
	(void)state;
	make_job(JOB(""), "{}");
	run_script("true");
	check_starts("No S3 objects found under S3 URL \"s3://b/in\"");
	assert_int_equal(ended, 1);
}

static void test_unmapped(void **state)
{
	(void)state;
	make_job("{'AppSpecification':{'ImageUri':'other'}}", "{}");
	run_job();
	check_end("Failed||ClientError: nothing here stands for the image other; map it to a command (hindcast serve "
		  "--image-command)");
}

static void test_no_bucket(void **state)
{
	(void)state;
	put("in/a", "x");
	make_job("{'AppSpecification':{'ImageUri':'mine'},'ProcessingOutputConfig':{'Outputs':[{'S3Output':{'S3Uri':'"
		 "s3://b/one',"
		 "'LocalPath':'/one'}},{'S3Output':{'S3Uri':'s3://none/two','LocalPath':'/two'}}]}}",
		 "{}");
	run_script("echo 1 > one/a; echo 2 > two/a");
	check_end("Failed||ClientError: the bucket none of the output does not exist; create it");
	check_objects("", "in/a=x ");
	assert_int_equal(contents(), 1);
	assert_int_equal(ended, 1);
}

static void test_hook(void **state)
{
	(void)state;
	put("in/a", "x");
	make_job(JOB(""), "{}");
	hook_says = HC_USAGE;
	run_script("echo 1 > opt/ml/processing/output/a");
	check_end("Failed||ClientError: the hook says no");
	check_objects("out/", "");
	assert_int_equal(contents(), 1);
	assert_int_equal(ended, 2);
}

/* Begun too often: the server ends each time. */
static void test_begins(void **state)
{
	(void)state;
	make_job(JOB(""), "{'Begins':3}");
	run_script("true");
	check_starts("InternalServerError: the server ended 3 times");
}

struct stopping {
	_Atomic int stop;
	int wish;
};

static void *stop_soon(void *arg)
{
	struct stopping *s = arg;
	usleep(300 * 1000);
	atomic_store(&s->stop, s->wish);
	return NULL;
}

static void run_stopped(int wish)
{
	struct stopping s = {.wish = wish};
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &s), 0);
	ok(hc_job_run(&jobs, HC_STR("j"), &s.stop, &err));
	pthread_join(thread, NULL);
}

static void test_stop(void **state)
{
	(void)state;
	static const char *const sleeper[] = {"mine=echo x > opt/ml/processing/output/x; exec sleep 100", NULL};
	put("in/a", "x");
	make_job(JOB(""), "{}");
	server.image_commands = sleeper;
	/* the server goes down: the job stays, and is begun again later */
	int64_t began = hc_clock_steady_us();
	run_stopped(HC_JOB_LEAVE);
	check_str(job_now().status, "InProgress");
	assert_int_equal(ended, 0);
	check_tree("work", "");
	run_stopped(HC_JOB_STOP);
	check_end("Stopped||");
	assert_int_equal(ended, 1);
	check_objects("out/", ""); /* outputs of a stopped job are not published */
	assert_true(hc_clock_steady_us() - began < 5 * HC_SECOND_US);
	/* stopped before it began */
	struct hc_resource r = job_now();
	r.status = HC_STR("Stopping");
	r.detail = HC_STR("{}");
	ok(hc_catalog_write(server.catalog, update_work, &r, &err));
	run_script("echo x > opt/ml/processing/output/x");
	check_end("Stopped||");
	assert_int_equal(ended, 2);
	json_t *detail = hc_tree_parse(job_now().detail);
	assert_null(hc_tree_at(detail, "ProcessingStartTime"));
	json_decref(detail);
}

static void test_time_limit(void **state)
{
	(void)state;
	static const char *const sleeper[] = {"mine=exec sleep 100", NULL};
	put("in/a", "x");
	make_job(JOB(",'StoppingCondition':{'MaxRuntimeInSeconds':1}"), "{}");
	server.image_commands = sleeper;
	run_job();
	check_end("Stopped||MaxRuntimeExceeded: the job ran longer than its MaxRuntimeInSeconds of 1; give it more "
		  "time, or a "
		  "smaller window");
}

/* A merge job's outputs: hour folders are told on, stale parts of these hours go, the account goes beside the report. */
static void test_merge_outputs(void **state)
{
	(void)state;
	put("in/a", "x");
	put("out/sched/2026/03/01/05/part-old.jsonl", "stale");
	put("out/sched/2026/03/01/05/other", "stays");
	put("out/sched/2026/03/01/04/part-old.jsonl", "stays");
	put("out/sched/2026/03/01/06/part-new.jsonl", "before");
	make_job(JOB(""), "{'Role':'merge','ReportS3Uri':'s3://b/reports/01','MergedBelow':'sched'}");
	run_script(
		"cd opt/ml/processing/output; mkdir -p 2026/03/01/05 2026/03/01/06; echo 1 > "
		"2026/03/01/05/part-1.jsonl;"
		" echo 2 > 2026/03/01/05/part-2.jsonl; echo 3 > 2026/03/01/06/part-new.jsonl; echo m > manifest.json;"
		" echo j > join_report.json");
	check_end("Completed||");
	assert_string_equal(merged_text, "[\"sched/2026/03/01/05\",\"sched/2026/03/01/06\"]");
	check_objects("", "in/a=x out/sched/2026/03/01/04/part-old.jsonl=stays out/sched/2026/03/01/05/other=stays "
			  "out/sched/2026/03/01/05/part-1.jsonl=1\n out/sched/2026/03/01/05/part-2.jsonl=2\n "
			  "out/sched/2026/03/01/06/part-new.jsonl=3\n reports/01/join_report.json=j\n ");
	assert_int_equal(contents(), 7); /* what was replaced is gone from the disk too */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_server(test_documents),     in_server(test_fill),          in_server(test_many_inputs),
		in_server(test_hostile_keys),  in_server(test_manifests),     in_server(test_run),
		in_server(test_failures),      in_server(test_short_paths),   in_server(test_long_reason),
		in_server(test_left_behind),   in_server(test_contents_stay), in_server(test_no_begin),
		in_server(test_unmapped),      in_server(test_no_bucket),     in_server(test_hook),
		in_server(test_begins),        in_server(test_stop),          in_server(test_time_limit),
		in_server(test_merge_outputs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
