"""Publish into the newsroom: the page first, then the lists and the linked pages, the feed last.

A crash at any point leaves only complete files, and sending again does the rest: what is in the list and in the feed is
read from the pages themselves, and a page that is there already is left as it is. A corrected version takes the page's
place; a withdrawn release leaves a notice there, which no version of it ever replaces.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pressrelease.config import Office, OutletConfig
from pressrelease.formats.atom import FeedEntry, FeedHead, Gone, atom_feed
from pressrelease.message import Message
from pressrelease.message.message import must_be_out
from pressrelease.outlets import Outlet, RenderedMessage, Secret
from pressrelease.outlets.newsroom.coalesce import Coalescer
from pressrelease.outlets.newsroom.disk_errors import disk_words, public_already
from pressrelease.outlets.newsroom.folder import PublicFolder
from pressrelease.outlets.newsroom.frame import FEED, INDEX, WITHDRAWN, NewsroomSite
from pressrelease.outlets.newsroom.guard import Guard
from pressrelease.outlets.newsroom.lists import list_pages, withdrawn_map
from pressrelease.outlets.newsroom.page_files import ABANDONED, has_page, page_of, replace_page, write_first
from pressrelease.outlets.newsroom.pages import related_links
from pressrelease.outlets.newsroom.record import (
    BODY,
    RELATED,
    PageRecord,
    between,
    hashed,
    put_between,
    record_in,
    record_tag,
)
from pressrelease.release import valid_slug
from pressrelease.release.delivery import Abilities, Action, Certainty, DeliveryFailed, Earlier, Receipt, Repeats
from pressrelease.system.accounts import is_shared, make_folder
from pressrelease.system.clock import pause_clock, utc_now
from pressrelease.system.lock import FileLock

#: How many releases the feed holds.
FEED_LENGTH = 30
#: The workspace's own folder, where the lock is: never under the public root.
PRIVATE = ".pressrelease"
_PAUSE = 0.01
#: How many locks the releases of a newsroom share among them. Two that lift at once rarely wait for each other.
PAGE_LOCKS = 32


def open_newsroom(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Newsroom:
    """Open the newsroom of a workspace; nothing is written before something is sent."""
    del secret
    root = folder / str(config.settings.get("path") or "newsroom")
    site = NewsroomSite(office, str(config.settings.get("url") or "").rstrip("/"))
    return Newsroom(config.name, root=root, site=site, workspace=folder, timeout=config.timeout)


@dataclass(frozen=True)
class _Published:
    """A page as it is in the root, and what shows that it was replaced."""

    seen: tuple[int, ...]
    record: PageRecord
    related: str


class Newsroom(Outlet):
    """One public folder."""

    repeats = Repeats(told_apart=True)
    abilities = Abilities(correct=True, withdraw=True, provable=True)

    def __init__(self, name: str, *, root: Path, site: NewsroomSite, workspace: Path, timeout: timedelta) -> None:
        self.name = name
        self._root = root
        self._site = site
        self._workspace = workspace
        self._timeout = timeout
        self._known: dict[str, _Published] = {}
        #: The placeholder in pages for a release that was not public yet, of those sent by this process.
        self._marks: dict[str, str] = {}
        self._arranging = Coalescer(self._arrange)
        self._guard = Guard(root, workspace / PRIVATE / f"newsroom-{name}.held")

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return the page as it is the first time; links to other releases are added once they are public."""
        del key, recipient
        must_be_out(message)
        return RenderedMessage(page_of(message, self._site).encode(), "text/html; charset=utf-8", message)

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return the corrected page with its dated note, or the notice in place of a withdrawn one."""
        del earlier
        return self.prepare(message, key=key, recipient=recipient)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Publish it, or replace what is there; the same again changes nothing."""
        del key, recipient
        message: Message = rendered.prepared
        if not valid_slug(message.slug):
            raise DeliveryFailed(Certainty.FOR_GOOD, "its name can't be a folder's")
        shown = threading.Event()
        with disk_words(shown):
            self._guard.must_be_there()
            self._make_root()
            with PublicFolder.open(self._root) as root:
                self._guard.must_be_ours(root, lambda: any(self._published(root)))
                with self._locked(f"{int(hashed(message.slug)[:2], 16) % PAGE_LOCKS:02}."):
                    if root.make(message.slug) or not has_page(root, message.slug):
                        write_first(root, message, rendered.content.decode(), shown)
                    else:
                        with self._locked():
                            replace_page(root, message, self._site, shown)
            self._marks[message.mark] = message.slug
            self._arranging.run()
        self._guard.remember()
        digest = hashlib.sha256(rendered.content)
        for enclosure in () if message.action is Action.WITHDRAW else message.enclosures:
            digest.update(hashlib.sha256(enclosure.content).digest())
        page = self._root / message.slug / INDEX
        return Receipt(url=self._site.page_url(message.slug) or str(page), remote_id=digest.hexdigest())

    def withdraw(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Put the notice in the page's place, and remove its files."""
        del earlier
        return self.send(rendered, key=key, recipient=recipient)

    def probe(self) -> str:
        """Check whether the root can be written to, without making anything."""
        with disk_words(threading.Event()):
            self._guard.must_be_there()
            if not self._root.exists():
                parent = next(folder for folder in self._root.parents if folder.exists())
                if not os.access(parent, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                return f"{self._root} will be made with the first release"
            with PublicFolder.open(self._root) as root:
                if not os.access(self._root, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                pages = list(self._published(root))
                count = sum(1 for page in pages if not page.record.canceled)
                self._guard.must_be_ours(root, lambda: bool(pages))
        where = f", read at {self._site.url}" if self._site.url else ""
        return f"{self._root} can be written to{where}; {count} {'release is' if count == 1 else 'releases are'} public"

    # -- one page -----------------------------------------------------------------------------------------

    def _make_root(self) -> None:
        if self._root.is_dir():
            return
        # Outside the workspace a missing parent is more likely a disk that isn't mounted than one to be made.
        self._root.mkdir(mode=0o755, parents=self._root.is_relative_to(self._workspace), exist_ok=True)
        if not is_shared(self._root.parent):
            self._root.chmod(0o755)
        else:  # those who share the workspace write pages for one another
            self._root.chmod(0o2775)

    # -- lists and links around the pages -----------------------------------------------------------------

    def _arrange(self) -> None:
        """Update the links between pages, the lists and the feed to match what is public."""
        with self._locked(), PublicFolder.open(self._root) as root:
            root.clear_aside(utc_now() - ABANDONED)
            root.sync()  # the pages, before anything that names them
            published = {found.record.slug: self._named(root, found) for found in self._published(root)}
            records = sorted((found.record for found in published.values()), key=lambda record: record.slug)
            records.sort(key=lambda record: record.published, reverse=True)
            self._relate(root, published, records)
            written = {name: page.encode() for name, page in list_pages(records, self._site).items()}
            withdrawn = withdrawn_map(records, self._site)
            if withdrawn or root.seen(WITHDRAWN) is not None:
                written[WITHDRAWN] = withdrawn.encode()
            for name, content in {**written, FEED: self._feed(root, records)}.items():
                with public_already():
                    self._guard.must_be_our_file(root, name)
                root.write(name, content)
            root.sync()

    def _published(self, root: PublicFolder) -> Iterator[_Published]:
        """Yield every page of ours; only those that changed since the last look are read."""
        known: dict[str, _Published] = {}
        for name in root.names():
            if not valid_slug(name):
                continue
            with contextlib.suppress(NotADirectoryError), root.sub(name) as folder:
                seen = folder.seen(INDEX)
                found = self._known.get(name)
                if seen is not None and (found is None or found.seen != seen):
                    page = (folder.read(INDEX) or b"").decode("utf-8", "replace")
                    record = record_in(page)
                    if record is not None and record.canceled and not folder.is_shown:
                        continue  # the withdrawal of what never was public here
                    found = _Published(seen, record, between(page, RELATED)) if record else None
                if seen is not None and found is not None and found.record.slug == name:
                    known[name] = found
        self._known = known
        yield from known.values()

    def _named(self, root: PublicFolder, found: _Published) -> _Published:
        """Return a page that names what it follows once that is public.

        Until then it has a mark that nobody else can make.
        """
        followed = self._marks.get(found.record.follows) if found.record.follows else None
        if followed is None:
            return found
        record = replace(found.record, follows=hashed(followed))
        with root.sub(record.slug) as folder:
            page = (folder.read(INDEX) or b"").decode("utf-8", "replace")
            folder.write(INDEX, page.replace(record_tag(found.record), record_tag(record), 1).encode(), record.updated)
            folder.sync()
            seen = folder.seen(INDEX)
        named = replace(found, record=record, seen=seen or found.seen)
        self._known[record.slug] = named
        return named

    def _relate(self, root: PublicFolder, published: Mapping[str, _Published], records: list[PageRecord]) -> None:
        """Link each release to the one that it follows and to those that follow it, if both are public."""
        listed = [record for record in records if not record.canceled]
        by_hash = {hashed(record.slug): record for record in listed}
        followers: dict[str, list[PageRecord]] = {}
        for record in reversed(listed):
            if record.follows in by_hash and by_hash[record.follows] is not record:
                followers.setdefault(by_hash[record.follows].slug, []).append(record)
        for slug, found in published.items():
            first, later = by_hash.get(found.record.follows), followers.get(slug, [])
            wanted = related_links(self._site, None if first is found.record else first, later)
            if wanted == found.related:
                continue
            with root.sub(slug) as folder:
                page = (folder.read(INDEX) or b"").decode("utf-8", "replace")
                changed = max([found.record.updated, *(record.published for record in later)])
                folder.write(INDEX, put_between(page, RELATED, wanted).encode(), changed)
                folder.sync()
                seen = folder.seen(INDEX)
            if seen is not None:
                self._known[slug] = replace(found, seen=seen, related=wanted)

    def _feed(self, root: PublicFolder, records: list[PageRecord]) -> bytes:
        site, latest = self._site, records[:FEED_LENGTH]
        entries = []
        for record in latest:
            with root.sub(record.slug) as folder:
                html = between((folder.read(INDEX) or b"").decode("utf-8", "replace"), BODY).strip()
            url = site.page_url(record.slug) or f"{record.slug}/{INDEX}"
            entries.append(
                FeedEntry(record.id, site.title_of(record), url, record.published, record.updated, record.summary, html)
            )
        gone = [Gone(record.id, record.updated) for record in records[FEED_LENGTH:] if record.canceled]
        head = FeedHead(
            id=f"{site.url}/{FEED}" if site.url else site.entry_id(FEED, _EPOCH),
            title=f"{site.office.name} – {site.words.newsroom}",
            author=site.office.name,
            language=site.office.language,
            page_url=f"{site.url}/" if site.url else INDEX,
            feed_url=f"{site.url}/{FEED}" if site.url else FEED,
        )
        return atom_feed(
            head, entries, gone=gone[:FEED_LENGTH], updated=max((record.updated for record in latest), default=_EPOCH)
        )

    @contextmanager
    def _locked(self, part: str = "") -> Iterator[None]:
        """Hold a lock among all threads and processes of this workspace; give up when the outlet's time is up.

        Without `part` it is the newsroom's own, for changes of a public page or a list. Its holder takes no other lock.
        """
        private = self._workspace / PRIVATE
        make_folder(private)
        lock = FileLock(private / f"newsroom-{self.name}.{part}lock")
        end = pause_clock() + self._timeout.total_seconds()
        waiting = threading.Event()
        while not lock.acquire(wait=False):
            if pause_clock() > end:
                raise TimeoutError(errno.ETIMEDOUT, "another program is writing to the newsroom")
            waiting.wait(_PAUSE)
        try:
            yield
        finally:
            lock.release()


#: A day on which every current domain existed; only for the name of a feed without an address.
_EPOCH = datetime.fromisoformat("2018-01-01T00:00:00+00:00")
