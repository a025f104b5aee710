# SPDX-License-Identifier: MIT
"""
The calls that a Django project makes of its storage. Run once with
S3Boto3Storage and once with a folder on the mount; prints what each returned.

    python3 calls.py SETTINGS-MODULE
"""

import gzip
import io
import json
import os
import random
import re
import sys

import django
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile

MIB = 1024 * 1024
CSS = b"body { color: black }\n" * 200
STEPS = {}


def step(function):
    STEPS[function.__name__] = function
    return function


def some_bytes(size):
    return random.Random(size).randbytes(size)


def temporary_upload(name, content_type, data):
    upload = TemporaryUploadedFile(name, content_type, len(data), None)
    upload.write(data)
    upload.seek(0)
    return upload


def several(*calls):
    """The results of calls, each with its own error."""
    return [outcome(call) for call in calls]


# ------------------------------------------------------------------------ save


@step
def save_small_files(s):
    names = ("docs/a.txt", "docs/deep/er/page.html", "noext", ".hidden", "X.JPG")
    odd_names = ("\u00fcml\u00e4ut \u00f1.txt", "a+b & c#d%e.txt")
    return [s.save(name, ContentFile(b"content of " + name.encode())) for name in names + odd_names]


@step
def save_a_second_time(s):
    return [s.save("docs/a.txt", ContentFile(b"more content")), s.save("docs/a.txt", ContentFile(b"even more content"))]


@step
def save_an_empty_file(s):
    return s.save("empty.bin", ContentFile(b""))


@step
def save_text(s):
    return s.save("text.txt", ContentFile("plain text"))


@step
def save_an_upload_that_lies_in_a_temporary_file(s):
    return s.save("uploads/photo.jpg", temporary_upload("photo.jpg", "image/jpeg", some_bytes(3 * MIB)))


@step
def save_such_an_upload_a_second_time(s):
    return s.save("uploads/photo.jpg", temporary_upload("photo.jpg", "image/jpeg", some_bytes(3 * MIB + 1)))


@step
def save_nine_megabytes(s):
    return s.save("big.bin", ContentFile(some_bytes(9 * MIB)))


@step
def save_what_compresses(s):
    names = [s.save(name, ContentFile(CSS)) for name in ("style.css", "script.js", "image.svg", "page.html")]
    packed = gzip.compress(CSS, mtime=0)
    return names + [s.save(name, ContentFile(packed)) for name in ("old.css.gz", "archive.tar.gz")]


@step
def save_an_upload_with_the_browsers_type(s):
    return s.save("report.dat", SimpleUploadedFile("report.dat", b"report", content_type="application/x-report"))


@step
def save_outside(s):
    return several(lambda: s.save("../outside", ContentFile(b"x")), lambda: s.save("/outside", ContentFile(b"x")))


@step
def make_names(s):
    valid = s.get_valid_name(" john's portrait in 2004.jpg ")
    return [valid, s.generate_filename("d/some file.txt"), s.get_available_name("free.txt")]


# ------------------------------------------------------------------------ open


@step
def open_to_write(s):
    with s.open("opened.txt", "w") as file:
        file.write("directly ")
        file.write("written")
    with s.open("opened.bin", "wb") as file:
        file.write(some_bytes(100))
    return [s.open("opened.txt").read() in ("directly written", b"directly written"), s.size("opened.bin")]


@step
def open_to_write_what_compresses(s):
    with s.open("opened.css", "wb") as file:
        file.write(CSS)
    return s.open("opened.css", "rb").read() == CSS


@step
def open_to_write_in_a_folder_that_is_not_there(s):
    with s.open("not/there/f.txt", "wb") as file:
        file.write(b"x")
    s.delete("not/there/f.txt")


@step
def open_to_read(s):
    with s.open("docs/a.txt", "rb") as file:
        read = [file.read(3).decode(), len(file.read())]
        file.seek(0)
        read.append(b"-".join(file.chunks(4)).decode())
    return read


@step
def read_compressed_files(s):
    return [s.open(name, "rb").read() == CSS for name in ("style.css", "script.js", "image.svg", "page.html")]


@step
def open_what_is_missing(s):
    return s.open("missing.txt", "rb").read()


# ----------------------------------------------------------------------- others


@step
def ask_whether_it_exists(s):
    return [s.exists(name) for name in ("docs/a.txt", "missing.txt", "missing/folder/x")]


@step
def ask_whether_a_folder_exists(s):
    return [s.exists("docs"), s.exists("docs/")]


@step
def ask_for_sizes(s):
    return [s.size(name) for name in ("docs/a.txt", "empty.bin", "big.bin", "page.html")]


@step
def ask_for_the_size_of_a_compressed_file(s):
    return s.size("style.css")


@step
def ask_for_the_size_of_what_is_missing(s):
    return s.size("missing.txt")


@step
def ask_for_times(s):
    now = django.utils.timezone.now()
    return [abs((s.get_modified_time(name) - now).total_seconds()) < 60 for name in ("docs/a.txt", "big.bin")]


@step
def ask_for_the_time_of_what_is_missing(s):
    return s.get_modified_time("missing.txt")


@step
def ask_for_other_times(s):
    calls = (s.get_created_time, s.get_accessed_time)
    return several(*(lambda call=call: call("docs/a.txt") and "a time" for call in calls))


@step
def ask_for_a_path(s):
    return s.path("docs/a.txt") and "a path"


@step
def list_folders(s):
    return [sorted(part) for name in ("", "docs", "docs/deep", "uploads") for part in s.listdir(name)]


@step
def list_what_is_missing(s):
    return s.listdir("missing")


@step
def open_to_write_and_write_nothing(s):
    s.save("kept.txt", ContentFile(b"kept"))
    s.open("kept.txt", "wb").close()
    s.open("new.txt", "wb").close()


@step
def open_to_append(s):
    s.save("log.txt", ContentFile(b"one "))
    with s.open("log.txt", "ab") as file:
        file.write(b"two")


@step
def delete(s):
    s.save("gone.txt", ContentFile(b"x"))
    s.delete("gone.txt")
    s.delete("gone.txt")
    return s.exists("gone.txt")


@step
def delete_a_folder(s):
    s.delete("docs")


@step
def make_urls(s):
    return {name: s.url(name) for name in ("docs/a.txt", "a+b & c#d%e.txt", "\u00fcml\u00e4ut \u00f1.txt", "style.css")}


@step
def collect_static_files_twice(s):
    from django.core.management import call_command

    said = []
    for _ in range(2):
        out = io.StringIO()
        call_command("collectstatic", interactive=False, verbosity=1, stdout=out)
        said.append(re.sub(r" to '.*?'", "", out.getvalue()).strip())
    return said


def outcome(call):
    try:
        return call()
    except Exception as error:
        return {"error": type(error).__name__}


def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1]
    django.setup()
    from django.core.files.storage import default_storage

    results = {name: outcome(lambda: function(default_storage)) for name, function in STEPS.items()}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
