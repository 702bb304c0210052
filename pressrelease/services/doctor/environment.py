"""The checks of `doctor` outside the database: config, clock, disk, files, secrets and outlets."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from pressrelease.config import OutletConfig, SecretReference
from pressrelease.errors import ConfigRefused
from pressrelease.library import UNSEEN_HINT
from pressrelease.services.doctor.findings import DoctorContext, DoctorFinding, error, fine, warning
from pressrelease.system import clock
from pressrelease.system.programs import system_program
from pressrelease.wiring import MAKE_YOUR_OWN, SAMPLE

#: Free bytes on the disk below which nothing works reliably, and below which somebody should act.
DISK_GONE = 64 << 20
DISK_LOW = 1 << 30

#: Seconds that an outlet has for its answer here, whatever its own timeout.
PROBE_PATIENCE = 20.0

#: A certificate that expires sooner than this is reported.
CERTIFICATE_AHEAD = timedelta(days=14)

#: The names of unfinished copies in the private folder, and from what age they are left from a crash.
LEFT_BEHIND = ("backing-up-*", "restoring-*")
LEFT_AFTER = timedelta(days=1)


def config(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that config.toml is valid."""
    read = context.config
    on = [name for name, outlet in read.outlets.items() if outlet.enabled]
    if on:
        yield fine(f"config.toml is valid; outlets: {', '.join(on)}")
    else:
        yield warning("config.toml has no outlet that is switched on", "Add an [outlets.NAME] table.")
    if context.workspace.is_sample:
        yield warning(SAMPLE[0].lower() + SAMPLE[1:].rstrip("."), MAKE_YOUR_OWN)
    if read.policy.approvals == 0:
        yield warning("nothing needs an approval: [policy] approvals is 0", "Set approvals = 1 or more.")


def signers(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that approvals that must be signed can be, and that signatures can be verified."""
    named = context.config.policy.allowed_signers
    if not named:
        return
    from pressrelease.signing import what_is_wrong
    from pressrelease.signing.signers import replaceable_by_self

    path = Path(named)
    if trouble := what_is_wrong(path):
        yield error(f"no approval counts: {trouble.what}", trouble.mend)
    else:
        yield fine(f"approvals are signed; the keys that count are in {path.name}")
        if replaceable_by_self(path):
            yield warning(
                f"the account that runs this can change {path.name}, so a signature is no proof against it",
                "Give the file and the folders above it to root, for instance in /etc/pressrelease/, mode 0644.",
            )


def clock_and_ntp(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that something sets the clock and reports its error.

    Everything that could contradict the clock is compared.
    """
    from pressrelease.publishing.clock_trust import (
        NAME_WITNESSES,
        Witnesses,
        clock_doubt,
        looked_into,
        what_is_unwatched,
    )

    yield from _how_far_off()
    mark, config = context.mark, context.config
    if unwatched := what_is_unwatched(mark, config.clock.witnesses):
        yield warning(unwatched, NAME_WITNESSES)
    if context.read is None:
        return
    witnesses = Witnesses()
    if context.offline:
        doubt = clock_doubt(context.store, mark, config.clock.tolerance)
    else:
        doubt = looked_into(context.store, mark, config, witnesses)
    if doubt:
        yield error(
            f"{doubt}; nothing goes out until a person confirms the clock",
            "Set the clock. If it is right, confirm it: `pressrelease resume --all`.",
        )
        return
    asked = ["the last recorded time"]
    if clock.vouches(mark, context.read.mark(mark.boot)):
        asked.append("the machine's uptime")
    if witnesses.vouched is not None:
        asked.append("the witnesses of [clock]")
    elif config.clock.witnesses and not context.offline:
        yield warning(
            "none of the servers in [clock] witnesses answered",
            "Name servers that answer HEAD requests with a Date header.",
        )
    yield fine(f"the clock agrees with {' and '.join(asked)}")


def _how_far_off() -> Iterator[DoctorFinding]:
    """Yield what the kernel reports about its clock, and whether the network sets it."""
    bound = clock.error_bound()
    if bound is not None and bound <= clock.LONGEST_PROOF:
        yield fine(
            f"the clock is off by at most {ceil(bound / timedelta(milliseconds=1))} ms, according to the system (NTP)"
        )
    elif bound is not None:
        yield warning(
            f"the clock may be off by {bound.total_seconds():.1f} s, says the system (NTP). A release goes out at"
            " its time, but without proof that its time has come",
            "To see why: `chronyc tracking`, or `timedatectl timesync-status`.",
        )
    elif _ntp() is False:
        yield warning(
            "this computer's clock is not set by the network (NTP), so nothing shows how far off it may be. A release"
            " goes out at its time, but without proof that its time has come",
            "timedatectl set-ntp true",
        )
    else:
        yield warning(
            "this system does not report how far off its clock may be (NTP). A release goes out at its time, but"
            " without proof that its time has come",
            "On Linux, run a time service such as chrony. For a container, run it on the host.",
        )


def _ntp() -> bool | None:
    """Return whether the system says that the network sets its clock; None if it doesn't say."""
    program = system_program("timedatectl")
    if program is None:
        return None
    try:
        answer = subprocess.run(
            [program, "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return {"yes": True, "no": False}.get(answer)


def disk(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that there is room for what will be recorded."""
    free = shutil.disk_usage(context.workspace.folder).free
    hint = "Delete something: if nothing can be recorded, nothing is sent."
    if free < DISK_GONE:
        yield error(f"the disk has {free >> 20} MiB left", hint)
    elif free < DISK_LOW:
        yield warning(f"the disk has {free >> 20} MiB left", hint)
    else:
        yield fine(f"the disk has {free >> 30} GiB left")


def files(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that the commands see everything in releases/, and that no crashed copy is left."""
    library = context.workspace.library
    ignored = library.unseen()
    for name, reason in ignored[:5]:
        yield warning(f"releases/{name} is ignored, because {reason}", UNSEEN_HINT)
    if len(ignored) > 5:
        yield warning(f"{len(ignored) - 5} more files in releases/ have such names", "Rename them.")
    for path in sorted(path for pattern in LEFT_BEHIND for path in context.workspace.private.glob(pattern)):
        if context.mark.wall - datetime.fromtimestamp(path.lstat().st_mtime, UTC) > LEFT_AFTER:
            yield warning(f"{path.name} is left from a backup or restore that was interrupted", f"rm -r {path}")
    if not ignored:
        yield fine(f"{len(library.slugs())} releases in releases/")


def secrets(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that every secret that config.toml names can be read; no value is shown."""
    found = 0
    for place, reference in _references(context):
        try:
            context.workspace.secret(reference)
        except ConfigRefused as refused:
            for problem in refused.problems:
                yield error(f"{place}: {problem.message}", problem.hint)
        else:
            found += 1
    if found:
        yield fine(f"{found} secrets are where config.toml says")


def _references(context: DoctorContext) -> Iterator[tuple[str, SecretReference]]:
    heartbeat = context.config.notify.heartbeat
    if isinstance(heartbeat, SecretReference):
        yield "notify.heartbeat", heartbeat
    for name, outlet in context.config.outlets.items():
        if outlet.enabled:
            yield from _in(f"outlets.{name}", outlet.settings)


def _in(place: str, value: Any) -> Iterator[tuple[str, SecretReference]]:
    if isinstance(value, SecretReference):
        yield place, value
    elif hasattr(value, "items"):
        for key, inner in value.items():
            yield from _in(f"{place}.{key}", inner)


def outlets(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that every enabled outlet opens and, unless offline, can be reached; nothing is published."""
    from pressrelease.outlets import open_outlet
    from pressrelease.release.delivery import DeliveryFailed

    answers: dict[str, DoctorFinding] = {}

    def reach(name: str, configured: OutletConfig) -> None:
        try:
            outlet = open_outlet(configured, context.config.office, context.workspace.folder, context.workspace.secret)
            try:
                answers[name] = fine(f"{name}: {'opens' if context.offline else outlet.probe()}")
                if not context.offline:
                    context.certificates[name] = outlet.certificate_ends()
            finally:
                outlet.close()
        except DeliveryFailed as failure:
            answers[name] = error(
                f"{name} can't be reached: {failure.reason}", f"To try again: `pressrelease outlets --test {name}`."
            )
        except ConfigRefused as refused:
            answers[name] = error(f"{name}: {refused.message}", refused.hint)
        except Exception as fault:  # noqa: BLE001  (one kind's fault must not hide the others' answers)
            answers[name] = error(
                f"{name} could not be checked ({type(fault).__name__})", "Check its table in config.toml."
            )

    switched_on = {name: outlet for name, outlet in context.config.outlets.items() if outlet.enabled}
    waiting = {
        name: threading.Thread(target=reach, args=(name, configured), daemon=True)
        for name, configured in switched_on.items()
    }
    for thread in waiting.values():
        thread.start()
    end = clock.pause_clock() + PROBE_PATIENCE  # one time limit for all of them together
    for name, thread in waiting.items():
        thread.join(max(0.0, end - clock.pause_clock()))
        yield answers.get(name) or error(
            f"{name} did not answer within {PROBE_PATIENCE:.0f} s",
            f"To wait longer: `pressrelease outlets --test {name}`.",
        )


def certificates(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that no outlet's certificate is about to expire, as seen while the outlets were reached."""
    for name, ends in sorted(context.certificates.items()):
        if ends is not None and ends - context.mark.wall < CERTIFICATE_AHEAD:
            days = max(0, (ends - context.mark.wall).days)
            yield warning(
                f"the certificate of {name}'s server expires in {days} days; after that nothing can be delivered there",
                "Ask the administrator of that server to renew it.",
            )
