# SPDX-License-Identifier: MIT
"""What servers cannot do, and the ways round: OpenStack Swift, and the test server in their manner."""

import os

import pytest
from files import MIB, some_bytes
from tool import Tool


@pytest.fixture
def on_swift(swift, new_mount, after_mounts):
    bucket = swift.bucket()
    after_mounts.callback(bucket.remove)
    return new_mount(bucket, log_level="info")


def test_swift_keeps_a_large_file_that_is_edited_and_renamed(on_swift):
    """Its multipart uploads take no checksums of parts; its copies of such objects no ETag."""
    bucket, folder = on_swift.bucket, on_swift.path
    data = bytearray(some_bytes(12 * MIB))
    (folder / "f").write_bytes(data)
    assert bucket.read("f") == data
    with open(folder / "f", "r+b") as file:
        file.seek(6 * MIB)
        file.write(b"edited")
    data[6 * MIB : 6 * MIB + 6] = b"edited"
    assert bucket.read("f") == data
    with open(folder / "f", "ab") as file:
        file.write(b"appended")
    data += b"appended"
    assert bucket.read("f") == data
    os.rename(folder / "f", folder / "g")
    on_swift.sync()
    assert bucket.contents() == {"g": data}
    log = on_swift.log()
    assert log.count("the server takes no checksums in CompleteMultipartUpload") == 1
    assert log.count("the server refuses the right ETag of a copy's source") == 1


def test_swift_keeps_small_files_and_folders(on_swift):
    bucket, folder = on_swift.bucket, on_swift.path
    (folder / "d").mkdir()
    for name in "ab":
        (folder / "d" / name).write_bytes(name.encode())
    os.rename(folder / "d", folder / "e")
    assert sorted(os.listdir(folder / "e")) == ["a", "b"]
    with open(folder / "e" / "a", "ab") as file:
        file.write(b"+")
    with pytest.raises(FileExistsError):
        open(folder / "e" / "a", "xb")
    (folder / "e" / "b").unlink()
    on_swift.sync()
    assert bucket.contents() == {"e/": b"", "e/a": b"a+"}


def test_check_tells_what_swift_cannot(swift, after_mounts):
    bucket = swift.bucket()
    after_mounts.callback(bucket.remove)
    told = Tool(bucket).json("check")
    assert told["answer"] == "ok" and told["write"] is True and told["part_copy"] is True
    assert told["part_checksums"] is False and told["source_condition"] is False


def test_a_folder_whose_marker_cannot_be_copied_is_renamed(server, bucket, new_mount):
    """SeaweedFS answers 404 to a copy of what it lists."""
    mount = new_mount(bucket, log_level="info")
    (mount.path / "d" / "sub").mkdir(parents=True)
    (mount.path / "d" / "f").write_bytes(b"f")
    server.faults(*({"op": "CopyObject", "key": key, "status": 404, "code": "NoSuchKey", "count": 0} for key in ("e/", "e/sub/")))
    os.rename(mount.path / "d", mount.path / "e")
    mount.sync()
    assert server.fired() == [1, 1]
    assert bucket.contents() == {"e/": b"", "e/f": b"f", "e/sub/": b""}
    assert mount.log().count("does not copy folders' markers") == 1
