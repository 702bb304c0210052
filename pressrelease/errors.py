"""What can go wrong, in words for people, each with the exit code that scripts rely on.

    PressReleaseError            1   a fault of the program
    ├── Usage                    2   the command line itself
    ├── NeedsPerson             10   nothing is broken; somebody must decide
    │   └── StateUnreadable     10   the store can't be read or trusted: nothing is sent
    ├── Stopped                 11   `stop` is in force
    ├── Refused                 65   a text or a phrase that is not accepted
    │   ├── EmbargoRefused          the phrase is ambiguous, contradictory, nonexistent or past
    │   └── ReleaseRefused          the release file is malformed, oversized or hostile
    ├── NotFound                66   no such release, outlet, file or workspace
    ├── WillRetry               75   busy or unreachable at the moment; trying again is safe
    ├── NotPermitted            77   an approval is missing, or an embargo has not lifted
    └── ConfigRefused           78   config.toml, with every problem at once

`message` says what happened (`happened`), and, where a person could wonder, whether anything went out (`outcome`).
`hint` says what to do now. `candidates` are the readings or names that were possible.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

#: What a message ends with if a reader could wonder.
NOTHING_SENT = "Nothing was sent."


class PressReleaseError(Exception):
    """Base of every error that is shown to a person rather than logged as a fault."""

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        candidates: Sequence[str] = (),
        outcome: str = "",
    ) -> None:
        self.happened = message
        self.message = f"{message} {outcome}".rstrip()
        super().__init__(self.message)
        self.hint = hint
        self.code = code or self.default_code
        self.candidates = tuple(candidates)

    @property
    def listed(self) -> tuple[str, ...]:
        """The candidates to list below the message: not the only one, if the hint asks about it."""
        asked = len(self.candidates) == 1 and self.candidates[0] in self.hint
        return () if asked else self.candidates

    def as_json(self) -> dict[str, str | list[str]]:
        """The keys of `error` in a command's answer (CONTRACT section 6)."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "candidates": list(self.candidates),
        }


class Usage(PressReleaseError):
    """The command line can't be understood."""

    exit_code = 2
    default_code = "usage"


class NeedsPerson(PressReleaseError):
    """Somebody must decide before anything more happens."""

    exit_code = 10
    default_code = "needs_person"


class StateUnreadable(NeedsPerson):
    """The store is missing, corrupt, foreign or newer: nothing is sent, and it is never replaced."""

    default_code = "state_unreadable"


class Stopped(PressReleaseError):
    """`pressrelease stop` is in force."""

    exit_code = 11
    default_code = "stopped"


class Refused(PressReleaseError):
    """A text or phrase is not accepted."""

    exit_code = 65
    default_code = "refused"


class EmbargoRefused(Refused):
    """An embargo phrase has no single safe reading; `candidates` holds the possible ones in full.

    `past` is the moment (aware) of a phrase that is refused because it is past, None for any other.
    """

    default_code = "embargo_refused"
    past: datetime | None = None


class ReleaseRefused(Refused):
    """A release file is malformed, oversized or hostile; `line` counts from 1, 0 for the whole file."""

    default_code = "release_refused"

    def __init__(
        self,
        message: str,
        *,
        line: int = 0,
        hint: str = "",
        code: str = "",
        candidates: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint=hint, code=code, candidates=candidates)
        self.line = line


class NotFound(PressReleaseError):
    """No such release, outlet, file or workspace."""

    exit_code = 66
    default_code = "not_found"


class WillRetry(PressReleaseError):
    """Something is busy or out of reach for now; the same call may be repeated safely."""

    exit_code = 75
    default_code = "will_retry"


class NotPermitted(PressReleaseError):
    """An approval is missing, or an embargo has not lifted."""

    exit_code = 77
    default_code = "not_permitted"


#: Exit codes from the most serious: what the whole of a command over several releases ends with.
SERIOUSNESS = (1, 78, 11, 10, 77, 65, 66, 2, 75)


def most_serious(errors: Iterable[PressReleaseError]) -> PressReleaseError:
    """Return the error whose exit code is the most serious; the first of several. Raises ValueError for none."""
    return min(errors, key=lambda error: SERIOUSNESS.index(error.exit_code))


class Problem(NamedTuple):
    """One problem of a config: its line (from 1; 0 for the whole file), what is wrong, and how to fix it."""

    line: int
    message: str
    hint: str = ""


class ConfigRefused(PressReleaseError):
    """config.toml is not accepted; `problems` holds all of them, in the order of the file."""

    exit_code = 78
    default_code = "config_refused"

    def __init__(self, problems: Sequence[Problem], source: str = "config.toml") -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        lines = [
            f"{source}:{problem.line}: {problem.message}" if problem.line else f"{source}: {problem.message}"
            for problem in self.problems
        ]
        super().__init__(
            "\n".join(lines),
            hint="\n".join(dict.fromkeys(problem.hint for problem in self.problems if problem.hint)),
        )
