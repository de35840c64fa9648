# SPDX-License-Identifier: ISC
"""The control socket of a netlabd that is none: it says what the test wants."""
import json

import peers

SERVICES = [
    {
        "type": "echo-upper",
        "name": "lab",
        "listeners": [
            {"transport": "udp", "address": "127.0.0.1:2345"},
            {"transport": "udp", "address": "[::1]:2345"},
            {"transport": "tcp", "address": "127.0.0.1:2345"},
            {"transport": "tcp", "address": "[::1]:2345"},
        ],
        "connections": 3,
        "figures": {
            "datagrams": 123456,
            "datagram-bytes": 1234567,
            "answers": 123400,
            "answer-bytes": 1234000,
            "refused-own-port": 12,
            "refused-source": 44,
            "connections": 20,
            "read-bytes": 2000,
            "written-bytes": 1990,
            "refused-max-connections": 2,
            "closed-end-of-input": 17,
        },
        "rates": {"second": {"datagrams": 12}, "minute": {"datagrams": 9.5}},
        "state": {},
    },
    {
        "type": "creosote",
        "name": "bucket",
        "listeners": [{"transport": "udp", "address": "127.0.0.1:7739"}],
        "connections": 0,
        "figures": {
            "datagrams": 98200000,
            "records": 98199968,
            "lost": 32,
            "records-lost": 7,
        },
        "rates": {
            "second": {"datagrams": 12300, "records": 12300},
            "minute": {"datagrams": 9700, "records": 9700},
        },
        "state": {
            "file": "/var/log/netlabd/bucket.log",
            "file-size": 12939428,
            "waiting-records": 120,
            "waiting-bytes": 17000,
        },
    },
]

STATUS = {
    "version": "0.2.0",
    "pid": 4711,
    "started": "2026-11-20T08:00:00Z",
    "uptime": 273600.5,
    "resident": 13002342,
    "connections": {"open": 3, "max": 1024},
    "sandbox": {"no-new-privileges": True, "landlock": 7, "seccomp": True},
    "reload": {
        "outcome": "reloaded",
        "time": "2026-11-23T09:02:10Z",
        "kept": 1,
        "changed": 1,
        "started": 0,
        "stopped": 0,
        "errors": [],
    },
    "services": SERVICES,
}


def record(sequence, message=None, source="192.0.2.7:40123", **fields):
    """Each has a message of its own, so that none is taken for another."""
    message = message or f"hello {sequence}"
    return {
        "sequence": sequence,
        "time": f"2026-11-23T09:02:10.{sequence % 1000000:06}Z",
        "source": source,
        "bytes": len(message),
        "message": message,
        **fields,
    }


def response(body, status=200, kind="application/json"):
    """A whole response with a length."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Word\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def stream_head():
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )


LAST_CHUNK = b"0\r\n\r\n"


def chunk(*records):
    """A chunk of lines, whole or as objects."""
    lines = b"".join(
        item if isinstance(item, bytes) else json.dumps(item).encode() + b"\n"
        for item in records
    )
    return b"%x\r\n%b\r\n" % (len(lines), lines)


def history(*records):
    return stream_head() + chunk(*records) + LAST_CHUNK


def question(connection):
    """Reads one request; its method and target."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data.split(b"\r\n")[0].decode().rsplit(" ", 1)[0]


class Control(peers.Stream):
    """Answers each question as `answers` says, by its beginning, with bytes or a
    function of the peer and its connection; `got` is what was asked."""

    def __init__(self, path, answers):
        super().__init__(self.answer, str(path))
        self.path = str(path)
        self.answers = answers

    def answer(self, _, connection):
        asked = question(connection)
        self.got.put(asked)
        for beginning, answer in self.answers.items():
            if asked.startswith(beginning):
                break
        else:
            answer = response({"error": "no such thing"}, 404)
        if callable(answer):
            answer(self, connection)
        else:
            connection.sendall(answer)
