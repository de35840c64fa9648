# SPDX-License-Identifier: ISC
"""Clients that send what nobody expects, or do not read what they asked for."""

import array
import random
import select
import socket
import time

import pytest

from daemon import DATAGRAMS, DEADLINE_S, STREAMS
from wire import (Background, exchange, is_silent, read_exactly, read_to_end,
                  reset)

MIB = 1 << 20

datagrams = pytest.mark.parametrize("transport", DATAGRAMS)
streams = pytest.mark.parametrize("transport", STREAMS)


@datagrams
def test_the_longest_datagram_comes_back_whole(netlabd, transport):
    sock = netlabd("echo lab { listen = EVERYWHERE }").connect("lab", transport)
    data = random.randbytes(65507)
    assert exchange(sock, data) == data
    assert exchange(sock, b"") == b""


def test_a_datagram_cut_by_the_kernel_is_counted(netlabd):
    daemon = netlabd("""echo lab { listen = EVERYWHERE }
        creosote bucket { listen = "unixgram:DIR/bucket.sock"
            file = "DIR/bucket" format = json }""")
    sock = daemon.connect("lab", "unixgram")
    sock.send(b"x" * 100000)
    # Half an answer would be a wrong one: the next is of the next question.
    assert exchange(sock, b"next") == b"next"
    daemon.connect("bucket", "unixgram").send(b"y" * 100000)
    figures = daemon.stop().figures
    assert figures["lab"]["cut"] == 1 and figures["lab"]["answers"] == 1
    assert figures["bucket"]["cut"] == 1
    record = (daemon.directory / "bucket").read_text(encoding="ascii")
    assert '"bytes":100000,' in record and record.count("y") > 65000


@datagrams
def test_an_answer_that_would_be_too_long_is_not_cut(netlabd, transport):
    daemon = netlabd("timestamp lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    longest = 65507 - len("[Mon Nov 23 06:31:00 2026] ")
    assert exchange(sock, b"x" * longest).endswith(b"] " + b"x" * longest)
    sock.send(b"x" * (longest + 1))
    assert exchange(sock, b"next").endswith(b"] next")


def test_descriptors_sent_to_it_are_not_kept(netlabd):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    fds = array.array("i", [0] * 100)
    for transport in "unixgram", "unix":
        sock = daemon.connect("lab", transport)
        assert exchange(sock, b"warm") == b"warm"
        before = daemon.descriptors()
        sock.sendmsg([b"some"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        assert sock.recv(10) == b"some"
        assert daemon.descriptors() == before


def test_a_nameless_sender_costs_its_own_answer_alone(netlabd):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    nameless = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    nameless.sendto(b"who am I", daemon.address("lab", "unixgram"))
    assert exchange(daemon.connect("lab", "unixgram"), b"I am") == b"I am"
    assert daemon.stop().figures["lab"]["unanswered"] == 1


def test_a_sender_that_has_gone_costs_its_own_answer_alone(netlabd):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    daemon.freeze()
    for transport in "udp4", "unixgram":
        for _ in range(5):  # a unix queue may hold no more than ten
            daemon.connect("lab", transport).send(b"and away")
    socks = [daemon.connect("lab", name) for name in ("udp4", "unixgram")]
    for sock in socks:
        sock.send(b"here")
    daemon.thaw()
    assert [sock.recv(10) for sock in socks] == [b"here", b"here"]


@streams
def test_reset(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }", "-v")
    daemon.freeze()
    for number in range(20):
        sock = daemon.connect("lab", transport)
        sock.sendall(b"x" * number * 100)
        reset(sock)
    daemon.thaw()
    assert exchange(daemon.connect("lab", transport), b"hello") == b"hello"
    daemon.wait_for_log("closed: ", 20)
    assert daemon.stop().figures["lab"]["connections"] == 21


@streams
def test_a_client_that_closes_its_sending_side_gets_all(netlabd, transport):
    sock = netlabd("echo lab { listen = EVERYWHERE }").connect("lab", transport)
    data = random.randbytes(5 * MIB)

    def send():
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)

    sender = Background(send)
    assert read_to_end(sock) == data
    sender.join()


@streams
def test_a_client_that_never_reads_costs_little(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    other = daemon.connect("lab", transport)
    assert exchange(other, b"warm") == b"warm"
    sock = daemon.connect("lab", transport)
    data = random.randbytes(MIB) * 64
    sent = 0
    before = daemon.resident_bytes()

    def send():
        nonlocal sent
        while sent < len(data):
            sent += sock.send(memoryview(data)[sent:sent + MIB // 4])
        sock.shutdown(socket.SHUT_WR)

    sender = Background(send)
    stuck_at, rounds = -1, 0
    while rounds < 300:  # of the loop, without a byte of progress
        rounds = rounds + 1 if sent == stuck_at else 0
        stuck_at = sent
        assert exchange(other, b"am I served?") == b"am I served?"
    assert not sender.is_done()
    # max-output and the read buffer, both touched for the first time
    assert daemon.resident_bytes() - before < 2 * MIB
    assert read_to_end(sock) == data
    sender.join()


@streams
def test_idle_timeout(netlabd, transport):
    daemon = netlabd(
        "echo lab { listen = EVERYWHERE idle-timeout = 500ms }")
    active = daemon.connect("lab", transport)
    began = time.monotonic()
    silent = daemon.connect("lab", transport)
    while not select.select([silent], [], [], 0.05)[0]:
        assert exchange(active, b"busy") == b"busy"
        assert time.monotonic() - began < DEADLINE_S
    assert silent.recv(1) == b""
    assert time.monotonic() - began > 0.4
    assert exchange(active, b"busy") == b"busy"
    assert daemon.stop().figures["lab"]["closed-idle"] == 1


@streams
def test_idle_timeout_of_a_client_that_never_reads(netlabd, transport):
    daemon = netlabd(
        "chargen lab { listen = EVERYWHERE idle-timeout = 300ms }", "-v")
    sock = daemon.connect("lab", transport)
    daemon.wait_for_log("connection 1 closed: idle")
    assert len(read_to_end_or_reset(sock)) > 0


def read_to_end_or_reset(sock):
    data = b""
    try:
        while piece := sock.recv(MIB):
            data += piece
    except ConnectionResetError:
        pass
    return data


@streams
def test_a_line_without_end(netlabd, transport):
    daemon = netlabd("timestamp lab { listen = EVERYWHERE max-line = 1K }")
    for size, answered in ((1023, True), (1024, False), (100000, False)):
        sock = daemon.connect("lab", transport)
        try:
            sock.sendall(b"x" * size + b"\n")
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            assert not answered
        assert bool(read_to_end_or_reset(sock)) == answered
    assert daemon.stop().figures["lab"]["closed-line-limit"] == 2


@pytest.mark.parametrize("transport", DATAGRAMS + STREAMS)
def test_ten_clients_at_once_get_their_own_answers(netlabd, transport):
    daemon = netlabd("echo-upper lab { listen = EVERYWHERE }")

    def ask(name):
        sock = daemon.connect("lab", transport)
        for number in range(100):
            line = f"client {name} message {number}\n".encode()
            assert exchange(sock, line) == line.upper()

    for client in [Background(ask, name) for name in "abcdefghij"]:
        client.join()
    figures = daemon.stop().figures["lab"]
    if transport in DATAGRAMS:
        assert figures["datagrams"] == figures["answers"] == 1000
    else:
        assert figures["connections"] == 10
        assert figures["read-bytes"] == figures["written-bytes"]


@streams
def test_pieces_of_any_size_come_back_in_order(netlabd, transport):
    sock = netlabd("echo lab { listen = EVERYWHERE }").connect("lab", transport)
    data = random.randbytes(MIB)

    def send():
        start = 0
        while start < len(data):
            end = start + random.randint(1, 5000)
            sock.sendall(data[start:end])
            start = end

    sender = Background(send)
    assert read_exactly(sock, len(data)) == data
    sender.join()
    assert is_silent(sock)
