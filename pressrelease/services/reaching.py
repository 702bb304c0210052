"""The outlets of a workspace: what each is, what it can do, and, if asked, whether it can be reached.

Each is opened and reached by itself: one whose secret is missing, or that hangs, hides no other's answer.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pressrelease.config import OutletConfig
from pressrelease.errors import ConfigRefused, NeedsPerson, NotFound, PressReleaseError, WillRetry
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Repeats
from pressrelease.services import ServiceContext
from pressrelease.store.circuit import ClosedOutlet, closed_outlets, open_outlet_again
from pressrelease.system import clock
from pressrelease.system.log import frames
from pressrelease.when import rfc3339, say_span

#: Seconds that an outlet is waited for beyond its own timeout: some ask twice.
PATIENCE = 5.0


@dataclass(frozen=True)
class OutletFacts:
    """What is known of one outlet.

    `repeats` and `abilities` are None if it can't be opened, with the reason in `trouble`. `recipients` is how many
    there are on its list, None if it is one place. `reached` is None if nobody asked; `found` is then "". `exit_code`
    is what not reaching it means: 75 later, 10 a person, 78 its table or secrets.
    """

    name: str
    kind: str
    enabled: bool
    repeats: Repeats | None = None
    abilities: Abilities | None = None
    recipients: int | None = None
    trouble: str = ""
    closed: ClosedOutlet | None = None
    reached: bool | None = None
    found: str = ""
    exit_code: int = 0


def outlet_facts(context: ServiceContext, names: Collection[str] = (), *, test: bool = False) -> list[OutletFacts]:
    """Return the outlets named, or all, in the order of config.toml.

    With `test` each is reached, publishing nothing. One that was closed over its credentials and can be reached is
    opened. Raises NotFound for a name that config.toml doesn't have.
    """
    outlets = context.config.outlets
    for name in names:
        if name not in outlets:
            known = sorted(outlets)
            raise NotFound(
                f"There is no outlet {name}.",
                hint=f"config.toml has {', '.join(known)}." if known else "config.toml has none.",
                code="no_such_outlet",
                candidates=known,
            )
    closed = closed_outlets(context.store.read) if context.store.exists else {}
    chosen = [configured for name, configured in outlets.items() if not names or name in names]
    asked = _all_at_once(context, chosen, test=test)
    facts = [replace(one, closed=closed.get(one.name)) for one in asked]
    opened = [one.name for one in facts if one.reached and one.closed is not None]
    if opened and not context.dry_run:
        with context.ledger() as ledger:
            for name in opened:
                open_outlet_again(ledger, name, why="it answered, and accepted the credentials")
        facts = [replace(one, closed=None) if one.name in opened else one for one in facts]
    return facts


def _all_at_once(context: ServiceContext, chosen: Sequence[OutletConfig], *, test: bool) -> list[OutletFacts]:
    answers: dict[str, OutletFacts] = {}

    def ask(configured: OutletConfig) -> None:
        answers[configured.name] = _asked(context, configured, test=test)

    threads = [threading.Thread(target=ask, args=(configured,), daemon=True) for configured in chosen]
    begun = clock.pause_clock()
    for thread in threads:
        thread.start()
    for configured, thread in zip(chosen, threads, strict=True):
        longest = configured.timeout.total_seconds() + PATIENCE
        thread.join(max(0.0, begun + longest - clock.pause_clock()))
        if configured.name not in answers:
            words = f"it did not answer within {longest:.0f} s"
            known = OutletFacts(configured.name, configured.type, configured.enabled)
            answers[configured.name] = replace(known, reached=False, found=words, exit_code=WillRetry.exit_code)
    return [answers[configured.name] for configured in chosen]


def _asked(context: ServiceContext, configured: OutletConfig, *, test: bool) -> OutletFacts:
    """Return one outlet's facts, including any error."""
    from pressrelease.outlets import open_outlet

    facts = OutletFacts(configured.name, configured.type, configured.enabled)
    workspace = context.workspace
    try:
        outlet = open_outlet(configured, context.config.office, workspace.folder, workspace.secret)
        try:
            facts = replace(facts, repeats=outlet.repeats, abilities=outlet.abilities)
            people = outlet.recipients()
            facts = replace(facts, recipients=None if people == ("",) else len(people))
            if not test:
                return facts
            found = outlet.probe()
            return replace(facts, reached=True, found=found, repeats=outlet.repeats)  # it may know better by now
        finally:
            outlet.close()
    except DeliveryFailed as failure:
        for_a_person = failure.credentials or failure.certainty is Certainty.FOR_GOOD
        code = NeedsPerson.exit_code if for_a_person else WillRetry.exit_code
        return replace(facts, reached=False, found=failure.reason, exit_code=code)
    except ConfigRefused as refused:
        trouble = "; ".join(problem.message for problem in refused.problems)
    except PressReleaseError as error:
        trouble = error.message
    except Exception as fault:  # noqa: BLE001  (one kind's fault must not hide the others' answers)
        _log_fault(configured.name, fault)
        trouble = f"this outlet's part of the program failed ({type(fault).__name__})"
        return replace(
            facts, trouble=trouble, reached=False if test else None, exit_code=NeedsPerson.exit_code if test else 0
        )
    return replace(
        facts, trouble=trouble, reached=False if test else None, exit_code=ConfigRefused.exit_code if test else 0
    )


def _log_fault(name: str, fault: Exception) -> None:
    import logging

    logging.getLogger(__name__).error("asking %s: %s", name, frames(fault))


# -- in words ------------------------------------------------------------------------------------------------


def facts_json(facts: OutletFacts) -> dict[str, Any]:
    """Return one element of `outlets` in the JSON answer; what is unknown because it can't be opened is null."""
    repeats, able, closed = facts.repeats, facts.abilities, facts.closed
    return {
        "name": facts.name,
        "type": facts.kind,
        "enabled": facts.enabled,
        "recipients": facts.recipients,
        "tells_repeats": repeats.told_apart if repeats else None,
        "tells_repeats_s": int(repeats.within.total_seconds()) if repeats and repeats.within else None,
        "can_correct": able.correct if able else None,
        "can_withdraw": able.withdraw if able else None,
        "can_be_proven": able.provable if able else None,
        "closed": {"reason": closed.reason, "at": rfc3339(closed.at)} if closed else None,
        "reached": facts.reached,
        "found": facts.found,
        "trouble": facts.trouble or None,
    }


def ability_lines(facts: OutletFacts) -> list[str]:
    """Return what an outlet can do, in sentences without their full stops."""
    repeats, able = facts.repeats, facts.abilities
    if repeats is None or able is None:
        return []
    from pressrelease.outlets.follow_up_words import follow_up_words

    span = f" for {say_span(repeats.within)}" if repeats.within else ""
    return [
        f"recognizes a repeat{span}: if sending is interrupted, it is tried again by itself"
        if repeats.told_apart
        else "if sending is interrupted, the program looks there before it sends again"
        if repeats.findable
        else "can't recognize a repeat: if sending is interrupted, you decide whether to send again",
        *follow_up_words(facts.kind, able),
        "can be checked afterward"
        if able.provable
        else "can't be checked afterward: the only proof is that it accepted the message",
    ]


def state_words(facts: OutletFacts) -> str:
    """Return an outlet's current state; "" if there is nothing to report."""
    words = []
    if not facts.enabled:
        words.append("switched off")
    if facts.closed is not None:
        words.append(
            f"LOGIN REJECTED: {facts.closed.reason}. Sending is paused until you fix the credentials or --test succeeds"
        )
    if facts.trouble:
        words.append(f"CAN'T BE USED: {facts.trouble}")
    elif facts.reached is not None:
        words.append(f"{'reached' if facts.reached else 'NOT REACHED'}: {facts.found}")
    return "; ".join(words)
