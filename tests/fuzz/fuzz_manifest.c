/*
 * Manifests of a batch transform: each output that one names stands below its prefix.
 */
#include "dataset/batch.h"
#include "target.h"

static struct hc_err err;

struct seen {
	size_t n;
	struct hc_str text;
};

static enum hc_code see(void *arg, const char *path, const char *name, struct hc_err *e)
{
	struct seen *seen = arg;
	size_t n = strlen(path), n_name = strlen(name);
	must(n_name > 0 && n > n_name && memcmp(path + n - n_name, name, n_name) == 0 && path[n - n_name - 1] == '/');
	must(n_name <= seen->text.n && ++seen->n <= seen->text.n / 2);
	struct hc_str rest = {name, n_name};
	while (rest.n)
		must(!hc_str_eq(take_until(&rest, '/'), HC_STR("..")));
	return seen->n < 1000 ? HC_OK : hc_fail(e, HC_LIMIT, "enough");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {0, input_text(data, size)};
	struct hc_arena arena = HC_ARENA(1 << 24);
	struct hc_batch_outputs outputs = {see, &seen};
	enum hc_code code = hc_batch_manifest_read(seen.text, "/batch", "m.json", &arena, &outputs, &err);
	if (code != HC_OK) {
		must(code == HC_INPUT || (code == HC_LIMIT && seen.n == 1000));
		must_explain(code, &err);
		must(code == HC_LIMIT || hc_str_starts(hc_str(err.msg), "m.json:1: "));
	}
	hc_arena_free(&arena);
	return 0;
}
