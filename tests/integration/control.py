# SPDX-License-Identifier: ISC
"""A client of the control socket that can be as rude as a test needs."""

import json
import re
import socket

from daemon import DEADLINE_S


class Answer:
    """A response: its status, its headers by lower-case name, its body."""

    def __init__(self, head, body):
        lines = head.decode("ascii").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {name.lower(): value for name, value in
                        (line.split(": ", 1) for line in lines[1:])}
        self.body = body

    def json(self):
        return json.loads(self.body)

    def closes(self):
        return self.headers.get("connection") == "close"


class Client:
    """One connection; its answers may come one after the other."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(str(path))
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def ask(self, target, method="GET", headers=""):
        self.send(f"{method} {target} HTTP/1.1\r\nHost: netlabd\r\n{headers}"
                  "\r\n".encode())
        return self.answer(method == "HEAD")

    def _more(self):
        data = self.socket.recv(65536)
        self._rest += data
        return data

    def _until(self, mark):
        while mark not in self._rest:
            assert self._more(), f"ended in {self._rest!r}"
        piece, self._rest = self._rest.split(mark, 1)
        return piece

    def _take(self, count):
        while len(self._rest) < count:
            assert self._more(), f"ended in {self._rest!r}"
        piece, self._rest = self._rest[:count], self._rest[count:]
        return piece

    def answer(self, is_head=False):
        answer = Answer(self._until(b"\r\n\r\n"), b"")
        if is_head:
            return answer
        if "content-length" in answer.headers:
            answer.body = self._take(int(answer.headers["content-length"]))
        else:
            answer.body = b"".join(self.chunks())
        return answer

    def chunks(self):
        while (size := int(self._until(b"\r\n"), 16)) > 0:
            yield self._take(size)
            assert self._take(2) == b"\r\n"
        assert self._take(2) == b"\r\n"

    def rest(self):
        """All that comes until the connection ends."""
        while self._more():
            pass
        return self._rest


def ask(path, target, method="GET", headers=""):
    with Client(path) as client:
        return client.ask(target, method, headers)


def statuses(text):
    return [int(status) for status
            in re.findall(rb"^HTTP/1.1 (\d+) ", text, re.MULTILINE)]
