"""Run one complete pass, for cron and `publish`: send what is due, wait for the answers, report the result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from pressrelease.publishing.clock_trust import Witnesses
from pressrelease.publishing.plan import Waiting
from pressrelease.publishing.snapshot import Snapshot, take_snapshot
from pressrelease.release.delivery import Delivery
from pressrelease.status.causes import Cause
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus
from pressrelease.status.views import CALLED_BY_CRON
from pressrelease.store import Store, host_name
from pressrelease.system import clock
from pressrelease.system.stop_file import requested_holds, requested_stop
from pressrelease.wiring import Workspace, sending

#: Seconds after which a cron-driven scheduler's last sign of life is renewed by a pass.
SIGN_EVERY = 20.0

#: Seconds between two progress reports of a pass.
TELL_EVERY = 0.1

#: A pass that starts this shortly before a lift waits for it: the next one, just starting, would be later.
WAITED_FOR = timedelta(seconds=2)


class Outcome(NamedTuple):
    """The result of one pass.

    `published` are the releases that were completed in it, `corrected` those of them that had been out before, and
    `withdrawn` those that were taken back everywhere;
    `retrying` are those with something that failed and is tried again. `moved` lists, in words, lifts that followed a
    zone's changed rules. `seen` is its last snapshot, None if nothing was ever recorded.
    """

    at: datetime
    published: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    publishing: tuple[str, ...] = ()
    needs_you: tuple[Waiting, ...] = ()
    stopped: str | None = None
    retrying: tuple[Waiting, ...] = ()
    moved: tuple[str, ...] = ()
    seen: Snapshot | None = None


def publish_due(
    workspace: Workspace,
    only: Collection[str] | None = None,
    tell: Callable[[int, int], None] | None = None,
    *,
    comes_again: bool = True,
) -> Outcome:
    """Send everything that is due now, or what is due of the slugs in `only`, and wait for the answers.

    `comes_again` is False if a person asked for this one pass: it is no sign that a scheduler is running. During it
    `tell` is called with how many sends have started, and of how many. Safe beside any number of other passes: each
    delivery is claimed by one.

    Raises: StateUnreadable, WillRetry.
    """
    config = workspace.config
    store = workspace.store
    if not store.exists:
        return Outcome(clock.utc_now())
    if requested_stop(workspace.folder) or requested_holds(workspace.folder):
        from pressrelease.store.stop_requests import record_stop_files

        record_stop_files(store, clock.utc_now())
    witnesses = Witnesses()
    seen = take_snapshot(store, workspace.library, config, witnesses)
    moved: tuple[str, ...] = ()
    if seen.to_follow:
        from pressrelease.notifications.notice import display_name
        from pressrelease.store.zone_updates import follow_rules

        follow_rules(store, seen.to_follow, seen.at)
        moved = tuple(
            f"{display_name(one.release.slug, one.release.version, out=False)}: {one.ruling.words}"
            for one in seen.to_follow
            if one.ruling.words
        )
        seen = take_snapshot(store, workspace.library, config, witnesses)
    tried: dict[str, Delivery] = {}
    imminent = seen.next_wake is not None and seen.next_wake - seen.at < WAITED_FOR
    # If an outlet is closed, opening it with the current credentials shows whether they were fixed.
    if seen.due or ((imminent or seen.closed) and not seen.stopped) or store.read.claimed():
        with sending(workspace, seen.at, witnesses) as cycle:
            begun = -1
            if imminent and not seen.stopped and not seen.plan.due and seen.next_wake is not None:
                cycle.prepare(seen.plan.coming, until=seen.next_wake)
                clock.sleep_until(seen.next_wake)
            seen = cycle.look()
            while (due := _due(seen, only)) and cycle.attempted > begun:
                begun = cycle.attempted
                tried |= {delivery.slug: delivery for delivery in due}
                cycle.dispatch(due)
                while not cycle.drain(TELL_EVERY if tell else None):
                    if tell is not None:
                        tell(cycle.attempted - begun, len(due))
                seen = cycle.look()
    if seen.clock_doubt is None:
        _leave_sign(store, seen, comes_again=comes_again)
    still_open = store.read.still_open(list(tried)) if tried else set()
    return _outcome(seen, tried, still_open, moved)


def _due(seen: Snapshot, only: Collection[str] | None) -> tuple[Delivery, ...]:
    return tuple(delivery for delivery in seen.due if only is None or delivery.slug in only)


def _leave_sign(store: Store, seen: Snapshot, *, comes_again: bool) -> None:
    """Record that a pass was made here, unless one just was and there is nothing more to record about the clock."""
    mark, vouched = seen.trust.kept, seen.trust.vouched
    nothing_new_of_the_clock = not vouched and (mark is None or store.read.mark(seen.mark.boot) is not None)
    if not comes_again:
        if mark is not None and not nothing_new_of_the_clock:
            from pressrelease.store.presence import (
                record_reading,  # writing loads SQLAlchemy: most passes write nothing
            )

            with store.ledger(now=seen.mark.wall, actor="scheduler") as ledger:
                record_reading(ledger, mark, vouched=vouched)
        return
    owner = f"publish-due on {host_name()}"
    last = [process for process in store.read.processes() if process.owner == owner]
    recent = last and abs((seen.at - last[0].last_seen).total_seconds()) < SIGN_EVERY
    if recent and nothing_new_of_the_clock:
        return
    from pressrelease.store.presence import check_in

    with store.ledger(now=seen.mark.wall, actor="scheduler") as ledger:
        check_in(ledger, owner, "publish-due", mark, vouched=vouched, gone_after=CALLED_BY_CRON)


def _outcome(
    seen: Snapshot, tried: Mapping[str, Delivery], still_open: Collection[str], moved: tuple[str, ...]
) -> Outcome:
    """Return the result of a pass that `tried` these releases, each with one of its deliveries."""
    states = {slug: status.state for slug, status in seen.plan.statuses}
    statuses = dict(seen.plan.statuses)
    done = {slug: delivery for slug, delivery in tried.items() if slug not in still_open}
    return Outcome(
        at=seen.at,
        published=tuple(slug for slug, delivery in done.items() if not delivery.withdraws),
        corrected=tuple(slug for slug, delivery in done.items() if delivery.n > 1 and not delivery.withdraws),
        withdrawn=tuple(slug for slug, delivery in done.items() if delivery.withdraws),
        publishing=tuple(slug for slug, state in states.items() if state is ReleaseState.PUBLISHING),
        needs_you=seen.plan.needs_you,
        stopped=seen.stopped,
        retrying=tuple(_retrying(slug, statuses[slug]) for slug in seen.plan.retrying),
        moved=moved,
        seen=seen,
    )


def _retrying(slug: str, status: ReleaseStatus) -> Waiting:
    reason = status.reason or "not all of it was sent"
    return Waiting(slug, reason, status.cause or Cause.RETRYING, status.outlets)
