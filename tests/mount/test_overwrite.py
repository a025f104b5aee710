# SPDX-License-Identifier: MIT
"""AWS_S3_FILE_OVERWRITE = False: no stored object's data is ever replaced."""

import os
import re
import threading

import pytest
from files import MIB, fails_with, opened, some_bytes
from proc import shell

RANDOM = "_[A-Za-z0-9]{7}"


@pytest.fixture
def mount(new_mount, bucket):
    return new_mount(bucket, file_overwrite="false")


def new_key(bucket, before):
    (key,) = set(bucket.keys()) - set(before)
    return key


@pytest.mark.parametrize(
    "name, pattern",
    [
        ("a.txt", f"a{RANDOM}\\.txt"),
        ("d/p.tar.gz", f"d/p\\.tar{RANDOM}\\.gz|d/p{RANDOM}\\.tar\\.gz"),
        ("noext", f"noext{RANDOM}"),
        (".hid", f"\\.hid{RANDOM}"),
        ("d.d/f", f"d\\.d/f{RANDOM}"),
    ],
)
def test_a_second_save_gets_a_name_of_its_own(mount, bucket, name, pattern):
    bucket.put(name, b"old")
    (mount.path / name).write_bytes(b"new")
    key = new_key(bucket, [name])
    assert re.fullmatch(pattern, key)
    assert bucket.read(name) == b"old" and bucket.read(key) == b"new"
    assert (mount.path / key).read_bytes() == b"new"
    assert (mount.path / name).read_bytes() == b"old"
    assert os.path.basename(key) in os.listdir((mount.path / name).parent)


def test_a_large_second_save_leaves_the_old_object_alone(mount, bucket):
    old, new = some_bytes(9 * MIB, 1), some_bytes(20 * MIB, 2)
    bucket.put("f.bin", old)
    (mount.path / "f.bin").write_bytes(new)
    assert bucket.read("f.bin") == old
    assert bucket.read(new_key(bucket, ["f.bin"])) == new
    assert bucket.uploads() == []


def test_the_chosen_name_is_told_on_the_descriptor_and_in_the_log(mount, bucket):
    bucket.put("a.txt", b"old")
    with opened(mount.path / "a.txt", os.O_WRONLY | os.O_TRUNC) as fd:
        os.write(fd, b"new")
        os.fsync(fd)
        told = os.getxattr(fd, "user.s3.key").decode()
    assert told == new_key(bucket, ["a.txt"])
    assert told in mount.log()


def test_the_same_descriptor_may_publish_again_over_what_it_published(mount, bucket):
    bucket.put("a.txt", b"old")
    with opened(mount.path / "a.txt", os.O_WRONLY | os.O_TRUNC) as fd:
        for _ in range(3):
            os.write(fd, b"x")
            os.fsync(fd)
    assert bucket.read(new_key(bucket, ["a.txt"])) == b"xxx"


def test_a_new_file_keeps_its_name_and_may_be_synced_many_times(mount, bucket):
    with opened(mount.path / "new.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL) as fd:
        for _ in range(3):
            os.write(fd, b"x")
            os.fsync(fd)
    assert bucket.contents() == {"new.txt": b"xxx"}


def test_rename_onto_a_stored_file_is_stored_beside_it(mount, bucket):
    bucket.put("old.txt", b"old")
    (mount.path / "tmp").write_bytes(b"new")
    os.rename(mount.path / "tmp", mount.path / "old.txt")
    mount.sync()
    key = new_key(bucket, ["old.txt"])
    assert re.fullmatch(f"old{RANDOM}\\.txt", key)
    assert bucket.contents() == {"old.txt": b"old", key: b"new"}


def test_an_edit_in_place_is_stored_beside_the_old(mount, bucket):
    bucket.put("f.txt", b"0123456789")
    with opened(mount.path / "f.txt", os.O_RDWR) as fd:
        os.pwrite(fd, b"X", 3)
    key = new_key(bucket, ["f.txt"])
    assert bucket.contents() == {"f.txt": b"0123456789", key: b"012X456789"}


def test_an_exclusive_create_of_an_existing_name_fails(mount, bucket):
    bucket.put("f", b"theirs")
    with fails_with("EEXIST"):
        os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert bucket.contents() == {"f": b"theirs"}


def test_an_exclusive_create_that_another_host_wins_fails_at_close(mount, bucket):
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.write(fd, b"ours")
    bucket.put("f", b"theirs")
    with fails_with("EEXIST"):
        os.close(fd)
    assert bucket.contents() == {"f": b"theirs"}


def test_removing_is_still_allowed(mount, bucket):
    bucket.put("f", b"x")
    os.unlink(mount.path / "f")
    (mount.path / "f").write_bytes(b"again")
    mount.sync()
    assert bucket.contents() == {"f": b"again"}


def test_saves_by_cp_and_shell_and_sed_replace_nothing(mount, bucket, tmp_path):
    bucket.put("f.txt", b"old\n")
    (tmp_path / "new").write_bytes(b"new\n")
    shell(f"cp {tmp_path}/new f.txt; echo more >>f.txt", cwd=mount.path)
    mount.sync()
    assert bucket.read("f.txt") == b"old\n"
    assert sorted(bucket.contents().values()) == [b"new\n", b"old\n", b"old\nmore\n"]


@pytest.mark.parametrize("flags", [(), ("--no-conditional-writes",)], ids=["conditional", "head-check"])
def test_a_server_with_or_without_conditional_writes_keeps_the_old(new_server, new_mount, flags):
    server = new_server(*flags)
    server.bucket.put("a.txt", b"old")
    mount = new_mount(server.bucket, file_overwrite="false")
    (mount.path / "a.txt").write_bytes(b"new")
    (mount.path / "b.txt").write_bytes(b"b")
    key = new_key(server.bucket, ["a.txt", "b.txt"])
    assert server.bucket.contents() == {"a.txt": b"old", "b.txt": b"b", key: b"new"}
    warnings = [line for line in mount.log().splitlines() if " warn " in line and "conditional" in line.lower()]
    assert len(warnings) == (1 if flags else 0)


def race(mounts, count, save):
    """Every mount saves name after name at the same time; returns who won which."""
    gate = threading.Barrier(len(mounts))
    results = [{} for _ in mounts]

    def run(index):
        for number in range(count):
            gate.wait(30)
            results[index][number] = save(mounts[index], index, number)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(mounts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_two_mounts_that_create_one_name_exclusively_exactly_one_wins(bucket, new_mount):
    mounts = [new_mount(bucket, negative_timeout="0", attr_timeout="0") for _ in range(2)]

    def save(mount, index, number):
        try:
            with opened(mount.path / f"f{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL) as fd:
                os.write(fd, b"%d" % index)
        except FileExistsError:
            return False
        return True

    results = race(mounts, 100, save)
    for number in range(100):
        winners = [i for i in range(2) if results[i][number]]
        assert len(winners) == 1, f"f{number} was won by {winners}"
        assert bucket.read(f"f{number}") == b"%d" % winners[0]


def test_two_mounts_that_save_one_name_end_as_two_files(bucket, new_mount):
    mounts = [new_mount(bucket, file_overwrite="false", negative_timeout="0", attr_timeout="0") for _ in range(2)]

    def save(mount, index, number):
        (mount.path / f"f{number}.txt").write_bytes(b"%d %d" % (index, number))

    race(mounts, 50, save)
    contents = bucket.contents()
    assert len(contents) == 100
    assert sorted(contents.values()) == sorted(b"%d %d" % (i, n) for i in range(2) for n in range(50))
