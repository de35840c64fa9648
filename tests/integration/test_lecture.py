# SPDX-License-Identifier: ISC
"""The lecture's clients ("Network Programming using Python", C. Carbajal,
2013), step by step as written there, against the lab that netlabd comes with.
"""

import re
import subprocess
from socket import (AF_INET, SOCK_DGRAM, SOCK_STREAM, socket)

import pytest

from daemon import DEADLINE_S, NETLABD
from wire import CTIME, reset

BUFSIZE = 1024  # the lecture's


class Lab:
    """The default lab; its clients name a service by the lecture's port."""

    def __init__(self, daemon, ports):
        self.daemon = daemon
        self._addresses = dict(zip(ports, (
            address for _, transport, address in daemon.listeners()
            if transport.endswith("4")), strict=True))

    def address(self, port, transport):
        return self._addresses[port, transport]


def default_config():
    return subprocess.run([*NETLABD, "--print-default-config"], check=True,
                          timeout=DEADLINE_S, capture_output=True,
                          text=True).stdout


# In the order of the file; as started by hand, each also on ::1.
PORTS = ((2345, "udp"), (2345, "tcp"), (11111, "udp"), (8888, "tcp"),
         (21567, "tcp"), (7739, "udp"))


@pytest.fixture(name="lab", params=("other ports", "its own ports"))
def fixture_lab(request, netlabd):
    config = default_config()
    if request.param == "other ports":
        config = re.sub(r"(?m)^(\s*listen = .*)", lambda line: re.sub(
            r":\d+", ":0", line[0]), config)
        yield Lab(netlabd(config), PORTS)
    else:
        host, _ = request.getfixturevalue("namespaces")
        with host.entered():
            lab = Lab(netlabd(config), PORTS)
            assert lab.address(2345, "udp") == ("127.0.0.1", 2345)
            yield lab


def client(kind, address):
    sock = socket(AF_INET, kind)
    sock.settimeout(DEADLINE_S)
    if kind == SOCK_STREAM:
        sock.connect(address)
    return sock


def udp_upper(address, line):
    """Sends a line and waits for one answer: hangs if there is none."""
    sock = client(SOCK_DGRAM, address)
    sock.sendto(line, address)
    answer, server = sock.recvfrom(BUFSIZE)
    assert server == address
    return answer


def tcp_upper(address, lines):
    """Sends lines until an empty one; reads an answer to each before it."""
    sock = client(SOCK_STREAM, address)
    answers = []
    for line in lines:
        sock.send(line + b"\r\n")
        if not line:
            break
        answers.append(sock.recv(BUFSIZE))
    assert sock.recv(BUFSIZE) == b""  # the server ends the session
    sock.close()
    return answers


def tcp_time(address):
    sock = client(SOCK_STREAM, address)
    answer = b""
    while data := sock.recv(BUFSIZE):
        answer += data
    return answer


def tcp_timestamp(address, line):
    """One connection a line; the first answer that is read is all of it."""
    sock = client(SOCK_STREAM, address)
    sock.send(line + b"\r\n")
    answer = sock.recv(BUFSIZE)
    assert answer and sock.recv(BUFSIZE) == b""
    return answer.strip()


def spew(message, address):
    """Cuts the message into pieces of BUFSIZE, one datagram each."""
    sock = client(SOCK_DGRAM, address)
    for start in range(0, len(message), BUFSIZE):
        sock.sendto(message[start:start + BUFSIZE], address)


@pytest.mark.parametrize("port", (2345, 11111))
def test_udp_client(lab, port):
    address = lab.address(port, "udp")
    assert udp_upper(address, b"hello, world\n") == b"HELLO, WORLD\n"
    assert udp_upper(address, b"again") == b"AGAIN"


def test_tcp_client_until_an_empty_line(lab):
    assert tcp_upper(lab.address(2345, "tcp"), [b"hello", b"World 42", b""]) \
        == [b"HELLO\r\n", b"WORLD 42\r\n"]


def test_time_client_reads_until_the_end(lab):
    assert re.fullmatch(CTIME, tcp_time(lab.address(8888, "tcp")))


def test_timestamp_client_has_one_connection_a_line(lab):
    for line in b"hello", b"world", b"x" * 900:
        assert re.fullmatch(rb"\[" + CTIME + rb"\] " + line,
                            tcp_timestamp(lab.address(21567, "tcp"), line))


def test_creosote_spew(lab):
    message = b"".join(b"line %d of the report\n" % i for i in range(500))
    spew(message, lab.address(7739, "udp"))
    spew(b"tab\there", lab.address(7739, "udp"))
    assert lab.daemon.stop().status == 0
    lines = lab.daemon.output.read_bytes().splitlines()
    assert len(lines) == -(-len(message) // BUFSIZE) + 1
    assert lines.pop().endswith(rb" tab\there")
    pieces = [line.split(b" ", 2)[2] for line in lines]
    # A newline at the end of a datagram ends the record instead.
    expected = [message[start:start + BUFSIZE].removesuffix(b"\n")
                for start in range(0, len(message), BUFSIZE)]
    assert [piece.replace(rb"\n", b"\n") for piece in pieces] == expected


def test_two_clients_at_once(lab):
    """There the second waited until the first had ended."""
    address = lab.address(2345, "tcp")
    first, second = client(SOCK_STREAM, address), client(SOCK_STREAM, address)
    for sock, line in ((first, b"one\r\n"), (second, b"two\r\n"),
                       (first, b"three\r\n"), (second, b"four\r\n")):
        sock.send(line)
        assert sock.recv(BUFSIZE) == line.upper()


@pytest.mark.parametrize("abort", (socket.close, reset), ids=("end", "reset"))
def test_client_that_aborts(lab, abort):
    address = lab.address(2345, "tcp")
    for sent in b"", b"half a li", b"a line\r\n":
        sock = client(SOCK_STREAM, address)
        sock.send(sent)
        abort(sock)
    assert tcp_upper(address, [b"still here", b""]) == [b"STILL HERE\r\n"]
    assert re.fullmatch(CTIME, tcp_time(lab.address(8888, "tcp")))
