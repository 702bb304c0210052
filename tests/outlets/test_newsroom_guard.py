"""The newsroom writes only over what it wrote, and only into the folder that held its pages."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from newsrooms import LIFT, message_of, open_newsroom_in, send

from pressrelease.outlets.newsroom.frame import OURS
from pressrelease.release import Attachment
from pressrelease.release.delivery import Certainty, DeliveryFailed

FOREIGN = {
    "index.html": "<h1>The office home page</h1>",
    "feed.atom": '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title></feed>',
    "2018.html": "<h1>Our year</h1>",
}


def refused(folder: Path, slug: str = "a-slug") -> DeliveryFailed:
    """How a probe and a send fail, alike; nothing of the release is there."""
    reasons = []
    for act in (lambda outlet: outlet.probe(), lambda outlet: send(outlet, message_of(slug))):
        with pytest.raises(DeliveryFailed) as caught:
            act(open_newsroom_in(folder))
        reasons.append(caught.value.reason)
    assert reasons[0] == reasons[1]
    assert not (folder / "newsroom" / slug).exists()
    return caught.value


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_somebody_else_s_is_never_written_over(tmp_path: Path, name: str) -> None:
    (tmp_path / "newsroom").mkdir()
    (tmp_path / "newsroom" / name).write_text(FOREIGN[name])
    failure = refused(tmp_path)
    assert failure.certainty is Certainty.FOR_GOOD
    assert name in failure.reason
    assert "was not made by this program" in failure.reason
    assert (tmp_path / "newsroom" / name).read_text() == FOREIGN[name]


@pytest.mark.parametrize("name", ["index.html", "feed.atom"])
def test_one_that_comes_in_between_is_not_written_over_either(tmp_path: Path, name: str) -> None:
    outlet = open_newsroom_in(tmp_path)
    send(outlet, message_of("first"))
    (tmp_path / "newsroom" / name).write_text(FOREIGN[name])
    with pytest.raises(DeliveryFailed, match="was not made by this program"):
        send(outlet, message_of("second"))
    assert (tmp_path / "newsroom" / name).read_text() == FOREIGN[name]


def test_other_files_of_somebody_else_s_are_in_nobody_s_way(tmp_path: Path) -> None:
    (tmp_path / "newsroom").mkdir()
    for name in ("about.html", "robots.txt", "12345.html"):
        (tmp_path / "newsroom" / name).write_text("theirs")
    send(open_newsroom_in(tmp_path), message_of("a-slug"))
    assert (tmp_path / "newsroom" / "robots.txt").read_text() == "theirs"


def test_lists_of_an_earlier_version_are_ours(tmp_path: Path) -> None:
    send(open_newsroom_in(tmp_path), message_of("a-slug"))
    for name, mark in (("index.html", OURS), ("feed.atom", "<generator>pressrelease</generator>")):
        file = tmp_path / "newsroom" / name
        assert mark in file.read_text()
        file.write_text(file.read_text().replace(mark, ""))
    send(open_newsroom_in(tmp_path), message_of("b-slug"))
    assert "b-slug" in (tmp_path / "newsroom" / "feed.atom").read_text()


def test_a_file_beside_a_page_is_not_written_over(tmp_path: Path) -> None:
    message = message_of("a-slug", attachments=(Attachment("photo.jpg", alt="A photo"),))
    folder = tmp_path / "newsroom" / "a-slug"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "photo.jpg").write_bytes(b"theirs")
    with pytest.raises(DeliveryFailed, match="under an attachment's name") as caught:
        send(open_newsroom_in(tmp_path), message)
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert (folder / "photo.jpg").read_bytes() == b"theirs"


def test_what_an_earlier_try_left_half_made_is_finished(tmp_path: Path) -> None:
    folder = tmp_path / "newsroom" / "a-slug"
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    (folder / "photo.jpg").write_bytes(b"of an earlier version")
    send(open_newsroom_in(tmp_path), message_of("a-slug", attachments=(Attachment("photo.jpg", alt="A photo"),)))
    assert (folder / "photo.jpg").read_bytes() == b"bytes of photo.jpg"


@pytest.mark.parametrize("left", ["an empty folder", "nothing", "somebody else's files"])
def test_a_folder_that_held_pages_and_is_empty_is_not_written_into(tmp_path: Path, left: str) -> None:
    send(open_newsroom_in(tmp_path), message_of("first"))
    root, mounted = tmp_path / "newsroom", tmp_path / "elsewhere"
    root.rename(mounted)
    if left != "nothing":
        root.mkdir()
    if left == "somebody else's files":
        (root / "lost+found").mkdir()
    failure = refused(tmp_path, "second")
    assert failure.certainty is Certainty.NOT_SENT
    assert "is its disk mounted?" in failure.reason
    assert not root.exists() or not (root / "index.html").exists()
    shutil.rmtree(root, ignore_errors=True)
    mounted.rename(root)
    send(open_newsroom_in(tmp_path), message_of("second", lift=LIFT + timedelta(days=1)))
    assert "first" in (root / "feed.atom").read_text()


def test_it_may_be_emptied_on_purpose(tmp_path: Path) -> None:
    send(open_newsroom_in(tmp_path), message_of("first"))
    shutil.rmtree(tmp_path / "newsroom")
    place = refused(tmp_path, "second").reason.rpartition("delete ")[2]
    (tmp_path / place).unlink()
    send(open_newsroom_in(tmp_path), message_of("second"))
    assert (tmp_path / "newsroom" / "second" / "index.html").exists()


def test_another_folder_held_nothing(tmp_path: Path) -> None:
    send(open_newsroom_in(tmp_path), message_of("first"))
    held = tmp_path / ".pressrelease" / "newsroom-newsroom.held"
    held.write_text(str(tmp_path / "before"))
    shutil.rmtree(tmp_path / "newsroom")
    send(open_newsroom_in(tmp_path), message_of("second"))
    assert held.read_text() == str(tmp_path / "newsroom")
    assert held.stat().st_mode & 0o077 == 0
