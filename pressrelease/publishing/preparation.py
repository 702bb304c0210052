"""Warm up for upcoming deliveries: connect, compile and render. Optional; claims and sends nothing."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pressrelease.errors import WillRetry
from pressrelease.outlets import Outlet
from pressrelease.publishing.rendering import Heavy, RenderCache
from pressrelease.release.delivery import Delivery
from pressrelease.system import clock
from pressrelease.system.log import frames

_log = logging.getLogger(__name__)


class Preparation:
    """Makes upcoming deliveries ready, so that nothing but the claim and the send is left at their lift."""

    def __init__(
        self, outlets: Mapping[str, Outlet], senders: int, renders: RenderCache, rehearse: Callable[[], None]
    ) -> None:
        """`senders` is how many may send at one outlet at the same time; `rehearse` runs the claim's statements."""
        self._outlets = outlets
        self._senders = senders
        self._renders = renders
        self._rehearse = rehearse
        self._heavy: threading.Thread | None = None

    def prepare(self, coming: Sequence[Delivery], until: datetime) -> None:
        """Connect, and render until `until` or until the memory set aside for renders is full.

        A version that can't be rendered is reported when it is due.
        """
        self._renders.keep_only(coming)
        for name, sends in Counter(delivery.outlet for delivery in coming).items():
            warming = threading.Thread(target=self._outlets[name].warm, args=(min(sends, self._senders),), daemon=True)
            warming.start()  # in its own thread, so that a hanging outlet delays no other
        with contextlib.suppress(WillRetry):  # others are writing; skip the rehearsal
            self._rehearse()
        heavy = self._render(coming, until)
        if heavy and (self._heavy is None or not self._heavy.is_alive()):
            # In another thread: it may take longer than until the lift, and the scheduler must stay free for other
            # releases.
            self._heavy = threading.Thread(target=self._render, args=(heavy, until, True), daemon=True)
            self._heavy.start()

    def _render(self, coming: Sequence[Delivery], until: datetime, heavy: bool = False) -> list[Delivery]:
        """Render until `until`. Return the heavy deliveries that were left out, unless `heavy` is true."""
        left: list[Delivery] = []
        for delivery in coming:
            if clock.utc_now() >= until:
                break
            try:
                if not self._renders.make_ahead(self._outlets[delivery.outlet], delivery, heavy=heavy):
                    break
            except Heavy:
                left.append(delivery)
            except Exception as error:  # noqa: BLE001  (it is rendered again, and any error reported, when it is due)
                _log.warning("making %s ready ahead of its lift: %s", delivery.slug, frames(error))
        return left
