"""Decide whether a sentence promises something: a future release, announcement, decision or event of the issuer.

A promise has a cue ("will be released", "is scheduled to announce", "Details to follow"), and nothing in the
sentence takes it back. Cases that are not obvious:

    "If a suspect is charged, a release will be issued."      no:  it is conditional and may never be due
    "Names will be released once families have been told."    yes: undated, but certain
    "The names will not be released until Monday."            yes; "… until the families have been told": no
    "The report may be published on Friday."                  no:  nobody commits to it
    "He is scheduled to be arraigned on Tuesday."             no:  an event of the court, not of the issuer
    "Updates will be posted every Friday."                    no:  a regular schedule
    "The briefing of Friday was postponed."                   no;  "… was postponed to Monday": yes
    "The release said: “The names will be released Monday.”"  no:  an earlier promise, quoted
    "“We will release the video Friday,” said the chief."     yes: the issuer speaks
    "“We will post your files Friday,” the hackers wrote."    no:  somebody else does
    "The ruling will release two men on Friday."              no:  people, and by a ruling
    "Under the decree the firm will post a notice by May 1."  no:  a term for somebody else
"""

from __future__ import annotations

from pressrelease.promises.exclusions import none_of_it, not_this
from pressrelease.promises.others import by_another
from pressrelease.promises.patterns import CUES

_FLAT = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\u2010": "-", "\u2011": "-", "\u2014": "—"}
)


def cue_of(sentence: str) -> tuple[int, int] | None:
    """Return the span of the words in `sentence` that promise; None if nothing is promised."""
    text = sentence.translate(_FLAT)
    if none_of_it(text):
        return None
    for cue in CUES:
        for match in cue.found_in(text):
            if not not_this(text, match) and not by_another(text, match):
                return match.span()
    return None
