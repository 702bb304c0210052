"""The glossary: every state that the program shows is in it, and every word in it is one that the program uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pressrelease.cli.app import COMMANDS
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.evaluation import ReleaseState

TOP = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
GLOSSARY = (TOP / "docs" / "glossary.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The first cell of each row under a heading, and its second."""
    section = GLOSSARY.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"(?m)^\| [`*]+([^`*]+)[`*]+ \| (.+) \|$", section))


def test_the_states_are_those_of_the_program() -> None:
    assert list(rows("States of a release")) == [state.value for state in ReleaseState]
    assert list(rows("States of a delivery")) == [state.value for state in DeliveryState]


def test_the_words_are_in_order_and_each_has_one_sentence() -> None:
    words = rows("Words")
    assert list(words) == sorted(words)
    more = [
        word for word, meaning in words.items() if not meaning.endswith(".") or re.search(r"\w{3,}[.!?] [A-Z]", meaning)
    ]
    assert more == []
    assert {"hold", "settle", "stop"} <= words.keys() & COMMANDS.keys()


@pytest.mark.parametrize("word", sorted(rows("Words")))
def test_each_word_is_used(word: str) -> None:
    """On a page that is not the glossary, or in the code."""
    pages = [page for page in (TOP / "docs").rglob("*.md") if page.name != "glossary.md"]
    code = (TOP / "pressrelease").rglob("*.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*pages, *code]).casefold()
    assert re.search(rf"\b{re.escape(word)}", text), f"nothing calls anything {word}"
