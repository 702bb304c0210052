"""The command in a process of its own, forked from one that has imported everything already.

A new interpreter needs a processor for half a second before a command begins its work, and the quick tests start
hundreds of them. A fork needs a fortieth of that. It is a process all the same: it has a number of its own, can be
stopped and killed, and shares nothing with others but the modules that were loaded. It ends as any other, by its exit
handlers, and then at once: it takes no module apart, which would copy every page that it shares and cost more than the
command. How people start the command is tried where an `Office` is `fresh`, and by the tests that start `COMMAND`
themselves.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from time import monotonic
from types import MappingProxyType

#: A process that differs in one of these has to be a new interpreter: they are read when it starts.
READ_AT_START = ("PYTHON", "LD_", "FAKETIME", "TZ", "LC_", "LANG", "COVERAGE")
COMMAND = [sys.executable, "-m", "pressrelease"]
STATUS = struct.Struct("i")


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


def can_fork() -> bool:
    """Return whether commands can be forked here. Coverage measures new interpreters, each with a file of its own."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and "COVERAGE_PROCESS_START" not in os.environ


class Preloaded:
    """A process with everything imported, which forks itself for each command. It ends with the one that made it."""

    def __init__(self, python: str = sys.executable, environment: Mapping[str, str] = os.environ) -> None:
        self._settings = _read_at_start(environment)
        self._asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [python, __file__, str(theirs.fileno())],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._asking.recv(1)

    def serves(self, environment: Mapping[str, str]) -> bool:
        """Return whether a new interpreter would read the same at its start in this environment."""
        return _read_at_start(environment) == self._settings

    def end(self) -> None:
        """Let it end. What it started goes on."""
        self._asking.close()
        self._server.wait()

    def start(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        umask: int = -1,
        account: tuple[int, Sequence[int]] | None = None,
        streams: Mapping[int, int] = MappingProxyType({}),
    ) -> Forked:
        """Start the command, maybe as another account and in its groups.

        Its standard input is empty and it writes to pipes, but where `streams` has a file descriptor for 0, 1 or 2.
        """
        out, their_out = os.pipe()
        err, their_err = os.pipe()
        status, their_status = os.pipe()
        nothing = os.open(os.devnull, os.O_RDONLY)
        asked = json.dumps([list(arguments), str(cwd), dict(environment), umask, account]).encode()
        theirs = [streams.get(number, ours) for number, ours in enumerate((nothing, their_out, their_err))]
        try:
            socket.send_fds(self._asking, [asked], [*theirs, their_status])
        finally:
            for descriptor in (nothing, their_out, their_err, their_status):
                os.close(descriptor)
        return Forked(list(arguments), out, err, status)


_made: list[Preloaded] = []


def preloaded() -> Preloaded:
    """The one of this process, started when it is first needed."""
    if not _made:
        _made.append(Preloaded())
    return _made[0]


def command_started(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str] = os.environ,
    streams: Mapping[int, int] = MappingProxyType({}),
    fresh: bool = False,
) -> subprocess.Popen[str] | Forked:
    """Start the command as `Preloaded.start` does; the caller ends it. `fresh` is by a new interpreter."""
    if not fresh and can_fork() and preloaded().serves(environment):
        return preloaded().start(arguments, cwd=cwd, environment=environment, streams=streams)
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment,
        stdin=streams.get(0, subprocess.DEVNULL),
        stdout=streams.get(1, subprocess.PIPE),
        stderr=streams.get(2, subprocess.PIPE),
        text=True,
    )


def end_preloaded() -> None:
    """End it, if it was needed."""
    while _made:
        _made.pop().end()


class Forked:
    """A command that was started by `Preloaded`, with what tests use of subprocess.Popen."""

    def __init__(self, arguments: list[str], out: int, err: int, status: int) -> None:
        self.args = arguments
        self.stdout = io.TextIOWrapper(io.FileIO(out), encoding="utf-8")
        self.stderr = io.TextIOWrapper(io.FileIO(err), encoding="utf-8")
        self.returncode: int | None = None
        self._status = io.FileIO(status)
        (self.pid,) = STATUS.unpack(self._status.read(STATUS.size))
        self._lock = threading.Lock()
        self._reading: list[threading.Thread] = []
        self._said = ["", ""]

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        with self._lock:
            if self.returncode is None and select.select([self._status], [], [], 0)[0]:
                (status,) = STATUS.unpack(self._status.read(STATUS.size))
                self.returncode = os.waitstatus_to_exitcode(status)
                self._status.close()
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        end = None if timeout is None else monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if end is None else max(end - monotonic(), 0)
            if not select.select([self._status], [], [], left)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Read both streams to their end, then wait; a second call returns the same. Raises TimeoutExpired."""
        end = None if timeout is None else monotonic() + timeout
        if not self._reading:
            self._reading = [
                threading.Thread(target=self._read, args=one, daemon=True)
                for one in enumerate((self.stdout, self.stderr))
            ]
            for thread in self._reading:
                thread.start()
        for thread in self._reading:
            thread.join(None if end is None else max(end - monotonic(), 0))
            if thread.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if end is None else max(end - monotonic(), 0))
        return self._said[0], self._said[1]

    def _read(self, number: int, stream: io.TextIOWrapper) -> None:
        with stream:
            self._said[number] = stream.read()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


# -- the process that forks itself --------------------------------------------------------------------------------


def _import_everything() -> None:
    import pressrelease

    for module in pkgutil.walk_packages(pressrelease.__path__, "pressrelease."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("sqlalchemy.dialects.sqlite", "rich.table", "typer.rich_utils"):
        importlib.import_module(name)
    from pressrelease.when import read_embargo

    # A phrase's reading compiles its patterns and loads the holidays.
    read_embargo(
        "July 3, 2026", now=datetime(2026, 6, 1, tzinfo=UTC), timezone="America/Los_Angeles", release_time=time(9)
    )


def _serve(asking: socket.socket) -> None:
    """Fork for each command that is asked for, and report its number and its end, until the asker is gone."""
    asking.send(b".")
    running: dict[int, tuple[int, int]] = {}
    while True:
        for ready in select.select([asking, *running], [], [])[0]:
            if ready is not asking:
                pid, status = running.pop(ready)
                _report(status, os.waitpid(pid, 0)[1])
                os.close(status)
                os.close(ready)
                continue
            asked, descriptors, _, _ = socket.recv_fds(asking, 1 << 20, 4)
            if not asked:
                return None
            *streams, status = descriptors
            if (pid := os.fork()) == 0:
                for number, stream in enumerate(streams):
                    os.dup2(stream, number)
                asking.detach()
                os.closerange(3, 1024)
                return _run(*json.loads(asked))
            for stream in streams:
                os.close(stream)
            _report(status, pid)
            running[os.pidfd_open(pid)] = (pid, status)


def _run(
    arguments: list[str], cwd: str, environment: dict[str, str], umask: int, account: tuple[int, list[int]] | None
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    if umask >= 0:
        os.umask(umask)
    if account is not None:
        number, groups = account
        os.setgroups(groups)
        os.setresgid(number, number, number)
        os.setresuid(number, number, number)
    sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())
    sys.path.insert(0, cwd)
    sys.argv[1:] = arguments
    code = 0
    try:
        runpy.run_module("pressrelease", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        code = end.code or 0
    _ended.append(code)


#: The exit code of a command that has come to its end; empty while it runs, and if an exception ended it.
_ended: list[int] = []


def _end_at_once() -> None:
    """End a command whose threads and exit handlers are done. Python reports a stream that can't be flushed."""
    with contextlib.suppress(OSError, ValueError):
        for code in _ended:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _report(status: int, number: int) -> None:
    try:
        os.write(status, STATUS.pack(number))
    except BrokenPipeError:
        """The test has ended without waiting for it."""


if __name__ == "__main__":
    sys.path.pop(0)  # this folder: its modules are not those of the command
    atexit.register(_end_at_once)  # the first to be registered is the last to run
    _import_everything()
    gc.collect()
    gc.freeze()
    _serve(socket.socket(fileno=int(sys.argv[1])))
