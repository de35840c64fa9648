# SPDX-License-Identifier: ISC
"""The part of systemd that a service talks to: it is told of the service's
state, keeps descriptors for it, and hands them over at its next start."""

import array
import fcntl
import os
import re
import socket
import threading

from daemon import DEADLINE_S

# Descriptors to be handed over are kept up here, away from 3 and the next.
FIRST_KEPT = 200

# Puts what is kept at its place, as it has to be in the process itself.
HAND_OVER = 'eval "$1"; shift; LISTEN_PID=$$ exec "$@"'


class Manager:
    """Its own store and the sockets of its units."""

    def __init__(self, path):
        self.messages = []  # each a dictionary
        self.store = []  # (name, descriptor)
        self.units = []  # (name, descriptor)
        self.stores = True  # FileDescriptorStoreMax
        self.holds_barriers = False
        self.held = []  # descriptors of barriers
        self._changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = str(path)
        self.socket.bind(self.address.replace("@", "\0", 1))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        size = socket.CMSG_SPACE(array.array("i").itemsize)
        while True:
            text, control, _, _ = self.socket.recvmsg(1 << 16, size)
            if text == b"end":
                return
            fds = array.array("i")
            for _, _, data in control:
                fds.frombytes(data)
            message = dict(line.split("=", 1)
                           for line in text.decode().splitlines())
            with self._changed:
                self._take(message, list(fds))
                self.messages.append(message)
                self._changed.notify_all()

    def _take(self, message, fds):
        name = message.get("FDNAME", "stored")
        if message.get("FDSTORE") == "1":
            assert len(fds) == 1 and re.fullmatch(r"[!-9;-~]{1,255}", name)
            inode = os.fstat(fds[0]).st_ino
            if self.stores and not any(os.fstat(fd).st_ino == inode
                                       for _, fd in self.store):
                kept = fcntl.fcntl(fds[0], fcntl.F_DUPFD_CLOEXEC, FIRST_KEPT)
                self.store.append((name, kept))
        elif message.get("FDSTOREREMOVE") == "1":
            for item in [item for item in self.store if item[0] == name]:
                self.store.remove(item)
                os.close(item[1])
        elif message.get("BARRIER") == "1":
            assert len(fds) == 1
            if self.holds_barriers:
                self.held.append(os.dup(fds[0]))
        else:
            assert not fds
        for fd in fds:
            os.close(fd)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(self.socket.getsockname())
            sock.send(b"end")
        self._reader.join(DEADLINE_S)
        self.socket.close()
        for fd in self.held + [fd for _, fd in self.store + self.units]:
            os.close(fd)

    def wait_for(self, condition, what):
        """Until it holds for the manager."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), DEADLINE_S), \
                f"never: {what}\n{self.messages}"

    def wait_for_message(self, name, value=".*", count=1):
        """The last of so many that say so."""
        def found():
            return [message for message in self.messages
                    if re.fullmatch(value, message.get(name, "\n"))]
        self.wait_for(lambda _: len(found()) >= count, f"{name}={value}")
        return found()[count - 1]

    def names(self):
        return sorted(name for name, _ in self.store)

    def listen(self, kind, address, name="lab.socket", ipv6_only=True,
               shared=False):
        """A socket unit; BindIPv6Only=both where ipv6_only is not set,
        ReusePort=yes where it is shared."""
        family = socket.AF_UNIX if isinstance(address, str) else \
            socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with socket.socket(family, kind) as sock:
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, ipv6_only)
            if shared:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(address)
            if kind == socket.SOCK_STREAM:
                sock.listen(100)
            self.units.append((name, fcntl.fcntl(
                sock.fileno(), fcntl.F_DUPFD_CLOEXEC, FIRST_KEPT)))
            return sock.getsockname()

    def started_with(self, **environment):
        """Arguments for a Daemon that is started by this manager."""
        handed = self.units + self.store
        moves = "".join(f"exec {3 + i}<&{fd}; " for i, (_, fd)
                        in enumerate(handed))
        moves += "".join(f"exec {fd}<&-; " for _, fd in handed)
        environment = {**os.environ, "NOTIFY_SOCKET": self.address,
                       **environment}
        if handed:
            environment["LISTEN_FDS"] = str(len(handed))
            environment["LISTEN_FDNAMES"] = ":".join(
                name for name, _ in handed)
        return {"prefix": ("bash", "-c", HAND_OVER, "bash", moves),
                "env": environment, "pass_fds": [fd for _, fd in handed]}
