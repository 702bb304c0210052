"""Plain American English: words that nobody would say across a desk are in no sentence, docstring, comment or page."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())

#: Each word and what to write instead.
PLAIN = {
    "amiss": "wrong",
    "anew": "again",
    "begun": "started",
    "herein|thereof|thus|upon": "a plain word",
    "just now": "at the moment",
    "lest": "so that … not",
    "meanwhile": "in the meantime",
    "mend(?:s|ed|ing)?": "fix",
    "nobody said otherwise": "not set",
    "of which": "whose, that, or two sentences",
    "say (?:yes|no)": "approve, confirm, refuse",
    "so many as": "as many as",
    "stands": "is",
    "tell(?:s|ing)? of": "report",
    "the likes? of": "such as",
    "told": "notified, shown, reported",
    "whoever": "who, or the person who",
    "whom": "who, or name the people",
    "whose want": "without which",
}
_FOUND = re.compile(rf"\b(?:{'|'.join(PLAIN)})\b", re.IGNORECASE)

#: Words that people type or publish, which the program must read, and names of columns.
READ = {
    "check/case_state.py",
    "check/victims.py",
    "promises/classification.py",
    "promises/exclusions.py",
    "promises/others.py",
    "promises/patterns.py",
    "when/vocabulary.py",
}
_SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE|AND|AS)\b")

SOURCES = sorted((TOP / "pressrelease").rglob("*.py"))
PAGES = sorted([TOP / "README.md", TOP / "CONTRIBUTING.md", TOP / "CHANGELOG.md", *(TOP / "docs").rglob("*.md")])


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a source that has more than one word, with its line, and every comment."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not _SQL.search(node.value):
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Every line of a page, without its blocks of code."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^(```+).*?^\1\s*$", lambda block: "\n" * block.group().count("\n"), text)
    return enumerate(text.split("\n"), 1)


def odd_words(lines: Iterator[tuple[int, str]]) -> list[str]:
    """Each odd word with its line. What is in backticks is a name."""
    return [
        f"line {line}: {found.group()!r} in “{plain.strip()[:100]}”"
        for line, text in lines
        if " " in (plain := re.sub(r"`[^`\n]*`", "``", text))
        for found in _FOUND.finditer(plain)
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(TOP)))
def test_the_program_speaks_plainly(path: Path) -> None:
    if path.relative_to(TOP / "pressrelease").as_posix() not in READ:
        assert not odd_words(sentences(path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_the_documentation_speaks_plainly(page: Path) -> None:
    assert not odd_words(prose(page))


def test_no_test_has_such_a_word_in_its_name() -> None:
    names = [
        (number, name.replace("_", " "))
        for path in sorted((TOP / "tests").rglob("test_*.py"))
        for number, name in enumerate(re.findall(r"(?m)^def (test_\w+)", path.read_text(encoding="utf-8")))
    ]
    assert not odd_words(iter(names))


@pytest.mark.parametrize("text", ["It was told anew.", "Whoever it stands for", "the record, of which"])
def test_such_a_word_is_found(text: str) -> None:
    assert odd_words(iter([(1, text)]))


def test_a_name_in_backticks_is_not_a_word() -> None:
    assert not odd_words(iter([(1, "the table `told`, and one word: told_apart")]))
