"""Approve exactly the version that is scheduled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pressrelease.errors import NeedsPerson, NotPermitted, Refused, Usage
from pressrelease.publishing.clock_trust import clock_doubt
from pressrelease.publishing.signatures import approved
from pressrelease.release import SHOWN
from pressrelease.services import Report, ServiceContext
from pressrelease.status.dossier import Dossier, FileFact, same_person
from pressrelease.status.evaluation import ReleaseState
from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.store.ledger import Ledger

LONGEST_NAME = 200


def may_approve(
    context: ServiceContext, slug: str, by: str, known: Mapping[str, Report] = MappingProxyType({})
) -> Report:
    """Check that `by` may approve what is scheduled as `slug` now. Raises NotPermitted, NeedsPerson with the reason.

    `known` may have the release's report already, so that many are checked on one snapshot.
    """
    if not by.strip() or not by.isprintable() or len(by) > LONGEST_NAME:
        raise Refused("That is not a name. Nothing was approved.", hint="Give your name: --as NAME.", code="no_name")
    report = known.get(slug) or context.report(slug)
    policy = context.config.policy
    release = report.dossier.release
    if policy.approvers and same_person(by) not in {same_person(name) for name in policy.approvers}:
        raise NotPermitted(
            f"{by} can't approve. The approvers in config.toml are {', '.join(policy.approvers)}.",
            hint="Ask one of them. If you are one of them, add --as and your name; the journal keeps both names.",
            code="not_an_approver",
        )
    if not policy.author_may_approve and same_person(by) in release.makers:
        did = "wrote" if same_person(by) == same_person(release.author) else "scheduled"
        raise NotPermitted(
            f"{by} {did} {slug}, and config.toml requires somebody else to approve it.",
            hint="Ask a colleague.",
            code="author_may_not_approve",
        )
    if report.status.state in {ReleaseState.PUBLISHED, ReleaseState.KILLED}:
        raise NotPermitted(
            f"{slug} is {report.status.state.sentence} already. Nothing was approved.",
            hint=edited_afterwards(slug, report.status.state) if report.dossier.file is not FileFact.SAME else "",
            code="already_published",
        )
    must_be_as_scheduled(report, "Nothing was approved.")
    return report


def must_be_as_scheduled(report: Report, nothing_done: str) -> None:
    """Check that a release's file and its config are those that were frozen. Raises NeedsPerson."""
    slug = report.slug
    if report.dossier.file is not FileFact.SAME:
        raise NeedsPerson(
            f"releases/{slug}.md was changed after it was scheduled. {nothing_done}",
            hint=_way_back(report),
            code="file_changed",
        )
    if changed := report.dossier.changed:
        raise NeedsPerson(
            f"{changed} after {slug} was scheduled. {nothing_done}",
            hint=f"To use the new version, schedule it again: `pressrelease schedule {slug}`.",
            code="config_changed",
        )


def must_trust_clock(context: ServiceContext, nothing_done: str) -> None:
    """Check that nothing speaks against this machine's clock, for what counts by the moment at which it was said.

    Raises: NeedsPerson.
    """
    if doubt := clock_doubt(context.store, clock.read_clock(), context.config.clock.tolerance):
        raise NeedsPerson(
            f"{doubt[0].upper()}{doubt[1:]}. {nothing_done}",
            hint="Set the clock, or confirm that it is right: `pressrelease resume --all --confirm clock`.",
            code="clock_in_doubt",
        )


def must_still_be(context: ServiceContext, shown: Report, by: str) -> None:
    """Check that what was shown may still be approved: somebody may take long to answer.

    The version and its lift are checked once more in the transaction. Raises NotPermitted, NeedsPerson.
    """
    now = may_approve(context, shown.slug, by)
    if now.dossier.lists != shown.dossier.lists:
        raise NeedsPerson(
            f"A list that {shown.slug} goes to was edited in the meantime. Nothing was approved.",
            hint=f"To see it and approve it: `pressrelease approve {shown.slug}`.",
            code="recipients_changed",
        )


def must_be_version(context: ServiceContext, slug: str, prefix: str) -> None:
    """Check that the scheduled version is the one that a person names by its first digits.

    Raises: Usage if they name none, or several versions of the release, NotPermitted if another one is scheduled.
    """
    if not re.fullmatch(r"[0-9a-f]{4,64}", prefix):
        raise Usage(
            "--version needs the first 4 to 64 characters of a version, from 0-9 and a-f. Nothing was approved.",
            hint=f"To see the version: `pressrelease status {slug}`.",
        )
    version = context.report(slug).dossier.release.version
    alike = context.store.read.versions_named(slug, prefix)
    if version not in alike:
        raise NotPermitted(
            f"The scheduled version of {slug} is {version[:SHOWN]}, not {prefix}. Nothing was approved.",
            hint=f"Read it again (`pressrelease proof {slug}`), then approve it.",
            code="version_changed",
        )
    if len(alike) > 1:
        raise Usage(
            f"{slug} has {len(alike)} versions that begin with {prefix}. Nothing was approved.",
            hint=f"Give more characters: --version {version}",
        )


def edited_afterwards(slug: str, state: ReleaseState) -> str:
    """Return what it means that a file was edited after its release was published or withdrawn."""
    if state is ReleaseState.KILLED:
        return "It was withdrawn for good. Editing the file changes nothing."
    return (
        f'Editing the file changes nothing that was published. To correct it: `pressrelease correct {slug} --note "…"`'
    )


def _way_back(report: Report) -> str:
    """Return what helps once a scheduled release's file was changed or is gone."""
    slug = report.slug
    if report.dossier.begun:
        return f"The old text has started to go out. Put releases/{slug}.md back as it was, and the rest goes out."
    if report.dossier.file is FileFact.GONE:
        return f"Put the file back, or `pressrelease unschedule {slug}`."
    return f"To use the new version, schedule it again: `pressrelease schedule {slug}`."


def approve(context: ServiceContext, slug: str, by: str, *, key: str = "", may_ask: bool = False) -> None:
    """Record `by`'s approval of exactly the scheduled version.

    It is signed with the SSH key `key` if [policy] requires it.
    """
    sign(context, may_approve(context, slug, by).dossier, by, key=key, may_ask=may_ask)


def sign(context: ServiceContext, dossier: Dossier, by: str, *, key: str = "", may_ask: bool = False) -> None:
    """Record `by`'s approval of the version that was shown, signed with `key` if [policy] requires it."""
    now = clock.utc_now()
    signature = _signature(context, dossier, by, now, key, may_ask=may_ask)
    with context.ledger(now) as ledger:
        write(ledger, context, dossier, by, signature)


def write(ledger: Ledger, context: ServiceContext, dossier: Dossier, by: str, signature: str = "") -> None:
    """Write `by`'s approval of the version that was shown, in a transaction of several.

    Raises: NotPermitted if another version is scheduled by now, or another lift was chosen for this one.
    """
    from pressrelease.store import approvals

    approvals.approve(
        ledger,
        dossier.release.slug,
        dossier.release.version,
        by,
        policy=context.config.policy,
        # By changed zone rules the lift that is shown is another than the one on record.
        shown_lift=None if dossier.ruling is not None else dossier.release.lift,
        signature=signature,
        uncounted={approval.by for approval in dossier.approvals if approval.doubt},
    )


def _signature(context: ServiceContext, dossier: Dossier, by: str, at: datetime, key: str, *, may_ask: bool) -> str:
    """Return the signature of an approval, verified by the file of signers; "" if none is required."""
    signers = context.config.policy.allowed_signers
    if not signers:
        return ""
    from pressrelease.signing import key_of, sign, why_not_vouched

    release = dossier.release
    statement = approved(context.store, release).statement(by, at)
    signature = sign(statement, key, may_ask=may_ask)
    if doubt := why_not_vouched(statement, signature, Path(signers)):
        raise NotPermitted(
            f"The signature would not count as {by}'s: {doubt}. Nothing was approved.",
            hint=f"{Path(signers).name} must have the key on a line that begins with {by}.",
            code="not_an_allowed_signer",
        )
    for given in dossier.approvals:
        if not given.doubt and given.key == key_of(signature) and same_person(given.by) != same_person(by):
            raise NotPermitted(
                f"{given.by} approved {release.slug} with that key already, and one key counts once."
                " Nothing was approved.",
                hint="Ask somebody else who has a key of their own.",
                code="same_key",
            )
    return signature


def unapprove(context: ServiceContext, slug: str) -> None:
    """Withdraw every approval of what is scheduled."""
    from pressrelease.store import approvals

    context.report(slug)
    with context.ledger() as ledger:
        approvals.unapprove(ledger, slug)
