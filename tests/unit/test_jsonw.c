#include "codec/jsonw.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void test_layout(void **state)
{
	(void)state;
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(4096);
	struct hc_jsonw w;
	hc_jsonw_open(&w, &out);
	hc_jsonw_object(&w);
	hc_jsonw_member_cstr(&w, "version", "0.0");
	hc_jsonw_key(&w, "empty_object");
	hc_jsonw_object(&w);
	hc_jsonw_object_end(&w);
	hc_jsonw_key(&w, "empty_array");
	hc_jsonw_array(&w);
	hc_jsonw_array_end(&w);
	hc_jsonw_key(&w, "numbers");
	hc_jsonw_array(&w);
	hc_jsonw_u64(&w, 1);
	hc_jsonw_i64(&w, -2);
	hc_jsonw_double(&w, 0.5);
	hc_jsonw_array_end(&w);
	hc_jsonw_key(&w, "violations");
	hc_jsonw_array(&w);
	for (int i = 0; i < 2; i++) {
		hc_jsonw_object(&w);
		hc_jsonw_member_bool(&w, "a", i == 0);
		hc_jsonw_key_str(&w, HC_STR("b\"c"));
		hc_jsonw_object(&w);
		hc_jsonw_member_u64(&w, "d", 7);
		hc_jsonw_object_end(&w);
		hc_jsonw_object_end(&w);
	}
	hc_jsonw_array(&w);
	hc_jsonw_object(&w);
	hc_jsonw_object_end(&w);
	hc_jsonw_array_end(&w);
	hc_jsonw_array_end(&w);
	hc_jsonw_member_double(&w, "last", 5.092682820403929e-4);
	hc_jsonw_object_end(&w);
	check_str(hc_buf_view(&out), "{\n"
				     "  \"version\" : \"0.0\",\n"
				     "  \"empty_object\" : { },\n"
				     "  \"empty_array\" : [ ],\n"
				     "  \"numbers\" : [ 1, -2, 0.5 ],\n"
				     "  \"violations\" : [ {\n"
				     "    \"a\" : true,\n"
				     "    \"b\\\"c\" : {\n"
				     "      \"d\" : 7\n"
				     "    }\n"
				     "  }, {\n"
				     "    \"a\" : false,\n"
				     "    \"b\\\"c\" : {\n"
				     "      \"d\" : 7\n"
				     "    }\n"
				     "  }, [ { } ] ],\n"
				     "  \"last\" : 5.092682820403929E-4\n"
				     "}");
}

static void put_null(struct hc_jsonw *w)
{
	hc_jsonw_null(w);
}

static void put_no_text(struct hc_jsonw *w)
{
	hc_jsonw_cstr(w, NULL);
}

static void put_text(struct hc_jsonw *w)
{
	hc_jsonw_str(w, HC_STR("a\n\"\xc3\xa4\x1f"));
}

static void put_least(struct hc_jsonw *w)
{
	hc_jsonw_i64(w, INT64_MIN);
}

static void put_most(struct hc_jsonw *w)
{
	hc_jsonw_u64(w, UINT64_MAX);
}

static void put_nan(struct hc_jsonw *w)
{
	hc_jsonw_double(w, NAN);
}

static void put_infinity(struct hc_jsonw *w)
{
	hc_jsonw_double(w, -INFINITY);
}

static void put_whole(struct hc_jsonw *w)
{
	hc_jsonw_double(w, 1e7);
}

static void put_false(struct hc_jsonw *w)
{
	hc_jsonw_bool(w, false);
}

static void test_values(void **state)
{
	(void)state;
	static const struct {
		void (*put)(struct hc_jsonw *w);
		const char *text;
	} table[] = {
		{put_null, "null"},
		{put_no_text, "null"},
		{put_text, "\"a\\n\\\"\xc3\xa4\\u001F\""},
		{put_least, "-9223372036854775808"},
		{put_most, "18446744073709551615"},
		{put_nan, "\"NaN\""},
		{put_infinity, "\"-Infinity\""},
		{put_whole, "1.0E7"},
		{put_false, "false"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_BUF_SCOPED struct hc_buf out = HC_BUF(100);
		struct hc_jsonw w;
		hc_jsonw_open(&w, &out);
		table[i].put(&w);
		check_str(hc_buf_view(&out), table[i].text);
	}
}

/* Each letter is a call: { } [ ] k(ey) v(alue). */
static void play(const char *calls)
{
	HC_BUF_SCOPED struct hc_buf out = HC_BUF(4096);
	struct hc_jsonw w;
	hc_jsonw_open(&w, &out);
	for (; *calls; calls++) {
		switch (*calls) {
		case '{':
			hc_jsonw_object(&w);
			break;
		case '}':
			hc_jsonw_object_end(&w);
			break;
		case '[':
			hc_jsonw_array(&w);
			break;
		case ']':
			hc_jsonw_array_end(&w);
			break;
		case 'k':
			hc_jsonw_key(&w, "k");
			break;
		default:
			hc_jsonw_u64(&w, 1);
		}
	}
}

static bool aborts(const char *calls)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		play(calls);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_order(void **state)
{
	(void)state;
	static const char *const good[] = {"v",      "{}",          "[]",
					   "{kvkv}", "[v[v]{k[]}]", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};
	static const char *const bad[] = {"vv",
					  "{v",
					  "{kk",
					  "{k}",
					  "{]",
					  "[}",
					  "[k",
					  "}",
					  "]",
					  "k",
					  "{}v",
					  "[][",
					  "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};
	for (size_t i = 0; i < COUNT(good); i++)
		assert_false(aborts(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!aborts(bad[i]))
			fail_msg("%s does not abort", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
