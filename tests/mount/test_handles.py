# SPDX-License-Identifier: MIT
"""Files by handle, as an NFS export opens them: name_to_handle_at(2), open_by_handle_at(2)."""

import ctypes
import os
import pathlib

from files import fails_with, opened

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
HANDLE_MAX = 128


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def handle_of(path):
    """struct file_handle: the room for its bytes, its type, its bytes."""
    handle = ctypes.create_string_buffer(HANDLE_MAX.to_bytes(4, "little"), 8 + HANDLE_MAX)
    mount_id = ctypes.c_int()
    checked(LIBC.name_to_handle_at(AT_FDCWD, os.fsencode(path), handle, ctypes.byref(mount_id), 0))
    return handle


def read_by_handle(folder, handle):
    with opened(folder, os.O_RDONLY | os.O_DIRECTORY) as mount_fd:
        fd = checked(LIBC.open_by_handle_at(mount_fd, handle, os.O_RDONLY))
    with os.fdopen(fd, "rb") as file:
        return file.read()


def forget_inodes():
    """What an export meets after a while: the kernel has dropped what nobody has open."""
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("2\n")


def test_a_handle_is_good_while_the_kernel_knows_the_inode(folder, bucket):
    bucket.put("d/f", b"text")
    with opened(folder / "d" / "f"):
        assert read_by_handle(folder, handle_of(folder / "d" / "f")) == b"text"


def test_with_noforget_a_handle_stays_good(new_mount, bucket):
    bucket.put("d/e/f", b"text")
    folder = new_mount(bucket, noforget="true").path
    handle = handle_of(folder / "d" / "e" / "f")
    forget_inodes()
    assert read_by_handle(folder, handle) == b"text"
    (folder / "d").rename(folder / "moved")
    forget_inodes()
    assert read_by_handle(folder, handle) == b"text"
    os.unlink(folder / "moved" / "e" / "f")
    forget_inodes()
    with fails_with("ESTALE"):
        read_by_handle(folder, handle)


def test_a_handle_of_an_earlier_mount_is_stale(new_mount, bucket):
    bucket.put("one", b"1")
    mount = new_mount(bucket, noforget="true")
    handle = handle_of(mount.path / "one")
    # The numbers of two mounts are alike; their generations are not.
    changed = bytearray(handle.raw)
    changed[16] ^= 1
    with fails_with("ESTALE"):
        read_by_handle(mount.path, ctypes.create_string_buffer(bytes(changed), len(changed)))
