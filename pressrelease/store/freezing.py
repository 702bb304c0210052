"""Write what is scheduled: a version is frozen and its deliveries wait, or the release is a draft again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, insert, null, select, update

from pressrelease.config.frozen import settings_name
from pressrelease.errors import NotPermitted, Refused, StateUnreadable
from pressrelease.release import digests_of
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.dossier import Directive, Scheduled
from pressrelease.store import clearances, event_lifts
from pressrelease.store.approvals import withdraw_approvals
from pressrelease.store.commands import load_for_update, must_not_have_begun
from pressrelease.store.ledger import Ledger
from pressrelease.store.lifts import maybe_utc, wall_detail
from pressrelease.store.records import FROZEN
from pressrelease.store.rows import (
    local_text,
    maybe_micros,
    row_of_scheduled,
)
from pressrelease.store.tables import blobs, deliveries, releases, versions

# Built once: a thousand releases are scheduled in one call, and building a statement takes longer than running it.
_SLUG: BindParameter[str] = bindparam("of_slug")
_VERSION: BindParameter[str] = bindparam("of_version")
_TRIES = select(deliveries.c.attempts).where(deliveries.c.slug == _SLUG).with_for_update()
_BLOB = select(blobs.c.sha256).where(blobs.c.sha256 == bindparam("of_sha256"))
_NOT_SCHEDULED = delete(releases).where(releases.c.slug == _SLUG)
_NOT_SENT = delete(deliveries).where(deliveries.c.slug == _SLUG, deliveries.c.version == _VERSION)
_CALLED_OFF = (
    update(deliveries)
    .where(deliveries.c.slug == _SLUG, deliveries.c.state == DeliveryState.WAITING.value)
    .values(state=DeliveryState.CANCELED.value, next_try=null())
)


@dataclass(frozen=True)
class Frozen:
    """What `schedule` freezes with a version.

    The canonical bytes, the lift (None: with its last approval), each attachment's bytes and SHA-256 by its path, the
    lift as local wall time ("" for an instant), what config.toml adds to it ("" for nothing), the clearances that
    it needs, whether the office owes how the case ended once it is out, and what must come down again.
    """

    canonical: bytes
    lift: datetime | None
    attachments: Mapping[str, bytes]
    hashes: Mapping[str, str]
    wall: str = ""
    settings: str = ""
    clearances: tuple[str, ...] = ()
    owes_outcome: bool = False
    removals: tuple[Mapping[str, Any], ...] = ()


def schedule(ledger: Ledger, release: Scheduled, frozen: Frozen, recipients: Mapping[str, Sequence[str]]) -> None:
    """Freeze a version and make its deliveries wait. A version scheduled before, unless started, is called off.

    Raises: NotPermitted once any delivery of this release has started: what is out is corrected, not rescheduled.
    """
    slug, version = release.slug, release.version
    nowhere = [outlet for outlet, people in recipients.items() if not people] or ([] if recipients else ["any outlet"])
    if nowhere:
        raise Refused(
            f"{slug} has no recipients at {', '.join(nowhere)}. Nothing was scheduled.",
            hint="Add a recipient in config.toml, or take that outlet out of the release.",
            code="no_recipients",
        )
    event_lifts.must_not_be_excluded(ledger, release)
    which = {"of_slug": slug, "of_version": version}
    tries = ledger.rows(_TRIES, which)
    if any(row["attempts"] for row in tries):
        raise NotPermitted(
            f"{slug} has started to go out and can't be scheduled again.",
            hint=f"To correct what was sent: `pressrelease correct {slug} --note …`.",
            code="already_begun",
        )
    event_lifts.must_be_lifted_again(ledger, slug)
    _call_off(ledger, slug)
    freeze(ledger, release, frozen, recipients)
    ledger.connection.execute(_NOT_SCHEDULED, which)
    ledger.connection.execute(insert(releases), row_of_scheduled(release) | {"open": True, "changed_at": ledger.micros})
    ledger.connection.execute(_NOT_SENT, which)
    lift = maybe_micros(release.lift)
    ledger.connection.execute(
        insert(deliveries),
        [
            {
                "slug": slug,
                "version": version,
                "outlet": outlet,
                "recipient": recipient,
                "state": DeliveryState.WAITING.value,
                "lift": lift,
                "next_try": lift,
                "attempts": 0,
            }
            for outlet, people in recipients.items()
            for recipient in people
        ],
    )
    clearances.needed(ledger, slug, version, frozen.clearances)
    ledger.note("release.scheduled", slug, version, **detail_of(release, frozen, recipients))


def detail_of(release: Scheduled, frozen: Frozen, recipients: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what the journal notes of a frozen version."""
    return {
        "lift": maybe_utc(release.lift),
        "local": local_text(release.lift, release.embargo.timezone),
        **wall_detail(release.wall, release.zones),
        "embargo": release.embargo.text,
        "outlets": list(release.outlets),
        "recipients": digests_of(recipients),
        "source": release.source_hash,
        "author": release.author,
        "by": release.scheduled_by,
        "deliveries": sum(len(people) for people in recipients.values()),
        **({"clearances": list(frozen.clearances)} if frozen.clearances else {}),
        **({"event_group": release.event_group} if release.event_group else {}),
        **({"outcome_owed": True} if frozen.owes_outcome else {}),
        **({"removals": list(frozen.removals)} if frozen.removals else {}),
    }


def freeze(ledger: Ledger, release: Scheduled, frozen: Frozen, recipients: Mapping[str, Sequence[str]]) -> None:
    """Keep what is approved under its version's name. What is kept under that name already must be the same."""
    named = settings_name(frozen.settings)
    version = {
        "slug": release.slug,
        "version": release.version,
        "canonical": frozen.canonical,
        "attachments": json.dumps(dict(frozen.hashes), sort_keys=True),
        "lift": maybe_micros(frozen.lift),
        "outlets": json.dumps(release.outlets),
        "wall": frozen.wall or None,
        "recipients": json.dumps(digests_of(recipients), sort_keys=True),
        "settings": named or None,
    }
    for row in ledger.ask(FROZEN, {"slug": release.slug, "version": release.version}):
        kept = {name: bytes(row[name]) if name == "canonical" else row[name] for name in version}
        if kept | {"outlets": sorted(json.loads(kept["outlets"]))} != version | {"outlets": sorted(release.outlets)}:
            raise StateUnreadable(
                f"The database already has a different text for this version of {release.slug}. Nothing was scheduled.",
                hint="To check every stored text: `pressrelease doctor`. Change the file before you schedule it again.",
                code="version_taken",
            )
        return
    contents = {frozen.hashes[path]: content for path, content in frozen.attachments.items()}
    contents |= {named: frozen.settings.encode()} if named else {}
    for sha256, content in contents.items():
        if not ledger.rows(_BLOB, {"of_sha256": sha256}):
            ledger.connection.execute(insert(blobs).values(sha256=sha256, content=content))
    ledger.connection.execute(insert(versions), version | {"frozen_at": ledger.micros, "frozen_by": release.word_by})


def unschedule(ledger: Ledger, slug: str) -> None:
    """Make a release a draft again and withdraw its approvals. Raises NotPermitted once any delivery has started.

    Of one that is out, its newest correction is taken back instead.
    """
    dossier = load_for_update(ledger, slug)
    if dossier.release.n > 1 and dossier.release.word is not Directive.KILLED:
        from pressrelease.store.corrections import take_back

        take_back(ledger, dossier)
        return
    event_lifts.must_not_be_dismissed(dossier.release)
    must_not_have_begun(dossier, "it can't be made a draft again", f"To stop the rest: `pressrelease hold {slug}`.")
    _call_off(ledger, slug)
    clearances.called_off(ledger, slug)
    ledger.connection.execute(delete(releases).where(releases.c.slug == slug))
    release = dossier.release
    # Scheduled again, it keeps a lift that somebody chose (services.lifts).
    ledger.note(
        "release.unscheduled",
        slug,
        release.version,
        lift=maybe_utc(release.lift),
        **wall_detail(release.wall, release.zones),
        chosen=release.lift != release.embargo.lift,
        embargo=release.embargo.text,
    )


def _call_off(ledger: Ledger, slug: str) -> None:
    """Cancel all waiting deliveries of a release and withdraw every approval of it."""
    ledger.connection.execute(_CALLED_OFF, {"of_slug": slug})
    withdraw_approvals(ledger, slug)
