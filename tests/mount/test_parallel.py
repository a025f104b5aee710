# SPDX-License-Identifier: MIT
"""Many at once: what the kernel lets run in parallel does, and none sees another's bytes."""

import concurrent.futures
import contextlib
import errno
import os
import signal
import subprocess
import threading

import proc
import pytest
from files import MIB, opened, some_bytes

# So long that all of some calls are begun before the first is answered, on a busy machine, too.
ROUND_TRIP_MS = 1500


def at_once(count, call):
    """What count calls return, started together."""
    gate = threading.Barrier(count + 1)

    def run(number):
        gate.wait(30)
        return call(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(run, number) for number in range(count)]
        gate.wait(30)
        return [future.result() for future in futures]


@contextlib.contextmanager
def in_parallel(server, count, **requests):
    """The block has count requests on their way at the same time, and makes no more than these in all."""
    server.reset()
    server.latency(**dict.fromkeys(("get", "put", "list", "other"), ROUND_TRIP_MS))
    yield
    server.latency(**dict.fromkeys(("get", "put", "list", "other"), 0))
    stats = server.stats()
    assert stats["in_flight_max"] >= count, stats
    made = server.requests()
    assert all(n <= requests.get(operation, 0) for operation, n in made.items()), made


def test_thirty_two_cold_stats_in_one_folder_run_in_parallel(new_mount, bucket, server):
    bucket.put_many((f"d/{n:03}" for n in range(32)), b"x")
    mount = new_mount(bucket)
    (mount.path / "d").stat()
    with in_parallel(server, 32, HeadObject=32, ListObjectsV2=32):
        results = at_once(32, lambda n: (mount.path / "d" / f"{n:03}").stat().st_size)
    assert results == [1] * 32


def test_thirty_two_cold_reads_in_one_folder_run_in_parallel(new_mount, bucket, server):
    bucket.put_many((f"d/{n:03}" for n in range(32)), some_bytes(65536))
    mount = new_mount(bucket)
    (mount.path / "d").stat()
    with in_parallel(server, 32, HeadObject=32, ListObjectsV2=32, GetObject=32):
        results = at_once(32, lambda n: (mount.path / "d" / f"{n:03}").read_bytes())
    assert all(data == some_bytes(65536) for data in results)


def test_sixteen_creates_in_a_listed_folder_upload_in_parallel(new_mount, bucket, server):
    mount = new_mount(bucket)
    # The kernel looks up one name at a time where one may be made: here memory answers it.
    assert os.listdir(mount.path) == []
    with in_parallel(server, 16, PutObject=16):
        at_once(16, lambda n: (mount.path / f"{n}").write_bytes(b"%d" % n))
    assert bucket.contents() == {f"{n}": b"%d" % n for n in range(16)}


def test_two_hundred_closes_at_once_are_two_hundred_requests_and_hold_no_threads(new_mount, bucket, server):
    mount = new_mount(bucket, connections=256)
    fds = [os.open(mount.path / f"{number}", os.O_WRONLY | os.O_CREAT) for number in range(200)]
    for number, fd in enumerate(fds):
        os.write(fd, b"%d" % number)
    server.latency(put=2500)
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        closes = [pool.submit(os.close, fd) for fd in fds]
        proc.wait_until(lambda: server.stats()["in_flight"] >= 200, what="all in flight")
        threads = len(os.listdir(f"/proc/{mount.process.pid}/task"))
        assert not any(close.done() for close in closes)
    server.latency(put=0)
    assert threads < 64, f"{threads} threads"
    assert all(close.result() is None for close in closes)
    assert bucket.contents() == {f"{number}": b"%d" % number for number in range(200)}


def test_more_renames_than_threads_may_wait_for_what_is_being_stored(new_mount, bucket, server):
    count = 80
    mount = new_mount(bucket, connections=256)
    paths = [mount.path / f"{number}" / "old" for number in range(count)]
    for path in paths:
        path.parent.mkdir()
    fds = [os.open(path, os.O_WRONLY | os.O_CREAT) for path in paths]
    for fd in fds:
        os.write(fd, b"x")
    server.latency(put=1500)
    with concurrent.futures.ThreadPoolExecutor(2 * count) as pool:
        calls = [pool.submit(os.close, fd) for fd in fds]
        proc.wait_until(lambda: server.stats()["in_flight"] >= count, what="all in flight")
        server.latency(put=0)
        calls += [pool.submit(path.rename, path.with_name("new")) for path in paths]
    for call in calls:
        call.result()
    mount.sync()
    assert {name for name in bucket.contents() if not name.endswith("/")} == {f"{n}/new" for n in range(count)}


def test_a_slow_answer_holds_up_nobody_else(new_mount, bucket, server):
    bucket.put_many(("slow", "fast"), b"x")
    mount = new_mount(bucket)
    server.fault("HeadObject", key="slow", count=0, delay_ms=15_000)
    slow = subprocess.Popen(["stat", mount.path / "slow"], stdout=subprocess.DEVNULL)
    server.wait_until_fired()
    assert (mount.path / "fast").read_bytes() == b"x"
    assert slow.poll() is None
    slow.send_signal(signal.SIGINT)
    slow.wait(50)


@pytest.mark.time_limit(120)
def test_many_writers_and_readers_of_their_own_files_never_see_anothers_bytes(new_mount, bucket):
    mount = new_mount(bucket)

    def work(number):
        for turn in range(6):
            data = some_bytes(1 + (number * 7919 + turn * 104729) % (3 * MIB), number * 100 + turn)
            path = mount.path / f"d{number % 3}" / f"{number}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            assert path.read_bytes() == data
            os.rename(path, f"{path}.moved")
            assert (path.parent / f"{number}.moved").read_bytes() == data
        return data

    last = at_once(12, work)
    mount.sync()
    for number, data in enumerate(last):
        assert bucket.read(f"d{number % 3}/{number}.moved") == data


def test_many_readers_of_one_large_file_all_read_it_right(new_mount, bucket):
    data = some_bytes(30 * MIB)
    bucket.put("f", data)
    mount = new_mount(bucket)

    def read(number):
        with opened(mount.path / "f") as fd:
            for step in range(20):
                offset = (number * 1_234_567 + step * 7_654_321) % len(data)
                assert os.pread(fd, 300_000, offset) == data[offset : offset + 300_000]

    at_once(12, read)


def test_appenders_to_one_file_from_many_threads_lose_no_line(new_mount, bucket):
    mount = new_mount(bucket)

    def append(number):
        with opened(mount.path / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT) as fd:
            for turn in range(20):
                os.write(fd, b"%02d %02d\n" % (number, turn))

    at_once(8, append)
    lines = bucket.read("log").splitlines()
    assert sorted(lines) == sorted(b"%02d %02d" % (n, t) for n in range(8) for t in range(20))


def peak_mib(mount):
    with open(f"/proc/{mount.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


@pytest.mark.time_limit(120)
def test_memory_stays_within_the_budget_while_much_is_written(new_mount, bucket):
    # A sanitizer would keep freed memory, to catch its use.
    keep_little = proc.sanitizer_environment()["ASAN_OPTIONS"] + ":quarantine_size_mb=1"
    mount = new_mount(bucket, memory_budget="64M", environment={"ASAN_OPTIONS": keep_little})
    idle = peak_mib(mount)

    def write(number):
        with open(mount.path / f"{number}", "wb") as file:
            for block in range(40):
                file.write(some_bytes(MIB, number * 40 + block))

    at_once(8, write)
    assert peak_mib(mount) <= idle + 64 + 64
    for number in range(8):
        assert bucket.head(f"{number}")["ContentLength"] == 40 * MIB


def bytes_of(path):
    """None while there is no such file, or another version of it than was opened."""
    try:
        return path.read_bytes()
    except OSError as error:
        assert error.errno in (errno.ENOENT, errno.ESTALE), error
        return None


def test_two_mounts_see_each_others_files_after_the_stated_time(bucket, new_mount):
    one, two = (new_mount(bucket, attr_timeout="0.3", negative_timeout="0.3") for _ in range(2))
    assert os.listdir(two.path) == []
    for turn in range(3):
        (one.path / "f").write_bytes(b"turn %d" % turn)
        proc.wait_until(lambda: bytes_of(two.path / "f") == b"turn %d" % turn, what="the news")
    os.unlink(two.path / "f")
    two.sync()
    proc.wait_until(lambda: not (one.path / "f").exists(), what="the removal")


def test_a_register_written_by_one_mount_never_goes_backwards_or_mixes_on_another(bucket, new_mount):
    one, two = (new_mount(bucket, attr_timeout="0.2", negative_timeout="0") for _ in range(2))
    # A reader that has some bytes of a version that is gone is told so.
    two.expect_errors("Stale file handle")
    stop = threading.Event()

    def write():
        for number in range(1, 60):
            (one.path / "tmp").write_bytes(b"%08d" % number * 2000)
            os.rename(one.path / "tmp", one.path / "register")
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    last = 0
    while not stop.is_set():
        data = bytes_of(two.path / "register")
        if data is None:
            continue
        values = {data[at : at + 8] for at in range(0, len(data), 8)}
        assert len(data) == 16000 and len(values) == 1, "mixed bytes"
        assert int(data[:8]) >= last, "an older version after a newer one"
        last = int(data[:8])
    writer.join(60)
    proc.wait_until(lambda: bytes_of(two.path / "register") == b"%08d" % 59 * 2000, what="the last version")
