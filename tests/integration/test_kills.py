# SPDX-License-Identifier: ISC
"""kill -9 at any moment under load, again and again: the next start takes the
sockets over at once, and the bucket's files hold whole records, in order, but
for the line that was being written and what a daemon had in its hands.

NETLABD_KILLS: how many kills (12)."""

import collections
import os
import random
import re
import socket
import threading
import time

import pytest

from daemon import DEADLINE_S, wait_until
from manager import Manager
from test_bucket_mixed import CUT, WAKE_UP, files_in_order
from wire import Background, own_loopback

KILLS = int(os.environ.get("NETLABD_KILLS", "12"))
BATCH = 25  # kills of one load, whose files are read at its end

CONFIG = """
creosote bucket {{
    listen = {{ "127.0.0.1:{port}/udp", "{host}:7001/tcp", "unix:DIR/lines" }}
    file = "DIR/bucket" rotate-size = 200K keep = 0 compress = yes
    receive-buffer = 4M history = 0 }}
echo lab {{ listen = {{ "{host}:7002", "unix:DIR/stream",
    "unixgram:DIR/gram" }} }}
"""

DATAGRAM = re.compile(r"\S+Z 127\.0\.0\.1:\d+ x* number (\d{8}) end$")
LINE = re.compile(r"\S+Z \S+ connection (\d+) line (\d+) end$")
LOST = re.compile(r"\S+Z netlabd: (\d+) datagrams lost here on "
                  r"127\.0\.0\.1:\d+ \(receive queue full\)$")


class Load:
    """Clients that go on whatever becomes of the daemon."""

    def __init__(self, address, host, directory):
        self.enough = threading.Event()
        self.sent = self.connections = self.answers = 0
        self.lock = threading.Lock()
        lines, stream = str(directory / "lines"), str(directory / "stream")
        self.threads = [Background(*work) for work in (
            (self.number, address),
            (self.lines, socket.AF_INET, (host, 7001)),
            (self.lines, socket.AF_UNIX, lines),
            (self.ask, socket.AF_INET, socket.SOCK_STREAM, (host, 7002)),
            (self.ask, socket.AF_UNIX, socket.SOCK_STREAM, stream),
            (self.ask, socket.AF_INET, socket.SOCK_DGRAM, (host, 7002)))]

    def number(self, address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(address)
            while not self.enough.is_set():
                for _ in range(20):
                    sock.send(b"%s number %08d end" % (
                        b"x" * random.randrange(200), self.sent))
                    self.sent += 1
                time.sleep(0.001)  # the others have to come to work, too

    def lines(self, family, address):
        while not self.enough.is_set():
            with self.lock:
                number = self.connections
                self.connections += 1
            try:
                with socket.socket(family) as sock:
                    sock.connect(address)
                    for line in range(1000):
                        sock.sendall(b"connection %d line %d end\n" % (
                            number, line))
                        time.sleep(0.0002)
            except OSError:
                time.sleep(0.001)

    def ask(self, family, kind, address):
        while not self.enough.is_set():
            try:
                with socket.socket(family, kind) as sock:
                    sock.settimeout(0.2)
                    sock.connect(address)
                    for number in range(100):
                        question = b"question %d" % number
                        sock.send(question)
                        answer = sock.recv(100)
                        assert question.startswith(answer)
                        if answer != question:
                            break
                        self.answers += 1
            except OSError:
                time.sleep(0.001)

    def end(self):
        self.enough.set()
        for thread in self.threads:
            thread.join()


class Found:
    """What is in the files, in order."""

    def __init__(self, directory):
        self.expected = self.stated = self.cut = 0
        self.gaps = []  # datagrams that are neither there nor stated
        self.lines = collections.Counter()
        files = list(files_in_order(directory))
        self.files = len(files)
        for data in files:
            lines = data.decode("ascii").split("\n")
            assert not lines.pop()
            for line, after in zip(lines, lines[1:] + [""]):
                self._read(line, after)

    def _read(self, line, after):
        if record := DATAGRAM.match(line):
            self._take(int(record[1]))
        elif record := LINE.match(line):
            assert int(record[2]) == self.lines[record[1]], line
            self.lines[record[1]] += 1
        elif lost := LOST.match(line):
            self.expected += int(lost[1])
            self.stated += int(lost[1])
        elif not CUT.match(line):
            assert CUT.match(after), line
            self.cut += 1

    def _take(self, number):
        """What was stated may have been told to a daemon that was killed
        before it noted so, and is told again."""
        if number != self.expected:
            self.gaps.append(number - self.expected)
        self.expected = number + 1


@pytest.mark.parametrize("batch", range(-(-KILLS // BATCH)))
def test_kill_under_load(spawn, tmp_path, batch, capsys):
    host = own_loopback()
    manager = Manager(tmp_path / "notify")
    address = manager.listen(socket.SOCK_DGRAM, ("127.0.0.1", 0))
    config = CONFIG.format(port=address[1], host=host)
    kills = min(BATCH, KILLS - BATCH * batch)

    def start():
        """Datagrams wait in the manager's socket; the others are the daemon's,
        which it finds as a killed one leaves them."""
        handed = manager.started_with()
        del handed["env"]["NOTIFY_SOCKET"]
        return spawn(config, **handed).wait_ready()

    daemon = start()
    load = Load(address, host, tmp_path)
    slowest = 0
    for _ in range(kills):
        moment = load.sent + random.randrange(400)
        wait_until(lambda: load.sent > moment, "the load goes on")
        daemon.kill()
        began = time.monotonic()
        daemon = start()
        slowest = max(slowest, time.monotonic() - began)
    answers = load.answers
    wait_until(lambda: load.answers > answers, "it serves on")
    load.end()
    assert daemon.stop().status == 0
    found = Found(tmp_path)
    unsaid = sum(gap for gap in found.gaps if gap > 0)
    missing = load.sent - found.expected
    with capsys.disabled():
        print(f"\n{kills} kills: {load.sent} datagrams sent, {found.stated} "
              f"stated as lost, {unsaid} in hand at a kill, "
              f"{sum(found.lines.values())} lines of {len(found.lines)} "
              f"connections, {load.answers} answers, {found.cut} lines cut, "
              f"{found.files} files, slowest start {slowest:.2f} s")
    assert missing == 0
    assert len(found.gaps) <= kills and max(found.gaps, default=0) <= WAKE_UP
    assert slowest < DEADLINE_S
    manager.close()
