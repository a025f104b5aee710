# SPDX-License-Identifier: MIT
"""A start that cannot work says why and how to mend it, and its exit status is not 0."""

import os
import signal
import socket
import subprocess
import time

import proc
import pytest
from mount import Mount, mount_line


@pytest.fixture
def start_fails(tmp_path):
    """start_fails(bucket, "words", ...): the start must fail; returns what it said."""

    def check(bucket, *words, background=False, environment=None, path=None, location="", config=None, **options):
        path = path or tmp_path / "mnt"
        path.mkdir(exist_ok=True)
        command = Mount.command_line(bucket, path, location, config, options)
        if background:
            command.remove("-f")
        env = proc.clean_environment(**{**bucket.environment(), **(environment or {})})
        try:
            done = proc.run(*command, ok=False, env=env, time_limit=60)
            said = done.stdout + done.stderr
            assert done.returncode not in (0, 99) and done.returncode > 0, f"exit status {done.returncode}: {said}"
            assert not proc.sanitizer_lines(said), said
            assert not mount_line(path)
        finally:
            if mount_line(path):
                subprocess.run(["umount", "-l", path], timeout=20)
        for word in words:
            assert word.lower() in said.lower(), f"{word!r} is not in what it said:\n{said}"
        assert bucket.secret_key not in said
        assert len(said.strip().splitlines()) <= 8, f"a whole page for one error:\n{said}"
        return said

    return check


BOTH = pytest.mark.parametrize("background", [False, True], ids=["foreground", "background"])


@BOTH
def test_a_wrong_secret_is_told_with_the_key_it_belongs_to(bucket, start_fails, background):
    start_fails(bucket, "secret", background=background, environment={"AWS_SECRET_ACCESS_KEY": "wrong"})


def test_an_unknown_access_key_is_told(bucket, start_fails):
    start_fails(bucket, "access key", environment={"AWS_ACCESS_KEY_ID": "NOBODYSKEY"})


def test_no_credentials_at_all_says_where_it_looked(bucket, start_fails):
    start_fails(bucket, "AWS_ACCESS_KEY_ID", environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})


def test_a_key_without_its_secret_is_told(bucket, start_fails):
    start_fails(bucket, "SECRET_ACCESS_KEY", environment={"AWS_SECRET_ACCESS_KEY": ""})


@BOTH
def test_a_missing_bucket_is_named(bucket, start_fails, background):
    bucket.name = "no-such-bucket"
    start_fails(bucket, "no-such-bucket", background=background)


def test_a_dead_server_is_told_with_its_address_and_soon(bucket, start_fails):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        start_fails(bucket, url.removeprefix("http://"), endpoint_url=url)


def test_a_host_name_that_does_not_exist_is_named(bucket, start_fails):
    start_fails(bucket, "no-such-host.invalid", endpoint_url="http://no-such-host.invalid:9000")


def test_a_server_that_is_not_s3_is_told(bucket, start_fails, server):
    server.faults(dict(op="*", count=0, status=200, body="<html>hello</html>"))
    start_fails(bucket, server.url.removeprefix("http://"))


def test_an_endpoint_without_a_scheme_is_told(bucket, start_fails):
    start_fails(bucket, "endpoint_url", "http", endpoint_url="127.0.0.1:9000")


def test_an_unknown_setting_is_told_with_the_nearest_name(bucket, start_fails):
    start_fails(bucket, "file_overwrit", "file_overwrite", file_overwrit="false")


@pytest.mark.parametrize(
    "name, value",
    [
        ("file_overwrite", "perhaps"),
        ("addressing_style", "sideways"),
        ("signature_version", "v9"),
        ("querystring_expire", "soon"),
        ("max_memory_size", "-1"),
        ("memory_budget", "lots"),
        ("log_level", "loud"),
        ("default_acl", "everybody"),
    ],
)
def test_a_bad_value_is_told_with_its_setting(bucket, start_fails, name, value):
    start_fails(bucket, name, value, **{name: value})


def test_a_location_that_climbs_or_begins_with_a_slash_is_refused(bucket, start_fails):
    start_fails(bucket, "location", AWS_LOCATION="/media")
    start_fails(bucket, "location", AWS_LOCATION="a/../../b")


@pytest.mark.parametrize("name", ["secret_key", "access_key", "secret_access_key", "session_token"])
def test_secrets_are_refused_on_the_command_line(bucket, start_fails, name):
    said = start_fails(bucket, name, **{name: "hunter2hunter2"})
    assert "hunter2hunter2" not in said


def test_a_configuration_that_cannot_be_read_is_named(bucket, start_fails, tmp_path):
    start_fails(bucket, "none.conf", config=tmp_path / "none.conf")


def test_a_mistake_in_the_configuration_is_told_with_its_line(bucket, start_fails, settings):
    config = settings("# fine\nAWS_S3_REGION_NAME = us-east-1\nAWS_S3_FILE_OVERWRIT = False\n")
    start_fails(bucket, config.name, "3", "AWS_S3_FILE_OVERWRITE", config=config)


def test_a_configuration_with_keys_that_others_can_read_is_refused(bucket, start_fails, tmp_path):
    config = tmp_path / "my.conf"
    config.write_text("AWS_ACCESS_KEY_ID = 'A'\nAWS_SECRET_ACCESS_KEY = 'verysecret'\n")
    config.chmod(0o644)
    said = start_fails(bucket, "my.conf", "chmod", config=config)
    assert "verysecret" not in said


def test_a_mount_point_that_does_not_exist_is_named(bucket, start_fails, tmp_path):
    path = tmp_path / "file"
    command = Mount.command_line(bucket, tmp_path / "none")
    done = proc.run(*command, ok=False, env=proc.clean_environment(**bucket.environment()))
    assert done.returncode > 0 and done.returncode != 99
    assert str(tmp_path / "none") in done.stderr
    path.write_text("")
    done = proc.run(*Mount.command_line(bucket, path), ok=False, env=proc.clean_environment(**bucket.environment()))
    assert done.returncode > 0 and done.returncode != 99
    assert str(path) in done.stderr


@BOTH
def test_a_mount_point_in_use_is_told_and_the_mount_there_lives_on(bucket, mount, start_fails, background, tmp_path):
    command = Mount.command_line(bucket, mount.path)
    if background:
        command.remove("-f")
    done = proc.run(*command, ok=False, env=proc.clean_environment(**bucket.environment()))
    assert done.returncode > 0 and done.returncode != 99, done.stderr
    assert str(mount.path) in done.stderr
    (mount.path / "f").write_bytes(b"still here")
    assert bucket.read("f") == b"still here"


def test_a_wrong_region_is_followed_or_told_never_a_mount_that_fails_later(bucket, new_server, new_mount):
    server = new_server("--region", "eu-central-1")
    there = server.bucket
    there.region = "us-west-2"
    mount = new_mount(there)
    (mount.path / "f").write_bytes(b"x")
    there.region = "eu-central-1"
    assert os.listdir(mount.path) == ["f"]


def test_a_server_whose_certificate_nobody_vouches_for_is_refused(rgw, start_fails):
    bucket = rgw.bucket("https-path")
    try:
        bucket.ca = None
        start_fails(bucket, "certificate", "verify")
    finally:
        bucket.ca = rgw.env["RGW_CA"]
        bucket.remove()


def test_a_ca_file_that_is_not_there_is_named(rgw, start_fails):
    bucket = rgw.bucket("https-path")
    try:
        start_fails(bucket, "/no/such/ca.pem", verify="/no/such/ca.pem")
    finally:
        bucket.remove()


def test_verify_false_mounts_and_warns(rgw, new_mount, after_mounts):
    bucket = rgw.bucket("https-path")
    after_mounts.callback(bucket.remove)
    mount = new_mount(bucket, verify="false")
    (mount.path / "f").write_bytes(b"x")
    assert bucket.read("f") == b"x"
    assert " warn " in mount.log() and "verif" in mount.log().lower()


def test_another_users_bucket_is_refused(rgw, start_fails, after_mounts):
    bucket = rgw.bucket("http-path")
    after_mounts.callback(bucket.remove)
    keys = {"AWS_ACCESS_KEY_ID": rgw.env["RGW_OTHER_ACCESS_KEY"], "AWS_SECRET_ACCESS_KEY": rgw.env["RGW_OTHER_SECRET_KEY"]}
    start_fails(bucket, bucket.name, environment=keys)


def test_a_wrong_secret_is_refused_by_a_real_server_too(rgw, start_fails, after_mounts):
    bucket = rgw.bucket("http-path")
    after_mounts.callback(bucket.remove)
    start_fails(bucket, "secret", environment={"AWS_SECRET_ACCESS_KEY": "wrong"})


def test_help_and_version_exit_with_0():
    assert "AWS_S3_FILE_OVERWRITE" in proc.run(proc.PROGRAM, "--help=all").stdout
    assert proc.run(proc.PROGRAM, "--version").stdout.strip()


def test_no_arguments_is_an_error_that_shows_the_usage():
    done = proc.run(proc.PROGRAM, ok=False)
    assert done.returncode > 0 and "usage" in done.stderr.lower()


def test_in_the_background_the_parent_waits_until_the_mount_answers(bucket, tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    command = Mount.command_line(bucket, path)
    command.remove("-f")
    bucket.put("f", b"there")
    done = proc.run(*command, env=proc.clean_environment(**bucket.environment()), time_limit=60)
    try:
        assert done.returncode == 0
        assert mount_line(path)
        assert (path / "f").read_bytes() == b"there"
        (path / "g").write_bytes(b"new")
        assert bucket.read("g") == b"new"
    finally:
        proc.run("fusermount3", "-u", path)
    assert not mount_line(path)


def test_in_the_background_a_hangup_ends_nothing(bucket, tmp_path):
    """logrotate sends s3fs one, so that it opens its log anew."""
    path = tmp_path / "mnt"
    path.mkdir()
    command = Mount.command_line(bucket, path)
    command.remove("-f")
    proc.run(*command, env=proc.clean_environment(**bucket.environment()), time_limit=60)
    try:
        os.kill(int(proc.run("pgrep", "-n", "-f", f" {path} ").stdout), signal.SIGHUP)
        time.sleep(0.3)
        (path / "f").write_bytes(b"x")
        assert bucket.read("f") == b"x"
    finally:
        proc.run("fusermount3", "-u", path)


def test_settings_come_from_the_command_line_first_then_environment_then_file(bucket, new_mount, settings):
    config = settings("AWS_LOCATION = 'from-file'\n")
    one = new_mount(bucket, config=config)
    (one.path / "f").write_bytes(b"")
    two = new_mount(bucket, config=config, environment={"AWS_LOCATION": "from-environment"})
    (two.path / "f").write_bytes(b"")
    three = new_mount(bucket, config=config, environment={"AWS_LOCATION": "from-environment"}, **{"AWS_LOCATION": "from-option"})
    (three.path / "f").write_bytes(b"")
    assert bucket.keys() == ["from-environment/f", "from-file/f", "from-option/f"]


def test_keys_in_a_private_configuration_work_and_show_nowhere(bucket, new_mount, settings):
    config = settings(f"AWS_ACCESS_KEY_ID = '{bucket.access_key}'\nAWS_SECRET_ACCESS_KEY = '{bucket.secret_key}'\n")
    empty = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    mount = new_mount(bucket, config=config, environment=empty, log_level="debug")
    (mount.path / "f").write_bytes(b"x")
    assert bucket.read("f") == b"x"
    shown = open(f"/proc/{mount.process.pid}/cmdline", "rb").read() + mount.log().encode()
    assert bucket.secret_key.encode() not in shown
    mount.unmount()
    assert bucket.secret_key not in mount.log() and "Signature=" not in mount.log()
