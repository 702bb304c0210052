"""`doctor`: check the workspace, one thing at a time, with a fix for whatever is wrong.

Each check is independent: one that fails reports its own error and stops no other. Nothing is changed, nothing is
published, and a database that can't be read is a finding like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pressrelease.errors import ConfigRefused, PressReleaseError
from pressrelease.services.doctor.findings import DoctorContext, DoctorFinding, Weight, error
from pressrelease.system import clock
from pressrelease.wiring import Workspace

__all__ = ["DoctorContext", "DoctorFinding", "Weight", "examine"]


Check = Callable[[DoctorContext], Iterator[DoctorFinding]]


def examine(workspace: Workspace, *, offline: bool = False) -> list[DoctorFinding]:
    """Return every check's findings, in order; with `offline` nothing is reached over a network."""
    context = DoctorContext(workspace, clock.read_clock(), offline)
    remarks: list[DoctorFinding] = []
    try:
        for name, check in _checks():
            for remark in _made(check, context):
                finding = DoctorFinding(remark.weight, remark.message, remark.hint, name)
                # A config or a database that can't be read stops many checks, and is reported once.
                if not any((seen.message, seen.weight) == (finding.message, finding.weight) for seen in remarks):
                    remarks.append(finding)
    finally:
        context.close()
    return remarks


def _made(check: Check, context: DoctorContext) -> list[DoctorFinding]:
    made: list[DoctorFinding] = []
    try:
        made.extend(check(context))
    except ConfigRefused as refused:
        made += [error(f"config.toml{_line(p.line)}: {p.message}", p.hint) for p in refused.problems]
    except PressReleaseError as refused:
        # What can't be checked is an error: nothing can go out if the database is busy or unreachable.
        made.append(error(refused.message, refused.hint))
    except Exception as fault:  # noqa: BLE001  (a fault in one check must not hide what the others find)
        words = f"this check could not be made ({type(fault).__name__}), so what it looks at is unknown"
        made.append(error(words, "Tell your IT person; PRESSRELEASE_TRACEBACK=1 shows where."))
    return made


def _line(number: int) -> str:
    return f", line {number}" if number else ""


def _checks() -> tuple[tuple[str, Check], ...]:
    from pressrelease.services.doctor import accounts, environment, notifications, record

    return (
        ("config", environment.config),
        ("accounts", accounts.usable),
        ("modes", accounts.modes),
        ("sharing", accounts.sharing),
        ("signers", environment.signers),
        ("disk", environment.disk),
        ("store", record.store),
        ("clock", environment.clock_and_ntp),
        ("journal", record.journal),
        ("checkpoints", record.checkpoints),
        ("frozen", record.frozen),
        ("zones", record.zones),
        ("scheduler", record.scheduler),
        ("claims", record.claims),
        ("overdue", record.overdue),
        ("backup", record.backup),
        ("files", environment.files),
        ("secrets", environment.secrets),
        ("outlets", environment.outlets),
        ("people", notifications.people),
        ("certificates", environment.certificates),
    )
