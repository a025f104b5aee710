# SPDX-License-Identifier: MIT
"""s3storefs status: the figures of a mount are the server's, and nobody else's to read."""

import collections
import json
import os

import proc
import pytest
from files import by_nobody

NAME = "user.s3.status"


def status(mount):
    return json.loads(proc.run(proc.PROGRAM, "status", "--json", mount.path).stdout)


def counts(figures, name):
    """(operation, outcome) -> how often."""
    return collections.Counter({(row["operation"], row["outcome"]): row["count"] for row in figures[name]})


def test_requests_and_bytes_are_the_servers(mount, server):
    before = status(mount)
    server.reset()
    for i in range(5):
        (mount.path / f"f{i}").write_bytes(b"x" * 1000)
    assert (mount.path / "f1").stat().st_size == 1000
    assert not (mount.path / "absent").exists()
    (mount.path / "folder").mkdir()
    (mount.path / "f0").unlink()
    mount.sync()
    after = status(mount)
    theirs = server.stats()
    ours = collections.Counter()
    for (operation, _), count in (counts(after, "s3_request_seconds") - counts(before, "s3_request_seconds")).items():
        ours["ListObjectsV2" if operation == "ListObjects" else operation] += count
    assert ours == {operation: count for operation, count in theirs["requests"].items() if count}
    assert after["http_requests_total"] - before["http_requests_total"] == theirs["total"]
    assert after["http_sent_bytes_total"] - before["http_sent_bytes_total"] == theirs["bytes_in"]
    assert after["store_publishes_total"] - before["store_publishes_total"] == 5
    assert after["fs_written_bytes_total"] - before["fs_written_bytes_total"] == 5000
    assert after["store_waiting_removals"] == after["http_in_flight_requests"] == after["http_queued_requests"] == 0
    calls = counts(after, "fs_call_seconds") - counts(before, "fs_call_seconds")
    assert (calls["create", "ok"], calls["write", "ok"], calls["unlink", "ok"]) == (5, 5, 1)


def test_names_in_memory_are_told_from_those_asked_for(mount, bucket):
    bucket.put("a", b"x")
    before = status(mount)
    assert sorted(os.listdir(mount.path)) == ["a"]
    with pytest.raises(FileNotFoundError):
        os.stat(mount.path / "absent")
    after = status(mount)
    assert after["store_lookups_memory_total"] - before["store_lookups_memory_total"] == 1
    assert after["store_lookups_asked_total"] == before["store_lookups_asked_total"]


def test_a_retry_and_a_failure_are_counted(new_mount, bucket, server):
    mount = new_mount(bucket)
    mount.expect_errors()
    server.fault("PutObject", status=503, count=1)
    (mount.path / "late").write_bytes(b"x")
    once = status(mount)
    assert once["s3_retries_total"] == 1
    assert counts(once, "s3_request_seconds")["PutObject", "5xx"] == 1
    server.fault("PutObject", status=403, count=0)
    with pytest.raises(PermissionError):
        (mount.path / "refused").write_bytes(b"x")
    server.faults()
    twice = status(mount)
    assert (twice["store_publishes_total"], twice["store_publish_failures_total"]) == (1, 1)
    assert counts(twice, "fs_call_seconds")["close", "error"] == 1


def test_what_is_going_on_now_is_shown(mount, server):
    with open(mount.path / "f", "wb", buffering=0) as file:
        file.write(b"x" * 3_000_000)
        now = status(mount)
        assert now["fs_open_files"] == 1 and now["store_memory_limit_bytes"] >= now["store_memory_bytes"] >= 3_000_000
    proc.wait_until(lambda: status(mount)["fs_open_files"] == 0, 20, "the release")
    proc.wait_until(lambda: status(mount)["fs_parked_calls"] == 0, 20, "all answers")
    assert status(mount)["store_spool_bytes"] == 0


def test_bytes_on_disk_are_counted(new_mount, bucket):
    mount = new_mount(bucket, max_memory_size=1_000_000)
    with open(mount.path / "f", "wb", buffering=0) as file:
        for _ in range(8):
            file.write(b"x" * 1_000_000)
        assert status(mount)["store_spool_bytes"] >= 4_000_000
    proc.wait_until(lambda: status(mount)["store_spool_bytes"] == 0, 20, "the release")


def test_a_screen_for_people(mount):
    for i in range(30):
        (mount.path / f"f{i}").write_bytes(b"x")
    lines = proc.run(proc.PROGRAM, "status", mount.path).stdout.splitlines()
    assert lines[0].startswith(f"{mount.bucket.name} on {mount.path}, for ")
    assert len(lines) <= 40 and max(map(len, lines)) <= 80 + len(str(mount.path))
    assert "Changes    30 files stored, 0 failed; 0 removals wait" in lines
    assert [line.split()[:3] for line in lines if "PutObject" in line] == [["PutObject", "2xx", "30"]]


def test_only_who_mounted_may_see_it(new_mount, bucket):
    mount = new_mount(bucket, allow_other=True)
    assert NAME not in os.listxattr(mount.path)
    assert json.loads(os.getxattr(mount.path, NAME))["pid"] == mount.process.pid
    (mount.path / "f").write_bytes(b"x")
    with pytest.raises(OSError, match="No data available"):
        os.getxattr(mount.path / "f", NAME)
    words = "import os, sys\ntry: os.getxattr(sys.argv[1], sys.argv[2])\nexcept PermissionError: sys.exit(13)"
    done = by_nobody(mount.path, f"exec /usr/bin/python3 -c '{words}' '{mount.path}' {NAME}")
    assert done.returncode == 13


def test_words_for_what_is_no_mount(tmp_path):
    for path, words in ((tmp_path, "no bucket is mounted on"), (tmp_path / "absent", "No such file")):
        done = proc.run(proc.PROGRAM, "status", path, ok=False)
        assert done.returncode == 1 and words in done.stderr and not done.stdout
    assert proc.run(proc.PROGRAM, "status", ok=False).returncode == 2
