# SPDX-License-Identifier: ISC
"""A bucket whose file cannot be written, or whose daemon is killed: what was
received is in the file or stated as lost there, to the record."""

import random
import re
import resource
import socket
import subprocess
import threading

import pytest

from daemon import DEADLINE_S
from wire import Background, exchange

BUCKET = """
creosote bucket { listen = "localhost:0/udp" file = "FILE" OPTIONS }
echo other { listen = "localhost:0" }
"""


def bucket(file, options=""):
    return BUCKET.replace("FILE", str(file)).replace("OPTIONS", options)



def stated_losses(text, of="(?:records|datagrams)"):
    return sum(map(int, re.findall(rf"netlabd: (\d+) {of} lost here", text)))


@pytest.fixture(name="small_disk")
def fixture_small_disk(as_root, tmp_path):  # pylint: disable=unused-argument
    """A file system of 256 KiB."""
    path = tmp_path / "disk"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "netlabd",
                       path], timeout=DEADLINE_S, check=False).returncode:
        pytest.skip("no right to mount a tmpfs")
    yield path
    subprocess.run(["umount", "-l", path], timeout=DEADLINE_S, check=True)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass


COMPLETE = {"text": r" number (\d+) end$", "raw": r"^number (\d+) end$",
            "json": r'"message":"number (\d+) end"}$'}


@pytest.mark.parametrize("form", ("text", "json", "raw"))
def test_full_disk_that_is_freed(small_disk, netlabd, form):
    """Nothing is missing, and no line is cut, wherever the disk was full."""
    daemon = netlabd(bucket(small_disk / "bucket", f"format = {form}"))
    filler = small_disk / "filler"
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    sent = 0
    for turn in range(1, 4):
        fill(filler)
        for _ in range(300):
            if daemon.log_contains("cannot write to")[turn - 1:]:
                break
            for number in range(sent, sent + 50):
                sock.send(b"number %05d end" % number)
            sent += 50
            assert exchange(other, b"not too many wait")
        daemon.wait_for_log("cannot write to .*No space left", turn)
        sock.send(b"number %05d end" % sent)
        sent += 1
        filler.unlink()
        daemon.wait_for_log("writing again after .*, 0 are lost", turn)
    figures = daemon.stop().figures["bucket"]
    text = (small_disk / "bucket").read_text(encoding="ascii")
    assert list(map(int, re.findall(COMPLETE[form], text, re.M))) == list(
        range(sent))
    assert text.count("\n") == sent
    assert figures["datagrams"] == figures["records"] == sent
    assert figures["records-lost"] == 0


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE,
                       (100000, resource.RLIM_INFINITY))


def test_file_size_limit(netlabd, tmp_path):
    """The queue overflows: what it has no room for is stated at its place."""
    daemon = netlabd(bucket(tmp_path / "bucket", "queue = 2M"),
                     preexec_fn=limit_file_size)
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    for number in range(6000):
        sock.send(b"%s number %05d end" % (b"x" * 400, number))
        if number % 50 == 49:
            assert exchange(other, b"still there?")
    daemon.wait_for_log("cannot write to .*: File too large")
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    daemon.wait_for_log("writing again after ")
    sock.send(b"number 06000 end")
    exchange(other, b"it was received")
    figures = daemon.stop().figures["bucket"]
    expected = 0
    for line in (tmp_path / "bucket").read_text().splitlines():
        lost = re.search(r"netlabd: (\d+) records lost here \(queue full while "
                         r"writing failed: File too large, from .*Z to .*Z\)",
                         line)
        if lost:
            expected += int(lost[1])
            assert int(lost[1]) == figures["records-lost"] > 0
        else:
            assert int(re.search(r" number (\d+) end$", line)[1]) == expected
            expected += 1
    assert expected == 6001


def test_overload_while_writing_fails(netlabd, tmp_path):
    """Received + stated lost = sent, though two kinds of losses mix."""
    daemon = netlabd(bucket(tmp_path / "bucket",
                            "queue = 2M receive-buffer = 64K gather = 0"),
                     preexec_fn=limit_file_size)
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    sent = 0
    for turn in range(4):
        daemon.freeze()
        for _ in range(3000):
            sock.send(b"%s number %05d end" % (b"x" * 4000, sent))
            sent += 1
        daemon.thaw()
        for number in range(300):
            sock.send(b"%s number %05d end" % (b"x" * 4000, sent))
            sent += 1
            if number % 5 == 4:
                exchange(other, b"it reads, however busy the machine is")
        if turn == 2:
            daemon.wait_for_log("cannot write to ")
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                             (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            daemon.wait_for_log("writing again after ")
    figures = daemon.stop().figures["bucket"]
    text = (tmp_path / "bucket").read_text()
    records = len(re.findall(r"x number \d+ end$", text, re.M))
    assert records == figures["records"]
    assert stated_losses(text, "datagrams") == figures["lost"] > 0
    assert stated_losses(text, "records") == figures["records-lost"] > 0
    assert records + stated_losses(text) == sent
    assert len(text.splitlines()) == records + len(
        re.findall("netlabd: .* lost here", text))


@pytest.mark.parametrize("form", ("text", "raw", "json"))
def test_overload_while_it_rotates_and_fails(netlabd, tmp_path, form):
    """The same over many files, none of which has a cut or a doubled line."""
    daemon = netlabd(bucket(tmp_path / "bucket", f"""queue = 2M
        receive-buffer = 64K rotate-size = 90K keep = 0 format = {form}"""))
    sock = daemon.connect("bucket", "udp4")
    sent = 0
    for turn in range(6):
        # Below what a file may have by itself, so that writes fail anywhere.
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                         (50000 + 777 * turn if turn % 2 else
                          resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        daemon.freeze()
        for _ in range(1000):
            sock.send(b"%s number %05d end" % (b"x" * (sent % 3000), sent))
            sent += 1
        daemon.thaw()
        for _ in range(1500):
            sock.send(b"%s number %05d end" % (b"x" * (sent % 3000), sent))
            sent += 1
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    figures = daemon.stop().figures["bucket"]
    lines = [line for path in sorted(tmp_path.glob("bucket-*")) +
             [tmp_path / "bucket"] for line in path.read_text().splitlines()]
    found = [int(match[1]) for match in
             (re.search(r' number (\d+) end(?:"})?$', line) for line in lines)
             if match]
    stated = sum(map(int, re.findall(r"(\d+) (?:datagrams|records) lost here",
                                     "\n".join(lines))))
    assert found == sorted(set(found))
    assert len(found) == figures["records"]
    assert len(found) + stated == sent
    assert stated == figures["lost"] + figures["records-lost"]
    assert len(lines) - len(found) == sum("lost here" in line
                                          for line in lines)
    assert len(list(tmp_path.glob("bucket-*"))) > 5


def flood(sock, enough):
    number = 0
    while not enough.is_set() and number < 200000:
        sock.send(b"%s number %08d end" % (b"x" * (number % 300), number))
        number += 1
    return number


@pytest.mark.parametrize("sync", ("never", "always"))
def test_kill_leaves_whole_records(spawn, tmp_path, sync):
    """At any moment, under load; a line that is cut is ended and marked."""
    path = tmp_path / "bucket"
    whole = re.compile(r"\S+Z 127\.0\.0\.1:\d+ x* number \d{8} end$|"
                       r"\S+Z netlabd: (?:\d+ (?:datagrams|records) lost here|"
                       r"the line before was cut)")
    for turn in range(15):
        daemon = spawn(bucket(path, f"sync = {sync}")).wait_ready()
        enough = threading.Event()
        flooder = Background(flood, daemon.connect("bucket", "udp4"), enough)
        size = path.stat().st_size
        limit = size + random.randrange(1, 400000)
        while path.stat().st_size < limit and not flooder.is_done():
            pass
        daemon.kill()
        enough.set()
        try:
            flooder.join()
        except ConnectionRefusedError:
            pass
        lines = path.read_text(encoding="ascii").split("\n")
        assert len(lines) > turn
        for line, after in zip(lines[:-1], lines[1:]):
            assert whole.match(line) or "the line before was cut" in after


def test_a_line_that_a_crash_cut_is_marked(netlabd, tmp_path):
    path = tmp_path / "bucket"
    path.write_text("2026-11-23T06:31:00.123456Z 192.0.2.7:40123 half a li")
    daemon = netlabd(bucket(path))
    daemon.connect("bucket", "udp4").send(b"whole")
    daemon.stop()
    lines = path.read_text().splitlines()
    assert lines[0].endswith(" half a li")
    assert re.match(r"\S+Z netlabd: the line before was cut, as writing it was "
                    r"interrupted$", lines[1])
    assert lines[2].endswith(" whole")
    assert len(lines) == 3


def test_senders_over_connections_wait(netlabd, tmp_path):
    """Megabytes of lines, of which the disk takes none at first: none is lost, and
    datagrams find room all the time."""
    daemon = netlabd("""
        creosote bucket { listen = "localhost:0" file = "DIR/bucket"
            queue = 2M }
        echo other { listen = "localhost:0" }""", preexec_fn=limit_file_size)
    count = 100000
    senders = [Background(send_lines, daemon.connect("bucket", "tcp4"), name,
                          count) for name in ("a", "b")]
    daemon.wait_for_log("cannot write to ")
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    for number in range(100):
        sock.send(b"u number %06d end" % number)
        assert exchange(other, b"still there?")
    assert not any(sender.is_done() for sender in senders)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    for sender in senders:
        sender.join()
    figures = daemon.stop().figures["bucket"]
    assert figures["records"] == 2 * count + 100
    assert figures["records-lost"] == 0
    text = (tmp_path / "bucket").read_text()
    for name, expected in (("a", count), ("b", count), ("u", 100)):
        found = re.findall(rf" {name} number (\d+) end$", text, re.M)
        assert list(map(int, found)) == list(range(expected))


def send_lines(sock, name, count):
    """Until the bucket has read them all, and closes."""
    with sock:
        for first in range(0, count, 1000):
            sock.sendall(b"".join(
                b"%s number %06d end\n" % (name.encode(), number)
                for number in range(first, first + 1000)))
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
