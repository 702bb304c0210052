"""The kinds of outlet and the keys of each: a row here is validation, sample and documentation at once."""

from __future__ import annotations

from datetime import timedelta

from pressrelease.config.keys import Cover, Key, OutletKind
from pressrelease.config.outlet_values import (
    apprise_address,
    arguments,
    handle,
    headers,
    list_id,
    mail_address_or_empty,
    mail_rules,
    mail_sender,
    mail_server,
    public_folder,
    recipients,
    term,
    unsubscribe,
    variables,
)
from pressrelease.config.settings import OutletConfig
from pressrelease.config.values import (
    address_or_secret,
    duration,
    flag,
    list_of,
    one_of,
    secret,
    text,
    text_or_empty,
    web_address,
    web_address_or_empty,
    whole,
)

#: Where other packages name the kinds of outlet that they bring.
ENTRY_POINTS = "pressrelease.outlets"

#: At every outlet, whatever its kind.
COMMON_KEYS = (
    Key(
        "enabled",
        flag,
        "false switches it off; a release that names it can't be scheduled then",
        default=True,
        covers=Cover.NO,
    ),
    Key(
        "timeout",
        duration(timedelta(seconds=1), timedelta(hours=1)),
        "the longest that one try may take, all in all",
        default=OutletConfig("", "").timeout,
        covers=Cover.NO,
    ),
)

OUTLET_KINDS = (
    OutletKind(
        "newsroom",
        "a public web site of plain files, made by this program",
        (
            Key(
                "path",
                public_folder,
                "the web server's root, a folder of its own",
                default="newsroom",
                covers=Cover.YES,
            ),
            Key(
                "url",
                web_address_or_empty,
                "where the public reads it; links and feeds need it",
                default="",
                sample='"https://news.example.org"',
                covers=Cover.YES,
            ),
        ),
        tells_people=False,
    ),
    OutletKind(
        "email",
        "mail to each recipient by itself, through a mail server",
        (
            Key("host", mail_server, "the mail server", required=True, sample='"smtp.example.org"', covers=Cover.NO),
            Key(
                "port",
                whole(1, 65535),
                "left out: 587 with starttls, 465 with tls, 25 with none",
                sample="587",
                covers=Cover.NO,
            ),
            Key(
                "security",
                one_of("starttls", "tls", "none"),
                "starttls, tls, or none (on this machine only)",
                default="starttls",
                covers=Cover.NO,
            ),
            Key(
                "username",
                text_or_empty,
                "where the server asks for one",
                default="",
                sample='"press"',
                covers=Cover.NO,
            ),
            Key(
                "password",
                secret,
                "with the username",
                secret=True,
                sample='{ env = "PRESSRELEASE_SMTP_PASSWORD" }',
                covers=Cover.NO,
            ),
            Key(
                "from",
                mail_sender,
                "whom it comes from, of a domain that the server may send for",
                required=True,
                sample='"Press Office <press@example.org>"',
                covers=Cover.YES,
            ),
            Key(
                "reply_to",
                mail_address_or_empty,
                "whom reporters answer to",
                default="",
                sample='"media@example.org"',
                covers=Cover.YES,
            ),
            Key(
                "recipients",
                recipients,
                "a list, or a CSV file with an `email` column; nobody sees another's address",
                required=True,
                sample='"media.csv"',
                covers=Cover.YES,
            ),
            Key(
                "list_id",
                list_id,
                "the list's name (RFC 2919)",
                default="",
                sample='"media.example.org"',
                covers=Cover.YES,
            ),
            Key(
                "unsubscribe",
                unsubscribe,
                "where one leaves the list, https or mailto",
                default="",
                sample='"mailto:unsubscribe@example.org"',
                covers=Cover.YES,
            ),
        ),
        tells_people=True,
        rules=mail_rules,
    ),
    OutletKind(
        "webhook",
        "another program, told as Standard Webhooks 1.0.0 says",
        (
            Key(
                "url",
                address_or_secret,
                "where to post; a reference where the address is itself a secret",
                required=True,
                sample='"https://hooks.example.org/press"',
                covers=Cover.YES,
            ),
            Key(
                "secret",
                secret,
                "the signing secret, whsec_… (24 to 64 random bytes in base64)",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_WEBHOOK_SECRET" }',
                covers=Cover.NO,
            ),
            Key(
                "headers",
                headers,
                "more headers; a secret one by reference",
                default={},
                sample='{ "X-Source" = "press office" }',
                covers=Cover.YES,
            ),
        ),
        tells_people=True,
    ),
    OutletKind(
        "wordpress",
        "a post on a WordPress site, by an application password",
        (
            Key(
                "url",
                web_address,
                "the site's address",
                required=True,
                sample='"https://www.example.org"',
                covers=Cover.YES,
            ),
            Key("username", text, "whose application password it is", required=True, sample='"press"', covers=Cover.NO),
            Key(
                "password",
                secret,
                "an application password, not the one that logs in",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_WORDPRESS_PASSWORD" }',
                covers=Cover.NO,
            ),
            Key(
                "categories",
                list_of(term, '["Press releases"]'),
                "by name or number; they must exist",
                default=(),
                sample='["Press releases"]',
                covers=Cover.YES,
            ),
            Key(
                "tags", list_of(term, '["news"]'), "by name or number", default=(), sample='["news"]', covers=Cover.YES
            ),
        ),
        tells_people=False,
    ),
    OutletKind(
        "mastodon",
        "a post with a link, on a Mastodon server",
        (
            Key(
                "url", web_address, "the server", required=True, sample='"https://social.example.org"', covers=Cover.YES
            ),
            Key(
                "token",
                secret,
                "an access token with write:statuses and read:accounts",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_MASTODON_TOKEN" }',
                covers=Cover.NO,
            ),
            Key(
                "visibility",
                one_of("public", "unlisted", "private"),
                "public, unlisted or private",
                default="public",
                covers=Cover.YES,
            ),
        ),
        tells_people=False,
    ),
    OutletKind(
        "bluesky",
        "a post with a link, on Bluesky",
        (
            Key("url", web_address, "the account's own server", default="https://bsky.social", covers=Cover.YES),
            Key(
                "handle",
                handle,
                "the account, without the @",
                required=True,
                sample='"example.bsky.social"',
                covers=Cover.YES,
            ),
            Key(
                "password",
                secret,
                "an app password, not the one that logs in",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_BLUESKY_PASSWORD" }',
                covers=Cover.NO,
            ),
        ),
        tells_people=False,
    ),
    OutletKind(
        "apprise",
        "any of Apprise's services, Slack and Teams among them; it can't say whether a post arrived",
        (
            Key(
                "url",
                apprise_address,
                "the service's address as Apprise writes it; it holds a secret",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_APPRISE_URL" }',
                covers=Cover.YES,
            ),
        ),
        tells_people=True,
    ),
    OutletKind(
        "command",
        "a program of yours, given the release as JSON on its standard input",
        (
            Key(
                "argv",
                arguments,
                "the program and its arguments; no shell reads them",
                required=True,
                sample='["/usr/local/bin/publish"]',
                covers=Cover.YES,
            ),
            Key(
                "env",
                variables,
                "more environment variables for it; a secret one by reference",
                default={},
                covers=Cover.YES,
                sample='{ LEVEL = "info", TOKEN = { env = "PRESSRELEASE_TOKEN" } }',
            ),
        ),
        tells_people=True,
    ),
)


def outlet_kind(name: str) -> OutletKind | None:
    """The kind of that name, or None."""
    return next((kind for kind in OUTLET_KINDS if kind.name == name), None)


def brought_by_others(name: str) -> bool:
    """Whether an installed package brings a kind of that name."""
    from importlib.metadata import entry_points

    return any(True for _ in entry_points(group=ENTRY_POINTS, name=name))
