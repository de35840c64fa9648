# SPDX-License-Identifier: ISC
"""What an idle connection costs netlabd in memory of its own."""
import resource
import subprocess
import time

from netbench.bench import BenchError, pin
from netbench.result import Figure
from netbench.scenario import Scenario

CONNECTIONS = 10000
SPARE_DESCRIPTORS = 100
AIM_BYTES = 256
SETTLE_TIMEOUT_S = 20


def wait_for_descriptors(server, count):
    """Returns when it has exactly so many open."""
    end = time.monotonic() + SETTLE_TIMEOUT_S
    while server.descriptors() != count:
        if time.monotonic() > end:
            raise BenchError(f"{server.descriptors()} descriptors are open "
                             f"instead of {count}")
        time.sleep(0.01)


def growth(bench, server, port, count):
    """Bytes that count idle connections add to the server's memory."""
    descriptors = server.descriptors()
    bench.load("load-tcp", port=port, count=1000, flows=10, window=4)
    wait_for_descriptors(server, descriptors)
    before = server.memory_bytes()
    command = bench.load_command("load-tcp", port=port, mode="idle",
                                 flows=count)
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          preexec_fn=lambda: pin(bench.load_cpu)) as load:
        load.stdout.readline()
        wait_for_descriptors(server, descriptors + count)
        after = server.memory_bytes()
        load.stdin.close()
    return after - before


def run(bench):
    """Once: memory does not jitter as time does."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(bench.count(CONNECTIONS), soft - SPARE_DESCRIPTORS)
    server = bench.start_netlabd('echo lab { listen = "127.0.0.1:0/tcp" }\n')
    added = growth(bench, server, server.port("tcp"), count)
    server.stop()
    yield Figure(f"{count} idle connections, each", added / count, "bytes",
                 AIM_BYTES)


IDLE = Scenario("idle-memory", "netlabd's own memory for idle connections",
                run)
