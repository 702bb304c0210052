"""The journal as sentences: one for every event that the program writes; `journal --json` has the events' names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pressrelease.errors import PressReleaseError
from pressrelease.release import SHOWN
from pressrelease.status.views import late_words
from pressrelease.store.rows import from_micros
from pressrelease.system.printable import one_line
from pressrelease.when import read_rfc3339, rfc3339, say_full
from pressrelease.when.formatting import say_second

if TYPE_CHECKING:
    from pressrelease.store.journal import Line


class _Told(NamedTuple):
    """One line of the journal, with its detail read; `timezone` is the office's."""

    line: Line
    detail: Mapping[str, Any]
    timezone: str

    @property
    def who(self) -> str:
        return self.line.actor

    @property
    def where(self) -> str:
        """The outlet, and the recipient if it has several."""
        recipient = self.detail.get("recipient")
        return f"{self.detail.get('outlet', '')}" + (f" ({recipient})" if recipient else "")

    @property
    def version(self) -> str:
        return self.line.version[:SHOWN]

    def because(self, key: str = "why", before: str = ": ") -> str:
        """Return a field's value with the words before it; "" if it is empty."""
        words = str(self.detail.get(key) or "").rstrip(".")
        return f"{before}{words}" if words else ""

    def time(self, key: str) -> str:
        """A field's moment in the office's time; as it is written if it can't be read."""
        written = self.detail.get(key)
        try:
            return say_full(read_rfc3339(str(written)), timezone=self.timezone)
        except PressReleaseError:
            return str(written)

    def named(self, key: str) -> str:
        """A field that is a list, as it is read aloud."""
        value = self.detail.get(key) or []
        return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)

    def answer(self) -> str:
        """What the outlet answered, for a sentence: when it came, where it can be seen, or the error."""
        late = self.detail.get("late_ms")
        words = [late_words(timedelta(milliseconds=late))] if isinstance(late, int) else []
        words += [str(self.detail[key]) for key in ("url", "error") if self.detail.get(key)]
        return f", {'; '.join(words)}" if words else ""


def _scheduled(told: _Told) -> str:
    waits = "when it is lifted" if told.detail.get("event_group") else "as soon as it is approved"
    when = told.time("lift") if told.detail.get("lift") else waits
    by = str(told.detail.get("by") or told.who)
    embargo = told.because("embargo", "; its embargo: ")
    return f"{by} scheduled version {told.version} to go out {when} to {told.named('outlets')}{embargo}"


def _approved(told: _Told) -> str:
    by = str(told.detail.get("by") or told.who)
    typed = "" if by == told.who else f" (entered by {told.who})"
    return f"{by} approved version {told.version}{' with a signature' if told.detail.get('signed') else ''}{typed}"


def _cleared(told: _Told) -> str:
    by = str(told.detail.get("by") or told.who)
    signed = " with a signature" if told.detail.get("signed") else ""
    return f"{by} cleared {told.detail.get('clearance')}{signed}, until {told.time('until')}"


def _until(told: _Told) -> str:
    return f" ({told.time('embargo')})" if told.detail.get("embargo") else ""


def _moved(told: _Told) -> str:
    before, after = told.detail.get("before"), told.detail.get("lift")
    if not after:
        return f"It goes out with its next approval, and no longer {told.time('before')}{told.because()}"
    if not before:
        return f"Its time was set to {told.time('lift')}{told.because()}"
    return f"{told.who} moved it from {told.time('before')} to {told.time('lift')}{told.because()}"


def _doubtful(told: _Told) -> str:
    next_step = "It will be asked about again automatically" if told.detail.get("again") else "Someone must check"
    return f"It is not certain that {told.where} got it{told.because('error')}. {next_step}"


def _settled(told: _Told) -> str:
    if told.detail.get("settled") == "sent":
        return f"{told.who} says that {told.where} got it"
    if told.detail.get("settled") == "resend":
        return f"{told.who} had it sent to {told.where} again"
    return f"{told.who} decided to do nothing more about {told.where}"


def _restored(told: _Told) -> str:
    held, doubted = told.named("held"), told.named("doubted")
    after = (f". On hold since: {held}" if held else "") + (
        f". May have gone out already: {doubted}" if doubted else ""
    )
    return f"{told.who} restored the backup of {told.time('made_at')}{after}"


def _adopted(told: _Told) -> str:
    doubted = told.named("doubted")
    after = f". May have gone out already: {doubted}" if doubted else ""
    return f"{told.who} made this workspace the original{after}"


def _vouched(told: _Told) -> str:
    how = [word for word, key in (("signed", "signature"), ("stamped", "stamp")) if told.detail.get(key)]
    return f"recorded as {' and '.join(how)}" if how else "recorded, neither signed nor stamped"


#: The sentence of each event, without its full stop.
SENTENCES: Mapping[str, Callable[[_Told], str]] = MappingProxyType(
    {
        "release.scheduled": _scheduled,
        "release.unscheduled": lambda told: f"{told.who} unscheduled it; it is a draft again",
        "release.approved": _approved,
        "release.unapproved": lambda told: (
            f"{told.who} withdrew its approvals ({told.detail.get('withdrawn')}){told.because()}"
        ),
        "release.cleared": _cleared,
        "release.clearance_refused": lambda told: (
            f"{told.detail.get('by') or told.who} refused the clearance {told.detail.get('clearance')}{told.because()}"
        ),
        "release.lifted": lambda told: (
            f"{told.detail.get('by') or told.who} lifted it: its event has happened ({told.detail.get('event')})"
            f"{told.because()}"
        ),
        "release.dismissed": lambda told: f"It was called off for good: {told.detail.get('lifted')} was lifted instead",
        "release.lift_moved": _moved,
        "release.early": lambda told: (
            f"{told.who} published it EARLY, before its embargo{_until(told)}{told.because()}"
        ),
        "release.late_accepted": lambda told: (
            f"{told.who} let it go out although it was late; it was due {told.time('lift')}"
        ),
        "release.zone_rules_changed": lambda told: (
            f"The time zone rules changed, so it goes out {told.time('lift')} instead of {told.time('before')}"
        ),
        "zones.confirmed": lambda told: (
            f"Newer time zone rules ({told.detail.get('zones')}) change no release's time"
            f" (checked: {told.detail.get('releases')})"
        ),
        "release.held": lambda told: f"{told.who} put it on hold{told.because()}",
        "release.resumed": lambda told: f"{told.who} took it off hold{told.because()}",
        "release.hold_reason": lambda told: f"{told.who} gave the reason for the hold{told.because()}",
        "release.killed": lambda told: f"{told.who} withdrew it{told.because()}",
        "release.published": lambda _: "It is published; every delivery is done",
        "delivery.claimed": lambda told: f"Sending to {told.where} started (try {told.detail.get('attempt')})",
        "delivery.given_back": lambda told: f"Nothing was sent to {told.where}{told.because('reason')}",
        "delivery.delivered": lambda told: f"{told.where} accepted it{told.answer()}",
        "delivery.retrying": lambda told: f"{told.where} did not get it{told.because('error')}. It will be tried again",
        "delivery.failed": lambda told: f"Sending to {told.where} failed for good{told.because('error')}",
        "delivery.in_doubt": _doubtful,
        "delivery.late_answer": lambda told: f"{told.where} answered after all{told.answer()}",
        "delivery.retried": lambda told: f"{told.who} had the failed delivery to {told.where} tried again",
        "delivery.settled": _settled,
        "delivery.unsettled": lambda told: f"{told.who} took back the answer about {told.where}",
        "outlet.closed": lambda told: (
            f"{told.where} rejected the login, so sending to it paused{told.because('reason')}"
        ),
        "outlet.opened": lambda told: f"Sending to {told.where} is on again{told.because()}",
        "stopped": lambda told: f"{told.who} stopped everything{told.because()}",
        "resumed": lambda told: f"{told.who} turned publishing back on",
        "clock.confirmed": lambda told: f"{told.who} confirmed that this computer's clock is right",
        "scheduler.started": lambda told: f"The scheduler started on {told.line.host}",
        "scheduler.ended": lambda told: f"The scheduler ended on {told.line.host}",
        "checkpoint": lambda told: (
            f"The journal up to line {str(told.detail.get('head')).partition(':')[0]} was"
            f" {_vouched(told)}{told.because('error')}"
        ),
        "exported": lambda told: (
            f"{told.who} exported the record of {told.named('releases')} into {told.detail.get('file')}"
        ),
        "backup": lambda told: f"{told.who} made a backup, {told.detail.get('file')}",
        "replaced": lambda told: f"{told.who} put a backup in the place of this database",
        "restored": _restored,
        "adopted": _adopted,
        "store.moved": lambda told: (
            f"{told.who} moved the database from {told.detail.get('from_database')} to {told.detail.get('to_database')}"
        ),
    }
)


def journal_sentence(line: Line, *, timezone: str, named: bool = True) -> str:
    """Return a line of the journal as a sentence, with its number, its local time and UTC.

    The release's slug is before the sentence if it is `named`. An event that this program doesn't know, such as
    a newer one's, is shown by its name.
    """
    told = _Told(line, json.loads(line.detail), timezone)
    at = from_micros(line.at)
    make = SENTENCES.get(line.event)
    words = f"{make(told)}." if make else f"{line.actor}: {line.event} {line.detail}"
    about = f"{line.slug}: " if named and line.slug else ""
    moment = f"{say_second(at, timezone=timezone)} ({rfc3339(at.replace(microsecond=0))})"
    return f"{line.n}  {one_line(f'{moment}: {about}{words}')}"
