"""What the people of an office say, through the real services; and what they then know, without asking the program."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pressrelease.config import Config
from pressrelease.config.frozen import frozen_settings, settings_name
from pressrelease.errors import PressReleaseError
from pressrelease.release import Release, canonical, digests_of, version_of
from pressrelease.release.delivery import Delivery, DeliveryState, delivery_key
from pressrelease.services import ServiceContext, approving, scheduling, sending, settling, stopping
from pressrelease.store.circuit import closed_outlets, open_outlet_again
from pressrelease.when import Embargo, EmbargoKind, rfc3339
from pressrelease.when.wall_time import wall_text
from simulator.machine import Machine
from simulator.office import CLEARANCE, EVENT, OUTLETS, Known, Row, edited, source_of


class AsConfigured(scheduling.Recipients):
    """To whom the simulator's outlets send."""

    def of(self, outlet: str) -> tuple[str, ...]:
        return OUTLETS[outlet][1]


class People:
    """Each method that starts with a verb is a command that somebody gives."""

    config: Config
    machine: Machine
    folder: Path
    context: ServiceContext
    known: dict[str, Known]
    drafts: dict[str, Known]
    rows: dict[str, Row]
    stopped: bool
    newest: datetime
    counts: Counter[str]
    offset_there: timedelta
    winners: dict[str, str]
    _took_back: Callable[[str], bool]
    _number: int

    def _try(self, act: Callable[[], Any]) -> bool:
        """Whether a person's command was taken; a refusal is an answer like another."""
        try:
            act()
        except PressReleaseError:
            return False
        finally:
            self._note_newest()
        return True

    def schedule(
        self, slug: str, after: timedelta | None, outlets: tuple[str, ...], *, needs: bool = False, event: str = ""
    ) -> None:
        """Write a new text and schedule it; `after` None is an immediate one, every other an hour on the wall.

        `needs` is whether it needs a clearance; with `event` it waits for a verdict, in that group of alternates.
        """
        text, source = self._new_text(slug, outlets, needs=needs, event=event)
        lift = None if after is None or event else self.machine.wall + after
        recipients = {name: OUTLETS[name][1] for name in outlets}
        clearances = (CLEARANCE,) if needs else ()
        settings = frozen_settings(self.config, outlets, clearances)
        digest = hashlib.sha256(source.encode()).hexdigest()
        release = Release(slug, f"On {slug}", "…", text, clearances=clearances, alternates=event, source_hash=digest)
        wall = wall_text(lift, "America/Los_Angeles") if lift is not None and self._number % 2 else ""
        kind = EmbargoKind.IMMEDIATE if lift is None else EmbargoKind.INSTANT
        kind = EmbargoKind.EVENT if event else kind
        proposal = scheduling.Proposal(
            release=release,
            embargo=Embargo(EVENT if event else "…", kind, "America/Los_Angeles", not_before=lift, lift=lift),
            lift=lift,
            version=version_of(
                release,
                attachment_hashes={},
                lift=lift,
                outlets=outlets,
                wall=wall,
                recipients=digests_of(recipients),
                settings=settings_name(settings),
            ),
            recipients=recipients,
            attachments={},
            findings=(),
            questions=(),
            wall=wall,
            settings=settings,
        )
        assert canonical(release)
        hour = (lift + self.offset_there).replace(tzinfo=None) if lift is not None and wall else None
        known = Known(proposal.version, text, source, outlets, lift, self.config, hour=hour, needs=needs, event=event)
        self._have_scheduled(slug, known, lambda: proposal)

    def reschedule(self, slug: str) -> None:
        """Edit a release and schedule it again, saying nothing of its lift: the one that it had is kept."""
        before = self.known.get(slug) or self.drafts.get(slug)
        if before is None:
            return
        text, source = self._new_text(slug, before.outlets, needs=before.needs, event=before.event)
        lift = None if before.event else before.lift
        known = replace(
            before,
            text=text,
            source=source,
            config=self.config,
            approvals=0,
            held=False,
            lift=lift,
            cleared_until=None,
            refused=False,
            lifted=False,
        )
        on_record = self.context.store.read.release(slug)

        def propose() -> scheduling.Proposal:
            context = self.context
            proposer = scheduling.Proposer(
                context, None, self.machine.wall, context.library.slugs(), AsConfigured(context)
            )
            proposal = proposer.propose(slug)
            if before.event:
                assert proposal.lift is None, "it waits for an event, and has a time"
            elif on_record is not None:
                assert proposal.lift == on_record.lift, "the lift moved, and nobody said so"
            known.version = proposal.version
            return proposal

        if self._have_scheduled(slug, known, propose):
            self.counts["scheduled again, with the lift that it had"] += 1

    def _new_text(self, slug: str, outlets: tuple[str, ...], *, needs: bool, event: str) -> tuple[str, str]:
        self._number += 1
        text = f"Text number {self._number} of {slug}."
        return text, source_of(slug, text, outlets, needs=needs, event=event)

    def _have_scheduled(self, slug: str, known: Known, propose: Callable[[], scheduling.Proposal]) -> bool:
        """Write the file and schedule what is proposed of it; where that is refused, the file is as it was."""
        path = self.folder / "releases" / f"{slug}.md"
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(known.source.encode())
        if not self._try(lambda: scheduling.schedule(self.context, propose())):
            if before is not None:
                path.write_bytes(before)
            return False
        assert self.winners.get(known.event, slug) == slug, "scheduled, and its alternate was lifted"
        assert slug not in self.known or not self.known[slug].killed, "scheduled, and it was withdrawn for good"
        self.known[slug] = known
        self.drafts.pop(slug, None)
        for name in known.outlets:
            for recipient in OUTLETS[name][1]:
                key = delivery_key(slug, known.version, name, recipient)
                self.rows[key] = Row(slug, known.version, name, key, recipient)
        return True

    def approve(self, slug: str) -> None:
        if slug in self.known and self._try(lambda: approving.approve(self.context, slug, "da")):
            known = self.known[slug]
            known.approvals = 1
            if not known.event or known.n > 1:  # an approval lifts nothing that waits for a verdict
                known.lift = known.lift or self.machine.wall

    def unapprove(self, slug: str) -> None:
        if slug in self.known and self._try(lambda: approving.unapprove(self.context, slug)):
            known = self.known[slug]
            known.approvals = 0
            release = self.context.store.read.release(slug)
            if known.event and known.n == 1:
                known.lift, known.lifted = None, False  # approved again, it must be lifted again
            elif known.hour is None:
                known.lift = release.lift if release else None

    def unschedule(self, slug: str) -> None:
        if slug in self.known and self._try(lambda: scheduling.unschedule(self.context, slug)):
            assert not self.known[slug].killed, "a draft again, and it was withdrawn for good"
            if not self._took_back(slug):
                self.drafts[slug] = self.known.pop(slug)

    def hold(self, slug: str) -> None:
        if slug in self.known and self._try(lambda: stopping.hold(self.context, slug, "wait")):
            self.known[slug].held = True

    def resume(self, slug: str, after: timedelta | None = None) -> None:
        if slug not in self.known:
            return
        moment = None if after is None else self.machine.wall.replace(microsecond=0) + after

        def act() -> None:
            now = self.machine.wall
            later = stopping.later(self.context, slug, rfc3339(moment), now=now) if moment is not None else None
            stopping.resume(self.context, slug, later)

        if self._try(act):
            self.known[slug].held = False
            if moment is not None:
                self.known[slug].lift, self.known[slug].hour = moment, None
            self.known[slug].decided = self.machine.wall

    def stop(self) -> None:
        if self._try(lambda: stopping.stop(self.context, "")):
            self.stopped = True

    def resume_all(self, let_go: bool) -> None:
        """Only once the clock is right: a person who says so looks at it first."""
        self.machine.offset = timedelta(0)
        self.newest = min(self.newest, self.machine.wall)
        found: list[stopping.Resumed] = []
        if self._try(lambda: found.append(stopping.resume_all(self.context, let_go=let_go, clock_confirmed=True))):
            self.stopped = False
            self.machine.measured_since, self.machine.first_ahead = self.machine.true, timedelta(0)
            for slug in () if let_go else found[0].fell_due:
                self.known[slug].held = True

    def publish_early(self, slug: str) -> None:
        if slug not in self.known:
            return
        moment = self.machine.wall
        if self._try(lambda: sending.release_now(self.context, slug, early=True, why="it leaked")):
            known = self.known[slug]
            if known.lift is None or known.lift > moment:
                known.lift, known.hour = moment, None
            known.decided = moment

    def look_in(self) -> None:
        """A command that changes nothing, and puts the clock that it saw on record."""

        def look() -> None:
            with self.context.ledger():
                pass

        self._try(look)

    def retry(self, slug: str) -> None:
        if slug in self.known and self._try(lambda: sending.retry(self.context, slug)):
            self.known[slug].decided = self.machine.wall

    def settle(self, slug: str, outlet: str, again: bool) -> None:
        """A person asks the outlet's people, and then says what is true of each; or has all sent again all the same."""
        if again:
            self._settle(slug, outlet, "resend", lambda row: True)
            return
        self._settle(slug, outlet, "sent", lambda row: bool(row.arrivals))
        self._settle(slug, outlet, "resend", lambda row: not row.arrivals)

    def drop(self, slug: str, outlet: str) -> None:
        self._settle(slug, outlet, "drop", lambda row: True)

    def settle_wrongly_and_undo(self, slug: str, outlet: str) -> None:
        """A person mistakes what arrived, notices, takes it back, and then says what is true."""
        self._settle(slug, outlet, "drop", lambda row: True)
        self.undo_settlement(slug, outlet)
        self.settle(slug, outlet, again=False)

    def settle_everything(self, chance: random.Random) -> None:
        """Whoever sees something in doubt settles it, some after a mistake."""
        for slug, outlet in self.doubtful():
            chance.choice(
                (
                    lambda slug, outlet: self.settle(slug, outlet, again=chance.random() < 0.3),
                    self.settle_wrongly_and_undo,
                    self.drop,
                )
            )(slug, outlet)

    def doubtful(self) -> list[tuple[str, str]]:
        """Where `status` shows something in doubt, by slug and outlet."""
        reader = self.context.store.read
        found = [one for dossier in reader.dossiers(reader.releases()) for one in dossier.deliveries]
        return sorted({(one.slug, one.outlet) for one in found if one.state is DeliveryState.IN_DOUBT})

    def undo_settlement(self, slug: str, outlet: str) -> None:
        for row, was in self._settle(slug, outlet, "undo", lambda row: True):
            self.counts["settlement undone"] += 1
            row.declared &= was is not DeliveryState.DELIVERED
            row.dropped &= was is not DeliveryState.CANCELED
            row.sent_again -= was is DeliveryState.RETRYING

    def _settle(
        self, slug: str, outlet: str, verdict: str, of: Callable[[Row], bool]
    ) -> list[tuple[Row, DeliveryState]]:
        """Settle what is in doubt of which `of` holds; each row with the state that it had."""
        chosen = {id(row) for row in self._rows_of(slug) if row.outlet == outlet and of(row)}
        keys = frozenset(key for key, row in self.rows.items() if id(row) in chosen)
        found: list[Delivery] = []

        def act() -> None:
            found.extend(settling.select(self.context, slug, outlet, verdict, settling.Named(keys)).settled)
            settling.settle(self.context, slug, found, verdict)

        if slug not in self.known or not keys or not self._try(act):
            return []
        rows = [(self.rows[delivery.key], delivery.state) for delivery in found]
        for row, _ in rows:
            row.declared |= verdict == "sent"
            row.dropped |= verdict == "drop"
            row.sent_again += verdict == "resend"
            if verdict == "resend":
                row.seen.clear()
        if verdict == "resend":
            self.known[slug].decided = self.machine.wall
        if verdict != "undo":
            self.counts[f"in doubt, then settled as {verdict}"] += len(rows)
        return rows

    def open_outlets(self) -> None:
        """Somebody reaches every outlet that was closed with the credentials of now."""
        with self.context.ledger() as ledger:
            for name in closed_outlets(self.context.store.read):
                open_outlet_again(ledger, name, why="it answered, and accepted the credentials")

    def edit_config(self, what: str) -> None:
        """Somebody edits config.toml; a pass that is under way goes on by what it had read."""
        self.config = edited(self.config, what)

    def edit(self, slug: str) -> None:
        (self.folder / "releases" / f"{slug}.md").write_bytes(b"edited after approval")

    def delete(self, slug: str) -> None:
        (self.folder / "releases" / f"{slug}.md").unlink(missing_ok=True)

    def put_back(self, slug: str) -> None:
        if slug in self.known:
            (self.folder / "releases" / f"{slug}.md").write_bytes(self.known[slug].source.encode())

    def _note_newest(self) -> None:
        newest = self.context.store.read.newest_time()
        assert newest is None or newest >= self.newest - timedelta(seconds=1), "the newest time on record went back"
        self.newest = newest or self.newest

    def _rows_of(self, slug: str) -> list[Row]:
        """What may still be decided about a release: its deliveries, or its withdrawals once it is killed."""
        known = self.known.get(slug)
        found = {
            id(r): r for r in self.rows.values() if known and (r.slug, r.version, r.n) == (slug, known.version, known.n)
        }
        return [r for r in found.values() if known and r.withdraws == known.killed]
