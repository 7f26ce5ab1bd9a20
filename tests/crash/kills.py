"""Clients that write without pause to a server that is killed (kill -9) and started again, over and over; and what must hold after each start:

  what was acknowledged is there, with its bytes, ETag and members; what was acknowledged as deleted is gone;
  what was not acknowledged is there as a whole, or not at all;
  a schedule with NOW has one execution, whose report is complete or not there;
  the catalog is whole, every content that it names is on disk; after a sweep nothing else is.

Each actor is one client, in a thread of its own, with names of its own. It knows for every name the values that may be found: one after an
acknowledged change, two or more after changes of which nobody knows. Looking settles it.
"""
import base64
import datetime
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import threading
import time
import traceback
from pathlib import Path

import helpers
from server import Server, until
from wire import Gone, Wire

BUCKET = "crash-bucket"
ROLE = "arn:aws:iam::123456789012:role/monitor"
ACCOUNT_ARN = "arn:aws:sagemaker:us-west-2:123456789012:"
ANALYZER = "159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-analyzer"
MEGABYTE = 1 << 20
PART = 5 << 20  # the least that a part has which is not the last
ENDPOINT = "crash-endpoint"
NAMESPACE = "crash"
REPORT = {"statistics.json", "constraints.json", "constraint_violations.json"}
ENDED = ("Completed", "CompletedWithViolations")
GIVEN_UP = "the server ended 3 times while this job ran"


class Wrong(AssertionError):
    """What must hold does not."""


def must(holds, *what):
    if not holds:
        raise Wrong(" ".join(str(one) for one in what))


def md5(data):
    return hashlib.md5(data).hexdigest()


class Actor:
    """One client. Subclasses have step(), which changes something, and look(name), the value that is there now (None: nothing)."""

    def __init__(self, name, rng):
        self.name, self.rng = name, rng
        self.maybe = {}       # name -> values that may be found
        self.touched = set()  # since the last look
        self.acknowledged = self.unknown = 0
        self.wire = None

    def change(self, request, good, **values):
        """Sends a request that makes each name's value the one given. Returns its reply, which is one of success."""
        return self.change_all(request, good, values)

    def change_all(self, request, good, values):
        for name, value in values.items():
            self.maybe[name] = [*self.maybe.get(name, [None]), value]
            self.touched.add(name)
        try:
            reply = request()
        except Gone:
            self.unknown += 1
            raise
        must(reply.status in good, f"{self.name}: {list(values)[:3]} got {reply}")
        for name, value in values.items():
            self.maybe[name] = [value]
        self.acknowledged += 1
        return reply

    def value(self, name):
        """What is there, as far as is known; changes begin only with what is."""
        values = self.maybe.get(name, [None])
        must(len(values) == 1, f"{self.name}: {name} was not looked at")
        return values[0]

    def settle(self, name, seen):
        values = self.maybe.get(name, [None])
        must(seen in values, f"{self.name}: {name} is {seen!r:.400}, may be one of {values!r:.800}")
        self.maybe[name] = [seen]

    def verify(self, everything):
        some = list(self.maybe) if everything else [*self.touched, *self.rng.sample(sorted(self.maybe), min(3, len(self.maybe)))]
        for name in some:
            self.settle(name, self.look(name))
        self.touched.clear()


# --- objects -----------------------------------------------------------------------------------


class Objects(Actor):
    """Values: (etag, size, seed of the bytes, the id in its metadata). Uploads that were begun go on after the next start."""

    KEYS = 24

    def __init__(self, name, rng, shared):
        super().__init__(name, rng)
        self.shared = shared  # keys that all actors of this class write: key -> every ETag and id that was ever sent
        self.uploads = {}     # upload id -> [key, {part number: [possible (etag, seed, size) or None]}, meta]
        self.done = set()     # uploads of which a completion or an abortion was sent
        self.numbers = 0

    def fresh(self):
        """A body of its own: its seed and bytes."""
        self.numbers += 1
        seed = f"{self.name}-{self.numbers}"
        size = MEGABYTE if self.rng.random() < 0.12 else self.rng.choice([0, 1, 100, 1999, 70000])
        return seed, size

    @staticmethod
    def bytes_of(seed, size):
        return random.Random(seed).randbytes(size)

    def key(self):
        return f"{self.name}/{self.rng.randrange(self.KEYS):02} ü"

    def step(self):
        choice = self.rng.random()
        if choice < 0.45:
            self.put()
        elif choice < 0.55:
            self.copy()
        elif choice < 0.67:
            key = self.key()
            self.change_all(lambda: self.wire.s3("DELETE", BUCKET, key), (204,), {key: None})
        elif choice < 0.75:
            self.delete_several()
        elif choice < 0.80:
            self.put_shared()
        else:
            self.multipart()

    def put(self):
        key, (seed, size) = self.key(), self.fresh()
        body = self.bytes_of(seed, size)
        headers = {"x-amz-meta-id": seed, "Content-Type": "application/x-crash"}
        reply = self.change_all(lambda: self.wire.s3("PUT", BUCKET, key, body=body, headers=headers), (200,),
                                {key: (md5(body), size, ((seed, size),), seed)})
        must(reply.headers["ETag"] == f'"{md5(body)}"', f"{self.name}: ETag {reply.headers['ETag']} of {key}")

    def put_shared(self):
        key, (seed, size) = f"shared/{self.rng.randrange(2)}", self.fresh()
        body = self.bytes_of(seed, size)
        self.shared.setdefault(key, {})[md5(body), seed] = True
        must(self.wire.s3("PUT", BUCKET, key, body=body, headers={"x-amz-meta-id": seed}).status == 200, "shared put")
        self.shared[key]["acknowledged"] = True

    def copy(self):
        source, target = self.key(), self.key()
        value = self.value(source)
        if not value or source == target:
            return
        headers = {"x-amz-copy-source": "/" + BUCKET + "/" + source.replace(" ü", "%20%C3%BC")}
        # The bytes are shared, and with them the ETag, of what came in parts too
        self.change_all(lambda: self.wire.s3("PUT", BUCKET, target, headers=headers), (200,), {target: value})

    def delete_several(self):
        keys = {self.key() for _ in range(self.rng.randint(1, 5))}
        body = "<Delete>" + "".join(f"<Object><Key>{key}</Key></Object>" for key in keys) + "</Delete>"
        sent = body.encode()
        digest = base64.b64encode(hashlib.md5(sent).digest()).decode()
        reply = self.change_all(lambda: self.wire.s3("POST", BUCKET, query="delete=", body=sent, headers={"Content-MD5": digest}),
                                (200,), {key: None for key in keys})
        must(reply.body.count(b"<Deleted>") == len(keys), f"{self.name}: DeleteObjects said {reply}")

    # --- uploads ---

    def multipart(self):
        """The next step of an upload: begin, a part (or the same again), complete, or abort."""
        choice = self.rng.random()
        open_ones = [name for name in self.uploads if name not in self.done]
        if not open_ones or (len(open_ones) < 4 and choice < 0.3):
            self.begin_upload()
            return
        name = self.rng.choice(open_ones)
        key, parts, _ = self.uploads[name]
        if not parts or choice < 0.55:
            self.put_part(name, 1, large=self.rng.random() < 0.1)
        elif choice < 0.9:
            self.complete(name)
        else:
            self.done.add(name)
            reply = self.wire.s3("DELETE", BUCKET, key, query=f"uploadId={name}")
            must(reply.status == 204, f"{self.name}: abort got {reply}")
            del self.uploads[name]

    def begin_upload(self):
        key, meta = self.key(), self.fresh()[0]
        reply = self.wire.s3("POST", BUCKET, key, query="uploads=", headers={"x-amz-meta-id": meta})
        must(reply.status == 200, f"{self.name}: CreateMultipartUpload got {reply}")
        self.uploads[re.search(rb"<UploadId>([^<]+)", reply.body)[1].decode()] = [key, {}, meta]

    def put_part(self, name, number, large=False):
        key, parts, _ = self.uploads[name]
        seed, size = self.fresh()
        size = PART if large else size
        body = self.bytes_of(seed, size)
        value = (md5(body), seed, size)
        parts[number] = [*parts.get(number, [None]), value]
        reply = self.wire.s3("PUT", BUCKET, key, query=f"partNumber={number}&uploadId={name}", body=body)
        must(reply.status == 200 and reply.headers["ETag"] == f'"{value[0]}"', f"{self.name}: part got {reply}")
        parts[number] = [value]
        if large:
            self.put_part(name, number + 1)

    def complete(self, name):
        key, parts, meta = self.uploads[name]
        known = {number: values[0] for number, values in parts.items() if len(values) == 1 and values[0]}
        if 1 not in known or known[1][2] < PART:
            known = {number: known[number] for number in known if number == 1}
        if not known:
            return
        body = "<CompleteMultipartUpload>" + "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{known[number][0]}</ETag></Part>" for number in sorted(known)
        ) + "</CompleteMultipartUpload>"
        pieces = tuple((known[number][1], known[number][2]) for number in sorted(known))
        etag = md5(b"".join(bytes.fromhex(known[number][0]) for number in sorted(known))) + f"-{len(known)}"
        value = (etag, sum(size for _, size in pieces), pieces, meta)
        self.done.add(name)
        reply = self.change_all(lambda: self.wire.s3("POST", BUCKET, key, query=f"uploadId={name}", body=body.encode()), (200,),
                                {key: value})
        must(etag.encode() in reply.body and b"<Error>" not in reply.body, f"{self.name}: CompleteMultipartUpload said {reply}")
        del self.uploads[name]

    def verify_uploads(self):
        for name, (key, parts, _) in list(self.uploads.items()):
            reply = self.wire.s3("GET", BUCKET, key, query=f"uploadId={name}")
            if reply.status == 404 and name in self.done:
                del self.uploads[name]  # it was done after all
                continue
            must(reply.status == 200, f"{self.name}: upload {name} of {key}: {reply}")
            self.done.discard(name)
            found = {int(re.search(rb"<PartNumber>(\d+)", part)[1]):
                     (re.search(rb"<ETag>(?:&quot;|\")([0-9a-f]+)", part)[1].decode(), int(re.search(rb"<Size>(\d+)", part)[1]))
                     for part in re.findall(rb"<Part>(.*?)</Part>", reply.body, re.DOTALL)}
            must(set(found) <= set(parts), f"{self.name}: upload {name} has parts {found}, sent were {parts}")
            for number, values in list(parts.items()):
                fitting = [one for one in values if (one and (one[0], one[2])) == found.get(number)]
                must(fitting, f"{self.name}: part {number} of {name} is {found.get(number)}, may be one of {values}")
                if fitting[0] is None:
                    del parts[number]
                else:
                    parts[number] = fitting[:1]

    # --- looking ---

    def look(self, key):
        reply = self.wire.s3("GET", BUCKET, key)
        if reply.status == 404:
            return None
        must(reply.status == 200, f"{self.name}: GET {key}: {reply}")
        etag, meta = reply.headers["ETag"].strip('"'), reply.headers["x-amz-meta-id"]
        # The bytes are those of the value with this ETag
        for value in self.maybe.get(key, []):
            if value and value[0] == etag and value[3] == meta:
                whole = b"".join(self.bytes_of(*piece) for piece in value[2])
                must(reply.body == whole, f"{self.name}: {key} has ETag {etag} and other bytes: {len(reply.body)} of {value[1]}")
                return value
        raise Wrong(f"{self.name}: {key} has ETag {etag}, id {meta}; may be one of {self.maybe.get(key)!r:.800}")

    def verify(self, everything):
        super().verify(everything)
        listed = self.wire.listing(BUCKET, self.name + "/")
        known = {key: (values[0][0], values[0][1]) for key, values in self.maybe.items() if values[0]}
        must(listed == known, f"{self.name}: listed and known differ: {set(listed.items()) ^ set(known.items())}")
        self.verify_uploads()
        for key, etags in list(self.shared.items()):
            reply = self.wire.s3("GET", BUCKET, key)
            if reply.status == 404:
                must("acknowledged" not in etags, f"{key} is gone")
                continue
            etag = reply.headers["ETag"].strip('"')
            must(reply.status == 200 and etag == md5(reply.body) and (etag, reply.headers["x-amz-meta-id"]) in etags,
                 f"{key}: {reply.status} {etag}, of {md5(reply.body)}, id {reply.headers['x-amz-meta-id']}")


# --- resources -----------------------------------------------------------------------------------


def definition(name, attribute="0"):
    return {"JobDefinitionName": name, "RoleArn": ROLE,
            "ModelQualityAppSpecification": {"ImageUri": ANALYZER, "ProblemType": "BinaryClassification"},
            "ModelQualityJobInput": {
                "EndpointInput": {"EndpointName": ENDPOINT, "LocalPath": "/opt/ml/processing/input/endpoint",
                                  "ProbabilityAttribute": attribute, "ProbabilityThresholdAttribute": 0.5},
                "GroundTruthS3Input": {"S3Uri": f"s3://{BUCKET}/labels"}},
            "ModelQualityJobOutputConfig": {"MonitoringOutputs": [
                {"S3Output": {"S3Uri": f"s3://{BUCKET}/reports", "LocalPath": "/opt/ml/processing/output"}}]},
            "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}},
            "StoppingCondition": {"MaxRuntimeInSeconds": 1800}}


def schedule(expression, of):
    config = {"ScheduleExpression": expression}
    if expression == "NOW":
        config.update({"DataAnalysisStartTime": "-PT3H", "DataAnalysisEndTime": "-PT1H"})
    return {"ScheduleConfig": config, "MonitoringJobDefinitionName": of, "MonitoringType": "ModelQuality"}


class Resources(Actor):
    """Definitions (d), schedules (s), models with configuration and endpoint (m, c, e), tags (t). Values are what tells two of them apart."""

    NAMES = 8

    def step(self):
        kind = self.rng.choice("ddsssseemctt")
        name = f"{kind}{self.rng.randrange(self.NAMES)}"
        getattr(self, "step_" + kind)(name, self.value(name))

    def do(self, operation, arguments, **values):
        return self.change(lambda: self.wire.call(operation, arguments), (200,), **values)

    def step_d(self, name, value):
        if value:
            self.do("DeleteModelQualityJobDefinition", {"JobDefinitionName": f"{self.name}-{name}"}, **{name: None})
        else:
            attribute = str(self.rng.randrange(1000))
            self.do("CreateModelQualityJobDefinition", definition(f"{self.name}-{name}", attribute), **{name: attribute})

    def step_s(self, name, value):
        named = {"MonitoringScheduleName": f"{self.name}-{name}"}
        expression = f"cron(0 {self.rng.randrange(24)} ? * * *)"
        with_config = {**named, "MonitoringScheduleConfig": schedule(expression, "definition")}
        choice = self.rng.random()
        if not value:
            self.do("CreateMonitoringSchedule", with_config, **{name: (expression, "Scheduled")})
        elif choice < 0.4:
            self.do("UpdateMonitoringSchedule", with_config, **{name: (expression, "Scheduled")})  # a change starts it
        elif choice < 0.6:
            self.do("DeleteMonitoringSchedule", named, **{name: None})
        elif value[1] == "Scheduled":
            self.do("StopMonitoringSchedule", named, **{name: (value[0], "Stopped")})
        else:
            self.do("StartMonitoringSchedule", named, **{name: (value[0], "Scheduled")})

    def step_m(self, name, value):
        full = f"{self.name}-{name}"
        if value:
            self.do("DeleteModel", {"ModelName": full}, **{name: None})
        else:
            image = f"repository/image:{self.rng.randrange(1000)}"
            self.do("CreateModel", {"ModelName": full, "PrimaryContainer": {"Image": image}, "ExecutionRoleArn": ROLE}, **{name: image})

    def step_c(self, name, value):
        full = f"{self.name}-{name}"
        if value:
            self.do("DeleteEndpointConfig", {"EndpointConfigName": full}, **{name: None})
        else:
            count = self.rng.randint(1, 9)
            self.do("CreateEndpointConfig", {"EndpointConfigName": full, "ProductionVariants": [
                {"VariantName": "v", "ModelName": "model", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": count}]},
                **{name: count})

    def step_e(self, name, value):
        named, config = {"EndpointName": f"{self.name}-{name}"}, self.rng.choice(["config", "config2"])
        if not value:
            self.do("CreateEndpoint", {**named, "EndpointConfigName": config}, **{name: config})
        elif self.rng.random() < 0.5:
            self.do("UpdateEndpoint", {**named, "EndpointConfigName": config}, **{name: config})
        else:
            self.do("DeleteEndpoint", named, **{name: None})

    def step_t(self, name, value):
        """Two tags at a time: both or none."""
        arn, keys = f"{ACCOUNT_ARN}endpoint/{ENDPOINT}", [f"{self.name}-{name}-a", f"{self.name}-{name}-b"]
        if value:
            self.do("DeleteTags", {"ResourceArn": arn, "TagKeys": keys}, **{name: None})
        else:
            tag = str(self.rng.randrange(1000))
            self.do("AddTags", {"ResourceArn": arn, "Tags": [{"Key": key, "Value": tag} for key in keys]}, **{name: tag})

    DESCRIBE = {"d": ("DescribeModelQualityJobDefinition", "JobDefinitionName"),
                "s": ("DescribeMonitoringSchedule", "MonitoringScheduleName"), "m": ("DescribeModel", "ModelName"),
                "c": ("DescribeEndpointConfig", "EndpointConfigName"), "e": ("DescribeEndpoint", "EndpointName")}

    def look(self, name):
        full = f"{self.name}-{name}"
        if name[0] == "t":
            reply = self.wire.call("ListTags", {"ResourceArn": f"{ACCOUNT_ARN}endpoint/{ENDPOINT}", "MaxResults": 100})
            must(reply.status == 200, f"{self.name}: ListTags {reply}")
            values = [tag["Value"] for tag in reply.document()["Tags"] if tag["Key"] in (full + "-a", full + "-b")]
            must(len(values) in (0, 2) and len(set(values)) < 2, f"{self.name}: half of the tags {full}: {values}")
            return values[0] if values else None
        operation, member = self.DESCRIBE[name[0]]
        reply = self.wire.call(operation, {member: full})
        if reply.status in (400, 404):
            code = reply.document()["__type"]
            must(code in ("ResourceNotFound", "ValidationException"), f"{self.name}: {full}: {reply}")
            must("ould not find" in reply.body.decode() or code == "ResourceNotFound", f"{self.name}: {full}: {reply}")
            return None
        must(reply.status == 200, f"{self.name}: {operation} {full}: {reply}")
        return self.read(name[0], reply.document())

    @staticmethod
    def read(kind, found):
        if kind == "d":
            expected = definition(found["JobDefinitionName"], found["ModelQualityJobInput"]["EndpointInput"]["ProbabilityAttribute"])
            for member in expected:
                if member != "ModelQualityJobInput":
                    must(found[member].items() >= expected[member].items() if isinstance(expected[member], dict)
                         else found[member] == expected[member], f"{member} is {found[member]}")
            return found["ModelQualityJobInput"]["EndpointInput"]["ProbabilityAttribute"]
        if kind == "s":
            return (found["MonitoringScheduleConfig"]["ScheduleConfig"]["ScheduleExpression"], found["MonitoringScheduleStatus"])
        if kind == "m":
            return found["PrimaryContainer"]["Image"]
        if kind == "c":
            return found["ProductionVariants"][0]["InitialInstanceCount"]
        must(found["EndpointStatus"] == "InService", f"an endpoint is {found['EndpointStatus']}")
        return found["EndpointConfigName"]


# --- metrics -------------------------------------------------------------------------------------


class Metrics(Actor):
    """Each request puts one datapoint to each of three metrics: all of them or none. Alarms come and go."""

    TRIPLE = ("first", "second", "third")

    def __init__(self, name, rng):
        super().__init__(name, rng)
        self.least = self.most = 0
        self.at = int(time.time()) - 3600

    def step(self):
        if self.rng.random() < 0.2:
            name = f"alarm{self.rng.randrange(6)}"
            if self.value(name):
                self.change(lambda: self.wire.call("DeleteAlarms", {"AlarmNames": [f"{self.name}-{name}"]}, "monitoring"), (200,),
                            **{name: None})
            else:
                threshold = float(self.rng.randrange(100))
                self.change(lambda: self.wire.call("PutMetricAlarm", {
                    "AlarmName": f"{self.name}-{name}", "Namespace": NAMESPACE, "MetricName": "first", "Statistic": "Sum", "Period": 60,
                    "EvaluationPeriods": 1, "Threshold": threshold, "ComparisonOperator": "GreaterThanThreshold"}, "monitoring"), (200,),
                    **{name: threshold})
            return
        self.most += 1
        reply = self.wire.call("PutMetricData", {"Namespace": NAMESPACE, "MetricData": [
            {"MetricName": metric, "Dimensions": [{"Name": "actor", "Value": self.name}], "Value": 1.0, "Timestamp": self.at}
            for metric in self.TRIPLE]}, "monitoring")
        must(reply.status == 200, f"{self.name}: PutMetricData {reply}")
        self.least += 1
        self.acknowledged += 1

    def look(self, name):
        reply = self.wire.call("DescribeAlarms", {"AlarmNames": [f"{self.name}-{name}"]}, "monitoring")
        must(reply.status == 200, f"{self.name}: DescribeAlarms {reply}")
        alarms = reply.document()["MetricAlarms"]
        return alarms[0]["Threshold"] if alarms else None

    def verify(self, everything):
        super().verify(everything)
        counts = set()
        for metric in self.TRIPLE:
            reply = self.wire.call("GetMetricStatistics", {
                "Namespace": NAMESPACE, "MetricName": metric, "Dimensions": [{"Name": "actor", "Value": self.name}], "Period": 86400,
                "StartTime": self.at - 86400, "EndTime": self.at + 86400, "Statistics": ["SampleCount", "Sum"]}, "monitoring")
            must(reply.status == 200, f"{self.name}: GetMetricStatistics {reply}")
            counts.add(sum(point["SampleCount"] for point in reply.document()["Datapoints"]))
        must(len(counts) == 1, f"{self.name}: three metrics of the same requests have {counts} datapoints")
        count = int(counts.pop())
        must(self.least <= count <= self.most, f"{self.name}: {count} datapoints, {self.least} acknowledged, {self.most} sent")
        self.least = self.most = count


# --- executions ----------------------------------------------------------------------------------


def put_traffic(wire):
    """Predictions and labels around now, so that a tick in the middle of the test finds some."""
    hour = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    for back in range(-1, 6):
        at = hour - datetime.timedelta(hours=back)
        captures = labels = ""
        for i in range(40):
            name = f"{back}-{i}"
            captures += json.dumps({"captureData": {"endpointOutput": {"observedContentType": "text/csv", "mode": "OUTPUT",
                                                                       "data": str(i / 40), "encoding": "CSV"}},
                                    "eventMetadata": {"eventId": name, "inferenceId": name,
                                                      "inferenceTime": at.strftime("%Y-%m-%dT%H:%M:%SZ")}, "eventVersion": "0"}) + "\n"
            labels += json.dumps({"groundTruthData": {"data": str(i % 3 == 0 and 1 or 0), "encoding": "CSV"},
                                  "eventMetadata": {"eventId": name}, "eventVersion": "0"}) + "\n"
        folder = at.strftime("%Y/%m/%d/%H")
        for key, text in ((f"captures/{ENDPOINT}/v/{folder}/a.jsonl", captures), (f"labels/{folder}/b.jsonl", labels)):
            must(wire.s3("PUT", BUCKET, key, body=text.encode()).status == 200, key)


class Executions(Actor):
    """Schedules with NOW, a few under way at a time. Values: True."""

    def __init__(self, name, rng, at_once=3):
        super().__init__(name, rng)
        self.at_once, self.numbers, self.given_up = at_once, 0, 0
        self.open = set()     # not seen to have ended
        self.ended = set()    # and kept
        self.has_one = set()  # an execution was seen

    def step(self):
        if len(self.open) < self.at_once:
            self.numbers += 1
            name = f"now{self.numbers}"
            self.open.add(name)
            self.change(lambda: self.wire.call("CreateMonitoringSchedule", {
                "MonitoringScheduleName": f"{self.name}-{name}", "MonitoringScheduleConfig": schedule("NOW", "definition")}), (200,),
                **{name: True})
        elif len(self.ended) > 10:
            name = self.ended.pop()
            self.change(lambda: self.wire.call("DeleteMonitoringSchedule", {"MonitoringScheduleName": f"{self.name}-{name}"}), (200,),
                        **{name: None})
        else:
            time.sleep(0.02)
            for name in list(self.open):
                self.check(name)

    def look(self, name):
        reply = self.wire.call("DescribeMonitoringSchedule", {"MonitoringScheduleName": f"{self.name}-{name}"})
        return True if reply.status == 200 else None

    def executions(self, name):
        reply = self.wire.call("ListMonitoringExecutions", {"MonitoringScheduleName": f"{self.name}-{name}", "MaxResults": 100})
        must(reply.status == 200, f"{self.name}: ListMonitoringExecutions {reply}")
        return reply.document()["MonitoringExecutionSummaries"]

    def check(self, name):
        """One execution at most; a report that is all there or not at all, and there when the execution has ended well."""
        before = self.wire.listing(BUCKET, f"reports/{ENDPOINT}/{self.name}-{name}/")
        found = self.executions(name)
        must(len(found) <= 1, f"{name} has {len(found)} executions: {found}")
        must(found or name not in self.has_one, f"{name} has lost its execution")
        # The merge job's own report comes with the merged records, before the analysis
        files = {key.split("/")[-1] for key in before} & REPORT
        must(not files or files == REPORT, f"{name}: half a report: {sorted(before)}")
        for key, (_, size) in before.items():
            must(size > 0, f"{key} is empty")
        if not found:
            must(not files, f"{name} has a report without an execution: {files}")
            return
        self.has_one.add(name)
        status = found[0]["MonitoringExecutionStatus"]
        if status == "Failed":  # a job that was begun three times is given up, for it may be what ends the server
            must(GIVEN_UP in found[0]["FailureReason"] and not files, f"{name}: {files}: {found[0]}")
            self.given_up += 1
            self.open.discard(name)
            return
        must(status in (*ENDED, "Pending", "InProgress"), f"{name}: {found[0]}")
        if status in ENDED:
            after = {key.split("/")[-1] for key in self.wire.listing(BUCKET, f"reports/{ENDPOINT}/{self.name}-{name}/")}
            must(after >= REPORT, f"{name} has ended and left {after}")
            self.open.discard(name)
            self.ended.add(name)

    def verify(self, everything):
        super().verify(everything)
        for name in list(self.open):
            if self.value(name) is None:
                self.open.discard(name)  # its creation was not acknowledged, and did not happen
        for name in [*self.open, *(self.ended if everything else self.rng.sample(sorted(self.ended), min(2, len(self.ended))))]:
            if self.value(name):
                self.check(name)


# --- the story -----------------------------------------------------------------------------------


class Story:
    """`kills` times: start, look, write, kill. Then a last look, a sweep, and the catalog."""

    def __init__(self, folder, kills, seed, say=print):
        self.folder, self.kills, self.rng, self.say = Path(folder), kills, random.Random(seed), say
        self.data = self.folder / "data"
        shared = {}
        self.actors = [Objects("o1", self.fork(), shared), Objects("o2", self.fork(), shared), Objects("o3", self.fork(), shared),
                       Resources("r1", self.fork()), Resources("r2", self.fork()), Metrics("m1", self.fork()),
                       Executions("x1", self.fork())]
        self.wrong = []

    def fork(self):
        return random.Random(self.rng.random())

    def server(self, signed, **more):
        return Server(self.data, "--jobs", "2", *([] if signed else ["--no-auth"]), **more)

    def prepare(self):
        with self.server(True) as server:
            wire = Wire(server.url, server.keys())
            must(wire.s3("PUT", BUCKET).status == 200, "the bucket")
            put_traffic(wire)
            variant = {"VariantName": "v", "ModelName": "model", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
            capture = {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{BUCKET}/captures",
                       "CaptureOptions": [{"CaptureMode": "Output"}]}
            for operation, arguments in (
                    ("CreateModel", {"ModelName": "model", "PrimaryContainer": {"Image": "a/b"}, "ExecutionRoleArn": ROLE}),
                    ("CreateEndpointConfig", {"EndpointConfigName": "config", "ProductionVariants": [variant],
                                              "DataCaptureConfig": capture}),
                    ("CreateEndpointConfig", {"EndpointConfigName": "config2", "ProductionVariants": [variant],
                                              "DataCaptureConfig": capture}),
                    ("CreateEndpoint", {"EndpointName": ENDPOINT, "EndpointConfigName": "config"}),
                    ("CreateModelQualityJobDefinition", definition("definition"))):
                reply = wire.call(operation, arguments)
                must(reply.status == 200, f"{operation}: {reply}")
            wire.close()

    def each(self, server, signed, work):
        """Runs work(actor) in a thread each; returns a function that waits for them."""
        def run(actor):
            try:
                actor.wire = Wire(server.url, server.keys() if signed or self.rng.random() < 0.3 else None)
                work(actor)
                actor.wire.close()
            except Exception:  # pylint: disable=broad-except
                self.wrong.append(traceback.format_exc())
        threads = [threading.Thread(target=run, args=(actor,), daemon=True) for actor in self.actors]
        for thread in threads:
            thread.start()

        def wait():
            for thread in threads:
                thread.join(120)
                must(not thread.is_alive(), "a client hangs")
        return wait

    def look(self, server, signed, everything):
        self.each(server, signed, lambda actor: actor.verify(everything))()
        must(not self.wrong, "after a start:\n" + "\n".join(self.wrong))

    def write_until_killed(self, server, signed):
        killing = threading.Event()

        def write(actor):
            try:
                while True:
                    actor.step()
            except Gone:
                must(killing.is_set(), f"{actor.name}: the server went away by itself")
        wait = self.each(server, signed, write)
        time.sleep(self.rng.choice([0.02, 0.1, 0.2, 0.4]) * self.rng.uniform(0.5, 1.5))
        must(server.child.poll() is None, f"the server ended by itself: {server.child.poll()}")
        killing.set()
        server.kill()
        wait()
        must(not self.wrong, "while writing:\n" + "\n".join(self.wrong))

    def kill_early(self):
        """Killed while it opens what the last one left."""
        child = subprocess.Popen([helpers.binary(), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env=helpers.environment())
        time.sleep(self.rng.uniform(0, 0.06))
        os.kill(child.pid, 9)
        child.wait()

    def check_catalog(self):
        """Over a copy, so that the next start still finds what the crash left."""
        aside = self.folder / "aside"
        aside.mkdir(exist_ok=True)
        for name in ("catalog.db", "catalog.db-wal"):
            (aside / name).unlink(missing_ok=True)
            if (self.data / name).exists():
                shutil.copy(self.data / name, aside / name)
        (aside / "catalog.db-shm").unlink(missing_ok=True)
        db = sqlite3.connect(aside / "catalog.db")
        must(db.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "the catalog is damaged")
        must(db.execute("PRAGMA foreign_key_check").fetchall() == [], "the catalog refers to what is not there")
        named = dict(db.execute("SELECT content, size FROM object UNION SELECT content, size FROM part"))
        db.close()
        return named

    def on_disk(self):
        return {path.name: path.stat().st_size for path in (self.data / "objects").rglob("*") if path.is_file()}

    def check_contents(self):
        """What the catalog names is on disk; what is too much is returned."""
        named, there = self.check_catalog(), self.on_disk()
        for content, size in named.items():
            must(there.get(content) == size, f"content {content} has {there.get(content)} bytes, not {size}")
        return sorted(set(there) - set(named))

    def run(self):
        self.prepare()
        began, done, leftovers = time.monotonic(), 0, 0
        while done < self.kills:
            if self.rng.random() < 0.1:
                self.kill_early()
                done += 1
            signed = self.rng.random() < 0.5
            server = self.server(signed).start()
            try:
                self.look(server, signed, everything=False)
                self.write_until_killed(server, signed)
            except BaseException:
                server.kill()
                self.say(server.log()[-8000:])
                raise
            done += 1
            if done % 10 < 2:
                leftovers = max(leftovers, len(self.check_contents()))
        self.say(f"{done} kills in {time.monotonic() - began:.0f} s; acknowledged {sum(a.acknowledged for a in self.actors)}, "
                 f"unknown {sum(a.unknown for a in self.actors)}, executions {len(self.actors[-1].has_one)} ({self.actors[-1].given_up} of them given up); "
                 f"contents that crashes left at a time: {leftovers}")
        self.finish()

    def finish(self):
        """Everything is looked at; executions end; the sweep of the next start leaves nothing that is not named."""
        with self.server(False) as server:
            self.look(server, False, everything=True)
            last = self.actors[-1]
            last.wire = Wire(server.url)

            def under_way():
                for name in list(last.open):
                    last.check(name)
                return sorted(last.open)
            until("executions end", under_way, good=lambda names: not names, timeout_s=120)
            last.wire.close()
        too_many = self.check_contents()
        time.sleep(2)  # what was written just before a start is not swept
        with self.server(False) as server:
            until("the sweep", self.check_contents, good=lambda names: not names, timeout_s=60)
            self.look(server, False, everything=True)
        must(self.check_contents() == [], "contents that nobody names")
        must(not list((self.data / "work").iterdir()), "folders of jobs that have ended")
        self.say(f"swept {len(too_many)} contents")
