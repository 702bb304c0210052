"""What the shell offers when Tab is pressed: commands and options (Click's), slugs and outlets. Reads no database.

A name that can't be looked up is not offered; nothing is ever said at a half-typed command line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

#: The variable by which Click's own scripts for bash, zsh and fish ask.
VARIABLE = "_PRESSRELEASE_COMPLETE"


def complete(instruction: str) -> int:
    """Answer a shell: `bash_source` prints bash's script, `bash_complete` what fits; likewise zsh and fish."""
    from click.shell_completion import shell_complete

    from pressrelease.cli.app import command

    return shell_complete(command(), {}, "pressrelease", VARIABLE, instruction)


def slugs(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    """Return the releases that begin so, but for those that stand on the line already."""
    del args
    given = ctx.params.get("slugs") or ()
    return _beginning(incomplete, lambda: (name for name in _slugs_in(_workspace(ctx)) if name not in given))


def outlets(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    """Return the outlets of config.toml that begin so."""
    del args

    def names() -> Iterable[str]:
        import tomllib

        with (_workspace(ctx) / "config.toml").open("rb") as stream:
            return list(tomllib.load(stream).get("outlets", {}))

    return _beginning(incomplete, names)


def _beginning(incomplete: str, names: Callable[[], Iterable[str]]) -> list[str]:
    try:
        return sorted(name for name in names() if name.startswith(incomplete))
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def _slugs_in(folder: Path) -> list[str]:
    from pressrelease.release.slug import valid_slug

    return [file.stem for file in (folder / "releases").glob("*.md") if valid_slug(file.stem)]


def _workspace(ctx: Any) -> Path:
    """Return the folder that the command would work in. No command has run yet, so only the line itself is known."""
    named = ctx.params.get("workspace") or ctx.find_root().params.get("workspace")
    if named := named or os.environ.get("PRESSRELEASE_WORKSPACE"):
        return Path(named)
    current = Path.cwd()
    return next((folder for folder in (current, *current.parents) if (folder / "config.toml").is_file()), current)
