# SPDX-License-Identifier: ISC
"""What the integration tests share: daemons that are ended and judged after
the test, and network namespaces."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from contextlib import contextmanager

import pytest

from daemon import DEADLINE_S, NETLABD, Daemon, wait_until

CLONE_NEWNET = 0x40000000


def pytest_sessionstart():
    # A shell starts what it puts into the background with this one ignored, and
    # programs leave what is ignored so: then no Ctrl-C could be tried.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if shutil.which(NETLABD[0]) is None:
        pytest.exit(f"no program '{NETLABD[0]}' (set NETLABD, or ./bootstrap build)", 2)


@pytest.fixture
def spawn(tmp_path):
    """Starts a daemon that need not get ready; the test ends it."""
    daemons = []

    def start(config, *arguments, **popen):
        daemons.append(Daemon(config, tmp_path, *arguments, **popen))
        return daemons[-1]

    yield start
    for daemon in daemons:
        if daemon.is_running():
            daemon.kill()


@pytest.fixture
def netlabd(tmp_path):
    """Starts a daemon and waits for it; after the test it has to end well."""
    daemons = []

    def start(config, *arguments, **popen):
        daemon = Daemon(config, tmp_path, *arguments, **popen)
        daemons.append(daemon)
        return daemon.wait_ready()

    yield start
    try:
        for daemon in daemons:
            if daemon.is_running():
                daemon.thaw()
                assert daemon.stop().status == 0, daemon.log()
    finally:
        for daemon in daemons:
            if daemon.is_running():
                daemon.kill()
            print(daemon.log())


def run(*command):
    subprocess.run(command, check=True, timeout=DEADLINE_S,
                   stdin=subprocess.DEVNULL, capture_output=True)


@pytest.fixture
def as_root():
    if os.geteuid() != 0:
        pytest.skip("needs root")


class Namespace:
    """A network namespace of the test's own."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.prefix = ("nsenter", f"--net=/run/netns/{name}")

    def ip(self, *arguments):
        run("ip", "-n", self.name, *arguments)

    @contextmanager
    def entered(self):
        """Sockets that are opened within belong to the namespace."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", encoding="ascii") as home, \
                open(f"/run/netns/{self.name}", encoding="ascii") as there:
            assert libc.setns(there.fileno(), CLONE_NEWNET) == 0
            try:
                yield
            finally:
                assert libc.setns(home.fileno(), CLONE_NEWNET) == 0

    def has_wire(self):
        """The kernel brings IPv6 up some time after the wire."""
        with self.entered():
            index = socket.if_nametoindex("wire")
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
                return sock.connect_ex(("ff02::1", 9, 0, index)) == 0

    def close(self):
        run("ip", "netns", "del", self.name)


@pytest.fixture
def namespaces(as_root):  # pylint: disable=unused-argument
    """Two hosts and the wire between them: .1 and .2 of 10.77.0.0/24 and of
    fd77::/64."""
    made = []
    try:
        try:
            for host in ("a", "b"):
                made.append(Namespace(f"netlab-{os.getpid()}-{host}"))
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("no right to make network namespaces")
        first, second = made
        first.ip("link", "add", "wire", "type", "veth", "peer", "name", "wire",
                 "netns", second.name)
        for number, host in enumerate(made, 1):
            host.ip("link", "set", "lo", "up")
            host.ip("addr", "add", f"10.77.0.{number}/24", "brd", "+",
                    "dev", "wire")
            host.ip("addr", "add", f"fd77::{number}/64", "dev", "wire", "nodad")
            host.ip("link", "set", "wire", "up")
        for host in made:
            wait_until(host.has_wire, "the wire is up")
        yield first, second
    finally:
        for host in made:
            host.close()
