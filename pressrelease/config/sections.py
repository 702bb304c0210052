"""The tables of config.toml other than the outlets: a row a key, with the model's own defaults."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, NamedTuple

from pressrelease.config.keys import Cover, Key, Several, Wrong
from pressrelease.config.settings import Config, Office
from pressrelease.config.values import (
    address_or_secret_or_empty,
    did_you_mean,
    duration,
    flag,
    list_of,
    outlet_name,
    share,
    text,
    text_or_empty,
    timezone,
    wall_time,
    web_address,
    web_address_or_empty,
    whole,
)
from pressrelease.release.model import Contact

_CONTACT_SAMPLE = '{ name = "Press Office", phone = "530-555-0100", email = "press@example.org" }'
_YEAR = timedelta(days=365)


class Section(NamedTuple):
    """A table of config.toml."""

    name: str
    help: str
    keys: tuple[Key, ...]


def contact(value: Any) -> Contact:
    """Whom reporters call: name, phone, email."""
    if not isinstance(value, dict):
        raise Wrong("should be a table of name, phone and email", f"Write it like {_CONTACT_SAMPLE}.")
    known = ("name", "phone", "email")
    wrongs: list[Wrong] = []
    found: dict[str, str] = {}
    for key, entry in value.items():
        try:
            if key not in known:
                raise Wrong(f"is not known{did_you_mean(key, known)}", f"contact has {', '.join(known)}.")
            found[key] = text_or_empty(entry)
        except Wrong as wrong:
            name = key if key in known else "key"
            wrongs.append(Wrong(f"{name} {wrong.message}", wrong.hint, (key,)))
    if wrongs:
        raise Several(wrongs)
    return Contact(**found)


def language(value: Any) -> str:
    """A language tag (RFC 5646): "en-US"."""
    tag = text(value)
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", tag):
        raise Wrong("is not a language tag", 'Write it like "en-US".')
    return tag


def store_url(value: Any) -> str:
    """A database of SQLite in a file, or of PostgreSQL; without a password in it."""
    url = text(value)
    shape = 'Write "sqlite:///.pressrelease/state.db" or "postgresql+psycopg://host/name".'
    if url.startswith("sqlite:///"):
        file = url.removeprefix("sqlite:///").partition("?")[0]
        if not file.strip("/") or ":memory:" in file:
            raise Wrong("names no file; what is not on disk is lost", shape)
        return url
    if not re.match(r"postgresql\+psycopg://", url):
        raise Wrong("should be a database of SQLite or PostgreSQL", shape)
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
    user = authority.rpartition("@")[0]
    if ":" in user or re.search(r"[?&](?:ssl)?password=", url, re.IGNORECASE):
        raise Wrong("contains a password", "Put it in ~/.pgpass, or in the file that the variable PGPASSFILE names.")
    return url


_DEFAULTS = Config(Office("", ""))
_OFFICE, _POLICY, _RETRY = _DEFAULTS.office, _DEFAULTS.policy, _DEFAULTS.retry

SECTIONS = (
    Section(
        "office",
        "Who speaks, and by which clock.",
        (
            Key("name", text, "as it stands on every release", required=True, covers=Cover.YES),
            Key(
                "timezone",
                timezone,
                "of the IANA database; every embargo is read in it",
                required=True,
                covers=Cover.YES,
            ),
            Key(
                "url",
                web_address_or_empty,
                "the office's own site",
                default=_OFFICE.url,
                sample='"https://example.org"',
                covers=Cover.YES,
            ),
            Key("contact", contact, "whom reporters call", default=Contact(), sample=_CONTACT_SAMPLE, covers=Cover.YES),
            Key("language", language, "of the releases (RFC 5646)", default=_OFFICE.language, covers=Cover.YES),
            Key(
                "release_time",
                wall_time,
                "the office's hour for an embargo that names only days",
                default=_OFFICE.release_time,
                covers=Cover.NO,
            ),
            Key("close", wall_time, "when the office goes home", default=_OFFICE.close, covers=Cover.NO),
        ),
    ),
    Section(
        "defaults",
        "What a release gets that doesn't say.",
        (
            Key(
                "outlets",
                list_of(outlet_name, '["newsroom"]'),
                "where it goes",
                default=_DEFAULTS.default_outlets,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "policy",
        "Who must say yes, and how late is too late.",
        (
            Key(
                "approvals",
                whole(0, 3),
                "how many people must approve a version, 0 to 3",
                default=_POLICY.approvals,
                covers=Cover.WEAKER,
            ),
            Key(
                "approvers",
                list_of(text, '["jdoe", "asmith"]'),
                "who may; empty: anyone",
                default=_POLICY.approvers,
                covers=Cover.WEAKER,
            ),
            Key(
                "author_may_approve",
                flag,
                "whether the author's own word counts",
                default=_POLICY.author_may_approve,
                covers=Cover.WEAKER,
            ),
            Key(
                "allowed_signers",
                text_or_empty,
                "a file of SSH keys, as git has it; with it an approval counts only signed by its approver's key",
                default=_POLICY.allowed_signers,
                sample='"allowed_signers"',
                covers=Cover.WEAKER,
            ),
            Key(
                "max_late",
                duration(timedelta(0), _YEAR),
                "later than this past its lift, a release is not sent but needs a person",
                default=_POLICY.max_late,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "retry",
        "What follows a try that failed for now.",
        (
            Key(
                "schedule",
                list_of(
                    duration(timedelta(seconds=1), timedelta(days=7)), '["5s", "30s", "2m"]', unique=False, least=1
                ),
                "the pauses between tries, the last one repeated",
                default=_RETRY.schedule,
                covers=Cover.NO,
            ),
            Key(
                "give_up",
                duration(timedelta(0), timedelta(days=30)),
                "after this long a person decides",
                default=_RETRY.give_up,
                covers=Cover.NO,
            ),
            Key(
                "jitter",
                share,
                "the share of a pause that chance may add, 0 to 1",
                default=_RETRY.jitter,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "clock",
        "Who is asked for the time before anything goes out, and how far off this machine's clock may be.",
        (
            Key(
                "witnesses",
                list_of(web_address, '["https://www.example.org"]'),
                "servers whose HTTP Date is asked",
                default=_DEFAULTS.clock.witnesses,
                sample='["https://www.example.org"]',
                covers=Cover.NO,
            ),
            Key(
                "tolerance",
                duration(timedelta(seconds=1), timedelta(minutes=1)),
                "how far the clock may be off",
                default=_DEFAULTS.clock.tolerance,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "store",
        "Where the record is kept.",
        (
            Key(
                "url",
                store_url,
                "a file, or postgresql+psycopg://host/name with the password in ~/.pgpass",
                default=_DEFAULTS.store_url,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "notify",
        "Who is told: approval needed, published, late, failed, in doubt, stopped.",
        (
            Key(
                "outlets",
                list_of(outlet_name, '["media"]'),
                "which of the outlets below",
                default=_DEFAULTS.notify.outlets,
                covers=Cover.NO,
            ),
            Key(
                "heartbeat",
                address_or_secret_or_empty,
                "a dead-man's switch, pinged by `run` and `publish-due`",
                default=_DEFAULTS.notify.heartbeat,
                sample='{ env = "PRESSRELEASE_HEARTBEAT" }',
                covers=Cover.NO,
            ),
        ),
    ),
)
