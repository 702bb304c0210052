"""The command line. `main` has the only catch: every error becomes words, an exit code, and nothing else."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from collections.abc import Sequence

from pressrelease.cli.answer import answer
from pressrelease.cli.streams import open_standard_streams, unwritten
from pressrelease.errors import PressReleaseError, Usage, WillRetry

#: How many objects are made between two looks for garbage.
GARBAGE = 50_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code (CONTRACT section 6)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        open_standard_streams()
        _leave_no_core()
        _let_nobody_else_write()
        # A command is over before it has made any garbage; looking for it is a tenth of its time.
        gc.set_threshold(GARBAGE)
        atexit.register(gc.freeze)
        if asked := os.environ.get("_PRESSRELEASE_COMPLETE"):
            from pressrelease.cli.completing import complete

            return complete(asked)
    answer.begin(arguments)
    try:
        _must_be_text(arguments)
        code = _run(arguments)
        answer.end()
        if (failure := unwritten()) and not code:
            raise WillRetry(
                f"The answer could not be written: {failure.strerror}. What was done stays done.",
                hint="`pressrelease status` shows it.",
                code="answer_unwritten",
            )
    except PressReleaseError as error:
        _refuse(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nInterrupted. What was already saved stays saved; nothing else was changed.", file=sys.stderr)  # noqa: T201
        return 130
    except BrokenPipeError:
        # The reader went away (`| head`); Python would complain once more while closing standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("PRESSRELEASE_TRACEBACK"):
            raise  # requested by a developer; it may show the words of a release
        _refuse(_fault(error))
        return 1
    return code


def _leave_no_core() -> None:
    """Have no crash write this process's memory to a file: it holds embargoed text, and secrets."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _let_nobody_else_write() -> None:
    """Have no file or folder that this process makes be writable by everybody, whatever umask it was started with."""
    os.umask(os.umask(0o077) | 0o002)


def _must_be_text(arguments: Sequence[str]) -> None:
    """Bytes that are no text arrive as lone surrogates, which no file and no database takes."""
    if any("\ud800" <= character <= "\udfff" for argument in arguments for character in argument):
        raise Usage("An argument is not UTF-8 text. Nothing was changed.", hint="Type it again.", code="not_utf8")


def _run(arguments: list[str]) -> int:
    import click

    from pressrelease.cli.app import command

    try:
        result = command().main(args=arguments, prog_name="pressrelease", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except SystemExit:
        # Click leaves in this way only where the reader of the answer went away (`| head`).
        raise BrokenPipeError from None
    except click.exceptions.Abort:
        raise Usage("Nothing was changed: the question was not answered.", code="aborted") from None
    except click.exceptions.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "pressrelease"
        raise Usage(error.format_message(), hint=f"For help: {path} --help") from None
    return result if isinstance(result, int) else 0


def _refuse(error: PressReleaseError) -> None:
    """Say what happened: in JSON on standard output where it was asked for, in words on standard error always."""
    from pressrelease.cli.session import show

    answer.end(error)
    listed = [f"  - {candidate}" for candidate in error.listed]
    show(sys.stderr, *(line for line in (error.message, *listed, error.hint) if line))


def _fault(error: Exception) -> PressReleaseError:
    """A fault of ours, in words; where it came from goes to the private log under a reference."""
    import uuid

    from pressrelease.cli.session import Session
    from pressrelease.system.log import frames, log_fault, log_to

    reference, place = uuid.uuid4().hex[:8], Session.log_place
    kept = None
    if place is not None:
        with contextlib.suppress(OSError):  # the log must not hide what it is about
            log_to(place)
            kept = log_fault(reference, frames(error))
    what, done = "Something went wrong inside pressrelease", "`pressrelease status` shows what went out."
    again = "PRESSRELEASE_TRACEBACK=1 before the same command shows where; its output may hold what a release says."
    if kept:
        return PressReleaseError(f"{what} (reference {reference}). {done}", hint=f"The details are in {kept}.")
    if place is not None:
        again = f"The details could not be written to {place / 'log'}. {again}"
    return PressReleaseError(f"{what} ({type(error).__name__}). {done}", hint=again)
