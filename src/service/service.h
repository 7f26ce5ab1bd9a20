/*
 * What an operation of a JSON or Query service is given and gives back.
 *
 * An operation is one function over a checked input and the catalog: it reads what it needs from call->in, does its work on
 * `db`, and puts members into call->out; or says call->fault by hc_fault and returns its code, which undoes what it wrote. Whether it writes is
 * said in its service's table, and decides if it runs in the writer's transaction (hc_catalog_write) or over a snapshot. One that
 * writes must not wait: no disk but the catalog, no sleep (it runs in the writer's thread, with others' work behind it).
 *
 * Ownership: call->in and out belong to the caller; texts that must outlive the call's arena are copied by whoever keeps them.
 */
#ifndef HC_SERVICE_SERVICE_H
#define HC_SERVICE_SERVICE_H

#include "catalog/catalog.h"
#include "contract/contract.h"
#include "contract/tree.h"
#include "store/content.h"

/* What all services share; constant while the server runs. */
struct hc_server {
	struct hc_catalog *catalog;
	struct hc_contents *contents;
	const char *logs;    /* folder of the jobs' logs */
	const char *account; /* "123456789012" */
	const char *region;  /* "us-west-2" */
	const char *access_key;
	/* Images that a setting maps to a command: "REPOSITORY=COMMAND" each, NULL-terminated. */
	const char *const *image_commands;
	uint64_t object_bytes_max, listing_max;
	/* Something may be due: the daemon looks at once. Any thread; cheap. NULL: nobody cares. */
	void (*wake)(void *arg);
	void *wake_arg;
};

struct hc_fault {
	unsigned status;  /* of HTTP: 400, 404, ... 0: none */
	const char *code; /* "ValidationException"; static */
	char text[HC_PROBLEM_TEXT_MAX];
};

struct hc_call {
	const struct hc_server *server;
	const struct hc_operation *operation;
	const json_t *in;
	json_t *out; /* an object, empty at first */
	bool no_output;
	int64_t now_us;
	const char *request_id;
	struct hc_arena *arena; /* of this call */
	struct hc_fault fault;
};

/* Says what is wrong in AWS's words; `return hc_fault(call, err, 400, "ResourceNotFound", ...)`. Returns HC_USAGE. */
#define hc_fault(call, err, status_, code_, ...)                        \
	(hc_fault_set(&(call)->fault, (status_), (code_), __VA_ARGS__), \
	 hc_fail((err), HC_USAGE, "%s: %s", (call)->fault.code, (call)->fault.text))
void hc_fault_set(struct hc_fault *fault, unsigned status, const char *code, const char *fmt, ...) HC_PRINTF(4, 5);

typedef enum hc_code hc_handler(struct hc_call *call, struct hc_db *db, struct hc_err *err);

struct hc_handled {
	const char *operation;
	hc_handler *handle;
	bool writes;
};

struct hc_service {
	const char *name; /* as in the contract: "sagemaker" */
	const struct hc_handled *operations;
	size_t n_operations;
};

/* "arn:aws:SERVICE:REGION:ACCOUNT:KIND/NAME" in the call's arena, NAME in lower case; p == NULL without memory. */
struct hc_str hc_call_arn(const struct hc_call *call, const char *service, const char *kind, struct hc_str name);

#endif
