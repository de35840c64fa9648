# SPDX-License-Identifier: ISC
"""Several netlabd on one port: each sender is served by one of them, once."""

import socket


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


def test_not_without_both(netlabd, spawn):
    first = netlabd('echo lab { listen = "127.0.0.1:0/udp" }')
    second = spawn('echo lab { listen = "127.0.0.1:%d/udp" reuse-port = yes }'
                   % first.port("lab", "udp4"))
    assert second.wait().status == 1
    assert second.log_contains("Address already in use")
