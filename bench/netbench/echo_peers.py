# SPDX-License-Identifier: ISC
"""Other people's servers of echo and of the time, as contenders."""
import os
import socket
import subprocess

from netbench import peers
from netbench.measure import Contender

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
VALUE_OVERHEAD = 9  # of memcached's answer: a key is two bytes longer

# Without limits of its own, that close a port for everybody.
XINETD = """service {service}
{{
    type = INTERNAL UNLISTED
    id = {service}-{transport}
    socket_type = {socket_type}
    protocol = {transport}
    port = {port}
    bind = 127.0.0.1
    user = root
    wait = {wait}
    cps = 1000000 1
    instances = UNLIMITED
}}
"""
INETD = "127.0.0.1:{service} {socket_type} {transport} {wait} root internal\n"
SOCKETS = {"tcp": ("stream", "no"), "udp": ("dgram", "yes")}
WAITS = {"no": "nowait", "yes": "wait"}

# A limit on how often a service is started a minute would be measured, too.
INETDS = {"openbsd-inetd": ("inetd", "-i", "-R", "1000000"),
          "inetutils-inetd": ("inetutils-inetd", "-d", "-R", "1000000")}


def make(bench, name, program, command, transport):
    """A contender that runs command(port), or None where it is not here."""
    def start():
        port = peers.free_port(KINDS[transport])
        return peers.start(bench, name, command(port), port, transport), port
    return Contender(name, start) if peers.find(program) else None


def xinetd_service(service, transport, port):
    """Its section in xinetd.conf."""
    socket_type, wait = SOCKETS[transport]
    return XINETD.format(service=service, transport=transport, port=port,
                         socket_type=socket_type, wait=wait)


def xinetd(bench, service, transport):
    """One of its internal services."""
    def command(port):
        config = bench.folder / f"xinetd-{port}.conf"
        config.write_text(xinetd_service(service, transport, port),
                          encoding="ascii")
        return [peers.find("xinetd"), "-dontfork", "-f", config,
                "-pidfile", bench.folder / "xinetd.pid"]
    return make(bench, "xinetd", "xinetd", command, transport)


def inetd(bench, name, service, transport):
    """One of the inetds that take their ports from /etc/services, which it
    sees another one of."""
    program, *options = INETDS[name]
    if name == "openbsd-inetd" and os.path.islink(peers.find(program) or ""):
        return None  # another one's
    socket_type, wait = SOCKETS[transport]
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]

    def command(port):
        names = bench.folder / f"services-{port}"
        names.write_text(f"{service} {port}/{transport}\n", encoding="ascii")
        config = bench.folder / f"inetd-{port}.conf"
        config.write_text(INETD.format(
            service=service, socket_type=socket_type, transport=transport,
            wait=WAITS[wait]), encoding="ascii")
        return ["unshare", *own, "--mount", "sh", "-c",
                f'mount --bind {names} /etc/services && exec "$0" "$@"',
                peers.find(program), *options, config]
    return make(bench, name, program, command, transport)


def socat(bench, transport):
    """A process a connection, that copies it to itself."""
    address = {"tcp": "TCP4-LISTEN:{},bind=127.0.0.1,backlog=1024,fork",
               "udp": "UDP4-RECVFROM:{},bind=127.0.0.1,fork"}[transport]
    return make(bench, "socat", "socat", lambda port: [
        peers.find("socat"), address.format(port), "PIPE"], transport)


def memcached(bench, size):
    """Answers gets of a key with as many bytes as they have."""
    def command(port):
        own = ["-u", "root"] if os.geteuid() == 0 else []
        return [peers.find("memcached"), "-l", "127.0.0.1", "-p", str(port),
                "-U", "0", "-t", "1", "-c", "20000", *own]
    bare = make(bench, "memcached", "memcached", command, "tcp")

    def start():
        server, port = bare.start()
        length = size - VALUE_OVERHEAD
        store(port, b"k" * (length + 2), b"v" * length)
        return server, port
    return bare and Contender(bare.name, start, {"memcached": True})


def store(port, key, value):
    """Sets a value of memcached."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"set %b 0 0 %d\r\n%b\r\n" % (key, len(value), value))
        assert sock.recv(100) == b"STORED\r\n"


def python(bench, kind, transport):
    """One of Python's own servers, or uvloop's, by the system's Python."""
    interpreter = peers.find("python3")
    known = subprocess.run([interpreter or "false", "-c", f"import {kind}"],
                           check=False, stderr=subprocess.DEVNULL)

    def start():
        server = bench.start_script(interpreter, "python_echo.py", kind,
                                    transport)
        return server, server.port()
    return Contender(kind, start) if known.returncode == 0 else None


def bufferevent(bench):
    """What most programs make of libevent; built here."""
    def start():
        server = bench.start_limit("peer-bufferevent")
        return server, server.port()
    return Contender("peer-bufferevent", start)


def found(candidates):
    """Those that are here, and the names of those that are not."""
    return [c for c in candidates.values() if c], \
        [name for name, c in candidates.items() if not c]


def echo(bench, transport):
    """All who can echo: by name, None where it is not here."""
    return {
        "xinetd": xinetd(bench, "echo", transport),
        **{name: inetd(bench, name, "echo", transport) for name in INETDS},
        "socat": socat(bench, transport),
        **{kind: python(bench, kind, transport)
           for kind in ("socketserver", "asyncio", "uvloop")},
    }


def daytime(bench):
    """All who tell the time over TCP."""
    return {"xinetd": xinetd(bench, "daytime", "tcp"),
            **{name: inetd(bench, name, "daytime", "tcp") for name in INETDS}}
