"""The tables, as SQLAlchemy Core. Times are whole microseconds of UTC: SQLite keeps no zone, and drops one silently."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from pressrelease.store.agreement import OF_RELEASES, OF_STOPS

metadata = MetaData()

_serial = BigInteger().with_variant(Integer, "sqlite")

#: The only row of `control`: the stop, and the newest time on record.
control = Table(
    "control",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True),
    Column("store_id", Text, nullable=False),
    Column("stopped", Boolean, nullable=False, server_default=text("false")),
    Column("stopped_by", Text),
    Column("stopped_why", Text),
    Column("stopped_at", BigInteger),
    # The newest time on record since a person last said that the clock is right.
    Column("newest", BigInteger),
)

releases = Table(
    "releases",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("embargo", Text, nullable=False),  # JSON
    Column("lift", BigInteger),
    Column("outlets", Text, nullable=False),  # JSON
    Column("author", Text, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("word_by", Text, nullable=False),
    Column("word_at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("late_accepted_at", BigInteger),
    # Still needs something from the program or a person: what a pass and a plain `status` look at.
    Column("open", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    # The lift as local wall time, NULL for an instant; and the release of the zone database that `lift` was last
    # computed with.
    Column("wall", Text),
    Column("zones", Text),
    Column("scheduled_by", Text),
    # Not NULL for a release that waits for an event: those of one group exclude each other.
    Column("event_group", Text),
    # The number of this version: 1 is the original, each correction has the next. Numbers are never reused.
    Column("n", Integer, nullable=False, server_default=text("1")),
    # The public note on the newest correction, or on the withdrawal.
    Column("note", Text),
)

#: Each correction, and the release's row from before it, which `unschedule` puts back while the correction has not
#: started to go out. `ended_at`: it was taken back.
corrections = Table(
    "corrections",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("version", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("before", Text, nullable=False),  # JSON
    Column("ended_at", BigInteger),
)

#: What was frozen: the bytes that were approved, never changed afterwards.
versions = Table(
    "versions",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("canonical", LargeBinary, nullable=False),
    Column("attachments", Text, nullable=False),  # JSON: path -> SHA-256
    Column("lift", BigInteger),  # as it was approved; a person may have moved it since
    Column("outlets", Text, nullable=False),  # JSON
    Column("frozen_at", BigInteger, nullable=False),
    Column("frozen_by", Text, nullable=False),
    Column("wall", Text),  # as it was approved
    # JSON: outlet -> digest of its recipients. NULL in a version frozen before they were part of it.
    Column("recipients", Text),
    # The SHA-256 of what config.toml adds to it, which is in `blobs`; NULL for what an older program froze.
    Column("settings", Text),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("slug", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Column("signature", Text),  # by the approver's SSH key, if [policy] requires it
    Column("person", Text),  # `by` in the form that is compared (`dossier.same_person`)
    Column("own", Boolean),  # true for the release's author or scheduler
    Index("approvals_version", "slug", "version"),
)

#: The one release of a group whose event a person has lifted, and that version of it.
event_lifts = Table(
    "event_lifts",
    metadata,
    Column("event_group", Text, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("signature", Text),
)

#: The clearances that each version needs, with the last answer to each; `state` is never "expired".
clearances = Table(
    "clearances",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("by", Text),
    Column("person", Text),  # `by` in the form that is compared
    Column("at", BigInteger),
    Column("until", BigInteger),
    Column("why", Text),
    Column("signature", Text),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("slug", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("lift", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("claimed_from", Text),
    Column("owner", Text),
    Column("lease_until", BigInteger),
    Column("next_try", BigInteger),
    Column("first_sent_at", BigInteger),
    Column("delivered_at", BigInteger),
    Column("url", Text),
    Column("remote_id", Text),
    Column("error", Text),
    Column("n", Integer, nullable=False, server_default=text("1")),
    Column("action", Text, nullable=False, server_default=text("'publish'")),
    # How often it was claimed: the last claim's number, which is never counted back, as `attempts` is.
    Column("claims", Integer, nullable=False, server_default=text("0")),
    # How many claims no sure answer has ended: while there are any, it may have arrived, whatever its state is.
    Column("unanswered", Integer, nullable=False, server_default=text("0")),
    # From when on what those claims left can no longer arrive.
    Column("quiet_at", BigInteger),
    UniqueConstraint("slug", "version", "outlet", "recipient", "n", "action"),
    # All that one recipient was ever to get of a release, whatever its version.
    Index("deliveries_chain", "slug", "outlet", "recipient"),
    # A number is never reused: some worker may still have the one of a row that was removed.
    sqlite_autoincrement=True,
)

#: Outlets that refuse our credentials and are sent nothing more, and the deliveries that they refused.
closed_outlets = Table(
    "closed_outlets",
    metadata,
    Column("outlet", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

turned_away = Table(
    "turned_away",
    metadata,
    Column("delivery", BigInteger, primary_key=True, autoincrement=False),
    Column("outlet", Text, nullable=False),
)

#: Append-only: triggers refuse a change or a removal, and each line's hash covers the one before.
journal = Table(
    "journal",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("journal_slug", "slug"),
)

processes = Table(
    "processes",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("processes_seen", "last_seen"),
)

#: For each boot of each machine that works here, the wall clock and the uptime (microseconds) that it is compared with.
marks = Table(
    "marks",
    metadata,
    Column("boot", Text, primary_key=True),
    Column("wall", BigInteger, nullable=False),
    Column("uptime", BigInteger, nullable=False),
)

#: How far each recipient of [notify] has been notified.
told = Table(
    "told",
    metadata,
    Column("outlet", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("line", BigInteger, nullable=False),
    Column("conditions", Text, nullable=False),  # JSON: what was sent that has no line in the journal, and still holds
    Column("tries", Integer, nullable=False),
    Column("not_before", BigInteger, nullable=False),
)

migrations = Table(
    "migrations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

#: Indexes on a few rows out of many, as plain SQL: SQLAlchemy's own would load a whole other dialect for their WHERE.
PARTIAL_INDEXES = (
    "CREATE INDEX releases_open ON releases (lift) WHERE open",
    "CREATE INDEX releases_done ON releases (changed_at) WHERE NOT open",
    "CREATE INDEX releases_out ON releases (lift) WHERE NOT open",
    "CREATE INDEX deliveries_claimed ON deliveries (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX releases_zones ON releases (zones) WHERE open AND zones IS NOT NULL",
    f"CREATE INDEX journal_releases ON journal (slug, n) WHERE {OF_RELEASES}",
    f"CREATE INDEX journal_stops ON journal (n) WHERE {OF_STOPS}",
)
