"""Check an attachment's path: beside its release, inside releases/, and never another release's text."""

from __future__ import annotations

import re

from pressrelease.errors import ReleaseRefused
from pressrelease.release.slug import RESERVED

LONGEST_PATH = 255

#: Characters that Windows refuses in a file name, or reads as a drive or a stream.
_NOT_IN_NAMES = re.compile(r'[\\:*?"<>|]')


def attachment_path(path: str, *, line: int) -> str:
    """Return `path` if it is relative, POSIX style, inside releases/ and valid on every system.

    Raises: ReleaseRefused. (`library` refuses symbolic links.)
    """

    def refuse(what: str, hint: str) -> ReleaseRefused:
        return ReleaseRefused(what, line=line, hint=hint, code="bad_path")

    beside = "Put the file beside the release, and write only its name: `path: sheet.pdf`."
    if not path:
        raise refuse("An attachment has no path.", beside)
    if len(path.encode()) > LONGEST_PATH:
        raise refuse("An attachment's path is too long.", beside)
    if path.startswith(("/", "~")) or "\\" in path or re.match(r"[A-Za-z]:", path):
        raise refuse("An attachment's path must be relative, with / between its parts.", beside)
    if _NOT_IN_NAMES.search(path):
        raise refuse("An attachment's name can't contain : * ? \" < > |.", "Rename the file.")
    for part in path.split("/"):
        if part in {"", ".", ".."}:
            raise refuse("An attachment's path can't lead out of releases/ or have an empty part.", beside)
        if part.startswith(".") or part.endswith((".", " ")) or part.partition(".")[0].strip().lower() in RESERVED:
            raise refuse(
                "An attachment's name begins with a dot, or Windows reserves it for a device.", "Rename the file."
            )
    if path.lower().endswith(".md"):
        raise refuse(
            "A Markdown file can't be attached: it would publish another release's text.",
            "Attach a PDF, or copy the words into this release.",
        )
    return path
