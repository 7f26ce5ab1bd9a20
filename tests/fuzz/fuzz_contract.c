/*
 * Bodies of every operation, JSON and Query: the first byte chooses the operation, the second the protocol, the rest is the body. What is accepted
 * fits the input shape, reads back from what is written of it as it was, and is accepted again; what is refused is explained in clean text.
 */
#include "base/utf8.h"
#include "contract/contract.h"
#include "contract/tree.h"
#include "target.h"

static void must_explain_problem(const struct hc_problem *problem)
{
	const size_t n = strlen(problem->text);
	must(problem->code != NULL && n > 0 && n < HC_PROBLEM_TEXT_MAX);
	must(hc_utf8_valid_prefix(problem->text, n) == n);
	for (size_t i = 0; i < n; i++)
		must((unsigned char)problem->text[i] >= 0x20 && problem->text[i] != 0x7f);
}

/* Written as JSON by the input's shape, and read again. */
static void must_read_back(const struct hc_operation *op, json_t *tree)
{
	struct hc_operation turned = *op;
	turned.output = op->input;
	turned.result_wrapper = "Result";
	struct hc_problem problem;
	struct hc_buf out = HC_BUF((size_t)1 << 28);
	json_t *again = NULL;
	must(hc_contract_check_output(&turned, tree, &problem));
	hc_contract_write_json(&turned, tree, &out);
	must(!out.failed);
	/* Texts of a form grow as JSON, so what was at the limit may be beyond it. */
	if (out.n < HC_CONTRACT_BODY_MAX) {
		must(hc_contract_read_json(op, hc_buf_view(&out), &again, &problem));
		must(json_is_object(again) && json_object_size(again) == json_object_size(tree));
		json_decref(again);
	}
	hc_buf_reset(&out);
	hc_contract_write_query(&turned, tree, "r", &out);
	must(!out.failed && hc_utf8_valid_prefix(out.p, out.n) == out.n);
	hc_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const struct hc_operation *op = hc_contract_at(data[0] % hc_contract_count());
	const struct hc_str body = input_text(data + 2, size - 2);
	struct hc_problem problem = {0};
	json_t *tree = NULL;
	const bool good = data[1] % 2 == 0 ? hc_contract_read_json(op, body, &tree, &problem)
					   : hc_contract_read_query(op, body, &tree, &problem);
	must(good == (tree != NULL));
	if (good)
		must_read_back(op, tree);
	else
		must_explain_problem(&problem);
	json_decref(tree);
	return 0;
}
