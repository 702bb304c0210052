"""Approving exactly the version that is scheduled."""

from __future__ import annotations

from pressrelease.desk import Desk, Report
from pressrelease.errors import NeedsPerson, NotPermitted
from pressrelease.standing import FileFact, ReleaseState


def may_approve(desk: Desk, slug: str, by: str) -> Report:
    """That `by` may approve what is scheduled as `slug` now, or NotPermitted, NeedsPerson with the reason."""
    report = desk.report(slug)
    policy = desk.config.policy
    release = report.dossier.release
    if policy.approvers and by not in policy.approvers:
        raise NotPermitted(
            f"{by} may not approve: config.toml names {', '.join(policy.approvers)}.",
            hint="Ask one of them, or say who you are with --as NAME.",
            code="not_an_approver",
        )
    if not policy.author_may_approve and by == release.author:
        raise NotPermitted(
            f"{by} wrote {slug}, and config.toml wants somebody else to approve it.",
            hint="Ask a colleague.",
            code="author_may_not_approve",
        )
    if report.dossier.file is not FileFact.SAME:
        raise NeedsPerson(
            f"releases/{slug}.md is no longer what was scheduled. Nothing was approved.",
            hint=f"`pressrelease schedule {slug}` freezes it as it is now.",
            code="file_changed",
        )
    if report.standing.state in {ReleaseState.PUBLISHED, ReleaseState.KILLED}:
        raise NotPermitted(f"{slug} is {report.standing.state.sentence} already.", code="already_published")
    return report


def approve(desk: Desk, slug: str, by: str) -> None:
    """`by`'s yes to exactly the version that is scheduled."""
    from pressrelease.store import words

    release = may_approve(desk, slug, by).dossier.release
    with desk.ledger() as ledger:
        words.approve(ledger, slug, release.version, by, policy=desk.config.policy)


def unapprove(desk: Desk, slug: str) -> None:
    """Take back every approval of what is scheduled."""
    from pressrelease.store import words

    desk.report(slug)
    with desk.ledger() as ledger:
        words.unapprove(ledger, slug)
