# SPDX-License-Identifier: ISC
"""The sandbox of the daemon: what is in force, what it refuses, and that who
was root is somebody else. Which calls and files are refused is tried in
check_syscalls and check_fence."""

import os
import pwd
import re
import subprocess
from pathlib import Path
from signal import SIGUSR1

import pytest

from control import ask
from daemon import DEADLINE_S, NETLABD
from test_netlab import netlab
from test_reload import REFUSED, outcome
from test_user import LAB, fixture_open_directory, identity
from wire import exchange

assert fixture_open_directory  # a fixture of test_user's

ADVICE = r"outside of the directories that netlabd was started with .restart"
# chown, dac_override, fowner, net_bind_service, net_admin
USEFUL = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 10 | 1 << 12


def built_in():
    """The names of what it is built with, in lower case."""
    done = subprocess.run([*NETLABD, "--version"], check=True, text=True,
                          capture_output=True, timeout=DEADLINE_S)
    line, = re.findall("^sandbox: (.*)$", done.stdout, re.M)
    return line.lower().split(", ")


def status_of(daemon):
    text = Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
    return dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))


def in_force(daemon):
    return daemon.wait_for_log("netlabd: sandbox: ")


@pytest.fixture(name="fence")
def fixture_fence(netlabd):
    """The right to expect that files are fenced off."""
    if not re.search(r", Landlock ABI \d", in_force(netlabd(LAB))):
        pytest.skip("no Landlock here")


def default_user():
    try:
        return pwd.getpwnam("_netlabd")
    except KeyError:
        return pwd.getpwnam("nobody")


# --- What is in force

def test_in_force(netlabd):
    daemon = netlabd(LAB)
    status = status_of(daemon)
    assert status["NoNewPrivs"] == "1"
    if "seccomp" in built_in():
        assert status["Seccomp"] == "2"
        assert in_force(daemon).endswith(", seccomp")
    else:
        assert "no seccomp (netlabd was built without it)" in in_force(daemon)
    if "landlock" in built_in():
        assert re.search(r", (Landlock ABI \d|no Landlock \()", in_force(daemon))
    assert int(status["CapPrm"], 16) & ~USEFUL == 0


def test_none_by_option(netlabd):
    daemon = netlabd(LAB, "--no-sandbox")
    here = Path("/proc/self/status").read_text(encoding="ascii")
    for name in "NoNewPrivs", "Seccomp", "CapPrm":
        assert status_of(daemon)[name] in re.findall(rf"^{name}:\s*(.*)$",
                                                     here, re.M)
    assert in_force(daemon) == "netlabd: sandbox: none"


def status_line(control):
    """What netlab says of it, as a line of the log."""
    done = netlab("status", "--socket", f"unix:{control}")
    line, = re.findall("^sandbox: .*$", done.stdout.decode(), re.M)
    return f"netlabd: {line}"


def without_reasons(line):
    """Only the log tells why something is not there."""
    return re.sub(r" \([^)]*\)", "", line)


def test_status_tells(netlabd, tmp_path):
    text = 'control ctl { listen = "unix:DIR/ctl" }'
    daemon = netlabd(text)
    told = ask(tmp_path / "ctl", "/status").json()["sandbox"]
    line = in_force(daemon)
    assert told["no-new-privileges"] is True
    assert told["seccomp"] is line.endswith(", seccomp")
    version = re.search(r", Landlock ABI (\d+)", line)
    assert told["landlock"] == int(version[1] if version else 0)
    assert status_line(tmp_path / "ctl") == without_reasons(line)
    daemon.stop()
    daemon = netlabd(text, "--no-sandbox")
    assert status_line(tmp_path / "ctl") == in_force(daemon)
    assert ask(tmp_path / "ctl", "/status").json()["sandbox"] == {
        "no-new-privileges": False, "landlock": 0, "seccomp": False}


# --- Root becomes somebody else

def test_root_becomes_somebody_else(spawn, as_root, open_directory):
    config = open_directory / "netlabd.conf"
    config.write_text(LAB)
    daemon = spawn("", "-c", str(config), stays_root=False).wait_ready()
    user = default_user()
    assert daemon.log_contains(f"becoming user '{user.pw_name}' .--user root")
    assert identity(daemon.pid)["Uid"] == [user.pw_uid] * 4
    assert identity(daemon.pid)["Gid"] == [user.pw_gid] * 4
    status = status_of(daemon)
    for name in "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb":
        assert int(status[name], 16) == 0, name
    # Its memory is not that user's to look into.
    assert os.stat(f"/proc/{daemon.pid}/mem").st_uid == 0
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"
    assert daemon.reload() == outcome(kept=1)
    assert daemon.stop().status == 0


def test_a_configuration_for_root_alone(spawn, as_root, open_directory):
    """It serves; that a reload could not read it is said at the start."""
    config = open_directory / "netlabd.conf"
    config.write_text(LAB)
    config.chmod(0o600)
    daemon = spawn("", "-c", str(config), stays_root=False).wait_ready()
    assert daemon.log_contains(
        f"warning: configuration: '{config}' cannot be read by user "
        f"'{default_user().pw_name}', so that it cannot be reloaded")
    assert daemon.reload() == REFUSED
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"


@pytest.mark.parametrize("include, closed, named", (
    ("more/one.conf", "more/one.conf", "DIR/more/one.conf"),
    ("more/*.conf", "more/one.conf", "DIR/more/one.conf"),
    ("more/one.conf", "more", "more/one.conf"),
    ("more/*.conf", "more", "more/*.conf"),
))
def test_an_included_file_for_root_alone(
        spawn, as_root, open_directory, include, closed, named):
    config = open_directory / "netlabd.conf"
    config.write_text(f'include = "{include}"\n')
    (open_directory / "more").mkdir(0o755)
    (open_directory / "more/one.conf").write_text(LAB)
    os.chmod(open_directory / closed, 0o700 if closed == "more" else 0o600)
    daemon = spawn("", "-c", str(config), stays_root=False).wait_ready()
    warning, = daemon.log_contains("warning: configuration: ")
    path = named.replace("DIR", str(open_directory))
    assert (f"'{path}' cannot be read by user '{default_user().pw_name}', so "
            "that it cannot be reloaded") in warning
    assert daemon.reload() == REFUSED


def test_a_reader_that_stops(spawn, as_root, open_directory):
    """Of root's pipe, which the other user may not open: nothing waits for it
    but records, and those who share the pipe wait as before."""
    config = open_directory / "netlabd.conf"
    config.write_text(LAB + 'creosote out { listen = "127.0.0.1:0/udp" }')
    reader, writer = os.pipe()
    daemon = spawn("", "-c", str(config), stays_root=False,
                   stdout=writer).wait_ready()
    out = daemon.connect("out", "udp4")
    for _ in range(100):
        out.send(b"x" * 2000)
    daemon.wait_for_log("cannot write to standard output: its reader takes")
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"
    assert os.get_blocking(writer)
    os.close(writer)
    with open(reader, "rb") as file:
        lines = [file.readline() for _ in range(100)]
        assert all(line.endswith(b"x\n") for line in lines)
        assert daemon.stop().status == 0


def test_root_that_stays(netlabd, as_root):
    daemon = netlabd(LAB, "-u", "root")
    status = status_of(daemon)
    assert identity(daemon.pid)["Uid"] == [0] * 4
    for name in "CapPrm", "CapEff":
        assert int(status[name], 16) & ~USEFUL == 0, name
    assert int(status["CapPrm"], 16) & 1 << 10


def test_root_of_a_namespace_without_others(spawn):
    prefix = ("unshare", "--map-root-user")
    if subprocess.run([*prefix, "true"], check=False, timeout=DEADLINE_S,
                      capture_output=True).returncode:
        pytest.skip("no right to make user namespaces")
    daemon = spawn(LAB, prefix=prefix, stays_root=False).wait_ready()
    assert not daemon.log_contains("becoming user")
    assert daemon.stop().status == 0


# --- Reloads

def test_a_reload_stays_within(spawn, fence, tmp_path):
    """What leads out is told, and all stays as it was."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in inside, outside:
        folder.mkdir()
    keep = 'echo lab { listen = "127.0.0.1:0" }\n'
    text = keep + 'creosote bucket { listen = "127.0.0.1:0" file = "%s" }\n'
    config = inside / "netlabd.conf"
    (inside / "deep").mkdir()

    def reload(text):
        config.write_text(text)
        return daemon.reload()

    config.write_text(text % (inside / "deep" / "bucket"))
    daemon = spawn("", "-c", str(config)).wait_ready()
    sock = daemon.connect("lab", "tcp4")
    assert reload(text % (outside / "bucket")) == REFUSED
    assert daemon.log_contains("error: creosote 'bucket': file "
                               f"'{outside}/bucket': {ADVICE}")
    assert reload(text % (outside / "%a.log")) == REFUSED
    assert reload(keep + f"""echo more {{ listen = "unix:{outside}/s" }}""") == \
        REFUSED
    assert daemon.log_contains("error: echo 'more': unix socket "
                               f"'{outside}/s': {ADVICE}")
    (outside / "more.conf").write_text('echo more { listen = "127.0.0.1:0" }')
    for pattern in "more.conf", "*.conf":
        assert reload(text % (inside / "deep" / "bucket") +
                      f'include = {{ "{outside}/{pattern}" }}') == REFUSED
    assert len(daemon.log_contains(rf"netlabd.conf:3: include: .*{ADVICE}")) == 2
    assert os.listdir(outside) == ["more.conf"]
    assert exchange(sock, b"still here") == b"still here"
    assert reload(text % (inside / "deep" / "other")) == \
        outcome(kept=1, changed=1)
    assert exchange(sock, b"and here") == b"and here"
    assert (inside / "deep" / "other").exists()


def test_a_directory_that_is_not_there(netlabd, fence, tmp_path):
    """One that is to be made first is told in one go, with the restart that it
    takes where it would be outside."""
    inside, outside = tmp_path / "inside" / "deep", tmp_path / "outside"
    inside.mkdir(parents=True)
    text = 'creosote bucket { listen = "127.0.0.1:0" file = "%s/bucket" }'
    daemon = netlabd(text % inside)
    assert daemon.reload(text % (inside / "new" / "deep")) == REFUSED
    assert daemon.log_contains("cannot write file .*/new/deep/bucket': No such "
                               "file or directory .make its directory.$")
    (inside / "new" / "deep").mkdir(parents=True)
    assert daemon.reload(text % (inside / "new" / "deep")) == outcome(changed=1)
    told = []
    for folder in outside / "no", outside:
        assert daemon.reload(text % folder) == REFUSED
        told.append(daemon.log_contains(
            f"file '{folder}/bucket': outside of the directories that netlabd "
            "was started with .make the directory, then restart it.$"))
    assert all(told)
    outside.mkdir()
    assert daemon.reload(text % outside) == REFUSED
    assert daemon.log_contains(f"file '{outside}/bucket': {ADVICE}")
    assert daemon.stop().status == 0
    assert exchange(netlabd(LAB + text % outside).connect("lab", "tcp4"),
                    b"restarted") == b"restarted"


def test_the_directories_of_a_unit(netlabd, fence, tmp_path):
    logs, run = tmp_path / "logs", tmp_path / "run"
    for folder in logs, run:
        folder.mkdir()
    daemon = netlabd(LAB, env={**os.environ, "LOGS_DIRECTORY": f"{logs}:/none",
                               "RUNTIME_DIRECTORY": str(run)})
    assert daemon.reload(f"""{LAB} creosote bucket {{
        listen = "unixgram:{run}/gram" file = "{logs}/bucket" }}""") == \
        outcome(kept=1, started=1)


def test_a_link_that_leads_out_later(netlabd, fence, tmp_path):
    """The kernel itself refuses what no check of ours has looked at."""
    logs, outside = tmp_path / "a" / "logs", tmp_path / "outside"
    for folder in logs, outside:
        folder.mkdir(parents=True)
    (logs / "bucket").symlink_to(logs / "first")
    daemon = netlabd(f"""creosote bucket {{ listen = "127.0.0.1:0"
        file = "{logs}/bucket" }}""")
    (logs / "bucket").unlink()
    (logs / "bucket").symlink_to(outside / "second")
    daemon.signal(SIGUSR1)
    daemon.wait_for_log("error: creosote 'bucket': .*Permission denied .outside "
                        "of the directories that netlabd was started with")
    assert os.listdir(outside) == []
    daemon.connect("bucket", "udp4").send(b"kept")
    daemon.stop()
    assert "kept" in (logs / "first").read_text(encoding="ascii")
