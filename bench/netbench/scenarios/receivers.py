# SPDX-License-Identifier: ISC
"""The bucket beside the bare limits and other log receivers: CPU time at given
rates and when saturated, the highest rate without loss, a burst."""
import statistics

from netbench import peers, receivers
from netbench.measure import Contender, Meter, goal, interleave, table
from netbench.result import Check, Figure, Goal
from netbench.scenario import Scenario

SIZE_B = 128
RATES = (20000, 100000)
RATE_S = 1.0
ROUNDS = 5
SATURATED_MS, SUSTAINED_MS = 2000, 10000
BURST_COUNT = 100000
# The search for the highest rate: from a rate that all bear, by strides; then
# from where it was before, by steps.
FIRST_RATE, LEAST_RATE, STRIDE, STEP = 50000, 1000, 1.5, 1.1
LOAD_GAIN = 1.02  # or the load is as fast as it can
RUN_S = 2.0  # far longer than a receive queue lasts
BLOCKING, DISCARD = "limit-udp-blocking", "limit-udp-discard"
RSYSLOG_AIM, BLOCKING_AIM = 0.2, 0.5
SATURATED_AIM, SATURATED_RSYSLOG_AIM = 1.3, 0.5
RATE_AIMS = {"rsyslog": 1.6, "netconsd": 2, "syslog-ng": 2.5}
ALL = 1000000000


def contender(bench, name, start):
    """start(bench) -> Receiver."""
    return Contender(name, lambda: start(bench))


def limits(bench, *names):
    """Bare limits as contenders."""
    return [contender(bench, name,
                      lambda bench, name=name: receivers.start_limit(
                          bench, name)) for name in names]


def bucket(bench, name="netlabd", options=""):
    """netlabd's bucket as a contender."""
    return contender(bench, name, lambda bench: receivers.start_bucket(
        bench, options))


def send(bench, receiver, mode, **options):
    """Sends, waits until it is in the file, and returns what was sent."""
    got = bench.load("load-udp", port=receiver.port, mode=mode, size=SIZE_B,
                     silent=True, **options)
    if receiver.path is not None:
        receiver.settle(got["sent"])
    return got


def taken(receiver, got):
    """Ends it and tells how many it took: those in its file, or without one
    those that were not dropped."""
    dropped = receiver.dropped()
    seen = receiver.stop()
    return (seen["records"] if seen else got["sent"] - dropped) or 1


def at_rate(bench, who, rate):
    """A Sample of each datagram by itself when it is due. What is lost costs
    nothing, and does not count."""
    receiver = who.start()
    count = bench.count(rate * RATE_S)
    meter = Meter(receiver.server)
    got = send(bench, receiver, "steady", rate=rate, count=count)
    meter.stop()
    return meter.sample(taken(receiver, got), got["seconds"])


def compare_at_rates(bench, contenders):
    """Yields the ratios at each rate, and the samples by rate."""
    rounds = min(bench.rounds, ROUNDS)
    for rate in RATES:
        samples = interleave(contenders, rounds,
                             lambda who, rate=rate: at_rate(bench, who, rate))
        label = f"bucket, {SIZE_B} B at {rate}/s"
        yield from table(label, samples)
        yield goal(label, samples, ("netlabd", BLOCKING), BLOCKING_AIM)
        if "rsyslog" in samples or len(contenders) > 3:
            yield goal(label, samples, ("netlabd", "rsyslog"), RSYSLOG_AIM)


def run_rates(bench):
    """Beside the bare limits."""
    yield from compare_at_rates(
        bench, [*limits(bench, BLOCKING), bucket(bench),
                *limits(bench, DISCARD)])


def run_rates_peers(bench):
    """Beside everybody."""
    here, missing = receivers.others()
    yield from compare_at_rates(
        bench, [*limits(bench, BLOCKING), bucket(bench),
                *limits(bench, DISCARD),
                bucket(bench, "netlabd, gather = 0", "gather = 0"),
                *(contender(bench, *item) for item in here.items())])
    yield from peers.not_here(missing)


def saturated(bench, who, time_ms):
    """A Sample of more than it can take, a datagram that it took."""
    receiver = who.start()
    meter = Meter(receiver.server)
    got = send(bench, receiver, "blast", segment=True, count=ALL,
               time=bench.count(time_ms))
    meter.stop()
    return meter.sample(taken(receiver, got), got["seconds"])


def run_saturated(bench, peer=None, time_ms=SATURATED_MS):
    """Beside the bare limit, and one other."""
    contenders = [*limits(bench, DISCARD), bucket(bench)]
    if peer is not None:
        contenders.append(peer)
    samples = interleave(contenders, min(bench.rounds, ROUNDS),
                         lambda who: saturated(bench, who, time_ms))
    label = f"bucket, saturated for {time_ms / 1000:g} s, {SIZE_B} B"
    yield from table(label, samples)
    yield goal(label, samples, ("netlabd", DISCARD), SATURATED_AIM)
    if time_ms == SUSTAINED_MS:
        yield goal(label, samples, ("netlabd", "rsyslog, default"),
                   SATURATED_RSYSLOG_AIM)


def run_sustained(bench):
    """For longer, beside rsyslog as it is installed."""
    name = "rsyslog, default"
    here, _ = receivers.others()
    yield from run_saturated(
        bench, contender(bench, name, here[name]) if name in here else None,
        SUSTAINED_MS)


def is_whole(bench, start, rate):
    """True when all of a run is in the file, in order; and the true rate."""
    receiver = start(bench)
    got = send(bench, receiver, "rate", rate=int(rate), segment=True,
               count=bench.count(rate * RUN_S))
    seen = receiver.stop()  # it writes what it holds back
    whole = seen["records"] == got["sent"] and \
        not seen["gaps"] and not seen["unordered"]
    return whole, got["sent"] / got["seconds"]


def search(bench, start, rate, step):
    """The highest rate near this one without loss, by steps up or else down;
    and whether it was the load that got no faster. 0: everything is lost."""
    whole, best = is_whole(bench, start, rate)
    while whole:
        whole, faster = is_whole(bench, start, rate * step)
        if not whole or faster <= best * LOAD_GAIN:
            return best, whole
        rate, best = rate * step, faster
    while not whole and rate > LEAST_RATE:
        rate /= step
        whole, best = is_whole(bench, start, rate)
    return (best if whole else 0), False


def rates_of(bench, starts):
    """The results of a search in each round, from where the last one ended."""
    near = {}

    def take(who):
        if who.name not in near:
            near[who.name] = search(bench, who.start, FIRST_RATE, STRIDE)[0]
        found = search(bench, who.start, near[who.name] or FIRST_RATE, STEP)
        near[who.name] = found[0]
        return found
    return interleave([Contender(*item) for item in starts.items()],
                      min(bench.rounds, ROUNDS), take)


def run_highest(bench):
    """The median of some searches each, and of the ratios of each round."""
    here, missing = receivers.others()
    found = rates_of(bench, {"netlabd": receivers.start_bucket, **here})
    rates = {name: [rate for rate, _ in list_]
             for name, list_ in found.items()}
    for name, list_ in rates.items():
        ends = sum(by_load for _, by_load in found[name])
        yield Figure(f"{name}: highest rate without loss",
                     statistics.median(list_),
                     f"/s ({min(list_):.0f} to {max(list_):.0f})" +
                     (f"; {ends} times the load got no faster" if ends
                      else ""))
    for name, aim in RATE_AIMS.items():
        yield rate_goal(name, aim, rates)
    yield from peers.not_here(missing)


def rate_goal(name, aim, rates):
    """The ratio to one other, where there is one."""
    label = f"rate without loss, {SIZE_B} B: netlabd / {name}"
    if name not in rates:
        return Goal(label, None, aim, least=True, note=f"{name} is not here")
    if not all(rates[name]):
        return Goal(label, None, aim, least=True,
                    note=f"{name} lost some at any rate")
    ratios = [a / b for a, b in zip(rates["netlabd"], rates[name])]
    return Goal(label, statistics.median(ratios), aim, "", min(ratios),
                max(ratios), least=True)


def run_burst(bench):
    """A burst as fast as the load can: what is there, what is said."""
    here, _ = receivers.others()
    for name, start in {"netlabd": receivers.start_bucket, **here}.items():
        there, stated, sent = [], [], 0
        for _ in range(min(bench.rounds, ROUNDS)):
            receiver = start(bench)
            got = send(bench, receiver, "blast", count=BURST_COUNT)
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


RATE = Scenario("bucket-rates", "the bucket's CPU time at given rates",
                run_rates)
SATURATED = Scenario("bucket-saturated", "the bucket, saturated",
                     run_saturated)
CPU = Scenario("receivers-cpu", "log receivers: CPU time of a datagram",
               run_rates_peers, by_default=False)
SUSTAINED = Scenario("receivers-full", "log receivers, saturated for long",
                     run_sustained, by_default=False)
HIGHEST = Scenario("receivers-rate", "log receivers: rate without loss",
                   run_highest, by_default=False)
BURST = Scenario("receivers-burst", "log receivers: a burst",
                 run_burst, by_default=False)
