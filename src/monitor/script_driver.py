"""Runs a user's script for hindcast; `python3 -c` gets this text, src/monitor/script.c the answers.

Arguments: "preprocessor" or "postprocessor", the script's path, the most rows that one record may
become, the most bytes of one batch of answers.

Descriptor 3 is the channel to hindcast. It sends batches: u32 number of records, u64 bytes that
follow, then for each record u32 length and its JSON. It receives frames: one letter, u64 length,
payload:
  S  started: the interpreter works
  C  the contract is broken: no handler, or one that cannot be called; payload: what is wrong
  I  the script could not be imported; payload: traceback
  R  ready: the script is imported and has a handler
  B  answers to a batch; payload: for each record u32 number of rows, for each row u32 length and JSON
  E  the script failed; payload: traceback, or what is wrong with what it returned
  D  the postprocessor is done
All numbers are little-endian. Descriptor 4 is a page of memory that begins with the index in its
batch of the record in work, so that hindcast can name it whatever happens to this process.
"""

import faulthandler
import fcntl
import importlib.machinery
import importlib.util
import inspect
import json
import linecache  # noqa: F401  what tracebacks need is loaded before the script can shadow it
import logging
import math
import mmap
import os
import struct
import sys
import traceback

CHANNEL_FD, PAGE_FD = 3, 4
HIGH_FD = 200  # out of the way of scripts that close or reuse low descriptors
PAGE_BYTES = 4096
TEXT_BYTES = 16384  # of a traceback; its end says most
MODULE = "hindcast_user_script"


class Refused(Exception):
    """What the script gave back is not in the contract; the text says what."""


class Captured:
    """One captured payload, `data` as it was captured (BASE64 stays BASE64)."""

    def __init__(self, part):
        self.data = part.get("data")
        self.encoding = part.get("encoding")
        self.mode = part.get("mode")
        self.observed_content_type = part.get("observedContentType")

    @property
    def observedContentType(self):
        return self.observed_content_type

    def __repr__(self):
        return f"CapturedData(encoding={self.encoding!r}, data={self.data!r})"


class EventMetadata:
    """Who and when of a record; what it does not say is None."""

    def __init__(self, part):
        self.event_id = part.get("eventId")
        self.inference_id = part.get("inferenceId")
        self.inference_time = part.get("inferenceTime")
        self.custom_attributes = part.get("customAttributes")

    eventId = property(lambda self: self.event_id)
    inferenceId = property(lambda self: self.inference_id)
    inferenceTime = event_time = eventTime = property(lambda self: self.inference_time)
    customAttributes = custom_attribute = customAttribute = property(lambda self: self.custom_attributes)

    def __repr__(self):
        return f"EventMetadata(event_id={self.event_id!r}, inference_id={self.inference_id!r})"


class InferenceRecord:
    """One merged record; a part that it does not have is None."""

    def __init__(self, event):
        capture = event.get("captureData")
        if not isinstance(capture, dict):
            capture = {}
        self.endpoint_input = part_of(capture, "endpointInput", Captured)
        self.endpoint_output = part_of(capture, "endpointOutput", Captured)
        self.batch_transform_input = part_of(capture, "batchTransformInput", Captured)
        self.batch_transform_output = part_of(capture, "batchTransformOutput", Captured)
        self.ground_truth = part_of(event, "groundTruthData", Captured)
        self.event_metadata = part_of(event, "eventMetadata", EventMetadata)
        self.event_version = event.get("eventVersion")
        self.event_data = event

    endpointInput = property(lambda self: self.endpoint_input)
    endpointOutput = property(lambda self: self.endpoint_output)
    batchTransformInput = property(lambda self: self.batch_transform_input)
    batchTransformOutput = property(lambda self: self.batch_transform_output)
    ground_truth_data = groundTruth = groundTruthData = property(lambda self: self.ground_truth)
    eventMetadata = property(lambda self: self.event_metadata)
    eventVersion = property(lambda self: self.event_version)
    eventData = property(lambda self: self.event_data)

    def __repr__(self):
        return f"InferenceRecord({self.event_data!r})"


def part_of(parent, key, kind):
    part = parent.get(key)
    return kind(part) if isinstance(part, dict) else None


class Channel:
    def __init__(self):
        self.fd = away_from_scripts(CHANNEL_FD)
        self.owner = os.getpid()

    def stop_copies(self):
        """What a script forked must not go on as if it were the driver."""
        if os.getpid() != self.owner:
            os._exit(0)

    def send(self, letter, payload=b""):
        self.stop_copies()
        flush_streams()
        left = memoryview(letter + struct.pack("<Q", len(payload)) + payload)
        try:
            while left:
                left = left[os.write(self.fd, left) :]
        except OSError:
            os._exit(1)  # the script closed it, or hindcast is gone

    def receive(self, size):
        """That many bytes; fewer where the channel ends."""
        data = bytearray(size)
        view, got = memoryview(data), 0
        while got < size:
            n = os.readv(self.fd, [view[got:]])
            if n == 0:
                break
            got += n
        return data[:got] if got < size else data


def away_from_scripts(fd):
    """Moves a descriptor up, closed on exec: programs that scripts start do not inherit it."""
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH_FD)
    except OSError:  # few descriptors are allowed
        os.set_inheritable(fd, False)
        return fd
    os.close(fd)
    return high


def flush_streams():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # the script closed or replaced it


def map_page():
    page = mmap.mmap(PAGE_FD, PAGE_BYTES)
    os.close(PAGE_FD)
    return memoryview(page).cast("I")


def text_bytes(text):
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace")[-TEXT_BYTES:]


def describe(error):
    """The traceback as the script's author expects it: without our own frames."""
    tb = error.__traceback__
    while tb and (tb.tb_frame.f_globals is globals() or tb.tb_frame.f_code.co_filename.startswith("<frozen ")):
        tb = tb.tb_next
    try:
        return text_bytes("".join(traceback.format_exception(type(error), error, tb)).rstrip("\n"))
    except BaseException as second:  # the user's own __str__ and friends run here
        return text_bytes(f"{type(error).__name__} (its traceback cannot be shown: {type(second).__name__})")


def type_name(value):
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def import_script(path):
    path = os.path.abspath(path)
    sys.argv = [path]
    sys.path.insert(0, os.path.dirname(path))
    loader = importlib.machinery.SourceFileLoader(MODULE, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(MODULE, path, loader=loader))
    sys.modules[MODULE] = module
    loader.exec_module(module)
    return module


def handler_of(module, name):
    handler = getattr(module, name, None)
    if handler is None:
        raise Refused(f"has no function {name}")
    if not callable(handler):
        raise Refused(f"has a {name} that is no function but of type {type_name(handler)}")
    return handler


def wants_logger(handler):
    """Whether the handler takes (inference_record, logger) rather than (inference_record)."""
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError):  # not written in Python
        return False
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    keywords = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if len(required) > 2 or keywords or not (positional or open_ended):
        raise Refused(
            f"has a preprocess_handler{inspect.signature(handler)}; "
            "it must take (inference_record) or (inference_record, logger)"
        )
    return len(required) == 2 or (len(positional) > 1 and positional[1].name == "logger")


def job_logger():
    logger = logging.getLogger("hindcast.script")
    logger.setLevel(logging.INFO)
    logger.propagate = False  # the script may set up the root logger for itself
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return logger


def plain(value):
    """A scalar as JSON has it, numbers that are not finite as their names; else Refused."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, (str, int)):  # bool is an int
        return value
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):  # numpy's scalars
        item = value.item()
        if item is None or isinstance(item, (str, int, float)):
            return plain(item)
    raise Refused(f"of type {type_name(value)}")


def plain_row(row):
    out = {}
    for key, value in row.items():
        name = key
        if not isinstance(key, str):
            if isinstance(key, bool) or not isinstance(key, int):
                raise Refused(f"returned a row with the key {key!r} of type {type_name(key)}; keys must be strings")
            name = str(int(key))
        if name in out:
            raise Refused(f"returned a row with the key {name!r} twice, as text and as a number")
        try:
            out[name] = plain(value)
        except Refused as refused:
            raise Refused(
                f"returned a row whose value for the key {name!r} is {refused}; "
                "values must be numbers, strings, booleans or None"
            ) from None
    return out


def row_bytes(row):
    row = plain_row(row)
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        for key, value in row.items():
            for text in (key, value):
                if isinstance(text, str) and any("\ud800" <= c <= "\udfff" for c in text):
                    raise Refused(
                        f"returned a row with a lone surrogate, which is no text, at the key {key!r}"
                    ) from None
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise Refused(f"returned a row that JSON cannot hold: {error}") from None


def rows_of(answer):
    if answer is None:
        return ()
    if isinstance(answer, dict):
        return (answer,)
    if not isinstance(answer, list):
        if inspect.iscoroutine(answer):
            answer.close()  # else Python warns that nobody waited for it
        raise Refused(f"returned a value of type {type_name(answer)}")
    for i, row in enumerate(answer):
        if not isinstance(row, dict):
            raise Refused(f"returned a list whose element {i} is of type {type_name(row)}")
    return answer


def split_batch(data, count):
    view, at = memoryview(data), 0
    for _ in range(count):
        (size,) = struct.unpack_from("<I", view, at)
        yield bytes(view[at + 4 : at + 4 + size])
        at += 4 + size


class Answers:
    """The answers to one batch, in the form of the frame B."""

    def __init__(self, rows_max, bytes_max):
        self.parts, self.size = [], 0
        self.rows_max, self.bytes_max = rows_max, bytes_max

    def add(self, rows):
        if len(rows) > self.rows_max:
            raise Refused(f"returned {len(rows)} rows for one record; the limit is {self.rows_max}")
        self._put(struct.pack("<I", len(rows)))
        for row in rows:
            text = row_bytes(row)
            self._put(struct.pack("<I", len(text)))
            self._put(text)

    def _put(self, part):
        self.size += len(part)
        if self.size > self.bytes_max:
            raise Refused(f"returned rows of more than {self.bytes_max} bytes for one batch of records")
        self.parts.append(part)


def preprocess(module, channel, rows_max, bytes_max):
    handler = handler_of(module, "preprocess_handler")
    more = (job_logger(),) if wants_logger(handler) else ()
    page = map_page()
    reserve = bytearray(1 << 20)  # given back when memory is used up, to be able to say so
    channel.send(b"R")
    while True:
        head = channel.receive(12)
        if len(head) < 12:
            return
        count, size = struct.unpack("<IQ", head)
        answers = Answers(rows_max, bytes_max)
        try:
            for index, record in enumerate(split_batch(channel.receive(size), count)):
                page[0] = index
                answer = handler(InferenceRecord(json.loads(record)), *more)
                channel.stop_copies()
                answers.add(rows_of(answer))
            payload = b"".join(answers.parts)
        except Refused as refused:
            fail(
                channel,
                text_bytes(
                    f"preprocess_handler {refused}\n"
                    "it must return a dict (one row), a list of dicts, or [] or None to drop the record"
                ),
            )
        except BaseException as error:
            del reserve
            fail(channel, describe(error))
        channel.send(b"B", payload)


def postprocess(module, channel):
    handler = handler_of(module, "postprocess_handler")
    channel.send(b"R")
    try:
        answer = handler()
        if inspect.iscoroutine(answer):
            answer.close()
            raise Refused("is asynchronous; it must be a plain function")
    except Refused as refused:
        fail(channel, text_bytes(f"postprocess_handler {refused}"))
    except BaseException as error:
        fail(channel, describe(error))
    channel.send(b"D")


def fail(channel, text, letter=b"E"):
    channel.send(letter, text)
    os._exit(1)


def main():
    role, path, rows_max, bytes_max = sys.argv[1:]
    channel = Channel()
    faulthandler.enable()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, encoding="utf-8", errors="backslashreplace")
    channel.send(b"S")
    try:
        module = import_script(path)
    except BaseException as error:
        fail(channel, describe(error), b"I")
    try:
        if role == "preprocessor":
            preprocess(module, channel, int(rows_max), int(bytes_max))
        else:
            postprocess(module, channel)
    except Refused as refused:
        fail(channel, text_bytes(str(refused)), b"C")


main()
