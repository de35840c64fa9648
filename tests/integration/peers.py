# SPDX-License-Identifier: ISC
"""Small servers for the client's tests, each on a port that the system chose.

A peer is a context manager that runs in threads of this process. Its `got` is
a queue of what it received, so a test waits for an event and never sleeps.
"""
import contextlib
import queue
import socket
import struct
import threading

import pytest

from daemon import has_ipv6

PATIENCE = 10  # seconds after which something that is awaited will not come


def reset(connection):
    """Closes so that the other side gets a reset."""
    connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    connection.close()


def lines_of(connection):
    with connection.makefile("rb") as stream:
        yield from stream


class Peer:
    """A socket, its thread, and what it received."""

    def __init__(self, kind, address):
        family = (
            socket.AF_UNIX
            if isinstance(address, str)
            else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        )
        if family == socket.AF_INET6 and not has_ipv6():
            pytest.skip("no IPv6 here")
        self.socket = socket.socket(family, kind)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(address)
        if family != socket.AF_UNIX:
            self.port = self.socket.getsockname()[1]
        self.got = queue.Queue()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def next(self):
        return self.got.get(timeout=PATIENCE)

    def all(self):
        items = []
        with contextlib.suppress(queue.Empty):
            while True:
                items.append(self.got.get_nowait())
        return items

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        # While the thread waits on it, a closed socket is still open.
        self.thread.join(PATIENCE)
        self.socket.close()

    def serve(self):
        raise NotImplementedError


class Stream(Peer):
    """Calls talk(peer, connection) in a thread for each connection."""

    def __init__(self, talk, address=("127.0.0.1", 0), backlog=64):
        super().__init__(socket.SOCK_STREAM, address)
        self.talk = talk
        self.connections = 0
        self.socket.listen(backlog)

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.connections += 1
                threading.Thread(
                    target=self.run, args=(connection,), daemon=True
                ).start()

    def run(self, connection):
        with contextlib.suppress(OSError), connection:
            self.talk(self, connection)


class Datagram(Peer):
    """Answers each datagram by answer(data), or not where that is None."""

    def __init__(self, answer, address=("127.0.0.1", 0)):
        super().__init__(socket.SOCK_DGRAM, address)
        self.answer = answer

    def serve(self):
        with contextlib.suppress(OSError):
            while not self.stopped.is_set():
                data, sender = self.socket.recvfrom(65536)
                if self.stopped.is_set():
                    break
                self.got.put(data)
                answer = self.answer(data)
                if answer is not None:
                    self.socket.sendto(answer, sender)

    def __exit__(self, *unused):
        # A datagram wakes the thread up, which shutdown(2) may not do.
        self.stopped.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RD)
        super().__exit__(*unused)


# --- What stream peers say


def echo_upper(_, connection):
    """The lecture's: byte by byte as they come, until an empty line."""
    while (data := connection.recv(1024)) not in (b"", b"\n", b"\r\n"):
        connection.sendall(data.upper())


def timestamp(peer, connection):
    """The lecture's: one line a connection."""
    for line in lines_of(connection):
        peer.got.put(line)
        connection.sendall(b"[now] " + line)
        return


def silent(peer, connection):
    """Takes all, says nothing, and does not even close."""
    while data := connection.recv(1024):
        peer.got.put(data)
    peer.stopped.wait(PATIENCE)


def discard(peer, connection):
    while data := connection.recv(1024):
        peer.got.put(data)


def deaf(peer, _):
    """Takes nothing."""
    peer.stopped.wait(PATIENCE)


def chargen(_, connection):
    while True:
        connection.sendall(b"0123456789" * 7 + b"\r\n")


def says(data):
    """Says this to whoever connects, and closes."""

    def talk(_, connection):
        connection.sendall(data)

    return talk


def says_and_stays(data):
    def talk(peer, connection):
        connection.sendall(data)
        peer.stopped.wait(PATIENCE)

    return talk


def resets_after(data):
    """Reads a line, says this, and cuts the connection off."""

    def talk(peer, connection):
        connection.recv(1024)
        connection.sendall(data)
        reset(connection)

    return talk


@contextlib.contextmanager
def closed_port(kind=socket.SOCK_STREAM, host="127.0.0.1"):
    """A port on which nothing listens, nor will while this lasts."""
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind((host, 0))
        port = held.getsockname()[1]
        if kind == socket.SOCK_DGRAM:
            # A bound datagram socket would take what comes; a connected one
            # refuses all but its peer.
            held.connect((host, 9 if port != 9 else 7))
        yield port
