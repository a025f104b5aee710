# SPDX-License-Identifier: MIT
"""
Who gets a name: with overwrite off no stored byte is ever replaced, whoever
else writes, and an exclusive create is won once.
"""

import collections
import ctypes
import os
import re
import subprocess
import sys
import threading

import pytest
from apart import MountApart
from files import MIB, fails_with, opened, some_bytes
from proc import run, shell, wait_until

UNIQUE = re.compile(r"^(.*)_[A-Za-z0-9]{7}(\.[^.]*)?$")
RENAME_NOREPLACE = 1
AT_FDCWD = -100

# How servers take If-None-Match.
HONOURED, REFUSED, IGNORED, IGNORED_BY_COMPLETE = (
    (),
    ("--no-conditional-writes",),
    ("--ignore-conditions",),
    ("--ignore-complete-conditions",),
)
ALL_SERVERS = pytest.mark.parametrize(
    "flags",
    [HONOURED, REFUSED, IGNORED, IGNORED_BY_COMPLETE],
    ids=["honoured", "refused", "ignored", "ignored-by-complete"],
)


@pytest.fixture
def other_bucket(request, new_server, after_mounts):
    """The bucket that a test names: of the test server, or on Ceph's gateway."""
    if request.param == "rgw":
        gateway = request.getfixturevalue("rgw")
        bucket = gateway.bucket("http-path")
        after_mounts.callback(bucket.remove)
        return bucket
    return new_server().bucket


REAL_AND_OURS = pytest.mark.parametrize("other_bucket", ["ours", "rgw"], indirect=True)


@pytest.fixture
def keeping(new_mount):
    """Mount a bucket with overwrite off."""

    def start(bucket, **options):
        return new_mount(bucket, file_overwrite="false", **options)

    return start


@pytest.fixture
def new_apart(mounts, tmp_path):
    def start(bucket, **options):
        mount = MountApart(bucket, tmp_path / f"apart{len(mounts)}", **options)
        mounts.append(mount)
        return mount

    return start


def race(mounts, count, save):
    """Every mount saves name after name at the same time; what save returned, by mount."""
    gate = threading.Barrier(len(mounts))
    results = [[] for _ in mounts]
    errors = []

    def work(index):
        try:
            for number in range(count):
                gate.wait(60)
                results[index].append(save(mounts[index], index, number))
        except Exception as error:
            errors.append(error)
            gate.abort()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(mounts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    return results


def exclusively(mount, index, number):
    """True if we won, False if we were told that we did not."""
    try:
        with opened(mount.path / f"f{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL) as fd:
            os.write(fd, b"%d" % index)
    except FileExistsError:
        return False
    return True


def check_winners(bucket, results):
    contents = bucket.contents()
    count = len(results[0])
    assert len(contents) == count
    for number in range(count):
        winners = [i for i in range(len(results)) if results[i][number]]
        assert len(winners) == 1, f"f{number} was won by {winners}"
        assert contents[f"f{number}"] == b"%d" % winners[0]
    # Else it was no race.
    assert len({tuple(r) for r in results}) == len(results) and all(any(r) for r in results)


@pytest.mark.time_limit(180)
@REAL_AND_OURS
def test_each_of_200_names_that_two_hosts_create_exclusively_is_won_once(other_bucket, new_mount):
    mounts = [new_mount(other_bucket, negative_timeout="0", attr_timeout="0") for _ in range(2)]
    check_winners(other_bucket, race(mounts, 200, exclusively))


@pytest.mark.time_limit(180)
def test_it_is_won_once_if_the_hosts_share_no_network_but_the_server(bucket, new_apart):
    mounts = [new_apart(bucket, negative_timeout="0", attr_timeout="0") for _ in range(2)]
    check_winners(bucket, race(mounts, 200, exclusively))


def check_all_saved(bucket, saved):
    """saved: name -> what was written under it; everything is there, under the name or beside it."""
    found = collections.defaultdict(list)
    for key, data in bucket.contents().items():
        match = None if key in saved else UNIQUE.match(key)
        assert key in saved or match, f"a strange name: {key}"
        found[key if key in saved else match[1] + (match[2] or "")].append(data)
    assert {name: sorted(data) for name, data in found.items()} == {name: sorted(data) for name, data in saved.items()}


def save_plainly(size):
    def save(mount, index, number):
        data = b"%d %d " % (index, number) + some_bytes(size, number)
        (mount.path / f"f{number}.txt").write_bytes(data)
        return data

    return save


def race_plainly(mounts, bucket, count, size=0):
    results = race(mounts, count, save_plainly(size))
    check_all_saved(bucket, {f"f{number}.txt": [r[number] for r in results] for number in range(count)})
    assert bucket.uploads() == []


@pytest.mark.time_limit(240)
@REAL_AND_OURS
def test_of_200_names_that_two_hosts_save_at_once_every_byte_stays(other_bucket, keeping):
    mounts = [keeping(other_bucket, negative_timeout="0", attr_timeout="0") for _ in range(2)]
    race_plainly(mounts, other_bucket, 200)


@pytest.mark.time_limit(240)
def test_every_byte_stays_if_the_hosts_share_no_network_but_the_server(bucket, new_apart):
    options = dict(file_overwrite="false", negative_timeout="0", attr_timeout="0")
    race_plainly([new_apart(bucket, **options) for _ in range(2)], bucket, 200)


@pytest.mark.time_limit(240)
@REAL_AND_OURS
def test_large_files_that_two_hosts_save_at_once_all_stay(other_bucket, keeping):
    mounts = [keeping(other_bucket, negative_timeout="0", attr_timeout="0") for _ in range(2)]
    race_plainly(mounts, other_bucket, 6, 9 * MIB)


@ALL_SERVERS
@pytest.mark.parametrize("size", [4, 9 * MIB], ids=["small", "large"])
def test_what_another_host_saved_since_our_lookup_stays(new_server, keeping, flags, size):
    bucket = new_server(*flags).bucket
    mount = keeping(bucket, negative_timeout="600")
    theirs, ours = {}, {}
    for number in range(3):
        name = f"f{number}.bin"
        assert not (mount.path / name).exists()
        theirs[name], ours[name] = b"theirs", some_bytes(size, number)
        bucket.put(name, b"theirs")
        (mount.path / name).write_bytes(ours[name])
    assert {name: bucket.read(name) for name in theirs} == theirs
    check_all_saved(bucket, {name: [theirs[name], ours[name]] for name in theirs})
    assert bucket.uploads() == []
    warnings = [line for line in mount.log().splitlines() if " warn " in line and "conditional" in line]
    assert len(warnings) == (1 if flags in (REFUSED, IGNORED) else 0), warnings


@ALL_SERVERS
@pytest.mark.parametrize("size", [4, 9 * MIB], ids=["small", "large"])
@pytest.mark.parametrize("overwrite", ["true", "false"], ids=["overwrite", "keep"])
def test_an_exclusive_create_never_replaces_what_another_host_saved(new_server, new_mount, flags, size, overwrite):
    bucket = new_server(*flags).bucket
    mount = new_mount(bucket, file_overwrite=overwrite, negative_timeout="600")
    for number in range(2):
        fd = os.open(mount.path / f"f{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(fd, some_bytes(size, number))
        bucket.put(f"f{number}", b"theirs")
        with fails_with("EEXIST"):
            os.close(fd)
    assert bucket.contents() == {"f0": b"theirs", "f1": b"theirs"}
    assert bucket.uploads() == []


@ALL_SERVERS
@pytest.mark.parametrize("size", [4, 9 * MIB], ids=["small", "large"])
def test_a_new_file_is_stored_once_under_its_own_name(new_server, keeping, flags, size):
    bucket = new_server(*flags).bucket
    mount = keeping(bucket)
    for number in range(2):
        (mount.path / f"f{number}").write_bytes(some_bytes(size, number))
        with opened(mount.path / f"x{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL) as fd:
            os.write(fd, some_bytes(size, number))
    assert bucket.contents() == {f"{letter}{n}": some_bytes(size, n) for letter in "fx" for n in range(2)}


@ALL_SERVERS
def test_the_first_file_of_all_is_sent_once(new_server, keeping, flags):
    """How the server takes conditions is found out with nothing in hand."""
    server = new_server(*flags)
    mount = keeping(server.bucket)
    (mount.path / "f").write_bytes(some_bytes(MIB))
    sent = [entry["bytes_in"] for entry in server.log_entries() if entry["op"] == "PutObject" and entry["bytes_in"]]
    assert sent == [MIB]


@ALL_SERVERS
@pytest.mark.parametrize("size", [4, 9 * MIB], ids=["small", "large"])
def test_nothing_is_left_of_a_first_file_that_could_not_be_stored(new_server, keeping, flags, size):
    server = new_server(*flags)
    mount = keeping(server.bucket)
    mount.expect_errors("InvalidRequest")
    if size > 8 * MIB:
        server.fault("CompleteMultipartUpload", count=0, status=400, code="InvalidRequest")
    else:
        # What comes before it is empty.
        server.fault("PutObject", skip=1 if flags == REFUSED else 2, count=0, status=400, code="InvalidRequest")
    with pytest.raises(OSError):
        (mount.path / "f").write_bytes(some_bytes(size))
    assert server.fired()[0] >= 1
    assert server.bucket.keys() == []
    wait_until(lambda: server.bucket.uploads() == [], what="the upload's end")


def make_stored(folder):
    (folder / "tmp").write_bytes(b"ours")


def make_synced(folder):
    """Stored by fsync, then written to: the descriptor is open, the file is dirty."""
    fd = os.open(folder / "tmp", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"ou")
    os.fsync(fd)
    os.write(fd, b"rs")
    return fd


def make_unstored(folder):
    fd = os.open(folder / "tmp", os.O_WRONLY | os.O_CREAT)
    os.write(fd, b"ours")
    return fd


@pytest.mark.parametrize("make", [make_stored, make_synced, make_unstored], ids=["stored", "synced", "unstored"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_rename_never_replaces_a_stored_file(bucket, keeping, make, known):
    mount = keeping(bucket, negative_timeout="600", attr_timeout="600")
    if not known:
        assert os.listdir(mount.path) == []
        assert not (mount.path / "f.txt").exists()
    bucket.put("f.txt", b"theirs")
    fd = make(mount.path)
    os.rename(mount.path / "tmp", mount.path / "f.txt")
    if fd is not None:
        os.close(fd)
    mount.sync()
    check_all_saved(bucket, {"f.txt": [b"theirs", b"ours"]})
    assert bucket.read("f.txt") == b"theirs"


def test_a_rename_replaces_nothing_that_came_after_its_look(bucket, keeping, server):
    mount = keeping(bucket, negative_timeout="600", attr_timeout="600")
    (mount.path / "tmp").write_bytes(b"ours")
    bucket.put("f.txt", b"theirs")
    server.fault("HeadObject", key="f.txt", status=404, count=1)
    os.rename(mount.path / "tmp", mount.path / "f.txt")
    mount.sync()
    check_all_saved(bucket, {"f.txt": [b"theirs", b"ours"]})
    assert bucket.read("f.txt") == b"theirs"


@pytest.mark.parametrize(
    "fault",
    [{"status": 501, "code": "NotImplemented"}, {"status": 412, "code": "PreconditionFailed"}],
    ids=["refused", "misread"],
)
def test_a_rename_needs_no_conditions_on_copies(bucket, keeping, server, fault):
    mount = keeping(bucket)
    for name in "ab":
        (mount.path / name).write_bytes(name.encode())
    server.fault("CopyObject", count=1, **fault)
    server.reset()
    for name in "ab":
        os.rename(mount.path / name, mount.path / f"{name}.txt")
    mount.sync()
    assert bucket.contents() == {"a.txt": b"a", "b.txt": b"b"}
    copies = [e for e in server.log_entries() if e["op"] == "CopyObject"]
    assert [e["headers"].get("if-none-match") for e in copies] == ["*", None, None]


def rename_noreplace(old, new):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), RENAME_NOREPLACE) < 0:
        raise OSError(ctypes.get_errno(), "renameat2")


@pytest.mark.parametrize("overwrite", ["true", "false"], ids=["overwrite", "keep"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_a_rename_that_may_not_replace_says_so(bucket, new_mount, overwrite, known):
    mount = new_mount(bucket, file_overwrite=overwrite, negative_timeout="600", attr_timeout="600")
    if not known:
        assert os.listdir(mount.path) == []
    bucket.put("f", b"theirs")
    (mount.path / "tmp").write_bytes(b"ours")
    with fails_with("EEXIST"):
        rename_noreplace(mount.path / "tmp", mount.path / "f")
    mount.sync()
    assert bucket.contents() == {"f": b"theirs", "tmp": b"ours"}


def test_a_folder_renamed_onto_one_that_another_host_made_since_replaces_nothing(bucket, keeping):
    mount = keeping(bucket, negative_timeout="600", attr_timeout="600")
    (mount.path / "d").mkdir()
    (mount.path / "d" / "x").write_bytes(b"ours")
    assert os.listdir(mount.path) == ["d"]
    assert not (mount.path / "e").exists()
    bucket.put("e/x", b"theirs")
    with fails_with("ENOTEMPTY", "EEXIST"):
        os.rename(mount.path / "d", mount.path / "e")
    mount.sync()
    assert {k: v for k, v in bucket.contents().items() if v} == {"d/x": b"ours", "e/x": b"theirs"}


# Eight bytes more than fit: a whole character goes, never half of one.
LONG_NAMES = [
    ("n" * 251 + ".txt", "n" * 243 + "{}.txt"),
    ("n" * 255, "n" * 247 + "{}"),
    ("\u00fc" * 125 + ".t.gz", "\u00fc" * 122 + "{}.gz"),
    ("\u20ac" * 84 + ".gz", "\u20ac" * 81 + "{}.gz"),
    ("\U0001f600" * 62 + ".txt", "\U0001f600" * 60 + "{}.txt"),
    ("\U0001f600" * 62 + "abc.txt"[:7], "\U0001f600" * 60 + "{}.txt"),
]


@pytest.mark.parametrize("name, pattern", LONG_NAMES, ids=range(len(LONG_NAMES)))
def test_a_long_name_gives_way_by_whole_characters(bucket, keeping, name, pattern):
    assert len(os.fsencode(name)) <= 255
    bucket.put(name, b"theirs")
    mount = keeping(bucket)
    (mount.path / name).write_bytes(b"ours")
    (key,) = set(bucket.keys()) - {name}
    assert re.fullmatch(re.escape(pattern).replace(r"\{\}", "_[A-Za-z0-9]{7}"), key)
    assert len(os.fsencode(key)) <= 255
    assert bucket.contents() == {name: b"theirs", key: b"ours"}
    assert sorted(os.listdir(mount.path)) == sorted([name, key])


@pytest.mark.parametrize("length", range(1014, 1025))
def test_a_key_at_the_limit_gives_way_to_its_unique_name(bucket, keeping, length):
    folder = "/".join(letter * 240 for letter in "abcd") + "/"
    name = folder + "\u00fc" * ((length - len(folder)) // 2) + "n" * (length % 2 ^ len(folder) % 2)
    assert len(name.encode()) == length
    bucket.put(name, b"theirs")
    mount = keeping(bucket)
    (mount.path / name).write_bytes(b"ours")
    (key,) = {k for k in bucket.keys() if not k.endswith("/")} - {name}
    assert 1015 <= len(key.encode()) <= 1024 and UNIQUE.match(key)
    assert bucket.read(name) == b"theirs" and bucket.read(key) == b"ours"


def test_a_name_with_nothing_left_to_shorten_is_refused_and_nothing_is_lost(bucket, keeping):
    folder = "/".join(letter * 250 for letter in "abcd") + "/"
    name = folder + "a" + "." + "x" * 17
    bucket.put(name, b"theirs")
    mount = keeping(bucket)
    mount.expect_errors()
    with fails_with("ENAMETOOLONG"):
        (mount.path / name).write_bytes(b"ours")
    assert {k: v for k, v in bucket.contents().items() if not k.endswith("/")} == {name: b"theirs"}


PYTHON_SAVE = """
import os, sys, tempfile
with tempfile.NamedTemporaryFile(dir=".", delete=False) as f:
    f.write(b"new\\n")
os.replace(f.name, "f.css")
"""

# What each way of saving leaves: beside means that the old object stays and the new bytes get a name of their own.
SAVES = {
    "shell": ("echo new >f.css", "beside"),
    "cp": ("cp ../../new f.css", "beside"),
    "cp -f": ("cp -f ../../new f.css", "beside"),
    "install": ("install -m 644 ../../new f.css.tmp && mv f.css.tmp f.css", "beside"),
    "mv inside": ("cp ../../new moved && mv moved f.css", "beside"),
    "rsync": ("rsync -I ../../new f.css", "beside"),
    "rsync --inplace": ("rsync -I --inplace ../../new f.css", "beside"),
    "sed -i": ("sed -i s/old/new/ f.css", "beside"),
    "tee": ("tee f.css <../../new >/dev/null", "beside"),
    "dd": ("dd if=../../new of=f.css conv=notrunc status=none", "beside"),
    "python replace": (f"{sys.executable} -c '{PYTHON_SAVE}'", "beside"),
    "vim": ("vim.tiny -u NONE -es -c '%s/old/new/' -c wq f.css", "beside"),
    # These remove the old file themselves.
    "mv from outside": ("cp ../../new ../../moved && mv ../../moved f.css", "replaced"),
    "cp --remove-destination": ("cp --remove-destination ../../new f.css", "replaced"),
    "install over": ("install -m 644 ../../new f.css", "replaced"),
}


@pytest.mark.parametrize("overwrite", ["true", "false"], ids=["overwrite", "keep"])
@pytest.mark.parametrize("way", SAVES)
def test_a_program_that_saves_gets_what_the_setting_says(bucket, new_mount, tmp_path, way, overwrite):
    command, kept = SAVES[way]
    (tmp_path / "new").write_bytes(b"new\n")
    bucket.put("f.css", b"old\n", ContentType="text/css")
    mount = new_mount(bucket, file_overwrite=overwrite)
    shell(command, cwd=mount.path, time_limit=30)
    mount.sync()
    contents = {k: v for k, v in bucket.contents().items() if k not in ("moved", "f.css.tmp")}
    if overwrite == "true" or kept == "replaced":
        assert contents == {"f.css": b"new\n"}
    else:
        check_all_saved(bucket, {"f.css": [b"old\n", b"new\n"]})
        assert bucket.read("f.css") == b"old\n"
    for key in contents:
        assert bucket.head(key)["ContentType"] == "text/css", key
    assert sorted(os.listdir(mount.path)) == sorted(bucket.keys())


def test_rsync_of_a_tree_twice_keeps_the_first(bucket, keeping, tmp_path):
    (tmp_path / "tree").mkdir()
    for number in range(20):
        (tmp_path / "tree" / f"{number}.txt").write_bytes(b"first %d" % number)
    mount = keeping(bucket)
    run("rsync", "-rt", f"{tmp_path}/tree", mount.path)
    mount.sync()
    first = {k: v for k, v in bucket.contents().items() if not k.endswith("/")}
    for number in range(20):
        (tmp_path / "tree" / f"{number}.txt").write_bytes(b"second, longer %d" % number)
    run("rsync", "-rt", f"{tmp_path}/tree", mount.path)
    mount.sync()
    check_all_saved_files = {k: v for k, v in bucket.contents().items() if not k.endswith("/")}
    assert len(check_all_saved_files) == 40
    assert {k: check_all_saved_files[k] for k in first} == first


def test_the_program_that_lost_the_race_can_find_its_file(bucket, keeping):
    """Whatever is open under the old name is the new file from then on, and its name is told."""
    mount = keeping(bucket)
    with opened(mount.path / "f.txt", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"ours")
        bucket.put("f.txt", b"theirs")
        os.fsync(fd)
        key = os.getxattr(fd, "user.s3.key").decode()
        assert UNIQUE.match(key) and bucket.read(key) == b"ours"
        assert os.fstat(fd).st_size == 4
        os.write(fd, b" and more")
    assert bucket.contents() == {"f.txt": b"theirs", key: b"ours and more"}
    done = subprocess.run(["cat", mount.path / "f.txt"], stdout=subprocess.PIPE, timeout=20)
    assert done.stdout == b"theirs"


@pytest.mark.parametrize("flags", [os.O_APPEND, os.O_TRUNC, 0], ids=["append", "truncate", "edit"])
def test_what_was_closed_a_moment_ago_is_as_safe_as_any_other(bucket, keeping, flags):
    mount = keeping(bucket)
    for number in range(30):
        (mount.path / f"f{number}").write_bytes(b"one")
        with opened(mount.path / f"f{number}", os.O_WRONLY | flags) as fd:
            os.write(fd, b"two")
    both = b"onetwo" if flags == os.O_APPEND else b"two"
    check_all_saved(bucket, {f"f{number}": [b"one", both] for number in range(30)})
    assert all(bucket.read(f"f{number}") == b"one" for number in range(30))


def test_a_second_descriptor_does_not_replace_what_the_first_published(bucket, keeping):
    mount = keeping(bucket)
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT) as first:
        os.write(first, b"one")
        os.fsync(first)
        with opened(mount.path / "f", os.O_WRONLY | os.O_TRUNC) as second:
            os.write(second, b"two")
    check_all_saved(bucket, {"f": [b"one", b"two"]})
    assert bucket.read("f") == b"one"


def test_truncate_by_path_keeps_what_was_just_stored(bucket, keeping):
    mount = keeping(bucket)
    for number in range(10):
        (mount.path / f"f{number}").write_bytes(b"one two")
        os.truncate(mount.path / f"f{number}", 3)
    check_all_saved(bucket, {f"f{number}": [b"one two", b"one"] for number in range(10)})
    assert all(bucket.read(f"f{number}") == b"one two" for number in range(10))
