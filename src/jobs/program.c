#include "jobs/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "sys/clock.h"
#include "sys/process.h"

enum {
	SLICE_MS = 100,
	READ_BYTES = 1 << 16,
	MESSAGE_BYTES = 1 << 20,
	REST_MAX_US = 1000000,
	ENV_MAX = 160,
	ARGV_MAX = 256,
	LAST_LINE_MAX = 1024,
	WORDS_MAX = 8 << 10 /* of a message that are kept */
};
#define CONFIG "/opt/ml/config/processingjobconfig.json"
#define RESOURCES "/opt/ml/config/resourceconfig.json"
#define MESSAGE "/opt/ml/output/message"
#define METRICS "/opt/ml/output/metrics/cloudwatch"
/* Beyond MaxRuntimeInSeconds this file's own watch ends the child; the process's limit stands behind it. */
#define PROCESS_LIMIT_MORE_S 60U

struct launch {
	const struct hc_jobs *jobs;
	const struct hc_job *job;
	const char *folder;
	struct hc_arena *arena;
	const char *env[ENV_MAX + 1];
	size_t n_env;
	const char *argv[ARGV_MAX + 1];
	bool own; /* one of our images */
	bool full;
};

static void HC_PRINTF(2, 3) add(struct launch *l, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	const char *copy = n >= 0 ? hc_arena_cstring(l->arena, (struct hc_str){text, (size_t)n}) : NULL;
	if (n >= 0)
		free(text);
	if (!copy || l->n_env == ENV_MAX) {
		l->full = true;
		return;
	}
	l->env[l->n_env++] = copy;
}

/* A path of the container on this machine: relative to the folder for our own program, absolute for others. */
static void add_path(struct launch *l, const char *name, const char *container_path)
{
	if (l->own)
		add(l, "%s=%s", name, container_path + 1);
	else
		add(l, "%s=%s%s", name, l->folder, container_path);
}

/* Whether one path is the other, or stands below it. */
static bool is_below(const char *path, size_t n, const char *folder, size_t folder_n)
{
	return n >= folder_n && memcmp(path, folder, folder_n) == 0 && (n == folder_n || path[folder_n] == '/');
}

/* A value that is a path of the container: below /opt/ml, or below or above the local path of an input or output. */
static bool is_path(const struct launch *l, const char *value)
{
	size_t n = strlen(value);
	bool found = strncmp(value, "/opt/ml/", 8) == 0;
	for (size_t i = 0; i < l->job->n_inputs + l->job->n_outputs && !found; i++) {
		struct hc_str local =
			i < l->job->n_inputs ? l->job->inputs[i].local : l->job->outputs[i - l->job->n_inputs].local;
		found = is_below(value, n, local.p, local.n) || (n > 1 && is_below(local.p, local.n, value, n));
	}
	return found && !strstr(value, "..");
}

static const char *given(const struct launch *l, const char *name)
{
	return hc_tree_cstring(hc_tree_at(l->job->doc, "Environment"), name, NULL);
}

static enum hc_code make_environment(struct launch *l, struct hc_err *err)
{
	const char *key, *path = getenv("PATH"), *epoch = getenv("SOURCE_DATE_EPOCH");
	json_t *value;
	add(l, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
	add(l, "LANG=C.UTF-8");
	add(l, "HOME=%s", l->folder);
	if (epoch)
		add(l, "SOURCE_DATE_EPOCH=%s", epoch);
	json_t *environment = hc_tree_at(l->job->doc, "Environment");
	json_object_foreach(environment, key, value)
	{
		const char *text = json_string_value(value);
		if (text && is_path(l, text))
			add_path(l, key, text);
		else if (text)
			add(l, "%s=%s", key, text);
	}
	if (!given(l, "output_message_file"))
		add_path(l, "output_message_file", MESSAGE);
	if (!given(l, "cloudwatch_metrics_directory"))
		add_path(l, "cloudwatch_metrics_directory", METRICS);
	if (l->own) {
		add(l, "hindcast_objects=" HC_JOB_OBJECTS);
	} else {
		add(l, "PROCESSING_JOB_ARN=%.*s", HC_STR_ARG(l->job->resource.arn));
		add(l, "AWS_REGION=%s", l->jobs->server->region);
		add(l, "AWS_DEFAULT_REGION=%s", l->jobs->server->region);
		add(l, "AWS_ENDPOINT_URL=%s", l->jobs->endpoint_url);
		add(l, "AWS_SHARED_CREDENTIALS_FILE=%s", l->jobs->credentials_file);
		add(l, "hindcast_container_root=%s", l->folder);
	}
	return l->full ? hc_fail(err, HC_LIMIT, "the job's environment is too large") : HC_OK;
}

static void add_arguments(struct launch *l, const char *member, size_t *n)
{
	size_t i;
	json_t *item;
	json_array_foreach(hc_tree_at(l->job->doc, member), i, item) if (*n < ARGV_MAX && json_is_string(item))
		l->argv[(*n)++] = json_string_value(item);
}

static enum hc_code make_arguments(struct launch *l, struct hc_err *err)
{
	size_t n = 0;
	if (l->own) {
		l->argv[n++] = "/proc/self/exe";
		l->argv[n++] = l->job->image == HC_IMAGE_MERGER ? "merge" : "analyze";
		return HC_OK;
	}
	HC_BUF_SCOPED struct hc_buf line = HC_BUF(1 << 16);
	hc_buf_str(&line, l->job->command);
	hc_buf_cstr(&line, " \"$@\"");
	const char *command = hc_arena_cstring(l->arena, hc_buf_view(&line));
	if (line.failed || !command)
		return hc_fail_nomem(err, "a command");
	l->argv[n++] = "/bin/sh";
	l->argv[n++] = "-c";
	l->argv[n++] = command;
	l->argv[n++] = "hindcast";
	add_arguments(l, "AppSpecification.ContainerEntrypoint", &n);
	add_arguments(l, "AppSpecification.ContainerArguments", &n);
	return HC_OK;
}

static enum hc_code write_text(const char *folder, const char *name, struct hc_str text, struct hc_err *err)
{
	struct hc_writer w;
	HC_BUF_SCOPED struct hc_buf path = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_printf(&path, "%s%s", folder, name);
	/* An input of that name is a content of the store: its name goes, its bytes stay. */
	HC_TRY(hc_file_remove(hc_buf_cstring(&path), err));
	HC_TRY(hc_writer_open(hc_buf_cstring(&path), &w, err));
	hc_writer_put(&w, text.p, text.n);
	return hc_writer_close(&w, err);
}

/* Folders that a container finds: outputs, message, metrics, and the job's own description. */
static enum hc_code make_folders(struct launch *l, struct hc_err *err)
{
	static const char *const fixed[] = {"/opt/ml/output", METRICS};
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed + l->job->n_outputs; i++) {
		HC_BUF_SCOPED struct hc_buf path = HC_BUF(HC_PATH_LEN_MAX);
		hc_buf_cstr(&path, l->folder);
		if (i < sizeof fixed / sizeof *fixed)
			hc_buf_cstr(&path, fixed[i]);
		else
			hc_buf_str(&path, l->job->outputs[i - sizeof fixed / sizeof *fixed].local);
		HC_TRY(hc_buf_check(&path, "a path", err));
		HC_TRY(hc_file_mkdirs(hc_buf_cstring(&path), err));
	}
	json_t *config = json_copy(l->job->doc); /* as CreateProcessingJob had it, with the ARN */
	struct hc_str text = hc_tree_set_text(config, "ProcessingJobArn", l->job->resource.arn)
				     ? hc_tree_print(config, l->arena)
				     : (struct hc_str){NULL, 0};
	json_decref(config);
	if (!text.p)
		return hc_fail_nomem(err, "a job's description");
	HC_TRY(write_text(l->folder, CONFIG, text, err));
	return write_text(l->folder, RESOURCES, HC_STR("{\"current_host\":\"algo-1\",\"hosts\":[\"algo-1\"]}"), err);
}

/* --- its life --------------------------------------------------------------------------------- */

struct watch {
	struct hc_process *process;
	int pipe;
	struct hc_log_writer *log;
	char last[LAST_LINE_MAX]; /* the line that was complete last */
	char line[LAST_LINE_MAX];
	size_t n_line;
};

static void note_line(struct watch *w, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n') {
			if (w->n_line < sizeof w->line - 1)
				w->line[w->n_line++] = p[i];
			continue;
		}
		w->line[w->n_line] = '\0';
		if (w->n_line > 0)
			memcpy(w->last, w->line, w->n_line + 1);
		w->n_line = 0;
	}
}

/* Takes what has come; false when nothing more can. */
static bool drain(struct watch *w, int patience_ms)
{
	char buf[READ_BYTES];
	struct pollfd fd = {.fd = w->pipe, .events = POLLIN};
	if (poll(&fd, 1, patience_ms) <= 0)
		return true;
	ssize_t n = read(w->pipe, buf, sizeof buf);
	if (n <= 0)
		return n < 0 && errno == EINTR;
	hc_log_write(w->log, hc_clock_now_us(), (struct hc_str){buf, (size_t)n});
	note_line(w, buf, (size_t)n);
	return true;
}

/* Asks the child to end, then makes it. */
static void end_child(struct watch *w)
{
	struct hc_process_end end;
	int64_t until = hc_clock_steady_us() + (int64_t)HC_JOB_GRACE_S * 1000000;
	hc_process_signal(w->process, SIGTERM);
	while (hc_clock_steady_us() < until && !hc_process_wait(w->process, 0, &end)) {
		if (!drain(w, SLICE_MS))
			poll(NULL, 0, SLICE_MS);
	}
}

static void watch_over(struct watch *w, const struct hc_job *job, _Atomic int *stop, struct hc_program_end *out)
{
	struct hc_process_end end = {0};
	int64_t deadline = hc_clock_steady_us() + (int64_t)job->max_runtime_s * 1000000;
	bool open = true;
	while (!hc_process_wait(w->process, open ? 0 : SLICE_MS, &end)) {
		int wish = atomic_load(stop);
		if (wish != HC_JOB_GO_ON || hc_clock_steady_us() >= deadline) {
			out->how = wish == HC_JOB_LEAVE  ? HC_ENDED_LEFT
				   : wish == HC_JOB_STOP ? HC_ENDED_STOPPED
							 : HC_ENDED_TOO_LONG;
			end_child(w);
			return;
		}
		open = open && drain(w, SLICE_MS);
	}
	out->by_signal = end.by_signal;
	out->number = end.number;
	out->how = !end.by_signal && end.number == 0 ? HC_ENDED_WELL : HC_ENDED_BADLY;
}

/*
 * What is still in the pipe when the child and its group are gone; who left the group may hold the far end open and write on, so it
 * neither waits for the end nor reads for ever.
 */
static void drain_rest(struct watch *w)
{
	int readable = 1;
	int64_t until = hc_clock_steady_us() + REST_MAX_US;
	while (readable > 0 && hc_clock_steady_us() < until) {
		struct pollfd fd = {.fd = w->pipe, .events = POLLIN};
		readable = poll(&fd, 1, 0);
		if (readable > 0 && (!(fd.revents & POLLIN) || !drain(w, 0)))
			return;
	}
}

/* What a program wrote, as the API can give it: bytes that are not UTF-8 as U+FFFD, no NUL, so much that a reason is more than filled. */
static struct hc_str words_of(struct hc_str bytes, struct hc_arena *arena)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(WORDS_MAX + 4);
	for (size_t at = 0; at < bytes.n && text.n < WORDS_MAX;) {
		size_t n = hc_utf8_sequence(bytes.p + at, bytes.n - at);
		if (n == 0)
			hc_buf_cstr(&text, "\xef\xbf\xbd");
		else if (bytes.p[at] != '\0')
			hc_buf_str(&text, (struct hc_str){bytes.p + at, n});
		at += n ? n : 1;
	}
	return hc_arena_copy(arena, hc_buf_view(&text));
}

static void read_message(const struct launch *l, struct hc_program_end *out)
{
	struct hc_err ignored;
	HC_BUF_SCOPED struct hc_buf path = HC_BUF(HC_PATH_LEN_MAX), text = HC_BUF(MESSAGE_BYTES);
	const char *named = given(l, "output_message_file");
	hc_buf_printf(&path, "%s%s", l->folder, named && is_path(l, named) ? named : MESSAGE);
	struct hc_file_info info;
	/* A fifo would keep us waiting. */
	if (hc_file_look(hc_buf_cstring(&path), &info, &ignored) == HC_OK && info.kind == HC_FILE_REGULAR &&
	    hc_file_slurp(hc_buf_cstring(&path), &text, &ignored) == HC_OK)
		out->message = words_of(hc_str_trim(hc_buf_view(&text)), l->arena);
}

static enum hc_code run(struct launch *l, struct watch *w, _Atomic int *stop, struct hc_program_end *out,
			struct hc_err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return hc_fail(err, HC_IO, "a pipe: %s", strerror(errno));
	struct hc_process_spec spec = {.argv = l->argv,
				       .env = l->env,
				       .folder = l->folder,
				       .output_fd = ends[1],
				       .timeout_s = l->job->max_runtime_s + PROCESS_LIMIT_MORE_S};
	enum hc_code code = hc_process_start(&spec, &w->process, err);
	close(ends[1]);
	w->pipe = ends[0];
	if (code == HC_OK) {
		watch_over(w, l->job, stop, out);
		hc_process_close(w->process);
		drain_rest(w);
	}
	close(ends[0]);
	return code;
}

enum hc_code hc_program_run(const struct hc_jobs *jobs, const struct hc_job *job, const char *folder,
			    struct hc_log_writer *log, _Atomic int *stop, struct hc_arena *arena,
			    struct hc_program_end *out, const char **metrics, struct hc_err *err)
{
	struct launch l = {
		.jobs = jobs, .job = job, .folder = folder, .arena = arena, .own = job->image != HC_IMAGE_COMMAND};
	struct watch w = {.log = log};
	struct hc_program_end end = {0};
	HC_TRY(make_environment(&l, err));
	HC_TRY(make_arguments(&l, err));
	HC_TRY(make_folders(&l, err));
	HC_TRY(run(&l, &w, stop, &end, err));
	read_message(&l, &end);
	note_line(&w, "\n", 1);
	end.last_line = words_of(hc_str(w.last), arena);
	const char *named = given(&l, "cloudwatch_metrics_directory");
	HC_BUF_SCOPED struct hc_buf path = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_printf(&path, "%s%s", folder, named && is_path(&l, named) ? named : METRICS);
	*metrics = hc_arena_cstring(arena, hc_buf_view(&path));
	if (!*metrics || !end.last_line.p)
		return hc_fail_nomem(err, "a job");
	*out = end;
	return HC_OK;
}
