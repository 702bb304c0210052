"""Check what a release names: outlets, the release it follows, attachments, a contact."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

from pressrelease.check.finding import BEYOND_THE_TEXT, CODES, Finding, Severity
from pressrelease.config import Config
from pressrelease.release import Contact, Release

IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def fact_findings(
    release: Release, config: Config, *, known_slugs: Collection[str], attachment_sizes: Mapping[str, int | None]
) -> Iterator[Finding]:
    """Yield a finding for everything that is named and doesn't exist."""
    yield from _outlets(release, config)
    yield from _clearances(release, config)
    yield from _follows(release, known_slugs)
    yield from _attachments(release, attachment_sizes)
    yield from _accept(release)
    if not (_reachable(release.contact) or _reachable(config.office.contact)):
        yield Finding(
            release.slug,
            "contact_missing",
            Severity.WARNING,
            release.line_of("contact"),
            "No media contact.",
            "Add `contact: {name: …, phone: …, email: …}` here, or add contact to [office] in config.toml.",
        )


def _reachable(contact: Contact | None) -> bool:
    return contact is not None and bool(contact.phone or contact.email)


def _outlets(release: Release, config: Config) -> Iterator[Finding]:
    line = release.line_of("outlets")
    names = release.outlets if release.outlets is not None else config.default_outlets
    known = ", ".join(sorted(config.outlets)) or "none yet"
    if not names:
        yield Finding(
            release.slug,
            "no_outlet",
            Severity.ERROR,
            line,
            "The release goes to no outlet: it names none, and [defaults] in config.toml names none.",
            f"Add `outlets: [NAME]`. The outlets are {known}.",
        )
    for name in names:
        outlet = config.outlets.get(name)
        if outlet is None:
            near = difflib.get_close_matches(name, config.outlets, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            message = f"There is no outlet {name[:60]}.{meant}"
            yield Finding(release.slug, "unknown_outlet", Severity.ERROR, line, message, f"The outlets are {known}.")
        elif not outlet.enabled:
            yield Finding(
                release.slug,
                "outlet_disabled",
                Severity.ERROR,
                line,
                f"The outlet {name} is switched off.",
                f"Delete it from `outlets`, or set enabled = true in [outlets.{name}] of config.toml.",
            )


def _clearances(release: Release, config: Config) -> Iterator[Finding]:
    known = ", ".join(sorted(config.clearances)) or "none yet"
    for name in release.clearances:
        if name in config.clearances:
            continue
        near = difflib.get_close_matches(name, config.clearances, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        yield Finding(
            release.slug,
            "unknown_clearance",
            Severity.ERROR,
            release.line_of("clearances"),
            f"There is no clearance {name[:60]}.{meant}",
            f"The clearances are {known}. A new one begins with a line like [clearances.charges] in config.toml.",
        )


def _follows(release: Release, known_slugs: Collection[str]) -> Iterator[Finding]:
    line = release.line_of("follows")
    if release.follows == release.slug:
        yield Finding(
            release.slug,
            "follows_itself",
            Severity.ERROR,
            line,
            "The release follows itself.",
            "Name the release whose promise it keeps, or delete the line.",
        )
    elif release.follows and release.follows not in known_slugs:
        near = difflib.get_close_matches(release.follows, sorted(known_slugs), n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        yield Finding(
            release.slug,
            "follows_unknown",
            Severity.ERROR,
            line,
            f"`follows` names {release.follows}, and there is no such release.{meant}",
            "Write the other file's name without .md.",
        )


def _accept(release: Release) -> Iterator[Finding]:
    known = sorted({*CODES, *BEYOND_THE_TEXT})
    for code, _ in release.accept:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            yield Finding(
                release.slug,
                "accept_unknown",
                Severity.WARNING,
                release.line_of(f"accept.{code}"),
                "`accept` names a finding that `check` doesn't have." + (f" Did you mean {near[0]}?" if near else ""),
                f"`pressrelease check {release.slug} --json` shows the code of each finding.",
            )


#: The most that a release's attachments may have together, in bytes: each outlet holds them in memory while it sends.
LARGEST_TOGETHER = 50 * 1024 * 1024


def _attachments(release: Release, sizes: Mapping[str, int | None]) -> Iterator[Finding]:
    together = sum(size or 0 for size in sizes.values())
    if together > LARGEST_TOGETHER:
        yield Finding(
            release.slug,
            "attachments_too_large",
            Severity.ERROR,
            release.line_of("attachments"),
            f"The attachments together have {together / 2**20:.0f} MiB. The limit is {LARGEST_TOGETHER >> 20} MiB.",
            "Publish the large ones on a website and link to them, or make the files smaller.",
        )
    for number, attachment in enumerate(release.attachments):
        line = release.line_of(f"attachments.{number}")
        if sizes.get(attachment.path) is None:
            yield Finding(
                release.slug,
                "attachment_missing",
                Severity.ERROR,
                line,
                "An attachment is not in releases/, is a link, or is larger than 25 MiB.",
                "Put the file itself in releases/, or delete it from `attachments`.",
            )
        elif sizes[attachment.path] == 0:
            yield Finding(
                release.slug, "attachment_empty", Severity.WARNING, line, "An attachment is empty.", "Save it again."
            )
        if attachment.path.lower().endswith(IMAGES) and not attachment.alt:
            yield Finding(
                release.slug,
                "image_alt",
                Severity.ERROR,
                line,
                "An image has no alt text, which accessibility rules require (WCAG 2.1, 1.1.1).",
                "Add what it shows: `{path: photo.jpg, alt: Evidence on a table}`.",
            )
