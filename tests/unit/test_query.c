#include "contract/contract.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* An operation with everything that a form can hold; AWS's have no maps. */
static const struct hc_shape text = {.type = HC_SHAPE_STRING, .name = "Text"};
static const struct hc_shape count = {.type = HC_SHAPE_INTEGER, .name = "Count", .has_max = true, .max = 100};
static const struct hc_shape number = {.type = HC_SHAPE_DOUBLE, .name = "Number"};
static const struct hc_shape flag = {.type = HC_SHAPE_BOOLEAN, .name = "Flag"};
static const struct hc_shape when = {.type = HC_SHAPE_TIMESTAMP, .name = "When"};
static const struct hc_shape blob = {.type = HC_SHAPE_BLOB, .name = "Blob"};
static const struct hc_member texts_element[] = {{"member", &text, false, NULL, NULL}};
static const struct hc_shape texts = {.type = HC_SHAPE_LIST, .name = "Texts", .members = texts_element, .n_members = 1};
static const struct hc_member pair_members[] = {{"Key", &text, true, NULL, NULL}, {"Value", &text, false, NULL, NULL}};
static const struct hc_shape pair = {
	.type = HC_SHAPE_STRUCTURE, .name = "Pair", .members = pair_members, .n_members = 2};
static const struct hc_member pairs_element[] = {{"member", &pair, false, NULL, NULL}};
static const struct hc_shape pairs = {.type = HC_SHAPE_LIST, .name = "Pairs", .members = pairs_element, .n_members = 1};
static const struct hc_member map_parts[] = {{"key", &text, false, NULL, NULL}, {"value", &pair, false, NULL, NULL}};
static const struct hc_shape map = {.type = HC_SHAPE_MAP, .name = "Map", .members = map_parts, .n_members = 2};
static const struct hc_member all_members[] = {
	{"Text", &text, false, NULL, NULL},     {"Count", &count, false, NULL, NULL},
	{"Number", &number, false, NULL, NULL}, {"Flag", &flag, false, NULL, NULL},
	{"When", &when, false, NULL, NULL},     {"Blob", &blob, false, NULL, NULL},
	{"Texts", &texts, false, NULL, NULL},   {"Pair", &pair, false, NULL, NULL},
	{"Pairs", &pairs, false, NULL, NULL},   {"Map", &map, false, NULL, NULL},
};
static const struct hc_shape all = {
	.type = HC_SHAPE_STRUCTURE, .name = "All", .members = all_members, .n_members = COUNT(all_members)};
static const struct hc_operation made_up = {.service = "x",
					    .name = "DoAll",
					    .version = "2000-01-01",
					    .xml_namespace = "urn:x",
					    .input = &all,
					    .output = &all,
					    .result_wrapper = "DoAllResult"};

/* The tree as text; "CODE: TEXT" of a problem. In a buffer of its own, until the next call. */
static const char *outcome(struct hc_str form)
{
	static char shown[HC_PROBLEM_TEXT_MAX + 64];
	struct hc_problem problem;
	json_t *tree = NULL;
	if (!hc_contract_read_query(&made_up, form, &tree, &problem)) {
		assert_null(tree);
		snprintf(shown, sizeof shown, "%s: %s", problem.code, problem.text);
		return shown;
	}
	char *printed = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
	snprintf(shown, sizeof shown, "%s", printed);
	free(printed);
	json_decref(tree);
	return shown;
}

struct row {
	const char *form, *outcome;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = outcome(hc_str(rows[i].form));
		if (strcmp(got, rows[i].outcome) != 0)
			fail_msg("%s\n  gives    %s\n  instead of %s", rows[i].form, got, rows[i].outcome);
	}
}

static void test_accepted(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"", "{}"},
		{"Action=DoAll&Version=2000-01-01&X-Amz-Date=x", "{}"},
		{"Text=", "{\"Text\":\"\"}"},
		{"Text", "{\"Text\":\"\"}"},
		{"Text=a+b%2Bc%C3%A9%26", "{\"Text\":\"a b+c\xc3\xa9&\"}"},
		{"%54ext=a", "{\"Text\":\"a\"}"},
		{"Count=-5&Number=1e-3&Flag=true&Blob=YQ==",
		 "{\"Blob\":\"YQ==\",\"Count\":-5,\"Flag\":true,\"Number\":0.001}"},
		{"Flag=False", "{\"Flag\":false}"},
		{"When=2021-05-18T01:00:00Z", "{\"When\":1621299600}"},
		{"When=2021-05-18T01%3A00%3A00.5%2B00%3A00", "{\"When\":1621299600.5}"},
		/* by their numbers, gaps closed */
		{"Texts.member.10=c&Texts.member.2=b&Texts.member.1=a", "{\"Texts\":[\"a\",\"b\",\"c\"]}"},
		{"Texts.member.1000000=a", "{\"Texts\":[\"a\"]}"},
		{"Texts=", "{\"Texts\":[]}"},
		{"Pairs.member.2.Key=b&Pairs.member.1.Value=v&Pairs.member.1.Key=a",
		 "{\"Pairs\":[{\"Key\":\"a\",\"Value\":\"v\"},{\"Key\":\"b\"}]}"},
		{"Map.entry.1.key=k.1&Map.entry.1.value.Key=a&Map.entry.2.value.Key=b&Map.entry.2.key=",
		 "{\"Map\":{\"\":{\"Key\":\"b\"},\"k.1\":{\"Key\":\"a\"}}}"},
		{"Pair.Key=a&&&Pair.Value=b&", "{\"Pair\":{\"Key\":\"a\",\"Value\":\"b\"}}"},
	};
	check_rows(rows, COUNT(rows));
}

#define M "MalformedInput: The parameter "
#define E "ValidationError: 1 validation error detected: "

static void test_refused(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"Version=1999-01-01", "InvalidAction: Could not find operation DoAll for version 1999-01-01"},
		{"Text=a&Text=b", M "Text is given twice."},
		{"Text=a&%54ext=a", M "Text is given twice."},
		{"Text.A=a", M "Text is a single value and has none below it."},
		{"Text=a&Text.A=b", M "Text.A stands below another that has a value."},
		{"Text.A=a&Text=b", M "Text is given twice."},
		{"Text=%4", M "Text is not encoded as a form is (%XX)."},
		{"Text=%ff", M "Text has a value that is not UTF-8."},
		{"Text=%00", M "Text has a NUL byte in its value."},
		{"T%00=a", M "T\\x00 has no name, or a NUL byte in it."},
		{"%ff=a", M "\\xff has a name that cannot be kept."},
		{"=a", M " has no name, or a NUL byte in it."},
		{"Count=5.0", M "Count is no number of its kind."},
		{"Count=", M "Count is no number of its kind."},
		{"Count=-", M "Count is no number of its kind."},
		{"Count=9223372036854775808", M "Count is no number of its kind."},
		{"Count=2147483648", "MalformedInput: NUMBER_VALUE cannot be converted to Integer, at 'count'"},
		{"Number=nan", M "Number is no number of its kind."},
		{"Number=-inf", M "Number is no number of its kind."},
		{"Number=1e999", M "Number is no number of its kind."},
		{"Flag=1", M "Flag is neither true nor false."},
		{"When=1621299600", M "When is no time in ISO 8601."},
		{"Texts=a", M "Texts is no list: it has a value of its own."},
		{"Texts.1=a", M "Texts is a list or map, whose elements are named .member.N or .entry.N."},
		{"Texts.member=a", M "Texts is a list or map, whose elements are named .member.N or .entry.N."},
		{"Texts.member.1=a&Texts.x=b",
		 M "Texts is a list or map, whose elements are named .member.N or .entry.N."},
		{"Texts.member.0=a", M "Texts has an element whose number is none, or too great."},
		{"Texts.member.01=a", M "Texts has an element whose number is none, or too great."},
		{"Texts.member.-1=a", M "Texts has an element whose number is none, or too great."},
		{"Texts.member.=a", M "Texts has an element whose number is none, or too great."},
		{"Texts.member.1000001=a", M "Texts has an element whose number is none, or too great."},
		{"Texts.member.99999999999999999999=a", M "Texts has an element whose number is none, or too great."},
		{"Texts.member.1.A=a", M "Texts is a single value and has none below it."},
		{"Pairs.member.1=a", M "Pairs is a structure and cannot have a value of its own."},
		{"Pair=a", M "Pair is a structure and cannot have a value of its own."},
		{"Map.entry.1.key=k", M "Map has an entry that is not a key and a value."},
		{"Map.entry.1=k", M "Map has an entry that is not a key and a value."},
		{"Map.entry.1.key=k&Map.entry.1.value.Key=a&Map.entry.2.key=k&Map.entry.2.value.Key=a",
		 M "Map has two entries of one key."},
		{"A.B.C.D.E.F.G.H.I.J.K.L.M.N.O.P.Q.R.S.T.U.V.W.X.Y=1",
		 M "A.B.C.D.E.F.G.H.I.J.K.L.M.N.O.P.Q.R.S.T.U.V.W.X.Y has too many parts."},
		/* the same checks as JSON's */
		{"Count=101", E "Value '101' at 'count' failed to satisfy constraint: Member must have value less than "
				"or equal to 100"},
		{"Pairs.member.1.Value=v",
		 E "Value null at 'pairs.1.member.key' failed to satisfy constraint: Member must not be null"},
		{"Other=x", E "Value 'x' at 'Other' failed to satisfy constraint: Member is not known to this server, "
			      "which would have "
			      "to ignore it"},
		{"Other.A=x",
		 E "Value '{A=x}' at 'Other' failed to satisfy constraint: Member is not known to this server, which "
		   "would have to ignore it"},
	};
	check_rows(rows, COUNT(rows));
}

static const char *outcome_of_many(const char *fmt, size_t n)
{
	struct hc_buf form = HC_BUF(64 << 20);
	for (size_t i = 1; i <= n; i++)
		hc_buf_printf(&form, fmt, i);
	const char *shown = outcome(hc_buf_view(&form));
	hc_buf_free(&form);
	return shown;
}

static void test_limits(void **state)
{
	(void)state;
	assert_string_equal(outcome_of_many("Pairs.member.%zu.Key=a&", 70000),
			    M "Pairs.member.65535.Key is beyond the number of structures and lists of one request.");
	assert_string_equal(outcome_of_many("a%zu=&", 600000),
			    "MalformedInput: The form has 5288895 bytes; the most is 4194304.");
	assert_non_null(
		strstr(outcome_of_many("%zu&", 600000), M "524289 is beyond the number of parameters of one request."));
	assert_non_null(strstr(outcome_of_many("Texts.member.%zu=a&", 3000), "{\"Texts\":[\"a\",\"a\""));
}

/* PutMetricData as Debian's aws command line sends it. */
static void test_as_sent(void **state)
{
	(void)state;
	const struct hc_operation *op = hc_contract_find(HC_STR("monitoring"), HC_STR("PutMetricData"));
	struct hc_problem problem;
	json_t *tree = NULL;
	struct hc_str form =
		HC_STR("Action=PutMetricData&Version=2010-08-01&Namespace=a%2Fb&MetricData.member.1.MetricName=m"
		       "&MetricData.member.1.Dimensions.member.1.Name=Endpoint&MetricData.member.1.Dimensions.member.1."
		       "Value=e&MetricData.member.1.Timestamp=2026-03-01T05%3A00%3A00Z&MetricData.member.1.Value=0.5");
	if (!hc_contract_read_query(op, form, &tree, &problem))
		fail_msg("%s", problem.text);
	json_t *expected =
		json_loads("{\"Namespace\":\"a/b\",\"MetricData\":[{\"MetricName\":\"m\",\"Dimensions\":[{\"Name\":"
			   "\"Endpoint\",\"Value\":\"e\"}],\"Timestamp\":1772341200,\"Value\":0.5}]}",
			   0, NULL);
	assert_true(json_equal(tree, expected));
	json_decref(tree);
	json_decref(expected);
	/* an operation without members, one without the protocol */
	tree = NULL;
	op = hc_contract_find(HC_STR("sts"), HC_STR("GetCallerIdentity"));
	assert_true(hc_contract_read_query(op, HC_STR("Action=GetCallerIdentity&Version=2011-06-15"), &tree, &problem));
	json_decref(tree);
	op = hc_contract_find(HC_STR("sagemaker"), HC_STR("ListModels"));
	assert_false(hc_contract_read_query(op, HC_STR("Version=2017-07-24"), &tree, &problem));
	assert_string_equal(problem.code, "InvalidAction");
}

static void test_write(void **state)
{
	(void)state;
	static const struct {
		const char *result, *inner;
	} table[] = {
		{"{}", ""},
		{"{\"Number\":0.1,\"Text\":\"a<b>&\\u0001\\u00e9\",\"Count\":5}",
		 "<Text>a&lt;b&gt;&amp;\xef\xbf\xbd\xc3\xa9</Text><Count>5</Count><Number>0.1</Number>"},
		{"{\"Flag\":true,\"When\":1621299600}", "<Flag>true</Flag><When>2021-05-18T01:00:00Z</When>"},
		{"{\"When\":1621299600.7291}", "<When>2021-05-18T01:00:00.729Z</When>"},
		{"{\"When\":-1e300}", "<When>0001-01-01T00:00:00Z</When>"},
		{"{\"Texts\":[\"a\",\"\"],\"Pairs\":[]}",
		 "<Texts><member>a</member><member></member></Texts><Pairs></Pairs>"},
		{"{\"Pairs\":[{\"Key\":\"a\"}],\"Pair\":null}", "<Pairs><member><Key>a</Key></member></Pairs>"},
		{"{\"Map\":{\"k\":{\"Key\":\"a\"}}}",
		 "<Map><entry><key>k</key><value><Key>a</Key></value></entry></Map>"},
		{"{\"Unknown\":1}", ""},
	};
	struct hc_buf out = HC_BUF(1 << 16);
	for (size_t i = 0; i < COUNT(table); i++) {
		char expected[1024];
		json_t *result = json_loads(table[i].result, 0, NULL);
		snprintf(expected, sizeof expected,
			 "<DoAllResponse "
			 "xmlns=\"urn:x\"><DoAllResult>%s</DoAllResult><ResponseMetadata><RequestId>r</RequestId>"
			 "</ResponseMetadata></DoAllResponse>",
			 table[i].inner);
		hc_buf_reset(&out);
		hc_contract_write_query(&made_up, result, "r", &out);
		check_str(hc_buf_view(&out), expected);
		json_decref(result);
	}
	hc_buf_reset(&out);
	hc_contract_write_query(hc_contract_find(HC_STR("monitoring"), HC_STR("DeleteAlarms")), NULL, "r", &out);
	check_str(hc_buf_view(&out),
		  "<DeleteAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
		  "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DeleteAlarmsResponse>");
	hc_buf_free(&out);
}

static void test_write_error(void **state)
{
	(void)state;
	struct hc_buf out = HC_BUF(1 << 16);
	hc_contract_write_query_error(hc_contract_find(HC_STR("iam"), HC_STR("GetRole")), "NoSuchEntity",
				      HC_STR("no <role>"), true, "r", &out);
	check_str(hc_buf_view(&out),
		  "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"
		  "<Code>NoSuchEntity</Code><Message>no &lt;role&gt;</Message></Error><RequestId>r</RequestId>"
		  "</ErrorResponse>");
	hc_buf_reset(&out);
	hc_contract_write_query_error(NULL, "InternalFailure", HC_STR(""), false, "r", &out);
	check_str(hc_buf_view(&out),
		  "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message></Message>"
		  "</Error><RequestId>r</RequestId></ErrorResponse>");
	hc_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_as_sent),  cmocka_unit_test(test_write),   cmocka_unit_test(test_write_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
