# SPDX-License-Identifier: ISC
"""A storm of connections, each of which is answered and ended."""

import re
import select
import socket
import time

from daemon import DEADLINE_S
from wire import CTIME, read_to_end

RATE = 1000
AT_ONCE = 200


class Storm:
    """Connects at a rate, asks where there is a question, reads each answer to
    its end, and judges it."""

    def __init__(self, address, question=b"", expected=CTIME):
        self.address = address
        self.question = question
        self.expected = re.compile(expected)
        self.epoll = select.epoll()
        self.open = {}
        self.begun = self.whole = 0

    def begin(self):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(self.address)
        self.open[sock.fileno()] = sock
        self.epoll.register(sock, select.EPOLLOUT if self.question
                            else select.EPOLLIN)
        self.begun += 1

    def ask(self, sock):
        sock.send(self.question)
        sock.shutdown(socket.SHUT_WR)
        self.epoll.modify(sock, select.EPOLLIN)

    def end(self, sock):
        del self.open[sock.fileno()]
        with sock:
            sock.settimeout(DEADLINE_S)
            self.whole += self.expected.fullmatch(read_to_end(sock)) is not None

    def read(self, wait_s):
        for fd, event in self.epoll.poll(wait_s):
            sock = self.open[fd]
            try:
                if event == select.EPOLLOUT:
                    self.ask(sock)
                else:
                    self.end(sock)
            except OSError:
                self.open.pop(fd, None)
                sock.close()

    def run(self, seconds, patience_s=DEADLINE_S):
        """What has no answer after so long remains open."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            while (self.begun < passed * RATE and len(self.open) < AT_ONCE):
                self.begin()
            self.read(0.001)
        while self.open and time.monotonic() < began + seconds + patience_s:
            self.read(0.1)
