"""Post to Bluesky, with the newsroom's link.

We choose where a post is stored: its key is made of the lift and the delivery, its bytes of nothing else, so a repeat
writes the same record at the same place, which the account's server takes as done. `swapRecord: null` demands that
nothing else is stored there: no other post is ever overwritten.

A post there can be deleted but not usefully changed: Bluesky's own app goes on showing what it saw first. So a
correction is a reply to the first post, and a withdrawn post is deleted and a notice stored at its key. The notice also
keeps that place taken: a program that was suspended with the first version in its hands finds it there when it wakes.
"""

from __future__ import annotations

from pathlib import Path

from pressrelease.config import Office, OutletConfig
from pressrelease.outlets import Secret
from pressrelease.outlets.bluesky.outlet import Bluesky
from pressrelease.outlets.bluesky.records import key_of, record_of
from pressrelease.outlets.http import Http, checked_address

__all__ = ["Bluesky", "key_of", "open_bluesky", "record_of"]


def open_bluesky(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Bluesky:
    """Open the outlet. Raises ConfigRefused if the app password can't be read."""
    del office, folder
    url, called = checked_address(config.settings["url"], secret, f"outlets.{config.name}.url")
    return Bluesky(
        config.name,
        url=url.rstrip("/"),
        handle=config.settings["handle"],
        password=secret(config.settings["password"]),
        http=Http(called=called, timeout=config.timeout),
    )
