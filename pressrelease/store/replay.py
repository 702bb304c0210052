"""Replay journal lines into what the record of a release should be. Pure.

A release's row, its approvals and its deliveries' recipients can be edited by somebody who can write the database. The
journal's lines can't be edited one at a time without breaking their chain. So the two are compared: by the claim, just
before the first byte, in `status`, and in `journal --verify`. Every function that changes a release's row must write a
line that `after` understands.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from pressrelease.status.dossier import same_person
from pressrelease.store.journal import Line, is_unchanged
from pressrelease.store.rows import Row, to_micros


class ReplayedApproval(NamedTuple):
    """An approval that counts until it is withdrawn; `at` is whole microseconds of UTC."""

    by: str
    at: int


class ReplayedClearance(NamedTuple):
    """A clearance and the last answer to it; times are whole microseconds of UTC, None if nobody answered."""

    name: str
    state: str = "missing"
    by: str | None = None
    at: int | None = None
    until: int | None = None


class ReplayedRelease(NamedTuple):
    """What a release's row should say. Times are whole microseconds of UTC.

    None in `outlets`, `recipients`, `source_hash`, `author` and `scheduled_by` means that the line was written by an
    earlier program, which did not record it.
    """

    version: str
    word: str
    lift: int | None
    wall: str
    late_accepted_at: int | None
    outlets: frozenset[str] | None
    recipients: Mapping[str, str] | None
    source_hash: str | None
    author: str | None
    scheduled_by: str | None
    approvals: tuple[ReplayedApproval, ...] = ()
    clearances: Mapping[str, ReplayedClearance] = MappingProxyType({})
    event_group: str = ""
    #: The version whose event a person has lifted, "" for none.
    lifted: str = ""
    #: The number of the version, and the public note on it or on the withdrawal.
    n: int = 1
    note: str = ""
    #: What the newest correction came after, to which the release returns if it is taken back.
    before: "ReplayedRelease | None" = None
    altered: int = 0  # the first line whose own hash is wrong


#: Lines that change only a release's directive. Every `release.` line not handled in `after` changes nothing in its
#: row.
_WORDS = {
    "release.held": "held",
    "release.resumed": "scheduled",
    "release.dismissed": "dismissed",
}

#: Lines that answer a clearance, and what it is after them.
_ANSWERS = {"release.cleared": "given", "release.clearance_refused": "refused"}


def replay(lines: Iterable[Line]) -> ReplayedRelease | None:
    """Return what a release's row should say after these lines of its own; None for a draft."""
    expected: ReplayedRelease | None = None
    for line in lines:
        expected = after(expected, line)
        if expected is not None and not expected.altered and not is_unchanged(line):
            expected = expected._replace(altered=line.n)
    return expected


def after(expected: ReplayedRelease | None, line: Line) -> ReplayedRelease | None:
    """Return what a release's row should say after one more line of its own."""
    event = line.event
    if event == "release.scheduled":
        return _scheduled(line, detail_of(line))
    if expected is None or event == "release.unscheduled":
        return None
    if event == "release.corrected":
        detail = detail_of(line)
        return _scheduled(line, detail)._replace(
            n=_number(detail.get("n")), note=_text(detail.get("note")), before=expected, word=expected.word
        )
    if event == "release.correction_dropped":
        return expected.before._replace(word=expected.word) if expected.before is not None else None
    if event == "release.killed":
        return expected._replace(word="killed", note=_text(detail_of(line).get("note")))
    if event in _WORDS:
        return expected._replace(word=_WORDS[event])
    if event == "release.approved":
        detail = detail_of(line)
        by = str(detail.get("by", ""))
        # A signature replaces an earlier approval by the same person.
        kept = [one for one in expected.approvals if not detail.get("signed") or same_person(one.by) != same_person(by)]
        return expected._replace(approvals=(*kept, ReplayedApproval(by, line.at)))
    if event == "release.lifted":
        return expected._replace(lifted=line.version)
    if event in _ANSWERS:
        detail = detail_of(line)
        name = _text(detail.get("clearance"))
        answer = ReplayedClearance(
            name, _ANSWERS[event], _text(detail.get("by")), line.at, _micros(detail.get("until"))
        )
        return expected._replace(clearances={**expected.clearances, name: answer})
    if event == "release.unapproved":
        return expected._replace(approvals=())
    if event == "release.lift_moved":
        detail = detail_of(line)
        return expected._replace(
            lift=_micros(detail.get("lift")), wall=_text(detail.get("wall")), late_accepted_at=None
        )
    if event == "release.zone_rules_changed":
        return expected._replace(lift=_micros(detail_of(line).get("lift")), late_accepted_at=None)
    if event == "release.late_accepted":
        return expected._replace(late_accepted_at=line.at)
    return expected


def _scheduled(line: Line, detail: Mapping[str, Any]) -> ReplayedRelease:
    outlets, recipients = detail.get("outlets"), detail.get("recipients")
    return ReplayedRelease(
        version=line.version,
        word="scheduled",
        lift=_micros(detail.get("lift")),
        wall=_text(detail.get("wall")),
        late_accepted_at=None,
        outlets=frozenset(map(str, outlets)) if isinstance(outlets, list) else None,
        recipients=recipients if isinstance(recipients, dict) else None,
        source_hash=detail.get("source"),
        author=detail.get("author"),
        scheduled_by=detail.get("by"),
        event_group=_text(detail.get("event_group")),
        clearances={str(name): ReplayedClearance(str(name)) for name in detail.get("clearances") or ()},
    )


def row_differs(expected: ReplayedRelease | None, row: Row, approvals: Sequence[ReplayedApproval]) -> str:
    """Return how a release's row and its approvals differ from the journal, in words; "" if they agree.

    `row` has the columns of `releases`; `approvals` are those of its version that nobody withdrew.
    """
    if expected is None:
        return "the journal says that it is a draft"
    if expected.altered:
        return f"line {expected.altered} of the journal was changed after it was written"
    if row["version"] != expected.version:
        return "the journal has another version"
    if row["lift"] != expected.lift or (row["wall"] or "") != expected.wall:
        return f"the journal says that it goes out {_when(expected.lift)}"
    if row["word"] != expected.word:
        return f"the journal says that it is {expected.word}"
    if expected.outlets is not None and expected.outlets != frozenset(json.loads(row["outlets"])):
        return f"the journal says that it goes to {', '.join(sorted(expected.outlets))}"
    if sorted(approvals) != sorted(expected.approvals):
        names = ", ".join(sorted({one.by for one in expected.approvals})) or "nobody"
        return f"the journal says that {names} approved it"
    if row["n"] != expected.n or (row["note"] or "") != expected.note:
        return "the journal has another correction or note"
    if (row["event_group"] or "") != expected.event_group:
        return "the journal says that it waits for another event"
    if (row["lifted"] == f"{row['slug']} {row['version']}") != (expected.lifted == expected.version):
        return f"the journal says that its event was {'' if expected.lifted else 'not '}lifted"
    if row["late_accepted_at"] != expected.late_accepted_at:
        return "the journal has another limit for how late it may go out"
    for name, recorded in (
        ("source_hash", expected.source_hash),
        ("author", expected.author),
        ("scheduled_by", expected.scheduled_by),
    ):
        if recorded is not None and row[name] != recorded:
            return f"the journal has another {name.replace('_', ' ')}"
    return ""


def clearances_differ(expected: ReplayedRelease, rows: Sequence[Row]) -> str:
    """Return how the clearances of a release's version differ from the journal, in words; "" if they agree.

    `rows` have the columns of `clearances`.
    """
    found = {row["name"]: row for row in rows}
    for name in sorted(set(expected.clearances) | set(found)):
        row, one = found.get(name), expected.clearances.get(name)
        if row is None:
            return f"the journal says that it needs the clearance {name}"
        if one is None:
            return f"the journal knows of no clearance {name}"
        if ReplayedClearance(name, row["state"], row["by"], row["at"], row["until"]) != one:
            return f"the journal says that the clearance {name} is {one.state}" + (f" by {one.by}" if one.by else "")
        if row["by"] is not None and row["person"] != same_person(row["by"]):
            return f"the clearance {name} is recorded under two names"
    return ""


def detail_of(line: Line) -> dict[str, Any]:
    """Return a line's detail; empty if it can't be read."""
    try:
        found = json.loads(line.detail)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _micros(recorded: object) -> int | None:
    """Return a line's time in whole microseconds; None for none, -1 for one that can't be read."""
    if recorded is None:
        return None
    try:
        return to_micros(datetime.fromisoformat(str(recorded)))
    except (ValueError, TypeError):
        return -1


def _when(micros: int | None) -> str:
    if micros is None:
        return "with its last approval"
    try:
        return f"at {datetime.fromtimestamp(micros // 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "at a time that can't be read"
