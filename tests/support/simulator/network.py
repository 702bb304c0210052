"""What happens between a claim and its answer: outlets fail, processes are killed, and people act meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from auditor import Arrival

from pressrelease.outlets import RenderedMessage
from pressrelease.publishing.sender import LEASE_LEFT
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt
from simulator.machine import Fates
from simulator.office import TIMEOUT, FakeOutlet, Place, Row


@dataclass(frozen=True)
class Crash:
    """A process is killed at the next of `point`, and `meanwhile` happens before anybody sees to what it left.

    With `alive` it happens just before its end, where no transaction of its own is under way. With `outlet` it is only
    a send there that counts.
    """

    point: str
    meanwhile: str
    alive: bool = False
    outlet: str = ""

    @property
    def cell(self) -> str:
        return f"killed {self.point} × {self.meanwhile}"


class Network:
    """The outlets of a world, and what befalls whoever sends to them."""

    def between(self, place: Place) -> None:
        """What happens between a claim and its first byte."""
        while self.meanwhile:
            what = self.meanwhile.pop(0)
            if what == "killed":
                place.kill()
            if what:
                self._happen(what)
            else:
                return

    def ends_at(self, point: str, place: Place, outlet: str = "") -> bool:
        """Whether a process is to be killed at this point; what is to happen meanwhile has happened, or will."""
        if self.crash is None or self.crash.point != point or self.crash.outlet not in {"", outlet}:
            return False
        crash, self.crash = self.crash, None
        self.counts[crash.cell] += 1
        in_transaction = point.startswith("before") and point.endswith("commit")
        if crash.alive and not in_transaction:
            self._happen(crash.meanwhile)
        else:
            self._left_behind.append(crash)
        return True

    def _happen(self, what: str) -> None:
        """By people, who work on the first machine, or by another process."""
        with self._on(self.machines[0]):
            self._acts()[what]()

    def _acts(self) -> dict[str, Callable[[], None]]:
        def each(act: Callable[[str], object]) -> Callable[[], None]:
            def all_of_them() -> None:
                for slug in list(self.known):
                    act(slug)

            return all_of_them

        return {
            "stop": self.stop,
            "hold": each(self.hold),
            "edit": each(self.edit),
            "unapprove": each(self.unapprove),
            "unschedule": each(self.unschedule),
            "scheduled again": each(lambda slug: [self.unschedule(slug), self.reschedule(slug), self.approve(slug)]),
            "put off": each(lambda slug: self.resume(slug, timedelta(minutes=7))),
            "settle": self.settle_after_a_pass,
            "clock ahead": lambda: self.set_clock(timedelta(hours=1)),
            "clock creeps": lambda: self.creep(3),
            "clock back": lambda: self.set_clock(-timedelta(hours=1)),
            "suspended": lambda: self.wait(timedelta(minutes=10)),
            "suspended for days": lambda: self.wait(timedelta(days=3)),
            "another pass": lambda: self.cron(1),
            "another name": lambda: self.edit_config("name"),
            "another place": lambda: self.edit_config("argv"),
            "a law": lambda: self.change_zone_rules(-timedelta(minutes=3)),
            "copied": lambda: self.copy_folder(adopt=False),
            "refused": each(self.refuse),
            "lifted": each(self.lift),
            "withdrawn": self.kill_one,
            "corrected": each(lambda slug: [self.correct(slug), self.approve(slug)]),
            "a second": lambda: self.wait(timedelta(seconds=1)),
        }

    def settle_after_a_pass(self) -> None:
        """Another pass puts in doubt what was under way, and people say what is true of it."""
        self.cron()
        for slug, outlet in self.doubtful():
            self.settle(slug, outlet, again=False)

    def sent(self, outlet: FakeOutlet, rendered: RenderedMessage, key: str) -> Receipt:
        """The first byte leaves. What is broken here is kept: the program takes it for a fault of the outlet."""
        try:
            row = self.rows[key]
            row.key = key
            if row.withdraws:
                self._ask_of_withdrawal(outlet, rendered, row)
            else:
                self._ask_of_the_world(outlet, rendered, key)
            row.under_way, row.may, row.left_after = self.machine.true, row.may + 1, self._last_line()
            if self.ends_at("before the first byte", outlet.place, outlet.name):
                outlet.place.kill()
            return self._answer(outlet, row, key)
        except DeliveryFailed as failure:
            row.may -= failure.certainty is not Certainty.UNSURE
            raise
        except AssertionError as error:
            self.broken.append(error)
            raise
        finally:
            self.rows[key].under_way = None

    def _answer(self, outlet: FakeOutlet, row: Row, key: str) -> Receipt:
        if outlet.name == self.dead[0]:
            self.wait(TIMEOUT if self.dead[1] else timedelta(0))
            raise DeliveryFailed(Certainty.UNSURE if self.dead[1] else Certainty.NOT_SENT, "it is dead")
        fault = Fates.take(self.faults[outlet.name])
        if fault == "refused":
            raise DeliveryFailed(Certainty.NOT_SENT, "refused the connection")
        if fault == "refused for good":
            raise DeliveryFailed(Certainty.FOR_GOOD, "401")
        if fault == "password":
            raise DeliveryFailed(Certainty.FOR_GOOD, "refused the password", credentials=True)
        if fault == "lost":
            raise DeliveryFailed(Certainty.UNSURE, "no answer")
        if fault == "killed before":
            outlet.place.kill()
        if fault == "slow":
            self.wait(timedelta(minutes=2))
            self.cron()
        if fault == "withdrawn":
            self.wait(timedelta(seconds=5))
            self.kill(row.slug)
            self.cron()
        if not self.may_be_awaited(row) and self._is_overtaken(row):
            self.counts["suspended past its lease, and overtaken"] += 1
            raise DeliveryFailed(Certainty.UNSURE, "the outlet hung up long ago")
        self._arrive(outlet, row, key)
        if self.ends_at("accepted, and not answered", outlet.place, outlet.name):
            outlet.place.kill()
        if fault == "answer lost":
            raise DeliveryFailed(Certainty.UNSURE, "no answer")
        if fault == "broken":
            raise RuntimeError("a fault of ours")
        if fault == "killed after":
            outlet.place.kill()
        return Receipt(remote_id=key)

    def may_be_awaited(self, row: Row) -> bool:
        """Whether a send is under way for no longer than its lease reserves for it.

        No check helps against a sender that is suspended for longer, after its last look (reliability.md).
        """
        return row.under_way is not None and self.machine.true <= row.under_way + TIMEOUT + LEASE_LEFT

    def _is_overtaken(self, row: Row) -> bool:
        """Whether something newer has begun to go to the recipient of a delivery."""
        reader = row.slug, row.outlet, row.recipient
        newer = [one for one in self.rows.values() if not row.withdraws and (one.withdraws or one.n > row.n)]
        return any(one.may for one in newer if (one.slug, one.outlet, one.recipient) == reader)

    def _last_line(self) -> int:
        (last,) = self.context.store.read.rows("SELECT max(n) AS n FROM journal")
        return int(last["n"])

    def _arrive(self, outlet: FakeOutlet, row: Row, key: str) -> None:
        now, repeats = self.machine.true, outlet.repeats
        early = max(timedelta(0), outlet.place.machine.offset)
        self.log.append(Arrival(now, row.outlet, key, coarse=early, line=row.left_after))
        first = row.seen.get(key)
        if first is not None and repeats.still_told(first, now):
            return
        row.seen[key] = now
        row.arrivals.append(now)
        self.counts["a withdrawal arrived" if row.withdraws else "arrived"] += 1
        if not row.withdraws:
            withdrawal = self.withdrawal_of(row)
            assert withdrawal is None or not withdrawal.arrivals, "it arrived after its withdrawal"
            self._ask_of_newer(row)
        if (group := self.known[row.slug].event) and not row.withdraws:
            self.left_of.setdefault(group, set()).add(row.slug)
            assert len(self.left_of[group]) == 1, f"two alternates left: {self.left_of[group]}"
            self.counts["one of two alternates left"] += 1
        allowed = 1 + row.sent_again
        assert len(row.arrivals) <= allowed or self.clock_was_set_back, f"{row.outlet} got it {len(row.arrivals)} times"
