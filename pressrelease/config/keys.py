"""The types of the tables that say what config.toml may contain."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple


class Wrong(Exception):
    """A value is not accepted: what is wrong, and what to write instead. Neither repeats the value."""

    def __init__(self, message: str, hint: str = "", at: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.at = at


class Several(Exception):
    """Several values of one key are not accepted."""

    def __init__(self, wrongs: Sequence[Wrong]) -> None:
        super().__init__(f"{len(wrongs)} values")
        self.wrongs = tuple(wrongs)


#: A function from TOML's value to ours. Raises Wrong or Several.
Reader = Callable[[Any], Any]


class Cover(Enum):
    """Whether the approval of a release covers what a key says. Every key must decide."""

    #: It alters the words, the recipients or the destination of a release: any change needs a new approval.
    YES = "yes"
    #: It is a rule about who approves: only a weaker one needs a new approval.
    WEAKER = "if weaker"
    #: It is about reaching a server, waiting or retrying, and alters nothing that readers get.
    NO = "no"


class Key(NamedTuple):
    """One key of config.toml and what may be written there.

    `default` is the value if the key is left out; `sample` is TOML to show if the default shows nothing useful.
    `help` is one line, for the sample config and the documentation. `covers` says whether an approval covers the
    value; None is undecided, and a test fails for it.
    """

    name: str
    reads: Reader
    help: str
    required: bool = False
    default: Any = None
    sample: str = ""
    secret: bool = False
    covers: Cover | None = None


def _no_rules(_: Mapping[str, Any]) -> Iterable[Wrong]:
    return ()


class OutletKind(NamedTuple):
    """A kind of outlet: all that the rest of the program knows of it before its code is loaded.

    `opener` is "module:function", called with `(config, office, folder, secret)`; it returns a
    `pressrelease.outlets.Outlet`. `recipient_list` is "module:object", a `pressrelease.outlets.RecipientLists`, for a
    kind that sends to each address of a list. `tells_people` says whether notices may be sent there, because it is not
    public. `advance` says that it may get a release ahead of its lift: it isn't public, and it writes the embargo on
    it. `public_site` says that it keeps a web site of files in the folder `path`, read at `url`. `rules` gets the
    values of all its keys, each accepted by itself, and yields those that don't go together.
    """

    name: str
    help: str
    keys: tuple[Key, ...]
    opener: str
    tells_people: bool = False
    advance: bool = False
    public_site: bool = False
    recipient_list: str = ""
    rules: Callable[[Mapping[str, Any]], Iterable[Wrong]] = _no_rules
