# SPDX-License-Identifier: ISC
"""Two hosts and a wire between them that loses, doubles and disorders what it
carries: two TUN devices and a thread of the test between them."""

import collections
import fcntl
import os
import random
import select
import struct
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000

# A packet that is held back goes after the next ones, or after so long.
HELD_S = 0.01

Quality = collections.namedtuple("Quality", "loss double disorder")


def device():
    """A TUN device named wire, in the namespace that is entered."""
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF,
                struct.pack("16sH22x", b"wire", IFF_TUN | IFF_NO_PI))
    return fd


def udp_port(packet):
    """Where a datagram of IPv4 goes; None: it is something else."""
    if packet[0] >> 4 != 4 or packet[9] != 17:
        return None
    at = 4 * (packet[0] & 15)
    return int.from_bytes(packet[at + 2:at + 4], "big")


class BadWire:
    """From the first of the hosts to the second one and back."""

    def __init__(self, hosts, seed):
        self.random = random.Random(seed)
        self.quality = Quality(0, 0, 0)
        self.arrived = collections.Counter()  # datagrams, by port
        self.carried = collections.Counter()  # packets, by what became of them
        self.fds = []
        self._ends = os.pipe()
        for number, host in enumerate(hosts, 1):
            with host.entered():
                self.fds.append(device())
            host.ip("link", "set", "lo", "up")
            host.ip("addr", "add", f"10.77.0.{number}/24", "dev", "wire")
            host.ip("link", "set", "wire", "up")
        self._held = {fd: [] for fd in self.fds}
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self):
        os.write(self._ends[1], b"end")
        self._thread.join()
        for fd in (*self.fds, *self._ends):
            os.close(fd)

    def settle(self):
        """Loses nothing more, and returns when all is carried."""
        self.quality = Quality(0, 0, 0)
        before = None
        while before != self.carried or any(self._held.values()):
            before = self.carried.copy()
            time.sleep(0.1)

    def _carry(self):
        first, second = self.fds
        while True:
            ready = select.select([*self.fds, self._ends[0]], [], [],
                                  HELD_S if any(self._held.values()) else None)
            if self._ends[0] in ready[0]:
                return
            if not ready[0]:
                self._release(first)
                self._release(second)
            for fd in ready[0]:
                self._take(fd, second if fd == first else first)

    def _take(self, source, target):
        try:
            packet = os.read(source, 65536)
        except BlockingIOError:
            return
        if self.random.random() < self.quality.loss:
            self.carried["lost"] += 1
        elif self.random.random() < self.quality.disorder:
            self.carried["held back"] += 1
            self._held[target].append(packet)
        else:
            self._give(target, packet)
            if self.random.random() < self.quality.double:
                self.carried["doubled"] += 1
                self._give(target, packet)
            if self.random.random() < 0.5:
                self._release(target)

    def _give(self, target, packet):
        self.carried["given"] += 1
        if (port := udp_port(packet)) is not None:
            self.arrived[port] += 1
        os.write(target, packet)

    def _release(self, target):
        held, self._held[target] = self._held[target], []
        for packet in held:
            self._give(target, packet)
