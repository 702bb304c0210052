"""Correct a release that is out: its next version is frozen, waits for its approvals, and may be taken back again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, delete, insert, null, select, update

from pressrelease.errors import NotPermitted, Refused
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.status.dossier import Directive, Dossier, Scheduled
from pressrelease.store import chain, freezing
from pressrelease.store.clearances import require
from pressrelease.store.commands import load_for_update
from pressrelease.store.connection import in_parts
from pressrelease.store.ledger import Ledger
from pressrelease.store.records import FROZEN, frozen_of
from pressrelease.store.rows import RELEASES, maybe_micros, row_of_scheduled
from pressrelease.store.settling import close_if_done
from pressrelease.store.tables import approvals, clearances, corrections, deliveries, releases

_LAST_NUMBER = (
    select(corrections.c.n).where(corrections.c.slug == bindparam("of_slug")).order_by(corrections.c.n.desc())
)
_APPROVALS = (
    update(approvals)
    .where(
        approvals.c.slug == bindparam("of_slug"),
        approvals.c.version == bindparam("of_version"),
        approvals.c.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=bindparam("at_now"))
)
_CLEARANCES = delete(clearances).where(
    clearances.c.slug == bindparam("of_slug"), clearances.c.version == bindparam("of_version")
)


def correct(
    ledger: Ledger,
    release: Scheduled,
    frozen: freezing.Frozen,
    recipients: Mapping[str, Sequence[str]],
    *,
    note: str,
    why: str = "",
) -> int:
    """Freeze a release's next version. From now on nothing of an older one leaves. Return the version's number.

    It goes out once it is approved and due, as a correction to those who have an earlier version, to the others as a
    publication. A hold stays. Raises: NotPermitted for a release that nobody has yet, or that was killed; Refused if it
    says the same as the version before.
    """
    slug, version = release.slug, release.version
    before = load_for_update(ledger, slug)
    _must_be_out(before)
    _must_differ(ledger, before.release, frozen)
    (row,) = in_parts(ledger.ask, RELEASES, [slug])
    last = ledger.connection.execute(_LAST_NUMBER, {"of_slug": slug}).scalar() or 1
    n = max(before.release.n, last) + 1
    release = release._replace(
        n=n,
        note=note,
        word=before.release.word,
        word_by=before.release.word_by,
        word_at=before.release.word_at,
        why=before.release.why,
    )
    freezing.freeze(ledger, release, frozen, recipients)
    which = {"of_slug": slug, "of_version": version}
    ledger.connection.execute(_APPROVALS, which | {"at_now": ledger.micros})
    ledger.connection.execute(_CLEARANCES, which)
    require(ledger, slug, version, frozen.clearances)
    ledger.connection.execute(
        insert(corrections).values(
            slug=slug,
            n=n,
            version=version,
            note=note,
            why=why,
            by=release.scheduled_by,
            at=ledger.micros,
            before=json.dumps(row),
        )
    )
    changed = {name: value for name, value in row_of_scheduled(release).items() if name != "slug"}
    ledger.connection.execute(
        update(releases).where(releases.c.slug == slug).values(**changed, open=True, changed_at=ledger.micros)
    )
    refused = _refused((*before.earlier, *before.deliveries))
    lift = maybe_micros(release.lift)
    ledger.connection.execute(
        insert(deliveries),
        [
            {
                "slug": slug,
                "version": version,
                "outlet": outlet,
                "recipient": recipient,
                "state": (DeliveryState.FAILED if error is not None else DeliveryState.WAITING).value,
                "lift": lift,
                "next_try": None if error is not None else lift,
                "attempts": 0,
                "error": error,
                "n": n,
            }
            for outlet, people in recipients.items()
            for recipient in people
            for error in (refused.get((outlet, recipient)),)
        ],
    )
    ledger.note(
        "release.corrected",
        slug,
        version,
        n=n,
        note=note,
        why=why,
        **freezing.detail_of(release, frozen, recipients),
    )
    return n


def _must_be_out(before: Dossier) -> None:
    release = before.release
    if release.word in {Directive.KILLED, Directive.DISMISSED}:
        raise NotPermitted(
            f"{release.slug} was withdrawn for good. Nothing was changed.",
            hint="If its text must go out after all, write it as a new release.",
            code="killed",
        )
    everything = (*before.earlier, *before.deliveries)
    if not any(one.has_it or one.state is DeliveryState.SENDING for one in everything):
        raise NotPermitted(
            f"Nobody has {release.slug} yet. Nothing was changed.",
            hint=f"To use the text as it is now: `pressrelease schedule {release.slug}`.",
            code="not_out",
        )


def _must_differ(ledger: Ledger, before: Scheduled, frozen: freezing.Frozen) -> None:
    (row,) = ledger.ask(FROZEN, {"slug": before.slug, "version": before.version})
    kept = frozen_of(row)
    if (kept.canonical, dict(kept.attachments)) == (frozen.canonical, dict(frozen.hashes)):
        raise Refused(
            f"releases/{before.slug}.md says the same as the version that is out. Nothing was changed.",
            hint=f"Correct the file first: `pressrelease edit {before.slug}`.",
            code="not_changed",
        )


def _refused(older: Sequence[Delivery]) -> dict[tuple[str, str], str]:
    """Return the recipients that were refused for good and have nothing, each with the reason."""
    has_it = {(one.outlet, one.recipient) for one in older if one.has_it}
    return {
        (one.outlet, one.recipient): one.error or "its outlet refused an earlier version"
        for one in older
        if one.state is DeliveryState.FAILED and (one.outlet, one.recipient) not in has_it
    }


def may_be_taken_back(dossier: Dossier) -> bool:
    """Return whether the newest version is a correction, and no delivery of it was ever claimed."""
    return dossier.release.n > 1 and not any(one.claims for one in dossier.deliveries)


def take_back(ledger: Ledger, dossier: Dossier) -> None:
    """Take back a correction that has not started to go out: the version before it goes on. A hold stays.

    Raises: NotPermitted once any of it was claimed.
    """
    release = dossier.release
    if not may_be_taken_back(dossier):
        raise NotPermitted(
            f"The correction of {release.slug} has started to go out; it can't be taken back.",
            hint=f"To correct it again: `pressrelease correct {release.slug} --note …`.",
            code="already_begun",
        )
    which = {"of_slug": release.slug, "of_version": release.version}
    own = (corrections.c.slug == release.slug, corrections.c.n == release.n)
    ((kept,),) = ledger.connection.execute(select(corrections.c.before).where(*own)).all()
    ledger.connection.execute(update(corrections).where(*own).values(ended_at=ledger.micros))
    ledger.connection.execute(_APPROVALS, which | {"at_now": ledger.micros})
    ledger.connection.execute(_CLEARANCES, which)
    ledger.connection.execute(
        update(deliveries)
        .where(deliveries.c.slug == release.slug, deliveries.c.n == release.n, deliveries.c.state.in_(chain.UNSENT))
        .values(state=DeliveryState.CANCELED.value, next_try=null())
    )
    kept_by_people = {"slug", "word", "word_by", "word_at", "why"}
    before = {name: value for name, value in json.loads(kept).items() if name not in kept_by_people}
    ledger.connection.execute(
        update(releases).where(releases.c.slug == release.slug).values(**before | {"changed_at": ledger.micros})
    )
    ledger.note("release.correction_dropped", release.slug, release.version, n=release.n)
    close_if_done(ledger, [release.slug])
