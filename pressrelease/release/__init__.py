"""A press release as its author wrote it, and the version that is frozen, approved and sent.

bytes of a file ──parse──▶ Release ──canonical──▶ frozen bytes ──from_canonical──▶ the same Release
                              └─────version_of──▶ the name of exactly what was approved
"""

from __future__ import annotations

from pressrelease.release.model import Attachment, Contact, Release, ReleaseKind
from pressrelease.release.parsing import LARGEST_RELEASE, parse
from pressrelease.release.slug import slug_of, valid_slug
from pressrelease.release.version import canonical, from_canonical, version_of
from pressrelease.release.writing import front_matter_text

__all__ = [
    "LARGEST_RELEASE",
    "Attachment",
    "Contact",
    "Release",
    "ReleaseKind",
    "canonical",
    "from_canonical",
    "front_matter_text",
    "parse",
    "slug_of",
    "valid_slug",
    "version_of",
]
