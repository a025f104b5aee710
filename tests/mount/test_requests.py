# SPDX-License-Identifier: MIT
"""
What an operation may cost, in requests, counted by the server.

"Cold" is a mount that knows nothing but its own start; "listed" is one whose
listing of the parent folder is fresh. Entries stay fresh for a minute here,
so that a slow machine counts the same.
"""

import math
import os
import shutil
import subprocess
import time

import pytest
from files import MIB, fails_with, opened, some_bytes, sync_folder, write_all


class Counter:
    def __init__(self, server, mount):
        self.server, self.mount, self.path = server, mount, mount.path

    def list_root(self):
        os.listdir(self.path)
        self.start()

    def start(self):
        self.mount.sync()
        self.server.reset()

    def count(self):
        return self.server.requests()

    def count_after_sync(self):
        """Removals are sent together, a moment later."""
        self.mount.sync()
        return self.server.requests()


@pytest.fixture
def fresh(server, bucket, new_mount):
    """fresh(prepare): the bucket is filled first, then mounted."""

    def make(keys=None, **options):
        for key, data in (keys or {}).items():
            bucket.put(key, data)
        counter = Counter(server, new_mount(bucket, attr_timeout="60", negative_timeout="60", **options))
        counter.start()
        return counter

    return make


LISTED = pytest.mark.parametrize("listed", [False, True], ids=["cold", "listed"])


def total(requests, *names):
    """Of these operations; none other may have happened."""
    others = {op: n for op, n in requests.items() if op not in names}
    assert not others, f"requests nobody asked for: {requests}"
    return sum(requests.values())


@LISTED
def test_stat_of_a_file_is_one_head_or_nothing(fresh, listed):
    c = fresh({"f": b"12345"})
    if listed:
        c.list_root()
    assert (c.path / "f").stat().st_size == 5
    assert c.count() == ({} if listed else {"HeadObject": 1})
    (c.path / "f").stat()
    assert c.count() == ({} if listed else {"HeadObject": 1})


@LISTED
def test_stat_of_a_missing_name_is_head_and_list_or_nothing(fresh, listed):
    c = fresh({"f": b""})
    if listed:
        c.list_root()
    assert not (c.path / "none").exists()
    expected = {} if listed else {"HeadObject": 1, "ListObjectsV2": 1}
    assert c.count() == expected
    assert not (c.path / "none").exists()
    assert c.count() == expected


@LISTED
def test_stat_of_a_folder_is_head_and_list_or_nothing(fresh, listed):
    c = fresh({"d/x": b""})
    if listed:
        c.list_root()
    assert (c.path / "d").is_dir()
    assert c.count() == ({} if listed else {"HeadObject": 1, "ListObjectsV2": 1})


@LISTED
@pytest.mark.parametrize("size", [0, 1, 64 * 1024, MIB])
def test_open_read_and_close_of_a_small_file_is_head_and_get(fresh, listed, size):
    data = some_bytes(size)
    c = fresh({"f": data})
    if listed:
        c.list_root()
    assert (c.path / "f").read_bytes() == data
    expected = {} if listed else {"HeadObject": 1}
    if size:
        expected["GetObject"] = 1
    assert c.count() == expected


@LISTED
@pytest.mark.parametrize("size", [5 * MIB, 8 * MIB, 40 * MIB + 3])
def test_reading_a_large_file_takes_no_more_than_a_get_for_8_mib(fresh, listed, size):
    data = some_bytes(size)
    c = fresh({"f": data})
    if listed:
        c.list_root()
    assert (c.path / "f").read_bytes() == data
    requests = c.count()
    limit = 2 + max(0, math.ceil((size - 8 * MIB) / (8 * MIB))) - (1 if listed else 0)
    assert total(requests, "HeadObject", "GetObject") <= limit, requests
    assert c.server.stats()["bytes_out"] < size * 1.05


def test_ten_bytes_of_a_large_file_do_not_fetch_it(fresh):
    data = some_bytes(24 * MIB)
    c = fresh({"f": data})
    with opened(c.path / "f") as fd:
        assert os.pread(fd, 10, 20 * MIB) == data[20 * MIB : 20 * MIB + 10]
    assert c.server.stats()["bytes_out"] <= 2 * MIB
    assert c.count()["GetObject"] == 1


def test_a_file_read_twice_is_fetched_once(fresh):
    data = some_bytes(MIB)
    c = fresh({"f": data})
    for _ in range(2):
        assert (c.path / "f").read_bytes() == data
    assert c.count() == {"HeadObject": 1, "GetObject": 1}


@pytest.mark.parametrize("count", [3, 1000, 2500])
def test_ls_l_of_n_files_is_a_list_for_each_thousand(fresh, bucket, server, count):
    bucket.put_many((f"d/{n:05}" for n in range(count)), b"x")
    c = fresh()
    lines = subprocess.run(["ls", "-l", c.path / "d"], capture_output=True, check=True, timeout=60).stdout.splitlines()
    assert len(lines) == count + 1
    requests = c.count()
    # One HEAD and one LIST find out that d is a folder.
    pages = math.ceil(count / 1000)
    assert requests.pop("HeadObject", 0) <= 1
    assert total(requests, "ListObjectsV2") <= pages + 1 + math.ceil(pages * 0.04), requests
    c.start()
    subprocess.run(["ls", "-l", c.path / "d"], capture_output=True, check=True, timeout=60)
    assert c.count() == {}


def test_find_over_a_tree_is_a_list_for_each_thousand_and_three(fresh, bucket):
    keys = [f"t{a}/u{b}/{n}" for a in range(10) for b in range(10) for n in range(12)]
    bucket.put_many(keys, b"x")
    c = fresh()
    found = subprocess.run(["find", c.path, "-type", "f", "-size", "-2"], capture_output=True, check=True, timeout=60)
    assert len(found.stdout.splitlines()) == len(keys)
    requests = c.count()
    assert total(requests, "ListObjectsV2", "HeadObject") <= math.ceil(len(keys) / 1000) + 3, requests


@LISTED
@pytest.mark.parametrize("size", [0, 1, 5 * MIB, 8 * MIB])
def test_create_write_and_close_is_one_put_after_the_lookup(fresh, listed, size):
    c = fresh({"other": b""})
    if listed:
        c.list_root()
    data = some_bytes(size)
    (c.path / "f").write_bytes(data)
    expected = {} if listed else {"HeadObject": 1, "ListObjectsV2": 1}
    assert c.count() == {**expected, "PutObject": 1}


@LISTED
def test_create_and_write_of_a_large_file_is_create_parts_and_complete(fresh, listed):
    c = fresh({"other": b""})
    if listed:
        c.list_root()
    (c.path / "f").write_bytes(some_bytes(40 * MIB))
    requests = c.count()
    expected = {} if listed else {"HeadObject": 1, "ListObjectsV2": 1}
    parts = requests.pop("UploadPart")
    assert requests == {**expected, "CreateMultipartUpload": 1, "CompleteMultipartUpload": 1}
    assert parts <= 5


@LISTED
def test_overwrite_with_o_trunc_is_one_put_and_no_get(fresh, listed):
    c = fresh({"f": some_bytes(MIB)})
    if listed:
        c.list_root()
    (c.path / "f").write_bytes(b"new")
    assert c.count() == ({"PutObject": 1} if listed else {"HeadObject": 1, "PutObject": 1})


@LISTED
def test_mkdir_is_one_put_after_the_lookup(fresh, listed):
    c = fresh({"other": b""})
    if listed:
        c.list_root()
    (c.path / "d").mkdir()
    expected = {} if listed else {"HeadObject": 1, "ListObjectsV2": 1}
    assert c.count() == {**expected, "PutObject": 1}


def test_rmdir_is_at_most_one_list_and_one_delete(fresh):
    c = fresh()
    (c.path / "d").mkdir()
    c.start()
    (c.path / "d").rmdir()
    requests = c.count_after_sync()
    assert requests.get("ListObjectsV2", 0) <= 1
    assert requests.get("DeleteObject", 0) + requests.get("DeleteObjects", 0) == 1
    assert total(requests, "ListObjectsV2", "DeleteObject", "DeleteObjects") <= 2


def batches(keys, seconds):
    """
    The most DeleteObjects that removing so many keys in so long a time may cost: a batch is sent when it is full,
    200 ms old, or when nothing came for 20 ms, which a busy machine makes of a pause.
    """
    return math.ceil(keys / 1000) + 2 + int(seconds / 0.05)


def test_unlink_of_a_hundred_files_is_one_delete_objects(fresh, bucket):
    bucket.put_many(f"{n:03}" for n in range(100))
    c = fresh()
    c.list_root()
    began = time.monotonic()
    for name in os.listdir(c.path):
        os.unlink(c.path / name)
    seconds = time.monotonic() - began
    requests = c.count_after_sync()
    assert total(requests, "DeleteObjects") <= batches(100, seconds), requests
    assert bucket.keys() == []


def test_rm_rf_of_a_tree_is_a_few_requests(fresh, bucket):
    keys = [f"t/d{d:02}/{n:02}" for d in range(50) for n in range(40)]
    bucket.put_many(keys, b"x")
    c = fresh()
    began = time.monotonic()
    subprocess.run(["rm", "-rf", c.path / "t"], check=True, timeout=60)
    seconds = time.monotonic() - began
    requests = c.count_after_sync()
    lists, deletes = requests.pop("ListObjectsV2"), requests.pop("DeleteObjects")
    assert requests.pop("HeadObject", 0) <= 1
    assert requests == {}, "requests nobody asked for"
    # Two pages of 1000 and the look at t itself; 2000 files and their folders.
    assert lists <= 2 + 3, lists
    assert deletes <= batches(len(keys) + 50, seconds), (deletes, seconds)
    assert bucket.keys() == []


@LISTED
def test_rename_of_a_file_is_one_copy_and_one_delete(fresh, listed):
    c = fresh({"a.txt": b"x"})
    if listed:
        c.list_root()
    os.rename(c.path / "a.txt", c.path / "b.txt")
    requests = c.count_after_sync()
    deletes = requests.pop("DeleteObjects", 0) + requests.pop("DeleteObject", 0)
    assert deletes == 1
    # Cold, rename(2) looks both names up: HEAD; HEAD and LIST.
    assert requests == ({} if listed else {"HeadObject": 2, "ListObjectsV2": 1}) | {"CopyObject": 1}


def test_rename_of_a_file_not_yet_stored_is_just_its_put(fresh):
    c = fresh({"other": b""})
    c.list_root()
    with opened(c.path / "tmp", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"x")
        os.rename(c.path / "tmp", c.path / "final")
    assert c.count_after_sync() == {"PutObject": 1}


def test_rename_of_a_folder_of_n_is_n_copies(fresh, bucket):
    bucket.put_many((f"d/{n:03}" for n in range(200)), b"x")
    c = fresh()
    c.list_root()
    os.rename(c.path / "d", c.path / "e")
    requests = c.count_after_sync()
    # One look at the new name, and its claim; the first of a mount is made twice, to see the second refused.
    assert requests == {"ListObjectsV2": 2, "PutObject": 2, "CopyObject": 200, "DeleteObjects": 1}
    c.server.reset()
    os.rename(c.path / "e", c.path / "f")
    assert c.count_after_sync() == {"ListObjectsV2": 2, "PutObject": 1, "CopyObject": 200, "DeleteObjects": 1}
    assert bucket.keys() == [f"f/{n:03}" for n in range(200)]


@LISTED
def test_an_append_to_a_large_object_copies_it_on_the_server(fresh, listed):
    c = fresh({"f": some_bytes(6 * MIB)})
    if listed:
        c.list_root()
    with opened(c.path / "f", os.O_WRONLY | os.O_APPEND) as fd:
        os.write(fd, b"tail")
    requests = c.count()
    # One HEAD, to find the file or, if it was listed, the headers that the new version keeps.
    assert requests == {
        "HeadObject": 1,
        "CreateMultipartUpload": 1,
        "UploadPartCopy": 1,
        "UploadPart": 1,
        "CompleteMultipartUpload": 1,
    }


@pytest.mark.time_limit(120)
def test_a_small_write_into_a_large_object_does_not_send_it_again(fresh):
    size = 200 * MIB
    c = fresh({"f": bytes(size)})
    with opened(c.path / "f", os.O_WRONLY) as fd:
        os.pwrite(fd, b"x" * 4096, 90 * MIB)
    requests = c.count()
    stats = c.server.stats()
    assert requests.pop("HeadObject") == 1
    assert total(requests, "CreateMultipartUpload", "UploadPartCopy", "UploadPart", "GetObject", "CompleteMultipartUpload") <= 75
    # The changed range is made whole to the size a part must have; the rest is copied by the server.
    assert stats["bytes_in"] <= 17 * MIB and stats["bytes_out"] <= 17 * MIB
    assert requests["UploadPartCopy"] >= 2


def test_chmod_and_utimens_send_nothing(fresh):
    c = fresh({"f": b"x"})
    c.list_root()
    os.chmod(c.path / "f", 0o600)
    os.utime(c.path / "f", (1, 1))
    assert c.count() == {}


def test_shell_redirection_append_of_a_small_file_is_get_and_put(fresh):
    c = fresh({"f": b"one\n"})
    c.list_root()
    subprocess.run(["sh", "-c", "echo two >> f"], cwd=c.path, check=True, timeout=30)
    assert c.count() == {"GetObject": 1, "PutObject": 1}


def test_ls_asks_the_mount_for_no_object_of_a_walked_folder(fresh, bucket):
    bucket.put_many((f"d/{n}" for n in range(50)), b"x")
    c = fresh()
    c.list_root()
    for entry in os.scandir(c.path / "d"):
        entry.stat()
        os.path.getmtime(entry.path)
    assert c.count() == {"ListObjectsV2": 1}


def test_two_hundred_small_files_read_in_order_are_fetched_ahead_and_little_is_wasted(fresh, bucket):
    names = [f"{n:04}" for n in range(200)]
    bucket.put_many((f"d/{name}" for name in names), some_bytes(8192))
    c = fresh()
    for name in sorted(os.listdir(c.path / "d")):
        assert (c.path / "d" / name).read_bytes() == some_bytes(8192)
    requests = c.count()
    assert 200 <= requests["GetObject"] <= 220
    assert c.server.stats()["bytes_out"] < 1.2 * 200 * 8192 + MIB


def test_rmtree_after_a_listing_halves_the_listings(fresh, bucket):
    bucket.put_many((f"t/{n:03}" for n in range(300)), b"x")
    c = fresh()
    os.listdir(c.path / "t")
    c.start()
    shutil.rmtree(c.path / "t")
    requests = c.count_after_sync()
    assert requests.pop("ListObjectsV2", 0) <= 1
    assert requests.pop("DeleteObjects") <= 3
    assert requests == {}


def test_a_failed_open_of_a_missing_file_is_remembered(fresh):
    c = fresh()
    for _ in range(3):
        with fails_with("ENOENT"):
            os.open(c.path / "none", os.O_RDONLY)
    assert total(c.count(), "HeadObject", "ListObjectsV2") == 2


def test_many_writes_of_four_kib_are_still_one_put(fresh):
    c = fresh({"other": b""})
    c.list_root()
    with opened(c.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        for _ in range(1000):
            write_all(fd, b"x" * 4096)
    assert c.count() == {"PutObject": 1}


def test_fsync_of_a_clean_file_sends_nothing(fresh):
    c = fresh({"f": b"x"})
    c.list_root()
    with opened(c.path / "f", os.O_RDWR) as fd:
        os.fsync(fd)
    sync_folder(c.path)
    assert c.count() == {}
