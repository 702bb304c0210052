"""config.toml with mistakes: all of them at once, each with its line, and no value is ever repeated."""

from __future__ import annotations

from typing import Any

import pytest
from configs import OFFICE, as_toml, problems
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.config import (
    Config,
    read_config,
)
from pressrelease.config.outlet_keys import COMMON_KEYS, OUTLET_KINDS
from pressrelease.config.sections import SECTIONS
from pressrelease.errors import ConfigRefused

# --- Problems: all of them, each with its line ---------------------------------------------------------------------

BROKEN = """\
[office]
name = ""
timezone = "America/Los_Angles"
realease_time = "09:00"
close = "5 pm"
contact = { name = "Press", mail = "x" }

[policy]
approvals = 4
max_late = "1 fortnight"
approvers = [
  "jdoe",
  7,
  "jdoe",
]

[retri]
jitter = 1

[notify]
outlets = ["newsroom", "medai"]

[outlets.newsroom]
type = "newsroom"
path = "../public"

[outlets.media]
type = "webhook"
url = "http://hook.example.org"
secret = "whsec_c2VjcmV0"
timeout = "0s"
"""


TOLD = [
    (2, "[office] name is empty", "Write something"),
    (
        3,
        "[office] timezone is not a time zone of the IANA database; did you mean America/Los_Angeles?",
        "Write it like",
    ),
    (4, "[office] realease_time is not known; did you mean release_time?", "The keys are"),
    (5, "[office] close should be a time of day", '"09:00"'),
    (6, "[office] contact key is not known; did you mean email?", "contact has name, phone, email"),
    (9, "[policy] approvals should be a whole number from 0 to 3", "0 to 3"),
    (10, "[policy] max_late is not a length of time", '"24h"'),
    (13, "[policy] approvers entry 2 should be text", "double quotes"),
    (14, "[policy] approvers entry 3 is in this list twice", "Delete"),
    (17, "[retri] is not known; did you mean retry?", "The tables are"),
    (21, "[notify] outlets: newsroom is public and can't be used to notify the office", "webhook"),
    (21, "[notify] outlets entry 2 names an outlet that doesn't exist; did you mean media?", "newsroom, media"),
    (25, "[outlets.newsroom] path should not contain ..", "Write a folder"),
    (29, "[outlets.media] url is not encrypted", "https://"),
    (30, "[outlets.media] secret is a secret; don't write it in this file", "{ env ="),
    (31, "[outlets.media] timeout should be between 1s and 1h", "Write a number"),
]


def test_all_problems_are_reported_at_once_each_with_its_line_and_its_fix() -> None:
    found = problems(BROKEN, office=False)
    assert [(problem.line, problem.message) for problem in found] == [(line, message) for line, message, _ in TOLD]
    for problem, (_, _, hint) in zip(found, TOLD, strict=True):
        assert hint in problem.hint, problem.message


def test_the_refusal_says_file_and_line_and_each_hint_once() -> None:
    with pytest.raises(ConfigRefused) as caught:
        read_config("[office]\nname = 1\n", source="office.toml")
    assert "office.toml:2: [office] name should be text" in caught.value.message
    assert "office.toml:1: [office] timezone is missing" in caught.value.message
    assert caught.value.exit_code == 78


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[outlets.media]", 4, "[outlets.media] type is missing"),
        ('[outlets.media]\ntype = "webhok"', 5, "[outlets.media] type is not known; did you mean webhook?"),
        ("[outlets.media]\ntype = 7", 5, "[outlets.media] type is not known"),
        ('[outlets."The Media"]\ntype = "newsroom"', 4, "an outlet's name is not allowed"),
        ("[outlets]\nmedia = 7", 5, "[outlets.media] should be a table"),
        ("[[outlets]]\nx = 1", 4, "[outlets] should have one table for each outlet"),
        ("[[retry]]\njitter = 1", 4, "[retry] should be a table"),
        ('[defaults]\noutlets = ["media"]', 5, "[defaults] outlets entry 1 names an outlet that doesn't exist"),
        ('[policy]\napprovals = 2\napprovers = ["jdoe"]', 5, "[policy] approvals requires 2, but only 1 can approve"),
        ("[policy]\nauthor_may_approve = 1", 5, "[policy] author_may_approve should be true or false"),
        ("[policy]\napprovals = true", 5, "[policy] approvals should be a whole number from 0 to 3"),
        ("[retry]\njitter = nan", 5, "[retry] jitter should be a number from 0 to 1"),
        ("[retry]\nschedule = []", 5, "[retry] schedule should not be empty"),
        ("[retry]\nschedule = [5]", 5, "[retry] schedule entry 1 should be a length of time"),
        ('[store]\nurl = "mysql://x/y"', 5, None),
        ('[store]\nurl = "postgresql+psycopg://press:hunter2@db/press"', 5, "[store] url contains a password"),
        ('[clock]\nwitnesses = ["http://example.org"]', 5, "[clock] witnesses entry 1 is not encrypted"),
        ('[notify]\nheartbeat = "http://hc.example.org/x"', 5, "[notify] heartbeat is not encrypted"),
        ('nmae = "x"', 4, "[office] nmae is not known; did you mean name?"),
        (
            '[outlets.a]\ntype = "newsroom"\npath = "web"\n[outlets.b]\ntype = "newsroom"\npath = "./web/"',
            9,
            "[outlets.b] path is the same as in [outlets.a]",
        ),
    ],
)  # fmt: skip
def test_a_problem_is_reported_with_its_line(text: str, line: int, message: str | None) -> None:
    [found] = problems(text)
    assert found.line == line
    assert message is None or found.message == message
    assert found.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name =", 1),
        ("[office]\nname = District Attorney", 2),
        ('[office]\nname = "a"\nname = "b"', 3),
        ('[office]\nname = "never closed', 2),
        ("[office]\n[office]", 2),
        ('name = """\nx\n', 3),
        ("x = 1\n\n\x00", 3),
    ],
)
def test_what_is_no_toml_is_reported_with_its_line(text: str, line: int) -> None:
    [found] = problems(text, office=False)
    assert found.message.startswith("this is not valid TOML")
    assert abs(found.line - line) <= 1
    assert found.hint


# --- No value is ever said back -------------------------------------------------------------------------------------

CANARY = "hunter2-canary"


places = [
    *(((section.name,), key) for section in SECTIONS for key in section.keys),
    *((("outlets", "media"), key) for kind in OUTLET_KINDS for key in (*kind.keys, *COMMON_KEYS)),
]


shapes = [
    '"{}"',
    '["{}"]',
    '{{ x = "{}" }}',
    '{{ env = "{}" }}',
    '{{ "{}" = 7 }}'.replace("{}", "x"),
    '"https://u:{}@h"',
    '"http://{}"',
]


@pytest.mark.parametrize("shape", shapes)
@pytest.mark.parametrize(
    "place", [(path, key.name) for path, key in places], ids=lambda place: ".".join((*place[0], place[1]))
)
def test_no_problem_repeats_a_value(place: tuple[tuple[str, ...], str], shape: str) -> None:
    path, name = place
    kinds = [kind.name for kind in OUTLET_KINDS] if path[0] == "outlets" else ["newsroom"]
    for kind in kinds:
        value = shape.format(CANARY)
        if path == ("office",) and name in {"name", "timezone"}:
            office = f"[office]\n{name} = {value}\n"
        else:
            office = OFFICE + (f"{name} = {value}\n" if path == ("office",) else "")
        table = f"[{path[0]}]\n{name} = {value}\n" if path[0] not in {"office", "outlets"} else ""
        extra = f"{name} = {value}\n" if path[0] == "outlets" else ""
        try:
            read_config(f'{office}{table}[outlets.media]\ntype = "{kind}"\n{extra}')
        except ConfigRefused as refused:
            told = refused.message + refused.hint + repr(refused.problems)
            if CANARY in told:
                pytest.fail(told)


# --- Any text at all -----------------------------------------------------------------------------------------------

PIECES = (
    *(
        "[office]",
        "[outlets.media]",
        "[[outlets]]",
        "[",
        "]",
        "{",
        "}",
        '"',
        '"""',
        "'",
        "'''",
        "\n",
        "\r\n",
        "\r",
        "#",
        " ",
    ),
    *(
        "name",
        "timezone",
        "type",
        "url",
        "secret",
        "outlets",
        "=",
        ".",
        ",",
        "7",
        "-1",
        "1e400",
        "nan",
        "true",
        "2018-09-24",
    ),
    *(
        '"webhook"',
        '"email"',
        '"America/Los_Angeles"',
        '{ env = "X" }',
        "\\",
        "\\u0000",
        "é",
        "\ud800",
        "\x00",
        "\ufeff",
        "0x",
    ),
)


values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.dates() | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=80))
def test_any_text_is_a_config_or_refused(text: str) -> None:
    for whole in (text, OFFICE + text):
        try:
            assert isinstance(read_config(whole), Config)
        except ConfigRefused as refused:
            told = refused.problems
            if not told or any(not 0 <= problem.line <= whole.count("\n") + 1 for problem in told):
                raise


@given(st.sampled_from(places), values, st.sampled_from([kind.name for kind in OUTLET_KINDS]))
def test_any_value_at_any_key_is_taken_or_refused(place: tuple[tuple[str, ...], Any], value: Any, kind: str) -> None:
    path, key = place
    line = f"{key.name} = {as_toml(value)}\n"
    if path[0] == "outlets":
        text = f'{OFFICE}[outlets.media]\ntype = "{kind}"\n{line}'
    elif path[0] == "office" and key.name in {"name", "timezone"}:
        text = "\n".join(line if old.startswith(key.name) else old for old in OFFICE.split("\n"))
    else:
        text = OFFICE + (line if path[0] == "office" else f"[{path[0]}]\n{line}")
    try:
        read_config(text)
    except ConfigRefused as refused:
        if any(problem.line == 0 or not problem.hint for problem in refused.problems):
            pytest.fail(refused.message)
