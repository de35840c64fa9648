# SPDX-License-Identifier: ISC
"""Signals: an ordered end that owes nobody an answer, and one at once."""

import fcntl
import random
import signal
import socket
import subprocess
import termios
import time
from array import array
from signal import SIGINT, SIGPIPE, SIGTERM, SIGUSR1

import pytest

from daemon import DATAGRAMS, STREAMS
from wire import (Background, exchange, is_silent, read_exactly, read_to_end,
                  send_until_stuck)

MIB = 1 << 20

streams = pytest.mark.parametrize("transport", STREAMS)


@pytest.mark.parametrize("number, name", ((SIGTERM, "SIGTERM"),
                                          (SIGINT, "SIGINT")))
def test_the_end_in_order(netlabd, tmp_path, number, name):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    assert daemon.stop(number).status == 0
    assert daemon.log_contains(f"^netlabd: stopping on {name}$")
    assert daemon.lines[-1] == "netlabd: stopped"
    assert not list(tmp_path.glob("stream")) + list(tmp_path.glob("gram"))


@pytest.mark.parametrize("transport, clients, count", (
    ("udp4", 10, 50), ("udp6", 10, 50), ("unixgram", 1, 10)))
def test_queued_datagrams_are_answered(netlabd, transport, clients, count):
    daemon = netlabd("echo-upper lab { listen = EVERYWHERE }")
    socks = [daemon.connect("lab", transport) for _ in range(clients)]
    daemon.freeze()
    for number in range(count):
        for sock in socks:
            sock.send(b"number %d" % number)
    daemon.signal(SIGTERM)
    daemon.thaw()
    outcome = daemon.wait()
    assert outcome.status == 0
    assert outcome.figures["lab"]["answers"] == clients * count
    for sock in socks:
        assert [sock.recv(100) for _ in range(count)] == [
            b"NUMBER %d" % number for number in range(count)]


def count_arrived(sock, sent):
    """How many of the bytes that were sent the other side has. What this one
    holds yet may take more than the 20 ms that a stop waits for it."""
    if sock.family == socket.AF_UNIX:
        return sent
    return sent - array("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]


@streams
@pytest.mark.parametrize("size", (10, 100000, 2 * MIB))
def test_queued_stream_data_is_answered(netlabd, transport, size):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    assert exchange(sock, b"warm") == b"warm"
    daemon.freeze()
    data = random.randbytes(size)
    sock.setblocking(False)
    sent = 0
    try:
        while sent < size:
            sent += sock.send(data[sent:])
    except BlockingIOError:
        pass  # all that fits
    sock.settimeout(30)
    arrived = count_arrived(sock, sent)
    daemon.signal(SIGTERM)
    daemon.thaw()
    answer = read_to_end(sock)
    assert arrived <= len(answer) <= sent
    assert answer == data[:len(answer)]
    assert daemon.wait().status == 0


@streams
def test_a_waiting_connection_is_served(netlabd, transport):
    """It was accepted by the kernel, not yet by the daemon."""
    daemon = netlabd("""echo lab { listen = EVERYWHERE }""")
    daemon.freeze()
    socks = [daemon.connect("lab", transport) for _ in range(100)]
    for sock in socks:
        sock.send(b"hello")
    daemon.signal(SIGTERM)
    daemon.thaw()
    assert [read_to_end(sock) for sock in socks] == [b"hello"] * 100
    assert daemon.wait().status == 0


def stuck_client(daemon, transport):
    """A client that has sent all that is taken and reads nothing; also what it
    has sent. It has little room itself, so that a busy machine, too, can bring
    it all that it is owed within the daemon's 5 seconds."""
    sock = daemon.connect("lab", transport, room=MIB // 32)
    data = random.randbytes(MIB) * 64
    sent = send_until_stuck(sock, data, daemon.connect("lab", "udp4"))
    assert sent < len(data)
    return sock, data[:sent]


@streams
def test_a_slow_reader_gets_the_rest(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock, sent = stuck_client(daemon, transport)
    arrived = count_arrived(sock, len(sent))
    assert arrived > MIB // 8
    daemon.signal(SIGTERM)
    daemon.wait_for_log("stopping on SIGTERM")
    answer = read_to_end(sock)
    assert arrived <= len(answer) <= len(sent)
    assert answer == sent[:len(answer)]
    assert daemon.wait().status == 0


@streams
def test_second_signal_ends_at_once(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock, _ = stuck_client(daemon, transport)
    daemon.signal(SIGTERM)
    daemon.wait_for_log("stopping on SIGTERM")
    assert daemon.is_running()
    began = time.monotonic()
    assert daemon.stop().status == 1
    assert time.monotonic() - began < 3
    assert daemon.log_contains("second signal, ending at once")
    sock.close()


def test_a_client_that_never_reads_holds_up_the_end_for_5_s(netlabd):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock, _ = stuck_client(daemon, "tcp4")
    began = time.monotonic()
    assert daemon.stop().status == 0
    assert 4 < time.monotonic() - began < 15
    sock.close()


@streams
def test_a_generator_ends_with_what_it_has_said(netlabd, transport):
    daemon = netlabd("chargen lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    received = len(read_exactly(sock, MIB))
    daemon.signal(SIGTERM)
    received += len(read_to_end(sock))
    outcome = daemon.wait()
    assert outcome.status == 0
    assert received == outcome.figures["lab"]["written-bytes"]


def test_sigpipe_is_ignored(netlabd):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    daemon.signal(SIGPIPE)
    assert exchange(daemon.connect("lab", "tcp4"), b"alive") == b"alive"


def test_sigusr1_under_load(netlabd, tmp_path):
    daemon = netlabd("""
        creosote bucket { listen = "localhost:0" file = "DIR/bucket"
            format = raw }
        echo lab { listen = EVERYWHERE }""")
    bucket = daemon.connect("bucket", "udp4")
    socks = [daemon.connect("lab", name) for name in DATAGRAMS + STREAMS]
    moments = set(random.sample(range(4000), 200))
    for number in range(4000):
        bucket.send(b"number %d" % number)
        if number in moments:
            daemon.signal(SIGUSR1)
        if number % 20 == 0:
            for sock in socks:
                assert exchange(sock, b"hello") == b"hello"
    outcome = daemon.stop()
    assert outcome.status == 0
    assert daemon.log_contains("opened log files anew")
    lines = (tmp_path / "bucket").read_text(encoding="ascii").splitlines()
    assert lines == [f"number {number}" for number in range(4000)]


def test_end_at_any_moment_of_the_start(spawn, tmp_path):
    config = "echo lab { listen = EVERYWHERE }"
    began = time.monotonic()
    assert spawn(config).wait_ready().stop().status == 0
    whole = time.monotonic() - began
    statuses = []
    for _ in range(20):
        daemon = spawn(config)
        try:
            daemon.process.wait(random.uniform(0, 1.5 * whole))
        except subprocess.TimeoutExpired:
            pass
        statuses.append(daemon.stop().status)
        left = list(tmp_path.glob("stream")) + list(tmp_path.glob("gram"))
        if statuses[-1] == 0:
            assert not left
        else:
            assert statuses[-1] == -signal.SIGTERM
            assert not daemon.log_contains("ready: ") and not left
    assert 0 in statuses


def test_datagrams_and_streams_end_together(netlabd):
    """Clients that go on while it ends get answers or an end, never a part."""
    daemon = netlabd("echo lab { listen = EVERYWHERE }")

    def ask(transport):
        sock, count = daemon.connect("lab", transport), 0
        sock.settimeout(0.5)
        try:
            while True:
                line = b"message %d\n" % count
                sock.sendall(line)
                answer = sock.recv(100)
                if not answer:
                    return count
                assert answer == line
                count += 1
        except OSError:
            assert is_silent(sock) or transport in STREAMS
            return count

    clients = [Background(ask, name) for name in ("udp4", "tcp4", "unix")]
    probe = daemon.connect("lab", "tcp4")
    for _ in range(100):
        exchange(probe, b"they are at work")
    assert daemon.stop().status == 0
    assert all(client.join() > 0 for client in clients)
