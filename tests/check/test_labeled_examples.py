"""Precision and recall of each finding of `check` on the project's own labeled examples.

`pytest -n 0 -s tests/check/test_labeled_examples.py` prints the table. Every person in the examples is invented.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import NOW
from test_check import CONFIG, FRONT

from pressrelease.check import check_release
from pressrelease.check.case_state import case_of
from pressrelease.check.passages import passages
from pressrelease.release import Release, parse

EXAMPLES = Path(__file__).parents[1] / "examples" / "check_findings.tsv"

#: Below this no finding may fall: a change that costs one example of a rare finding is a change to look at.
PRECISION = RECALL = 0.9


class Example(NamedTuple):
    state: str
    codes: frozenset[str]
    release: Release

    def found(self) -> set[str]:
        return {
            one.code
            for one in check_release(self.release, CONFIG, now=NOW, known_slugs=["example"], attachment_sizes={})
        }


@cache
def examples() -> tuple[Example, ...]:
    rows = [line.split("\t", 2) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()[1:]]
    return tuple(
        Example(
            state,
            frozenset(codes.split(",")) - {"-"},
            parse(f"---\n{FRONT}---\n{text}\n".replace("\\n", "\n").replace("\\t", "\t").encode(), "example"),
        )
        for state, codes, text in rows
    )


def test_there_are_enough_examples_of_all_kinds() -> None:
    rows = examples()
    assert len(rows) >= 150
    assert {one.state for one in rows} == {"charged", "convicted", "sentenced", "acquitted", "none"}
    assert sum(not one.codes for one in rows) > len(rows) / 3


@pytest.mark.parametrize("number", range(len(examples())), ids=lambda number: f"line-{number + 2}")
def test_an_example_has_exactly_its_findings(number: int) -> None:
    one = examples()[number]
    assert one.found() == one.codes
    assert case_of(passages(one.release)).state.value == one.state


def test_each_finding_keeps_its_precision_and_recall() -> None:
    right: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for one in examples():
        found = one.found()
        due.update(one.codes)
        alarms.update(found)
        right.update(found & one.codes)
    print(f"\n{'finding':<22}{'due':>5}{'found':>7}{'precision':>11}{'recall':>8}")
    for code in sorted(due):
        print(
            f"{code:<22}{due[code]:>5}{alarms[code]:>7}{right[code] / max(alarms[code], 1):>11.0%}"
            f"{right[code] / due[code]:>8.0%}"
        )
    assert {code for code in alarms if right[code] < PRECISION * alarms[code]} == set()
    assert {code for code in due if right[code] < RECALL * due[code]} == set()
