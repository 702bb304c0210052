"""Make a consistent copy of the record while others work with it, and prepare a restored copy for use.

A copy knows nothing of what was done after it was made. So it starts stopped, all that was being sent is in doubt, and
so is everything that would have gone out between the copy and its restoring.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, update

from pressrelease.errors import NOTHING_SENT, NotPermitted, PressReleaseError, Refused, StateUnreadable, WillRetry
from pressrelease.release.delivery import SETTLED, Action, Delivery, DeliveryState, Place
from pressrelease.status.dossier import Directive
from pressrelease.store import Store, chain, claims, commands
from pressrelease.store.agreement import SINCE as AGREEMENT_SINCE
from pressrelease.store.connection import busy, sqlite_code, unreadable
from pressrelease.store.guards import approvals_given
from pressrelease.store.journal import Head, Walk, walk
from pressrelease.store.ledger import Ledger
from pressrelease.store.moving import copy_record, postgres_engine, sqlite_engine
from pressrelease.store.queries import SCHEMA, Reader
from pressrelease.store.records import CONTROL, control_of
from pressrelease.store.rows import delivery_of
from pressrelease.store.tables import deliveries, processes, releases

#: Seconds that a copy waits for a writer's turn to end.
COPY_PATIENCE = 60.0

# -- copying ------------------------------------------------------------------------------------------------


def snapshot(store: Store, to: Path) -> None:
    """Copy the record as it is at one moment into the new SQLite file `to` (0600), whatever is going on.

    Raises: StateUnreadable if it can't be read or trusted, WillRetry if it is busy for too long.
    """
    if store.file is None:
        engine = postgres_engine(store.url, snapshot=True)
        target = sqlite_engine(to)
        with engine.connect() as source, target.begin() as connection:
            copy_record(source, connection)
        return
    sqlite_engine(to).dispose()
    give_up = time.monotonic() + COPY_PATIENCE

    def waited(status: int, remaining: int, total: int) -> None:
        if time.monotonic() > give_up:
            raise busy()

    source_file = sqlite3.connect(f"{store.file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    copy = sqlite3.connect(to, isolation_level=None)
    try:
        source_file.execute("PRAGMA query_only = ON")
        # All pages in one step: a copy made piece by piece starts over with every write of another process.
        source_file.backup(copy, pages=-1, progress=waited, sleep=0.05)
        copy.execute("PRAGMA journal_mode = DELETE")
        found = [str(row[0]) for row in copy.execute("PRAGMA quick_check(1)")]
    except sqlite3.Error as error:
        if sqlite_code(error) == sqlite3.SQLITE_FULL:
            raise WillRetry(
                "The disk is full. No backup was made. The database was not changed.", hint="Make room, then try again."
            ) from None
        raise unreadable(error) from error
    except UnicodeDecodeError:  # from SQLite's own message, if it quotes the damage
        found = []
    finally:
        copy.close()
        source_file.close()
    if found != ["ok"]:
        raise StateUnreadable(
            "The database is damaged, so no backup was made.",
            outcome=NOTHING_SENT,
            hint="Keep the last good backup. For details: `pressrelease doctor`.",
        )


# -- checking a copy before it is trusted ---------------------------------------------------------------------


def look_over(file: Path, *, store_id: str, head: Head) -> Walk:
    """Check that an unpacked record is complete and only ours, and that its journal ends at `head`.

    Raises: Refused, with what is wrong; WillRetry, StateUnreadable if the file can't even be queried.
    """
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        if [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")] != ["ok"]:
            raise _refused("its database is damaged")
        found = {(str(kind), str(name)): str(sql) for kind, name, sql in connection.execute(_OBJECTS)}
    except (sqlite3.Error, UnicodeDecodeError):  # SQLite's own message may quote the damage
        raise _refused("its database can't be read") from None
    finally:
        connection.close()
    reader = Reader(file)
    try:
        if reader.schema() > SCHEMA:
            raise Refused(
                "The backup was made by a newer pressrelease. Nothing was changed.",
                hint="Install the newer pressrelease, then restore.",
                code="backup_newer",
            )
        _only_ours(found, reader.schema())
        if not reader.control() or reader.store_id() != store_id:
            raise _refused("its database is not the one listed in its manifest")
        walked = walk(reader.journal(), head)
        if walked.broken:
            raise _refused(f"its journal is damaged: {walked.broken}")
        if walked.head != head or reader.rows("SELECT count(*) AS lines FROM journal")[0]["lines"] != head.n:
            raise _refused("its journal goes on after the end that its manifest names")
        reader.dossiers(reader.releases())
        reader.processes()
        reader.deliveries()
    except (StateUnreadable, ValueError, TypeError, LookupError, OverflowError, AttributeError):
        raise _refused("its database can't be read") from None
    finally:
        reader.close()
    return walked


_OBJECTS = "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"


#: A guard of the journal that came with a later layout than the first; an older record gets it at its next write.
_LATER_GUARDS = {"journal_no_replace": AGREEMENT_SINCE}


def _only_ours(found: Mapping[tuple[str, str], str], schema: int) -> None:
    """Refuse triggers and views that are not ours: a database brings its own, and they would act in our name."""
    fresh = sqlite3.connect(":memory:")
    try:
        from sqlalchemy import create_engine

        from pressrelease.store.engine import lay_out

        with create_engine("sqlite://", creator=lambda: fresh).begin() as connection:
            lay_out(connection)
            ours = {(str(row[0]), str(row[1])): str(row[2]) for row in connection.exec_driver_sql(_OBJECTS)}
    finally:
        fresh.close()
    for thing, sql in found.items():
        if thing not in ours or (thing[0] in {"trigger", "view"} and sql != ours[thing]):
            raise _refused("its database contains something that pressrelease did not put there")
    guards = {thing for thing in ours if thing[0] == "trigger" and _LATER_GUARDS.get(thing[1], 0) <= schema}
    if missing := guards - set(found):
        raise _refused(f"the guard of its journal is missing ({min(missing)[1]})")


def _refused(what: str) -> Refused:
    return Refused(
        f"The backup was refused: {what}. Nothing was changed.",
        hint="Don't trust this file. Restore another backup.",
        code="backup_refused",
    )


# -- what happened after the copy ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Since:
    """What the replaced record knows about the time after the backup.

    `begun` has each delivery that was tried or settled since, with a sentence on its state; `words` each release whose
    directive changed since, with the last one; `unknown` the releases that the copy has never heard of and that had
    started to go out.
    """

    begun: Mapping[Place, str]
    words: Mapping[str, str]
    unknown: tuple[str, ...] = ()


def what_came_since(replaced: Reader, copy: Reader, head: Head) -> Since | None:
    """Return what a record that continues the copy's journal knows; None if it can't be trusted to continue it."""
    try:
        lines = list(replaced.journal())
        walked = walk(lines, head)
        if walked.broken or head.n == 0:
            return None
        after = lines[head.n :]
        last = {line.slug: line.event for line in after if line.event.startswith("release.")}
        before = {delivery.place: delivery for delivery in copy.deliveries()}
        begun = {}
        unknown = []
        for delivery in replaced.deliveries():
            kept = before.get(delivery.place)
            if kept is None and delivery.attempts and not delivery.withdraws:
                unknown.append(delivery.slug)
            elif kept is not None and _tried(kept) != _tried(delivery):
                now = f"the replaced database says: {delivery.state.sentence}"
                begun[delivery.place] = f"it changed after the backup was made; {now}"
        events = {slug: event for slug, event in last.items() if event != "release.published"}
        return Since(begun, events, tuple(dict.fromkeys(unknown)))
    except PressReleaseError:
        return None


def _tried(delivery: Delivery) -> tuple[DeliveryState, int, int]:
    """Return what a try changes of a delivery; not one that was given back unsent."""
    return delivery.state, delivery.attempts, delivery.unanswered


@dataclass(frozen=True)
class RestoreOutcome:
    """The result of restoring a record, by slug: what is in doubt, what is held, and what it doesn't know about."""

    doubted: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def start_stopped(
    ledger: Ledger,
    *,
    by: str,
    event: str,
    why: str,
    copied_at: datetime,
    head: Head,
    approvals_needed: int,
    since: Since | None = None,
) -> RestoreOutcome:
    """Prepare a copy for use: stopped, with everything that it can't know for certain in doubt.

    `event` is the journal's name for this, and `why` the reason of the stop; `copied_at` is the last moment that the
    copy knows of. `since` is what the replaced record knows. If that is None, everything that would have gone out by
    itself by now is put in doubt; and if the clock is behind the record, so that "now" means nothing, whatever its
    lift.
    """
    commands.stop(ledger, by=by, why=why)
    ledger.connection.execute(
        update(processes).where(processes.c.ended_at.is_(None)).values(ended_at=processes.c.last_seen)
    )
    doubted: list[str] = []
    for delivery in _open(ledger):
        if delivery.state is DeliveryState.SENDING:
            claims.put_in_doubt(ledger, delivery, reason="it was being sent when the backup was made", again=None)
            doubted.append(delivery.slug)
    unsure = _may_have_left(ledger, approvals_needed) if since is None else since.begun
    for delivery in _open(ledger):
        how = unsure.get(delivery.place)
        if how is not None and delivery.state is not DeliveryState.IN_DOUBT:
            _doubt(
                ledger, delivery, how if since is None else f"it was sent after the backup was made; since then: {how}"
            )
            doubted.append(delivery.slug)
    held = []
    for slug, said_since in sorted((since.words if since else {}).items()):
        reason = f"after the backup was made, the replaced database says {said_since}"
        try:
            dossier = commands.load_for_update(ledger, slug)
            if dossier.release.word is Directive.SCHEDULED:
                commands.set_directive(ledger, slug, Directive.HELD, by=by, why=reason)
                held.append(slug)
        except PressReleaseError:
            continue  # a draft in the copy, or out already: nothing of it goes out by itself
    ledger.note(event, made_at=format_utc_seconds(copied_at), head=str(head), doubted=sorted(set(doubted)), held=held)
    return RestoreOutcome(tuple(dict.fromkeys(doubted)), tuple(held), since.unknown if since else ())


def format_utc_seconds(moment: datetime) -> str:
    """Format an aware moment in UTC, to the second, as the journal does."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _open(ledger: Ledger) -> list[Delivery]:
    settled = [state.value for state in SETTLED]
    return [
        delivery_of(row)
        for row in ledger.rows(select(deliveries).where(deliveries.c.state.not_in(settled)).order_by(deliveries.c.id))
    ]


def _may_have_left(ledger: Ledger, approvals_needed: int) -> dict[Place, str]:
    """Return the deliveries that a running scheduler would have claimed by now, or ever if the clock is behind."""
    (row,) = ledger.ask(CONTROL, {})
    newest = control_of(row).newest
    set_back = newest is not None and ledger.now < newest
    come = releases.c.lift.is_not(None) if set_back else releases.c.lift <= ledger.micros
    going = ledger.rows(
        select(releases.c.slug, releases.c.version).where(
            releases.c.open,
            releases.c.word == Directive.SCHEDULED.value,
            come,
            approvals_given(releases) >= approvals_needed,
        )
    )
    names = {(row["slug"], row["version"]) for row in going}
    withdrawn = {
        row["slug"]
        for row in ledger.rows(
            select(releases.c.slug).where(releases.c.open, releases.c.word == Directive.KILLED.value)
        )
    }
    why = "it was due after the backup was made, and the backup can't know whether it went out"
    if set_back:
        why = "this computer's clock is behind the database, so nothing shows whether it was due and went out"
    return {
        delivery.place: why
        for delivery in _open(ledger)
        if (delivery.slug in withdrawn if delivery.withdraws else (delivery.slug, delivery.version) in names)
        and delivery.state in {DeliveryState.WAITING, DeliveryState.RETRYING}
    }


def _doubt(ledger: Ledger, delivery: Delivery, reason: str) -> None:
    """Put a delivery in doubt that this record never claimed: another copy of it may have. It counts as a try.

    As a claim does, it decides what the delivery goes as: a repeat of it is to say the same again.
    """
    done = ledger.connection.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery.id, deliveries.c.claims == delivery.claims)
        .values(
            state=DeliveryState.IN_DOUBT.value,
            owner=None,
            lease_until=None,
            next_try=None,
            attempts=deliveries.c.attempts + 1,
            claims=deliveries.c.claims + 1,
            unanswered=deliveries.c.unanswered + 1,
            quiet_at=ledger.micros,
            action=chain.action_now(),
            first_sent_at=func.coalesce(deliveries.c.first_sent_at, deliveries.c.lift, ledger.micros),
            error=reason,
        )
    )
    if not done.rowcount:
        raise NotPermitted(f"{delivery.slug} changed while the backup was being restored. Nothing was changed.")
    action = ledger.connection.execute(select(deliveries.c.action).where(deliveries.c.id == delivery.id)).scalar_one()
    delivery = delivery._replace(action=Action(action))
    ledger.note_of(delivery, "delivery.in_doubt", attempt=delivery.attempts + 1, error=reason, again=None)


def fold_up(file: Path) -> None:
    """Make a record one file again, with nothing beside it, after it was written to."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()
