"""The kinds of outlet, one row each in `OUTLET_KINDS`: what holds for every row, so that a new one needs no more."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import pytest

from pressrelease import outlets
from pressrelease.config.keys import OutletKind
from pressrelease.config.outlet_keys import OUTLET_KINDS
from pressrelease.outlets import Outlet
from pressrelease.outlets.follow_up_words import WORDS, follow_up_words
from pressrelease.release.delivery import Abilities

HERE = Path(outlets.__file__).parent
TOP = Path(__file__).parents[2]
each_kind = pytest.mark.parametrize("kind", OUTLET_KINDS, ids=lambda kind: kind.name)


def class_of(kind: OutletKind) -> type[Outlet]:
    """The class that the kind's opener says it returns."""
    module, _, opener = kind.opener.partition(":")
    made: type[Outlet] = get_type_hints(getattr(import_module(module), opener))["return"]
    return made


@each_kind
def test_its_class_does_what_the_base_class_leaves_open(kind: OutletKind) -> None:
    made = class_of(kind)
    assert issubclass(made, Outlet)
    assert not {name for name in ("prepare", "send", "probe") if getattr(made, name) is getattr(Outlet, name)}


@each_kind
def test_it_sends_to_a_list_exactly_if_its_row_names_one(kind: OutletKind) -> None:
    assert (class_of(kind).recipients is not Outlet.recipients) is bool(kind.recipient_list)
    if kind.recipient_list:
        module, _, name = kind.recipient_list.partition(":")
        lists = getattr(import_module(module), name)
        assert all(callable(getattr(lists, one)) for one in ("complaints", "addresses", "mailboxes"))


@each_kind
def test_it_imports_no_other_kind(kind: OutletKind) -> None:
    others = {other.name for other in OUTLET_KINDS} - {kind.name}
    for path in sorted((HERE / kind.name).glob("*.py")) or [HERE / f"{kind.name}.py"]:
        for module in imported(path):
            found = re.match(r"pressrelease\.outlets\.(\w+)", module)
            assert found is None or found[1] not in others, f"{path.name} imports {module}"


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@each_kind
def test_the_words_for_a_correction_and_a_kill_agree_with_what_it_can_do(kind: OutletKind) -> None:
    able = class_of(kind).abilities
    words = WORDS[kind.name]
    assert words == follow_up_words(kind.name, able)
    assert ("follows" not in words.correction and "runs" not in words.correction) is able.correct
    assert ("can't be taken back" not in words.kill) is able.withdraw


def test_a_kind_of_another_package_is_described_by_what_it_says() -> None:
    assert "replaces" in follow_up_words("board", Abilities(correct=True)).correction
    assert "can't be taken back" in follow_up_words("board", Abilities(correct=True)).kill
    assert follow_up_words("board", Abilities(withdraw=True)).kill == "a kill removes what arrived"


@each_kind
def test_the_reference_describes_it(kind: OutletKind) -> None:
    page = (TOP / "docs" / "reference" / "outlets.md").read_text(encoding="utf-8")
    assert f"\n## {kind.name}\n" in page
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    (row,) = [row for row in rows if kind.name in row[0].split(", ") and len(row) == 5]
    says = (row[2].startswith("replaces"), row[3] == "yes", row[4] == "yes")
    assert says == class_of(kind).abilities
