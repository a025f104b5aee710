# SPDX-License-Identifier: MIT
"""
The life of a stored file as users of django-storages know it, line by line,
on a real S3 server: over HTTP and HTTPS, path and virtual-host style. boto3
is the witness of what the bucket holds.
"""

import os
import re

import pytest
from files import MIB, opened, some_bytes
from proc import shell


@pytest.fixture(params=["true", "false"], ids=["overwrite", "keep"])
def overwrite(request):
    return request.param == "true"


@pytest.fixture
def place(rgw_bucket, new_mount, overwrite):
    return new_mount(rgw_bucket, file_overwrite="true" if overwrite else "false")


def test_the_acceptance_script_passes_line_by_line(place, rgw_bucket, new_mount, overwrite):
    bucket, folder = rgw_bucket, place.path

    # exists('storage_test') is False
    shell("test ! -e storage_test", cwd=folder)

    # open for writing, write, close
    shell("printf 'storage contents' > storage_test", cwd=folder)
    assert bucket.read("storage_test") == b"storage contents"
    assert bucket.head("storage_test")["ContentType"] == "application/octet-stream"
    grants = bucket.s3.get_object_acl(Bucket=bucket.name, Key="storage_test")["Grants"]
    assert all("URI" not in grant["Grantee"] for grant in grants), "nobody else may read it"

    # exists is True, and it reads back
    shell("test -e storage_test && test $(stat -c %s storage_test) = 16", cwd=folder)
    assert shell("cat storage_test", cwd=folder).stdout == "storage contents"

    # delete; exists is False
    shell("rm storage_test; test ! -e storage_test", cwd=folder)
    place.sync()
    assert bucket.head("storage_test") is None

    # a file field with upload_to='tests' saves
    assert shell("mkdir -p tests; printf content > tests/django_test.txt; stat -c %s tests/django_test.txt", cwd=folder).stdout == "7\n"
    assert bucket.read("tests/django_test.txt") == b"content"
    assert bucket.head("tests/django_test.txt")["ContentType"] == "text/plain"

    # read(3), then read(), of one open file
    assert shell("{ dd bs=3 count=1 status=none; echo; cat; } < tests/django_test.txt", cwd=folder).stdout == "con\ntent"

    # chunks(2)
    with opened(folder / "tests" / "django_test.txt") as fd:
        assert [os.read(fd, 2) for _ in range(5)] == [b"co", b"nt", b"en", b"t", b""]

    # a second save of the same name
    shell("printf 'more content' > tests/django_test.txt", cwd=folder)
    names = [key for key in bucket.keys("tests/") if not key.endswith("/")]
    if overwrite:
        assert names == ["tests/django_test.txt"]
        assert bucket.read("tests/django_test.txt") == b"more content"
        assert bucket.head("tests/django_test.txt")["ContentLength"] == 12
    else:
        (other,) = [name for name in names if name != "tests/django_test.txt"]
        assert re.fullmatch(r"tests/django_test_[A-Za-z0-9]{7}\.txt", other)
        assert bucket.read("tests/django_test.txt") == b"content"
        assert bucket.read(other) == b"more content"
        assert bucket.head(other)["ContentType"] == "text/plain"

    # pickled and back: the same settings show the same files
    place.unmount()
    again = new_mount(bucket, file_overwrite="true" if overwrite else "false")
    assert sorted(os.listdir(again.path / "tests")) == [name.removeprefix("tests/") for name in names]
    for name in names:
        assert (again.path / name).read_bytes() == bucket.read(name)

    # delete both; deleting again is no error for rm -f
    shell("rm -f tests/*; rm -f tests/django_test.txt", cwd=again.path)
    again.sync()
    assert [key for key in bucket.keys() if not key.endswith("/")] == []


def test_large_files_parts_edits_and_folders_work_on_a_real_server(place, rgw_bucket, overwrite):
    bucket, folder = rgw_bucket, place.path
    data = some_bytes(21 * MIB)
    (folder / "big").write_bytes(data)
    assert bucket.read("big") == data
    assert (folder / "big").read_bytes() == data
    (folder / "d").mkdir()
    os.rename(folder / "big", folder / "d" / "moved")
    assert (folder / "d" / "moved").stat().st_size == len(data)
    os.rename(folder / "d", folder / "e")
    place.sync()
    assert bucket.keys("d/") == [] and bucket.head("big") is None
    assert bucket.read("e/moved") == data
    if overwrite:
        edited = bytearray(data)
        with opened(folder / "e" / "moved", os.O_RDWR) as fd:
            os.pwrite(fd, b"changed", 10 * MIB)
            edited[10 * MIB : 10 * MIB + 7] = b"changed"
        assert bucket.read("e/moved") == edited
        with opened(folder / "e" / "moved", os.O_WRONLY | os.O_APPEND) as fd:
            os.write(fd, b"tail")
        assert bucket.read("e/moved") == edited + b"tail"
    assert bucket.uploads() == []


def test_names_of_all_kinds_work_on_a_real_server(place, rgw_bucket):
    bucket, folder = rgw_bucket, place.path
    names = ["a b", "plus+", "100%", "q?", "h#", "a&b;c", "new\nline", "tab\t", "'\"", "back\\slash", "\u00e4\u65e5", "~", "n" * 255]
    for name in names:
        (folder / name).write_bytes(name.encode())
    assert sorted(os.listdir(folder)) == sorted(names)
    assert bucket.contents() == {name: name.encode() for name in names}
    for name in names:
        os.rename(folder / name, folder / "x")
        os.rename(folder / "x", folder / name)
    place.sync()
    assert bucket.contents() == {name: name.encode() for name in names}
    for name in names:
        os.unlink(folder / name)
    place.sync()
    assert bucket.keys() == []
