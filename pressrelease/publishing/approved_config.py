"""Compare config.toml with what was approved.

Also gives the config that a frozen version is composed with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from pressrelease.config import Config
from pressrelease.release.delivery import Delivery

if TYPE_CHECKING:
    from pressrelease.status.dossier import Dossier
    from pressrelease.store import Store

_NOTHING: Mapping[str, str] = MappingProxyType({})


class ApprovedConfig:
    """One config, compared with the settings frozen with each version.

    A frozen version and its settings never change, so each is read and compared once. Safe for several threads.
    """

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self._settings: dict[tuple[str, str], str] = {}
        self._changes: dict[str, Mapping[str, str]] = {"": _NOTHING}
        self._configs: dict[str, Config] = {"": config}

    def why_changed(self, deliveries: Sequence[Delivery]) -> dict[int, str]:
        """Return, by delivery number, which config key differs from what was approved, in words;

        only those that differ.

        Raises: StateUnreadable, WillRetry.
        """
        self._know(deliveries)
        found = {}
        for delivery in deliveries:
            changes = self._changes_since(self._settings.get((delivery.slug, delivery.version), ""))
            if words := changes and _of(changes, [delivery.outlet]):
                found[delivery.id] = words
        return found

    def why_changed_of(self, dossier: Dossier) -> str:
        """Return what `why_changed` finds for any unsent delivery of a release; "" if nothing differs."""
        if dossier.terms is None:
            return ""
        changes = self._changes_since(dossier.terms.settings)
        return _of(changes, [one.outlet for one in dossier.deliveries if one.is_open]) if changes else ""

    def as_frozen(self, settings: str) -> Config:
        """Return the config frozen under that name, as far as a release's own text is composed with it."""
        found = self._configs.get(settings)
        if found is None:
            from pressrelease.config.frozen import office_of, outlets_of

            frozen = self._store.read.settings(settings)
            office = office_of(frozen, self._config.office)
            found = self._config._replace(office=office, outlets=outlets_of(frozen, self._config.outlets))
            self._configs[settings] = found
        return found

    def _know(self, deliveries: Sequence[Delivery]) -> None:
        """Load the names of these deliveries' settings in one query."""
        unknown = {one.slug for one in deliveries if (one.slug, one.version) not in self._settings}
        if unknown:
            terms = self._store.read.terms(sorted(unknown))
            self._settings |= {version: one.settings for version, one in terms.items()}

    def _changes_since(self, settings: str) -> Mapping[str, str]:
        found = self._changes.get(settings)
        if found is None:
            from pressrelease.config.frozen import changes

            found = self._changes[settings] = changes(self._store.read.settings(settings), self._config)
        return found


def _of(changes: Mapping[str, str], outlets: Sequence[str]) -> str:
    """Return those changes that concern a delivery to any of these outlets."""
    return next((changes[name] for name in ("", *outlets) if outlets and name in changes), "")
