# SPDX-License-Identifier: ISC
"""Real senders of syslog: logger(1), rsyslog, Python's logging. What they say of
their messages is in the bucket's fields, and the text is what was said."""

import json
import logging
import logging.handlers
import os
import shutil
import socket
import subprocess
from contextlib import closing, contextmanager
from signal import SIGTERM

import pytest

from daemon import DEADLINE_S, wait_until

CONFIG = """creosote bucket { listen = "127.0.0.1:0" file = "DIR/bucket"
    format = json decode = syslog gather = 0 escape = utf8 }"""

TEXT = "disk sda1: 97 % full, [sic] <34> #012 caf\u00e9"

RSYSLOG = """
global(workDirectory="DIR" parser.escapeControlCharactersOnReceive="off")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="DIR/log" ParseHostname="off")
action(type="omfwd" target="127.0.0.1" port="PORT" OPTIONS)
"""


@pytest.fixture(name="bucket")
def fixture_bucket(netlabd):
    return netlabd(CONFIG)


def records(daemon, count=1):
    """Once there are so many."""
    path = daemon.directory / "bucket"
    wait_until(lambda: path.read_bytes().count(b"\n") >= count,
               f"{count} records are there")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == count
    return [json.loads(line) for line in lines]


def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"no {name}")
    return path


def says(record, **fields):
    assert {name: record.get(name) for name in fields} == fields


# --- logger

def logger(daemon, transport, *arguments):
    port = daemon.port("bucket", f"{transport}4")
    subprocess.run([program("logger"), f"--{transport}", "-n", "127.0.0.1",
                    "-P", str(port), *arguments], check=True,
                   stdin=subprocess.DEVNULL, timeout=DEADLINE_S)


WAYS = (("udp",), ("tcp",), ("tcp", "--octet-count"))


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_logger_rfc5424(bucket, way):
    logger(bucket, *way, "--rfc5424", "-p", "auth.crit", "-t", "su",
           "--id=4711", "--msgid", "ID47", "--sd-id", "lab@32473",
           "--sd-param", 'rack="7"', TEXT)
    record = records(bucket)[0]
    says(record, facility="auth", severity="crit", program="su",
         process="4711", message_id="ID47", host=socket.gethostname(),
         message=TEXT)
    assert '[lab@32473 rack="7"]' in record["structured"]
    assert record["timestamp"].startswith("20")
    assert record["source"].startswith("127.0.0.1:")


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_logger_rfc3164(bucket, way):
    logger(bucket, *way, "--rfc3164", "-p", "local7.debug", "-t", "boot",
           "--id=42", TEXT)
    record = records(bucket)[0]
    says(record, facility="local7", severity="debug", program="boot",
         process="42", host=socket.gethostname().split(".")[0], message=TEXT)
    assert record["timestamp"][3] == " "


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("form", ("--rfc3164", "--rfc5424"))
def test_logger_sends_a_file(bucket, tmp_path, way, form):
    """Each line is a record, in order."""
    (tmp_path / "lines").write_text("".join(
        f"line {number} of many\n" for number in range(100)))
    logger(bucket, *way, form, "-p", "cron.info", "-t", "many", "-f",
           str(tmp_path / "lines"))
    for number, record in enumerate(records(bucket, 100)):
        says(record, facility="cron", severity="info", program="many",
             message=f"line {number} of many")


# --- rsyslog

@contextmanager
def rsyslog(directory, port, options):
    """In the foreground, with nothing of this machine's configuration."""
    config = directory / "rsyslog.conf"
    config.write_text(RSYSLOG.replace("OPTIONS", options).replace(
        "PORT", str(port)).replace("DIR", str(directory)))
    with subprocess.Popen(
            [program("rsyslogd"), "-n", "-f", config, "-i",
             directory / "rsyslog.pid"], stdin=subprocess.DEVNULL) as process:
        try:
            wait_until((directory / "log").exists, "rsyslog is ready")
            yield directory / "log"
            process.send_signal(SIGTERM)
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()


FORMS = ("RSYSLOG_SyslogProtocol23Format", "RSYSLOG_TraditionalForwardFormat",
         "RSYSLOG_ForwardFormat")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("protocol, options", (
    ("udp", ""), ("tcp", 'TCP_Framing="octet-counted"'),
    ("tcp", 'TCP_Framing="traditional"')))
def test_rsyslog(bucket, tmp_path, protocol, options, form):
    with rsyslog(tmp_path, bucket.port("bucket", f"{protocol}4"),
                 f'protocol="{protocol}" template="{form}" {options}') as path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(str(path))
            for number in range(100):
                sock.send(f"<{number % 24 * 8 + number % 8}>Nov 26 06:31:00 "
                          f"lab[{number}]: number {number}: {TEXT}".encode())
        got = records(bucket, 100)
    # In the form of RFC 5424 it sends the blank after the tag as text.
    blank = " " if "Protocol23" in form else ""
    levels = ("emerg", "alert", "crit", "err", "warning", "notice", "info",
              "debug")
    for number, record in enumerate(got):
        says(record, severity=levels[number % 8], program="lab",
             process=str(number), message=f"{blank}number {number}: {TEXT}",
             host=socket.gethostname().split(".")[0])
    assert [record["facility"] for record in got[:5]] == [
        "kern", "user", "mail", "daemon", "auth"]


def test_rsyslog_keeps_newlines(bucket, tmp_path):
    """In a counted frame they are part of a message."""
    with rsyslog(tmp_path, bucket.port("bucket", "tcp4"), """protocol="tcp"
            template="RSYSLOG_SyslogProtocol23Format"
            TCP_Framing="octet-counted" """) as path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.connect(str(path))
            sock.send(b"<13>Nov 26 06:31:00 lab: one\ntwo")
        record = records(bucket)[0]
    assert record["message"] == r" one\ntwo"


# --- Python

@pytest.mark.parametrize("kind", (socket.SOCK_DGRAM, socket.SOCK_STREAM))
def test_python(bucket, kind):
    """It ends messages with NUL, and has no time, host or, by itself, tag."""
    transport = "udp4" if kind == socket.SOCK_DGRAM else "tcp4"
    facility = logging.handlers.SysLogHandler.LOG_LOCAL3
    with closing(logging.handlers.SysLogHandler(
            bucket.address("bucket", transport), facility, kind)) as handler:
        log = logging.Logger("lab")
        log.addHandler(handler)
        log.error("%s", TEXT)
        handler.ident = "app[7]: "
        log.warning("number %d", 2)
    first, second = records(bucket, 2)
    says(first, facility="local3", severity="err", message=TEXT)
    says(second, facility="local3", severity="warning", program="app",
         process="7", message="number 2")
