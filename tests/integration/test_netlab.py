# SPDX-License-Identifier: ISC
"""netlab, the client, against small servers that behave and misbehave."""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import queue
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time

import pytest

import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
NETLAB = os.environ.get("NETLAB") or str(ROOT / "build/src/netlab")
PATIENCE = peers.PATIENCE

# Long enough for a loaded machine, short enough to wait for in a test.
SHORT = "0.4"

# Time for a server on a loaded machine to close after its answer.
SLOW = ("-t", "20")


def netlab(*words, stdin=b"", **options):
    """Runs netlab to its end; anything but an end is a failure."""
    return subprocess.run(
        [NETLAB, *map(str, words)],
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        **options,
    )


@contextlib.contextmanager
def running(*words, **options):
    options.setdefault("stdin", subprocess.PIPE)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    with subprocess.Popen([NETLAB, *map(str, words)], **options) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(fd, end):
    """Reads a descriptor until what came ends so."""
    data = b""
    deadline = time.monotonic() + PATIENCE
    while not data.endswith(end):
        left = deadline - time.monotonic()
        assert left > 0 and select.select([fd], [], [], left)[0], data
        piece = os.read(fd, 65536)
        assert piece, data
        data += piece
    return data


def has_failed(result, *words):
    """Exit status 1, and one line that says these words."""
    assert result.returncode == 1, result
    assert result.stderr.count(b"\n") == 1, result.stderr
    for word in words:
        assert word.encode() in result.stderr
    return True


def is_usage_error(result, *words):
    assert result.returncode == 2, result
    assert result.stdout == b""
    assert result.stderr.count(b"\n") == 1, result.stderr
    for word in words:
        assert word.encode() in result.stderr
    return True


def is_success(result, stdout):
    assert (result.returncode, result.stderr) == (0, b""), result
    assert result.stdout == stdout
    return True


# --- The command line


def test_help_and_version():
    for words in (["--help"], ["-h"], ["help"]):
        result = netlab(*words)
        assert result.returncode == 0
        for command in (b"send", b"spew", b"time", b"status", b"tail", b"reload"):
            assert command in result.stdout
    for words in (["help", "spew"], ["spew", "--help"], ["spew", "x", "-h"]):
        result = netlab(*words)
        assert result.returncode == 0
        assert result.stdout.startswith(b"Usage: netlab spew ")
        assert b"--tee" in result.stdout
    assert netlab("--version").stdout.startswith(b"netlab ")


@pytest.mark.parametrize(
    "command, awaited",
    [
        ("send", b"an answer"),
        ("spew", b"a connection"),
        ("time", b"an answer"),
        ("status", b"netlabd"),
        ("tail", b"netlabd"),
        ("reload", b"the outcome"),
    ],
)
def test_help_says_what_the_time_out_bounds(command, awaited):
    said = netlab(command, "--help").stdout
    assert b"wait SECONDS for " + awaited + b", fractions" in said
    assert max(map(len, said.splitlines())) <= 80


def test_no_command():
    result = netlab()
    assert result.returncode == 2
    assert b"Usage" in result.stderr


@pytest.mark.parametrize(
    "words, says",
    [
        (["snd"], "did you mean send?"),
        (["tiem"], "did you mean time?"),
        (["something"], "unknown command 'something'"),
        (["help", "spw"], "did you mean spew?"),
        (["\x1b[2J"], "\\x1b[2J"),
        (["send"], "no address"),
        (["send", "localhost", "hi"], "HOST:PORT"),
        (["send", "::1:7", "hi"], "[]"),
        (["send", "*:7", "hi"], "'*:7'"),
        (["send", "0", "hi"], "'0'"),
        (["send", "7/sctp", "hi"], "/udp or /tcp"),
        (["send", "unix:relative", "hi"], "absolute"),
        (["send", "--tee", "7"], "'--tee'"),
        (["send", "7", "-x"], "'-x' (write -- before text that begins with -); see"),
        (["send", "--timeout=3", "-xy", "7"], "'-x' (write -- before"),
        (["send", "--tiemout=3", "7"], "'--tiemout=3' (did you mean --timeout?); see"),
        (["--json", "time"], "'--json' (those of a command follow it; netlab"),
        (["send", "-t"], "'-t' needs a value"),
        (["send", "--timeout", "-1", "7", "x"], "time-out '-1'"),
        (["send", "-t", "inf", "7", "x"], "time-out 'inf'"),
        (["time", "a", "b"], "more than one"),
        (["send", "localhost:2345;", "hi"], "';' is no part of an address"),
        (["send", "localhost:2345; hi"], "';' is no part of an address"),
        (["send", "localhost:7/tcp,", "hi"], "',' is no part of an address"),
        (["time", "localhost,"], "',' is no part of an address"),
        (["spew", "disk full, reboot"], "first word is the host"),
        (["spew", ":", "text"], "':'"),
        (["spew", "-s", "9", "7739/tcp", "text"], "localhost:7739/tcp stay whole"),
        (["spew", "-s", "9", "unix:/x", "text"], "unix:/x stay whole"),
        (["spew", "unix:x", "text"], "absolute"),
        (["status", "-s", "7739/udp"], "not over udp (write unix:/path, or HOST"),
        (["spew", "--tee", "localhost", "text"], "--tee"),
        (["spew", "-s", "3", "localhost", "x"], "from 4 to 65507"),
        (["spew", "-s", "65508", "localhost", "x"], "from 4 to 65507"),
    ],
)
def test_usage_errors(words, says):
    assert is_usage_error(netlab(*words), says)


# --- send over TCP


def test_send_text():
    with peers.Stream(peers.echo_upper) as peer:
        assert is_success(
            netlab("send", f"127.0.0.1:{peer.port}", "two", "words"),
            b"TWO WORDS\n",
        )


def test_send_text_that_begins_with_a_dash():
    with peers.Stream(peers.echo_upper) as peer:
        result = netlab("send", peer.port, "--", "-t", "x")
        assert is_success(result, b"-T X\n")


def test_send_lines_over_one_connection():
    with peers.Stream(peers.echo_upper) as peer:
        result = netlab("send", f"{peer.port}/tcp", stdin=b"a\nb\nno end")
        assert is_success(result, b"A\nB\nNO END")
        assert peer.connections == 1


def test_send_bytes_unchanged_into_a_pipe():
    data = bytes(range(128, 256)) + b"\0\x1b[2J\r\n"
    with peers.Stream(peers.echo_upper) as peer:
        assert is_success(netlab("send", peer.port, stdin=data), data.upper())


def test_send_answers_come_while_input_goes_on():
    with peers.Stream(peers.echo_upper) as peer, running(
        "send", peer.port
    ) as process:
        for line in b"one\n", b"two\n", b"three\n":
            os.write(process.stdin.fileno(), line)
            assert read_until(process.stdout.fileno(), b"\n") == line.upper()
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_send_empty_line_ends_the_session_while_input_is_open():
    with peers.Stream(peers.echo_upper) as peer, running(
        "send", "-t", SHORT, peer.port
    ) as process:
        for line in b"one\n", b"two\n":
            os.write(process.stdin.fileno(), line)
            read_until(process.stdout.fileno(), b"\n")
        os.write(process.stdin.fileno(), b"\n")
        assert process.wait(PATIENCE) == 0


def test_send_more_than_any_buffer_holds():
    data = b"".join(b"line %d\n" % i for i in range(300000))
    with peers.Stream(peers.echo_upper) as peer:
        assert is_success(netlab("send", peer.port, stdin=data), data.upper())


def test_send_line_longer_than_the_buffer():
    data = b"x" * 1000000
    with peers.Stream(peers.echo_upper) as peer:
        assert is_success(netlab("send", peer.port, stdin=data), data.upper())


def test_send_one_line_a_connection():
    with peers.Stream(peers.timestamp) as peer:
        result = netlab("send", *SLOW, peer.port, stdin=b"a\nb\nc")
        assert is_success(result, b"[now] a\n[now] b\n[now] c")
        assert peer.connections == 3


def test_send_one_line_a_connection_as_they_come():
    with peers.Stream(peers.timestamp) as peer, running(
        "send", *SLOW, peer.port
    ) as process:
        for line in b"one\n", b"two\n":
            os.write(process.stdin.fileno(), line)
            answer = read_until(process.stdout.fileno(), b"\n")
            assert answer == b"[now] " + line
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_send_to_a_server_that_speaks_unasked():
    with peers.Stream(peers.says(b"the time")) as peer:
        assert is_success(netlab("send", peer.port), b"the time")
        # It is not waited for input that nobody wants.
        with running("send", peer.port) as process:
            assert process.wait(PATIENCE) == 0
            assert process.stdout.read() == b"the time"


def test_send_answers_after_a_half_close():
    def talk(_, connection):
        data = b""
        while piece := connection.recv(1024):
            data += piece
        connection.sendall(b"%d bytes\n" % len(data))

    with peers.Stream(talk) as peer:
        result = netlab("send", peer.port, stdin=b"12345\n78\n")
        assert is_success(result, b"9 bytes\n")


def test_send_ends_when_nothing_more_comes():
    with peers.Stream(peers.says_and_stays(b"hello\n")) as peer:
        result = netlab("send", "-t", SHORT, peer.port, "x")
        assert is_success(result, b"hello\n")


def test_send_endless_answer_ends_with_its_reader():
    with peers.Stream(peers.chargen) as peer, running(
        "send", peer.port
    ) as process:
        process.stdout.read(1000)
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


def test_send_endless_answer_is_interrupted():
    with peers.Stream(peers.chargen) as peer, running(
        "send", peer.port, stdin=subprocess.DEVNULL
    ) as process:
        process.stdout.read(1000)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == -signal.SIGINT


def test_send_full_disk_is_told():
    with peers.Stream(peers.echo_upper) as peer, open("/dev/full", "wb") as full:
        process = subprocess.run(
            [NETLAB, "send", str(peer.port), "x"],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert process.returncode == 1
    assert b"standard output: No space left" in process.stderr


@pytest.mark.parametrize("lines", [b"one\n", b"one\ntwo\nthree\n"])
@pytest.mark.parametrize("talk", [peers.silent, peers.discard])
def test_send_no_answer(talk, lines):
    with peers.Stream(talk) as peer:
        began = time.monotonic()
        result = netlab("send", "-t", SHORT, peer.port, stdin=lines)
        assert time.monotonic() - began < float(SHORT) * 1.25 + 2
        assert has_failed(result, f":{peer.port}/tcp", "answer")
        received = b""
        while len(received) < len(lines):
            received += peer.next()
        assert received == lines


def test_send_no_answer_says_how_long():
    with peers.Stream(peers.silent) as peer:
        result = netlab("send", "-t", ".25", peer.port, "x")
        assert has_failed(result, "no answer in 0.25 s")


def test_send_to_a_server_that_takes_nothing():
    with peers.Stream(peers.deaf) as peer:
        result = netlab(
            "send", "-t", SHORT, peer.port, stdin=b"x" * 20000000
        )
        assert has_failed(result, "takes no more")


def test_send_refused():
    with peers.closed_port() as port:
        result = netlab("send", f"127.0.0.1:{port}/tcp", "x")
        assert has_failed(
            result, f"127.0.0.1:{port}/tcp: connection refused (is"
        )


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_refused_elsewhere_it_may_serve_its_localhost_alone(kind):
    """127.0.0.1 and ::1 are what localhost means to a service."""
    hint = b"and not for its own localhost alone?"
    with peers.closed_port(kind, "127.0.0.9") as port:
        for host, hints in ("127.0.0.9", True), ("127.0.0.1", False), ("[::1]", False):
            for suffix in "", "/tcp", "/udp":
                result = netlab("send", f"{host}:{port}{suffix}", "x")
                assert (hint in result.stderr) == (hints and b"refused (" in result.stderr)
                assert has_failed(result, "")
        assert hint in netlab("send", f"127.0.0.9:{port}", "x").stderr


def test_send_cut_off():
    with peers.Stream(peers.resets_after(b"half an ans")) as peer:
        result = netlab("send", peer.port, "x")
        assert has_failed(result, "cut off", "does it refuse this machine")


def test_send_cut_off_before_all_was_sent():
    def talk(_, connection):
        connection.recv(1024)
        connection.sendall(b"first\n")
        connection.recv(1)

    with peers.Stream(talk) as peer:
        result = netlab("send", peer.port, stdin=b"x\n" * 3000000)
        assert has_failed(result, "cut off")
        assert result.stdout == b"first\n"


def test_send_listener_that_never_accepts():
    """Linux lets one more connection in than the backlog says."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        with contextlib.ExitStack() as stack:
            for _ in range(4):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            result = netlab("send", "-t", SHORT, f"{port}/tcp", "x")
        assert has_failed(result, f"no answer in {SHORT} s")


def test_send_without_standard_input():
    """Descriptor 0 must not become the socket, which is then read twice."""
    with peers.Stream(peers.says(b"hello")) as peer:
        result = subprocess.run(
            ["sh", "-c", f'exec "$0" send {peer.port} <&-', NETLAB],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert is_success(result, b"hello")


# --- Names and addresses


@pytest.mark.parametrize(
    "address, name", [("127.0.0.1", "localhost"), ("::1", "localhost"),
                      ("::1", "[::1]"), ("127.0.0.1", "127.0.0.1")]
)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_send_names(address, name, transport):
    """localhost is both, and the one that refuses gives way."""
    make = peers.Stream if transport == "tcp" else peers.Datagram
    talk = peers.echo_upper if transport == "tcp" else bytes.upper
    with make(talk, (address, 0)) as peer:
        result = netlab("send", f"{name}:{peer.port}/{transport}", "hi")
        assert is_success(result, b"HI\n")


def test_send_unknown_host():
    began = time.monotonic()
    result = netlab("send", "-t", SHORT, "no.such.name.invalid:7", "x")
    assert time.monotonic() - began < float(SHORT) + 2
    assert has_failed(result, "'no.such.name.invalid' cannot be resolved")


def test_send_unix(tmp_path):
    with peers.Stream(peers.echo_upper, str(tmp_path / "s,;")):
        result = netlab("send", f"unix:{tmp_path}/s,;", "hi")
        assert is_success(result, b"HI\n")


def test_send_unixgram(tmp_path):
    with peers.Datagram(bytes.upper, str(tmp_path / "s")):
        result = netlab("send", f"unixgram:{tmp_path}/s", stdin=b"a\nb\n")
        assert is_success(result, b"A\nB\n")


def test_send_unixgram_to_who_never_answers(tmp_path):
    """It is not said to be missing, as it has taken what was sent."""
    path = f"unixgram:{tmp_path}/s"
    with peers.Datagram(lambda data: None, str(tmp_path / "s")) as peer:
        result = netlab("send", "-t", SHORT, path, "x")
        assert has_failed(
            result, f": delivered, but no answer in {SHORT} s (for", "netlab spew"
        )
        assert peer.next() == b"x"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as full:
        full.bind(str(tmp_path / "full"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    filler.sendto(b"x", full.getsockname())
        result = netlab("send", "-t", SHORT, f"unixgram:{tmp_path}/full", "x")
        assert has_failed(result, f": no answer in {SHORT} s")


@pytest.mark.parametrize("talk", [peers.silent, peers.discard])
def test_send_to_a_stream_that_never_answers_names_spew(talk):
    with peers.Stream(talk) as peer:
        result = netlab("send", "-t", SHORT, f"{peer.port}/tcp", "x")
        assert has_failed(result, "creosote: netlab spew")


def test_send_unix_failures(tmp_path):
    path = tmp_path / "s"
    assert has_failed(
        netlab("send", f"unix:{path}", "x"), f": unix:{path}: no such socket"
    )
    assert has_failed(netlab("send", f"unixgram:{path}", "x"), "no such socket")
    with peers.Datagram(bytes.upper, str(path)):
        assert has_failed(netlab("send", f"unix:{path}", "x"), "unixgram:")
    assert has_failed(netlab("send", f"unixgram:{path}", "x"), "refused")


def test_send_unix_queue_is_full(tmp_path):
    path = str(tmp_path / "s")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(path)
        server.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket(socket.AF_UNIX))
            filler.setblocking(False)
            filler.connect_ex(path)
        result = netlab("send", "-t", SHORT, f"unix:{path}", "x")
    assert has_failed(result, "no answer")


# --- send over UDP


def test_send_datagrams():
    with peers.Datagram(bytes.upper) as peer:
        result = netlab("send", f"{peer.port}/udp", stdin=b"a\n\nc d")
        assert is_success(result, b"A\n\nC D\n")
        assert peer.all() == [b"a", b"", b"c d"]


def test_send_datagrams_as_they_come():
    with peers.Datagram(bytes.upper) as peer, running(
        "send", f"{peer.port}/udp"
    ) as process:
        for line in b"one\n", b"two\n":
            os.write(process.stdin.fileno(), line)
            assert read_until(process.stdout.fileno(), b"\n") == line.upper()
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_send_largest_datagram():
    text = b"x" * 65507
    with peers.Datagram(bytes.upper) as peer:
        address = f"127.0.0.1:{peer.port}/udp"
        result = netlab("send", address, stdin=text)
        assert is_success(result, text.upper() + b"\n")
        assert has_failed(
            netlab("send", address, stdin=text + b"x"), "too long"
        )


def test_send_udp_no_answer():
    with peers.Datagram(lambda data: None) as peer:
        result = netlab("send", "-t", SHORT, f"{peer.port}/udp", stdin=b"a\nb\n")
        assert has_failed(
            result, f"no answer in {SHORT} s", "refuses this machine",
            "creosote: see netlab spew;", "-t waits longer)"
        )
        assert peer.all() == [b"a"]
        result = netlab("send", "-t", SHORT, f"127.0.0.1:{peer.port}", "a")
        assert has_failed(result, "refused, and over udp: no answer", "creosote")


def test_send_udp_no_second_answer():
    """A service that has answered is none that never does."""
    with peers.Datagram({b"a": b"A"}.get) as peer:
        result = netlab("send", "-t", SHORT, f"{peer.port}/udp", stdin=b"a\nb\n")
        assert has_failed(result, f"no answer in {SHORT} s")
        assert result.stdout == b"A\n"
        assert b"creosote" not in result.stderr


def test_send_udp_refused():
    with peers.closed_port(socket.SOCK_DGRAM) as port:
        result = netlab("send", f"127.0.0.1:{port}/udp", "x")
        assert has_failed(result, f"127.0.0.1:{port}/udp: connection refused")


def test_send_falls_back_to_udp_and_says_so():
    with peers.Datagram(bytes.upper) as peer:
        result = netlab("send", f"127.0.0.1:{peer.port}", stdin=b"a\nb\n")
        assert (result.returncode, result.stdout) == (0, b"A\nB\n")
        assert result.stderr.count(b"\n") == 1
        assert b"/udp answers, as tcp is refused" in result.stderr


def test_send_refused_by_both():
    with peers.closed_port(socket.SOCK_DGRAM) as port:
        result = netlab("send", f"127.0.0.1:{port}", "x")
        assert has_failed(result, "connection refused, and over udp")


# --- On a terminal


@contextlib.contextmanager
def on_terminal(talk):
    """netlab send with a terminal for its output: its master, and netlab."""
    master, slave = pty.openpty()
    with peers.Stream(talk) as peer, running(
        "send", peer.port, stdin=subprocess.DEVNULL, stdout=slave
    ) as process:
        yield master, process
    os.close(slave)
    os.close(master)


@contextlib.contextmanager
def typing(*words, **options):
    """netlab send with a terminal for all but what options say."""
    master, slave = pty.openpty()
    streams = {"stdin": slave, "stdout": slave, "stderr": slave, **options}
    with running("send", *words, **streams) as process:
        yield master, process
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("columns, widest", [(0, 80), (80, 80), (40, 40), (132, 132)])
def test_messages_fit_on_a_terminal(columns, widest):
    """Broken between words; a pipe gets each as one line."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with peers.closed_port(socket.SOCK_DGRAM) as port:
        words = ["send", f"127.0.0.9:{port}", "x"]
        piped = netlab(*words).stderr.decode()
        with running(*words, stderr=slave) as process:
            shown = read_until(master, b"?)\r\n").decode()
            assert process.wait(PATIENCE) == 1
    os.close(slave)
    os.close(master)
    lines = shown.replace("\r\n", "\n").splitlines()
    assert len(lines) > 1 or widest > len(piped)
    assert max(map(len, lines)) <= widest
    assert all(line.startswith("    ") for line in lines[1:])
    assert shown.split() == piped.split()
    assert piped.count("\n") == 1


def test_time_fits_on_a_terminal():
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with peers.Stream(lambda _, sock: sock.sendall(b"1763888530\n")) as peer:
        with running("time", peer.port, stdout=slave) as process:
            shown = read_until(master, b")\r\n").decode()
            assert process.wait(PATIENCE) == 0
        piped = netlab("time", peer.port).stdout.decode()
    os.close(slave)
    os.close(master)
    lines = shown.splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 40
    assert piped.count("\n") == 2


@pytest.mark.parametrize("end", [b"\n", b"\x04"])
def test_typing_is_told_of_the_connection_at_once(end):
    with peers.Stream(peers.echo_upper) as peer, typing(
        f"localhost:{peer.port}"
    ) as (master, process):
        said = read_until(master, b"\r\n").decode()
        assert f": connected to 127.0.0.1:{peer.port}/tcp; ^D ends" in said
        os.write(master, b"hi\n")
        assert read_until(master, b"HI\r\n") == b"hi\r\nHI\r\n"
        os.write(master, end)
        assert process.wait(PATIENCE) == 0


def test_typing_over_a_unix_socket(tmp_path):
    with peers.Stream(peers.echo_upper, f"{tmp_path}/s"), typing(
        f"unix:{tmp_path}/s"
    ) as (master, process):
        said = read_until(master, b" may\r\n").decode()
        assert f": connected to {tmp_path}/s; ^D ends" in " ".join(said.split())


def test_typing_is_told_of_no_server_at_once():
    with peers.closed_port() as port, typing(
        f"127.0.0.1:{port}/tcp"
    ) as (master, process):
        said = read_until(master, b"\r\n")
        assert b"/tcp: connection refused (is" in said
        assert process.wait(PATIENCE) == 1


@pytest.mark.parametrize(
    "suffix, says", [("/udp", "/udp: each"), ("", "/tcp: connection refused, so each")]
)
def test_typing_datagrams(suffix, says):
    with peers.Datagram(bytes.upper) as peer:
        address = f"127.0.0.1:{peer.port}"
        with typing(address + suffix) as (master, process):
            said = read_until(master, b"ends\r\n").decode()
            said = " ".join(said.split())
            assert f"{address}{says} line is a datagram" in said
            assert "; ^D ends" in said
            os.write(master, b"hi\n")
            read_until(master, b"HI\r\n")
            os.write(master, b"\x04")
            assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    "talk, words, options",
    [
        (peers.echo_upper, ["hello"], {}),
        (peers.says(b"HELLO\n"), [], {"stdin": subprocess.DEVNULL}),
        (peers.says(b"HELLO\n"), [], {"stderr": subprocess.PIPE}),
    ],
)
def test_who_does_not_type_is_not_told_of_the_connection(talk, words, options):
    with peers.Stream(talk) as peer, typing(
        peer.port, *words, **options
    ) as (master, process):
        assert read_until(master, b"\n") == b"HELLO\r\n"
        assert process.wait(PATIENCE) == 0
        assert process.stderr is None or process.stderr.read() == b""


def test_send_help_says_how_to_end():
    assert b"^D ends" in netlab("send", "--help").stdout


def test_terminal_sees_no_control_characters():
    said = "\x1b[2J\x07 C:\\ \u202e\tx\r\nend".encode() + b"\xe2"
    with on_terminal(peers.says(said)) as (master, process):
        shown = read_until(master, b"\\xe2\r\n")
        assert process.wait(PATIENCE) == 0
    # The terminal makes CR LF of each newline.
    assert shown.replace(b"\r\r\n", b"\r\n") == (
        b"\\x1b[2J\\x07 C:\\ \\xe2\\x80\\xae\tx\r\nend\\xe2\r\n"
    )


def test_terminal_sees_characters_whole_that_come_in_pieces():
    pieces = queue.Queue()

    def talk(_, connection):
        for piece in iter(pieces.get, None):
            connection.sendall(piece)

    # Each piece comes when what can be shown of the one before has been.
    with on_terminal(talk) as (master, process):
        for said, shown in [
            (b"caf\xc3", b"caf"),
            (b"\xa9 \xf0\x9f", b"\xc3\xa9 "),
            (b"\x98\x80\r", b"\xf0\x9f\x98\x80"),
            (b"\nend", b"end"),
        ]:
            pieces.put(said)
            seen = read_until(master, shown)
            assert b"\\" not in seen
        pieces.put(None)
        assert process.wait(PATIENCE) == 0


# --- time

AT = 1795419060  # 2026-11-23 07:31:00 UTC
EAST = {**os.environ, "TZ": "EAST-1"}

FORMATS = [
    ("ctime", b"Mon Nov 23 08:31:00 2026"),
    ("daytime", b"Mon Nov 23 08:31:00 2026\r\n"),
    ("rfc868", struct.pack("!I", AT + 2208988800)),
    ("iso8601", b"2026-11-23T07:31:00.000000Z"),
    ("unix", b"%d" % AT),
]


@pytest.mark.parametrize("name, said", FORMATS)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_time_formats(name, said, transport):
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(
            peers.Stream(peers.says(said))
            if transport == "tcp"
            else peers.Datagram(lambda data: said if data == b"" else None)
        )
        server = f"127.0.0.1:{peer.port}"
        address = f"{server}/{transport}"
        result = netlab("time", address, env=EAST)
        told = json.loads(netlab("time", "--json", address, env=EAST).stdout)
    assert (result.returncode, result.stderr) == (0, b"")
    first, second = result.stdout.decode().splitlines()
    assert first.startswith("Mon 2026-11-23 08:31:00")
    assert first.endswith(" EAST")
    assert f"{address}, format {name}, " in second
    assert told["server"] == server
    assert told["transport"] == transport
    assert told["format"] == name
    assert told["time"] == "2026-11-23T07:31:00.000000Z"
    assert told["unix_ns"] == AT * 10**9
    assert told["zone_assumed"] == (name in ("ctime", "daytime"))
    offset = AT - time.time()
    assert abs(told["offset_ns"] / 1e9 - offset) < PATIENCE + 1


def test_time_offset():
    def talk(shift):
        return lambda data: b"%.6f" % (time.time() + shift)

    for shift, says in (-100, b"behind"), (100, b"ahead of"):
        with peers.Datagram(talk(shift)) as peer:
            result = netlab("time", f"{peer.port}/udp")
            told = json.loads(netlab("time", "-j", f"{peer.port}/udp").stdout)
        assert b" s %s the local clock" % says in result.stdout
        assert abs(told["offset_ns"] - shift * 10**9) <= told["offset_error_ns"]
    with peers.Datagram(talk(0)) as peer:
        result = netlab("time", f"{peer.port}/udp")
    assert b": the local clock agrees (within" in result.stdout


@pytest.mark.parametrize(
    "hours, end, says",
    [
        (6, "", ", about 6 h: another time zone?)"),
        (-5.75, "\r\n", ", about 5.75 h: another time zone?)"),
        (6.1, "", ", unless its time zone is another one)"),
        (0, "", ", taking its time zone for this one)"),
    ],
)
def test_time_in_another_zone(hours, end, says):
    def answer(_):
        then = time.gmtime(time.time() + hours * 3600)
        return (time.asctime(then) + end).encode()

    with peers.Datagram(answer) as peer:
        result = netlab("time", f"{peer.port}/udp", env={**os.environ, "TZ": "UTC"})
    assert result.stdout.decode().endswith(says + "\n")


def test_time_of_a_server_that_does_not_close():
    with peers.Stream(peers.says_and_stays(b"%d\n" % AT)) as peer:
        result = netlab("time", "-t", SHORT, peer.port)
        assert result.returncode == 0
        assert b"format unix" in result.stdout


def test_time_in_pieces_and_cut_off():
    def talk(_, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"%d\n" % AT:
            connection.sendall(bytes([byte]))
        connection.recv(1024)
        peers.reset(connection)

    with peers.Stream(talk) as peer:
        result = netlab("time", "-t", SHORT, peer.port)
        assert result.returncode == 0, result
        assert b"format unix" in result.stdout


def test_time_failures():
    with peers.Stream(peers.silent) as peer:
        result = netlab("time", "-t", SHORT, peer.port)
        assert has_failed(
            result,
            f"/tcp: no answer in {SHORT} s (it is connected, but says nothing",
            "time service?",
        )
    with peers.Datagram(lambda data: None) as peer:
        result = netlab("time", "-t", SHORT, f"{peer.port}/udp")
        assert has_failed(result, "/udp", f"no answer in {SHORT} s")
    with peers.Stream(peers.says(b"\x1b[2J hello")) as peer:
        assert has_failed(netlab("time", peer.port), r"'\x1b[2J hello'")
    with peers.Stream(peers.chargen) as peer:
        assert has_failed(netlab("time", peer.port), "no time, but")
    with peers.Stream(peers.says(b"")) as peer:
        assert has_failed(netlab("time", peer.port), "without an answer")
    with peers.Datagram(lambda data: b"") as peer:
        assert netlab("time", f"{peer.port}/udp").returncode == 1
    with peers.closed_port() as port:
        assert has_failed(
            netlab("time", f"127.0.0.1:{port}"), "connection refused"
        )


# --- spew


class Bucket(peers.Datagram):
    def __init__(self, address=("127.0.0.1", 0)):
        super().__init__(lambda data: None, address)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)


def test_spew_text():
    with Bucket() as bucket:
        result = netlab("spew", f"127.0.0.1:{bucket.port}", "disk", "full")
        assert is_success(result, b"")
        assert bucket.next() == b"disk full"


def test_spew_lines():
    with Bucket() as bucket:
        result = netlab("spew", bucket.port, stdin=b"a\n\nb c\r\nlast")
        assert is_success(result, b"")
        assert [bucket.next() for _ in range(4)] == [
            b"a", b"", b"b c\r", b"last"
        ]


def test_spew_lines_as_they_come():
    with Bucket() as bucket, running(
        "spew", "--tee", f"127.0.0.1:{bucket.port}"
    ) as process:
        os.write(process.stdin.fileno(), b"one\nhalf a li")
        assert bucket.next() == b"one"
        assert read_until(process.stdout.fileno(), b"half a li")
        os.write(process.stdin.fileno(), b"ne\n")
        assert bucket.next() == b"half a line"
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_spew_cuts_between_characters():
    text = "\u00e9\u20ac\U0001f600x" * 300
    with Bucket() as bucket:
        for size in 4, 5, 100, 1024:
            result = netlab(
                "spew", "-s", size, bucket.port, stdin=text.encode()
            )
            assert result.returncode == 0
            whole = ""
            while len(whole) < len(text):
                piece = bucket.next()
                assert len(piece) <= size
                whole += piece.decode()
            assert whole == text


def test_spew_cuts_a_line_without_end_before_it_ends():
    with Bucket() as bucket, running(
        "spew", f"127.0.0.1:{bucket.port}"
    ) as process:
        os.write(process.stdin.fileno(), b"x" * 1500)
        assert bucket.next() == b"x" * 1024
        process.stdin.close()
        assert bucket.next() == b"x" * 476
        assert process.wait(PATIENCE) == 0


def test_spew_line_of_exactly_the_size():
    with Bucket() as bucket:
        netlab("spew", "-s", 8, bucket.port, stdin=b"12345678\n123456789\n")
        assert [bucket.next() for _ in range(3)] == [
            b"12345678", b"12345678", b"9"
        ]


def test_spew_to_localhost_over_ipv6():
    with Bucket(("::1", 0)) as bucket:
        result = netlab(
            "spew", f"localhost:{bucket.port}", stdin=b"a\nb\n"
        )
        assert is_success(result, b"")
        assert [bucket.next(), bucket.next()] == [b"a", b"b"]


def test_spew_refused_is_told_once_and_nothing_is_lost_of_tee():
    data = b"".join(b"line %d\n" % i for i in range(20000))
    with peers.closed_port(socket.SOCK_DGRAM) as port:
        for host in "127.0.0.1", "localhost":
            result = netlab("spew", "--tee", f"{host}:{port}", stdin=data)
            assert result.returncode == 1
            assert result.stdout == data
            first, last = result.stderr.splitlines()
            assert b"/udp: connection refused" in first
            # Each was sent again after the refusal of the one before it.
            lost = re.search(rb"at least (\d+) of 20000 datagrams", last)
            assert int(lost[1]) > 15000


def test_spew_refused_text():
    with peers.closed_port(socket.SOCK_DGRAM) as port:
        result = netlab("spew", f"127.0.0.1:{port}", "x")
        assert has_failed(result, "/udp: connection refused")


def test_spew_goes_on_when_the_bucket_comes_late():
    """After a refusal the rest is sent, and the lost ones are counted."""
    # An address that no other test uses: its port is still free later.
    with peers.Datagram(None, ("127.0.0.5", 0)) as early:
        port = early.port
    with running("spew", f"127.0.0.5:{port}") as process:
        os.write(process.stdin.fileno(), b"lost\n")
        # A refusal is reported by the send that follows it.
        os.write(process.stdin.fileno(), b"lost too\n")
        read_until(process.stderr.fileno(), b"\n")
        with Bucket(("127.0.0.5", port)) as late:
            os.write(process.stdin.fileno(), b"found\n")
            while late.next() != b"found":
                pass
            process.stdin.close()
            assert process.wait(PATIENCE) == 1
        assert b" of 3 datagrams were lost" in process.stderr.read()


def test_spew_unknown_host_lets_the_program_end():
    data = b"x" * 300000 + b"\n"
    result = netlab(
        "spew", "--tee", "-t", SHORT, "no.such.name.invalid", stdin=data
    )
    assert has_failed(result, "cannot be resolved", "netlab spew HOST TEXT")
    assert result.stdout == data


def test_spew_text_taken_for_a_host():
    result = netlab("spew", "-t", SHORT, "disk full", "on loghost")
    assert has_failed(result, "the first word is the host")


def test_spew_tee_reader_leaves_and_the_rest_is_sent():
    with Bucket() as bucket, running(
        "spew", "--tee", f"127.0.0.1:{bucket.port}"
    ) as process:
        process.stdout.close()
        for i in range(100):
            os.write(process.stdin.fileno(), b"%d\n" % i)
            assert bucket.next() == b"%d" % i
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""


def test_spew_tee_on_a_full_disk_still_sends():
    with Bucket() as bucket, open("/dev/full", "wb") as full, running(
        "spew", "--tee", f"127.0.0.1:{bucket.port}", stdout=full
    ) as process:
        for line in b"one", b"two":
            os.write(process.stdin.fileno(), line + b"\n")
            assert bucket.next() == line
        process.stdin.close()
        assert process.wait(PATIENCE) == 1
        assert process.stderr.read().count(b"\n") == 1


def test_spew_tee_into_a_pipe_that_does_not_block(tmp_path):
    data = b"".join(b"line %d\n" % i for i in range(50000))
    (tmp_path / "data").write_bytes(data)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with Bucket() as bucket, open(tmp_path / "data", "rb") as file, running(
        "spew", "--tee", f"127.0.0.1:{bucket.port}", stdin=file, stdout=writer
    ) as process:
        os.close(writer)
        seen = b""
        while piece := os.read(reader, 65536):
            seen += piece
        assert process.wait(PATIENCE) == 0
    os.close(reader)
    assert seen == data
