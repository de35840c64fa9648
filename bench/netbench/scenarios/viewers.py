# SPDX-License-Identifier: ISC
"""What a bucket's viewers cost it: netlab tail, of which one stands still."""
import json
import os
import signal
import statistics
import subprocess
import time

from netbench import receivers
from netbench.bench import BenchError
from netbench.result import Check, Ratio
from netbench.scenario import Scenario

SIZE_B = 128
RATE = 20000
RATE_S = 2.0
ROUNDS = 5
VIEWERS = (0, 1, 10)
SETTLE_TIMEOUT_S = 20

CONFIG = """creosote bucket {{ listen = "127.0.0.1:0/udp"
    file = "{folder}/bucket-{number}.log" format = raw }}
control main {{ listen = "unix:{folder}/control-{number}" }}
"""


class Viewer:
    """One netlab tail, on the load's processor."""

    def __init__(self, bench, control, number):
        self.path = bench.folder / f"viewer-{number}"
        with open(self.path, "wb") as output:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(
                [bench.netlabd.parent / "netlab", "tail", "--json", "-n",
                 "1000000", "-s", f"unix:{control}", "bucket"],
                stdin=subprocess.DEVNULL, stdout=output,
                preexec_fn=bench.places.as_load)

    def signal(self, number):
        """To it alone."""
        os.kill(self.process.pid, number)

    def total(self):
        """Records that it has shown, and those it says it has missed."""
        shown = missed = 0
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            record = json.loads(line)
            missed += record.get("missed", 0)
            shown += "sequence" in record
        return shown, missed

    def settle(self, count):
        """Waits until it knows of so many; how many it has missed."""
        end = time.monotonic() + SETTLE_TIMEOUT_S
        while sum(self.total()) < count and time.monotonic() < end:
            time.sleep(0.1)
        shown, missed = self.total()
        return missed if shown + missed == count else None

    def stop(self):
        """By its process id."""
        self.process.kill()
        self.process.wait()
        self.path.unlink()


class Sample:
    """A run with so many viewers; the last of several stands still."""

    def __init__(self, bench, count):
        number = len(bench.servers)
        self.server = bench.start_netlabd(
            CONFIG.format(folder=bench.folder, number=number))
        self.receiver = receivers.Receiver(
            bench, self.server, self.server.port("udp"),
            bench.folder / f"bucket-{number}.log")
        self.viewers = [
            Viewer(bench, bench.folder / f"control-{number}", i)
            for i in range(count)]
        try:
            self.run(bench)
        finally:
            for viewer in self.viewers:
                viewer.stop()
        self.server.stop()

    def run(self, bench):
        """Warmed up, so that all viewers have begun; then measured."""
        first = bench.count(RATE * RATE_S / 20)
        count = bench.count(RATE * RATE_S)
        self.load(bench, first)
        if any(viewer.settle(first) is None for viewer in self.viewers):
            raise BenchError("a viewer does not show what is there")
        if len(self.viewers) > 1:
            self.viewers[-1].signal(signal.SIGSTOP)
        cpu_s, sleeps = self.server.cpu_s(), self.server.sleeps()
        got = self.load(bench, count)
        # Viewers that are behind are the bucket's expense, too.
        moving = self.viewers[:-1] or self.viewers
        missed = [viewer.settle(first + count) for viewer in moving]
        self.cpu_ns = (self.server.cpu_s() - cpu_s) * 1e9 / count
        self.sleeps = (self.server.sleeps() - sleeps) / count
        self.rate = count / got["seconds"]
        self.lost = first + count - self.receiver.lines()
        if len(self.viewers) > 1:
            self.viewers[-1].signal(signal.SIGCONT)
            missed.append(self.viewers[-1].settle(first + count))
        self.missed = missed

    def load(self, bench, count):
        """Each datagram by itself when it is due."""
        got = bench.load("load-udp", port=self.receiver.port, mode="steady",
                         size=SIZE_B, silent=True, rate=RATE, count=count)
        self.receiver.settle(got["sent"])
        return got


def run(bench):
    """All in each round; none is the unit."""
    samples = {count: [] for count in VIEWERS}
    for turn in range(min(bench.rounds, ROUNDS)):
        for count in VIEWERS[::-1 if turn % 2 else 1]:
            samples[count].append(Sample(bench, count))
    for count in VIEWERS:
        ratios = [sample.cpu_ns / unit.cpu_ns for sample, unit
                  in zip(samples[count], samples[0])]
        yield Ratio(
            f"{SIZE_B} B at {RATE}/s", f"{count} viewers" +
            (", one of them stopped" if count > 1 else ""),
            statistics.median(ratios), min(ratios), max(ratios),
            *(statistics.median(getattr(sample, name) for sample
                                in samples[count])
              for name in ("cpu_ns", "rate", "sleeps")))
    everyone = [sample for list_ in samples.values() for sample in list_]
    yield Check("every record is in the file",
                all(sample.lost == 0 for sample in everyone),
                f"{sum(sample.lost for sample in everyone)} are not")
    missed = [n for sample in everyone for n in sample.missed]
    yield Check("each viewer showed every record, or said it missed it",
                None not in missed, "the stopped ones missed " + " ".join(
                    str(s.missed[-1]) for s in samples[VIEWERS[-1]]))


VIEW = Scenario("viewers", "a bucket's viewers: CPU time of a datagram", run,
                by_default=False)
