# SPDX-License-Identifier: ISC
"""Calls of the C library that fail as a plan says (tests/faults.h)."""

import collections
import mmap
import os
import shutil
import struct
from errno import (EACCES, EAGAIN, ECONNABORTED, EINTR, EINVAL,
                   EIO, EMFILE, EMSGSIZE, ENFILE, ENOBUFS, ENOMEM, ENOSPC,
                   EPERM, EROFS)
from pathlib import Path

import pytest

from daemon import NETLABD, SANITIZED

# A transfer of a single byte, or datagram.
SHORT = 0

# What may become of a call; the first one is tried where time is short.
ERRORS = {
    "malloc": (ENOMEM,), "calloc": (ENOMEM,), "realloc": (ENOMEM,),
    "strdup": (ENOMEM,),
    "open": (EMFILE, EACCES), "openat": (ENOSPC, EACCES),
    "fopen": (ENFILE,), "fmemopen": (ENOMEM,),
    "opendir": (EMFILE,), "fdopendir": (ENOMEM,), "readdir": (EIO,),
    "read": (EIO, EINTR, EAGAIN, SHORT), "pread": (EIO, EINTR),
    "write": (ENOSPC, EIO, EINTR, EAGAIN, SHORT), "writev": (EIO, EINTR),
    "close": (EIO,), "fstat": (EIO,), "stat": (EACCES,), "lstat": (EACCES,),
    "fstatat": (EIO, EACCES), "lseek": (EIO,), "ftruncate": (EIO,),
    "fsync": (EIO,), "fdatasync": (EIO, ENOSPC), "sync_file_range": (EIO,),
    "flock": (EINTR, ENOMEM), "fchmod": (EPERM,), "chmod": (EPERM,),
    "renameat": (ENOSPC,), "renameat2": (ENOSPC, EINVAL),
    "unlink": (EACCES,), "unlinkat": (EACCES, EROFS), "access": (EACCES,),
    "faccessat": (EACCES,), "fchown": (EPERM,), "fchownat": (EPERM,),
    "realpath": (EACCES, ENOMEM), "readlink": (EACCES,),
    "getpwnam": (EIO,), "getrandom": (EAGAIN,),
    "getrlimit": (EPERM,), "setrlimit": (EPERM,), "newlocale": (ENOMEM,),
    "glob": (ENOMEM,), "getgrnam": (EIO,), "fcntl": (EMFILE,), "ioctl": (EINVAL,),
    "epoll_create1": (EMFILE,), "epoll_ctl": (ENOMEM, ENOSPC),
    "epoll_wait": (EINTR,), "poll": (EINTR, ENOMEM),
    "eventfd": (EMFILE,), "pipe2": (EMFILE,), "timerfd_create": (EMFILE,),
    "timerfd_settime": (EINVAL,),
    "socket": (EMFILE, ENOBUFS), "socketpair": (EMFILE,),
    "bind": (EACCES, ENOMEM), "listen": (ENOMEM,), "connect": (EACCES, EAGAIN),
    "accept4": (EMFILE, ECONNABORTED, EINTR, ENOMEM),
    "shutdown": (ENOBUFS,), "getsockname": (ENOBUFS,),
    "getpeername": (ENOBUFS,), "getsockopt": (ENOBUFS,),
    "setsockopt": (ENOMEM,), "send": (EAGAIN, EINTR, ENOBUFS, SHORT),
    "sendto": (EAGAIN,), "recv": (ENOMEM, EINTR, SHORT),
    "sendmsg": (ENOBUFS, EAGAIN, EINTR), "recvmsg": (ENOMEM, EINTR),
    "sendmmsg": (ENOBUFS, EAGAIN, EPERM, EINTR, SHORT),
    "sendmmsg_run": (EIO, EINVAL, EMSGSIZE),
    "recvmmsg": (ENOMEM, EINTR, SHORT),
    "getaddrinfo": (ENOMEM,), "getaddrinfo_a": (ENOMEM,),
    "getifaddrs": (ENOMEM,), "seccomp_init": (ENOMEM,),
    "seccomp_rule_add_array": (ENOMEM,), "seccomp_load": (ENOMEM,),
}

NAME, WHERE, MAX, SITES_MAX = 24, 104, 100, 4001
HEAD = struct.Struct(f"={NAME}sQQiIqQ{WHERE}s")
FUNCTION = struct.Struct(f"={NAME}sQ")
SITE = struct.Struct("=QQQ")
SITES = HEAD.size + MAX * FUNCTION.size
ARMED = struct.calcsize(f"={NAME}sQQi")
OFFSET = ARMED + 4

LIBRARY = Path(os.environ.get(
    "FAULTS", Path(shutil.which(NETLABD[-1])).parent.parent /
    "tests" / "faults.so"))


class Fault(collections.namedtuple("Fault", "function at error count")):
    """The calls at, at + 1 and so on of a function, count of them."""

    def __str__(self):
        error = os.strerror(self.error) if self.error else "short"
        return f"{self.function} {self.at}+{self.count}: {error}"


class Plan:
    """What fails in the program that is started with environment()."""

    def __init__(self, path):
        if not LIBRARY.exists():
            pytest.skip(f"no {LIBRARY} (make check makes it)")
        self.path = path
        path.write_bytes(bytes(SITES + SITES_MAX * SITE.size))
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)

    def environment(self):
        environment = {**os.environ, "LD_PRELOAD": str(LIBRARY),
                       "NETLAB_FAULTS": str(self.path)}
        if SANITIZED:
            # Its own functions come after ours, and what it finds is no stop.
            environment["ASAN_OPTIONS"] = ":".join(filter(None, (
                os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0",
                "exitcode=99")))
        return environment

    def _set(self, offset, form, value):
        self._map[offset:offset + struct.calcsize(form)] = struct.pack(
            form, value)

    def arm(self, fault):
        """Its call is counted from now on."""
        self.disarm()
        at = self.calls()[fault.function] + fault.at
        self._map[:HEAD.size] = HEAD.pack(
            fault.function.encode(), at, fault.count, fault.error, 0,
            self.clock_offset_ns, 0, b"")
        self._set(ARMED, "=I", 1)

    def reset(self):
        """For the next program, which counts from 0."""
        self._map[:] = bytes(len(self._map))

    def disarm(self):
        """How many calls have failed since it was armed."""
        self._set(ARMED, "=I", 0)
        return self.failed

    def _head(self):
        return HEAD.unpack_from(self._map)

    @property
    def failed(self):
        return self._head()[6]

    @property
    def where(self):
        return self._head()[7].rstrip(b"\0").decode()

    @property
    def clock_offset_ns(self):
        return self._head()[5]

    @clock_offset_ns.setter
    def clock_offset_ns(self, ns):
        self._set(OFFSET, "=q", ns)

    def calls(self):
        """How often each function was called, all in all."""
        calls = collections.Counter()
        for i in range(MAX):
            name, count = FUNCTION.unpack_from(
                self._map, HEAD.size + i * FUNCTION.size)
            calls[name.rstrip(b"\0").decode()] = count
        del calls[""]
        return calls

    def places(self, before=collections.Counter()):
        """By function, the last call from each place in the code that calls it,
        counted from those before on."""
        sites = [SITE.unpack_from(self._map, SITES + i * SITE.size)
                 for i in range(SITES_MAX)]
        names = list(self.calls())
        found = collections.defaultdict(set)
        for caller, function, call in sites:
            if caller and call > before[names[function]]:
                found[names[function]].add(call - before[names[function]])
        return found


def faults_of(calls, most, places):
    """Of each function that was called, `most` calls spread evenly and one from
    each place, with the first error; without a limit, each call with each
    error."""
    for function, count in sorted(calls.items()):
        errors = ERRORS.get(function, ())
        numbers = range(1, count + 1)
        if most:
            errors = errors[:1]
            numbers = sorted(places[function].union(
                numbers[i * count // most] for i in range(most)))
        for error in errors:
            for at in numbers:
                yield Fault(function, at, error, 1)
