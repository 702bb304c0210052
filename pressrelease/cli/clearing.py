"""`clear`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.options import AsOption, ClearanceArgument, KeyOption, SlugArgument, WhyOption, command
from pressrelease.cli.session import Session

if TYPE_CHECKING:
    from pressrelease.services import ServiceContext
    from pressrelease.services.clearing import Question

app = typer.Typer()


@command(app, "clear", dry_run=True)
def clear(
    session: Session,
    slug: SlugArgument,
    clearance: ClearanceArgument = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Ask each open question of the release, one by one.")
    ] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Answer no: the release is on hold at once.")] = False,
    why: WhyOption = "",
    name: AsOption = None,
    key: KeyOption = "",
) -> None:
    """Give a clearance that a release needs before it goes out, or refuse it.

    config.toml has the question, who can answer it, and how long the answer lasts. It is good for the scheduled version
    only.

    \b
    pressrelease clear names-released charges
    pressrelease clear names-released charges --refuse --why "One charge was dropped"
    pressrelease clear --all names-released
    """
    from pressrelease.cli.reporting import give_reports
    from pressrelease.errors import Usage
    from pressrelease.services import clearing

    if everything == bool(clearance) or (everything and refuse):
        raise Usage(
            "Name one clearance, or add --all.",
            hint=f"`pressrelease clear {slug} CLEARANCE` or `pressrelease clear --all {slug}`",
        )
    context = session.context()
    by = name or context.actor
    if everything:
        done = _walk(session, context, slug, by, key)
    elif refuse:
        clearing.refuse(context, slug, clearance, by, why.strip())
        done = _refused(slug, clearance, by)
    else:
        session.say(*_question(clearing.question(context, slug, clearance, by)))
        done = _given(session, context, slug, clearance, by, key)
    give_reports(session, context, [slug], done)


def _given(session: Session, context: ServiceContext, slug: str, clearance: str, by: str, key: str) -> str:
    """Give a clearance. Return what was done, and what to do where it ends before the release goes out."""
    from pressrelease.services import clearing
    from pressrelease.system import clock
    from pressrelease.when import say_full

    asked = clearing.question(context, slug, clearance, by)
    until = clearing.give(context, slug, clearance, by, key=key, may_ask=session.may_ask)
    zone, lift = context.config.office.timezone, asked.report.dossier.release.lift
    done = f"Cleared by {by}: {clearance}, until {say_full(until, timezone=zone)}."
    if lift is not None and until <= lift and lift > clock.utc_now():
        again = say_full(asked.clearance.useful_from(lift), timezone=zone)
        done += f"\nThat is before it goes out. It must be given again after {again}."
    return done


def _refused(slug: str, clearance: str, by: str) -> str:
    return (
        f"Refused by {by}: {clearance}. {slug} is on hold. Nothing more of it goes out.\n"
        f"Correct the text, then `pressrelease schedule {slug}`."
    )


def _question(asked: Question) -> list[str]:
    release = asked.report.dossier.release
    return [f"{release.slug}: {release.headline}", f"  {asked.name}: {asked.rule.ask}"]


def _walk(session: Session, context: ServiceContext, slug: str, by: str, key: str) -> str:
    """Ask each open question. What is answered is recorded before the next is asked. Return what was done."""
    from pressrelease.cli.session import input_line
    from pressrelease.errors import NeedsPerson
    from pressrelease.services import clearing
    from pressrelease.status.clearances import may_give, who_words

    left = clearing.open_questions(context, slug)
    if not left:
        return f"{slug} has every clearance that it needs."
    mine = [one for one in left if one.rule is not None and may_give(by, one.rule)]
    others = [one for one in left if one not in mine]
    if mine and not session.may_ask:
        raise NeedsPerson(
            f"{slug} needs {who_words(left)}. Each must be answered. Nothing was recorded.",
            hint="\n".join(f"`pressrelease clear {slug} {one.name}`" for one in mine),
            code="not_confirmed",
        )
    done = [f"Needed from others: {who_words(others)}."] if others else []
    for one in mine:
        session.say(*_question(clearing.question(context, slug, one.name, by)))
        typed = input_line("Yes (y), no (n), or leave it open (Enter)? ").strip().lower()
        if typed in {"y", "yes"}:
            done.append(_given(session, context, slug, one.name, by, key))
        elif typed in {"n", "no"}:
            reason = input_line("Why? (one line for the journal, or Enter for none) ").strip()
            clearing.refuse(context, slug, one.name, by, reason)
            return "\n".join([*done, _refused(slug, one.name, by)])
        else:
            done.append(f"Left open: {one.name}.")
    return "\n".join(done)
