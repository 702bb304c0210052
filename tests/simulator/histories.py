"""Histories by chance: what happens next, drawn so that most of them come to a send."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from simulator.world import OUTLETS, SLUGS, World

LIFTS = (timedelta(seconds=10), timedelta(minutes=4), timedelta(minutes=40), timedelta(hours=2), None)
WAITS = (timedelta(seconds=1), timedelta(seconds=6), timedelta(seconds=40), timedelta(minutes=4), timedelta(hours=2))
JUMPS = (timedelta(seconds=20), timedelta(hours=1), timedelta(days=1), timedelta(days=365))
FAULTS = (
    "refused", "refused for good", "lost", "answer lost", "broken", "killed before", "killed after", "slow", "",
)  # fmt: skip
COMMITS = ("killed before", "killed after", "busy", "full", "", "")
QUESTIONS = ("busy", "unreadable")
MEANWHILE = (
    "killed", "stop", "hold", "edit", "unapprove", "unschedule", "put off", "clock ahead", "clock back", "suspended",
    "suspended for days", "another pass",
)  # fmt: skip


def outlets_by(chance: random.Random) -> tuple[str, ...]:
    return tuple(chance.sample(list(OUTLETS), chance.randint(1, len(OUTLETS))))


Act = Callable[[World, random.Random], None]

#: What can happen, and how often for each other.
ACTS: tuple[tuple[int, Act], ...] = (
    (3, lambda w, c: w.schedule(c.choice(SLUGS), c.choice(LIFTS), outlets_by(c))),
    (4, lambda w, c: w.approve(c.choice(SLUGS))),
    (1, lambda w, c: w.unapprove(c.choice(SLUGS))),
    (1, lambda w, c: w.unschedule(c.choice(SLUGS))),
    (1, lambda w, c: w.hold(c.choice(SLUGS))),
    (2, lambda w, c: w.resume(c.choice(SLUGS), c.choice((None, timedelta(minutes=5))))),
    (1, lambda w, c: w.stop()),
    (2, lambda w, c: w.resume_all(c.random() < 0.6)),
    (1, lambda w, c: w.publish_early(c.choice(SLUGS))),
    (2, lambda w, c: w.retry(c.choice(SLUGS))),
    (2, lambda w, c: w.settle(c.choice(SLUGS), c.choice(list(OUTLETS)), c.random() < 0.5)),
    (1, lambda w, c: w.drop(c.choice(SLUGS), c.choice(list(OUTLETS)))),
    (1, lambda w, c: w.edit(c.choice(SLUGS))),
    (1, lambda w, c: w.delete(c.choice(SLUGS))),
    (2, lambda w, c: w.put_back(c.choice(SLUGS))),
    (4, lambda w, c: w.wait(c.choice(WAITS))),
    (6, lambda w, c: w.wait_for_lift(c.choice(SLUGS), c.choice((timedelta(0), timedelta(microseconds=1))))),
    (1, lambda w, c: w.set_clock(c.choice(JUMPS) * c.choice((1, -1)))),
    (1, lambda w, c: w.mend_clock()),
    (1, lambda w, c: w.reboot()),
    (7, lambda w, c: w.cron()),
    (7, lambda w, c: w.daemon()),
    (1, lambda w, c: w.end_daemon()),
    (1, lambda w, c: w.kill_daemon()),
    (5, lambda w, c: w.faults[c.choice(list(OUTLETS))].append(c.choice(FAULTS))),
    (2, lambda w, c: w.fates.commits.append(c.choice(COMMITS))),
    (1, lambda w, c: w.fates.questions.append(c.choice(QUESTIONS))),
    (3, lambda w, c: w.meanwhile.append(c.choice(MEANWHILE))),
)
_WEIGHTS = [weight for weight, _ in ACTS]


def live(seed: int, length: int = 14) -> None:
    """One history from its seed: the same seed, the same history. Raises AssertionError where a promise broke."""
    chance = random.Random(seed)
    world = World(seed)
    try:
        for slug in SLUGS[: chance.randint(1, 2)]:
            world.schedule(slug, chance.choice(LIFTS), outlets_by(chance))
            world.approve(slug)
        for _, act in chance.choices(ACTS, _WEIGHTS, k=length):
            act(world, chance)
            world.check()
        world.check_nothing_lost()
    finally:
        world.end()
