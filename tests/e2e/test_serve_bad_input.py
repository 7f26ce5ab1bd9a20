"""Bad input over the socket: bodies that end too early or too late, wrong checksums and signatures, tricks with keys, documents that are none,
a disk that is full; and what a start refuses. Afterwards the server answers, and nothing is stored by half."""
import base64
import ctypes
import hashlib
import http.client
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest

import helpers
from server import Server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "crash"))

from wire import Gone, Wire  # noqa: E402

BUCKET = "bad-input"
MEGABYTE = 1 << 20


class World:
    """A server with a bucket; clients that sign (`wire`) and one that does not (`bare`)."""

    def __init__(self, server):
        self.server, self.data = server, server.data
        self.wire = Wire(server.url, server.keys())
        self.bare = Wire(server.url)
        self.host, port = server.url.split("//")[1].split(":")
        self.port = int(port)
        assert self.wire.s3("PUT", BUCKET).status == 200

    def contents(self):
        """(files on disk, contents that the catalog names)."""
        db = sqlite3.connect(f"file:{self.data / 'catalog.db'}?mode=ro", uri=True)
        named = {row[0] for row in db.execute("SELECT content FROM object UNION SELECT content FROM part")}
        db.close()
        return {path.name for path in (self.data / "objects").rglob("*") if path.is_file()}, named

    def check(self, keys=None):
        """It answers, and what is on disk is what the catalog names; `keys` are those that there are."""
        deadline = time.monotonic() + 20
        there, named = self.contents()
        while there != named and time.monotonic() < deadline:  # a connection that broke is noticed a moment later
            time.sleep(0.05)
            there, named = self.contents()
        assert there == named
        if keys is not None:
            assert set(self.wire.listing(BUCKET)) == set(keys)

    def raw(self, *pieces, shut=True, pause_s=0.0):
        """Sends bytes as they are, says that no more will come, and reads to the end: (status, headers, body); (0, ...) without a reply."""
        with socket.create_connection((self.host, self.port), timeout=30) as s:
            try:
                for piece in pieces:
                    s.sendall(piece)
                    time.sleep(pause_s)
                if shut:
                    s.shutdown(socket.SHUT_WR)
                answer = b""
                while chunk := s.recv(65536):
                    answer += chunk
            except (ConnectionResetError, BrokenPipeError):
                pass
        head, _, body = answer.partition(b"\r\n\r\n")
        found = re.match(rb"HTTP/1\.1 (\d+)", head)
        return int(found[1]) if found else 0, head.decode("latin-1"), body


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("signed") / "data") as server:
        yield World(server)


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("unsigned") / "data", "--no-auth") as server:
        yield World(server)


def s3_error(reply, status, code):
    assert reply.status == status, reply
    assert f"<Code>{code}</Code>".encode() in reply.body, reply
    assert b"<RequestId>" in reply.body and reply.headers["Content-Type"].startswith(("application/xml", "text/xml")), reply


def json_error(reply, status, code, part=""):
    assert reply.status == status, reply
    document = reply.document()
    assert document["__type"] == code and part in document["message"], reply


# --- bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [0, 1, 4999, 600000])
def test_a_body_shorter_than_declared_stores_nothing(unsigned, sent):
    head = f"PUT /{BUCKET}/short HTTP/1.1\r\nHost: h\r\nContent-Length: {max(5000, sent + 1)}\r\n\r\n".encode()
    status, _, _ = unsigned.raw(head + b"x" * sent)
    assert status in (0, 400)
    unsigned.check(keys=[])


def test_a_body_that_ends_with_the_connection_stores_nothing(unsigned):
    with socket.create_connection((unsigned.host, unsigned.port), timeout=30) as s:
        s.sendall(f"PUT /{BUCKET}/gone HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n".encode() + b"x" * 1000000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
    unsigned.check(keys=[])


def test_what_comes_behind_a_body_is_another_request(unsigned):
    put = f"PUT /{BUCKET}/long HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello world".encode()
    status, _, rest = unsigned.raw(put)
    assert status == 200
    assert b" 200 " not in rest  # " world" is no request
    assert unsigned.bare.s3("GET", BUCKET, "long").body == b"hello"
    assert unsigned.bare.s3("DELETE", BUCKET, "long").status == 204
    unsigned.check(keys=[])


@pytest.mark.parametrize("lengths", ["Content-Length: 5\r\nContent-Length: 11\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                     "Content-Length: -5\r\n", "Content-Length: 5x\r\n", "Content-Length: 99999999999999999999999\r\n",
                                     "Transfer-Encoding: gzip\r\n"])
def test_lengths_that_are_none(unsigned, lengths):
    status, _, _ = unsigned.raw(f"PUT /{BUCKET}/k HTTP/1.1\r\nHost: h\r\n{lengths}\r\nhello world".encode())
    assert status in (0, 400, 413, 501)
    unsigned.check(keys=[])


@pytest.mark.parametrize("body", [b"5\r\nhello\r\n", b"5\r\nhello\r\nzz\r\n", b"ffffffffffffffffffff\r\nhello", b"5;x=y\r\nhel", b"-1\r\n\r\n"])
def test_chunks_of_http_that_are_none(unsigned, body):
    """S3 wants a length; other services take chunks, if they are some."""
    status, _, _ = unsigned.raw(f"PUT /{BUCKET}/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + body)
    assert status == 411
    head = (b"POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: SageMaker.ListModels\r\nContent-Type: application/x-amz-json-1.1\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")
    status, _, _ = unsigned.raw(head + body)
    assert status in (0, 400, 413)
    assert unsigned.raw(head + b"2\r\n{}\r\n0\r\n\r\n")[0] == 200
    unsigned.check(keys=[])


@pytest.mark.parametrize("decoded, body", [
    ("5", "5\r\nhello\r\n0\r\n"),                        # no end
    ("6", "5\r\nhello\r\n0\r\n\r\n"),                    # less than declared
    ("4", "5\r\nhello\r\n0\r\n\r\n"),                    # more
    ("x", "5\r\nhello\r\n0\r\n\r\n"),
    ("5", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"),  # wrong
    ("5", "zz\r\nhello\r\n0\r\n\r\n"),
    ("5", "5\r\nhello0\r\n\r\n"),
    ("5", "5\r\nhello\r\n0\r\n\r\nmore"),
])
def test_aws_chunks_that_are_none(unsigned, decoded, body):
    reply = unsigned.bare.s3("PUT", BUCKET, "k", body=body.encode(), headers={
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": decoded, **({"x-amz-trailer": "x-amz-checksum-crc32"} if "checksum" in body else {})})
    assert reply.status == 400 and b"<Code>" in reply.body, reply
    unsigned.check(keys=[])


@pytest.mark.parametrize("header, value", [
    ("Content-MD5", base64.b64encode(hashlib.md5(b"other").digest()).decode()), ("Content-MD5", "no digest"),
    ("x-amz-checksum-crc32", base64.b64encode(zlib.crc32(b"other").to_bytes(4, "big")).decode()), ("x-amz-checksum-crc32", "AAAA"),
    ("x-amz-checksum-crc32c", "AAAAAA=="), ("x-amz-checksum-sha1", base64.b64encode(hashlib.sha1(b"x").digest()).decode()),
    ("x-amz-checksum-sha256", base64.b64encode(hashlib.sha256(b"x").digest()).decode())])
def test_a_wrong_checksum(signed, header, value):
    reply = signed.wire.s3("PUT", BUCKET, "k", body=b"hello", headers={header: value})
    assert reply.status == 400 and re.search(b"<Code>(BadDigest|InvalidDigest|InvalidRequest)</Code>", reply.body), reply
    signed.check(keys=[])


def test_a_body_that_is_not_the_one_that_was_signed(signed):
    class Swapped(Wire):
        def send(self, body):
            from botocore.auth import S3SigV4Auth
            from botocore.awsrequest import AWSRequest
            from botocore.credentials import Credentials
            request = AWSRequest("PUT", f"{self.url}/{BUCKET}/k", headers={}, data=b"hello")
            S3SigV4Auth(Credentials(*self.keys), "s3", "us-west-2").add_auth(request)
            self.connection.request("PUT", f"/{BUCKET}/k", body, dict(request.headers.items()))
            return self.connection.getresponse()
    wire = Swapped(signed.server.url, signed.server.keys())
    reply = wire.send(b"jello")
    text = reply.read()
    assert reply.status == 400 and b"XAmzContentSHA256Mismatch" in text, text
    signed.check(keys=[])


# --- who asks ----------------------------------------------------------------------------------------


def test_signatures_that_are_wrong(signed):
    access, secret = signed.server.keys()
    stranger = Wire(signed.server.url, ("AKIDSTRANGER", secret))
    liar = Wire(signed.server.url, (access, secret[:-1] + ("a" if secret[-1] != "a" else "b")))
    s3_error(stranger.s3("PUT", BUCKET, "k", body=b"x"), 403, "InvalidAccessKeyId")
    s3_error(liar.s3("PUT", BUCKET, "k", body=b"x"), 403, "SignatureDoesNotMatch")
    s3_error(signed.bare.s3("PUT", BUCKET, "k", body=b"x"), 403, "AccessDenied")
    json_error(stranger.call("ListModels", {}), 403, "UnrecognizedClientException")
    json_error(liar.call("ListModels", {}), 403, "InvalidSignatureException")
    json_error(signed.bare.call("ListModels", {}), 403, "MissingAuthenticationToken")
    signed.check(keys=[])


def test_an_error_does_not_show_the_secret(signed):
    _, secret = signed.server.keys()
    for reply in (signed.bare.s3("GET", BUCKET), Wire(signed.server.url, ("A", "B")).call("ListModels", {})):
        assert secret.encode() not in reply.body
    assert secret not in signed.server.log()


# --- keys ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["..", "../..", "../../../etc/passwd", "a/../../b", "%2e%2e/%2e%2e/x", "..%2f..%2fx", "%2fetc%2fpasswd", "/etc",
                                  "//double", "a//b", "./x", "a/./b", "%5c..%5cx", "C:%5Cx", "a%0ab", "a%0d%0ab", "%e2%80%ae", "a%20b",
                                  "%F0%9F%98%80", "%C3%A9", "e%CC%81", "objects/incoming/x", "con", "%25", "%2500", "a%3fb", "a%23b", "a+b",
                                  "%EF%BB%BFx", "x" * 1024])
def test_keys_are_names_and_nothing_else(unsigned, path):
    """Each is stored under exactly that name, or refused; nothing appears beside DIR/objects."""
    before = {str(p) for p in unsigned.data.parent.rglob("*") if "objects" not in p.parts}
    put = unsigned.bare.ask("PUT", f"/{BUCKET}/{path}", body=path.encode())
    if put.status == 200:
        assert unsigned.bare.ask("GET", f"/{BUCKET}/{path}").body == path.encode()
        assert len(unsigned.wire.listing(BUCKET)) == 1
        assert unsigned.bare.ask("DELETE", f"/{BUCKET}/{path}").status == 204
    else:
        assert put.status == 400, put
    assert {str(p) for p in unsigned.data.parent.rglob("*") if "objects" not in p.parts} == before
    unsigned.check(keys=[])


@pytest.mark.parametrize("path, code", [("%00", "InvalidArgument|InvalidURI"), ("a%00b", "InvalidArgument|InvalidURI"),
                                        ("%ff%fe", "InvalidArgument|InvalidURI"), ("%c0%ae", "InvalidArgument|InvalidURI"),
                                        ("%ed%a0%80", "InvalidArgument|InvalidURI"), ("%zz", "InvalidURI"), ("%4", "InvalidURI"),
                                        ("x" * 1025, "KeyTooLongError")])
def test_keys_that_are_none(unsigned, path, code):
    for method, body in (("PUT", b"x"), ("GET", b""), ("DELETE", b"")):
        reply = unsigned.bare.ask(method, f"/{BUCKET}/{path}", body=body)
        assert reply.status in (400, 404) and re.search(f"<Code>({code}|NoSuchKey)</Code>".encode(), reply.body), reply
        assert method != "PUT" or reply.status == 400, reply
    unsigned.check(keys=[])


@pytest.mark.parametrize("bucket", ["..", "%2e%2e", "a", "UPPER", "a_b", "x" * 64, "a..b", "192.168.1.1", "%00", "-a-", "a%2fb"])
def test_buckets_that_are_none(unsigned, bucket):
    reply = unsigned.bare.ask("PUT", f"/{bucket}")
    assert reply.status == 400 and b"<Code>" in reply.body, reply
    assert sorted(p.name for p in unsigned.data.iterdir() if p.is_dir()) == ["logs", "objects", "work"]


# --- documents -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["{", "[]", "\"x\"", "5", "{\"MaxResults\":}", "{\"MaxResults\":1,}", "{\"MaxResults\":1}}", "{'MaxResults':1}",
                                  "{\"MaxResults\":\"\\ud800\"}", "{\"a\":1,\"a\":2}", "\u00ff", "[" * 100000, "{\"a\":" * 5000,
                                  "{\"NameContains\":\"\\u0000\"}", "{\"MaxResults\":1e999}", "{\"MaxResults\":\"1\"}", "{\"MaxResults\":true}",
                                  "{\"NameContains\":{}}", "\ufeff{}"])
def test_json_that_is_none(signed, body):
    reply = signed.wire.ask("POST", "/", body=body.encode(), service="sagemaker", headers={
        "X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"})
    assert reply.status == 400, reply
    assert reply.document()["__type"] in ("SerializationException", "ValidationException"), reply
    assert reply.headers["x-amzn-RequestId"] and reply.headers["Content-Type"] == "application/x-amz-json-1.1"


def test_members_that_nobody_knows(signed):
    json_error(signed.wire.call("ListModels", {"MaxResults": 1, "Colour": "red"}), 400, "ValidationException", "olour")
    model = {"ModelName": "m", "PrimaryContainer": {"Image": "a/b", "Wheels": 4}, "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r"}
    json_error(signed.wire.call("CreateModel", model), 400, "ValidationException", "heels")
    assert signed.wire.call("ListModels", {}).document()["Models"] == []


def test_names_that_are_too_long(signed):
    model = {"ModelName": "m" * 64, "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r"}
    json_error(signed.wire.call("CreateModel", model), 400, "ValidationException", "less than or equal to 63")
    json_error(signed.wire.call("DescribeModel", {"ModelName": "../../x"}), 400, "ValidationException", "regular expression pattern")


def test_operations_that_are_none(signed):
    for target in ("SageMaker.CreateTrainingJob", "SageMaker.", "", "Nothing.ListModels", "SageMaker.ListModels.x"):
        reply = signed.wire.ask("POST", "/", body=b"{}", service="sagemaker", headers={
            "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"})
        json_error(reply, 400, "UnknownOperationException")


@pytest.mark.parametrize("body", ["", "<", "<Delete>", "<Delete></Delet>", "<Delete/>", "<Other/>", "<Delete><Object/></Delete>",
                                  "<Delete><Object><Key></Key></Object></Delete>", "<Delete>" + "<a>" * 5000, "{}",
                                  "<!DOCTYPE a [<!ENTITY b \"c\">]><Delete><Object><Key>&b;</Key></Object></Delete>",
                                  "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Delete/>",
                                  "<Delete><Object><Key>&#0;</Key></Object></Delete>", "\u0000", "<Delete>\u0001</Delete>",
                                  "<Delete>" + "<Object><Key>k</Key></Object>" * 1001 + "</Delete>"])
def test_xml_that_is_none(signed, body):
    data = body.encode()
    reply = signed.wire.s3("POST", BUCKET, query="delete=", body=data,
                           headers={"Content-MD5": base64.b64encode(hashlib.md5(data).digest()).decode()})
    assert reply.status == 400 and re.search(rb"<Code>(MalformedXML|UserKeyMustBeSpecified|MissingRequestBodyError)</Code>", reply.body), reply
    signed.check(keys=[])


def test_bodies_that_are_too_large(signed):
    """JSON, forms and XML have limits of their own; the server stays."""
    large = b" " * (5 * MEGABYTE)
    reply = signed.wire.ask("POST", "/", body=large, service="sagemaker", headers={
        "X-Amz-Target": "SageMaker.ListModels", "Content-Type": "application/x-amz-json-1.1"})
    assert reply.status == 413 and reply.document()["__type"] == "RequestEntityTooLarge", reply
    reply = signed.wire.s3("POST", BUCKET, query="delete=", body=large)
    assert reply.status in (400, 413) and b"<Code>" in reply.body, reply
    assert signed.wire.call("ListModels", {}).status == 200


# --- HTTP -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                                  "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET x HTTP/1.1\r\nHost: h\r\n\r\n",
                                  "GET / HTTP/1.1\r\nHost: h\r\nA\x01: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\x02\r\n\r\n",
                                  "GET / HTTP/1.1\r\nHost: h\r\n" + "A: b\r\n" * 300 + "\r\n",
                                  "GET / HTTP/1.1\r\nHost: h\r\nA: " + "b" * 100000 + "\r\n\r\n", "GET /" + "a" * 100000 + " HTTP/1.1\r\nHost: h\r\n\r\n",
                                  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_http_that_is_none(unsigned, text):
    status, _, _ = unsigned.raw(text.encode("latin-1"))
    assert status == 0 or 400 <= status < 600, status
    assert unsigned.bare.call("ListModels", {}).status == 200


# --- a disk that is full --------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 12 MB. It is mounted over a folder of ours, and goes with the test."""
    folder = tmp_path / "small"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.mount(b"hindcast-test", str(folder).encode(), b"tmpfs", 0, b"size=12m") != 0:
        pytest.skip("no tmpfs can be mounted here")
    yield folder
    assert libc.umount2(str(folder).encode(), 2) == 0


def test_a_full_store(small_disk, tmp_path):
    with Server(small_disk / "data", "--no-auth") as server:
        world = World(server)
        kept, refused = {}, None
        for i in range(40):
            body = os.urandom(MEGABYTE)
            reply = world.bare.s3("PUT", BUCKET, f"k{i}", body=body)
            if reply.status != 200:
                refused = reply
                break
            kept[f"k{i}"] = body
        assert refused is not None and len(kept) > 3
        s3_error(refused, 507, "InsufficientStorage")
        # Overwriting and parts are refused too, and change nothing
        s3_error(world.bare.s3("PUT", BUCKET, "k0", body=os.urandom(2 * MEGABYTE)), 507, "InsufficientStorage")
        for key, body in kept.items():
            assert world.bare.s3("GET", BUCKET, key).body == body
        world.check(keys=kept)
        fill_catalog(world, small_disk)
        # Room again: it goes on
        for i in range(3):
            assert world.bare.s3("DELETE", BUCKET, f"k{i}").status == 204
            del kept[f"k{i}"]
        assert world.bare.s3("PUT", BUCKET, "after", body=b"x").status == 200
        assert world.bare.call("DescribeModel", {"ModelName": "m0"}).status == 200
        world.check(keys=[*kept, "after"])
    with Server(small_disk / "data", "--no-auth") as server:
        assert set(Wire(server.url).listing(BUCKET)) == {*kept, "after"}


def fill_catalog(world, folder):
    """The disk is filled to its end, then the catalog has no room: 507 and nothing changed, but what was acknowledged is there."""
    ballast = folder / "ballast"
    models = []
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    refused = None
    for i in range(5000):
        name = f"m{i}"
        reply = world.bare.call("CreateModel", {
            "ModelName": name, "PrimaryContainer": {"Image": "a/b", "Environment": {"A": "x" * 1000}},
            "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r"})
        if reply.status != 200:
            refused = reply
            break
        models.append(name)
    assert refused is not None
    json_error(refused, 507, "InsufficientStorage")
    json_error(world.bare.call("DescribeModel", {"ModelName": f"m{len(models)}"}), 400, "ValidationException")
    for name in models[-20:]:
        assert world.bare.call("DescribeModel", {"ModelName": name}).status == 200
    ballast.unlink()
    if not models:
        assert world.bare.call("CreateModel", {"ModelName": "m0", "PrimaryContainer": {"Image": "a/b"},
                                               "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r"}).status == 200


# --- starting and ending -------------------------------------------------------------------------------------------------


def refused_start(*arguments, status=None):
    done = subprocess.run([helpers.binary(), "serve", *map(str, arguments)], env=helpers.environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and (status is None or done.returncode == status), done
    assert "ready" not in done.stdout
    return done.stderr


def test_a_second_server_on_the_same_folder(signed):
    said = refused_start("--data", signed.data, "--listen", "127.0.0.1:0")
    assert "another hindcast serve runs on this folder" in said and str(signed.data) in said
    assert signed.wire.call("ListModels", {}).status == 200
    # How to reach the one that runs is still told
    assert signed.server.env()["AWS_ENDPOINT_URL"] == signed.server.url


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
def test_no_auth_is_for_loopback(tmp_path, listen):
    said = refused_start("--data", tmp_path / "data", "--listen", listen, "--no-auth", status=2)
    assert "--no-auth" in said


@pytest.mark.parametrize("arguments", [("--listen", "nothing"), ("--listen", "127.0.0.1:99999"), ("--account", "12"), ("--region", "US WEST"),
                                       ("--jobs", "0"), ("--max-body-bytes", "1"), ("--unknown",), ("--image-command", "x")])
def test_options_that_are_wrong(tmp_path, arguments):
    said = refused_start("--data", tmp_path / "data", *arguments, status=2)
    assert said.strip()


def test_data_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    refused_start("--data", tmp_path / "file", status=2)
    assert (tmp_path / "file").read_text() == "x"


def test_credentials_are_for_their_owner_alone(signed):
    mode = (signed.data / "credentials").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(signed.data.stat().st_mode) == 0o700


def test_credentials_survive_a_start(tmp_path):
    server = Server(tmp_path / "data")
    with server:
        keys = server.keys()
    with server:
        assert server.keys() == keys
    (tmp_path / "data" / "credentials").write_text("nothing\n")
    refused_start("--data", tmp_path / "data", "--listen", "127.0.0.1:0")
    assert (tmp_path / "data" / "credentials").read_text() == "nothing\n"


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_what_runs_completes(tmp_path, name):
    """A PUT that is half there when the signal comes is answered, and stored."""
    server = Server(tmp_path / "data", "--no-auth").start()
    world = World(server)
    child, log = server.child, server.log
    body = os.urandom(MEGABYTE)
    connection = http.client.HTTPConnection(world.host, world.port, timeout=30)
    connection.putrequest("PUT", f"/{BUCKET}/late")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:400000])
    time.sleep(0.3)
    child.send_signal(name)
    time.sleep(0.3)
    assert child.poll() is None
    connection.send(body[400000:])
    reply = connection.getresponse()
    assert reply.status == 200, reply.read()
    reply.read()
    connection.close()
    assert child.wait(30) == 0, log()
    server._forget()  # pylint: disable=protected-access
    with Server(tmp_path / "data", "--no-auth") as again:
        assert Wire(again.url).s3("GET", BUCKET, "late").body == body


def test_idle_connections_do_not_hold_it_up(tmp_path):
    server = Server(tmp_path / "data", "--no-auth").start()
    world = World(server)
    kept = [socket.create_connection((world.host, world.port)) for _ in range(5)]
    assert world.bare.call("ListModels", {}).status == 200
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 8
    for one in kept:
        one.close()


def test_many_bad_requests_at_once(unsigned):
    """Eight clients with broken requests do not keep a ninth waiting."""
    stop = threading.Event()

    def annoy():
        while not stop.is_set():
            unsigned.raw(f"PUT /{BUCKET}/x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n".encode() + b"y" * 5000)
    threads = [threading.Thread(target=annoy) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        wire = Wire(unsigned.server.url)
        began = time.monotonic()
        for i in range(50):
            assert wire.s3("PUT", BUCKET, "good", body=str(i).encode()).status == 200
        assert time.monotonic() - began < 20
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert unsigned.bare.s3("DELETE", BUCKET, "good").status == 204
    unsigned.check(keys=[])


def test_an_end_is_noticed_by_clients(tmp_path):
    server = Server(tmp_path / "data", "--no-auth").start()
    wire = Wire(server.url)
    assert wire.call("ListModels", {}).status == 200
    server.stop()
    with pytest.raises(Gone):
        wire.call("ListModels", {})
