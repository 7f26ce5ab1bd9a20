#include "monitor/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/instant.h"
#include "check.h"
#include "sys/clock.h"
#include "sys/files.h"

/* A merged record as hindcast writes it; the label says which one it is. */
#define RECORD(label)                                                                                              \
	"{\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"" label "\",\"encoding\":\"CSV\"},"               \
	"\"captureData\":{\"endpointInput\":{\"data\":\"1,2\",\"encoding\":\"CSV\",\"mode\":\"INPUT\","            \
	"\"observedContentType\":\"text/csv\"},\"endpointOutput\":{\"data\":\"MC41Cg==\",\"encoding\":\"BASE64\"," \
	"\"mode\":\"OUTPUT\",\"observedContentType\":\"application/x-model\"}},\"eventMetadata\":{\"eventId\":"    \
	"\"e-1\",\"inferenceId\":\"95\",\"inferenceTime\":\"2023-01-19T05:28:32Z\"}}"
#define BATCH_RECORD                                                                          \
	"{\"eventMetadata\":{\"eventId\":\"b-1\",\"customAttributes\":[\"{\\\"a\\\": 1}\"]}," \
	"\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},"   \
	"\"captureData\":{\"batchTransformOutput\":{\"data\":\"0.25\",\"encoding\":\"CSV\"}}}"
#define RETURNS(expression) "def preprocess_handler(r):\n    return " expression "\n"
#define IN_HANDLER(statement) "def preprocess_handler(r):\n    " statement "\n    return {}\n"

static char folder[] = "/tmp/hindcast-test-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static const char *write_script(const char *text, size_t n)
{
	const char *path = path_of("script.py");
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* What a run of a script gave, as text: "LINE.INDEX ROW\n", and "LINE dropped\n". */
struct run {
	struct hc_buf out;
	struct hc_err err;
	size_t rows;
	size_t refuse_after; /* rows; 0: none is refused */
};

static enum hc_code take(void *arg, const struct hc_script_row *row, struct hc_err *err)
{
	struct run *run = arg;
	assert_int_equal(row->file, 7);
	assert_true(row->record.n > 0 && row->record.p[0] == '{');
	hc_buf_printf(&run->out, "%u.%zu %.*s\n", (unsigned)row->line, row->index, HC_STR_ARG(row->row));
	if (++run->rows == run->refuse_after)
		return hc_fail(err, HC_INPUT, "this row is refused");
	return HC_OK;
}

static void dropped(void *arg, size_t file, uint64_t line)
{
	struct run *run = arg;
	assert_int_equal(file, 7);
	hc_buf_printf(&run->out, "%u dropped\n", (unsigned)line);
}

static void place(void *arg, size_t file, uint64_t line, struct hc_buf *out)
{
	(void)arg;
	hc_buf_printf(out, "file%zu.jsonl:%u", file, (unsigned)line);
}

static enum hc_code run_path(struct run *run, const char *path, struct hc_script_limits limits,
			     const char *const *records)
{
	struct hc_preprocessor_io io = {take, dropped, place, run};
	struct hc_preprocessor *p = NULL;
	uint64_t line = 0;
	run->out = HC_BUF(1 << 24);
	memset(run->err.msg, 0, sizeof run->err.msg);
	enum hc_code code = hc_preprocessor_start(path, limits, io, &p, &run->err);
	for (; code == HC_OK && *records; records++)
		code = hc_preprocessor_put(p, hc_str(*records), 7, ++line, &run->err);
	if (code == HC_OK)
		code = hc_preprocessor_finish(p, &run->err);
	hc_preprocessor_close(p);
	return code;
}

static enum hc_code run_text(struct run *run, const char *text, struct hc_script_limits limits,
			     const char *const *records)
{
	return run_path(run, write_script(text, strlen(text)), limits, records);
}

static void check_ok(const char *text, const char *const *records, const char *expected)
{
	struct run run = {0};
	enum hc_code code = run_text(&run, text, (struct hc_script_limits){0}, records);
	if (code != HC_OK)
		print_error("%s%s\n", text, run.err.msg);
	assert_int_equal(code, HC_OK);
	check_str(hc_buf_view(&run.out), expected);
	hc_buf_free(&run.out);
}

/* The message holds every part, in order; parts are separated by '|'. */
static void check_message(const char *message, const char *parts)
{
	const char *at = message;
	while (*parts) {
		char part[512];
		size_t n = strcspn(parts, "|");
		assert_true(n < sizeof part);
		memcpy(part, parts, n);
		part[n] = '\0';
		const char *found = strstr(at, part);
		if (!found) {
			fail_msg("\"%s\" has no \"%s\" where it should", message, part);
			return;
		}
		at = found + n;
		parts += n + (parts[n] == '|');
	}
}

static const char *const one[] = {RECORD("1"), NULL};
static const char *const three[] = {RECORD("1"), RECORD("2"), RECORD("3"), NULL};
static const char *const batch[] = {BATCH_RECORD, NULL};

static void test_record_attributes(void **state)
{
	(void)state;
	static const struct {
		const char *expression, *row;
	} cases[] = {
		{"r.endpoint_input.data", "\"1,2\""},
		{"r.endpoint_input.encoding", "\"CSV\""},
		{"r.endpoint_input.mode", "\"INPUT\""},
		{"r.endpoint_input.observed_content_type", "\"text/csv\""},
		{"r.endpointInput.observedContentType", "\"text/csv\""},
		{"r.endpoint_output.data", "\"MC41Cg==\""},
		{"r.endpointOutput.encoding", "\"BASE64\""},
		{"r.ground_truth.data", "\"1\""},
		{"r.ground_truth_data.encoding", "\"CSV\""},
		{"r.groundTruthData.mode", "null"},
		{"r.batch_transform_input", "null"},
		{"r.batchTransformOutput", "null"},
		{"r.event_metadata.event_id", "\"e-1\""},
		{"r.event_metadata.inference_id", "\"95\""},
		{"r.event_metadata.inference_time", "\"2023-01-19T05:28:32Z\""},
		{"r.event_metadata.event_time", "\"2023-01-19T05:28:32Z\""},
		{"r.eventMetadata.inferenceId + r.eventMetadata.eventId", "\"95e-1\""},
		{"r.event_metadata.custom_attribute", "null"},
		{"r.event_version", "\"0\""},
		{"r.event_data['captureData']['endpointInput']['data']", "\"1,2\""},
		{"sorted(r.event_data)[0]", "\"captureData\""},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char script[256], expected[256];
		snprintf(script, sizeof script, RETURNS("{'x': %s}"), cases[i].expression);
		snprintf(expected, sizeof expected, "1.0 {\"x\":%s}\n", cases[i].row);
		check_ok(script, one, expected);
	}
	check_ok(RETURNS("{'o': r.batch_transform_output.data, 'i': r.endpoint_output, "
			 "'a': r.event_metadata.custom_attribute[0], 'n': r.event_metadata.customAttributes[0], "
			 "'t': r.event_metadata.inference_time, 'm': r.batch_transform_output.mode}"),
		 batch,
		 "1.0 {\"o\":\"0.25\",\"i\":null,\"a\":\"{\\\"a\\\": 1}\",\"n\":\"{\\\"a\\\": 1}\",\"t\":null,"
		 "\"m\":null}\n");
}

static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *script, *rows;
	} cases[] = {
		{RETURNS("{'b': 1, 'a': 2.5, 's': 'x', 't': True, 'f': False, 'n': None}"),
		 "1.0 {\"b\":1,\"a\":2.5,\"s\":\"x\",\"t\":true,\"f\":false,\"n\":null}\n"},
		{RETURNS("{}"), "1.0 {}\n"},
		{RETURNS("[]"), "1 dropped\n"},
		{RETURNS("None"), "1 dropped\n"},
		{RETURNS("[{'a': i} for i in range(3)]"), "1.0 {\"a\":0}\n1.1 {\"a\":1}\n1.2 {\"a\":2}\n"},
		{RETURNS("{'n': float('nan'), 'p': float('inf'), 'm': -float('inf')}"),
		 "1.0 {\"n\":\"NaN\",\"p\":\"Infinity\",\"m\":\"-Infinity\"}\n"},
		{RETURNS("{0: 1, 7: 2}"), "1.0 {\"0\":1,\"7\":2}\n"},
		{RETURNS("{'h\\u00e9': '\\u4e16 \\U0001f600 \\0 \\\"'}"),
		 "1.0 {\"h\xc3\xa9\":\"\xe4\xb8\x96 \xf0\x9f\x98\x80 \\u0000 \\\"\"}\n"},
		{RETURNS("{'x': 10 ** 30, 'y': 1e-7, 'z': 0.1 + 0.2}"),
		 "1.0 {\"x\":1000000000000000000000000000000,\"y\":1e-07,\"z\":0.30000000000000004}\n"},
		{"import collections\n" RETURNS("collections.OrderedDict(a=1)"), "1.0 {\"a\":1}\n"},
		/* what numpy's scalars look like */
		{"class Scalar:\n    shape = ()\n    def __init__(self, v): self.v = v\n"
		 "    def item(self): return self.v\n" RETURNS("{'i': Scalar(3), 'n': Scalar(float('nan'))}"),
		 "1.0 {\"i\":3,\"n\":\"NaN\"}\n"},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		check_ok(cases[i].script, one, cases[i].rows);
}

static void test_signatures(void **state)
{
	(void)state;
	static const char *const scripts[] = {
		"def preprocess_handler(inference_record):\n    return {'x': 1}\n",
		"def preprocess_handler(record, logger):\n    logger.info('told'); return {'x': logger.level - 19}\n",
		"def preprocess_handler(r, logger=None):\n    return {'x': int(logger is not None)}\n",
		"def preprocess_handler(r, scale=1):\n    return {'x': scale}\n",
		"def preprocess_handler(*all):\n    return {'x': len(all)}\n",
		"class H:\n    def __call__(self, r): return {'x': 1}\npreprocess_handler = H()\n",
		"import functools\ndef f(x, r): return {'x': x}\npreprocess_handler = functools.partial(f, 1)\n",
	};
	for (size_t i = 0; i < COUNT(scripts); i++)
		check_ok(scripts[i], one, "1.0 {\"x\":1}\n");
}

static void test_order_and_places(void **state)
{
	(void)state;
	check_ok("def preprocess_handler(r):\n"
		 "    n = int(r.ground_truth.data)\n"
		 "    return [] if n == 2 else [{'n': n}] * n\n",
		 three, "1.0 {\"n\":1}\n2 dropped\n3.0 {\"n\":3}\n3.1 {\"n\":3}\n3.2 {\"n\":3}\n");
}

/* More than two batches by count, then by size; each answer belongs to its record. */
static void test_batches(void **state)
{
	(void)state;
	enum { RECORDS = 2 * HC_SCRIPT_BATCH_RECORDS + 17, LONG = HC_SCRIPT_BATCH_BYTES / 3 };
	struct hc_preprocessor_io io = {take, dropped, place, NULL};
	static const char script[] = RETURNS("{'n': r.event_data['n'], 'size': len(r.event_data['s'])}");
	const char *path = write_script(script, strlen(script));
	for (int pass = 0; pass < 2; pass++) {
		size_t pad = pass == 0 ? 0 : LONG;
		uint64_t records = pass == 0 ? RECORDS : 10;
		struct run run = {.out = HC_BUF(1 << 24)};
		struct hc_buf expected HC_BUF_SCOPED = HC_BUF(1 << 24), record HC_BUF_SCOPED = HC_BUF(1 << 24);
		struct hc_preprocessor *p;
		io.arg = &run;
		assert_int_equal(hc_preprocessor_start(path, (struct hc_script_limits){0}, io, &p, &run.err), HC_OK);
		for (uint64_t line = 1; line <= records; line++) {
			hc_buf_reset(&record);
			hc_buf_printf(&record, "{\"n\":%d,\"s\":\"", (int)line * 3);
			for (size_t i = 0; i < pad; i++)
				hc_buf_char(&record, 'x');
			hc_buf_cstr(&record, "\"}");
			hc_buf_printf(&expected, "%d.0 {\"n\":%d,\"size\":%zu}\n", (int)line, (int)line * 3, pad);
			assert_int_equal(hc_preprocessor_put(p, hc_buf_view(&record), 7, line, &run.err), HC_OK);
		}
		assert_true(run.rows >= (pass == 0 ? 2 * HC_SCRIPT_BATCH_RECORDS : 9));
		assert_int_equal(hc_preprocessor_finish(p, &run.err), HC_OK);
		hc_preprocessor_close(p);
		check_str(hc_buf_view(&run.out), hc_buf_cstring(&expected));
		hc_buf_free(&run.out);
	}
}

static void test_no_records(void **state)
{
	(void)state;
	check_ok(RETURNS("{}"), (const char *const[]){NULL}, "");
}

/* What a script prints, forks or imports beside it does not disturb the records. */
static void test_company(void **state)
{
	(void)state;
	FILE *f = fopen(path_of("beside.py"), "w");
	assert_non_null(f);
	fputs("VALUE = 5\n", f);
	fclose(f);
	static const char *const scripts[] = {
		"import beside\n" RETURNS("{'x': beside.VALUE}"),
		"import sys\nprint('to the log', end='')\nsys.stdout.write('and this')\n" RETURNS("{'x': 5}"),
		"import sys\nsys.stdout.close()\n" RETURNS("{'x': 5}"),
		"import os\nos.write(1, b'raw text to the log\\n')\n" RETURNS("{'x': 5}"),
		"import sys\n" RETURNS("{'x': 5 + len(sys.stdin.read())}"),
		"import os\ndef preprocess_handler(r):\n    os.fork()\n    return {'x': 5}\n",
		"import subprocess\n" RETURNS("{'x': int(subprocess.run(['echo', '5'], "
					      "capture_output=True).stdout)}"),
		"import os\n" RETURNS("{'x': 5 if set(os.environ) <= {'PATH', 'HOME', 'LANG', 'TZ', 'LC_CTYPE'} "
				      "or 'pyenv' in os.environ['PATH'] else str(set(os.environ))}"),
		"import os\n" RETURNS("{'x': 5 if 'HINDCAST_TEST_SECRET' not in os.environ else 0}"),
		"import atexit\natexit.register(print, 'bye')\n" RETURNS("{'x': 5}"),
		"import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: 'int'\n" RETURNS("vars(A(5))"),
		"# -*- coding: latin-1 -*-\nname = '\xe9'\n" RETURNS("{'x': len(name) + 4}"),
		"if __name__ == '__main__':\n    raise SystemExit(1)\n" RETURNS("{'x': 5}"),
	};
	setenv("HINDCAST_TEST_SECRET", "secret", 1);
	for (size_t i = 0; i < COUNT(scripts); i++)
		check_ok(scripts[i], one, "1.0 {\"x\":5}\n");
	struct hc_file_info info;
	struct hc_err err;
	assert_int_equal(hc_file_look(path_of("__pycache__"), &info, &err), HC_OK);
	assert_int_equal(info.kind, HC_FILE_MISSING);
}

static const struct {
	const char *script;
	enum hc_code code;
	const char *message; /* parts of it, in order */
} failures[] = {
	/* raised on a record: the second one */
	{"def helper(x):\n    raise ValueError('no ' + x)\n"
	 "def preprocess_handler(r):\n    if r.ground_truth.data == '2': helper('good')\n    return {}\n",
	 HC_SCRIPT,
	 "file7.jsonl:2: the preprocessor script |script.py failed on this record\n"
	 "Traceback (most recent call last):\n  File \"|script.py\", line 4, in preprocess_handler\n|"
	 "line 2, in helper\n|ValueError: no good\nrecord: {\"eventVersion\":\"0\",\"groundTruthData\":"
	 "{\"data\":\"2\""},
	{IN_HANDLER("import sys; sys.exit(0)"), HC_SCRIPT, "file7.jsonl:1: |SystemExit: 0"},
	{IN_HANDLER("raise KeyboardInterrupt"), HC_SCRIPT, "file7.jsonl:1: |KeyboardInterrupt"},
	{IN_HANDLER("r.no_such_thing"), HC_SCRIPT, "file7.jsonl:1: |AttributeError: |no_such_thing"},
	{IN_HANDLER("preprocess_handler(r)"), HC_SCRIPT, "file7.jsonl:1: |RecursionError"},
	{IN_HANDLER("raise Exception('a\\0b\\ud800')"), HC_SCRIPT, "Exception: a\\x00b\\ud800\nrecord: {"},
	{IN_HANDLER("raise Exception('long ' * 100000 + 'end')"), HC_SCRIPT, "failed|...\n|long end\nrecord: {"},
	{"class Bad(Exception):\n    def __str__(self): raise Bad()\n" IN_HANDLER("raise Bad()"), HC_SCRIPT,
	 "file7.jsonl:1: |Bad"},
	/* answers outside the contract */
	{RETURNS("5"), HC_SCRIPT,
	 "file7.jsonl:1: |preprocess_handler returned a value of type int\n"
	 "it must return a dict (one row), a list of dicts, or [] or None to drop the record\nrecord: {"},
	{RETURNS("({},)"), HC_SCRIPT, "returned a value of type tuple"},
	{"async def preprocess_handler(r):\n    return {}\n", HC_SCRIPT, "returned a value of type coroutine"},
	{"def preprocess_handler(r):\n    yield {}\n", HC_SCRIPT, "returned a value of type generator"},
	{RETURNS("[{}, None]"), HC_SCRIPT, "returned a list whose element 1 is of type NoneType"},
	{RETURNS("{'k': [1]}"), HC_SCRIPT, "value for the key 'k' is of type list; values must be numbers"},
	{RETURNS("{'k': {}}"), HC_SCRIPT, "value for the key 'k' is of type dict"},
	{"import datetime\n" RETURNS("{'d\\u00e9': datetime.date(2020, 1, 1)}"), HC_SCRIPT,
	 "value for the key 'd\xc3\xa9' is of type datetime.date"},
	{RETURNS("{'k': b'x'}"), HC_SCRIPT, "value for the key 'k' is of type bytes"},
	{RETURNS("{(1, 2): 3}"), HC_SCRIPT, "a row with the key (1, 2) of type tuple; keys must be strings"},
	{RETURNS("{True: 3}"), HC_SCRIPT, "a row with the key True of type bool"},
	{RETURNS("{1: 3, '1': 4}"), HC_SCRIPT, "a row with the key '1' twice"},
	{RETURNS("{'k': 'x\\ud800'}"), HC_SCRIPT, "a lone surrogate, which is no text, at the key 'k'"},
	{RETURNS("{'k\\udfff': 1}"), HC_SCRIPT, "a lone surrogate, which is no text, at the key 'k\\udfff'"},
	{RETURNS("{'k': 10 ** 5000}"), HC_SCRIPT, "returned a row that JSON cannot hold"},
	{RETURNS("[{}] * 100001"), HC_SCRIPT, "returned 100001 rows for one record; the limit is 100000"},
	/* interpreters that go */
	{IN_HANDLER("import os; os._exit(3) if r.ground_truth.data == '3' else 0"), HC_SCRIPT,
	 "file7.jsonl:3: |script.py ended with exit status 3 without an answer; it had come to this record\n"
	 "record: {"},
	{IN_HANDLER("import ctypes; ctypes.string_at(0)"), HC_SCRIPT,
	 "file7.jsonl:1: |was ended by signal 11 (Segmentation fault)|\nrecord: {"},
	{IN_HANDLER("import os; os.kill(os.getpid(), 9)"), HC_SCRIPT, "was ended by signal 9 (Killed)"},
	{IN_HANDLER("import os; os.kill(0, 9)"), HC_SCRIPT, "was ended by signal 9 (Killed)"},
	{IN_HANDLER("import os; os.closerange(0, 1024)"), HC_SCRIPT, "ended with exit status 1 without an"},
	{IN_HANDLER("import os; os.write(200, b'Bgarbage, not an answer at all')"), HC_SCRIPT,
	 "answered with something that is no answer"},
	{IN_HANDLER("import os; os.write(200, b'X' + bytes(8))"), HC_SCRIPT,
	 "answered with something that is no answer"},
	{IN_HANDLER("import os; os.write(200, b'B' + bytes(8))"), HC_SCRIPT,
	 "answered with something that is no answer"},
	/* imports */
	{"def preprocess_handler(r)\n    return {}\n", HC_SCRIPT,
	 "script.py: the preprocessor script cannot be imported\n|script.py\", line 1\n|SyntaxError: "},
	{"name = '\xe9'\n" RETURNS("{}"), HC_SCRIPT, "cannot be imported\n|SyntaxError: |utf-8"},
	{"import no_such_module_at_all\n", HC_SCRIPT,
	 "cannot be imported\nTraceback (most recent call last):\n  File \"|script.py\", line 1, in <module>\n|"
	 "ModuleNotFoundError: No module named 'no_such_module_at_all'"},
	{"import sys\nsys.exit('not today')\n", HC_SCRIPT, "cannot be imported\n|SystemExit: not today"},
	{"import os\nos._exit(0)\n", HC_SCRIPT,
	 "ended with exit status 0 without an answer while it was being imported"},
	/* contracts */
	{"", HC_SCRIPT, "script.py: the preprocessor script has no function preprocess_handler"},
	{"preprocess_handler = 5\n", HC_SCRIPT, "has a preprocess_handler that is no function but of type int"},
	{"def preprocess_handler():\n    return {}\n", HC_SCRIPT, "has a preprocess_handler(); it must take ("},
	{"def preprocess_handler(a, b, c):\n    return {}\n", HC_SCRIPT, "has a preprocess_handler(a, b, c); it"},
	/* ends */
	{"import atexit, os\natexit.register(os._exit, 4)\n" RETURNS("{}"), HC_SCRIPT, "ended with exit status 4"},
};

static void test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct run run = {0};
		int64_t start_us = hc_clock_steady_us();
		enum hc_code code =
			run_text(&run, failures[i].script, (struct hc_script_limits){.timeout_s = 60}, three);
		if (code != failures[i].code)
			print_error("%s: %s\n", failures[i].script, run.err.msg);
		assert_int_equal(code, failures[i].code);
		check_message(run.err.msg, failures[i].message);
		assert_null(strstr(run.err.msg, "<string>")); /* no frame of the driver */
		assert_null(strstr(run.err.msg, "<frozen"));
		assert_true(run.err.hint[0] != '\0');
		assert_true(hc_clock_steady_us() - start_us < 30 * HC_SECOND_US);
		hc_buf_free(&run.out);
	}
}

static void test_long_records_are_cut(void **state)
{
	(void)state;
	struct hc_buf record HC_BUF_SCOPED = HC_BUF(1 << 20);
	struct run run = {0};
	hc_buf_cstr(&record, "{\"s\":\"");
	for (int i = 0; i < 1000; i++)
		hc_buf_cstr(&record, "\xe4\xb8\x96");
	hc_buf_cstr(&record, "\"}");
	const char *const records[] = {hc_buf_cstring(&record), NULL};
	assert_int_equal(run_text(&run, IN_HANDLER("raise Exception('x')"), (struct hc_script_limits){0}, records),
			 HC_SCRIPT);
	const char *shown = strstr(run.err.msg, "\nrecord: ");
	assert_non_null(shown);
	size_t n = strlen(shown);
	assert_true(n > 490 && n < 520);
	assert_string_equal(shown + n - 6, "\xe4\xb8\x96...");
	hc_buf_free(&run.out);
}

static void test_time(void **state)
{
	(void)state;
	static const struct {
		const char *script, *message;
	} cases[] = {
		{IN_HANDLER("\n    while r.ground_truth.data == '2': pass"),
		 "file7.jsonl:2: the preprocessor script |script.py was still running when its time of 2 s was up; "
		 "it had come to this record\nrecord: {"},
		{"import signal\nfor s in (1, 2, 3, 15): signal.signal(s, signal.SIG_IGN)\n"
		 "import faulthandler\n" IN_HANDLER("faulthandler.disable(); signal.signal(6, signal.SIG_IGN)\n"
						    "    while True: pass"),
		 "file7.jsonl:1: |was still running"},
		{"while True: pass\n", "was still running when its time of 2 s was up while it was being imported"},
		{"import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n" RETURNS("{}"),
		 "was still running when its time of 2 s was up, though its work was done"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct run run = {0};
		int64_t start_us = hc_clock_steady_us();
		assert_int_equal(run_text(&run, cases[i].script, (struct hc_script_limits){.timeout_s = 2}, three),
				 HC_SCRIPT);
		check_message(run.err.msg, cases[i].message);
		assert_true(hc_clock_steady_us() - start_us < 10 * HC_SECOND_US);
		hc_buf_free(&run.out);
	}
}

static void test_memory(void **state)
{
	(void)state;
	static const char *const statements[] = {"x = bytearray(1 << 30)", "x = []\n    while True: x.append([0] * 10)",
						 "x = ()\n    while True: x = (x,)"};
	for (size_t i = 0; i < COUNT(statements); i++) {
		char script[256];
		struct run run = {0};
		struct hc_script_limits limits = {.timeout_s = 60, .memory_bytes = UINT64_C(256) << 20};
		snprintf(script, sizeof script, IN_HANDLER("%s"), statements[i]);
		assert_int_equal(run_text(&run, script, limits, three), HC_SCRIPT);
		check_message(run.err.msg, "file7.jsonl:1: |MemoryError\nrecord: {");
		hc_buf_free(&run.out);
	}
}

static void test_unreadable_scripts(void **state)
{
	(void)state;
	struct run run = {0};
	assert_int_equal(run_path(&run, path_of("missing.py"), (struct hc_script_limits){0}, one), HC_INPUT);
	check_message(run.err.msg, "missing.py|no such file");
	assert_int_equal(run_path(&run, folder, (struct hc_script_limits){0}, one), HC_INPUT);
	check_message(run.err.msg, "the preprocessor script is not a file");
	assert_int_equal(run_path(&run, "/dev/zero", (struct hc_script_limits){0}, one), HC_INPUT);
	check_message(run.err.msg, "/dev/zero: the preprocessor script is not a file");
}

static void test_no_python(void **state)
{
	(void)state;
	const char *path_before = getenv("PATH");
	char *path = strdup(path_before ? path_before : "/usr/bin:/bin");
	assert_non_null(path);
	struct run run = {0};
	const char *script = write_script("", 0);
	setenv("PATH", folder, 1);
	assert_int_equal(run_path(&run, script, (struct hc_script_limits){0}, one), HC_IO);
	check_message(run.err.msg, "python3: no such program in PATH");

	/* one that is not Python */
	char fake[256];
	snprintf(fake, sizeof fake, "%s/python3", folder);
	assert_int_equal(symlink("/bin/false", fake), 0);
	assert_int_equal(run_path(&run, script, (struct hc_script_limits){0}, one), HC_IO);
	check_message(run.err.msg,
		      "script.py: the preprocessor script cannot be run: python3 ended with exit status 1");
	unlink(fake);
	setenv("PATH", path, 1);
	free(path);
}

static void test_a_refused_row_ends_the_run(void **state)
{
	(void)state;
	struct run run = {.refuse_after = 2};
	assert_int_equal(run_text(&run, RETURNS("{'x': 1}"), (struct hc_script_limits){0}, three), HC_INPUT);
	assert_string_equal(run.err.msg, "this row is refused");
	check_str(hc_buf_view(&run.out), "1.0 {\"x\":1}\n2.0 {\"x\":1}\n");
	hc_buf_free(&run.out);
}

static bool dies(pid_t pid)
{
	char path[64], state = 'R';
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 500; i++) {
		FILE *f = fopen(path, "r");
		if (!f)
			return true;
		int n = fscanf(f, "%*d %*s %c", &state);
		fclose(f);
		if (n != 1 || state == 'Z' || state == 'X')
			return true;
		usleep(10 * 1000);
	}
	return false;
}

static pid_t pid_in(const char *name)
{
	int pid = 0;
	FILE *f = fopen(path_of(name), "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	assert_true(pid > 1);
	return pid;
}

/* What a script leaves in the background goes with it, whether the run was good or not. */
static void test_background_children(void **state)
{
	(void)state;
	static const struct {
		const char *last;
		enum hc_code code;
	} cases[] = {{"return {}", HC_OK}, {"raise Exception", HC_SCRIPT}, {"os._exit(1)", HC_SCRIPT}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char script[1024];
		struct run run = {0};
		snprintf(script, sizeof script,
			 "import os, subprocess\n"
			 "def preprocess_handler(r):\n"
			 "    p = subprocess.Popen(['sleep', '1000'], close_fds=False)\n"
			 "    open('%s/pid', 'w').write(str(p.pid))\n"
			 "    %s\n",
			 folder, cases[i].last);
		assert_int_equal(run_text(&run, script, (struct hc_script_limits){.timeout_s = 60}, one),
				 cases[i].code);
		assert_true(dies(pid_in("pid")));
		hc_buf_free(&run.out);
	}
}

static void test_postprocessor(void **state)
{
	(void)state;
	static const char *const extra[] = {"dataset_source=/data", "output_path=/out", NULL};
	static const struct {
		const char *script;
		enum hc_code code;
		const char *message;
	} cases[] = {
		{"def postprocess_handler():\n    print('done')\n", HC_OK, ""},
		{"def postprocess_handler():\n    return 5\n", HC_OK, ""},
		{"import os\ndef postprocess_handler():\n    assert os.environ['output_path'] == '/out'\n"
		 "    assert os.environ['dataset_source'] == '/data' and os.environ['PATH']\n",
		 HC_OK, ""},
		{"import os\ndef postprocess_handler():\n    assert 'HINDCAST_TEST_SECRET' not in os.environ\n", HC_OK,
		 ""},
		{"def postprocess_handler():\n    raise OSError('no bucket')\n", HC_SCRIPT,
		 "script.py: the post-analytics processor script failed\nTraceback (most recent call last):\n  File \"|"
		 "script.py\", line 2, in postprocess_handler\n|OSError: no bucket"},
		{"def postprocess_handler(x):\n    pass\n", HC_SCRIPT, "failed\n|TypeError: |'x'"},
		{"async def postprocess_handler():\n    pass\n", HC_SCRIPT, "postprocess_handler is asynchronous"},
		{"def postprocess():\n    pass\n", HC_SCRIPT,
		 "script.py: the post-analytics processor script has no function postprocess_handler"},
		{"import os\ndef postprocess_handler():\n    os._exit(5)\n", HC_SCRIPT, "ended with exit status 5"},
		{"def postprocess_handler():\n    while True: pass\n", HC_SCRIPT, "was still running when its time of"},
		{"pass pass\n", HC_SCRIPT, "cannot be imported\n|SyntaxError"},
	};
	struct hc_err err;
	setenv("HINDCAST_TEST_SECRET", "secret", 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *path = write_script(cases[i].script, strlen(cases[i].script));
		err.msg[0] = '\0';
		enum hc_code code = hc_postprocessor_run(path, (struct hc_script_limits){.timeout_s = 3}, extra, &err);
		if (code != cases[i].code)
			print_error("%s: %s\n", cases[i].script, err.msg);
		assert_int_equal(code, cases[i].code);
		check_message(err.msg, cases[i].message);
	}
	assert_int_equal(hc_postprocessor_run(path_of("missing.py"), (struct hc_script_limits){0}, NULL, &err),
			 HC_INPUT);
}

static void test_nothing_stays(void **state)
{
	(void)state;
	hc_preprocessor_close(NULL);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	struct hc_err err;
	return hc_file_remove_tree(folder, &err) == HC_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_attributes),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_order_and_places),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_no_records),
		cmocka_unit_test(test_company),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_long_records_are_cut),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_unreadable_scripts),
		cmocka_unit_test(test_no_python),
		cmocka_unit_test(test_a_refused_row_ends_the_run),
		cmocka_unit_test(test_background_children),
		cmocka_unit_test(test_postprocessor),
		cmocka_unit_test(test_nothing_stays),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
