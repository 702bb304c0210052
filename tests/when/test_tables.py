"""The tables of words: each row is well formed, and no word is in two kinds that exclude each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressrelease.when import places, tables, vocabulary
from pressrelease.when.refusals import Why
from pressrelease.when.zones import read_zone

FILES = sorted(Path(tables.__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_row_is_a_kind_a_value_and_words_in_lower_case(file: Path) -> None:
    rows = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert rows
    for row in rows:
        kind, value, words = row.split("\t")
        assert kind
        assert value
        assert all(word and word == word.strip().lower() for word in words.split("|")), row
    words = [(row.split("\t")[0], word) for row in rows for word in row.split("\t")[2].split("|")]
    twice = {pair for pair in words if words.count(pair) > 1}
    assert {kind for kind, _ in twice} <= {"exact"}, twice  # an abbreviation with several homes


def test_a_doubt_is_a_row_of_the_refusals_and_never_a_harmless_word() -> None:
    assert set(vocabulary.DOUBTS.values()) <= set(Why)
    assert not set(vocabulary.DOUBTS) & (vocabulary.HARMLESS | vocabulary.HARMLESS_PHRASES)


def test_every_zone_of_a_place_exists() -> None:
    zones = {*places.place_zones().values(), *places.GENERIC.values()}
    zones |= {home for homes in places.EXACT.values() for home, _ in homes}
    assert len(zones) > 300
    for zone in zones:
        assert read_zone(zone).key == zone
