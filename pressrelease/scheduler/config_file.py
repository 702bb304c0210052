"""Notice that config.toml was edited, and whether its new content was used."""

from __future__ import annotations

from pathlib import Path

from pressrelease.system import clock
from pressrelease.wiring import CONFIG_SETTLED, config_signature


class ConfigFile:
    """Whether config.toml differs from the one last read, and has been left alone since. Safe for two threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: object = None
        self._seen: tuple[object, float] = (None, 0.0)
        self._words = ""
        self.never_read = True

    def edited(self) -> object:
        """Return the signature of a changed file; None if it is unchanged, or was written a moment ago."""
        found = config_signature(self._path)
        seen, since = self._seen
        if found != seen:
            self._seen = found, clock.pause_clock()
            return None
        return found if found != self._read and clock.pause_clock() - since >= CONFIG_SETTLED else None

    def to_be_read(self) -> object:
        """Return what `edited` does, also for an unchanged file that was refused: its secrets may exist now."""
        edited = self.edited()
        return self._read if edited is None and self._words and self._seen[0] == self._read else edited

    def was_read(self, edited: object) -> None:
        """Note that the file with the signature `edited` is in force."""
        self._read, self._words, self.never_read = edited, "", False

    def was_refused(self, edited: object, why: str) -> str:
        """Note that the file can't be used. Return the message to show, "" if it was shown already."""
        words = f"config.toml was edited and can't be used; the one before stays in force.\n{why}"
        before, self._words = self._words, words
        self._read, self.never_read = edited, False
        return "" if words == before else words
