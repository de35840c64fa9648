# SPDX-License-Identifier: ISC
"""A reload that fails: all is told, and nothing has changed."""

import os
import resource
import socket
import subprocess
import tempfile
from pathlib import Path
from signal import SIGHUP, SIGTERM, SIGUSR1

import pytest

from daemon import DATAGRAMS, DEADLINE_S, NETLABD, STREAMS
from test_reload import REFUSED, is_free, outcome
from test_start import NOBODY
from wire import Background, exchange, own_loopback, read_to_end, send_until_stuck

# Without those that are wrong beside others, or by the word of a name server.
BAD = sorted(path for path in
             (Path(__file__).parents[1] / "conf" / "bad").glob("*.conf")
             if not path.name.startswith(("include", "host")))
LAB = """echo lab { listen = EVERYWHERE }
"""


class Watched:
    """A daemon with a connection on every transport, which must not notice."""

    def __init__(self, daemon, tmp_path):
        self.daemon = daemon
        self.directory = tmp_path
        self.socks = [daemon.connect("lab", transport)
                      for transport in DATAGRAMS + STREAMS]
        self.serves()
        self.before = self.state()

    def serves(self):
        for sock in self.socks:
            assert exchange(sock, b"as before") == b"as before"

    def state(self):
        paths = [(name, os.stat(self.directory / name).st_ino)
                 for name in ("stream", "gram")]
        return paths, self.daemon.descriptors()

    def is_as_before(self):
        self.serves()
        assert self.state() == self.before
        for transport in DATAGRAMS + STREAMS:
            with self.daemon.connect("lab", transport) as sock:
                assert exchange(sock, b"new") == b"new"


@pytest.fixture(name="watched")
def fixture_watched(netlabd, tmp_path):
    return Watched(netlabd(LAB), tmp_path)


CHANGED = LAB.replace("echo", "echo-upper")


@pytest.mark.parametrize("config, errors", (
    (CHANGED + "echo {", ["conf:2: echo: .*no name", "conf:2: .*closed"]),
    ("", ["conf"]),
    ("# nothing", ["conf"]),
    (CHANGED + 'echo more { lisen = "localhost:0"\nbacklog = 0 }',
     ["lisen: unknown option of echo .did you mean listen",
      "backlog: '0' is not possible"]),
    (CHANGED + "no-such-option = 1", ["no-such-option: unknown option"]),
    (CHANGED + 'echos more { listen = "localhost:0" }',
     ["unknown .*did you mean echo"]),
    (CHANGED + 'include = "no-such-file"', ["no file 'no-such-file'"]),
    (CHANGED + 'echo more { listen = { "unix:DIR/more", "192.0.2.1:0" } }',
     ["echo 'more': cannot listen on udp 192.0.2.1:0: Cannot assign"]),
    (CHANGED + 'echo more { listen = { "unix:DIR/more", "unix:DIR/no/s" } }',
     ["echo 'more': cannot listen on unix .*/no/s: No such file"]),
    (CHANGED + """echo more { listen = "unix:DIR/more" }
        creosote bucket { listen = "localhost:0" file = "DIR/no/bucket" }""",
     # The fence is not round it, where there is one.
     ["creosote 'bucket': .*file '.*/no/bucket': "
      "(No such file|outside of the directories .* .make the directory)"]),
    (CHANGED + """echo more { listen = "unix:DIR/more" }
        creosote bucket { listen = "localhost:0" file = "DIR" }""",
     ["creosote 'bucket': cannot write file .*: Is a directory"]),
    ("""creosote bucket { listen = "localhost:0" file = "DIR" }
        echo more { listen = "unix:DIR/more" }""" + CHANGED,
     ["creosote 'bucket': cannot write file .*: Is a directory"]),
))
def test_nothing_changes(watched, config, errors):
    daemon = watched.daemon
    assert daemon.reload(config) == REFUSED
    watched.is_as_before()
    for error in errors:
        assert daemon.log_contains("^netlabd: error: .*" + error), error
    assert not (watched.directory / "more").exists()
    assert len(daemon.log_contains("error: ")) == len(errors) + 1
    assert daemon.reload(CHANGED) == outcome(changed=1)
    assert exchange(daemon.connect("lab", "tcp4"), b"now") == b"NOW"


def test_the_file_itself(watched):
    daemon = watched.daemon
    daemon.config.unlink()
    assert daemon.reload() == REFUSED
    assert daemon.log_contains("error: .*conf: .*No such file or directory")
    daemon.config.mkdir()
    assert daemon.reload() == REFUSED
    assert daemon.log_contains("(?i)error: .*conf: .*is a directory")
    daemon.config.rmdir()
    daemon.config.write_bytes(b"\0")
    assert daemon.reload() == REFUSED
    if os.geteuid() != 0:
        daemon.config.chmod(0)
        assert daemon.reload() == REFUSED
        assert daemon.log_contains("error: .*conf: .*Permission denied")
        daemon.config.chmod(0o600)
    watched.is_as_before()
    assert daemon.reload(CHANGED) == outcome(changed=1)


@pytest.mark.parametrize("kind, transport", (
    (socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")))
def test_address_in_use(watched, kind, transport):
    """Of several new addresses the last: the others are given back."""
    host = own_loopback()
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind((host, 0))
        if transport == "tcp":
            other.listen()
        port = other.getsockname()[1]
        assert watched.daemon.reload(CHANGED + f"""echo more {{ listen = {{
            "{host}:24001", "unix:DIR/more", "{host}:{port}/{transport}" }} }}
            """) == REFUSED
        assert watched.daemon.log_contains(
            f"error: echo 'more': cannot listen on {transport} {host}:{port}: "
            "Address already in use .end the other program")
    watched.is_as_before()
    for kind in "udp4", "tcp4":
        assert is_free((host, 24001), kind)
    assert not (watched.directory / "more").exists()


def test_what_waits_survives_a_roll_back(watched):
    """The new service had the queues in its hands."""
    daemon = watched.daemon
    count = 400  # more than are read, or accepted, in one turn of the loop
    sock = watched.socks[0]
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    daemon.freeze()
    daemon.configure(CHANGED + 'echo more { listen = "unix:DIR/no/s" }')
    for i in range(count):
        sock.send(b"number %d" % i)
    waiting = [daemon.connect("lab", name) for name in STREAMS * 100]
    for client in waiting:
        client.send(b"hello")
    reader = Background(lambda: [sock.recv(100) for _ in range(count)])
    daemon.signal(SIGHUP)
    daemon.thaw()
    assert reader.join() == [b"number %d" % i for i in range(count)]
    daemon.wait_for_log("reload refused")
    assert [client.recv(100) for client in waiting] == [b"hello"] * len(waiting)


def test_every_bad_configuration_in_a_row(watched):
    daemon = watched.daemon
    resident = 0
    assert len(BAD) > 40
    for number, path in enumerate(BAD):
        daemon.config.write_bytes(path.read_bytes())
        assert daemon.reload() == REFUSED, path.name
        watched.serves()
        if number == len(BAD) // 2:
            resident = daemon.resident_bytes()
    assert len(daemon.log_contains("error: .*netlabd-0.conf")) >= len(BAD)
    watched.is_as_before()
    assert daemon.resident_bytes() < resident + (1 << 20)
    assert daemon.reload(LAB) == outcome(kept=1)


def test_no_descriptors_left(watched):
    """Where there are none, and where there are only enough to begin."""
    daemon = watched.daemon
    before = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    top = daemon.descriptors()[-1] + 1
    more = CHANGED + "".join(
        f'echo s{i} {{ listen = "localhost:0" }}' for i in range(5))
    for room in range(24):
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE,
                         (top + room, before[1]))
        assert daemon.reload(more) == REFUSED
        watched.serves()
        assert watched.state() == watched.before
    assert daemon.log_contains("error: .*(Too many open files|descriptors)")
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, before)
    watched.is_as_before()
    assert daemon.reload(more) == outcome(changed=1, started=5)


def test_port_below_1024_without_the_right(spawn):
    limit = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if int(limit.read_text(encoding="ascii")) < 1024:
        pytest.skip("everybody may use ports below 1024 here")
    prefix = ()
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "netlabd.conf"
        config.write_text('echo lab { listen = "localhost:0" }')
        if os.geteuid() == 0:
            os.chmod(directory, 0o755)
            prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                      "--clear-groups", "--inh-caps=-all")
            if subprocess.run([*prefix, "test", "-x", NETLABD[-1]],
                              check=False, timeout=DEADLINE_S).returncode:
                pytest.skip(f"nobody may not run {NETLABD[-1]}")
        daemon = spawn("", "-c", str(config), prefix=prefix).wait_ready()
        sock = daemon.connect("lab", "tcp4")
        config.write_text('echo lab { listen = "127.0.0.1:7" }')
        assert daemon.reload() == REFUSED
        assert daemon.log_contains(
            "cannot listen on udp 127.0.0.1:7: Permission denied")
        assert exchange(sock, b"still") == b"still"
        assert daemon.stop().status == 0


def test_sighup_is_ignored_during_a_stop(netlabd):
    daemon = netlabd(LAB)
    sock = daemon.connect("lab", "unix")
    probe = daemon.connect("lab", "udp4")
    data = bytes(1 << 24)
    assert send_until_stuck(sock, data, probe) > 0
    daemon.configure(CHANGED)
    daemon.signal(SIGTERM)
    daemon.wait_for_log("stopping on SIGTERM")
    for _ in range(10):
        daemon.signal(SIGHUP)
    assert read_to_end(sock)
    assert daemon.wait().status == 0
    assert not daemon.log_contains("reload")


def test_a_storm_of_signals(netlabd, tmp_path):
    """SIGHUP and SIGUSR1 faster than they can be served: none does harm."""
    configs = [f"""{kind} lab {{ listen = EVERYWHERE }} creosote bucket {{
        listen = "localhost:0/udp" file = "DIR/bucket" format = raw
        escape = {escape} }}""" for kind, escape in (
            ("echo", "repr"), ("echo-upper", "utf8"))]
    daemon = netlabd(configs[0])
    sock = daemon.connect("bucket", "udp4")
    daemon.reload(configs[1])
    daemon.reload(configs[0])
    before = daemon.descriptors()
    for number in range(1000):
        if number % 10 == 0:
            daemon.configure(configs[number // 10 % 2])
            sock.send(b"number %d" % number)
        daemon.signal(SIGHUP)
        daemon.signal(SIGUSR1)
        daemon.signal(SIGHUP)
    # Signals that are pending are one: wait for one that comes after them.
    daemon.configure(configs[0].replace("lab", "last"))
    daemon.signal(SIGHUP)
    daemon.wait_for_log("echo 'last': listening on")
    daemon.wait_for_log("reloaded: .*1 started")
    assert exchange(daemon.connect("last", "tcp4"), b"hello") == b"hello"
    assert not daemon.log_contains("refused")
    assert len(daemon.descriptors()) <= len(before) + 1
    assert daemon.stop().status == 0
    assert (tmp_path / "bucket").read_text(encoding="ascii").splitlines() == [
        f"number {number}" for number in range(0, 1000, 10)]
