"""One heavy release keeps no other waiting while it is composed."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
import workshop

from pressrelease.publishing import rendering
from pressrelease.publishing.rendering import HEAVY, Heavy, RenderCache
from pressrelease.release.delivery import Delivery
from pressrelease.system import clock

TABLE = "| name | age |\n|---|---|\n"


@pytest.fixture
def place(tmp_path: Path) -> workshop.Place:
    """An office with a heavy release and a few ordinary ones."""
    made = workshop.found(tmp_path, page={})
    lift = clock.utc_now() + timedelta(hours=1)
    workshop.schedule(made, "heavy", lift, body=TABLE + "| A name | 40 |\n" * 12_000)
    for number in range(4):
        workshop.schedule(made, f"ordinary-{number}", lift)
    return made


def deliveries(place: workshop.Place) -> dict[str, Delivery]:
    return {one.slug: one for one in workshop.deliveries(place.store)}


def test_ordinary_releases_are_composed_while_a_heavy_one_is(place: workshop.Place) -> None:
    ready = RenderCache(place.config, place.store)
    found = deliveries(place)
    begun = threading.Event()
    inside = rendering.compose
    done: list[str] = []

    def compose(release: object, **more: object) -> object:
        if release.slug == "heavy":  # type: ignore[attr-defined]
            begun.set()
        return inside(release, **more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "compose", compose)
        heavy = threading.Thread(target=lambda: done.append(ready.message(found["heavy"]).slug))
        heavy.start()
        assert begun.wait(30)
        for number in range(4):
            done.append(ready.message(found[f"ordinary-{number}"]).slug)
        heavy.join()
    assert done[-1] == "heavy"


def test_a_heavy_release_is_not_made_ready_where_others_wait(place: workshop.Place) -> None:
    ready = RenderCache(place.config, place.store)
    found = deliveries(place)
    with pytest.raises(Heavy):
        ready.make_ahead(place.made["page"], found["heavy"])
    assert ready.make_ahead(place.made["page"], found["ordinary-0"])
    assert ready.make_ahead(place.made["page"], found["heavy"], heavy=True)
    assert ready.make_ahead(place.made["page"], found["heavy"]), "it is at hand by now"


def test_one_version_is_composed_once_for_all(place: workshop.Place) -> None:
    ready = RenderCache(place.config, place.store)
    found = deliveries(place)["heavy"]
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(ready.message(found))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(message) for message in got}) == 1


def test_the_scheduler_is_back_long_before_a_heavy_release_is_ready(place: workshop.Place) -> None:
    from pressrelease.wiring import sending

    coming = sorted(workshop.deliveries(place.store), key=lambda one: one.slug)
    assert coming[0].slug == "heavy"
    with sending(place, clock.utc_now()) as cycle:
        cycle.prepare(coming, clock.utc_now() + timedelta(minutes=1))
        made = cycle._parcels._ahead
        assert len(made) >= 4, "all the others are ready"
        end = time.monotonic() + 60
        while len(made) < 5 and time.monotonic() < end:
            time.sleep(0.05)
            made = cycle._parcels._ahead
        assert len(made) == 5


def test_heavy_is_longer_than_any_usual_release() -> None:
    assert HEAVY >= 10_000 * 6, "ten thousand words"
