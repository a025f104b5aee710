# SPDX-License-Identifier: MIT
"""Names: what others put into the bucket, and what this program must refuse."""

import os

import pytest
from files import fails_with

ODD_NAMES = [
    "a b",
    " leading and trailing ",
    "plus+plus",
    "100%",
    "%41",
    "what?",
    "hash#tag",
    "a&b;c=d",
    "quote'\"",
    "back\\slash",
    "colon:star*",
    "~tilde",
    "new\nline",
    "tab\t",
    "cr\r",
    "escape\x1b[31m",
    "...",
    ".hidden",
    "-rf",
    "umlaut-\u00e4",
    "umlaut-a\u0308",
    "\u65e5\u672c\u8a9e",
    "\U0001f600",
    "\u20ac" * 85,
    "n" * 255,
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda n: ascii(n)[:40])
def test_a_key_of_any_characters_is_a_file_of_that_name(mount, bucket, name):
    bucket.put(f"d/{name}", b"theirs")
    assert os.listdir(mount.path / "d") == [name]
    assert (mount.path / "d" / name).read_bytes() == b"theirs"
    (mount.path / "d" / name).write_bytes(b"ours")
    assert bucket.contents() == {f"d/{name}": b"ours"}
    os.rename(mount.path / "d" / name, mount.path / "d" / "plain")
    os.rename(mount.path / "d" / "plain", mount.path / "d" / name)
    mount.sync()
    assert bucket.contents("d/")[f"d/{name}"] == b"ours"
    os.unlink(mount.path / "d" / name)
    mount.sync()
    assert [key for key in bucket.keys() if not key.endswith("/")] == []


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda n: ascii(n)[:40])
def test_a_folder_of_any_characters_can_be_made_walked_and_removed(mount, bucket, name):
    (mount.path / name).mkdir()
    (mount.path / name / "f").write_bytes(b"x")
    assert os.listdir(mount.path) == [name]
    assert os.listdir(mount.path / name) == ["f"]
    assert bucket.keys() == [f"{name}/", f"{name}/f"]
    os.unlink(mount.path / name / "f")
    os.rmdir(mount.path / name)
    mount.sync()
    assert bucket.keys() == []


def test_a_file_and_a_folder_of_one_name_show_the_folder_once(folder, bucket):
    bucket.put("both", b"file")
    bucket.put("both/inner", b"x")
    assert os.listdir(folder) == ["both"]
    assert (folder / "both").is_dir()
    assert os.listdir(folder / "both") == ["inner"]
    assert bucket.read("both") == b"file"


def test_a_file_and_a_folder_of_one_name_are_the_folder_by_path_too_once_listed(folder, bucket):
    bucket.put("both", b"file")
    bucket.put("both/inner", b"x")
    bucket.put("between", b"")
    assert sorted(os.listdir(folder)) == ["between", "both"]
    assert (folder / "both" / "inner").read_bytes() == b"x"


def test_names_that_sort_between_a_folder_and_its_slash_do_not_confuse(folder, bucket):
    for key in ("a", "a!", "a-b", "a.txt", "a/x", "a0"):
        bucket.put(key, b"")
    assert sorted(os.listdir(folder)) == ["a", "a!", "a-b", "a.txt", "a0"]
    assert (folder / "a").is_dir()


def test_a_marker_with_bytes_in_it_is_still_a_folder(folder, bucket):
    bucket.put("dir/", b"bytes in a marker")
    bucket.put("dir/x", b"x")
    assert (folder / "dir").is_dir()
    assert os.listdir(folder / "dir") == ["x"]


def test_the_folder_marks_of_old_tools_hide_nothing(folder, bucket):
    bucket.put("x_$folder$", b"")
    bucket.put("x/f", b"f")
    assert "x" in os.listdir(folder)
    assert (folder / "x" / "f").read_bytes() == b"f"


@pytest.mark.parametrize(
    "key",
    ["a//b", "//x", "/lead", "./x", "../etc/passwd", "a/./b", "a/../b", "a/..", "a/.", "n" * 256, "d/" + "n" * 300 + "/x"],
    ids=lambda k: k[:20],
)
def test_a_key_that_no_path_can_name_is_hidden_and_harms_no_other(folder, bucket, key):
    bucket.put("a/good", b"g")
    bucket.put("d/good", b"g")
    bucket.put(key, b"hidden")
    for top, _, names in os.walk(folder):
        for name in os.listdir(top):
            assert name not in (".", "..", "") and len(os.fsencode(name)) <= 255
    assert os.listdir(folder / "d") == ["good"]
    assert "good" in os.listdir(folder / "a")
    assert (folder / "a" / "good").read_bytes() == b"g"
    assert bucket.read(key) == b"hidden"


def test_a_folder_with_only_hidden_keys_can_not_be_removed(folder, bucket):
    bucket.put("d//x", b"hidden")
    with fails_with("ENOTEMPTY"):
        os.rmdir(folder / "d")
    assert bucket.keys() == ["d//x"]


def test_a_name_that_is_not_utf_8_is_refused(folder):
    name = os.fsencode(folder) + b"/bad\xff"
    with fails_with("EILSEQ"):
        os.open(name, os.O_WRONLY | os.O_CREAT)
    with fails_with("EILSEQ"):
        os.mkdir(name)
    assert os.listdir(folder) == []


def test_a_name_of_more_than_255_bytes_is_refused(folder):
    with fails_with("ENAMETOOLONG"):
        (folder / ("n" * 256)).write_bytes(b"x")


def test_a_key_of_1024_bytes_is_the_longest(folder, bucket):
    deep = folder.joinpath(*(letter * 250 for letter in "abcd"))
    deep.mkdir(parents=True)
    # Four names of 250 bytes and their slashes come before it.
    last = "e" * (1024 - 4 * 251)
    (deep / last).write_bytes(b"x")
    (key,) = [k for k in bucket.keys() if not k.endswith("/")]
    assert len(key) == 1024
    with fails_with("ENAMETOOLONG"):
        (deep / (last + "f")).write_bytes(b"x")
    assert (deep / last).read_bytes() == b"x"


def test_names_that_differ_only_in_case_or_normalisation_are_different_files(folder, bucket):
    names = ["a", "A", "\u00e9", "e\u0301"]
    for number, name in enumerate(names):
        (folder / name).write_bytes(b"%d" % number)
    assert {name: bucket.read(name) for name in names} == {name: b"%d" % n for n, name in enumerate(names)}
    assert sorted(os.listdir(folder)) == sorted(names)


def test_two_hundred_levels_can_be_made_and_walked(folder, bucket):
    path = "/".join(["d"] * 200)
    bucket.put(f"{path}/f", b"deep")
    assert (folder / path / "f").read_bytes() == b"deep"
    assert sum(len(files) for _, _, files in os.walk(folder)) == 1
