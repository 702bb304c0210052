"""`outlets`: each by itself, whatever is wrong with its neighbours."""

from __future__ import annotations

import io
import socket
import threading
import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import pytest
from calling import Caller
from conftest import NOW
from mail_server import mail_server
from office import Office, found_office, receiving
from rich.console import Console
from servers import unused_port

from pressrelease.cli.terminal import THEME, print_outlets
from pressrelease.config.keys import OutletKind
from pressrelease.config.outlet_keys import OUTLET_KINDS
from pressrelease.outlets import Outlet
from pressrelease.outlets.guarded import guarded
from pressrelease.release.delivery import Abilities, Repeats
from pressrelease.services.reaching import OutletFacts, state_words
from pressrelease.store.circuit import ClosedOutlet

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEYS = {"name", "type", "enabled", "recipients", "tells_repeats", "tells_repeats_s", "can_correct", "can_withdraw",
        "can_be_proven", "closed", "reached", "found", "trouble"}  # fmt: skip


def hook(name: str, port: int, more: str = "") -> str:
    url = f"http://127.0.0.1:{port}/press"
    return f'[outlets.{name}]\ntype = "webhook"\nurl = "{url}"\nsecret = {{ env = "HOOK" }}\n{more}'


def mail(port: int) -> str:
    return (
        f'[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nusername = "press"\n'
        'password = { env = "MAIL" }\nfrom = "press@da.example"\nrecipients = ["a@x.example", "b@x.example"]\n'
    )


def office(folder: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> Office:
    made = found_office(folder, more=more)
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setenv("MAIL", "hunter2")
    return made


def test_what_each_can_do(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    more = hook("media", 9) + mail(9) + '[outlets.social]\ntype = "mastodon"\nurl = "https://social.example"\n'
    more += 'token = { env = "HOOK" }\nenabled = false\n'
    office(tmp_path / "office", monkeypatch, more)
    told = {one["name"]: one for one in call.json("outlets")["outlets"]}
    assert list(told) == ["newsroom", "media", "mail", "social"]
    assert all(set(one) == KEYS for one in told.values())
    can = {
        name: (one["tells_repeats"], one["can_correct"], one["can_withdraw"], one["can_be_proven"])
        for name, one in told.items()
    }
    assert can["media"] == (True, False, False, False)
    assert can["mail"] == (False, False, False, False)
    assert can["social"] == (False, True, True, True), "no server was asked what it is"
    assert can["newsroom"][:2] == (True, True)
    assert told["social"]["tells_repeats_s"] is None
    assert told["media"]["tells_repeats_s"] is None
    assert told["mail"]["recipients"] == 2
    assert told["social"]["enabled"] is False
    assert all(one["reached"] is None for one in told.values())
    lines = call("outlets").splitlines()
    assert "mail (email, 2 recipients)" in lines
    assert "  can't recognize a repeat: if sending is interrupted, you decide whether to send again" in lines
    assert "  if sending is interrupted, the program looks there before it sends again" in lines
    assert "  switched off" in lines
    assert call("outlets", "media").splitlines()[0] == "media (webhook)"
    assert "newsroom" not in call.out


@pytest.mark.parametrize("kind", OUTLET_KINDS, ids=lambda kind: kind.name)
def test_each_kind_says_truly_whether_it_can_withdraw(kind: OutletKind) -> None:
    module, _, opener = kind.opener.partition(":")
    made = get_type_hints(getattr(import_module(module), opener))["return"]
    assert issubclass(made, Outlet)
    assert isinstance(made.abilities, Abilities)
    assert made.abilities.withdraw is (made.withdraw is not Outlet.withdraw)


def test_a_kind_of_others_that_says_nothing_can_do_nothing() -> None:
    outlet = guarded("hall", "board", object)
    assert (outlet.abilities, outlet.repeats.told_apart, outlet.certificate_ends()) == (Abilities(), False, None)


def test_each_is_reached_by_itself_and_the_exit_code_is_of_the_worst(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver, mail_server(passwords={"press": "right"}) as server:
        more = hook("good", receiver.port) + hook("down", unused_port()) + mail(server.port)
        more += '[outlets.bare]\ntype = "webhook"\nurl = "http://127.0.0.1:9/x"\nsecret = { env = "NOT_THERE" }\n'
        office(tmp_path / "office", monkeypatch, more)
        told = {
            one["name"]: one
            for one in call.json("outlets", "--test", "good", "down", "mail", "bare", expect=78)["outlets"]
        }
        assert list(told) == ["good", "down", "mail", "bare"]
        assert [one["reached"] for one in told.values()] == [True, False, False, False]
        assert "NOT_THERE" in told["bare"]["trouble"]
        assert told["mail"]["found"].startswith("127.0.0.1 rejected the user name or the password")
        call("outlets", "--test", "good")
        call("outlets", "--test", "down", "--test", "good", expect=75)
        assert "NOT REACHED" in call.out
        call("outlets", "--test", "mail", "--test", "down", expect=10)
        # Listing alone is no test: what can't be opened says so, and the others are listed.
        assert "CAN'T BE USED" in call("outlets")
        assert not receiver.got
        assert not server.got
        monkeypatch.setenv("MAIL", "right")
        call("outlets", "--test", "mail")
        assert "hunter2" not in call.out + call.err
        call("outlets", "--test", "nowhere", expect=66)
        call("outlets", "nowhere", expect=66)


def test_one_that_hangs_holds_up_no_other(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver, mail_server() as server, socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=silent.accept, daemon=True).start()
        slow = mail(silent.getsockname()[1]).replace("outlets.mail", "outlets.slow") + 'timeout = "1s"\n'
        office(tmp_path / "office", monkeypatch, hook("good", receiver.port) + slow)
        begun = time.monotonic()
        told = {one["name"]: one for one in call.json("outlets", "--test", "slow", "good", expect=75)["outlets"]}
        assert time.monotonic() - begun < 10
        assert (told["good"]["reached"], told["slow"]["reached"]) == (True, False)
        assert not server.got


def test_a_dry_run_reaches_nothing(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    office(tmp_path / "office", monkeypatch, hook("down", unused_port()))
    assert call.json("outlets", "--test", "down", "--dry-run")["outlets"][0]["reached"] is None


FACTS = [
    OutletFacts("newsroom", "newsroom", True, Repeats(True), Abilities(True, True, True)),
    OutletFacts("a-name-that-is-rather-long", "wordpress", True, Repeats(True), Abilities(), reached=True, found="ok"),
    OutletFacts("social", "mastodon", False, Repeats(True, timedelta(minutes=50)), Abilities(withdraw=True)),
    OutletFacts("mail", "email", True, Repeats(False), Abilities(), recipients=2140,
                closed=ClosedOutlet("mail", "it refused the password (535)", "", NOW)),
    OutletFacts("bare", "webhook", True, trouble="the variable NOT_THERE is not set \x1b[31m"),
]  # fmt: skip


def test_the_table_holds_at_eighty_columns() -> None:
    shown = io.StringIO()
    print_outlets(FACTS, to=Console(file=shown, width=80, theme=THEME, force_terminal=False))
    lines = shown.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(shown.getvalue().split())
    for words in (
        "Knows repeats",
        "for 50 min",
        "2,140",
        "in place",
        "mail: LOGIN REJECTED",
        "social: switched off",
    ):
        assert words in text, text
    assert "\x1b" not in text
    assert any(line.startswith("a-name-that-is") for line in lines)


def test_nothing_is_reported_about_an_outlet_in_good_order() -> None:
    assert state_words(FACTS[0]) == ""
