# SPDX-License-Identifier: MIT
"""Small helpers around files."""

import contextlib
import errno
import os
import random
import subprocess

MIB = 1024 * 1024


@contextlib.contextmanager
def fails_with(*names):
    """with fails_with("ENOENT"): the block must raise an OSError of that name."""
    try:
        yield
    except OSError as error:
        name = errno.errorcode.get(error.errno, str(error.errno))
        assert name in names, f"failed with {name}, not {' or '.join(names)}: {error}"
    else:
        raise AssertionError(f"did not fail; {' or '.join(names)} expected")


@contextlib.contextmanager
def opened(path, flags=os.O_RDONLY, mode=0o644):
    """A descriptor, closed at the end; an error of close(2) is raised."""
    fd = os.open(path, flags, mode)
    try:
        yield fd
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(fd)
        raise
    os.close(fd)


def some_bytes(size, seed=1):
    """The same bytes for the same seed; no two blocks are alike."""
    return random.Random(seed).randbytes(size)


def read_at(path, offset, size):
    with opened(path) as fd:
        return os.pread(fd, size, offset)


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_folder(path):
    with opened(path, os.O_RDONLY | os.O_DIRECTORY) as fd:
        os.fsync(fd)


def by_nobody(folder, script):
    """What sh makes of script in folder, as a user who owns nothing; root only."""
    for parent in [folder, *folder.parents]:
        if os.stat(parent).st_uid == os.geteuid() and not os.path.ismount(parent) and not os.stat(parent).st_mode & 0o001:
            parent.chmod(os.stat(parent).st_mode | 0o011)
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", f"cd '{folder}' && {script}"]
    return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=60)
