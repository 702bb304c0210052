"""The checks of `doctor` about the recipients in [notify]: whether they can be notified, and were."""

from __future__ import annotations

from collections.abc import Iterator

from pressrelease.services.doctor.findings import DoctorContext, DoctorFinding, fine, warning
from pressrelease.store import notification_state


def people(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that notifications can be sent and were, and that their readers are not the public."""
    config = context.config
    for name in config.notify.outlets:
        if not config.outlets[name].enabled:
            yield warning(
                f"[notify] names {name}, which is switched off, so nobody is notified there",
                f"Write enabled = true in [outlets.{name}], or delete {name} from [notify].",
            )
            continue
        if name in config.default_outlets:
            yield warning(
                f"[notify] names {name}, and releases go there too: its readers get notices meant for the office",
                "Add an outlet that only the office reads, and name it in [notify].",
            )
        yield from _not_notified(context, name)


def _not_notified(context: DoctorContext, name: str) -> Iterator[DoctorFinding]:
    read = context.read
    if read is None or read.schema() < notification_state.SINCE:
        return
    readers = notification_state.read_cursors(read, name).values()
    # A single try may be under way now.
    now = context.mark.wall
    failing = [one for one in readers if one.tries > 1 or (one.tries and one.may_be_notified(now))]
    if failing:
        yield warning(
            f"{len(failing)} of {len(readers)} people at {name} could not be notified"
            if len(readers) > 1
            else f"{name} could not be notified",
            f"It is tried again by itself. To see whether it can be reached: `pressrelease outlets --test {name}`.",
        )
    elif readers:
        yield fine(f"{name} has been notified up to line {min(reader.line for reader in readers)} of the journal")
