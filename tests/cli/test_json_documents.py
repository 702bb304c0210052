"""Under `--json` standard output is one document, before or after the command's name, refusals included."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import records
from calling import Caller
from office import make_original

from pressrelease.cli.app import COMMANDS
from pressrelease.wiring import Workspace

#: Command lines, and the keys that their document has at least. Each is tried in an office with one release of a kind.
LINES: list[tuple[str, set[str]]] = [
    ("", {"releases", "scheduler"}),
    ("init new-office --no-input", {"workspace"}),
    ("init .", {"error"}),
    ("new Headline", {"slug"}),
    ("new", {"error"}),
    ("import config.toml --dry-run", {"slug", "seen", "files"}),
    ("import nothing.docx", {"error"}),
    ("edit nothing", {"error"}),
    ("when soon", {"error"}),
    ("when 2099-01-05T09:00:00-08:00", {"lift"}),
    ("clean ahead", {"slug", "cleaned"}),
    ("clean nothing", {"error"}),
    ("check", {"findings"}),
    ("check ahead", {"findings"}),
    ("proof ahead", {"slug", "text"}),
    ("proof nothing", {"error"}),
    ("schedule draft --yes", {"releases"}),
    ("schedule bad --yes", {"error"}),
    ("schedule draft bad --yes", {"releases"}),
    ("approve ahead --as somebody", {"releases"}),
    ("approve draft", {"error"}),
    ("unapprove ahead", {"releases"}),
    ("unschedule ahead", {"releases"}),
    ("clear ahead charges", {"error"}),
    ("clear --all ahead", {"error"}),
    ("lift ahead --confirm ahead", {"error"}),
    ("hold ahead --why x", {"releases"}),
    ("hold nothing --why x", {"error"}),
    ("resume ahead", set()),
    ("resume", {"error"}),
    ("stop", {"stopped"}),
    ("correct ahead --note x", {"error"}),
    ("kill ahead --why x --confirm ahead", {"releases", "killed"}),
    ("kill ahead --why x", {"error"}),
    ("publish ahead", {"error"}),
    ("publish due", {"releases"}),
    ("publish-due", {"published", "needs_you", "error"}),
    ("retry ahead", {"error"}),
    ("settle ahead --outlet newsroom --sent", {"error"}),
    ("status", {"releases", "scheduler"}),
    ("status ahead", {"releases"}),
    ("status nothing", {"error"}),
    ("promises", {"promises"}),
    ("calendar", {"at", "entries"}),
    ("outcome ahead dismissed --why x", {"error"}),
    ("removed ahead --why x", {"error"}),
    ("journal --verify", {"holds"}),
    ("outlets", {"outlets"}),
    ("outlets --test nothing", {"error"}),
    ("doctor --offline", {"findings", "fine"}),
    ("export ahead -o ../record.zip", {"file", "index", "head", "embargoed", "releases"}),
    ("export nothing -o ../none.zip", {"error"}),
    ("export --verify ../none.zip", {"error"}),
    ("backup ../copy.zip", set()),
    ("restore ../nothing.zip", {"error"}),
    ("move-store mysql://x", {"error"}),
    ("adopt", set()),
    ("service --cron", {"lines"}),
    ("service", {"error"}),
    ("kil", {"error"}),
    ("status --nothing", {"error"}),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = records.office(tmp_path_factory.mktemp("template") / "office")
    records.schedule(workspace, "ahead")
    records.schedule_now(workspace, "late", approved=True)
    records.schedule_now(workspace, "due")
    (workspace.folder / "releases" / "late.md").write_text("changed since", encoding="utf-8")
    records.write(workspace, "draft", embargo="2099-01-05T09:00:00-08:00")
    records.write(workspace, "bad", embargo="2099-01-05T09:00:00-08:00", body="[[NAMES]]")
    workspace.store.close()
    return workspace.folder


@pytest.fixture
def place(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    folder = Path(shutil.copytree(template, tmp_path / "office", symlinks=True))
    make_original(folder)
    monkeypatch.chdir(folder)
    return Workspace(folder)


def document(call: Caller, *arguments: str) -> dict[str, Any]:
    call(*arguments, expect=range(256))
    assert call.out.count("\n") == 1, f"{arguments}: {call.out!r} is no single document"
    found = json.loads(call.out)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("line", "keys"), LINES, ids=[line or "(none)" for line, _ in LINES])
def test_one_document_wherever_the_option_is(place: Workspace, call: Caller, line: str, keys: set[str]) -> None:
    arguments = line.split()
    found = document(call, "--json", *arguments)
    assert keys <= set(found), f"before: {found}"
    if line.startswith(
        ("status", "check", "doctor", "promises", "calendar", "outlets", "when", "proof", "publish-due", "service")
    ):
        after = document(call, *arguments, "--json")
        assert keys <= set(after), f"after: {after}"
        assert set(after) == set(found)


def test_the_matrix_has_every_command() -> None:
    tried = {line.split()[0] for line, _ in LINES if line}
    # `demo` takes a minute and is tried elsewhere; `run` answers nothing.
    assert set(COMMANDS) - tried <= {"demo", "run"}


def test_an_answer_and_what_needs_a_person_are_one_document(place: Workspace, call: Caller) -> None:
    found = document(call, "publish-due", "--json")
    assert found["published"] == ["due"]
    assert [one["slug"] for one in found["needs_you"]] == ["late"]
    assert found["error"]["code"] == "needs_person"


def test_the_journal_is_a_line_an_entry(place: Workspace, call: Caller) -> None:
    for arguments in (("--json", "journal"), ("journal", "--json")):
        lines = call(*arguments).splitlines()
        assert len(lines) > 3
        assert all(json.loads(line)["event"] for line in lines)
