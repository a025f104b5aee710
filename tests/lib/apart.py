# SPDX-License-Identifier: MIT
"""
A mount in a network namespace of its own: nothing but the server is shared.

Each namespace has its own loopback, so the bytes of a connection go from the
namespace's loopback to a socket in the filesystem and from there to the server.
"""

import contextlib
import ctypes
import fcntl
import os
import socket
import socketserver
import struct
import sys
import threading

from mount import Mount

SIOCSIFFLAGS = 0x8914
IFF_UP = 1
PR_SET_PDEATHSIG = 1
SIGTERM = 15


def pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 18):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        family, address = self.server.target
        with socket.socket(family) as there:
            there.connect(address)
            back = threading.Thread(target=pump, args=(there, self.request))
            back.start()
            pump(self.request, there)
            back.join()


class FromLoopback(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    request_queue_size = 128


class FromFile(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


class MountApart(Mount):
    """As Mount; an endpoint on this machine's loopback is all that it reaches."""

    def start(self):
        port = int(self.bucket.endpoint_url.rsplit(":", 1)[1])
        path = os.fspath(self.folder / "to-server")
        relay = FromFile(path, Handler)
        relay.target = (socket.AF_INET, ("127.0.0.1", port))
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        self.command = ["unshare", "--net", sys.executable, os.path.abspath(__file__), path, str(port), *self.command]
        super().start()


def become(path, port, command):
    """In the new namespace: a child relays, this process becomes the command."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    relay = FromLoopback(("127.0.0.1", port), Handler)
    relay.target = (socket.AF_UNIX, path)
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGTERM)
        relay.serve_forever()
    relay.server_close()
    os.execv(command[0], command)


if __name__ == "__main__":
    become(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
