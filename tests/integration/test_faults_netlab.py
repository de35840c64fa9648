# SPDX-License-Identifier: ISC
"""Each call of the C library that netlab makes fails once: it answers as ever,
or says in a line why it cannot, and ends with 1; nothing ends it otherwise.

NETLABD_FAULTS=all: each call with each error; otherwise some of them."""

import subprocess
from errno import ENOBUFS, ENOMEM

import pytest

from daemon import DEADLINE_S
from faults import SHORT, Fault, Plan, faults_of
from sweep import ALL
from test_netlab import NETLAB

CONFIG = """
echo lab { listen = { "127.0.0.1:0", "unix:DIR/stream", "unixgram:DIR/gram" } }
time clock { listen = { "127.0.0.1:0", "unix:DIR/time" } format = iso8601 }
creosote bucket { listen = "127.0.0.1:0/udp" file = "DIR/bucket" }
control main { listen = "unix:DIR/control" }
"""

# Their words; TCP, UDP, BUCKET and DIR are put in.
COMMANDS = {
    "send-tcp": ("send", "-t", "0.5", "TCP", "hello"),
    "send-udp": ("send", "UDP", "hello"),
    "send-unix": ("send", "-t", "0.5", "unix:DIR/stream", "hello"),
    "send-unixgram": ("send", "unixgram:DIR/gram", "hello"),
    "send-lines": ("send", "-t", "0.5", "TCP"),
    "time": ("time", "unix:DIR/time"),
    "spew": ("spew", "BUCKET", "hello"),
    "status": ("status", "-s", "unix:DIR/control"),
    "status-json": ("status", "-j", "-s", "unix:DIR/control"),
    "tail": ("tail", "-s", "unix:DIR/control", "--no-follow"),
    "reload": ("reload", "-s", "unix:DIR/control"),
    "rotate": ("rotate", "-s", "unix:DIR/control"),
    "help": ("help", "send"),
}


class Client:
    """netlab, with a command and a plan of what fails."""

    def __init__(self, daemon, directory, words):
        self.plan = Plan(directory / "plan")
        meanings = {"TCP": "127.0.0.1:%d/tcp" % daemon.port("lab", "tcp4"),
                    "UDP": "127.0.0.1:%d/udp" % daemon.port("lab", "udp4"),
                    "BUCKET": "127.0.0.1:%d" % daemon.port("bucket", "udp4")}
        self.command = [NETLAB] + [
            meanings.get(word, word.replace("DIR", str(directory)))
            for word in words]

    def run(self):
        return subprocess.run(
            self.command, env=self.plan.environment(),
            input="one\ntwo\n",
            capture_output=True, timeout=DEADLINE_S, check=False, text=True)


def faults(plan):
    """Some of all, and each call of what a command cannot do without."""
    calls = plan.calls()
    yield from faults_of(calls, None if ALL else 1, plan.places())
    for function, error in (("poll", ENOMEM), ("send", ENOBUFS)):
        for number in range(calls[function]):
            yield Fault(function, number + 1, error, 1)


def is_possible(name, fault):
    """A datagram is sent as a whole."""
    return fault.error != SHORT or name not in ("send-udp", "send-unixgram")


def count_lines(text):
    """But for the head of `status`, which grows as time goes by."""
    head, blank, rest = text.partition("\n\n")
    return (rest if blank else head).count("\n")


def judge(result, expected):
    """Where the address needs memory, it is what is wrong with the words."""
    assert "Sanitizer" not in result.stderr, result.stderr
    if result.returncode == 0 and not result.stderr:
        assert count_lines(result.stdout) == count_lines(expected.stdout)
        if expected.stdout.startswith(("hello", "one", "Usage")):
            assert result.stdout == expected.stdout
        return
    assert result.returncode in (1, 2), result
    assert result.stderr.startswith("netlab: "), result
    assert result.stderr.count("\n") <= 2, result


@pytest.mark.parametrize("name", COMMANDS)
def test_netlab(netlabd, tmp_path, name, capsys):
    daemon = netlabd(CONFIG)
    client = Client(daemon, tmp_path, COMMANDS[name])
    expected = client.run()
    assert expected.returncode == 0, expected
    failures, count = [], 0
    for fault in faults(client.plan):
        if not is_possible(name, fault):
            continue
        client.plan.reset()
        client.plan.arm(fault)
        result = client.run()
        count += client.plan.failed
        try:
            judge(result, expected)
        except AssertionError as error:
            failures.append(f"{fault}, called from {client.plan.where}: "
                            f"{str(error)[:300]}")
    if ALL:
        with capsys.disabled():
            print(f"\n{name}: {count} calls failed")
    assert not failures, "\n".join(failures)
