# SPDX-License-Identifier: ISC
"""No forged datagram makes two servers answer each other: netlabd and another
netlabd, or one of Debian's inetds, on a wire of their own."""

import itertools
import os
import select
import time

import pytest

import inetds
from daemon import DEADLINE_S
from wire import exchange, forge, forger, is_silent, udp_socket

HOSTS = "10.77.0.1", "10.77.0.2"
ANY = "0.0.0.0"
SERVICES = "echo", "echo-upper", "chargen", "time", "timestamp"
LOW, HIGH, CLIENTS = 0, 7000, 40000
REPEATS = 16384  # before a pair is muted

# Exchanges with both ends that a chain of answers cannot outlast unseen.
ROUNDS = 4


def lab(first_port, *options):
    """Each of the services on a port of its own: it, and the ports."""
    ports = {name: first_port + i for i, name in enumerate(SERVICES)}
    return ports, "\n".join(
        f'{name} {name} {{ listen = "*:{port}/udp" {" ".join(options)} }}'
        for name, port in ports.items())


def sent_datagrams(namespace):
    """What UDP sockets there have sent; what is forged is not counted."""
    with namespace.entered(), open("/proc/thread-self/net/snmp",
                                   encoding="ascii") as file:
        names, values = (line.split() for line in file
                         if line.startswith("Udp: "))
    return int(values[names.index("OutDatagrams")])


class Wire:
    """Two hosts with servers, and those who forge and ask on both."""

    def __init__(self, namespaces):
        self.namespaces = namespaces
        self.raw, self.asking = [], []
        for namespace in namespaces:
            with namespace.entered():
                self.raw.append(forger())
                self.asking.append(udp_socket((ANY, 0)))
        self.asked = 0

    def sent(self):
        """What the servers have sent; both ends of what was asked aside."""
        for sock in self.asking:
            while not is_silent(sock):  # it came late
                sock.recv(2000)
                self.asked += 1
        return sum(map(sent_datagrams, self.namespaces)) - self.asked

    def ask(self, host, port):
        """Asks a server, from the other host. xinetd throws away what comes
        while it answers somebody."""
        sock = self.asking[1 - host]
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            sock.sendto(b"are you through?", (HOSTS[host], port))
            self.asked += 1
            if select.select([sock], [], [], 0.05)[0]:
                sock.recv(2000)
                self.asked += 1
                return
        assert False, f"no answer from {HOSTS[host]}:{port}"

    def forge(self, host, port, source_port):
        """To a server, as if from the other host's."""
        target = HOSTS[host], port
        self.raw[1 - host].sendto(
            forge((HOSTS[1 - host], source_port), target, b"forged"), target)

    def led_to(self, host, port, source_port):
        """How many datagrams one that is forged causes; as many as can be in
        some rounds, where they never end."""
        before = self.sent()
        self.forge(host, port, source_port)
        for _ in range(ROUNDS):
            self.ask(host, port)
            self.ask(1 - host, source_port)
        return self.sent() - before


@pytest.fixture
def wire(namespaces):
    return Wire(namespaces)


@pytest.fixture
def inetd(namespaces, tmp_path):
    """Starts one, on the second host unless told otherwise."""
    running = []

    def start(kind, above, host=1):
        if inetds.missing(kind):
            pytest.skip(inetds.missing(kind))
        running.append(inetds.Inetd(kind, namespaces[host], above, tmp_path))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.mark.parametrize("above", (LOW, HIGH), ids=("low", "high"))
@pytest.mark.parametrize("kind", inetds.KINDS)
def test_an_inetd(netlabd, wire, inetd, kind, above):
    ports, config = lab(above + 100)
    theirs = inetd(kind, above).ports
    daemon = netlabd(config, prefix=wire.namespaces[0].prefix)
    for (our, port), (their, other) in itertools.product(
            ports.items(), theirs.items()):
        assert wire.led_to(0, port, other) <= 2, (our, their)
        # What is sent to theirs, they answer; ours answers that once.
        assert wire.led_to(1, other, port) <= 3, (our, their)
    figures = daemon.stop().figures
    reason = "refused-pair" if above else "refused-system-port"
    assert all(figures[name][reason] >= len(theirs) for name in ports)


@pytest.mark.parametrize("above", (LOW, HIGH), ids=("low", "high"))
def test_another_netlabd(netlabd, wire, above):
    labs = [lab(above + 100), lab(above + 200)]
    for (_, config), namespace in zip(labs, wire.namespaces):
        netlabd(config, prefix=namespace.prefix)
    for (our, port), (their, other) in itertools.product(
            labs[0][0].items(), labs[1][0].items()):
        assert wire.led_to(0, port, other) <= 2, (our, their)


def test_any_number_of_forged_datagrams(netlabd, wire, inetd):
    """Two each, at the most."""
    ports, config = lab(HIGH + 100)
    theirs = inetd("xinetd", HIGH).ports
    netlabd(config, prefix=wire.namespaces[0].prefix)
    before = wire.sent()
    for _ in range(100):
        wire.forge(0, ports["echo"], theirs["echo"])
    wire.led_to(0, ports["echo"], theirs["echo"])
    assert wire.sent() - before <= 2 * 101


# xinetd ends its loops itself, now and then.
@pytest.mark.parametrize("kind", ("openbsd-inetd", "inetutils-inetd"))
@pytest.mark.parametrize("our, their", (
    ("echo", "echo"), ("echo-upper", "echo"), ("echo", "chargen"),
    ("chargen", "chargen"), ("time", "time"), ("timestamp", "chargen")))
def test_where_clients_sit(netlabd, wire, inetd, kind, our, their):
    """There a loop looks as a client does, and is muted."""
    ports, config = lab(CLIENTS + 100)
    theirs = inetd(kind, CLIENTS).ports
    daemon = netlabd(config, prefix=wire.namespaces[0].prefix)
    before = wire.sent()
    wire.forge(0, ports[our], theirs[their])
    daemon.wait_for_log(f"'{our}': refused .*: muted$")
    figures = daemon.stop().figures[our]
    assert REPEATS <= figures["answers"] < 3 * REPEATS
    assert figures["refused-muted"] == 1
    assert wire.sent() - before <= 2 * figures["answers"]


def test_strict_is_for_all_ports(netlabd, wire, inetd):
    ports, config = lab(CLIENTS + 100, "pair-rule = strict")
    theirs = inetd("xinetd", CLIENTS).ports
    netlabd(config, prefix=wire.namespaces[0].prefix)
    assert wire.led_to(0, ports["echo"], theirs["echo"]) <= 2


def wait_for_loop(wire, before, count):
    """Whatever the machine does; it is up to the daemons' end to end it."""
    end = time.monotonic() + 20
    while wire.sent() - before < count and time.monotonic() < end:
        time.sleep(0.01)
    return wire.sent() - before


def test_without_the_rule_they_loop(netlabd, wire):
    """So it is the rule that the tests above have seen."""
    labs = [lab(HIGH + 100, "pair-rule = no"), lab(HIGH + 200, "pair-rule = no")]
    daemons = [netlabd(config, prefix=namespace.prefix)
               for (_, config), namespace in zip(labs, wire.namespaces)]
    before = wire.sent()
    wire.forge(0, labs[0][0]["echo"], labs[1][0]["echo"])
    assert wait_for_loop(wire, before, 1000) >= 1000
    for daemon in daemons:
        daemon.kill()


def test_a_load_tool_is_no_loop(netlabd, wire):
    """The same text again and again, each when the one before was answered;
    its answer is what it sends."""
    ports, config = lab(HIGH + 100)
    daemon = netlabd(config, prefix=wire.namespaces[0].prefix)
    with wire.namespaces[1].entered():
        sock = udp_socket(target=(HOSTS[0], ports["echo-upper"]))
    for _ in range(2000):
        assert exchange(sock, b"PING") == b"PING"
    assert daemon.stop().figures["echo-upper"]["answers"] == 2000


# --- What they do without netlabd's rule, for the record


SECONDS = float(os.environ.get("NETLABD_LOOP_SECONDS", "0"))


@pytest.mark.skipif(not SECONDS, reason="only figures (NETLABD_LOOP_SECONDS)")
@pytest.mark.parametrize("above", (LOW, HIGH), ids=("low", "high"))
@pytest.mark.parametrize("kind", inetds.KINDS)
def test_inetds_alone(wire, inetd, kind, above, capsys):
    for our, their in itertools.combinations_with_replacement(inetds.PORTS, 2):
        pair = [inetd(kind, above, host) for host in (0, 1)]
        before = wire.sent()
        wire.forge(0, pair[0].ports[our], pair[1].ports[their])
        time.sleep(SECONDS)  # it is what is measured
        count = wire.sent() - before
        for one in pair:
            one.close()
        with capsys.disabled():
            print(f"\n{kind}, {our} {pair[0].ports[our]} and {their} "
                  f"{pair[1].ports[their]}: {count} in {SECONDS:g} s", end="")
