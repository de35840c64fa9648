# SPDX-License-Identifier: ISC
"""rsyslog, as it is without settings for speed, under the loads that netlabd's
buckets are tested with, and a bucket beside it. What becomes of what was sent
is printed; of netlabd it is asserted. NETLABD_PEERS: whether it runs at all."""

import os
import re
import shutil
import socket
import subprocess
import time
from signal import SIGCONT, SIGKILL, SIGSTOP

import pytest

from beside import fixture_say  # pylint: disable=unused-import
from daemon import DEADLINE_S, wait_until
from test_bucket_losses import fill
from test_bucket_losses import fixture_small_disk  # pylint: disable=unused-import
from wire import Background, udp_row, udp_socket

RSYSLOGD = shutil.which("rsyslogd", path="/usr/sbin:/sbin")

pytestmark = pytest.mark.skipif(
    "NETLABD_PEERS" not in os.environ, reason="only figures (NETLABD_PEERS)")

# With its defaults, and told to try again as long as a file cannot be written.
DEFAULT, RETRY = "rsyslog", "rsyslog-that-retries"

PORT = 514
ADDRESS = "127.0.0.1", PORT
MESSAGE = b"<13>Nov 26 10:00:00 host test: number %06d " + b"x" * 60 + b" end"
RECORD = re.compile(r"^<13>Nov 26 10:00:00 host test: number (\d{6}) x* end$",
                    re.M)
STATED = re.compile(r"netlabd: (\d+) (?:datagrams|records) lost here")
QUIET_S = 1
SENDERS = 1000
IN_HAND = 64  # what netlabd receives at once

BUCKET = """creosote bucket {{ listen = "127.0.0.1:514" file = "{file}"
    format = raw {options} }}"""
RETRIES = 'action.resumeRetryCount="-1"'
RSYSLOG = """module(load="imudp") input(type="imudp" port="514")
module(load="imtcp") input(type="imtcp" port="514")
global(workDirectory="{folder}")
template(name="raw" type="string" string="%rawmsg%\\n")
action(type="omfile" file="{file}" template="raw" {options})
"""


def kinds(*names):
    return pytest.mark.parametrize("kind", ("netlabd", *names))


class Rsyslog:
    """rsyslog, which says what goes wrong on its error output, too."""

    def __init__(self, host, file, folder, options):
        self.host, self.folder = host, folder
        self.errors = folder / "errors"
        self.config = folder / "rsyslog.conf"
        self.config.write_text(
            RSYSLOG.format(file=file, folder=folder, options=options),
            encoding="ascii")
        self.start()

    def start(self):
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                [*self.host.prefix, RSYSLOGD, "-n", "-f", self.config, "-i",
                 self.folder / "rsyslog.pid"], stdin=subprocess.DEVNULL,
                stderr=errors)
        wait_until(lambda: is_open("udp") and is_open("tcp"),
                   "rsyslog has its ports")

    def stop(self):
        self.process.terminate()
        self.process.wait(DEADLINE_S)

    def complaints(self):
        return self.errors.read_text(encoding="utf-8").count("message lost")

    def renew(self):
        """It reads its configuration at a start alone."""
        self.stop()
        self.start()


class Bucket:
    """netlabd's."""

    def __init__(self, netlabd, host, file, options):
        self.file = file
        self.daemon = netlabd(BUCKET.format(file=file, options=options),
                              prefix=host.prefix)
        self.process = self.daemon.process

    def stop(self):
        self.daemon.stop()

    def renew(self):
        self.daemon.reload(BUCKET.format(file=self.file,
                                         options="history = 1M"))


def is_open(transport):
    """On the host that the test is on."""
    with open(f"/proc/thread-self/net/{transport}", encoding="ascii") as table:
        return any(row.split()[1].endswith(f":{PORT:04X}")
                   for row in list(table)[1:])


@pytest.fixture
def receive(namespaces, netlabd, tmp_path):
    """Starts one, on the host that the test is on."""
    host = namespaces[0]
    started = []

    def start(kind, file, options=""):
        if kind == "netlabd":
            return Bucket(netlabd, host, file, options)
        if RSYSLOGD is None:
            pytest.skip("no rsyslog")
        started.append(Rsyslog(host, file, tmp_path, RETRIES if kind == RETRY
                               else ""))
        return started[-1]

    with host.entered():
        yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(DEADLINE_S)


def waiting_and_dropped():
    """Bytes in the socket, and datagrams that it had no room for."""
    row = udp_row(PORT)
    return int(row[4].split(":")[1], 16), int(row[-1])


def send_all(count, first=0):
    """In steps that are taken out of the socket."""
    with udp_socket(target=ADDRESS) as sock:
        for number in range(first, first + count):
            sock.send(MESSAGE % number)
            if number % 50 == 49:
                wait_until(lambda: waiting_and_dropped()[0] == 0, "received")
    wait_until(lambda: waiting_and_dropped()[0] == 0, "received")


class Found:
    """What is in the file."""

    def __init__(self, file):
        text = file.read_text(encoding="ascii") if file.exists() else ""
        self.there = len(set(RECORD.findall(text)))
        self.stated = sum(map(int, STATED.findall(text)))

    def text(self, sent):
        return (f"{self.there} of {sent} in the file, {self.stated} stated "
                f"there as lost, {sent - self.there - self.stated} neither")


def settle(file):
    """Until nothing more comes."""
    size = -1
    while size != (size := file.stat().st_size if file.exists() else 0):
        time.sleep(QUIET_S)


@kinds(DEFAULT)
def test_overrun(receive, say, kind, tmp_path):
    """20,000 datagrams while it stands still."""
    server = receive(kind, tmp_path / "file")
    os.kill(server.process.pid, SIGSTOP)
    with udp_socket(target=ADDRESS) as sock:
        for number in range(20000):
            sock.send(MESSAGE % number)
    os.kill(server.process.pid, SIGCONT)
    send_all(1, 20000)
    server.stop()
    found = Found(tmp_path / "file")
    say(found.text(20001))
    assert kind != "netlabd" or found.there + found.stated == 20001


@kinds(DEFAULT, RETRY)
@pytest.mark.parametrize("count", (3000, 30000), ids=("few", "many"))
def test_full_disk(receive, say, small_disk, kind, count):
    """Until it has taken all out of the socket; then there is room. Many are
    more than netlabd's queue may hold here."""
    file = small_disk / "file"
    server = receive(kind, file, "queue = 2M")
    fill(small_disk / "filler")
    send_all(count)
    dropped = waiting_and_dropped()[1]
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True,
                   timeout=DEADLINE_S)
    (small_disk / "filler").unlink()
    send_all(1, count)
    settle(file)
    server.stop()
    found = Found(file)
    text = f"{found.text(count + 1)}; {dropped} dropped by the socket"
    if kind != "netlabd":
        text += f"; {server.complaints()} times 'message lost' among its errors"
    say(text)
    assert kind != "netlabd" or found.there + found.stated == count + 1


@kinds(DEFAULT)
def test_many_senders(receive, say, kind, tmp_path):
    """A thousand over TCP, a line each, that stay."""
    receive(kind, tmp_path / "file")
    socks = [socket.create_connection(ADDRESS) for _ in range(SENDERS)]
    ended = 0
    for number, sock in enumerate(socks):
        try:
            sock.sendall(MESSAGE % number + b"\n")
        except OSError:
            ended += 1
    settle(tmp_path / "file")
    for sock in socks:
        sock.setblocking(False)
        try:
            ended += sock.recv(1) == b""
        except BlockingIOError:
            pass
        except OSError:
            ended += 1
        sock.close()
    found = Found(tmp_path / "file")
    say(f"{found.text(SENDERS)}; {ended} connections were ended")
    assert kind != "netlabd" or (found.there, ended) == (SENDERS, 0)


@kinds(DEFAULT)
def test_new_configuration(receive, say, kind, tmp_path):
    """Put into effect while 2,000 datagrams a second come."""
    server = receive(kind, tmp_path / "file")

    sock = udp_socket(("127.0.0.1", 0))  # on the host that the test is on

    def send():
        began = time.monotonic()
        for number in range(4000):
            time.sleep(max(0, began + number / 2000 - time.monotonic()))
            sock.sendto(MESSAGE % number, ADDRESS)

    load = Background(send)
    wait_until((tmp_path / "file").exists, "it writes")
    server.renew()
    load.join()
    settle(tmp_path / "file")
    server.stop()
    found = Found(tmp_path / "file")
    say(found.text(4000))
    assert kind != "netlabd" or found.there == 4000


@kinds(DEFAULT)
def test_kill(receive, say, kind, tmp_path):
    """kill -9 under load, as soon as all is taken out of the socket."""
    server = receive(kind, tmp_path / "file")
    with udp_socket(target=ADDRESS) as sock:
        for number in range(20000):
            sock.send(MESSAGE % number)
    while (left := waiting_and_dropped())[0] > 0:
        pass
    os.kill(server.process.pid, SIGKILL)
    server.process.wait(DEADLINE_S)
    found = Found(tmp_path / "file")
    say(f"{found.text(20000)}; {left[1]} dropped by the socket")
    assert kind != "netlabd" or (
        found.there + found.stated >= 20000 - left[1] - IN_HAND)
