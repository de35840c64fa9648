# SPDX-License-Identifier: ISC
"""A server that was started to be measured: its ports, time and memory."""
import os
import re
import signal
import subprocess
import threading
import time

READY_TIMEOUT_S = 10
STOP_TIMEOUT_S = 10
LISTENING = re.compile(r"(\S+) '(\S+)': listening on (\w+) (\S+)")


class ServerError(Exception):
    """A server did not become ready, or did not end."""


class Server:
    """One process, whose output is read until it says that it is ready."""

    def __init__(self, name, command, stream, ready, places):
        self.name = name
        self.lines = []
        self.configuration = None
        self.ready_s = None
        self._ready = re.compile(ready)
        self._is_ready = threading.Event()
        self._begin_s = time.monotonic()
        # No preexec_fn: with it the child is forked, not vforked, and start
        # would be measured with the copying of this process.
        with places.as_server():
            # pylint: disable-next=consider-using-with
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL, text=True, bufsize=1,
                **{"stderr": None, "stdout": subprocess.DEVNULL,
                   stream: subprocess.PIPE})
        self.pid = self._process.pid
        # The kernel's number of "CPU time of that process" as a clock.
        self._cpu_clock = (~self.pid << 3) | 2
        self._output = getattr(self._process, stream)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._output:
            self.lines.append(line.rstrip("\n"))
            if not self._is_ready.is_set() and self._ready.search(line):
                self.ready_s = time.monotonic() - self._begin_s
                self._is_ready.set()
        self._is_ready.set()

    def wait_until_ready(self):
        """Returns when it said so, or raises with what it said instead."""
        self._is_ready.wait(READY_TIMEOUT_S)
        if self.ready_s is None:
            self.stop()
            said = "\n  ".join(self.lines) or "nothing"
            raise ServerError(f"{self.name} did not get ready; it said:\n"
                              f"  {said}")

    def port(self, transport=None, service=None):
        """The port of a limit program, or of one listener of netlabd."""
        if transport is None:
            return int(self.lines[0])
        for line in self.lines:
            found = LISTENING.search(line)
            if found and found[3] == transport and \
                    service in (None, found[2]):
                return int(found[4].rpartition(":")[2])
        raise ServerError(f"{self.name} has no {transport} listener")

    def has_ended(self):
        """True when it runs no more."""
        return self._process.poll() is not None

    def cpu_s(self):
        """Seconds of CPU time that it has used, to the nanosecond."""
        return time.clock_gettime(self._cpu_clock)

    def sleeps(self):
        """How often it waited for something."""
        return self._status("voluntary_ctxt_switches")

    def memory_bytes(self):
        """Its own memory that is present; sockets are the kernel's."""
        return self._status("VmRSS") * 1024

    def descriptors(self):
        """How many descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def _status(self, field):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise ServerError(f"/proc/{self.pid}/status has no {field}")

    def split_s(self):
        """Seconds in user space and in the kernel, as sampled by its tick."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        ticks = os.sysconf("SC_CLK_TCK")
        return int(fields[11]) / ticks, int(fields[12]) / ticks

    def signal(self, number):
        """To it alone."""
        os.kill(self.pid, number)

    def count_lines(self, text):
        """How many lines of what it said hold this text."""
        return sum(text in line for line in self.lines)

    def pause(self):
        """Stops it from running; returns when it does not run any more."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self):
        """Lets it run again."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self):
        """Ends it in order (by force when it does not); True: in order."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
            in_order = True
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            in_order = False
        self._reader.join(STOP_TIMEOUT_S)
        self._output.close()
        return in_order
