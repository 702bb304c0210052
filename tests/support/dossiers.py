"""Everything that is known of a release at one moment: one by hand, and any by chance."""

from __future__ import annotations

from datetime import timedelta

from conftest import NOW
from hypothesis import strategies as st

from pressrelease.config import Policy, Retry
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.status.dossier import Approval, Directive, Dossier, FileFact, Scheduled
from pressrelease.when import Embargo, EmbargoKind

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIFT = NOW
POLICY, RETRY = Policy(), Retry()
OUTLETS = ("newsroom", "media")
RELEASE = Scheduled(
    slug="names",
    version="v1",
    headline="Names released",
    embargo=Embargo("Friday 9 a.m.", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=LIFT, lift=LIFT),
    lift=LIFT,
    outlets=OUTLETS,
    author="jdoe",
    source_hash="f" * 64,
    word=Directive.SCHEDULED,
    word_by="jdoe",
    word_at=NOW - DAY,
)
YES = (Approval("da", NOW - HOUR),)
WAITING = Delivery(1, "names", "v1", "newsroom", "", DeliveryState.WAITING, lift=LIFT, next_try=LIFT)


def at(state: str, outlet: str = "newsroom", again: bool = False) -> Delivery:
    """A delivery in a state, claimed once where that state says so."""
    found = DeliveryState(state)
    if found is DeliveryState.WAITING:
        return WAITING._replace(outlet=outlet)
    tried = WAITING._replace(outlet=outlet, state=found, attempts=1, first_sent_at=LIFT, next_try=None)
    if found is DeliveryState.SENDING:
        return tried._replace(owner="one", lease_until=LIFT + HOUR)
    return tried._replace(next_try=LIFT + SECOND) if again or found is DeliveryState.RETRYING else tried


moments = st.timedeltas(-3 * DAY, 3 * DAY).map(lambda span: LIFT + span)
kinds = st.sampled_from([state.value for state in DeliveryState])
deliveries = st.lists(
    st.builds(
        lambda state, outlet, again, begun: at(state, outlet, again)._replace(first_sent_at=begun),
        kinds,
        st.sampled_from([*OUTLETS, "fax"]),
        st.booleans(),
        moments,
    ),
    min_size=1,
    max_size=4,
).map(tuple)
releases = st.builds(
    RELEASE._replace,
    lift=st.none() | moments,
    word=st.sampled_from(Directive),
    why=st.just("a reason"),
    late_accepted_at=st.none() | moments,
)
dossiers = st.builds(
    Dossier, releases, st.sampled_from([(), YES]), deliveries, st.sampled_from([*[FileFact.SAME] * 3, *FileFact])
)
