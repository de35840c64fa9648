# SPDX-License-Identifier: ISC
"""Other people's servers: where they are, and how one of them is started."""
import os
import pathlib
import shutil
import socket
import time

from netbench.bench import BenchError
from netbench.result import Note
from netbench.server import Server

READY_TIMEOUT_S = 10
CHILDREN_TIMEOUT_S = 5
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Where fetch-peers.sh has unpacked some.
UNPACKED = pathlib.Path(os.environ.get("PEERS") or "/nonexistent").resolve()
SYSLOG_NG = UNPACKED / "usr/lib/syslog-ng"
MULTIARCH = f"{os.uname().machine}-linux-gnu"
LIBRARIES = (UNPACKED / "usr/lib" / MULTIARCH, UNPACKED / "lib" / MULTIARCH,
             SYSLOG_NG)
SYSTEM_SYSLOG_NG = pathlib.Path("/usr/lib/syslog-ng")


def find(program):
    """Its path; None: it is not there."""
    folders = [UNPACKED / "usr/sbin", UNPACKED / "usr/bin",
               UNPACKED / "netconsd", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]
    return shutil.which(program, path=":".join(map(str, folders)))


class Peer(Server):
    """A server that says nothing when it is ready, but has its port. It may
    have children, whose time is its own."""

    def __init__(self, name, command, port, places, transport="udp"):
        self._port = port
        self._transport = transport
        libraries = ":".join(map(str, LIBRARIES))
        super().__init__(name, ["env", f"LD_LIBRARY_PATH={libraries}",
                                *command], "stderr", r"$^", places)

    def wait_until_ready(self):
        """Returns when somebody has the port, which was free before."""
        end = time.monotonic() + READY_TIMEOUT_S
        while not has_port(self._transport, self._port):
            if time.monotonic() > end or self.has_ended():
                self.stop()
                raise BenchError(f"{self.name} does not listen; it said:\n" +
                                 "\n".join(self.lines))
            time.sleep(0.01)

    def cpu_s(self):
        """Its children's, too, when they have ended."""
        end = time.monotonic() + CHILDREN_TIMEOUT_S
        while self._children() and time.monotonic() < end:
            time.sleep(0.01)
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        ticks = int(fields[13]) + int(fields[14])
        return super().cpu_s() + ticks / TICKS_PER_S

    def _children(self):
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        with open(path, encoding="ascii") as children:
            return children.read()


def has_port(transport, port):
    """True when somebody on this machine has it."""
    listens = "0A" if transport == "tcp" else "07"
    for table in (f"/proc/net/{transport}", f"/proc/net/{transport}6"):
        if not os.path.exists(table):
            continue
        with open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                words = line.split()
                if words[1].endswith(f":{port:04X}") and words[3] == listens:
                    return True
    return False


def free_port(kind=socket.SOCK_DGRAM):
    """One that nobody has right now."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def not_here(names):
    """Says of each that it was not compared."""
    for name in names:
        yield Note(f"{name} is not here, and was left out")


def start(bench, name, command, port, transport):
    """Starts one in the foreground and waits for its port."""
    server = Peer(name, command, port, bench.places, transport)
    bench.servers.append(server)
    server.wait_until_ready()
    return server
