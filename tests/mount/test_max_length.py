# SPDX-License-Identifier: MIT
"""
max_length, as a Django FileField has it: characters of a name with its
folders, below the location.
"""

import os
import re

import pytest
from files import fails_with

SUFFIX = "_[A-Za-z0-9]{7}"


def test_a_name_at_the_limit_is_made_and_one_more_character_is_refused(new_mount, bucket):
    mount = new_mount(bucket, location="a/long/location", max_length="20")
    (mount.path / "folder").mkdir()
    for name in ("n" * 20, "folder/" + "n" * 13, "folder/" + "\u20ac" * 13):
        (mount.path / name).write_bytes(b"x")
        with fails_with("ENAMETOOLONG"):
            (mount.path / (name + "n")).write_bytes(b"x")
        with fails_with("ENAMETOOLONG"):
            os.rename(mount.path / name, mount.path / (name + "n"))
        assert (mount.path / name).read_bytes() == b"x"
    mount.sync()
    stored = [k.removeprefix("a/long/location/") for k in bucket.keys() if not k.endswith("/")]
    assert sorted(stored) == sorted(["n" * 20, "folder/" + "n" * 13, "folder/" + "\u20ac" * 13])


def test_a_longer_name_that_is_there_can_be_used_and_removed(new_mount, bucket):
    name = "n" * 30
    bucket.put(name, b"old")
    mount = new_mount(bucket, max_length="20")
    assert os.listdir(mount.path) == [name]
    assert (mount.path / name).read_bytes() == b"old"
    (mount.path / name).write_bytes(b"new")
    assert bucket.contents() == {name: b"new"}
    os.rename(mount.path / name, mount.path / "short")
    os.unlink(mount.path / "short")
    mount.sync()
    assert bucket.keys() == []


@pytest.mark.parametrize(
    "name, limit, pattern",
    [
        ("a.txt", 13, f"a{SUFFIX}\\.txt"),
        ("longfreename.txt", 16, f"long{SUFFIX}\\.txt"),
        ("\u20ac\u20ac\u20acname.txt", 14, f"\u20ac\u20ac{SUFFIX}\\.txt"),
        ("d/file.txt", 17, f"d/fil{SUFFIX}\\.txt"),
        ("noext", 10, f"no{SUFFIX}"),
    ],
)
def test_a_unique_name_is_shortened_to_the_limit(new_mount, bucket, name, limit, pattern):
    bucket.put(name, b"old")
    mount = new_mount(bucket, file_overwrite="false", max_length=str(limit))
    (mount.path / name).write_bytes(b"new")
    (key,) = set(bucket.keys()) - {name}
    assert re.fullmatch(pattern, key) and len(key) <= limit
    assert bucket.contents() == {name: b"old", key: b"new"}


def test_with_nothing_left_to_shorten_the_write_fails_and_the_old_stays(new_mount, bucket):
    bucket.put("a.txt", b"old")
    mount = new_mount(bucket, file_overwrite="false", max_length="12")
    mount.expect_errors()
    with fails_with("ENAMETOOLONG"):
        (mount.path / "a.txt").write_bytes(b"new")
    assert bucket.contents() == {"a.txt": b"old"}
    assert (mount.path / "a.txt").read_bytes() == b"old"
