# SPDX-License-Identifier: ISC
"""Over a wire that loses, doubles and disorders packets: streams carry the
right bytes, each datagram that arrives is answered once and by its own answer,
and a bucket holds whole records."""

import collections
import os
import random
import re
import select
import subprocess
import time

import pytest

from badwire import BadWire, Quality
from conftest import Namespace
from daemon import DEADLINE_S, wait_until
from test_netlab import NETLAB
from wire import Background, read_exactly

BAD = Quality(loss=0.04, double=0.04, disorder=0.1)
GONE = Quality(loss=1, double=0, disorder=0)
SIZE = 300000

CONFIG = """
echo lab { listen = "10.77.0.2:7" }
echo-upper upper { listen = "10.77.0.2:8" }
creosote bucket { listen = "10.77.0.2:9" file = "DIR/bucket" format = raw }
time clock { listen = "10.77.0.2:10" format = unix }
"""


@pytest.fixture(name="hosts")
def fixture_hosts(as_root):  # pylint: disable=unused-argument
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("no TUN devices here")
    made = []
    try:
        for host in ("a", "b"):
            made.append(Namespace(f"netlab-{os.getpid()}-bad-{host}"))
        yield made
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to make network namespaces")
    finally:
        for host in made:
            host.close()


@pytest.fixture(name="wire")
def fixture_wire(hosts):
    seed = random.randrange(10000)
    wire = BadWire(hosts, seed)
    yield wire
    wire.close()
    print(f"seed {seed}: {dict(wire.carried)}")


@pytest.fixture(name="far")
def fixture_far(netlabd, hosts, wire):  # pylint: disable=unused-argument
    return netlabd(CONFIG, prefix=hosts[1].prefix)


def connect(hosts, daemon, name, transport):
    with hosts[0].entered():
        return daemon.connect(name, transport)


def test_streams(hosts, wire, far):
    wire.quality = BAD

    def talk(sock, upper):
        data = bytes(random.choices(b"abcdefghij ", k=SIZE))
        sender = Background(sock.sendall, data)
        answer = read_exactly(sock, SIZE)
        sender.join()
        assert answer == (data.upper() if upper else data)

    talks = [Background(talk, connect(hosts, far, name, "tcp4"),
                        name == "upper") for name in ("lab", "upper") * 3]
    for each in talks:
        each.join()
    assert wire.carried["lost"] and wire.carried["doubled"]
    assert wire.carried["held back"]


def ask_all(sock, clue, count):
    """How often each question was answered."""
    answers = collections.Counter()
    for number in range(count):
        sock.send(b"%s %d" % (clue, number))
        while select.select([sock], [], [], 0.001)[0]:
            answers[sock.recv(100)] += 1
    while select.select([sock], [], [], 0.3)[0]:
        answers[sock.recv(100)] += 1
    return answers


def test_datagrams(hosts, wire, far):
    """An answer to each that has arrived, doubled ones too, and no other."""
    wire.quality = BAD
    socks = {clue: connect(hosts, far, name, "udp4") for clue, name in (
        (b"one", "lab"), (b"two", "lab"), (b"three", "upper"))}
    asked = [Background(ask_all, sock, clue, 400)
             for clue, sock in socks.items()]
    for (clue, sock), answers in zip(socks.items(), asked):
        clue = clue.upper() if clue == b"three" else clue
        answers = answers.join()
        assert set(answers) <= {b"%s %d" % (clue, n) for n in range(400)}
        assert 200 < len(answers) < 400 and max(answers.values()) > 1
        assert sum(answers.values()) == wire.arrived[sock.getsockname()[1]]
    wire.settle()
    figures = far.stop().figures
    for name, port in (("lab", 7), ("upper", 8)):
        assert figures[name]["answers"] == figures[name]["datagrams"] == \
            wire.arrived[port]


def test_a_bucket(hosts, wire, far, tmp_path):
    wire.quality = BAD
    sock = connect(hosts, far, "bucket", "udp4")
    for number in range(1000):
        sock.send(b"datagram %d end" % number)
        if number % 50 == 0:
            time.sleep(0.005)  # no more than the devices' queues hold
    with connect(hosts, far, "bucket", "tcp4") as stream:
        stream.sendall(b"".join(b"line %d end\n" % n for n in range(5000)))
    wait_until(lambda: "line 4999 end\n" in (tmp_path / "bucket").read_text(),
               "all lines have come")
    wire.settle()
    figures = far.stop().figures["bucket"]
    lines = (tmp_path / "bucket").read_text(encoding="ascii").splitlines()
    records = [line for line in lines
               if re.fullmatch(r"datagram \d+ end", line)]
    assert [line for line in lines if line not in set(records)] == [
        f"line {number} end" for number in range(5000)]
    assert len(records) == figures["datagrams"] == wire.arrived[9]
    assert 600 < len(set(records)) < 1000


def test_what_is_passed_on(netlabd, hosts, wire, far, tmp_path):
    near = netlabd("""creosote near { listen = "127.0.0.1:0/udp"
        file = "DIR/near" format = raw forward = "10.77.0.2:9" }""",
                   prefix=hosts[0].prefix)
    sock = connect(hosts, near, "near", "udp4")
    for quality in (BAD, GONE, BAD):
        wire.quality = quality
        for number in range(300):
            sock.send(b"message %d end" % number)
            if number % 30 == 0:
                time.sleep(0.005)
    wait_until(lambda: (tmp_path / "near").read_text().count("\n") == 900,
               "all have come")
    sent = near.stop().figures["near"]
    wire.settle()
    got = far.stop().figures["bucket"]
    assert sent["records"] == 900
    assert got["datagrams"] == got["records"] == wire.arrived[9]
    lines = (tmp_path / "bucket").read_text(encoding="ascii").splitlines()
    assert set(lines) <= {f"message {number} end" for number in range(300)}
    assert len(set(lines)) > 100


def netlab(hosts, *words):
    return subprocess.run(
        [*hosts[0].prefix, NETLAB, *words], stdin=subprocess.DEVNULL,
        capture_output=True, timeout=DEADLINE_S, check=False, text=True)


def test_netlab_over_tcp(hosts, wire, far):  # pylint: disable=unused-argument
    wire.quality = BAD
    for number in range(5):
        result = netlab(hosts, "send", "-t", "20", "10.77.0.2:8/tcp",
                        f"hello {number}")
        assert (result.returncode, result.stdout) == (0, f"HELLO {number}\n")
    assert netlab(hosts, "time", "-t", "20", "10.77.0.2:10/tcp"
                  ).returncode == 0


@pytest.mark.parametrize("words", (
    ("send", "10.77.0.2:7/udp", "hello"), ("send", "10.77.0.2:7/tcp", "hello"),
    ("time", "10.77.0.2:10/udp"), ("time", "10.77.0.2:10/tcp")))
def test_netlab_over_nothing(hosts, wire, far,
                             words):  # pylint: disable=unused-argument
    """It says that no answer came, in time."""
    wire.quality = GONE
    began = time.monotonic()
    result = netlab(hosts, words[0], "-t", "0.5", *words[1:])
    assert result.returncode == 1 and result.stdout == ""
    assert re.fullmatch(r"netlab: .*(no answer|timed out|within).*\n",
                        result.stderr), result.stderr
    assert 0.4 < time.monotonic() - began < 10
