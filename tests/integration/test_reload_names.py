# SPDX-License-Identifier: ISC
"""A reload whose names no name server resolves: it does not wait for long."""

import socket

import pytest

from test_reload import REFUSED, outcome
from wire import exchange

LAB = 'echo lab { listen = { "unix:DIR/stream", "%s/udp" } }\n'

RESOLVER = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@pytest.fixture(name="silent")
def fixture_silent(namespaces, tmp_path):
    """A host whose name server takes every question and never answers."""
    host = namespaces[0]
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:20 attempts:1\n")
    with host.entered():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server:
        server.bind(("127.0.0.1", 53))
        yield (*host.prefix, "unshare", "--mount", "sh", "-c", RESOLVER,
               str(resolver))


def test_a_silent_name_server(netlabd, silent):
    """By itself, the look-up of one name would take 20 seconds."""
    daemon = netlabd(LAB % "127.0.0.1:0", prefix=silent)
    sock = daemon.connect("lab", "unix")
    names = "".join(f'echo n{number} {{ listen = "n{number}.example:7000" }}\n'
                    for number in range(12))
    assert daemon.reload(LAB % "127.0.0.1:0" + names) == REFUSED
    told = daemon.log_contains(r": host 'n\d+\.example' cannot be resolved: "
                               r"no name server answers \(")
    assert len(told) == 12
    assert exchange(sock, b"hello") == b"hello"
    assert daemon.reload(LAB % "127.0.0.1:0") == outcome(kept=1)
    assert daemon.reload("echo more { listen = \"localhost:0\" }\n" +
                         LAB % "127.0.0.1:0") == outcome(kept=1, started=1)
    assert exchange(sock, b"hello") == b"hello"
