"""Bring together what `status`, the bare command and `journal` show. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pressrelease.errors import EmbargoRefused, NotFound, PressReleaseError
from pressrelease.publishing.clock_trust import clock_doubt
from pressrelease.services import Report, ServiceContext
from pressrelease.services.drafts import drafts as all_drafts
from pressrelease.status.causes import Cause
from pressrelease.status.dossier import Scheduled
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus, due_since
from pressrelease.status.views import CALLED_BY_CRON, COMES_AGAIN, STAYS_UP, Row, SchedulerSign
from pressrelease.store import Reader, host_name
from pressrelease.store.rows import from_micros
from pressrelease.system import clock
from pressrelease.when import rfc3339, say_span

if TYPE_CHECKING:
    from pathlib import Path

    from pressrelease.release.delivery import Delivery
    from pressrelease.store.journal import Line
    from pressrelease.store.records import Control, SchedulerProcess

#: How many rows `status` shows of those that lift next; and of those that wait without a lift, of those whose lift has
#: come, and of drafts, each. An office with more asks for all.
AHEAD = 20
BEHIND = 100

#: From when on what is due is said to be late: one that was approved a moment ago is not.
LATE = timedelta(minutes=1)

#: How many drafts are checked for their next step.
CHECKED = 20


class Listing(NamedTuple):
    """Rows for `status`, most important first, with the lines above them; `more` were left out."""

    rows: list[Row]
    stopped: bool
    stopped_words: str
    scheduler: SchedulerSign
    clock_doubt: str | None = None
    more: int = 0
    not_the_original: str = ""


def listing(
    context: ServiceContext,
    slugs: Sequence[str] | None = None,
    *,
    everything: bool = False,
    recent: int = 10,
    ahead: int = AHEAD,
    behind: int = BEHIND,
    now: datetime,
) -> Listing:
    """Return the releases named, or those that still matter, at most a screenful of each kind, and the `recent` last
    ones that are out, or everything.

    Raises: NotFound for a slug that is neither scheduled nor a file.
    """
    scheduled: list[Scheduled] = []
    stopped, stopped_words, sign = False, "", SchedulerSign(alive=False)
    doubt: str | None = None
    more, original = 0, ""
    if context.store.exists:
        read = context.store.read
        control = context.store.control()
        stopped, stopped_words, original = control.stopped, control.headline, control.not_the_original
        sign = scheduler_sign(read, context.workspace.alive, now, control)
        doubt = clock_doubt(context.store, clock.read_clock(), context.config.clock.tolerance)
        if slugs is not None:
            scheduled = read.releases(list(dict.fromkeys(slugs)))
        elif everything:
            scheduled = read.releases()
        else:
            first = read.first_open(now, behind=behind, ahead=ahead)
            more = read.count_open() - len(first) if len(first) >= min(ahead, behind) else 0
            scheduled = [*first, *read.recent_releases(recent)]
    rows = [_row(report) for report in context.reports(scheduled)]
    if not sign.alive and not stopped:
        rows = [unattended(row, now, context.workspace.alive) for row in rows]
    known = {row.slug for row in rows}
    if slugs is not None:
        drafts = [slug for slug in dict.fromkeys(slugs) if slug not in known]
    else:
        drafts = all_drafts(context)
        if not everything:
            more += max(0, len(drafts) - behind)
            drafts = drafts[:behind]
    rows += [draft_row(context, slug, now=now, check=number < CHECKED) for number, slug in enumerate(drafts)]
    return Listing(rows, stopped, stopped_words, sign, doubt, more, original)


def _row(report: Report) -> Row:
    release = report.dossier.release
    return Row(release.slug, release.headline, report.status, release.embargo, report.dossier)


def unattended(row: Row, now: datetime, alive: Path) -> Row:
    """Return a release's row if no scheduler is alive: one that is due waits for somebody to start one.

    `alive` is the folder in which processes of this machine hold their names.
    """
    lift, status = row.lift, row.status
    if status.state is not ReleaseState.PUBLISHING or lift is None or lift > now or row.dossier is None:
        return row
    due = [one for one in row.dossier.deliveries if one.is_open and (one.next_try or now) <= now]
    if not due or any(
        _being_sent(one, now, alive) for one in due
    ):  # `publish`, typed by hand, is not a scheduler but sends too
        return row
    late = now - max(lift, due_since(row.dossier) or lift)
    words = f"it was due {say_span(late)} ago" if late >= LATE else "it is due now"
    return row._replace(status=ReleaseStatus.because(status.state, Cause.NO_SCHEDULER, due=words))


def _being_sent(delivery: Delivery, now: datetime, alive: Path) -> bool:
    """Return whether a process that may still live has claimed it."""
    owner, lease = delivery.owner, delivery.lease_until
    return owner is not None and lease is not None and lease > now and not _is_gone(alive, owner)


def draft_row(context: ServiceContext, slug: str, *, now: datetime, check: bool = False) -> Row:
    """Return the row of a file that is not scheduled; one that can't be read shows its error. Raises NotFound.

    With `check` its next step is what `check` finds: that takes some milliseconds each.
    """
    from pressrelease.check import embargo_of

    try:
        release = context.library.read(slug)
    except NotFound:
        raise
    except PressReleaseError as error:
        unread = ReleaseStatus.because(ReleaseState.DRAFT, Cause.FILE_UNREADABLE, error=error.message)
        return Row(slug, "", unread, None)
    try:
        embargo = embargo_of(release, context.config, now=now)
    except EmbargoRefused as error:
        refused = ReleaseStatus.because(ReleaseState.DRAFT, Cause.EMBARGO_REFUSED, error=error.message)
        return Row(slug, release.headline, refused, None)
    return Row(slug, release.headline, _checked(context, slug) if check else ReleaseStatus(ReleaseState.DRAFT), embargo)


def _checked(context: ServiceContext, slug: str) -> ReleaseStatus:
    """Return a draft's status: whether `schedule` would accept it as it is."""
    from pressrelease.check import Severity
    from pressrelease.services.scheduling import findings

    faults = [one for one in findings(context, slug) if one.severity is Severity.ERROR]
    if not faults:
        return ReleaseStatus(ReleaseState.DRAFT)
    place = f" (line {faults[0].line})" if faults[0].line else ""
    more = f", and {len(faults) - 1} more error{'s' if len(faults) > 2 else ''}" if len(faults) > 1 else ""
    error = f"{faults[0].message.rstrip('.')}{place}{more}"
    return ReleaseStatus.because(ReleaseState.DRAFT, Cause.CHECK_REFUSED, error=error)


def scheduler_sign(read: Reader, alive: Path, now: datetime, control: Control) -> SchedulerSign:
    """Return the newest sign of life of any scheduler, one that is alive before one that is not.

    `alive` is the folder in which processes of this machine hold their names. The schedulers in a copied record are its
    original's, so a copy has none.
    """
    if control.not_the_original:
        return SchedulerSign(alive=False)
    signs = [_sign_of(process, alive, now) for process in read.processes()]
    return next((sign for sign in signs if sign.alive), signs[0] if signs else SchedulerSign(alive=False))


def _sign_of(process: SchedulerProcess, alive: Path, now: datetime) -> SchedulerSign:
    """Return whether a process that was seen will come again: a running `run`, or passes that come one by one."""
    sign = SchedulerSign(alive=False, last_seen=process.last_seen, host=process.host, kind=process.kind)
    age = now - process.last_seen
    if process.ended_at is not None:
        return sign
    if process.kind == "run":
        return sign._replace(alive=age < STAYS_UP and not _is_dead(alive, process))
    recent = age < CALLED_BY_CRON
    came_again = process.last_seen - process.started_at >= COMES_AGAIN
    return sign._replace(alive=recent and came_again, once=recent and not came_again)


def _is_dead(alive: Path, process: SchedulerProcess) -> bool:
    """Return whether it ended without checking out (kill -9, say), as far as this machine and account can tell."""
    return process.host == host_name() and _is_gone(alive, process.owner)


def _is_gone(alive: Path, owner: str) -> bool:
    """Return whether the process of that name ended, as far as this machine and this account can tell."""
    from pressrelease.store.presence import is_dead

    try:
        return is_dead(alive, owner)
    except OSError:
        return False


def journal_json(line: Line) -> dict[str, Any]:
    """Return one line of the journal as JSON output has it."""
    return {
        "n": line.n,
        "at": rfc3339(from_micros(line.at)),
        "actor": line.actor,
        "host": line.host,
        "event": line.event,
        "slug": line.slug or None,
        "version": line.version or None,
        "detail": json.loads(line.detail),
        "prev": line.prev,
        "hash": line.hash,
    }
