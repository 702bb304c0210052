"""What one pass looks at: the store, the files and the clock, brought together for the plan. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.config import Config
from pressrelease.library import Library
from pressrelease.publishing.approved_config import ApprovedConfig
from pressrelease.publishing.clock_trust import LATEST, Trust, Witnesses, can_be_asked, clock_doubt, trust
from pressrelease.release.delivery import Delivery
from pressrelease.status.dossier import Directive, Dossier, FileFact, Scheduled
from pressrelease.status.evaluation import ReleaseStatus, evaluate
from pressrelease.store import Store
from pressrelease.store.agreement import SINCE as AGREEMENT_SINCE
from pressrelease.store.circuit import ClosedOutlet, closed_outlets
from pressrelease.system import clock
from pressrelease.system.stop_file import requested_holds

if TYPE_CHECKING:
    from pressrelease.publishing.plan import Plan
    from pressrelease.store.zone_updates import Followed
    from pressrelease.when.wall_time import ZoneCheck

#: How far ahead a pass looks for files that were changed after approval, so that a person is notified in time.
FORESIGHT = timedelta(hours=24)


class Snapshot(NamedTuple):
    """What one pass saw and decided. `stopped` has who stopped everything and why; None unless a stop is in force.

    `trust` is the verdict on `mark`; `closed` are the outlets that refuse our credentials; `to_follow` are the releases
    whose record should follow a zone's changed rules.
    """

    at: datetime
    plan: Plan
    mark: clock.ClockReading
    trust: Trust
    stopped: str | None = None
    next_wake: datetime | None = None
    closed: Mapping[str, ClosedOutlet] = MappingProxyType({})
    to_follow: tuple[Followed, ...] = ()

    @property
    def due(self) -> tuple[Delivery, ...]:
        """What may be sent now: everything that is due, or only withdrawals while everything is stopped."""
        return tuple(one for one in self.plan.due if one.withdraws) if self.stopped else self.plan.due

    @property
    def clock_doubt(self) -> str | None:
        """Why the clock can't be trusted, in a sentence; None if it can."""
        return self.trust.doubt


class Report(NamedTuple):
    """The status of a scheduled release, with everything known about it."""

    dossier: Dossier
    status: ReleaseStatus

    @property
    def slug(self) -> str:
        """The release's slug."""
        return self.dossier.release.slug


def take_snapshot(store: Store, library: Library, config: Config, witnesses: Witnesses | None = None) -> Snapshot:
    """Take a snapshot and decide, changing nothing. On StateUnreadable or WillRetry nothing may be sent.

    `witnesses` is what this process has learned from the [clock] witnesses; they are asked if something is about to
    leave.
    """
    from pressrelease.publishing.plan import make_plan  # `status` has no use for one

    mark = clock.read_clock()
    now = mark.wall
    control = store.control()
    closed = closed_outlets(store.read)
    recorded = _held(store, [*store.read.due_releases(now + FORESIGHT), *store.read.overdue_events(now)])
    rulings = _zone_checks(recorded, now)
    releases = _with_effective_lifts(recorded, rulings)
    decide = partial(
        make_plan,
        _examined(store, config, _dossiers(store, library, config, releases, rulings, unsettled_only=True)),
        policy=config.policy,
        retry=config.retry,
        known_outlets=known_outlets(config),
        now=now,
        closed={name: outlet.reason for name, outlet in closed.items()},
    )
    witnesses = witnesses or Witnesses()
    trusted = trust(store, mark, config, witnesses)
    if (
        not control.stopped
        and can_be_asked(store, mark, config, witnesses, trusted.doubt)
        and _leaves_soon(decide(), now)
    ):
        witnesses.ask(config, mark)
        trusted = trust(store, mark, config, witnesses)
    plan = decide(clock_doubt=trusted.doubt)
    wakes = [wake for wake in (plan.next_wake, store.read.next_lift(now)) if wake is not None]
    stopped = None
    if control.stopped:
        stopped = control.why_stopped
    to_follow = () if trusted.doubt else _to_follow(store, recorded, rulings, now)
    return Snapshot(now, plan, mark, trusted, stopped, min(wakes, default=None), closed, to_follow)


def _leaves_soon(plan: Plan, now: datetime) -> bool:
    """Return whether something is due, or so near that the clock should be sure by then."""
    return bool(plan.due) or any(one.next_try and one.next_try - now > LATEST for one in plan.coming)


def reports(
    store: Store, library: Library, config: Config, releases: Sequence[Scheduled], *, trust_clock: bool = False
) -> list[Report]:
    """Return the current status of scheduled releases. `trust_clock` assumes that a person just confirmed the clock."""
    if not releases:
        return []  # there may be no store to ask yet
    mark = clock.read_clock()
    closed = {name: outlet.reason for name, outlet in closed_outlets(store.read).items()}
    distrust = None if trust_clock else clock_doubt(store, mark, config.clock.tolerance)
    rulings = _zone_checks(releases, mark.wall)
    return [
        Report(
            dossier,
            evaluate(
                dossier,
                policy=config.policy,
                retry=config.retry,
                known_outlets=known_outlets(config),
                now=mark.wall,
                clock_doubt=distrust,
                closed=closed,
            ),
        )
        for dossier in _examined(
            store,
            config,
            _dossiers(store, library, config, _with_effective_lifts(_held(store, releases), rulings), rulings),
        )
    ]


def _held(store: Store, releases: Sequence[Scheduled]) -> list[Scheduled]:
    """Return the releases, each on hold if a file in the workspace's folder asks for it."""
    asked = {one.slug: one for one in requested_holds(store.workspace)}
    return [
        one._replace(word=Directive.HELD, word_by=asked[one.slug].by, why=asked[one.slug].why)
        if one.slug in asked and one.word is Directive.SCHEDULED
        else one
        for one in releases
    ]


def _zone_checks(releases: Sequence[Scheduled], now: datetime) -> dict[str, ZoneCheck]:
    """Return, by slug, what this machine's zone rules mean for lifts that follow local wall time."""
    if not any(release.wall for release in releases):
        return {}
    from pressrelease.when.wall_time import check_against_zone_rules

    found: dict[str, ZoneCheck] = {}
    for release in releases:
        if release.wall and release.lift is not None:
            ruling = check_against_zone_rules(release.lift, release.wall, release.zones, now=now)
            if ruling.words or ruling.follow is not None or ruling.lift != release.lift:
                found[release.slug] = ruling
    return found


def _with_effective_lifts(releases: Sequence[Scheduled], rulings: Mapping[str, ZoneCheck]) -> list[Scheduled]:
    """Return each release with its effective lift: the later of the recorded one and today's zone rules."""
    return [one._replace(lift=rulings[one.slug].lift) if one.slug in rulings else one for one in releases]


def _to_follow(
    store: Store, recorded: Sequence[Scheduled], rulings: dict[str, ZoneCheck], now: datetime
) -> tuple[Followed, ...]:
    """Return the releases whose record should follow changed zone rules, including those far ahead."""
    near = {release.slug for release in recorded}
    far: list[Scheduled] = []
    if oldest := store.read.oldest_zones():
        from pressrelease.when.rules import database_release

        if oldest < (ours := database_release()):
            far = [one for one in store.read.fixed_before(ours, now) if one.slug not in near]
    ruled = rulings | _zone_checks(far, now)
    changed = [one for one in (*recorded, *far) if one.slug in ruled and ruled[one.slug].follow is not None]
    if not changed:
        return ()
    from pressrelease.store.zone_updates import Followed

    return tuple(Followed(one, ruled[one.slug]) for one in changed)


def _dossiers(
    store: Store,
    library: Library,
    config: Config,
    releases: Sequence[Scheduled],
    rulings: Mapping[str, ZoneCheck],
    *,
    unsettled_only: bool = False,
) -> list[Dossier]:
    """Return everything on record for the releases.

    With the state of their files, changes to the config since they were frozen, and what the zone rules mean for them.
    """
    found = store.read.dossiers(releases, file_facts(library, releases), unsettled_only=unsettled_only)
    covered = ApprovedConfig(config, store)
    changed = {one.release.slug: words for one in found if (words := covered.why_changed_of(one))}
    differ = _disagreements(store, found)
    if not rulings and not changed and not differ:
        return found
    return [
        one._replace(
            ruling=rulings.get(one.release.slug),
            changed=changed.get(one.release.slug, ""),
            disagrees=differ.get(one.release.slug, ""),
        )
        for one in found
    ]


def _disagreements(store: Store, dossiers: Sequence[Dossier]) -> dict[str, str]:
    """Return, by slug, how the record differs from the journal. A record with an older layout can't be checked."""
    if not dossiers or store.read.schema() < AGREEMENT_SINCE:
        return {}
    deliveries = {one.release.slug: one.deliveries for one in dossiers}
    return store.read.agreement.of_releases(store.read.rows, list(deliveries), deliveries)


def _examined(store: Store, config: Config, dossiers: Sequence[Dossier]) -> Sequence[Dossier]:
    """Return the dossiers, their clearances as config.toml has them now.

    Each approval and clearance is marked if its signature is doubtful and [policy] wants it signed.
    """
    if any(one.clearances for one in dossiers):
        from pressrelease.status.clearances import by_rules

        dossiers = [by_rules(one, config.clearances) for one in dossiers]
    if not config.policy.allowed_signers or not dossiers:
        return dossiers
    from pressrelease.publishing.signatures import examined_dossiers

    return examined_dossiers(store, config, dossiers)


def known_outlets(config: Config) -> frozenset[str]:
    """Return the outlets that are configured and enabled."""
    return frozenset(name for name, outlet in config.outlets.items() if outlet.enabled)


def file_fact(library: Library, release: Scheduled) -> FileFact:
    """Return what has happened to a release's file since it was scheduled."""
    found = library.source_hash(release.slug)
    if found is None:
        return FileFact.GONE
    return FileFact.SAME if found == release.source_hash else FileFact.CHANGED


def file_facts(library: Library, releases: Iterable[Scheduled]) -> dict[str, FileFact]:
    """Return `file_fact` by slug."""
    return {release.slug: file_fact(library, release) for release in releases}
