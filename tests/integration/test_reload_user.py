# SPDX-License-Identifier: ISC
"""Without root's rights a reload can still do what it did with them: to
sockets that were opened before."""

import os
import pwd
import subprocess
import tempfile
from pathlib import Path

import pytest

from daemon import NETLABD
from test_reload import outcome
from wire import exchange

pytestmark = pytest.mark.usefixtures("as_root")
NOBODY = pwd.getpwnam("nobody")

KEEP = 'echo keep { listen = "127.0.0.1:0" }\n'
PATHS = 'echo paths { listen = { "unix:DIR/s", "unixgram:DIR/g" } }\n'


class Own:
    """A directory of that user's with a configuration."""

    def __init__(self, directory, netlabd):
        self.directory = Path(directory)
        os.chown(directory, NOBODY.pw_uid, NOBODY.pw_gid)
        self.config = self.directory / "netlabd.conf"
        self.netlabd = netlabd

    def configure(self, text):
        self.config.write_text(text.replace("DIR", str(self.directory)),
                               encoding="ascii")

    def start(self, text):
        self.configure(text)
        return self.netlabd("", "-c", str(self.config), "-u", "nobody")

    def sockets(self):
        return sorted(path.name for path in self.directory.iterdir()
                      if path.is_socket())


@pytest.fixture(name="own")
def fixture_own(netlabd):
    with tempfile.TemporaryDirectory() as directory:
        yield Own(directory, netlabd)


def test_paths_come_and_go(own):
    daemon = own.start(KEEP + PATHS)
    assert own.sockets() == ["g", "s"]
    for _ in range(2):
        own.configure(KEEP)
        assert daemon.reload() == outcome(kept=1, stopped=1)
        assert own.sockets() == []
        own.configure(KEEP + PATHS)
        assert daemon.reload() == outcome(kept=1, started=1)
        for transport in "unix", "unixgram":
            with daemon.connect("paths", transport) as sock:
                assert exchange(sock, b"hello") == b"hello"
    assert daemon.stop().status == 0
    assert own.sockets() == []


def test_paths_of_the_start_are_removed_at_the_stop(own):
    daemon = own.start(PATHS)
    assert {(own.directory / name).stat().st_uid
            for name in own.sockets()} == {NOBODY.pw_uid}
    assert daemon.stop().status == 0
    assert own.sockets() == []


@pytest.mark.parametrize("transport", ("udp", "tcp"))
def test_a_port_that_root_opened_moves(own, transport):
    config = 'echo lab { listen = "%s:%d/%s" }'
    daemon = own.start(config % ("127.0.0.1", 0, transport))
    port = daemon.port("lab", transport + "4")
    own.configure(config % ("0.0.0.0", port, transport))
    assert daemon.reload() == outcome(changed=1)


@pytest.mark.parametrize("user, ok", (
    ("nobody", True), ("no-such-user", False), ("nobody:no-such-group", False)))
def test_a_check_looks_for_the_user(tmp_path, user, ok):
    config = tmp_path / "netlabd.conf"
    config.write_text(KEEP, encoding="ascii")
    done = subprocess.run([*NETLABD, "-t", "-c", config, "-u", user],
                          capture_output=True, text=True, check=False)
    assert done.returncode == (0 if ok else 1)
    assert done.stdout == (f"configuration OK: {config}\n" if ok else "")
    assert ("does not exist" in done.stderr) != ok


def test_a_group_that_is_not_ours(own):
    """The socket that is taken over stays whose it was, and this is told."""
    daemon = own.start(KEEP + PATHS)
    own.configure(KEEP + PATHS.replace("{", "{ socket-group = 12345\n", 1))
    assert daemon.reload() == outcome(kept=1, changed=1)
    assert daemon.log_contains("warning: .*socket-mode, socket-group: cannot "
                               "set them on .*/s: Operation not permitted, "
                               "keeping those it has")
