"""A model quality monitor, from baseline to alarm, with the SageMaker Python SDK, version 3 (pip install sagemaker-core).

The same story as sagemaker_sdk.py, which tells more; the newest `sagemaker` itself (3.27) has no sagemaker.model_monitor any more, its
successor is sagemaker.core.model_monitor. It is run in the same way:

    hindcast serve --data DIR
    eval "$(hindcast env --data DIR)"
    python3 examples/sagemaker_sdk_v3.py

What differs is what version 3 cannot do, whatever server it talks to: execution.wait() and .statistics of a job that is not there end in
errors of the client's own, so this program asks DescribeProcessingJob instead of waiting.
"""
import json
import time

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.model_monitor import (BatchTransformInput, CronExpressionGenerator, DatasetFormat, EndpointInput,
                                          ModelQualityMonitor, MonitoringDatasetFormat)

import churn_traffic as churn
from churn_traffic import check, say

ROLE = "arn:aws:iam::123456789012:role/service-role/ChurnMonitoring"
BUCKET = "churn-monitoring-example-v3"
NAME = time.strftime("churn-v3-%Y-%m-%d-%H-%M-%S", time.gmtime())
PREFIX = f"s3://{BUCKET}/{NAME}"
GROUND_TRUTH = f"{PREFIX}/ground-truth"
REPORTS = f"{PREFIX}/reports"

# Without a default bucket the SDK asks AWS's own STS for the account, whatever endpoint is set (`hindcast serve --proxy` answers that, too).
session = Session(default_bucket=BUCKET)
client = session.sagemaker_client


def new_monitor():
    """One object serves one schedule."""
    return ModelQualityMonitor(role=ROLE, instance_count=1, instance_type="ml.m5.xlarge", volume_size_in_gb=20,
                               max_runtime_in_seconds=1800, sagemaker_session=session)


def make_baseline():
    say("== baseline")
    monitor = new_monitor()
    monitor.suggest_baseline(
        baseline_dataset=str(churn.BASELINE), dataset_format=DatasetFormat.csv(header=True), problem_type="BinaryClassification",
        inference_attribute="prediction", probability_attribute="probability", ground_truth_attribute="label",
        output_s3_uri=f"{PREFIX}/baseline", job_name=f"{NAME}-baseline", wait=True, logs=True)
    job = monitor.latest_baselining_job
    metrics = job.baseline_statistics().body_dict["binary_classification_metrics"]
    churn.check_figures("the baseline's metrics are those of AWS", metrics, churn.EXPECTED_BASELINE)
    constraints = monitor.suggested_constraints()
    suggested = constraints.body_dict["binary_classification_constraints"]
    check(f"{len(suggested)} constraints are suggested, at the baseline's own values",
          {name: entry["threshold"] for name, entry in suggested.items()} == {name: metrics[name]["value"] for name in suggested},
          suggested)
    return monitor


# --- schedules ---------------------------------------------------------------------------------


def endpoint_input():
    """What the model answers is one number, the probability: attribute "0" of its CSV, and 1 is predicted above 0.5."""
    return EndpointInput(endpoint_name=NAME, destination="/opt/ml/processing/input/endpoint", start_time_offset="-PT2H",
                         end_time_offset="-PT1H", probability_attribute="0", probability_threshold_attribute=0.5)


def batch_input():
    return BatchTransformInput(
        data_captured_destination_s3_uri=f"{PREFIX}/batch-capture", destination="/opt/ml/processing/input/batch",
        dataset_format=MonitoringDatasetFormat.csv(header=False), start_time_offset="-PT2H", end_time_offset="-PT1H",
        probability_attribute="0", probability_threshold_attribute=0.5)


def schedule_hourly(monitor, name, constraints, **data):
    """The monitor that goes on: at the top of every hour over the captures of the hours before."""
    monitor.create_monitoring_schedule(
        monitor_schedule_name=name, ground_truth_input=GROUND_TRUTH, problem_type="BinaryClassification", output_s3_uri=REPORTS,
        constraints=constraints, post_analytics_processor_script=str(churn.POSTPROCESSOR),
        schedule_cron_expression=CronExpressionGenerator.hourly(), enable_cloudwatch_metrics=True, **data)
    monitor._wait_for_schedule_changes_to_apply()
    described = monitor.describe_schedule()
    check(f"schedule {name} is scheduled", described["MonitoringScheduleStatus"] == "Scheduled"
          and described["MonitoringType"] == "ModelQuality"
          and described["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"] == "cron(0 * ? * * *)", described)


def schedule_now(monitor, name, constraints, **data):
    """One execution, at once; the window is given by the schedule."""
    monitor.create_monitoring_schedule(
        monitor_schedule_name=name, ground_truth_input=GROUND_TRUTH, problem_type="BinaryClassification", output_s3_uri=REPORTS,
        constraints=constraints, post_analytics_processor_script=str(churn.POSTPROCESSOR),
        schedule_cron_expression=CronExpressionGenerator.now(), data_analysis_start_time="-PT2H", data_analysis_end_time="-PT1H",
        enable_cloudwatch_metrics=True, **data)
    say(f"schedule {name} runs now")


def check_execution(monitor):
    summary = churn.wait_for_execution(monitor)
    check("the execution has found violations", summary["MonitoringExecutionStatus"] == "CompletedWithViolations", summary)
    execution = monitor.list_executions()[-1]
    job = execution.describe()  # not wait(): see above
    check(f"its job says so: {job.get('ExitMessage')}", job["ProcessingJobStatus"] == "Completed"
          and job["ExitMessage"].startswith("CompletedWithViolations: "), job)
    churn.check_report(execution.statistics().body_dict, execution.constraint_violations().body_dict)
    check("latest_monitoring_* are the same",
          monitor.latest_monitoring_statistics().body_dict == execution.statistics().body_dict
          and monitor.latest_monitoring_constraint_violations().body_dict == execution.constraint_violations().body_dict)
    say(f"report: {execution.output.s3_output.s3_uri}")
    return execution


def check_alert(monitor):
    """Every schedule has one alert from the start; the violations have set it off."""
    alerts, _ = monitor.list_monitoring_alerts()
    check("the schedule's alert is on", [alert.alert_status for alert in alerts] == ["InAlert"], alerts)
    history, _ = monitor.list_monitoring_alert_history(monitoring_alert_name=alerts[0].alert_name)
    check("its history tells since when", history and history[0].alert_status == "InAlert", history)
    monitor.update_monitoring_alert(alerts[0].alert_name, data_points_to_alert=2, evaluation_period=3)
    alerts, _ = monitor.list_monitoring_alerts()
    check("it takes 2 of 3 executions now", (alerts[0].data_points_to_alert, alerts[0].evaluation_period) == (2, 3))


def change_schedule(monitor, name):
    say(f"== changing {name}")
    check("nothing has run yet", monitor.list_executions() == [] or time.gmtime().tm_min < 5)
    monitor.update_monitoring_schedule(schedule_cron_expression=CronExpressionGenerator.daily_every_x_hours(6))
    config = monitor.describe_schedule()["MonitoringScheduleConfig"]
    check("every six hours now", config["ScheduleConfig"]["ScheduleExpression"] == "cron(0 0/6 ? * * *)", config)
    old = monitor.job_definition_name
    monitor.update_monitoring_schedule(max_runtime_in_seconds=900)
    described = client.describe_model_quality_job_definition(JobDefinitionName=monitor.job_definition_name)
    check("a new definition has 900 seconds", monitor.job_definition_name != old
          and described["StoppingCondition"] == {"MaxRuntimeInSeconds": 900}, described)
    config = monitor.describe_schedule()["MonitoringScheduleConfig"]
    check("the schedule uses it and kept its hours", config["MonitoringJobDefinitionName"] == monitor.job_definition_name
          and config["ScheduleConfig"]["ScheduleExpression"] == "cron(0 0/6 ? * * *)", config)
    client.delete_model_quality_job_definition(JobDefinitionName=old)  # the SDK leaves it behind

    monitor.stop_monitoring_schedule()
    check("stopped", monitor.describe_schedule()["MonitoringScheduleStatus"] == "Stopped")
    monitor.start_monitoring_schedule()
    check("started", monitor.describe_schedule()["MonitoringScheduleStatus"] == "Scheduled")

    attached = ModelQualityMonitor.attach(name, sagemaker_session=session)
    check("attached to by name", attached.job_definition_name == monitor.job_definition_name
          and attached.max_runtime_in_seconds == 900 and attached.role == ROLE, vars(attached))
    return attached


def delete(monitor, name):
    monitor.delete_monitoring_schedule()
    try:
        client.describe_monitoring_schedule(MonitoringScheduleName=name)
    except client.exceptions.ResourceNotFound:
        say(f"deleted schedule {name}")
    else:
        check(f"schedule {name} is gone", False)


# --- the story ---------------------------------------------------------------------------------


def monitor_endpoint(baseline):
    say("== endpoint")
    hour = churn.last_hour()
    churn.deploy(client, NAME, ROLE, f"{PREFIX}/model/xgb-churn-prediction-model.tar.gz", f"{PREFIX}/capture")
    churn.put_endpoint_capture(f"{PREFIX}/capture", NAME, "AllTraffic", hour)
    churn.put_ground_truth(GROUND_TRUTH, hour)

    hourly, now = f"{NAME}-hourly", f"{NAME}-now"
    schedule_hourly(baseline, hourly, baseline.suggested_constraints(), endpoint_input=endpoint_input())

    say("== one execution over the endpoint's captures")
    namespace = "aws/sagemaker/Endpoints/model-metrics"
    dimensions = [{"Name": "Endpoint", "Value": NAME}, {"Name": "MonitoringSchedule", "Value": now}]
    churn.put_alarm(now, namespace, dimensions)
    monitor = new_monitor()
    schedule_now(monitor, now, baseline.suggested_constraints(), endpoint_input=endpoint_input())
    check_execution(monitor)
    monitor.get_latest_execution_logs()
    churn.check_cloudwatch(namespace, dimensions, alarm=now, own="missed_customers")
    check_alert(monitor)

    attached = change_schedule(baseline, hourly)
    listed = client.list_monitoring_schedules(EndpointName=NAME, SortBy="Name", SortOrder="Ascending")
    check("the endpoint has two schedules", [summary["MonitoringScheduleName"] for summary in
                                             listed["MonitoringScheduleSummaries"]] == [hourly, now], listed)
    delete(attached, hourly)
    delete(monitor, now)
    churn.undeploy(client, NAME)


def monitor_batch():
    say("== batch transform")
    churn.put_batch_capture(f"{PREFIX}/batch-capture", f"{PREFIX}/transform-output", churn.last_hour())
    hourly, now = f"{NAME}-batch-hourly", f"{NAME}-batch-now"
    constraints = f"{PREFIX}/baseline/constraints.json"  # by address, this time
    regular = new_monitor()
    schedule_hourly(regular, hourly, constraints, batch_transform_input=batch_input())
    say("== one execution over the batch's captures")
    monitor = new_monitor()
    schedule_now(monitor, now, constraints, batch_transform_input=batch_input())
    check_execution(monitor)
    churn.check_cloudwatch("aws/sagemaker/ModelMonitoring/model-metrics", [{"Name": "MonitoringSchedule", "Value": now}])
    delete(regular, hourly)
    delete(monitor, now)


def main():
    say(f"bucket {session.default_bucket()}, everything below {PREFIX}/")
    baseline = make_baseline()
    monitor_endpoint(baseline)
    monitor_batch()
    say(json.dumps({"name": NAME, "bucket": BUCKET, "reports": REPORTS}))
    say("all as expected")


if __name__ == "__main__":
    main()
