"""Whether this machine's clock can be believed: by the record, the database server, and the witnesses of [clock].

    behind the newest time on record          not believed, whatever a witness says: one of the two is wrong
    ahead of what the uptime allows           not believed, unless a witness vouches for it
    first looked at since the machine started believed, unless witnesses are named: then one must vouch for it
    apart from the database server's clock    not believed, unless a witness vouches for it
    a witness contradicts it                  not believed

Witnesses are asked before anything leaves, unless they were asked a short while ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.config import Config
    from pressrelease.store import Store

#: How long the word of witnesses is good for, in seconds; meanwhile the uptime keeps the clock to it.
GOOD_FOR = 300.0

#: How long after they contradicted, or gave no answer, witnesses are left alone, in seconds.
ASKED_AGAIN_AFTER = 20.0

#: Witnesses are not asked when a lift is nearer than this: one that hangs would have it wait.
LATEST = timedelta(seconds=6)


class Trust(NamedTuple):
    """What speaks against a mark of the clock, in a sentence, None where nothing does; and what later ones are
    measured by.

    `kept` is the mark that may be put on record, None where none may; `vouched` says that a witness spoke for it.
    """

    doubt: str | None
    measure: clock.ClockReading
    kept: clock.ClockReading | None = None
    vouched: bool = False


class Witnesses:
    """What one process has heard from the witnesses of [clock], so that it need not ask them at every look."""

    def __init__(self) -> None:
        self._asked = float("-inf")
        self._vouched: clock.ClockReading | None = None
        self._denied = False

    @property
    def heard(self) -> bool:
        """Whether they were asked so short a while ago that they are not asked again."""
        age = clock.pause_clock() - self._asked
        return age < (GOOD_FOR if self._vouched is not None else ASKED_AGAIN_AFTER)

    @property
    def vouched(self) -> clock.ClockReading | None:
        """The mark that they vouched for, as long as their word is good."""
        return self._vouched if self.heard else None

    @property
    def denied(self) -> bool:
        """Whether they contradicted this machine's clock, the last time that they were asked."""
        return self._denied and self.heard

    def ask(self, config: Config, mark: clock.ClockReading) -> None:
        """Ask every witness whether `mark` is right; takes some seconds where one doesn't answer."""
        from pressrelease.system import witness

        testimonies = witness.ask(config.clock.witnesses, clock.utc_now)
        agree = witness.vouched(testimonies, config.clock.tolerance)
        self._denied = bool(testimonies) and not agree
        # The clock may have been set while they were asked.
        self._vouched = clock.tighter(mark, clock.read_clock()) if agree else None
        self._asked = clock.pause_clock()


def trust(store: Store, mark: clock.ClockReading, config: Config, witnesses: Witnesses | None = None) -> Trust:
    """Whether `mark` can be believed, from what is on record and what `witnesses` said; nobody is asked anew."""
    recorded, tolerance = store.read.mark(mark.boot), config.clock.tolerance
    vouched = witnesses.vouched if witnesses is not None else None
    measure = vouched or recorded
    doubt = clock.doubt(mark, recorded=measure, newest=store.read.newest_time(), tolerance=tolerance)
    if doubt is None and vouched is None:
        doubt = _apart_from_server(store, tolerance)
    if config.clock.witnesses and witnesses is not None and witnesses.heard:
        if witnesses.denied:
            doubt = "the clock is not what the witnesses of [clock] say"
        elif vouched is None and not clock.vouches(mark, recorded):
            doubt = doubt or "the machine was restarted, and no witness of [clock] could be asked for the time"
    if doubt is not None:
        return Trust(doubt, measure or mark)
    if vouched is not None:
        return Trust(None, clock.tighter(vouched, mark), vouched, vouched=True)
    # A mark for which only the lack of a record speaks is not kept: uptime would vouch for it, and no witness be asked.
    may_be_kept = not config.clock.witnesses or clock.vouches(mark, recorded)
    return Trust(None, clock.tighter(recorded, mark), mark if may_be_kept else None)


def can_be_asked(
    store: Store, mark: clock.ClockReading, config: Config, witnesses: Witnesses, doubt: str | None
) -> bool:
    """Whether asking the witnesses now can tell more. A clock behind the record stays doubted: a person must look."""
    if not config.clock.witnesses or (witnesses.heard and not (doubt and witnesses.vouched)):
        return False
    newest = store.read.newest_time()
    return newest is None or mark.wall >= newest - config.clock.tolerance


def looked_into(store: Store, mark: clock.ClockReading, config: Config, witnesses: Witnesses) -> str | None:
    """As `clock_doubt`, for a person: the witnesses are asked too, whatever the uptime says. Takes some seconds."""
    doubt = trust(store, mark, config, witnesses).doubt
    if not can_be_asked(store, mark, config, witnesses, doubt):
        return doubt
    witnesses.ask(config, mark)
    return trust(store, mark, config, witnesses).doubt


def what_is_unwatched(mark: clock.ClockReading, witnesses: Sequence[str]) -> str:
    """What nothing would notice of this machine's clock, in a sentence; "" if something watches it."""
    if witnesses:
        return ""
    if mark.boot is None or mark.uptime is None:
        return "this system does not say when it was started, so nothing notices a clock that is set ahead"
    if clock.error_bound() is None:
        return "after a restart nothing vouches for this machine's clock: NTP does not set it, and no witness is named"
    return ""


#: What to do about `what_is_unwatched`.
NAME_WITNESSES = 'Name two web servers in config.toml: [clock] witnesses = ["https://…", "https://…"].'


def clock_doubt(store: Store, mark: clock.ClockReading, tolerance: timedelta) -> str | None:
    """Why a mark of the clock can't be believed, from what the workspace has on record; None where it can.

    Where the record is on a database server, that machine's clock must agree: another's sender goes by its own.
    """
    recorded, newest = store.read.mark(mark.boot), store.read.newest_time()
    return clock.doubt(mark, recorded=recorded, newest=newest, tolerance=tolerance) or _apart_from_server(
        store, tolerance
    )


def _apart_from_server(store: Store, tolerance: timedelta) -> str | None:
    asked = clock.utc_now()
    said = store.read.server_time()
    heard = clock.utc_now()
    if said is None or asked - tolerance <= said <= heard + tolerance:
        return None
    ahead = round((heard - said).total_seconds())
    return f"this machine's clock is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} the database server's"
