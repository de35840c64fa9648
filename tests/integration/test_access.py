# SPDX-License-Identifier: ISC
"""Who may come in, how many and how fast: of several loopback addresses."""

import socket

import pytest

from control import ask
from daemon import DEADLINE_S
from test_guard import forge, forger
from wire import exchange, is_silent, own_loopback, udp_socket

FIRST, SECOND, THIRD = "127.1.0.1", "127.1.0.2", "127.2.0.1"
LAB = 'echo lab { listen = "localhost:0" %s }'


def udp(daemon, host, name="lab"):
    return udp_socket((host, 0), daemon.address(name, "udp4"))


def tcp(daemon, host, name="lab"):
    sock = socket.socket()
    sock.settimeout(DEADLINE_S)
    sock.bind((host, 0))
    sock.connect(daemon.address(name, "tcp4"))
    return sock


def is_served(daemon, host, name="lab"):
    """Over TCP; a reset may come before connect() has returned."""
    try:
        with tcp(daemon, host, name) as sock:
            return exchange(sock, b"may I?") == b"may I?"
    except (ConnectionResetError, BrokenPipeError):
        return False


def is_answered(daemon, host, other, name="lab"):
    """Over UDP; the answer to another one proves that it was seen."""
    sock = udp(daemon, host, name)
    sock.send(b"may I?")
    assert exchange(udp(daemon, other, name), b"and I?") == b"and I?"
    return not is_silent(sock)


def refusals(figures, word="refused-"):
    return {name.removeprefix(word): count
            for name, count in figures.items() if name.startswith(word)}


def test_who_is_allowed_is_served_and_nobody_else(netlabd):
    daemon = netlabd('echo lab { listen = EVERYWHERE allow = "127.1.0.0/24" '
                     f'deny = "{SECOND}" }}')
    assert is_served(daemon, FIRST)
    for host in SECOND, THIRD:
        assert not is_served(daemon, host)
        assert not is_answered(daemon, host, FIRST)
    for transport in "unix", "unixgram":
        assert exchange(daemon.connect("lab", transport), b"x") == b"x"
    figures = daemon.stop().figures["lab"]
    assert refusals(figures) == {"denied": 2, "denied-connection": 2}
    assert figures["connections"] == 2 and figures["answers"] == 3


def test_ipv6(netlabd):
    daemon = netlabd(LAB % 'deny = "::1"')
    daemon.connect("lab", "udp6").send(b"may I?")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        exchange(daemon.connect("lab", "tcp6"), b"may I?")
    assert is_served(daemon, FIRST)
    assert exchange(daemon.connect("lab", "udp4"), b"x") == b"x"
    assert refusals(daemon.stop().figures["lab"]) == {
        "denied": 1, "denied-connection": 1}


def test_who_is_denied_never_reaches_the_service(netlabd, tmp_path):
    """Nor those that answer nobody, which no loop guard concerns."""
    daemon = netlabd(f"""deny = "{SECOND}"
        creosote lab {{ listen = "localhost:0" file = "DIR/log" }}
        discard other {{ listen = "localhost:0" }}""")
    for name in "lab", "other":
        for host in SECOND, FIRST:
            udp(daemon, host, name).send(host.encode())
    figures = daemon.stop().figures
    for name in "lab", "other":
        assert refusals(figures[name]) == {"denied": 1}
    assert figures["lab"]["records"] == 1
    assert SECOND not in (tmp_path / "log").read_text(encoding="ascii")


def test_lists_of_a_service_stand_in_the_place_of_the_global_ones(netlabd):
    daemon = netlabd(f"""deny = "{FIRST}"
        echo lab {{ listen = "localhost:0" }}
        echo own {{ listen = "localhost:0" deny = "{SECOND}" }}""")
    assert [is_served(daemon, host) for host in (FIRST, SECOND)] == [False, True]
    assert [is_served(daemon, host, "own")
            for host in (FIRST, SECOND)] == [True, False]


@pytest.mark.parametrize("text", (
    'deny = "%s"\n' + LAB % "", LAB % 'deny = "%s"',
    'allow = "127.1.0.0/16" deny = "%s"\n' + LAB % ""))
def test_a_reload_takes_new_lists_and_keeps_the_service(netlabd, text):
    daemon = netlabd(LAB % "")
    first, second = tcp(daemon, FIRST), tcp(daemon, SECOND)
    unheard = udp(daemon, SECOND)
    for sock in first, second, unheard:
        assert exchange(sock, b"in") == b"in"
    assert daemon.reload(text % SECOND) == (
        "reloaded: 1 kept, 0 changed, 0 started, 0 stopped")
    assert exchange(first, b"still") == b"still"
    with pytest.raises((ConnectionResetError, BrokenPipeError, AssertionError)):
        exchange(second, b"still?")
    unheard.send(b"still?")
    assert not is_served(daemon, SECOND)
    assert is_served(daemon, FIRST)
    assert exchange(udp(daemon, FIRST), b"in") == b"in"
    assert is_silent(unheard)
    daemon.reload(LAB % "")
    assert exchange(unheard, b"again") == b"again"
    assert is_served(daemon, SECOND)
    figures = daemon.stop().figures["lab"]
    assert figures["closed-denied"] == 1
    assert refusals(figures) == {"denied": 1, "denied-connection": 1}
    assert figures["connections"] == 4


@pytest.mark.parametrize("at_once", (True, False))
def test_who_is_denied_does_not_stay_with_what_a_service_was(netlabd, at_once):
    daemon = netlabd(LAB % "")
    first, second = tcp(daemon, FIRST), tcp(daemon, SECOND)
    for sock in first, second:
        assert exchange(sock, b"in") == b"in"
    if not at_once:
        daemon.reload(LAB % "idle-timeout = 5m")
        assert exchange(second, b"still") == b"still"
    daemon.reload(LAB % f'idle-timeout = 5m deny = "{SECOND}"')
    with pytest.raises((ConnectionResetError, BrokenPipeError, AssertionError)):
        exchange(second, b"still?")
    assert exchange(first, b"still") == b"still"


@pytest.mark.parametrize("at_once", (True, False))
def test_who_is_denied_does_not_stay_with_what_is_gone(netlabd, at_once):
    """By the lists of all services; those of its own go on to be its own."""
    other = 'echo other { listen = "localhost:0" }\n'
    own = f'echo own {{ listen = "localhost:0" allow = "{SECOND}" }}\n'
    daemon = netlabd(LAB % "" + own + other)
    first, second = tcp(daemon, FIRST), tcp(daemon, SECOND)
    kept = tcp(daemon, SECOND, "own")
    for sock in first, second, kept:
        assert exchange(sock, b"in") == b"in"
    if not at_once:
        daemon.reload(other)
        assert exchange(second, b"still") == b"still"
    daemon.reload(f'deny = "{SECOND}"\n' + other)
    with pytest.raises((ConnectionResetError, BrokenPipeError, AssertionError)):
        exchange(second, b"still?")
    for sock in first, kept:
        assert exchange(sock, b"still") == b"still"


def test_log_only_tells_and_serves(netlabd):
    daemon = netlabd("control main { listen = \"unix:DIR/control\" }" + LAB % (
        f'deny = "{SECOND}" log-only = yes datagram-rate-per-source = 1 '
        "connection-rate-per-source = 1 max-connections-per-source = 1 "
        "rate-burst = 10m"))
    kept = tcp(daemon, SECOND)
    assert exchange(kept, b"in") == b"in"
    assert daemon.wait_for_log(f"echo 'lab': would refuse {SECOND}:[0-9]+: "
                               "denied-connection$")
    sock = udp(daemon, SECOND)
    assert exchange(sock, b"in") == b"in"
    first = [tcp(daemon, FIRST) for _ in range(2)]
    assert [exchange(sock, b"in") for sock in first] == [b"in", b"in"]
    assert not refusals(daemon_figures(daemon))
    assert refusals(daemon_figures(daemon), "would-refuse-") == {
        "denied": 1, "denied-connection": 1, "max-connections-per-source": 1}
    # And in earnest.
    text = f'deny = "{SECOND}"'
    daemon.reload("control main { listen = \"unix:DIR/control\" }" + LAB % (
        text + " datagram-rate-per-source = 1 connection-rate-per-source = 1 "
        "max-connections-per-source = 1 rate-burst = 10m"))
    with pytest.raises((ConnectionResetError, BrokenPipeError, AssertionError)):
        exchange(kept, b"still?")
    assert not is_served(daemon, SECOND)


def daemon_figures(daemon):
    return ask(daemon.directory / "control",
               "/services/lab").json()["figures"]


def test_global_log_only(netlabd):
    text = f'log-only = %s deny = "{FIRST}"\n' + LAB % ""
    daemon = netlabd(text % "yes")
    assert daemon.log_contains("log-only: allow, deny and rates refuse nobody "
                               "in 1 service$")
    with tcp(daemon, FIRST) as sock:
        assert exchange(sock, b"in") == b"in"
        daemon.reload(text % "no")
        with pytest.raises((ConnectionResetError, AssertionError)):
            exchange(sock, b"still?")
    assert not is_served(daemon, FIRST)
    figures = daemon.stop().figures["lab"]
    assert figures["would-refuse-denied-connection"] == 1
    assert figures["refused-denied-connection"] == 1


def test_log_only_lets_no_loop_through(netlabd):
    daemon = netlabd(LAB % 'log-only = yes')
    port = daemon.port("lab", "udp4")
    sock = udp_socket((own_loopback(), port), daemon.address("lab", "udp4"))
    sock.send(b"loop")
    assert exchange(udp(daemon, FIRST), b"and I?") == b"and I?"
    assert is_silent(sock)


def test_datagram_rate_per_source(netlabd):
    """So slow that nothing comes back to the bucket meanwhile."""
    daemon = netlabd(LAB % "datagram-rate-per-source = 1 rate-burst = 5s")
    sock = udp(daemon, FIRST)
    for _ in range(50):
        sock.send(b"much")
    assert exchange(udp(daemon, SECOND), b"little") == b"little"
    figures = daemon.stop().figures["lab"]
    assert 5 + 1 <= figures["answers"] <= 5 + 1 + 30
    refused = refusals(figures)
    assert refused == {"datagram-rate-per-source": 51 - figures["answers"]}


def test_rates_of_all(netlabd):
    daemon = netlabd(LAB % "datagram-rate = 1 rate-burst = 10m")
    sock = udp(daemon, FIRST)
    for _ in range(2000):
        sock.send(b"much")
    figures = daemon.stop().figures["lab"]
    assert 600 <= figures["datagrams"] - refusals(figures)["datagram-rate"] < 640


@pytest.mark.parametrize("name", ("connection-rate-per-source",
                                  "connection-rate"))
def test_connection_rates(netlabd, name):
    daemon = netlabd(LAB % f"{name} = 1 rate-burst = 1m")
    served = sum(is_served(daemon, FIRST) for _ in range(100))
    assert 60 <= served < 90
    assert is_served(daemon, SECOND) == (name == "connection-rate-per-source")
    refused = refusals(daemon.stop().figures["lab"])
    assert set(refused) == {name}
    assert refused[name] >= 100 - served


def test_max_connections_per_source(netlabd):
    daemon = netlabd(LAB % "max-connections-per-source = 2", "-v")
    one, two = (tcp(daemon, FIRST) for _ in range(2))
    assert exchange(one, b"in") + exchange(two, b"in") == b"inin"
    assert not is_served(daemon, FIRST)
    assert is_served(daemon, SECOND)
    one.close()
    daemon.wait_for_log("connection 1 closed")
    assert is_served(daemon, FIRST)
    assert exchange(two, b"still") == b"still"
    assert refusals(daemon.stop().figures["lab"]) == {
        "max-connections-per-source": 1}


def test_who_connects_again_and_again_has_but_one(netlabd):
    """Those that are over do not count, however many wait to come in."""
    daemon = netlabd('''discard lab { listen = "localhost:0"
        max-connections-per-source = 4 }''')
    for _ in range(300):
        with tcp(daemon, FIRST) as sock:
            sock.sendall(b"a line\n")
    with tcp(daemon, FIRST) as last:
        last.shutdown(socket.SHUT_WR)
        assert last.recv(1) == b""
    figures = daemon.stop().figures["lab"]
    assert refusals(figures) == {}
    assert figures["connections"] == 301


def test_a_network_as_one_source(netlabd):
    daemon = netlabd(LAB % "max-connections-per-source = 1 source-prefix4 = 24")
    with tcp(daemon, FIRST) as sock:
        assert exchange(sock, b"in") == b"in"
        assert not is_served(daemon, SECOND)
        assert is_served(daemon, THIRD)


def test_a_storm_of_the_denied_leaves_the_listener(netlabd):
    daemon = netlabd(LAB % f'deny = "{FIRST}"')
    served = sum(is_served(daemon, FIRST) for _ in range(500))
    assert served == 0
    assert is_served(daemon, SECOND)
    assert len(daemon.log_contains("denied-connection")) < 20
    assert refusals(daemon.stop().figures["lab"]) == {"denied-connection": 500}


def test_a_flood_of_forged_sources(netlabd, namespaces):
    """More than are remembered: the memory stays, and who sends as he may is
    served."""
    server, client = namespaces
    target = "10.77.0.1", 7007
    daemon = netlabd('discard lab { listen = "*:7007/udp" '
                     'datagram-rate-per-source = 100 }'
                     'echo other { listen = "*:7008/udp" '
                     'datagram-rate-per-source = 100 }', prefix=server.prefix)
    with client.entered():
        raw, sock = forger(), udp_socket(target=(target[0], 7008))

    def flood(numbers):
        for number in numbers:
            host = f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            for port in 7007, 7008:
                raw.sendto(forge((host, 40000), (target[0], port), b"flood"),
                           target)
            if number % 1000 == 0:
                assert exchange(sock, b"guest") == b"guest"

    flood(range(40000))
    before = daemon.resident_bytes()
    flood(range(100000, 140000))
    assert daemon.resident_bytes() <= before + (1 << 20)
    figures = daemon.stop().figures
    assert figures["other"]["datagrams"] + figures["other"]["lost"] == 80080
    assert not refusals(figures["other"]) and not refusals(figures["lab"])


def test_ten_thousand_networks(netlabd):
    networks = ", ".join(f'"10.{i // 250}.{i % 250}.0/24"' for i in range(10000))
    daemon = netlabd(f'deny = {{ {networks}, "{FIRST}" }}\n' + LAB % "")
    assert not is_served(daemon, FIRST)
    assert is_served(daemon, SECOND)
