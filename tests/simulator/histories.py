"""Histories by chance: what happens next, drawn so that most of them come to a send."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from simulator.office import EDITS, OUTLETS, SLUGS
from simulator.world import World

LIFTS = (timedelta(seconds=10), timedelta(minutes=4), timedelta(minutes=40), timedelta(hours=2), None)
WAITS = (timedelta(seconds=1), timedelta(seconds=6), timedelta(seconds=40), timedelta(minutes=4), timedelta(hours=2))
JUMPS = (timedelta(seconds=20), timedelta(hours=1), timedelta(days=1), timedelta(days=365))
LAWS = (timedelta(seconds=30), timedelta(minutes=3), timedelta(hours=1))
STEPS = (2, 40)
BOUNDS = (timedelta(0), timedelta(milliseconds=5), timedelta(milliseconds=200), timedelta(seconds=1.5))
SHARES = (-1.0, 0.0, 1.0)
FAULTS = (
    "refused", "refused for good", "lost", "answer lost", "broken", "killed before", "killed after", "slow", "",
    "password",
)  # fmt: skip
COMMITS = ("killed before", "killed after", "busy", "full", "", "")
QUESTIONS = ("busy", "unreadable")
MEANWHILE = (
    "killed", "stop", "hold", "edit", "unapprove", "unschedule", "put off", "clock ahead", "clock creeps", "clock back",
    "suspended", "suspended for days", "another pass", "a law", "another name", "another place",
)  # fmt: skip


def outlets_by(chance: random.Random) -> tuple[str, ...]:
    return tuple(chance.sample(list(OUTLETS), chance.randint(1, len(OUTLETS))))


def a_misfortune(world: World, chance: random.Random) -> None:
    """Something that will go wrong at the next send, or just before it."""
    kind = chance.random()
    if kind < 0.4:
        world.faults[chance.choice(list(OUTLETS))].append(chance.choice(FAULTS))
    elif kind < 0.8:
        world.meanwhile.append(chance.choice(MEANWHILE))
    elif kind < 0.95:
        world.fates.commits.append(chance.choice(COMMITS))
    else:
        world.fates.questions.append(chance.choice(QUESTIONS))


def a_lift(world: World, chance: random.Random) -> None:
    """A release is approved, its moment comes, something may go wrong, and a pass is made."""
    slug = chance.choice(SLUGS)
    if slug not in world.known:
        world.schedule(slug, chance.choice(LIFTS), outlets_by(chance))
    if chance.random() < 0.9:
        world.approve(slug)
    for _ in range(chance.choice((0, 1, 1, 2))):
        a_misfortune(world, chance)
    world.wait_for_lift(slug, timedelta(0))
    chance.choice((world.cron, world.daemon))()


Act = Callable[[World, random.Random], None]


def one(world: World, chance: random.Random) -> str:
    """Some release; mostly one that is scheduled."""
    return chance.choice(list(world.known) or list(SLUGS))


#: What can happen, and how often for each other.
ACTS: tuple[tuple[int, Act], ...] = (
    (3, lambda w, c: w.schedule(c.choice(SLUGS), c.choice(LIFTS), outlets_by(c))),
    (4, lambda w, c: w.approve(one(w, c))),
    (1, lambda w, c: w.unapprove(one(w, c))),
    (1, lambda w, c: w.unschedule(one(w, c))),
    (1, lambda w, c: w.hold(one(w, c))),
    (2, lambda w, c: w.resume(one(w, c), c.choice((None, timedelta(minutes=5))))),
    (1, lambda w, c: w.stop()),
    (2, lambda w, c: w.resume_all(c.random() < 0.6)),
    (1, lambda w, c: w.publish_early(one(w, c))),
    (2, lambda w, c: w.retry(one(w, c))),
    (2, lambda w, c: w.settle(one(w, c), c.choice(list(OUTLETS)), c.random() < 0.5)),
    (1, lambda w, c: w.drop(one(w, c), c.choice(list(OUTLETS)))),
    (1, lambda w, c: w.undo_settlement(one(w, c), c.choice(list(OUTLETS)))),
    (2, lambda w, c: w.settle_everything(c)),
    (1, lambda w, c: w.edit(one(w, c))),
    (2, lambda w, c: w.edit_config(c.choice(EDITS))),
    (1, lambda w, c: w.delete(one(w, c))),
    (2, lambda w, c: w.put_back(one(w, c))),
    (4, lambda w, c: w.wait(c.choice(WAITS))),
    (2, lambda w, c: w.wait_for_lift(one(w, c), c.choice((timedelta(0), timedelta(microseconds=1))))),
    (1, lambda w, c: w.set_clock(c.choice(JUMPS) * c.choice((1, -1)))),
    (1, lambda w, c: w.mend_clock()),
    (1, lambda w, c: w.creep(c.choice(STEPS))),
    (1, lambda w, c: w.synchronize(c.choice(BOUNDS), c.choice(SHARES))),
    (1, lambda w, c: w.change_zone_rules(c.choice(LAWS) * c.choice((1, -1)))),
    (1, lambda w, c: w.reboot()),
    (4, lambda w, c: w.cron()),
    (4, lambda w, c: w.daemon()),
    (1, lambda w, c: w.end_daemon()),
    (1, lambda w, c: w.kill_daemon()),
    (8, a_misfortune),
    (16, a_lift),
)
_WEIGHTS = [weight for weight, _ in ACTS]


#: What must happen in some of many histories, or they show nothing.
SOMETIMES = (
    "in doubt, then settled as sent",
    "in doubt, then settled as resend",
    "in doubt, then settled as drop",
    "settlement undone",
    "killed, and waiting again",
    "killed, and recorded as delivered",
    "kept back, since config.toml was edited",
)


def live(seed: int, length: int = 10) -> Counter[str]:
    """One history from its seed: the same seed, the same history. Returns how often what is in SOMETIMES happened.

    Raises AssertionError where a promise broke.
    """
    chance = random.Random(seed)
    world = World(seed)
    try:
        for slug in SLUGS[:2]:
            world.schedule(slug, chance.choice(LIFTS), outlets_by(chance))
            world.approve(slug)
        for _, act in chance.choices(ACTS, _WEIGHTS, k=length):
            act(world, chance)
            world.check()
        world.check_nothing_lost()
        world.settle_everything(chance)
        world.check_nothing_lost()
        seen = Counter({f"the auditor saw {what}": number for what, number in world.audited.items()})
        return world.counts + world.counted_by_the_journal() + seen
    finally:
        world.end()
