"""A post on a WordPress site, with its attachments as media, by an application password.

    look      is there a post at this slug?          ours, this version: it arrived   ours, earlier: it is updated
    media     each attachment, named by its content  found again rather than sent twice
    post      status publish, no date                WordPress publishes at once, and never by its own clock
    check     slug and status that came back         slug-2, or anything but publish: withdrawn, and a person decides
    look      again by slug                          a repeat that crossed with a slow first one is withdrawn

A post is ours by a comment in its text that names the release and the delivery; no reader sees it.
"""

from __future__ import annotations

from pathlib import Path

from pressrelease.config import Office, OutletConfig
from pressrelease.outlets import Secret
from pressrelease.outlets.http import Http, checked_address
from pressrelease.outlets.wordpress.outlet import WordPress
from pressrelease.outlets.wordpress.site import WordPressSite

__all__ = ["WordPress", "open_wordpress"]


def open_wordpress(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> WordPress:
    """Open the outlet. Raises ConfigRefused if the application password can't be read."""
    del office, folder
    url, called = checked_address(config.settings["url"], secret, f"outlets.{config.name}.url")
    site = WordPressSite(
        url.rstrip("/"),
        username=config.settings["username"],
        password=secret(config.settings["password"]),
        http=Http(called=called, timeout=config.timeout),
    )
    return WordPress(
        config.name,
        site=site,
        categories=tuple(config.settings.get("categories") or ()),
        tags=tuple(config.settings.get("tags") or ()),
    )
