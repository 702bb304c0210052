"""A mistyped SLUG at a terminal: the release that may be meant is asked for, and never guessed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pressrelease.cli.session import Session

#: The parameters of commands that name releases.
NAMING = ("slug", "slugs", "follows")


def ask_for_slugs(parameters: dict[str, Any]) -> None:
    """Put the releases that are meant into a command's parameters, each after a yes at the terminal.

    Whatever is not answered with a yes stays as it was typed, for the command to refuse. With `--yes`, `--json` or
    `--no-input`, or without a terminal, nothing is asked.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    named = [name for name in NAMING if parameters.get(name)]
    if not named or parameters.get("yes"):
        return
    from pressrelease.cli.session import Session

    session = Session.of(
        Path(parameters["workspace"]) if parameters.get("workspace") else None,
        as_json=bool(parameters.get("as_json")),
        no_input=bool(parameters.get("no_input")),
    )
    if session.as_json or not session.may_ask:
        return
    for name in named:
        value = parameters[name]
        parameters[name] = _meant(session, [value])[0] if isinstance(value, str) else _meant(session, value)


def _meant(session: Session, typed: Iterable[str]) -> list[str]:
    """Return the slugs as typed, those that were asked for and confirmed in their place."""
    from pressrelease.errors import PressReleaseError
    from pressrelease.release.slug import near_slugs, valid_slug

    words = list(typed)
    try:
        workspace = session.workspace
        folder = workspace.library.folder
        if not (unknown := [word for word in words if not (valid_slug(word) and (folder / f"{word}.md").exists())]):
            return words
        known = {*workspace.library.slugs(), *(workspace.store.read.slugs() if workspace.store.exists else ())}
    except (PressReleaseError, OSError):
        return words  # what is wrong is the command's to say
    answers = dict.fromkeys(words, "")
    for word in unknown:
        near = [] if word in known else near_slugs(word, known)
        if len(near) == 1 and session.agreed(f'There is no release "{word}". Did you mean {near[0]}?'):
            answers[word] = near[0]
    return [answers[word] or word for word in words]
