"""The rules for what happens after a release is out, as a model: the right ones hold, each wrong one is caught.

The whole of it takes six minutes: `python tests/support/after_stories.py`.
"""

# ruff: noqa: C408  (a story is read as keywords)
from __future__ import annotations

from typing import Any

import pytest
from after_model import Model, Outlet
from after_stories import FENCED, HOOK, LONGER, MAIL, PLACE, SHORT, WRONG, Group, explore

OUTLETS = (MAIL, HOOK, PLACE)


def _named(story: dict[str, Any]) -> str:
    return " ".join(story)


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.tell)
@pytest.mark.parametrize("story", SHORT, ids=_named)
def test_the_rules_hold_in_a_short_story(outlet: Outlet, story: dict[str, Any]) -> None:
    model = Model(outlet, **story)
    states, steps, why = explore(model, model.start)
    assert (why, steps) == ("", [])
    assert states > 50


@pytest.mark.slow
@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.tell)
@pytest.mark.parametrize("story", LONGER, ids=_named)
def test_the_rules_hold_in_a_longer_story(outlet: Outlet, story: dict[str, Any]) -> None:
    model = Model(outlet, **story)
    assert explore(model, model.start)[1:] == ([], "")


@pytest.mark.parametrize(("wrong", "outlet", "story"), WRONG)
def test_each_wrong_rule_is_caught(wrong: str, outlet: Outlet, story: dict[str, Any]) -> None:
    model = Model(outlet, wrong=wrong, **story)
    _, steps, why = explore(model, model.start)
    assert why
    assert len(steps) > 1


def test_of_alternates_one_leaves_if_one_row_names_the_winner_and_not_otherwise() -> None:
    assert explore(Group("winner"), Group("winner"))[2] == ""
    for rule in ("look", "only lift asks"):
        assert explore(Group(rule), Group(rule))[2] == "BOTH alternates leave"


def test_a_sender_that_stops_after_its_last_check_is_kept_out_by_a_fence_only() -> None:
    story: dict[str, Any] = dict(kill=1, lapse=1)
    late = Model(MAIL, gap=True, **story)
    assert "ARRIVES AFTER ITS WITHDRAWAL" in explore(late, late.start)[2]
    kept_out = Model(FENCED, gap=True, kill=1)
    assert explore(kept_out, kept_out.start)[2] == ""
