# SPDX-License-Identifier: ISC
"""How long a datagram takes into the bucket's file, and how long the bucket may
be held up without losing any."""
import json
import os
import statistics
import subprocess
import time

from netbench import receivers
from netbench.result import Figure, Goal
from netbench.scenario import Scenario

SIZE_B = 128
RATES = (1000, 20000, 100000)
RATE_S = 1.0
ROUNDS = 5
DELAY_AIM_MS = 2
STALLS, STALL_MS, STALL_RATE, STALL_S = 5, 75, 500000, 0.4
STALL_LABEL = f"lost by a stall of {STALL_MS} ms at {STALL_RATE}/s, {SIZE_B} B"
RATE_SHARE = 0.95  # of the rate that is wanted
TIMEOUT_S = 60


def delay(bench, rate):
    """What load-delay says of one run."""
    receiver = receivers.start_bucket(bench)
    command = bench.load_command(
        "load-delay", port=receiver.port, rate=rate, size=SIZE_B,
        count=bench.count(rate * RATE_S))
    with open(receiver.path, "rb") as file:
        done = subprocess.run(command, stdin=file, stdout=subprocess.PIPE,
                              check=True, timeout=TIMEOUT_S,
                              preexec_fn=bench.places.as_load)
    receiver.server.stop()
    receiver.path.unlink()
    return json.loads(done.stdout)


def run_delay(bench):
    """At each rate: of all datagrams, and of 99 in 100."""
    for rate in RATES:
        runs = [delay(bench, rate) for _ in range(min(bench.rounds, ROUNDS))]
        label = f"{rate}/s: from sent to in the file"
        for name, word in (("median_ms", "median"), ("most_ms", "longest")):
            values = [run[name] for run in runs]
            yield Figure(f"{label}, {word}", statistics.median(values),
                         f"ms ({min(values):.3f} to {max(values):.3f})")
        slow = [run["p99_ms"] for run in runs]
        yield Goal(f"{label}, 99 in 100", statistics.median(slow),
                   DELAY_AIM_MS, "ms", min(slow), max(slow))
        yield Goal(f"{rate}/s: not in the file",
                   sum(run["sent"] - run["there"] for run in runs), 0)


def stall(bench):
    """How many are lost of those that came while it stood still and after."""
    receiver = receivers.start_bucket(bench)
    command = bench.load_command(
        "load-udp", port=receiver.port, mode="rate", rate=STALL_RATE,
        size=SIZE_B, count=int(STALL_RATE * STALL_S), silent=True,
        segment=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          preexec_fn=bench.places.as_load) as load:
        time.sleep(STALL_S / 3)
        receiver.server.pause()
        time.sleep(STALL_MS / 1000)
        receiver.server.resume()
        got = json.loads(load.communicate()[0])
    receiver.settle(got["sent"])
    return got["sent"] - receiver.stop()["records"], got


def stall_goal(lost, rates):
    """A load that was slower proves nothing by losing nothing."""
    if max(lost) == 0 and min(rates) < STALL_RATE * RATE_SHARE:
        return Goal(STALL_LABEL, None, 0,
                    note=f"the load made only {min(rates):.0f}/s")
    return Goal(STALL_LABEL, max(lost), 0, "", min(lost), max(lost))


def run_stall(bench):
    """With the receive queue that it has by default, which only root gets."""
    if os.geteuid() != 0:
        yield Goal(STALL_LABEL, None, 0, note="takes root")
        return
    runs = [stall(bench) for _ in range(min(bench.rounds, STALLS))]
    lost = [missing for missing, _ in runs]
    rates = [got["sent"] / got["seconds"] for _, got in runs]
    yield Figure("rate of the load", statistics.median(rates), "/s")
    yield stall_goal(lost, rates)


DELAY = Scenario("bucket-delay", "from a datagram's start to the bucket's "
                 "file", run_delay)
STALL = Scenario("bucket-stall", "a bucket that is held up", run_stall)
