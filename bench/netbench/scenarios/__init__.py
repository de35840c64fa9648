# SPDX-License-Identifier: ISC
"""The list of all scenarios: adding one is a file and a line here.

A module gives a Scenario for each thing it measures; run(bench) yields rows
(Ratio, Figure or Check of result.py).
"""
from netbench.scenarios import (admission, bucket, echo, exact, flood,
                                memory, options, receivers, start, upkeep,
                                viewers)

ALL = {scenario.name: scenario for scenario in (
    echo.UDP, echo.TCP, memory.IDLE, start.START, bucket.RATE,
    bucket.OVERRUN, exact.BURST, exact.MIXED, exact.SIZES,
    receivers.CPU, receivers.HIGHEST, receivers.BURST, viewers.VIEW,
    options.OPTIONS, flood.FLOOD, flood.PEERS, upkeep.SLICES,
    admission.ADMISSION, admission.ANSWERED)}
