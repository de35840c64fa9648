# SPDX-License-Identifier: ISC
"""Servers that are wrong on purpose: a load that does not tell is no test."""
import socket
import threading

UDP_SEGMENT = 103  # <linux/udp.h>
EVERY = 10  # one datagram of so many is treated badly


def answer_rightly(_, data):
    """Echo."""
    return [data]


def answer_not(number, data):
    """Loses some."""
    return [] if number % EVERY == 0 else [data]


def answer_twice(number, data):
    """Repeats some."""
    return [data, data] if number % EVERY == 0 else [data]


def answer_altered(number, data):
    """Changes the last byte of some."""
    return [data[:-1] + b"\0"] if number % EVERY == 0 else [data]


def answer_cut(number, data):
    """Cuts some short."""
    return [data[:-1]] if number % EVERY == 0 else [data]


class UdpServer:
    """Answers datagrams as `answer` says, until it is closed."""

    def __init__(self, answer):
        self._answer = answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        number = 0
        while True:
            data, peer = self._socket.recvfrom(65535)
            if data == b"end":
                return
            number += 1
            for answer in self._answer(number, data):
                self._socket.sendto(answer, peer)

    def close(self):
        """Ends the thread by a word from itself."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"end", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


class PairingServer(UdpServer):
    """No faults, but two answers of one size pass the kernel as one."""

    def __init__(self, size):
        self._size = size
        super().__init__(answer_rightly)

    def _serve(self):
        self._socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, self._size)
        held = b""
        while True:
            data, peer = self._socket.recvfrom(65535)
            if data == b"end":
                return
            held += data
            if len(held) == 2 * self._size:
                self._socket.sendto(held, peer)
                held = b""


class TcpServer:
    """Serves one connection, altering or ending it early."""

    def __init__(self, answer):
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._socket.accept()
        number = 0
        with connection:
            while data := connection.recv(65536):
                number += 1
                answers = self._answer(number, data)
                if not answers:
                    return
                connection.sendall(b"".join(answers))

    def close(self):
        """The connection's end ended the thread."""
        self._thread.join()
        self._socket.close()
