"""An office's zone is proposed by the names that people use, and never an offset that is an hour off in summer."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal import asked_at_a_terminal

from pressrelease.cli import main
from pressrelease.errors import Refused
from pressrelease.when import read_zone
from pressrelease.when.zone_names import _PLACES, keeps_one_offset, proposed_zone

LA = "America/Los_Angeles"


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        *[(words, LA) for words in "PST PDT PT pst Pacific California CA Calif. Sacramento Auburn Roseville".split()],
        *[(words, LA) for words in ("Pacific Time", "Pacific Standard Time", "US Pacific", "Auburn, CA", "San Diego")],
        ("Eastern", "America/New_York"),
        ("EST", "America/New_York"),
        ("Portland, ME", "America/New_York"),
        ("Portland, OR", LA),
        ("New York", "America/New_York"),
        ("CST", "America/Chicago"),
        ("Texas", "America/Chicago"),
        ("MST", "America/Denver"),
        ("Mountain Time", "America/Denver"),
        ("Arizona", "America/Phoenix"),
        ("Alaska", "America/Anchorage"),
        ("HST", "Pacific/Honolulu"),
        ("Hawaii", "Pacific/Honolulu"),
        ("Indiana", "America/Indiana/Indianapolis"),
        ("Washington, D.C.", "America/New_York"),
        ("nowhere", ""),
        ("", ""),
    ],
)
def test_what_people_call_a_zone(typed: str, zone: str) -> None:
    assert proposed_zone(typed) == zone


def test_a_refused_zone_names_the_place() -> None:
    with pytest.raises(Refused) as refused:
        read_zone("PST")
    assert refused.value.candidates == (LA,)


def test_every_proposal_is_a_place_of_the_zone_database() -> None:
    for zone in set(_PLACES.values()):
        read_zone(zone)
        assert not keeps_one_offset(zone)


@pytest.mark.parametrize(
    ("zone", "fixed"),
    [
        *((zone, True) for zone in ("MST", "EST", "HST", "Etc/GMT+8", "UTC")),
        *((zone, False) for zone in (LA, "PST8PDT", "America/Phoenix", "US/Pacific")),
    ],
)
def test_offsets_that_are_no_places(zone: str, fixed: bool) -> None:
    assert keeps_one_offset(zone) is fixed


def asked(tmp_path: Path, answers: bytes) -> tuple[str, str]:
    """What `init` says at a terminal, and the zone that it wrote."""
    said = asked_at_a_terminal(tmp_path, answers)
    config = (tmp_path / "here" / "config.toml").read_text(encoding="utf-8")
    return said.decode(), next(line for line in config.splitlines() if line.startswith("timezone"))


@pytest.mark.parametrize("typed", [b"PST", b"pacific", b"Auburn, CA"])
def test_init_proposes_the_place(tmp_path: Path, typed: bytes) -> None:
    said, line = asked(tmp_path, b"Placer DA\n" + typed + b"\n\n\n")
    assert "America/Los_Angeles, right? [Y/n]" in said
    assert line.startswith(f'timezone = "{LA}"')


def test_an_offset_is_taken_only_with_a_yes_to_what_it_means(tmp_path: Path) -> None:
    said, line = asked(tmp_path, b"Placer DA\nMST\nn\nn\nMST\nn\ny\n\n")
    assert said.count("MST never observes daylight saving time") == 2
    assert line.startswith('timezone = "MST"')


def test_without_a_terminal_the_place_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "one"), "--timezone", "PST", "--no-input"]) == 65
    assert "America/Los_Angeles" in capsys.readouterr().err
    assert not (tmp_path / "one").exists()
    assert main(["init", str(tmp_path / "two"), "--timezone", "MST", "--no-input"]) == 0
    assert "never observes daylight saving time" in capsys.readouterr().err
