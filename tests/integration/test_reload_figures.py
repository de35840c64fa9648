# SPDX-License-Identifier: ISC
"""What a service has done is told when a reload ends it, and nothing is lost
between the file that it leaves and the one that takes it up."""

from daemon import FIGURES
from test_reload import outcome
from wire import exchange, read_to_end

LAB = 'echo lab { listen = "127.0.0.1:0" idle-timeout = %dm }'


def told(daemon):
    return [match[0] for match in map(FIGURES.match, daemon.lines) if match]


def test_figures_of_a_changed_service(netlabd):
    daemon = netlabd(LAB % 1)
    sock = daemon.connect("lab", "udp4")
    for _ in range(3):
        assert exchange(sock, b"hello") == b"hello"
    assert daemon.reload(LAB % 2) == outcome(changed=1)
    assert told(daemon) == ["netlabd: echo 'lab': datagrams 3, "
                            "datagram-bytes 15, answers 3, answer-bytes 15"]
    assert daemon.reload(LAB % 3) == outcome(changed=1)
    assert len(told(daemon)) == 1, "nothing to tell"
    assert exchange(sock, b"hello") == b"hello"
    assert daemon.stop().figures["lab"]["datagrams"] == 4


def test_figures_of_a_removed_service_with_connections(netlabd):
    """When the last one has ended."""
    other = 'echo other { listen = "127.0.0.1:0" }'
    daemon = netlabd(LAB % 1 + other)
    sock = daemon.connect("lab", "tcp4")
    assert exchange(sock, b"one") == b"one"
    assert daemon.reload(other) == outcome(kept=1, stopped=1)
    assert exchange(sock, b"two") == b"two"
    assert not told(daemon)
    sock.close()
    daemon.wait_for_log("echo 'lab': connections 1, read-bytes 6")


def test_figures_at_a_stop_within_the_grace(netlabd):
    daemon = netlabd(LAB % 1)
    sock = daemon.connect("lab", "tcp4")
    assert exchange(sock, b"one") == b"one"
    assert daemon.reload(LAB % 2) == outcome(changed=1)
    assert daemon.stop().figures["lab"]["connections"] == 1
    assert read_to_end(sock) == b""


def test_a_cut_line_is_ended(netlabd, tmp_path):
    """As a full disk or a crash left it, also where it is opened anew."""
    path = tmp_path / "bucket"
    path.write_bytes(b"whole\ncut")
    config = """creosote bucket { listen = "127.0.0.1:0/udp"
        file = "DIR/%s" format = raw escape = %s }"""
    daemon = netlabd(config % ("bucket", "repr"))
    sock = daemon.connect("bucket", "udp4")
    sock.send(b"first")
    assert daemon.reload(config % ("bucket", "utf8")) == outcome(changed=1)
    sock.send(b"second")
    assert daemon.reload(config % ("other", "utf8")) == outcome(changed=1)
    with path.open("ab") as file:
        file.write(b"cut again")
    assert daemon.reload(config % ("bucket", "utf8")) == outcome(changed=1)
    sock.send(b"third")
    assert daemon.stop().figures["bucket"]["records"] == 3
    word = (b"netlabd: the line before was cut, as writing it was "
            b"interrupted\n")
    assert path.read_bytes() == (
        b"whole\ncut\n" + word + b"first\nsecond\ncut again\n" + word +
        b"third\n")
