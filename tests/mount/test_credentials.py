# SPDX-License-Identifier: MIT
"""
Whose keys sign the requests: each source and their order, as seen on the wire.
Command line cannot carry keys; environment beats file; then come the shared
files of the AWS tools.
"""

import os
import re
import subprocess

import proc
import pytest
from bucket import Bucket
from mount import Mount, mount_line
from servers import ACCESS_KEY, SECRET_KEY

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
OTHER_KEY, OTHER_SECRET = "OTHERACCESSKEY", "othersecretkey"


@pytest.fixture
def open_server(new_server):
    """A server that takes any keys: what counts is what we are asked to sign with."""
    return new_server("--no-auth")


@pytest.fixture
def bucket(open_server):
    return open_server.bucket


def config_file(tmp_path, mode=0o600, **settings):
    path = tmp_path / "s3storefs.conf"
    path.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
    path.chmod(mode)
    return path


def signed_with(server):
    """Access keys and session tokens of all requests that were logged."""
    keys, tokens = set(), set()
    for entry in server.log_entries():
        match = re.search(r"Credential=([^/]+)/", entry["headers"].get("authorization", ""))
        keys.add(match[1] if match else None)
        tokens.add(entry["headers"].get("x-amz-security-token"))
        if tokens - {None}:
            assert "x-amz-security-token" in entry["headers"]["authorization"], "the token is not signed"
    return keys, tokens


def use(mount, server):
    """Make requests of several kinds; what were they signed with?"""
    server.reset()
    (mount.path / "f").write_bytes(b"x")
    (mount.path / "big").write_bytes(bytes(9 << 20))
    os.listdir(mount.path)
    os.rename(mount.path / "f", mount.path / "g")
    os.unlink(mount.path / "g")
    mount.sync()
    keys, tokens = signed_with(server)
    assert len(keys) == 1 and len(tokens) == 1, (keys, tokens)
    return keys.pop(), tokens.pop()


# environment, file, expected access key, expected token
ROWS = {
    "environment": (dict(AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="s"), {}, "ENVA", None),
    "environment, S3 names": (dict(AWS_S3_ACCESS_KEY_ID="ENVS", AWS_S3_SECRET_ACCESS_KEY="s", **NO_KEYS), {}, "ENVS", None),
    "the S3 names win in the environment": (
        dict(AWS_S3_ACCESS_KEY_ID="ENVS", AWS_S3_SECRET_ACCESS_KEY="s", AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="t"),
        {},
        "ENVS",
        None,
    ),
    "file": (NO_KEYS, dict(AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="s"), "FILEA", None),
    "file, S3 names": (NO_KEYS, dict(AWS_S3_ACCESS_KEY_ID="FILES", AWS_S3_SECRET_ACCESS_KEY="s"), "FILES", None),
    "file, OPTIONS names": (NO_KEYS, dict(access_key="FILEO", secret_key="s"), "FILEO", None),
    "the S3 names win in the file": (
        NO_KEYS,
        dict(AWS_S3_ACCESS_KEY_ID="FILES", AWS_S3_SECRET_ACCESS_KEY="s", AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="t"),
        "FILES",
        None,
    ),
    "environment beats file": (
        dict(AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="s"),
        dict(AWS_S3_ACCESS_KEY_ID="FILES", AWS_S3_SECRET_ACCESS_KEY="t"),
        "ENVA",
        None,
    ),
    "empty ones in the environment do not count": (
        dict(AWS_S3_ACCESS_KEY_ID="", AWS_S3_SECRET_ACCESS_KEY="", AWS_SESSION_TOKEN="", **NO_KEYS),
        dict(AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="s"),
        "FILEA",
        None,
    ),
    "a pair of both names": (
        dict(AWS_S3_ACCESS_KEY_ID="ENVS", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="s"),
        {},
        "ENVS",
        None,
    ),
    "token in the environment": (
        dict(AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="s", AWS_SESSION_TOKEN="tok/en+="),
        {},
        "ENVA",
        "tok/en+=",
    ),
    "its older name": (
        dict(AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="s", AWS_SECURITY_TOKEN="older"),
        {},
        "ENVA",
        "older",
    ),
    "the session token wins": (
        dict(AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="s", AWS_SECURITY_TOKEN="older", AWS_SESSION_TOKEN="newer"),
        {},
        "ENVA",
        "newer",
    ),
    "token in the file": (
        NO_KEYS,
        dict(AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="s", AWS_SESSION_TOKEN="filetoken"),
        "FILEA",
        "filetoken",
    ),
    "its older name in the file": (
        NO_KEYS,
        dict(AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="s", AWS_SECURITY_TOKEN="filetoken"),
        "FILEA",
        "filetoken",
    ),
    "the file's token is not for the environment's keys": (
        dict(AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="s"),
        dict(AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="s", AWS_SESSION_TOKEN="filetoken"),
        "ENVA",
        None,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_requests_are_signed_with_the_keys_of(new_mount, open_server, bucket, tmp_path, row):
    environment, settings, key, token = ROWS[row]
    config = config_file(tmp_path, **settings) if settings else None
    mount = new_mount(bucket, config=config, environment=environment)
    assert use(mount, open_server) == (key, token)


SHARED = """
[default]
aws_access_key_id = SHAREDDEFAULT
aws_secret_access_key = s
[second]
aws_access_key_id = SHAREDSECOND
aws_secret_access_key = s
aws_session_token = sharedtoken
"""


@pytest.fixture
def shared(tmp_path):
    path = tmp_path / "credentials"
    path.write_text(SHARED)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    "environment, options, key, token",
    [
        ({}, {}, "SHAREDDEFAULT", None),
        ({"AWS_PROFILE": "second"}, {}, "SHAREDSECOND", "sharedtoken"),
        ({"AWS_S3_SESSION_PROFILE": "second"}, {}, "SHAREDSECOND", "sharedtoken"),
        ({"AWS_PROFILE": "default"}, {"session_profile": "second"}, "SHAREDSECOND", "sharedtoken"),
        ({"AWS_PROFILE": "nobody", "AWS_ACCESS_KEY_ID": "ENVA", "AWS_SECRET_ACCESS_KEY": "s"}, {}, "ENVA", None),
    ],
    ids=["default", "AWS_PROFILE", "AWS_S3_SESSION_PROFILE", "session_profile", "keys-beat-AWS_PROFILE"],
)
def test_a_profile_of_the_shared_file_signs(new_mount, open_server, bucket, shared, environment, options, key, token):
    environment = {**NO_KEYS, "AWS_SHARED_CREDENTIALS_FILE": str(shared), **environment}
    mount = new_mount(bucket, environment=environment, **options)
    assert use(mount, open_server) == (key, token)


def start_fails(bucket, tmp_path, environment, config=None, **options):
    """The start must fail before anything is asked of the server; what it said."""
    path = tmp_path / "no-mount"
    path.mkdir()
    command = Mount.command_line(bucket, path, config=config, options=options)
    env = proc.clean_environment(**{**bucket.environment(), **environment})
    try:
        done = proc.run(*command, ok=False, env=env)
    finally:
        if mount_line(path):
            subprocess.run(["umount", "-l", path], timeout=20)
    assert done.returncode not in (0, 99) and done.returncode > 0, done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("where", ["environment", "file", "S3-environment"])
def test_a_profile_beside_keys_is_refused_whatever_the_keys_source(open_server, bucket, shared, tmp_path, where):
    environment = {**NO_KEYS, "AWS_SHARED_CREDENTIALS_FILE": str(shared)}
    config = None
    if where == "environment":
        environment.update(AWS_ACCESS_KEY_ID="ENVA", AWS_SECRET_ACCESS_KEY="s")
    elif where == "S3-environment":
        environment.update(AWS_S3_ACCESS_KEY_ID="ENVA", AWS_S3_SECRET_ACCESS_KEY="s")
    else:
        config = config_file(tmp_path, AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="s")
    open_server.reset()
    said = start_fails(bucket, tmp_path, environment, config, session_profile="second")
    assert "SESSION_PROFILE" in said and open_server.log_entries() == []


@pytest.mark.parametrize(
    "environment, settings, missing",
    [
        ({**NO_KEYS, "AWS_ACCESS_KEY_ID": "ENVA"}, {}, "AWS_SECRET_ACCESS_KEY"),
        ({**NO_KEYS, "AWS_SECRET_ACCESS_KEY": "s"}, {}, "AWS_ACCESS_KEY_ID"),
        ({**NO_KEYS, "AWS_S3_ACCESS_KEY_ID": "ENVA"}, {}, "SECRET_ACCESS_KEY"),
        (NO_KEYS, {"AWS_ACCESS_KEY_ID": "FILEA"}, "AWS_SECRET_ACCESS_KEY"),
        (NO_KEYS, {"AWS_SECRET_ACCESS_KEY": "s"}, "AWS_ACCESS_KEY_ID"),
        # Keys are a set: halves of two sources are no pair.
        ({**NO_KEYS, "AWS_ACCESS_KEY_ID": "ENVA"}, {"AWS_SECRET_ACCESS_KEY": "s"}, "AWS_SECRET_ACCESS_KEY"),
        ({**NO_KEYS, "AWS_SESSION_TOKEN": "t"}, {}, "AWS_ACCESS_KEY_ID"),
    ],
    ids=["no-secret", "no-key", "no-S3-secret", "no-secret-in-file", "no-key-in-file", "halves", "token-alone"],
)
def test_half_a_pair_is_refused_at_the_start(open_server, bucket, tmp_path, environment, settings, missing):
    config = config_file(tmp_path, **settings) if settings else None
    open_server.reset()
    assert missing in start_fails(bucket, tmp_path, environment, config)
    assert open_server.log_entries() == []


def test_keys_in_a_file_that_others_may_read_are_refused(bucket, tmp_path):
    config = config_file(tmp_path, 0o640, AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="hunter2")
    said = start_fails(bucket, tmp_path, NO_KEYS, config)
    assert "chmod" in said and "hunter2" not in said


@pytest.mark.parametrize("source", ["settings", "credentials", "passwd"])
def test_keys_that_kubernetes_mounts_are_taken_when_told_so(bucket, open_server, new_mount, tmp_path, source):
    """A secret's volume: links to files that everybody may read, and no way to change that."""
    folder = tmp_path / "..2026_11_28"
    folder.mkdir()
    (tmp_path / "..data").symlink_to(folder)
    file, link = folder / "keys", tmp_path / "keys"
    link.symlink_to("..data/keys")
    file.write_text(
        {
            "settings": "AWS_ACCESS_KEY_ID = FILEA\nAWS_SECRET_ACCESS_KEY = hunter2\n",
            "credentials": "[default]\naws_access_key_id = FILEA\naws_secret_access_key = hunter2\n",
            "passwd": "FILEA:hunter2\n",
        }[source]
    )
    file.chmod(0o444)
    environment = {**NO_KEYS, **({"AWS_SHARED_CREDENTIALS_FILE": str(link)} if source == "credentials" else {})}
    config = link if source == "settings" else None
    options = {"passwd_file": link} if source == "passwd" else {}
    said = start_fails(bucket, tmp_path, environment, config, **options)
    assert "allow_readable_keys" in said and "hunter2" not in said
    mount = new_mount(bucket, config=config, environment=environment, allow_readable_keys=True, **options)
    assert use(mount, open_server)[0] == "FILEA"


def test_a_rotated_credentials_file_is_taken_up_by_a_running_mount(new_server, new_mount, tmp_path):
    server = new_server("--access-key2", OTHER_KEY, "--secret-key2", OTHER_SECRET)
    bucket = Bucket(server.url, ACCESS_KEY, SECRET_KEY, name=server.bucket.name)
    path = tmp_path / "credentials"

    def write(key, secret):
        new = tmp_path / "new"
        new.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
        new.chmod(0o600)
        new.rename(path)

    write(ACCESS_KEY, SECRET_KEY)
    mount = new_mount(bucket, environment={**NO_KEYS, "AWS_SHARED_CREDENTIALS_FILE": str(path)})
    (mount.path / "a").write_bytes(b"a")
    assert signed_with(server)[0] == {ACCESS_KEY}
    # Another user of the server: refused, but asked with the new key.
    write(OTHER_KEY, OTHER_SECRET)
    mount.expect_errors()

    def can_write():
        try:
            (mount.path / "b").write_bytes(b"b")
        except PermissionError:
            return False
        return True

    proc.wait_until(lambda: not can_write(), what="the new key")
    assert signed_with(server)[0] == {ACCESS_KEY, OTHER_KEY}
    write(ACCESS_KEY, SECRET_KEY)
    proc.wait_until(can_write, what="the first key")
    assert bucket.read("b") == b"b"


def test_an_anonymous_mount_signs_nothing(new_mount, open_server, bucket):
    mount = new_mount(bucket, anonymous="true")
    assert use(mount, open_server) == (None, None)


def test_no_key_shows_in_what_others_can_see(new_mount, bucket, tmp_path):
    config = config_file(tmp_path, AWS_ACCESS_KEY_ID="FILEA", AWS_SECRET_ACCESS_KEY="hunter2", AWS_SESSION_TOKEN="tokenhunter")
    mount = new_mount(bucket, config=config, environment=NO_KEYS, log_level="debug")
    (mount.path / "f").write_bytes(b"x")
    names = os.listxattr(mount.path / "f")
    shown = [os.getxattr(mount.path / "f", name).decode(errors="replace") for name in names]
    shown += [open(f"/proc/{mount.process.pid}/{name}").read() for name in ("cmdline", "comm")]
    shown += [open("/proc/self/mountinfo").read(), mount.log()]
    for text in shown:
        assert "hunter" not in text
