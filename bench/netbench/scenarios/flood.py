# SPDX-License-Identifier: ISC
"""How long a client waits for an answer while another service of the same
server is flooded with datagrams, as fast as one processor can send them."""
import contextlib
import os
import socket
import statistics
import subprocess
import time

from netbench import echo_peers, peers
from netbench.bench import BenchError
from netbench.place import OWN_PRIORITY, become_first
from netbench.result import Check, Figure
from netbench.scenario import Scenario

TRIES = 300
PAUSE_S = 0.002  # the flood has the processor meanwhile
SIZES_B = (64, 8192)
FLOOD_S = 30  # at the most; it ends with the tries
# One processor sends less than this in that time.
FLOOD_RATE_MAX = 4000000
ANSWER_TIMEOUT_S = 5

NETLABD = """discard flooded { listen = "127.0.0.1:0/udp" }
time clock { listen = "127.0.0.1:0" }
"""


class Target:
    """A server with a time service over TCP and UDP, and one to be flooded."""

    def __init__(self, name, server, flooded, clock_tcp, clock_udp):
        self.name = name
        self.server = server
        self.flooded = flooded
        self.clock_tcp = clock_tcp
        self.clock_udp = clock_udp


def start_netlabd(bench):
    """As shipped, on ports of the system's choice."""
    server = bench.start_netlabd(NETLABD)
    return Target("netlabd", server, server.port("udp", "flooded"),
                  server.port("tcp", "clock"), server.port("udp", "clock"))


def start_xinetd(bench):
    """In the foreground, with nothing but this."""
    ports = [peers.free_port() for _ in range(3)]
    config = bench.folder / f"xinetd-{len(bench.servers)}.conf"
    config.write_text("".join(
        echo_peers.xinetd_service(service, transport, port)
        for service, transport, port in (
            ("discard", "udp", ports[0]), ("time", "tcp", ports[1]),
            ("time", "udp", ports[2]))), encoding="ascii")
    server = peers.start(
        bench, "xinetd", [peers.find("xinetd"), "-dontfork", "-f", config,
                          "-pidfile", bench.folder / "xinetd.pid"],
        ports[0], "udp")
    return Target("xinetd", server, *ports)


def ask_tcp(port):
    """True when the time came."""
    with socket.create_connection(("127.0.0.1", port),
                                  ANSWER_TIMEOUT_S) as sock:
        return len(sock.recv(100)) > 0


def ask_udp(port):
    """True when the time came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(ANSWER_TIMEOUT_S)
        sock.connect(("127.0.0.1", port))
        sock.send(b"\n")
        return len(sock.recv(100)) > 0


def waits_ms(ask, port, tries):
    """The milliseconds of each try, sorted; those without answer count."""
    waits = []
    for _ in range(tries):
        time.sleep(PAUSE_S)
        begin = time.monotonic()
        try:
            answered = ask(port)
        except OSError:
            answered = False
        waits.append((time.monotonic() - begin) * 1e3)
        if not answered:
            waits[-1] = ANSWER_TIMEOUT_S * 1e3
    return sorted(waits)


@contextlib.contextmanager
def flood(bench, port, size):
    """Sends all the time until the block is left."""
    command = bench.load_command(
        "load-udp", port=port, mode="blast", silent=True, segment=True,
        size=size, count=FLOOD_RATE_MAX * FLOOD_S)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          preexec_fn=bench.places.as_load) as process:
        time.sleep(0.2)
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def first_in_line():
    """The one who asks comes before the flood, where the system allows it: it
    is the server that shall be measured."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(PermissionError):
        become_first(OWN_PRIORITY)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def figures(label, waits):
    """What the tries say."""
    lost = sum(wait >= ANSWER_TIMEOUT_S * 1e3 for wait in waits)
    yield Figure(label, statistics.median(waits),
                 f"ms; 99 in 100: {waits[len(waits) * 99 // 100]:.1f}, "
                 f"worst {waits[-1]:.1f}, {lost} of {len(waits)} unanswered")


def measure(bench, target):
    """Both transports, at peace and under each flood."""
    tries = max(10, bench.count(TRIES))
    asks = (("TCP", ask_tcp, target.clock_tcp),
            ("UDP", ask_udp, target.clock_udp))
    os.sched_setaffinity(0, {bench.places.load})
    for transport, ask, port in asks:
        with first_in_line():
            waits = waits_ms(ask, port, tries)
        yield from figures(f"{target.name}: time over {transport}", waits)
    for size in SIZES_B:
        for transport, ask, port in asks:
            with flood(bench, target.flooded, size) as process, \
                    first_in_line():
                waits = waits_ms(ask, port, tries)
                if process.poll() is not None:
                    raise BenchError("the flood ended before the tries")
            yield from figures(
                f"{target.name}: {transport}, flood of {size} B", waits)
            if target.name == "netlabd":
                yield Check("netlabd: each has its answer",
                            waits[-1] < ANSWER_TIMEOUT_S * 1e3,
                            f"worst {waits[-1]:.1f} ms")


def run(bench):
    """netlabd alone."""
    target = start_netlabd(bench)
    yield from measure(bench, target)
    target.server.stop()


def run_peers(bench):
    """netlabd, then those that are installed."""
    yield from run(bench)
    if peers.find("xinetd"):
        target = start_xinetd(bench)
        yield from measure(bench, target)
        target.server.stop()
    else:
        yield from peers.not_here(["xinetd"])


FLOOD = Scenario("flood", "waiting for the time while datagrams flood "
                 "another service", run)
PEERS = Scenario("flood-peers", "the same beside xinetd", run_peers,
                 by_default=False)
