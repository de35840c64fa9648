# SPDX-License-Identifier: ISC
"""What a socket carries over a restart: drops that nobody told, its name in
the store, its path."""

import fcntl
import os
import re
import resource
import socket
import time
from signal import SIGKILL

import pytest

from daemon import wait_until
from manager import FIRST_KEPT, Manager
from test_reload import outcome
from wire import exchange, udp_row

BARRIER_S = 1  # so long systemd is waited for


@pytest.fixture(name="manager")
def fixture_manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


def dropped(port):
    """What the kernel counts of the socket."""
    return int(udp_row(port)[-1])


def flood(port, more):
    """Until so many more were dropped; how many were sent."""
    before, count = dropped(port), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        while dropped(port) < before + more:
            sock.sendto(b"x" * 500, ("127.0.0.1", port))
            count += 1
    return count


def put_into_store(manager):
    """A socket with a small queue, as an earlier netlabd left it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        manager.store.append((f"stored-udp-127.0.0.1-{port}", fcntl.fcntl(
            sock.fileno(), fcntl.F_DUPFD_CLOEXEC, FIRST_KEPT)))
    return port


@pytest.mark.parametrize("number", (SIGKILL, None))
def test_drops_while_nobody_served(spawn, tmp_path, manager, number):
    """Told by the next one, once, whether the last one stopped or died."""
    port = put_into_store(manager)
    config = f"""creosote bucket {{ listen = "127.0.0.1:{port}/udp"
        file = "DIR/bucket" format = raw receive-buffer = 4K }}"""
    bucket, sent = tmp_path / "bucket", 0

    def told():
        text = bucket.read_text(encoding="ascii") if bucket.exists() else ""
        losses = map(int, re.findall(r"(\d+) datagrams lost here", text))
        return text.count("xxx\n") + sum(losses)

    for _ in range(3):
        sent += flood(port, 20)
        daemon = spawn(config, **manager.started_with()).wait_ready()
        wait_until(lambda count=sent: told() >= count, "all is told")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"last", ("127.0.0.1", port))
        wait_until(lambda: bucket.read_text(
            encoding="ascii").endswith("last\n"), "the last one is there")
        assert told() == sent
        if number == SIGKILL:
            daemon.kill()
        else:
            assert daemon.stop().status == 0
    assert told() == sent


def no_file():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


@pytest.mark.parametrize("end", ("killed", "stopped", "freed", "reloaded"))
def test_drops_told_to_a_full_disk(spawn, tmp_path, manager, end):
    """The words wait in memory: what becomes of them, the file tells of all
    that was dropped, once."""
    port = put_into_store(manager)
    config = f"""creosote bucket {{ listen = "127.0.0.1:{port}/udp"
        file = "DIR/bucket" format = raw receive-buffer = 4K }}
        echo other {{ listen = "localhost:0/udp" }}"""
    flood(port, 20)
    daemon = spawn(config, preexec_fn=no_file,
                   **manager.started_with()).wait_ready()
    other = daemon.connect("other", "udp4")
    daemon.wait_for_log("cannot write to ")
    assert exchange(other, b"its turn is over")
    if end == "reloaded":
        assert daemon.reload(config.replace("4K", "5K")) == outcome(
            kept=1, changed=1)
        daemon.wait_for_log("cannot write to ", 2)
    if end == "freed":
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        daemon.wait_for_log("writing again after ")
        assert exchange(other, b"its turn is over")
    if end == "stopped":
        assert daemon.stop().status == 0
        assert daemon.log_contains(" datagrams were lost on ")
    else:
        daemon.kill()
    daemon = spawn(config, **manager.started_with()).wait_ready()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"last", ("127.0.0.1", port))
    bucket = tmp_path / "bucket"
    wait_until(lambda: bucket.read_text(encoding="ascii").endswith("last\n"),
               "the last one is there")
    assert sum(map(int, re.findall(
        r"(\d+) datagrams lost here", bucket.read_text()))) == dropped(port)
    assert daemon.stop().status == 0


def test_other_types_of_sockets_are_refused(spawn, tmp_path, manager):
    manager.listen(socket.SOCK_SEQPACKET, str(tmp_path / "s"))
    daemon = spawn('echo lab { listen = "unixgram:DIR/s" }',
                   **manager.started_with())
    assert daemon.wait().status == 1
    assert daemon.log_contains("error: cannot take over systemd's descriptor 3 "
                               ".*lab.socket.*: Protocol wrong type .*netlabd "
                               "serves stream and datagram sockets")


def test_paths_have_names_of_their_own(netlabd, manager):
    names = ("a:b", "a-b", "a%3Ab")
    config = [f'echo s{number} {{ listen = "unix:DIR/{name}" }}\n'
              for number, name in enumerate(names)]
    daemon = netlabd("".join(config), **manager.started_with())
    manager.wait_for_message("STATUS")
    assert len(set(manager.names())) == 3
    assert daemon.reload("".join(config[1:])) == outcome(kept=2, stopped=1)
    manager.wait_for(lambda manager: len(manager.store) == 2, "one is out")
    assert {name.rsplit("/", 1)[1] for name in manager.names()} == {
        "a-b", "a%253Ab"}


@pytest.mark.parametrize("asked, granted", (
    ("0", 20000), ("10000", 10000), ("30000", 30000)))
def test_the_buffer_of_a_unit(netlabd, manager, asked, granted):
    address = manager.listen(socket.SOCK_DGRAM, ("127.0.0.1", 0))
    with socket.socket(fileno=os.dup(manager.units[0][1])) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20000)
        netlabd(f"""echo lab {{ listen = "127.0.0.1:{address[1]}/udp"
            receive-buffer = {asked} }}""", **manager.started_with())
        size = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        assert size == granted


PATHS = 'echo paths { listen = { "unix:DIR/s", "unixgram:DIR/g" } }'
KEEP = 'echo keep { listen = "127.0.0.1:0" }\n'


@pytest.mark.parametrize("restart", (True, False))
def test_removed_paths_of_the_store_are_removed(spawn, tmp_path, manager,
                                                restart):
    """While the store still has the sockets; not what others put there. The
    directory is the unit's, so that a reload may come back to it."""
    unit = {"RUNTIME_DIRECTORY": str(tmp_path)}
    daemon = spawn(KEEP + PATHS, **manager.started_with(**unit)).wait_ready()
    manager.wait_for(lambda manager: len(manager.store) == 4, "all is stored")
    if restart:
        assert daemon.stop().status == 0
        assert (tmp_path / "s").is_socket() and (tmp_path / "g").is_socket()
        daemon = spawn(KEEP, **manager.started_with(**unit)).wait_ready()
    else:
        assert daemon.reload(KEEP) == outcome(kept=1, stopped=1)
    assert not (tmp_path / "s").exists() and not (tmp_path / "g").exists()
    assert daemon.reload(KEEP + PATHS) == outcome(kept=1, started=1)
    for transport in "unix", "unixgram":
        with daemon.connect("paths", transport) as sock:
            assert exchange(sock, b"hello") == b"hello"
    assert daemon.stop().status == 0


@pytest.mark.parametrize("kind, name", (
    (socket.SOCK_STREAM, "s"), (socket.SOCK_DGRAM, "g")))
def test_a_path_that_is_somebody_elses_by_now_stays(spawn, tmp_path, manager,
                                                    kind, name):
    daemon = spawn(KEEP + PATHS, **manager.started_with()).wait_ready()
    manager.wait_for(lambda manager: len(manager.store) == 4, "all is stored")
    path = tmp_path / name
    path.unlink()
    with socket.socket(socket.AF_UNIX, kind) as other:
        other.bind(str(path))
        if kind == socket.SOCK_STREAM:
            other.listen()
        assert daemon.reload(KEEP) == outcome(kept=1, stopped=1)
        assert path.is_socket()
        assert daemon.stop().status == 0
        assert path.is_socket()


def test_many_time_outs_are_nobodys_concern(netlabd):
    """libevent has room for 256 common ones, and then says so."""
    daemon = netlabd("".join(
        f'echo s{number} {{ listen = "127.0.0.1:0/tcp" '
        f'idle-timeout = {number + 10}s }}\n' for number in range(300)))
    assert exchange(daemon.connect("s299", "tcp4"), b"hello") == b"hello"
    assert not daemon.log_contains(r"^\[|common_timeout")
    assert all(line.startswith("netlabd: ") for line in daemon.lines)


def test_to_and_fro_with_copies_in_the_store(netlabd, manager):
    """An address and one that conflicts with it, again and again: what systemd
    keeps is out of the way when the reload is over."""
    daemon = netlabd('echo lab { listen = "127.0.0.1:0/udp" }',
                     **manager.started_with())
    port = daemon.port("lab", "udp4")
    for turn in range(10):
        for host in "0.0.0.0", "127.0.0.1":
            assert daemon.reload(f"""echo lab {{
                listen = "{host}:{port}/udp" }}""") == outcome(changed=1)
            assert manager.names() == [f"stored-udp-{host}-{port}"], turn
    with daemon.connect("lab", "udp4") as sock:
        assert exchange(sock, b"hello") == b"hello"
    assert daemon.stop().status == 0


def test_a_manager_that_holds_its_barriers(netlabd, manager):
    """It is waited for once, and the reload goes on."""
    daemon = netlabd(KEEP + PATHS, **manager.started_with())
    manager.holds_barriers = True
    for _ in range(3):
        assert daemon.reload(KEEP) == outcome(kept=1, stopped=1)
        assert daemon.reload(KEEP + PATHS) == outcome(kept=1, started=1)
    assert len(manager.held) == 3
    with daemon.connect("paths", "unix") as sock:
        assert exchange(sock, b"hello") == b"hello"


def test_a_manager_that_is_slow_at_the_start(netlabd, manager):
    """When it holds the first barrier, the next one is waited for again."""
    manager.holds_barriers = True
    daemon = netlabd(KEEP + PATHS, **manager.started_with())
    begin = time.monotonic()
    assert daemon.reload(KEEP) == outcome(kept=1, stopped=1)
    assert time.monotonic() - begin > BARRIER_S / 2
    assert len(manager.held) == 2
