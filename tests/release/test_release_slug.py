"""Slugs: any headline gives a name that every file system takes, or a refusal."""

from __future__ import annotations

import ntpath
import re
from pathlib import PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pressrelease.errors import ReleaseRefused
from pressrelease.release import slug_of, valid_slug


@given(st.text(max_size=200))
@example("CON")
@example("-")
@example("İstanbul")
@example("ﬃ ½ №")
def test_any_headline_gives_a_slug_or_a_refusal(headline: str) -> None:
    try:
        slug = slug_of(headline)
    except ReleaseRefused:
        return
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 80
    assert valid_slug(slug)
    assert slug_of(slug) == slug


@given(st.lists(st.from_regex(r"[a-z]{1,30}", fullmatch=True), min_size=1, max_size=20))
def test_a_long_headline_is_cut_at_a_word(words: list[str]) -> None:
    if words == ["con"] or valid_slug("-".join(words)) is (words[0] in {"con", "aux", "prn", "nul"}):
        return
    slug = slug_of(" ".join(words))
    kept = slug.split("-")
    assert kept == words[: len(kept)]
    assert len("-".join(words[: len(kept) + 1])) > 80 or kept == words


@given(st.text(max_size=85) | st.from_regex(r"[a-z0-9-]{0,85}", fullmatch=True))
def test_a_valid_slug_is_a_file_name_on_windows(text: str) -> None:
    expected = re.fullmatch(r"[a-z0-9-]{1,80}", text) is not None and not _reserved(f"{text}.md")
    # COM0 and LPT0 are kept too: not all of Windows' own lists agree on them.
    assert valid_slug(text) is expected or text in {"com0", "lpt0"}


def _reserved(name: str) -> bool:
    told = getattr(ntpath, "isreserved", None)  # from Python 3.13 on
    return bool(told(name) if told else PureWindowsPath(name).is_reserved())


@pytest.mark.parametrize("name", ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), "lpt1", "lpt9"])
def test_device_names_are_no_slugs(name: str) -> None:
    assert not valid_slug(name)
    assert valid_slug(f"{name}-x")
    with pytest.raises(ReleaseRefused) as caught:
        slug_of(name.upper())
    assert caught.value.code == "no_slug"


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("County Wide Human Trafficking Operation", "county-wide-human-trafficking-operation"),
        ("District Attorney’s Office", "district-attorneys-office"),
        ("The People's Court", "the-peoples-court"),
        ("2018–2019: a report", "2018-2019-a-report"),
        ("Names—released", "names-released"),
        ("“Operation Reclaim”", "operation-reclaim"),
        ("R&D", "r-and-d"),
        ("Café Niño naïve", "cafe-nino-naive"),
        ("Cafe\u0301", "cafe"),
        ("Straße, Łódź, Đurić, Ærø", "strasse-lodz-duric-aero"),
        ("Budget: $1.5M (½ of it)", "budget-1-5m-1-2-of-it"),
        ("A\u00a0B\u200bC", "a-b-c"),
        ("Суд released", "released"),
        ("x" * 100, "x" * 80),
        ("word " * 30, "-".join(["word"] * 16)),
    ],
)
def test_slugs_read_as_people_would_write_them(headline: str, slug: str) -> None:
    assert slug_of(headline) == slug


@pytest.mark.parametrize("headline", ["", "   ", "!!!", "Суд", "新聞", "—", "\u0301"])
def test_a_headline_without_a_latin_letter_names_no_file(headline: str) -> None:
    with pytest.raises(ReleaseRefused) as caught:
        slug_of(headline)
    assert caught.value.code == "no_slug"
