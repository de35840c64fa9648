# SPDX-License-Identifier: ISC
"""Whom a unix datagram is answered to: the sender's own socket and no other."""

import os
import pathlib
import socket
import tempfile

import pytest

from daemon import wait_until
from wire import exchange, is_silent

NOBODY = 65534
LAB = """echo lab { listen = { "unixgram:DIR/gram", "localhost:0/udp" } }"""


def bound(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.settimeout(10)
    sock.bind(str(path))
    return sock


def refused(daemon):
    """The loop has had its turn; what the guard has refused by then."""
    assert exchange(daemon.connect("lab", "udp4"), b"turn") == b"turn"
    return daemon.stop().figures["lab"]


def test_a_path_of_the_senders_is_answered(netlabd, tmp_path):
    daemon = netlabd(LAB)
    before = daemon.descriptors()
    sock = bound(tmp_path / "client")
    for number in range(100):
        sock.sendto(b"%d" % number, str(tmp_path / "gram"))
        assert sock.recv(100) == b"%d" % number
    wait_until(lambda: daemon.descriptors() == before,
               "the senders' sockets are let go")


def test_a_link_to_the_service_itself(netlabd, tmp_path):
    daemon = netlabd(LAB)
    sock = bound(tmp_path / "client")
    os.unlink(tmp_path / "client")
    os.symlink(tmp_path / "gram", tmp_path / "client")
    sock.sendto(b"round and round", str(tmp_path / "gram"))
    figures = refused(daemon)
    assert figures["refused-source"] == 1
    assert figures["answers"] == 1  # to the turn


def test_a_relative_path(netlabd, tmp_path, monkeypatch):
    daemon = netlabd(LAB)
    monkeypatch.chdir(tmp_path)
    sock = bound("client")
    sock.sendto(b"where am I?", "gram")
    assert refused(daemon)["refused-source"] == 1
    assert is_silent(sock)


@pytest.mark.parametrize("link", (os.symlink, os.rename))
def test_somebody_elses_socket(netlabd, tmp_path, as_root, link):
    """With the credentials of netlabd, it would be obeyed."""
    with tempfile.TemporaryDirectory() as directory:
        judge_link(netlabd, pathlib.Path(directory), link)


def judge_link(netlabd, directory, link):
    directory.chmod(0o777)
    daemon = netlabd(f'echo lab {{ listen = {{ "unixgram:{directory}/gram", '
                     '"localhost:0/udp" } }')
    (directory / "gram").chmod(0o777)
    trusting = bound(directory / "trusting")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            sock = bound(directory / "client")
            os.unlink(directory / "client")
            link(directory / "trusting", directory / "client")
            sock.sendto(b"restart!", str(directory / "gram"))
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert refused(daemon)["refused-source"] == 1
    assert is_silent(trusting)


def test_a_refusal_is_logged(netlabd):
    daemon = netlabd(LAB)
    port = daemon.port("lab", "udp4")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.2", port))
        sock.sendto(b"loop", ("127.0.0.1", port))
    daemon.wait_for_log("warning: echo 'lab': refused "
                        f"127.0.0.2:{port}: own-port$")
