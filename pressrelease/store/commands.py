"""Write what people decide: schedule, approve, hold, stop and so on.

Each function checks its guard in the transaction in which it acts, so that two people, or a person and a sender, can't
act
at cross purposes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, insert, null, select, update

from pressrelease.config import Policy
from pressrelease.config.frozen import settings_name
from pressrelease.errors import NotFound, NotPermitted, Refused, StateUnreadable
from pressrelease.release import digests_of
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.evaluation import Approval, Directive, Dossier, Scheduled, counted_approvals, same_person
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import (
    approval_of,
    delivery_of,
    format_utc,
    local_text,
    maybe_micros,
    maybe_time,
    row_of_scheduled,
    scheduled_of,
    to_micros,
)
from pressrelease.store.tables import approvals, blobs, control, deliveries, releases, versions
from pressrelease.when import say_full


@dataclass(frozen=True)
class Frozen:
    """What `schedule` freezes with a version.

    The canonical bytes, the lift (None: with its last approval), each attachment's bytes and SHA-256 by its path, the
    lift as
    local wall time ("" for an instant), and what config.toml adds to it ("" for nothing).
    """

    canonical: bytes
    lift: datetime | None
    attachments: Mapping[str, bytes]
    hashes: Mapping[str, str]
    wall: str = ""
    settings: str = ""


# Built once: a thousand releases are scheduled in one call, and building a statement takes longer than running it.
_SLUG: BindParameter[str] = bindparam("of_slug")
_VERSION: BindParameter[str] = bindparam("of_version")
_RELEASE = select(releases).where(releases.c.slug == _SLUG).with_for_update()
_GIVEN = (
    select(approvals)
    .where(approvals.c.slug == _SLUG, approvals.c.version == _VERSION, approvals.c.withdrawn_at.is_(None))
    .order_by(approvals.c.id)
)
_DELIVERIES = (
    select(deliveries)
    .where(deliveries.c.slug == _SLUG, deliveries.c.version == _VERSION)
    .order_by(deliveries.c.id)
    .with_for_update()
)
_TRIES = select(deliveries.c.attempts).where(deliveries.c.slug == _SLUG).with_for_update()
_FROZEN = select(versions).where(versions.c.slug == _SLUG, versions.c.version == _VERSION)
_BLOB = select(blobs.c.sha256).where(blobs.c.sha256 == bindparam("of_sha256"))
_NOT_SCHEDULED = delete(releases).where(releases.c.slug == _SLUG)
_NOT_SENT = delete(deliveries).where(deliveries.c.slug == _SLUG, deliveries.c.version == _VERSION)
_CALLED_OFF = (
    update(deliveries)
    .where(deliveries.c.slug == _SLUG, deliveries.c.state == DeliveryState.WAITING.value)
    .values(state=DeliveryState.CANCELED.value, next_try=null())
)
_WITHDRAWN = (
    update(approvals)
    .where(approvals.c.slug == _SLUG, approvals.c.withdrawn_at.is_(None))
    .values(withdrawn_at=bindparam("at_micros"))
)


def load_for_update(ledger: Ledger, slug: str) -> Dossier:
    """Load a release with its approvals and deliveries, as this transaction sees it. Raises NotFound for a draft."""
    # Locked on PostgreSQL (SQLite has one writer): what is decided on it still holds when it is written.
    found = ledger.rows(_RELEASE, {"of_slug": slug})
    if not found:
        raise NotFound(
            f"{slug} is not scheduled.", hint=f"To schedule it: `pressrelease schedule {slug}`.", code="not_scheduled"
        )
    release = scheduled_of(found[0])
    which = {"of_slug": slug, "of_version": release.version}
    return Dossier(
        release=release,
        approvals=tuple(approval_of(row) for row in ledger.rows(_GIVEN, which)),
        deliveries=tuple(delivery_of(row) for row in ledger.rows(_DELIVERIES, which)),
    )


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
    which = {"of_slug": slug, "of_version": version}
    tries = ledger.rows(_TRIES, which)
    if any(row["attempts"] for row in tries):
        raise NotPermitted(
            f"{slug} has started to go out and can't be scheduled again.",
            hint=f"To see what was sent: `pressrelease status {slug}`. There is no command for corrections yet.",
            code="already_begun",
        )
    _call_off(ledger, slug)
    _freeze(ledger, release, frozen, recipients)
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
    ledger.note(
        "release.scheduled",
        slug,
        version,
        lift=_utc_text(release.lift),
        local=local_text(release.lift, release.embargo.timezone),
        **_clocks(release.wall, release.zones),
        embargo=release.embargo.text,
        outlets=list(release.outlets),
        recipients=digests_of(recipients),
        source=release.source_hash,
        author=release.author,
        by=release.scheduled_by,
        deliveries=sum(len(people) for people in recipients.values()),
    )


def _freeze(ledger: Ledger, release: Scheduled, frozen: Frozen, recipients: Mapping[str, Sequence[str]]) -> None:
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
    for row in ledger.rows(_FROZEN, {"of_slug": release.slug, "of_version": release.version}):
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
    """Make a release a draft again and withdraw its approvals. Raises NotPermitted once any delivery has started."""
    dossier = load_for_update(ledger, slug)
    _not_begun(dossier, "it can't be made a draft again", f"To stop the rest: `pressrelease hold {slug}`.")
    _call_off(ledger, slug)
    ledger.connection.execute(delete(releases).where(releases.c.slug == slug))
    release = dossier.release
    # Scheduled again, it keeps a lift that somebody chose (services.lifts).
    ledger.note(
        "release.unscheduled",
        slug,
        release.version,
        lift=_utc_text(release.lift),
        **_clocks(release.wall, release.zones),
        chosen=release.lift != release.embargo.lift,
        embargo=release.embargo.text,
    )


def _call_off(ledger: Ledger, slug: str) -> None:
    """Cancel all waiting deliveries of a release and withdraw every approval of it."""
    ledger.connection.execute(_CALLED_OFF, {"of_slug": slug})
    _withdraw_approvals(ledger, slug)


def _withdraw_approvals(ledger: Ledger, slug: str) -> int:
    return ledger.connection.execute(_WITHDRAWN, {"of_slug": slug, "at_micros": ledger.micros}).rowcount


def approve(
    ledger: Ledger,
    slug: str,
    version: str,
    by: str,
    *,
    policy: Policy,
    signature: str = "",
    uncounted: Collection[str] = (),
) -> None:
    """Record one person's approval of exactly `version`.

    A second approval by the same person changes nothing, unless it is signed. `uncounted` names the people whose
    earlier
    approval does not count because its signature can't be verified. If this was the last approval that `policy`
    requires of
    an `immediate` release, it lifts at this moment.

    Raises: NotPermitted if another version is scheduled by now.
    """
    dossier = load_for_update(ledger, slug)
    if dossier.release.version != version:
        raise NotPermitted(
            f"{slug} was scheduled again in the meantime. What you read is not what would go"
            " out. Nothing was approved.",
            hint=f"Read it again (`pressrelease proof {slug}`), then approve it.",
            code="version_changed",
        )
    person = same_person(by)
    if signature:
        ledger.connection.execute(
            update(approvals)
            .where(approvals.c.slug == slug, approvals.c.person == person, approvals.c.withdrawn_at.is_(None))
            .values(withdrawn_at=ledger.micros)
        )
    if signature or person not in {same_person(approval.by) for approval in dossier.approvals}:
        ledger.connection.execute(
            insert(approvals),
            {
                "slug": slug,
                "version": version,
                "by": by,
                "at": ledger.micros,
                "signature": signature or None,
                "person": person,
                "own": person in dossier.release.makers,
            },
        )
        ledger.note("release.approved", slug, version, by=by, **({"signed": True} if signature else {}))
    given = [*(one for one in dossier.approvals if one.by not in uncounted), Approval(by, ledger.now)]
    enough = counted_approvals(given, policy, dossier.release.makers) >= policy.approvals
    if enough and dossier.release.lift is None:
        move_lift(ledger, dossier.release, ledger.now)


def unapprove(ledger: Ledger, slug: str, why: str = "") -> int:
    """Withdraw every approval of the scheduled version; return their number. Raises NotPermitted once started."""
    dossier = load_for_update(ledger, slug)
    _not_begun(dossier, "its approval can't be taken back", f"To stop the rest: `pressrelease hold {slug}`.")
    if not dossier.approvals:
        raise NotPermitted(f"{slug} has no approval to take back. Nothing was changed.", code="not_approved")
    withdrawn = _withdraw_approvals(ledger, slug)
    frozen = select(versions.c.lift).where(versions.c.slug == slug, versions.c.version == dossier.release.version)
    if ledger.connection.execute(frozen).scalar() is None:
        # It lifts with its last approval, which was just withdrawn.
        move_lift(ledger, dossier.release, None)
    ledger.note("release.unapproved", slug, dossier.release.version, withdrawn=withdrawn, why=why)
    return withdrawn


def move_lift(
    ledger: Ledger, release: Scheduled, lift: datetime | None, why: str = "", *, wall: str = "", zones: str = ""
) -> None:
    """Give a release another lift, and with it all its waiting deliveries.

    `wall` is the lift as local wall time, "" for an instant; `zones` is the release of the zone database that it was
    computed
    with.
    """
    micros = maybe_micros(lift)
    # The caller may use changed zone rules that the record has not followed yet; the journal is about the record.
    (on_record,) = ledger.rows(select(releases.c.lift).where(releases.c.slug == release.slug))
    ledger.connection.execute(
        update(releases)
        .where(releases.c.slug == release.slug)
        .values(lift=micros, late_accepted_at=null(), changed_at=ledger.micros, wall=wall or None, zones=zones or None)
    )
    wait_until(ledger, release, lift)
    ledger.note(
        "release.lift_moved",
        release.slug,
        release.version,
        before=_utc_text(maybe_time(on_record["lift"])),
        lift=_utc_text(lift),
        local=local_text(lift, release.embargo.timezone),
        **_clocks(wall, zones),
        why=why,
    )


def wait_until(ledger: Ledger, release: Scheduled, lift: datetime | None) -> None:
    """Make all waiting deliveries of a release go out at its lift."""
    micros = maybe_micros(lift)
    ledger.connection.execute(
        update(deliveries)
        .where(
            deliveries.c.slug == release.slug,
            deliveries.c.version == release.version,
            deliveries.c.state == DeliveryState.WAITING.value,
        )
        .values(lift=micros, next_try=micros)
    )


def _clocks(wall: str, zones: str) -> dict[str, str]:
    """Return what the journal notes about a lift's wall time; nothing for an instant."""
    return {"wall": wall, "zones": zones or "unknown"} if wall else {}


def set_directive(ledger: Ledger, slug: str, word: Directive, *, by: str, why: str = "") -> Dossier:
    """Hold a release, or let it go on. Return its dossier from before. Raises NotPermitted if it is out already.

    Letting go of a release that is not held changes and notes nothing.
    """
    dossier = load_for_update(ledger, slug)
    if dossier.release.word is Directive.KILLED:
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


def accept_late(ledger: Ledger, release: Scheduled) -> None:
    """Record that a release may go out although its lift is past; good for `max_late` from now.

    Changes and notes nothing if the lift is still ahead: it is not late.
    """
    if release.lift is None or release.lift > ledger.now:
        return
    ledger.connection.execute(
        update(releases).where(releases.c.slug == release.slug).values(late_accepted_at=ledger.micros)
    )
    ledger.note("release.late_accepted", release.slug, release.version, lift=_utc_text(release.lift))


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


def _not_begun(dossier: Dossier, so: str, hint: str) -> None:
    if dossier.begun:
        raise NotPermitted(f"{dossier.release.slug} has started to go out; {so}.", hint=hint, code="already_begun")


def _utc_text(moment: datetime | None) -> str | None:
    return None if moment is None else format_utc(moment)


def postpone(ledger: Ledger, release: Scheduled, moment: datetime, *, wall: str = "", zones: str = "") -> None:
    """Do what `move_lift` does, but refuse to bring forward what was approved for later."""
    if release.lift is not None and to_micros(moment) < to_micros(release.lift):
        zone = release.embargo.timezone
        raise NotPermitted(
            f"{release.slug} was approved for {say_full(release.lift, timezone=zone)}."
            f" {say_full(moment, timezone=zone)} is earlier. Nothing was changed.",
            hint=f"For an earlier time, schedule it again and have it approved: `pressrelease schedule {release.slug}"
            f" --at …`. If it must go out now: `pressrelease publish {release.slug} --early --why …`.",
            code="earlier_than_approved",
        )
    move_lift(ledger, release, moment, wall=wall, zones=zones)
