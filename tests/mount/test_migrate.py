# SPDX-License-Identifier: MIT
"""s3storefs migrate: from Django's settings to a settings file that mounts."""

import re
import stat

import pytest

import proc
from servers import ACCESS_KEY, SECRET_KEY


@pytest.fixture
def migrate(tmp_path):
    """migrate(text, options...) with the text as settings.py; more files by name=text."""

    def run(text, *options, ok=True, environment=None, **files):
        (tmp_path / "settings.py").write_text(text)
        paths = [tmp_path / "settings.py"]
        for name, more in files.items():
            paths.append(tmp_path / f"{name}.py")
            paths[-1].write_text(more)
        env = proc.clean_environment(**(environment or {}))
        return proc.run(proc.PROGRAM, "migrate", *options, *paths, ok=ok, env=env)

    return run


def lines(text, section=""):
    """NAME -> literal of what is switched on in a section."""
    found, current = {}, ""
    for line in text.splitlines():
        if re.match(r"\[.*\]$", line):
            current = line[1:-1]
        match = re.match(r"(\w+) = (.*?)(  # from .*)?$", line)
        if match and current == section:
            found[match[1]] = match[2]
    return found


def server_settings(server, **more):
    values = {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_STORAGE_BUCKET_NAME": server.bucket.name,
        "AWS_S3_ENDPOINT_URL": server.url,
        "AWS_S3_REGION_NAME": "us-east-1",
        **more,
    }
    return "".join(f"{name} = {value!r}\n" for name, value in values.items())


class NamedSection:
    """What Mount wants to know of a bucket when all of it stands in a section of the settings file."""

    def __init__(self, name):
        self.name = name

    def options(self):
        return {}

    def environment(self):
        return {}


def test_a_mount_with_the_migrated_settings_works(migrate, server, new_mount, tmp_path):
    text = (
        "from storages.backends.s3boto3 import S3Boto3Storage\n"
        + server_settings(server, AWS_S3_OBJECT_PARAMETERS={"CacheControl": "max-age=7"})
        + "class MediaStorage(S3Boto3Storage):\n    location = 'media'\n    default_acl = 'private'\n"
        "STORAGES = {'default': {'BACKEND': 'app.storage.MediaStorage'}}\n"
    )
    conf = tmp_path / "s3storefs.conf"
    done = migrate(text, "-o", conf)
    assert done.stdout == ""
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert f"AWS_SECRET_ACCESS_KEY = '{SECRET_KEY}'" in conf.read_text()
    mount = new_mount(NamedSection("default"), config=conf)
    (mount.path / "a.txt").write_bytes(b"through the mount")
    assert (mount.path / "a.txt").read_bytes() == b"through the mount"
    mount.unmount()
    head = server.bucket.head("media/a.txt")
    assert head["CacheControl"] == "max-age=7"


def test_a_project_on_boto_becomes_one_of_today(migrate):
    done = migrate(
        "from boto.s3.connection import OrdinaryCallingFormat\n"
        "import datetime\n"
        "DEFAULT_FILE_STORAGE = 'storages.backends.s3boto.S3BotoStorage'\n"
        "AWS_STORAGE_BUCKET_NAME = 'b'\n"
        "AWS_HEADERS = {\n"
        "    'Expires': 'Thu, 15 Apr 2010 20:00:00 GMT',\n"
        "    'Cache-Control': 'max-age=%d' % (60 * 60 * 24),\n"
        "    'x-amz-meta-team': 'web',\n"
        "}\n"
        "AWS_ORIGIN = 'EU'\n"
        "AWS_S3_CALLING_FORMAT = OrdinaryCallingFormat()\n"
        "AWS_S3_HOST, AWS_S3_PORT = 'minio.example.com', 9000\n"
        "AWS_S3_PROXY_HOST = 'proxy'\n"
        "AWS_S3_PROXY_PORTY = 3128\n"
        "AWS_S3_USE_SSL = False\n"
        "S3_USE_SIGV4 = True\n"
    )
    assert lines(done.stdout) == {
        "AWS_STORAGE_BUCKET_NAME": "'b'",
        "AWS_S3_OBJECT_PARAMETERS": "{'Expires': 'Thu, 15 Apr 2010 20:00:00 GMT', 'CacheControl': 'max-age=86400', "
        "'Metadata': {'team': 'web'}}",
        "AWS_S3_REGION_NAME": "'eu-west-1'",
        "AWS_S3_ADDRESSING_STYLE": "'path'",
        "AWS_S3_ENDPOINT_URL": "'http://minio.example.com:9000'",
        "AWS_S3_PROXIES": "{'http': 'proxy:3128'}",
        "AWS_S3_USE_SSL": "False",
    }
    assert "#S3STOREFS_COMPAT = '1.7'" in done.stdout
    assert "S3_USE_SIGV4 is left out" in done.stdout


def test_what_is_no_settings_file_of_a_storage_is_told(migrate):
    done = migrate("# A readme\n\nSome words, and `code`.\n", ok=False)
    assert done.returncode == 1 and "no settings of an S3 storage in settings.py" in done.stderr


def test_secrets_reach_stdout_only_when_asked_for(migrate):
    text = "AWS_STORAGE_BUCKET_NAME = 'b'\nAWS_ACCESS_KEY_ID = 'AKGEHEIM'\nAWS_SECRET_ACCESS_KEY = 'geheim'\n"
    done = migrate(text)
    assert "geheim" not in done.stdout.lower() + done.stderr.lower()
    assert "#AWS_SECRET_ACCESS_KEY = ''" in done.stdout
    assert lines(migrate(text, "--with-secrets").stdout)["AWS_SECRET_ACCESS_KEY"] == "'geheim'"


def test_the_output_file_must_be_new(migrate, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text("kept")
    done = migrate("AWS_STORAGE_BUCKET_NAME = 'b'\n", "-o", conf, ok=False)
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert conf.read_text() == "kept"


def test_check_asks_the_bucket(migrate, server):
    done = migrate(server_settings(server), "--check", "--read-only")
    assert "answer               ok" in done.stderr
    assert "answer" not in done.stdout
    assert SECRET_KEY not in done.stdout + done.stderr
    assert server.requests()


def test_check_fails_when_the_bucket_is_not_there(migrate, server):
    text = server_settings(server, AWS_STORAGE_BUCKET_NAME="no-such-bucket")
    done = migrate(text, "--check", "--read-only", ok=False)
    assert done.returncode == 1
    assert "does not exist" in done.stderr


def test_check_without_a_bucket_says_so(migrate):
    done = migrate("AWS_STORAGE_BUCKET_NAME = os.environ['B']\n", "--check", ok=False)
    assert done.returncode == 1
    assert "[default]: its bucket is not known" in done.stderr


def test_what_cannot_be_read_is_named_by_line(migrate):
    done = migrate("AWS_STORAGE_BUCKET_NAME = 'b'\n\nAWS_LOCATION = find_location()\n", ok=False)
    assert done.returncode == 1
    assert "settings.py:3: AWS_LOCATION: cannot be read without running Python (calls find_location())" in done.stderr
    assert "#AWS_LOCATION" in done.stdout
    assert lines(done.stdout)["AWS_STORAGE_BUCKET_NAME"] == "'b'"


def test_settings_are_not_run(migrate, tmp_path):
    witness = tmp_path / "witness"
    migrate(f"open({str(witness)!r}, 'w')\n__import__('os').mkdir({str(witness)!r})\nAWS_STORAGE_BUCKET_NAME = 'b'\n")
    assert not witness.exists()


def test_the_environment_is_not_copied_into_the_result(migrate):
    text = "import os\nAWS_STORAGE_BUCKET_NAME = 'b'\nAWS_S3_REGION_NAME = os.environ['PLACE']\n"
    done = migrate(text, environment={"PLACE": "eu-geheim-1"})
    assert "eu-geheim-1" not in done.stdout
    assert "$PLACE" in done.stdout


def test_several_files_are_one(migrate):
    done = migrate(
        "AWS_STORAGE_BUCKET_NAME = 'b'\nDOMAIN = 'cdn.example.com'\nDEFAULT_FILE_STORAGE = 'app.storage.Media'\n",
        storage="from django.conf import settings\nfrom storages.backends.s3boto3 import S3Boto3Storage\n"
        "class Media(S3Boto3Storage):\n    custom_domain = settings.DOMAIN\n    file_overwrite = False\n",
    )
    assert lines(done.stdout, "default") == {
        "AWS_STORAGE_BUCKET_NAME": "'b'",
        "AWS_S3_CUSTOM_DOMAIN": "'cdn.example.com'",
        "AWS_S3_FILE_OVERWRITE": "False",
    }
    assert "# from storage.py:4" in done.stdout


def test_a_class_in_no_file_is_asked_for(migrate):
    done = migrate("AWS_STORAGE_BUCKET_NAME = 'b'\nDEFAULT_FILE_STORAGE = 'app.storage.Media'\n", ok=False)
    assert done.returncode == 1
    assert "app.storage.Media is in none of the files" in done.stderr


def test_an_alias_is_one_storage(migrate):
    text = (
        "STORAGES = {'default': {'BACKEND': 'storages.backends.s3.S3Storage', 'OPTIONS': {'bucket_name': 'a'}},\n"
        " 'static': {'BACKEND': 'storages.backends.s3.S3StaticStorage', 'OPTIONS': {'bucket_name': 'b'}}}\n"
    )
    done = migrate(text, "--alias", "static")
    assert lines(done.stdout, "static") == {"AWS_STORAGE_BUCKET_NAME": "'b'", "AWS_QUERYSTRING_AUTH": "False"}
    assert "[default]" not in done.stdout
    done = migrate(text, "--alias", "other", ok=False)
    assert done.returncode == 2
    assert "there are: default static" in done.stderr


def test_wrong_usage_is_status_2(tmp_path):
    for words in (["migrate"], ["migrate", tmp_path / "none.py"], ["migrate", tmp_path], ["migrate", "--bogus", "x.py"]):
        assert proc.run(proc.PROGRAM, *words, ok=False).returncode == 2, words


def test_no_file_is_too_odd(tmp_path):
    path = tmp_path / "settings.py"
    for data, status in ((b"", 1), (b"\xff\xfe", 2), (b"a\0b", 2), (b"x" * 1024 * 1024 + b"y", 2), (b"(" * 900000, 1)):
        path.write_bytes(data)
        assert proc.run(proc.PROGRAM, "migrate", path, ok=False, time_limit=30).returncode == status, data[:10]


def test_a_large_file_takes_no_square_of_its_time(tmp_path):
    path = tmp_path / "settings.py"
    shapes = [
        "".join(f"X{n} = {{'a': {n}}}\n" for n in range(40000)),
        "x = {" + "".join(f"{n}: 1, " for n in range(100000)) + "}\n",
        "x = 'a'\n" + "x += 'bcdefghijk'\n" * 50000,
        "x = []\n" + "x += [1, 2, 3]\n" * 50000,
        "if a:\n" + "".join(" " * (n + 1) + "if a:\n" for n in range(1200)),
        "AWS_LOCATION = '" + "é" * 400000 + "'\n",
    ]
    for shape in shapes:
        path.write_text(shape)
        proc.run(proc.PROGRAM, "migrate", path, ok=False, time_limit=30)
