# SPDX-License-Identifier: ISC
"""What must come back, byte for byte."""
from netbench.result import Check
from netbench.scenario import Scenario

BURST_COUNT = 5000
CLIENTS, CLIENT_DATAGRAMS = 10, 100
SIZES_B = (0, 1, 1024, 1472, 65507)
SIZE_COUNT = 50
CONFIGURATION = """
echo plain { listen = "127.0.0.1:0/udp" }
echo-upper upper { listen = "127.0.0.1:0/udp" }
"""


def check(label, got, expected):
    """Every one of them was answered, rightly and once."""
    faults = [f"{got[name]} {name}"
              for name in ("wrong", "repeated", "refused") if got[name]]
    is_right = got["sent"] == got["answered"] == expected and not faults
    detail = ", ".join([f"{got['answered']} of {expected} answered"] + faults)
    return Check(label, is_right, detail)


def run_burst(bench):
    """Back to back, as fast as one socket takes them."""
    server = bench.start_netlabd(CONFIGURATION)
    got = bench.load("load-udp", port=server.port("udp", "upper"),
                     mode="blast", count=BURST_COUNT, upper=True)
    server.stop()
    yield check(f"{BURST_COUNT} datagrams back to back", got, BURST_COUNT)


def run_mixed(bench):
    """Each client gets its own answers and nobody else's."""
    total = CLIENTS * CLIENT_DATAGRAMS
    server = bench.start_netlabd(CONFIGURATION)
    got = bench.load("load-udp", port=server.port("udp", "upper"),
                     flows=CLIENTS, window=16, count=total, upper=True)
    server.stop()
    yield check(f"{CLIENTS} clients, {CLIENT_DATAGRAMS} datagrams each", got,
                total)


def run_sizes(bench):
    """From nothing to the most that UDP carries, with every byte value."""
    server = bench.start_netlabd(CONFIGURATION)
    for name in ("plain", "upper"):
        for size in SIZES_B:
            got = bench.load("load-udp", port=server.port("udp", name),
                             size=size, count=SIZE_COUNT, binary=True,
                             upper=name == "upper")
            yield check(f"{size} B, {name}", got, SIZE_COUNT)
    server.stop()


BURST = Scenario(
    "echo-burst", "no datagram of a burst goes unanswered", run_burst)
MIXED = Scenario("mixed", "many clients at once", run_mixed)
SIZES = Scenario("sizes", "datagrams of all sizes come back whole", run_sizes)
