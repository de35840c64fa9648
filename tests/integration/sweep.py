# SPDX-License-Identifier: ISC
"""Fault after fault, and what became of each."""

import collections
import os
from signal import SIGTERM

from daemon import DEADLINE_S, wait_until
from faults import Plan, faults_of
from lab import Lab

ALL = os.environ.get("NETLABD_FAULTS") == "all"

# They end a program that they get no memory for: libconfuse's lexer, libevent
# when it cannot read its own socket for signals; at a start also the C library,
# where it looks for a user.
ENDERS = ("libconfuse", "libevent")
ENDERS_AT_A_START = (*ENDERS, "libc.")


class Sweep:
    """Labs one after the other, in one directory, and what became of each
    fault. A lab that a fault did not harm goes on to the next one."""

    def __init__(self, spawn, tmp_path):
        self.spawn, self.directory = spawn, tmp_path
        self.plan = Plan(tmp_path / "plan")
        self.outcomes = collections.Counter()
        self.places = {}  # from which was called what was counted
        self.lab = None
        self.is_ended = False  # the daemon, by a library

    def start(self):
        """A new lab; None: it did not start, and said why."""
        self.end()
        self.lab = Lab(self.spawn, self.plan, self.directory)
        if self.lab.daemon.gets_ready():
            return self.lab
        if self.is_where(*ENDERS_AT_A_START) and \
                self.lab.daemon.process.wait(DEADLINE_S) != 1:
            self.expect_ended(ENDERS_AT_A_START)
        else:
            self.expect_stopped()
        return None

    def expect_stopped(self):
        """With a word and a status."""
        daemon = self.lab.daemon
        # 78: its configuration could not be read.
        assert daemon.wait().status in (
            (1, 78) if daemon.log_contains("cannot be read: ") else (1,))
        assert daemon.log_contains("^netlabd: error: ")
        self.give_up()

    def expect_ended(self, enders=ENDERS):
        """By a library, and so it left its sockets."""
        assert self.is_where(*enders)
        assert self.lab.daemon.process.wait(DEADLINE_S) != 0
        for path in self.sockets():
            path.unlink()
        self.is_ended = True
        self.give_up()

    def fresh(self):
        """A lab that works, and what it keeps open then. Where files could not
        be compressed, all since are after a minute: not within a deadline."""
        if self.lab is not None and \
                self.lab.daemon.log_contains("directory of '"):
            self.end()
        if self.lab is None:
            self.plan.disarm()
            assert self.start(), "it does not start"
            self.lab.check()
            wait_until(self.lab.is_idle, "all is compressed")
            self.open = self.lab.fewest_descriptors()
        return self.lab

    def check(self):
        """Nothing fails any more, and nothing is left of what did."""
        self.plan.disarm()
        self.lab.check()
        wait_until(lambda: len(self.lab.daemon.descriptors()) <= self.open,
                   "no descriptor is lost")

    def end(self):
        """Judges the files, which hold it all, and empties the directory."""
        if self.lab is None:
            return
        self.plan.disarm()
        if self.lab.daemon.is_running():
            self.lab.daemon.signal(SIGTERM)
        assert self.lab.daemon.wait().status == 0, self.lab.daemon.log()
        numbers, lost = self.lab.found()
        assert numbers == sorted(set(numbers))
        assert len(numbers) + lost == self.lab.sent
        self.give_up()

    def sockets(self):
        return [path for path in self.directory.iterdir() if path.is_socket()]

    def count(self, work):
        """What it calls, in a lab of its own."""
        before = self.plan.calls()
        work()
        self.places = self.plan.places(before)
        return self.plan.calls() - before

    def try_fault(self, attempt, fault):
        """Where another lab came so far that nothing failed, a new one."""
        self.is_ended = False
        try:
            outcome = attempt(fault)
            if not self.plan.failed:
                self.end()
                outcome = attempt(fault)
        except (AssertionError, OSError):
            if self.lab is None or not self.is_where(*ENDERS):
                raise
            self.expect_ended()
        if not self.plan.failed:
            return "not reached"
        return "ended by a library" if self.is_ended else outcome

    def is_where(self, *libraries):
        return self.plan.where.startswith(libraries)

    def give_up(self):
        lab, self.lab = self.lab, None
        if lab is not None:
            lab.daemon.kill()
            lab.close()
        for path in self.directory.iterdir():
            if path.name.startswith(("bucket", "sender")):
                path.unlink()

    def log(self):
        """The last of it."""
        return "\n".join(self.lab.daemon.lines[-5:]) if self.lab else ""

    def run(self, calls, most, attempt):
        """With each of the faults, armed by the attempt; its outcome."""
        failures = []
        for fault in faults_of(calls, None if ALL else most, self.places):
            try:
                self.outcomes[self.try_fault(attempt, fault)] += 1
            except Exception as error:
                failures.append(f"{fault}, called from {self.plan.where}: "
                                f"{str(error)[:200]}\n" + self.log())
                print(failures[-1], flush=True)
                self.give_up()
        assert not failures, f"{len(failures)} faults"
