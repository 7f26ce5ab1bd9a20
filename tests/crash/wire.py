"""A client as bare as can be: one kept connection, requests signed by botocore or not at all. For tests that send many, or that end in the middle."""
import http.client
import json
import re
import socket
import urllib.parse

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-west-2"
# Service of the scope, prefix of X-Amz-Target, version of the JSON protocol.
JSON = {"sagemaker": ("sagemaker", "SageMaker", "1.1"), "monitoring": ("monitoring", "GraniteServiceVersion20100801", "1.0"),
        "logs": ("logs", "Logs_20140328", "1.1")}


class Gone(Exception):
    """The connection ended before the reply was complete: nobody knows if the request was done."""


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def document(self):
        return json.loads(self.body) if self.body else {}

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"


class Wire:
    """`keys`: access key and secret; None: not signed."""

    def __init__(self, url, keys=None, timeout_s=60):
        self.url, self.keys = url, keys
        host = url.split("//")[1]
        self.connection = http.client.HTTPConnection(host, timeout=timeout_s)

    def close(self):
        self.connection.close()

    def ask(self, method, path, query="", body=b"", headers=None, service="s3"):
        target = path + ("?" + query if query else "")
        headers = dict(headers or {})
        if self.keys:
            request = AWSRequest(method, self.url + target, headers=headers, data=body)
            signer = S3SigV4Auth if service == "s3" else SigV4Auth
            signer(Credentials(*self.keys), service, REGION).add_auth(request)
            headers = dict(request.headers.items())
        try:
            if self.connection.sock is None:
                self.connection.connect()
                self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connection.request(method, target, body, headers)
            reply = self.connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        except (OSError, http.client.HTTPException) as problem:
            self.connection.close()
            raise Gone(repr(problem)) from None

    # --- S3 ---

    def s3(self, method, bucket, key="", query="", body=b"", headers=None):
        return self.ask(method, f"/{bucket}" + (f"/{urllib.parse.quote(key, safe='/~')}" if key else ""), query, body, headers)

    def listing(self, bucket, prefix=""):
        """{key: (etag, size)} of all keys below a prefix."""
        found, token = {}, ""
        while True:
            query = f"list-type=2&prefix={urllib.parse.quote(prefix, safe='')}"
            reply = self.s3("GET", bucket, query=f"continuation-token={urllib.parse.quote(token, safe='')}&{query}" if token else query)
            assert reply.status == 200, reply
            text = reply.body.decode()
            for entry in re.findall(r"<Contents>(.*?)</Contents>", text, re.DOTALL):
                etag = re.search(r"<ETag>(?:&quot;|\")([^<&\"]*)", entry)[1]
                found[re.search(r"<Key>([^<]*)</Key>", entry)[1]] = (etag, int(re.search(r"<Size>(\d+)<", entry)[1]))
            more = re.search(r"<NextContinuationToken>([^<]*)<", text)
            if not more:
                return found
            token = more[1]

    # --- JSON services ---

    def call(self, operation, arguments, service="sagemaker"):
        scope, prefix, version = JSON[service]
        return self.ask("POST", "/", body=json.dumps(arguments).encode(), service=scope,
                        headers={"X-Amz-Target": f"{prefix}.{operation}", "Content-Type": f"application/x-amz-json-{version}"})
