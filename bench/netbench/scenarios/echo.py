# SPDX-License-Identifier: ISC
"""Echo over UDP and TCP, against the bare system calls."""
from netbench.measure import Contender, compare
from netbench.scenario import Scenario

UDP_AIM = 1.10
TCP_AIM = 1.05

# A label, the operations of one round, and the load's options.
UDP_LOADS = (
    ("64 B, 1 flow, window 32", 40000, {"flows": 1, "window": 32}),
    ("64 B, 64 flows, window 1", 40000, {"flows": 64, "window": 1}),
)
TCP_LOADS = (
    ("64 B, 64 connections, window 1", 25000, {"window": 1}),
    ("64 B, 64 connections, window 16", 300000, {"window": 16}),
    ("16 KiB, 64 connections, window 1", 12000,
     {"window": 1, "size": 16384}),
)


def limit(bench, name):
    """A limit program as a contender."""
    def start():
        server = bench.start_limit(name)
        return server, server.port()
    return Contender(name, start)


def netlabd(bench, transport, aim):
    """netlabd's echo service as a contender."""
    configuration = f'echo lab {{ listen = "127.0.0.1:0/{transport}" }}\n'

    def start():
        server = bench.start_netlabd(configuration)
        return server, server.port(transport)
    return Contender("netlabd", start, aim)


def contenders(bench, transport, aim, limits):
    """netlabd second, so that it runs between the unit's two runs."""
    found = [limit(bench, name) for name in limits]
    if bench.netlabd is not None:
        found.insert(1, netlabd(bench, transport, aim))
    return found


def run_udp(bench):
    """Each UDP load."""
    limits = ("limit-udp-batch", "limit-udp-single")
    for label, count, options in UDP_LOADS:
        yield from compare(bench, label,
                           contenders(bench, "udp", UDP_AIM, limits),
                           "load-udp", bench.count(count), **options)


def run_tcp(bench):
    """Each TCP load."""
    for label, count, options in TCP_LOADS:
        yield from compare(bench, label,
                           contenders(bench, "tcp", TCP_AIM, ["limit-tcp"]),
                           "load-tcp", bench.count(count), flows=64,
                           **options)


UDP = Scenario("udp-echo", "UDP echo, against limit-udp-batch", run_udp,
               needs_netlabd=False)
TCP = Scenario("tcp-echo", "TCP echo, against limit-tcp", run_tcp,
               needs_netlabd=False)
