"""The world around the monitor in the churn examples: what a model's callers, its endpoint and the people who label leave behind.

Nothing here is about the SageMaker SDK. On AWS you need none of it: a real endpoint captures its own traffic (or a transform job
its outputs), and your own process uploads ground truth. sagemaker_sdk.py and sagemaker_sdk_v3.py share it.

The data are those of AWS's own churn example: 334 scored customers, sent over and over. 1,892 records are one hour of it that AWS has
published figures for; EXPECTED holds them.
"""
import csv
import datetime
import json
import os
import sys
import time
import uuid
from pathlib import Path

import boto3

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("CHURN_DATA", HERE.parent / "tests" / "data" / "churn"))
BASELINE = DATA / "validation_with_predictions.csv"
POSTPROCESSOR = HERE / "churn_postprocess.py"
REQUESTS = 1892  # five rounds of the 334 rows, and rows 0 to 221

# What SageMaker printed for these data (saved notebook output of 18 May 2021). Its standard deviations come from random samples and
# differ from run to run.
EXPECTED_BASELINE = {"recall": 0.5714285714285714, "precision": 1.0, "accuracy": 0.9402985074626866, "auc": 0.9395127993393898,
                     "f1": 0.7272727272727273, "f2": 0.625, "false_negative_rate": 0.4285714285714286}
EXPECTED = {"precision": 0.6933333333333334, "recall": 0.11353711790393013, "true_positive_rate": 0.11353711790393013,
            "false_negative_rate": 0.8864628820960698, "false_positive_rate": 0.13320463320463322,
            "true_negative_rate": 0.8667953667953667, "accuracy": 0.31976744186046513, "f1": 0.19512195121951217,
            "f2": 0.13633980073413737, "auc": 0.5127590160341251}
EXPECTED_MATRIX = {"0": {"0": 449, "1": 69}, "1": {"0": 1218, "1": 156}}
# By the names that constraint_violations.json uses. SageMaker never reported f0_5, hindcast does.
EXPECTED_VIOLATIONS = {"auc", "precision", "truePositiveRate", "f1", "accuracy", "falsePositiveRate", "trueNegativeRate",
                       "falseNegativeRate", "recall", "f2"}


def say(text):
    print(text, flush=True)


def check(what, good, seen=None):
    """Tells what holds; ends the program where something does not."""
    if not good:
        sys.exit(f"NOT AS EXPECTED: {what}" + ("" if seen is None else f": {seen!r}"))
    say(f"  ok: {what}")


def check_figures(what, metrics, expected):
    for name, value in expected.items():
        found = metrics[name]["value"]
        # The last digit of an AUC depends on the order in which partitions were summed.
        if abs(found - value) > 2e-15:
            sys.exit(f"NOT AS EXPECTED: {what}: {name} is {found!r}, not {value!r}")
    say(f"  ok: {what}: " + ", ".join(f"{name} {metrics[name]['value']:.4f}" for name in ("precision", "recall", "f1", "auc")))


def check_report(statistics, violations):
    """statistics.json and constraint_violations.json (parsed) of the execution, against AWS's own figures."""
    metrics = statistics["binary_classification_metrics"]
    check(f"{REQUESTS} records were measured", statistics["dataset"]["item_count"] == REQUESTS, statistics["dataset"])
    check("the confusion matrix is that of AWS", metrics["confusion_matrix"] == EXPECTED_MATRIX, metrics["confusion_matrix"])
    check_figures("the metrics are those of AWS to the last digit", metrics, EXPECTED)
    names = {violation["metric_name"] for violation in violations["violations"]}
    check(f"{len(names)} constraints are violated", names - {"f0_5"} == EXPECTED_VIOLATIONS, names)
    for violation in violations["violations"]:
        say(f"    {violation['description']}")


# --- time --------------------------------------------------------------------------------------


def last_hour():
    """The full hour before this one. Offsets of -PT2H to -PT1H reach its folder now, and still do if the hour ends while we work."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=1)


def folder(hour):
    return hour.strftime("%Y/%m/%d/%H")


# --- what was asked and answered ---------------------------------------------------------------


def requests():
    """(inference id, score, label) in the order in which they were sent."""
    with open(DATA / "inputs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for i in range(REQUESTS):
        row = rows[i % len(rows)]
        yield row["row"], row["score"], row["label"]


def capture_record(inference_id, score, moment):
    """One line of data capture, as an endpoint writes it."""
    return json.dumps({
        "captureData": {"endpointOutput": {"observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": score,
                                           "encoding": "CSV"}},
        "eventMetadata": {"eventId": str(uuid.uuid4()), "inferenceId": inference_id,
                          "inferenceTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "eventVersion": "0"})


def label_record(inference_id, label):
    """One line of ground truth, as you write it."""
    return json.dumps({"groundTruthData": {"data": label, "encoding": "CSV"}, "eventMetadata": {"eventId": inference_id},
                       "eventVersion": "0"})


def put(uri, text):
    bucket, key = uri[len("s3://"):].split("/", 1)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())


def put_endpoint_capture(destination, endpoint, variant, hour):
    """What the endpoint's data capture would have written in that hour: a file every twenty minutes."""
    sent = [(inference_id, score, hour + datetime.timedelta(seconds=i * 3600 // REQUESTS))
            for i, (inference_id, score, _) in enumerate(requests())]
    for minute in (0, 20, 40):
        lines = [capture_record(*one) for one in sent if one[2].minute // 20 * 20 == minute]
        put(f"{destination}/{endpoint}/{variant}/{folder(hour)}/{minute:02}-00-000-{uuid.uuid4()}.jsonl",
            "".join(line + "\n" for line in lines))
    say(f"captured {len(sent)} predictions: {destination}/{endpoint}/{variant}/{folder(hour)}/")


def put_batch_capture(destination, output, hour):
    """What a transform job with data capture (and GenerateInferenceId) would have left: its output, and where to find it."""
    moment = hour.strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = [f"{score},{inference_id},{moment}" for inference_id, score, _ in requests()]
    put(f"{output}/customers.csv.out", "".join(row + "\n" for row in rows))
    put(f"{destination}/output/{folder(hour)}/{uuid.uuid4()}.json", json.dumps([{"prefix": f"{output}/"}, "customers.csv.out"]))
    say(f"transformed {len(rows)} rows: {output}/customers.csv.out, captured in {destination}/output/{folder(hour)}/")


def put_ground_truth(destination, hour):
    """The labels, in the folder of the hour in which they were collected."""
    labels = {inference_id: label for inference_id, _, label in requests()}
    put(f"{destination}/{folder(hour)}/labels.jsonl",
        "".join(label_record(inference_id, label) + "\n" for inference_id, label in labels.items()))
    say(f"labelled {len(labels)} customers: {destination}/{folder(hour)}/")


# --- the endpoint ------------------------------------------------------------------------------


def deploy(sagemaker_client, name, role, model_data, capture_destination):
    """Registers model, endpoint configuration with data capture, and endpoint; waits until it is in service."""
    sagemaker_client.create_model(
        ModelName=name, ExecutionRoleArn=role,
        PrimaryContainer={"Image": "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1",
                          "ModelDataUrl": model_data})
    sagemaker_client.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1,
                             "InstanceType": "ml.m5.xlarge", "InitialVariantWeight": 1.0}],
        DataCaptureConfig={"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": capture_destination,
                           "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                           "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}})
    sagemaker_client.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker_client.get_waiter("endpoint_in_service").wait(EndpointName=name)
    endpoint = sagemaker_client.describe_endpoint(EndpointName=name)
    check(f"endpoint {name} is in service and captures", endpoint["EndpointStatus"] == "InService"
          and endpoint["DataCaptureConfig"]["CaptureStatus"] == "Started", endpoint)


def undeploy(sagemaker_client, name):
    sagemaker_client.delete_endpoint(EndpointName=name)
    sagemaker_client.delete_endpoint_config(EndpointConfigName=name)
    sagemaker_client.delete_model(ModelName=name)
    say(f"deleted endpoint {name}, its configuration, its model")


# --- executions --------------------------------------------------------------------------------


def wait_for_execution(monitor, poll_s=2, timeout_s=1800):
    """The last execution's summary, when it is over. Its job is the merge job first, then the monitoring job, so that waiting for the one
    that list_executions() shows is not enough."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        last = monitor.describe_schedule().get("LastMonitoringExecutionSummary", {})
        if last.get("MonitoringExecutionStatus") in ("Completed", "CompletedWithViolations", "Failed", "Stopped"):
            return last
        time.sleep(poll_s)
    sys.exit(f"NOT AS EXPECTED: no execution ended within {timeout_s} s")


# --- CloudWatch --------------------------------------------------------------------------------

ALARM_PERIOD_S = 600
METRIC_NAMES = {"accuracy", "accuracy_best_constant_classifier", "auc", "f0_5", "f0_5_best_constant_classifier", "f1",
                "f1_best_constant_classifier", "f2", "f2_best_constant_classifier", "false_negative_rate", "false_positive_rate",
                "precision", "precision_best_constant_classifier", "recall", "recall_best_constant_classifier",
                "true_negative_rate", "true_positive_rate"}


def put_alarm(name, namespace, dimensions):
    """Rings when f2 falls to the baseline's or below."""
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName=name, AlarmDescription="f2 of the churn model has fallen", ActionsEnabled=True, MetricName="f2",
        Namespace=namespace, Statistic="Average", Dimensions=dimensions, Period=ALARM_PERIOD_S, EvaluationPeriods=1,
        DatapointsToAlarm=1, Threshold=EXPECTED_BASELINE["f2"], ComparisonOperator="LessThanOrEqualToThreshold",
        TreatMissingData="notBreaching")
    say(f"put alarm {name}")


def check_cloudwatch(namespace, dimensions, alarm=None, own=None):
    """The execution's metrics have arrived, with AWS's figures, and the alarm rings."""
    cloudwatch = boto3.client("cloudwatch")
    names = {metric["MetricName"] for page in cloudwatch.get_paginator("list_metrics").paginate(
        Namespace=namespace, Dimensions=dimensions) for metric in page["Metrics"]}
    check(f"CloudWatch has {len(names)} metrics in {namespace}", METRIC_NAMES <= names, names)
    now = datetime.datetime.now(datetime.timezone.utc)
    points = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName="f2", Dimensions=dimensions, StartTime=now - datetime.timedelta(hours=6), EndTime=now,
        Period=3600, Statistics=["Average", "SampleCount"])["Datapoints"]
    check("f2 has one datapoint, that of the report", [point["Average"] for point in points] == [EXPECTED["f2"]], points)
    if alarm:
        states = [found["StateValue"] for found in cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]]
        check(f"alarm {alarm} rings", states == ["ALARM"], states)
        cloudwatch.delete_alarms(AlarmNames=[alarm])
    if own:
        found = cloudwatch.list_metrics(Namespace=namespace, MetricName=own)["Metrics"]
        check(f"the post-analytics script's own metric {own} is there", found)
