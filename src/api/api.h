/*
 * The API behind one port: an application of src/net's HTTP server.
 *
 *   headers -> claim -> route -> S3: verify, then its body streams on
 *                             -> others: the body is kept (HC_API_BODY_MAX), verified, answered
 *
 * Ownership: what hc_api_open is given outlives the api.
 */
#ifndef HC_API_API_H
#define HC_API_API_H

#include "api/authenticate.h"
#include "api/dispatch.h"

enum { HC_API_BODY_MAX = HC_CONTRACT_BODY_MAX };

struct hc_api {
	const struct hc_server *server;
	struct hc_authentication authentication;
	struct hc_dispatch dispatch;
	uint64_t body_max; /* of JSON and Query services; at most HC_API_BODY_MAX */
};

/* Fills api->dispatch; HC_USAGE when an operation of the contract has no handler (our mistake). */
enum hc_code hc_api_open(struct hc_api *api, struct hc_err *err) HC_MUST_USE;

/* The application to hand to hc_http_start; holds a pointer to api. */
struct hc_http_app hc_api_app(struct hc_api *api);

#endif
