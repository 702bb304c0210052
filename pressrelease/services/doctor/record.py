"""The checks of `doctor` in the database: whether it can be read and trusted, and what waits for a person."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta

from pressrelease.errors import StateUnreadable
from pressrelease.services.doctor.findings import BACKUP_EVERY, DoctorContext, DoctorFinding, error, fine, warning
from pressrelease.services.keeping import verify
from pressrelease.status.dossier import Scheduled
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store import Reader
from pressrelease.store.queries import SCHEMA
from pressrelease.store.rows import from_micros, local_text
from pressrelease.system.mounts import file_system_of
from pressrelease.when import read_rfc3339, say_full, say_span
from pressrelease.when.rules import database_release
from pressrelease.when.wall_time import check_against_zone_rules

#: SQLite below this release can corrupt a WAL database with two writers (its "WAL-reset" bug).
WAL_IS_SAFE = (3, 51, 3)

#: File systems over a network, on which SQLite's locks can't be trusted.
OVER_A_NETWORK = frozenset(
    "nfs nfs4 cifs smb smb2 smb3 smbfs afs ncpfs 9p ceph glusterfs lustre gpfs beegfs fuse.sshfs fuse.glusterfs"
    " fuse.rclone fuse.s3fs davfs fuse.davfs2 webdav vboxsf vmhgfs fuse.vmhgfs-fuse prl_fs drvfs".split()
)

#: A zone database older than this, in years, may not know of a change of rules.
ZONES_OLD = 2

#: How long after its lift a release may still be on its way before it is reported.
ON_ITS_WAY = timedelta(minutes=5)


def store(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that the database exists, is complete, has a known layout, and is on a disk of this machine."""
    read = context.read
    file = context.store.file
    if file is not None and (network := file_system_of(file.parent)) in OVER_A_NETWORK:
        yield error(
            f"the database is on a network file system ({network}), where locks can't be trusted",
            "Move the workspace to this computer's disk, or the database to PostgreSQL: `pressrelease move-store URL`.",
        )
    if read is None:
        yield fine("nothing has been recorded here yet")
        return
    if (schema := read.schema()) < SCHEMA:
        yield fine(f"the database has layout {schema}; the next write brings it to {SCHEMA}")
    if file is None:
        from pressrelease.store.postgres import refuse_unfit

        refuse_unfit(context.store.url)
        yield fine("the database server answers, keeps what it confirms, and gives each client its own session")
        return
    trouble = [str(next(iter(row.values()))) for row in read.rows("PRAGMA quick_check(5)")]
    if trouble != ["ok"]:
        yield error(f"the database is damaged: {trouble[0]}", "Run `pressrelease stop`, then restore the last backup.")
    else:
        yield fine(f"the database is whole (layout {schema}, SQLite {sqlite3.sqlite_version})")
    mode = str(read.rows("PRAGMA journal_mode")[0]["journal_mode"])
    if mode == "wal" and sqlite3.sqlite_version_info < WAL_IS_SAFE:
        yield warning(
            f"the database is in WAL mode, which SQLite {sqlite3.sqlite_version} can damage with two writers",
            "Stop every scheduler, then run: sqlite3 FILE 'PRAGMA journal_mode = DELETE'. Or install SQLite 3.51.3.",
        )


def journal(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that the journal's chain is unbroken, and that the rows match it."""
    if (read := context.read) is None:
        return
    verified = verify(read)
    if verified.walk.broken:
        yield error(
            f"the journal is damaged: {verified.walk.broken}",
            "Somebody changed the database. Run `pressrelease stop`, and compare it with the last backup.",
        )
        return
    for sentence in verified.disagreements[:10]:
        yield error(
            sentence, "Somebody changed the database. Run `pressrelease stop`, and compare it with the last backup."
        )
    if not verified.disagreements:
        yield fine(
            f"the journal is unbroken: {verified.walk.head.n} lines, and the releases and deliveries agree with it"
        )


def checkpoints(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that the journal is signed and stamped every day, and that every signature and stamp counts."""
    from pressrelease.notifications.checkpoints import EVERY, WAITED_FOR
    from pressrelease.services.checkpoints import examine

    if (read := context.read) is None:
        return
    rules = context.config.journal
    found = examine(read, context.config)
    for sentence in found.wrong[:10]:
        yield error(sentence, "Run `pressrelease stop`, and compare the journal with the last backup.")
    for sentence in found.unchecked:
        yield warning(f"nobody can check here {sentence}", "docs/how-to/prove-the-journal.md shows what to set.")
    if found.trouble:
        yield warning(f"the last checkpoint of the journal: {found.trouble}", "Check [journal] in config.toml.")
    if rules.checkpoints and found.last is None:
        yield warning("the journal has no checkpoint yet", "The scheduler makes one once a day. Is it running?")
    elif rules.checkpoints and found.last and context.mark.wall - found.last > EVERY + WAITED_FOR:
        ago = say_span(context.mark.wall - found.last)
        if read.head().n > _last_checkpoint(read):
            yield warning(f"the last checkpoint of the journal was made {ago} ago", "Is the scheduler running?")
    if found.made and not found.wrong:
        checked = f"signatures checked: {found.signed}, stamps checked: {found.stamped}"
        yield fine(f"checkpoints of the journal: {found.made} ({checked})")


def _last_checkpoint(read: Reader) -> int:
    return int(read.rows("SELECT max(n) AS n FROM journal WHERE slug = '' AND event = 'checkpoint'")[0]["n"] or 0)


def frozen(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that what was approved and has not gone out yet is there, byte for byte."""
    if (read := context.read) is None:
        return
    whole = 0
    for release in read.open_releases():
        if damage := _damage(read, release):
            yield error(
                f"{damage} of {release.slug} is not what was approved, so it will not be sent",
                f"Run `pressrelease unschedule {release.slug}`, then schedule it again; or restore the last backup.",
            )
        else:
            whole += 1
    if whole:
        yield fine(f"approved texts that have not changed: {whole}")


def _damage(read: Reader, release: Scheduled) -> str:
    from pressrelease.release import from_canonical, is_named

    kept = read.frozen(release.slug, release.version)
    if kept is None:
        return "the frozen text"
    try:
        text = from_canonical(kept.canonical)
    except StateUnreadable:
        return "the frozen text"
    if not is_named(
        release.version,
        text,
        attachment_hashes=kept.attachments,
        lift=kept.lift,
        outlets=kept.outlets,
        wall=kept.wall,
        recipients=kept.recipients,
        settings=kept.settings,
    ):
        return "the frozen text"
    if kept.settings:
        try:
            read.settings(kept.settings)
        except StateUnreadable:
            return "what config.toml added to the text"
    for sha256 in kept.attachments.values():
        content = read.blob(sha256)
        if content is None or hashlib.sha256(content).hexdigest() != sha256:
            return "an attachment"
    return ""


def zones(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that the zone database is current, and that no lift has a different wall time than when it was fixed."""
    version = database_release() or "an unknown release"
    year = version[:4]
    if year.isdigit() and context.mark.wall.year - int(year) >= ZONES_OLD:
        yield warning(
            f"the time zone data is from {version}; later changes of rules are missing",
            "pip install --upgrade tzdata, or update the system's tzdata package.",
        )
    else:
        yield fine(f"the time zone data is from {version}")
    if (read := context.read) is None:
        return
    for release in read.open_releases():
        if release.lift is not None and release.wall:
            yield from _of_a_clock(release, release.lift, context.mark.wall)
    ahead = [release for release in read.open_releases() if release.lift and release.lift > context.mark.wall]
    for release in ahead:
        if release.wall:
            continue
        if (approved := approved_wall_time(read, release)) is None or release.lift is None:
            continue
        now_means = local_text(release.lift, release.embargo.timezone) or ""
        if now_means != approved:
            yield error(
                f"{release.slug} was scheduled for {_wall(approved)}; by today's zones it goes out {_wall(now_means)}",
                f"Schedule it again for the time you mean: `pressrelease schedule {release.slug}`.",
            )


def _of_a_clock(release: Scheduled, lift: datetime, now: datetime) -> Iterator[DoctorFinding]:
    """Yield what today's rules mean for a lift that follows local wall time."""
    ruling = check_against_zone_rules(lift, release.wall, release.zones, now=now)
    if ruling.asks:
        yield error(
            f"{release.slug}: {ruling.words}",
            f"Schedule it for the time you mean: `pressrelease schedule {release.slug}`.",
        )
    elif ruling.words:
        moves = "the next pass moves its release time" if ruling.follow is not None else "its release time was moved"
        yield warning(f"{release.slug}: {ruling.words}; {moves}", "Notify everybody who was promised the other time.")


def approved_wall_time(read: Reader, release: Scheduled) -> str | None:
    """Return the wall time of a lift when it was last fixed (RFC 9557); None if it was not recorded."""
    found = None
    for line in read.journal([release.slug]):
        if line.event in {"release.scheduled", "release.lift_moved"} and line.version == release.version:
            detail = json.loads(line.detail)
            moment = detail.get("lift")
            same = moment is not None and read_rfc3339(str(moment)) == release.lift
            found = str(detail["local"]) if same and detail.get("local") else None
    return found


def _wall(text: str) -> str:
    moment, _, zone = text.partition("[")
    local = datetime.fromisoformat(moment)
    return f"{local:%Y-%m-%d %H:%M} in {zone.rstrip(']')} (UTC{local:%z})"


def scheduler(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that a scheduler is running to publish what is due, and that nothing is stopped."""
    from pressrelease.services.listing import scheduler_sign

    if (read := context.read) is None:
        return
    control = context.store.control()
    if control.not_the_original:
        yield error(
            f"nothing goes out: {control.not_the_original}",
            "If this is the workspace to continue with, and no other one is running: `pressrelease adopt`.",
        )
    elif control.stopped:
        since = f" {say_span(context.mark.wall - control.stopped_at)} ago" if control.stopped_at else ""
        why = f" ({control.stopped_why})" if control.stopped_why else ""
        yield error(f"everything was stopped by {control.stopped_by}{since}{why}", "`pressrelease resume --all`")
    sign = scheduler_sign(read, context.workspace.alive, context.mark.wall, control)
    start = "Start `pressrelease run`. To have it started for you: `pressrelease service --systemd`."
    if sign.alive:
        yield fine(f"the scheduler is running on {sign.host} ({sign.kind})")
    elif control.not_the_original:
        return
    elif sign.once and sign.last_seen is not None:
        ago = say_span(context.mark.wall - sign.last_seen)
        yield (error if read.open_releases() else warning)(
            f"`publish-due` ran once, {ago} ago on {sign.host}, and nothing shows that it will run again",
            "If cron runs it every minute, check again in two minutes. If not, install the line from"
            " `pressrelease service --cron`.",
        )
    elif read.open_releases():
        seen = f"the last was seen {say_span(context.mark.wall - sign.last_seen)} ago" if sign.last_seen else "none yet"
        yield error(f"no scheduler is running ({seen}), and releases are waiting", start)
    else:
        yield warning("no scheduler is running; nothing is waiting for one", start)


def claims(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that no delivery is claimed by a dead process."""
    from pressrelease.store.presence import is_dead

    if (read := context.read) is None:
        return
    folder = context.workspace.alive
    claimed = read.claimed()
    stale = [
        delivery
        for delivery in claimed
        if (delivery.lease_until is not None and delivery.lease_until < context.mark.wall)
        or (delivery.owner is not None and is_dead(folder, delivery.owner))
    ]
    if stale:
        slugs = ", ".join(sorted({delivery.slug for delivery in stale}))
        yield error(
            f"{len(stale)} deliveries were being sent when the program ended ({slugs})",
            "Run `pressrelease publish-due`. It puts them in doubt, and `pressrelease status` then shows what to do.",
        )
    if not stale:
        yield fine(f"{len(claimed)} deliveries are being sent now" if claimed else "no delivery is being sent")


def overdue(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that nothing waits for a person, and that nothing is overdue."""
    from pressrelease.publishing.snapshot import reports
    from pressrelease.status.views import Row, next_command

    if (read := context.read) is None:
        return
    now = context.mark.wall
    waiting = False
    for report in reports(context.store, context.workspace.library, context.config, read.open_releases()):
        release, status = report.dossier.release, report.status
        row = Row(release.slug, release.headline, status, release.embargo, report.dossier)
        command = f"`{next_command(row)}`" if next_command(row) else f"`pressrelease status {release.slug}`"
        late = release.lift is not None and now - release.lift > ON_ITS_WAY
        if status.state is ReleaseState.NEEDS_YOU:
            yield error(f"{release.slug} needs a person: {status.reason}", command)
        elif late and status.state in {ReleaseState.UNAPPROVED, ReleaseState.HELD, ReleaseState.PUBLISHING}:
            assert release.lift is not None  # noqa: S101  (a late one has a lift)
            lift = say_full(release.lift, timezone=context.config.office.timezone, now=now)
            yield error(f"{release.slug} was due {lift}: {status.reason or status.state.sentence}", command)
        else:
            continue
        waiting = True
    if not waiting:
        yield fine("nothing is overdue, and nothing waits for a person")


def backup(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that there is a backup, and that it is not stale."""
    if (read := context.read) is None:
        return
    how = "Make one, if possible from cron and to another disk: `pressrelease backup FILE`."
    found = read.rows("SELECT max(at) AS at FROM journal WHERE event = 'backup'")[0]["at"]
    if found is None:
        yield warning("no backup was ever made", how)
        return
    age = context.mark.wall - from_micros(found)
    if age > BACKUP_EVERY:
        yield warning(f"the last backup was made {say_span(age)} ago", how)
    else:
        yield fine(f"the last backup was made {say_span(age)} ago")
