# SPDX-License-Identifier: ISC
"""The daemon waits for nobody: not for a supervisor that does not read, not for
who should write the configuration."""

import os
import socket
import subprocess

import pytest

from daemon import DEADLINE_S
from test_reload import REFUSED, outcome
from wire import exchange

LAB = 'echo lab { listen = "127.0.0.1:0" idle-timeout = %dm }\n'


def test_a_supervisor_that_does_not_read(netlabd, tmp_path):
    """Its watchdog is not fed more than it takes, and a second is the most
    that it costs."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        daemon = netlabd(LAB % 1, env={
            **os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000"})
        sock = daemon.connect("lab", "udp4")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.connect(path)
            other.settimeout(0.1)
            with pytest.raises(TimeoutError):
                while True:
                    other.send(b"X=1")
        assert exchange(sock, b"hello") == b"hello"
        for number in range(2, 6):
            assert daemon.reload(LAB % number) == outcome(changed=1)
        assert exchange(sock, b"hello") == b"hello"
        assert daemon.stop().status == 0


def test_a_reload_reads_no_pipe(netlabd, tmp_path):
    daemon = netlabd(LAB % 1)
    daemon.config.unlink()
    os.mkfifo(daemon.config)
    assert daemon.reload() == REFUSED
    assert daemon.log_contains("error: .*netlabd-0.conf: is a pipe, which only "
                               "a start can read")
    os.mkfifo(tmp_path / "part")
    assert daemon.reload(LAB % 2 + 'include = "part"') == REFUSED
    assert daemon.log_contains("include: '.*part': is a pipe")
    assert exchange(daemon.connect("lab", "udp4"), b"hello") == b"hello"
    assert daemon.reload(LAB % 2) == outcome(changed=1)


def test_a_start_reads_a_pipe(netlabd):
    """One that is written only later."""
    with subprocess.Popen(["sh", "-c", "read line; printf '%s\n' \"$line\""],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as writer:
        writer.stdin.write(LAB % 1)
        writer.stdin.close()
        fd = writer.stdout.fileno()
        daemon = netlabd("", "-c", f"/dev/fd/{fd}", pass_fds=[fd])
        writer.wait(DEADLINE_S)
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"
    assert daemon.reload() == REFUSED
    assert daemon.log_contains("error: /dev/fd/.*: is a pipe")
