# SPDX-License-Identifier: ISC
"""The time over TCP: what a connection costs, and whether each is answered.

A load alone cannot make so many connections that a server has always some to
serve: the faster it is, the more often it sleeps, and that costs more than it
saves. So goals are measured with both on one processor, where all servers find
the same number of connections whenever they run.
"""
from netbench import echo_peers, peers
from netbench.measure import Contender, compare, goal, table
from netbench.result import Goal
from netbench.scenario import Scenario
from netbench.scenarios.echo import limit

BARE = "limit-tcp-time"
COUNT = 10000
ALL_COUNT = 200000
CTIME_B, DAYTIME_B = 24, 26
BARE_AIM, INETD_AIM = 0.80, 0.65
CONFIGURATION = """time clock {{ listen = "127.0.0.1:0/tcp"
    format = {} }}
"""


def netlabd(bench, form):
    """netlabd's time service as a contender."""
    def start():
        server = bench.start_netlabd(CONFIGURATION.format(form))
        return server, server.port("tcp")
    return Contender("netlabd", start)


def run(bench):
    """One at a time and several, against the bare system calls; then many,
    each of which must have its whole answer."""
    contenders = [limit(bench, BARE), netlabd(bench, "ctime")]
    for flows in (1, 16):
        options = {"mode": "read", "flows": flows, "size": CTIME_B}
        yield from table(f"a connection, {flows} at once", compare(
            bench, contenders, "load-tcp", bench.count(COUNT), **options))
        label = f"a connection, {flows} at once, one processor"
        with bench.places.in_one():
            samples = compare(bench, contenders, "load-tcp",
                              bench.count(COUNT), **options)
        yield from table(label, samples)
        yield goal(label, samples, ("netlabd", BARE), BARE_AIM)
    server, port = contenders[1].start()
    got = bench.load("load-tcp", port=port, mode="read", flows=4,
                     size=CTIME_B, count=bench.count(ALL_COUNT))
    server.stop()
    yield Goal(f"short or missing answers of {got['sent']} connections",
               got["sent"] - got["answered"], 0)


def run_peers(bench):
    """Beside inetds, all in the format of RFC 867."""
    here, missing = echo_peers.found(echo_peers.daytime(bench))
    contenders = [netlabd(bench, "daytime"), *here]
    label = "a connection, 1 at once, one processor"
    with bench.places.in_one():
        samples = compare(bench, contenders, "load-tcp", bench.count(COUNT),
                          mode="read", size=DAYTIME_B)
    yield from table(label, samples)
    yield goal(label, samples, ("netlabd", "openbsd-inetd"), INETD_AIM)
    yield from peers.not_here(missing)


TIME = Scenario("time", "the time over TCP, against limit-tcp-time", run)
PEERS = Scenario("time-peers", "the time over TCP beside inetds", run_peers,
                 by_default=False)
