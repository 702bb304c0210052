"""Write what people decide about a release or everything: hold, resume, stop.

As in `freezing`, `approvals` and `lifts`, each function checks its guard in the transaction in which it acts: two
people, or a person and a sender, can't act at cross purposes.
"""

from __future__ import annotations

from sqlalchemy import null, update

from pressrelease.errors import NotFound, NotPermitted
from pressrelease.status.dossier import Directive, Dossier, Scheduled
from pressrelease.store.connection import in_parts
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import (
    APPROVALS,
    DELIVERIES,
    OF_RELEASES,
    RELEASES,
    approval_of,
    delivery_of,
    scheduled_of,
)
from pressrelease.store.tables import control, releases


def load_release(ledger: Ledger, slug: str) -> Scheduled:
    """Load a release's row, as this transaction sees it. Raises NotFound for a draft."""
    # Locked on PostgreSQL (SQLite has one writer): what is decided on it still holds when it is written.
    lock = " FOR UPDATE" if ledger.on_server else ""
    found = list(in_parts(ledger.ask, RELEASES, [slug], lock=lock))
    if not found:
        raise NotFound(
            f"{slug} is not scheduled.", hint=f"To schedule it: `pressrelease schedule {slug}`.", code="not_scheduled"
        )
    return scheduled_of(found[0])


def load_for_update(ledger: Ledger, slug: str) -> Dossier:
    """Load a release with its approvals and deliveries, as this transaction sees it. Raises NotFound for a draft."""
    lock = " FOR UPDATE" if ledger.on_server else ""
    release = load_release(ledger, slug)
    this = [(slug, release.version)]
    everything = release.has_followers
    rows = in_parts(ledger.ask, OF_RELEASES if everything else DELIVERIES, [slug] if everything else this, lock=lock)
    return Dossier.of(
        release,
        [delivery_of(row) for row in rows],
        approvals=tuple(approval_of(row) for row in in_parts(ledger.ask, APPROVALS, this)),
    )


def must_not_have_begun(dossier: Dossier, so: str, hint: str) -> None:
    if dossier.begun:
        raise NotPermitted(f"{dossier.release.slug} has started to go out; {so}.", hint=hint, code="already_begun")


def set_directive(ledger: Ledger, slug: str, word: Directive, *, by: str, why: str = "") -> Dossier:
    """Hold a release, or let it go on. Return its dossier from before. Raises NotPermitted if it is out already.

    Letting go of a release that is not held changes and notes nothing.
    """
    dossier = load_for_update(ledger, slug)
    if dossier.release.word in {Directive.KILLED, Directive.DISMISSED}:
        raise NotPermitted(f"{slug} was withdrawn and can't be put on hold or resumed.", code="killed")
    if not any(delivery.is_open or delivery.needs_person for delivery in dossier.deliveries):
        raise NotPermitted(
            f"{slug} has already been published. There is nothing left to hold or resume.",
            hint=f"To see what was sent: `pressrelease status {slug}`.",
            code="already_published",
        )
    if word is Directive.SCHEDULED and dossier.release.word is not Directive.HELD:
        return dossier  # nothing to let go, so the journal gets no line
    ledger.connection.execute(
        update(releases)
        .where(releases.c.slug == slug)
        .values(word=word.value, word_by=by, word_at=ledger.micros, why=why, changed_at=ledger.micros)
    )
    name = "release.held" if word is Directive.HELD else "release.resumed"
    ledger.note(name, slug, dossier.release.version, why=why)
    return dossier


def give_reason(ledger: Ledger, slug: str, *, by: str, why: str) -> bool:
    """Record why `by` holds a release, after the fact. Return False if they no longer hold it."""
    dossier = load_for_update(ledger, slug)
    if dossier.release.word is not Directive.HELD or dossier.release.word_by != by:
        return False
    ledger.connection.execute(update(releases).where(releases.c.slug == slug).values(why=why, changed_at=ledger.micros))
    ledger.note("release.hold_reason", slug, dossier.release.version, why=why)
    return True


def stop(ledger: Ledger, *, by: str, why: str) -> None:
    """Stop everything. Once this is written, no further delivery is claimed and no claimed one starts."""
    ledger.connection.execute(
        update(control).values(stopped=True, stopped_by=by, stopped_why=why, stopped_at=ledger.micros)
    )
    ledger.note("stopped", why=why)


def go_on(ledger: Ledger) -> None:
    """Let everything go on again."""
    ledger.connection.execute(
        update(control).values(stopped=False, stopped_by=null(), stopped_why=null(), stopped_at=null())
    )
    ledger.note("resumed")
