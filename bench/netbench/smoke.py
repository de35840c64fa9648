# SPDX-License-Identifier: ISC
"""Checks the benchmark itself in seconds: loads must find what is wrong."""
import argparse
import copy
import json
import os

from netbench import (bench as bench_module, document, faulty, receivers,
                      result, scenarios)
from netbench.message import message
from netbench.result import Check, Goal, Ratio, collect
from netbench.scenario import Scenario
from netbench.scenarios import lag
from netbench.scenarios import receivers as receivers_scenario
from netbench.server import ServerError

COUNT = 300
SCALE = 0.01
WAIT_MS = 1500  # longer than a busy machine holds a process up


def is_clean(got):
    """All answered, nothing wrong."""
    return (got["sent"] == got["answered"] == COUNT and not got["wrong"]
            and not got.get("repeated") and not got.get("closed"))


def check(label, got, wanted):
    """The load's report is as wanted."""
    seen = ", ".join(f"{value} {name}" for name, value in got.items()
                     if name != "seconds")
    return Check(label, wanted(got), seen)


def check_limits(bench):
    """The limit programs answer everything, and in no upper case."""
    for limit, load, options in (
            ("limit-udp-batch", "load-udp", {"flows": 5, "window": 4}),
            ("limit-udp-single", "load-udp", {"flows": 1, "window": 32}),
            ("limit-udp-batch", "load-udp",
             {"flows": 1, "window": 32, "segment": True}),
            ("limit-udp-batch", "load-udp",
             {"flows": 2, "window": 20, "segment": True, "size": 1400}),
            ("limit-tcp", "load-tcp", {"flows": 5, "window": 4}),
            ("peer-bufferevent", "load-tcp", {"flows": 5, "window": 4})):
        server = bench.start_limit(limit)
        got = bench.load(load, port=server.port(), count=COUNT, **options)
        yield check(f"{limit} answers", got, is_clean)
        got = bench.load(load, port=server.port(), count=COUNT, upper=True,
                         wait=WAIT_MS, **options)
        yield check(f"{limit} is no upper-case echo", got,
                    lambda g: g["wrong"] > 0 and g["answered"] == 0)
        server.stop()


def check_reading(bench):
    """A whole answer is one of the right length."""
    server = bench.start_limit("limit-tcp-time")
    for size, wanted in ((24, is_clean), (25, lambda g: g["wrong"] == COUNT)):
        got = bench.load("load-tcp", port=server.port(), mode="read",
                         count=COUNT, size=size, flows=7)
        yield check(f"limit-tcp-time, answers of {size} B", got, wanted)
    server.stop()


def check_logs(bench):
    """A log's losses, order and strange lines are seen."""
    for numbers, rest, wanted in (
            ((0, 1, 2), b"", (3, 0, 0, 0)), ((0, 2, 3), b"", (3, 1, 0, 0)),
            ((0, 2, 1), b"", (3, 1, 1, 0)), ((0, 0, 1), b"", (3, 0, 1, 0)),
            ((0, 1), b"2 lost here\n", (2, 0, 0, 1))):
        log = bench.folder / "smoke.log"
        log.write_bytes(b"".join(message(40, number) + b"\n"
                                 for number in numbers) + rest)
        got = receivers.check_log(bench, log)
        yield Check(f"a log of {numbers} and {len(rest)} bytes",
                    tuple(got.values()) == wanted, str(got))


def check_faulty_udp(bench):
    """Each fault is seen for what it is."""
    for answer, wanted in (
            (faulty.answer_rightly, is_clean),
            (faulty.answer_not,
             lambda g: g["sent"] - g["answered"] == COUNT / faulty.EVERY),
            (faulty.answer_twice,
             lambda g: g["repeated"] >= COUNT / faulty.EVERY - 1),
            (faulty.answer_altered,
             lambda g: g["wrong"] == COUNT / faulty.EVERY),
            (faulty.answer_cut,
             lambda g: g["wrong"] == COUNT / faulty.EVERY)):
        server = faulty.UdpServer(answer)
        got = bench.load("load-udp", port=server.port, count=COUNT,
                         mode="rate", rate=5000, wait=WAIT_MS)
        server.close()
        yield check(f"udp: {answer.__name__}", got, wanted)


def check_pairs(bench):
    """Answers that come together are taken apart."""
    server = faulty.PairingServer(64)
    got = bench.load("load-udp", port=server.port, count=COUNT, window=4,
                     segment=True)
    server.close()
    yield check("udp: answers in pairs", got, is_clean)


def check_faulty_tcp(bench):
    """Alterations and an early end are seen."""
    for answer, wanted in (
            (faulty.answer_rightly, is_clean),
            (faulty.answer_altered, lambda g: g["wrong"] > 0),
            (faulty.answer_not, lambda g: g["closed"] == 1)):
        server = faulty.TcpServer(answer)
        got = bench.load("load-tcp", port=server.port, count=COUNT,
                         wait=WAIT_MS)
        server.close()
        yield check(f"tcp: {answer.__name__}", got, wanted)


def check_netlabd(bench):
    """The daemon is started, understood and stopped."""
    server = bench.start_netlabd('echo-upper lab { listen = "127.0.0.1:0" }\n')
    for load, transport in (("load-udp", "udp"), ("load-tcp", "tcp")):
        got = bench.load(load, port=server.port(transport), count=COUNT,
                         upper=True)
        yield check(f"netlabd answers over {transport}", got, is_clean)
    yield Check("netlabd stops in order", server.stop(), "")


def check_losses(bench):
    """What a bucket loses makes it no cheaper, and a slow load no better."""
    rate, kept = 20000, 20
    who = receivers_scenario.bucket(bench, options=f"rate = 1 burst = {kept}")
    sample = receivers_scenario.at_rate(bench, who, rate)
    yield Check("a bucket that loses nine in ten", sample.rate < rate / 8,
                f"{sample.rate:.0f} of {rate} a second")
    for lost, rates, met in (([0, 0], [5e5, 4.9e5], True),
                             ([0, 0], [5e5, 4e5], None),
                             ([0, 1], [5e5, 4e5], False)):
        yield Check(f"{lost} lost at {rates}",
                    lag.stall_goal(lost, rates).met is met, "")


def record(bench):
    """A run that was never made, as JSON."""
    rows = [Ratio("load", "limit", 1, 1, 1, 100, 5, 0),
            Ratio("load", "ours", 1.04, 1, 1.1, 104, 5, 0),
            Goal("ours / limit", 1.04, 1.05), Goal("rate", 1, 2, least=True)]
    outcome = result.Outcome(Scenario("udp-echo", "", None), rows, 1)
    return json.dumps(result.as_json(bench, [outcome]))


def check_judging():
    """A goal is judged in a run that is long enough, and in no other."""
    rows = (Goal("met", 1, 2), Goal("missed", 3, 2), Goal("gone", None, 2,
                                                          note="not here"))
    for scale, wanted in ((1.0, (True, False, None)),
                          (0.5, (None, None, None))):
        outcome = collect(Scenario("", "", lambda _: map(copy.copy, rows)),
                          argparse.Namespace(scale=scale))
        got = tuple(row.met for row in outcome.rows)
        notes = "; ".join(row.note for row in outcome.rows)
        table = outcome.table()
        yield Check(f"goals with --scale {scale}", got == wanted
                    and outcome.has_missed() == (False in wanted)
                    and ("MISSED" in table) == (False in wanted)
                    and notes.count("not judged") == 2 * (scale < 1)
                    and notes.endswith("not here"), notes)


def check_document(bench):
    """A document that is not what its records come to is found, and so is a
    command that does not exist."""
    (bench.folder / "a.json").write_text(record(bench), encoding="utf-8")
    path = bench.folder / "a.md"
    path.write_text("`make bench BENCHFLAGS=udp-echo`\n### udp-echo: slow\n"
                    "<!-- goals of a.json -->\n<!-- end -->\n"
                    "<!-- udp-echo of a.json -->\n<!-- end -->\n"
                    "`bench/run --list`\n", encoding="utf-8")
    right = document.filled(path)
    for label, text, fault in (
            ("a document", right, ""),
            ("its tables changed", right.replace("1.04", "1.03"), "tables"),
            ("nothing on what is missed", right.replace("###", ""), "nothing"),
            ("a needless heading", right + "### time: \n", "time"),
            ("a row lost", right.replace("| load |", "|"), "tables"),
            ("no table", right.replace("<!--", "<!"), "no table"),
            ("another scenario", right.replace("=udp-echo", "=udp-ech"),
             "udp-ech"),
            ("another argument", right.replace("--list", "--lis t"), "--lis")):
        path.write_text(text, encoding="utf-8")
        found = list(document.faults(path, scenarios.ALL, parse_names))
        yield Check(label, fault in "".join(found) and
                    bool(fault) == bool(found), "; ".join(found))


def parse_names(arguments):
    """What stands for the command line's parser."""
    if "--lis" in arguments:
        raise ValueError
    return argparse.Namespace(names=[name for name in arguments
                                     if not name.startswith("-")])


def check_scenarios(bench):
    """Each runs to its end, but for those beside other people's programs; what
    it finds in so short a time says nothing."""
    for name, scenario in scenarios.ALL.items():
        if scenario in scenarios.GROUPS["peers"] or \
                (scenario.needs_netlabd and bench.netlabd is None):
            continue
        try:
            rows = len(collect(scenario, bench).rows)
            yield Check(f"{name} runs", rows > 0, f"{rows} rows")
        except (bench_module.BenchError, ServerError) as error:
            yield Check(f"{name} runs", False, str(error))


def run(arguments):
    """Prints what is wrong, or everything where nothing is; exit status."""
    arguments.rounds, arguments.scale = 1, SCALE
    if not os.access(arguments.netlabd, os.X_OK):
        arguments.noise = True
    with bench_module.Bench(arguments) as bench:
        rows = [*check_limits(bench), *check_reading(bench),
                *check_logs(bench), *check_faulty_udp(bench),
                *check_pairs(bench), *check_faulty_tcp(bench),
                *check_judging(), *check_document(bench)]
        if bench.netlabd is not None:
            rows += [*check_netlabd(bench), *check_losses(bench)]
        rows += check_scenarios(bench)
    print("\n".join(row.line() for row in rows))
    return 1 if any(not row.is_right for row in rows) else 0
