"""Signed approvals: a signature counts for exactly what was signed, wherever one is asked for."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import forging
import pytest
import workshop
from calling import Caller
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st
from needed import needs_program
from office import FAR, Office
from records import make_first_layout
from signing_keys import AT, Keys, found, key, keys, long_ago, made_keys, sql, store_of
from zone_files import LA, database, going_by

from pressrelease import signing
from pressrelease.cli import main
from pressrelease.config import Config, Policy
from pressrelease.errors import NotPermitted
from pressrelease.message import Message
from pressrelease.outlets import RenderedMessage
from pressrelease.scheduler.passes import publish_due
from pressrelease.services import ServiceContext, adopting, approving, stopping
from pressrelease.status.dossier import Approval, Directive, Scheduled
from pressrelease.store import Store, approvals, freezing
from pressrelease.store.queries import SCHEMA
from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.wiring import Workspace

__all__ = ["found", "keys", "made_keys"]  # fixtures

SIGNED = 'allowed_signers = "../keys/allowed_signers"\napprovals = {}'


@pytest.fixture
def signed(found: Callable[..., Office], keys: Keys, call: Caller) -> Callable[..., Office]:
    """Makes an office that wants approvals signed, with `names` scheduled."""

    def make(needed: int = 1, *, embargo: str = "immediate") -> Office:
        office = found(SIGNED.format(needed), embargo=embargo)
        call("schedule", "names", "--yes")
        return office

    return make


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
