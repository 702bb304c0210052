"""What differs between two versions: every word, and nothing that doesn't."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pressrelease.release import Attachment, Contact, Release, digests_of, version_of
from pressrelease.release.difference import (
    AttachmentChange,
    Covered,
    LiftChange,
    RecipientChange,
    ValueChange,
    difference,
)
from pressrelease.release.word_changes import MOST_LINES, MOST_PLACES, MOST_WORDS, PieceKind, text_changes
from releases import OTHERWISE

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
RELEASE = Release(
    "names-released",
    "Names released",
    "the week of 9/24",
    "The names.",
    attachments=(Attachment("sheet.pdf", "Sheet"), Attachment("map.pdf")),
)
SETTINGS: dict[str, Any] = {
    "format": 1,
    "office": {"name": "The Office", "contact": {"phone": "530-555-0100"}},
    "policy": {"approvals": 2},
    "outlets": {"newsroom": {"type": "newsroom"}, "media": {"type": "email", "from": "press@example.org"}},
}
COVERED = Covered(
    "v1",
    RELEASE,
    LIFT,
    "2018-09-24T09:00:00[America/Los_Angeles]",
    {"newsroom": frozenset({""}), "media": frozenset({"a@example.org", "b@example.org"})},
    {"sheet.pdf": "aa", "map.pdf": "bb"},
    SETTINGS,
)


def name_of(covered: Covered) -> str:
    """The version that these are approved as."""
    return version_of(
        covered.release,
        attachment_hashes=covered.attachments,
        lift=covered.lift,
        outlets=list(covered.recipients),
        wall=covered.wall,
        recipients=digests_of(covered.recipients),
        settings=repr(covered.settings),
    )


def with_settings(**tables: Any) -> Covered:
    return COVERED._replace(settings={**SETTINGS, **tables})


MEDIA = {"media": {"type": "email", "from": "x@example.org"}, "newsroom": {"type": "newsroom"}}
CHANGES: dict[str, tuple[Covered, dict[str, Any]]] = {
    "an earlier lift": (
        COVERED._replace(lift=LIFT - timedelta(days=1)),
        {"lift": LiftChange(LIFT, LIFT - timedelta(days=1))},
    ),
    "its wall time alone": (COVERED._replace(wall=""), {"lift": LiftChange(LIFT, LIFT)}),
    "with its last approval": (COVERED._replace(lift=None, wall=""), {"lift": LiftChange(LIFT, None)}),
    "a longer list": (
        COVERED._replace(recipients=COVERED.recipients | {"media": frozenset({"a@example.org", "c@example.org"})}),
        {"recipients": (RecipientChange("media", "changed", ("c@example.org",), ("b@example.org",)),)},
    ),
    "another outlet": (
        COVERED._replace(
            recipients=COVERED.recipients | {"site": frozenset({""})},
            release=RELEASE._replace(outlets=("newsroom", "media", "site")),
            settings={**SETTINGS, "outlets": {**SETTINGS["outlets"], "site": {"type": "wordpress"}}},
        ),
        {"recipients": (RecipientChange("site", "added", (), ()),)},
    ),
    "an outlet less": (
        COVERED._replace(recipients={"newsroom": frozenset({""})}),
        {"recipients": (RecipientChange("media", "removed", (), ("a@example.org", "b@example.org")),)},
    ),
    "another headline": (
        COVERED._replace(release=RELEASE._replace(headline="Names withheld", contact=Contact("Press", "555"))),
        {
            "values": (
                ValueChange("headline", "Names released", "Names withheld"),
                ValueChange("contact", "", "Press, 555"),
            )
        },
    ),
    "something accepted": (
        COVERED._replace(release=RELEASE._replace(accept=(("minor", "of age"),))),
        {"values": (ValueChange("accept", "", "minor: of age"),)},
    ),
    "another day and kind": (
        COVERED._replace(release=RELEASE._replace(date=date(2018, 9, 19), keywords=("one", "two"))),
        {"values": (ValueChange("date", "", "2018-09-19"), ValueChange("keywords", "", "one, two"))},
    ),
    "other bytes": (
        COVERED._replace(attachments={"sheet.pdf": "aa", "map.pdf": "cc"}),
        {"attachments": (AttachmentChange("map.pdf", "changed"),)},
    ),
    "another file": (
        COVERED._replace(
            attachments={"map.pdf": "bb", "photo.jpg": "dd"},
            release=RELEASE._replace(attachments=(Attachment("map.pdf", "The map"), Attachment("photo.jpg"))),
        ),
        {
            "attachments": (
                AttachmentChange("photo.jpg", "added"),
                AttachmentChange("sheet.pdf", "removed"),
                AttachmentChange("map.pdf", "described"),
            )
        },
    ),
    "another order of files": (
        COVERED._replace(release=RELEASE._replace(attachments=RELEASE.attachments[::-1])),
        {"values": (ValueChange("attachments", "sheet.pdf, Sheet, map.pdf", "map.pdf, sheet.pdf, Sheet"),)},
    ),
    "a weaker policy": (
        with_settings(policy={"approvals": 1}),
        {"config": (ValueChange("[policy] approvals", "2", "1"),)},
    ),
    "another sender": (
        with_settings(outlets=MEDIA),
        {"config": (ValueChange("[outlets.media] from", "press@example.org", "x@example.org"),)},
    ),
    "a key that an older program did not freeze": (
        with_settings(office={**SETTINGS["office"], "language": "es"}),
        {"config": (ValueChange("[office] language", "", "es"),)},
    ),
    "a config that an older program did not freeze": (
        COVERED._replace(settings={}),
        {"config": (ValueChange("config.toml", "recorded", "not recorded"),)},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_what_is_said(name: str) -> None:
    after, expected = CHANGES[name]
    assert name_of(after) != name_of(COVERED)
    found = difference(COVERED, after)
    assert {part: value for part, value in found._asdict().items() if value} == expected


@pytest.mark.parametrize("field", Release._fields)
def test_no_other_version_has_an_empty_difference(field: str) -> None:
    if field not in OTHERWISE or field == "slug":
        return
    after = COVERED._replace(release=RELEASE._replace(**{field: OTHERWISE[field]}))
    assert name_of(after) != name_of(COVERED)
    assert not difference(COVERED, after).is_empty


def test_the_same_version_has_none() -> None:
    assert difference(COVERED, COVERED._replace(version="v2")).is_empty


# --- Words ---------------------------------------------------------------------------------------------------------

texts = st.lists(st.sampled_from(["He", "was", "charged.", "  ", "\n", "\n\n", "-", "[-x-]", "\t"]), max_size=40).map(
    " ".join
) | st.text(st.sampled_from("ab \n"), max_size=60)


@given(texts, texts)
@example("", "The names.")
@example("The names.", "")
@example("a", "a\n\nb")
@example("x\n" * 3, "y\n" * 3)
def test_both_texts_are_in_what_is_said(before: str, after: str) -> None:
    before, after = before.strip("\n"), after.strip("\n")
    changes = text_changes(before, after)
    assert bool(changes) is (before != after)
    if before and after:
        rebuilt = after.split("\n")
        for change in reversed(changes):
            new = "".join(piece.text for piece in change.pieces if piece.kind is not PieceKind.REMOVED)
            old = "".join(piece.text for piece in change.pieces if piece.kind is not PieceKind.ADDED)
            first = change.line - 1
            assert "".join(f"{line}\n" for line in rebuilt[first : first + new.count("\n")]) == new
            rebuilt[first : first + new.count("\n")] = old.split("\n")[:-1]
        assert "\n".join(rebuilt) == before
    for change in changes:
        assert all(piece.text for piece in change.pieces)
        assert any(piece.kind is not PieceKind.SAME for piece in change.pieces)


def test_only_the_words_that_differ_are_marked() -> None:
    (change,) = text_changes("One.\n\nHe is 17, of Lincoln.\n\nEnd.", "One.\n\nHe is 18, of Lincoln.\n\nEnd.")
    assert (change.line, change.removed, change.added) == (3, 1, 1)
    assert [tuple(piece) for piece in change.pieces] == [
        (PieceKind.SAME, "He is "),
        (PieceKind.REMOVED, "17, "),
        (PieceKind.ADDED, "18, "),
        (PieceKind.SAME, "of Lincoln.\n"),
    ]


HUGE = {
    "every line is another": (range, lambda n: range(n, 2 * n), "w{}\n", 120_000),
    "one line, over and over": (lambda n: [0] * n, lambda n: [1, *[0] * n, 1], "{}\n", 400_000),
    "two lines, shuffled": (
        lambda n: [number * number % 7 % 2 for number in range(n)],
        lambda n: [number % 3 % 2 for number in range(n)],
        "{}\n",
        400_000,
    ),
    "one long line": (
        lambda n: [number * number % 11 % 3 for number in range(n)],
        lambda n: [number % 5 % 3 for number in range(n)],
        "{} ",
        400_000,
    ),
}


@pytest.mark.parametrize("part", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("case", HUGE)
@pytest.mark.timeout(30)
def test_a_huge_difference_is_still_said(case: str, part: int) -> None:
    *sides, piece, size = HUGE[case]
    before, after = ("".join(map(piece.format, side(size // part))).strip() for side in sides)
    changes = text_changes(before, after)
    assert changes
    assert sum(change.added for change in changes) >= 2


def test_many_changed_places_are_all_said() -> None:
    before = "\n\n".join(f"The number {n} is {n * 7}." for n in range(MOST_PLACES * 3))
    after = "\n\n".join(f"The number {n} is {n * 9}." for n in range(MOST_PLACES * 3))
    assert sum(change.removed > 0 for change in text_changes(before, after)) == MOST_PLACES * 3 - 1
    assert MOST_LINES > MOST_PLACES > 0 < MOST_WORDS
