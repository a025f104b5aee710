# SPDX-License-Identifier: MIT
"""OpenStack Swift of its own for the tests: the proxy with its S3 API, and one
server each for accounts, containers and objects, on loopback, in one process.

    serve.py DIR    says "listening on http://127.0.0.1:PORT"

DIR exists on a file system with extended attributes, and is the caller's to
remove. Debian: swift-proxy swift-account swift-container swift-object.
"""

import array
import os
import sys

import eventlet
import eventlet.wsgi

eventlet.monkey_patch()

from swift.common import utils  # noqa: E402

ACCESS_KEY = "test:tester"
SECRET_KEY = "testing"

SWIFT_CONF = """
[swift-hash]
swift_hash_path_suffix = tests
[storage-policy:0]
name = default
default = yes
"""

PROXY_CONF = """
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper memory listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:memory]
paste.filter_factory = __main__:memory_factory
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:copy]
use = egg:swift#copy
[filter:versioned_writes]
use = egg:swift#versioned_writes
"""


class Memory:
    """What tempauth wants of a memcached: it keeps nothing."""

    def get(self, key, *_, **__):
        return None

    def set(self, *_, **__):
        pass

    def delete(self, *_, **__):
        pass


def memory_factory(_conf, **_local):
    def filter_app(app):
        def handle(environ, start_response):
            environ["swift.cache"] = Memory()
            return app(environ, start_response)

        return handle

    return filter_app


def serve(port, app):
    """port 0: any free one. Returns the port."""
    from swift.common.http_protocol import SwiftHttpProtocol

    listener = eventlet.listen(("127.0.0.1", port))
    eventlet.spawn(
        eventlet.wsgi.server,
        listener,
        app,
        log=utils.NullLogger(),
        protocol=SwiftHttpProtocol,
        capitalize_response_headers=False,
    )
    return listener.getsockname()[1]


def start_storage(folder, name, controller):
    """With a ring of one device, the server's."""
    from swift.common.ring import RingData

    os.makedirs(f"{folder}/devices/disk", exist_ok=True)
    conf = {"devices": f"{folder}/devices", "mount_check": "false", "swift_dir": folder}
    device = {"id": 0, "region": 1, "zone": 1, "weight": 1, "device": "disk", "meta": ""}
    device |= {"ip": "127.0.0.1", "port": serve(0, controller(conf))}
    device |= {"replication_ip": device["ip"], "replication_port": device["port"]}
    RingData([array.array("H", [0, 0])], [device], part_shift=31).save(f"{folder}/{name}.ring.gz")


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def main(folder):
    # Before any module of Swift reads it.
    utils.SWIFT_CONF_FILE = f"{folder}/swift.conf"
    write(utils.SWIFT_CONF_FILE, SWIFT_CONF)
    write(f"{folder}/proxy.conf", PROXY_CONF.format(folder=folder))

    from swift.account.server import AccountController
    from swift.common.wsgi import loadapp
    from swift.container.server import ContainerController
    from swift.obj.server import ObjectController

    start_storage(folder, "account", AccountController)
    start_storage(folder, "container", ContainerController)
    start_storage(folder, "object", ObjectController)
    port = serve(0, loadapp(f"{folder}/proxy.conf"))
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    eventlet.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
