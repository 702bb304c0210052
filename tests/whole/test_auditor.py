"""The auditor itself: a good history passes, and each thing that must not be is found, in a sentence of its own."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from auditing import audit_office, pages, requests
from auditor import Arrival, audit, findings
from hypothesis import given
from hypothesis import strategies as st
from journal_lines import WITHDRAW, Line, Place, digest_of, documented, hash_of, key_of, read_journal, read_printed
from office import found_office, receiving

BEGIN = datetime(2018, 9, 24, 15, 0, tzinfo=UTC)
LIFT = BEGIN + timedelta(hours=1)
OUTLETS = {"media": True, "mail": False}
MEDIA = ("names", "v" * 64, "media", "")
ANN = ("names", "v" * 64, "mail", "ann@paper.example")
BOB = ("names", "v" * 64, "mail", "bob@radio.example")
MILLISECOND = timedelta(milliseconds=1)


@dataclass
class History:
    """A journal and its receivers' logs, written by hand."""

    lines: list[Line] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)

    def add(self, event: str, at: datetime, slug: str = "names", version: str = "v" * 64, /, **detail: Any) -> None:
        """One line more; it is chained at the end."""
        self.lines.append(
            Line(0, round(at.timestamp() * 1e6), "jdoe", "here", event, slug, version, json.dumps(detail), "", "")
        )

    def of(self, place: Place, event: str, at: datetime, **detail: Any) -> None:
        """One line more of a delivery."""
        slug, version, outlet, recipient, *more = place
        detail |= {"n": int(more[0]), "action": more[1]} if more else {}
        self.add(f"delivery.{event}", at, slug, version, outlet=outlet, recipient=recipient, **detail)

    def chained(self) -> list[Line]:
        """The lines, as the program would have chained them."""
        found: list[Line] = []
        for n, line in enumerate(self.lines, start=1):
            plain = json.dumps(line.told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            line = dataclasses.replace(line, n=n, detail=plain, prev=found[-1].hash if found else "0" * 64)  # noqa: PLW2901
            found.append(dataclasses.replace(line, hash=hash_of(line)))
        return found

    def find(self, lines: list[Line] | None = None, **more: Any) -> list[str]:
        """What the auditor finds."""
        chained = self.chained() if lines is None else lines
        return findings(chained, self.arrivals, OUTLETS, until=LIFT + timedelta(hours=9), **more)[0]

    def where(self, event: str, outlet: str = "") -> int:
        """The place of a line."""
        return next(
            n for n, one in enumerate(self.lines) if one.event == event and (not outlet or one.place[2] == outlet)
        )


def good() -> History:
    """Scheduled, approved by two, held and let go, out to three; one mail was in doubt and settled."""
    made, tick = History(), timedelta(seconds=1)
    made.add(
        "release.scheduled",
        BEGIN,
        lift=f"{LIFT:%Y-%m-%dT%H:%M:%SZ}",
        local="",
        embargo="9 a.m.",
        outlets=["media", "mail"],
        recipients={"media": digest_of([""]), "mail": digest_of([ANN[3], BOB[3]])},
        deliveries=3,
    )
    made.add("release.approved", BEGIN + tick, by="da")
    made.add("release.approved", BEGIN + 2 * tick, by="Deputy")
    made.add("release.held", BEGIN + 3 * tick, why="a call")
    made.add("release.resumed", BEGIN + 4 * tick, why="")
    for place in (MEDIA, ANN, BOB):
        made.of(place, "claimed", LIFT, attempt=1)
    made.of(MEDIA, "in_doubt", LIFT + tick, attempt=1, error="no answer", again=True, key=key_of(MEDIA))
    made.of(MEDIA, "claimed", LIFT + 2 * tick, attempt=2)
    made.of(MEDIA, "delivered", LIFT + 3 * tick, attempt=2, late_ms=3000, url=None, remote_id="x")
    made.of(ANN, "delivered", LIFT + tick, attempt=1, late_ms=1000, url=None, remote_id="x")
    made.of(BOB, "in_doubt", LIFT + tick, attempt=1, error="cut", again=False, key=key_of(BOB))
    made.of(
        BOB, "settled", LIFT + 60 * tick, settled="sent", key=key_of(BOB), was="in_doubt", error="cut", first_sent=1
    )
    made.add("release.published", LIFT + 60 * tick)
    made.arrivals = [
        Arrival(LIFT + tick / 2, "media", key_of(MEDIA), digest="one"),
        Arrival(LIFT + 5 * tick / 2, "media", key_of(MEDIA), digest="one"),
        Arrival(LIFT + tick / 2, "mail", key_of(ANN), recipient=ANN[3], digest="ann"),
        Arrival(LIFT + tick / 2, "mail", key_of(BOB), recipient=BOB[3], digest="bob"),
    ]
    return made


def test_a_good_history_passes_and_is_counted() -> None:
    made = good()
    seen = audit(made.chained(), made.arrivals, OUTLETS, approvals=2, at_least={"arrivals": 4, "delivery.in_doubt": 2})
    assert (seen["arrivals"], seen["repeats"], seen["settled as sent"], seen["release.held"]) == (4, 1, 1, 1)


def test_a_history_in_which_too_little_happened_is_red() -> None:
    made = good()
    with pytest.raises(AssertionError, match="only 0 stopped were seen, not 1"):
        audit(made.chained(), made.arrivals, OUTLETS, at_least={"stopped": 1})
    with pytest.raises(AssertionError, match="only 0 arrivals were seen"):
        audit([], [], OUTLETS, at_least={"arrivals": 1})


# -- a program that does wrong: the chain holds, and what it tells must not be -------------------------------------


def change(made: History, n: int, **detail: Any) -> None:
    line = made.lines[n]
    made.lines[n] = dataclasses.replace(line, detail=json.dumps(line.told | detail))


def move_line(made: History, n: int, by: timedelta) -> None:
    line = made.lines[n]
    made.lines[n] = dataclasses.replace(line, at=line.at + by // timedelta(microseconds=1))


def move_arrival(made: History, n: int, at: datetime) -> None:
    made.arrivals[n] = dataclasses.replace(made.arrivals[n], at=at)


def insert(made: History, place: int, event: str, at: datetime, slug: str = "names", /, **detail: Any) -> None:
    made.add(event, at, slug, "v" * 64 if slug else "", **detail)
    made.lines.insert(place, made.lines.pop())


def rename(made: History, n: int, event: str) -> None:
    made.lines[n] = dataclasses.replace(made.lines[n], event=event)


def early_arrival(made: History) -> None:
    move_arrival(made, 2, LIFT - MILLISECOND)
    move_line(made, made.where("delivery.claimed", "mail"), -2 * MILLISECOND)


def stop_before_the_second(made: History) -> None:
    insert(made, made.where("delivery.in_doubt", "media"), "stopped", LIFT + MILLISECOND, "", why="a leak")


def stop_then_late(made: History) -> None:
    insert(made, made.where("delivery.in_doubt", "media"), "stopped", LIFT + MILLISECOND, "", why="a leak")
    insert(made, made.where("delivery.in_doubt", "media") + 1, "resumed", LIFT + MILLISECOND, "")
    move_arrival(made, 2, LIFT + timedelta(seconds=30))


def put_off_then_late(made: History) -> None:
    later = LIFT + timedelta(hours=1)
    move = {"before": f"{LIFT:%Y-%m-%dT%H:%M:%SZ}", "lift": f"{later:%Y-%m-%dT%H:%M:%SZ}", "local": "", "why": ""}
    insert(made, made.where("delivery.in_doubt", "media"), "release.lift_moved", LIFT + MILLISECOND, **move)
    move_arrival(made, 2, LIFT + timedelta(seconds=30))


def brought_forward(made: History) -> None:
    earlier = LIFT - timedelta(minutes=1)
    move = {"before": f"{LIFT:%Y-%m-%dT%H:%M:%SZ}", "lift": f"{earlier:%Y-%m-%dT%H:%M:%SZ}", "local": "", "why": ""}
    insert(made, 5, "release.lift_moved", BEGIN + timedelta(minutes=1), **move)


def another_recipient(made: History) -> None:
    made.arrivals[2] = dataclasses.replace(made.arrivals[2], recipient=BOB[3])


def other_bytes(made: History) -> None:
    made.arrivals[1] = dataclasses.replace(made.arrivals[1], digest="two")


def another_version(made: History) -> None:
    made.arrivals[0] = dataclasses.replace(made.arrivals[0], key=key_of(("names", "w" * 64, "media", "")))


def rescheduled(made: History) -> None:
    """Another version is scheduled over it, with nobody's approval, and the old one goes out."""
    made.lines.insert(5, dataclasses.replace(made.lines[0], version="w" * 64))


def asked_of_a_mail_server(made: History) -> None:
    made.of(BOB, "claimed", LIFT + timedelta(seconds=9), attempt=2)
    made.lines.insert(made.where("delivery.settled"), made.lines.pop())


def in_doubt_for_nobody(made: History) -> None:
    """It says that it is asked again by itself, and never was."""
    change(made, made.where("delivery.in_doubt", "mail"), again=True)
    del made.lines[made.where("delivery.settled") :]


WRONG: list[tuple[str, Callable[[History], Any], str]] = [
    ("early by 1 ms", early_arrival, r"mail.* arrived EARLY by 0:00:00.001000"),
    ("claimed early", lambda h: move_line(h, h.where("delivery.claimed"), -MILLISECOND), "was claimed before its lift"),
    ("second arrival", lambda h: h.arrivals.append(h.arrivals[2]), "arrived 2 times, and nobody can tell there"),
    ("third of two claims", lambda h: h.arrivals.append(h.arrivals[1]), "arrived 3 times on 2 claims"),
    ("missing arrival", lambda h: h.arrivals.pop(2), "is delivered by the journal, and never arrived"),
    ("arrival of nothing", another_version, "media got [0-9a-f]{32}, and no line says so"),
    ("wrong recipient", another_recipient, "went to bob@radio.example, to whom it was not addressed"),
    ("other bytes", other_bytes, "arrived in different bytes under one key"),
    ("no claim", lambda h: h.lines.pop(h.where("delivery.claimed", "mail")), "delivered, and was never claimed"),
    ("before its claim", lambda h: move_line(h, h.where("delivery.claimed"), 9000 * MILLISECOND), "before any claim"),
    ("one approval", lambda h: h.lines.pop(1), "was claimed with 1 of 2 approvals"),
    ("same person", lambda h: change(h, 2, by="DA"), "was claimed with 1 of 2 approvals"),
    (
        "withdrawn",
        lambda h: insert(h, 4, "release.unapproved", BEGIN, withdrawn=2, why=""),
        "was claimed with 0 of 2 approvals",
    ),
    ("another version", rescheduled, "was claimed, and another version is scheduled"),
    ("on hold", lambda h: h.lines.pop(4), "was claimed although on hold"),
    ("stopped", stop_before_the_second, "was claimed although stopped"),
    ("late after a stop", stop_then_late, "after stopped .line 9., on a claim from before it"),
    ("late after a move", put_off_then_late, "after release.lift_moved .line 9., on a claim from before it"),
    ("brought forward", brought_forward, "was brought forward, and nobody published it early"),
    (
        "closed outlet",
        lambda h: insert(h, 5, "outlet.closed", BEGIN, "", outlet="mail", reason="535"),
        "was claimed although closed",
    ),
    ("no outlet of it", lambda h: change(h, 0, outlets=["media"]), "was not scheduled for that outlet"),
    ("draft", lambda h: h.lines.pop(0), "was claimed, and is not scheduled"),
    ("asked again of mail", asked_of_a_mail_server, "was claimed again although in doubt"),
    (
        "claimed twice",
        lambda h: h.lines.insert(9, h.lines[h.where("delivery.claimed", "mail")]),
        "was claimed again although claimed",
    ),
    (
        "arrived unsent",
        lambda h: rename(h, h.where("delivery.delivered", "mail"), "delivery.retrying"),
        "line 12 says delivery.retrying",
    ),
    ("in doubt for nobody", in_doubt_for_nobody, "is lost: it ended in_doubt"),
    ("never ended", lambda h: h.lines.pop(h.where("delivery.delivered", "media")), "is lost: it ended claimed"),
    (
        "other recipients",
        lambda h: change(h, 0, recipients={"mail": digest_of([ANN[3], "eve@paper.example"])}),
        "was published to others at mail than were approved",
    ),
    ("never begun", lambda h: change(h, 0, deliveries=4), "1 of 4 deliveries of names are lost: never begun"),
    ("published too soon", lambda h: h.lines.insert(11, h.lines.pop()), "published, while"),
    ("back in time", lambda h: move_line(h, 4, timedelta(hours=-2)), "release.resumed goes back in time by 1:59:59"),
    (
        "an unknown event",
        lambda h: rename(h, 14, "release.leaked"),
        "docs/reference/journal.md has no event release.leaked",
    ),
    ("an unknown field", lambda h: change(h, 1, age=3), "docs/reference/journal.md has no age in release.approved"),
]


@pytest.mark.parametrize(("wrong", "words"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_each_wrong_is_found_in_words_of_its_own(wrong: Callable[[History], Any], words: str) -> None:
    made = good()
    assert made.find(approvals=2) == []
    wrong(made)
    found = made.find(approvals=2)
    assert any(re.search(words, sentence) for sentence in found), found


# -- a release that is withdrawn: everyone who has it hears of that, and nobody else --------------------------------

KILL = LIFT + timedelta(minutes=5)
EVE = ("names", "v" * 64, "mail", "eve@paper.example")


def withdrawal(place: Place) -> Place:
    return (*place, "1", WITHDRAW)


def killed(*readers: Place) -> History:
    """It was out, is killed in a stop, and is withdrawn from each of its readers."""
    made, second = good(), timedelta(seconds=1)
    made.add("stopped", KILL - second, "", "", why="a leak")
    made.add("release.killed", KILL, why="a wrong name", note="", withdrawals=3)
    for reader in map(withdrawal, readers or (MEDIA, ANN, BOB)):
        made.of(reader, "claimed", KILL + second, attempt=1)
        made.of(reader, "delivered", KILL + 2 * second, attempt=1, url=None, remote_id="x")
        arrival = Arrival(KILL + 1.5 * second, reader[2], key_of(reader), recipient=reader[3], digest="gone")
        made.arrivals.append(arrival)
    made.add("release.withdrawn", KILL + 2 * second)
    return made


def move_first_line(made: History, of: Place, event: str, before: Place) -> None:
    """The first such line of a delivery comes right before the last line of another."""
    line = next(one for one in made.lines if one.event == event and one.place == of)
    made.lines.remove(line)
    last = max(n for n, one in enumerate(made.lines) if one.event.startswith("delivery.") and one.place == before)
    made.lines.insert(last, dataclasses.replace(line, at=made.lines[last].at))


def without_withdrawal(made: History, of: Place) -> None:
    made.lines = [one for one in made.lines if not one.event.startswith("delivery.") or one.place != withdrawal(of)]
    made.arrivals = [one for one in made.arrivals if one.key != key_of(withdrawal(of))]


def claimed_after_it(made: History) -> None:
    """Somebody has the doubtful one sent once more, under a withdrawn release."""
    made.of(ANN, "claimed", KILL + timedelta(minutes=1), attempt=2)


WRONG_AFTER: list[tuple[str, Callable[[History], Any], str]] = [
    ("nobody killed it", lambda h: h.lines.pop(h.where("release.killed")), "was claimed, and nobody withdrew the rel"),
    ("claimed after it", claimed_after_it, "names .* was claimed although withdrawn for good"),
    (
        "late",
        lambda h: move_arrival(h, 2, KILL + timedelta(seconds=3)),
        "the withdrawal of names .* at mail.* arrived, and the release did after it",
    ),
    ("not withdrawn", lambda h: without_withdrawal(h, ANN), "the withdrawal of names .* is lost: it is never begun"),
    (
        "while it is being sent",
        lambda h: move_first_line(h, withdrawal(MEDIA), "delivery.claimed", MEDIA),
        "was claimed while the release was being sent there",
    ),
    (
        "in doubt, and nobody is told",
        lambda h: rename(h, max(n for n, one in enumerate(h.lines) if "delivered" in one.event), "delivery.in_doubt"),
        "is lost: it is in_doubt, and nobody is told",
    ),
    (
        "scheduled again",
        lambda h: h.lines.append(dataclasses.replace(h.lines[0], at=h.lines[-1].at)),
        "names was scheduled, and it had been withdrawn for good",
    ),
]


@pytest.mark.parametrize(("wrong", "words"), [one[1:] for one in WRONG_AFTER], ids=[one[0] for one in WRONG_AFTER])
def test_each_wrong_about_a_withdrawal_is_found(wrong: Callable[[History], Any], words: str) -> None:
    made = killed()
    assert made.find(approvals=2) == []
    wrong(made)
    found = made.find(approvals=2)
    assert any(re.search(words, sentence) for sentence in found), found


def test_a_withdrawal_from_somebody_who_never_had_it_is_found() -> None:
    found = killed(MEDIA, ANN, BOB, EVE).find(approvals=2)
    assert any("was claimed, and nobody there has anything or may have" in one for one in found), found
    assert any("arrived, and the release never had" in one for one in found), found


# -- a release that is corrected: whoever has it gets the next version, and no older one after it --------------------

SECOND = "w" * 64


def correction(place: Place, action: str = "correct") -> Place:
    return ("names", SECOND, *place[2:], "2", action)


def corrected(action: str = "correct") -> History:
    """It was out, is corrected, approved again, and sent to each of its readers."""
    made, second = good(), timedelta(seconds=1)
    made.add(
        "release.corrected",
        KILL,
        "names",
        SECOND,
        n=2,
        note="A name was wrong.",
        why="",
        lift=None,
        local="",
        embargo="9 a.m.",
        outlets=["media", "mail"],
        recipients={"media": digest_of([""]), "mail": digest_of([ANN[3], BOB[3]])},
        deliveries=3,
    )
    made.add("release.approved", KILL + second, "names", SECOND, by="da")
    made.add("release.approved", KILL + second, "names", SECOND, by="deputy")
    lift = {"before": None, "lift": f"{KILL + second:%Y-%m-%dT%H:%M:%SZ}", "local": "", "why": ""}
    made.add("release.lift_moved", KILL + second, "names", SECOND, **lift)
    for reader in (MEDIA, ANN, BOB):
        newer = correction(reader, action)
        made.of(newer, "claimed", KILL + 2 * second, attempt=1)
        made.of(newer, "delivered", KILL + 3 * second, attempt=1, late_ms=0, url=None, remote_id="x")
        made.arrivals.append(Arrival(KILL + 2.5 * second, newer[2], key_of(newer), recipient=newer[3], digest="two"))
    made.add("release.published", KILL + 3 * second, "names", SECOND)
    return made


def test_a_good_correction_passes() -> None:
    assert corrected().find(approvals=2) == []


def test_each_wrong_about_a_correction_is_found() -> None:
    wrong = corrected("publish").find(approvals=2)
    assert any("as a first publication, and its reader has an older version" in one for one in wrong), wrong
    late = corrected()
    move_arrival(late, 2, KILL + timedelta(seconds=9))
    assert any("arrived, and an older version did after it" in one for one in late.find(approvals=2))
    older = corrected()
    older.of(ANN, "claimed", KILL + timedelta(seconds=4), attempt=2)
    assert any("was claimed, and another version is scheduled" in one for one in older.find(approvals=2))
    unapproved = corrected()
    del unapproved.lines[unapproved.where("release.corrected") + 1]
    assert any("was claimed with 1 of 2 approvals" in one for one in unapproved.find(approvals=2))
    lost = corrected()
    lost.lines = [one for one in lost.lines if one.place != (*correction(ANN)[:5], "")]
    lost.lines.pop()
    lost.arrivals = [one for one in lost.arrivals if one.key != key_of(correction(ANN))]
    assert any("1 of 3 deliveries of names are lost: never begun" in one for one in lost.find(approvals=2))


# -- somebody who changes the journal: the chain breaks ------------------------------------------------------------

lines_of_it = st.integers(0, 14)


@given(n=lines_of_it, column=st.sampled_from("at actor host event slug version detail prev hash".split()))
def test_a_field_changed_is_found(n: int, column: str) -> None:
    lines = good().chained()
    value = getattr(lines[n], column)
    lines[n] = dataclasses.replace(lines[n], **{column: value + 1 if column == "at" else value + " "})
    assert any("changed after it was written" in one for one in good().find(lines))


@given(n=st.integers(0, 13))
def test_a_line_taken_out_is_found(n: int) -> None:
    lines = good().chained()
    del lines[n]
    assert f"line {n + 2}: line {n + 1} is missing" in good().find(lines)


@given(n=lines_of_it, other=lines_of_it)
def test_lines_that_changed_places_are_found(n: int, other: int) -> None:
    lines = good().chained()
    lines[n], lines[other] = lines[other], lines[n]
    assert (n == other) == (not any("is missing" in one for one in good().find(lines)))


@given(n=st.integers(0, 3), by=st.integers(1, 10**9))
def test_an_arrival_before_its_lift_is_found(n: int, by: int) -> None:
    made = good()
    move_arrival(made, n, LIFT - timedelta(microseconds=by))
    assert any("before any claim" in one or "EARLY" in one for one in made.find())


@given(n=st.integers(0, 3), times=st.integers(2, 4))
def test_an_arrival_more_than_claimed_is_found(n: int, times: int) -> None:
    made = good()
    made.arrivals += [made.arrivals[n]] * times
    assert any("times" in one for one in made.find())


@given(n=lines_of_it.filter(lambda n: n not in {3, 4, 9, 13, 14}))
def test_a_line_never_written_is_found(n: int) -> None:
    """All but a hold that was let go, and what came of a doubt: without those, less happened, and nothing wrong."""
    made = good()
    del made.lines[n]
    assert made.find(approvals=2)


# -- the page ------------------------------------------------------------------------------------------------------


def written_by(folder: Path) -> dict[str, set[str]]:
    """Every event that the program's source names in full where it writes to the journal, with its fields."""
    found: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            where = {"note": 0, "note_of": 1}.get(node.func.attr)
            if where is None or len(node.args) <= where:
                continue
            name = node.args[where]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                fields = {one.arg for one in node.keywords if one.arg}
                found.setdefault(name.value, set()).update(fields)
    return found


def test_the_page_has_every_event_that_the_program_writes_and_every_field() -> None:
    written = written_by(Path(__file__).parents[2] / "pressrelease")
    assert len(written) > 20, "the program writes its journal in some other way now"
    for name, fields in written.items():
        assert fields <= documented().get(name, frozenset()), name
    # These are put together where they are written; what really is in a journal is asked of every journal audited.
    by_variable = {
        "release.held", "release.resumed", "delivery.delivered", "delivery.failed", "delivery.retrying",
        "delivery.retried", "delivery.settled", "delivery.unsettled", "restored", "adopted",
        "scheduler.started",
    }  # fmt: skip
    assert set(documented()) - set(written) == by_variable


def test_what_the_command_prints_is_the_table(tmp_path: Path) -> None:
    with receiving() as receiver:
        office = found_office(tmp_path / "office", receiver)
        office.write("names")
        office.run("schedule", "names", "--yes")
        office.run("approve", "names", "--as", "Renée Doe")
        office.run("publish-due")
        printed = read_printed(office.run("journal", "--json").stdout.splitlines())
        assert printed == read_journal(office.folder)
        seen = audit_office(office, receiver, at_least={"arrivals": 2, "delivery.claimed": 2, "release.published": 1})
        assert seen["lines"] == len(printed)
        arrivals = [*pages(office.folder), *requests(receiver)]
        early = [dataclasses.replace(one, at=one.at - timedelta(hours=1)) for one in arrivals]
        found, _ = findings(printed, early, {"newsroom": True, "media": True})
        assert sum("before any claim" in one for one in found) == 2
