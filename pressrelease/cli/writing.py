"""`new`, `edit`, `when`, `check`."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.completing import outlets, slugs
from pressrelease.cli.options import (
    MaybeSlugsArgument,
    SlugArgument,
    command,
)
from pressrelease.cli.session import Session, input_line
from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.services import ServiceContext
    from pressrelease.when import Embargo

app = typer.Typer()

#: How many releases one sentence names.
NAMED = 5


@command(app, "new", dry_run=True)
def new(
    session: Session,
    headline: Annotated[
        str,
        typer.Argument(
            metavar="[HEADLINE]",
            help="The headline. You are asked for it if you leave it out; - reads it from standard input. Others on"
            " this computer can see what is typed in a command.",
            show_default=False,
        ),
    ] = "",
    embargo: Annotated[
        str,
        typer.Option(
            "--embargo",
            help="When it may go out: “next week”, “Monday at 9 a.m.”. You can leave it out for now.",
            show_default=False,
        ),
    ] = "",
    follows: Annotated[
        str,
        typer.Option(
            "--follows",
            metavar="SLUG",
            help="The release whose promise it keeps.",
            autocompletion=slugs,
            show_default=False,
        ),
    ] = "",
    outlet: Annotated[
        list[str] | None,
        typer.Option(
            "--outlet",
            metavar="NAME",
            help="Where it goes, by its name in config.toml. Repeatable.",
            autocompletion=outlets,
            show_default=False,
        ),
    ] = None,
    edit_it: Annotated[bool, typer.Option("--edit", help="Open it in your editor.")] = False,
) -> None:
    """Start a release: make its file in releases/, to write in any editor.

    \b
    pressrelease new "Names released" --edit
    pressrelease new "Names released" --embargo "<week>" --follows county-wide-operation
    """
    from pressrelease.services.drafting import begin
    from pressrelease.when import say_embargo

    context = session.context()
    headline = _headline(session, headline)
    draft = begin(context, headline, embargo=embargo, follows=follows, outlets=tuple(outlet or ()))
    path = f"releases/{draft.slug}.md"
    session.give({"slug": draft.slug, "path": path, "dry_run": session.dry_run})
    session.say(f"{'Would create' if session.dry_run else 'Created'} {path}")
    if draft.embargo is not None:
        session.say(f"  embargo: {say_embargo(draft.embargo, now=clock.utc_now())}")
    for finding in draft.findings:
        session.say(f"  {finding.severity.value}: {finding.message} {finding.hint}".rstrip())
    if edit_it and not session.dry_run:
        _edit(session, draft.slug)
    else:
        session.say(
            "Write it, then schedule it:", f"  pressrelease edit {draft.slug}", f"  pressrelease schedule {draft.slug}"
        )


def _headline(session: Session, given: str) -> str:
    """The headline: as given, from standard input, or as answered. Raises Usage."""
    from pressrelease.errors import Usage

    if given == "-":
        given = sys.stdin.readline().strip()
    elif not given and session.may_ask:
        given = input_line("Headline: ").strip()
    if not given:
        raise Usage(
            "A release needs a headline.", hint='Give one: `pressrelease new "Names released"`', code="no_headline"
        )
    return given


@command(app, "edit", dry_run=True)
def edit(
    session: Session,
    slug: SlugArgument,
) -> None:
    """Edit a release in your editor ($VISUAL or $EDITOR). It is checked when you close it.

    \b
    pressrelease edit names-released
    """
    _edit(session, slug)


def _edit(session: Session, slug: str) -> None:
    from pressrelease.errors import Usage
    from pressrelease.services.drafting import change
    from pressrelease.when import say_embargo

    context = session.context()
    context.library.text(slug)  # that there is no such release is said before anything about editors
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise Usage(
            "No text editor is set.",
            hint=f"{_set_editor()}, then try again. Or open releases/{slug}.md in any editor.",
            code="no_editor",
        )
    edited = change(context, slug, editor)
    changed, findings = edited.changed, edited.findings
    session.give(
        {"slug": slug, "changed": changed and not session.dry_run, "findings": [f.as_json() for f in findings]}
    )
    if changed:
        session.say("Nothing was changed (dry run). It would have been saved." if session.dry_run else "Saved.")
    else:
        session.say("Nothing was changed.")
    if changed and not session.dry_run:
        session.say(*(f"  {line}" for line in _after_editing(context, slug)))
    if edited.written:
        session.say(
            f"  A length of time counts from now, so the file now has the exact time: `embargo: {edited.written}`"
        )
    if changed and edited.embargo is not None:
        session.say(f"  embargo: {say_embargo(edited.embargo, now=clock.utc_now())}")
    for finding in findings:
        place = f", line {finding.line}" if finding.line else ""
        session.say(f"  {finding.severity.value}{place}: {finding.message} {finding.hint}".rstrip())


def _set_editor() -> str:
    return "Type: set EDITOR=notepad" if os.name == "nt" else "Type: export EDITOR=nano"


def _after_editing(context: ServiceContext, slug: str) -> list[str]:
    """What an edited file means for a release that was scheduled, approved or published as it was before."""
    from pressrelease.services.approving import edited_afterwards
    from pressrelease.status.evaluation import ReleaseState

    if not context.store.exists or not context.store.read.releases([slug]):
        return []
    report = context.report(slug)
    if report.status.state in {ReleaseState.PUBLISHED, ReleaseState.KILLED}:
        return [edited_afterwards(slug, report.status.state)]
    if report.dossier.begun:
        return ["Part of it has gone out as it was before. The rest won't go out until the file is put back."]
    people = ", ".join(dict.fromkeys(approval.by for approval in report.dossier.approvals))
    lost = f"The approval by {people} is for the old text." if people else "The old text is what is scheduled."
    return [
        f"{lost} It won't go out until you schedule it{' and have it approved' if people else ''} again.",
        f"next: pressrelease schedule {slug}",
    ]


@command(app, "when")
def when(
    session: Session,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="An embargo, as you would write it in a release.")],
    now: Annotated[
        str | None,
        typer.Option(
            "--now", metavar="ISO", help="Read it as of this moment, with its offset: 2018-09-19T09:00:00-07:00."
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            "--timezone", metavar="TZ", help="The time zone, such as America/Los_Angeles. Default: the office's."
        ),
    ] = None,
    release_time: Annotated[
        str | None,
        typer.Option(
            "--release-time", metavar="HH:MM", help="The time to use if TEXT names only days. Default: the office's."
        ),
    ] = None,
) -> None:
    """Show what an embargo means, and when the release would go out. Saves nothing.

    \b
    pressrelease when "<week>"
    pressrelease when "<monday>, 9 a.m. PT" --timezone America/Los_Angeles
    """
    from pressrelease.cli.asking import meaning
    from pressrelease.when import embargo_as_json, say_embargo

    embargo, present = meaning(session, text, now=now, timezone=timezone, release_time=release_time)
    session.give(embargo_as_json(embargo, now=present))
    if not session.as_json:
        session.say(say_embargo(embargo, now=present), *(f"  {line}" for line in (*_in_utc(embargo), *embargo.remarks)))


def _in_utc(embargo: Embargo) -> list[str]:
    """The moments of an embargo in UTC, one line; none where it has none."""
    from pressrelease.when import rfc3339

    if embargo.lift is not None and embargo.no_later_than is None:
        return [f"UTC: {rfc3339(embargo.lift)}"]
    names = (("not before", embargo.not_before), ("before", embargo.no_later_than), ("proposed", embargo.lift))
    moments = [f"{name} {rfc3339(moment)}" for name, moment in names if moment is not None]
    return [f"UTC: {', '.join(moments)}"] if moments else []


@command(app, "check")
def check(
    session: Session,
    slugs: MaybeSlugsArgument = None,
    links: Annotated[
        bool, typer.Option("--links", help="Also ask every linked site whether the page is there.")
    ] = False,
) -> None:
    """Check releases for errors and warnings (all releases if no SLUG is given).

    \b
    pressrelease check
    pressrelease check names-released
    """
    from pressrelease.check import Severity
    from pressrelease.errors import Refused
    from pressrelease.services.drafting import check_all

    context = session.context()
    checked = list(dict.fromkeys(slugs or context.library.slugs()))
    findings = check_all(context, checked, links=links)
    session.give({"findings": [finding.as_json() for finding in findings]})
    for finding in findings:
        place = f"releases/{finding.slug}.md" + (f":{finding.line}" if finding.line else "")
        session.say(
            f"{place}: {'accepted' if finding.accepted else finding.severity.value}: {finding.message} [{finding.code}]"
        )
        if finding.accepted:
            session.say(f"  Reason: {finding.accepted}")
        elif finding.hint:
            session.say(f"  {finding.hint}")
    session.say(*_promise_lines(context, checked))
    if not slugs:
        for name, reason in context.library.unseen():
            session.say(f"releases/{name}: not checked, because {reason}. No command can see it.")
    faults = sum(finding.severity is Severity.ERROR for finding in findings)
    faulty = {finding.slug for finding in findings if finding.severity is Severity.ERROR}
    if faults and session.as_json:
        raise typer.Exit(Refused.exit_code)  # the findings are the answer
    if faults:
        raise Refused(_faults_words(faults, faulty, [slug for slug in checked if slug not in faulty]))
    if not findings:
        session.say("No problems found.")


def _promise_lines(context: ServiceContext, slugs: Sequence[str]) -> list[str]:
    """What the texts promise, before they are out: a person should know it while it can still be changed."""
    from pressrelease.cli.promising import made_lines
    from pressrelease.errors import PressReleaseError

    lines: list[str] = []
    for slug in slugs:
        with suppress(PressReleaseError):
            made = made_lines(context.config.office, context.library.read(slug))
            lines += [f"releases/{slug}.md: promises: {words}" for words in made]
    return lines


def _faults_words(faults: int, faulty: Collection[str], ready: Sequence[str]) -> str:
    """How many errors there are, which releases they keep from being scheduled, and which they don't."""
    count = f"{faults} error{'s' if faults > 1 else ''}"
    words = f"{count}. Fix {'it' if faults == 1 else 'them'} before scheduling {_named(sorted(faulty))}."
    return words + (f" Ready to schedule: {_named(ready)}." if ready else "")


def _named(slugs: Sequence[str]) -> str:
    more = f" and {len(slugs) - NAMED} more" if len(slugs) > NAMED else ""
    return f"{', '.join(slugs[:NAMED])}{more}"
