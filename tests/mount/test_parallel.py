# SPDX-License-Identifier: MIT
"""Many at once: what the kernel lets run in parallel does, and none sees another's bytes."""

import concurrent.futures
import errno
import os
import statistics
import subprocess
import threading
import time

import proc
import pytest
from files import MIB, opened, some_bytes

ROUND_TRIP_MS = 200


def at_once(count, call):
    """Seconds that count calls take, started together."""
    gate = threading.Barrier(count + 1)

    def run(number):
        gate.wait(30)
        return call(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(run, number) for number in range(count)]
        gate.wait(30)
        began = time.monotonic()
        results = [future.result() for future in futures]
        return time.monotonic() - began, results


def test_thirty_two_cold_stats_in_one_folder_take_about_three_round_trips(new_mount, bucket, server):
    bucket.put_many((f"d/{n:03}" for n in range(40)), b"x")
    server.latency(get=ROUND_TRIP_MS, put=ROUND_TRIP_MS, list=ROUND_TRIP_MS, other=ROUND_TRIP_MS)
    mount = new_mount(bucket)
    (mount.path / "d").stat()
    singles = []
    for number in range(32, 35):
        began = time.monotonic()
        (mount.path / "d" / f"{number:03}").stat()
        singles.append(time.monotonic() - began)
    single = statistics.median(singles)
    seconds, results = at_once(32, lambda n: (mount.path / "d" / f"{n:03}").stat().st_size)
    assert results == [1] * 32
    # One after the other they would take 32.
    assert seconds / single < 4, f"{seconds / single:.1f} round trips"


def test_thirty_two_cold_reads_in_one_folder_run_in_parallel(new_mount, bucket, server):
    bucket.put_many((f"d/{n:03}" for n in range(40)), some_bytes(65536))
    server.latency(get=ROUND_TRIP_MS, put=ROUND_TRIP_MS, list=ROUND_TRIP_MS, other=ROUND_TRIP_MS)
    mount = new_mount(bucket)
    (mount.path / "d").stat()
    began = time.monotonic()
    (mount.path / "d" / "039").read_bytes()
    single = time.monotonic() - began
    seconds, results = at_once(32, lambda n: (mount.path / "d" / f"{n:03}").read_bytes())
    assert all(data == some_bytes(65536) for data in results)
    assert seconds / single < 5, f"{seconds / single:.1f} times one"


def test_sixteen_creates_in_a_listed_folder_upload_in_parallel(new_mount, bucket, server):
    server.latency(get=ROUND_TRIP_MS, put=ROUND_TRIP_MS, list=ROUND_TRIP_MS, other=ROUND_TRIP_MS)
    mount = new_mount(bucket)
    # The kernel looks up one name at a time where one may be made: here memory answers it.
    assert os.listdir(mount.path) == []
    began = time.monotonic()
    (mount.path / "one").write_bytes(b"x")
    single = time.monotonic() - began
    seconds, _ = at_once(16, lambda n: (mount.path / f"{n}").write_bytes(b"%d" % n))
    assert seconds / single < 4, f"{seconds / single:.1f} times one"
    server.latency(get=0, put=0, list=0, other=0)
    assert bucket.contents() == {"one": b"x", **{f"{n}": b"%d" % n for n in range(16)}}


def test_a_slow_answer_holds_up_nobody_else(new_mount, bucket, server):
    bucket.put_many(("slow", "fast"), b"x")
    mount = new_mount(bucket)
    server.fault("HeadObject", key="slow", count=0, delay_ms=5000)
    slow = subprocess.Popen(["stat", mount.path / "slow"], stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    began = time.monotonic()
    assert (mount.path / "fast").read_bytes() == b"x"
    assert time.monotonic() - began < 2
    assert slow.poll() is None
    assert slow.wait(20) == 0


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

    _, last = at_once(12, work)
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


def test_two_mounts_see_each_others_files_after_the_stated_time(bucket, new_mount):
    one, two = (new_mount(bucket, attr_timeout="1", negative_timeout="1") for _ in range(2))
    assert os.listdir(two.path) == []
    for turn in range(3):
        (one.path / "f").write_bytes(b"turn %d" % turn)
        time.sleep(1.2)
        assert (two.path / "f").read_bytes() == b"turn %d" % turn
    os.unlink(two.path / "f")
    two.sync()
    time.sleep(1.2)
    assert not (one.path / "f").exists()


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
        try:
            data = (two.path / "register").read_bytes()
        except OSError as error:
            assert error.errno in (errno.ENOENT, errno.ESTALE), error
            continue
        values = {data[at : at + 8] for at in range(0, len(data), 8)}
        assert len(data) == 16000 and len(values) == 1, "mixed bytes"
        assert int(data[:8]) >= last, "an older version after a newer one"
        last = int(data[:8])
    writer.join(60)
    time.sleep(0.5)
    assert (two.path / "register").read_bytes() == b"%08d" % 59 * 2000
