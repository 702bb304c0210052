"""Recognize the release line, contact, date, headline, subhead and dateline at the head of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from pressrelease.importing.imported import Imported, Picture, Seen
from pressrelease.release import Contact

_IMMEDIATE = re.compile(
    r"(?:media advisory|news release|press release|statement)?[\s–—:|-]*for immediate release:?[.!]?", re.I
)
_EMBARGO = re.compile(
    r"(?:strictly |under )?(?:embargo(?:ed)?|hold for release|not for (?:release|publication)|for release)"
    r"(?: for (?:release|publication))?[\s:–—-]*(?:until|before|on|at)?[\s:–—-]*(?P<phrase>.{3,100})",
    re.I,
)
_TITLE_LINE = re.compile(r"(?:press|news|media) (?:release|advisory)|statement|proof\b.*", re.I)
_CONTACT = re.compile(r"(?:media |press |public information )?contacts?(?: person)?\s*[:–-]?\s*(?P<rest>.*)", re.I)
_PHONE = re.compile(r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_END = re.compile(r"(?:\\?#\s*){3,}|-\s*30\s*-|–\s*30\s*–|\\?# # #|end", re.I)
_MONTHS = "january february march april may june july august september october november december".split()
_DATE = re.compile(
    r"(?:date:?\s*)?(?:(?:mon|tues|wednes|thurs|fri|satur"
    r"|sun)day,?\s+)?(?P<month>[A-Z][a-z]{2,8})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>20\d\d)\.?",
    re.I,
)
_DATELINE = re.compile(
    r"^(?P<place>[A-ZÀ-Þ][A-ZÀ-Þ.' -]{2,40}(?:, (?:[A-Z][a-z]{1,8}\.?"
    r"|[A-Z]{2}))?)(?: ?\((?P<day>[A-Z][a-z.]+ \d{1,2}, \d{4})\))?,?\s*(?:–|—|--?)\s+(?=\S)"
)
_HEADING = re.compile(r"#{1,6}\s+")
#: How many paragraphs at the head are looked at.
_HEAD = 14


def recognized(markdown: str, seen: Sequence[Seen] = (), pictures: Sequence[Picture] = ()) -> Imported:
    """Return the parts of a release in a Markdown text. What isn't recognized stays in the body."""
    paragraphs = [part for part in re.split(r"\n{2,}", markdown.strip()) if part.strip()]
    head = _Head(list(seen))
    paragraphs = head.take(paragraphs)
    while paragraphs and _END.fullmatch(_bare(paragraphs[-1])):
        paragraphs.pop()
        head.seen.append(Seen("dropped", "Left out: the end mark. The program adds it."))
    body = "\n\n".join(paragraphs)
    dateline = ""
    found = _DATELINE.match(body)
    if found:
        dateline, body = found["place"].strip(), body[found.end() :]
        head.date = head.date or _day(found["day"] or "")
    return Imported(
        headline=head.headline,
        subhead=head.subhead,
        dateline=dateline,
        embargo=head.embargo,
        date=head.date,
        contact=head.contact,
        body=body,
        seen=tuple(head.seen),
        pictures=tuple(pictures),
    )


def _bare(paragraph: str) -> str:
    """Return a paragraph's words on one line, without marks."""
    text = re.sub(r"\\\n|\n", " ", _HEADING.sub("", paragraph))
    text = re.sub(r"\[([^\]]+)\]\(<?[^)]*>?\)", r"\1", text)
    text = re.sub(r"(?<!\\)[*]+", "", text)
    return " ".join(re.sub(r"\\(?=[\W_])", "", text).split())


def _day(text: str) -> date | None:
    found = _DATE.fullmatch(text.strip())
    month = next((n for n, name in enumerate(_MONTHS, 1) if found and name.startswith(found["month"].lower()[:3])), 0)
    if not found or not month:
        return None
    try:
        return date(int(found["year"]), month, int(found["day"]))
    except ValueError:
        return None


class _Head:
    """The head of a release, read paragraph by paragraph until its text begins."""

    def __init__(self, seen: list[Seen]) -> None:
        self.seen = seen
        self.headline = self.subhead = self.embargo = ""
        self.date: date | None = None
        self.contact: Contact | None = None
        self._in_contact = False

    def take(self, paragraphs: list[str]) -> list[str]:
        """Return the paragraphs after the head."""
        number = 0
        while number < min(len(paragraphs), _HEAD):
            if not self._is_head(paragraphs[number], paragraphs[number + 1 :]):
                break
            number += 1
        return paragraphs[number:]

    def _is_head(self, paragraph: str, rest: list[str]) -> bool:
        text = _bare(paragraph)
        # The label and the lines below it may be one paragraph with line breaks.
        if not self.headline and self._is_line_of_release(text):
            return True
        if (
            self.contact is None
            and (found := _CONTACT.fullmatch(text))
            and (_PHONE.search(text) or _EMAIL.search(text) or not found["rest"])
        ):
            self._in_contact = True
            self._add_to_contact(found["rest"])
            return True
        if self._in_contact and len(text) < 80 and not self.headline and self._belongs_to_contact(text):
            self._add_to_contact(text)
            return True
        if not self.headline and self.date is None and (day := _day(text)):
            self.date = day
            return True
        if not self.headline and rest and len(text) <= 250 and not paragraph.startswith(("- ", "| ", "> ", "1. ")):
            self.headline = text
            self._in_contact = False
            return True
        return self._is_subhead(paragraph, text, rest)

    def _is_line_of_release(self, text: str) -> bool:
        if _IMMEDIATE.fullmatch(text):
            self.embargo = self.embargo or "immediate"
            return True
        found = _EMBARGO.fullmatch(text)
        if found and re.search(r"\d|noon|monday|tuesday|wednesday|thursday|friday|week|verdict", found["phrase"], re.I):
            self.embargo = found["phrase"].strip().rstrip(".")
            return True
        if _TITLE_LINE.fullmatch(text) and len(text) < 100:
            self.seen.append(Seen("dropped", "Left out: a line of the letterhead.", text))
            return True
        return False

    def _belongs_to_contact(self, text: str) -> bool:
        return bool(
            _PHONE.search(text) or _EMAIL.search(text) or (self.contact == Contact() and len(text.split()) <= 5)
        )

    def _add_to_contact(self, text: str) -> None:
        now = self.contact or Contact()
        phone, email = _PHONE.search(text), _EMAIL.search(text)
        name = _EMAIL.sub("", _PHONE.sub("", text))
        name = re.sub(r"(?:phone|tel|cell|office|e-?mail|at)\b\.?:?", "", name, flags=re.I).strip(" ,;:|()–-")
        self.contact = Contact(
            now.name or name,
            now.phone or (phone.group() if phone else ""),
            now.email or (email.group() if email else ""),
        )

    def _is_subhead(self, paragraph: str, text: str, rest: list[str]) -> bool:
        """Return whether this is a line in italics, bold or a heading right below the headline."""
        if self.subhead or not self.headline or not rest or len(text) > 300 or _DATELINE.match(text):
            return False
        marked = _HEADING.match(paragraph) or re.fullmatch(r"(\*{1,3})[^*]+\1", paragraph.strip())
        if not marked:
            return False
        self.subhead = text
        return True
