# SPDX-License-Identifier: MIT
"""Files larger than the memory budget: what was sent goes to the disk, and comes back whole."""

import os

import pytest

from files import MIB, some_bytes, write_all

BUDGET = 32 * MIB
SIZE = 96 * MIB

pytestmark = pytest.mark.time_limit(180)


def spooled_bytes(mount):
    """What the daemon's unlinked spool files hold."""
    total = 0
    for fd in os.scandir(f"/proc/{mount.process.pid}/fd"):
        if os.readlink(fd.path).endswith(" (deleted)"):
            total += os.stat(fd.path).st_blocks * 512
    return total


@pytest.fixture
def mount(new_mount, bucket):
    return new_mount(bucket, memory_budget=str(BUDGET))


def test_only_what_was_sent_goes_to_the_disk(mount, bucket):
    data = some_bytes(SIZE, 1)
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    write_all(fd, data)
    assert 0 < spooled_bytes(mount) <= SIZE - BUDGET + 2 * MIB
    os.close(fd)
    assert bucket.read("f") == data


def test_a_writer_reads_back_what_was_spilled(mount):
    data = some_bytes(SIZE, 2)
    fd = os.open(mount.path / "f", os.O_RDWR | os.O_CREAT)
    write_all(fd, data)
    for at in (0, 5 * MIB + 3, 40 * MIB, SIZE - MIB):
        assert os.pread(fd, MIB, at) == data[at : at + MIB]
    os.close(fd)


def test_a_part_that_was_sent_and_spilled_can_be_written_again(mount, bucket):
    data = bytearray(some_bytes(SIZE, 3))
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    write_all(fd, data)
    for at, new in ((0, b"HEAD"), (8 * MIB - 3, b"across"), (20 * MIB + 77, some_bytes(300_000, 4))):
        assert os.pwrite(fd, new, at) == len(new)
        data[at : at + len(new)] = new
    more = some_bytes(20 * MIB, 5)
    os.lseek(fd, 0, os.SEEK_END)
    write_all(fd, more)
    os.close(fd)
    assert bucket.read("f") == bytes(data) + more
