# SPDX-License-Identifier: MIT
"""mtime and ctime as POSIX asks for them, as far as the mount lives; S3 keeps only the time of the last PUT."""

import os

import pytest


def times(path):
    status = os.stat(path)
    return status.st_mtime_ns, status.st_ctime_ns


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "new").mkdir(),
        lambda folder: (folder / "file").rename(folder / "renamed"),
        lambda folder: (folder / "file").rename(folder.parent / "moved out"),
        lambda folder: (folder.parent / "beside").rename(folder / "moved in"),
        lambda folder: (folder / "file").unlink(),
        lambda folder: (folder / "inner").rmdir(),
    ],
    ids=["create", "mkdir", "rename", "move out", "move in", "unlink", "rmdir"],
)
def test_a_change_of_its_entries_is_the_time_of_a_folder(folder, change):
    (folder / "parent" / "inner").mkdir(parents=True)
    (folder / "parent" / "file").write_bytes(b"x")
    (folder / "beside").write_bytes(b"x")
    before = times(folder / "parent")
    change(folder / "parent")
    after = times(folder / "parent")
    assert after[0] > before[0] and after[1] > before[1]


def test_a_change_of_a_file_is_none_of_its_folder(folder):
    (folder / "file").write_bytes(b"x")
    before = times(folder)
    (folder / "file").write_bytes(b"other bytes")
    os.chmod(folder / "file", 0o600)
    os.utime(folder / "file")
    assert times(folder) == before


def test_the_time_of_new_folders_does_not_follow_that_of_the_root(mount, bucket):
    bucket.put("made by others/file", b"x")
    before = times(mount.path)
    (mount.path / "file").write_bytes(b"x")
    assert times(mount.path / "made by others")[0] <= before[0] < times(mount.path)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.chmod(path, 0o600),
        lambda path: os.chown(path, os.getuid(), os.getgid()),
        lambda path: os.utime(path, ns=(10**18, os.stat(path).st_mtime_ns)),
        lambda path: path.rename(path.with_name("renamed")) and path.with_name("renamed").rename(path),
    ],
    ids=["chmod", "chown", "atime", "rename"],
)
def test_a_change_beside_the_bytes_is_one_of_ctime_alone(folder, change):
    (folder / "file").write_bytes(b"x")
    before = times(folder / "file")
    change(folder / "file")
    after = times(folder / "file")
    assert after[0] == before[0] and after[1] > before[1]


def test_a_time_that_is_set_leaves_ctime_at_now(folder):
    (folder / "file").write_bytes(b"x")
    before = times(folder / "file")
    os.utime(folder / "file", ns=(10**18, 10**18))
    after = times(folder / "file")
    assert after[0] == 10**18 and after[1] > before[1]


def test_writing_is_a_change_of_both(folder):
    (folder / "file").write_bytes(b"x")
    os.chmod(folder / "file", 0o600)
    before = times(folder / "file")
    with open(folder / "file", "ab") as file:
        file.write(b"y")
    after = times(folder / "file")
    assert after[0] > before[0] and after[1] > before[1]


def test_what_another_client_stored_has_one_time(new_mount, bucket):
    mount = new_mount(bucket, attr_timeout="0")
    (mount.path / "file").write_bytes(b"x")
    os.chmod(mount.path / "file", 0o600)
    bucket.put("file", b"of another client")
    mtime, ctime = times(mount.path / "file")
    assert mtime == ctime == int(bucket.head("file")["LastModified"].timestamp()) * 10**9
