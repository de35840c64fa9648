# SPDX-License-Identifier: ISC
"""Other inetds under the loads that netlabd is tested with, and netlabd beside
them. What they do is printed, for SECURITY.md; what netlabd does is asserted.

NETLABD_PEERS: whether it runs at all. NETLABD_INETDS: see inetds.py.
NETLABD_CROWD: connections at once (1000). NETLABD_CLOSED_S: how long one waits
for a service that is closed to open again (15)."""

import os
import socket
import time

import pytest

import inetds
from beside import HOST, INNOCENT, KIB, NAMES, SENDER
from beside import fixture_say, fixture_serve  # pylint: disable=unused-import
from storm import Storm
from test_load import fixture_descriptors  # pylint: disable=unused-import
from wire import CTIME, exchange, send_until_stuck, udp_socket

pytestmark = pytest.mark.skipif(
    "NETLABD_PEERS" not in os.environ, reason="only figures (NETLABD_PEERS)")

CROWD = int(os.environ.get("NETLABD_CROWD", "1000"))
CLOSED_S = float(os.environ.get("NETLABD_CLOSED_S", "15"))
STORM_S = 3
TRIES = 25
PAUSE_S = 0.2
PATIENCE_S = 2
FAILURES = 5
ANY_TIME = rb"[ -~]*\d\d:\d\d:\d\d[ -~]*\r?\n?"

# Who, and what is said of its limits.
AS_SHIPPED = [(kind, True) for kind in ("netlabd", *inetds.KINDS)]
UNLIMITED = [(kind, False) for kind in ("netlabd", *inetds.KINDS)]
ALL = AS_SHIPPED + UNLIMITED[1:]


def label(value):
    return value if isinstance(value, str) else (
        "as-shipped" if value else "unlimited")


def cases(which):
    return pytest.mark.parametrize("kind, has_limits", which, ids=label)


def address(service):
    return HOST, inetds.PORTS[service]


ECHO = address("echo")


def connect(source=SENDER, service="echo"):
    return socket.create_connection(address(service), PATIENCE_S, (source, 0))


def is_served(source):
    """By echo over TCP."""
    try:
        with connect(source) as sock:
            return exchange(sock, b"may I?") == b"may I?"
    except (OSError, AssertionError):
        return False


def is_answered(source):
    """By echo over UDP."""
    with udp_socket((source, 0), ECHO) as sock:
        sock.settimeout(PAUSE_S)
        try:
            return exchange(sock, b"may I?") == b"may I?"
        except OSError:
            return False


def ask_as_another(ask, began):
    """How many of some tries were served, and when one was, where not all are:
    it is asked until then, or CLOSED_S."""
    outcomes = []
    while len(outcomes) < TRIES or (
            not outcomes[-1] and time.monotonic() < began + CLOSED_S):
        outcomes.append(ask(INNOCENT))
        if outcomes[-1] and len(outcomes) > TRIES:
            break
        time.sleep(PAUSE_S)
    passed = time.monotonic() - began
    served = sum(outcomes[:TRIES])
    text = f"{served} of {TRIES} tries served"
    if served < TRIES:
        text += f", {'served' if outcomes[-1] else 'none'} at {passed:.1f} s"
    return served, text


@pytest.mark.parametrize("service", ("daytime", "echo"))
@cases(ALL)
def test_storm(serve, say, kind, has_limits, service):
    """As fast as in test_load, of connections that are short."""
    server = serve(kind, has_limits)
    before = server.memory()
    question = b"line" if service == "echo" else b""
    storm = Storm(address(service), question, question or (
        CTIME if kind == "netlabd" else ANY_TIME))
    began = time.monotonic()
    storm.run(STORM_S, PATIENCE_S)
    text = (f"{storm.whole} of {storm.begun} connections in {STORM_S} s "
            f"answered whole; {(server.memory() - before) // KIB:+d} KiB")
    if service == "echo" and storm.whole < storm.begun:
        text += f"; another one: {ask_as_another(is_served, began)[1]}"
    say(text)
    assert kind != "netlabd" or storm.whole == storm.begun


def connect_many(count):
    """So many, or as many as can be."""
    socks = []
    try:
        while len(socks) < count:
            socks.append(connect())
    except OSError:
        pass
    return socks


def count_answers(socks):
    """How many are served; not many are waited for in vain."""
    served = failed = 0
    for sock in socks:
        try:
            served += exchange(sock, b"a line") == b"a line"
        except (OSError, AssertionError):
            failed += 1
            if failed > FAILURES:
                break
    return served


@cases(ALL)
def test_crowd(serve, say, descriptors, kind, has_limits):
    """Open at once, with traffic twice round."""
    count = min(CROWD, descriptors)
    server = serve(kind, has_limits)
    before = server.memory()
    socks = connect_many(count)
    served = min(count_answers(socks) for _ in range(2))
    processes = len(server.processes())
    grown = server.memory() - before
    say(f"{served} of {count} served; {processes} processes, "
        f"{grown / max(1, served) / KIB:.1f} KiB each connection")
    for sock in socks:
        sock.close()
    assert kind != "netlabd" or (served == count and processes == 1)


def burst():
    """How many answers come to a hundred datagrams, sent back to back."""
    with udp_socket(target=ECHO, receive_buffer=1 << 20) as sock:
        for number in range(100):
            sock.send(b"number %d" % number)
        sock.settimeout(PAUSE_S)
        answers = 0
        try:
            while sock.recv(100):
                answers += 1
        except OSError:
            pass
        return answers


@cases(UNLIMITED)
def test_burst(serve, say, kind, has_limits):
    serve(kind, has_limits)
    answers = sorted(burst() for _ in range(10))
    say(f"{answers[0]} to {answers[-1]} of 100 datagrams answered")
    assert kind != "netlabd" or answers[0] == 100


LIMIT = "connection-rate-per-source = 50 datagram-rate-per-source = 50"


@cases(AS_SHIPPED)
def test_one_asks_too_much(serve, say, kind, has_limits):
    """A sender over his rate, and then another one."""
    serve(kind, has_limits, LIMIT)
    began = time.monotonic()
    with udp_socket((SENDER, 0), ECHO) as sock:
        for _ in range(1200):
            sock.send(b"much")
    over_udp, text = ask_as_another(is_answered, began)
    say(f"the other one over UDP: {text}")
    began = time.monotonic()
    served = sum(is_served(SENDER) for _ in range(1200))
    over_tcp, text = ask_as_another(is_served, began)
    say(f"{served} of the sender's 1200 connections served; "
        f"the other one over TCP: {text}")
    assert kind != "netlabd" or over_udp == over_tcp == TRIES


@cases(UNLIMITED)
def test_slow_readers(serve, say, kind, has_limits):
    """A hundred that send and never read."""
    server = serve(kind, has_limits)
    before = server.memory()
    with connect() as other:
        crowd = [connect() for _ in range(100)]
        for sock in crowd:
            send_until_stuck(sock, b"x" * (1 << 24), other)
    served = sum(is_served(INNOCENT) for _ in range(TRIES))
    say(f"{served} of {TRIES} others served; {len(server.processes())} "
        f"processes, {(server.memory() - before) // KIB} KiB more")
    for sock in crowd:
        sock.close()
    assert kind != "netlabd" or served == TRIES


def spoil(kind, text, typo):
    """The configuration with a slip in its service of echo over TCP."""
    if typo == "name":
        for right in "service echo", "echo stream", "echo echo":
            text = text.replace(right, right.replace("echo", "ecko", 1))
        return text
    if kind in ("openbsd-inetd", "inetutils-inetd"):  # a field less
        return text.replace("echo stream tcp nowait root internal",
                            "echo stream tcp nowait root")
    return text.replace("}", "", 1)


def speaks(service):
    try:
        with connect(service=service) as sock:
            sock.sendall(b"hello")
            return sock.recv(1) != b""
    except OSError:
        return False


@pytest.mark.parametrize("typo", ("name", "syntax"))
@cases(UNLIMITED)
def test_typo_at_a_reload(serve, say, kind, has_limits, typo):
    server = serve(kind, has_limits)
    assert all(map(speaks, NAMES))
    server.reload(spoil(kind, server.config.read_text(encoding="ascii"), typo))
    time.sleep(1)  # they do not say when they are through
    there = list(filter(speaks, NAMES))
    say(f"of {', '.join(NAMES)} there are {', '.join(there) or 'none'}")
    assert kind != "netlabd" or there == list(NAMES)
