"""What is written is what is read, what is frozen is what is thawed, and a version names exactly that."""

from __future__ import annotations

import contextlib
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pressrelease.errors import ReleaseRefused, StateUnreadable
from pressrelease.release import (
    Attachment,
    Contact,
    Release,
    ReleaseKind,
    canonical,
    from_canonical,
    front_matter_text,
    parse,
    valid_slug,
    version_of,
)
from pressrelease.release.paths import attachment_path
from pressrelease.release.text import MOST_MARKS, forbidden_in
from releases import OTHERWISE

#: What YAML reads as something else, or as its own.
YAML_TRAPS = (
    *("9:00", "010", "0x1F", "1e3", "1_000", "-1", "+1", ".5", "12:30:45", "2018-09-19", "2018-09-19T09:00:00Z"),
    *("no", "Yes", "on", "OFF", "true", "False", "y", "null", "Null", "~", ".inf", ".nan", "<<", "="),
    *("a: b", "a:", ": a", "a :b", "#x", "a #b", "a# b", "Case #12", "- x", "-x", "? x", "?", "[a]", "[[x]]", "{a: b}"),
    *("*a", "&a", "!x", "!!str x", "%x", "@x", "`x`", "'x'", "it's", '"x"', 'say "x"', "a\\nb", "\\", "|", ">", "|-"),
    *("---", "--- x", "...", "a,b", ",", "]", "}", "“quoted”", "§ 293", "½", "ß", "\u00a0x", "x\u3000", "é", "🕘"),
)


def _settled(text: str) -> bool:
    return (
        not forbidden_in(text)
        and text == unicodedata.normalize("NFC", text).strip(" \t\n")
        and sum(map(bool, map(unicodedata.combining, text))) <= MOST_MARKS
    )


lines = st.one_of(
    st.sampled_from(YAML_TRAPS),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60)
    .map(lambda text: unicodedata.normalize("NFC", text).strip())
    .filter(bool),
).filter(_settled)
paragraphs = st.lists(st.one_of(lines, st.just("")), max_size=8).map("\n".join).map(str.strip)
notes = st.lists(st.one_of(lines, st.just(""), lines.map("  {}".format)), max_size=5).map("\n".join).filter(_settled)
some_slugs = st.from_regex(r"[a-z0-9-]{1,80}", fullmatch=True).filter(valid_slug)
names = st.lists(lines, max_size=4, unique=True).map(tuple)


def _takes(path: str) -> bool:
    try:
        return attachment_path(path, line=1) == path
    except ReleaseRefused:
        return False


paths = st.one_of(
    st.from_regex(r"[a-z0-9][a-zA-Z0-9 _-]{0,20}\.(pdf|jpg|docx)", fullmatch=True),
    st.lists(lines, min_size=1, max_size=3).map("/".join),
).filter(lambda path: _takes(path) and _settled(path))
attachments = st.lists(
    st.builds(
        Attachment, path=paths, title=lines | st.just(""), alt=lines | st.just(""), remove_at=lines | st.just("")
    ),
    max_size=3,
    unique_by=lambda attachment: attachment.path.casefold(),
).map(tuple)
contacts = st.none() | st.builds(
    Contact, name=lines | st.just(""), phone=lines | st.just(""), email=lines | st.just("")
).filter(lambda contact: contact != Contact())

accepts = st.lists(
    st.tuples(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), lines), max_size=3, unique_by=lambda one: one[0]
).map(tuple)

givens = st.fixed_dictionaries(
    {"headline": lines, "embargo": lines},
    optional={
        "date": st.dates(date(1900, 1, 1), date(2199, 12, 31)),
        "subhead": lines,
        "dateline": lines,
        "kind": st.sampled_from(ReleaseKind),
        "follows": some_slugs,
        "outlets": names.filter(bool),
        "author": lines,
        "contact": contacts,
        "keywords": names,
        "attachments": attachments,
        "editor_note": notes,
        "accept": accepts,
        "clearances": names,
        "not_before": lines,
        "no_later_than": lines,
        "alternates": some_slugs,
        "case": lines,
        "remove_at": lines,
        "body": paragraphs,
    },
)
releases = givens.map(lambda given_values: Release(slug="a-slug", **{"body": "", **given_values}))


@given(givens)
def test_a_release_file_reads_back_as_what_was_given(values: dict[str, Any]) -> None:
    release = parse(front_matter_text(**values).encode(), "a-slug")
    for key, value in values.items():
        assert getattr(release, key) == value, key
    untouched = Release("a-slug", "", "", "")
    for name in Release._fields:
        if name not in {*values, "slug", "lines", "body_line", "source_hash", "body"}:
            assert getattr(release, name) == getattr(untouched, name), name


@given(givens)
def test_every_key_is_found_on_its_line(values: dict[str, Any]) -> None:
    text = front_matter_text(**values)
    release = parse(text.encode(), "a-slug")
    file = text.split("\n")
    for key, line in release.lines:
        word = key.partition(".")[2] if key.startswith(("contact.", "accept.")) else key
        assert (f"{word}:" if not key.startswith("attachments.") else "- path:") in file[line - 1]
    if release.body:
        assert file[release.body_line - 1] == release.body.split("\n")[0]


@given(givens, st.sampled_from(["\r\n", "\r"]), st.booleans())
def test_line_ends_and_a_byte_order_mark_make_no_other_release(values: dict[str, Any], end: str, mark: bool) -> None:
    text = front_matter_text(**values)
    plain = parse(text.encode(), "a-slug")
    other = parse(text.replace("\n", end).encode("utf-8-sig" if mark else "utf-8"), "a-slug")
    assert other._replace(source_hash=plain.source_hash) == plain
    assert other.source_hash != plain.source_hash


@given(releases)
def test_a_frozen_release_is_thawed_as_it_was(release: Release) -> None:
    frozen = canonical(release)
    assert from_canonical(frozen) == release
    assert canonical(from_canonical(frozen)) == frozen


@given(releases, releases)
def test_two_releases_freeze_alike_only_if_they_are(one: Release, other: Release) -> None:
    assert (canonical(one) == canonical(other)) is (one == other)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_is_no_frozen_release_is_refused(data: bytes) -> None:
    with pytest.raises(StateUnreadable, match="It was not sent"):
        from_canonical(data)


@given(releases, st.data())
def test_a_damaged_frozen_release_is_thawed_or_refused(release: Release, data: st.DataObject) -> None:
    frozen = bytearray(canonical(release))
    at = data.draw(st.integers(0, len(frozen) - 1))
    frozen[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(StateUnreadable):
        assert isinstance(from_canonical(bytes(frozen)), Release)


LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
HASHES = {"sheet.pdf": "aa"}
BASE = Release(
    "names-released",
    "Names released",
    "the week of 9/24",
    "The names.",
    attachments=(Attachment("sheet.pdf", "Sheet", ""),),
)

OF_THE_FILE: dict[str, Any] = {"lines": (("headline", 7),), "body_line": 9, "source_hash": "ab"}


def _version(release: Release = BASE, **changed: Any) -> str:
    given_values = {"attachment_hashes": HASHES, "lift": LIFT, "outlets": ["media", "newsroom"], **changed}
    return version_of(release, **given_values)


@pytest.mark.parametrize("field", Release._fields)
def test_the_version_changes_with_all_that_is_published_or_addressed_and_nothing_else(field: str) -> None:
    if field in OF_THE_FILE:
        assert _version(BASE._replace(**{field: OF_THE_FILE[field]})) == _version()
    else:
        assert _version(BASE._replace(**{field: OTHERWISE[field]})) != _version()


@pytest.mark.parametrize(
    "changed",
    [
        {"attachment_hashes": {"sheet.pdf": "ab"}},
        {"attachment_hashes": {"Sheet.pdf": "aa"}},
        {"attachment_hashes": {}},
        {"lift": None},
        {"lift": LIFT + timedelta(microseconds=1)},
        {"outlets": ["media"]},
        {"outlets": []},
        {"recipients": {"media": "aa"}},
    ],
)
def test_the_version_changes_with_bytes_lift_and_outlets(changed: dict[str, Any]) -> None:
    assert _version(**changed) != _version()


@given(st.permutations(["media", "newsroom", "media"]), st.integers(-14 * 60, 14 * 60))
def test_the_version_does_not_depend_on_order_or_on_the_zone_of_writing(outlets: list[str], minutes: int) -> None:
    elsewhere = LIFT.astimezone(timezone(timedelta(minutes=minutes)))
    assert _version(outlets=outlets, lift=elsewhere) == _version()
    assert len(_version()) == 64


def test_a_lift_without_a_zone_is_no_lift() -> None:
    with pytest.raises(ValueError, match="zone"):
        _version(lift=datetime(2018, 9, 24, 9, 0))


@given(releases, releases)
def test_different_releases_have_different_versions(one: Release, other: Release) -> None:
    assume(one != other)
    assert _version(one) != _version(other)


def test_an_indented_first_line_stays_indented() -> None:
    text = front_matter_text(headline="x", embargo="immediate", body="\n\n    code\n\nwords  \n\n")
    release = parse(text.encode(), "x")
    assert release.body == "    code\n\nwords"
    assert text.split("\n")[release.body_line - 1] == "    code"


def test_a_written_file_looks_as_a_person_would_write_it() -> None:
    text = front_matter_text(
        headline="Names released: thirty",
        embargo="the week of 9/24",
        date=date(2018, 9, 19),
        dateline="AUBURN, Calif.",
        outlets=["newsroom", "media"],
        contact=Contact(name="Press Office", email="press@example.org"),
        keywords=["trafficking", "arrests, names"],
        attachments=[Attachment("photo.jpg", alt="Evidence on a table")],
        editor_note="Call first.\nEmbargoed.",
        body="Words.",
    )
    assert (
        text
        == """\
---
headline: "Names released: thirty"
date: 2018-09-19
embargo: the week of 9/24
dateline: AUBURN, Calif.
outlets: [newsroom, media]
contact:
  name: Press Office
  email: press@example.org
keywords: [trafficking, "arrests, names"]
attachments:
  - path: photo.jpg
    alt: Evidence on a table
editor_note: |-
  Call first.
  Embargoed.
---

Words.
"""
    )
