"""The command outlet, with real programs."""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from social_servers import a_message

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.outlets.command import address_in, failure_of_status
from pressrelease.outlets.event import event_of
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt

KEY = "0123456789abcdef" * 2
posix = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX's")


def outlet(folder: Path, *argv: str, timeout: float = 10) -> Any:
    config = OutletConfig("own", "command", timeout=timedelta(seconds=timeout), settings={"argv": tuple(argv)})
    return open_outlet(config, Office("Office", "UTC"), folder, lambda _: "")


def program(folder: Path, text: str, *more: str, timeout: float = 10) -> Any:
    """An outlet that runs a few lines of Python."""
    file = folder / "program.py"
    file.write_text("import json, os, sys, time\n" + textwrap.dedent(text))
    return outlet(folder, sys.executable, str(file), *more, timeout=timeout)


def deliver(opened: Any, message: Message | None = None) -> Receipt:
    rendered = opened.prepare(message or a_message(), key=KEY, recipient="")
    receipt: Receipt = opened.send(rendered, key=KEY, recipient="")
    return receipt


def refused(opened: Any, message: Message | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(opened, message)
    return caught.value


def test_the_release_is_on_its_standard_input(tmp_path: Path) -> None:
    opened = program(
        tmp_path,
        """
        told = json.load(sys.stdin)
        told["argv"], told["cwd"], told["environment"] = sys.argv[1:], os.getcwd(), dict(os.environ)
        open("got.json", "w").write(json.dumps(told))
        print("https://example.org/posts/1")
        """,
        "--quiet",
        "$HOME; echo *",
    )
    message = a_message(attachments={"sheet.pdf": b"%PDF \xff"})
    receipt = deliver(opened, message)
    assert receipt == Receipt(url="https://example.org/posts/1")
    got = json.loads((tmp_path / "got.json").read_text())
    [attachment] = got["data"].pop("attachments")
    assert base64.b64decode(attachment["content"]) == b"%PDF \xff"
    assert got["data"] == event_of(message)["data"], "the same object as a webhook's"
    assert got["key"] == got["environment"]["PRESSRELEASE_KEY"] == KEY
    assert got["argv"] == ["--quiet", "$HOME; echo *"], "no shell"
    assert Path(got["cwd"]) == tmp_path.resolve()
    for public in (*got["argv"], *got["environment"].values()):
        assert "amed" not in public
        assert "names-released" not in public


def test_it_gets_the_variables_that_config_gives_it_and_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSRELEASE_SMTP_PASSWORD", "canary")
    monkeypatch.setenv("SUPPOSED_TOKEN", "canary")
    monkeypatch.setenv("LC_CTYPE", "C.UTF-8")
    file = tmp_path / "program.py"
    file.write_text("import json, os; open('got.json', 'w').write(json.dumps(dict(os.environ)))")
    reference = SecretReference(SecretSource.ENV, "SUPPOSED_TOKEN")
    settings = {"argv": (sys.executable, str(file)), "env": {"LEVEL": "info", "TOKEN": reference}}
    config = OutletConfig("own", "command", timeout=timedelta(seconds=10), settings=settings)
    deliver(open_outlet(config, Office("Office", "UTC"), tmp_path, lambda _: "its own"))
    got = json.loads((tmp_path / "got.json").read_text())
    assert (got["LEVEL"], got["TOKEN"], got["LC_CTYPE"]) == ("info", "its own", "C.UTF-8")
    assert got["PATH"] == os.environ["PATH"]
    assert "canary" not in got.values()
    assert {name for name in got if name.startswith("PRESSRELEASE_")} == {"PRESSRELEASE_KEY"}


@posix
@pytest.mark.parametrize("entry", ["others", "relative"])
def test_no_program_is_taken_from_where_others_may_put_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "publish-it").write_text("#!/bin/sh\nexit 0\n")
    (planted / "publish-it").chmod(0o755)
    planted.chmod(0o777 if entry == "others" else 0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(planted) if entry == "others" else "planted")
    opened = outlet(tmp_path, "publish-it")
    assert refused(opened).certainty is Certainty.FOR_GOOD
    with pytest.raises(DeliveryFailed):
        opened.probe()
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", str(planted))
    deliver(opened)


@pytest.mark.parametrize(
    ("status", "certainty"),
    [
        (75, Certainty.NOT_SENT),
        (1, Certainty.FOR_GOOD),
        (2, Certainty.FOR_GOOD),
        (64, Certainty.FOR_GOOD),
        (255, Certainty.FOR_GOOD),
    ],
)
def test_what_an_exit_status_means(tmp_path: Path, status: int, certainty: Certainty) -> None:
    failure = refused(program(tmp_path, f"print('names-released')\nsys.exit({status})"))
    assert failure.certainty is certainty
    assert str(status) in failure.reason
    assert "names-released" not in failure.reason


@given(status=st.integers(-64, 255))
def test_only_0_is_delivered_and_only_75_is_surely_not(status: int) -> None:
    failure = failure_of_status(status)
    assert (failure is None) == (status == 0)
    if failure is not None:
        expected = Certainty.UNSURE if status < 0 else Certainty.NOT_SENT if status == 75 else Certainty.FOR_GOOD
        assert failure.certainty is expected


@posix
def test_one_that_a_signal_ends_is_in_doubt(tmp_path: Path) -> None:
    failure = refused(program(tmp_path, f"os.kill(os.getpid(), {int(signal.SIGSEGV)})"))
    assert failure.certainty is Certainty.UNSURE


@posix
@pytest.mark.parametrize("stubborn", [False, True])
def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, stubborn: bool) -> None:
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" if stubborn else ""
    opened = program(
        tmp_path,
        f"""
        {ignoring}
        child = os.fork()
        open(f"pid-{{'parent' if child else 'child'}}", "w").write(str(os.getpid()))
        time.sleep(60)
        """,
        timeout=1,
    )
    begun = time.monotonic()
    failure = refused(opened)
    assert time.monotonic() - begun < 4
    assert failure.certainty is Certainty.UNSURE
    for file in ("pid-parent", "pid-child"):
        assert _gone(int((tmp_path / file).read_text()))


def _gone(pid: int) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_one_that_reads_nothing_and_one_that_prints_for_ever(tmp_path: Path) -> None:
    large = a_message(body="word " * 100_000)
    assert deliver(program(tmp_path, "sys.exit(0)"), large) == Receipt()
    loud = "for _ in range(2000): sys.stdout.write('x' * 10_000)"
    assert deliver(program(tmp_path, loud), large) == Receipt()


@posix
def test_what_it_leaves_running_does_not_hold_up_the_answer(tmp_path: Path) -> None:
    opened = program(
        tmp_path,
        """
        print("https://example.org/1", flush=True)
        if os.fork() == 0:
            time.sleep(4)
        """,
    )
    begun = time.monotonic()
    assert deliver(opened).url == "https://example.org/1"
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("argv", [("no-such-program-anywhere",), ("./missing.sh",), ("./not-executable",)])
def test_one_that_can_t_be_started_fails_for_good(tmp_path: Path, argv: tuple[str, ...]) -> None:
    (tmp_path / "not-executable").write_text("#!/bin/sh\n")
    opened = outlet(tmp_path, *argv)
    assert refused(opened).certainty is Certainty.FOR_GOOD
    with pytest.raises(DeliveryFailed):
        opened.probe()


@posix
def test_a_path_counts_from_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "publish"
    script.write_text(f"#!/bin/sh\ncat > {shlex.quote(str(tmp_path / 'got'))}\n")
    script.chmod(0o700)
    monkeypatch.chdir("/")
    opened = outlet(tmp_path, "bin/publish")
    assert "was not run" in opened.probe()
    assert not (tmp_path / "got").exists()
    deliver(opened)
    assert json.loads((tmp_path / "got").read_text())["data"]["slug"] == "names-released"


@pytest.mark.parametrize(
    ("printed", "address"),
    [
        (b"https://example.org/1\n", "https://example.org/1"),
        (b"https://example.org/1\r\nmore", "https://example.org/1"),
        (b"http://127.0.0.1:8000/1", "http://127.0.0.1:8000/1"),
        (b"", None),
        (b"done\nhttps://example.org/1\n", None),
        (b"javascript:alert(1)\n", None),
        (b"https://user:secret@example.org/\n", None),
        (b"https://example.org/ and more\n", None),
        (b"https://example.org/\x1b[31m\n", None),
        (b"https://example.org/" + b"a" * 3000, None),
        (b"https://[bad\n", None),
        (b"\xff\xfe\n", None),
    ],
)
def test_an_address_on_the_first_line_is_kept(printed: bytes, address: str | None) -> None:
    assert address_in(printed) == address


def test_it_never_claims_to_tell_a_repeat(tmp_path: Path) -> None:
    assert not outlet(tmp_path, "true").repeats.told_apart
