"""People who must not be named: found in every way of writing them, and kept only as keyed hashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import Caller
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st
from office import FAR, Office, found_office
from test_check import CONFIG, FRONT

from pressrelease.check.passages import passages
from pressrelease.check.protected_names import keys_of, named_findings, plain_words
from pressrelease.release import parse

assert CONFIG is not None
assert NOW is not None


def found(name: str, body: str, front: str = "") -> list[int]:
    release = parse(f"---\n{FRONT}{front}---\n{body}\n".encode(), "names")
    return [one.line for one in named_findings(release, passages(release), keys_of(name), lambda pair: pair)]


MARIA = "María J. García López"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (MARIA, "Maria Garcia spoke."),
        (MARIA, "Maria Garcia Lopez spoke."),
        (MARIA, "GARCÍA LÓPEZ, MARÍA J."),
        (MARIA, "María García-López spoke."),
        (MARIA, "Mari\u0301a Garci\u0301a spoke."),
        (MARIA, "M. Garcia spoke."),
        (MARIA, "Garcia, Maria, 34, of Auburn"),
        (MARIA, "Ma\u00adria Gar\u00adcia spoke."),
        (MARIA, "Write to maria.garcia@example.org today."),
        ("Robert O'Brien", "Robert “Bob” O’Brien spoke."),
        ("Robert O'Brien", "Bob OBrien spoke."),
        ("Bob O'Brien", "Robert O'Brien spoke."),
        ("Ana de la Cruz", "Ana de la Cruz spoke."),
        ("John Smith", "Mr. John Q. Smith, Jr., spoke."),
        ("John Smith", "- Smith, John – 41"),
        ("John Smith", "| John Smith | 41 |"),
    ],
)
def test_a_name_is_found_in_every_form(name: str, text: str) -> None:
    assert found(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("John Smith", "John met Mary Smith."),
        ("John Smith", "The Smith family and John."),
        ("John Smith", "Jane Smith and John Roe spoke."),
        (MARIA, "Maria Jose Ruiz spoke."),
        (MARIA, "The Garcia case is over."),
    ],
)
def test_another_person_is_no_alarm(name: str, text: str) -> None:
    assert found(name, text) == []


def test_names_of_files_and_captions_are_read() -> None:
    assert found(MARIA, "Text.", "attachments: [{path: maria_garcia.jpg, alt: A table}]\n") == [5]
    assert found(MARIA, "Text.", "attachments: [{path: a.jpg, alt: Maria Garcia at a table}]\n") == [5]


@given(st.sampled_from(["ana", "josé", "Zoë", "ÉLAN"]), st.sampled_from(["cruz", "O'Neil", "Peña", "Smith"]))
def test_a_name_is_the_same_in_any_case_and_order(first: str, last: str) -> None:
    assert keys_of(f"{first} {last}") == keys_of(f"{last.upper()}, {first.upper()}")
    assert plain_words(first.upper()) == plain_words(first.lower())


def test_the_list_is_sealed_and_still_found(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    office: Office = found_office(tmp_path / "office", more='[check]\nnames = "names.csv"\n')
    monkeypatch.chdir(office.folder)
    names = office.folder / "names.csv"
    names.write_text(f"name,case\n{MARIA},62-185543\n", encoding="utf-8")
    office.write("named", embargo=FAR, body="Maria Garcia spoke.")
    office.write("other", embargo=FAR, body="Maria Ruiz spoke.")
    for _ in range(2):
        findings = call.json("check", expect=65)["findings"]
        assert [one["slug"] for one in findings if one["code"] == "protected_name"] == ["named"]
    kept = names.read_text(encoding="utf-8")
    assert "Garc" not in kept
    assert kept.count("sealed:") == 1
    assert "62-185543" in kept
    assert (office.folder / ".pressrelease" / "names.key").stat().st_mode & 0o077 == 0
    call("schedule", "named", "--yes", expect=65)
    (office.folder / ".pressrelease" / "names.key").unlink()
    call("check", "other", expect=65)
    assert "sealed with a key that is not here" in call.err
