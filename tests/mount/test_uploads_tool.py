# SPDX-License-Identifier: MIT
"""s3storefs uploads: unfinished multipart uploads listed and aborted. boto3 begins them and tells what is left."""

import concurrent.futures
import datetime
import email.utils
import json
import os
import re
import subprocess

import botocore.parsers
import proc
import pytest
from files import MIB
from tool import Tool

DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
DENIED = dict(status=403, code="AccessDenied", count=0)


@pytest.fixture
def tool(bucket):
    return Tool(bucket)


def begin(bucket, key, *parts):
    """An upload with parts of these bytes; its id."""
    upload = bucket.s3.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]
    for number, data in enumerate(parts, 1):
        bucket.s3.upload_part(Bucket=bucket.name, Key=key, UploadId=upload, PartNumber=number, Body=data)
    return upload


def begin_many(bucket, keys):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda key: begin(bucket, key), keys))


def left(bucket):
    """The keys of what boto3 still finds."""
    pages = bucket.s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket.name)
    return [upload["Key"] for page in pages for upload in page.get("Uploads", [])]


def rows(done):
    """What --json printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def let_them_be(server, bucket, clock=0, **ages):
    """
    The server's list from now on: uploads begun so many hours ago, by its clock, which is so many hours ahead of ours.
    Their ids by key.
    """
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=clock)
    ids, text = {}, ""
    for key, hours in ages.items():
        ids[key] = begin(bucket, key)
        date = (now - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        text += f"<Upload><Key>{key}</Key><UploadId>{ids[key]}</UploadId><Initiated>{date}</Initiated></Upload>"
    body = f"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{text}</ListMultipartUploadsResult>"
    headers = {"Date": email.utils.format_datetime(now, usegmt=True)}
    server.fault("ListMultipartUploads", status=200, body=body, headers=headers, count=0)
    return ids


# -------------------------------------------------------------------------- list


def test_the_tool_has_help_and_asks_for_its_bucket(tool):
    done = tool.run("uploads", "--help")
    assert done.returncode == 0 and done.stdout.startswith("usage: s3storefs uploads ") and not done.stderr
    assert "Exit status: 0" in done.stdout
    for words in [], ["one", "two"]:
        done = tool.run("uploads", *words)
        assert done.returncode == 2 and "usage:" in done.stderr and not done.stdout


@pytest.mark.parametrize("option", ["--no_such_thing=1", "-x", "--abort=1"])
def test_an_unknown_option_is_wrong_usage(tool, server, option):
    server.reset()
    done = tool.run("uploads", option, tool.word)
    assert done.returncode == 2 and option.strip("-").partition("=")[0] in done.stderr
    assert server.requests() == {}


def test_nothing_unfinished_is_no_failure(tool, server, bucket):
    bucket.put("a")
    server.reset()
    for options in [], ["-l"], ["--json"], ["--abort"], ["--abort", "--older-than=all"]:
        done = tool("uploads", options=options)
        assert done.stdout == "" and done.stderr == ""
    assert server.requests() == {"ListMultipartUploads": 5}


def test_a_line_has_time_id_and_key(tool, bucket):
    ids = [begin(bucket, "a b/ü"), begin(bucket, "z")]
    lines = tool("uploads").stdout.splitlines()
    for line, upload, key in zip(lines, ids, ["a b/ü", "z"], strict=True):
        assert re.fullmatch(f"{DATE} {upload} {key}", line)


def test_a_long_line_begins_with_bytes_and_parts(tool, server, bucket):
    begin(bucket, "a", b"x" * 5 * MIB, b"y" * 7)
    begin(bucket, "b")
    server.reset()
    lines = [line.split() for line in tool("uploads", options=["-l"]).stdout.splitlines()]
    assert [(line[0], line[1], line[4]) for line in lines] == [(str(5 * MIB + 7), "2", "a"), ("0", "0", "b")]
    assert server.requests() == {"ListMultipartUploads": 1, "ListParts": 2}


def test_parts_are_counted_over_all_pages(tool, server, bucket):
    upload = begin(bucket, "a")

    def send(number):
        bucket.s3.upload_part(Bucket=bucket.name, Key="a", UploadId=upload, PartNumber=number, Body=b"12345")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(1, 1202)))
    server.reset()
    row = tool.json("uploads", options=["-l"])
    assert (row["parts"], row["bytes"]) == (1201, 6005)
    assert server.requests()["ListParts"] == 2


def test_json_has_the_same(tool, bucket):
    upload = begin(bucket, 'quo"te\\', b"123")
    row = tool.json("uploads")
    assert re.fullmatch(DATE, row.pop("initiated")) and row.pop("age") in range(-1, 60)
    assert row == {"key": 'quo"te\\', "upload_id": upload}
    row = tool.json("uploads", options=["-l"])
    assert (row["parts"], row["bytes"]) == (1, 3) and "aborted" not in row
    row = tool.json("uploads", options=["--abort", "--older-than=0"])
    assert row["aborted"] is True and row["upload_id"] == upload and "parts" not in row


def test_two_uploads_of_one_key_are_two(tool, bucket):
    ids = [begin(bucket, "a"), begin(bucket, "a")]
    assert {row["upload_id"] for row in rows(tool("uploads", options=["--json"]))} == set(ids)


def test_a_prefix_is_a_folder(bucket):
    for key in ("media", "media/a", "media/d/b", "media2/c"):
        begin(bucket, key)
    for tool in Tool(bucket, location="media"), Tool(bucket, location="media/"):
        assert [row["key"] for row in rows(tool("uploads", options=["--json"]))] == ["media/a", "media/d/b"]
    by_setting = Tool(bucket)("uploads", options=["--json"], location="media")
    assert [row["key"] for row in rows(by_setting)] == ["media/a", "media/d/b"]
    assert len(rows(Tool(bucket)("uploads", options=["--json"]))) == 4


def test_over_a_thousand_uploads_are_paged(tool, server, bucket):
    # The end of the first page is between uploads of one key.
    keys = [f"k{n:04}" for n in range(998)] + ["m"] * 4 + [f"n{n:04}" for n in range(1030)]
    begin_many(bucket, keys)
    server.reset()
    assert [row["key"] for row in rows(tool("uploads", options=["--json"]))] == keys
    assert server.requests() == {"ListMultipartUploads": 3}
    server.reset()
    done = tool("uploads", options=["--json", "--abort", "--older-than=0"])
    assert [row["key"] for row in rows(done)] == keys and left(bucket) == []
    assert server.requests()["AbortMultipartUpload"] == len(keys)


def test_a_key_cannot_reach_the_terminal_with_control_characters(tool, bucket):
    begin(bucket, "a\tb\x7fc")
    master, slave = os.openpty()
    env = proc.clean_environment(**bucket.environment())
    subprocess.run(tool.command("uploads", bucket.name), stdout=slave, env=env, check=True, timeout=60)
    os.close(slave)
    seen = os.read(master, 4096).decode()
    os.close(master)
    assert seen.endswith(" a?b?c\r\n")


def test_a_path_of_a_mount_is_told_to_be_a_bucket(tool, tmp_path):
    done = tool.run("uploads", tmp_path)
    assert done.returncode == 2 and "BUCKET[:PREFIX]" in done.stderr and done.stderr.count("\n") == 1


# ------------------------------------------------------------------------- abort


def test_abort_leaves_alone_what_is_younger_than_a_day(tool, server, bucket):
    begin(bucket, "now", b"x")
    assert tool("uploads", options=["--abort"]).stdout == ""
    assert left(bucket) == ["now"]
    ids = let_them_be(server, bucket, day=24.01, less=23.99, month=721, future=-2)
    lines = tool("uploads", options=["--abort"]).stdout.splitlines()
    assert [line.split()[1:] for line in lines] == [[ids["day"], "day"], [ids["month"], "month"]]
    server.faults()
    assert left(bucket) == ["future", "less", "now"]


@pytest.mark.parametrize("clock", [-72, 72])
def test_the_age_is_by_the_servers_clock(tool, server, bucket, clock):
    let_them_be(server, bucket, clock=clock, h1=1.01, h25=25.01)
    listed = rows(tool("uploads", options=["--json"]))
    assert [row["age"] // 3600 for row in listed] == [1, 25]
    done = tool("uploads", options=["--json", "--abort"])
    assert [row["key"] for row in rows(done)] == ["h25"]
    server.faults()
    assert left(bucket) == ["h1"]


@pytest.mark.parametrize(
    "age, found",
    [
        ("0", "future h2 h30 h800"),
        ("all", "future h2 h30 h800"),
        ("0s", "future h2 h30 h800"),
        ("1s", "h2 h30 h800"),
        ("2h", "h2 h30 h800"),
        ("2h30s", "h30 h800"),
        ("1D", "h30 h800"),
        ("1D6h1m", "h800"),
        ("1M", "h800"),
        ("1M3D8h1m", ""),
        ("1Y", ""),
    ],
)
@pytest.mark.parametrize("way", ["list", "abort", "s3fs"])
def test_older_than_draws_the_line(tool, server, bucket, way, age, found):
    let_them_be(server, bucket, future=-1, h2=2.001, h30=30.001, h800=800.001)
    if way == "s3fs":
        command = tool.command("", f"--incomplete-mpu-abort={age}", bucket.name, "--json")
        command.remove("")
        done = proc.run(*command, env=proc.clean_environment(**bucket.environment()))
    else:
        options = ["--json", f"--older-than={age}"] + (["--abort"] if way == "abort" else [])
        done = tool("uploads", options=options)
    assert [row["key"] for row in rows(done)] == found.split()
    server.faults()
    aborted = [] if way == "list" else found.split()
    assert left(bucket) == [key for key in ("future", "h2", "h30", "h800") if key not in aborted]


def test_an_upload_grows_old_enough(tool, bucket):
    begin(bucket, "a")
    assert tool("uploads", options=["--abort", "--older-than", "1h"]).stdout == ""
    proc.wait_until(lambda: tool("uploads", options=["--abort", "--older-than", "1s"]).stdout, what="a second")
    assert left(bucket) == []


def test_abort_stays_below_the_prefix(bucket):
    for key in ("media", "media/a", "media/d/b", "media2/c"):
        begin(bucket, key, b"x")
    bucket.put("media/a", b"old")
    done = Tool(bucket, location="media")("uploads", options=["--json", "-l", "--abort", "--older-than=0"])
    assert [(row["key"], row["parts"], row["bytes"], row["aborted"]) for row in rows(done)] == [
        ("media/a", 1, 1, True),
        ("media/d/b", 1, 1, True),
    ]
    assert left(bucket) == ["media", "media2/c"]
    assert bucket.contents() == {"media/a": b"old"}


@pytest.mark.parametrize("age", ["", "x", "1", "24", "1h1D", "-1h", "1H", "99999999999999999999h", "1001Y"])
@pytest.mark.parametrize("way", ["--older-than", "--incomplete-mpu-abort"])
def test_a_bad_age_gets_one_clear_line(tool, server, bucket, way, age):
    begin(bucket, "a")
    server.reset()
    command = tool.command("uploads", "--abort", f"{way}={age}", bucket.name)
    if way != "--older-than":
        command = [word for word in command if word not in ("uploads", "--abort")]
    done = proc.run(*command, ok=False, env=proc.clean_environment(**bucket.environment()))
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and f"'{age}'" in done.stderr
    assert re.search("1Y6M10D12h30m30s|a thousand years", done.stderr)
    assert server.requests() == {}


# ---------------------------------------------------------------------- failures


def test_one_refused_abort_does_not_keep_the_others(tool, server, bucket):
    keys = [f"k{n:02}" for n in range(80)]
    begin_many(bucket, keys)
    server.fault("AbortMultipartUpload", key="k40", **DENIED)
    done = tool("uploads", options=["--json", "--abort", "--older-than=0"], status=1)
    assert [row["key"] for row in rows(done)] == [key for key in keys if key != "k40"]
    assert done.stderr.count("\n") == 1 and "k40" in done.stderr
    assert left(bucket) == ["k40"]


def test_parts_that_cannot_be_listed_are_told_as_unknown(tool, server, bucket):
    for key in "abc":
        begin(bucket, key, b"x")
    server.fault("ListParts", key="b", **DENIED)
    done = tool("uploads", options=["--json", "-l"], status=1)
    assert [(row["key"], row["parts"], row["bytes"]) for row in rows(done)] == [("a", 1, 1), ("b", None, None), ("c", 1, 1)]
    assert done.stderr.count("\n") == 1 and "b: " in done.stderr
    lines = tool("uploads", options=["-l"], status=1).stdout.splitlines()
    assert lines[1].split()[:2] == ["-", "-"]


def test_a_page_that_is_refused_ends_it_behind_those_before(tool, server, bucket):
    keys = [f"k{n:04}" for n in range(1100)]
    begin_many(bucket, keys)
    server.fault("ListMultipartUploads", skip=1, **DENIED)
    server.reset()
    done = tool("uploads", options=["--json", "--abort", "--older-than=0"], status=1)
    assert [row["key"] for row in rows(done)] == keys[:1000] and done.stderr.count("\n") == 1
    # The upload that the next page begins behind is still there when the server looks for it.
    assert [entry["op"] for entry in server.log_entries()[:2]] == ["ListMultipartUploads"] * 2
    server.faults()
    assert left(bucket) == keys[1000:]


def test_a_refused_list_is_a_failure_with_a_reason(tool, server, bucket):
    server.fault("ListMultipartUploads", **DENIED)
    done = tool("uploads", status=1)
    assert done.stdout == "" and done.stderr.startswith("s3storefs uploads: ") and done.stderr.count("\n") == 1
    tool.word = "no-such-bucket"
    server.faults()
    assert "bucket" in tool("uploads", status=1).stderr


def test_an_upload_that_ended_meanwhile_is_not_told_as_aborted(tool, server, bucket):
    ids = let_them_be(server, bucket, a=30, b=30)
    bucket.s3.abort_multipart_upload(Bucket=bucket.name, Key="a", UploadId=ids["a"])
    done = tool("uploads", options=["--json", "-l", "--abort"])
    assert [row["key"] for row in rows(done)] == ["b"] and done.stderr == ""


def test_a_key_that_no_list_can_tell_is_no_success(tool, bucket):
    with pytest.raises(botocore.parsers.ResponseParserError):
        begin(bucket, "a\x01b")
    begin(bucket, "c")
    done = tool("uploads", options=["--json", "--abort", "--older-than=0"], status=1)
    assert [row["key"] for row in rows(done)] == ["c"]
    assert re.search(r" a\?+b: .* control character", done.stderr)


def test_a_server_that_is_gone_is_not_waited_for_by_each_upload(tool, server, bucket):
    begin_many(bucket, [f"k{n:03}" for n in range(150)])
    server.reset()
    server.fault("AbortMultipartUpload", reset=True, count=0)
    tool("uploads", options=["--abort", "--older-than=0"], attempts="1", status=1)
    assert server.requests()["AbortMultipartUpload"] <= 64
    server.faults()
    assert len(left(bucket)) == 150


# ------------------------------------------------------------------ s3fs's words


@pytest.mark.parametrize("words", [["-u", "BUCKET"], ["--incomplete-mpu-list", "BUCKET"], ["BUCKET", "-u"]])
def test_s3fs_words_list(bucket, words):
    upload = begin(bucket, "a")
    words = [bucket.name if word == "BUCKET" else word for word in words]
    options = ["-o", f"url={bucket.endpoint_url}", "-o", "use_path_request_style", "-o", "endpoint=us-east-1"]
    done = proc.run(proc.PROGRAM, *words, *options, env=proc.clean_environment(**bucket.environment()))
    assert done.stdout.endswith(f" {upload} a\n") and done.stdout.count("\n") == 1
    assert left(bucket) == ["a"]


def test_s3fs_words_abort(bucket):
    options = ["-o", f"url={bucket.endpoint_url},use_path_request_style", "-o", "endpoint=us-east-1"]
    env = proc.clean_environment(**bucket.environment())
    begin(bucket, "a")
    done = proc.run(proc.PROGRAM, "--incomplete-mpu-abort", bucket.name, *options, env=env)
    assert done.stdout == "" and left(bucket) == ["a"]
    done = proc.run(proc.PROGRAM, "--incomplete-mpu-abort=all", bucket.name, *options, env=env)
    assert done.stdout.endswith(" a\n") and left(bucket) == []


def test_a_mount_is_not_taken_for_it(bucket, tmp_path):
    """An argument that only looks like s3fs's word, and a bucket behind two dashes."""
    env = proc.clean_environment(**bucket.environment())
    for words in ["-c", "-u", bucket.name, tmp_path / "none"], ["--", "-u", tmp_path / "none"]:
        done = proc.run(proc.PROGRAM, *words, ok=False, env=env)
        assert done.returncode != 0 and "uploads" not in done.stderr


# -------------------------------------------------------------------- other servers


def test_ceph_lists_and_aborts(rgw_bucket):
    tool = Tool(rgw_bucket)
    ids = {key: begin(rgw_bucket, key, b"123") for key in ("d/a b%+ü", "d/c?", "e")}
    listed = rows(tool("uploads", options=["--json", "-l"]))
    assert {row["key"]: row["upload_id"] for row in listed} == ids
    assert {(row["parts"], row["bytes"]) for row in listed} == {(1, 3)} and all(-2 <= row["age"] < 60 for row in listed)
    assert tool("uploads", options=["--abort"]).stdout == ""
    below = Tool(rgw_bucket, location="d")("uploads", options=["--json", "--abort", "--older-than=0"])
    assert {row["key"] for row in rows(below)} == {"d/a b%+ü", "d/c?"}
    assert left(rgw_bucket) == ["e"]
    tool("uploads", options=["--abort", "--older-than=all"])
    assert left(rgw_bucket) == []


def test_ceph_gives_more_than_a_page(rgw, after_mounts):
    bucket = rgw.bucket("http-path")
    after_mounts.callback(bucket.remove)
    keys = [f"k{n:04}" for n in range(1010)]
    begin_many(bucket, keys)
    assert [row["key"] for row in rows(Tool(bucket)("uploads", options=["--json"]))] == keys
    done = Tool(bucket)("uploads", options=["--json", "--abort", "--older-than=0"])
    assert [row["key"] for row in rows(done)] == keys and left(bucket) == []
