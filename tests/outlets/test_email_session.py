"""What each end of an SMTP session says about whether the message arrived, against servers that misbehave."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest
from mail_server import Act, drip, free_port, mail_server, reset, scripted
from mail_sessions import at_once, failing, outlet_for, send
from mails import KEY, MESSAGE

from pressrelease.message import Enclosure
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt


def test_a_message_arrives_as_it_was_prepared_dots_and_all() -> None:
    message = replace(MESSAGE, text=".\n..\n.hidden\n" + "x" * 3000 + "\n.\nQUIT\n")
    with mail_server() as server, closing(outlet_for(server.port)) as outlet:
        receipt = send(outlet, message=message)
        (letter,) = server.got
    assert receipt == Receipt(remote_id=f"<{KEY}@da.example>")
    assert letter.content == outlet.prepare(message, key=KEY, recipient="jane@example.org").content
    assert (letter.sender, letter.recipients) == ("press@da.example", ("jane@example.org",))
    assert letter.message["To"] == "jane@example.org"


def test_thirty_senders_hold_one_copy_of_an_attachment() -> None:
    big = replace(MESSAGE, enclosures=(Enclosure("big.pdf", "application/pdf", b"%PDF" * 2_000_000),))
    with closing(outlet_for(free_port())) as outlet:
        outlet.prepare(big, key=KEY, recipient="jane@example.org")
        tracemalloc.start()
        letters = [outlet.prepare(big, key=KEY, recipient=f"reporter-{number}@example.org") for number in range(30)]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 1_000_000
    assert len(letters[0].content) == letters[0].size > 10_000_000


@pytest.mark.parametrize("pipelining", [False, True])
def test_one_session_serves_many_messages_and_a_refusal_between_them(pipelining: bool) -> None:
    with mail_server(pipelining=pipelining) as server, closing(outlet_for(server.port)) as outlet:
        server.refused["bad@example.org"] = "550 5.1.1 no such mailbox"
        for number in range(5):
            send(outlet, f"reporter-{number}@example.org")
            assert failing(outlet, "bad@example.org").certainty is Certainty.FOR_GOOD
        assert server.sessions == 1
        assert set(server.counts) == {f"reporter-{number}@example.org" for number in range(5)}


NOT_SENT, FOR_GOOD, UNSURE = Certainty.NOT_SENT, Certainty.FOR_GOOD, Certainty.UNSURE


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("step", "act", "certainty"),
    [
        ("greeting", "421 4.3.2 not now", NOT_SENT),
        ("greeting", "554 5.7.1 not you", FOR_GOOD),
        ("greeting", None, NOT_SENT),
        ("greeting", "SSH-2.0-OpenSSH", NOT_SENT),
        ("EHLO", "451 later", NOT_SENT),
        ("EHLO", "550 no", FOR_GOOD),
        ("EHLO", None, NOT_SENT),
        ("MAIL", "451 4.3.0 later", NOT_SENT),
        ("MAIL", "421 4.3.0 closing", NOT_SENT),
        ("MAIL", "530 5.7.0 log in first", FOR_GOOD),
        ("MAIL", "552 5.3.4 too large", FOR_GOOD),
        ("MAIL", None, NOT_SENT),
        ("MAIL", reset, NOT_SENT),
        ("RCPT", "450 4.2.0 greylisted", NOT_SENT),
        ("RCPT", "452 4.2.2 full", NOT_SENT),
        ("RCPT", "552 5.2.2 full", NOT_SENT),
        ("RCPT", "550 5.1.1 no such mailbox", FOR_GOOD),
        ("RCPT", "421 4.7.0 too many", NOT_SENT),
        ("RCPT", None, NOT_SENT),
        ("DATA", "451 4.3.0 later", NOT_SENT),
        ("DATA", "554 5.5.1 no", FOR_GOOD),
        ("DATA", "250 what", NOT_SENT),
        ("DATA", None, NOT_SENT),
        ("dot", "451 4.7.1 try later", NOT_SENT),
        ("dot", "421 4.3.0 closing", NOT_SENT),
        ("dot", "452 4.3.1 full", NOT_SENT),
        ("dot", "552 5.3.4 too large", FOR_GOOD),
        ("dot", "554 5.7.1 looks like spam", FOR_GOOD),
        ("RCPT", "550 no\r\n421 closing", FOR_GOOD),
        ("dot", "354 go on", UNSURE),
        ("dot", "what", UNSURE),
        ("dot", "250-half an answer", UNSURE),
        ("dot", None, UNSURE),
        ("dot", reset, UNSURE),
        ("dot", "", UNSURE),
        ("dot", drip("250 taken", every=0.3), UNSURE),
    ],
)
def test_what_the_end_of_a_session_says(step: str, act: Act, certainty: Certainty, together: bool) -> None:
    acts: dict[str, Act] = {} if together else {"EHLO": "250 mail.example.org"}
    with scripted(**acts | {step: act}) as script, closing(outlet_for(script.port, timeout=0.4)) as outlet:
        failure = failing(outlet)
    assert failure.certainty is certainty, failure.reason
    assert len(script.texts) == (step == "dot")
    assert script.sessions == 1
    assert failure.reason
    assert "Nineteen" not in failure.reason


@pytest.mark.parametrize(("answer", "ours"), [("530 5.7.0 log in first", True), ("550 5.7.1 not this sender", False)])
def test_a_server_that_wants_a_login_refuses_this_program_and_not_the_message(answer: str, ours: bool) -> None:
    with scripted(MAIL=answer) as script, closing(outlet_for(script.port)) as outlet:
        assert failing(outlet).credentials is ours


def test_a_server_that_wants_a_text_although_it_refused_the_recipient_gets_none() -> None:
    with scripted(RCPT="550 no") as script, closing(outlet_for(script.port)) as outlet:
        assert failing(outlet).certainty is Certainty.FOR_GOOD
        script.acts["RCPT"] = "250 ok"
        send(outlet)
    assert len(script.texts) == 1
    assert script.sessions == 2
    assert b"Nineteen" in script.texts[0]


@pytest.mark.parametrize("act", ["354 go on", "what", "250-half", "421 4.3.0 closing"])
def test_a_session_that_is_out_of_step_is_not_used_again(act: Act) -> None:
    with scripted(dot=act) as script, closing(outlet_for(script.port, timeout=0.4)) as outlet:
        failing(outlet)
        script.acts["dot"] = "250 taken"
        send(outlet)
    assert script.sessions == 2


def test_a_connection_that_ends_inside_the_text_has_delivered_nothing() -> None:
    def end(connection: socket.socket) -> None:
        connection.sendall(b"354 go on\r\n")
        connection.recv(1000)
        reset(connection)

    big = replace(MESSAGE, enclosures=(Enclosure("big.pdf", "application/pdf", b"%PDF" * 2_000_000),))
    with scripted(DATA=end) as script, closing(outlet_for(script.port)) as outlet:
        assert failing(outlet, message=big).certainty is Certainty.NOT_SENT


def test_a_server_that_closes_before_the_dot_has_taken_nothing() -> None:
    def end(connection: socket.socket) -> None:
        connection.sendall(b"354 go on\r\n421 4.3.2 closing\r\n")
        reset(connection)

    with scripted(DATA=end, EHLO="250 ok") as script, closing(outlet_for(script.port)) as outlet:
        assert failing(outlet).certainty is Certainty.NOT_SENT


def test_an_answer_before_its_question_is_never_taken_for_an_acceptance() -> None:
    """A server out of step by one reply would otherwise have "250" said to a text that it then refuses."""
    with (
        scripted(DATA="354 go on\r\n250 taken", dot="554 refused", EHLO="250 ok") as script,
        closing(outlet_for(script.port)) as outlet,
    ):
        assert failing(outlet).certainty is Certainty.NOT_SENT


def test_half_a_line_is_no_acceptance() -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(b"250 tak")
        connection.shutdown(socket.SHUT_WR)
        raise ConnectionAbortedError

    with scripted(dot=half) as script, closing(outlet_for(script.port)) as outlet:
        assert failing(outlet).certainty is Certainty.UNSURE


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot"])
def test_a_dripping_server_holds_nobody_beyond_the_timeout(step: str) -> None:
    line = "354 go on" if step == "DATA" else "250 " + "x" * 200
    with scripted(**{step: drip(line, every=0.05)}) as script, closing(outlet_for(script.port, timeout=0.4)) as outlet:
        began = time.monotonic()
        failing(outlet)
        assert time.monotonic() - began < 0.9


def test_an_endless_reply_is_given_up() -> None:
    def chatter(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"250-" + b"x" * 1000 + b"\r\n")

    with scripted(EHLO=chatter) as script, closing(outlet_for(script.port)) as outlet:
        assert "not SMTP" in failing(outlet).reason


def test_a_servers_words_are_harmless_and_short() -> None:
    words = "550 \x1b[31mno\u202e\x07 " + "x" * 5000
    with scripted(RCPT=words) as script, closing(outlet_for(script.port)) as outlet:
        reason = failing(outlet).reason
    assert reason.isprintable()
    assert len(reason) < 300


# -- kept sessions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [None, reset, "421 4.4.2 idle for too long"])
def test_a_session_that_ended_while_idle_is_opened_again_within_the_same_try(end: Act) -> None:
    with scripted() as script, closing(outlet_for(script.port)) as outlet:
        send(outlet)
        script.once("MAIL", end)
        send(outlet)
    assert len(script.texts) == 2
    assert script.sessions == 2


@pytest.mark.parametrize("words", ["421 4.4.2 idle for too long", "451 4.3.2 closing", "452 4.4.5 enough of these"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_kept_session_that_takes_no_sender_is_opened_again_once(words: str, pipelining: bool) -> None:
    offers = {} if pipelining else {"EHLO": "250 mail.example.org"}
    with scripted(**offers) as script, closing(outlet_for(script.port)) as outlet:
        send(outlet)
        script.acts["MAIL"] = words
        assert failing(outlet).certainty is Certainty.NOT_SENT
    assert script.sessions == 2


def test_a_refusal_for_good_opens_no_other_session() -> None:
    with scripted() as script, closing(outlet_for(script.port)) as outlet:
        send(outlet)
        script.acts["MAIL"] = "550 5.7.1 not from you"
        assert failing(outlet).certainty is Certainty.FOR_GOOD
    assert script.sessions == 1


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_takes_few_messages_a_session_gets_them_all(pipelining: bool) -> None:
    """After so many it answers MAIL with 452 and keeps the session open."""
    offers = {} if pipelining else {"EHLO": "250 mail.example.org"}
    with scripted(**offers) as script, closing(outlet_for(script.port)) as outlet:
        script.texts_a_session = 3
        with ThreadPoolExecutor(8) as senders:
            list(senders.map(lambda number: send(outlet, f"reporter-{number}@example.org"), range(60)))
    assert len(script.texts) == 60


@pytest.mark.parametrize(
    ("step", "words", "login", "closes"),
    [
        ("RCPT", "554 5.7.1 <x@example.org>: Relay access denied", {}, True),
        ("RCPT", "550 5.7.54 SMTP; Unable to relay recipient", {}, True),
        ("RCPT", "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", {}, True),
        ("MAIL", "530 5.7.57 Client not authenticated to send mail", {}, True),
        ("RCPT", "554 5.7.1 <x@example.org>: Recipient address rejected: Access denied", {}, False),
        ("RCPT", "550 5.1.1 no such user", {}, False),
        ("RCPT", "451 4.7.1 relay not now", {}, False),
        ("dot", "554 5.7.1 relay of spam", {}, False),
    ],
)
def test_a_server_that_wants_a_login_closes_the_outlet(
    step: str, words: str, login: dict[str, str], closes: bool
) -> None:
    with scripted(**{step: words}) as script, closing(outlet_for(script.port)) as outlet:
        failure = failing(outlet)
    assert failure.credentials is closes
    assert ("requires a user name" in failure.reason) is closes


def test_a_session_is_not_opened_again_once_a_recipient_was_named() -> None:
    with scripted(EHLO="250 ok") as script, closing(outlet_for(script.port)) as outlet:
        send(outlet)
        script.acts["RCPT"] = None
        assert failing(outlet).certainty is Certainty.NOT_SENT
    assert script.sessions == 1


def test_a_session_idle_for_long_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pressrelease.outlets.email.connections.LOOK_AFTER", 0.0)
    monkeypatch.setattr("pressrelease.outlets.email.connections.ASK_AFTER", 0.0)
    with scripted() as script, closing(outlet_for(script.port)) as outlet:
        send(outlet)
        send(outlet)
        assert script.heard.count("NOOP") == 1
        script.acts["NOOP"] = "421 4.4.2 gone"
        send(outlet)
    assert script.sessions == 2
    assert len(script.texts) == 3


def test_when_one_idle_session_has_ended_the_others_are_not_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pressrelease.outlets.email.connections.ASK_AFTER", 0.0)
    monkeypatch.setattr("pressrelease.outlets.email.connections.LOOK_AFTER", 0.0)
    monkeypatch.setattr("pressrelease.outlets.email.connections.ASK_FOR", 0.2)
    with scripted() as script, closing(outlet_for(script.port, timeout=0.7)) as outlet:
        outlet.warm()
        script.acts["NOOP"] = ""  # a router that has forgotten the connection drops what it is sent
        send(outlet)
    assert len(script.texts) == 1


def test_warming_opens_sessions_and_says_nothing_of_any_release() -> None:
    with scripted() as script, closing(outlet_for(script.port)) as outlet:
        outlet.warm()
        outlet.warm()
        assert script.sessions == 4
        assert {line.split()[0] for line in script.heard} <= {"EHLO", "NOOP"}
        send(outlet)
        assert script.sessions == 4


def test_warming_fails_in_silence() -> None:
    with closing(outlet_for(free_port())) as outlet:
        outlet.warm()


def test_several_sessions_at_once() -> None:
    with mail_server() as server, closing(outlet_for(server.port)) as outlet:
        server.pause = 0.3
        began = time.monotonic()
        assert at_once(outlet, 8) == [None] * 8
        assert time.monotonic() - began < 1.2
        assert 2 <= server.sessions <= 8


def test_a_server_that_takes_two_sessions_gets_everything_through_two() -> None:
    with scripted() as script, closing(outlet_for(script.port)) as outlet:
        busy = threading.Semaphore(2)

        def greet(connection: socket.socket) -> None:
            if not busy.acquire(blocking=False):
                connection.sendall(b"421 4.7.0 too many sessions\r\n")
                connection.shutdown(socket.SHUT_RDWR)
            else:
                connection.sendall(b"220 ready\r\n")

        script.acts |= {
            "greeting": greet,
            "dot": lambda connection: (time.sleep(0.02), connection.sendall(b"250 ok\r\n"))[1],
        }
        assert at_once(outlet, 12) == [None] * 12
        assert len(script.texts) == 12
        assert script.sessions <= 16  # each sender was turned away once at most


def test_a_server_that_is_down_is_asked_once_for_all_who_come_together() -> None:
    with scripted(greeting="554 5.7.1 not you") as script, closing(outlet_for(script.port)) as outlet:
        outcomes = at_once(outlet, 20)
        assert {failure.certainty for failure in outcomes if failure} == {Certainty.FOR_GOOD}
        assert None not in outcomes
        assert script.sessions <= 2


def test_a_closed_outlet_sends_nothing() -> None:
    with scripted() as script:
        outlet = outlet_for(script.port)
        send(outlet)
        outlet.close()
        assert script.heard[-1] == "QUIT"
        assert failing(outlet).certainty is Certainty.NOT_SENT
    assert len(script.texts) == 1


# -- offers ---------------------------------------------------------------------------------------------------


def test_an_address_that_the_server_can_not_take_is_refused_for_good() -> None:
    with mail_server(utf8=False) as server, closing(outlet_for(server.port)) as outlet:
        assert failing(outlet, "jörg@example.org").certainty is Certainty.FOR_GOOD
        send(outlet, "jane@example.org")
        assert server.sessions == 1
        assert server.counts == {"jane@example.org": 1}


def test_an_address_in_other_letters_goes_where_the_server_takes_it() -> None:
    with mail_server() as server, closing(outlet_for(server.port)) as outlet:
        send(outlet, "jörg@example.org")
        assert server.counts == {"jörg@example.org": 1}
        assert "To: jörg@example.org\r\n".encode() in server.got[0].content


def test_a_message_larger_than_the_server_takes_is_not_started() -> None:
    with mail_server(limit=500) as server, closing(outlet_for(server.port)) as outlet:
        failure = failing(outlet)
        assert failure.certainty is Certainty.FOR_GOOD
        assert "500" in failure.reason
        assert not server.whole_texts


# -- reaching it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "no-such-host.invalid"])
def test_a_server_that_can_not_be_reached(host: str) -> None:
    with closing(outlet_for(free_port(), host=host, timeout=1)) as outlet:
        failure = failing(outlet)
        assert failure.certainty is Certainty.NOT_SENT
        assert host in failure.reason
        with pytest.raises(DeliveryFailed):
            outlet.probe()


def test_a_probe_publishes_nothing() -> None:
    with scripted() as script, closing(outlet_for(script.port)) as outlet:
        assert outlet.probe() == "localhost answers, unprotected, on this machine"
    assert [line.split()[0] for line in script.heard] == ["EHLO", "NOOP", "QUIT"]


@pytest.mark.parametrize(("act", "told"), [("421 4.3.2 closing", "closing"), (None, "closed the connection")])
def test_a_probe_of_a_server_that_says_no(act: Act, told: str) -> None:
    with (
        scripted(NOOP=act) as script,
        closing(outlet_for(script.port)) as outlet,
        pytest.raises(DeliveryFailed, match=told),
    ):
        outlet.probe()
