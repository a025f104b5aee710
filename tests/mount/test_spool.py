# SPDX-License-Identifier: MIT
"""
Where the bytes of a file that is written are kept: AWS_S3_MAX_MEMORY_SIZE in
memory, the rest in an unlinked file in FILE_UPLOAD_TEMP_DIR; and what stays of
a write that failed.
"""

import concurrent.futures
import os
import re
import signal
import subprocess

import proc
import pytest
from files import MIB, fails_with, opened, some_bytes, write_all

LIMIT = 100_000


@pytest.fixture
def spool(tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
def small_disk(tmp_path, after_mounts):
    """small_disk(bytes): a folder with so much room."""

    def make(size):
        folder = tmp_path / "small-disk"
        folder.mkdir()
        proc.run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
        after_mounts.callback(proc.run, "umount", folder)
        return folder

    return make


def spool_files(mount, folder):
    """Paths and sizes of the daemon's open files in the folder."""
    found = {}
    for fd in os.scandir(f"/proc/{mount.process.pid}/fd"):
        path = os.readlink(fd.path)
        if path.startswith(f"{folder}/"):
            found[path] = os.stat(fd.path).st_size
    return found


def assert_nothing_is_left(bucket, mount, folder):
    """What a failed upload left goes behind the error's back."""
    proc.wait_until(lambda: bucket.uploads() == [], what="the upload's end")
    proc.wait_until(lambda: spool_files(mount, folder) == {}, what="the spool file's end")


@pytest.mark.parametrize("piece", [1000, 100_000], ids=["many-writes", "one-write"])
@pytest.mark.parametrize("size, spools", [(LIMIT, False), (LIMIT + 1, True)], ids=["N", "N+1"])
def test_one_byte_more_than_the_limit_goes_to_the_temporary_folder(new_mount, bucket, spool, size, spools, piece):
    mount = new_mount(bucket, max_memory_size=str(LIMIT), temp_dir=str(spool))
    data = some_bytes(size)
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        for at in range(0, size, piece):
            os.write(fd, data[at : at + piece])
        files = spool_files(mount, spool)
        assert bool(files) == spools
        assert all(path.endswith(" (deleted)") for path in files)
        assert os.listdir(spool) == []
    assert bucket.read("f") == data
    # The kernel tells of a file's last close after that has returned.
    proc.wait_until(lambda: spool_files(mount, spool) == {}, what="the spool file's end")


def test_the_limit_holds_for_what_was_changed_of_a_stored_file(new_mount, bucket, spool):
    old = some_bytes(2 * MIB)
    bucket.put("f", old)
    mount = new_mount(bucket, max_memory_size=str(LIMIT), temp_dir=str(spool))
    with opened(mount.path / "f", os.O_RDWR) as fd:
        os.pwrite(fd, bytes(LIMIT), 1000)
        assert spool_files(mount, spool) == {}
        os.pwrite(fd, b"x", LIMIT + 1000)
        assert len(spool_files(mount, spool)) == 1
    assert bucket.read("f") == old[:1000] + bytes(LIMIT) + b"x" + old[LIMIT + 1001 :]


@pytest.mark.parametrize("where", ["AWS_S3_MAX_MEMORY_SIZE", "max_memory_size"])
def test_with_0_no_file_goes_to_the_temporary_folder(new_mount, bucket, spool, where):
    mount = new_mount(bucket, temp_dir=str(spool), **{where: "0"})
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        write_all(fd, some_bytes(20 * MIB))
        assert spool_files(mount, spool) == {}


def test_each_file_has_the_limit_to_itself(new_mount, bucket, spool):
    mount = new_mount(bucket, max_memory_size=str(LIMIT), FILE_UPLOAD_TEMP_DIR=str(spool))
    fds = [os.open(mount.path / f"{n}", os.O_WRONLY | os.O_CREAT) for n in range(5)]
    for fd in fds:
        os.write(fd, bytes(LIMIT))
    assert spool_files(mount, spool) == {}
    os.write(fds[3], b"x")
    assert len(spool_files(mount, spool)) == 1
    for fd in fds:
        os.close(fd)


def test_a_temporary_folder_that_is_not_there_is_named_at_the_start(new_mount, bucket, tmp_path):
    with pytest.raises(AssertionError, match=re.escape(f"{tmp_path}/none")):
        new_mount(bucket, temp_dir=f"{tmp_path}/none")


def test_a_temporary_folder_that_all_may_write_to_is_refused(new_mount, bucket, spool):
    spool.chmod(0o777)
    with pytest.raises(AssertionError, match="chmod"):
        new_mount(bucket, temp_dir=str(spool))


def write_in_pieces(path, size):
    """Returns what was written."""
    data = some_bytes(size, 7)
    with opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
        for at in range(0, size, MIB):
            write_all(fd, data[at : at + MIB])
    return data


def free_bytes(folder):
    return os.statvfs(folder).f_bfree * os.statvfs(folder).f_bsize


BUDGET = "32M"  # the least


def test_a_full_disk_and_a_full_budget_are_told_to_the_writer_and_harm_no_other(new_mount, bucket, small_disk):
    """Nothing of an edit can be sent before it is published."""
    folder = small_disk(4 * MIB)
    bucket.put("f", b"old")
    mount = new_mount(bucket, memory_budget=BUDGET, temp_dir=str(folder))
    mount.expect_errors("no room", "f: ")
    with fails_with("ENOSPC"):
        with opened(mount.path / "f", os.O_WRONLY) as fd:
            for at in range(1, 80):
                os.pwrite(fd, some_bytes(MIB), at * MIB)
    assert at >= 30
    assert bucket.contents() == {"f": b"old"}
    assert_nothing_is_left(bucket, mount, folder)
    assert (mount.path / "f").read_bytes() == b"old"
    # The room is given back with the file.
    proc.wait_until(lambda: free_bytes(folder) >= 4 * MIB - 65536, what="room")
    (mount.path / "g").write_bytes(some_bytes(3 * MIB))
    (mount.path / "f").write_bytes(b"new")
    assert bucket.contents() == {"f": b"new", "g": some_bytes(3 * MIB)}


def test_a_full_disk_is_no_reason_to_refuse_what_memory_has_room_for(new_mount, bucket, small_disk):
    mount = new_mount(bucket, max_memory_size=str(MIB), temp_dir=str(small_disk(2 * MIB)))
    data = write_in_pieces(mount.path / "f", 16 * MIB)
    assert bucket.read("f") == data


def test_a_file_larger_than_the_budget_and_the_disk_is_stored(new_mount, bucket, server, small_disk):
    """What the bucket has as a part is let go; each part is sent once."""
    mount = new_mount(bucket, memory_budget=BUDGET, temp_dir=str(small_disk(4 * MIB)))
    server.reset()
    data = write_in_pieces(mount.path / "f", 96 * MIB)
    assert bucket.read("f") == data
    assert server.requests()["UploadPart"] == 12
    assert bucket.uploads() == []


def test_writers_who_have_the_memory_between_them_wait_for_each_other(new_mount, bucket, small_disk):
    """All of them in the middle of their first part, and none of it can be sent."""
    mount = new_mount(bucket, memory_budget=BUDGET, temp_dir=str(small_disk(MIB)))
    writers = [
        subprocess.Popen(["dd", "if=/dev/zero", f"of={mount.path}/{n}", "bs=1M", "count=20", "status=none"]) for n in range(8)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 8
    assert [bucket.head(f"{n}")["ContentLength"] for n in range(8)] == [20 * MIB] * 8
    assert bucket.uploads() == []


def test_files_whose_parts_come_from_the_disk_take_turns(new_mount, bucket, server, spool):
    """Few such parts are in memory at once; who waits is told when one has landed."""
    mount = new_mount(bucket, max_memory_size=str(MIB), temp_dir=str(spool), file_overwrite="false")
    fds = [os.open(mount.path / f"{n}", os.O_WRONLY | os.O_CREAT) for n in range(4)]
    for fd in fds:
        write_all(fd, some_bytes(20 * MIB))
    server.reset()
    server.latency(put=50)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(os.close, fds))
    assert [bucket.head(f"{n}")["ContentLength"] for n in range(4)] == [20 * MIB] * 4
    assert server.requests()["UploadPart"] == 12


@pytest.fixture
def let_go(new_mount, bucket, small_disk):
    """A mount, a descriptor on a file of which most was let go, and its bytes."""
    mount = new_mount(bucket, memory_budget=BUDGET, temp_dir=str(small_disk(MIB)))
    data = bytearray(some_bytes(80 * MIB, 8))
    fd = os.open(mount.path / "f", os.O_RDWR | os.O_CREAT)
    for at in range(0, len(data), MIB):
        write_all(fd, data[at : at + MIB])
    return mount, fd, data


def test_what_was_let_go_cannot_be_read_before_the_close(let_go, bucket):
    mount, fd, data = let_go
    mount.expect_errors("in the bucket alone")
    with fails_with("EIO"):
        for at in range(8 * MIB, len(data), 8 * MIB):
            # Not through the kernel's pages, which may have it.
            os.posix_fadvise(fd, at, MIB, os.POSIX_FADV_DONTNEED)
            assert os.pread(fd, 1000, at) == data[at : at + 1000]
    # The head is kept longest, and the tail is not sent yet.
    assert os.pread(fd, 1000, 0) == data[:1000]
    os.close(fd)
    assert bucket.read("f") == data
    with opened(mount.path / "f") as again:
        assert os.pread(again, 1000, 20 * MIB) == data[20 * MIB : 20 * MIB + 1000]


def test_a_whole_part_that_was_let_go_can_be_written_again(let_go, bucket, server):
    mount, fd, data = let_go
    data[16 * MIB : 24 * MIB] = some_bytes(8 * MIB, 9)
    data[:4] = b"HEAD"
    for at in range(16 * MIB, 24 * MIB, MIB):
        os.pwrite(fd, data[at : at + MIB], at)
    os.pwrite(fd, b"HEAD", 0)
    os.close(fd)
    assert bucket.read("f") == data


def test_a_file_of_which_bytes_were_let_go_can_be_written_again_as_a_whole(let_go, bucket):
    mount, fd, data = let_go
    data = some_bytes(80 * MIB, 10)
    for at in range(0, len(data), MIB):
        os.pwrite(fd, data[at : at + MIB], at)
    os.close(fd)
    assert bucket.read("f") == data
    assert bucket.uploads() == []


@pytest.mark.parametrize("how", ["write", "cut"])
def test_a_part_that_was_let_go_and_is_changed_is_told(let_go, bucket, how):
    mount, fd, data = let_go
    mount.expect_errors("let go", "f: ")
    if how == "write":
        os.pwrite(fd, b"x", 17 * MIB)
    else:
        os.ftruncate(fd, 17 * MIB)
    with fails_with("ENOSPC"):
        os.close(fd)
    assert bucket.keys() == []
    proc.wait_until(lambda: bucket.uploads() == [], what="the upload's end")


def test_a_file_of_which_bytes_were_let_go_can_be_cut_to_nothing(let_go, bucket):
    mount, fd, data = let_go
    os.ftruncate(fd, 0)
    os.pwrite(fd, b"new", 0)
    os.close(fd)
    assert bucket.contents() == {"f": b"new"}


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_of_which_bytes_were_let_go_can_be_renamed(new_mount, bucket, small_disk, what):
    """Its upload has the old key; the bytes cannot be sent again."""
    mount = new_mount(bucket, memory_budget=BUDGET, temp_dir=str(small_disk(MIB)))
    (mount.path / "d").mkdir()
    with opened(mount.path / "d/f", os.O_WRONLY | os.O_CREAT) as fd:
        data = some_bytes(80 * MIB, 8)
        for at in range(0, len(data), MIB):
            write_all(fd, data[at : at + MIB])
        if what == "file":
            os.rename(mount.path / "d/f", mount.path / "d/g")
        else:
            os.rename(mount.path / "d", mount.path / "e")
        os.write(fd, b"more")
    name = "d/g" if what == "file" else "e/f"
    assert bucket.read(name) == data + b"more"
    assert [key for key in bucket.keys() if not key.endswith("/")] == [name]
    assert bucket.uploads() == []


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_whose_name_changes_before_bytes_are_let_go_is_stored(new_mount, bucket, small_disk, what):
    """What was sent under the old name is sent again: no other upload may be all that has it."""
    mount = new_mount(bucket, memory_budget=BUDGET, temp_dir=str(small_disk(MIB)))
    (mount.path / "d").mkdir()
    data = some_bytes(80 * MIB, 8)
    with opened(mount.path / "d/f", os.O_WRONLY | os.O_CREAT) as fd:
        write_all(fd, data[: 20 * MIB])
        if what == "file":
            os.rename(mount.path / "d/f", mount.path / "d/g")
        else:
            os.rename(mount.path / "d", mount.path / "e")
        for at in range(20 * MIB, len(data), MIB):
            write_all(fd, data[at : at + MIB])
    assert bucket.read("d/g" if what == "file" else "e/f") == data
    assert bucket.uploads() == []


def test_an_upload_that_the_server_lost_is_told_when_bytes_were_let_go(let_go, bucket, server):
    mount, fd, data = let_go
    mount.expect_errors("in the bucket alone", "f: ")
    # The question is one, too.
    proc.wait_until(lambda: server.stats()["in_flight"] == 1, what="the parts' end")
    for upload in bucket.uploads():
        bucket.s3.abort_multipart_upload(Bucket=bucket.name, Key=upload["Key"], UploadId=upload["UploadId"])
    with fails_with("EIO"):
        os.close(fd)
    assert bucket.keys() == []


def test_a_killed_daemon_leaves_nothing_in_the_temporary_folder(new_mount, bucket, spool):
    mount = new_mount(bucket, max_memory_size=str(LIMIT), temp_dir=str(spool))
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    write_all(fd, some_bytes(20 * MIB))
    assert len(spool_files(mount, spool)) == 1
    mount.kill()
    with fails_with("ENOTCONN", "ECONNABORTED"):
        os.fsync(fd)
    try:
        os.close(fd)
    except OSError:
        pass
    assert os.listdir(spool) == []
    assert bucket.keys() == []


@pytest.mark.parametrize("disturb", ["UploadPart", "CompleteMultipartUpload", "CreateMultipartUpload"])
@pytest.mark.parametrize("limit", ["0", str(MIB)], ids=["memory", "spool"])
def test_no_upload_stays_of_a_file_that_could_not_be_stored(new_mount, bucket, server, spool, disturb, limit):
    mount = new_mount(bucket, max_memory_size=limit, temp_dir=str(spool))
    mount.expect_errors()
    server.faults(dict(op=disturb, count=0, status=403, code="AccessDenied"))
    with fails_with("EACCES"):
        with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
            write_all(fd, some_bytes(40 * MIB))
    server.faults()
    assert bucket.keys() == []
    assert_nothing_is_left(bucket, mount, spool)


@pytest.mark.parametrize("limit", ["0", str(MIB)], ids=["memory", "spool"])
def test_no_upload_stays_of_a_file_that_was_removed_while_it_was_written(new_mount, bucket, spool, limit):
    mount = new_mount(bucket, max_memory_size=limit, temp_dir=str(spool))
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_CREAT)
    write_all(fd, some_bytes(40 * MIB))
    os.unlink(mount.path / "f")
    os.close(fd)
    mount.unmount()
    assert bucket.uploads() == [] and bucket.keys() == []


def test_a_killed_writer_leaves_no_upload_and_no_spool_file(new_mount, bucket, spool):
    """The kernel closes its files: what it wrote is stored, as on any filesystem."""
    mount = new_mount(bucket, max_memory_size=str(MIB), temp_dir=str(spool))
    dd = subprocess.Popen(["dd", "if=/dev/zero", f"of={mount.path}/f", "bs=1M", "status=none"])
    proc.wait_until(lambda: (mount.path / "f").exists() and (mount.path / "f").stat().st_size > 20 * MIB, what="20 MiB")
    dd.send_signal(signal.SIGKILL)
    dd.wait(30)
    size = (mount.path / "f").stat().st_size
    assert size > 20 * MIB
    proc.wait_until(lambda: (bucket.head("f") or {}).get("ContentLength") == size, what="the file")
    assert_nothing_is_left(bucket, mount, spool)


def part_sizes(server):
    """number -> bytes of each part of the only upload."""
    sizes = {}
    for entry in server.log_entries():
        if entry["op"] == "UploadPart":
            sizes[int(re.search(r"partNumber=(\d+)", entry["query"])[1])] = entry["bytes_in"]
    return sizes


@pytest.mark.parametrize("limit", ["0", str(MIB)], ids=["memory", "spool"])
@pytest.mark.parametrize(
    "size, sizes",
    [
        (0, []),
        (8 * MIB, []),
        (8 * MIB + 1, [8 * MIB, 1]),
        (16 * MIB, [8 * MIB, 8 * MIB]),
        (20 * MIB + 1, [8 * MIB, 8 * MIB, 4 * MIB + 1]),
    ],
)
def test_parts_are_numbered_from_one_and_only_the_last_is_short(new_mount, bucket, server, spool, size, sizes, limit):
    mount = new_mount(bucket, max_memory_size=limit, temp_dir=str(spool))
    data = some_bytes(size)
    server.reset()
    (mount.path / "f").write_bytes(data)
    assert part_sizes(server) == dict(enumerate(sizes, 1))
    assert bucket.read("f") == data
    if not sizes:
        assert server.requests().get("CreateMultipartUpload", 0) == 0


def peak_mib(mount):
    with open(f"/proc/{mount.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) // 1024


@pytest.mark.time_limit(300)
@pytest.mark.parametrize("limit, overwrite", [("0", "true"), (str(MIB), "false")], ids=["streamed", "held-until-close"])
def test_a_copy_of_one_gib_stays_within_the_budget(new_server, new_mount, tmp_path, spool, limit, overwrite):
    server = new_server("--root", str(tmp_path / "objects"), "--quick-etags")
    # A sanitizer would keep freed memory, to catch its use.
    keep_little = proc.sanitizer_environment()["ASAN_OPTIONS"] + ":quarantine_size_mb=1"
    mount = new_mount(
        server.bucket,
        max_memory_size=limit,
        memory_budget="64M",
        temp_dir=str(spool),
        file_overwrite=overwrite,
        environment={"ASAN_OPTIONS": keep_little},
    )
    source = tmp_path / "source"
    with open(source, "wb") as file:
        block = some_bytes(MIB)
        for number in range(1024):
            file.write(number.to_bytes(8, "big") + block[8:])
    proc.run("cp", source, mount.path / "f", time_limit=240)
    # The daemon itself takes some; a sanitizer's shadow of it does not count.
    spare = 64 if not proc.run("nm", "-D", proc.PROGRAM, ok=False).stdout.count("__asan_init") else 256
    assert peak_mib(mount) <= 64 + spare
    assert server.bucket.head("f")["ContentLength"] == 1024 * MIB
    assert server.bucket.uploads() == []
    with open(mount.path / "f", "rb") as file:
        for number in range(0, 1024, 31):
            assert os.pread(file.fileno(), 8, number * MIB) == number.to_bytes(8, "big")


@pytest.mark.parametrize("how", ["write", "close"])
def test_after_a_failed_write_the_old_file_is_read_as_it_is(new_mount, bucket, server, small_disk, how):
    """The kernel must forget the size that the failed writes made."""
    folder = small_disk(MIB)
    bucket.put("f", b"old")
    mount = new_mount(bucket, memory_budget=BUDGET, temp_dir=str(folder))
    if how == "close":
        server.fault("PutObject", count=0, status=403, code="AccessDenied")
    with fails_with("ENOSPC", "EACCES"):
        with opened(mount.path / "f", os.O_WRONLY) as fd:
            for at in range(60 if how == "write" else 1):
                os.pwrite(fd, some_bytes(MIB), at * MIB)
    assert (mount.path / "f").read_bytes() == b"old"
