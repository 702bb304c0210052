"""The line of every key: tomllib doesn't say it, so it is found by reading again, and must not be wrong."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.config.line_numbers import key_lines, line_of

#: Each way to write a value, with how many line breaks it holds.
VALUES = [
    "7", "-1.5e3", "true", '"x"', "'x'", '""', '"a \\" # [b] = {c}"', "'# = ]'",
    "2018-09-24T09:00:00Z", "2018-09-24 09:00:00",
    '"""x"""', '"""\nx = 1\n[y]\n"""', "'''\n# x\n'''", '"""a\\\n   b"""', '"""""a"""""', "''''x'''''", "[]", "{}",
    "[1, 2]", "[\n  1,\n  2, # two\n]", "[[1], [\n2]]", '{ a = 1, b = { c = "}" } }', '[{ a = 1 }, { a = "]" }]',
    "[ '''\n]''' ]",
]  # fmt: skip
KEYS = ["a", "b-c", "1", '"q"', '"a.b"', "'x = y'", "d.e", 'd."f g"', '"\\u0061x"', '" # "']


@given(st.data(), st.booleans())
def test_every_key_is_found_where_it_was_written(data: st.DataObject, windows: bool) -> None:
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    for number in range(data.draw(st.integers(1, 4))):
        lines += data.draw(st.lists(st.sampled_from(["", '# [x] = "', "   "]), max_size=2))
        lines.append(data.draw(st.sampled_from(["[t{}]", "[ t{} ]", "[ 't{}' ] # x", '["t{}"]#'])).format(number))
        expected[(f"t{number}",)] = len(lines)
        for key in data.draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=5)):
            path = _path_of(key)
            value = data.draw(st.sampled_from(VALUES))
            expected[(f"t{number}", *path)] = len(lines) + 1
            equals = data.draw(st.sampled_from(["=", " = ", "  =\t"]))
            lines += f"{key}{equals}{value}{data.draw(st.sampled_from(['', ' # x = 1', '  ']))}".split("\n")
    text = "\n".join(lines) + "\n"
    if windows:
        text = text.replace("\n", "\r\n")
    tomllib.loads(text)  # the test's own text is TOML
    found = key_lines(text)
    for path, line in expected.items():
        assert found[path] == line, (path, text)


def _path_of(key: str) -> tuple[str, ...]:
    path: list[str] = []
    value: Any = tomllib.loads(f"{key} = 1")
    while isinstance(value, dict):
        [(name, value)] = value.items()
        path.append(name)
    return tuple(path)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("x = [\n1,\n\n2]", ("x", 1), 4),
        ("x = { a = 1,b = [\n1,\n2] }", ("x", "b", 1), 3),
        ("[a]\n[[a.b]]\nx=1\n[[a.b]]\nx=1", ("a", "b", 1, "x"), 5),
        ("[a.b.c]\nx=1", ("a",), 1),
        ("a.b.c = 1", ("a", "b"), 1),
        ("[a]\nx=1", ("a", "y"), 1),
        ("[a]\nx=1", ("b", "y"), 0),
        ("[a]\nx=1", ("a", "x", 3, "z"), 2),
    ],
)
def test_the_nearest_thing_around_what_is_missing_is_named(text: str, path: tuple[str | int, ...], line: int) -> None:
    assert line_of(key_lines(text), path) == line


@pytest.mark.timeout(20)
def test_a_large_file_is_read_in_a_moment() -> None:
    text = "".join(f'[t{number}]\nx = [{"1," * 100}]\ny = "{"z" * 100}"\n' for number in range(1000))
    assert len(key_lines(text)) == 1000 * 103
