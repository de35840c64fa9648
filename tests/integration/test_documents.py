# SPDX-License-Identifier: ISC
"""What the documents show is true: their examples are run, their code is the code."""

import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
# Root's network and directories are no other user's.
STAY = ["--user", "root"] if os.geteuid() == 0 else []
NETLABD = os.environ.get("NETLABD", str(TOP / "build/src/netlabd"))
NETLAB = os.environ.get("NETLAB", str(TOP / "build/src/netlab"))
PATIENCE = 20  # seconds, for what takes none unless something is wrong

README = (TOP / "README.md").read_text()
CONF_MANUAL = (TOP / "man/netlabd.conf.5").read_text()
DAEMON_MANUAL = (TOP / "man/netlabd.8").read_text()
SAMPLE = TOP / "conf/netlabd.conf"


# --- Reading the documents


def mdoc_blocks(text):
    """The literal displays of a manual, as a terminal shows them."""
    blocks = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", text, re.M)
    escapes = {r"\e": "\\", r"\&": "", r"\-": "-", r"\(dq": '"'}
    return [
        re.sub(r"\\(?:e|&|-|\(dq)", lambda m: escapes[m[0]], block) for block in blocks
    ]


def fenced_blocks(language):
    return re.findall(rf"^```{language}\n((?:.*\n)*?)```$", README, re.M)


def is_configuration(text):
    return re.search(r"^[a-z-]+ \S+ \{$", text, re.M) is not None


def configurations():
    manual = [block for block in mdoc_blocks(CONF_MANUAL) if is_configuration(block)]
    named = {"netlabd.conf.5": manual, "README.md": fenced_blocks("conf")}
    return [
        pytest.param(text, id=f"{name}-{n}")
        for name, texts in named.items()
        for n, text in enumerate(texts, 1)
    ]


def run(*command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, **options
    )


# --- Configurations


def check(path):
    """Directories that it names need not be there."""
    result = run(NETLABD, "-t", "-c", str(path))
    assert result.returncode == 0
    assert re.fullmatch(
        f"configuration OK: {path}(, which includes [01] files?)?\n", result.stdout
    )
    for line in result.stderr.splitlines():
        assert re.match(
            "netlabd: warning: .*(file '/var/log/.*' cannot be|on unix.* /run/)", line
        )


@pytest.mark.parametrize("text", configurations())
def test_example_is_valid(text, tmp_path):
    (tmp_path / "netlabd.d").mkdir()
    included = tmp_path / "netlabd.d/included.conf"
    included.write_text('discard included { listen = "localhost:65000" }\n')
    (tmp_path / "main.conf").write_text(text)
    check(tmp_path / "main.conf")


def test_there_are_examples():
    assert len(configurations()) >= 8


def test_sample_is_the_built_in_lab():
    assert run(NETLABD, "--print-default-config").stdout == SAMPLE.read_text()


def test_sample_is_valid():
    check(SAMPLE)


def test_sample_is_valid_without_its_comment_signs(tmp_path):
    """What is commented out is code, the rest of the comments begin with a blank."""
    code = re.sub(r"^(\t*)#(?=[\ta-z}])", r"\1", SAMPLE.read_text(), flags=re.M)
    assert code.count("\n}") > SAMPLE.read_text().count("\n}")
    (tmp_path / "all.conf").write_text(code)
    check(tmp_path / "all.conf")


def test_errors_are_as_shown(tmp_path):
    (tmp_path / "lab.conf").write_text(
        "# wrong in two lines\n"
        "echo-upper lab {\n"
        '\tlisen = "localhost:2345"\n'
        "\tidle-timeout = 10\n"
        "}\n"
    )
    result = run(NETLABD, "-t", "-c", "lab.conf", cwd=tmp_path)
    assert result.returncode == 78
    assert result.stderr in mdoc_blocks(CONF_MANUAL)


# --- Code


def test_service_is_shown_as_it_is():
    (shown,) = fenced_blocks("c")
    assert shown == (TOP / "src/services/echo.c").read_text()


def test_line_of_makefile_is_shown_as_it_is():
    (shown,) = fenced_blocks("make")
    assert shown in (TOP / "src/Makefile.am").read_text()


def test_guarded_ports_are_listed():
    table = re.search(
        r"answering_ports\[\] = \{(.*?)\};", (TOP / "src/net/guard.c").read_text(), re.S
    )[1]
    text = DAEMON_MANUAL.split(".Sh LOOP GUARD")[1].split(".Sh ")[0]
    ports = re.findall(r"^\t(\d+),", table, re.M)
    assert ports
    assert [port for port in ports if not re.search(rf"\b{port}\b", text)] == []


# --- Records


def normal(text):
    """The text without what differs from one run to the next."""
    for pattern, word in (
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "TIME"),
        (r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}", "CTIME"),
        (r"\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+", "LOCAL TIME"),
        (r"(?<=TIME )\d+\.\d+\.\d+\.\d+:\d+(?= )", "SENDER"),
        (r'(?<="source":")\d+\.\d+\.\d+\.\d+:\d+(?=")', "SENDER"),
        (r"after \S+ ms", "after N ms"),
        (r"within \S+ s", "within N s"),
        (r"\r\n", "\n"),
        (r',\n(?=")', ","),
    ):
        text = re.sub(pattern, word, text)
    return text


class Daemon:
    """netlabd, whose standard output and error are one text."""

    def __init__(self, command, **options):
        self.said = ""
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, **options
        )
        os.close(slave)

    def read(self):
        """Reads once; False at the end."""
        readable, _, _ = select.select([self.master], [], [], PATIENCE)
        assert readable, f"nothing more after:\n{self.said}"
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the last writer has gone
            return False
        self.said += data.decode()
        return data != b""

    def wait_for(self, pattern):
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.said):
            assert time.monotonic() < end and self.read(), self.said
        return re.search(pattern, self.said)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        while self.read():
            pass
        assert self.process.wait(PATIENCE) == 0

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


@pytest.fixture
def start():
    daemons = []

    def start_one(command, **options):
        daemons.append(Daemon(command, **options))
        return daemons[-1]

    yield start_one
    for daemon in daemons:
        daemon.close()


@pytest.fixture
def start_bucket(tmp_path, start):
    """Starts a bucket that writes tmp_path/log: the daemon and its address."""

    def start_one(*options):
        lines = [
            "creosote bucket {",
            'listen = "127.0.0.1:0"',
            f'file = "{tmp_path}/log"',
            *options,
            "}",
        ]
        (tmp_path / "bucket.conf").write_text("\n".join(lines))
        daemon = start([NETLABD, *STAY, "-c", str(tmp_path / "bucket.conf")])
        port = daemon.wait_for(r"listening on udp 127\.0\.0\.1:(\d+)\r\n")[1]
        daemon.wait_for(r"ready: ")
        return daemon, ("127.0.0.1", int(port))

    return start_one


@pytest.mark.parametrize("record_format", ["text", "json"])
def test_record_is_as_shown(record_format, tmp_path, start_bucket):
    daemon, address = start_bucket(f"format = {record_format}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"disk full\n", address)
    daemon.stop()
    record = normal((tmp_path / "log").read_text())
    assert record in [normal(block) for block in mdoc_blocks(CONF_MANUAL)]


def test_loss_is_as_shown(tmp_path, start_bucket):
    daemon, address = start_bucket("receive-buffer = 4K")
    pid = daemon.process.pid
    os.kill(pid, signal.SIGSTOP)
    os.waitpid(pid, os.WUNTRACED)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(200):
            sock.sendto(bytes(100), address)
    os.kill(pid, signal.SIGCONT)
    daemon.stop()
    *records, loss = (tmp_path / "log").read_text().splitlines(keepends=True)
    assert re.search(r" (\d+) datagrams lost", loss)[1] == str(200 - len(records))
    shown = [block for block in mdoc_blocks(CONF_MANUAL) if "on 192.0.2.1:7739" in block]
    loss = re.sub(r"(?<= )\d+(?= datagrams)", "42", normal(loss))
    assert [loss.replace("%s:%d" % address, "192.0.2.1:7739")] == shown


# --- The session


def namespace():
    """The words before a command that give it a network of its own."""
    for words in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        words += ["sh", "-c", 'ip link set lo up && exec "$0" "$@"']
        if shutil.which("ip") and shutil.which("unshare"):
            if run(*words, "true").returncode == 0:
                return words
    pytest.skip("no network namespaces here")
    return []


def inside(daemon, words):
    """The words before a command that take it into the network of the daemon."""
    user = ["--user", "--preserve-credentials"] if "--map-root-user" in words else []
    return ["nsenter", "--target", str(daemon.process.pid), "--net", *user]


def conversation(block):
    """Pairs of a command and what it prints."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.M)
    assert parts[0] == ""
    return list(zip(parts[1::2], parts[2::2]))


def split_shown(text):
    """What stands before and after the line of three dots, where lines are left out."""
    lines = re.sub(r"^(bootstrap:|\$ ).*\n", "", normal(text), flags=re.M)
    return lines.split("...\n")


def test_session_is_as_shown(start):
    if not os.access(NETLAB, os.X_OK):
        pytest.skip(f"no {NETLAB}")
    words = namespace()
    begin, talk, end = fenced_blocks("console")
    daemon = start([*words, NETLABD, *STAY])
    daemon.wait_for("Ctrl-C\r\n")
    if "[::1]" not in daemon.said:
        pytest.skip("no IPv6 here")
    environment = dict(os.environ, PATH=f"{Path(NETLAB).parent}:{os.environ['PATH']}")
    for command, shown in conversation(talk):
        result = subprocess.run(
            [*inside(daemon, words), "sh", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=PATIENCE,
            text=True,
        )
        assert (command, normal(result.stdout)) == (command, normal(shown))
    for record in re.findall(r"^TIME SENDER (.*)$", normal(end), re.M):
        daemon.wait_for(re.escape(record))
    daemon.stop()
    head, tail = split_shown(begin + end)
    said = normal(daemon.said)
    assert (said[: len(head)], said[-len(tail) :]) == (head, tail)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_completion_is_loaded_as_shown():
    (command,) = re.findall(r"`(\. \S*completion\S*)`", README)
    result = run("bash", "-c", f"{command} && complete -p netlab", cwd=TOP)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("complete -F _netlab ")


@pytest.mark.parametrize("listen, shown", (
    ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "localhost"), ("*", "localhost")))
def test_what_to_try_is_an_address_to_send_to(listen, shown, tmp_path, start):
    """All addresses of the machine are none that a packet can go to."""
    path = tmp_path / "lab.conf"
    path.write_text(f'echo lab {{ listen = "{listen}:0/tcp" }}')
    daemon = start([NETLABD, *STAY, "-c", str(path)])
    port = daemon.wait_for(r"listening on tcp [0-9.]+:(\d+)\r\n")[1]
    daemon.wait_for(rf"  try: netlab send {re.escape(shown)}:{port}/tcp hello\r\n")
    daemon.stop()
