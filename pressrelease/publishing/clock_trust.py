"""Decide whether this machine's clock can be trusted: by the record, the database server and the [clock] witnesses.

    behind the newest time on record          not trusted, whatever a witness says: one of the two is wrong
    ahead of what the uptime allows           not trusted, unless a witness confirms it
    first reading since the machine started   trusted, unless witnesses are configured: then one must confirm it
    apart from the database server's clock    not trusted, unless a witness confirms it
    a witness contradicts it                  not trusted

Witnesses are asked before anything is sent, unless they were asked a short while ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.config import Config
    from pressrelease.store import Store

#: Seconds for which the witnesses' answer is used; until then the uptime shows whether the clock was set.
GOOD_FOR = 300.0

#: Seconds before witnesses that contradicted the clock, or did not answer, are asked again.
ASKED_AGAIN_AFTER = 20.0

#: Don't ask witnesses when a lift is nearer than this: a hanging one would delay it.
LATEST = timedelta(seconds=6)


class Trust(NamedTuple):
    """The verdict on one clock reading.

    `doubt` is why it is doubted, None if it is not; later readings are compared with `measure`.
    `kept` is the reading that may be recorded, None if none may; `vouched` is true if a witness confirmed it.
    """

    doubt: str | None
    measure: clock.ClockReading
    kept: clock.ClockReading | None = None
    vouched: bool = False


class Witnesses:
    """What one process has learned from the [clock] witnesses, kept so that not every snapshot has to ask them."""

    def __init__(self) -> None:
        self._asked = float("-inf")
        self._vouched: clock.ClockReading | None = None
        self._denied = False

    @property
    def heard(self) -> bool:
        """Whether they were asked so recently that they are not asked again."""
        age = clock.pause_clock() - self._asked
        return age < (GOOD_FOR if self._vouched is not None else ASKED_AGAIN_AFTER)

    @property
    def vouched(self) -> clock.ClockReading | None:
        """The reading that they confirmed, while their answer is still used."""
        return self._vouched if self.heard else None

    @property
    def denied(self) -> bool:
        """Whether they contradicted this machine's clock when they were last asked."""
        return self._denied and self.heard

    def ask(self, config: Config, mark: clock.ClockReading) -> None:
        """Ask every witness whether `mark` is right. Takes some seconds if one doesn't answer."""
        from pressrelease.system import witness

        testimonies = witness.ask(config.clock.witnesses, clock.utc_now)
        agree = witness.vouched(testimonies, config.clock.tolerance)
        self._denied = bool(testimonies) and not agree
        # The clock may have been set while they were asked.
        self._vouched = clock.tighter(mark, clock.read_clock()) if agree else None
        self._asked = clock.pause_clock()


class JumpGuard:
    """Compares later readings in this process with the last one that was trusted. Safe for several threads."""

    def __init__(self, tolerance: timedelta) -> None:
        self._tolerance = tolerance
        self._measure = clock.read_clock()
        self._newest = self._measure.wall
        clock.error_bound()  # load what it needs now, not at a lift

    def trusted(self, measure: clock.ClockReading, newest: datetime) -> None:
        """Take over what a trusted snapshot compares the clock with, and the time at which it was taken."""
        self._measure, self._newest = measure, newest

    def jumped(self, mark: clock.ClockReading) -> bool:
        """Return whether the clock was set since it was last trusted."""
        return clock.doubt(mark, recorded=self._measure, newest=self._newest, tolerance=self._tolerance) is not None


def trust(store: Store, mark: clock.ClockReading, config: Config, witnesses: Witnesses | None = None) -> Trust:
    """Judge `mark` by the record and by what `witnesses` already know. Asks nobody."""
    recorded, tolerance = store.read.mark(mark.boot), config.clock.tolerance
    vouched = witnesses.vouched if witnesses is not None else None
    measure = vouched or recorded
    doubt = clock.doubt(mark, recorded=measure, newest=store.read.newest_time(), tolerance=tolerance)
    if doubt is None and vouched is None:
        doubt = _apart_from_server(store, tolerance)
    if config.clock.witnesses and witnesses is not None and witnesses.heard:
        if witnesses.denied:
            doubt = "the clock disagrees with the time servers in [clock] witnesses"
        elif vouched is None and not clock.vouches(mark, recorded):
            doubt = doubt or "the computer was restarted, and none of the time servers in [clock] witnesses answered"
    if doubt is not None:
        return Trust(doubt, measure or mark)
    if vouched is not None:
        return Trust(None, clock.tighter(vouched, mark), vouched, vouched=True)
    # With witnesses configured, don't store the first reading unchecked: later readings would be trusted by uptime
    # alone and no witness would ever be asked.
    may_be_kept = not config.clock.witnesses or clock.vouches(mark, recorded)
    return Trust(None, clock.tighter(recorded, mark), mark if may_be_kept else None)


def can_be_asked(
    store: Store, mark: clock.ClockReading, config: Config, witnesses: Witnesses, doubt: str | None
) -> bool:
    """Return whether asking the witnesses now could settle it.

    A clock behind the record stays doubted: a person must look.
    """
    if not config.clock.witnesses or (witnesses.heard and not (doubt and witnesses.vouched)):
        return False
    newest = store.read.newest_time()
    return newest is None or mark.wall >= newest - config.clock.tolerance


def looked_into(store: Store, mark: clock.ClockReading, config: Config, witnesses: Witnesses) -> str | None:
    """Return what `clock_doubt` does, after asking the witnesses whatever the uptime shows. Takes some seconds."""
    doubt = trust(store, mark, config, witnesses).doubt
    if not can_be_asked(store, mark, config, witnesses, doubt):
        return doubt
    witnesses.ask(config, mark)
    return trust(store, mark, config, witnesses).doubt


def what_is_unwatched(mark: clock.ClockReading, witnesses: Sequence[str]) -> str:
    """Return which clock fault nothing here would notice, in a sentence; "" if something watches the clock."""
    if witnesses:
        return ""
    if mark.boot is None or mark.uptime is None:
        return "this system doesn't report when it was started, so a clock that is set ahead goes unnoticed"
    if clock.error_bound() is None:
        return (
            "after a restart nothing confirms that this computer's clock is right: NTP doesn't set it, and no"
            " time server is named"
        )
    return ""


#: What to do about `what_is_unwatched`.
NAME_WITNESSES = 'Name two web servers in config.toml, under [clock]: witnesses = ["https://…", "https://…"].'


def clock_doubt(store: Store, mark: clock.ClockReading, tolerance: timedelta) -> str | None:
    """Return why a clock reading can't be trusted, judged by what is on record; None if it can.

    If the record is on a database server, that machine's clock must agree, because other machines' senders go by their
    own.
    """
    recorded, newest = store.read.mark(mark.boot), store.read.newest_time()
    return clock.doubt(mark, recorded=recorded, newest=newest, tolerance=tolerance) or _apart_from_server(
        store, tolerance
    )


def _apart_from_server(store: Store, tolerance: timedelta) -> str | None:
    asked = clock.utc_now()
    server = store.read.server_time()
    heard = clock.utc_now()
    if server is None or asked - tolerance <= server <= heard + tolerance:
        return None
    ahead = round((heard - server).total_seconds())
    return f"this machine's clock is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} the database server's"
