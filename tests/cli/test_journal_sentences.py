"""`journal` reads as sentences: one for every event that the program writes."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import pressrelease
from pressrelease.cli.journal_sentences import SENTENCES, journal_sentence
from pressrelease.store.journal import Line

ZONE = "America/Los_Angeles"
AT = 1_796_058_000_000_000  # Monday, Nov. 30, 2026, 17:00 UTC

#: Events whose name is put together where they are written.
BY_STATE = {f"delivery.{state}" for state in ("delivered", "failed", "retrying", "in_doubt", "late_answer")}


def written() -> set[str]:
    """The name of every event that the program's source names in full where it writes to the journal."""
    found = set(BY_STATE)
    for path in Path(pressrelease.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                where = {"note": 0, "note_of": 1, "_note": 0}.get(node.func.attr)
                name = node.args[where] if where is not None and len(node.args) > where else None
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    found.add(name.value)
    return found


def documented() -> set[str]:
    """Every event in the table of docs/reference/journal.md."""
    page = (Path(pressrelease.__file__).parent.parent / "docs" / "reference" / "journal.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1] for row in page.splitlines() if row.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", row)}


def line(event: str, slug: str = "names", **detail: object) -> Line:
    return Line(4, AT, "da", "vm", event, slug, "3fa2c1d09b77aa", json.dumps(detail), "", "")


def test_every_event_has_a_sentence() -> None:
    names = written()
    assert len(names) > 25, "the program writes its journal in some other way now"
    assert not names - set(SENTENCES)


def test_every_event_of_the_page_has_a_sentence() -> None:
    fields = {"n", "at", "actor", "host", "event", "slug", "version", "detail", "prev", "hash"}
    names = documented() - fields
    assert len(names) > 25
    assert not names - set(SENTENCES)


@pytest.mark.parametrize("event", sorted(SENTENCES))
def test_a_sentence_names_no_event_and_ends(event: str) -> None:
    for detail in ({}, {"outlet": "media", "recipient": "jane@paper.example", "why": "a call.", "by": "deputy"}):
        said = journal_sentence(line(event, **detail), timezone=ZONE)
        assert said.startswith("4  Monday, Nov. 30, 9:00:00 a.m. PST (2026-11-30T17:00:00Z): names: ")
        assert said.endswith(".")
        assert not said.endswith("..")
        words = said.partition("): names: ")[2]
        assert "." not in event or event not in words
        assert "_" not in words
        assert "{" not in words


@pytest.mark.parametrize(
    ("event", "detail", "words"),
    [
        (
            "delivery.delivered",
            {"outlet": "media", "recipient": "", "attempt": 1, "late_ms": 212},
            "media accepted it, 0.2 s after its time.",
        ),
        ("delivery.delivered", {"outlet": "media", "late_ms": 3}, "media accepted it, on time."),
        (
            "delivery.in_doubt",
            {"outlet": "media", "recipient": "jane@paper.example", "error": "no answer", "again": False},
            "It is not certain that media (jane@paper.example) got it: no answer. Someone must check.",
        ),
        (
            "release.scheduled",
            {"lift": "2026-12-07T17:00:00Z", "outlets": ["newsroom", "media"], "embargo": "Monday", "by": "press"},
            "press scheduled version 3fa2c1d09b77 to go out Monday, Dec. 7, 2026, 9 a.m. PST to newsroom, media;"
            " its embargo: Monday.",
        ),
        (
            "release.lift_moved",
            {"before": "2026-12-07T17:00:00Z", "lift": "2026-12-08T17:00:00Z", "why": "the judge asked"},
            "da moved it from Monday, Dec. 7, 2026, 9 a.m. PST to Tuesday, Dec. 8, 2026, 9 a.m. PST: the judge asked.",
        ),
        ("release.approved", {"by": "deputy"}, "deputy approved version 3fa2c1d09b77 (entered by da)."),
        ("release.published", {}, "It is published; every delivery is done."),
        ("release.published", {"n": 2}, "The correction is out; every delivery is done."),
        ("release.held", {"why": "wrong name"}, "da put it on hold: wrong name."),
        ("delivery.settled", {"outlet": "media", "settled": "sent"}, "da says that media got it."),
        (
            "release.corrected",
            {"n": 2, "note": "It is Ann Doe."},
            "da corrected it; version 3fa2c1d09b77 goes out as soon as it is approved, with the note: It is Ann Doe.",
        ),
        ("release.killed", {"why": "wrong person", "note": ""}, "da withdrew it: wrong person."),
        (
            "delivery.delivered",
            {"outlet": "media", "n": 1, "action": "withdraw", "url": None},
            "Withdrawal: media accepted it.",
        ),
    ],
)
def test_sentences(event: str, detail: dict[str, object], words: str) -> None:
    assert journal_sentence(line(event, **detail), timezone=ZONE, named=False).endswith(f"Z): {words}")


def test_an_event_of_a_newer_program_is_shown_by_its_name() -> None:
    said = journal_sentence(line("release.translated", note="a name"), timezone=ZONE)
    assert said.endswith('names: da: release.translated {"note": "a name"}')


def test_what_somebody_typed_stays_on_the_line() -> None:
    assert "\n" not in journal_sentence(line("release.held", why="a\n5  da stopped everything"), timezone=ZONE)
