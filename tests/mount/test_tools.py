# SPDX-License-Identifier: MIT
"""The tools put, get, ls and check: on a bucket, and on a path of a mount."""

import json
import os
import re
import signal
import subprocess
import time

import proc
import pytest
from files import opened, MIB, some_bytes
from tool import Tool

UNIQUE = re.compile(r"^a_[A-Za-z0-9]{7}\.txt$")


@pytest.fixture
def tool(bucket):
    return Tool(bucket)


@pytest.fixture
def source(tmp_path):
    """source(data): a file with these bytes."""

    def write(data, name="source"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def ops(server):
    return {op: n for op, n in server.requests().items()}


# --------------------------------------------------------------------------- all


@pytest.mark.parametrize("name", ["url", "put", "get", "ls", "check"])
def test_each_tool_has_help_and_asks_for_its_words(tool, name):
    done = tool.run(name, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"usage: s3storefs {name} ")
    assert "Exit status: 0" in done.stdout and not done.stderr
    done = tool.run(name)
    assert done.returncode == 2 and "usage:" in done.stderr and not done.stdout


@pytest.mark.parametrize("name", ["url", "put", "get", "ls", "check"])
def test_an_unknown_option_is_wrong_usage(tool, name):
    words = {"put": ["-", "bucket", "key"], "ls": ["bucket"]}.get(name, ["bucket", "key"])
    done = tool.run(name, "--no_such_thing=1", *words)
    assert done.returncode == 2 and "no_such_thing" in done.stderr
    done = tool.run(name, "-x", *words)
    assert done.returncode == 2 and "-x" in done.stderr


def test_a_bucket_with_a_tools_name_is_mounted_behind_two_dashes(server, tmp_path):
    bucket = server.another_bucket("url")
    done = proc.run(
        proc.PROGRAM, "--", "url", tmp_path / "none", ok=False, env=proc.clean_environment(**bucket.environment())
    )
    assert done.returncode == 1 and "mount point" in done.stderr


def test_settings_come_from_the_same_file_as_a_mounts(bucket, tmp_path):
    conf = tmp_path / "conf"
    conf.write_text(
        f"[media]\nAWS_STORAGE_BUCKET_NAME = {bucket.name}\nAWS_LOCATION = 'm'\n"
        f"AWS_S3_ENDPOINT_URL = {bucket.endpoint_url}\nAWS_S3_ADDRESSING_STYLE = path\n"
    )
    tool = Tool(bucket)
    tool.command = lambda name, *words, **settings: [proc.PROGRAM, name, "-c", conf, *words]
    assert tool.run("put", "-", "media", "a.txt", data=b"x").stdout == "a.txt\n"
    assert bucket.contents() == {"m/a.txt": b"x"}


def test_a_key_on_the_command_line_is_refused_and_not_repeated(tool):
    done = tool.run("ls", "--secret_key=geheim", "bucket")
    assert done.returncode == 2 and "ps" in done.stderr and "geheim" not in done.stderr


# --------------------------------------------------------------------------- put


def test_put_stores_as_a_mount_does_with_one_request(tool, server, bucket, source):
    server.reset()
    done = tool("put", source(b"body { }"), "css/a.css", default_acl="public-read")
    assert done.stdout == "css/a.css\n"
    assert ops(server) == {"PutObject": 1}
    headers = server.log_entries()[0]["headers"]
    assert headers["content-type"] == "text/css" and headers["x-amz-acl"] == "public-read"
    assert bucket.contents() == {"css/a.css": b"body { }"}


def test_put_sends_parameters_and_patterns(tool, server, bucket):
    tool("put", "-", "a.txt", data=b"x", object_parameters="{'CacheControl': 'max-age=9'}")
    assert bucket.head("a.txt")["CacheControl"] == "max-age=9"


@pytest.mark.parametrize("size", [0, 1, 8 * MIB, 8 * MIB + 1, 30 * MIB + 7])
def test_put_takes_any_size_from_a_pipe(tool, bucket, size):
    data = some_bytes(size)
    assert tool("put", "-", "a", data=data).stdout == "a\n"
    assert bucket.contents() == {"a": data}


def test_put_replaces_by_default(tool, bucket):
    bucket.put("a.txt", b"old and long")
    assert tool("put", "-", "a.txt", data=b"new").stdout == "a.txt\n"
    assert bucket.contents() == {"a.txt": b"new"}


@pytest.mark.parametrize("size", [3, 20 * MIB])
def test_put_tells_the_name_it_got_when_nothing_may_be_replaced(bucket, size):
    tool = Tool(bucket, location="media", file_overwrite="false")
    data = some_bytes(size)
    bucket.put("media/d/a.txt", b"old")
    told = tool.json("put", "-", "d/a.txt", data=data)
    folder, name = told["name"].rsplit("/", 1)
    assert folder == "d" and UNIQUE.match(name)
    assert told == {"name": told["name"], "key": "media/" + told["name"], "bucket": bucket.name, "size": size}
    assert bucket.contents() == {"media/d/a.txt": b"old", told["key"]: data}


def test_two_puts_at_once_never_lose_a_file(bucket):
    tool = Tool(bucket, file_overwrite="false")
    env = proc.clean_environment(**bucket.environment())
    command = tool.command("put", "-", bucket.name, "a.txt")
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        for _ in range(6)
    ]
    names = [p.communicate(b"%d" % n, 60)[0].decode().strip() for n, p in enumerate(running)]
    assert len(set(names)) == 6 and all(p.returncode == 0 for p in running)
    assert bucket.contents() == {name: b"%d" % n for n, name in enumerate(names)}


@pytest.mark.parametrize(
    "overwrite, name, most, pattern",
    [
        # Of Django's own table of get_available_name.
        ("true", "free.txt", 9, r"free\.txt"),
        ("true", "longfreename.txt", 15, r"longfreenam\.txt"),
        ("true", "d/äöüäöüäöü.txt", 10, r"d/äöüä\.txt"),
        ("false", "longfreename.txt", 15, r"lon_[A-Za-z0-9]{7}\.txt"),
        ("false", "d/äöüäöüäöüä.txt", 15, r"d/ä_[A-Za-z0-9]{7}\.txt"),
    ],
)
def test_put_shortens_to_max_length(tool, bucket, overwrite, name, most, pattern):
    stored = tool("put", "-", name, max_length=str(most), file_overwrite=overwrite, data=b"x").stdout.strip()
    assert re.fullmatch(pattern, stored) and len(stored) <= most
    assert bucket.contents() == {stored: b"x"}


def test_put_shortens_the_other_name_of_a_taken_one_too(bucket):
    bucket.put("abcdef.txt", b"old")
    tool = Tool(bucket, file_overwrite="false", max_length="14")
    stored = tool("put", "-", "abcdef.txt", data=b"x").stdout.strip()
    assert re.fullmatch(r"ab_[A-Za-z0-9]{7}\.txt", stored)


def test_put_says_when_max_length_leaves_nothing(tool, bucket):
    done = tool("put", "-", "a.longextension", max_length="9", status=1, data=b"x")
    assert "max_length = 9" in done.stderr and bucket.contents() == {}


def test_put_cleans_names_as_django_does(bucket):
    tool = Tool(bucket, location="media")
    for given, key in {"a/../b": "b", "a//c": "a/c", "a\\d": "a/d", "./e": "e"}.items():
        assert tool("put", "-", given, data=b"x").stdout.strip() == key
    assert sorted(bucket.keys()) == ["media/a/c", "media/a/d", "media/b", "media/e"]


@pytest.mark.parametrize("name", ["../a", "/a", "..", "../media2/a", "\\a", "a\\..\\..\\b"])
def test_names_that_lead_out_of_the_location_are_denied(bucket, server, name):
    tool = Tool(bucket, location="media")
    server.reset()
    for word in ["put", "get", "check", "url", "ls"]:
        done = tool(word, *(["-"] if word == "put" else []), name, status=2)
        assert f"Attempted access to '{name}' denied." in done.stderr
    assert ops(server) == {}


def test_put_exact_keeps_a_name_that_no_path_can_have(tool, bucket):
    tool("put", "-", "a//b\\c", options=["--exact"], data=b"x")
    assert bucket.contents() == {"a//b\\c": b"x"}


@pytest.mark.parametrize("name", ["", "a/", "."])
def test_put_wants_the_name_of_an_object(tool, bucket, name):
    assert "names a folder" in tool("put", "-", name, status=2).stderr
    assert bucket.contents() == {}


def test_put_without_its_file_fails_and_sends_nothing(tool, server, tmp_path):
    server.reset()
    assert "No such file" in tool("put", tmp_path / "none", "a", status=1).stderr
    assert "folder" in tool("put", tmp_path, "a", status=2).stderr
    assert ops(server) == {}


@pytest.mark.parametrize("op, size", [("PutObject", 9), ("UploadPart", 20 * MIB), ("CompleteMultipartUpload", 20 * MIB)])
def test_a_put_that_fails_leaves_the_old_object(tool, server, bucket, op, size):
    bucket.put("a", b"old")
    server.fault(op, status=403, count=0)
    done = tool("put", "-", "a", data=some_bytes(size), status=1)
    server.control("faults", [])
    assert "a was not stored" in done.stderr and not done.stdout
    assert bucket.contents() == {"a": b"old"} and bucket.uploads() == []


def test_an_interrupted_put_leaves_neither_object_nor_upload(tool, bucket):
    env = proc.clean_environment(**bucket.environment())
    bucket.put("a", b"old")
    with subprocess.Popen(
        tool.command("put", "-", bucket.name, "a"), stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as running:
        running.stdin.write(some_bytes(20 * MIB))
        running.stdin.flush()
        proc.wait_until(bucket.uploads, what="an upload")
        running.send_signal(signal.SIGINT)
        running.stdin.close()
        assert running.wait(30) == 1
        assert b"Interrupted" in running.stderr.read()
    assert bucket.contents() == {"a": b"old"} and bucket.uploads() == []


def test_put_compresses_where_the_settings_say(tool, bucket):
    data = b"body { }\n" * 500
    tool("put", "-", "a.css", data=data, gzip="true")
    assert bucket.head("a.css")["ContentEncoding"] == "gzip"
    assert len(bucket.read("a.css")) < len(data)
    assert tool("get", "a.css", "-", gzip="true").output == data
    assert tool("get", "a.css", "-").output == bucket.read("a.css")


# --------------------------------------------------------------------------- get


def test_get_fetches_with_two_requests(tool, server, bucket, tmp_path):
    bucket.put("d/a.txt", b"data")
    server.reset()
    told = tool.json("get", "d/a.txt", cwd=tmp_path)
    assert told == {"name": "d/a.txt", "file": "./a.txt", "size": 4}
    assert ops(server) == {"HeadObject": 1, "GetObject": 1}
    assert (tmp_path / "a.txt").read_bytes() == b"data"
    assert os.listdir(tmp_path).count("a.txt") == 1


def test_get_fetches_large_ones_in_parallel_ranges_of_one_version(tool, server, bucket, tmp_path):
    data = some_bytes(40 * MIB + 3)
    bucket.put("a", data)
    server.reset()
    tool("get", "a", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == data
    gets = [e for e in server.log_entries() if e["op"] == "GetObject"]
    assert len(gets) > 3 and all(e["headers"].get("if-match") for e in gets)


def test_get_keeps_time_and_umask(tool, bucket, tmp_path):
    bucket.put("a", b"x")
    tool("get", "a", tmp_path / "out")
    status = (tmp_path / "out").stat()
    mask = os.umask(0)
    os.umask(mask)
    assert status.st_mode & 0o777 == 0o666 & ~mask
    assert int(status.st_mtime) == int(bucket.head("a")["LastModified"].timestamp())


def test_get_writes_to_stdout_folders_and_devices(tool, bucket, tmp_path):
    bucket.put("d/a", b"x\0y")
    assert tool("get", "d/a", "-").output == b"x\0y"
    tool("get", "d/a", tmp_path)
    assert (tmp_path / "a").read_bytes() == b"x\0y"
    tool("get", "d/a", "/dev/null")


def test_get_of_nothing_says_so_and_leaves_no_file(tool, tmp_path):
    (tmp_path / "out").write_bytes(b"mine")
    done = tool("get", "none", tmp_path / "out", status=1)
    assert "File does not exist: none" in done.stderr
    assert os.listdir(tmp_path) and (tmp_path / "out").read_bytes() == b"mine"


def test_a_get_that_fails_half_way_leaves_the_file_that_was_there(tool, server, bucket, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "out").write_bytes(b"mine")
    bucket.put("a", some_bytes(40 * MIB))
    server.faults({"op": "GetObject", "status": 403, "skip": 1, "count": 0})
    tool("get", "a", target / "out", status=1)
    assert os.listdir(target) == ["out"] and (target / "out").read_bytes() == b"mine"


def test_an_interrupted_get_leaves_no_file(tool, server, bucket, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    bucket.put("a", some_bytes(40 * MIB))
    server.latency(get=1000)
    env = proc.clean_environment(**bucket.environment())
    with subprocess.Popen(tool.command("get", bucket.name, "a", target / "out"), stderr=subprocess.PIPE, env=env) as running:
        proc.wait_until(lambda: os.listdir(target), what="a part")
        assert os.listdir(target)[0].endswith(".part")
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 1
    assert os.listdir(target) == []


def test_get_reaches_keys_that_no_path_can_name(tool, bucket):
    for key in ["a//b", "c/./d", "..", "f", "f/g", "h" * 300]:
        bucket.put(key, key.encode())
        assert tool("get", key, "-", options=["--exact"]).output == key.encode()
    # A file and a folder of one name: the object.
    assert tool("get", "f", "-").output == b"f"


# ---------------------------------------------------------------------------- ls


def test_ls_is_listdir(tool, server, bucket):
    for key in ["a.txt", "d/", "d/b", "d/e/f", "both", "both/x", "odd//x", "z"]:
        bucket.put(key, b"12")
    server.reset()
    assert tool("ls").stdout.split("\n") == ["a.txt", "both", "both/", "d/", "odd/", "z", ""]
    assert ops(server) == {"ListObjectsV2": 1}
    assert tool("ls", "d").stdout.split() == ["b", "e/"]
    assert tool("ls", "d/").stdout.split() == ["b", "e/"]
    assert tool("ls", "odd").stdout.split() == ["/"]
    assert tool("ls", "odd//", options=["--exact"]).stdout.split() == ["x"]
    assert tool("ls", options=["-r"]).stdout.split() == ["a.txt", "both", "both/x", "d/", "d/b", "d/e/f", "odd//x", "z"]


def test_ls_tells_size_time_and_etag(tool, bucket):
    etag = bucket.put("d/a b", b"12")["ETag"].strip('"')
    line = tool("ls", "d", options=["-l"]).stdout
    assert re.fullmatch(rf" +2 \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {etag} +a b\n", line)
    told = tool.json("ls", "d")
    assert told.pop("mtime").startswith("20")
    assert told == {"name": "a b", "type": "file", "key": "d/a b", "size": 2, "etag": etag}
    assert tool.json("ls") == {"name": "d/", "type": "folder", "key": "d/"}


def test_ls_below_a_location_sees_nothing_beside_it(bucket):
    for key in ["media/a", "media2/b", "media"]:
        bucket.put(key)
    assert Tool(bucket, location="media")("ls").stdout == "a\n"


def test_ls_of_nothing_is_empty_with_status_1(tool, server, bucket):
    assert tool("ls").stdout == ""
    bucket.put("a")
    bucket.put("marker/")
    assert tool("ls", "none", status=1).stdout == ""
    assert tool("ls", "a/", status=1).stdout == ""
    assert tool("ls", "a").stdout == "a\n"
    assert tool("ls", "marker").stdout == ""


def test_ls_goes_over_all_pages(tool, server, bucket):
    names = [f"{n:04}" for n in range(2500)]
    bucket.put_many([f"d/{name}" for name in names])
    server.reset()
    assert tool("ls", "d").stdout.split() == names
    assert ops(server) == {"ListObjectsV2": 3}


def test_ls_prints_odd_names_whole(tool, bucket):
    names = ["tab\there", "new\nline", 'quo"te\\', "ü", "\x7f"]
    for name in names:
        bucket.put(name)
    lines = tool("ls", options=["--json"]).stdout.splitlines()
    assert sorted(json.loads(line)["name"] for line in lines) == sorted(names)


def test_ls_says_what_the_server_said(tool, server):
    server.fault("ListObjectsV2", status=403, count=0)
    done = tool("ls", status=1)
    assert "s3storefs ls:" in done.stderr and "it needs s3:ListBucket" in done.stderr


# ------------------------------------------------------------------------- check


def test_check_is_exists(tool, server, bucket):
    bucket.put("a")
    bucket.put("marker/")
    bucket.put("implied/x")
    server.reset()
    assert tool("check", "a").stdout == "a: is there\n"
    assert tool("check", "none", status=1).stdout == "none: is not there\n"
    # A bucket that is not there answers as a missing object does: who says no has asked for it.
    assert ops(server) == {"HeadObject": 2, "HeadBucket": 1}
    tool("check", "marker/")
    tool("check", "marker", status=1)
    tool("check", "implied", status=1)
    assert tool.json("check", "a") == {"name": "a", "exists": True}
    assert tool.json("check", "none", status=1) == {"name": "none", "exists": False}


@pytest.mark.parametrize("status", [400, 501])
def test_only_a_sure_404_is_not_there(tool, server, status):
    server.fault("HeadObject", status=status, count=0)
    done = tool("check", "a", status=2)
    assert done.stderr and not done.stdout


def test_check_of_a_missing_bucket_is_no_answer_about_the_object(tool, bucket):
    missing = Tool(bucket)
    missing.word = "no-such-bucket"
    assert "bucket" in missing("check", "a", status=2).stderr
    done = missing("check", status=1)
    assert "does not exist" in done.stderr


def test_check_tells_what_the_settings_come_to(server, bucket):
    tool = Tool(bucket, location="media")
    bucket.put("media/a", b"mine")
    server.reset()
    told = tool.json("check")
    assert told.pop("clock_skew") in (-1, 0, 1)
    assert told == {
        "bucket": bucket.name,
        "location": "media",
        "url": f"{bucket.endpoint_url}/{bucket.name}",
        "region": "us-east-1",
        "region_source": "AWS_S3_REGION_NAME",
        "credentials": "environment",
        "addressing_style": "path",
        "signature": "s3v4",
        "answer": "ok",
        "region_of_bucket": "us-east-1",
        "write": True,
        "conditional_writes": True,
        "part_copy": True,
        "checksums": True,
        "delete": True,
        "list_objects_v2": True,
        "part_checksums": True,
        "conditional_complete": True,
        "conditional_copy": True,
        "source_condition": True,
        "missing_names": True,
    }
    keys = {e["key"] for e in server.log_entries() if e["method"] in ("PUT", "POST", "DELETE")}
    assert len(keys) == 1 and re.fullmatch(r"media/\.s3storefs-check-[0-9a-f]{12}", keys.pop())
    assert bucket.contents() == {"media/a": b"mine"} and bucket.uploads() == []


def test_check_asks_for_the_region_where_the_bucket_does_not_tell_it(rgw, after_mounts):
    """Ceph names none in its answer to HEAD, and as location what the zone group is called."""
    bucket = rgw.bucket("http-path")
    assert "x-amz-bucket-region" not in bucket.s3.head_bucket(Bucket=bucket.name)["ResponseMetadata"]["HTTPHeaders"]
    told = bucket.s3.get_bucket_location(Bucket=bucket.name)["LocationConstraint"]
    assert Tool(bucket).json("check")["region_of_bucket"] == (told or "us-east-1")


def test_check_shows_no_secret(tool):
    for options in [], ["--json"]:
        done = tool("check", options=options)
        assert tool.bucket.secret_key not in done.stdout + done.stderr
        assert tool.bucket.access_key not in done.stdout + done.stderr


def test_check_read_only_changes_nothing(tool, server):
    server.reset()
    told = tool.json("check", options=["--read-only"])
    assert "write" not in told and told["answer"] == "ok"
    assert {e["method"] for e in server.log_entries()} <= {"GET", "HEAD"}


ABILITIES = {
    *("write", "delete", "list_objects_v2", "checksums", "part_checksums", "part_copy"),
    *("conditional_writes", "conditional_complete", "conditional_copy", "source_condition"),
    "missing_names",
}


@pytest.mark.parametrize(
    "option, abilities",
    [
        ("--no-part-copy", {"part_copy"}),
        ("--no-conditional-writes", {"conditional_writes", "conditional_complete", "conditional_copy"}),
        ("--ignore-conditions", {"conditional_writes", "conditional_complete", "conditional_copy"}),
        ("--ignore-complete-conditions", {"conditional_complete"}),
        ("--no-list-v2", {"list_objects_v2"}),
    ],
)
def test_check_finds_what_the_server_cannot(new_server, option, abilities):
    bucket = new_server(option).bucket
    told = Tool(bucket).json("check")
    assert {name for name in ABILITIES if not told[name]} == abilities
    assert all(told[f"{ability}_reason"].startswith("no: ") for ability in abilities) and told["answer"] == "ok"
    assert not bucket.s3.list_objects(Bucket=bucket.name).get("Contents") and bucket.uploads() == []


def test_check_tells_when_nothing_may_be_written(tool, server):
    server.fault("PutObject", status=403, count=0)
    told = tool.json("check")
    assert told["write"] is False and told["conditional_writes"] is False
    assert told["conditional_writes_reason"] == "not tried"


def test_check_with_a_wrong_secret_says_so(tool):
    tool.environment = {"AWS_SECRET_ACCESS_KEY": "wrong"}
    done = tool("check", status=2)
    assert "AWS_SECRET_ACCESS_KEY" in done.stderr and "wrong" not in done.stderr.replace("is wrong", "")


# ------------------------------------------------------------------------- a mount


def test_a_path_of_a_mount_will_do(bucket, mount, tmp_path):
    tool = Tool(bucket)
    assert tool.run("put", "-", mount.path / "a.txt", data=b"data").stdout == f"{mount.path}/a.txt\n"
    assert bucket.contents() == {"a.txt": b"data"}
    assert tool.run("get", mount.path / "a.txt", "-").output == b"data"
    assert tool.run("get", mount.path / "a.txt", tmp_path / "out").returncode == 0
    assert (tmp_path / "out").read_bytes() == b"data"
    assert tool.run("check", mount.path / "a.txt").returncode == 0
    assert tool.run("check", mount.path / "none").returncode == 1
    assert tool.run("get", mount.path / "none", "-").returncode == 1


def test_ls_of_a_path_is_what_the_mount_shows(bucket, mount, tmp_path):
    tool = Tool(bucket)
    for key in ("a.txt", "a/b", "a/c/d", "z"):
        bucket.put(key, b"12345")

    def lines(*words):
        done = tool.run("ls", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    assert lines(mount.path) == ["a.txt", "a/", "z"]
    assert lines(f"{mount.path}/") == ["a.txt", "a/", "z"]
    assert lines(mount.path / "a") == ["b", "c/"]
    assert lines("-r", mount.path) == ["a.txt", "a/b", "a/c/d", "z"]
    assert lines(mount.path / "z") == ["z"]
    size, _, etag, name = lines("-l", mount.path / "a" / "b")[0].split()
    assert (size, etag, name) == ("5", bucket.head("a/b")["ETag"].strip('"'), "b")
    told = [json.loads(line) for line in lines("--json", mount.path / "a")]
    assert [(entry["type"], entry["key"]) for entry in told] == [("file", "a/b"), ("folder", "a/c/")]
    for path, status in ((mount.path / "none", 1), (tmp_path, 2)):
        done = tool.run("ls", path)
        assert done.returncode == status and str(path) in done.stderr


def test_a_path_needs_no_settings(bucket, mount):
    done = proc.run(proc.PROGRAM, "put", __file__, mount.path / "a.py")
    assert done.stdout == f"{mount.path}/a.py\n"
    assert bucket.keys() == ["a.py"]


def test_put_on_a_mount_tells_the_other_name(bucket, new_mount):
    mount = new_mount(bucket, location="m", file_overwrite="false")
    bucket.put("m/a.txt", b"old")
    told = json.loads(Tool(bucket).run("put", "--json", "-", mount.path / "a.txt", data=b"new").stdout)
    name = told["key"].rsplit("/", 1)[1]
    assert UNIQUE.match(name) and told["name"] == f"{mount.path}/{name}"
    assert bucket.contents() == {"m/a.txt": b"old", f"m/{name}": b"new"}


def test_a_path_elsewhere_is_refused(tool, tmp_path):
    (tmp_path / "a").write_text("x")
    for words in ["url", tmp_path / "a"], ["get", tmp_path / "a", "-"], ["check", tmp_path / "a"], ["put", "-", tmp_path / "b"]:
        done = tool.run(*words)
        assert done.returncode == 2 and "no mount of s3storefs" in done.stderr, words
    assert os.listdir(tmp_path).count("b") == 0


def test_a_mount_refuses_names_over_max_length(bucket, new_mount):
    mount = new_mount(bucket, location="m", max_length="12")
    (mount.path / "äöü456789012").write_bytes(b"x")
    bucket.put("m/folder/12345", b"seen")
    for name in ["1234567890123", "äöü4567890123", "folder/123456"]:
        with pytest.raises(OSError, match="File name too long"):
            (mount.path / name).write_bytes(b"x")
        with pytest.raises(OSError, match="File name too long"):
            os.rename(mount.path / "äöü456789012", mount.path / name)
    bucket.put("m/long-but-there", b"old")
    assert (mount.path / "long-but-there").read_bytes() == b"old"
    assert (mount.path / "folder/12345").read_bytes() == b"seen"


def test_long_work_shows_how_far_it_is_on_a_terminal_only(tool, server, bucket, tmp_path):
    server.latency(put=1500)
    done = tool("put", "-", "a", data=b"x")
    assert done.stderr == ""
    master, slave = os.openpty()
    bucket.put("b", some_bytes(30 * MIB))
    server.latency(get=1500)
    env = proc.clean_environment(**bucket.environment())
    running = subprocess.Popen(tool.command("get", bucket.name, "b", tmp_path / "out", connections="1"), stderr=slave, env=env)
    os.close(slave)
    seen = b""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            piece = os.read(master, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(master)
    assert running.wait(30) == 0
    assert re.search(rb"b  \d+\.\d MiB of 30\.0 \(\d+%\)", seen)


# ------------------------------------------------------------------------- a newcomer


@pytest.mark.parametrize(
    "words, hint",
    [
        (["chekc", "b"], "did you mean check?"),
        (["lss", "b", "-l"], "did you mean ls?"),
        (["hlep"], "did you mean help?"),
        (["unmount", "/nowhere"], "did you mean umount?"),
        (["help", "gett"], "did you mean get?"),
    ],
)
def test_a_mistyped_tool_is_no_bucket(words, hint):
    done = proc.run(proc.PROGRAM, *words, ok=False)
    assert done.returncode == 2 and hint in done.stderr and not done.stdout


def test_a_word_like_a_tools_before_a_mount_point_is_a_bucket(bucket, new_mount):
    bucket.name = "chek"
    bucket.create()
    (new_mount(bucket).path / "f").write_bytes(b"x")
    assert bucket.read("f") == b"x"


def test_help_is_a_word_too():
    text = proc.run(proc.PROGRAM, "help").stdout
    assert text == proc.run(proc.PROGRAM, "--help").stdout
    assert len(text.splitlines()) <= 40 and max(map(len, text.splitlines())) <= 80
    assert proc.run(proc.PROGRAM, "help", "ls").stdout == proc.run(proc.PROGRAM, "ls", "--help").stdout


def test_umount_ends_a_mount_and_nothing_else(mount, tmp_path):
    done = proc.run(proc.PROGRAM, "umount", tmp_path, ok=False)
    assert done.returncode == 1 and "no bucket is mounted on" in done.stderr
    with opened(mount.path / "f", os.O_WRONLY | os.O_CREAT):
        done = proc.run(proc.PROGRAM, "umount", mount.path, ok=False)
        assert done.returncode == 1 and "in use" in done.stderr
    proc.run(proc.PROGRAM, "umount", mount.path)
    mount.wait_for_end()


def test_ls_of_nothing_says_so(bucket):
    done = Tool(bucket)("ls", "nothing", status=1)
    assert "nothing: there is no such object" in done.stderr and not done.stdout


def test_ls_tells_sizes_as_people_read_them(bucket):
    for name, size in ("a", 1023), ("b", 1024), ("c", 3_000_000):
        bucket.put(name, bytes(size))
    lines = Tool(bucket)("ls", options=["-lh"]).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["1023", "1.0K", "2.9M"]
    assert Tool(bucket)("ls", options=["-l"]).stdout.splitlines()[2].split()[0] == "3000000"


def test_what_nobody_reads_any_more_ends_in_silence(bucket, server):
    bucket.put("big", bytes(4 << 20))
    for n in range(30):
        bucket.put(f"{'n' * 200}{n}", b"")
    for name, *words in ("get", bucket.name, "big", "-"), ("ls", "-l", bucket.name):
        reader, writer = os.pipe()
        with subprocess.Popen(
            Tool(bucket).command(name, *words),
            stdout=writer,
            stderr=subprocess.PIPE,
            env=proc.clean_environment(**bucket.environment()),
        ) as tool:
            os.close(writer)
            os.close(reader)
            assert tool.stderr.read() == b""
        assert tool.returncode == 1


def test_check_tells_a_missing_bucket_once(bucket):
    bucket.name = "no-such-bucket"
    done = Tool(bucket)("check", status=1)
    assert (done.stdout + done.stderr).count("does not exist") == 1


def test_errors_are_words_for_people(bucket, server):
    """What was tried, why it failed, what to do: no names of the API, no query, no key=."""
    bucket.put("a", b"x")
    tool = Tool(bucket, timeout="1", attempts="1")
    calls = {
        "get": lambda: tool("get", "a", "-", status=1),
        "ls": lambda: tool("ls", status=1),
        "check": lambda: tool("check", "a", status=2),
        "uploads": lambda: tool("uploads", status=1),
    }
    for fault, words in (
        (dict(status=503, code="SlowDown", message="not so fast"), "try again later"),
        (dict(status=403, code="AccessDenied", message="no"), "the key may not|the server refuses"),
        (dict(reset=True), "endpoint_url"),
    ):
        server.faults(dict(op="*", count=0, **fault))
        for name, call in calls.items():
            said = call().stderr
            assert f"s3storefs {name}: " in said and re.search(words, said), said
            assert not re.search(r"key=|list-type|Objects:|Object:|Uploads:|status \d", said), said
            assert bucket.name in said
        server.faults()
