"""The clearances on record: what a version needs, what was answered, and the guard of the claim.

`needed` and `called_off` are called by what schedules and unschedules; `give` and `refuse` write an answer. Each checks
its guard in the transaction in which it acts.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    delete,
    false,
    insert,
    or_,
    select,
    update,
)

from pressrelease.config import ClearanceRule
from pressrelease.errors import NotPermitted
from pressrelease.status.clearances import CLOCKS_DIFFER, ClearanceState
from pressrelease.status.dossier import Directive, Dossier, same_person
from pressrelease.store.commands import load_for_update, set_directive
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import format_utc, to_micros
from pressrelease.store.tables import clearances, deliveries

_MICROSECOND = CLOCKS_DIFFER.resolution


def all_cleared(rules: Sequence[ClearanceRule], now: BindParameter[int]) -> ColumnElement[bool]:
    """Return the SQL for "no clearance of a delivery's version is open", as in `status.clearances.open_at`.

    `now` is whole microseconds.
    """
    given = [
        and_(
            clearances.c.name == rule.name,
            clearances.c.person.in_([same_person(name) for name in rule.by]),
            clearances.c.at + rule.life // _MICROSECOND > now,
        )
        for rule in rules
    ]
    counts = and_(
        clearances.c.state == ClearanceState.GIVEN.value,
        clearances.c.at <= now + CLOCKS_DIFFER // _MICROSECOND,
        clearances.c.until > now,
        or_(false(), *given),
    )
    # A column that is NULL makes `counts` NULL, and NULL is not given.
    return ~(
        select(clearances.c.name)
        .where(
            clearances.c.slug == deliveries.c.slug,
            clearances.c.version == deliveries.c.version,
            counts.is_not(True),
        )
        .exists()
    )


def needed(ledger: Ledger, slug: str, version: str, names: Sequence[str]) -> None:
    """Record which clearances a version needs, all missing; those of its earlier versions are over."""
    called_off(ledger, slug)
    require(ledger, slug, version, names)


def require(ledger: Ledger, slug: str, version: str, names: Sequence[str]) -> None:
    """Record which clearances a version needs, all missing."""
    if names:
        row = {"slug": slug, "version": version, "state": ClearanceState.MISSING.value}
        ledger.connection.execute(insert(clearances), [row | {"name": name} for name in names])


def called_off(ledger: Ledger, slug: str) -> None:
    """Forget every answer about a release; the journal keeps them."""
    ledger.connection.execute(delete(clearances).where(clearances.c.slug == slug))


def give(ledger: Ledger, slug: str, version: str, rule: ClearanceRule, by: str, *, signature: str = "") -> None:
    """Record that `by` gives a clearance for `version`; it lasts as long as `rule` says, from now.

    Raises: NotPermitted if another version is scheduled by now, or this one does not need it.
    """
    _of_version(ledger, slug, version)
    until = ledger.now + rule.life
    _answer(
        ledger,
        slug,
        version,
        rule.name,
        state=ClearanceState.GIVEN.value,
        by=by,
        person=same_person(by),
        at=ledger.micros,
        until=to_micros(until),
        why=None,
        signature=signature or None,
    )
    signed = {"signed": True} if signature else {}
    ledger.note("release.cleared", slug, version, clearance=rule.name, by=by, until=format_utc(until), **signed)


def refuse(ledger: Ledger, slug: str, version: str, name: str, by: str, *, why: str = "") -> None:
    """Record that `by` refuses a clearance for `version`, and hold the release, in one transaction.

    Raises: what `give` does.
    """
    _of_version(ledger, slug, version)
    _answer(
        ledger,
        slug,
        version,
        name,
        state=ClearanceState.REFUSED.value,
        by=by,
        person=same_person(by),
        at=ledger.micros,
        until=None,
        why=why or None,
        signature=None,
    )
    ledger.note("release.clearance_refused", slug, version, clearance=name, by=by, why=why)
    because = f"{name} refused" + (f": {why}" if why else "")
    set_directive(ledger, slug, Directive.HELD, by=by, why=because)


def _of_version(ledger: Ledger, slug: str, version: str) -> Dossier:
    dossier = load_for_update(ledger, slug)
    if dossier.release.version != version:
        raise NotPermitted(
            f"{slug} was scheduled again in the meantime. Nothing was recorded.",
            hint=f"Read it again (`pressrelease proof {slug}`), then answer.",
            code="version_changed",
        )
    return dossier


def _answer(ledger: Ledger, slug: str, version: str, name: str, **values: object) -> None:
    done = ledger.connection.execute(
        update(clearances)
        .where(clearances.c.slug == slug, clearances.c.version == version, clearances.c.name == name)
        .values(**values)
    )
    if not done.rowcount:
        raise NotPermitted(f"{slug} does not need the clearance {name}. Nothing was recorded.", code="not_needed")
