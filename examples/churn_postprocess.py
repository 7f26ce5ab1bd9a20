"""A post-analytics processor script: runs after the metrics are computed and before they are published.

SageMaker's container calls postprocess_handler(). The report's files lie in the folder that the variable output_path names; lines
written into the folder that cloudwatch_metrics_directory names become metrics of your own in CloudWatch.
"""
import datetime
import json
import os


def postprocess_handler():
    with open(os.path.join(os.environ["output_path"], "statistics.json")) as file:
        statistics = json.load(file)
    matrix = statistics["binary_classification_metrics"]["confusion_matrix"]
    missed = matrix["1"]["0"]
    print(f"post-analytics: {missed} customers left unnoticed")
    directory = os.environ.get("cloudwatch_metrics_directory")
    if not directory:
        return
    os.makedirs(directory, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    with open(os.path.join(directory, "churn_postprocess.jsonl"), "w") as file:
        dimensions = [{"Name": name, "Value": os.environ[variable]}
                      for name, variable in (("Endpoint", "sagemaker_endpoint_name"),
                                             ("MonitoringSchedule", "sagemaker_monitoring_schedule_name"))
                      if os.environ.get(variable)]
        print(json.dumps({"MetricName": "missed_customers", "Timestamp": now, "Dimensions": dimensions, "Value": missed}), file=file)
