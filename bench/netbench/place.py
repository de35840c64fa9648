# SPDX-License-Identifier: ISC
"""Where and before whom servers and loads run."""
import contextlib
import os

OWN_PRIORITY, THEIR_PRIORITY = 2, 1


class Places:
    """A processor for the server and one for the load; the same where there is
    no other, or where it is wanted so."""

    def __init__(self, together=False, first=False):
        cpus = sorted(os.sched_getaffinity(0))
        # The first often has the machine's interrupts: not for the server.
        self.server = cpus[1 if len(cpus) > 1 else 0]
        self.load = self.server if together else cpus[0]
        self._first = first
        if first:
            # This process, too, or it would wait for those it has started.
            become_first(OWN_PRIORITY)

    def as_load(self):
        """Makes this process, newly forked, a load."""
        os.sched_setaffinity(0, {self.load})
        if self._first:
            become_first(THEIR_PRIORITY)

    @contextlib.contextmanager
    def in_one(self):
        """In the block loads run where the server does."""
        load, self.load = self.load, self.server
        try:
            yield
        finally:
            self.load = load

    @contextlib.contextmanager
    def as_server(self):
        """What is started in the block is a server."""
        own_cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.server})
        if self._first:
            become_first(THEIR_PRIORITY)
        try:
            yield
        finally:
            os.sched_setaffinity(0, own_cpus)
            if self._first:
                become_first(OWN_PRIORITY)


def become_first(priority):
    """Before everybody who has no such priority."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
