"""What the law asks of a prosecutor's text. A person decides; none of this is legal advice.

California: Rules of Professional Conduct 3.6 and 3.8; Penal Code 293; Welfare and Institutions Code 827, 828.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pressrelease.check.case_state import case_of
from pressrelease.check.finding import Finding
from pressrelease.check.jury import jury_findings
from pressrelease.check.minors import minor_findings
from pressrelease.check.passages import Passage, passages
from pressrelease.check.presumption import presumption_findings
from pressrelease.check.privacy import privacy_findings
from pressrelease.check.tables import tables_in
from pressrelease.check.victims import victim_findings
from pressrelease.release import Contact, Release


def law_findings(release: Release, office: Contact, texts: Sequence[Passage]) -> Iterator[Finding]:
    """Yield the findings about the accused, minors, victims and what is private. `office` is the office's contact."""
    case = case_of(texts)
    tables = tables_in(release.body, release.body_line)
    yield from presumption_findings(release, texts, case)
    yield from minor_findings(release, texts, tables)
    yield from victim_findings(release, texts)
    yield from privacy_findings(release, office, texts, tables)
    yield from jury_findings(release, texts, case)


def speaks_of_accused(release: Release) -> bool:
    """Return whether a release says that somebody was arrested, charged or accused, and waits for a verdict."""
    return case_of(passages(release)).pending
