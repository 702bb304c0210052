"""Check a release for errors and warnings. Pure.

A release with an error can't be scheduled; a warning is shown, and a person decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from pressrelease.check.finding import CODES, Finding, Severity
from pressrelease.check.timing import embargo_findings, embargo_of
from pressrelease.config import Config
from pressrelease.release import Release

__all__ = ["CODES", "Finding", "Severity", "check_release", "embargo_of", "with_accepted"]


def check_release(
    release: Release,
    config: Config,
    *,
    now: datetime,
    known_slugs: Collection[str],
    attachment_sizes: Mapping[str, int | None],
) -> tuple[Finding, ...]:
    """Return every finding, in the order of the file. `now` is aware.

    `known_slugs` are the releases that there are; `attachment_sizes` maps each attachment's path to its bytes,
    None if it can't be read.
    """
    # The modules that search the text take a while to load, and a list of embargoes doesn't need them.
    from pressrelease.check.facts import fact_findings
    from pressrelease.check.law import law_findings
    from pressrelease.check.markdown import markup_findings
    from pressrelease.check.placeholders import wording_findings

    found = [
        *embargo_findings(release, config, now=now),
        *fact_findings(release, config, known_slugs=known_slugs, attachment_sizes=attachment_sizes),
        *wording_findings(release),
        *markup_findings(release),
        *law_findings(release),
    ]
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.severity is Severity.WARNING)))


def with_accepted(release: Release, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, each warning that the release's `accept` names with its reason. No error is accepted."""
    reasons = dict(release.accept)
    return tuple(
        replace(one, accepted=reasons[one.code]) if one.code in reasons and one.severity is Severity.WARNING else one
        for one in findings
    )
