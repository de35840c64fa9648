# SPDX-License-Identifier: ISC
"""Several netlabd on one port: how the load spreads, and at what cost."""
import os
import re
import statistics

from netbench.bench import BenchError
from netbench.measure import Contender, Meter, interleave, table
from netbench.result import Figure
from netbench.scenario import Scenario

ROUNDS = 11  # each has flows of its own, and so another spread
FLOWS = (4, 64, 1024)
INSTANCES = 2
COUNT = 40000
LOADS = {"udp": ("load-udp", "UDP echo, 64 B, {} flows, window 1"),
         "tcp": ("load-tcp", "TCP echo, 64 B, {} connections, window 1")}
CONFIGURATION = """echo lab {{ listen = "127.0.0.1:{}/{}"
    reuse-port = {} }}
"""
SERVED = re.compile(r"echo 'lab': .*?\b(?:datagram|read)-bytes (\d+)")


class Instances:
    """Servers that share a port, measured as if they were one."""

    def __init__(self, bench, transport, count, shared):
        self._servers, port = [], 0
        cpus = bench.places.server, bench.places.load
        for i in range(count):
            server = bench.start_netlabd(
                CONFIGURATION.format(port, transport, shared))
            os.sched_setaffinity(server.pid, {cpus[i % len(cpus)]})
            port = server.port(transport)
            self._servers.append(server)
        self.port = port

    def cpu_s(self):
        """Of all."""
        return sum(server.cpu_s() for server in self._servers)

    def sleeps(self):
        """Of all."""
        return sum(server.sleeps() for server in self._servers)

    def stop(self):
        """Ends them and tells the share of the busiest."""
        for server in self._servers:
            server.stop()
        served = [sum(int(found[1]) for found in map(SERVED.search, one.lines)
                      if found) for one in self._servers]
        return max(served) / (sum(served) or 1)


def contender(bench, transport, name, count, shared):
    """start() -> (Instances, port)."""
    def start():
        servers = Instances(bench, transport, count, shared)
        return servers, servers.port
    return Contender(name, start)


def contenders(bench, transport):
    """One by itself, one that could share its port, and two that do."""
    return [contender(bench, transport, "1 instance", 1, "no"),
            contender(bench, transport, "1 instance, reuse-port", 1, "yes"),
            contender(bench, transport, f"{INSTANCES} instances", INSTANCES,
                      "yes")]


def take(bench, who, transport, flows):
    """A Sample, and the share of the busiest. Nothing is warmed up: that would
    have other flows, and so another spread."""
    servers, port = who.start()
    meter = Meter(servers)
    got = bench.load(LOADS[transport][0], port=port, flows=flows,
                     count=max(flows, bench.count(COUNT)))
    meter.stop()
    share = servers.stop()
    if got["wrong"] or got["answered"] != got["sent"]:
        raise BenchError(f"{who.name}: {got}")
    return meter.sample(got["answered"], got["seconds"]), share


def run_flows(bench, transport, flows):
    """So many at once."""
    seen = interleave(contenders(bench, transport),
                      min(bench.rounds, ROUNDS),
                      lambda who: take(bench, who, transport, flows))
    label = LOADS[transport][1].format(flows)
    yield from table(label, {name: [sample for sample, _ in list_]
                             for name, list_ in seen.items()})
    name, list_ = list(seen.items())[-1]
    shares = [100 * share for _, share in list_]
    yield Figure(f"{label}: share of the busiest of {name}",
                 statistics.median(shares),
                 f"% ({min(shares):.0f} to {max(shares):.0f})")


def run(bench):
    """Few flows and many."""
    for transport in LOADS:
        for flows in FLOWS:
            yield from run_flows(bench, transport, flows)


SHARE = Scenario("instances", "several netlabd that share a port", run,
                 by_default=False)
