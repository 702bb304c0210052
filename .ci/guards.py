"""Take out each guard of the sending engine, one at a time, and see that some test turns red.

    python .ci/guards.py             every guard, as many at a time as there are processors; exit 1 if one goes unnoticed
    python .ci/guards.py lift        only those whose name has "lift" in it

A guard is named by the place in the source that holds it. The package is copied with that place taken out, and the
tests named are run on the copy until the first that fails. A place that is no longer found is an error too: the
guard was moved, and this table must follow it.
"""

# ruff: noqa: E501, PLC0415, S101, T201

from __future__ import annotations

import importlib
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Seconds for the tests of one guard.
TIMEOUT = 170
#: How many of the slowest are listed at the end.
SLOWEST = 20
#: What is loaded before the first fork: nearly all of what a run would need a second for.
LOADED = """
    pytest _pytest.assertion.rewrite xdist.plugin pytest_timeout hypothesis.stateful hypothesis.extra.pytestplugin
    sqlalchemy.dialects.sqlite sqlalchemy.dialects.postgresql.psycopg psycopg requests rich.console rich.table
    typer.testing apscheduler.schedulers.background yaml markdown_it nh3 dateutil.parser standardwebhooks
""".split()

#: Only SQLite: what is taken out here stands in front of both databases.
STORE = ("tests/store/test_store.py", "-k", "not postgresql")
CYCLE = ("tests/publishing/test_cycle.py",)
BRAKES = ("tests/services/test_brakes.py",)
LIFTS = ("tests/services/test_lifts.py",)
SAME_LIFT = ("tests/services/test_same_lift.py",)
LATENESS = ("tests/publishing/test_lateness.py", "-k", "not postgresql")
SETTLING = ("tests/services/test_settling.py", "-k", "not killed_at_70 and not awk")
CIRCUIT = ("tests/publishing/test_circuit.py", "-k", "not postgresql")
STOPFILE = ("tests/system/test_stopfile.py",)
APPROVALS = ("tests/services/test_approvals.py", "-k", "not postgresql")
ALIVE = ("tests/services/test_alive.py",)
SETTINGS = ("tests/publishing/test_frozen_settings.py",)
UNLIFTED = ("tests/whole/test_unlifted_slug.py",)
FOUR_EYES = ("tests/signing/test_four_eyes.py",)
TAMPERING = ("tests/store/test_tampering.py", "-k", "not postgresql")
ZONES = ("tests/when/test_zone_rules.py", "-k", "not postgresql and not leaves_at_the_hour")
ORIGIN = ("tests/store/test_origin.py", "-k", "not server")
SIMULATOR = ("tests/whole/test_simulator.py", "-k", "by_chance or jumped or last_moment or after_a_crash")


@dataclass(frozen=True)
class Guard:
    """A guard: where it is, what it becomes, and the tests of which one must turn red."""

    name: str
    file: str
    holds: str
    becomes: str
    tests: tuple[str, ...]


GUARDS = (
    # -- what may have arrived ----------------------------------------------------------------------------
    Guard("looked for before a second send", "publishing/cycle.py",
          "if delivery.may_have_arrived and self._repeats(delivery.outlet).findable:", "if False:",
          (*CYCLE, "-k", "looked_for")),
    Guard("left alone until its server has settled", "publishing/cycle.py",
          "moment = now + self._repeats(delivery.outlet).settle", "moment = now", (*CYCLE, "-k", "looked_for")),
    Guard("mastodon: only itself keeps keys", "outlets/mastodon/outlet.py",
          "if self._software is not None and self._software.keeps_keys:", "if True:", ("tests/outlets/test_mastodon.py",)),
    Guard("wordpress: the address shows it", "outlets/wordpress/outlet.py",
          "        self._must_be_shown(draft, post, deadline, new=before is None)\n", "", ("tests/outlets/test_wordpress.py",)),
    Guard("newsroom: only over its own lists", "outlets/newsroom/outlet.py",
          "                self._guard.must_be_ours(root, lambda: any(self._published(root)))\n", "",
          ("tests/outlets/test_newsroom_guard.py",)),
    Guard("newsroom: only into the folder that held it", "outlets/newsroom/guard.py",
          "if INDEX not in self._ours and self._held_pages() and not has_pages():", "if False:",
          ("tests/outlets/test_newsroom_guard.py",)),
    Guard("a kind of others: no receipt is a doubt", "outlets/guarded.py",
          "        return self._receipt(told)\n\n    def find", "        return told\n\n    def find",
          ("tests/outlets/test_third_party_nonsense.py",)),
    Guard("mastodon: looks before the key", "outlets/mastodon/outlet.py",
          "            return self._look(parcel.prepared, since, deadline)", "            return None",
          ("tests/outlets/test_mastodon.py",)),
    # -- the claim ----------------------------------------------------------------------------------------
    Guard(
        "one claim a delivery", "store/claims.py",
        """        deliveries.c.state.in_([state.value for state in CLAIMABLE]),
        deliveries.c.next_try <= now,
""", "", STORE,
    ),
    Guard("claim: approval", "store/claims.py", "given >= policy.approvals", "given >= 0", STORE),
    Guard("claim: stop", "store/claims.py", "may_leave, going, given", "may_leave, given", STORE),
    Guard("claim: hold", "store/claims.py", "            releases.c.word == Directive.SCHEDULED.value,\n", "", STORE),
    Guard("claim: lift", "store/claims.py",
          "            releases.c.lift <= now,\n", "", STORE),
    Guard("claim: too late", "store/claims.py", "            in_time(),\n", "", STORE),
    Guard("claim: too late, lateness accepted before the lift", "store/claims.py",
          "case((accepted > lift, accepted), else_=lift)", "func.coalesce(accepted, lift)", LATENESS),
    Guard("claim: too late, accepted late", "store/claims.py",
          "case((accepted > lift, accepted), else_=lift)", "lift", LATENESS),
    Guard("claim: too late, tried again until give_up", "store/claims.py",
          "        deliveries.c.first_sent_at >= bindparam(\"not_given_up\"),\n", "", LATENESS),
    Guard("plan: too late, accepted late", "status/evaluation.py",
          "max(release.lift, release.late_accepted_at or release.lift)", "release.lift", LATENESS),
    Guard("plan: too late, tried again until give_up", "status/evaluation.py",
          "return delivery.first_sent_at is None or now - delivery.first_sent_at > retry.give_up",
          "return True", LATENESS),
    Guard("lateness is accepted only once the lift is past", "store/commands.py",
          "    if release.lift is None or release.lift > ledger.now:\n        return\n", "", LATENESS),
    Guard("claim: this version", "store/claims.py",
          "            releases.c.version == deliveries.c.version,\n            releases.c.word", "            releases.c.word",
          STORE),
    Guard("claim on disk before the first byte", "publishing/cycle.py",
          'with self._store.ledger(now=mark.wall, actor="scheduler") as ledger:\n                claimed = self._claim_in(',
          'with self._store.ledger(now=mark.wall, actor="scheduler", undo=True) as ledger:\n                claimed = self._claim_in(',
          SIMULATOR),
    Guard("claim: clock", "publishing/cycle.py", "        if self._jumped(mark):\n            return []\n", "", SIMULATOR),
    Guard("claim: closed outlet", "store/claims.py", "given >= policy.approvals, taken)", "given >= policy.approvals)", CIRCUIT),
    Guard("plan: closed outlet", "publishing/plan.py", "if delivery.outlet in closed:", "if False:", CIRCUIT),
    Guard("a refused login closes its outlet", "publishing/cycle.py",
          "refused = failure.credentials and failure.certainty is Certainty.FOR_GOOD", "refused = False", CIRCUIT),
    Guard("an outlet opens by other credentials only", "wiring.py",
          "return workspace.fingerprint(name) != refused", "return True", CIRCUIT),
    Guard("claim: not a copy", "store/claims.py", "    if ledger.not_the_original:\n        return []\n", "", ORIGIN),
    Guard("plan: not a copy", "store/queries.py",
          "if self._origin is not None and (doubt := self._origin.doubt(self.rows)):", "if doubt := \"\":", ORIGIN),
    Guard("a record that came without its marker", "store/origin.py",
          "return self._one_place and written and not self.store_id()", "return False", ORIGIN),
    Guard("adopted under a clock set back", "store/backup.py", "set_back = newest is not None and ledger.micros < newest",
          "set_back = False", ORIGIN),
    Guard("a stop file beside a copy stays", "store/asked.py",
          "    if store.read.control().not_the_original:\n        return\n", "", ("tests/system/test_stopfile.py",)),
    Guard("a moved record is not renamed back", "services/moving.py",
          "        context.store.origin.note(Position(head.n, head.hash, to_micros(now)))\n", "", ("tests/services/test_moving.py",)),
    Guard("resume: not a copy", "services/stopping.py", "    must_be_the_original(context)\n", "", ORIGIN),
    Guard("a copy leaves no newer position", "store/ledger.py", " and not self.not_the_original:", ":", ORIGIN),
    # -- a stop by a file, and accounts ------------------------------------------------------------------
    Guard("last look: STOP file", "store/queries.py", ' or row["stop_file"]:', ":", STOPFILE),
    Guard("last look: HOLD file", "store/queries.py", 'if row["hold_file"]:', "if False:", STOPFILE),
    Guard("plan: STOP file", "store/__init__.py", "if not found.stopped and (asked :=", "if False and (asked :=", STOPFILE),
    Guard("a stop file that stays is in force", "services/stopping.py", "not context.dry_run and is_stopped(context.workspace.folder):", "False:", STOPFILE),
    Guard("ssh-keygen from a trusted place", "system/programs.py", "return _first(name, [*SYSTEM_PLACES, *_on_path()])",
          "return shutil.which(name)", ("tests/services/test_approvals.py", "-k", "stands_first_on_path")),
    Guard("no program from where others may write", "system/programs.py", "only_ours(Path(folder)) and only_ours(Path(found))", "True",
          ("tests/outlets/test_command_outlet.py", "-k", "others_may_put")),
    Guard("a program gets no secret of ours", "outlets/command.py", "return {**kept, **self._more,", "return {**os.environ, **self._more,",
          ("tests/outlets/test_command_outlet.py", "-k", "no_secret_of_ours")),
    Guard("cron names no unlifted release", "notifications/notice.py", "    if waiting.lifted:\n", "    if True:\n", ("tests/whole/test_quiet_logs.py",)),
    Guard("a found workspace is one's own", "wiring.py", "        must_be_trusted(folder)\n", "        pass\n",
          ("tests/whole/test_accounts.py", "-k", "planted")),
    Guard("root works for no config of another account", "system/accounts.py",
          "if one.st_uid not in {0, account} and not", "if False and not", ("tests/whole/test_accounts.py", "-k", "root")),
    Guard("a link is its maker's", "system/accounts.py", "found[path] = path.lstat()", "found[path] = path.stat()",
          ("tests/whole/test_accounts.py", "-k", "root")),
    Guard("root works as the owner", "wiring.py", "    work_as_owner(folder)\n", "", ("tests/whole/test_accounts.py", "-k", "root")),
    Guard("no umask lets everybody write", "cli/__init__.py", "        _let_nobody_else_write()\n", "",
          ("tests/whole/test_leaks.py", "-k", "under_no_umask")),
    Guard("closed streams", "cli/__init__.py", "        open_standard_streams()\n", "", ("tests/cli/test_closed_streams.py", "-k", "publish_due")),
    # -- whose yes counts ---------------------------------------------------------------------------------
    Guard("claim: approvers and author", "store/claims.py", "            *_who_may_approve(policy),\n", "", APPROVALS),
    Guard("plan: approvers", "status/evaluation.py", "(may and name not in may) or ", "", APPROVALS),
    Guard("plan: author and scheduler", "status/evaluation.py", " or (not policy.author_may_approve and name in makers)", "", APPROVALS),
    Guard("plan: one key is one person", "status/evaluation.py", '({f"key {approval.key}"} if approval.key else set())', "set()", FOUR_EYES),
    Guard("approve: whoever scheduled", "status/evaluation.py",
          "same_person(name) for name in (self.author, self.scheduled_by) if name", "same_person(self.author) for _ in (1,)", APPROVALS),
    Guard("who: SUDO_USER", "system/who.py", "        if process.uid == wanted:\n            return True\n        if process.uid not in {own, 0}:\n            return False\n",
          "        return True\n", FOUR_EYES),
    Guard("plan: signatures", "publishing/snapshot.py", "    if not signers or not dossiers:", "    if True:", APPROVALS),
    Guard("last look: signatures", "publishing/cycle.py",
          "return why_not or why_unsigned(self._store, self._config, delivery)", "return why_not", APPROVALS),
    Guard("signature: what is approved", "signing/__init__.py", '            "content": self.content,\n', "", APPROVALS),
    Guard("signature: no earlier lift", "signing/__init__.py", "        if not doubt and earlier:", "        if False:", APPROVALS),
    Guard("signature: signers are nobody else's to change", "signing/signers.py",
          "    if stat.S_IMODE(found.st_mode) & 0o022:", "    if False:", FOUR_EYES),
    Guard("signature: signers are nobody else's to replace", "signing/signers.py",
          "        if stat.S_IMODE(there.st_mode) & 0o022 and not", "        if False and not", FOUR_EYES),
    Guard("signature: these recipients and outlets", "signing/__init__.py", "        if not doubt and approved.elsewhere:", "        if False:", FOUR_EYES),
    # -- the record and the journal ---------------------------------------------------------------------
    Guard("claim: record and journal", "store/claims.py", "_that_agree(ledger, due_by_wall_time(ledger, ids))", "due_by_wall_time(ledger, ids)", TAMPERING),
    Guard("last look: record and journal", "store/queries.py", '        if row["differs"]:', "        if False:", TAMPERING),
    Guard("plan: record and journal", "status/evaluation.py", "    if dossier.disagrees:", "    if False:", TAMPERING),
    Guard("record: approvals", "store/replay.py", "if sorted(approvals) != sorted(expected.approvals):", "if False:", TAMPERING),
    Guard("record: hold", "store/replay.py", 'if row["word"] != expected.word:', "if False:", TAMPERING),
    Guard("record: stop", "store/agreement.py", 'if row["last_stop"] == "stopped" and not row["stopped"]:', "if False:", TAMPERING),
    Guard("record: lift", "store/replay.py", 'if row["lift"] != expected.lift or', "if False and", TAMPERING),
    Guard("record: recipients", "store/agreement.py",
          "return expected.recipients is not None and recipient not in sets.get(outlet, frozenset())", "return False", TAMPERING),
    Guard("record: a line rewritten", "store/replay.py", "and not is_unchanged(line)", "and False", TAMPERING),
    Guard("verify: layout", "services/keeping.py", "for what in altered(reader)", "for what in ()", TAMPERING),
    Guard("verify: what arrived", "store/reconcile.py", "if told_other := self._receipt_differs(row, place):", 'if told_other := "":', TAMPERING),
    Guard("journal: INSERT OR REPLACE", "store/engine.py", "WHEN NEW.n <= (SELECT max(n) FROM journal)", "WHEN false", TAMPERING),
    # -- the last look ------------------------------------------------------------------------------------
    Guard("last look: lift", "store/queries.py",
          'if row["lift"] is None or row["lift"] > to_micros(now):', "if False:", STORE),
    Guard("last look: stop", "store/queries.py", 'if row["stopped"] is None or row["stopped"] or row["stop_file"]:', 'if row["stop_file"]:', STORE),
    Guard("last look: hold", "store/queries.py", 'if row["word"] != "scheduled":', "if False:", STORE),
    Guard("last look: version", "store/queries.py", 'if row["version"] != delivery.version:', "if False:", STORE),
    Guard("last look: file", "store/queries.py", 'if row["source_hash"] != source_hash:', "if False:", STORE),
    Guard("last look: closed outlet", "store/queries.py", 'if row["closed"]:', "if False:", CIRCUIT),
    Guard("last look: own claim", "store/queries.py",
          'if (row["state"], row["owner"], row["attempts"]) !=', "if () and () !=", STORE),
    Guard("last look: lease", "publishing/cycle.py",
          "if clock.pause_clock() + (timeout + LEASE_LEFT).total_seconds() > lease_end:", "if False:", SIMULATOR),
    Guard("last look: clock", "publishing/cycle.py",
          '        if self._jumped(mark):\n            return "the clock has jumped"\n', "", SIMULATOR),
    Guard("last look: unreadable is stopped", "publishing/cycle.py",
          'return "the record could not be read"', "return None", SIMULATOR),
    Guard("last look at all", "publishing/cycle.py",
          "        if why_not := self._why_not(delivery, lease_end):", "        if why_not := None:", SIMULATOR),
    # -- approved bytes -----------------------------------------------------------------------------------
    Guard("approved text", "publishing/rendering.py", "if not is_named(", "if () and not is_named(",
          (*CYCLE, "-k", "tampered")),
    Guard("approved attachments", "publishing/rendering.py", "hashlib.sha256(content).hexdigest() != sha256", "False",
          (*CYCLE, "-k", "tampered")),
    Guard("a heavy release is rendered elsewhere", "publishing/rendering.py",
          "return self._composed(delivery, frozen, render_apart_or_here)",
          "return self._composed(delivery, frozen, render)", ("tests/publishing/test_parcels.py",)),
    Guard("whoever must not wait doesn't", "publishing/rendering.py",
          "if not gate.acquire(blocking=heavy):", "if not gate.acquire():", ("tests/publishing/test_parcels.py",)),
    Guard("no secret for the process that renders", "publishing/render_process.py",
          "env={name: os.environ[name] for name in _KEPT if name in os.environ},", "", ("tests/publishing/test_parcels.py",)),
    Guard("alive: one pass is no sign", "services/listing.py",
          "    came_again = process.last_seen - process.started_at >= COMES_AGAIN", "    came_again = True", ALIVE),
    Guard("alive: a dead run is dead", "services/listing.py",
          "age < STAYS_UP and not _is_dead(alive, process)", "age < STAYS_UP", ALIVE),
    Guard("alive: a series of passes that broke off begins anew", "store/presence.py",
          "case((follows, processes.c.started_at), else_=ledger.micros)", "processes.c.started_at", ALIVE),
    Guard("alive: due, and nothing running", "services/listing.py", "    if not sign.alive and not stopped:", "    if False:", ALIVE),
    Guard("delayed: five minutes", "status/evaluation.py",
          "overdue = since is not None and now - since >= OVERDUE", "overdue = False", ("tests/status/test_standing.py",)),
    Guard("cron: said once", "services/reminding.py", "    if kept != said:\n", "    if False:\n", ("tests/scheduler/test_cron_manners.py",)),
    Guard("doctor: what can't be asked is not well", "services/doctor/__init__.py",
          "made.append(error(refused.message, refused.hint))", "pass", ("tests/services/test_doctor.py",)),
    Guard("plan: file", "status/evaluation.py", "if dossier.file is FileFact.CHANGED:", "if False:", ("tests/status/test_standing.py",)),
    Guard("plan: config.toml as approved", "status/evaluation.py", "    if dossier.changed:", "    if False:", SETTINGS),
    Guard("claim: config.toml as approved", "publishing/cycle.py",
          "candidates = [delivery for delivery in candidates if delivery.id not in changed]", "pass", SETTINGS),
    Guard("last look: config.toml as approved", "publishing/cycle.py",
          "why_not = why_not or self._renders.why_changed([delivery]).get(delivery.id)", "pass", SETTINGS),
    Guard("composed as it was frozen", "publishing/rendering.py", "config = self._covered.as_frozen(frozen.settings)",
          "config = self._config", SETTINGS),
    Guard("approve: config.toml as scheduled", "services/approving.py", "if changed := report.dossier.changed:",
          'if changed := "":', SETTINGS),
    Guard("a weaker policy needs a new approval", "config/frozen.py",
          "if _WEAKER[key.name](before, value):", "if False:", SETTINGS),
    Guard("settings are in a version's name", "release/version.py",
          '"recipients": dict(recipients), "settings": settings}', '"recipients": dict(recipients)}', SETTINGS),
    Guard("a frozen version is compared", "store/commands.py", "        if kept | {", "        if False and kept | {", SETTINGS),
    Guard("half a config.toml is not taken", "cli/sending.py", "session.context(sends=True)", "session.context()",
          ("tests/scheduler/test_half_config.py",)),
    Guard("a slug that is not out is not named", "publishing/rendering.py",
          "may_be_read(release, self._store.read, delivery.lift)", "release", UNLIFTED),
    Guard("a slug that is not out can't be guessed", "publishing/rendering.py", "else mark_of(release.follows, secret)",
          "else hashlib.sha256(release.follows.encode()).hexdigest()[:32]", UNLIFTED),
    # -- what a person chose and was told -----------------------------------------------------------------
    Guard("a length of time in a file", "check/timing.py", "            only_day=True,\n", "", SAME_LIFT),
    Guard("a new draft is not immediate", "cli/writing.py", '    ] = "",\n    follows', '    ] = "immediate",\n    follows',
          SAME_LIFT),
    Guard("a chosen lift is kept", "services/lifts.py", "    if last is None or not last.chosen:", "    if True:", LIFTS),
    Guard("a kept lift fits its embargo", "services/lifts.py",
          "return last if _why_outside(embargo, last.moment) is None else None", "return last", LIFTS),
    Guard("an earlier lift is said", "services/lifts.py", "    if last is None or (lift is not None",
          "    if True or (lift is not None", LIFTS),
    Guard("an earlier lift needs more than --yes", "cli/scheduling.py", "yes=yes and not unnamed", "yes=yes", LIFTS),
    Guard("a later lift is inside the window", "services/stopping.py",
          "    must_fit(release.embargo, meant.lift, slug=slug, timezone=office.timezone, now=now)\n", "", LIFTS),
    Guard("each release by itself", "services/results.py",
          "            act(slug)\n        except PressReleaseError as error:",
          "            act(slug)\n        except ZeroDivisionError as error:", BRAKES),
    Guard("each release of a group by itself", "store/ledger.py",
          "            with self.connection.begin_nested():\n                yield", "            yield", BRAKES),
    Guard("nothing is noted of what was refused in a group", "store/ledger.py",
          "            del self._events[noted:]\n", "", BRAKES),
    Guard("resume only what is held", "services/stopping.py",
          "if at is None and before.release.word is not Directive.HELD and not waits:", "if False:", BRAKES),
    Guard("no false line of letting go", "store/commands.py",
          "    if word is Directive.SCHEDULED and dossier.release.word is not Directive.HELD:", "    if False:", BRAKES),
    Guard("no false line of taking back", "store/commands.py", "    if not dossier.approvals:", "    if False:", BRAKES),
    # -- the hour on the wall -----------------------------------------------------------------------------
    Guard("plan: hour on the wall", "publishing/snapshot.py",
          "one._replace(lift=rulings[one.slug].lift) if one.slug in rulings else one", "one", ZONES),
    Guard("claim: hour on the wall", "store/claims.py", "due_by_wall_time(ledger, ids)", "list(ids)", ZONES),
    Guard("last look: hour on the wall", "store/queries.py",
          'if row["wall"] and (why_not := _not_yet(row, now)):', 'if why_not := "":', ZONES),
    Guard("plan: clock and offset at odds", "status/evaluation.py",
          "if dossier.ruling and dossier.ruling.blocked:", "if False:", ZONES),
    Guard("zone rules: earlier by surely newer ones only", "when/wall_time.py",
          "    if newer:\n        return ZoneCheck(lift, moment", "    if True:\n        return ZoneCheck(lift, moment", ZONES),
    Guard("zone rules: older ones move nothing", "when/wall_time.py", "    if older:\n        return stands\n", "", ZONES),
    Guard("zone rules: never early in a gap or an overlap", "when/wall_time.py",
          "else located.instants[-1]", "else located.instants[0]", ZONES),
    Guard("zone rules: a record changed meanwhile", "store/zone_updates.py", "            releases.c.lift == before,\n", "", ZONES),
    Guard("zone rules: as they are on the disk", "when/rules.py",
          "if known is not None and known[0] == file:", "if known is not None:", ZONES),
    Guard("signature: no earlier hour", "signing/__init__.py", "earliest = approved.earliest or approved.lift",
          "earliest = None", APPROVALS),
    # -- the plan -----------------------------------------------------------------------------------------
    Guard("plan: lift", "publishing/plan.py", "if moment <= now:", "if True:", ("tests/publishing/test_plan.py",)),
    Guard("plan: approval", "status/evaluation.py", "if missing > 0 and still_open:", "if False:", ("tests/status/test_standing.py",)),
    Guard("plan: hold", "status/evaluation.py", "if release.word is Directive.HELD:", "if False:", ("tests/status/test_standing.py",)),
    Guard("plan: too late", "status/evaluation.py",
          "    if any(too_late(", "    if False and any(too_late(", ("tests/status/test_standing.py",)),
    Guard("plan: clock", "status/evaluation.py", "if lifted and clock_doubt:", "if False:", ("tests/status/test_standing.py",)),
    # -- the clock ----------------------------------------------------------------------------------------
    Guard("clock behind the record", "system/clock.py",
          "if newest is not None and mark.wall < newest - tolerance:", "if False:", ("tests/system/test_clock.py",)),
    Guard("clock ahead of uptime", "system/clock.py",
          "if gained > tolerance + (mark.uptime - recorded.uptime) * SLEW:", "if False:", ("tests/system/test_clock.py",)),
    Guard("clock: what it gained is added up", "system/clock.py",
          "return other if _gained(other, one) <= (other.uptime - one.uptime) * SLEW else one", "return other",
          ("tests/system/test_clock.py",)),
    Guard("clock: each boot's tightest mark is kept", "store/presence.py",
          "if vouched or tighter(before, mark) is mark:", "if True:", SIMULATOR),
    Guard("clock: a mark for each boot", "store/presence.py",
          "before = _mark_of(ledger, mark.boot)", "before = ledger.connection.execute(delete(marks)) and None",
          (*STORE[:1], "-k", "each_boot and not postgresql")),
    Guard("clock: witnesses are asked before anything leaves", "publishing/snapshot.py",
          "        witnesses.ask(config, mark)\n", "        pass\n", (*CYCLE, "-k", "witness or came_up_ahead")),
    Guard("clock: the word of witnesses is good for minutes", "publishing/clock_trust.py",
          "return age < (GOOD_FOR if self._vouched is not None else ASKED_AGAIN_AFTER)", "return True",
          (*CYCLE, "-k", "witness")),
    Guard("clock: a person confirms one in doubt by name", "services/stopping.py",
          "if shown.doubt and not clock_confirmed:", "if False:", ("tests/whole/test_simulator.py", "-k", "by_name")),
    Guard("last look: the lift has come by true time", "publishing/cycle.py",
          "clock.await_proof(delivery.lift) if delivery.lift is not None else None", "None",
          ("tests/whole/test_simulator.py", "-k", "by_chance or synchronized")),
    Guard("proof: the bound is waited for", "system/clock.py",
          "        sleep_until(lift + error)  #", "        return Proof(error, lift_proved=True)  #", ("tests/system/test_clock.py",)),
    Guard("proof: not without synchronization", "system/clock.py",
          "answer.status & _STA_UNSYNC or", "False or", ("tests/system/test_clock.py",)),
    Guard("zone rules: not much earlier, and not at once", "when/wall_time.py",
          "if newer and (max(lift, walls[0].promised) - moment > FURTHEST_EARLIER or moment <= now):", "if False:", ZONES),
    Guard("clock: the newest time is kept", "store/ledger.py",
          "or_(control.c.newest.is_(None), control.c.newest < bindparam(\"now\"))", "control.c.id == 1", STORE),
    Guard("clock: a boot that nobody vouched for", "publishing/clock_trust.py",
          "may_be_kept = not config.clock.witnesses or clock.vouches(mark, recorded)", "may_be_kept = True",
          (*CYCLE, "-k", "nobody_vouched")),
    # -- the dead, and doubts -----------------------------------------------------------------------------
    Guard("a dead one's claim is in doubt", "store/claims.py",
          "                state=DeliveryState.IN_DOUBT.value,\n                owner=null(),".replace("    " * 4, "            "),
          "            state=DeliveryState.WAITING.value,\n            owner=null(),", STORE),
    Guard("in doubt comes back only where told", "store/claims.py",
          "next_try=null() if again is None else to_micros(again),", "next_try=ledger.micros,", STORE),
    Guard("a dead owner is noticed", "publishing/cycle.py",
          "if delivery.owner != self._alive.owner and is_dead(self._folder, delivery.owner):\n                dead",
          "if False:\n                dead", (*CYCLE, "-k", "killed_in_the_act")),
    Guard("a lapsed lease is noticed", "publishing/cycle.py",
          "elif seen.clock_doubt is None and delivery.lease_until is not None and delivery.lease_until < seen.at:",
          "elif False:", (*CYCLE, "-k", "lapses")),
    Guard("unsure is in doubt", "release/delivery.py",
          "if failure.certainty is Certainty.UNSURE or self.may_have_arrived:", "if self.may_have_arrived:",
          ("tests/publishing/test_retry.py",)),
    Guard("a doubt outlives a refused repeat", "release/delivery.py",
          "if failure.certainty is Certainty.UNSURE or self.may_have_arrived:",
          "if failure.certainty is Certainty.UNSURE:", ("tests/publishing/test_retry.py",)),
    Guard("a repeat only while it is told", "publishing/retry.py",
          "if in_doubt and not may_repeat(delivery, rules=rules, repeats=repeats, now=moment):", "if False:",
          ("tests/publishing/test_retry.py",)),
    Guard("an old doubt is left to a person", "publishing/cycle.py",
          "if delivery.state is DeliveryState.IN_DOUBT and not self._may_repeat(delivery, seen.at)", "if False", ("tests/whole/test_simulator.py", "-k", "older_than_its_outlet")),
    Guard("a program's fault in sending is unsure", "publishing/cycle.py",
          "DeliveryFailed(Certainty.UNSURE, reason)", "DeliveryFailed(Certainty.NOT_SENT, reason)", SIMULATOR),
    Guard("another's claim is not answered for", "store/claims.py",
          '    deliveries.c.owner == bindparam("b_owner"),\n', "", STORE),
    Guard("log: noted before the first byte", "publishing/cycle.py",
          "            self._alive.log.sending(delivery)\n", "            pass\n",
          ("tests/whole/test_simulator.py", "-k", "by_chance or killed_at_each")),
    Guard("log: only of this boot and of this file", "store/send_log.py",
          "if boot is None or first.decode() != _first_line(", "if () and _first_line(", ("tests/store/test_send_log.py",)),
    Guard("log: a line that no log has", "store/send_log.py",
          "        else:\n            raise ValueError(line)\n", "", ("tests/store/test_send_log.py",)),
    Guard("log: emptied only when nothing is open", "store/send_log.py",
          "if self._size >= LONG and not self._open:", "if self._size >= LONG:", ("tests/store/test_send_log.py",)),
    Guard("log: an answer only where the claim stands", "store/claims.py",
          "    standing = [one for one in results if ledger.connection.execute(_OWN_CLAIM, _values(one)).rowcount]",
          "    standing = [one for one in results if [ledger.connection.execute(_OWN_CLAIM, _values(one))]]", STORE),
    # -- a person's word ----------------------------------------------------------------------------------
    Guard("settle: only those named", "services/settling.py", "for one in may if one in asked)", "for one in may)", SETTLING),
    Guard("settle: an address in a log is no proof", "services/settling.py",
          'alone := _ADDRESS.fullmatch(line.rstrip("\\r\\n"))', "alone := _ADDRESS.search(line)", SETTLING),
    Guard("settle: one word for several is confirmed", "cli/settling.py",
          "named or len(chosen.settled) == 1 or", "True or", SETTLING),
    Guard("settle: a resend asks for the slug", "cli/settling.py",
          'session.may_ask and verdict == "resend"', "False", SETTLING),
    Guard("undo: only what nothing followed", "services/settling.py",
          "        found.pop(place, None)\n", "", SETTLING),
    # -- the record ---------------------------------------------------------------------------------------
    Guard("journal: each line has the one before", "store/journal.py",
          "if line.prev != before.hash:", "if False:", STORE),
    Guard("journal: append-only", "store/engine.py",
          "(*PARTIAL_INDEXES, *_JOURNAL_TRIGGERS[of_kind], _NO_REPLACE[of_kind])", "PARTIAL_INDEXES", STORE),
    Guard("a signal handler takes no lock", "scheduler/run.py",
          "signal.signal(number, _leave_to_listener)", "signal.signal(number, lambda *_: self.end())",
          ("tests/scheduler/test_signals.py",)),
    Guard("a vanished record is not replaced", "store/engine.py",
          "    if origin.marker.exists():\n        raise", "    if False:\n        raise", STORE),
    Guard("an act and its line in one transaction", "store/engine.py",
          "    except BaseException:\n        _undo(begun)\n", "    except BaseException:\n        begun.commit()\n", STORE),
)  # fmt: skip


def main() -> int:
    wanted = sys.argv[1:]
    chosen = [guard for guard in GUARDS if not wanted or any(word in guard.name for word in wanted)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="guards-") as name:
        Path(name).chmod(0o755)  # tests of several accounts run the copy as accounts that don't own it
        whole = Path(name) / "whole"
        _copy(ROOT, whole, shutil.ignore_patterns("__pycache__"))
        _compile(whole)
        _load()
        print(f"{'guard taken out':42} {'seconds':>7}  what noticed")
        found = []
        for one in _tried(chosen, whole):
            print(f"{one.guard.name:42} {one.seconds:7.1f}  {one.noticed or 'NOT CAUGHT'}", flush=True)
            found.append(one)
    if len(found) > SLOWEST:
        print(f"\nThe slowest {SLOWEST}:")
        for one in sorted(found, key=lambda one: -one.seconds)[:SLOWEST]:
            print(f"{one.guard.name:42} {one.seconds:7.1f}  {one.guard.tests[0]}")
    unseen = [one for one in found if not one.noticed or one.noticed.startswith("?")]
    if unseen:
        print("\nNot seen:")
        for one in unseen:
            print(f"{one.guard.name:42} {one.noticed or 'NOT CAUGHT'}")
    print(f"{len(chosen) - len(unseen)} of {len(chosen)} guards can't be lost unseen; {time.monotonic() - began:.0f} s")
    return 1 if unseen else 0


@dataclass(frozen=True)
class Outcome:
    """What became of a package without one guard.

    `noticed` is the first test that failed, "" if none did, and a complaint after "?" if none could run.
    """

    guard: Guard
    noticed: str
    seconds: float


def _copy(source: Path, target: Path, ignore: Callable[[str, list[str]], set[str]] | None = None) -> None:
    target.mkdir()
    for part in ("pressrelease", "tests"):
        shutil.copytree(source / part, target / part, ignore=ignore)
    shutil.copy2(source / "pyproject.toml", target)


def _compile(whole: Path) -> None:
    """Compile the package and the tests once; each copy brings what was compiled along, and its age."""
    asked = [sys.executable, "-m", "pytest", "-n", "0", "-qq", "-p", "no:cacheprovider", "--collect-only", "-m", ""]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(whole)
    subprocess.run([sys.executable, "-m", "compileall", "-qq", "pressrelease"], cwd=whole, env=environment, check=True)
    subprocess.run(asked, cwd=whole, env=environment, stdout=subprocess.DEVNULL, check=True)


def _load() -> None:
    """Import once what each run needs of others; the runs are forks of this process. Nothing of this program."""
    for name in LOADED:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.partition(".")[0] == "pressrelease"]
    sys.dont_write_bytecode = True
    os.environ |= {"HYPOTHESIS_PROFILE": "repeatable", "PYTHONDONTWRITEBYTECODE": "1"}


def _tried(chosen: Sequence[Guard], whole: Path) -> Iterator[Outcome]:
    """Run the tests of each guard on a copy without it, as many at a time as there are processors."""
    fork = multiprocessing.get_context("fork")
    waiting = list(reversed(chosen))
    running: dict[int, tuple[BaseProcess, Guard, Path, float]] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            guard, began = waiting.pop(), time.monotonic()
            made = Path(tempfile.mkdtemp(dir=whole.parent))
            made.chmod(0o755)
            if trouble := _without(guard, whole, made / "copy"):
                yield Outcome(guard, trouble, time.monotonic() - began)
                continue
            process = fork.Process(target=_run, args=(made, guard.tests))
            process.start()
            running[process.sentinel] = (process, guard, made, began)
        ended = set(wait(list(running), timeout=1))
        for sentinel, (process, guard, made, began) in list(running.items()):
            late = time.monotonic() - began > TIMEOUT
            if late:
                process.kill()
            if late or sentinel in ended:
                process.join()
                del running[sentinel]
                yield Outcome(guard, _noticed(process, made / "out"), time.monotonic() - began)
                shutil.rmtree(made, ignore_errors=True)


def _without(guard: Guard, whole: Path, folder: Path) -> str:
    """Copy the package without this guard; a complaint if its place can't be found."""
    source = (whole / "pressrelease" / guard.file).read_text(encoding="utf-8")
    if guard.holds not in source:
        return f"? its place in {guard.file} is gone: the table in .ci/guards.py must follow"
    _copy(whole, folder)
    path = folder / "pressrelease" / guard.file
    path.write_text(source.replace(guard.holds, guard.becomes), encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
    return ""


def _run(made: Path, tests: Sequence[str]) -> None:
    """In a fork: the tests up to the first that fails, on this copy; what pytest prints goes to a file beside it."""
    folder = made / "copy"
    os.chdir(folder)
    out = os.open(made / "out", os.O_WRONLY | os.O_CREAT, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ["PYTHONPATH"] = str(folder)
    sys.path.insert(0, str(folder))
    import pytest

    code = pytest.main(["-n", "0", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *tests])
    sys.stdout.flush()
    os._exit(int(code))


def _noticed(process: BaseProcess, out: Path) -> str:
    if process.exitcode == 0:
        return ""
    said = out.read_text(encoding="utf-8", errors="replace") if out.exists() else ""
    failed = re.search(r"^(?:FAILED|ERROR) (?:\S*/)?(test_\w+\.py::.*?)(?: - .*)?$", said, re.MULTILINE)
    if failed is None:
        return f"? its tests could not be run, or took longer than {TIMEOUT} s:\n{said[-1500:]}"
    return failed[1]


if __name__ == "__main__":
    sys.exit(main())
