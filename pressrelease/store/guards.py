"""Guards that the claim checks in SQL, and others with it: lateness, and the approvals that count."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, Table, bindparam, case, func, or_, select

from pressrelease.config import Policy
from pressrelease.status.dossier import same_person
from pressrelease.store.tables import approvals, deliveries, releases


def in_time() -> ColumnElement[bool]:
    """Return the opposite of `evaluation.too_late` in SQL, over a release and one delivery of it."""
    accepted, lift = releases.c.late_accepted_at, releases.c.lift
    latest = case((accepted > lift, accepted), else_=lift)
    return or_(
        latest >= bindparam("not_too_late"),
        deliveries.c.first_sent_at >= bindparam("not_given_up"),
    )


def approvals_given(of: Table, *by: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return how many people have approved the version that a row of `of` is about, in SQL."""
    return (
        select(func.count(func.distinct(approvals.c.person)))
        .where(
            approvals.c.slug == of.c.slug,
            approvals.c.version == of.c.version,
            approvals.c.withdrawn_at.is_(None),
            *by,
        )
        .scalar_subquery()
    )


def who_may_approve(policy: Policy) -> list[ColumnElement[bool]]:
    """Return the SQL for "by somebody whose approval counts under `policy`", as in `evaluation.counted_approvals`."""
    asked: list[ColumnElement[bool]] = []
    if policy.approvers:
        asked.append(approvals.c.person.in_([same_person(name) for name in policy.approvers]))
    if not policy.author_may_approve:
        asked.append(approvals.c.own.is_(False))
    return asked
