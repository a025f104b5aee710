# SPDX-License-Identifier: MIT
"""s3storefs migrate: from a Django project, whose own Python is asked, to a settings file that mounts."""

import json
import os
import re
import signal
import stat
import subprocess

import pytest

import proc
from servers import ACCESS_KEY, SECRET_KEY

PYTHON = "/usr/bin/python3"  # the one that has Debian's packages

MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@pytest.fixture
def write(tmp_path):
    """write({path: text}): a project's files, manage.py and mysite/ among them."""

    def write(files):
        for name, text in {"manage.py": MANAGE, "mysite/__init__.py": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


@pytest.fixture
def migrate(write, tmp_path):
    """migrate(settings or {path: text}, words...): of mysite.settings unless words begin with another place."""

    def run(files, *words, ok=True, environment=None, python=PYTHON, cwd=None):
        write(files if isinstance(files, dict) else {"mysite/settings.py": files})
        if not words or str(words[0]).startswith("-"):
            words = ("mysite.settings", *words)
        env = proc.clean_environment(**(environment or {}))
        return proc.run(proc.PROGRAM, "migrate", "--python", python, *words, ok=ok, env=env, cwd=cwd or tmp_path)

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
    storage = (
        "from storages.backends.s3boto3 import S3Boto3Storage\n"
        "class MediaStorage(S3Boto3Storage):\n    location = 'media'\n    default_acl = 'private'\n"
    )
    settings = (
        server_settings(server, AWS_S3_OBJECT_PARAMETERS={"CacheControl": "max-age=7"})
        + "STORAGES = {'default': {'BACKEND': 'mysite.storage.MediaStorage'}}\n"
    )
    conf = tmp_path / "s3storefs.conf"
    done = migrate({"mysite/settings.py": settings, "mysite/storage.py": storage}, "-o", conf)
    assert done.stdout == ""
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert f"AWS_SECRET_ACCESS_KEY = '{SECRET_KEY}'" in conf.read_text()
    mount = new_mount(NamedSection("default"), config=conf)
    (mount.path / "a.txt").write_bytes(b"through the mount")
    assert (mount.path / "a.txt").read_bytes() == b"through the mount"
    mount.unmount()
    head = server.bucket.head("media/a.txt")
    assert head["CacheControl"] == "max-age=7"


# ------------------------------------------------------- projects of each style


def test_a_project_is_found_by_whatever_names_it(migrate, tmp_path):
    settings = {"mysite/settings.py": "AWS_STORAGE_BUCKET_NAME = 'b'\n", "app/x.py": "", "one.py": "AWS_LOCATION = 'l'\n"}
    places = ("mysite.settings", tmp_path / "mysite/settings.py", tmp_path / "manage.py", tmp_path, "manage.py", ".")
    for place in places:
        done = migrate(settings, place)
        assert "migrate\" from mysite.settings." in done.stdout.splitlines()[0], place
        assert "AWS_STORAGE_BUCKET_NAME = 'b'  # from mysite/settings.py:1" in done.stdout, place
    done = migrate(settings, tmp_path, cwd="/")
    assert lines(done.stdout) == {"AWS_STORAGE_BUCKET_NAME": "'b'"}
    done = migrate(settings, "manage.py", environment={"DJANGO_SETTINGS_MODULE": "one"})
    assert lines(done.stdout) == {"AWS_LOCATION": "'l'"}


def test_a_project_with_environ(migrate):
    settings = """
import os
import environ
env = environ.Env(AWS_S3_USE_SSL=(bool, True))
environ.Env.read_env(os.path.join(os.path.dirname(__file__), ".env"))
AWS_STORAGE_BUCKET_NAME = env("BUCKET")
AWS_S3_USE_SSL = env("AWS_S3_USE_SSL")
AWS_QUERYSTRING_EXPIRE = env.int("EXPIRE", default=60)
GZIP_CONTENT_TYPES = env.list("TYPES")
AWS_S3_CUSTOM_DOMAIN = "%s.cdn.example.com" % AWS_STORAGE_BUCKET_NAME
AWS_S3_ENDPOINT_URL = env.url("ENDPOINT").geturl()
"""
    dot_env = "BUCKET=media\nAWS_S3_USE_SSL=off\nTYPES=text/css,text/html\nENDPOINT=http://minio:9000\n"
    done = migrate({"mysite/settings.py": settings, "mysite/.env": dot_env}, environment={"EXPIRE": "90"})
    assert lines(done.stdout) == {
        "AWS_STORAGE_BUCKET_NAME": "'media'",
        "AWS_S3_USE_SSL": "False",
        "AWS_QUERYSTRING_EXPIRE": "90",
        "GZIP_CONTENT_TYPES": "['text/css', 'text/html']",
        "AWS_S3_CUSTOM_DOMAIN": "'media.cdn.example.com'",
        "AWS_S3_ENDPOINT_URL": "'http://minio:9000'",
    }


def test_a_project_with_decouple(migrate):
    settings = """
from decouple import Csv, config
AWS_STORAGE_BUCKET_NAME = config("BUCKET")
AWS_S3_FILE_OVERWRITE = config("OVERWRITE", default=True, cast=bool)
GZIP_CONTENT_TYPES = config("TYPES", default="text/css,text/html", cast=Csv(post_process=tuple))
"""
    done = migrate({"mysite/settings.py": settings, ".env": "BUCKET=media\nOVERWRITE=no\n"})
    assert lines(done.stdout) == {
        "AWS_STORAGE_BUCKET_NAME": "'media'",
        "AWS_S3_FILE_OVERWRITE": "False",
        "GZIP_CONTENT_TYPES": "['text/css', 'text/html']",
    }


def test_a_project_with_split_settings(migrate, tmp_path):
    files = {
        "mysite/settings/__init__.py": "",
        "mysite/settings/base.py": "AWS_LOCATION = 'media'\nAWS_STORAGE_BUCKET_NAME = 'dev'\n"
        "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'max-age=1'}\nAWS_QUERYSTRING_AUTH = True\n",
        "mysite/settings/production.py": "from .base import *\n\nAWS_STORAGE_BUCKET_NAME = 'live'\n"
        "AWS_S3_OBJECT_PARAMETERS.update(ACL='private')\nif not AWS_QUERYSTRING_AUTH:\n    AWS_LOCATION = 'a'\n"
        "else:\n    AWS_S3_REGION_NAME = (\n        'eu-'\n        + 'west-1'\n    )\n",
    }
    for place in ("mysite.settings.production", "mysite/settings/production.py"):
        done = migrate(files, place)
        for line in (
            "AWS_LOCATION = 'media'  # from mysite/settings/base.py:1",
            "AWS_STORAGE_BUCKET_NAME = 'live'  # from mysite/settings/production.py:3",
            "AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'max-age=1', 'ACL': 'private'}  # from mysite/settings/base.py:3",
            "AWS_S3_REGION_NAME = 'eu-west-1'  # from mysite/settings/production.py:8",
        ):
            assert line in done.stdout.splitlines(), done.stdout
    done = migrate(files, "manage.py", environment={"DJANGO_SETTINGS_MODULE": "mysite.settings.production"})
    assert lines(done.stdout)["AWS_STORAGE_BUCKET_NAME"] == "'live'"


def test_a_project_with_storages(migrate):
    settings = """
from pathlib import Path
AWS_STORAGE_BUCKET_NAME = "b"
STORAGES = {
    "default": {"BACKEND": "mysite.storage.Media", "OPTIONS": {"querystring_expire": 7}},
    "staticfiles": {"BACKEND": "storages.backends.s3.S3StaticStorage", "OPTIONS": {"bucket_name": "s", "gzip": True}},
    "disk": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": Path("/srv")}},
}
MEDIA_ROOT = Path("/srv")
"""
    storage = """
from django.conf import settings
from storages.backends.s3boto3 import S3Boto3Storage
class Base(S3Boto3Storage):
    file_overwrite = False
    default_acl = "private"
class Media(Base):
    location = "media"
    default_acl = None
    bucket_name = settings.AWS_STORAGE_BUCKET_NAME + "-media"
class Private(Base):
    location = "private"
class Other:
    location = "no"
"""
    done = migrate({"mysite/settings.py": settings, "mysite/storage.py": storage})
    assert lines(done.stdout, "default") == {
        "AWS_STORAGE_BUCKET_NAME": "'b-media'",
        "AWS_LOCATION": "'media'",
        "AWS_S3_FILE_OVERWRITE": "False",
        "AWS_DEFAULT_ACL": "None",
        "AWS_QUERYSTRING_EXPIRE": "7",
    }
    assert lines(done.stdout, "staticfiles") == {
        "AWS_STORAGE_BUCKET_NAME": "'s'",
        "AWS_IS_GZIPPED": "True",
        "AWS_QUERYSTRING_AUTH": "False",
    }
    assert lines(done.stdout, "Private")["AWS_LOCATION"] == "'private'"
    assert re.findall(r"^\[(.*)\]$", done.stdout, re.M) == ["default", "staticfiles", "Private"]
    assert "AWS_LOCATION = 'media'  # from mysite/storage.py:8" in done.stdout
    assert "AWS_S3_FILE_OVERWRITE = False  # from mysite/storage.py:5" in done.stdout
    assert "storage 'disk' is" in done.stdout
    assert "MEDIA_ROOT: once the bucket is mounted" in done.stdout


def test_classes_that_no_setting_names_are_found_in_their_modules(migrate):
    storage = "from storages.backends.s3boto3 import S3Boto3Storage\nclass Media(S3Boto3Storage):\n    location = 'm'\n"
    files = {"mysite/settings.py": "AWS_STORAGE_BUCKET_NAME = 'b'\n", "mysite/storage.py": storage}
    for module in ("mysite.storage", "mysite/storage.py"):
        done = migrate(files, "mysite.settings", module)
        assert lines(done.stdout, "Media")["AWS_LOCATION"] == "'m'"


def test_what_boto3_makes_of_arguments_is_a_map_of_them(migrate):
    done = migrate(
        "import datetime\nfrom boto3.s3.transfer import TransferConfig\nfrom botocore.config import Config\n"
        "AWS_STORAGE_BUCKET_NAME = 'b'\n"
        "AWS_S3_TRANSFER_CONFIG = TransferConfig(9 * 1024 ** 2, max_concurrency=10, use_threads=False)\n"
        "AWS_S3_CLIENT_CONFIG = Config(s3={'addressing_style': 'path'}, retries={'max_attempts': 3})\n"
        "AWS_S3_OBJECT_PARAMETERS = {'Expires': datetime.datetime(2010, 4, 15, 20, tzinfo=datetime.timezone.utc)}\n"
        "AWS_CLOUDFRONT_KEY = b'k'\nAWS_CLOUDFRONT_KEY_ID = 'K'\n",
        "--with-secrets",
        ok=False,
    )
    assert lines(done.stdout) == {
        "AWS_STORAGE_BUCKET_NAME": "'b'",
        "AWS_S3_TRANSFER_CONFIG": "{'multipart_threshold': 9437184, 'use_threads': False}",
        "AWS_S3_CLIENT_CONFIG": "{'s3': {'addressing_style': 'path'}, 'retries': {'max_attempts': 3}}",
        "AWS_S3_OBJECT_PARAMETERS": "{'Expires': 'Thu, 15 Apr 2010 20:00:00 GMT'}",
        "AWS_CLOUDFRONT_KEY": "'k'",
        "AWS_CLOUDFRONT_KEY_ID": "'K'",
    }


def test_a_project_on_boto_becomes_one_of_today(migrate):
    boto = {
        "boto/__init__.py": "",
        "boto/s3/__init__.py": "",
        "boto/s3/connection.py": "class OrdinaryCallingFormat: pass\nclass Location:\n    EU = 'EU'\n",
    }
    settings = (
        "from boto.s3.connection import Location, OrdinaryCallingFormat\n"
        "DEFAULT_FILE_STORAGE = 'storages.backends.s3boto.S3BotoStorage'\n"
        "AWS_STORAGE_BUCKET_NAME = 'b'\n"
        "AWS_HEADERS = {'Cache-Control': 'max-age=%d' % (60 * 60 * 24), 'x-amz-meta-team': 'web'}\n"
        "AWS_ORIGIN = Location.EU\n"
        "AWS_S3_CALLING_FORMAT = OrdinaryCallingFormat()\n"
        "AWS_S3_HOST, AWS_S3_PORT = 'minio.example.com', 9000\n"
        "AWS_S3_PROXY_HOST = 'proxy'\n"
        "AWS_S3_PROXY_PORTY = 3128\n"
        "AWS_S3_USE_SSL = False\n"
        "S3_USE_SIGV4 = True\n"
    )
    done = migrate({**boto, "mysite/settings.py": settings})
    assert lines(done.stdout) == {
        "AWS_STORAGE_BUCKET_NAME": "'b'",
        "AWS_HEADERS": "{'Cache-Control': 'max-age=86400', 'x-amz-meta-team': 'web'}",
        "AWS_S3_REGION_NAME": "'eu-west-1'",
        "AWS_S3_ADDRESSING_STYLE": "'path'",
        "AWS_S3_ENDPOINT_URL": "'http://minio.example.com:9000'",
        "AWS_S3_PROXIES": "{'http': 'proxy:3128', 'https': 'proxy:3128'}",
        "AWS_S3_SIGNATURE_VERSION": "'s3v4'",
        "AWS_S3_USE_SSL": "False",
    }
    assert "#S3STOREFS_COMPAT = '1.7'" in done.stdout


# -------------------------------------------------------------- what is not JSON


def test_what_a_settings_file_cannot_hold_is_named_by_line(migrate):
    done = migrate("AWS_STORAGE_BUCKET_NAME = 'b'\n\ndef find():\n    return ''\n\nAWS_LOCATION = find\n", ok=False)
    assert done.returncode == 1
    assert (
        "mysite/settings.py:6: AWS_LOCATION: no value that a settings file can hold (mysite.settings.find): "
        "set it yourself" in done.stderr
    )
    assert "#AWS_LOCATION" in done.stdout
    assert lines(done.stdout)["AWS_STORAGE_BUCKET_NAME"] == "'b'"


def test_no_value_is_too_odd(migrate):
    values = (
        "object()", "float('nan')", "10 ** 400", "'\\0'", "b'\\xff'", "'\\udcff'", "property()", "range(3)", "lambda: 1",
        "type('Config', (), {})()", "{1: {2: object}}", "[[]]", "Path('x')", "frozenset('ab')", "format_lazy('x')", "gettext_lazy('x')", "loop",
    )  # fmt: skip
    names = "".join(f"AWS_S3_OBJECT_PARAMETERS[{number!r}] = {value}\n" for number, value in enumerate(values))
    done = migrate(
        "from pathlib import Path\nfrom django.utils.text import format_lazy\n"
        "from django.utils.translation import gettext_lazy\nloop = []\nloop.append(loop)\n"
        "AWS_STORAGE_BUCKET_NAME = 'b'\nAWS_S3_OBJECT_PARAMETERS = {}\n" + names,
        ok=False,
    )
    assert done.returncode == 1
    assert lines(done.stdout)["AWS_S3_OBJECT_PARAMETERS"] == "{'11': [[]], '12': 'x', '13': ['a', 'b'], '14': 'x'}"
    assert [number for number in range(17) if f"{number} in it is no value" in done.stderr] == [*range(11), 15, 16]


def test_a_bad_object_parameter_is_told(migrate):
    done = migrate("AWS_STORAGE_BUCKET_NAME = 'b'\nAWS_HEADERS = {'Vary': 'a'}\n", ok=False)
    assert done.returncode == 1
    assert "[default] cannot be mounted as it is: AWS_HEADERS: Vary is no header of an object" in done.stderr


# ------------------------------------------------------------------------ errors


def without_django(tmp_path):
    path = tmp_path / "bare-python"
    path.write_text(f'#!/bin/sh\nexec {PYTHON} -S "$@"\n')
    path.chmod(0o755)
    return path


def test_a_project_that_does_not_load_is_one_sentence(migrate, tmp_path):
    mend = "if /usr/bin/python3 is not the project's own Python, name that one, such as --python venv/bin/python"
    for text, due in {
        "import no_such_package": f"mysite.settings cannot be loaded: ModuleNotFoundError: No module named 'no_such_package': {mend}",
        "x = (": f"mysite/settings.py:1: SyntaxError: '(' was never closed: {mend}",
        "import os; os.environ['BUCKET']": "mysite.settings cannot be loaded: KeyError: 'BUCKET': if it needs variables",
        "raise SystemExit(3)": "mysite.settings cannot be loaded: SystemExit: 3: if it needs variables",
        "import os; os._exit(4)": "/usr/bin/python3 ended with status 4 and did not tell the settings",
    }.items():
        done = migrate(text + "\n", ok=False)
        assert (done.returncode, done.stdout) == (2, ""), text
        assert due in done.stderr.splitlines()[-1], done.stderr
        assert done.stderr.count("s3storefs migrate: ") == 1
    done = migrate("def find():\n    raise ValueError('x')\nAWS_LOCATION = find()\n", ok=False)
    steps = [f'  File "{tmp_path}/mysite/settings.py", line {n}, in {name}' for n, name in ((3, "<module>"), (2, "find"))]
    assert [line for line in done.stderr.splitlines() if "File" in line] == steps


def test_a_project_that_is_not_there_is_one_sentence(migrate, tmp_path):
    settings = "AWS_STORAGE_BUCKET_NAME = 'b'\n"
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/manage.py").write_text("")
    for words, due in {
        ("yoursite.settings",): f"there is no module yoursite.settings in {tmp_path}: run migrate in the project's folder",
        ("none.py",): f"{tmp_path}/none.py is not there: name the settings module",
        ("empty",): f"{tmp_path}/empty/manage.py is not there",
        ("bare",): f"{tmp_path}/bare/manage.py does not say which settings",
        ("mysite.settings", "mysite.none"): "there is no module mysite.none in",
    }.items():
        done = migrate(settings, *words, ok=False)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert due in done.stderr
    bare = without_django(tmp_path)
    done = migrate(settings, ok=False, python=bare)
    assert done.returncode == 2
    assert "there is no Django in /usr/bin/python3: name the project's own Python" in done.stderr
    done = migrate(settings, ok=False, python=tmp_path / "venv/bin/python")
    assert done.returncode == 2
    assert f"cannot start {tmp_path}/venv/bin/python: No such file" in done.stderr


def test_a_class_that_cannot_be_imported_is_told(migrate):
    done = migrate("AWS_STORAGE_BUCKET_NAME = 'b'\nDEFAULT_FILE_STORAGE = 'app.storage.Media'\n", ok=False)
    assert done.returncode == 1
    assert "mysite/settings.py:2: storage 'default': there is no module app.storage in" in done.stderr


def test_what_the_project_prints_does_not_mix_in(migrate):
    done = migrate(
        "import os\nprint('noise')\nos.write(1, b'noise\\n')\nos.system('echo noise')\nAWS_STORAGE_BUCKET_NAME = 'b'\n"
    )
    assert "noise" not in done.stdout
    assert done.stderr.count("noise") == 3
    assert lines(done.stdout) == {"AWS_STORAGE_BUCKET_NAME": "'b'"}


def test_nothing_is_written_into_the_project(migrate, tmp_path):
    migrate("import mysite\nAWS_STORAGE_BUCKET_NAME = 'b'\n")
    assert not list(tmp_path.rglob("*.pyc"))


def test_an_interrupt_ends_the_projects_python(write, tmp_path):
    write({"mysite/settings.py": "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(1000)\n"})
    command = [proc.PROGRAM, "migrate", "--python", PYTHON, "mysite.settings"]
    migrate = subprocess.Popen(command, cwd=tmp_path, env=proc.clean_environment(), stderr=subprocess.PIPE, text=True)
    child = int(migrate.stderr.readline())
    migrate.send_signal(signal.SIGINT)
    assert migrate.wait(20) == -signal.SIGINT
    # Its end of the pipe is closed, too.
    assert migrate.stderr.read() == ""
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


# ------------------------------------------------------------------- other sources


def test_a_json_file_or_stdin_is_taken(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"AWS_STORAGE_BUCKET_NAME": "b", "STORAGES": {"d": {"BACKEND": "storages.backends.s3.S3Storage"}}}))
    due = {"AWS_STORAGE_BUCKET_NAME": "'b'"}
    done = proc.run(proc.PROGRAM, "migrate", path)
    assert (lines(done.stdout), lines(done.stdout, "d")) == (due, due)
    with path.open() as stdin:
        assert lines(proc.run(proc.PROGRAM, "migrate", "-", stdin=stdin).stdout) == due
    path.write_text('["geheim"')
    done = proc.run(proc.PROGRAM, "migrate", path, ok=False)
    assert done.returncode == 2
    assert "holds no JSON object of settings" in done.stderr and "geheim" not in done.stderr
    assert "settings.json" in proc.run(proc.PROGRAM, "migrate", tmp_path / "x/settings.json", ok=False).stderr


def test_the_program_runs_elsewhere(migrate, write, tmp_path):
    settings = "print('noise')\nAWS_STORAGE_BUCKET_NAME = 'b'\n"
    here = migrate(settings).stdout
    script = f"'{proc.PROGRAM}' migrate --program | {PYTHON} - mysite.settings | '{proc.PROGRAM}' migrate -"
    assert proc.shell(script, cwd=tmp_path).stdout.splitlines()[1:] == here.splitlines()[1:]


# ------------------------------------------------------------------- the result


def test_a_project_without_an_s3_storage_is_told(migrate):
    done = migrate("USE_TZ = True\nMEDIA_ROOT = '/srv'\n", ok=False)
    assert done.returncode == 1 and "no settings of an S3 storage in mysite.settings" in done.stderr


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
    done = migrate("AWS_LOCATION = 'l'\n", "--check", ok=False)
    assert done.returncode == 1
    assert "[default]: its bucket is not known" in done.stderr


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


def test_wrong_usage_is_status_2():
    for words in (["migrate"], ["migrate", "--bogus", "x.py"]):
        assert proc.run(proc.PROGRAM, *words, ok=False).returncode == 2, words
