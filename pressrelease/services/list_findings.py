"""What `check` reports about a release's recipient lists, and about changes around it since it was scheduled."""

from __future__ import annotations

from collections.abc import Iterator

from pressrelease.check import Finding, Severity
from pressrelease.release import Release
from pressrelease.services import ServiceContext
from pressrelease.status.views import list_words


def list_findings(context: ServiceContext, release: Release) -> Iterator[Finding]:
    """Yield the problems with the lists that the release would go to, one by one and together."""
    from pressrelease.outlets import complaints

    for name in dict.fromkeys(release.outlets or context.config.default_outlets):
        outlet = context.config.outlets.get(name)
        if outlet is None or not outlet.enabled:
            continue  # reported already
        for complaint in complaints(outlet, context.workspace.folder):
            severity = Severity.ERROR if complaint.in_the_way else Severity.WARNING
            line = release.line_of("outlets")
            yield Finding(release.slug, "recipients", severity, line, f"{name}: {complaint.message}.", complaint.hint)
    yield from _on_two_lists(context, release)


def _on_two_lists(context: ServiceContext, release: Release) -> Iterator[Finding]:
    """Yield findings about reporters who would get the release twice, through two outlets."""
    from pressrelease.outlets import mailboxes_now

    seen: dict[str, str] = {}
    for name in dict.fromkeys(release.outlets or context.config.default_outlets):
        outlet = context.config.outlets.get(name)
        if outlet is None or not outlet.enabled:
            continue
        both: dict[str, int] = {}
        for mailbox in mailboxes_now(outlet, context.workspace.folder):
            if (other := seen.setdefault(mailbox, name)) != name:
                both[other] = both.get(other, 0) + 1
        for other, count in both.items():
            people = "recipient is" if count == 1 else "recipients are"
            words = f"{count} {people} on both lists, {other} and {name}, and would get it twice."
            yield Finding(
                release.slug,
                "recipients_twice",
                Severity.WARNING,
                release.line_of("outlets"),
                words,
                "Take them off one of the lists.",
            )


def since_scheduled(context: ServiceContext, slug: str) -> Iterator[Finding]:
    """Yield what was changed around a scheduled release since, that its file does not show."""
    if not context.store.exists or (release := context.store.read.release(slug)) is None:
        return
    dossier = context.reports([release])[0].dossier
    hint = f"To use the new setting, schedule it again (`pressrelease schedule {slug}`) and have it approved again."
    if dossier.changed:
        words = f"{dossier.changed} after it was scheduled."
        yield Finding(slug, "config_changed", Severity.WARNING, 0, words, hint)
    for words in list_words(dossier.lists):
        yield Finding(slug, "recipients_changed", Severity.WARNING, 0, f"{words}.", hint)
