"""The releases/ folder: which releases there are, and their files, read without following a link out of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from pressrelease.errors import NOTHING_SENT, NotFound, ReleaseRefused, StateUnreadable, WillRetry
from pressrelease.release import LARGEST_RELEASE, Attachment, Release, valid_slug
from pressrelease.system.printable import printable

LARGEST_ATTACHMENT = 25 * 1024 * 1024

#: The `source_hash` of a file that can't be read, and so can't be what was approved; no SHA-256 is ever "".
NOT_THE_SAME = ""

#: Seconds of the coarsest file time (FAT). A second write within it may not show.
_STAMPS = 2.5

#: Whether a path can be opened folder by folder, so that nobody can swap a part of it at the same time.
_HANDLES = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY")

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | _NO_LINK

_Signature = tuple[int, ...]


#: The types of file that people write a release in; any other file is taken for an attachment.
_WRITTEN = frozenset({"md", "markdown", "mdown", "txt", "text", "rtf", "doc", "docx", "odt", "pages"})
_NO_SLUG = "its name has characters other than small letters, digits and dashes"
UNSEEN_HINT = (
    "Put the file directly in releases/. Name it with small letters, digits and dashes (up to 80),"
    " then .md: `names-released.md`."
)


def _markdown_in(folder: Path) -> list[str]:
    """Return the Markdown files of a subfolder, at most 20; none if it can't be read."""
    try:
        return sorted(one.name for one in folder.iterdir() if one.suffix.lower() == ".md")[:20]
    except OSError:
        return []


class Library:
    """The folder of releases. Safe for several threads; never deletes a release."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hashes: dict[str, tuple[_Signature, str, float, bool]] = {}

    def slugs(self) -> list[str]:
        """Return every release's slug, in order. A file whose name can't be a slug is no release: see `unseen`."""
        return sorted(stem for stem in self._stems() if valid_slug(stem))

    def unseen(self) -> list[tuple[str, str]]:
        """Return files that look like releases and that every command ignores, each with the reason."""
        found = []
        for name in self._names():
            if name.startswith((".", "~")):
                continue
            stem, _, suffix = name.rpartition(".")
            if (self.folder / name).is_dir():
                found += [(f"{name}/{one}", "it is in a subfolder") for one in _markdown_in(self.folder / name)]
            elif suffix == "md" and not valid_slug(stem):
                capitals = "it has capital letters" if valid_slug(stem.lower()) else _NO_SLUG
                found.append((name, capitals))
            elif suffix.lower() in _WRITTEN and suffix != "md":
                found.append((name, f"its name ends in .{suffix}, not in .md"))
        if any(not name.endswith(".md") for name, _ in found):
            attached = self._attached()
            found = [(name, reason) for name, reason in found if name not in attached]
        return sorted(found)

    def _attached(self) -> set[str]:
        """Return the paths of all attachments of releases that can be read."""
        paths: set[str] = set()
        for slug in self.slugs():
            with contextlib.suppress(NotFound, ReleaseRefused, WillRetry):
                paths.update(one.path for one in self.read(slug).attachments)
        return paths

    def read(self, slug: str) -> Release:
        """Return one release. Raises NotFound with similar names, ReleaseRefused with the line."""
        from pressrelease.release import parse

        return parse(self.source(slug), slug)

    def text(self, slug: str) -> str:
        """Return a release's text, with its line ends, without a byte order mark. Raises what `read` does."""
        try:
            return self.source(slug).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ReleaseRefused(
                f"releases/{slug}.md is not UTF-8 text.", hint="Save it as UTF-8.", code="not_utf8"
            ) from None

    def source(self, slug: str) -> bytes:
        """Return a release's file, byte for byte. Raises what `read` does, except for what is in it."""
        if not valid_slug(slug):
            raise self._not_found(slug)
        try:
            with self._opened([f"{slug}.md"]) as descriptor:
                return _contents(descriptor, LARGEST_RELEASE, "The file is larger than 1 MiB.", 0)
        except FileNotFoundError:
            raise self._not_found(slug) from None
        except PermissionError:
            raise _refused(0, f"You don't have permission to read releases/{slug}.md.") from None
        except OSError:
            raise _refused(0, f"releases/{slug}.md is a symbolic link, or can't be read.") from None

    def source_hash(self, slug: str) -> str | None:
        """Return the SHA-256 of a release's file now, 64 hex digits; None if it is gone, "" if it can't be read.

        Costs a stat(2) if the file was not touched. A hash is kept only if it was computed later than any write that
        could have the same file time; until then, the file is read again.
        """
        if not valid_slug(slug):
            return None
        try:
            found = os.lstat(os.path.join(self.folder, f"{slug}.md"))  # noqa: PTH118  (a Path takes longer than lstat)
        except FileNotFoundError:
            return None
        except OSError:
            return NOT_THE_SAME
        signature, now = _signature(found), time.monotonic()
        kept = self._hashes.get(slug)
        if kept is not None and kept[0] == signature and kept[3]:
            return kept[1]
        try:
            fresh = hashlib.sha256(self.source(slug)).hexdigest()
        except NotFound:
            return None
        except (ReleaseRefused, WillRetry):
            return NOT_THE_SAME
        since = kept[2] if kept is not None and kept[0] == signature and kept[1] == fresh else now
        self._hashes[slug] = (signature, fresh, since, now - since > _STAMPS)
        return fresh

    def attachment(self, release: Release, attachment: Attachment) -> bytes:
        """Return an attachment's bytes.

        Raises: NotFound; ReleaseRefused for a link, a path out of the folder, or a file over 25 MiB.
        """
        line = next(
            (release.line_of(f"attachments.{n}") for n, one in enumerate(release.attachments) if one == attachment), 0
        )
        parts = attachment.path.split("/")
        if any(part in {"", ".", ".."} or "\\" in part or ":" in part for part in parts):
            raise _refused(line, "An attachment's path leads out of releases/.")
        try:
            with self._opened(self._as_on_disk(parts)) as descriptor:
                return _contents(descriptor, LARGEST_ATTACHMENT, "An attachment is larger than 25 MiB.", line)
        except (FileNotFoundError, NotADirectoryError) as error:
            # A link where a folder should be says "not a directory" too.
            if isinstance(error, NotADirectoryError) and self._holds_link(parts):
                raise _refused(line, "An attachment's path goes through a symbolic link.") from None
            raise NotFound(
                f"{release.slug} needs the attachment {attachment.path}, and it is not in releases/.",
                hint=f"Put the file there, or delete it from the attachments in {release.slug}.md.",
                code="attachment_missing",
            ) from None
        except OSError:
            raise _refused(line, "An attachment is a symbolic link, or can't be read.") from None

    def create(self, slug: str, text: str) -> Path:
        """Write a new release's file. Raises ReleaseRefused if the name is taken, WillRetry if it can't be written."""
        from pressrelease.library import writing

        return writing.create(self.folder, slug, text)

    def attach(self, name: str, content: bytes) -> Path:
        """Write a new file beside the releases. Raises ReleaseRefused if another file has its name."""
        from pressrelease.library import writing

        return writing.attach(self.folder, name, content)

    def replace(self, slug: str, text: str, *, expected_hash: str) -> Path:
        """Replace a release's text. Raises what `writing.replace` does."""
        from pressrelease.library import writing

        return writing.replace(self, slug, text, expected_hash=expected_hash)

    def _stems(self) -> Iterator[str]:
        yield from (name[:-3] for name in self._names() if name.endswith(".md") and name[0] != ".")

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.folder) as entries:
                return [entry.name for entry in entries]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateUnreadable(
                f"{self.folder.name}/ can't be read: {error.strerror}.",
                outcome=NOTHING_SENT,
                hint="Make sure that it is a folder and that you have permission to read it.",
                code="releases_unreadable",
            ) from None

    def _not_found(self, slug: str) -> NotFound:
        from pressrelease.release.slug import near_slugs

        wanted = slug.removesuffix(".md").casefold()
        for name, reason in self.unseen():
            if name.rpartition("/")[2].rpartition(".")[0].casefold() == wanted:
                return NotFound(
                    f"There is no release {printable(slug)[:80]}: releases/{printable(name)} is ignored,"
                    f" because {reason}.",
                    hint=UNSEEN_HINT,
                    code="no_release",
                )
        near = near_slugs(slug, self.slugs())
        shown = "".join(character for character in slug[:80] if character.isprintable())
        if len(near) == 1:
            hint = f"Did you mean {near[0]}?"
        else:
            hint = "Type one of these in full." if near else "`pressrelease status --all` lists all releases."
        return NotFound(f"There is no release {shown}.", hint=hint, code="no_release", candidates=near)

    @contextlib.contextmanager
    def _opened(self, parts: list[str]) -> Iterator[int]:
        """Open a file below the folder, following no link in any part of its path. Raises OSError."""
        with contextlib.ExitStack() as handles:
            if _HANDLES:
                at = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
                handles.callback(os.close, at)
                for part in parts[:-1]:
                    at = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=at)
                    handles.callback(os.close, at)
                descriptor = os.open(parts[-1], _READ, dir_fd=at)
            else:
                if self._holds_link(parts):
                    raise OSError("a symbolic link")
                descriptor = os.open(self.folder.joinpath(*parts), _READ)
            handles.callback(os.close, descriptor)
            yield descriptor

    def _as_on_disk(self, parts: list[str]) -> list[str]:
        """Return a path as it is written on the disk.

        A Mac's programs may write a letter and its accent apart (NFD); a typed name has them in one. A name that is on
        the disk exactly as typed is preferred.
        """
        path, found = self.folder, []
        for part in parts:
            name = part
            if not part.isascii() and not os.path.lexists(path / part) and path.is_dir():
                name = next((one for one in sorted(os.listdir(path)) if _one_form(one) == _one_form(part)), part)  # noqa: PTH208
            found.append(name)
            path = path / name
        return found

    def _holds_link(self, parts: list[str]) -> bool:
        path = self.folder
        for part in parts:
            path = path / part
            if path.is_symlink() or _is_junction(path):
                return True
        return False


def _one_form(name: str) -> str:
    """Return a name in the form that is the same for each way in which Unicode can write it."""
    return unicodedata.normalize("NFC", name)


def _contents(descriptor: int, largest: int, too_large: str, line: int) -> bytes:
    """Return the contents of an opened regular file, at most `largest` bytes. Raises ReleaseRefused, OSError."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise _refused(line, "There is a folder, pipe or device where a file should be.")
    if found.st_size > largest:
        raise _refused(line, too_large, code="too_large")
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        data = stream.read(largest + 1)
    if len(data) > largest:
        raise _refused(line, too_large, code="too_large")
    return data


def _signature(found: os.stat_result) -> _Signature:
    """Return values that change if a file is written or replaced; `touch` can't set the change time back."""
    return found.st_mode, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _is_junction(path: Path) -> bool:
    """Return whether this is a junction of Windows, which leads elsewhere. A file that a cloud keeps is none."""
    try:
        found = path.lstat()
    except OSError:
        return False
    tag = getattr(found, "st_reparse_tag", 0)
    return bool(tag) and tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)


def _refused(line: int, message: str, code: str = "not_a_file") -> ReleaseRefused:
    return ReleaseRefused(
        message, line=line, hint="Put a plain file of up to that size directly in releases/.", code=code
    )
