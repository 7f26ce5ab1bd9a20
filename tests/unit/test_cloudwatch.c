#include "cloudwatch/cloudwatch.h"

#include "check_service.h"

/* The clock of these tests stands at 2026-01-01T00:00:00Z = 1767225600. */
#define SPACE "'Namespace':'aws/sagemaker/Endpoints/model-metrics'"
#define DIMENSIONS "'Dimensions':[{'Name':'Endpoint','Value':'churn'},{'Name':'MonitoringSchedule','Value':'s1'}]"

static void put_one(const char *name, long long at, const char *value)
{
	char input[1024];
	snprintf(input, sizeof input,
		 "{" SPACE ",'MetricData':[{'MetricName':'%s'," DIMENSIONS ",'Timestamp':%lld,%s}]}", name, at, value);
	call_ok("PutMetricData", input);
}

static void test_put_refused(void **state)
{
	(void)state;
	static const struct {
		const char *input, *code, *part;
	} table[] = {
		{"{" SPACE "}", "MissingParameter", "MetricData"},
		{"{" SPACE ",'MetricData':[]}", "MissingParameter", "MetricData"},
		{"{'Namespace':'AWS/EC2','MetricData':[{'MetricName':'a','Value':1}]}", "InvalidParameterValue",
		 "AWS/EC2"},
		{"{" SPACE ",'MetricData':[{'MetricName':' ','Value':1}]}", "InvalidParameterValue",
		 "MetricData.member.1.MetricName"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1},{'MetricName':'a'}]}",
		 "InvalidParameterCombination", "MetricData.member.2.Value"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1,'Values':[1]}]}", "InvalidParameterCombination",
		 "MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1,'Counts':[1]}]}", "InvalidParameterValue",
		 "of the same size"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Values':[1,2],'Counts':[1]}]}", "InvalidParameterValue",
		 "of the same size"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Values':[1],'Counts':[0]}]}", "InvalidParameterValue",
		 "greater than 0"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Values':[]}]}", "InvalidParameterValue", "between 1 and"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1e300}]}", "InvalidParameterValue", "1e+300"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1,'StorageResolution':5}]}",
		 "InvalidParameterValue", "1 or 60"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1,'Timestamp':1766015999}]}",
		 "InvalidParameterValue", "two weeks in the past"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1,'Timestamp':1767232801}]}",
		 "InvalidParameterValue", "two hours in the future"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','StatisticValues':"
		 "{'SampleCount':0,'Sum':0,'Minimum':0,'Maximum':0}}]}",
		 "InvalidParameterValue", "SampleCount"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','StatisticValues':"
		 "{'SampleCount':1,'Sum':0,'Minimum':1,'Maximum':0}}]}",
		 "InvalidParameterValue", "Maximum"},
		{"{" SPACE ",'MetricData':[{'MetricName':'a','Value':1,'Dimensions':"
		 "[{'Name':'x','Value':'1'},{'Name':'x','Value':'2'}]}]}",
		 "InvalidParameterValue", "twice"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		call_fails("PutMetricData", table[i].input, table[i].code, table[i].part);
	/* nothing of a request that was refused is there */
	call_ok("ListMetrics", "{}");
	check_member("", "{'Metrics':[]}");
	/* not a number, in whichever way it is spelt */
	struct hc_err err;
	static const char *const values[] = {"'NaN'", "'Infinity'", "NaN", "1e999", "true", "null"};
	for (size_t i = 0; i < COUNT(values); i++) {
		char input[256];
		snprintf(input, sizeof input, "{" SPACE ",'MetricData':[{'MetricName':'a','Value':%s}]}", values[i]);
		if (try_call("PutMetricData", input, &err))
			fail_msg("%s was taken", values[i]);
		assert_int_equal(check_fault.status, 400);
	}
}

static void test_list(void **state)
{
	(void)state;
	put_one("f2", 1767222000, "'Value':0.5");
	put_one("f1", 1767222000, "'Value':0.5");
	call_ok("PutMetricData", "{'Namespace':'mine','MetricData':[{'MetricName':'f2','Value':1}]}");
	call_ok("ListMetrics", "{" SPACE "," DIMENSIONS "}");
	check_member("Metrics.[0]",
		     "{'Dimensions':[{'Name':'Endpoint','Value':'churn'},{'Name':'MonitoringSchedule','Value':'s1'}],"
		     "'MetricName':'f2','Namespace':'aws/sagemaker/Endpoints/model-metrics'}");
	check_member("Metrics.[1].MetricName", "'f1'");
	check_member("Metrics.[2]", "");
	check_member("NextToken", "");
	call_ok("ListMetrics", "{'MetricName':'f2'}");
	check_member("Metrics.[1]", "{'Dimensions':[],'MetricName':'f2','Namespace':'mine'}");
	call_ok("ListMetrics", "{'Dimensions':[{'Name':'Endpoint'}],'MetricName':'f1'}");
	check_member("Metrics.[0].MetricName", "'f1'");
	call_ok("ListMetrics", "{'Dimensions':[{'Name':'Endpoint','Value':'other'}]}");
	check_member("", "{'Metrics':[]}");
	check_now_us += 3 * HC_HOUR_US + 1;
	put_one("f2", 1767222000, "'Value':0.5");
	call_ok("ListMetrics", "{'RecentlyActive':'PT3H'}");
	check_member("Metrics.[0].MetricName", "'f2'");
	check_member("Metrics.[1]", "");
	call_fails("ListMetrics", "{'NextToken':'x'}", "InvalidParameterValue", "NextToken");
	call_fails("ListMetrics", "{'NextToken':'m-5'}", "InvalidParameterValue", "NextToken");
	call_fails("ListMetrics", "{'IncludeLinkedAccounts':true}", "InvalidParameterValue", "linked");
	call_ok("ListMetrics", "{'OwningAccount':'123456789012'}");
}

static void test_list_pages(void **state)
{
	(void)state;
	char input[256];
	for (int i = 0; i < 501; i++) {
		snprintf(input, sizeof input, "{'Namespace':'n','MetricData':[{'MetricName':'m%d','Value':1}]}", i);
		call_ok("PutMetricData", input);
	}
	call_ok("ListMetrics", "{'Namespace':'n'}");
	assert_int_equal(json_array_size(hc_tree_at(check_out, "Metrics")), 500);
	snprintf(input, sizeof input, "{'Namespace':'n','NextToken':'%s'}",
		 hc_tree_cstring(check_out, "NextToken", ""));
	call_ok("ListMetrics", input);
	check_member("", "{'Metrics':[{'Dimensions':[],'MetricName':'m500','Namespace':'n'}]}");
}

#define STATISTICS(start, end, period, more)                                                                   \
	"{" SPACE ",'MetricName':'f2'," DIMENSIONS ",'StartTime':" start ",'EndTime':" end ",'Period':" period \
	"," more "}"

static void test_statistics(void **state)
{
	(void)state;
	put_one("f2", 1767222000, "'Value':1");
	put_one("f2", 1767222030, "'Values':[4,2],'Counts':[1,3]");
	put_one("f2", 1767222090, "'StatisticValues':{'SampleCount':2,'Sum':30,'Minimum':10,'Maximum':20}");
	call_ok("GetMetricStatistics", STATISTICS("1767222000", "1767225600", "60",
						  "'Statistics':['SampleCount','Average','Sum','Minimum','Maximum']"));
	check_member("", "{'Datapoints':[{'Average':2.2,'Maximum':4.0,'Minimum':1.0,'SampleCount':5.0,'Sum':11.0,"
			 "'Timestamp':1767222000,'Unit':'None'},{'Average':15.0,'Maximum':20.0,'Minimum':10.0,"
			 "'SampleCount':2.0,'Sum':30.0,'Timestamp':1767222060,'Unit':'None'}],'Label':'f2'}");
	/* percentiles of what has values: the second period has none */
	call_ok("GetMetricStatistics",
		STATISTICS("1767222000", "1767225600", "60", "'ExtendedStatistics':['p20','p50','p80.1']"));
	check_member("Datapoints", "[{'ExtendedStatistics':{'p20':1.0,'p50':2.0,'p80.1':4.0},'Timestamp':1767222000,"
				   "'Unit':'None'}]");
	/* the end is out, the start is in and is cut to the minute */
	call_ok("GetMetricStatistics", STATISTICS("1767222059", "1767222090", "3600", "'Statistics':['Sum']"));
	check_member("Datapoints", "[{'Sum':11.0,'Timestamp':1767222000,'Unit':'None'}]");
	/* periods begin where the request does */
	call_ok("GetMetricStatistics", STATISTICS("1767221940", "1767225600", "120", "'Statistics':['Sum']"));
	check_member("Datapoints", "[{'Sum':11.0,'Timestamp':1767221940,'Unit':'None'},"
				   "{'Sum':30.0,'Timestamp':1767222060,'Unit':'None'}]");
	/* units stand apart */
	put_one("f2", 1767222001, "'Value':100,'Unit':'Percent'");
	call_ok("GetMetricStatistics", STATISTICS("1767222000", "1767222060", "60", "'Statistics':['Sum']"));
	check_member("Datapoints", "[{'Sum':11.0,'Timestamp':1767222000,'Unit':'None'},"
				   "{'Sum':100.0,'Timestamp':1767222000,'Unit':'Percent'}]");
	call_ok("GetMetricStatistics",
		STATISTICS("1767222000", "1767222060", "60", "'Statistics':['Sum'],'Unit':'Percent'"));
	check_member("Datapoints", "[{'Sum':100.0,'Timestamp':1767222000,'Unit':'Percent'}]");
	/* the dimensions are all of them */
	call_ok("GetMetricStatistics", "{" SPACE ",'MetricName':'f2','StartTime':1767222000,'EndTime':1767225600,"
				       "'Period':60,'Statistics':['Sum']}");
	check_member("", "{'Datapoints':[],'Label':'f2'}");
}

static void test_statistics_refused(void **state)
{
	(void)state;
	static const struct {
		const char *input, *code, *part;
	} table[] = {
		{STATISTICS("1767225600", "1767225600", "60", "'Statistics':['Sum']"), "InvalidParameterValue",
		 "StartTime must be less"},
		{STATISTICS("1767139200", "1767225660", "60", "'Statistics':['Sum']"), "InvalidParameterCombination",
		 "up to 1,441 datapoints, which exceeds the limit of 1,440"},
		{STATISTICS("1767222000", "1767225600", "61", "'Statistics':['Sum']"), "InvalidParameterValue",
		 "Period"},
		{STATISTICS("1767222000", "1767225600", "60", "'Unit':'None'"), "InvalidParameterCombination",
		 "At least one"},
		{STATISTICS("1767222000", "1767225600", "60", "'Statistics':['Sum'],'ExtendedStatistics':['p5']"),
		 "InvalidParameterCombination", "mutually exclusive"},
		{STATISTICS("1767222000", "1767225600", "60", "'ExtendedStatistics':['tm99']"), "InvalidParameterValue",
		 "not supported"},
		{STATISTICS("1767222000", "1767225600", "60", "'ExtendedStatistics':['Sum']"), "InvalidParameterValue",
		 "not supported"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		call_fails("GetMetricStatistics", table[i].input, table[i].code, table[i].part);
	call_ok("GetMetricStatistics", STATISTICS("1767139200", "1767225600", "60", "'Statistics':['Sum']"));
}

#define METRIC "'Metric':{" SPACE ",'MetricName':'f2'," DIMENSIONS "}"
#define DATA(more) "{'StartTime':1767220000,'EndTime':1767225600" more "}"

static void test_data(void **state)
{
	(void)state;
	put_one("f2", 1767222000, "'Value':1");
	put_one("f2", 1767222060, "'Value':2");
	put_one("f2", 1767222120, "'Value':3");
#define QUERIES                                                                                    \
	",'MetricDataQueries':[{'Id':'a','MetricStat':{" METRIC ",'Period':60,'Stat':'Average'}}," \
	"{'Id':'b','Label':'ninety','MetricStat':{" METRIC ",'Period':3600,'Stat':'p90'}},"        \
	"{'Id':'c','MetricStat':{" METRIC ",'Period':60,'Stat':'Sum'},'ReturnData':false}]"
	call_ok("GetMetricData", DATA(QUERIES));
	check_member("MetricDataResults.[0]",
		     "{'Id':'a','Label':'f2','StatusCode':'Complete','Timestamps':[1767222120,1767222060,1767222000],"
		     "'Values':[3.0,2.0,1.0]}");
	check_member("MetricDataResults.[1]", "{'Id':'b','Label':'ninety','StatusCode':'Complete','Timestamps':"
					      "[1767219960],'Values':[3.0]}");
	check_member("MetricDataResults.[2]", "");
	check_member("Messages", "[]");
	/* pages: two values, then one of each query */
	call_ok("GetMetricData", DATA(QUERIES ",'MaxDatapoints':2,'ScanBy':'TimestampAscending'"));
	check_member("MetricDataResults", "[{'Id':'a','Label':'f2','StatusCode':'PartialData','Timestamps':[1767222000,"
					  "1767222060],'Values':[1.0,2.0]}]");
	check_member("NextToken", "'0-1767222060'");
	call_ok("GetMetricData",
		DATA(QUERIES ",'MaxDatapoints':1,'ScanBy':'TimestampAscending','NextToken':'0-1767222060'"));
	check_member("MetricDataResults.[0].Values", "[3.0]");
	check_member("MetricDataResults.[1]",
		     "{'Id':'b','Label':'ninety','StatusCode':'PartialData','Timestamps':[],'Values':[]}");
	check_member("NextToken", "'1'");
	call_ok("GetMetricData", DATA(QUERIES ",'NextToken':'1'"));
	check_member("MetricDataResults.[0].Values", "[3.0]");
	check_member("NextToken", "");
	static const char *const tokens[] = {"3", "x", "-", "0-", "1-x", "99999999999999999999", "0-99999999999999"};
	for (size_t i = 0; i < COUNT(tokens); i++) {
		char input[4096];
		snprintf(input, sizeof input, DATA(QUERIES ",'NextToken':'%s'"), tokens[i]);
		call_fails("GetMetricData", input, "InvalidNextToken", "NextToken");
	}
}

static void test_data_refused(void **state)
{
	(void)state;
#define ONE(members) DATA(",'MetricDataQueries':[{" members "}]")
	static const struct {
		const char *input, *part;
	} table[] = {
		{DATA(",'MetricDataQueries':[]"), "between 1 and 500"},
		{ONE("'Id':'A','MetricStat':{" METRIC ",'Period':60,'Stat':'Sum'}"), "pattern"},
		{ONE("'Id':'a','Expression':'m1*2'"), "metric math and queries are not supported"},
		{ONE("'Id':'a'"), "exactly one"},
		{ONE("'Id':'a','AccountId':'111111111111','MetricStat':{" METRIC ",'Period':60,'Stat':'Sum'}"),
		 "linked"},
		{ONE("'Id':'a','Label':'${MAX}','MetricStat':{" METRIC ",'Period':60,'Stat':'Sum'}"), "dynamic labels"},
		{ONE("'Id':'a','MetricStat':{" METRIC ",'Period':60,'Stat':'tm99'}"), "not supported"},
		{ONE("'Id':'a','MetricStat':{" METRIC ",'Period':7,'Stat':'Sum'}"), "Period"},
		{DATA(",'MaxDatapoints':0,'MetricDataQueries':[{'Id':'a','MetricStat':{" METRIC
		      ",'Period':60,'Stat':'Sum'}}]"),
		 "MaxDatapoints"},
		{DATA(",'MetricDataQueries':[{'Id':'a','MetricStat':{" METRIC
		      ",'Period':60,'Stat':'Sum'}},{'Id':'a','MetricStat':{" METRIC ",'Period':60,'Stat':'Sum'}}]"),
		 "not unique"},
		{"{'StartTime':5,'EndTime':5,'MetricDataQueries':[{'Id':'a','MetricStat':{" METRIC
		 ",'Period':60,'Stat':'Sum'}}]}",
		 "StartTime must be less"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		call_fails("GetMetricData", table[i].input, "ValidationError", table[i].part);
}

/* What the notebooks of model quality do. */
#define ALARM(name, more)                                                                                             \
	"{'AlarmName':'" name "','AlarmDescription':'Trigger when the f2 drops','ActionsEnabled':true,'AlarmActions'" \
	":['arn:aws:sns:us-west-2:123456789012:t'],'MetricName':'f2'," SPACE ",'Statistic':'Average'," DIMENSIONS     \
	",'Period':600,'EvaluationPeriods':1,'DatapointsToAlarm':1,'Threshold':1.0,'ComparisonOperator':"             \
	"'LessThanOrEqualToThreshold','TreatMissingData':'breaching'" more "}"

static void test_alarm(void **state)
{
	(void)state;
	call_ok("PutMetricAlarm", ALARM("f2-alarm", ",'Tags':[{'Key':'a','Value':'b'}]"));
	check_now_us += 60 * HC_SECOND_US;
	put_one("f2", 1767218400, "'Value':0.625");
	call_ok("DescribeAlarms", "{'AlarmNames':['f2-alarm']}");
	check_member(
		"MetricAlarms.[0]",
		"{'ActionsEnabled':true,'AlarmActions':['arn:aws:sns:us-west-2:123456789012:t'],'AlarmArn':"
		"'arn:aws:cloudwatch:us-west-2:123456789012:alarm:f2-alarm','AlarmConfigurationUpdatedTimestamp':"
		"1767225600,'AlarmDescription':'Trigger when the f2 drops','AlarmName':'f2-alarm',"
		"'ComparisonOperator':'LessThanOrEqualToThreshold','DatapointsToAlarm':1,'Dimensions':[{'Name':"
		"'Endpoint','Value':'churn'},{'Name':'MonitoringSchedule','Value':'s1'}],'EvaluationPeriods':1,"
		"'InsufficientDataActions':[],'MetricName':'f2','Namespace':"
		"'aws/sagemaker/Endpoints/model-metrics','OKActions':[],'Period':600,'StateReason':'Threshold "
		"Crossed: 1 out of the last 1 datapoints [0.625 (31/12/25 22:00:00)] was less than or equal to the "
		"threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).','StateReasonData':'{\\'version\\'"
		":\\'1.0\\',\\'queryDate\\':\\'2026-01-01T00:01:00.000+0000\\',\\'startDate\\':"
		"\\'2025-12-31T22:00:00.000+0000\\',\\'statistic\\':\\'Average\\',\\'period\\':600,"
		"\\'recentDatapoints\\':[0.625],\\'threshold\\':1.0,\\'evaluatedDatapoints\\':[{\\'timestamp\\':"
		"\\'2025-12-31T22:00:00.000+0000\\',\\'sampleCount\\':1.0,\\'value\\':0.625}]}',"
		"'StateTransitionedTimestamp':1767225660,'StateUpdatedTimestamp':1767225660,'StateValue':'ALARM',"
		"'Statistic':'Average','Threshold':1.0,'TreatMissingData':'breaching'}");
}

static void test_alarm_changed(void **state)
{
	(void)state;
	put_one("f2", 1767218400, "'Value':0.625");
	call_ok("PutMetricAlarm", ALARM("a", ""));
	call_ok("DescribeAlarms", "{}");
	check_member("MetricAlarms.[0].StateValue", "'ALARM'");
	check_now_us += 60 * HC_SECOND_US;
	call_ok("PutMetricAlarm",
		"{'AlarmName':'a','MetricName':'f2'," SPACE "," DIMENSIONS
		",'Statistic':'Average','Period':600,'EvaluationPeriods':1,'Threshold':0.75,'ComparisonOperator':"
		"'LessThanThreshold'}");
	call_ok("DescribeAlarms", "{}");
	check_member("MetricAlarms.[0].StateValue", "'ALARM'");
	check_member("MetricAlarms.[0].StateTransitionedTimestamp", "1767225600");
	check_member("MetricAlarms.[0].StateUpdatedTimestamp", "1767225660");
	check_member("MetricAlarms.[0].AlarmConfigurationUpdatedTimestamp", "1767225660");
	check_member("MetricAlarms.[0].ActionsEnabled", "true");
	check_member("MetricAlarms.[0].TreatMissingData", "");
	check_member("MetricAlarms.[1]", "");
}

static void test_describe(void **state)
{
	(void)state;
	call_ok("PutMetricAlarm", ALARM("b-2", ""));
	call_ok("PutMetricAlarm", ALARM("a-1", ""));
	call_ok("PutMetricAlarm", "{'AlarmName':'b-1','MetricName':'f2','Namespace':'n','Statistic':'Sum','Period':60,"
				  "'EvaluationPeriods':1,'Threshold':0,'ComparisonOperator':'LessThanThreshold'}");
	call_ok("DescribeAlarms", "{'MaxRecords':2}");
	check_member("MetricAlarms.[0].AlarmName", "'a-1'");
	check_member("MetricAlarms.[1].AlarmName", "'b-1'");
	check_member("CompositeAlarms", "[]");
	char input[256];
	snprintf(input, sizeof input, "{'MaxRecords':2,'NextToken':'%s'}", hc_tree_cstring(check_out, "NextToken", ""));
	call_ok("DescribeAlarms", input);
	check_member("MetricAlarms.[0].AlarmName", "'b-2'");
	check_member("MetricAlarms.[1]", "");
	check_member("NextToken", "");
	call_ok("DescribeAlarms", "{'AlarmNamePrefix':'b-'}");
	check_member("MetricAlarms.[1].AlarmName", "'b-2'");
	call_ok("DescribeAlarms", "{'StateValue':'INSUFFICIENT_DATA'}");
	check_member("MetricAlarms.[0].AlarmName", "'b-1'");
	check_member("MetricAlarms.[0].StateReason", "'Insufficient Data: 1 datapoint was unknown.'");
	check_member("MetricAlarms.[1]", "");
	call_ok("DescribeAlarms", "{'ActionPrefix':'arn:aws:sns','MaxRecords':2}");
	check_member("MetricAlarms.[1].AlarmName", "'b-2'");
	check_member("NextToken", "");
	call_ok("DescribeAlarms", "{'AlarmNames':['b-2','nobody','a-1','b-2']}");
	check_member("MetricAlarms.[0].AlarmName", "'a-1'");
	check_member("MetricAlarms.[1].AlarmName", "'b-2'");
	check_member("MetricAlarms.[2]", "");
	call_ok("DescribeAlarms", "{'AlarmTypes':['CompositeAlarm']}");
	check_member("", "{'CompositeAlarms':[],'MetricAlarms':[]}");
	call_fails("DescribeAlarms", "{'NextToken':'*'}", "InvalidNextToken", "");
	call_fails("DescribeAlarms", "{'NextToken':'gA=='}", "InvalidNextToken", "");
	call_fails("DescribeAlarms", "{'AlarmNames':['a'],'AlarmNamePrefix':'a'}", "InvalidParameterCombination", "");
	call_fails("DescribeAlarms", "{'ChildrenOfAlarmName':'a'}", "ValidationError", "not supported");
	call_fails("DeleteAlarms", "{'AlarmNames':['a-1','nobody']}", "ResourceNotFound", "nobody");
	assert_int_equal(check_fault.status, 404);
	call_ok("DeleteAlarms", "{'AlarmNames':['a-1','b-1','a-1']}");
	call_ok("DescribeAlarms", "{}");
	check_member("MetricAlarms.[0].AlarmName", "'b-2'");
	check_member("MetricAlarms.[1]", "");
}

static void test_alarm_refused(void **state)
{
	(void)state;
#define RULE(more) "{'AlarmName':'a','MetricName':'m','Namespace':'n'" more "}"
#define WHEN ",'Threshold':1,'ComparisonOperator':'LessThanThreshold'"
	static const struct {
		const char *input, *code, *part;
	} table[] = {
		{"{'AlarmName':'a','Namespace':'n'}", "MissingParameter", "MetricName"},
		{RULE(",'EvaluationPeriods':1,'Statistic':'Sum'" WHEN), "MissingParameter", "Period"},
		{RULE(",'Period':60,'Statistic':'Sum'" WHEN), "MissingParameter", "EvaluationPeriods"},
		{RULE(",'Period':60,'EvaluationPeriods':1" WHEN), "MissingParameter", "Statistic"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'Statistic':'Sum','Threshold':1"), "MissingParameter",
		 "ComparisonOperator"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'Statistic':'Sum','ComparisonOperator':'LessThanThreshold'"),
		 "MissingParameter", "Threshold"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'Statistic':'Sum','ExtendedStatistic':'p5'" WHEN),
		 "InvalidParameterCombination", "mutually"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'ExtendedStatistic':'tm90'" WHEN), "ValidationError",
		 "not supported"},
		{RULE(",'Period':61,'EvaluationPeriods':1,'Statistic':'Sum'" WHEN), "ValidationError",
		 "multiple of 60"},
		{RULE(",'Period':60,'EvaluationPeriods':1441,'Statistic':'Sum'" WHEN), "ValidationError",
		 "more than a day"},
		{RULE(",'Period':3600,'EvaluationPeriods':169,'Statistic':'Sum'" WHEN), "ValidationError",
		 "more than a week"},
		{RULE(",'Period':2147483640,'EvaluationPeriods':2147483647,'Statistic':'Sum'" WHEN), "ValidationError",
		 "more than a week"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'DatapointsToAlarm':2,'Statistic':'Sum'" WHEN),
		 "ValidationError", "DatapointsToAlarm"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'Statistic':'Sum','TreatMissingData':'x'" WHEN),
		 "ValidationError", "TreatMissingData"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'Statistic':'Sum','Threshold':1,'ComparisonOperator':"
		      "'GreaterThanUpperThreshold'"),
		 "ValidationError", "anomaly detection"},
		{RULE(",'Period':60,'EvaluationPeriods':1,'ExtendedStatistic':'p5','EvaluateLowSampleCountPercentile':"
		      "'ignore'" WHEN),
		 "ValidationError", "EvaluateLowSampleCountPercentile"},
		{RULE(",'Metrics':[{'Id':'a','Expression':'m1*2'}],'EvaluationPeriods':1" WHEN), "ValidationError",
		 "metric math"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		call_fails("PutMetricAlarm", table[i].input, table[i].code, table[i].part);
	call_ok("DescribeAlarms", "{}");
	check_member("MetricAlarms", "[]");
	call_ok("PutMetricAlarm", RULE(",'Period':3600,'EvaluationPeriods':168,'Statistic':'Sum'" WHEN));
	call_ok("PutMetricAlarm", RULE(",'Period':10,'EvaluationPeriods':8640,'Statistic':'Sum'" WHEN));
	call_ok("DescribeAlarms", "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_service(test_put_refused),        in_service(test_list),
		in_service(test_list_pages),         in_service(test_statistics),
		in_service(test_statistics_refused), in_service(test_data),
		in_service(test_data_refused),       in_service(test_alarm),
		in_service(test_alarm_changed),      in_service(test_describe),
		in_service(test_alarm_refused),
	};
	check_under_test = &hc_cloudwatch;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
