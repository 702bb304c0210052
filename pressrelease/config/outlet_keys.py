"""The kinds of outlet and the keys of each. Validation, the sample config and the reference page use these rows."""

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
    ntfy_topic,
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

#: The entry point group in which other packages name the kinds of outlet that they provide.
ENTRY_POINTS = "pressrelease.outlets"

#: At every outlet, whatever its kind.
COMMON_KEYS = (
    Key(
        "enabled",
        flag,
        "false switches it off; a release that names it can't be scheduled",
        default=True,
        covers=Cover.NO,
    ),
    Key(
        "timeout",
        duration(timedelta(seconds=1), timedelta(hours=1)),
        "the longest that one try may take",
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
                "its own folder, served by the web server",
                default="newsroom",
                covers=Cover.YES,
            ),
            Key(
                "url",
                web_address_or_empty,
                "its public address; links and feeds need it",
                default="",
                sample='"https://news.example.org"',
                covers=Cover.YES,
            ),
        ),
        opener="pressrelease.outlets.newsroom:open_newsroom",
        public_site=True,
    ),
    OutletKind(
        "email",
        "a separate mail to each recipient, through a mail server",
        (
            Key("host", mail_server, "the mail server", required=True, sample='"smtp.example.org"', covers=Cover.NO),
            Key(
                "port",
                whole(1, 65535),
                "default: 587 with starttls, 465 with tls, 25 with none",
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
                "if the server requires one",
                default="",
                sample='"press"',
                covers=Cover.NO,
            ),
            Key(
                "password",
                secret,
                "the password for that username",
                secret=True,
                sample='{ env = "PRESSRELEASE_SMTP_PASSWORD" }',
                covers=Cover.NO,
            ),
            Key(
                "from",
                mail_sender,
                "the sender, in a domain that the server may send for",
                required=True,
                sample='"Press Office <press@example.org>"',
                covers=Cover.YES,
            ),
            Key(
                "reply_to",
                mail_address_or_empty,
                "where reporters' replies go",
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
                "where a recipient leaves the list, https or mailto",
                default="",
                sample='"mailto:unsubscribe@example.org"',
                covers=Cover.YES,
            ),
        ),
        opener="pressrelease.outlets.email:open_email",
        advance=True,
        recipient_list="pressrelease.outlets.email:LISTS",
        tells_people=True,
        rules=mail_rules,
    ),
    OutletKind(
        "webhook",
        "a signed HTTP request to another program (Standard Webhooks 1.0.0)",
        (
            Key(
                "url",
                address_or_secret,
                "where to post; a reference if the address is itself a secret",
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
                "more headers; a reference if the value is a secret",
                default={},
                sample='{ "X-Source" = "press office" }',
                covers=Cover.YES,
            ),
        ),
        opener="pressrelease.outlets.webhook:open_webhook",
        advance=True,
        tells_people=True,
    ),
    OutletKind(
        "wordpress",
        "a post on a WordPress site, with an application password",
        (
            Key(
                "url",
                web_address,
                "the site's address",
                required=True,
                sample='"https://www.example.org"',
                covers=Cover.YES,
            ),
            Key(
                "username",
                text,
                "the user that the application password belongs to",
                required=True,
                sample='"press"',
                covers=Cover.NO,
            ),
            Key(
                "password",
                secret,
                "an application password, not the login password",
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
        opener="pressrelease.outlets.wordpress:open_wordpress",
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
        opener="pressrelease.outlets.mastodon:open_mastodon",
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
                "an app password, not the login password",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_BLUESKY_PASSWORD" }',
                covers=Cover.NO,
            ),
        ),
        opener="pressrelease.outlets.bluesky:open_bluesky",
    ),
    OutletKind(
        "ntfy",
        "a push notification to everyone who follows a topic on an ntfy server",
        (
            Key("url", web_address, "the server", default="https://ntfy.sh", covers=Cover.YES),
            Key(
                "topic",
                ntfy_topic,
                "the topic's name; a reference if only those who know it should read it",
                required=True,
                sample='"placer-da-releases"',
                covers=Cover.YES,
            ),
            Key(
                "token",
                secret,
                "an access token, if the server requires one to write to the topic",
                secret=True,
                sample='{ env = "PRESSRELEASE_NTFY_TOKEN" }',
                covers=Cover.NO,
            ),
        ),
        opener="pressrelease.outlets.ntfy:open_ntfy",
        tells_people=True,
    ),
    OutletKind(
        "apprise",
        "any of Apprise's services, such as Slack or Teams; it can't show whether a post arrived",
        (
            Key(
                "url",
                apprise_address,
                "the service's address as Apprise writes it; it contains a secret",
                required=True,
                secret=True,
                sample='{ env = "PRESSRELEASE_APPRISE_URL" }',
                covers=Cover.YES,
            ),
        ),
        opener="pressrelease.outlets.apprise:open_apprise",
        tells_people=True,
    ),
    OutletKind(
        "command",
        "your own program, which gets the release as JSON on its standard input",
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
                "more environment variables for it; a reference if the value is a secret",
                default={},
                covers=Cover.YES,
                sample='{ LEVEL = "info", TOKEN = { env = "PRESSRELEASE_TOKEN" } }',
            ),
        ),
        opener="pressrelease.outlets.command:open_command",
        advance=True,
        tells_people=True,
    ),
)


_BY_NAME = {kind.name: kind for kind in OUTLET_KINDS}


def outlet_kind(name: str) -> OutletKind | None:
    """Return the kind of that name, or None."""
    return _BY_NAME.get(name)


def keeps_public_site(outlet: OutletConfig) -> bool:
    """Return whether an outlet is a public web site of files, in the folder `path` and read at `url`."""
    kind = outlet_kind(outlet.type)
    return kind is not None and kind.public_site


def brought_by_others(name: str) -> bool:
    """Return whether an installed package provides a kind of that name."""
    from importlib.metadata import entry_points

    return any(True for _ in entry_points(group=ENTRY_POINTS, name=name))
