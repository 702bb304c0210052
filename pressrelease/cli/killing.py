"""`kill`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.options import SlugsArgument, WhyOption, command
from pressrelease.cli.session import Session
from pressrelease.system.printable import one_line

if TYPE_CHECKING:
    from pressrelease.errors import PressReleaseError
    from pressrelease.services import ServiceContext
    from pressrelease.services.killing import Reach
    from pressrelease.store.kills import Killed

app = typer.Typer()


@command(app, "kill", dry_run=True)
def kill(
    session: Session,
    slugs: SlugsArgument,
    why: WhyOption = "",
    note: Annotated[
        str,
        typer.Option("--note", callback=one_line, help="A public explanation, shown to readers.", show_default=False),
    ] = "",
    confirm: Annotated[
        list[str] | None,
        typer.Option(
            "--confirm",
            metavar="SLUG",
            help="A release's SLUG again, to confirm without being asked; once for each.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Withdraw releases for good. Nothing more of them goes out, and everyone who has one, or may have it, gets a
    withdrawal: a page becomes a notice, a post is deleted, a mail is followed by a KILL.

    It needs no approval, and works while everything is stopped. It asks for each SLUG once more, because it can't be
    undone. To keep back what has not gone out yet, `hold` is enough.

    \b
    pressrelease kill names-released --why "The charges were dropped"
    pressrelease kill names-released --why "Wrong person" --note "This release was wrong. Do not use it."
    """
    from pressrelease.cli.reporting import give_results
    from pressrelease.errors import ConfigRefused, NotPermitted, StateUnreadable, Usage
    from pressrelease.services import ServiceContext, killing
    from pressrelease.services.results import each
    from pressrelease.wiring import person, to_stop

    if not why.strip():
        raise Usage("Withdrawing a release needs a reason. Nothing was changed.", hint='Add --why "…"')
    whole = True
    try:
        context = session.context()
        context.store  # noqa: B018  (whether this account may use the record)
    except ConfigRefused as refused:
        context, whole = ServiceContext(to_stop(session.workspace, refused), person(), session.dry_run), False
        session.warn(f"config.toml has errors. Withdrawing works without it.\n{refused.message}")
    except (NotPermitted, StateUnreadable) as error:
        raise _of_another(session, slugs, why, error) from None
    found: dict[str, Killed] = {}
    reach: dict[str, Sequence[Reach]] = {}

    def one(slug: str) -> None:
        if killing.may_be_killed(context, slug) and not session.dry_run and slug not in (confirm or ()):
            question = _question(slug, killing.reached(context, slug))
            session.must_type(slug, question, confirmed=None if not confirm else "", so="Nothing was changed.")
        found[slug] = killing.kill(context, slug, why=why.strip(), note=note.strip())
        reach[slug] = killing.reached(context, slug)
        _say(session, slug, found[slug], reach[slug])

    results = each(slugs, one)
    stays = {slug: _stays(context, reach[slug]) for slug in results.done} if whole else {}
    _say_what_stays(session, stays)
    also = {"killed": [killing.as_json(slug, found[slug], reach[slug], stays.get(slug, ())) for slug in results.done]}
    if not whole:
        session.give({"releases": [], **also, **results.as_json()})
        return
    _send_now(session, context, [slug for slug in results.done if found[slug].withdrawals])
    give_results(session, context, results, "", not_done="NOT WITHDRAWN", also=also)


def _send_now(session: Session, context: ServiceContext, slugs: Sequence[str]) -> None:
    """Send the withdrawals in a pass of this command if no scheduler is running. What fails is tried again later."""
    from pressrelease.errors import PressReleaseError
    from pressrelease.scheduler.passes import publish_due
    from pressrelease.services.listing import scheduler_sign
    from pressrelease.system import clock

    if session.dry_run or not slugs:
        return
    try:
        control = context.store.control()
        if control.not_the_original:
            session.say("This workspace may be a copy: the withdrawals wait until `pressrelease adopt`.")
            return
        if scheduler_sign(context.store.read, context.workspace.alive, clock.utc_now(), control).alive:
            return
        session.say("No scheduler is running, so this command sends the withdrawals now.")
        publish_due(context.workspace, set(slugs), comes_again=False)
    except PressReleaseError as error:
        session.warn(f"The withdrawals are due, and could not all be sent yet: {error.message}")


def _question(slug: str, reached: Sequence[Reach]) -> str:
    if not reached:
        return f"This calls {slug} off for good. Nobody has it yet. It can't be undone."
    who = "; ".join(one.words for one in reached)
    return f"This withdraws {slug} for good from everyone who has it or may have it ({who}). It can't be undone."


def _say(session: Session, slug: str, found: Killed, reach: Sequence[Reach]) -> None:
    """Say what a kill did, as soon as it is on record."""
    if session.dry_run:
        count = found.withdrawals
        session.say(f"{slug}: {count:,} withdrawal{'' if count == 1 else 's'} would be sent.")
        return
    if found.already:
        session.say(f"{slug} was withdrawn before. Nothing was changed.")
        return
    if not found.withdrawals:
        session.say(f"WITHDRAWN: {slug}. Nobody has it, and nothing of it will go out.")
        return
    session.say(f"WITHDRAWN: {slug}. Nothing more of it goes out.")
    session.say("A withdrawal goes at once to everyone who has it or may have it:")
    session.say(*(f"  {one.words}" for one in reach))


def _stays(context: ServiceContext, reach: Sequence[Reach]) -> tuple[str, ...]:
    from pressrelease.services.killing import stays_with

    return stays_with(context, [one.outlet for one in reach])


def _say_what_stays(session: Session, stays: Mapping[str, Sequence[str]]) -> None:
    names = list(dict.fromkeys(name for listed in stays.values() for name in listed))
    if names and not session.dry_run:
        session.say(
            f"Can't be taken back at {', '.join(names)}: what arrived stays there, and the withdrawal asks people to"
            " remove it. Call those who matter most."
        )


def _of_another(session: Session, slugs: Sequence[str], why: str, error: PressReleaseError) -> PressReleaseError:
    """Return the refusal if the record belongs to another account, with the command that withdraws as that account."""
    import os
    import shlex

    from pressrelease.cli.keeping import program
    from pressrelease.system.accounts import as_account, owner_of

    error.message = f"NOT WITHDRAWN: {error.message}"
    if os.name != "nt" and error.code in {"not_your_workspace", "not_trusted"}:
        words = [program(), "--workspace", str(session.folder), "kill", *slugs, "--why", why]
        error.hint = (
            f"{as_account(owner_of(session.folder))} {shlex.join(words)}\nTo keep back the rest until then:"
            f" `pressrelease hold {' '.join(slugs)}`"
        )
    return error
