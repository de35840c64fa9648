# SPDX-License-Identifier: ISC
"""Log receivers side by side: netlabd's bucket and what people use today. Each
writes what it gets, a line a datagram, into a file that is counted."""
import re
import shutil
import socket
import time

from netbench.bench import BenchError
from netbench.server import Server

SETTLE_TIMEOUT_S = 30
QUIET_S = 1.0

BUCKET = """creosote bucket {{ listen = "127.0.0.1:0/udp"
    file = "{path}" format = raw {options} }}
"""

# The settings that rsyslog's documentation of imudp gives for high rates, a
# queue that holds a whole run, a file that is written by blocks, and a message
# as it came.
RSYSLOG = """module(load="imudp" TimeRequery="8" Threads="1" BatchSize="128")
global(workDirectory="{folder}")
template(name="raw" type="string" string="%rawmsg%\\n")
ruleset(name="bucket" queue.type="LinkedList" queue.size="2000000"
    queue.dequeueBatchSize="1024") {{
    action(type="omfile" file="{path}" template="raw" ioBufferSize="64k"
        flushOnTXEnd="off" asyncWriting="off")
}}
input(type="imudp" address="127.0.0.1" port="{port}" ruleset="bucket"
    rcvbufSize="16m")
"""


class Receiver:
    """A server and its file."""

    def __init__(self, name, server, port, path=None):
        self.name = name
        self.server = server
        self.port = port
        self.path = path

    def lines(self):
        """How many datagrams are in the file."""
        count = 0
        if self.path.exists():
            with open(self.path, "rb") as file:
                for line in file:
                    count += line.startswith(b"00000000 ")
        return count

    def settle(self, sent):
        """Waits until all is there or nothing more comes."""
        end = time.monotonic() + SETTLE_TIMEOUT_S
        size, changed = -1, time.monotonic()
        while time.monotonic() < end:
            now = self.path.stat().st_size if self.path.exists() else 0
            if now != size:
                size, changed = now, time.monotonic()
            elif self.lines() >= sent or time.monotonic() > changed + QUIET_S:
                return
            time.sleep(0.05)

    def stated(self):
        """Losses that it has written into the file itself."""
        text = self.path.read_bytes() if self.path.exists() else b""
        return sum(map(int, re.findall(
            rb"netlabd: (\d+) (?:datagrams|records) lost here", text)))


class Peer(Server):
    """A server that says nothing when it is ready, but has its port."""

    def __init__(self, name, command, port, cpu):
        self._port = port
        super().__init__(name, command, "stderr", r"$^", cpu)

    def wait_until_ready(self):
        end = time.monotonic() + 10
        while not has_udp_port(self._port):
            if time.monotonic() > end:
                self.stop()
                raise BenchError(f"{self.name} does not listen; it said:\n" +
                                 "\n".join(self.lines))
            time.sleep(0.01)


def has_udp_port(port):
    """True when somebody on this machine has it."""
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1].endswith(f":{port:04X}")
                   for line in list(table)[1:])


def free_port():
    """One that nobody has right now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start_bucket(bench, options=""):
    """netlabd with a bucket."""
    path = bench.folder / f"bucket-{len(bench.servers)}.log"
    server = bench.start_netlabd(BUCKET.format(path=path, options=options))
    return Receiver("netlabd", server, server.port("udp"), path)


def has_rsyslog():
    """True where it is installed."""
    return shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin") is not None


def start_rsyslog(bench):
    """rsyslog, in the foreground and with nothing but this."""
    number = len(bench.servers)
    path = bench.folder / f"rsyslog-{number}.log"
    config = bench.folder / f"rsyslog-{number}.conf"
    port = free_port()
    config.write_text(RSYSLOG.format(folder=bench.folder, path=path, port=port),
                      encoding="utf-8")
    command = ["/usr/sbin/rsyslogd", "-n", "-f", config, "-i",
               bench.folder / f"rsyslog-{number}.pid"]
    server = Peer("rsyslog", command, port, bench.server_cpu)
    bench.servers.append(server)
    server.wait_until_ready()
    return Receiver("rsyslog", server, port, path)


def start_discard(bench):
    """Receives and forgets: the bare limit."""
    server = bench.start_limit("limit-udp-discard")
    return Receiver("limit-udp-discard", server, server.port())
