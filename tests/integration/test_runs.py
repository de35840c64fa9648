# SPDX-License-Identifier: ISC
"""Datagrams that pass the kernel in runs, as they come and as answers: each is
served and arrives once, whole, in order, from the address that was asked, as if
it had gone alone."""

import random
import re
import socket
import struct
from errno import EINVAL, EIO, EMSGSIZE

import pytest

from daemon import has_ipv6, wait_until
from faults import Fault, Plan
from wire import udp_socket

FOR_EVER = 1 << 40
UDP_SEGMENT, RUN_MAX = 103, 64
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


def expect_answers(questions):
    for sock, data in questions:
        assert sock.recv(1 << 17) == data


def expect_echoes(questions):
    """What each socket gets, and no more."""
    expect_answers(questions)
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
    for end in namespaces:
        end.ip("link", "set", "wire", "mtu", "1400")
    daemon = netlabd('echo lab { listen = "*:7007/udp" }', prefix=server.prefix)
    with client.entered():
        socks = [roomy_socket((host, 7007)) for _ in range(2)]
        for _ in range(3):
            questions = mix(socks, (64, 0, 1300, 3000, 1450), 100)
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


def send_run(sock, pieces):
    """Of one size, but for the last: cut up by the kernel, or at the end."""
    size = struct.pack("=H", len(pieces[0]))
    sock.sendmsg(pieces, [(socket.IPPROTO_UDP, UDP_SEGMENT, size)])


def send_merged(questions):
    """In as few calls as there are runs."""
    run, of = [], None
    for sock, data in (*questions, (None, b"")):
        joins = sock is of and data and run and len(run) < RUN_MAX and \
            len(data) <= len(run[0]) == len(run[-1])
        if run and not joins:
            send_run(of, run) if len(run[0]) > 0 else of.send(b"")
            run = []
        run, of = [*run, data], sock


def ask_for_runs(daemon, sock):
    """What looks like a run has it ask the kernel for runs from then on."""
    questions = [(sock, b"%02d" % number) for number in range(20)]
    send_together(daemon, questions)
    expect_echoes(questions)


@pytest.mark.parametrize("host", ("127.0.0.1", "::1"))
@pytest.mark.parametrize("kind", ("echo", "echo-upper"))
@pytest.mark.parametrize("listen", ("localhost:0/udp", "*:0/udp"))
def test_runs_that_come(netlabd, host, kind, listen):
    if ":" in host and not has_ipv6():
        pytest.skip("no IPv6 here")
    daemon = netlabd(f'{kind} lab {{ listen = "{listen}" }}')
    port = daemon.port("lab", "udp6" if ":" in host else "udp4")
    socks = [roomy_socket((host, port)) for _ in range(3)]
    for sock in socks:
        sock.send(b"1")
        assert sock.recv(100) == b"1"
    for _ in range(3):
        questions = mix(socks)
        daemon.freeze()
        send_merged(questions)
        daemon.thaw()
        expect_answers(questions)
    figures = daemon.stop().figures["lab"]
    assert figures["datagrams"] == figures["answers"] == \
        3 * len(questions) + len(socks)
    assert figures["datagram-bytes"] == figures["answer-bytes"] == \
        3 * sum(len(data) for _, data in questions) + len(socks)


def test_runs_over_a_wire(netlabd, namespaces):
    server, client = namespaces
    daemon = netlabd('echo lab { listen = "*:7007/udp" }', prefix=server.prefix)
    with client.entered():
        socks = [roomy_socket(("10.77.0.1", 7007)) for _ in range(2)]
        ask_for_runs(daemon, socks[0])
        for _ in range(3):
            questions = mix(socks, count=100)
            daemon.freeze()
            send_merged(questions)
            daemon.thaw()
            expect_echoes(questions)
    figures = daemon.stop().figures["lab"]
    assert figures["answers"] == figures["datagrams"]
    assert figures["runs-not-taken"] == 0


def test_each_of_a_run_is_judged(netlabd):
    """Limits count datagrams."""
    daemon = netlabd("""echo lab { listen = "127.0.0.1:0/udp"
        datagram-rate-per-source = 50 }""")
    sock = daemon.connect("lab", "udp4")
    ask_for_runs(daemon, sock)
    send_run(sock, [b"%02d" % number for number in range(64)])
    send_run(sock, [b"%02d" % number for number in range(64)])
    figures = daemon.stop().figures["lab"]
    assert figures["datagrams"] == 20 + 1 + 128
    refused = figures["refused-datagram-rate-per-source"]
    assert figures["answers"] + refused == figures["datagrams"]
    assert refused >= 90


BUCKET = """creosote lab { listen = "127.0.0.1:0/udp"
    file = "DIR/bucket" format = raw receive-buffer = 64K %s }"""


def test_a_bucket_counts_each(netlabd, tmp_path):
    """It takes no runs unless it is told to, and so can tell every loss."""
    daemon = netlabd(BUCKET % "")
    sock = daemon.connect("lab", "udp4")
    path = tmp_path / "bucket"
    for repeats in (1, 200):
        daemon.freeze()
        for _ in range(repeats):
            send_run(sock, [b"lots"] * 64)
        daemon.thaw()
        wait_until(lambda: path.read_bytes()[-5:] == b"lots\n"
                   or b"lost" in path.read_bytes(), "it is written")
    lab = daemon.stop().figures["lab"]
    assert lab["lost"] > 0
    assert lab["records"] + lab["lost"] == 64 * 201
    told = re.findall(r"(\d+) datagrams lost here on \S+ \(",
                      path.read_text(encoding="ascii"))
    assert sum(map(int, told)) == lab["lost"]


def test_a_bucket_of_runs(netlabd, tmp_path):
    """In order, and with a word where a run was dropped."""
    daemon = netlabd(BUCKET % "merge = yes")
    sock = daemon.connect("lab", "udp4")
    path = tmp_path / "bucket"

    def lines():
        return path.read_text(encoding="ascii").splitlines()

    daemon.freeze()
    for number in range(20):
        sock.send(b"%03d" % number)
    daemon.thaw()
    wait_until(lambda: len(lines()) == 20, "all are there")
    daemon.freeze()
    for begin in (20, 60):
        send_run(sock, [b"%03d" % (begin + i) for i in range(40)])
    daemon.thaw()
    wait_until(lambda: len(lines()) == 100, "all are there")
    assert lines() == [f"{number:03}" for number in range(100)]
    daemon.freeze()
    for _ in range(200):
        send_run(sock, [b"lots"] * 64)
    daemon.thaw()
    outcome = daemon.stop()
    lost = [match for match in map(re.compile(
        r"netlabd: (\d+) datagrams lost here on 127\.0\.0\.1:\d+, runs "
        r"counted as one \(receive queue full\)$").match, lines()) if match]
    assert len(lost) == 1
    runs = int(lost[0][1])
    assert outcome.figures["lab"]["lost"] == runs
    assert outcome.figures["lab"]["records"] == 100 + 64 * (200 - runs)
