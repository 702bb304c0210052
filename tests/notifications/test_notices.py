"""What notices say: nothing before its time, nothing that is in a notice's way, and the words of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st
from notices import LIFT, SLUG, VERSION, WAITING, ZONE, delivery, happening, known, told_words

from pressrelease.config import Config, Office
from pressrelease.formats.eml import Letterhead, eml
from pressrelease.notifications.conditions import conditions, reminders
from pressrelease.notifications.digest import digest
from pressrelease.notifications.events import EVENTS, grouped, notice_of
from pressrelease.notifications.notice import Coming, Early, JournalEvent, Known, Notice
from pressrelease.release.delivery import Action, DeliveryState
from pressrelease.status.causes import Cause, Topic
from pressrelease.status.dossier import Directive, FileFact
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus

OFFICE = Office("The <Office>", ZONE)


# -- words --------------------------------------------------------------------------------------------------------

FAILED = delivery(state=DeliveryState.FAILED, error="550 zqreason")


DOUBTFUL = delivery(state=DeliveryState.IN_DOUBT, error="zqreason")


LINK = "https://news.example.org/zq/"


def corrected(one: Known) -> Known:
    """The same, of a release's second version."""
    return replace(one, dossier=one.dossier._replace(release=one.dossier.release._replace(n=2)))


CASES: dict[str, tuple[list[str], list[str]]] = {
    "an approval is missing": (
        told_words(happening("release.scheduled"), of=known(WAITING, missing=1, lift=NOW + timedelta(days=3))),
        [
            "A release (code 3fa2c1) needs 1 more approval to go out Monday, Sept. 24, 2018, 9 a.m."
            " PDT (in 3 days). To see it: `pressrelease status`."
        ],
    ),
    "two are, of one that is immediate": (
        told_words(happening("release.unapproved"), of=known(WAITING, missing=2, lift=None)),
        [
            "A release (code 3fa2c1) needs 2 more approvals and goes out as soon as it is"
            " approved. To see it: `pressrelease status`."
        ],
    ),
    "none is by now": (told_words(happening("release.scheduled"), of=known(WAITING)), []),
    "it is a draft again": (told_words(happening("release.scheduled")), []),
    "it is out": (
        told_words(
            happening("release.published"),
            of=known(delivery("site", url=LINK), *(delivery(recipient=who) for who in ("a@x", "b@x")), out=True),
        ),
        [f"{SLUG} is out, on time. site: delivered {LINK}; media: 2 of 2 delivered."],
    ),
    "it is out, and was late": (
        told_words(
            happening("delivery.delivered", outlet="media", late_ms=180_000),
            happening("release.published"),
            of=known(delivery()._replace(delivered_at=LIFT + timedelta(minutes=3)), out=True),
        ),
        [f"{SLUG} is out, late by 3 min. media: delivered."],
    ),
    "a link that is none": (
        told_words(happening("release.published"), of=known(delivery(url="javascript:x"), out=True)),
        [f"{SLUG} is out, on time. media: delivered."],
    ),
    "late at one outlet, and not yet out": (
        told_words(
            happening("delivery.delivered", outlet="media", late_ms=61_000),
            happening("delivery.delivered", outlet="media", late_ms=240_000),
            happening("delivery.delivered", outlet="site", late_ms=60_000),
            of=known(delivery(), WAITING, out=True),
        ),
        [f"{SLUG} reached media 4 min after its release time (2 deliveries)."],
    ),
    "it failed, and nothing is out": (
        told_words(happening("delivery.failed", outlet="media", error="550 zqreason"), of=known(FAILED)),
        [
            "A release (code 3fa2c1) failed for good at media. To see why: `pressrelease"
            " status`. To try again: `pressrelease retry`."
        ],
    ),
    "it failed for two of those who get it": (
        told_words(
            *(happening("delivery.failed", outlet="media", recipient=f"zq{n}@x", error="zqreason") for n in range(3)),
            of=known(FAILED, FAILED._replace(recipient="zq@x"), delivery(), out=True),
        ),
        [
            f"{SLUG} failed for good at media (2 deliveries). To see why: `pressrelease status {SLUG}`."
            " To try again: `pressrelease retry`."
        ],
    ),
    "somebody has seen to it since": (told_words(happening("delivery.failed", outlet="media"), of=known(WAITING)), []),
    "it is in doubt": (
        told_words(happening("delivery.in_doubt", outlet="media", again=False), of=known(DOUBTFUL)),
        [
            "A release (code 3fa2c1) is in doubt at media: it was sent, and nothing"
            " shows whether it arrived. To see it: `pressrelease status`. When you know, answer with"
            " `pressrelease settle`."
        ],
    ),
    "it is in doubt, and asked about again by itself": (
        told_words(happening("delivery.in_doubt", outlet="media", again=True), of=known(DOUBTFUL)),
        [],
    ),
    "what an outlet that is closed refused is told of the outlet": (
        told_words(
            happening("delivery.failed", outlet="media"),
            happening("outlet.closed", 2, "", "", outlet="media", reason="zqreason"),
            of=known(FAILED),
            closed=("media",),
        ),
        [
            "media rejected the login. Sending to it is paused. Fix the credentials, then run"
            " `pressrelease outlets --test media`."
        ],
    ),
    "stopped, and let go": (
        told_words(happening("stopped", 1, "", "", why="zqwhy"), happening("resumed", 2, "", "")),
        [
            "da stopped publishing on Friday, Sept. 21, 2018, 9 a.m. PDT (now). da resumed"
            " publishing on Friday, Sept. 21, 2018, 9 a.m. PDT (now)."
        ],
    ),
    "stopped, let go, and stopped again": (
        told_words(*(happening(event, n, "", "") for n, event in enumerate(("stopped", "resumed", "stopped")))),
        [
            "da stopped publishing on Friday, Sept. 21, 2018, 9 a.m. PDT (now). da resumed"
            " publishing on Friday, Sept. 21, 2018, 9 a.m. PDT (now). da stopped"
            " publishing on Friday, Sept. 21, 2018, 9 a.m. PDT (now). Nothing goes out"
            " until `pressrelease resume --all`.",
        ],
    ),
    "it was withdrawn": (
        told_words(happening("release.withdrawn"), of=known(delivery(), out=True)),
        [f"{SLUG} is withdrawn from everyone who had it."],
    ),
    "a withdrawal failed": (
        told_words(
            happening("delivery.failed", outlet="media", action="withdraw", n=1, error="zqreason"),
            of=known(FAILED._replace(action=Action.WITHDRAW), out=True),
        ),
        [f"{SLUG} could not be withdrawn at media. To see why: `pressrelease status`."],
    ),
    "a withdrawal failed, and somebody has seen to it": (
        told_words(
            happening("delivery.in_doubt", outlet="media", action="withdraw", n=1, again=False),
            of=known(delivery()._replace(action=Action.WITHDRAW), out=True),
        ),
        [],
    ),
    "a correction is out": (
        told_words(happening("release.published", n=2), of=corrected(known(delivery(), out=True))),
        [f"The correction of {SLUG} is out, on time. media: delivered."],
    ),
    "a correction lacks an approval": (
        told_words(happening("release.corrected", n=2), of=corrected(known(WAITING, missing=1, out=True, lift=None))),
        [
            f"The correction of {SLUG} needs 1 more approval and goes out as soon as it is approved."
            " To see it: `pressrelease status`."
        ],
    ),
    "a correction failed": (
        told_words(happening("delivery.failed", outlet="media"), of=corrected(known(FAILED, out=True))),
        [
            f"The correction of {SLUG} failed for good at media. To see why: `pressrelease status {SLUG}`."
            " To try again: `pressrelease retry`."
        ],
    ),
    "what a correction has overtaken failed": (
        told_words(
            happening("delivery.failed", outlet="media", version="b" * 64), of=corrected(known(FAILED, out=True))
        ),
        [
            f"{SLUG} failed for good at media. To see why: `pressrelease status {SLUG}`."
            " To try again: `pressrelease retry`."
        ],
    ),
    "a corrected release was withdrawn": (
        told_words(happening("release.withdrawn"), of=corrected(known(delivery(), out=True, word=Directive.KILLED))),
        [f"{SLUG} is withdrawn from everyone who had it."],
    ),
    "it was published early": (
        told_words(
            happening("release.published"),
            of=replace(known(delivery(), out=True), early=Early("root", LIFT, LIFT + timedelta(days=7))),
        ),
        [f"{SLUG} was published EARLY by root, 7 days before its embargo. media: delivered."],
    ),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_said(found: list[str], expected: list[str]) -> None:
    assert found == expected


ahead = NOW + timedelta(hours=3)


STANDING: dict[str, tuple[Known, str | None, list[str]]] = {
    "nothing": (known(WAITING, lift=ahead), None, []),
    "its file was changed": (
        known(WAITING, lift=ahead, file=FileFact.CHANGED),
        None,
        ["The file of a release (code 3fa2c1) was changed after it was scheduled. Nothing more of it goes out."],
    ),
    "its file is gone": (
        known(WAITING, delivery(), out=True, file=FileFact.GONE),
        None,
        [f"The file of {SLUG} is gone. Nothing more of it goes out."],
    ),
    "it was missed": (
        known(WAITING._replace(attempts=0), lift=NOW - timedelta(hours=25)),
        None,
        ["A release (code 3fa2c1) missed its release time by more than max_late allows and does not go out by itself."],
    ),
    "held past its lift": (
        known(WAITING, word=Directive.HELD),
        None,
        ["A release (code 3fa2c1) was due to go out, and it is on hold."],
    ),
    "not approved at its lift": (
        known(WAITING, missing=1),
        None,
        ["A release (code 3fa2c1) was due to go out, and it is not approved."],
    ),
    "its outlet was taken out": (
        known(WAITING._replace(outlet="site"), lift=ahead),
        None,
        ["A release (code 3fa2c1) can't go to site: config.toml no longer has it, or it is switched off."],
    ),
    "a clock in doubt says nothing of what has lifted": (
        known(WAITING, word=Directive.HELD),
        "the clock is 77 s behind",
        ["The computer's clock looks wrong. Nothing goes out until someone checks it: `pressrelease doctor`."],
    ),
    "withdrawn": (known(WAITING, word=Directive.KILLED, file=FileFact.GONE), None, []),
    "its event did not happen in time": (
        replace(
            known(WAITING, lift=None),
            status=ReleaseStatus(ReleaseState.NEEDS_YOU, "zqwords", cause=Cause.EVENT_OVERDUE),
        ),
        None,
        ["A release (code 3fa2c1) waits for an event, and its last moment has passed."],
    ),
    "it is not getting out": (
        replace(
            known(
                delivery(recipient="a@x"),
                delivery(state=DeliveryState.RETRYING, recipient="b@x", error="zqsecret", next_try=ahead),
                out=True,
                word_at=LIFT,
            ),
            status=ReleaseStatus(ReleaseState.PUBLISHING, "zqwords", cause=Cause.DELAYED, outlets=("media",)),
        ),
        None,
        [f"{SLUG} has not gone out 5 min after it was due. media: 1 of 2 sent (next try noon PDT)."],
    ),
    "nothing is left to send": (known(delivery(), out=True, file=FileFact.GONE), None, []),
}


@pytest.mark.parametrize(("one", "doubt", "expected"), STANDING.values(), ids=STANDING.keys())
def test_findings_without_a_line(one: Known, doubt: str | None, expected: list[str]) -> None:
    found = conditions([one], config=Config(OFFICE), known_outlets={"media"}, now=NOW, clock_doubt=doubt)
    said = [notice.words.removesuffix(" To see what to do: `pressrelease status`.") for notice in found]
    assert said == expected
    doubt = doubt and doubt.replace("77", "78")
    later = NOW + timedelta(minutes=1)
    again = conditions([one], config=Config(OFFICE), known_outlets={"media"}, now=later, clock_doubt=doubt)
    assert [notice.key for notice in again] == [notice.key for notice in found], "it is news at every look"


@pytest.mark.parametrize(
    ("hours", "since", "expected"),
    [
        (25, 48, 0),
        (23.9, 48, 1),
        (0.24, 48, 1),
        (23.9, 23.8, 0),  # scheduled only since: that was told then
        (0.24, 1, 1),
        (0.24, 0.2, 0),
        (0, 48, 0),
    ],
)
def test_a_word_ahead_of_a_lift(hours: float, since: float, expected: int) -> None:
    lift = NOW + timedelta(hours=hours)
    coming = Coming(SLUG, VERSION, lift, lift - timedelta(hours=since))
    found = reminders([coming], {}, now=NOW, timezone=ZONE)
    assert len(found) == expected


def test_what_lifts_together_is_reported_together() -> None:
    lift = NOW + timedelta(minutes=10)
    coming = [Coming(f"r{n}", f"{n:06}" + "f" * 58, lift, NOW - timedelta(days=9)) for n in range(7)]
    standings = {f"r{n}": ReleaseStatus(ReleaseState.SCHEDULED) for n in range(7)}
    standings |= {"r1": ReleaseStatus(ReleaseState.UNAPPROVED), "r2": ReleaseStatus(ReleaseState.UNAPPROVED)}
    (notice,) = reminders(coming, standings, now=NOW, timezone=ZONE)
    assert notice.words == (
        "7 releases (codes 000000, 000001, 000002, 000003, 000004 and 2 more) go out Friday,"
        " Sept. 21, 2018, 9:10 a.m. PDT (in 10 min). 2 of them are still waiting for"
        " approval."
    )


# -- nothing leaks ------------------------------------------------------------------------------------------------

canary = st.text(max_size=8).map(lambda text: f"Zq{text}zq")


any_line = st.builds(
    JournalEvent,
    n=st.integers(1, 99),
    at=st.just(NOW),
    actor=st.just("da"),
    event=st.sampled_from(sorted(EVENTS)),
    slug=st.just(SLUG),
    version=st.sampled_from([VERSION, "b" * 64]),
    detail=st.fixed_dictionaries(
        {
            "why": canary,
            "error": canary,
            "reason": canary,
            "recipient": canary,
            "outlet": st.sampled_from(["media", "web"]),
        },
        optional={"late_ms": st.integers(0, 10**9) | st.none() | canary, "again": st.booleans(), "url": canary},
    ),
)


any_known = st.none() | st.builds(
    lambda state, missing, file, word, lift: known(
        delivery(state=state, error="Zqreason", url="Zqurl", recipient="Zq@x"),
        missing=missing,
        file=file,
        word=word,
        lift=lift,
    ),
    state=st.sampled_from(DeliveryState),
    missing=st.integers(0, 2),
    file=st.sampled_from(FileFact),
    word=st.sampled_from(Directive),
    lift=st.sampled_from([None, NOW, LIFT, NOW + timedelta(minutes=3), NOW - timedelta(days=9)]),
)


@given(st.lists(any_line, max_size=8), any_known, st.booleans(), st.none() | canary)
def test_what_is_not_out_is_not_named(
    lines: list[JournalEvent], one: Known | None, closed: bool, doubt: str | None
) -> None:
    shut = ("media",) if closed else ()
    notice_words = [notice_of(matter, one, closed=shut, out=False, now=NOW, timezone=ZONE) for matter in grouped(lines)]
    notices = [notice for notice in notice_words if notice is not None]
    if one is not None:
        notices += conditions([one], config=Config(OFFICE), known_outlets={"web"}, now=NOW, clock_doubt=doubt)
        release = one.dossier.release
        coming = [Coming(SLUG, VERSION, release.lift, LIFT - timedelta(days=3))] if release.lift else []
        notices += reminders(coming, {SLUG: ReleaseStatus(ReleaseState.HELD, "zqwhy")}, now=NOW, timezone=ZONE)
    message = digest(notices, office=OFFICE, key="k" * 32, now=NOW)
    mail = eml(message, Letterhead("The Office", "press@example.org"), key="k" * 32, recipient="da@example.org")
    for said in (message.text, message.html, message.release.headline, message.summary, mail.decode()):
        assert "zq" not in said.casefold().replace("=\r\n", "")


def test_markup_in_a_name_is_inert() -> None:
    line = JournalEvent(1, NOW, '<img src="x">\x1b[31m\n\nda', "stopped")
    (words_said,) = told_words(line)
    message = digest([Notice(Topic.STOPPED, words_said)], office=OFFICE, key="k", now=NOW)
    assert "<img" not in message.html
    assert "\x1b" not in message.html + message.text
    assert "&lt;img" in message.html


def test_a_message_has_fifty_sentences_at_most_and_the_gravest_first() -> None:
    notices = [Notice(Topic.PUBLISHED, f"release-{n} is out.") for n in range(70)]
    notices.append(Notice(Topic.FAILED, "It failed."))
    message = digest(notices, beyond=9, office=OFFICE, key="k", now=NOW)
    assert message.text.startswith("It failed.\n\nrelease-0 is out.\n")
    assert message.text.count(" is out.") == 49
    assert "There is more (30)" in message.text
    assert message.release.headline == "Press releases: failed, published (70)"
    assert message.html.count("<p>") == 52


def test_a_notice_by_mail_does_not_pose_as_a_release() -> None:
    message = digest([Notice(Topic.FAILED, "It failed.")], office=OFFICE, key="k", now=NOW)
    mail = eml(message, Letterhead("The Office", "press@example.org"), key="k", recipient="da@example.org").decode()
    assert "FOR IMMEDIATE RELEASE" not in mail
    assert "###" not in mail
    assert "Subject: Press releases: failed\r\n" in mail
