# SPDX-License-Identifier: ISC
"""What scenarios yield, as a table for people and as JSON for programs."""
import dataclasses
import os
import platform
import time

SCALE_OF_GOALS = 1.0  # what is shorter says little of a goal


@dataclasses.dataclass
class Ratio:
    """A server's CPU time an operation, divided by another's."""
    label: str     # of the load
    name: str      # of the server
    ratio: float   # median over the rounds
    low: float
    high: float
    cpu_ns: float  # an operation
    rate: float    # operations a second
    sleeps: float  # an operation

    HEADER = (f"  {'':32}{'ratio':>6} {'spread':>12} {'ns/op':>9} "
              f"{'op/s':>9} {'sleeps/op':>10}")

    def line(self):
        """One line of the table under HEADER."""
        return (f"  {self.name:32}{self.ratio:6.3f} "
                f"{self.low:5.2f} - {self.high:4.2f} {self.cpu_ns:9.0f} "
                f"{self.rate:9.0f} {self.sleeps:10.3f}")


@dataclasses.dataclass
class Figure:
    """A single quantity."""
    label: str
    value: float
    unit: str

    HEADER = None

    def line(self):
        """One line of the table."""
        return f"  {self.label:48}{self.value:10.1f} {self.unit}"


@dataclasses.dataclass
class Goal:
    """A quantity that is held against an aim: at the most, or at least."""
    label: str
    value: float  # None: could not be measured, and `note` says why
    limit: float
    unit: str = ""
    low: float = None
    high: float = None
    least: bool = False
    note: str = ""
    met: bool = dataclasses.field(init=False)

    HEADER = None

    def __post_init__(self):
        self.met = None
        if self.value is not None:
            self.met = self.value >= self.limit if self.least \
                else self.value <= self.limit

    def leave_unjudged(self, why):
        """Neither met nor missed; what could not be measured says so first."""
        if self.value is not None:
            self.met, self.note = None, why

    def line(self):
        """One line of the table."""
        return (f"  {self.label:76}{measured(vars(self)):>22}  "
                f"{verdict(vars(self))}")


@dataclasses.dataclass
class Check:
    """Something that is right or wrong."""
    label: str
    is_right: bool
    detail: str

    HEADER = None

    def line(self):
        """One line of the table."""
        word = "right" if self.is_right else "WRONG"
        return f"  {self.label:48}{word:>10}  {self.detail}"


@dataclasses.dataclass
class Note:
    """Something that could not be measured, or is to be known."""
    text: str

    HEADER = None

    def line(self):
        """One line of the table."""
        return f"  {self.text}"


def number(value):
    """As short as it can be told apart from its limit."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def measured(goal):
    """The value of a goal (its dictionary) with its spread."""
    if goal["value"] is None:
        return "not measured"
    text = number(goal["value"])
    if goal["low"] is not None:
        text += f" ({number(goal['low'])} - {number(goal['high'])})"
    return f"{text} {goal['unit']}".rstrip()


def bound(goal):
    """Its limit, in words."""
    return f"{'>=' if goal['least'] else '<='} " \
        f"{number(goal['limit'])} {goal['unit']}".rstrip()


def verdict(goal):
    """What became of it."""
    word = {True: "met", False: "MISSED", None: "-"}[goal["met"]]
    return f"{bound(goal):14} {word}  {goal['note']}".rstrip()


@dataclasses.dataclass
class Outcome:
    """All rows of one scenario."""
    scenario: object
    rows: list
    seconds: float

    def has_failed(self):
        """True when any row is wrong."""
        return any(isinstance(row, Check) and not row.is_right
                   for row in self.rows)

    def has_missed(self):
        """True when any goal is missed."""
        return any(isinstance(row, Goal) and row.met is False
                   for row in self.rows)

    def table(self):
        """The rows under their titles."""
        lines = [f"\n{self.scenario.name}: {self.scenario.title}"]
        label = None
        for row in self.rows:
            if row.HEADER and row.label != label:
                label = row.label
                lines += [f"  {label}", row.HEADER]
            lines.append(row.line())
        return "\n".join(lines)


def collect(scenario, bench):
    """Runs a scenario. Goals are for runs as long as those of the record."""
    begin = time.monotonic()
    rows = list(scenario.run(bench))
    if bench.scale < SCALE_OF_GOALS:
        for row in rows:
            if isinstance(row, Goal):
                row.leave_unjudged(f"not judged, too short a run "
                                   f"(--scale {number(bench.scale)})")
    return Outcome(scenario, rows, time.monotonic() - begin)


def processor():
    """What the processor calls itself."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def machine():
    """What the figures depend on; of the kernel what is the same for all."""
    return {"system": platform.system(),
            "kernel": platform.release().partition("-")[0],
            "processor": processor(), "processors": os.cpu_count()}


def is_apart(bench):
    """True when server and load have a processor each."""
    return bench.places.server != bench.places.load


def heading(bench):
    """The first line of a run."""
    where = "apart" if is_apart(bench) else "on one processor"
    rounds = "1 round" if bench.rounds == 1 else f"{bench.rounds} rounds"
    return (f"{platform.system()} {platform.release()} {platform.machine()}, "
            f"{os.cpu_count()} processors, server and load {where}, "
            f"{rounds}; ratio: median, CPU time of the server")


def as_json(bench, outcomes):
    """The whole run; every row names its kind."""
    return {
        "machine": machine(), "rounds": bench.rounds, "scale": bench.scale,
        "apart": is_apart(bench),
        "scenarios": [{
            "name": outcome.scenario.name, "seconds": outcome.seconds,
            "failed": outcome.has_failed(), "missed": outcome.has_missed(),
            "rows": [{"kind": type(row).__name__.lower(),
                      **dataclasses.asdict(row)} for row in outcome.rows],
        } for outcome in outcomes],
    }
