"""Mail over TLS with a login: what is checked before a password leaves."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import trustme
from mail_server import Act, MailServer, free_port, mail_server, scripted
from mail_sessions import PASSWORD, at_once, failing, outlet_for, send
from mails import KEY, MESSAGE

from pressrelease.config import SecretReference, SecretSource
from pressrelease.message import Enclosure
from pressrelease.outlets.email import Email
from pressrelease.release.delivery import Certainty, DeliveryFailed

# -- security -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """An authority that this process's OpenSSL trusts."""
    with authority.cert_pem.tempfile() as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        yield authority


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_mail_trusts_the_authorities_that_http_trusts(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with secured(authority, implicit=True) as (_, outlet), pytest.raises(DeliveryFailed, match="SSL_CERT_FILE"):
        outlet.probe()
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with authority.cert_pem.tempfile() as path:
        monkeypatch.setenv(variable, path)
        with secured(authority, implicit=True) as (_, outlet):
            assert "its certificate is good" in outlet.probe()


@contextmanager
def secured(authority: trustme.CA, *, implicit: bool, **options: Any) -> Iterator[tuple[MailServer, Email]]:
    """A server with a certificate, and an outlet that logs in there."""
    secret = SecretReference(SecretSource.ENV, "PASSWORD")
    with (
        mail_server(authority=authority, implicit_tls=implicit, passwords={"press": PASSWORD}, **options) as server,
        closing(
            outlet_for(server.port, security="tls" if implicit else "starttls", username="press", password=secret)
        ) as outlet,
    ):
        yield server, outlet


@pytest.mark.parametrize("implicit", [True, False])
def test_over_tls_with_a_login(trusted: trustme.CA, implicit: bool) -> None:
    with secured(trusted, implicit=implicit) as (server, outlet):
        assert outlet.probe() == "localhost answers, its certificate is good, press is logged in"
        assert at_once(outlet, 6) == [None] * 6
        assert len(server.got) == 6
        assert server.logins == server.sessions
        assert not server.got[0].content.count(PASSWORD.encode())


@pytest.mark.parametrize("implicit", [True, False])
def test_a_large_message_over_tls(trusted: trustme.CA, implicit: bool) -> None:
    big = replace(MESSAGE, enclosures=(Enclosure("big.pdf", "application/pdf", b"%PDF" * 250_000),))
    with secured(trusted, implicit=implicit) as (server, outlet):
        send(outlet, message=big)
        assert server.got[0].content == outlet.prepare(big, key=KEY, recipient="jane@example.org").content


@pytest.mark.parametrize("implicit", [True, False])
def test_a_certificate_that_nobody_vouches_for_gets_no_password(authority: trustme.CA, implicit: bool) -> None:
    with secured(authority, implicit=implicit) as (server, outlet):
        failure = failing(outlet)
        assert failure.certainty is Certainty.NOT_SENT
        assert "certificate" in failure.reason
        assert (server.logins, server.whole_texts) == (0, {})


@pytest.mark.parametrize("implicit", [True, False])
def test_a_certificate_for_another_name_gets_no_password(trusted: trustme.CA, implicit: bool) -> None:
    with secured(trusted, implicit=implicit, name="mail.example.org") as (server, outlet):
        assert "another name" in failing(outlet).reason
        assert (server.logins, server.whole_texts) == (0, {})


def test_a_stripped_starttls_is_never_answered_in_plain_text() -> None:
    with scripted(EHLO="250-mail.example.org\r\n250 AUTH PLAIN LOGIN") as script:
        secret = SecretReference(SecretSource.ENV, "PASSWORD")
        with closing(outlet_for(script.port, security="starttls", username="press", password=secret)) as outlet:
            failure = failing(outlet)
    assert failure.certainty is Certainty.FOR_GOOD
    assert "STARTTLS" in failure.reason
    assert [line.split()[0] for line in script.heard] == ["EHLO"]


def test_what_was_slipped_in_behind_starttls_is_not_believed() -> None:
    acts: dict[str, Act] = {"EHLO": "250-mail\r\n250 STARTTLS", "STARTTLS": "220 go on\r\n250-mail\r\n250 AUTH PLAIN"}
    with scripted(**acts) as script, closing(outlet_for(script.port, security="starttls")) as outlet:
        failure = failing(outlet)
    assert failure.certainty is Certainty.NOT_SENT
    assert [line.split()[0] for line in script.heard] == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize(
    ("answer", "certainty"),
    [("535 5.7.8 bad credentials cHJlc3M=", Certainty.FOR_GOOD), ("454 4.7.0 later", Certainty.NOT_SENT)],
)
def test_a_refused_login_is_reported_without_the_servers_words_and_not_repeated(
    answer: str, certainty: Certainty
) -> None:
    with scripted(EHLO="250-mail\r\n250 AUTH PLAIN", AUTH=answer) as script:
        secret = SecretReference(SecretSource.ENV, "PASSWORD")
        with closing(outlet_for(script.port, username="press", password=secret)) as outlet:
            outcomes = at_once(outlet, 10)
    assert {failure.certainty for failure in outcomes if failure} == {certainty}
    assert None not in outcomes
    assert {failure.credentials for failure in outcomes if failure} == {certainty is Certainty.FOR_GOOD}
    assert not any("cHJlc3M" in failure.reason or PASSWORD in failure.reason for failure in outcomes if failure)
    assert sum(line.startswith("AUTH") for line in script.heard) <= 2  # an account is soon locked


def test_a_login_in_two_steps() -> None:
    answers = iter(["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 welcome"])

    def login(connection: socket.socket) -> None:
        for answer in answers:
            connection.sendall(answer.encode() + b"\r\n")
            if answer.startswith("334"):
                connection.recv(200)

    with scripted(EHLO="250-mail\r\n250 AUTH LOGIN", AUTH=login) as script:
        secret = SecretReference(SecretSource.ENV, "PASSWORD")
        with closing(outlet_for(script.port, username="press", password=secret)) as outlet:
            send(outlet)
    assert len(script.texts) == 1


def test_a_password_is_not_shown_with_the_server_it_is_for() -> None:
    secret = SecretReference(SecretSource.ENV, "PASSWORD")
    with closing(outlet_for(free_port(), username="press", password=secret)) as outlet:
        assert PASSWORD not in repr(outlet._server)


def test_a_server_without_a_login_that_we_know() -> None:
    with scripted(EHLO="250-mail\r\n250 AUTH GSSAPI") as script:
        secret = SecretReference(SecretSource.ENV, "PASSWORD")
        with closing(outlet_for(script.port, username="press", password=secret)) as outlet:
            assert failing(outlet).certainty is Certainty.FOR_GOOD
    assert not any(line.startswith("AUTH") for line in script.heard)
