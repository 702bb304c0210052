"""Bring a file from elsewhere into a draft, or an edited Word file back into its release."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from pressrelease.check import Finding
from pressrelease.errors import EmbargoRefused, NotFound, Refused, ReleaseRefused
from pressrelease.importing import LARGEST_FILE, Imported, Seen, read_foreign
from pressrelease.release import Attachment, Contact, front_matter_text, parse, slug_of
from pressrelease.release.word_changes import TextChange, text_changes
from pressrelease.release.writing import with_value
from pressrelease.services import ServiceContext
from pressrelease.services.drafting import kept_embargo
from pressrelease.services.scheduling import findings
from pressrelease.system import clock
from pressrelease.when import Embargo, read_embargo

_PICTURE = re.compile(r"\(picture:(picture-[0-9a-f]{8}\.\w+)\)")


@dataclass(frozen=True)
class Brought:
    """The result of an import: what was recognized, what was dropped or changed, and the files that were written.

    `changes` are those of the release's own text, for a file that was brought back.
    """

    slug: str
    imported: Imported
    embargo: Embargo | None = None
    seen: tuple[Seen, ...] = ()
    files: tuple[str, ...] = ()
    changes: tuple[TextChange, ...] = ()
    findings: tuple[Finding, ...] = ()


def read_file(path: Path, *, accept_changes: bool) -> Imported:
    """Return what a file says. Raises NotFound, and Refused for one that can't be read."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise NotFound(f"There is no file {path.name[:80]}.", hint="Give its path.", code="no_file") from None
    except OSError as error:
        raise Refused(f"{path.name[:80]} can't be read: {error.strerror}.", code="not_importable") from None
    return read_foreign(data, path.name, accept_changes=accept_changes)


def bring(context: ServiceContext, imported: Imported, *, name: str, embargo: str) -> Brought:
    """Write a new release with what was recognized. `embargo` replaces the one in the file.

    Raises: EmbargoRefused for an `embargo` that can't be read, ReleaseRefused for a headline whose slug is taken.
    """
    if imported.body.startswith("---\n"):
        return _whole_release(context, imported, name)
    seen = list(imported.seen)
    headline = imported.headline
    if not headline:
        headline = re.sub(r"[-_\s]+", " ", Path(name).stem).strip() or "Imported release"
        seen.append(Seen("headline", "No headline was recognized, so it is the file's name. Correct it."))
    slug = slug_of(headline)
    now, office = clock.utc_now(), context.config.office
    attachments, body = _with_pictures(imported, slug)

    def text_with(phrase: str) -> str:
        return front_matter_text(
            headline=headline,
            subhead=imported.subhead,
            date=imported.date or now.astimezone(ZoneInfo(office.timezone)).date(),
            embargo=phrase,
            dateline=imported.dateline,
            author=context.actor,
            contact=imported.contact or office.contact,
            attachments=attachments,
            body=body or "[[The file had no text.]]",
        )

    phrase, meant = embargo or imported.embargo, None
    if embargo:
        release = parse(text_with(embargo).encode(), slug)
        meant = read_embargo(embargo, now=now, timezone=office.timezone, release_time=office.release_time)
        phrase, meant = kept_embargo(context, release, meant, now)
    text = text_with(phrase)
    release = parse(text.encode(), slug)
    if slug in context.library.slugs():
        raise ReleaseRefused(
            f"releases/{slug}.md exists already. Nothing was imported.",
            hint=f"To bring an edited file back: `pressrelease import FILE --into {slug}`.",
            code="slug_taken",
        )
    files = tuple(attachment.path for attachment in attachments)
    if not context.dry_run:
        for attachment, picture in zip(attachments, imported.pictures, strict=True):
            context.library.attach(attachment.path, picture.content)
        context.library.create(slug, text)
    found = () if context.dry_run else findings(context, slug)
    return Brought(slug, imported, meant or _meaning(context, slug, text), tuple(seen), files, findings=found)


def _meaning(context: ServiceContext, slug: str, text: str) -> Embargo | None:
    from pressrelease.check import embargo_of

    try:
        return embargo_of(parse(text.encode(), slug), context.config, now=clock.utc_now())
    except EmbargoRefused:
        return None  # a finding reports it


def _whole_release(context: ServiceContext, imported: Imported, name: str) -> Brought:
    """Take a file that has front matter already as it is."""
    headline = parse(imported.body.encode(), "imported").headline
    slug = slug_of(headline)
    if not context.dry_run:
        context.library.create(slug, imported.body)
    found = () if context.dry_run else findings(context, slug)
    seen = (*imported.seen, Seen("whole", f"{name} has front matter, and was taken as it is."))
    return Brought(slug, imported, _meaning(context, slug, imported.body), seen, findings=found)


def _with_pictures(imported: Imported, slug: str) -> tuple[tuple[Attachment, ...], str]:
    """Return the pictures as attachments, named after the release, and the body that refers to them by that name."""
    names = {one.name: f"{slug[:60]}-{one.name.removeprefix('picture-')}" for one in imported.pictures}
    body = _PICTURE.sub(lambda found: f"({names[found[1]]})", imported.body)
    return tuple(Attachment(names[one.name], "", one.alt) for one in imported.pictures), body


def bring_back(context: ServiceContext, imported: Imported, slug: str) -> Brought:
    """Replace a release's text, headline and subhead with those of an edited file. Its other keys stay as they are.

    Raises: NotFound; ReleaseRefused if somebody changed the release in the meantime.
    """
    before, expected = context.library.text(slug), context.library.source_hash(slug) or ""
    release = context.library.read(slug)
    seen = list(imported.seen)
    body = imported.body
    if imported.dateline and not release.dateline:
        body = f"{imported.dateline} – {body}"
    if imported.embargo and imported.embargo != release.embargo:
        seen.append(Seen("embargo", "The file's embargo line was ignored. The release keeps its own."))
    if imported.contact not in (None, Contact(), release.contact):
        seen.append(Seen("contact", "The file's contact was ignored. The release keeps its own."))
    if imported.pictures:
        seen.append(Seen("dropped", "Pictures were left out. Attach new ones by hand."))
        body = re.sub(r"!\[[^\]]*\]\(picture:[^)]*\)\s*", "", body)
    text = before.replace("\r\n", "\n")
    for key, value in (("headline", imported.headline), ("subhead", imported.subhead)):
        if value and value != getattr(release, key) and release.line_of(key):
            text = with_value(text, release.line_of(key), key, value)
    lines = text.split("\n")
    end = next(number for number, line in enumerate(lines[1:], 1) if re.fullmatch(r"---[ \t]*", line))
    text = "\n".join([*lines[: end + 1], "", body, ""])
    after = parse(text.encode(), slug)
    changes = [
        *text_changes(release.headline, after.headline),
        *text_changes(release.subhead, after.subhead),
        *text_changes(release.body, after.body),
    ]
    if changes and not context.dry_run:
        context.library.replace(slug, text, expected_hash=expected)
    found = () if context.dry_run else findings(context, slug)
    return Brought(slug, imported, None, tuple(seen), (), tuple(changes), found)
