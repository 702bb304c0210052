"""Notify everyone an outlet reaches of what is new to them.

    unread   which journal lines are new to a recipient, and which conditions hold          reads only
    claim    one recipient's turn, so that two schedulers send no notification twice         before a byte leaves
    send     through an outlet opened for this alone, once, within SEND_WITHIN
    record   notified up to that line, or postponed

What can't be sent is not lost, because the journal keeps it, and is sent with whatever came since. If a process dies
after its claim, another one follows once the claim expires. If it is unknown whether a notification arrived, it is
sent again only if the outlet recognizes repeats.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pressrelease.message import Message
from pressrelease.notifications.digest import digest
from pressrelease.notifications.events import URGENT
from pressrelease.notifications.notice import JournalEvent, Notice
from pressrelease.notifications.unread import UnreadEvents, in_words, unread_events
from pressrelease.outlets import Outlet, open_outlet
from pressrelease.publishing.snapshot import Snapshot
from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.store import Store, notification_state
from pressrelease.store.circuit import closed_outlets
from pressrelease.store.notification_state import NotificationCursor
from pressrelease.system import clock
from pressrelease.system.log import frames
from pressrelease.wiring import Workspace

#: How long one message may take, whatever its outlet's own timeout.
SEND_WITHIN = timedelta(seconds=10)

#: How long a claim lasts, and the pauses after a notification, and after a first, a second, … failure.
CLAIMED_FOR = timedelta(minutes=2)
PAUSE = timedelta(seconds=30)
PAUSES = (PAUSE, timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30), notification_state.LONGEST_PAUSE)

#: How many lines that concern nobody are skipped before that is recorded.
PASSED_OVER = 1000

_log = logging.getLogger(__name__)


def notify(workspace: Workspace, name: str, seen: Snapshot) -> None:
    """Notify everyone an outlet reaches of what is new to them."""
    store = workspace.store
    now = clock.utc_now()
    if store.read.schema() < notification_state.SINCE:
        store.open(now)
    readers = notification_state.read_cursors(store.read, name)
    if readers and not _anybody_may_be_told(store, readers.values(), now):
        return  # whatever there is, it waits
    news = unread_events(workspace, seen, readers.values(), now)
    if readers and not any(_waits_to_be_told(news, reader, now) for reader in readers.values()):
        _skip_lines(store, readers.values(), news, now)
        return
    if name in closed_outlets(store.read):
        return  # it refuses our credentials, and is sent nothing until they are fixed
    configured = workspace.config.outlets[name]
    short = configured._replace(timeout=min(configured.timeout, SEND_WITHIN))
    outlet = open_outlet(short, workspace.config.office, workspace.folder, workspace.secret)
    try:
        for reader in _readers_now(store, outlet, readers, now):
            _tell_reader(workspace, outlet, reader, news if readers else None, seen)
    finally:
        outlet.close()


def _anybody_may_be_told(store: Store, readers: Collection[NotificationCursor], now: datetime) -> bool:
    if any(reader.may_be_notified(now) for reader in readers):
        return True
    after = min(reader.line for reader in readers)
    return any(notification_state.lines_of(store.read, URGENT, after=after, upto=store.read.head().n, most=1))


def _waits_to_be_told(news: UnreadEvents, reader: NotificationCursor, now: datetime) -> bool:
    lines, conditions = news.new_to(reader)
    return bool(lines or conditions) and reader.may_be_notified(now, urgent=_urges(lines))


def _urges(lines: Collection[JournalEvent]) -> bool:
    return any(one.event in URGENT for one in lines)


def _skip_lines(store: Store, readers: Collection[NotificationCursor], news: UnreadEvents, now: datetime) -> None:
    """Record that there was nothing to send, if that saves later work or ends a condition."""
    for reader in readers:
        lines, conditions = news.new_to(reader)
        ended = reader.conditions != news.kept(reader)
        if lines or conditions or not (ended or news.upto - reader.line > PASSED_OVER):
            continue
        with store.ledger(now=now, actor="scheduler") as ledger:
            notification_state.mark_notified(
                ledger, reader, line=news.upto, conditions=news.kept(reader), not_before=reader.not_before
            )


def _readers_now(
    store: Store, outlet: Outlet, known: Mapping[str, NotificationCursor], now: datetime
) -> list[NotificationCursor]:
    """Return the cursor of each recipient that the outlet reaches now; a new one starts an hour back."""
    names = outlet.recipients()
    new = [name for name in names if name not in known]
    gone = [name for name in known if name not in names]
    if new or gone:
        begins = notification_state.first_line_for(store.read, now)
        with store.ledger(now=now, actor="scheduler") as ledger:
            for name in new:
                notification_state.add_reader(ledger, outlet.name, name, begins)
            for name in gone:
                notification_state.drop_reader(ledger, outlet.name, name)
    found = notification_state.read_cursors(store.read, outlet.name)
    return [found[name] for name in names if name in found]


def _tell_reader(
    workspace: Workspace, outlet: Outlet, reader: NotificationCursor, news: UnreadEvents | None, seen: Snapshot
) -> None:
    store = workspace.store
    now = clock.utc_now()
    if news is None or reader.line < news.after:
        news = unread_events(workspace, seen, [reader], now)
    lines, conditions = news.new_to(reader)
    notices, beyond = in_words(workspace, lines, now)
    notices += [one for one in conditions if one.words]
    if not notices:
        if lines or conditions:
            with store.ledger(now=now, actor="scheduler") as ledger:
                notification_state.mark_notified(
                    ledger, reader, line=news.upto, conditions=news.kept_after(reader), not_before=reader.not_before
                )
        return
    if not reader.may_be_notified(now, urgent=_urges(lines)):
        return
    with store.ledger(now=now, actor="scheduler") as ledger:
        if not notification_state.claim_cursor(ledger, reader, until=now + CLAIMED_FOR):
            return
    key = _key(store, outlet, reader, lines, conditions)
    message = digest(notices, beyond=beyond, office=workspace.config.office, key=key, now=now)
    failed = _sent(outlet, message, key, reader.recipient)
    then = clock.utc_now()
    with store.ledger(now=then, actor="scheduler") as ledger:
        if failed is None or (failed is Certainty.UNSURE and not outlet.repeats.told_apart):
            # A notification that may have arrived is not sent again where that would look new: too many warnings get
            # ignored.
            notification_state.mark_notified(
                ledger, reader, line=news.upto, conditions=news.kept_after(reader), not_before=then + PAUSE
            )
        else:
            pause = PAUSES[-1] if failed is Certainty.FOR_GOOD else PAUSES[min(reader.tries, len(PAUSES) - 1)]
            notification_state.postpone(ledger, reader, not_before=then + pause)


def _key(
    store: Store,
    outlet: Outlet,
    reader: NotificationCursor,
    lines: Sequence[JournalEvent],
    conditions: Sequence[Notice],
) -> str:
    """Return a key that is the same whenever the contents are, so that an outlet recognizes a repeat; 32 hex digits."""
    what = [str(lines[-1].n) if lines else "", *sorted(notice.key for notice in conditions)]
    contents = "\n".join([store.read.store_id(), outlet.name, reader.recipient, str(reader.line), *what])
    return hashlib.sha256(contents.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _sent(outlet: Outlet, message: Message, key: str, recipient: str) -> Certainty | None:
    """Try once. Return None if it arrived, else how certain the failure is."""
    try:
        outlet.send(outlet.prepare(message, key=key, recipient=recipient), key=key, recipient=recipient)
    except DeliveryFailed as failure:
        _log.warning("%s could not be notified (%s)", outlet.name, failure.certainty.value)
        return failure.certainty
    except Exception as error:  # noqa: BLE001  (a fault in an outlet kind: it is sent another time)
        _log.error("notifying %s: %s", outlet.name, frames(error))
        return Certainty.NOT_SENT
    return None
