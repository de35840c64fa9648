# SPDX-License-Identifier: ISC
"""The tests, measurements and files that the documents name are there."""

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PATIENCE = 20  # seconds, for what takes none unless something is wrong

DOCUMENTS = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "bench/README.md",
             "doc/PERFORMANCE.md")
FOLDERS = "bench|completion|conf|debian|doc|man|src|systemd|tests"
# Stands for any: NAME, x.c; but README.md is a name.
ANY = re.compile(r"\b[A-Z]{3,}\b(?!\.md)|\b(check_)?x\.c$")
# Of a repository; a tarball has none of them.
CLONE_ONLY = "tests/system", "debian"


# --- What there is


def sources(*patterns):
    return [path for pattern in patterns for path in TOP.glob(pattern)]


@functools.lru_cache
def known_tests():
    """As pytest -k sees them: the file, and the function."""
    return [f"{path.name}::{name}" for path in HERE.glob("test_*.py")
            for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M)]


def is_selected(expression, test):
    """What -k EXPRESSION means for a test: words that are in its name."""
    return all(word in test for word in expression.split(" and "))


@functools.lru_cache
def scenarios():
    """The names that bench/run takes."""
    listed = subprocess.run(
        [sys.executable, "-B", TOP / "bench/run", "--list"], check=True,
        capture_output=True, text=True, timeout=PATIENCE).stdout
    return {line.split()[0] for line in listed.splitlines()}


def bench_makefile():
    return (TOP / "bench/Makefile.am").read_text().replace("\\\n", " ")


def is_path(name):
    """True also for what is there in a clone alone, where this is none."""
    if any(name.startswith(folder) and not (TOP / folder).exists()
           for folder in CLONE_ONLY):
        return True
    return any(TOP.glob(name.rstrip("/.,")))


# --- What is named: faults(text) are the names that nothing has


def missing_tests(text):
    for name in re.findall(r"\btest_\w+\.py\b", text):
        if not (HERE / name).exists():
            yield name
    # check_x and check_NAME stand for any.
    for name in re.findall(r"\b(?:check|fuzz)_[a-z][a-z0-9_]+\b", text):
        if not (TOP / f"tests/{name}.c").exists():
            yield name


def missing_selections(text):
    """A -k that selects no test passes without a word."""
    for quoted, word in re.findall(r"(?<![\w-])-k (?:'([^']*)'|([a-z]\w*))",
                                   text):
        expression = quoted or word
        if not any(is_selected(expression, test) for test in known_tests()):
            yield f"-k {expression}"


def missing_measurements(text):
    known = scenarios()
    for flags in re.findall(r"BENCHFLAGS=(\"[^\"]*\"|[^\s`\"]+)", text):
        for word in flags.strip('"').split():
            if re.match(r"[a-z]", word) and "." not in word and \
                    word not in known:
                yield word
    for target in re.findall(r"make (bench[a-z-]*)", text):
        if not re.search(rf"^{target}:", bench_makefile(), re.M):
            yield f"make {target}"
    for program in re.findall(r"build/bench/([a-z][a-z-]*)(?=[ `])", text):
        if not re.search(rf"^check_PROGRAMS = .*\b{program}\b",
                         bench_makefile(), re.M):
            yield program


def missing_variables(text):
    code = "".join(path.read_text() for path in sources(
        "tests/*.sh", "tests/*.c", "tests/integration/*.py", "bench/*.sh",
        "tests/system/*.sh") if path != Path(__file__).resolve())
    for name in re.findall(r"\b(NETLABD?_[A-Z_]+)=", text):
        if name not in code:
            yield name


def missing_paths(text):
    code = "\n".join(a or b for a, b in re.findall(
        r"`([^`\n]+)`|^    (\S.*)$", text, re.M))
    for name in re.findall(rf"(?<![\w./-])(?:\./)?((?:{FOLDERS})/[\w.*/-]+)",
                           code):
        if not ANY.search(name) and not is_path(name):
            yield name


def faults(text):
    for find in (missing_tests, missing_selections, missing_measurements,
                 missing_variables, missing_paths):
        yield from find(text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_named_is_there(name):
    assert list(faults((TOP / name).read_text())) == []


@pytest.mark.parametrize("text, fault", (
    ("| a promise | `test_lops.py` |", "test_lops.py"),
    ("| a promise | `check_pear`, `check_pair` |", "check_pear"),
    ("`fuzz_datagrams`", "fuzz_datagrams"),
    ("`tests/run-integration.sh -k storm_off -n 0`", "-k storm_off"),
    ("(`-k 'peers and bust'`)", "-k peers and bust"),
    ("`make bench BENCHFLAGS=flod`", "flod"),
    ('`make bench BENCHFLAGS="--rounds 3 udp-ecko"`', "udp-ecko"),
    ("`make bench-piers`", "make bench-piers"),
    ("`build/bench/cost-admissions flood 1`", "cost-admissions"),
    ("    NETLABD_STORMS_S=1 tests/run-test.sh", "NETLABD_STORMS_S"),
    ("    tests/fetch-inets.sh DIR", "tests/fetch-inets.sh"),
    ("`src/daemon/syscall.c`", "src/daemon/syscall.c"),
))
def test_what_is_not_there_is_found(text, fault):
    assert list(faults(text)) == [fault]
