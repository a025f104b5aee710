# SPDX-License-Identifier: MIT
"""
The same random operations on the mount and on a local folder: every answer,
every error and every content must agree; in the end the bucket must hold
what the local folder holds. A seed gives the same run again.
"""

import errno
import os
import random
import stat

import pytest

NAMES = ["a", "b", "c.txt", "dir", "e e", "sub"]
OPERATIONS = 300


class Side:
    """One of the two folders; descriptors are known by number."""

    def __init__(self, top):
        self.top = str(top)
        self.fds = {}

    def do(self, operation, *args):
        """The answer, or the name of the error."""
        try:
            return getattr(self, operation)(*args)
        except OSError as error:
            return errno.errorcode[error.errno]

    def at(self, name):
        return os.path.join(self.top, name)

    def open(self, number, name, flags):
        self.fds[number] = os.open(self.at(name), flags, 0o644)

    def close(self, number):
        os.close(self.fds.pop(number))

    def write(self, number, data):
        return os.write(self.fds[number], data)

    def pwrite(self, number, data, offset):
        return os.pwrite(self.fds[number], data, offset)

    def pread(self, number, size, offset):
        return os.pread(self.fds[number], size, offset)

    def read(self, number, size):
        return os.read(self.fds[number], size)

    def ftruncate(self, number, size):
        os.ftruncate(self.fds[number], size)

    def fsync(self, number):
        os.fsync(self.fds[number])

    def fstat(self, number):
        return self.size_of(os.fstat(self.fds[number]))

    def stat(self, name):
        return self.size_of(os.stat(self.at(name)))

    @staticmethod
    def size_of(status):
        return "dir" if stat.S_ISDIR(status.st_mode) else status.st_size

    def chmod(self, name, mode):
        os.chmod(self.at(name), mode)
        return stat.S_IMODE(os.stat(self.at(name)).st_mode)

    def utime(self, name, seconds):
        os.utime(self.at(name), (seconds, seconds))

    def truncate(self, name, size):
        os.truncate(self.at(name), size)

    def unlink(self, name):
        os.unlink(self.at(name))

    def mkdir(self, name):
        os.mkdir(self.at(name))

    def rmdir(self, name):
        os.rmdir(self.at(name))

    def rename(self, old, new):
        os.rename(self.at(old), self.at(new))

    def listdir(self, name):
        return sorted(os.listdir(self.at(name)))

    def content(self, name):
        with open(self.at(name), "rb") as file:
            return file.read()

    def tree(self):
        found = {}
        for top, folders, files in os.walk(self.top):
            for name in folders:
                found[os.path.relpath(os.path.join(top, name), self.top) + "/"] = None
            for name in files:
                path = os.path.relpath(os.path.join(top, name), self.top)
                found[path] = self.content(path)
        return found


# Two errors for one mistake: POSIX leaves the choice.
SAME = [{"ENOTEMPTY", "EEXIST"}, {"EISDIR", "EPERM"}]


def agree(ours, theirs):
    return ours == theirs or any({ours, theirs} <= pair for pair in SAME if isinstance(ours, str) and isinstance(theirs, str))


class Walk:
    """Chooses the next operation; knows which descriptors are open."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.open = {}
        self.next = 0

    def name(self):
        depth = self.random.choice([1, 1, 1, 2, 2, 3])
        return "/".join(self.random.choice(NAMES) for _ in range(depth))

    def size(self):
        return self.random.choice([0, 1, 10, 4096, 5000, 70_000, 300_000])

    def data(self):
        return self.random.randbytes(self.size())

    def step(self):
        pick = self.random.random()
        if self.open and pick < 0.45:
            number = self.random.choice(list(self.open))
            return self.with_descriptor(number)
        if len(self.open) < 6 and pick < 0.65:
            number, self.next = self.next, self.next + 1
            flags = self.random.choice(
                [
                    os.O_RDONLY,
                    os.O_RDWR,
                    os.O_RDWR | os.O_CREAT,
                    os.O_RDWR | os.O_CREAT,
                    os.O_RDWR | os.O_CREAT | os.O_TRUNC,
                    os.O_RDWR | os.O_CREAT | os.O_EXCL,
                    os.O_RDWR | os.O_CREAT | os.O_APPEND,
                    os.O_WRONLY | os.O_TRUNC,
                ]
            )
            return ("open", number, self.name(), flags)
        return self.random.choice(
            [
                lambda: ("stat", self.name()),
                lambda: ("unlink", self.name()),
                lambda: ("mkdir", self.name()),
                lambda: ("mkdir", self.name()),
                lambda: ("rmdir", self.name()),
                lambda: ("rename", self.name(), self.name()),
                lambda: ("rename", self.name(), self.name()),
                lambda: ("listdir", self.random.choice([".", ".", self.name()])),
                lambda: ("content", self.name()),
                lambda: ("truncate", self.name(), self.size()),
                lambda: ("chmod", self.name(), self.random.choice([0o700, 0o744, 0o755])),
                lambda: ("utime", self.name(), self.random.randrange(10**9)),
            ]
        )()

    def with_descriptor(self, number):
        return self.random.choice(
            [
                lambda: ("write", number, self.data()),
                lambda: ("pwrite", number, self.data(), self.size()),
                lambda: ("pread", number, self.size(), self.size()),
                lambda: ("pread", number, 1_000_000, 0),
                lambda: ("read", number, self.size()),
                lambda: ("ftruncate", number, self.size()),
                lambda: ("fsync", number),
                lambda: ("fstat", number),
                lambda: ("close", number),
                lambda: ("close", number),
            ]
        )()

    def learn(self, step, answer):
        if step[0] == "open" and answer is None:
            self.open[step[1]] = step[2]
        if step[0] == "close":
            self.open.pop(step[1], None)


def differences(ours, theirs):
    """What differs between two trees, briefly."""
    found = []
    for name in sorted(set(ours) | set(theirs)):
        if name not in theirs:
            found.append(f"{name} is only in the mount")
        elif name not in ours:
            found.append(f"{name} is missing")
        elif ours[name] != theirs[name]:
            at = len(os.path.commonprefix([ours[name], theirs[name]]))
            found.append(f"{name}: {len(ours[name])} bytes, {len(theirs[name])} expected; the first that differs is {at}")
    return found


def shown(step):
    return tuple(f"<{len(a)} bytes>" if isinstance(a, bytes) else a for a in step)


@pytest.mark.time_limit(120)
@pytest.mark.parametrize("seed", range(1, 13))
def test_random_operations_give_the_same_answers_as_a_local_folder(seed, new_mount, bucket, tmp_path):
    (tmp_path / "local").mkdir()
    mount = new_mount(bucket)
    ours, theirs = Side(mount.path), Side(tmp_path / "local")
    walk = Walk(seed)
    history = []
    try:
        for count in range(OPERATIONS):
            step = walk.step()
            history.append(shown(step))
            expected, got = theirs.do(*step), ours.do(*step)
            if not agree(got, expected):
                told = [repr(x)[:80] if not isinstance(x, bytes) else f"<{len(x)} bytes>" for x in (got, expected)]
                raise AssertionError(
                    f"seed {seed}, operation {count}: {shown(step)} gave {told[0]}, a local folder {told[1]}\n"
                    + "\n".join(map(str, history[-40:]))
                )
            walk.learn(step, expected)
            if os.environ.get("MODEL_TRACE"):
                print(count, shown(step), expected if not isinstance(expected, bytes) else len(expected))
            if count == OPERATIONS // 2:
                assert not differences(ours.tree(), theirs.tree())
    finally:
        for side in (ours, theirs):
            for number in list(side.fds):
                side.do("close", number)
    expected = theirs.tree()
    assert not differences(ours.tree(), expected)
    mount.sync()
    stored = {key: data for key, data in bucket.contents().items() if not key.endswith("/")}
    assert not differences(stored, {name: data for name, data in expected.items() if data is not None})
    mount.unmount()
    again = new_mount(bucket)
    assert not differences(Side(again.path).tree(), expected)
    assert bucket.uploads() == []
