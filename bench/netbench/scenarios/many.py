# SPDX-License-Identifier: ISC
"""TCP echo with so many connections that looking after each would be felt."""
import json
import resource
import subprocess

from netbench.bench import BenchError
from netbench.measure import Meter, goal, interleave, table
from netbench.scenario import Scenario
from netbench.scenarios.echo import BARE, limit, netlabd
from netbench.scenarios.memory import SPARE_DESCRIPTORS, wait_for_descriptors

CONNECTIONS = 10000
MESSAGES = 30  # of each
AIM = 1.10
ROUNDS = 5
TIMEOUT_S = 60


def take(bench, contender, count):
    """Opens all, then measures what their messages cost, and not their ends."""
    server, port = contender.start()
    descriptors = server.descriptors()
    command = bench.load_command("load-tcp", port=port, flows=count,
                                 count=count * MESSAGES, hold=True, wait=5000)
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          preexec_fn=bench.places.as_load) as load:
        load.stdout.readline()
        wait_for_descriptors(server, descriptors + count)
        meter = Meter(server)
        load.stdin.write(b"\n")
        load.stdin.flush()
        got = json.loads(load.stdout.readline())
        meter.stop()
    server.stop()
    if got["wrong"] or got["answered"] != count * MESSAGES:
        raise BenchError(f"{contender.name}: {got}")
    return meter.sample(got["answered"], got["seconds"])


def run(bench):
    """With the time-out of 10 minutes that every connection has."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(bench.count(CONNECTIONS), soft - SPARE_DESCRIPTORS)
    contenders = [limit(bench, BARE), *netlabd(
        bench, "tcp", f"max-connections = {count}\nidle-timeout = 10m")]
    samples = interleave(contenders, min(bench.rounds, ROUNDS),
                         lambda contender: take(bench, contender, count))
    label = f"64 B, {count} connections with time-outs, window 1"
    yield from table(label, samples)
    yield goal(label, samples, ("netlabd", BARE), AIM)


MANY = Scenario("tcp-many", "TCP echo with very many connections", run,
                needs_netlabd=False)
