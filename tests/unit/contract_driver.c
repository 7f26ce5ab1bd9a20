/*
 * Reads requests and replies and says what the contract makes of them: the other end is tests/contract_botocore.py, where
 * botocore's serializers and parsers are the judges.
 *
 * In, over and over: a line "ACTION SERVICE OPERATION LENGTH", then LENGTH bytes. ACTION is
 *   json, query      a body to be read: the tree is the answer
 *   to-json, to-query a result as JSON, to be written: the body is the answer
 *   output           a result as JSON, to be held against the output shape: {} is the answer
 * Out: a line "ok LENGTH" or "CODE LENGTH", then LENGTH bytes: the answer, or the text of the problem.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract/contract.h"

static void answer(const char *verdict, const char *p, size_t n)
{
	printf("%s %zu\n", verdict, n);
	if (n > 0)
		fwrite(p, 1, n, stdout);
	fflush(stdout);
}

static void answer_tree(json_t *tree)
{
	char *text = json_dumps(tree, JSON_COMPACT);
	if (text == NULL)
		abort();
	answer("ok", text, strlen(text));
	free(text);
	json_decref(tree);
}

static void answer_written(const char *action, const struct hc_operation *op, struct hc_str body)
{
	struct hc_buf out HC_BUF_SCOPED = HC_BUF(64 << 20);
	json_t *result = body.n == 0 ? NULL : json_loadb(body.p, body.n, 0, NULL);
	if (strcmp(action, "to-json") == 0)
		hc_contract_write_json(op, result, &out);
	else
		hc_contract_write_query(op, result, "request-1", &out);
	json_decref(result);
	if (out.failed)
		abort();
	answer("ok", out.p, out.n);
}

static void act(const char *action, const struct hc_operation *op, struct hc_str body)
{
	struct hc_problem problem = {0};
	json_t *tree = NULL;
	bool good;
	if (strncmp(action, "to-", 3) == 0) {
		answer_written(action, op, body);
		return;
	}
	if (strcmp(action, "output") == 0) {
		json_t *result = json_loadb(body.p, body.n, 0, NULL);
		good = hc_contract_check_output(op, result, &problem);
		json_decref(result);
		tree = json_object();
	} else if (strcmp(action, "json") == 0) {
		good = hc_contract_read_json(op, body, &tree, &problem);
	} else {
		good = hc_contract_read_query(op, body, &tree, &problem);
	}
	if (good) {
		answer_tree(tree);
		return;
	}
	json_decref(tree);
	answer(problem.code, problem.text, strlen(problem.text));
}

int main(void)
{
	char action[16], service[32], name[64];
	size_t n;
	while (scanf("%15s %31s %63s %zu", action, service, name, &n) == 4) {
		char *body = malloc(n + 1);
		if (body == NULL)
			return 1;
		if (getchar() != '\n' || fread(body, 1, n, stdin) != n)
			return 1;
		const struct hc_operation *op = hc_contract_find(hc_str(service), hc_str(name));
		if (op == NULL)
			answer("no-operation", "", 0);
		else
			act(action, op, (struct hc_str){body, n});
		free(body);
	}
	return 0;
}
