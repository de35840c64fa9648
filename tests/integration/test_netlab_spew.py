# SPDX-License-Identifier: ISC
"""netlab spew over connections and unix datagram sockets, which can wait where
UDP would lose. Over UDP: test_netlab.py."""
import os
import select
import socket
import threading
import time

import pytest

import peers
from daemon import wait_until
from test_netlab import PATIENCE, SHORT, has_failed, is_success, netlab, running

LINES = b"".join(b"line %d\n" % i for i in range(30000))


def address_of(kind, peer, tmp_path):
    return f"127.0.0.1:{peer.port}/tcp" if kind == "tcp" else f"unix:{tmp_path}/s"


def where(kind, tmp_path):
    return ("127.0.0.1", 0) if kind == "tcp" else str(tmp_path / "s")


def gather(peer, connection):
    """Takes all, a connection at a time, and closes after the end of it."""
    pieces = list(iter(lambda: connection.recv(65536), b""))
    peer.got.put(b"".join(pieces))


@pytest.fixture(params=["tcp", "unix"], name="kind")
def fixture_kind(request):
    return request.param


# --- Over connections


def test_text_and_lines(kind, tmp_path):
    with peers.Stream(gather, where(kind, tmp_path)) as bucket:
        address = address_of(kind, bucket, tmp_path)
        assert is_success(netlab("spew", address, "disk", "full"), b"")
        assert bucket.next() == b"disk full\n"
        for data in LINES, b"a\n\n\xff\0b\r\nlast", b"x" * 300000:
            assert is_success(netlab("spew", address, stdin=data), b"")
            assert bucket.next() == data
        assert is_success(netlab("spew", address), b"")
        assert bucket.connections == 4  # nothing to send opens none


def test_localhost_is_both_families():
    with peers.Stream(gather, ("::1", 0)) as bucket:
        assert is_success(netlab("spew", f"localhost:{bucket.port}/tcp", "x"), b"")
        assert bucket.next() == b"x\n"


def test_lines_as_they_come(kind, tmp_path):
    with peers.Stream(peers.discard, where(kind, tmp_path)) as bucket, running(
        "spew", "--tee", address_of(kind, bucket, tmp_path)
    ) as process:
        os.write(process.stdin.fileno(), b"one\nhalf a li")
        assert bucket.next() == b"one\n"
        os.write(process.stdin.fileno(), b"ne\n")
        assert bucket.next() == b"half a line\n"
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert process.stdout.read() == b"one\nhalf a line\n"


def pour(fd, data):
    """Writes until no more fits; how much that was."""
    os.set_blocking(fd, False)
    done = 0
    while done < len(data) and select.select([], [fd], [], 0.5)[1]:
        done += os.write(fd, data[done : done + 65536])
    return done


def test_a_bucket_that_takes_no_more_holds_the_program_up(kind, tmp_path):
    """Nothing is lost, however long it takes: longer than the time-out."""
    go = threading.Event()

    def talk(peer, connection):
        go.wait(PATIENCE)
        gather(peer, connection)

    data = LINES * 30
    with peers.Stream(talk, where(kind, tmp_path)) as bucket, running(
        "spew", "-t", "0.1", address_of(kind, bucket, tmp_path)
    ) as process:
        fd = process.stdin.fileno()
        done = pour(fd, data)
        assert done < len(data)
        go.set()
        os.set_blocking(fd, True)
        process.stdin.write(data[done:])
        process.stdin.close()
        assert bucket.next() == data
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


def test_what_the_server_says_is_in_nobodys_way():
    """An echo that is never read would stop reading."""

    def echo(_, connection):
        while data := connection.recv(65536):
            connection.sendall(data)

    data = LINES * 20
    with peers.Stream(echo) as peer:
        assert is_success(netlab("spew", f"{peer.port}/tcp", stdin=data), b"")
    with peers.Stream(peers.chargen) as peer:
        assert is_success(netlab("spew", "-t", SHORT, f"{peer.port}/tcp", "x"), b"")


def test_no_server_lets_the_program_end(kind, tmp_path):
    with peers.closed_port() as port:
        address = f"127.0.0.1:{port}/tcp" if kind == "tcp" else f"unix:{tmp_path}/s"
        result = netlab("spew", "--tee", address, stdin=LINES)
        assert (result.returncode, result.stdout) == (1, LINES)
        first, last = result.stderr.decode().splitlines()
        assert f"{address}: {'connection refused' if kind == 'tcp' else 'no such'}" in first
        assert f"{address}: at least 30000 of 30000 lines were lost" in last
        assert has_failed(netlab("spew", address, "x"), address)
    result = netlab("spew", "-t", SHORT, "no.such.name.invalid:7/tcp", stdin=LINES)
    assert has_failed(result, "cannot be resolved")


def one_line(peer, connection):
    """Takes a line, closes, and tells of both."""
    peer.got.put(connection.recv(1024))
    connection.close()
    peer.got.put(b"closed")


def has_closed(pid):
    """The other side of its connection, as the kernel here knows by now."""
    links = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        links.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table]
    return any(row[3] == "08" and f"socket:[{row[9]}]" in links for row in rows)


def test_a_server_that_closes_between_lines_loses_none(kind, tmp_path):
    """As after an idle time: the next line goes over a new connection."""
    with peers.Stream(one_line, where(kind, tmp_path)) as bucket, running(
        "spew", address_of(kind, bucket, tmp_path)
    ) as process:
        for line in b"one\n", b"two\n", b"three\n":
            os.write(process.stdin.fileno(), line)
            assert (bucket.next(), bucket.next()) == (line, b"closed")
            if kind == "tcp":
                wait_until(lambda: has_closed(process.pid), "the close has come")
            time.sleep(0.1)  # sooner, it would be a storm: see below
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""
        assert bucket.connections == 3


def test_a_server_that_turns_away_is_not_stormed():
    """It is full, say: tried ten times a second, not for each line."""
    began = time.monotonic()
    with peers.Stream(lambda *_: None) as bucket, running(
        "spew", f"{bucket.port}/tcp"
    ) as process:
        for i in range(3000):
            os.write(process.stdin.fileno(), b"%d\n" % i)
        process.stdin.close()
        assert process.wait(PATIENCE) == 1
        tries = bucket.connections
        first, last = process.stderr.read().splitlines()
        assert b": cut off: the server " in first
        assert b" of 3000 lines were lost" in last
    assert 1 <= tries <= 2 + 10 * (time.monotonic() - began)


def test_a_server_that_cuts_a_line_off_is_told_of(kind, tmp_path):
    """The line is lost, that and the next attempt are told, the rest is read."""
    with peers.Stream(peers.resets_after(b""), where(kind, tmp_path)) as bucket:
        data = LINES * 20 + b"x" * 1000000  # the last line, in many pieces
        result = netlab(
            "spew", "--tee", address_of(kind, bucket, tmp_path), stdin=data
        )
    assert (result.returncode, result.stdout) == (1, data)
    first, last = result.stderr.decode().splitlines()
    assert ": cut off: the server " in first
    assert " of 600001 lines were lost" in last


# --- Over unix datagram sockets


def test_datagrams_over_a_path(tmp_path):
    with peers.Datagram(lambda data: None, str(tmp_path / "s")) as bucket:
        path = f"unixgram:{tmp_path}/s"
        assert is_success(netlab("spew", path, "disk", "full"), b"")
        assert bucket.next() == b"disk full"
        assert is_success(netlab("spew", "-s", 4, path, stdin=b"123456\n\n7"), b"")
        assert [bucket.next() for _ in range(4)] == [b"1234", b"56", b"", b"7"]


def test_a_full_queue_of_a_path_holds_the_program_up(tmp_path):
    """It is longer than 10 datagrams, or 512, on no machine that is known."""
    lines = [b"line %d" % i for i in range(5000)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bucket:
        bucket.bind(str(tmp_path / "s"))
        bucket.settimeout(PATIENCE)
        with running("spew", f"unixgram:{tmp_path}/s") as process:
            process.stdin.write(b"\n".join(lines))
            process.stdin.close()
            time.sleep(0.5)  # five times what UDP would wait
            assert process.poll() is None
            assert [bucket.recv(100) for _ in lines] == lines
            assert process.wait(PATIENCE) == 0
            assert process.stderr.read() == b""


def test_a_path_that_gets_another_socket(tmp_path):
    """That of a netlabd that was restarted: what comes later gets there."""
    with running("spew", f"unixgram:{tmp_path}/s") as process:
        with peers.Datagram(lambda data: None, str(tmp_path / "s")) as bucket:
            os.write(process.stdin.fileno(), b"one\n")
            assert bucket.next() == b"one"
        (tmp_path / "s").unlink()
        with peers.Datagram(lambda data: None, str(tmp_path / "s")) as bucket:
            os.write(process.stdin.fileno(), b"two\n")
            assert bucket.next() == b"two"
        (tmp_path / "s").unlink()
        os.write(process.stdin.fileno(), b"three\n")
        assert b": no such socket" in process.stderr.readline()
        with peers.Datagram(lambda data: None, str(tmp_path / "s")) as bucket:
            os.write(process.stdin.fileno(), b"four\n")
            assert bucket.next() == b"four"
        process.stdin.close()
        assert process.wait(PATIENCE) == 1
        assert b": at least 1 of 4 datagrams were lost" in process.stderr.read()


# --- Into netlabd


def test_a_bucket_gets_all_over_every_transport(netlabd):
    daemon = netlabd(
        'creosote bucket { listen = { "127.0.0.1:0", "unix:DIR/s", "unixgram:DIR/g" }'
        ' file = "DIR/log" format = raw }'
    )
    for address in (
        f"127.0.0.1:{daemon.port('bucket', 'tcp4')}/tcp",
        f"unix:{daemon.directory}/s",
        f"unixgram:{daemon.directory}/g",
    ):
        data = b"".join(b"%s %d\n" % (address.encode(), i) for i in range(20000))
        assert is_success(netlab("spew", address, stdin=data), b"")
    assert daemon.stop().figures["bucket"]["records"] == 60000
    log = (daemon.directory / "log").read_bytes().splitlines()
    for address in b"tcp", b"unix:", b"unixgram:":
        of_it = [line for line in log if address in line]
        assert [int(line.split()[1]) for line in of_it] == list(range(20000))
