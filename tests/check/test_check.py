"""The findings of `check`: errors and warnings: a table, code by code."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.check import CODES, Finding, Severity, check_release, embargo_of, with_accepted
from pressrelease.check.placeholders import MOST_REPORTED
from pressrelease.config import Config, read_config
from pressrelease.config.settings import CheckRules
from pressrelease.errors import EmbargoRefused, ReleaseRefused
from pressrelease.release import Contact, front_matter_text, parse

CONFIG = read_config("""\
[office]
name = "District Attorney"
timezone = "America/Los_Angeles"
contact = { name = "Press Office", phone = "530-555-0100" }
[outlets.newsroom]
type = "newsroom"
[outlets.media]
type = "newsroom"
path = "media"
[outlets.old]
type = "newsroom"
path = "old"
enabled = false
""")
NOBODY = CONFIG._replace(office=CONFIG.office._replace(contact=Contact()))
NOWHERE = CONFIG._replace(default_outlets=())
WITH_DATELINES = CONFIG._replace(check=CheckRules({"dateline_missing": "warning"}))

PHOTOS = CONFIG._replace(policy=CONFIG.policy._replace(booking_photos=timedelta(days=14)))
MUGSHOT = "attachments:\n  - {{path: sheet.jpg, alt: Booking photo{}}}\n"

#: A release that nobody could say a word against, on line 8.
FRONT = "headline: Names released\ndate: 2018-09-19\nembargo: 2018-09-24T09:00:00-07:00\n"
TEXT = "The office released the names on Monday."


def findings(
    front: str = "",
    body: str = TEXT,
    *,
    config: Config = CONFIG,
    base: str = FRONT,
    now: datetime = NOW,
    **sizes: int | None,
) -> tuple[Finding, ...]:
    release = parse(f"---\n{base}{front}---\n{body}\n".encode(), "names-released")
    known = {attachment.path: 1000 for attachment in release.attachments}
    known |= {path.replace("_", "."): size for path, size in sizes.items()}  # type: ignore[misc]
    return check_release(
        release, config, now=now, known_slugs=["names-released", "county-wide-operation"], attachment_sizes=known
    )


def told(found: tuple[Finding, ...]) -> list[tuple[str, str, int]]:
    return [(finding.code, finding.severity.value, finding.line) for finding in found]


def test_a_sound_release_has_no_finding() -> None:
    assert findings() == ()


FIELDS: list[tuple[str, str, int, dict[str, Any]]] = [
    ("embargo_past", "error", 4, {"now": NOW + timedelta(days=3)}),
    (
        "embargo_past",
        "error",
        4,
        {"now": NOW + timedelta(days=10), "base": FRONT.replace("2018-09-24T09:00:00-07:00", "the week of 9/24")},
    ),
    (
        "window_begun",
        "warning",
        4,
        {"now": NOW + timedelta(days=4), "base": FRONT.replace("2018-09-24T09:00:00-07:00", "the week of 9/24")},
    ),
    ("embargo_missing", "warning", 4, {"base": FRONT.replace("2018-09-24T09:00:00-07:00", "")}),
    ("embargo_missing", "warning", 0, {"base": "headline: Names released\n"}),
    ("embargo_length", "error", 4, {"base": FRONT.replace("2018-09-24T09:00:00-07:00", "in 20 hours")}),
    ("date_missing", "warning", 3, {"base": "headline: Names released\nembargo: Monday at 9 AM\n"}),
    ("no_outlet", "error", 0, {"config": NOWHERE}),
    ("event_missing", "error", 5, {"front": "alternates: smith-verdict\n"}),
    ("unknown_clearance", "error", 5, {"front": "clearances: [charges]\n"}),
    ("unknown_outlet", "error", 5, {"front": "outlets: [newsrom]\n"}),
    ("outlet_disabled", "error", 5, {"front": "outlets: [newsroom, old]\n"}),
    ("follows_itself", "error", 5, {"front": "follows: names-released\n"}),
    ("follows_unknown", "error", 5, {"front": "follows: county-wide-operations\n"}),
    ("attachments_too_large", "error", 5, {"front": "attachments: [sheet.pdf]\n", "sheet_pdf": (50 << 20) + 1}),
    ("attachment_missing", "error", 6, {"front": "attachments:\n  - sheet.pdf\n", "sheet_pdf": None}),
    ("attachment_empty", "warning", 5, {"front": "attachments: [sheet.pdf]\n", "sheet_pdf": 0}),
    ("image_alt", "error", 5, {"front": "attachments: [photo.jpg]\n"}),
    ("image_alt", "error", 5, {"front": "attachments: [{path: PHOTO.PNG, title: x}]\n"}),
    ("remove_at_unclear", "error", 5, {"front": "remove_at: when it suits\n"}),
    ("remove_at_unclear", "error", 5, {"front": "remove_at: Sept. 3, 2018, 9 a.m.\n"}),
    ("remove_at_unclear", "error", 6, {"front": "attachments:\n  - {path: sheet.pdf, remove_at: on verdict}\n"}),
    ("remove_at_early", "error", 5, {"front": "remove_at: Sept. 23, 2018, 9 a.m.\n"}),
    ("booking_photo_stays", "error", 6, {"front": MUGSHOT.format(""), "config": PHOTOS}),
    ("booking_photo_stays", "error", 6, {"front": MUGSHOT.format(", remove_at: 15 days"), "config": PHOTOS}),
    ("booking_photo_stays", "error", 6, {"front": MUGSHOT.format(", remove_at: 2018-10-09"), "config": PHOTOS}),
    ("contact_missing", "warning", 0, {"config": NOBODY}),
    ("contact_missing", "warning", 5, {"front": "contact: {name: Jane Doe}\n", "config": NOBODY}),
    ("accept_unknown", "warning", 6, {"front": "accept:\n  presumption_mising: x\n"}),
    ("body_empty", "error", 5, {"body": " \n\n"}),
    ("dateline_missing", "warning", 6, {"config": WITH_DATELINES}),
    ("headline_long", "warning", 2, {"base": FRONT.replace("Names", "Names " * 30)}),
]


@pytest.mark.parametrize(
    ("code", "severity", "line", "given_values"), FIELDS, ids=[f"{case[0]}-{n}" for n, case in enumerate(FIELDS)]
)
def test_what_a_release_names_and_lacks(code: str, severity: str, line: int, given_values: dict[str, Any]) -> None:
    assert told(findings(**given_values)) == [(code, severity, line)]


#: Each: code, severity, the text that gives rise to it, its line within that text.
TEXTS = [
    ("placeholder", "error", "One.\n\n[[Write here]]", 3),
    ("placeholder", "error", "They are [NAMES].", 1),
    ("placeholder", "error", "Call [PHONE] on [DATE].", 1),
    ("placeholder", "error", "Call [insert phone number].", 1),
    ("placeholder", "error", "Call [Insert the name of the deputy HERE].", 1),
    ("placeholder", "error", "The total is TK.", 1),
    ("placeholder", "error", "TODO: the quote.", 1),
    ("placeholder", "error", "Fine\nXXX, county seat", 2),
    ("placeholder", "error", "Lorem ipsum dolor.", 1),
    ("placeholder_perhaps", "warning", "The [SUPERVISOR] agreed.", 1),
    ("placeholder_perhaps", "warning", "The date is TBD.", 1),
    ("placeholder_perhaps", "warning", "On ____ the court sat.", 1),
    ("placeholder_perhaps", "warning", "Signed: ________", 1),
    ("unsafe_link", "error", "See [this](javascript:alert(1)).", 1),
    ("unsafe_link", "error", "One\n[this](JavaScript:alert(1))", 2),
    ("unsafe_link", "error", "See [this](data:text/html,x).", 1),
    ("unsafe_link", "error", "See [this](file:///etc/passwd).", 1),
    ("unsafe_link", "error", "See <vbscript:x>.", 1),
    ("unsafe_link", "error", "See [this][1].\n\n[1]: javascript:x", 1),
    ("unsafe_link", "error", "| a |\n| - |\n| [x](javascript:x) |", 3),
    ("unsafe_link", "error", "| a | b |\n| - | - |\n| `x | [y](javascript:z)` |", 3),
    ("link_nowhere", "warning", "See [this](page.html).", 1),
    ("link_nowhere", "warning", "See [this](//evil.example.org).", 1),
    ("remote_image", "error", "![A table](https://example.org/x.jpg)", 1),
    ("remote_image", "error", "![A table](//example.org/x.jpg)", 1),
    ("remote_image", "error", "> - ![A table](http://example.org/x.jpg)", 1),
    ("remote_image", "error", "![A table](data:image/png;base64,x)", 1),
    ("image_not_attached", "warning", "![A table](photo.jpg)", 1),
    ("raw_html", "warning", "This is <b>bold</b>.", 1),
    ("raw_html", "warning", "One\n<script>alert(1)</script>", 2),
    ("raw_html", "warning", "<!-- not yet -->", 1),
    ("presumption_missing", "warning", "One.\n\nThe defendants are named below.", 3),
    ("presumption_missing", "warning", "Thirty were arrested.", 1),
    ("minor", "warning", "A 17-year-old boy.", 1),
    ("minor", "warning", "Two 16‑year‑olds.", 1),
    ("minor_identified", "warning", "Jane Roe, 15, of Auburn.", 1),
    ("minor", "warning", "A girl aged 9 spoke.", 1),
    ("victim_identified", "warning", "One.\nThe victim was identified as Jane Roe.", 2),
    ("victim_identified", "warning", "The address of the victim.", 1),
    ("prejudice", "warning", "He confessed.", 1),
    ("prejudice", "warning", "He has a criminal record.", 1),
    ("prejudice", "warning", "A polygraph showed it.", 1),
    ("prejudice", "warning", "He took a plea deal.", 1),
    ("guilt_stated", "warning", "One.\n\nThis killer is behind bars.", 3),
    ("birth_date", "warning", "Born March 14, 1982.", 1),
    ("ssn", "error", "One.\nIt is 219-09-9999.", 2),
    ("home_address", "warning", "She lives at 77 Juniper Court.", 1),
    ("phone_number", "warning", "Her phone is 530-555-0188.", 1),
    ("weekday_mismatch", "warning", "The court met on Tuesday, Sept. 17.", 1),
    ("no_such_day", "warning", "The court met on Sept. 31.", 1),
    ("zone_season", "warning", "It is at 9 a.m. PST on Sept. 24.", 1),
    ("date_past", "warning", "It will be held on Sept. 12.", 1),
    ("paragraphs_joined", "warning", "Lee Poe\nPress Office\nCounty of Placer", 1),
    ("code_block", "warning", "One.\n\n    Two.", 3),
    ("bare_address", "warning", "One.\n\nSee www.example.org for more.", 3),
    ("footnote", "warning", "It changed.[^1]", 1),
    ("ap_style", "warning", "It opens at 9:00 a.m. daily.", 1),
]


@pytest.mark.parametrize(
    ("code", "severity", "body", "line"), TEXTS, ids=[f"{case[0]}-{n}" for n, case in enumerate(TEXTS)]
)
def test_what_a_text_holds(code: str, severity: str, body: str, line: int) -> None:
    assert told(findings(body=body)) == [(code, severity, line + 5)]


@pytest.mark.parametrize(
    "body",
    [
        "See [the page](https://example.org), [us](mailto:a@example.org), [call](tel:+15305550100).",
        "See [the law](/law) and [NAMES](https://example.org) and [NAMES][1].\n\n[1]: https://example.org",
        "He said: “The [district attorney] agreed.”",
        "---\n\n____\n\n* * *",
        "`<b>` is written in HTML; 3 < 4 > 2.",
        "```\n<b>[NAMES]</b>\n```".replace("[NAMES]", "names"),
        "AT&T, TKO, XX, 12:00, Todo Santos.",
        "A 117-year-old law, a 25-year-old man, aged 18.",
        "Victims are offered support; call the hotline.",
        "A charge is merely an accusation; all those arrested are presumed innocent until proven guilty.",
        "The accused is\ninnocent until proven guilty.",
    ],
)
def test_what_is_nothing_to_say(body: str) -> None:
    assert findings(body=body) == ()


def test_a_link_or_image_of_an_attachment_is_sound() -> None:
    front = "attachments: [{path: photo 1.jpg, alt: Evidence on a table}, sheet.pdf]\n"
    assert findings(front, "![](photo%201.jpg) [the sheet](sheet.pdf)") == ()
    [found] = findings("attachments: [{path: photo.jpg, alt: A table}]\n", "![ ](other.jpg)")[:1]
    assert found.code in {"image_alt", "image_not_attached"}


def test_an_image_without_any_words_is_refused() -> None:
    assert ("image_alt", "error", 6) in told(findings(body="![](photo.jpg)"))


@pytest.mark.parametrize(
    "front",
    [
        "subhead: '[NAMES]'\n",
        "dateline: '[CITY]'\n",
        "keywords: [TODO]\n",
        "contact: {name: '[NAME]', phone: 5}\n",
        "attachments: [{path: a.pdf, title: TK}]\n",
        "attachments: [{path: a.jpg, alt: '[PHOTO]'}]\n",
    ],
)
def test_a_placeholder_is_found_wherever_readers_look(front: str) -> None:
    assert told(findings(front)) == [("placeholder", "error", 5)]


def test_a_flood_of_placeholders_is_cut_off() -> None:
    assert len(findings(body="[[x]]\n" * 500)) == MOST_REPORTED


def test_a_fresh_draft_cannot_be_scheduled() -> None:
    text = front_matter_text(headline="Names released", embargo="2018-09-24T09:00:00-07:00")
    found = check_release(parse(text.encode(), "names"), CONFIG, now=NOW, known_slugs=["names"], attachment_sizes={})
    assert [(finding.code, finding.severity) for finding in found] == [("placeholder", Severity.ERROR)]


@pytest.mark.parametrize(
    ("front", "meant"),
    [("outlets: [newsrom]\n", "newsroom"), ("follows: county-wide-operations\n", "county-wide-operation")],
)
def test_a_near_name_is_asked_about(front: str, meant: str) -> None:
    [found] = findings(front)
    assert f"Did you mean {meant}?" in found.message


# --- Embargoes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "phrase", ["9/10", "soon", "Sunday, September 24, 2018", "2:30 AM on March 10, 2019", "25 o'clock"]
)
def test_a_refused_embargo_is_a_finding_with_the_readings(phrase: str) -> None:
    [found] = findings(base=FRONT.replace("2018-09-24T09:00:00-07:00", phrase))[:1]
    assert (found.severity, found.line) == (Severity.ERROR, 4)
    assert found.code.startswith("embargo_")


def test_an_embargo_is_read_as_it_was_meant_when_written() -> None:
    release = parse(f"---\n{FRONT.replace('2018-09-24T09:00:00-07:00', 'Thursday at 10 AM')}---\n{TEXT}".encode(), "x")
    meant = datetime(2018, 9, 20, 17, 0, tzinfo=UTC)
    for days in (0, 1, 5, 300):
        assert embargo_of(release, CONFIG, now=NOW + timedelta(days=days)).lift == meant
    undated = release._replace(date=None)
    assert embargo_of(undated, CONFIG, now=NOW).lift != embargo_of(undated, CONFIG, now=NOW + timedelta(days=8)).lift


@pytest.mark.parametrize("phrase", ["immediate", "2018-09-24T09:00:00-07:00"])
def test_an_embargo_that_never_moves_needs_no_date(phrase: str) -> None:
    assert findings(base=f"headline: Names released\nembargo: {phrase}\n") == ()


# --- The seed ------------------------------------------------------------------------------------------------------

SEED = Path(__file__).parents[1] / "examples" / "county-wide-human-trafficking-operation.txt"


def test_the_seed_has_warnings_only() -> None:
    headline, _, body = SEED.read_text(encoding="utf-8").partition("\n")
    text = front_matter_text(
        headline=headline, embargo="immediate", date=datetime(2018, 9, 19).date(), outlets=["newsroom"], body=body
    )
    found = check_release(
        parse(text.encode(), SEED.stem), CONFIG, now=NOW, known_slugs=[SEED.stem], attachment_sizes={}
    )
    assert {finding.severity for finding in found} <= {Severity.WARNING}
    assert "presumption_missing" in {finding.code for finding in found}


# --- Every finding -------------------------------------------------------------------------------------------------


def test_every_code_is_listed_and_every_listed_one_is_tried() -> None:
    assert {case[0] for case in FIELDS} | {case[0] for case in TEXTS} == set(CODES)
    assert all(re.fullmatch(r"[a-z_]+", code) and sentence.endswith(".") for code, sentence in CODES.items())


@pytest.mark.parametrize("case", range(len(FIELDS) + len(TEXTS)))
def test_every_finding_is_said_in_sentences(case: int) -> None:
    given_values: dict[str, Any] = FIELDS[case][3] if case < len(FIELDS) else {"body": TEXTS[case - len(FIELDS)][2]}
    for found in findings(**given_values):
        for words in (found.message, found.hint):
            assert re.fullmatch(r"[“A-Z`].*[.?)”`]", words, re.DOTALL), words
            assert not re.search(r"\bNone\b|\{|\}\}", words.replace("{name:", "").replace("{path:", "")), words
        assert list(found.as_json()) == ["slug", "code", "severity", "line", "message", "hint", "accepted"]


def test_what_the_file_accepts_is_a_warning_with_its_reason_and_an_error_stays_one() -> None:
    text = (
        "---\n" + FRONT + "accept: {presumption_missing: he was sentenced, placeholder: x, outside_promise: x}\n---\n"
    )
    release = parse(f"{text}He was arrested. [[NAME]]\n".encode(), "names-released")
    found = with_accepted(
        release, check_release(release, CONFIG, now=NOW, known_slugs=["names-released"], attachment_sizes={})
    )
    assert [(one.code, one.severity.value, one.accepted) for one in found] == [
        ("placeholder", "error", ""),
        ("presumption_missing", "warning", "he was sentenced"),
    ]
    assert [one.as_json()["accepted"] for one in found] == [None, "he was sentenced"]


def test_findings_stand_in_the_order_of_the_file_errors_first() -> None:
    found = findings("follows: nothing\noutlets: [nothing]\n", "TODO <b>now</b>\n\n[[x]]")
    assert [finding.line for finding in found] == sorted(finding.line for finding in found)
    at_eight = [finding.severity for finding in found if finding.line == 8]
    assert at_eight == [Severity.ERROR, Severity.WARNING]


def test_no_text_of_the_release_is_in_a_finding() -> None:
    secret = "Zebediah Quux"
    found = findings(
        f"subhead: '[NAME] {secret}'\nattachments: [{{path: photo.jpg, title: {secret}}}]\n",
        f"{secret}, 15, of Auburn, confessed. <b>{secret}</b> ![]({secret.replace(' ', '')}.jpg) [[{secret}]] ____ x"
        f" [{secret}](javascript:{secret.replace(' ', '')})",
    )
    assert len(found) > 6
    assert not [finding for finding in found if "Zebediah" in finding.message + finding.hint]


MARKS = [
    "[",
    "]",
    "(",
    ")",
    "!",
    "<",
    ">",
    "_",
    "____",
    "`",
    "*",
    "\n",
    "\n\n",
    "|",
    "- ",
    "> ",
    "#",
    "&#x6a;",
    "\\",
    "a",
    " ",
    "TK",
]


@given(st.lists(st.sampled_from(MARKS), max_size=40).map("".join) | st.text(max_size=100))
def test_any_text_is_checked_and_every_line_is_the_files(body: str) -> None:
    data = f"---\n{FRONT}---\n{body}\n".encode(errors="replace")
    try:
        release = parse(data, "names-released")
    except ReleaseRefused:
        return
    for found in check_release(release, CONFIG, now=NOW, known_slugs=[], attachment_sizes={}):
        assert 0 <= found.line <= data.count(b"\n") + data.count(b"\r")
        assert found.code in CODES


@given(
    st.lists(st.sampled_from([*MARKS, "[x](javascript:y)", "![y](z.jpg)", "| a |\n| - |\n"]), max_size=30).map("".join)
)
def test_the_text_is_read_as_the_page_reads_it(body: str) -> None:
    """An image or link that the page would show is one that was looked at here."""
    from pressrelease.message.html import markdown

    try:
        release = parse(f"---\n{FRONT}---\n{body}\n".encode(), "names-released")
    except ReleaseRefused:
        return
    shown = [
        child.type
        for token in markdown().parse(release.body)
        if token.type == "inline"
        for child in token.children or ()
        if child.type == "image"
    ]
    found = check_release(release, CONFIG, now=NOW, known_slugs=[], attachment_sizes={})
    looked_at = [finding for finding in found if finding.code in {"image_not_attached", "remote_image"}]
    assert len(looked_at) >= len(shown)


BOMBS = {
    "names": "[" + "NAME " * 200_000,
    "presumed": "arrested " + "presum" * 170_000,
    "rule": "_" * 1_000_000,
    "blanks": "x" + " ____" * 30_000,
    "marks": "TBD\n" * 20_000,
    "brackets": "![" * 5_000,
    "victims": "victim " * 140_000,
    "tags": "<a " * 60_000,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("part", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_text_made_to_be_slow_is_not(bomb: str, part: int) -> None:
    """A fifth of each would still take minutes if the time grew with the square of the length."""
    text = BOMBS[bomb]
    assert len(findings(body=text[: len(text) // part])) <= 60


def test_a_past_embargo_says_how_long_ago_truly_and_suggests_a_time_ahead() -> None:
    """A phrase is read as of the release's own date; how long ago it was counts from now."""
    now = datetime(2026, 11, 28, 4, 50, tzinfo=UTC)  # Friday evening in Los Angeles, dated by somebody on UTC
    text = "---\nheadline: H\ndate: 2026-11-28\nembargo: Nov. 27, 2026, 8:49 p.m. PT\n---\nText.\n"
    with pytest.raises(EmbargoRefused) as refused:
        embargo_of(parse(text.encode(), "names"), CONFIG, now=now)
    assert refused.value.code == "embargo_past"
    assert "60 s ago" in refused.value.message
    assert refused.value.candidates == ()
    assert "tomorrow at 10 a.m." in refused.value.hint


def test_the_office_chooses_how_serious_a_finding_is() -> None:
    body = "Jane Roe, 15, of Auburn. It opens at 9:00 a.m. daily."
    assert [one.code for one in findings(body=body)] == ["minor_identified", "ap_style"]
    chosen = CONFIG._replace(check=CheckRules({"minor_identified": "error", "ap_style": "off"}))
    assert told(findings(body=body, config=chosen)) == [("minor_identified", "error", 6)]


@pytest.mark.parametrize(
    "body", ["AUBURN, Calif. – The office spoke.", "Placer County, Sept. 19, 2018 -- The office spoke."]
)
def test_a_dateline_in_the_text_is_one(body: str) -> None:
    assert findings(body=body, config=WITH_DATELINES) == ()
    assert findings("dateline: AUBURN, Calif.\n", config=WITH_DATELINES) == ()


def test_a_ruled_sentence_that_is_too_long_to_read_still_shows_a_number() -> None:
    """A sentence is read in part; a Social Security number is looked for in every line."""
    assert "ssn" in {one.code for one in findings(body="word " * 1000 + "219-09-9999 and so on.")}


@given(st.dates(min_value=datetime(2017, 1, 1).date(), max_value=datetime(2020, 12, 31).date()))
def test_only_a_wrong_weekday_is_found(day: Any) -> None:
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    for number, name in enumerate(names):
        codes = {one.code for one in findings(body=f"The court met on {name}, {day:%B} {day.day}, {day.year}.")}
        assert ("weekday_mismatch" in codes) is (number != day.weekday())


@pytest.mark.parametrize(
    ("front", "config"),
    [
        (MUGSHOT.format(""), CONFIG),
        (MUGSHOT.format(", remove_at: 14 days"), PHOTOS),
        (MUGSHOT.format(", remove_at: 14d"), PHOTOS),
        (MUGSHOT.format(", remove_at: 2 weeks"), PHOTOS),
        (MUGSHOT.format(", remove_at: 2018-10-08T09:00:00-07:00"), PHOTOS),
        ("remove_at: 48 hours\n" + MUGSHOT.format(""), PHOTOS),
        ("attachments: [{path: photo.jpg, alt: The District Attorney}]\n", PHOTOS),
    ],
)
def test_what_comes_down_in_time_is_no_finding(front: str, config: Config) -> None:
    assert findings(front, config=config) == ()
