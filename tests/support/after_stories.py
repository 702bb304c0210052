"""The stories that `after_model.Model` is explored through, the wrong rules, and the exploring itself.

`python tests/support/after_stories.py` explores all of it in about 6 minutes on one core, in 550 MiB; `SHORT`, `LONGER`
and the wrong rules, which the tests explore, take half a minute. Alternates have a model of their own, `Group`.
"""

# ruff: noqa: C408  (a story is read as keywords)
from __future__ import annotations

import sys
import time as clock
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from after_model import Model, Outlet, Violation

# -- alternates: of a group at most one leaves ------------------------------------------------------------------------


class Group(NamedTuple):
    """Two alternates, fired at once by two machines (the second by `publish` where `rule` is "only lift asks")."""

    rule: str  # "winner": a row of the group that one release only can write, asked by claim and guard; "look": read
    #            the other's word, then write one's own, in one transaction each, without a lock; "only lift asks"
    word: tuple[str, str] = ("armed", "armed")
    read: tuple[str, str] = ("", "")  # what a transaction under way has read of the other
    winner: int = -1
    gone: tuple[int, ...] = ()

    def program(self, g: Group) -> Iterator[tuple[str, Group]]:
        for k, name in enumerate("XY"):
            other, careless = 1 - k, g.rule == "only lift asks" and k == 1
            if g.word[k] == "armed" and g.rule == "winner":
                won = g.winner < 0
                word = two(two(g.word, k, "lifted"), other, "off") if won else two(g.word, k, "off")
                yield f"{name}: lift", g._replace(word=word, winner=k if won else other)
            elif g.word[k] == "armed" and not g.read[k] and not careless:
                yield f"{name}: reads: the other is {g.word[other]}", g._replace(read=two(g.read, k, g.word[other]))
            elif g.word[k] != "lifted" and (g.read[k] == "armed" or careless):
                word = two(g.word, k, "lifted")
                word = two(word, other, "off") if word[other] == "armed" and not careless else word
                yield f"{name}: writes and commits: lifted", g._replace(word=word)
            elif g.word[k] == "lifted" and k not in g.gone and (g.rule != "winner" or g.winner == k):
                if g.gone:
                    raise Violation("BOTH alternates leave")
                yield f"{name} leaves", g._replace(gone=(k,))

    def people(self, _: Group) -> tuple[()]:
        return ()

    def check_rest(self, _: Group) -> None:
        return


def two(pair: tuple[str, str], k: int, value: str) -> tuple[str, str]:
    return (value, pair[1]) if k == 0 else (pair[0], value)


# -- exploring --------------------------------------------------------------------------------------------------------


def explore(model: Any, start: Any) -> tuple[int, list[str], str]:
    """Every state once, breadth first: how many there are, and the shortest way to a violation, if there is any."""
    came: dict[Any, tuple[Any, str]] = {start: (None, "")}
    queue = deque([start])
    while queue:
        s = queue.popleft()
        try:
            own = list(model.program(s))
            if not own:
                model.check_rest(s)
            following = [*own, *model.people(s)]
        except Violation as violation:
            steps = []
            while came[s][0] is not None:
                s, step = came[s][0], came[s][1]
                steps.append(step)
            return len(came), steps[::-1], str(violation)
        for step, after in following:
            if after not in came:
                came[after] = (s, step)
                queue.append(after)
    return len(came), [], ""


MAIL = Outlet("email, apprise, command", "no")
HOOK = Outlet("webhook, mastodon", "id")
PLACE = Outlet("wordpress, bluesky", "place")
FENCED = Outlet("newsroom; bluesky with swapCommit", "place", fence=True)

STORIES: dict[str, dict[str, Any]] = {
    "kill, death, suspension, settle": dict(kill=1, crash=1, lapse=1, settle=1),
    "hold, stop, clearance, a later lift, kill": dict(start=0, kill=1, hold=1, stop=1, expire=1, later=1),
    "correct, kill, death, settle": dict(versions=2, kill=1, correct=1, crash=1, settle=1),
    "correct, kill, suspension": dict(versions=2, kill=1, correct=1, lapse=1),
    "two corrections, kill, death": dict(versions=3, kill=1, correct=2, crash=1),
    "an advance copy, its lift moved or corrected, kill": dict(
        versions=2, need=1, start=0, kill=1, correct=1, crash=1, hold=1
    ),
}

#: Stories with less misfortune: the quick tests explore the first of them, the slow ones the rest.
SHORT: tuple[dict[str, Any], ...] = (
    dict(kill=1),
    dict(versions=2, correct=1, kill=1),
    dict(start=0, kill=1, hold=1, later=1),
)
LONGER: tuple[dict[str, Any], ...] = (
    dict(kill=1, crash=1, settle=1),
    dict(kill=1, lapse=1, stop=1),
    dict(start=0, kill=1, hold=1, stop=1, expire=1),
    dict(versions=2, correct=1, kill=1, crash=1),
)

WRONG: tuple[tuple[str, Outlet, dict[str, Any]], ...] = (  # the rule that is broken, where, and what it takes
    ("only the delivered have it", MAIL, dict(kill=1, crash=1)),
    ("a kill cancels what is being sent", MAIL, dict(kill=1)),
    ("a newer message does not wait", MAIL, dict(kill=1)),
    ("a newer message does not wait", MAIL, dict(versions=2, correct=1)),
    ("a newer message does not wait", MAIL, dict(versions=3, correct=2)),
    ("no settling time after a death", MAIL, dict(kill=1, crash=1)),
    ("asked at the claim only", MAIL, dict(kill=1)),
    ("asked at the claim only", MAIL, dict(expire=1)),
    ("asked at the claim only", MAIL, dict(hold=1, later=1)),
    ("drop forgets the doubt", MAIL, dict(kill=1, crash=1, settle=1)),
    ("resend forgets the doubt", MAIL, dict(kill=1, crash=1, settle=1)),
    ("a sure no ends an older doubt", HOOK, dict(kill=1, crash=1)),
    ("a claim given back waits again", MAIL, dict(kill=1)),
    ("a sure no is tried again whatever came after", MAIL, dict(kill=1)),
    ("the list of a kill is final", MAIL, dict(kill=1)),
    ("the form is fixed by `correct`", MAIL, dict(versions=2, correct=1)),
    ("a correction tries the refused", MAIL, dict(versions=2, correct=1)),
    ("an old doubt is asked again", PLACE, dict(versions=2, correct=1, crash=1)),
    ("a stop holds a withdrawal", MAIL, dict(kill=1, stop=1)),
)


def say(name: str, model: Any, start: Any) -> str:
    began = clock.monotonic()
    states, steps, why = explore(model, start)
    print(f"{name}: {states:,} states, {clock.monotonic() - began:.0f} s: {why or 'nothing found'}", flush=True)
    for number, step in enumerate(steps, 1):
        print(f"    {number}. {step}")
    return why


def main() -> int:
    bad = 0
    print("THE RULES")
    for name, story in STORIES.items():
        for outlet in (MAIL, HOOK, PLACE):
            model = Model(outlet, **story)
            bad += bool(say(f"{name} [{outlet.name}]", model, model.start))
    bad += bool(say("alternates, a winner", Group("winner"), Group("winner")))
    print("\nA SENDER THAT STOPS BETWEEN GUARD AND FIRST BYTE FOR LONGER THAN ITS LEASE: no asking helps, a fence does")
    for outlet in (MAIL, HOOK, PLACE, FENCED):
        gaps: tuple[dict[str, Any], ...] = (dict(kill=1, lapse=1), dict(versions=2, correct=1, lapse=1))
        for story in gaps:
            model = Model(outlet, gap=True, **story)
            say(f"{outlet.name}: {'kill' if 'kill' in story else 'correct'}", model, model.start)
    print("\nWRONG RULES")
    for wrong, outlet, story in WRONG:
        model = Model(outlet, wrong=wrong, **story)
        bad += not say(f"{wrong!r} [{outlet.name}]", model, model.start)
    for rule in ("look", "only lift asks"):
        bad += not say(f"alternates, {rule!r}", Group(rule), Group(rule))
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
