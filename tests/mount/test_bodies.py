# SPDX-License-Identifier: MIT
"""What is sent from the disk: read ahead of the request in a small window, and unchanged while it is on its way."""

import concurrent.futures
import os

import proc
import pytest
from files import MIB, fails_with, opened, some_bytes, write_all

BUDGET = 32 * MIB
SIZE = 64 * MIB

pytestmark = pytest.mark.time_limit(120)


def peak_mib(mount):
    with open(f"/proc/{mount.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


def spool_file(mount):
    """A path to the daemon's unlinked spool file."""
    return next(fd.path for fd in os.scandir(f"/proc/{mount.process.pid}/fd") if os.readlink(fd.path).endswith(" (deleted)"))


@pytest.fixture
def mount(new_mount, bucket):
    """One that sends every file as one PUT, most of it from the disk."""
    # A sanitizer would keep freed memory, to catch its use.
    keep_little = proc.sanitizer_environment()["ASAN_OPTIONS"] + ":quarantine_size_mb=1"
    return new_mount(bucket, memory_budget=str(BUDGET), nomultipart=True, environment={"ASAN_OPTIONS": keep_little})


def write(fd, size, seed):
    """Returns what was written."""
    data = b"".join(some_bytes(min(SIZE, size - at), seed + at) for at in range(0, size, SIZE))
    for at in range(0, size, MIB):
        write_all(fd, memoryview(data)[at : at + MIB])
    return data


def test_one_put_of_a_large_file_takes_little_memory_and_is_sent_again_whole(mount, bucket, server):
    idle = peak_mib(mount)
    server.fault("PutObject", status=500, count=1)
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        data = write(fd, 256 * MIB, 1)
    assert server.requests()["PutObject"] == 2
    assert peak_mib(mount) <= idle + (BUDGET // MIB) + 64
    assert bucket.read("f") == data


@pytest.fixture
def in_flight(mount, server):
    """in_flight(fd): a close whose PUT fails once and late, as a future; it is on its way then."""
    with concurrent.futures.ThreadPoolExecutor() as threads:

        def begin(fd):
            server.fault("PutObject", status=500, count=1, delay_ms=500)
            server.reset()
            # Not fsync, over which the kernel lets nobody write.
            closed = threads.submit(os.close, fd)
            proc.wait_until(lambda: server.requests().get("PutObject"), what="the PUT")
            return closed

        yield begin


def test_what_is_written_meanwhile_belongs_to_the_next_version(mount, bucket, in_flight):
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    new = bytearray(write(fd, SIZE, 2))
    with opened(mount.path / "f", os.O_RDWR) as other:
        closed = in_flight(fd)
        for at in (0, 1000, SIZE // 2 - 5, SIZE - 3 * MIB):
            new[at : at + 10] = b"0123456789"
            assert os.pwrite(other, b"0123456789", at) == 10
        closed.result()
        for at in (0, SIZE // 2 - MIB, SIZE - 3 * MIB):
            assert os.pread(other, MIB, at) == new[at : at + MIB]
    assert bucket.read("f") == bytes(new)


def test_a_disk_that_fails_in_the_middle_is_told_and_nothing_is_replaced(mount, bucket, in_flight):
    bucket.put("f", b"old")
    mount.expect_errors("cannot be read from", "f was not stored")
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_TRUNC)
    write(fd, SIZE, 3)
    closed = in_flight(fd)
    os.truncate(spool_file(mount), 0)
    with fails_with("EIO"):
        closed.result()
    assert bucket.read("f") == b"old"


def test_a_disk_that_fails_before_is_told_without_a_request(mount, bucket, server):
    mount.expect_errors("cannot be read from")
    with fails_with("EIO"), opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        write(fd, SIZE, 4)
        os.truncate(spool_file(mount), 0)
    assert "PutObject" not in server.requests()
    assert bucket.keys() == []


def test_parts_from_the_disk_are_sent_in_parallel(new_mount, bucket, server):
    mount = new_mount(bucket, memory_budget=str(BUDGET), max_memory_size=str(MIB))
    server.latency(put=1000)
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        data = write(fd, 96 * MIB, 5)
    assert server.stats()["in_flight_max"] >= 5
    assert bucket.read("f") == data
