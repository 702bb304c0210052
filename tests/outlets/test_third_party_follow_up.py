"""A kind from another package that knows nothing of corrections and withdrawals sends them as messages of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from social_servers import a_message

from pressrelease.message import First, Message
from pressrelease.outlets import Outlet, RenderedMessage
from pressrelease.outlets.guarded import guarded
from pressrelease.release.delivery import Abilities, Action, Certainty, DeliveryFailed, Earlier, Receipt

KEY = "0" * 32
WHEN = datetime(2018, 9, 25, 18, 0, tzinfo=UTC)
EARLIER = (Earlier(1, Action.PUBLISH, "1" * 32, surely=True, delivered_at=WHEN, remote_id="7"),)


class Board:
    """The least that a kind can be: it isn't even derived from `Outlet`."""

    abilities = Abilities(correct=True, withdraw=True)

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        return RenderedMessage(f"{message.release.headline}\n{message.text}".encode(), "text/plain")

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        self.sent.append(rendered.content)
        return Receipt(remote_id="8")


class Derived(Board, Outlet):
    """The same, derived."""


class Able(Board):
    """One with rules of its own."""

    answer: Any = Receipt(remote_id="9")

    def prepare_follow_up(self, message: Message, *, key: str, recipient: str, earlier: Any) -> Any:
        return RenderedMessage(f"{message.action.value} of {earlier[0].remote_id}".encode(), "text/plain")

    def replace(self, rendered: Any, *, key: str, recipient: str, earlier: Any) -> Any:
        if isinstance(self.answer, type) and issubclass(self.answer, BaseException):
            raise self.answer
        return self.answer

    withdraw = replace


def a_follow_up(action: Action) -> Message:
    message = a_message()
    first = First("Names released", "v1", message.lift)
    return replace(message, action=action, n=2, note="A name was wrong.", noted_at=WHEN, first=first)


@pytest.mark.parametrize("kind", [Board, Derived])
@pytest.mark.parametrize(("action", "word"), [(Action.CORRECT, b"CORRECTION: "), (Action.WITHDRAW, b"KILL: ")])
def test_without_a_rule_of_its_own_it_sends_a_message_that_names_the_first(
    kind: type[Board], action: Action, word: bytes
) -> None:
    inner = kind()
    outlet = guarded("hall", "board", lambda: inner)
    rendered = outlet.prepare_follow_up(a_follow_up(action), key=KEY, recipient="", earlier=EARLIER)
    assert rendered.content.startswith(word)
    assert b'the release "Names released" of' in b" ".join(rendered.content.split())
    send = outlet.replace if action is Action.CORRECT else outlet.withdraw
    assert send(rendered, key=KEY, recipient="", earlier=EARLIER) == Receipt(remote_id="8")
    assert inner.sent == [rendered.content]
    assert outlet.abilities == Abilities(), "it says more of itself than it has methods for"


@pytest.mark.parametrize("action", [Action.CORRECT, Action.WITHDRAW])
def test_its_own_rules_are_used_and_held_to_the_protocol(action: Action) -> None:
    inner = Able()
    outlet = guarded("hall", "board", lambda: inner)
    assert outlet.abilities == Abilities(correct=True, withdraw=True)
    rendered = outlet.prepare_follow_up(a_follow_up(action), key=KEY, recipient="", earlier=EARLIER)
    assert rendered.content == f"{action.value} of 7".encode()
    act = outlet.replace if action is Action.CORRECT else outlet.withdraw
    assert act(rendered, key=KEY, recipient="", earlier=EARLIER) == Receipt(remote_id="9")
    for nonsense in (None, "yes", SystemExit, KeyError):
        inner.answer = nonsense
        with pytest.raises(DeliveryFailed) as caught:
            act(rendered, key=KEY, recipient="", earlier=EARLIER)
        assert caught.value.certainty is Certainty.UNSURE
    assert inner.sent == []


def test_a_render_that_is_none_is_a_fault() -> None:
    inner = Able()
    outlet = guarded("hall", "board", lambda: inner)
    inner.prepare_follow_up = lambda *_, **__: b"text"  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(TypeError):
        outlet.prepare_follow_up(a_follow_up(Action.CORRECT), key=KEY, recipient="", earlier=EARLIER)
