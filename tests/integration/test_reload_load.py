# SPDX-License-Identifier: ISC
"""Reload under load: no connection lost, no datagram unanswered, no record
lost unsaid, nothing kept that is not needed."""

import os
import re
import select
import threading
import time
from pathlib import Path
from signal import SIGHUP

from daemon import DEADLINE_S, wait_until
from test_reload import REFUSED, outcome
from test_reload_refused import BAD
from wire import Background, exchange

RELOADS = int(os.environ.get("NETLABD_RELOADS", "300"))
RATE_PER_S = 2000
SIGNALS = 40
WINDOW = 100  # datagrams that may be on their way; so no queue overflows


class Pace:
    """Holds a load back to its rate."""

    def __init__(self):
        self.begin = time.monotonic()
        self.count = 0

    def wait(self):
        self.count += 1
        ahead = self.begin + self.count / RATE_PER_S - time.monotonic()
        if ahead > 0.005:
            time.sleep(ahead)


def ask_datagrams(sock, stop):
    """Every datagram is answered, in its order; returns how many."""
    pace, sent, answered = Pace(), 0, 0
    while not stop.is_set() or answered < sent:
        if not stop.is_set() and sent - answered < WINDOW:
            sock.send(b"number %d" % sent)
            sent += 1
            pace.wait()
        wait_s = DEADLINE_S if sent - answered == WINDOW or stop.is_set() else 0
        if select.select([sock], [], [], wait_s)[0]:
            assert sock.recv(100).lower() == b"number %d" % answered
            answered += 1
        else:
            assert wait_s == 0, f"{answered} of {sent} answered"
    return sent


def converse(socks, stop):
    """Open connections are served as they go round."""
    turns = 0
    while not stop.is_set():
        for number, sock in enumerate(socks):
            line = b"turn %d of %d" % (turns, number)
            assert exchange(sock, line).lower() == line
        turns += 1
    return turns


def connect_anew(daemon, transport, stop):
    """One connection after the other, each served."""
    count = 0
    while not stop.is_set():
        with daemon.connect("lab", transport) as sock:
            assert exchange(sock, b"hello").lower() == b"hello"
        count += 1
    return count


LAB = """reload-grace = 1h %s lab {
    listen = { "localhost:0", "unix:DIR/stream" } }"""


def refuse(daemon, bad):
    """A broken configuration is told in full, to the letter."""
    daemon.config.write_bytes(bad.read_bytes())
    before = len(daemon.lines)
    assert daemon.reload() == REFUSED
    expected = bad.with_suffix(".err").read_text(encoding="utf8").splitlines()
    told = [line.replace(str(daemon.config), bad.name)
            for line in daemon.lines[before:] if " error: " in line]
    assert told[:-1] == [f"netlabd: error: {line}" for line in expected]


def reload_often(daemon, loads):
    """To and fro, with all broken configurations in between."""
    kinds = ("echo-upper", "echo")
    bad = [path for path in BAD if b"include" not in path.read_bytes()]
    assert len(bad) >= 40
    for number in range(RELOADS):
        if bad and number % (RELOADS // len(BAD) or 1) == 0:
            refuse(daemon, bad.pop())
        assert daemon.reload(LAB % kinds[number % 2]) == outcome(changed=1)
        assert not any(load.is_done() for load in loads)
    assert not bad


def test_reloads_in_a_row(netlabd):
    """NETLABD_RELOADS of them, 300 if it is not set."""
    daemon = netlabd(LAB % "echo")
    socks = [daemon.connect("lab", name) for name in ("tcp4", "unix") * 3]
    assert [exchange(sock, b"in") for sock in socks] == [b"in"] * len(socks)
    for number in range(20):
        daemon.reload(LAB % ("echo-upper", "echo")[number % 2])
    before = daemon.descriptors(), daemon.resident_bytes()
    stop = threading.Event()
    loads = [Background(ask_datagrams, daemon.connect("lab", "udp4"), stop),
             Background(converse, socks, stop),
             Background(connect_anew, daemon, "tcp4", stop),
             Background(connect_anew, daemon, "unix", stop)]
    try:
        reload_often(daemon, loads)
    finally:
        stop.set()
    counts = [load.join() for load in loads]
    assert min(counts) >= 20, counts
    wait_until(lambda: len(daemon.descriptors()) <= len(before[0]),
               "as many descriptors as before")
    grown = daemon.resident_bytes() - before[1]
    print(f"{RELOADS} reloads, {len(BAD)} refused: {counts[0]} datagrams and "
          f"{sum(counts[2:])} connections answered, all; {len(socks)} "
          f"connections kept through {counts[1]} turns; descriptors "
          f"{len(before[0])}, then {len(daemon.descriptors())}; memory "
          f"{before[1] >> 10} KiB, {grown >> 10:+} KiB")
    assert grown < 1 << 20
    for sock in socks:
        assert exchange(sock, b"still here") == b"still here"


BUCKET = """creosote bucket { listen = { "127.0.0.1:0/udp", "unixgram:DIR/gram" }
    file = "DIR/bucket-%d" format = %s escape = %s receive-buffer = %dM }"""


def test_a_bucket_that_changes_its_file(netlabd, tmp_path):
    """Each record in one of the files, in the order in which they were named."""
    def config(number):
        return BUCKET % (number // 3, ("raw", "text", "json")[number % 3],
                         ("repr", "utf8")[number % 2], 1 + number % 4)
    daemon = netlabd(config(0))
    sock = daemon.connect("bucket", "udp4")
    stop = threading.Event()

    pace = Pace()

    def spew():
        while not stop.is_set():
            sock.send(b"number %d end" % pace.count)
            pace.wait()
        return pace.count

    load = Background(spew)
    for number in range(1, 101):
        wait_until(lambda n=number: pace.count >= 20 * n, "it is under load")
        assert daemon.reload(config(number)) == outcome(changed=1)
    stop.set()
    sent = load.join()
    assert daemon.stop().status == 0
    text = "".join((tmp_path / f"bucket-{number}").read_text(encoding="ascii")
                   for number in range(34))
    assert "lost" not in text
    assert [int(n) for n in re.findall(r"number (\d+) end", text)] == \
        list(range(sent))


def test_drops_are_stated_once(netlabd, tmp_path):
    """The queue overflows, and is handed over with the count of it."""
    config = """creosote bucket { listen = "127.0.0.1:0/udp" receive-buffer = 64K
        file = "DIR/bucket" format = raw escape = %s }"""
    daemon = netlabd(config % "repr")
    sock = daemon.connect("bucket", "udp4")
    sent = 0
    for turn in range(1, 9):
        daemon.freeze()
        for number in range(sent, sent + 1500):
            sock.send(b"number %d" % number)
        sent += 1500
        daemon.configure(config % ("utf8" if turn % 2 else "repr"))
        daemon.signal(SIGHUP)
        daemon.thaw()
        daemon.wait_for_log("reloaded: .*1 changed", turn)
    assert daemon.stop().status == 0
    expected = lost = 0
    for line in (tmp_path / "bucket").read_text(encoding="ascii").splitlines():
        loss = re.search(r"(\d+) datagrams lost here", line)
        if loss:
            lost += int(loss[1])
            expected += int(loss[1])
        else:
            assert line == f"number {expected}", "stated where it happened"
            expected += 1
    assert expected == sent
    assert lost > 4000


def test_drops_of_a_roll_back_are_stated_once(netlabd, tmp_path):
    config = """creosote bucket { listen = "127.0.0.1:0/udp" receive-buffer = 64K
        file = "DIR/bucket" format = raw }"""
    daemon = netlabd(config)
    sock = daemon.connect("bucket", "udp4")
    daemon.freeze()
    for _ in range(2000):
        sock.send(b"one")
    daemon.configure(config.replace("raw", "text") + """
        echo more { listen = "unix:DIR/no/s" }""")
    daemon.signal(SIGHUP)
    daemon.thaw()
    daemon.wait_for_log("reload refused")
    figures = daemon.stop().figures["bucket"]
    text = (tmp_path / "bucket").read_text(encoding="ascii")
    lost = sum(map(int, re.findall(r"(\d+) datagrams lost here", text)))
    assert text.count("one\n") + lost == 2000
    assert lost == figures["lost"] > 500


def test_the_load_of_two_buckets_is_not_mixed(netlabd, tmp_path):
    """They change their files at once, on ports that the system chose."""
    config = """creosote one { listen = "localhost:0" file = "DIR/%s" format = raw }
        creosote two { listen = "localhost:0" file = "DIR/%s" format = raw }"""
    daemon = netlabd(config % ("a0", "b0"))
    socks = [daemon.connect(name, "udp4") for name in ("one", "two")]
    for turn in range(1, 11):
        for sock, name in zip(socks, (b"one", b"two")):
            for _ in range(20):
                sock.send(name)
        assert daemon.reload(config % (f"a{turn}", f"b{turn}")) == \
            outcome(changed=2)
    assert daemon.stop().status == 0
    for letter, name in ("a", "one"), ("b", "two"):
        text = "".join((tmp_path / f"{letter}{turn}").read_text()
                       for turn in range(11))
        assert text == f"{name}\n" * 200


def is_taken(daemon, number):
    """No such signal waits for the daemon."""
    status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
    waiting = re.search(r"^ShdPnd:\t(\w+)$", status, re.M)
    return int(waiting[1], 16) >> (number - 1) & 1 == 0


def test_many_signals_in_one_reload(netlabd):
    """What is asked for again meanwhile is done once, so that others are served;
    but the last one is not lost, whatever was going on."""
    networks = ", ".join(f'"10.{i // 250}.{i % 250}.0/24"' for i in range(10000))
    config = f'deny = {{ {networks} }}\n' + LAB % "echo"
    daemon = netlabd(config)
    for left in reversed(range(SIGNALS)):
        if left == 0:
            daemon.configure(config.replace("lab", "last"))
        daemon.signal(SIGHUP)
        wait_until(lambda: is_taken(daemon, SIGHUP), "the signal is taken")
    daemon.wait_for_log("echo 'last': listening on unix")
    sock = daemon.connect("last", "udp4")
    assert exchange(sock, b"hello") == b"hello"
    assert daemon.stop().status == 0
    assert 0 < len(daemon.log_contains("reloaded: ")) < SIGNALS
