"""A body as plain text: wrapped for mail, its links and lists kept, its words never broken."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token
    from markdown_it.tree import SyntaxTreeNode

WIDTH = 72

#: A line break that the author asked for, until wrapping; no release may hold this character.
_BREAK = "\x00"


def text_of(tokens: Sequence[Token], *, image_word: str, width: int = WIDTH) -> str:
    """Return the body as text, without a line end at its end. `image_word` introduces an image's description."""
    from markdown_it.tree import SyntaxTreeNode

    return _TextRenderer(image_word).blocks(SyntaxTreeNode(tokens), width)


def lead_of(tokens: Sequence[Token]) -> str:
    """Return the words of the first paragraph that has any, on one line, without its dateline; "" if none has."""
    from markdown_it.tree import SyntaxTreeNode

    for node in SyntaxTreeNode(tokens).walk():
        if node.type == "paragraph":
            words = " ".join(_TextRenderer("").inline(node, lead=True).replace(_BREAK, " ").split())
            if words:
                return words
    return ""


def wrapped(text: str, width: int = WIDTH) -> str:
    """Return one paragraph, wrapped at spaces only; a word or address that is longer than a line stays whole."""
    lines = []
    for line in text.split(_BREAK):
        words = re.sub(r"[ \t\n]+", " ", line).strip(" ")
        lines += textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(lines)


class _TextRenderer:
    def __init__(self, image_word: str) -> None:
        self._image_word = image_word

    def blocks(self, parent: SyntaxTreeNode, width: int, *, apart: str = "\n\n") -> str:
        return apart.join(part for part in (self.block(node, width) for node in parent.children) if part)

    def block(self, node: SyntaxTreeNode, width: int) -> str:
        match node.type:
            case "paragraph" | "heading":
                return wrapped(self.inline(node), width)
            case "bullet_list" | "ordered_list":
                return self._list(node, width)
            case "blockquote":
                return textwrap.indent(self.blocks(node, max(width - 4, 20)), "    ")
            case "code_block" | "fence":
                return textwrap.indent(node.content.rstrip("\n"), "    ")
            case "hr":
                return "* * *"
            case "table":
                return self._table(node, width)
            case _:
                return wrapped(node.content, width)

    def _list(self, node: SyntaxTreeNode, width: int) -> str:
        number = int(str(node.attrs.get("start", 1))) if node.type == "ordered_list" else None
        tight = all(child.hidden for item in node.children for child in item.children if child.type == "paragraph")
        items = []
        for item in node.children:
            mark = "- " if number is None else f"{number}. "
            number = None if number is None else number + 1
            inside = self.blocks(item, max(width - len(mark), 20), apart="\n" if tight else "\n\n")
            items.append(mark + textwrap.indent(inside, " " * len(mark)).lstrip(" "))
        return ("\n" if tight else "\n\n").join(items)

    def _table(self, node: SyntaxTreeNode, width: int) -> str:
        rows = [
            [" ".join(self.inline(cell).replace(_BREAK, " ").split()) for cell in row.children]
            for part in node.children
            for row in part.children
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        if sum(widths) + 3 * (len(widths) - 1) <= width:
            lines = [" | ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)) for row in rows]
            ruled = [lines[0], "-+-".join("-" * size for size in widths), *lines[1:]]
            return "\n".join(line.rstrip() for line in ruled)
        head, *others = rows
        return "\n\n".join(
            "\n".join(wrapped(f"{name}: {cell}" if name else cell, width) for name, cell in zip(head, row, strict=True))
            for row in others or [head]
        )

    def inline(self, node: SyntaxTreeNode, *, lead: bool = False) -> str:
        """Return the words inside `node`; for a `lead`, without dateline, addresses and images."""
        parts = []
        for child in node.children:
            match child.type:
                case "softbreak":
                    parts.append(" ")
                case "hardbreak":
                    parts.append(_BREAK)
                case "dateline":
                    parts.append("" if lead else f"{child.content} – ")
                case "image":
                    parts.append("" if lead or not child.content else f"[{self._image_word}: {child.content}]")
                case "link":
                    words = self.inline(child, lead=lead)
                    parts.append(words if lead else _with_address(words, str(child.attrs.get("href", ""))))
                case "text" | "code_inline" | "html_inline" | "text_special":
                    parts.append(child.content)
                case _:
                    parts.append(self.inline(child, lead=lead))
        return "".join(parts)


def _with_address(words: str, href: str) -> str:
    """Return a link's words, followed by its address if they don't already contain it."""
    shown = href.removeprefix("mailto:").removeprefix("tel:")
    text = words.strip()
    digits = re.sub(r"\D", "", text)
    if text in {href, shown} or (href.startswith("tel:") and digits and re.sub(r"\D", "", shown).endswith(digits)):
        return words
    return f"{words} ({shown})" if text else shown
