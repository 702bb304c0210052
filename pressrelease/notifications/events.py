"""Turn journal lines into notices: group them, and word them by what is known now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pressrelease.notifications.notice import EventGroup, JournalEvent, Known, Notice, display_name, sentence
from pressrelease.release.delivery import Action, Delivery, DeliveryState
from pressrelease.status.causes import Topic
from pressrelease.status.dossier import Directive, Dossier
from pressrelease.system.printable import one_line
from pressrelease.when import say_full, say_span

#: The journal's events that people are notified of.
EVENTS = frozenset(
    {
        "release.scheduled",
        "release.corrected",
        "release.unapproved",
        "release.clearance_refused",
        "release.zone_rules_changed",
        "release.published",
        "release.withdrawn",
        "delivery.delivered",
        "delivery.failed",
        "delivery.in_doubt",
        "outlet.closed",
        "outlet.opened",
        "stopped",
        "resumed",
        "restored",
        "adopted",
        "checkpoint",
    }
)

#: Those of them that wait for no pause between two messages.
URGENT = frozenset({"stopped", "restored", "adopted"})

#: What arrived later than this after its lift was late.
LATE = timedelta(minutes=1)


def grouped(events_in_order: Iterable[JournalEvent]) -> list[EventGroup]:
    """Group similar events, most urgent first."""
    groups: dict[tuple[str, ...], EventGroup] = {}
    for one in events_in_order:
        outlet = str(one.detail.get("outlet") or "")
        late = timedelta(milliseconds=_whole(one.detail.get("late_ms")))
        about = _about(one, late)
        if about is None:
            continue
        group = EventGroup(about, one.at, one.actor, one.slug, one.version, outlet, one.event, late=late)
        if one.event in _STOPS:
            # A stop and its end go into one notice: apart, the graver one would come first, and say what is no longer
            # so.
            key: tuple[str, ...] = ("stops",)
            group = replace(group, steps=(one,))
        elif one.event == "checkpoint":
            key, group = ("checkpoint",), replace(group, steps=(one,))  # the newest says it all
        else:
            # An outlet's closing and opening are each reported, in turn.
            key = (about.title, one.slug, one.version, outlet) if one.slug else (str(one.n),)
        if (before := groups.get(key)) is not None:
            steps = (*before.steps, *group.steps)
            group = replace(group, count=before.count + 1, late=max(late, before.late), steps=steps)
        groups[key] = group
    return sorted(groups.values(), key=lambda group: group.about.place)


_STOPS = frozenset({"stopped", "restored", "adopted", "resumed"})

#: How many stops, and ends of stops, one notice lists.
MOST_STEPS = 6


def _about(one: JournalEvent, late: timedelta) -> Topic | None:
    if one.event == "delivery.delivered":
        return Topic.LATE if late > LATE else None
    if one.event == "delivery.in_doubt" and one.detail.get("again"):
        return None  # its outlet is asked again automatically
    if one.event in {"delivery.failed", "delivery.in_doubt"} and one.detail.get("action") == Action.WITHDRAW.value:
        return Topic.NOT_WITHDRAWN
    return _ABOUT.get(one.event)


_ABOUT = {
    "release.scheduled": Topic.APPROVAL,
    "release.corrected": Topic.APPROVAL,
    "release.unapproved": Topic.APPROVAL,
    "release.clearance_refused": Topic.REFUSED,
    "release.zone_rules_changed": Topic.MOVED,
    "release.published": Topic.PUBLISHED,
    "release.withdrawn": Topic.WITHDRAWN,
    "delivery.failed": Topic.FAILED,
    "delivery.in_doubt": Topic.IN_DOUBT,
    "outlet.closed": Topic.CLOSED,
    "outlet.opened": Topic.GOES_ON,
    "stopped": Topic.STOPPED,
    "restored": Topic.STOPPED,
    "adopted": Topic.STOPPED,
    "resumed": Topic.GOES_ON,
    "checkpoint": Topic.CHECKPOINT,
}


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def notice_of(
    group: EventGroup,
    known: Known | None,
    *,
    closed: Collection[str] = (),
    out: bool = False,
    now: datetime,
    timezone: str,
) -> Notice | None:
    """Return the notice for a group; None if it has been resolved since, or another notice covers it.

    `known` is the release as it is now, None if it is a draft again; `out` says that something of it has arrived;
    `closed` are the outlets that refuse our credentials. `now` is UTC.
    """
    words = {
        Topic.STOPPED: lambda: _stops(group, now, timezone),
        Topic.GOES_ON: lambda: (
            _stops(group, now, timezone) if group.steps else f"Sending to {group.outlet} has resumed."
        ),
        Topic.CLOSED: lambda: _closed(group, closed),
        Topic.APPROVAL: lambda: _approval(known, now, timezone),
        Topic.REFUSED: lambda: _refused(known),
        Topic.MOVED: lambda: _moved(group, known, now, timezone),
        Topic.PUBLISHED: lambda: _published(group, known),
        Topic.WITHDRAWN: lambda: f"{_named(group, known, out=out)} is withdrawn from everyone who had it.",
        Topic.NOT_WITHDRAWN: lambda: _not_withdrawn(group, known, out=out),
        Topic.LATE: lambda: _late(group, known, out=out),
        Topic.FAILED: lambda: _stuck(group, known, closed, out=out),
        Topic.IN_DOUBT: lambda: _stuck(group, known, closed, out=out),
        Topic.CHECKPOINT: lambda: _checkpoint(group),
    }[group.about]()
    if not words:
        return None
    early = group.about is Topic.PUBLISHED and known is not None and known.early is not None
    return Notice(Topic.EARLY if early else group.about, sentence(words))


def _stops(group: EventGroup, now: datetime, timezone: str) -> str:
    """Return the words for stops and what ended them, in turn; only the last describes the present."""
    words = []
    for one in group.steps[-MOST_STEPS:]:
        when, by = say_full(one.at, timezone=timezone, now=now), one_line(one.actor)
        if one.event == "restored":
            words.append(f"{by} restored a backup on {when}. Everything is stopped.")
        elif one.event == "adopted":
            words.append(f"{by} made a copied or moved workspace the original on {when}. Everything is stopped.")
        elif one.event == "stopped":
            words.append(f"{by} stopped publishing on {when}.")
        else:
            words.append(f"{by} resumed publishing on {when}.")
    if group.event != "resumed":
        words.append("Nothing goes out until `pressrelease resume --all`.")
    return " ".join(words)


def _checkpoint(group: EventGroup) -> str:
    """Return the words that a reader keeps: no line of the journal is in them, only the hash of the last."""
    detail = group.steps[-1].detail
    by = [
        *(["signed with the office's key"] if detail.get("signature") else []),
        *(["stamped by a service elsewhere"] if detail.get("stamp") else []),
    ]
    made = f" It is {' and '.join(by)}." if by else ""
    kept = ("signed", "signature") if detail.get("signature") else ()
    signed = "".join(f" {one_line(str(detail[name]))}" for name in kept)
    return (
        "Keep this message: it can show later that nothing in the journal was changed. Its last line is"
        f" {one_line(str(detail.get('head')))}.{made}"
        f" To compare: `pressrelease journal --verify --head N:HASH`.{signed}"
    )


def _closed(group: EventGroup, closed: Collection[str]) -> str:
    if group.outlet not in closed:
        return ""
    return (
        f"{group.outlet} rejected the login. Sending to it is paused. Fix the credentials,"
        f" then run `pressrelease outlets --test {group.outlet}`."
    )


def _approval(known: Known | None, now: datetime, timezone: str) -> str:
    if known is None or known.missing <= 0 or known.dossier.release.word is Directive.KILLED:
        return ""
    lift = known.dossier.release.lift
    by = f"to go out {say_full(lift, timezone=timezone, now=now)}" if lift else "and goes out as soon as it is approved"
    if known.dossier.release.waits_for_event:
        by = "and then waits for its event"
    more = "1 more approval" if known.missing == 1 else f"{known.missing} more approvals"
    return f"{known.name} needs {more} {by}. To see it: `pressrelease status`."


def _refused(known: Known | None) -> str:
    from pressrelease.status.clearances import ClearanceState

    refused = [
        f"{one.name} by {one_line(one.by)}"
        for one in (known.dossier.clearances if known else ())
        if one.recorded is ClearanceState.REFUSED
    ]
    if known is None or not refused:
        return ""  # it was answered again, or scheduled again
    return f"{known.name} was refused a clearance: {', '.join(refused)}. Nothing of it goes out: `pressrelease status`."


def _moved(group: EventGroup, known: Known | None, now: datetime, timezone: str) -> str:
    if (
        known is None
        or known.dossier.release.version != group.version
        or known.dossier.release.word is Directive.KILLED
    ):
        return ""
    release, ruling = known.dossier.release, known.dossier.ruling
    if release.lift is None or ruling is None or not ruling.words or ruling.asks:
        return ""  # rescheduled since, or a person is asked about it
    lift = say_full(release.lift, timezone=timezone, now=now)
    return f"{known.name} keeps the approved local time and goes out {lift}: {ruling.words}."


def _published(group: EventGroup, known: Known | None) -> str:
    if known is None or known.dossier.release.version != group.version or not known.out:
        return f"{display_name(group.slug, group.version, out=bool(known and known.out))} is out."
    deliveries = known.dossier.deliveries
    worst = max((one.late for one in deliveries if one.late is not None), default=timedelta())
    when = f"late by {say_span(worst)}" if worst > LATE else "on time"
    is_out = f"{known.name} is out, {when}."
    if (early := known.early) is not None:
        ahead = say_span(early.embargo - early.at)
        is_out = f"{known.name} was published EARLY by {one_line(early.by)}, {ahead} before its embargo."
    places = "; ".join(
        _place(outlet, [one for one in deliveries if one.outlet == outlet])
        for outlet in dict.fromkeys(one.outlet for one in deliveries)
    )
    return f"{is_out} {places}."


def _place(outlet: str, deliveries: Sequence[Delivery]) -> str:
    arrived = [one for one in deliveries if one.state is DeliveryState.DELIVERED]
    if len(deliveries) == 1:
        return f"{outlet}: {deliveries[0].state.sentence}{_link(arrived)}"
    return f"{outlet}: {len(arrived)} of {len(deliveries)} delivered{_link(arrived)}"


def _link(arrived: Sequence[Delivery]) -> str:
    """Return where it can be seen, unless the address could mislead as plain text."""
    for one in arrived:
        address = one.url or ""
        if address.startswith(("https://", "http://")) and all("!" <= sign <= "~" for sign in address):
            return f" {address}"
    return ""


def _late(group: EventGroup, known: Known | None, *, out: bool) -> str:
    if known is not None and known.dossier.release.version == group.version and _all_settled(known.dossier):
        return ""  # the notice that it is out says how late
    name = _named(group, known, out=out)
    return f"{name} reached {group.outlet} {say_span(group.late)} after its release time{_so_many(group.count)}."


def _all_settled(dossier: Dossier) -> bool:
    return not any(one.is_open or one.needs_person for one in dossier.deliveries)


def _stuck(group: EventGroup, known: Known | None, closed: Collection[str], *, out: bool) -> str:
    state = DeliveryState.IN_DOUBT if group.about is Topic.IN_DOUBT else DeliveryState.FAILED
    count = group.count
    if known is not None and known.dossier.release.version == group.version:
        those = [one for one in known.dossier.deliveries if one.outlet == group.outlet]
        count = sum(one.state is state and one.needs_person for one in those)
        if not count or (state is DeliveryState.FAILED and group.outlet in closed):
            return ""  # it was resolved, or it waits for the outlet's credentials, which the outlet's notice reports
    name = _named(group, known, out=out)
    look = f"`pressrelease status {group.slug}`" if out else "`pressrelease status`"
    if state is DeliveryState.IN_DOUBT:
        words = (
            f"{name} is in doubt at {group.outlet}{_so_many(count)}: it was sent, and nothing shows whether it arrived."
        )
        return f"{words} To see it: {look}. When you know, answer with `pressrelease settle`."
    words = f"{name} failed for good at {group.outlet}{_so_many(count)}."
    return f"{words} To see why: {look}. To try again: `pressrelease retry`."


def _named(group: EventGroup, known: Known | None, *, out: bool) -> str:
    same = known is not None and (
        known.dossier.release.version == group.version or known.dossier.release.word is Directive.KILLED
    )
    return known.name if known is not None and same else display_name(group.slug, group.version, out=out)


def _not_withdrawn(group: EventGroup, known: Known | None, *, out: bool) -> str:
    """Return that a withdrawal is stuck at an outlet; "" if it was resolved since."""
    count = group.count
    if known is not None:
        count = sum(one.needs_person for one in known.dossier.deliveries if one.outlet == group.outlet)
    if not count:
        return ""
    name = _named(group, known, out=out)
    return f"{name} could not be withdrawn at {group.outlet}{_so_many(count)}. To see why: `pressrelease status`."


def _so_many(count: int) -> str:
    return f" ({count} deliveries)" if count > 1 else ""
