"""YAML front matter in which every value is text.

PyYAML's own loaders read `9:00` as 540, `010` as 8 and `no` as False, and expand an alias bomb. So only its scanner is
used: events become text, lists and mappings here; anchors, aliases, tags and directives are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pressrelease.errors import ReleaseRefused

DEEPEST = 4
MOST_NODES = 1000

#: The file's line of the first line after the opening `---`.
FIRST_LINE = 2


@dataclass(frozen=True)
class Text:
    """A scalar: always text, "" for an empty value. `line` is the file's, from 1."""

    value: str
    line: int


@dataclass(frozen=True)
class Items:
    """A list."""

    items: list[Node]
    line: int


@dataclass(frozen=True)
class Fields:
    """A mapping; `lines` has the line of each key."""

    line: int
    values: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


Node = Text | Items | Fields

#: The start of a comment in YAML.
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#")

#: Text that continues like a name or number, `#MeToo` or `# 12`, rather than like a comment.
_WORDS = re.compile(r"[^\s#]|[ \t]+[0-9]")

_QUOTE_IT = 'Put the whole value in double quotes, like `headline: "…"`, with \\" for a quotation mark inside.'


def read_front_matter(yaml_text: str) -> Fields:
    """Return the mapping in `yaml_text` (what is between the two `---`). Raises ReleaseRefused with a line."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _TreeBuilder(yaml_text.split("\n"))
    try:
        for event in yaml.parse(yaml_text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        # A quotation mark that is never closed is found at the end; the fix is where it opened.
        opened = "quoted scalar" in (error.context or "")
        mark = error.context_mark if opened else error.problem_mark or error.context_mark
        raise _trouble(
            "never closed" if opened and "end of stream" in (error.problem or "") else error.problem or "",
            FIRST_LINE + mark.line if mark else 0,
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # The pure-Python scanner lets chr() fail on an escape beyond Unicode.
        raise _trouble("", 0) from None
    if builder.root is None:
        return Fields(FIRST_LINE)
    if not isinstance(builder.root, Fields):
        raise ReleaseRefused(
            "The front matter is not a list of `key: value` lines.",
            line=builder.root.line,
            hint="Write one key on each line, like `headline: Names released`.",
            code="front_matter",
        )
    return builder.root


def _trouble(problem: str, line: int) -> ReleaseRefused:
    if "mapping values are not allowed" in problem:
        words, hint = "There is a colon followed by a space inside a value.", _QUOTE_IT
    elif "cannot start any token" in problem:
        words, hint = "A value begins with a sign that is special in YAML, or a tab is used to indent.", _QUOTE_IT
    elif "never closed" in problem:
        words, hint = "A quotation mark is opened here and never closed.", _QUOTE_IT
    elif "alias" in problem or "anchor" in problem:
        words, hint = "A value begins with * or &, which are special in YAML.", _QUOTE_IT
    else:
        words, hint = "The front matter can't be read as YAML here.", f"One `key: value` on each line. {_QUOTE_IT}"
    return ReleaseRefused(words, line=line, hint=hint, code="front_matter")


class _TreeBuilder:
    """Builds the tree from events, without recursion, so that no depth can overflow anything."""

    def __init__(self, lines: list[str]) -> None:
        self.root: Node | None = None
        self._lines = lines
        self._open: list[Items | Fields] = []
        self._keys: list[tuple[str, int] | None] = []
        self._nodes = 0
        self._documents = 0
        self._read_to = (0, 0)

    def take(self, event: object) -> None:
        """Add one event of the scanner."""
        import yaml

        start: Any = event.start_mark  # type: ignore[attr-defined]
        end: Any = event.end_mark  # type: ignore[attr-defined]
        if isinstance(event, yaml.StreamEndEvent) or (isinstance(event, yaml.ScalarEvent) and end.index > start.index):
            self._refuse_lost_words(start)
            self._read_to = (end.line, end.column)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._start(Fields(self._line(event)), event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._start(Items([], self._line(event)), event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise _trouble("alias", self._line(event))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1 or event.version or event.tags:
                raise _trouble("", self._line(event))

    @staticmethod
    def _line(event: object) -> int:
        return FIRST_LINE + int(event.start_mark.line)  # type: ignore[attr-defined]

    def _start(self, node: Items | Fields, event: object) -> None:
        self._refuse_machinery(event, node.line)
        self._place(node)
        self._open.append(node)
        self._keys.append(None)
        if len(self._open) > DEEPEST:
            raise ReleaseRefused(
                "The front matter is nested too deeply.", line=node.line, hint=_QUOTE_IT, code="front_matter"
            )

    def _scalar(self, event: object) -> None:
        line = self._line(event)
        self._refuse_machinery(event, line)
        value = str(event.value)  # type: ignore[attr-defined]
        parent = self._open[-1] if self._open else None
        if isinstance(parent, Fields) and self._keys[-1] is None:
            self._key(parent, value, line)
            return
        self._place(Text(value, line))

    def _key(self, parent: Fields, key: str, line: int) -> None:
        if key in parent.values:
            raise ReleaseRefused(
                f"The key {shown(key)} is here twice.",
                line=line,
                hint=f"The first one is on line {parent.lines[key]}. Keep one of them.",
                code="duplicate_key",
            )
        parent.lines[key] = line
        self._keys[-1] = (key, line)

    def _place(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise ReleaseRefused(
                f"The front matter has more than {MOST_NODES:,} values.",
                line=node.line,
                hint="The text itself goes below the second `---`.",
                code="front_matter",
            )
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            raise ReleaseRefused(
                "A key is a list or a mapping instead of a word.", line=node.line, hint=_QUOTE_IT, code="front_matter"
            )
        parent.values[key[0]] = node
        self._keys[-1] = None

    @staticmethod
    def _refuse_machinery(event: object, line: int) -> None:
        if getattr(event, "anchor", None) is not None:
            raise _trouble("anchor", line)
        if getattr(event, "tag", None) is not None:
            raise ReleaseRefused(
                "A value begins with !, which is special in YAML.", line=line, hint=_QUOTE_IT, code="front_matter"
            )

    def _refuse_lost_words(self, mark: Any) -> None:
        """Refuse words that YAML reads as a comment: `headline: Case #12 dismissed` would silently become "Case".

        Between the last value and `mark` there are only YAML's own signs and comments. A comment on its own line is
        meant as one, and so is one with a space after its # that doesn't continue with a number.
        """
        line, column = self._read_to
        for number in range(line, min(mark.line + 1, len(self._lines))):
            text = self._lines[number]
            end = mark.column if number == mark.line else len(text)
            comment = _COMMENT.search(text, column if number == line else 0, end)
            if comment and text[: comment.start()].strip() and _WORDS.match(text, comment.end()):
                raise ReleaseRefused(
                    "YAML reads everything after # on this line as a comment, so it would be lost.",
                    line=FIRST_LINE + number,
                    hint=f"{_QUOTE_IT} If you mean a comment, put it on its own line.",
                    code="lost_words",
                )


def shown(key: str) -> str:
    """Return a key as an error may show it: short, and without terminal control characters."""
    text = "".join(character for character in key if character.isprintable())
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"
