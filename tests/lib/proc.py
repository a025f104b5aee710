# SPDX-License-Identifier: MIT
"""Processes that tests start: each has a time limit, each is ended by its pid."""

import os
import pathlib
import signal
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("S3STOREFS_BUILD", TOP / "build")).resolve()
PROGRAM = BUILD / "src" / "s3storefs"
TESTSERVER = BUILD / "tests" / "server" / "s3storefs-testserver"

# Where the program keeps what must outlive it; each test has one of its own.
state_dir = None

# One line of these in an output is a failure, whatever the exit status.
SANITIZER_WORDS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "Assertion `")


def sanitizer_environment():
    return {
        "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:exitcode=99",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
        "TSAN_OPTIONS": "halt_on_error=1:exitcode=99",
    }


def clean_environment(**more):
    """The caller's environment without any credentials or settings of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "S3STOREFS_")) and not k.lower().endswith("_proxy")}
    # No shared files of the machine's user, and no instance metadata.
    env.update(AWS_SHARED_CREDENTIALS_FILE="/dev/null", AWS_CONFIG_FILE="/dev/null", AWS_EC2_METADATA_DISABLED="true")
    env.update(sanitizer_environment())
    if state_dir:
        env.update(S3STOREFS_STATE_DIR=os.fspath(state_dir))
    env.update(more)
    return env


def run(*command, time_limit=60, ok=True, **kwargs):
    """Run a command; return the CompletedProcess with text output. ok: it must succeed."""
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    kwargs.setdefault("env", clean_environment())
    # Else the child would close our files on a mount that may hang, before it is a process of its own.
    kwargs.setdefault("close_fds", False)
    done = subprocess.run(
        [os.fspath(c) for c in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=time_limit,
        **kwargs,
    )
    done.stdout = done.stdout.decode(errors="backslashreplace")
    done.stderr = done.stderr.decode(errors="backslashreplace")
    if ok and done.returncode != 0:
        raise AssertionError(
            f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        )
    return done


def shell(script, cwd=None, **kwargs):
    """Run a piece of shell; any command that fails ends it."""
    return run("sh", "-euc", script, cwd=cwd, **kwargs)


def wait_until(condition, seconds=50, what="the condition"):
    """Ask until it holds; return its value. The limit is long, as a busy machine is slow, and costs nothing when all is well."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come true within {seconds} s"
        time.sleep(0.02)


def end(process, seconds=20):
    """SIGTERM, and SIGKILL if that does not help. True if it went by itself."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            return False
    return True


def sanitizer_lines(text):
    return [line for line in text.splitlines() if any(word in line for word in SANITIZER_WORDS)]


def report_of(text):
    """What a log says of a crash: the sanitizer's report without its map of memory, or the last lines."""
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if any(word in line for word in SANITIZER_WORDS)), None)
    if first is None:
        return "\n".join(lines[-20:])
    end = next((n for n in range(first, len(lines)) if lines[n].startswith("SUMMARY")), len(lines))
    return "\n".join(lines[first : min(end + 1, first + 60)])
