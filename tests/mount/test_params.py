# SPDX-License-Identifier: MIT
"""What objects are stored with: ACL, object parameters, encryption, storage class, sections for single paths."""

import base64
import hashlib
import os
import re

import botocore.exceptions
import proc
import pytest
from files import MIB, fails_with, some_bytes

KEY = b"0123456789abcdef0123456789ABCDEF"
KEY_BASE64 = base64.b64encode(KEY).decode()
KEY_MD5 = base64.b64encode(hashlib.md5(KEY).digest()).decode()
OTHER_KEY = b"another-key-of-32-bytes-for-tests"[:32]
SSE = "x-amz-server-side-encryption"
CUSTOMER = {
    f"{SSE}-customer-algorithm": "AES256",
    f"{SSE}-customer-key": KEY_BASE64,
    f"{SSE}-customer-key-md5": KEY_MD5,
}
SOURCE = {name.replace("x-amz-", "x-amz-copy-source-"): value for name, value in CUSTOMER.items()}
SSE_C = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=KEY)

# parameter, value, header, sent, kept by S3 when the object is copied
PARAMETERS = [
    ("ACL", "public-read", "x-amz-acl", "public-read", False),
    ("CacheControl", "max-age=86400", "cache-control", "max-age=86400", True),
    ("ContentDisposition", "attachment", "content-disposition", "attachment", True),
    ("ContentEncoding", "br", "content-encoding", "br", True),
    ("ContentLanguage", "de", "content-language", "de", True),
    ("ContentType", "text/x-test", "content-type", "text/x-test", True),
    ("Expires", "2030-01-01T00:00:00Z", "expires", "Tue, 01 Jan 2030 00:00:00 GMT", True),
    ("Expires", 1893456000, "expires", "Tue, 01 Jan 2030 00:00:00 GMT", True),
    ("GrantFullControl", 'id="a"', "x-amz-grant-full-control", 'id="a"', False),
    ("GrantRead", 'id="a"', "x-amz-grant-read", 'id="a"', False),
    ("GrantReadACP", 'id="a"', "x-amz-grant-read-acp", 'id="a"', False),
    ("GrantWriteACP", 'id="a"', "x-amz-grant-write-acp", 'id="a"', False),
    ("Metadata", {"colour": "red"}, "x-amz-meta-colour", "red", True),
    ("ServerSideEncryption", "AES256", SSE, "AES256", False),
    ("ServerSideEncryption", "aws:kms", SSE, "aws:kms", False),
    ("SSEKMSKeyId", "key-1", f"{SSE}-aws-kms-key-id", "key-1", False),
    ("SSEKMSEncryptionContext", {"a": "b"}, f"{SSE}-context", "eyJhIjoiYiJ9", False),
    ("BucketKeyEnabled", True, f"{SSE}-bucket-key-enabled", "true", False),
    ("StorageClass", "STANDARD_IA", "x-amz-storage-class", "STANDARD_IA", False),
    ("WebsiteRedirectLocation", "/b", "x-amz-website-redirect-location", "/b", False),
    ("Tagging", "a=b&c=d", "x-amz-tagging", "a=b&c=d", True),
    ("ObjectLockMode", "GOVERNANCE", "x-amz-object-lock-mode", "GOVERNANCE", False),
    (
        "ObjectLockRetainUntilDate",
        "2030-01-01T00:00:00Z",
        "x-amz-object-lock-retain-until-date",
        "2030-01-01T00:00:00.000Z",
        False,
    ),
    ("ObjectLockLegalHoldStatus", "ON", "x-amz-object-lock-legal-hold", "ON", False),
]
# These go with every request.
EVERYWHERE = [
    ("RequestPayer", "requester", "x-amz-request-payer"),
    ("ExpectedBucketOwner", "111122223333", "x-amz-expected-bucket-owner"),
]
STORING = ("PutObject", "CreateMultipartUpload")


def ids(rows):
    return [f"{row[0]}-{n}" for n, row in enumerate(rows)]


@pytest.fixture
def mounted(new_mount, bucket, settings):
    """mounted("TEXT", location="", **options): the bucket by a settings file."""

    def mount(text="", location="", **options):
        return new_mount(bucket, location, config=settings(text), **options)

    return mount


def requests_of(server, *ops):
    return [entry for entry in server.log_entries() if not ops or entry["op"] in ops]


def every_way_to_store(mount):
    """An empty file, a small one, a large one, a folder; a renamed file and a large one that is edited."""
    path = mount.path
    (path / "empty").write_bytes(b"")
    (path / "small").write_bytes(b"x")
    (path / "large").write_bytes(some_bytes(9 * MIB))
    (path / "folder").mkdir()
    (path / "small").rename(path / "renamed")
    with open(path / "large", "r+b") as file:
        file.seek(6 * MIB)
        file.write(b"edited")
    mount.sync()


# --- On the wire --------------------------------------------------------------


@pytest.mark.parametrize("name,value,header,sent,kept", PARAMETERS, ids=ids(PARAMETERS))
def test_a_parameter_goes_with_all_that_stores_and_nothing_else(mounted, server, name, value, header, sent, kept):
    mount = mounted(f"AWS_S3_OBJECT_PARAMETERS = {{{name!r}: {value!r}}}")
    server.reset()
    every_way_to_store(mount)
    (mount.path / "renamed").read_bytes()
    entries = requests_of(server)
    storing = [e for e in entries if e["op"] in STORING]
    assert {e["op"] for e in storing} == set(STORING)
    assert {e["key"] for e in storing} == {"empty", "small", "large", "folder/"}
    wrong = [(e["op"], e["key"], e["headers"].get(header)) for e in storing if e["headers"].get(header) != sent]
    # A folder's marker has a type of its own.
    if name == "ContentType":
        wrong = [w for w in wrong if w[1] != "folder/"]
    assert not wrong
    copies = [e["headers"].get(header) for e in entries if e["op"] == "CopyObject"]
    assert copies == [None if kept else sent]
    others = [e["op"] for e in entries if e["op"] not in (*STORING, "CopyObject") and e["headers"].get(header) == sent]
    assert not others


@pytest.mark.parametrize("name,value,header", EVERYWHERE, ids=ids(EVERYWHERE))
def test_the_payer_and_the_owner_go_with_every_request(mounted, server, name, value, header):
    server.reset()
    mount = mounted(f"AWS_S3_OBJECT_PARAMETERS = {{{name!r}: {value!r}}}")
    every_way_to_store(mount)
    (mount.path / "renamed").read_bytes()
    with fails_with("ENOENT"):
        os.stat(mount.path / "missing")
    mount.unmount()
    entries = requests_of(server)
    assert {"PutObject", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "CopyObject", "GetObject"} <= {
        e["op"] for e in entries
    }
    without = [(e["op"], e["key"]) for e in entries if e["headers"].get(header) != value]
    assert not without
    if name == "ExpectedBucketOwner":
        copies = [e for e in entries if e["op"] in ("CopyObject", "UploadPartCopy")]
        assert all(e["headers"].get("x-amz-source-expected-bucket-owner") == value for e in copies)


def test_they_go_with_what_gives_up_and_with_single_removals_too(mounted, server):
    parameters = {"RequestPayer": "requester", "ExpectedBucketOwner": "111122223333"}
    mount = mounted(f"AWS_S3_OBJECT_PARAMETERS = {parameters}",)
    mount.expect_errors()
    server.fault("CompleteMultipartUpload", status=403, code="AccessDenied", count=1)
    with fails_with("EACCES", "EIO"):
        (mount.path / "large").write_bytes(some_bytes(9 * MIB))
    proc.wait_until(lambda: requests_of(server, "AbortMultipartUpload"), what="the abort")
    # XML cannot carry that name: it is removed by itself.
    (mount.path / "odd\1name").write_bytes(b"x")
    (mount.path / "odd\1name").unlink()
    mount.sync()
    entries = requests_of(server, "AbortMultipartUpload", "DeleteObject")
    assert {e["op"] for e in entries} == {"AbortMultipartUpload", "DeleteObject"}
    for e in entries:
        assert e["headers"]["x-amz-request-payer"] == "requester", e["op"]
        assert e["headers"]["x-amz-expected-bucket-owner"] == "111122223333", e["op"]


def test_the_checksums_algorithm_and_type_go_where_they_belong(mounted, server):
    parameters = {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}
    mount = mounted(f"AWS_S3_OBJECT_PARAMETERS = {parameters}")
    server.reset()
    (mount.path / "small").write_bytes(b"x")
    (mount.path / "large").write_bytes(some_bytes(9 * MIB))
    for e in requests_of(server, "PutObject", "UploadPart"):
        assert e["headers"]["x-amz-sdk-checksum-algorithm"] == "CRC32C"
        assert e["headers"]["x-amz-checksum-crc32c"]
    for e in requests_of(server, "CreateMultipartUpload", "CompleteMultipartUpload"):
        assert e["headers"]["x-amz-checksum-type"] == "FULL_OBJECT"
        assert "x-amz-sdk-checksum-algorithm" not in e["headers"]
    assert (mount.path / "large").read_bytes() == some_bytes(9 * MIB)


# --- Customers' keys ----------------------------------------------------------


def test_a_customers_key_goes_with_every_request_that_needs_it(mounted, server, bucket):
    text = f"AWS_S3_OBJECT_PARAMETERS = {{'SSECustomerKey': {KEY.decode()!r}}}"
    mount = mounted(text, attr_timeout="0", negative_timeout="0", log_level="debug")
    server.reset()
    large = bytearray(some_bytes(17 * MIB))
    every_way_to_store(mount)
    (mount.path / "large").write_bytes(large)
    with open(mount.path / "large", "r+b") as file:
        file.seek(7 * MIB)
        file.write(b"edited")
    large[7 * MIB : 7 * MIB + 6] = b"edited"
    assert (mount.path / "renamed").read_bytes() == b"x"
    (mount.path / "large").rename(mount.path / "moved")
    assert (mount.path / "moved").read_bytes() == large
    assert (mount.path / "moved").stat().st_size == len(large)
    mount.sync()
    seen = set()
    for e in requests_of(server):
        wanted = e["op"] in (*STORING, "HeadObject", "GetObject", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
        wanted = wanted or e["op"] == "CopyObject"
        have = {name: e["headers"].get(name) for name in CUSTOMER}
        assert have == (CUSTOMER if wanted else dict.fromkeys(CUSTOMER)), e["op"]
        if e["op"] in ("CopyObject", "UploadPartCopy"):
            assert {name: e["headers"].get(name) for name in SOURCE} == SOURCE
        assert e["status"] < 300 or e["status"] == 404, e
        seen.add(e["op"])
    assert {*STORING, "GetObject", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "CopyObject"} <= seen
    got = bucket.s3.get_object(Bucket=bucket.name, Key="moved", **SSE_C)["Body"].read()
    assert got == large
    with pytest.raises(botocore.exceptions.ClientError):
        bucket.read("moved")
    log = mount.log()
    assert KEY_BASE64 not in log and KEY.decode() not in log and KEY_MD5 not in log


def test_without_the_key_an_encrypted_file_is_no_file_and_the_log_says_why(mounted, bucket):
    bucket.s3.put_object(Bucket=bucket.name, Key="secret", Body=b"secret", **SSE_C)
    mount = mounted()
    mount.expect_errors("SSECustomerKey", "HeadObject", "GetObject")
    with fails_with("EIO", "EACCES"):
        (mount.path / "secret").read_bytes()
    assert "SSECustomerKey" in mount.log() or "customer" in mount.log().lower(), mount.log()


def test_a_file_moves_between_keys_by_the_sections(mounted, server, bucket):
    mount = mounted(
        f"""
        [secret/]
        SSECustomerKey = {KEY.decode()!r}
        [other/]
        SSECustomerKey = {OTHER_KEY.decode()!r}
        """
    )
    for folder in ("secret", "other", "open"):
        (mount.path / folder).mkdir()
    (mount.path / "secret/file").write_bytes(b"bytes")
    other = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=OTHER_KEY)
    assert bucket.s3.get_object(Bucket=bucket.name, Key="secret/file", **SSE_C)["Body"].read() == b"bytes"
    (mount.path / "secret/file").rename(mount.path / "other/file")
    mount.sync()
    assert bucket.s3.get_object(Bucket=bucket.name, Key="other/file", **other)["Body"].read() == b"bytes"
    (mount.path / "other/file").rename(mount.path / "open/file")
    mount.sync()
    assert bucket.read("open/file") == b"bytes"
    (mount.path / "open").rename(mount.path / "secret/open")
    mount.sync()
    assert bucket.s3.get_object(Bucket=bucket.name, Key="secret/open/file", **SSE_C)["Body"].read() == b"bytes"


def test_a_key_in_plain_http_is_warned_of(mounted):
    mount = mounted(f"AWS_S3_OBJECT_PARAMETERS = {{'SSECustomerKey': {KEY.decode()!r}}}")
    assert re.search(r"warn .*SSECustomerKey.*plain HTTP", mount.log())


# --- Who wins -----------------------------------------------------------------

ALL_SETTINGS = """
AWS_DEFAULT_ACL = 'private'
AWS_S3_ENCRYPTION = True
AWS_REDUCED_REDUNDANCY = True
"""
ALL_PARAMETERS = """
AWS_S3_OBJECT_PARAMETERS = {
    'ACL': 'authenticated-read',
    'ServerSideEncryption': 'aws:kms',
    'StorageClass': 'STANDARD_IA',
}
"""
BOTO = "AWS_HEADERS = {'x-amz-acl': 'public-read', 'Cache-Control': 'no-store', 'x-amz-meta-k': 'v'}\n"
NAMES = ("x-amz-acl", SSE, "x-amz-storage-class")

PRECEDENCE = [
    ("nothing", "", (None, None, None)),
    ("settings", ALL_SETTINGS, ("private", "AES256", "REDUCED_REDUNDANCY")),
    ("parameters", ALL_PARAMETERS, ("authenticated-read", "aws:kms", "STANDARD_IA")),
    ("both today", ALL_SETTINGS + ALL_PARAMETERS, ("authenticated-read", "aws:kms", "STANDARD_IA")),
    ("both in 1.7", "compat = 1.7" + ALL_SETTINGS + ALL_PARAMETERS, ("private", "AES256", "REDUCED_REDUNDANCY")),
    ("boto's over both", BOTO + ALL_SETTINGS + ALL_PARAMETERS, ("public-read", "aws:kms", "STANDARD_IA")),
    ("nothing in 1.7", "compat = 1.7", ("public-read", None, None)),
    ("no ACL in 1.7", "compat = 1.7\nAWS_DEFAULT_ACL = None", (None, None, None)),
    ("only a parameter in 1.7", "compat = 1.7\nAWS_DEFAULT_ACL = None" + ALL_PARAMETERS, ("authenticated-read", "aws:kms", "STANDARD_IA")),
]


@pytest.mark.parametrize("_,text,due", PRECEDENCE, ids=[row[0] for row in PRECEDENCE])
def test_settings_parameters_and_headers_have_their_order(mounted, server, _, text, due):
    mount = mounted(text)
    server.reset()
    every_way_to_store(mount)
    for e in requests_of(server, *STORING, "CopyObject"):
        assert tuple(e["headers"].get(name) for name in NAMES) == due, (e["op"], e["key"])


def test_botos_headers_are_parameters(mounted, bucket):
    mount = mounted(BOTO)
    (mount.path / "file").write_bytes(b"x")
    head = bucket.head("file")
    assert head["CacheControl"] == "no-store" and head["Metadata"] == {"k": "v"}


def test_a_public_acl_is_warned_of_once_and_then_s_default_with_thens_words(mounted):
    log = mounted("AWS_DEFAULT_ACL = 'public-read'").log()
    assert len(re.findall(r"warn .*public-read: everybody can read", log)) == 1


def test_the_default_of_1_7_is_warned_of_and_silenced_by_saying_it(mounted):
    first = mounted("compat = 1.7")
    assert re.search(r"warn .*insecure.*public-read", first.log())
    first.unmount()
    second = mounted("compat = 1.7\nAWS_DEFAULT_ACL = None")
    assert "public-read" not in second.log()


def test_the_environment_and_the_command_line_say_it_too(new_mount, bucket, server):
    mount = new_mount(
        bucket,
        environment={"AWS_S3_OBJECT_PARAMETERS": '{"CacheControl": "env"}'},
        default_acl="private",
        reduced_redundancy="true",
        encryption="true",
    )
    server.reset()
    (mount.path / "file").write_bytes(b"x")
    (entry,) = requests_of(server, "PutObject")
    assert entry["headers"]["cache-control"] == "env"
    assert tuple(entry["headers"].get(name) for name in NAMES) == ("private", "AES256", "REDUCED_REDUNDANCY")


# --- Sections for single paths ------------------------------------------------


def test_sections_are_for_paths_below_the_location(mounted, bucket, server):
    mount = mounted(
        """
        AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'all', 'ContentLanguage': 'de'}
        [*.css]                     # by name, in any folder
        CacheControl = 'max-age=31536000'
        [img/**.png]
        AWS_DEFAULT_ACL = 'public-read'
        CacheControl = None
        [private/]
        AWS_S3_ENCRYPTION = True
        AWS_REDUCED_REDUNDANCY = True
        [test-bucket:*.tmp]         # of the mount "test-bucket"
        ContentLanguage = 'xx'
        [another:*.tmp]
        ContentLanguage = 'yy'
        """,
        location="media",
    )
    files = ["a.css", "d/b.css", "img/1/x.png", "x.png", "private/d/f", "f.tmp"]
    for name in files:
        (mount.path / name).parent.mkdir(parents=True, exist_ok=True)
        (mount.path / name).write_bytes(b"x")
    heads = {name: bucket.head(f"media/{name}") for name in files}
    assert {n: h.get("CacheControl") for n, h in heads.items()} == {
        "a.css": "max-age=31536000",
        "d/b.css": "max-age=31536000",
        "img/1/x.png": None,
        "x.png": "all",
        "private/d/f": "all",
        "f.tmp": "all",
    }
    assert {n: h.get("ContentLanguage") for n, h in heads.items()} == {n: "xx" if n == "f.tmp" else "de" for n in files}
    assert [n for n, h in heads.items() if h.get("ServerSideEncryption") == "AES256"] == ["private/d/f"]
    assert [n for n, h in heads.items() if h.get("StorageClass") == "REDUCED_REDUNDANCY"] == ["private/d/f"]
    public = [e["key"] for e in requests_of(server, "PutObject") if e["headers"].get("x-amz-acl") == "public-read"]
    assert public == ["media/img/1/x.png"]


def test_a_rename_takes_the_acl_and_class_of_its_new_place(mounted, bucket, server):
    bucket.put("own", b"x", CacheControl="own", Metadata={"k": "v"})
    mount = mounted("[public/]\nAWS_DEFAULT_ACL = 'public-read'\nStorageClass = STANDARD_IA\nCacheControl = public")
    (mount.path / "public").mkdir()
    (mount.path / "file").write_bytes(b"x")
    server.reset()
    for name in ("file", "own"):
        (mount.path / name).rename(mount.path / "public" / name)
    mount.sync()
    copies = requests_of(server, "CopyObject")
    assert [copy["headers"]["x-amz-acl"] for copy in copies] == ["public-read"] * 2
    heads = {name: bucket.head(f"public/{name}") for name in ("file", "own")}
    assert [head["StorageClass"] for head in heads.values()] == ["STANDARD_IA"] * 2
    # What a file has of its own goes along; what it has by its name follows the name.
    assert heads["file"]["CacheControl"] == "public"
    assert heads["own"]["CacheControl"] == "own" and heads["own"]["Metadata"] == {"k": "v"}


# --- What is refused ----------------------------------------------------------

WRONG = [
    ("AWS_S3_OBJECT_PARAMETERS = {'cache-control': 'x'}", "write CacheControl"),
    ("AWS_S3_OBJECT_PARAMETERS = {'x-amz-meta-k': 'x'}", "'Metadata': {'k': ...}"),
    ("AWS_S3_OBJECT_PARAMETERS = {'CacheContorl': 'x'}", "did you mean CacheControl?"),
    ("AWS_S3_OBJECT_PARAMETERS = {'CacheControl': None}", "a text is due"),
    ("AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 3600}", "a text is due"),
    ("AWS_S3_OBJECT_PARAMETERS = {'Metadata': {'k': '\\u00e4'}}", "ASCII"),
    ("AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'a\\r\\nx-amz-acl: public-read'}", "one line"),
    ("AWS_S3_OBJECT_PARAMETERS = {'ChecksumSHA256': 'x'}", "one file"),
    ("AWS_S3_OBJECT_PARAMETERS = {'ChecksumAlgorithm': 'SHA1'}", "CRC32C"),
    ("AWS_S3_OBJECT_PARAMETERS = {'SSECustomerKey': 'short'}", "32 bytes"),
    ("AWS_S3_OBJECT_PARAMETERS = {'ACL': 'private', 'GrantRead': 'x'}", "exclude each other"),
    ("[*.css]\nfile_overwrite = False", "settings.conf:2"),
    ("[*.css]\nCacheControll = x", "settings.conf:2"),
]


@pytest.mark.parametrize("text,words", WRONG, ids=range(len(WRONG)))
def test_a_wrong_parameter_stops_the_start_with_the_mend(bucket, settings, tmp_path, text, words):
    (tmp_path / "mnt").mkdir()
    command = [proc.PROGRAM, bucket.name, tmp_path / "mnt", "-f", "-c", settings(text)]
    command += ["-o", f"endpoint_url={bucket.endpoint_url}"]
    done = proc.run(*command, ok=False, env=proc.clean_environment(**bucket.environment()))
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_bucket_without_acls_is_told_in_a_sentence(mounted, server):
    mount = mounted("AWS_DEFAULT_ACL = 'private'")
    mount.expect_errors("ACLs switched off")
    server.fault("PutObject", status=400, code="AccessControlListNotSupported", count=1)
    with fails_with("EIO", "EINVAL", "EOPNOTSUPP"):
        (mount.path / "file").write_bytes(b"x")
    assert re.search(r"ACLs switched off: take AWS_DEFAULT_ACL", mount.log())


# --- Ceph's gateway -----------------------------------------------------------


@pytest.fixture
def rgw_mounted(new_mount, rgw_bucket, settings):
    return lambda text: new_mount(rgw_bucket, config=settings(text))


@pytest.mark.time_limit(120)
def test_on_ceph_customers_keys_are_asked_for(rgw_mounted, rgw_bucket):
    mount = rgw_mounted(f"AWS_S3_OBJECT_PARAMETERS = {{'SSECustomerKey': {KEY_BASE64!r}}}")
    data = some_bytes(9 * MIB)
    (mount.path / "small").write_bytes(b"small")
    (mount.path / "large").write_bytes(data)
    for name, due in (("small", b"small"), ("large", data)):
        assert (mount.path / name).read_bytes() == due
        got = rgw_bucket.s3.get_object(Bucket=rgw_bucket.name, Key=name, **SSE_C)
        assert got["Body"].read() == due and got["SSECustomerKeyMD5"] == KEY_MD5
        with pytest.raises(botocore.exceptions.ClientError):
            rgw_bucket.read(name)
    # Ceph copies nothing that has such a key; mv does it then.
    proc.run("mv", mount.path / "large", mount.path / "moved")
    mount.sync()
    assert (mount.path / "moved").read_bytes() == data
    assert sorted(rgw_bucket.keys()) == ["moved", "small"]


@pytest.mark.time_limit(120)
def test_on_ceph_kms_acl_and_headers_are_seen(rgw_mounted, rgw_bucket):
    mount = rgw_mounted(
        """
        AWS_DEFAULT_ACL = 'public-read'
        AWS_S3_OBJECT_PARAMETERS = {'CacheControl': 'max-age=1', 'Expires': '2030-01-01', 'Metadata': {'k': 'v'}}
        [kms/]
        ServerSideEncryption = 'aws:kms'
        SSEKMSKeyId = 'testkey-1'
        [*.cold]
        StorageClass = 'STANDARD_IA'
        """
    )
    (mount.path / "kms").mkdir()
    for name in ("file", "kms/file", "x.cold"):
        (mount.path / name).write_bytes(b"x")
    (mount.path / "file").rename(mount.path / "renamed")
    mount.sync()
    kms = rgw_bucket.head("kms/file")
    assert (kms["ServerSideEncryption"], kms["SSEKMSKeyId"]) == ("aws:kms", "testkey-1")
    head = rgw_bucket.head("renamed")
    assert head["CacheControl"] == "max-age=1" and head["Metadata"] == {"k": "v"}
    assert head["ResponseMetadata"]["HTTPHeaders"]["expires"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    for key in ("renamed", "kms/file"):
        grants = rgw_bucket.s3.get_object_acl(Bucket=rgw_bucket.name, Key=key)["Grants"]
        assert ("http://acs.amazonaws.com/groups/global/AllUsers", "READ") in {
            (g["Grantee"].get("URI"), g["Permission"]) for g in grants
        }
    assert rgw_bucket.head("x.cold")["StorageClass"] == "STANDARD_IA"
