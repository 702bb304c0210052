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
from pressrelease.errors import EmbargoRefused
from pressrelease.release import Release

__all__ = ["CODES", "Finding", "Severity", "by_severity", "check_release", "embargo_of", "with_accepted"]


#: House rules: an office that wants them turns them on in `[check] severity`.
OFF_UNLESS_CHOSEN = {"dateline_missing": "off"}


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
    from pressrelease.check.ap_style import style_findings
    from pressrelease.check.calendar_days import date_findings
    from pressrelease.check.facts import fact_findings
    from pressrelease.check.law import law_findings
    from pressrelease.check.layout import layout_findings
    from pressrelease.check.markdown import markup_findings
    from pressrelease.check.passages import passages
    from pressrelease.check.placeholders import wording_findings

    texts = passages(release)
    found = [
        *embargo_findings(release, config, now=now),
        *fact_findings(release, config, known_slugs=known_slugs, attachment_sizes=attachment_sizes),
        *wording_findings(release),
        *markup_findings(release),
        *layout_findings(release),
        *law_findings(release, config.office.contact, texts),
        *date_findings(release, texts, timezone=config.office.timezone, now=now, lift=_lift(release, config, now=now)),
        *style_findings(release, texts),
        *_removal_findings(release, config, now),
    ]
    found = by_severity(found, config.check.severity)
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.severity is Severity.WARNING)))


def by_severity(findings: Iterable[Finding], severity: Mapping[str, str]) -> list[Finding]:
    """Return the findings with the severities that `[check] severity` gives them, without those that are off."""
    chosen = {**OFF_UNLESS_CHOSEN, **severity}
    return [
        replace(one, severity=Severity(chosen[one.code])) if one.code in chosen else one
        for one in findings
        if chosen.get(one.code) != "off"
    ]


def _lift(release: Release, config: Config, *, now: datetime) -> datetime | None:
    try:
        return embargo_of(release, config, now=now).lift
    except EmbargoRefused:
        return None


def _removal_findings(release: Release, config: Config, now: datetime) -> tuple[Finding, ...]:
    if not (release.remove_at or release.attachments):
        return ()
    from pressrelease.check.removal import removal_findings

    return tuple(removal_findings(release, config, now=now, lift=_lift(release, config, now=now)))


def with_accepted(release: Release, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, each warning that the release's `accept` names with its reason. No error is accepted."""
    reasons = dict(release.accept)
    return tuple(
        replace(one, accepted=reasons[one.code]) if one.code in reasons and one.severity is Severity.WARNING else one
        for one in findings
    )
