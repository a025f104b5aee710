# SPDX-License-Identifier: MIT
"""Django's own FileSystemStorage with its folder on the mount: the likeliest first user."""

import os
import pathlib
import re
import threading
import urllib.parse

import django
import django.test.utils
import django.utils.timezone
import pytest
from django.conf import settings
from files import MIB, some_bytes

RANDOM = "_[A-Za-z0-9]{7}"


@pytest.fixture(scope="module", autouse=True)
def configured(tmp_path_factory):
    source = tmp_path_factory.mktemp("static")
    (source / "css").mkdir()
    (source / "css" / "site.css").write_text("body { color: black }")
    for number in range(20):
        (source / f"script{number}.js").write_text(f"var n = {number};")
    settings.configure(
        INSTALLED_APPS=["django.contrib.staticfiles"],
        STATICFILES_DIRS=[str(source)],
        STATIC_ROOT="/set-by-each-test",
        STATIC_URL="/static/",
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        FILE_UPLOAD_PERMISSIONS=0o644,
        USE_TZ=True,
    )
    django.setup()
    return source


def storage_on(mount):
    from django.core.files.storage import FileSystemStorage

    return FileSystemStorage(location=str(mount.path), base_url="/media/")


@pytest.fixture(params=["true", "false"], ids=["overwrite", "keep"])
def storage(request, new_mount, bucket):
    return storage_on(new_mount(bucket, file_overwrite=request.param))


def content(data):
    from django.core.files.base import ContentFile

    return ContentFile(data)


def test_a_file_saved_exists_reads_and_is_deleted(storage, bucket):
    assert not storage.exists("tests/django_test.txt")
    name = storage.save("tests/django_test.txt", content(b"content"))
    assert name == "tests/django_test.txt"
    assert storage.exists(name) and storage.size(name) == 7
    assert bucket.read(name) == b"content"
    with storage.open(name) as file:
        assert file.read(3) == b"con" and file.read() == b"tent"
        file.seek(0)
        assert b"-".join(file.chunks(2)) == b"co-nt-en-t"
    assert abs((storage.get_modified_time(name) - django.utils.timezone.now()).total_seconds()) < 10
    storage.delete(name)
    assert not storage.exists(name)
    storage.delete(name)
    assert storage.listdir("tests") == ([], [])


def test_a_second_save_gets_another_name_and_keeps_the_first(storage, bucket):
    first = storage.save("tests/a.txt", content(b"content"))
    second = storage.save("tests/a.txt", content(b"more content"))
    assert re.fullmatch(f"tests/a{RANDOM}\\.txt", second)
    assert bucket.read(first) == b"content" and bucket.read(second) == b"more content"
    assert sorted(storage.listdir("tests")[1]) == sorted(os.path.basename(n) for n in (first, second))


@pytest.mark.parametrize("size", [3 * MIB, 20 * MIB])
def test_an_upload_that_lay_in_a_temporary_file_is_moved_in(storage, bucket, size):
    from django.core.files.uploadedfile import TemporaryUploadedFile

    data = some_bytes(size)
    upload = TemporaryUploadedFile("big.bin", "application/octet-stream", size, None)
    upload.write(data)
    upload.seek(0)
    name = storage.save("uploads/big.bin", upload)
    assert bucket.read(name) == data
    assert storage.size(name) == size
    assert not os.path.exists(upload.temporary_file_path())
    upload.close()


def test_an_upload_in_memory_is_saved_in_chunks(storage, bucket):
    from django.core.files.uploadedfile import SimpleUploadedFile

    data = some_bytes(2 * MIB)
    name = storage.save("memory.bin", SimpleUploadedFile("memory.bin", data))
    assert bucket.read(name) == data


def test_listdir_and_url_name_what_is_there(storage, bucket):
    bucket.put("d/sub/x", b"x")
    bucket.put("d/file one.txt", b"x")
    assert storage.listdir("d") == (["sub"], ["file one.txt"])
    assert storage.url("d/file one.txt") == "/media/" + urllib.parse.quote("d/file one.txt")
    assert storage.path("d/sub/x") == str(pathlib.Path(storage.location) / "d" / "sub" / "x")


def test_a_file_opened_for_writing_through_the_storage_is_stored_at_close(new_mount, bucket):
    storage = storage_on(new_mount(bucket))
    with storage.open("direct.txt", "w") as file:
        file.write("direct")
    assert bucket.read("direct.txt") == b"direct"
    assert bucket.head("direct.txt")["ContentType"] == "text/plain"


@pytest.mark.parametrize("overwrite", ["true", "false"], ids=["overwrite", "keep"])
def test_a_second_collectstatic_copies_nothing(new_mount, bucket, configured, overwrite):
    from django.core.management import call_command
    from io import StringIO

    mount = new_mount(bucket, file_overwrite=overwrite)
    (mount.path / "static").mkdir()
    with django.test.utils.override_settings(STATIC_ROOT=str(mount.path / "static")):
        said = []
        for _ in range(2):
            out = StringIO()
            call_command("collectstatic", interactive=False, verbosity=1, stdout=out)
            said.append(out.getvalue())
    assert "21 static files copied" in said[0]
    assert "0 static files copied" in said[1] and "21 unmodified" in said[1]
    stored = {k: v for k, v in bucket.contents("static/").items() if not k.endswith("/")}
    assert stored == {f"static/{p.relative_to(configured)}": p.read_bytes() for p in configured.rglob("*") if p.is_file()}
    assert bucket.head("static/css/site.css")["ContentType"] == "text/css"


def test_two_hosts_saving_one_name_at_once_lose_no_file(bucket, new_mount):
    storages = [storage_on(new_mount(bucket, file_overwrite="false", negative_timeout="1")) for _ in range(2)]
    names, gate = [[], []], threading.Barrier(2)

    def save(index):
        for number in range(30):
            gate.wait(30)
            names[index].append(storages[index].save(f"r/{number}.txt", content(b"%d %d" % (index, number))))

    threads = [threading.Thread(target=save, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    all_names = names[0] + names[1]
    assert len(all_names) == 60 and len(set(all_names)) == 60, "one name was given twice"
    for index in range(2):
        for number, name in enumerate(names[index]):
            assert bucket.read(name) == b"%d %d" % (index, number)
