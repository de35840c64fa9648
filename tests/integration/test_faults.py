# SPDX-License-Identifier: ISC
"""Each call of the C library that the daemon makes, for memory too, fails once:
while it starts, serves, reloads, opens its files anew and stops. It goes on, or
it stops with a word and a status; nothing is mixed up, lost or left open.

NETLABD_FAULTS=all: each call with each error; otherwise some of them."""

import subprocess
from errno import EINVAL
from signal import SIGHUP, SIGTERM, SIGUSR1

import pytest

from daemon import DEADLINE_S, NETLABD, RELOADED
from faults import Fault
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
            [*NETLABD, "-t", "-c", config], env=sweep.plan.environment(),
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=DEADLINE_S, text=True)

    calls = sweep.count(check)

    def attempt(fault):
        sweep.plan.reset()
        sweep.plan.arm(fault)
        result = check()
        if sweep.is_where("libconfuse"):
            return "went through libconfuse"
        if result.returncode == 0 and not result.stderr:
            return "checked"
        assert result.returncode == 1 and \
            "out of memory" in result.stderr, result
        return "no memory"

    memory = ("malloc", "calloc", "realloc", "strdup")
    sweep.run({function: calls[function] for function in memory}, 1000, attempt)
    assert sweep.outcomes["no memory"] > 100


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


def test_a_loop_that_fails(sweep):
    """What all stands on: there is nothing left but to say so."""
    sweep.fresh()
    sweep.plan.arm(Fault("epoll_wait", 1, EINVAL, 1))
    sweep.lab.daemon.signal(SIGUSR1)
    sweep.expect_stopped()
    sweep.outcomes["stopped"] += 1
