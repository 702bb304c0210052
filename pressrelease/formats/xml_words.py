"""Write text so that XML can contain it."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr  # nosec B406  (these write XML; none is read)

#: Characters that XML 1.0 can't contain, escaped or not (section 2.2).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def holdable(value: str) -> str:
    """Return text without characters that XML can't contain."""
    return _NOT_XML.sub("", value)


def text(value: str) -> str:
    """Return text for between two tags."""
    return escape(holdable(value))


def line(value: str) -> str:
    """Return text for between two tags, on one line."""
    return text(" ".join(holdable(value).split()))


def attribute(value: str) -> str:
    """Return an attribute's value with its quotes."""
    return quoteattr(holdable(value))
