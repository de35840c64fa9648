# SPDX-License-Identifier: ISC
"""Less memory, or fewer descriptors, than are needed: what runs goes on, and
what cannot start says so."""

import resource
import subprocess

import pytest

from daemon import DEADLINE_S, NETLABD, SANITIZED
from wire import exchange

needs_address_space = pytest.mark.skipif(
    SANITIZED, reason="sanitizers need all of the address space")

KIB = 1 << 10

# The file opens the directory to reloads, which a sandbox keeps to what is known.
SMALL = ('echo lab { listen = "127.0.0.1:0" }\n'
         'creosote a { listen = "127.0.0.1:0/udp" file = "DIR/file" }\n')
BIG = SMALL + "".join(
    f'creosote b{i} {{ listen = "127.0.0.1:0/tcp" match = "{"x" * 1000}"\n'
    f'file = "DIR/file{i}" history = 0 }}\n' for i in range(100))

KINDS = (pytest.param(resource.RLIMIT_AS, marks=needs_address_space,
                      id="memory"),
         pytest.param(resource.RLIMIT_NOFILE, id="descriptors"))


def in_use(daemon, kind):
    if kind == resource.RLIMIT_AS:
        return daemon.address_space_bytes()
    return daemon.descriptors()[-1] + 1


@pytest.mark.parametrize("kind", KINDS)
def test_reload(netlabd, kind):
    """Wherever it runs out: in the loader, in libconfuse, in a service."""
    daemon = netlabd(SMALL)
    step = 20 * KIB if kind == resource.RLIMIT_AS else 25
    before = resource.prlimit(daemon.pid, kind)
    refused = 0
    with daemon.connect("lab", "tcp4") as sock:
        while True:
            assert exchange(sock, b"still there") == b"still there"
            descriptors = daemon.descriptors()
            resource.prlimit(daemon.pid, kind, (
                in_use(daemon, kind) + refused * step, before[1]))
            outcome = daemon.reload(BIG)
            resource.prlimit(daemon.pid, kind, before)
            if "reloaded: " in outcome:
                break
            assert daemon.descriptors() == descriptors
            refused += 1
            assert refused < 500, daemon.lines[-5:]
    assert refused > 5
    assert len(daemon.descriptors()) > len(descriptors) + 100


def limited(option, limit):
    return ("prlimit", f"--{option}={limit}:{limit}")


def starts(spawn, option, limit):
    """False: it did not, and said why."""
    daemon = spawn('echo lab { listen = EVERYWHERE }\n'
                   'creosote bucket { listen = "127.0.0.1:0" '
                   'file = "DIR/bucket" }\n', prefix=limited(option, limit))
    if daemon.gets_ready():
        sock = daemon.connect("lab", "udp4")
        assert exchange(sock, b"hello") == b"hello"
        assert daemon.stop().status == 0
        return True
    assert daemon.wait().status == 1, daemon.log()
    assert daemon.log_contains("error: .*(memory|open files|descriptor)"), \
        daemon.log()
    return False


def least_memory():
    """What the program itself needs, before it does anything."""
    limit = 2000 * KIB
    while subprocess.run(
            [*limited("as", limit), *NETLABD, "--version"], check=False,
            timeout=DEADLINE_S, stdin=subprocess.DEVNULL,
            capture_output=True).returncode != 0:
        limit += 50 * KIB
    return limit


@needs_address_space
def test_start_without_memory(spawn):
    least = least_memory()
    outcomes = [starts(spawn, "as", least + more * KIB)
                for more in range(0, 4000, 200)]
    assert False in outcomes and outcomes[-1]


def test_start_without_descriptors(spawn):
    outcomes = [starts(spawn, "nofile", limit) for limit in range(5, 33, 3)]
    assert False in outcomes and outcomes[-1]
    assert outcomes == sorted(outcomes)
