"""The documentation: every link leads to a page and a heading that exist, and its examples are valid."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from pressrelease.config import read_config
from pressrelease.message.html import settled
from pressrelease.release import parse
from pressrelease.release.key_values import ATTACHMENT_KEYS, CONTACT_KEYS
from pressrelease.release.parsing import KEYS

TOP = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")])


def prose(page: Path) -> str:
    """The text of a page without its fenced blocks, its comments and its code spans."""
    text = re.sub(r"(?ms)^(```+).*?^\1\s*$", "", page.read_text(encoding="utf-8"))
    return re.sub(r"`[^`\n]*`", "", re.sub(r"(?s)<!--.*?-->", "", text))


def anchors(page: Path) -> set[str]:
    """The anchor of each heading, as GitHub makes it."""
    text = re.sub(r"(?ms)^(```+).*?^\1\s*$", "", page.read_text(encoding="utf-8"))
    made: set[str] = set()
    for heading in re.findall(r"(?m)^#+ (.+?)\s*$", text):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        made.add(anchor if anchor not in made else f"{anchor}-1")
    return made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_link_leads_to_a_page_and_a_heading_that_exist(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in anchors(target), (
            f"{page.name} links to {link}; {target.name} has no such heading"
        )


def test_every_page_is_in_the_index() -> None:
    index = TOP / "docs" / "README.md"
    linked = {
        (index.parent / link.partition("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+)\)", prose(index))
    }
    assert {page for page in PAGES if page.is_relative_to(TOP / "docs")} - linked == {index}


def test_the_example_of_a_release_is_valid_and_has_every_key() -> None:
    page = (TOP / "docs" / "how-to" / "write-a-release.md").read_text(encoding="utf-8")
    example = page.partition("```markdown\n")[2].partition("```")[0]
    release = parse(example.encode(), "names-released")
    waits = (TOP / "docs" / "how-to" / "wait-for-a-verdict.md").read_text(encoding="utf-8")
    armed = parse(dedent(waits.partition("```markdown\n")[2].partition("```")[0]).encode(), "smith-guilty")
    assert set(KEYS) <= {key.partition(".")[0] for key, _ in (*release.lines, *armed.lines)}
    assert {f"contact.{key}" for key in CONTACT_KEYS} <= {key for key, _ in release.lines}
    assert set(re.findall(r"(?m)^\| `(\w+)` \| ", page.partition("## The keys")[2].partition("\n## ")[0])) == set(KEYS)
    assert all(re.search(rf"{key}: ", example) for key in ATTACHMENT_KEYS)
    names = {attachment.path: attachment.path for attachment in release.attachments}
    tags = {token.tag for token in settled(release.body, dateline="", names=names, alts={}, base="")}
    assert {"p", "h2", "ul", "blockquote", "table"} <= tags


HOW_TO = [
    (page, block)
    for page in sorted((TOP / "docs" / "how-to").glob("*.md"))
    for _, found in re.findall(r"(?ms)^( *)```toml\n(.*?)^\1```", page.read_text(encoding="utf-8"))
    for block in [dedent(found)]
    if not block.startswith(("# pyproject.toml", "# config.toml"))
]


@pytest.mark.parametrize(("page", "block"), HOW_TO, ids=lambda value: getattr(value, "name", ""))
def test_each_example_of_a_config_is_valid(page: Path, block: str) -> None:
    office = '[office]\nname = "Press Office"\ntimezone = "America/Los_Angeles"\n'
    outlet = "" if "[outlets.newsroom]" in block else '\n[outlets.newsroom]\ntype = "newsroom"\n'
    read_config(f"{office}{block}{outlet}")


def test_each_file_that_contributing_names_is_there() -> None:
    text = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {path for path in re.findall(r"`([\w./-]+\.(?:py|md|tsv|toml))`", text) if "KIND" not in path}
    rooms = (TOP, TOP / "pressrelease", TOP / "pressrelease" / "check")
    assert len(named) > 20
    assert sorted(path for path in named if not any((room / path).is_file() for room in rooms)) == []


def test_each_test_that_a_page_names_is_there() -> None:
    files = {file.name: file for file in (TOP / "tests").rglob("test_*.py")}
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", pages))
    assert len(named) > 150
    for file, test in named:
        assert file in files, f"there is no {file}"
        assert not test or f"def {test}(" in files[file].read_text(encoding="utf-8"), f"{file} has no {test}"
