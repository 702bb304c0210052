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
from pressrelease.promises import Follower, Promise, PromiseState, keep
from pressrelease.promises.fulfillment import closes, fits
from pressrelease.scheduler.passes import publish_due
from pressrelease.services import ServiceContext
from pressrelease.services.approving import approve
from pressrelease.services.promising import near_promises, promised
from pressrelease.services.scheduling import propose, schedule
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
    office.write("early", date=today(), follows="first")
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
