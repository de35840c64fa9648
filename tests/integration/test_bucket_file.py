# SPDX-License-Identifier: ISC
"""The bucket's file: unwritable, full, removed, rotated. Nothing is lost
without being stated."""

import os
import re
import socket
from signal import SIGUSR1

import pytest

from wire import Background, exchange

BUCKET = """
creosote bucket { listen = "localhost:0" file = "DIR/bucket" }
echo other { listen = "localhost:0" }
"""


def numbers(text):
    """Of the complete records "… number N end"."""
    return [int(n) for n in re.findall(r" number (\d+) end$", text, re.M)]


def stated_losses(text):
    return sum(map(int, re.findall(
        r"netlabd: (\d+) (?:records|datagrams) lost here", text)))


def send(sock, first, count):
    for number in range(first, first + count):
        sock.send(b"number %05d end" % number)


def test_not_writable_at_start(spawn, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    daemon = spawn(f"""
        echo other {{ listen = {{ "unix:DIR/stream", "127.0.0.1:{port}" }} }}
        creosote bucket {{ listen = "localhost:0" file = "DIR/no/bucket" }}""")
    assert daemon.wait().status == 1
    assert daemon.log_contains(
        "error: creosote 'bucket': cannot write file '.*/no/bucket': "
        "No such file or directory")
    assert not daemon.log_contains("ready: |listening on")
    assert not (tmp_path / "stream").exists()
    with socket.create_server(("127.0.0.1", port)):
        pass


def socket_ends():
    return [sock.detach() for sock in socket.socketpair()]


@pytest.mark.parametrize("ends", (os.pipe, socket_ends))
def test_a_reader_of_standard_output_that_takes_nothing(netlabd, ends):
    """As in `netlabd | less`, or the journal's: the other services go on, and
    what the reader gets in the end tells of the rest."""
    reader, writer = ends()
    daemon = netlabd(BUCKET.replace('file = "DIR/bucket"', "queue = 2M"),
                     stdout=writer)
    os.close(writer)
    bucket = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    for number in range(8000):
        bucket.send(b"%s number %05d end" % (b"x" * 400, number))
        if number % 50 == 49:
            assert exchange(other, b"still there?") == b"still there?"
    daemon.wait_for_log("cannot write to standard output: its reader takes")
    with open(reader, encoding="ascii") as pipe:
        reading = Background(pipe.read)
        assert daemon.stop().status == 0
        text = reading.join()
    assert len(numbers(text)) + stated_losses(text) == 8000
    assert stated_losses(text) > 0


def test_a_directory_is_no_file(spawn):
    daemon = spawn('creosote b { listen = "localhost:0" file = "DIR" }')
    assert daemon.wait().status == 1
    assert daemon.log_contains("cannot write file '.*': Is a directory")


def test_full_device(netlabd):
    daemon = netlabd(BUCKET.replace("DIR/bucket", "/dev/full"))
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    for first in range(0, 500, 10):
        send(sock, first, 10)
        assert exchange(other, b"hello") == b"hello"
    outcome = daemon.stop()
    assert outcome.status == 0
    assert outcome.figures["bucket"]["datagrams"] == 500
    assert outcome.figures["bucket"]["records"] == 0
    assert outcome.figures["bucket"]["records-lost"] == 500
    assert len(daemon.log_contains(
        "'bucket': cannot write to /dev/full: No space")) == 1
    assert daemon.log_contains("'bucket': 500 records that waited are lost: ")
    assert not daemon.log_contains("writing again")


def test_closed_standard_output(netlabd):
    read_end, write_end = os.pipe()
    daemon = netlabd(BUCKET.replace("DIR/bucket", ""), stdout=write_end)
    os.close(write_end)
    os.close(read_end)
    daemon.connect("bucket", "udp4").send(b"into the void")
    daemon.wait_for_log("cannot write to standard output: Broken pipe")
    assert exchange(daemon.connect("other", "udp4"), b"hello") == b"hello"
    assert daemon.stop().figures["bucket"]["records-lost"] == 1


def test_removed_file_is_made_anew(netlabd, tmp_path):
    daemon = netlabd(BUCKET.replace("file =", "gather = 0 file ="))
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    path = tmp_path / "bucket"
    for turn in range(3):
        send(sock, 2 * turn, 1)
        exchange(other, b"it was received")
        path.unlink()
        send(sock, 2 * turn + 1, 1)
        daemon.wait_for_log("bucket' was removed, made it anew", turn + 1)
    daemon.stop()
    assert numbers(path.read_text()) == [5]


def test_a_removed_directory_is_waited_for(netlabd, tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    daemon = netlabd(BUCKET.replace("DIR/bucket", "DIR/logs/bucket"))
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    (logs / "bucket").unlink()
    logs.rmdir()
    for number in range(5):
        send(sock, number, 1)
        exchange(other, b"it was received")
    daemon.wait_for_log("error: creosote 'bucket': cannot write to .*: No such "
                        "file or directory, keeping records in memory")
    logs.mkdir()
    daemon.wait_for_log("bucket' was removed, made it anew")
    daemon.wait_for_log("writing again after .* s: 5 records had waited, 0 are")
    send(sock, 5, 1)
    daemon.stop()
    assert len(daemon.log_contains("error: ")) == 1
    assert numbers((logs / "bucket").read_text()) == [0, 1, 2, 3, 4, 5]


def test_renamed_file_and_sigusr1(netlabd, tmp_path):
    daemon = netlabd(BUCKET)
    sock = daemon.connect("bucket", "udp4")
    path = tmp_path / "bucket"
    for turn in range(5):
        send(sock, 100 * turn, 100)
        path.rename(tmp_path / f"bucket.{turn}")
        daemon.signal(SIGUSR1)
        daemon.wait_for_log("opened log files anew on SIGUSR1", turn + 1)
    send(sock, 500, 100)
    daemon.stop()
    files = [tmp_path / f"bucket.{turn}" for turn in range(5)] + [path]
    found = [numbers(file.read_text()) for file in files]
    assert sum(found, []) == list(range(600))
    assert found[5][-100:] == list(range(500, 600))


def test_sigusr1_when_the_directory_has_gone(netlabd, tmp_path):
    (tmp_path / "logs").mkdir()
    daemon = netlabd(BUCKET.replace("DIR/bucket", "DIR/logs/bucket"))
    sock = daemon.connect("bucket", "udp4")
    (tmp_path / "logs").rename(tmp_path / "old")
    daemon.signal(SIGUSR1)
    daemon.wait_for_log("cannot write file .*logs/bucket'.*keeping the old")
    send(sock, 0, 1)
    daemon.stop()
    assert numbers((tmp_path / "old" / "bucket").read_text()) == [0]


def test_connections_have_the_file_of_their_sender(netlabd, tmp_path):
    """The same as that of its datagrams, by the address without the port."""
    daemon = netlabd("""
        creosote bucket { listen = "localhost:0" file = "DIR/%a.log" }""")
    daemon.connect("bucket", "udp4").send(b"a datagram")
    with daemon.connect("bucket", "tcp4") as sock:
        sock.sendall(b"a line\n")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    daemon.stop()
    assert [path.name for path in tmp_path.glob("*.log")] == ["127.0.0.1.log"]
    assert sorted(re.findall(r" (a \w+)$", (
        tmp_path / "127.0.0.1.log").read_text(), re.M)) == [
            "a datagram", "a line"]
