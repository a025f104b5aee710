# SPDX-License-Identifier: MIT
"""What servers cannot do, and the ways round: OpenStack Swift, and the test server in their manner."""

import json
import os

import pytest
from bucket import Bucket
from files import MIB, fails_with, some_bytes
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


@pytest.fixture
def with_rights(rgw, after_mounts):
    """A bucket seen with another user's keys: with_rights(prefixes to list), and all rights to objects below media/."""
    owner = rgw.bucket("http-path")
    after_mounts.callback(owner.remove)
    arn = f"arn:aws:s3:::{owner.name}"

    def allow(action, resource, **more):
        return dict(Effect="Allow", Principal={"AWS": "arn:aws:iam:::user/other"}, Action=action, Resource=resource, **more)

    def grant(*prefixes):
        rules = [allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{arn}/media/*")]
        # Ceph 16 asks for this right to the bucket before it looks at the keys of a DeleteObjects.
        rules += [allow("s3:DeleteObject", arn)]
        rules += [allow("s3:ListBucket", arn, Condition={"StringLike": {"s3:prefix": list(prefixes)}})]
        owner.s3.put_bucket_policy(Bucket=owner.name, Policy=json.dumps(dict(Version="2012-10-17", Statement=rules)))
        keys = rgw.env["RGW_OTHER_ACCESS_KEY"], rgw.env["RGW_OTHER_SECRET_KEY"]
        return owner, Bucket(owner.endpoint_url, *keys, name=owner.name)

    return grant


def test_rights_for_one_prefix_are_enough(with_rights, new_mount):
    owner, bucket = with_rights("media/*")
    folder = new_mount(bucket, location="media").path
    (folder / "d").mkdir()
    (folder / "d" / "f").write_bytes(b"1")
    with pytest.raises(FileNotFoundError):
        os.stat(folder / "none")
    os.rename(folder / "d", folder / "e")
    os.rename(folder / "e" / "f", folder / "g")
    os.close(os.open(folder / "x", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    with pytest.raises(FileExistsError):
        os.open(folder / "x", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    os.close(os.open(folder, os.O_RDONLY))
    (folder / "e").rmdir()
    assert sorted(os.listdir(folder)) == ["g", "x"]
    told = Tool(bucket).json("check", options=["-o", "location=media"])
    assert told["missing_names"] is False and "s3:ListBucket on the whole bucket" in told["missing_names_reason"]
    assert told["write"] is True and told["delete"] is True


def test_check_tells_that_nothing_can_be_made_without_a_list(with_rights, new_mount):
    _, bucket = with_rights("media/")
    told = Tool(bucket).json("check", options=["-o", "location=media", "--read-only"])
    assert told["answer"] == "ok"
    assert told["missing_names"] is False and 's3:prefix "media/*"' in told["missing_names_reason"]
    mount = new_mount(bucket, location="media")
    with fails_with("EACCES"):
        os.stat(mount.path / "none")


def test_a_key_that_is_refused_and_listed_is_there(mount, bucket, server):
    bucket.put("f", b"theirs")
    bucket.put("f2", b"theirs")
    server.fault("HeadObject", status=403, count=0)
    with fails_with("EACCES"):
        os.stat(mount.path / "f")
    with fails_with("ENOENT"):
        os.stat(mount.path / "fn")


@pytest.fixture
def archived(bucket, server, new_mount):
    for name in "abc":
        bucket.put(name, b"theirs", StorageClass="GLACIER")
    bucket.put("readable", b"theirs", StorageClass="GLACIER_IR")
    mount = new_mount(bucket)
    rules = [dict(op="GetObject", key=name, status=403, code="InvalidObjectState", count=0) for name in "abc"]
    server.faults(*rules, *(dict(rule, op="CopyObject") for rule in rules))
    return mount


@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "asked"])
def test_an_archived_object_is_refused_when_it_is_opened(archived, server, is_listed):
    if is_listed:
        os.listdir(archived.path)
    for flags in os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND:
        with fails_with("EACCES"):
            os.close(os.open(archived.path / "a", flags))
    assert "GetObject" not in server.requests()
    assert "archived (GLACIER): restore it first" in archived.log()
    assert (archived.path / "readable").read_bytes() == b"theirs"


def test_an_archived_object_is_replaced_and_removed(archived, bucket, server):
    folder = archived.path
    (folder / "a").write_bytes(b"ours")
    (folder / "b").unlink()
    os.truncate(folder / "c", 0)
    archived.sync()
    server.faults()
    assert bucket.contents() == {"a": b"ours", "c": b"", "readable": b"theirs"}


def test_an_archived_object_that_nothing_told_of_is_refused_when_it_is_read(mount, bucket, server):
    bucket.put("f", b"theirs")
    server.fault("GetObject", status=403, code="InvalidObjectState", count=0)
    with fails_with("EACCES"):
        (mount.path / "f").read_bytes()
    assert "it is archived: restore it first" in mount.log()


def test_lists_out_of_order_are_sorted_or_refused_in_words(server, bucket, new_mount):
    """S3 Express's directory buckets, fauxqs."""
    names = [f"f{i:04}" for i in range(1001)]
    bucket.put_many([f"d/{name}" for name in names[:3]] + [f"e/{name}" for name in names])
    bucket.put("d/sub/x")
    server.fault("ListObjectsV2", xml="unordered", count=0)
    mount = new_mount(bucket, timeout="2")
    mount.expect_errors("not in byte order")
    assert sorted(os.listdir(mount.path)) == ["d", "e"]
    assert sorted(os.listdir(mount.path / "d")) == names[:3] + ["sub"]
    for name in names[:3]:
        assert (mount.path / "d" / name).stat().st_size == 0
    with pytest.raises(FileNotFoundError):
        os.stat(mount.path / "d" / "f0000a")
    with fails_with("EIO"):
        os.listdir(mount.path / "e")
    assert mount.log().count("the server's lists are not in byte order; a folder") == 1


def test_a_flipped_byte_is_seen_by_the_md5_of_a_plain_object_and_fetched_again(server, mount, bucket):
    """Nothing else vouches for what other programs stored."""
    data = some_bytes(300000)
    bucket.put("f", data)
    server.reset()
    server.fault("GetObject", flip_byte=1234, count=1)
    assert (mount.path / "f").read_bytes() == data
    assert server.fired() == [1]
