# SPDX-License-Identifier: ISC
"""An answer leaves from the address that was asked, or it is none: a connected
socket, a firewall and a NAT take no other."""

import socket

import pytest

from test_reload import outcome
from wire import exchange, own_loopback, udp_socket

WILDCARD = 'echo lab { listen = "*:0" }'


@pytest.mark.parametrize("asked", ("127.0.0.1", "127.0.0.2", "127.0.0.53",
                                   "127.1.2.3"))
def test_any_address_of_loopback(netlabd, asked):
    daemon = netlabd(WILDCARD)
    target = asked, daemon.port("lab", "udp4")
    sock = udp_socket(target=target)
    for number in range(10):
        assert exchange(sock, b"%d" % number) == b"%d" % number
    free = udp_socket(("127.0.0.1", 0))
    free.sendto(b"who?", target)
    assert free.recvfrom(100) == (b"who?", target)


@pytest.mark.parametrize("before", ("discard", "creosote"))
def test_echo_in_the_place_of_who_never_answers(netlabd, before):
    """On the same sockets, of which nobody asked yet where one was sent to."""
    listen = 'listen = "0.0.0.0:0/udp"'
    options = 'file = "DIR/log"' if before == "creosote" else ""
    daemon = netlabd(f"{before} lab {{ {listen} {options} }}")
    port = daemon.port("lab", "udp4")
    assert daemon.reload(f"echo lab {{ {listen} }}") == outcome(changed=1)
    assert daemon.port("lab", "udp4") == port
    for host in "127.0.0.2", own_loopback():
        sock = udp_socket(("127.0.0.1", 0), (host, port))
        assert exchange(sock, b"hello") == b"hello"


@pytest.mark.parametrize("transport", ("udp6", "tcp6", "tcp4"))
def test_other_families_and_transports(netlabd, transport):
    daemon = netlabd(WILDCARD)
    port = daemon.port("lab", transport)
    if transport == "udp6":
        sock = udp_socket(target=("::1", port))
    else:
        host = "::1" if transport == "tcp6" else own_loopback()
        sock = socket.create_connection((host, port), 10)
    assert exchange(sock, b"hello") == b"hello"


def test_localhost_is_not_the_whole_of_loopback(netlabd):
    daemon = netlabd('echo lab { listen = "localhost:0/udp" }')
    sock = udp_socket(target=("127.0.0.2", daemon.port("lab", "udp4")))
    sock.send(b"anybody?")
    with pytest.raises(ConnectionRefusedError):
        sock.recv(100)


def test_a_single_other_address(netlabd):
    address = own_loopback()
    daemon = netlabd(f'echo lab {{ listen = "{address}:0/udp" }}')
    target = daemon.address("lab", "udp4")
    assert target[0] == address
    assert exchange(udp_socket(target=target), b"hello") == b"hello"


def test_several_addresses_of_an_interface(netlabd, namespaces):
    server, client = namespaces
    hosts = ["10.77.0.1", "10.77.0.11", "10.77.0.12", "10.78.0.1", "fd77::1",
             "fd77::11"]
    for address in "10.77.0.11/24", "10.77.0.12/24", "10.78.0.1/32":
        server.ip("addr", "add", address, "dev", "wire")
    server.ip("addr", "add", "fd77::11/64", "dev", "wire", "nodad")
    client.ip("route", "add", "10.78.0.1/32", "dev", "wire")
    netlabd('echo lab { listen = "*:7007/udp" }', prefix=server.prefix)
    with client.entered():
        for host in hosts:
            sock = udp_socket(target=(host, 7007))
            assert exchange(sock, host.encode()) == host.encode()


def test_link_local_address(netlabd, namespaces):
    """The answer has to leave by the interface that it came in by."""
    server, client = namespaces
    for number, host in enumerate(namespaces, 1):
        host.ip("addr", "add", f"fe80::7{number}/64", "dev", "wire", "nodad")
    netlabd('echo lab { listen = "*:7007/udp" }', prefix=server.prefix)
    with client.entered():
        index = socket.if_nametoindex("wire")
        sock = udp_socket(target=("fe80::71", 7007, 0, index))
        assert exchange(sock, b"hello") == b"hello"
