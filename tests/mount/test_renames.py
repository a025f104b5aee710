# SPDX-License-Identifier: MIT
"""Renames that fail, that meet another host, or that meet changes below what they move."""

import concurrent.futures
import contextlib
import errno
import io
import os
import re
import subprocess
import threading
import time

import pytest
from boto3.s3.transfer import TransferConfig
from files import MIB, fails_with, opened, some_bytes

PARTS_OF_5_MIB = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)

# Long enough for a call to be made meanwhile, and to see that it waits.
DELAY_MS = 500


@contextlib.contextmanager
def while_it_runs(server, call):
    """The block runs once the rule of the fault plan has begun to delay a request of call; the future comes out."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(call)
        end = time.monotonic() + 20
        while not any(server.fired()):
            assert time.monotonic() < end and not future.done(), "the request was never sent"
        yield future
        future.exception(30)


# ------------------------------------------------ changes below a folder that moves


@pytest.fixture
def moving(mount, bucket, server):
    """with moving(): the block runs while the last of d's files is being copied; d becomes e."""
    for name in ("1", "2", "empty/", "sub/3"):
        bucket.put(f"d/{name}", name.encode())
    for folder in (mount.path, mount.path / "d", mount.path / "d" / "sub"):
        os.listdir(folder)

    @contextlib.contextmanager
    def start():
        server.fault("CopyObject", key="e/sub/3", delay_ms=DELAY_MS)
        with while_it_runs(server, lambda: os.rename(mount.path / "d", mount.path / "e")) as future:
            yield
        future.result()
        mount.sync()

    return start


def test_a_folder_made_in_one_that_moves_moves_along(mount, bucket, moving):
    with moving():
        (mount.path / "d" / "new").mkdir()
    assert bucket.keys("d/") == [] and "e/new/" in bucket.keys()
    assert sorted(os.listdir(mount.path / "e")) == ["1", "2", "empty", "new", "sub"]


def test_a_file_removed_from_a_folder_that_moves_does_not_come_back(mount, bucket, moving):
    with moving():
        os.unlink(mount.path / "d" / "1")
    assert not {"d/1", "e/1"} & set(bucket.keys())
    assert sorted(os.listdir(mount.path / "e")) == ["2", "empty", "sub"]


def test_a_file_renamed_in_a_folder_that_moves_is_there_once(mount, bucket, moving):
    with moving():
        os.rename(mount.path / "d" / "1", mount.path / "d" / "sub" / "4")
    assert [key for key in bucket.keys() if not key.endswith("/")] == ["e/2", "e/sub/3", "e/sub/4"]
    assert (mount.path / "e" / "sub" / "4").read_bytes() == b"1"


def test_a_file_made_in_a_folder_that_moves_is_stored_under_the_new_name(mount, bucket, moving):
    with moving():
        (mount.path / "d" / "new").write_bytes(b"new")
    assert bucket.keys("d/") == [] and bucket.read("e/new") == b"new"
    assert (mount.path / "e" / "new").read_bytes() == b"new"


def test_a_file_cut_in_a_folder_that_moves_is_cut_under_the_new_name(mount, bucket, moving):
    with moving():
        os.truncate(mount.path / "d" / "1", 0)
    assert bucket.keys("d/") == [] and bucket.read("e/1") == b""


def test_a_folder_removed_from_one_that_moves_is_gone(mount, bucket, moving):
    with moving():
        (mount.path / "d" / "empty").rmdir()
    assert [key for key in bucket.keys() if "empty" in key] == []


# ------------------------------------------------ what was begun before a folder moves


@pytest.fixture
def ready(mount, bucket):
    """d has the files 1 and 2, and memory knows them; e is free."""
    for name in "12":
        bucket.put(f"d/{name}", name.encode())
    for folder in (mount.path, mount.path / "d"):
        os.listdir(folder)
    return mount.path / "d", mount.path / "e"


def test_a_close_that_is_under_way_below_a_folder_moves_along(mount, bucket, server, ready):
    d, e = ready
    fd = os.open(d / "1", os.O_WRONLY)
    os.write(fd, b"new")
    server.fault("PutObject", key="d/1", delay_ms=DELAY_MS)
    with while_it_runs(server, lambda: os.close(fd)):
        os.rename(d, e)
    mount.sync()
    assert [key for key in bucket.keys() if not key.endswith("/")] == ["e/1", "e/2"]
    assert bucket.read("e/1") == b"new"


def test_a_folder_that_is_being_made_below_one_moves_along(mount, bucket, server, ready):
    d, e = ready
    server.fault("PutObject", key="d/new/", delay_ms=DELAY_MS)
    with while_it_runs(server, (d / "new").mkdir):
        os.rename(d, e)
    mount.sync()
    assert bucket.keys("d/") == [] and "e/new/" in bucket.keys()


def test_a_removal_that_is_under_way_below_a_folder_is_done_first(mount, bucket, server, ready):
    d, e = ready
    server.fault("DeleteObjects", key="d/1", delay_ms=DELAY_MS)
    os.unlink(d / "1")
    os.rename(d, e)
    mount.sync()
    assert [key for key in bucket.keys() if not key.endswith("/")] == ["e/2"]


def test_a_removal_of_the_new_name_is_done_before_a_rename_to_it(mount, bucket, server, ready):
    d, _ = ready
    server.fault("DeleteObjects", delay_ms=DELAY_MS)
    os.unlink(d / "1")
    os.rename(d / "2", d / "1")
    mount.sync()
    assert bucket.contents() == {"d/1": b"2"}


def test_a_folder_is_not_moved_onto_one_with_a_file_that_is_not_stored_yet(mount, bucket, ready):
    d, e = ready
    e.mkdir()
    with opened(e / "new", os.O_WRONLY | os.O_CREAT):
        with fails_with("ENOTEMPTY", "EEXIST"):
            os.rename(d, e)
    assert bucket.contents() == {"d/1": b"1", "d/2": b"2", "e/": b"", "e/new": b""}


QUESTIONS = {
    "stat": (dict(op="HeadObject", key="d/1"), lambda folder: os.stat(folder / "1")),
    "listing": (dict(op="ListObjectsV2", query="prefix=d"), os.listdir),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_was_asked_before_a_folder_moved_hides_nothing_after(new_mount, bucket, server, question):
    mount = new_mount(bucket, negative_timeout="600", attr_timeout="600")
    rule, ask = QUESTIONS[question]
    for name in "12":
        bucket.put(f"d/{name}", b"x")
    (mount.path / "d").stat()
    server.faults(dict(delay_ms=DELAY_MS, **rule))
    with while_it_runs(server, lambda: ask(mount.path / "d")):
        os.rename(mount.path / "d", mount.path / "e")
    assert (mount.path / "e" / "1").stat().st_size == 1
    assert sorted(os.listdir(mount.path / "e")) == ["1", "2"]


# --------------------------------------------------------------- two hosts


@pytest.fixture
def hosts(bucket, new_mount):
    """Two that keep for long what they know of names; both have looked at the empty root, at "e" and at "lock"."""
    hosts = [new_mount(bucket, negative_timeout="600", attr_timeout="600") for _ in range(2)]
    for host in hosts:
        assert os.listdir(host.path) == []
        assert not (host.path / "e").exists() and not (host.path / "lock").exists()
    return hosts


def test_of_two_hosts_one_makes_a_folder(hosts, bucket):
    for host, goes in zip(hosts, (True, False)):
        with contextlib.nullcontext() if goes else fails_with("EEXIST"):
            (host.path / "lock").mkdir()
        assert os.listdir(host.path) == ["lock"]
    assert bucket.keys() == ["lock/"]


def test_of_two_hosts_one_moves_a_folder_to_a_name(hosts, bucket):
    for host, name in zip(hosts, "ab"):
        (host.path / name).mkdir()
        (host.path / name / f"of-{name}").write_bytes(b"")
    os.rename(hosts[0].path / "a", hosts[0].path / "e")
    with fails_with("ENOTEMPTY", "EEXIST"):
        os.rename(hosts[1].path / "b", hosts[1].path / "e")
    hosts[0].sync()
    assert bucket.keys() == ["b/", "b/of-b", "e/", "e/of-a"]


@pytest.mark.parametrize("there", ["nothing", "empty folder"])
def test_of_two_hosts_that_move_a_folder_to_a_name_at_once_not_both_win(hosts, bucket, server, there):
    """As two that look at the same moment: each is told that nothing, or an empty folder, is there."""
    if there == "empty folder":
        bucket.put("e/")
    for host, name in zip(hosts, "ab"):
        (host.path / name).mkdir()
        (host.path / name / f"of-{name}").write_bytes(b"")
    both = threading.Barrier(2)

    def move(host, name):
        both.wait(10)
        try:
            os.rename(host.path / name, host.path / "e")
            return True
        except OSError as error:
            assert error.errno in (errno.ENOTEMPTY, errno.EEXIST)
            return False

    # Both have looked before either has copied.
    server.fault("CopyObject", count=0, delay_ms=DELAY_MS)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        won = list(pool.map(move, hosts, "ab"))
    for host in hosts:
        host.sync()
    assert won.count(True) <= 1 and (there == "empty folder" or won.count(True) == 1)
    moved = {f"e/of-{name}" for name, goes in zip("ab", won) if goes}
    stayed = {f"{name}/of-{name}" for name, goes in zip("ab", won) if not goes}
    assert {key for key in bucket.keys() if not key.endswith("/")} == moved | stayed


def test_a_folder_is_not_moved_onto_a_file_that_another_host_made_since(hosts, bucket):
    (hosts[0].path / "d").mkdir()
    bucket.put("e", b"theirs")
    with fails_with("ENOTDIR", "EEXIST"):
        os.rename(hosts[0].path / "d", hosts[0].path / "e")
    assert bucket.contents() == {"d/": b"", "e": b"theirs"}


def test_a_folder_is_not_moved_into_one_that_another_host_made_since(hosts, bucket):
    """One without a marker, which nobody could claim."""
    (hosts[0].path / "d").mkdir()
    (hosts[0].path / "d" / "ours").write_bytes(b"ours")
    bucket.put("e/theirs", b"theirs")
    with fails_with("ENOTEMPTY", "EEXIST"):
        os.rename(hosts[0].path / "d", hosts[0].path / "e")
    assert bucket.contents() == {"d/": b"", "d/ours": b"ours", "e/theirs": b"theirs"}


def test_of_two_hosts_that_claim_a_name_at_once_the_other_leaves_the_marker(hosts, bucket, server):
    bucket.put("lock/")
    for host, name in zip(hosts, "ab"):
        # From now on it knows that the server honours the condition.
        with fails_with("EEXIST"):
            (host.path / "lock").mkdir()
        (host.path / name).mkdir()
    # Both have looked before either has claimed.
    slow = dict(count=0, delay_ms=DELAY_MS)
    server.faults(dict(op="PutObject", key="e/", **slow), dict(op="DeleteObjects", **slow))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = [pool.submit(os.rename, host.path / name, host.path / "e") for host, name in zip(hosts, "ab")]
    failed = [future.exception() for future in both]
    assert sorted(error is None for error in failed) == [False, True]
    for host in hosts:
        host.sync()
    assert bucket.keys() == ["a/" if failed[0] else "b/", "e/", "lock/"]


def test_a_folder_that_moves_replaces_nothing_that_another_host_stores_there(hosts, bucket, server):
    (hosts[0].path / "d").mkdir()
    for name in "12":
        (hosts[0].path / "d" / name).write_bytes(b"ours")
    server.fault("CopyObject", key="e/2", delay_ms=DELAY_MS)
    with while_it_runs(server, lambda: os.rename(hosts[0].path / "d", hosts[0].path / "e")) as future:
        bucket.put("e/2", b"theirs")
    assert future.exception().errno in (errno.ENOTEMPTY, errno.EEXIST)
    assert bucket.contents() == {"d/": b"", "d/1": b"ours", "d/2": b"ours", "e/2": b"theirs"}


# -------------------------------------------------------------- that fail


@pytest.fixture
def faulty(new_mount, bucket):
    mount = new_mount(bucket, timeout="2")
    mount.expect_errors()
    return mount


REFUSED = dict(status=403, code="AccessDenied")


@pytest.mark.parametrize("goes", [True, False], ids=["replaced", "kept"])
def test_what_is_closed_while_a_rename_replaces_it_is_stored_if_that_fails(faulty, bucket, server, goes):
    bucket.put("a", b"a")
    bucket.put("b", b"b")
    fd = os.open(faulty.path / "b", os.O_WRONLY)
    os.write(fd, b"written")
    server.fault("CopyObject", delay_ms=DELAY_MS, **({} if goes else REFUSED))
    with while_it_runs(server, lambda: os.rename(faulty.path / "a", faulty.path / "b")) as future:
        os.close(fd)
    assert (future.exception() is None) == goes
    faulty.sync()
    assert bucket.contents() == ({"b": b"a"} if goes else {"a": b"a", "b": b"written"})
    assert (faulty.path / "b").read_bytes() == (b"a" if goes else b"written")


def test_what_is_closed_after_the_copy_that_replaces_it_is_not_stored_over_it(mount, bucket, server):
    """The copy is made, and its answer comes slowly."""
    bucket.put("a", b"a")
    bucket.put("b", b"b")
    fd = os.open(mount.path / "b", os.O_WRONLY)
    os.write(fd, b"written")
    server.fault("CopyObject", trickle=400)
    with while_it_runs(server, lambda: os.rename(mount.path / "a", mount.path / "b")) as future:
        os.close(fd)
    future.result()
    mount.sync()
    assert bucket.contents() == {"b": b"a"}


def test_what_is_written_while_its_file_is_copied_is_stored_under_the_new_name(mount, bucket, server):
    bucket.put("a", b"old")
    fd = os.open(mount.path / "a", os.O_WRONLY)
    server.fault("CopyObject", delay_ms=DELAY_MS)
    with while_it_runs(server, lambda: os.rename(mount.path / "a", mount.path / "b")) as future:
        os.write(fd, b"new")
        os.close(fd)
    future.result()
    mount.sync()
    assert bucket.contents() == {"b": b"new"}


def test_an_edit_whose_publish_under_the_new_name_fails_has_its_old_name_again(new_mount, bucket, server):
    faulty = new_mount(bucket, negative_timeout="600", attr_timeout="0")
    faulty.expect_errors()
    bucket.put("a", b"old")
    fd = os.open(faulty.path / "a", os.O_WRONLY)
    os.write(fd, b"new")
    server.fault("PutObject", count=0, **REFUSED)
    with fails_with("EACCES"):
        os.rename(faulty.path / "a", faulty.path / "b")
    with fails_with("EACCES"):
        os.close(fd)
    assert os.listdir(faulty.path) == ["a"]
    assert (faulty.path / "a").read_bytes() == b"old" and not (faulty.path / "b").exists()


LOST = dict(reset_after=True)


@pytest.mark.parametrize("size", [1000, 6 * MIB], ids=["whole", "parts"])
@pytest.mark.parametrize("known", [True, False], ids=["onto one", "to a free name"])
def test_a_rename_whose_answers_are_all_lost_is_settled_by_looking(faulty, bucket, server, size, known):
    data = some_bytes(size)
    bucket.s3.upload_fileobj(io.BytesIO(data), bucket.name, "a", Config=PARTS_OF_5_MIB)
    if known:
        bucket.put("b", b"old")
    server.fault("CopyObject", count=0, **LOST)
    os.rename(faulty.path / "a", faulty.path / "b")
    server.faults()
    faulty.sync()
    assert bucket.contents() == {"b": data}
    assert (faulty.path / "b").read_bytes() == data


def test_a_rename_that_fails_leaves_what_stood_at_the_new_name(faulty, bucket, server):
    bucket.put("a", b"a")
    bucket.put("b", b"b")
    server.fault("CopyObject", count=0, status=500)
    with fails_with("EIO"):
        os.rename(faulty.path / "a", faulty.path / "b")
    server.faults()
    faulty.sync()
    assert bucket.contents() == {"a": b"a", "b": b"b"}


def test_a_file_renamed_to_a_name_that_another_host_took_since_replaces_it(hosts, bucket):
    for host, name in zip(hosts, "ab"):
        (host.path / name).write_bytes(name.encode())
        os.rename(host.path / name, host.path / "e")
        host.sync()
    assert bucket.contents() == {"e": b"b"}
    assert (hosts[1].path / "e").read_bytes() == b"b"


@pytest.mark.parametrize("rule", [LOST, REFUSED, dict(status=500)], ids=["lost", "refused", "500"])
def test_a_folder_whose_rename_fails_leaves_no_copy_and_the_next_mv_is_right(faulty, bucket, server, rule):
    for name in ("1", "2", "3"):
        bucket.put(f"d/{name}", name.encode())
    before = bucket.contents()
    # Nobody can look at what a lost answer did, either.
    server.faults(dict(op="CopyObject", key="e/2", count=0, **rule), dict(op="HeadObject", key="e/2", count=0, status=403))
    mv = ["mv", "-T", faulty.path / "d", faulty.path / "e"]
    done = subprocess.run(mv, capture_output=True, text=True, timeout=60)
    server.faults()
    assert done.returncode == 1
    assert bucket.contents() == before
    assert re.search(r"rename.*CopyObject.*e/2", faulty.log()), "the log does not tell which key"
    subprocess.run(["mv", faulty.path / "d", faulty.path / "e"], check=True, timeout=60)
    faulty.sync()
    assert bucket.contents() == {"e/1": b"1", "e/2": b"2", "e/3": b"3"}


def test_old_keys_that_cannot_be_removed_are_told_by_fsync_and_listed(faulty, bucket, server):
    for name in "12":
        bucket.put(f"d/{name}", name.encode())
    os.listdir(faulty.path)
    server.fault("DeleteObjects", count=0, key="d/2", key_error="AccessDenied")
    os.rename(faulty.path / "d", faulty.path / "e")
    assert sorted(os.listdir(faulty.path)) == ["d", "e"]
    assert os.listdir(faulty.path / "d") == ["2"]
    assert sorted(os.listdir(faulty.path / "e")) == ["1", "2"]
    with fails_with("EACCES"):
        faulty.sync()
    assert re.search(r"d/ is at e/.*d/2", faulty.log())


def test_an_object_that_others_remove_while_its_folder_moves_does_not_stop_it(mount, bucket, server):
    for name in "12":
        bucket.put(f"d/{name}", name.encode())
    server.fault("CopyObject", key="e/2", delay_ms=DELAY_MS)
    with while_it_runs(server, lambda: os.rename(mount.path / "d", mount.path / "e")) as future:
        bucket.delete("d/2")
    future.result()
    assert bucket.keys() == ["e/1"]


def test_files_of_parts_keep_their_bytes_when_their_folder_moves(mount, bucket):
    data = some_bytes(24 * MIB)
    bucket.s3.upload_fileobj(io.BytesIO(data), bucket.name, "d/f", Config=PARTS_OF_5_MIB)
    bucket.s3.upload_fileobj(io.BytesIO(data), bucket.name, "d/g", Config=PARTS_OF_5_MIB)
    for folder in (mount.path, mount.path / "d"):
        os.listdir(folder)
    with opened(mount.path / "d" / "f") as fd:
        # Somebody has bytes of it: it cannot go over to another version.
        assert os.pread(fd, 1000, 0) == data[:1000]
        os.rename(mount.path / "d", mount.path / "e")
        assert os.pread(fd, len(data), 0) == data
    # One that was known by the listing only.
    assert (mount.path / "e" / "g").read_bytes() == data
