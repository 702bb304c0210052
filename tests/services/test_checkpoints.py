"""The journal's head, signed with the office's key and stamped by a service elsewhere; checked wherever it is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from forging import rechain
from needed import needs_module
from office import FAR, HereOffice, found_office, make_original
from signing_keys import Keys, made_keys  # noqa: F401  (a fixture)
from timestamp_service import TimestampService, make_authority, timestamp_service

from pressrelease.notifications import checkpoints
from pressrelease.notifications.checkpoints import make_checkpoint
from pressrelease.notifications.events import grouped, notice_of
from pressrelease.notifications.notice import JournalEvent
from pressrelease.services.checkpoints import examine
from pressrelease.services.exporting.verify_archive import Outside, verify
from pressrelease.system import clock
from pressrelease.wiring import Workspace

NOW = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimestampService]:
    needs_module("rfc3161_client")
    with timestamp_service(tmp_path_factory.mktemp("tsa")) as up:
        yield up


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, service: TimestampService, made_keys: Keys) -> Path:  # noqa: F811
    """An office whose journal is signed with `da`'s key as the office's, and stamped; one release is scheduled."""
    top = tmp_path_factory.mktemp("checkpoints")
    shutil.copytree(made_keys.folder, top / "keys")
    keys = Keys(top / "keys")
    line = next(line for line in keys.signers.read_text().splitlines() if line.startswith("da "))
    with keys.signers.open("a") as stream:
        stream.write(line.replace("da ", "office ", 1) + "\n")
    shutil.copy(service.authority, top / "keys" / "ca.crt")
    more = (
        f'[journal]\nkey = "../keys/da"\ntimestamp = "http://127.0.0.1:{service.port}/"\n'
        'timestamp_ca = "../keys/ca.crt"\n'
    )
    policy = '[policy]\napprovals = 0\nallowed_signers = "../keys/allowed_signers"\n'
    office = HereOffice(found_office(top / "office", policy=policy, more=more).folder)
    office.write("names", embargo=FAR)
    office.run("schedule", "names", "--yes")
    return office.folder


@pytest.fixture
def office(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: TimestampService) -> HereOffice:
    service.status, service.answer = 200, None
    service.asked.clear()
    folder = Path(shutil.copytree(template, tmp_path / "office", symlinks=True))
    shutil.copytree(template.parent / "keys", tmp_path / "keys")
    make_original(folder)
    monkeypatch.chdir(folder)
    return HereOffice(folder)


def lines(office: HereOffice) -> list[dict[str, object]]:
    return [json.loads(line) for line in office.run("journal", "--json").stdout.splitlines()]


def test_a_checkpoint_is_signed_stamped_and_checked(office: HereOffice, service: TimestampService) -> None:
    before = lines(office)[-1]
    assert make_checkpoint(Workspace(office.folder))
    kept = lines(office)[-1]
    assert kept["event"] == "checkpoint"
    detail = kept["detail"]
    assert isinstance(detail, dict)
    assert detail["head"] == f"{before['n']}:{before['hash']}"
    assert "error" not in detail
    assert before["hash"].encode() not in service.asked[0]  # type: ignore[attr-defined]
    done = office.run("journal", "--verify")
    assert "Its checkpoints: 1, of them checked: 1 signed, 1 stamped." in done.stdout
    (found,) = [
        one for one in office.json("doctor", "--offline", expect=(0, 10))["fine"] if one["check"] == "checkpoints"
    ]
    assert found["message"] == "checkpoints of the journal: 1 (signatures checked: 1, stamps checked: 1)"


def test_it_is_made_once_a_day_and_only_if_something_was_written(
    office: HereOffice, service: TimestampService, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(office.folder)
    assert make_checkpoint(workspace)
    office.run("hold", "names")
    assert not make_checkpoint(workspace)
    later = datetime.now(UTC) + timedelta(hours=25)
    monkeypatch.setattr(clock, "utc_now", lambda: later)
    monkeypatch.setattr(service, "answer", b"no stamp")  # its own clock is a day behind
    monkeypatch.setattr(checkpoints, "WAITED_FOR", timedelta(0))
    assert make_checkpoint(workspace)
    assert not make_checkpoint(workspace)
    monkeypatch.setattr(clock, "utc_now", lambda: later + timedelta(hours=25))
    assert not make_checkpoint(workspace), "nothing was written since"


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (500, b"", "500"),
        (200, b"junk", "not a time stamp"),
        (200, b"", "not a time stamp"),
        (200, b"0\x030\x01\x02", "not a time stamp"),
    ],
)
def test_a_service_that_does_not_stamp_is_waited_for_and_then_named(
    office: HereOffice,
    service: TimestampService,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    answer: bytes,
    words: str,
) -> None:
    service.status, service.answer = status, answer
    workspace = Workspace(office.folder)
    assert not make_checkpoint(workspace)
    assert lines(office)[-1]["event"] != "checkpoint"
    assert make_checkpoint(workspace, at_once=True)
    detail = lines(office)[-1]["detail"]
    assert isinstance(detail, dict)
    assert words in str(detail["error"])
    assert detail["signature"]
    assert "stamp" not in detail
    found = office.json("doctor", "--offline", expect=(0, 10))["findings"]
    assert any(one["check"] == "checkpoints" and words in one["message"] for one in found)


def test_a_stamp_for_another_request_is_refused(office: HereOffice, service: TimestampService) -> None:
    workspace = Workspace(office.folder)
    assert make_checkpoint(workspace, at_once=True)
    service.answer = service.stamp(service.asked[0])
    office.run("hold", "names")
    assert make_checkpoint(workspace, at_once=True)
    detail = lines(office)[-1]["detail"]
    assert isinstance(detail, dict)
    assert "another request" in str(detail["error"])


def test_a_stamp_by_an_authority_that_is_not_trusted_is_refused(
    office: HereOffice, service: TimestampService, tmp_path: Path
) -> None:
    other = make_authority(tmp_path / "other")
    assert make_checkpoint(Workspace(office.folder), at_once=True)
    shutil.copy(other.authority, tmp_path / "keys" / "ca.crt")
    done = office.run("journal", "--verify", expect=10)
    assert "not a stamp of this text by an authority that is trusted" in done.stderr
    office.run("hold", "names")
    assert make_checkpoint(Workspace(office.folder), at_once=True)
    detail = lines(office)[-1]["detail"]
    assert isinstance(detail, dict)
    assert "an authority that is trusted" in str(detail["error"])


def test_a_key_that_is_not_the_offices_does_not_count(office: HereOffice, tmp_path: Path) -> None:
    assert make_checkpoint(Workspace(office.folder), at_once=True)
    signers = tmp_path / "keys" / "allowed_signers"
    signers.write_text("".join(line for line in signers.open() if not line.startswith("office ")))
    done = office.run("journal", "--verify", expect=10)
    assert "its signature is not from a listed key" in done.stderr


def test_a_journal_that_was_written_again_is_found_by_its_checkpoint(office: HereOffice) -> None:
    """Somebody chains the whole journal again; the text that was signed and stamped is of the old one."""
    assert make_checkpoint(Workspace(office.folder), at_once=True)
    workspace = Workspace(office.folder)
    assert not examine(workspace.store.read, workspace.config).wrong
    rechain(office.folder, actor="somebody")
    assert "the journal is not the one that the checkpoint in line" in "".join(
        examine(workspace.store.read, workspace.config).wrong
    )
    workspace.store.close()


def test_without_a_file_of_signers_or_certificates_it_says_what_is_not_checked(office: HereOffice) -> None:
    assert make_checkpoint(Workspace(office.folder), at_once=True)
    config = office.folder / "config.toml"
    words = config.read_text()
    config.write_text(
        "".join(line for line in words.splitlines(keepends=True) if "allowed_signers" not in line and "_ca" not in line)
    )
    done = office.run("journal", "--verify")
    assert "Not checked: whose key signed the checkpoints" in done.stdout
    assert "Not checked: who stamped the checkpoints" in done.stdout


def test_the_pass_of_cron_makes_one(office: HereOffice) -> None:
    office.run("publish-due")
    assert [one["event"] for one in lines(office)].count("checkpoint") == 1
    office.run("publish-due")
    assert [one["event"] for one in lines(office)].count("checkpoint") == 1


def test_an_export_has_a_checkpoint_of_its_own_which_a_stranger_can_check(
    office: HereOffice, tmp_path: Path, service: TimestampService
) -> None:
    office.run("export", "names", "-o", "../record.zip")
    signers = (tmp_path / "keys" / "allowed_signers").read_bytes()
    known = Outside(signers, ssh_keygen=shutil.which("ssh-keygen"), openssl=shutil.which("openssl"))
    known = known._replace(authorities=service.authority.read_bytes())
    found = verify(str(tmp_path / "record.zip"), known)
    assert not [one for one in found if one.holds is False]
    says = " ".join(one.says for one in found if one.holds)
    assert "Each checkpoint (1) is of this journal" in says
    assert "All 1 signatures are by keys" in says
    assert "All 1 time stamps are by authorities that you trust." in says
    assert "3 signatures" not in says
    other = make_authority(tmp_path / "other").authority.read_bytes()
    found = verify(str(tmp_path / "record.zip"), known._replace(authorities=other))
    assert "its time stamp is not of this text" in " ".join(one.says for one in found if one.holds is False)
    office.run("export", "--verify", "../record.zip")


def test_the_notice_has_the_head_and_the_signature() -> None:
    detail = {
        "head": f"7:{'a' * 64}",
        "signed": '{"checkpoint":"7"}',
        "signature": "-----BEGIN\nAAAA\n-----END",
        "stamp": "x",
    }
    events = [JournalEvent(8, NOW, "scheduler", "checkpoint", detail=detail | {"head": "1:x"})]
    events.append(JournalEvent(9, NOW, "scheduler", "checkpoint", detail=detail))
    (group,) = grouped(events)
    notice = notice_of(group, None, now=NOW, timezone="America/Los_Angeles")
    assert notice is not None
    assert f"Its last line is 7:{'a' * 64}. It is signed with the office's key and stamped by a service" in notice.words
    assert notice.words.endswith('{"checkpoint":"7"} -----BEGIN AAAA -----END')
