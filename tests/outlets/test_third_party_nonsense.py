"""A kind from another package may answer anything: no sender ends, and nothing that may have left is sent again."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from office import found_office
from social_servers import a_message

from pressrelease.config import Office, OutletConfig
from pressrelease.errors import ConfigRefused
from pressrelease.outlets import RenderedMessage, open_outlet
from pressrelease.outlets.guarded import guarded
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Receipt, Repeats

KEY = "0" * 32
SECOND = timedelta(seconds=1)


class Anything:
    """An outlet that answers what a test gives it; an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.__dict__.update(answers)
        self._answers = answers

    def _act(self, name: str, otherwise: Any) -> Any:
        told = self._answers.get(name, otherwise)
        if isinstance(told, BaseException) or (isinstance(told, type) and issubclass(told, BaseException)):
            raise told
        return told

    def recipients(self) -> Any:
        return self._act("people", ("",))

    def prepare(self, message: Any, *, key: str, recipient: str) -> Any:
        return self._act("rendered", RenderedMessage(b"text", "text/plain"))

    def send(self, rendered: Any, *, key: str, recipient: str) -> Any:
        return self._act("receipt", Receipt())

    def probe(self) -> Any:
        return self._act("found", "there")

    def warm(self, sends: int = 4) -> Any:
        return self._act("warmed", None)

    def close(self) -> Any:
        return self._act("closed", None)


def failing(**answers: Any) -> DeliveryFailed:
    """How a send ends, in a thread like a worker's; nothing else may come of it."""
    outlet = guarded("hall", "board", lambda: Anything(**answers))
    ended: list[BaseException | Receipt] = []

    def send() -> None:
        try:
            ended.append(outlet.send(RenderedMessage(b"", ""), key=KEY, recipient=""))
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    thread.join()
    [failure] = ended
    assert isinstance(failure, DeliveryFailed), failure
    assert isinstance(failure.certainty, Certainty)
    return failure


@pytest.mark.parametrize(
    "receipt",
    [
        None, 7, "yes", {"url": "x"}, ("a", "b"), Receipt(remote_id=7), Receipt(url=b"x"),  # type: ignore[arg-type]
        SystemExit(0), SystemExit, KeyboardInterrupt, GeneratorExit, ValueError("text of the release"), MemoryError,
    ],
)  # fmt: skip
def test_an_answer_that_is_none_leaves_a_doubt(receipt: Any) -> None:
    failure = failing(receipt=receipt)
    assert failure.certainty is Certainty.UNSURE
    assert "(board)" in failure.reason
    assert "text of the release" not in failure.reason
    assert failure.__cause__ is None


@pytest.mark.parametrize(
    ("given", "certainty"),
    [
        ("unsure", Certainty.UNSURE),
        ("for_good", Certainty.FOR_GOOD),
        ("not_sent", Certainty.NOT_SENT),
        ("perhaps", Certainty.UNSURE),
        (None, Certainty.UNSURE),
        (0, Certainty.UNSURE),
    ],
)
def test_a_certainty_is_one_or_says_nothing(given: Any, certainty: Certainty) -> None:
    failed = DeliveryFailed(given, "no\x1b[31m" * 400, retry_after="soon", credentials="yes")  # type: ignore[arg-type]
    failure = failing(receipt=failed)
    assert failure.certainty is certainty
    assert (failure.retry_after, failure.credentials) == (None, False)
    assert failure.reason.isprintable()
    assert len(failure.reason) <= 500


def test_a_proper_failure_stays_as_it_is() -> None:
    failure = failing(receipt=DeliveryFailed(Certainty.FOR_GOOD, "no", retry_after=SECOND, credentials=True))
    assert (failure.certainty, failure.reason, failure.retry_after) == (Certainty.FOR_GOOD, "no", SECOND)
    assert failure.credentials


@pytest.mark.parametrize("people", [None, 7, "a@b.example", (), (1,), ("a\nb",), ("x" * 400,), SystemExit, OSError])
def test_recipients_that_are_none_are_refused_in_words(people: Any) -> None:
    with pytest.raises(ConfigRefused, match="recipients"):
        guarded("hall", "board", lambda: Anything(people=people)).recipients()


def test_doubled_recipients_are_one_each() -> None:
    outlet = guarded("hall", "board", lambda: Anything(people=["b", "a", "b"]))
    assert outlet.recipients() == ("b", "a")


@pytest.mark.parametrize("rendered", [None, b"text", RenderedMessage("text", "text/plain"), SystemExit])  # type: ignore[arg-type]
def test_anything_but_a_rendered_message_is_a_fault(rendered: Any) -> None:
    with pytest.raises((TypeError, RuntimeError)):
        guarded("hall", "board", lambda: Anything(rendered=rendered)).prepare(a_message(), key=KEY, recipient="")


@pytest.mark.parametrize("told", [None, True, Repeats("yes"), Repeats(told_apart=False, findable=True)])  # type: ignore[arg-type]
def test_what_it_says_of_itself_is_believed_only_in_form(told: Any) -> None:
    outlet = guarded("hall", "board", lambda: Anything(repeats=told, abilities=told))
    assert outlet.repeats == Repeats(told_apart=False)
    assert outlet.abilities == Abilities()
    says = {"repeats": Repeats(told_apart=True), "abilities": Abilities(correct=True, withdraw=True, provable=True)}
    good = guarded("hall", "board", lambda: Anything(**says))
    # Without methods of its own a correction or a withdrawal is one more message there, which a repeat would double.
    assert (good.repeats.told_apart, good.abilities) == (True, Abilities(provable=True))
    able = guarded("hall", "board", lambda: Anything(replace=print, withdraw=print, **says))
    assert able.abilities == Abilities(correct=True, withdraw=True, provable=True)


def test_warming_and_closing_fail_in_silence() -> None:
    outlet = guarded("hall", "board", lambda: Anything(warmed=SystemExit, closed=OSError, found=SystemExit))
    outlet.warm()
    outlet.close()
    with pytest.raises(DeliveryFailed, match="SystemExit"):
        outlet.probe()


@pytest.mark.parametrize("fault", [SystemExit(3), ImportError("gone"), TypeError("one argument")])
def test_a_kind_that_can_t_be_opened_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    import importlib.metadata

    class Point:
        def load(self) -> Any:
            raise fault

    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [Point()])
    with pytest.raises(ConfigRefused, match=type(fault).__name__):
        open_outlet(OutletConfig("hall", "board"), Office("Office", "UTC"), tmp_path, lambda _: "")


_KIND = """
from pressrelease.release.delivery import DeliveryFailed, Repeats
from pressrelease.outlets import RenderedMessage

class Board:
    repeats = Repeats(told_apart=False)
    def recipients(self): return ("hall", "door", "hall")
    def prepare(self, message, *, key, recipient): return RenderedMessage(b"x", "text/plain")
    def send(self, rendered, *, key, recipient):
        open(PLACE, "a").write(recipient + "\\n")
        HOW
    def warm(self, sends=4): pass
    def probe(self): return "there"
    def close(self): pass

def open_board(config, office, folder, secret):
    return Board()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", ["return None", "raise SystemExit(0)", "raise KeyboardInterrupt", "raise DeliveryFailed('unsure', 'hm')"]
)
def test_the_installed_command_says_it_in_words(tmp_path: Path, how: str) -> None:
    packages = tmp_path / "site-packages"
    info = packages / "board-1.0.dist-info"
    info.mkdir(parents=True)
    got = tmp_path / "got"
    (packages / "board.py").write_text(_KIND.replace("PLACE", repr(str(got))).replace("HOW", how))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: board\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pressrelease.outlets]\nboard = board:open_board\n")
    office = found_office(
        tmp_path / "office", more='[outlets.hall]\ntype = "board"\n', policy="[policy]\napprovals = 0\n"
    )
    office.environment["PYTHONPATH"] = str(packages)
    office.write("names", outlets="[hall]")
    office.run("schedule", "names", "--yes")
    for _ in range(2):
        done = office.run("publish-due", expect=10)
        assert "Traceback" not in done.stderr
        assert "backup" not in done.stderr
    assert sorted(got.read_text().split()) == ["door", "hall"], "nothing is sent twice"
    deliveries = office.json("status", "names")["releases"][0]["deliveries"]
    assert [one["state"] for one in deliveries] == ["in_doubt", "in_doubt"]
