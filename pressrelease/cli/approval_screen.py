"""What an approver reads before a yes: everything that one version covers, and what changed, in words and as JSON.

    Review ──screen_lines──▶ plain lines of at most a terminal's width, without color
           ──review_json───▶ the same in full, for a program

Each label takes a column of its own, so that the lines read the same when they are broken at words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pressrelease.cli.clearance_lines import clearance_lines
from pressrelease.cli.reporting import finding_lines, labeled
from pressrelease.release import SHOWN
from pressrelease.release.word_changes import Piece, PieceKind, TextChange
from pressrelease.status.views import clearance_json, list_words, maybe_rfc3339
from pressrelease.when import rfc3339, say_full, say_span

if TYPE_CHECKING:
    from pressrelease.release.difference import AttachmentChange, Difference, RecipientChange, ValueChange
    from pressrelease.services.reviewing import LastApproval, Review
    from pressrelease.status.dossier import Scheduled

#: How much of what changed a screen has: places of the text, characters of one place, and addresses of one list.
MOST_PLACES = 30
LONGEST_PLACE = 2_000
MOST_PEOPLE = 5

#: How many words are shown on either side of a change.
AROUND = 6


# -- words -------------------------------------------------------------------------------------------------------


def screen_lines(review: Review, *, timezone: str, now: datetime) -> list[str]:
    """Return what is approved, as plain lines; `now` is aware."""
    release, scheduled = review.covered.release, review.report.dossier.release
    lines = [scheduled.slug, labeled("headline", _visible(release.headline))]
    if scheduled.n > 1:
        lines.append(labeled("CORRECTS", f"a release that is out, with the public note: {_visible(scheduled.note)}"))
    lines.append(labeled("goes out", _moment(scheduled.lift, timezone, now, event=_event(scheduled))))
    for outlet, people in review.covered.recipients.items():
        lines.append(labeled("to", outlet + _counted(sum(bool(one) for one in people))))
    for file in review.attachments:
        named = f", “{_visible(file.title or file.alt)}”" if file.title or file.alt else ""
        lines.append(labeled("attached", f"{_visible(file.path)} ({_size_words(file.size)}{named})"))
    coming_down = [("the release", release.remove_at), *((one.path, one.remove_at) for one in release.attachments)]
    lines += [labeled("removal", f"{_visible(what)}: {_visible(typed)}") for what, typed in coming_down if typed]
    lines += finding_lines(review.findings)
    lines += [labeled("warning", words) for words in list_words(review.report.dossier.lists)]
    lines += _promise_lines(review, timezone=timezone, now=now)
    for one, words in zip(
        review.report.dossier.clearances,
        clearance_lines(review.report.dossier, timezone=timezone, now=now),
        strict=True,
    ):
        question = words.removeprefix(f"clearance {one.name}: ")
        lines.append(labeled("needs", question if question.startswith(one.name) else f"{one.name}: {question}"))
    # What it excludes (alternates) belongs here.
    if release.alternates:
        lines.append(labeled("excludes", f"every other release with alternates: {release.alternates}"))
    for approval in review.report.dossier.approvals:
        void = f" (does not count: {approval.doubt})" if approval.doubt else ""
        minute = approval.at.replace(second=0, microsecond=0)
        lines.append(labeled("approved", f"by {approval.by}, {say_full(minute, timezone=timezone)}{void}"))
    lines.append(labeled("version", review.covered.version[:SHOWN]))
    return [*lines, *_since_lines(review, timezone=timezone)]


def _moment(lift: datetime | None, timezone: str, now: datetime | None = None, *, event: str = "") -> str:
    if lift is None:
        return event or "as soon as it is approved"
    moment = say_full(lift, timezone=timezone, now=now)
    return f"as soon as it is approved; its time was {moment}" if now and lift <= now else moment


def _event(release: Scheduled) -> str:
    """Return what a release waits for that a person lifts, "" for any other."""
    return f"when it is lifted: {release.embargo.text}" if release.waits_for_event else ""


def _counted(people: int) -> str:
    return f" ({people:,} recipient{'s' if people > 1 else ''})" if people else ""


def _size_words(size: int) -> str:
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:,.0f} KB" if size < 1 << 20 else f"{size / (1 << 20):,.1f} MB"


def _promise_lines(review: Review, *, timezone: str, now: datetime) -> Iterator[str]:
    from pressrelease.services.promising import due_words

    for promise in review.promises:
        due = due_words(promise, timezone=timezone, now=now)
        place = f" (line {promise.line})" if promise.line else ""
        yield labeled("promises", f"“{_visible(promise.text)}”{place}: {due}")


def _since_lines(review: Review, *, timezone: str) -> list[str]:
    last = review.last
    if last is None:
        return [labeled("changed", "No other version of it was approved before.")]
    minute = last.at.replace(second=0, microsecond=0)
    when = f"version {last.version[:SHOWN]}, approved by {last.by}, {say_full(minute, timezone=timezone)}"
    if last.difference is None:
        return [labeled("CHANGED", f"since {when}. That version can't be read any more, so read this one in whole.")]
    lines = difference_lines(last.difference, timezone=timezone, body_line=review.covered.release.body_line)
    return [labeled("CHANGED", f"since {when}:"), *lines]


def difference_lines(found: Difference, *, timezone: str, body_line: int = 1) -> list[str]:
    """Return what differs between two versions: the lift and the recipients first, then words, then the rest.

    `body_line` is the line of the file on which the later text begins.
    """
    lines: list[str] = []
    if found.lift is not None:
        lines += _was_now("goes out", *(_moment(lift, timezone) for lift in found.lift))
        lines += [f"    {words}" for words in _moved(found.lift.before, found.lift.after)]
    lines += [f"    {words}" for change in found.recipients for words in _recipient_words(change)]
    for value in found.values:
        lines += _was_now(value.name, value.before, value.after)
    lines += text_lines(found.text, body_line)
    lines += [f"    attached: {_attachment_words(change)}" for change in found.attachments]
    for value in found.config:
        lines += _was_now(f"config.toml, {value.name}" if value.name.startswith("[") else value.name, *value[1:])
    return lines


def _was_now(name: str, before: str, after: str) -> list[str]:
    was, now = (_visible(value, exact=True) or "(nothing)" for value in (before, after))
    return [f"    {name}", f"      was  {was}", f"      now  {now}"]


def _moved(before: datetime | None, after: datetime | None) -> list[str]:
    if before is None or after is None:
        return []
    if before == after:
        return ["The moment is the same; whether it follows the clock on the wall was changed."]
    return [f"{say_span(after - before)} {'EARLIER' if after < before else 'later'}"]


def _recipient_words(change: RecipientChange) -> Iterator[str]:
    if change.change != "changed":
        who = f"to {change.outlet}{_counted(len(change.joined) or len(change.left))}"
        yield f"{who}: {'NEW' if change.change == 'added' else 'no longer'}"
        return
    for word, people in (("NEW", change.joined), ("no longer", change.left)):
        if people:
            more = f" and {len(people) - MOST_PEOPLE:,} more" if len(people) > MOST_PEOPLE else ""
            yield f"to {change.outlet}{_counted(len(people))}: {word}: {', '.join(people[:MOST_PEOPLE])}{more}"


def _attachment_words(change: AttachmentChange) -> str:
    words = {
        "added": "NEW",
        "removed": "no longer attached",
        "changed": "the file was changed",
        "described": "its title or alt text was changed",
    }
    return f"{_visible(change.path)}: {words[change.change]}"


# -- a text ------------------------------------------------------------------------------------------------------


def text_lines(changes: Sequence[TextChange], body_line: int) -> list[str]:
    """Return what changed in a text, place by place; `body_line` is the text's first line in its file."""
    if not changes:
        return []
    removed, added = sum(one.removed for one in changes), sum(one.added for one in changes)
    marks = _marks(changes)
    lines = [
        f"    text: {removed:,} word{'' if removed == 1 else 's'} taken out, {added:,} added"
        f" ({marks[PieceKind.REMOVED].format('taken out')}, {marks[PieceKind.ADDED].format('added')})"
    ]
    for change in changes[:MOST_PLACES]:
        lines.append(f"      line {body_line + change.line - 1}: {_place(change, marks)}")
    if len(changes) > MOST_PLACES:
        lines.append(f"      {len(changes) - MOST_PLACES:,} more places were changed. Read the whole text.")
    return lines


def _marks(changes: Sequence[TextChange]) -> dict[PieceKind, str]:
    """Return how words are marked: with brackets that the texts themselves don't have, so that none can pretend."""
    whole = "".join(piece.text for change in changes for piece in change.pieces)
    brackets = 1
    while re.search(rf"\[{{{brackets}}}-|-\]{{{brackets}}}|\{{{{{brackets}}}\+|\+\}}{{{brackets}}}", whole):
        brackets += 1
    opened, closed = "[" * brackets, "]" * brackets
    more, end = "{" * brackets, "}" * brackets
    return {
        PieceKind.SAME: "{}",
        PieceKind.REMOVED: f"{opened}-{{}}-{closed}",
        PieceKind.ADDED: f"{more * 2}+{{}}+{end * 2}",
    }


def _place(change: TextChange, marks: dict[PieceKind, str]) -> str:
    parts = []
    last = len(change.pieces) - 1
    for number, piece in enumerate(change.pieces):
        words = _around(piece, first=number == 0, last=number == last) if piece.kind is PieceKind.SAME else piece.text
        shown = _flat(words, exact=piece.kind is not PieceKind.SAME)
        if shown:
            parts.append(marks[piece.kind].format(shown))
    text = " ".join(parts)
    if len(text) > LONGEST_PLACE:
        text = f"{text[:LONGEST_PLACE].rsplit(' ', 1)[0]} … (much more was changed here)"
    return text


def _around(piece: Piece, *, first: bool, last: bool) -> str:
    words = piece.text.split()
    if first and last:
        return ""
    if first:
        return piece.text if len(words) <= AROUND else f"… {' '.join(words[-AROUND:])}"
    if last:
        return piece.text if len(words) <= AROUND else f"{' '.join(words[:AROUND])} …"
    if len(words) <= 2 * AROUND:
        return piece.text
    return f"{' '.join(words[:AROUND])} … {' '.join(words[-AROUND:])}"


def _flat(text: str, *, exact: bool) -> str:
    """Return words on one line. In what changed, a line break is ¶, and more white space than one blank is ·."""
    if not exact:
        return _visible(" ".join(text.split()))
    text = re.sub(r"[^\S\n]{2,}|\t|[^\S\n](?=\n)", lambda found: "·" * len(found.group()), text.strip(" "))
    return _visible(text.replace("\n", "¶"), exact=True)


def _visible(text: str, *, exact: bool = False) -> str:
    """Return a text with the number of each character that can't be seen; `exact` also of blanks of other kinds.

    A change of one must not look like none.
    """
    if text.isprintable():
        return text
    return "".join(one if _is_visible(one, exact=exact) else f"<U+{ord(one):04X}>" for one in text)


def _is_visible(character: str, *, exact: bool) -> bool:
    return character.isprintable() or (not exact and unicodedata.category(character) == "Zs")


# -- JSON --------------------------------------------------------------------------------------------------------


def review_json(review: Review, *, now: datetime) -> dict[str, Any]:
    """Return the JSON of what is approved: one element of `approving`; `now` is aware."""
    scheduled = review.report.dossier.release
    return {
        "slug": scheduled.slug,
        "version": review.covered.version,
        "n": scheduled.n,
        "note": scheduled.note or None,
        "headline": review.covered.release.headline,
        "lift": maybe_rfc3339(scheduled.lift),
        "outlets": [
            {"outlet": outlet, "recipients": sum(bool(one) for one in people) or None}
            for outlet, people in review.covered.recipients.items()
        ],
        "attachments": [
            {
                "path": one.path,
                "title": one.title or None,
                "alt": one.alt or None,
                "bytes": one.size,
                "sha256": one.sha256,
            }
            for one in review.attachments
        ],
        "findings": [one.as_json() for one in review.findings],
        "promises": [
            {
                "text": one.text,
                "line": one.line,
                "not_before": maybe_rfc3339(one.not_before),
                "no_later_than": maybe_rfc3339(one.no_later_than),
            }
            for one in review.promises
        ],
        "lists_edited": [change._asdict() for change in review.report.dossier.lists],
        "clearances": [clearance_json(one, now=now) for one in review.report.dossier.clearances],
        "approvals": [{"by": one.by, "at": rfc3339(one.at)} for one in review.report.dossier.approvals],
        "since": None if review.last is None else _since_json(review.last, review.covered.release.body_line),
    }


def _since_json(last: LastApproval, body_line: int) -> dict[str, Any]:
    return {
        "version": last.version,
        "approved_by": last.by,
        "approved_at": rfc3339(last.at),
        "difference": None if last.difference is None else difference_json(last.difference, body_line=body_line),
    }


def difference_json(found: Difference, *, body_line: int = 1) -> dict[str, Any]:
    """Return what differs between two versions, in full; `body_line` as in `difference_lines`."""
    lift = found.lift
    return {
        "lift": None if lift is None else {"before": maybe_rfc3339(lift.before), "after": maybe_rfc3339(lift.after)},
        "recipients": [one._asdict() for one in found.recipients],
        "values": [_value_json(one) for one in found.values],
        "text": [
            {
                "line": body_line + one.line - 1,
                "pieces": [{"kind": piece.kind.value, "text": piece.text} for piece in one.pieces],
            }
            for one in found.text
        ],
        "attachments": [one._asdict() for one in found.attachments],
        "config": [_value_json(one) for one in found.config],
    }


def _value_json(change: ValueChange) -> dict[str, str | None]:
    return {"name": change.name, "before": change.before or None, "after": change.after or None}
