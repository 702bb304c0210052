"""What approvals cover, and whether those that [policy] wants signed are. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pressrelease.config import Config, Policy
from pressrelease.errors import StateUnreadable
from pressrelease.release.delivery import Delivery
from pressrelease.status.dossier import Dossier, Scheduled, same_person
from pressrelease.status.evaluation import counted_approvals
from pressrelease.store import Store
from pressrelease.store.records import FrozenVersion

if TYPE_CHECKING:
    from pressrelease.signing import Approved


def examined_dossiers(store: Store, config: Config, dossiers: Sequence[Dossier]) -> Sequence[Dossier]:
    """Return the dossiers, each approval and clearance marked if its signature is doubtful by allowed_signers."""
    signers = Path(config.policy.allowed_signers)
    return [_examined(store, config, one, signers) for one in dossiers]


def why_lift_unsigned(store: Store, config: Config, release: Scheduled, covered: Approved) -> str:
    """Return why the lift of a release that waited for an event does not count, in words; "" if it does."""
    from pressrelease.signing import why_not_vouched
    from pressrelease.signing.lifts import lift_statement

    row = store.read.event_lift(release.event_group)
    if row is None or row.slug != release.slug or row.version != release.version:
        return "nobody says that its event has happened"
    if not may_lift(row.by, config.policy):
        return f"{row.by} can't lift it"
    statement = lift_statement(covered, row.by, row.at)
    doubt = why_not_vouched(statement, row.signature, Path(config.policy.allowed_signers))
    return f"its lift by {row.by} does not count: {doubt}" if doubt else ""


def may_lift(name: str, policy: Policy) -> bool:
    """Return whether somebody of that name can say that an event has happened."""
    return not policy.lifters or same_person(name) in {same_person(one) for one in policy.lifters}


def _examined(store: Store, config: Config, dossier: Dossier, signers: Path) -> Dossier:
    if not (dossier.approvals or dossier.clearances):
        return dossier
    from pressrelease.signing import examined

    covered = approved(store, dossier.release, dossier.deliveries)
    dossier = dossier._replace(approvals=examined(dossier.approvals, covered, signers))
    if dossier.release.event_group and dossier.release.lift is not None and not dossier.disagrees:
        dossier = dossier._replace(disagrees=why_lift_unsigned(store, config, dossier.release, covered))
    if not dossier.clearances:
        return dossier
    from pressrelease.signing.clearances import examined as examined_clearances

    return dossier._replace(clearances=examined_clearances(dossier.clearances, covered, signers))


def approved(store: Store, release: Scheduled, deliveries: Sequence[Delivery] = ()) -> Approved:
    """Return what approvals of a release cover, as recorded; `deliveries` are those that may leave on them.

    Raises: StateUnreadable if its frozen text is missing.
    """
    from pressrelease.signing import Approved, content_of
    from pressrelease.when.wall_time import reckoned

    frozen = store.read.frozen(release.slug, release.version)
    if frozen is None:
        raise StateUnreadable(f"The approved text of {release.slug} is missing from the database. It was not sent.")
    content = content_of(
        frozen.canonical, frozen.attachments, frozen.outlets, frozen.recipients, settings=frozen.settings
    )
    return Approved(
        store_id=store.read.store_id(),
        slug=release.slug,
        version=release.version,
        content=content,
        lift=frozen.lift,
        due=release.lift,
        wall=frozen.wall,
        earliest=reckoned(frozen.wall),
        elsewhere=_elsewhere(store, release, frozen, deliveries),
    )


def _elsewhere(store: Store, release: Scheduled, frozen: FrozenVersion, deliveries: Sequence[Delivery]) -> str:
    """Return the first outlet of a waiting delivery that was not frozen with its version, "" for none."""
    people = store.read.agreement.recipients(store.read.rows, release.slug, release.version, frozen.recipients)
    for one in deliveries:
        if one.outlet not in frozen.outlets:
            return one.outlet
        if frozen.recipients and one.recipient not in people.get(one.outlet, ()):
            return one.outlet
    return ""


def why_unsigned(store: Store, config: Config, delivery: Delivery) -> str | None:
    """Return why a claimed delivery lacks the signatures that [policy] asks for; None if it has them or needs none."""
    policy = config.policy
    if not policy.allowed_signers or not (policy.approvals or config.clearances):
        return None
    release = store.read.release(delivery.slug)
    if release is None or release.version != delivery.version:
        return "a newer version replaced it"
    (dossier,) = store.read.dossiers([release], unsettled_only=True)
    if dossier.clearances:
        from pressrelease.status.clearances import by_rules

        dossier = by_rules(dossier, config.clearances)
    (dossier,) = examined_dossiers(store, config, [dossier._replace(deliveries=(delivery,))])
    if counted_approvals(dossier.approvals, policy, release.makers) < policy.approvals:
        return "its approvals are not signed by people who can approve"
    if release.event_group and dossier.disagrees:
        return dossier.disagrees
    if doubtful := next((one for one in dossier.clearances if one.doubt), None):
        return f"its clearance {doubtful.name} does not count: {doubtful.doubt}"
    return None
