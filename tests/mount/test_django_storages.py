# SPDX-License-Identifier: MIT
"""
The same Django project on the same server twice: with django-storages'
S3Boto3Storage, and with a folder on the mount and the settings that
"s3storefs migrate" made of the project's. What differs is the list in
docs/django.md, and nothing else.
"""

import json
import os
import re
import urllib.parse
import urllib.request

import proc
import pytest

CALLS = proc.TOP / "tests" / "django" / "calls.py"
DOCUMENT = proc.TOP / "docs" / "django.md"
PYTHON = "/usr/bin/python3"
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"

PROJECT = """
SECRET_KEY = "not secret"
INSTALLED_APPS = ["django.contrib.staticfiles"]
USE_TZ = True
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
STATICFILES_DIRS = ["{source}"]
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
DEFAULT_FILE_STORAGE = "storages.backends.s3boto3.S3Boto3Storage"
STATICFILES_STORAGE = "storages.backends.s3boto3.S3StaticStorage"
AWS_ACCESS_KEY_ID = "{bucket.access_key}"
AWS_SECRET_ACCESS_KEY = "{bucket.secret_key}"
AWS_STORAGE_BUCKET_NAME = "{bucket.name}"
AWS_S3_ENDPOINT_URL = "{bucket.endpoint_url}"
AWS_S3_REGION_NAME = "{bucket.region}"
AWS_S3_ADDRESSING_STYLE = "path"
AWS_S3_SIGNATURE_VERSION = "s3v4"
{more}
"""

SETTINGS = {
    "plain": "",
    "kept": "AWS_S3_FILE_OVERWRITE = False",
    "full": """
AWS_LOCATION = "media"
AWS_IS_GZIPPED = True
AWS_DEFAULT_ACL = "public-read"
AWS_S3_FILE_OVERWRITE = False
AWS_S3_OBJECT_PARAMETERS = {
    "CacheControl": "max-age=86400",
    "ContentDisposition": "inline",
    "ContentLanguage": "en",
    "Metadata": {"owner": "the web site", "version": "7"},
}
""",
}

# On the mount. With overwrite on, Django's own class would still give another name.
ON_THE_MOUNT = """
from s3_settings import *
DEFAULT_FILE_STORAGE = "{storage}"
STATICFILES_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
MEDIA_ROOT = "{media}"
STATIC_ROOT = "{static}"
FILE_UPLOAD_PERMISSIONS = None
"""


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """Static files of a project."""
    top = tmp_path_factory.mktemp("static")
    for name, data in {
        "css/site.css": b"body { color: black }\n" * 100,
        "js/site.js": b"var n = 1;\n" * 100,
        "img/logo.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 20,
        "img/photo.png": bytes(range(256)),
        "robots.txt": b"User-agent: *\n",
    }.items():
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_bytes(data)
        os.utime(top / name, (1_500_000_000, 1_500_000_000))
    return top


class Project:
    """One project, its settings modules in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.folder.mkdir()

    def write(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)
        return self.folder / name

    def call(self, settings):
        path = os.fspath(self.folder)
        env = proc.clean_environment(PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1")
        return json.loads(proc.run(PYTHON, CALLS, settings, env=env, time_limit=150).stdout)


def storage_class_of_document():
    (code,) = re.findall(r"```python\n(# mount_storage\.py.*?)```", DOCUMENT.read_text(), re.S)
    return code


def without_chance(value):
    """Random parts of names made equal; a dictionary's keys are not such names."""
    if isinstance(value, dict):
        return {name: without_chance(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_chance(one) for one in value]
    return re.sub(r"_[A-Za-z0-9]{7}(?![A-Za-z0-9])", "_XXXXXXX", value) if isinstance(value, str) else value


def grants(bucket, key):
    acl = bucket.s3.get_object_acl(Bucket=bucket.name, Key=key)
    return sorted((g["Grantee"].get("URI", "owner"), g["Permission"]) for g in acl["Grants"])


def objects(bucket):
    """Name without chance -> all objects of that name: body and all headers that a setting can change."""
    found = {}
    for key in sorted(bucket.keys()):
        answer = bucket.s3.get_object(Bucket=bucket.name, Key=key)
        names = "ContentType", "ContentEncoding", "CacheControl", "ContentDisposition", "ContentLanguage", "Expires"
        one = {name: answer[name] for name in names if answer.get(name)}
        one["body"] = answer["Body"].read()
        one["Metadata"] = {k: v for k, v in answer["Metadata"].items() if not k.startswith("s3storefs-")}
        one["ACL"] = grants(bucket, key)
        found.setdefault(without_chance(key), []).append(one)
    return {name: sorted(many, key=lambda one: one["body"]) for name, many in found.items()}


def differences(ours, theirs):
    """Of two such bodies: what is not the same, by name."""
    found = {}
    for name in sorted(set(ours) | set(theirs)):
        if name not in theirs:
            found[name] = "only on the mount"
        elif name not in ours:
            found[name] = "only of S3Boto3Storage"
        elif len(ours[name]) != len(theirs[name]):
            found[name] = f"{len(ours[name])} on the mount, not {len(theirs[name])}"
        else:
            pairs = zip(ours[name], theirs[name])
            fields = {f for a, b in pairs for f in set(a) | set(b) if a.get(f) != b.get(f)}
            if fields:
                found[name] = ", ".join(sorted(fields))
    return found


class Section:
    """Of a settings file: all that a mount is told."""

    def __init__(self, name):
        self.name = name

    def options(self):
        return {}

    environment = options


class Run:
    """Both runs of one set of settings."""

    def __init__(self, gateway, folder, source, variant, new_mount, after_mounts):
        self.variant = variant
        self.theirs, self.ours = (gateway.bucket("http-path") for _ in range(2))
        for bucket in (self.theirs, self.ours):
            after_mounts.callback(bucket.remove)
        project = Project(folder / "project")
        text = PROJECT.format(source=source, bucket=self.theirs, more=SETTINGS[variant])
        project.write("s3_settings.py", text)
        self.their_results = project.call("s3_settings")

        # What a user does: migrate, look at it, mount. Only the bucket is another here.
        conf = project.folder / "s3storefs.conf"
        migrated = project.write("migrated.py", text.replace(self.theirs.name, self.ours.name))
        proc.run(proc.PROGRAM, "migrate", "--python", PYTHON, "-o", conf, migrated)
        if variant == "full":
            conf.write_text(AS_PYTHON_GUESSES + conf.read_text())
        self.conf = conf
        self.mount = new_mount(Section("default"), config=conf)
        self.static_mount = new_mount(Section("staticfiles"), config=conf)
        project.write("mount_storage.py", storage_class_of_document())
        keeps = "FILE_OVERWRITE = False" in text
        storage = "django.core.files.storage.FileSystemStorage" if keeps else "mount_storage.OverwriteStorage"
        folders = dict(media=self.mount.path, static=self.static_mount.path)
        project.write("mount_settings.py", ON_THE_MOUNT.format(storage=storage, **folders))
        self.our_results = project.call("mount_settings")
        self.mount.sync()

    def quoted_names(self):
        return [urllib.parse.quote(name) for name in self.their_results["make_urls"]]

    def result_differences(self):
        ours, theirs = without_chance(self.our_results), without_chance(self.their_results)
        assert set(ours) == set(theirs)
        return {name: (theirs[name], ours[name]) for name in ours if ours[name] != theirs[name]}

    def object_differences(self):
        found = differences(objects(self.ours), objects(self.theirs))
        return {name.removeprefix("media/"): what for name, what in found.items() if name != "media/"}


NOT_IMPLEMENTED = {"error": "NotImplementedError"}
NOT_FOUND = {"error": "FileNotFoundError"}
CLIENT_ERROR = {"error": "ClientError"}
ALL = set(SETTINGS)

# The call: what S3Boto3Storage gave, what the folder on the mount gave, with which settings, the line of the document.
RESULTS = [
    ("ask_for_a_path", NOT_IMPLEMENTED, "a path", ALL, "`path()`"),
    ("ask_for_other_times", [NOT_IMPLEMENTED] * 2, ["a time"] * 2, ALL, "Other times"),
    ("ask_for_the_size_of_a_compressed_file", 71, 4400, {"full"}, "`size()` of a compressed file"),
    ("ask_for_the_size_of_what_is_missing", CLIENT_ERROR, NOT_FOUND, ALL, "Size and times of what is missing"),
    ("ask_for_the_time_of_what_is_missing", CLIENT_ERROR, NOT_FOUND, ALL, "Size and times of what is missing"),
    ("ask_whether_a_folder_exists", [False] * 2, [True] * 2, ALL, "`exists()` of a folder"),
    ("delete_a_folder", None, {"error": "OSError"}, ALL, "`delete()` of a folder"),
    ("list_what_is_missing", [[], []], NOT_FOUND, ALL, "`listdir()` of what is missing"),
    ("open_to_append", {"error": "AttributeError"}, None, ALL, "`open(name, 'a')`"),
    ("save_text", {"error": "TypeError"}, "text.txt", ALL, "`save()` of text"),
    ("open_to_write_in_a_folder_that_is_not_there", None, NOT_FOUND, {"plain", "kept"}, "`open(name, 'w')` in a new folder"),
    ("open_to_write_in_a_folder_that_is_not_there", CLIENT_ERROR, NOT_FOUND, {"full"}, "`open(name, 'w')` in a new folder"),
    ("open_to_write", CLIENT_ERROR, [True, 100], {"full"}, "`open(name, 'w')` and gzip"),
    ("open_to_write_what_compresses", CLIENT_ERROR, True, {"full"}, "`open(name, 'w')` and gzip"),
]

# As above, of objects; a name without chance.
OBJECTS = {
    **{f"{name}/": ("only on the mount", ALL, "Folders") for name in ("docs", "docs/deep", "docs/deep/er", "uploads")},
    **{f"{name}/": ("only on the mount", ALL, "Folders") for name in ("css", "js", "img")},
    "log.txt": ("body", {"plain"}, "`open(name, 'a')`"),
    "log_XXXXXXX.txt": ("only on the mount", {"kept", "full"}, "`open(name, 'a')`"),
    "kept.txt": ("body", {"plain"}, "`open(name, 'w')` without a write"),
    "kept_XXXXXXX.txt": ("only on the mount", {"kept", "full"}, "`open(name, 'w')` without a write"),
    "text.txt": ("only on the mount", ALL, "`save()` of text"),
    **{f"opened.{e}": ("only on the mount", {"full"}, "`open(name, 'w')` and gzip") for e in ("bin", "css", "txt")},
    "report.dat": ("ContentType", ALL, "The browser's content type"),
    # The mount of "full" is told to do these two as Python does.
    "archive.tar.gz": ("ContentEncoding", {"plain", "kept"}, "`.gz` names"),
    "old.css.gz": ("ContentEncoding", {"plain", "kept"}, "`.gz` names"),
    "script.js": ("ContentType", {"plain", "kept"}, "Content types"),
    "js/site.js": ("ContentType", {"plain", "kept"}, "Content types"),
}
AS_PYTHON_GUESSES = "guess_encoding = True\nmime_types = '/etc/mime.types'\n"


@pytest.fixture(params=SETTINGS)
def run(request, rgw, tmp_path, source, new_mount, after_mounts):
    return Run(rgw, tmp_path, source, request.param, new_mount, after_mounts)


def only_on_the_mount(variant):
    return {name for name, (what, where, _) in OBJECTS.items() if what == "only on the mount" and variant in where}


def without_names(value, names):
    return [without_names(v, names) for v in value if not isinstance(v, str) or v not in names] if isinstance(value, list) else value


def check_urls(run):
    """Those of the tool and the mount are made like those of S3Boto3Storage, and work."""
    for name, url in run.their_results["make_urls"].items():
        env = proc.clean_environment()
        told = proc.run(proc.PROGRAM, "url", "-c", run.conf, "default", name, env=env).stdout.strip()
        shown = os.getxattr(run.mount.path / name, "user.s3.url").decode()
        for ours in (told, shown):
            a, b = urllib.parse.urlsplit(ours), urllib.parse.urlsplit(url)
            assert (a.scheme, a.netloc) == (b.scheme, b.netloc)
            assert a.path == b.path.replace(run.theirs.name, run.ours.name)
            assert [k for k, _ in urllib.parse.parse_qsl(a.query)] == [k for k, _ in urllib.parse.parse_qsl(b.query)]
            assert fetched(ours) == fetched(url)


def check_type_by_xattr(run):
    """As the document says: then not even the content type differs."""
    os.setxattr(run.mount.path / "report.dat", "user.s3.content-type", b"application/x-report")
    assert "report.dat" not in run.object_differences()


def fetched(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=20) as answer:
        return answer.headers.get("Content-Type"), answer.headers.get("Content-Encoding"), answer.read()


@pytest.mark.time_limit(300)
def test_a_project_does_on_the_mount_what_it_did_with_s3boto3storage(run):
    results = run.result_differences()
    assert set(results.pop("make_urls")[1].values()) <= {f"/media/{n}" for n in run.quoted_names()}
    expected = {name: (theirs, ours) for name, theirs, ours, where, _ in RESULTS if run.variant in where}
    # A listing shows what is only there, too.
    theirs, ours = results.pop("list_folders", (None, None))
    assert theirs == without_names(ours, only_on_the_mount(run.variant))
    # Each by itself, for pytest shows but the beginning of what is not the same.
    for name in results:
        assert name in expected, f"{name}: {results[name]}"
    assert results == expected
    found = run.object_differences()
    assert found == {name: what for name, (what, where, _) in OBJECTS.items() if run.variant in where}
    check_urls(run)
    check_type_by_xattr(run)


def test_the_document_lists_all_differences_and_no_other():
    text = DOCUMENT.read_text()
    listed = set(re.findall(r"^\| ([^|]+?) \| [^|]+ \| [^|]+ \|$", text, re.M)) - {"what", "---"}
    assert listed == {row[-1] for row in (*RESULTS, *OBJECTS.values())} | {"`url()`"}
