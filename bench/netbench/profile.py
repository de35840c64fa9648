# SPDX-License-Identifier: ISC
"""Where a server's time goes: the kernel, the C library, libevent, netlabd.

perf tells, where it is there and allowed to. Where it may not look into the
kernel, it still tells the parts of user space, and how much the kernel has is
known without it. Without perf there is but that.
"""
import collections
import os
import re
import subprocess

from netbench import peers

FREQUENCY = 4999  # a second; no divisor of what happens every millisecond
KERNEL, OURS, LIBC, LIBEVENT, OTHER = \
    "kernel", "netlabd", "libc", "libevent", "other"
TIMEOUT_S = 120
# "  12.34%  [kernel.kallsyms]  [k] udp_sendmsg"
SYMBOL = re.compile(r"^\s*([0-9.]+)%\s+(\S+)\s+\[.\]\s+(.*\S)")


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
        self._perf = None
        self.kernel_seen = False
        self.shares = self.symbols = None
        for event in ("cpu-clock", "cpu-clock:u"):
            if peers.find("perf") and self._begin(event):
                self.kernel_seen = event == "cpu-clock"
                break

    def _begin(self, event):
        command = ["perf", "record", "-q", "-e", event, "-F", str(FREQUENCY),
                   "-p", str(self._server.pid), "-o", self._data]
        # pylint: disable-next=consider-using-with
        self._perf = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        try:
            self._perf.wait(0.5)
        except subprocess.TimeoutExpired:
            return True
        self._perf = None
        return False

    def stop(self):
        """Reads what was found."""
        user_s, kernel_s = (after - before for after, before in
                            zip(self._server.split_s(), self._before))
        kernel = 100 * kernel_s / ((user_s + kernel_s) or 1)
        if self._perf is None:
            self.shares, self.symbols = {KERNEL: kernel}, []
            return
        self._perf.terminate()
        self._perf.wait(TIMEOUT_S)
        self.symbols = self._report()
        shares = collections.Counter()
        for percent, dso, _ in self.symbols:
            shares[part(dso)] += percent
        if not self.kernel_seen:
            shares[KERNEL] = 0
            for name in shares:
                shares[name] *= (100 - kernel) / 100
            shares[KERNEL] = kernel
        self.shares = dict(shares)

    def _report(self):
        done = subprocess.run(
            ["perf", "report", "-i", self._data, "--stdio", "-q",
             "--sort", "dso,symbol"], check=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=TIMEOUT_S)
        os.unlink(self._data)
        return [(float(found[1]), found[2], found[3]) for found in
                map(SYMBOL.match, done.stdout.splitlines()) if found]

    def own(self):
        """Of libevent and netlabd together; None: not known."""
        if self._perf is None:
            return None
        return sum(self.shares.get(name, 0) for name in (OURS, LIBEVENT))
