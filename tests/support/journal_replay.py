"""What the journal says, line after line, and what it must never say: by docs/ alone, as `auditor` is."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from journal_lines import WITHDRAW, Line, Place, digest_of, documented, hash_of, key_of

#: "A writer may wait up to a minute for its turn": by how much a line may be older than the one before.
TURN = timedelta(minutes=1)


@dataclass
class Claim:
    """One claim, with what held at that line, and what the journal says became of it.

    `number` is its number among the claims of its delivery, which is never used again.
    """

    line: Line
    number: int
    lift: datetime | None
    before: tuple[str, bool]
    outcomes: list[Line] = field(default_factory=list)

    @property
    def surely_not(self) -> bool:
        """Whether it surely brought nothing."""
        return any(one.event in NOT_SENT for one in self.outcomes)


#: After these, what one claim sent has surely not arrived.
NOT_SENT = frozenset({"delivery.given_back", "delivery.retrying", "delivery.failed"})


@dataclass
class Delivery:
    """One delivery as the lines so far have it. `state` is "" before its first line."""

    place: Place
    state: str = ""
    asked_again: bool = False
    attempts: int = 0
    numbered: int = 0
    resends: int = 0
    settled_as_sent: bool = False
    sent_elsewhere: int = 0
    claims: list[Claim] = field(default_factory=list)
    before_settling: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For a sentence."""
        slug, version, outlet, *_ = self.place
        what = "the withdrawal of " if self.withdraws else ""
        return f"{what}{slug} ({version[:6]}) at {outlet}, key {self.key[:6]}"

    @property
    def key(self) -> str:
        """What its last claim sent carries."""
        return self.claims[-1].line.key if self.claims else key_of(self.place[:4])

    @property
    def n(self) -> int:
        """The number of its version."""
        return int(self.place[4]) if len(self.place) > 4 else 1

    @property
    def withdraws(self) -> bool:
        """Whether it takes the release back."""
        return self.place[-1] == WITHDRAW and len(self.place) > 4

    @property
    def reader(self) -> tuple[str, str, str]:
        """Who gets it: slug, outlet, recipient."""
        return self.place[0], self.place[2], self.place[3]

    @property
    def may_have(self) -> bool:
        """Whether its recipient has it or may have it, as far as the lines so far can know."""
        open_ = any(not claim.surely_not for claim in self.claims)
        return open_ or self.state == "delivered" or self.settled_as_sent or self.sent_elsewhere > 0

    @property
    def over(self) -> bool:
        """Delivered, called off, or a person's to decide."""
        if self.state == "in_doubt":
            return not self.asked_again
        return self.state in {"delivered", "drop", "failed"}


@dataclass
class Release:
    """A release as the lines so far have it: the version that is scheduled now."""

    version: str
    lift: datetime | None
    outlets: Sequence[str]
    deliveries: int
    recipients: Mapping[str, str]
    approved_by: set[str] = field(default_factory=set)
    #: The clearances that it needs, each with the moment at which it expires; None while it is not given.
    clearances: dict[str, datetime | None] = field(default_factory=dict)
    held: bool = False
    #: The group of a release that waits for an event, "" for any other.
    event_group: str = ""
    lifted: bool = False
    dismissed: bool = False
    killed: bool = False
    #: The number of the version that is scheduled now, and the release before it was corrected.
    n: int = 1
    corrects: Release | None = None


@dataclass(frozen=True)
class Fence:
    """A line after which nothing of `slug` ("" for everything) leaves that had not been claimed before; until
    `until`, where it only moved the lift."""

    line: Line
    slug: str
    until: datetime | None = None


class Replay:
    """Reads lines in their order; `found` has a sentence for everything that must not be."""

    def __init__(self, outlets: Mapping[str, bool], *, approvals: int = 1, clock_was_set: bool = False) -> None:
        """`outlets` are those whose receivers' logs are given, each with whether it can tell a repeat.

        `clock_was_set`: somebody set the office's clock, so that people's lines may go back in time. Claims never may.
        """
        self.outlets = outlets
        self.approvals = approvals
        self.clock_was_set = clock_was_set
        self.found: list[str] = []
        self.seen: Counter[str] = Counter()
        self.releases: dict[str, Release] = {}
        self.deliveries: dict[Place, Delivery] = {}
        self.fences: list[Fence] = []
        self.stopped = False
        self.closed: set[str] = set()
        #: Which release of each group was lifted.
        self.lifted: dict[str, str] = {}
        #: When somebody confirmed the clock, and when this record began as a copy: the act's other lines say so too.
        self._confirmed_at: set[int] = set()
        self._copied_at: set[int] = set()
        self._newest: datetime | None = None
        self._early: tuple[str, int] = ("", 0)

    def say(self, line: Line, words: str) -> None:
        """Add a sentence about a line."""
        self.found.append(f"line {line.n}: {words}")

    # -- one line after the other

    def read(self, lines: Sequence[Line]) -> None:
        """Take in the whole journal."""
        self._confirmed_at = {line.at for line in lines if line.event == "clock.confirmed"}
        self._copied_at = {line.at for line in lines if line.event in {"restored", "adopted"}}
        before = Line(0, 0, "", "", "", "", "", "{}", "", "0" * 64)
        for line in lines:
            self._chain(before, line)
            try:
                told = line.told
            except ValueError:
                self.say(line, "its detail can't be read")
                continue
            self._words(line, told)
            self._time(line)
            self._take(line, told)
            before = line
        self.seen["lines"] += len(lines)

    def _chain(self, before: Line, line: Line) -> None:
        if line.n != before.n + 1:
            self.say(line, f"line {before.n + 1} is missing")
        elif line.prev != before.hash:
            self.say(line, "it does not follow the line before it")
        if hash_of(line) != line.hash:
            self.say(line, "it was changed after it was written")

    def _words(self, line: Line, told: Mapping[str, Any]) -> None:
        if line.event not in documented():
            self.say(line, f"docs/reference/journal.md has no event {line.event}")
        elif unknown := set(told) - documented()[line.event]:
            self.say(line, f"docs/reference/journal.md has no {', '.join(sorted(unknown))} in {line.event}")

    def _time(self, line: Line) -> None:
        newest = self._newest
        if line.at in self._confirmed_at or newest is None:
            self._newest = line.moment
            return
        strict = not self.clock_was_set or (line.event == "delivery.claimed" and WITHDRAW not in line.place)
        if line.moment < newest - TURN and strict:
            self.say(line, f"{line.event} goes back in time by {newest - line.moment}, and nobody confirmed the clock")
        self._newest = max(newest, line.moment)

    def _take(self, line: Line, told: Mapping[str, Any]) -> None:
        kind, _, act = line.event.rpartition(".")
        self.seen[line.event] += 1
        if kind == "delivery":
            delivery = self.deliveries.setdefault(line.place, Delivery(line.place))
            if act == "claimed":
                self._claimed(line, told, delivery)
            else:
                self._answered(line, told, act, delivery)
        elif kind == "release":
            self._of_release(line, told, act)
        elif line.event == "stopped":
            self.stopped = True
            self.fences.append(Fence(line, ""))
        elif line.event == "resumed":
            self.stopped = False
        elif kind == "outlet":
            (self.closed.add if act == "closed" else self.closed.discard)(str(told["outlet"]))

    def _corrected(self, line: Line, told: Mapping[str, Any], act: str, release: Release) -> None:
        """From now on nothing of an older version leaves; or, where that is taken back, of the newest."""
        self.fences.append(Fence(line, line.slug))
        if act == "corrected":
            if release.killed:
                self.say(line, f"{line.slug} was corrected, and it had been withdrawn for good")
            newest = Release(
                line.version, _time(told["lift"]), told["outlets"], told["deliveries"], told.get("recipients", {})
            )
            newest.clearances = dict.fromkeys(told.get("clearances", ()))
            newest.n, newest.corrects = told["n"], release
        elif release.corrects is not None:
            newest = release.corrects
        else:
            self.say(line, f"a correction of {line.slug} was taken back, and there was none")
            return
        newest.held = release.held
        self.releases[line.slug] = newest

    def _of_release(self, line: Line, told: Mapping[str, Any], act: str) -> None:
        slug = line.slug
        if act == "scheduled":
            self._forget(slug)
            if slug in self.releases and self.releases[slug].killed:
                self.say(line, f"{slug} was scheduled, and it had been withdrawn for good")
            if slug in self.releases:
                self.fences.append(Fence(line, slug))
            lift, outlets, number = _time(told["lift"]), told["outlets"], told["deliveries"]
            self.releases[slug] = Release(line.version, lift, outlets, number, told.get("recipients", {}))
            self.releases[slug].clearances = dict.fromkeys(told.get("clearances", ()))
            self.releases[slug].event_group = str(told.get("event_group", ""))
            return
        release = self.releases.get(slug)
        if release is None:
            self.say(line, f"{line.event}, and {slug} is not scheduled")
            return
        if act in {"corrected", "correction_dropped"}:
            self._corrected(line, told, act, release)
            return
        if line.version != release.version:
            self.say(line, f"{line.event} of another version of {slug} than is scheduled")
        if act == "unscheduled":
            self._forget(slug)
            del self.releases[slug]
            self.fences.append(Fence(line, slug))
        elif act == "approved":
            release.approved_by.add(unicodedata.normalize("NFKC", str(told["by"])).casefold().strip())
        elif act == "unapproved":
            release.approved_by.clear()
            self.fences.append(Fence(line, slug))
        elif act == "lifted":
            group = release.event_group
            if not group:
                self.say(line, f"{slug} was lifted, and waits for no event")
            if self.lifted.setdefault(group, slug) != slug:
                self.say(line, f"{slug} was lifted, and so was its alternate {self.lifted[group]}")
            release.lifted = True
        elif act == "dismissed":
            release.dismissed = True
            self.fences.append(Fence(line, slug))
            if self.lifted.get(release.event_group) != told["lifted"]:
                self.say(line, f"{slug} was called off for {told['lifted']}, which nobody lifted")
        elif act == "killed":
            release.killed = True
            self.fences.append(Fence(line, slug))
        elif act in {"cleared", "clearance_refused"}:
            name = str(told["clearance"])
            if name not in release.clearances:
                self.say(line, f"{slug} does not need the clearance {name}")
            release.clearances[name] = _time(told.get("until"))
            self.fences += [Fence(line, slug)] if act == "clearance_refused" else []
        elif act in {"held", "resumed"}:
            release.held = act == "held"
            self.fences += [Fence(line, slug)] if release.held else []
        elif act == "early":
            self._early = slug, line.n
        elif act in {"lift_moved", "zone_rules_changed"}:
            self._lift(line, told, release)
        elif act == "published":
            self._published(line, release)

    def _lift(self, line: Line, told: Mapping[str, Any], release: Release) -> None:
        before, lift = _time(told["before"]), _time(told["lift"])
        if before != release.lift:
            self.say(line, f"the lift of {line.slug} was {release.lift}, and this line says {before}")
        brought_forward = before is not None and lift is not None and lift < before
        if brought_forward and line.event == "release.lift_moved" and self._early != (line.slug, line.n - 1):
            self.say(line, f"the lift of {line.slug} was brought forward, and nobody published it early")
        release.lift = lift
        release.lifted &= lift is not None  # approved again, it must be lifted again
        if line.event == "release.lift_moved":
            self.fences.append(Fence(line, line.slug, lift))

    def _published(self, line: Line, release: Release) -> None:
        of_it = self.versions_of(line.slug, release)
        open_ = [one.name for one in of_it if one.state not in {"delivered", "drop"}]
        if open_ or len(of_it) != release.deliveries:
            missing = release.deliveries - len(of_it)
            self.say(line, f"published, while {missing} were never begun, and these are open: {open_}")
        for outlet, digest in release.recipients.items():
            if digest != digest_of(one.place[3] for one in of_it if one.place[2] == outlet):
                self.say(line, f"{line.slug} was published to others at {outlet} than were approved")

    def versions_of(self, slug: str, release: Release) -> list[Delivery]:
        """The deliveries of a release's scheduled version, without withdrawals."""
        of_it = (slug, release.version), release.n, False
        return [one for one in self.deliveries.values() if (one.place[:2], one.n, one.withdraws) == of_it]

    def _forget(self, slug: str) -> None:
        """Scheduled again or a draft: what waited is called off, and its rows begin from the start."""
        for place, delivery in self.deliveries.items():
            if place[0] == slug:
                if delivery.state in {"claimed", "delivered"}:
                    self.found.append(f"{delivery.name} was {delivery.state}, and its release was scheduled again")
                delivery.state, delivery.attempts, delivery.numbered = "", 0, 0

    def _claimed(self, line: Line, told: Mapping[str, Any], delivery: Delivery) -> None:
        release = self.releases.get(line.slug)
        if delivery.withdraws:
            self._may_withdraw(line, release, delivery)
        else:
            self._may_claim(line, release, delivery)
        self._may_try(line, delivery)
        delivery.attempts += 1
        if told["attempt"] != delivery.attempts:
            self.say(line, f"{delivery.name} is claimed for attempt {told['attempt']}, not {delivery.attempts}")
        before = delivery.state, delivery.asked_again
        lift = release.lift if release and not delivery.withdraws else None
        delivery.numbered = told.get("claim", delivery.numbered + 1)
        delivery.claims.append(Claim(line, delivery.numbered, lift, before))
        delivery.state = "claimed"

    def _may_claim(self, line: Line, release: Release | None, delivery: Delivery) -> None:
        name = delivery.name
        if release is None:
            self.say(line, f"{name} was claimed, and is not scheduled")
            return
        if (release.version, release.n) != (line.version, delivery.n):
            self.say(line, f"{name} was claimed, and another version is scheduled")
        older = [one for one in self.deliveries.values() if one.reader == delivery.reader and one.n < delivery.n]
        if any(one.state == "claimed" for one in older):
            self.say(line, f"{name} was claimed while an older version was being sent there")
        has_it = any(one.state == "delivered" for one in older)
        corrects = line.told.get("action") == "correct"
        if has_it and not corrects:
            self.say(line, f"{name} was claimed as a first publication, and its reader has an older version")
        if corrects and not any(one.may_have for one in older):
            self.say(line, f"{name} was claimed as a correction, and nobody there has anything or may have")
        if len(release.approved_by) < self.approvals:
            self.say(line, f"{name} was claimed with {len(release.approved_by)} of {self.approvals} approvals")
        if release.lift is None or line.moment < release.lift:
            self.say(line, f"{name} was claimed before its lift, {release.lift}")
        for clearance, until in release.clearances.items():
            if until is None or line.moment >= until:
                self.say(line, f"{name} was claimed without the clearance {clearance}")
        if delivery.place[2] not in release.outlets:
            self.say(line, f"{name} was claimed, and was not scheduled for that outlet")
        for forbidden, why in (
            (self.stopped, "stopped"),
            (release.held, "on hold"),
            (release.dismissed, "called off for good"),
            (bool(release.event_group) and not release.lifted, "waiting for its event"),
            (release.killed, "withdrawn for good"),
        ):
            if forbidden:
                self.say(line, f"{name} was claimed although {why}")

    def _may_withdraw(self, line: Line, release: Release | None, delivery: Delivery) -> None:
        """No lift, approval, stop or hold keeps a withdrawal; but it waits for what is under way to its reader."""
        if release is None or not release.killed:
            self.say(line, f"{delivery.name} was claimed, and nobody withdrew the release")
        older = [one for one in self.deliveries.values() if one.reader == delivery.reader and not one.withdraws]
        if not any(one.may_have for one in older):
            self.say(line, f"{delivery.name} was claimed, and nobody there has anything or may have")
        if any(one.state == "claimed" for one in older):
            self.say(line, f"{delivery.name} was claimed while the release was being sent there")

    def _may_try(self, line: Line, delivery: Delivery) -> None:
        name = delivery.name
        if delivery.place[2] in self.closed:
            self.say(line, f"{name} was claimed although closed")
        if delivery.state in {"claimed", "delivered", "failed", "drop"}:
            self.say(line, f"{name} was claimed again although {delivery.state}")
        if delivery.state == "in_doubt" and not (delivery.asked_again and self.outlets.get(delivery.place[2], True)):
            self.say(line, f"{name} was claimed again although in doubt, and nobody settled it")

    def _answered(self, line: Line, told: Mapping[str, Any], act: str, delivery: Delivery) -> None:
        attempt = told.get("attempt", delivery.attempts)
        number = told.get("claim", attempt)
        of_it = [claim for claim in delivery.claims if claim.number == number][-1:]
        for claim in of_it:
            claim.outcomes.append(line)
        if act == "late_answer":
            return
        if act in {"retried", "settled", "unsettled"}:
            self._decided(line, told, act, delivery)
            return
        if act == "in_doubt" and line.at in self._copied_at and delivery.state != "claimed":
            delivery.sent_elsewhere += 1
            delivery.numbered += 1
            delivery.attempts = attempt
        elif not of_it:
            self.say(line, f"{delivery.name} is {act}, and was never claimed")
        delivery.state, delivery.asked_again = act, bool(told.get("again"))
        if act == "given_back" and delivery.claims:
            delivery.attempts -= 1
            delivery.state, delivery.asked_again = delivery.claims[-1].before

    def _decided(self, line: Line, told: Mapping[str, Any], act: str, delivery: Delivery) -> None:
        """A person's decision on one delivery, or that person's taking it back."""
        if act == "unsettled":
            if not delivery.before_settling:
                self.say(line, f"a settlement of {delivery.name} was taken back, and there was none")
                return
            delivery.resends -= delivery.state == "resend"
            delivery.settled_as_sent = False
            delivery.state, delivery.asked_again = delivery.before_settling.pop()
            return
        if act == "settled":
            if delivery.state not in {"in_doubt", "failed"}:
                self.say(line, f"{delivery.name} was settled, and was {delivery.state or 'waiting'}")
            delivery.before_settling.append((delivery.state, delivery.asked_again))
            verdict = str(told["settled"])
            self.seen[f"settled as {verdict}"] += 1
            delivery.resends += verdict == "resend"
            delivery.settled_as_sent = verdict == "sent"
            delivery.state = "delivered" if verdict == "sent" else verdict
        else:
            if delivery.state != "failed" and not (delivery.n > 1 and not delivery.claims):  # refused before
                self.say(line, f"{delivery.name} was asked to be tried again, and was {delivery.state or 'waiting'}")
            delivery.state = "retrying"


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
