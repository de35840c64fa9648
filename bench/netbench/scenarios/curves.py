# SPDX-License-Identifier: ISC
"""How cost grows with flows, size, connections and load."""
from netbench.measure import interleave, load, table
from netbench.scenario import Scenario
from netbench.scenarios import many, receivers
from netbench.scenarios.echo import BARE, BATCH, limit, netlabd
from netbench.scenarios.memory import connection_count

ROUNDS = 5
FLOWS = (1, 4, 16, 64, 256)
SIZES_B = (64, 512, 1400, 4096, 8192)
UDP_COUNT = 20000
CONNECTIONS = (1, 10, 100, 1000, 10000)
TCP_COUNT, TCP_LEAST = 20000, 10  # of all; of each
RATES = (1000, 10000, 100000)
SATURATED_MS = 2000


def compared(bench, label, contenders, take):
    """Yields a Ratio for each."""
    yield from table(label, interleave(
        contenders, min(bench.rounds, ROUNDS), take))


def some(count, word):
    """In words: "1 flow", "4 flows"."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def run_udp(bench):
    """More peers, then larger datagrams."""
    contenders = [limit(bench, BATCH), *netlabd(bench, "udp")]
    loads = [(f"UDP echo, 64 B, {some(flows, 'flow')}, window 1",
              {"flows": flows}) for flows in FLOWS]
    loads += [(f"UDP echo, {size} B, 16 flows, window 4",
               {"flows": 16, "window": 4, "size": size}) for size in SIZES_B]
    for label, options in loads:
        yield from compared(
            bench, label, contenders, lambda who, options=options: load(
                bench, who, "load-udp", bench.count(UDP_COUNT), options))


def run_tcp(bench):
    """More connections, each with time-outs."""
    most = connection_count(bench)
    contenders = [limit(bench, BARE),
                  *netlabd(bench, "tcp", many.OPTIONS.format(most))]
    for wanted in CONNECTIONS:
        count = min(wanted, most)
        each = max(TCP_LEAST, bench.count(TCP_COUNT) // count)
        yield from compared(
            bench,
            f"TCP echo, 64 B, {some(count, 'connection')}, window 1",
            contenders, lambda who, count=count, each=each: many.take(
                bench, who, count, each))


def run_bucket(bench):
    """More datagrams a second, up to more than can be taken. On a machine that
    has other things to do, rates are kept, and sleeps equal, before them only.
    """
    contenders = [*receivers.limits(bench, receivers.DISCARD),
                  receivers.bucket(bench)]
    for rate in RATES:
        yield from compared(
            bench, f"bucket, {receivers.SIZE_B} B, {rate}/s", contenders,
            lambda who, rate=rate: receivers.at_rate(bench, who, rate))
    yield from compared(
        bench, f"bucket, {receivers.SIZE_B} B, saturated", contenders,
        lambda who: receivers.saturated(bench, who, SATURATED_MS))


UDP = Scenario("curves-udp", "how cost grows with flows and size", run_udp,
               by_default=False)
TCP = Scenario("curves-tcp", "how cost grows with connections", run_tcp,
               by_default=False)
BUCKET = Scenario("curves-bucket", "how cost grows with load", run_bucket,
                  by_default=False)
