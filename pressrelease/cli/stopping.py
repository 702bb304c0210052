"""`hold`, `resume`, `stop`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.options import (
    AtOption,
    ConfirmClockOption,
    MaybeSlugsArgument,
    SlugsArgument,
    WhyOption,
    YesOption,
    command,
)
from pressrelease.cli.session import Session
from pressrelease.system.printable import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from pressrelease.errors import PressReleaseError
    from pressrelease.services import ServiceContext

app = typer.Typer()

#: How many of the releases that a `stop` stopped are named.
NAMED = 10


@command(app, "hold", dry_run=True)
def hold(
    session: Session,
    slugs: SlugsArgument,
    why: WhyOption = "",
) -> None:
    """Put releases on hold, at once. They do not go out until you resume them.

    At a terminal you are asked for the reason afterward, unless --why gives it.

    \b
    pressrelease hold names-released
    pressrelease hold names-released --why "One name is wrong"
    """
    from pressrelease.cli.reporting import give_results
    from pressrelease.cli.session import input_line
    from pressrelease.errors import NotPermitted, StateUnreadable
    from pressrelease.services import stopping
    from pressrelease.services.results import each

    try:
        context = session.context()
        context.store  # noqa: B018  (whether this account may use the record)
    except (NotPermitted, StateUnreadable) as error:
        _by_file(session, _slugs(slugs), why, error)
        return
    results = each(slugs, lambda slug: stopping.hold(context, slug, why.strip()))
    try:
        give_results(session, context, results, _held_words(results.done), not_done="NOT HELD")
    finally:
        if results.done and not why.strip() and session.may_ask and not session.dry_run:
            asked = "It is on hold. Why? (one line for the journal, or Enter for none) "
            if reason := one_line(input_line(asked)).strip():
                for slug in results.done:
                    stopping.give_reason(context, slug, reason)


def _held_words(slugs: Sequence[str]) -> str:
    """What was put on hold, and the command that lets it go."""
    named = ", ".join(dict.fromkeys(slugs))
    it, them = ("They", "them") if len(set(slugs)) > 1 else ("It", "it")
    return (
        f"On hold: {named}. {it} won't go out until you resume {them}.\n"
        f"To let {them} go out after all: `pressrelease resume {' '.join(dict.fromkeys(slugs))}`"
    )


def _slugs(named: Sequence[str]) -> list[str]:
    """The slugs named, each once. Raises NotFound for what can't be one."""
    from pressrelease.errors import NotFound
    from pressrelease.release import valid_slug

    if wrong := [one for one in named if not valid_slug(one)]:
        raise NotFound(f"There is no release {wrong[0]}. Nothing was put on hold.", code="no_release")
    return list(dict.fromkeys(named))


def _by_file(session: Session, slugs: Sequence[str], why: str, error: PressReleaseError) -> None:
    """Stop, or hold releases, in a workspace whose record belongs to another account, by files in its folder.

    Raises NotPermitted where this account may not write there either, and what else is not about accounts.
    """
    from pressrelease.errors import NotPermitted
    from pressrelease.system import stop_file

    if error.code not in {"not_your_workspace", "not_trusted"}:
        raise error
    verb = "HELD" if slugs else "STOPPED"
    try:
        folder = session.folder
        files = [] if session.dry_run else [stop_file.ask(folder, slug, why) for slug in slugs or [""]]
    except NotPermitted as refused:
        refused.message = f"NOT {verb}: {refused.message} {error.happened}"
        refused.hint = _as_owner(folder, slugs, why) or error.hint
        raise refused from None
    if slugs:
        session.give({"held": list(slugs), "files": [str(file) for file in files]})
    else:
        session.give({"stopped": not session.dry_run, "in_flight": []})
    if session.dry_run:
        session.say(f"Nothing was changed (dry run). It would have been {verb.lower()}.")
        return
    session.say(f"{verb}, by the file{'s' if len(files) > 1 else ''} {', '.join(map(str, files))}.")
    session.say("The database belongs to another account, so what is being sent at this moment can't be shown.")


def _as_owner(folder: Path, slugs: Sequence[str], why: str) -> str:
    """The whole command that stops or holds as the account that owns the workspace; "" on a system without sudo."""
    from pressrelease.cli.keeping import program
    from pressrelease.system.accounts import as_account, owner_of

    if os.name == "nt":
        return ""
    verb = ["hold", *slugs] if slugs else ["stop"]
    words = [program(), "--workspace", str(folder), *verb, *(["--why", why] if why else [])]
    return f"{as_account(owner_of(folder))} {shlex.join(words)}"


@command(app, "resume", dry_run=True)
def resume(
    session: Session,
    slugs: MaybeSlugsArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="End a `pressrelease stop`.")] = False,
    at: AtOption = None,
    yes: YesOption = False,
    confirm: ConfirmClockOption = None,
) -> None:
    """Let releases that are on hold, or missed their time, go out. One whose time has passed goes out at the next pass.

    With --all it ends a `stop`. It lists what should have gone out in the meantime and sends it only if you answer yes;
    otherwise each of those releases is put on hold. It shows the time on this computer's clock; if that is in doubt,
    type `clock` to confirm it.

    \b
    pressrelease resume names-released
    pressrelease resume names-released --at "<monday>, 9 a.m."
    pressrelease resume --all
    """
    from pressrelease.cli.reporting import give_results
    from pressrelease.errors import Usage
    from pressrelease.services import stopping
    from pressrelease.services.results import each
    from pressrelease.system import clock

    if everything == bool(slugs):
        raise Usage(
            "Name the releases to resume, or add --all.",
            hint="`pressrelease resume SLUG` or `pressrelease resume --all`",
        )
    context = session.context()
    if slugs:
        typed = clock.utc_now()  # "in 90 minutes" is the same instant for all

        def one(slug: str) -> None:
            later = stopping.later(context, slug, at, now=typed) if at is not None else None
            if later is not None and later.questions and not session.dry_run:
                session.must_agree(
                    " ".join([*later.questions, "Resume it?"]),
                    yes=yes,
                    hint="To accept it, add --yes. To pick another time, add --at 'Monday at 9 a.m.'",
                )
            stopping.resume(context, slug, later)

        give_results(session, context, each(slugs, one), "Resumed.", not_done="NOT RESUMED")
        return
    _resume_all(session, context, yes=yes, confirm=confirm)


def _resume_all(session: Session, context: ServiceContext, *, yes: bool, confirm: str | None) -> None:
    from pressrelease.services import stopping
    from pressrelease.when import rfc3339, say_full

    zone, shown = context.config.office.timezone, stopping.clock_shown(context)
    session.say(f"This computer's clock shows {say_full(shown.now.replace(microsecond=0), timezone=zone)}.")
    if shown.doubt and not session.dry_run:
        question = f"{shown.doubt[0].upper()}{shown.doubt[1:]}. Compare the time above with another clock."
        session.must_type("clock", question, confirmed=confirm)
    ends_something = bool(shown.doubt) or stopping.something_is_stopped(context)
    due = stopping.fell_due(context) if ends_something else ()
    if due:
        session.say("These were due while everything was stopped:")
        session.say(*(f"  {one.slug}, {say_full(one.lift, timezone=zone)}" for one in due if one.lift is not None))
    let_go = bool(due) and (yes or session.agreed("Send these now?"))
    result = stopping.resume_all(context, let_go=let_go, clock_confirmed=bool(shown.doubt))
    session.give(
        {
            "resumed": result.was_stopped,
            "fell_due": list(result.fell_due),
            "let_go": result.let_go,
            "at": rfc3339(shown.now),
            "clock_doubt": shown.doubt,
        }
    )
    if not result.was_stopped:
        session.say("Nothing is stopped. Nothing was changed.")
        return
    session.say("Publishing is back on." if not session.dry_run else "Nothing was changed (dry run).")
    if due and not let_go:
        session.say("Those that were due are on hold. To let one go out: `pressrelease resume SLUG`")


@command(app, "stop", dry_run=True)
def stop(
    session: Session,
    why: WhyOption = "",
) -> None:
    """Stop everything, at once, without questions. Nothing goes out until `pressrelease resume --all`.

    \b
    pressrelease stop
    pressrelease stop --why "The court sealed the case"
    """
    from pressrelease.errors import ConfigRefused, NotFound, NotPermitted, StateUnreadable, WillRetry
    from pressrelease.services import ServiceContext, stopping
    from pressrelease.wiring import person, to_stop

    try:
        context = session.context()
    except ConfigRefused as refused:
        context = ServiceContext(to_stop(session.workspace, refused), person(), dry_run=session.dry_run)
        session.warn(f"config.toml has errors. Stopping works without it.\n{refused.message}")
    except NotFound as error:
        error.message = f"NOT STOPPED: {error.message}"
        raise
    except NotPermitted as error:
        _by_file(session, (), why, error)
        return
    try:
        in_flight = stopping.stop(context, why)
        waiting = stopping.waiting(context)
    except NotPermitted as error:
        _by_file(session, (), why, error)
        return
    except (StateUnreadable, WillRetry) as error:
        if error.code == "not_your_workspace":
            _by_file(session, (), why, error)
            return
        error.message = f"NOT STOPPED: {error.happened}"
        error.hint = (
            "A scheduler that can still read the database keeps publishing. End it with `systemctl stop pressrelease`,"
            f" and remove its line with `crontab -e`. Then: {error.hint}"
        )
        raise
    session.give(
        {
            "stopped": not session.dry_run,
            "in_flight": [{"slug": d.slug, "outlet": d.outlet, "recipient": d.recipient or None} for d in in_flight],
        }
    )
    if session.dry_run:
        session.say("Nothing was changed (dry run). Everything would have been stopped.")
        return
    session.say("STOPPED. Nothing else will go out.")
    if waiting:
        more = f", and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
        session.say(f"Stopped: {', '.join(waiting[:NAMED])}{more}.")
    if in_flight:
        names = ", ".join(sorted({f"{delivery.slug} at {delivery.outlet}" for delivery in in_flight}))
        session.say(f"Already being sent, so it may still arrive: {names}.")
    session.say("To turn publishing back on: `pressrelease resume --all`")


@command(app, "adopt", dry_run=True)
def adopt(
    session: Session,
    why: WhyOption = "",
) -> None:
    """Make this workspace the original after it was copied or moved, or an older database was put back.

    A copy sends nothing, because it would send again what the original has already sent. Adopt the one that you will
    keep, once no other is running. It stays stopped; what the other one may have sent is in doubt.

    \b
    pressrelease adopt --why "Moved to the new server"
    """
    from pressrelease.services import adopting

    adopted = adopting.adopt(session.context(), why)
    session.give(
        {"adopted": not session.dry_run, "found": adopted.found, "in_doubt": list(adopted.doubted), "stopped": True}
    )
    session.say(f"Found: {adopted.found}.")
    if session.dry_run:
        session.say("Nothing was changed (dry run).")
        return
    session.say("This workspace is the original from now on. It is still STOPPED.")
    if adopted.doubted:
        session.say(f"May have gone out already, so someone must check: {', '.join(adopted.doubted)}.")
    session.say("Next: `pressrelease status`, then `pressrelease resume --all`.")
