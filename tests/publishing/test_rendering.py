"""One heavy release keeps no other waiting while it is composed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import workshop
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from pressrelease.message import Source, render
from pressrelease.publishing import render_process, rendering
from pressrelease.publishing.preparation import Preparation
from pressrelease.publishing.render_process import render_apart, render_apart_or_here
from pressrelease.publishing.rendering import HEAVY, Heavy, RenderCache
from pressrelease.release.delivery import Delivery
from pressrelease.store import commands
from pressrelease.system import clock
from pressrelease.wiring import sending

by_shell = pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the program")
#: Of the heavy release's table: half as much again as HEAVY.
ROWS = 6_000
TABLE = "| name | age |\n|---|---|\n"


@pytest.fixture
def place(tmp_path: Path) -> workshop.Place:
    """An office with a heavy release and a few ordinary ones."""
    made = workshop.found(tmp_path, page={})
    lift = clock.utc_now() + timedelta(hours=1)
    workshop.schedule(made, "heavy", lift, body=TABLE + "| A name | 40 |\n" * ROWS)
    for number in range(4):
        workshop.schedule(made, f"ordinary-{number}", lift)
    return made


def deliveries(place: workshop.Place) -> dict[str, Delivery]:
    return {one.slug: one for one in workshop.deliveries(place.store)}


def test_a_heavy_release_is_not_made_ready_where_others_wait(place: workshop.Place) -> None:
    ready = RenderCache(place.config, place.store)
    found = deliveries(place)
    with pytest.raises(Heavy):
        ready.make_ahead(place.made["page"], found["heavy"])
    assert ready.make_ahead(place.made["page"], found["ordinary-0"])
    assert ready.make_ahead(place.made["page"], found["heavy"], heavy=True)
    assert ready.make_ahead(place.made["page"], found["heavy"]), "it is at hand by now"


def test_one_version_is_composed_once_for_all(place: workshop.Place) -> None:
    ready = RenderCache(place.config, place.store)
    found = deliveries(place)["heavy"]
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(ready.message(found))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(message) for message in got}) == 1


def test_the_scheduler_is_back_long_before_a_heavy_release_is_ready(place: workshop.Place) -> None:
    coming = sorted(workshop.deliveries(place.store), key=lambda one: one.slug)
    assert coming[0].slug == "heavy"
    ready = RenderCache(place.config, place.store)
    Preparation(place.made, 1, ready, lambda: None).prepare(coming, clock.utc_now() + timedelta(minutes=1))
    assert ready.made_ahead >= 4, "all the others are ready"
    end = time.monotonic() + 60
    while ready.made_ahead < 5 and time.monotonic() < end:
        time.sleep(0.05)
    assert ready.made_ahead == 5


def test_heavy_is_longer_than_any_usual_release() -> None:
    assert HEAVY >= 10_000 * 6, "ten thousand words"


# -- a process of its own ---------------------------------------------------------------------------------------------

BODY = TABLE + "| A name | 40 |\n" * ROWS
PIECES = st.sampled_from(["# A", "*b*", "<script>", "|a|b|\n|-|-|\n|c|d|", "[x](/y)", "![](p.jpg)", "- é", "&#x202e;"])


@examples(8)
@given(st.lists(PIECES | st.text(st.characters(codec="utf-8"), max_size=40), max_size=12), st.sampled_from(["", "X –"]))
def test_another_process_renders_the_same(parts: list[str], dateline: str) -> None:
    alts, names = {"p.jpg": "A photo"}, {"p.jpg": "p-2.jpg"}
    source = Source("\n\n".join(parts), dateline, names, alts, "https://e.org", "Image")
    assert render_apart(source) == render(source)


@by_shell
def test_the_work_of_a_heavy_release_is_done_elsewhere(place: workshop.Place) -> None:
    ready, heavy = RenderCache(place.config, place.store), deliveries(place)["heavy"]
    import resource

    here, there = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    message = ready.message(heavy)
    there = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - there
    assert time.process_time() - here < there / 4
    assert message.text.count("A name") == ROWS


def test_the_bytes_are_those_of_this_process(place: workshop.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    heavy = deliveries(place)["heavy"]
    elsewhere = RenderCache(place.config, place.store).message(heavy)
    monkeypatch.setattr(rendering, "HEAVY", 1 << 30)
    assert RenderCache(place.config, place.store).message(heavy) == elsewhere


SHORT = Source("A *short* text.", "", {}, {}, "", "Image")


@pytest.mark.parametrize("program", ["", "/nowhere/python3", "/bin/cat", "/bin/true"])
def test_without_another_process_it_is_rendered_here(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(sys, "executable", program)
    assert render_apart_or_here(SHORT) == render(SHORT)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    """Have the process be started by a shell script that does `before` first."""
    script = folder / "python3"
    script.write_text(f'#!/bin/sh\n{before}\nexec {sys.executable} "$@"\n')
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))


@by_shell
def test_one_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    monkeypatch.setattr(render_process, "LONGEST", 0.2)
    begun = time.monotonic()
    assert render_apart_or_here(SHORT) == render(SHORT)
    assert time.monotonic() - begun < 30


@by_shell
def test_it_is_given_no_secret_and_no_argument_that_others_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, f'env > {tmp_path}/env; echo "$@" > {tmp_path}/arguments')
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    assert render_apart(SHORT) == render(SHORT)
    seen = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert seen <= {"PWD", "OLDPWD", "SHLVL", "_"}, "what the shell itself makes"
    assert (tmp_path / "arguments").read_text() == "-I -m pressrelease.publishing.render_process\n"


PARENT = """
import subprocess, sys
from pressrelease.message import Source
from pressrelease.publishing.render_process import render_apart
begin = subprocess.Popen.__init__
def begun(self, *given, **more):
    begin(self, *given, **more)
    print(self.pid, flush=True)
subprocess.Popen.__init__ = begun
render_apart(Source(sys.stdin.read(), "", {}, {}, "", ""))
"""


def ignores(process: int, number: signal.Signals) -> bool:
    """Whether a process ignores a signal, as it does once it has started; where nobody says so, after a second."""
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        time.sleep(1)
        return True
    mask = re.search(r"(?m)^SigIgn:\s*(\w+)", status.read_text(encoding="ascii"))
    return mask is not None and bool(int(mask[1], 16) >> (number - 1) & 1)


@by_shell
def test_it_ends_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(BODY * 5)
    parent.stdin.close()
    child = int(parent.stdout.readline())
    end = time.monotonic() + 60
    while not ignores(child, signal.SIGTERM) and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(child, signal.SIGTERM)  # as systemd sends it to all: a parent finishes what is in flight
    time.sleep(0.2)
    os.kill(child, 0)
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("it is still there")


@by_shell
def test_a_caller_that_must_not_wait_does_not_wait_for_a_rendering(
    place: workshop.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    stand_in(
        tmp_path,
        monkeypatch,
        f"touch {begun}; n=0; while [ ! -e {go_on} ] && [ $n -lt 200 ]; do n=$((n+1)); sleep 0.05; done",
    )
    ready, found = RenderCache(place.config, place.store), deliveries(place)
    composing = threading.Thread(target=ready.message, args=(found["heavy"],))
    composing.start()
    while not begun.exists():
        time.sleep(0.02)
    with pytest.raises(Heavy):
        ready.make_ahead(place.made["page"], found["heavy"])
    for number in range(4):
        assert ready.message(found[f"ordinary-{number}"]).slug == f"ordinary-{number}"
    assert composing.is_alive()
    go_on.touch()
    composing.join()
    assert ready.make_ahead(place.made["page"], found["heavy"])


@by_shell
def test_what_is_held_while_it_is_composed_does_not_leave(
    place: workshop.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    stand_in(
        tmp_path,
        monkeypatch,
        f"touch {begun}; n=0; while [ ! -e {go_on} ] && [ $n -lt 200 ]; do n=$((n+1)); sleep 0.05; done",
    )
    workshop.schedule(place, "at-once", body=BODY)
    with sending(place, clock.utc_now()) as cycle:
        cycle.dispatch(cycle.look().plan.due)
        while not begun.exists():
            time.sleep(0.02)
        with place.store.ledger(now=clock.utc_now(), actor="da") as ledger:
            commands.set_directive(ledger, "at-once", commands.Directive.HELD, by="da")
        go_on.touch()
        assert cycle.drain(60)
    assert place.made["page"].got() == []
