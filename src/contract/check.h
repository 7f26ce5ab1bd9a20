/*
 * The checks behind hc_contract_read_json and hc_contract_read_query: a tree against a shape.
 */
#ifndef HC_CONTRACT_CHECK_H
#define HC_CONTRACT_CHECK_H

#include "contract/contract.h"

/* What findings are called; the protocols have words of their own. */
struct hc_check_codes {
	const char *serialization, *validation;
};

void hc_problem_set(struct hc_problem *problem, const char *code, const char *fmt, ...) HC_PRINTF(3, 4);
/* Sets InternalFailure; returns false. */
bool hc_problem_nomem(struct hc_problem *problem);

/*
 * Checks the object against the shape (a structure; NULL: one without members), takes nulls out, makes integers of integral reals and puts
 * defaults in. False: *problem is set; the tree may be changed in part.
 */
bool hc_check_tree(const struct hc_shape *shape, json_t *tree, const struct hc_check_codes *codes,
		   struct hc_problem *problem);

#endif
