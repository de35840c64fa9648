# SPDX-License-Identifier: ISC
"""A daemon with a service of each kind, its clients, and what they are owed
while something fails."""

import contextlib
import gzip
import re
import select
import socket

from control import Client
from daemon import DEADLINE_S, has_ipv6, wait_until

CONFIG = """
ECHO lab { listen = EVERYWHERE }
creosote bucket {
    listen = { "127.0.0.1:0", "unixgram:DIR/bucket-gram" }
    file = "DIR/bucket" queue = QUEUE rotate-size = 8K keep = 0 compress = yes
    sync = 10ms history = 256K forward = "127.0.0.1:PEER" }
creosote senders {
    listen = "127.0.0.1:0/udp" file = "DIR/sender-%a.log" decode = syslog
    match = "end$" format = json max-open-files = 2 }
OTHER { listen = { "127.0.0.1:0", "unix:DIR/other" } }
control main { listen = "unix:DIR/control" }
"""

# Two configurations: sockets stay, go and come, settings change.
VERSIONS = (
    {"ECHO": "echo", "QUEUE": "2M", "OTHER": "discard old"},
    {"ECHO": "echo-upper", "QUEUE": "3M", "OTHER": "time new"},
)

TRANSPORTS = ["udp4", "tcp4", "unix", "unixgram"]
if has_ipv6():
    TRANSPORTS += ["udp6", "tcp6"]

# For an answer that a fault may have cost.
PATIENCE_S = 0.3


class Lab:
    """With a plan of what fails, which the daemon is started with."""

    def __init__(self, spawn, plan, directory):
        self.plan, self.directory = plan, directory
        self.peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.peer.bind(("127.0.0.1", 0))
        self.version = 0
        self.sent = 0
        self.asked = 0
        self.sockets = {}
        self.daemon = spawn(self.config(0), env=plan.environment())

    def config(self, version):
        text = CONFIG.replace("PEER", str(self.peer.getsockname()[1]))
        for word, meaning in VERSIONS[version].items():
            text = text.replace(word, meaning)
        return text

    def close(self):
        for sock in [self.peer, *self.sockets.values()]:
            sock.close()

    # --- Questions. Those that may fail return what came.

    def question(self):
        self.asked += 1
        return b"question %d" % self.asked

    def answers(self, question):
        """By version."""
        return question, question.upper()

    def datagrams(self, service, transport):
        """A socket for them; its port is none that the daemon serves itself,
        from which it would take nothing."""
        served = {address[1] for _, transport, address
                  in self.daemon.listeners() if transport.startswith("udp")}
        sock = self.sockets.pop((service, transport), None)
        while not sock or (transport.startswith("udp") and
                           sock.getsockname()[1] in served):
            sock = self.daemon.connect(service, transport)
        self.sockets[service, transport] = sock
        return sock

    def ask_datagram(self, transport, losses):
        """The version that answered; so many answers may be missing."""
        sock, asked = self.datagrams("lab", transport), []
        while len(asked) <= losses:
            asked.append(self.question())
            sock.send(asked[-1])
            patience = PATIENCE_S if len(asked) <= losses else DEADLINE_S
            while select.select([sock], [], [], patience)[0]:
                answer = sock.recv(100)
                found = [self.answers(question).index(answer)
                         for question in asked
                         if answer in self.answers(question)]
                if found:
                    return found[0]
                # It was given up, and comes late.
                assert int(answer.split()[1]) < int(asked[0].split()[1])
        raise AssertionError(f"no answer on {transport}")

    def ask_stream(self, transport, may_fail):
        """None: it was cut off, as may_fail says it may be."""
        question, answer = self.question(), b""
        try:
            with self.daemon.connect("lab", transport) as sock:
                sock.sendall(question)
                while len(answer) < len(question):
                    piece = sock.recv(100)
                    if not piece:
                        break
                    answer += piece
        except OSError as error:
            assert may_fail and not isinstance(error, TimeoutError), error
        if answer in self.answers(question):
            return self.answers(question).index(answer)
        assert any(whole.startswith(answer)
                   for whole in self.answers(question)), answer
        assert may_fail
        return None

    def ask(self, losses=0):
        """All transports; the versions that answered."""
        found = set()
        for transport in TRANSPORTS:
            if transport in ("udp4", "udp6", "unixgram"):
                found.add(self.ask_datagram(transport, losses))
            else:
                found.add(self.ask_stream(transport, losses > 0))
        return found - {None}

    def control(self, target, method="GET", may_fail=False):
        try:
            with Client(self.directory / "control") as client:
                answer = client.ask(target, method,
                                    "Connection: close\r\n")
        except (OSError, AssertionError, IndexError) as error:
            assert may_fail and not isinstance(error, TimeoutError), error
            return None
        assert answer.status == 200 or may_fail, answer.body
        return answer

    def services(self, may_fail=False):
        """All of them, or none for want of memory."""
        answer = self.control("/services", may_fail=may_fail)
        if answer is not None and answer.status == 200:
            found = {item["name"]: len(item["listeners"])
                     for item in answer.json()["services"]}
            assert set(found) == {"lab", "bucket", "senders", "main",
                                  ("old", "new")[self.version]}
            assert may_fail or found["lab"] == len(TRANSPORTS)

    def figures(self, name):
        return self.control(f"/services/{name}").json()["figures"]

    # --- The buckets

    def spew_datagrams(self, transport, count):
        sock = self.datagrams("bucket", transport)
        for _ in range(count):
            sock.send(b"%s number %08d end" % (b"x" * 150, self.sent))
            self.sent += 1

    def spew(self, may_fail=False):
        """Numbered, by datagrams, which count, and a connection."""
        for transport in ("udp4", "unixgram"):
            self.spew_datagrams(transport, 20)
        lines = b"".join(b"line %d end\n" % number for number in range(20))
        with contextlib.suppress(*([OSError] if may_fail else [])), \
                self.daemon.connect("bucket", "tcp4") as sock:
            sock.sendall(lines)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(10) == b""
        self.datagrams("senders", "udp4").send(
            b"<13>Nov 26 10:00:00 host program: message end")

    def is_settled(self):
        figures = self.figures("bucket")
        return (figures.get("datagrams", 0) + figures.get("lost", 0) >=
                self.sent - self.sent_before and
                not figures.get("bytes-waiting"))

    def wait_settled(self):
        wait_until(self.is_settled, "all is written")

    sent_before = 0  # the service that counts

    def found(self):
        """The numbers in the files, and how many are stated as lost."""
        numbers, lost = [], 0
        for path in self.directory.glob("bucket*"):
            if path.is_socket() or (path.suffix == "" and path.with_name(
                    path.name + ".gz").exists()):
                continue
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            for line in data.decode("ascii").splitlines(keepends=True):
                if match := re.search(r" x+ number (\d{8}) end\n$", line):
                    numbers.append(int(match[1]))
                elif match := re.search(r" netlabd: (\d+) \w+ lost here", line):
                    lost += int(match[1])
                else:
                    assert re.search(r" line \d+ end\n$", line), line
        return sorted(numbers), lost

    # --- Between two faults

    def is_idle(self):
        bucket = self.control("/services/bucket").json()["state"]
        return bucket["compressed"] == bucket["rotations"]

    def fewest_descriptors(self):
        """Those of connections that are gone will be closed."""
        return min(len(self.daemon.descriptors()) for _ in range(30)
                   if not self.ask_datagram("udp4", 0))

    # --- All of it

    def work(self, may_fail=False):
        """Something of everything."""
        losses = 1 if may_fail else 0
        assert self.ask(losses) <= {self.version}
        self.spew(may_fail)
        self.services(may_fail)
        for target in ("/status", "/buckets/bucket/tail"):
            self.control(target, may_fail=may_fail)
        self.control("/rotate", "POST", may_fail=may_fail)

    def check(self):
        """All works, as it does where nothing fails."""
        self.work()
        self.wait_settled()
