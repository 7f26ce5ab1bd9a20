#include "codec/xml.h"

#include "check.h"

/* An element as text: name(text child child). */
static void show(const struct hc_xml *element, struct hc_buf *out)
{
	hc_buf_str(out, element->name);
	hc_buf_char(out, '(');
	hc_buf_str(out, element->text);
	for (const struct hc_xml *at = element->first; at; at = at->next) {
		hc_buf_char(out, ' ');
		show(at, out);
	}
	hc_buf_char(out, ')');
}

static void test_documents(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} table[] = {
		{"<a/>", "a()"},
		{"<a></a>", "a()"},
		{"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>b</a>\n", "a(b)"},
		{"\xEF\xBB\xBF<a>b</a>", "a(b)"},
		{"<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&amp;b/&lt;c&gt; "
		 "&#13;&#x20AC;</Key>"
		 "</Object><Object><Key>d</Key><VersionId>1</VersionId></Object><Quiet>true</Quiet></Delete>",
		 "Delete( Object( Key(a&b/<c> \r\xE2\x82\xAC)) Object( Key(d) VersionId(1)) Quiet(true))"},
		{"<s:a xmlns:s=\"u\" xmlns:xsi=\"v\" xsi:type=\"t\"><s:b>1</s:b></s:a>", "a( b(1))"},
		{"<a:b:c><:/><a:/></a:b:c>", "c( :() a:())"},
		{"<a>1<b>2</b>3<b/>4</a>", "a(134 b(2) b())"},
		{"<a>1<!-- <b> -->2<?pi x?>3<![CDATA[<&]]>4</a>", "a(123<&4)"},
		{"<a>\r\n</a>", "a(\n)"},
		{"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xFC</a>", "a(\xC3\xBC)"},
		{"<\xC3\xBC>\xE6\x97\xA5</\xC3\xBC>", "\xC3\xBC(\xE6\x97\xA5)"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(1000);
		struct hc_err err;
		struct hc_xml *root;
		if (hc_xml_read(hc_str(table[i].text), &arena, &root, &err) != HC_OK)
			fail_msg("%s: %s", table[i].text, err.msg);
		show(root, &out);
		check_str(hc_buf_view(&out), table[i].shown);
		assert_null(root->next);
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} table[] = {
		{"", "line 1: "},
		{" ", "line 1: "},
		{"x", "line 1: "},
		{"{}", "line 1: "},
		{"<a>", "line 1: "},
		{"<a>\n<b>\n</a>", "line 3: mismatched tag"},
		{"<a/><b/>", "line 1: "},
		{"<a/>x", "line 1: "},
		{"<a>&b;</a>", "line 1: undefined entity"},
		{"<a>&</a>", "line 1: "},
		{"<a>\x01</a>", "line 1: "},
		{"<a>&#0;</a>", "line 1: "},
		{"<a>\xFF</a>", "line 1: "},
		{"<a>\xED\xA0\x80</a>", "line 1: "},
		{"<a b=1/>", "line 1: "},
		{"<a b=\"1\" b=\"2\"/>", "line 1: "},
		{"<?xml version=\"1.0\" encoding=\"nope\"?><a/>", "line 1: unknown encoding"},
		{"\n<!DOCTYPE a><a/>", "document type declaration"},
		{"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "document type declaration"},
		{"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "line 1: a document type declaration"},
		{"<!DOCTYPE a [<!ENTITY b SYSTEM \"/etc/passwd\">]><a>&b;</a>", "document type declaration"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		struct hc_err err = {0};
		struct hc_xml *root = NULL;
		enum hc_code code = hc_xml_read(hc_str(table[i].text), &arena, &root, &err);
		if (code != HC_INPUT || err.code != HC_INPUT || !strstr(err.msg, table[i].message) || root)
			fail_msg("%s is %d, %s", table[i].text, code, err.msg);
	}
}

/* <a><a>... `depth` deep, or <a> with `elements` in all. */
static enum hc_code read_large(size_t depth, size_t elements, size_t budget, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 22);
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(budget);
	struct hc_xml *root = NULL;
	for (size_t i = 0; i < depth; i++)
		hc_buf_cstr(&text, "<a>");
	for (size_t i = depth; i < elements; i++)
		hc_buf_cstr(&text, "<b/>");
	for (size_t i = 0; i < depth; i++)
		hc_buf_cstr(&text, "</a>");
	assert_false(text.failed);
	enum hc_code code = hc_xml_read(hc_buf_view(&text), &arena, &root, err);
	assert_true((code == HC_OK) == (root != NULL));
	return code;
}

static void test_limits(void **state)
{
	(void)state;
	struct hc_err err;
	assert_int_equal(read_large(HC_XML_DEPTH_MAX, 0, 1 << 20, &err), HC_OK);
	assert_int_equal(read_large(HC_XML_DEPTH_MAX + 1, 0, 1 << 20, &err), HC_LIMIT);
	assert_int_equal(read_large(HC_XML_DEPTH_MAX, HC_XML_DEPTH_MAX + 1, 1 << 20, &err), HC_LIMIT);
	assert_int_equal(read_large(100000, 0, 1 << 20, &err), HC_LIMIT);
	assert_int_equal(read_large(1, HC_XML_ELEMENTS_MAX, 1 << 24, &err), HC_OK);
	assert_int_equal(read_large(1, HC_XML_ELEMENTS_MAX + 1, 1 << 24, &err), HC_LIMIT);
	assert_int_equal(read_large(1, 1000, 1 << 12, &err), HC_NOMEM);
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_xml *root;
	assert_int_equal(hc_xml_read((struct hc_str){"<a/>", (size_t)HC_XML_BYTES_MAX + 1}, &arena, &root, &err),
			 HC_LIMIT);
}

static void test_child(void **state)
{
	(void)state;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_err err;
	struct hc_xml *root;
	assert_int_equal(hc_xml_read(HC_STR("<a><b>1</b><c>2</c><b>3</b></a>"), &arena, &root, &err), HC_OK);
	check_str(hc_xml_child(root, "b")->text, "1");
	check_str(hc_xml_child(root, "c")->text, "2");
	assert_null(hc_xml_child(root, "a"));
	assert_null(hc_xml_child(root, "B"));
	assert_null(hc_xml_child(root, ""));
	assert_null(hc_xml_child(hc_xml_child(root, "b"), "b"));
}

static void test_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *escaped;
	} table[] = {
		{"", ""},
		{"abc", "abc"},
		{"<a href=\"b\">&'", "&lt;a href=&quot;b&quot;&gt;&amp;'"},
		{"&&", "&amp;&amp;"},
		{"a\tb\nc\rd", "a&#9;b&#10;c&#13;d"},
		{"\x01"
		 "a\x1F\x7F",
		 "\xEF\xBF\xBD"
		 "a\xEF\xBF\xBD\x7F"},
		{"\xC3\xBC\xE6\x97\xA5\xF0\x9F\x98\x80", "\xC3\xBC\xE6\x97\xA5\xF0\x9F\x98\x80"},
		{"\xC3", "\xEF\xBF\xBD"},
		{"a\xFF\xFE"
		 "b",
		 "a\xEF\xBF\xBD\xEF\xBF\xBD"
		 "b"},
		{"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
		{"\xEF\xBF\xBE|\xEF\xBF\xBF|\xEF\xBF\xBD", "\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
		hc_xml_text(&out, hc_str(table[i].text));
		check_str(hc_buf_view(&out), table[i].escaped);
	}
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
	hc_xml_text(&out, HC_STR("a\0b"));
	hc_xml_element(&out, "Key", HC_STR("<k>"));
	hc_xml_element(&out, "Empty", (struct hc_str){NULL, 0});
	check_str(hc_buf_view(&out), "a\xEF\xBF\xBD"
				     "b<Key>&lt;k&gt;</Key><Empty></Empty>");
}

/* Whatever bytes are written: what is read back is the same, but for what XML cannot hold. */
static void test_any_bytes(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (int i = 0; i < 5000; i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		HC_BUF_SCOPED struct hc_buf first = HC_BUF(1000), second = HC_BUF(1000);
		char text[24];
		size_t n = check_random(&random) % sizeof text;
		for (size_t k = 0; k < n; k++)
			text[k] = (char)(check_random(&random) % (i % 2 ? 256 : 128));
		struct hc_err err;
		struct hc_xml *root;
		hc_xml_element(&first, "a", (struct hc_str){text, n});
		if (hc_xml_read(hc_buf_view(&first), &arena, &root, &err) != HC_OK)
			fail_msg("%.*s: %s", HC_STR_ARG(hc_buf_view(&first)), err.msg);
		hc_xml_element(&second, "a", root->text);
		assert_true(hc_str_eq(hc_buf_view(&first), hc_buf_view(&second)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents), cmocka_unit_test(test_refused), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_child),     cmocka_unit_test(test_text),    cmocka_unit_test(test_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
