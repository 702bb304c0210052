"""`settle`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from pressrelease.cli.completing import outlets
from pressrelease.cli.options import (
    ConfirmOption,
    SlugArgument,
    YesOption,
    command,
)
from pressrelease.cli.session import Session
from pressrelease.errors import NotFound, Usage

if TYPE_CHECKING:
    from pressrelease.release.delivery import Delivery
    from pressrelease.services.settling import Chosen, Named

app = typer.Typer()

#: How many deliveries of a kind are listed.
LISTED = 20

#: What each verdict comes to, after "N deliveries of SLUG at OUTLET".
_COMES_TO = {
    "sent": "will count as received and will not be sent again",
    "resend": "will be sent again, and arrive twice if they arrived already; that can't be undone once they are sent",
    "drop": "will not be sent again",
    "undo": "will go back to how they were before they were settled",
}


#: The answers that a person may give about what is in doubt, each with its option.
_ANSWERS = (
    ("It arrived:", "sent"),
    ("Send it again, even if it arrives twice:", "resend"),
    ("Do nothing more about it:", "drop"),
)

#: What is said once each verdict was recorded, before "N deliveries".
_DONE = {
    "sent": "Marked as received",
    "resend": "Will be sent again",
    "drop": "Dropped; will not be sent again",
    "undo": "Taken back",
}


@command(app, "settle", dry_run=True)
def settle(
    session: Session,
    slug: SlugArgument,
    outlet: Annotated[
        str,
        typer.Option(
            "--outlet",
            metavar="NAME",
            help="The outlet where deliveries are in doubt.",
            autocompletion=outlets,
            show_default=False,
        ),
    ],
    recipients: Annotated[
        list[str] | None,
        typer.Option(
            "--recipient", metavar="A", help="Only this address or delivery key. Repeatable.", show_default=False
        ),
    ] = None,
    listed: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Only those in FILE (- for standard input): a mail log, or one address or Message-ID per line.",
            show_default=False,
        ),
    ] = None,
    sent: Annotated[bool, typer.Option("--sent", help="It arrived. Counts as delivered.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="Send it again. It may arrive twice.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Do not send it again.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Undo the last settlement.")] = False,
    yes: YesOption = False,
    confirm: ConfirmOption = None,
) -> None:
    """Decide about deliveries in doubt: they were sent, but the outlet never confirmed them.

    Look at the outlet first. Without --sent, --resend, --drop or --undo it lists the deliveries in doubt with their
    keys. An e-mail's Message-ID begins with the key.

    \b
    pressrelease settle names-released --outlet media --recipient jane@paper.example --resend
    pressrelease settle names-released --outlet media --from /var/log/mail.log --sent
    """
    from pressrelease.cli.reporting import give_reports
    from pressrelease.services import settling

    words = (("sent", sent), ("resend", resend), ("drop", drop), ("undo", undo))
    verdicts = [name for name, wanted in words if wanted]
    if recipients and listed is not None:
        raise Usage("--recipient and --from can't be combined.", hint="Put all of them into FILE.")
    if len(verdicts) != 1:
        _ask_for_verdict(session, slug, outlet)
    verdict = verdicts[0]
    context = session.context()
    named = _named(recipients, listed)
    chosen = settling.select(context, slug, outlet, verdict, named)
    if recipients and (chosen.unknown or (named is not None and named.others)):
        unknown = [*chosen.unknown, *(named.others if named else ())]
        raise NotFound(
            f"{slug} did not go to {' or '.join(unknown)} at {outlet}. Nothing was changed.",
            hint=f"`pressrelease status {slug}` lists its recipients.",
            code="no_such_recipient",
        )
    if named is not None or len(chosen.settled) > 1:
        session.say(*_about(chosen, slug, outlet, by_file=listed is not None))
    _must_confirm(session, slug, outlet, verdict, chosen, named=named is not None, yes=yes, confirm=confirm)
    settling.settle(context, slug, chosen.settled, verdict)
    done = _DONE[verdict]
    give_reports(session, context, [slug], f"{done}: {_count(chosen.settled)}.", also=_answer(chosen, verdict))


def _ask_for_verdict(session: Session, slug: str, outlet: str) -> NoReturn:
    """List what may have arrived, and the answers there are: `--undo` only if there is something to take back."""
    from pressrelease.services import settling

    doubtful: tuple[Delivery, ...] = ()
    answered: tuple[Delivery, ...] = ()
    with contextlib.suppress(NotFound):  # the request is still a usage error
        context = session.context()
        with contextlib.suppress(NotFound):
            doubtful = settling.in_doubt(context, slug, outlet)
        if context.store.exists:
            answered = settling.select(context, slug, outlet, "undo", None).settled
    if doubtful:
        session.warn(f"Not certain that they arrived at {outlet}: {_count(doubtful)}.", *_listed(doubtful))
    asked = f"pressrelease settle {slug} --outlet {outlet}"
    lines = [f"{words}\n  {asked} --{name}" for words, name in _ANSWERS if doubtful or not answered]
    if answered:
        lines.append(f"Take the last answer back:\n  {asked} --undo")
    raise Usage(
        f"Check at {outlet} whether it arrived, then say so here. Nothing was changed."
        if doubtful
        else f"Nothing of {slug} at {outlet} waits for your answer. Nothing was changed.",
        hint="\n".join([*lines, "For some of them only, add --recipient ADDRESS or --from FILE."]),
    )


def _named(recipients: Sequence[str] | None, listed: str | None) -> Named | None:
    """Return the recipients that the command line names; None if it names nobody."""
    from pressrelease.services.settling import read_names

    if recipients:
        named = read_names(recipients)
        unread = tuple(one for one in recipients if not read_names([one]).anybody)
        return named._replace(others=unread)
    if listed is None:
        return None
    if listed == "-":
        return read_names(line.decode("utf-8", "replace") for line in sys.stdin.buffer)
    try:
        with Path(listed).open(encoding="utf-8-sig", errors="replace") as file:
            return read_names(file)
    except OSError as error:
        raise NotFound(
            f"{listed} can't be read ({error.strerror}). Nothing was changed.",
            hint="Name a file with addresses or Message-IDs, or - for standard input.",
            code="no_such_file",
        ) from None


def _about(chosen: Chosen, slug: str, outlet: str, *, by_file: bool) -> list[str]:
    """What was matched, what stays, and what could not be matched."""
    lines = [f"Matched: {_count(chosen.settled)}.", *_listed(chosen.settled)]
    if chosen.left:
        lines += [f"Not named, and still not certain: {_count(chosen.left)}.", *_listed(chosen.left)]
    if chosen.elsewhere:
        lines += [f"Named, but there is no doubt about them: {_count(chosen.elsewhere)}.", *_listed(chosen.elsewhere)]
    if chosen.unsure:
        lines += [
            f"Address seen, but without the Message-ID of {slug}, so not matched: {_count(chosen.unsure)}.",
            *_listed(chosen.unsure),
        ]
    if chosen.unknown and by_file:
        lines.append(f"Not a delivery of {slug} at {outlet}: {len(chosen.unknown):,} addresses or keys.")
    return lines


def _must_confirm(
    session: Session,
    slug: str,
    outlet: str,
    verdict: str,
    chosen: Chosen,
    *,
    named: bool,
    yes: bool,
    confirm: str | None,
) -> None:
    """Ask as the verdict asks for: a resend for the slug, anything else for a yes. Nobody there to be asked: a command
    that names its recipients, or can only mean one, is its own confirmation. Raises NeedsPerson."""
    if session.dry_run:
        return
    question = f"{_count(chosen.settled)} of {slug} at {outlet} {_COMES_TO[verdict]}."
    if session.may_ask and verdict == "resend":
        session.must_type(slug, question, confirmed=confirm)
    elif session.may_ask or not (named or len(chosen.settled) == 1 or verdict == "undo"):
        hint = "Name some with --recipient or --from, or add --yes for all of them."
        session.must_agree(question, yes=yes or confirm == slug, hint=hint)


def _count(deliveries: Sequence[Delivery]) -> str:
    return "1 delivery" if len(deliveries) == 1 else f"{len(deliveries):,} deliveries"


def _listed(deliveries: Sequence[Delivery]) -> list[str]:
    lines = [f"  {one.recipient or one.outlet}  key {one.key}" for one in deliveries[:LISTED]]
    if len(deliveries) > LISTED:
        lines.append(f"  … and {len(deliveries) - LISTED:,} more")
    return lines


def _answer(chosen: Chosen, verdict: str) -> dict[str, Any]:
    def listed(deliveries: Sequence[Delivery]) -> list[dict[str, str | None]]:
        return [{"recipient": one.recipient or None, "key": one.key} for one in deliveries]

    return {
        "verdict": verdict,
        "settled": listed(chosen.settled),
        "still_in_doubt": listed(chosen.left),
        "not_in_doubt": listed(chosen.elsewhere),
        "seen_without_key": listed(chosen.unsure),
        "unknown": list(chosen.unknown),
    }
