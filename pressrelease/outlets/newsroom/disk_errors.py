"""What a newsroom's disk errors mean for a delivery, in words."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pressrelease.release.delivery import Certainty, DeliveryFailed

_FOR_GOOD = {
    errno.EACCES: "this account doesn't have permission to write in the newsroom's folder",
    errno.EPERM: "this account doesn't have permission to write in the newsroom's folder",
    errno.EROFS: "the newsroom's disk is read-only",
    errno.ELOOP: "the newsroom's folder has a symbolic link where a file or folder should be",
    errno.ENOTDIR: "the newsroom has a file where a folder should be",
    errno.EISDIR: "the newsroom has a folder where a file should be",
    errno.EEXIST: "the newsroom has something other than a file where a page should be",
    errno.ENOENT: "the folder that contains the newsroom is missing; is its disk mounted?",
}
_NOT_NOW = {
    errno.ENOSPC: "the newsroom's disk is full",
    errno.EDQUOT: "the newsroom's disk is full",
    errno.ETIMEDOUT: "another program kept the newsroom locked for too long",
}


@contextmanager
def public_already() -> Iterator[None]:
    """Suppress failures in the block: the page itself is public."""
    try:
        yield
    except DeliveryFailed as failure:
        raise DeliveryFailed(Certainty.UNSURE, f"the page is public, but not in the list: {failure.reason}") from None


@contextmanager
def disk_words(shown: threading.Event) -> Iterator[None]:
    """Turn disk errors into a failure; once `shown`, the page may be public, and the rest is done again."""
    try:
        yield
    except OSError as error:
        code = error.errno or 0
        words = _FOR_GOOD.get(code) or _NOT_NOW.get(code) or f"the newsroom's disk failed ({os.strerror(code)})"
        if shown.is_set():
            raise DeliveryFailed(Certainty.UNSURE, f"the page is public, but not yet in the list: {words}") from None
        raise DeliveryFailed(Certainty.FOR_GOOD if code in _FOR_GOOD else Certainty.NOT_SENT, words) from None
