"""Hold an outlet kind from another package to the protocol: nothing it returns or raises can end a worker.

What may have left is in doubt; nothing that such a kind says can turn that into "surely not sent".
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from pressrelease.errors import ConfigRefused, PressReleaseError, Problem
from pressrelease.message import Message
from pressrelease.message.message import must_be_out
from pressrelease.outlets import Outlet, RenderedMessage
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Earlier, Receipt, Repeats
from pressrelease.system.printable import printable

#: The longest recipient's address, and reason, that is accepted, in characters.
LONGEST_RECIPIENT = 320
LONGEST_REASON = 500


class Guarded(Outlet):
    """One outlet of another package's kind."""

    def __init__(self, name: str, kind: str, inner: Any) -> None:
        self.name = name
        self._kind = kind
        self._inner = inner

    @property
    def repeats(self) -> Repeats:
        """What it says about repeats; without a valid answer, that it recognizes none."""
        with contextlib.suppress(Exception):
            value = self._inner.repeats
            if isinstance(value, Repeats) and isinstance(value.told_apart, bool):
                return value._replace(findable=bool(value.findable) and callable(getattr(self._inner, "find", None)))
        return Repeats(told_apart=False)

    @property
    def abilities(self) -> Abilities:
        """What it says it can do with what it has; it corrects and withdraws only by methods of its own.

        What changes in place is tried again by itself, and a message that the base class sends would arrive twice.
        """
        value = None
        with contextlib.suppress(Exception):
            value = getattr(self._inner, "abilities", None)
        if not isinstance(value, Abilities):
            return Abilities()
        return value._replace(
            correct=value.correct is True and self._overrides("replace"),
            withdraw=value.withdraw is True and self._overrides("withdraw"),
        )

    def _overrides(self, name: str) -> bool:
        """Whether it has a method that isn't the base class's."""
        own = self._own(name)
        return own is not None and getattr(own, "__func__", own) is not getattr(Outlet, name)

    def recipients(self) -> tuple[str, ...]:
        """Return its recipients, each once. Raises ConfigRefused for anything but a list of plain texts."""
        with self._refusing("naming its recipients"):
            value = self._inner.recipients()
            given = () if isinstance(value, (str, bytes)) else tuple(value)
            if given and all(isinstance(one, str) and _plain(one) for one in given):
                return tuple(dict.fromkeys(given))
        raise self._refused("gave no list of recipients", 'It must return a tuple of texts, ("",) for one place.')

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return its rendered message. Raises TypeError for anything else, NotPermitted for an advance copy."""
        must_be_out(message)
        return self._rendered(lambda: self._inner.prepare(message, key=key, recipient=recipient))

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return its rendered correction or withdrawal: by its own rule, or as the base class does for all."""
        must_be_out(message)
        own = self._own("prepare_follow_up")
        if own is None:
            return super().prepare_follow_up(message, key=key, recipient=recipient, earlier=earlier)
        return self._rendered(lambda: own(message, key=key, recipient=recipient, earlier=tuple(earlier)))

    def _rendered(self, make: Callable[[], Any]) -> RenderedMessage:
        with _contained():
            made = make()
        if isinstance(made, RenderedMessage) and isinstance(made.content, bytes) and isinstance(made.media_type, str):
            return made
        raise TypeError(f"{self._kind}: prepare returned no RenderedMessage")

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Send once. Raises DeliveryFailed and nothing else: UNSURE for any invalid answer."""
        value = self._asked("sending", lambda: self._inner.send(rendered, key=key, recipient=recipient))
        return self._receipt(value)

    def replace(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Correct once, by its own rule or by sending. Raises as `send`."""
        own = self._own("replace")
        if own is None:
            return self.send(rendered, key=key, recipient=recipient)
        value = self._asked("correcting", lambda: own(rendered, key=key, recipient=recipient, earlier=tuple(earlier)))
        return self._receipt(value)

    def withdraw(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Withdraw once, by its own rule or by sending. Raises as `send`."""
        own = self._own("withdraw")
        if own is None:
            return self.send(rendered, key=key, recipient=recipient)
        value = self._asked("withdrawing", lambda: own(rendered, key=key, recipient=recipient, earlier=tuple(earlier)))
        return self._receipt(value)

    def find(self, rendered: RenderedMessage, *, key: str, recipient: str, since: datetime) -> Receipt | None:
        """Look for what an earlier try left. Raises DeliveryFailed and nothing else."""
        value = self._asked("looking", lambda: self._inner.find(rendered, key=key, recipient=recipient, since=since))
        return None if value is None else self._receipt(value)

    def warm(self, sends: int = 4) -> None:
        """Let it connect ahead; failing is silent."""
        with contextlib.suppress(Exception), _contained():
            self._inner.warm(sends)

    def probe(self) -> str:
        """Return what it found. Raises DeliveryFailed and nothing else."""
        value = self._asked("being asked", self._inner.probe)
        return printable(value)[:LONGEST_REASON] if isinstance(value, str) else "it answers"

    def certificate_ends(self) -> datetime | None:
        """Return when its server's certificate expires, as it says; None if it doesn't."""
        value = None
        with contextlib.suppress(Exception), _contained():
            ask = getattr(self._inner, "certificate_ends", None)
            value = ask() if callable(ask) else None
        return value if isinstance(value, datetime) else None

    def close(self) -> None:
        """Let it close its connections; failing is silent."""
        with contextlib.suppress(Exception), _contained():
            self._inner.close()

    def _own(self, name: str) -> Callable[..., Any] | None:
        """Return a method of its own, None if it has none: a kind need not be derived from `Outlet`."""
        found = None
        with contextlib.suppress(Exception), _contained():
            found = getattr(self._inner, name, None)
        return found if callable(found) else None

    # -- what it said ---------------------------------------------------------------------------------------

    def _asked(self, doing: str, ask: Any) -> Any:
        try:
            with _contained():
                return ask()
        except DeliveryFailed as failure:
            raise _proper(failure) from None
        except Exception as error:  # noqa: BLE001  (how far it came is unknown)
            # `_contained` has hidden a SystemExit; its own name says more than the fault's.
            fault = type(error.__cause__ or error).__name__
            words = f"the outlet's code ({self._kind}) failed while {doing} ({fault})"
            raise DeliveryFailed(Certainty.UNSURE, words) from None

    def _receipt(self, value: Any) -> Receipt:
        if isinstance(value, Receipt) and all(part is None or isinstance(part, str) for part in value):
            return value
        words = f"the outlet's code ({self._kind}) gave no receipt, so nothing shows whether it arrived"
        raise DeliveryFailed(Certainty.UNSURE, words)

    @contextmanager
    def _refusing(self, doing: str) -> Iterator[None]:
        try:
            with _contained():
                yield
        except PressReleaseError:
            raise
        except Exception as error:  # noqa: BLE001  (nothing was sent, and the office must fix it)
            fault = type(error.__cause__ or error).__name__
            raise self._refused(f"failed while {doing} ({fault})", "Ask the author of the package.") from None

    def _refused(self, what: str, hint: str) -> ConfigRefused:
        return ConfigRefused([Problem(0, f"outlets.{self.name}: the outlet's code ({self._kind}) {what}", hint)])


def guarded(name: str, kind: str, open_it: Any) -> Guarded:
    """Open an outlet and hold it to the protocol. Raises ConfigRefused, whatever its opening raises."""
    outlet = Guarded(name, kind, None)
    with outlet._refusing("opening"):
        outlet._inner = open_it()
    return outlet


@contextmanager
def _contained() -> Iterator[None]:
    """Turn what would end a program (SystemExit, a KeyboardInterrupt of its own) into an ordinary fault."""
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise  # somebody at the keyboard
        raise RuntimeError("it tried to end the program") from error


def _proper(failure: DeliveryFailed) -> DeliveryFailed:
    """Return the failure with every part valid; an invalid certainty counts as UNSURE."""
    try:
        certainty = Certainty(failure.certainty)
    except ValueError:
        certainty = Certainty.UNSURE
    wish = failure.retry_after
    return DeliveryFailed(
        certainty,
        printable(str(failure.reason))[:LONGEST_REASON],
        retry_after=wish if isinstance(wish, timedelta) and wish >= timedelta(0) else None,
        credentials=failure.credentials is True,
    )


def _plain(recipient: str) -> bool:
    return len(recipient) <= LONGEST_RECIPIENT and (not recipient or recipient.isprintable())
