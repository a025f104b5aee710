# SPDX-License-Identifier: MIT
"""
What surprises users of django-storages, and must not happen on the mount:
errors taken for absence, half files published, whole files fetched for ten
bytes, encodings that the server keeps.
"""

import contextlib
import os

import pytest
from files import MIB, fails_with, opened, read_at, some_bytes, write_all

# A name is absent only if the server says so.
NO_ANSWERS = pytest.mark.parametrize(
    "rule",
    [
        dict(status=403, code="AccessDenied"),
        dict(status=500, code="InternalError"),
        dict(status=503, code="SlowDown"),
        dict(status=400, code="BadRequest"),
        dict(reset=True),
    ],
    ids=["403", "500", "503", "400", "reset"],
)


@NO_ANSWERS
@pytest.mark.parametrize("overwrite", ["true", "false"], ids=["overwrite", "keep"])
@pytest.mark.parametrize("flags", [os.O_CREAT, os.O_CREAT | os.O_EXCL, os.O_CREAT | os.O_APPEND], ids=["w", "x", "a"])
def test_a_question_without_an_answer_replaces_no_object(new_mount, bucket, server, rule, overwrite, flags):
    mount = new_mount(bucket, file_overwrite=overwrite, timeout="2", attempts="2")
    mount.expect_errors()
    bucket.put("f", b"theirs")
    server.faults(dict(op="HeadObject", count=0, **rule), dict(op="ListObjectsV2", count=0, **rule))
    with fails_with("EACCES", "EIO", "EINVAL", "EREMOTEIO"):
        with opened(mount.path / "f", os.O_WRONLY | flags) as fd:
            os.write(fd, b"ours")
    server.faults()
    assert bucket.contents() == {"f": b"theirs"}


@NO_ANSWERS
def test_a_lookup_without_an_answer_is_no_missing_file(new_mount, bucket, server, rule):
    mount = new_mount(bucket, timeout="2", attempts="2")
    mount.expect_errors()
    bucket.put("f", b"theirs")
    server.faults(dict(op="HeadObject", count=0, **rule), dict(op="ListObjectsV2", count=0, **rule))
    with fails_with("EACCES", "EIO", "EINVAL", "EREMOTEIO"):
        os.stat(mount.path / "f")
    server.faults()
    assert (mount.path / "f").read_bytes() == b"theirs"


@pytest.mark.parametrize(
    "mode, existing, result",
    [
        ("w", b"old", b"new"),
        ("w", None, b"new"),
        ("w+", b"old", b"new"),
        ("a", b"old", b"oldnew"),
        ("a", None, b"new"),
        ("a+", b"old", b"oldnew"),
        ("x", None, b"new"),
        ("x", b"old", FileExistsError),
        ("r+", b"older", b"newer"),
        ("r+", None, FileNotFoundError),
    ],
)
def test_every_mode_of_open_does_what_its_name_says(folder, bucket, mode, existing, result):
    if existing is not None:
        bucket.put("f", existing)
    with pytest.raises(result) if isinstance(result, type) else contextlib.nullcontext():
        with open(folder / "f", mode + "b") as file:
            file.write(b"new")
            if "+" in mode:
                file.seek(0)
                assert file.read() == result
    assert bucket.contents() == ({"f": result} if isinstance(result, bytes) else {"f": existing} if existing else {})


@pytest.mark.parametrize("size", [100, 20 * MIB])
def test_a_file_whose_write_failed_half_way_is_not_published(mount, bucket, server, size):
    """django-storages publishes what is left when close() follows an error."""
    bucket.put("f", b"old")
    mount.expect_errors()
    operation = "UploadPart" if size > 8 * MIB else "PutObject"
    server.faults(dict(op=operation, count=0, status=403, code="AccessDenied"))
    fd = os.open(mount.path / "f", os.O_WRONLY | os.O_TRUNC)
    with fails_with("EACCES"):
        write_all(fd, some_bytes(size))
        os.fsync(fd)
    server.faults()
    for _ in range(2):
        with fails_with("EACCES"):
            os.write(fd, b"and on") and os.fsync(fd)
    with fails_with("EACCES"):
        os.close(fd)
    assert bucket.contents() == {"f": b"old"}


def test_ten_bytes_of_a_large_file_fetch_little(mount, bucket, server):
    bucket.put_large("f", some_bytes(20 * MIB))
    server.reset()
    assert read_at(mount.path / "f", 15 * MIB, 10) == some_bytes(20 * MIB)[15 * MIB :][:10]
    fetched = sum(e["bytes_out"] for e in server.log_entries() if e["op"] == "GetObject")
    assert fetched <= MIB and server.requests()["GetObject"] == 1


@pytest.mark.parametrize("size", [10, 20 * MIB])
def test_nothing_is_sent_that_a_server_could_keep_as_an_encoding(mount, bucket, server, size):
    """botocore's aws-chunked is stored as a Content-Encoding by some servers."""
    server.reset()
    (mount.path / "f.tar.gz").write_bytes(some_bytes(size))
    for entry in server.log_entries():
        headers = entry["headers"]
        assert "content-encoding" not in headers and "transfer-encoding" not in headers
        assert "STREAMING" not in headers.get("x-amz-content-sha256", "") and "x-amz-trailer" not in headers
    assert "ContentEncoding" not in bucket.head("f.tar.gz")


def test_removing_what_is_missing_fails_and_a_missing_folder_is_no_empty_one(folder):
    with fails_with("ENOENT"):
        os.unlink(folder / "f")
    with fails_with("ENOENT"):
        os.listdir(folder / "d")


def test_truncate_of_a_file_that_was_just_closed_is_stored_when_it_returns(folder, bucket):
    """The kernel tells of the last close only after close(2) has returned."""
    for number in range(100):
        (folder / f"{number}").write_bytes(b"one two")
        os.truncate(folder / f"{number}", 3)
        assert bucket.read(f"{number}") == b"one"
