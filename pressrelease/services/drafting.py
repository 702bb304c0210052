"""Create and change drafts: the only code that writes into releases/."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pressrelease.check import Finding, Severity, embargo_of
from pressrelease.check.timing import counted_from, embargo_findings
from pressrelease.errors import EmbargoRefused, NotFound, PressReleaseError, Refused, ReleaseRefused, Usage
from pressrelease.release import Release, front_matter_text, parse, slug_of
from pressrelease.release.writing import with_embargo
from pressrelease.services import ServiceContext
from pressrelease.services.scheduling import findings
from pressrelease.system import clock
from pressrelease.system.accounts import make_folder
from pressrelease.when import Embargo, EmbargoKind, read_embargo
from pressrelease.when.formatting import typed


@dataclass(frozen=True)
class Draft:
    """A new draft: its slug, what its embargo means (None without one), and the findings about that."""

    slug: str
    embargo: Embargo | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Edited:
    """The result of editing a release: its findings, whether its file changed, and what its embargo means.

    `written` is the embargo that replaced a typed length of time, "" if none was typed.
    """

    findings: tuple[Finding, ...]
    changed: bool
    embargo: Embargo | None = None
    written: str = ""


def begin(context: ServiceContext, headline: str, *, embargo: str, follows: str, outlets: Sequence[str]) -> Draft:
    """Write a new file in releases/, after reading its embargo.

    Raises: EmbargoRefused, NotFound for an unknown outlet or release to follow, ReleaseRefused for a headline that
    gives no
    slug, or one that is taken.
    """
    now = clock.utc_now()
    office = context.config.office
    for name in outlets:
        if name not in context.config.outlets:
            known = sorted(context.config.outlets)
            raise NotFound(f"There is no outlet {name}.", hint=f"config.toml has {', '.join(known)}.", candidates=known)
    if follows:
        context.library.read(follows)
    slug = slug_of(headline)

    def text_with(phrase: str) -> str:
        return front_matter_text(
            headline=headline,
            date=now.astimezone(ZoneInfo(office.timezone)).date(),
            embargo=phrase,
            follows=follows,
            outlets=tuple(outlets),
            author=context.actor,
            contact=office.contact,
        )

    text = text_with(embargo)
    release = parse(text.encode(), slug)
    kept = None
    if release.embargo:
        meant = read_embargo(
            embargo, now=now, timezone=office.timezone, release_time=office.release_time, close=office.close
        )
        phrase, kept = kept_embargo(context, release, meant, now)
        text = text_with(phrase)
        release = parse(text.encode(), slug)
    if slug in context.library.slugs():
        raise ReleaseRefused(
            f"releases/{slug}.md exists already.",
            hint=f"Use another headline, or edit that release: `pressrelease edit {slug}`.",
            code="slug_taken",
        )
    if not context.dry_run:
        context.library.create(slug, text)
    return Draft(slug, kept, tuple(embargo_findings(release, context.config, now=now)))


def kept_embargo(context: ServiceContext, release: Release, meant: Embargo, now: datetime) -> tuple[str, Embargo]:
    """Return the phrase that a file must have so that every later command reads `meant`, and that reading.

    A file is read as of the whole day on which it was written. A phrase that would then mean something else, such as
    "in 20 hours", is written as the moment that it means. Raises EmbargoRefused if no phrase says the same.
    """
    phrases = [release.embargo]
    if meant.kind is EmbargoKind.INSTANT and meant.lift is not None:
        local = meant.lift.astimezone(ZoneInfo(context.config.office.timezone))
        phrases += [typed(local), local.isoformat()]
    for phrase in phrases:
        try:
            kept = embargo_of(release._replace(embargo=phrase), context.config, now=now)
        except EmbargoRefused:
            continue
        if (kept.kind, kept.lift, kept.no_later_than) == (meant.kind, meant.lift, meant.no_later_than):
            return phrase, kept
    raise EmbargoRefused(
        f"“{meant.text}” would mean a different time when the file is read later.",
        hint="Write the date and the time, such as “Sept. 24, 2018, 9 a.m. PT”.",
        code="embargo_unclear",
    )


def change(context: ServiceContext, slug: str, editor: str) -> Edited:
    """Let a person edit a release in a private copy, which replaces the file only if it can be read.

    A length of time that was typed as the embargo ("in 20 hours") is written as the moment that it means. Raises
    ReleaseRefused, saying where the text was kept.
    """
    # A file that can't be read as a release can be edited too: how else could it be fixed here?
    before, expected = context.library.text(slug), context.library.source_hash(slug) or ""
    make_folder(context.workspace.private)
    descriptor, name = tempfile.mkstemp(prefix=f"{slug}-", suffix=".md", dir=context.workspace.private)
    copy = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(before)
    ended = _edited(editor, copy)
    after = copy.read_bytes()
    if ended != 0 and after == before.encode():
        copy.unlink()
        raise Refused(f"The editor ended with an error. releases/{slug}.md was not changed.", code="editor_failed")
    if ended != 0:
        raise Refused(
            f"The editor ended with an error. releases/{slug}.md was not changed."
            f" Your text was saved in {copy.parent.name}/{copy.name}.",
            code="editor_failed",
        )
    now = clock.utc_now()
    try:
        release = parse(after, slug)
    except ReleaseRefused as error:
        raise ReleaseRefused(
            f"What you wrote can't be read (line {error.line}): {error.message} releases/{slug}.md was not"
            f" changed. Your text was saved in {copy.parent.name}/{copy.name}.",
            line=error.line,
            hint=error.hint,
        ) from None
    changed = after != before.encode()
    written = _length_typed(context, release, before, now) if changed else ""
    if written:
        moment = with_embargo(after.decode("utf-8-sig"), release.line_of("embargo"), written).encode()
        if parse(moment, slug).embargo == written:
            after = moment
        else:  # it takes more than one line; `check` says what to write
            written = ""
    if changed and not context.dry_run:
        try:
            context.library.replace(slug, after.decode("utf-8-sig"), expected_hash=expected)
        except PressReleaseError as error:
            error.message += f" Your text was saved in {copy.parent.name}/{copy.name}."
            raise
    copy.unlink()
    if changed and context.dry_run:
        return Edited((), changed)
    try:
        embargo = embargo_of(parse(after, slug), context.config, now=now)
    except EmbargoRefused:
        embargo = None  # a finding reports it
    return Edited(findings(context, slug), changed, embargo, written)


def _length_typed(context: ServiceContext, release: Release, before: str, now: datetime) -> str:
    """Return the moment that a length of time just typed as the embargo means; "" if none was typed."""
    try:
        if parse(before.encode(), release.slug).embargo == release.embargo:
            return ""  # it was there before: nobody knows since when
    except ReleaseRefused:
        pass
    try:
        embargo_of(release, context.config, now=now)
    except EmbargoRefused as refused:
        return counted_from(release.embargo, context.config, now=now) if refused.code == "embargo_length" else ""
    return ""


def _edited(editor: str, copy: Path) -> int:
    """Return the exit code of the editor, once it is closed. Raises Usage for one that can't be started."""
    try:
        return subprocess.run([*shlex.split(editor, posix=os.name != "nt"), str(copy)], check=False).returncode
    except (OSError, ValueError):
        copy.unlink()
        raise Usage(
            f"The editor {editor} can't be started. Nothing was changed.",
            hint="Set EDITOR to one that is installed (for example EDITOR=nano).",
            code="no_editor",
        ) from None


def check_all(context: ServiceContext, slugs: Sequence[str], *, links: bool = False) -> list[Finding]:
    """Return every finding of the releases named; one that can't be read is a finding itself. Raises NotFound.

    With `links`, sites that the releases link to are asked whether they are there.
    """
    if context.config.check.names:
        from pressrelease.services.protected_names import seal

        seal(context)
    found: list[Finding] = []
    for slug in dict.fromkeys(slugs):
        try:
            found += findings(context, slug)
            if links:
                from pressrelease.check import by_severity, with_accepted
                from pressrelease.services.link_checking import dead_link_findings

                release = context.library.read(slug)
                dead = by_severity(dead_link_findings(release), context.config.check.severity)
                found += with_accepted(release, dead)
        except ReleaseRefused as error:
            found.append(Finding(slug, error.code, Severity.ERROR, error.line, error.message, error.hint))
    return found
