#include "api/dispatch.h"

#include <stdio.h>
#include <string.h>

#include "codec/json.h"
#include "codec/percent.h"

#define CALL_ARENA_BYTES (UINT64_C(256) << 20)
enum { ACTION_MAX = 128 };

enum hc_code hc_dispatch_open(const struct hc_service *const *services, size_t n, struct hc_dispatch *out,
			      struct hc_err *err)
{
	*out = (struct hc_dispatch){0};
	for (size_t s = 0; s < n; s++) {
		for (size_t i = 0; i < services[s]->n_operations; i++) {
			const struct hc_handled *h = &services[s]->operations[i];
			const struct hc_operation *op =
				hc_contract_find(hc_str(services[s]->name), hc_str(h->operation));
			if (!op)
				return hc_fail(err, HC_USAGE, "%s.%s is in no contract", services[s]->name,
					       h->operation);
			out->handlers[op->index] = h;
		}
	}
	for (size_t i = 0; i < hc_contract_count(); i++)
		if (!out->handlers[i])
			return hc_fail(err, HC_USAGE, "%s.%s has no handler", hc_contract_at(i)->service,
				       hc_contract_at(i)->name);
	return HC_OK;
}

/* --- faults ------------------------------------------------------------------------------------- */

/*
 * An error has two names where a service speaks both protocols: that of its shape (JSON's __type) and the Query protocol's code. Handlers and checks say
 * either; clients of the JSON protocol that grew up with Query read the second in a header.
 */
static const char *query_code(const struct hc_operation *op, const char *code)
{
	/* Of authentication, which comes before any operation is known. */
	static const struct {
		const char *json, *query;
	} common[] = {{"InvalidSignatureException", "SignatureDoesNotMatch"},
		      {"UnrecognizedClientException", "InvalidClientTokenId"}};
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (strcmp(common[i].json, code) == 0)
			return common[i].query;
	for (size_t i = 0; op && op->errors && op->error_codes && op->errors[i]; i++)
		if (strcmp(op->errors[i], code) == 0)
			return op->error_codes[i];
	return op && op->version && strcmp(code, "ValidationException") == 0 ? "ValidationError" : code;
}

static const char *shape_name(const struct hc_operation *op, const char *code)
{
	for (size_t i = 0; op && op->errors && op->error_codes && op->errors[i]; i++)
		if (strcmp(op->error_codes[i], code) == 0)
			return op->errors[i];
	return code;
}

void hc_dispatch_fault(const struct hc_fault *fault, enum hc_protocol_used protocol, const struct hc_operation *op,
		       const char *request_id, struct hc_http_reply *reply)
{
	struct hc_str text = hc_str(fault->text);
	bool sender = fault->status < 500;
	reply->status = fault->status;
	hc_buf_reset(&reply->body);
	if (protocol == HC_USES_QUERY) {
		hc_http_reply_header(reply, "Content-Type", "text/xml");
		hc_contract_write_query_error(op, query_code(op, fault->code), text, sender, request_id, &reply->body);
		return;
	}
	const char *version = op && op->json_version ? op->json_version : "1.1";
	const char *type = shape_name(op, fault->code);
	hc_http_reply_header(reply, "Content-Type", "application/x-amz-json-%s", version);
	hc_http_reply_header(reply, "x-amzn-errortype", "%s", type);
	if (op && op->version && op->target)
		hc_http_reply_header(reply, "x-amzn-query-error", "%s;%s", query_code(op, fault->code),
				     sender ? "Sender" : "Receiver");
	hc_buf_printf(&reply->body, "{\"__type\":\"%s\",\"message\":", type);
	hc_json_quote(&reply->body, text);
	hc_buf_char(&reply->body, '}');
}

/* The server's own trouble. */
static void set_trouble(struct hc_fault *fault, const struct hc_err *err)
{
	if (err->code == HC_LIMIT && hc_db_is_full(err))
		hc_fault_set(fault, 507, "InsufficientStorage", "The server's disk is full; nothing was changed.");
	else
		hc_fault_set(fault, 500, "InternalFailure", "%s%s%s", err->msg, err->hint[0] ? "; " : "", err->hint);
}

/* --- the operation ------------------------------------------------------------------------------ */

/* Action or Version of a form. */
static bool field(struct hc_str form, const char *name, char *out, size_t size)
{
	struct hc_str key, value;
	bool has;
	while (hc_query_next(&form, &key, &value, &has)) {
		HC_BUF_SCOPED struct hc_buf text = HC_BUF(ACTION_MAX);
		if (!hc_str_eq(key, hc_str(name)) || !hc_percent_decode(value, true, &text) || text.n >= size)
			continue;
		memcpy(out, hc_buf_cstring(&text), text.n + 1);
		return true;
	}
	return false;
}

/* The service is that of the scope; without one Action and Version say it. */
static const struct hc_operation *find_query(const struct hc_inquiry *q, char action[ACTION_MAX])
{
	char version[ACTION_MAX] = "";
	if (!field(q->body, "Action", action, ACTION_MAX))
		return NULL;
	field(q->body, "Version", version, sizeof version);
	if (q->route->service.p)
		return hc_contract_find(q->route->service, hc_str(action));
	for (size_t i = 0; i < hc_contract_count(); i++) {
		const struct hc_operation *op = hc_contract_at(i);
		if (strcmp(op->name, action) == 0 && op->version && strcmp(op->version, version) == 0)
			return op;
	}
	return NULL;
}

/* A target is only looked up in the service that the request was signed for. */
static const struct hc_operation *find_json(const struct hc_inquiry *q)
{
	const struct hc_operation *op = hc_contract_find_target(q->route->target);
	if (op && q->route->service.p && !hc_str_eq(q->route->service, hc_str(op->service)))
		return NULL;
	return op;
}

/* What a request that no operation here answers has asked for: "service 'lambda'". */
static void show_asked(const struct hc_inquiry *q, const char *action, char *out, size_t size)
{
	char shown[HC_STR_SHOW_SIZE];
	const struct hc_route *r = q->route;
	bool known = !r->service.p;
	for (size_t i = 0; i < hc_contract_count() && !known; i++)
		known = hc_str_eq(r->service, hc_str(hc_contract_at(i)->service));
	if (!known)
		snprintf(out, size, "service '%s'", hc_str_show(r->service, shown));
	else if (!*action && !r->target.p)
		snprintf(out, size, "request for %s", hc_str_show(q->path, shown));
	else
		snprintf(out, size, "operation '%s'", hc_str_show(*action ? hc_str(action) : r->target, shown));
}

static const struct hc_operation *find(const struct hc_inquiry *q, struct hc_fault *fault)
{
	char action[ACTION_MAX] = "", asked[HC_STR_SHOW_SIZE + 32];
	bool query = q->route->protocol == HC_USES_QUERY;
	const struct hc_operation *op = query ? find_query(q, action) : find_json(q);
	if (op)
		return op;
	show_asked(q, action, asked, sizeof asked);
	hc_fault_set(fault, 400, query ? "InvalidAction" : "UnknownOperationException",
		     "The %s is not supported by this server (hindcast has the monitoring part of SageMaker, S3, "
		     "CloudWatch, CloudWatch Logs, STS and IAM).",
		     asked);
	return NULL;
}

struct work {
	struct hc_call *call;
	hc_handler *handle;
};

static enum hc_code handle(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct work *w = arg;
	return w->handle(w->call, db, err);
}

/* Runs the handler; what it says is in call->out or call->fault. */
static void run(const struct hc_dispatch *d, struct hc_call *call)
{
	struct hc_err err;
	const struct hc_handled *h = d->handlers[call->operation->index];
	struct work w = {call, h->handle};
	struct hc_catalog *catalog = call->server->catalog;
	enum hc_code code =
		h->writes ? hc_catalog_write(catalog, handle, &w, &err) : hc_catalog_read(catalog, handle, &w, &err);
	if (code != HC_OK && call->fault.status == 0)
		set_trouble(&call->fault, &err);
	if (code == HC_OK && h->writes && call->server->wake)
		call->server->wake(call->server->wake_arg);
}

static void write_reply(const struct hc_call *call, enum hc_protocol_used protocol, struct hc_http_reply *reply)
{
	const struct hc_operation *op = call->operation;
	if (protocol == HC_USES_QUERY) {
		hc_http_reply_header(reply, "Content-Type", "text/xml");
		hc_contract_write_query(op, call->out, call->request_id, &reply->body);
	} else {
		hc_http_reply_header(reply, "Content-Type", "application/x-amz-json-%s", op->json_version);
		if (op->output && !call->no_output)
			hc_contract_write_json(op, call->out, &reply->body);
	}
}

static bool read_input(const struct hc_inquiry *q, const struct hc_operation *op, json_t **in, struct hc_fault *fault)
{
	struct hc_problem problem;
	bool query = q->route->protocol == HC_USES_QUERY;
	if ((query && !op->version) || (!query && !op->target)) {
		hc_fault_set(fault, 400, "InvalidAction", "%s does not speak this protocol.", op->name);
		return false;
	}
	if (query ? hc_contract_read_query(op, q->body, in, &problem)
		  : hc_contract_read_json(op, q->body, in, &problem))
		return true;
	unsigned status = strcmp(problem.code, "InternalFailure") == 0 ? 500 : 400;
	hc_fault_set(fault, status, problem.code, "%s", problem.text);
	return false;
}

void hc_dispatch_answer(const struct hc_dispatch *d, const struct hc_inquiry *q, struct hc_http_reply *reply)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(CALL_ARENA_BYTES);
	struct hc_call call = {.server = q->server, .now_us = q->now_us, .request_id = q->request_id, .arena = &arena};
	json_t *in = NULL;
	call.operation = find(q, &call.fault);
	if (call.operation && read_input(q, call.operation, &in, &call.fault)) {
		call.in = in;
		call.out = json_object();
		if (call.out)
			run(d, &call);
		else
			hc_fault_set(&call.fault, 500, "InternalFailure", "no memory left");
	}
	hc_http_reply_header(reply, "x-amzn-RequestId", "%s", q->request_id);
	if (call.fault.status)
		hc_dispatch_fault(&call.fault, q->route->protocol, call.operation, q->request_id, reply);
	else
		write_reply(&call, q->route->protocol, reply);
	json_decref(in);
	json_decref(call.out);
}
