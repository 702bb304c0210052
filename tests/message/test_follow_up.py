"""message: a correction and a withdrawal as messages of their own, complete without the release that they name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.config import Office
from pressrelease.message import First, Message, compose, plain_body
from pressrelease.message.follow_up import correction_note, follow_up, headline_of
from pressrelease.release import Attachment, Contact, Release
from pressrelease.release.delivery import Action
from pressrelease.release.text import forbidden_in

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
LATER = LIFT + timedelta(hours=26)
OFFICE = Office(
    "Placer County District Attorney",
    "America/Los_Angeles",
    url="https://www.example.org/da",
    contact=Contact("Press Office", "530-555-0100", "press@example.org"),
)
RELEASE = Release(
    "names-released",
    "Names released",
    "immediate",
    "John Roe, 41, was *arrested*.\n\n![John](photo.jpg)",
    subhead="Fourteen people",
    dateline="AUBURN, Calif.",
    keywords=("trafficking",),
    editor_note="For editors.",
    attachments=(Attachment("photo.jpg", "", "John Roe"),),
)


def a_follow_up(
    action: Action, *, note: str = "The age was wrong.", headline: str = "", tongue: str = "en-US"
) -> Message:
    made = compose(
        RELEASE._replace(headline=headline or RELEASE.headline),
        version="v2",
        office=OFFICE._replace(language=tongue),
        lift=LATER,
        url="https://news.example.org/names-released/",
        attachments={"photo.jpg": b"picture"},
    )
    first = First(RELEASE.headline, "v1", LIFT)
    return replace(made, action=action, n=2, note=note, noted_at=LATER, previous_version="v1", first=first)


def test_a_correction_names_the_first_and_has_the_whole_corrected_release() -> None:
    whole = a_follow_up(Action.CORRECT, headline="Names of 14 released")
    made = follow_up(whole)
    assert made.release.headline == "CORRECTION: Names of 14 released"
    assert (
        made.text
        == (
            "CORRECTION\n\n"
            'This corrects the release "Names released" of Monday, Sept. 24, 2018, 9\na.m. PDT.\n\n'
            "Correction, Tuesday, Sept. 25, 2018: The age was wrong.\n\n"
            "Use the corrected release below instead of any earlier version.\n\n"
        )
        + whole.text
    )
    assert made.html.endswith(f"</p>\n<hr>\n{whole.html}")
    assert "&quot;Names released&quot;" in made.html
    assert (made.summary, made.enclosures, made.lift) == ("The age was wrong.", whole.enclosures, LATER)


def test_a_withdrawal_has_nothing_of_the_release_but_its_headline_and_slug() -> None:
    made = follow_up(a_follow_up(Action.WITHDRAW))
    assert made.release.headline == "KILL: Names released"
    assert made.text == (
        "KILL\n\n"
        'On Tuesday, Sept. 25, 2018, we withdrew the release "Names released" of\n'
        "Monday, Sept. 24, 2018, 9 a.m. PDT. This includes every corrected\nversion.\n\n"
        "The age was wrong.\n\n"
        "Do not use the release. Remove it wherever you published it. Notify\neveryone you gave it to.\n\n"
        "Media contact:\nPress Office\n530-555-0100\npress@example.org\n\n"
        "Placer County District Attorney\n\n###\n"
    )
    everything = repr(made)
    for hidden in ("John", "Roe", "photo", "Fourteen", "AUBURN", "trafficking", "editors"):
        assert hidden not in everything, hidden
    assert "Names released" not in made.summary
    assert made.slug == "names-released"


def test_a_withdrawal_of_a_corrected_release_names_both_headlines() -> None:
    made = follow_up(a_follow_up(Action.WITHDRAW, headline="Names of 14 released", note=""))
    assert made.release.headline == "KILL: Names of 14 released"
    assert 'the release "Names released" of' in made.html.replace("&quot;", '"')
    assert 'This includes the corrected version, "Names of 14 released".' in made.html.replace("&quot;", '"')
    assert "<p></p>" not in made.html


@pytest.mark.parametrize("action", [Action.PUBLISH, Action.ADVANCE])
def test_anything_else_is_left_as_it_is(action: Action) -> None:
    message = a_follow_up(action)
    assert follow_up(message) is message
    assert headline_of(message) == "Names released"


def test_a_spanish_office_writes_spanish() -> None:
    correction = follow_up(a_follow_up(Action.CORRECT, tongue="es"))
    assert correction.release.headline == "CORRECCIÓN: Names released"
    assert "Corrección, martes, 25 de septiembre de 2018: The age was wrong." in correction.text
    assert follow_up(a_follow_up(Action.WITHDRAW, tongue="es-MX")).release.headline == "ANULACIÓN: Names released"


def test_the_dated_note_is_of_corrected_versions_only() -> None:
    corrected = a_follow_up(Action.PUBLISH)
    assert correction_note(corrected) == "Correction, Tuesday, Sept. 25, 2018: The age was wrong."
    assert correction_note(replace(corrected, n=1)) == correction_note(replace(corrected, note="")) == ""


#: One line, as a headline and a note are.
lines = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\t"), min_size=1, max_size=60).filter(
    lambda text: not forbidden_in(text) and text.strip() == text
)


@given(lines, lines, st.sampled_from([Action.CORRECT, Action.WITHDRAW]))
def test_no_word_becomes_markup_and_every_form_says_the_same(headline: str, note: str, action: Action) -> None:
    import nh3

    made = follow_up(a_follow_up(action, headline=headline, note=note))
    assert nh3.clean(made.html, tags={"p", "hr", "em", "img", "span"}).count("<p>") == made.html.count("<p>")
    said = " ".join(made.text.split())
    for words in (" ".join(headline.split()), " ".join(note.split())):
        assert words in said
    # What a kind makes by itself from the Markdown has the same words.
    assert " ".join(note.split()) in " ".join(plain_body(made).split())
