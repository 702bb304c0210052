"""Anything at all, at each place where something comes in: an answer or a refusal, never a fault, and nothing sent.

What a single reader does with any text (releases, configs, phrases, backups) is in that reader's own tests; here is
what comes through the whole program.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from calling import said
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from hypothesis_profiles import examples
from office import FAR, Office, found_office

from pressrelease import services as desks
from pressrelease.cli import main
from pressrelease.cli.app import COMMANDS
from pressrelease.config import Office as OfficeConfig
from pressrelease.config.frozen import settings_name
from pressrelease.config.sample import sample_config
from pressrelease.errors import ConfigRefused, NotPermitted, Refused
from pressrelease.message import compose
from pressrelease.release import digests_of, from_canonical, version_of
from pressrelease.services import scheduling
from pressrelease.wiring import Workspace, read_config_file

LIFT = datetime(2099, 9, 24, 16, tzinfo=UTC)
CODES = {0, 2, 10, 11, 65, 66, 75, 77, 78}

deeper = settings(max_examples=500, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with a scheduled, an approved and a draft release, and a backup of it; the current folder is in it."""
    made = found_office(tmp_path_factory.mktemp("fuzzed") / "office")
    for slug in ("names", "other", "draft"):
        made.write(slug, embargo=FAR)
    before = Path.cwd()
    os.chdir(made.folder)
    for arguments in (["schedule", "names", "other", "--yes"], ["approve", "names"], ["backup", "../backup.zip"]):
        assert main(arguments) == 0
    try:
        yield made
    finally:
        os.chdir(before)


# --- The command line ----------------------------------------------------------------------------------------------

#: Those that stay up, ask for minutes, or write where they are told to.
NOT_HERE = {"run", "demo", "init", "move-store", "restore", "backup", "service"}
NAMED = sorted(set(COMMANDS) - NOT_HERE)
OPTIONS = (
    "--json --no-input --dry-run --yes -y --why --at --as --key --outlet --early --confirm --all --verify --test --sent"
    " --resend --drop --now --timezone --release-time --format --embargo --follows --help -h --version --as= -- - --x"
).split()
WORDS = [
    *("names other draft NAMES names.md ../names /etc/passwd newsroom -1 * ~ 25:00 text America/Los_Angeles".split()),
    *("the week of 9/24", "tomorrow at 9", "immediate", FAR, "", " ", "9" * 40),
]
anything = st.text(st.characters(exclude_characters="\0"), max_size=30)
argv = st.builds(
    lambda command, rest: [command, *rest],
    st.sampled_from(NAMED) | anything,
    st.lists(st.sampled_from(WORDS) | st.sampled_from(OPTIONS) | anything, max_size=6),
)


def _any_argv(office: Office, arguments: list[str]) -> None:
    assume(not {"--watch", "-w", "--workspace", "-o", "--output", "--ics", "--edit"} & set(arguments))
    assume(not any(one.startswith(("--wa", "--wo", "-o", "-w", "--o", "--i", "--e", "--k")) for one in arguments))
    assume(not arguments or arguments[0] not in NOT_HERE)
    assume(not {"--early", "--confirm"} <= set(arguments))  # that would be a person's word
    file = office.folder / ".pressrelease" / "state.db"
    kept = file.with_name("kept")
    shutil.copy(file, kept)
    try:
        code, words = said(arguments)
    finally:
        kept.replace(file)
        for path in (office.folder / "releases").iterdir():
            if path.name not in {"names.md", "other.md", "draft.md"}:
                path.unlink()
    assert code in CODES, (arguments, code, words)
    assert "Traceback" not in words
    assert not set("\x1b\x07\x9b\u202e") & set(words), arguments
    assert office.pages == [], arguments


fixed = examples(50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@fixed
@given(argv)
@example(["status", "\udcff"])
@example(["status", "--json", "a\udcff"])
@example(["hold", "names", "--why", "\ud800"])
@example(["new", "\x1b[2J"])
@example(["approve", "names", "--as", "\x9b"])
@example(["journal", "a\nb"])
@example(["settle", "names", "--outlet", "\u202e", "--sent"])
@example(["schedule", "names", "--at", "\n" * 100])
@example(["when", "9/24", "--now", "9" * 5000])
@example(["when", "noon", "--timezone", "../../etc/passwd"])
@example(["when", "noon", "--timezone", "/etc/localtime"])
@example(["proof", "draft", "--outlet", "\u2028"])
@example(["proof", "names"])
def test_any_command_line_gives_a_code_of_the_contract(office: Office, arguments: list[str]) -> None:
    _any_argv(office, arguments)


@pytest.mark.slow
@pytest.mark.timeout(900)
@deeper
@given(argv)
def test_very_many_command_lines(office: Office, arguments: list[str]) -> None:
    _any_argv(office, arguments)


# --- The record ----------------------------------------------------------------------------------------------------

odd = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.sampled_from(
        ["scheduled", "held", "waiting", "sending", "delivered", "{}", "[]", "null", "[1]", '{"text": 1}']
    )
)
columns = st.sampled_from(
    [("control", name) for name in "stopped stopped_by newest".split()]
    + [("marks", name) for name in "boot wall uptime".split()]
    + [
        ("releases", name)
        for name in "version headline embargo lift outlets author source_hash word word_by word_at why late_accepted_at"
        " open changed_at".split()
    ]
    + [("versions", name) for name in "canonical attachments lift outlets".split()]
    + [("approvals", name) for name in "version by at withdrawn_at signature".split()]
    + [
        ("deliveries", name)
        for name in "version outlet recipient state lift attempts owner lease_until next_try first_sent_at"
        " delivered_at url remote_id error".split()
    ]
    + [("processes", name) for name in "kind host pid started_at last_seen ended_at".split()]
    + [("migrations", name) for name in ("number", "name")]
)
READING = (["publish-due"], ["status", "--all"], ["status", "names", "--json"], ["journal"], ["doctor"], ["status"])


def _any_rows(office: Office, changes: list[tuple[tuple[str, str], object]], arguments: list[str]) -> None:
    file = office.folder / ".pressrelease" / "state.db"
    kept = file.with_name("kept")
    shutil.copy(file, kept)
    connection = sqlite3.connect(file)
    try:
        for (table, column), value in changes:
            with contextlib.suppress(sqlite3.Error), connection:
                connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
        connection.close()
        code, words = said(arguments)
        assert code in CODES, (changes, arguments, words)
        assert not set("\x1b\x07\x9b\u202e") & set(words)
        assert office.pages == [] or any(column in {"lift", "next_try"} for (_, column), _ in changes)
    finally:
        connection.close()
        kept.replace(file)
        shutil.rmtree(office.folder / "newsroom", ignore_errors=True)


changes = st.lists(st.tuples(columns, odd), min_size=1, max_size=3)


@fixed
@given(changes, st.sampled_from(READING))
def test_any_row_in_the_record_is_read_or_refused(
    office: Office, changes: list[tuple[tuple[str, str], object]], arguments: list[str]
) -> None:
    _any_rows(office, changes, arguments)


@pytest.mark.slow
@pytest.mark.timeout(900)
@deeper
@given(changes, st.sampled_from(READING))
def test_very_many_rows(office: Office, changes: list[tuple[tuple[str, str], object]], arguments: list[str]) -> None:
    _any_rows(office, changes, arguments)


# --- Releases and configs that were good until something happened to them --------------------------------------------

RELEASE = f"""---
headline: Names released in county-wide operation
subhead: "Seven arrested: one sought"
date: 2026-01-05
embargo: {FAR}
dateline: AUBURN, Calif.
author: jdoe
contact: {{name: Press Office, phone: 530-555-0100, email: press@example.org}}
keywords: [court, "crime, major"]
editor_note: Hold for the court.
outlets: [newsroom]
---

**Seven** people were [arrested](https://example.org/a_(b)).

| Name | Age |
| --- | --- |
| A | 30 |

> They are presumed innocent.

1. One
2. Two
""".encode()


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A text with a few pieces of it changed, doubled, moved, taken out or put in."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        end = min(start + draw(st.integers(0, 12)), len(data))
        piece = draw(
            st.binary(max_size=6)
            | st.text(max_size=4).map(lambda text: text.encode("utf-8", "surrogatepass"))
            | st.sampled_from(
                [b"", b"\n", b": ", b"- ", b"&a ", b"*a", b"---\n", b'"', b"{", b"[", b"|\n", b"\xff", b"# "]
            )
            | st.just(bytes(data[start:end]) * 3)
        )
        data[start:end] = piece
    return bytes(data)


def _any_release(office: Office, data: bytes) -> None:
    """Either refused by name, or scheduled, frozen, read back the same, and composed."""
    (office.folder / "releases" / "draft.md").write_bytes(data)
    context = desks.ServiceContext(Workspace(office.folder), "jdoe", dry_run=True)
    proposal = None
    with contextlib.suppress(Refused, NotPermitted):
        proposal = scheduling.propose(context, "draft")
    if proposal is None:
        return
    again = from_canonical(scheduling.canonical(proposal.release))
    hashes: dict[str, str] = {}
    outlets = tuple(proposal.recipients)
    frozen = {"attachment_hashes": hashes, "lift": proposal.lift, "outlets": outlets, "wall": proposal.wall}
    recipients = digests_of(proposal.recipients)
    added = settings_name(proposal.settings)
    assert version_of(again, **frozen, recipients=recipients, settings=added) == proposal.version
    message = compose(
        again,
        version=proposal.version,
        office=OfficeConfig("The Office", "America/Los_Angeles"),
        lift=proposal.lift or LIFT,
        url="",
        attachments={},
    )
    assert "<script" not in message.html.lower()
    assert "\x1b" not in message.text


@examples(30)
@given(damaged(RELEASE))
@example(RELEASE)
def test_a_damaged_release_is_refused_or_whole(office: Office, data: bytes) -> None:
    _any_release(office, data)


@pytest.mark.slow
@pytest.mark.timeout(900)
@deeper
@given(damaged(RELEASE))
def test_very_many_damaged_releases(office: Office, data: bytes) -> None:
    _any_release(office, data)


CONFIG = b"""[office]
name = "The Office"
timezone = "America/Los_Angeles"
contact = { name = "Press", phone = "1", email = "press@example.org" }
release_time = "09:00"
[policy]
approvals = 2
approvers = ["da", "deputy"]
max_late = "24h"
[retry]
schedule = ["5s", "30s"]
jitter = 0.2
[outlets.media]
type = "webhook"
url = "https://hooks.example.org/x"
secret = { env = "CANARY_SECRET" }
headers = { "X-A" = "b" }
[outlets.mail]
type = "email"
host = "smtp.example.org"
from = "Press <press@example.org>"
recipients = ["a@example.org"]
"""


def _any_config(folder: Path, data: bytes) -> None:
    file = folder / "config.toml"
    file.write_bytes(data)
    with contextlib.suppress(ConfigRefused):
        config = read_config_file(file)
        with contextlib.suppress(ConfigRefused):
            Workspace(folder).outlets()
        assert config.office.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("configs")


@examples(40)
@given(damaged(CONFIG))
@example(CONFIG)
def test_a_damaged_config_is_refused_or_opened(folder: Path, data: bytes) -> None:
    _any_config(folder, data)


@pytest.mark.slow
@pytest.mark.timeout(900)
@deeper
@given(damaged(CONFIG) | damaged(sample_config("The Office", "America/Los_Angeles").encode()))
def test_very_many_damaged_configs(folder: Path, data: bytes) -> None:
    _any_config(folder, data)


# --- A backup that somebody made up ----------------------------------------------------------------------------------


def _any_backup(office: Office, changes: list[tuple[int, bytes]]) -> None:
    """A backup's members with bytes changed, packed anew: restoring refuses, or what it puts back is stopped."""
    target = office.folder.parent / "restored"
    file = office.folder.parent / "changed.zip"
    with zipfile.ZipFile(office.folder.parent / "backup.zip") as whole, zipfile.ZipFile(file, "w") as changed:
        names = whole.namelist()
        for number, name in enumerate(names):
            data = bytearray(whole.read(name))
            for place, put in changes:
                if place % len(names) == number and data:
                    start = place % len(data)
                    data[start : start + len(put)] = put
            changed.writestr(whole.getinfo(name), bytes(data))
    try:
        code, words = said(["-w", str(target), "restore", str(file), "--yes"])
        assert code in CODES, words
        if code == 0:
            assert Workspace(target).store.read.control().stopped
        else:
            assert not target.exists() or not (target / ".pressrelease" / "state.db").exists()
    finally:
        shutil.rmtree(target, ignore_errors=True)


backup_changes = st.lists(st.tuples(st.integers(0, 100_000), st.binary(min_size=1, max_size=8)), max_size=3)


@examples(12)
@given(backup_changes)
@example([])
def test_a_backup_that_was_changed_is_refused(office: Office, changes: list[tuple[int, bytes]]) -> None:
    _any_backup(office, changes)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(backup_changes)
def test_very_many_changed_backups(office: Office, changes: list[tuple[int, bytes]]) -> None:
    _any_backup(office, changes)
