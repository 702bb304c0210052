"""The journal proved: any change, cut, move or rewriting is found, and so is a row that says something else."""

from __future__ import annotations

import hashlib
import json
import string
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from store_acts import AFTER, put, take

from pressrelease.errors import Usage
from pressrelease.release.delivery import Certainty, DeliveryFailed, DeliveryState, Receipt
from pressrelease.services.keeping import known_head, verify
from pressrelease.status.dossier import Directive
from pressrelease.store import Store, claims, commands, freezing, settling
from pressrelease.store.journal import BEGINNING, Event, Head, Line, line_after, read_head, walk

TEXTS = st.text(max_size=12)
EVENTS = st.builds(
    Event,
    name=TEXTS,
    slug=TEXTS,
    version=TEXTS,
    detail=st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers() | TEXTS | st.lists(TEXTS), max_size=3),
)
JOURNALS = st.lists(st.tuples(EVENTS, st.integers(0, 2**60), TEXTS, TEXTS), min_size=1, max_size=6)


def written(told: list[tuple[Event, int, str, str]]) -> list[Line]:
    """A journal that tells this."""
    lines: list[Line] = []
    before = (0, BEGINNING)
    for event, at, actor, host in told:
        lines.append(line_after(before, event, at=at, actor=actor, host=host))
        before = (lines[-1].n, lines[-1].hash)
    return lines


def changed_texts(value: str) -> st.SearchStrategy[str]:
    """`value` with one character changed, put in, or taken out."""
    place = st.integers(0, max(0, len(value) - 1))
    character = st.sampled_from(string.printable + "é\x00☃")
    return st.one_of(
        st.tuples(place, character).map(lambda at: value[: at[0]] + at[1] + value[at[0] + 1 :]),
        st.tuples(place, character).map(lambda at: value[: at[0]] + at[1] + value[at[0] :]),
        place.map(lambda at: value[:at] + value[at + 1 :]),
    ).filter(lambda other: other != value)


@given(told=JOURNALS)
def test_a_line_is_hashed_over_the_json_that_any_other_program_would_make_of_it(
    told: list[tuple[Event, int, str, str]],
) -> None:
    for line in written(told):
        values = {name: value for name, value in line._asdict().items() if name != "hash"}
        plain = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert line.hash == hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


@given(data=st.data(), told=JOURNALS)
def test_any_change_of_any_field_is_found(data: st.DataObject, told: list[tuple[Event, int, str, str]]) -> None:
    lines = written(told)
    assert walk(lines).broken is None
    number = data.draw(st.integers(0, len(lines) - 1))
    name = data.draw(st.sampled_from(Line._fields))
    value = getattr(lines[number], name)
    other: Any = data.draw(
        st.one_of(
            st.integers(-1, 2**60).filter(lambda n: n != value) if isinstance(value, int) else changed_texts(value),
            st.sampled_from([None, b"", str(value).encode("utf-8", "replace")]),
        )
    )
    lines[number] = lines[number]._replace(**{name: other})
    known = Head(len(lines), written(told)[-1].hash)
    assert walk(lines, known).broken is not None


@given(data=st.data(), told=JOURNALS.filter(lambda told: len(told) > 1))
def test_any_cut_swap_or_line_put_in_is_found(data: st.DataObject, told: list[tuple[Event, int, str, str]]) -> None:
    lines = written(told)
    known = Head(len(lines), lines[-1].hash)
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != place))
    cut = [*lines[:place], *lines[place + 1 :]]
    swapped = list(lines)
    swapped[place], swapped[other] = swapped[other], swapped[place]
    put_in = [*lines[:place], lines[other], *lines[place:]]
    ended = lines[:place]
    for made in (cut, swapped, put_in, ended):
        assert walk(made, known).broken is not None
    for made in (swapped, put_in, cut if place < len(lines) - 1 else swapped):
        assert walk(made).broken is not None  # without a head, only a cut at the end goes unseen


@given(told=JOURNALS, more=JOURNALS)
def test_a_rewritten_journal_is_found_by_a_head_and_one_that_went_on_is_not(
    told: list[tuple[Event, int, str, str]], more: list[tuple[Event, int, str, str]]
) -> None:
    lines = written(told)
    known = Head(len(lines), lines[-1].hash)
    assert walk(written([*told, *more]), known).broken is None
    event, at, actor, host = told[0]
    forged = written([(event, at + 1, actor, host), *told[1:], *more])
    assert walk(forged).broken is None
    assert walk(forged, known).broken is not None


@given(
    n=st.integers(0, 10**12), digest=st.text("0123456789abcdef", min_size=64, max_size=64), junk=st.text(max_size=80)
)
def test_a_head_is_read_as_it_was_written(n: int, digest: str, junk: str) -> None:
    assert read_head(str(Head(n, digest))) == Head(n, digest)
    found = read_head(junk)
    assert found is None or str(found) in junk.strip().lstrip("0") or found.n == 0


def test_what_is_no_head_is_refused_in_words(tmp_path: Path) -> None:
    for given_text in ("", "7", "7:", ":" + "0" * 64, "7:" + "0" * 63, "7:" + "G" * 64, str(tmp_path)):
        with pytest.raises(Usage):
            known_head(given_text)


# -- rows beside the journal -----------------------------------------------------------------------------------------


#: Releases whose doubt a person settles.
SETTLED = ("settled", "again", "dropped", "undone")


def busy(store: Store) -> None:
    """A record in which most of what can happen to a delivery has happened."""
    for slug in (
        "out",
        "failed",
        "retried",
        "doubtful",
        "settled",
        "again",
        "dropped",
        "undone",
        "given-back",
        "called-off",
    ):
        put(store, slug)
    put(store, "waits", lift=AFTER + timedelta(days=1))
    taken = {delivery.slug: delivery for delivery in take(store)}
    answers = {"failed": Certainty.FOR_GOOD, "retried": Certainty.NOT_SENT, "doubtful": Certainty.UNSURE}
    answers |= dict.fromkeys(SETTLED, Certainty.UNSURE)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        for slug, certainty in answers.items():
            again = AFTER + timedelta(hours=1) if certainty is Certainty.NOT_SENT else None
            after = taken[slug].failed(DeliveryFailed(certainty, "no"), next_try=again)
            claims.record(ledger, [claims.Result(taken[slug], after)])
        claims.record(ledger, [claims.Result(taken["out"], taken["out"].delivered(Receipt(), AFTER))])
        claims.give_back(ledger, [taken["given-back"], taken["called-off"]], "another moment")
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        for slug, settle in (
            ("settled", settling.settle_sent),
            ("again", settling.settle_again),
            ("dropped", settling.settle_dropped),
            ("undone", settling.settle_sent),
        ):
            settle(ledger, commands.load_for_update(ledger, slug).deliveries)
        (undone,) = commands.load_for_update(ledger, "undone").deliveries
        settling.undo_settlement(ledger, [(undone, undone._replace(state=DeliveryState.IN_DOUBT))])
        settling.try_again(ledger, commands.load_for_update(ledger, "failed").deliveries)
        freezing.unschedule(ledger, "called-off")
        commands.set_directive(ledger, "waits", Directive.HELD, by="da", why="wait")
    put(store, "called-off", version="v2")


def test_rows_and_journal_agree_whatever_happened(store: Store) -> None:
    busy(store)
    found = verify(store.read)
    assert (found.walk.broken, found.disagreements) == (None, ())


TAMPERED = {
    "a delivery that never was": "UPDATE deliveries SET state = 'delivered' WHERE slug = 'waits'",
    "a delivery undone": "UPDATE deliveries SET state = 'waiting' WHERE slug = 'out'",
    "a delivery called off": "UPDATE deliveries SET state = 'canceled' WHERE slug = 'out'",
    "a doubt forgotten": "UPDATE deliveries SET state = 'waiting' WHERE slug = 'doubtful'",
    "a doubt settled by nobody": "UPDATE deliveries SET state = 'delivered' WHERE slug = 'doubtful'",
    "a settlement not taken back": "UPDATE deliveries SET state = 'delivered' WHERE slug = 'undone'",
    "a claim that nobody made": "UPDATE deliveries SET state = 'sending', owner = 'x' WHERE slug = 'waits'",
    "a row gone": "DELETE FROM deliveries WHERE slug = 'out'",
    "a waiting row gone": "DELETE FROM deliveries WHERE slug = 'waits'",
    "a row put in": "INSERT INTO deliveries (id, slug, version, outlet, recipient, state, attempts)"
    " VALUES (999, 'out', 'v1', 'newsroom', 'spy@example.org', 'waiting', 0)",
    "a recipient changed": "UPDATE deliveries SET recipient = 'spy@example.org' WHERE slug = 'out'",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_row_that_the_journal_does_not_have_is_found(tmp_path: Path, statement: str) -> None:
    store = Store("sqlite:///.pressrelease/state.db", tmp_path)
    busy(store)
    with store.ledger(now=NOW, actor="nobody") as ledger:
        ledger.connection.execute(text(statement))
    found = verify(store.read)
    assert found.walk.broken is None
    assert found.disagreements
    assert "example.org" not in " ".join(found.disagreements)
    store.close()


def test_lines_hidden_before_the_first_are_found(store: Store) -> None:
    put(store)
    with store.ledger(now=NOW, actor="nobody") as ledger:
        if store.file is not None:
            ledger.connection.execute(text("DROP TRIGGER journal_no_replace"))
        ledger.connection.execute(text("INSERT INTO journal VALUES (-3, 0, '', '', 'x', '', '', '{}', '', '')"))
    assert verify(store.read).walk.broken
