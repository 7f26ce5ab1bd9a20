/*
 * What the tests of a service share: a server over a catalog in a folder of its own, and its operations called in this process, as src/api does it:
 * the contract reads the input and checks the output, the handler runs in the writer's transaction or over a snapshot.
 *
 * JSON is written with ' in place of " here. The clock stands still unless a test moves check_now_us.
 */
#ifndef HC_TEST_CHECK_SERVICE_H
#define HC_TEST_CHECK_SERVICE_H

#include "check_files.h"

#include <jansson.h>

#include "base/instant.h"
#include "service/service.h"

#define CHECK_ARN "arn:aws:sagemaker:us-west-2:123456789012:"

static const struct hc_service *check_under_test; /* set by each test program's main */
static struct hc_server check_server;             /* contents, logs: NULL unless a test sets them */
static int64_t check_now_us;
static struct hc_arena check_arena; /* of all calls of one test */
static bool check_shape;            /* answers must fit their shape: true unless a test says why not */
static json_t *check_out;           /* of the last call */
static struct hc_fault check_fault;

static inline int open_service(void **state)
{
	struct hc_err err = {0};
	if (enter_folder(state) != 0)
		return -1;
	check_server = (struct hc_server){
		.account = "123456789012",
		.region = "us-west-2",
		.access_key = "AKIDEXAMPLE",
		.object_bytes_max = 1 << 30,
		.listing_max = 1000,
	};
	check_now_us = INT64_C(1767225600) * HC_SECOND_US; /* 2026-01-01T00:00:00Z */
	check_arena = HC_ARENA(64 << 20);
	check_out = NULL;
	check_shape = true;
	if (hc_catalog_open(path_of("catalog.db"), &check_server.catalog, &err) != HC_OK) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

static inline int close_service(void **state)
{
	hc_catalog_close(check_server.catalog);
	json_decref(check_out);
	hc_arena_free(&check_arena);
	return leave_folder(state);
}

#define in_service(test) cmocka_unit_test_setup_teardown(test, open_service, close_service)

/* The text with " for '. Lives as long as the test. */
static inline struct hc_str quoted(const char *text)
{
	struct hc_str copy = hc_arena_copy(&check_arena, hc_str(text));
	assert_non_null(copy.p);
	for (char *c = (char *)(uintptr_t)copy.p; c < copy.p + copy.n; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

struct check_work {
	const struct hc_handled *handled;
	struct hc_call *call;
};

static inline enum hc_code run_handler(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct check_work *w = arg;
	return w->handled->handle(w->call, db, err);
}

static inline const struct hc_handled *handled_of(const char *operation)
{
	for (size_t i = 0; i < check_under_test->n_operations; i++)
		if (strcmp(check_under_test->operations[i].operation, operation) == 0)
			return &check_under_test->operations[i];
	print_error("%s is not in the table of %s\n", operation, check_under_test->name);
	fail();
	return NULL;
}

/* Calls an operation; true: check_out is its answer. False: check_fault says why not; *err has what is no fault. */
static inline bool try_call(const char *operation, const char *input, struct hc_err *err)
{
	static struct hc_problem problem;
	const struct hc_operation *op = hc_contract_find(hc_str(check_under_test->name), hc_str(operation));
	const struct hc_handled *handled = handled_of(operation);
	json_t *in = NULL;
	assert_non_null(op);
	json_decref(check_out);
	check_out = json_object();
	check_fault = (struct hc_fault){0};
	*err = (struct hc_err){0};
	if (!hc_contract_read_json(op, quoted(input), &in, &problem)) {
		hc_fault_set(&check_fault, 400, problem.code, "%s", problem.text);
		return false;
	}
	struct hc_call call = {
		.server = &check_server,
		.operation = op,
		.in = in,
		.out = check_out,
		.now_us = check_now_us,
		.request_id = "00000000-0000-0000-0000-000000000000",
		.arena = &check_arena,
	};
	struct check_work work = {handled, &call};
	enum hc_code code = handled->writes ? hc_catalog_write(check_server.catalog, run_handler, &work, err)
					    : hc_catalog_read(check_server.catalog, run_handler, &work, err);
	check_fault = call.fault;
	json_decref(in);
	if (code == HC_OK && check_shape && !hc_contract_check_output(op, op->output ? check_out : NULL, &problem)) {
		print_error("%s answers what its shape forbids: %s\n", operation, problem.text);
		fail();
	}
	return code == HC_OK;
}

/* The operation succeeds; its answer is in check_out. */
#define call_ok(operation, input) call_ok_at((operation), (input), __FILE__, __LINE__)

static inline void call_ok_at(const char *operation, const char *input, const char *file, int line)
{
	struct hc_err err;
	if (!try_call(operation, input, &err)) {
		print_error("%s fails: %s: %s (%s)\n", operation, check_fault.code ? check_fault.code : "no fault",
			    check_fault.text, err.msg);
		_fail(file, line);
	}
}

/* The operation fails with this code, and a text that holds `part`. */
#define call_fails(operation, input, code, part) call_fails_at((operation), (input), (code), (part), __FILE__, __LINE__)

static inline void call_fails_at(const char *operation, const char *input, const char *code, const char *part,
				 const char *file, int line)
{
	struct hc_err err;
	if (try_call(operation, input, &err)) {
		print_error("%s succeeds\n", operation);
		_fail(file, line);
	}
	if (!check_fault.code || strcmp(check_fault.code, code) != 0 || !strstr(check_fault.text, part)) {
		print_error("%s fails with %s: %s (%s); not with %s: %s\n", operation,
			    check_fault.code ? check_fault.code : "no fault", check_fault.text, err.msg, code, part);
		_fail(file, line);
	}
}

/* The member of the last answer at a path (contract/tree.h; "": all of it) as compact JSON with sorted keys and ' for "; "" when it is not there. */
#define check_member(path, expected) check_member_at((path), (expected), __FILE__, __LINE__)

static inline void check_member_at(const char *path, const char *expected, const char *file, int line)
{
	const json_t *at = hc_tree_at(check_out, path);
	char *text =
		at ? json_dumps(at, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
	struct hc_str s = hc_str(text ? text : "");
	for (char *c = text; c && *c; c++)
		if (*c == '"')
			*c = '\'';
	check_str_at(s, expected, file, line);
	free(text);
}

#endif
