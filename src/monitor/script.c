#include "monitor/script.h"

#include <assert.h>
#include <endian.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "sys/files.h"
#include "sys/process.h"

/* script_driver.py, embedded by the build; it describes the frames that travel. */
extern const char hc_script_driver[];

enum {
	BATCH_HEAD = 4 + 8,
	FRAME_HEAD = 1 + 8,
	SHOWN_TRACEBACK = 4096, /* of a message; the end of a traceback says most */
	SHOWN_RECORD = 500,
	MESSAGE_MAX = 64 * 1024,
	ENV_BYTES = 1 << 20,
	STACK_MS = 500, /* for the interpreter to write a stack to the log before it is killed */
	END_MS = 2000,  /* for one that closed its channel to end */
};

/* What a driver may send, and two ways of saying nothing. */
enum {
	STARTED = 'S',
	NO_CONTRACT = 'C',
	NO_IMPORT = 'I',
	READY = 'R',
	ANSWERS = 'B',
	FAILED = 'E',
	DONE = 'D',
	GONE = -1,
	LATE = -2,
};

struct script {
	const char *path;
	const char *role; /* as messages name it */
	struct hc_process *process;
	struct hc_script_limits limits;
	struct hc_buf payload; /* of the frame received last */
};

/* A record of the batch; where it lies is an offset, for the batch moves while it grows. */
struct queued {
	size_t at, n, file;
	uint64_t line;
};

struct hc_preprocessor {
	struct script script;
	struct hc_preprocessor_io io;
	struct hc_buf batch; /* as it is sent: head, then length and text of each record */
	struct queued queue[HC_SCRIPT_BATCH_RECORDS];
	size_t n;
};

static void put_u32(struct hc_buf *b, uint32_t v)
{
	v = htole32(v);
	hc_buf_put(b, &v, sizeof v);
}

static uint64_t get_u64(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return le64toh(v);
}

/*
 * Messages
 */

static size_t cut_back(struct hc_str s, size_t most)
{
	while (most > 0 && ((unsigned char)s.p[most] & 0xC0) == 0x80)
		most--;
	return most;
}

static void put_start(struct hc_buf *out, struct hc_str s, size_t most)
{
	bool cut = s.n > most;
	hc_buf_put(out, s.p, cut ? cut_back(s, most) : s.n);
	if (cut)
		hc_buf_cstr(out, "...");
}

static void put_end(struct hc_buf *out, struct hc_str s, size_t most)
{
	if (s.n > most) {
		size_t from = s.n - most;
		const char *newline = memchr(s.p + from, '\n', most / 4);
		if (newline) /* whole lines, where they are short */
			from = (size_t)(newline - s.p) + 1;
		while (from < s.n && ((unsigned char)s.p[from] & 0xC0) == 0x80)
			from++;
		hc_buf_cstr(out, "...\n");
		s.p += from;
		s.n -= from;
	}
	hc_buf_str(out, s);
}

/* Scripts write what they like, also when they should not: only text goes into a message. */
static void put_traceback(struct hc_buf *out, struct hc_str text)
{
	if (hc_utf8_valid_prefix(text.p, text.n) == text.n && (text.n == 0 || !memchr(text.p, '\0', text.n)))
		put_end(out, text, SHOWN_TRACEBACK);
	else
		hc_buf_cstr(out, "(what it says is not text)");
}

/* What became of a script that does not answer: GONE or LATE. */
static void put_fate(const struct script *s, int kind, struct hc_buf *out)
{
	struct hc_process_end end;
	if (kind == LATE) {
		hc_buf_printf(out, "was still running when its time of %u s was up", s->limits.timeout_s);
		hc_process_signal(s->process, SIGABRT); /* the driver then writes its stack to the log */
		hc_process_wait(s->process, STACK_MS, &end);
	} else if (!hc_process_wait(s->process, END_MS, &end)) {
		hc_buf_cstr(out, "closed its connection to hindcast without an answer");
	} else if (end.by_signal) {
		const char *name = sigdescr_np(end.number);
		hc_buf_printf(out, "was ended by signal %d (%s)", end.number, name ? name : "unknown");
	} else {
		hc_buf_printf(out, "ended with exit status %d without an answer", end.number);
	}
}

static void hint_fate(const struct script *s, int kind, struct hc_err *err)
{
	if (kind == LATE)
		hc_hint(err, "look for a loop that does not end: where it stood is in the log above; "
			     "the limit is for the whole run of the script");
	else
		hc_hint(err,
			"see what it wrote to the log above; it must not end the process (os._exit) nor close files "
			"that it did not open, and may use %llu MiB of memory",
			(unsigned long long)(s->limits.memory_bytes >> 20));
}

static enum hc_code fail_with(struct hc_buf *text, enum hc_code code, struct hc_err *err)
{
	HC_TRY(hc_buf_check(text, "an error message", err));
	return hc_fail(err, code, "%s", hc_buf_cstring(text));
}

/* A script that ended or hung where no record is at work. */
static enum hc_code fail_fate(const struct script *s, int kind, const char *when, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MESSAGE_MAX);
	hc_buf_printf(&text, "%s: the %s script ", s->path, s->role);
	put_fate(s, kind, &text);
	hc_buf_cstr(&text, when);
	fail_with(&text, HC_SCRIPT, err);
	hint_fate(s, kind, err);
	return err->code;
}

static enum hc_code fail_traceback(const struct script *s, const char *what, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MESSAGE_MAX);
	hc_buf_printf(&text, "%s: the %s script %s\n", s->path, s->role, what);
	put_traceback(&text, hc_buf_view(&s->payload));
	fail_with(&text, HC_SCRIPT, err);
	return hc_hint(err, "mend the script");
}

/* An answer that is none: something in the script writes to descriptors of the driver. */
static enum hc_code fail_garbled(const struct script *s, struct hc_err *err)
{
	hc_fail(err, HC_SCRIPT, "%s: the %s script answered with something that is no answer", s->path, s->role);
	return hc_hint(err, "the script must not write to files that it did not open");
}

/*
 * The script's process and its frames
 */

static enum hc_code read_frame(struct script *s, int *kind, struct hc_err *err)
{
	char head[FRAME_HEAD];
	size_t got;
	*kind = GONE;
	HC_TRY(hc_process_read(s->process, head, sizeof head, &got, err));
	if (got < sizeof head)
		return HC_OK;
	uint64_t n = get_u64(head + 1);
	if (n > HC_SCRIPT_ANSWER_MAX)
		return fail_garbled(s, err);
	hc_buf_reset(&s->payload);
	char *room = n > 0 ? hc_buf_room(&s->payload, (size_t)n) : NULL;
	HC_TRY(hc_buf_check(&s->payload, "the answers of a script", err));
	if (n > 0)
		HC_TRY(hc_process_read(s->process, room, (size_t)n, &got, err));
	if (n > 0 && got < n)
		return HC_OK;
	s->payload.n = (size_t)n;
	*kind = (unsigned char)head[0];
	return HC_OK;
}

/* The next frame; a deadline is an answer too, for the caller knows what it means. */
static enum hc_code receive(struct script *s, int *kind, struct hc_err *err)
{
	enum hc_code code = read_frame(s, kind, err);
	if (code != HC_LIMIT)
		return code;
	*kind = LATE;
	return HC_OK;
}

static enum hc_code fail_start(const struct script *s, int kind, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MESSAGE_MAX);
	hc_buf_printf(&text, "%s: the %s script cannot be run: python3 ", s->path, s->role);
	put_fate(s, kind, &text);
	fail_with(&text, HC_IO, err);
	return hc_hint(err, "try python3 by hand: what it wrote is in the log above");
}

static enum hc_code await_ready(struct script *s, struct hc_err *err)
{
	int kind;
	HC_TRY(receive(s, &kind, err));
	if (kind != STARTED)
		return fail_start(s, kind, err);
	HC_TRY(receive(s, &kind, err));
	switch (kind) {
	case READY:
		return HC_OK;
	case NO_IMPORT:
		return fail_traceback(s, "cannot be imported", err);
	case NO_CONTRACT:
		hc_fail(err, HC_SCRIPT, "%s: the %s script %.*s", s->path, s->role,
			HC_STR_ARG(hc_buf_view(&s->payload)));
		return hc_hint(err, "see \"Preprocessing and Postprocessing\" in the SageMaker guide");
	case GONE:
	case LATE:
		return fail_fate(s, kind, " while it was being imported", err);
	default:
		return fail_garbled(s, err);
	}
}

static enum hc_code check_file(const struct script *s, struct hc_err *err)
{
	struct hc_file_info info;
	HC_TRY(hc_file_look(s->path, &info, err));
	if (info.kind == HC_FILE_FOLDER || info.kind == HC_FILE_OTHER) {
		hc_fail(err, HC_INPUT, "%s: the %s script is not a file", s->path, s->role);
		return hc_hint(err, "name a Python file");
	}
	struct hc_source *source;
	HC_TRY(hc_file_open(s->path, &source, err));
	hc_source_close(source);
	return HC_OK;
}

/* Nothing of our environment but what an interpreter needs to be found and to speak. NULL: no memory. */
static const char *const *make_env(struct hc_arena *arena, const char *const *extra)
{
	static const char *const passed[] = {"PATH", "HOME", "LANG", "TZ"};
	enum { PASSED = sizeof passed / sizeof *passed };
	size_t n = 0;
	while (extra && extra[n])
		n++;
	const char **env = hc_arena_take(arena, (n + PASSED + 1) * sizeof *env);
	if (!env)
		return NULL;
	if (n > 0)
		memcpy(env, extra, n * sizeof *env);
	for (size_t i = 0; i < PASSED; i++) {
		const char *value = getenv(passed[i]);
		if (!value && strcmp(passed[i], "LANG") == 0)
			value = "C.UTF-8";
		if (!value)
			continue;
		size_t size = strlen(passed[i]) + strlen(value) + 2;
		char *text = hc_arena_take_text(arena, size);
		if (!text)
			return NULL;
		snprintf(text, size, "%s=%s", passed[i], value);
		env[n++] = text;
	}
	env[n] = NULL;
	return env;
}

static enum hc_code spawn(struct script *s, const char *task, const char *const *extra_env, struct hc_err *err)
{
	char rows_max[24], bytes_max[24];
	snprintf(rows_max, sizeof rows_max, "%d", HC_SCRIPT_ROWS_MAX);
	snprintf(bytes_max, sizeof bytes_max, "%llu", (unsigned long long)HC_SCRIPT_ANSWER_MAX);
	/* -I: no PYTHON* variables, nothing from the current folder; -B: no files beside the script */
	const char *const argv[] = {"python3", "-I",    "-B",     "-c",      hc_script_driver,
				    task,      s->path, rows_max, bytes_max, NULL};
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ENV_BYTES);
	const char *const *env = make_env(&arena, extra_env);
	if (!env)
		return hc_fail_nomem(err, "the environment of a script");
	struct hc_process_spec spec = {
		.argv = argv, .env = env, .memory_bytes = s->limits.memory_bytes, .timeout_s = s->limits.timeout_s};
	return hc_process_start(&spec, &s->process, err);
}

static void end_script(struct script *s)
{
	hc_process_close(s->process);
	s->process = NULL;
	hc_buf_free(&s->payload);
}

/* Starts s, whose path and role are set; it is ended again on failure. */
static enum hc_code start_script(struct script *s, const char *task, struct hc_script_limits limits,
				 const char *const *extra_env, struct hc_err *err)
{
	s->limits = limits;
	if (s->limits.timeout_s == 0)
		s->limits.timeout_s = HC_SCRIPT_TIMEOUT_S;
	if (s->limits.memory_bytes == 0)
		s->limits.memory_bytes = HC_SCRIPT_MEMORY;
	s->payload = HC_BUF(HC_SCRIPT_ANSWER_MAX);
	HC_TRY(check_file(s, err));
	HC_TRY(spawn(s, task, extra_env, err));
	enum hc_code code = await_ready(s, err);
	if (code != HC_OK)
		end_script(s);
	return code;
}

/* The script has nothing more to do: lets it end in its own way. */
static enum hc_code await_end(struct script *s, struct hc_err *err)
{
	struct hc_process_end end;
	char more;
	size_t got = 0;
	enum hc_code code = hc_process_read(s->process, &more, 1, &got, err);
	if (code != HC_OK && code != HC_LIMIT)
		return code;
	if (got > 0) /* an answer to nothing */
		return fail_garbled(s, err);
	if (!hc_process_wait(s->process, UINT32_MAX, &end))
		return fail_fate(s, LATE, ", though its work was done: does it leave a thread behind?", err);
	if (!end.by_signal && end.number == 0)
		return HC_OK;
	return fail_fate(s, GONE, ", after its work was done", err);
}

/*
 * The preprocessor
 */

static struct hc_str record_of(const struct hc_preprocessor *p, const struct queued *q)
{
	return (struct hc_str){p->batch.p + q->at, q->n};
}

static void put_place(struct hc_preprocessor *p, const struct queued *q, struct hc_buf *out)
{
	p->io.place(p->io.arg, q->file, q->line, out);
}

/* The record that the driver says is in work. */
static const struct queued *in_work(const struct hc_preprocessor *p)
{
	uint32_t i = hc_process_page_get(p->script.process);
	return &p->queue[i < p->n ? i : p->n - 1];
}

static enum hc_code fail_record(struct hc_preprocessor *p, int kind, struct hc_err *err)
{
	const struct script *s = &p->script;
	const struct queued *q = in_work(p);
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(MESSAGE_MAX);
	put_place(p, q, &text);
	hc_buf_printf(&text, ": the %s script %s ", s->role, s->path);
	if (kind == FAILED) {
		hc_buf_cstr(&text, "failed on this record\n");
		put_traceback(&text, hc_buf_view(&s->payload));
	} else {
		put_fate(s, kind, &text);
		hc_buf_cstr(&text, "; it had come to this record");
	}
	hc_buf_cstr(&text, "\nrecord: ");
	put_start(&text, record_of(p, q), SHOWN_RECORD);
	fail_with(&text, HC_SCRIPT, err);
	if (kind == FAILED)
		return hc_hint(err, "mend the script, or let it return [] for records that it cannot use");
	hint_fate(s, kind, err);
	return err->code;
}

/* Takes a number or a text from the answers; false when they end before it does. */
static bool take_u32(struct hc_str *from, uint32_t *out)
{
	if (from->n < sizeof *out)
		return false;
	memcpy(out, from->p, sizeof *out);
	*out = le32toh(*out);
	from->p += sizeof *out;
	from->n -= sizeof *out;
	return true;
}

static bool take_text(struct hc_str *from, struct hc_str *out)
{
	uint32_t n;
	if (!take_u32(from, &n) || from->n < n)
		return false;
	*out = (struct hc_str){from->p, n};
	from->p += n;
	from->n -= n;
	return true;
}

static enum hc_code take_answer(struct hc_preprocessor *p, const struct queued *q, struct hc_str *answers,
				struct hc_err *err)
{
	uint32_t rows;
	if (!take_u32(answers, &rows) || rows > HC_SCRIPT_ROWS_MAX)
		return fail_garbled(&p->script, err);
	if (rows == 0)
		p->io.dropped(p->io.arg, q->file, q->line);
	struct hc_script_row row = {.record = record_of(p, q), .file = q->file, .line = q->line};
	for (row.index = 0; row.index < rows; row.index++) {
		if (!take_text(answers, &row.row))
			return fail_garbled(&p->script, err);
		HC_TRY(p->io.take(p->io.arg, &row, err));
	}
	return HC_OK;
}

static enum hc_code take_answers(struct hc_preprocessor *p, struct hc_err *err)
{
	struct hc_str answers = hc_buf_view(&p->script.payload);
	for (size_t i = 0; i < p->n; i++)
		HC_TRY(take_answer(p, &p->queue[i], &answers, err));
	return answers.n == 0 ? HC_OK : fail_garbled(&p->script, err);
}

static void empty_batch(struct hc_preprocessor *p)
{
	static const char head[BATCH_HEAD];
	p->n = 0;
	hc_buf_reset(&p->batch);
	hc_buf_put(&p->batch, head, sizeof head);
}

static enum hc_code send_batch(struct hc_preprocessor *p, int *kind, struct hc_err *err)
{
	uint32_t records = htole32((uint32_t)p->n);
	uint64_t bytes = htole64(p->batch.n - BATCH_HEAD);
	memcpy(p->batch.p, &records, sizeof records);
	memcpy(p->batch.p + sizeof records, &bytes, sizeof bytes);
	hc_process_page_set(p->script.process, 0);
	bool taken;
	enum hc_code code = hc_process_write(p->script.process, p->batch.p, p->batch.n, &taken, err);
	*kind = code == HC_LIMIT ? LATE : GONE;
	if (code == HC_LIMIT)
		return HC_OK;
	HC_TRY(code);
	return taken ? receive(&p->script, kind, err) : HC_OK;
}

static enum hc_code flush_batch(struct hc_preprocessor *p, struct hc_err *err)
{
	int kind;
	if (p->n == 0)
		return HC_OK;
	HC_TRY(send_batch(p, &kind, err));
	switch (kind) {
	case ANSWERS:
		HC_TRY(take_answers(p, err));
		empty_batch(p);
		return HC_OK;
	case FAILED:
	case GONE:
	case LATE:
		return fail_record(p, kind, err);
	default:
		return fail_garbled(&p->script, err);
	}
}

enum hc_code hc_preprocessor_start(const char *path, struct hc_script_limits limits, struct hc_preprocessor_io io,
				   struct hc_preprocessor **out, struct hc_err *err)
{
	size_t path_size = strlen(path) + 1;
	struct hc_preprocessor *p = calloc(1, sizeof *p + path_size);
	if (!p)
		return hc_fail_nomem(err, "a preprocessor script");
	p->io = io;
	p->script.path = memcpy(p + 1, path, path_size);
	p->script.role = "preprocessor";
	p->batch = HC_BUF(HC_SCRIPT_ANSWER_MAX);
	empty_batch(p);
	enum hc_code code = hc_buf_check(&p->batch, "a preprocessor script", err);
	if (code == HC_OK)
		code = start_script(&p->script, "preprocessor", limits, NULL, err);
	if (code != HC_OK) {
		hc_preprocessor_close(p);
		return code;
	}
	*out = p;
	return HC_OK;
}

enum hc_code hc_preprocessor_put(struct hc_preprocessor *p, struct hc_str record, size_t file, uint64_t line,
				 struct hc_err *err)
{
	if (record.n > UINT32_MAX)
		return hc_fail(err, HC_LIMIT, "a record of %zu bytes is too long for a script", record.n);
	assert(p->n < HC_SCRIPT_BATCH_RECORDS); /* else put was called again after it had failed */
	put_u32(&p->batch, (uint32_t)record.n);
	p->queue[p->n++] = (struct queued){.at = p->batch.n, .n = record.n, .file = file, .line = line};
	hc_buf_str(&p->batch, record);
	HC_TRY(hc_buf_check(&p->batch, "a batch of records", err));
	if (p->n < HC_SCRIPT_BATCH_RECORDS && p->batch.n < HC_SCRIPT_BATCH_BYTES)
		return HC_OK;
	return flush_batch(p, err);
}

enum hc_code hc_preprocessor_finish(struct hc_preprocessor *p, struct hc_err *err)
{
	HC_TRY(flush_batch(p, err));
	hc_process_finish(p->script.process);
	return await_end(&p->script, err);
}

void hc_preprocessor_close(struct hc_preprocessor *p)
{
	if (!p)
		return;
	end_script(&p->script);
	hc_buf_free(&p->batch);
	free(p);
}

/*
 * The post-analytics processor
 */

static enum hc_code await_done(struct script *s, struct hc_err *err)
{
	int kind;
	HC_TRY(receive(s, &kind, err));
	switch (kind) {
	case DONE:
		return await_end(s, err);
	case FAILED:
		return fail_traceback(s, "failed", err);
	case GONE:
	case LATE:
		return fail_fate(s, kind, "", err);
	default:
		return fail_garbled(s, err);
	}
}

enum hc_code hc_postprocessor_run(const char *path, struct hc_script_limits limits, const char *const *extra_env,
				  struct hc_err *err)
{
	struct script s = {.path = path, .role = "post-analytics processor"};
	HC_TRY(start_script(&s, "postprocessor", limits, extra_env, err));
	enum hc_code code = await_done(&s, err);
	end_script(&s);
	return code;
}
