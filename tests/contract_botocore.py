"""botocore as the judge of the contract: its serializers make bodies that must be read as what went in, its parsers read what was written.

    PYTHON tests/contract_botocore.py DRIVER [ROUNDS] [SEED]

DRIVER is build/tests/unit/contract_driver. Runs with any Python that has botocore (1.26 and newer); members and protocols that an older one
does not have are left out. Parameters are random and valid by api/. Prints what it did, or fails with the first difference.
"""

import json
import random
import re
import subprocess
import sys
import urllib.parse
from datetime import datetime, timezone
from pathlib import Path

import botocore.parsers
import botocore.serialize
import botocore.session

ROOT = Path(__file__).resolve().parent.parent
API = ROOT / "api"
SCALARS = ("string", "integer", "long", "float", "double", "boolean", "timestamp", "blob")

# Texts of which at least one fits each pattern of the contract.
TEXTS = (
    "a b-c7 A9 name-1 Name.with_more x/y z#1 INFO 0 00 5.0 a_b x1y2z3 123456789012 key=value,more@here +x "
    "s3://bucket/some/key https://host/path -PT1H PT30M -P1D us-west-2 /aws/sagemaker/ProcessingJobs prefix/other "
    "arn:aws:iam::123456789012:role/service-role/Some.Role arn:aws:sagemaker:us-west-2:123456789012:model/some-model "
    "arn:aws:sagemaker:us-west-2:123456789012:endpoint/an-endpoint arn:aws:sns:us-west-2:123456789012:some_topic "
    "arn:aws:sagemaker:us-west-2:123456789012:endpoint-config/config arn:aws:sagemaker:us-west-2:123456789012:processing-job/job-1 "
    "arn:aws:sagemaker:us-west-2:123456789012:training-job/job-1 arn:aws:sagemaker:us-west-2:123456789012:automl-job/job-1 "
    "arn:aws:sagemaker:us-west-2:123456789012:monitoring-schedule/some-schedule arn:aws:iam::123456789012:role/x / /path/ "
    "AKIAIOSFODNN7EXAMPLE AWS/SageMaker 2026-03-01T05:00:00Z hello world").split()
TEXTS += [text + "-" + "0123456789" * 4 for text in ("abc", "x9")] + ["Grüße & <mehr>", "日本 語", "a\u00e9 b", "{\"a\": 1}"]


def python_pattern(pattern):
    """Java's pattern for Python's re, near enough for our texts."""
    pattern = pattern.replace(r"[\p{Print}]", "[ -~]").replace(r"\p{ASCII}", r"[\x00-\x7F]")
    pattern = pattern.replace(r"\p{L}", "A-Za-zéüß").replace(r"\p{Z}", " ").replace(r"\p{N}", "0-9")
    pattern = re.sub(r"\\uD800\\uDC00-\\uDBFF\\uDFFF", "\U00010000-\U0010ffff", pattern)
    return pattern.replace(r"\u10000-\u10FFFF", "\U00010000-\U0010ffff")


class Maker:
    """Random values of a shape of api/, as far as botocore's shape beside it knows them."""

    def __init__(self, rng, share, no_empty):
        self.rng, self.share, self.no_empty = rng, share, no_empty

    def text(self, shape):
        if shape.get("enum"):
            return self.rng.choice(shape["enum"])
        low, high = shape.get("min", 0), shape.get("max", 60)
        if "pattern" not in shape:
            n = self.rng.randint(low, min(high, low + 30))
            if self.no_empty:
                n = max(n, 1)
            return "".join(self.rng.choice("abcXYZ019 .,-_/&<>\"'\\äß語😀=+%") for _ in range(n))
        fitting = [text for text in TEXTS
                   if low <= len(text) <= high and re.fullmatch(python_pattern(shape["pattern"]), text, re.ASCII)]
        assert fitting, f"no text for {shape['shape']}: {shape['pattern']} ({low} to {high})"
        return self.rng.choice(fitting)

    def scalar(self, shape):
        kind = shape["type"]
        low, high = shape.get("min", -1000), shape.get("max", 1000000)
        if kind == "string":
            return self.text(shape)
        if kind in ("integer", "long"):
            return self.rng.randint(int(low), int(min(high, 2**31 - 1)))
        if kind in ("float", "double"):
            return self.rng.choice([float(low), float(high), self.rng.uniform(low, high), float(self.rng.randint(int(low), int(high)))])
        if kind == "boolean":
            return self.rng.random() < 0.5
        if kind == "timestamp":
            return datetime.fromtimestamp(self.rng.randint(0, 4 * 10**9), timezone.utc)
        raise AssertionError(kind)

    def count(self, shape):
        low = max(shape.get("min", 0), 1 if self.no_empty else 0)
        return self.rng.randint(low, max(low, min(shape.get("max", 3), low + 2)))

    def structure(self, shape, theirs):
        names = [name for name in shape["members"] if name in theirs.members]
        required = [name for name in names if shape["members"][name].get("required")]
        if shape.get("union"):
            chosen = [self.rng.choice(names)]
        else:
            chosen = [name for name in names if name in required or self.rng.random() < self.share]
        out = {}
        for name in chosen:
            member = shape["members"][name]
            if member.get("unsupported"):
                continue
            value = self.value(member, theirs.members[name])
            if value is not None:
                out[name] = value
        if not out and self.no_empty:
            for name in names:
                value = self.value(shape["members"][name], theirs.members[name])
                if value is not None:
                    return {name: value}
            return None
        return out

    def value(self, shape, theirs):
        if shape["type"] == "structure":
            return self.structure(shape, theirs)
        if shape["type"] == "list":
            made = [self.value(shape["element"], theirs.member) for _ in range(self.count(shape))]
            made = [one for one in made if one is not None]
            return made if made or not self.no_empty else None
        if shape["type"] == "map":
            return {self.text(shape["key"]): self.value(shape["value"], theirs.value) for _ in range(self.count(shape))}
        return self.scalar(shape)


def plain(value):
    """Times as seconds, as the tree has them."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds == int(seconds) else seconds
    return value


def with_defaults(shape, value):
    if shape["type"] == "list":
        return [with_defaults(shape["element"], one) for one in value]
    if shape["type"] == "map":
        return {key: with_defaults(shape["value"], one) for key, one in value.items()}
    if shape["type"] != "structure":
        return value
    out = {}
    for name, member in shape["members"].items():
        if name in value:
            out[name] = with_defaults(member, value[name])
        elif "default" in member:
            out[name] = member["default"]
    return out


class Driver:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, action, content, body):
        line = f"{action} {content['service']} {content['operation']} {len(body)}\n"
        self.process.stdin.write(line.encode() + body)
        self.process.stdin.flush()
        verdict, n = self.process.stdout.readline().split()
        return verdict.decode(), self.process.stdout.read(int(n))

    def must(self, action, content, body):
        verdict, answer = self.ask(action, content, body)
        assert verdict == "ok", f"{action} {content['operation']}: {verdict} {answer.decode()}\n{body.decode()}"
        return answer

    def end(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def same(what, got, expected):
    assert got == expected, (
        f"{what}\n got      {json.dumps(got, sort_keys=True, default=str)}\n"
        f" expected {json.dumps(expected, sort_keys=True, default=str)}")


def check_requests(driver, content, operation, maker):
    params = maker.value(content["input"], operation.input_shape) if content["input"] else {}
    params = params or {}
    expected = with_defaults(content["input"], plain(params)) if content["input"] else {}
    what = f"{content['operation']} of {content['service']}"
    done = 0
    if "targetPrefix" in operation.metadata and not maker.no_empty:
        request = botocore.serialize.create_serializer("json", False).serialize_to_request(params, operation)
        assert request["headers"]["X-Amz-Target"] == f"{content['target']}.{content['operation']}"
        assert request["headers"]["Content-Type"] == f"application/x-amz-json-{content['json_version']}"
        same(f"json: {what}", json.loads(driver.must("json", content, bytes(request["body"]))), expected)
        done += 1
    if maker.no_empty:
        request = botocore.serialize.create_serializer("query", False).serialize_to_request(params, operation)
        form = dict(request["body"])
        # Services without this protocol are read all the same, for their shapes; they have no version of it.
        version = form.pop("Version")
        if "version" in content:
            assert version == content["version"]
            form["Version"] = version
        pairs = list(form.items())
        maker.rng.shuffle(pairs)
        body = urllib.parse.urlencode(pairs).encode()
        same(f"query: {what}", json.loads(driver.must("query", content, body)), expected)
        done += 1
    return done


def check_replies(driver, content, operation, maker):
    result = maker.value(content["output"], operation.output_shape) if content["output"] and operation.output_shape else None
    body = json.dumps(plain(result)).encode() if result is not None else b""
    what = f"{content['operation']} of {content['service']}"
    protocols = [("json", "to-json")] if "target" in content else []
    protocols += [("query", "to-query")] if "version" in content else []
    if result is not None:
        driver.must("output", content, body)
    for protocol, action in protocols:
        written = driver.must(action, content, body)
        reply = {"body": written, "headers": {}, "status_code": 200}
        if protocol == "query" and result is not None and "resultWrapper" not in operation.output_shape.serialization:
            continue
        parsed = botocore.parsers.create_parser(protocol).parse(reply, operation.output_shape)
        metadata = parsed.pop("ResponseMetadata")
        if protocol == "query":
            assert metadata["RequestId"] == "request-1", metadata
        same(f"{action}: {what}: {written.decode()}", parsed, result or {})
    return len(protocols)


# --- refusals: one thing wrong at a time ------------------------------------------------------------


def at_member(path, name):
    name = name[0].lower() + name[1:]
    return f"{path}.{name}" if path else name


def bad_scalars(shape):
    """(value, what must be said) for each constraint of a plain shape."""
    if shape["type"] == "string":
        if "max" in shape and shape["max"] < 100000:
            yield "a" * (shape["max"] + 1), f"length less than or equal to {shape['max']}"
        if shape.get("min", 0) > 0:
            yield "a" * (shape["min"] - 1), f"length greater than or equal to {shape['min']}"
        if shape.get("enum") and not shape.get("open"):
            yield "no such value", "enum value set: ["
        if "pattern" in shape and not re.fullmatch(python_pattern(shape["pattern"]), "*\n*", re.ASCII):
            yield "*\n*", "regular expression pattern: "
    elif shape["type"] in ("integer", "long", "float", "double"):
        if "max" in shape and shape["max"] < 2**31 - 1:
            yield shape["max"] + 1, "value less than or equal to "
        if "min" in shape:
            yield shape["min"] - 1, "value greater than or equal to "


WRONG_TYPES = {"structure": "text", "list": {}, "map": [], "string": 5, "integer": "5", "long": 5.5, "float": "x", "double": True,
               "boolean": "true", "timestamp": "2026-03-01T05:00:00Z"}


def refusals(shape, value, path=""):
    """(the value with one thing wrong, the code, what the text must hold) for everything that can be wrong."""
    if path:
        yield WRONG_TYPES[shape["type"]], "SerializationException", f"'{path}'"
    invalid = "ValidationException"
    if shape["type"] == "structure":
        yield value | {"NoSuchMember": 1}, invalid, "oSuchMember' failed to satisfy constraint: Member is not known"
        for name, inner in value.items():
            member, place = shape["members"][name], at_member(path, name)
            if member.get("required"):
                without = {key: one for key, one in value.items() if key != name}
                for bad in (without, without | {name: None}):
                    yield bad, invalid, f"Value null at '{place}' failed to satisfy constraint: Member must not be null"
            for bad, code, text in refusals(member, inner, place):
                yield value | {name: bad}, code, text
    elif shape["type"] == "list":
        if "max" in shape and shape["max"] < 1000:
            yield value[:1] * (shape["max"] + 1), invalid, f"at '{path}' failed to satisfy constraint: Member must have length less"
        if shape.get("min", 0) > 0:
            yield [], invalid, f"at '{path}' failed to satisfy constraint: Member must have length greater"
        yield [None] + value[1:], invalid, f"Value null at '{path}.1.member'"
        if shape["element"]["type"] in SCALARS:
            for bad, _ in bad_scalars(shape["element"]):
                yield value[:-1] + [bad], invalid, f"at '{path}' failed to satisfy constraint: Member must satisfy constraint: ["
        else:
            for bad, code, text in refusals(shape["element"], value[-1], f"{path}.{len(value)}.member"):
                yield value[:-1] + [bad], code, text
    elif shape["type"] == "map":
        for bad, _ in bad_scalars(shape["key"]):
            yield {bad: "a"}, invalid, f"at '{path}' failed to satisfy constraint: Map keys must satisfy constraint: ["
        for bad, _ in bad_scalars(shape["value"]):
            yield {"key": bad}, invalid, f"at '{path}.key' failed to satisfy constraint: Map value must satisfy constraint: ["
        yield {"key": None}, invalid, f"Value null at '{path}.key'"
    else:
        for bad, text in bad_scalars(shape):
            yield bad, invalid, text


def check_refusals(driver, content, operation, maker):
    if content["input"] is None:
        verdict, _ = driver.ask("json", content, b'{"A":1}')
        assert verdict == "ValidationException"
        return 1
    params = plain(maker.value(content["input"], operation.input_shape) or {})
    done = 0
    for bad, code, text in refusals(content["input"], params):
        body = json.dumps(bad).encode()
        verdict, answer = driver.ask("json", content, body)
        assert verdict == code and text in answer.decode(), (
            f"{content['operation']}: {verdict} {answer.decode()}\nis not {code} with {text}\n{body.decode()}")
        done += 1
    return done


def main():
    path, *rest = sys.argv[1:]
    rounds, seed = (int(word) for word in rest + ["5", "1"][len(rest):])
    session, driver, rng = botocore.session.get_session(), Driver(path), random.Random(seed)
    requests = replies = refused = operations = 0
    for file in sorted(API.glob("*/*.json")):
        content = json.loads(file.read_text())
        model = session.get_service_model(file.parent.name)
        if content["operation"] not in model.operation_names:
            continue
        operation = model.operation_model(content["operation"])
        operations += 1
        for i in range(rounds):
            # All members, the required ones, some.
            share = (1.0, 0.0)[i] if i < 2 else rng.random()
            for no_empty in (False, True):
                requests += check_requests(driver, content, operation, Maker(rng, share, no_empty))
            replies += check_replies(driver, content, operation, Maker(rng, share, True))
        refused += check_refusals(driver, content, operation, Maker(rng, 1.0, True))
    driver.end()
    print(f"botocore {botocore.__version__}: {operations} operations, {requests} requests, {replies} replies, "
          f"{refused} refusals")


if __name__ == "__main__":
    main()
