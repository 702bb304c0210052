"""Approvals: by whom, of exactly what, until when; and signed, so that writing the database is not enough."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import forging
import pytest
import workshop
from calling import Caller
from conftest import NOW
from hypothesis import example, given
from hypothesis import strategies as st
from needed import needs_program
from office import FAR, Office, found_office
from records import left_alone, make_first_layout
from sqlalchemy import text
from zone_files import LA, database, going_by

from pressrelease import signing
from pressrelease.cli import main
from pressrelease.config import Config, Policy, Retry
from pressrelease.errors import NotPermitted
from pressrelease.message import Message
from pressrelease.outlets import RenderedMessage
from pressrelease.scheduler.passes import publish_due
from pressrelease.services import ServiceContext, adopting, approving, stopping
from pressrelease.status.evaluation import Approval, Directive, Scheduled, counted_approvals, same_person
from pressrelease.store import Store, approvals, claims, freezing
from pressrelease.store.queries import SCHEMA
from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.wiring import Workspace

AT = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Office]:
    """Makes an office with one release, `names`, and puts the current folder in it."""

    def make(policy: str = "", *, embargo: str = "immediate", **keys: str) -> Office:
        office = found_office(tmp_path / "office", policy=f"[policy]\n{policy}\n")
        office.write("names", embargo=embargo, **keys)
        monkeypatch.chdir(office.folder)
        return office

    return make


def sql(office: Office, statement: str, *values: object) -> None:
    """What somebody does who can write the database and nothing else."""
    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db")
    with connection:
        assert connection.execute(statement, values).rowcount, statement
    connection.close()


def store_of(office: Office) -> Store:
    return Store("sqlite:///.pressrelease/state.db", office.folder)


def long_ago() -> datetime:
    return (datetime.now(UTC) - timedelta(minutes=1)).replace(microsecond=0)


# --- How many, and by whom -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("needed", [0, 1, 2, 3])
def test_as_many_people_must_approve_as_the_policy_requires(
    found: Callable[..., Office], call: Caller, needed: int
) -> None:
    office = found(f"approvals = {needed}")
    call("schedule", "names")
    for number in range(needed):
        call("publish-due")
        assert (office.pages, call.state("names")) == ([], "unapproved")
        assert f"{needed - number} more approval" in call.reason("names")
        call("publish", "names", expect=77)
        call("approve", "names", "--as", f"person-{number}")
    call("publish-due")
    assert office.pages == ["names"]


def test_one_person_is_one_approval_however_the_name_is_written(found: Callable[..., Office], call: Caller) -> None:
    office = found("approvals = 2")
    call("schedule", "names")
    for name in ("deputy", "deputy", "Deputy", " DEPUTY ", "\uff44eputy"):
        call("approve", "names", "--as", name)
    call("publish-due")
    assert (office.pages, call.state("names")) == ([], "unapproved")
    assert len(call.json("status", "names")["releases"][0]["approvals"]) == 1


@pytest.mark.parametrize("name", [" ", "a\nb", "a\x1b[2Jb", "\u202eytuped", "x" * 201])
def test_what_is_no_name_is_refused(found: Callable[..., Office], call: Caller, name: str) -> None:
    found()
    call("schedule", "names")
    call("approve", "names", "--as", name, expect=65)
    assert call.state("names") == "unapproved"


def test_only_those_named_may_approve(found: Callable[..., Office], call: Caller) -> None:
    office = found('approvers = ["da", "deputy"]')
    call("schedule", "names")
    call("approve", "names", "--as", "intern", expect=77)
    assert "da, deputy" in call.err
    forging.approve(store_of(office), "names", "intern")
    call("publish-due")
    assert (office.pages, call.state("names")) == ([], "unapproved")
    call("approve", "names", "--as", "deputy")
    call("publish-due")
    assert office.pages == ["names"]


@pytest.mark.parametrize("name", ["jdoe", "JDoe", " jdoe"])
def test_the_author_may_not_approve_where_the_policy_says_so(
    found: Callable[..., Office], call: Caller, name: str
) -> None:
    office = found("author_may_approve = false", author="jdoe")
    call("schedule", "names")
    call("approve", "names", "--as", name, expect=77)
    assert "requires somebody else" in call.err
    forging.approve(store_of(office), "names", name.strip())
    call("publish-due")
    assert (office.pages, call.state("names")) == ([], "unapproved")
    call("approve", "names", "--as", "da")
    call("publish-due")
    assert office.pages == ["names"]


def test_who_scheduled_counts_as_author_if_none_is_named(
    found: Callable[..., Office], call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "asmith")
    found("author_may_approve = false")
    call("schedule", "names")
    call("approve", "names", expect=77)
    call("approve", "names", "--as", "da")


def test_the_person_who_scheduled_may_not_approve_either(
    found: Callable[..., Office], call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "asmith")
    office = found("author_may_approve = false", author="ghost")
    call("schedule", "names")
    call("approve", "names", expect=77)
    assert "scheduled names" in call.err
    call("publish-due")
    assert office.pages == []
    call("approve", "names", "--as", "da")
    call("publish-due")
    assert office.pages == ["names"]


def test_a_policy_made_stricter_counts_for_what_was_approved_before(found: Callable[..., Office], call: Caller) -> None:
    office = found()
    call("schedule", "names")
    call("approve", "names", "--as", "intern")
    config = office.folder / "config.toml"
    config.write_text(config.read_text().replace("[policy]\n", '[policy]\napprovers = ["da"]\n'))
    left_alone(office.folder)
    call("publish-due", expect=10)
    assert (office.pages, call.state("names")) == ([], "unapproved")


# --- Of exactly what -----------------------------------------------------------------------------------------------


def _edit(office: Office, call: Caller) -> None:
    office.write("names", embargo=FAR, body="Other words.")
    call("schedule", "names", "--yes")


def _move(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", "2099-09-24T10:00:00-07:00", "--yes")


def _attach(office: Office, call: Caller) -> None:
    (office.folder / "releases" / "sheet.pdf").write_bytes(b"%PDF-1.4 a")
    office.write("names", embargo=FAR, attachments="[{path: sheet.pdf, title: Sheet}]")
    call("schedule", "names", "--yes")


def _back_and_forth(office: Office, call: Caller) -> None:
    call("unschedule", "names")
    call("schedule", "names", "--yes")


CHANGES = (_edit, _move, _attach, _back_and_forth, lambda office, call: call("unapprove", "names"))


@pytest.mark.parametrize("change", CHANGES, ids=["text", "lift", "attachment", "to a draft and back", "taken back"])
def test_any_change_needs_a_new_yes(
    found: Callable[..., Office], call: Caller, change: Callable[[Office, Caller], object]
) -> None:
    office = found(embargo=FAR)
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    assert call.state("names") == "scheduled"
    change(office, call)
    row = call.json("status", "names")["releases"][0]
    assert (row["state"], row["approvals"]) == ("unapproved", [])
    call("approve", "names", "--as", "da")
    assert call.state("names") == "scheduled"


def test_a_file_edited_in_the_meantime_is_not_approved(found: Callable[..., Office], call: Caller) -> None:
    office = found(embargo=FAR)
    call("schedule", "names", "--yes")
    office.write("names", embargo=FAR, body="Other words.")
    call("approve", "names", "--as", "da", expect=10)
    assert "was changed after it was scheduled" in call.err


def test_a_yes_to_another_version_or_release_counts_for_nothing(found: Callable[..., Office], call: Caller) -> None:
    office = found()
    office.write("other")
    call("schedule", "names", "other")
    call("approve", "other", "--as", "da")
    sql(office, "INSERT INTO approvals (slug, version, by, at) VALUES ('names', 'f00', 'da', 1)")
    call("publish-due")
    assert office.pages == ["other"]
    assert call.state("names") == "unapproved"


def test_a_hold_and_its_end_leave_the_approval(found: Callable[..., Office], call: Caller) -> None:
    found(embargo=FAR)
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    call("hold", "names", "--why", "a call from the court")
    call("resume", "names")
    assert call.state("names") == "scheduled"


# --- The claim asks the same -----------------------------------------------------------------------------------------

PEOPLE = ("jdoe", "JDOE", "\uff2aDoe ", "da", "Stra\u00dfe", "STRASSE", "deputy", "intern", "asmith", "ASmith")
POLICIES = st.builds(
    Policy()._replace,
    approvals=st.integers(0, 3),
    approvers=st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True).map(tuple),
    author_may_approve=st.booleans(),
)


@example(["jdoe"], Policy(approvals=1, author_may_approve=False))
@example(["JDOE", "da"], Policy(approvals=2, author_may_approve=False))
@example(["intern"], Policy(approvals=1, approvers=("da",)))
@example(["Straße", "STRASSE"], Policy(approvals=2))
@example(["asmith"], Policy(approvals=1, author_may_approve=False))
@given(st.lists(st.sampled_from(PEOPLE), max_size=4), POLICIES)
def test_the_claim_and_the_plan_count_the_same_people(
    claiming: Callable[[list[str], Policy], bool], people: list[str], policy: Policy
) -> None:
    counted = counted_approvals([Approval(name, NOW) for name in people], policy, MAKERS)
    assert claiming(people, policy) is (counted >= policy.approvals)


#: Who wrote and who scheduled the release.
MAKERS = frozenset({"jdoe", "asmith"})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def claiming(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[list[str], Policy], bool]]:
    """Whether a release of jdoe's, approved by these people in whatever way, would be claimed under a policy."""
    url = "sqlite:///state.db"
    if request.param == "postgresql":
        import psycopg

        template = request.getfixturevalue("postgres")
        plain = template.format(database="postgres").replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("CREATE DATABASE approvals")
        url = template.format(database="approvals")
    store = Store(url, tmp_path_factory.mktemp("claiming"))
    embargo = Embargo("…", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=NOW, lift=NOW)
    release = Scheduled("names", "v1", "…", embargo, NOW, ("media",), "jdoe", "f", Directive.SCHEDULED, "asmith", NOW)
    release = release._replace(scheduled_by="asmith")
    with store.ledger(now=NOW, actor="asmith") as ledger:
        freezing.schedule(ledger, release, freezing.Frozen(b"{}", NOW, {}, {}), {"media": ("",)})

    def claimed(people: list[str], policy: Policy) -> bool:
        with store.ledger(now=NOW, actor="x", undo=True) as ledger:
            for name in people:
                given = {"by": name, "person": same_person(name), "own": same_person(name) in MAKERS}
                ledger.connection.execute(
                    text(
                        "INSERT INTO approvals (slug, version, by, at, person, own)"
                        f" VALUES ('names', 'v1', :by, {ledger.micros}, :person, :own)"
                    ),
                    given,
                )
                ledger.note("release.approved", "names", "v1", by=name)
            ledger.write_lines()
            store.agreement.forget()  # what was told in the last example was undone
            ids = [row["id"] for row in ledger.rows(text("SELECT id FROM deliveries"))]
            until = NOW + timedelta(minutes=1)
            return bool(claims.claim(ledger, ids, owner="x", lease_until=until, policy=policy, retry=Retry()))

    yield claimed
    store.close()


# --- Signatures ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """SSH keys in a folder, and a file that says whose they are."""

    folder: Path

    @property
    def signers(self) -> Path:
        return self.folder / "allowed_signers"

    def make(self, name: str, *, passphrase: str = "", options: str = "") -> str:
        """A key of `name`'s, and the line that vouches for it; the path of the private half."""
        path = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(path)], check=True)
        public = path.with_suffix(".pub").read_text().split()
        with self.signers.open("a") as stream:
            stream.write(f"{name} {options}{' ' if options else ''}{public[0]} {public[1]}\n")
        return str(path)


@pytest.fixture(scope="module")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys of `da`, who is trusted, of `deputy`, who is too, and of `stranger`, who is not."""
    needs_program("ssh-keygen", "openssh-client")
    keys = Keys(tmp_path_factory.mktemp("keys"))
    for name in ("da", "deputy", "stranger"):
        keys.make(name)
    keys.signers.write_text("".join(line for line in keys.signers.open() if not line.startswith("stranger")))
    return keys


@pytest.fixture
def keys(made_keys: Keys, tmp_path: Path) -> Keys:
    """The same keys, in a folder that a test may spoil."""
    return Keys(Path(shutil.copytree(made_keys.folder, tmp_path / "keys")))


SIGNED = 'allowed_signers = "../keys/allowed_signers"\napprovals = {}'


@pytest.fixture
def signed(found: Callable[..., Office], keys: Keys, call: Caller) -> Callable[..., Office]:
    """Makes an office that wants approvals signed, with `names` scheduled."""

    def make(needed: int = 1, *, embargo: str = "immediate") -> Office:
        office = found(SIGNED.format(needed), embargo=embargo)
        call("schedule", "names", "--yes")
        return office

    return make


def key(keys: Keys, name: str) -> tuple[str, ...]:
    return ("--as", name, "--key", str(keys.folder / name))


def test_a_signed_approval_lets_a_release_out(signed: Callable[..., Office], keys: Keys, call: Caller) -> None:
    office = signed()
    call("approve", "names", *key(keys, "da"))
    call("publish-due")
    assert office.pages == ["names"]
    assert '"signed": true' in call("journal", "--json")
    call("journal", "--verify")


def test_the_key_may_be_named_by_a_variable(
    signed: Callable[..., Office], keys: Keys, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed()
    monkeypatch.setenv("PRESSRELEASE_SIGNING_KEY", str(keys.folder / "da"))
    call("approve", "names", "--as", "da")


REFUSED = {
    "no key named": (("--as", "da"), "you named no key"),
    "no such key": (("--as", "da", "--key", "nowhere"), "There is no key"),
    "what is no key": (("--as", "da", "--key", "config.toml"), "could not sign"),
    "the key of one who is not trusted": (("--as", "stranger", "--key", "../keys/stranger"), "not from a listed key"),
    "one person with another's key": (("--as", "da", "--key", "../keys/deputy"), "not from a listed key"),
    "nobody's name": (("--as", "intern", "--key", "../keys/da"), "not from a listed key"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_signature_that_would_not_count_is_refused_at_once(
    signed: Callable[..., Office], call: Caller, how: str
) -> None:
    office = signed()
    arguments, told = REFUSED[how]
    call("approve", "names", *arguments, "--no-input", expect=77)
    assert told in call.err
    assert "Nothing was approved" in call.err
    assert call.json("status", "names")["releases"][0]["approvals"] == []
    call("publish-due")
    assert office.pages == []


def test_a_row_that_somebody_wrote_into_the_database_lets_nothing_leave(
    signed: Callable[..., Office], keys: Keys, call: Caller
) -> None:
    office = signed()
    forging.approve(store_of(office), "names", "da")
    forging.move_lift(store_of(office), "names", long_ago())
    call("publish-due", expect=10)
    assert "da's does not count: it is not signed" in call.err
    assert office.pages == []
    call("publish", "names", expect=77)
    assert office.pages == []


def test_a_forged_row_does_not_keep_its_person_from_approving(
    signed: Callable[..., Office], keys: Keys, call: Caller
) -> None:
    office = signed(needed=2)
    forging.approve(store_of(office), "names", "da")
    forging.approve(store_of(office), "names", "boss")
    call("approve", "names", *key(keys, "da"))
    assert call.json("status", "names")["releases"][0]["lift"] is None
    call("publish-due")
    assert office.pages == []
    call("approve", "names", *key(keys, "deputy"))
    call("publish-due")
    assert office.pages == ["names"]


TAMPERED = {
    "another's name": "UPDATE approvals SET by = 'deputy' WHERE slug = 'names'",
    "another time": "UPDATE approvals SET at = at - 1000000 WHERE slug = 'names'",
    "a lift brought forward": "UPDATE releases SET lift = lift - 1000000 WHERE slug = 'names'",
    "another release's signature": "UPDATE approvals SET (signature, at) ="
    " (SELECT signature, at FROM approvals WHERE slug = 'other') WHERE slug = 'names'",
    "another record": "UPDATE control SET store_id = 'another'",
    "another version": "UPDATE approvals SET version = (SELECT version FROM releases WHERE slug = 'other')"
    " WHERE slug = 'names'",
    "other frozen words": "UPDATE versions SET canonical ="
    " CAST(replace(CAST(canonical AS TEXT), 'Words', 'Other words') AS BLOB) WHERE slug = 'names'",
    "another outlet": """UPDATE versions SET outlets = '["media"]' WHERE slug = 'names'""",
    "another frozen lift": "UPDATE versions SET lift = lift - 1000000 WHERE slug = 'names'",
    "a signature cut short": "UPDATE approvals SET signature = substr(signature, 1, 200) WHERE slug = 'names'",
    "a signature that is none": "UPDATE approvals SET signature = 'é' || char(0) || '--' WHERE slug = 'names'",
}

TOLD_OTHERWISE = (
    "another release's signature",
    "another's name",
    "another time",
    "a lift brought forward",
    "another version",
)


@pytest.mark.parametrize("how", TAMPERED)
def test_a_signature_counts_for_nothing_but_what_was_signed(
    signed: Callable[..., Office], keys: Keys, call: Caller, how: str
) -> None:
    office = signed(embargo=FAR)
    office.write("other", embargo=FAR)
    call("schedule", "other", "--yes")
    call("approve", "names", "other", *key(keys, "da"))
    assert call.state("names") == "scheduled"
    (office.folder / ".pressrelease" / "state.db.id").unlink()  # whoever writes one file may take away another
    sql(office, TAMPERED[how])
    # What the journal has otherwise is found before any signature is looked at.
    assert call.state("names") == ("needs_you" if how in TOLD_OTHERWISE else "unapproved")
    call("publish-due", expect=11)  # a record without its marker counts as a copy
    context = ServiceContext(Workspace(office.folder), "da")
    adopting.adopt(context)
    stopping.resume_all(context, let_go=True)
    call("publish-due")
    assert office.pages == []


def test_what_is_signed_for_a_moment_is_not_sent_before_it(
    signed: Callable[..., Office], keys: Keys, call: Caller
) -> None:
    office = signed(embargo=FAR)
    call("approve", "names", *key(keys, "da"))
    call("publish", "names", "--early", "--why", "a leak", "--confirm", "names", expect=77)
    assert "signed for" in call.err
    forging.move_lift(store_of(office), "names", long_ago())
    call("publish-due", expect=10)
    assert "signed for a later release time" in call.err
    assert office.pages == []


def test_what_is_signed_for_an_hour_on_the_wall_follows_its_clock_and_no_other_hand(
    signed: Callable[..., Office], keys: Keys, call: Caller, tmp_path: Path
) -> None:
    office = signed(embargo="2099-01-05 09:00")
    call("approve", "names", *key(keys, "da"))
    (before,) = call.json("status", "names")["releases"]
    offset = datetime(2099, 1, 5, 9, tzinfo=ZoneInfo(LA)).utcoffset()
    assert offset is not None
    with going_by(database(tmp_path / "zones", offset + timedelta(hours=1), "2098a")):
        call("publish-due")
        (after,) = call.json("status", "names")["releases"]
        assert (before["lift"][11:], after["lift"][11:], after["state"]) == ("17:00:00Z", "16:00:00Z", "scheduled")
        # A record that claims to go by rules newer still is believed, but not the signatures with it.
        earlier = after["lift"].replace("16:00:00Z", "15:59:59.999999Z")
        sql(office, "UPDATE releases SET lift = lift - 1, zones = '2099a' WHERE slug = 'names'")
        forging.tell(store_of(office), "release.zone_rules_changed", "names", {"lift": earlier})
        assert "signed for a later release time" in call.reason("names")
        sql(office, "UPDATE releases SET lift = lift + 1 WHERE slug = 'names'")
        forging.tell(store_of(office), "release.zone_rules_changed", "names", {"lift": after["lift"]})
        assert call.state("names") == "scheduled"
    # By the rules that it knows, another machine has no word of its signers for so early an hour.
    assert "signed for a later release time" in call.reason("names")
    sql(office, "UPDATE versions SET wall = replace(wall, 'T09', 'T08')")
    assert "not from a listed key" in call.reason("names")


def _take_out(keys: Keys) -> None:
    keys.signers.write_text("".join(line for line in keys.signers.open() if not line.startswith("da ")))


SPOILED: dict[str, tuple[Callable[[Keys], object], str]] = {
    "the person taken out": (_take_out, "not from a listed key"),
    "gone": (lambda keys: keys.signers.unlink(), "can't be read"),
    "too large": (lambda keys: keys.signers.write_bytes(b"#" * (signing.LARGEST_SIGNERS + 1)), "can't be read"),
    "open to others": (lambda keys: keys.signers.chmod(0o666), "other accounts can change"),
    "binary": (lambda keys: keys.signers.write_bytes(bytes(range(256))), "not from a listed key"),
}


@pytest.mark.skipif(os.name != "posix", reason="one of these is about POSIX modes")
@pytest.mark.parametrize("how", SPOILED)
def test_the_file_of_signers_is_asked_each_time(
    signed: Callable[..., Office], keys: Keys, call: Caller, how: str
) -> None:
    office = signed()
    call("approve", "names", *key(keys, "da"))
    spoil, told = SPOILED[how]
    spoil(keys)
    call("publish-due", expect=10)
    assert told in call.err
    assert office.pages == []


@pytest.mark.skipif(os.name != "posix", reason="one of these is about POSIX modes")
def test_doctor_says_why_no_signature_counts(
    signed: Callable[..., Office], keys: Keys, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed()

    def said() -> str:
        main(("doctor", "--json"))
        told = json.loads(call.read())
        (one,) = [one for one in (*told["findings"], *told["fine"]) if one["check"] == "signers"]
        return f"{one['message']} {one.get('hint', '')}"

    assert "the keys that count are in" in said()
    keys.signers.chmod(0o666)
    assert "chmod go-w" in said()
    keys.signers.chmod(0o600)
    keys.signers.write_text("# nobody\n")
    assert "lists nobody" in said()
    keys.signers.unlink()
    assert "can't be read" in said()
    monkeypatch.setenv("PATH", str(keys.folder))
    monkeypatch.setattr("pressrelease.system.programs.SYSTEM_PLACES", ())
    assert "openssh-client" in said()


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_an_ssh_keygen_that_is_first_on_path_is_not_trusted(
    signed: Callable[..., Office], keys: Keys, call: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int
) -> None:
    """It would say yes to everything."""
    office = signed()
    fake = tmp_path / "bin" / "ssh-keygen"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexit 0\n")
    fake.chmod(0o755)
    fake.parent.chmod(mode)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    signing._verified.clear()
    call("approve", "names", *key(keys, "da"))
    with sqlite3.connect(office.folder / ".pressrelease" / "state.db") as record:
        record.execute("UPDATE approvals SET by = 'deputy'")
    record.close()
    call("publish-due", expect=10)
    assert office.pages == []


def test_without_ssh_keygen_nothing_is_approved_and_nothing_counted(
    signed: Callable[..., Office], keys: Keys, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = signed()
    call("approve", "names", *key(keys, "da"))
    signing._verified.clear()
    monkeypatch.setenv("PATH", str(keys.folder))
    monkeypatch.setattr("pressrelease.system.programs.SYSTEM_PLACES", ())
    call("approve", "names", *key(keys, "deputy"), expect=77)
    assert "ssh-keygen is not installed" in call.err
    assert "openssh-client" in call.err
    call("publish-due", expect=10)
    assert "ssh-keygen is not installed" in call.err
    assert office.pages == []


def test_a_key_with_a_passphrase_is_not_waited_for_where_nobody_is_there(
    signed: Callable[..., Office], keys: Keys, call: Caller
) -> None:
    signed()
    keys.make("locked", passphrase="hunter2-canary")
    call("approve", "names", *key(keys, "locked"), "--no-input", expect=77)
    assert "could not sign" in call.err


def test_an_agent_signs_with_a_key_that_is_not_on_this_machine(
    signed: Callable[..., Office], keys: Keys, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_program("ssh-agent", "openssh-client")
    office = signed()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(keys.folder / "agent"))
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(keys.folder / "agent")], stdout=subprocess.PIPE) as agent:
        try:
            assert agent.stdout is not None
            agent.stdout.readline()
            subprocess.run(["ssh-add", "-q", str(keys.folder / "da")], check=True, stderr=subprocess.DEVNULL)
            (keys.folder / "da").unlink()
            call("approve", "names", "--as", "da", "--key", str(keys.folder / "da.pub"))
        finally:
            agent.terminate()
    call("publish-due")
    assert office.pages == ["names"]


STATEMENT = signing.Statement("store", "names", "v1", "c", AT + timedelta(days=1), "da", AT)


def test_a_key_counts_from_when_and_until_when_its_line_says(keys: Keys) -> None:
    private = keys.make("eve", options='valid-after="20260101",valid-before="20260201"')
    for at, counts in ((AT, True), (AT.replace(year=2025), False), (AT.replace(month=3), False)):
        statement = replace(STATEMENT, by="eve", at=at)
        signature = signing.sign(statement, private, may_ask=False)
        assert (signing.why_not_vouched(statement, signature, keys.signers) == "") is counts


def test_a_signature_for_another_purpose_is_no_approval(keys: Keys) -> None:
    done = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(keys.folder / "da")],
        input=STATEMENT.text(),
        capture_output=True,
        check=True,
    )
    assert (
        signing.why_not_vouched(STATEMENT, done.stdout.decode(), keys.signers)
        == "its signature is not from a listed key"
    )


@given(st.builds(lambda *parts: signing.Statement(*parts[:4], None, *parts[4:]), *[st.text()] * 5, st.just(AT)))
def test_two_statements_never_read_the_same(statement: signing.Statement) -> None:
    for name in ("store_id", "slug", "version", "content", "by"):
        other = replace(statement, **{name: getattr(statement, name) + '","by":"da'})
        assert other.text() != statement.text()
    assert replace(statement, lift=AT).text() != statement.text()
    assert replace(statement, at=AT + timedelta(microseconds=1)).text() != statement.text()
    assert statement.text().count(b"\n") == 1


class SignedPlace(workshop.Place):
    """A workspace that wants approvals signed."""

    def __init__(self, folder: Path, made: dict[str, workshop.WritesDown], signers: str) -> None:
        super().__init__(folder, made)
        self.signers = signers

    @property
    def config(self) -> Config:  # type: ignore[override]
        config = super().config
        return config._replace(policy=config.policy._replace(allowed_signers=self.signers))


@dataclass
class LosesTheSignature(workshop.WritesDown):
    """An outlet during whose preparations somebody puts another signature into the database."""

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        connection = sqlite3.connect(self.folder / ".pressrelease" / "state.db")
        with connection:
            connection.execute("UPDATE approvals SET signature = NULL")
        connection.close()
        return super().prepare(message, key=key, recipient=recipient)


def test_the_signature_is_asked_for_once_more_before_the_first_byte(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "releases").mkdir()
    outlet = LosesTheSignature("media", tmp_path)
    place = SignedPlace(tmp_path, {"media": outlet}, signers=str(keys.signers))
    with pytest.raises(NotPermitted):
        workshop.schedule(place, "names")  # its approval names no key
    approving.approve(ServiceContext(place, "jdoe"), "names", "da", key=str(keys.folder / "da"))
    outcome = publish_due(place)
    assert outlet.got() == []
    (delivery,) = workshop.deliveries(place.store)
    assert (delivery.state.value, delivery.attempts) == ("waiting", 0)
    assert "not signed" in outcome.needs_you[0].reason


def test_an_older_record_is_given_its_place_for_signatures(store: Store, tmp_path: Path) -> None:
    embargo = Embargo("…", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=NOW, lift=NOW)
    release = Scheduled("names", "v1", "…", embargo, NOW, ("media",), "jdoe", "f", Directive.SCHEDULED, "jdoe", NOW)
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        freezing.schedule(ledger, release, freezing.Frozen(b"{}", NOW, {}, {}), {"media": ("",)})
        approvals.approve(ledger, "names", "v1", "da", policy=Policy())
        make_first_layout(ledger.connection)
    store.close()
    assert store.read.dossiers([release])[0].approvals == (Approval("da", NOW),)
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        approvals.approve(ledger, "names", "v1", "deputy", policy=Policy(), signature="of hers")
    assert [one.signature for one in store.read.dossiers([release])[0].approvals] == ["", "of hers"]
    assert store.read.schema() == SCHEMA
    numbers = [row["number"] for row in store.read.rows("SELECT number FROM migrations ORDER BY 1")]
    assert numbers == list(range(1, SCHEMA + 1))
