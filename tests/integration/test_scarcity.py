# SPDX-License-Identifier: ISC
"""Less memory than is needed: what runs goes on."""

import resource

import pytest

from daemon import SANITIZED
from wire import exchange

pytestmark = pytest.mark.skipif(
    SANITIZED, reason="sanitizers need all of the address space")

KIB = 1 << 10

SMALL = 'echo lab { listen = "127.0.0.1:0" }\n'
BIG = SMALL + "".join(
    f'creosote b{i} {{ listen = "unix:DIR/b{i}" match = "{"x" * 1000}"\n'
    f'file = "DIR/file{i}" history = 0 }}\n' for i in range(100))


def limit(daemon, size):
    resource.prlimit(daemon.pid, resource.RLIMIT_AS,
                     (size, resource.RLIM_INFINITY))


def test_reload_without_memory(netlabd):
    """Wherever it runs out: in the loader, in libconfuse, in a service."""
    daemon = netlabd(SMALL)
    refused = more = 0
    with daemon.connect("lab", "tcp4") as sock:
        while True:
            limit(daemon, daemon.address_space_bytes() + more)
            outcome = daemon.reload(BIG)
            limit(daemon, resource.RLIM_INFINITY)
            assert exchange(sock, b"still there") == b"still there"
            if "reloaded: " in outcome:
                break
            refused += 1
            more += 20 * KIB
    assert 5 < refused < 500
