"""An outlet that refuses our credentials is asked once, a person is told once, and nothing is lost over it."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from calling import Caller
from conftest import NOW
from mail_server import mail_server
from office import Office, Receiver, found_office, receiving
from store_acts import AFTER, events, only, put, sqlite_store, take

from pressrelease.config import Policy, Retry
from pressrelease.publishing.plan import make_plan
from pressrelease.publishing.workers import REPEATABLE_LIMITS
from pressrelease.release.delivery import Certainty, Delivery, DeliveryFailed, DeliveryState
from pressrelease.status.causes import Cause
from pressrelease.status.dossier import Approval, Directive, Dossier, Scheduled
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus, evaluate
from pressrelease.store import Store, claims
from pressrelease.store.circuit import closed_outlets, open_outlet_again
from pressrelease.store.reconcile import Reconciliation
from pressrelease.wiring import Workspace

NO = DeliveryFailed(Certainty.FOR_GOOD, "example.org rejected the login (401)", credentials=True)


def refuse(store: Store, claimed: Delivery, fingerprint: str | None = "f1", *, failure: DeliveryFailed = NO) -> None:
    after = claimed.failed(failure, next_try=None)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(claimed, after, fingerprint)])


# -- in the store ------------------------------------------------------------------------------------------


def test_a_closed_outlet_is_not_claimed_at_and_the_others_are(store: Store) -> None:
    put(store, "first", recipients={"media": ("",)})
    put(store, "second", recipients={"media": ("",), "newsroom": ("",)})
    (claimed,) = [one for one in take(store) if one.slug == "first"]
    refuse(store, claimed)
    put(store, "third", recipients={"media": ("",), "newsroom": ("",)})
    assert [(one.slug, one.outlet) for one in take(store)] == [("third", "newsroom")]
    assert only(store, "first").state is DeliveryState.FAILED
    closed = closed_outlets(store.read)["media"]
    assert (closed.reason, closed.fingerprint, closed.at) == (NO.reason, "f1", AFTER)


def test_one_that_was_claimed_already_does_not_leave(store: Store) -> None:
    put(store, "first", recipients={"media": ("",)})
    put(store, "second", recipients={"media": ("",)})
    first, second = take(store)
    assert store.read.why_not(second, source_hash="f" * 64, now=AFTER) is None
    refuse(store, first)
    assert "rejected the login" in str(store.read.why_not(second, source_hash="f" * 64, now=AFTER))


def test_it_closes_once_and_opens_with_all_that_it_turned_away(store: Store) -> None:
    for slug in ("first", "second", "invalid"):
        put(store, slug, recipients={"media": ("",)})
    first, second, invalid = take(store)
    refuse(store, first, "f1")
    refuse(store, second, "f2")
    refuse(store, invalid, None, failure=DeliveryFailed(Certainty.FOR_GOOD, "says that the request is not valid (422)"))
    assert events(store).count("outlet.closed") == 1
    assert closed_outlets(store.read)["media"].fingerprint == "f1"
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        assert open_outlet_again(ledger, "media", why="reached")
        assert not open_outlet_again(ledger, "media", why="reached")
        assert not open_outlet_again(ledger, "newsroom", why="reached")
    assert closed_outlets(store.read) == {}
    assert [one.slug for one in take(store)] == ["first", "second"]
    assert only(store, "invalid").state is DeliveryState.FAILED
    assert events(store).count("outlet.opened") == 1
    account = Reconciliation()
    for line in store.read.journal():
        account.add(line)
    rows = [one for dossier in store.read.dossiers(store.read.releases()) for one in dossier.deliveries]
    assert account.disagreements(rows) == []


def test_what_a_person_dropped_in_the_meantime_stays_dropped(store: Store) -> None:
    from pressrelease.store import settling

    put(store, recipients={"media": ("",)})
    refuse(store, *take(store))
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        settling.settle_dropped(ledger, [only(store)])
        open_outlet_again(ledger, "media", why="reached")
    assert only(store).state is DeliveryState.CANCELED


def test_the_answer_and_the_closing_are_one_transaction(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    put(store, recipients={"media": ("",)})
    (claimed,) = take(store)
    with store.ledger(now=AFTER, actor="scheduler", undo=True) as ledger:
        claims.record(ledger, [claims.Result(claimed, claimed.failed(NO, next_try=None), "f1")])
    assert closed_outlets(store.read) == {}
    assert only(store).state is DeliveryState.SENDING


# -- where a release stands ---------------------------------------------------------------------------------


def status_of(*deliveries: tuple[str, DeliveryState], closed: dict[str, str]) -> ReleaseStatus:
    release = Scheduled(
        "names", "v1", "Headline", None, NOW, ("media",), "jdoe", "", Directive.SCHEDULED, "jdoe", NOW
    )  # fmt: skip
    rows = tuple(
        Delivery(n, "names", "v1", outlet, "", state, lift=NOW, next_try=NOW)
        for n, (outlet, state) in enumerate(deliveries)
    )
    return evaluate(
        Dossier(release, (Approval("da", NOW),), rows),
        policy=Policy(approvals=1),
        retry=Retry(),
        known_outlets={"media", "mail", "newsroom"},
        now=NOW,
        closed=closed,
    )


WAITING, FAILED, DELIVERED = DeliveryState.WAITING, DeliveryState.FAILED, DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("deliveries", "state", "words"),
    [
        ([("media", WAITING)], ReleaseState.NEEDS_YOU, "media rejected the login (401)"),
        ([("media", FAILED)], ReleaseState.NEEDS_YOU, "media rejected the login (401)"),
        ([("media", DELIVERED), ("mail", WAITING)], ReleaseState.PUBLISHING, ""),
        ([("media", DELIVERED)], ReleaseState.PUBLISHED, ""),
        ([("media", WAITING), ("mail", FAILED)], ReleaseState.NEEDS_YOU, "sending to mail failed"),
    ],
)
def test_a_release_says_that_its_outlet_needs_a_person(
    deliveries: list[tuple[str, DeliveryState]], state: ReleaseState, words: str
) -> None:
    told = status_of(*deliveries, closed={"media": "401"})
    assert told.state is state
    assert told.reason.startswith(words)
    assert not told.blocked
    assert ((told.cause, told.outlets) == (Cause.OUTLET_CLOSED, ("media",))) is words.startswith("media")


def test_only_what_goes_to_a_closed_outlet_stays_behind() -> None:
    rows = (
        Delivery(1, "names", "v1", "media", "", WAITING, lift=NOW, next_try=NOW),
        Delivery(2, "names", "v1", "newsroom", "", WAITING, lift=NOW, next_try=NOW),
    )
    release = Scheduled(
        "names", "v1", "Headline", None, NOW, ("media",), "jdoe", "", Directive.SCHEDULED, "jdoe", NOW
    )  # fmt: skip
    plan = make_plan(
        [Dossier(release, (Approval("da", NOW),), rows)],
        policy=Policy(approvals=1),
        retry=Retry(),
        known_outlets={"media", "newsroom"},
        now=NOW,
        closed={"media": "401"},
    )
    assert [one.outlet for one in plan.due] == ["newsroom"]
    assert [(one.slug, one.cause, one.outlets) for one in plan.needs_you] == [
        ("names", Cause.OUTLET_CLOSED, ("media",))
    ]


# -- the whole command ---------------------------------------------------------------------------------------


def office(folder: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = found_office(folder, receiver, policy="[policy]\napprovals = 0")
    monkeypatch.chdir(made.folder)
    return made


def new_secret(office: Office, byte: int) -> None:
    (office.folder / "webhook.secret").write_text("whsec_" + b64encode(bytes([byte]) * 32).decode(), encoding="ascii")


def due(call: Caller, office: Office, *slugs: str) -> None:
    for slug in slugs:
        office.write(slug)
    call("schedule", *slugs, "--yes")


def test_twenty_releases_are_one_complaint_and_go_out_once_the_secret_is_fixed(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(pause=0.05) as receiver:
        place = office(tmp_path / "office", receiver, monkeypatch)
        receiver.status = 401
        slugs = [f"release-{number:02}" for number in range(20)]
        due(call, place, "first")
        call("publish-due", expect=10)
        assert len(receiver.got) == 1
        due(call, place, *slugs)
        call("publish-due", expect=10)
        # Asked once; one complaint names them all, and all of them are in the newsroom.
        assert len(receiver.got) == 1
        assert call.err.count("media rejected the login") == 1
        assert "and 16 more: media rejected the login" in call.err
        assert place.pages == sorted(["first", *slugs])
        assert {call.state(slug) for slug in slugs} == {"needs_you"}
        told = call.json("publish-due", expect=10)
        assert len(told["needs_you"]) == 21
        lines = [line.event for line in Workspace(place.folder).store.read.journal()]
        assert lines.count("outlet.closed") == 1
        # Nothing but other credentials opens it: not the next pass, not another release.
        call("publish-due", expect=10)
        assert len(receiver.got) == 1
        receiver.status = 204
        new_secret(place, 7)
        call("publish-due")
        assert sorted(receiver.counts) == sorted(["first", *slugs])
        assert {call.state(slug) for slug in ["first", *slugs]} == {"published"}
        assert "is intact" in call("journal", "--verify")


def test_at_most_a_lane_of_requests_was_under_way(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(pause=0.1) as receiver:
        place = office(tmp_path / "office", receiver, monkeypatch)
        receiver.status = 401
        due(call, place, *(f"release-{number:02}" for number in range(REPEATABLE_LIMITS.senders + 8)))
        call("publish-due", expect=10)
        assert 0 < len(receiver.got) <= REPEATABLE_LIMITS.senders
        assert call.err.count("media rejected the login") == 1


def test_a_person_opens_it_by_reaching_it_or_by_asking_for_another_try(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        place = office(tmp_path / "office", receiver, monkeypatch)
        receiver.status = 401
        due(call, place, "first")
        call("publish-due", expect=10)
        due(call, place, "second")
        call("publish-due", expect=10)
        assert "outlets --test media" in call("status", "second")
        # Another try of one that only waits there asks once more.
        call("retry", "second", "--outlet", "media")
        call("publish-due", expect=10)
        assert len(receiver.got) in {2, 3}
        receiver.status = 204
        call("outlets", "--test", "media")
        call("publish-due")
        assert {call.state("first"), call.state("second")} == {"published"}
        # Where nothing failed and nothing is closed, there is nothing to try again.
        call("retry", "second", "--outlet", "media", expect=66)


def test_a_secret_that_is_gone_opens_nothing(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        place = office(tmp_path / "office", receiver, monkeypatch)
        receiver.status = 401
        due(call, place, "first")
        call("publish-due", expect=10)
        secret = place.folder / "webhook.secret"
        kept = secret.read_text()
        secret.unlink()
        call("publish-due", expect=78)
        secret.touch(mode=0o600)
        secret.write_text(kept)
        call("publish-due", expect=10)
        assert len(receiver.got) == 1


def test_the_fingerprint_follows_the_table_and_its_secrets_and_gives_neither_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        place = office(tmp_path / "office", receiver, monkeypatch)
        Workspace(place.folder).store.open(NOW)

        def fingerprint() -> str:
            return Workspace(place.folder).fingerprint("media")

        first = fingerprint()
        assert fingerprint() == first
        new_secret(place, 9)
        second = fingerprint()
        assert second != first
        text = (place.folder / "config.toml").read_text()
        (place.folder / "config.toml").write_text(text.replace("/press", "/other"))
        assert fingerprint() not in {first, second}
        secret = (place.folder / "webhook.secret").read_text()
        assert secret not in second


def test_a_refused_login_closes_a_mail_outlet_and_every_recipient_gets_it_once_it_is_fixed(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"r{number}@paper.example" for number in range(60)]
    with mail_server(passwords={"press": "right"}) as server:
        more = (
            f'[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            'username = "press"\npassword = { env = "MAIL" }\nfrom = "press@da.example"\n'
            f"recipients = {people}\n[defaults]\noutlets = ['newsroom', 'mail']\n"
        )
        place = found_office(tmp_path / "office", more=more, policy="[policy]\napprovals = 0")
        monkeypatch.chdir(place.folder)
        monkeypatch.setenv("MAIL", "wrong")
        due(call, place, "first", "second")
        call("publish-due", expect=10)
        assert call.err.count("mail rejected the login") == 1
        assert server.logins <= 3  # an account is soon locked
        call("publish-due", expect=10)
        assert server.logins <= 3
        monkeypatch.setenv("MAIL", "right")
        call("publish-due")
        got = [(letter.message["Subject"], letter.recipients[0]) for letter in server.got]
        assert len(got) == len(set(got)) == 2 * len(people)


def test_403_closes_nothing(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        place = office(tmp_path / "office", receiver, monkeypatch)
        receiver.status = 403
        due(call, place, "first")
        call("publish-due", expect=10)
        due(call, place, "second")
        call("publish-due", expect=10)
        assert len(receiver.got) == 2


@pytest.mark.slow
def test_a_scheduler_that_stays_up_says_it_once_and_uses_the_fixed_secret(tmp_path: Path) -> None:
    import time

    with receiving() as receiver:
        place = found_office(tmp_path / "office", receiver, policy="[policy]\napprovals = 0")
        receiver.status = 401
        with place.scheduler() as process:
            for number in range(3):
                place.write(f"release-{number}")
                place.run("schedule", f"release-{number}", "--yes")
                time.sleep(3)
            assert len(receiver.got) == 1
            receiver.status = 204
            new_secret(place, 7)
            end = time.monotonic() + 60
            while len(receiver.counts) < 3 and time.monotonic() < end:
                time.sleep(0.5)
            assert len(receiver.counts) == 3
            # And what a person opens is asked again at once.
            receiver.status = 401
            place.write("last")
            place.run("schedule", "last", "--yes")
            time.sleep(3)
            receiver.status = 204
            place.run("outlets", "--test", "media")
            end = time.monotonic() + 15
            while place.state("last") != "published" and time.monotonic() < end:
                time.sleep(0.5)
            assert place.state("last") == "published"
            process.terminate()
            _, err = process.communicate(timeout=30)
        assert err.count("media rejected the login") == 2
        assert err.count("Sending to media has resumed") == 2
