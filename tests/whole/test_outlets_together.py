"""The installed command over outlets that lose answers, die in the act, or hang. Slow, since each waits for retries."""

from __future__ import annotations

import signal
import statistics
import time
from pathlib import Path

import pytest
from office import Office, Receiver, found_office, in_seconds, iso, receiving
from social_servers import BlueskyServer, MastodonServer, SocialServer, Told, serving

pytestmark = pytest.mark.slow

POLICY = '[policy]\napprovals = 0\n[retry]\nschedule = ["1s"]\njitter = 0.0\n'


def office_with(folder: Path, server: SocialServer, *, timeout: str = "5s", receiver: Receiver | None = None) -> Office:
    """An office that posts to a server under the outlet's name `social`, and to a receiver as `media`."""
    if isinstance(server, MastodonServer):
        keys = 'type = "mastodon"\ntoken = { env = "SOCIAL_SECRET" }\n'
        secret = server.token
    else:
        assert isinstance(server, BlueskyServer)
        keys = f'type = "bluesky"\nhandle = "{server.handle}"\npassword = {{ env = "SOCIAL_SECRET" }}\n'
        secret = server.password
    more = f'[outlets.social]\n{keys}url = "{server.url}"\ntimeout = "{timeout}"\n'
    office = found_office(folder, receiver, more=more, policy=POLICY)
    office.environment["SOCIAL_SECRET"] = secret
    return office


def until_published(office: Office, slug: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while office.state(slug) != "published":
        assert time.monotonic() < end, office.json("status", slug)
        time.sleep(0.5)
        office.run("publish-due", expect=(0, 75))


def kinds() -> list[MastodonServer | BlueskyServer]:
    """Mastodon, two that speak its API and ignore its key, and Bluesky."""
    return [MastodonServer(), MastodonServer(software="gotosocial"), MastodonServer(software="snac"), BlueskyServer()]


@pytest.mark.parametrize("server", kinds(), ids=["mastodon", "gotosocial", "snac", "bluesky"])
def test_one_post_after_a_lost_answer(tmp_path: Path, server: MastodonServer | BlueskyServer) -> None:
    with serving(server):
        keeps = not isinstance(server, MastodonServer) or server.keeps_keys
        server.troubles += ["lost"] * (2 if keeps else 1)
        office = office_with(tmp_path / "office", server)
        office.write("names", outlets="[social]")
        office.run("schedule", "names", "--yes")
        office.run("publish-due", expect=75)
        assert office.json("status", "names")["releases"][0]["deliveries"][0]["state"] == "in_doubt"
        until_published(office, "names", 150)
        [delivery] = office.json("status", "names")["releases"][0]["deliveries"]
        assert delivery["attempts"] in ({2, 3} if keeps else {2})
        posts = server.statuses if isinstance(server, MastodonServer) else server.records
        assert len(posts) == 1
        assert next(iter(posts)) in delivery["remote_id"]
        assert next(iter(posts)) in delivery["url"]


@pytest.mark.parametrize("server", kinds(), ids=["mastodon", "gotosocial", "snac", "bluesky"])
def test_one_post_after_a_kill_between_request_and_record(
    tmp_path: Path, server: MastodonServer | BlueskyServer
) -> None:
    with serving(server):
        server.troubles.append("hangs")
        office = office_with(tmp_path / "office", server, timeout="60s")
        office.write("names", outlets="[social]")
        office.run("schedule", "names", "--yes")
        sending = office.start("publish-due")
        end = time.monotonic() + 30
        posts = server.statuses if isinstance(server, MastodonServer) else server.records
        while not posts:
            assert time.monotonic() < end
            time.sleep(0.02)
        sending.send_signal(signal.SIGKILL)
        sending.communicate()
        until_published(office, "names", 150)
        assert len(posts) == 1


def test_without_permission_to_look_a_doubtful_post_waits_for_a_person(tmp_path: Path) -> None:
    with serving(MastodonServer(software="gotosocial", scopes="write:statuses")) as server:
        server.troubles.append("lost")
        office = office_with(tmp_path / "office", server)
        office.write("names", outlets="[social]")
        office.run("schedule", "names", "--yes")
        end = time.monotonic() + 100
        while office.run("publish-due", expect=(10, 75)).returncode != 10:
            assert time.monotonic() < end
            time.sleep(2)
        [delivery] = office.json("status", "names")["releases"][0]["deliveries"]
        assert (delivery["state"], delivery["next_try"]) == ("in_doubt", None)
        assert "can't be looked up" in delivery["error"]
        assert len(server.statuses) == 1


def test_what_is_refused_for_good_says_so(tmp_path: Path) -> None:
    with serving(MastodonServer(token="another")) as server:
        office = office_with(tmp_path / "office", server)
        office.environment["SOCIAL_SECRET"] = "stale"
        office.write("names", outlets="[social]")
        office.run("schedule", "names", "--yes")
        office.run("publish-due", expect=10)
        [release] = office.json("status", "names")["releases"]
        assert release["state"] == "needs_you"
        assert "rejected the login" in release["deliveries"][0]["error"]
        assert "stale" not in str(release)


def test_one_that_hangs_does_not_delay_the_others(tmp_path: Path) -> None:
    """Eight releases lift at once, to a webhook and to a server that hangs for longer than the test takes."""
    late: dict[str, list[float]] = {}
    for name in ("answers", "hangs"):
        with serving(MastodonServer()) as server, receiving() as receiver:
            if name == "hangs":
                server.troubles += ["hangs"] * 100
            office = office_with(tmp_path / name, server, timeout="50s", receiver=receiver)
            slugs = [f"release-{number}" for number in range(8)]
            lift = in_seconds(14)
            for slug in slugs:
                office.write(slug, embargo=iso(lift), outlets="[media, social]")
            office.run("schedule", *slugs, "--yes")
            with_scheduler = office.start("run")
            try:
                end = time.monotonic() + 45
                while len(receiver.got) < len(slugs):
                    assert time.monotonic() < end, f"{name}: {len(receiver.got)} of {len(slugs)} arrived"
                    time.sleep(0.05)
            finally:
                with_scheduler.kill()
                with_scheduler.communicate()
            late[name] = [(arrival.at - lift).total_seconds() for arrival in receiver.got]
            assert min(late[name]) >= 0
    extra = statistics.median(late["hangs"]) - statistics.median(late["answers"])
    print(
        {
            name: f"median {statistics.median(each) * 1000:.0f} ms, last {max(each) * 1000:.0f} ms"
            for name, each in late.items()
        }
    )
    assert extra < 0.25, late
    assert max(late["hangs"]) < 5, late


def test_answers_that_ask_for_patience_are_given_it(tmp_path: Path) -> None:
    with serving(MastodonServer()) as server:
        server.troubles.append(Told(429, {}, {"retry-after": "3"}))
        office = office_with(tmp_path / "office", server)
        office.write("names", outlets="[social]")
        office.run("schedule", "names", "--yes")
        begun = time.monotonic()
        office.run("publish-due", expect=75)
        until_published(office, "names")
        assert time.monotonic() - begun >= 3
        assert server.made == 1
