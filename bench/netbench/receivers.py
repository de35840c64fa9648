# SPDX-License-Identifier: ISC
"""Log receivers side by side: netlabd's bucket and what people use today. Each
writes what it gets, a line a datagram, into a file that is checked."""
import json
import os
import pathlib
import re
import socket
import subprocess
import time

from netbench import peers

SETTLE_TIMEOUT_S = 60
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

# As it is installed, but for the form of the lines, which are to be counted.
RSYSLOG_DEFAULT = """module(load="imudp")
global(workDirectory="{folder}")
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imudp" address="127.0.0.1" port="{port}")
action(type="omfile" file="{path}" template="raw")
"""

# What its documentation says of high rates over UDP, and a message as it came.
SYSLOG_NG = """@version: {version}
options {{ stats-freq(0); use-dns(no); threaded(yes); }};
source net {{ network(transport("udp") ip("127.0.0.1") port({port})
    flags(no-parse) so-rcvbuf(16777216) log-fetch-limit(1000)
    log-iw-size(100000)); }};
destination bucket {{ file("{path}" template("${{MSG}}\\n")
    flush-lines(1000) log-fifo-size(2000000)); }};
log {{ source(net); destination(bucket); }};
"""


def check_log(bench, path):
    """How many records, gaps, unordered and strange lines are in a file."""
    with open(path if path.exists() else os.devnull, "rb") as file:
        done = subprocess.run([bench.programs / "check-log"], stdin=file,
                              check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


class Receiver:
    """A server and its file; the bare limits have none."""

    def __init__(self, bench, server, port, path=None):
        self.server = server
        self.port = port
        self.path = path
        self._bench = bench

    def lines(self):
        """How many datagrams are in the file."""
        return self.check()["records"]

    def check(self):
        """What is in the file, and whether it is in order."""
        return check_log(self._bench, self.path)

    def settle(self, sent):
        """Waits until all is there or nothing more comes."""
        end = time.monotonic() + SETTLE_TIMEOUT_S
        size, changed = -1, time.monotonic()
        while time.monotonic() < end:
            now = self.path.stat().st_size if self.path.exists() else 0
            if now != size:
                size, changed = now, time.monotonic()
            elif time.monotonic() > changed + QUIET_S or \
                    self.lines() >= sent:
                return
            time.sleep(0.05)

    def stated(self):
        """Losses that it has written into the file itself."""
        text = self.path.read_bytes() if self.path.exists() else b""
        return sum(map(int, re.findall(
            rb"netlabd: (\d+) (?:datagrams|records) lost here", text)))

    def dropped(self):
        """How many datagrams the kernel found no room for, ever."""
        with open("/proc/net/udp", encoding="ascii") as table:
            return sum(int(line.split()[12]) for line in list(table)[1:]
                       if line.split()[1].endswith(f":{self.port:04X}"))

    def stop(self):
        """Ends it; what it has written is seen once and not kept."""
        self.server.stop()
        seen = self.path and self.check()
        if self.path and self.path.exists():
            self.path.unlink()
        return seen


def start_bucket(bench, options=""):
    """netlabd with a bucket."""
    path = bench.folder / f"bucket-{len(bench.servers)}.log"
    server = bench.start_netlabd(BUCKET.format(path=path, options=options))
    return Receiver(bench, server, server.port("udp"), path)


def start_peer(bench, name, text, command):
    """Another one, with a configuration: command(configuration, its stem)."""
    stem = bench.folder / f"{name}-{len(bench.servers)}"
    path, config = stem.with_suffix(".log"), stem.with_suffix(".conf")
    port = peers.free_port()
    config.write_text(text.format(folder=bench.folder, path=path, port=port,
                                  version=syslog_ng_version()),
                      encoding="utf-8")
    server = peers.start(bench, name, command(config, stem), port, "udp")
    return Receiver(bench, server, port, path)


def start_rsyslog(bench, text=RSYSLOG):
    """rsyslog, in the foreground and with nothing but this."""
    return start_peer(bench, "rsyslog", text, lambda config, stem: [
        peers.find("rsyslogd"), "-n", "-f", config,
        "-i", stem.with_suffix(".pid")])


def syslog_ng_version():
    """Of what is here, such as 3.38."""
    if not peers.find("syslog-ng"):
        return ""
    for folder in peers.SYSLOG_NG, peers.SYSTEM_SYSLOG_NG:
        found = [path.name for path in folder.glob("[0-9]*")]
        if found:
            return found[0]
    return ""


def start_syslog_ng(bench):
    """syslog-ng, as rsyslog."""
    modules = peers.SYSLOG_NG / syslog_ng_version()
    own = ["--module-path", modules] if modules.exists() else []
    return start_peer(bench, "syslog-ng", SYSLOG_NG, lambda config, stem: [
        peers.find("syslog-ng"), "-F", "--no-caps", "-f", config, *own,
        "-R", stem.with_suffix(".persist"), "-c", stem.with_suffix(".ctl"),
        "-p", stem.with_suffix(".pid")])


def netconsd_file():
    """What netconsd calls the file of a sender on this machine."""
    sender = "::ffff:127.0.0.1"
    try:
        return socket.getnameinfo((sender, 0), socket.NI_NAMEREQD)[0]
    except socket.gaierror:
        return sender


def start_netconsd(bench):
    """netconsd, with the module of its source that writes a file for each
    sender into the folder where it was started. Its receive queue is that of
    net.core.rmem_default: it has no option for it."""
    folder = bench.folder / f"netconsd-{len(bench.servers)}"
    folder.mkdir()
    port, program = peers.free_port(), pathlib.Path(peers.find("netconsd"))
    server = peers.start(bench, "netconsd", [
        "env", f"--chdir={folder}", program, "-a", "127.0.0.1", "-u", port,
        program.parent / "modules/logger-simple.so"], port, "udp")
    return Receiver(bench, server, port, folder / netconsd_file())


def start_limit(bench, name):
    """Receives and forgets."""
    server = bench.start_limit(name)
    return Receiver(bench, server, server.port())


def others():
    """Other people's that are here, and the names of those that are not."""
    known = {"rsyslog": ("rsyslogd", start_rsyslog),
             "rsyslog, default": ("rsyslogd", lambda bench: start_rsyslog(
                 bench, RSYSLOG_DEFAULT)),
             "syslog-ng": ("syslog-ng", start_syslog_ng),
             "netconsd": ("netconsd", start_netconsd)}
    here = {name: start for name, (program, start) in known.items()
            if peers.find(program)}
    return here, [name for name in known if name not in here]
