# SPDX-License-Identifier: MIT
"""
Content types and other headers of files: guessed from the name, set by hand as extended attributes, and kept when a
file is edited, renamed or copied. The server is asked what is stored; requests are counted.
"""

import os
import shutil
import subprocess
import urllib.parse

import pytest
from files import MIB, fails_with, opened, some_bytes

PREFIX = "user.s3."


@pytest.fixture
def counted(server, bucket, new_mount):
    """counted(**options): a mount, and what it asks for from then on."""

    def make(**options):
        mount = new_mount(bucket, **{"attr_timeout": "60", "negative_timeout": "60", **options})
        mount.requests = lambda: (mount.sync(), server.requests())[1]
        mount.start_counting = lambda: (mount.sync(), server.reset())
        mount.start_counting()
        return mount

    return make


def type_of(bucket, key):
    return bucket.head(key)["ContentType"]


def get(path, name):
    return os.getxattr(path, PREFIX + name).decode()


def set_(path, name, value, flags=0):
    os.setxattr(path, PREFIX + name, value.encode() if isinstance(value, str) else value, flags)


def is_public(bucket, key):
    grants = bucket.s3.get_object_acl(Bucket=bucket.name, Key=key)["Grants"]
    return any(grant["Grantee"].get("URI", "").endswith("AllUsers") for grant in grants)


def listed(path):
    return {name.removeprefix(PREFIX) for name in os.listxattr(path)}


def known(path):
    """As getfattr does it: asks for the length first."""
    done = subprocess.run(["getfattr", "-d", "--absolute-names", path], capture_output=True, text=True, timeout=30, check=True)
    lines = [line for line in done.stdout.splitlines() if "=" in line]
    return {name.removeprefix(PREFIX): value.strip('"') for name, value in (line.split("=", 1) for line in lines)}


# ------------------------------------------------------------------------------------------- types


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("page.html", "text/html"),
        ("X.JPG", "image/jpeg"),
        ("a.tgz", "application/x-tar"),
        ("a.tar.gz", "application/x-tar"),
        ("style.css.gz", "text/css"),
        ("font.woff2", "font/woff2"),
        ("README", "application/octet-stream"),
        (".hidden", "application/octet-stream"),
    ],
)
def test_a_type_is_guessed_from_the_name(bucket, counted, name, wanted):
    (counted().path / name).write_bytes(b"x")
    head = bucket.head(name)
    assert head["ContentType"] == wanted
    assert "ContentEncoding" not in head


@pytest.mark.parametrize(
    "name, encoding",
    [("a.tgz", "gzip"), ("a.css.gz", "gzip"), ("a.txt.Z", "compress"), ("a.tbz2", "bzip2"), ("a.xz", "xz"), ("a.js.br", "br")],
)
def test_an_encoding_is_guessed_only_when_asked(bucket, counted, name, encoding):
    (counted(guess_encoding="true").path / name).write_bytes(b"x")
    assert bucket.head(name)["ContentEncoding"] == encoding


def test_a_given_type_leaves_the_encoding_unguessed(bucket, counted):
    mount = counted(guess_encoding="true", object_parameters='{"ContentType": "application/x-own"}')
    (mount.path / "a.css.gz").write_bytes(b"x")
    head = bucket.head("a.css.gz")
    assert head["ContentType"] == "application/x-own"
    assert "ContentEncoding" not in head


def test_a_given_encoding_wins_over_the_guess(bucket, counted):
    mount = counted(guess_encoding="true", object_parameters='{"ContentEncoding": "br"}')
    (mount.path / "a.css.gz").write_bytes(b"x")
    assert bucket.head("a.css.gz")["ContentEncoding"] == "br"


def test_of_old_the_guesses_won_over_parameters(bucket, counted):
    mount = counted(
        compat="1.7",
        default_acl="private",
        guess_encoding="true",
        object_parameters='{"ContentType": "application/x-own", "ContentEncoding": "br"}',
    )
    (mount.path / "a.css.gz").write_bytes(b"x")
    (mount.path / "noext").write_bytes(b"x")
    head = bucket.head("a.css.gz")
    assert (head["ContentType"], head["ContentEncoding"]) == ("text/css", "gzip")
    head = bucket.head("noext")
    assert (head["ContentType"], head["ContentEncoding"]) == ("application/octet-stream", "br")


def test_a_file_of_types_wins_over_the_built_in_ones(bucket, counted, tmp_path):
    types = tmp_path / "types"
    types.write_text("# mine\ntext/x-mine css own\n")
    mount = counted(mime_types=types)
    for name in ("a.css", "a.own", "a.html"):
        (mount.path / name).write_bytes(b"x")
    assert [type_of(bucket, name) for name in ("a.css", "a.own", "a.html")] == ["text/x-mine", "text/x-mine", "text/html"]


def test_a_missing_file_of_types_ends_the_start_and_is_named(bucket, new_mount):
    with pytest.raises(AssertionError, match="/none/such.types"):
        new_mount(bucket, mime_types="/none/such.types")


# ------------------------------------------------------------------------- programs that save files


def test_a_file_renamed_into_place_gets_the_type_of_its_last_name(bucket, counted):
    mount = counted()
    (mount.path / "page.css.tmp12").write_bytes(b"a {}")
    mount.start_counting()
    os.rename(mount.path / "page.css.tmp12", mount.path / "page.css")
    assert type_of(bucket, "page.css") == "text/css"
    mount.sync()
    assert bucket.keys() == ["page.css"]


def test_a_renamed_file_gets_the_guessed_encoding_of_its_last_name(bucket, counted):
    mount = counted(guess_encoding="true")
    (mount.path / "a.tgz").write_bytes(b"x")
    os.rename(mount.path / "a.tgz", mount.path / "a.tar")
    assert "ContentEncoding" not in bucket.head("a.tar")
    os.rename(mount.path / "a.tar", mount.path / "b.tar.gz")
    assert bucket.head("b.tar.gz")["ContentEncoding"] == "gzip"


def test_sed_in_place_ends_with_the_right_type(bucket, counted):
    mount = counted()
    (mount.path / "page.html").write_bytes(b"<p>old</p>")
    subprocess.run(["sed", "-i", "s/old/new/", mount.path / "page.html"], check=True, timeout=30)
    assert bucket.read("page.html") == b"<p>new</p>"
    assert type_of(bucket, "page.html") == "text/html"


def test_an_editor_that_keeps_a_backup_ends_with_the_right_types(bucket, counted):
    mount = counted()
    page = mount.path / "page.html"
    page.write_bytes(b"old")
    os.rename(page, mount.path / "page.html~")
    with opened(page, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as fd:
        os.write(fd, b"new")
        os.fsync(fd)
    os.unlink(mount.path / "page.html~")
    assert type_of(bucket, "page.html") == "text/html"


def test_rsync_ends_with_the_right_types(bucket, counted, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_bytes(b"a")
    (source / "b.JPG").write_bytes(b"b")
    mount = counted()
    subprocess.run(["rsync", "-a", f"{source}/", f"{mount.path}/"], check=True, timeout=60)
    assert [type_of(bucket, key) for key in ("a.css", "b.JPG")] == ["text/css", "image/jpeg"]


def test_a_rename_within_a_type_is_one_copy(counted):
    mount = counted()
    (mount.path / "a.css").write_bytes(b"x")
    os.listdir(mount.path)
    mount.start_counting()
    os.rename(mount.path / "a.css", mount.path / "b.css")
    assert mount.requests() == {"CopyObject": 1, "DeleteObjects": 1}


def test_a_rename_to_another_type_asks_what_there_is_first(counted):
    mount = counted()
    (mount.path / "a.css").write_bytes(b"x")
    os.listdir(mount.path)
    mount.start_counting()
    os.rename(mount.path / "a.css", mount.path / "b.html")
    assert mount.requests() == {"HeadObject": 1, "CopyObject": 1, "DeleteObjects": 1}


def test_a_type_of_another_writer_stays_over_a_rename(bucket, counted):
    bucket.put("a.css", b"x", ContentType="text/x-special")
    mount = counted()
    os.rename(mount.path / "a.css", mount.path / "b.html")
    assert type_of(bucket, "b.html") == "text/x-special"


def test_a_rule_for_the_last_name_applies_after_a_rename(bucket, counted, settings):
    mount = counted(config=settings('[*.css]\nAWS_S3_OBJECT_PARAMETERS = {"CacheControl": "max-age=7"}\n'))
    (mount.path / "a.tmp").write_bytes(b"x")
    assert "CacheControl" not in bucket.head("a.tmp")
    os.rename(mount.path / "a.tmp", mount.path / "a.css")
    assert bucket.head("a.css")["CacheControl"] == "max-age=7"
    os.rename(mount.path / "a.css", mount.path / "a.html")
    assert "CacheControl" not in bucket.head("a.html")


# ----------------------------------------------------------------------------- headers set by hand

FOREIGN = {
    "ContentType": "text/x-special",
    "CacheControl": "max-age=60",
    "ContentDisposition": "attachment",
    "ContentLanguage": "de",
    "Metadata": {"owner": "web", "note": "a b"},
}


def check_foreign(head):
    for name, value in FOREIGN.items():
        assert head[name] == value, name


def test_every_header_can_be_read(bucket, counted):
    bucket.put("f", b"x", **FOREIGN, Expires="Wed, 21 Oct 2015 07:28:00 GMT", StorageClass="STANDARD_IA", WebsiteRedirectLocation="/x")
    path = counted().path / "f"
    assert get(path, "content-type") == "text/x-special"
    assert get(path, "cache-control") == "max-age=60"
    assert get(path, "content-disposition") == "attachment"
    assert get(path, "content-language") == "de"
    assert get(path, "expires") == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert get(path, "website-redirect-location") == "/x"
    assert get(path, "storage-class") == "STANDARD_IA"
    assert get(path, "meta.owner") == "web"
    assert get(path, "meta.OWNER") == "web"
    assert get(path, "etag") == bucket.head("f")["ETag"].strip('"')
    assert get(path, "key") == "f"
    for name in ("content-encoding", "meta.other", "acl", "none"):
        with fails_with("ENODATA"):
            get(path, name)


def test_headers_are_asked_for_once(bucket, counted):
    bucket.put("f", b"x", **FOREIGN)
    mount = counted()
    os.listdir(mount.path)
    mount.start_counting()
    for name in ("content-type", "cache-control", "meta.owner"):
        get(mount.path / "f", name)
    assert mount.requests() == {"HeadObject": 1}


@pytest.mark.parametrize(
    "name, value, member",
    [
        ("content-type", "text/x-mine", "ContentType"),
        ("cache-control", "no-cache", "CacheControl"),
        ("content-disposition", 'attachment; filename="a b"', "ContentDisposition"),
        ("content-encoding", "identity", "ContentEncoding"),
        ("content-language", "fr", "ContentLanguage"),
        ("website-redirect-location", "/y", "WebsiteRedirectLocation"),
        ("storage-class", "STANDARD_IA", "StorageClass"),
    ],
)
@pytest.mark.parametrize("is_stored", [False, True], ids=["new", "stored"])
def test_a_header_can_be_set_and_removed(bucket, counted, name, value, member, is_stored):
    path = counted().path / "f"
    if is_stored:
        bucket.put("f", b"x", Metadata={"owner": "web"})
        set_(path, name, value)
    else:
        with opened(path, os.O_WRONLY | os.O_CREAT) as fd:
            os.write(fd, b"x")
            set_(fd, name, value)
            assert get(fd, name) == value
            assert bucket.head("f") is None
    head = bucket.head("f")
    assert head[member] == value
    assert head["Metadata"] == ({"owner": "web"} if is_stored else {})
    assert get(path, name) == value
    os.removexattr(path, PREFIX + name)
    assert bucket.head("f").get(member) == ("application/octet-stream" if name == "content-type" else None)
    assert path.read_bytes() == b"x"


def test_setting_a_header_of_a_stored_file_is_a_head_and_a_copy(bucket, counted):
    bucket.put("f", b"x", **FOREIGN)
    mount = counted()
    os.listdir(mount.path)
    mount.start_counting()
    set_(mount.path / "f", "cache-control", "no-store")
    assert mount.requests() == {"HeadObject": 1, "CopyObject": 1}
    head = bucket.head("f")
    assert head.pop("CacheControl") == "no-store"
    check_foreign(head | {"CacheControl": FOREIGN["CacheControl"]})


def test_setting_a_header_of_an_open_new_file_costs_nothing(bucket, counted):
    mount = counted()
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        mount.start_counting()
        set_(fd, "cache-control", "no-store")
        os.write(fd, b"x")
    assert mount.requests() == {"PutObject": 1}


def test_a_header_set_while_a_large_file_is_streamed_is_there_at_the_end(bucket, counted):
    data = some_bytes(24 * MIB)
    path = counted().path / "f.bin"
    with opened(path, os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, data)
        set_(fd, "cache-control", "no-store")
        os.write(fd, b"tail")
    head = bucket.head("f.bin")
    assert head["CacheControl"] == "no-store"
    assert bucket.read("f.bin") == data + b"tail"
    assert path.read_bytes() == data + b"tail"


def test_an_attribute_of_a_stored_file_leaves_readers_alone(bucket, counted):
    data = some_bytes(20 * MIB)
    bucket.put_large("f", data)
    path = counted().path / "f"
    with opened(path) as fd:
        assert os.pread(fd, MIB, 0) == data[:MIB]
        set_(path, "cache-control", "no-store")
        assert os.pread(fd, MIB, 15 * MIB) == data[15 * MIB : 16 * MIB]
    assert path.read_bytes() == data
    assert get(path, "etag") == bucket.head("f")["ETag"].strip('"')
    assert int(path.stat().st_mtime) == int(bucket.head("f")["LastModified"].timestamp())


def test_create_and_replace_are_honoured(bucket, counted):
    bucket.put("f", b"x")
    path = counted().path / "f"
    with fails_with("ENODATA"):
        set_(path, "cache-control", "a", os.XATTR_REPLACE)
    set_(path, "cache-control", "a", os.XATTR_CREATE)
    with fails_with("EEXIST"):
        set_(path, "cache-control", "b", os.XATTR_CREATE)
    set_(path, "cache-control", "c", os.XATTR_REPLACE)
    assert bucket.head("f")["CacheControl"] == "c"
    os.removexattr(path, PREFIX + "cache-control")
    with fails_with("ENODATA"):
        os.removexattr(path, PREFIX + "cache-control")


def test_values_that_no_header_can_have_are_refused(bucket, counted):
    bucket.put("f", b"x")
    mount = counted()
    path = mount.path / "f"
    path.stat()
    mount.start_counting()
    for value in ("", "a\nb", "a\0b", " a", "a ", "\x7f"):
        with fails_with("EINVAL"):
            set_(path, "cache-control", value)
    with fails_with("EILSEQ"):
        set_(path, "meta.note", "ä")
    with fails_with("E2BIG"):
        set_(path, "meta.note", "x" * 2049)
    with fails_with("EINVAL"):
        set_(path, "storage-class", "no such class")
    with fails_with("EINVAL"):
        set_(path, "acl", "everybody")
    for name in ("key", "etag", "version-id", "server-side-encryption", "none"):
        with fails_with("ENOTSUP"):
            set_(path, name, "x")
    with fails_with("ENOTSUP"):
        os.setxattr(path, "user.other", b"x")
    with fails_with("EPERM"):
        set_(path, "meta.s3storefs-size", "1")
    assert mount.requests() == {}


def test_more_metadata_than_an_object_can_have_is_refused(bucket, counted):
    path = counted().path / "f"
    path.write_bytes(b"x")
    set_(path, "meta.a", "x" * 1500)
    with fails_with("ENOSPC"):
        set_(path, "meta.b", "x" * 600)
    set_(path, "meta.b", "x" * 500)
    assert {k: len(v) for k, v in bucket.head("f")["Metadata"].items()} == {"a": 1500, "b": 500}


def test_folders_have_no_headers(counted):
    folder = counted().path / "d"
    folder.mkdir()
    assert get(folder, "key") == "d/"
    assert listed(folder) == set()
    with fails_with("ENODATA"):
        get(folder, "content-type")
    with fails_with("ENOTSUP"):
        set_(folder, "content-type", "text/plain")


def test_an_acl_can_be_set(bucket, counted):
    path = counted().path / "f"
    path.write_bytes(b"x")
    assert not is_public(bucket, "f")
    set_(path, "acl", "public-read")
    assert is_public(bucket, "f")


# ------------------------------------------------------------------------------- headers that stay


def test_a_header_set_by_hand_survives_everything(bucket, counted):
    mount = counted()
    path = mount.path / "a.css"
    path.write_bytes(b"one")
    set_(path, "content-type", "text/x-mine")
    set_(path, "meta.owner", "me")

    def check(key):
        head = bucket.head(key)
        assert (head["ContentType"], head["Metadata"]) == ("text/x-mine", {"owner": "me"})

    os.rename(path, path := mount.path / "b.html")
    check("b.html")
    with open(path, "ab") as file:
        file.write(b" two")
    check("b.html")
    with opened(path, os.O_WRONLY) as fd:
        os.pwrite(fd, b"ONE", 0)
    check("b.html")
    path.write_bytes(b"new")
    check("b.html")
    assert bucket.read("b.html") == b"new"


def test_a_type_that_equals_the_guess_and_was_set_stays_over_a_rename(bucket, counted):
    mount = counted()
    (mount.path / "a.css").write_bytes(b"x")
    set_(mount.path / "a.css", "content-type", "text/css")
    os.rename(mount.path / "a.css", mount.path / "a.html")
    assert type_of(bucket, "a.html") == "text/css"


BY_HAND = {
    "acl": "public-read",
    "content-type": "text/x-mine",
    "cache-control": "no-cache",
    "meta.owner": "me",
    "storage-class": "STANDARD_IA",
    "website-redirect-location": "/y",
}


def check_by_hand(bucket, key):
    head = bucket.head(key)
    assert is_public(bucket, key)
    assert (head["ContentType"], head["CacheControl"], head["Metadata"]) == ("text/x-mine", "no-cache", {"owner": "me"})
    assert (head["StorageClass"], head["WebsiteRedirectLocation"]) == ("STANDARD_IA", "/y")


def test_headers_set_by_hand_stay_when_a_folder_above_is_renamed(bucket, counted):
    bucket.put_many((f"d/sub/{name}" for name in ("mine", "other")), b"x")
    mount = counted()
    path = mount.path / "d" / "sub" / "mine"
    for name, value in BY_HAND.items():
        set_(path, name, value)
    os.listdir(mount.path)
    mount.start_counting()
    os.rename(mount.path / "d", mount.path / "e")
    requests = mount.requests()
    assert requests.pop("ListObjectsV2") <= 2
    # Its new name is claimed; the first claim of a mount is made twice, to see the second refused.
    assert requests == {"PutObject": 2, "CopyObject": 2, "DeleteObjects": 1}
    check_by_hand(bucket, "e/sub/mine")
    assert not is_public(bucket, "e/sub/other")
    assert "StorageClass" not in bucket.head("e/sub/other")
    path = mount.path / "e" / "sub" / "mine"
    with open(path, "ab") as file:
        file.write(b"tail")
    check_by_hand(bucket, "e/sub/mine")
    os.rename(mount.path / "e", mount.path / "f")
    path = mount.path / "f" / "sub" / "mine"
    path.write_bytes(b"new")
    check_by_hand(bucket, "f/sub/mine")
    os.rename(path, mount.path / "g")
    check_by_hand(bucket, "g")


def test_an_open_file_keeps_its_acl_when_a_folder_above_is_renamed(bucket, counted):
    mount = counted()
    (mount.path / "d").mkdir()
    with opened(mount.path / "d" / "f", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"x")
        os.fsync(fd)
        set_(fd, "acl", "public-read")
        os.rename(mount.path / "d", mount.path / "e")
        assert is_public(bucket, "e/f")
        os.write(fd, b"y")
    assert is_public(bucket, "e/f")
    assert bucket.read("e/f") == b"xy"


def test_an_object_of_parts_keeps_its_headers_over_two_renames_of_its_folder(bucket, counted):
    """Its copy has another ETag, which must not pass for another writer's."""
    mount = counted(attr_timeout="0")
    (mount.path / "d").mkdir()
    with opened(mount.path / "d" / "f", os.O_WRONLY | os.O_CREAT) as fd:
        set_(fd, "acl", "public-read")
        os.write(fd, some_bytes(24 * MIB))
    before = bucket.head("d/f")["ETag"]
    os.rename(mount.path / "d", mount.path / "e")
    assert bucket.head("e/f")["ETag"] != before
    os.stat(mount.path / "e" / "f")
    os.rename(mount.path / "e", mount.path / "f")
    assert is_public(bucket, "f/f")


def test_a_rule_of_the_last_folder_applies_to_an_edit_after_its_rename(bucket, counted, settings):
    mount = counted(config=settings("[old/]\nCacheControl = old\n[new/]\nCacheControl = new\n"))
    (mount.path / "old").mkdir()
    path = mount.path / "old" / "f"
    path.write_bytes(b"x")
    assert get(path, "cache-control") == "old"
    os.rename(mount.path / "old", mount.path / "new")
    assert bucket.head("new/f")["CacheControl"] == "new"
    path = mount.path / "new" / "f"
    assert get(path, "cache-control") == "new"
    with open(path, "ab") as file:
        file.write(b"y")
    assert bucket.head("new/f")["CacheControl"] == "new"


@pytest.mark.parametrize("size", [10, 6 * MIB], ids=["small", "in-parts"])
def test_what_others_stored_stays_over_edits_and_renames(bucket, counted, size):
    bucket.put("f.css", some_bytes(size), **FOREIGN)
    mount = counted()
    os.listdir(mount.path)
    path = mount.path / "f.css"
    with open(path, "ab") as file:
        file.write(b"tail")
    check_foreign(bucket.head("f.css"))
    with opened(path, os.O_WRONLY) as fd:
        os.pwrite(fd, b"edit", 3)
    check_foreign(bucket.head("f.css"))
    os.rename(path, path := mount.path / "g.html")
    check_foreign(bucket.head("g.html"))
    os.mkdir(mount.path / "d")
    os.rename(path, mount.path / "d" / "g.html")
    os.rename(mount.path / "d", mount.path / "e")
    check_foreign(bucket.head("e/g.html"))


def test_a_file_that_is_written_anew_has_the_headers_of_a_new_one(bucket, counted):
    bucket.put("f.css", b"old", **FOREIGN)
    mount = counted()
    mount.path.joinpath("f.css").stat()
    mount.start_counting()
    (mount.path / "f.css").write_bytes(b"new")
    assert mount.requests() == {"PutObject": 1}
    head = bucket.head("f.css")
    assert head["ContentType"] == "text/css"
    assert head["Metadata"] == {}


RULES = """AWS_S3_OBJECT_PARAMETERS = {
    'CacheControl': 'max-age=7', 'ContentLanguage': 'de', 'Metadata': {'k': 'v', 'l': 'w'}}
"""


@pytest.fixture
def ruled(counted, settings):
    """A mount whose settings give headers to all files."""
    return lambda: counted(config=settings(RULES))


def check_removed(bucket, key):
    head = bucket.head(key)
    assert "CacheControl" not in head
    assert (head["ContentLanguage"], head["Metadata"]) == ("de", {"l": "w"})


@pytest.mark.parametrize("size", [10, 24 * MIB], ids=["small", "in-parts"])
def test_a_header_of_a_rule_that_was_removed_stays_removed(bucket, ruled, size):
    mount = ruled()
    path = mount.path / "f.css"
    path.write_bytes(some_bytes(size))
    assert (get(path, "cache-control"), get(path, "meta.k")) == ("max-age=7", "v")
    os.removexattr(path, PREFIX + "cache-control")
    os.removexattr(path, PREFIX + "meta.k")
    check_removed(bucket, "f.css")
    with open(path, "ab") as file:
        file.write(b"tail")
    check_removed(bucket, "f.css")
    with opened(path, os.O_WRONLY) as fd:
        os.pwrite(fd, b"edit", 3)
        os.fsync(fd)
        os.pwrite(fd, b"again", 3)
    check_removed(bucket, "f.css")
    os.truncate(path, 5)
    check_removed(bucket, "f.css")
    os.rename(path, path := mount.path / "f.html")
    check_removed(bucket, "f.html")
    with fails_with("ENODATA"):
        get(path, "cache-control")
    path.write_bytes(some_bytes(size))
    check_removed(bucket, "f.html")
    (mount.path / "d").mkdir()
    os.rename(path, mount.path / "d" / "f.html")
    os.rename(mount.path / "d", mount.path / "e")
    check_removed(bucket, "e/f.html")
    assert bucket.read("e/f.html") == some_bytes(size)


@pytest.mark.parametrize("size", [10, 6 * MIB], ids=["small", "in-parts"])
def test_an_edit_gives_an_object_what_the_rules_say_and_it_lacks(bucket, ruled, size):
    bucket.put("f", some_bytes(size), ContentType="text/x-own", ContentLanguage="fr", Metadata={"own": "1", "k": "mine"})
    path = ruled().path / "f"
    with open(path, "ab") as file:
        file.write(b"y")
    head = bucket.head("f")
    assert (head["CacheControl"], head["ContentLanguage"], head["ContentType"]) == ("max-age=7", "fr", "text/x-own")
    assert head["Metadata"] == {"own": "1", "k": "mine", "l": "w"}


def test_a_rename_gives_an_object_none_of_the_rules_headers(bucket, ruled):
    bucket.put("a.css", b"x", ContentType="text/css")
    path = ruled().path
    os.rename(path / "a.css", path / "b.css")
    os.rename(path / "b.css", path / "c.html")
    head = bucket.head("c.html")
    assert head["ContentType"] == "text/html"
    assert "CacheControl" not in head and head["Metadata"] == {}


def test_a_new_file_keeps_the_metadata_of_rules_from_save_to_save(bucket, ruled):
    mount = ruled()
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as fd:
        mount.start_counting()
        for data in (b"one", b"two"):
            os.write(fd, data)
            os.fsync(fd)
            assert bucket.head("f")["Metadata"] == {"k": "v", "l": "w"}
            assert bucket.head("f")["CacheControl"] == "max-age=7"
        requests = mount.requests()
    assert requests == {"PutObject": 2, "HeadObject": 4}  # these HEADs are ours


def test_a_header_of_a_rule_is_seen_and_removed_before_the_file_is_stored(bucket, ruled):
    path = ruled().path / "f"
    with opened(path, os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"x")
        assert (get(fd, "cache-control"), get(fd, "meta.k")) == ("max-age=7", "v")
        for name in ("cache-control", "meta.k"):
            os.removexattr(fd, PREFIX + name)
            with fails_with("ENODATA"):
                get(fd, name)
            with fails_with("ENODATA"):
                os.removexattr(fd, PREFIX + name)
        get(fd, "meta.l")
    assert set(known(path)) == {"meta.l"}
    check_removed(bucket, "f")
    set_(path, "cache-control", "no-cache")
    assert bucket.head("f")["CacheControl"] == "no-cache"


def test_a_class_of_a_rule_that_was_removed_stays_removed(bucket, counted):
    mount = counted(object_parameters='{"StorageClass": "STANDARD_IA"}')
    for name, change in (("a", os.removexattr), ("b", lambda *what: os.setxattr(*what, b"STANDARD"))):
        path = mount.path / name
        path.write_bytes(b"x")
        assert bucket.head(name)["StorageClass"] == "STANDARD_IA"
        change(path, PREFIX + "storage-class")
        with open(path, "ab") as file:
            file.write(b"y")
        assert "StorageClass" not in bucket.head(name)
        os.rename(path, mount.path / f"{name}.html")
        assert "StorageClass" not in bucket.head(f"{name}.html")


@pytest.mark.parametrize("is_listed", [False, True], ids=["cold", "listed"])
def test_the_storage_class_stays_over_a_rename(bucket, counted, is_listed):
    bucket.put("a.css", b"x", StorageClass="STANDARD_IA")
    bucket.put("d/b", b"x", StorageClass="ONEZONE_IA")
    mount = counted()
    if is_listed:
        os.listdir(mount.path)
    os.rename(mount.path / "a.css", mount.path / "c.css")
    assert bucket.head("c.css")["StorageClass"] == "STANDARD_IA"
    os.rename(mount.path / "d", mount.path / "e")
    assert bucket.head("e/b")["StorageClass"] == "ONEZONE_IA"


def test_a_rule_gives_the_class_without_a_question(bucket, counted):
    bucket.put("a.css", b"x", StorageClass="STANDARD_IA")
    mount = counted(object_parameters='{"StorageClass": "ONEZONE_IA"}')
    os.listdir(mount.path)
    mount.start_counting()
    os.rename(mount.path / "a.css", mount.path / "c.css")
    assert mount.requests() == {"CopyObject": 1, "DeleteObjects": 1}
    assert bucket.head("c.css")["StorageClass"] == "ONEZONE_IA"


def test_cp_carries_headers_and_cannot_carry_what_is_not_set(bucket, counted):
    bucket.put("a.css", b"x" * 100, **FOREIGN)
    bucket.put("plain.css", b"x" * 100, ContentType="text/css")
    mount = counted()
    os.listdir(mount.path)
    # The first file that must not be there yet shows what the server makes of conditions.
    subprocess.run(["cp", mount.path / "a.css", mount.path / "first"], check=True, timeout=30)
    for name in ("plain.css", "a.css"):
        mount.start_counting()
        subprocess.run(["cp", "--preserve=xattr", mount.path / name, mount.path / f"copy-{name}"], check=True, timeout=30)
        assert "HeadObject" not in mount.requests()
    check_foreign(bucket.head("copy-a.css"))
    assert type_of(bucket, "copy-plain.css") == "text/css"
    assert known(mount.path / "copy-plain.css") == {}


def test_rsync_carries_headers(bucket, counted):
    bucket.put("s/a.css", b"x" * 100, **FOREIGN)
    mount = counted()
    subprocess.run(["rsync", "-aX", f"{mount.path}/s/", f"{mount.path}/t/"], check=True, timeout=60)
    check_foreign(bucket.head("t/a.css"))


def test_getfattr_shows_what_was_set(bucket, counted):
    bucket.put("f.css", b"x", **FOREIGN)
    mount = counted()
    os.listdir(mount.path)
    assert known(mount.path / "f.css") == {
        "content-type": "text/x-special",
        "cache-control": "max-age=60",
        "content-disposition": "attachment",
        "content-language": "de",
        "meta.owner": "web",
        "meta.note": "a b",
    }


def test_ls_asks_for_no_headers(bucket, counted):
    bucket.put_many((f"f{n}" for n in range(5)), b"x")
    mount = counted()
    subprocess.run(["ls", "-la", mount.path], check=True, timeout=30, stdout=subprocess.DEVNULL)
    # What ls does from coreutils 9.6 on: a small buffer at hand, and a look for ACLs.
    for n in range(5):
        os.listxattr(mount.path / f"f{n}")
    assert mount.requests() == {"ListObjectsV2": 1}


def test_cp_of_a_tree_asks_for_no_headers(bucket, counted, tmp_path):
    bucket.put_many((f"d/f{n}" for n in range(5)), b"x")
    mount = counted()
    shutil.copytree(mount.path / "d", tmp_path / "by-python")
    mount.start_counting()
    subprocess.run(["cp", "-r", mount.path / "d", tmp_path / "by-cp"], check=True, timeout=30)
    assert "HeadObject" not in mount.requests()


# -------------------------------------------------------------------------------------------- tags

TAGS = {"a": "b", "project name": "x/y+z=1:@_.-", "empty": ""}


def put_tagged(bucket, key, data=b"x", **more):
    bucket.put(key, data, Tagging=urllib.parse.urlencode(TAGS, quote_via=urllib.parse.quote), **more)


def tags_of(bucket, key):
    return {tag["Key"]: tag["Value"] for tag in bucket.s3.get_object_tagging(Bucket=bucket.name, Key=key)["TagSet"]}


@pytest.mark.parametrize("size", [10, 24 * MIB], ids=["small", "in-parts"])
def test_tags_stay_over_edits_for_one_more_request(bucket, counted, size):
    put_tagged(bucket, "f", some_bytes(size))
    mount = counted()
    path = mount.path / "f"
    os.listdir(mount.path)
    mount.start_counting()
    with open(path, "ab", buffering=0) as file:
        for data in (b"one", b"two"):
            file.write(data)
            os.fsync(file)
        # What it published the mount knows.
        assert mount.requests()["GetObjectTagging"] == 1
    assert tags_of(bucket, "f") == TAGS
    os.truncate(path, 5)
    assert tags_of(bucket, "f") == TAGS
    assert bucket.read("f") == some_bytes(size)[:5]


def test_tags_cost_a_file_without_them_nothing(bucket, counted):
    bucket.put("f", b"x")
    mount = counted()
    with open(mount.path / "f", "ab") as file:
        file.write(b"y")
    assert "GetObjectTagging" not in mount.requests()


def test_tags_stay_over_renames_and_headers_set_by_hand(bucket, counted):
    put_tagged(bucket, "d/f.css")
    mount = counted()
    set_(mount.path / "d" / "f.css", "cache-control", "no-store")
    assert tags_of(bucket, "d/f.css") == TAGS
    os.rename(mount.path / "d" / "f.css", mount.path / "d" / "f.html")
    os.rename(mount.path / "d", mount.path / "e")
    assert tags_of(bucket, "e/f.html") == TAGS
    with opened(mount.path / "e" / "f.html", os.O_WRONLY) as fd:
        os.pwrite(fd, b"y", 1)
        os.rename(mount.path / "e" / "f.html", mount.path / "g")
    assert tags_of(bucket, "g") == TAGS


def test_tags_stay_when_a_header_comes_late(bucket, counted):
    put_tagged(bucket, "f", some_bytes(40 * MIB))
    mount = counted()
    path = mount.path / "f"
    with opened(path, os.O_RDWR) as fd:
        os.pwrite(fd, b"x" * (20 * MIB), 0)
        set_(fd, "cache-control", "no-store")
    assert tags_of(bucket, "f") == TAGS
    assert bucket.head("f")["CacheControl"] == "no-store"


def test_tags_of_a_compressed_file_stay_over_an_edit(bucket, counted):
    mount = counted(is_gzipped="true")
    path = mount.path / "f.css"
    path.write_bytes(b"a {}")
    tags = [{"Key": name, "Value": value} for name, value in TAGS.items()]
    bucket.s3.put_object_tagging(Bucket=bucket.name, Key="f.css", Tagging={"TagSet": tags})
    with open(path, "ab") as file:
        file.write(b" b {}")
    assert tags_of(bucket, "f.css") == TAGS
    assert bucket.head("f.css")["ContentEncoding"] == "gzip"


def test_an_objects_tags_win_over_a_rules_and_a_file_written_anew_has_the_rules(bucket, counted):
    put_tagged(bucket, "f")
    bucket.put("plain", b"x")
    mount = counted(object_parameters='{"Tagging": "by=rule"}')
    for name, due in (("f", TAGS), ("plain", {"by": "rule"})):
        with open(mount.path / name, "ab") as file:
            file.write(b"y")
        assert tags_of(bucket, name) == due
    (mount.path / "f").write_bytes(b"new")
    assert tags_of(bucket, "f") == {"by": "rule"}


@pytest.mark.parametrize("status, code", [(403, "AccessDenied"), (501, "NotImplemented")])
def test_tags_that_cannot_be_read_are_lost_with_one_warning(server, bucket, counted, status, code):
    for name in "ab":
        put_tagged(bucket, name)
    mount = counted()
    server.fault("GetObjectTagging", status=status, code=code, count=0)
    for name in "ab":
        with open(mount.path / name, "ab") as file:
            file.write(b"y")
        assert bucket.read(name) == b"xy"
    server.faults()
    assert tags_of(bucket, "a") == {}
    assert mount.log().count("tags cannot be read or set") == 1


@pytest.mark.parametrize("op, size", [("PutObject", 10), ("CreateMultipartUpload", 12 * MIB)])
def test_tags_that_cannot_be_set_are_lost_with_one_warning(server, bucket, counted, op, size):
    data = some_bytes(size)
    for name in "ab":
        put_tagged(bucket, name, data)
    mount = counted()
    server.faults(*({"op": op, "key": name, "status": 403, "code": "AccessDenied", "count": 1} for name in "ab"))
    for name in "ab":
        with open(mount.path / name, "ab") as file:
            file.write(b"y")
        assert bucket.read(name) == data + b"y"
        assert tags_of(bucket, name) == {}
    assert server.fired() == [1, 1]
    assert mount.log().count("tags cannot be read or set") == 1


def test_without_tags_a_refusal_is_final(server, bucket, counted):
    bucket.put("f", b"x")
    mount = counted()
    mount.expect_errors()
    server.fault("PutObject", status=403, code="AccessDenied", count=1)
    with fails_with("EACCES"), open(mount.path / "f", "ab") as file:
        file.write(b"y")
    assert bucket.read("f") == b"x"


def test_an_edit_whose_tags_do_not_come_leaves_the_object_as_it_is(server, bucket, counted):
    put_tagged(bucket, "f")
    mount = counted(attempts="2")
    mount.expect_errors()
    server.fault("GetObjectTagging", status=500, code="InternalError", count=0)
    with fails_with("EIO"):
        with open(mount.path / "f", "ab") as file:
            file.write(b"y")
    server.faults()
    assert (bucket.read("f"), tags_of(bucket, "f")) == (b"x", TAGS)


# --------------------------------------------------------------------------------------------- RGW


def test_tags_live_on_another_server(rgw_bucket, new_mount):
    """
    In one PUT, and over plain copies: of a copy with other metadata, or of an upload in parts, this gateway loses
    them, whoever sends them.
    """
    bucket = rgw_bucket
    put_tagged(bucket, "d/f", some_bytes(10))
    mount = new_mount(bucket)
    with open(mount.path / "d" / "f", "ab") as file:
        file.write(b"tail")
    assert tags_of(bucket, "d/f") == TAGS
    os.rename(mount.path / "d", mount.path / "e")
    assert tags_of(bucket, "e/f") == TAGS


def test_headers_live_on_another_server(rgw_bucket, new_mount):
    bucket = rgw_bucket
    bucket.put("a.css", b"x", **FOREIGN)
    mount = new_mount(bucket)
    path = mount.path / "a.css"
    set_(path, "cache-control", "no-store")
    set_(path, "meta.more", "1")
    os.rename(path, path := mount.path / "b.html")
    with open(path, "ab") as file:
        file.write(b"tail")
    head = bucket.head("b.html")
    assert head["ContentType"] == "text/x-special"
    assert head["CacheControl"] == "no-store"
    assert head["Metadata"] == FOREIGN["Metadata"] | {"more": "1"}
    (mount.path / "x.tmp").write_bytes(b"x")
    os.rename(mount.path / "x.tmp", mount.path / "x.css")
    assert type_of(bucket, "x.css") == "text/css"
    os.removexattr(path, PREFIX + "content-type")
    assert type_of(bucket, "b.html") == "text/html"
    (mount.path / "d").mkdir()
    os.rename(path, path := mount.path / "d" / "b.html")
    set_(path, "acl", "public-read")
    os.rename(mount.path / "d", mount.path / "e")
    assert is_public(bucket, "e/b.html")
    assert bucket.head("e/b.html")["CacheControl"] == "no-store"
