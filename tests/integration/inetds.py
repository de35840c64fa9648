# SPDX-License-Identifier: ISC
"""Debian's inetds and their internal services, each in a network namespace.

They are looked for in NETLABD_INETDS, where fetch-inetds.sh has unpacked them,
and on the system.
"""

import os
import shutil
import subprocess
from pathlib import Path
from signal import SIGHUP

from daemon import DEADLINE_S, wait_until

UNPACKED = Path(os.environ.get("NETLABD_INETDS", "/nonexistent")).resolve()
LIBRARIES = UNPACKED / "usr/lib" / (os.uname().machine + "-linux-gnu")

# The ports that they have in /etc/services; a high one is so much above it.
PORTS = {"echo": 7, "daytime": 13, "chargen": 19, "time": 37}

XINETD = """service {name}
{{
	type = INTERNAL
	id = {name}-{kind}
	socket_type = {kind}
	protocol = {transport}
	user = root
	wait = {waits}
	{limits}
}}
"""
INETD = "{name} {kind} {transport} {wait} root internal\n"

# How xinetd is told to have no limits; the others have an option.
UNLIMITED = "cps = 1000000 1\n\tinstances = UNLIMITED"

# Its program, a service in its configuration, how it stays in the foreground
# with a configuration, and options for no limits.
KINDS = {
    "xinetd": ("xinetd", XINETD, ("-dontfork", "-pidfile", "{file}.pid",
                                  "-f", "{file}"), ()),
    "openbsd-inetd": ("inetd", INETD, ("-i", "{file}"), ("-R", "1000000")),
    "inetutils-inetd": ("inetutils-inetd", INETD, ("-d", "{file}"),
                        ("-R", "1000000")),
}


def find(kind):
    """The program's path; None: it is not there."""
    program = KINDS[kind][0]
    path = shutil.which(program, path=f"{UNPACKED}/usr/sbin:/usr/sbin")
    if kind == "openbsd-inetd" and path and Path(path).is_symlink():
        return None  # another one's
    return path


def missing(kind):
    """What it takes and is not here; None: all is."""
    if find(kind) is None:
        return f"no {kind} (tests/fetch-inetds.sh, NETLABD_INETDS)"
    if not Path("/etc/services").exists():
        return "no /etc/services (Debian: netbase)"
    return None


def ports(above):
    return {name: number + above for name, number in PORTS.items()}


def bound(namespace):
    """(transport, port) of what is bound there, and listens."""
    found = set()
    with namespace.entered():
        for name in "udp", "udp6", "tcp", "tcp6":
            table = Path(f"/proc/thread-self/net/{name}")
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                local, state = line.split()[1:4:2]
                if name.startswith("udp") or state == "0A":
                    found.add((name[:3], int(local.rsplit(":", 1)[1], 16)))
    return found


def service(form, name, transport, limits):
    """One of its services in its configuration."""
    is_udp = transport == "udp"
    return form.format(
        name=name, transport=transport, kind="dgram" if is_udp else "stream",
        wait="wait" if is_udp else "nowait", waits="yes" if is_udp else "no",
        limits=limits)


class Inetd:
    """Serves its four services on ports `above` those of /etc/services, which
    it sees another one of."""

    def __init__(self, kind, namespace, above, directory, transports=("udp",),
                 has_limits=True):
        self.ports = ports(above)
        form, arguments, no_limits = KINDS[kind][1:]
        stem = f"{directory}/{namespace.name}"
        names = f"{stem}.services"
        with open(names, "w", encoding="ascii") as file:
            file.writelines(f"{name} {port}/{transport}\n"
                            for name, port in self.ports.items()
                            for transport in transports)
        self.config = Path(stem)
        self.config.write_text("".join(
            service(form, name, transport, "" if has_limits else UNLIMITED)
            for name in PORTS for transport in transports), encoding="ascii")
        self.process = subprocess.Popen(
            [*namespace.prefix, "unshare", "--mount", "sh", "-c",
             f'mount --bind {names} /etc/services && exec "$0" "$@"',
             find(kind), *(() if has_limits else no_limits),
             *(word.format(file=stem) for word in arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LD_LIBRARY_PATH": str(LIBRARIES)})
        wanted = {(transport, port) for transport in transports
                  for port in self.ports.values()}
        wait_until(lambda: bound(namespace) >= wanted,
                   f"{kind} serves its ports")

    def reload(self, text):
        """Reads this configuration; it does not tell when it has done so."""
        self.config.write_text(text, encoding="ascii")
        self.process.send_signal(SIGHUP)

    def close(self):
        """xinetd stays where it has processes without end."""
        self.process.terminate()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(DEADLINE_S)
