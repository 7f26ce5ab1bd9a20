"""The object store through boto3: as people use it, and where its answers matter to a client."""
import base64
import hashlib
import io
import itertools
import os
import threading
import urllib.error
import urllib.request

import pytest

boto3 = pytest.importorskip("boto3")

from boto3.s3.transfer import TransferConfig  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

from server import Server  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def s3(server):
    return boto3.client("s3", **server.boto())


NUMBERS = itertools.count()


@pytest.fixture
def bucket(s3, request):
    name = f"{request.function.__name__.replace('_', '-').lower()[:50]}-{next(NUMBERS)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return name


def refused(code, status, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status), response
    return response


def body(s3, bucket, key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


# --- buckets -----------------------------------------------------------------------------------


def test_buckets(s3):
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.get_waiter("bucket_exists").wait(Bucket="a-bucket")
    assert "a-bucket" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket="a-bucket")["LocationConstraint"] == "us-west-2"
    s3.put_object(Bucket="a-bucket", Key="k", Body=b"v")
    refused("BucketNotEmpty", 409, s3.delete_bucket, Bucket="a-bucket")
    s3.delete_object(Bucket="a-bucket", Key="k")
    s3.delete_bucket(Bucket="a-bucket")
    s3.get_waiter("bucket_not_exists").wait(Bucket="a-bucket")
    refused("404", 404, s3.head_bucket, Bucket="a-bucket")
    refused("NoSuchBucket", 404, s3.list_objects_v2, Bucket="a-bucket")
    refused("NoSuchBucket", 404, s3.put_object, Bucket="a-bucket", Key="k", Body=b"v")
    refused("NoSuchBucket", 404, s3.delete_bucket, Bucket="a-bucket")


def test_creation_date_of_a_bucket(server, bucket):
    """What the SageMaker SDK asks first."""
    resource = boto3.resource("s3", **server.boto())
    assert resource.Bucket(bucket).creation_date is not None
    assert resource.Bucket("no-such-bucket-here").creation_date is None


# --- objects -----------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"x", b"line\n" * 30000, bytes(range(256)) * 4096])
def test_put_and_get(s3, bucket, content):
    put = s3.put_object(Bucket=bucket, Key="folder/an object", Body=content, ContentType="text/x-test", Metadata={"who": "me", "n": "1"},
                        CacheControl="no-store", ContentDisposition="attachment", ContentEncoding="identity")
    assert put["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key="folder/an object")
    assert got["Body"].read() == content
    assert (got["ETag"], got["ContentLength"], got["ContentType"], got["Metadata"]) == (
        put["ETag"], len(content), "text/x-test", {"who": "me", "n": "1"})
    assert (got["CacheControl"], got["ContentDisposition"]) == ("no-store", "attachment")
    head = s3.head_object(Bucket=bucket, Key="folder/an object")
    assert (head["ETag"], head["ContentLength"], head["LastModified"]) == (put["ETag"], len(content), got["LastModified"])


@pytest.mark.parametrize("key", ["plain", "with space", "a/b//c///", "/leading", "ünïcode/日本語/😀", "per%cent%2Fsign", "plus+and&more=?#",
                                 "..", "../../etc/passwd", "a/../b", "./x", "C:\\windows", "quote'\"<&>", "x" * 1024, "tab\there",
                                 "new\nline"])
def test_odd_keys(s3, bucket, key):
    """A key is a name, not a path."""
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert body(s3, bucket, key) == key.encode()
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
    assert [entry["Key"] for entry in listed] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key=key)


def test_a_key_that_is_too_long(s3, bucket):
    refused("KeyTooLongError", 400, s3.put_object, Bucket=bucket, Key="x" * 1025, Body=b"")


def test_what_is_not_there(s3, bucket):
    refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="k")
    refused("404", 404, s3.head_object, Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key="k")


def test_ranges_and_conditions(s3, bucket):
    content = bytes(range(200))
    tag = s3.put_object(Bucket=bucket, Key="k", Body=content)["ETag"]
    for asked, wanted in (("bytes=0-9", content[:10]), ("bytes=190-", content[190:]), ("bytes=-5", content[-5:]),
                          ("bytes=150-999", content[150:])):
        got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["Body"].read() == wanted
        assert got["ContentRange"].endswith("/200")
    refused("InvalidRange", 416, s3.get_object, Bucket=bucket, Key="k", Range="bytes=200-")
    assert body(s3, bucket, "k", IfMatch=tag) == content
    refused("PreconditionFailed", 412, s3.get_object, Bucket=bucket, Key="k", IfMatch='"0"')
    refused("304", 304, s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=tag)
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    refused("304", 304, s3.get_object, Bucket=bucket, Key="k", IfModifiedSince=modified)
    refused("PreconditionFailed", 412, s3.get_object, Bucket=bucket, Key="k", IfUnmodifiedSince=modified.replace(year=2001))


def test_checksums(server, bucket):
    s3 = boto3.client("s3", config=Config(retries={"max_attempts": 0}), **server.boto())  # some botocores try again after BadDigest
    content = b"hello world"
    sums = {"MD5": base64.b64encode(hashlib.md5(content).digest()).decode(),
            "SHA256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
            "SHA1": base64.b64encode(hashlib.sha1(content).digest()).decode()}
    s3.put_object(Bucket=bucket, Key="md5", Body=content, ContentMD5=sums["MD5"])
    refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="bad", Body=b"hello mars!", ContentMD5=sums["MD5"])
    for algorithm in ("SHA256", "SHA1"):
        name = f"Checksum{algorithm}"
        put = s3.put_object(Bucket=bucket, Key=algorithm, Body=content, **{name: sums[algorithm]})
        assert put[name] == sums[algorithm]
        got = s3.get_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
        assert got[name] == sums[algorithm] and got["Body"].read() == content
        refused("BadDigest", 400, s3.put_object, Bucket=bucket, Key="bad", Body=b"hello mars!", **{name: sums[algorithm]})
    put = s3.put_object(Bucket=bucket, Key="crc", Body=content, ChecksumAlgorithm="CRC32")
    assert put["ChecksumCRC32"] == "DUoRhQ=="
    refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="bad")


def test_server_side_encryption_is_echoed(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"v", ServerSideEncryption="aws:kms", SSEKMSKeyId="my-key")
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", "my-key")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["ServerSideEncryption"], got["SSEKMSKeyId"]) == ("aws:kms", "my-key")


def test_copy(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from here", Body=b"content", Metadata={"a": "1"}, ContentType="text/a")
    s3.copy_object(Bucket=bucket, Key="kept", CopySource={"Bucket": bucket, "Key": "from here"})
    got = s3.get_object(Bucket=bucket, Key="kept")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"content", {"a": "1"}, "text/a")
    s3.copy_object(Bucket=bucket, Key="changed", CopySource=f"{bucket}/from here", Metadata={"b": "2"}, MetadataDirective="REPLACE",
                   ContentType="text/b")
    got = s3.get_object(Bucket=bucket, Key="changed")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"content", {"b": "2"}, "text/b")
    refused("NoSuchKey", 404, s3.copy_object, Bucket=bucket, Key="x", CopySource={"Bucket": bucket, "Key": "nothing"})
    refused("InvalidRequest", 400, s3.copy_object, Bucket=bucket, Key="kept", CopySource={"Bucket": bucket, "Key": "kept"})


# --- listings ----------------------------------------------------------------------------------

KEYS = sorted([f"a/{i:03}.txt" for i in range(25)] + [f"b/{i}/x" for i in range(7)] + ["c", "a", "ä", "a b/c+d", "é&<x>"],
              key=str.encode)


@pytest.fixture(scope="module")
def listing(s3):
    s3.create_bucket(Bucket="listing", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for key in KEYS:
        s3.put_object(Bucket="listing", Key=key, Body=key.encode())
    return "listing"


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_listing_in_pages(s3, listing, operation, size):
    pages = list(s3.get_paginator(operation).paginate(Bucket=listing, PaginationConfig={"PageSize": size}))
    assert [entry["Key"] for page in pages for entry in page.get("Contents", [])] == KEYS
    assert len(pages) == -(-len(KEYS) // size)


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_listing_with_delimiter(s3, listing, operation, size):
    keys, prefixes = [], []
    for page in s3.get_paginator(operation).paginate(Bucket=listing, Delimiter="/", PaginationConfig={"PageSize": size}):
        keys += [entry["Key"] for entry in page.get("Contents", [])]
        prefixes += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
    assert keys == [key for key in KEYS if "/" not in key]
    assert prefixes == ["a b/", "a/", "b/"]


def test_listing_below_a_prefix(s3, listing):
    got = s3.list_objects_v2(Bucket=listing, Prefix="b/", Delimiter="/", MaxKeys=3)
    assert [entry["Prefix"] for entry in got["CommonPrefixes"]] == ["b/0/", "b/1/", "b/2/"] and got["IsTruncated"]
    got = s3.list_objects_v2(Bucket=listing, Prefix="a/", StartAfter="a/022.txt")
    assert [entry["Key"] for entry in got["Contents"]] == ["a/023.txt", "a/024.txt"]
    assert got["Contents"][0]["Size"] == len("a/023.txt") and got["Contents"][0]["ETag"].startswith('"')
    assert "Contents" not in s3.list_objects_v2(Bucket=listing, Prefix="nothing")


def test_delete_many(s3, bucket):
    keys = [f"x/{i} <&>" for i in range(120)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys[:100]] + [{"Key": "not there"}]})
    assert sorted(entry["Key"] for entry in done["Deleted"]) == sorted(keys[:100] + ["not there"]) and not done.get("Errors")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 20
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys[100:]], "Quiet": True})
    assert "Deleted" not in done
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


# --- large ones --------------------------------------------------------------------------------


def test_upload_and_download_of_20_mb(s3, bucket, tmp_path):
    content = os.urandom(1 << 20) * 20 + b"tail"
    (tmp_path / "up").write_bytes(content)
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    s3.upload_file(str(tmp_path / "up"), bucket, "large", Config=config, ExtraArgs={"Metadata": {"a": "b"}, "ContentType": "x/y"})
    head = s3.head_object(Bucket=bucket, Key="large")
    assert (head["ContentLength"], head["Metadata"], head["ContentType"]) == (len(content), {"a": "b"}, "x/y")
    parts = b"".join(hashlib.md5(content[i:i + (5 << 20)]).digest() for i in range(0, len(content), 5 << 20))
    assert head["ETag"] == f'"{hashlib.md5(parts).hexdigest()}-5"'
    s3.download_file(bucket, "large", str(tmp_path / "down"), Config=config)
    assert (tmp_path / "down").read_bytes() == content
    s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "copied", Config=config)  # by UploadPartCopy
    into = io.BytesIO()
    s3.download_fileobj(bucket, "copied", into)
    assert into.getvalue() == content


def test_multipart_step_by_step(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    refused("NoSuchKey", 404, s3.get_object, Bucket=bucket, Key="k")
    tags = {n: s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=n, Body=bytes([n]) * (5 << 20))["ETag"]
            for n in (3, 1)}
    tags[7] = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=7, Body=b"end")["ETag"]
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)["Parts"]
    assert [(part["PartNumber"], part["ETag"]) for part in listed] == sorted(tags.items())
    assert [entry["UploadId"] for entry in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    parts = [{"PartNumber": n, "ETag": tags[n]} for n in (1, 3, 7)]
    finish = s3.complete_multipart_upload
    named = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    refused("InvalidPart", 400, finish, **named, MultipartUpload={"Parts": [{"PartNumber": 2, "ETag": tags[1]}]})
    refused("InvalidPartOrder", 400, finish, **named, MultipartUpload={"Parts": [parts[1], parts[0]]})
    finish(**named, MultipartUpload={"Parts": parts})
    assert body(s3, bucket, "k") == bytes([1]) * (5 << 20) + bytes([3]) * (5 << 20) + b"end"
    refused("NoSuchUpload", 404, s3.list_parts, **named)


def test_multipart_given_up(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    refused("NoSuchUpload", 404, s3.upload_part, Bucket=bucket, Key="k", UploadId=upload, PartNumber=2, Body=b"x")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_part_that_is_too_small(s3, bucket):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    parts = [{"PartNumber": n, "ETag": s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=n, Body=b"x")["ETag"]}
             for n in (1, 2)]
    refused("EntityTooSmall", 400, s3.complete_multipart_upload, Bucket=bucket, Key="k", UploadId=upload,
            MultipartUpload={"Parts": parts})


# --- who asks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_addressing_styles(server, s3, bucket, style):
    """boto3 puts the bucket into the host's name unless the host is an address; then localhost does not resolve, so the path is for tests
    of it the only one that a client can reach. The other is asked for by hand."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    if style == "path":
        client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **server.boto())
        assert body(client, bucket, "k") == b"v"
        return
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    port = server.url.rsplit(":", 1)[1]
    request = AWSRequest("GET", f"http://{bucket}.localhost:{port}/k", headers={"Host": f"{bucket}.localhost:{port}"})
    S3SigV4Auth(Credentials(*server.keys()), "s3", "us-west-2").add_auth(request)
    asked = urllib.request.Request(f"{server.url}/k", headers=dict(request.headers))
    with urllib.request.urlopen(asked) as answer:
        assert answer.read() == b"v"


def test_presigned(server, s3, bucket):
    v4 = boto3.client("s3", config=Config(signature_version="s3v4"), **server.boto())
    put = v4.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a key/ü"}, ExpiresIn=60)
    with urllib.request.urlopen(urllib.request.Request(put, data=b"through a link", method="PUT")) as answer:
        assert answer.status == 200
    get = v4.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a key/ü"}, ExpiresIn=60)
    with urllib.request.urlopen(get) as answer:
        assert answer.read() == b"through a link"
    for wrong in (get[:-1] + ("0" if get[-1] != "0" else "1"), get.replace("X-Amz-Expires=60", "X-Amz-Expires=61")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(wrong)
        assert caught.value.code == 403 and b"SignatureDoesNotMatch" in caught.value.read()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.url}/{bucket}/a%20key/%C3%BC")
    assert caught.value.code == 403 and b"AccessDenied" in caught.value.read()


def test_wrong_keys(server):
    access, secret = server.keys()
    for pair, code in (((access, secret[:-1] + ("y" if secret.endswith("x") else "x")), "SignatureDoesNotMatch"), (("AKIANOBODY", secret), "InvalidAccessKeyId")):
        client = boto3.client("s3", **server.boto(aws_access_key_id=pair[0], aws_secret_access_key=pair[1]))
        refused(code, 403, client.list_buckets)


# --- many at once ------------------------------------------------------------------------------


def test_a_crowd(server, bucket):
    """Eight clients on one key and on keys of their own: each reads what was written, whole."""
    failures = []

    def work(number):
        client = boto3.client("s3", config=Config(retries={"max_attempts": 0}), **server.boto())
        try:
            for i in range(15):
                own = os.urandom(100 * i)
                client.put_object(Bucket=bucket, Key=f"{number}/{i}", Body=own)
                client.put_object(Bucket=bucket, Key="shared", Body=bytes([number]) * 5000)
                assert body(client, bucket, f"{number}/{i}") == own
                shared = body(client, bucket, "shared")
                assert len(shared) == 5000 and len(set(shared)) == 1
        except Exception as e:  # noqa: BLE001 - whatever it was, the test must tell
            failures.append(repr(e))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert s3_count(server, bucket) == 8 * 15 + 1


def s3_count(server, bucket):
    client = boto3.client("s3", **server.boto())
    return sum(page["KeyCount"] for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 50}))
