"""Whether this machine's clock can be trusted by the record, the database server and the witnesses: the whole table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from conftest import NOW

from pressrelease.config import ClockRules, Config, Office
from pressrelease.publishing.clock_trust import (
    ASKED_AGAIN_AFTER,
    GOOD_FOR,
    JumpGuard,
    Trust,
    Witnesses,
    can_be_asked,
    clock_doubt,
    looked_into,
    trust,
    what_is_unwatched,
)
from pressrelease.store import Store
from pressrelease.system import clock, witness
from pressrelease.system.clock import ClockReading

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TOLERANCE = 2 * SECOND
UP = timedelta(days=3)
ADDRESSES = ("https://one.example", "https://two.example")

BEHIND = "the clock is 3600 s behind the last recorded time"
AHEAD = "the clock jumped ahead by 3600 s"
DENIED = "the clock disagrees with the time servers in [clock] witnesses"
SILENT = "the computer was restarted, and none of the time servers in [clock] witnesses answered"
APART = "this machine's clock is 3600 s ahead of the database server's"

MARK = ClockReading(NOW, UP, "a")
#: An earlier reading of the same boot: honest, with a second less on the uptime than on the wall, with an hour less.
HONEST = ClockReading(NOW - MINUTE, UP - MINUTE, "a")
TIGHT = ClockReading(NOW - MINUTE, UP - MINUTE + SECOND, "a")
LOOSE = ClockReading(NOW - HOUR, UP, "a")


@dataclass
class Record:
    """What a store has on record of clocks, and what its server says."""

    marks: Mapping[str | None, ClockReading] = field(default_factory=dict)
    newest: datetime | None = None
    server: datetime | None = None

    @property
    def read(self) -> Record:
        return self

    def mark(self, boot: str | None) -> ClockReading | None:
        return self.marks.get(boot)

    def newest_time(self) -> datetime | None:
        return self.newest

    def server_time(self) -> datetime | None:
        return self.server


def store(before: ClockReading | None = None, **more: datetime) -> Store:
    return cast("Store", Record({"a": before} if before else {}, **more))


def config(*witnesses: str) -> Config:
    return Config(office=Office("The Office", "America/Los_Angeles"), clock=ClockRules(witnesses, TOLERANCE))


class Machine:
    """A machine whose clocks go only by what a test says."""

    def __init__(self) -> None:
        self.reading = MARK
        self.pause = 1_000.0
        self.asked: list[tuple[str, ...]] = []
        #: How far off the wall clock each witness says it is; None for one that doesn't answer.
        self.answers: Sequence[timedelta | None] = ()

    def testimonies(self, addresses: Sequence[str], now: Callable[[], datetime]) -> list[witness.Testimony]:
        self.asked.append(tuple(addresses))
        return [witness.Testimony(now() - off, now(), now()) for off in self.answers if off is not None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(clock, "utc_now", lambda: made.reading.wall)
    monkeypatch.setattr(clock, "read_clock", lambda: made.reading)
    monkeypatch.setattr(clock, "pause_clock", lambda: made.pause)
    monkeypatch.setattr(clock, "error_bound", lambda: None)
    monkeypatch.setattr(witness, "ask", made.testimonies)
    return made


def asked(machine: Machine, *answers: timedelta | None) -> Witnesses:
    """Witnesses that were asked about `MARK` and gave these answers."""
    made = Witnesses()
    machine.answers = answers
    made.ask(config(*ADDRESSES), MARK)
    return made


#: What the witnesses have said, if they were asked; a fifth of an hour off is no agreement.
SAID: dict[str, tuple[timedelta | None, ...]] = {
    "agree": (timedelta(0), None),
    "deny": (timedelta(0), 12 * MINUTE),
    "silent": (None, None),
}

VERDICTS = [
    # what is on record; what the witnesses said ("": not asked, "none": none in config.toml); the verdict
    ("first reading of all", store(), "none", Trust(None, MARK, MARK)),
    ("honest", store(HONEST), "none", Trust(None, MARK, MARK)),
    ("gained, within tolerance", store(TIGHT), "none", Trust(None, TIGHT, MARK)),
    ("jumped ahead", store(LOOSE), "none", Trust(AHEAD, LOOSE)),
    ("behind the record", store(newest=NOW + HOUR), "none", Trust(BEHIND, MARK)),
    ("behind the record, and measured", store(HONEST, newest=NOW + HOUR), "none", Trust(BEHIND, HONEST)),
    ("the server agrees", store(server=NOW + TOLERANCE), "none", Trust(None, MARK, MARK)),
    ("the server is apart", store(server=NOW - HOUR), "none", Trust(APART, MARK)),
    ("behind, and the server is apart", store(newest=NOW + HOUR, server=NOW - HOUR), "none", Trust(BEHIND, MARK)),
    ("not asked, first of its boot", store(), "", Trust(None, MARK)),
    ("not asked, later in its boot", store(HONEST), "", Trust(None, MARK, MARK)),
    ("silent, first of its boot", store(), "silent", Trust(SILENT, MARK)),
    ("silent, later in its boot", store(HONEST), "silent", Trust(None, MARK, MARK)),
    ("silent, and the server is apart", store(server=NOW - HOUR), "silent", Trust(APART, MARK)),
    ("silent, and the server is apart later", store(HONEST, server=NOW - HOUR), "silent", Trust(APART, HONEST)),
    ("agree, first of its boot", store(), "agree", Trust(None, MARK, MARK, vouched=True)),
    ("agree, though it jumped ahead", store(LOOSE), "agree", Trust(None, MARK, MARK, vouched=True)),
    ("agree, though the server is apart", store(server=NOW - HOUR), "agree", Trust(None, MARK, MARK, vouched=True)),
    ("agree, and it is behind the record", store(LOOSE, newest=NOW + HOUR), "agree", Trust(BEHIND, MARK)),
    ("deny, first of its boot", store(), "deny", Trust(DENIED, MARK)),
    ("deny, later in its boot", store(HONEST), "deny", Trust(DENIED, HONEST)),
    ("deny, and it jumped ahead", store(LOOSE), "deny", Trust(DENIED, LOOSE)),
]


@pytest.mark.parametrize(("record", "said", "verdict"), [pytest.param(*row[1:], id=row[0]) for row in VERDICTS])
def test_the_verdict_on_a_reading(machine: Machine, record: Store, said: str, verdict: Trust) -> None:
    witnesses = asked(machine, *SAID[said]) if said in SAID else Witnesses()
    rules = config() if said == "none" else config(*ADDRESSES)
    assert trust(record, MARK, rules, witnesses) == verdict
    if said not in SAID:
        assert trust(record, MARK, rules) == verdict, "the same where nobody can be asked"
    assert len(machine.asked) == (said in SAID), "a verdict asks nobody"


def test_a_later_reading_is_measured_by_what_was_vouched_for(machine: Machine) -> None:
    witnesses = asked(machine, timedelta(0))
    later = ClockReading(NOW + MINUTE + SECOND, UP + MINUTE, "a")
    assert trust(store(), later, config(*ADDRESSES), witnesses) == Trust(None, MARK, MARK, vouched=True)
    jumped = ClockReading(NOW + HOUR, UP, "a")
    assert trust(store(), jumped, config(*ADDRESSES), witnesses) == Trust(AHEAD, MARK)


def test_witnesses_that_are_in_config_no_more_are_not_believed_any_more(machine: Machine) -> None:
    assert trust(store(), MARK, config(), asked(machine, *SAID["deny"])) == Trust(None, MARK, MARK)
    assert trust(store(), MARK, config(), asked(machine, *SAID["silent"])) == Trust(None, MARK, MARK)


# -- the witnesses ------------------------------------------------------------------------------------------------


def test_nothing_was_heard_of_witnesses_that_were_never_asked(machine: Machine) -> None:
    machine.pause = 0.0
    witnesses = Witnesses()
    assert (witnesses.heard, witnesses.vouched, witnesses.denied) == (False, None, False)


def test_witnesses_are_asked_at_their_addresses_and_a_tolerance_apart_is_agreement(machine: Machine) -> None:
    assert asked(machine, TOLERANCE).vouched == MARK
    assert asked(machine, TOLERANCE + 2 * SECOND).vouched is None
    assert machine.asked == [ADDRESSES] * 2


@pytest.mark.parametrize(
    ("said", "lasts"), [("agree", GOOD_FOR), ("deny", ASKED_AGAIN_AFTER), ("silent", ASKED_AGAIN_AFTER)]
)
def test_what_they_said_is_good_for_a_while(machine: Machine, said: str, lasts: float) -> None:
    witnesses = asked(machine, *SAID[said])
    expected = (True, MARK if said == "agree" else None, said == "deny")
    for after, now in ((0.0, expected), (lasts - 0.1, expected), (lasts, (False, None, False))):
        machine.pause = 1_000.0 + after
        assert (witnesses.heard, witnesses.vouched, witnesses.denied) == now, after


def test_what_was_set_while_they_were_asked_is_not_vouched_for(machine: Machine) -> None:
    machine.reading = ClockReading(NOW + HOUR, UP + SECOND, "a")
    assert asked(machine, timedelta(0)).vouched == MARK
    machine.reading = ClockReading(NOW + SECOND, UP + SECOND, "a")
    assert asked(machine, timedelta(0)).vouched == machine.reading


def test_those_who_deny_after_they_agreed_vouch_for_nothing(machine: Machine) -> None:
    witnesses = asked(machine, timedelta(0))
    machine.answers = SAID["deny"]
    witnesses.ask(config(*ADDRESSES), MARK)
    assert (witnesses.vouched, witnesses.denied) == (None, True)


@pytest.mark.parametrize(
    ("rules", "said", "doubt", "newest", "answer"),
    [
        pytest.param(config(), "", None, None, False, id="there are none"),
        pytest.param(config(*ADDRESSES), "", None, None, True, id="never asked"),
        pytest.param(config(*ADDRESSES), "agree", None, None, False, id="they agreed, and nothing is in doubt"),
        pytest.param(config(*ADDRESSES), "agree", AHEAD, None, True, id="they agreed, and it jumped since"),
        pytest.param(config(*ADDRESSES), "deny", DENIED, None, False, id="they denied a moment ago"),
        pytest.param(config(*ADDRESSES), "silent", SILENT, None, False, id="they were silent a moment ago"),
        pytest.param(config(*ADDRESSES), "", None, NOW + TOLERANCE, True, id="behind the record within tolerance"),
        pytest.param(config(*ADDRESSES), "", BEHIND, NOW + HOUR, False, id="behind the record: a person must look"),
    ],
)
def test_whether_asking_could_settle_it(
    machine: Machine, rules: Config, said: str, doubt: str | None, newest: datetime | None, answer: bool
) -> None:
    witnesses = asked(machine, *SAID[said]) if said else Witnesses()
    record = cast("Store", Record(newest=newest))
    assert can_be_asked(record, MARK, rules, witnesses, doubt) is answer


@pytest.mark.parametrize(
    ("record", "rules", "answers", "doubt", "times"),
    [
        pytest.param(store(LOOSE), config(), (), AHEAD, 0, id="nobody to ask"),
        pytest.param(store(LOOSE), config(*ADDRESSES), (timedelta(0),), None, 1, id="they settle it"),
        pytest.param(store(HONEST), config(*ADDRESSES), (HOUR,), DENIED, 1, id="they deny what nothing spoke against"),
        pytest.param(store(), config(*ADDRESSES), (), SILENT, 1, id="nobody answers"),
        pytest.param(store(newest=NOW + HOUR), config(*ADDRESSES), (timedelta(0),), BEHIND, 0, id="behind the record"),
    ],
)
def test_a_person_who_asks_has_the_witnesses_asked(
    machine: Machine, record: Store, rules: Config, answers: Sequence[timedelta], doubt: str | None, times: int
) -> None:
    machine.answers = answers
    witnesses = Witnesses()
    assert looked_into(record, MARK, rules, witnesses) == doubt
    assert machine.asked == [ADDRESSES] * times
    assert witnesses.vouched == (MARK if doubt is None and times else None)


def test_who_denied_a_moment_ago_is_not_asked_again(machine: Machine) -> None:
    witnesses = asked(machine, *SAID["deny"])
    assert looked_into(store(), MARK, config(*ADDRESSES), witnesses) == DENIED
    assert machine.asked == [ADDRESSES]


def test_a_clock_that_jumped_since_they_agreed_is_asked_about_again(machine: Machine) -> None:
    witnesses = asked(machine, timedelta(0))
    machine.reading = ClockReading(NOW + HOUR, UP, "a")
    machine.answers = (HOUR,)
    assert looked_into(store(), machine.reading, config(*ADDRESSES), witnesses) == DENIED
    assert machine.asked == [ADDRESSES] * 2


def test_what_a_person_asks_about_is_the_reading_that_was_shown(machine: Machine) -> None:
    machine.answers, witnesses = (timedelta(0),), Witnesses()
    machine.reading = ClockReading(NOW + HOUR, UP, "a")
    assert looked_into(store(), MARK, config(*ADDRESSES), witnesses) is None
    assert witnesses.vouched == MARK


# -- without witnesses --------------------------------------------------------------------------------------------


def test_what_was_set_since_it_was_last_trusted_is_noticed(machine: Machine) -> None:
    guard = JumpGuard(TOLERANCE)
    assert not guard.jumped(ClockReading(NOW + TOLERANCE, UP, "a"))
    assert not guard.jumped(ClockReading(NOW - TOLERANCE, UP, "a"))
    for off in (TOLERANCE + SECOND, -TOLERANCE - SECOND):
        assert guard.jumped(ClockReading(NOW + off, UP, "a"))
    guard.trusted(ClockReading(NOW + HOUR, UP, "a"), NOW + 2 * HOUR)
    assert guard.jumped(ClockReading(NOW + HOUR, UP, "a")), "behind the newest time"
    assert not guard.jumped(ClockReading(NOW + 2 * HOUR, UP + HOUR, "a"))
    assert guard.jumped(ClockReading(NOW + 3 * HOUR, UP + HOUR, "a")), "ahead of the uptime"


def test_what_it_needs_is_loaded_before_a_lift(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[bool] = []
    monkeypatch.setattr(clock, "error_bound", lambda: loaded.append(True))
    JumpGuard(TOLERANCE)
    assert loaded


@pytest.mark.parametrize(
    ("record", "doubt"),
    [
        pytest.param(store(), None, id="nothing on record"),
        pytest.param(store(HONEST), None, id="honest"),
        pytest.param(store(LOOSE), AHEAD, id="ahead"),
        pytest.param(store(newest=NOW + HOUR), BEHIND, id="behind"),
        pytest.param(store(server=NOW - HOUR), APART, id="apart from the server"),
        pytest.param(store(LOOSE, server=NOW - HOUR), AHEAD, id="ahead, and apart from the server"),
    ],
)
def test_the_doubt_by_what_is_on_record(machine: Machine, record: Store, doubt: str | None) -> None:
    assert clock_doubt(record, MARK, TOLERANCE) == doubt


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (NOW - TOLERANCE, None),
        (NOW - TOLERANCE - SECOND, "this machine's clock is 13 s ahead of the database server's"),
        (NOW + 10 * SECOND + TOLERANCE, None),
        (NOW + 10 * SECOND + TOLERANCE + SECOND, "this machine's clock is 3 s behind the database server's"),
    ],
)
def test_a_server_that_answers_slowly_is_given_that_time(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, server: datetime, said: str | None
) -> None:
    """It answers in ten seconds, and what it says may be from any moment of them."""
    times = [NOW, NOW + 10 * SECOND]
    monkeypatch.setattr(clock, "utc_now", lambda: times.pop(0))
    assert clock_doubt(store(server=server), MARK, TOLERANCE) == said


def test_a_second_is_a_second(machine: Machine) -> None:
    said = clock_doubt(store(server=NOW - SECOND), MARK, SECOND / 2)
    assert said == "this machine's clock is 1 s ahead of the database server's"


def test_a_clock_as_far_behind_a_server_as_ahead_is_said_so(machine: Machine) -> None:
    assert clock_doubt(store(server=NOW + HOUR), MARK, TOLERANCE) == APART.replace("ahead of", "behind")


NO_UPTIME = "this system doesn't report when it was started, so a clock that is set ahead goes unnoticed"
NO_NTP = (
    "after a restart nothing confirms that this computer's clock is right: NTP doesn't set it, and no time server is"
    " named"
)


@pytest.mark.parametrize(
    ("mark", "bound", "witnesses", "said"),
    [
        (MARK, None, ADDRESSES, ""),
        (ClockReading(NOW, None, None), SECOND, (), NO_UPTIME),
        (ClockReading(NOW, UP, None), SECOND, (), NO_UPTIME),
        (ClockReading(NOW, None, "a"), SECOND, (), NO_UPTIME),
        (MARK, None, (), NO_NTP),
        (MARK, timedelta(0), (), ""),
    ],
)
def test_which_fault_nothing_would_notice(
    monkeypatch: pytest.MonkeyPatch, mark: ClockReading, bound: Any, witnesses: Sequence[str], said: str
) -> None:
    monkeypatch.setattr(clock, "error_bound", lambda: bound)
    assert what_is_unwatched(mark, witnesses) == said
