# SPDX-License-Identifier: ISC
"""Consecutive answers to one sender go to the kernel as one: each arrives once,
whole, in order, from the address that was asked, as if it had gone alone."""

import random
import socket
from errno import EINVAL, EIO, EMSGSIZE

import pytest

from daemon import has_ipv6
from faults import Fault, Plan
from wire import udp_socket

FOR_EVER = 1 << 40
SIZES = (0, 1, 64, 64, 64, 64, 100, 1200, 1472)


def datagrams(count, sizes=SIZES):
    """Runs of equal ones, shorter ones between, empty ones, all different."""
    chosen = random.Random(7)
    while count > 0:
        size = chosen.choice(sizes)
        for _ in range(min(count, chosen.choice((1, 2, 5, 70)))):
            yield (b"%08d" % count * (size // 8 + 1))[:size]
            count -= 1


def send_together(daemon, questions):
    """(socket, data) of each: all wait before the first is served."""
    daemon.freeze()
    for sock, data in questions:
        sock.send(data)
    daemon.thaw()


def expect_echoes(questions):
    """What each socket gets, and no more."""
    for sock, data in questions:
        assert sock.recv(1 << 17) == data
    for sock in {sock for sock, _ in questions}:
        sock.send(b"the last one")
        assert sock.recv(1 << 17) == b"the last one"


def mix(socks, sizes=SIZES, count=150):
    """Each socket's in the order it sends; those of all in pieces."""
    chosen, questions = random.Random(3), []
    left = {sock: list(datagrams(count, sizes)) for sock in socks}
    while any(left.values()):
        sock = chosen.choice(socks)
        for _ in range(chosen.choice((1, 3, 100))):
            if left[sock]:
                questions.append((sock, left[sock].pop(0)))
    return questions


def roomy_socket(target):
    """Room for all answers, so that none is dropped at the client's."""
    sock = udp_socket(target=target)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return sock


@pytest.mark.parametrize("host", ("127.0.0.1", "::1"))
@pytest.mark.parametrize("listen", ("localhost:0/udp", "*:0/udp"))
def test_mixed(netlabd, host, listen):
    if ":" in host and not has_ipv6():
        pytest.skip("no IPv6 here")
    daemon = netlabd(f'echo lab {{ listen = "{listen}" }}')
    port = daemon.port("lab", "udp6" if ":" in host else "udp4")
    socks = [roomy_socket((host, port)) for _ in range(3)]
    questions = mix(socks)
    send_together(daemon, questions)
    expect_echoes(questions)
    figures = daemon.stop().figures["lab"]
    assert figures["answers"] == len(questions) + len(socks)
    assert figures["runs-not-taken"] == 0


def test_the_address_that_was_asked(netlabd):
    """One sender, two addresses: no answer leaves from the other one."""
    daemon = netlabd('echo lab { listen = "*:0/udp" }')
    port = daemon.port("lab", "udp4")
    client = udp_socket(("127.0.0.1", 0))
    hosts = [f"127.0.0.{1 + number // 5 % 2}" for number in range(40)]
    daemon.freeze()
    for number, host in enumerate(hosts):
        client.sendto(b"%02d" % number, (host, port))
    daemon.thaw()
    for number, host in enumerate(hosts):
        assert client.recvfrom(100) == (b"%02d" % number, (host, port))


@pytest.mark.parametrize("host", ("10.77.0.1", "fd77::1"))
def test_longer_than_the_wire_takes(netlabd, namespaces, host):
    """These go in fragments, which a run's cannot; shorter ones do not suffer.
    """
    server, client = namespaces
    daemon = netlabd('echo lab { listen = "*:7007/udp" }', prefix=server.prefix)
    with client.entered():
        socks = [roomy_socket((host, 7007)) for _ in range(2)]
        for _ in range(3):
            questions = mix(socks, (64, 0, 1400, 3000, 1473), 100)
            send_together(daemon, questions)
            expect_echoes(questions)
    figures = daemon.stop().figures["lab"]
    assert figures["unanswered"] == 0
    assert 1 <= figures["runs-not-taken"] <= 5


@pytest.fixture(name="plan")
def fixture_plan(tmp_path):
    return Plan(tmp_path / "plan")


def echo_runs(daemon, size, times=1):
    """Ten answers to each of two senders, so many times."""
    socks = [daemon.connect("lab", "udp4") for _ in range(2)]
    for _ in range(times):
        questions = [(sock, b"%02d" % number * (size // 2))
                     for sock in socks for number in range(10)]
        send_together(daemon, questions)
        expect_echoes(questions)


@pytest.mark.parametrize("error", (EIO, EINVAL, EMSGSIZE))
def test_runs_that_are_not_taken(netlabd, plan, error):
    """Nothing is lost, nothing comes twice, and it is not tried for ever."""
    daemon = netlabd('echo lab { listen = "127.0.0.1:0/udp" }',
                     env=plan.environment())
    echo_runs(daemon, 100)
    plan.arm(Fault("sendmmsg_run", 1, error, FOR_EVER))
    echo_runs(daemon, 100, 5)
    assert plan.disarm() in (1, 2)
    tried = plan.calls()["sendmmsg_run"]
    echo_runs(daemon, 50)
    assert (plan.calls()["sendmmsg_run"] > tried) == (error != EIO)
    figures = daemon.stop().figures["lab"]
    assert figures["datagrams"] == figures["answers"]
    assert figures["runs-not-taken"] in (1, 2)
    assert figures["unanswered"] == 0
