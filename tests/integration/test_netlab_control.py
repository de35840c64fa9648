# SPDX-License-Identifier: ISC
"""netlab's status, reload, rotate and tail, against a control socket that says
whatever the test wants, good and bad. What the real one says: test_control*."""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

import pytest

import peers
from controls import (LAST_CHUNK, SERVICES, STATUS, Control, chunk, history,
                      record, response, stream_head)
from daemon import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
NETLAB = os.environ.get("NETLAB") or str(ROOT / "build/src/netlab")
PATIENCE = 20
SHORT = ("-t", "0.4")

# Times are shown in this zone, and nothing else of the user's is in the way.
ENVIRONMENT = {
    key: value
    for key, value in os.environ.items()
    if key not in ("NETLAB_SOCKET", "NO_COLOR", "COLORTERM")
} | {"TZ": "UTC", "TERM": "xterm-256color"}

STATUS_ANSWERS = {
    "GET /status": response(STATUS),
    "GET /services/bucket": response(SERVICES[1]),
    "GET /services": response({"services": SERVICES}),
}


def netlab(control, *words, **options):
    """Runs netlab to its end; anything but an end is a failure."""
    path = control if isinstance(control, str) else control.path
    return subprocess.run(
        [NETLAB, words[0], "-s", path, *map(str, words[1:])],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env=ENVIRONMENT,
        **options,
    )


@contextlib.contextmanager
def running(control, *words, **options):
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    options.setdefault("stdin", subprocess.DEVNULL)
    command = [NETLAB, words[0], "-s", control.path, *map(str, words[1:])]
    with subprocess.Popen(command, env=ENVIRONMENT, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def has_failed(result, *words, status=1):
    assert result.returncode == status, result
    assert result.stdout == b""
    assert result.stderr.count(b"\n") == 1, result.stderr
    for word in words:
        assert word.encode() in result.stderr, result.stderr
    return True


def is_success(result, stdout):
    assert (result.returncode, result.stderr) == (0, b""), result
    assert result.stdout.decode() == stdout
    return True


def read_lines(process, count):
    return [process.stdout.readline().decode() for _ in range(count)]


def line(sequence, message=None, source="192.0.2.7:40123"):
    """What is shown of record()."""
    message = message or f"hello {sequence}"
    return f"09:02:10.{sequence % 1000000 // 1000:03} {source} {message}\n"


# Before the records of the fake's day.
DATE = "-- Mon 2026-11-23 --\n"


@pytest.fixture
def serve(tmp_path):
    """A control socket with these answers, which lasts as long as the test."""
    with contextlib.ExitStack() as stack:
        yield lambda answers: stack.enter_context(
            Control(tmp_path / "control", answers)
        )


# --- Where nobody answers, or somebody else


def test_no_socket(tmp_path):
    result = netlab(str(tmp_path / "none"), "status")
    assert has_failed(result, f"unix:{tmp_path}/none: no such socket", "control section")


def test_nobody_serves_the_socket(tmp_path):
    path = tmp_path / "control"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    assert has_failed(netlab(str(path), "status"), "refused", "is netlabd running?")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
@pytest.mark.parametrize(
    "mode, says",
    [(0o660, "the group daemon may use it"), (0o600, "or set socket-mode and socket-group")],
)
def test_permission_denied(mode, says):
    somebody = {"user": 65534, "group": 65534, "extra_groups": []}
    # Others may not enter pytest's folders, and it sees to that again and again.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with Control(f"{folder}/control", STATUS_ANSWERS) as control:
            os.chown(control.path, 0, 1)  # daemon, on any system with root as 0
            os.chmod(control.path, mode)
            try:
                result = netlab(control, "status", **somebody)
            except PermissionError:
                pytest.skip(f"somebody else may not run {NETLAB}")
    assert has_failed(result, "permission denied", says)


def test_socket_of_the_environment(serve):
    control = serve(STATUS_ANSWERS)
    result = subprocess.run(
        [NETLAB, "status"],
        env=ENVIRONMENT | {"NETLAB_SOCKET": control.path},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result
    assert control.next() == "GET /status"


def test_over_tcp():
    def talk(peer, connection):
        peer.got.put(connection.recv(4096))
        connection.sendall(response(STATUS))

    with peers.Stream(talk) as peer:
        result = netlab(f"127.0.0.1:{peer.port}", "status")
        assert result.returncode == 0, result
        assert peer.next().startswith(b"GET /status HTTP/1.1\r\nHost: ")


NO_NETLABD = "is this the control socket of a netlabd?"
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer, says",
    [
        (b"", "closed without an answer"),
        (b"HELLO\n", "no answer of HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no answer of HTTP"),
        (b"\xff" * 1000, "no answer of HTTP"),
        (HEAD, "closed without an answer"),
        (HEAD + b"A: " + b"x" * 200000, "no answer of HTTP"),
        (HEAD + b"Content-Length: 100\r\n\r\n{}", "cut off in the midst"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", "cut off in the midst"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nXYZ\r\n", "no answer of HTTP"),
        (response(b""), "no object of JSON"),
        (response(b"<html>"), "no object of JSON"),
        (response(b"[1]"), "no object of JSON"),
        (response(b'{"a":1}x'), "no object of JSON"),
        (response(b'{"a":"\xff"}'), "no object of JSON"),
        (response(b'{"a":' * 100000), "no object of JSON"),
        (response(b"[" + b" " * (5 << 20) + b"]"), "longer than"),
        (response(b"nothing", 500), "status 500"),
    ],
)
def test_it_is_no_netlabd(serve, answer, says):
    control = serve({"": answer})
    for command in "status", "reload", "rotate", "tail":
        assert has_failed(netlab(control, command), says)


@pytest.mark.parametrize("command", ["status", "reload", "rotate", "tail"])
def test_silence_ends(serve, command):
    control = serve({"": lambda peer, _: peer.stopped.wait(PATIENCE)})
    assert has_failed(netlab(control, command, *SHORT), "no answer in 0.4 s", "-t waits")


def test_dripping_ends(serve):
    def drip(peer, connection):
        connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
        while not peer.stopped.wait(0.05):
            connection.sendall(b" ")

    assert has_failed(netlab(serve({"": drip}), "status", *SHORT), "no answer in 0.4 s")


def test_refusals_are_told_escaped(serve):
    control = serve({"": response({"error": "no \x1b[2J \u202e here"}, 404)})
    for command in "status", "reload", "rotate", "tail":
        assert has_failed(
            netlab(control, command), "no \\x1b[2J \\xe2\\x80\\xae here"
        )
    control.answers = {"": response({}, 503)}
    assert has_failed(netlab(control, "status"), "status 503, without a word")


@pytest.mark.parametrize(
    "words, says",
    [
        (["status", "a", "b"], "more than one service"),
        (["status", "--watch=x"], "interval 'x'"),
        (["status", "--watch=0"], "interval '0'"),
        (["reload", "x"], "more than"),
        (["rotate", "a", "b"], "more than one bucket"),
        (["tail", "a", "b"], "more than one bucket"),
        (["tail", "--since", "noon"], "time 'noon'"),
        (["tail", "-n", "x"], "number of records 'x'"),
        (["tail", "-n", "1000001"], "from 0 to 1000000"),
        (["tail", "-n", ""], "number of records ''"),
        (["tail", "-x"], "unknown option '-x'; see netlab tail --help"),
        (["status", "--jsn"], "unknown option '--jsn' (did you mean --json?); see"),
        (["status", "--json=5"], "option '--json=5' takes no value; see"),
        (["tail", "--since"], "option '--since' needs a value; see"),
        (["status", "-s"], "'-s' needs a value"),
    ],
)
def test_usage_errors(tmp_path, words, says):
    result = netlab(str(tmp_path / "x"), *words)
    assert has_failed(result, says, status=2)


def test_socket_is_an_address():
    assert has_failed(netlab("relative/path", "status"), "address", status=2)
    assert has_failed(netlab("7/udp", "status"), "not over udp", status=2)


# --- status


def test_status(serve):
    result = netlab(serve(STATUS_ANSWERS), "status")
    assert result.returncode == 0, result
    lines = result.stdout.decode().splitlines()
    assert lines[0].startswith("netlabd 0.2.0, pid 4711, up 3 d 4 h, ")
    assert lines[1] == "sandbox: no new privileges, Landlock ABI 7, seccomp"
    assert lines[2] == (
        "last reload 2026-11-23 09:02:10: 1 kept, 1 changed, 0 started, 0 stopped"
    )
    assert max(map(len, lines)) <= 80
    assert b"\x1b" not in result.stdout


def test_status_of_one_service(serve):
    control = serve(STATUS_ANSWERS)
    result = netlab(control, "status", "bucket")
    assert result.stdout.startswith(b"creosote bucket\n")
    assert control.next() == "GET /services/bucket"
    netlab(control, "status", "a/b?c=1 \n")
    assert control.next() == "GET /services/a%2Fb%3Fc%3D1%20%0A"


def test_status_json_is_as_it_comes(serve):
    text = b'{ "pid": 1,\n  "odd":[1.50, 2e1]}'
    assert is_success(
        netlab(serve({"": response(text)}), "status", "--json"), text.decode() + "\n"
    )


def test_status_watched_in_a_pipe_ends_with_its_reader(serve):
    control = serve(STATUS_ANSWERS)
    with running(control, "status", "--watch=0.01") as process:
        for _ in range(3):
            assert control.next() == "GET /status"
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


# --- reload and rotate


def test_reload(serve):
    outcome = {"outcome": "reloaded", "kept": 3, "changed": 1, "started": 0, "stopped": 2}
    control = serve({"POST /reload": response(outcome)})
    assert is_success(
        netlab(control, "reload"), "reloaded: 3 kept, 1 changed, 0 started, 2 stopped\n"
    )


def test_reload_refused(serve):
    errors = ["/etc/n.conf:3: lisen: unknown option", "/etc/n.conf:9: \x1b[2J"]
    control = serve(
        {"POST /reload": response({"outcome": "refused", "errors": errors}, 409)}
    )
    result = netlab(control, "reload")
    assert (result.returncode, result.stdout) == (1, b"")
    lines = result.stderr.decode().splitlines()
    assert lines[0] == "netlab: error: /etc/n.conf:3: lisen: unknown option"
    assert lines[1] == "netlab: error: /etc/n.conf:9: \\x1b[2J"
    assert lines[2].endswith("the reload was refused, and netlabd serves on as before")


def test_reload_waits_for_its_outcome(serve):
    def slow(peer, connection):
        peer.stopped.wait(3)  # longer than other commands wait
        connection.sendall(response({"outcome": "reloaded", "kept": 1}))

    assert is_success(netlab(serve({"": slow}), "reload"), "reloaded: 1 kept\n")


def test_rotate(serve):
    control = serve({"POST /rotate": response({"rotated": ["a", "b\x1b"]})})
    assert is_success(netlab(control, "rotate"), "rotated: a, b\\x1b\n")
    assert control.next() == "POST /rotate"
    control.answers = {"": response({"rotated": ["a&b"]})}
    assert is_success(netlab(control, "rotate", "a&b"), "rotated: a&b\n")
    assert control.next() == "POST /rotate?bucket=a%26b"
    control.answers = {"": response({"rotated": []})}
    assert has_failed(netlab(control, "rotate"), "no bucket has a file")


# --- tail


def tailed(records, **answers):
    return {
        "GET /buckets/": history(*records),
        "GET /services": response({"services": SERVICES}),
        **answers,
    }


def test_tail_of_the_only_bucket(serve):
    control = serve(tailed([record(1), record(2, "two")]))
    result = netlab(control, "tail", "--no-follow")
    assert is_success(result, DATE + line(1) + line(2, "two"))
    assert control.next() == "GET /services"
    assert control.next() == "GET /buckets/bucket/tail?n=10"


def test_tail_asks_for_what_was_typed(serve):
    control = serve(tailed([]))
    words = ["-n", "7", "--since", "2026-11-23T09:02", "--from", "192.0.2.0/24"]
    netlab(control, "tail", "-1", *words, "--match", "a+b &c", "b 1")
    assert control.next() == (
        "GET /buckets/b%201/tail?n=7&since=2026-11-23T09%3A02%3A00.000000Z"
        "&from=192.0.2.0%2F24&match=a%2Bb%20%26c"
    )
    netlab(control, "tail", "-1", "--since", "5m", "b")
    assert control.next().startswith("GET /buckets/b/tail?n=1000000&since=2")


def test_tail_needs_to_know_which(serve):
    two = [SERVICES[1], SERVICES[1] | {"name": "other\x1b"}, SERVICES[0]]
    control = serve({"GET /services": response({"services": two})})
    assert has_failed(
        netlab(control, "tail"), "which of the 2 buckets?", "bucket, other\\x1b"
    )
    many = [{"type": "creosote", "name": f"bucket-{i:03}"} for i in range(999)]
    control.answers = {"": response({"services": many})}
    assert has_failed(netlab(control, "tail"), "999 buckets", "bucket-000, ", "...")
    control.answers = {"": response({"services": SERVICES[:1]})}
    assert has_failed(netlab(control, "tail"), "no bucket is served")
    control.answers = {"": response({"services": {"x": [1]}})}
    assert has_failed(netlab(control, "tail"), "no bucket is served")


def test_tail_shows_what_is_missing(serve):
    lost = {
        "time": "2026-11-23T09:02:10Z",
        "source": "netlabd",
        "lost": 7,
        "message": "7 datagrams lost here",
    }
    control = serve(tailed([record(1), {"missed": 120}, lost, record(2)]))
    assert is_success(
        netlab(control, "tail", "-1", "bucket"),
        DATE + line(1) + "-- 120 records missed here --\n"
        "09:02:10.000 netlabd 7 datagrams lost here\n" + line(2),
    )


def test_tail_goes_on_until_it_is_interrupted(serve):
    def live(peer, connection):
        connection.sendall(stream_head() + chunk(record(1)))
        for sequence in range(2, 5):
            peer.next_record.acquire()
            connection.sendall(chunk(record(sequence)))
        peer.stopped.wait(PATIENCE)

    control = serve({"GET /buckets/": live})
    control.next_record = threading.Semaphore(0)
    with running(control, "tail", "bucket") as process:
        assert read_lines(process, 2) == [DATE, line(1)]
        for sequence in range(2, 5):
            control.next_record.release()
            assert read_lines(process, 1) == [line(sequence)]
        assert control.next() == "GET /buckets/bucket/tail?n=10&follow=1"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stdout.read() + process.stderr.read() == b""


def test_tail_is_quiet_for_longer_than_the_time_out(serve):
    def quiet(peer, connection):
        connection.sendall(stream_head() + chunk(record(1)))
        peer.stopped.wait(1)
        connection.sendall(chunk(b"\n", record(2)) + LAST_CHUNK)

    result = netlab(serve({"": quiet}), "tail", *SHORT, "b")
    assert result.stdout.decode() == DATE + line(1) + line(2)
    assert result.returncode == 1
    assert b"netlabd has ended the stream (--retry waits" in result.stderr


@pytest.mark.parametrize(
    "end, says",
    [
        (b"", "cut off in the midst of the answer"),
        (b"7\r\n{", "cut off in the midst of the answer"),
        (b"zz\r\n", "no answer of HTTP"),
        (chunk(b"nonsense\n"), "a line that is no record"),
        (chunk(b"[1]\n"), "a line that is no record"),
        (chunk(b'{"message":"\xff"}\n'), "a line that is no record"),
        (chunk(b"x" * (5 << 20)), "a line that is no record"),
    ],
)
def test_tail_of_a_stream_that_breaks(serve, end, says):
    control = serve({"": stream_head() + chunk(record(1)) + end})
    result = netlab(control, "tail", "b")
    assert result.stdout.decode() == DATE + line(1)
    assert result.returncode == 1
    assert result.stderr.count(b"\n") == 1
    assert says.encode() in result.stderr


def test_tail_in_pieces_of_one_byte(serve):
    def drip(_, connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        for byte in history(record(1), record(2), record(3)):
            connection.sendall(bytes([byte]))

    assert is_success(
        netlab(serve({"": drip}), "tail", "-1", "b"), DATE + line(1) + line(2) + line(3)
    )


def test_tail_ends_with_its_reader(serve):
    """Also while nothing comes."""

    def quiet(peer, connection):
        connection.sendall(stream_head() + chunk(record(1)))
        peer.stopped.wait(PATIENCE)

    with running(serve({"": quiet}), "tail", "b") as process:
        read_lines(process, 2)
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


def test_tail_of_a_flood_ends_with_its_reader(serve):
    def flood(peer, connection):
        connection.sendall(stream_head())
        while not peer.stopped.is_set():
            connection.sendall(chunk(*[record(i) for i in range(100)]))

    with running(serve({"": flood}), "tail", "b") as process:
        read_lines(process, 1000)
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_tail_into_a_full_pipe_stops_reading(serve):
    """It does not grow, the server is held up, and an interrupt ends it."""

    def flood(peer, connection):
        connection.sendall(stream_head())
        piece = chunk(*[record(i, "x" * 1000) for i in range(100)])
        connection.settimeout(1)
        sent = 0
        try:
            while sent < 200 << 20:
                connection.sendall(piece)
                sent += len(piece)
        except TimeoutError:
            peer.got.put(sent)
        peer.stopped.wait(PATIENCE)

    control = serve({"": flood})
    with running(control, "tail", "b") as process:
        assert control.next() == "GET /buckets/b/tail?n=10&follow=1"
        assert control.next() < 8 << 20
        assert resident(process.pid) < 64 << 20
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0


def test_tail_json_is_as_it_comes(serve):
    lines = [b'{"sequence":1, "odd" : 1.50}\n', b'{"missed":3}\n']
    control = serve({"": stream_head() + chunk(*lines) + LAST_CHUNK})
    assert is_success(
        netlab(control, "tail", "-1", "--json", "b"), b"".join(lines).decode()
    )


def test_tail_retry_goes_on_after_the_last_record(serve, tmp_path):
    control = serve({"": stream_head() + chunk(record(1), record(2)) + LAST_CHUNK})

    def again(peer, connection):
        connection.sendall(stream_head() + chunk(*map(record, (1, 2, 3))))
        peer.stopped.wait(PATIENCE)

    with running(control, "tail", "--retry", "b") as process:
        assert read_lines(process, 3) == [DATE, line(1), line(2)]
        control.answers = {"": again}
        assert read_lines(process, 1) == [line(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        said = process.stderr.read().decode().splitlines()
        assert "has ended the stream; waiting until it is back" in said[0]
        assert said[1].endswith("back again")
    assert control.next() == "GET /buckets/b/tail?n=10&follow=1"
    assert control.next() == (
        "GET /buckets/b/tail?n=1000000&since=2026-11-23T09%3A02%3A10.000002Z&follow=1"
    )


def test_tail_retry_shows_what_a_new_netlabd_counts_anew(serve):
    control = serve({"": stream_head() + chunk(record(7)) + LAST_CHUNK})

    def anew(peer, connection):
        later = record(1, "anew") | {"time": "2026-11-23T09:02:11Z"}
        connection.sendall(stream_head() + chunk(later))
        peer.stopped.wait(PATIENCE)

    with running(control, "tail", "--retry", "b") as process:
        assert read_lines(process, 2) == [DATE, line(7)]
        control.answers = {"": anew}
        assert read_lines(process, 1) == ["09:02:11.000 192.0.2.7:40123 anew\n"]


def test_tail_retry_waits_for_one_that_is_not_there_yet(tmp_path):
    path = tmp_path / "control"
    command = [NETLAB, "tail", "--retry", "-s", str(path)]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert b"no such socket" in process.stderr.readline()
        with Control(path, tailed([record(1)])):
            assert read_lines(process, 2) == [DATE, line(1)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_tail_retry_takes_no_for_an_answer(serve):
    control = serve({"": response({"error": "no such pattern"}, 400)})
    for words in ["b"], []:
        result = netlab(control, "tail", "--retry", *words)
        assert has_failed(result, "no such pattern")
    control.answers = {"GET /services": response({"services": []})}
    assert has_failed(netlab(control, "tail", "--retry"), "no bucket is served")


def test_tail_retry_waits_for_a_bucket_that_went(serve):
    control = serve({"": stream_head() + chunk(record(1)) + LAST_CHUNK})
    with running(control, "tail", "--retry", "b") as process:
        assert read_lines(process, 2) == [DATE, line(1)]
        control.answers = {"": response({"error": "no such bucket"}, 404)}
        while b"no such bucket" not in process.stderr.readline():
            assert process.poll() is None
        control.answers = {"": history(record(1), record(2))}
        assert read_lines(process, 1) == [line(2)]


# --- Completion


def complete(control, *words):
    """What bash is offered for the last of the words."""
    script = """
        compopt() { :; }
        source "$1" && shift
        COMP_WORDS=(netlab "$@") COMP_CWORD=$#
        _netlab "$NETLAB" "${COMP_WORDS[-1]}" && printf '%s\\n' "${COMPREPLY[@]}"
    """
    result = subprocess.run(
        ["bash", "-c", script, "bash", ROOT / "completion/netlab", *words],
        env=ENVIRONMENT | {"NETLAB": NETLAB, "NETLAB_SOCKET": control},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.stderr == b""
    return result.stdout.decode().split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_completion(serve, tmp_path):
    path = serve(STATUS_ANSWERS).path
    assert complete(path, "status", "") == ["lab", "bucket"]
    assert complete(path, "tail", "") == ["bucket"]
    assert complete(path, "rotate", "b") == ["bucket"]
    assert complete("/none", "status", "-s", path, "l") == ["lab"]
    assert complete("/none", "status", "--socket", "=", path, "l") == ["lab"]
    assert complete("/none", "tail", "") == []
    assert complete("/none", "tail", "-s", path[:-1]) == [path]
    assert "--since=" in complete("/none", "tail", "--s")
    assert complete("/none", "ta") == ["tail"]


# --- On a terminal


class Terminal:
    """netlab on a terminal of its own; a shell may stand before it."""

    def __init__(self, control, *words, columns=80, rows=24, shell="", **environment):
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        # Its session begins without a terminal, and so this one becomes its.
        prefix = ["sh", "-c", 'exec <>"$0"; ' + shell, os.ttyname(self.slave)]
        self.process = subprocess.Popen(
            [
                *(prefix if shell else []),
                *(NETLAB, words[0], "-s", control.path, *words[1:]),
            ],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=ENVIRONMENT | environment,
            start_new_session=True,
        )
        self.said = b""

    def resize(self, columns, rows):
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, size)

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        os.set_blocking(self.master, False)
        while text not in self.said:
            assert time.monotonic() < deadline, self.said
            with contextlib.suppress(BlockingIOError):
                self.said += os.read(self.master, 65536)
            time.sleep(0.01)
        return self.said

    def press(self, keys):
        os.write(self.master, keys)

    def is_cooked(self):
        flags = termios.tcgetattr(self.slave)[3]
        return flags & termios.ICANON and flags & termios.ECHO

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal():
    terminals = []

    def start(*words, **options):
        terminals.append(Terminal(*words, **options))
        return terminals[-1]

    yield start
    for one in terminals:
        one.close()


LEAVE = b"\x1b[?25h\x1b[?1049l"


@pytest.mark.parametrize("end", [b"q", signal.SIGINT, signal.SIGTERM])
def test_watching_gives_the_terminal_back(serve, terminal, end):
    control = serve(STATUS_ANSWERS)
    screen = terminal(control, "status", "--watch=0.05")
    screen.wait_for(b"\x1b[?1049h")
    screen.wait_for(b"netlabd 0.2.0")
    assert not screen.is_cooked()
    for _ in range(3):
        control.next()
    if isinstance(end, bytes):
        screen.press(end)
    else:
        screen.process.send_signal(end)
    assert screen.process.wait(PATIENCE) == 0
    assert screen.wait_for(LEAVE).endswith(LEAVE)
    assert screen.is_cooked()


def test_watching_survives_its_netlabd(serve, terminal, tmp_path):
    control = serve(STATUS_ANSWERS)
    screen = terminal(control, "status", "--watch=0.05", columns=300)
    screen.wait_for(b"netlabd 0.2.0")
    control.answers = {"": b"x"}
    screen.wait_for(b"no answer of HTTP")
    screen.said = b""
    control.answers = STATUS_ANSWERS
    screen.wait_for(b"netlabd 0.2.0")


def test_watching_a_slow_netlabd_ends_at_once(serve, terminal):
    control = serve({"": lambda peer, _: peer.stopped.wait(PATIENCE)})
    screen = terminal(control, "status", "--watch=1", "-t", "600")
    control.next()
    screen.process.send_signal(signal.SIGINT)
    assert screen.process.wait(PATIENCE) == 0
    assert screen.wait_for(LEAVE).endswith(LEAVE)


def test_watching_on_a_low_terminal(serve, terminal):
    screen = terminal(serve(STATUS_ANSWERS), "status", "--watch=0.05", rows=6)
    said = screen.wait_for(b"lines more")
    picture = said.split(b"\x1b[H")[1].split(b"\x1b[J")[0]
    assert picture.count(b"\n") == 5
    assert b"... and 11 lines more" in picture
    screen.resize(80, 60)
    screen.process.send_signal(signal.SIGWINCH)
    screen.said = b""
    screen.wait_for(b"waiting-bytes")


def test_watching_where_no_size_is_known(serve, terminal):
    screen = terminal(serve(STATUS_ANSWERS), "status", "--watch=0.05",
                      columns=0, rows=0)
    said = screen.wait_for(b"\x1b[J")
    assert b"lines more" not in said and said.count(b"\n") > 10


def test_watching_is_stopped_and_continued(serve, terminal):
    screen = terminal(serve(STATUS_ANSWERS), "status", "--watch=0.05")
    screen.wait_for(b"netlabd 0.2.0")
    screen.process.send_signal(signal.SIGTSTP)
    os.waitpid(screen.process.pid, os.WUNTRACED)
    screen.wait_for(LEAVE)
    assert screen.is_cooked()
    screen.said = b""
    screen.process.send_signal(signal.SIGCONT)
    screen.wait_for(b"\x1b[?1049h")
    screen.wait_for(b"netlabd 0.2.0")
    assert not screen.is_cooked()


BACKGROUND = 'set -m; "$@" & echo "pid $!" >&2; '


def test_watching_in_the_background_leaves_the_keys_alone(serve, terminal):
    screen = terminal(
        serve(STATUS_ANSWERS),
        *("status", "--watch=0.05"),
        shell=BACKGROUND + "read -r word; fg >&2",
    )
    screen.wait_for(b"netlabd 0.2.0")
    for _ in range(3):
        screen.said = b""
        screen.wait_for(b"netlabd 0.2.0")
    assert screen.is_cooked()
    screen.press(b"q\n")  # is the shell's
    wait_until(lambda: not screen.is_cooked(), "the keys are taken")
    screen.press(b"q")
    assert screen.process.wait(PATIENCE) == 0
    assert screen.wait_for(LEAVE).endswith(LEAVE)
    assert screen.is_cooked()


def test_watching_in_the_background_ends_by_a_signal(serve, terminal):
    screen = terminal(
        serve(STATUS_ANSWERS),
        *("status", "--watch=0.05"),
        shell=BACKGROUND + 'wait "$!"',
    )
    said = screen.wait_for(b"netlabd 0.2.0")
    os.kill(int(said.split(b"pid ")[1].split()[0]), signal.SIGTERM)
    assert screen.process.wait(PATIENCE) == 0
    assert screen.wait_for(LEAVE)
    assert screen.is_cooked()


def test_status_json_on_a_terminal_ends_its_line(serve, terminal):
    control = serve({"": response(json.dumps(STATUS).encode() + b"\n")})
    screen = terminal(control, "status", "--json")
    assert screen.process.wait(PATIENCE) == 0
    assert json.loads(screen.wait_for(b"\n"))["pid"] == 4711
    watched = terminal(control, "status", "--json", "--watch=0.05")
    watched.wait_for(b"\x1b[J")
    watched.press(b"q")
    assert watched.process.wait(PATIENCE) == 0


def test_status_on_a_wide_terminal(serve, terminal):
    screen = terminal(serve(STATUS_ANSWERS), "status", columns=120)
    assert screen.process.wait(PATIENCE) == 0
    assert b"BYTES IN" in screen.wait_for(b"waiting-bytes")


@pytest.mark.parametrize("words", [(), ("bucket",)])
@pytest.mark.parametrize("columns", [52, 60, 79])
def test_status_on_a_narrow_terminal(serve, terminal, columns, words):
    screen = terminal(
        serve(STATUS_ANSWERS), "status", *words, columns=columns, NO_COLOR="1"
    )
    assert screen.process.wait(PATIENCE) == 0
    lines = screen.wait_for(b"waiting-bytes").decode().splitlines()
    assert max(map(len, lines)) <= columns


def test_tail_cuts_long_lines(serve, terminal):
    control = serve(tailed([record(1, "x" * 200), record(2, "short")]))
    screen = terminal(control, "tail", "-1", "b", NO_COLOR="1")
    said = screen.wait_for(b"short")
    assert b"\x1b" not in said
    lines = said.decode().split("\r\n")
    assert lines[1] == line(1, "x" * 200)[:79] + ">"
    whole = terminal(control, "tail", "-1", "--wrap", "b", NO_COLOR="1")
    assert b"x" * 200 in whole.wait_for(b"short")


def test_tail_colours_senders(serve, terminal):
    records = [
        record(1, source="192.0.2.7:1"),
        record(2, source="192.0.2.8:1"),
        record(3, "end", source="192.0.2.7:2"),
    ]
    said = terminal(serve(tailed(records)), "tail", "-1", "b").wait_for(b"end")
    lines = said.decode().split("\r\n")[1:4]
    colours = [each.split("\x1b[38;5;")[1].split("m")[0] for each in lines]
    assert colours[0] == colours[2] != colours[1]


def raw_line(item):
    """JSON with all characters as they are, but for those that it forbids."""
    return json.dumps(item, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_nothing_of_a_server_drives_the_terminal(serve, terminal, words):
    evil = "\x1b]0;owned\x07\x1b[2J\u009b2J\r\u202e"
    records = [
        record(1, evil, evil, severity=3, host=evil, program=evil, text=evil),
        {"lost": 1, "time": evil, "message": evil},
        record(2, "end"),
    ]
    control = serve({"": stream_head() + chunk(*map(raw_line, records)) + LAST_CHUNK})
    screen = terminal(control, "tail", "-1", *words, "b", NO_COLOR="1")
    said = screen.wait_for(b"end").decode()
    assert not set(said) & set("\x1b\x07\u009b\u202e")
    assert "\r" not in said.replace("\r\n", "")
