"""HTML → Markdown that reads back as the same words: of Word's files (through mammoth) and of saved web pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

from pressrelease.importing.imported import Seen


class Page(NamedTuple):
    """A page as Markdown, and what of it was left out."""

    markdown: str
    seen: tuple[Seen, ...]


class Node:
    """An element with its children, which are elements and texts."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node | str] = []


#: Elements that are left out, each with what is said about it; "" is left out silently.
_LEFT_OUT = {
    **dict.fromkeys("script style head template noscript title meta link".split(), ""),
    **dict.fromkeys("form button input select textarea".split(), "a form"),
    **dict.fromkeys("object embed".split(), "an embedded object"),
    **dict.fromkeys("svg canvas".split(), "a drawing"),
    "nav": "a menu",
    "aside": "a side column",
    "iframe": "an embedded page",
    "video": "a video",
    "audio": "a sound",
    "footer": "a footer",
    "math": "a formula",
}
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_BLOCKS = frozenset(
    "p div section article main body html header h1 h2 h3 h4 h5 h6 ul ol li table blockquote pre hr figure figcaption"
    " dl dt dd tr td th li address details summary center".split()
)
_HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden|font-size:\s*0|opacity:\s*0(?![.\d])", re.I)
#: Which elements end by themselves when another begins, inside the same list or table.
_ENDED_BY = {"li": {"li"}, "td": {"td", "th"}, "th": {"td", "th"}, "tr": {"tr", "td", "th"}, "dt": {"dd"}, "dd": {"dt"}}
_HOLDERS = {
    "li": {"ul", "ol"},
    "td": {"tr", "table"},
    "th": {"tr", "table"},
    "tr": {"table"},
    "dt": {"dl"},
    "dd": {"dl"},
}
#: How deep elements may be in each other.
_DEEPEST = 100


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for number in range(len(self._open) - 1, 0, -1):
            if self._open[number].tag in _ENDED_BY.get(tag, ()):
                del self._open[number:]
            elif self._open[number].tag in _HOLDERS.get(tag, ()):
                break
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID and len(self._open) < _DEEPEST:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for number in range(len(self._open) - 1, 0, -1):
            if self._open[number].tag == tag:
                del self._open[number:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def html_to_markdown(html: str) -> Page:
    """Return a page's text as Markdown. Hidden parts, menus, forms and programs are left out and reported."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    writer = _Writer()
    root = _first(tree.root, "article") or _first(tree.root, "main") or tree.root
    return Page("\n\n".join(writer.blocks(root)), tuple(dict.fromkeys(writer.seen)))


def _first(node: Node, tag: str) -> Node | None:
    for child in node.children:
        if isinstance(child, Node):
            found = child if child.tag == tag else _first(child, tag)
            if found is not None:
                return found
    return None


class _Writer:
    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def _is_left_out(self, node: Node) -> bool:
        if node.tag in _LEFT_OUT:
            if _LEFT_OUT[node.tag]:
                self.seen.append(Seen("dropped", f"Left out: {_LEFT_OUT[node.tag]}."))
            return True
        if "hidden" in node.attributes or _HIDDEN.search(node.attributes.get("style", "")):
            words = text_of(node)
            if words:
                self.seen.append(Seen("hidden", "Hidden text was left out.", words[:200]))
            return True
        return False

    def blocks(self, node: Node) -> list[str]:
        """Return the Markdown of an element's content, block by block."""
        found: list[str] = []
        inline: list[Node | str] = []
        for child in node.children:
            if isinstance(child, Node) and self._is_left_out(child):
                continue
            if isinstance(child, Node) and _holds_block(child):
                found += self._paragraph(inline)
                inline = []
                found += self._block(child)
            else:
                inline.append(child)
        return found + self._paragraph(inline)

    def _paragraph(self, children: list[Node | str]) -> list[str]:
        text = _trimmed("".join(self._inline(child) for child in children))
        return [_safe_start(text)] if text else []

    def _block(self, node: Node) -> list[str]:
        if re.fullmatch("h[1-6]", node.tag):
            words = " ".join(self._paragraph(node.children)).replace("\\\n", " ")
            return [f"{'#' * int(node.tag[1])} {words}"] if words else []
        if node.tag in {"ul", "ol"}:
            items = self._list(node)
            return [items] if items else []
        if node.tag == "table":
            return self._table(node)
        if node.tag == "blockquote":
            return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(self.blocks(node)).split("\n"))]
        if node.tag == "hr":
            return ["* * *"]
        return self.blocks(node)

    def _list(self, node: Node) -> str:
        items: list[str] = []
        number = int(node.attributes["start"]) if node.attributes.get("start", "").isdecimal() else 1
        for child in node.children:
            if not isinstance(child, Node) or self._is_left_out(child):
                continue
            blocks = self.blocks(child)
            if child.tag != "li" or not blocks:
                continue
            mark = f"{number}. " if node.tag == "ol" else "- "
            number += 1
            body = (
                "\n".join(blocks)
                if all(not block.startswith(("#", "|")) for block in blocks[1:])
                else "\n\n".join(blocks)
            )
            if len(blocks) > 1 and not re.match(r"(?:- |\d+\. )", blocks[1]):
                body = "\n\n".join(blocks)
            items.append(mark + body.replace("\n", "\n" + " " * len(mark)))
        return re.sub(r"\n[ ]+(?=\n)", "\n", "\n".join(items))

    def _table(self, node: Node) -> list[str]:
        rows: list[list[str]] = []
        spans: dict[tuple[int, int], str] = {}
        for row in _rows(node):
            cells: list[str] = []
            for cell in row.children:
                if not isinstance(cell, Node) or cell.tag not in {"td", "th"}:
                    continue
                while (len(rows), len(cells)) in spans:
                    cells.append("")
                words = " / ".join(part for part in self._cell(cell) if part)
                wide, high = (_number(cell.attributes.get(name, "1")) for name in ("colspan", "rowspan"))
                for down in range(1, high):
                    for across in range(wide):
                        spans[len(rows) + down, len(cells) + across] = ""
                cells += [words, *[""] * (wide - 1)]
            rows.append(cells)
        rows = [row for row in rows if any(row)]
        if not rows:
            return []
        width = max(map(len, rows))
        if width == 1:
            return [cell for row in rows for cell in row]
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
        return ["\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])]

    def _cell(self, cell: Node) -> list[str]:
        found: list[str] = []
        for block in self.blocks(cell):
            bare = block.replace("\\\n", " ").replace("\n", " / ")
            found.append(re.sub(r"(?<!\\)\|", r"\\|", bare) if "|" in bare else bare)
        return found

    def _inline(self, child: Node | str) -> str:
        if isinstance(child, str):
            return _escaped(re.sub(r"[ \t\r\n\f]+", " ", child))
        if self._is_left_out(child):
            return ""
        if child.tag == "br":
            return "\\\n"
        if child.tag == "img":
            alt, source = child.attributes.get("alt", ""), child.attributes.get("src", "")
            if source.startswith("picture:"):
                return f"![{_escaped(alt)}]({source})"
            self.seen.append(Seen("dropped", "Left out: a picture from a web page.", alt[:200]))
            return ""
        words = "".join(self._inline(one) for one in child.children)
        if child.tag in {"b", "strong"}:
            return _marked(words, "**")
        if child.tag in {"i", "em", "cite"}:
            return _marked(words, "*")
        if child.tag in {"s", "del", "strike"}:
            if words.strip():
                self.seen.append(Seen("dropped", "Struck-out text was left out.", text_of(child)[:200]))
            return ""
        if child.tag == "a" and words.strip():
            return self._link(child.attributes.get("href", "").strip(), words)
        return words

    def _link(self, address: str, words: str) -> str:
        if not re.match(r"(?:https?://|mailto:|tel:)", address, re.I):
            return words
        safe = re.sub(r"[\s<>\\]", lambda sign: f"%{ord(sign.group()):02X}", address)
        return f"[{words.strip()}](<{safe}>)"


def _rows(node: Node) -> list[Node]:
    found: list[Node] = []
    for child in node.children:
        if isinstance(child, Node):
            found += (
                [child] if child.tag == "tr" else (_rows(child) if child.tag in {"thead", "tbody", "tfoot"} else [])
            )
    return found


def _number(text: str) -> int:
    return min(int(text), 50) if text.isdecimal() and int(text) > 0 else 1


def _holds_block(node: Node) -> bool:
    return node.tag in _BLOCKS or any(isinstance(child, Node) and _holds_block(child) for child in node.children)


def text_of(node: Node) -> str:
    """Return the bare words of an element."""
    words = "".join(child if isinstance(child, str) else f"{text_of(child)} " for child in node.children)
    return " ".join(words.split())


def _escaped(text: str) -> str:
    """Return text in which nothing is markup. A sign inside a word, such as A&B or a_b, is none."""
    text = re.sub(r"([\\`*\[\]<>|])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    text = text.replace("~~", "\\~\\~")
    return re.sub(r"&(?=#?\w+;)", r"\\&", text)


def _marked(words: str, sign: str) -> str:
    """Return words in bold or italics, with the blanks around them outside. A line break ends the mark."""
    bare = words.strip().removesuffix("\\").strip()
    if not bare or "\\\n" in bare or bare.startswith("*") or bare.endswith("*"):
        return words
    start = len(words) - len(words.lstrip())
    end = words[start:].find(bare) + start + len(bare)
    return f"{words[:start]}{sign}{bare}{sign}{words[end:]}"


def _trimmed(text: str) -> str:
    lines = [line.strip(" ") for line in text.split("\n")]
    text = "\n".join(lines)
    while text.endswith("\\\n") or text.startswith("\\\n") or text == "\\":
        text = text.removesuffix("\\\n").removeprefix("\\\n").strip() if text != "\\" else ""
    return re.sub(r"(?<!\\)\\$", "", text.strip(" \n"))


def _safe_start(text: str) -> str:
    """Return a paragraph in which no line begins like a heading, a list or a rule."""
    lines = (
        re.sub(r"^(#{1,6}(?:\s|$)|[-+](?:\s|$)|={1,}\s*$|-{2,}\s*$|~{3,})", r"\\\1", line) for line in text.split("\n")
    )
    return "\n".join(re.sub(r"^(\d{1,9})([.)](?:\s|$))", r"\1\\\2", line) for line in lines)
