"""The folder of one release: what of it is written, what is kept out, what is removed.

A page is written by the holder of its release's lock, and what a later version or a withdrawal has overtaken is kept
out there: a program that was suspended with the first version in its hands may wake long after.
"""

from __future__ import annotations

import threading
from datetime import timedelta

from pressrelease.message import Message
from pressrelease.outlets.newsroom.folder import PublicFolder
from pressrelease.outlets.newsroom.frame import INDEX, NewsroomSite
from pressrelease.outlets.newsroom.pages import notice_page, record_of, release_page, withdrawn_record
from pressrelease.outlets.newsroom.record import RELATED, PageRecord, between, put_between, record_in
from pressrelease.release.delivery import Action, Certainty, DeliveryFailed
from pressrelease.system.clock import utc_now

#: How old a half-written file must be before it is taken for a dead writer's.
ABANDONED = timedelta(hours=1)


def page_of(message: Message, site: NewsroomSite, before: PageRecord | None = None) -> str:
    """Return the page of a release, or the notice in its place; `before` is the record of the page that is there."""
    if message.action is Action.WITHDRAW:
        return notice_page(message, site, withdrawn_record(message, site, before))
    return release_page(message, site, record_of(message, site, before))


def has_page(root: PublicFolder, slug: str) -> bool:
    """Whether the release's folder has a page; false for one that an earlier try only started."""
    with root.sub(slug) as folder:
        return folder.seen(INDEX) is not None


def write_first(root: PublicFolder, message: Message, page: str, shown: threading.Event) -> None:
    """Write the first page of a release. The release's lock is held.

    The withdrawal of what never came here is written too, to keep a late version out, and shown to nobody.
    """
    with root.sub(message.slug) as folder:
        if message.action is Action.WITHDRAW:
            folder.write(INDEX, page.encode(), message.dated)
            _clear(folder, message, None)
            folder.sync()
        else:
            _write(folder, message, page, None, shown)


def replace_page(root: PublicFolder, message: Message, site: NewsroomSite, shown: threading.Event) -> None:
    """Overwrite what an earlier version, or an earlier try, left. The release's lock and the newsroom's are held."""
    with root.sub(message.slug) as folder:
        folder.clear_aside(utc_now() - ABANDONED)
        page_there = (folder.read(INDEX) or b"").decode("utf-8", "replace")
        before = record_in(page_there)
        if before is None:
            raise DeliveryFailed(Certainty.FOR_GOOD, "there is already a page that this program did not make")
        if message.action is Action.WITHDRAW:
            page = page_there if before.canceled else page_of(message, site, before)
            folder.write(INDEX, page.encode(), None if before.canceled else message.dated)
            shown.set()
            _clear(folder, message, before)
            folder.sync()
            return
        shown.set()
        if before.canceled:
            raise DeliveryFailed(Certainty.FOR_GOOD, "the release was withdrawn here, so no version of it is published")
        if before.n > message.n:
            raise DeliveryFailed(Certainty.FOR_GOOD, "a corrected version is public here already, and stays")
        if before.n == message.n and before.version != message.version and before.updated > message.lift:
            return  # a later version is public already, and stays
        page = put_between(page_of(message, site, before), RELATED, between(page_there, RELATED))
        _write(folder, message, page, before, shown)


def _write(
    folder: PublicFolder, message: Message, page: str, before: PageRecord | None, shown: threading.Event
) -> None:
    """Write the page after the files it shows; the folder can be looked into once all of it is there."""
    _must_be_our_files(folder, message, before)
    for enclosure in message.enclosures:
        folder.write(enclosure.name, enclosure.content, message.lift)
    folder.write(INDEX, page.encode(), message.lift)
    kept = {enclosure.name for enclosure in message.enclosures} | {INDEX}
    for name in set(_own_names(folder, before)) - kept:
        folder.remove(name)
    shown.set()
    folder.show()


def _clear(folder: PublicFolder, message: Message, before: PageRecord | None) -> None:
    """Remove every file of a withdrawn release but its notice: those of its page, and what other tries left."""
    for enclosure in message.enclosures:
        if folder.read(enclosure.name) == enclosure.content:
            folder.remove(enclosure.name)
    for name in _own_names(folder, before):
        if name != INDEX:
            folder.remove(name)


def _own_names(folder: PublicFolder, before: PageRecord | None) -> tuple[str, ...]:
    """Return the names of the files in the folder that are surely this program's.

    A folder that nobody may look into yet is one that an earlier try started: all in it is.
    """
    if before is None:
        return () if folder.is_shown else tuple(folder.names())
    return before.enclosures


def _must_be_our_files(folder: PublicFolder, message: Message, before: PageRecord | None) -> None:
    """Raise DeliveryFailed if a file that would be overwritten belongs to no page of ours."""
    if before is None and not folder.is_shown:
        return
    ours = set(before.enclosures) if before is not None else set()
    for enclosure in message.enclosures:
        if enclosure.name not in ours and folder.read(enclosure.name) not in {None, enclosure.content}:
            words = "there is already a file that this program did not make, under an attachment's name"
            raise DeliveryFailed(Certainty.FOR_GOOD, words)
