"""The tables of config.toml other than the outlets: one row for each key, with the defaults of `settings`."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import re
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from pressrelease.config.keys import Cover, Key, Several, Wrong
from pressrelease.config.settings import ClearanceRule, Config, Office
from pressrelease.config.values import (
    address_or_secret_or_empty,
    did_you_mean,
    duration,
    duration_or_empty,
    flag,
    list_of,
    outlet_name,
    share,
    text,
    text_or_empty,
    timezone,
    wall_time,
    wall_time_or_empty,
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
    """Return the person that reporters call: name, phone, email."""
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
    """Return a language tag (RFC 5646): "en-US"."""
    tag = text(value)
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", tag):
        raise Wrong("is not a language tag", 'Write it like "en-US".')
    return tag


def store_url(value: Any) -> str:
    """Return the address of an SQLite file or a PostgreSQL database; without a password in it."""
    url = text(value)
    shape = 'Write "sqlite:///.pressrelease/state.db" or "postgresql+psycopg://host/name".'
    if url.startswith("sqlite:///"):
        file = url.removeprefix("sqlite:///").partition("?")[0]
        if not file.strip("/") or ":memory:" in file:
            raise Wrong("names no file; what is not on disk is lost", shape)
        return url
    if not re.match(r"postgresql\+psycopg://", url):
        raise Wrong("should be an SQLite or PostgreSQL database", shape)
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
    user = authority.rpartition("@")[0]
    if ":" in user or re.search(r"[?&](?:ssl)?password=", url, re.IGNORECASE):
        raise Wrong("contains a password", "Put it in ~/.pgpass, or in the file that the variable PGPASSFILE names.")
    return url


def severities(value: Any) -> MappingProxyType[str, str]:
    """Return the severities that the office chose: {CODE = "error", "warning" or "off"}."""
    from pressrelease.config.finding_codes import BEYOND_THE_TEXT, CODES, FIXED

    shape = 'Write it like severity = { ap_style = "off" }.'
    if not isinstance(value, dict):
        raise Wrong("should be a table of codes", shape)
    known = sorted({*CODES, *BEYOND_THE_TEXT} - FIXED)
    wrongs = []
    for code, chosen in value.items():
        if code in FIXED:
            wrongs.append(Wrong("names a finding that can't be changed", "Delete it.", (code,)))
        elif code not in known:
            wrongs.append(Wrong(f"names an unknown finding{did_you_mean(code, known)}", shape, (code,)))
        elif chosen not in ("error", "warning", "off"):
            wrongs.append(Wrong('has a value other than "error", "warning" or "off"', shape, (code,)))
    if wrongs:
        raise Several(wrongs)
    return MappingProxyType(dict(value))


_DEFAULTS = Config(Office("", ""))
_OFFICE, _POLICY, _RETRY = _DEFAULTS.office, _DEFAULTS.policy, _DEFAULTS.retry
_LIFE = ClearanceRule("", "", ()).life

SECTIONS = (
    Section(
        "office",
        "The office's name, contact and time zone.",
        (
            Key("name", text, "as it is shown on every release", required=True, covers=Cover.YES),
            Key(
                "timezone",
                timezone,
                "an IANA name; every embargo is read in this zone",
                required=True,
                covers=Cover.YES,
            ),
            Key(
                "url",
                web_address_or_empty,
                "the office's own website",
                default=_OFFICE.url,
                sample='"https://example.org"',
                covers=Cover.YES,
            ),
            Key(
                "contact",
                contact,
                "the person that reporters call",
                default=Contact(),
                sample=_CONTACT_SAMPLE,
                covers=Cover.YES,
            ),
            Key(
                "language",
                language,
                "the language of the releases (RFC 5646)",
                default=_OFFICE.language,
                covers=Cover.YES,
            ),
            Key(
                "release_time",
                wall_time,
                "the time of day for an embargo that names only days",
                default=_OFFICE.release_time,
                covers=Cover.NO,
            ),
            Key("close", wall_time, "the end of the office's day", default=_OFFICE.close, covers=Cover.NO),
        ),
    ),
    Section(
        "defaults",
        "What a release uses if it doesn't name its own.",
        (
            Key(
                "outlets",
                list_of(outlet_name, '["newsroom"]'),
                "the outlets it goes to",
                default=_DEFAULTS.default_outlets,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "policy",
        "Who must approve, and how late a release may still be sent.",
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
                "who may approve; empty: anyone",
                default=_POLICY.approvers,
                covers=Cover.WEAKER,
            ),
            Key(
                "author_may_approve",
                flag,
                "whether the author's own approval counts",
                default=_POLICY.author_may_approve,
                covers=Cover.WEAKER,
            ),
            Key(
                "allowed_signers",
                text_or_empty,
                "a file of SSH keys in git's format; if set, each approval must be signed with its approver's key",
                default=_POLICY.allowed_signers,
                sample='"allowed_signers"',
                covers=Cover.WEAKER,
            ),
            Key(
                "lifters",
                list_of(text, '["jdoe", "asmith"]'),
                "who can say that an event has happened (`lift`); empty: anyone",
                default=_POLICY.lifters,
                covers=Cover.WEAKER,
            ),
            Key(
                "booking_photos",
                duration_or_empty(timedelta(hours=1), timedelta(days=14)),
                "how long a booking photograph may stay on the web at most, 14d or less; empty: no limit",
                default=_POLICY.booking_photos,
                sample='"14d"',
                covers=Cover.NO,
            ),
            Key(
                "max_late",
                duration(timedelta(0), _YEAR),
                "later than this after its lift, a release is not sent until a person decides",
                default=_POLICY.max_late,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "retry",
        "What happens after a try that failed and may be repeated.",
        (
            Key(
                "schedule",
                list_of(
                    duration(timedelta(seconds=1), timedelta(days=7)), '["5s", "30s", "2m"]', unique=False, least=1
                ),
                "the pauses between tries; the last one is repeated",
                default=_RETRY.schedule,
                covers=Cover.NO,
            ),
            Key(
                "give_up",
                duration(timedelta(0), timedelta(days=30)),
                "after this long it is not tried again, and a person decides",
                default=_RETRY.give_up,
                covers=Cover.NO,
            ),
            Key(
                "jitter",
                share,
                "the most that is added to a pause at random, as a part of it, 0 to 1",
                default=_RETRY.jitter,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "clock",
        "Servers that confirm the time before anything goes out, and how far off this computer's clock may be.",
        (
            Key(
                "witnesses",
                list_of(web_address, '["https://www.example.org"]'),
                "servers whose HTTP Date is compared",
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
        "Where the database is kept.",
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
        "journal",
        "Who vouches for the journal once a day: the office's key, and a service elsewhere.",
        (
            Key(
                "key",
                text_or_empty,
                "a file with the office's SSH key, which signs the journal's last line",
                default=_DEFAULTS.journal.key,
                sample='"/etc/pressrelease/office_key"',
                covers=Cover.NO,
            ),
            Key(
                "timestamp",
                web_address_or_empty,
                "a service that stamps the journal's last line (RFC 3161); it learns a hash and nothing else",
                default=_DEFAULTS.journal.timestamp,
                sample='"https://timestamp.example.org"',
                covers=Cover.NO,
            ),
            Key(
                "timestamp_ca",
                text_or_empty,
                "a file with the certificates of the authorities whose stamps count (PEM)",
                default=_DEFAULTS.journal.timestamp_ca,
                sample='"timestamp-ca.pem"',
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "check",
        "What `check` finds, and how serious it is (docs/reference/findings.md).",
        (
            Key(
                "severity",
                severities,
                'findings that are an "error", a "warning" or "off" here, by their code',
                default=_DEFAULTS.check.severity,
                sample='{ ap_style = "off", minor_identified = "error" }',
                covers=Cover.NO,
            ),
            Key(
                "names",
                text_or_empty,
                "a CSV file of people who must not be named; `check` replaces each name in it by keyed hashes",
                default=_DEFAULTS.check.names,
                sample='"names.csv"',
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "promises",
        "What `promises` shows.",
        (
            Key(
                "court",
                flag,
                "whether it shows court dates, too: hearings, arraignments, sentencings and trials",
                default=_DEFAULTS.promises.court,
                covers=Cover.NO,
            ),
        ),
    ),
    Section(
        "notify",
        "Who is notified: approval needed, published, late, failed, in doubt, stopped.",
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
                "a monitor's address, pinged by `run` and `publish-due`; it raises the alarm if the pings stop",
                default=_DEFAULTS.notify.heartbeat,
                sample='{ env = "PRESSRELEASE_HEARTBEAT" }',
                covers=Cover.NO,
            ),
            Key(
                "daily",
                wall_time_or_empty,
                "when the list of the day is sent: what goes out before tomorrow noon and lacks something",
                default=_DEFAULTS.notify.daily,
                sample='"17:00"',
                covers=Cover.NO,
            ),
        ),
    ),
)

#: The keys of each [clearances.NAME].
CLEARANCE_KEYS = (
    Key(
        "ask",
        text,
        "the question that must be answered before a release goes out",
        required=True,
        sample='"Do the charges against each named person still stand?"',
        covers=Cover.YES,
    ),
    Key(
        "by",
        list_of(text, '["jdoe", "asmith"]', least=1),
        "who can answer it",
        required=True,
        sample='["jdoe", "asmith"]',
        covers=Cover.WEAKER,
    ),
    Key(
        "life",
        duration(timedelta(minutes=1), _YEAR),
        "how long an answer lasts; older than this at its release time, it must be given again",
        default=_LIFE,
        covers=Cover.WEAKER,
    ),
)
