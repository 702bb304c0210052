"""A command over several releases does or refuses each by itself; and a hold asks nothing before it holds."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from calling import Caller
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from office import Office, found_office, in_seconds, iso
from preloaded import command_started

from pressrelease import errors
from pressrelease.errors import NotFound, NotPermitted, PressReleaseError
from pressrelease.services import ServiceContext
from pressrelease.services.results import each
from pressrelease.status.dossier import Directive
from pressrelease.store import commands
from pressrelease.store.ledger import Ledger

FAR = iso(in_seconds(5 * 86400))


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Caller) -> Office:
    """An office with `out`, which is published, and `second` and `third`, scheduled and approved."""
    made = found_office(tmp_path / "office")
    monkeypatch.chdir(made.folder)
    made.write("out")
    made.write("second", embargo=FAR)
    made.write("third", embargo=FAR)
    call("schedule", "out", "second", "third", "--yes")
    call("approve", "out", "second", "third", "--as", "da")
    call("publish-due")
    assert call.state("out") == "published"
    return made


def events(call: Caller, slug: str) -> list[str]:
    return [json.loads(line)["event"] for line in call("journal", slug, "--json").splitlines()]


# --- Each by itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [["out", "second", "third"], ["second", "out", "third"], ["third", "second", "out"]])
def test_hold_holds_every_release_that_can_be_held(office: Office, call: Caller, order: list[str]) -> None:
    call("hold", *order, "--why", "charges dropped", expect=77)
    assert (call.state("second"), call.state("third")) == ("held", "held")
    call("resume", "second", "third")
    call("hold", *order, "--why", "charges dropped", expect=77)
    assert "NOT HELD: out" in call.err
    assert "second: ON HOLD" in call.out
    assert "third: ON HOLD" in call.out


@pytest.mark.parametrize(
    ("command", "state"),
    [
        (["hold", "--why", "x"], "held"),
        (["unapprove"], "unapproved"),
        (["unschedule"], "draft"),
        (["resume", "--at", iso(in_seconds(6 * 86400)), "--yes"], "scheduled"),
    ],
)
def test_one_document_has_the_done_and_the_refused(
    office: Office, call: Caller, command: list[str], state: str
) -> None:
    verb, *options = command
    told = call.json(verb, "out", "second", "nothing", "second", *options, expect=77)
    assert [(one["slug"], one["state"]) for one in told["releases"]] == [("second", state)]
    assert [(one["slug"], bool(one["message"])) for one in told["refused"]] == [("out", True), ("nothing", True)]
    assert told["error"]["code"] == told["refused"][0]["code"]
    assert call.state("third") == "scheduled"


def test_schedule_and_approve_do_each_by_itself(office: Office, call: Caller) -> None:
    office.write("fourth", embargo=FAR)
    office.write("broken", embargo=FAR, outlets="[nowhere]")
    told = call.json("schedule", "broken", "fourth", "missing", "--yes", expect=65)
    assert [one["slug"] for one in told["releases"]] == ["fourth"]
    assert [one["slug"] for one in told["refused"]] == ["broken", "missing"]
    told = call.json("approve", "out", "fourth", "missing", "--as", "da", expect=77)
    assert [(one["slug"], one["state"]) for one in told["releases"]] == [("fourth", "scheduled")]
    told = call.json("retry", "out", "fourth", expect=66)
    assert [one["slug"] for one in told["refused"]] == ["out", "fourth"]


def test_one_release_alone_is_refused_as_an_error(office: Office, call: Caller) -> None:
    told = call.json("hold", "out", "--why", "x", expect=77)
    assert list(told) == ["error"]


def test_a_dry_run_tells_what_would_be_refused(office: Office, call: Caller) -> None:
    told = call.json("hold", "out", "second", "--why", "x", "--dry-run", expect=77)
    assert told["releases"] == ["second"]
    assert [one["slug"] for one in told["refused"]] == ["out"]
    assert call.state("second") == "scheduled"


ERRORS = st.sampled_from(
    [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PressReleaseError)]
).filter(lambda kind: kind is not errors.ConfigRefused)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | ERRORS), max_size=8))
def test_each_is_done_once_and_the_most_serious_refusal_counts(
    acts: list[tuple[str, type[PressReleaseError] | None]],
) -> None:
    fate = dict(acts)
    called: list[str] = []

    def act(slug: str) -> None:
        called.append(slug)
        if kind := fate[slug]:
            raise kind(f"{slug} was refused.")

    results = each([slug for slug, _ in acts], act)
    assert called == list(dict.fromkeys(slug for slug, _ in acts))
    assert set(results.done) == {slug for slug, kind in fate.items() if kind is None}
    assert {one.slug for one in results.refused} == {slug for slug, kind in fate.items() if kind}
    codes = [kind.exit_code for kind in fate.values() if kind]
    assert (results.error.exit_code if results.error else None) == min(
        codes, key=errors.SERIOUSNESS.index, default=None
    )


def test_every_exit_code_has_its_place() -> None:
    assert NotPermitted.exit_code != NotFound.exit_code
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PressReleaseError)]
    assert {kind.exit_code for kind in kinds} == set(errors.SERIOUSNESS)


# --- A hold asks nothing first ---------------------------------------------------------------------------------------


def test_a_hold_without_a_reason_holds_at_once(office: Office, call: Caller) -> None:
    call("hold", "second", "third")
    assert (call.state("second"), call.state("third")) == ("held", "held")
    assert call.reason("second").startswith("put on hold by ")
    assert not call.reason("second").endswith(":")


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("typed", [b"the court called\n", b"\n"])
def test_at_a_terminal_the_reason_is_asked_after_the_hold(office: Office, call: Caller, typed: bytes) -> None:
    import pty

    keyboard, terminal = pty.openpty()
    process = command_started(["hold", "second"], cwd=office.folder, streams=dict.fromkeys(range(3), terminal))
    os.close(terminal)
    try:
        screen = b""
        while b"Why?" not in screen:
            screen += os.read(keyboard, 4096)
        assert call.state("second") == "held"  # while the question is open
        os.write(keyboard, typed)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        os.close(keyboard)
    why = typed.decode().strip()
    assert call.reason("second").endswith(f": {why}") is bool(why)
    assert events(call, "second")[-2:] == (
        ["release.held", "release.hold_reason"] if why else events(call, "second")[-2:]
    )
    assert events(call, "second").count("release.held") == 1


def test_a_script_is_not_asked(office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("never read\n"))
    call("hold", "second")
    assert "Why" not in call.err
    assert sys.stdin.read() == "never read\n"


# --- Nothing false on record -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stopped", [False, True])
def test_resuming_what_is_not_held_is_refused_and_not_noted(office: Office, call: Caller, stopped: bool) -> None:
    if stopped:
        call("stop")
    before = events(call, "second")
    call("resume", "second", expect=77)
    assert "is not on hold" in call.err
    assert ("resume --all" in call.err) is stopped
    assert events(call, "second") == before


def test_taking_back_no_approval_is_refused_and_not_noted(office: Office, call: Caller) -> None:
    call("unapprove", "second")
    before = events(call, "second")
    call("unapprove", "second", expect=77)
    assert "has no approval" in call.err
    assert events(call, "second") == before


def test_putting_off_what_is_not_held_notes_no_resumption(office: Office, call: Caller) -> None:
    call("resume", "second", "--at", iso(in_seconds(6 * 86400)), "--yes")
    assert "release.resumed" not in events(call, "second")
    assert events(call, "second")[-1] == "release.lift_moved"


def test_a_missed_release_is_resumed_without_being_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Caller
) -> None:
    made = found_office(tmp_path / "late", policy='[policy]\nmax_late = "1s"')
    monkeypatch.chdir(made.folder)
    lift = in_seconds(3)
    made.write("names", embargo=iso(lift))
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()) + 1.5)
    assert call.state("names") == "needs_you"
    call("resume", "names")
    assert events(call, "names")[-1] == "release.late_accepted"
    assert "release.resumed" not in events(call, "names")


def test_no_command_to_resume_is_proposed_for_what_a_person_holds(office: Office, call: Caller) -> None:
    call("hold", "second", "--why", "charges dropped")
    assert "next:" not in call.out
    call("status", "second")
    assert "next:" not in call.out


# --- Many at once ----------------------------------------------------------------------------------------------------


def test_one_that_is_refused_within_a_transaction_is_undone_by_itself(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pressrelease.services import results
    from pressrelease.wiring import Workspace

    place = Workspace(office.folder)
    context = ServiceContext(place, "jdoe")
    before = len(place.store.read.rows("SELECT n FROM journal"))

    def write(ledger: Ledger, slug: str) -> None:
        ledger.note("remark", slug)
        commands.set_directive(ledger, slug, Directive.HELD, by="jdoe")  # refused for what is out
        if slug == "third":
            raise NotPermitted("third was refused.")

    found = results.each_in_groups(context, ["out", "second", "third", "nothing"], str, write, at_once=3)
    assert found.done == ("second",)
    assert [one.slug for one in found.refused] == ["out", "third", "nothing"]
    rows = place.store.read.rows("SELECT slug, word FROM releases ORDER BY slug")
    assert {row["slug"]: row["word"] for row in rows} == {"out": "scheduled", "second": "held", "third": "scheduled"}
    lines = place.store.read.rows("SELECT slug, event FROM journal ORDER BY n")[before:]
    assert [(row["slug"], row["event"]) for row in lines] == [("second", "remark"), ("second", "release.held")]
    place.store.close()


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | ERRORS), max_size=8), st.integers(1, 4))
@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_groups_do_and_refuse_what_each_does(
    office: Office, acts: list[tuple[str, type[PressReleaseError] | None]], at_once: int
) -> None:
    from pressrelease.services import results
    from pressrelease.wiring import Workspace

    fate = dict(acts)

    def act(slug: str) -> str:
        if kind := fate[slug]:
            raise kind(f"{slug} was refused.")
        return slug

    place = Workspace(office.folder)
    slugs = [slug for slug, _ in acts]
    plain = each(slugs, act)
    for prepare, write in ((act, lambda _, slug: slug), (str, lambda _, slug: act(slug))):
        grouped = results.each_in_groups(ServiceContext(place, "jdoe"), slugs, prepare, write, at_once=at_once)
        assert grouped.done == plain.done
        assert [one.slug for one in grouped.refused] == [one.slug for one in plain.refused]
        assert (grouped.error is None) == (plain.error is None)
        assert grouped.error is None or grouped.error.exit_code == plain.error.exit_code
    place.store.close()


def test_nothing_is_done_where_a_transaction_fails_as_a_whole(office: Office) -> None:
    from pressrelease.services import results
    from pressrelease.wiring import Workspace

    place = Workspace(office.folder)

    def write(ledger: Ledger, slug: str) -> None:
        commands.set_directive(ledger, slug, Directive.HELD, by="jdoe")
        if slug == "third":
            ledger.connection.exec_driver_sql("SELECT * FROM no_such_table")

    found = results.each_in_groups(ServiceContext(place, "jdoe"), ["second", "third"], str, write)
    assert found.done == ()
    assert [one.slug for one in found.refused] == ["second", "third"]
    assert not place.store.read.rows("SELECT slug FROM releases WHERE word <> 'scheduled'")
    place.store.close()
