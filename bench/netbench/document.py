# SPDX-License-Identifier: ISC
"""The tables of a document, made of the records that are kept beside it.

A table stands between the lines "<!-- TABLE of FILE -->" and "<!-- end -->".
FILE is the JSON of a run, in the document's folder. TABLE is "goals" for all
goals of the run, "profile" for where the time goes, or else the name of a
scenario, for its ratios and figures.
"""
import collections
import json
import re
import shlex

from netbench.profile import KERNEL, LIBC, LIBEVENT, OTHER, OURS
from netbench.result import bound, measured, number

TABLE = re.compile(r"^<!-- (\S+) of (\S+) -->\n.*?^<!-- end -->$",
                   re.MULTILINE | re.DOTALL)
# In text that is code, as: make bench BENCHFLAGS="--rounds 3 udp-echo"
MADE = re.compile(r"BENCHFLAGS=(\"[^\"]*\"|'[^']*'|[^\s`]+)")
RUN = re.compile(r"(?:^\s+|`)bench/run ([^`#\n]*)", re.MULTILINE)
MISSED = "**missed**"
PARTS = KERNEL, LIBC, LIBEVENT, OURS, OTHER


def conditions(run):
    """Where and how it was measured."""
    where = "apart" if run["apart"] else "on one processor"
    machine = run["machine"]
    return (f"{machine['system']} {machine['kernel']}, "
            f"{machine['processor']}, {machine['processors']} processors, "
            f"server and load {where}; median (least - greatest) of "
            f"{run['rounds']} rounds.")


def lines(head, rows):
    """A table."""
    return ["", *("| " + " | ".join(row) + " |" for row in
                  (head, ["---"] * len(head), *rows))]


def of_kind(scenario, kind):
    """Its rows of one kind."""
    return [row for row in scenario["rows"] if row["kind"] == kind]


def goals(run):
    """All goals of a run; the name of the scenario is what measures it."""
    words = {True: "met", False: MISSED}
    return "\n".join([conditions(run), *lines(
        ("scenario", "goal", "aim", "measured", " "),
        [(scenario["name"], row["label"], bound(row), measured(row),
          words.get(row["met"], row["note"]))
         for scenario in run["scenarios"]
         for row in of_kind(scenario, "goal")])])


def shares(scenario):
    """Where the time goes: a line a load, and the parts beside each other."""
    loads = collections.defaultdict(dict)
    for row in of_kind(scenario, "figure"):
        load, _, part = row["label"].rpartition(": ")
        if part in PARTS:
            loads[load][part] = number(row["value"])
    seen = [part for part in PARTS if any(part in load for load in
                                          loads.values())]
    return lines(("load, percent of the CPU time in", *seen),
                 [(name, *(load.get(part, "") for part in seen))
                  for name, load in loads.items()])


def units(scenario):
    """The ratios by the server that is their unit: {unit: rows}. The unit is
    the first of each load."""
    loads, found = {}, collections.defaultdict(list)
    for row in of_kind(scenario, "ratio"):
        unit = loads.setdefault(row["label"], row)
        if row is not unit:
            found[unit["name"]].append((row, unit))
    return found


def ratios(scenario):
    """A table for each unit, and one of single figures."""
    made = []
    for name, rows in units(scenario).items():
        made += lines(
            ("load", "server", "CPU ratio", "ns/op", f"{name}, ns/op", "op/s",
             "sleeps/op"),
            [(row["label"], row["name"],
              f"{row['ratio']:.2f} ({row['low']:.2f} - {row['high']:.2f})",
              number(row["cpu_ns"]), number(unit["cpu_ns"]),
              number(row["rate"]), f"{row['sleeps']:.3f}")
             for row, unit in rows])
    figures = [(row["label"], f"{number(row['value'])} {row['unit']}")
               for row in of_kind(scenario, "figure")]
    return made + (lines((" ", "seen"), figures) if figures else [])


def table(name, run):
    """The text of one table."""
    if name == "goals":
        return goals(run)
    chosen = [one for one in run["scenarios"] if one["name"] == name]
    if not chosen:
        raise ValueError(f"the record has no scenario {name}")
    make = shares if name == "profile" else ratios
    return "\n".join([conditions(run), *make(chosen[0])])


def filled(path):
    """The document's text with each table made anew."""
    def make(found):
        name, file = found.groups()
        record = (path.parent / file).read_text(encoding="utf-8")
        return (f"<!-- {name} of {file} -->\n"
                f"{table(name, json.loads(record))}\n<!-- end -->")
    return TABLE.sub(make, path.read_text(encoding="utf-8"))


def commands(text):
    """The arguments of each run that a text names."""
    for found in MADE.findall(text):
        yield shlex.split(found.strip("\"'"))
    for found in RUN.findall(text):
        yield shlex.split(found)


def goal_rows(text):
    """The scenario of each goal in a text's tables, and what became of it."""
    return re.findall(r"^\| ([a-z][a-z0-9-]*) \| .* \| [<>]= .* \| (.*) \|$",
                      text, re.MULTILINE)


def unexplained(text):
    """Each scenario with a goal that is missed has a heading, and no other."""
    missed = {name for name, word in goal_rows(text) if word == MISSED}
    headings = set(re.findall(r"^### ([a-z][a-z0-9-]*):", text, re.MULTILINE))
    for name in sorted(missed - headings):
        yield f"nothing about what {name} missed: no heading '### {name}: ...'"
    for name in sorted(headings - missed):
        yield f"a heading '### {name}:', which missed nothing"


def faults(path, known, parse):
    """What is wrong with a document, in words. A command's scenarios must be
    known, and its arguments be such as parse(arguments) takes."""
    text = path.read_text(encoding="utf-8")
    if not TABLE.search(text):
        yield "has no table"
    elif filled(path) != text:
        yield "its tables are not what the records beside it come to"
    yield from unexplained(text)
    named = {name for name, _ in goal_rows(text)}
    for arguments in commands(text):
        try:
            named.update(parse(arguments).names)
        except (SystemExit, ValueError):
            yield f"no such arguments: {' '.join(arguments)}"
    for name in sorted(named - set(known)):
        yield f"no such scenario: {name}"
