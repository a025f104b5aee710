# SPDX-License-Identifier: MIT
"""Fixtures of the tests that go through the kernel. The build folder is $S3STOREFS_BUILD, or build/."""

import contextlib
import faulthandler
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))

import proc  # noqa: E402
from mount import Mount, Watchdog  # noqa: E402
from servers import Rgw, Swift, TestServer  # noqa: E402

TIME_LIMIT = 120


def pytest_configure(config):
    # Asked to end, unmount first. A background job ignores SIGINT, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config.addinivalue_line("markers", "time_limit(seconds): how long a test may take before its daemons are killed")
    for needed in (proc.PROGRAM, proc.TESTSERVER):
        if not needed.exists():
            raise pytest.UsageError(f"{needed} is not there: build first, or set S3STOREFS_BUILD")


def pytest_collection_modifyitems(items):
    # Side by side (pytest-xdist), but one gateway of a kind is enough.
    for item in items:
        for server in "rgw", "swift":
            if server in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group(server))


@pytest.fixture(autouse=True)
def state_dir(tmp_path, monkeypatch):
    """The folder that the programs of a test keep their state in; it is not made yet."""
    monkeypatch.setattr(proc, "state_dir", tmp_path / "state")
    return proc.state_dir


@pytest.fixture
def after_mounts():
    """What has to be undone when nothing is mounted any more."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(autouse=True)
def mounts(request, after_mounts):
    """All mounts of a test. At its end each must unmount cleanly; none may outlive its time."""
    mounts = []
    marker = request.node.get_closest_marker("time_limit")
    seconds = marker.args[0] if marker else TIME_LIMIT
    watchdog = Watchdog(seconds, mounts)
    # What not even that wakes is the end of the whole run, with a trace.
    faulthandler.dump_traceback_later(seconds + 120, exit=True)
    yield mounts
    problems = []
    for mount in reversed(mounts):
        try:
            if not mount.finished:
                mount.unmount()
        except Exception as error:
            problems.append(str(error))
        finally:
            mount.kill()
    watchdog.cancel()
    faulthandler.cancel_dump_traceback_later()
    if watchdog.barked:
        problems.insert(0, f"the test took over {seconds} s; its daemons were killed")
    assert not problems, "\n".join(problems)


@pytest.fixture
def new_mount(mounts, tmp_path):
    """Mount a bucket: new_mount(bucket, location="", file_overwrite="false", ...)."""

    def start(bucket, location="", **options):
        folder = tmp_path / f"mount{len(mounts)}"
        mount = Mount(bucket, folder, location, **options)
        mounts.append(mount)
        return mount

    return start


@pytest.fixture
def settings(tmp_path):
    """settings("TEXT"): a settings file that only we can read."""

    def write(text, mode=0o600):
        path = tmp_path / "settings.conf"
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def new_server(after_mounts, tmp_path):
    """Start a test server: new_server("--no-list-v2")."""
    count = 0

    def start(*options, **settings):
        nonlocal count
        count += 1
        server = TestServer(tmp_path / f"server{count}.log", *options, **settings)
        after_mounts.callback(server.stop)
        return server

    return start


@pytest.fixture
def server(new_server):
    return new_server()


@pytest.fixture
def bucket(server):
    return server.bucket


@pytest.fixture
def mount(new_mount, bucket):
    """The bucket of the test server, mounted with the defaults."""
    return new_mount(bucket)


@pytest.fixture
def folder(mount):
    """The mount point, as a path."""
    return mount.path


@pytest.fixture(scope="session")
def rgw(tmp_path_factory):
    gateway = Rgw(tmp_path_factory.mktemp("rgw"))
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def swift(tmp_path_factory):
    swift = Swift(tmp_path_factory.mktemp("swift"))
    yield swift
    swift.stop()


@pytest.fixture(params=Rgw.WAYS)
def rgw_bucket(request, rgw, after_mounts):
    """A bucket on Ceph's gateway: over HTTP and HTTPS, path and virtual-host style."""
    bucket = rgw.bucket(request.param)
    after_mounts.callback(bucket.remove)
    return bucket
