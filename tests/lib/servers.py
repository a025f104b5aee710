# SPDX-License-Identifier: MIT
"""The S3 servers that tests mount buckets of: the project's test server, Ceph's gateway and OpenStack Swift."""

import json
import os
import random
import socket
import subprocess
import urllib.request

import proc
from bucket import Bucket

ACCESS_KEY = "TESTACCESSKEY"
SECRET_KEY = "testsecretkey"


def start_listening(command, log):
    """Start a server that prints "... listening ... URL"; return its process and the URL."""
    process = subprocess.Popen(
        [os.fspath(c) for c in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=proc.clean_environment(),
    )
    for line in process.stdout:
        words = line.decode().split()
        if "listening" in words:
            return process, words[-1]
    process.wait(10)
    log.seek(0)
    raise AssertionError(f"{command[0]} did not start: {log.read()[-2000:]}")


class TestServer:
    """The project's own server, with one bucket, counters and fault plans."""

    __test__ = False

    def __init__(self, log_path, *options, bucket="test-bucket"):
        self.log_path = log_path
        command = [proc.TESTSERVER, "--port", "0", "--bucket", bucket]
        command += ["--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY, *options]
        self.log = open(log_path, "w+")
        self.process, self.url = start_listening(command, self.log)
        self.bucket = Bucket(self.url, ACCESS_KEY, SECRET_KEY, name=bucket)

    def another_bucket(self, name):
        return Bucket(self.url, ACCESS_KEY, SECRET_KEY, name=name).create()

    def control(self, path, data=None):
        """POST data as JSON, or GET without."""
        body = None if data is None else json.dumps(data).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(f"{self.url}/_control/{path}", body), timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def reset(self):
        """All counters and the log to nothing; faults stay."""
        self.control("reset", {})

    def requests(self):
        """Operation name -> how many since the last reset, zeros left out."""
        return {op: n for op, n in self.control("stats")["requests"].items() if n}

    def stats(self):
        return self.control("stats")

    def log_entries(self):
        return self.control("log")

    def fault(self, op, **rule):
        """Make requests of an operation fail; count=0: for ever. Replaces earlier faults."""
        self.faults(dict(op=op, **rule))

    def faults(self, *rules):
        self.control("faults", list(rules))

    def fired(self):
        """How often each rule of the plan has fired."""
        return [rule["fired"] for rule in self.control("faults")]

    def wait_until_fired(self, times=1):
        """Wait until that many requests have met the fault plan: they have begun and are not answered yet if it delays."""
        proc.wait_until(lambda: sum(self.fired()) >= times, what="the request")

    def latency(self, **milliseconds):
        self.control("latency", milliseconds)

    def stop(self):
        """End it; a crash or a leak of the server itself is an error, too."""
        went = proc.end(self.process)
        self.process.stdout.close()
        self.log.close()
        bad = proc.sanitizer_lines(open(self.log_path, errors="replace").read())
        assert not bad, f"the test server: {bad[:5]}"
        assert went, "the test server did not end on SIGTERM"


def free_ports(count):
    """The first of count ports nobody listens on, below those the kernel hands out."""
    for _ in range(100):
        first = random.randrange(10000, 32000 - count)
        held = []
        try:
            for port in range(first, first + count):
                held.append(socket.socket())
                held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                held[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise AssertionError(f"no {count} free ports in a row")


class Rgw:
    """Ceph's RADOS Gateway, started by tests/rgw/rgw.sh."""

    SCRIPT = proc.TOP / "tests" / "rgw" / "rgw.sh"
    WAYS = ("http-path", "http-virtual", "https-path", "https-virtual")

    def __init__(self, folder):
        self.folder = folder
        text = proc.run("sh", self.SCRIPT, "start", folder, str(free_ports(8)), time_limit=240).stdout
        self.env = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def bucket(self, way):
        """A fresh bucket; way is one of WAYS: how the program is to reach it."""
        scheme, style = way.split("-")
        plain = self.env[f"RGW_{scheme.upper()}"]
        url = plain if style == "path" else self.env[f"RGW_{scheme.upper()}_VIRTUAL"]
        return Bucket(
            url,
            self.env["RGW_ACCESS_KEY"],
            self.env["RGW_SECRET_KEY"],
            addressing_style=style,
            region=self.env["RGW_REGION"],
            ca=self.env["RGW_CA"] if scheme == "https" else None,
            witness_url=plain,
        ).create()

    def stop(self):
        proc.run("sh", self.SCRIPT, "stop", self.folder)


class Swift:
    """OpenStack Swift with its S3 API, started by tests/swift/serve.py."""

    SCRIPT = proc.TOP / "tests" / "swift" / "serve.py"

    def __init__(self, folder):
        self.log = open(folder / "log", "w+")
        self.process, self.url = start_listening(["/usr/bin/python3", self.SCRIPT, folder], self.log)

    def bucket(self):
        return Bucket(self.url, "test:tester", "testing").create()

    def stop(self):
        proc.end(self.process)
        self.process.stdout.close()
        self.log.close()
