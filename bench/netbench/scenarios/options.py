# SPDX-License-Identifier: ISC
"""What a bucket's options cost it: patterns, rates, decoding, other outputs."""
import os
import socket
import statistics
import time

from netbench import receivers
from netbench.result import Check, Ratio
from netbench.scenario import Scenario

SIZE_B = 128
RATE = 20000
RATE_S = 1.0
ROUNDS = 5
SETTLE_TIMEOUT_S = 20
JOURNAL = "/run/systemd/journal/socket"

CONFIG = """creosote bucket {{ listen = "127.0.0.1:0/udp" file = "{path}"
    {options} }}
"""

SYSLOG = b"<34>Oct 11 22:14:15 host su[%d]: number %08d of a test "
NETCONSOLE = b"6,%d,4711,-,caller=T1;number %08d of a test "

CONTENDERS = [
    ("as it is", "", SYSLOG),
    ("format = json", "format = json", SYSLOG),
    ("format = raw", "format = raw", SYSLOG),
    ("escape = utf8", "escape = utf8", SYSLOG),
    ("history = 0", "history = 0", SYSLOG),
    ("match", 'match = "number [0-9]+ of"', SYSLOG),
    ("ignore", 'ignore = { "panic|oops", "^kernel:", "[Dd]ebug" }', SYSLOG),
    ("rate", "rate = 1000000", SYSLOG),
    ("decode = syslog", "decode = syslog", SYSLOG),
    ("decode = netconsole", "decode = netconsole", NETCONSOLE),
    ("rotate-size", "rotate-size = 1M keep = 0", SYSLOG),
    ("forward", 'forward = "127.0.0.1:{port}"', SYSLOG),
    ("journal", "journal = yes", SYSLOG),
]


def send_steadily(port, form, count):
    """Each when it is due, from this process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        begin = time.monotonic()
        for number in range(count):
            message = (form % (number, number)).ljust(SIZE_B, b"x")
            while time.monotonic() < begin + number / RATE:
                pass
            sock.send(message)
        return time.monotonic() - begin


def sample(bench, options, form):
    """(CPU ns a datagram, datagrams a second, sleeps a datagram, lost)."""
    path = bench.folder / f"options-{len(bench.servers)}.log"
    sink = receivers.start_limit(bench, "limit-udp-discard")
    server = bench.start_netlabd(CONFIG.format(
        path=path, options=options.replace("{port}", str(sink.port))))
    count = bench.count(RATE * RATE_S)
    cpu_s, sleeps = server.cpu_s(), server.sleeps()
    took_s = send_steadily(server.port("udp"), form, count)
    there = settle(path, count)
    cpu_s, sleeps = server.cpu_s() - cpu_s, server.sleeps() - sleeps
    server.stop()
    sink.server.stop()
    return cpu_s * 1e9 / count, count / took_s, sleeps / count, count - there


def settle(path, count):
    """Waits for so many lines; how many there are."""
    end = time.monotonic() + SETTLE_TIMEOUT_S
    while (there := lines(path)) < count and time.monotonic() < end:
        time.sleep(0.05)
    return there


def lines(path):
    """Of the file and of those that it was before."""
    return sum(part.read_bytes().count(b"\n")
               for part in path.parent.glob(path.name + "*"))


def run(bench):
    """All in each round; the bucket as it is is the unit."""
    contenders = [item for item in CONTENDERS
                  if item[0] != "journal" or os.path.exists(JOURNAL)]
    contenders.insert(1, ("as it is (again)", "", SYSLOG))
    samples = {name: [] for name, *_ in contenders}
    own_cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {bench.places.load})
    for turn in range(min(bench.rounds, ROUNDS)):
        for name, options, form in contenders[::-1 if turn % 2 else 1]:
            samples[name].append(sample(bench, options, form))
    os.sched_setaffinity(0, own_cpus)
    for name, *_ in contenders:
        ratios = [s[0] / u[0] for s, u in
                  zip(samples[name], samples["as it is"])]
        yield Ratio(
            f"{SIZE_B} B at {RATE}/s", name, statistics.median(ratios),
            min(ratios), max(ratios),
            *(statistics.median(column) for column
              in list(zip(*samples[name]))[:3]))
    lost = {name: sum(s[3] for s in list_)
            for name, list_ in samples.items()}
    yield Check("every record is in the file", not any(lost.values()),
                ", ".join(f"{name}: {n} are not"
                          for name, n in lost.items() if n) or "all")


OPTIONS = Scenario("bucket-options",
                   "a bucket's options: CPU time of a datagram", run,
                   by_default=False)
