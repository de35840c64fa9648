# SPDX-License-Identifier: ISC
"""How long netlabd takes from exec to ready."""
import statistics

from netbench.result import Figure
from netbench.scenario import Scenario

STARTS = 20
AIM_MS = 20
CONFIGURATION = """
echo-upper lab { listen = "127.0.0.1:0" }
creosote bucket { listen = "127.0.0.1:0/udp" }
"""


def ready_ms(server):
    """Ends it and tells how long it took to get ready."""
    server.stop()
    return server.ready_s * 1000


def run(bench):
    """In turn with a limit program: the cost of any process at all."""
    starts = [(ready_ms(bench.start_netlabd(CONFIGURATION)),
               ready_ms(bench.start_limit("limit-udp-single")))
              for _ in range(STARTS)]
    ours, bare = zip(*starts)
    yield Figure("netlabd, median", statistics.median(ours), "ms", AIM_MS)
    yield Figure("netlabd, slowest", max(ours), "ms")
    yield Figure("limit-udp-single, median", statistics.median(bare), "ms")


START = Scenario("start", f"from exec to ready, {STARTS} times", run)
