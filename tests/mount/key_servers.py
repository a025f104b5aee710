# SPDX-License-Identifier: MIT
"""Those who hand out keys: a container's agent, the metadata of an instance, STS. On loopback, in threads."""

import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse


class Keys:
    """One set of keys as it is handed out. life: seconds until they end; None: they do not."""

    def __init__(self, access_key, secret_key="s", token="token", life=21000):
        self.access_key, self.secret_key, self.token, self.life = access_key, secret_key, token, life

    def expiration(self):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.life))

    def metadata(self):
        answer = {"Code": "Success", "AccessKeyId": self.access_key, "SecretAccessKey": self.secret_key, "Token": self.token}
        return json.dumps({**answer, **({"Expiration": self.expiration()} if self.life is not None else {})})

    def process(self):
        answer = {"Version": 1, "AccessKeyId": self.access_key, "SecretAccessKey": self.secret_key}
        answer.update({"SessionToken": self.token} if self.token else {})
        return json.dumps({**answer, **({"Expiration": self.expiration()} if self.life is not None else {})})

    def xml(self, action):
        return f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><AssumedRoleUser><Arn>x</Arn>
            </AssumedRoleUser><Credentials><AccessKeyId>{self.access_key}</AccessKeyId>
            <SecretAccessKey>{self.secret_key}</SecretAccessKey><SessionToken>{self.token}</SessionToken>
            <Expiration>{self.expiration()}</Expiration></Credentials></{action}Result></{action}Response>"""


class KeyServer:
    """
    A server in a thread. keys is what it hands out now; asked has (method, path) of each request, headers what came
    with the last. answer is a (status, body) that it gives instead.
    """

    def __init__(self, keys):
        self.keys, self.asked, self.headers, self.answer = keys, [], {}, None
        self.silent = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                outer.asked.append((self.command, self.path))
                outer.headers = {name.lower(): value for name, value in self.headers.items()}
                if outer.silent.is_set():
                    time.sleep(4)
                status, text = outer.answer or outer.serve(self.command, self.path, outer.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_POST = do_CONNECT = handle_one

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a client that gave up

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def count(self, word):
        """How many requests had word in their path."""
        return sum(word in path for _, path in self.asked)


class Proxy(KeyServer):
    """It lets nobody through; asked says where to."""

    def serve(self, method, path, headers, body):
        return 502, ""


class Container(KeyServer):
    """An agent of containers; with authorization it wants to see that."""

    PATH = "/v2/credentials?id=1"
    authorization = None

    def environment(self, **more):
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url + self.PATH, **more}

    def serve(self, method, path, headers, body):
        if method != "GET" or path != self.PATH:
            return 404, '{"code": "NotFound", "message": "no such task"}'
        if headers.get("authorization") != self.authorization:
            return 401, '{"code": "InvalidToken", "message": "no such token"}'
        return 200, self.keys.metadata()


class Instance(KeyServer):
    """The metadata of an instance with roles; version 1 alone if has_token is False."""

    ROLES = "/latest/meta-data/iam/security-credentials/"
    has_token = True
    token_status = 404
    roles = ("web-role", "other+role@x")

    def environment(self, **more):
        return {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url, **more}

    def serve(self, method, path, headers, body):
        if (method, path) == ("PUT", "/latest/api/token"):
            if not self.has_token:
                return self.token_status, ""
            return (200, "the-token") if headers.get("x-aws-ec2-metadata-token-ttl-seconds") == "21600" else (400, "")
        if self.has_token and headers.get("x-aws-ec2-metadata-token") != "the-token":
            return 401, ""
        if path == self.ROLES:
            return (200, "\n".join(self.roles)) if self.roles else (404, "")
        if path.startswith(self.ROLES) and path[len(self.ROLES) :] in self.roles:
            return 200, self.keys.metadata()
        return 404, ""


def signature(secret, authorization, method, path, headers, body):
    """What Signature Version 4 comes to, for a request without query."""
    fields = dict(part.strip().split("=", 1) for part in authorization.split(" ", 1)[1].split(","))
    _, day, region, service, _ = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    lines = [method, path, "", *(f"{name}:{headers[name]}" for name in names), "", ";".join(names)]
    canonical = "\n".join([*lines, hashlib.sha256(body.encode()).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return fields, hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Sts(KeyServer):
    """STS. secrets: access key -> (secret, token or None) of those who may assume a role; tokens: web identities."""

    def __init__(self, keys, secrets=None, tokens=()):
        super().__init__(keys)
        self.secrets, self.tokens, self.forms, self.scopes = secrets or {}, set(tokens), [], []

    def environment(self, **more):
        return {"AWS_ENDPOINT_URL_STS": self.url, **more}

    @staticmethod
    def error(code, message):
        return 403, f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"

    def serve(self, method, path, headers, body):
        form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
        self.forms.append(form)
        if method != "POST" or form.get("Version") != "2011-06-15":
            return self.error("InvalidAction", "what?")
        if form["Action"] == "AssumeRoleWithWebIdentity":
            if "authorization" in headers or form.get("WebIdentityToken") not in self.tokens:
                return self.error("InvalidIdentityToken", "no such identity")
            return 200, self.keys.xml(form["Action"])
        fields, right = signature("", headers["authorization"], method, path, headers, body)
        access_key, _, region, service, _ = fields["Credential"].split("/")
        secret, token = self.secrets.get(access_key, ("", None))
        _, right = signature(secret, headers["authorization"], method, path, headers, body)
        if fields["Signature"] != right or headers.get("x-amz-security-token") != token or service != "sts":
            return self.error("SignatureDoesNotMatch", "wrongly signed")
        self.scopes.append(region)
        return 200, self.keys.xml(form["Action"])
