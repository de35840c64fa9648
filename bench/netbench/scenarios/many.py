# SPDX-License-Identifier: ISC
"""TCP echo with so many connections that looking after each would be felt."""
import json
import subprocess

from netbench.bench import BenchError
from netbench.measure import Meter, goal, interleave, table
from netbench.scenario import Scenario
from netbench.scenarios.echo import BARE, limit, netlabd
from netbench.scenarios.memory import (connection_count,
                                       wait_for_descriptors)

MESSAGES = 30  # of each
AIM = 1.10
ROUNDS = 5
OPTIONS = "max-connections = {}\nidle-timeout = 10m"


def take(bench, contender, connections, messages):
    """Opens all, then measures what the messages of each cost, and not their
    ends."""
    count = connections * messages
    server, port = contender.start()
    descriptors = server.descriptors()
    command = bench.load_command("load-tcp", port=port, flows=connections,
                                 count=count, hold=True, wait=5000)
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          preexec_fn=bench.places.as_load) as load:
        load.stdout.readline()
        wait_for_descriptors(server, descriptors + connections)
        meter = Meter(server)
        load.stdin.write(b"\n")
        load.stdin.flush()
        got = json.loads(load.stdout.readline())
        meter.stop()
    server.stop()
    if got["wrong"] or got["answered"] != count:
        raise BenchError(f"{contender.name}: {got}")
    return meter.sample(got["answered"], got["seconds"])


def run(bench):
    """With the time-out of 10 minutes that every connection has."""
    count = connection_count(bench)
    contenders = [limit(bench, BARE), *netlabd(
        bench, "tcp", OPTIONS.format(count))]
    samples = interleave(
        contenders, min(bench.rounds, ROUNDS),
        lambda contender: take(bench, contender, count, MESSAGES))
    label = f"64 B, {count} connections with time-outs, window 1"
    yield from table(label, samples)
    yield goal(label, samples, ("netlabd", BARE), AIM)


MANY = Scenario("tcp-many", "TCP echo with very many connections", run,
                needs_netlabd=False)
