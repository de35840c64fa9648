# SPDX-License-Identifier: ISC
"""Each call of the C library that the daemon makes, for memory too, fails once:
while it starts, serves, reloads, opens its files anew and stops. It goes on, or
it stops with a word and a status; nothing is mixed up, lost or left open.

NETLABD_FAULTS=all: each call with each error; otherwise some of them."""

import subprocess
from errno import EINVAL, ENOMEM
from signal import SIGHUP, SIGTERM, SIGUSR1

import pytest

from daemon import DEADLINE_S, NETLABD, RELOADED
from faults import SHORT, Fault
from lab import TRANSPORTS
from sweep import ALL, Sweep

LISTENERS = len(TRANSPORTS) + 8


@pytest.fixture(name="sweep")
def fixture_sweep(spawn, tmp_path, capsys, request):
    sweep = Sweep(spawn, tmp_path)
    yield sweep
    sweep.end()
    assert sweep.outcomes
    if ALL:
        with capsys.disabled():
            print(f"\n{request.node.name}: " + ", ".join(
                f"{count} {what}" for what, count in
                sorted(sweep.outcomes.items())))


def test_configuration(sweep):
    """Every single call for memory, as a mistake there costs a reload all that
    runs."""
    config = sweep.fresh().daemon.config
    sweep.end()

    def check():
        return subprocess.run(
            [*NETLABD, "-t", "-c", config],
            env=sweep.plan.environment(),
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=DEADLINE_S, text=True)

    calls = sweep.count(check)

    def attempt(fault):
        sweep.plan.reset()
        sweep.plan.arm(fault)
        result = check()
        if result.returncode == 0:
            return "checked"
        if result.returncode == 1 and (
                "out of memory" in result.stderr or
                "netlabd: --user: " in result.stderr):
            return "no memory"
        # And the C library, where it looks for a user.
        assert sweep.is_where("libconfuse", "libc.", "libnss", "ld-"), result
        return "ended by a library"

    memory = ("malloc", "calloc", "realloc", "strdup")
    sweep.run({function: calls[function] for function in memory}, 1000, attempt)
    assert sweep.outcomes["no memory"] > 100
    # The lexer of libconfuse does, but no section that it leaves half made.
    assert sweep.outcomes["ended by a library"] < 20


def test_start(sweep):
    calls = sweep.count(sweep.start)

    def attempt(fault):
        sweep.end()
        sweep.plan.reset()
        sweep.plan.arm(fault)
        if sweep.start() is None:
            # Whether it still serves could not be asked, or it not removed.
            assert not sweep.sockets() or \
                fault.function in ("socket", "unlink")
            return "stopped"
        sweep.plan.disarm()
        if fault.function in ("getsockname", "getsockopt") and \
                len(sweep.lab.daemon.listeners()) < LISTENERS:
            return "started, not all told"
        sweep.lab.check()
        return "started"

    sweep.run(calls, 1, attempt)
    assert sweep.outcomes["stopped"] > sweep.outcomes["started"] / 10


def test_a_path_that_cannot_be_listened_on(sweep):
    """It was bound, and goes again."""
    calls = sweep.count(sweep.start)
    for number in range(calls["listen"]):
        sweep.end()
        sweep.plan.arm(Fault("listen", number + 1, ENOMEM, 1))
        assert sweep.start() is None
        assert not sweep.sockets()
        sweep.outcomes["stopped"] += 1


def test_serve(sweep):
    lab = sweep.fresh()
    calls = sweep.count(lab.check)

    def attempt(fault):
        lab = sweep.fresh()
        sweep.plan.arm(fault)
        lab.work(may_fail=True)
        sweep.check()
        return "went on"

    sweep.run(calls, 2, attempt)


def test_an_answer_without_memory(sweep):
    """It is whole, or none."""
    targets = ("/status", "/services", "/services/lab")
    lab = sweep.fresh()
    whole = {target: set(lab.control(target).json()) for target in targets}
    calls = sweep.count(lambda: [lab.control(target) for target in targets])

    def attempt(fault):
        sweep.plan.arm(fault)
        for target in targets:
            answer = sweep.fresh().control(target, may_fail=True)
            if answer is not None and answer.status == 200:
                assert set(answer.json()) == whole[target]
        sweep.lab.services(may_fail=True)
        return "answered"

    sweep.run({"malloc": calls["malloc"]}, 1000, attempt)


def reload(lab, version):
    """True when it was done; then all is new, else nothing."""
    daemon = lab.daemon
    daemon.configure(lab.config(version))
    count = len(daemon.log_contains(RELOADED))
    daemon.signal(SIGHUP)
    done = "reloaded: " in daemon.wait_for_log(RELOADED, count + 1)
    if done and version != lab.version:
        lab.version, lab.sent_before = version, lab.sent
    return done


@pytest.mark.parametrize("version", (1, 0))
def test_reload(sweep, version):
    lab = sweep.fresh()
    if version == 0:
        assert reload(lab, 1)
    calls = sweep.count(lambda: reload(lab, version))

    def attempt(fault):
        lab = sweep.fresh()
        assert reload(lab, 1 - version)
        sweep.plan.arm(fault)
        done = reload(lab, version)
        sweep.check()
        assert reload(lab, 0)  # with which a new lab begins
        return "reloaded" if done else "refused"

    sweep.run(calls, 1, attempt)
    assert sweep.outcomes["refused"] > 0


def test_refused(sweep):
    """What is wrong already stays wrong."""
    def refuse():
        lab = sweep.fresh()
        lab.daemon.configure(lab.config(1).replace("keep = 0", "keep = x"))
        count = len(lab.daemon.log_contains(RELOADED))
        lab.daemon.signal(SIGHUP)
        assert "refused" in lab.daemon.wait_for_log(RELOADED, count + 1)

    sweep.fresh()
    calls = sweep.count(refuse)

    def attempt(fault):
        sweep.fresh()
        sweep.plan.arm(fault)
        refuse()
        sweep.check()
        return "refused"

    sweep.run(calls, 1, attempt)


def test_reopen(sweep):
    def reopen():
        daemon = sweep.fresh().daemon
        count = len(daemon.log_contains("opened log files anew"))
        daemon.signal(SIGUSR1)
        daemon.wait_for_log("opened log files anew", count + 1)

    sweep.fresh()
    calls = sweep.count(reopen)

    def attempt(fault):
        sweep.fresh()
        sweep.plan.arm(fault)
        reopen()
        sweep.check()
        return "went on"

    sweep.run(calls, 3, attempt)


def test_stop(sweep):
    def stop():
        sweep.lab.daemon.signal(SIGTERM)
        return sweep.lab.daemon.wait().status

    sweep.fresh().spew()
    calls = sweep.count(stop)
    sweep.end()

    def attempt(fault):
        sweep.fresh().spew()
        sweep.plan.arm(fault)
        status = stop()
        sweep.end()
        assert status == 0
        return "stopped"

    sweep.run(calls, 1, attempt)


@pytest.mark.parametrize("error", (SHORT, ENOMEM))
def test_what_waits_at_a_stop(sweep, error):
    """It is all taken, in however many calls."""
    lab = sweep.fresh()
    lab.daemon.freeze()
    lab.spew_datagrams("udp4", 100)
    sweep.plan.arm(Fault("recvmmsg", 1, error, 50))
    lab.daemon.signal(SIGTERM)
    lab.daemon.thaw()
    assert lab.daemon.wait().status == 0
    sweep.outcomes["stopped in order"] += sweep.plan.failed
    sweep.end()


def test_a_loop_that_fails(sweep):
    """What all stands on: there is nothing left but to say so."""
    sweep.fresh()
    sweep.plan.arm(Fault("epoll_wait", 1, EINVAL, 1))
    sweep.lab.daemon.signal(SIGUSR1)
    sweep.expect_stopped()
    sweep.outcomes["stopped"] += 1
