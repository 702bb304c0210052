"""The kind of outlet that docs/how-to/add-a-kind-of-outlet.md works out, taken from there and installed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from office import found_office
from social_servers import a_message

from pressrelease.config import Office, OutletConfig, read_config
from pressrelease.errors import ConfigRefused
from pressrelease.outlets import ENTRY_POINTS, open_outlet
from pressrelease.release.delivery import Certainty, DeliveryFailed

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-kind-of-outlet.md"
KEY = "0" * 32


def block(name: str) -> str:
    """The fenced block whose first line is a comment with this name."""
    found = re.search(rf"```\w+\n# {re.escape(name)}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found, name
    return found.group(1)


@pytest.fixture
def site_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the package in it, as pip would leave it there, on Python's path."""
    import tomllib

    folder = tmp_path / "site-packages"
    info = folder / "pressrelease_board-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "pressrelease_board.py").write_text(block("pressrelease_board.py"), encoding="utf-8")
    project = tomllib.loads(block("pyproject.toml"))["project"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text(points)
    assert f"[{ENTRY_POINTS}]" in points
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "pressrelease_board", raising=False)
    return folder


def test_it_is_read_opened_and_sent_to(site_packages: Path, tmp_path: Path) -> None:
    board = tmp_path / "board"
    text = '[office]\nname = "Office"\ntimezone = "UTC"\n[defaults]\noutlets = ["hall"]\n' + block("config.toml")
    config = read_config(text.replace("/srv/board", str(board))).outlets["hall"]
    opened = open_outlet(config, Office("Office", "UTC"), tmp_path, lambda _: "")
    assert opened.recipients() == ("",)
    rendered = opened.prepare(a_message(), key=KEY, recipient="")
    with pytest.raises(DeliveryFailed) as caught:
        opened.send(rendered, key=KEY, recipient="")
    assert caught.value.certainty is Certainty.NOT_SENT
    board.mkdir()
    opened.warm()
    assert opened.probe()
    receipts = {opened.send(rendered, key=KEY, recipient="") for _ in range(2)}
    assert len(receipts) == 1
    assert [file.name for file in board.iterdir()] == ["names-released.txt"]
    assert (board / "names-released.txt").read_bytes() == rendered.content
    opened.close()


def test_it_says_what_its_table_lacks(site_packages: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match="needs a path"):
        open_outlet(OutletConfig("hall", "board"), Office("Office", "UTC"), tmp_path, lambda _: "")


def test_a_kind_that_nobody_brings_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match="not installed"):
        open_outlet(OutletConfig("hall", "board"), Office("Office", "UTC"), tmp_path, lambda _: "")


@pytest.mark.slow
def test_the_installed_command_sends_to_it(site_packages: Path, tmp_path: Path) -> None:
    board = tmp_path / "board"
    board.mkdir()
    more = block("config.toml").replace("/srv/board", str(board))
    office = found_office(tmp_path / "office", more=more, policy="[policy]\napprovals = 0\n")
    office.environment["PYTHONPATH"] = str(site_packages)
    office.write("names", outlets="[hall]")
    office.run("schedule", "names", "--yes")
    office.run("publish-due")
    assert office.state("names") == "published"
    assert "Headline of names" in (board / "names.txt").read_text()
