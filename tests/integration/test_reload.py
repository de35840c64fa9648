# SPDX-License-Identifier: ISC
"""Reload: what is equal stays, what changed goes on for those who are there."""

import os
import re
import socket
import time

import pytest

from daemon import DATAGRAMS, KINDS, STREAMS, wait_until
from test_limits import is_turned_away
from wire import (Background, exchange, is_silent, own_loopback, read_exactly,
                  read_to_end, send_until_stuck)

REFUSED = "reload refused, keeping the configuration as it was"

streams = pytest.mark.parametrize("transport", STREAMS)
transports = pytest.mark.parametrize("transport", DATAGRAMS + STREAMS)


def outcome(kept=0, changed=0, started=0, stopped=0):
    return (f"reloaded: {kept} kept, {changed} changed, {started} started, "
            f"{stopped} stopped")


def is_free(address, transport):
    """True when nobody listens there."""
    with socket.socket(*KINDS[transport]) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR,
                            transport.startswith("tcp"))
            sock.bind(address)
            if isinstance(address, str):
                os.unlink(address)
            return True
        except OSError:
            return False


# --- What is equal


@transports
def test_an_equal_service_is_left_alone(netlabd, transport):
    config = "echo lab { listen = EVERYWHERE idle-timeout = 60s }"
    daemon = netlabd(config)
    sock = daemon.connect("lab", transport)
    assert exchange(sock, b"before") == b"before"
    before = daemon.descriptors()
    for text in (config, "/* the same */\n" + config.replace("60s", '"1m"'),
                 config.replace("echo lab", "max-connections=900 echo lab")):
        assert daemon.reload(text) == outcome(kept=1)
    assert daemon.descriptors() == before
    assert exchange(sock, b"after") == b"after"
    assert exchange(daemon.connect("lab", transport), b"new") == b"new"
    figures = daemon.stop().figures["lab"]
    if transport in STREAMS:
        assert figures["connections"] == 2 and figures["read-bytes"] == 14
    else:
        assert figures["datagrams"] == figures["answers"] == 3


def test_the_order_of_the_sections_is_no_difference(netlabd):
    sections = [f'echo s{i} {{ listen = "localhost:0" }}' for i in range(5)]
    daemon = netlabd("\n".join(sections))
    socks = [daemon.connect(f"s{i}", "tcp4") for i in range(5)]
    assert daemon.reload("\n".join(sections[::-1])) == outcome(kept=5)
    del sections[2]
    assert daemon.reload("\n".join(sections)) == outcome(kept=4, stopped=1)
    for sock in socks:
        assert exchange(sock, b"still") == b"still"
    names = list(daemon.stop().figures)
    assert names == ["s2", "s0", "s1", "s3", "s4"]


def test_the_daemons_own_limit_counts_at_once(netlabd):
    daemon = netlabd('echo lab { listen = "localhost:0" }')
    socks = [daemon.connect("lab", "tcp4") for _ in range(3)]
    assert [exchange(sock, b"in") for sock in socks] == [b"in"] * 3
    assert daemon.reload("""max-connections = 3
        echo lab { listen = "localhost:0" }""") == outcome(kept=1)
    assert is_turned_away(daemon, "lab", "tcp4")
    assert [exchange(sock, b"in") for sock in socks] == [b"in"] * 3
    assert daemon.stop().figures["lab"]["refused-max-connections"] == 1


# --- What changed

UPPER = "echo-upper lab { listen = EVERYWHERE end-on-empty-line = %s }"


@streams
def test_open_connections_keep_their_settings(netlabd, transport):
    daemon = netlabd(UPPER % "yes")
    old = daemon.connect("lab", transport)
    assert exchange(old, b"old") == b"OLD"
    addresses = daemon.addresses("lab")
    assert daemon.reload(UPPER % "no") == outcome(changed=1)
    assert daemon.addresses("lab") == addresses
    new = daemon.connect("lab", transport)
    assert exchange(new, b"new\n\nmore\n") == b"NEW\n\nMORE\n"
    assert exchange(old, b"still\n") == b"STILL\n"
    old.sendall(b"\nmore\n")
    assert read_to_end(old) == b""
    assert exchange(new, b"still") == b"STILL"
    figures = daemon.stop().figures["lab"]
    assert figures["connections"] == 2 and figures["read-bytes"] == 30


@transports
def test_another_type_at_the_same_address(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    old = daemon.connect("lab", transport)
    assert exchange(old, b"hello") == b"hello"
    assert daemon.reload("echo-upper lab { listen = EVERYWHERE }") == \
        outcome(changed=1)
    expected = b"hello" if transport in STREAMS else b"HELLO"
    assert exchange(old, b"hello") == expected
    assert exchange(daemon.connect("lab", transport), b"hello") == b"HELLO"


@transports
def test_another_name_at_the_same_address(netlabd, transport):
    listen = f"""{{ "localhost:0", "{own_loopback()}:23450", "unix:DIR/stream",
        "unixgram:DIR/gram" }}"""
    daemon = netlabd(f"echo one {{ listen = {listen} }}")
    sock = daemon.connect("one", transport)
    assert exchange(sock, b"hello") == b"hello"
    assert daemon.reload(f"echo two {{ listen = {listen} }}") == \
        outcome(started=1, stopped=1)
    if transport != "udp6":
        assert exchange(sock, b"hello") == b"hello"
    assert exchange(daemon.connect("two", transport), b"hello") == b"hello"


def test_two_services_change_places(netlabd):
    host = own_loopback()
    config = f"""echo one {{ listen = "{host}:%d" }}
        echo-upper two {{ listen = "{host}:%d" }}"""
    daemon = netlabd(config % (23451, 23452))
    socks = [socket.create_connection((host, port)) for port in (23451, 23452)]
    grams = [daemon.connect(name, "udp4") for name in ("one", "two")]
    assert [exchange(s, b"a") for s in socks + grams] == [b"a", b"A"] * 2
    assert daemon.reload(config % (23452, 23451)) == outcome(changed=2)
    assert [exchange(s, b"a") for s in socks] == [b"a", b"A"]
    assert [exchange(s, b"a") for s in grams] == [b"A", b"a"]
    assert exchange(daemon.connect("one", "tcp4"), b"a") == b"a"
    assert exchange(daemon.connect("two", "tcp4"), b"a") == b"A"


@pytest.mark.parametrize("fewer", (False, True))
def test_port_0_keeps_its_ports(netlabd, fewer):
    """Of each service, also where others change, come and go beside it."""
    config = "".join(f"""
        echo s{i} {{ listen = "localhost:0" idle-timeout = %ds }}"""
                     for i in range(4))
    daemon = netlabd(config % (9, 9, 9, 9))
    before = [daemon.addresses(f"s{i}") for i in range(4)]
    text = config % (8, 9, 8, 8)
    if fewer:
        text = re.sub("echo s0.*", "", text)
        before[0] = None
    text = """echo more { listen = "localhost:0" }""" + text
    del daemon.lines[:]
    assert daemon.reload(text) == outcome(
        kept=1, changed=2 if fewer else 3, started=1, stopped=int(fewer))
    for i in range(4):
        if i != 1 and before[i]:
            assert daemon.addresses(f"s{i}") == before[i], f"s{i}"
    for transport, address in (before[0] or {}).items():
        assert daemon.addresses("more")[transport] != address


def test_what_waits_is_handed_over(netlabd):
    """Datagrams in the queue, connections in the backlog."""
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    socks = [daemon.connect("lab", name) for name in DATAGRAMS]
    daemon.freeze()
    daemon.configure("echo-upper lab { listen = EVERYWHERE }")
    socks += [daemon.connect("lab", name) for name in STREAMS]
    for sock in socks:
        sock.send(b"hello")
    reload = Background(daemon.reload)
    daemon.thaw()
    assert reload.join() == outcome(changed=1)
    assert [sock.recv(10).lower() for sock in socks] == [b"hello"] * len(socks)


# --- Grace


@pytest.mark.parametrize("change", ("changed", "removed"))
def test_grace_ends_open_connections(netlabd, change):
    """An idle one when it is over, a busy one when it has what it is owed."""
    daemon = netlabd("reload-grace = 400ms echo lab { listen = EVERYWHERE }")
    probe = daemon.connect("lab", "udp4")
    idle = daemon.connect("lab", "tcp4")
    assert exchange(idle, b"hello") == b"hello"
    busy = daemon.connect("lab", "unix")
    data = bytes(range(256)) * (1 << 18)
    sent = send_until_stuck(busy, data, probe)
    assert sent < len(data)
    began = time.monotonic()
    name = "lab" if change == "changed" else "other"
    daemon.reload(f"""reload-grace = 400ms
        echo-upper {name} {{ listen = "localhost:0" }}""")
    assert exchange(idle, b"in the grace") == b"in the grace"
    assert read_to_end(idle) == b""
    assert 0.3 < time.monotonic() - began
    answer = read_to_end(busy)
    assert len(answer) == sent
    assert answer == data[:sent]
    assert exchange(daemon.connect(name, "tcp4"), b"new") == b"NEW"


def test_grace_of_0_ends_them_at_once(netlabd):
    daemon = netlabd("reload-grace = 0 echo lab { listen = EVERYWHERE }")
    socks = [daemon.connect("lab", name) for name in STREAMS]
    for sock in socks:
        assert exchange(sock, b"hello") == b"hello"
    daemon.reload("reload-grace = 0 echo-upper lab { listen = EVERYWHERE }")
    assert [read_to_end(sock) for sock in socks] == [b""] * len(socks)


def test_who_never_reads_gets_5_s_more(netlabd):
    daemon = netlabd("reload-grace = 0 echo lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", "unix")
    assert exchange(sock, b"hello") == b"hello"
    before = len(daemon.descriptors())
    data = bytes(1 << 24)
    assert send_until_stuck(sock, data, daemon.connect("lab", "udp4")) > 0
    began = time.monotonic()
    daemon.reload("reload-grace = 0 echo-upper lab { listen = EVERYWHERE }")
    wait_until(lambda: len(daemon.descriptors()) < before, "its connection ends")
    assert 4 < time.monotonic() - began < 15


def test_connections_under_old_settings_are_served_at_a_stop(netlabd):
    daemon = netlabd("chargen lab { listen = EVERYWHERE }", "-v")
    sock = daemon.connect("lab", "tcp4")
    read_exactly(sock, 100000)
    daemon.reload("echo lab { listen = EVERYWHERE }")
    read_exactly(sock, 1 << 20)
    rest = Background(read_to_end, sock)
    began = time.monotonic()
    assert daemon.stop().status == 0
    assert time.monotonic() - began < 4, "it need not be cut off"
    rest.join()
    assert daemon.log_contains("chargen 'lab': connection 1 closed: stop")


# --- What comes and goes


def test_a_removed_service(netlabd):
    stay = 'echo stay { listen = "localhost:0" }'
    daemon = netlabd(stay + "echo lab { listen = EVERYWHERE }")
    socks = [daemon.connect("lab", name) for name in STREAMS]
    assert [exchange(sock, b"in") for sock in socks] == [b"in"] * 3
    addresses = daemon.addresses("lab")
    assert daemon.reload(stay) == outcome(kept=1, stopped=1)
    for transport, address in addresses.items():
        assert is_free(address, transport), transport
    assert [exchange(sock, b"go on") for sock in socks] == [b"go on"] * 3


def test_what_waits_for_a_removed_service_is_served(netlabd):
    """Its clients were told that they are connected."""
    stay = 'echo stay { listen = "localhost:0" }'
    daemon = netlabd(stay + "echo-upper lab { listen = EVERYWHERE }")
    socks = [daemon.connect("lab", name) for name in DATAGRAMS]
    daemon.freeze()
    daemon.configure(stay)
    # More than are accepted in one turn of the loop.
    socks += [daemon.connect("lab", name) for name in STREAMS * 100]
    for sock in socks:
        sock.send(b"hello")
    reload = Background(daemon.reload)
    daemon.thaw()
    assert reload.join() == outcome(kept=1, stopped=1)
    assert [sock.recv(10) for sock in socks] == [b"HELLO"] * len(socks)


def test_a_started_service(netlabd):
    stay = 'echo stay { listen = { "localhost:0", "unix:DIR/stay" } }'
    daemon = netlabd(stay)
    assert daemon.reload(stay + "echo-upper lab { listen = EVERYWHERE }") == \
        outcome(kept=1, started=1)
    for transport in DATAGRAMS + STREAMS:
        assert exchange(daemon.connect("lab", transport), b"new") == b"NEW"


def test_unix_paths_change_hands(netlabd, tmp_path):
    """The new owner's path stays, and its figures know of no visitors."""
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    for i in range(4):
        daemon.reload(f"""echo{"" if i % 2 else "-upper"} lab {{
            listen = EVERYWHERE }}""")
        assert (tmp_path / "stream").is_socket()
        assert (tmp_path / "gram").is_socket()
        for transport in "unix", "unixgram":
            assert exchange(daemon.connect("lab", transport), b"?") == b"?"
    figures = daemon.stop().figures["lab"]
    assert figures["connections"] == 4
    assert not (tmp_path / "stream").exists()
    assert not (tmp_path / "gram").exists()


def test_included_files_are_found_anew(netlabd, tmp_path):
    config = """include = "parts/*.conf" echo stay { listen = "localhost:0" }"""
    parts = tmp_path / "parts"
    daemon = netlabd(config)
    parts.mkdir()
    part = 'echo-upper %s { listen = "localhost:0" }'
    (parts / "1.conf").write_text(part % "one")
    assert daemon.reload() == outcome(kept=1, started=1)
    (parts / "2.conf").write_text(part % "two")
    assert daemon.reload() == outcome(kept=2, started=1)
    assert exchange(daemon.connect("two", "tcp4"), b"two") == b"TWO"
    (parts / "2.conf").write_text(part % "one")
    assert daemon.reload() == REFUSED
    assert daemon.log_contains("error: .*2.conf:1: .* name is taken at .*1.conf")
    (parts / "1.conf").unlink()
    assert daemon.reload() == outcome(kept=2, stopped=1)


def test_the_loop_guard_knows_the_ports_of_now(netlabd):
    """A service that is gone protects its port no longer."""
    stay = 'echo lab { listen = "localhost:0/udp" }'
    daemon = netlabd(stay + 'echo gone { listen = "localhost:0/udp" }')
    port = daemon.port("gone", "udp4")
    for _ in range(3):
        assert daemon.reload(
            stay + 'echo-upper gone { listen = "localhost:0/udp" }'
        ) == outcome(kept=1, changed=1)
        assert daemon.reload(
            stay + 'echo gone { listen = "localhost:0/udp" }'
        ) == outcome(kept=1, changed=1)
    source = own_loopback()
    sock = socket.socket(*KINDS["udp4"])
    sock.bind((source, port))
    sock.connect(daemon.addresses("lab")["udp4"])
    sock.send(b"no answer")
    assert exchange(daemon.connect("lab", "udp4"), b"in turn") == b"in turn"
    assert is_silent(sock)
    assert daemon.reload(stay) == outcome(kept=1, stopped=1)
    assert exchange(sock, b"an answer") == b"an answer"
    assert daemon.stop().figures["lab"]["refused-own-port"] == 1
