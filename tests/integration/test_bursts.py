# SPDX-License-Identifier: ISC
"""Bursts, and more than can be taken: nothing is lost unsaid."""

import json
import os
import re
import socket
import threading

import pytest

from daemon import DATAGRAMS
from wire import Background, exchange, udp_socket

MIB = 1 << 20


def test_a_burst_comes_back(netlabd):
    """Back to back; without the right to large buffers, a smaller one."""
    count = 5000 if os.geteuid() == 0 else 100
    daemon = netlabd('echo-upper lab { listen = "localhost:0" }')
    sock = udp_socket(target=daemon.address("lab", "udp4"),
                      receive_buffer=16 * MIB if count == 5000 else 0)
    reader = Background(lambda: [sock.recv(100) for _ in range(count)])
    for number in range(count):
        sock.send(b"number %057d" % number)
    assert reader.join() == [b"NUMBER %057d" % number
                             for number in range(count)]
    figures = daemon.stop().figures["lab"]
    assert figures["datagrams"] == figures["answers"] == count
    assert figures["lost"] == 0


@pytest.mark.parametrize("transport", DATAGRAMS)
def test_a_bucket_keeps_the_order(netlabd, transport, tmp_path):
    count = 5000 if os.geteuid() == 0 or transport == "unixgram" else 100
    daemon = netlabd("""creosote lab { listen = DATAGRAMS file = "DIR/bucket"
        format = raw }""")
    sock = daemon.connect("lab", transport)
    for number in range(count):
        sock.send(b"number %d" % number)
    assert daemon.stop().figures["lab"]["records"] == count
    lines = (tmp_path / "bucket").read_text(encoding="ascii").splitlines()
    assert lines == [f"number {number}" for number in range(count)]


def parse_bucket(form, line):
    """('number', n) of a record, ('lost', n) of a word on losses."""
    if form == "json":
        record = json.loads(line)
        if "lost" in record:
            assert record["source"] == "netlabd"
            return "lost", record["lost"]
        return "number", int(record["message"].split()[1])
    match = re.search(r"netlabd: (\d+) datagrams lost here on 127\.0\.0\.1:\d+ "
                      r"\(receive queue full\)$", line)
    if match:
        return "lost", int(match[1])
    return "number", int(re.search(r"number (\d+)$", line)[1])


@pytest.mark.parametrize("form", ("text", "json", "raw"))
def test_an_overrun_is_stated_to_the_datagram(netlabd, tmp_path, form):
    daemon = netlabd(f"""creosote lab {{
        listen = "localhost:0" file = "DIR/bucket" format = {form}
        receive-buffer = 64K }}""")
    sock = daemon.connect("lab", "udp4")
    sent = 0
    for _ in range(4):
        daemon.freeze()
        for number in range(sent, sent + 5000):
            sock.send(b"number %d" % number)
        sent += 5000
        daemon.thaw()
    outcome = daemon.stop()
    expected, stated, records = 0, 0, 0
    for line in (tmp_path / "bucket").read_text(encoding="ascii").splitlines():
        kind, number = parse_bucket(form, line)
        if kind == "lost":
            stated += number
            expected += number
        else:
            records += 1
            assert number == expected, "the loss is stated where it happened"
            expected += 1
    assert expected == sent == records + stated
    assert stated == outcome.figures["lab"]["lost"] > 10000
    assert outcome.figures["lab"]["datagrams"] == records


def test_an_overrun_of_echo_is_counted(netlabd):
    daemon = netlabd("""echo lab { listen = "localhost:0"
        receive-buffer = 64K }""")
    sock = daemon.connect("lab", "udp4")
    daemon.freeze()
    for _ in range(20000):
        sock.send(b"hello")
    daemon.thaw()
    figures = daemon.stop().figures["lab"]
    assert figures["datagrams"] + figures["lost"] == 20000
    assert figures["lost"] > 10000


def test_a_flood_on_one_service_leaves_time_for_the_others(netlabd):
    """Over loopback, and 20,000 datagrams at the most."""
    daemon = netlabd("""discard flooded { listen = "localhost:0" }
        echo lab { listen = EVERYWHERE }""")
    flooded = daemon.connect("flooded", "udp4")
    socks = [daemon.connect("lab", name) for name in ("udp4", "tcp4", "unix")]
    enough = threading.Event()

    def flood():
        sent = 0
        while sent < 20000 and not enough.is_set():
            flooded.send(b"x" * 8192)
            sent += 1
        return sent

    flooder = Background(flood)
    for _ in range(50):
        for sock in socks:
            assert exchange(sock, b"am I served?") == b"am I served?"
    enough.set()
    assert flooder.join() > 0


@pytest.mark.parametrize("transport", DATAGRAMS)
def test_answers_that_nobody_reads(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    deaf = daemon.connect("lab", transport)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(1000):
        deaf.send(b"x" * 1000)
    if transport == "unixgram":
        deaf.close()  # its queue is charged to the sender, until it goes
    assert exchange(sock, b"hello") == b"hello"
    figures = daemon.stop().figures["lab"]
    assert figures["datagrams"] == 1001
    assert figures["answers"] + figures["unanswered"] == 1001
