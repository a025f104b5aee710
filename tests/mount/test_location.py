# SPDX-License-Identifier: MIT
"""
AWS_LOCATION: the mount's root is a prefix; what is beside it is out of reach
for every call, and no name is changed on its way to the bucket.
"""

import os
import subprocess

import pytest
from files import fails_with
from proc import PROGRAM, clean_environment, run

LOCATIONS = [
    ("media", "media"),
    ("media/", "media"),
    ("media//", "media"),
    ("a/b/c", "a/b/c"),
    (" leading and trailing ", " leading and trailing "),
    ("p\u00e4th \u65e5\u672c", "p\u00e4th \u65e5\u672c"),
    ("per%cent+plus&and", "per%cent+plus&and"),
    ("colon:dot.", "colon:dot."),
]

# What Python's backend would change, or S3's and XML's escapes could.
NAMES = ["a\\b", "a:b", " a ", "~", "%2e%2e", "tab\t", "new\nline", "\u20ac", "e\u0301", "+", "..a", "a..", "..."]


@pytest.mark.parametrize("given, prefix", LOCATIONS, ids=[ascii(given) for given, _ in LOCATIONS])
def test_every_call_works_below_the_location_and_nowhere_else(bucket, new_mount, given, prefix):
    bucket.put(f"{prefix}2/sibling", b"s")
    bucket.put(f"{prefix}sibling", b"s")
    bucket.put("other", b"o")
    mount = new_mount(bucket, AWS_LOCATION=given)
    assert os.listdir(mount.path) == []
    (mount.path / "new").write_bytes(b"n")
    (mount.path / "d").mkdir()
    (mount.path / "d" / "f").write_bytes(b"f")
    assert (mount.path / "new").stat().st_size == 1
    os.rename(mount.path / "new", mount.path / "d" / "moved")
    os.rename(mount.path / "d", mount.path / "e")
    mount.sync()
    inside = {k for k in bucket.keys() if k.startswith(f"{prefix}/")}
    assert {k for k in inside if not k.endswith("/")} == {f"{prefix}/e/f", f"{prefix}/e/moved"}
    run("rm", "-rf", mount.path / "e")
    mount.sync()
    left = {k: v for k, v in bucket.contents().items() if not k.endswith("/")}
    assert left == {f"{prefix}2/sibling": b"s", f"{prefix}sibling": b"s", "other": b"o"}


def test_a_location_of_two_mounts_is_two_folders_of_one_bucket(bucket, new_mount):
    one, two, all_of_it = (new_mount(bucket, location=name) for name in ("media", "media2", ""))
    (one.path / "f").write_bytes(b"1")
    (two.path / "f").write_bytes(b"2")
    assert sorted(os.listdir(all_of_it.path)) == ["media", "media2"]
    assert (all_of_it.path / "media" / "f").read_bytes() == b"1"
    assert os.listdir(one.path) == os.listdir(two.path) == ["f"]


@pytest.mark.parametrize(
    "location, word",
    [
        ("/media", "cannot begin with a leading slash"),
        ("./m", "//, /./ or /../"),
        ("m/../n", "//, /./ or /../"),
        ("m//n", "//, /./ or /../"),
        (".", "//, /./ or /../"),
        ("\udcff", "UTF-8"),
        ("n" * 1024, "too long"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_location_that_no_name_could_be_below_is_refused_at_the_start(bucket, tmp_path, location, word):
    env = clean_environment(**bucket.environment(), AWS_LOCATION=location)
    done = run(PROGRAM, bucket.name, tmp_path, "-o", f"endpoint_url={bucket.endpoint_url}", ok=False, env=env)
    assert done.returncode == 2 or done.returncode == 1
    assert word in done.stderr and "LOCATION" in done.stderr


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_goes_to_the_bucket_byte_by_byte(bucket, new_mount, name):
    mount = new_mount(bucket, location="media")
    path = mount.path / name
    path.write_bytes(b"x")
    assert bucket.contents() == {f"media/{name}": b"x"}
    assert path.stat().st_size == 1 and os.listdir(mount.path) == [name]
    os.rename(path, mount.path / "plain")
    os.rename(mount.path / "plain", path)
    mount.sync()
    assert bucket.keys() == [f"media/{name}"]
    os.unlink(path)
    mount.sync()
    assert [k for k in bucket.keys() if not k.endswith("/")] == []


def test_dots_are_the_kernels_business_and_lead_nowhere_outside(bucket, new_mount):
    bucket.put("secret", b"s")
    bucket.put("media/f", b"f")
    mount = new_mount(bucket, location="media")
    done = subprocess.run(["cat", f"{mount.path}/x/../../secret"], capture_output=True, timeout=20)
    assert done.returncode != 0 and done.stdout == b""
    with fails_with("ENOENT"):
        os.stat(mount.path / "secret")


def test_a_name_that_is_not_utf_8_is_refused_by_every_call(bucket, new_mount):
    bucket.put("media/f", b"f")
    mount = new_mount(bucket, location="media")
    bad = os.fsencode(mount.path) + b"/bad\xff"
    good = os.fsencode(mount.path) + b"/f"
    for call in (
        lambda: os.stat(bad),
        lambda: os.open(bad, os.O_WRONLY | os.O_CREAT),
        lambda: os.mkdir(bad),
        lambda: os.rename(good, bad),
        lambda: os.unlink(bad),
    ):
        with fails_with("EILSEQ", "ENOENT"):
            call()
    with fails_with("EILSEQ"):
        os.rename(good, bad)
    mount.sync()
    assert bucket.contents() == {"media/f": b"f"}


def test_the_location_counts_in_the_length_of_a_key(bucket, new_mount):
    location = "/".join("l" * 200 for _ in range(4))
    mount = new_mount(bucket, location=location)
    fits = "n" * (1024 - len(location) - 1)
    (mount.path / fits).write_bytes(b"x")
    assert [len(k) for k in bucket.keys()] == [1024]
    for call in (
        lambda: (mount.path / (fits + "n")).write_bytes(b"x"),
        lambda: os.rename(mount.path / fits, mount.path / (fits + "n")),
        lambda: (mount.path / fits).with_name(fits + "n").mkdir(),
    ):
        with fails_with("ENAMETOOLONG"):
            call()
    # A folder's key ends in a slash.
    (mount.path / fits).unlink()
    with fails_with("ENAMETOOLONG"):
        (mount.path / fits).mkdir()
    (mount.path / fits[:-1]).mkdir()
