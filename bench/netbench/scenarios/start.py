# SPDX-License-Identifier: ISC
"""How long netlabd takes from exec to ready, and to reload; how big it is."""
import shutil
import signal
import statistics
import subprocess
import time

from netbench.bench import BenchError
from netbench.result import Check, Figure, Goal
from netbench.scenario import Scenario
from netbench.scenarios.memory import start_services

STARTS, BIG_STARTS, RELOADS = 20, 7, 5
SECTIONS = 1000
AIM_MS, BIG_AIM_MS, RELOAD_AIM_MS = 10, 100, 100
SIZE_AIM_KB, RESIDENT_AIM_MB = 200, 4
RELOAD_TIMEOUT_S = 10
RATE, LOAD_S = 20000, 2.5


def ready_ms(server):
    """Ends it and tells how long it took to get ready."""
    server.stop()
    return server.ready_s * 1000


def goal(label, values, limit, unit="ms"):
    """Their median."""
    return Goal(label, statistics.median(values), limit, unit, min(values),
                max(values))


def sections(bench, timeout_s):
    """Very many; how long they wait makes them others than before. Two have
    datagrams meanwhile: one of them never changes."""
    return "".join(
        f'echo e{i} {{ listen = "127.0.0.1:0" idle-timeout = {timeout_s}s }}\n'
        for i in range(1, bench.count(SECTIONS))) + \
        'echo kept { listen = "127.0.0.1:0/udp" }\n'


def run_start(bench):
    """In turn with a limit program: the cost of any process at all."""
    starts = [(ready_ms(start_services(bench)),
               ready_ms(bench.start_limit("limit-udp-single")))
              for _ in range(bench.count(STARTS))]
    ours, bare = zip(*starts)
    yield goal("exec to ready, 7 services", ours, AIM_MS)
    yield Figure("limit-udp-single, median", statistics.median(bare), "ms")
    big = [ready_ms(bench.start_netlabd(sections(bench, 60)))
           for _ in range(min(bench.rounds, BIG_STARTS))]
    yield goal(f"exec to ready, {bench.count(SECTIONS)} sections", big, BIG_AIM_MS)


def reload_ms(server, path, text):
    """Has it read this and tells how long that took."""
    path.write_text(text, encoding="ascii")
    before = server.count_lines("netlabd: reloaded: ")
    begin = time.monotonic()
    server.signal(signal.SIGHUP)
    while server.count_lines("netlabd: reloaded: ") == before:
        if time.monotonic() > begin + RELOAD_TIMEOUT_S:
            raise BenchError("no reload; it said:\n" + server.lines[-1])
        time.sleep(0.0005)
    return (time.monotonic() - begin) * 1000


def under_load(bench, server, path, name, texts):
    """Reloads with datagrams all the time: milliseconds, those not answered."""
    command = bench.load_command(
        "load-udp", port=server.port("udp", name), mode="steady", rate=RATE,
        count=bench.count(RATE * LOAD_S))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          preexec_fn=bench.places.as_load) as load:
        times = []
        for text in texts:
            bench.pause(0.2)
            times.append(reload_ms(server, path, text))
        got = bench.parse(load.communicate()[0])
    return times, got["sent"] - got["answered"]


def run_reload(bench):
    """All but one section changed, and all but one kept."""
    count = bench.count(SECTIONS)
    server = bench.start_netlabd(sections(bench, 60))
    path = server.configuration
    texts = [sections(bench, 60 + i) for i in range(1, RELOADS + 1)]
    same = [sections(bench, 60) + f'echo new{i} {{ listen = "127.0.0.1:0/udp" }}\n'
            for i in range(RELOADS)]
    for label, changes in ((f"{count} sections, 1 new", same),
                           (f"{count} sections, all but 1 changed", texts)):
        times, lost = [], 0
        for name in ("kept", "e1"):
            some, missing = under_load(bench, server, path, name, changes)
            times += some
            lost += missing
        yield goal(f"reload of {label}", times, RELOAD_AIM_MS)
        yield Goal(f"datagrams unanswered, {label}", lost, 0)
    server.stop()


def run_size(bench):
    """The program, without what only a debugger reads."""
    stripped = bench.folder / "netlabd-stripped"
    if shutil.which("strip"):
        subprocess.run(["strip", "-o", stripped, bench.netlabd], check=True)
        yield Goal("the program, stripped", stripped.stat().st_size / 1000,
                   SIZE_AIM_KB, "kB")
    else:
        yield Goal("the program, stripped", None, SIZE_AIM_KB, "kB",
                   note="strip is not here")
    server = start_services(bench)
    yield Goal("resident at start, 7 services",
               server.memory_bytes() / 1e6, RESIDENT_AIM_MB, "MB")
    yield Check("it ends in order", server.stop(), "")


START = Scenario("start", "from exec to ready", run_start)
RELOAD = Scenario("reload", f"a reload of {SECTIONS} sections", run_reload)
SIZE = Scenario("size", "of the program, on disk and in memory", run_size)
