# SPDX-License-Identifier: ISC
"""The bucket beside other log receivers: CPU time at given rates, the highest
rate without loss, and what becomes of a burst."""
import statistics

from netbench import receivers
from netbench.result import Check, Figure, Ratio
from netbench.scenario import Scenario

SIZE_B = 128
RATES = (5000, 20000, 100000)
RATE_S = 1.0
RATE_ROUNDS = 5
BURST_COUNT = 100000
BURST_ROUNDS = 5
# The search for the highest rate: from a rate that all bear, by steps.
FIRST_RATE, LAST_RATE, STEP = 50000, 3200000, 1.25
RUN_S = 2.0  # far longer than a receive queue lasts
CPU_AIM, RATE_AIM = 0.25, 2.0


def starters(bench):
    """All that are here: name, start(bench) -> Receiver."""
    found = [("netlabd", receivers.start_bucket),
             ("netlabd, gather = 0", lambda bench: receivers.start_bucket(
                 bench, "gather = 0"))]
    if receivers.has_rsyslog():
        found.insert(0, ("rsyslog", receivers.start_rsyslog))
    if bench.netlabd is None:
        found = []
    return found


def load(bench, receiver, mode, **options):
    """Sends, waits until it is in the file, and returns what was sent."""
    got = bench.load("load-udp", port=receiver.port, mode=mode, size=SIZE_B,
                     silent=True, **options)
    if receiver.path is not None:
        receiver.settle(got["sent"])
    return got


def cpu_at(bench, start, rate):
    """(CPU ns a datagram, datagrams a second, sleeps a datagram)."""
    receiver = start(bench)
    count = bench.count(rate * RATE_S)
    cpu_s = receiver.server.cpu_s()
    sleeps = receiver.server.sleeps()
    got = load(bench, receiver, "steady", rate=rate, count=count)
    cpu_s = receiver.server.cpu_s() - cpu_s
    sleeps = receiver.server.sleeps() - sleeps
    receiver.server.stop()
    return cpu_s * 1e9 / count, count / got["seconds"], sleeps / count


def run_cpu(bench):
    """Interleaved; the first is the unit."""
    contenders = starters(bench) + [("limit-udp-discard",
                                     receivers.start_discard)]
    rounds = min(bench.rounds, RATE_ROUNDS)
    for rate in RATES:
        samples = {name: [] for name, _ in contenders}
        for turn in range(rounds):
            for name, start in contenders[::-1 if turn % 2 else 1]:
                samples[name].append(cpu_at(bench, start, rate))
        unit = [sample[0] for sample in samples[contenders[0][0]]]
        for name, _ in contenders:
            ratios = [s[0] / u for s, u in zip(samples[name], unit)]
            yield Ratio(
                f"{SIZE_B} B at {rate}/s", name, statistics.median(ratios),
                min(ratios), max(ratios),
                *(statistics.median(column) for column in zip(*samples[name])),
                aim=CPU_AIM if (name, rate) == ("netlabd", 20000) and
                contenders[0][0] == "rsyslog" else None)


def is_lossless(bench, start, rate):
    """True when all of a run is in the file; and the true rate."""
    receiver = start(bench)
    got = load(bench, receiver, "rate", rate=int(rate), segment=True,
               count=bench.count(rate * RUN_S))
    receiver.server.stop()  # which writes what it holds back
    return receiver.lines() == got["sent"], got["sent"] / got["seconds"]


def highest_rate(bench, start):
    """Steps up until something is lost or the load gets no faster."""
    best, rate = 0, FIRST_RATE
    while rate <= LAST_RATE:
        lossless, true_rate = is_lossless(bench, start, rate)
        if not lossless or true_rate <= best:
            break
        best = true_rate
        rate *= STEP
    return best


def run_highest(bench):
    """The median of three searches each, and their ratio."""
    found = [item for item in starters(bench) if "gather" not in item[0]]
    rates = {name: [] for name, _ in found}
    for turn in range(min(bench.rounds, 3)):
        for name, start in found[::-1 if turn % 2 else 1]:
            rates[name].append(highest_rate(bench, start))
    medians = {name: statistics.median(list_) for name, list_ in rates.items()}
    for name, median in medians.items():
        yield Figure(f"{name}: highest rate without loss", median,
                     f"/s ({min(rates[name]):.0f} to {max(rates[name]):.0f})")
    if "rsyslog" in medians and medians["netlabd"] > 0:
        yield Figure("rsyslog's as a part of netlabd's",
                     medians["rsyslog"] / medians["netlabd"], "",
                     aim=1 / RATE_AIM)


def run_burst(bench):
    """A burst as fast as the load can: what is there, what is said."""
    for name, start in starters(bench):
        if "gather" in name:
            continue
        there, stated, sent = [], [], 0
        for _ in range(min(bench.rounds, BURST_ROUNDS)):
            receiver = start(bench)
            got = load(bench, receiver, "blast", count=BURST_COUNT)
            receiver.server.stop()
            there.append(receiver.lines())
            stated.append(receiver.stated())
            sent = got["sent"]
        yield Figure(f"{name}: lost of {sent} in a burst",
                     statistics.median(sent - n for n in there),
                     f"({min(sent - n for n in there)} to "
                     f"{max(sent - n for n in there)})")
        if name == "netlabd":
            yield Check("netlabd: records and losses that are said add up",
                        all(n + s == sent for n, s in zip(there, stated)),
                        ", ".join(f"{n} + {s}" for n, s in zip(there, stated)))


CPU = Scenario("receivers-cpu", "log receivers: CPU time of a datagram",
               run_cpu, by_default=False)
HIGHEST = Scenario("receivers-rate", "log receivers: rate without loss",
                   run_highest, by_default=False)
BURST = Scenario("receivers-burst", "log receivers: a burst",
                 run_burst, by_default=False)
