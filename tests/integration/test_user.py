# SPDX-License-Identifier: ISC
"""--user: root's rights are used for the sockets, and given up for good."""

import grp
import os
import pwd
import re
import subprocess
import tempfile
from pathlib import Path
from signal import SIGTERM

import pytest

from daemon import DEADLINE_S, NETLABD, wait_until
from test_reload import REFUSED, outcome
from wire import exchange, own_loopback

NOBODY = pwd.getpwnam("nobody")
NOGROUP = grp.getgrgid(NOBODY.pw_gid).gr_name
OTHER = grp.getgrnam("daemon") if any(
    group.gr_name == "daemon" for group in grp.getgrall()) else grp.getgrgid(0)

LAB = 'echo lab { listen = "127.0.0.1:0" }'


@pytest.fixture(name="open_directory")
def fixture_open_directory():
    """One that everybody may enter, unlike those of the tests."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


def identity(pid):
    """Uid, Gid and Groups, each as /proc tells them."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return {name: list(map(int, numbers.split())) for name, numbers in
            re.findall(r"^(Uid|Gid|Groups):(.*)$", status, re.M)}


@pytest.mark.parametrize("user, gid", (
    ("nobody", NOBODY.pw_gid), (str(NOBODY.pw_uid), NOBODY.pw_gid),
    (f"nobody:{NOGROUP}", NOBODY.pw_gid), (f"nobody:{OTHER.gr_name}",
                                           OTHER.gr_gid),
    (f"{NOBODY.pw_uid}:{OTHER.gr_gid}", OTHER.gr_gid),
    ("nobody:54321", 54321)))
def test_what_is_left_of_root(netlabd, as_root, user, gid):
    daemon = netlabd(LAB, "--user", user, extra_groups=[0, 4, 54322])
    left = identity(daemon.pid)
    assert left["Uid"] == [NOBODY.pw_uid] * 4
    assert left["Gid"] == [gid] * 4
    assert set(left["Groups"]) == set(os.getgrouplist("nobody", gid))
    status = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
    for capabilities in "CapPrm", "CapEff":
        assert re.search(rf"^{capabilities}:\s*0+$", status, re.M)
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"


def test_root_to_root(netlabd, as_root):
    daemon = netlabd(LAB, "-u", "root")
    assert identity(daemon.pid)["Uid"] == [0] * 4


def test_low_ports_before_the_drop_and_after(spawn, as_root, open_directory):
    """What is open stays, new ones cannot be had, files are that user's."""
    host = own_loopback()
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(
            encoding="ascii")) < 1024:
        pytest.skip("everybody may use ports below 1024 here")
    config = open_directory / "netlabd.conf"
    logs = open_directory / "logs"
    logs.mkdir()
    os.chown(logs, NOBODY.pw_uid, NOBODY.pw_gid)
    text = f"""%s lab {{ listen = "{host}:7" }}
        creosote bucket {{ listen = "localhost:0" file = "{logs}/%s" }}"""
    config.write_text(text % ("echo", "one"))
    daemon = spawn("", "-c", str(config), "-u", "nobody").wait_ready()
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"
    config.write_text(text % ("echo-upper", "two"))
    assert daemon.reload() == outcome(changed=2)
    for transport in "tcp4", "udp4":
        assert exchange(daemon.connect("lab", transport), b"hello") == b"HELLO"
    config.write_text(text % ("echo", "three") +
                      f'echo more {{ listen = "{host}:9" }}')
    assert daemon.reload() == REFUSED
    assert daemon.log_contains(f"cannot listen on udp {host}:9: Permission "
                               "denied .ports below 1024 need root")
    daemon.connect("bucket", "udp4").send(b"mine")
    assert daemon.stop().status == 0
    for name in "one", "two":
        assert (logs / name).stat().st_uid == NOBODY.pw_uid
    assert "mine" in (logs / "two").read_text(encoding="ascii")


def test_a_file_that_only_root_could_write(spawn, as_root, tmp_path):
    daemon = spawn("""echo lab { listen = "unix:DIR/s" }
        creosote bucket { listen = "localhost:0" file = "DIR/bucket" }""",
                   "-u", "nobody")
    assert daemon.wait().status == 1
    assert daemon.log_contains("error: creosote 'bucket': cannot write file "
                               "'.*/bucket': Permission denied .*writable for "
                               f"netlabd's user, uid {NOBODY.pw_uid}")
    assert not daemon.log_contains("ready: ")
    assert not (tmp_path / "bucket").exists()


@pytest.mark.parametrize("user, why", (
    ("no-such-user", "user 'no-such-user' does not exist"),
    ("nobody:no-such-group", "group 'no-such-group' does not exist"),
    ("nobody:", "group '' does not exist"), ("", "no user .write NAME"),
    (":nogroup", "no user .write NAME"), ("-1", "user '-1' does not exist"),
    ("4294967295", "user '4294967295' does not exist"),
    ("65534x", "user '65534x' does not exist"),
    ("nobody:4294967295", "group '4294967295' does not exist"),
    ("x" * 200, "no user .write NAME")))
def test_who_does_not_exist(spawn, tmp_path, user, why):
    daemon = spawn('echo lab { listen = "unix:DIR/stream" }', "-u", user)
    assert daemon.wait().status == 1
    assert daemon.log_contains(f"^netlabd: error: --user: {why}")
    assert len(daemon.log_contains("error: ")) == 1
    assert not daemon.log_contains("ready: ")
    assert not (tmp_path / "stream").exists()


def test_only_root_can(spawn, open_directory):
    config = open_directory / "netlabd.conf"
    config.write_text(LAB)
    prefix = ()
    if os.geteuid() == 0:
        prefix = ("setpriv", "--reuid=12345", "--regid=12345",
                  "--clear-groups", "--inh-caps=-all")
        if subprocess.run([*prefix, "test", "-x", NETLABD[-1]], check=False,
                          timeout=DEADLINE_S).returncode:
            pytest.skip(f"only root may run {NETLABD[-1]}")
    daemon = spawn("", "-c", str(config), "-u", "nobody", prefix=prefix)
    assert daemon.wait().status == 1
    assert daemon.log_contains("error: --user: cannot become user 'nobody': "
                               "Operation not permitted .only root can")


@pytest.mark.parametrize("taken", ("setuid", "setgid"))
def test_root_of_a_container_that_may_not(spawn, as_root, taken):
    bounds = ("setpriv", f"--bounding-set=-{taken}", f"--inh-caps=-{taken}")
    daemon = spawn(LAB, prefix=bounds)
    assert daemon.wait().status == 1
    error, = daemon.log_contains("error: ")
    assert "cannot become user" in error
    assert "give this container CAP_SETUID and CAP_SETGID, or stay root" in error
    assert spawn(LAB, "--user", "root", prefix=bounds).gets_ready()


# --- As the first process of a container


def children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return list(map(int, path.read_text(encoding="ascii").split()))


@pytest.fixture(name="container")
def fixture_container(as_root, spawn):
    """A daemon that is process 1, and its number outside."""
    prefix = ("unshare", "--pid", "--fork", "--kill-child")
    if subprocess.run([*prefix, "true"], check=False, timeout=DEADLINE_S,
                      capture_output=True).returncode:
        pytest.skip("no right to make PID namespaces")
    daemon = spawn(LAB, prefix=prefix).wait_ready()
    pid, = children(daemon.pid)
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    assert re.search(r"^NSpid:.*\t1$", status, re.M)
    return daemon, pid


@pytest.mark.parametrize("name, logged", (
    ("TERM", "stopping on SIGTERM"), ("INT", "stopping on SIGINT")))
def test_process_1_stops(container, name, logged):
    daemon, pid = container
    for number, pattern in (("HUP", "reloaded: 1 kept"),
                            ("USR1", "opened log files anew"),
                            (name, logged)):
        # As from within: there a signal without a handler does nothing. With
        # process 1 all others end, the one that has sent the signal too.
        subprocess.run(["nsenter", "-t", str(pid), "-p", "sh", "-c",
                        f"kill -{number} 1"], check=False, timeout=DEADLINE_S)
        daemon.wait_for_log(pattern)
    assert daemon.wait().status == 0


def test_process_1_leaves_no_zombies(container):
    """The children of others, whose parents have died, are its own then."""
    daemon, pid = container
    release, hold = os.pipe()
    script = "for i in 1 2 3 4 5; do (read line <&3; exit 3) & done 3<&0"
    subprocess.run(["nsenter", "-t", str(pid), "-p", "bash", "-c", script],
                   stdin=release, check=True, timeout=DEADLINE_S)
    os.close(release)
    wait_until(lambda: len(children(pid)) == 5, "they have a new parent")
    os.close(hold)
    wait_until(lambda: children(pid) == [], "all have been buried")
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"
    os.kill(pid, SIGTERM)
    assert daemon.wait().status == 0
