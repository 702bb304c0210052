"""A test that lacks a program or a package is skipped at home and fails in CI, by one decision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from needed import needs_module, needs_program

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
@pytest.mark.parametrize(
    ("ask", "install"),
    [
        (lambda: needs_program("no-such-program", "its-package"), "apt-get install its-package"),
        (lambda: needs_module("no_such_module"), "pip install -e '.[test]'"),
    ],
)
def test_what_is_missing_is_skipped_at_home_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[], object], install: str, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="To install it") as raised:
        ask()
    assert install in str(raised.value)


def test_what_is_there_is_returned() -> None:
    assert Path(needs_program("sh", "dash")).is_absolute()
    assert needs_module("json.decoder").JSONDecoder


def test_no_test_decides_by_itself() -> None:
    """A test skipped for want of a tool would be skipped in CI too, and nobody would know."""
    ways = ("importorskip", 'environ.get("CI")', "which(")
    found = [
        f"{path.relative_to(TESTS)}: {line.strip()}"
        for path in TESTS.rglob("*.py")
        if path.name not in {"needed.py", "test_needed.py"}
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(way in line for way in ways[:2]) or ("skip" in line and ways[2] in line)
    ]
    assert found == []


def test_ci_says_that_it_is_ci() -> None:
    assert "export CI=true" in (TESTS.parent / ".ci" / "run").read_text(encoding="utf-8")
