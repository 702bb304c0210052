"""Outlets use only the public names of the libraries they stand on: a private one may be gone with the next release."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from pressrelease import outlets

HERE = Path(outlets.__file__).parent


def test_no_private_name_of_a_library_is_used() -> None:
    assert sorted({*read_or_called(HERE), *overridden("pressrelease.outlets")}) == []


#: Public in spite of their name: what the documentation of named tuples and of `os` describes.
DOCUMENTED = {"_replace", "_fields", "_asdict", "_make", "_exit"}


def test_private_names_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        "from library import _hidden, shown\n"
        "class Mine(shown.Base):\n"
        "    def __init__(self, other):\n        self._own = other._foreign\n        self._inherited()\n"
        "    def again(self):\n        return self._own, super()._begin(), self.__class__, shown.public\n"
    )
    used = ["one.py:1 _hidden", "one.py:4 _foreign", "one.py:5 _inherited", "one.py:7 _begin"]
    assert sorted(read_or_called(tmp_path)) == used
    assert list(overrides_of(_Overriding)) == ["_Overriding._print_message"]


def read_or_called(folder: Path) -> Iterator[str]:
    """Every use of an attribute, or import of a name, that starts with "_" and that no module of the folder defines."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))}
    own = {name for tree in trees.values() for name in _defined(tree)}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Attribute):
                names = [node.attr]
            elif isinstance(node, ast.ImportFrom):
                names = [alias.name for alias in node.names]
            for name in names:
                if _private(name) and name not in own:
                    yield f"{path.relative_to(folder)}:{node.lineno} {name}"


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            # A method that hands on to its library's method of the same name is the library's.
            if not any(_asks_base_for(node.name, inner) for inner in ast.walk(node)):
                yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _asks_base_for(name: str, node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=attribute):
            return attribute == name
    return False


def overridden(package: str) -> Iterator[str]:
    """Every private name that a class of the package gives another meaning than its library's class does."""
    root = importlib.import_module(package)
    modules = [root.__name__, *(found.name for found in pkgutil.walk_packages(root.__path__, f"{package}."))]
    for module in map(importlib.import_module, modules):
        for one in vars(module).values():
            if isinstance(one, type) and one.__module__ == module.__name__:
                yield from overrides_of(one)


#: Whose own machinery (enums, protocols, abstract classes) shows in every class made with it.
_LANGUAGE = {"builtins", "typing", "enum", "abc"}
_MACHINERY = {"_abc_impl"}


def overrides_of(one: type) -> Iterator[str]:
    """The private names of foreign base classes that a class of our own defines again."""
    ours = one.__module__.partition(".")[0]
    foreign = [base for base in one.__mro__ if base.__module__.partition(".")[0] not in {ours, *_LANGUAGE}]
    theirs = {name for base in foreign for name in (*vars(base), *_assigned(base)) if _private(name)}
    mine = {
        name
        for base in one.__mro__
        if base.__module__.partition(".")[0] == ours
        for name in (*vars(base), *vars(base).get("__annotations__", ()), *_assigned(base))
    }
    for name in mine & theirs - _MACHINERY:
        yield f"{one.__name__}.{name}"


def _assigned(base: type) -> set[str]:
    """The attributes that a class's own code assigns."""
    try:
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(base)))
    except (OSError, TypeError, SyntaxError):  # written in C, or made by a function
        return set()
    stores = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return {node.attr for node in stores}


def _private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in {"_", *DOCUMENTED}


class _Overriding(argparse.ArgumentParser):
    def _print_message(self, message: str, file: object = None) -> None:
        """Say nothing."""
