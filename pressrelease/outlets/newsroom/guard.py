"""Check, before anything is written, that the public folder is ours and is the one that held our pages.

Somebody else's folder may be at `path` by mistake, and a disk that is not mounted leaves an empty folder in its place.
Neither is written into.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from pressrelease.formats.atom import is_our_feed
from pressrelease.outlets.newsroom.folder import PublicFolder
from pressrelease.outlets.newsroom.frame import FEED, INDEX, MAP_HEAD, WITHDRAWN, is_our_list
from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.system.accounts import opened

_YEAR = re.compile(r"\d{4}\.html")


def _is_our_map(text: str) -> bool:
    return not text or text.startswith(MAP_HEAD)


class Guard:
    """One newsroom's guard. `held` is a private file that names the folder that held pages of ours."""

    def __init__(self, root: Path, held: Path) -> None:
        self._root = root
        self._held = held
        self._ours: dict[str, tuple[int, ...]] = {}

    def must_be_there(self) -> None:
        """Raise DeliveryFailed if the folder is missing and held pages before."""
        # In this order: another program that writes the first page makes the folder, and then the note of it.
        if self._held_pages() and not self._root.is_dir():
            raise self._unmounted("is missing")

    def must_be_ours(self, root: PublicFolder, has_pages: Callable[[], bool]) -> None:
        """Raise DeliveryFailed if a list or the feed is somebody else's, or if the folder held pages and has none.

        `has_pages` looks through the whole folder, and is called only if there is no list of ours.
        """
        lists = [name for name in root.names() if _YEAR.fullmatch(name)] if not self._ours else list(self._ours)
        for name in dict.fromkeys((INDEX, FEED, WITHDRAWN, *lists)):
            self.must_be_our_file(root, name)
        if INDEX not in self._ours and self._held_pages() and not has_pages():
            raise self._unmounted("is empty")

    def must_be_our_file(self, root: PublicFolder, name: str) -> None:
        """Raise DeliveryFailed if this list, or the feed, was not written by this program; it may be missing."""
        seen = root.seen(name)
        if seen is not None and self._ours.get(name) == seen:
            return
        content = root.read(name)
        if content is None:
            self._ours.pop(name, None)
            return
        text = content.decode("utf-8", "replace")
        ours = {FEED: is_our_feed, WITHDRAWN: _is_our_map}.get(name, is_our_list)
        if not ours(text):
            words = f"{name} in the newsroom's folder was not made by this program and is not overwritten"
            raise DeliveryFailed(Certainty.FOR_GOOD, f"{words}: give the newsroom a folder of its own")
        if seen is not None:
            self._ours[name] = seen

    def remember(self) -> None:
        """Note that the folder holds pages. Failing is silent: it only helps to notice a disk that is not mounted."""
        if not self._held_pages():
            with contextlib.suppress(OSError):
                descriptor = opened(self._held, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(str(self._root))

    def _held_pages(self) -> bool:
        try:
            return self._held.read_text(encoding="utf-8") == str(self._root)
        except (OSError, UnicodeDecodeError):
            return False

    def _unmounted(self, what: str) -> DeliveryFailed:
        place = f"{self._held.parent.name}/{self._held.name}"
        return DeliveryFailed(
            Certainty.NOT_SENT,
            f"the newsroom's folder {what}, and it held releases before: is its disk mounted? Nothing was written. "
            f"If it was emptied on purpose, delete {place}",
        )
