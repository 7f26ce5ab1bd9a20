"""`hindcast serve` for tests: started over a folder of its own, waited for, stopped.

    with Server(tmp_path / "data") as server:
        boto3.client("sagemaker", **server.boto())

Or without `with`: start(), stop(), kill(). A server that does not end by itself is killed; what it wrote is in `log`.
"""
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import helpers

READY_S = 60
STOP_S = 60
UNSET = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class Server:
    """One server over `data`. `clock`: it follows a file that says how far ahead it is (`ahead`). `wrapper`: words before its command
    line, such as faketime's."""

    def __init__(self, data, *options, listen="127.0.0.1:0", clock=False, env=None, wrapper=()):
        self.data = Path(data)
        self.options = list(map(str, options))
        self.listen = listen
        self.extra = dict(env or {})
        self.wrapper = list(wrapper)
        self.child = self.url = None
        self.said = []
        self.clock = None
        if clock:
            self.clock = self.data.parent / f"{self.data.name}.clock"
            self.clock.parent.mkdir(parents=True, exist_ok=True)
            self.ahead(0)
            self.extra["HINDCAST_TEST_CLOCK"] = str(self.clock)

    # --- its life ---

    def start(self):
        command = [*self.wrapper, helpers.binary(), "serve", "--data", str(self.data), "--listen", self.listen, *self.options]
        self.log_path = self.data.parent / f"{self.data.name}.log"
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                          env=helpers.environment(self.extra))
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.ready.wait(READY_S)
        if not self.url:
            self.kill()
            raise AssertionError(f"no line with a URL within {READY_S} s\n{self.log()}")
        return self

    def _read(self):
        """Reads standard output to its end, so that the server never waits for us."""
        for line in self.child.stdout:
            text = line.decode("utf-8", "replace").rstrip("\n")
            self.said.append(text)
            found = re.search(r"https?://[^\s/]+", text)
            if found and not self.ready.is_set():
                self.url = found[0]
                self.ready.set()
        self.ready.set()

    def stop(self):
        """SIGTERM and a graceful end; anything else is a failed test."""
        if not self.child:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            status = self.child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {STOP_S} s after SIGTERM\n{self.log()}") from None
        self._forget()
        log = self.log()
        assert status == 0, f"ended with status {status}\n{log}"
        assert "Sanitizer" not in log and "runtime error:" not in log, log

    def kill(self):
        if self.child:
            self.child.kill()
            self.child.wait()
            self._forget()

    def _forget(self):
        self.reader.join(10)
        self.child.stdout.close()
        self.child = self.url = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.stop()
            return
        self.kill()
        print(f"--- the server's log\n{self.log()}", file=sys.stderr)

    def log(self):
        return "\n".join(self.said) + "\n" + self.log_path.read_text(errors="replace")

    def ahead(self, seconds):
        """Moves the server's clock (clock=True) to that many seconds ahead of ours, at once."""
        aside = self.clock.with_suffix(".new")
        aside.write_text(f"{seconds}\n")
        os.replace(aside, self.clock)

    # --- its clients ---

    def env_text(self, *options):
        return helpers.succeed("env", "--data", self.data, *options).out

    def env(self, *options):
        """The environment of a client: what `hindcast env` says, read as a shell reads it."""
        env = helpers.environment()
        for line in self.env_text(*options).splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["export"]:
                env.update(word.split("=", 1) for word in words[1:])
            elif words[:1] == ["unset"]:
                for word in words[1:]:
                    env.pop(word, None)
            else:
                assert not words, f"not for a shell: {line!r}"
        # Nothing of the machine's own AWS settings gets in, nor a look for a role where there is none.
        env.update({"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_PAGER": ""})
        return env

    def keys(self):
        """Access key and secret as the server wrote them."""
        text = (self.data / "credentials").read_text()
        values = dict(re.findall(r"^\s*(\w+)\s*=\s*(\S+)\s*$", text, re.MULTILINE))
        return values["aws_access_key_id"], values["aws_secret_access_key"]

    def boto(self, **more):
        """Arguments for boto3.client(name, ...) in this process."""
        access, secret = self.keys()
        return {"endpoint_url": self.url, "region_name": "us-west-2", "aws_access_key_id": access,
                "aws_secret_access_key": secret, **more}

    def call(self, service, operation, params, target=None):
        """One signed call of a JSON service by hand: for what this machine's botocore does not know yet. (status, parsed answer)"""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        target = target or {"sagemaker": "SageMaker", "logs": "Logs_20140328", "monitoring": "GraniteServiceVersion20100801"}[service]
        request = AWSRequest("POST", self.url + "/", data=json.dumps(params).encode(), headers={
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{target}.{operation}"})
        SigV4Auth(Credentials(*self.keys()), service, "us-west-2").add_auth(request)
        asked = urllib.request.Request(request.url, data=request.body, headers=dict(request.headers))
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                body = answer.read()
                return answer.status, json.loads(body) if body else None
        except urllib.error.HTTPError as e:
            return e.code, json.loads(e.read())

    def run(self, command, timeout=600, env=None, cwd=None, status=0):
        """Runs a client with env(); its end with another status than `status` is a failed test. Returns its output, both kinds."""
        done = subprocess.run(list(map(str, command)), env={**self.env(), **(env or {})}, cwd=cwd, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, text=True)
        assert status is None or done.returncode == status, f"status {done.returncode}\n{done.stdout}\n--- server\n{self.log()[-20000:]}"
        return done.stdout


def until(what, ask, good=bool, timeout_s=120, pause_s=0.2):
    """Asks until the answer is good, and returns it."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = ask()
        if good(answer):
            return answer
        assert time.monotonic() < deadline, f"{what}: still {answer!r} after {timeout_s} s"
        time.sleep(pause_s)
