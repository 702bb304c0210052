"""A newsroom: a public web root of plain files, which any web server can serve.

    SLUG/index.html   a page a release, its attachments beside it
    index.html        the list of all
    feed.atom         the latest, as Atom
    withdrawn.map     the addresses of withdrawn releases, once there are any

Nothing of a release is under the root before its lift: a page is made in memory and written when it is sent.
"""

from __future__ import annotations

from pressrelease.outlets.newsroom.outlet import Newsroom, open_newsroom

__all__ = ["Newsroom", "open_newsroom"]
