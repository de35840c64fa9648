# SPDX-License-Identifier: ISC
"""Compares the CPU time of servers under one load, round by round."""
import dataclasses
import statistics
from typing import Callable

from netbench import bench as bench_module
from netbench.result import Ratio

WARM_UP_SHARE = 0.05


@dataclasses.dataclass
class Contender:
    """A server to compare, and how it is started: start() -> (Server, port)."""
    name: str
    start: Callable
    aim: float = None


@dataclasses.dataclass
class Sample:
    """What one load cost one server."""
    cpu_ns: float    # an operation
    rate: float      # operations a second
    sleeps: float    # an operation


def compare(bench, label, contenders, program, count, **options):
    """Yields a Ratio for each contender, the first being the unit.

    The first runs twice in each round; the second run, divided by the first,
    shows what noise makes of equal programs. Every other round runs backwards,
    so that a machine that gets slower or faster favours nobody.
    """
    again = dataclasses.replace(contenders[0])
    again.name += " (again)"
    # As far apart as the contenders are: noise between neighbours is less.
    order = contenders[:2] + [again] + contenders[2:]
    samples = {contender.name: [] for contender in order}
    for number in range(bench.rounds):
        for contender in order if number % 2 == 0 else order[::-1]:
            samples[contender.name].append(
                sample(bench, contender, program, count, options))
    unit = samples[contenders[0].name]
    both = [statistics.fmean((a.cpu_ns, b.cpu_ns))
            for a, b in zip(unit, samples[again.name])]
    for contender in order:
        alone = contender in (contenders[0], again)
        base = [s.cpu_ns for s in unit] if alone else both
        yield make_ratio(label, contender, samples[contender.name], base)


def make_ratio(label, contender, samples, base):
    """The contender's figures against the unit of each round."""
    ratios = [s.cpu_ns / b for s, b in zip(samples, base)]
    return Ratio(label=label, name=contender.name, aim=contender.aim,
                 ratio=statistics.median(ratios), low=min(ratios),
                 high=max(ratios),
                 cpu_ns=statistics.median(s.cpu_ns for s in samples),
                 rate=statistics.median(s.rate for s in samples),
                 sleeps=statistics.median(s.sleeps for s in samples))


def sample(bench, contender, program, count, options):
    """Starts the contender anew, warms it up and loads it."""
    server, port = contender.start()
    warm_up = max(1, int(count * WARM_UP_SHARE))
    bench.load(program, port=port, count=warm_up, **options)
    cpu_s, sleeps = server.cpu_s(), server.sleeps()
    got = bench.load(program, port=port, count=count, **options)
    cpu_s, sleeps = server.cpu_s() - cpu_s, server.sleeps() - sleeps
    server.stop()
    if got["wrong"] or got["answered"] < got["sent"] * 0.99:
        raise bench_module.BenchError(f"{contender.name}: {got}")
    answered = got["answered"]
    return Sample(cpu_s * 1e9 / answered, answered / got["seconds"],
                  sleeps / answered)
