# SPDX-License-Identifier: MIT
"""What POSIX promises of files, seen through the kernel, and what the bucket then holds."""

import fcntl
import mmap
import os
import stat

import pytest
from files import MIB, by_nobody, fails_with, opened, read_at, some_bytes, write_all


def test_a_file_written_then_read_back_is_the_same(folder, bucket):
    (folder / "a").write_bytes(b"hello")
    assert (folder / "a").read_bytes() == b"hello"
    assert bucket.read("a") == b"hello"


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 128 * 1024, MIB + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 40 * MIB + 7])
def test_a_file_of_any_size_is_in_the_bucket_when_close_returns(folder, bucket, size):
    data = some_bytes(size, size)
    (folder / "f").write_bytes(data)
    assert bucket.read("f") == data
    assert (folder / "f").stat().st_size == size
    assert (folder / "f").read_bytes() == data
    assert bucket.uploads() == []


def test_a_remount_shows_what_was_written(bucket, new_mount):
    data = some_bytes(3 * MIB)
    first = new_mount(bucket)
    (first.path / "d").mkdir()
    (first.path / "d" / "f").write_bytes(data)
    first.unmount()
    second = new_mount(bucket)
    assert sorted(os.listdir(second.path)) == ["d"]
    assert (second.path / "d" / "f").read_bytes() == data


def test_creat_and_close_without_a_write_makes_an_empty_object(folder, bucket):
    with opened(folder / "empty", os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
        pass
    assert bucket.head("empty")["ContentLength"] == 0


def test_an_exclusive_create_opened_for_reading_only_makes_an_empty_object(folder, bucket):
    with opened(folder / "empty", os.O_RDONLY | os.O_CREAT | os.O_EXCL):
        pass
    assert bucket.head("empty")["ContentLength"] == 0


def test_o_trunc_without_a_write_empties_the_object(folder, bucket):
    bucket.put("f", b"old content")
    with opened(folder / "f", os.O_WRONLY | os.O_TRUNC) as fd:
        assert os.fstat(fd).st_size == 0
    assert bucket.read("f") == b""
    assert (folder / "f").stat().st_size == 0


def test_o_trunc_leaves_the_old_object_until_close(folder, bucket):
    bucket.put("f", b"old content")
    with opened(folder / "f", os.O_WRONLY | os.O_TRUNC) as fd:
        os.write(fd, b"new")
        assert bucket.read("f") == b"old content"
    assert bucket.read("f") == b"new"


def test_o_trunc_of_a_large_file_leaves_the_old_object_until_close(folder, bucket):
    bucket.put("f", b"old content")
    data = some_bytes(20 * MIB)
    with opened(folder / "f", os.O_WRONLY | os.O_TRUNC) as fd:
        write_all(fd, data)
        assert bucket.read("f") == b"old content"
    assert bucket.read("f") == data


def test_o_excl_on_an_existing_file_fails(folder, bucket):
    bucket.put("f", b"theirs")
    with fails_with("EEXIST"):
        os.open(folder / "f", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert bucket.read("f") == b"theirs"


def test_of_two_exclusive_creates_the_second_fails_before_the_first_is_closed(folder):
    with opened(folder / "f", os.O_WRONLY | os.O_CREAT | os.O_EXCL):
        with fails_with("EEXIST"):
            os.open(folder / "f", os.O_WRONLY | os.O_CREAT | os.O_EXCL)


def test_a_created_file_still_open_is_listed_and_has_its_size(folder):
    with opened(folder / "f", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"12345")
        assert os.listdir(folder) == ["f"]
        assert (folder / "f").stat().st_size == 5
        assert os.fstat(fd).st_size == 5


def test_what_one_descriptor_wrote_another_reads_at_once(folder):
    with opened(folder / "f", os.O_RDWR | os.O_CREAT) as writer, opened(folder / "f") as reader:
        os.write(writer, b"abc")
        assert os.pread(reader, 10, 0) == b"abc"
        os.pwrite(writer, b"X", 1)
        assert os.pread(reader, 10, 0) == b"aXc"


def test_fsync_publishes_while_the_file_stays_open(folder, bucket):
    with opened(folder / "f", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"one")
        os.fsync(fd)
        assert bucket.read("f") == b"one"
        os.write(fd, b"two")
    assert bucket.read("f") == b"onetwo"


def test_fsync_of_a_large_file_publishes_and_writing_goes_on(folder, bucket):
    data = some_bytes(12 * MIB)
    with opened(folder / "f", os.O_WRONLY | os.O_CREAT) as fd:
        write_all(fd, data)
        os.fsync(fd)
        assert bucket.read("f") == data
        write_all(fd, b"tail")
    assert bucket.read("f") == data + b"tail"


def test_the_close_of_a_duplicate_publishes_and_the_last_close_again(folder, bucket):
    fd = os.open(folder / "f", os.O_WRONLY | os.O_CREAT)
    copy = os.dup(fd)
    os.write(fd, b"one")
    os.close(copy)
    assert bucket.read("f") == b"one"
    os.write(fd, b"two")
    os.close(fd)
    assert bucket.read("f") == b"onetwo"


def test_an_append_goes_to_the_end(folder, bucket):
    bucket.put("f", b"one")
    with opened(folder / "f", os.O_WRONLY | os.O_APPEND) as fd:
        os.write(fd, b"two")
    assert bucket.read("f") == b"onetwo"


def test_appends_from_two_descriptors_lose_nothing(folder, bucket):
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    with opened(folder / "f", flags) as one, opened(folder / "f", flags) as two:
        for number in range(20):
            os.write(one, b"1-%02d\n" % number)
            os.write(two, b"2-%02d\n" % number)
    lines = bucket.read("f").splitlines()
    assert sorted(lines) == sorted([b"1-%02d" % n for n in range(20)] + [b"2-%02d" % n for n in range(20)])


def test_an_append_to_a_large_object_keeps_what_was_there(folder, bucket):
    data = some_bytes(20 * MIB)
    bucket.put("f", data)
    with opened(folder / "f", os.O_WRONLY | os.O_APPEND) as fd:
        os.write(fd, b"tail")
    assert bucket.read("f") == data + b"tail"
    assert (folder / "f").stat().st_size == len(data) + 4


@pytest.mark.parametrize("size", [100, MIB, 20 * MIB])
@pytest.mark.parametrize("where", ["start", "middle", "end", "over the end"])
def test_a_write_in_place_changes_only_those_bytes(folder, bucket, size, where):
    data = bytearray(some_bytes(size))
    bucket.put("f", bytes(data))
    offset = {"start": 0, "middle": size // 2, "end": size - 10, "over the end": size - 5}[where]
    with opened(folder / "f", os.O_WRONLY) as fd:
        assert os.pwrite(fd, b"0123456789", offset) == 10
    data[offset : offset + 10] = b"0123456789"
    assert bucket.read("f") == data
    assert (folder / "f").read_bytes() == data


def test_several_small_writes_into_a_large_object_all_arrive(folder, bucket):
    data = bytearray(some_bytes(33 * MIB))
    bucket.put("f", bytes(data))
    with opened(folder / "f", os.O_RDWR) as fd:
        for offset in (32 * MIB, 5, 16 * MIB - 3, 8 * MIB, 24 * MIB + 1):
            os.pwrite(fd, b"changed", offset)
            data[offset : offset + 7] = b"changed"
            assert os.pread(fd, 20, offset - 5) == data[offset - 5 : offset + 15]
    assert bucket.read("f") == data


def test_ftruncate_down_cuts_and_up_fills_with_zeros(folder, bucket):
    bucket.put("f", b"0123456789")
    with opened(folder / "f", os.O_RDWR) as fd:
        os.ftruncate(fd, 4)
        assert os.fstat(fd).st_size == 4
        os.ftruncate(fd, 8)
        assert os.pread(fd, 20, 0) == b"0123\0\0\0\0"
    assert bucket.read("f") == b"0123\0\0\0\0"


def test_truncate_by_path_is_in_the_bucket_when_it_returns(folder, bucket):
    data = some_bytes(12 * MIB)
    bucket.put("f", data)
    os.truncate(folder / "f", 9 * MIB + 5)
    assert bucket.read("f") == data[: 9 * MIB + 5]
    os.truncate(folder / "f", 10 * MIB)
    assert bucket.read("f") == data[: 9 * MIB + 5] + bytes(MIB - 5)
    os.truncate(folder / "f", 0)
    assert bucket.read("f") == b""


def test_a_write_behind_the_end_leaves_zeros_between(folder, bucket):
    with opened(folder / "f", os.O_WRONLY | os.O_CREAT) as fd:
        os.pwrite(fd, b"start", 0)
        os.pwrite(fd, b"end", 100_000)
    assert bucket.read("f") == b"start" + bytes(100_000 - 5) + b"end"


def test_blocks_written_backwards_make_the_file_they_should(folder, bucket):
    data = some_bytes(20 * MIB)
    with opened(folder / "f", os.O_WRONLY | os.O_CREAT) as fd:
        for offset in reversed(range(0, len(data), MIB)):
            os.pwrite(fd, data[offset : offset + MIB], offset)
    assert bucket.read("f") == data


def test_a_rewrite_of_what_was_already_sent_wins(folder, bucket):
    data = bytearray(some_bytes(40 * MIB))
    with opened(folder / "f", os.O_RDWR | os.O_CREAT) as fd:
        write_all(fd, data)
        os.pwrite(fd, b"header", 0)
        os.pwrite(fd, b"middle", 20 * MIB)
        data[:6] = b"header"
        data[20 * MIB : 20 * MIB + 6] = b"middle"
        assert os.pread(fd, 6, 0) == b"header"
    assert bucket.read("f") == data


def test_reads_at_any_place_give_those_bytes(folder, bucket):
    data = some_bytes(20 * MIB)
    bucket.put("f", data)
    with opened(folder / "f") as fd:
        for offset, size in [(19 * MIB, 100), (0, 1), (7, 5000), (8 * MIB - 1, 2), (20 * MIB - 1, 10), (3 * MIB, MIB)]:
            assert os.pread(fd, size, offset) == data[offset : offset + size]
        assert os.pread(fd, 10, 20 * MIB) == b""
        assert os.pread(fd, 10, 30 * MIB) == b""


def test_two_readers_of_one_descriptor_each_get_their_part(folder, bucket):
    data = some_bytes(24 * MIB)
    bucket.put("f", data)
    half = len(data) // 2
    with opened(folder / "f") as fd:
        for offset in range(0, half, MIB):
            assert os.pread(fd, MIB, offset) == data[offset : offset + MIB]
            assert os.pread(fd, MIB, half + offset) == data[half + offset : half + offset + MIB]


def test_a_mapped_file_reads_as_it_is(folder, bucket):
    data = some_bytes(3 * MIB + 11)
    bucket.put("f", data)
    with opened(folder / "f") as fd, mmap.mmap(fd, 0, prot=mmap.PROT_READ) as view:
        assert view[-20:] == data[-20:]
        assert view[:] == data


def test_an_unlinked_file_can_still_be_read(folder, bucket):
    data = some_bytes(12 * MIB)
    bucket.put("f", data)
    with opened(folder / "f") as fd:
        os.unlink(folder / "f")
        assert not (folder / "f").exists()
        assert os.pread(fd, len(data), 0) == data


def test_an_unlinked_file_that_was_never_published_never_appears(folder, bucket):
    with opened(folder / "f", os.O_RDWR | os.O_CREAT) as fd:
        os.write(fd, b"temporary")
        os.unlink(folder / "f")
        os.write(fd, b" data")
        assert os.pread(fd, 100, 0) == b"temporary data"
        assert os.listdir(folder) == []
    assert bucket.keys() == []


def test_unlink_removes_the_object_once_the_folder_is_synced(mount, bucket):
    bucket.put("f", b"x")
    os.unlink(mount.path / "f")
    assert not (mount.path / "f").exists()
    mount.sync()
    assert bucket.keys() == []


def test_unlink_then_create_of_the_same_name_keeps_the_new_one(mount, bucket):
    bucket.put("f", b"old")
    for number in range(5):
        os.unlink(mount.path / "f")
        (mount.path / "f").write_bytes(b"new %d" % number)
        assert bucket.read("f") == b"new %d" % number
    mount.sync()
    assert bucket.read("f") == b"new 4"


def test_unlink_of_a_missing_file_fails(folder):
    with fails_with("ENOENT"):
        os.unlink(folder / "no such file")


def test_rename_moves_the_content(mount, bucket):
    data = some_bytes(MIB)
    bucket.put("a", data, ContentType="image/png", Metadata={"color": "red"})
    os.rename(mount.path / "a", mount.path / "b")
    assert (mount.path / "b").read_bytes() == data
    assert not (mount.path / "a").exists()
    mount.sync()
    assert bucket.contents() == {"b": data}
    assert bucket.head("b")["Metadata"] == {"color": "red"}


def test_rename_over_a_file_replaces_it(mount, bucket):
    bucket.put("a", b"new")
    bucket.put("b", b"old")
    os.rename(mount.path / "a", mount.path / "b")
    mount.sync()
    assert bucket.contents() == {"b": b"new"}
    assert (mount.path / "b").read_bytes() == b"new"


def test_rename_of_an_open_file_that_is_not_published_publishes_under_the_new_name(folder, bucket):
    with opened(folder / "tmp", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"one")
        os.rename(folder / "tmp", folder / "final")
        os.write(fd, b"two")
        assert (folder / "final").stat().st_size == 6
    assert bucket.contents() == {"final": b"onetwo"}


def test_rename_of_an_open_file_lets_its_descriptor_read_on(mount, bucket):
    data = some_bytes(12 * MIB)
    bucket.put("a", data)
    with opened(mount.path / "a") as fd:
        assert os.pread(fd, 10, 0) == data[:10]
        os.rename(mount.path / "a", mount.path / "b")
        mount.sync()
        assert os.pread(fd, MIB, 11 * MIB) == data[11 * MIB :]


def test_a_file_that_was_replaced_by_rename_can_still_be_read(mount, bucket):
    data = some_bytes(12 * MIB)
    bucket.put("old", data)
    bucket.put("new", b"new")
    with opened(mount.path / "old") as fd:
        os.rename(mount.path / "new", mount.path / "old")
        assert os.pread(fd, len(data), 0) == data
        assert (mount.path / "old").read_bytes() == b"new"


def test_rename_of_a_missing_file_fails(folder):
    with fails_with("ENOENT"):
        os.rename(folder / "none", folder / "b")


def test_rename_of_a_file_onto_a_folder_fails_and_a_folder_onto_a_file(folder):
    (folder / "f").write_bytes(b"x")
    (folder / "d").mkdir()
    with fails_with("EISDIR"):
        os.rename(folder / "f", folder / "d")
    with fails_with("ENOTDIR"):
        os.rename(folder / "d", folder / "f")


def test_a_file_saved_the_way_editors_do_is_the_new_one(mount, bucket):
    bucket.put("page.css", b"old")
    (mount.path / "page.css.tmp12").write_bytes(b"new")
    os.rename(mount.path / "page.css.tmp12", mount.path / "page.css")
    mount.sync()
    assert bucket.contents() == {"page.css": b"new"}
    assert bucket.head("page.css")["ContentType"] == "text/css"


def test_the_content_type_follows_the_name(folder, bucket):
    for name, kind in [("a.txt", "text/plain"), ("X.JPG", "image/jpeg"), ("p.html", "text/html"), ("noext", "application/octet-stream")]:
        (folder / name).write_bytes(b"x")
        assert bucket.head(name)["ContentType"] == kind, name


def test_chmod_chown_and_utimens_are_accepted_and_kept_while_mounted(folder):
    (folder / "f").write_bytes(b"x")
    os.chmod(folder / "f", 0o600)
    os.utime(folder / "f", ns=(1_500_000_000_123_456_789, 1_600_000_000_987_654_321))
    os.chown(folder / "f", os.getuid(), os.getgid())
    status = (folder / "f").stat()
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_mtime_ns // 10**9 == 1_600_000_000


def test_a_new_file_gets_a_time_close_to_now(folder):
    import time

    (folder / "f").write_bytes(b"x")
    assert abs((folder / "f").stat().st_mtime - time.time()) < 5


def test_the_time_of_an_object_is_that_of_the_server_in_whole_seconds(folder, bucket):
    bucket.put("f", b"x")
    assert (folder / "f").stat().st_mtime == bucket.head("f")["LastModified"].timestamp()
    (entry,) = os.scandir(folder)
    assert entry.stat().st_mtime == bucket.head("f")["LastModified"].timestamp()


def test_flock_and_posix_locks_work_between_descriptors(folder):
    (folder / "f").write_bytes(b"x")
    with opened(folder / "f", os.O_RDWR) as one, opened(folder / "f", os.O_RDWR) as two:
        fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with fails_with("EAGAIN"):
            fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(one, fcntl.LOCK_UN)
        fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(one, fcntl.LOCK_EX | fcntl.LOCK_NB, 1)


def test_statfs_shows_much_room(folder):
    figures = os.statvfs(folder)
    assert figures.f_bavail * figures.f_frsize >= 1 << 40
    assert figures.f_namemax == 255


def test_links_and_devices_are_refused_plainly(folder):
    (folder / "f").write_bytes(b"x")
    with fails_with("EPERM", "ENOTSUP", "ENOSYS"):
        os.link(folder / "f", folder / "g")
    with fails_with("EPERM", "ENOTSUP", "ENOSYS"):
        os.mkfifo(folder / "pipe")


def test_writing_through_a_descriptor_for_reading_fails(folder):
    (folder / "f").write_bytes(b"x")
    with opened(folder / "f") as fd, fails_with("EBADF"):
        os.write(fd, b"y")


def test_a_path_through_a_file_is_not_a_directory(folder):
    (folder / "f").write_bytes(b"x")
    with fails_with("ENOTDIR"):
        (folder / "f" / "below").stat()


def test_lseek_finds_the_end(folder):
    (folder / "f").write_bytes(b"12345")
    with opened(folder / "f") as fd:
        assert os.lseek(fd, 0, os.SEEK_END) == 5
        assert os.lseek(fd, -2, os.SEEK_END) == 3
        assert os.read(fd, 10) == b"45"


def test_fallocate_makes_a_file_longer(folder, bucket):
    with opened(folder / "f", os.O_RDWR | os.O_CREAT) as fd:
        os.write(fd, b"abc")
        os.posix_fallocate(fd, 0, 10)
    assert bucket.read("f") == b"abc" + bytes(7)


@pytest.mark.time_limit(120)
def test_a_sparse_file_of_one_gib_is_written_in_seconds_and_reads_as_zeros(folder, bucket):
    size = 1 << 30
    with opened(folder / "sparse", os.O_RDWR | os.O_CREAT) as fd:
        os.pwrite(fd, b"first", 0)
        os.pwrite(fd, b"last", size - 4)
        assert os.fstat(fd).st_size == size
        assert os.pread(fd, 10, 512 * MIB) == bytes(10)
    assert bucket.head("sparse")["ContentLength"] == size
    assert read_at(folder / "sparse", 0, 6) == b"first\0"
    assert read_at(folder / "sparse", size - 5, 10) == b"\0last"
    assert read_at(folder / "sparse", 700 * MIB, MIB) == bytes(MIB)


def test_thirty_two_open_files_at_once_each_get_their_content(folder, bucket):
    fds = [os.open(folder / f"f{n}", os.O_RDWR | os.O_CREAT) for n in range(32)]
    for turn in range(4):
        for n, fd in enumerate(fds):
            os.write(fd, b"%02d-%d;" % (n, turn))
    for fd in fds:
        os.close(fd)
    for n in range(32):
        assert bucket.read(f"f{n}") == b"".join(b"%02d-%d;" % (n, turn) for turn in range(4))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_set_id_bits_end_when_another_user_changes_a_file(bucket, new_mount):
    folder = new_mount(bucket, allow_other=True).path
    name = folder / "f"

    def mode_after(change):
        name.write_bytes(b"bytes")
        name.chmod(0o6777)
        change()
        return stat.S_IMODE(name.stat().st_mode)

    assert mode_after(lambda: name.write_bytes(b"of root")) == 0o6777
    for change in ["echo more >>f", ": >f", ": >>f; truncate -s 1 f"]:
        assert mode_after(lambda: by_nobody(folder, change).check_returncode()) == 0o777, change
    assert mode_after(lambda: os.chown(name, 65534, 65534)) == 0o777
