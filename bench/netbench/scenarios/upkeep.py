# SPDX-License-Identifier: ISC
"""What compressing and deleting rotated files keeps from the services.

While a slice of it is done, nobody is served: the longest one counts.
"""
import json
import shutil
import subprocess

from netbench.result import Check, Figure
from netbench.scenario import Scenario

TIMEOUT_S = 120
FILES, ROTATED, KEEP = 1000, 29, 27
LONG_FILE_LINES = 300000
LINE = ("2026-11-25T21:30:00.{0:06}Z 192.0.2.{1}:40123 daemon.err host "
        "program[{2}]: request {0} took {3} ms, {4:08x} bytes\n")


def work(bench, folder, keep, compress=False):
    """Looks after all in the folder, and returns what was printed."""
    command = [bench.programs / "upkeep-slices", folder, str(keep)]
    done = subprocess.run(command + ["compress"] * compress, check=True,
                          stdout=subprocess.PIPE, timeout=TIMEOUT_S)
    shutil.rmtree(folder)
    return json.loads(done.stdout)


def make_folder(bench):
    """An empty one."""
    folder = bench.folder / "upkeep"
    folder.mkdir()
    return folder


def make_many(bench):
    """Files of very many senders, each with rotated ones."""
    folder = make_folder(bench)
    for i in range(bench.count(FILES)):
        path = f"{folder}/10.0.{i // 256}.{i % 256}.log"
        for name in [path] + [f"{path}-202611{j + 1:02}T000000Z.gz"
                              for j in range(ROTATED)]:
            with open(name, "w", encoding="ascii"):
                pass
    return folder


def make_long(bench):
    """One long rotated file, with lines as logs have them."""
    folder = make_folder(bench)
    (folder / "bucket.log").touch()
    with open(folder / "bucket.log-20261125T213000Z", "w",
              encoding="ascii") as file:
        for i in range(bench.count(LONG_FILE_LINES)):
            file.write(LINE.format(i, i % 251, i % 9973, i * 7919 % 1009,
                                   i * 2654435761 % 2**32))
    return folder


def slices(label, got):
    """What is told of each kind of work, in CPU time."""
    yield Figure(f"{label}: slices", got["slices"], "")
    yield Figure(f"{label}: CPU time in all", got["cpu_s"] * 1e3, "ms")
    yield Figure(f"{label}: a slice, median", got["median_ms"] * 1e3, "us")
    yield Figure(f"{label}: 99 of 100 slices below", got["p99_ms"] * 1e3,
                 "us")
    yield Figure(f"{label}: the longest", got["most_ms"] * 1e3, "us")


def run(bench):
    """Both kinds of work, without the pauses between the slices."""
    got = work(bench, make_long(bench), 0, compress=True)
    yield Check("a long file is compressed", got["compressed"] == 1, "")
    yield from slices("compressing", got)
    got = work(bench, make_many(bench), KEEP)
    count = bench.count(FILES) * (ROTATED - KEEP)
    yield Check(f"{count} of {bench.count(FILES) * ROTATED} files deleted",
                got["deleted"] == count, f"{got['deleted']} are")
    yield from slices("deleting", got)


SLICES = Scenario("upkeep", "slices of compressing and deleting, CPU time",
                  run, needs_netlabd=False)
