# SPDX-License-Identifier: ISC
"""Debian's inetds and their internal services, each in a network namespace.

They are looked for in NETLABD_INETDS, where fetch-inetds.sh has unpacked them,
and on the system.
"""

import os
import shutil
import subprocess
from pathlib import Path

from daemon import DEADLINE_S, wait_until

UNPACKED = Path(os.environ.get("NETLABD_INETDS", "/nonexistent")).resolve()
LIBRARIES = UNPACKED / "usr/lib" / (os.uname().machine + "-linux-gnu")

# The ports that they have in /etc/services; a high one is so much above it.
PORTS = {"echo": 7, "daytime": 13, "chargen": 19, "time": 37}

XINETD = """service %s
{
	type = INTERNAL
	id = %s-dgram
	socket_type = dgram
	protocol = udp
	user = root
	wait = yes
}
"""
INETD = "%s dgram udp wait root internal\n"

# Its program, a service in its configuration, and how it stays in the
# foreground with a configuration.
KINDS = {
    "xinetd": ("xinetd", XINETD, ("-dontfork", "-pidfile", "{file}.pid",
                                  "-f", "{file}")),
    "openbsd-inetd": ("inetd", INETD, ("-i", "{file}")),
    "inetutils-inetd": ("inetutils-inetd", INETD, ("-d", "{file}")),
}


def find(kind):
    """The program's path; None: it is not there."""
    program = KINDS[kind][0]
    path = shutil.which(program, path=f"{UNPACKED}/usr/sbin:/usr/sbin")
    if kind == "openbsd-inetd" and path and Path(path).is_symlink():
        return None  # another one's
    return path


def ports(above):
    return {name: number + above for name, number in PORTS.items()}


def bound_udp(namespace):
    """The UDP ports that are bound there."""
    found = set()
    with namespace.entered():
        for name in "udp", "udp6":
            table = Path(f"/proc/thread-self/net/{name}")
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                found.add(int(line.split()[1].rsplit(":", 1)[1], 16))
    return found


class Inetd:
    """Serves its four services on ports `above` those of /etc/services, which
    it sees another one of."""

    def __init__(self, kind, namespace, above, directory):
        self.ports = ports(above)
        service, arguments = KINDS[kind][1:]
        stem = f"{directory}/{namespace.name}"
        names = f"{stem}.services"
        with open(names, "w", encoding="ascii") as file:
            file.writelines(f"{name} {port}/udp\n"
                            for name, port in self.ports.items())
        with open(stem, "w", encoding="ascii") as file:
            file.writelines(service.replace("%s", name) for name in PORTS)
        self.process = subprocess.Popen(
            [*namespace.prefix, "unshare", "--mount", "sh", "-c",
             f'mount --bind {names} /etc/services && exec "$0" "$@"',
             find(kind), *(word.format(file=stem) for word in arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LD_LIBRARY_PATH": str(LIBRARIES)})
        wait_until(lambda: bound_udp(namespace) >= set(self.ports.values()),
                   f"{kind} serves its ports")

    def close(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)
