"""A release within a few hundred characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from social_servers import a_message, counted_by_mastodon, graphemes

from pressrelease.message.short_form import BLUESKY, ELLIPSIS, MASTODON, Limit, characters_of, cut, short_form

LINK = "https://news.example.org/names-released/"
#: Letters, marks, joiners, emoji, scripts that join, and addresses inside of words.
SIGNS = st.sampled_from(
    [*"abcdefé .,-–", "\u0301", "\u20dd", "\u200d", "\ufe0f", "\U0001f468", "\U0001f3fd", "中", "が", "x://y"]
)
WORDS = st.lists(SIGNS, min_size=1, max_size=700).map("".join).map(lambda text: text.strip() or "x")


@given(headline=WORDS, subhead=WORDS, link=st.sampled_from(["", LINK, LINK + "a" * 70, "http://127.0.0.1:8000/x/"]))
def test_it_is_never_over_the_limit_of_either_service(headline: str, subhead: str, link: str) -> None:
    message = a_message(headline=headline, subhead=subhead, url=link)
    short = short_form(message, MASTODON)
    assert counted_by_mastodon(short.text) <= 500
    assert short.link == link
    assert short.text.endswith(link)
    short = short_form(message, BLUESKY)
    assert graphemes(short.text) <= 300
    assert len(short.text.encode()) <= 3000
    assert short.text.endswith(link)


@given(text=WORDS)
def test_characters_are_never_counted_too_few(text: str) -> None:
    assert graphemes(text) <= characters_of(text) <= len(text)


@given(text=WORDS, room=st.integers(0, 700))
def test_a_cut_is_a_beginning_ended_at_a_word_where_it_can_be(text: str, room: int) -> None:
    shorter = cut(text, lambda part: characters_of(part) <= room)
    assert characters_of(shorter) <= room
    if shorter != text:
        kept = shorter.removesuffix(ELLIPSIS)
        assert text.startswith(kept)
        assert not shorter or shorter != kept
        rest = text[len(kept) :]
        assert " " not in text[: room - 1].strip(" ,;:.–—-") or not kept or rest.lstrip(",;:.–—-")[:1] in {" ", ""}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("e\u0301", 1),
        ("é", 1),
        ("\u0301", 1),
        ("a\n\u0301", 3),
        ("a\u00ad\u0301", 3),
        ("中文", 2),
        ("\u2764\ufe0f", 1),
        ("a\u20dd", 1),
    ],
)
def test_characters_as_a_reader_sees_them(text: str, count: int) -> None:
    assert characters_of(text) == count


def test_all_of_it_where_there_is_room() -> None:
    message = a_message(headline="Names released", subhead="Fourteen people", url=LINK)
    assert short_form(message, MASTODON).text == f"Names released\n\nFourteen people\n\n{LINK}"
    assert short_form(message, BLUESKY).text == f"Names released\n\nFourteen people\n\n{LINK}"


def test_a_long_summary_is_cut_at_a_word() -> None:
    message = a_message(headline="Names", subhead=" ".join(["fourteen"] * 100), url=LINK)
    words = short_form(message, BLUESKY).words
    assert words.endswith(" fourteen…")
    assert 285 <= characters_of(words + "\n\n" + LINK) <= 300


def test_a_stump_of_a_summary_is_left_out() -> None:
    headline = "x" * 240
    assert (
        short_form(a_message(headline=headline, subhead="A summary of some length indeed"), BLUESKY).words == headline
    )


def test_without_a_newsroom_there_is_no_link() -> None:
    assert short_form(a_message(headline="Names", subhead="Fourteen", url=""), MASTODON).text == "Names\n\nFourteen"


def test_an_address_counts_as_the_service_says() -> None:
    assert MASTODON.length_of_link(LINK + "a" * 200) == 23
    assert MASTODON.length_of_link("https://a.io/") == 23
    assert MASTODON.length_of_link("http://127.0.0.1:8000/names-released/") == 37
    assert Limit(300).length_of_link(LINK) == len(LINK)


def test_a_link_too_long_for_any_post_is_left_out_rather_than_cut() -> None:
    message = a_message(url="https://news.example.org/" + "a" * 300)
    assert short_form(message, BLUESKY).link == ""
    assert "https" not in short_form(message, BLUESKY).text
