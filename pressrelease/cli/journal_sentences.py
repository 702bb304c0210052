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


class _Line(NamedTuple):
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


def _scheduled(line: _Line) -> str:
    waits = "when it is lifted" if line.detail.get("event_group") else "as soon as it is approved"
    when = line.time("lift") if line.detail.get("lift") else waits
    by = str(line.detail.get("by") or line.who)
    embargo = line.because("embargo", "; its embargo: ")
    return f"{by} scheduled version {line.version} to go out {when} to {line.named('outlets')}{embargo}"


def _approved(line: _Line) -> str:
    by = str(line.detail.get("by") or line.who)
    typed = "" if by == line.who else f" (entered by {line.who})"
    return f"{by} approved version {line.version}{' with a signature' if line.detail.get('signed') else ''}{typed}"


def _cleared(line: _Line) -> str:
    by = str(line.detail.get("by") or line.who)
    signed = " with a signature" if line.detail.get("signed") else ""
    return f"{by} cleared {line.detail.get('clearance')}{signed}, until {line.time('until')}"


def _until(line: _Line) -> str:
    return f" ({line.time('embargo')})" if line.detail.get("embargo") else ""


def _moved(line: _Line) -> str:
    before, after = line.detail.get("before"), line.detail.get("lift")
    if not after:
        return f"It goes out with its next approval, and no longer {line.time('before')}{line.because()}"
    if not before:
        return f"Its time was set to {line.time('lift')}{line.because()}"
    return f"{line.who} moved it from {line.time('before')} to {line.time('lift')}{line.because()}"


def _doubtful(line: _Line) -> str:
    next_step = "It will be asked about again automatically" if line.detail.get("again") else "Someone must check"
    return f"It is not certain that {line.where} got it{line.because('error')}. {next_step}"


def _settled(line: _Line) -> str:
    if line.detail.get("settled") == "sent":
        return f"{line.who} says that {line.where} got it"
    if line.detail.get("settled") == "resend":
        return f"{line.who} had it sent to {line.where} again"
    return f"{line.who} decided to do nothing more about {line.where}"


def _restored(line: _Line) -> str:
    held, doubted = line.named("held"), line.named("doubted")
    after = (f". On hold since: {held}" if held else "") + (
        f". May have gone out already: {doubted}" if doubted else ""
    )
    return f"{line.who} restored the backup of {line.time('made_at')}{after}"


def _adopted(line: _Line) -> str:
    doubted = line.named("doubted")
    after = f". May have gone out already: {doubted}" if doubted else ""
    return f"{line.who} made this workspace the original{after}"


def _vouched(line: _Line) -> str:
    how = [word for word, key in (("signed", "signature"), ("stamped", "stamp")) if line.detail.get(key)]
    return f"recorded as {' and '.join(how)}" if how else "recorded, neither signed nor stamped"


#: The sentence of each event, without its full stop.
SENTENCES: Mapping[str, Callable[[_Line], str]] = MappingProxyType(
    {
        "release.scheduled": _scheduled,
        "release.unscheduled": lambda line: f"{line.who} unscheduled it; it is a draft again",
        "release.approved": _approved,
        "release.unapproved": lambda line: (
            f"{line.who} withdrew its approvals ({line.detail.get('withdrawn')}){line.because()}"
        ),
        "release.cleared": _cleared,
        "release.clearance_refused": lambda line: (
            f"{line.detail.get('by') or line.who} refused the clearance {line.detail.get('clearance')}{line.because()}"
        ),
        "release.lifted": lambda line: (
            f"{line.detail.get('by') or line.who} lifted it: its event has happened ({line.detail.get('event')})"
            f"{line.because()}"
        ),
        "release.dismissed": lambda line: f"It was called off for good: {line.detail.get('lifted')} was lifted instead",
        "release.lift_moved": _moved,
        "release.early": lambda line: (
            f"{line.who} published it EARLY, before its embargo{_until(line)}{line.because()}"
        ),
        "release.late_accepted": lambda line: (
            f"{line.who} let it go out although it was late; it was due {line.time('lift')}"
        ),
        "release.zone_rules_changed": lambda line: (
            f"The time zone rules changed, so it goes out {line.time('lift')} instead of {line.time('before')}"
        ),
        "zones.confirmed": lambda line: (
            f"Newer time zone rules ({line.detail.get('zones')}) change no release's time"
            f" (checked: {line.detail.get('releases')})"
        ),
        "release.held": lambda line: f"{line.who} put it on hold{line.because()}",
        "release.resumed": lambda line: f"{line.who} took it off hold{line.because()}",
        "release.hold_reason": lambda line: f"{line.who} gave the reason for the hold{line.because()}",
        "release.killed": lambda line: f"{line.who} withdrew it{line.because()}",
        "release.removed": lambda line: (
            f"{line.detail.get('by') or line.who} recorded that {line.detail.get('what') or 'it'} is down"
            f"{line.because()}"
        ),
        "release.outcome": lambda line: (
            f"{line.detail.get('by') or line.who} recorded the outcome of its case: {line.detail.get('outcome')}"
            f"{line.because()}"
        ),
        "release.corrected": lambda line: (
            f"{line.who} corrected it; version {line.version} goes out"
            f" {line.time('lift') if line.detail.get('lift') else 'as soon as it is approved'}"
            f"{line.because('note', ', with the note: ')}{line.because()}"
        ),
        "release.correction_dropped": lambda line: f"{line.who} took the correction back",
        "release.promise_kept": lambda line: (
            f"{line.detail.get('by') or line.who} settled a promise as kept{line.because()}"
        ),
        "release.withdrawn": lambda _: "It is withdrawn from everyone who had it",
        "release.published": lambda line: (
            f"{'The correction is out' if line.detail.get('n') else 'It is published'}; every delivery is done"
        ),
        "delivery.claimed": lambda line: f"Sending to {line.where} started (try {line.detail.get('attempt')})",
        "delivery.given_back": lambda line: f"Nothing was sent to {line.where}{line.because('reason')}",
        "delivery.delivered": lambda line: f"{line.where} accepted it{line.answer()}",
        "delivery.retrying": lambda line: f"{line.where} did not get it{line.because('error')}. It will be tried again",
        "delivery.failed": lambda line: f"Sending to {line.where} failed for good{line.because('error')}",
        "delivery.in_doubt": _doubtful,
        "delivery.late_answer": lambda line: f"{line.where} answered after all{line.answer()}",
        "delivery.retried": lambda line: f"{line.who} had the failed delivery to {line.where} tried again",
        "delivery.settled": _settled,
        "delivery.unsettled": lambda line: f"{line.who} took back the answer about {line.where}",
        "outlet.closed": lambda line: (
            f"{line.where} rejected the login, so sending to it paused{line.because('reason')}"
        ),
        "outlet.opened": lambda line: f"Sending to {line.where} is on again{line.because()}",
        "stopped": lambda line: f"{line.who} stopped everything{line.because()}",
        "resumed": lambda line: f"{line.who} turned publishing back on",
        "clock.confirmed": lambda line: f"{line.who} confirmed that this computer's clock is right",
        "scheduler.started": lambda line: f"The scheduler started on {line.line.host}",
        "scheduler.ended": lambda line: f"The scheduler ended on {line.line.host}",
        "checkpoint": lambda line: (
            f"The journal up to line {str(line.detail.get('head')).partition(':')[0]} was"
            f" {_vouched(line)}{line.because('error')}"
        ),
        "exported": lambda line: (
            f"{line.who} exported the record of {line.named('releases')} into {line.detail.get('file')}"
        ),
        "backup": lambda line: f"{line.who} made a backup, {line.detail.get('file')}",
        "replaced": lambda line: f"{line.who} put a backup in the place of this database",
        "restored": _restored,
        "adopted": _adopted,
        "store.moved": lambda line: (
            f"{line.who} moved the database from {line.detail.get('from_database')} to {line.detail.get('to_database')}"
        ),
    }
)


#: What is before a sentence about a delivery that is no publication.
_AS = {"correct": "Correction: ", "withdraw": "Withdrawal: "}


def journal_sentence(line: Line, *, timezone: str, named: bool = True) -> str:
    """Return a line of the journal as a sentence, with its number, its local time and UTC.

    The release's slug is before the sentence if it is `named`. An event that this program doesn't know, such as
    a newer one's, is shown by its name.
    """
    read = _Line(line, json.loads(line.detail), timezone)
    at = from_micros(line.at)
    make = SENTENCES.get(line.event)
    words = f"{make(read)}." if make else f"{line.actor}: {line.event} {line.detail}"
    words = _AS.get(str(read.detail.get("action")), "") + words
    about = f"{line.slug}: " if named and line.slug else ""
    moment = f"{say_second(at, timezone=timezone)} ({rfc3339(at.replace(microsecond=0))})"
    return f"{line.n}  {one_line(f'{moment}: {about}{words}')}"
