# SPDX-License-Identifier: MIT
"""
Where the bytes of a file that is written are kept: AWS_S3_MAX_MEMORY_SIZE in
memory, the rest in an unlinked file in FILE_UPLOAD_TEMP_DIR; and what stays of
a write that failed.
"""

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
    proc.wait_until(lambda: bucket.uploads() == [], 5, "the upload's end")
    proc.wait_until(lambda: spool_files(mount, folder) == {}, 5, "the spool file's end")


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
    assert spool_files(mount, spool) == {}


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


def write_until_it_fails(path, size):
    """ENOSPC comes from write(2) or close(2); returns how much was taken."""
    written = 0
    with fails_with("ENOSPC"):
        with opened(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
            for _ in range(size // MIB):
                write_all(fd, some_bytes(MIB))
                written += 1
    return written


def test_a_full_disk_is_told_to_the_writer_and_harms_no_other(new_mount, bucket, small_disk):
    folder = small_disk(4 * MIB)
    bucket.put("f", b"old")
    mount = new_mount(bucket, max_memory_size=str(MIB), temp_dir=str(folder))
    mount.expect_errors("no room", "f: ")
    assert write_until_it_fails(mount.path / "f", 16 * MIB) >= 1
    assert bucket.contents() == {"f": b"old"}
    assert_nothing_is_left(bucket, mount, folder)
    assert (mount.path / "f").read_bytes() == b"old"
    # The room is given back with the file.
    proc.wait_until(lambda: os.statvfs(folder).f_bfree * os.statvfs(folder).f_bsize >= 4 * MIB - 65536, 5, "room")
    (mount.path / "g").write_bytes(some_bytes(3 * MIB))
    (mount.path / "f").write_bytes(b"new")
    assert bucket.contents() == {"f": b"new", "g": some_bytes(3 * MIB)}


def test_a_full_disk_and_a_full_budget_end_no_file_that_a_part_can_make_room_for(new_mount, bucket, small_disk):
    """What was sent needs room to be sent again: without any the writer is told, and nothing hangs."""
    folder = small_disk(MIB)
    mount = new_mount(bucket, memory_budget="32M", temp_dir=str(folder))
    mount.expect_errors("no room", "f: ")
    assert write_until_it_fails(mount.path / "f", 128 * MIB) >= 16
    assert bucket.keys() == []
    assert_nothing_is_left(bucket, mount, folder)
    (mount.path / "g").write_bytes(some_bytes(9 * MIB))
    assert bucket.read("g") == some_bytes(9 * MIB)


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
    proc.wait_until(lambda: (mount.path / "f").exists() and (mount.path / "f").stat().st_size > 20 * MIB, 30, "20 MiB")
    dd.send_signal(signal.SIGKILL)
    dd.wait(30)
    size = (mount.path / "f").stat().st_size
    assert size > 20 * MIB
    proc.wait_until(lambda: (bucket.head("f") or {}).get("ContentLength") == size, 30, "the file")
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
    mount = new_mount(bucket, max_memory_size=str(MIB), temp_dir=str(folder))
    if how == "close":
        server.fault("PutObject", count=0, status=403, code="AccessDenied")
    for size in (MIB, 8 * MIB)[how == "write" :]:
        with fails_with("ENOSPC", "EACCES"):
            with opened(mount.path / "f", os.O_WRONLY | os.O_TRUNC) as fd:
                write_all(fd, some_bytes(size))
        assert (mount.path / "f").read_bytes() == b"old"
