"""Flag legal risks in a prosecutor's text. A person decides; none of this is legal advice.

California: Rules of Professional Conduct 3.6 and 3.8; Penal Code 293; Welfare and Institutions Code 827, 828.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pressrelease.check.finding import Finding, Severity
from pressrelease.release import Release

_ACCUSED = re.compile(
    r"\b(?:arrest(?:ed|s|ees?)?|charged|indicted|arraigned|accused|booked into|in custody|suspects?|defendants?)\b",
    re.I,
)
_PRESUMED = re.compile(
    r"presum\w{1,8}\s{1,9}(?:to\s{1,9}be\s{1,9})?innocen|presumption\s{1,9}of\s{1,9}innocence"
    r"|innocent\s{1,9}(?:until|unless)",
    re.I,
)

#: Each: code, what to look for, what to say, what to do.
_LOOK_AGAIN = (
    (
        "juvenile",
        re.compile(
            r"\b(?:1[0-7]|[1-9])[-\u2010-\u2013 ]years?[-\u2010-\u2013 ]olds?\b|\baged? (?:1[0-7]|[1-9])\b"
            r"|, (?:1[0-7]|[6-9]), (?:of|was|is|were|who)\b"
            r"|\bjuvenile (?:suspect|defendant|offender|court)s?\b",
            re.I,
        ),
        "This may identify a minor. Juvenile records are confidential unless a court orders otherwise (WIC 827, 828).",
        "Leave out the name and anything else that identifies the minor, or make sure you have the court order.",
    ),
    (
        "victim",
        re.compile(
            r"\bvictim(?:,| was| has been| is)? (?:identified as|named|known as)\b"
            r"|\bidentified the victim\b|\b(?:name|address|photo)s? of (?:the )?victims?\b",
            re.I,
        ),
        "This may identify a victim (Penal Code 293; for trafficking, the family's names and images too).",
        "Leave it out unless the victim agreed to be named. If so, tell the person who approves.",
    ),
    (
        "prejudice",
        re.compile(
            r"\bconfess(?:ed|es|ion|ions)\b|\b(?:polygraph|lie[- ]detector)\b|\bplea (?:deal|bargain|agreement)\b"
            r"|\bprior (?:conviction|arrest|record|offen[cs]e)s?\b|\bcriminal (?:record|history)\b"
            r"|\b(?:is|are|clearly|obviously) guilty\b|\brefused to (?:speak|talk|make a statement)\b",
            re.I,
        ),
        "This may prejudice a jury (confession, test results, plea, prior record or opinion about guilt; Rule 3.6).",
        "Keep to the charge and the public record, or have an attorney approve this wording.",
    ),
)


def law_findings(release: Release) -> Iterator[Finding]:
    """Yield at most one finding of each code, at the first place that it applies to. All are warnings."""
    texts = _texts(release)
    accused = _first(_ACCUSED, texts)
    if accused and not any(_PRESUMED.search(text) for text, _ in texts):
        yield Finding(
            release.slug,
            "presumption_missing",
            Severity.WARNING,
            accused,
            "The release says someone was arrested or charged but has no presumption-of-innocence statement.",
            "Add: “A charge is merely an accusation, and every defendant is presumed innocent until proven guilty.”",
        )
    for code, pattern, message, hint in _LOOK_AGAIN:
        line = _first(pattern, texts)
        if line:
            yield Finding(release.slug, code, Severity.WARNING, line, message, hint)


def speaks_of_accused(release: Release) -> bool:
    """Return whether a release says that somebody was arrested, charged or accused."""
    return _first(_ACCUSED, _texts(release)) > 0


def _texts(release: Release) -> tuple[tuple[str, int], ...]:
    """Return what readers see, each text with its line."""
    return (
        (release.headline, release.line_of("headline")),
        (release.subhead, release.line_of("subhead")),
        (release.body, release.body_line),
    )


def _first(pattern: re.Pattern[str], texts: tuple[tuple[str, int], ...]) -> int:
    """Return the line of the first match, 0 for none."""
    for text, line in texts:
        match = pattern.search(text)
        if match is not None:
            return max(1, line + text.count("\n", 0, match.start()))
    return 0
