#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Measures mounts beside s3fs and plain curl on the same server, interleaved.

  tests/bench/bench.py [--mode latency|cpu] [--rounds 5] [--only WORKLOAD,...]

latency: the server answers as late and as slowly as a service over the
network does, so that a noisy machine changes little. cpu: it answers at
once, and what counts is the daemon's CPU time. Prints medians, the ratio to
ours, the daemon's CPU seconds, its peak memory and its own counters; judges nothing.

The build is $S3STOREFS_BUILD (or build/); take one without sanitizers.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import proc  # noqa: E402
from mount import Mount, mount_line  # noqa: E402
from servers import ACCESS_KEY, SECRET_KEY, TestServer  # noqa: E402

MIB = 1024 * 1024
BIG_MIB = 1024
SMALL_FILES = 1000
SMALL_BYTES = 65536
LISTED = 10_000
NETWORK = {"get": 25, "put": 30, "list": 60, "other": 30, "down": 90_000_000, "up": 45_000_000}
NO_DELAY = {name: 0 for name in NETWORK}


def process_figures(pid):
    """CPU seconds and peak MiB of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    ticks = int(fields[11]) + int(fields[12])
    status = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return ticks / os.sysconf("SC_CLK_TCK"), peak / 1024


def figures_of(status):
    """The counters that explain a time: name -> number, requests by operation and outcome among them."""
    figures = {name: value for name, value in status.items() if name.endswith("_total") and value}
    for row in status["s3_request_seconds"]:
        figures[f"{row['operation']} {row['outcome']}"] = row["count"]
    return figures


class Ours:
    name = "s3storefs"

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.mount = Mount(self.bucket, self.folder.name, log_level="warn")
        self.path, self.pid = self.mount.path, self.mount.process.pid
        return self

    def __exit__(self, *_):
        self.figures = figures_of(json.loads(os.getxattr(self.path, "user.s3.status")))
        self.mount.unmount()
        self.folder.cleanup()


class S3fs:
    name = "s3fs"

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        top = pathlib.Path(self.folder.name)
        (top / "keys").write_text(f"{ACCESS_KEY}:{SECRET_KEY}")
        (top / "keys").chmod(0o600)
        self.path = top / "mnt"
        self.path.mkdir()
        options = f"url={self.bucket.endpoint_url},use_path_request_style,passwd_file={top}/keys,endpoint=us-east-1,parallel_count=32"
        command = ["s3fs", self.bucket.name, self.path, "-f", "-o", options]
        with open(top / "log", "w") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.process.pid
        proc.wait_until(lambda: mount_line(self.path), 20, "s3fs's mount")
        return self

    def __exit__(self, *_):
        proc.run("fusermount3", "-u", self.path)
        self.process.wait(60)
        self.folder.cleanup()


class Curl:
    """What the network itself gives: 32 connections, presigned URLs."""

    name = "curl"
    connections = 32

    def __enter__(self):
        self.pid = None
        return self

    def __exit__(self, *_):
        pass

    def run(self, entries):
        with tempfile.NamedTemporaryFile("w", suffix=".curl") as config:
            config.write("\nnext\n".join("\n".join(f'{k} = "{v}"' for k, v in e.items()) for e in entries))
            config.flush()
            command = ["curl", "-s", "-f", "--parallel", "--parallel-immediate", "--parallel-max", str(self.connections), "-K", config.name]
            proc.run(*command, time_limit=300)

    def url(self, operation, key):
        return self.bucket.s3.generate_presigned_url(operation, {"Bucket": self.bucket.name, "Key": key}, ExpiresIn=3600)

    def read_big(self):
        size = BIG_MIB * MIB // self.connections
        url = self.url("get_object", "big")
        return [dict(url=url, range=f"{i * size}-{(i + 1) * size - 1}", output="/dev/null") for i in range(self.connections)]

    def write_big(self, source):
        return [{"url": self.url("put_object", f"out-{i}"), "upload-file": source} for i in range(self.connections)]

    def read_small(self):
        return [dict(url=self.url("get_object", f"small/{i:04}"), output="/dev/null") for i in range(SMALL_FILES)]


def timed(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


def read_big(client):
    if isinstance(client, Curl):
        entries = client.read_big()
        return timed(lambda: client.run(entries))
    return timed(lambda: proc.run("dd", f"if={client.path}/big", "of=/dev/null", "bs=1M", time_limit=300))


def write_big(client):
    if isinstance(client, Curl):
        with tempfile.NamedTemporaryFile() as source:
            source.truncate(BIG_MIB * MIB // client.connections)
            entries = client.write_big(source.name)
            return timed(lambda: client.run(entries))
    return timed(lambda: proc.run("dd", "if=/dev/zero", f"of={client.path}/out", "bs=1M", f"count={BIG_MIB}", time_limit=300))


def read_small(client):
    if isinstance(client, Curl):
        entries = client.read_small()
        return timed(lambda: client.run(entries))
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        paths = [client.path / "small" / f"{i:04}" for i in range(SMALL_FILES)]
        return timed(lambda: list(pool.map(lambda path: path.read_bytes(), paths)))


def ls_l(client):
    if isinstance(client, Curl):
        return None
    return timed(lambda: proc.run("ls", "-l", client.path / "listed", time_limit=300))


WORKLOADS = {
    "read": (read_big, f"read {BIG_MIB} MiB"),
    "write": (write_big, f"write {BIG_MIB} MiB and close"),
    "small": (read_small, f"read {SMALL_FILES} x {SMALL_BYTES // 1024} KiB, 32 threads"),
    "ls": (ls_l, f"ls -l of {LISTED}"),
}


def fill(bucket, names):
    if "read" in names:
        bucket.put_large("big", os.urandom(16 * MIB) * (BIG_MIB // 16))
    if "small" in names:
        bucket.put_many((f"small/{i:04}" for i in range(SMALL_FILES)), os.urandom(SMALL_BYTES))
    if "ls" in names:
        bucket.put_many((f"listed/{i:05}" for i in range(LISTED)), b"x")


def drop_caches():
    if os.getuid() == 0:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")


def measure(name, clients, rounds, server, delays):
    """client name -> list of (seconds, CPU seconds, peak MiB)."""
    results = {client.name: [] for client in clients}
    for _ in range(rounds):
        for client in clients:
            drop_caches()
            server.latency(**NO_DELAY)
            with client:
                server.latency(**delays)
                seconds = WORKLOADS[name][0](client)
                figures = process_figures(client.pid) if client.pid else (None, None)
                server.latency(**NO_DELAY)
            if seconds is not None:
                results[client.name].append((seconds, *figures))
    return results


def median(rows, column):
    values = [row[column] for row in rows if row[column] is not None]
    return statistics.median(values) if values else None


def show(title, results, figures):
    print(f"\n{title}")
    ours = median(results["s3storefs"], 0)
    for name, rows in results.items():
        if rows:
            seconds, cpu, peak = (median(rows, column) for column in range(3))
            daemon = f"daemon {cpu:6.2f} s CPU, {peak:5.0f} MiB" if cpu is not None else ""
            print(f"  {name:10} {seconds:7.3f} s   {seconds / ours:5.2f} x ours   {daemon}")
    print("  our last round: " + ", ".join(f"{value} {name}" for name, value in figures.items()))
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=["latency", "cpu"], default="latency")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(WORKLOADS), help="of " + ", ".join(WORKLOADS))
    options = parser.parse_args()
    names = options.only.split(",")
    delays = NETWORK if options.mode == "latency" else NO_DELAY
    with tempfile.TemporaryDirectory() as folder:
        server = TestServer(pathlib.Path(folder) / "server.log", "--quick-etags", "--log", "none")
        try:
            fill(server.bucket, names)
            clients = [Ours(), Curl()]
            if proc.run("sh", "-c", "command -v s3fs", ok=False).returncode == 0:
                clients.insert(1, S3fs())
            for client in clients:
                client.bucket = server.bucket
            print(f"{options.mode} mode, median of {options.rounds}")
            for name in names:
                results = measure(name, clients, options.rounds, server, delays)
                show(WORKLOADS[name][1], results, clients[0].figures)
        finally:
            server.stop()


main()
