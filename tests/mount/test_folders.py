# SPDX-License-Identifier: MIT
"""Directories: what S3 has only as a part of keys."""

import os
import shutil
import stat
import threading

import pytest
from files import fails_with, sync_folder


def test_mkdir_stores_a_marker_and_rmdir_removes_it(mount, bucket):
    (mount.path / "d").mkdir()
    assert bucket.keys() == ["d/"]
    assert (mount.path / "d").is_dir()
    assert os.listdir(mount.path / "d") == []
    (mount.path / "d").rmdir()
    mount.sync()
    assert bucket.keys() == []
    assert not (mount.path / "d").exists()


def test_a_folder_that_only_keys_imply_is_there(folder, bucket):
    bucket.put("a/b/c", b"x")
    assert stat.S_ISDIR((folder / "a").stat().st_mode)
    assert os.listdir(folder / "a") == ["b"]
    assert (folder / "a" / "b" / "c").read_bytes() == b"x"


def test_a_folder_of_another_programs_marker_is_there_and_empty(folder, bucket):
    bucket.put("made/")
    assert (folder / "made").is_dir()
    assert os.listdir(folder / "made") == []
    assert os.listdir(folder) == ["made"]


def test_mkdir_of_what_exists_fails(folder, bucket):
    bucket.put("d/x", b"")
    bucket.put("f", b"")
    for name in ("d", "f"):
        with fails_with("EEXIST"):
            (folder / name).mkdir()


def test_mkdir_below_a_missing_folder_fails(folder):
    with fails_with("ENOENT"):
        (folder / "none" / "d").mkdir()


def test_mkdir_p_makes_all_levels_and_twice_is_no_error(folder, bucket):
    os.makedirs(folder / "a" / "b" / "c", exist_ok=True)
    os.makedirs(folder / "a" / "b" / "c", exist_ok=True)
    assert (folder / "a" / "b" / "c").is_dir()
    assert bucket.keys() == ["a/", "a/b/", "a/b/c/"]


def test_rmdir_of_a_folder_that_holds_something_fails(folder, bucket):
    bucket.put("d/x", b"")
    with fails_with("ENOTEMPTY"):
        (folder / "d").rmdir()
    assert bucket.keys() == ["d/x"]


def test_rmdir_of_a_folder_that_holds_an_open_new_file_fails(folder):
    (folder / "d").mkdir()
    with open(folder / "d" / "f", "wb"):
        with fails_with("ENOTEMPTY"):
            (folder / "d").rmdir()


def test_rmdir_of_a_file_and_unlink_of_a_folder_fail(folder, bucket):
    bucket.put("f", b"")
    bucket.put("d/x", b"")
    with fails_with("ENOTDIR"):
        os.rmdir(folder / "f")
    with fails_with("EISDIR"):
        os.unlink(folder / "d")


def test_a_folder_stays_when_its_last_file_goes(mount, bucket):
    bucket.put("d/only", b"x")
    os.unlink(mount.path / "d" / "only")
    assert (mount.path / "d").is_dir()
    sync_folder(mount.path / "d")
    assert (mount.path / "d").is_dir()
    (mount.path / "d").rmdir()
    mount.sync()
    assert bucket.keys() == []


def test_reading_a_missing_folder_fails(folder):
    with fails_with("ENOENT"):
        os.listdir(folder / "none")


def test_an_empty_bucket_is_an_empty_folder(folder):
    assert os.listdir(folder) == []
    assert stat.S_ISDIR(folder.stat().st_mode)


def test_entries_tell_their_type_and_size_without_another_question(folder, bucket):
    bucket.put("f", b"12345")
    bucket.put("d/x", b"")
    entries = {e.name: e for e in os.scandir(folder)}
    assert entries["f"].is_file() and entries["d"].is_dir()
    assert entries["f"].stat().st_size == 5


@pytest.mark.parametrize("count", [1000, 1001, 2500])
def test_a_folder_of_many_files_lists_each_once(folder, bucket, count):
    bucket.put_many(f"many/{number:05}" for number in range(count))
    bucket.put("many2", b"")
    names = os.listdir(folder / "many")
    assert sorted(names) == [f"{n:05}" for n in range(count)]


def test_a_folder_of_many_folders_lists_each_once(folder, bucket):
    bucket.put_many(f"d{number:05}/x" for number in range(1050))
    assert sorted(os.listdir(folder)) == [f"d{n:05}" for n in range(1050)]


def test_a_listing_goes_on_where_it_was_while_files_come_and_go(folder, bucket):
    bucket.put_many(f"{number:05}" for number in range(1200))
    seen = []
    with os.scandir(folder) as entries:
        for entry in entries:
            seen.append(entry.name)
            if len(seen) == 700:
                (folder / "new").write_bytes(b"x")
                os.unlink(folder / "00000")
                os.unlink(folder / "01199")
    kept = [name for name in seen if name not in ("new", "00000", "01199")]
    assert sorted(kept) == [f"{n:05}" for n in range(1, 1199)]
    names = set(os.listdir(folder))
    assert "new" in names and "00000" not in names and "01199" not in names


def test_files_made_while_others_list_are_all_there_afterwards(folder):
    stop = threading.Event()
    problems = []

    def list_on():
        while not stop.is_set():
            names = os.listdir(folder)
            if len(names) != len(set(names)):
                problems.append("a name twice")

    lister = threading.Thread(target=list_on)
    lister.start()
    for number in range(100):
        (folder / f"{number}").write_bytes(b"x")
    stop.set()
    lister.join(30)
    assert not problems
    assert sorted(os.listdir(folder), key=int) == [str(n) for n in range(100)]


def test_rename_of_a_folder_moves_all_below_it(mount, bucket):
    for name in ("x", "y/z", "y/zz", "y/deep/er/w"):
        bucket.put(f"d/{name}", name.encode())
    bucket.put("d2/stays", b"")
    os.rename(mount.path / "d", mount.path / "moved")
    mount.sync()
    assert bucket.contents("moved/") == {
        f"moved/{name}": name.encode() for name in ("x", "y/z", "y/zz", "y/deep/er/w")
    }
    assert bucket.keys("d/") == [] and bucket.keys("d2/") == ["d2/stays"]
    assert (mount.path / "moved" / "y" / "deep" / "er" / "w").read_bytes() == b"y/deep/er/w"
    assert not (mount.path / "d").exists()


def test_a_moved_folder_is_listed_where_it_went(mount):
    (mount.path / "from").mkdir()
    (mount.path / "from" / "f").write_bytes(b"x")
    (mount.path / "to").mkdir()
    os.rename(mount.path / "from", mount.path / "to" / "moved")
    assert os.listdir(mount.path / "to") == ["moved"]
    assert os.listdir(mount.path / "to" / "moved") == ["f"]
    assert os.listdir(mount.path) == ["to"]


def test_rename_of_an_empty_folder_moves_it(mount, bucket):
    (mount.path / "d").mkdir()
    os.rename(mount.path / "d", mount.path / "e")
    mount.sync()
    assert bucket.keys() == ["e/"]


def test_rename_onto_an_empty_folder_replaces_it_and_onto_a_full_one_fails(mount, bucket):
    bucket.put("a/x", b"a")
    bucket.put("full/y", b"y")
    (mount.path / "empty").mkdir()
    with fails_with("ENOTEMPTY", "EEXIST"):
        os.rename(mount.path / "a", mount.path / "full")
    os.rename(mount.path / "a", mount.path / "empty")
    mount.sync()
    assert bucket.read("empty/x") == b"a" and bucket.keys("a/") == []


def test_rename_of_a_folder_into_itself_fails(folder):
    (folder / "d").mkdir()
    with fails_with("EINVAL"):
        os.rename(folder / "d", folder / "d" / "e")


def test_rename_of_a_folder_takes_an_open_file_along(mount, bucket):
    (mount.path / "d").mkdir()
    with open(mount.path / "d" / "f", "wb", buffering=0) as file:
        file.write(b"one")
        os.rename(mount.path / "d", mount.path / "e")
        file.write(b"two")
    assert (mount.path / "e" / "f").read_bytes() == b"onetwo"
    mount.sync()
    assert bucket.read("e/f") == b"onetwo"
    assert bucket.keys("d/") == []


def test_rmtree_of_a_tree_leaves_nothing(mount, bucket):
    for folder in range(5):
        for number in range(20):
            bucket.put(f"tree/{folder}/{number}", b"x")
    bucket.put("other", b"x")
    shutil.rmtree(mount.path / "tree")
    assert not (mount.path / "tree").exists()
    mount.sync()
    assert bucket.keys() == ["other"]


def test_a_location_shows_only_what_lies_below_it(bucket, new_mount):
    bucket.put("media/a", b"a")
    bucket.put("media2/b", b"b")
    bucket.put("c", b"c")
    mount = new_mount(bucket, location="media")
    assert os.listdir(mount.path) == ["a"]
    (mount.path / "new").write_bytes(b"n")
    mount.sync()
    assert bucket.keys() == ["c", "media/a", "media/new", "media2/b"]


def test_a_location_given_as_an_option_works_with_blanks_and_letters_from_afar(bucket, new_mount):
    mount = new_mount(bucket, AWS_LOCATION="my média/päth")
    (mount.path / "f").write_bytes(b"x")
    assert bucket.keys() == ["my média/päth/f"]


def test_a_read_only_mount_refuses_writing(bucket, new_mount):
    bucket.put("f", b"x")
    mount = new_mount(bucket, ro=True)
    assert (mount.path / "f").read_bytes() == b"x"
    with fails_with("EROFS"):
        (mount.path / "g").write_bytes(b"y")
    with fails_with("EROFS"):
        os.unlink(mount.path / "f")
