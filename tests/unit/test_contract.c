#include "contract/contract.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "check.h"
#include "contract/pattern.h"
#include "contract/tables.h"

static const struct hc_operation *operation(const char *service, const char *name)
{
	const struct hc_operation *op = hc_contract_find(hc_str(service), hc_str(name));
	if (op == NULL)
		fail_msg("no operation %s of %s", name, service);
	return op;
}

/* The tree as text; "CODE: TEXT" of a problem. In a buffer of its own, until the next call. */
static const char *outcome(const char *service, const char *name, struct hc_str body)
{
	static char text[HC_PROBLEM_TEXT_MAX + 64];
	struct hc_problem problem = {NULL, "untouched"};
	json_t *tree = NULL;
	if (!hc_contract_read_json(operation(service, name), body, &tree, &problem)) {
		assert_null(tree);
		snprintf(text, sizeof text, "%s: %s", problem.code, problem.text);
		return text;
	}
	assert_null(problem.code);
	char *printed = json_dumps(tree, JSON_COMPACT | JSON_REAL_PRECISION(6));
	snprintf(text, sizeof text, "%s", printed);
	free(printed);
	json_decref(tree);
	return text;
}

struct row {
	const char *service, *operation, *body, *outcome;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = outcome(rows[i].service, rows[i].operation, hc_str(rows[i].body));
		if (strcmp(got, rows[i].outcome) != 0)
			fail_msg("%s\n  gives    %s\n  instead of %s", rows[i].body, got, rows[i].outcome);
	}
}

static void test_tables(void **state)
{
	(void)state;
	assert_true(hc_contract_count() >= 48 && hc_contract_count() <= HC_CONTRACT_OPERATIONS_MAX);
	for (size_t i = 0; i < hc_contract_count(); i++) {
		const struct hc_operation *op = hc_contract_at(i);
		char target[128];
		assert_int_equal(op->index, i);
		assert_ptr_equal(hc_contract_find(hc_str(op->service), hc_str(op->name)), op);
		assert_true(op->target != NULL || op->version != NULL);
		assert_true(op->target == NULL || op->json_version != NULL);
		if (op->target != NULL) {
			snprintf(target, sizeof target, "%s.%s", op->target, op->name);
			assert_ptr_equal(hc_contract_find_target(hc_str(target)), op);
		}
	}
	assert_null(hc_contract_find(HC_STR("sagemaker"), HC_STR("CreateMode")));
	assert_null(hc_contract_find(HC_STR("logs"), HC_STR("CreateModel")));
	assert_null(hc_contract_find(HC_STR(""), HC_STR("")));
	assert_null(hc_contract_find_target(HC_STR("")));
	assert_null(hc_contract_find_target(HC_STR("SageMaker.")));
	assert_null(hc_contract_find_target(HC_STR("SageMaker")));
	assert_null(hc_contract_find_target(HC_STR("SageMakerxCreateModel")));
	assert_null(hc_contract_find_target(HC_STR("Logs_20140328.CreateModel")));

	const struct hc_operation *op = operation("monitoring", "DeleteAlarms");
	assert_string_equal(op->target, "GraniteServiceVersion20100801");
	assert_string_equal(op->json_version, "1.0");
	assert_string_equal(op->version, "2010-08-01");
	assert_string_equal(op->xml_namespace, "http://monitoring.amazonaws.com/doc/2010-08-01/");
	assert_string_equal(op->errors[0], "ResourceNotFound");
	assert_int_equal(op->error_statuses[0], 404);
	op = operation("monitoring", "PutMetricData");
	assert_string_equal(op->errors[0], "InvalidParameterValueException");
	assert_string_equal(op->error_codes[0], "InvalidParameterValue");
	op = operation("iam", "GetRole");
	assert_null(op->target);
	assert_string_equal(op->result_wrapper, "GetRoleResult");
	assert_null(operation("sagemaker", "DeleteModel")->version);
	assert_null(operation("sagemaker", "DeleteModel")->output);
}

static void test_accepted(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"sagemaker", "ListModels", "", "{}"},
		{"sagemaker", "ListModels", " \r\n", "{}"},
		{"sagemaker", "ListModels", "{}", "{}"},
		{"sagemaker", "ListModels", "{\"MaxResults\":5.0,\"NameContains\":null}", "{\"MaxResults\":5}"},
		{"sagemaker", "ListModels", "{\"CreationTimeAfter\":1.5e9,\"CreationTimeBefore\":1621299600.25}",
		 "{\"CreationTimeAfter\":1500000000.0,\"CreationTimeBefore\":1621300000.0}"},
		/* characters, not bytes: 63 of two bytes would be too long otherwise, but the pattern is ASCII */
		{"sagemaker", "DeleteModel", "{\"ModelName\":\"a-b\"}", "{\"ModelName\":\"a-b\"}"},
		{"sagemaker", "AddTags",
		 "{\"ResourceArn\":\"arn:aws:sagemaker:us-west-2:123456789012:model/"
		 "x\",\"Tags\":[{\"Key\":\"é\",\"Value\":\"\"}]}",
		 "{\"ResourceArn\":\"arn:aws:sagemaker:us-west-2:123456789012:model/"
		 "x\",\"Tags\":[{\"Key\":\"é\",\"Value\":\"\"}]}"},
		/* an instance type that nobody knows yet */
		{"sagemaker", "CreateEndpointConfig",
		 "{\"EndpointConfigName\":\"c\",\"ProductionVariants\":[{\"VariantName\":\"v\",\"InstanceType\":\"ml."
		 "z99.huge\"}]}",
		 "{\"EndpointConfigName\":\"c\",\"ProductionVariants\":[{\"VariantName\":\"v\",\"InstanceType\":\"ml."
		 "z99.huge\"}]}"},
		{"monitoring", "PutMetricData",
		 "{\"Namespace\":\"n\",\"MetricData\":[{\"MetricName\":\"m\",\"Value\":1},{\"MetricName\":\"m\","
		 "\"Value\":1e-7}]}",
		 "{\"Namespace\":\"n\",\"MetricData\":[{\"MetricName\":\"m\",\"Value\":1},{\"MetricName\":\"m\","
		 "\"Value\":9.9999999999999995e-08}]}"},
		{"logs", "GetLogEvents",
		 "{\"logStreamName\":\"a/b\",\"startTime\":1621299600123,\"startFromHead\":true}",
		 "{\"logStreamName\":\"a/b\",\"startTime\":1621299600123,\"startFromHead\":true}"},
		{"sts", "GetCallerIdentity", "{}", "{}"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		json_t *got = json_loads(outcome(rows[i].service, rows[i].operation, hc_str(rows[i].body)), 0, NULL);
		json_t *expected = json_loads(rows[i].outcome, 0, NULL);
		if (!json_equal(got, expected))
			fail_msg("%s gives %s", rows[i].body,
				 outcome(rows[i].service, rows[i].operation, hc_str(rows[i].body)));
		json_decref(got);
		json_decref(expected);
	}
}

#define ENDPOINT_HEAD                                                                                     \
	"{\"JobDefinitionName\":\"j\",\"ModelQualityAppSpecification\":{\"ImageUri\":\"i\"},\"RoleArn\":" \
	"\"arn:aws:iam::123456789012:role/r\",\"JobResources\":{\"ClusterConfig\":{\"InstanceCount\":1,"  \
	"\"InstanceType\":\"ml.m5.large\",\"VolumeSizeInGB\":1}},\"ModelQualityJobOutputConfig\":{"       \
	"\"MonitoringOutputs\":[{\"S3Output\":{\"S3Uri\":\"s3://b/k\",\"LocalPath\":\"/o\"}}]},"          \
	"\"ModelQualityJobInput\":{\"GroundTruthS3Input\":{\"S3Uri\":\"s3://b/g\"}"

static void test_defaults(void **state)
{
	(void)state;
	json_t *tree = NULL;
	struct hc_problem problem;
	const struct hc_operation *op = operation("sagemaker", "CreateModelQualityJobDefinition");
	struct hc_str body = HC_STR(ENDPOINT_HEAD ",\"EndpointInput\":{\"EndpointName\":\"e\",\"LocalPath\":\"/i\","
						  "\"S3DataDistributionType\":\"ShardedByS3Key\"}}}");
	if (!hc_contract_read_json(op, body, &tree, &problem))
		fail_msg("%s", problem.text);
	const json_t *input = json_object_get(json_object_get(tree, "ModelQualityJobInput"), "EndpointInput");
	assert_string_equal(json_string_value(json_object_get(input, "S3InputMode")), "File");
	assert_string_equal(json_string_value(json_object_get(input, "S3DataDistributionType")), "ShardedByS3Key");
	json_decref(tree);
	/* not where the structure is not */
	tree = NULL;
	assert_true(hc_contract_read_json(op, HC_STR(ENDPOINT_HEAD "}}"), &tree, &problem));
	assert_null(json_object_get(json_object_get(tree, "ModelQualityJobInput"), "EndpointInput"));
	json_decref(tree);
}

#define V "ValidationException: "
#define ONE V "1 validation error detected: "
#define AT(name) " at '" name "' failed to satisfy constraint: "
#define MODEL "\"arn:aws:sagemaker:us-west-2:123456789012:model/x\""

static void test_refused(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"sagemaker", "DeleteMonitoringSchedule", "{\"MonitoringScheduleName\":\"x_y\"}",
		 ONE "Value 'x_y'" AT("monitoringScheduleName") "Member must satisfy regular expression "
								"pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"},
		{"sagemaker", "DeleteMonitoringSchedule", "{\"MonitoringScheduleName\":\"x\\n\"}",
		 ONE "Value 'x\\x0a'" AT("monitoringScheduleName") "Member must satisfy regular expression "
								   "pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"},
		{"sagemaker", "DeleteMonitoringSchedule", "{\"MonitoringScheduleName\":\"\"}",
		 V "2 validation errors detected: Value ''" AT(
			 "monitoringScheduleName") "Member must have length greater than or equal to 1; Value "
						   "''" AT("monitoringScheduleName") "Member must satisfy "
										     "regular expression "
										     "pattern: "
										     "^[a-zA-Z0-9](-*[a-zA-Z0-"
										     "9]){0,62}$"},
		{"sagemaker", "DeleteMonitoringSchedule", "{}",
		 ONE "Value null" AT("monitoringScheduleName") "Member must not be null"},
		{"sagemaker", "DeleteMonitoringSchedule", "{\"MonitoringScheduleName\":null}",
		 ONE "Value null" AT("monitoringScheduleName") "Member must not be null"},
		{"sagemaker", "ListModels", "{\"MaxResults\":101,\"SortOrder\":\"Up\"}",
		 V "2 validation errors detected: Value 'Up'" AT(
			 "sortOrder") "Member must satisfy enum value set: [Ascending, Descending]; Value "
				      "'101'" AT("maxResults") "Member must have value less than or equal to "
							       "100"},
		{"sagemaker", "ListModels", "{\"MaxResults\":0}",
		 ONE "Value '0'" AT("maxResults") "Member must have value greater than or equal to 1"},
		{"sagemaker", "AddTags",
		 "{\"ResourceArn\":" MODEL ",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"},{\"Key\":\"\"}]}",
		 V "2 validation errors detected: Value ''" AT(
			 "tags.2.member.key") "Member must have length greater than or equal to 1; Value "
					      "null" AT("tags.2.member.value") "Member must not be null"},
		{"sagemaker", "AddTags", "{\"ResourceArn\":" MODEL ",\"Tags\":[null]}",
		 ONE "Value null" AT("tags.1.member") "Member must not be null"},
		{"sagemaker", "DeleteTags", "{\"ResourceArn\":" MODEL ",\"TagKeys\":[]}",
		 ONE "Value '[]'" AT("tagKeys") "Member must have length greater than or equal to 1"},
		{"sagemaker", "DeleteTags", "{\"ResourceArn\":" MODEL ",\"TagKeys\":[\"good\",\"*\"]}",
		 ONE
		 "Value '[*]'" AT("tagKeys") "Member must satisfy constraint: [Member must have length less than or "
					     "equal "
					     "to 128, Member must have length greater than or equal to 1, Member must "
					     "satisfy regular expression pattern: ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)]"},
		{"sagemaker", "CreateModel",
		 "{\"ModelName\":\"m\",\"PrimaryContainer\":{\"Environment\":{\"1\":\"x\"}}}",
		 ONE
		 "Value '{1}'" AT("primaryContainer.environment") "Map keys must satisfy constraint: [Member must have "
								  "length less than or equal to 1024, Member must "
								  "have length greater than or equal to 0, Member must "
								  "satisfy regular expression pattern: "
								  "^[a-zA-Z_][a-zA-Z0-9_]*$]"},
		{"sagemaker", "CreateModel",
		 "{\"ModelName\":\"m\",\"PrimaryContainer\":{\"Environment\":{\"A\":null}}}",
		 ONE "Value null" AT("primaryContainer.environment.A") "Member must not be null"},
		{"sagemaker", "ListModels", "{\"maxResults\":1}",
		 ONE "Value '1'" AT("maxResults") "Member is not known to this server, which would have to ignore it"},
		{"sagemaker", "CreateModel",
		 "{\"ModelName\":\"m\",\"PrimaryContainer\":{\"A\\nB\":{\"c\":[1,true,2.5]}}}",
		 ONE "Value '{c=[1, true, 2.5]}'" AT(
			 "primaryContainer.A\\x0aB") "Member is not known to this server, which would have to "
						     "ignore it"},
		{"sts", "GetCallerIdentity", "{\"A\":1}",
		 ONE "Value '1'" AT("A") "Member is not known to this server, which would have to ignore it"},
		{"monitoring", "PutMetricAlarm", "{\"AlarmName\":\"a\",\"EvaluationInterval\":10}",
		 ONE "Value '10'" AT("evaluationInterval") "Member is not supported by this server: alarms "
							   "over queries are not evaluated here"},
	};
	check_rows(rows, COUNT(rows));
}

#define S "SerializationException: "

static void test_not_json_or_of_wrong_type(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"sagemaker", "ListModels", "{\"MaxResults\":\"5\"}",
		 S "STRING_VALUE cannot be converted to Integer, at 'maxResults'"},
		{"sagemaker", "ListModels", "{\"MaxResults\":5.5}",
		 S "NUMBER_VALUE cannot be converted to Integer, at 'maxResults'"},
		{"sagemaker", "ListModels", "{\"MaxResults\":2147483648}",
		 S "NUMBER_VALUE cannot be converted to Integer, at 'maxResults'"},
		{"sagemaker", "ListModels", "{\"MaxResults\":true}",
		 S "TRUE_VALUE cannot be converted to Integer, at 'maxResults'"},
		{"sagemaker", "ListModels", "{\"MaxResults\":[5]}",
		 S "Start of list found where an Integer was expected, at 'maxResults'"},
		{"sagemaker", "ListModels", "{\"CreationTimeAfter\":\"2026-03-01T05:00:00Z\"}",
		 S "STRING_VALUE cannot be converted to Timestamp, at 'creationTimeAfter'"},
		{"sagemaker", "ListModels", "{\"CreationTimeAfter\":1e18}",
		 S "NUMBER_VALUE cannot be converted to Timestamp, at 'creationTimeAfter'"},
		{"sagemaker", "AddTags", "{\"Tags\":{\"Key\":\"a\"}}",
		 S "Start of structure or map found where a list was expected, at 'tags'"},
		{"sagemaker", "AddTags", "{\"Tags\":[5]}",
		 S "NUMBER_VALUE found where a structure was expected, at 'tags.1.member'"},
		{"sagemaker", "AddTags", "{\"Tags\":[{\"Key\":\"a\",\"Value\":5}]}",
		 S "NUMBER_VALUE cannot be converted to String, at 'tags.1.member.value'"},
		{"sagemaker", "CreateModel", "{\"PrimaryContainer\":{\"Environment\":{\"K\":1}}}",
		 S "NUMBER_VALUE cannot be converted to String, at 'primaryContainer.environment.K'"},
		{"logs", "GetLogEvents", "{\"startTime\":9007199254740994.0}",
		 S "NUMBER_VALUE cannot be converted to Long, at 'startTime'"},
		{"logs", "GetLogEvents", "{\"startTime\":9.3e18}",
		 S "NUMBER_VALUE cannot be converted to Long, at 'startTime'"},
		{"sagemaker", "ListModels", "[]", S "The body is a JSON array; it must be an object."},
		{"sagemaker", "ListModels", "{\"MaxResults\":\n  5,,}",
		 S "The body is not valid JSON at line 2, column 5: string or '}' expected near ','"},
		{"sagemaker", "ListModels", "{\"MaxResults\":5,\"MaxResults\":6}",
		 S "The body is not valid JSON at line 1, column 28: duplicate object key near '\"MaxResults\"'"},
		{"sagemaker", "ListModels", "{} {}",
		 S "The body is not valid JSON at line 1, column 4: end of file expected near '{'"},
	};
	check_rows(rows, COUNT(rows));
	static const char *const bad[] = {"{",
					  "}",
					  "5",
					  "null",
					  "\"x\"",
					  "{\"MaxResults\":NaN}",
					  "{\"MaxResults\":Infinity}",
					  "{\"MaxResults\":1e999}",
					  "{\"MaxResults\":99999999999999999999}",
					  "{'a':1}",
					  "{\"\\u0000\":1}",
					  "{\"NameContains\":\"\\u0000\"}",
					  "{\"NameContains\":\"\xff\"}",
					  "{\"NameContains\":\"\\ud800\"}",
					  "{\"NameContains\":\"\n\"}",
					  "\xef\xbb\xbf{}"};
	for (size_t i = 0; i < COUNT(bad); i++)
		if (strncmp(outcome("sagemaker", "ListModels", hc_str(bad[i])), S, sizeof S - 1) != 0)
			fail_msg("%s gives %s", bad[i], outcome("sagemaker", "ListModels", hc_str(bad[i])));
	assert_string_equal(outcome("sagemaker", "ListModels", (struct hc_str){"{}\0{}", 5}),
			    S "The body has a NUL byte.");
}

/* head, n times unit, tail: what is bigger than the limits. */
static const char *outcome_of_many(const char *head, const char *unit, size_t n, const char *tail)
{
	struct hc_buf body = HC_BUF(64 << 20);
	hc_buf_cstr(&body, head);
	for (size_t i = 0; i < n; i++)
		hc_buf_cstr(&body, unit);
	hc_buf_cstr(&body, tail);
	assert_false(body.failed);
	const char *text = outcome("sagemaker", "DeleteTags", hc_buf_view(&body));
	hc_buf_free(&body);
	return text;
}

static void test_limits(void **state)
{
	(void)state;
	assert_string_equal(outcome_of_many("{\"A\":", "[", 1000000, ""),
			    S "The body has too many containers within each other.");
	assert_string_equal(outcome_of_many("{\"A\":[", "{},", 100000, "{}]}"),
			    S "The body has too many objects and arrays.");
	assert_string_equal(outcome_of_many("{\"A\":[", "1,", 1000000, "1]}"), S "The body has too many values.");
	assert_string_equal(outcome_of_many("", " ", HC_CONTRACT_BODY_MAX, "{}"),
			    S "The body has 4194306 bytes; the most is 4194304.");
	assert_string_equal(outcome_of_many("{\"TagKeys\":\"", "x", 4000000, ""),
			    S "The body is not valid JSON at line 1, column 4000012: premature end of input");
	/* many findings: counted up to a limit, and cut at a character */
	struct hc_buf body = HC_BUF(64 << 20);
	for (int i = 0; i < 1000; i++)
		hc_buf_printf(&body, "%s\"\\u00e9\\u00e9%d\":\"\\u00e9\\u00e9\\u00e9\"", i ? "," : "{", i);
	hc_buf_char(&body, '}');
	const char *text = outcome("sagemaker", "DeleteTags", hc_buf_view(&body));
	assert_non_null(strstr(text, V "50 validation errors detected: "));
	assert_int_equal(hc_utf8_valid_prefix(text, strlen(text)), strlen(text));
	hc_buf_free(&body);
}

static void test_long_values(void **state)
{
	(void)state;
	/* shown in part; a pattern with a way back for each of two million dashes is given up, not followed */
	struct hc_buf body = HC_BUF(8 << 20);
	hc_buf_cstr(&body, "{\"ModelName\":\"");
	for (int i = 0; i < 2000000; i++)
		hc_buf_cstr(&body, "a-");
	hc_buf_cstr(&body, "\"}");
	const char *text = outcome("sagemaker", "DeleteModel", hc_buf_view(&body));
	assert_non_null(strstr(text, "2 validation errors detected: Value 'a-a-"));
	assert_non_null(strstr(text, "..."
				     "'" AT("modelName") "Member must have length less than or equal to 63; "));
	assert_true(strlen(text) < 1000);
	hc_buf_free(&body);
}

/* The pattern of that text, as it was imported. */
static unsigned pattern_of(const struct hc_shape *shape, const char *member)
{
	for (size_t i = 0; i < shape->n_members; i++)
		if (strcmp(shape->members[i].name, member) == 0)
			return shape->members[i].shape->pattern_index;
	fail_msg("no %s", member);
	return 0;
}

static void test_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *service, *operation, *member, *text;
		bool matches;
	} table[] = {
		{"sagemaker", "DeleteModel", "ModelName", "a", true},
		{"sagemaker", "DeleteModel", "ModelName", "a-", false},
		{"sagemaker", "DeleteModel", "ModelName", "a\n", false},
		{"sagemaker", "DeleteModel", "ModelName", "\xd9\xa1", false},
		/* the dot and lines' ends; digits are ASCII */
		{"sagemaker", "ListModels", "NextToken", "any thing\t", true},
		{"sagemaker", "ListModels", "NextToken", "a\nb", false},
		{"sagemaker", "ListModels", "NextToken", "a\rb", false},
		{"sagemaker", "ListModels", "NextToken",
		 "a\xe2\x80\xa8"
		 "b",
		 false},
		{"sagemaker", "CreateModel", "ExecutionRoleArn", "arn:aws:iam::123456789012:role/x", true},
		{"sagemaker", "CreateModel", "ExecutionRoleArn", "arn:aws-cn:iam::123456789012:role/p/x", true},
		{"sagemaker", "CreateModel", "ExecutionRoleArn", "arn:aws:iam::12345678901:role/x", false},
		{"sagemaker", "CreateModel", "ExecutionRoleArn", "arn:aws:iam::12345678901\xd9\xa1:role/x", false},
		{"iam", "GetRole", "RoleName", "Some+Role=,.@-_9", true},
		{"iam", "GetRole", "RoleName", "R\xc3\xb4le", false},
		{"monitoring", "PutMetricData", "Namespace", ":a", false},
		{"monitoring", "PutMetricData", "Namespace", "aws/sagemaker", true},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct hc_operation *op = operation(table[i].service, table[i].operation);
		const unsigned pattern = pattern_of(op->input, table[i].member);
		if (hc_pattern_matches(pattern, hc_str(table[i].text)) != table[i].matches)
			fail_msg("%s: \"%s\"", table[i].member, table[i].text);
	}
}

/* Java's spellings that PCRE2 has not, by what tools/contract made of them. */
static void test_translated_patterns(void **state)
{
	(void)state;
	bool seen = false;
	for (unsigned i = 1; i < hc_contract_n_patterns; i++) {
		assert_null(strstr(hc_contract_patterns[i], "\\u"));
		if (strstr(hc_contract_patterns[i], "\\x{10000}-\\x{10FFFF}") == NULL)
			continue;
		seen = true;
		assert_true(hc_pattern_matches(i, HC_STR("a \xf0\x9f\x98\x80")));
		assert_false(hc_pattern_matches(i, HC_STR("a \x01")));
	}
	assert_true(seen);
}

static void test_write_json(void **state)
{
	(void)state;
	static const struct {
		const char *result, *body;
	} table[] = {
		{"{}", "{}"},
		{"{\"CreationTime\":1621299600,\"ModelName\":\"a\\\"<\\u00e9\\u0001\"}",
		 "{\"CreationTime\":1621299600,\"ModelName\":\"a\\\"<\xc3\xa9\\u0001\"}"},
		{"{\"CreationTime\":1621299600.729}", "{\"CreationTime\":1621299600.729}"},
		{"{\"CreationTime\":1621299600.7}", "{\"CreationTime\":1621299600.7}"},
		{"{\"CreationTime\":1621299600.0}", "{\"CreationTime\":1621299600}"},
		{"{\"CreationTime\":1621299600.0004}", "{\"CreationTime\":1621299600}"},
		{"{\"Containers\":[{},{\"Environment\":{\"A\":\"1\"}}]}",
		 "{\"Containers\":[{},{\"Environment\":{\"A\":\"1\"}}]}"},
		{"{\"EnableNetworkIsolation\":true,\"ModelName\":null}", "{\"EnableNetworkIsolation\":true}"},
	};
	const struct hc_operation *op = operation("sagemaker", "DescribeModel");
	struct hc_buf out = HC_BUF(1 << 16);
	for (size_t i = 0; i < COUNT(table); i++) {
		json_t *result = json_loads(table[i].result, 0, NULL);
		hc_buf_reset(&out);
		hc_contract_write_json(op, result, &out);
		check_str(hc_buf_view(&out), table[i].body);
		json_decref(result);
	}
	hc_buf_reset(&out);
	hc_contract_write_json(op, NULL, &out);
	assert_int_equal(out.n, 0);
	json_t *data = json_loads("{\"Datapoints\":[{\"Timestamp\":1.5,\"Average\":0.1,\"Sum\":1e21,\"Maximum\":3.0}]}",
				  0, NULL);
	hc_contract_write_json(operation("monitoring", "GetMetricStatistics"), data, &out);
	check_str(hc_buf_view(&out),
		  "{\"Datapoints\":[{\"Timestamp\":1.5,\"Average\":0.1,\"Sum\":1.0E21,\"Maximum\":3}]}");
	json_decref(data);
	hc_buf_free(&out);
}

static void test_check_output(void **state)
{
	(void)state;
	struct hc_problem problem;
	json_t *good = json_loads("{\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}],\"NextToken\":null}", 0, NULL);
	json_t *bad = json_loads("{\"Tags\":[{\"Key\":\"a\"}],\"More\":1}", 0, NULL);
	const struct hc_operation *op = operation("sagemaker", "ListTags");
	assert_true(hc_contract_check_output(op, good, &problem));
	assert_int_equal(json_object_size(good), 2); /* as it was */
	assert_false(hc_contract_check_output(op, bad, &problem));
	assert_string_equal(
		problem.text,
		"2 validation errors detected: Value null" AT(
			"tags.1.member.value") "Member must not be null; Value '1'" AT("More") "Member is not known to "
											       "this server, which "
											       "would have to ignore "
											       "it");
	assert_true(hc_contract_check_output(operation("sagemaker", "DeleteModel"), NULL, &problem));
	assert_false(hc_contract_check_output(operation("sagemaker", "DeleteModel"), good, &problem));
	assert_false(hc_contract_check_output(operation("sagemaker", "DescribeModel"), NULL, &problem));
	json_decref(good);
	json_decref(bad);
}

static void test_union(void **state)
{
	(void)state;
	static const struct hc_shape text = {.type = HC_SHAPE_STRING, .name = "Text"};
	static const struct hc_member either_members[] = {{"A", &text, false, NULL, NULL},
							  {"B", &text, false, NULL, NULL}};
	static const struct hc_shape either = {.type = HC_SHAPE_STRUCTURE,
					       .name = "Either",
					       .members = either_members,
					       .n_members = 2,
					       .is_union = true};
	static const struct hc_member members[] = {{"E", &either, false, NULL, NULL}};
	static const struct hc_shape input = {
		.type = HC_SHAPE_STRUCTURE, .name = "In", .members = members, .n_members = 1};
	static const struct hc_operation op = {.service = "x", .name = "X", .input = &input};
	struct hc_problem problem;
	json_t *tree = NULL;
	assert_true(hc_contract_read_json(&op, HC_STR("{\"E\":{\"A\":\"x\",\"B\":null}}"), &tree, &problem));
	json_decref(tree);
	assert_false(hc_contract_read_json(&op, HC_STR("{\"E\":{}}"), &tree, &problem));
	assert_string_equal(problem.text,
			    "1 validation error detected: Value '{}'" AT("e") "Member must have exactly one of [A, B]");
	assert_false(hc_contract_read_json(&op, HC_STR("{\"E\":{\"A\":\"x\",\"B\":\"y\"}}"), &tree, &problem));
	assert_string_equal(problem.text, "1 validation error detected: Value '{A=x, B=y}'" AT(
						  "e") "Member must have exactly one of [A, B]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_json_or_of_wrong_type),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_values),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_translated_patterns),
		cmocka_unit_test(test_write_json),
		cmocka_unit_test(test_check_output),
		cmocka_unit_test(test_union),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
