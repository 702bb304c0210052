"""The frozen version of a release, and the name that its approvals refer to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from pressrelease.errors import StateUnreadable
from pressrelease.release.model import Attachment, Contact, Release, ReleaseKind

FORMAT = 1

#: The length of a version's name in records of layout 6 and before.
SHORT_NAME = 16

#: Keys that older versions did not have: left out if they have no value, so that no version changes its name.
_LATER = ("accept", "clearances", "not_before", "no_later_than", "alternates", "case", "remove_at")

#: Fields about the file only; they are neither published nor used for addressing.
_OF_THE_FILE = ("lines", "body_line", "source_hash")


def canonical(release: Release) -> bytes:
    """Return everything of a release that is published or addressed, as JSON: the same bytes for the same release."""
    return _stable(_values(release))


def from_canonical(data: bytes) -> Release:
    """Return the Release that `canonical` was given, without its file's lines and hash. Raises StateUnreadable."""
    import json

    try:
        values = json.loads(data)
        if values.pop("format") != FORMAT:
            raise ValueError
        contact, outlets, written = values["contact"], values["outlets"], values["date"]
        values["date"] = None if written is None else date.fromisoformat(written)
        values["kind"] = ReleaseKind(values["kind"])
        values["outlets"] = None if outlets is None else tuple(outlets)
        values["contact"] = None if contact is None else Contact(**contact)
        values["keywords"] = tuple(values["keywords"])
        values["attachments"] = tuple(Attachment(**attachment) for attachment in values["attachments"])
        values["accept"] = tuple((str(code), str(reason)) for code, reason in values.get("accept", ()))
        values["clearances"] = tuple(values.get("clearances", ()))
        return Release(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise StateUnreadable(
            "The stored text of a release can't be read. It was not sent.",
            hint="To check the whole database: `pressrelease doctor`.",
            code="frozen_unreadable",
        ) from None


def version_of(
    release: Release,
    *,
    attachment_hashes: Mapping[str, str],
    lift: datetime | None,
    outlets: Sequence[str],
    wall: str = "",
    recipients: Mapping[str, str] = MappingProxyType({}),
    settings: str = "",
) -> str:
    """Return the name of one version: SHA-256 (64 hex digits) over everything that an approval covers.

    `attachment_hashes` maps a path to the SHA-256 of its bytes. `lift` is aware, or None if the release goes out with
    its last approval; `wall` is its wall time, "" for an instant. The order of `outlets` does not matter. `recipients`
    maps an outlet to the digest of its recipients, and `settings` is the SHA-256 of what config.toml adds
    (`config.frozen`); both are empty for a version frozen before they were part of it.

    Raises: ValueError for a naive lift.
    """
    if lift is not None and lift.utcoffset() is None:
        raise ValueError("the lift has no time zone")
    whole = {
        "release": _values(release),
        "attachments": dict(attachment_hashes),
        "lift": None if lift is None else lift.astimezone(UTC).isoformat(timespec="microseconds"),
        "outlets": sorted(set(outlets)),
    }
    later: dict[str, Any] = {"wall": wall, "recipients": dict(recipients), "settings": settings}
    whole |= {name: value for name, value in later.items() if value}
    return hashlib.sha256(_stable(whole)).hexdigest()


def is_named(
    name: str,
    release: Release,
    *,
    attachment_hashes: Mapping[str, str],
    lift: datetime | None,
    outlets: Sequence[str],
    wall: str = "",
    recipients: Mapping[str, str] = MappingProxyType({}),
    settings: str = "",
) -> bool:
    """Return whether `name` is the name of this version; the other arguments are those of `version_of`.

    A version that was frozen before settings were part of it is named by the first 16 digits, and keeps that name.
    """
    whole = version_of(
        release,
        attachment_hashes=attachment_hashes,
        lift=lift,
        outlets=outlets,
        wall=wall,
        recipients=recipients,
        settings=settings,
    )
    return name == whole or (not settings and len(name) == SHORT_NAME and name == whole[:SHORT_NAME])


def digest_of_recipients(recipients: Iterable[str]) -> str:
    """Return the SHA-256, in hexadecimal, of a set of recipients; their order does not matter."""
    return hashlib.sha256(_stable(sorted(recipients))).hexdigest()


def digests_of(recipients: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return `digest_of_recipients` for each outlet, by its name."""
    return {outlet: digest_of_recipients(people) for outlet, people in recipients.items()}


def _values(release: Release) -> dict[str, Any]:
    values = release._asdict()
    for name in _OF_THE_FILE:
        del values[name]
    values["contact"] = None if release.contact is None else release.contact._asdict()
    values["attachments"] = [
        {key: value for key, value in attachment._asdict().items() if value or key not in _LATER}
        for attachment in release.attachments
    ]
    values["date"] = None if release.date is None else release.date.isoformat()
    values["kind"] = release.kind.value
    values["format"] = FORMAT
    return {name: value for name, value in values.items() if value or name not in _LATER}


def _stable(values: Mapping[str, Any] | Sequence[str]) -> bytes:
    import json

    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
