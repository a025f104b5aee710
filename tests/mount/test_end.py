# SPDX-License-Identifier: MIT
"""How a mount ends: nothing acknowledged is lost, nothing half-written is seen."""

import contextlib
import os
import signal
import subprocess
import threading
import time

import proc
import pytest
from files import MIB, fails_with, opened, some_bytes, write_all
from mount import abort_connection, mount_line


def test_unmount_waits_for_removals(mount, bucket):
    bucket.put_many(f"d/{n}" for n in range(300))
    subprocess.run(["rm", "-rf", mount.path / "d"], check=True, timeout=60)
    mount.unmount()
    assert bucket.keys() == []


def test_unmount_of_a_busy_mount_fails_and_harms_nothing(mount, bucket):
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"one")
        done = proc.run("fusermount3", "-u", mount.path, ok=False)
        assert done.returncode != 0
        os.write(fd, b"two")
    assert bucket.read("f") == b"onetwo"


def test_a_lazy_unmount_with_an_open_file_still_stores_what_its_close_acknowledged(mount, bucket):
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"data")
    proc.run("fusermount3", "-u", "-z", mount.path)
    os.close(fd)
    mount.wait_for_end()
    assert bucket.read("f") == b"data"


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_mount_after_what_was_removed_is_removed(mount, bucket, sig):
    bucket.put_many(f"{n}" for n in range(20))
    for name in os.listdir(mount.path):
        os.unlink(mount.path / name)
    mount.terminate(sig)
    assert bucket.keys() == []
    assert not mount_line(mount.path)


def close_if_possible(fd):
    """The daemon is gone: close(2) may say so or not, the descriptor is gone either way."""
    with contextlib.suppress(OSError):
        os.close(fd)


def test_sigterm_with_an_open_file_publishes_what_was_written(mount, bucket):
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"written, not closed")
    mount.terminate()
    close_if_possible(fd)
    assert bucket.read("f") == b"written, not closed"


def test_an_aborted_connection_is_an_end_like_an_unmount(mount, bucket):
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"written, not closed")
    abort_connection(mount.path)
    close_if_possible(fd)
    mount.wait_for_end()
    assert bucket.read("f") == b"written, not closed"


def test_a_killed_daemon_leaves_the_old_object_whole_and_a_mount_that_can_be_cleared(mount, bucket, new_mount):
    bucket.put("f", b"old")
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_TRUNC)
    write_all(fd, some_bytes(20 * MIB))
    mount.finished = True
    mount.process.kill()
    mount.process.wait(10)
    with fails_with("ENOTCONN", "ECONNABORTED"):
        os.write(fd, b"more")
    close_if_possible(fd)
    with fails_with("ENOTCONN"):
        os.listdir(mount.path)
    proc.run("fusermount3", "-u", mount.path)
    assert not mount_line(mount.path)
    assert bucket.read("f") == b"old"
    again = new_mount(bucket)
    assert (again.path / "f").read_bytes() == b"old"


def test_what_close_acknowledged_survives_a_killed_daemon(mount, bucket):
    promised = []
    for number in range(30):
        data = some_bytes(1000 + number, number)
        (mount.path / f"{number}").write_bytes(data)
        promised.append(data)
    mount.kill()
    assert [bucket.read(f"{n}") for n in range(30)] == promised


def test_unmount_while_writers_close_loses_no_acknowledged_file(mount, bucket):
    promised = {}

    def write(name):
        for number in range(1000):
            data = f"{name} {number}".encode()
            try:
                (mount.path / f"{name}-{number}").write_bytes(data)
            except OSError:
                return
            promised[f"{name}-{number}"] = data

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    proc.wait_until(lambda: len(promised) >= 20, what="some files")
    mount.expect_errors()
    mount.terminate()
    for thread in threads:
        thread.join(30)
    # After the mount is gone the names lead to the folder below.
    below = set(os.listdir(mount.path))
    stored = bucket.contents()
    assert len(promised) > 0
    for name, data in promised.items():
        assert name in below or stored.get(name) == data, name
    for key, data in stored.items():
        assert data == key.replace("-", " ").encode(), "a half-written object"


def unmounts_soon(mount):
    """Nobody waits for an answer that nobody wants any more."""
    began = time.monotonic()
    mount.unmount()
    assert time.monotonic() - began < 20


def test_an_interrupted_cat_of_a_stalled_object_ends(mount, bucket, server):
    bucket.put("f", some_bytes(20 * MIB))
    server.fault("GetObject", count=0, stall_after=100_000)
    cat = subprocess.Popen(["cat", mount.path / "f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server.wait_until_fired()
    assert cat.poll() is None, "cat ended although the object stalls"
    cat.send_signal(signal.SIGINT)
    assert cat.wait(50) == -signal.SIGINT
    server.faults()
    assert (mount.path / "f").stat().st_size == 20 * MIB
    mount.expect_errors()
    unmounts_soon(mount)


def test_an_interrupted_stat_of_a_stalled_server_ends(mount, server, bucket):
    bucket.put("f", b"x")
    server.fault("HeadObject", count=0, delay_ms=100_000)
    ls = subprocess.Popen(["stat", mount.path / "f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server.wait_until_fired()
    assert ls.poll() is None
    ls.send_signal(signal.SIGINT)
    assert ls.wait(50) == -signal.SIGINT
    server.faults()
    mount.expect_errors()
    unmounts_soon(mount)


def test_no_spool_file_is_visible_and_none_stays(new_mount, bucket, tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    mount = new_mount(bucket, max_memory_size="1048576", environment={"TMPDIR": str(spool)})
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        for offset in range(6 * MIB, -1, -MIB):
            os.pwrite(fd, some_bytes(MIB, offset), offset)
        assert os.listdir(spool) == []
    mount.unmount()
    assert os.listdir(spool) == []
    assert bucket.read("f") == b"".join(some_bytes(MIB, offset) for offset in range(0, 7 * MIB, MIB))


def test_mounting_again_and_again_leaves_nothing_behind(bucket, new_mount):
    for _ in range(5):
        mount = new_mount(bucket)
        (mount.path / "f").write_bytes(b"x")
        mount.unmount()
        assert not mount_line(mount.path)
