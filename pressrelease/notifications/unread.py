"""Find what there is to send: new journal lines, and conditions without a line. Reads only."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pressrelease.notifications.conditions import REMINDERS, clearance_reminders, conditions, reminders
from pressrelease.notifications.daily import (
    daily_notice,
    day_of,
    is_daily,
    is_due,
    key_of,
    lasting,
    noon_after,
    was_sent,
)
from pressrelease.notifications.events import EVENTS, grouped, notice_of
from pressrelease.notifications.notice import Coming, Early, EventGroup, JournalEvent, Known, Notice
from pressrelease.publishing.snapshot import Snapshot, known_outlets, reports
from pressrelease.status.causes import Cause, Topic
from pressrelease.status.dossier import Scheduled
from pressrelease.status.evaluation import counted_approvals
from pressrelease.store import Reader, notification_state
from pressrelease.store.circuit import closed_outlets
from pressrelease.store.notification_state import NotificationCursor
from pressrelease.store.rows import from_micros
from pressrelease.when import read_rfc3339
from pressrelease.wiring import Workspace

if TYPE_CHECKING:
    from pressrelease.status.outcomes import Owed

#: How many groups are put into words at once, and how many lines of the journal are read for them.
MOST_MATTERS = 200
MOST_LINES = 50_000

#: What happened longer ago is history: a recipient who could not be notified before is not notified of it.
OLDEST = timedelta(days=7)


@dataclass(frozen=True)
class UnreadEvents:
    """What there is to send: journal lines after `after` and up to `upto`, and conditions without a line."""

    after: int
    upto: int
    events: tuple[JournalEvent, ...]
    conditions: tuple[Notice, ...]

    def new_to(self, reader: NotificationCursor) -> tuple[list[JournalEvent], list[Notice]]:
        """Return what one recipient has not been notified of."""
        lines = [one for one in self.events if one.n > reader.line]
        return lines, [one for one in self.conditions if not _is_known(one.key, reader.conditions)]

    def kept(self, reader: NotificationCursor) -> frozenset[str]:
        """Return what stays recorded of a recipient's conditions if nothing is sent: those that still hold."""
        return (reader.conditions & self.keys - self._day) | lasting(reader.conditions, *self._day)

    def kept_after(self, reader: NotificationCursor) -> frozenset[str]:
        """Return what is recorded as sent to a recipient once everything new was."""
        return (self.keys - self._day) | lasting(self._day | reader.conditions, *self._day)

    @property
    def _day(self) -> frozenset[str]:
        """The key of the list of the day, alone, if there is one."""
        return frozenset(key for key in self.keys if is_daily(key))

    @property
    def keys(self) -> frozenset[str]:
        """The key of every condition that holds."""
        return frozenset(one.key for one in self.conditions)


def _is_known(key: str, conditions: Collection[str]) -> bool:
    return was_sent(key, conditions) if is_daily(key) else key in conditions


def unread_events(
    workspace: Workspace, seen: Snapshot, readers: Collection[NotificationCursor], now: datetime
) -> UnreadEvents:
    """Return what is new to any of the recipients, after a pass that saw this snapshot; `now` is UTC."""
    store = workspace.store
    upto = store.read.head().n
    after = min((reader.line for reader in readers), default=upto)
    lines = (
        list(notification_state.lines_of(store.read, EVENTS, after=after, upto=upto, most=MOST_LINES))
        if readers
        else []
    )
    if len(lines) == MOST_LINES:
        upto = lines[-1].n
    events = [
        JournalEvent(
            line.n, from_micros(line.at), line.actor, line.event, line.slug, line.version, json.loads(line.detail)
        )
        for line in lines
    ]
    # Deliveries in time are most of what happens, and nobody is notified of each.
    new_events = tuple(one for one in events if one.at >= now - OLDEST and grouped([one]))
    return UnreadEvents(after, upto, new_events, tuple(_conditions_that_hold(workspace, seen, readers, now)))


def _conditions_that_hold(
    workspace: Workspace, seen: Snapshot, readers: Collection[NotificationCursor], now: datetime
) -> list[Notice]:
    """Return the conditions without a line of their own, by the pass that was just made."""
    config, store = workspace.config, workspace.store
    delayed = [slug for slug, status in seen.plan.statuses if status.cause is Cause.DELAYED]
    slugs = list(dict.fromkeys([*(one.slug for one in seen.plan.needs_you), *delayed]))[:MOST_MATTERS]
    found = conditions(
        _known(workspace, slugs).values(),
        config=config,
        known_outlets=known_outlets(config),
        now=now,
        clock_doubt=seen.clock_doubt,
    )
    if seen.clock_doubt or seen.stopped:
        return found  # nobody knows whether it is soon; or people were notified that nothing goes out
    coming = [Coming(*row) for row in notification_state.coming_lifts(store.read, now, now + max(REMINDERS))]
    needing = store.read.clearances([one.slug for one in coming]) if config.clearances else {}
    if needing:
        known = _known(workspace, list({slug for slug, _ in needing}))
        found += clearance_reminders(known.values(), now=now, timezone=config.office.timezone)
    found += reminders(coming, dict(seen.plan.statuses), now=now, timezone=config.office.timezone)
    return found + _daily(workspace, readers, now)


def _daily(workspace: Workspace, readers: Collection[NotificationCursor], now: datetime) -> list[Notice]:
    """Return the list of the day from its time on; without words if it is too late, or each reader had it."""
    at, timezone = workspace.config.notify.daily, workspace.config.office.timezone
    if at is None:
        return []
    day = day_of(now, at, timezone)
    silent = Notice(Topic.DAILY, "", key_of(day))
    if not is_due(now, at, timezone) or (readers and all(was_sent(silent.key, one.conditions) for one in readers)):
        return [silent]
    from pressrelease.notifications.near_promises import near_promises
    from pressrelease.notifications.removals import due_removals
    from pressrelease.status.outcomes import Unanswered
    from pressrelease.status.removals import due_lines
    from pressrelease.store import after_publication

    read = workspace.store.read
    noon = noon_after(day, timezone)
    before_noon = [slug for slug, *_ in notification_state.coming_lifts(read, from_micros(0), noon)]
    known = _known(workspace, [*before_noon, *notification_state.without_lift(read)])
    releases = [one for slug, one in known.items() if slug in before_noon or _may_be_lifted(one, noon)]
    promises = near_promises(workspace, now=now)
    out = notification_state.slugs_out(read, {one.promise.slug for one in promises})
    named = [one for one in promises if one.promise.slug in out]
    down = due_lines(due_removals(read, now), timezone=timezone)
    return [
        daily_notice(
            day,
            releases,
            named,
            owed=_owed(read, now),
            unanswered=[Unanswered(*one) for one in after_publication.outcomes_unanswered(read)],
            removals=down,
            now=now,
            timezone=timezone,
        )
    ]


def _owed(read: Reader, now: datetime) -> list[Owed]:
    """Return the releases whose case has no recorded outcome since 90 days or more."""
    from pressrelease.status.outcomes import FIRST_ASKED, Owed
    from pressrelease.store import after_publication

    return [Owed(*one) for one in after_publication.outcomes_owed(read, now - FIRST_ASKED)]


def _may_be_lifted(one: Known, noon: datetime) -> bool:
    """Return whether a release waits for an event that a person may report before `noon`."""
    release = one.dossier.release
    return release.waits_for_event and (release.embargo.not_before is None or release.embargo.not_before < noon)


def in_words(workspace: Workspace, lines: Sequence[JournalEvent], now: datetime) -> tuple[list[Notice], int]:
    """Return the notices for events, and how many groups more there are than are put into words."""
    groups: list[EventGroup] = grouped(lines)
    chosen = groups[:MOST_MATTERS]
    slugs = list(dict.fromkeys(group.slug for group in chosen if group.slug))
    known = _known(workspace, slugs)
    out = notification_state.slugs_out(workspace.store.read, slugs)
    closed = closed_outlets(workspace.store.read)
    notices = [
        notice_of(
            group,
            known.get(group.slug),
            closed=closed,
            out=group.slug in out,
            now=now,
            timezone=workspace.config.office.timezone,
        )
        for group in chosen
    ]
    return [notice for notice in notices if notice is not None], len(groups) - len(chosen)


def _early(read: Reader, release: Scheduled) -> Early | None:
    """Return who published a release before its embargo, if anybody did."""
    line = notification_state.early_words(read, release.slug, release.version)
    embargo = json.loads(line.detail).get("embargo") if line else None
    return Early(line.actor, from_micros(line.at), read_rfc3339(embargo)) if line and embargo else None


def _known(workspace: Workspace, slugs: Sequence[str]) -> dict[str, Known]:
    """Return what is known of scheduled releases; one that is a draft again is left out."""
    if not slugs:
        return {}
    store, policy = workspace.store, workspace.config.policy
    out = notification_state.slugs_out(store.read, slugs)
    releases = store.read.releases(slugs)
    return {
        one.slug: Known(
            one.dossier,
            missing=max(
                0,
                policy.approvals - counted_approvals(one.dossier.approvals, policy, one.dossier.release.makers),
            ),
            out=one.slug in out,
            status=one.status,
            early=_early(store.read, one.dossier.release),
        )
        for one in reports(store, workspace.library, workspace.config, releases, trust_clock=True)
    }
