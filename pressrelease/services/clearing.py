"""Give and refuse clearances: one named person's answer to one question about exactly the scheduled version."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pressrelease.config import ClearanceRule
from pressrelease.errors import NeedsPerson, NotFound, NotPermitted
from pressrelease.publishing.signatures import approved
from pressrelease.services import Report, ServiceContext
from pressrelease.services.approving import must_be_as_scheduled, must_trust_clock
from pressrelease.status.clearances import Clearance, may_give, open_at
from pressrelease.status.evaluation import ReleaseState
from pressrelease.system import clock


class Question(NamedTuple):
    """A clearance that somebody may answer, with its rule, and the release as it is now."""

    report: Report
    clearance: Clearance
    rule: ClearanceRule

    @property
    def name(self) -> str:
        """The clearance's name in config.toml."""
        return self.rule.name


def open_questions(context: ServiceContext, slug: str) -> tuple[Clearance, ...]:
    """Return the clearances of a scheduled release that would not be given at its lift."""
    dossier = context.report(slug).dossier
    if not dossier.clearances:
        raise _needs_none(slug)
    now = clock.utc_now()
    return open_at(dossier.clearances, max(dossier.release.lift or now, now))


def question(context: ServiceContext, slug: str, name: str, by: str) -> Question:
    """Return the clearance `name` of a scheduled release, for `by` to answer.

    Raises: NotFound if the release does not need it, NotPermitted if `by` can't answer it or the release is out.
    """
    report = context.report(slug)
    clearance = next((one for one in report.dossier.clearances if one.name == name), None)
    if clearance is None:
        names = [one.name for one in report.dossier.clearances]
        if not names:
            raise _needs_none(slug)
        raise NotFound(
            f"{slug} does not need a clearance {name}. Nothing was recorded.",
            hint=f"It needs {', '.join(names)}.",
            code="no_such_clearance",
            candidates=names,
        )
    if clearance.rule is None:
        raise NeedsPerson(
            f"[clearances.{name}] is no longer in config.toml. Nothing was recorded.",
            hint=f"Put it back, or take {name} out of releases/{slug}.md and schedule it again.",
            code="config_changed",
        )
    if not may_give(by, clearance.rule):
        raise NotPermitted(
            f"{by} can't answer {name}. Nothing was recorded.",
            hint=f"Only {' or '.join(clearance.rule.by)} can. Anyone can stop it: `pressrelease hold {slug}`.",
            code="not_a_clearer",
        )
    if report.status.state in {ReleaseState.PUBLISHED, ReleaseState.KILLED}:
        raise NotPermitted(
            f"{slug} is {report.status.state.sentence} already. Nothing was recorded.", code="already_published"
        )
    return Question(report, clearance, clearance.rule)


def give(context: ServiceContext, slug: str, name: str, by: str, *, key: str = "", may_ask: bool = False) -> datetime:
    """Record that `by` gives a clearance for exactly the scheduled version. Return until when it lasts (UTC).

    It is signed with the SSH key `key` if [policy] requires signatures.
    """
    from pressrelease.store import clearances

    asked = question(context, slug, name, by)
    must_be_as_scheduled(asked.report, "Nothing was recorded.")
    must_trust_clock(context, "Nothing was recorded.")  # from its moment it is counted when the clearance expires
    now = clock.utc_now()
    signature = _signature(context, asked, by, now, key, may_ask=may_ask)
    with context.ledger(now) as ledger:
        clearances.give(ledger, slug, asked.report.dossier.release.version, asked.rule, by, signature=signature)
    return now + asked.rule.life


def refuse(context: ServiceContext, slug: str, name: str, by: str, why: str) -> None:
    """Record that `by` refuses a clearance. The release is on hold from then on, whatever became of its file."""
    from pressrelease.store import clearances

    asked = question(context, slug, name, by)
    with context.ledger() as ledger:
        clearances.refuse(ledger, slug, asked.report.dossier.release.version, name, by, why=why)


def _signature(context: ServiceContext, asked: Question, by: str, at: datetime, key: str, *, may_ask: bool) -> str:
    signers = context.config.policy.allowed_signers
    if not signers:
        return ""
    from pressrelease.signing import sign, why_not_vouched
    from pressrelease.signing.clearances import clearance_statement

    statement = clearance_statement(approved(context.store, asked.report.dossier.release), asked.clearance, by, at)
    signature = sign(statement, key, may_ask=may_ask)
    if doubt := why_not_vouched(statement, signature, Path(signers)):
        raise NotPermitted(
            f"The signature would not count as {by}'s: {doubt}. Nothing was recorded.",
            hint=f"{Path(signers).name} must have the key on a line that begins with {by}.",
            code="not_an_allowed_signer",
        )
    return signature


def _needs_none(slug: str) -> NotFound:
    return NotFound(
        f"{slug} needs no clearance. Nothing was recorded.",
        hint=f"To need one, write `clearances: [NAME]` in releases/{slug}.md and schedule it again.",
        code="no_such_clearance",
    )
