# SPDX-License-Identifier: ISC
"""A bucket that a reload changes: what waits in memory for its file is written,
or stated as lost, and whoever looks at it goes on to do so."""

import itertools
import json
import os
import re
import resource
from signal import SIGHUP

import pytest

from control import Client
from daemon import wait_until
from test_reload import REFUSED, outcome
from wire import exchange

CONFIG = """
reload-grace = GRACE
control main { listen = "unix:DIR/control" }
creosote bucket { listen = { "localhost:0", "unix:DIR/stream" }
    file = "DIR/FILE" format = raw gather = 0
    receive-buffer = SIZE }
echo other { listen = "localhost:0/udp" }
"""


def config(size, file="bucket", grace="60s"):
    return (CONFIG.replace("GRACE", grace).replace("SIZE", size)
            .replace("FILE", file))


def without_bucket():
    return re.sub("creosote bucket [^}]*}[^}]*}", "", config("1M"))


def losses(daemon):
    """What the log tells of them."""
    return daemon.log_contains("waited are lost|[ ,][1-9][0-9]* are lost")


def limit_files(size, daemon=None):
    """So long may files become, of the daemon or of a process to be."""
    limits = (size, resource.RLIM_INFINITY)
    if daemon is None:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    else:
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, limits)


def no_file():
    limit_files(0)


def free(daemon):
    limit_files(resource.RLIM_INFINITY, daemon)


class Sender:
    """Numbers its messages, whichever way they go."""

    def __init__(self, daemon):
        self.numbers = itertools.count()
        self.other = daemon.connect("other", "udp4")
        self.udp = daemon.connect("bucket", "udp4")

    def send(self, count, sock=None):
        """And waits until they have come in."""
        for _ in range(count):
            text = b"number %d" % next(self.numbers)
            if sock is None:
                self.udp.send(text)
            else:
                sock.send(text + b"\n")
        assert exchange(self.other, b"all is read")


def numbers(path):
    return list(map(int, re.findall(r"^number (\d+)", path.read_text(), re.M)))


def test_what_waits_is_handed_over(netlabd, tmp_path):
    """From one to the next, and the next, in order; nothing is lost or doubled,
    and the second bucket says that it cannot write, too."""
    daemon = netlabd(config("1M"), preexec_fn=no_file)
    sender = Sender(daemon)
    sender.send(10)
    daemon.wait_for_log("cannot write to ")
    for turn, size in enumerate(("2M", "3M"), 2):
        assert daemon.reload(config(size)) == outcome(kept=2, changed=1)
        sender.send(10)
        daemon.wait_for_log("cannot write to ", turn)
    free(daemon)
    daemon.wait_for_log("writing again after ")
    assert numbers(tmp_path / "bucket") == list(range(30))
    figures = daemon.stop().figures["bucket"]
    assert figures["records"] == 30
    assert not losses(daemon)


def test_a_line_that_was_written_in_part(netlabd, tmp_path):
    """It begins anew in the hands of the other, and is not cut."""
    daemon = netlabd(config("1M"), preexec_fn=lambda: limit_files(14))
    sender = Sender(daemon)
    sender.send(10)
    daemon.wait_for_log("cannot write to ")
    wait_until(lambda: (tmp_path / "bucket").stat().st_size == 14, "it is cut")
    assert daemon.reload(config("2M")) == outcome(kept=2, changed=1)
    free(daemon)
    sender.send(1)
    wait_until(lambda: len(numbers(tmp_path / "bucket")) == 11, "all is there")
    assert (tmp_path / "bucket").read_text() == "".join(
        f"number {number}\n" for number in range(11))


def test_a_line_of_the_other_that_was_written_in_part(netlabd, tmp_path):
    """What the old bucket has yet does not stand in the new one's line."""
    daemon = netlabd(config("1M"))
    sender = Sender(daemon)
    stream = daemon.connect("bucket", "unix")
    sender.send(1, stream)
    wait_until(lambda: numbers(tmp_path / "bucket") == [0], "it is written")
    assert daemon.reload(config("2M")) == outcome(kept=2, changed=1)
    limit_files(14, daemon)
    sender.send(10)
    daemon.wait_for_log("cannot write to ")
    assert (tmp_path / "bucket").stat().st_size == 14
    free(daemon)
    sender.send(1, stream)
    wait_until(lambda: len(numbers(tmp_path / "bucket")) == 12, "all is there")
    assert sorted(numbers(tmp_path / "bucket")) == list(range(12))


def test_a_line_of_the_other_after_a_rotation(netlabd, tmp_path):
    """The same, where the old bucket comes to the file by a rotation."""
    def rotating(size):
        return config(size).replace("gather", "rotate-size = 20 gather")
    daemon = netlabd(rotating("1M"))
    sender = Sender(daemon)
    stream = daemon.connect("bucket", "unix")
    sender.send(1, stream)
    wait_until(lambda: numbers(tmp_path / "bucket") == [0], "it is written")
    assert daemon.reload(rotating("2M")) == outcome(kept=2, changed=1)
    sender.send(2)
    wait_until(lambda: numbers(tmp_path / "bucket") == [2], "it is rotated")
    limit_files(14, daemon)
    sender.send(1)
    daemon.wait_for_log("cannot write to ")
    free(daemon)
    sender.send(1, stream)
    daemon.wait_for_log("writing again")
    daemon.stop()
    assert sorted(itertools.chain.from_iterable(
        map(numbers, tmp_path.glob("bucket*")))) == list(range(5))


def bring_later(netlabd):
    """10 records wait for a file that cannot be written, and after a reload 10
    come to the new bucket and 10 over a connection of the old one."""
    daemon = netlabd(config("1M"), preexec_fn=no_file)
    sender = Sender(daemon)
    stream = daemon.connect("bucket", "unix")
    sender.send(10, stream)
    daemon.wait_for_log("cannot write to ")
    assert daemon.reload(config("2M")) == outcome(kept=2, changed=1)
    sender.send(10)
    sender.send(10, stream)
    stream.close()
    return daemon


def test_what_connections_bring_later(netlabd, tmp_path):
    """A connection goes on with the old bucket; what that cannot write until its
    end goes to the new one as well."""
    daemon = bring_later(netlabd)
    daemon.stop()  # with a last chance to write, which fails
    assert daemon.log_contains("30 records that waited are lost")
    daemon = bring_later(netlabd)
    free(daemon)
    daemon.stop()
    assert sorted(numbers(tmp_path / "bucket")) == list(range(30))


@pytest.mark.parametrize("change", (
    config("2M", file="second"),
    without_bucket()))
def test_another_file_is_none_of_the_successors(netlabd, tmp_path, change):
    """What waits for the old file is written there, though the bucket has
    another now, or is gone."""
    daemon = netlabd(config("1M"), preexec_fn=no_file)
    sender = Sender(daemon)
    sender.send(10)
    daemon.wait_for_log("cannot write to ")
    assert daemon.reload(change).startswith("reloaded: 2 kept")
    assert exchange(sender.other, b"a turn of the loop")
    assert numbers(tmp_path / "bucket") == []
    free(daemon)
    wait_until(lambda: numbers(tmp_path / "bucket") == list(range(10)),
               "all is written")
    daemon.wait_for_log("'bucket': .*records 10")
    assert not losses(daemon)


def test_another_file_until_the_grace_is_over(netlabd):
    daemon = netlabd(config("1M", grace="200ms"), preexec_fn=no_file)
    Sender(daemon).send(10)
    daemon.wait_for_log("cannot write to ")
    assert daemon.reload(config("1M", "second", "200ms")) == outcome(
        kept=2, changed=1)
    daemon.wait_for_log("'bucket': 10 records that waited are lost: cannot "
                        "write to .*/bucket: File too large")


def test_a_reload_that_is_refused(netlabd, tmp_path):
    """What was started of the new ones has taken nothing."""
    daemon = netlabd(config("1M"), preexec_fn=no_file)
    sender = Sender(daemon)
    sender.send(10)
    daemon.wait_for_log("cannot write to ")
    taken = daemon.port("bucket", "tcp4")
    assert daemon.reload(config("2M") + f"""echo more {{
        listen = "127.0.0.1:{taken}/tcp" }}""") == REFUSED
    sender.send(10)
    free(daemon)
    daemon.wait_for_log("writing again after .* 0 are lost")
    assert numbers(tmp_path / "bucket") == list(range(20))


def test_a_reload_that_fails_between_sockets(netlabd, tmp_path):
    """What waits in a socket is left there for the bucket that runs, though a
    fresh one had it, too, until its next address failed."""
    daemon = netlabd(config("1M"))
    sender = Sender(daemon)
    taken = daemon.port("other", "udp4")
    daemon.freeze()
    for number in range(600):
        sender.udp.send(b"number %d" % number)
    daemon.configure(config("1M", "second").replace(
        '"localhost:0", ', f'"localhost:0", "127.0.0.1:{taken}/udp", '))
    daemon.process.send_signal(SIGHUP)
    daemon.thaw()
    daemon.wait_for_log("reload refused")
    assert exchange(sender.other, b"a turn of the loop")
    assert (tmp_path / "second").read_text() == ""
    wait_until(lambda: numbers(tmp_path / "bucket") == list(range(600)),
               "all is written")


def lines_of(client):
    for chunk in client.chunks():
        yield from map(json.loads, chunk.splitlines())


def follow(client):
    """Records as they come."""
    client.send(b"GET /buckets/bucket/tail?n=10&follow=1 HTTP/1.1\r\n"
                b"Host: netlabd\r\n\r\n")
    assert b" 200 " in client._until(  # pylint: disable=protected-access
        b"\r\n\r\n")
    return lines_of(client)


def test_what_waits_for_its_other_half(netlabd, tmp_path):
    """It does not come any more: what there is of it is a record, the next one
    in number."""
    text = config("1M").replace("format", "decode = netconsole format")
    daemon = netlabd(text)
    sender = Sender(daemon)
    sender.udp.send(b"6,1,100,-;whole")
    sender.udp.send(b"6,2,200,-,ncfrag=0/20;half")
    assert exchange(sender.other, b"all is read")
    with Client(tmp_path / "control") as client:
        lines = follow(client)
        assert next(lines)["message"] == "whole"
        assert daemon.reload(text.replace("1M", "2M")) == outcome(
            kept=2, changed=1)
        line = next(lines)
        assert (line["sequence"], line["message"]) == (
            2, "half[16 bytes missing]")


def test_viewers_go_on_with_the_successor(netlabd, tmp_path):
    """At once, though a connection holds the old bucket, whose records they
    see as well; the numbers go on, so that none looks like an old one."""
    daemon = netlabd(config("1M"))
    sender = Sender(daemon)
    stream = daemon.connect("bucket", "unix")
    sender.send(1, stream)
    with Client(tmp_path / "control") as client:
        lines = follow(client)
        assert next(lines)["message"] == "number 0"
        for size in ("2M", "3M"):
            assert daemon.reload(config(size)) == outcome(kept=2, changed=1)
            for sock in (None, stream, None, stream):
                sender.send(1, sock)
        seen = list(itertools.islice(lines, 8))
        assert [line["message"] for line in seen] == [
            f"number {number}" for number in range(1, 9)]
        assert [line["sequence"] for line in seen] == list(range(2, 10))
        # The bucket is gone, and with it the last who looks.
        assert daemon.reload(without_bucket()) == outcome(kept=2, stopped=1)
        sender.send(1, stream)
        assert list(lines) == []
    assert daemon.stop().figures["bucket"]["records"] == 10
    assert sorted(numbers(tmp_path / "bucket")) == list(range(10))


def test_a_line_that_a_reader_has_in_part(netlabd, tmp_path):
    """From a pipe nothing is taken back: the successor goes on within it."""
    os.mkfifo(tmp_path / "bucket")
    with open(os.open(tmp_path / "bucket", os.O_RDONLY | os.O_NONBLOCK),
              "rb") as reader:
        daemon = netlabd(config("1M"))
        sender = Sender(daemon)
        messages = [b"%d:" % i + b"x" * 5000 for i in range(40)]
        for message in messages[:30]:
            sender.udp.send(message)
        daemon.wait_for_log("cannot write to ")
        assert daemon.reload(config("2M")) == outcome(kept=2, changed=1)
        for message in messages[30:]:
            sender.udp.send(message)
        assert exchange(sender.other, b"all is read")
        got = b""
        while got.count(b"\n") < 40:
            got += reader.read(1 << 20) or b""
        assert got == b"".join(message + b"\n" for message in messages)
