# SPDX-License-Identifier: ISC
"""Echo beside other people's servers, and beside memcached."""
from netbench import echo_peers, peers
from netbench.bench import BenchError
from netbench.measure import compare, goal, interleave, load, table
from netbench.result import Note
from netbench.scenario import Scenario
from netbench.scenarios.echo import netlabd

COUNT = 10000
ROUNDS = 5
FLOWS = 16
LOADS = {"udp": ("UDP, 64 B, 16 flows, window 1", "load-udp"),
         "tcp": ("TCP, 64 B, 16 connections, window 1", "load-tcp")}
GET_COUNT, GET_SIZE_B, GET_CONNECTIONS = 25000, 64, 64
GET_AIM = 0.95


def sound(contenders, take):
    """Those that bear the load, and rows that tell of the others."""
    good, bad = [], []
    for who in contenders:
        try:
            take(who)
            good.append(who)
        except BenchError as error:
            bad.append(Note(f"{who.name} does not answer all, and was left "
                            f"out: {error}"))
    return good, bad


def run_echo(bench):
    """netlabd is the unit: more than 1 costs more."""
    for transport, (label, program) in LOADS.items():
        here, missing = echo_peers.found(echo_peers.echo(bench, transport))
        contenders = [*netlabd(bench, transport), *here]
        if transport == "tcp":
            contenders.append(echo_peers.bufferevent(bench))
        def take(who, program=program):
            return load(bench, who, program, bench.count(COUNT),
                        {"flows": FLOWS})
        contenders, bad = sound(contenders, take)
        samples = interleave(contenders, min(bench.rounds, ROUNDS), take)
        yield from table(label, samples)
        yield from bad
        yield from peers.not_here(missing)


def run_memcached(bench):
    """Its gets, of which question and answer are as long as the echo's."""
    label = (f"TCP, {GET_SIZE_B} B, {GET_CONNECTIONS} connections, window 1")
    contender = echo_peers.memcached(bench, GET_SIZE_B)
    contenders = [*netlabd(bench, "tcp"), *([contender] if contender else [])]
    samples = compare(bench, contenders, "load-tcp", bench.count(GET_COUNT),
                      flows=GET_CONNECTIONS, size=GET_SIZE_B)
    yield from table(label, samples)
    yield goal(label, samples, ("netlabd", "memcached"), GET_AIM)


ECHO = Scenario("echo-peers", "echo beside other people's", run_echo,
                by_default=False)
GETS = Scenario("memcached", "echo beside memcached's gets", run_memcached,
                by_default=False)
