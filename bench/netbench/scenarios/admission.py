# SPDX-License-Identifier: ISC
"""What it costs to judge who may come in: look-ups in lists of networks, and a
flood of sources that come once. CPU time, without sockets."""
import json
import statistics
import subprocess

from netbench.result import Check, Figure
from netbench.scenario import Scenario

COUNTS = (1, 100, 10000)
LOOKUPS = 5000000
FLOOD = 10000000
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


ADMISSION = Scenario("admission", "who may come in: networks, and a flood of "
                     "sources", run, needs_netlabd=False)
