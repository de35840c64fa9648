# SPDX-License-Identifier: ISC
"""The list of all scenarios: adding one is a file and a line here.

A module gives a Scenario for each thing it measures; run(bench) yields rows
(Ratio, Figure, Check or Goal of result.py).
"""
from netbench.scenarios import (admission, bucket, clock, curves, echo,
                                exact, flood, instances, lag, many, memory,
                                options, peers, profiles, receivers, start,
                                upkeep, viewers)

ALL = {scenario.name: scenario for scenario in (
    echo.UDP, echo.TCP, many.MANY, clock.TIME, memory.MEMORY, memory.GROWTH,
    memory.IDLE, start.START, start.RELOAD, start.SIZE, bucket.RATE,
    bucket.OVERRUN, receivers.RATE, receivers.SATURATED, lag.DELAY, lag.STALL,
    exact.BURST, exact.MIXED, exact.SIZES, flood.FLOOD, upkeep.SLICES,
    admission.ADMISSION, admission.ANSWERED, viewers.VIEW, options.OPTIONS,
    peers.ECHO, peers.GETS, clock.PEERS, receivers.CPU, receivers.SUSTAINED,
    receivers.HIGHEST, receivers.BURST, flood.PEERS, profiles.PROFILE,
    curves.UDP, curves.TCP, curves.BUCKET, instances.SHARE)}

# Groups of them that can be asked for by a name of their own. "goals" has each
# goal once, beside the other programs that it names.
GROUPS = {
    "peers": (peers.ECHO, peers.GETS, clock.PEERS, receivers.CPU,
              receivers.SUSTAINED, receivers.HIGHEST, receivers.BURST,
              flood.PEERS),
    "goals": (echo.UDP, echo.TCP, many.MANY, peers.GETS, clock.TIME,
              clock.PEERS, receivers.SUSTAINED, receivers.HIGHEST,
              receivers.CPU, lag.DELAY, lag.STALL, memory.MEMORY,
              memory.GROWTH, memory.IDLE, profiles.PROFILE, start.START,
              start.RELOAD, start.SIZE),
    "curves": (curves.UDP, curves.TCP, curves.BUCKET, instances.SHARE),
}
