# SPDX-License-Identifier: MIT
"""AWS_S3_PROXIES, through a real proxy that logs who comes by: tinyproxy."""

import re
import socket
import subprocess

import proc
import pytest
from mount import Mount, mount_line
from servers import free_ports

USER, PASSWORD = "me", "pass-w0rd"
QUOTED = "me:pass%2Dw0rd"


class Proxy:
    def __init__(self, folder, *lines):
        folder.mkdir()
        self.port = free_ports(1)
        self.at = f"127.0.0.1:{self.port}"
        self.log_path = folder / "log"
        config = folder / "conf"
        config.write_text(
            "\n".join(
                [
                    f"Port {self.port}",
                    "Listen 127.0.0.1",
                    "Allow 127.0.0.1",
                    f'LogFile "{self.log_path}"',
                    "LogLevel Connect",
                    "MaxClients 100",
                    *lines,
                    "",
                ]
            )
        )
        self.process = subprocess.Popen(
            ["tinyproxy", "-d", "-c", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        proc.wait_until(self.answers, what="the proxy")

    def answers(self):
        with socket.socket() as there:
            return there.connect_ex(("127.0.0.1", self.port)) == 0

    def requests(self, method):
        """The log's lines of requests of this method."""
        return [line for line in self.log_path.read_text().splitlines() if re.search(rf"Request .*: {method} ", line)]

    def stop(self):
        proc.end(self.process)


@pytest.fixture
def new_proxy(after_mounts, tmp_path):
    count = 0

    def start(*lines):
        nonlocal count
        count += 1
        proxy = Proxy(tmp_path / f"proxy{count}", *lines)
        after_mounts.callback(proxy.stop)
        return proxy

    return start


@pytest.fixture
def proxy(new_proxy):
    return new_proxy()


@pytest.fixture
def tls_bucket(rgw, after_mounts):
    bucket = rgw.bucket("https-path")
    after_mounts.callback(bucket.remove)
    return bucket


def store(mount):
    (mount.path / "f").write_bytes(b"through")
    assert mount.bucket.read("f") == b"through"


def refused(bucket, tmp_path, config=None, environment=None, **options):
    path = tmp_path / "refused"
    path.mkdir(exist_ok=True)
    command = Mount.command_line(bucket, path, config=config, options=options)
    env = proc.clean_environment(**{**bucket.environment(), **(environment or {})})
    done = proc.run(*command, ok=False, env=env, time_limit=60)
    assert done.returncode in (1, 2), done.stderr
    assert not mount_line(path)
    return done.stderr


@pytest.mark.parametrize("form", ["{at}", "//{at}", "http://{at}", "http://{at}/"])
def test_plain_http_goes_through_the_proxy_in_every_form(bucket, proxy, new_mount, form):
    store(new_mount(bucket, proxies=f"{{'http': '{form.format(at=proxy.at)}'}}"))
    assert proxy.requests("PUT") and not proxy.requests("CONNECT")


def test_https_goes_through_a_tunnel(tls_bucket, proxy, new_mount):
    store(new_mount(tls_bucket, proxies=f"{{'https': '{proxy.at}'}}"))
    assert proxy.requests("CONNECT") and not proxy.requests("PUT")
    host = tls_bucket.endpoint_url.removeprefix("https://")
    assert all(f" CONNECT {host} " in line for line in proxy.requests("CONNECT"))


def test_a_proxy_for_the_other_scheme_is_not_used(bucket, proxy, new_mount):
    store(new_mount(bucket, proxies=f"{{'https': '{proxy.at}'}}"))
    assert not proxy.requests("PUT")


@pytest.mark.parametrize("key", ["http://127.0.0.1", "http://{host}"], ids=["host", "host-and-port"])
def test_the_more_specific_key_wins(bucket, new_proxy, new_mount, key):
    general, special = new_proxy(), new_proxy()
    key = key.format(host=bucket.endpoint_url.removeprefix("http://"))
    store(new_mount(bucket, proxies=f"{{'http': '{general.at}', '{key}': '{special.at}'}}"))
    assert special.requests("PUT") and not general.requests("PUT")


def test_a_key_for_another_host_does_not_count(bucket, proxy, new_mount):
    store(new_mount(bucket, proxies=f"{{'http://127.0.0.2': '{proxy.at}', 'http://127.0.0.1:1': '{proxy.at}'}}"))
    assert not proxy.requests("PUT")


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_without_the_setting_the_environment_counts(bucket, proxy, new_mount, name):
    store(new_mount(bucket, environment={name: f"http://{proxy.at}"}))
    assert proxy.requests("PUT")


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_the_environments_proxy_for_https(tls_bucket, proxy, new_mount, name):
    store(new_mount(tls_bucket, environment={name: f"http://{proxy.at}"}))
    assert proxy.requests("CONNECT")


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_hosts_of_no_proxy_go_without(bucket, proxy, new_mount, name):
    store(new_mount(bucket, environment={"http_proxy": f"http://{proxy.at}", name: "example.com,127.0.0.1"}))
    assert not proxy.requests("PUT")


def test_an_empty_map_switches_the_environment_off(bucket, proxy, new_mount):
    store(new_mount(bucket, proxies="{}", environment={"http_proxy": f"http://{proxy.at}"}))
    assert not proxy.requests("PUT")


def test_the_setting_wins_over_the_environment_with_its_no_proxy(bucket, new_proxy, new_mount):
    ours, theirs = new_proxy(), new_proxy()
    environment = {"http_proxy": f"http://{theirs.at}", "no_proxy": "127.0.0.1"}
    store(new_mount(bucket, proxies=f"{{'http': '{ours.at}'}}", environment=environment))
    assert ours.requests("PUT") and not theirs.requests("PUT")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_user_and_password_are_shown_to_the_proxy(bucket, tls_bucket, new_proxy, new_mount, settings, scheme):
    proxy = new_proxy(f"BasicAuth {USER} {PASSWORD}")
    config = settings(f"AWS_S3_PROXIES = {{'{scheme}': 'http://{QUOTED}@{proxy.at}'}}")
    mount = new_mount(bucket if scheme == "http" else tls_bucket, config=config, log_level="debug")
    store(mount)
    assert proxy.requests("PUT" if scheme == "http" else "CONNECT")
    assert PASSWORD not in mount.log() and QUOTED not in mount.log()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("who", ["", "me:wrong-pass@"], ids=["nobody", "wrong"])
def test_a_wrong_password_for_the_proxy_is_told(bucket, tls_bucket, new_proxy, settings, tmp_path, scheme, who):
    proxy = new_proxy(f"BasicAuth {USER} {PASSWORD}")
    config = settings(f"AWS_S3_PROXIES = {{'{scheme}': 'http://{who}{proxy.at}'}}")
    said = refused(bucket if scheme == "http" else tls_bucket, tmp_path, config=config)
    assert "AWS_S3_PROXIES" in said and "password" in said
    assert "wrong-pass" not in said


def test_a_proxy_that_is_not_there_is_told(bucket, tmp_path):
    port = free_ports(1)
    said = refused(bucket, tmp_path, proxies=f"{{'http': '127.0.0.1:{port}'}}", attempts=2)
    assert str(port) in said


def test_a_password_is_refused_on_the_command_line(bucket, tmp_path):
    said = refused(bucket, tmp_path, proxies="{'http': 'http://me:verysecret@127.0.0.1:1'}")
    assert "AWS_S3_PROXIES" in said and "ps" in said
    assert "verysecret" not in said


def test_a_password_is_refused_in_a_file_that_others_can_read(bucket, settings, tmp_path):
    config = settings("AWS_S3_PROXIES = {'http': 'http://me:verysecret@127.0.0.1:1'}", mode=0o644)
    said = refused(bucket, tmp_path, config=config)
    assert "chmod 600" in said
    assert "verysecret" not in said


def test_a_password_is_taken_from_the_environment(bucket, new_proxy, new_mount):
    proxy = new_proxy(f"BasicAuth {USER} {PASSWORD}")
    store(new_mount(bucket, environment={"AWS_S3_PROXIES": f"{{'http': 'http://{QUOTED}@{proxy.at}'}}"}))
    assert proxy.requests("PUT")


@pytest.mark.parametrize(
    "value, words",
    [
        ("{'ftp': 'h:1'}", "'http' nor 'https'"),
        ("{'http': 1}", "not a text"),
        ("{'http': 'ftp://h:1'}", "proxy"),
        ("{'http': 'h:1/path'}", "proxy"),
        ("h:1", "AWS_S3_PROXIES"),
    ],
)
def test_what_is_no_map_of_proxies_is_told(bucket, tmp_path, value, words):
    assert words in refused(bucket, tmp_path, proxies=value)


@pytest.mark.parametrize("has_port", [True, False], ids=["host-and-port", "host"])
def test_the_proxy_of_the_first_boto(bucket, proxy, new_mount, has_port):
    if has_port:
        mount = new_mount(bucket, s3_proxy_host=None, proxy_host="127.0.0.1", proxy_port=proxy.port)
    else:
        mount = new_mount(bucket, proxy_host=proxy.at)
    store(mount)
    assert proxy.requests("PUT")


def test_the_proxies_of_a_client_config(bucket, proxy, new_mount):
    store(new_mount(bucket, addressing_style=None, client_config=f"{{'proxies': {{'http': '{proxy.at}'}}, 's3': {{'addressing_style': 'path'}}}}"))
    assert proxy.requests("PUT")
