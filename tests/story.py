"""The requests of the monitor's story, for tests that speak to `hindcast serve`: as the SageMaker SDK sends them."""
import datetime
import io
import json
import random

import helpers as h

BUCKET = "story"
ROLE = "arn:aws:iam::123456789012:role/service-role/Monitoring"
REPOSITORY = "159807026194.dkr.ecr.us-west-2.amazonaws.com"
ANALYZER = f"{REPOSITORY}/sagemaker-model-monitor-analyzer"
CONSTRAINTS = f"s3://{BUCKET}/baseline/constraints.json"
NAMESPACE = "aws/sagemaker/Endpoints/model-metrics"
MODEL = {"PrimaryContainer": {"Image": f"{REPOSITORY}/xgboost:1", "ModelDataUrl": "s3://models/m.tar.gz", "Environment": {"A": "b"}},
         "ExecutionRoleArn": ROLE}
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}
ENDED = ("Completed", "CompletedWithViolations", "Failed", "Stopped")


def rows(n=60, seed=4):
    """(score as text, label): scores that say something about their labels."""
    rng = random.Random(seed)
    made = []
    for _ in range(n):
        score = round(rng.random(), 6)
        made.append((repr(score), "1" if rng.random() < score else "0"))
    return made


ROWS = rows()


def confusion(pairs, threshold=0.5):
    matrix = {"0": {"0": 0, "1": 0}, "1": {"0": 0, "1": 0}}
    for score, label in pairs:
        matrix[label]["1" if float(score) > threshold else "0"] += 1
    return matrix


def last_hour(now=None):
    now = now or datetime.datetime.now(datetime.timezone.utc)
    return now.replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=1)


# --- requests ----------------------------------------------------------------------------------


def endpoint_config(name, destination, model=None, variants=("AllTraffic",)):
    return {"EndpointConfigName": name,
            "ProductionVariants": [{"VariantName": variant, "ModelName": model or name, "InitialInstanceCount": 1,
                                    "InstanceType": "ml.m5.xlarge", "InitialVariantWeight": 1.0} for variant in variants],
            "DataCaptureConfig": {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": destination,
                                  "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                                  "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"],
                                                               "JsonContentTypes": ["application/json"]}}}


def deploy(sagemaker, name, destination, variants=("AllTraffic",)):
    sagemaker.create_model(ModelName=name, **MODEL)
    sagemaker.create_endpoint_config(**endpoint_config(name, destination, variants=variants))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1})


def definition(name, endpoint, offsets=None, bucket=BUCKET, environment=None, runtime_s=1800):
    data = {"EndpointName": endpoint, "LocalPath": "/opt/ml/processing/input/endpoint", "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated", "ProbabilityAttribute": "0", "ProbabilityThresholdAttribute": 0.5}
    if offsets:
        data["StartTimeOffset"], data["EndTimeOffset"] = offsets
    return {
        "JobDefinitionName": name,
        "ModelQualityBaselineConfig": {"ConstraintsResource": {"S3Uri": f"s3://{bucket}/baseline/constraints.json"}},
        "ModelQualityAppSpecification": {"ImageUri": ANALYZER, "ProblemType": "BinaryClassification",
                                         "Environment": {"publish_cloudwatch_metrics": "Enabled", **(environment or {})}},
        "ModelQualityJobInput": {"EndpointInput": data, "GroundTruthS3Input": {"S3Uri": f"s3://{bucket}/ground-truth"}},
        "ModelQualityJobOutputConfig": {"MonitoringOutputs": [{"S3Output": {
            "S3Uri": f"s3://{bucket}/reports", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "Continuous"}}]},
        "JobResources": {"ClusterConfig": CLUSTER},
        "RoleArn": ROLE,
        "StoppingCondition": {"MaxRuntimeInSeconds": runtime_s},
    }


def schedule(name, definition, cron="cron(0 * ? * * *)", window=None, tags=None):
    config = {"ScheduleExpression": cron}
    if window:
        config["DataAnalysisStartTime"], config["DataAnalysisEndTime"] = window
    made = {"MonitoringScheduleName": name,
            "MonitoringScheduleConfig": {"ScheduleConfig": config, "MonitoringJobDefinitionName": definition, "MonitoringType": "ModelQuality"}}
    if tags is not None:
        made["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return made


def baselining_job(name, key, output):
    folder = "/opt/ml/processing/input/baseline_dataset_input"
    return {
        "ProcessingJobName": name,
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        "AppSpecification": {"ImageUri": ANALYZER},
        "RoleArn": ROLE,
        "ProcessingInputs": [{"InputName": "baseline_dataset_input", "AppManaged": False, "S3Input": {
            "S3Uri": f"s3://{BUCKET}/{key}", "LocalPath": folder, "S3DataType": "S3Prefix", "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "monitoring_output", "AppManaged": False, "S3Output": {
            "S3Uri": f"s3://{BUCKET}/{output}", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]},
        "Environment": {"output_path": "/opt/ml/processing/output", "publish_cloudwatch_metrics": "Disabled",
                        "dataset_format": json.dumps({"csv": {"header": True, "output_columns_position": "START"}}),
                        "dataset_source": folder, "analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification",
                        "inference_attribute": "prediction", "probability_attribute": "probability", "ground_truth_attribute": "label"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
    }


# --- data --------------------------------------------------------------------------------------


def lines(records):
    return "".join(h.compact(record) + "\n" for record in records).encode()


def put_records(s3, endpoint, hour, pairs, bucket=BUCKET, variant="AllTraffic", labels=True):
    """Captures of that hour, and their labels in the folder of the same hour."""
    at = hour + datetime.timedelta(minutes=1)
    captured = [h.capture(score, f"event-{i}", f"id-{i}", at) for i, (score, _) in enumerate(pairs)]
    folder = h.hour_path(hour)
    s3.upload_fileobj(io.BytesIO(lines(captured)), bucket, f"capture/{endpoint}/{variant}/{folder}/01-00-000-a.jsonl")
    if labels:
        known = [h.label(f"id-{i}", label) for i, (_, label) in enumerate(pairs)]
        s3.put_object(Bucket=bucket, Key=f"ground-truth/{folder}/labels.jsonl", Body=lines(known))


def put_constraints(s3, bucket=BUCKET, accuracy=0.99):
    """A baseline that nothing reaches, unless told otherwise."""
    text = json.dumps({"version": 0.0, "binary_classification_constraints": {
        "accuracy": {"threshold": accuracy, "comparison_operator": "LessThanThreshold"},
        "recall": {"threshold": 0.1, "comparison_operator": "LessThanThreshold"}}})
    s3.put_object(Bucket=bucket, Key="baseline/constraints.json", Body=text.encode())


def ended(described):
    return described.get("LastMonitoringExecutionSummary", {}).get("MonitoringExecutionStatus") in ENDED
