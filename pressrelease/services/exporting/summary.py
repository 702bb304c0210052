"""The summary on top of an export: what a records officer, a lawyer or a judge can read without any program. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pressrelease.release import SHOWN
from pressrelease.services.exporting.contents import ReleaseRecord, Version
from pressrelease.store.journal import Head, Line
from pressrelease.when import read_rfc3339, say_full

#: How many recipients of an outlet are listed; more are counted, and those that have not got it are listed.
LISTED = 200

#: What each action of a delivery is called before its state.
_ACTIONS = {"publish": "", "advance": "advance copy ", "correct": "correction ", "withdraw": "withdrawal "}

_RULE = "=" * 78


class Making(NamedTuple):
    """Who made an export where and when (UTC), in which time zone it is written, and the journal's head then.

    `sentence` writes a line of the journal for people. `left_out` are things that are not in it, a sentence each.
    """

    office: str
    timezone: str
    at: datetime
    by: str
    program: str
    head: Head
    sentence: Callable[[Line], str]
    left_out: tuple[str, ...] = ()


def summary(records: Sequence[ReleaseRecord], making: Making) -> str:
    """Return the summary, with every embargo on top."""
    return "\n".join([*_on_top(records, making), *_made(records, making), *_releases(records, making), *_how(making)])


def embargo_lines(records: Sequence[ReleaseRecord], timezone: str) -> list[str]:
    """Return a line for each release that nobody outside may have yet; none if all are out."""
    return [
        f"{one.slug}: EMBARGOED UNTIL {say_full(one.closed_until, timezone=timezone)}. NOT FOR RELEASE."
        if one.closed_until
        else f"{one.slug}: NOT FOR RELEASE. {one.closed}"
        for one in records
        if one.closed
    ]


def _on_top(records: Sequence[ReleaseRecord], making: Making) -> list[str]:
    lines = embargo_lines(records, making.timezone)
    lines += [f"{one.slug}: WITHDRAWN. DO NOT USE." for one in records if one.withdrawn]
    return [_RULE, *lines, _RULE, ""] if lines else []


def _made(records: Sequence[ReleaseRecord], making: Making) -> list[str]:
    count = f"{len(records)} press releases" if len(records) > 1 else "a press release"
    return [
        f"THE RECORD OF {count.upper()}",
        making.office,
        f"Made {_time(making.at, making)} by {making.by}, with {making.program}.",
        *making.left_out,
        "",
    ]


def _releases(records: Sequence[ReleaseRecord], making: Making) -> list[str]:
    lines: list[str] = []
    for record in records:
        lines += [_RULE, record.headline, f"{record.slug}: {record.state}", _RULE, ""]
        for version in record.versions:
            lines += [*_version(record, version, making), ""]
        lines += ["What happened, from the journal:", ""]
        lines += [f"  {making.sentence(line)}" for line in _shown(record.lines)]
        lines.append("")
    return lines


def _shown(lines: Sequence[Line]) -> Sequence[Line]:
    """Return the lines that are shown: a mailing has thousands about single deliveries, which journal.jsonl has."""
    of_deliveries = sum(line.event.startswith("delivery.") for line in lines)
    return lines if of_deliveries <= LISTED else [line for line in lines if not line.event.startswith("delivery.")]


def _version(record: ReleaseRecord, version: Version, making: Making) -> list[str]:
    lines = [
        f"Version {version.number} ({version.name[:SHOWN]}), in {record.folder}{version.row['folder']}",
        f"  Fixed {_time(version.frozen_at, making)} by {version.frozen_by}."
        + ("" if version.left else " It was never sent."),
    ]
    if version.lift:
        lines.append(f"  Release time: {_time(version.lift, making)}.")
    lines += [
        f"  Correction by {row['by']}, {_said(row['at'], making)}. Its note to readers: {row['note']}"
        for row in record.corrections
        if row["version"] == version.name
    ]
    lines += [_approval(row, making) for row in record.approvals if row["version"] == version.name]
    lines += [_clearance(row, making) for row in record.clearances if row["version"] == version.name]
    lines += [
        f"  Its event was reported by {row['by']}, {_said(row['at'], making)}."
        for row in record.lifts
        if row["version"] == version.name
    ]
    outlets: dict[str, list[Mapping[str, Any]]] = {}
    for row in record.deliveries:
        if row["version"] == version.name:
            outlets.setdefault(row["outlet"], []).append(row)
    for outlet, rows in outlets.items():
        lines += _deliveries(outlet, rows, making)
    return lines


def _approval(row: Mapping[str, Any], making: Making) -> str:
    signed = ", with a signature" if row["signature"] else ""
    withdrawn = f" Withdrawn {_said(row['withdrawn_at'], making)}." if row["withdrawn_at"] else ""
    return f"  Approved by {row['by']}{signed}, {_said(row['at'], making)}.{withdrawn}"


def _clearance(row: Mapping[str, Any], making: Making) -> str:
    if not row["by"]:
        return f"  Clearance {row['clearance']}: {row['state']}."
    signed = ", with a signature" if row["signature"] else ""
    who = f"{row['by']}{signed}, {_said(row['at'], making)}"
    until = f", good until {_said(row['until'], making)}" if row["until"] else ""
    why = f": {row['why']}" if row["why"] else ""
    return f"  Clearance {row['clearance']}: {row['state']} by {who}{until}{why}."


def _deliveries(outlet: str, rows: Sequence[Mapping[str, Any]], making: Making) -> list[str]:
    counts: dict[str, int] = {}
    for row in rows:
        kind = _kind(row)
        counts[kind] = counts.get(kind, 0) + 1
    lines = [
        f"  {outlet}: " + ", ".join(f"{count} {kind}" if len(rows) > 1 else kind for kind, count in counts.items())
    ]
    listed = rows if len(rows) <= LISTED else [row for row in rows if row["state"] != "delivered"][:LISTED]
    lines += [f"    {_delivery(row, making)}" for row in listed]
    if len(listed) < len(rows):
        lines.append(f"    All {len(rows)} are in deliveries.json.")
    return lines


def _kind(row: Mapping[str, Any]) -> str:
    action = row.get("action") or "publish"
    state = str(row["state"]).replace("_", " ")
    return f"{_ACTIONS.get(action, action)}{state}"


def _delivery(row: Mapping[str, Any], making: Making) -> str:
    parts = [row["recipient"] or "to the outlet", _kind(row)]
    parts += [_said(row["delivered_at"], making)] if row["delivered_at"] else []
    parts += [str(row[name]) for name in ("url", "remote_id", "error") if row[name]]
    return "; ".join(parts)


def _how(making: Making) -> list[str]:
    return [
        _RULE,
        "HOW TO CHECK THIS ARCHIVE",
        _RULE,
        "",
        "Every file is listed in index.json with its SHA-256. verify.py checks them, the chain of the journal, that",
        "each version's name fits what was approved, and the signatures, on any computer with Python 3.8 or newer:",
        "",
        "  python3 verify.py ARCHIVE.zip --signers FILE --head N:HASH --index SHA256",
        "",
        "An archive can't vouch for itself. Get FILE (who signs with which key), N:HASH (the journal's last line) and",
        "SHA256 (of index.json) from the office, and not from this archive.",
        f"The journal's last line when this was made: {making.head}",
        "",
    ]


def _time(moment: datetime, making: Making) -> str:
    return say_full(moment, timezone=making.timezone)


def _said(text: str, making: Making) -> str:
    return _time(read_rfc3339(text), making)
