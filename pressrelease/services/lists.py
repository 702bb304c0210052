"""Compare lists of recipients as they are now with those that a release is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pressrelease.status.dossier import Dossier, ListChange

if TYPE_CHECKING:
    from pressrelease.config import Config, OutletConfig


def list_changes(dossier: Dossier, config: Config, folder: Path) -> Iterator[ListChange]:
    """Yield how many joined and left each list since the release was scheduled; only lists that differ.

    A list that can't be read is left out: `check` reports what is wrong with it. A file that was not written since is
    not opened, because `status` is typed all day.
    """
    for name in dict.fromkeys(one.outlet for one in dossier.deliveries if one.is_open and one.recipient):
        outlet = config.outlets.get(name)
        if outlet is None or not outlet.enabled or _untouched(outlet, dossier, folder):
            continue
        from pressrelease.outlets import mailboxes, mailboxes_now

        now = mailboxes_now(outlet, folder)
        then = mailboxes(outlet, [one.recipient for one in dossier.deliveries if one.outlet == name])
        if now and then and now.keys() != then.keys():
            yield ListChange(name, joined=len(now.keys() - then.keys()), left=len(then.keys() - now.keys()))


def _untouched(outlet: OutletConfig, dossier: Dossier, folder: Path) -> bool:
    """Return whether an outlet's list is a file that was last written before the version was frozen."""
    named = outlet.settings.get("recipients")
    if not isinstance(named, str) or dossier.terms is None:
        return False
    try:
        found = (folder / named).stat()
    except OSError:
        return False
    return max(found.st_mtime, found.st_ctime) < dossier.terms.frozen_at.timestamp()
