"""Any program: the release as JSON on its standard input, and its exit status as the answer.

    exit status                    what it says                                  certainty
    ─────────────────────────────  ────────────────────────────────────────────  ─────────
    0                              delivered                                     –
    75                             not now; nothing was done                     NOT_SENT
    any other                      no, and not later either                      FOR_GOOD
    ended by a signal, by the timeout, or not seen to its end                    UNSURE

No shell reads the arguments, and the release is in none of them, nor in the environment: others may read both. Of this
program's own environment it gets only `BASE`: the secrets in the rest are none of its business.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from pressrelease.config import Office, OutletConfig, SecretReference
from pressrelease.message import Message
from pressrelease.outlets import Outlet, RenderedMessage, Secret
from pressrelease.outlets.event import event_of
from pressrelease.release.delivery import Abilities, Action, Certainty, DeliveryFailed, Earlier, Receipt, Repeats
from pressrelease.system.programs import program_on_path

MEDIA_TYPE = "application/json"

#: The variables that a program gets besides those of `env`; on Windows no program starts without some of them.
BASE = frozenset(
    "PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TMP TEMP SSL_CERT_FILE SSL_CERT_DIR"
    " SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERNAME USERPROFILE APPDATA LOCALAPPDATA PROGRAMDATA"
    " PROGRAMFILES NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE".split()
)

#: EX_TEMPFAIL of sysexits.h: the one status that asks for another try.
AGAIN = 75
#: How much of what a program prints is read, in bytes, and how long an address on its first line may be.
LARGEST_OUTPUT = 1 << 16
LONGEST_ADDRESS = 2000
#: Seconds that a program has to end after SIGTERM, and that its output is waited for after its end.
GRACE = 1.0

#: System errors for lack of memory or processes: another try may find some.
_FOR_NOW = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ETXTBSY}


def open_command(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Command:
    """Open the outlet; the program runs in `folder`, the workspace's. Raises ConfigRefused for an unreadable secret."""
    del office
    more = {
        name: secret(value) if isinstance(value, SecretReference) else value
        for name, value in config.settings.get("env", {}).items()
    }
    return Command(config.name, argv=config.settings["argv"], folder=folder, timeout=config.timeout, more=more)


class Command(Outlet):
    """One program."""

    repeats = Repeats(told_apart=False)
    abilities = Abilities()

    def __init__(
        self, name: str, *, argv: Sequence[str], folder: Path, timeout: timedelta, more: Mapping[str, str]
    ) -> None:
        """`more` are variables besides those of `BASE`."""
        self.name = name
        self._more = dict(more)
        self._argv = tuple(argv)
        self._folder = folder
        self._timeout = timeout.total_seconds()

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return a webhook's object with the delivery's key and action, and the attachments in base64."""
        del recipient
        event = event_of(message)
        event |= {"key": key, "action": message.action.value}
        event["data"]["attachments"] = [
            {
                "name": enclosure.name,
                "media_type": enclosure.media_type,
                "title": enclosure.title,
                "alt": enclosure.alt,
                "content": base64.b64encode(enclosure.content).decode(),
            }
            for enclosure in (() if message.action is Action.WITHDRAW else message.enclosures)
        ]
        return RenderedMessage(json.dumps(event, ensure_ascii=False).encode(), MEDIA_TYPE)

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return a webhook's object for a correction or a withdrawal: `action` says which."""
        del earlier
        return self.prepare(message, key=key, recipient=recipient)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Run it once, to its end or to the timeout."""
        del recipient
        process = self._started(key)
        printed = bytearray()
        reading = _in_background(_read, process.stdout, printed)
        _in_background(_feed, process.stdin, rendered.content)
        try:
            status = process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            raise DeliveryFailed(Certainty.UNSURE, "the program did not finish in time and was stopped") from None
        except BaseException:
            _end(process)
            raise
        if failure := failure_of_status(status):
            raise failure
        reading.join(GRACE)  # something that it left running may hold the output open
        return Receipt(url=address_in(bytes(printed)))

    def probe(self) -> str:
        """Check that the program exists and may be run, without running it."""
        program = self._program()
        found = shutil.which(program) if program else None
        if found is None:
            raise DeliveryFailed(
                Certainty.FOR_GOOD, "there is no such program here, or it doesn't have permission to run"
            )
        return f"{Path(found).name} exists and can be run; it was not run"

    def _program(self) -> str | None:
        """Return the program's path: one with a folder counts from the workspace; a bare name is searched on PATH.

        None if it isn't there. Entries of PATH that others may write to, or that count from the current folder, are
        skipped.
        """
        program = self._argv[0]
        return str(self._folder / program) if Path(program).name != program else program_on_path(program)

    def _environment(self, key: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.upper() in BASE or name.startswith("LC_")}
        return {**kept, **self._more, "PRESSRELEASE_KEY": key}

    def _started(self, key: str) -> subprocess.Popen[bytes]:
        windows: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        posix: dict[str, Any] = {"start_new_session": True}
        program = self._program()
        if program is None:
            raise DeliveryFailed(Certainty.FOR_GOOD, f"the program can't be started: {os.strerror(errno.ENOENT)}")
        try:
            return subprocess.Popen(
                [program, *self._argv[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder,
                env=self._environment(key),
                **(windows if sys.platform == "win32" else posix),
            )
        except (OSError, ValueError) as error:
            number = error.errno if isinstance(error, OSError) else None
            certainty = Certainty.NOT_SENT if number in _FOR_NOW else Certainty.FOR_GOOD
            words = os.strerror(number) if number else "its arguments can't be passed"
            raise DeliveryFailed(certainty, f"the program can't be started: {words}") from None


def failure_of_status(status: int) -> DeliveryFailed | None:
    """Return the failure that an exit status means; None for 0. A negative one is a signal's number, as in Python."""
    if status == 0:
        return None
    if status < 0:
        return DeliveryFailed(Certainty.UNSURE, f"the program was stopped by signal {-status}")
    if status == AGAIN:
        return DeliveryFailed(Certainty.NOT_SENT, f"the program asks to be tried again (exit {AGAIN})")
    return DeliveryFailed(Certainty.FOR_GOOD, f"the program reported a failure (exit {status})")


def address_in(printed: bytes) -> str | None:
    """Return the web address that a program printed as its first line, None if it is none."""
    line = printed.split(b"\n", 1)[0].strip()
    with contextlib.suppress(ValueError):
        address = line.decode("ascii")
        parts = urlsplit(address)
        clean = all("!" <= sign <= "~" for sign in address) and len(address) <= LONGEST_ADDRESS
        if clean and parts.scheme in {"https", "http"} and parts.hostname and parts.username is None:
            return address
    return None


def _in_background(work: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, name="command", daemon=True)
    thread.start()
    return thread


def _feed(pipe: IO[bytes], content: bytes) -> None:
    """Write the content; a program need not read it all."""
    with contextlib.suppress(OSError), pipe:
        pipe.write(content)


def _read(pipe: IO[bytes], printed: bytearray) -> None:
    """Keep the first bytes. Read and drop the rest, so that the program never blocks on its output."""
    with contextlib.suppress(OSError), pipe:
        while part := os.read(pipe.fileno(), 1 << 14):
            printed += part[: max(LARGEST_OUTPUT - len(printed), 0)]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        # The leader may be gone, and those it started not.
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
