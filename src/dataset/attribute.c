#include "dataset/attribute.h"

#include "base/number.h"

/* `0` or `_c0`. */
static bool parse_index(struct hc_str text, size_t *out)
{
	uint64_t v;
	if (hc_str_starts(text, "_c")) {
		text.p += 2;
		text.n -= 2;
	}
	if (!hc_u64_parse(text, &v) || v >= HC_CSV_FIELDS_MAX)
		return false;
	*out = (size_t)v;
	return true;
}

static enum hc_code compile_dotted(struct hc_str text, struct hc_arena *arena, struct hc_attribute *a)
{
	struct hc_err ignored;
	HC_BUF_SCOPED struct hc_buf dotted = HC_BUF(HC_ATTRIBUTE_LEN_MAX + 2);
	hc_buf_cstr(&dotted, text.p[0] == '[' ? "$" : "$.");
	hc_buf_str(&dotted, text);
	/* Text that is no path is a key with dots in it, nothing more. */
	return hc_jsonpath_compile(hc_buf_view(&dotted), arena, &a->dotted, &ignored);
}

enum hc_code hc_attribute_compile(const char *text, const char *option, struct hc_arena *arena,
				  struct hc_attribute *out, struct hc_err *err)
{
	struct hc_attribute a = {.column = SIZE_MAX};
	if (!text) {
		*out = a;
		return HC_OK;
	}
	size_t n = strlen(text);
	if (n == 0 || n > HC_ATTRIBUTE_LEN_MAX) {
		hc_fail(err, HC_USAGE, "%s is %s", option, n ? "longer than 1024 bytes" : "empty");
		return hc_hint(err, "name a column, an index, a key or a JSONPath");
	}
	a.given = true;
	a.text = hc_arena_copy(arena, (struct hc_str){text, n});
	if (!a.text.p)
		return hc_fail_nomem(err, option);
	a.is_index = parse_index(a.text, &a.index);
	if (a.is_index)
		a.column = a.index;
	if (hc_jsonpath_compile(a.text, arena, &a.path, err) != HC_OK)
		return hc_err_at(err, "%s", option);
	bool may_be_path = text[0] != '$' && (memchr(text, '.', n) || memchr(text, '[', n));
	a.has_dotted = may_be_path && compile_dotted(a.text, arena, &a) == HC_OK;
	*out = a;
	return HC_OK;
}

enum hc_code hc_attribute_resolve(struct hc_attribute *a, const struct hc_csv_row *header, struct hc_err *err)
{
	if (!a->given)
		return HC_OK;
	for (size_t i = 0; i < header->n; i++) {
		if (hc_str_eq(header->fields[i], a->text)) {
			a->column = i;
			return HC_OK;
		}
	}
	if (a->is_index && a->index < header->n) {
		a->column = a->index;
		return HC_OK;
	}
	char shown[HC_STR_SHOW_SIZE];
	HC_BUF_SCOPED struct hc_buf names = HC_BUF(512);
	for (size_t i = 0; i < header->n && names.n < 300; i++)
		hc_buf_printf(&names, "%s%s", i ? ", " : "", hc_str_show(header->fields[i], shown));
	hc_fail(err, HC_INPUT, "no column '%s' in the header", hc_str_show(a->text, shown));
	return hc_hint(err, "the columns are: %s (a file without header needs --no-header)", hc_buf_cstring(&names));
}
