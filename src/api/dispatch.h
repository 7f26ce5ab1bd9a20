/*
 * From a complete request of a JSON or Query service to its reply: operation, check, handler, reply. Knows nothing of signatures.
 */
#ifndef HC_API_DISPATCH_H
#define HC_API_DISPATCH_H

#include "api/route.h"
#include "service/service.h"

/* Which handler each operation of the contract has; every one has one, or starting fails. */
struct hc_dispatch {
	const struct hc_handled *handlers[HC_CONTRACT_OPERATIONS_MAX];
};
enum hc_code hc_dispatch_open(const struct hc_service *const *services, size_t n, struct hc_dispatch *out,
			      struct hc_err *err) HC_MUST_USE;

struct hc_inquiry {
	const struct hc_server *server;
	const struct hc_route *route;
	struct hc_str path; /* what a request that names no operation asked for */
	struct hc_str body; /* or, of a form in the URL, the query */
	int64_t now_us;
	const char *request_id;
};
/* Fills the reply, whatever happens. */
void hc_dispatch_answer(const struct hc_dispatch *d, const struct hc_inquiry *q, struct hc_http_reply *reply);

/* A fault in the protocol's form; operation may be NULL. */
void hc_dispatch_fault(const struct hc_fault *fault, enum hc_protocol_used protocol, const struct hc_operation *op,
		       const char *request_id, struct hc_http_reply *reply);

#endif
