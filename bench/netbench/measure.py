# SPDX-License-Identifier: ISC
"""Compares the CPU time of servers under one load, round by round."""
import dataclasses
import statistics
from typing import Callable

from netbench.bench import BenchError
from netbench.result import Goal, Ratio

WARM_UP_SHARE = 0.05
AGAIN = " (again)"
INSTANT_S = 1e-6  # what its clock does not see


@dataclasses.dataclass
class Contender:
    """A server to compare, and how it is started: start() -> (Server, port)."""
    name: str
    start: Callable
    options: dict = dataclasses.field(default_factory=dict)  # of its load


@dataclasses.dataclass
class Sample:
    """What one load cost one server."""
    cpu_ns: float    # an operation
    rate: float      # operations a second
    sleeps: float    # an operation


class Meter:
    """What a server spends from here on, until it is read."""

    def __init__(self, server):
        self._server = server
        self._cpu_s, self._sleeps = server.cpu_s(), server.sleeps()

    def stop(self):
        """Reads it. The server need not be there any more after that."""
        self._cpu_s = self._server.cpu_s() - self._cpu_s
        self._sleeps = self._server.sleeps() - self._sleeps

    def sample(self, operations, seconds):
        """Divided by the operations that it did meanwhile."""
        return Sample((self._cpu_s or INSTANT_S) * 1e9 / operations,
                      operations / (seconds or INSTANT_S),
                      self._sleeps / operations)


def interleave(contenders, rounds, take):
    """The samples of each contender by its name: take(contender) -> Sample.

    Every other round runs backwards, so that a machine that gets slower or
    faster favours nobody.
    """
    samples = {contender.name: [] for contender in contenders}
    for turn in range(rounds):
        for contender in contenders[::-1 if turn % 2 else 1]:
            samples[contender.name].append(take(contender))
    return samples


def compare(bench, contenders, program, count, **options):
    """The samples of each contender under a load.

    The first runs twice in each round; the second run, divided by the first,
    shows what noise makes of equal programs.
    """
    again = dataclasses.replace(contenders[0])
    again.name += AGAIN
    # As far apart as the contenders are: noise between neighbours is less.
    order = contenders[:2] + [again] + contenders[2:]
    return interleave(order, bench.rounds, lambda contender: load(
        bench, contender, program, count, options))


def load(bench, contender, program, count, options):
    """Starts the contender anew, warms it up and loads it."""
    server, port = contender.start()
    options = {**options, **contender.options}
    warm_up = max(1, int(count * WARM_UP_SHARE))
    bench.load(program, port=port, count=warm_up, **options)
    meter = Meter(server)
    got = bench.load(program, port=port, count=count, **options)
    meter.stop()
    server.stop()
    if got["wrong"] or not got["answered"] >= got["sent"] * 0.99 > 0:
        raise BenchError(f"{contender.name}: {got}")
    return meter.sample(got["answered"], got["seconds"])


def base(samples, name, field):
    """One quantity of each round; of both runs, where there are two."""
    own = [getattr(sample, field) for sample in samples[name]]
    if name + AGAIN not in samples:
        return own
    return [statistics.fmean((value, getattr(sample, field)))
            for value, sample in zip(own, samples[name + AGAIN])]


def table(label, samples):
    """Yields a Ratio for each contender, the first being the unit."""
    unit = next(iter(samples))
    for name, list_ in samples.items():
        alone = name in (unit, unit + AGAIN)
        bases = [s.cpu_ns for s in samples[unit]] if alone \
            else base(samples, unit, "cpu_ns")
        ratios = [s.cpu_ns / b for s, b in zip(list_, bases)]
        yield Ratio(label, name, statistics.median(ratios),
                    min(ratios), max(ratios),
                    *(statistics.median(getattr(s, field) for s in list_)
                      for field in ("cpu_ns", "rate", "sleeps")))


def goal(label, samples, names, limit, field="cpu_ns", least=False):
    """The ratio of the first of two names to the second, with its aim."""
    ours, theirs = names
    words = {"cpu_ns": "CPU", "rate": "rate"}
    label = f"{words[field]}, {label}: {ours} / {theirs}"
    if ours not in samples or theirs not in samples:
        missing = theirs if ours in samples else ours
        return Goal(label, None, limit, least=least,
                    note=f"{missing} is not here")
    ratios = [a / b for a, b in zip(base(samples, ours, field),
                                    base(samples, theirs, field))]
    return Goal(label, statistics.median(ratios), limit, "", min(ratios),
                max(ratios), least)
