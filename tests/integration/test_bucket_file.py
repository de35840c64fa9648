# SPDX-License-Identifier: ISC
"""The bucket's file: unwritable, full, removed, rotated. Nothing is lost
without being stated."""

import os
import re
import subprocess
import socket
from signal import SIGUSR1

import pytest

from daemon import DEADLINE_S
from wire import exchange

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


def test_a_reader_of_standard_output_that_takes_nothing(netlabd):
    """As in `netlabd | less`: the other services go on."""
    reader, writer = os.pipe()
    daemon = netlabd(BUCKET.replace('file = "DIR/bucket"', ""),
                     stdout=writer)
    os.close(writer)
    bucket = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    for first in range(0, 5000, 50):
        send(bucket, first, 50)
        assert exchange(other, b"still there?") == b"still there?"
    with open(reader, "rb", buffering=0) as pipe:
        text = pipe.read(1 << 20)
        send(bucket, 5000, 1)
        while b"number 05000 end" not in text:
            text += pipe.read(1 << 20)
    text = text.decode()
    assert len(numbers(text)) + stated_losses(text) == 5001
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
    assert len(daemon.log_contains("cannot write to /dev/full: No space")) == 1
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
    daemon = netlabd(BUCKET)
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


def test_removed_directory_is_said_once(netlabd, tmp_path):
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
    daemon.wait_for_log("error: creosote 'bucket': the file was removed: ")
    logs.mkdir()
    send(sock, 5, 1)
    daemon.wait_for_log("bucket' was removed, made it anew")
    daemon.stop()
    assert len(daemon.log_contains("error: ")) == 1
    assert numbers((logs / "bucket").read_text()) == [5]


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


@pytest.mark.parametrize("form", ("text", "json", "raw"))
def test_full_disk_that_is_freed(small_disk, netlabd, form):
    daemon = netlabd(f"""
        creosote bucket {{ listen = "localhost:0/udp" format = {form}
            file = "{small_disk}/bucket" }}
        echo other {{ listen = "localhost:0" }}""")
    filler = small_disk / "filler"
    sock = daemon.connect("bucket", "udp4")
    other = daemon.connect("other", "udp4")
    sent = 0
    for turn in range(1, 4):
        # The disk fills up at any place of a record.
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        for _ in range(300):
            if daemon.log_contains("cannot write to")[turn - 1:]:
                break
            send(sock, sent, 50)
            sent += 50
            exchange(other, b"not too many wait")
        daemon.wait_for_log("cannot write to .*No space left", turn)
        filler.unlink()
        send(sock, sent, 1)
        sent += 1
        daemon.wait_for_log("writing again, [0-9]+ records lost so far", turn)
        send(sock, sent, 100)
        sent += 100
    figures = daemon.stop().figures["bucket"]
    text = (small_disk / "bucket").read_text(encoding="ascii")
    pattern = r'"lost":(\d+)' if form == "json" else \
        r"netlabd: (\d+) records lost here \(writing failed: No space"
    stated = sum(map(int, re.findall(pattern, text)))
    complete = {"text": r" number (\d+) end$", "raw": r"^number (\d+) end$",
                "json": r'"message":"number (\d+) end"}$'}[form]
    found = list(map(int, re.findall(complete, text, re.M)))
    assert figures["datagrams"] == sent
    assert stated == figures["records-lost"] >= 3
    assert found == sorted(set(found))
    # A record that was cut before its last byte, its newline, is there.
    assert 0 <= len(found) + stated - sent <= 3
    assert found[-100:] == list(range(sent - 100, sent))
