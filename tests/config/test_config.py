"""config.toml: every key of the contract and its default, and the sample that is made from the same tables."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import time, timedelta
from typing import Any

import pytest
from configs import ENV, OFFICE, problems
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.config import (
    ClearanceRule,
    ClockRules,
    Config,
    Notify,
    Office,
    OutletConfig,
    Policy,
    Retry,
    SecretReference,
    SecretSource,
    read_config,
)
from pressrelease.config.outlet_keys import COMMON_KEYS, OUTLET_KINDS
from pressrelease.config.sample import sample_config
from pressrelease.config.sections import CLEARANCE_KEYS, SECTIONS
from pressrelease.release import Contact

# --- What the contract names ---------------------------------------------------------------------------------------

#: CONTRACT, section 3: each key with TOML for it and what it comes to.
CONTRACT = {
    "office.name": ('"District Attorney"', "District Attorney"),
    "office.timezone": ('"America/New_York"', "America/New_York"),
    "office.url": ('"https://da.example.org"', "https://da.example.org"),
    "office.contact": (
        '{ name = "Press", phone = "530-555-0100", email = "p@example.org" }',
        Contact("Press", "530-555-0100", "p@example.org"),
    ),
    "office.language": ('"es"', "es"),
    "office.release_time": ('"10:30"', time(10, 30)),
    "office.close": ('"16:00"', time(16)),
    "defaults.outlets": ('["newsroom", "media"]', ("newsroom", "media")),
    "policy.approvals": ("2", 2),
    "policy.approvers": ('["jdoe", "asmith"]', ("jdoe", "asmith")),
    "policy.author_may_approve": ("false", False),
    "policy.max_late": ('"3d"', timedelta(days=3)),
    "retry.schedule": ('["5s", "2m"]', (timedelta(seconds=5), timedelta(minutes=2))),
    "retry.give_up": ('"2h"', timedelta(hours=2)),
    "retry.jitter": ("0.5", 0.5),
    "clock.witnesses": ('["https://a.example.org"]', ("https://a.example.org",)),
    "clock.tolerance": ('"5s"', timedelta(seconds=5)),
    "store.url": ('"postgresql+psycopg://db.example.org/press"', "postgresql+psycopg://db.example.org/press"),
    "journal.timestamp": ('"https://timestamp.example.org"', "https://timestamp.example.org"),
    "check.names": ('"names.csv"', "names.csv"),
    "check.severity": ('{ ap_style = "off", minor = "error" }', {"ap_style": "off", "minor": "error"}),
    "notify.outlets": ('["media"]', ("media",)),
    "notify.daily": ('"17:00"', time(17)),
    "notify.heartbeat": (ENV, SecretReference(SecretSource.ENV, "SECRET")),
}


DEFAULTS = Config(
    office=Office("District Attorney", "America/Los_Angeles", "", Contact(), "en-US", time(9), time(17)),
    default_outlets=("newsroom",),
    policy=Policy(1, (), True, timedelta(hours=24)),
    retry=Retry(
        (
            timedelta(seconds=5),
            timedelta(seconds=30),
            timedelta(minutes=2),
            timedelta(minutes=10),
            timedelta(minutes=30),
            timedelta(hours=1),
            timedelta(hours=2),
        ),
        timedelta(hours=24),
        0.2,
    ),
    clock=ClockRules((), timedelta(seconds=2)),
    store_url="sqlite:///.pressrelease/state.db",
    notify=Notify((), ""),
    outlets={},
)


def test_what_is_left_out_has_the_contracts_defaults() -> None:
    assert read_config(OFFICE) == DEFAULTS
    newsroom = read_config(OFFICE + '[outlets.newsroom]\ntype = "newsroom"\n').outlets["newsroom"]
    assert newsroom == OutletConfig(
        "newsroom", "newsroom", True, timedelta(seconds=60), {"path": "newsroom", "url": ""}
    )


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert read_config(f"\ufeff{OFFICE}") == DEFAULTS


def _value_of(config: Config, key: str) -> Any:
    section, _, name = key.partition(".")
    own = {"defaults.outlets": config.default_outlets, "store.url": config.store_url}
    return own[key] if key in own else getattr(getattr(config, section), name)


def test_every_key_of_the_contract_is_read() -> None:
    tables: dict[str, list[str]] = {}
    for key, (toml, _) in CONTRACT.items():
        section, _, name = key.partition(".")
        tables.setdefault(section, []).append(f"{name} = {toml}")
    text = "\n".join(f"[{section}]\n" + "\n".join(lines) for section, lines in tables.items())
    config = read_config(
        f'{text}\n[outlets.newsroom]\ntype = "newsroom"\n[outlets.media]\ntype = "webhook"\n'
        f'url = "https://hook.example.org"\nsecret = {ENV}\nenabled = false\ntimeout = "5s"\n'
    )
    for key, (_, value) in CONTRACT.items():
        assert _value_of(config, key) == value, key
    assert (config.outlets["media"].enabled, config.outlets["media"].timeout) == (False, timedelta(seconds=5))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('severity = { minr = "off" }', "names an unknown finding; did you mean minor?"),
        ('severity = { unknown_outlet = "off" }', "names a finding that can't be changed"),
        ('severity = { minor = "hidden" }', 'has a value other than "error", "warning" or "off"'),
        ('severity = "off"', "should be a table of codes"),
    ],
)
def test_a_severity_that_is_not_one_is_refused(line: str, words: str) -> None:
    [found] = problems(f"[check]\n{line}")
    assert found.message.replace(" (", "; ").replace(")", "").lower().endswith(words.lower()), found.message


def test_there_is_no_key_that_the_contract_does_not_name() -> None:
    beyond = {"policy.lifters", "policy.allowed_signers"}  # docs/how-to/approve-with-keys.md
    beyond |= {"policy.booking_photos"}  # docs/how-to/take-it-down-again.md
    beyond |= {"journal.key", "journal.timestamp_ca"}  # docs/how-to/prove-the-journal.md
    beyond |= {"promises.court"}  # docs/how-to/keep-a-promise.md
    assert {f"{section.name}.{key.name}" for section in SECTIONS for key in section.keys} == set(CONTRACT) | beyond
    assert [key.name for key in COMMON_KEYS] == ["enabled", "timeout"]
    assert [key.name for key in CLEARANCE_KEYS] == ["ask", "by", "life"]


CHARGES = '[clearances.charges]\nask = "Do the charges stand?"\nby = ["jdoe", "asmith"]\n'


def test_a_clearance_has_a_question_its_people_and_a_life() -> None:
    charges = ClearanceRule("charges", "Do the charges stand?", ("jdoe", "asmith"), timedelta(hours=24))
    assert read_config(OFFICE + CHARGES).clearances == {"charges": charges}
    longer = read_config(f'{OFFICE}{CHARGES}life = "3d"\n').clearances["charges"]
    assert longer == charges._replace(life=timedelta(days=3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHARGES.replace("charges]", '"Charges!"]'), "a clearance's name is not accepted"),
        (CHARGES.replace('["jdoe", "asmith"]', "[]"), "[clearances.charges] by should not be empty"),
        (CHARGES.replace("ask", "aks"), "[clearances.charges] aks is not known; did you mean ask?"),
        ('[clearances.charges]\nask = "Yes?"\n', "[clearances.charges] by is missing"),
        (f'{CHARGES}life = "0s"\n', "[clearances.charges] life should be between 1m and 365d"),
        ("clearances = 3\n", "[clearances] should hold a table a clearance"),
        (CHARGES.replace("clearances", "clearence"), "[clearence] is not known; did you mean clearances?"),
    ],
)
def test_a_clearance_that_is_wrong_is_named(text: str, message: str) -> None:
    assert any(message in one.message for one in problems(text + OFFICE, office=False))


def test_every_key_is_explained() -> None:
    keys = [*COMMON_KEYS, *CLEARANCE_KEYS, *(key for table in (*SECTIONS, *OUTLET_KINDS) for key in table.keys)]
    for key in keys:
        assert 5 < len(key.help) < 100, key.name
        assert "\n" not in key.help
        assert key.default is not None or key.sample or key.name in {"name", "timezone"}, key.name
    assert all(table.help for table in (*SECTIONS, *OUTLET_KINDS))


# --- The sample: from the same tables, so it can't drift ----------------------------------------------------------

office_names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Cn", "Co")), min_size=1, max_size=40
).filter(str.strip)


@given(office_names, st.sampled_from(["America/Los_Angeles", "UTC"]), office_names)
def test_the_sample_is_read_without_a_problem(name: str, zone: str, contact: str) -> None:
    text = sample_config(name, zone, "https://news.example.org", contact=Contact(contact))
    config = read_config(text)
    assert (config.office.name, config.office.timezone) == (name.strip(), zone)
    assert config.office.contact == Contact(contact.strip())
    assert config.outlets["newsroom"].settings["url"] == "https://news.example.org"
    bare = read_config(sample_config(name, zone))
    expected = DEFAULTS._replace(office=DEFAULTS.office._replace(name=name.strip(), timezone=zone))
    assert bare._replace(outlets={}) == expected


def test_every_line_of_the_sample_may_be_switched_on() -> None:
    text = sample_config("District Attorney", "America/Los_Angeles")
    whole = re.sub(r"(?m)^#(?=[a-z_\[])", "", text)
    config = read_config(whole)
    assert {found.type for found in config.outlets.values()} == {kind.name for kind in OUTLET_KINDS}
    assert set(config.clearances) == {"charges"}
    named = {key for table in tomllib.loads(whole)["outlets"].values() for key in table}
    assert named == {
        "type",
        *(key.name for key in COMMON_KEYS),
        *(key.name for kind in OUTLET_KINDS for key in kind.keys),
    }


def test_loading_stays_light() -> None:
    """`status` reads a config and releases on every call; what is heavy waits until it is needed."""
    import subprocess
    import sys

    heavy = ("yaml", "tomllib", "zoneinfo", "difflib", "json", "random", "importlib.metadata", "requests", "sqlalchemy")
    code = (
        "import sys, pressrelease.check, pressrelease.config, pressrelease.library, pressrelease.release;"
        f"print([name for name in {heavy!r} if name in sys.modules], 'pressrelease.check.placeholders' in sys.modules)"
    )
    # Coverage loads some of them itself.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    found = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env=alone)
    assert found.stdout == "[] False\n"
