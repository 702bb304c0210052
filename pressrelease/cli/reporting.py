"""Print the result of a command: the status of each release, in words or in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from pressrelease.cli.session import Session
from pressrelease.config import Config
from pressrelease.status.causes import Cause
from pressrelease.status.evaluation import ReleaseState
from pressrelease.status.views import (
    Row,
    approver_words,
    goes_out_words,
    list_words,
    next_command,
    release_json,
    status_words,
)
from pressrelease.system import clock
from pressrelease.when import EmbargoKind, say_embargo, say_full

if TYPE_CHECKING:
    from pressrelease.check import Finding
    from pressrelease.errors import PressReleaseError
    from pressrelease.services import Report, ServiceContext
    from pressrelease.services.results import Results
    from pressrelease.services.scheduling import Proposal


def row_of(report: Report) -> Row:
    """A scheduled release as a row of `status`."""
    release = report.dossier.release
    return Row(release.slug, release.headline, report.status, release.embargo, report.dossier)


#: What a person may go home on, if a scheduler is alive.
_GOES_BY_ITSELF = frozenset({ReleaseState.UNAPPROVED, ReleaseState.SCHEDULED, ReleaseState.PUBLISHING})


def give_results(
    session: Session,
    context: ServiceContext,
    results: Results,
    done: str,
    *,
    not_done: str = "NOT DONE",
    also: Mapping[str, Any] | None = None,
) -> None:
    """Answer a command over several releases: those that were done, those that were refused, one exit code for all.

    `not_done` is printed before each refusal; `also` joins the JSON. Raises the refusal if a single release was named.
    """
    if results.error is not None and len(results.refused) == 1 and not results.done:
        raise results.error
    everything = {**(also or {}), **results.as_json()}
    give_reports(session, context, results.done, done if results.done else "", also=everything)
    give_refused(session, results, not_done=not_done)


def give_refused(session: Session, results: Results, *, not_done: str = "NOT DONE") -> None:
    """Print what was refused of several releases, and end with the exit code of the most serious; none: go on."""
    for one in results.refused:
        session.warn("", f"{not_done}: {one.slug}: {one.error.message}", *_indented(one.error))
    if results.error is not None:
        raise typer.Exit(results.error.exit_code)


def _indented(error: PressReleaseError) -> list[str]:
    lines = [*(f"- {candidate}" for candidate in error.listed), *error.hint.splitlines()]
    return [f"  {line}" for line in lines]


def give_reports(
    session: Session, context: ServiceContext, slugs: Sequence[str], done: str, also: Mapping[str, Any] | None = None
) -> None:
    """Answer a verb: what was done, then each release's status and the next command; `also` joins the JSON."""
    now = clock.utc_now()
    if session.dry_run:
        if slugs:
            session.say("Nothing was changed (dry run). It would have been accepted.")
        session.give({"dry_run": True, "releases": list(dict.fromkeys(slugs)), **(also or {})})
        return
    if done:
        session.say(done)
    releases = []
    scheduled = context.store.read.releases(list(dict.fromkeys(slugs))) if context.store.exists else []
    rows = {report.slug: row_of(report) for report in context.reports(scheduled)}
    below = _below(context, rows, now=now)
    for slug in dict.fromkeys(slugs):
        if (row := rows.get(slug)) is None:
            releases.append({"slug": slug, "state": ReleaseState.DRAFT.value})
            session.say(f"{slug}: {ReleaseState.DRAFT.sentence}.")
            continue
        releases.append(release_json(row, now=now))
        reason = f" ({row.status.reason})" if row.status.reason else ""
        session.say(f"{slug}: {status_words(row.status)}{reason}")
        facts = (
            goes_out_words(row, timezone=context.config.office.timezone, now=now),
            approver_words(row, context.config.policy),
            f"next: {command}" if (command := next_command(row)) else "",
        )
        session.say(*(f"  {words}" for words in facts if words))
    session.give({"releases": releases, **(also or {})})
    session.say(*below)


def _below(context: ServiceContext, rows: dict[str, Row], *, now: datetime) -> list[str]:
    """What keeps all of it from going out, for a person who is about to go home: a stop, or that no scheduler runs.

    Each release in `rows` that is due says so by itself then.
    """
    due = any(row.status.state in _GOES_BY_ITSELF for row in rows.values())
    withdrawing = any(row.status.cause is Cause.WITHDRAWING for row in rows.values())
    if not due and not withdrawing:
        return []
    from pressrelease.cli.looking import scheduler_lines
    from pressrelease.services.listing import scheduler_sign, unattended

    control = context.store.control()
    sign = scheduler_sign(context.store.read, context.workspace.alive, now, control)
    if control.stopped and (due or control.not_the_original):
        return [control.headline]
    if sign.alive:
        return []
    rows.update({slug: unattended(row, now, context.workspace.alive) for slug, row in rows.items()})
    return scheduler_lines(sign, control)


#: How wide the column of labels is: two blanks after the longest.
LABELS = 10


def labeled(label: str, words: str) -> str:
    """Return a line of a screen that shows one release, with its label."""
    return f"  {label:<{LABELS}}{words}"


def approved_lines(report: Report) -> list[str]:
    """Return what is approved if nobody is asked: the headline, and who gets the release."""
    release = report.dossier.release
    lines = [f"{release.slug}: {release.headline}"]
    for outlet in release.outlets:
        people = sum(bool(one.recipient) for one in report.dossier.deliveries if one.outlet == outlet)
        lines.append(labeled("to", outlet + (f" ({people:,} recipients)" if people else "")))
    return [*lines, *(labeled("warning", line) for line in list_words(report.dossier.lists))]


def proposal_lines(proposal: Proposal, config: Config) -> list[str]:
    """What scheduling would fix, said back in full."""
    zone, now = config.office.timezone, clock.utc_now()
    if proposal.lift is None:
        when = proposal.embargo.text if proposal.embargo.kind is EmbargoKind.EVENT else ""
        when = when or "as soon as it is approved" if config.policy.approvals else "now"
    else:
        when = say_full(proposal.lift, timezone=zone, now=now)
    lines = [
        f"{proposal.slug}: {proposal.release.headline}",
        labeled("embargo", say_embargo(proposal.embargo, now=now)),
        labeled("goes out", when + (", the time that was chosen before" if proposal.kept else "")),
    ]
    if proposal.earlier:
        lines.append(labeled("CHANGED", proposal.earlier))
    for outlet, people in proposal.recipients.items():
        count = f" ({len(people)} recipients)" if people != ("",) else ""
        lines.append(labeled("to", outlet + count))
    lines += [labeled("CHANGED", one.words) for one in proposal.grown]
    if proposal.removals:
        from pressrelease.status.removals import planned_lines

        lines += [labeled("removal", words) for words in planned_lines(proposal.removals, timezone=zone)]
    from pressrelease.cli.promising import made_lines

    made = made_lines(config.office, proposal.release, lift=proposal.lift)
    return [*lines, *finding_lines(proposal.findings), *(labeled("promises", words) for words in made)]


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Return the findings that a person should know of, what was accepted with its reason."""
    return [
        labeled("accepted", f"{one.message} Reason: {one.accepted}")
        if one.accepted
        else labeled(one.severity.value, one.message)
        for one in findings
    ]
