# SPDX-License-Identifier: ISC
"""One run of the benchmark: programs, processors, files, and what it started.

Everything that is started is stopped by its own process id when the run ends,
however it ends.
"""
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import time

from netbench.place import Places
from netbench.server import Server

HERE = pathlib.Path(__file__).resolve().parent
LOAD_TIMEOUT_S = 120


class BenchError(Exception):
    """Something is missing or failed, so that there is nothing to measure."""


class Bench:
    """Knows where the programs are and on which processors they run."""

    def __init__(self, arguments):
        self.programs = arguments.programs.resolve()
        self.netlabd = None
        if not arguments.noise:
            self.netlabd = arguments.netlabd.resolve()
        self.rounds = max(1, arguments.rounds)
        self.scale = arguments.scale
        self.places = Places(arguments.together, arguments.first)
        self.servers = []
        self._folder = None
        self.folder = None

    def __enter__(self):
        for program in (self.netlabd, self.programs / "load-udp"):
            if program is not None and not os.access(program, os.X_OK):
                raise BenchError(f"{program} is missing (build it first; "
                                 "`make bench` in build/ knows where it is)")
        raise_descriptor_limit()
        # pylint: disable-next=consider-using-with
        self._folder = tempfile.TemporaryDirectory(prefix="netlabd-bench-")
        self.folder = pathlib.Path(self._folder.name)
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.stop()
        self._folder.cleanup()

    def count(self, operations):
        """That many operations, scaled as the user wants."""
        return max(1, int(operations * self.scale))

    def pause(self, seconds):
        """Lets so much time pass, or less where less is wanted of all."""
        time.sleep(seconds * min(1, self.scale))

    def start_limit(self, name):
        """Starts a limit program, which prints its port."""
        return self._start(name, [self.programs / name], "stdout", r"\d+")

    def start_script(self, interpreter, name, *arguments):
        """Starts a program of this package, which prints its port, too."""
        command = [interpreter, HERE / name, *arguments]
        return self._start(name, command, "stdout", r"\d+")

    def start_netlabd(self, configuration):
        """Starts netlabd with a configuration's text."""
        path = self.folder / f"netlabd-{len(self.servers)}.conf"
        path.write_text(configuration, encoding="utf-8")
        # Root's folder is no other user's.
        stay = ["--user", "root"] if os.geteuid() == 0 else []
        command = [self.netlabd, "--config", path, *stay]
        server = self._start("netlabd", command, "stderr", r"netlabd: ready")
        server.configuration = path
        return server

    def _start(self, name, command, stream, ready):
        server = Server(name, command, stream, ready, self.places)
        self.servers.append(server)
        server.wait_until_ready()
        return server

    def load_command(self, program, **options):
        """The command of a load: window=3 becomes --window 3."""
        command = [str(self.programs / program)]
        for name, value in options.items():
            if value is True:
                command.append(f"--{name}")
            elif value is not False:
                command += [f"--{name}", str(value)]
        return command

    def load(self, program, **options):
        """Runs a load to its end and returns what it printed."""
        command = self.load_command(program, **options)
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False,
                              timeout=LOAD_TIMEOUT_S,
                              preexec_fn=self.places.as_load)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)}: status {done.returncode}")
        return self.parse(done.stdout)

    @staticmethod
    def parse(output):
        """What a load has printed."""
        return json.loads(output)


def raise_descriptor_limit():
    """All descriptors that may be had, for servers and loads alike."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
