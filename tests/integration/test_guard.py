# SPDX-License-Identifier: ISC
"""The loop guard: what must not be answered is not, and is counted."""

import contextlib
import re
import socket

import pytest

from manager import Manager
from test_reload import outcome
from wire import exchange, forge, forger, is_silent, own_loopback, udp_socket

LAB = 'echo lab { listen = "localhost:0" }'
ANSWERING_PORTS = (1434, 1900, 2345, 3283, 3702, 5060, 5353, 5683, 10001, 11111,
                   11211, 27960)


def refusals(figures):
    return {name.removeprefix("refused-"): count
            for name, count in figures.items() if name.startswith("refused-")}


def ask_from(daemon, source):
    """Asks from there; whether an answer came. A second client's answer proves
    that the question was seen."""
    target = daemon.address("lab", "udp4")
    sock = udp_socket(source, target)
    sock.send(b"from there")
    assert exchange(daemon.connect("lab", "udp4"), b"and I?") == b"and I?"
    return not is_silent(sock)


def test_own_port_is_refused(netlabd):
    daemon = netlabd(LAB + 'discard other { listen = "localhost:0/udp" }')
    for name in "lab", "other":
        source = own_loopback(), daemon.port(name, "udp4")
        assert not ask_from(daemon, source)
    assert refusals(daemon.stop().figures["lab"]) == {"own-port": 2}


def test_a_flood_of_refusals_is_a_line_a_second(netlabd):
    daemon = netlabd(LAB)
    source = own_loopback(), 2049
    sock = udp_socket(source, daemon.address("lab", "udp4"))
    for _ in range(100):
        sock.send(b"from there")
    assert exchange(daemon.connect("lab", "udp4"), b"and I?") == b"and I?"
    daemon.wait_for_log("warning: echo 'lab': refused 99 more: system-port")
    assert daemon.log_contains(r"refused .*: ") == [
        f"netlabd: warning: echo 'lab': refused {source[0]}:2049: system-port",
        "netlabd: warning: echo 'lab': refused 99 more: system-port"]
    assert refusals(daemon.stop().figures["lab"]) == {"system-port": 100}


@pytest.mark.parametrize("port", (2049,) + ANSWERING_PORTS)
def test_ports_that_answer_are_refused(netlabd, port):
    daemon = netlabd(LAB)
    assert not ask_from(daemon, (own_loopback(), port))
    reason = "system-port" if port == 2049 else "answering-port"
    assert refusals(daemon.stop().figures["lab"]) == {reason: 1}


def test_more_ports_that_answer(netlabd):
    daemon = netlabd("""echo lab { listen = "localhost:0"
        loop-ports = { "7007", "8000-8100" } }""")
    for port in 7007, 8000, 8100, 1434:
        assert not ask_from(daemon, (own_loopback(), port))
    for port in 7006, 8101:
        assert ask_from(daemon, (own_loopback(), port))
    assert refusals(daemon.stop().figures["lab"]) == {"answering-port": 4}


def test_a_low_port_is_answered_twice_a_second(netlabd):
    daemon = netlabd(LAB)
    sock = udp_socket((own_loopback(), 7007), daemon.address("lab", "udp4"))
    assert exchange(sock, b"one") == b"one"
    sock.send(b"two")
    assert exchange(daemon.connect("lab", "udp4"), b"and I?") == b"and I?"
    assert is_silent(sock)
    sock.settimeout(0.1)
    answer = None
    for _ in range(100):
        sock.send(b"three")
        with contextlib.suppress(TimeoutError):
            answer = sock.recv(100)
            break
    assert answer == b"three"
    assert refusals(daemon.stop().figures["lab"])["pair"] >= 1


@pytest.mark.parametrize("kind, asked, answer", (
    ("echo", b"", b""), ("chargen", b"", b""), ("chargen", b"abc", b' !"'),
    ("time", b"", None), ("time", b"x" * 24, rb"\w{3} \w{3} .* \d{4}"),
    ("timestamp", b"x" * 1000, None)))
def test_no_amplification(netlabd, kind, asked, answer):
    daemon = netlabd(f'{kind} lab {{ listen = "localhost:0" '
                     'amplification = 1 }')
    sock = daemon.connect("lab", "udp4")
    sock.send(asked)
    if answer is None:
        daemon.wait_for_log("refused 127.0.0.1:.*: amplification$")
    else:
        assert re.fullmatch(answer, sock.recv(2000))
    figures = daemon.stop().figures["lab"]
    assert figures["answers"] == (answer is not None)
    assert figures["refused-amplification"] == (answer is None)


def test_amplification_as_in_rfc_864(netlabd):
    daemon = netlabd("""chargen lab { listen = "localhost:0"
        amplification = 20 }""")
    assert len(exchange(daemon.connect("lab", "udp4"), b"")) == 512


@pytest.mark.parametrize("port", (7, 19, 53, 1023))
def test_system_ports_are_refused(netlabd, port):
    daemon = netlabd(LAB)
    try:
        assert not ask_from(daemon, (own_loopback(), port))
    except PermissionError:
        pytest.skip("needs the right to use ports below 1024")
    assert refusals(daemon.stop().figures["lab"]) == {"system-port": 1}


def test_other_ports_are_served(netlabd):
    assert ask_from(netlabd(LAB), (own_loopback(), 1024))


def test_types_that_answer_nobody_take_from_everywhere(netlabd, tmp_path):
    """Many a device logs from port 514."""
    daemon = netlabd('creosote lab { listen = "localhost:0" file = "DIR/log" }'
                     'discard other { listen = "localhost:0" }')
    sources = [(own_loopback(), port) for port in (
        2049, 11211, daemon.port("lab", "udp4"))]
    for name in "lab", "other":
        for source in sources:
            udp_socket(source, daemon.address(name, "udp4")).send(b"log")
    figures = daemon.stop().figures
    assert figures["lab"]["records"] == figures["other"]["datagrams"] == 3
    assert not refusals(figures["lab"]) and not refusals(figures["other"])
    assert (tmp_path / "log").read_text(encoding="ascii").count(" log\n") == 3


def test_streams_have_no_loops(netlabd):
    daemon = netlabd(LAB)
    sock = socket.socket()
    sock.bind((own_loopback(), 2049))
    sock.connect(daemon.address("lab", "tcp4"))
    assert exchange(sock, b"hello") == b"hello"


# --- Two hosts, on a wire of their own


def start_for_all(netlabd, host):
    return netlabd('echo lab { listen = "*:7007/udp" }', prefix=host.prefix)


def start_on_one_for_both(netlabd, host):
    """On a socket of a unit that takes IPv6 and IPv4."""
    manager = Manager(f"@{host.name}")
    with host.entered():
        manager.listen(socket.SOCK_DGRAM, ("::", 7007), ipv6_only=False)
    started = manager.started_with()
    started["prefix"] = (*host.prefix, *started["prefix"])
    daemon = netlabd('echo lab { listen = "[::]:7007/udp" }', **started)
    manager.close()
    return daemon


def start_in_the_place_of_a_discard(netlabd, host):
    """That never asked where what it got was sent to."""
    daemon = netlabd('discard lab { listen = "*:7007/udp" }',
                     prefix=host.prefix)
    assert daemon.reload('echo lab { listen = "*:7007/udp" }') == \
        outcome(changed=1)
    return daemon


@pytest.mark.parametrize("start, refused", (
    (start_for_all, 4),
    (start_in_the_place_of_a_discard, 4),
    (start_on_one_for_both, 3),  # which gets no multicast of IPv4
))
def test_broadcast_and_multicast_are_refused(
        netlabd, namespaces, start, refused):
    server, client = namespaces
    daemon = start(netlabd, server)
    with client.entered():
        sock = udp_socket(("10.77.0.2", 0))
        sock6 = udp_socket(("fd77::2", 0))
        index = socket.if_nametoindex("wire")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for target in "10.77.0.255", "255.255.255.255", "224.0.0.1":
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                        socket.inet_aton("10.77.0.2"))
        if target == "255.255.255.255":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire")
        sock.sendto(b"all of you", (target, 7007))
    sock6.sendto(b"all of you", ("ff02::1", 7007, 0, index))
    for one, host in (sock, "10.77.0.1"), (sock6, "fd77::1"):
        one.sendto(b"you alone", (host, 7007))
        assert one.recv(100) == b"you alone"
        assert is_silent(one)
    figures = daemon.stop().figures["lab"]
    assert figures["answers"] == 2
    assert refusals(figures) == {"destination": refused}


def test_no_answer_goes_to_a_broadcast_address(netlabd, namespaces):
    """That of a network of its own, the kernel knows."""
    server, client = namespaces
    target = "10.77.0.1", 7007
    daemon = netlabd('echo lab { listen = "*:7007/udp" }',
                     prefix=server.prefix)
    with client.entered():
        raw, sock = forger(), udp_socket(target=target)
        deaf = udp_socket(("0.0.0.0", 40000))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    raw.sendto(forge(("10.77.0.255", 40000), target, b"to all"), target)
    assert exchange(sock, b"hello") == b"hello"
    assert is_silent(deaf)
    assert daemon.stop().figures["lab"]["answers"] == 1


def test_forged_sources_are_refused(netlabd, namespaces):
    server, client = namespaces
    target = "10.77.0.1", 7007
    daemon = netlabd('echo lab { listen = "*:7007/udp" }',
                     prefix=server.prefix)
    with client.entered():
        raw, sock = forger(), udp_socket(target=target)
    for source in (("10.77.0.2", 0), ("10.77.0.2", 7), ("10.77.0.2", 7007),
                   ("10.77.0.2", 11211), ("240.0.0.1", 40000)):
        raw.sendto(forge(source, target, b"loop"), target)
    assert exchange(sock, b"hello") == b"hello"
    figures = daemon.stop().figures["lab"]
    assert figures["answers"] == 1
    assert refusals(figures) == {"system-port": 2, "own-port": 1,
                                 "answering-port": 1, "source": 1}


@pytest.mark.parametrize("ports", ((2345, 2345), (2345, 11111), (7007, 7007)),
                         ids=lambda ports: "%d-%d" % ports)
def test_two_daemons_do_not_talk_to_each_other(netlabd, namespaces, ports):
    daemons = [netlabd(f'echo lab {{ listen = "*:{port}/udp" }}',
                       prefix=host.prefix)
               for host, port in zip(namespaces, ports)]
    first, second = ("10.77.0.1", ports[0]), ("10.77.0.2", ports[1])
    with namespaces[1].entered():
        raw, sock = forger(), udp_socket(target=first)
    for _ in range(10):
        raw.sendto(forge(second, first, b"ping"), first)
    assert exchange(sock, b"hello") == b"hello"
    figures = [daemon.stop().figures["lab"] for daemon in daemons]
    assert figures[0]["answers"] == 1  # ours
    assert figures[1]["datagrams"] == 0


