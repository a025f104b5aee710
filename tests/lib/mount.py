# SPDX-License-Identifier: MIT
"""One mount of a bucket: the program in the foreground, its log, its end."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import proc

START_SECONDS = 60
END_SECONDS = 60


def mount_line(path):
    """The line of /proc/self/mountinfo of a mount point, or None; asks nothing of the mount."""
    wanted = os.fsencode(path).decode("utf-8", "backslashreplace")
    with open("/proc/self/mountinfo", errors="backslashreplace") as table:
        for line in table:
            if line.split()[4] == wanted.replace(" ", "\\040"):
                return line
    return None


def abort_connection(path):
    """Make every waiting call below a mount point return, whatever its daemon does."""
    line = mount_line(path)
    if not line:
        return
    control = pathlib.Path("/sys/fs/fuse/connections")
    if not any(control.iterdir()):
        subprocess.run(["mount", "-t", "fusectl", "none", control], timeout=10)
    (control / line.split()[2].split(":")[1] / "abort").write_text("1")


class Mount:
    """
    mount = Mount(bucket, folder, file_overwrite="false")
    (mount.path / "name").write_bytes(b"...")
    mount.unmount()

    Every end goes through finish(), which fails if the daemon crashed, left with another status than 0 or wrote an
    error line that the test did not announce with expect_errors().
    """

    def __init__(self, bucket, folder, location="", environment=None, config=None, **options):
        self.bucket = bucket
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "mnt"
        self.path.mkdir(parents=True, exist_ok=True)
        self.log_path = self.folder / "log"
        self.expected_errors = []
        self.expected_status = {0}
        self.finished = False
        self.command = self.command_line(bucket, self.path, location, config, options)
        self.environment = proc.clean_environment(**{**bucket.environment(), **(environment or {})})
        try:
            self.start()
        except BaseException:
            self.kill()
            raise

    @staticmethod
    def command_line(bucket, path, location="", config=None, options=None):
        settings = {**bucket.options(), "log_level": "info", **(options or {})}
        command = [proc.PROGRAM, bucket.name + (f":{location}" if location else ""), path, "-f"]
        if config:
            command += ["-c", config]
        for name, value in settings.items():
            if value is not None:
                command += ["-o", name if value is True else f"{name}={value}"]
        return [os.fspath(c) for c in command]

    def start(self):
        with open(self.log_path, "w") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, close_fds=False
            )
        end = time.monotonic() + START_SECONDS
        while not mount_line(self.path):
            if self.process.poll() is not None:
                raise AssertionError(f"the mount ended with {self.process.returncode}:\n{self.log()[-3000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"no mount after {START_SECONDS} s:\n{self.log()[-3000:]}")
            time.sleep(0.01)

    def log(self):
        return self.log_path.read_text(errors="backslashreplace")

    def expect_errors(self, *patterns):
        """
        Announce error lines; without a pattern any will do. A daemon that had to give data up may say so once more
        by its exit status.
        """
        self.expected_errors += patterns or [""]
        self.expected_status.add(1)

    def sync(self):
        """Wait until removals are in the bucket, too."""
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def unmount(self):
        """As a user does; returns when the daemon is gone."""
        done = proc.run("fusermount3", "-u", self.path, ok=False, time_limit=END_SECONDS)
        assert done.returncode == 0, f"fusermount3 -u: {done.stderr}"
        self.wait_for_end()

    def terminate(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        self.wait_for_end()

    def wait_for_end(self):
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon was still there {END_SECONDS} s after the unmount:\n{self.log()[-3000:]}")
        self.finish()

    def kill(self):
        """The hard way; never fails. Used by the watchdog as well, from its thread."""
        self.finished = True
        if self.process.poll() is None:
            self.process.kill()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                abort_connection(self.path)
        for _ in range(5):
            if not mount_line(self.path):
                break
            subprocess.run(["umount", "-l", self.path], stderr=subprocess.DEVNULL, timeout=20)

    def finish(self):
        self.finished = True
        text = self.log()
        good = self.process.returncode in self.expected_status and not proc.sanitizer_lines(text)
        if not good:
            raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{proc.report_of(text)}")
        errors = [line for line in text.splitlines() if re.match(r"\S+ error ", line)]
        bad = [line for line in errors if not any(re.search(p, line) for p in self.expected_errors)]
        assert not bad, "error lines nobody expected:\n" + "\n".join(bad[:20])


class Watchdog:
    """Ends what hangs: kills the daemons of a test that takes too long, so that its calls return."""

    def __init__(self, seconds, mounts):
        self.mounts = mounts
        self.barked = False
        self.timer = threading.Timer(seconds, self.bark)
        self.timer.daemon = True
        self.timer.start()

    def bark(self):
        self.barked = True
        for mount in list(self.mounts):
            mount.kill()

    def cancel(self):
        self.timer.cancel()
