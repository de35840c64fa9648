# SPDX-License-Identifier: ISC
"""Where netlabd's time goes under load: kernel, libc, libevent, netlabd."""
from netbench import profile, receivers
from netbench.result import Figure, Goal
from netbench.scenario import Scenario

TIME_MS = 4000
COUNT = 1 << 28
ECHO_AIM, BUCKET_AIM = 2, 5
SYMBOLS = 12
ECHO = 'echo lab { listen = "127.0.0.1:0/udp" }\n'
UNKNOWN = "takes perf, which is not here or not allowed"


def profiled(bench, server, label, limit, **options):
    """Loads it for a while and tells where the time went."""
    seen = profile.Profile(bench, server)
    bench.load("load-udp", count=COUNT, time=bench.count(TIME_MS), **options)
    seen.stop()
    server.stop()
    for name, share in sorted(seen.shares.items(), key=lambda item: -item[1]):
        yield Figure(f"{label}: {name}", share, "%")
    if seen.own() is None:
        yield Figure(f"{label}: all in user space",
                     100 - seen.shares[profile.KERNEL], "%")
    for percent, dso, symbol in (seen.symbols or ())[:SYMBOLS]:
        yield Figure(f"    {symbol[:40]} ({dso[:20]})", percent,
                     "%" if seen.kernel_seen else "% of user space")
    yield Goal(f"{label}: netlabd and libevent", seen.own(), limit, "%",
               note="" if seen.own() is not None else UNKNOWN)


def run(bench):
    """UDP echo, then the bucket, both with more than they can take."""
    server = bench.start_netlabd(ECHO)
    yield from profiled(bench, server, "UDP echo, 64 flows, window 1",
                        ECHO_AIM, port=server.port("udp"), flows=64,
                        window=1)
    server = bench.start_netlabd(ECHO)
    yield from profiled(bench, server, "UDP echo, 1 flow, window 64",
                        ECHO_AIM, port=server.port("udp"), window=64)
    receiver = receivers.start_bucket(bench)
    yield from profiled(bench, receiver.server, "bucket, saturated, 128 B",
                        BUCKET_AIM, port=receiver.port, mode="blast",
                        segment=True, size=128, silent=True)
    receiver.path.unlink()


PROFILE = Scenario("profile", "where netlabd's time goes under load", run,
                   by_default=False)
