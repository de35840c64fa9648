# SPDX-License-Identifier: ISC
"""Many connections, storms of them, crowds that do not read, floods: all get
what is theirs. NETLABD_STORM_S: how long the storm of connections lasts."""

import os
import re
import resource
import socket

import pytest

from daemon import DEADLINE_S, SANITIZED, wait_until
from storm import Storm
from wire import CTIME, exchange, forge, forger, read_exactly, udp_socket

KIB, MIB = 1 << 10, 1 << 20
MOST = 19000
# Of this process: pipes, files of pytest; the daemon keeps some for itself.
SPARE = 200
STORM_S = float(os.environ.get("NETLABD_STORM_S", "2"))


@pytest.fixture(name="descriptors")
def fixture_descriptors():
    """How many sockets this process may have; raised for the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield (hard if hard != resource.RLIM_INFINITY else 1 << 20) - SPARE
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect_many(daemon, transport, count):
    """Over TCP from several addresses: one has too few ports for all."""
    for i in range(count):
        if transport == "unix":
            yield daemon.connect("lab", "unix")
            continue
        sock = socket.socket()
        sock.settimeout(DEADLINE_S)
        sock.bind((f"127.0.0.{2 + i % 7}", 0))
        sock.connect(daemon.address("lab", "tcp4"))
        yield sock


def check_many(daemon, transport, count):
    socks = list(connect_many(daemon, transport, count))
    for turn in range(2):
        for number, sock in enumerate(socks):
            sock.send(b"%d of turn %d" % (number, turn))
        for number, sock in enumerate(socks):
            expected = b"%d of turn %d" % (number, turn)
            assert read_exactly(sock, len(expected)) == expected
    before = len(daemon.descriptors())
    for sock in socks:
        sock.close()
    wait_until(lambda: len(daemon.descriptors()) == before - count,
               "all descriptors are closed")
    figures = daemon.stop().figures["lab"]
    assert figures["connections"] == figures["closed-end-of-input"] == count


@pytest.mark.parametrize("transport", ("tcp4", "unix"))
def test_many_connections_with_traffic(netlabd, descriptors, transport,
                                       request):
    count = min(MOST, descriptors) if not SANITIZED else 2000
    config = f"""max-connections = {count}
        echo lab {{ listen = EVERYWHERE max-connections = {count}
            backlog = 4096 }}"""
    if transport == "unix":
        check_many(netlabd(config), transport, count)
        return
    # So many ports that other tests could have none: in a network of its own.
    host, _ = request.getfixturevalue("namespaces")
    with host.entered():
        check_many(netlabd(config, prefix=host.prefix), transport, count)


def test_a_storm_of_connections(netlabd):
    daemon = netlabd('time clock { listen = "localhost:0/tcp" }')
    storm = Storm(daemon.address("clock", "tcp4"))
    descriptors = daemon.descriptors()
    storm.run(0.2)
    resident = daemon.resident_bytes()
    storm.run(STORM_S)
    assert storm.whole == storm.begun
    print(f"{storm.begun} connections in {STORM_S} s, each answered whole")
    wait_until(lambda: daemon.descriptors() == descriptors,
               "no descriptor is left")
    assert daemon.resident_bytes() <= resident + 128 * KIB
    assert daemon.stop().figures["clock"]["connections"] == storm.begun


def test_a_crowd_that_never_reads(netlabd, descriptors):
    """It costs what max-output allows and 4 KiB each, and nobody an answer."""
    count = min(1000, descriptors)
    daemon = netlabd("""max-output = 1M
        echo lab { listen = EVERYWHERE }""")
    resident = daemon.resident_bytes()
    crowd = [daemon.connect("lab", "unix") for _ in range(count)]
    for sock in crowd:
        sock.setblocking(False)
    other = daemon.connect("lab", "tcp4")
    for _ in range(4):
        for sock in crowd:
            try:
                while sock.send(b"x" * 64 * KIB):
                    pass
            except BlockingIOError:
                pass
        assert exchange(other, b"served?") == b"served?"
    # evbuffers keep a page or more for less; a connection has its own, too.
    assert daemon.resident_bytes() <= resident + 1 * MIB + count * 10 * KIB
    for sock in crowd:
        sock.close()
    figures = daemon.stop().figures["lab"]
    assert figures["connections"] == count + 1
    assert figures["closed-output-limit"] == 0


def test_a_crowd_that_writes_slowly(netlabd, descriptors):
    """Byte by byte; a line is answered when it is whole."""
    count = min(1000, descriptors)
    daemon = netlabd('timestamp lab { listen = EVERYWHERE }'
                     'echo-upper upper { listen = "unix:DIR/upper" }')
    crowd = [daemon.connect("upper", "unix") for _ in range(count)]
    for byte in b"slow":
        for sock in crowd:
            sock.send(bytes([byte]))
    other = daemon.connect("upper", "unix")
    assert exchange(other, b"quick\n") == b"QUICK\n"
    for sock in crowd:
        sock.send(b"\n")
    for sock in crowd:
        assert read_exactly(sock, 5) == b"SLOW\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: no raw sockets")
def test_no_answer_for_a_source_that_is_not_there(netlabd):
    """A flood that claims to come from elsewhere costs its answers alone."""
    daemon = netlabd("""echo lab { listen = "localhost:0" }
        time clock { listen = "localhost:0" }""")
    target = daemon.port("lab", "udp4")
    raw = forger()
    clock = udp_socket(target=daemon.address("clock", "udp4"))
    for number in range(5000):
        source = f"127.1.{number >> 8}.{number & 255}"
        raw.sendto(forge((source, 40000), ("127.0.0.1", target), b"x" * 100),
                   ("127.0.0.1", 0))
        if number % 500 == 0:
            clock.send(b"\n")
            assert re.fullmatch(CTIME, clock.recv(100))
    sock = udp_socket(target=daemon.address("lab", "udp4"))
    assert exchange(sock, b"served?") == b"served?"
    figures = daemon.stop().figures["lab"]
    assert figures["datagrams"] == 5001
    assert figures["lost"] == 0
