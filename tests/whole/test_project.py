"""The project as a whole: what it ships is what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pressrelease import demonstration
from pressrelease.config import read_config
from pressrelease.config.sample import sample_config
from pressrelease.config.settings import SecretReference
from pressrelease.demonstration import FIRST, SECOND
from pressrelease.errors import PressReleaseError
from pressrelease.release import Contact, parse
from pressrelease.services import ServiceContext
from pressrelease.services.scheduling import Proposal, propose

TOP = Path(__file__).parents[2]
SEED = TOP / "tests" / "examples" / "county-wide-human-trafficking-operation.txt"


def test_the_first_release_is_the_real_one_word_for_word() -> None:
    headline, subhead, blank, body = SEED.read_text(encoding="utf-8").split("\n", 3)
    release = parse((TOP / "releases" / f"{FIRST}.md").read_bytes(), FIRST)
    assert blank == ""
    assert (release.headline, release.subhead, release.body) == (headline, subhead, body)


def test_the_second_release_is_a_draft_that_keeps_the_promise_of_the_first() -> None:
    release = parse((TOP / "releases" / f"{SECOND}.md").read_bytes(), SECOND)
    assert (release.follows, release.embargo, str(release.date)) == (FIRST, "the week of 9/24", "2018-09-19")
    assert "[[" in release.body


@pytest.mark.parametrize("slug", [FIRST, SECOND])
def test_the_demo_plays_the_releases_of_this_folder(slug: str) -> None:
    shipped = TOP / "pressrelease" / "demonstration" / "releases" / f"{slug}.md"
    assert shipped.read_bytes() == (TOP / "releases" / f"{slug}.md").read_bytes()


def test_the_sample_office_is_what_init_would_write() -> None:
    contact = Contact(name="Press Office", phone="530-555-0100", email="press@example.org")
    expected = sample_config(
        "Placer County District Attorney's Office",
        "America/Los_Angeles",
        url="https://news.example.org",
        contact=contact,
    )
    assert (TOP / "config.toml").read_text(encoding="utf-8") == expected
    config = read_config(expected)
    assert config.office.contact == contact
    assert not any(isinstance(value, SecretReference) for value in config.outlets["newsroom"].settings.values())


def test_the_package_says_that_it_has_types() -> None:
    assert (TOP / "pressrelease" / "py.typed").is_file()


def test_the_readme_has_the_two_commands() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/pressrelease demo" in readme
    assert "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest" in readme


@pytest.mark.slow
def test_the_demo_publishes_one_release_at_once_and_one_at_its_lift(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pressrelease", "demo", "--no-input"]
    environment = os.environ | {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=90, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    received = [line for line in done.stdout.splitlines() if line.startswith("The receiver got ")]
    # On a busy machine the one that goes out at once may come after the other's lift.
    assert sorted(line.split()[3].rstrip(",") for line in received) == sorted([FIRST, SECOND])
    assert "Nothing came before its time" in done.stdout
    page = Path(next(line for line in done.stdout.splitlines() if line.startswith("The newsroom: ")).split()[-1])
    assert SECOND in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("before", [True, False], ids=["before the proposals", "after them"])
def test_on_a_busy_machine_the_demo_gives_itself_more_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    context = ServiceContext(demonstration._furnish(tmp_path, 1), "demo")
    tried: list[str] = []

    def slowly(context: ServiceContext, slug: str) -> Proposal:
        tried.append(slug)
        if before and len(tried) == 1:
            time.sleep(1.01)
        proposal = propose(context, slug)
        if not before and len(tried) == 2:
            time.sleep(0.6)
        return proposal

    monkeypatch.setattr(demonstration, "propose", slowly)
    monkeypatch.setattr(demonstration, "AHEAD", (timedelta(seconds=1), timedelta(hours=1)))
    lift = demonstration._scheduled(context)
    assert tried == [FIRST, SECOND, FIRST, SECOND]
    assert lift > datetime.now(UTC) + timedelta(minutes=55)
    assert [context.report(slug).dossier.release.lift for slug in (FIRST, SECOND)] == [None, lift]
    journal = [line.event for line in context.store.read.journal()]
    assert journal.count("release.scheduled") == 2


def test_the_demo_ends_on_a_machine_that_is_too_busy_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ServiceContext(demonstration._furnish(tmp_path, 1), "demo")
    monkeypatch.setattr(demonstration, "AHEAD", (timedelta(0), timedelta(0)))
    with pytest.raises(PressReleaseError, match=r"too busy for the demo.*Nothing was sent"):
        demonstration._scheduled(context)
    assert not context.store.exists


def test_each_test_that_the_documents_name_exists() -> None:
    """A finding without its test is a claim."""
    named = set()
    for page in (TOP / "docs").rglob("*.md"):
        named |= set(re.findall(r"(test_\w+\.py)::(test_\w+)(?![\w…])", page.read_text(encoding="utf-8")))
    assert len(named) > 100
    files = {path.name: path.read_text(encoding="utf-8") for path in (TOP / "tests").rglob("test_*.py")}
    missing = sorted(f"{file}::{name}" for file, name in named if not re.search(rf"def {name}\b", files[file]))
    assert missing == []
