"""Text as XML can hold it."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr  # nosec B406  (these write XML; none is read)

#: What XML 1.0 can't hold at all (section 2.2), escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def holdable(value: str) -> str:
    """A text without what no XML document can hold."""
    return _NOT_XML.sub("", value)


def text(value: str) -> str:
    """A text between two tags."""
    return escape(holdable(value))


def line(value: str) -> str:
    """A text between two tags that is one line, whatever breaks and blanks are in it."""
    return text(" ".join(holdable(value).split()))


def attribute(value: str) -> str:
    """An attribute's value with its quotes."""
    return quoteattr(holdable(value))
