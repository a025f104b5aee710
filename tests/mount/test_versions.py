# SPDX-License-Identifier: MIT
"""An object is replaced by another client while it is open here: a descriptor has one version, or ESTALE."""

import errno
import mmap
import os
import subprocess
import threading

import pytest
from files import MIB, fails_with, opened, some_bytes
from proc import wait_until

OLD, LARGE_OLD = some_bytes(300_000, 1), some_bytes(24 * MIB, 1)
NEW = {"shorter": 13, "longer": 40 * MIB, "as_long": None, "empty": 0}


def another(old, kind):
    size = NEW[kind]
    return some_bytes(len(old) if size is None else size, 2)


BETWEEN = {
    "nothing": lambda path: None,
    "stat": lambda path: path.stat(),
    "listing": lambda path: [entry.stat() for entry in os.scandir(path.parent)],
    "reader": lambda path: path.read_bytes(),
}


def rest_of(fd, first):
    """The whole file as a program with this descriptor sees it, or None if it is told that it cannot."""
    data = bytearray(first)
    try:
        while piece := os.pread(fd, 100_000, len(data)):
            data += piece
    except OSError as error:
        assert error.errno == errno.ESTALE
        return None
    return bytes(data)


@pytest.mark.parametrize("old", [OLD, LARGE_OLD], ids=["small", "large"])
@pytest.mark.parametrize("between", BETWEEN)
def test_a_descriptor_has_one_version(new_mount, bucket, old, between):
    mount = new_mount(bucket, attr_timeout="0")
    mount.expect_errors("Stale file handle")
    path = mount.path / "f"
    for kind in NEW:
        new = another(old, kind)
        bucket.put("f", old)
        with opened(path) as fd:
            # The kernel must not read ahead what is to come from the bucket.
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
            first = os.pread(fd, 65536, 0)
            assert first == old[:65536]
            bucket.put("f", new)
            BETWEEN[between](path)
            told = rest_of(fd, first)
            assert told in (old, None), f"{kind}: {len(told)} bytes that are no version"
        # Who comes later has the new one, whatever was told before.
        assert path.read_bytes() == new


@pytest.mark.parametrize("kind", NEW)
def test_who_has_read_nothing_yet_gets_the_new_version_whole(new_mount, bucket, kind):
    # The kernel would show zeros behind the end of what is shorter than it believes.
    is_shorter = kind in ("shorter", "empty")
    mount = new_mount(bucket, attr_timeout="60")
    if is_shorter:
        mount.expect_errors("Stale file handle")
    for number, old in enumerate((OLD, LARGE_OLD)):
        key, new = f"{number}", another(old, kind)
        bucket.put(key, old)
        with opened(mount.path / key) as fd:
            bucket.put(key, new)
            assert rest_of(fd, b"") == (None if is_shorter else new)
        with opened(mount.path / key) as fd:
            assert rest_of(fd, b"") == new and os.fstat(fd).st_size == len(new)


@pytest.mark.parametrize("kind", NEW)
def test_pages_that_the_kernel_kept_are_not_mixed_with_new_ones(new_mount, bucket, kind):
    mount = new_mount(bucket, attr_timeout="60")
    mount.expect_errors("Stale file handle")
    new = another(LARGE_OLD, kind)
    bucket.put("f", LARGE_OLD)
    with opened(mount.path / "f") as fd:
        os.pread(fd, MIB, 0)
    bucket.put("f", new)
    with opened(mount.path / "f") as fd:
        assert rest_of(fd, b"") in (LARGE_OLD, new, None)
    # An error is told once: then the bucket is asked.
    assert (mount.path / "f").read_bytes() == new


def test_a_mapping_has_one_version(new_mount, bucket):
    mount = new_mount(bucket, attr_timeout="0")
    new = another(OLD, "as_long")
    bucket.put("f", OLD)
    with opened(mount.path / "f") as fd, mmap.mmap(fd, len(OLD), prot=mmap.PROT_READ) as view:
        assert view[:4096] == OLD[:4096]
        bucket.put("f", new)
        (mount.path / "f").stat()
        assert (mount.path / "f").read_bytes() == new
        assert view[:] == OLD


def test_another_version_is_another_inode_without_a_name_for_the_old(new_mount, bucket):
    path = new_mount(bucket, attr_timeout="0").path / "f"
    bucket.put("f", b"old")
    with opened(path) as fd:
        path.chmod(0o751)
        before = os.fstat(fd)
        assert before.st_nlink == 1 and path.stat().st_ino == before.st_ino
        bucket.put("f", b"newer")
        after = path.stat()
        assert after.st_ino != before.st_ino and after.st_size == 5 and after.st_nlink == 1
        assert after.st_mode & 0o7777 == 0o751
        left = os.fstat(fd)
        assert (left.st_ino, left.st_size, left.st_nlink) == (before.st_ino, 3, 0)


def test_a_new_version_is_asked_for_once(new_mount, bucket, server):
    mount = new_mount(bucket, attr_timeout="0.01")
    bucket.put("f", b"old")
    assert (mount.path / "f").stat().st_size == 3
    bucket.put("f", b"newer")
    server.reset()
    assert wait_until(lambda: (mount.path / "f").stat().st_size == 5)
    asked = server.requests()["HeadObject"]
    assert [entry["op"] for entry in server.log_entries()] == ["HeadObject"] * asked and asked <= 2


def test_a_removed_file_that_is_open_has_no_name(folder):
    with opened(folder / "f", os.O_RDWR | os.O_CREAT) as fd:
        os.write(fd, b"x")
        os.unlink(folder / "f")
        assert os.fstat(fd).st_nlink == 0


def test_the_last_close_wins_and_has_the_name_again(new_mount, bucket):
    path = new_mount(bucket, attr_timeout="0").path / "f"
    bucket.put("f", b"old")
    with opened(path, os.O_RDWR | os.O_TRUNC) as fd:
        os.write(fd, b"ours")
        os.fsync(fd)
        bucket.put("f", b"theirs")
        assert path.read_bytes() == b"theirs"
        os.pwrite(fd, b"OURS", 0)
    assert bucket.read("f") == b"OURS" and path.read_bytes() == b"OURS"
    assert os.listdir(path.parent) == ["f"]


CHANGES = {
    "read": lambda path: path.read_bytes(),
    "write": lambda path: path.write_bytes(b"mine"),
    "cut": lambda path: os.truncate(path, 2),
    "mode": lambda path: path.chmod(0o600),
    "times": lambda path: os.utime(path, (1, 1)),
}


def test_a_path_that_is_known_to_be_replaced_can_be_opened_and_changed(new_mount, bucket):
    mount = new_mount(bucket, attr_timeout="60")
    mount.expect_errors("Stale file handle")
    for name, change in CHANGES.items():
        path = mount.path / name
        bucket.put(name, LARGE_OLD)
        with opened(path) as fd:
            os.pread(fd, 1000, 0)
            bucket.put(name, b"another")
            with fails_with("ESTALE"):
                os.pread(fd, 1000, 20 * MIB)
        change(path)
        mount.sync()
    assert {name: bucket.read(name) for name in CHANGES} == {
        "read": b"another",
        "write": b"mine",
        "cut": b"an",
        "mode": b"another",
        "times": b"another",
    }


def test_tail_follows_what_grows_elsewhere(new_mount, bucket, tmp_path):
    mount = new_mount(bucket, attr_timeout="0.1")
    bucket.put("f", b"one\n")
    with open(tmp_path / "out", "w+") as out:
        command = ["tail", "-F", "-s", "0.1", "--max-unchanged-stats=1", "f"]
        tail = subprocess.Popen(command, cwd=mount.path, stdout=out, stderr=subprocess.DEVNULL, close_fds=False)
        try:
            wait_until(lambda: (tmp_path / "out").read_text() == "one\n", what="the first line")
            bucket.put("f", b"one\ntwo\n")
            wait_until(lambda: (tmp_path / "out").read_text().endswith("two\n"), what="the second line")
        finally:
            tail.kill()
            tail.wait()


def read_or_stale(path):
    """The file's bytes, or None: that version is gone."""
    try:
        return path.read_bytes()
    except OSError as error:
        assert error.errno == errno.ESTALE, error
        return None


def test_two_hosts_that_rewrite_and_read_never_mix(new_mount, bucket):
    one, two = (new_mount(bucket, attr_timeout="0.05", negative_timeout="0") for _ in range(2))
    two.expect_errors("Stale file handle")
    versions = [bytes([65 + n]) * size for n, size in enumerate((13, 9 * MIB, 300_000, 2 * MIB, 300_000))]
    stop, seen = threading.Event(), set()

    def write():
        n = 0
        while n < 40 or len(seen) < 2:
            (one.path / "f").write_bytes(versions[n % len(versions)])
            n += 1
        stop.set()

    (one.path / "f").write_bytes(versions[0])
    writer = threading.Thread(target=write)
    writer.start()
    while not stop.is_set():
        data = read_or_stale(two.path / "f")
        if data is not None:
            assert data in versions, (len(data), set(data))
            seen.add(len(data))
    writer.join()
    # What it knew last may be a version that is gone; then it asks.
    wait_until(lambda: read_or_stale(two.path / "f") == bucket.read("f"), what="the last version")
