# SPDX-License-Identifier: MIT
"""
Nothing is left after kill -9: the parts of an upload that a killed process had begun are invisible and cost money. The
next start aborts just these; boto3 tells what the bucket has.
"""

import contextlib
import os
import signal
import stat
import subprocess
import sys

import proc
import pytest
from files import MIB, some_bytes
from mount import Mount, mount_line
from tool import Tool

DATA = some_bytes(40 * MIB)


WRITER = """
import sys
file = open(sys.argv[1], "wb", 0)
left = int(sys.argv[2])
while left:
    left -= file.write(sys.stdin.buffer.read1(min(left, 1 << 20)))
sys.stdin.buffer.read()
file.close()
"""


class Writer:
    """
    A process that writes a file and closes it when told to. (A descriptor of ours would be closed in every process that
    we start, and each close is a flush.)
    """

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, path, str(len(DATA))], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.process.stdin.write(DATA)
        self.process.stdin.flush()

    def close(self):
        """Its exit status is not 0 if the file could not be stored."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        return self.process.wait(30)


def has_parts(bucket, upload):
    """The first part goes when the upload is noted."""
    with contextlib.suppress(bucket.s3.exceptions.NoSuchUpload):
        parts = bucket.s3.list_parts(Bucket=bucket.name, Key=upload["Key"], UploadId=upload["UploadId"])
        return bool(parts.get("Parts"))


def wait_for_parts(bucket, before=()):
    """Until the server has a part of one more upload than before."""
    known = {upload["UploadId"] for upload in before}
    proc.wait_until(
        lambda: any(has_parts(bucket, upload) for upload in bucket.uploads() if upload["UploadId"] not in known), what="a part"
    )


def begin(path, bucket, name="f"):
    """Writes without close until the server has a part."""
    before = bucket.uploads()
    writer = Writer(path / name)
    wait_for_parts(bucket, before)
    return writer


def kill(mount):
    mount.finished = True
    mount.process.kill()
    mount.process.wait(10)
    proc.run("fusermount3", "-u", "-z", mount.path)


def kill_in_upload(mount, bucket, *names):
    """A mount that dies in the middle of uploads, which are left in the bucket."""
    names = names or ("f",)
    writers = [begin(mount.path, bucket, name) for name in names]
    kill(mount)
    for writer in writers:
        assert writer.close() != 0
    assert set(names) <= {upload["Key"].rpartition("/")[2] for upload in bucket.uploads()}


def wait_until_clean(bucket):
    proc.wait_until(lambda: bucket.uploads() == [], what="a bucket without unfinished uploads")


def notes(state_dir):
    return sorted(path.name for path in (state_dir / "uploads").glob("*"))


def wait_for_log(mount, words):
    proc.wait_until(lambda: words in mount.log(), what=f"{words!r} in the log")


ABORTED = "aborted what an s3storefs that was killed has left unfinished: uploads="
LEFT = "cannot be aborted now; the next start tries again"


def test_the_next_mount_aborts_what_a_killed_one_has_left(mount, bucket, new_mount, state_dir):
    bucket.put("f", b"old")
    kill_in_upload(mount, bucket)
    after = new_mount(bucket)
    wait_until_clean(bucket)
    wait_for_log(after, ABORTED)
    proc.wait_until(lambda: notes(state_dir) == [], what="an empty folder")
    assert bucket.contents() == {"f": b"old"}
    (after.path / "f").write_bytes(DATA)
    assert bucket.read("f") == DATA


def test_several_uploads_of_several_dead_daemons_go_at_once(bucket, new_mount, state_dir):
    mounts = [new_mount(bucket, location="d") for _ in range(2)]
    for mount in mounts:
        kill_in_upload(mount, bucket, "a b%+ü", "plain")
    assert len(bucket.uploads()) == 4
    after = new_mount(bucket, location="elsewhere")
    wait_until_clean(bucket)
    wait_for_log(after, "uploads=4")
    assert notes(state_dir) == []


def kill_in_create(mount, bucket, server):
    """A mount that dies when the server has begun an upload and it does not know its id."""
    server.fault("CreateMultipartUpload", count=0, stall_after=0)
    writer = Writer(mount.path / "f")
    proc.wait_until(lambda: bucket.uploads() != [], what="an upload")
    kill(mount)
    server.faults()
    assert writer.close() != 0


def test_an_upload_whose_id_was_not_told_goes_too(bucket, new_mount, server, state_dir):
    kill_in_create(new_mount(bucket, timeout="1"), bucket, server)
    (begun,) = bucket.uploads()
    # Those of others: with a part, of another key, in another minute.
    theirs = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="f")["UploadId"]
    bucket.s3.upload_part(Bucket=bucket.name, Key="f", UploadId=theirs, PartNumber=1, Body=b"x")
    longer = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="f2")["UploadId"]
    after = new_mount(bucket, timeout="1")
    wait_for_log(after, ABORTED)
    assert {upload["UploadId"] for upload in bucket.uploads()} == {theirs, longer}
    assert begun["UploadId"] not in {theirs, longer}
    proc.wait_until(lambda: notes(state_dir) == [], what="an empty folder")


def test_an_upload_whose_create_was_sent_twice_goes_with_the_next_start(bucket, new_mount, server, state_dir):
    mount = new_mount(bucket)
    server.fault("CreateMultipartUpload", count=1, reset_after=True)
    (mount.path / "f").write_bytes(DATA)
    assert bucket.read("f") == DATA
    assert len(bucket.uploads()) == 1
    mount.unmount()
    wait_for_log(new_mount(bucket, timeout="1"), ABORTED)
    assert bucket.uploads() == [] and bucket.read("f") == DATA


def test_of_several_that_it_could_be_none_goes(bucket, new_mount, server, state_dir):
    kill_in_create(new_mount(bucket, timeout="1"), bucket, server)
    bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="f")
    after = new_mount(bucket, timeout="1")
    wait_for_log(after, "cannot be told, and all are kept key=f")
    assert len(bucket.uploads()) == 2
    proc.wait_until(lambda: notes(state_dir) == [], what="an empty folder")


def test_other_clients_uploads_are_left_alone(mount, bucket, new_mount):
    theirs = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="f")["UploadId"]
    kill_in_upload(mount, bucket)
    assert len(bucket.uploads()) == 2
    wait_for_log(new_mount(bucket), ABORTED)
    assert [(u["Key"], u["UploadId"]) for u in bucket.uploads()] == [("f", theirs)]


def test_a_living_daemon_keeps_its_upload(bucket, new_mount, state_dir):
    dead, alive = new_mount(bucket), new_mount(bucket)
    writer = begin(alive.path, bucket, "alive")
    kill_in_upload(dead, bucket)
    wait_for_log(new_mount(bucket), ABORTED)
    assert [u["Key"] for u in bucket.uploads()] == ["alive"]
    assert len(notes(state_dir)) == 2
    assert writer.close() == 0
    assert bucket.read("alive") == DATA
    assert bucket.uploads() == [] and len(notes(state_dir)) == 1


def test_a_bucket_of_another_name_waits_for_its_own_mount(server, new_mount):
    one, other = server.bucket, server.another_bucket("other-bucket")
    kill_in_upload(new_mount(one), one)
    kill_in_upload(new_mount(other), other)
    wait_for_log(new_mount(other), ABORTED)
    assert other.uploads() == [] and len(one.uploads()) == 1
    new_mount(one)
    wait_until_clean(one)


def test_a_bucket_of_that_name_on_another_server_waits(new_server, new_mount, state_dir):
    one, other = new_server().bucket, new_server().bucket
    kill_in_upload(new_mount(one), one)
    before = notes(state_dir)
    (new_mount(other).path / "f").write_bytes(DATA)
    assert len(one.uploads()) == 1
    assert set(before) <= set(notes(state_dir))


def test_a_daemon_in_the_background_holds_its_own_lock(bucket, new_mount, tmp_path, after_mounts):
    path = tmp_path / "background"
    path.mkdir()
    command = [word for word in Mount.command_line(bucket, path, options={"log_to": f"{tmp_path}/background.log"}) if word != "-f"]
    after_mounts.callback(lambda: mount_line(path) and proc.run("umount", "-l", path))
    proc.run(*command, env=proc.clean_environment(**bucket.environment()))
    pid = int(proc.run("pgrep", "-n", "-f", f" {path} ").stdout)
    writer = begin(path, bucket)
    other = new_mount(bucket)
    (other.path / "g").write_bytes(DATA)
    assert [u["Key"] for u in bucket.uploads()] == ["f"]
    os.kill(pid, signal.SIGKILL)
    assert writer.close() != 0
    new_mount(bucket)
    wait_until_clean(bucket)


def test_a_read_only_mount_aborts_nothing(mount, bucket, new_mount, server):
    kill_in_upload(mount, bucket)
    server.reset()
    new_mount(bucket, ro=True).unmount()
    assert "AbortMultipartUpload" not in server.requests()
    assert len(bucket.uploads()) == 1
    new_mount(bucket)
    wait_until_clean(bucket)


@pytest.mark.parametrize("rule", [dict(status=403, code="AccessDenied"), dict(status=503, code="SlowDown")], ids=["403", "503"])
def test_an_abort_that_is_refused_is_tried_again_by_the_next_start(mount, bucket, new_mount, server, state_dir, rule):
    kill_in_upload(mount, bucket)
    before = notes(state_dir)
    server.fault("AbortMultipartUpload", count=0, **rule)
    refused = new_mount(bucket, attempts="2")
    wait_for_log(refused, LEFT)
    assert rule["code"] in refused.log()
    assert notes(state_dir) == before and len(before) == 2
    refused.unmount()
    server.faults()
    new_mount(bucket)
    wait_until_clean(bucket)
    proc.wait_until(lambda: notes(state_dir) == [], what="an empty folder")


def test_one_refused_abort_does_not_keep_the_others(bucket, new_mount, server):
    kill_in_upload(new_mount(bucket), bucket, "a", "b", "c")
    server.fault("AbortMultipartUpload", key="b", count=0, status=403, code="AccessDenied")
    wait_for_log(new_mount(bucket), LEFT)
    assert [u["Key"] for u in bucket.uploads()] == ["b"]


def test_an_upload_that_is_gone_is_done(mount, bucket, new_mount, server, state_dir):
    kill_in_upload(mount, bucket)
    for upload in bucket.uploads():
        bucket.s3.abort_multipart_upload(Bucket=bucket.name, Key=upload["Key"], UploadId=upload["UploadId"])
    after = new_mount(bucket)
    proc.wait_until(lambda: notes(state_dir) == [], what="an empty folder")
    after.unmount()
    assert "killed" not in after.log()


def test_a_slow_server_does_not_keep_a_mount_from_its_end(mount, bucket, new_mount, server, state_dir):
    kill_in_upload(mount, bucket)
    server.fault("AbortMultipartUpload", count=0, delay_ms=20_000)
    after = new_mount(bucket)
    (after.path / "g").write_bytes(b"x")
    after.unmount()
    server.faults()
    assert len(notes(state_dir)) == 2


# --- The record ---------------------------------------------------------------


def test_the_record_is_ours_alone_and_gone_with_the_upload(mount, bucket, state_dir):
    (mount.path / "small").write_bytes(b"x")
    assert not state_dir.exists()
    writer = begin(mount.path, bucket)
    folder = state_dir / "uploads"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600} and stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(notes(state_dir)) == 2
    assert writer.close() == 0
    assert len(notes(state_dir)) == 1
    mount.unmount()
    assert notes(state_dir) == []


def test_an_upload_that_is_given_up_is_no_longer_noted(mount, bucket, server, state_dir):
    mount.expect_errors()
    server.fault("CompleteMultipartUpload", count=0, status=403, code="AccessDenied")
    with pytest.raises(OSError):
        (mount.path / "f").write_bytes(DATA)
    assert len(notes(state_dir)) == 1
    mount.unmount()
    assert notes(state_dir) == []


def test_an_upload_that_could_not_be_aborted_is_aborted_by_the_next_start(mount, bucket, server, new_mount, state_dir):
    mount.expect_errors()
    server.faults(
        dict(op="CompleteMultipartUpload", count=0, status=403, code="AccessDenied"),
        dict(op="AbortMultipartUpload", count=0, status=403, code="AccessDenied"),
    )
    with pytest.raises(OSError):
        (mount.path / "f").write_bytes(DATA)
    mount.unmount()
    server.faults()
    assert len(bucket.uploads()) == 1 and len(notes(state_dir)) == 2
    new_mount(bucket)
    wait_until_clean(bucket)


def test_without_a_folder_of_ours_the_temporary_one_serves(bucket, new_mount, tmp_path):
    (tmp_path / "file").write_text("")
    options = {"state_dir": f"{tmp_path}/file/state", "temp_dir": str(tmp_path)}
    kill_in_upload(new_mount(bucket, **options), bucket)
    assert len(list((tmp_path / f"s3storefs-uploads-{os.geteuid()}").iterdir())) == 2
    new_mount(bucket, **options)
    wait_until_clean(bucket)


def test_without_any_folder_uploads_work(bucket, new_mount, tmp_path):
    (tmp_path / "file").write_text("")
    # A folder that others may write to is not trusted.
    (tmp_path / f"s3storefs-uploads-{os.geteuid()}").mkdir()
    (tmp_path / f"s3storefs-uploads-{os.geteuid()}").chmod(0o777)
    mount = new_mount(bucket, state_dir=f"{tmp_path}/file/state", temp_dir=str(tmp_path))
    for name in ("f", "g"):
        (mount.path / name).write_bytes(DATA)
    assert bucket.contents() == {"f": DATA, "g": DATA}
    assert mount.log().count("warn s3: uploads cannot be noted: ") == 1
    assert not any((tmp_path / f"s3storefs-uploads-{os.geteuid()}").iterdir())


def test_a_full_disk_does_not_fail_an_upload(bucket, new_mount, tmp_path, after_mounts):
    full = tmp_path / "full"
    full.mkdir()
    if proc.run("mount", "-t", "tmpfs", "-o", "nr_inodes=3", "none", full, ok=False).returncode:
        pytest.skip("a file system without room cannot be made here")
    after_mounts.callback(proc.run, "umount", full)
    mount = new_mount(bucket, state_dir=str(full))
    for name in ("f", "g"):
        (mount.path / name).write_bytes(DATA)
    assert bucket.contents() == {"f": DATA, "g": DATA}
    assert mount.log().count("warn s3: uploads cannot be noted: No space left on device") == 1


def test_what_is_no_note_of_ours_is_neither_used_nor_removed(mount, bucket, new_mount, state_dir):
    kill_in_upload(mount, bucket)
    folder = state_dir / "uploads"
    lock = next(path for path in folder.iterdir() if path.suffix == ".lock")
    theirs = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="theirs")["UploadId"]
    good = next(path for path in folder.iterdir() if path.suffix != ".lock").read_bytes()
    forged = good.splitlines(keepends=True)[:2] + [b"theirs\n", theirs.encode() + b"\n"]
    others = {
        "notes": b"".join(forged),  # nobody's
        f"{lock.stem}.{'1' * 32}": b"s3storefs upload 2\n" + b"".join(forged[1:]),
        f"{lock.stem}.{'2' * 32}": b"".join(forged) + b"more\n",
    }
    torn = {
        f"{lock.stem}.{'3' * 32}": b"",
        f"{lock.stem}.{'4' * 32}": b"".join(forged)[:-1],
    }
    for name, text in {**others, **torn}.items():
        (folder / name).write_bytes(text)
    (folder / f"{lock.stem}.{'5' * 32}").symlink_to(folder / "notes")
    wait_for_log(new_mount(bucket), ABORTED)
    proc.wait_until(
        lambda: set(notes(state_dir)) == {*others, lock.name, f"{lock.stem}.{'5' * 32}"}, what="what was no note alone"
    )
    assert [u["Key"] for u in bucket.uploads()] == ["theirs"]


# --- The tool -----------------------------------------------------------------


def kill_put(bucket):
    env = proc.clean_environment(**bucket.environment())
    with subprocess.Popen(Tool(bucket).command("put", "-", bucket.name, "a"), stdin=subprocess.PIPE, env=env) as running:
        running.stdin.write(DATA)
        running.stdin.flush()
        wait_for_parts(bucket)
        running.kill()
        with contextlib.suppress(OSError):
            running.stdin.close()


@pytest.mark.parametrize("by", ["a mount", "put"])
def test_a_killed_put_is_cleaned_up_behind_by(bucket, new_mount, state_dir, by):
    bucket.put("a", b"old")
    kill_put(bucket)
    assert len(bucket.uploads()) == 1
    if by == "put":
        done = Tool(bucket)("put", "-", "b", data=b"x")
        assert ABORTED in done.stderr and bucket.uploads() == []
    else:
        new_mount(bucket)
        wait_until_clean(bucket)
    proc.wait_until(lambda: notes(state_dir) == [], what="an empty folder")
    assert bucket.read("a") == b"old"


def test_a_put_leaves_no_note(bucket, state_dir):
    Tool(bucket)("put", "-", "a", data=DATA)
    assert bucket.read("a") == DATA and notes(state_dir) == []


def test_ceph_forgets_what_a_killed_daemon_has_left(rgw_bucket, new_mount):
    theirs = rgw_bucket.s3.create_multipart_upload(Bucket=rgw_bucket.name, Key="f")["UploadId"]
    kill_in_upload(new_mount(rgw_bucket), rgw_bucket)
    wait_for_log(new_mount(rgw_bucket), ABORTED)
    assert [u["UploadId"] for u in rgw_bucket.uploads()] == [theirs]
