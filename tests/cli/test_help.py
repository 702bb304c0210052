"""`--help`: groups in the order of the day, plain sentences, and examples that can be typed today."""

from __future__ import annotations

import itertools
import re
import shlex
from datetime import UTC, date, datetime, time, timedelta

import click
import pytest
from calling import Caller

from pressrelease.cli import examples
from pressrelease.cli.app import COMMANDS, GROUPS, command
from pressrelease.when import EmbargoKind, read_embargo


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def example_lines(text: str) -> list[str]:
    """The command lines that a help text shows."""
    return [line.strip() for line in text.splitlines() if re.match(r" +pressrelease [a-z]", line)]


def test_the_groups_come_in_the_order_of_the_day(call: Caller) -> None:
    call("--help")
    headings = [line.rstrip(":") for line in call.out.splitlines() if re.fullmatch(r"[A-Z][a-z ]+:", line)]
    assert headings == ["Options", "Write", "Schedule and approve", "Publish", "Watch", "Outlets", "Keep"]
    listed = re.findall(r"^  ([a-z-]+) {2,}[A-Z]", call.out.partition("Write:")[2], re.MULTILINE)
    assert listed == list(COMMANDS) == [name for names in GROUPS.values() for name in names]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_eighty_columns(call: Caller, name: str) -> None:
    call(*[name] if name else [], "--help")

    wide = [line for line in call.out.splitlines() if len(line) > 80 and line.strip() not in example_lines(call.out)]
    assert not wide
    assert "<" not in call.out
    assert call.out.lower().count("arguments:") <= 1
    assert not re.search(r"^  (SLUG…?|\[SLUG…\]|FILE|URL|TEXT|\[HEADLINE\])(  \[required\])?$", call.out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_or_two_that_can_be_typed(call: Caller, name: str) -> None:
    call(name, "--help")
    shown = [line for line in example_lines(call.out.partition("Examples:\n")[2]) if line.split()[1] == name]
    assert 1 <= len(shown) <= 3
    group = command()
    assert isinstance(group, click.Group)
    for line in shown:
        words = shlex.split(line)[2:]
        with click.Context(group, info_name="pressrelease") as context:
            found = group.get_command(context, name)
            assert found is not None
            found.make_context(name, words, parent=context)  # parsed; nothing is run


@pytest.mark.parametrize("day", [date(2018, 9, 12), date(2026, 2, 27), date(2026, 12, 20), date(2027, 12, 31)])
def test_the_dates_of_examples_are_ahead_of_the_day_on_which_they_are_shown(
    call: Caller, monkeypatch: pytest.MonkeyPatch, day: date
) -> None:
    monkeypatch.setattr(examples, "today", lambda: day)
    now = datetime.combine(day, time(20), UTC)
    read = 0
    for name in COMMANDS:
        call(name, "--help")
        for line in example_lines(call.out):
            words = shlex.split(line)
            for option, value in itertools.pairwise(words):
                if option not in {"--at", "--embargo", "when"}:
                    continue
                embargo = read_embargo(value, now=now, timezone="America/Los_Angeles", release_time=time(9))
                assert embargo.kind in {EmbargoKind.INSTANT, EmbargoKind.WINDOW}
                assert embargo.lift is not None
                assert timedelta() < embargo.lift - now < timedelta(days=30)
                read += 1
    assert read >= 5
