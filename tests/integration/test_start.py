# SPDX-License-Identifier: ISC
"""Starting: the command line, the errors, and nothing left half done."""

import contextlib
import fcntl
import os
import pty
import pwd
import re
import signal
import socket
import struct
import subprocess
import tempfile
import termios
from errno import ECONNREFUSED
from pathlib import Path

import pytest

from daemon import DEADLINE_S, NETLABD
from faults import Fault, Plan
from wire import exchange

NOBODY = 65534


def netlabd_says(*arguments, **popen):
    return subprocess.run([*NETLABD, *arguments], timeout=DEADLINE_S, text=True,
                          check=False, stdin=subprocess.DEVNULL,
                          **{"capture_output": True, **popen})


# --- The command line


@pytest.mark.parametrize("option, pattern", (
    ("--help", r"\Ausage: netlabd "), ("-h", r"\Ausage: netlabd "),
    ("--version", r"\Anetlabd \d+\.\d+"), ("-V", r"\Anetlabd \d+\.\d+"),
    ("--list-services", r"(?m)^echo-upper +udp,tcp,unix,unixgram "),
    ("--list-options", r"(?m)^common +listen "),
    ("--print-default-config", r"(?m)^echo-upper lab \{"),
))
def test_what_it_prints(option, pattern):
    result = netlabd_says(option)
    assert result.returncode == 0 and result.stderr == ""
    assert re.search(pattern, result.stdout)
    with open("/dev/full", "wb") as full:
        result = netlabd_says(option, capture_output=False, stdout=full,
                              stderr=subprocess.PIPE)
    assert result.returncode == 1
    assert "cannot write to standard output: No space left" in result.stderr


def on_terminal(columns, *arguments):
    """What a terminal of this width shows."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([*NETLABD, *arguments], stdin=slave,
                          stdout=slave, stderr=slave) as process:
        os.close(slave)
        said = b""
        with contextlib.suppress(OSError):  # the last writer has gone
            while piece := os.read(master, 65536):
                said += piece
        assert process.wait(DEADLINE_S) == 0
    os.close(master)
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns, widest", ((0, 80), (80, 80), (100, 100),
                                             (200, 200), (60, 76), (1, 76)))
@pytest.mark.parametrize("option", ("--list-options", "--list-services"))
def test_lists_fit_on_a_terminal(option, columns, widest):
    """It has 80 columns if it does not tell; the first ones take what they do."""
    shown = on_terminal(columns, option)
    piped = netlabd_says(option).stdout
    assert max(map(len, shown.splitlines())) <= widest
    assert shown.split() == piped.split()
    assert max(map(len, piped.splitlines())) > 80  # a line each, for programs
    if option == "--list-services":
        assert len(shown.splitlines()) >= len(piped.splitlines())


def test_list_options_of_a_type():
    result = netlabd_says("--list-options", "timestamp")
    assert result.returncode == 0
    assert re.search(r"(?m)^timestamp +max-line +64K ", result.stdout)
    assert not re.search(r"(?m)^(creosote|global) ", result.stdout)


@pytest.mark.parametrize("arguments, says", (
    (["--nonsense"], "unknown option '--nonsense'; see netlabd --help"),
    (["--tset=x"], "unknown option '--tset=x' (did you mean --test?); see"),
    (["--list"], "unknown option '--list' (did you mean --list-services?)"),
    (["--" + 99 * "x"], "unknown option '--xxxx"),
    (["-\x1b"], r"unknown option '-\x1b'"),
    (["-tx"], "unknown option '-x'; see netlabd --help"),
    (["--test", "-xt"], "unknown option '-x'; see netlabd --help"),
    (["--config=x", "-xt"], "unknown option '-x'; see netlabd --help"),
    (["-c"], "option '-c' needs a value; see netlabd --help"),
    (["--config"], "option '--config' needs a value; see netlabd --help"),
    (["--hel=yes"], "option '--hel=yes' takes no value; see"),
    (["--help=yes"], "option '--help=yes' takes no value; see"),
    (["--list-options", "no-type"], "'no-type' (see netlabd --list-services)"),
    (["--list-options", "echo", "more"], "unexpected argument 'more' (write"),
    (["-t", "m\n"], r"unexpected argument 'm\n' (write -c FILE for a"),
))
def test_wrong_usage(arguments, says):
    result = netlabd_says(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    line, = result.stderr.splitlines()
    assert line.startswith("netlabd: ") and says in line


def test_closed_standard_descriptors(netlabd):
    """No socket may become descriptor 1, where a bucket writes."""
    daemon = netlabd("""echo lab { listen = "localhost:0" }
        creosote bucket { listen = "localhost:0" }""",
                     prefix=("sh", "-c", 'exec "$@" <&- >&-', "sh"))
    daemon.connect("bucket", "udp4").send(b"to nobody")
    assert exchange(daemon.connect("lab", "tcp4"), b"hello") == b"hello"
    links = [os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in (0, 1)]
    assert links == ["/dev/null", "/dev/null"]


# --- The configuration


def config_test(path, **popen):
    return netlabd_says("-t", "-c", path, **popen)


def test_good_configuration(tmp_path):
    path = tmp_path / "good.conf"
    path.write_text('echo lab { listen = "localhost:7777" }\n')
    result = config_test(path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"configuration OK: {path}\n"


@pytest.mark.parametrize("count, files", (
    (0, "0 files"), (1, "1 file"), (2, "2 files")))
def test_good_configuration_of_several_files(tmp_path, count, files):
    """A pattern that misses a file is seen in how many there are."""
    path = tmp_path / "main.conf"
    path.write_text('include = "more-*.conf"\n'
                    'echo lab { listen = "localhost:7777" }\n')
    for n in range(count):
        (tmp_path / f"more-{n}.conf").write_text(
            f'echo more{n} {{ listen = "localhost:{7778 + n}" }}\n')
    result = config_test("main.conf", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == \
        f"configuration OK: main.conf, which includes {files}\n"


def test_check_without_a_file_names_what_it_has_checked():
    result = netlabd_says("-t")
    name = "built-in lab"
    for path in re.findall(r"\(default: (/.*)$",
                           netlabd_says("--help").stdout, re.M):
        name = path if os.path.exists(path) else name
    assert result.stdout == f"configuration OK: {name}\n"


def test_the_default_configuration_is_good(tmp_path):
    path = tmp_path / "default.conf"
    path.write_text(netlabd_says("--print-default-config").stdout)
    assert config_test(path).returncode == 0


WHO = f"user '{pwd.getpwuid(os.geteuid() or NOBODY).pw_name}'"
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
             "--clear-groups") if os.geteuid() == 0 else ()


def check_beforehand(name, prefix, line):
    """What -t warns of, with that line in a section; what there is stays."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        top = Path(directory)
        (top / "there").touch()
        (top / "folder").mkdir()
        (top / "closed").mkdir(0o500)
        config = top / "netlabd.conf"
        config.write_text(f"creosote bucket {{ {line % (top / name)} }}\n")
        if prefix and subprocess.run(
                [*prefix, "test", "-x", NETLABD[-1]], check=False,
                timeout=DEADLINE_S).returncode:
            pytest.skip(f"nobody may not run {NETLABD[-1]}")
        before = sorted(top.rglob("*"))
        stay = [] if prefix or os.geteuid() != 0 else ["--user", "root"]
        result = subprocess.run(
            [*prefix, *NETLABD, *stay, "-t", "-c", config], timeout=DEADLINE_S,
            text=True, check=False, capture_output=True)
        assert sorted(top.rglob("*")) == before
    assert result.returncode == 0
    assert result.stdout == f"configuration OK: {config}\n"
    return result.stderr


def expect_warning(said, says):
    """One of the bucket, or nothing."""
    if says is None:
        assert said == ""
    else:
        assert re.fullmatch(
            f"netlabd: warning: creosote 'bucket': {says}.*\n", said)


@pytest.mark.parametrize("name, prefix, says", (
    ("log", (), None), ("%a.log", (), None), ("there", (), None),
    ("no/log", (), "No such file or directory .make its directory, unless"),
    ("no/%a.log", (), "No such file or directory .make its directory, unless"),
    ("there/log", (), "Not a directory .make its directory"),
    ("folder", (), "Is a directory .choose another"),
    ("closed/log", AS_NOBODY, f"Permission denied .{WHO} has to be able to write"),
    ("closed/%a.log", AS_NOBODY, f"Permission denied .{WHO} has to be able to write"),
))
def test_files_that_a_start_could_not_write(name, prefix, says):
    """A warning, as another user may be meant, and a unit makes directories."""
    said = check_beforehand(name, prefix, 'listen = "localhost:0" file = "%s"')
    expect_warning(said, says and f"file '.*' cannot be written: {says}")


@pytest.mark.parametrize("name, prefix, says", (
    ("stream", (), None), ("there", (), None),
    ("no/stream", (), "No such file or directory .make its directory, unless"),
    ("there/stream", (), "Not a directory .make its directory, unless"),
    ("closed/stream", AS_NOBODY, "Permission denied .the directory must be"),
))
def test_sockets_that_a_start_could_not_make(name, prefix, says):
    said = check_beforehand(name, prefix, 'listen = { "localhost:0", "unix:%s" }')
    expect_warning(said, says and f"cannot listen on unix .*: {says}")


def test_root_looks_as_the_user_it_will_be():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "netlabd.conf"
        config.write_text('creosote bucket { listen = "localhost:0" '
                          f'file = "{directory}/log" }}\n')
        for arguments, count in (["-u", "root"], 0), ([], 1), (
                ["-u", "nobody"], 1):
            result = netlabd_says("-t", "-c", config, *arguments)
            assert result.returncode == 0
            assert result.stderr.count("Permission denied") == count


@pytest.mark.parametrize("text, pattern", (
    ('echo lab {\n listen = "localhost:99999"\n}\n', r"bad.conf:2: listen: "),
    ('\n\nnonsense lab {\n}\n', r"bad.conf:3: "),
    ('echo lab { listen = "localhost:0"\n', r"bad.conf:1: "),
    ('', r"bad.conf"),
))
def test_bad_configuration(tmp_path, text, pattern):
    path = tmp_path / "bad.conf"
    path.write_text(text)
    for arguments in ("-t", "-c", path), ("-c", path):
        result = netlabd_says(*arguments)
        assert result.returncode == 78 and result.stdout == ""
        assert re.search(pattern, result.stderr)


def test_missing_configuration(tmp_path):
    result = config_test(tmp_path / "missing.conf")
    assert result.returncode == 78
    assert "missing.conf" in result.stderr
    assert "No such file or directory" in result.stderr


def test_configuration_that_is_a_directory(tmp_path):
    result = config_test(tmp_path)
    assert result.returncode == 78
    assert re.search("(?i)is a directory", result.stderr)


def test_an_interface_that_is_not_there_may_come(tmp_path):
    path = tmp_path / "netlabd.conf"
    path.write_text('echo lab { listen = "[fe80::1%no-such]:0" }\n')
    result = config_test(path)
    assert result.returncode == 1
    assert "'fe80::1%no-such': there is no such interface" in result.stderr
    path.write_text('echo lab { listen = "[fe80::x%lo]:0" }\n')
    assert config_test(path).returncode == 78


@pytest.mark.parametrize("more", ("", "nonsense lab {\n}\n"))
def test_a_name_that_cannot_be_resolved_may_pass(tmp_path, more):
    """At boot no name server may be there yet: another status, to try again."""
    path = tmp_path / "name.conf"
    path.write_text(f'echo x {{ listen = "no.such.name.invalid:7" }}\n{more}')
    for arguments in ("-t", "-c", path), ("-c", path):
        result = netlabd_says(*arguments)
        assert result.returncode == 1
        assert "cannot be resolved" in result.stderr


@pytest.mark.parametrize("line", ("file-group", "socket-group"))
def test_a_group_that_cannot_be_looked_up_may_come(tmp_path, line):
    """At boot, what knows groups may not be there yet. One that is not in there
    will not be, either."""
    path = tmp_path / "netlabd.conf"
    path.write_text('creosote x { listen = "localhost:0" file = "/dev/null"\n'
                    f'{line} = no-such-group }}\n')
    assert "there is no group" in config_test(path).stderr
    assert config_test(path).returncode == 78
    plan = Plan(tmp_path / "plan")
    plan.arm(Fault("getgrnam", 1, ECONNREFUSED, 1))
    result = config_test(path, env=plan.environment())
    assert "group 'no-such-group' cannot be looked up: Connection refused" in (
        result.stderr)
    assert result.returncode == 1


# --- Addresses


@pytest.mark.parametrize("kind, transport", (
    (socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")))
def test_address_in_use(spawn, tmp_path, kind, transport):
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if transport == "tcp":
            other.listen()
        address = "127.0.0.1:%d" % other.getsockname()[1]
        daemon = spawn(f"""echo first {{ listen = EVERYWHERE }}
            echo second {{ listen = "{address}/{transport}" }}""")
        assert daemon.wait().status == 1
    line, = daemon.log_contains("error: ")
    assert f"echo 'second': cannot listen on {transport} {address}: " in line
    assert "Address already in use (end the other program" in line
    assert not daemon.log_contains("ready: |listening on")
    assert not list(tmp_path.glob("stream")) + list(tmp_path.glob("gram"))


def test_unix_path_in_use(netlabd, spawn):
    first = netlabd("echo lab { listen = EVERYWHERE }")
    second = spawn('echo lab { listen = "unix:DIR/stream" }')
    assert second.wait().status == 1
    assert second.log_contains("cannot listen on unix .*/stream: "
                               "Address already in use .another program")
    assert exchange(first.connect("lab", "unix"), b"mine") == b"mine"


def test_unix_path_that_is_a_file(spawn, tmp_path):
    (tmp_path / "precious").write_text("data")
    for scheme in "unix", "unixgram":
        daemon = spawn(f'echo lab {{ listen = "{scheme}:DIR/precious" }}')
        assert daemon.wait().status == 1
        assert daemon.log_contains("Address already in use")
    assert (tmp_path / "precious").read_text() == "data"


def test_unix_path_in_a_missing_directory(spawn):
    daemon = spawn('echo lab { listen = "unix:DIR/no/stream" }')
    assert daemon.wait().status == 1
    assert daemon.log_contains("cannot listen on unix .*/no/stream: No such "
                               "file or directory .make its directory.")


@pytest.mark.parametrize("transport", ("udp", "tcp"))
def test_address_of_no_interface(spawn, transport):
    daemon = spawn(f'echo lab {{ listen = "192.0.2.1:0/{transport}" }}')
    assert daemon.wait().status == 1
    assert daemon.log_contains(
        f"cannot listen on {transport} 192.0.2.1:0: .*"
        "no interface of this machine has this address")


def test_port_below_1024_without_the_right(spawn):
    limit = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if int(limit.read_text(encoding="ascii")) < 1024:
        pytest.skip("everybody may use ports below 1024 here")
    prefix = ()
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "netlabd.conf"
        config.write_text('echo lab { listen = "127.0.0.1:7" }')
        if os.geteuid() == 0:
            os.chmod(directory, 0o755)
            prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                      "--clear-groups", "--inh-caps=-all")
            if subprocess.run([*prefix, "test", "-x", NETLABD[-1]],
                              check=False, timeout=DEADLINE_S).returncode:
                pytest.skip(f"nobody may not run {NETLABD[-1]}")
        daemon = spawn("", "-c", str(config), prefix=prefix)
        assert daemon.wait().status == 1
    assert daemon.log_contains("cannot listen on udp 127.0.0.1:7: Permission "
                               "denied .ports below 1024 need root")


# --- Unix sockets over a life


def test_socket_of_a_killed_daemon_is_replaced(spawn, netlabd, tmp_path):
    killed = spawn("echo lab { listen = EVERYWHERE }").wait_ready()
    killed.signal(signal.SIGKILL)
    assert killed.wait().status == -signal.SIGKILL
    assert (tmp_path / "stream").exists() and (tmp_path / "gram").exists()
    daemon = netlabd("echo lab { listen = EVERYWHERE }")
    for transport in "unix", "unixgram":
        assert exchange(daemon.connect("lab", transport), b"me") == b"me"
    assert daemon.stop().status == 0
    assert not (tmp_path / "stream").exists()
    assert not (tmp_path / "gram").exists()


def test_tcp_port_can_be_had_again_at_once(netlabd):
    """Connections of the last daemon still linger in the kernel."""
    first = netlabd('time lab { listen = "127.0.0.1:0/tcp" }')
    port = first.port("lab", "tcp4")
    sock = first.connect("lab", "tcp4")
    assert sock.recv(100)
    assert first.stop().status == 0
    second = netlabd(f'time lab {{ listen = "127.0.0.1:{port}/tcp" }}')
    assert second.connect("lab", "tcp4").recv(100)
