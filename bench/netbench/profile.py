# SPDX-License-Identifier: ISC
"""Where a server's time goes: the kernel, the C library, libevent, netlabd.

perf tells, where it is there and allowed to. Where it may not look into the
kernel, it samples user space alone, and the kernel has the samples that are
missing. Without perf there is only what the system accounts for by its ticks.
"""
import collections
import os
import re
import subprocess

from netbench import peers

FREQUENCY = 4999  # a second; no divisor of what happens every millisecond
KERNEL, OURS, LIBC, LIBEVENT, OTHER = \
    "kernel", "netlabd", "libc", "libevent", "other"
BEGIN_S = 0.5  # perf takes so long, or ends
TIMEOUT_S = 120
PERF = peers.find("perf")
# "  12.34%  345  [kernel.kallsyms]  [k] udp_sendmsg"
SYMBOL = re.compile(r"^\s*[0-9.]+%\s+(\d+)\s+(\S+)\s+\[.\]\s+(\S+)")


def part(dso):
    """Whose a mapped file is."""
    if dso.startswith("["):
        return KERNEL if dso.startswith("[kernel") or dso == "[unknown]" \
            else LIBC  # the vDSO, which is called through it
    for prefix, name in (("libc", LIBC), ("libevent", LIBEVENT),
                         ("netlabd", OURS)):
        if dso.startswith(prefix):
            return name
    return KERNEL if dso.endswith(".ko") else OTHER


class Profile:
    """Samples of a server between start and stop: shares in percent."""

    def __init__(self, bench, server):
        self._server = server
        self._data = bench.folder / "perf.data"
        self._before = server.split_s()
        self._cpu_s = None
        self._perf = None
        self.kernel_seen = False
        self.shares = self.symbols = None
        if PERF:
            self._begin()

    def _begin(self):
        command = [PERF, "record", "-q", "-e", "cpu-clock", "-F",
                   str(FREQUENCY), "-p", str(self._server.pid),
                   "-o", self._data]
        # pylint: disable-next=consider-using-with
        self._perf = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            self._perf.wait(BEGIN_S)
            self._perf = None  # it may not
        except subprocess.TimeoutExpired:
            self._cpu_s = self._server.cpu_s()

    def stop(self):
        """Reads what was found."""
        if self._perf is None:
            user_s, kernel_s = (after - before for after, before in
                                zip(self._server.split_s(), self._before))
            self.shares = {KERNEL: 100 * kernel_s / (user_s + kernel_s or 1)}
            self.symbols = []
            return
        cpu_s = self._server.cpu_s() - self._cpu_s
        self._perf.terminate()
        self._perf.wait(TIMEOUT_S)
        counts, symbols = collections.Counter(), self._report()
        for count, dso, _ in symbols:
            counts[part(dso)] += count
        self.kernel_seen = KERNEL in counts
        if not self.kernel_seen:
            counts[KERNEL] = max(0, cpu_s * FREQUENCY - counts.total())
        percent = 100 / (counts.total() or 1)
        self.shares = {name: n * percent for name, n in counts.items()}
        self.symbols = [(count * percent, dso, symbol)
                        for count, dso, symbol in symbols]

    def _report(self):
        done = subprocess.run(
            [PERF, "report", "-i", self._data, "--stdio", "-q",
             "-n", "--sort", "dso,symbol"], check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=TIMEOUT_S)
        os.unlink(self._data)
        return [(int(found[1]), found[2], found[3]) for found in
                map(SYMBOL.match, done.stdout.splitlines()) if found]

    def own(self):
        """Of libevent and netlabd together; None: not known."""
        if self._perf is None:
            return None
        return sum(self.shares.get(name, 0) for name in (OURS, LIBEVENT))
