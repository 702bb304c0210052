"""The whole of sending under every misfortune at once: histories by chance, and by Hypothesis, which makes them short.

`simulator.world` says what is checked, and where. A history is its seed: `live(SEED)` repeats it.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from conftest import fresh_schema
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from simulator.histories import (
    AT_A_CRASH,
    BOUNDS,
    CELLS,
    COMMITS,
    FATES,
    FAULTS,
    JUMPS,
    LAWS,
    LIFTS,
    MEANWHILE,
    OFTEN,
    QUESTIONS,
    SHARES,
    SHORT,
    SOMETIMES,
    STEPS,
    WAITS,
    live,
)
from simulator.machine import POINTS
from simulator.network import Crash
from simulator.office import ALTERNATES, CONFIG, EDITS, LIFE, OUTLETS, PATIENT, REMEMBERS, SLUGS, STORE, TRIAL
from simulator.world import World

from pressrelease.errors import NeedsPerson
from pressrelease.services import stopping

QUICK = 36
MANY = int(os.environ.get("HISTORIES", "1000"))

slugs = st.sampled_from([SLUGS[0], *ALTERNATES])
names = st.sampled_from(list(OUTLETS))
several = st.lists(names, min_size=1, unique=True).map(tuple)


class Office(RuleBasedStateMachine):
    """Everything that people, outlets, machines and chance can do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    def teardown(self) -> None:
        try:
            self.world.check_nothing_lost()
        finally:
            self.world.end()

    @invariant()
    def record_is_true(self) -> None:
        self.world.check()

    @initialize(lift=st.sampled_from(LIFTS), outlets=several, doctor_context=st.booleans())
    def begin(self, lift: timedelta | None, outlets: tuple[str, ...], doctor_context: bool) -> None:
        self.world.config = PATIENT if doctor_context else CONFIG
        self.world.schedule(SLUGS[0], lift, outlets)
        self.world.approve(SLUGS[0])

    @rule(lift=st.sampled_from(LIFTS), outlets=several, approved=st.booleans(), needs=st.booleans())
    def schedule(self, lift: timedelta | None, outlets: tuple[str, ...], approved: bool, needs: bool) -> None:
        self.world.schedule(SLUGS[0], lift, outlets, needs=needs)
        if approved:
            self.world.approve(SLUGS[0])

    @rule(outlets=several, needs=st.booleans())
    def arm(self, outlets: tuple[str, ...], needs: bool) -> None:
        self.world.arm(outlets, needs=needs)

    @rule(slug=st.sampled_from(ALTERNATES), fate=st.sampled_from(FATES), at_once=st.booleans())
    def lift(self, slug: str, fate: str, at_once: bool) -> None:
        self.world.lift(slug, fate, at_once=at_once)

    @rule(slug=slugs, act=st.sampled_from(["clear", "clear", "refuse"]), fate=st.sampled_from(FATES))
    def answer(self, slug: str, act: str, fate: str) -> None:
        getattr(self.world, act)(slug, fate)

    @rule(slug=slugs, fate=st.sampled_from(FATES), approved=st.booleans())
    def correct(self, slug: str, fate: str, approved: bool) -> None:
        self.world.correct(slug, fate)
        if approved:
            self.world.approve(slug)

    @rule(slug=slugs, fate=st.sampled_from(FATES))
    def kill(self, slug: str, fate: str) -> None:
        self.world.kill(slug, fate)

    @rule(slug=slugs, short=st.sampled_from(SHORT))
    def wait_for_expiry(self, slug: str, short: timedelta) -> None:
        self.world.wait_for_expiry(slug, short)

    @rule(slug=slugs, act=st.sampled_from(["approve", "unapprove", "unschedule", "hold", "resume", "retry"]))
    def a_word_on_one(self, slug: str, act: str) -> None:
        getattr(self.world, act)(slug)

    @rule(slug=slugs)
    def put_off(self, slug: str) -> None:
        self.world.resume(slug, timedelta(minutes=5))

    @rule(slug=slugs)
    def publish_early(self, slug: str) -> None:
        self.world.publish_early(slug)

    @rule()
    def stop(self) -> None:
        self.world.stop()

    @precondition(lambda self: self.world.stopped or self.world.machine.offset)
    @rule(let_go=st.booleans())
    def resume_all(self, let_go: bool) -> None:
        self.world.resume_all(let_go)

    @rule(slug=slugs, outlet=names, again=st.booleans())
    def settle(self, slug: str, outlet: str, again: bool) -> None:
        self.world.settle(slug, outlet, again)

    @rule(slug=slugs, outlet=names)
    def drop(self, slug: str, outlet: str) -> None:
        self.world.drop(slug, outlet)

    @rule(slug=slugs, outlet=names, wrongly=st.booleans())
    def undo_settlement(self, slug: str, outlet: str, wrongly: bool) -> None:
        act = self.world.settle_wrongly_and_undo if wrongly else self.world.undo_settlement
        act(slug, outlet)

    @rule(slug=slugs, act=st.sampled_from(["edit", "delete", "put_back"]))
    def change_a_file(self, slug: str, act: str) -> None:
        getattr(self.world, act)(slug)

    @rule(what=st.sampled_from(EDITS))
    def edit_config(self, what: str) -> None:
        self.world.edit_config(what)

    @rule(span=st.sampled_from(WAITS))
    def wait(self, span: timedelta) -> None:
        self.world.wait(span)

    @rule(slug=slugs, short=st.sampled_from([timedelta(0), timedelta(microseconds=1)]))
    def wait_for_lift(self, slug: str, short: timedelta) -> None:
        self.world.wait_for_lift(slug, short)

    @rule(jump=st.sampled_from([*JUMPS, *(-jump for jump in JUMPS)]))
    def set_clock(self, jump: timedelta) -> None:
        self.world.set_clock(jump)

    @rule(steps=st.sampled_from(STEPS))
    def creep(self, steps: int) -> None:
        self.world.creep(steps)

    @rule(bound=st.sampled_from(BOUNDS), share=st.sampled_from(SHARES))
    def synchronize(self, bound: timedelta, share: float) -> None:
        self.world.synchronize(bound, share)

    @rule(by=st.sampled_from([*LAWS, *(-law for law in LAWS)]))
    def change_zone_rules(self, by: timedelta) -> None:
        self.world.change_zone_rules(by)

    @rule()
    def mend_clock(self) -> None:
        self.world.mend_clock()

    @rule(process=st.sampled_from(["cron", "daemon", "end_daemon", "kill_daemon", "reboot"]))
    def run(self, process: str) -> None:
        getattr(self.world, process)()

    @rule(outlet=names, fault=st.sampled_from(FAULTS))
    def an_outlet_fails(self, outlet: str, fault: str) -> None:
        self.world.faults[outlet].append(fault)

    @rule(fate=st.sampled_from(COMMITS))
    def a_commit_fails(self, fate: str) -> None:
        self.world.fates.commits.append(fate)

    @rule(point=st.sampled_from(POINTS), meanwhile=st.sampled_from(AT_A_CRASH), alive=st.booleans())
    def it_is_killed(self, point: str, meanwhile: str, alive: bool) -> None:
        self.world.crash = Crash(point, meanwhile, alive)

    @rule(slug=slugs)
    def reschedule(self, slug: str) -> None:
        self.world.reschedule(slug)

    @rule(adopt=st.booleans())
    def copy_folder(self, adopt: bool) -> None:
        self.world.copy_folder(adopt=adopt)

    @rule()
    def keep_record(self) -> None:
        self.world.keep_record()

    @precondition(lambda self: self.world.kept is not None)
    @rule(adopt=st.booleans())
    def put_back_record(self, adopt: bool) -> None:
        self.world.put_back_record(adopt=adopt)

    @rule(fate=st.sampled_from(QUESTIONS))
    def a_question_fails(self, fate: str) -> None:
        self.world.fates.questions.append(fate)

    @rule(what=st.sampled_from(MEANWHILE))
    def between_claim_and_first_byte(self, what: str) -> None:
        self.world.meanwhile.append(what)


TestOffice = Office.TestCase
TestOffice.settings = settings(
    max_examples=30 if settings.default.max_examples <= 100 else 400, stateful_step_count=25, deadline=None
)


def test_every_promise_holds_in_histories_by_chance() -> None:
    counts: Counter[str] = Counter()
    for seed in range(QUICK):
        counts += live(seed)
    assert not [what for what in OFTEN if not counts[what]], counts


#: What a person says of a mail that was under way when its sender was killed there.
UNDER_WAY = {"before the first byte": "resend", "accepted, and not answered": "sent"}


@pytest.mark.parametrize("point", POINTS)
def test_every_promise_holds_whatever_is_done_after_a_crash(point: str) -> None:
    for number, meanwhile in enumerate(AT_A_CRASH):
        crash = Crash(point, meanwhile, alive=number % 2 == 1, outlet="mail" if point in UNDER_WAY else "")
        made = World(number)
        try:
            made.schedule(SLUGS[0], timedelta(minutes=4), tuple(OUTLETS), needs=meanwhile == "refused")
            made.approve(SLUGS[0])
            made.clear(SLUGS[0])
            made.wait_for_lift(SLUGS[0], timedelta(0))
            made.crash = crash
            made.daemon()
            assert made.counts[crash.cell] == 1, "it never came there"
            made.check()
            made.check_nothing_lost()
            made.settle_everything(random.Random(number))
            made.check_nothing_lost()
            assert made.counts["arrived"] or meanwhile not in {"settle", "another pass"}
            settled = made.counts[f"in doubt, then settled as {UNDER_WAY[point]}"] if point in UNDER_WAY else 1
            assert settled or meanwhile != "settle"
        finally:
            made.end()


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("dead", list(OUTLETS))
def test_an_outlet_that_is_dead_for_ever_keeps_nothing_from_the_others(dead: str, hangs: bool) -> None:
    made = World(int(hangs))
    try:
        made.schedule(SLUGS[0], timedelta(minutes=4), tuple(OUTLETS))
        made.approve(SLUGS[0])
        made.wait_for_lift(SLUGS[0], timedelta(0))
        made.faults[dead] += ["refused", "password"]
        made.daemon()
        made.check_others_get_theirs(dead, hangs=hangs)
        assert not [row for row in made.rows.values() if row.outlet == dead and row.slug != SLUGS[0] and row.arrivals]
    finally:
        made.end()


def test_an_older_record_sends_nothing_and_repeats_only_what_it_cant_know(world: World) -> None:
    world.schedule(SLUGS[1], timedelta(hours=2), tuple(OUTLETS))
    world.approve(SLUGS[1])
    world.keep_record()
    world.cron()
    world.publish_early(SLUGS[1])
    world.cron()
    arrived = world.counts["arrived"]
    assert arrived == 8
    world.put_back_record(adopt=True)
    assert world.counts["arrived"] == arrived
    assert world.counts["adopted"] == 1
    assert world.counts["and it could not know that"] == 4  # by this record the second one's lift is ahead
    assert world.doubtful() == [(SLUGS[0], name) for name in sorted(OUTLETS)]
    world.resume_all(let_go=True)
    world.daemon()
    assert world.counts["arrived"] == arrived
    world.check_nothing_lost()


def test_the_journal_says_the_lift_that_was_on_record_when_it_is_published_early() -> None:
    made = World()
    try:
        made.schedule(SLUGS[0], timedelta(seconds=10), ("page",))
        made.approve(SLUGS[0])
        made.change_zone_rules(-timedelta(minutes=3))
        made.publish_early(SLUGS[0])  # before any pass had the record follow the rules
        made.check_nothing_lost()
    finally:
        made.end()


@pytest.mark.parametrize("by", [timedelta(minutes=3), -timedelta(minutes=3)])
def test_an_older_record_goes_by_the_zone_rules_of_now(by: timedelta) -> None:
    made = World()
    try:
        made.schedule(SLUGS[0], timedelta(hours=2), ("page",))
        made.approve(SLUGS[0])
        lift = made.known[SLUGS[0]].lift
        assert lift is not None
        made.keep_record()
        made.change_zone_rules(by)
        made.unapprove(SLUGS[0])
        made.put_back_record(adopt=True)
        assert made.counts["adopted"] == 1
        assert made.known[SLUGS[0]].lift == lift - by
        made.check_nothing_lost()
        assert made.counts["arrived"] == 1
        assert timedelta(0) <= made.machine.true - (lift - by) < timedelta(minutes=3)
    finally:
        made.end()


def test_a_copy_that_is_adopted_repeats_nothing(world: World) -> None:
    world.faults["mail"].append("lost")
    world.copy_folder(adopt=True)
    assert world.counts["arrived"] == 0
    assert world.stopped
    world.settle_everything(random.Random(0))
    world.check_nothing_lost()
    world.settle_everything(random.Random(0))
    world.check_nothing_lost()


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_every_promise_holds_with_two_machines_on_one_server(postgres: str, seed: int) -> None:
    counts = live(seed, length=8, url=fresh_schema(postgres))
    assert counts["arrived"] or counts["the auditor saw waits for a person"]


@pytest.fixture
def world() -> Iterator[World]:
    """A world with one approved release, whose lift has just come, at every outlet."""
    made = World()
    made.schedule(SLUGS[0], timedelta(minutes=4), tuple(OUTLETS))
    made.approve(SLUGS[0])
    made.start_daemon()
    made.wait_for_lift(SLUGS[0], timedelta(0))
    yield made
    made.end()


@pytest.mark.parametrize("fate", FATES[2:])
def test_two_machines_lift_two_alternates_at_once_and_one_of_them_leaves(store_url: str, fate: str) -> None:
    made = World(url=store_url if "postgresql" in store_url else STORE)
    try:
        made.arm(needs=True)
        for slug in ALTERNATES:
            made.clear(slug)
        made.lift(ALTERNATES[0], fate, at_once=True)
        assert made.winners == {TRIAL: ALTERNATES[1]}  # whose transaction came first
        made.check_nothing_lost()
        arrived = {row.slug for row in made.rows.values() if row.arrivals}
        assert arrived == {ALTERNATES[1]}
    finally:
        made.end()


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
def test_no_clearance_lives_on_by_a_clock_that_jumped(jump: timedelta) -> None:
    made = World()
    try:
        made.schedule(SLUGS[0], timedelta(minutes=4), tuple(OUTLETS), needs=True)
        made.approve(SLUGS[0])
        made.clear(SLUGS[0])
        made.cron()
        made.set_clock(jump)
        made.clear(SLUGS[0])
        assert made.counts["cleared"] == 1
        made.wait(timedelta(minutes=5))
        made.cron()
        made.mend_clock()
        made.wait(LIFE)
        made.check_nothing_lost()
        assert not [row for row in made.rows.values() if row.arrivals]
        assert made.counts["waits for its clearance"] == 1
        made.clear(SLUGS[0])
        made.check_nothing_lost()
        assert all(len(row.arrivals) == 1 for row in made.rows.values())
    finally:
        made.end()


#: How often a kill meets its lift in the slow test.
KILLS = int(os.environ.get("KILLS", "150"))

KILLED = ("has it, and it was withdrawn", "withdrawn before it left", "withdrawn while it may be on its way")


def killed_around_its_lift(url: str, seed: int) -> Counter[str]:
    """A kill within a millisecond of the lift, before, amid or after the pass, with faults at every outlet.

    Each recipient has nothing, or the release and then the kill, or a person is asked.
    """
    chance, made = random.Random(seed), World(seed, url)
    try:
        made.schedule(SLUGS[0], timedelta(minutes=4), tuple(OUTLETS))
        made.approve(SLUGS[0])
        for name in OUTLETS:
            # No check helps against a sender that is suspended past its lease after the last look (reliability.md).
            made.faults[name] += [one for one in chance.choices(FAULTS, k=chance.choice((0, 0, 1, 2))) if one != "slow"]
        made.fates.commits += chance.choices(COMMITS, k=chance.choice((0, 0, 2)))
        passing = chance.choice((made.cron, made.daemon, lambda: made.cron(1)))
        made.wait_for_lift(SLUGS[0], chance.choice((1, 0, -1)) * timedelta(milliseconds=1))
        when = chance.choice(("before", "amid", "after", "after a crash"))
        if when == "before":
            made.kill(SLUGS[0], chance.choice(FATES))
        elif when == "amid":
            made.meanwhile += [""] * chance.randrange(4) + ["withdrawn"]
        elif when == "after a crash":
            made.crash = Crash(chance.choice(POINTS), "withdrawn", chance.random() < 0.5)
        passing()
        if when == "after":
            made.wait(timedelta(milliseconds=1))
            made.kill(SLUGS[0], chance.choice(FATES))
        passing()
        if not made.known[SLUGS[0]].killed:
            made.kill(SLUGS[0])
        made.check()
        made.check_nothing_lost()
        made.settle_everything(chance)
        made.open_outlets()
        made.check_nothing_lost()
        return made.counts
    finally:
        made.end()


def test_a_kill_within_a_millisecond_of_its_lift() -> None:
    counts: Counter[str] = Counter()
    for seed in range(24):
        counts += killed_around_its_lift(STORE, seed)
    assert not [what for what in KILLED if not counts[what]], counts


@pytest.mark.slow
@pytest.mark.timeout(600 + KILLS)
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_kill_within_a_millisecond_of_its_lift_many_times(request: pytest.FixtureRequest, store: str) -> None:
    url, number = STORE, KILLS
    if store == "postgresql":
        url, number = request.getfixturevalue("postgres"), max(20, KILLS if "KILLS" in os.environ else KILLS // 8)
    counts = in_many(range(100, 100 + number), url, at_a_time=5, life=killed_around_its_lift)
    assert not [what for what in KILLED if not counts[what]], counts
    print(f"{number} kills on {store}: {dict(counts)}")


def test_a_correction_follows_to_who_may_have_it_and_is_the_first_for_others(world: World) -> None:
    world.faults["mail"] += ["refused", "lost"]
    world.cron()
    world.correct(SLUGS[0])
    world.approve(SLUGS[0])
    world.check_nothing_lost()
    assert (world.counts["a correction left"], world.counts["a corrected version left as the first"]) == (3, 1)
    world.kill(SLUGS[0])
    world.check_nothing_lost()
    assert world.counts["a withdrawal arrived"] == 4


@pytest.mark.parametrize("slow", [False, True])
def test_a_withdrawal_waits_for_what_is_under_way_until_its_lease_ends(world: World, slow: bool) -> None:
    world.faults["page"].append("withdrawn")
    world.schedule(SLUGS[1], None, ("mail",))
    world.approve(SLUGS[1])
    world.faults["mail"] += ["slow"] if slow else []  # the page's sender is suspended meanwhile
    world.cron()
    world.check_nothing_lost()
    (page,) = [row for row in world.rows.values() if row.outlet == "page" and not row.withdraws]
    withdrawal = world.withdrawal_of(page)
    assert withdrawal is not None
    assert len(withdrawal.arrivals) == 1
    assert bool(page.arrivals) is not slow
    assert world.counts["suspended past its lease, and overtaken"] == slow


def claims_on_record(world: World) -> int:
    return sum(line.event == "delivery.claimed" for line in world.context.store.read.journal())


@pytest.mark.parametrize("jump", [timedelta(hours=1), -timedelta(hours=1)])
def test_nothing_is_claimed_by_a_clock_that_jumped_since_the_look(world: World, jump: timedelta) -> None:
    assert world.process is not None
    due = world.process.look().plan.due
    assert due
    world.set_clock(jump)
    world.process.dispatch(due)
    assert claims_on_record(world) == 0


@pytest.mark.parametrize("bound", [timedelta(milliseconds=5), timedelta(milliseconds=200)])
def test_nothing_is_early_by_what_a_synchronized_clock_is_ahead(bound: timedelta) -> None:
    made = World()
    try:
        made.schedule(SLUGS[0], timedelta(minutes=4), tuple(OUTLETS))
        made.approve(SLUGS[0])
        made.synchronize(bound, 1.0)
        made.wait_for_lift(SLUGS[0], timedelta(0))
        made.cron()
        made.check()
        assert all(len(row.arrivals) == 1 for row in made.rows.values())
    finally:
        made.end()


def test_a_clock_in_doubt_is_confirmed_by_name_or_not_at_all(world: World) -> None:
    world.set_clock(timedelta(hours=1))
    with pytest.raises(NeedsPerson):
        stopping.resume_all(world.context, let_go=True)
    world.cron()
    assert claims_on_record(world) == 0
    stopping.resume_all(world.context, let_go=True, clock_confirmed=True)
    world.cron()
    assert claims_on_record(world) == 4


def test_a_doubt_that_is_older_than_its_outlet_remembers_is_left_to_a_person(world: World) -> None:
    world.faults["social"].append("lost")
    world.cron()
    world.wait(REMEMBERS + timedelta(minutes=1))
    world.cron()
    (dossier,) = world.context.store.read.dossiers(world.context.store.read.releases())
    (doubtful,) = [one for one in dossier.deliveries if one.outlet == "social"]
    assert (doubtful.state.value, doubtful.next_try) == ("in_doubt", None)
    assert "delivery.given_back" not in [line.event for line in world.context.store.read.journal()]


@pytest.mark.parametrize("fate", QUESTIONS)
def test_what_cant_be_asked_at_the_last_moment_is_stopped_and_reported(world: World, fate: str) -> None:
    world.fates.questions += [fate] * 4
    world.cron()
    assert [row.arrivals for row in world.rows.values()] == [[]] * 4
    assert claims_on_record(world) == 4
    assert world.told
    world.check_nothing_lost()
    assert all(len(row.arrivals) == 1 for row in world.rows.values())


def test_killed_at_each_commit_it_records_what_had_arrived_and_sends_it_no_second_time() -> None:
    counts: Counter[str] = Counter()
    for commits in range(8):
        made = World()
        try:
            made.schedule(SLUGS[0], timedelta(minutes=4), tuple(OUTLETS))
            made.approve(SLUGS[0])
            made.wait_for_lift(SLUGS[0], timedelta(0))
            made.fates.commits += [*([""] * commits), "killed before"]
            made.cron()
            made.check_nothing_lost()
            made.check()
            assert all(len(row.arrivals) == 1 for row in made.rows.values()), commits
            assert not made.doubtful(), commits  # nothing was under way at any commit
            counts += made.counted_by_the_journal()
        finally:
            made.end()
    assert counts["killed, and waiting again"]
    assert counts["killed, and recorded as delivered"]


def test_a_reboot_takes_the_log_with_it(world: World) -> None:
    world.fates.commits += ["", "killed before"]
    world.cron()
    assert [bool(row.arrivals) for row in world.rows.values()].count(True) == 1
    world.reboot()
    world.mend_clock()
    world.cron()
    world.check()
    assert not sum(world.counted_by_the_journal().values())


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_promise_holds_in_thousands_of_histories() -> None:
    counts = in_many(range(MANY), STORE)
    # Chance may leave out a cell of crash point × meanwhile; each is visited by a test of its own, above.
    assert not [what for what in SOMETIMES if what not in CELLS and not counts[what]], counts
    assert sum(1 for cell in CELLS if counts[cell]) > len(CELLS) * 3 // 4, counts


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_promise_holds_in_many_histories_of_two_machines_on_one_server(postgres: str) -> None:
    counts = in_many(range(max(40, MANY // 50)), postgres, at_a_time=5)
    assert counts["arrived"], counts
    assert counts["in doubt, then settled as resend"], counts
    # Each of the others happens in one history of ten or twenty: of so few, chance may leave out two.
    expected = [what for what in OFTEN if "record" not in what and "copied" not in what]
    assert sum(1 for what in expected if not counts[what]) <= 2, counts


def history(url: str, seed: int) -> Counter[str]:
    return live(seed, url=url)


def in_many(
    seeds: range, url: str, at_a_time: int = 20, life: Callable[[str, int], Counter[str]] = history
) -> Counter[str]:
    """Live through them all in processes of their own, and count what happened."""
    broken: list[str] = []
    counts: Counter[str] = Counter()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), initializer=_let_others_go_first) as pool:
        for told, counted in pool.imap_unordered(partial(_lived, life, url), seeds, chunksize=at_a_time):
            broken += [told] if told else []
            counts += counted
        pool.close()
        pool.join()
    assert not broken, "\n\n".join(broken[:5])
    return counts


def _let_others_go_first() -> None:
    """Other slow tests keep an eye on a clock; these have none."""
    if hasattr(os, "nice"):
        os.nice(10)


def _lived(life: Callable[[str, int], Counter[str]], url: str, seed: int) -> tuple[str, Counter[str]]:
    try:
        return "", life(url if url == STORE else fresh_schema(url), seed)
    except BaseException:
        return f"{life.__name__}({seed}):\n{traceback.format_exc(limit=-4)}", Counter()
