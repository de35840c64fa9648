# SPDX-License-Identifier: ISC
"""netlabd and the other inetds beside it: each with the same services on the
same ports of a host of its own, and the test on another."""

import pytest

import inetds

KIB = 1 << 10

# Over a wire: openbsd-inetd answers nobody over UDP on loopback.
HOST, SENDER, INNOCENT = "10.77.0.1", "10.77.0.2", "10.77.0.3"
NAMES = {"echo": "echo", "daytime": "time", "chargen": "chargen"}


class Server:
    """One of them, on the first host, with the ports that inetds have."""

    def __init__(self, process, config, reload):
        self.process, self.config, self.reload = process, config, reload

    def processes(self):
        """It and those that it has started."""
        found = [self.process.pid]
        for pid in found:
            try:
                with open(f"/proc/{pid}/task/{pid}/children",
                          encoding="ascii") as file:
                    found += map(int, file.read().split())
            except OSError:  # it has ended
                pass
        return found

    def memory(self):
        """Bytes of all of them; what they share is counted once."""
        total = 0
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/smaps_rollup",
                          encoding="ascii") as file:
                    total += sum(int(line.split()[1]) for line in file
                                 if line.startswith("Pss:"))
            except OSError:
                pass
        return total * KIB


def our_config(options):
    return "\n".join(
        f'{kind} {name} {{ listen = "*:{inetds.PORTS[name]}" {options} }}'
        for name, kind in NAMES.items())


@pytest.fixture(name="serve")
def fixture_serve(namespaces, netlabd, tmp_path):
    """Starts one; the test itself is on the other host."""
    host, clients = namespaces
    clients.ip("addr", "add", f"{INNOCENT}/24", "dev", "wire")
    started = []

    def start(kind, has_limits, options=""):
        if kind == "netlabd":
            daemon = netlabd(our_config(options), prefix=host.prefix)
            return Server(daemon.process, daemon.config, daemon.reload)
        if inetds.missing(kind):
            pytest.skip(inetds.missing(kind))
        inetd = inetds.Inetd(kind, host, 0, tmp_path, ("udp", "tcp"),
                             has_limits)
        started.append(inetd)
        return Server(inetd.process, inetd.config, inetd.reload)

    with clients.entered():
        yield start
    for inetd in started:
        inetd.close()


@pytest.fixture(name="say")
def fixture_say(capsys, request):
    def write(text):
        with capsys.disabled():
            print(f"\n{request.node.name}: {text}", end="", flush=True)
    return write
