# SPDX-License-Identifier: ISC
"""Under systemd, played by manager.py: what it is told, the sockets that it
hands over, and those that it keeps over a restart and a crash."""

import os
import random
import re
import socket
import threading
import time
from signal import SIGHUP, SIGKILL, SIGTERM

import pytest

from daemon import DATAGRAMS, KINDS, STREAMS, has_ipv6
from manager import Manager
from test_reload import outcome
from test_reload_load import ask_datagrams
from wire import Background, exchange, own_loopback

STREAM, DGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM


@pytest.fixture(name="manager")
def fixture_manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


def free_ports(count):
    """Of the own loopback, below those that the system gives to clients."""
    ports = []
    for port in random.sample(range(20000, 27000), 100):
        try:
            for kind in STREAM, DGRAM:
                with socket.socket(socket.AF_INET, kind) as sock:
                    sock.bind((own_loopback(), port))
        except OSError:
            continue
        ports.append(port)
    return ports[:count]


def everywhere(port):
    return f'{{ "{own_loopback()}:{port}", "unix:DIR/s", "unixgram:DIR/g" }}'


TRANSPORTS = ("udp4", "tcp4", "unix", "unixgram")


# --- What it is told


@pytest.mark.parametrize("kind", ("path", "abstract"))
def test_ready_status_and_stopping(netlabd, tmp_path, kind):
    manager = Manager(tmp_path / "notify" if kind == "path" else
                      f"@netlab-test-{os.getpid()}")
    daemon = netlabd('echo lab { listen = "127.0.0.1:0" }',
                     env={**os.environ, "NOTIFY_SOCKET": manager.address})
    manager.wait_for_message("STATUS", "1 service, 2 listeners, 0 connections")
    assert [m for m in manager.messages
            if not {"FDSTORE", "FDSTOREREMOVE", "BARRIER"} & set(m)] == [
        {"READY": "1"}, {"STATUS": "1 service, 2 listeners, 0 connections"}]
    assert daemon.stop().status == 0
    manager.wait_for_message("STOPPING", "1")
    manager.close()


def test_nobody_listens(netlabd, tmp_path):
    """What it is told is lost, and nothing else."""
    for address in (tmp_path / "nobody", "relative", "@", "", "x" * 200):
        daemon = netlabd('echo lab { listen = "localhost:0" }',
                         env={**os.environ, "NOTIFY_SOCKET": str(address)})
        assert daemon.reload() == outcome(kept=1)
        assert daemon.stop().status == 0


def test_reloading_and_what_became_of_it(netlabd, manager):
    daemon = netlabd('echo lab { listen = "127.0.0.1:0" }',
                     **manager.started_with())
    sock = daemon.connect("lab", "tcp4")
    assert exchange(sock, b"hello") == b"hello"
    manager.wait_for_message("STATUS")
    for text, counts, became in (
            (None, "1 service, 2 listeners, 1 connection", "reloaded"),
            ("echo", "1 service, 2 listeners, 1 connection",
             "reload refused"),
            ("""echo lab { listen = "127.0.0.1:0" }
                time clock { listen = "127.0.0.1:0/udp" }""",
             "2 services, 3 listeners, 1 connection", "reloaded")):
        del manager.messages[:]
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.reload(text)
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        manager.wait_for_message("STATUS", re.escape(counts + "; " + became) +
                                 r" \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}")
        told = [m for m in manager.messages
                if not {"FDSTORE", "FDSTOREREMOVE"} & set(m)]
        assert [next(iter(m)) for m in told] == ["RELOADING", "READY",
                                                 "STATUS"]
        assert told[0]["RELOADING"] == told[1]["READY"] == "1"
        assert before <= int(told[0]["MONOTONIC_USEC"]) <= after


def test_the_watchdog_is_fed_from_the_loop(netlabd, manager):
    """Twice in its time, and never while the loop does not turn."""
    daemon = netlabd('echo lab { listen = "127.0.0.1:0" }',
                     **manager.started_with(WATCHDOG_USEC="200000"))
    began = time.monotonic()
    manager.wait_for_message("WATCHDOG", "1", 5)
    assert 0.35 < time.monotonic() - began < 5
    daemon.freeze()
    manager.messages.append({"HERE": "it was frozen"})
    time.sleep(0.5)  # five of its meals
    place = manager.messages.index({"HERE": "it was frozen"})
    assert not [m for m in manager.messages[place:] if "WATCHDOG" in m]
    daemon.thaw()
    manager.wait_for(lambda m: {"WATCHDOG": "1"} in m.messages[place:],
                     "fed again")


@pytest.mark.parametrize("environment", (
    {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"},
    {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "-1"}, {"WATCHDOG_USEC": "no"},
    {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "18446744073709551616"},
    {"WATCHDOG_USEC": "18446744073709551615"}))
def test_no_watchdog_for_us(netlabd, manager, environment):
    daemon = netlabd('echo lab { listen = "127.0.0.1:0" }',
                     **manager.started_with(**environment))
    sock = daemon.connect("lab", "udp4")
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        assert exchange(sock, b"hello") == b"hello"
    assert daemon.cpu_s() < 5
    assert not [m for m in manager.messages if "WATCHDOG" in m]


# --- The descriptor store


def test_the_store_holds_what_is_configured(netlabd, manager):
    one, two, three = free_ports(3)
    host = own_loopback()
    config = f"""echo one {{ listen = {everywhere(one)} }}
        echo two {{ listen = "{host}:%d" }}"""

    def names(port):
        return sorted([f"stored-{kind}-{host}-{number}" for number in
                       (one, port) for kind in ("udp", "tcp")] +
                      [f"stored-unix-{manager.address[:-6]}s",
                       f"stored-unixgram-{manager.address[:-6]}g"])

    daemon = netlabd(config % two, **manager.started_with())
    manager.wait_for_message("STATUS")
    assert manager.names() == names(two)
    daemon.reload(config % three)
    manager.wait_for_message("STATUS", ".*reloaded.*")
    assert manager.names() == names(three)
    daemon.reload("echo {")
    manager.wait_for_message("STATUS", ".*refused.*")
    assert manager.names() == names(three)
    daemon.stop()
    manager.wait_for_message("STOPPING")
    assert manager.names() == names(three)


def test_a_store_that_is_closed(netlabd, manager):
    """It is asked once; then no socket is sent, and each is ours alone."""
    manager.stores = False
    daemon = netlabd('echo lab { listen = "127.0.0.1:0" reuse-port = yes }',
                     **manager.started_with())
    manager.wait_for_message("STATUS")
    daemon.reload('echo lab { listen = "localhost:0" reuse-port = yes }')
    assert daemon.stop().status == 0
    manager.wait_for_message("STOPPING", "1")
    assert [m["FDNAME"] for m in manager.messages if "FDNAME" in m] == ["probe"]


@pytest.mark.parametrize("end", (SIGTERM, SIGKILL))
def test_sockets_outlive_the_process(spawn, netlabd, manager, tmp_path, end):
    port, = free_ports(1)
    config = f"echo lab {{ listen = {everywhere(port)} }}"
    first = spawn(config, **manager.started_with()).wait_ready()
    manager.wait_for_message("STATUS")
    socks = {name: first.connect("lab", name) for name in DATAGRAMS
             if name in TRANSPORTS}
    inodes = [os.stat(tmp_path / name).st_ino for name in "sg"]
    assert first.stop(end).status == (0 if end == SIGTERM else -SIGKILL)
    assert [os.stat(tmp_path / name).st_ino for name in "sg"] == inodes
    for name in STREAMS:
        if name in TRANSPORTS:
            socks[name] = first.connect("lab", name)
    for sock in socks.values():
        sock.send(b"hello")
    second = netlabd(config, **manager.started_with())
    assert len(second.listeners()) == 4
    for name, sock in socks.items():
        assert sock.recv(100) == b"hello", name
    manager.wait_for_message("STATUS", count=2)
    assert len(manager.store) == 4
    assert second.stop().status == 0


def test_restarts_under_load(spawn, manager):
    """No datagram is unanswered, and no client turned away."""
    port, = free_ports(1)
    config = f"echo lab {{ listen = {everywhere(port)} }}"
    daemon = spawn(config, **manager.started_with()).wait_ready()
    manager.wait_for_message("STATUS")
    stop = threading.Event()
    load = Background(ask_datagrams, daemon.connect("lab", "udp4"), stop)
    try:
        for _ in range(8):
            daemon.signal(SIGTERM)
            clients = [daemon.connect("lab", name) for name in ("tcp4", "unix")]
            for sock in clients:
                sock.send(b"hello")
            assert daemon.wait().status == 0
            daemon = spawn(config, **manager.started_with()).wait_ready()
            assert [sock.recv(10) for sock in clients] == [b"hello"] * 2
            assert not load.is_done()
    finally:
        stop.set()
    assert load.join() > 100
    assert daemon.stop().status == 0


def test_crashes_under_load(spawn, manager):
    """What the process has not read when it dies is served by the next."""
    port, = free_ports(1)
    config = f"echo lab {{ listen = {everywhere(port)} }}"
    daemon = spawn(config, **manager.started_with()).wait_ready()
    manager.wait_for_message("STATUS")
    socks = [daemon.connect("lab", "udp4") for _ in range(10)]
    for turn in range(8):
        data = b"turn %d" % turn
        assert [exchange(sock, data) for sock in socks] == [data] * 10
        daemon.freeze()  # it has nothing in its hands
        for sock in socks:
            for number in range(10):
                sock.send(b"frozen %d" % number)
        assert daemon.stop(SIGKILL).status == -SIGKILL
        waiting = daemon.connect("lab", "tcp4")
        waiting.send(b"hello")
        for sock in socks:
            sock.send(b"dead")
        daemon = spawn(config, **manager.started_with()).wait_ready()
        for sock in socks:
            assert [sock.recv(10) for _ in range(11)] == [
                b"frozen %d" % number for number in range(10)] + [b"dead"]
        assert waiting.recv(10) == b"hello"
    assert daemon.stop().status == 0


def test_what_is_no_longer_configured_is_taken_out(spawn, netlabd, manager):
    one, two = free_ports(2)
    host = own_loopback()
    config = f"""echo one {{ listen = "{host}:{one}" }}
        echo two {{ listen = {everywhere(two)} }}"""
    spawn(config, **manager.started_with()).wait_ready().stop()
    manager.wait_for_message("STOPPING")
    assert len(manager.store) == 6
    netlabd(f'echo one {{ listen = "{host}:{one}" }}',
            **manager.started_with())
    manager.wait_for_message("STATUS", count=2)
    assert manager.names() == [f"stored-{kind}-{host}-{one}"
                               for kind in ("tcp", "udp")]
    for kind in STREAM, DGRAM:
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.bind((host, two))


def test_port_0_gets_another_one(spawn, netlabd, manager):
    config = 'echo lab { listen = "127.0.0.1:0" }'
    spawn(config, **manager.started_with()).wait_ready().stop()
    manager.wait_for_message("STOPPING")
    before = manager.names()
    daemon = netlabd(config, **manager.started_with())
    manager.wait_for_message("STATUS", count=2)
    assert len(manager.store) == 2 and not set(before) & set(manager.names())
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"


# --- Socket units


def socket_units(manager, tmp_path, order):
    """Of a whole service, in this order; what the configuration says."""
    host = own_loopback()
    port, = free_ports(1)
    addresses = [(DGRAM, (host, port)), (STREAM, (host, port)),
                 (STREAM, str(tmp_path / "s")), (DGRAM, str(tmp_path / "g"))]
    for number in order:
        manager.listen(*addresses[number])
    return f"echo lab {{ listen = {everywhere(port)} }}"


@pytest.mark.parametrize("order", ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0)))
def test_units_are_matched_in_any_order(netlabd, manager, tmp_path, order):
    config = socket_units(manager, tmp_path, order)
    handed = sorted(os.fstat(fd).st_ino for _, fd in manager.units)
    daemon = netlabd(config, **manager.started_with())
    for transport in TRANSPORTS:
        assert exchange(daemon.connect("lab", transport), b"hello") == b"hello"
    used = {os.readlink(f"/proc/{daemon.pid}/fd/{fd}")
            for fd in daemon.descriptors()}
    assert {f"socket:[{inode}]" for inode in handed} <= used
    manager.wait_for_message("STATUS", "1 service, 4 listeners.*")
    assert not manager.store
    # Those of units are not the daemon's to remove, whatever it is told to do.
    daemon.reload(config.replace("echo", "echo-upper"))
    for transport in TRANSPORTS:
        assert exchange(daemon.connect("lab", transport), b"hello") == b"HELLO"
    manager.wait_for_message("STATUS", ".*reloaded.*")
    assert not manager.store
    assert daemon.stop().status == 0
    assert (tmp_path / "s").is_socket() and (tmp_path / "g").is_socket()
    for name in "tcp4", "unix":
        daemon.connect("lab", name).close()


def test_a_stop_leaves_nothing_in_the_units_backlog(netlabd, manager, tmp_path):
    """Somebody there would have systemd start it again."""
    config = socket_units(manager, tmp_path, (2,))
    daemon = netlabd(config, **manager.started_with())
    assert exchange(daemon.connect("lab", "unix"), b"hello") == b"hello"
    assert daemon.stop().status == 0
    with socket.socket(fileno=os.dup(manager.units[0][1])) as sock:
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.accept()


@pytest.mark.parametrize("end", ("stop", "reload"))
def test_a_unit_that_shares_its_port_listens_on(netlabd, manager, end):
    """It is systemd that is sent what comes next, and starts us again."""
    address = manager.listen(socket.SOCK_DGRAM, ("127.0.0.1", 0), shared=True)
    unit = socket.socket(fileno=os.dup(manager.units[0][1]))
    other = 'discard other { listen = "127.0.0.1:0/udp" }'
    daemon = netlabd('echo lab { listen = "127.0.0.1:%d/udp" '
                     "reuse-port = yes } %s" % (address[1], other),
                     **manager.started_with())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(address)
        assert exchange(client, b"hello") == b"hello"
        if end == "stop":
            assert daemon.stop().status == 0
        else:
            daemon.reload(other)
        client.send(b"again")
        unit.setblocking(False)  # on loopback it is there by now
        assert unit.recv(10) == b"again"
    unit.close()


def test_who_waits_at_a_unit_is_served(netlabd, manager, tmp_path):
    config = socket_units(manager, tmp_path, range(4))
    clients = []
    for kind in TRANSPORTS:
        sock = socket.socket(*KINDS[kind])
        sock.settimeout(30)
        if kind == "unixgram":
            sock.bind("")
        index = TRANSPORTS.index(kind)
        with socket.socket(fileno=os.dup(manager.units[index][1])) as unit:
            sock.connect(unit.getsockname())
        sock.send(b"hello")
        clients.append(sock)
    netlabd(config, **manager.started_with())
    assert [sock.recv(10) for sock in clients] == [b"hello"] * 4


@pytest.mark.parametrize("kind, transport, address", (
    (STREAM, "tcp", None), (DGRAM, "udp", None), (STREAM, "unix", "x"),
    (DGRAM, "unixgram", "x")))
def test_an_undeclared_unit_is_an_error(spawn, manager, tmp_path, kind,
                                        transport, address):
    config = socket_units(manager, tmp_path, range(4))
    bound = manager.listen(kind, str(tmp_path / address) if address else
                           (own_loopback(), 0))
    text = bound if address else "%s:%d" % bound
    daemon = spawn(config, **manager.started_with())
    assert daemon.wait().status == 1
    line, = daemon.log_contains("error: ")
    assert f"systemd passed a socket on {transport} {text}, on which no " \
        "service listens" in line
    assert not daemon.log_contains("ready: ")
    assert {"READY": "1"} not in manager.messages
    assert [(tmp_path / name).is_socket() for name in "sg"] == [True, True]
    assert not address or (tmp_path / address).is_socket()


def test_units_and_own_sockets_together(spawn, netlabd, manager, tmp_path):
    """Restarted, both are found again, each where it comes from."""
    config = socket_units(manager, tmp_path, (1, 2))
    for run in range(3):
        daemon = (netlabd if run == 2 else spawn)(
            config, **manager.started_with()).wait_ready()
        manager.wait_for_message("STATUS", count=run + 1)
        assert [name.split("-")[1] for name in manager.names()] == [
            "udp", "unixgram"]
        for transport in TRANSPORTS:
            assert exchange(daemon.connect("lab", transport), b"me") == b"me"
        assert daemon.stop().status == 0


def test_what_is_handed_over_to_another_process(netlabd, manager, tmp_path):
    config = socket_units(manager, tmp_path, (2,)).replace("/s", "/other")
    handed = manager.started_with()
    handed["prefix"] = tuple(word.replace("LISTEN_PID=$$", "LISTEN_PID=1")
                             for word in handed["prefix"])
    daemon = netlabd(config, **handed)
    assert len(daemon.listeners()) == 4


@pytest.mark.parametrize("count", ("-1", "x", "", "0", "99999999999999999999",
                                   "65536", "1x"))
def test_garbage_is_not_handed_over(netlabd, manager, count):
    handed = manager.started_with(LISTEN_FDS=count, LISTEN_FDNAMES=":::::")
    daemon = netlabd('echo lab { listen = "127.0.0.1:0" }', **handed)
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"


def test_what_is_no_socket_is_named(spawn, manager):
    handed = manager.started_with(LISTEN_FDS="1")
    daemon = spawn('echo lab { listen = "127.0.0.1:0" }', **handed)
    assert daemon.wait().status == 1
    assert daemon.log_contains("error: .*descriptor 3")
    assert not daemon.log_contains("out of memory")


def test_ipv6_of_a_unit(netlabd, manager):
    if not has_ipv6():
        pytest.skip("no IPv6 here")
    port = manager.listen(STREAM, ("::1", 0))[1]
    daemon = netlabd(f'echo lab {{ listen = "[::1]:{port}/tcp" }}',
                     **manager.started_with())
    assert exchange(daemon.connect("lab", "tcp6"), b"hello") == b"hello"
    daemon.signal(SIGHUP)
    daemon.wait_for_log("reloaded: 1 kept")
