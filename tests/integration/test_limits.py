# SPDX-License-Identifier: ISC
"""Limits: connections of a service, of the daemon, and descriptors."""

import resource
import select
import time
from signal import SIGHUP, SIGTERM
from socket import SHUT_WR

import pytest

from daemon import STREAMS
from wire import exchange, read_to_end

streams = pytest.mark.parametrize("transport", STREAMS)


def is_turned_away(daemon, name, transport):
    """A reset may come before connect() has returned."""
    try:
        with daemon.connect(name, transport) as sock:
            return read_to_end(sock) == b""
    except ConnectionResetError:
        return True


@streams
def test_max_connections_of_a_service(netlabd, transport):
    daemon = netlabd("""echo lab { listen = EVERYWHERE max-connections = 2 }
        echo other { listen = "localhost:0" }""", "-v")
    first, second = (daemon.connect("lab", transport) for _ in range(2))
    assert exchange(first, b"one") + exchange(second, b"two") == b"onetwo"
    assert is_turned_away(daemon, "lab", transport)
    other = daemon.connect("other", "tcp4")
    assert exchange(other, b"not my limit") == b"not my limit"
    assert exchange(second, b"still") == b"still"
    first.close()
    daemon.wait_for_log("echo 'lab': connection 1 closed")
    third = daemon.connect("lab", transport)
    assert exchange(third, b"now") == b"now"
    figures = daemon.stop().figures["lab"]
    assert figures["refused-max-connections"] == 1
    assert figures["connections"] == 3


def test_max_connections_of_all_transports_together(netlabd):
    daemon = netlabd("echo lab { listen = EVERYWHERE max-connections = 2 }")
    socks = [daemon.connect("lab", name) for name in ("tcp4", "unix")]
    assert [exchange(sock, b"in") for sock in socks] == [b"in", b"in"]
    assert is_turned_away(daemon, "lab", "tcp6")


def test_max_connections_of_the_daemon(netlabd):
    daemon = netlabd("""max-connections = 2
        echo one { listen = "localhost:0" }
        echo two { listen = "localhost:0" }""", "-v")
    first = daemon.connect("one", "tcp4")
    second = daemon.connect("two", "tcp4")
    assert exchange(first, b"one") + exchange(second, b"two") == b"onetwo"
    for name in "one", "two":
        assert is_turned_away(daemon, name, "tcp4")
    assert exchange(daemon.connect("one", "udp4"), b"datagram") == b"datagram"
    second.close()
    daemon.wait_for_log("echo 'two': connection 1 closed")
    assert exchange(daemon.connect("one", "tcp4"), b"now") == b"now"


def test_more_connections_than_descriptors_is_said_at_start(netlabd):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = min(256, hard)
    assert soft >= 256
    daemon = netlabd("""max-connections = 100000
        echo lab { listen = "localhost:0" }""",
                     prefix=("prlimit", f"--nofile={limit}:{limit}"))
    assert daemon.log_contains("max-connections: the limit of open files "
                               "allows [0-9]+, not 100000")
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"


@streams
def test_no_descriptors_left(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }", "-v")
    first = daemon.connect("lab", transport)
    assert exchange(first, b"one") == b"one"
    before = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE,
                     (daemon.descriptors()[-1] + 1, before[1]))
    waiting = daemon.connect("lab", transport)
    waiting.send(b"me too")
    daemon.wait_for_log("warning: .*accepting rests: Too many open files")

    cpu_before, began = daemon.cpu_s(), time.monotonic()
    assert not select.select([waiting], [], [], 0.6)[0]
    assert daemon.cpu_s() - cpu_before < 0.1
    assert exchange(first, b"still served") == b"still served"
    rested = time.monotonic() - began

    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, before)
    assert waiting.recv(10) == b"me too"
    assert len(daemon.log_contains("accepting rests")) == 1
    failures = daemon.stop().figures["lab"]["accept-failures"]
    assert 2 <= failures <= 20 * (rested + 1)


@pytest.mark.parametrize("ends", (SIGTERM, SIGHUP))
def test_who_waits_at_the_end_is_served_in_turn(netlabd, ends):
    """A queue full of one source, of which only a few may be in at once."""
    daemon = netlabd("""echo lab { listen = "localhost:0" backlog = 300
        max-connections-per-source = 4 }""")
    daemon.freeze()
    socks = [daemon.connect("lab", "tcp4") for _ in range(300)]
    for number, sock in enumerate(socks):
        sock.sendall(b"line %d" % number)
        sock.shutdown(SHUT_WR)
    daemon.configure('echo other { listen = "localhost:0" }')
    daemon.signal(ends)
    daemon.thaw()
    assert [read_to_end(sock) for sock in socks] == [
        b"line %d" % number for number in range(300)]
    outcome = daemon.wait() if ends == SIGTERM else daemon.stop()
    figures = outcome.figures["lab"]
    assert figures["connections"] == 300
    assert not [name for name in figures if name.startswith("refused")]
