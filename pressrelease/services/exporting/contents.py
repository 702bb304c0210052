"""What an export has of one release: read from a consistent copy of the record, and composed from the frozen versions.

releases/SLUG/versions.json     what was frozen, and under which name; oldest first
releases/SLUG/approvals.json    every approval, withdrawn ones too, with what was signed and the signature
releases/SLUG/clearances.json   the last answers
releases/SLUG/lifts.json        who reported its event
releases/SLUG/deliveries.json   every delivery with its receipt
releases/SLUG/corrections.json  each correction with the note that readers saw
releases/SLUG/versions/N-NAME/  frozen.json and settings.json as they were hashed, the attachments, and the
                                release as text, HTML and Word
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pressrelease.errors import NotFound, StateUnreadable, Usage
from pressrelease.formats.news_item import Edition
from pressrelease.message.embargoed import embargo_words, with_top_line
from pressrelease.message.enclosures import safe_names
from pressrelease.publishing.rendering import RenderCache
from pressrelease.release import SHOWN, from_canonical
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.services import ServiceContext
from pressrelease.signing import Approved, content_of
from pressrelease.signing.clearances import ClearanceStatement
from pressrelease.signing.lifts import lift_statement
from pressrelease.status.dossier import Directive
from pressrelease.store.journal import Line
from pressrelease.store.queries import Reader
from pressrelease.store.records import FrozenVersion, frozen_of
from pressrelease.store.rows import Row, format_utc, from_micros, maybe_time, scheduled_of

#: Columns of the record that are times, in whole microseconds of UTC.
_TIMES = frozenset("at until withdrawn_at frozen_at lift next_try first_sent_at delivered_at quiet_at ended_at".split())

#: Columns of `deliveries` that are about the process that sends, not about what was sent.
_OF_THE_SENDER = ("id", "slug", "owner", "lease_until", "claimed_from")

#: The line on top of every version of a release that was killed.
WITHDRAWN = "WITHDRAWN – DO NOT USE"

#: The line on top of a version that was never sent and waits for no time.
NOT_PUBLIC = "NOT PUBLISHED – NOT FOR RELEASE"


@dataclass(frozen=True)
class Version:
    """One frozen version: its number among the release's versions, its row for versions.json, and its bytes.

    `lift` is UTC, None if it never had one; `left` is whether any of it was ever sent; `row` has `folder`, below
    `releases/SLUG/`.
    """

    number: int
    name: str
    frozen: FrozenVersion
    frozen_at: datetime
    frozen_by: str
    lift: datetime | None
    left: bool
    row: Mapping[str, Any]


@dataclass(frozen=True)
class ReleaseRecord:
    """Everything on record of one release. `closed` says why nobody outside may have it yet, "" if it is out.

    `closed_until` is the lift that it waits for, None for none. `state` is the release's, in words, and `withdrawn` is
    whether it was killed.
    """

    slug: str
    headline: str
    state: str
    closed: str
    closed_until: datetime | None
    withdrawn: bool
    versions: tuple[Version, ...]
    approvals: tuple[Mapping[str, Any], ...]
    clearances: tuple[Mapping[str, Any], ...]
    lifts: tuple[Mapping[str, Any], ...]
    deliveries: tuple[Mapping[str, Any], ...]
    corrections: tuple[Mapping[str, Any], ...]
    lines: tuple[Line, ...]

    @property
    def folder(self) -> str:
        """Where its files are in the archive."""
        return f"releases/{self.slug}/"


def read_record(context: ServiceContext, copy: Reader, slug: str, now: datetime) -> ReleaseRecord:
    """Return everything that a copy of the record has of a release.

    Raises: NotFound for a release that was never scheduled, StateUnreadable for damaged rows.
    """
    of_slug = {"slug": slug}
    found = copy.rows("SELECT * FROM versions WHERE slug = :slug ORDER BY frozen_at, version", of_slug)
    if not found:
        context.library.read(slug)  # raises NotFound if there is no such release
        raise NotFound(
            f"{slug} was never scheduled, so nothing is on record of it.",
            hint=f"To save the draft itself: `pressrelease proof {slug} --format docx -o FILE`.",
            code="not_scheduled",
        )
    deliveries = copy.rows("SELECT * FROM deliveries WHERE slug = :slug ORDER BY id", of_slug)
    lifts = {str(row["version"]): row["lift"] for row in deliveries if row["lift"] is not None}
    left = {str(row["version"]) for row in deliveries if row["first_sent_at"] is not None}
    versions = tuple(_version(number, row, lifts, left) for number, row in enumerate(found, start=1))
    approved = {one.name: _approved(copy.store_id(), slug, one) for one in versions}
    closed, until = _why_closed(copy, slug, now)
    return ReleaseRecord(
        slug=slug,
        headline=from_canonical(versions[-1].frozen.canonical).headline,
        state=_state(context, copy, slug),
        closed=closed,
        closed_until=until,
        withdrawn=_is_withdrawn(copy, slug),
        versions=versions,
        approvals=tuple(
            _approval(row, approved)
            for row in copy.rows("SELECT * FROM approvals WHERE slug = :slug ORDER BY id", of_slug)
        ),
        clearances=tuple(
            _clearance(row, approved, _settings(copy, versions))
            for row in copy.rows("SELECT * FROM clearances WHERE slug = :slug ORDER BY version, name", of_slug)
        ),
        lifts=tuple(
            _signed(row, lift_statement(approved[row["version"]], row["by"], from_micros(row["at"])).text())
            for row in copy.rows("SELECT * FROM event_lifts WHERE slug = :slug", of_slug)
        ),
        deliveries=tuple(_plain(row, without=_OF_THE_SENDER) for row in deliveries),
        corrections=tuple(
            _plain(row, without=("slug", "before"))
            for row in copy.rows("SELECT * FROM corrections WHERE slug = :slug ORDER BY n", of_slug)
        ),
        lines=tuple(copy.journal([slug])),
    )


def _version(number: int, row: Row, lifts: Mapping[str, int], left: Collection[str]) -> Version:
    frozen = frozen_of(row)
    release = from_canonical(frozen.canonical)
    name = str(row["version"])
    names = safe_names(one.path for one in release.attachments)
    return Version(
        number=number,
        name=name,
        frozen=frozen,
        frozen_at=from_micros(row["frozen_at"]),
        frozen_by=str(row["frozen_by"]),
        lift=maybe_time(lifts.get(name)) or frozen.lift,
        left=name in left,
        row={
            "folder": f"versions/{number}-{name[:SHOWN]}/",
            "version": name,
            "frozen_at": format_utc(from_micros(row["frozen_at"])),
            "frozen_by": row["frozen_by"],
            "headline": release.headline,
            "lift": format_utc(frozen.lift) if frozen.lift else None,
            "wall": frozen.wall,
            "outlets": list(frozen.outlets),
            "recipients": dict(frozen.recipients),
            "settings": frozen.settings or None,
            "attachments": dict(frozen.attachments),
            "files": {path: f"attachments/{safe}" for path, safe in names.items()},
        },
    )


def _approved(store_id: str, slug: str, version: Version) -> Approved:
    frozen = version.frozen
    content = content_of(
        frozen.canonical, frozen.attachments, frozen.outlets, frozen.recipients, settings=frozen.settings
    )
    return Approved(store_id, slug, version.name, content, frozen.lift, frozen.lift, frozen.wall)


def _approval(row: Row, approved: Mapping[str, Approved]) -> dict[str, Any]:
    statement = approved[row["version"]].statement(row["by"], from_micros(row["at"]))
    return _signed(row, statement.text())


def _clearance(row: Row, approved: Mapping[str, Approved], settings: Mapping[str, Any]) -> dict[str, Any]:
    name = {"clearance": row["name"]}
    if not row["signature"]:
        return name | _signed(row, b"")
    of = approved[row["version"]]
    rules = settings.get(row["version"], {}).get("clearances", {})
    ask = str(rules.get(row["name"], {}).get("ask", ""))
    statement = ClearanceStatement(
        of.store_id, of.slug, of.version, of.content, row["name"], ask, row["by"], from_micros(row["at"])
    )
    return name | _signed(row, statement.text())


def _settings(copy: Reader, versions: tuple[Version, ...]) -> dict[str, Mapping[str, Any]]:
    return {one.name: copy.settings(one.frozen.settings) for one in versions if one.frozen.settings}


def _signed(row: Row, text: bytes) -> dict[str, Any]:
    """Return a row for JSON, with the text that was signed if it is signed."""
    plain = _plain(row, without=("id", "slug", "name", "person", "own"))
    return plain | {"signed": text.decode() if row["signature"] else None}


def _plain(row: Row, *, without: tuple[str, ...]) -> dict[str, Any]:
    """Return a row's columns for JSON: times as RFC 3339 in UTC."""
    kept = {name: value for name, value in row.items() if name not in without}
    return {
        name: format_utc(from_micros(value)) if name in _TIMES and value is not None else value
        for name, value in kept.items()
    }


def _why_closed(copy: Reader, slug: str, now: datetime) -> tuple[str, datetime | None]:
    """Return why nobody outside may have a release yet, with the lift that it waits for; "" and None if it is out."""
    rows = copy.rows("SELECT * FROM releases WHERE slug = :slug", {"slug": slug})
    release = scheduled_of(rows[0]) if rows else None
    if release is not None and release.word not in {Directive.KILLED, Directive.DISMISSED}:
        if release.lift is not None and release.lift > now:
            return "It is under embargo.", release.lift
        if release.waits_for_event:
            return f"It is under embargo until its event happens ({release.embargo.text}).", None
        if release.lift is None:
            return "It is not approved yet.", None
        return "", None
    out = "SELECT 1 AS found FROM deliveries WHERE slug = :slug AND first_sent_at IS NOT NULL LIMIT 1"
    return ("", None) if copy.rows(out, {"slug": slug}) else ("It was never published.", None)


def _is_withdrawn(copy: Reader, slug: str) -> bool:
    killed = "SELECT 1 AS found FROM releases WHERE slug = :slug AND word = 'killed'"
    return bool(copy.rows(killed, {"slug": slug}))


def _state(context: ServiceContext, copy: Reader, slug: str) -> str:
    if not copy.rows("SELECT 1 AS found FROM releases WHERE slug = :slug", {"slug": slug}):
        return "a draft again"
    status = context.report(slug).status
    return status.state.sentence + (f" ({status.reason.rstrip('.')})" if status.reason else "")


# -- its files -------------------------------------------------------------------------------------------------


def files_of(context: ServiceContext, copy: Reader, record: ReleaseRecord) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of a release, except what the whole archive has one of.

    A Word file is left out if python-docx is not installed. Raises StateUnreadable.
    """
    for name in ("versions", "approvals", "clearances", "lifts", "deliveries", "corrections"):
        rows = [one.row for one in record.versions] if name == "versions" else getattr(record, name)
        yield f"{record.folder}{name}.json", as_json(rows)
    cache = RenderCache(context.config, context.store)
    for version in record.versions:
        place = record.folder + version.row["folder"]
        yield f"{place}frozen.json", version.frozen.canonical
        if version.frozen.settings:
            yield f"{place}settings.json", _blob(copy, version.frozen.settings)
        for path, sha256 in version.frozen.attachments.items():
            yield place + version.row["files"][path], _blob(copy, sha256)
        for name, content in _renders(cache, record, version):
            yield place + name, content


def _blob(copy: Reader, sha256: str) -> bytes:
    content = copy.blob(sha256)
    if content is None:
        raise StateUnreadable("A part of the frozen release is missing from the database. No archive was made.")
    return content


def _renders(cache: RenderCache, record: ReleaseRecord, version: Version) -> Iterator[tuple[str, bytes]]:
    """Yield a version as text, HTML and Word, with the embargo on top of each while nobody outside may have it."""
    from pressrelease.formats.docx import docx
    from pressrelease.formats.eml import html_page

    composed_for = version.lift or version.frozen_at.replace(microsecond=0)
    waiting = Delivery(0, record.slug, version.name, "", "", DeliveryState.WAITING, lift=composed_for)
    message = cache.message(waiting)
    if record.withdrawn:
        message = with_top_line(message, WITHDRAWN)
    elif not version.left:
        until = record.closed_until if version is record.versions[-1] else None
        line = f"{embargo_words(message, until)} – NOT FOR RELEASE" if until else NOT_PUBLIC
        message = with_top_line(message, line)
    yield "release.txt", message.text.encode()
    yield (
        "release.html",
        html_page(message, {one.name: f"attachments/{one.name}" for one in message.enclosures}).encode(),
    )
    mark = f"{message.embargo_line or 'FROM THE RECORD'} – version {version.name[:SHOWN]}"
    with contextlib.suppress(Usage):  # python-docx is not installed; the screen and the summary say so
        yield "release.docx", docx(message, Edition(version.number, version.frozen_at), mark)


def as_json(value: object) -> bytes:
    """Return a value as the JSON of a file that people may look into."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")
