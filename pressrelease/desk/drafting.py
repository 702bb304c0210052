"""Beginning and changing drafts: the only places where the program writes into releases/."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from pressrelease import clock
from pressrelease.check import Finding, Severity
from pressrelease.desk import Desk
from pressrelease.desk.scheduling import findings
from pressrelease.errors import NotFound, PressReleaseError, Refused, ReleaseRefused, Usage
from pressrelease.release import front_matter_text, parse, slug_of
from pressrelease.when import Embargo, read_embargo


@dataclass(frozen=True)
class Draft:
    """A release begun: its slug, and what its embargo means."""

    slug: str
    embargo: Embargo


def begin(desk: Desk, headline: str, *, embargo: str, follows: str, outlets: Sequence[str]) -> Draft:
    """Write a new file in releases/; its embargo is read first.

    Raises EmbargoRefused, NotFound for an unknown outlet or release to follow, ReleaseRefused for a headline
    that gives no slug, or one that is taken.
    """
    now = clock.utc_now()
    office = desk.config.office
    read = read_embargo(embargo, now=now, timezone=office.timezone, release_time=office.release_time)
    for name in outlets:
        if name not in desk.config.outlets:
            known = sorted(desk.config.outlets)
            raise NotFound(f"There is no outlet {name}.", hint=f"config.toml has {', '.join(known)}.", candidates=known)
    if follows:
        desk.library.read(follows)
    slug = slug_of(headline)
    text = front_matter_text(
        headline=headline,
        date=now.astimezone(ZoneInfo(office.timezone)).date(),
        embargo=embargo,
        follows=follows,
        outlets=tuple(outlets),
        author=desk.actor,
        contact=office.contact,
    )
    parse(text.encode(), slug)
    if slug in desk.library.slugs():
        raise ReleaseRefused(
            f"releases/{slug}.md exists already.", hint="Give another headline, or edit that one.", code="slug_taken"
        )
    if not desk.dry_run:
        desk.library.create(slug, text)
    return Draft(slug, read)


def change(desk: Desk, slug: str, editor: str) -> tuple[tuple[Finding, ...], bool]:
    """Have a release edited in a private copy; it takes the file's place only if it can be read.

    Returns the findings, and whether anything changed. Raises ReleaseRefused, saying where the text was kept.
    """
    # A file that can't be read as a release is edited too: how else would it be mended here?
    before, expected = desk.library.text(slug), desk.library.source_hash(slug) or ""
    desk.workspace.private.mkdir(mode=0o700, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f"{slug}-", suffix=".md", dir=desk.workspace.private)
    copy = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
        stream.write(before)
    ended = _edited(editor, copy)
    after = copy.read_bytes()
    if ended != 0 and after == before.encode():
        copy.unlink()
        raise Refused(f"The editor ended with an error. releases/{slug}.md is as it was.", code="editor_failed")
    if ended != 0:
        raise Refused(
            f"The editor ended with an error. releases/{slug}.md is as it was; what you wrote is kept in"
            f" {copy.parent.name}/{copy.name}.",
            code="editor_failed",
        )
    try:
        parse(after, slug)
    except ReleaseRefused as error:
        raise ReleaseRefused(
            f"What you wrote can't be read (line {error.line}): {error.message} releases/{slug}.md is as it was; your"
            f" text is kept in {copy.parent.name}/{copy.name}.",
            line=error.line,
            hint=error.hint,
        ) from None
    changed = after != before.encode()
    if changed and not desk.dry_run:
        try:
            desk.library.replace(slug, after.decode("utf-8-sig"), expected_hash=expected)
        except PressReleaseError as error:
            error.message += f" What you wrote is kept in {copy.parent.name}/{copy.name}."
            raise
    copy.unlink()
    return () if changed and desk.dry_run else findings(desk, slug), changed


def _edited(editor: str, copy: Path) -> int:
    """The exit code of the editor, once it is closed. Raises Usage for one that can't be started."""
    try:
        return subprocess.run([*shlex.split(editor, posix=os.name != "nt"), str(copy)], check=False).returncode
    except (OSError, ValueError):
        copy.unlink()
        raise Usage(
            f"The editor {editor} can't be started. Nothing was changed.",
            hint="Set EDITOR to one that is installed (for example EDITOR=nano).",
            code="no_editor",
        ) from None


def check_all(desk: Desk, slugs: Sequence[str]) -> list[Finding]:
    """Every finding of the releases named; one that can't be read is a finding itself. Raises NotFound."""
    found: list[Finding] = []
    for slug in dict.fromkeys(slugs):
        try:
            found += findings(desk, slug)
        except ReleaseRefused as error:
            found.append(Finding(slug, error.code, Severity.ERROR, error.line, error.message, error.hint))
    return found
