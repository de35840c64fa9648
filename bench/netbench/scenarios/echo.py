# SPDX-License-Identifier: ISC
"""Echo over UDP and TCP, against the bare system calls."""
from netbench import echo_peers
from netbench.measure import Contender, compare, goal, table
from netbench.scenario import Scenario

UDP_AIM, RATE_AIM = 1.05, 0.95
RUN_AIMS = 0.45, 2.2
TCP_AIM = 1.05
BATCH, SINGLE, BARE = "limit-udp-batch", "limit-udp-single", "limit-tcp"

# A label, the operations of one round, the load's options, and the aims for
# CPU and rate. Runs of one peer's datagrams can be taken and answered as one.
# Segmented, they come and go as one through all of the kernel, as by a network
# card; else the kernel cuts up on the server's account what the server sends
# as one.
UDP_LOADS = (
    ("runs from one peer, 64 B, 1 flow, window 64", 60000,
     {"flows": 1, "window": 64}, *RUN_AIMS),
    ("runs from one peer, segmented", 100000,
     {"flows": 1, "window": 64, "segment": True}, *RUN_AIMS),
    ("64 B, 64 flows, window 1", 40000, {"flows": 64, "window": 1},
     UDP_AIM, RATE_AIM),
    ("64 B, 1 flow, window 1", 10000, {"flows": 1, "window": 1},
     UDP_AIM, RATE_AIM),
    ("64 B, 16 flows, window 4", 40000, {"flows": 16, "window": 4},
     UDP_AIM, None),
    ("1400 B, 16 flows, window 4", 30000,
     {"flows": 16, "window": 4, "size": 1400}, UDP_AIM, None),
    ("8 KiB, 4 flows, window 4", 10000,
     {"flows": 4, "window": 4, "size": 8192}, UDP_AIM, None),
)
# And the aim against what libevent's own buffers cost.
TCP_LOADS = (
    ("64 B, 64 connections, window 1", 25000, {"window": 1}, 0.67),
    ("64 B, 64 connections, window 16", 300000, {"window": 16}, None),
    ("16 KiB, 64 connections, window 1", 25000,
     {"window": 1, "size": 16384}, 0.15),
    ("16 KiB, 64 connections, window 16", 40000,
     {"window": 16, "size": 16384}, 0.15),
)


def limit(bench, name):
    """A limit program as a contender."""
    def start():
        server = bench.start_limit(name)
        return server, server.port()
    return Contender(name, start)


def netlabd(bench, transport, options=""):
    """netlabd's echo service as a contender, where it is measured."""
    configuration = (f'echo lab {{ listen = "127.0.0.1:0/{transport}"\n'
                     f'{options} }}\n')

    def start():
        server = bench.start_netlabd(configuration)
        return server, server.port(transport)
    return [Contender("netlabd", start)] if bench.netlabd else []


def run_udp(bench):
    """Each UDP load; netlabd runs between the unit's two runs."""
    contenders = [limit(bench, BATCH), *netlabd(bench, "udp"),
                  limit(bench, SINGLE)]
    for label, count, options, aim, rate_aim in UDP_LOADS:
        samples = compare(bench, contenders, "load-udp", bench.count(count),
                          **options)
        yield from table(label, samples)
        yield goal(label, samples, ("netlabd", BATCH), aim)
        if rate_aim is not None:
            yield goal(label, samples, ("netlabd", BATCH), rate_aim, "rate",
                       least=True)


def run_tcp(bench):
    """Each TCP load."""
    peer = echo_peers.bufferevent(bench)
    contenders = [limit(bench, BARE), *netlabd(bench, "tcp"), peer]
    for label, count, options, peer_aim in TCP_LOADS:
        samples = compare(bench, contenders, "load-tcp", bench.count(count),
                          flows=64, **options)
        yield from table(label, samples)
        yield goal(label, samples, ("netlabd", BARE), TCP_AIM)
        if peer_aim is not None:
            yield goal(label, samples, ("netlabd", peer.name), peer_aim)


UDP = Scenario("udp-echo", "UDP echo, against limit-udp-batch", run_udp,
               needs_netlabd=False)
TCP = Scenario("tcp-echo", "TCP echo, against limit-tcp", run_tcp,
               needs_netlabd=False)
