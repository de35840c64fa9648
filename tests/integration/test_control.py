# SPDX-License-Identifier: ISC
"""The control socket: what it shows, what it does, and for whom."""

import json
import os
import shutil
import socket
import subprocess
import tempfile

import pytest

from control import Client, ask, statuses
from daemon import NETLABD, wait_until

CONTROL = 'control main { listen = "unix:DIR/control" %s }\n'
ECHO = 'echo lab { listen = "127.0.0.1:0" }\n'


@pytest.fixture
def served(netlabd):
    daemon = netlabd(CONTROL % "" + ECHO)
    daemon.path = daemon.directory / "control"
    return daemon


def check(tmp_path, config):
    """What -t says of a configuration that is wrong."""
    path = tmp_path / "wrong.conf"
    path.write_text(config)
    done = subprocess.run([*NETLABD, "-t", "-c", path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 78
    return done.stderr


# --- What it shows

def test_status(served):
    with served.connect("lab", "udp4") as sock:
        sock.send(b"hello")
        assert sock.recv(100) == b"hello"
    answer = ask(served.path, "/status")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    status = answer.json()
    assert status["pid"] == served.pid
    assert status["uptime"] >= 0
    assert status["resident"] > 100000
    assert status["connections"]["open"] == 1
    assert status["connections"]["max"] > 1
    assert status["reload"] is None
    control, lab = status["services"]
    assert control["type"] == "control"
    assert control["connections"] == 1
    assert control["listeners"] == [
        {"transport": "unix", "address": str(served.path)}]
    assert lab["figures"] == {"datagrams": 1, "datagram-bytes": 5,
                              "answers": 1, "answer-bytes": 5}
    assert {listener["transport"] for listener in lab["listeners"]} == {
        "udp", "tcp"}
    host, port = served.address("lab", "udp4")
    assert {"transport": "udp", "address": f"{host}:{port}"} in \
        lab["listeners"]
    assert ask(served.path, "/services").json()["services"][1]["name"] == "lab"
    assert ask(served.path, "/services/lab").json()["figures"] == \
        lab["figures"]


def test_rates(served):
    with served.connect("lab", "udp4") as sock:
        for _ in range(50):
            sock.send(b"x")
            assert sock.recv(100) == b"x"

    def rates():
        return ask(served.path, "/services/lab").json()["rates"]
    wait_until(lambda: rates()["minute"].get("datagrams", 0) > 0,
               "a rate over the last minute")
    wait_until(lambda: not rates()["second"], "a second of silence")
    assert rates()["minute"]["datagrams"] > 0


def test_curl(served):
    if shutil.which("curl") is None:
        pytest.skip("no curl here")
    done = subprocess.run(
        ["curl", "-sS", "--unix-socket", served.path,
         "http://netlabd/status", "http://netlabd/services/lab"],
        capture_output=True, check=True)
    first, second = done.stdout.splitlines()
    assert json.loads(first)["pid"] == served.pid
    assert json.loads(second)["name"] == "lab"


def test_many_services_come_whole(netlabd):
    """An answer far beyond max-output, read slowly and from a half-closed
    connection."""
    daemon = netlabd(CONTROL % "max-output = 64K" + "".join(
        f'echo e{i} {{ listen = "unix:DIR/e{i}" }}\n' for i in range(1500)))
    with Client(daemon.directory / "control") as client:
        client.send(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        answer = client.answer()
        assert len(answer.body) > 200000
        assert len(answer.json()["services"]) == 1501
        assert client.rest() == b""


# --- HTTP

@pytest.mark.parametrize("request_text, status", [
    (b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /services/ HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /services/nobody HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /services/lab/more HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /buckets/lab/tail HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"GET /services/l%61b HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    (b"GET /services%2Flab HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /status%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET http://x/status HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"POST /status HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"GET /reload HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"DELETE /services HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    (b"GET /status HTTP/1.1\r\n\r\n", 400),
    (b"GET /status HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"GET /status HTTP/1.0\r\n\r\n", 200),
    (b"GET /status HTTP/1.1\r\nHost: x\r\nX: " + 9000 * b"x", 431),
    (b"GET /" + 5000 * b"x", 414),
    (9000 * b"\n", 431),
    (b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n",
     413),
    (b"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST /rotate?bucket=lab HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    (b"POST /rotate?bucket= HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"POST /rotate?pocket=lab HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"POST /rotate?bucket=a&bucket=b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    (bytes(range(256)) * 300, 400),
], ids=lambda value: ascii(value)[:32])
def test_requests(served, request_text, status):
    """Each gets its status and leaves the daemon as it was."""
    with Client(served.path) as client:
        client.send(request_text)
        client.socket.shutdown(socket.SHUT_WR)
        text = client.rest()
    assert statuses(text) == [status], text
    if status != 200:
        assert "error" in json.loads(text.split(b"\r\n\r\n", 1)[1])
    assert ask(served.path, "/status").json()["reload"] is None


def test_head_and_keep_alive(served):
    with Client(served.path) as client:
        head = client.ask("/services/lab", "HEAD")
        body = client.ask("/services/lab")
        assert head.headers["content-length"] == str(len(body.body))
        assert not body.closes()
        assert client.ask("/services", headers="Connection: close\r\n").closes()
        assert client.rest() == b""


def test_byte_by_byte(served):
    with Client(served.path) as client:
        for byte in b"GET /services/lab HTTP/1.1\r\nHost: x\r\n\r\n":
            client.send(bytes([byte]))
        assert client.answer().json()["name"] == "lab"


def test_expect(served):
    with Client(served.path) as client:
        client.send(b"POST /rotate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                    b"Expect: 100-continue\r\n\r\n")
        assert client.answer(True).status == 100
        client.send(b"{}")
        assert client.answer().json() == {"rotated": []}


def test_pipelined(served):
    """All are answered in their order, or the last that is says that it is."""
    one = b"GET /services/lab HTTP/1.1\r\nHost: x\r\n\r\n"
    with Client(served.path) as client:
        client.send(20 * one)
        for _ in range(20):
            answer = client.answer()
            assert answer.json()["name"] == "lab"
    with Client(served.path) as client:
        client.send(2000 * one)
        count = 1
        while not client.answer().closes():
            count += 1
        assert 20 < count < 2000
        assert client.rest() == b""
    assert ask(served.path, "/status").status == 200


def test_reload_pipelined(served):
    """What comes behind a reload is not served, and that is said."""
    with Client(served.path) as client:
        client.send(b"POST /reload HTTP/1.1\r\nHost: x\r\n\r\n"
                    b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = client.answer()
        assert answer.json()["outcome"] == "reloaded"
        assert answer.closes()
        assert client.rest() == b""


def test_limits_hold(netlabd):
    daemon = netlabd(CONTROL % "max-connections = 2 idle-timeout = 200ms")
    path = daemon.directory / "control"
    with Client(path) as one, Client(path) as two, Client(path) as three:
        assert three.rest() == b""
        two.send(b"GET /stat")  # and then nothing
        assert two.rest() == b""
        assert one.rest() == b""
    figures = ask(path, "/services/main").json()["figures"]
    assert figures["refused-max-connections"] == 1
    assert figures["closed-idle"] == 2


def test_100_connections_at_the_most(served):
    clients = [Client(served.path) for _ in range(100)]
    with Client(served.path) as last:
        assert last.rest() == b""
    clients[0].send(b"GET /services/main HTTP/1.1\r\nHost: x\r\n\r\n")
    assert clients[0].answer().json()["connections"] == 100
    for client in clients:
        client.socket.close()


def test_not_over_tcp(tmp_path):
    result = check(
        tmp_path, 'control main {\n\tlisten = "localhost:7777/tcp"\n}\n')
    assert "listen: 'localhost:7777/tcp': not served over tcp " \
        "(possible: unix)" in result


# --- Reload

def test_reload(served):
    with Client(served.path) as client:
        answer = client.ask("/reload", "POST")
        assert answer.status == 200
        outcome = answer.json()
        assert (outcome["kept"], outcome["changed"], outcome["started"],
                outcome["stopped"]) == (2, 0, 0, 0)
        assert client.ask("/status").json()["reload"] == outcome


def test_reload_refused(served):
    served.configure(CONTROL % "" + "echo lab {\n\tlisten = nowhere\n"
                     "\tidle-timeout = soon\n}\n")
    answer = ask(served.path, "/reload", "POST")
    assert answer.status == 409
    outcome = answer.json()
    assert outcome["outcome"] == "refused"
    assert [error.split(":")[1] for error in outcome["errors"]] == ["3", "4"]
    assert ask(served.path, "/status").json()["reload"] == outcome


def test_reload_refused_at_start(served):
    """What is found out later than by reading is told too."""
    served.configure(CONTROL % "" + ECHO +
                     'echo deep { listen = "unix:DIR/no/such/socket" }\n')
    answer = ask(served.path, "/reload", "POST")
    assert answer.status == 409
    [error] = answer.json()["errors"]
    assert error.startswith("echo 'deep': cannot listen on unix ")


@pytest.mark.parametrize("config", [
    CONTROL % "idle-timeout = 9m",  # itself, and the other one goes
    ECHO,                           # itself goes
])
def test_reload_of_itself(served, config):
    """It answers though the service that was asked has changed, or is gone."""
    served.configure(config)
    with Client(served.path) as client:
        answer = client.ask("/reload", "POST")
        assert answer.json()["outcome"] == "reloaded"
        client.send(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.answer().json()["reload"] == answer.json()


def test_reload_by_many(served):
    """Those who ask at once get the outcome of one reload, or two."""
    clients = [Client(served.path) for _ in range(20)]
    for client in clients:
        client.send(b"POST /reload HTTP/1.1\r\nHost: x\r\n\r\n")
    for client in clients:
        assert client.answer().json()["outcome"] == "reloaded"
        client.socket.close()


def test_who_asked_is_gone(served):
    with Client(served.path) as client:
        client.send(b"POST /reload HTTP/1.1\r\nHost: x\r\n\r\n")
    served.wait_for_log("netlabd: reloaded: ")
    assert ask(served.path, "/status").status == 200


def test_signal_is_shown(served):
    served.configure("nonsense\n")
    assert served.reload() == \
        "reload refused, keeping the configuration as it was"
    reload = ask(served.path, "/status").json()["reload"]
    assert reload["outcome"] == "refused"
    assert len(reload["errors"]) == 1


# --- Who may do what

def _ask_as(uid, path, target, method):
    """The status that another user gets; None: it cannot connect."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.write(write, str(ask(path, target, method).status).encode())
        except PermissionError:
            os.write(write, b"0")
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as pipe:
        return int(pipe.read()) or None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("options, uid, status, reload", [
    ("socket-mode = 0600", 12345, None, None),
    ("socket-mode = 0660", 12345, None, None),
    ("socket-mode = 0660 socket-group = 12345", 12345, 200, 403),
    ("socket-mode = 0666", 12345, 200, 403),
    ("socket-mode = 0666 allow-changes = all", 12345, 200, 200),
    ("socket-mode = 0600", 0, 200, 200),
])
def test_users(netlabd, options, uid, status, reload):
    with tempfile.TemporaryDirectory() as directory:  # for others to enter
        os.chmod(directory, 0o755)
        netlabd((CONTROL % options).replace("DIR", directory))
        path = os.path.join(directory, "control")
        assert _ask_as(uid, path, "/status", "GET") == status
        assert _ask_as(uid, path, "/reload", "POST") == reload


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_mode(netlabd, umask):
    """As written, whatever the umask; and after a reload."""
    before = os.umask(umask)
    try:
        daemon = netlabd(CONTROL % "socket-mode = 0660")
    finally:
        os.umask(before)
    path = daemon.directory / "control"
    assert path.stat().st_mode & 0o777 == 0o660
    assert daemon.reload(CONTROL % "socket-mode = 0600").startswith("reloaded")
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_such_group(tmp_path):
    result = check(tmp_path, "control main {\n\tlisten = \"unix:/tmp/x\"\n"
                           "\tsocket-group = nobody-has-this\n}\n")
    assert "there is no group 'nobody-has-this'" in result
