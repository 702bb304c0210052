"""A press release as its author wrote it, and the version that is frozen, approved and sent.

    bytes of a file ──parse──▶ Release ──canonical──▶ frozen bytes ──from_canonical──▶ the same Release
                                  └─────version_of──▶ the name of exactly what was approved

The modules that read and write releases are loaded at first use: a pass with nothing due needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressrelease.release.model import LARGEST_RELEASE, SHOWN, Attachment, Contact, Release, ReleaseKind
from pressrelease.release.slug import slug_of, valid_slug

if TYPE_CHECKING:
    from pressrelease.release.parsing import parse
    from pressrelease.release.version import (
        canonical,
        digest_of_recipients,
        digests_of,
        from_canonical,
        is_named,
        version_of,
    )
    from pressrelease.release.writing import front_matter_text

__all__ = [
    "LARGEST_RELEASE",
    "SHOWN",
    "Attachment",
    "Contact",
    "Release",
    "ReleaseKind",
    "canonical",
    "digest_of_recipients",
    "digests_of",
    "from_canonical",
    "front_matter_text",
    "is_named",
    "parse",
    "slug_of",
    "valid_slug",
    "version_of",
]

_WHERE = {
    "parse": "parsing",
    "canonical": "version",
    "digest_of_recipients": "version",
    "digests_of": "version",
    "from_canonical": "version",
    "is_named": "version",
    "version_of": "version",
    "front_matter_text": "writing",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found: object = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = found
    return found
