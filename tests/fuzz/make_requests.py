"""Writes requests.jsonl, the seeds of mutate_requests: one request a line, at least one for each operation of api/ and of S3.

    PYTHON tests/fuzz/make_requests.py > tests/fuzz/requests.jsonl

PYTHON has botocore, the newer the better: requests with every member that api/ knows are made from its shapes. Lines with "world" are
sent in their order to each fresh server before anything is mutated, "status" is what they must get as they stand. {uploadId} in a line
stands for the newest upload.
"""
import base64
import hashlib
import json
import random
import sys
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import botocore.session  # noqa: E402
import contract_botocore as contract  # noqa: E402

ROLE = "arn:aws:iam::123456789012:role/r"
ARN = "arn:aws:sagemaker:us-west-2:123456789012:"
ANALYZER = "159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-analyzer"
HOST = ["Host", "127.0.0.1:8787"]


def line(name, method, path, query, headers, body, **more):
    print(json.dumps({"name": name, "method": method, "path": path, "query": query, "headers": [HOST, *headers], "body": body, **more},
                     ensure_ascii=True))


# --- services of api/ --------------------------------------------------------------------------


def contents():
    return {(doc["service"], doc["operation"]): doc
            for doc in (json.loads(path.read_text()) for path in sorted(contract.API.glob("*/*.json")))}


API = contents()


def service_of(operation):
    return next(doc["service"] for (_, name), doc in API.items() if name == operation)


def as_json(operation, params, **more):
    doc = API[service_of(operation), operation]
    line(f"{doc['service']}.{operation}", "POST", "/", "",
         [["Content-Type", f"application/x-amz-json-{doc['json_version']}"], ["X-Amz-Target", f"{doc['target']}.{operation}"]],
         json.dumps(params), **more)


def as_form(operation, pairs, **more):
    doc = API[service_of(operation), operation]
    line(f"{doc['service']}.{operation}", "POST", "/", "", [["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"]],
         urllib.parse.urlencode([("Action", operation), ("Version", doc["version"]), *pairs]), **more)


def definition(name, **more):
    return {"JobDefinitionName": name, "RoleArn": ROLE,
            "ModelQualityAppSpecification": {"ImageUri": ANALYZER, "ProblemType": "BinaryClassification",
                                             "Environment": {"hindcast_max_bad_records": "10"}},
            "ModelQualityBaselineConfig": {"ConstraintsResource": {"S3Uri": "s3://bkt/constraints.json"}},
            "ModelQualityJobInput": {
                "EndpointInput": {"EndpointName": "ep", "LocalPath": "/opt/ml/processing/input/endpoint", "S3InputMode": "File",
                                  "StartTimeOffset": "-PT2H", "EndTimeOffset": "-PT1H", "ProbabilityAttribute": "0",
                                  "ProbabilityThresholdAttribute": 0.5},
                "GroundTruthS3Input": {"S3Uri": "s3://bkt/labels"}},
            "ModelQualityJobOutputConfig": {"MonitoringOutputs": [
                {"S3Output": {"S3Uri": "s3://bkt/reports", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]},
            "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}},
            "StoppingCondition": {"MaxRuntimeInSeconds": 1800}, **more}


def schedule(name, expression, **config):
    return {"MonitoringScheduleName": name, "MonitoringScheduleConfig": {
        "ScheduleConfig": {"ScheduleExpression": expression, **config}, "MonitoringJobDefinitionName": "def",
        "MonitoringType": "ModelQuality"}}


def job(name):
    return {"ProcessingJobName": name, "RoleArn": ROLE, "AppSpecification": {"ImageUri": ANALYZER},
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}},
            "Environment": {"analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification", "ground_truth_attribute": "label",
                            "inference_attribute": "prediction", "output_path": "/opt/ml/processing/output",
                            "dataset_format": "{\"csv\": {\"header\": true}}", "dataset_source": "/opt/ml/processing/input/b"},
            "ProcessingInputs": [{"InputName": "b", "S3Input": {
                "S3Uri": "s3://bkt/b", "LocalPath": "/opt/ml/processing/input/b", "S3DataType": "S3Prefix", "S3InputMode": "File"}}],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "o", "S3Output": {
                "S3Uri": "s3://bkt/o", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600}}


def config(name):
    return {"EndpointConfigName": name, "ProductionVariants": [
        {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1,
         "InitialVariantWeight": 1.0}],
        "DataCaptureConfig": {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://bkt/capture",
                              "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]}}


METRIC = {"MetricName": "f1", "Dimensions": [{"Name": "Endpoint", "Value": "ep"}], "Timestamp": 1767225600, "Value": 0.5, "Unit": "None"}
ALARM = {"AlarmName": "low", "MetricName": "f1", "Namespace": "ns", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 3,
         "DatapointsToAlarm": 2, "Threshold": 0.7, "ComparisonOperator": "LessThanThreshold", "TreatMissingData": "missing",
         "Dimensions": [{"Name": "Endpoint", "Value": "ep"}]}
SPAN = {"StartTime": 1767222000, "EndTime": 1767229200}
QUERY = {"Id": "a", "MetricStat": {"Metric": {"Namespace": "ns", "MetricName": "f1", "Dimensions": METRIC["Dimensions"]}, "Period": 60,
                                   "Stat": "Average"}, "ReturnData": True}
# The server's clock says 2026-01-01T00:30:00Z
WORLD = [
    ("CreateModel", {"ModelName": "m", "PrimaryContainer": {"Image": "a/b:1", "ModelDataUrl": "s3://bkt/m.tar.gz",
                                                            "Environment": {"A": "b"}}, "ExecutionRoleArn": ROLE}),
    ("CreateEndpointConfig", config("c")), ("CreateEndpointConfig", config("c2")),
    ("CreateEndpoint", {"EndpointName": "ep", "EndpointConfigName": "c", "Tags": [{"Key": "k", "Value": "v"}]}),
    ("CreateModelQualityJobDefinition", definition("def")),
    ("CreateMonitoringSchedule", schedule("hourly", "cron(0 * ? * * *)")),
    ("CreateMonitoringSchedule", schedule("now", "NOW", DataAnalysisStartTime="-PT2H", DataAnalysisEndTime="-PT1H")),
    ("CreateProcessingJob", job("job")),
    ("AddTags", {"ResourceArn": ARN + "endpoint/ep", "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}]}),
    ("PutMetricData", {"Namespace": "ns", "MetricData": [METRIC, {**METRIC, "Value": 0.7}]}),
    ("PutMetricAlarm", ALARM),
]
# What works in that world; deletions need nothing that others need.
FINE = [
    ("CreateModel", {"ModelName": "m3", "Containers": [{"Image": "a/b"}, {"Image": "c/d"}], "ExecutionRoleArn": ROLE}),
    ("CreateEndpointConfig", config("c3")),
    ("CreateEndpoint", {"EndpointName": "ep3", "EndpointConfigName": "c"}),
    ("CreateModelQualityJobDefinition", definition("def3", Tags=[{"Key": "k", "Value": "v"}])),
    ("CreateMonitoringSchedule", schedule("daily", "cron(0 5 ? * * *)")), ("CreateProcessingJob", job("job3")),
    ("UpdateMonitoringSchedule", schedule("hourly", "cron(0 0/6 ? * * *)")),
    ("UpdateEndpoint", {"EndpointName": "ep", "EndpointConfigName": "c2"}),
    ("UpdateMonitoringAlert", {"MonitoringScheduleName": "hourly", "MonitoringAlertName": "DefaultMonitoringAlert", "DatapointsToAlert": 2,
                               "EvaluationPeriod": 3}),
    ("DescribeModel", {"ModelName": "m"}), ("DescribeEndpointConfig", {"EndpointConfigName": "c"}),
    ("DescribeEndpoint", {"EndpointName": "ep"}), ("DescribeModelQualityJobDefinition", {"JobDefinitionName": "def"}),
    ("DescribeMonitoringSchedule", {"MonitoringScheduleName": "now"}), ("DescribeProcessingJob", {"ProcessingJobName": "job"}),
    ("StopMonitoringSchedule", {"MonitoringScheduleName": "hourly"}), ("StartMonitoringSchedule", {"MonitoringScheduleName": "hourly"}),
    ("StopProcessingJob", {"ProcessingJobName": "job"}),
    ("ListTags", {"ResourceArn": ARN + "endpoint/ep", "MaxResults": 50}),
    ("AddTags", {"ResourceArn": ARN + "monitoring-schedule/hourly", "Tags": [{"Key": "a", "Value": "b"}]}),
    ("DeleteTags", {"ResourceArn": ARN + "endpoint/ep", "TagKeys": ["a", "nothing"]}),
    ("ListModels", {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 1, "NameContains": "m"}),
    ("ListEndpoints", {"SortBy": "CreationTime", "CreationTimeAfter": 1, "StatusEquals": "InService", "MaxResults": 1}),
    ("ListEndpointConfigs", {"SortOrder": "Descending", "CreationTimeBefore": 4000000000, "MaxResults": 1}),
    ("ListModelQualityJobDefinitions", {"EndpointName": "ep", "SortBy": "Name", "MaxResults": 1}),
    ("ListMonitoringSchedules", {"EndpointName": "ep", "SortBy": "Status", "MaxResults": 1, "MonitoringTypeEquals": "ModelQuality",
                                 "MonitoringJobDefinitionName": "def"}),
    ("ListMonitoringExecutions", {"MonitoringScheduleName": "now", "SortBy": "ScheduledTime", "ScheduledTimeAfter": 1,
                                  "StatusEquals": "InProgress"}),
    ("ListProcessingJobs", {"SortBy": "Status", "MaxResults": 1, "NameContains": "job", "LastModifiedTimeAfter": 1}),
    ("ListMonitoringAlerts", {"MonitoringScheduleName": "hourly", "MaxResults": 1}),
    ("ListMonitoringAlertHistory", {"MonitoringScheduleName": "hourly", "SortBy": "CreationTime", "MaxResults": 1}),
    ("DescribeLogGroups", {"logGroupNamePrefix": "/aws/", "limit": 1}),
    ("FilterLogEvents", {"logGroupName": "/aws/sagemaker/ProcessingJobs", "startTime": 1767222000000, "endTime": 1767229200000, "limit": 5,
                         "filterPattern": "job -\"not this\" ?a ?b", "interleaved": True, "logStreamNamePrefix": "job/"}),
    ("FilterLogEvents", {"logGroupName": "/aws/sagemaker/ProcessingJobs", "nextToken": "r/1767227400000/0/0/0/job/algo-1-1767225600"}),
    ("GetMetricStatistics", {"Namespace": "ns", "MetricName": "f1", "Period": 60, "Statistics": ["Average", "SampleCount"],
                             "Dimensions": METRIC["Dimensions"], **SPAN}),
    ("GetMetricData", {"MetricDataQueries": [QUERY], **SPAN}), ("ListMetrics", {"Namespace": "ns", "MetricName": "f1"}),
    ("DescribeAlarms", {"AlarmNamePrefix": "l", "StateValue": "INSUFFICIENT_DATA"}), ("PutMetricAlarm", {**ALARM, "AlarmName": "other"}),
    ("PutMetricData", {"Namespace": "ns", "MetricData": [
        {"MetricName": "g", "Values": [1, 2.5], "Counts": [3, 1], "Timestamp": 1767225660},
        {"MetricName": "h", "StatisticValues": {"SampleCount": 2, "Sum": 3, "Minimum": 1, "Maximum": 2}}]}),
    ("DeleteAlarms", {"AlarmNames": ["low"]}),
    ("DeleteMonitoringSchedule", {"MonitoringScheduleName": "daily"}), ("DeleteModelQualityJobDefinition", {"JobDefinitionName": "def3"}),
    ("DeleteEndpoint", {"EndpointName": "ep3"}), ("DeleteEndpointConfig", {"EndpointConfigName": "c3"}), ("DeleteModel", {"ModelName": "m3"}),
]
# There are no logs yet, nor a job that has ended.
REFUSED = [
    ("DescribeLogStreams", {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamNamePrefix": "job/", "limit": 5}),
    ("GetLogEvents", {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamName": "job/algo-1-1767225600", "startFromHead": True}),
    ("FilterLogEvents", {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamNames": ["job/algo-1-1767225600"]}),
    ("DeleteProcessingJob", {"ProcessingJobName": "job"}),
]
FORMS = [
    ("GetCallerIdentity", []), ("GetRole", [("RoleName", "r")]),
    ("PutMetricData", [("Namespace", "ns"), ("MetricData.member.1.MetricName", "f1"), ("MetricData.member.1.Value", "0.5"),
                       ("MetricData.member.1.Timestamp", "2026-01-01T00:00:00Z"), ("MetricData.member.1.Dimensions.member.1.Name", "Endpoint"),
                       ("MetricData.member.1.Dimensions.member.1.Value", "ep")]),
    ("GetMetricStatistics", [("Namespace", "ns"), ("MetricName", "f1"), ("Period", "60"), ("Statistics.member.1", "Sum"),
                             ("StartTime", "2025-12-31T23:00:00Z"), ("EndTime", "2026-01-01T01:00:00Z")]),
    ("GetMetricData", [("StartTime", "2025-12-31T23:00:00Z"), ("EndTime", "2026-01-01T01:00:00Z"), ("MetricDataQueries.member.1.Id", "a"),
                       ("MetricDataQueries.member.1.MetricStat.Metric.MetricName", "f1"),
                       ("MetricDataQueries.member.1.MetricStat.Metric.Namespace", "ns"),
                       ("MetricDataQueries.member.1.MetricStat.Period", "60"), ("MetricDataQueries.member.1.MetricStat.Stat", "Average")]),
    ("ListMetrics", [("Namespace", "ns"), ("Dimensions.member.1.Name", "Endpoint")]),
    ("DescribeAlarms", [("AlarmNames.member.1", "other"), ("MaxRecords", "1")]),
    ("PutMetricAlarm", [("AlarmName", "form"), ("MetricName", "f1"), ("Namespace", "ns"), ("Statistic", "Sum"), ("Period", "60"),
                        ("EvaluationPeriods", "1"), ("Threshold", "1.5"), ("ComparisonOperator", "GreaterThanThreshold")]),
    ("DeleteAlarms", [("AlarmNames.member.1", "form")]),
]


def full(doc, seed, share):
    """A request with every member (share 1) that api/ and this botocore know."""
    session = botocore.session.Session()
    services = {"monitoring": "cloudwatch"}
    model = session.get_service_model(services.get(doc["service"], doc["service"]))
    if not doc["input"] or doc["operation"] not in model.operation_names:
        return
    maker = contract.Maker(random.Random(f"{seed} {doc['operation']}"), share, False)
    params = contract.plain(maker.value(doc["input"], model.operation_model(doc["operation"]).input_shape))
    if "target" in doc:
        as_json(doc["operation"], params)


# --- S3 ------------------------------------------------------------------------------------------


def md5(text):
    return base64.b64encode(hashlib.md5(text.encode()).digest()).decode()


def s3(name, method, target, body="", *headers, status=None, **more):
    path, _, query = target.partition("?")
    if status:
        more["status"] = status
    line("s3." + name, method, path, query, [list(header) for header in headers], body, **more)


CHUNKED = "5\r\nhello\r\n6\r\n world\r\n0\r\n"
SIGNED_CHUNKS = "b;chunk-signature=" + "0" * 64 + "\r\nhello world\r\n0;chunk-signature=" + "1" * 64 + "\r\n\r\n"
HELLO_CRC = "DUoRhQ=="
STREAMING = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
DELETE = ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>no/such</Key>"
          "</Object><Object><Key>a b</Key></Object><Quiet>false</Quiet></Delete>")
SUB_RESOURCES = {"versioning": 200, "logging": 200, "notification": 200, "accelerate": 200, "requestPayment": 200, "acl": 200,
                 "encryption": 404, "policy": 404, "policyStatus": 404, "tagging": 404, "cors": 404, "lifecycle": 404, "website": 404,
                 "replication": 404, "publicAccessBlock": 404, "object-lock": 404, "ownershipControls": 404}


def s3_world():
    s3("CreateBucket", "PUT", "/bkt", world=True, status=200)
    for key in ("a", "b/c", "b/d", "constraints.json", "%C3%A4%20%2B"):
        s3("PutObject", "PUT", f"/bkt/{key}", "hello world", ("Content-Type", "text/plain"), ("x-amz-meta-a", "b"),
           ("x-amz-tagging", "k=v&l=w"), ("x-amz-server-side-encryption", "AES256"), world=True, status=200)
    s3("CreateMultipartUpload", "POST", "/bkt/up?uploads", "", ("x-amz-checksum-algorithm", "CRC32"), world=True, status=200)
    s3("UploadPart", "PUT", "/bkt/up?partNumber=1&uploadId={uploadId}", "hello world", ("x-amz-checksum-crc32", HELLO_CRC), world=True,
       status=200)


def s3_requests():
    xml = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>us-west-2" \
          "</LocationConstraint></CreateBucketConfiguration>"
    s3("CreateBucket", "PUT", "/other-bucket", xml, status=200)
    s3("DeleteBucket", "DELETE", "/other-bucket", status=204)
    s3("ListBuckets", "GET", "/", status=200)
    s3("HeadBucket", "HEAD", "/bkt", status=200)
    s3("GetBucketLocation", "GET", "/bkt?location", status=200)
    for name, status in SUB_RESOURCES.items():
        s3("SubResources", "GET", f"/bkt?{name}", status=status)
    s3("PutObject", "PUT", "/bkt/k", "hello world", ("Content-MD5", md5("hello world")), ("x-amz-checksum-crc32", HELLO_CRC),
       ("Cache-Control", "no-store"), ("x-amz-storage-class", "STANDARD"), ("x-amz-acl", "private"), status=200)
    s3("PutObject", "PUT", "/bkt/chunked", CHUNKED + f"x-amz-checksum-crc32:{HELLO_CRC}\r\n\r\n", STREAMING,
       ("Content-Encoding", "aws-chunked"), ("x-amz-decoded-content-length", "11"), ("x-amz-trailer", "x-amz-checksum-crc32"), status=200)
    s3("PutObject", "PUT", "/bkt/signed", SIGNED_CHUNKS, ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
       ("Content-Encoding", "aws-chunked,gzip"), ("x-amz-decoded-content-length", "11"))
    s3("PutObject", "PUT", "/bkt/if", "x", ("If-None-Match", "*"), ("x-amz-sdk-checksum-algorithm", "SHA256"),
       ("x-amz-checksum-sha256", "LXEWQrcmsEQBYnyp+6wy9ch62lr5D4wVLGnjz5M4Uto="))
    s3("CopyObject", "PUT", "/bkt/copy", "", ("x-amz-copy-source", "/bkt/a"), ("x-amz-metadata-directive", "REPLACE"),
       ("x-amz-tagging-directive", "COPY"), ("Content-Type", "text/css"), ("x-amz-copy-source-if-match", "*"), status=200)
    s3("CopyObject", "PUT", "/bkt/copy2", "", ("x-amz-copy-source", "bkt/%C3%A4%20%2B?versionId=null"),
       ("x-amz-copy-source-if-unmodified-since", "Sun, 06 Nov 2094 08:49:37 GMT"), ("x-amz-checksum-algorithm", "SHA1"))
    s3("GetObject", "GET", "/bkt/a?response-content-type=text%2Fcss", "", ("Range", "bytes=2-5"), ("x-amz-checksum-mode", "ENABLED"),
       ("If-None-Match", "\"x\", W/\"y\""), status=206)
    s3("GetObject", "GET", "/bkt/b/c?partNumber=1", "", ("If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"))
    s3("HeadObject", "HEAD", "/bkt/a", "", ("Range", "bytes=-3"), ("If-Match", "*"), status=206)
    s3("GetObjectAcl", "GET", "/bkt/a?acl", status=200)
    s3("GetObjectTagging", "GET", "/bkt/a?tagging", status=200)
    s3("DeleteObject", "DELETE", "/bkt/k", status=204)
    s3("DeleteObjects", "POST", "/bkt?delete", DELETE, ("Content-MD5", md5(DELETE)), status=200)
    s3("ListObjects", "GET", "/bkt?prefix=b%2F&delimiter=%2F&marker=a&max-keys=1&encoding-type=url", status=200)
    s3("ListObjectsV2", "GET", "/bkt?list-type=2&prefix=&delimiter=%2F&start-after=a&max-keys=2&fetch-owner=true&encoding-type=url",
       status=200)
    s3("ListObjectsV2", "GET", "/bkt?list-type=2&continuation-token=YQ%3D%3D")
    s3("ListMultipartUploads", "GET", "/bkt?uploads&prefix=u&key-marker=a&upload-id-marker=x&max-uploads=1", status=200)
    s3("CreateMultipartUpload", "POST", "/bkt/up2?uploads", "", ("x-amz-meta-x", "y"), ("Content-Type", "a/b"))
    s3("UploadPart", "PUT", "/bkt/up?partNumber=2&uploadId={uploadId}", CHUNKED + "\r\n", STREAMING, ("Content-Encoding", "aws-chunked"),
       ("x-amz-decoded-content-length", "11"))
    s3("UploadPartCopy", "PUT", "/bkt/up?partNumber=3&uploadId={uploadId}", "", ("x-amz-copy-source", "/bkt/a"),
       ("x-amz-copy-source-range", "bytes=1-3"))
    s3("ListParts", "GET", "/bkt/up?uploadId={uploadId}&max-parts=1&part-number-marker=0")
    s3("CompleteMultipartUpload", "POST", "/bkt/up?uploadId={uploadId}",
       "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1</PartNumber>"
       f"<ETag>\"5eb63bbbe01eeed093cb22bb8f5acdc3\"</ETag><ChecksumCRC32>{HELLO_CRC}</ChecksumCRC32></Part></CompleteMultipartUpload>")
    s3("AbortMultipartUpload", "DELETE", "/bkt/up?uploadId={uploadId}")
    s3("NotImplemented", "PUT", "/bkt?policy", "{}")
    s3("NotImplemented", "POST", "/bkt/a?select&select-type=2", "<x/>")


def main():
    s3_world()
    for operation, params in WORLD:
        as_json(operation, params, world=True, status=200)
    for operation, params in FINE:
        as_json(operation, params, status=200)
    for operation, params in REFUSED:
        as_json(operation, params)
    for operation, pairs in FORMS:
        as_form(operation, pairs, status=200)
    for doc in API.values():
        full(doc, 1, 1.0)
        full(doc, 2, 0.5)
    s3_requests()


main()
