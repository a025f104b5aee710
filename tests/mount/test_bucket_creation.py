# SPDX-License-Identifier: MIT
"""AWS_AUTO_CREATE_BUCKET: a missing bucket is made at the mount, as the settings say; else the start tells the mend."""

import botocore.exceptions
import proc
import pytest
from bucket import Bucket
from mount import Mount, mount_line


@pytest.fixture
def missing(server):
    """A bucket that is not there, on the test server."""
    return Bucket(server.url, server.bucket.access_key, server.bucket.secret_key, name="not-there-yet")


def creations(server):
    return [entry for entry in server.log_entries() if entry["op"] == "CreateBucket"]


def refused(bucket, tmp_path, **options):
    """Starts a mount that must fail; what it said."""
    path = tmp_path / "mnt"
    path.mkdir(exist_ok=True)
    command = Mount.command_line(bucket, path, options=options)
    done = proc.run(*command, ok=False, env=proc.clean_environment(**bucket.environment()), time_limit=60)
    assert done.returncode == 1, done.stderr
    assert not mount_line(path)
    return done.stderr


def test_a_missing_bucket_is_made_and_used(server, missing, new_mount):
    mount = new_mount(missing, auto_create_bucket="true")
    (mount.path / "f").write_bytes(b"x")
    assert missing.read("f") == b"x"
    [made] = creations(server)
    assert made["bucket"] == "not-there-yet"
    assert "x-amz-acl" not in made["headers"]
    assert "made bucket not-there-yet" in mount.log()


def test_a_bucket_that_is_there_is_not_made(server, new_mount):
    server.reset()
    new_mount(server.bucket, auto_create_bucket="true")
    assert not creations(server)


def test_without_the_setting_the_start_says_what_would_help(server, missing, tmp_path):
    said = refused(missing, tmp_path)
    assert "not-there-yet" in said and "AWS_AUTO_CREATE_BUCKET" in said
    assert not creations(server)


def test_the_first_region_has_no_body(server, missing, new_mount):
    new_mount(missing, auto_create_bucket="true")
    assert creations(server)[0]["bytes_in"] == 0


def test_another_region_is_named_in_the_body(new_server, new_mount):
    server = new_server("--region", "eu-central-1")
    bucket = Bucket(server.url, server.bucket.access_key, server.bucket.secret_key, name="there", region="eu-central-1")
    new_mount(bucket, auto_create_bucket="true")
    assert creations(server)[0]["bytes_in"] > 0
    assert bucket.s3.get_bucket_location(Bucket="there")["LocationConstraint"] == "eu-central-1"


@pytest.mark.parametrize(
    "options, acl",
    [
        (dict(bucket_acl="authenticated-read"), "authenticated-read"),
        (dict(default_acl="public-read"), "public-read"),
        (dict(default_acl="public-read", bucket_acl="private"), "private"),
        (dict(default_acl="public-read", bucket_acl="None"), None),
        (dict(compat="1.7"), "public-read"),
        (dict(compat="1.7", default_acl="None"), None),
    ],
    ids=["own", "the-objects", "own-beats-the-objects", "given-as-none", "compat", "compat-without"],
)
def test_the_bucket_has_its_acl_or_that_of_objects(server, missing, new_mount, options, acl):
    new_mount(missing, auto_create_bucket="true", **options)
    assert creations(server)[0]["headers"].get("x-amz-acl") == acl


def test_another_program_that_made_it_first_has_done_as_well(server, missing, new_mount):
    missing.create()
    server.faults(
        dict(op="ListObjectsV2", status=404, code="NoSuchBucket", message="gone"),
        dict(op="CreateBucket", status=409, code="BucketAlreadyOwnedByYou", message="yours"),
    )
    mount = new_mount(missing, auto_create_bucket="true")
    (mount.path / "f").write_bytes(b"x")
    assert missing.read("f") == b"x"


@pytest.mark.parametrize(
    "fault, words",
    [
        (dict(status=409, code="BucketAlreadyExists", message="taken"), ["somebody else"]),
        (dict(status=403, code="AccessDenied", message="no"), ["s3:CreateBucket"]),
        (dict(status=400, code="InvalidBucketName", message="bad"), ["name"]),
        (dict(status=400, code="IllegalLocationConstraintException", message="where"), ["region"]),
    ],
    ids=["taken", "forbidden", "bad-name", "bad-region"],
)
def test_a_bucket_that_cannot_be_made_is_told_with_the_reason(server, missing, tmp_path, fault, words):
    server.faults(dict(op="CreateBucket", count=0, **fault))
    said = refused(missing, tmp_path, auto_create_bucket="true")
    assert "not-there-yet" in said
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    "fault, words",
    [
        (dict(status=301, code="PermanentRedirect", message="elsewhere", headers={"x-amz-bucket-region": "eu-west-3"}), ["region"]),
        (dict(status=403, code="AccessDenied", message="no"), ["s3:ListBucket", "without_list"]),
        (dict(status=400, code="AuthorizationHeaderMalformed", message="no"), ["region"]),
        (dict(status=503, code="SlowDown", message="later"), ["later"]),
    ],
    ids=["301", "403", "400", "503"],
)
def test_every_other_answer_stops_the_start_and_makes_nothing(server, tmp_path, fault, words):
    server.faults(dict(op="*", count=0, **fault))
    said = refused(server.bucket, tmp_path, auto_create_bucket="true", attempts=2)
    assert all(word in said for word in words), said
    assert not creations(server)


def test_a_bucket_that_may_not_be_listed_mounts_on_demand_for_reading(server, new_mount):
    server.bucket.put("known", b"here")
    server.faults(dict(op="ListObjectsV2", count=0, status=403, code="AccessDenied", message="no"))
    mount = new_mount(server.bucket, without_list="true")
    mount.expect_errors()
    assert (mount.path / "known").read_bytes() == b"here"
    assert "may not be listed" in mount.log()


@pytest.mark.parametrize("way", ["http-path", "https-path"])
def test_a_real_gateway_makes_the_bucket(rgw, new_mount, after_mounts, way):
    bucket = rgw.bucket(way)
    bucket.s3.delete_bucket(Bucket=bucket.name)
    after_mounts.callback(bucket.remove)
    mount = new_mount(bucket, auto_create_bucket="true", bucket_acl="public-read")
    (mount.path / "f").write_bytes(b"x")
    assert bucket.read("f") == b"x"
    grants = bucket.s3.get_bucket_acl(Bucket=bucket.name)["Grants"]
    assert any(grant["Grantee"].get("URI", "").endswith("AllUsers") for grant in grants)


def test_a_real_gateway_says_that_a_name_is_taken(rgw, after_mounts, tmp_path):
    bucket = rgw.bucket("http-path")
    after_mounts.callback(bucket.remove)
    other = Bucket(
        bucket.endpoint_url, rgw.env["RGW_OTHER_ACCESS_KEY"], rgw.env["RGW_OTHER_SECRET_KEY"], name=bucket.name
    )
    with pytest.raises(botocore.exceptions.ClientError):
        other.create()
    assert bucket.name in refused(other, tmp_path, auto_create_bucket="true")
