"""Of alternates at most one leaves: whoever lifts, on whichever machine, and whatever dies in the act."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from conftest import NOW, fresh_schema
from store_acts import take

from pressrelease.config import Policy
from pressrelease.errors import NotPermitted
from pressrelease.release.delivery import DeliveryState
from pressrelease.services.keeping import verify
from pressrelease.status.dossier import Directive, Scheduled
from pressrelease.store import Store, approvals, event_lifts, freezing
from pressrelease.store.kills import kill
from pressrelease.when import Embargo, EmbargoKind

EVENT = Embargo("on verdict", EmbargoKind.EVENT, "America/Los_Angeles")
SLUGS = ("guilty", "not-guilty", "mistrial")
POLICY = Policy()
SOON = NOW + timedelta(minutes=1)


def arm(store: Store, slugs: tuple[str, ...] = SLUGS, group: str = "alternates smith") -> None:
    for slug in slugs:
        release = Scheduled(
            slug, f"v-{slug}", "…", EVENT, None, ("newsroom",), "jdoe", "f" * 64, Directive.SCHEDULED, "jdoe", NOW,
            event_group=group,
        )  # fmt: skip
        with store.ledger(now=NOW, actor="jdoe") as ledger:
            freezing.schedule(ledger, release, freezing.Frozen(b"{}", None, {}, {}), {"newsroom": ("",)})
            approvals.approve(ledger, slug, release.version, "da", policy=POLICY)


def lift(store: Store, slug: str, *, seconds: float = 1, undo: bool = False) -> None:
    with store.ledger(now=NOW + timedelta(seconds=seconds), actor="da", undo=undo) as ledger:
        event_lifts.lift(ledger, slug, f"v-{slug}", "da", policy=POLICY)


def states(store: Store) -> dict[str, str]:
    return {one.slug: one.word.value for one in store.read.releases()}


def test_an_armed_release_is_not_claimed_and_a_lifted_one_is(store: Store) -> None:
    arm(store)
    assert take(store, now=SOON) == []
    lift(store, "guilty")
    assert [one.slug for one in take(store, now=SOON)] == ["guilty"]
    assert states(store) == {"guilty": "scheduled", "not-guilty": "dismissed", "mistrial": "dismissed"}
    with pytest.raises(NotPermitted, match="called off for good"):
        lift(store, "mistrial", seconds=2)
    assert verify(store.read).disagreements == ()


def test_a_claim_asks_for_the_one_row(store: Store) -> None:
    """Somebody moves the lift without lifting: nothing is claimed, whatever the journal says."""
    from pressrelease.store.lifts import move_lift

    arm(store)
    release = store.read.release("guilty")
    assert release is not None
    with store.ledger(now=NOW, actor="x") as ledger:
        move_lift(ledger, release, NOW)
    assert take(store, now=SOON) == []
    assert verify(store.read).disagreements == ()


def test_the_last_look_asks_for_the_one_row(store: Store) -> None:
    arm(store)
    lift(store, "guilty")
    (claimed,) = take(store, now=SOON)
    asked = {"source_hash": "f" * 64, "now": SOON}
    assert store.read.why_not(claimed, **asked) is None
    with store.ledger(now=SOON, actor="x") as ledger:
        ledger.connection.exec_driver_sql("UPDATE event_lifts SET slug = 'mistrial'")
    assert store.read.why_not(claimed, **asked) == "nobody says that its event has happened"


def test_a_third_alternate_that_is_scheduled_later_is_refused(store: Store) -> None:
    arm(store, ("guilty",))
    lift(store, "guilty")
    with pytest.raises(NotPermitted, match="guilty was lifted, and mistrial is an alternate of it"):
        arm(store, ("mistrial",))
    arm(store, ("mistrial",), "alternates jones")


def test_scheduled_again_as_it_was_it_must_be_lifted_again(store: Store) -> None:
    from pressrelease.store.lifts import move_lift

    arm(store, ("guilty",))
    lift(store, "guilty")
    arm(store, ("guilty",))
    release = store.read.release("guilty")
    assert release is not None
    assert release.waits_for_event
    with store.ledger(now=NOW, actor="x") as ledger:
        move_lift(ledger, release, NOW)
    assert take(store, now=SOON) == []
    assert verify(store.read).disagreements == ()


def test_an_alternate_that_was_killed_stays_killed(store: Store) -> None:
    arm(store)
    with store.ledger(now=NOW, actor="da") as ledger:
        kill(ledger, "mistrial", by="da", why="a wrong name")
    guilty = store.read.release("guilty")
    assert guilty is not None
    assert store.read.alternates(guilty) == ["not-guilty"]
    with pytest.raises(NotPermitted, match="withdrawn for good"), store.ledger(now=NOW, actor="da") as ledger:
        approvals.unapprove(ledger, "mistrial")
    lift(store, "guilty")
    assert states(store) == {"guilty": "scheduled", "not-guilty": "dismissed", "mistrial": "killed"}
    assert verify(store.read).disagreements == ()


def test_two_machines_lift_two_alternates_at_once_and_exactly_one_is_lifted(store: Store, tmp_path: Path) -> None:
    for round_ in range(6):
        slugs = (f"guilty-{round_}", f"not-guilty-{round_}")
        arm(store, slugs, f"alternates {round_}")
        machines = [Store(store.url, tmp_path) for _ in slugs]
        barrier, outcome = threading.Barrier(2), Counter[str]()

        def act(machine: Store, slug: str, barrier: threading.Barrier, outcome: Counter[str]) -> None:
            machine.open(NOW)
            barrier.wait()
            try:
                lift(machine, slug)
                outcome["lifted"] += 1
            except NotPermitted:
                outcome["refused"] += 1

        threads = [
            threading.Thread(target=act, args=(machine, slug, barrier, outcome))
            for machine, slug in zip(machines, slugs, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for machine in machines:
            machine.close()
        assert outcome == Counter(lifted=1, refused=1)
        assert sorted(states(store)[slug] for slug in slugs) == ["dismissed", "scheduled"]
        assert len([one for one in take(store, now=SOON) if one.slug in slugs]) == 1


class Died(Exception):
    """The process that lifts is killed before its commit."""


def verdict(store: Store, chance: random.Random) -> Counter[str]:
    """One verdict: people lift, hold, unapprove and schedule again, some die in the act, and passes claim.

    Never two alternates, and never none without a word: what did not leave is armed, on hold or not approved.
    """
    counts: Counter[str] = Counter()
    arm(store, SLUGS[: chance.randint(2, 3)])
    left: set[str] = set()
    for step in range(chance.randint(3, 8)):
        slug, act = (
            chance.choice(SLUGS[:2]),
            chance.choice(("lift", "lift", "lift dies", "claim", "again", "unapprove")),
        )
        try:
            if act == "claim":
                left |= {one.slug for one in take(store, now=SOON)}
                continue
            with store.ledger(now=NOW + timedelta(seconds=step), actor="da") as ledger:
                if act == "again":
                    old = store.read.release(slug)
                    assert old is not None
                    fresh = old._replace(lift=None, word=Directive.SCHEDULED)
                    frozen = freezing.Frozen(b"{}", None, {}, {})
                    freezing.schedule(ledger, fresh, frozen, {"newsroom": ("",)})
                    approvals.approve(ledger, slug, fresh.version, "da", policy=POLICY)
                elif act == "unapprove":
                    approvals.unapprove(ledger, slug)
                else:
                    event_lifts.lift(ledger, slug, f"v-{slug}", "da", policy=POLICY)
                if act.endswith("dies"):
                    raise Died
            counts[act] += 1
        except NotPermitted:
            counts["refused"] += 1
        except Died:
            counts["died"] += 1
    left |= {one.slug for one in take(store, now=SOON)}
    assert len(left) <= 1, left
    lifted = [line.slug for line in store.read.journal() if line.event == "release.lifted"]
    assert len(set(lifted)) <= 1, lifted
    words = states(store)
    if lifted:
        others = {slug: word for slug, word in words.items() if slug != lifted[0]}
        assert set(others.values()) <= {"dismissed"}, words
        assert left <= set(lifted)
        waiting = store.read.dossiers(store.read.releases([lifted[0]]))[0]
        went = bool(left) or not waiting.approvals or waiting.release.lift is None
        assert went, "it was lifted, and neither left nor waits for anybody"
        counts["one left" if left else "lifted, and taken back"] += 1
    else:
        assert not left
        assert set(words.values()) == {"scheduled"}
        counts["nobody lifted"] += 1
    assert all(
        one.state is DeliveryState.CANCELED
        for dossier in store.read.dossiers(store.read.releases())
        if dossier.release.word is Directive.DISMISSED
        for one in dossier.deliveries
    )
    assert verify(store.read).disagreements == ()
    return counts


#: How many are simulated in the slow test.
VERDICTS = int(os.environ.get("VERDICTS", "1000"))

EXPECTED = ("lift", "died", "refused", "again", "unapprove", "one left", "nobody lifted", "lifted, and taken back")


def verdicts(tmp_path: Path, server: str, seeds: range) -> Counter[str]:
    """Each in a record of its own: a file, or a schema of a database `server`."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        store = Store(fresh_schema(server) if server else "sqlite:///.pressrelease/state.db", folder)
        try:
            counts += verdict(store, random.Random(seed))
        except AssertionError as error:
            raise AssertionError(f"verdict {seed}: {error}") from error
        finally:
            store.close()
    return counts


def test_never_two_alternates_and_never_none_without_a_word(tmp_path: Path) -> None:
    counts = verdicts(tmp_path, "", range(40))
    assert not [what for what in EXPECTED if not counts[what]], counts


@pytest.mark.slow
@pytest.mark.timeout(600 + VERDICTS)
def test_the_same_in_thousands_of_verdicts(tmp_path: Path) -> None:
    in_many(tmp_path, "", VERDICTS)


@pytest.mark.slow
@pytest.mark.timeout(600 + VERDICTS)
def test_the_same_on_a_server(tmp_path: Path, postgres: str) -> None:
    in_many(tmp_path, postgres, max(40, VERDICTS // 20))


def in_many(tmp_path: Path, server: str, number: int) -> None:
    """Live through so many on all processors, and insist that what is expected happened."""
    size = min(100, number // 4)
    parts = [range(start, start + size) for start in range(1000, 1000 + number, size)]
    counts: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for found in pool.imap_unordered(partial(verdicts, tmp_path, server), parts):
            counts += found
    assert not [what for what in EXPECTED if not counts[what]], counts
    print(f"{number} verdicts: {dict(counts)}")
