# SPDX-License-Identifier: ISC
"""A bucket that a reload changes while the journal takes nothing: what waits for
it is sent when it does again, by who sends to it then."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

from daemon import DEADLINE_S, wait_until
from test_reload import outcome
from wire import exchange

CONFIG = """reload-grace = %s
creosote bucket { listen = "localhost:0/udp" journal = %s
    receive-buffer = %s gather = 0 }
echo other { listen = "localhost:0/udp" }
"""

# More than a socket's queue holds; 1024 of them may wait in a bucket.
COUNT = 200 + int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text("ascii"))

# A /run/systemd/journal of the daemon's own.
PRIVATE = """mount -t tmpfs none /run && mkdir -p /run/systemd/journal &&
mount --bind "$0" /run/systemd/journal && exec "$@"
"""


class Journal:
    """It takes nothing until it is read."""

    def __init__(self, directory):
        directory.mkdir()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.settimeout(DEADLINE_S)
        self.sock.bind(str(directory / "socket"))

    def read(self, count):
        """The numbers of so many messages."""
        entries = [self.sock.recv(1 << 16) for _ in range(count)]
        return [int(re.search(rb"^MESSAGE=number (\d+)$", entry, re.M)[1])
                for entry in entries]

    def is_empty(self):
        self.sock.setblocking(False)
        try:
            self.sock.recv(1)
            return False
        except BlockingIOError:
            return True


@pytest.fixture
def journal(as_root, tmp_path):  # pylint: disable=unused-argument
    if subprocess.run(("unshare", "--mount", "true"), check=False).returncode:
        pytest.skip("no right to make mount namespaces")
    return Journal(tmp_path / "journal")


def start(netlabd, tmp_path, grace="60s"):
    """A daemon whose journal is stuck, and a sender of numbers."""
    daemon = netlabd(CONFIG % (grace, "yes", "1M"), stdout=open(
        os.devnull, "wb"), prefix=(
            "unshare", "--mount", "sh", "-c", PRIVATE, tmp_path / "journal"))
    numbers = iter(range(COUNT + 100))
    sock, other = daemon.connect("bucket", "udp4"), daemon.connect("other", "udp4")

    def send(count):
        for _ in range(count):
            sock.send(b"number %d" % next(numbers))
            assert exchange(other, b"it is read") == b"it is read"

    send(COUNT)
    return daemon, send


def test_the_successor_sends_what_waits(netlabd, tmp_path, journal):
    """Over two reloads: in order, each once, and none is lost."""
    daemon, send = start(netlabd, tmp_path)
    for size in "2M", "3M":
        assert daemon.reload(CONFIG % ("60s", "yes", size)) == outcome(
            kept=1, changed=1)
        send(10)
    assert journal.read(COUNT + 20) == list(range(COUNT + 20))
    figures = daemon.stop().figures["bucket"]
    assert figures["journaled"] == COUNT + 20
    assert not [name for name in figures if "lost" in name]
    assert not daemon.log_contains("cannot write to the journal")
    assert journal.is_empty()


@pytest.mark.parametrize("change", (
    CONFIG % ("60s", "no", "1M"), 'echo other { listen = "localhost:0/udp" }'))
def test_without_a_successor_it_goes_on(netlabd, tmp_path, journal, change):
    """That does not write to the journal, or is not there at all."""
    daemon, _ = start(netlabd, tmp_path)
    assert daemon.reload(change).startswith("reloaded: 1 kept")
    assert journal.read(COUNT) == list(range(COUNT))
    daemon.wait_for_log(f"'bucket': .*journaled {COUNT}$")
    assert not daemon.log_contains("lost")


def test_until_the_grace_is_over(netlabd, tmp_path, journal):
    daemon, _ = start(netlabd, tmp_path, "200ms")
    assert daemon.reload(CONFIG % ("200ms", "no", "1M")) == outcome(
        kept=1, changed=1)
    line = daemon.wait_for_log("'bucket': cannot write to the journal: "
                               "[0-9]+ that waited are lost")
    lost = int(re.search("([0-9]+) that waited", line)[1])
    assert journal.read(COUNT - lost) == list(range(COUNT - lost))
    assert journal.is_empty()
