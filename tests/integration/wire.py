# SPDX-License-Identifier: ISC
"""Small helpers for the clients' side of a test."""

import os
import select
import socket
import struct
import threading

from daemon import DEADLINE_S

# Mon Nov 23 06:31:00 2026
CTIME = rb"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}"
ISO8601 = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"

NO_LINGER = struct.pack("ii", 1, 0)


def read_exactly(sock, count):
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(min(1 << 20, count - len(data)))
        assert piece, f"ended after {len(data)} of {count} bytes"
        data += piece
    return bytes(data)


def read_to_end(sock):
    data = bytearray()
    while piece := sock.recv(1 << 20):
        data += piece
    return bytes(data)


def exchange(sock, data):
    """Sends it and returns an answer: a datagram, or as many bytes."""
    sock.sendall(data)
    if sock.type == socket.SOCK_DGRAM:
        return sock.recv(1 << 17)
    return read_exactly(sock, len(data))


def send_until_stuck(sock, data, other):
    """Sends until the daemon takes no more, though it has served another client
    many times since. Returns how many bytes it took."""
    sent = tries = 0
    sock.setblocking(False)
    while tries < 100 and sent < len(data):
        try:
            sent += sock.send(memoryview(data)[sent:])
            tries = 0
        except BlockingIOError:
            exchange(other, b"a turn of the loop")
            tries += 1
    sock.settimeout(DEADLINE_S)
    return sent


def is_silent(sock):
    """True when nothing has come. What answers it must have come before."""
    return not select.select([sock], [], [], 0)[0]


def reset(sock):
    """Closes as a crashed program's host does."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    sock.close()


def own_loopback():
    """An address that no test in another process uses: of 127/8, by pid."""
    pid = os.getpid()
    return f"127.{100 + (pid >> 16 & 63)}.{pid >> 8 & 255}.{pid & 255}"


def udp_socket(source=None, target=None, receive_buffer=0):
    family = socket.AF_INET6 if ":" in (source or target)[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(DEADLINE_S)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, 33, receive_buffer)  # RCVBUFFORCE
    if source:
        sock.bind(source)
    if target:
        sock.connect(target)
    return sock


def forge(source, target, payload):
    """An IPv4 datagram with a source of one's choice."""
    udp = struct.pack(">HHHH", source[1], target[1], 8 + len(payload), 0)
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64,
                         socket.IPPROTO_UDP, 0, socket.inet_aton(source[0]),
                         socket.inet_aton(target[0]))
    return header + udp + payload


def forger():
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def udp_row(port):
    """What the kernel tells of a socket on 127.0.0.1 or all of IPv4, in words;
    others may have the port on addresses of their own. While others come and
    go, its table may be read without one that is there all the time."""
    ours = {f"{address}:{port:04X}" for address in ("0100007F", "00000000")}
    for _ in range(100):
        with open("/proc/net/udp", encoding="ascii") as file:
            for row in map(str.split, file):
                if row[1] in ours:
                    return row
    raise AssertionError("the socket has gone")


class Background:
    """Runs a function beside the test; join() gives its result or error."""

    def __init__(self, function, *arguments):
        self._result = self._error = None

        def body():
            try:
                self._result = function(*arguments)
            except BaseException as error:  # a skip is one, too
                self._error = error

        self._thread = threading.Thread(target=body, daemon=True)
        self._thread.start()

    def is_done(self):
        return not self._thread.is_alive()

    def join(self):
        self._thread.join(DEADLINE_S)
        assert self.is_done(), "never came to an end"
        if self._error:
            raise self._error
        return self._result
