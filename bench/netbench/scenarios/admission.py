# SPDX-License-Identifier: ISC
"""What it costs to judge who may come in: look-ups in lists of networks, and a
flood of sources that come once. CPU time, without sockets; and then what of it
is seen in an answer."""
import ipaddress
import json
import random
import statistics
import subprocess

from netbench.measure import Contender, compare, table
from netbench.result import Check, Figure
from netbench.scenario import Scenario

COUNTS = (1, 100, 10000)
LOOKUPS = 5000000
FLOOD = 10000000
SOURCES = 4000
ANSWERS = 40000
ROUNDS = 5
TIMEOUT_S = 120


def measure(bench, *arguments):
    """What the program prints."""
    program = bench.programs / "cost-admission"
    done = subprocess.run([program, *map(str, arguments)], check=True,
                          stdout=subprocess.PIPE, timeout=TIMEOUT_S)
    return json.loads(done.stdout)


def run(bench):
    """Networks in turn, so that all of them meet the same disturbances."""
    samples = {count: [] for count in COUNTS}
    for _ in range(min(bench.rounds, ROUNDS)):
        for count in COUNTS:
            samples[count].append(measure(
                bench, "networks", count, bench.count(LOOKUPS)))
    for count, list_ in samples.items():
        yield Figure(f"a look-up among {count} networks",
                     statistics.median(s["ns"] for s in list_), "ns")
    for count, list_ in samples.items():
        yield Figure(f"memory of {count} networks",
                     list_[0]["bytes"] / 1024, "KiB")
    flood = measure(bench, "flood", bench.count(FLOOD))
    yield Figure(f"a datagram of {flood['sources']} sources",
                 flood["ns"], "ns")
    grown = flood["after_kib"] - flood["before_kib"]
    yield Check("the flood costs no memory", grown <= 64,
                f"{flood['before_kib']} KiB before, {grown} more after")
    yield Check("one that sends as it may is served",
                flood["served"] == flood["asked"],
                f"{flood['served']} of {flood['asked']}")


def networks(count):
    """The loopback network and others within it, all of which are allowed."""
    found = {ipaddress.ip_network("127.0.0.0/8")}
    chance = random.Random(1)
    while len(found) < count:
        found.add(ipaddress.ip_network(
            (127 << 24 | chance.getrandbits(24), chance.randint(12, 32)),
            strict=False))
    return ", ".join(f'"{network}"' for network in sorted(found))


def contender(bench, label, allow):
    """netlabd's echo service with a list."""
    def start():
        server = bench.start_netlabd(
            f'echo lab {{ listen = "127.0.0.1:0/udp" {allow} }}\n')
        return server, server.port("udp")
    return Contender(label, start)


def run_answers(bench):
    """From many sources in turn, so that none is looked up twice in a row."""
    contenders = [contender(bench, "no list", "")] + [
        contender(bench, f"allow: {count} networks",
                  f"allow = {{ {networks(count)} }}") for count in COUNTS]
    yield from table(
        f"64 B, {SOURCES} sources, window 1",
        compare(bench, contenders, "load-udp", bench.count(ANSWERS),
                flows=SOURCES, window=1, spread=True, wait=10000))


ANSWERED = Scenario("networks", "what lists of networks add to the CPU time of "
                    "an answer", run_answers, by_default=False)
ADMISSION = Scenario("admission", "who may come in: networks, and a flood of "
                     "sources", run, needs_netlabd=False)
