"""Histories by chance: what happens next, drawn so that most of them come to a send.

Each seed first draws which acts and which misfortunes its history has at all ("swarm testing"): where few kinds remain,
each of them comes often, and so do pairs of them that would hardly meet among all the others.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from simulator.machine import POINTS
from simulator.network import Crash
from simulator.office import ALTERNATES, EDITS, OUTLETS, SLUGS, STORE
from simulator.world import World

LIFTS = (timedelta(seconds=10), timedelta(minutes=4), timedelta(minutes=40), timedelta(hours=2), None)
WAITS = (timedelta(seconds=1), timedelta(seconds=6), timedelta(seconds=40), timedelta(minutes=4), timedelta(hours=2))
JUMPS = (timedelta(seconds=20), timedelta(hours=1), timedelta(days=1), timedelta(days=365))
LAWS = (timedelta(seconds=30), timedelta(minutes=3), timedelta(hours=1))
STEPS = (2, 40)
BOUNDS = (timedelta(0), timedelta(milliseconds=5), timedelta(milliseconds=200), timedelta(seconds=1.5))
SHARES = (-1.0, 0.0, 1.0)
#: How far another machine's clock may be off.
OFFSETS = (timedelta(0), timedelta(seconds=1.5), -timedelta(seconds=1.5), timedelta(hours=1), -timedelta(hours=1))
FAULTS = (
    "refused", "refused for good", "lost", "answer lost", "broken", "killed before", "killed after", "slow", "",
    "password", "withdrawn",
)  # fmt: skip
COMMITS = ("killed before", "killed after", "busy", "full", "", "")
QUESTIONS = ("busy", "unreadable")
MEANWHILE = (
    "killed", "stop", "hold", "edit", "unapprove", "unschedule", "put off", "scheduled again", "clock ahead",
    "clock creeps", "clock back", "suspended", "suspended for days", "another pass", "a law", "another name",
    "another place", "copied", "refused", "lifted", "a second", "withdrawn", "corrected",
)  # fmt: skip
#: What may befall whoever gives a command.
FATES = ("", "", "", "killed before", "killed after")
#: How long before a clearance expires.
SHORT = (timedelta(0), timedelta(microseconds=1), timedelta(seconds=1), timedelta(seconds=15))

#: What people or another process do after a process was killed, or just before, and before the next pass.
AT_A_CRASH = (
    "hold", "stop", "unapprove", "unschedule", "put off", "scheduled again", "settle", "edit", "another name",
    "another pass", "refused", "withdrawn", "corrected",
)  # fmt: skip
CELLS = tuple(Crash(point, what).cell for point in POINTS for what in AT_A_CRASH)


def outlets_by(chance: random.Random) -> tuple[str, ...]:
    return tuple(chance.sample(list(OUTLETS), chance.randint(1, len(OUTLETS))))


def a_crash(chance: random.Random, meanwhile: Sequence[str] = AT_A_CRASH) -> Crash:
    point, what, alive = chance.choice(POINTS), chance.choice(meanwhile), chance.random() < 0.5
    return Crash(point, what, alive, chance.choice(("", "mail")) if "commit" not in point else "")


@dataclass(frozen=True)
class Menu:
    """What can happen in one history."""

    acts: tuple[tuple[int, Act], ...]
    misfortunes: tuple[str, ...]
    faults: tuple[str, ...]
    commits: tuple[str, ...]
    meanwhile: tuple[str, ...]
    at_a_crash: tuple[str, ...]

    def misfortune(self, world: World, chance: random.Random) -> None:
        """Something that will go wrong at the next send, or just before it."""
        kind = chance.choice(self.misfortunes)
        if kind == "fault":
            world.faults[chance.choice(list(OUTLETS))].append(chance.choice(self.faults))
        elif kind == "meanwhile":
            world.meanwhile.append(chance.choice(self.meanwhile))
        elif kind == "crash":
            world.crash = a_crash(chance, self.at_a_crash)
        elif kind == "commit":
            world.fates.commits.append(chance.choice(self.commits))
        else:
            world.fates.questions.append(chance.choice(QUESTIONS))

    def lift(self, world: World, chance: random.Random) -> None:
        """A release is approved, its moment comes, something may go wrong, and a pass is made."""
        slug = chance.choice(SLUGS)
        if slug not in world.known:
            world.schedule(slug, chance.choice(LIFTS), outlets_by(chance), needs=chance.random() < 0.4)
        if chance.random() < 0.9:
            world.approve(slug)
        self._goes(world, chance, slug)

    def verdict(self, world: World, chance: random.Random) -> None:
        """Two alternates are armed, the verdict is read, something may go wrong, and a pass is made."""
        world.arm(outlets_by(chance), needs=chance.random() < 0.4)
        slug = chance.choice(ALTERNATES)
        if chance.random() < 0.9:
            world.clear(slug, chance.choice(FATES))
        world.lift(slug, chance.choice(FATES), at_once=chance.random() < 0.3)
        self._goes(world, chance, slug)

    def _goes(self, world: World, chance: random.Random, slug: str) -> None:
        for _ in range(chance.choice((0, 1, 1, 2))):
            self.misfortune(world, chance)
        world.wait_for_lift(slug, timedelta(0))
        if world.known.get(slug) is not None and world.known[slug].needs:
            if chance.random() < 0.1:
                world.refuse(slug, chance.choice(FATES))
                world.resume(slug)
            if chance.random() < 0.8:
                world.clear(slug, chance.choice(FATES))
            if chance.random() < 0.4:
                world.wait_for_expiry(slug, chance.choice(SHORT))
                world.meanwhile += ["a second"] if chance.random() < 0.5 else []
        chance.choice((world.cron, world.daemon, lambda: world.cron(1)))()
        if chance.random() < 0.2:
            world.correct(slug, chance.choice(FATES))
            world.approve(slug)
            world.cron()
        if chance.random() < 0.15:
            world.kill(slug, chance.choice(FATES))


Act = Callable[[World, random.Random], object]
MISFORTUNES = ("fault",) * 7 + ("meanwhile",) * 7 + ("crash",) * 6 + ("commit",) * 2 + ("question",)


def one(world: World, chance: random.Random) -> str:
    """Some release; mostly one that is scheduled."""
    return chance.choice(list(world.known) or list(SLUGS))


#: What can happen, and how often for each other.
ACTS: tuple[tuple[int, Act], ...] = (
    (3, lambda w, c: w.schedule(c.choice(SLUGS), c.choice(LIFTS), outlets_by(c), needs=c.random() < 0.4)),
    (2, lambda w, c: w.arm(outlets_by(c), needs=c.random() < 0.4)),
    (3, lambda w, c: w.lift(c.choice(ALTERNATES), c.choice(FATES), at_once=c.random() < 0.3)),
    (3, lambda w, c: w.clear(one(w, c), c.choice(FATES))),
    (1, lambda w, c: w.refuse(one(w, c), c.choice(FATES))),
    (3, lambda w, c: w.correct(one(w, c), c.choice(FATES), c.choice((None, None, timedelta(minutes=4))))),
    (1, lambda w, c: w.kill(one(w, c), c.choice(FATES))),
    (2, lambda w, c: w.wait_for_expiry(one(w, c), c.choice(SHORT))),
    (4, lambda w, c: w.approve(one(w, c))),
    (1, lambda w, c: w.unapprove(one(w, c))),
    (1, lambda w, c: w.unschedule(one(w, c))),
    (3, lambda w, c: w.reschedule(c.choice([*w.known, *w.drafts] or list(SLUGS)))),
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
    (1, lambda w, c: w.set_clock_there(c.choice(OFFSETS))),
    (1, lambda w, c: w.mend_clock()),
    (1, lambda w, c: w.creep(c.choice(STEPS))),
    (1, lambda w, c: w.synchronize(c.choice(BOUNDS), c.choice(SHARES))),
    (1, lambda w, c: w.change_zone_rules(c.choice(LAWS) * c.choice((1, -1)))),
    (1, lambda w, c: w.reboot()),
    (2, lambda w, c: w.copy_folder(adopt=c.random() < 0.5)),
    (5, lambda w, c: w.put_back_record(adopt=c.random() < 0.5)),
    (2, lambda w, c: w.cron()),
    (2, lambda w, c: w.cron(1)),
    (4, lambda w, c: w.daemon()),
    (1, lambda w, c: w.end_daemon()),
    (1, lambda w, c: w.kill_daemon()),
)

Kind = TypeVar("Kind")


def some(chance: random.Random, kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    """About half of the kinds; one at least."""
    return tuple(kind for kind in kinds if chance.random() < 0.5) or (chance.choice(kinds),)


def drawn(chance: random.Random) -> Menu:
    """The menu of one history."""
    return Menu(
        acts=some(chance, ACTS),
        misfortunes=some(chance, MISFORTUNES),
        faults=some(chance, FAULTS),
        commits=some(chance, COMMITS),
        meanwhile=some(chance, MEANWHILE),
        at_a_crash=some(chance, AT_A_CRASH),
    )


#: What must happen in some of a few dozen histories, or they show nothing.
OFTEN = (
    "arrived",
    "in doubt, then settled as resend",
    "in doubt, then settled as drop",
    "settlement undone",
    "killed, and waiting again",
    "scheduled again, with the lift that it had",
    "copied, and nothing left by the copy",
    "adopted",
    "one outlet dead, and the others had theirs",
    "cleared",
    "lifted",
    "one of two alternates left",
    "two lifted at once, and one was",
    "a command, killed before its commit",
    "a command, killed after its commit",
    "armed at rest",
    "waits for its clearance",
    "the auditor saw release.dismissed",
    "corrected",
    "a correction left",
    "withdrawn from one who has it",
    "withdrawn before it left",
    "has it, and it was withdrawn",
    "the auditor saw withdrawals that arrived",
)

#: And in some of thousands.
SOMETIMES = (
    *OFTEN,
    *CELLS,
    "killed, and recorded as delivered",
    "refused",
    "in doubt, then settled as sent",
    "an older record put back, and nothing left by it",
    "left after the older record was made",
    "kept back, since config.toml was edited",
    "claimed, and then: its release time has not come",
    "claimed, and then: it was put on hold in the meantime",
    "claimed, and then: everything is stopped",
    "claimed, and then: its file was changed after it was scheduled",
    "claimed, and then: the clock has jumped",
    "claimed, and then: its clearance charges is expired",
    "an older record that does not know who was lifted",
    "withdrawn while it may be on its way",
    "withdrawn in a stop",
    "a corrected version left as the first",
    "correction taken back",
    "a withdrawal waits for a person",
    "claimed, and then: it was killed in the meantime",
    "claimed, and then: the time reserved for sending was almost over",
    "the auditor saw arrivals",
    "the auditor saw repeats",
    "the auditor saw stopped",
    "the auditor saw release.held",
    "the auditor saw release.unapproved",
    "the auditor saw delivery.given_back",
    "the auditor saw delivery.in_doubt",
    "the auditor saw settled as resend",
    "the auditor saw waits for a person",
)


def live(seed: int, length: int = 10, url: str = STORE) -> Counter[str]:
    """One history from its seed: the same seed, the same history. Returns how often each of SOMETIMES happened.

    With `url` of a database server, two machines work on one record. Raises AssertionError where a promise broke.
    """
    chance = random.Random(seed)
    menu = drawn(chance)
    world = World(seed, url)
    weights = [weight for weight, _ in menu.acts]
    most = sum(weights)
    acts = [*menu.acts, (0, menu.misfortune), (0, menu.lift), (0, menu.verdict)]
    try:
        world.set_clock_there(chance.choice(OFFSETS))
        for slug in SLUGS[:2]:
            world.schedule(slug, chance.choice(LIFTS), outlets_by(chance))
            world.approve(slug)
        for _, act in chance.choices(acts, [*weights, most / 8, most / 4, most / 8], k=length):
            act(world, chance)
            world.check()
        world.check_nothing_lost()
        world.settle_everything(chance)
        world.return_verdict()
        world.check_nothing_lost()
        if seed % 3 == 0:
            world.check_others_get_theirs(chance.choice(list(OUTLETS)), hangs=chance.random() < 0.5)
        seen = Counter({f"the auditor saw {what}": number for what, number in world.audited.items()})
        return world.counts + world.counted_by_the_journal() + seen
    finally:
        world.end()
