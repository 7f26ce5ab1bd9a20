#include "codec/xml.h"

#include <expat.h>

#include "base/utf8.h"

struct reading {
	XML_Parser parser;
	struct hc_arena *arena;
	struct hc_xml *root, *open[HC_XML_DEPTH_MAX], *last[HC_XML_DEPTH_MAX]; /* last: the newest child */
	struct hc_buf text[HC_XML_DEPTH_MAX];
	size_t depth, n_elements;
	struct hc_err *err;
	enum hc_code code; /* what stopped the parser */
};

/* The parser may call handlers a few times more after it was stopped: they do nothing then. */
static void stop(struct reading *r, enum hc_code code)
{
	r->code = code;
	XML_StopParser(r->parser, XML_FALSE);
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reading *r = arg;
	(void)attributes;
	if (r->code != HC_OK)
		return;
	if (r->depth == HC_XML_DEPTH_MAX) {
		stop(r, hc_fail(r->err, HC_LIMIT, "elements are nested deeper than %d", HC_XML_DEPTH_MAX));
		return;
	}
	if (r->n_elements++ == HC_XML_ELEMENTS_MAX) {
		stop(r, hc_fail(r->err, HC_LIMIT, "there are more than %d elements", HC_XML_ELEMENTS_MAX));
		return;
	}
	const char *colon = strrchr(name, ':'); /* ":" and "a:" are names for a parser that knows no namespaces */
	struct hc_xml *element = hc_arena_take(r->arena, sizeof *element);
	struct hc_str copy = hc_arena_copy(r->arena, hc_str(colon && colon[1] ? colon + 1 : name));
	if (!element || !copy.p) {
		stop(r, hc_fail_nomem(r->err, "an XML document"));
		return;
	}
	*element = (struct hc_xml){.name = copy};
	if (r->depth == 0)
		r->root = element;
	else if (r->last[r->depth - 1])
		r->last[r->depth - 1]->next = element;
	else
		r->open[r->depth - 1]->first = element;
	if (r->depth > 0)
		r->last[r->depth - 1] = element;
	r->open[r->depth] = element;
	r->last[r->depth] = NULL;
	hc_buf_reset(&r->text[r->depth]);
	r->depth++;
}

static void on_end(void *arg, const XML_Char *name)
{
	struct reading *r = arg;
	(void)name;
	if (r->code != HC_OK)
		return;
	struct hc_buf *text = &r->text[--r->depth];
	struct hc_str copy = hc_arena_copy(r->arena, hc_buf_view(text));
	enum hc_code code = hc_buf_check(text, "the text of an XML element", r->err);
	if (code == HC_OK && !copy.p)
		code = hc_fail_nomem(r->err, "an XML document");
	if (code != HC_OK)
		stop(r, code);
	else
		r->open[r->depth]->text = copy;
}

static void on_text(void *arg, const XML_Char *p, int n)
{
	struct reading *r = arg;
	if (r->code == HC_OK && r->depth > 0)
		hc_buf_put(&r->text[r->depth - 1], p, (size_t)n);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public_id,
		       int has_internal)
{
	struct reading *r = arg;
	(void)name, (void)system, (void)public_id, (void)has_internal;
	if (r->code == HC_OK)
		stop(r, hc_fail(r->err, HC_INPUT, "line %lu: a document type declaration is not accepted",
				(unsigned long)XML_GetCurrentLineNumber(r->parser)));
}

static enum hc_code parse(struct reading *r, struct hc_str text)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	if (XML_Parse(r->parser, text.n ? text.p : "", (int)text.n, 1) == XML_STATUS_OK)
		return r->code;
	if (r->code != HC_OK)
		return r->code;
	enum XML_Error error = XML_GetErrorCode(r->parser);
	if (error == XML_ERROR_NO_MEMORY)
		return hc_fail_nomem(r->err, "an XML document");
	return hc_fail(r->err, HC_INPUT, "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(r->parser),
		       XML_ErrorString(error));
}

enum hc_code hc_xml_read(struct hc_str text, struct hc_arena *arena, struct hc_xml **out, struct hc_err *err)
{
	if (text.n > HC_XML_BYTES_MAX)
		return hc_fail(err, HC_LIMIT, "an XML document is larger than %d bytes", HC_XML_BYTES_MAX);
	struct reading r = {.arena = arena, .err = err, .parser = XML_ParserCreate(NULL)};
	if (!r.parser)
		return hc_fail_nomem(err, "an XML document");
	for (size_t i = 0; i < HC_XML_DEPTH_MAX; i++)
		r.text[i].max = 2 * text.n + 8; /* other encodings may be shorter than UTF-8 */
	enum hc_code code = parse(&r, text);
	for (size_t i = 0; i < HC_XML_DEPTH_MAX; i++)
		hc_buf_free(&r.text[i]);
	XML_ParserFree(r.parser);
	if (code == HC_OK)
		*out = r.root;
	return code;
}

const struct hc_xml *hc_xml_child(const struct hc_xml *of, const char *name)
{
	for (const struct hc_xml *at = of->first; at; at = at->next)
		if (hc_str_eq(at->name, hc_str(name)))
			return at;
	return NULL;
}

/* What stands for the character of n bytes at p; NULL: itself. */
static const char *replacement(const char *p, size_t n)
{
	static const char lost[] = "\xEF\xBF\xBD";
	if (n == 0)
		return lost;
	if (n == 3 && memcmp(p, "\xEF\xBF", 2) == 0 && (unsigned char)p[2] >= 0xBE)
		return lost; /* U+FFFE, U+FFFF */
	switch (p[0]) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	default:
		return (unsigned char)p[0] < ' ' ? lost : NULL;
	}
}

void hc_xml_text(struct hc_buf *out, struct hc_str text)
{
	size_t kept = 0;
	for (size_t i = 0; i < text.n;) {
		size_t n = hc_utf8_sequence(text.p + i, text.n - i);
		const char *other = replacement(text.p + i, n);
		if (other) {
			hc_buf_put(out, text.p + kept, i - kept);
			hc_buf_cstr(out, other);
			kept = i + (n ? n : 1);
		}
		i += n ? n : 1;
	}
	if (text.n)
		hc_buf_put(out, text.p + kept, text.n - kept);
}

void hc_xml_element(struct hc_buf *out, const char *name, struct hc_str text)
{
	hc_buf_char(out, '<');
	hc_buf_cstr(out, name);
	hc_buf_char(out, '>');
	hc_xml_text(out, text);
	hc_buf_cstr(out, "</");
	hc_buf_cstr(out, name);
	hc_buf_char(out, '>');
}
