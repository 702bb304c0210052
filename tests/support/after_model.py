"""Corrections, kills, advance copies, alternates: the rules as a model, explored through every interleaving.

What one recipient of one outlet gets of one release is a CHAIN of messages, each with a row of its own:

    V1 (the release, or its advance copy)  <  V2  <  V3 (corrections; to advance copies a moved lift too)  <  W

W is the withdrawal. Recipients share nothing but what senders only read (the word, the stop, the versions), so one is
enough. The rules:

 1. newest   Only the newest message in force may be claimed; what is older and unclaimed is canceled by the same
             transaction that puts the newer one in force. A correction that waits for its approval pauses the older.
 2. order    It is claimed only when nothing older is `sending`, and when what older senders left without an answer has
             had its time to arrive (the lease, then the outlet's settling time): the model's `air` is empty of it.
 3. form     Publish, correct or withdraw is decided by the claim, from what the older rows are by then: they have or
             may have one: correct, withdraw. Surely none: publish, and a withdrawal is canceled. A repeat of what is
             itself in doubt says the same again.
 4. twice    All of that is asked at the claim and again just before the first byte. A withdrawal asks for no lift, no
             approval, no clearance, and neither stop nor hold keeps it.
 5. open     "May have it" is a count that lasts, beside the state: each claim adds one; only a sure no to that very
             claim, or its being given back unsent, takes it off. A death, a lapsed lease, `settle --drop` and
             `settle --resend` do not. A claim's number is never used twice.
 6. revive   No answer and no claim given back revives what was overtaken: it ends canceled, failed or in doubt.
 7. refused  Whom an outlet refused for good gets nothing more by itself; `retry` sends the newest version only.

`after_stories.py` explores these rules, then breaks them one at a time and shows each shortest counterexample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

NONE, WAITING, SENDING, RETRYING = "-", "waiting", "sending", "retrying"
DELIVERED, FAILED, DOUBT, CANCELED = "delivered", "failed", "in_doubt", "canceled"
UNSENT = (WAITING, RETRYING)
GO, HELD, KILLED = "go", "held", "killed"
TRIES = 2  # how often a row is tried without a person's word


class Outlet(NamedTuple):
    """`tell`: how a repeat is told. "no"; "id": the receiver remembers it; "place": it is written again at its place.

    `fence`: the outlet itself refuses what is older than what it has (a newsroom under its lock, a compare-and-swap).
    """

    name: str
    tell: str
    fence: bool = False


class Row(NamedTuple):
    state: str = NONE
    open: int = 0  # claims that nothing sure has ended: while there are any, it may have arrived (rule 5)
    claims: int = 0  # names a claim; never counted back
    tries: int = 0  # claims less those given back
    said: int = 0  # how often a person said "send it again"
    form: str = ""  # what it went as


class Sender(NamedTuple):
    row: int
    claim: int
    stage: str  # claimed, past (the guard; with a gap only), sent; then the answer in hand: yes, no, never, unsure
    found: str  # the state that its claim found: kept here, since a later claim would overwrite it in the row


class State(NamedTuple):
    time: int  # 0 early, 1 the hour of advance copies, 2 lifted
    rows: tuple[Row, ...]
    senders: tuple[Sender | None, ...]
    got: tuple[int, ...]  # arrivals, by row
    left: tuple[tuple[str, int], ...]  # how much misfortune, and how many words of people, are left
    air: tuple[tuple[int, int], ...] = ()  # (row, claim): bytes on their way
    top: int = -1  # what arrived last
    word: str = GO
    stopped: bool = False
    cleared: bool = True
    frozen: int = 1  # versions frozen
    force: int = 1  # the newest that is approved and due


class Violation(Exception):
    """What must never be."""


class Model:
    """One recipient. `need` is the hour that it waits for, `wrong` names the rule that is broken."""

    def __init__(
        self,
        outlet: Outlet,
        *,
        versions: int = 1,
        need: int = 2,
        start: int = 2,
        wrong: str = "",
        gap: bool = False,
        **budget: int,
    ) -> None:
        self.outlet, self.need, self.wrong, self.gap = outlet, need, wrong, gap
        self.last = versions  # the row of W
        rows = (Row(WAITING), *[Row()] * versions)
        self.start = State(start, rows, (None, None), (0,) * len(rows), tuple(sorted(budget.items())))

    # -- the rules ----------------------------------------------------------------------------------------------

    def newest(self, s: State) -> int:
        return self.last if s.word == KILLED else s.force - 1

    def anyone(self, s: State, i: int) -> bool:
        """Whether this recipient has, or may have, anything older than message `i`."""
        if self.wrong == "only the delivered have it":
            return any(row.state == DELIVERED for row in s.rows[:i])
        return any(row.state == DELIVERED or row.open for row in s.rows[:i])

    def form(self, s: State, i: int, doubts: int) -> str:
        """What message `i` goes as; `doubts` of its own claims are without an answer."""
        if i == self.last:
            return "withdraw" if self.anyone(s, i) or self.wrong == "the list of a kill is final" else "nothing"
        if doubts or (self.wrong == "the form is fixed by `correct`" and s.rows[i].form):
            return s.rows[i].form
        return "correct" if self.anyone(s, i) else "publish"

    def may_leave(self, s: State, i: int) -> bool:
        """What the claim and the moment before the first byte both ask."""
        if i == self.last:
            return s.word == KILLED and not (self.wrong == "a stop holds a withdrawal" and s.stopped)
        asked = s.word == GO and not s.stopped and s.cleared and s.time >= self.need
        if self.wrong == "an old doubt is asked again" and s.rows[i].open > (s.rows[i].state == SENDING):
            return asked
        return asked and i == self.newest(s) and s.frozen == s.force

    def claimable(self, s: State, i: int) -> bool:
        row = s.rows[i]
        again = row.state == DOUBT and self.outlet.tell != "no" and row.tries < TRIES
        if not (row.state in UNSENT or again) or not self.may_leave(s, i):
            return False
        if any(older.state == SENDING for older in s.rows[:i]) and self.wrong != "a newer message does not wait":
            return False
        waited_for = {(r, row.claims) for r, row in enumerate(s.rows) if row.state == SENDING}
        loose = any(parcel[0] < i and parcel not in waited_for for parcel in s.air)
        return not loose or self.wrong == "no settling time after a death"

    def back(self, s: State, i: int, state: str, unless: str) -> str:
        """The state that an unsent message goes back to: what was overtaken does not come back to life."""
        return CANCELED if state in UNSENT and i != self.newest(s) and self.wrong != unless else state

    def give_back(self, s: State, x: Sender) -> State:
        """Surely nothing left. It settles its own doubt too, where a pass took the sender for dead meanwhile."""
        row = s.rows[x.row]
        row = row._replace(open=row.open - 1, tries=row.tries - 1)
        if row.claims == x.claim and row.state in (SENDING, DOUBT):
            row = row._replace(state=self.back(s, x.row, x.found, "a claim given back waits again"))
        return self.tidy(put(s, x.row, row))

    def record(self, s: State, x: Sender) -> State:
        """An answer. Where its claim stands no more, it still counts for what the recipient has."""
        row = s.rows[x.row]
        stands = row.claims == x.claim
        if x.stage in ("no", "never"):
            row = row._replace(open=0 if self.wrong == "a sure no ends an older doubt" else row.open - 1)
        if x.stage == "yes":
            row = row._replace(state=DELIVERED if stands or row.state != SENDING else SENDING)
        elif stands and row.state in (SENDING, DOUBT):
            again = self.back(s, x.row, RETRYING, "a sure no is tried again whatever came after")
            refused = x.stage == "never" or row.tries >= TRIES
            row = row._replace(state=DOUBT if row.open else FAILED if refused else again)
        return self.tidy(put(s, x.row, row))

    def tidy(self, s: State) -> State:
        """After each answer: a withdrawal is due to exactly those who have or may have it; the refused are let be."""
        i = self.newest(s)
        row = s.rows[i]
        if s.word == KILLED and row.state in (NONE, CANCELED, WAITING) and not row.claims:
            row = row._replace(state=WAITING if self.form(s, i, 0) == "withdraw" else CANCELED)
        refused = any(older.state == FAILED for older in s.rows[:i]) and not (row.said or row.open or self.anyone(s, i))
        if s.word != KILLED and row.state in UNSENT and refused and self.wrong != "a correction tries the refused":
            row = row._replace(state=FAILED)
        return put(s, i, row)

    def kill(self, s: State) -> State:
        rows = [row._replace(state=CANCELED) if row.state in UNSENT else row for row in s.rows]
        if self.wrong == "a kill cancels what is being sent":
            rows = [row._replace(state=CANCELED, open=0) if row.state == SENDING else row for row in rows]
        due = WAITING if self.anyone(s._replace(rows=tuple(rows)), self.last) else CANCELED
        return s._replace(word=KILLED, rows=(*rows[:-1], rows[-1]._replace(state=due)))

    def freeze(self, s: State) -> State:
        i = s.force
        return put(s._replace(frozen=i + 1), i, s.rows[i]._replace(form=self.form(s, i, 0)))

    def put_in_force(self, s: State) -> State:
        i = s.frozen - 1
        rows = [row._replace(state=CANCELED) if row.state in UNSENT else row for row in s.rows[:i]]
        s = s._replace(force=s.frozen, rows=(*rows, s.rows[i]._replace(state=WAITING), *s.rows[i + 1 :]))
        return self.tidy(s)

    # -- what happens by itself: passes, senders, the outlet, the clock ------------------------------------------

    def name(self, i: int) -> str:
        return "W" if i == self.last else f"V{i + 1}"

    def program(self, s: State) -> Iterator[tuple[str, State]]:
        if s.time < 2:
            yield "the hour comes", s._replace(time=s.time + 1)
        for k, x in enumerate(s.senders):
            if x is not None:
                yield self.act(s, k, x)
                continue
            for i, row in enumerate(s.rows):
                if self.claimable(s, i):
                    form = self.form(s, i, row.open)
                    if form == "nothing":
                        yield "W: nobody to withdraw from", put(s, i, row._replace(state=CANCELED))
                        continue
                    after = Row(SENDING, row.open + 1, row.claims + 1, row.tries + 1, row.said, form)
                    taken = seat(put(s, i, after), k, Sender(i, after.claims, "claimed", row.state))
                    yield f"{self.name(i)}: claimed by {k} as {form}", taken
        for parcel in s.air:
            yield from self.land(s, *parcel)
        for i, row in enumerate(s.rows):
            if row.state == SENDING and not any(x and (x.row, x.claim) == (i, row.claims) for x in s.senders):
                yield f"{self.name(i)}: its sender is found dead: in doubt", put(s, i, row._replace(state=DOUBT))

    def act(self, s: State, k: int, x: Sender) -> tuple[str, State]:
        row, name = s.rows[x.row], self.name(x.row)
        if x.stage == "claimed":
            may = row.state == SENDING and row.claims == x.claim and self.may_leave(s, x.row)
            if not (may and self.form(s, x.row, row.open - 1) == row.form) and self.wrong != "asked at the claim only":
                return f"{name}: {k} is refused by the guard, gives back", self.give_back(seat(s, k, None), x)
            if self.gap:
                return f"{name}: {k} passes the guard", seat(s, k, x._replace(stage="past"))
        if x.stage in ("claimed", "past"):
            self.check_first_byte(s, x.row)
            sent = seat(s, k, x._replace(stage="sent"))
            return f"{name}: {k} sends the first byte", sent._replace(air=tuple(sorted({*s.air, x[:2]})))
        if x.stage == "sent":
            return f"{name}: {k} hears nothing", seat(s, k, x._replace(stage="unsure"))
        return f"{name}: {k} records {x.stage}", self.record(seat(s, k, None), x)

    def land(self, s: State, i: int, claim: int) -> Iterator[tuple[str, State]]:
        rest = s._replace(air=tuple(parcel for parcel in s.air if parcel != (i, claim)))

        def told(state: State, answer: str) -> State:
            for k, x in enumerate(state.senders):
                if x and x[:3] == (i, claim, "sent"):
                    state = seat(state, k, x._replace(stage=answer))
            return state

        if self.outlet.fence and any(s.got[i + 1 :]):
            yield f"{self.name(i)}: kept out by the fence", told(rest, "no")
            return
        yield f"{self.name(i)}: ARRIVES", told(self.arrive(rest, i), "yes")
        yield f"{self.name(i)}: refused for now", told(rest, "no")
        if i != self.last:
            yield f"{self.name(i)}: refused for good", told(rest, "never")

    # -- misfortune, and people ----------------------------------------------------------------------------------

    def people(self, s: State) -> Iterator[tuple[str, State]]:
        found: list[tuple[str, str, Callable[[State], State]]] = []  # what it costs, what it is called, what it does

        def can(cost: str, name: str, change: Callable[[State], State]) -> None:
            found.append((cost, name, change))

        if s.word != KILLED:
            can("kill", "KILL", self.kill)
            if s.word == GO:
                can("hold", "hold", lambda t: t._replace(word=HELD))
            if s.frozen < self.last and any(row.claims for row in s.rows):
                can("correct", "correct", self.freeze)
            if s.frozen > s.force:
                can("", "approves the correction", self.put_in_force)
                can("", "unschedules the correction", lambda t: t._replace(frozen=t.force))
        if s.word == HELD:
            can("", "resume", lambda t: t._replace(word=GO))
            if not any(s.got):
                can("later", "resume --at later", lambda t: t._replace(word=GO, time=self.need - 1))
        can("" if s.stopped else "stop", "stop, or its end", lambda t: t._replace(stopped=not t.stopped))
        can("expire" if s.cleared else "", "clear, or its end", lambda t: t._replace(cleared=not t.cleared))
        for i, row in enumerate(s.rows):
            overtaken, name = i != self.newest(s), self.name(i)
            if row.state == DOUBT and (overtaken or self.outlet.tell == "no" or row.tries >= TRIES):
                drop = row._replace(state=CANCELED, open=0 if self.wrong == "drop forgets the doubt" else row.open)
                can("settle", f"settle {name} --drop", partial(put, i=i, row=drop))
            if row.state in (DOUBT, FAILED) and not overtaken:
                more = row._replace(state=RETRYING, said=row.said + 1)
                more = more._replace(open=0) if self.wrong == "resend forgets the doubt" else more
                can("settle", f"{name} again", partial(put, i=i, row=more))
        for k, x in enumerate(s.senders):
            if x is not None:
                can("crash", f"{k} DIES at {x.stage}", partial(seat, k=k, sender=None))
                row = s.rows[x.row]
                if row.state == SENDING and row.claims == x.claim:
                    lapsed = row._replace(state=DOUBT)
                    words = f"{k} is SUSPENDED at {x.stage}, its lease lapses: {self.name(x.row)} in doubt"
                    can("lapse", words, partial(put, i=x.row, row=lapsed))
        left = dict(s.left)
        for cost, name, change in found:
            if not cost or left.get(cost):
                less = tuple(sorted({**left, cost: left[cost] - 1}.items())) if cost else s.left
                yield f"({name})", change(s._replace(left=less))

    # -- what must never be --------------------------------------------------------------------------------------

    def check_first_byte(self, s: State, i: int) -> None:
        row, older = s.rows[i], sum(row.open for row in s.rows[:i])  # its own claim is one of row.open
        alone = row.open < 2 and not self.gap
        if i == self.last:
            wrong = {"a withdrawal goes to somebody who surely never had it": not older and not self.gap}
        else:
            wrong = {
                "EARLY: a first byte before its hour": s.time < self.need,
                "a first byte without its clearance": not s.cleared,
                "something of a killed release leaves": s.word == KILLED and not self.gap,
                "a first one to somebody who may have an earlier": row.form == "publish" and bool(older) and alone,
                "a CORRECTION to somebody who never had it": row.form == "correct" and not older and alone,
                "one whom the outlet refused for good is sent to again, without a person's word": (
                    any(r.state == FAILED and not r.said for r in s.rows[:i]) and alone and not (older or row.said)
                ),
            }
        for words, is_so in wrong.items():
            if is_so:
                raise Violation(words)

    def arrive(self, s: State, i: int) -> State:
        known = s.got[i] > 0
        if known and (self.outlet.tell == "id" or (self.outlet.tell == "place" and s.top == i)):
            return s  # told apart: nothing changes
        if i != self.last and s.got[self.last]:
            raise Violation("something of the release ARRIVES AFTER ITS WITHDRAWAL")
        if i != self.last and any(s.got[i + 1 : self.last]):
            raise Violation("an original ARRIVES AFTER ITS CORRECTION")
        if known and self.outlet.tell == "no" and s.got[i] > s.rows[i].said:
            raise Violation("it arrives TWICE without a person's word")
        return s._replace(got=(*s.got[:i], min(s.got[i] + 1, 3), *s.got[i + 1 :]), top=i)

    def check_rest(self, s: State) -> None:
        """Nothing more happens by itself: then all is settled, or a person can see why not."""
        i = self.newest(s)
        row, moving = s.rows[i], (*UNSENT, SENDING)
        told = s.word != KILLED and (s.word == HELD or s.stopped or s.frozen > s.force or not s.cleared)
        if any(older.state in moving for older in s.rows[:i]):
            raise Violation("STUCK: an overtaken row that nothing will ever end")
        if row.state in moving and not told:
            raise Violation("STUCK: nothing will send it, and nobody is told")
        if s.word == KILLED and any(s.got[: self.last]) and row.state in (NONE, CANCELED) and not row.claims:
            raise Violation("LOST: it has the release, and no withdrawal is due")


def put(s: State, i: int, row: Row) -> State:
    return s._replace(rows=(*s.rows[:i], row, *s.rows[i + 1 :]))


def seat(s: State, k: int, sender: Sender | None) -> State:
    return s._replace(senders=(*s.senders[:k], sender, *s.senders[k + 1 :]))
