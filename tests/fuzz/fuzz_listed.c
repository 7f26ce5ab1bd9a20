/*
 * The manifest of an earlier run, which says what a new report removes: whatever its bytes are, no path leaves the
 * folder, and each stands in the text, as it is or escaped. That nothing else is removed from a disk is
 * tests/unit/test_stage.c's to show.
 */
#include "store/listed.h"
#include "target.h"

static struct hc_err err;

struct seen {
	struct hc_str text;
	size_t n;
};

/* Written here again, from the rule and not from the code. */
static bool leaves(struct hc_str path)
{
	char text[8192];
	must(path.n < sizeof text - 2);
	text[0] = '/';
	memcpy(text + 1, path.p, path.n);
	text[path.n + 1] = '/';
	struct hc_str s = {text, path.n + 2};
	return memmem(s.p, s.n, "/../", 4) || memmem(s.p, s.n, "//", 2) || memmem(s.p, s.n, "/./", 3) ||
	       memchr(s.p, '\0', s.n) || hc_str_starts(s, "/.hindcast-staging/");
}

static enum hc_code take(void *arg, struct hc_str path, struct hc_err *failure)
{
	struct seen *seen = arg;
	must(path.n > 0 && !leaves(path) && hc_listed_is_output(path));
	must(memmem(seen->text.p, seen->text.n, path.p, path.n) || memchr(seen->text.p, '\\', seen->text.n));
	/* A failure of the taker is the whole's failure. */
	if (++seen->n == 3)
		return hc_fail(failure, HC_IO, "enough");
	return HC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {input_text(data, size), 0};
	enum hc_code code = hc_listed_outputs(seen.text, take, &seen, &err);
	must(seen.n <= 3 && (code == HC_OK) == (seen.n < 3));
	must(seen.n == 0 || memmem(seen.text.p, seen.text.n, "outputs", 7) || memchr(seen.text.p, '\\', seen.text.n));
	return 0;
}
