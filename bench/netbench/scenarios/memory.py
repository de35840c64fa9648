# SPDX-License-Identifier: ISC
"""What netlabd keeps and does for those who do nothing: an idle connection's
memory of its own, memory after traffic, and how often it wakes up."""
import contextlib
import resource
import subprocess
import time

from netbench.bench import BenchError
from netbench.result import Goal
from netbench.scenario import Scenario

CONNECTIONS = 10000
SPARE_DESCRIPTORS = 100
CONNECTION_AIM_B = 200
SETTLE_TIMEOUT_S = 20
IDLE_S = 10
CYCLES, CYCLE_COUNT = 10, 10000
GROWTH_AIM_KIB = 64  # what the heap is broken into varies by so much
SERVICES = """echo lab {{ listen = "127.0.0.1:0" max-connections = 20000 }}
echo-upper upper {{ listen = "127.0.0.1:0" }}
discard sink {{ listen = "127.0.0.1:0" }}
chargen characters {{ listen = "127.0.0.1:0" }}
time clock {{ listen = "127.0.0.1:0" }}
timestamp stamp {{ listen = "127.0.0.1:0/tcp" }}
creosote bucket {{ listen = "127.0.0.1:0" file = "{folder}/idle.log" }}
"""


def start_services(bench):
    """One of each type."""
    return bench.start_netlabd(SERVICES.format(folder=bench.folder))


def wait_for_descriptors(server, count):
    """Returns when it has exactly so many open."""
    end = time.monotonic() + SETTLE_TIMEOUT_S
    while server.descriptors() != count:
        if time.monotonic() > end:
            raise BenchError(f"{server.descriptors()} descriptors are open "
                             f"instead of {count}")
        time.sleep(0.01)


def connection_count(bench):
    """As many as are wanted and can be had."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(bench.count(CONNECTIONS), soft - SPARE_DESCRIPTORS)


@contextlib.contextmanager
def idle_connections(bench, server, port, count):
    """They are there until the block is left."""
    descriptors = server.descriptors()
    command = bench.load_command("load-tcp", port=port, mode="idle",
                                 flows=count)
    with subprocess.Popen(command, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE,
                          preexec_fn=bench.places.as_load) as load:
        load.stdout.readline()
        wait_for_descriptors(server, descriptors + count)
        yield
        load.stdin.close()
    wait_for_descriptors(server, descriptors)


def run_memory(bench):
    """Once: memory does not jitter as time does."""
    count = connection_count(bench)
    server = start_services(bench)
    port = server.port("tcp", "lab")
    descriptors = server.descriptors()
    bench.load("load-tcp", port=port, count=1000, flows=10, window=4)
    wait_for_descriptors(server, descriptors)
    before = server.memory_bytes()
    with idle_connections(bench, server, port, count):
        added = server.memory_bytes() - before
    server.stop()
    yield Goal(f"own memory of each of {count} idle connections",
               added / count, CONNECTION_AIM_B, "B")


def traffic(bench, server):
    """Some of each kind."""
    count = bench.count(CYCLE_COUNT)
    descriptors = server.descriptors()
    for name in ("lab", "upper"):
        upper = name == "upper"
        bench.load("load-udp", port=server.port("udp", name), flows=16,
                   window=8, count=count, upper=upper)
        bench.load("load-tcp", port=server.port("tcp", name), flows=64,
                   window=8, size=4096, count=count, upper=upper)
    bench.load("load-udp", port=server.port("udp", "bucket"), mode="rate",
               rate=100000, count=count, silent=True)
    bench.load("load-tcp", port=server.port("tcp", "clock"), mode="read",
               size=24, count=count // 10 or 1)
    wait_for_descriptors(server, descriptors)


def run_growth(bench):
    """What the first traffic needs is kept; more of it takes no more."""
    server = start_services(bench)
    for _ in range(CYCLES):
        traffic(bench, server)
    before = server.memory_bytes()
    for _ in range(CYCLES):
        traffic(bench, server)
    grown = server.memory_bytes() - before
    server.stop()
    yield Goal("growth of memory by the second of two equal halves of traffic",
               grown / 1024, GROWTH_AIM_KIB, "KiB")


def run_idle(bench):
    """After traffic, with connections that are silent."""
    server = start_services(bench)
    traffic(bench, server)
    count = connection_count(bench)
    with idle_connections(bench, server, server.port("tcp", "lab"), count):
        bench.pause(3)  # what looks after the last traffic may still come
        sleeps, cpu_s = server.sleeps(), server.cpu_s()
        bench.pause(IDLE_S)
        sleeps, cpu_s = server.sleeps() - sleeps, server.cpu_s() - cpu_s
    server.stop()
    yield Goal(f"wake-ups with 7 services and {count} idle connections",
               sleeps / IDLE_S, 0, "/s", note=f"CPU time {cpu_s * 1e6:.0f} us")


MEMORY = Scenario("idle-memory", "netlabd's own memory for idle connections",
                  run_memory)
GROWTH = Scenario("growth", "netlabd's own memory after traffic", run_growth)
IDLE = Scenario("idle", f"what netlabd does in {IDLE_S} s of silence",
                run_idle)
