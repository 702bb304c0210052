"""Answers as plain lines: for pipes, for screen readers, and for a terminal without colour or boxes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pressrelease.release import SHOWN
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.status.views import (
    Row,
    approver_words,
    delivery_json,
    late_words,
    list_words,
    next_command,
    state_sentence,
    status_words,
    to_clear_words,
    when_words,
    where_words,
)
from pressrelease.when import say_embargo, say_full

if TYPE_CHECKING:
    from pressrelease.config import Policy


def status_lines(
    rows: Sequence[Row], *, timezone: str, now: datetime, policy: Policy, detailed: bool = False
) -> list[str]:
    """Return `status` as lines, a paragraph for a release; `detailed` adds its embargo, approvals and deliveries."""
    if not rows:
        return ["There are no releases yet. To start one: `pressrelease new HEADLINE`"]
    lines: list[str] = []
    for row in rows:
        lines.append(f"{row.slug}: {status_words(row.status)}")
        if row.headline:
            lines.append(f"  {row.headline}")
        lines.append(f"  when: {when_words(row, timezone=timezone, now=now)}")
        if reason := row.status.reason:
            lines.append(f"  why: {reason}")
        if row.dossier is not None:
            if detailed:
                lines += _details(row, timezone=timezone, now=now)
            else:
                below = (*to_clear_words(row, timezone=timezone, now=now), *where_words(row.dossier.deliveries))
                lines += [f"  {line}" for line in below]
            lines += [f"  {line}" for line in list_words(row.dossier.lists)]
        if who := approver_words(row, policy):
            lines.append(f"  {who}")
        if command := next_command(row):
            lines.append(f"  next: {command}")
    return lines


def _details(row: Row, *, timezone: str, now: datetime) -> list[str]:
    assert row.dossier is not None  # noqa: S101  (asked by the caller)
    lines = [f"  version: {row.dossier.release.version[:SHOWN]}"]
    if row.embargo is not None:
        lines.append(f"  embargo: {say_embargo(row.embargo, now=now)}")
    lines += [
        f"  approved by {approval.by}: {say_full(approval.at, timezone=timezone)}" for approval in row.dossier.approvals
    ]
    if row.dossier.clearances:
        from pressrelease.cli.clearance_lines import clearance_lines

        lines += [f"  {words}" for words in clearance_lines(row.dossier, timezone=timezone, now=now)]
    shown, alike = _told_apart(row.dossier.shown)
    lines += [f"  {words}" for words in alike]
    for delivery in shown:
        facts = delivery_json(delivery)
        who = delivery.outlet + (f" to {delivery.recipient}" if delivery.recipient else "")
        parts = [state_sentence(delivery), f"{delivery.attempts} tries" if delivery.attempts != 1 else "1 try"]
        if facts["late_ms"] is not None:
            parts.append(late_words(timedelta(milliseconds=facts["late_ms"])))
        parts += [str(facts[key]) for key in ("url", "error") if facts[key]]
        if delivery.next_try is not None and delivery.attempts:
            parts.append(f"next try {say_full(delivery.next_try, timezone=timezone, now=now)}")
        if delivery.state is DeliveryState.IN_DOUBT:
            parts.append(f"key {delivery.key}")
        lines.append(f"  {who}: {'; '.join(parts)}")
    return lines


#: An outlet's recipients that all say the same are counted from this many on.
MANY = 10


def _told_apart(deliveries: Sequence[Delivery]) -> tuple[list[Delivery], list[str]]:
    """The deliveries that are shown one by one, and, of lists on which many say the same, how many say it."""
    groups: dict[tuple[str, DeliveryState, str | None], list[Delivery]] = {}
    for one in deliveries:
        groups.setdefault((one.outlet, one.state, one.error), []).append(one)
    shown, alike = [], []
    for (outlet, state, error), those in groups.items():
        if len(those) < MANY or (those[0].needs_person and state is DeliveryState.IN_DOUBT):
            shown += those
        else:
            alike.append(f"{outlet}: {len(those):,} {state_sentence(those[0])}" + (f"; {error}" if error else ""))
    return shown, alike
