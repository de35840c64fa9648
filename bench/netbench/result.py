# SPDX-License-Identifier: ISC
"""What scenarios yield, as a table for people and as JSON for programs."""
import dataclasses
import os
import platform
import time


@dataclasses.dataclass
class Ratio:
    """A server's CPU time an operation, divided by a limit program's."""
    label: str     # of the load
    name: str      # of the server
    ratio: float   # median over the rounds
    low: float
    high: float
    cpu_ns: float  # an operation
    rate: float    # operations a second
    sleeps: float  # an operation
    aim: float = None

    HEADER = (f"  {'':32}{'ratio':>6} {'spread':>12} {'ns/op':>9} "
              f"{'op/s':>9} {'sleeps/op':>10}")

    def has_failed(self):
        """A ratio is a figure: it can miss its aim, not fail."""
        return False

    def has_missed(self):
        """True when it is over its aim."""
        return self.aim is not None and self.ratio > self.aim

    def line(self):
        """One line of the table under HEADER."""
        return (f"  {self.name:32}{self.ratio:6.3f} "
                f"{self.low:5.2f} - {self.high:4.2f} {self.cpu_ns:9.0f} "
                f"{self.rate:9.0f} {self.sleeps:10.3f}{aim(self)}")


@dataclasses.dataclass
class Figure:
    """A single quantity."""
    label: str
    value: float
    unit: str
    aim: float = None

    HEADER = None

    def has_failed(self):
        """A figure can miss its aim, not fail."""
        return False

    def has_missed(self):
        """True when it is over its aim."""
        return self.aim is not None and self.value > self.aim

    def line(self):
        """One line of the table."""
        return f"  {self.label:48}{self.value:10.1f} {self.unit}{aim(self)}"


@dataclasses.dataclass
class Check:
    """Something that is right or wrong."""
    label: str
    is_right: bool
    detail: str

    HEADER = None

    def has_failed(self):
        """True when it is wrong."""
        return not self.is_right

    def has_missed(self):
        """There is no aim to miss."""
        return False

    def line(self):
        """One line of the table."""
        word = "right" if self.is_right else "WRONG"
        return f"  {self.label:48}{word:>10}  {self.detail}"


def aim(row):
    """The aim of a row and whether it is reached, as the end of its line."""
    if row.aim is None:
        return ""
    return f"  {'OVER' if row.has_missed() else 'within'} {row.aim:g}"


@dataclasses.dataclass
class Outcome:
    """All rows of one scenario."""
    scenario: object
    rows: list
    seconds: float

    def has_failed(self):
        """True when any row is wrong."""
        return any(row.has_failed() for row in self.rows)

    def has_missed(self):
        """True when any row misses its aim."""
        return any(row.has_missed() for row in self.rows)

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
    """Runs a scenario."""
    begin = time.monotonic()
    rows = list(scenario.run(bench))
    return Outcome(scenario, rows, time.monotonic() - begin)


def machine():
    """What the figures depend on."""
    return {"kernel": platform.release(), "machine": platform.machine(),
            "processors": os.cpu_count()}


def is_apart(bench):
    """True when server and load have a processor each."""
    return bench.server_cpu != bench.load_cpu


def heading(bench):
    """The first line of a run."""
    where = "apart" if is_apart(bench) else "on one processor"
    return (f"{platform.system()} {platform.release()} {platform.machine()}, "
            f"{os.cpu_count()} processors, server and load {where}, "
            f"{bench.rounds} rounds; ratio: median, CPU time of the server")


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
