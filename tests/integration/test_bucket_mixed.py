# SPDX-License-Identifier: ISC
"""Everything at once, again and again: more than the receive queue holds, a
full disk, rotation with compression, kill -9 and the next start on the same
socket. Each datagram is in the files once, or stated there as lost, or was in
the hands of a daemon that was killed; and of these there are no more than the
manual says.

NETLABD_MIXED_RUNS: how many runs (1). NETLABD_MIXED_SEED: what they do."""

import collections
import gzip
import os
import random
import re
import resource
import socket
import subprocess
import threading

import pytest

from control import ask
from daemon import DEADLINE_S, wait_until
from manager import Manager
from wire import Background, udp_row

RUNS = int(os.environ.get("NETLABD_MIXED_RUNS", "1"))
SEED = int(os.environ.get("NETLABD_MIXED_SEED", random.randrange(10000)))

# What one wake-up takes: 4 times 64 datagrams.
WAKE_UP = 256

CONFIG = """
creosote bucket {{ listen = "127.0.0.1:{port}/udp" file = "{disk}/bucket"
    receive-buffer = 64K queue = 2M history = 0
    rotate-size = 100K keep = 0 compress = yes }}
control main {{ listen = "unix:DIR/control" }}
"""

RECORD = re.compile(r"\S+Z 127\.0\.0\.1:\d+ x* number (\d{8}) end$")
LOST = re.compile(r"\S+Z netlabd: (\d+) (datagrams|records) lost here "
                  r"(?:on 127\.0\.0\.1:\d+ \(receive queue full\)|"
                  r"\(queue full while writing (?:failed: [^,]*|was slow), "
                  r"from \S+Z to \S+Z\))$")
CUT = re.compile(r"\S+Z netlabd: the line before was cut, "
                 r"as writing it was interrupted$")


class Unlimited:
    """A file system without a limit: files have one instead."""

    def __init__(self, path):
        self.path = path

    def fill(self, daemon):
        self._limit(daemon, random.randrange(100, 60000))

    def free(self, daemon):
        self._limit(daemon, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(daemon, size):
        if daemon.is_running():
            resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE,
                             (size, resource.RLIM_INFINITY))


class Small:
    """A file system that another file can fill."""

    def __init__(self, path):
        self.path = path
        self.filler = path / "filler"

    def fill(self, _):
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass

    def free(self, _):
        self.filler.unlink()


@pytest.fixture(name="disk", params=("full disk", "file size limit"))
def fixture_disk(request, tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    if request.param == "file size limit":
        yield Unlimited(path)
        return
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "netlabd",
                       path], timeout=DEADLINE_S, check=False).returncode:
        pytest.skip("no right to mount a tmpfs")
    yield Small(path)
    subprocess.run(["umount", "-l", path], timeout=DEADLINE_S, check=True)


def files_in_order(directory):
    """As text. Of a file that is compressed and not deleted yet: one of both."""
    paths = {path.name.removesuffix(".gz"): path
             for path in sorted(directory.glob("bucket-*"))}
    for name in sorted(paths):
        data = paths[name].read_bytes()
        yield gzip.decompress(data) if paths[name].suffix == ".gz" else data
    if (directory / "bucket").exists():
        yield (directory / "bucket").read_bytes()


def last_losses(directory):
    """How much was stated as lost since a wake-up's worth of records ago."""
    records = stated = 0
    text = b"".join(files_in_order(directory)).decode("ascii")
    for line in reversed(text.split("\n")[:-1]):
        records += RECORD.match(line) is not None
        if records > WAKE_UP:
            break
        if lost := LOST.match(line):
            stated += int(lost[1])
    return stated


class Found:
    """What is in the files."""

    def __init__(self, directory):
        self.numbers, self.cut = [], 0
        self.stated = collections.Counter()
        files = list(files_in_order(directory))
        self.files = len(files)
        for data in files:
            text = data.decode("ascii")
            self._read(text.split("\n"))

    def _read(self, lines):
        """Whole lines alone; one that is cut says so."""
        unfinished = lines.pop()
        assert not unfinished, unfinished
        for line, after in zip(lines, lines[1:] + [""]):
            if record := RECORD.match(line):
                self.numbers.append(int(record[1]))
            elif lost := LOST.match(line):
                self.stated[lost[2]] += int(lost[1])
            elif not CUT.match(line):
                assert CUT.match(after), line
                self.cut += 1

    def total(self):
        return len(self.numbers) + self.stated.total()


class Mix:
    """One run: a sender that numbers, and daemons one after the other."""

    def __init__(self, spawn, manager, disk, directory):
        self.spawn, self.manager, self.disk = spawn, manager, disk
        self.directory = directory
        address = manager.listen(socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self.port = address[1]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(address)
        self.sent = 0
        self.taken = 0  # by daemons that were killed
        self.told_twice = 0
        self.counts = collections.Counter()
        self.start()

    def start(self):
        self.daemon = self.spawn(
            CONFIG.format(port=self.port, disk=self.disk.path),
            **self.manager.started_with()).wait_ready()

    def send(self, count, most=1400):
        for _ in range(count):
            self.socket.send(b"%s number %08d end" % (
                b"x" * random.randrange(most), self.sent))
            self.sent += 1

    def send_slowly(self, count):
        """So that the receive queue holds them all."""
        for _ in range(0, count, 20):
            self.send(20)
            wait_until(lambda: self.waiting() == 0, "all is received")

    def figures(self):
        """Of the daemon that runs, once the kernel's queue is empty."""
        wait_until(lambda: self.waiting() == 0, "all is received")
        services = ask(self.directory / "control", "/services").json()
        return collections.Counter(services["services"][0]["figures"])

    def waiting(self):
        return int(udp_row(self.port)[4].split(":")[1], 16)

    def settle(self):
        """What is in the files, once nothing waits in the daemon."""
        wait_until(lambda: not self.figures()["bytes-waiting"],
                   "nothing waits")
        self.daemon.freeze()  # it might compress what is read
        found = Found(self.disk.path)
        self.daemon.thaw()
        return found

    # --- What happens

    def flood(self):
        self.send(1200)

    def overload(self):
        self.daemon.freeze()
        self.send(600)
        self.daemon.thaw()
        self.send(300)

    def write_until_full(self, how):
        self.disk.fill(self.daemon)
        fails = len(self.daemon.log_contains("cannot write to"))
        for _ in range(20):
            how()
            if len(self.daemon.log_contains("cannot write to")) > fails:
                break
        self.daemon.wait_for_log("cannot write to", fails + 1)
        return len(self.daemon.log_contains("writing again after"))

    def full(self, more=500):
        before = self.write_until_full(random.choice((
            self.flood, self.overload)))
        self.send_slowly(random.randrange(more, 2 * more))
        self.disk.free(self.daemon)
        self.daemon.wait_for_log("writing again after", before + 1)

    def full_queue(self):
        """More than has room in memory, too."""
        self.full(4000)

    def full_and_overload(self):
        """Frozen while the disk is full, and still when it is free again."""
        before = self.write_until_full(self.flood)
        self.overload()
        self.daemon.freeze()
        self.send(300)
        self.disk.free(self.daemon)
        self.daemon.thaw()
        self.send(300)
        self.daemon.wait_for_log("writing again after", before + 1)

    def restart(self):
        """In order: what waits in the kernel is left to the next one."""
        self.overload()
        outcome = self.daemon.stop()
        assert outcome.status == 0
        self.send(50)
        self.start()

    def kill(self):
        """At any moment under load: at most what one wake-up took is gone."""
        enough = threading.Event()

        def send_on():
            while not enough.is_set():
                self.send(10)

        sender = Background(send_on)
        more = self.sent + random.randrange(100, 5000)
        wait_until(lambda: self.sent > more or sender.is_done(), "all is sent")
        self.daemon.kill()
        enough.set()
        sender.join()
        again = last_losses(self.disk.path)
        self.start()
        taken = self.sent - self.taken + self.told_twice - \
            self.settle().total()
        # It may have died between a write and the note that losses are told.
        assert -again <= taken <= WAKE_UP
        self.taken += max(taken, 0)
        self.told_twice += max(-taken, 0)
        self.counts["in hand"] += max(taken, 0)

    def kill_while_full(self):
        """What waited in memory is gone, and nothing else."""
        start = self.settle()
        begun = self.figures()
        self.write_until_full(random.choice((self.flood, self.overload)))
        self.send(random.randrange(50))
        figures = self.figures()
        self.daemon.kill()
        self.disk.free(self.daemon)
        self.start()
        self.send(1)
        found = self.settle()
        figures.subtract(begun)
        unsaid = (figures["lost"] + figures["records-lost"] -
                  found.stated.total() + start.stated.total())
        taken = self.sent - self.taken + self.told_twice - found.total()
        assert taken == figures["records-waiting"] + unsaid > 0
        self.taken += taken
        self.counts["waited in memory"] += taken

    def finish(self):
        found = self.settle()
        assert found.numbers == sorted(set(found.numbers))
        assert found.total() + self.taken - self.told_twice == self.sent
        assert self.daemon.stop().status == 0
        assert Found(self.disk.path).total() == found.total()
        self.socket.close()
        return found


STEPS = ("flood", "overload", "full", "full_queue", "full_and_overload",
         "restart", "kill", "kill_while_full")


@pytest.mark.parametrize("run", range(RUNS))
def test_received_and_stated_are_sent(spawn, tmp_path, disk, run, capsys):
    random.seed(SEED + run)
    manager = Manager(tmp_path / "notify")
    mix = Mix(spawn, manager, disk, tmp_path)
    steps = list(STEPS) * 2
    random.shuffle(steps)
    try:
        for step in steps:
            getattr(mix, step)()
            mix.counts[step] += 1
        found = mix.finish()
    except BaseException:
        print(f"NETLABD_MIXED_SEED={SEED + run}: {' '.join(steps)}")
        print(mix.daemon.log())
        raise
    finally:
        manager.close()
    with capsys.disabled():
        print(f"\n{type(disk).__name__}, seed {SEED + run}: {mix.sent} sent = "
              f"{len(found.numbers)} records + "
              f"{found.stated['datagrams']} datagrams and "
              f"{found.stated['records']} records stated as lost + "
              f"{mix.counts['waited in memory']} that waited in memory and "
              f"{mix.counts['in hand']} in hand at a kill - "
              f"{mix.told_twice} told twice; {found.cut} lines cut, "
              f"{found.files} files")
    assert found.stated["datagrams"] > 0 and found.stated["records"] > 0
    assert found.files > 10
