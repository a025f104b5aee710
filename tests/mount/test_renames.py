# SPDX-License-Identifier: MIT
"""Renames that fail, that meet another host, or that meet changes below what they move."""

import concurrent.futures
import contextlib
import os
import time

import pytest
from files import fails_with, opened

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
