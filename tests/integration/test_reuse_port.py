# SPDX-License-Identifier: ISC
"""Several netlabd on one port: each sender is served by one of them, once."""

import os
import socket
import threading

import pytest

from daemon import DEADLINE_S
from wire import Background, is_silent

ROUNDS = int(os.environ.get("NETLABD_INSTANCE_ROUNDS", "20"))


def test_two_share_a_port(netlabd):
    first = netlabd('echo lab { listen = "127.0.0.1:0/udp" reuse-port = yes }')
    port = first.port("lab", "udp4")
    second = netlabd(
        'echo lab { listen = "127.0.0.1:%d/udp" reuse-port = yes }' % port)
    socks = []
    for number in range(64):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(10)
        sock.connect(("127.0.0.1", port))
        sock.send(b"%d" % number)
        socks.append(sock)
    for number, sock in enumerate(socks):
        assert sock.recv(100) == b"%d" % number
        sock.settimeout(0)
        try:
            assert not sock.recv(100), "answered twice"
        except BlockingIOError:
            pass
        sock.close()
    served = [daemon.stop().figures["lab"]["datagrams"]
              for daemon in (first, second)]
    assert sum(served) == 64 and min(served) > 0


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("transport", ("udp", "tcp"))
def test_who_becomes_another_user(netlabd, transport):
    """The owner of a socket may share its port, and root is not for long."""
    lab = 'echo lab { listen = "127.0.0.1:%d/%s" reuse-port = yes }'
    first = netlabd(lab % (0, transport), stays_root=False)
    port = first.port("lab", transport + "4")
    second = netlabd(lab % (port, transport), stays_root=False)
    for daemon in (first, second):
        assert daemon.log_contains("becoming user")
        assert daemon.stop().status == 0


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("transport", ("udp", "tcp"))
def test_root_that_may_give_nothing_away(netlabd, transport):
    """As in a container without CAP_CHOWN: there the first one serves."""
    bounds = ("setpriv", "--bounding-set=-chown", "--inh-caps=-chown")
    daemon = netlabd(
        'echo lab { listen = "127.0.0.1:0/%s" reuse-port = yes }' % transport,
        prefix=bounds, stays_root=False)
    assert daemon.log_contains("becoming user")
    assert daemon.stop().status == 0


def test_not_without_both(netlabd, spawn):
    first = netlabd('echo lab { listen = "127.0.0.1:0/udp" }')
    second = spawn('echo lab { listen = "127.0.0.1:%d/udp" reuse-port = yes }'
                   % first.port("lab", "udp4"))
    assert second.wait().status == 1
    assert second.log_contains("Address already in use")


class Senders:
    """Many senders with a datagram each on its way; each is answered once."""

    def __init__(self, port, count=64):
        self.socks = []
        for _ in range(count):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.settimeout(DEADLINE_S)
            sock.connect(("127.0.0.1", port))
            self.socks.append(sock)

    def run(self, stop):
        """Returns how many datagrams each has sent and had answered."""
        rounds = 0
        while not stop.is_set():
            for number, sock in enumerate(self.socks):
                sock.send(b"%d %d" % (rounds, number))
            for number, sock in enumerate(self.socks):
                assert sock.recv(100) == b"%d %d" % (rounds, number)
            rounds += 1
        assert all(is_silent(sock) for sock in self.socks), "answered twice"
        for sock in self.socks:
            sock.close()
        return rounds


def test_instances_come_and_go(netlabd):
    """They start, reload, lose the service and stop, under load: each datagram
    is answered, once."""
    lab = 'echo lab { listen = "127.0.0.1:%d/udp" reuse-port = yes }'
    daemons = [netlabd(lab % 0)]
    port = daemons[0].port("lab", "udp4")
    daemons += [netlabd(lab % port) for _ in range(2)]
    stop = threading.Event()
    load = Background(Senders(port).run, stop)
    for _ in range(ROUNDS):
        assert daemons.pop(0).stop().status == 0
        daemons.append(netlabd(lab % port))
        daemons[0].reload()
        daemons[1].reload('discard other { listen = "127.0.0.1:0/udp" }')
        daemons[1].reload(lab % port)
    stop.set()
    assert load.join() > ROUNDS
