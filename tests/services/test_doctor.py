"""`doctor`: what is wrong is found, each with a mend; what is right is left alone; nothing is changed or published."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import time
import zoneinfo
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from conftest import NOW
from mail_server import mail_server
from needed import needs_program
from records import deliveries, events, everything, office, schedule, schedule_now
from servers import FlakyServer, answer, make_authority
from sqlalchemy import text

from pressrelease.cli import main
from pressrelease.scheduler import passes
from pressrelease.services import ServiceContext, keeping, stopping
from pressrelease.services.doctor import DoctorFinding, Weight, environment, examine, record
from pressrelease.status.dossier import Directive
from pressrelease.store import commands, presence
from pressrelease.store.rows import local_text
from pressrelease.system import clock
from pressrelease.system.clock import read_clock, utc_now
from pressrelease.system.mounts import file_system_in
from pressrelease.when.rules import database_release
from pressrelease.wiring import Workspace


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    """An office in which all is well: a release ahead, a scheduler that was just seen, a fresh backup."""
    workspace = office(tmp_path / "office")
    made = schedule(workspace, "ahead")
    with made.ledger() as ledger:
        presence.check_in(ledger, "run 1", "run", read_clock())
    keeping.back_up(made, tmp_path / "backup.zip")
    yield made
    workspace.store.close()


def found(workspace: Workspace, *, offline: bool = False) -> list[DoctorFinding]:
    """What doctor would have somebody see to."""
    remarks = examine(Workspace(workspace.folder), offline=offline)
    return [remark for remark in remarks if remark.weight is not Weight.FINE]


def ours(remarks: list[DoctorFinding]) -> list[DoctorFinding]:
    """Without what depends on the machine that the tests run on."""
    machine = ("NTP", "time zone data is from", "the disk has", "how far off its clock may be")
    return [remark for remark in remarks if not any(words in remark.message for words in machine)]


def test_all_is_well_in_a_well_kept_office(context: ServiceContext) -> None:
    assert ours(found(context.workspace)) == []
    checks = {remark.check for remark in examine(context.workspace)}
    assert checks >= {
        "config", "modes", "clock", "disk", "store", "journal", "frozen", "zones", "scheduler", "claims", "overdue",
        "backup", "files", "outlets",
    }  # fmt: skip


def test_a_new_office_needs_nobody(tmp_path: Path) -> None:
    workspace = office(tmp_path / "office")
    assert [remark for remark in ours(found(workspace)) if remark.weight is Weight.ERROR] == []
    assert not workspace.private.exists()  # looking made nothing


def test_looking_changes_nothing(context: ServiceContext) -> None:
    before = everything(context.store), sorted(context.workspace.folder.rglob("*"))
    examine(Workspace(context.workspace.folder))
    assert (everything(context.store), sorted(context.workspace.folder.rglob("*"))) == before
    assert not (context.workspace.folder / "newsroom").exists()


def test_on_a_database_server(store_url: str, tmp_path: Path) -> None:
    workspace = office(tmp_path / "office", store_url=store_url)
    made = schedule(workspace, "ahead")
    remarks = examine(workspace)
    assert any(remark.check == "journal" and remark.weight is Weight.FINE for remark in remarks)
    assert {remark.check for remark in remarks if remark.weight is Weight.ERROR} == {"scheduler"}
    made.store.close()


# -- one thing wrong at a time -----------------------------------------------------------------------------------------

Wrong = Callable[[ServiceContext], None]


def sql(statement: str) -> Wrong:
    def change(context: ServiceContext) -> None:
        with context.ledger() as ledger:
            ledger.connection.execute(text(statement))

    return change


def broken_journal(context: ServiceContext) -> None:
    sql("DROP TRIGGER journal_no_update")(context)
    sql("UPDATE journal SET actor = 'nobody' WHERE n = 2")(context)


def damaged(context: ServiceContext) -> None:
    context.store.close()
    file = context.workspace.private / "state.db"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 :] = os.urandom(len(data) - len(data) // 2)
    file.write_bytes(data)


def gone(context: ServiceContext) -> None:
    context.store.close()
    (context.workspace.private / "state.db").unlink()


def wrong_config(context: ServiceContext) -> None:
    config = context.workspace.folder / "config.toml"
    config.write_text(config.read_text() + '[outlets.x]\ntype = "carrier pigeon"\n')


def outlet_without_its_secret(context: ServiceContext) -> None:
    config = context.workspace.folder / "config.toml"
    config.write_text(
        config.read_text() + '[outlets.media]\ntype = "webhook"\nurl = "http://127.0.0.1:9/press"\n'
        'secret = { file = "nowhere.secret" }\n'
    )


def left_by_the_dead(context: ServiceContext) -> None:
    schedule_now(context.workspace, "statement")
    (row,) = context.store.read.rows("SELECT id FROM deliveries WHERE slug = 'statement'")
    sql(f"UPDATE deliveries SET state = 'sending', owner = 'dead', lease_until = 1 WHERE id = {row['id']}")(context)


def file_changed(context: ServiceContext) -> None:
    path = context.library.folder / "ahead.md"
    path.write_text(path.read_text() + "More words.\n")


def held_past_its_lift(context: ServiceContext) -> None:
    schedule_now(context.workspace, "statement")
    long_ago = int((utc_now() - timedelta(hours=1)).timestamp() * 1e6)
    sql(f"UPDATE releases SET lift = {long_ago} WHERE slug = 'statement'")(context)
    with context.ledger() as ledger:
        commands.set_directive(ledger, "statement", Directive.HELD, by="jdoe", why="wait")


def old_backup(context: ServiceContext) -> None:
    sql("DROP TRIGGER journal_no_update")(context)
    long_ago = int((utc_now() - timedelta(days=30)).timestamp() * 1e6)
    sql(f"UPDATE journal SET at = {long_ago} WHERE event = 'backup'")(context)


def other_zone_rules(context: ServiceContext) -> None:
    """As if the office's zone had given up its summer time since the lift was fixed: the journal has another hour."""
    release = context.store.read.release("ahead")
    assert release is not None
    assert release.lift is not None
    with context.ledger() as ledger:
        then = local_text(release.lift + timedelta(hours=1), release.embargo.timezone)
        lift = release.lift.isoformat().replace("+00:00", "Z")
        ledger.note("release.lift_moved", "ahead", release.version, before=None, lift=lift, local=then, why="")


WRONG: dict[str, tuple[Wrong, str, Weight, str]] = {
    "config": (wrong_config, "config", Weight.ERROR, "outlets.x"),
    "a private file": (
        lambda context: (context.workspace.private / "state.db").chmod(0o644), "modes", Weight.ERROR, "state.db",
    ),
    "the private folder": (
        lambda context: context.workspace.private.chmod(0o755), "modes", Weight.ERROR, ".pressrelease",
    ),
    "a folder that anybody may change": (
        lambda context: (context.workspace.folder / "releases").chmod(0o777), "modes", Weight.ERROR, "change",
    ),
    "a draft that anybody may read": (
        lambda context: (context.library.folder / "ahead.md").chmod(0o644), "modes", Weight.WARNING, "read 1",
    ),
    "the clock": (
        sql(f"UPDATE control SET newest = {int((datetime.now(UTC) + timedelta(days=9)).timestamp() * 1e6)}"),
        "clock", Weight.ERROR, "behind",
    ),
    "no record": (gone, "store", Weight.ERROR, "gone"),
    "a damaged record": (damaged, "store", Weight.ERROR, "database"),
    "a newer record": (sql("INSERT INTO migrations VALUES (99, 'x', 0)"), "store", Weight.ERROR, "newer"),
    "a broken journal": (broken_journal, "journal", Weight.ERROR, "line 2"),
    "a row of nobody": (sql("UPDATE deliveries SET state = 'delivered'"), "journal", Weight.ERROR, "delivered"),
    "another text": (sql("UPDATE versions SET canonical = x'7b7d'"), "frozen", Weight.ERROR, "frozen text"),
    "no text": (sql("DELETE FROM versions"), "frozen", Weight.ERROR, "frozen text"),
    "another hour": (other_zone_rules, "zones", Weight.ERROR, "by today's zones"),
    "stopped": (lambda context: stopping.stop(context, "fire") and None, "scheduler", Weight.ERROR, "fire"),
    "no scheduler": (sql("UPDATE processes SET last_seen = 1"), "scheduler", Weight.ERROR, "no scheduler"),
    "a dead sender": (left_by_the_dead, "claims", Weight.ERROR, "statement"),
    "a changed file": (file_changed, "overdue", Weight.ERROR, "ahead needs a person: its file was edited"),
    "held past its lift": (held_past_its_lift, "overdue", Weight.ERROR, "statement"),
    "an old backup": (old_backup, "backup", Weight.WARNING, "ago"),
    "a stranger": (
        lambda context: (context.library.folder / "Not A Slug.md").touch(), "files", Weight.WARNING, "Not A Slug.md",
    ),
    "a secret": (outlet_without_its_secret, "secrets", Weight.ERROR, "nowhere.secret"),
    "an outlet": (outlet_without_its_secret, "outlets", Weight.ERROR, "media"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "check", "weight", "words"), WRONG.values(), ids=WRONG.keys())
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_one_thing_wrong_is_found_and_has_a_fix(
    context: ServiceContext, wrong: Wrong, check: str, weight: Weight, words: str
) -> None:
    wrong(context)
    remarks = found(context.workspace, offline=True)
    assert any((r.check, r.weight) == (check, weight) and words in r.message for r in remarks), remarks
    assert all(remark.hint for remark in remarks), remarks
    assert "itself failed" not in " ".join(remark.message for remark in remarks)


def test_a_record_without_a_backup(tmp_path: Path) -> None:
    workspace = office(tmp_path / "office")
    schedule(workspace, "ahead")
    assert any(remark.check == "backup" for remark in found(workspace))
    workspace.store.close()


def test_what_cant_be_read_stops_no_other_check(context: ServiceContext) -> None:
    wrong_config(context)
    damaged(context)
    (context.library.folder / "Not A Slug.md").touch()
    checks = [remark.check for remark in found(context.workspace)]
    assert {"config", "store", "files"} <= set(checks)
    assert len([check for check in checks if check == "config"]) == 1


def test_a_check_that_fails_itself_hides_no_other(context: ServiceContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(environment.shutil, "disk_usage", fails)
    (context.library.folder / "Not A Slug.md").touch()
    remarks = found(context.workspace)
    assert any(r.check == "disk" and "could not be made" in r.message for r in remarks)
    assert any(r.check == "files" for r in remarks)


def test_no_secret_and_no_recipient_is_shown(context: ServiceContext) -> None:
    secret = context.workspace.folder / "webhook.secret"
    secret.touch(mode=0o600)
    secret.write_text("canary", encoding="ascii")
    outlet_without_its_secret(context)
    config = context.workspace.folder / "config.toml"
    config.write_text(config.read_text().replace("nowhere.secret", "webhook.secret"))
    remarks = examine(Workspace(context.workspace.folder))
    assert "canary" not in " ".join(remark.message + remark.hint for remark in remarks)


def test_what_is_out_is_not_overdue(context: ServiceContext) -> None:
    schedule_now(context.workspace, "statement")
    passes.publish_due(context.workspace)
    assert deliveries(context.store)["statement"].delivered_at is not None
    assert ours(found(context.workspace)) == []


MOUNTS = [
    "/dev/vda / ext4 rw 0 0",
    "server:/export /mnt/share nfs4 rw 0 0",
    "/dev/vdb /mnt/share/local ext4 rw 0 0",
    "//win/x /mnt/with\\040blank cifs rw 0 0",
    "tmpfs /mnt/over nfs rw 0 0",
    "tmpfs /mnt/over tmpfs rw 0 0",
    "odd",
]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/office", ""),
        ("/mnt/share/office", "nfs4"),
        ("/mnt/shared/office", ""),
        ("/mnt/share/local/office", ""),
        ("/mnt/with blank/office", "cifs"),
        ("/mnt/over/office", ""),
    ],
)
def test_a_network_file_system_is_known_by_its_mount(folder: str, kind: str) -> None:
    found = file_system_in(Path(folder), MOUNTS)
    assert (found if found in record.OVER_A_NETWORK else "") == kind


def test_the_zone_database_says_which_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tzdata.zi").write_text("# version 2031c\n# more\n")
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path),))
    assert database_release() == "2031c"
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    assert database_release()[:2] == "20"


def test_the_wall_time_is_kept_with_each_lift(context: ServiceContext) -> None:
    release = context.store.read.release("ahead")
    assert release is not None
    kept = record.approved_wall_time(context.store.read, release)
    assert kept == local_text(release.lift, "America/Los_Angeles")
    assert local_text(NOW, "America/Los_Angeles") == "2018-09-21T09:00:00-07:00[America/Los_Angeles]"


def test_an_old_sqlite_in_wal_mode_is_reported(context: ServiceContext) -> None:
    context.store.close()
    with sqlite3.connect(context.workspace.private / "state.db") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    told = [remark for remark in found(context.workspace) if "WAL" in remark.message]
    assert bool(told) == (sqlite3.sqlite_version_info < record.WAL_IS_SAFE)


@pytest.mark.parametrize(("days", "told"), [(3, True), (90, False)])
def test_a_certificate_that_is_about_to_expire_is_reported(
    context: ServiceContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, told: bool
) -> None:
    needs_program("openssl", "openssl")
    authority = make_authority(tmp_path / "authority", days=days)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with FlakyServer(answer(200), tls=authority.server) as server:
        outlet_without_its_secret(context)
        config = context.workspace.folder / "config.toml"
        config.write_text(config.read_text().replace("http://127.0.0.1:9/", f"{server.url}/"))
        secret = context.workspace.folder / "nowhere.secret"
        secret.touch(mode=0o600)
        secret.write_text("whsec_" + b64encode(bytes(32)).decode(), encoding="ascii")
        remarks = found(context.workspace)
        assert any(remark.check == "certificates" for remark in remarks) == told, remarks
        assert not any(remark.check == "certificates" for remark in found(context.workspace, offline=True))


# -- the command ---------------------------------------------------------------------------------------------------


def test_the_command(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(context.workspace.folder)
    assert main(["doctor"]) == 0
    capsys.readouterr()
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["at", "findings", "fine"]
    assert list(told["fine"][0]) == ["check", "message"]
    stopping.stop(context, "fire")
    assert main(["doctor", "--offline"]) == 10
    out = capsys.readouterr().out
    assert "ERROR" in out
    assert "pressrelease resume --all" in out
    assert main(["doctor", "--json"]) == 10
    (stopped,) = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["check"] == "scheduler"]
    assert list(stopped) == ["check", "severity", "message", "hint"]
    assert stopped["severity"] == "error"
    assert "doctor" not in " ".join(events(context.store))


def test_the_lines_that_keep_it_going(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = office(tmp_path / "50% off, o'clock")
    monkeypatch.chdir(workspace.folder)
    assert main(["service", "--cron"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("* * * * *  ")
    assert "50\\% off" in line
    assert line.endswith("publish-due --no-input")
    assert main(["service", "--systemd"]) == 0
    unit = capsys.readouterr().out
    assert unit.startswith("[Unit]\n")
    assert '"' + str(workspace.folder).replace("%", "%%") + '" run' in unit
    assert main(["service"]) == 2
    assert main(["service", "--cron", "--systemd"]) == 2
    assert main(["service", "--cron", "--json"]) == 0
    capsys.readouterr()


# -- an exit code that a monitor can believe -------------------------------------------------------------------------


def test_a_database_that_cannot_be_reached_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = office(tmp_path / "office", store_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    monkeypatch.chdir(workspace.folder)
    remarks = found(workspace, offline=True)
    assert any(remark.weight is Weight.ERROR and remark.check == "store" for remark in remarks), remarks
    assert main(["doctor", "--offline"]) == 10


def test_a_check_that_crashes_is_an_error(context: ServiceContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(context.workspace.folder)
    assert main(["doctor", "--offline"]) == 0

    def crash(doctor_context: object) -> Iterator[DoctorFinding]:
        raise ModuleNotFoundError("zq")

    monkeypatch.setattr(environment, "disk", crash)
    (remark,) = [one for one in found(context.workspace, offline=True) if one.check == "disk"]
    assert remark.weight is Weight.ERROR
    assert "unknown" in remark.message
    assert main(["doctor", "--offline"]) == 10


def test_outlets_that_hang_share_one_bound(context: ServiceContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PROBE_PATIENCE", 1.0)
    with ExitStack() as servers:
        config = context.workspace.folder / "config.toml"
        for number in range(4):
            silent = servers.enter_context(socket.socket())
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            config.write_text(
                config.read_text() + f'[outlets.mail{number}]\ntype = "email"\nhost = "127.0.0.1"\nsecurity = "none"\n'
                f'port = {silent.getsockname()[1]}\nfrom = "a@x.example"\nrecipients = ["b@x.example"]\n'
            )
        begun = time.monotonic()
        answers = [one for one in found(context.workspace) if "did not answer within 1 s" in one.message]
        assert len(answers) == 4
        assert time.monotonic() - begun < 3.5, "each outlet was waited for by itself"


def test_public_drafts_and_private_files_are_not_reported_together(context: ServiceContext) -> None:
    (context.library.folder / "ahead.md").chmod(0o644)
    context.library.folder.chmod(0o755)
    context.workspace.folder.chmod(0o755)
    said = [remark.message for remark in examine(Workspace(context.workspace.folder), offline=True)]
    assert any("can read 1 of the files" in words for words in said)
    assert "private files are private" not in said


def test_a_mail_servers_certificate_is_looked_at_behind_starttls(
    context: ServiceContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    with authority.cert_pem.tempfile() as path, mail_server(authority=authority) as mail:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        config = context.workspace.folder / "config.toml"
        config.write_text(
            config.read_text() + '[outlets.mail]\ntype = "email"\nhost = "localhost"\nsecurity = "starttls"\n'
            f'port = {mail.port}\nfrom = "a@x.example"\nrecipients = ["b@x.example"]\n'
        )
        monkeypatch.setattr(environment, "CERTIFICATE_AHEAD", timedelta(days=400_000))
        (remark,) = [one for one in found(context.workspace) if one.check == "certificates"]
        assert remark.message.startswith("the certificate of mail's server expires in ")


@pytest.mark.parametrize(
    ("bound", "says", "weight"),
    [
        (timedelta(milliseconds=12.2), "off by at most 13 ms", Weight.FINE),
        (timedelta(seconds=1.25), "may be off by 1.2 s", Weight.WARNING),
        (None, "without proof that its time has come", Weight.WARNING),
    ],
)
def test_it_says_how_far_off_the_clock_may_be(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch, bound: timedelta | None, says: str, weight: Weight
) -> None:
    monkeypatch.setattr(clock, "error_bound", lambda: bound)
    (remark,) = [one for one in of_the_clock(context) if says in one.message]
    assert remark.weight is weight
    unwatched = [one for one in of_the_clock(context) if "after a restart nothing confirms" in one.message]
    assert len(unwatched) == (bound is None)


def of_the_clock(context: ServiceContext) -> list[DoctorFinding]:
    return [one for one in examine(Workspace(context.workspace.folder)) if one.check == "clock"]


def test_it_claims_nothing_of_a_clock_that_it_could_not_ask(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No boot has a name here, as on macOS and Windows, or in a container without /proc/sys."""
    assert any(
        "agrees with the last recorded time and the machine's uptime" in one.message for one in of_the_clock(context)
    )
    monkeypatch.setattr(clock, "_boot_name", lambda: None)
    remarks = of_the_clock(context)
    assert not any("uptime" in one.message for one in remarks)
    (unwatched,) = [one for one in remarks if "doesn't report when it was started" in one.message]
    assert unwatched.weight is Weight.WARNING
    assert "witnesses" in unwatched.hint


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "none of the servers in [clock] witnesses answered"),
        (None, "and the machine's uptime and the witnesses of [clock]"),
    ],
)
def test_it_asks_the_witnesses_and_says_whether_they_answered(
    context: ServiceContext, headers: dict[str, str] | None, says: str
) -> None:
    dated = {"Date": format_datetime(utc_now(), usegmt=True)} if headers is None else headers
    with FlakyServer(answer(200, headers=dated)) as server:
        config = context.workspace.folder / "config.toml"
        config.write_text(config.read_text() + f'[clock]\nwitnesses = ["{server.url}/"]\ntolerance = "1m"\n')
        remarks = of_the_clock(context)
        assert len(server.requests) == 1
        assert len([one for one in remarks if "witness" in one.message]) == 1
        assert any(says in one.message for one in remarks)
        offline = [one for one in examine(Workspace(context.workspace.folder), offline=True) if one.check == "clock"]
        assert not any("witness" in one.message for one in offline)
        assert len(server.requests) == 1
