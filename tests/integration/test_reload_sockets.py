# SPDX-License-Identifier: ISC
"""What a reload does to sockets: their ports, buffers, backlogs, sharing."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from daemon import KINDS
from test_reload import REFUSED, outcome
from wire import Background, exchange

IP = ("udp4", "udp6", "tcp4", "tcp6")


def hosts(transport):
    return ("127.0.0.1", "0.0.0.0") if transport.endswith("4") else \
        ("[::1]", "[::]")


def lab(transport, host, port, kind="echo"):
    return f"""{kind} lab {{ idle-timeout = 60s
        listen = "{host}:{port}/{transport[:3]}" }}"""


def dial(transport, port):
    """Where all of localhost, * and their changes are heard."""
    sock = socket.socket(*KINDS[transport])
    sock.settimeout(10)
    sock.connect(("127.0.0.1" if transport.endswith("4") else "::1", port))
    return sock


@pytest.mark.parametrize("transport", IP)
@pytest.mark.parametrize("widen", (True, False))
def test_from_localhost_to_all_and_back(netlabd, transport, widen):
    """On the same port: what waits is served, connections go on."""
    before, after = hosts(transport)[::1 if widen else -1]
    daemon = netlabd(lab(transport, before, 0))
    port = daemon.port("lab", transport)
    sock = dial(transport, port)
    assert exchange(sock, b"before") == b"before"
    daemon.freeze()
    waits = [dial(transport, port) for _ in range(20)]
    for number, other in enumerate(waits):
        other.send(b"waits %d" % number)
    daemon.configure(lab(transport, after, port, "echo-upper"))
    reload = Background(daemon.reload)
    daemon.thaw()
    assert reload.join() == outcome(changed=1)
    assert [other.recv(100) for other in waits] == [
        b"waits %d" % number for number in range(20)]
    assert exchange(dial(transport, port), b"new") == b"NEW"
    if transport.startswith("tcp"):
        assert exchange(sock, b"old") == b"old"
    # And back, with what is there by now.
    assert daemon.reload(lab(transport, before, port)) == outcome(changed=1)
    assert exchange(dial(transport, port), b"back") == b"back"
    with socket.socket(*KINDS[transport]) as other, pytest.raises(OSError):
        other.bind((before.strip("[]"), port))


def test_the_change_that_the_configuration_advises(netlabd):
    host = "localhost"
    daemon = netlabd(f'echo lab {{ listen = "{host}:0/tcp" }}')
    port = daemon.port("lab", "tcp4")
    del daemon.lines[:]
    assert daemon.reload(f"""echo lab {{ listen = "*:{port}" }}
        reload-grace = 0""") == outcome(changed=1)
    assert {transport: address[0] for transport, address
            in daemon.addresses("lab").items()
            if transport.endswith("4")} == {
                "udp4": "0.0.0.0", "tcp4": "0.0.0.0"}
    assert exchange(dial("udp4", port), b"a") == b"a"
    assert exchange(dial("tcp4", port), b"a") == b"a"


@pytest.mark.parametrize("transport", IP)
@pytest.mark.parametrize("widen", (True, False))
def test_a_failure_leaves_the_port_as_it_was(netlabd, transport, widen):
    before, after = hosts(transport)[::1 if widen else -1]
    daemon = netlabd(lab(transport, before, 0))
    port = daemon.port("lab", transport)
    old = dial(transport, port)
    assert exchange(old, b"old") == b"old"
    descriptors = daemon.descriptors()
    for bad in ('listen = "192.0.2.1:0/udp"',
                'listen = "localhost:0/udp" file = "DIR/no/file"'):
        daemon.freeze()
        waits = dial(transport, port)
        waits.send(b"waits")
        daemon.configure(lab(transport, after, port, "echo-upper") +
                         "creosote bad { %s }" % bad)
        reload = Background(daemon.reload)
        daemon.thaw()
        assert reload.join() == REFUSED
        assert waits.recv(10) == b"waits"
        waits.close()
        assert exchange(old, b"old") == b"old"
        assert exchange(dial(transport, port), b"new") == b"new"
    with socket.socket(*KINDS[transport]) as other, pytest.raises(OSError):
        other.bind((after.strip("[]"), port))
    assert len(daemon.descriptors()) <= len(descriptors) + 4


@pytest.mark.parametrize("transport", ("udp4", "tcp4"))
@pytest.mark.parametrize("host", ("0.0.0.0", "127.0.0.1"))
def test_a_port_that_stays_is_not_shared(netlabd, transport, host):
    """Where another service takes the socket, it is in use, as at a start."""
    daemon = netlabd(lab(transport, "127.0.0.1", 0))
    port = daemon.port("lab", transport)
    config = (lab(transport, host, port).replace("lab", "more"),
              lab(transport, "127.0.0.1", 0, "echo-upper"))
    for number, text in enumerate((config, config[::-1]), 1):
        assert daemon.reload("\n".join(text)) == REFUSED
        assert len(daemon.log_contains("echo 'more': .*in use")) == number
    assert exchange(daemon.connect("lab", transport), b"a") == b"a"


@pytest.mark.parametrize("transport", ("udp4", "tcp4"))
def test_somebody_elses_port_is_in_use(netlabd, transport):
    config = lab(transport, "127.0.0.1", 0)
    with socket.socket(*KINDS[transport]) as other:
        daemon = netlabd(config)
        other.bind(("127.0.0.2", daemon.port("lab", transport)))
        if transport == "tcp4":
            other.listen()
        assert daemon.reload(lab(
            transport, "*", daemon.port("lab", transport))) == REFUSED
    assert exchange(daemon.connect("lab", transport), b"a") == b"a"


# --- Sharing


@pytest.mark.parametrize("transport", ("udp4", "tcp4"))
def test_reuse_port_by_reload(netlabd, spawn, transport):
    daemon = netlabd(lab(transport, "127.0.0.1", 0))
    port = daemon.port("lab", transport)
    shared = lab(transport, "127.0.0.1", port).replace(
        "}", "reuse-port = yes }")
    assert spawn(shared).wait().status == 1
    assert daemon.reload(lab(transport, "127.0.0.1", 0).replace(
        "}", "reuse-port = yes }")) == outcome(changed=1)
    second = netlabd(shared)
    for _ in range(64):
        assert exchange(dial(transport, port), b"a") == b"a"
    figures = [each.stop().figures["lab"] for each in (daemon, second)]
    served = [each["datagrams"] + each["connections"] for each in figures]
    assert sum(served) == 64 and min(served) > 0


def test_sharing_ends_by_reload(netlabd, spawn):
    shared = 'echo lab { listen = "127.0.0.1:%d/udp" reuse-port = yes }'
    daemon = netlabd(shared % 0)
    port = daemon.port("lab", "udp4")
    assert daemon.reload(lab("udp4", "127.0.0.1", 0)) == outcome(changed=1)
    assert spawn(shared % port).wait().status == 1


# --- Buffers and backlogs


def inspect(daemon, transport):
    """The receive buffer, or the backlog, in the kernel."""
    if shutil.which("ss") is None:
        pytest.skip("no program ss")
    port = daemon.port("lab", transport)
    text = subprocess.run(
        ["ss", "-Hnlm", "--" + transport[:3], f"sport = :{port}"],
        check=True, capture_output=True, text=True).stdout
    if transport.startswith("tcp"):
        return int(text.split()[2])
    return int(re.search(r"rb(\d+)", text)[1]) // 2


def sized(size, backlog=10):
    return f"""echo lab {{ listen = "127.0.0.1:0" receive-buffer = {size}
        backlog = {backlog} }}\n"""


def test_a_refused_reload_changes_no_socket(netlabd):
    daemon = netlabd(sized("100K"))
    assert daemon.reload(sized("64K", 20) + """
        echo more { listen = "192.0.2.1:0" }""") == REFUSED
    assert inspect(daemon, "udp4") == 100 << 10
    assert inspect(daemon, "tcp4") == 10


@pytest.mark.parametrize("size, granted", (
    ("64K", 64 << 10), ("150K", 150 << 10), ("0", None)))
def test_a_reload_changes_buffer_and_backlog(netlabd, size, granted):
    daemon = netlabd(sized("100K"))
    assert daemon.reload(sized(size, 20)) == outcome(changed=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        default = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    assert inspect(daemon, "udp4") == (granted or default)
    assert inspect(daemon, "tcp4") == 20


def most():
    with open("/proc/sys/net/core/rmem_max", encoding="ascii") as file:
        return int(file.read())


def test_a_short_receive_buffer_is_told_with_what_mends_it(netlabd):
    """Under systemd as by hand: nothing there is to be run as root."""
    size = most() * 2
    prefix = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin",
              "--ambient-caps=-net_admin") if os.geteuid() == 0 else ()
    daemon = netlabd(sized(size), prefix=prefix)
    warning, = daemon.log_contains("warning: receive-buffer: ")
    assert warning.endswith(
        f"for 1 service (sysctl net.core.rmem_max={size} allows that, and so "
        "does CAP_NET_ADMIN)")


@pytest.mark.usefixtures("as_root")
def test_what_root_was_granted_stays(netlabd):
    """Without its rights: asked as much again, more, less."""
    size = most() * 2
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        config = Path(directory) / "netlabd.conf"
        config.write_text(sized(size), encoding="ascii")
        daemon = netlabd("", "-c", str(config), "--user", "nobody")
        assert inspect(daemon, "udp4") == size
        warning = "receive-buffer: .* asked, .* granted"
        assert not daemon.log_contains(warning)
        warnings = 0
        for step, (asked, granted) in enumerate((
                (size, size), (size * 2, size), (size * 3 // 4, size),
                (8192, 8192))):
            config.write_text(sized(asked, 20 + step), encoding="ascii")
            assert daemon.reload() == outcome(changed=1)
            assert inspect(daemon, "udp4") == granted
            warnings += asked > granted
            assert len(daemon.log_contains(warning)) == warnings


def test_the_order_of_addresses_is_no_difference(netlabd):
    config = 'reload-grace = 0 echo lab { listen = { "%s", "%s", "%s" } }'
    words = ("127.0.0.1:0/tcp", "127.0.0.1:0/udp", "127.0.0.2:0/tcp")
    daemon = netlabd(config % words)
    sock = daemon.connect("lab", "tcp4")
    assert exchange(sock, b"a") == b"a"
    assert daemon.reload(config % words[::-1]) == outcome(kept=1)
    assert exchange(sock, b"a") == b"a"


def test_a_path_for_another_kind_of_socket(netlabd):
    """In two steps, as the manual says; in one it is refused."""
    stream, gram, none = (f'echo lab {{ listen = "{listen}" }}' for listen in (
        "unix:DIR/s", "unixgram:DIR/s", "localhost:0/udp"))
    daemon = netlabd(stream)
    assert daemon.reload(gram) == REFUSED
    assert exchange(daemon.connect("lab", "unix"), b"still") == b"still"
    for config in none, gram:
        assert daemon.reload(config) == outcome(changed=1)
    assert exchange(daemon.connect("lab", "unixgram"), b"now") == b"now"
