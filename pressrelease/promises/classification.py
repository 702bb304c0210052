"""Whether a sentence promises something: a future release, announcement, decision or event of the issuer's.

A promise has a cue ("will be released", "is scheduled to announce", "Details to follow"), and nothing in the
sentence that takes it back. Decided, where a reader could wonder:

    "If a suspect is charged, a release will be issued."      no:  on condition; it may never fall due
    "Names will be released once families have been told."    yes: undated, but bound to come
    "The names will not be released until Monday."            yes; "… until the families have been told": no
    "The report may be published on Friday."                  no:  nobody is bound
    "He is scheduled to be arraigned on Tuesday."             no:  the court's business, not the issuer's
    "Updates will be posted every Friday."                    no:  a standing schedule
    "The briefing of Friday was postponed."                   no;  "… was postponed to Monday": yes
    "The release said: “The names will be released Monday.”"  no:  an earlier promise, quoted
    "“We will release the video Friday,” said the chief."     yes: the issuer speaks
"""

from __future__ import annotations

from pressrelease.promises.exclusions import none_of_it, not_this
from pressrelease.promises.patterns import CUES

_FLAT = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\u2010": "-", "\u2011": "-", "\u2014": "—"}
)


def cue_of(sentence: str) -> tuple[int, int] | None:
    """Where in `sentence` the words stand that promise, as a span; None where nothing is promised."""
    text = sentence.translate(_FLAT)
    if none_of_it(text):
        return None
    for cue in CUES:
        for match in cue.found_in(text):
            if not not_this(text, match):
                return match.span()
    return None
