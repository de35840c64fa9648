# SPDX-License-Identifier: ISC
"""The log bucket: nothing is lost, and what is lost is said."""
import re
import time

from netbench.message import escaped, message
from netbench.result import Check, Figure
from netbench.scenario import Scenario

SIZE_B = 64
RATE_COUNT, RATE_PER_S = 200000, 50000
OVERRUN_COUNT = 20000
OVERRUN_BUFFER = "64K"
SETTLE_TIMEOUT_S = 5

RECORD = re.compile(rb"0{8} ([0-9a-f]{8}) ")
LOST = re.compile(rb"netlabd: (\d+) datagrams? lost here")


class Bucket:
    """A bucket's file: its records by number, losses that are said, the rest.
    """

    def __init__(self, bench, name, options=""):
        self.path = bench.folder / f"{name}.log"
        self.server = bench.start_netlabd(
            f'creosote bucket {{ listen = "127.0.0.1:0/udp"\n'
            f'file = "{self.path}"\nformat = raw\n{options}}}\n')
        self.port = self.server.port("udp")
        self.numbers, self.lost, self.strange = [], 0, []

    def read(self):
        """Reads the file anew, comparing every byte of it."""
        self.numbers, self.lost, self.strange = [], 0, []
        for line in self.path.read_bytes().splitlines():
            record, lost = RECORD.match(line), LOST.search(line)
            number = int(record[1], 16) if record else 0
            if record and line == escaped(message(SIZE_B, number)):
                self.numbers.append(number)
            elif lost:
                self.lost += int(lost[1])
            else:
                self.strange.append(line)

    def is_clean(self):
        """Records ascend, none came twice, and there is nothing else."""
        return not self.strange and \
            self.numbers == sorted(set(self.numbers))

    def settle(self, sent):
        """Waits, while the server runs, until all is accounted for."""
        end = time.monotonic() + SETTLE_TIMEOUT_S
        self.read()
        while len(self.numbers) + self.lost < sent and \
                time.monotonic() < end:
            time.sleep(0.1)
            self.read()


def run_rate(bench):
    """A steady stream of numbered datagrams, every one in its place."""
    bucket = Bucket(bench, "rate")
    cpu_s = bucket.server.cpu_s()
    count = bench.count(RATE_COUNT)
    got = bench.load("load-udp", port=bucket.port, mode="rate", size=SIZE_B,
                     count=count, rate=RATE_PER_S, silent=True)
    bucket.settle(got["sent"])
    cpu_s = bucket.server.cpu_s() - cpu_s
    bucket.server.stop()
    bucket.read()
    there = len(bucket.numbers)
    yield Check(f"{count} datagrams at {RATE_PER_S}/s, all there",
                there == got["sent"] == count,
                f"{there} records, {bucket.lost} said to be lost")
    yield Check("whole, once, in order", bucket.is_clean(),
                f"sent at {got['sent'] / got['seconds']:.0f}/s")
    yield Figure("CPU time of netlabd", cpu_s * 1e9 / got["sent"],
                 "ns a datagram")


def run_overrun(bench):
    """More than the receive buffer holds: the file must say how many."""
    bucket = Bucket(bench, "overrun", f"receive-buffer = {OVERRUN_BUFFER}\n")
    bucket.server.pause()
    got = bench.load("load-udp", port=bucket.port, mode="blast", size=SIZE_B,
                     count=OVERRUN_COUNT, silent=True)
    bucket.server.resume()
    bucket.settle(got["sent"])
    bucket.server.stop()
    bucket.read()
    there = len(bucket.numbers)
    yield Check("records and losses that are said add up",
                there + bucket.lost == got["sent"] and bucket.lost > 0,
                f"{there} + {bucket.lost} of {got['sent']}")
    yield Check("whole, once, in order", bucket.is_clean(),
                f"{len(bucket.strange)} strange lines")


RATE = Scenario("bucket", "every datagram is in the log, in order", run_rate)
OVERRUN = Scenario("bucket-overrun",
                   "what the kernel dropped is said, to the datagram",
                   run_overrun)
