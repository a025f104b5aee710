# SPDX-License-Identifier: MIT
"""
Every setting has a test that would fail if the setting were ignored: here, or where TESTS says. The last test compares
TESTS with the program's own list.
"""

import contextlib
import functools
import os
import pathlib
import re
import socket
import threading
import time

import proc
import pytest
from bucket import Bucket
from files import MIB, by_nobody, fails_with, some_bytes
from mount import Mount, mount_line

# Setting -> FILE::FUNCTION below tests/; without a file it is in this one.
TESTS = {
    "AWS_S3_ACCESS_KEY_ID": "mount/test_credentials.py::test_requests_are_signed_with_the_keys_of",
    "AWS_S3_SECRET_ACCESS_KEY": "mount/test_credentials.py::test_requests_are_signed_with_the_keys_of",
    "AWS_ACCESS_KEY_ID": "mount/test_credentials.py::test_requests_are_signed_with_the_keys_of",
    "AWS_SECRET_ACCESS_KEY": "mount/test_credentials.py::test_requests_are_signed_with_the_keys_of",
    "AWS_SESSION_TOKEN": "mount/test_credentials.py::test_requests_are_signed_with_the_keys_of",
    "AWS_SECURITY_TOKEN": "mount/test_credentials.py::test_requests_are_signed_with_the_keys_of",
    "AWS_S3_SESSION_PROFILE": "mount/test_credentials.py::test_a_profile_of_the_shared_file_signs",
    "passwd_file": "mount/test_s3fs_options.py::test_every_form_of_key_file_works",
    "credential_source": "mount/test_remote_keys.py::test_a_credential_source_is_the_only_one_asked",
    "instance_role": "mount/test_remote_keys.py::test_a_role_by_name_needs_no_list",
    "S3STOREFS_ALLOW_READABLE_KEYS": "mount/test_credentials.py::test_keys_that_kubernetes_mounts_are_taken_when_told_so",
    "anonymous": "mount/test_credentials.py::test_an_anonymous_mount_signs_nothing",
    "AWS_STORAGE_BUCKET_NAME": "test_the_buckets_name_may_be_a_setting",
    "AWS_LOCATION": "mount/test_start.py::test_settings_come_from_the_command_line_first_then_environment_then_file",
    "AWS_S3_REGION_NAME": "test_the_region_is_signed_for",
    "AWS_S3_ENDPOINT_URL": "test_the_endpoint_comes_from_the_setting_and_else_the_environment",
    "AWS_S3_USE_SSL": "test_without_endpoint_use_ssl_chooses_the_scheme",
    "AWS_S3_VERIFY": "test_a_certificate_is_checked_against_what_verify_says",
    "verify_hostname": "test_a_certificate_of_another_host_is_taken_only_when_told_to",
    "AWS_S3_ADDRESSING_STYLE": "test_the_bucket_is_in_the_host_or_in_the_path",
    "AWS_S3_SIGNATURE_VERSION": "test_the_signature_version_is_the_one_of_the_header",
    "payload_signing": "test_the_payload_is_hashed_or_not",
    "AWS_S3_PROXIES": "mount/test_proxy.py::test_plain_http_goes_through_the_proxy_in_every_form",
    "user_agent": "test_the_user_agent_is_sent",
    "AWS_AUTO_CREATE_BUCKET": "mount/test_bucket_creation.py::test_a_missing_bucket_is_made_and_used",
    "AWS_BUCKET_ACL": "mount/test_bucket_creation.py::test_the_bucket_has_its_acl_or_that_of_objects",
    "without_list": "mount/test_bucket_creation.py::test_a_bucket_that_may_not_be_listed_mounts_on_demand_for_reading",
    "AWS_PRELOAD_METADATA": "test_a_preloaded_location_needs_no_request_for_a_stat",
    "connections": "test_no_more_connections_than_allowed_are_open",
    "transfers": "test_one_transfer_at_a_time_is_one_connection",
    "attempts": "test_a_request_is_tried_so_often",
    "timeout": "test_an_operation_ends_with_its_time",
    "connect_timeout": "test_a_server_that_takes_no_connection_is_given_up",
    "stall_timeout": "test_an_answer_that_stands_still_is_given_up",
    "max_bandwidth": "test_no_more_bytes_a_second_than_allowed",
    "AWS_S3_FILE_OVERWRITE": "mount/test_overwrite.py::test_a_second_save_gets_a_name_of_its_own",
    "max_length": "mount/test_tools.py::test_a_mount_refuses_names_over_max_length",
    "AWS_S3_MAX_MEMORY_SIZE": "mount/test_spool.py::test_one_byte_more_than_the_limit_goes_to_the_temporary_folder",
    "FILE_UPLOAD_TEMP_DIR": "mount/test_spool.py::test_a_temporary_folder_that_is_not_there_is_named_at_the_start",
    "S3STOREFS_STATE_DIR": "mount/test_killed_uploads.py::test_the_record_is_ours_alone_and_gone_with_the_upload",
    "memory_budget": "mount/test_spool.py::test_a_copy_of_one_gib_stays_within_the_budget",
    "part_size": "test_a_large_file_goes_in_parts_of_the_size",
    "single_put_max": "test_up_to_single_put_max_it_is_one_put",
    "upload_checksum": "test_a_checksum_is_sent_or_not",
    "read_ahead_max": "test_no_more_is_read_ahead_than_allowed",
    "attr_timeout": "test_what_is_known_is_believed_for_attr_timeout",
    "negative_timeout": "test_absence_is_believed_for_negative_timeout",
    "sync_unlink": "test_sync_unlink_deletes_one_by_one",
    "noforget": "mount/test_handles.py::test_with_noforget_a_handle_stays_good",
    "AWS_DEFAULT_ACL": "mount/test_params.py::test_settings_parameters_and_headers_have_their_order",
    "AWS_S3_OBJECT_PARAMETERS": "mount/test_params.py::test_a_parameter_goes_with_all_that_stores_and_nothing_else",
    "AWS_S3_ENCRYPTION": "mount/test_params.py::test_settings_parameters_and_headers_have_their_order",
    "AWS_REDUCED_REDUNDANCY": "mount/test_params.py::test_settings_parameters_and_headers_have_their_order",
    "AWS_IS_GZIPPED": "mount/test_gzip.py::test_a_file_of_a_listed_type_is_stored_as_django_stores_it",
    "GZIP_CONTENT_TYPES": "mount/test_gzip.py::test_the_list_of_types_is_taken_exactly",
    "mime_types": "test_types_come_from_a_file_too",
    "guess_encoding": "test_the_encoding_is_guessed_when_asked_for",
    "AWS_QUERYSTRING_AUTH": "mount/test_url.py::test_a_public_object_has_a_bare_url",
    "AWS_QUERYSTRING_EXPIRE": "mount/test_url.py::test_querystring_expire_is_the_default_of_expire",
    "AWS_S3_CUSTOM_DOMAIN": "mount/test_url.py::test_a_custom_domain_wins_over_all",
    "AWS_S3_URL_PROTOCOL": "mount/test_url.py::test_a_custom_domain_wins_over_all",
    "AWS_S3_SECURE_URLS": "test_secure_urls_acts_when_it_is_given",
    "AWS_CLOUDFRONT_KEY_ID": "mount/test_url.py::test_cloudfront_signatures_are_those_of_its_own_signer",
    "AWS_CLOUDFRONT_KEY": "mount/test_url.py::test_cloudfront_signatures_are_those_of_its_own_signer",
    "cloudfront_signer": "mount/test_url.py::test_cloudfront_signs_only_where_it_is_to",
    "ro": "test_a_read_only_mount_takes_nothing",
    "uid": "test_owner_and_modes_are_those_of_the_options",
    "gid": "test_owner_and_modes_are_those_of_the_options",
    "umask": "test_owner_and_modes_are_those_of_the_options",
    "file_mode": "test_owner_and_modes_are_those_of_the_options",
    "dir_mode": "test_owner_and_modes_are_those_of_the_options",
    "allow_other": "test_others_are_let_in_only_when_told_to",
    "allow_root": "test_others_are_let_in_only_when_told_to",
    "fsname": "test_the_source_has_the_name_of_the_option",
    "bucket_size": "test_df_shows_the_bucket_size",
    "log_level": "test_the_log_has_the_lines_of_its_level",
    "log_to": "mount/test_s3fs_options.py::test_a_log_file_may_be_moved_away",
    "AWS_S3_CLIENT_CONFIG": "test_a_client_config_reaches_the_wire",
    "AWS_S3_TRANSFER_CONFIG": "test_a_transfer_config_reaches_the_wire",
    "AWS_S3_USE_THREADS": "test_one_transfer_at_a_time_is_one_connection",
    "AWS_S3_FILE_BUFFER_SIZE": "test_a_large_file_goes_in_parts_of_the_size",
    "S3STOREFS_COMPAT": "mount/test_bucket_creation.py::test_the_bucket_has_its_acl_or_that_of_objects",
    "AWS_S3_FILE_NAME_CHARSET": "test_a_setting_without_effect_takes_what_it_must_and_no_more",
    "USE_TZ": "test_a_setting_without_effect_takes_what_it_must_and_no_more",
    "AWS_HEADERS": "mount/test_params.py::test_botos_headers_are_parameters",
    "AWS_S3_HOST": "test_the_names_of_boto_reach_the_wire",
    "AWS_S3_PORT": "test_the_names_of_boto_reach_the_wire",
    "AWS_S3_CALLING_FORMAT": "test_the_names_of_boto_reach_the_wire",
    "AWS_ORIGIN": "test_the_names_of_boto_reach_the_wire",
    "AWS_S3_PROXY_HOST": "mount/test_proxy.py::test_the_proxy_of_the_first_boto",
    "AWS_S3_PROXY_PORT": "mount/test_proxy.py::test_the_proxy_of_the_first_boto",
    "S3_USE_SIGV4": "test_s3_use_sigv4_and_version_2_exclude_each_other",
}


def refused(bucket, tmp_path, environment=None, **options):
    """Starts a mount that must fail; what it said."""
    path = tmp_path / "refused"
    path.mkdir(exist_ok=True)
    command = Mount.command_line(bucket, path, options=options)
    env = proc.clean_environment(**{**bucket.environment(), **(environment or {})})
    done = proc.run(*command, ok=False, env=env, time_limit=60)
    assert done.returncode in (1, 2), done.stderr
    assert not mount_line(path)
    return done.stderr


def first_header(server, name, op=None):
    return next(e["headers"].get(name) for e in server.log_entries() if not op or e["op"] == op)


def put_header(server, mount, name):
    server.reset()
    (mount.path / "f").write_bytes(b"x")
    assert mount.bucket.read("f") == b"x"
    return first_header(server, name, "PutObject")


# --- The way to the server ----------------------------------------------------


def test_the_buckets_name_may_be_a_setting(server, new_mount):
    server.another_bucket("other").put("f", b"other")
    assert (new_mount(server.bucket, bucket_name="other").path / "f").read_bytes() == b"other"


@pytest.mark.parametrize("source", ["setting", "AWS_DEFAULT_REGION", "AWS_REGION", "profile", "none"])
def test_the_region_is_signed_for(server, new_mount, tmp_path, source):
    environment, options = {}, {"region_name": None}
    if source == "setting":
        options = {"region_name": "eu-west-9"}
        environment = {"AWS_DEFAULT_REGION": "eu-west-8"}
    elif source == "profile":
        (tmp_path / "config").write_text("[default]\nregion = eu-west-9\n")
        environment = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    elif source != "none":
        environment = {source: "eu-west-9"}
    new_mount(server.bucket, environment=environment, **options)
    region = "us-east-1" if source == "none" else "eu-west-9"
    assert f"/{region}/s3/aws4_request" in first_header(server, "authorization")


@pytest.mark.parametrize("source", ["setting", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
def test_the_endpoint_comes_from_the_setting_and_else_the_environment(bucket, new_mount, source):
    nobody = "http://127.0.0.1:1"
    environment = {"AWS_ENDPOINT_URL": nobody} if source != "AWS_ENDPOINT_URL" else {}
    options = {}
    if source != "setting":
        environment[source] = bucket.endpoint_url
        options["endpoint_url"] = None
    (new_mount(bucket, environment=environment, **options).path / "f").write_bytes(b"x")
    assert bucket.read("f") == b"x"


@pytest.mark.parametrize("use_ssl, url", [("true", "https://"), ("false", "http://")])
def test_without_endpoint_use_ssl_chooses_the_scheme(bucket, tmp_path, use_ssl, url):
    # Whatever the network here is, nothing gets farther than a proxy that nobody is.
    said = refused(
        bucket,
        tmp_path,
        endpoint_url=None,
        use_ssl=use_ssl,
        attempts=1,
        proxies="{'http': '127.0.0.1:1', 'https': '127.0.0.1:1'}",
    )
    assert f"{url}s3.amazonaws.com/{bucket.name}" in said


@pytest.fixture
def tls_server(new_server, tmp_path):
    """tls_server("DNS:name"): a server whose certificate is for that name, and its bucket, which vouches for itself."""

    def start(name):
        key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
        proc.run(
            *"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext".split(),
            f"subjectAltName={name}",
            *("-keyout", key, "-out", certificate),
        )
        server = new_server("--tls-cert", certificate, "--tls-key", key)
        server.url = server.url.replace("http:", "https:")
        ours = server.bucket
        server.bucket = Bucket(server.url, ours.access_key, ours.secret_key, name=ours.name, ca=str(certificate))
        return server

    return start


@pytest.mark.parametrize("source", ["verify", "folder", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "false"])
def test_a_certificate_is_checked_against_what_verify_says(tls_server, new_mount, tmp_path, source):
    bucket = tls_server("IP:127.0.0.1").bucket
    # This machine may have some of its own.
    environment, options = {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}, {"verify": None}
    if source == "verify":
        options = {}
    elif source == "folder":
        folder = tmp_path / "certificates"
        folder.mkdir()
        (folder / "one.pem").symlink_to(bucket.ca)
        proc.run("openssl", "rehash", folder)
        options = {"verify": folder}
    elif source == "false":
        options = {"verify": "false"}
    else:
        environment[source] = bucket.ca
    (new_mount(bucket, environment=environment, **options).path / "f").write_bytes(b"x")
    assert bucket.read("f") == b"x"


@pytest.mark.time_limit(200)
def test_verify_true_asks_the_system_whatever_the_environment_says(tls_server, tmp_path):
    bucket = tls_server("IP:127.0.0.1").bucket
    # Under a sanitizer the system's bundle takes its time.
    slow = dict(attempts=1, connect_timeout=60)
    assert "certificate" in refused(bucket, tmp_path, verify="true", environment={"AWS_CA_BUNDLE": bucket.ca}, **slow)


def test_a_certificate_of_another_host_is_taken_only_when_told_to(tls_server, new_mount, tmp_path):
    bucket = tls_server("DNS:elsewhere.example").bucket
    assert "certificate" in refused(bucket, tmp_path, attempts=1)
    mount = new_mount(bucket, verify_hostname="false")
    (mount.path / "f").write_bytes(b"x")
    (mount.path / "f").unlink()


@pytest.mark.parametrize("style, host", [("virtual", "test-bucket.localhost"), ("path", "localhost"), ("auto", "localhost")])
def test_the_bucket_is_in_the_host_or_in_the_path(server, new_mount, style, host):
    url = server.url.replace("127.0.0.1", "localhost")
    mount = new_mount(server.bucket, endpoint_url=url, addressing_style=style)
    assert put_header(server, mount, "host").split(":")[0] == host


@pytest.mark.parametrize(
    "version, start", [("s3", "AWS TEST"), ("s3v4", "AWS4-HMAC-SHA256 "), ("v4", "AWS4-HMAC-SHA256 "), (None, "AWS4-HMAC-SHA256 ")]
)
def test_the_signature_version_is_the_one_of_the_header(server, new_mount, version, start):
    mount = new_mount(server.bucket, signature_version=version)
    assert put_header(server, mount, "authorization").startswith(start)


@pytest.mark.parametrize("how, is_hashed", [("signed", True), ("unsigned", False), ("auto", True)])
def test_the_payload_is_hashed_or_not(server, new_mount, how, is_hashed):
    digest = put_header(server, new_mount(server.bucket, payload_signing=how), "x-amz-content-sha256")
    assert (len(digest) == 64) if is_hashed else (digest == "UNSIGNED-PAYLOAD")


@pytest.mark.parametrize("agent", ["me/1 (you)", None])
def test_the_user_agent_is_sent(server, new_mount, agent):
    sent = put_header(server, new_mount(server.bucket, user_agent=agent), "user-agent")
    assert sent == agent if agent else re.match(r"s3storefs/[0-9.]+$", sent)


# --- Requests -------------------------------------------------------------------


def open_connections(mount):
    """How many the daemon has to its server just now."""
    port = int(mount.bucket.endpoint_url.rsplit(":", 1)[1])
    inodes = set()
    for fd in pathlib.Path(f"/proc/{mount.process.pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(fd))
    # A set: the table is read in pieces, and a row that moves meanwhile stands there twice.
    established = set()
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if int(words[2].split(":")[1], 16) == port and words[3] == "01":
            established.add(f"socket:[{words[9]}]")
    return len(established & inodes)


def most_connections(mount, action):
    """The most connections that were open while action ran."""
    seen, ended = [0], threading.Event()

    def look():
        while not ended.is_set():
            seen.append(open_connections(mount))
            time.sleep(0.005)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        action()
    finally:
        ended.set()
        looker.join()
    return max(seen)


def stat_many(mount):
    """Eight names at once that the mount does not know."""

    def stat(n):
        with contextlib.suppress(FileNotFoundError):
            os.stat(mount.path / f"missing{n}")

    threads = [threading.Thread(target=stat, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("limit", [2, None])
def test_no_more_connections_than_allowed_are_open(server, new_mount, limit):
    mount = new_mount(server.bucket, connections=limit)
    server.latency(get=200, list=200)
    most = most_connections(mount, functools.partial(stat_many, mount))
    assert most <= limit if limit else most > 2


@pytest.mark.parametrize(
    "options", [dict(transfers=1), dict(use_threads="false"), dict(transfer_config="{'use_threads': False}"), {}], ids=str
)
@pytest.mark.parametrize("direction", ["write", "read"])
def test_one_transfer_at_a_time_is_one_connection(server, new_mount, options, direction):
    data = some_bytes(40 * MIB)
    if direction == "read":
        server.bucket.put("f", data)
    mount = new_mount(server.bucket, part_size="5M", single_put_max="5M", **options)
    os.listdir(mount.path)
    server.latency(get=300, put=300)

    def move():
        if direction == "read":
            assert (mount.path / "f").read_bytes() == data
        else:
            (mount.path / "f").write_bytes(data)

    most = most_connections(mount, move)
    assert most <= 2 if options else most > 3
    server.latency(get=0, put=0)
    assert server.bucket.read("f") == data


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_request_is_tried_so_often(server, new_mount, attempts):
    mount = new_mount(server.bucket, attempts=attempts)
    mount.expect_errors()
    server.fault("HeadObject", count=0, status=503, code="SlowDown", message="later")
    server.reset()
    with fails_with("EIO"):
        os.stat(mount.path / "f")
    assert server.requests()["HeadObject"] == attempts


def seconds_of(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


def test_an_operation_ends_with_its_time(server, new_mount):
    mount = new_mount(server.bucket, timeout="1.5", attempts=100)
    mount.expect_errors()
    server.fault("HeadObject", count=0, status=503, code="SlowDown", message="later")

    def stat():
        with fails_with("EIO", "ETIMEDOUT"):
            os.stat(mount.path / "f")

    assert seconds_of(stat) < 30


def test_a_server_that_takes_no_connection_is_given_up(bucket, tmp_path):
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # Whoever comes when the queue is full waits.
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        start = functools.partial(refused, bucket, tmp_path, endpoint_url=url, connect_timeout="0.5", attempts=1)
        assert seconds_of(start) < 6


def test_an_answer_that_stands_still_is_given_up(server, new_mount):
    server.bucket.put("f", some_bytes(4 * MIB))
    mount = new_mount(server.bucket, stall_timeout="1", attempts=1)
    mount.expect_errors()
    os.listdir(mount.path)
    server.fault("GetObject", count=0, stall_after=100)

    def read():
        with fails_with("EIO", "ETIMEDOUT"):
            (mount.path / "f").read_bytes()

    assert seconds_of(read) < 30


@pytest.mark.parametrize("direction", ["read", "write"])
def test_no_more_bytes_a_second_than_allowed(server, new_mount, direction):
    data = some_bytes(6 * MIB)
    server.bucket.put("f", data)
    mount = new_mount(server.bucket, max_bandwidth="2M")
    path = mount.path / ("f" if direction == "read" else "g")
    spent = seconds_of(path.read_bytes if direction == "read" else lambda: path.write_bytes(data))
    assert spent > 1.5
    assert server.bucket.read(path.name) == data


# --- Files ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, parts",
    [
        (dict(part_size="6M"), 4),
        (dict(buffer_size="7340032"), 3),
        (dict(transfer_config="{'multipart_chunksize': 10485760}"), 2),
        ({}, 3),
    ],
    ids=["part_size", "buffer_size", "transfer_config", "default"],
)
def test_a_large_file_goes_in_parts_of_the_size(server, new_mount, options, parts):
    mount = new_mount(server.bucket, **options)
    server.reset()
    (mount.path / "f").write_bytes(some_bytes(20 * MIB))
    assert server.requests()["UploadPart"] == parts


@pytest.mark.parametrize("size, is_whole", [(6 * MIB, True), (6 * MIB + 1, False)])
def test_up_to_single_put_max_it_is_one_put(server, new_mount, size, is_whole):
    mount = new_mount(server.bucket, single_put_max="6M")
    server.reset()
    (mount.path / "f").write_bytes(some_bytes(size))
    assert ("PutObject" in server.requests()) == is_whole


@pytest.mark.parametrize("is_sent", ["true", "false"])
def test_a_checksum_is_sent_or_not(server, new_mount, is_sent):
    sent = put_header(server, new_mount(server.bucket, upload_checksum=is_sent), "x-amz-checksum-crc32c")
    assert bool(sent) == (is_sent == "true")


@pytest.mark.parametrize("limit", ["8M", None])
def test_no_more_is_read_ahead_than_allowed(server, new_mount, limit):
    size = 200 * MIB
    server.bucket.put_large("f", bytes(size))
    mount = new_mount(server.bucket, read_ahead_max=limit)
    server.reset()
    with open(mount.path / "f", "rb", buffering=0) as file:
        while file.tell() < 40 * MIB:
            file.read(MIB)
        if limit:
            time.sleep(0.5)
            assert server.requests()["GetObject"] <= 8
        else:
            proc.wait_until(lambda: server.requests()["GetObject"] > 9, what="read-ahead")


def test_what_is_known_is_believed_for_attr_timeout(bucket, new_mount):
    short, long = new_mount(bucket, attr_timeout="0.3"), new_mount(bucket, attr_timeout="60")
    bucket.put("f", b"x")
    assert [os.stat(m.path / "f").st_size for m in (short, long)] == [1, 1]
    bucket.put("f", b"more")
    proc.wait_until(lambda: os.stat(short.path / "f").st_size == 4, what="the new size")
    assert os.stat(long.path / "f").st_size == 1


def test_absence_is_believed_for_negative_timeout(bucket, new_mount):
    short, long = new_mount(bucket, negative_timeout="0.3"), new_mount(bucket, negative_timeout="60")
    assert not (short.path / "f").exists() and not (long.path / "f").exists()
    bucket.put("f", b"x")
    proc.wait_until((short.path / "f").exists, what="the name")
    assert not (long.path / "f").exists()


@pytest.mark.parametrize("is_sync", ["true", "false"])
def test_sync_unlink_deletes_one_by_one(server, new_mount, is_sync):
    for n in range(3):
        server.bucket.put(f"f{n}", b"x")
    mount = new_mount(server.bucket, sync_unlink=is_sync)
    os.listdir(mount.path)
    server.reset()
    server.fault("DeleteObjects", delay_ms=0 if is_sync == "true" else 4000, count=0)
    for n in range(3):
        (mount.path / f"f{n}").unlink()
    # Not waited for, nothing is removed yet.
    assert len(server.bucket.keys()) == (0 if is_sync == "true" else 3)
    mount.sync()
    assert server.bucket.keys() == []
    if is_sync == "true":
        assert server.requests()["DeleteObjects"] == 3


def test_a_preloaded_location_needs_no_request_for_a_stat(server, new_mount):
    keys = [f"media/{a}/{b}/f{n}" for a in "xy" for b in "pq" for n in range(300)]
    server.bucket.put_many(keys + ["outside"])
    server.reset()
    mount = new_mount(server.bucket, "media", preload_metadata="true", attr_timeout="60", negative_timeout="60")
    # One to see that all is well, and two pages.
    proc.wait_until(lambda: server.requests().get("ListObjectsV2", 0) >= 3, what="the listing")
    time.sleep(0.3)
    assert server.requests()["ListObjectsV2"] == 3
    server.reset()
    for key in keys[::37]:
        assert os.stat(mount.path / key.removeprefix("media/")).st_size == 0
    assert len(os.listdir(mount.path / "x" / "p")) == 300
    assert not (mount.path / "x" / "absent").exists()
    assert server.requests() == {}


def test_a_mount_ends_in_the_middle_of_preloading(server, new_mount):
    server.bucket.put_many([f"f{n}" for n in range(1200)])
    mount = new_mount(server.bucket, preload_metadata="true")
    server.latency(list=3000)
    mount.unmount()


def test_types_come_from_a_file_too(server, new_mount, tmp_path):
    table = tmp_path / "types"
    table.write_text("application/x-mine  mine\n")
    for options, due in [(dict(mime_types=table), "application/x-mine"), ({}, "application/octet-stream")]:
        (new_mount(server.bucket, **options).path / "f.mine").write_bytes(b"x")
        assert server.bucket.head("f.mine")["ContentType"] == due
        server.bucket.delete("f.mine")


@pytest.mark.parametrize("guess, due", [("true", "gzip"), ("false", None)])
def test_the_encoding_is_guessed_when_asked_for(bucket, new_mount, guess, due):
    (new_mount(bucket, guess_encoding=guess).path / "f.txt.gz").write_bytes(b"x")
    assert bucket.head("f.txt.gz").get("ContentEncoding") == due


# --- The mount ---------------------------------------------------------------------


def test_a_read_only_mount_takes_nothing(bucket, new_mount):
    bucket.put("f", b"x")
    mount = new_mount(bucket, ro=True)
    with fails_with("EROFS"):
        (mount.path / "g").write_bytes(b"")
    assert (mount.path / "f").read_bytes() == b"x"


def test_owner_and_modes_are_those_of_the_options(bucket, new_mount):
    bucket.put("d/f", b"x")

    def seen(**options):
        path = new_mount(bucket, **options).path / "d"
        file, folder = os.stat(path / "f"), os.stat(path)
        return (file.st_uid, file.st_gid, file.st_mode & 0o7777, folder.st_mode & 0o7777)

    assert seen() == (os.getuid(), os.getgid(), 0o644, 0o755)
    assert seen(uid=12, gid=34) == (12, 34, 0o644, 0o755)
    assert seen(umask="027") == (os.getuid(), os.getgid(), 0o640, 0o750)
    assert seen(file_mode="0604", dir_mode="0705") == (os.getuid(), os.getgid(), 0o604, 0o705)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
@pytest.mark.parametrize("option, is_let_in", [(None, False), ("allow_other", True)])
def test_others_are_let_in_only_when_told_to(bucket, new_mount, tmp_path, option, is_let_in):
    mount = new_mount(bucket, **({option: True} if option else {}))
    assert (by_nobody(mount.path, "ls").returncode == 0) == is_let_in
    said = refused(bucket, tmp_path, allow_other=True, allow_root=True)
    assert "allow_root" in said
    # libfuse makes allow_root of the kernel's allow_other.
    assert "allow_other" in mount_line(new_mount(bucket, allow_root=True).path)


def test_the_source_has_the_name_of_the_option(bucket, new_mount):
    assert " mine " in mount_line(new_mount(bucket, fsname="mine").path)
    assert f" {bucket.name} " in mount_line(new_mount(bucket).path)
    assert f" {bucket.name}:media/files " in mount_line(new_mount(bucket, location="media/files").path)


@pytest.mark.parametrize("option, due", [("10G", 10 << 30), ("1T", 1 << 40), ("4096T", 4096 << 40)])
def test_df_shows_the_bucket_size(bucket, new_mount, option, due):
    info = os.statvfs(new_mount(bucket, bucket_size=option).path)
    total = info.f_blocks * info.f_frsize
    assert due * 0.999 < total <= due
    assert info.f_bavail == info.f_blocks < 2**31


@pytest.mark.parametrize("level", ["error", "warn", "info", "debug"])
def test_the_log_has_the_lines_of_its_level(bucket, new_mount, level):
    order = ["error", "warn", "info", "debug"]
    mount = new_mount(bucket, log_level=level, noua=True)
    (mount.path / "f").write_bytes(b"x")
    mount.unmount()
    lines = re.findall(r"^\S+ (\w+) ", mount.log(), re.M)
    assert set(lines) - {"error"} == set(order[1 : order.index(level) + 1])


# --- Other words -------------------------------------------------------------------------


def test_a_client_config_reaches_the_wire(server, new_mount):
    config = "{'user_agent': 'mine/2', 's3': {'addressing_style': 'path'}, 'signature_version': 's3'}"
    mount = new_mount(server.bucket, addressing_style=None, client_config=config)
    assert put_header(server, mount, "user-agent") == "mine/2"
    assert put_header(server, mount, "authorization").startswith("AWS ")


def test_a_transfer_config_reaches_the_wire(server, new_mount):
    config = "{'multipart_threshold': 6291456, 'multipart_chunksize': 5242880, 'io_chunksize': 1}"
    mount = new_mount(server.bucket, transfer_config=config)
    server.reset()
    (mount.path / "f").write_bytes(some_bytes(6 * MIB))
    assert server.requests()["CreateMultipartUpload"] == 1
    server.reset()
    # A rest of less than a part may go with the last one; of 8 MiB each they would be 3.
    (mount.path / "h").write_bytes(some_bytes(21 * MIB))
    assert server.requests()["UploadPart"] in (4, 5)
    (mount.path / "g").write_bytes(some_bytes(6 * MIB - 1))
    assert server.requests()["PutObject"] == 1
    assert "io_chunksize has no effect" in mount.log()


def test_the_names_of_boto_reach_the_wire(server, new_mount):
    port = server.url.rsplit(":", 1)[1]
    mount = new_mount(
        server.bucket,
        endpoint_url=None,
        addressing_style=None,
        region_name=None,
        AWS_S3_HOST="localhost",
        AWS_S3_PORT=port,
        AWS_S3_USE_SSL="False",
        AWS_S3_CALLING_FORMAT="boto.s3.connection.SubdomainCallingFormat",
        AWS_ORIGIN="EU",
    )
    assert first_header(server, "host") == f"test-bucket.localhost:{port}"
    assert "/eu-west-1/s3/" in first_header(server, "authorization")
    (mount.path / "f").write_bytes(b"x")
    assert server.bucket.read("f") == b"x"


def url_of(bucket, **options):
    words = [word for name, value in {**bucket.options(), **options}.items() for word in ("-o", f"{name}={value}")]
    return proc.run(proc.PROGRAM, "url", bucket.name, "f", *words, env=proc.clean_environment(**bucket.environment())).stdout


def test_s3_use_sigv4_and_version_2_exclude_each_other(bucket, tmp_path):
    assert "X-Amz-Signature=" in url_of(bucket, S3_USE_SIGV4="True")
    assert "X-Amz-Signature=" not in url_of(bucket, S3_USE_SIGV4="False", signature_version="s3")
    assert "S3_USE_SIGV4" in refused(bucket, tmp_path, S3_USE_SIGV4="True", signature_version="s3")


def test_secure_urls_acts_when_it_is_given(bucket):
    plain = dict(custom_domain="cdn.example", url_protocol="http:")
    assert url_of(bucket, **plain).startswith("http://cdn.example/")
    assert url_of(bucket, **plain, secure_urls="true").startswith("https://cdn.example/")
    assert url_of(bucket, custom_domain="cdn.example", compat="1.7", secure_urls="false").startswith("http://cdn.example/")


@pytest.mark.parametrize(
    "name, good, bad",
    [("AWS_S3_FILE_NAME_CHARSET", ["utf-8", "UTF8"], "latin-1"), ("USE_TZ", ["True", "False"], "perhaps")],
)
def test_a_setting_without_effect_takes_what_it_must_and_no_more(bucket, new_mount, tmp_path, name, good, bad):
    for value in good:
        new_mount(bucket, **{name: value})
    assert name in refused(bucket, tmp_path, **{name: bad})


# --- All of them ---------------------------------------------------------------------------


TYPOS = [
    ("file_overwritte", "file_overwrite"),
    ("fileoverwrite", "file_overwrite"),
    ("enpoint_url", "endpoint_url"),
    ("regoin_name", "region_name"),
    ("AWS_S3_OBJECT_PARAMETER", "AWS_S3_OBJECT_PARAMETERS"),
    ("AWS_LOCATON", "AWS_LOCATION"),
    ("querystring_expires", "querystring_expire"),
    ("autocreate_bucket", "auto_create_bucket"),
]


@pytest.mark.parametrize("typo, due", TYPOS)
def test_a_typo_is_told_with_the_name_that_was_meant(bucket, tmp_path, typo, due):
    assert f"did you mean {due}?" in refused(bucket, tmp_path, **{typo: "x"})


def test_each_setting_has_a_test_that_proves_it():
    text = proc.run(proc.PROGRAM, "--help=all").stdout
    settings = set(re.findall(r"^  (\w+)  \w+  \S.*$", text, re.M))
    assert len(settings) > 80
    assert settings == set(TESTS)
    tests = proc.TOP / "tests"
    for name, test in TESTS.items():
        file, _, function = test.rpartition("::")
        source = (tests / (file or "mount/test_settings.py")).read_text()
        assert re.search(rf"^def {function}\(", source, re.M), f"{name}: there is no {test}"
