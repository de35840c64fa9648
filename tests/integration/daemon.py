# SPDX-License-Identifier: ISC
"""A netlabd under test: started, waited for, asked, ended and judged.

Nothing here sleeps to give the daemon time: what it logs is an event that is
waited for, and every wait ends at a deadline.
"""

import collections
import os
import re
import shlex
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from signal import SIGCONT, SIGHUP, SIGSTOP, SIGTERM

import pytest

NETLABD = shlex.split(os.environ.get("NETLABD", "netlabd"))
SANITIZED = b"__asan_init" in Path(
    shutil.which(NETLABD[-1]) or os.devnull).read_bytes()
DEADLINE_S = float(os.environ.get("NETLABD_DEADLINE", "30"))

KINDS = {
    "udp4": (socket.AF_INET, socket.SOCK_DGRAM),
    "udp6": (socket.AF_INET6, socket.SOCK_DGRAM),
    "tcp4": (socket.AF_INET, socket.SOCK_STREAM),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
    "unix": (socket.AF_UNIX, socket.SOCK_STREAM),
    "unixgram": (socket.AF_UNIX, socket.SOCK_DGRAM),
}
DATAGRAMS = ("udp4", "udp6", "unixgram")
STREAMS = ("tcp4", "tcp6", "unix")

LISTENING = re.compile(r"netlabd: \S+ '(.*)': listening on (\w+) (.+)")
FIGURES = re.compile(r"netlabd: \S+ '(.*)': ([a-z-]+ \d+(?:, [a-z-]+ \d+)*)$")
RELOADED = r"^netlabd: (?:error: )?(reload(?:ed: | refused).*)"
FAULTS = re.compile(r"Sanitizer|runtime error:|ERROR SUMMARY: [1-9]|"
                    r"definitely lost: [1-9]|Assertion")

# What a stop leaves: the exit status and, by service, the figures it told.
Outcome = collections.namedtuple("Outcome", "status figures")


def wait_until(condition, what):
    """For what tells of itself in /proc alone; returns what is true then."""
    end = time.monotonic() + DEADLINE_S
    while not (seen := condition()):
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.005)
    return seen


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


def parse_address(transport, text):
    """'udp', '[::1]:40123' -> 'udp6', ('::1', 40123)."""
    if transport.startswith("unix"):
        return transport, text
    host, port = text.rsplit(":", 1)
    family = "6" if host.startswith("[") else "4"
    return transport + family, (host.strip("[]"), int(port))


class Daemon:
    """In the configuration, DIR is the test's directory, EVERYWHERE a list of
    addresses of every transport, and DATAGRAMS one without streams. Root stays
    root, as the directories are its own; where another -u follows, it counts."""

    def __init__(self, config, directory, *arguments, prefix=(),
                 stays_root=True, **popen):
        self.directory = directory
        number = len(list(directory.glob("netlabd-*.conf")))
        self.config = directory / f"netlabd-{number}.conf"
        self.configure(config)
        self.output = directory / f"stdout-{number}"
        self.lines = []
        self._ended = False
        self._changed = threading.Condition()
        stay = ()
        if stays_root and os.geteuid() == 0 and "setpriv" not in prefix:
            stay = ("--user", "root")
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [*prefix, *NETLABD, *stay, "-c", self.config, *arguments],
                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                errors="backslashreplace", **{"stdout": output, **popen})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def configure(self, config):
        """What is read at the start and by reloads, written as one step."""
        fresh = self.config.with_suffix(".fresh")
        fresh.write_text(self._expand(config))
        os.replace(fresh, self.config)

    def _expand(self, config):
        for word, meaning in (
                ("EVERYWHERE",
                 '{ "localhost:0", "unix:DIR/stream", "unixgram:DIR/gram" }'),
                ("DATAGRAMS", '{ "localhost:0/udp", "unixgram:DIR/gram" }'),
                ("DIR", str(self.directory))):
            config = config.replace(word, meaning)
        return config

    def _read(self):
        with self.process.stderr as log:
            for line in log:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    # --- What it says

    def log_contains(self, pattern):
        """The lines that match."""
        return [line for line in list(self.lines) if re.search(pattern, line)]

    def wait_for_log(self, pattern, count=1):
        """Waits until so many lines match and returns the last of them."""
        def is_there():
            return self._ended or len(self.log_contains(pattern)) >= count
        with self._changed:
            self._changed.wait_for(is_there, DEADLINE_S)
        found = self.log_contains(pattern)
        assert len(found) >= count, f"not logged: {pattern}\n{self.log()}"
        return found[count - 1]

    def gets_ready(self):
        """False: it has ended before."""
        def is_decided():
            return self._ended or self.log_contains("^netlabd: ready: ")
        with self._changed:
            assert self._changed.wait_for(is_decided, DEADLINE_S), self.log()
        return bool(self.log_contains("^netlabd: ready: "))

    def wait_ready(self):
        self.wait_for_log("^netlabd: ready: ")
        return self

    def log(self):
        return "\n".join(self.lines)

    # --- Where it listens

    def listeners(self):
        """(name, transport, address) of each, in the configuration's order."""
        matches = (LISTENING.match(line) for line in list(self.lines))
        return [(match[1], *parse_address(match[2], match[3]))
                for match in matches if match]

    def addresses(self, name):
        """{'udp4': ('127.0.0.1', 40123), 'unix': '/path', …}"""
        return {transport: address for service, transport, address
                in self.listeners() if service == name}

    def address(self, name, transport):
        if transport.endswith("6") and not has_ipv6():
            pytest.skip("no IPv6 here")
        return self.addresses(name)[transport]

    def port(self, name, transport):
        return self.address(name, transport)[1]

    def connect(self, name, transport, room=None):
        """A connected socket, for datagrams too; room for so many bytes each
        way."""
        address = self.address(name, transport)
        sock = socket.socket(*KINDS[transport])
        if room is not None:
            for option in socket.SO_RCVBUF, socket.SO_SNDBUF:
                sock.setsockopt(socket.SOL_SOCKET, option, room)
        sock.settimeout(DEADLINE_S)
        if transport == "unixgram":
            sock.bind("")  # the kernel gives it a name to answer to
        sock.connect(address)
        return sock

    # --- What the kernel knows of it

    @property
    def pid(self):
        return self.process.pid

    def _proc(self, name):
        with open(f"/proc/{self.pid}/{name}", encoding="ascii") as file:
            return file.read()

    def resident_bytes(self):
        """0 where sanitizers keep what is freed; they tell of leaks."""
        if SANITIZED:
            return 0
        return int(self._proc("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def address_space_bytes(self):
        return int(self._proc("statm").split()[0]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_s(self):
        fields = self._proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return sorted(int(fd) for fd in os.listdir(f"/proc/{self.pid}/fd"))

    # --- Signals and the end

    def signal(self, number):
        os.kill(self.pid, number)

    def freeze(self):
        """From here on the kernel queues what is sent."""
        self.signal(SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def thaw(self):
        self.signal(SIGCONT)

    def reload(self, config=None):
        """Reads this configuration, or its own again; what came of it."""
        if config is not None:
            self.configure(config)
        count = len(self.log_contains(RELOADED))
        self.signal(SIGHUP)
        return re.match(RELOADED, self.wait_for_log(RELOADED, count + 1))[1]

    def stop(self, number=SIGTERM):
        self.signal(number)
        return self.wait()

    def wait(self):
        status = self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        assert not self.log_contains(FAULTS), self.log()
        figures = collections.defaultdict(collections.Counter)
        for match in filter(None, map(FIGURES.match, self.lines)):
            words = (figure.split() for figure in match[2].split(", "))
            figures[match[1]].update({name: int(n) for name, n in words})
        return Outcome(status, figures)

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
