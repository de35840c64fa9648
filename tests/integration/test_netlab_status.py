# SPDX-License-Identifier: ISC
"""netlab's status, reload, rotate and tail, against the real netlabd."""
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from daemon import DEADLINE_S, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
NETLAB = os.environ.get("NETLAB") or str(ROOT / "build/src/netlab")
ENVIRONMENT = os.environ | {"TZ": "UTC"}

CONFIG = """
control main { listen = "unix:DIR/control" }
echo-upper lab { listen = "127.0.0.1:0" }
creosote bucket { listen = "127.0.0.1:0/udp"
	file = "DIR/log" }
"""


@pytest.fixture
def daemon(netlabd):
    return netlabd(CONFIG)


def command(daemon, name, *words):
    return [NETLAB, name, "-s", str(daemon.directory / "control"), *words]


def netlab(daemon, *words):
    return subprocess.run(
        command(daemon, *words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        env=ENVIRONMENT,
    )


def printed(daemon, *words):
    result = netlab(daemon, *words)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def spew(daemon, *messages):
    with daemon.connect("bucket", "udp4") as sock:
        for message in messages:
            sock.send(message)


def row(text, traffic):
    """The cells of the first row of that traffic below a service's name."""
    return re.search(rf"{traffic} +(.*)", text)[1].split()


def test_status_shows_what_came(daemon):
    with daemon.connect("lab", "tcp4") as stream, daemon.connect("lab", "udp4") as sock:
        sock.send(b"x")
        assert sock.recv(9) == b"X"
        stream.send(b"y")
        assert stream.recv(9) == b"Y"
        text = printed(daemon, "status")
    assert text.startswith("netlabd ")
    assert f", pid {daemon.pid}, up " in text
    assert "\nnot reloaded since it was started\n" in text
    lab = text[text.index("echo-upper lab") :]
    assert row(lab, "datagrams")[-3] == "1"
    assert row(lab, "connections")[0] == "1"
    assert f"listens on udp 127.0.0.1:{daemon.port('lab', 'udp4')}" in lab
    assert "creosote bucket" in text
    words = text.replace(str(daemon.directory), "/run")
    assert max(map(len, words.splitlines())) <= 80


def test_status_of_one_service(daemon):
    spew(daemon, b"a", b"b")
    wait_until(lambda: "records" in printed(daemon, "status", "bucket"), "records")
    text = printed(daemon, "status", "bucket")
    # Who listens for datagrams alone has no connections to tell of.
    assert text.startswith("creosote bucket\n")
    assert printed(daemon, "status", "lab").startswith(
        "echo-upper lab: 0 connections open\n"
    )


@pytest.mark.parametrize(
    "words, says",
    [
        (
            ("status", "nobody"),
            "no service of that name (there are: main, lab, bucket, other)",
        ),
        (
            ("status", "bukcet"),
            "(did you mean bucket? there are also: main, lab, other)",
        ),
        (("tail", "lab"), "no bucket of that name (there are: bucket, other)"),
        (("tail", "Bucket"), "(did you mean bucket? there are also: other)"),
        (("tail", "other"), "that bucket keeps no history"),
        (("rotate", "x"), "no bucket of that name (there are: bucket, other)"),
        (("rotate", "othr"), "(did you mean other? there are also: bucket)"),
    ],
)
def test_who_mistypes_a_name_is_told_those_there_are(netlabd, words, says):
    daemon = netlabd(
        CONFIG + 'creosote other { listen = "127.0.0.1:0/udp" history = 0 }'
    )
    result = netlab(daemon, *words)
    assert (result.returncode, result.stdout) == (1, "")
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_status_json_is_the_answer_as_it_is(daemon):
    status = json.loads(printed(daemon, "status", "--json"))
    assert status["pid"] == daemon.pid
    assert [service["name"] for service in status["services"]] == [
        "main",
        "lab",
        "bucket",
    ]


def test_reload(daemon):
    assert printed(daemon, "reload") == (
        "reloaded: 3 kept, 0 changed, 0 started, 0 stopped\n"
    )
    daemon.configure(CONFIG + 'discard more { listen = "127.0.0.1:0" }')
    assert printed(daemon, "reload") == (
        "reloaded: 3 kept, 0 changed, 1 started, 0 stopped\n"
    )
    assert ": 3 kept, 0 changed, 1 started, 0 stopped\n" in printed(daemon, "status")


def test_reload_tells_all_errors(daemon):
    daemon.configure(CONFIG + 'discard x { lisen = "1" }\ndiscard y { bad = 1 }\n')
    result = netlab(daemon, "reload")
    assert (result.returncode, result.stdout) == (1, "")
    *errors, last = result.stderr.splitlines()
    assert len(errors) == 2
    assert all(f"{daemon.config}:" in error for error in errors)
    assert last.endswith("the reload was refused, and netlabd serves on as before")
    text = printed(daemon, "status")
    assert ": refused, so it serves on as before\n" in text
    for error in errors:
        assert error.removeprefix("netlab: error: ") in text


def test_rotate_only_what_has_a_file(daemon):
    daemon.configure(CONFIG + 'creosote shown { listen = "127.0.0.1:0/udp" }')
    assert printed(daemon, "reload").startswith("reloaded: ")
    assert printed(daemon, "rotate") == "rotated: bucket\n"
    assert printed(daemon, "rotate", "bucket") == "rotated: bucket\n"
    result = netlab(daemon, "rotate", "shown")
    assert (result.returncode, result.stdout) == (1, "")
    assert "no bucket has a file that could be rotated" in result.stderr


def test_tail_shows_history_and_what_comes(daemon):
    spew(daemon, b"one", b"\x1b[2J")
    with subprocess.Popen(
        command(daemon, "tail"), stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout.readline().endswith(" one\n")
        assert process.stdout.readline().endswith(" \\x1b[2J\n")
        spew(daemon, b"two")
        assert process.stdout.readline().endswith(" two\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 0


def test_tail_ends_with_its_netlabd(daemon):
    spew(daemon, b"one")
    with subprocess.Popen(
        command(daemon, "tail"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout.readline().endswith(" one\n")
        assert daemon.stop().status == 0
        assert process.wait(DEADLINE_S) == 1
        assert "--retry waits" in process.stderr.read()


def test_tail_chooses(daemon):
    spew(daemon, b"one", b"two", b"three")
    wait_until(lambda: printed(daemon, "tail", "-1").count("\n") == 3, "3 records")
    assert printed(daemon, "tail", "-1", "-n", "1").endswith(" three\n")
    assert printed(daemon, "tail", "-1", "--since", "1h").count("\n") == 3
    assert printed(daemon, "tail", "-1", "--from", "192.0.2.0/24") == ""
    assert printed(daemon, "tail", "-1", "--from", "127.0.0.0/8").count("\n") == 3
    assert printed(daemon, "tail", "-1", "--match", "^t.*e$").endswith(" three\n")
    result = netlab(daemon, "tail", "--match", "(")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "pattern" in result.stderr
    result = netlab(daemon, "tail", "--from", "x")
    assert result.returncode == 1
    assert "from" in result.stderr or "network" in result.stderr
