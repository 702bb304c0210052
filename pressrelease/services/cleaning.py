"""Look into a release's attachments, and write scrubbed copies of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pressrelease.attachments import FoundKind, cleaned, look
from pressrelease.check import Finding, Severity
from pressrelease.errors import NotFound, Refused
from pressrelease.release import Release, parse
from pressrelease.services import ServiceContext

_CODES = {
    FoundKind.METADATA: ("attachment_metadata", Severity.ERROR),
    FoundKind.HIDDEN_TEXT: ("attachment_hidden_text", Severity.ERROR),
    FoundKind.UNREAD: ("attachment_unread", Severity.WARNING),
}


@dataclass(frozen=True)
class Cleaned:
    """An attachment that was cleaned: its path before, and the path of the copy."""

    path: str
    copy: str


def attachment_findings(context: ServiceContext, release: Release) -> Iterator[Finding]:
    """Yield what is in a release's attachments that their readers would not see."""
    for number, attachment in enumerate(release.attachments):
        try:
            found = look(context.library.attachment(release, attachment))
        except (NotFound, Refused):
            continue  # reported already
        for one in found:
            code, severity = _CODES[one.kind]
            hint = (
                f"`pressrelease clean {release.slug}` writes a copy without it."
                if one.kind is FoundKind.METADATA
                else "Take it out in the program that made the file, and save it again."
            )
            line = release.line_of(f"attachments.{number}")
            yield Finding(release.slug, code, severity, line, f"An attachment {one.words}.", hint)


def clean(context: ServiceContext, slug: str) -> tuple[Cleaned, ...]:
    """Write a scrubbed copy of each attachment that needs one, and name it in the release in place of the original.

    The originals stay. Raises: Refused where only a person can take it out, or if the release's file can't be changed.
    """
    text, expected = context.library.text(slug), context.library.source_hash(slug) or ""
    release = context.library.read(slug)
    copies: dict[str, bytes] = {}
    done: list[Cleaned] = []
    for attachment in release.attachments:
        content = context.library.attachment(release, attachment)
        found = look(content)
        if not any(one.kind is not FoundKind.UNREAD for one in found):
            continue
        try:
            scrubbed = cleaned(content)
        except Refused as refused:
            refused.message = f"{attachment.path}: {refused.message} Nothing was changed."
            raise
        path = PurePosixPath(attachment.path)
        copy = str(path.with_name(f"{path.stem}-clean{path.suffix}"))
        copies[copy] = scrubbed
        done.append(Cleaned(attachment.path, copy))
    if not done:
        return ()
    for one in done:
        text = re.sub(rf"(?<![\w./-]){re.escape(one.path)}(?![\w-])", lambda _, to=one.copy: to, text)  # type: ignore[misc]
    after = parse(text.encode(), slug)
    wanted = {one.path: one.copy for one in done}
    if [one.path for one in after.attachments] != [wanted.get(one.path, one.path) for one in release.attachments]:
        raise Refused(
            f"The names in releases/{slug}.md can't be replaced. Nothing was changed.",
            hint="Write each attachment's path on a line of its own.",
            code="not_clean",
        )
    if not context.dry_run:
        for copy, content in copies.items():
            context.library.attach(copy, content)
        context.library.replace(slug, text, expected_hash=expected)
    return tuple(done)
