/*
 * XML: limits hold, and a document that was read, written and read again is the same tree.
 */
#include "base/utf8.h"
#include "codec/xml.h"
#include "target.h"

static size_t check_tree(const struct hc_xml *element, size_t depth)
{
	size_t n = 1;
	must(depth <= HC_XML_DEPTH_MAX && element->name.n > 0 && element->text.p);
	must(hc_utf8_valid_prefix(element->text.p, element->text.n) == element->text.n);
	for (const struct hc_xml *at = element->first; at; at = at->next)
		n += check_tree(at, depth + 1);
	return n;
}

static void write_tree(const struct hc_xml *element, struct hc_buf *out)
{
	hc_buf_char(out, '<');
	hc_buf_str(out, element->name);
	hc_buf_char(out, '>');
	hc_xml_text(out, element->text);
	for (const struct hc_xml *at = element->first; at; at = at->next)
		write_tree(at, out);
	hc_buf_cstr(out, "</");
	hc_buf_str(out, element->name);
	hc_buf_char(out, '>');
}

static bool same_tree(const struct hc_xml *a, const struct hc_xml *b)
{
	if (!hc_str_eq(a->name, b->name) || !hc_str_eq(a->text, b->text))
		return false;
	const struct hc_xml *x = a->first, *y = b->first;
	for (; x && y; x = x->next, y = y->next)
		if (!same_tree(x, y))
			return false;
	return !x && !y;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_err err;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(64 << 20);
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(64 * size + 64);
	struct hc_xml *root = NULL, *again = NULL;
	err.code = HC_OK;
	enum hc_code code = hc_xml_read(input_text(data, size), &arena, &root, &err);
	if (code != HC_OK) {
		must(!root && err.code == code && err.msg[0]);
		must(code == HC_INPUT || code == HC_LIMIT || code == HC_NOMEM);
		return 0;
	}
	must(check_tree(root, 1) <= HC_XML_ELEMENTS_MAX);
	/* A name whose prefix is taken off may begin with what no name begins with ("a:1"): it is not to be written. */
	write_tree(root, &text);
	must(!text.failed);
	if (hc_xml_read(hc_buf_view(&text), &arena, &again, &err) == HC_OK)
		must(same_tree(root, again));
	return 0;
}
