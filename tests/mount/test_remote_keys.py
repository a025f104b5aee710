# SPDX-License-Identifier: MIT
"""
Keys that others hand out: a container's agent, the metadata of an instance, STS, a process. What is asked of them,
in which order, and what a mount does when keys end.
"""

import os
import re
import shlex
import subprocess
import threading
import time

import proc
import pytest
from bucket import Bucket
from key_servers import Container, Instance, Keys, Proxy, Sts
from mount import Mount, mount_line
from servers import ACCESS_KEY, SECRET_KEY
from tool import Tool

NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
TOKEN = "session/token+="
ARN = "arn:aws:iam::123456789012:role/web"


@pytest.fixture
def strict_server(new_server):
    """It verifies signatures, and wants the token."""
    return new_server("--session-token", TOKEN)


@pytest.fixture
def good():
    """Keys that this server takes."""
    return Keys(ACCESS_KEY, SECRET_KEY, TOKEN)


@pytest.fixture
def open_server(new_server):
    """It takes any keys: what counts is what requests are signed with."""
    return new_server("--no-auth")


@pytest.fixture
def serve(after_mounts):
    """serve(Container, keys): a server of keys that ends with the test."""

    def start(kind, *args, **more):
        server = kind(*args, **more)
        after_mounts.callback(server.stop)
        return server

    return start


@pytest.fixture
def config(tmp_path):
    """config("[default]\\n..."): variables that name it as ~/.aws/config; credentials as ~/.aws/credentials."""

    def write(text="", credentials=""):
        for name, content in (("config", text), ("credentials", credentials)):
            (tmp_path / name).write_text(content)
            (tmp_path / name).chmod(0o600)
        return {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}

    return write


def works(mount):
    (mount.path / "f").write_bytes(b"x")
    assert (mount.path / "f").read_bytes() == b"x"
    os.unlink(mount.path / "f")
    mount.sync()


def signers(server):
    """Access key and token of every request that was logged, in order of first use."""
    found = []
    for entry in server.log_entries():
        match = re.search(r"Credential=([^/]+)/", entry["headers"].get("authorization", ""))
        pair = (match and match[1], entry["headers"].get("x-amz-security-token"))
        if pair not in found:
            found.append(pair)
    return found


def check(bucket, environment, status=0, **settings):
    """s3storefs check, which ends where a mount would: what it said, and in how many seconds."""
    tool = Tool(bucket, **settings)
    tool.environment = {**NO_KEYS, **environment}
    began = time.monotonic()
    done = tool.run("check", "--read-only", bucket.name)
    seconds = time.monotonic() - began
    assert (done.returncode == 0) == (status == 0), done.stdout + done.stderr
    return done.stdout + done.stderr, seconds


def refused(bucket, environment, **settings):
    """One line, and why."""
    said, seconds = check(bucket, environment, status=2, **settings)
    lines = [line for line in said.splitlines() if line.startswith("s3storefs")]
    assert len(lines) == 1, said
    return lines[0], seconds


# --- Containers -----------------------------------------------------------------


@pytest.mark.parametrize("how", ["none", "variable", "file", "file before variable"])
def test_a_containers_agent_has_the_keys(new_mount, strict_server, serve, good, tmp_path, how):
    agent = serve(Container, good)
    environment = agent.environment()
    if "variable" in how:
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic abc" if how == "variable" else "wrong"
    if "file" in how:
        (tmp_path / "token").write_text("Basic abc")
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(tmp_path / "token")
    agent.authorization = None if how == "none" else "Basic abc"
    mount = new_mount(strict_server.bucket, environment={**NO_KEYS, **environment})
    works(mount)
    assert agent.asked == [("GET", Container.PATH)]
    assert agent.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "url, why",
    [
        ("http://192.0.2.1/keys", "https://"),
        ("http://localhost.example.com/keys", "https://"),
        ("http://127.0.0.1@192.0.2.1/keys", "user name"),
        ("ftp://127.0.0.1/keys", "http://"),
    ],
)
def test_the_token_is_not_sent_to_others_without_tls(open_server, url, why):
    environment = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "hunter2"}
    said, seconds = refused(open_server.bucket, environment)
    assert why in said and "hunter2" not in said and seconds < 3


def test_a_token_with_a_newline_is_refused(open_server, serve, good, tmp_path):
    agent = serve(Container, good)
    (tmp_path / "token").write_text("hunter2\r\nx-other: 1\n")
    said, _ = refused(open_server.bucket, agent.environment(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(tmp_path / "token")))
    assert "newline" in said and "hunter" not in said and not agent.asked


def test_a_missing_token_file_is_named(open_server, serve, good):
    agent = serve(Container, good)
    said, _ = refused(open_server.bucket, agent.environment(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="/no/such/token"))
    assert "/no/such/token" in said and not agent.asked


def test_an_agent_that_fails_is_asked_three_times_and_then_named(open_server, serve, good):
    agent = serve(Container, good)
    agent.answer = (500, '{"message": "out of order"}')
    instance = serve(Instance, good)
    said, seconds = refused(open_server.bucket, {**instance.environment(), **agent.environment()})
    assert "out of order" in said and len(agent.asked) == 3 and 1.5 < seconds < 8
    assert not instance.asked, "what is set up and fails is not passed over"


@pytest.mark.parametrize(
    "body",
    ["", "no json", "[]", "{}", '{"AccessKeyId": "A"}', '{"AccessKeyId": "A", "SecretAccessKey": 1}', "x" * 70000]
    + ['{"AccessKeyId": "A\\nB", "SecretAccessKey": "hunter2"}', '{"AccessKeyId": "A", "SecretAccessKey": "hunter2", "Expiration": "soon"}'],
    ids=["empty", "no-json", "list", "object", "half", "number", "long", "newline", "date"],
)
def test_an_answer_that_is_none_is_refused_in_a_line(open_server, serve, good, body):
    agent = serve(Container, good)
    agent.answer = (200, body)
    said, _ = refused(open_server.bucket, agent.environment())
    assert "container" in said and "hunter2" not in said


# --- Instances ------------------------------------------------------------------


def test_an_instance_gives_its_first_role(new_mount, strict_server, serve, good):
    instance = serve(Instance, good)
    mount = new_mount(strict_server.bucket, environment={**NO_KEYS, **instance.environment()})
    works(mount)
    assert instance.asked == [
        ("PUT", "/latest/api/token"),
        ("GET", Instance.ROLES),
        ("GET", Instance.ROLES + "web-role"),
    ]


@pytest.mark.parametrize("status", [403, 404, 405])
def test_without_version_2_it_is_version_1(new_mount, strict_server, serve, good, status):
    instance = serve(Instance, good)
    instance.has_token, instance.token_status = False, status
    works(new_mount(strict_server.bucket, environment={**NO_KEYS, **instance.environment()}))
    assert "x-aws-ec2-metadata-token" not in instance.headers


def test_version_1_can_be_switched_off(open_server, serve, good):
    instance = serve(Instance, good)
    instance.has_token = False
    said, _ = refused(open_server.bucket, instance.environment(AWS_EC2_METADATA_V1_DISABLED="true"))
    assert "AWS_EC2_METADATA_V1_DISABLED" in said and len(instance.asked) == 1


def test_a_role_by_name_needs_no_list(new_mount, strict_server, serve, good):
    instance = serve(Instance, good)
    environment = {**NO_KEYS, **instance.environment()}
    works(new_mount(strict_server.bucket, environment=environment, credential_source="instance", instance_role="other+role@x"))
    assert instance.count("credentials/") == 1 and instance.asked[-1][1].endswith("other+role@x")


def test_an_instance_without_role_is_told(open_server, serve, good):
    instance = serve(Instance, good)
    instance.roles = ()
    said, _ = refused(open_server.bucket, instance.environment())
    assert "no credentials" in said and "this machine has no role" in said
    said, _ = refused(open_server.bucket, instance.environment(), credential_source="instance", instance_role="nobody")
    assert "no role nobody" in said


def test_a_role_that_is_no_name_is_refused(open_server, serve, good):
    instance = serve(Instance, good)
    said, _ = refused(open_server.bucket, instance.environment(), credential_source="instance", instance_role="../../user-data")
    assert "instance_role" in said and not instance.asked
    instance.roles = ("../user-data",)
    said, _ = refused(open_server.bucket, instance.environment())
    assert "no list of roles" in said and instance.count("user-data") == 0


def test_metadata_that_is_switched_off_is_not_asked(open_server, serve, good):
    instance = serve(Instance, good)
    said, seconds = refused(open_server.bucket, instance.environment(AWS_EC2_METADATA_DISABLED="true"))
    assert "AWS_EC2_METADATA_DISABLED" in said and not instance.asked and seconds < 1.5


def test_nobody_there_is_found_out_in_a_second(open_server, serve, good, tmp_path):
    instance = serve(Instance, good)
    instance.silent.set()
    said, seconds = refused(open_server.bucket, instance.environment())
    assert "no credentials" in said and instance.url in said and seconds < 4
    # Nobody listens at all.
    said, seconds = refused(open_server.bucket, instance.environment(AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1"))
    assert "no credentials" in said and seconds < 2


def test_metadata_has_the_time_and_the_tries_of_its_variables(open_server, serve, good):
    instance = serve(Instance, good)
    instance.answer = (500, "")
    said, seconds = refused(open_server.bucket, instance.environment(AWS_METADATA_SERVICE_NUM_ATTEMPTS="3"))
    assert len(instance.asked) == 3 and "status 500" in said and 1.5 < seconds < 4
    # It answers after 4 seconds.
    instance.answer = None
    instance.silent.set()
    said, seconds = check(open_server.bucket, instance.environment(AWS_METADATA_SERVICE_TIMEOUT="6"))
    assert "instance metadata, role web-role" in said and seconds > 11


def test_a_proxy_of_the_settings_is_not_for_metadata(open_server, serve, good):
    instance = serve(Instance, good)
    said, _ = check(open_server.bucket, instance.environment(), AWS_S3_PROXIES="{}")
    assert "instance metadata, role web-role" in said
    environment = instance.environment(http_proxy="http://127.0.0.1:1", https_proxy="http://127.0.0.1:1", no_proxy="")
    Tool(open_server.bucket)  # the server itself is out of reach then, the keys are not
    said, _ = refused(open_server.bucket, environment, attempts="1")
    assert instance.count(Instance.ROLES) > 2 and "credentials" not in said


# --- STS ------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["environment", "profile"])
def test_a_web_identity_is_a_role(new_mount, strict_server, serve, good, config, tmp_path, where):
    sts = serve(Sts, good, tokens=["jwt.of.us"])
    (tmp_path / "jwt").write_text("jwt.of.us")
    environment = {**NO_KEYS, **sts.environment()}
    if where == "environment":
        environment.update(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN=ARN, AWS_ROLE_SESSION_NAME="us")
    else:
        environment.update(
            config(f"[default]\nrole_arn = {ARN}\nweb_identity_token_file = {tmp_path}/jwt\nrole_session_name = us\n")
        )
    works(new_mount(strict_server.bucket, environment=environment))
    assert sts.forms == [
        {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": ARN,
            "RoleSessionName": "us",
            "WebIdentityToken": "jwt.of.us",
        }
    ]


def test_a_refusal_of_sts_is_told_in_its_words(open_server, serve, good, tmp_path):
    sts = serve(Sts, good)
    (tmp_path / "jwt").write_text("hunter2")
    environment = sts.environment(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN=ARN)
    said, _ = refused(open_server.bucket, environment)
    assert "InvalidIdentityToken: no such identity" in said and "hunter2" not in said and len(sts.forms) == 1
    said, _ = refused(open_server.bucket, {**environment, "AWS_ROLE_ARN": ""})
    assert "AWS_ROLE_ARN" in said
    said, _ = refused(open_server.bucket, {**environment, "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/jwt"})
    assert "/no/jwt" in said


@pytest.mark.parametrize(
    "region, environment, host",
    [
        ("eu-west-3", {}, "sts.eu-west-3.amazonaws.com"),
        ("cn-north-1", {}, "sts.cn-north-1.amazonaws.com.cn"),
        ("eu-west-3", {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, "sts.amazonaws.com"),
        ("eu-west-3", {"AWS_ENDPOINT_URL": "https://all.example.com"}, "all.example.com"),
        ("eu-west-3", {"AWS_ENDPOINT_URL": "https://all.example.com", "AWS_ENDPOINT_URL_STS": "https://s.example.com/"}, "s.example.com"),
        (
            "eu-west-3",
            {"AWS_ENDPOINT_URL_STS": "https://s.example.com", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "sts.eu-west-3.amazonaws.com",
        ),
    ],
)
def test_sts_is_asked_in_its_place_and_through_the_proxy(open_server, serve, tmp_path, region, environment, host):
    proxy = serve(Proxy, None)
    (tmp_path / "jwt").write_text("jwt")
    environment = {**environment, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "jwt"), "AWS_ROLE_ARN": ARN}
    said, _ = refused(open_server.bucket, environment, region_name=region, AWS_S3_PROXIES=repr({"https": proxy.url}))
    assert set(proxy.asked) == {("CONNECT", f"{host}:443")} and "web identity" in said


KEYS_OF = "aws_access_key_id = {0}\naws_secret_access_key = {0}secret\n"


@pytest.mark.parametrize("source", ["profile", "itself", "credentials file", "EcsContainer", "Ec2InstanceMetadata", "Environment"])
def test_a_role_of_a_profile_is_assumed_with_the_keys_of(new_mount, strict_server, serve, good, config, source):
    base = Keys("BASE", "BASEsecret", "basetoken")
    secrets = {"BASE": ("BASEsecret", "basetoken" if source[0] == "E" and source != "Environment" else None)}
    sts = serve(Sts, good, secrets)
    environment = {**NO_KEYS, **sts.environment(AWS_PROFILE="web")}
    settings, credentials, more = {}, "", "source_profile = base\n"
    role = f"[profile web]\nrole_arn = {ARN}\nexternal_id = ex=&1\nrole_session_name = us\nduration_seconds = 900\n"
    if source == "profile":
        more += "[profile base]\n" + KEYS_OF.format("BASE")
    elif source == "itself":
        more = "source_profile = web\n" + KEYS_OF.format("BASE")
    elif source == "credentials file":
        credentials = "[base]\n" + KEYS_OF.format("BASE")
    else:
        more = f"credential_source = {source}\n"
    if source == "EcsContainer":
        environment.update(serve(Container, base).environment())
    elif source == "Ec2InstanceMetadata":
        environment.update(serve(Instance, base).environment())
    elif source == "Environment":
        environment.update(AWS_ACCESS_KEY_ID="BASE", AWS_SECRET_ACCESS_KEY="BASEsecret")
        settings["credential_source"] = "profile"
    works(new_mount(strict_server.bucket, environment={**environment, **config(role + more, credentials)}, **settings))
    assert sts.scopes == ["us-east-1"], "signed, for the bucket's region"
    expected = {"Action": "AssumeRole", "RoleArn": ARN, "RoleSessionName": "us", "ExternalId": "ex=&1", "DurationSeconds": "900"}
    assert sts.forms == [{**expected, "Version": "2011-06-15"}]


def test_a_role_may_need_another_role(open_server, serve, config):
    sts = serve(Sts, Keys("ROLE", "ROLEsecret", "roletoken"), {"BASE": ("BASEsecret", None), "ROLE": ("ROLEsecret", "roletoken")})
    text = f"""[default]\nrole_arn = {ARN}/2\nsource_profile = middle\n[profile middle]\nrole_arn = {ARN}/1
source_profile = base\n[profile base]\n{KEYS_OF.format("BASE")}"""
    said, _ = check(open_server.bucket, {**sts.environment(), **config(text)})
    assert [form["RoleArn"] for form in sts.forms] == [f"{ARN}/1", f"{ARN}/2"]
    assert f"role {ARN}/2 of profile default, expires in 5 h" in said


@pytest.mark.parametrize(
    "text, why",
    [
        ("role_arn = a\n", "source_profile"),
        ("role_arn = a\nsource_profile = x\ncredential_source = Environment\n", "either"),
        ("role_arn = a\nsource_profile = nobody\n", "no profile nobody"),
        ("role_arn = a\nsource_profile = default\n", "circle"),
        ("role_arn = a\nsource_profile = x\n[profile x]\nrole_arn = b\nsource_profile = default\n", "circle"),
        ("role_arn = a\ncredential_source = Moon\n", "Ec2InstanceMetadata"),
        ("role_arn = a\nsource_profile = default\nmfa_serial = m\n" + KEYS_OF.format("A"), "mfa_serial"),
        ("web_identity_token_file = /t\n", "role_arn"),
        ("sso_session = us\nsso_account_id = 1\n", "aws configure export-credentials"),
        ("sso_start_url = https://x\n", "credential_process"),
    ],
)
def test_a_profile_that_does_not_fit_together_is_told(open_server, config, text, why):
    said, _ = refused(open_server.bucket, config("[default]\n" + text))
    assert why in said


# --- Processes ------------------------------------------------------------------


@pytest.fixture
def process(tmp_path):
    """process(script): a command line that runs it."""

    def make(script):
        path = tmp_path / "a process"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        return f'"{path}" one \'two  three\' fo\\ ur "$HOME" ; | *'

    return make


def test_a_process_gives_keys_and_gets_its_words(new_mount, strict_server, good, config, process, tmp_path):
    command = process(f'for word; do echo "<$word>"; done > {tmp_path}/words; echo said >&2; echo {shlex.quote(good.process())}')
    environment = {**NO_KEYS, **config(f"[default]\ncredential_process = {command}\n")}
    mount = new_mount(strict_server.bucket, environment=environment)
    works(mount)
    assert (tmp_path / "words").read_text().split("\n")[:-1] == ["<one>", "<two  three>", "<fo ur>", "<$HOME>", "<;>", "<|>", "<*>"]
    assert "credential_process says: said" in mount.log()


@pytest.mark.parametrize(
    "script, why",
    [
        ("echo locked up >&2; exit 3", "status 3: locked up"),
        ("kill -9 $$", "signal 9"),
        ("echo '{\"Version\": 2}'", "Version"),
        ("echo '{\"Version\": 1}'", "without keys"),
        ("echo no json", "no JSON"),
        ("head -c 100000 /dev/zero", "bytes"),
        ("true", "no JSON"),
    ],
)
def test_a_process_that_fails_is_told(open_server, config, process, script, why):
    said, _ = refused(open_server.bucket, config(f"[default]\ncredential_process = {process(script)}\n"))
    assert why in said and "profile default" in said


@pytest.mark.parametrize("command, why", [("/no/such/program", "/no/such/program"), ("'open", "quote"), ("a\\", "quote")])
def test_a_command_that_cannot_be_run_is_told(open_server, config, command, why):
    said, _ = refused(open_server.bucket, config(f"[default]\ncredential_process = {command}\n"))
    assert why in said


def test_a_command_in_a_file_that_all_can_write_is_not_run(open_server, config, process, good, tmp_path):
    environment = config(f"[default]\ncredential_process = {process(f'touch {tmp_path}/ran')}\n")
    (tmp_path / "config").chmod(0o606)
    said, _ = refused(open_server.bucket, environment)
    assert "chmod o-w" in said and not (tmp_path / "ran").exists()


# --- The order ------------------------------------------------------------------


def test_each_source_stands_aside_for_those_before_it(open_server, serve, config, process, tmp_path):
    instance, agent = serve(Instance, Keys("INSTANCE")), serve(Container, Keys("CONTAINER"))
    web, role = serve(Sts, Keys("WEB"), tokens=["jwt"]), serve(Sts, Keys("ROLE"), {"BASE": ("BASEsecret", None)})
    (tmp_path / "jwt").write_text("jwt")
    passwd = tmp_path / ".passwd-s3fs"
    bucket = open_server.bucket
    environment = {"HOME": str(tmp_path)}

    def expect(source, key):
        open_server.reset()
        said, _ = check(bucket, environment)
        assert source in said and {name for name, _ in signers(open_server)} == {key}

    environment.update(instance.environment())
    expect("instance metadata, role web-role, expires in 5 h", "INSTANCE")
    environment.update(agent.environment())
    expect("container credentials, expires in 5 h", "CONTAINER")
    passwd.write_text("PASSWD:s\n")
    passwd.chmod(0o600)
    expect("passwd-s3fs", "PASSWD")
    text = "[default]\n" + KEYS_OF.format("CONFIG")
    environment.update(config(text))
    expect("profile default", "CONFIG")
    text += f"credential_process = {process('echo ' + shlex.quote(Keys('PROCESS', token=None, life=None).process()))}\n"
    environment.update(config(text))
    expect("credential_process of profile default", "PROCESS")
    credentials = "[default]\n" + KEYS_OF.format("SHARED") + "[base]\n" + KEYS_OF.format("BASE")
    environment.update(config(text, credentials))
    expect("profile default", "SHARED")
    environment.update(web.environment(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN=ARN))
    expect(f"web identity, role {ARN} of the environment", "WEB")
    environment.update(role.environment(), **config(text + f"role_arn = {ARN}\nsource_profile = base\n", credentials))
    expect(f"role {ARN} of profile default", "ROLE")
    environment.update(AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="s")
    expect("environment", "ENV")


@pytest.mark.parametrize("source, key", [("container", "CONTAINER"), ("instance", "INSTANCE"), ("profile", "CONFIG"), ("environment", "ENV")])
def test_a_credential_source_is_the_only_one_asked(open_server, serve, config, source, key):
    environment = {**serve(Instance, Keys("INSTANCE")).environment(), **serve(Container, Keys("CONTAINER")).environment()}
    environment.update(config("[default]\n" + KEYS_OF.format("CONFIG")), AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="s")
    check(open_server.bucket, environment, credential_source=source)
    assert {name for name, _ in signers(open_server)} == {key}


@pytest.mark.parametrize("source", ["container", "profile", "environment"])
def test_a_credential_source_without_keys_is_told(open_server, serve, good, source):
    instance = serve(Instance, good)
    said, _ = refused(open_server.bucket, instance.environment(), credential_source=source)
    assert {"container": "AWS_CONTAINER_CREDENTIALS", "profile": "profile", "environment": "AWS_ACCESS_KEY_ID"}[source] in said
    assert not instance.asked


def test_a_profile_that_was_named_is_not_replaced_by_the_machine(open_server, serve, good, config):
    instance = serve(Instance, good)
    said, _ = refused(open_server.bucket, {**instance.environment(AWS_PROFILE="nobody"), **config()})
    assert "no profile nobody" in said and not instance.asked
    said, _ = refused(open_server.bucket, {**instance.environment(), **config("[profile web]\nregion = r\n")}, session_profile="web")
    assert "profile web" in said and not instance.asked


def test_an_anonymous_mount_asks_nobody(new_mount, open_server, serve, good):
    instance, agent = serve(Instance, good), serve(Container, good)
    environment = {**NO_KEYS, **instance.environment(), **agent.environment()}
    works(new_mount(open_server.bucket, environment=environment, anonymous="true"))
    assert not instance.asked and not agent.asked and signers(open_server) == [(None, None)]


# --- Renewal --------------------------------------------------------------------


def test_keys_are_renewed_before_they_end(new_mount, open_server, serve):
    agent = serve(Container, Keys("FIRST", token="one", life=8))
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **agent.environment()})
    works(mount)
    assert signers(open_server) == [("FIRST", "one")]
    agent.keys = Keys("SECOND", token="two")
    proc.wait_until(lambda: len(agent.asked) == 2, what="the renewal")
    proc.wait_until(lambda: "new credentials from container credentials" in mount.log(), what="its line")
    open_server.reset()
    works(mount)
    assert signers(open_server) == [("SECOND", "two")]
    time.sleep(1.5)
    assert len(agent.asked) == 2, "these are good for hours"


def test_a_web_identity_is_read_anew_for_each_renewal(new_mount, open_server, serve, tmp_path):
    sts = serve(Sts, Keys("FIRST", life=6), tokens=["one"])
    (tmp_path / "jwt").write_text("one")
    environment = sts.environment(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN=ARN)
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **environment})
    sts.tokens, sts.keys = {"two"}, Keys("SECOND")
    (tmp_path / "jwt").write_text("two")
    proc.wait_until(lambda: len(sts.forms) == 2, what="the renewal")
    proc.wait_until(lambda: "new credentials" in mount.log(), what="its line")
    open_server.reset()
    works(mount)
    assert signers(open_server) == [("SECOND", "token")]


def test_a_renewal_that_fails_keeps_the_keys_and_warns_once(new_mount, open_server, serve):
    instance = serve(Instance, Keys("FIRST", life=6))
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **instance.environment()})
    instance.answer = (500, "")
    proc.wait_until(lambda: "keeping the credentials in use" in mount.log(), what="the warning")
    asked = len(instance.asked)
    proc.wait_until(lambda: len(instance.asked) > asked, what="another try")
    works(mount)
    assert mount.log().count("keeping the credentials in use") == 1
    assert signers(open_server) == [("FIRST", "token")]
    instance.answer, instance.keys = None, Keys("SECOND")


def test_a_request_refused_as_expired_goes_again_with_fresh_keys(new_mount, open_server, serve):
    instance = serve(Instance, Keys("FIRST", token="one"))
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **instance.environment()})
    works(mount)
    instance.keys = Keys("SECOND", token="two")
    open_server.reset()
    open_server.fault("PutObject", count=1, status=400, code="ExpiredToken")
    (mount.path / "g").write_bytes(b"x")
    assert signers(open_server)[-1] == ("SECOND", "two") and open_server.requests()["PutObject"] == 2
    assert instance.count("security-credentials/web-role") == 2
    assert open_server.bucket.read("g") == b"x"


def test_many_requests_that_are_refused_at_once_ask_once(new_mount, open_server, serve):
    agent = serve(Container, Keys("FIRST", token="one"))
    for i in range(20):
        open_server.bucket.put(f"f{i}", b"x")
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **agent.environment()})
    names = sorted(os.listdir(mount.path))
    agent.keys = Keys("SECOND", token="two")
    open_server.latency(get=300)
    open_server.faults(*(dict(op="GetObject", count=1, status=403, code="InvalidToken") for _ in names))
    read = {}
    threads = [threading.Thread(target=lambda n=n: read.update({n: (mount.path / n).read_bytes()})) for n in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert read == {name: b"x" for name in names}
    assert len(agent.asked) == 2


def test_without_newer_keys_the_refusal_is_the_answer(new_mount, open_server, serve):
    agent = serve(Container, Keys("FIRST", token="one"))
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **agent.environment()})
    mount.expect_errors()
    open_server.fault("PutObject", count=1, status=400, code="ExpiredToken")
    with pytest.raises(PermissionError):
        (mount.path / "g").write_bytes(b"x")
    assert len(agent.asked) == 2 and open_server.requests()["PutObject"] == 1
    works(mount)


def test_others_go_on_while_a_refused_request_waits_for_keys(new_mount, open_server, serve):
    agent = serve(Container, Keys("FIRST", token="one"))
    open_server.bucket.put("a", b"a")
    open_server.bucket.put("b", b"b")
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **agent.environment()})
    os.listdir(mount.path)
    agent.silent.set()  # each answer takes 4 s, longer than it is waited for
    open_server.fault("PutObject", count=1, status=400, code="ExpiredToken")
    failed = []

    def write():
        try:
            (mount.path / "g").write_bytes(b"x")
        except PermissionError:
            failed.append(True)

    writer = threading.Thread(target=write)
    writer.start()
    proc.wait_until(lambda: len(agent.asked) == 2, what="the question")
    assert (mount.path / "a").read_bytes() == b"a" and (mount.path / "b").read_bytes() == b"b"
    assert writer.is_alive()
    mount.expect_errors()
    agent.silent.clear()
    writer.join(20)
    assert not writer.is_alive()


def test_an_unmount_does_not_wait_for_an_agent(new_mount, open_server, serve):
    agent = serve(Container, Keys("FIRST", life=4))
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **agent.environment()})
    agent.silent.set()
    proc.wait_until(lambda: len(agent.asked) > 1, what="the renewal")
    began = time.monotonic()
    mount.unmount()
    assert time.monotonic() - began < 1.5


# --- What is told ---------------------------------------------------------------


def test_a_start_in_the_background_finds_the_keys_first(open_server, tmp_path):
    path = tmp_path / "mnt"
    path.mkdir()
    command = [proc.PROGRAM, open_server.bucket.name, path, "-o", f"endpoint_url={open_server.url}"]
    began = time.monotonic()
    env = proc.clean_environment(**NO_KEYS, HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="false")
    env.update(AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1")
    done = proc.run(*command, ok=False, env=env)
    try:
        assert done.returncode not in (0, 99) and not mount_line(path)
    finally:
        if mount_line(path):
            subprocess.run(["umount", "-l", path], timeout=20)
    assert time.monotonic() - began < 3
    (said,) = done.stderr.strip().splitlines()
    for word in ("no credentials: set AWS_ACCESS_KEY_ID", "~/.aws/credentials", "instance metadata of http://127.0.0.1:1"):
        assert word in said


def test_no_key_gets_into_the_log(new_mount, open_server, serve, tmp_path):
    sts = serve(Sts, Keys("ACCESSHUNTER", "secrethunter", "tokenhunter", life=5), tokens=["jwthunter"])
    (tmp_path / "jwt").write_text("jwthunter")
    environment = sts.environment(AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "jwt"), AWS_ROLE_ARN=ARN)
    mount = new_mount(open_server.bucket, environment={**NO_KEYS, **environment}, log_level="debug")
    works(mount)
    sts.keys = Keys("ACCESSHUNTER", "secrethunter", "tokenhunter2")
    proc.wait_until(lambda: "new credentials" in mount.log(), what="the renewal")
    assert "hunter" not in mount.log().lower()


# --- s3fs's words ---------------------------------------------------------------


@pytest.mark.parametrize(
    "option, role",
    [("iam_role", "web-role"), ("iam_role=auto", "web-role"), ("iam_role=other+role@x,imdsv1only", "other+role@x"), ("ecs", None)],
)
def test_a_line_of_fstab_for_s3fs_finds_its_keys(mounts, strict_server, serve, good, tmp_path, option, role):
    instance, agent = serve(Instance, good), serve(Container, good)
    bucket = strict_server.bucket

    class Line(Mount):
        @staticmethod
        def command_line(bucket, path, location="", config=None, options=None):
            line = f"url={bucket.endpoint_url},use_path_request_style,{option},_netdev,rw,nofail"
            return [os.fspath(word) for word in (proc.PROGRAM, bucket.name, path, "-f", "-o", line)]

    # Keys in the environment do not count then, as in s3fs.
    keys = {"AWS_ACCESS_KEY_ID": "OTHER", "AWS_SECRET_ACCESS_KEY": "other"}
    mount = Line(bucket, tmp_path / "line", environment={**keys, **instance.environment(), **agent.environment()})
    mounts.append(mount)
    works(mount)
    assert instance.count(role or "/") == (1 if role else 0) and len(agent.asked) == (0 if role else 1)


def test_a_key_file_beside_an_iam_role_is_refused(open_server, tmp_path):
    passwd = tmp_path / "passwd"
    passwd.write_text("A:b\n")
    passwd.chmod(0o600)
    said, _ = refused(open_server.bucket, {}, passwd_file=str(passwd), iam_role="auto")
    assert "passwd_file" in said and "iam_role" in said


def test_a_bucket_of_other_keys_is_not_reached_with_wrong_ones(new_server, serve, good):
    """The server does look at the keys that were handed out."""
    server = new_server()
    agent = serve(Container, Keys(ACCESS_KEY, "wrong", None))
    bucket = Bucket(server.url, ACCESS_KEY, SECRET_KEY, name=server.bucket.name)
    said, _ = refused(bucket, agent.environment())
    assert "container credentials" in said
