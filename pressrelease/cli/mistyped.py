"""The command to type in place of a word that is no command. Loaded only when one was typed."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence

from pressrelease.errors import Usage

#: Words that people and other programs use -> the commands that serve instead, each after what it is for.
#: A near spelling may mean the opposite: `retract` and `retry`. A command that this version lacks is left out.
_INSTEAD: Mapping[str, Mapping[str, str]] = {
    "kill retract withdraw pull recall takedown take-down unpublish remove": {
        "kill": "To withdraw it",
        "hold": "To keep back what has not gone out",
        "stop": "To stop everything",
    },
    "correct correction amend update fix": {"correct": "To correct what is out", "edit": "To change the file"},
    "send release post issue": {"publish": "To send it now", "schedule": "To send it at its time"},
    "cancel delete abort rm": {"unschedule": "To make it a draft again", "hold": "To keep it back"},
    "pause halt freeze": {"hold": "To keep it back", "stop": "To stop everything"},
    "continue unhold unpause unstop": {"resume": "To let it go out", "resume --all": "To end a stop"},
    "list ls show queue releases": {"status": "To list the releases"},
    "calendar agenda": {"calendar": "To see the coming weeks", "status": "To see what goes out next"},
    "create add write begin draft": {"new": "To begin a release"},
    "open change modify": {"edit": "To change a release"},
    "preview view render print cat": {"proof": "To see what an outlet would get"},
    "validate lint proofread": {"check": "To check a release"},
    "sign authorize authorise ok yes": {"approve": "To approve it"},
    "disapprove reject": {"unapprove": "To take back its approvals"},
    "resend redo": {"retry": "To try failed deliveries again"},
    "log logs history audit": {"journal": "To see who did what"},
    "test ping": {"outlets --test": "To test the outlets", "check": "To check a release"},
    "health diagnose": {"doctor": "To look for problems"},
    "setup install": {"init": "To make a workspace", "service": "To see how to start the scheduler"},
    "cron systemd": {"service": "To see the lines to install"},
    "start serve daemon": {"run": "To start the scheduler"},
    "help commands": {"--help": "To see all commands"},
    "version": {"--version": "To see the version"},
}

MEANT = {word: instead for words, instead in _INSTEAD.items() for word in words.split()}

_ONE_SLUG = frozenset({"publish", "edit", "proof", "correct"})
_SLUGS = frozenset({"kill", "schedule", "approve", "unapprove", "unschedule", "hold", "resume", "retry"})
_MAYBE_NAMES = frozenset({"status", "journal", "check", "outlets --test", "new"})

#: How many commands with a near name are listed.
MOST_NEAR = 3

#: How much less alike than the nearest another may be, from 0 to 1: `aprove` is not offered `unapprove`.
NEARLY_AS_NEAR = 0.1


def no_such_command(typed: Sequence[str], commands: Collection[str], *, workspace: object = None) -> Usage:
    """Return the refusal of a command line whose first word is no command, with what to type instead.

    Each command to copy has a line of its own, which no terminal breaks. `workspace` is the folder that was named
    before that word, if any.
    """
    program = f"pressrelease --workspace {shlex.quote(str(workspace))}" if workspace else "pressrelease"
    word = typed[0].lower()
    lines = [f"There is no command `{typed[0]}`. Nothing was changed."]
    if word == "help" and len(typed) > 1 and typed[1] in commands:
        return Usage(lines[0], hint=f"To see its help:\n  pressrelease {typed[1]} --help")
    near = [] if word in MEANT else _near(word, commands)
    if near and near[0] not in commands:
        word, near = near[0], []
    if near:
        asked = "Did you mean this?" if len(near) == 1 else "Did you mean one of these?"
        return Usage(lines[0], hint="\n  ".join([asked, *(f"{program} {_line(name, typed[1:])}" for name in near)]))
    wanted = MEANT.get(word, {})
    there = {name: what for name, what in wanted.items() if name.startswith("-") or name.split()[0] in commands}
    hints = [f"{what}:\n  {program} {_line(name, typed[1:])}" for name, what in there.items()]
    return Usage(" ".join(lines), hint="\n".join(hints) or "To see all commands:\n  pressrelease --help")


def stop_takes_no_slug(typed: Sequence[str]) -> Usage:
    """Return the refusal of `stop SLUG`, with both commands that may be meant."""
    return Usage(
        "`pressrelease stop` stops everything and takes no SLUG. Nothing was stopped.",
        hint=f"To keep back one:\n  pressrelease {_line('hold', typed)}\nTo stop everything:\n  pressrelease stop",
    )


def _near(word: str, commands: Collection[str]) -> list[str]:
    """Return the commands that begin with a word, or are spelled like it, or a single word that others use."""
    import difflib

    if len(word) > 1 and (found := [name for name in commands if name.startswith(word)]):
        return found[:MOST_NEAR]
    near = difflib.get_close_matches(word, [*commands, *MEANT], n=MOST_NEAR, cutoff=0.7)
    if near and near[0] not in commands:
        return near[:1]
    alike = {name: difflib.SequenceMatcher(None, word, name).ratio() for name in near if name in commands}
    return [name for name, ratio in alike.items() if ratio >= max(alike.values()) - NEARLY_AS_NEAR]


def _line(command: str, arguments: Sequence[str]) -> str:
    """Return a command with what was typed for the other one, as far as that can be the same."""
    named: list[str] = []
    for argument in arguments:
        if argument.startswith("-"):
            break
        named.append(argument)
    if command in _ONE_SLUG:
        named = named[:1]
    elif command not in _SLUGS and command not in _MAYBE_NAMES:
        named = []
    given = shlex.join(named) or ("SLUG" if command in _ONE_SLUG | _SLUGS else "")
    return f"{command} {given}".rstrip()
