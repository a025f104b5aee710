# SPDX-License-Identifier: MIT
"""A line of fstab that was written for s3fs mounts here with only the program's name changed."""

import os
import pathlib
import subprocess

import proc
import pytest
from mount import Mount, mount_line

MIB = 1024 * 1024

# Options that ask for nothing that is seen; the last ones are libfuse's own.
SILENT = """use_session_token imdsv1only enable_content_md5 nomixupload nosscache nodnscache streamupload max_dirty_data=5120
    multipart_copy_size=512 singlepart_copy_limit=512 putheader_mp_threshold=25 fd_page_size=1 check_cache_dir_exist del_cache
    max_stat_cache_size=100000 enable_noobj_cache enable_negative_cache set_check_cache_sigusr1 use_xattr use_xattr=1 compat_dir
    notsup_compat_dir complement_stat hard_remove nonempty listobjectsv2 list_object_max_keys=1000 noxmlns
    kernel_cache auto_cache big_writes default_permissions max_background=1000 max_write=131072 use_ino intr""".split()
TOLD = """nocopyapi norenameapi noua cipher_suites=ALL ipresolve=whatever use_cache=/tmp/cache ensure_diskfree=100
    free_space_ratio=10 update_parent_dir_stat use_wtf8 mp_umask=022 insecure_logging no_time_stamp_msg""".split()
WITH_EFFECT = """sigv4 readwrite_timeout=60 connect_timeout=30 retries=3 max_thread_count=10 multireq_max=20 parallel_count=30
    parallel_upload=5 multipart_size=52 multipart_threshold=25 stat_cache_expire=60 stat_cache_interval_expire=60
    entry_timeout=5 disable_noobj_cache disable_negative_cache dbglevel=info dbglevel=warn dbglevel=crit curldbg curldbg=normal f2
    instance_name=web ssl_verify_hostname=0 no_check_certificate uid=0 gid=0 umask=022 default_acl=private
    storage_class=standard use_rrs use_rrs=1 use_sse use_sse=1 use_sse=kmsid:key-1 requester_pays nomultipart tmpdir=/tmp
    enable_unsigned_payload use_path_request_style mime=/etc/mime.types""".split()
WORDS = "rw dev suid exec atime noatime sync dirsync _netdev auto noauto user users nouser defaults nofail x-systemd.automount".split()
REFUSED = """ibm_iam_auth ibm_iam_endpoint=https://h credlib=/x.so credlib_opts=a accessKeyId=A
    secretAccessKey=hunter2 servicepath=/p ssl_client_cert=/c ahbe_conf=/f use_sse=custom:/k load_sse_c=/k proxy_cred_file=/f""".split()


@pytest.fixture
def passwd(tmp_path, bucket):
    """passwd("KEY:SECRET\\n"): a key file; without text that of the test server."""

    def write(text=None, mode=0o600, name="passwd-s3fs"):
        path = tmp_path / name
        path.write_text(text if text is not None else f"{bucket.access_key}:{bucket.secret_key}\n")
        path.chmod(mode)
        return path

    return write


class Line(Mount):
    """s3storefs WORDS... -o OPTIONS, with nothing of ours added; keys come from where the options say."""

    def __init__(self, bucket, folder, words, options, environment=None):
        self.words, self.options = words, options
        super().__init__(bucket, folder, environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", **(environment or {})})

    def start(self):
        self.command = [os.fspath(proc.PROGRAM), *self.words, os.fspath(self.path), "-f", "-o", ",".join(self.options)]
        super().start()


@pytest.fixture
def line(mounts, bucket, tmp_path, passwd):
    """line("option", ...): mounts the test server's bucket as s3fs would be told to."""

    def start(*options, word=None, words=None, environment=None, url=True, keys=True):
        more = [f"url={bucket.endpoint_url}", "use_path_request_style"] if url else []
        more += [f"passwd_file={passwd()}"] if keys else []
        words = words if words is not None else [word or bucket.name]
        mount = Line(bucket, tmp_path / f"line{len(mounts)}", words, [*more, *options], environment)
        mounts.append(mount)
        return mount

    return start


def refused(bucket, tmp_path, *options):
    path = tmp_path / "refused"
    path.mkdir(exist_ok=True)
    command = [proc.PROGRAM, bucket.name, path, "-f", "-o", ",".join([f"url={bucket.endpoint_url}", *options])]
    done = proc.run(*command, ok=False, env=proc.clean_environment(**bucket.environment()), time_limit=60)
    assert done.returncode in (1, 2), done.stderr
    assert not mount_line(path)
    return done.stderr


def works(mount):
    (mount.path / "f").write_bytes(b"x")
    assert mount.bucket.read("f") == b"x"


# --- Every option ---------------------------------------------------------------


def test_all_that_asks_for_nothing_is_taken_in_silence(line):
    mount = line(*SILENT)
    works(mount)
    mount.unmount()
    assert "no effect" not in mount.log()


def test_what_has_no_effect_is_told_with_the_reason(line):
    mount = line(*TOLD)
    works(mount)
    for option in TOLD:
        assert f"{option.split('=')[0]} has no effect: " in mount.log()
    assert "disk" in mount.log()


@pytest.mark.parametrize("option", WITH_EFFECT)
def test_each_option_with_an_effect_mounts(line, option):
    works(line(option))


def test_the_words_of_fstab_are_taken_together(line):
    works(line(*WORDS))


@pytest.mark.parametrize("option", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(bucket, tmp_path, option):
    said = refused(bucket, tmp_path, option)
    assert option.split("=")[0] in said
    assert len(said) > 40 and "hunter2" not in said


def test_an_option_that_neither_knows_is_refused_with_the_nearest(bucket, tmp_path):
    assert "did you mean" in refused(bucket, tmp_path, "stat_cache_expir=1")


@pytest.mark.parametrize("option", ["dbglevel=loud", "multipart_size=big", "multipart_size=1", "retries", "readwrite_timeout=soon"])
def test_a_bad_value_is_told_with_the_option_that_was_written(bucket, tmp_path, option):
    assert option.split("=")[0] in refused(bucket, tmp_path, option)


# --- Whole lines ----------------------------------------------------------------


def test_a_usual_line_of_fstab_mounts(line, bucket):
    mount = line(
        *"_netdev allow_other uid=0 gid=0 umask=022 mp_umask=022 use_cache=/tmp dbglevel=warn retries=5 parallel_count=15".split(),
        *"multipart_size=10 multireq_max=5 stat_cache_expire=30 kernel_cache max_background=1000 nonempty".split(),
        word=f"{bucket.name}:/media/files",
    )
    (mount.path / "f").write_bytes(b"x")
    assert bucket.keys() == ["media/files/f"]


def test_bucket_may_be_an_option(line, bucket):
    mount = line(f"bucket={bucket.name}:/media", words=[])
    (mount.path / "f").write_bytes(b"x")
    assert bucket.keys() == ["media/f"]


@pytest.mark.parametrize("name", ["endpoint", "region"])
def test_endpoint_is_a_region_and_an_address_by_its_form(line, server, bucket, name):
    line(f"{name}=eu-west-9")
    # The server corrects it, from the second request on.
    assert "/eu-west-9/s3/aws4_request" in server.log_entries()[0]["headers"]["authorization"]
    works(line(f"endpoint={bucket.endpoint_url}", "use_path_request_style", url=False))


def test_host_is_an_address_too(line, bucket):
    works(line(f"host={bucket.endpoint_url}/", "use_path_request_style", url=False))


def test_the_letters_of_s3fs_are_taken(bucket, tmp_path, mounts, passwd):
    class WithLetters(Line):
        def start(self):
            self.options = [f"url={bucket.endpoint_url}", "use_path_request_style", f"passwd_file={passwd()}"]
            self.words = [bucket.name, "-s", "-d"]
            super().start()

    mounts.append(WithLetters(bucket, tmp_path / "letters", [], []))
    works(mounts[-1])
    assert " debug " in mounts[-1].log()


def test_mount_8_calls_us_for_fuse_s3storefs(bucket, tmp_path, passwd):
    """mount -t fuse.s3storefs finds the program on the path, as it does for s3fs."""
    path = tmp_path / "mnt"
    path.mkdir()
    options = f"url={bucket.endpoint_url},use_path_request_style,passwd_file={passwd()},_netdev,rw,allow_other"
    env = proc.clean_environment(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    # mount(8) gives its helper a path of its own.
    program = pathlib.Path("/usr/local/bin/s3storefs")
    if program.exists() or os.geteuid() != 0 or not pathlib.Path("/sbin/mount.fuse").exists():
        pytest.skip("needs root, /sbin/mount.fuse and no s3storefs that is installed")
    program.symlink_to(proc.PROGRAM)
    try:
        proc.run("mount", "-t", "fuse.s3storefs", bucket.name, path, "-o", options, env=env, time_limit=60)
        (path / "f").write_bytes(b"x")
        assert bucket.read("f") == b"x"
        assert "fuse.s3storefs" in mount_line(path)
    finally:
        program.unlink()
        if mount_line(path):
            subprocess.run(["umount", path], timeout=60)


# --- What they do -----------------------------------------------------------------


def headers_of_put(server, mount):
    server.reset()
    works(mount)
    return next(e["headers"] for e in server.log_entries() if e["op"] == "PutObject")


@pytest.mark.parametrize(
    "option, header, value",
    [
        ("default_acl=public-read", "x-amz-acl", "public-read"),
        ("storage_class=standard_ia", "x-amz-storage-class", "STANDARD_IA"),
        ("use_rrs=1", "x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("use_rrs=0", "x-amz-storage-class", None),
        ("use_sse", "x-amz-server-side-encryption", "AES256"),
        ("use_sse=1", "x-amz-server-side-encryption", "AES256"),
        ("use_sse=0", "x-amz-server-side-encryption", None),
        ("use_sse=kmsid:key-1", "x-amz-server-side-encryption-aws-kms-key-id", "key-1"),
        ("use_sse=k:key-1", "x-amz-server-side-encryption", "aws:kms"),
        ("requester_pays", "x-amz-request-payer", "requester"),
        ("enable_unsigned_payload", "x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
    ],
)
def test_what_is_stored_has_the_header(line, server, option, header, value):
    assert headers_of_put(server, line(option)).get(header) == value


def test_sigv2_signs_the_old_way(line, server):
    assert headers_of_put(server, line("sigv2"))["authorization"].startswith("AWS ")


def test_a_public_bucket_is_not_signed(line, new_server):
    server = new_server("--no-auth")
    server.bucket.put("f", b"public")
    mount = line("public_bucket=1", f"url={server.url}", url=False, keys=False)
    server.reset()
    assert (mount.path / "f").read_bytes() == b"public"
    assert all("authorization" not in e["headers"] for e in server.log_entries())


def test_multipart_size_is_in_mebibytes(line, server):
    mount = line("multipart_size=6", "multipart_threshold=7")
    server.reset()
    (mount.path / "small").write_bytes(bytes(7 * MIB))
    assert "CreateMultipartUpload" not in server.requests()
    (mount.path / "large").write_bytes(bytes(13 * MIB))
    assert server.requests()["UploadPart"] == 3


def test_retries_counts_all_tries(line, server):
    mount = line("retries=2")
    mount.expect_errors()
    server.fault("HeadObject", count=0, status=503, code="SlowDown", message="later")
    server.reset()
    with pytest.raises(OSError):
        os.stat(mount.path / "f")
    assert server.requests()["HeadObject"] == 2


# --- Keys -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["{k}:{s}\n", "# mine\n{b}:{k}:{s}\nother:A:B\n", "AWSAccessKeyId={k}\nAWSSecretKey={s}\n", "A:B\n{b}:{k}:{s} \n"],
    ids=["general", "bucket", "named", "bucket-beats-general"],
)
def test_every_form_of_key_file_works(line, bucket, passwd, text):
    path = passwd(text.format(b=bucket.name, k=bucket.access_key, s=bucket.secret_key), name="keys")
    works(line(f"passwd_file={path}", keys=False))


def test_a_key_file_beats_the_environment(line, bucket):
    works(line(environment={"AWS_ACCESS_KEY_ID": "WRONG", "AWS_SECRET_ACCESS_KEY": "wrong"}))


def test_the_file_at_home_is_the_last_source(line, bucket, passwd, tmp_path):
    passwd(name=".passwd-s3fs")
    works(line(keys=False, environment={"HOME": os.fspath(tmp_path)}))


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o700])
def test_a_key_file_that_others_can_read_or_run_is_refused(bucket, passwd, tmp_path, mode):
    said = refused(bucket, tmp_path, f"passwd_file={passwd(mode=mode)}")
    assert "chmod 600" in said and bucket.secret_key not in said


@pytest.mark.parametrize("text", ["A B:C\n", "[default]\n", "A:B\nC:D\n", "A\n", ""], ids=["blank", "section", "twice", "half", "empty"])
def test_a_bad_key_file_is_told_with_its_name(bucket, passwd, tmp_path, text):
    path = passwd(text, name="bad")
    assert os.fspath(path) in refused(bucket, tmp_path, f"passwd_file={path}")


def test_a_key_file_that_is_not_there_is_named(bucket, tmp_path):
    assert "/no/such/file" in refused(bucket, tmp_path, "passwd_file=/no/such/file")


# --- The log -----------------------------------------------------------------------


def test_a_log_file_may_be_moved_away(line, tmp_path):
    log = tmp_path / "s3.log"
    mount = line(f"logfile={log}", "dbglevel=info")
    works(mount)
    assert " info " in log.read_text()
    log.rename(tmp_path / "s3.log.1")
    mount.unmount()
    assert mount.log() == ""


def test_a_log_file_that_cannot_be_written_stops_the_start(bucket, tmp_path):
    assert "/no/such/folder/log" in refused(bucket, tmp_path, "logfile=/no/such/folder/log")
