"""A lift as local wall time: what was approved, compared with today's zone rules.

Kept as text (RFC 9557), in three kinds that follow from how the time was given:

    2018-09-24T09:00:00-07:00[America/Los_Angeles]     "9 a.m. PT": the wall time there holds
    2018-09-24T09:00:00-07:00[!America/Los_Angeles]    "9 a.m. PDT": the hour and its offset were given; if new
                                                       rules set them at odds, a person must say which is meant
    (nothing)                                          "16:00 UTC", an ISO instant: no rule of any zone changes it

"9 a.m. PT / noon ET" keeps both clocks, as `!` does: they must go on agreeing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.when.formatting import say_clock, say_day, say_zone
from pressrelease.when.rules import Rules, is_release, present_rules

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


#: By how much newer rules may move a lift earlier by themselves: countries move their clocks by an hour, rarely by two,
#: and
#: beyond that the data is more likely wrong than the law is new.
FURTHEST_EARLIER = timedelta(hours=2)


class WallTime(NamedTuple):
    """An hour on the clock of a zone.

    `local` is naive, `offset` what it was when it was given, and `named` whether the offset was given too.
    """

    local: datetime
    offset: timedelta
    zone: str
    named: bool

    @property
    def promised(self) -> datetime:
        """The instant (UTC) that it was when it was given."""
        return (self.local - self.offset).replace(tzinfo=UTC)


class ZoneCheck(NamedTuple):
    """What today's rules mean for a lift. `lift` is UTC: nothing leaves before it.

    `follow` is the lift to record, with `release`, the newest release of the zone database used for it ("" if
    unknown); None if the record stays as it is. `words` say what changed, or what a person is asked, "" for nothing;
    `asks` is whether a person is needed, and `blocked` whether nothing leaves until then.
    """

    lift: datetime
    follow: datetime | None = None
    release: str = ""
    words: str = ""
    asks: bool = False
    blocked: bool = False


def wall_text(moment: datetime, zone: str, *, named: bool = False) -> str:
    """Return a moment as wall time in `zone` by today's rules; `named` as in `WallTime`."""
    return f"{moment.astimezone(present_rules(zone).clock).isoformat()}[{'!' if named else ''}{zone}]"


@lru_cache(maxsize=1024)
def read_wall_times(text: str) -> tuple[WallTime, ...]:
    """Return the clocks of a text that `wall_text` wrote; several are separated by spaces. Raises ValueError."""
    walls = []
    for one in text.split():
        moment, bracket, zone = one.partition("[")
        local = datetime.fromisoformat(moment)
        offset = local.utcoffset()
        if offset is None or not bracket or not zone.endswith("]") or len(zone) < 3:
            raise ValueError("no time on a wall")
        walls.append(WallTime(local.replace(tzinfo=None), offset, zone[:-1].removeprefix("!"), zone.startswith("!")))
    return tuple(walls)


def known_release(text: str) -> str:
    """Return the release of the zone database that a lift would be fixed by now; "" if unknown."""
    return min((present_rules(wall.zone).release for wall in read_wall_times(text)), default="")


def check_against_zone_rules(
    lift: datetime, text: str, fixed_by: str, *, now: datetime, rules: Callable[[str], Rules] = present_rules
) -> ZoneCheck:
    """Compare a recorded lift, whose clocks are `text`, with today's rules. Times are aware UTC.

    `fixed_by` is the release of the zone database that the record was made with, "" if unknown. Older zone rules never
    override
    newer ones. A lift moves earlier only if this machine's tzdata is known to be newer, by two hours at most and never
    into the
    past: beyond that a person is asked, and the record stays.
    """
    walls = read_wall_times(text)
    if not walls:
        return ZoneCheck(lift)
    fixed_by = fixed_by if is_release(fixed_by) else ""
    found = [rules(wall.zone) for wall in walls]
    at_odds = [
        (wall, one.clock)
        for wall, one in zip(walls, found, strict=True)
        if wall.named and wall.promised.astimezone(one.clock).replace(tzinfo=None) != wall.local
    ]
    moment = walls[0].promised if walls[0].named else settled(walls[0], found[0].clock, lift)
    stands = ZoneCheck(lift, None, fixed_by, _changed(walls[0], lift, fixed_by))
    if not at_odds and moment <= now and lift <= now:
        return stands
    ours = min(one.release for one in found)  # no more can be said of all of them
    newer, older = "" < fixed_by < ours, "" < ours < fixed_by
    latest = ours if newer else fixed_by
    if older:
        return stands
    if at_odds:
        later = max(lift, *(settled(wall, clock, wall.promised) for wall, clock in at_odds))
        follow = later if later > lift or newer else None
        return ZoneCheck(later, follow, latest, _at_odds(*at_odds[0]), asks=True, blocked=True)
    if moment == lift:
        return stands._replace(follow=lift, release=latest) if newer else stands
    if moment > lift:
        return ZoneCheck(moment, moment, latest, _changed(walls[0], moment, latest))
    # Measured from the hour that was approved too: several steps together must not come to more.
    if newer and (max(lift, walls[0].promised) - moment > FURTHEST_EARLIER or moment <= now):
        return ZoneCheck(lift, None, fixed_by, _much_earlier(walls[0], moment, lift, ours), asks=True)
    if newer:
        return ZoneCheck(lift, moment, latest, _changed(walls[0], moment, latest))
    return ZoneCheck(lift, None, latest, _undecided(walls[0], moment, lift), asks=True)


def settled(wall: WallTime, clock: ZoneInfo, lift: datetime) -> datetime:
    """Return the instant (UTC) at which a clock shows that hour: `lift` if it does then. Never early in doubt.

    In an overlap the later of two, unless one has the offset that was given; and the end of a gap.
    """
    if lift.astimezone(clock).replace(tzinfo=None) == wall.local:
        return lift
    from pressrelease.when.zones import locate

    located = locate(wall.local, clock)
    if located.after_gap is not None:
        return located.after_gap
    return wall.promised if wall.promised in located.instants else located.instants[-1]


def reckoned(text: str, *, rules: Callable[[str], Rules] = present_rules) -> datetime | None:
    """Return the first instant (UTC) that the clocks of `text` allow by today's rules; None if it names none."""
    moments = []
    for wall in read_wall_times(text):
        moments.append(settled(wall, rules(wall.zone).clock, wall.promised))
        if wall.named:
            moments.append(wall.promised)
    return max(moments, default=None)


def not_yet(lift: datetime, text: str, fixed_by: str, *, now: datetime) -> str:
    """Return why what is due by the record may not leave by today's rules, in words; "" if it may."""
    ruling = check_against_zone_rules(lift, text, fixed_by, now=now)
    if ruling.blocked:
        return ruling.words
    return "by the zone rules of today its release time has not come" if ruling.lift > now else ""


def _changed(wall: WallTime, lift: datetime, release: str) -> str:
    """Return that an hour now means another instant than when it was approved; "" if it does not."""
    if lift == wall.promised:
        return ""
    day = lift.date() != wall.promised.date()
    known = f" (zones of {release})" if release else ""
    return (
        f"the rules of {wall.zone} have changed since it was approved{known}: {say_clock(wall.local)} there is"
        f" {_utc(lift, day=day)} now, and was {_utc(wall.promised, day=day)}"
    )


def _at_odds(wall: WallTime, clock: ZoneInfo) -> str:
    """Return that a clock and its offset, both given, no longer agree."""
    there = wall.promised.astimezone(clock)
    said = wall.promised.astimezone(timezone(wall.offset))
    return (
        f"the rules of {wall.zone} have changed since it was approved: {say_clock(wall.local)}"
        f" {say_zone(said)} is {say_clock(there)} {say_zone(there)} there now; nothing goes"
        " out until a person chooses one"
    )


def _undecided(wall: WallTime, moment: datetime, lift: datetime) -> str:
    """Return that an hour may already have come by rules that may or may not be the newer ones."""
    day = lift.date() != moment.date()
    return (
        f"by this computer's time zone rules {say_clock(wall.local)} in {wall.zone} is {_utc(moment, day=day)},"
        f" and the database has {_utc(lift, day=day)}; nothing shows which rules are newer,"
        " so it stays with the later time"
    )


def _much_earlier(wall: WallTime, moment: datetime, lift: datetime, release: str) -> str:
    """Return that rules which call themselves newer would have it leave much earlier, or at once."""
    day = lift.date() != moment.date()
    return (
        f"this computer's time zone data says that it is newer ({release}) and would move"
        f" the release time earlier: {say_clock(wall.local)} in {wall.zone} would be {_utc(moment, day=day)},"
        f" and the database has {_utc(lift, day=day)}; the release time was not moved; check"
        " the time zone data"
    )


def _utc(moment: datetime, *, day: bool) -> str:
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    return f"{say_day(moment.date()) + ', ' if day else ''}{clock} UTC"
