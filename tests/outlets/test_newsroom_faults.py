"""The newsroom when its disk, its neighbours or its own end get in the way."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from follow_ups import withdrawn
from newsrooms import EARLIER, OFFICE, URL, in_memory, message_of, open_newsroom_in, send, tree

from pressrelease.config import OutletConfig
from pressrelease.message import Message
from pressrelease.outlets import Outlet, open_outlet
from pressrelease.release import Attachment
from pressrelease.release.delivery import Certainty, DeliveryFailed


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one."""
    with in_memory(tmp_path) as folder:
        yield folder


# -- what goes wrong --------------------------------------------------------------------------------------

#: Every call that changes the disk.
_CALLS = ("mkdir", "open", "fsync", "replace", "fchmod", "utime", "unlink", "chmod")


def _break_at(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> list[str]:
    """Let the `number`-th call that changes the disk do `act` instead; the calls, as they come."""
    made: list[str] = []

    def wrap(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **more: object) -> object:
            if name != "open" or (isinstance(args[1], int) and args[1] & os.O_CREAT):
                made.append(name)
                if len(made) == number:
                    act()
            return real(*args, **more)

        return call

    for name in _CALLS:
        real = getattr(os, name)
        wrapped = wrap(name, real)
        monkeypatch.setattr(os, name, wrapped)
        if real in os.supports_fd:
            monkeypatch.setattr(os, "supports_fd", os.supports_fd | {wrapped})
    return made


def _scene(folder: Path, *, withdraws: bool = False) -> tuple[Outlet, Message]:
    """What is about to be sent: a release, or its withdrawal."""
    outlet = open_newsroom_in(folder)
    send(outlet, message_of("first", lift=EARLIER))
    message = message_of("names", follows="first", attachments=(Attachment("photo.jpg"),))
    if withdraws:
        send(outlet, message)
        message = withdrawn(message)
    return outlet, message


def _whole(folder: Path) -> None:
    """Every file that is public is whole, and no page leads to one that is missing."""
    for name, content in tree(folder).items():
        if name.endswith(".aside"):
            continue
        if name.endswith(".html"):
            assert content.endswith(b"</html>\n")
        if name == "index.html":
            for slug in re.findall(r'<h3><a href="([a-z-]+)/"', content.decode()):
                assert (folder / "newsroom" / slug / "index.html").exists()
        if name == "feed.atom":
            for entry in ElementTree.fromstring(content).findall("{*}entry/{*}link"):
                slug = entry.attrib["href"].removeprefix(URL).strip("/")
                assert (folder / "newsroom" / slug / "index.html").exists()


def _steps(apart: int = 1) -> Iterator[int]:
    yield from range(1, 40, apart)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a crash is tried in a process of its own")
@pytest.mark.parametrize("withdraws", [False, True])
def test_a_crash_at_any_step_leaves_whole_files_and_a_repeat_repairs_it(
    memory: Path, monkeypatch: pytest.MonkeyPatch, withdraws: bool
) -> None:
    clean = memory / "clean"
    clean.mkdir()
    outlet, message = _scene(clean, withdraws=withdraws)
    send(outlet, message)
    wanted = tree(clean)
    crashed = 0
    for step in _steps(4 if withdraws else 1):
        folder = memory / f"step{step}"
        folder.mkdir()
        outlet, message = _scene(folder, withdraws=withdraws)
        child = os.fork()
        if child == 0:
            _break_at(monkeypatch, step, lambda: os._exit(9))
            send(outlet, message)
            os._exit(0)
        died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        _whole(folder)
        send(open_newsroom_in(folder), message)
        after = {name: content for name, content in tree(folder).items() if not name.endswith(".aside")}
        assert after == wanted
        if not died:
            break
        crashed += 1
    assert crashed >= (5 if withdraws else 15)


@pytest.mark.parametrize("withdraws", [False, True])
def test_a_full_disk_at_any_step_is_reported_and_a_repeat_repairs_it(
    memory: Path, monkeypatch: pytest.MonkeyPatch, withdraws: bool
) -> None:
    clean = memory / "clean"
    clean.mkdir()
    outlet, message = _scene(clean, withdraws=withdraws)
    send(outlet, message)
    wanted = tree(clean)

    def fail() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    failed = 0
    for step in _steps():
        folder = memory / f"step{step}"
        folder.mkdir()
        outlet, message = _scene(folder, withdraws=withdraws)
        failure = None
        with monkeypatch.context() as patch:
            made = _break_at(patch, step, fail)
            try:
                send(outlet, message)
            except DeliveryFailed as error:
                failure = error
        if len(made) < step:
            break
        assert failure is not None, made[step - 1]
        # While nobody can have read it, it is surely not sent; after that it is in doubt.
        page = folder / "newsroom" / "names" / "index.html"
        public = page.exists() and page.parent.stat().st_mode & 0o005
        assert failure.certainty is (Certainty.UNSURE if public and not withdraws else failure.certainty)
        assert failure.certainty is not Certainty.FOR_GOOD
        assert "names" not in failure.reason
        assert str(folder) not in failure.reason
        failed += 1
        _whole(folder)
        assert not [name for name in tree(folder) if name.endswith(".aside")]
        send(outlet, message)
        assert tree(folder) == wanted
    assert failed >= 15


@pytest.mark.parametrize(
    ("code", "certainty", "words"),
    [
        (errno.ENOSPC, Certainty.NOT_SENT, "full"),
        (errno.EIO, Certainty.NOT_SENT, "failed"),
        (errno.EACCES, Certainty.FOR_GOOD, "have permission to write"),
        (errno.EROFS, Certainty.FOR_GOOD, "read-only"),
    ],
)
def test_what_a_disk_says_before_anything_is_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, certainty: Certainty, words: str
) -> None:
    def fail() -> None:
        raise OSError(code, os.strerror(code))

    outlet, message = _scene(tmp_path)
    _break_at(monkeypatch, 1, fail)
    with pytest.raises(DeliveryFailed, match=words) as caught:
        send(outlet, message)
    assert caught.value.certainty is certainty


def test_what_a_dead_writer_left_is_cleared_away_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet, message = _scene(tmp_path)
    left = tmp_path / "newsroom" / f".{'0' * 32}.aside"
    left.write_bytes(b"half")
    send(outlet, message)
    assert left.exists()  # it could still be a living writer's
    monkeypatch.setattr("pressrelease.outlets.newsroom.outlet.ABANDONED", timedelta(hours=-1))
    send(outlet, message)
    assert not left.exists()


def test_symbolic_links_are_never_written_through(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    send(outlet, message_of("first"))
    root, elsewhere = tmp_path / "newsroom", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "index.html").write_text("theirs")
    (root / "a-slug").symlink_to(elsewhere)
    (tmp_path / "empty").mkdir()
    (root / "d-slug").symlink_to(tmp_path / "empty")
    for slug in ("a-slug", "d-slug"):
        with pytest.raises(DeliveryFailed) as caught:
            send(outlet, message_of(slug))
        assert caught.value.certainty is Certainty.FOR_GOOD
    assert list((tmp_path / "empty").iterdir()) == []
    (root / "b-slug").mkdir()
    (root / "b-slug" / "index.html").symlink_to(elsewhere / "index.html")
    with pytest.raises(DeliveryFailed, match="symbolic link"):
        send(outlet, message_of("b-slug"))
    (root / "index.html").unlink()
    (root / "index.html").symlink_to(elsewhere / "index.html")
    with pytest.raises(DeliveryFailed, match="symbolic link"):
        send(outlet, message_of("c-slug"))
    assert (elsewhere / "index.html").read_text() == "theirs"
    assert [path.name for path in elsewhere.iterdir()] == ["index.html"]


def test_a_root_that_is_itself_a_link_is_the_offices_own_choice(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "newsroom").symlink_to(tmp_path / "www")
    send(open_newsroom_in(tmp_path), message_of())
    assert (tmp_path / "www" / "a-slug" / "index.html").exists()


def test_a_page_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    outlet = open_newsroom_in(tmp_path)
    send(outlet, message_of("first"))
    foreign = tmp_path / "newsroom" / "about"
    foreign.mkdir()
    (foreign / "index.html").write_text("<p>ours")
    with pytest.raises(DeliveryFailed, match="that this program did not make") as caught:
        send(outlet, message_of("about"))
    assert caught.value.certainty is Certainty.FOR_GOOD
    send(outlet, message_of("second"))
    assert (foreign / "index.html").read_text() == "<p>ours"
    assert "about" not in (tmp_path / "newsroom" / "index.html").read_text()


def test_a_root_whose_disk_is_not_mounted_is_not_made(tmp_path: Path) -> None:
    config = OutletConfig("newsroom", "newsroom", settings={"path": str(tmp_path / "mnt" / "www"), "url": ""})
    (tmp_path / "workspace").mkdir()
    outlet = open_outlet(config, OFFICE, tmp_path / "workspace", lambda _: "")
    with pytest.raises(DeliveryFailed, match="mounted"):
        send(outlet, message_of())
    assert not (tmp_path / "mnt").exists()


@pytest.mark.parametrize("slug", ["..", "../x", "a/b", "A", "", "con", "x" * 81, "a\x00b"])
def test_no_name_leads_out_of_the_root(tmp_path: Path, slug: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        send(open_newsroom_in(tmp_path), message_of(slug))
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert list(tmp_path.iterdir()) == []
