"""No slug is public before its lift, in any format, or as a hash that a guess could confirm (CONTRACT invariant 1)."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from office import HereOffice, found_office, receiving
from records import office, scheduled

from pressrelease.message import mark_of
from pressrelease.outlets.newsroom.record import hashed, record_in
from pressrelease.publishing.rendering import SURELY_OUT, RenderCache
from pressrelease.release import Release
from pressrelease.scheduler.passes import publish_due
from pressrelease.wiring import Workspace

SECRET = "mayor-jones-arrested"


def _write(workspace: Workspace, slug: str, front: str) -> None:
    path = workspace.folder / "releases" / f"{slug}.md"
    path.write_text(f"---\nheadline: Headline\ndate: 2026-01-05\n{front}\n---\n\nWords.\n", encoding="utf-8")


def _later(workspace: Workspace, slug: str, seconds: float = 86400) -> None:
    lift = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
    _write(workspace, slug, f"embargo: {lift.isoformat().replace('+00:00', 'Z')}")
    scheduled(workspace, slug, approved=True)


def _page(workspace: Workspace, slug: str) -> str:
    return (workspace.folder / "newsroom" / slug / "index.html").read_text(encoding="utf-8")


def _lift_now(workspace: Workspace, slug: str) -> Workspace:
    """Have a person publish it early, and go on as another process."""
    from pressrelease.services import ServiceContext, sending

    sending.release_now(ServiceContext(workspace, "jdoe"), slug, early=True, why="it leaked")
    workspace.store.close()
    fresh = Workspace(workspace.folder)
    assert publish_due(fresh).published == (slug,)
    return fresh


def test_an_unlifted_release_is_not_named_by_what_follows_it(tmp_path: Path) -> None:
    with receiving() as receiver:
        folder = found_office(tmp_path / "office", receiver).folder
        workspace = Workspace(folder)
        _later(workspace, SECRET)
        _write(workspace, "weekly-update", f"embargo: immediate\nfollows: {SECRET}")
        scheduled(workspace, "weekly-update", approved=True)
        assert publish_due(workspace).published == ("weekly-update",)
        (arrival,) = receiver.got
        assert json.loads(arrival.body)["data"]["follows"] is None
        public = [arrival.body, *(path.read_bytes() for path in (folder / "newsroom").rglob("*") if path.is_file())]
        guessed = [getattr(hashlib, name)(SECRET.encode()).hexdigest()[:32] for name in ("md5", "sha1", "sha256")]
        for content in public:
            for told in (SECRET, *guessed, hashed(SECRET)):
                assert told.encode() not in content


def test_both_pages_are_linked_once_both_are_public_and_stay_so(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    _later(workspace, SECRET)
    _write(workspace, "weekly-update", f"embargo: immediate\nfollows: {SECRET}")
    scheduled(workspace, "weekly-update", approved=True)
    publish_due(workspace)
    assert "Earlier release" not in _page(workspace, "weekly-update")
    workspace = _lift_now(workspace, SECRET)
    # Another process, which knows no mark, brings everything into line with the pages alone.
    _write(workspace, "another", "embargo: immediate")
    scheduled(workspace, "another", approved=True)
    assert publish_due(Workspace(tmp_path)).published == ("another",)
    assert f'href="../{SECRET}/' in _page(workspace, "weekly-update")
    assert 'href="../weekly-update/' in _page(workspace, SECRET)
    record = record_in(_page(workspace, "weekly-update"))
    assert record is not None
    assert record.follows == hashed(SECRET)


def test_what_is_out_is_named_and_every_try_says_the_same(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    _write(workspace, "first", "embargo: immediate")
    scheduled(workspace, "first", approved=True)
    publish_due(workspace)
    (first,) = workspace.store.read.dossiers(workspace.store.read.releases(["first"]))[0].deliveries
    assert first.delivered_at is not None
    _write(workspace, "second", "embargo: immediate\nfollows: first")
    scheduled(workspace, "second", approved=True)
    (second,) = workspace.store.read.dossiers(workspace.store.read.releases(["second"]))[0].deliveries
    out = first.delivered_at
    for lift, named in ((out + SURELY_OUT, "first"), (out + SURELY_OUT - timedelta(microseconds=1), ""), (out, "")):
        message = RenderCache(workspace.config, workspace.store).message(second._replace(lift=lift))
        assert message.release.follows == named
        assert bool(message.follows_mark) is not bool(named)


def test_a_mark_is_the_office_s_own() -> None:
    assert mark_of(SECRET, "one") == mark_of(SECRET, "one")
    assert len({mark_of(SECRET, "one"), mark_of(SECRET, "two"), mark_of("other", "one"), hashed(SECRET)}) == 4
    assert mark_of("", "one") == ""


def test_a_page_of_an_older_program_is_still_read_and_linked(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    _write(workspace, "names", "embargo: immediate")
    scheduled(workspace, "names", approved=True)
    publish_due(workspace)
    page = tmp_path / "newsroom/names/index.html"
    named = f"&quot;follows&quot;:&quot;{hashed('first')}&quot;"
    old = re.sub(r"&quot;follows&quot;:&quot;&quot;", named, page.read_text(encoding="utf-8"))
    assert old != page.read_text(encoding="utf-8")
    page.write_text(old, encoding="utf-8")
    _write(workspace, "first", "embargo: immediate")
    scheduled(workspace, "first", approved=True)
    publish_due(workspace)
    assert 'href="../first/' in _page(workspace, "names")


@pytest.mark.parametrize("wanted", [[], ["--format", "json"], ["--format", "ninjs"], ["--format", "newsml"],
                                    ["--format", "eml"], ["--outlet", "newsroom"], ["--outlet", "media"]])  # fmt: skip
def test_a_proof_shows_what_will_leave(tmp_path: Path, wanted: list[str]) -> None:
    with receiving() as receiver:
        made = HereOffice(found_office(tmp_path / "office", receiver).folder)
        _later(Workspace(made.folder), SECRET)
        made.write("weekly-update", embargo="2031-01-06T17:00:00Z", follows=SECRET)
        assert SECRET not in made.run("proof", "weekly-update", *wanted).stdout
        made.run("schedule", "weekly-update", "--yes")
        assert SECRET not in made.run("proof", "weekly-update", *wanted).stdout


def test_a_release_has_no_field_that_names_another_but_these() -> None:
    """Whoever adds one decides here whether it may be read before that other is out."""
    assert {name for name in Release._fields if "slug" in name or name in {"follows"}} == {"slug", "follows"}
