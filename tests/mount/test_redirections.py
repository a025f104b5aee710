# SPDX-License-Identifier: MIT
"""
A shell's redirection, and whoever else lends a descriptor: the old object stays until the new one is whole, and what
is stored is stored once, by the time the program has ended.
"""

import mmap
import os
import subprocess
import sys
import threading

import pytest
from files import fails_with, opened
from proc import clean_environment, shell, wait_until


@pytest.fixture
def stored(server, bucket):
    """stored("f"): what the bucket has of a key, and how many PUTs that took since the last question."""

    def ask(key):
        puts = server.requests().get("PutObject", 0)
        data = bucket.read(key)
        server.reset()
        return data, puts

    server.reset()
    return ask


ONCE = {
    "echo": ("echo new > f", b"new\n"),
    "program": ("/bin/echo new > f", b"new\n"),
    "subshell": ("(echo one; echo two) > f", b"one\ntwo\n"),
    "loop": ("for i in 1 2 3 4 5; do /bin/echo $i; done > f", b"1\n2\n3\n4\n5\n"),
    "pipe": ("echo new | cat > f", b"new\n"),
    "append": ("echo new >> f", b"old\nnew\n"),
    "here": ("cat > f <<END\nnew\nEND", b"new\n"),
    "dd": ("echo new | dd of=f 2> ../dd", b"new\n"),
    "tee": ("echo new | tee f > /dev/null", b"new\n"),
    "cp": ("echo new > ../new; cp ../new f", b"new\n"),
    "gzip": ("echo new | gzip -c > f.gz; gzip -dc f.gz > f", b"new\n"),
    "dump": ("sqlite3 :memory: 'create table t(x)' .dump > f", None),
    "background": ("{ /bin/echo one; /bin/echo two; } > f & wait", b"one\ntwo\n"),
    "touch": ("rm f; touch f", b""),
    "nothing": (": > f", b""),
    "truncate": ("truncate -s 0 f", b""),
    "true": ("/bin/true > f", b""),
    "child": ("(/bin/true; /bin/true) > f", b""),
    "empty": (": > ../empty; cp ../empty f", b""),
}


@pytest.mark.parametrize("name", ONCE)
def test_a_redirection_is_one_put(folder, bucket, server, stored, name):
    script, wanted = ONCE[name]
    bucket.put("f", b"old\n")
    server.reset()
    shell(script, cwd=folder)
    data, puts = stored("f")
    if wanted is None:
        assert data == (folder / "f").read_bytes() and b"CREATE TABLE" in data
    else:
        assert data == wanted
    assert puts == (2 if name == "gzip" else 1)


@pytest.mark.parametrize("name", ["echo", "program", "subshell", "loop", "dd", "tee", "cp", "touch", "nothing", "truncate"])
def test_while_every_put_is_refused_the_old_object_stays(mount, bucket, server, name):
    mount.expect_errors()
    bucket.put("f", b"old\n")
    server.fault("PutObject", count=0, status=403, code="AccessDenied")
    script = ONCE[name][0].replace("rm f; ", "")
    shell(f"({script}) 2> /dev/null || exit 0", cwd=mount.path)
    # What could not be told to a program that had ended is in the log.
    if name != "touch":
        wait_until(lambda: "f was not stored" in mount.log() or "close: " in mount.log(), what="a word in the log")
    assert bucket.read("f") == b"old\n"
    server.faults()


def test_a_shell_that_keeps_a_descriptor_stores_after_each_command(folder, bucket, stored):
    # It closes a copy of its own after each: that is a close(2) of the program that opened the file.
    shell("exec 3> f; echo one >&3; /bin/echo two >&3; exec 3>&-", cwd=folder)
    assert stored("f") == (b"one\ntwo\n", 2)


def begin(script, folder):
    """A program that waits for a line in the middle; end() lets it go on."""
    process = subprocess.Popen(
        ["sh", "-euc", script], cwd=folder, stdin=subprocess.PIPE, env=clean_environment(), close_fds=False
    )

    def end():
        process.communicate(b"\n", timeout=30)
        assert process.returncode == 0

    return end


@pytest.mark.parametrize(
    "script",
    [
        "(echo one; read x; echo two) > f",
        "(/bin/echo one; read x; /bin/echo two) > f",
        "{ echo one; /bin/true; read x; echo two; } > f",
        "exec > f; /bin/echo one; read x; /bin/echo two",
    ],
)
def test_nobody_else_sees_half_of_what_is_being_written(folder, bucket, stored, script):
    bucket.put("f", b"old\n")
    stored("f")
    end = begin(script, folder)
    wait_until(lambda: (folder / "f").read_bytes() == b"one\n", what="the first half")
    assert stored("f") == (b"old\n", 0)
    end()
    assert stored("f") == (b"one\ntwo\n", 1)


def test_an_empty_file_is_not_stored_before_its_writer_has_begun(folder, bucket, stored):
    bucket.put("f", b"old\n")
    stored("f")
    end = begin(": > f.lock; (read x; echo new) > f", folder)
    wait_until(lambda: (folder / "f").stat().st_size == 0, what="the cut")
    bucket.read("f.lock")
    assert stored("f") == (b"old\n", 1)
    end()
    assert stored("f") == (b"new\n", 1)


LENDS = "import subprocess, sys; f = open('f', 'w'); {before}; p = subprocess.Popen({command}, stdout=f); f.close(); {after}"
CHILD = "['sh', '-c', 'read x; echo child']"


def test_a_descriptor_lent_to_a_child_is_stored_when_the_child_has_ended(folder, bucket, stored):
    bucket.put("f", b"old\n")
    stored("f")
    program = LENDS.format(before="pass", command=CHILD, after="sys.exit(p.wait())")
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=folder, stdin=subprocess.PIPE, env=clean_environment(), close_fds=False
    )
    wait_until(lambda: (folder / "f").stat().st_size == 0, what="the cut")
    assert stored("f") == (b"old\n", 0)
    parent.communicate(b"\n", timeout=30)
    assert parent.returncode == 0
    # Nobody waits for the last close of somebody else.
    wait_until(lambda: bucket.read("f") == b"child\n", what="the child's text")
    assert stored("f") == (b"child\n", 1)


def test_a_program_that_left_its_parents_behind_writes_the_only_version(folder, bucket, stored, tmp_path):
    bucket.put("f", b"old\n")
    os.mkfifo(tmp_path / "go")
    stored("f")
    # Its parent ends at once, so it is nobody's child that the shell could know.
    shell(f"sh -c '(setsid sh -c \"read x < {tmp_path}/go; echo late\" 2> /dev/null &)' > f", cwd=folder)
    assert stored("f") == (b"old\n", 0)
    (tmp_path / "go").write_text("\n")
    wait_until(lambda: bucket.read("f") == b"late\n", what="the late text")
    assert stored("f") == (b"late\n", 1)


def test_what_a_child_wrote_is_stored_when_its_parent_closes(folder, bucket, stored):
    with opened(folder / "f", os.O_WRONLY | os.O_CREAT) as fd:
        subprocess.run(["/bin/echo", "child"], stdout=fd, check=True, close_fds=False)
        assert bucket.keys() == []
    assert stored("f") == (b"child\n", 1)


def test_another_thread_of_the_program_may_close(folder, bucket, stored):
    opener = []
    thread = threading.Thread(target=lambda: opener.append(os.open(folder / "f", os.O_WRONLY | os.O_CREAT)))
    thread.start()
    thread.join()
    os.write(opener[0], b"new")
    os.close(opener[0])
    assert stored("f") == (b"new", 1)
    fd = os.open(folder / "f", os.O_WRONLY | os.O_TRUNC)
    os.write(fd, b"newer")
    thread = threading.Thread(target=os.close, args=[fd])
    thread.start()
    thread.join()
    assert stored("f") == (b"newer", 1)


def test_a_close_of_nothing_written_does_not_store_what_another_writes(folder, bucket, stored):
    bucket.put("f", b"old")
    stored("f")
    with opened(folder / "f", os.O_RDWR) as writer:
        os.pwrite(writer, b"n", 0)
        os.close(os.open(folder / "f", os.O_WRONLY))
        assert stored("f") == (b"old", 0)
    assert stored("f") == (b"nld", 1)


def test_what_is_written_through_a_mapping_is_stored_at_the_close(folder, bucket, stored):
    bucket.put("f", b"old\n" * 2000)
    stored("f")
    with opened(folder / "f", os.O_RDWR) as other, opened(folder / "f", os.O_RDWR) as fd:
        with mmap.mmap(fd, 8000) as view:
            view[:3] = b"new"
        os.close(os.dup(fd))
        assert stored("f") == (b"new\n" + b"old\n" * 1999, 1)
        assert os.pread(other, 4, 0) == b"new\n"


def test_a_truncation_by_path_is_stored_at_once(folder, bucket, stored):
    bucket.put("f", b"old")
    stored("f")
    with opened(folder / "f", os.O_WRONLY):
        os.truncate(folder / "f", 1)
        assert stored("f") == (b"o", 1)


def test_an_error_of_the_close_reaches_who_opened(mount, server):
    mount.expect_errors()
    server.fault("PutObject", count=0, status=403, code="AccessDenied")
    with fails_with("EACCES"), opened(mount.path / "empty", os.O_WRONLY | os.O_CREAT):
        pass
    with fails_with("EACCES"), opened(mount.path / "written", os.O_WRONLY | os.O_CREAT) as fd:
        os.write(fd, b"x")
    server.faults()
