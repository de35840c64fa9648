# SPDX-License-Identifier: ISC
"""What each service says, over every transport it serves."""

import json
import re
import socket
import struct
import time

import pytest

from daemon import DATAGRAMS, STREAMS
from wire import CTIME, ISO8601, exchange, is_silent, read_exactly, read_to_end

ALL_BYTES = bytes(range(256))
UPPER_BYTES = ALL_BYTES.upper()  # bytes.upper() knows ASCII alone, as we do

datagrams = pytest.mark.parametrize("transport", DATAGRAMS)
streams = pytest.mark.parametrize("transport", STREAMS)
transports = pytest.mark.parametrize("transport", DATAGRAMS + STREAMS)


@transports
def test_echo_returns_every_byte(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    for data in (b"hello", ALL_BYTES, b"\r\n", b"x" * 9000):
        assert exchange(sock, data) == data


@datagrams
def test_echo_answers_an_empty_datagram(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    sock.send(b"")
    assert sock.recv(10) == b""
    assert exchange(sock, b"still here") == b"still here"


@streams
def test_echo_goes_on_until_the_client_ends(netlabd, transport):
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    assert exchange(sock, b"one\r\n\r\ntwo") == b"one\r\n\r\ntwo"
    sock.shutdown(1)
    assert sock.recv(1) == b""
    figures = daemon.stop().figures["lab"]
    assert figures["read-bytes"] == figures["written-bytes"] == 10
    assert figures["closed-end-of-input"] == 1


@transports
def test_upper_case_is_of_ascii_letters_alone(netlabd, transport):
    daemon = netlabd("echo-upper lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    assert exchange(sock, ALL_BYTES) == UPPER_BYTES
    assert exchange(sock, "größe".encode()) == "GRößE".encode()


@datagrams
@pytest.mark.parametrize("size", (0, 1, 1023, 1024, 1025, 65507))
def test_upper_case_datagram_of_any_length(netlabd, transport, size):
    daemon = netlabd("echo-upper lab { listen = EVERYWHERE }")
    data = (b"abcdefg " * (size // 8 + 1))[:size]
    assert exchange(daemon.connect("lab", transport), data) == data.upper()


@datagrams
def test_upper_case_datagram_may_be_an_empty_line(netlabd, transport):
    sock = netlabd("echo-upper lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    assert exchange(sock, b"\r\n") == b"\r\n"
    assert exchange(sock, b"more") == b"MORE"


@streams
def test_upper_case_does_not_wait_for_a_line(netlabd, transport):
    sock = netlabd("echo-upper lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    for data in b"hel", b"lo\r", b"\n":
        assert exchange(sock, data) == data.upper()


@streams
@pytest.mark.parametrize("pieces, answer", (
    ([b"\r\n"], b""),
    ([b"\n"], b""),
    ([b"abc\r\n\r\n"], b"ABC\r\n"),
    ([b"abc\n\n"], b"ABC\n"),
    ([b"a\r\nb\r\n\r\nlost"], b"A\r\nB\r\n"),
    ([b"a\r\n", b"\r", b"\n"], b"A\r\n"),
))
def test_upper_case_ends_at_an_empty_line(netlabd, transport, pieces, answer):
    daemon = netlabd("echo-upper lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    for piece in pieces:
        sock.sendall(piece)
    assert read_to_end(sock) == answer
    assert daemon.stop().figures["lab"]["closed-served"] == 1


@streams
@pytest.mark.parametrize("data", (b"a\rb\r", b"\r", b"\r\r\nx", b"x\n\ry\r"))
def test_upper_case_keeps_other_carriage_returns(netlabd, transport, data):
    sock = netlabd("echo-upper lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    sock.sendall(data)
    sock.shutdown(1)
    assert read_to_end(sock) == data.upper()


@streams
def test_upper_case_may_go_on_after_an_empty_line(netlabd, transport):
    sock = netlabd("""echo-upper lab {
        listen = EVERYWHERE
        end-on-empty-line = no
    }""").connect("lab", transport)
    assert exchange(sock, b"\r\n\r\na\n\n") == b"\r\n\r\nA\n\n"


@transports
def test_discard_says_nothing(netlabd, transport):
    daemon = netlabd("""discard lab { listen = EVERYWHERE }
        echo other { listen = "localhost:0" }""")
    sock = daemon.connect("lab", transport)
    for data in b"abc", ALL_BYTES * 100:
        sock.sendall(data)
    if transport in STREAMS:
        sock.shutdown(1)
        assert read_to_end(sock) == b""
    assert exchange(daemon.connect("other", "tcp4"), b"x") == b"x"
    outcome = daemon.stop()
    assert is_silent(sock) or sock.recv(1) == b""
    name = "read-bytes" if transport in STREAMS else "datagram-bytes"
    assert outcome.figures["lab"][name] == 25603
    assert outcome.figures["lab"]["answers"] == 0


def chargen_lines(count):
    ring = bytes(range(0x20, 0x7f))
    return b"".join((ring + ring)[i % 95:i % 95 + 72] + b"\r\n"
                    for i in range(count))


@streams
def test_chargen_sends_the_pattern_and_survives_the_rude_abort(
        netlabd, transport):
    daemon = netlabd("chargen lab { listen = EVERYWHERE }")
    sock = daemon.connect("lab", transport)
    sock.sendall(b"input is thrown away\r\n")
    assert read_exactly(sock, 74 * 10000) == chargen_lines(10000)
    sock.close()  # while more is on its way
    sock = daemon.connect("lab", transport)
    assert read_exactly(sock, 74) == chargen_lines(1)


@datagrams
@pytest.mark.parametrize("asked, size", ((0, 0), (1, 1), (74, 74), (512, 512),
                                         (513, 512), (9000, 512)))
def test_chargen_datagram_is_no_longer_than_the_question(
        netlabd, transport, asked, size):
    sock = netlabd("chargen lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    assert exchange(sock, b"?" * asked) == chargen_lines(7)[:size]


def seconds_of(form, data):
    """The Unix time that the answer means."""
    if form == "rfc868":
        return struct.unpack(">I", data)[0] - 2208988800
    if form == "unix":
        return int(data)
    if form == "iso8601":
        assert re.fullmatch(ISO8601, data)
        return time.mktime(time.strptime(
            data[:19].decode(), "%Y-%m-%dT%H:%M:%S")) - time.timezone
    if form == "daytime":
        assert data.endswith(b"\r\n")
        data = data[:-2]
    assert re.fullmatch(CTIME, data)
    return time.mktime(time.strptime(data.decode()))


@transports
@pytest.mark.parametrize("form", ("ctime", "daytime", "rfc868", "iso8601",
                                  "unix"))
def test_time_is_now(netlabd, transport, form):
    daemon = netlabd(f"time lab {{ listen = EVERYWHERE format = {form} }}",
                     env={"TZ": "UTC0"})
    sock = daemon.connect("lab", transport)
    before = int(time.time())
    if transport in STREAMS:
        sock = daemon.connect("lab", transport)
        answer = read_to_end(sock)
    else:
        sock.send(b"")  # as RFC 868 asks
        answer = sock.recv(100)
    assert before - 1 <= seconds_of(form, answer) <= int(time.time()) + 1


@datagrams
def test_time_ignores_what_is_asked(netlabd, transport):
    sock = netlabd("time lab { listen = EVERYWHERE }").connect("lab", transport)
    assert re.fullmatch(CTIME, exchange(sock, b"what? " * 100))


@streams
@pytest.mark.parametrize("line", (b"hello\r\n", b"hello\n", b"\r\n", b"\n",
                                  ALL_BYTES[11:] + b"\n"))
def test_timestamp_answers_one_line(netlabd, transport, line):
    sock = netlabd("timestamp lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    sock.sendall(line)
    assert re.fullmatch(rb"\[" + CTIME + rb"\] " + re.escape(line),
                        read_to_end(sock))


@streams
def test_timestamp_puts_a_line_together(netlabd, transport):
    daemon = netlabd("timestamp lab { listen = EVERYWHERE }", "-v")
    sock = daemon.connect("lab", transport)
    for piece in b"he", b"l", b"lo":
        sock.sendall(piece)
        exchange(daemon.connect("lab", transport), b"\n")  # it was read
    sock.sendall(b"\r\nno more")
    assert read_to_end(sock).endswith(b"] hello\r\n")


@streams
def test_timestamp_takes_a_line_without_newline_at_the_end(netlabd, transport):
    sock = netlabd("timestamp lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    sock.sendall(b"hello")
    sock.shutdown(1)
    assert re.fullmatch(rb"\[" + CTIME + rb"\] hello", read_to_end(sock))


@streams
def test_timestamp_says_nothing_to_nothing(netlabd, transport):
    sock = netlabd("timestamp lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    sock.shutdown(1)
    assert read_to_end(sock) == b""


@datagrams
def test_timestamp_datagram(netlabd, transport):
    sock = netlabd("timestamp lab { listen = EVERYWHERE }").connect(
        "lab", transport)
    for data in b"", b"hello", b"two\r\nlines\r\n":
        assert re.fullmatch(rb"\[" + CTIME + rb"\] " + re.escape(data),
                            exchange(sock, data))


def bucket_lines(netlabd, transport, messages, options=""):
    """The lines that a bucket makes of the messages, and the sender."""
    daemon = netlabd(f"""creosote lab {{
        listen = DATAGRAMS file = "DIR/bucket" {options} }}""")
    sock = daemon.connect("lab", transport)
    for message in messages:
        sock.send(message)
    outcome = daemon.stop()
    assert outcome.figures["lab"]["records"] == len(messages)
    name = sock.getsockname()
    if transport == "unixgram":
        sender = "@" + name[1:].decode()
    else:
        sender = ("[%s]:%d" if transport == "udp6" else "%s:%d") % name[:2]
    data = (daemon.directory / "bucket").read_bytes()
    assert data.endswith(b"\n")
    return data[:-1].split(b"\n"), sender.encode()


MESSAGES = (b"hello", b"", b"line\n", b"two\nlines\n", b"\\ \t \r \x00 \x7f",
            b"\x1b[2J", "größe".encode(), b"'quoted' \"twice\"", b"\n", b"\n\n")


def python_repr(data):
    """repr()[1:-1] without its rule for quotes."""
    return repr(b'"' + data)[3:-1].replace("\\'", "'").encode()


@datagrams
def test_bucket_text(netlabd, transport):
    lines, sender = bucket_lines(netlabd, transport, MESSAGES)
    for line, message in zip(lines, MESSAGES, strict=True):
        stripped = message[:-1] if message.endswith(b"\n") else message
        assert re.fullmatch(ISO8601 + b" " + re.escape(
            sender + b" " + python_repr(stripped)), line)


@datagrams
def test_bucket_raw(netlabd, transport):
    lines, _ = bucket_lines(netlabd, transport, MESSAGES, "format = raw")
    assert lines == [python_repr(message) for message in MESSAGES]


@datagrams
def test_bucket_json(netlabd, transport):
    lines, sender = bucket_lines(netlabd, transport, MESSAGES, "format = json")
    for number, (line, message) in enumerate(
            zip(lines, MESSAGES, strict=True), 1):
        record = json.loads(line)
        stripped = message[:-1] if message.endswith(b"\n") else message
        assert re.fullmatch(ISO8601, record.pop("time").encode())
        assert record == {"sequence": number, "source": sender.decode(),
                          "bytes": len(message),
                          "message": python_repr(stripped).decode()}


@datagrams
def test_bucket_utf8(netlabd, transport):
    lines, _ = bucket_lines(
        netlabd, transport, ["größe €".encode(), b"gr\xf6\xdfe"],
        "format = raw escape = utf8")
    assert lines == ["größe €".encode(), b"gr\\xf6\\xdfe"]


@datagrams
def test_bucket_answers_nobody(netlabd, transport):
    daemon = netlabd('creosote lab { listen = DATAGRAMS file = "DIR/bucket" }')
    sock = daemon.connect("lab", transport)
    sock.send(b"hello")
    assert daemon.stop().figures["lab"]["answers"] == 0
    try:
        assert is_silent(sock)
    except ConnectionRefusedError:
        pass


def test_bucket_writes_to_standard_output(netlabd):
    daemon = netlabd('creosote lab { listen = "localhost:0" format = raw }')
    daemon.connect("lab", "udp4").send(b"seen")
    daemon.stop()
    assert daemon.output.read_bytes() == b"seen\n"


@pytest.mark.parametrize("transport", STREAMS)
def test_bucket_lines(netlabd, transport, tmp_path):
    """Each line of a connection is a record, the last one without an end."""
    daemon = netlabd("""creosote lab { listen = EVERYWHERE format = raw
        file = "DIR/bucket" max-record = 300 }""")
    with daemon.connect("lab", transport) as sock:
        sock.sendall(b"one\ntwo\r\n\n" + b"x" * 1000 + b"\nth\x1bree")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    assert daemon.stop().figures["lab"]["records"] == 5
    assert (tmp_path / "bucket").read_text() == (
        "one\ntwo\n\n" + "x" * 300 + " [cut: 1000 bytes]\nth\\x1bree\n")
