# SPDX-License-Identifier: ISC
"""Where netlabd's time goes under load: kernel, libc, libevent, netlabd."""
from netbench import profile, receivers
from netbench.result import Figure, Goal
from netbench.scenario import Scenario

TIME_MS = 4000
COUNT = 1 << 28
ECHO_AIM, BUCKET_AIM = 2, 5
KERNEL_SYMBOLS, OWN_SYMBOLS = 6, 10
CONFIGURATION = """echo lab { listen = "127.0.0.1:0" }
time clock { listen = "127.0.0.1:0/tcp" }
"""
UNKNOWN = "takes perf, which is not here or not allowed"


def symbols(seen):
    """The first of the kernel, and of all else."""
    for in_kernel, most in ((True, KERNEL_SYMBOLS), (False, OWN_SYMBOLS)):
        chosen = [item for item in seen.symbols
                  if (profile.part(item[1]) == profile.KERNEL) == in_kernel]
        for percent, dso, symbol in chosen[:most]:
            yield Figure(f"    {symbol[:30]} ({dso.strip('[]')[:12]})",
                         percent, "%")


def profiled(bench, server, label, limit, program, **options):
    """Loads it for a while and tells where the time went."""
    seen = profile.Profile(bench, server)
    bench.load(program, **options)
    seen.stop()
    server.stop()
    for name, share in sorted(seen.shares.items(), key=lambda item: -item[1]):
        yield Figure(f"{label}: {name}", share, "%")
    if seen.own() is None:
        yield Figure(f"{label}: all in user space",
                     100 - seen.shares[profile.KERNEL], "%")
    yield from symbols(seen)
    if limit is not None:
        yield Goal(f"{label}: netlabd and libevent", seen.own(), limit, "%",
                   note="" if seen.own() is not None else UNKNOWN)


def run_streams(bench):
    """Those without a goal."""
    server = bench.start_netlabd(CONFIGURATION)
    yield from profiled(bench, server, "TCP echo, 64 connections, window 1",
                        None, "load-tcp", port=server.port("tcp", "lab"),
                        flows=64, count=bench.count(300000))
    server = bench.start_netlabd(CONFIGURATION)
    yield from profiled(bench, server, "time, a connection, 1 at once", None,
                        "load-tcp", port=server.port("tcp", "clock"),
                        mode="read", size=24, count=bench.count(60000))


def run(bench):
    """UDP echo, then the bucket, both with more than they can take."""
    time_ms = bench.count(TIME_MS)
    for label, options in (("64 flows, window 1", {"flows": 64}),
                           ("1 flow, window 64", {"window": 64})):
        server = bench.start_netlabd(CONFIGURATION)
        yield from profiled(bench, server, f"UDP echo, {label}", ECHO_AIM,
                            "load-udp", port=server.port("udp", "lab"),
                            count=COUNT, time=time_ms, **options)
    receiver = receivers.start_bucket(bench)
    yield from profiled(bench, receiver.server, "bucket, saturated, 128 B",
                        BUCKET_AIM, "load-udp", port=receiver.port,
                        mode="blast", segment=True, size=128, silent=True,
                        count=COUNT, time=time_ms)
    receiver.path.unlink()
    yield from run_streams(bench)


PROFILE = Scenario("profile", "where netlabd's time goes under load", run,
                   by_default=False)
