"""Each guard that `.ci/guards.py` takes out is found in the source exactly once, and so is the test that notices."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def guards() -> Sequence[Any]:
    spec = importlib.util.spec_from_file_location("guards", TOP / ".ci" / "guards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["guards"] = module  # its dataclasses ask for it
    spec.loader.exec_module(module)
    guards: Sequence[Any] = module.GUARDS
    assert len(guards) > 150
    return guards


def test_each_guard_is_in_its_file_exactly_once(guards: Sequence[Any]) -> None:
    """One that is there twice is taken out twice: a test of one of them would notice for both."""
    sources = {guard.file: (TOP / "pressrelease" / guard.file).read_text(encoding="utf-8") for guard in guards}
    counts = {(guard.name, guard.file): sources[guard.file].count(guard.holds) for guard in guards}
    assert {place: count for place, count in counts.items() if count != 1} == {}
    assert [guard.name for guard in guards if guard.holds == guard.becomes] == []


def test_each_guard_has_its_own_name(guards: Sequence[Any]) -> None:
    names = [guard.name for guard in guards]
    assert sorted(set(names)) == sorted(names)


def test_the_test_of_each_guard_exists(guards: Sequence[Any]) -> None:
    files: dict[str, list[Path]] = {}
    for path in (TOP / "tests").rglob("test_*.py"):
        files.setdefault(path.name, []).append(path)
    lost = []
    for guard in guards:
        file, *parts = guard.test.split("::")
        text = "".join(path.read_text(encoding="utf-8") for path in files.get(file, ()))
        names = [part.partition("[")[0] for part in parts]
        defined = all(re.search(rf"(def {name}\(|^class {name}\b|^{name} = )", text, re.MULTILINE) for name in names)
        if len(files.get(file, ())) != 1 or not defined:
            lost.append(f"{guard.name}: {guard.test}")
    assert lost == []
