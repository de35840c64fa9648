# SPDX-License-Identifier: ISC
"""A clock that is set, back and forth: what tells the time follows, files are
rotated by it and not more often than it says, and nothing else notices."""

import datetime
import re
import select
import time

import pytest

from control import ask
from daemon import wait_until
from faults import Plan
from wire import exchange

S = 1000000000
HOUR, DAY = 3600, 86400
JUMPS = (HOUR, -HOUR, DAY, -DAY, 400 * DAY, -400 * DAY, -5000 * DAY, 1)

CONFIG = """
time clock { listen = "127.0.0.1:0" format = unix }
creosote bucket { listen = "127.0.0.1:0" file = "DIR/bucket"
    rotate-interval = INTERVAL keep = 0 }
echo lab { listen = "127.0.0.1:0" idle-timeout = 400ms }
control main { listen = "unix:DIR/control" }
"""


@pytest.fixture(name="plan")
def fixture_plan(tmp_path):
    return Plan(tmp_path / "plan")


@pytest.fixture(name="clocked")
def fixture_clocked(netlabd, plan):
    def start(interval, **environment):
        return netlabd(CONFIG.replace("INTERVAL", interval),
                       env={**plan.environment(), **environment})
    return start


def told(daemon, transport="udp4"):
    with daemon.connect("clock", transport) as sock:
        sock.send(b"?")
        return int(sock.recv(100))


class Bucket:
    """What is sent to it, and in which files that is."""

    def __init__(self, daemon, directory):
        self.daemon, self.directory, self.sent = daemon, directory, 0

    def files(self):
        return sorted(path for path in self.directory.glob("bucket*"))

    def text(self):
        """Of all files, as far as none is renamed meanwhile."""
        try:
            return "".join(path.read_text(encoding="ascii")
                           for path in self.files())
        except FileNotFoundError:
            return ""

    def send(self, transport="udp4"):
        """Returns the time of the record."""
        message = f"number {self.sent} end"
        self.sent += 1
        with self.daemon.connect("bucket", transport) as sock:
            sock.send(message.encode() + b"\n")
        line = re.compile(rf"^(\S+)Z \S+ {message}(?:\\n)?$", re.MULTILINE)
        found = wait_until(lambda: line.search(self.text()), message)
        return datetime.datetime.fromisoformat(
            found[1] + "+00:00").timestamp()

    def check(self):
        """Each record is there once."""
        found = re.findall(r"number (\d+) end", self.text())
        assert sorted(map(int, found)) == list(range(self.sent))


def test_who_tells_the_time_follows(clocked, plan, tmp_path):
    daemon = clocked("0")
    bucket = Bucket(daemon, tmp_path)
    for jump in JUMPS:
        plan.clock_offset_ns = jump * S
        for transport in ("udp4", "tcp4"):
            assert abs(told(daemon, transport) - time.time() - jump) < 5
            assert abs(bucket.send(transport) - time.time() - jump) < 5
    bucket.check()
    uptime = ask(tmp_path / "control", "/status").json()["uptime"]
    assert 0 <= uptime < HOUR


def test_an_interval_over_jumps(clocked, plan, tmp_path):
    """Once for each jump over an end, once at most for each one back."""
    daemon = clocked("1h")
    bucket = Bucket(daemon, tmp_path)
    bucket.send()
    for offset, most in ((HOUR, 1), (25 * HOUR, 1), (24 * HOUR, 1),
                         (-24 * HOUR, 1), (0, 1), (-400 * DAY, 1),
                         (-400 * DAY + HOUR, 1)):
        count = len(bucket.files())
        plan.clock_offset_ns = offset * S
        for _ in range(5):
            bucket.send()
        assert len(bucket.files()) - count <= most
    # It goes on with the time that it is now.
    for hour in range(1, 4):
        count = len(bucket.files())
        plan.clock_offset_ns = (-400 * DAY + HOUR + hour * HOUR) * S
        bucket.send()
        bucket.send()
        assert len(bucket.files()) == count + 1
    bucket.check()


def to_midnight():
    """Seconds, in the test's zone."""
    now = time.time()
    return DAY - (now + ZONE) % DAY


ZONE = 5 * HOUR + 1800


def test_midnight(clocked, plan, tmp_path):
    """It comes by itself, day after day; set back a little, not again."""
    daemon = clocked("1d", TZ="TST-5:30")
    bucket = Bucket(daemon, tmp_path)
    for day in range(3):
        count = len(bucket.files())
        plan.clock_offset_ns = int((day * DAY + to_midnight() - 1.5) * S)
        bucket.send()
        assert len(bucket.files()) == max(count, 1)
        wait_until(lambda: len(bucket.files()) == day + 2, "it is midnight")
        bucket.send()
        plan.clock_offset_ns -= 5 * S
        bucket.send()
        plan.clock_offset_ns += 5 * S
        bucket.send()
        assert len(bucket.files()) == day + 2
    bucket.check()


@pytest.mark.parametrize("jump", (DAY, -DAY))
def test_what_lasts_goes_on_lasting(clocked, plan, jump):
    daemon = clocked("0")
    with daemon.connect("lab", "tcp4") as sock:
        began = time.monotonic()
        assert exchange(sock, b"hello") == b"hello"
        plan.clock_offset_ns = jump * S
        assert exchange(daemon.connect("lab", "udp4"), b"now") == b"now"
        assert select.select([sock], [], [], 20)[0] and sock.recv(1) == b""
        assert 0.35 < time.monotonic() - began < 15
    cpu = daemon.cpu_s()
    for _ in range(10):
        assert exchange(daemon.connect("lab", "udp4"), b"calm") == b"calm"
    assert daemon.cpu_s() - cpu < 0.5
