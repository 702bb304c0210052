"""A copy of the record: made while others write, looked over before it is believed, sure of nothing it can't know."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from records import deliveries, events, everything, make_first_layout
from sqlalchemy import event, text
from store_acts import AFTER, put, take

from pressrelease.errors import Refused, StateUnreadable
from pressrelease.release.delivery import DeliveryState, Receipt
from pressrelease.status.dossier import Directive
from pressrelease.store import Store, approvals, backup, claims, commands, freezing, moving, presence
from pressrelease.store.journal import Head, walk
from pressrelease.store.queries import SCHEMA
from pressrelease.system.clock import ClockReading

MADE = NOW + timedelta(hours=1)

#: A copy, the name of its store, and the head of its journal.
Sound = tuple[Path, str, Head]
MUCH_LATER = AFTER + timedelta(hours=1)


def copy_of(store: Store, file: Path) -> Store:
    """A copy of the record, as a store of its own."""
    backup.snapshot(store, file)
    return Store(f"sqlite:///{file}", file.parent)


def head_of(store: Store) -> Head:
    return walk(store.read.journal()).head


def filled(store: Store) -> None:
    """A record with something of everything in it."""
    put(store, "waits")
    put(store, "unapproved", approvals=0)
    put(store, "delivered", recipients={"media": ("a@example.org", "b@example.org")})
    for delivery in take(store, "one"):
        if delivery.slug == "delivered":
            with store.ledger(now=AFTER, actor="scheduler") as ledger:
                claims.record(ledger, [claims.Result(delivery, delivery.delivered(Receipt("https://x", "7"), AFTER))])
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        presence.check_in(ledger, "run 1", "run", ClockReading(AFTER, timedelta(hours=1), "boot"))


def test_a_copy_is_the_record_row_for_row(store: Store, tmp_path: Path) -> None:
    filled(store)
    copy = copy_of(store, tmp_path / "copy.db")
    assert everything(copy) == everything(store)
    assert head_of(copy) == head_of(store)
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("copy.db-*"))
    copy.close()


def test_a_copy_gives_the_next_row_a_number_that_was_never_given(store: Store, tmp_path: Path) -> None:
    put(store, "kept")
    put(store, "dropped", recipients={"media": tuple(f"{n}@example.org" for n in range(5))})
    given_out = max(row["id"] for row in store.read.rows("SELECT id FROM deliveries"))
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        freezing.unschedule(ledger, "dropped")
    put(store, "dropped", version="v2", recipients={"media": ("a@example.org",)}, approvals=0)
    given_out = max(given_out, *(row["id"] for row in store.read.rows("SELECT id FROM deliveries")))
    copy = copy_of(store, tmp_path / "copy.db")
    put(copy, "new")
    assert deliveries(copy)["new"].id > given_out
    copy.close()


def test_copies_are_whole_while_others_write(store: Store, tmp_path: Path) -> None:
    put(store)
    ending = threading.Event()
    trouble: list[Exception] = []

    def work() -> None:
        number = 0
        while not ending.is_set():
            number += 1
            try:
                put(store, f"release-{number}")
            except Exception as error:
                trouble.append(error)
                return

    writers = [threading.Thread(target=work) for _ in range(2)]
    for writer in writers[:1]:
        writer.start()
    heads = []
    for number in range(4):
        copy = copy_of(store, tmp_path / f"copy-{number}.db")
        lines = list(copy.read.journal())
        heads.append(walk(lines))
        scheduled = sum(line.event == "release.scheduled" for line in lines)
        assert len(copy.read.releases()) == scheduled
        copy.close()
    ending.set()
    writers[0].join()
    assert trouble == []
    assert all(found.broken is None for found in heads)
    for found in heads:
        assert walk(store.read.journal(), found.head).broken is None


# -- looked over -------------------------------------------------------------------------------------------------


@pytest.fixture
def sound(tmp_path: Path) -> Sound:
    store = Store("sqlite:///.pressrelease/state.db", tmp_path)
    filled(store)
    file = tmp_path / "copy.db"
    backup.snapshot(store, file)
    found = file, store.read.store_id(), head_of(store)
    store.close()
    backup.look_over(file, store_id=found[1], head=found[2])
    return found


def sql(*statements: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        with sqlite3.connect(file) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return change


TRIGGER = "CREATE TRIGGER journal_no_update AFTER UPDATE ON control BEGIN UPDATE control SET stopped = 0; END"

CHANGES = {
    "a trigger of its own": sql("CREATE TRIGGER t AFTER UPDATE ON control BEGIN UPDATE control SET stopped = 0; END"),
    "another trigger under our name": sql("DROP TRIGGER journal_no_update", TRIGGER),
    "a view": sql("CREATE VIEW v AS SELECT * FROM control"),
    "a table": sql("CREATE TABLE recipes (name)"),
    "no guard of the journal": sql("DROP TRIGGER journal_no_update"),
    "a changed line": sql("DROP TRIGGER journal_no_update", "UPDATE journal SET actor = 'nobody' WHERE n = 2"),
    "a line of bytes": sql("DROP TRIGGER journal_no_update", "UPDATE journal SET actor = x'ff' WHERE n = 2"),
    "a hidden line": sql(
        "DROP TRIGGER journal_no_replace", "INSERT INTO journal VALUES (0, 0, '', '', '', '', '', '', '', '')"
    ),
    "a state that is none": sql("UPDATE deliveries SET state = 'elsewhere'"),
    "an embargo that is none": sql("UPDATE releases SET embargo = '[]'"),
    "a time that is none": sql("UPDATE control SET newest = 'noon'"),
    "no control row": sql("DELETE FROM control"),
    "a newer layout": sql("INSERT INTO migrations VALUES (99, 'from tomorrow', 0)"),
    "no layout": sql("DELETE FROM migrations", "DROP TABLE control"),
    "not a database": lambda file: file.write_bytes(b"Dear diary, " * 900) and None,
    "cut in half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]) and None,
    "empty": lambda file: file.write_bytes(b"") and None,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_record_that_was_tampered_with_is_refused(sound: Sound, change: Callable[[Path], None]) -> None:
    file, store_id, head = sound
    change(file)
    with pytest.raises(Refused):
        backup.look_over(file, store_id=store_id, head=head)


def test_another_record_or_another_head_is_refused(sound: Sound) -> None:
    file, store_id, head = sound
    for other in (Head(head.n, "0" * 64), Head(head.n + 1, head.hash), Head(head.n - 1, head.hash)):
        with pytest.raises(Refused):
            backup.look_over(file, store_id=store_id, head=other)
    with pytest.raises(Refused):
        backup.look_over(file, store_id="somebody else's", head=head)


@examples(30)
@example(place=0.03125, to=128)  # in the layout itself, so that SQLite's complaint is no text
@given(place=st.floats(0, 1, exclude_max=True), to=st.integers(1, 255))
def test_no_flipped_byte_makes_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, place: float, to: int
) -> None:
    folder = tmp_path_factory.mktemp("flipped", numbered=True)
    whole = _whole(tmp_path_factory)
    data = bytearray(whole[0].read_bytes())
    data[int(place * len(data))] ^= to
    file = folder / "copy.db"
    file.write_bytes(data)
    flipped = Store(f"sqlite:///{file}", folder)
    try:
        with contextlib.suppress(Refused):
            backup.look_over(file, store_id=whole[1], head=whole[2])
        with contextlib.suppress(StateUnreadable):
            backup.snapshot(flipped, folder / "again.db")
    finally:
        flipped.close()
        shutil.rmtree(folder)


_WHOLE: list[Sound] = []


def _whole(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    if not _WHOLE:
        folder = tmp_path_factory.mktemp("whole")
        store = Store("sqlite:///.pressrelease/state.db", folder)
        filled(store)
        backup.snapshot(store, folder / "copy.db")
        _WHOLE.append((folder / "copy.db", store.read.store_id(), head_of(store)))
        store.close()
    return _WHOLE[0]


# -- how it stands afterwards --------------------------------------------------------------------------------------


def restored(copy: Store, original: Store, *, knows: bool) -> backup.RestoreOutcome:
    """The copy as `restore` brings it to stand, long after its lift."""
    head = head_of(copy)
    since = backup.what_came_since(original.read, copy.read, head) if knows else None
    assert (since is not None) == knows
    with copy.ledger(now=MUCH_LATER, actor="jdoe") as ledger:
        return backup.start_stopped(
            ledger,
            by="jdoe",
            event="restored",
            why="restored from a backup",
            copied_at=MADE,
            head=head,
            approvals_needed=1,
            since=since,
        )


def test_a_restored_copy_is_stopped_and_doubts_what_it_cant_know(store: Store, tmp_path: Path) -> None:
    put(store, "was-being-sent")
    take(store, "one", now=AFTER)
    put(store, "due")
    put(store, "ahead", lift=MUCH_LATER + timedelta(days=1))
    put(store, "unapproved", approvals=0)
    put(store, "held")
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        commands.set_directive(ledger, "held", Directive.HELD, by="jdoe", why="wait")
        presence.check_in(ledger, "run 1", "run", ClockReading(NOW, None, None))
    copy = copy_of(store, tmp_path / "copy.db")
    outcome = restored(copy, store, knows=False)
    assert copy.read.control().stopped
    assert set(outcome.doubted) == {"was-being-sent", "due"}
    states = {slug: delivery.state for slug, delivery in deliveries(copy).items()}
    assert states == {
        "was-being-sent": DeliveryState.IN_DOUBT,
        "due": DeliveryState.IN_DOUBT,
        "ahead": DeliveryState.WAITING,
        "unapproved": DeliveryState.WAITING,
        "held": DeliveryState.WAITING,
    }
    assert all(delivery.owner is None for delivery in deliveries(copy).values())
    assert all(deliveries(copy)[slug].needs_person for slug in outcome.doubted)
    assert all(process.ended_at is not None for process in copy.read.processes())
    assert walk(copy.read.journal(), head_of(store)).broken is None
    assert events(copy)[-1] == "restored"
    with copy.ledger(now=MUCH_LATER, actor="jdoe") as ledger:
        commands.go_on(ledger)
    assert take(copy, "two", now=MUCH_LATER) == []
    with pytest.raises(Exception, match="has started to go out"):
        put(copy, "due", version="v2")  # what may be out is not scheduled anew
    copy.close()


def test_what_the_replaced_record_knows_is_believed(store: Store, tmp_path: Path) -> None:
    for slug in ("sent-since", "held-since", "moved-since", "untouched", "quiet"):
        put(store, slug)
    copy = copy_of(store, tmp_path / "copy.db")
    sent = next(delivery for delivery in take(store, "one") if delivery.slug == "sent-since")
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(sent, sent.delivered(Receipt(), AFTER))])
        others = [one for one in store.read.claimed() if one.slug != "sent-since"]
        claims.give_back(ledger, others, "another moment")
    put(store, "unknown")
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        commands.set_directive(ledger, "held-since", Directive.HELD, by="da", why="wait")
        approvals.unapprove(ledger, "moved-since")
    take(store, "two", now=AFTER)  # of "unknown", "untouched" and "quiet"
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        others = [one for one in store.read.claimed() if one.slug != "unknown"]
        claims.give_back(ledger, others, "another moment")
    outcome = restored(copy, store, knows=True)
    assert outcome.doubted == ("sent-since",)
    assert outcome.held == ("held-since", "moved-since")
    assert outcome.unknown == ("unknown",)
    assert deliveries(copy)["sent-since"].state is DeliveryState.IN_DOUBT
    assert deliveries(copy)["untouched"].state is DeliveryState.WAITING
    copy.close()


def test_a_record_that_does_not_continue_the_copy_knows_nothing(store: Store, tmp_path: Path) -> None:
    put(store)
    copy = copy_of(store, tmp_path / "copy.db")
    other = Store("sqlite:///.pressrelease/state.db", tmp_path / "other")
    put(other)
    put(other, "more")
    assert head_of(other).n > head_of(copy).n
    with copy.ledger(now=NOW, actor="jdoe") as ledger:
        ledger.note("noted")  # another third line than that of `other`
    assert backup.what_came_since(other.read, copy.read, head_of(copy)) is None
    for opened in (copy, other):
        opened.close()


def test_a_copy_that_differs_is_refused(tmp_path: Path) -> None:
    store = Store("sqlite:///.pressrelease/state.db", tmp_path)
    put(store)
    store.close()
    source, target = moving.sqlite_engine(store.file or tmp_path), moving.sqlite_engine(tmp_path / "copy.db")

    @event.listens_for(target, "before_cursor_execute", retval=True)
    def another(*arguments: Any) -> Any:  # as if the disk had kept other bytes than it was given
        statement, values = arguments[2:4]
        if statement.startswith("INSERT INTO approvals"):
            values = tuple("spoiled" if value == "person-0" else value for value in values)
        return statement, values

    with source.connect() as reading, pytest.raises(StateUnreadable, match="differs"), target.begin() as writing:
        moving.copy_record(reading, writing)


def test_a_broken_journal_is_copied_as_it_is(store: Store, tmp_path: Path) -> None:
    put(store)
    trigger = "journal_no_update" if store.file else "journal_no_change ON journal"
    with store.ledger(now=NOW, actor="nobody") as ledger:
        ledger.connection.execute(text(f"DROP TRIGGER {trigger}"))
        ledger.connection.execute(text("UPDATE journal SET actor = 'nobody' WHERE n = 1"))
    copy = copy_of(store, tmp_path / "copy.db")
    assert everything(copy) == everything(store)
    assert walk(copy.read.journal()).broken
    copy.close()


def test_a_copy_of_an_older_layout_is_brought_up_to_date(tmp_path: Path) -> None:
    store = Store("sqlite:///.pressrelease/state.db", tmp_path)
    put(store)
    with store.ledger(now=NOW, actor="nobody") as ledger:
        make_first_layout(ledger.connection)
    file = tmp_path / "copy.db"
    copy = copy_of(store, file)
    backup.look_over(file, store_id=store.read.store_id(), head=head_of(store))
    restored(copy, store, knows=True)
    assert copy.read.schema() == SCHEMA
    assert [approval.by for approval in copy.read.dossiers(copy.read.releases())[0].approvals] == ["person-0"]
    for opened in (store, copy):
        opened.close()


def test_frozen_bytes_survive_the_copy(store: Store, tmp_path: Path) -> None:
    put(store)
    copy = copy_of(store, tmp_path / "copy.db")
    assert hashlib.sha256(copy.read.blob("0" * 64) or b"").digest() == hashlib.sha256(b"PDF").digest()
    copy.close()
