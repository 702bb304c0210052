"""A post with the newsroom's link on a Mastodon server, or on one that offers Mastodon's API.

Mastodon itself keeps an `Idempotency-Key` for an hour: the same key gives the same post. Other servers that offer its
API (GoToSocial, snac) ignore the key. So after a send in doubt the outlet searches the account's own posts before
sending again. No server is ever given a post to hold until a lift.
"""

from __future__ import annotations

from pathlib import Path

from pressrelease.config import Office, OutletConfig
from pressrelease.outlets import Secret
from pressrelease.outlets.http import Http, checked_address
from pressrelease.outlets.mastodon.outlet import Mastodon

__all__ = ["Mastodon", "open_mastodon"]


def open_mastodon(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Mastodon:
    """Open the outlet. Raises ConfigRefused if the token is missing."""
    del office, folder
    url, called = checked_address(config.settings["url"], secret, f"outlets.{config.name}.url")
    return Mastodon(
        config.name,
        url=url.rstrip("/"),
        token=secret(config.settings["token"]),
        visibility=config.settings.get("visibility") or "public",
        http=Http(called=called, timeout=config.timeout),
    )
