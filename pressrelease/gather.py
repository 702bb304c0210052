"""What one pass looks at: the store, the files and the clock, brought together for the plan. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pressrelease import clock
from pressrelease.config import Config
from pressrelease.library import Library
from pressrelease.plan import Plan, make_plan
from pressrelease.standing import Dossier, FileFact, Scheduled, Standing, stand
from pressrelease.store import Store, host_name

#: How far ahead a pass looks for files that were changed after approval, so that a person hears of it in time.
FORESIGHT = timedelta(hours=24)


@dataclass(frozen=True)
class Pass:
    """What one pass saw and decided. `stopped` says by whom and why, and is None unless `stop` is in force."""

    at: datetime
    plan: Plan
    mark: clock.Mark
    stopped: str | None = None
    clock_doubt: str | None = None
    next_wake: datetime | None = None


@dataclass(frozen=True)
class Report:
    """Where a scheduled release stands, and everything that is known of it."""

    dossier: Dossier
    standing: Standing

    @property
    def slug(self) -> str:
        """The release's slug."""
        return self.dossier.release.slug


def look(store: Store, library: Library, config: Config) -> Pass:
    """Gather and decide, changing nothing. Raises StateUnreadable, WillRetry: then nothing may be sent."""
    mark = clock.read_mark()
    distrust = clock_doubt(store, mark, config.clock.tolerance)
    now = mark.wall
    control = store.read.control()
    releases = store.read.due_releases(now + FORESIGHT)
    plan = make_plan(
        store.read.dossiers(releases, file_facts(library, releases), unsettled_only=True),
        policy=config.policy,
        retry=config.retry,
        known_outlets=known_outlets(config),
        now=now,
        clock_doubt=distrust,
    )
    wakes = [wake for wake in (plan.next_wake, store.read.next_lift(now)) if wake is not None]
    stopped = None
    if control.stopped:
        stopped = f"everything is stopped, by {control.stopped_by}" + (
            f": {control.stopped_why}" if control.stopped_why else ""
        )
    return Pass(now, plan, mark, stopped, distrust, min(wakes, default=None))


def reports(
    store: Store, library: Library, config: Config, releases: Sequence[Scheduled], *, trust_clock: bool = False
) -> list[Report]:
    """Where scheduled releases stand at this moment; with `trust_clock` as if a person had just confirmed it."""
    if not releases:
        return []  # there may be no store to ask yet
    mark = clock.read_mark()
    distrust = None if trust_clock else clock_doubt(store, mark, config.clock.tolerance)
    return [
        Report(
            dossier,
            stand(
                dossier,
                policy=config.policy,
                retry=config.retry,
                known_outlets=known_outlets(config),
                now=mark.wall,
                clock_doubt=distrust,
            ),
        )
        for dossier in store.read.dossiers(releases, file_facts(library, releases))
    ]


def known_outlets(config: Config) -> frozenset[str]:
    """The outlets that are configured and switched on."""
    return frozenset(name for name, outlet in config.outlets.items() if outlet.enabled)


def file_fact(library: Library, release: Scheduled) -> FileFact:
    """What has become of a release's file since it was scheduled."""
    found = library.source_hash(release.slug)
    if found is None:
        return FileFact.GONE
    return FileFact.SAME if found == release.source_hash else FileFact.CHANGED


def file_facts(library: Library, releases: Iterable[Scheduled]) -> dict[str, FileFact]:
    """As `file_fact`, by slug."""
    return {release.slug: file_fact(library, release) for release in releases}


def clock_doubt(store: Store, mark: clock.Mark, tolerance: timedelta) -> str | None:
    """Why a look at the clock can't be believed, from what the workspace has on record; None where it can."""
    control = store.read.control()
    recorded = None
    if control.mark_wall is not None and control.mark_host == host_name():
        recorded = clock.mark_of(control.mark_wall, control.mark_uptime, control.mark_boot)
    return clock.doubt(mark, recorded=recorded, newest=store.read.newest_time(), tolerance=tolerance)
