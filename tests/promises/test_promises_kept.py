"""Which release keeps a promise: told from its lift, by the commands, and before a follow-up is scheduled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import Office, found_office

from pressrelease.cli import main
from pressrelease.cli.promising import near_lines
from pressrelease.errors import NotFound, ReleaseRefused
from pressrelease.notifications.near_promises import AT_ONCE
from pressrelease.promises import Follower, Promise, PromiseState, keep, promises_in
from pressrelease.promises.court import court_dates_in
from pressrelease.promises.fulfillment import closes, fits
from pressrelease.promises.matching import says_what_was_promised
from pressrelease.scheduler.passes import publish_due
from pressrelease.services import ServiceContext
from pressrelease.services.approving import approve
from pressrelease.services.promising import near_promises, promised
from pressrelease.services.scheduling import propose, schedule
from pressrelease.store import after_publication
from pressrelease.system import clock
from pressrelease.wiring import Workspace

DAY = timedelta(days=1)
MONDAY = datetime(2018, 9, 24, 7, tzinfo=UTC)
WEEK = Promise("first", "The names will be released the week of 9/24.", 3, MONDAY, MONDAY + 7 * DAY)
BRIEFING = Promise("first", "A briefing will be held at 10 a.m. on October 3.", 9, MONDAY + 9 * DAY)
SOMETIME = Promise("first", "Details to follow.", 12)

DRAFT = Follower("names")
INSIDE = MONDAY + DAY
LATE = MONDAY + 20 * DAY


@pytest.mark.parametrize(
    ("promise", "follower", "now", "state", "kept_by"),
    [
        (WEEK, None, MONDAY - DAY, "open", ""),
        (WEEK, DRAFT, MONDAY - DAY, "open", "names"),
        (WEEK, Follower("names", INSIDE, scheduled=True), MONDAY - DAY, "planned", "names"),
        (WEEK, Follower("names", LATE, scheduled=True), MONDAY - DAY, "open", "names"),
        (WEEK, Follower("names", INSIDE), MONDAY - DAY, "open", "names"),
        (WEEK, Follower("names", INSIDE, out=True), INSIDE, "kept", "names"),
        (WEEK, Follower("names", LATE, out=True), LATE + DAY, "kept", "names"),
        (WEEK, None, MONDAY + 7 * DAY - timedelta(microseconds=1), "open", ""),
        (WEEK, None, MONDAY + 7 * DAY, "overdue", ""),
        (WEEK, Follower("names", INSIDE, scheduled=True), MONDAY + 7 * DAY, "overdue", "names"),
        (BRIEFING, None, MONDAY + 9 * DAY, "open", ""),
        (BRIEFING, None, MONDAY + 10 * DAY, "overdue", ""),
        (BRIEFING, Follower("names", MONDAY + 9 * DAY, scheduled=True), MONDAY, "planned", "names"),
        (SOMETIME, None, LATE, "open", ""),
        (SOMETIME, DRAFT, LATE, "open", "names"),
        (SOMETIME, Follower("names", LATE, scheduled=True), MONDAY, "planned", "names"),
        (SOMETIME, Follower("names", LATE, out=True), LATE, "kept", "names"),
    ],
)
def test_the_state_of_one_promise(
    promise: Promise, follower: Follower | None, now: datetime, state: str, kept_by: str
) -> None:
    (kept,) = keep([promise], [follower] if follower else [], now=now)
    assert (kept.state.value, kept.kept_by) == (state, kept_by)


def test_each_of_two_promises_has_the_follower_of_its_own_time() -> None:
    names, briefing = Follower("names", INSIDE, out=True), Follower("briefing", MONDAY + 9 * DAY, scheduled=True)
    kept = keep([WEEK, BRIEFING], [briefing, names], now=MONDAY + 8 * DAY)
    assert [(one.state.value, one.kept_by) for one in kept] == [("kept", "names"), ("planned", "briefing")]
    alone = keep([WEEK, BRIEFING], [names], now=MONDAY + 8 * DAY)
    assert [(one.state.value, one.kept_by) for one in alone] == [("kept", "names"), ("open", "")]


def test_a_follower_of_no_window_may_have_kept_only_the_undated_promise() -> None:
    early = Follower("map", MONDAY - 2 * DAY, out=True)
    dated, undated = keep([WEEK, SOMETIME], [early], now=MONDAY)
    assert (dated.state, undated.state) == (PromiseState.OPEN, PromiseState.KEPT)
    late = Follower("names", LATE, out=True)
    dated, undated = keep([WEEK, SOMETIME], [late], now=LATE)
    assert (dated.state, undated.state) == (PromiseState.KEPT, PromiseState.KEPT)


moments = st.datetimes(datetime(2018, 9, 1), datetime(2018, 11, 1), timezones=st.just(UTC))


@given(
    promise=st.sampled_from([WEEK, BRIEFING, SOMETIME]),
    followers=st.lists(st.builds(Follower, st.sampled_from("abc"), st.none() | moments, st.booleans(), st.booleans())),
    now=moments,
)
def test_a_promise_is_never_called_kept_without_a_release_that_is_out(
    promise: Promise, followers: list[Follower], now: datetime
) -> None:
    (kept,) = keep([promise], followers, now=now)
    end = closes(promise)
    if kept.state is PromiseState.KEPT:
        assert any(follower.out and follower.slug == kept.kept_by for follower in followers)
    if not followers:
        assert kept.kept_by == ""
    if kept.state is PromiseState.PLANNED:
        assert any(one.scheduled and one.slug == kept.kept_by and fits(promise, one.lift) for one in followers)
    if kept.state is PromiseState.OVERDUE:
        assert end is not None
        assert end <= now


def test_a_follower_keeps_a_promise_by_itself_only_if_it_says_what_was_promised() -> None:
    names = Follower("names", INSIDE, out=True, text="Six men named in trafficking operation")
    hours = Follower("hours", INSIDE, out=True, text="Office closed for the holiday")
    (kept,) = keep([WEEK], [names], now=INSIDE)
    assert (kept.state, kept.kept_by, kept.asks) == (PromiseState.KEPT, "names", False)
    (asked,) = keep([WEEK], [hours], now=INSIDE)
    assert (asked.state, asked.kept_by, asked.asks) == (PromiseState.OPEN, "hours", True)
    (overdue,) = keep([WEEK], [hours], now=LATE)
    assert (overdue.state, overdue.asks) == (PromiseState.OVERDUE, True)
    (vague,) = keep([SOMETIME], [hours], now=INSIDE)
    assert vague.state is PromiseState.KEPT, "a promise that names nothing is kept by whatever follows"


@pytest.mark.parametrize(
    ("promise", "text", "says"),
    [
        ("The identities of those arrested will be released Monday.", "Names of six men released", True),
        ("Booking photos will be posted Monday.", "Pictures of those arrested", True),
        ("The body-worn camera video will be released Monday.", "Footage of the Oct. 3 shooting", True),
        ("The findings will be published by Dec. 1.", "Review finds no crime", True),
        ("The District Attorney will announce a charging decision Friday.", "Driver charged in crash", True),
        ("The names will be released Monday.", "Office closed Thursday and Friday", False),
        ("The video will be released Monday.", "District Attorney's Office hires three", False),
        ("More information will be released Monday.", "Office closed", True),
    ],
)
def test_what_was_promised_is_said_in_other_words_too(promise: str, text: str, says: bool) -> None:
    assert says_what_was_promised(promise, text) is says


def test_a_promise_that_a_person_settled_is_kept() -> None:
    for now in (MONDAY - DAY, INSIDE, LATE):
        kept, other = keep([WEEK, BRIEFING], [], now=now, settled={WEEK.key})
        assert (kept.state, kept.settled, kept.kept_by) == (PromiseState.KEPT, True, "")
        assert not other.settled


# -- in an office -------------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return found_office(tmp_path / "office", policy="[policy]\napprovals = 1\n")


@pytest.fixture
def context(office: Office) -> ServiceContext:
    return ServiceContext(Workspace(office.folder), "jdoe")


def phrase(days: int, form: str = "{:%B} {}, {}") -> str:
    """A day from today in California, as it would be written."""
    day = datetime.now(ZoneInfo("America/Los_Angeles")).date() + timedelta(days=days)
    return form.format(day, day.day, day.year)


def today() -> str:
    return str(datetime.now(ZoneInfo("America/Los_Angeles")).date())


def publish(context: ServiceContext, *slugs: str) -> None:
    for slug in slugs:
        schedule(context, propose(context, slug))
        approve(context, slug, "deputy")
    publish_due(context.workspace)


@pytest.fixture
def promise_made(office: Office, context: ServiceContext) -> None:
    """A release that is out, and promised the names within five days."""
    office.write("first", date=today(), body=f"The names will be released on {phrase(5)}.")
    publish(context, "first")


def standing(context: ServiceContext, slug: str = "first", *, after: timedelta = timedelta()) -> list[tuple[str, str]]:
    found = promised(context, [slug], now=clock.utc_now() + after)
    return [(one.kept.state.value, one.kept.kept_by) for one in found]


@pytest.mark.usefixtures("promise_made")
def test_a_promise_from_open_to_kept(office: Office, context: ServiceContext) -> None:
    assert standing(context) == [("open", "")]
    assert standing(context, after=7 * DAY) == [("overdue", "")]
    office.write("names", date=today(), embargo=f"{phrase(5)}, 10 a.m.", follows="first")
    assert standing(context) == [("open", "names")]
    schedule(context, propose(context, "names"))
    assert standing(context) == [("planned", "names")]
    office.write("early", headline="The names", date=today(), follows="first")
    publish(context, "early")
    assert standing(context) == [("planned", "names")], (
        "what came early is not what was promised, while another is planned"
    )
    assert standing(context, after=7 * DAY) == [("kept", "early")]


@pytest.mark.usefixtures("promise_made")
def test_a_lift_outside_what_was_promised_is_warned_of_and_still_possible(
    office: Office, context: ServiceContext
) -> None:
    office.write("names", date=today(), embargo=f"{phrase(9)}, 10 a.m.", follows="first")
    (finding,) = [one for one in propose(context, "names").findings if one.code == "outside_promise"]
    assert (finding.severity.value, finding.line) == ("warning", 5)
    assert "first promised it for another time" in finding.message
    said = office.run("schedule", "names", "--yes").stdout
    assert "warning   first promised it" in said
    assert said.index("warning   first promised it") < said.index("Scheduled.")


@pytest.mark.usefixtures("promise_made")
@pytest.mark.parametrize("embargo", [5, 9], ids=["inside", "follows-nobody"])
def test_no_warning_where_nothing_is_broken(office: Office, context: ServiceContext, embargo: int) -> None:
    office.write(
        "names", date=today(), embargo=f"{phrase(embargo)}, 10 a.m.", **({"follows": "first"} if embargo == 5 else {})
    )
    assert [one.code for one in propose(context, "names").findings if one.code == "outside_promise"] == []


@pytest.mark.usefixtures("promise_made")
def test_what_is_near_is_said_where_people_look(office: Office, context: ServiceContext) -> None:
    for command in ([], ["status"]):
        said = office.run(*command).stdout
        assert "first: NOT SCHEDULED YET: no release keeps it" in said
        assert 'pressrelease new "HEADLINE" --follows first' in said
    kept = context.workspace.private / "promises.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    now = clock.utc_now()
    assert near_lines(context, now=now + 20 * DAY) == [], "what is long past nags nobody"
    assert near_promises(context, now=now + 8 * DAY)[0].kept.state is PromiseState.OVERDUE
    office.write("names", date=today(), embargo=f"{phrase(5)}, 10 a.m.", follows="first")
    schedule(context, propose(context, "names"))
    assert near_lines(context, now=now) == [], "what is planned waits for nobody"


@pytest.mark.usefixtures("promise_made")
def test_what_was_kept_for_status_is_only_a_shortcut(context: ServiceContext) -> None:
    now = clock.utc_now()
    before = near_promises(context, now=now)
    assert len(before) == 1
    kept = context.workspace.private / "promises.json"
    for damage in (
        "",
        "[]",
        "{",
        '{"made_with": 1}',
        json.dumps(json.loads(kept.read_text()) | {"made_with": ["other"]}),
    ):
        kept.write_text(damage, encoding="utf-8")
        assert [one.kept for one in near_promises(context, now=now)] == [one.kept for one in before]
    kept.unlink()
    kept.mkdir()
    assert len(near_promises(context, now=now)) == 1, "where it can't be kept, it is read anew"


def test_only_a_limited_number_is_read_again_at_once(office: Office, context: ServiceContext) -> None:
    slugs = [f"release-{number:03}" for number in range(AT_ONCE + 5)]
    for slug in slugs:
        office.write(slug, date=today(), body=f"The names will be released on {phrase(3)}.")
    publish(context, *slugs)
    now = clock.utc_now()
    assert len(near_promises(context, now=now)) == AT_ONCE
    assert len(near_promises(context, now=now)) == AT_ONCE + 5


def test_the_frozen_text_promises_whatever_became_of_the_file(office: Office, context: ServiceContext) -> None:
    path = office.write("first", date=today(), body=f"The names will be released on {phrase(5)}.")
    publish(context, "first")
    path.write_text(path.read_text().replace("will be released", "were released"), encoding="utf-8")
    assert standing(context) == [("open", "")]
    path.unlink()
    (found,) = promised(context, ["first"], now=clock.utc_now())
    assert found.promise.line == 0


def test_the_two_releases_that_it_was_made_for(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    for source in (Path(__file__).parents[2] / "releases").glob("*.md"):
        (office.folder / "releases" / source.name).write_bytes(source.read_bytes())
    assert main(["--workspace", str(office.folder), "promises", "--json"]) == 0
    (promise,) = json.loads(capsys.readouterr().out)["promises"]
    assert list(promise) == ["slug", "text", "line", "not_before", "no_later_than", "kept_by", "state"]
    assert promise["slug"] == "county-wide-human-trafficking-operation"
    assert promise["kept_by"] == "names-released-in-county-wide-human-trafficking-operation"
    assert (promise["not_before"], promise["no_later_than"]) == ("2018-09-24T07:00:00Z", "2018-10-01T07:00:00Z")
    context = ServiceContext(Workspace(office.folder), "jdoe")
    assert [one.kept.state.value for one in promised(context, now=MONDAY - DAY)] == ["open"]
    assert main(["--workspace", str(office.folder), "promises"]) == 0
    assert "From Monday, Sept. 24, 2018, through Sunday, Sept. 30, 2018" in capsys.readouterr().out


def test_names_that_are_none_and_files_that_can_not_be_read(office: Office, context: ServiceContext) -> None:
    office.write("first", body="The names will be released on May 6.")
    (office.folder / "releases" / "broken.md").write_text("no front matter", encoding="utf-8")
    now = clock.utc_now()
    assert [one.promise.slug for one in promised(context, now=now)] == ["first"]
    with pytest.raises(ReleaseRefused):
        promised(context, ["broken"], now=now)
    with pytest.raises(NotFound):
        promised(context, ["nothing"], now=now)


def test_nothing_is_said_of_promises_that_were_never_made(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.write("first", body="Names were released.")
    assert main(["--workspace", str(office.folder), "promises"]) == 0
    assert capsys.readouterr().out == "No release promises anything.\n"
    assert main(["--workspace", str(office.folder), "promises", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"promises": []}
    assert not (office.folder / ".pressrelease" / "promises.json").exists()


@pytest.mark.usefixtures("promise_made")
def test_a_person_settles_a_promise(
    office: Office, context: ServiceContext, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> int:
        return main(["--workspace", str(office.folder), *words])

    assert run("promises", "--kept", "1") == 65, "a reason is needed"
    assert run("promises", "--kept", "2", "--why", "read aloud") == 66
    assert run("promises", "--kept", "-1", "--why", "read aloud") == 66
    assert run("promises", "--kept", "1", "--why", "read aloud", "--dry-run") == 0
    assert standing(context) == [("open", "")], "nothing was recorded"
    assert len(near_promises(context, now=clock.utc_now())) == 1
    capsys.readouterr()
    assert run("promises", "first", "--kept", "1", "--why", "read aloud") == 0
    assert "kept, as a person settled" in capsys.readouterr().out
    assert standing(context, after=30 * DAY) == [("kept", "")]
    assert near_promises(context, now=clock.utc_now()) == [], "what a person settled waits for nobody"
    assert run("promises", "--kept", "1", "--why", "again") == 65
    assert run("journal", "--json", "first") == 0
    line = next(line for line in map(json.loads, capsys.readouterr().out.splitlines())
                if line.get("event") == "release.promise_kept")  # fmt: skip
    assert line["detail"]["why"] == "read aloud"
    assert "names" not in json.dumps(line["detail"]), "the record names the promise by a digest"
    assert run("journal", "--verify") == 0


def test_the_promise_of_a_draft_is_not_settled(office: Office, context: ServiceContext) -> None:
    office.write("first", date=today(), body=f"The names will be released on {phrase(5)}.")
    assert main(["--workspace", str(office.folder), "promises", "--kept", "1", "--why", "so"]) == 77
    assert not context.store.exists or after_publication.promises_kept(context.store.read, "first") == frozenset()


@pytest.mark.usefixtures("promise_made")
def test_a_follow_up_that_says_something_else_is_asked_about(
    office: Office, context: ServiceContext, capsys: pytest.CaptureFixture[str]
) -> None:
    office.write("hours", headline="Holiday hours", date=today(), follows="first", body="The office is closed.")
    publish(context, "hours")
    assert standing(context) == [("open", "hours")]
    assert main(["--workspace", str(office.folder), "promises", "first"]) == 0
    said = capsys.readouterr().out
    assert "hours follows it, and doesn't say what was promised. Does it keep the promise?" in said


# -- court dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He is scheduled to be arraigned on Nov. 20 at 8:30 a.m.", [("arraignment", "2026-11-20T16:30")]),
        ("Sentencing is set for Dec. 14 at 9 a.m. in Department 42.", [("sentencing", "2026-12-14T17:00")]),
        ("Trial is set for Jan. 19.", [("trial", "2027-01-19T08:00")]),
        ("The preliminary hearing is scheduled for Dec. 2.", [("hearing", "2026-12-02T08:00")]),
        ("She is due back in court on Friday.", [("hearing", "2026-11-20T08:00")]),
        ("Arraignment: Friday, Nov. 20, 1:30 p.m.", [("arraignment", "2026-11-20T21:30")]),
        ("Roe pleaded guilty on Nov. 12 and is set to be sentenced Dec. 18 at 9 a.m.",
         [("sentencing", "2026-12-18T17:00")]),
        ("The judge set a hearing for Dec. 3 and trial for Jan. 25; both are public.",
         [("hearing", "2026-12-03T08:00"), ("trial", "2027-01-25T08:00")]),
        ("He will be arraigned at a hearing on Dec. 3.", [("arraignment", "2026-12-03T08:00")]),
        ("Roe was arraigned Tuesday.", []),
        ("At a hearing on Monday, the judge denied bail.", []),
        ("A public hearing on the budget will be held Dec. 8.", []),
        ("The hearing on Nov. 24 has been canceled.", []),
        ("If convicted, he faces 12 years.", []),
        ("He will remain in custody until his arraignment.", []),
        ("The names will be released Dec. 1.", []),
    ],
)  # fmt: skip
def test_court_dates_are_a_kind_of_their_own(text: str, found: list[tuple[str, str]]) -> None:
    now = datetime(2026, 11, 18, 8, tzinfo=UTC)
    dates = court_dates_in(text, now=now, timezone="America/Los_Angeles")
    assert [(one.event.value, f"{one.not_before:%Y-%m-%dT%H:%M}") for one in dates] == found
    if found:
        assert not promises_in(text, now=now, timezone="America/Los_Angeles"), "they are the court's, and no promise"


def test_court_dates_are_shown_where_they_are_asked_for(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.write("first", date=today(), body=f"Roe is scheduled to be arraigned on {phrase(5)} at 8:30 a.m.")

    def answer(*words: str) -> dict[str, object]:
        assert main(["--workspace", str(office.folder), "promises", "--json", *words]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    assert answer() == {"promises": []}
    asked = answer("--court")
    assert asked["promises"] == []
    ((date,),) = [asked["court"]]  # type: ignore[misc]
    assert (date["slug"], date["kind"]) == ("first", "arraignment")
    config = office.folder / "config.toml"
    config.write_text(config.read_text() + "\n[promises]\ncourt = true\n", encoding="utf-8")
    assert answer() == asked
    assert main(["--workspace", str(office.folder), "promises"]) == 0
    assert "8:30 a.m." in capsys.readouterr().out


def test_check_and_schedule_show_what_a_text_promises(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.write("first", date=today(), embargo=f"{phrase(3)}, 10 a.m.",
                 body=f"The names will be released on {phrase(5)}.")  # fmt: skip
    sentence = f"“The names will be released on {phrase(5)}.”"
    assert main(["--workspace", str(office.folder), "check", "first"]) == 0
    assert f"releases/first.md: promises: {sentence}" in " ".join(capsys.readouterr().out.split())
    assert main(["--workspace", str(office.folder), "schedule", "first", "--yes"]) == 0
    assert f"promises {sentence}" in " ".join(capsys.readouterr().out.split())
