# SPDX-License-Identifier: MIT
"""URLs: fetched with curl, equal to boto3's, from the tool and from a mount's user.s3.url."""

import datetime
import os
import random
import re
import subprocess
import sys
import time
import urllib.parse

import boto3
import botocore.auth
import botocore.config
import proc
import pytest
from files import fails_with, opened
from tool import Tool

DATA = b"some data of an object\n"
KEYS = [
    "a.txt",
    "photos/ä b+c.jpg",
    "~!*()'+=&?#%.txt",
    "a//b",
    "a/./b/../c",
    "/slash",
    "slash/",
    "back\\slash",
    "tab\there",
    'quo"te<>|^`{}[];:@,$',
    "日本語/🎉",
    "%41%2f",
]


def curl(url, *options, bucket=None):
    """Status, headers (lower case) and body of a plain curl."""
    words = ["curl", "-sS", "--path-as-is", "-i", "--max-time", "20", *options, url]
    if bucket and bucket.ca:
        words += ["--cacert", bucket.ca]
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    done = subprocess.run(words, capture_output=True, timeout=30, env=env)
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    lines = head.decode(errors="replace").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split()[1]), headers, body


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


VERSIONS = pytest.mark.parametrize("version", ["s3", "s3v4"])
VERSIONS_OR_NONE = pytest.mark.parametrize("version", ["s3", "s3v4", None])


# ------------------------------------------------------------------ equal to boto3


class BotoAt:
    """boto3's URLs as of the moment at which one of ours was made."""

    def __init__(self, monkeypatch, bucket, **config):
        self.monkeypatch = monkeypatch
        self.bucket = bucket
        self.token = config.pop("token", None)
        self.region = config.pop("region", "us-east-1")
        self.endpoint_url = config.pop("endpoint_url", bucket.endpoint_url)
        self.config = config

    def url(self, like, method, expire, key, **params):
        query = query_of(like)
        if "X-Amz-Date" in query:
            moment = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        else:
            moment = datetime.datetime.utcfromtimestamp(int(query.get("Expires", expire)) - expire)

        class Clock(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return moment

        class Datetime:
            datetime = Clock

        class Time:
            time = staticmethod(lambda: moment.replace(tzinfo=datetime.timezone.utc).timestamp())

        # Outside what is patched: making a client reads other clocks.
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.bucket.access_key,
            aws_secret_access_key=self.bucket.secret_key,
            aws_session_token=self.token,
            config=botocore.config.Config(**self.config),
        )
        with self.monkeypatch.context() as patch:
            patch.setattr(botocore.auth, "datetime", Datetime)
            patch.setattr(botocore.auth, "time", Time)
            # Where the awscrt module is installed botocore would sign by that, with its own clock and order.
            patch.setitem(botocore.auth.AUTH_TYPE_MAPS, "s3v4-query", botocore.auth.S3SigV4QueryAuth)
            return client.generate_presigned_url(
                "get_object",
                Params={"Bucket": self.bucket.name, "Key": key, **params},
                ExpiresIn=expire,
                HttpMethod=method,
            )


@VERSIONS
@pytest.mark.parametrize("style", ["path", "virtual", "auto"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "https://s3.example.com/base", None])
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1"])
def test_urls_equal_boto3s(monkeypatch, bucket, version, style, endpoint, region):
    like = endpoint
    if not endpoint and style == "virtual" and region == "eu-central-1":
        # boto3 of 2018 and of 2025 gives the region's host; some releases between gave the global one.
        like = "https://s3.eu-central-1.amazonaws.com"
    boto = BotoAt(
        monkeypatch, bucket, endpoint_url=like, region=region, signature_version=version, s3={"addressing_style": style}
    )
    tool = Tool(
        bucket, endpoint_url=endpoint, region_name=region, signature_version=version, addressing_style=style
    )
    urls = tool("url", *KEYS, options=["--exact"]).stdout.splitlines()
    assert len(urls) == len(KEYS)
    for key, url in zip(KEYS, urls):
        assert url == boto.url(url, "GET", 3600, key)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "eu-central-1", "mars-north-7"])
def test_without_a_version_it_is_version_4_also_where_boto3_still_takes_2(monkeypatch, bucket, region):
    boto = BotoAt(monkeypatch, bucket, endpoint_url=None, region=region, signature_version="s3v4")
    url = Tool(bucket, endpoint_url=None, region_name=region, addressing_style=None).url("a.txt")
    assert "X-Amz-Signature" in query_of(url)
    assert url == boto.url(url, "GET", 3600, "a.txt")


@VERSIONS
def test_tokens_methods_and_parameters_equal_boto3s(monkeypatch, bucket, version):
    boto = BotoAt(monkeypatch, bucket, token="TOKEN/abc+=", signature_version=version, s3={"addressing_style": "path"})
    tool = Tool(bucket, signature_version=version)
    tool.environment = {"AWS_SESSION_TOKEN": "TOKEN/abc+="}
    params = {
        "ResponseContentDisposition": 'attachment; filename="x y&z=1.jpg"',
        "ResponseContentType": "text/plain; charset=utf-8",
        "ResponseCacheControl": "no-cache",
        "ResponseContentLanguage": "de",
        "ResponseContentEncoding": "identity",
        "VersionId": "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY",
    }
    given = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
    url = tool.url("ä b", options=["--expire", "77", "--method", "HEAD", *given])
    assert sorted(query_of(url)) == sorted(query_of(boto.url(url, "HEAD", 77, "ä b", **params)))
    assert url == boto.url(url, "HEAD", 77, "ä b", **params)


def test_random_keys_give_boto3s_urls(monkeypatch, bucket):
    letters = [chr(c) for c in range(1, 0x7F)] + list("äß€日🎉\u00a0\u2028")
    random_of = random.Random(7)
    keys = ["".join(random_of.choices(letters, k=random_of.randint(1, 40))) for _ in range(100)]
    keys = [key for key in keys if not key.startswith("-")]
    boto = BotoAt(monkeypatch, bucket, signature_version="s3v4", s3={"addressing_style": "path"})
    urls = Tool(bucket, signature_version="s3v4")("url", *keys, options=["--exact"]).stdout.splitlines()
    assert len(urls) == len(keys)
    for key, url in zip(keys, urls):
        assert url == boto.url(url, "GET", 3600, key)


# ------------------------------------------------------------------------- fetched


@VERSIONS_OR_NONE
def test_urls_work_with_curl(bucket, version):
    tool = Tool(bucket, signature_version=version)
    for key in KEYS:
        bucket.put(key, DATA)
    for key, url in zip(KEYS, tool("url", *KEYS, options=["--exact"]).stdout.splitlines()):
        status, _, body = curl(url)
        assert (status, body) == (200, DATA), (key, body)
    assert curl(urls_with_wrong_signature(url))[0] == 403


def urls_with_wrong_signature(url):
    return re.sub(r"(Signature=)(.)", lambda m: m[1] + ("A" if m[2] != "A" else "B"), url)


@VERSIONS
def test_urls_work_with_a_gateway(rgw_bucket, version):
    tool = Tool(rgw_bucket, signature_version=version)
    rgw_bucket.put("d/ä b+c.txt", DATA)
    url = tool.url("d/ä b+c.txt")
    assert curl(url, bucket=rgw_bucket)[::2] == (200, DATA)
    assert curl(urls_with_wrong_signature(url), bucket=rgw_bucket)[0] == 403
    params = ["--param", "ResponseContentType=text/x-own", "--param", 'ResponseContentDisposition=attachment; filename="x y"']
    status, headers, body = curl(tool.url("d/ä b+c.txt", options=params), bucket=rgw_bucket)
    assert (status, body) == (200, DATA)
    assert headers["content-type"] == "text/x-own" and headers["content-disposition"] == 'attachment; filename="x y"'
    status, headers, _ = curl(tool.url("d/ä b+c.txt", options=["--method", "HEAD"]), "--head", bucket=rgw_bucket)
    assert status == 200 and headers["content-length"] == str(len(DATA))
    assert curl(url, "--head", bucket=rgw_bucket)[0] == 403
    url = tool.url("new", options=["--method", "PUT"])
    assert curl(url, "-X", "PUT", "-H", "Content-Type:", "-d", "put data", bucket=rgw_bucket)[0] == 200
    assert rgw_bucket.read("new") == b"put data"


@VERSIONS
def test_a_url_ends_when_it_expires(rgw, after_mounts, version):
    bucket = rgw.bucket("http-path")
    after_mounts.callback(bucket.remove)
    bucket.put("a", DATA)
    tool = Tool(bucket, signature_version=version)
    assert curl(tool.url("a", options=["--expire", "3600"]))[::2] == (200, DATA)
    url = tool.url("a", options=["--expire", "1"])
    proc.wait_until(lambda: curl(url)[0] == 403, what="the URL's end")


def test_a_public_object_has_a_bare_url(rgw, after_mounts):
    bucket = rgw.bucket("http-path")
    after_mounts.callback(bucket.remove)
    bucket.put("ä b", DATA, ACL="public-read")
    url = Tool(bucket, querystring_auth="false").url("ä b")
    assert "?" not in url and curl(url)[::2] == (200, DATA)


# -------------------------------------------------------------------- by the settings


def test_a_url_without_a_signature_needs_no_keys(bucket):
    bucket.environment = dict
    base = f"{bucket.endpoint_url}/{bucket.name}"
    assert Tool(bucket, querystring_auth="false").url("ä b") == f"{base}/%C3%A4%20b"
    assert Tool(bucket, anonymous="true").url("a") == f"{base}/a"
    assert Tool(bucket, custom_domain="cdn.example.com").url("a") == "https://cdn.example.com/a"
    assert "AWS_ACCESS_KEY_ID" in Tool(bucket)("url", "a", status=2).stderr


def test_a_url_costs_no_request_and_needs_no_object(server, bucket):
    server.reset()
    assert Tool(bucket).url("not/there").startswith(f"{bucket.endpoint_url}/{bucket.name}/not/there?")
    assert server.requests() == {}


def test_a_url_has_the_location_and_keeps_the_slash(bucket):
    tool = Tool(bucket, location="media", querystring_auth="false")
    base = f"{bucket.endpoint_url}/{bucket.name}"
    assert tool.url("a/") == f"{base}/media/a/"
    assert tool.url("./a/../b\\c") == f"{base}/media/b/c"


def test_querystring_expire_is_the_default_of_expire(bucket):
    tool = Tool(bucket, querystring_expire="60", signature_version="s3v4")
    assert query_of(tool.url("a"))["X-Amz-Expires"] == "60"
    assert query_of(tool.url("a", options=["--expire", "5"]))["X-Amz-Expires"] == "5"
    assert query_of(Tool(bucket, signature_version="s3v4").url("a"))["X-Amz-Expires"] == "3600"


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "", "soon"])
def test_expire_is_a_number_above_0(bucket, given):
    done = Tool(bucket)("url", "a", options=[f"--expire={given}"], status=2)
    assert "above 0" in done.stderr and not done.stdout


def test_more_than_a_week_is_for_version_2_only(bucket):
    year = ["--expire", "31536000"]
    assert "a week" in Tool(bucket)("url", "a", options=year, status=2).stderr
    assert int(query_of(Tool(bucket, signature_version="s3").url("a", options=year))["Expires"]) > time.time() + 31500000
    done = Tool(bucket, querystring_expire="604801")("ls", status=2)
    assert "AWS_QUERYSTRING_EXPIRE" in done.stderr and "a week" in done.stderr
    assert "X-Amz-Expires=604800&" in Tool(bucket, querystring_expire="604800").url("a")


@pytest.mark.parametrize(
    "param, says", [("ResponseContentTyp=x", "ResponseContentType"), ("=x", "NAME=VALUE"), ("x", "NAME=VALUE")]
)
def test_a_wrong_parameter_is_refused(bucket, param, says):
    assert says in Tool(bucket)("url", "a", options=["--param", param], status=2).stderr


def test_no_name_has_no_url_but_with_a_custom_domain(bucket):
    assert "name of an object" in Tool(bucket)("url", "", status=2).stderr
    assert Tool(bucket, custom_domain="cdn.example.com").url("") == "https://cdn.example.com/"


def test_a_custom_domain_wins_over_all(bucket):
    tool = Tool(bucket, location="media", custom_domain="cdn.example.com", signature_version="s3v4")
    assert tool.url("whacky & filename.mp4") == "https://cdn.example.com/media/whacky%20%26%20filename.mp4"
    assert tool.url("ü~!*()'+=&?#%.txt") == "https://cdn.example.com/media/%C3%BC~!*()'%2B%3D%26%3F%23%25.txt"
    assert tool.url("a", options=["--param", "v=1 &2"]) == "https://cdn.example.com/media/a?v=1+%262"
    assert tool.url("a", url_protocol="http:") == "http://cdn.example.com/media/a"


CLOUDFRONT = {"custom_domain": "d111.cloudfront.net", "cloudfront_key_id": "KEYPAIR"}


@pytest.fixture
def cloudfront(bucket, tmp_path):
    """Settings of a file with a key, and what checks its signatures."""
    key = tmp_path / "key.pem"
    proc.run("openssl", "genrsa", "-out", key, "2048")
    key.chmod(0o600)
    conf = tmp_path / "conf"

    def settings(text=""):
        conf.write_text(f"AWS_CLOUDFRONT_KEY = {key}\n{text}\n")
        conf.chmod(0o600)
        tool = Tool(bucket, **CLOUDFRONT)
        command = tool.command
        tool.command = lambda name, *words, **more: command(name, "-c", str(conf), *words, **more)
        return tool

    settings.key = key
    return settings


def test_cloudfront_signatures_are_those_of_its_own_signer(cloudfront):
    from botocore.signers import CloudFrontSigner
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key = serialization.load_pem_private_key(cloudfront.key.read_bytes(), None)
    signer = CloudFrontSigner("KEYPAIR", lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA1()))
    for options, query in ([], ""), (["--param", "a=b c"], "?a=b+c"):
        url = cloudfront().url("photos/ä b.jpg", options=["--expire", "60", *options])
        end = datetime.datetime.fromtimestamp(int(query_of(url)["Expires"]), datetime.timezone.utc)
        assert 0 < end.timestamp() - time.time() <= 61
        plain = f"https://d111.cloudfront.net/photos/%C3%A4%20b.jpg{query}"
        assert url == signer.generate_presigned_url(plain, date_less_than=end)


def test_cloudfront_signs_only_where_it_is_to(cloudfront):
    plain = "https://d111.cloudfront.net/a"
    assert cloudfront().url("a").startswith(plain + "?Expires=")
    assert cloudfront("cloudfront_signer = None").url("a") == plain
    assert cloudfront("AWS_QUERYSTRING_AUTH = False").url("a") == plain
    assert cloudfront().url("a", custom_domain=None).startswith(cloudfront().bucket.endpoint_url)


def test_a_cloudfront_key_may_stand_in_the_environment(bucket, cloudfront):
    tool = Tool(bucket, **CLOUDFRONT)
    tool.environment = {"AWS_CLOUDFRONT_KEY": cloudfront.key.read_text()}
    assert tool.url("a").startswith("https://d111.cloudfront.net/a?Expires=")


def test_half_a_cloudfront_pair_stops_the_start(bucket, cloudfront):
    sentence = "AWS_CLOUDFRONT_KEY_ID and AWS_CLOUDFRONT_KEY must be provided together."
    assert sentence in Tool(bucket, **CLOUDFRONT)("url", "a", status=2).stderr
    tool = cloudfront()
    tool.settings.pop("cloudfront_key_id")
    assert sentence in tool("url", "a", status=2).stderr


def test_a_broken_cloudfront_key_stops_the_start_unshown(cloudfront):
    cloudfront.key.write_text("-----BEGIN RSA PRIVATE KEY-----\nSECRETSECRET\n-----END RSA PRIVATE KEY-----\n")
    done = cloudfront()("url", "a", status=2)
    assert "AWS_CLOUDFRONT_KEY" in done.stderr and "SECRETSECRET" not in done.stderr
    cloudfront.key.chmod(0o644)
    assert "chmod 600" in cloudfront()("url", "a", status=2).stderr


# --------------------------------------------------------------------------- a mount


def url_of(path, query=""):
    return os.getxattr(path, "user.s3.url" + (f"?{query}" if query else "")).decode()


def test_a_mount_tells_a_files_url(bucket, new_mount):
    mount = new_mount(bucket, location="media", signature_version="s3v4")
    (mount.path / "ä b\\c").write_bytes(DATA)
    url = url_of(mount.path / "ä b\\c")
    assert url.startswith(f"{bucket.endpoint_url}/{bucket.name}/media/%C3%A4%20b%5Cc?")
    assert curl(url)[::2] == (200, DATA)
    url = url_of(mount.path / "ä b\\c", "expire=60&ResponseContentType=text%2Fx-own")
    assert query_of(url)["X-Amz-Expires"] == "60"
    status, headers, _ = curl(url)
    assert status == 200 and headers["content-type"] == "text/x-own"
    assert curl(url_of(mount.path / "ä b\\c", "method=HEAD"), "--head")[0] == 200


def test_a_file_that_is_being_written_has_no_url_yet(bucket, mount):
    path = mount.path / "a"
    with opened(path, os.O_WRONLY | os.O_CREAT) as fd:
        with fails_with("EAGAIN"):
            url_of(path)
        os.write(fd, DATA)
        with fails_with("EAGAIN"):
            url_of(path)
    assert curl(url_of(path))[::2] == (200, DATA)
    with opened(path, os.O_WRONLY | os.O_APPEND) as fd:
        assert url_of(path)
        os.write(fd, b"more")
        with fails_with("EAGAIN"):
            url_of(path)
        os.fsync(fd)
        assert curl(url_of(path))[::2] == (200, DATA + b"more")


def test_the_tool_says_that_a_file_is_being_written(bucket, mount):
    # In a process of its own: who starts another one with an open file closes a copy of it, which stores it.
    script = "import os, sys; os.write(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), b'x'); print(1, flush=True); input()"
    command = [sys.executable, "-c", script, mount.path / "a"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        writer.stdout.readline()
        done = Tool(bucket).run("url", mount.path / "a")
        writer.stdin.write(b"\n")
    assert done.returncode == 1 and "being written" in done.stderr
    assert Tool(bucket).run("url", mount.path / "a").returncode == 0


def test_a_folder_has_a_url_of_a_custom_domain_only(bucket, new_mount):
    mount = new_mount(bucket)
    (mount.path / "d").mkdir()
    with fails_with("ENODATA"):
        url_of(mount.path / "d")
    assert "folder" in Tool(bucket).run("url", mount.path / "d").stderr
    mount = new_mount(bucket, custom_domain="cdn.example.com")
    assert url_of(mount.path / "d") == "https://cdn.example.com/d/"
    assert url_of(mount.path) == "https://cdn.example.com/"


@pytest.mark.parametrize(
    "query", ["expire=0", "expire=-1", "expire=x", "method=PUT", "method=DELETE", "NoSuch=1", "expire", "ResponseContentType=%zz"]
)
def test_a_mount_refuses_what_cannot_be(mount, query):
    (mount.path / "a").write_bytes(DATA)
    with fails_with("EINVAL"):
        url_of(mount.path / "a", query)


def test_the_url_is_not_among_the_listed_attributes(mount):
    (mount.path / "a").write_bytes(DATA)
    os.setxattr(mount.path / "a", "user.s3.cache-control", b"no-cache")
    names = os.listxattr(mount.path / "a")
    assert "user.s3.cache-control" in names and "user.s3.url" not in names


def test_the_tool_asks_the_mount_for_a_paths_url(bucket, new_mount):
    mount = new_mount(bucket, location="media", signature_version="s3v4", querystring_expire="99")
    (mount.path / "a").write_bytes(DATA)
    done = proc.run(proc.PROGRAM, "url", mount.path / "a", mount.path / "a")
    urls = done.stdout.splitlines()
    assert len(urls) == 2 and query_of(urls[0])["X-Amz-Expires"] == "99"
    assert curl(urls[0])[::2] == (200, DATA)
    options = ["--expire", "7", "--method", "HEAD", "--param", "ResponseContentType=a/b c&d"]
    url = Tool(bucket).run("url", *options, mount.path / "a").stdout.strip()
    assert query_of(url)["X-Amz-Expires"] == "7" and query_of(url)["response-content-type"] == "a/b c&d"
    assert curl(url, "--head")[0] == 200
    done = Tool(bucket).run("url", "--param", "ResponseContentDisposition=" + "x" * 300, mount.path / "a")
    assert done.returncode == 2 and "255" in done.stderr
