"""Take out each guard of the sending engine, one at a time, and see that some test turns red.

    python .ci/guards.py             every guard, several at a time; exit 1 if one goes unnoticed
    python .ci/guards.py lift        only those whose name has "lift" in it

A guard is named by the place in the source that holds it. The package is copied with that place taken out, and the
test named is run on the copy, on SQLite alone. A place or a test that is no longer found is an error too: it was
moved, and this table must follow it. The copies are compiled once and share every file but that one, and each run is
a fork of a process that has loaded the libraries already.
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
#: Three runs for two processors: many wait, for a lift or a command that they started.
AT_ONCE = (3 * (os.cpu_count() or 1) + 1) // 2
#: How many of the slowest are listed at the end.
SLOWEST = 20
#: What is loaded before the first fork: nearly all of what a run would need a second for.
LOADED = """
    pytest _pytest.assertion.rewrite xdist.plugin pytest_timeout hypothesis.stateful hypothesis.extra.pytestplugin
    sqlalchemy.dialects.sqlite sqlalchemy.dialects.postgresql.psycopg psycopg requests rich.console rich.table
    typer.testing apscheduler.schedulers.background yaml markdown_it nh3 dateutil.parser standardwebhooks
""".split()


@dataclass(frozen=True)
class Guard:
    """A guard: where it is, what it becomes, and the test that must turn red: its file, its function, maybe one case."""

    name: str
    file: str
    holds: str
    becomes: str
    test: str


GUARDS = (
    # -- what may have arrived ----------------------------------------------------------------------------
    Guard("looked for before a second send", "publishing/sender.py",
          "if delivery.may_have_arrived and repeats_of(outlet, delivery).findable:", "if False:",
          "test_cycle.py::test_what_may_have_arrived_is_looked_for_before_a_second_send"),
    Guard("left alone until its server has settled", "publishing/dead_claims.py",
          "moment = now + self._repeats(delivery).settle", "moment = now", "test_cycle.py::test_what_may_have_arrived_is_looked_for_before_a_second_send"),
    Guard("mastodon: only itself keeps keys", "outlets/mastodon/outlet.py",
          "if self._software is not None and self._software.keeps_keys:", "if True:", "test_mastodon.py::test_a_repeat_is_promised_only_for_mastodon_itself"),
    Guard("wordpress: the address shows it", "outlets/wordpress/outlet.py",
          "        self._must_be_shown(draft, post, deadline, new=before is None)\n", "", "test_wordpress.py::test_it_looks_before_and_after"),
    Guard("newsroom: only over its own lists", "outlets/newsroom/outlet.py",
          "                self._guard.must_be_ours(root, lambda: any(self._published(root)))\n", "",
          "test_newsroom_guard.py::test_a_file_of_somebody_else_s_is_never_written_over"),
    Guard("newsroom: only into the folder that held it", "outlets/newsroom/guard.py",
          "if INDEX not in self._ours and self._held_pages() and not has_pages():", "if False:",
          "test_newsroom_guard.py::test_a_folder_that_held_pages_and_is_empty_is_not_written_into"),
    Guard("newsroom: nothing after a withdrawal", "outlets/newsroom/page_files.py",
          "        if before.canceled:\n            raise", "        if False:\n            raise",
          "test_newsroom_follow_up.py::test_a_late_version_is_kept_out_with_its_files"),
    Guard("newsroom: no original after its correction", "outlets/newsroom/page_files.py",
          "if before.n > message.n:", "if False:",
          "test_newsroom_follow_up.py::test_a_late_version_is_kept_out_with_its_files"),
    Guard("newsroom: the withdrawal of what never came keeps it out", "outlets/newsroom/page_files.py",
          "            folder.write(INDEX, page.encode(), message.dated)\n            _clear", "            _clear",
          "test_newsroom_follow_up.py::test_the_withdrawal_of_what_never_came_is_shown_to_nobody_and_keeps_it_out"),
    Guard("newsroom: one writer a page", "outlets/newsroom/outlet.py",
          '                with self._locked(f"{int(hashed(message.slug)[:2], 16) % PAGE_LOCKS:02}."):', "                with contextlib.nullcontext():",
          "test_newsroom_follow_up.py::test_a_first_version_under_way_is_not_overtaken_by_its_withdrawal"),
    Guard("newsroom: a withdrawal removes the pictures", "outlets/newsroom/page_files.py",
          "            shown.set()\n            _clear(folder, message, before)\n", "            shown.set()\n",
          "test_newsroom_follow_up.py::test_of_a_withdrawn_release_a_notice_is_left_and_nothing_of_its_text"),
    Guard("bluesky: nothing after a withdrawal", "outlets/bluesky/outlet.py",
          "                return self._account.put(key, notice, deadline)", "                return Post(key, key)",
          "test_bluesky_follow_up.py::test_nothing_comes_after_a_withdrawal"),
    Guard("bluesky: a first post in doubt is looked for", "outlets/bluesky/outlet.py",
          "if (found := self._account.get(place, deadline)) is not None]", "if (found := None) is not None]",
          "test_bluesky_follow_up.py::test_a_first_post_in_doubt_is_looked_for"),
    Guard("bluesky: no original after its correction", "outlets/bluesky/outlet.py",
          "self._put(correction.places[0], correction.plain, deadline)", "self._put(own.key, correction.plain, deadline)",
          "test_bluesky_follow_up.py::test_in_place_of_a_first_post_that_never_came_the_corrected_one_is_the_first"),
    Guard("mastodon: nothing after a withdrawal", "outlets/mastodon/outlet.py",
          "                self._use_up(one.key, rendered.content, deadline)", "                pass",
          "test_mastodon_follow_up.py::test_nothing_comes_after_a_withdrawal"),
    Guard("mastodon: no original after its correction", "outlets/mastodon/outlet.py",
          "doubted = next((one.key for one in earlier if one.remote_id is None), key)", "doubted = key",
          "test_mastodon_follow_up.py::test_in_place_of_a_first_post_that_never_came_the_corrected_one_is_posted_once"),
    Guard("mastodon: what is in doubt is looked for", "outlets/mastodon/outlet.py",
          "            names += self._searched(follow_up, deadline)", "            names += []",
          "test_mastodon_follow_up.py::test_a_withdrawn_post_is_deleted_however_often"),
    Guard("mastodon: only its own posts", "outlets/mastodon/outlet.py",
          "if begins_with(content, follow_up.headlines) and", "if",
          "test_mastodon_follow_up.py::test_somebody_s_own_words_with_the_link_are_left_alone_and_need_a_person"),
    Guard("wordpress: nothing after a withdrawal", "outlets/wordpress/outlet.py",
          "            if mark.n == WITHDRAWN:", "            if False:",
          "test_wordpress_follow_up.py::test_a_late_version_takes_the_place_of_no_later_one"),
    Guard("wordpress: no original after its correction", "outlets/wordpress/outlet.py",
          "            if mark.n > draft.mark.n:", "            if mark.n == WITHDRAWN + 1:",
          "test_wordpress_follow_up.py::test_a_late_version_takes_the_place_of_no_later_one"),
    Guard("wordpress: the withdrawal of what never came takes the slug", "outlets/wordpress/outlet.py",
          'self._site.change("posts", hidden, deadline, query={"_fields": _POST_FIELDS})', "pass",
          "test_wordpress_follow_up.py::test_the_withdrawal_of_what_never_came_is_seen_by_editors_only_and_keeps_it_out"),
    Guard("wordpress: another release's file stays", "outlets/wordpress/removal.py",
          "        if not _is_used(site, address, post, deadline):", "        if True:",
          "test_wordpress_follow_up.py::test_a_file_that_another_release_has_too_stays"),
    Guard("nothing ahead of its lift at a public outlet", "message/message.py",
          "    if message.closed_until is not None:\n        raise", "    if False:\n        raise",
          "test_advance_copies.py::test_only_what_writes_the_embargo_on_it_takes_one"),
    Guard("a kind of others: corrects only by a method of its own", "outlets/guarded.py",
          'correct=value.correct is True and self._overrides("replace"),', "correct=value.correct is True,",
          "test_third_party_follow_up.py::test_without_a_rule_of_its_own_it_sends_a_message_that_names_the_first"),
    Guard("a kind of others: no receipt is a doubt", "outlets/guarded.py",
          "        return self._receipt(value)\n\n    def replace", "        return value\n\n    def replace",
          "test_third_party_nonsense.py::test_an_answer_that_is_none_leaves_a_doubt"),
    Guard("mastodon: looks before the key", "outlets/mastodon/outlet.py",
          "            return self._look(rendered.prepared, since, deadline)", "            return None",
          "test_mastodon.py::test_a_lost_post_is_found_before_a_second_one"),
    Guard("http: half a head is no answer", "outlets/http_connection.py", "            if not reader.last_line:", "            if False:",
          "test_http.py::test_what_left_and_was_not_surely_refused_is_in_doubt"),
    Guard("http: nothing leaves after its time", "outlets/http_connection.py",
          "        self._timed.time_left.seconds()\n", "", "test_http.py::test_nothing_leaves_once_its_time_is_up"),
    Guard("http and mail: each wait asks the time left", "outlets/deadline.py",
          "            self._sock.settimeout(self._time_left.seconds())", "            self._sock.settimeout(30)",
          "test_http.py::test_the_timeout_is_a_total"),
    Guard("mail: after the dot it may have arrived", "outlets/email/session.py",
          "        self.phase = Phase.ANSWER\n", "",
          "test_email_session.py::test_what_the_end_of_a_session_says"),
    Guard("mail: half a line accepts nothing", "outlets/email/session.py", "(.*))?\\r?\\n\")", "(.*))?\\r?\\n?\")",
          "test_email_session.py::test_half_a_line_is_no_acceptance"),
    # -- the claim ----------------------------------------------------------------------------------------
    Guard(
        "one claim a delivery", "store/claims.py",
        """        deliveries.c.state.in_([state.value for state in CLAIMABLE]),
        deliveries.c.next_try <= now,
""", "", "test_store.py::test_a_delivery_is_claimed_once",
    ),
    Guard("claim: approval", "store/claims.py", "given >= policy.approvals", "given >= 0", "test_store.py::test_a_claim_asks_every_guard_again"),
    Guard("claim: stop", "store/claims.py", "may_leave, going, given", "may_leave, given", "test_store.py::test_a_claim_asks_every_guard_again"),
    Guard("claim: hold", "store/claims.py", "            releases.c.word == Directive.SCHEDULED.value,\n", "", "test_store.py::test_a_claim_asks_every_guard_again"),
    Guard("claim: lift", "store/claims.py",
          "            releases.c.lift <= now,\n", "", "test_store.py::test_what_is_tried_again_waits_for_a_lift_that_was_put_off"),
    Guard("claim: too late", "store/claims.py", "            in_time(),\n", "", "test_store.py::test_a_claim_that_stood_in_a_queue_for_too_long_is_refused"),
    Guard("claim: too late, lateness accepted before the lift", "store/guards.py",
          "case((accepted > lift, accepted), else_=lift)", "func.coalesce(accepted, lift)", "test_lateness.py::test_what_the_plan_calls_due_the_claim_takes"),
    Guard("claim: too late, accepted late", "store/guards.py",
          "case((accepted > lift, accepted), else_=lift)", "lift", "test_lateness.py::test_what_the_plan_calls_due_the_claim_takes"),
    Guard("claim: too late, tried again until give_up", "store/guards.py",
          "        deliveries.c.first_sent_at >= bindparam(\"not_given_up\"),\n", "", "test_lateness.py::test_what_the_plan_calls_due_the_claim_takes"),
    Guard("plan: too late, accepted late", "status/evaluation.py",
          "max(release.lift, release.late_accepted_at or release.lift)", "release.lift", "test_lateness.py::test_what_the_plan_calls_due_the_claim_takes"),
    Guard("plan: too late, tried again until give_up", "status/evaluation.py",
          "return delivery.first_sent_at is None or now - delivery.first_sent_at > retry.give_up",
          "return True", "test_lateness.py::test_what_the_plan_calls_due_the_claim_takes"),
    Guard("lateness is accepted only once the lift is past", "store/lifts.py",
          "    if release.lift is None or release.lift > ledger.now:\n        return\n", "", "test_lateness.py::test_lateness_is_accepted_only_once_the_lift_is_past[3600-False]"),
    Guard("claim: this version", "store/claims.py",
          "            releases.c.version == deliveries.c.version,\n            releases.c.n == deliveries.c.n,\n", "",
          "test_store.py::test_a_claim_asks_every_guard_again"),
    Guard("claim on disk before the first byte", "publishing/claimer.py",
          'with self._store.ledger(now=mark.wall, actor="scheduler") as ledger:\n                claimed = self._claim_in(',
          'with self._store.ledger(now=mark.wall, actor="scheduler", undo=True) as ledger:\n                claimed = self._claim_in(',
          "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("claim: clock", "publishing/claimer.py", "        if self._jumps.jumped(mark):  # a withdrawal", "        if False:  # a withdrawal", "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("claim: its event was lifted", "store/claims.py", "            or_(releases.c.event_group.is_(None), lifted()),\n", "", "test_event_lifts.py::test_a_claim_asks_for_the_one_row"),
    Guard("before the first byte: its event was lifted", "store/final_check.py", "        if row[\"event_group\"] and row[\"lifted\"] != f\"{row['slug']} {row['version']}\":\n", "        if False:\n", "test_event_lifts.py::test_the_last_look_asks_for_the_one_row"),
    Guard("an alternate of what was lifted can't be lifted", "store/event_lifts.py", "    if found and found[0][\"slug\"] != release.slug:", "    if False:", "test_event_lifts.py::test_a_third_alternate_that_is_scheduled_later_is_refused"),
    Guard("alternates are called off in the act", "store/event_lifts.py", "    return _call_off(ledger, release, by)\n", "    return ()\n", "test_events.py::test_lifted_it_goes_out_and_the_other_never_does"),
    Guard("an alternate that was killed stays killed", "store/event_lifts.py", "releases.c.word.not_in([Directive.DISMISSED.value, Directive.KILLED.value])", "releases.c.word != Directive.DISMISSED.value", "test_event_lifts.py::test_an_alternate_that_was_killed_stays_killed"),
    Guard("scheduled again, it must be lifted again", "store/freezing.py", "    event_lifts.must_be_lifted_again(ledger, slug)\n", "", "test_event_lifts.py::test_scheduled_again_as_it_was_it_must_be_lifted_again"),
    Guard("an approval lets no release go that waits for an event", "store/approvals.py", " and not dossier.release.event_group:", ":", "test_events.py::test_approved_it_is_armed_and_waits_for_years"),
    Guard("only lifters lift", "services/lifting.py", "if not may_lift(by, context.config.policy):", "if False:", "test_events.py::test_what_keeps_it_from_being_lifted"),
    Guard("nothing is lifted by a clock in doubt", "services/lifting.py", "    must_trust_clock(context, f\"{slug} was not lifted, and nothing was sent.\")\n", "", "test_events.py::test_a_clock_in_doubt_lifts_nothing_until_a_person_confirms_it"),
    Guard("no clearance is given by a clock in doubt", "services/clearing.py", "    must_trust_clock(context, \"Nothing was recorded.\")", "    pass", "test_clearances.py::test_a_clock_in_doubt_gives_no_clearance_and_refuses_one"),
    Guard("claim: clearances", "store/claims.py", ">= policy.approvals, all_cleared(rules, now))", ">= policy.approvals)", "test_cleared.py::test_what_the_plan_calls_due_the_claim_takes_and_the_last_look_lets_leave"),
    Guard("claim: a clearance expires", "store/clearances.py", "        clearances.c.until > now,\n", "", "test_cleared.py::test_what_the_plan_calls_due_the_claim_takes_and_the_last_look_lets_leave"),
    Guard("claim: a clearance lasts as long as config.toml says now", "store/clearances.py", "            clearances.c.at + rule.life // _MICROSECOND > now,\n", "", "test_cleared.py::test_what_the_plan_calls_due_the_claim_takes_and_the_last_look_lets_leave"),
    Guard("claim: a clearance is given by somebody named", "store/clearances.py", "            clearances.c.person.in_([same_person(name) for name in rule.by]),\n", "", "test_cleared.py::test_what_the_plan_calls_due_the_claim_takes_and_the_last_look_lets_leave"),
    Guard("claim: a clearance from the future", "store/clearances.py", "        clearances.c.at <= now + CLOCKS_DIFFER // _MICROSECOND,\n", "", "test_cleared.py::test_what_the_plan_calls_due_the_claim_takes_and_the_last_look_lets_leave"),
    Guard("plan: clearances", "status/evaluation.py", "if uncleared and (lifted or uncleared.blocked):", "if False:", "test_cleared.py::test_what_the_plan_calls_due_the_claim_takes_and_the_last_look_lets_leave"),
    Guard("before the first byte: clearances", "store/final_check.py", "if row[\"clearances\"] and (why_not := _uncleared(row, rules, now)):", "if False:", "test_clearances.py::test_it_is_asked_again_after_the_claim_and_one_that_ends_in_between_lets_nothing_leave"),
    Guard("a refused clearance holds at once", "store/clearances.py", "    set_directive(ledger, slug, Directive.HELD, by=by, why=because)\n", "", "test_clearances.py::test_a_refusal_holds_at_once_whatever_became_of_the_file"),
    Guard("scheduled again, every clearance is needed again", "store/clearances.py", "    called_off(ledger, slug)\n    require", "    require", "test_clearances.py::test_scheduled_again_it_needs_them_again"),
    Guard("only those named give a clearance", "services/clearing.py", "if not may_give(by, clearance.rule):", "if False:", "test_clearances.py::test_what_is_refused"),
    Guard("clearances: the record agrees with the journal", "store/replay.py", "if ReplayedClearance(name, row[\"state\"], row[\"by\"], row[\"at\"], row[\"until\"]) != one:", "if False:", "test_clearances.py::test_the_journal_says_it_and_a_changed_row_is_found"),
    Guard("clearances are signed where approvals are", "signing/clearances.py", "    return why_not_vouched(statement, clearance.signature, signers)\n", "    return \"\"\n", "test_signed_clearances.py::test_one_that_somebody_wrote_into_row_and_journal_does_not_count"),
    Guard("claim: closed outlet", "store/claims.py", "chain.its_turn(now), taken)", "chain.its_turn(now))", "test_circuit.py::test_a_closed_outlet_is_not_claimed_at_and_the_others_are"),
    Guard("plan: closed outlet", "publishing/plan.py", "if delivery.outlet in closed:", "if False:", "test_circuit.py::test_only_what_goes_to_a_closed_outlet_stays_behind"),
    Guard("a refused login closes its outlet", "publishing/sender.py",
          "refused = failure.credentials and failure.certainty is Certainty.FOR_GOOD", "refused = False", "test_circuit.py::test_twenty_releases_are_one_complaint_and_go_out_once_the_secret_is_fixed"),
    Guard("an outlet opens by other credentials only", "wiring/__init__.py",
          "return workspace.fingerprint(name) != refused", "return True", "test_circuit.py::test_twenty_releases_are_one_complaint_and_go_out_once_the_secret_is_fixed"),
    Guard("claim: not a copy", "store/claims.py", "    if ledger.not_the_original:\n        return []\n", "", "test_origin.py::test_a_claim_asks_too"),
    Guard("plan: not a copy", "store/queries.py",
          "if self._origin is not None and (doubt := self._origin.doubt(self.rows)):", "if doubt := \"\":", "test_origin.py::test_a_copied_workspace_sends_nothing_and_the_original_goes_on"),
    Guard("a record that came without its marker", "store/origin.py",
          "return self._one_place and written and not self.store_id()", "return False", "test_origin.py::test_a_record_without_its_marker_sends_nothing"),
    Guard("adopted under a clock set back", "store/backup.py", "set_back = newest is not None and ledger.now < newest",
          "set_back = False", "test_origin.py::test_a_copy_adopted_under_a_clock_that_was_set_back_is_sure_of_no_lift"),
    Guard("a stop file beside a copy stays", "store/stop_requests.py",
          "    if store.read.control().not_the_original:\n        return\n", "", "test_stopfile.py::test_beside_a_record_that_is_not_the_original_they_stay_for_the_one_that_is"),
    Guard("a moved record is not renamed back", "services/moving.py",
          "        context.store.origin.note(Position(head.n, head.hash, to_micros(now)))\n", "", "test_moving.py::test_nothing_is_sent_from_the_old_file_afterwards"),
    Guard("resume: not a copy", "services/stopping.py", "    must_be_the_original(context)\n", "", "test_origin.py::test_a_copied_workspace_sends_nothing_and_the_original_goes_on"),
    Guard("a copy leaves no newer position", "store/ledger.py", " and not self.not_the_original:", ":", "test_origin.py::test_an_older_record_put_back_sends_nothing"),
    # -- a stop by a file, and accounts ------------------------------------------------------------------
    Guard("last look: STOP file", "store/final_check.py", ' or row["stop_file"]:', ":", "test_stopfile.py::test_one_made_after_the_claim_is_seen_before_the_first_byte[STOP]"),
    Guard("last look: HOLD file", "store/final_check.py", 'if row["hold_file"]:', "if False:", "test_stopfile.py::test_one_made_after_the_claim_is_seen_before_the_first_byte[HOLD-statement]"),
    Guard("plan: STOP file", "store/__init__.py", "if not found.stopped and (asked :=", "if False and (asked :=", "test_stopfile.py::test_a_stop_file_stops_everything_until_resume"),
    Guard("a stop file that stays is in force", "services/stopping.py", "not context.dry_run and is_stopped(context.workspace.folder):", "False:", "test_stopfile.py::test_a_file_of_any_kind_is_a_stop[folder]"),
    Guard("ssh-keygen from a trusted place", "system/programs.py", "return _first(name, [*SYSTEM_PLACES, *_on_path()])",
          "return shutil.which(name)", "test_signed_approvals.py::test_an_ssh_keygen_that_is_first_on_path_is_not_trusted"),
    Guard("no program from where others may write", "system/programs.py", "only_ours(Path(folder)) and only_ours(Path(found))", "True",
          "test_command_outlet.py::test_no_program_is_taken_from_where_others_may_put_one"),
    Guard("a program gets no secret of ours", "outlets/command.py", "return {**kept, **self._more,", "return {**os.environ, **self._more,",
          "test_command_outlet.py::test_it_gets_the_variables_that_config_gives_it_and_no_secret_of_ours"),
    Guard("the list of the day, once", "notifications/unread.py", "return was_sent(key, conditions) if is_daily(key) else key in conditions", "return key in conditions",
          "test_daily.py::test_the_last_list_stays_recorded_though_a_stop_or_a_slower_clock_has_none"),
    Guard("cron names no unlifted release", "notifications/notice.py", "    if waiting.lifted:\n", "    if True:\n", "test_quiet_logs.py::test_publish_due_names_no_release_before_its_lift"),
    Guard("a found workspace is one's own", "wiring/__init__.py", "        must_be_trusted(folder)\n", "        pass\n",
          "test_accounts.py::test_a_planted_workspace_is_not_worked_in_unless_it_is_named"),
    Guard("root works for no config of another account", "system/accounts.py",
          "if one.st_uid not in {0, account} and not", "if False and not", "test_accounts.py::test_root_works_for_nobody_whose_config_another_may_change[config.toml]"),
    Guard("a link is its maker's", "system/accounts.py", "found[path] = path.lstat()", "found[path] = path.stat()",
          "test_accounts.py::test_root_goes_on_as_the_maker_of_a_link"),
    Guard("root works as the owner", "wiring/__init__.py", "    work_as_owner(folder)\n", "", "test_accounts.py::test_root_leaves_nothing_that_the_owner_can_not_use"),
    Guard("no umask lets everybody write", "cli/__init__.py", "        _let_nobody_else_write()\n", "",
          "test_leaks.py::test_under_no_umask_is_a_workspace_made_that_others_may_change"),
    Guard("closed streams", "cli/__init__.py", "        open_standard_streams()\n", "", "test_closed_streams.py::test_publish_due_publishes_whatever_is_closed"),
    # -- whose yes counts ---------------------------------------------------------------------------------
    Guard("claim: approvers and author", "store/claims.py", "approvals_given(deliveries, *who_may_approve(policy))", "approvals_given(deliveries)", "test_approvals.py::test_the_claim_and_the_plan_count_the_same_people[sqlite]"),
    Guard("plan: approvers", "status/evaluation.py", "(may and name not in may) or ", "", "test_approvals.py::test_a_policy_made_stricter_counts_for_what_was_approved_before"),
    Guard("plan: author and scheduler", "status/evaluation.py", " or (not policy.author_may_approve and name in makers)", "", "test_approvals.py::test_the_claim_and_the_plan_count_the_same_people[sqlite]"),
    Guard("plan: one key is one person", "status/evaluation.py", '({f"key {approval.key}"} if approval.key else set())', "set()", "test_four_eyes.py::test_approvals_are_never_more_than_their_keys_or_their_people"),
    Guard("approve: who scheduled", "status/dossier.py",
          "same_person(name) for name in (self.author, self.scheduled_by) if name", "same_person(self.author) for _ in (1,)", "test_approvals.py::test_the_person_who_scheduled_may_not_approve_either"),
    Guard("approve: the lift that was shown", "store/approvals.py", "if shown_lift is not None and dossier.release.lift != shown_lift:", "if False:",
          "test_approving.py::test_only_what_was_shown_is_approved[its lift was moved]"),
    Guard("approve: lists and file as they were shown", "cli/scheduling.py", "            approving.must_still_be(context, report, by)\n", "",
          "test_approving.py::test_only_what_was_shown_is_approved[a list was edited]"),
    Guard("schedule: a list that grew", "cli/scheduling.py", "if grown and (yes or not session.may_ask):", "if False:",
          "test_lists_edited.py::test_two_newcomers_in_ten_are_refused_unless_their_outlet_is_confirmed[options1]"),
    Guard("who: SUDO_USER", "system/who.py", "        if process.uid == wanted:\n            return True\n        if process.uid not in {own, 0}:\n            return False\n",
          "        return True\n", "test_four_eyes.py::test_sudo_user_alone_is_nobodys_name"),
    Guard("plan: signatures", "publishing/snapshot.py", "    if not config.policy.allowed_signers or not dossiers:", "    if True:", "test_signed_approvals.py::test_a_row_that_somebody_wrote_into_the_database_lets_nothing_leave"),
    Guard("last look: signatures", "publishing/sender.py",
          "return why_not or why_unsigned(self._store, self._config, delivery)", "return why_not", "test_signed_approvals.py::test_the_signature_is_asked_for_once_more_before_the_first_byte"),
    Guard("signature: what is approved", "signing/__init__.py", '            "content": self.content,\n', "", "test_signed_approvals.py::test_a_signature_counts_for_nothing_but_what_was_signed[other frozen words]"),
    Guard("signature: no earlier lift", "signing/__init__.py", "        if not doubt and earlier:", "        if False:", "test_signed_approvals.py::test_what_is_signed_for_a_moment_is_not_sent_before_it"),
    Guard("signature: signers are nobody else's to change", "signing/signers.py",
          "    if stat.S_IMODE(found.st_mode) & 0o022:", "    if False:", "test_four_eyes.py::test_a_file_that_others_could_change_or_replace_is_not_believed[436-493-False]"),
    Guard("signature: signers are nobody else's to replace", "signing/signers.py",
          "        if stat.S_IMODE(there.st_mode) & 0o022 and not", "        if False and not", "test_four_eyes.py::test_a_file_that_others_could_change_or_replace_is_not_believed"),
    Guard("signature: these recipients and outlets", "signing/__init__.py", "        if not doubt and approved.elsewhere:", "        if False:", "test_four_eyes.py::test_a_signature_covers_outlets_and_recipients_whatever_the_journal_says"),
    # -- the record and the journal ---------------------------------------------------------------------
    Guard("claim: record and journal", "store/claims.py", "_that_agree(ledger, due_by_wall_time(ledger, ids))", "due_by_wall_time(ledger, ids)", "test_tampering.py::test_nothing_leaves_by_a_row_that_the_journal_does_not_have"),
    Guard("last look: record and journal", "store/final_check.py", '        if row["differs"]:', "        if False:", "test_tampering.py::test_what_was_edited_after_the_claim_is_found_before_the_first_byte[sqlite-edit0]"),
    Guard("plan: record and journal", "status/evaluation.py", "    if dossier.disagrees:", "    if False:", "test_tampering.py::test_nothing_leaves_by_a_row_that_the_journal_does_not_have"),
    Guard("record: approvals", "store/replay.py", "if sorted(approvals) != sorted(expected.approvals):", "if False:", "test_tampering.py::test_nothing_leaves_by_a_row_that_the_journal_does_not_have[a withdrawn approval back-sqlite]"),
    Guard("record: hold", "store/replay.py", 'if row["word"] != expected.word:', "if False:", "test_tampering.py::test_nothing_leaves_by_a_row_that_the_journal_does_not_have[a hold ended-sqlite]"),
    Guard("record: stop", "store/agreement.py", 'if row["last_stop"] == "stopped" and not row["stopped"]:', "if False:", "test_tampering.py::test_nothing_leaves_by_a_row_that_the_journal_does_not_have"),
    Guard("record: lift", "store/replay.py", 'if row["lift"] != expected.lift or', "if False and", "test_tampering.py::test_a_lift_that_was_moved_in_the_database_keeps_a_release_in[sqlite--2]"),
    Guard("record: recipients", "store/agreement.py",
          "return expected.recipients is not None and recipient not in sets.get(outlet, frozenset())", "return False", "test_tampering.py::test_nothing_leaves_by_a_row_that_the_journal_does_not_have"),
    Guard("record: a line rewritten", "store/replay.py", "and not is_unchanged(line)", "and False", "test_tampering.py::test_nothing_leaves_by_a_row_that_the_journal_does_not_have[a line of the journal rewritten-sqlite]"),
    Guard("verify: layout", "services/keeping.py", "for what in altered(reader)", "for what in ()", "test_tampering.py::test_verify_finds_what_was_altered_in_the_layout[sqlite-0]"),
    Guard("verify: what arrived", "store/reconcile.py", "if told_other := self._receipt_differs(row, place):", 'if told_other := "":', "test_tampering.py::test_verify_finds_what_was_edited_in_a_delivery_that_arrived[url = 'https://evil.example/'-sqlite]"),
    Guard("journal: INSERT OR REPLACE", "store/engine.py", "WHEN NEW.n <= (SELECT max(n) FROM journal)", "WHEN false", "test_tampering.py::test_no_statement_rewrites_the_journal[sqlite-replace]"),
    # -- the last look ------------------------------------------------------------------------------------
    Guard("last look: lift", "store/final_check.py",
          'if row["lift"] is None or row["lift"] > to_micros(now):', "if False:", "test_store.py::test_a_claimed_delivery_is_asked_about_again_before_its_first_byte"),
    Guard("last look: stop", "store/final_check.py", 'if row["stopped"] is None or row["stopped"] or row["stop_file"]:', 'if row["stop_file"]:', "test_store.py::test_a_claimed_delivery_is_asked_about_again_before_its_first_byte[sqlite-stop]"),
    Guard("last look: hold", "store/final_check.py", 'if row["word"] != "scheduled":', "if False:", "test_store.py::test_a_claimed_delivery_is_asked_about_again_before_its_first_byte"),
    Guard("last look: version", "store/final_check.py", 'if (row["version"], row["n"]) != (delivery.version, delivery.n):', "if False:", "test_store.py::test_only_the_current_version_is_claimed_or_leaves"),
    Guard("last look: file", "store/final_check.py", 'if row["source_hash"] != source_hash:', "if False:", "test_store.py::test_a_claimed_delivery_is_asked_about_again_before_its_first_byte"),
    Guard("last look: closed outlet", "store/final_check.py", '            return "a newer version replaced it"\n        if row["closed"]:', '            return "a newer version replaced it"\n        if False:', "test_circuit.py::test_one_that_was_claimed_already_does_not_leave"),
    Guard("last look: own claim", "store/final_check.py",
          '(row["state"], row["owner"], row["claims"]) == mine', "True", "test_store.py::test_a_claimed_delivery_is_asked_about_again_before_its_first_byte"),
    Guard("last look: lease", "publishing/sender.py",
          "if clock.pause_clock() + (timeout + LEASE_LEFT).total_seconds() > lease_end:", "if False:", "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("last look: clock", "publishing/sender.py",
          '        if self._jumps.jumped(mark) and not delivery.withdraws:\n            return "the clock has jumped"\n', "", "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("last look: unreadable is stopped", "publishing/sender.py",
          'return "the database could not be read"', "return None", "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("last look at all", "publishing/sender.py",
          "        if why_not := self._why_not(outlet, delivery, lease_end):", "        if why_not := None:", "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    # -- approved bytes -----------------------------------------------------------------------------------
    Guard("approved text", "publishing/rendering.py", "if not is_named(", "if () and not is_named(",
          "test_cycle.py::test_a_frozen_version_that_was_tampered_with_does_not_leave"),
    Guard("approved attachments", "publishing/rendering.py", "hashlib.sha256(content).hexdigest() != sha256", "False",
          "test_cycle.py::test_a_frozen_version_that_was_tampered_with_does_not_leave"),
    Guard("a heavy release is rendered elsewhere", "publishing/rendering.py",
          "return self._composed(delivery, frozen, render_apart_or_here)",
          "return self._composed(delivery, frozen, render)", "test_rendering.py::test_the_work_of_a_heavy_release_is_done_elsewhere"),
    Guard("whoever must not wait doesn't", "publishing/rendering.py",
          "if not gate.acquire(blocking=heavy):", "if not gate.acquire():", "test_rendering.py::test_a_caller_that_must_not_wait_does_not_wait_for_a_rendering"),
    Guard("no secret for the process that renders", "publishing/render_process.py",
          "env={name: os.environ[name] for name in _KEPT if name in os.environ},", "", "test_rendering.py::test_it_is_given_no_secret_and_no_argument_that_others_may_read"),
    Guard("alive: one pass is no sign", "services/listing.py",
          "    came_again = process.last_seen - process.started_at >= COMES_AGAIN", "    came_again = True", "test_alive.py::test_passes_are_a_sign_where_another_will_come"),
    Guard("alive: a dead run is dead", "services/listing.py",
          "age < STAYS_UP and not _is_dead(alive, process)", "age < STAYS_UP", "test_alive.py::test_run_is_alive_until_it_ends_however_it_ends[9]"),
    Guard("alive: a series of passes that broke off begins anew", "store/presence.py",
          "case((follows, processes.c.started_at), else_=ledger.micros)", "processes.c.started_at", "test_alive.py::test_passes_are_a_sign_where_another_will_come"),
    Guard("alive: due, and nothing running", "services/listing.py", "    if not sign.alive and not stopped:", "    if False:", "test_alive.py::test_what_is_due_with_nothing_running_says_so_in_capitals"),
    Guard("delayed: five minutes", "status/evaluation.py",
          "overdue = since is not None and now - since >= OVERDUE", "overdue = False", "test_evaluation.py::test_the_status_of_a_release"),
    Guard("cron: said once", "services/reminding.py", "    if kept != mailed:\n", "    if False:\n", "test_cron_manners.py::test_cron_prints_it_once_and_again_when_it_changes"),
    Guard("doctor: what can't be asked is not well", "services/doctor/__init__.py",
          "made.append(error(refused.message, refused.hint))", "pass", "test_doctor.py::test_one_thing_wrong_is_found_and_has_a_fix[no record]"),
    Guard("plan: file", "status/evaluation.py", "if dossier.file is FileFact.CHANGED:", "if False:", "test_evaluation.py::test_the_status_of_a_release"),
    Guard("plan: config.toml as approved", "status/evaluation.py", "    if dossier.changed:", "    if False:", "test_frozen_settings.py::test_nothing_leaves_until_it_is_scheduled_again"),
    Guard("claim: config.toml as approved", "publishing/claimer.py",
          "candidates = [delivery for delivery in candidates if delivery.id not in changed]", "pass", "test_frozen_settings.py::test_the_claim_and_the_last_look_ask_it_too"),
    Guard("last look: config.toml as approved", "publishing/sender.py",
          "why_not = why_not or self._renders.why_changed([delivery]).get(delivery.id)", "pass", "test_frozen_settings.py::test_the_claim_and_the_last_look_ask_it_too"),
    Guard("composed as it was frozen", "publishing/rendering.py", "config = self._covered.as_frozen(frozen.settings)",
          "config = self._config", "test_frozen_settings.py::test_a_text_is_composed_from_what_was_frozen"),
    Guard("approve: config.toml as scheduled", "services/approving.py", "if changed := report.dossier.changed:",
          'if changed := "":', "test_frozen_settings.py::test_nothing_leaves_until_it_is_scheduled_again"),
    Guard("a weaker policy needs a new approval", "config/frozen.py",
          "if _WEAKER[key.name](before, value):", "if False:", "test_frozen_settings.py::test_an_edit_of_what_an_approval_covers_is_named"),
    Guard("settings are in a version's name", "release/version.py",
          '"recipients": dict(recipients), "settings": settings}', '"recipients": dict(recipients)}', "test_frozen_settings.py::test_nothing_leaves_until_it_is_scheduled_again"),
    Guard("a frozen version is compared", "store/freezing.py", "        if kept | {", "        if False and kept | {", "test_frozen_settings.py::test_what_is_frozen_under_a_name_is_compared_never_assumed"),
    Guard("half a config.toml is not taken", "cli/session.py", "        if sends:\n", "        if False:\n",
          "test_half_config.py::test_a_pass_waits_for_the_rest"),
    Guard("a slug that is not out is not named", "publishing/rendering.py",
          "may_be_read(release, self._store.read, delivery.lift)", "release", "test_unlifted_slug.py::test_an_unlifted_release_is_not_named_by_what_follows_it"),
    Guard("a slug that is not out can't be guessed", "publishing/rendering.py", "else mark_of(release.follows, secret)",
          "else hashlib.sha256(release.follows.encode()).hexdigest()[:32]", "test_unlifted_slug.py::test_an_unlifted_release_is_not_named_by_what_follows_it"),
    # -- what a person chose and was told -----------------------------------------------------------------
    # -- what comes in, and what is attached --------------------------------------------------------------
    Guard("hidden text of a Word file", "importing/word_scan.py",
          "                if self._is_hidden(run, style):", "                if False:",
          "test_word.py::test_what_nobody_would_see_is_shown_and_refused[hidden-0]"),
    Guard("tracked changes need a word", "importing/word_scan.py", "refused=not accept)", "refused=False)",
          "test_importing.py::test_tracked_changes_need_a_person"),
    Guard("the Word file's words are compared", "importing/word.py", "    if read != shown:", "    if False:",
          "test_word.py::test_a_text_that_would_change_is_refused"),
    Guard("attachments are looked into", "services/scheduling.py", "    if not release.attachments:", "    if True:",
          "test_cleaning.py::test_a_photograph_that_names_its_author_is_cleaned_before_it_can_be_scheduled"),
    Guard("a clean copy is looked into once more", "attachments/__init__.py", "    if left:", "    if False:",
          "test_pictures.py::test_a_copy_that_still_says_something_is_refused"),
    Guard("words under a box", "attachments/pdf.py", "    return (*found, *_unseen_words(data, bare))", "    return tuple(found)",
          "test_pdf_and_office.py::test_words_that_nobody_sees_are_found_and_never_cleaned[black box]"),
    Guard("names are sealed", "services/drafting.py", "        seal(context)\n", "        pass\n",
          "test_protected_names.py::test_the_list_is_sealed_and_still_found"),
    Guard("a protected name keeps a release back", "services/scheduling.py", "    if context.config.check.names:", "    if False:",
          "test_protected_names.py::test_the_list_is_sealed_and_still_found"),
    Guard("a number in a sentence that is too long", "check/privacy.py", "_raw(release) if _SSN", "() if _SSN",
          "test_check.py::test_a_ruled_sentence_that_is_too_long_to_read_still_shows_a_number"),
    Guard("a length of time in a file", "check/timing.py", "        only_day=True,\n", "", "test_same_lift.py::test_a_length_of_time_in_a_file_is_refused_with_what_to_write"),
    Guard("a new draft is not immediate", "cli/writing.py", '    ] = "",\n    follows', '    ] = "immediate",\n    follows',
          "test_same_lift.py::test_a_new_draft_has_no_embargo_unless_one_was_given"),
    Guard("a chosen lift is kept", "services/lifts.py", "    if last is None or not last.chosen or embargo.kind is EmbargoKind.EVENT:", "    if True:", "test_lifts.py::test_a_chosen_lift_outlives_a_fixed_comma"),
    Guard("a kept lift fits its embargo", "services/lifts.py",
          "return last._replace(moment=moment) if _why_outside(embargo, moment) is None else None", "return last._replace(moment=moment)", "test_lifts.py::test_what_is_kept_was_chosen_and_fits"),
    Guard("an earlier lift is said", "services/lifts.py", "    if last is None or (lift is not None",
          "    if True or (lift is not None", "test_lifts.py::test_an_earlier_lift_is_said_and_needs_more_than_yes"),
    Guard("an earlier lift needs more than --yes", "cli/scheduling.py", "yes=yes and not unnamed", "yes=yes", "test_lifts.py::test_an_earlier_lift_is_said_and_needs_more_than_yes"),
    Guard("a later lift is inside the window", "services/stopping.py",
          "    must_fit(release.embargo, meant.lift, slug=slug, timezone=office.timezone, now=now)\n", "", "test_lifts.py::test_a_later_time_outside_the_window_is_refused"),
    Guard("each release by itself", "services/results.py",
          "            act(slug)\n        except PressReleaseError as error:",
          "            act(slug)\n        except ZeroDivisionError as error:", "test_brakes.py::test_hold_holds_every_release_that_can_be_held"),
    Guard("each release of a group by itself", "store/ledger.py",
          "            with self.connection.begin_nested():\n                yield", "            yield", "test_brakes.py::test_one_that_is_refused_within_a_transaction_is_undone_by_itself"),
    Guard("nothing is noted of what was refused in a group", "store/ledger.py",
          "            del self._events[noted:]\n", "", "test_brakes.py::test_one_that_is_refused_within_a_transaction_is_undone_by_itself"),
    Guard("resume only what is held", "services/stopping.py",
          "if at is None and before.release.word is not Directive.HELD and not waits:", "if False:", "test_brakes.py::test_resuming_what_is_not_held_is_refused_and_not_noted[False]"),
    Guard("no false line of letting go", "store/commands.py",
          "    if word is Directive.SCHEDULED and dossier.release.word is not Directive.HELD:", "    if False:", "test_brakes.py::test_putting_off_what_is_not_held_notes_no_resumption"),
    Guard("no false line of taking back", "store/approvals.py", "    if not dossier.approvals:", "    if False:", "test_brakes.py::test_taking_back_no_approval_is_refused_and_not_noted"),
    # -- the hour on the wall -----------------------------------------------------------------------------
    Guard("plan: hour on the wall", "publishing/snapshot.py",
          "one._replace(lift=rulings[one.slug].lift) if one.slug in rulings else one", "one", "test_zone_rules_followed.py::test_a_lift_follows_its_clock_to_a_later_moment_and_everybody_is_notified"),
    Guard("claim: hour on the wall", "store/claims.py", "due_by_wall_time(ledger, ids)", "list(ids)", "test_zone_rules.py::test_nothing_is_claimed_before_the_hour_has_come_by_the_rules_of_this_machine[sqlite]"),
    Guard("last look: hour on the wall", "store/final_check.py",
          'if row["wall"] and (why_not := _not_yet(row, now)):', 'if why_not := "":', "test_zone_rules.py::test_nothing_that_is_claimed_leaves_before_it[sqlite-2018-09-24T09:00:00-07:00[America/Los_Angeles]]"),
    Guard("plan: clock and offset at odds", "status/evaluation.py",
          "if dossier.ruling and dossier.ruling.blocked:", "if False:", "test_zone_rules_followed.py::test_an_hour_whose_offset_was_named_too_waits_for_a_person"),
    Guard("zone rules: earlier by surely newer ones only", "when/wall_time.py",
          "    if newer:\n        return ZoneCheck(lift, moment", "    if True:\n        return ZoneCheck(lift, moment", "test_zone_rules.py::test_what_the_rules_of_today_make_of_a_lift"),
    Guard("zone rules: older ones move nothing", "when/wall_time.py", "    if older:\n        return stands\n", "", "test_zone_rules.py::test_what_the_rules_of_today_make_of_a_lift"),
    Guard("zone rules: never early in a gap or an overlap", "when/wall_time.py",
          "else located.instants[-1]", "else located.instants[0]", "test_zone_rules.py::test_a_clock_put_back_on_the_day_gives_the_hour_that_was_meant_and_one_put_forward_the_first_after"),
    Guard("zone rules: a record changed meanwhile", "store/zone_updates.py", "            releases.c.lift == before,\n", "", "test_zone_rules.py::test_what_was_changed_in_the_meantime_is_not_touched"),
    Guard("zone rules: as they are on the disk", "when/rules.py",
          "if known is not None and known[0] == file:", "if known is not None:", "test_zone_rules.py::test_the_rules_are_those_on_the_disk_at_this_moment"),
    Guard("signature: no earlier hour", "signing/__init__.py", "earliest = approved.earliest or approved.lift",
          "earliest = None", "test_signed_approvals.py::test_what_is_signed_for_a_moment_is_not_sent_before_it"),
    # -- the plan -----------------------------------------------------------------------------------------
    Guard("plan: lift", "publishing/plan.py", "if moment <= now:", "if True:", "test_plan.py::test_nothing_is_due_a_microsecond_before_the_lift_and_the_plan_wakes_at_it"),
    Guard("plan: approval", "status/evaluation.py", "if missing > 0 and still_open:", "if False:", "test_evaluation.py::test_the_status_of_a_release"),
    Guard("plan: hold", "status/evaluation.py", "if release.word is Directive.HELD:", "if False:", "test_evaluation.py::test_the_status_of_a_release"),
    Guard("plan: too late", "status/evaluation.py",
          "    if any(too_late(", "    if False and any(too_late(", "test_evaluation.py::test_the_status_of_a_release"),
    Guard("plan: clock", "status/evaluation.py", "if lifted and clock_doubt:", "if False:", "test_evaluation.py::test_the_status_of_a_release"),
    # -- the clock ----------------------------------------------------------------------------------------
    Guard("clock behind the record", "system/clock.py",
          "if newest is not None and mark.wall < newest - tolerance:", "if False:", "test_clock.py::test_which_clock_is_believed"),
    Guard("clock ahead of uptime", "system/clock.py",
          "if gained > tolerance + (mark.uptime - recorded.uptime) * SLEW:", "if False:", "test_clock.py::test_which_clock_is_believed"),
    Guard("clock: what it gained is added up", "system/clock.py",
          "return other if _gained(other, one) <= (other.uptime - one.uptime) * SLEW else one", "return other",
          "test_clock.py::test_what_a_clock_gains_little_by_little_is_added_up"),
    Guard("clock: each boot's tightest mark is kept", "store/presence.py",
          "if vouched or tighter(before, mark) is mark:", "if True:", "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("clock: a mark for each boot", "store/presence.py",
          "before = mark_of(found[0]) if found else None", "before = ledger.connection.execute(delete(marks)) and None",
          "test_store.py::test_each_boot_has_its_mark_and_a_clock_that_creeps_does_not_move_it"),
    Guard("clock: witnesses are asked before anything leaves", "publishing/snapshot.py",
          "        witnesses.ask(config, mark)\n", "        pass\n", "test_cycle.py::test_witnesses_are_asked_before_a_lift_once_in_some_minutes_and_never_for_nothing"),
    Guard("clock: the word of witnesses is good for minutes", "publishing/clock_trust.py",
          "return age < (GOOD_FOR if self._vouched is not None else ASKED_AGAIN_AFTER)", "return True",
          "test_cycle.py::test_witnesses_are_asked_before_a_lift_once_in_some_minutes_and_never_for_nothing"),
    Guard("clock: a person confirms one in doubt by name", "services/stopping.py",
          "if shown.doubt and not clock_confirmed:", "if False:", "test_simulator.py::test_a_clock_in_doubt_is_confirmed_by_name_or_not_at_all"),
    Guard("last look: the lift has come by true time", "publishing/sender.py",
          "None if delivery.withdraws or delivery.lift is None else clock.await_proof(delivery.lift)", "None",
          "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("proof: the bound is waited for", "system/clock.py",
          "        sleep_until(lift + error)  #", "        return Proof(error, lift_proved=True)  #", "test_clock.py::test_a_lift_is_waited_for_until_it_has_come_by_true_time"),
    Guard("proof: not without synchronization", "system/clock.py",
          "answer.status & _STA_UNSYNC or", "False or", "test_clock.py::test_how_far_off_the_kernel_says_that_its_clock_may_be"),
    Guard("zone rules: not much earlier, and not at once", "when/wall_time.py",
          "if newer and (max(lift, walls[0].promised) - moment > FURTHEST_EARLIER or moment <= now):", "if False:", "test_zone_rules.py::test_what_the_rules_of_today_make_of_a_lift"),
    Guard("clock: the newest time is kept", "store/ledger.py",
          "or_(control.c.newest.is_(None), control.c.newest < bindparam(\"now\"))", "control.c.id == 1", "test_store.py::test_the_newest_time_is_kept_until_a_person_confirms_the_clock"),
    Guard("clock: a boot that nobody vouched for", "publishing/clock_trust.py",
          "may_be_kept = not config.clock.witnesses or clock.vouches(mark, recorded)", "may_be_kept = True",
          "test_cycle.py::test_a_clock_that_nobody_vouched_for_is_not_believed_when_no_witness_answers"),
    # -- the dead, and doubts -----------------------------------------------------------------------------
    Guard("a dead one's claim is in doubt", "store/claims.py",
          "                state=DeliveryState.IN_DOUBT.value,\n                owner=null(),".replace("    " * 4, "            "),
          "            state=DeliveryState.WAITING.value,\n            owner=null(),", "test_store.py::test_a_dead_claim_is_in_doubt_and_comes_back_only_where_it_may"),
    Guard("in doubt comes back only where told", "store/claims.py",
          "next_try=null() if again is None else to_micros(again),", "next_try=ledger.micros,", "test_store.py::test_a_dead_claim_is_in_doubt_and_comes_back_only_where_it_may"),
    Guard("a dead owner is noticed", "publishing/dead_claims.py",
          "if delivery.owner != self._alive.owner and is_dead(self._folder, delivery.owner):\n                dead",
          "if False:\n                dead", "test_cycle.py::test_a_scheduler_killed_in_the_act_leaves_a_doubt_that_only_a_telling_outlet_gets_again"),
    Guard("a lapsed lease is noticed", "publishing/dead_claims.py",
          "elif seen.clock_doubt is None and delivery.lease_until is not None and delivery.lease_until < seen.at:",
          "elif False:", "test_cycle.py::test_a_claim_of_a_machine_that_is_gone_lapses_and_is_then_in_doubt"),
    Guard("unsure is in doubt", "release/delivery.py",
          "if failure.certainty is Certainty.UNSURE or self.may_have_arrived:", "if self.may_have_arrived:",
          "test_retry.py::test_what_may_have_arrived_is_never_taken_for_what_did_not"),
    Guard("a doubt outlives a refused repeat", "release/delivery.py",
          "if failure.certainty is Certainty.UNSURE or self.may_have_arrived:",
          "if failure.certainty is Certainty.UNSURE:", "test_retry.py::test_a_doubt_outlives_a_repeat_that_surely_was_not_sent"),
    Guard("a repeat only while it is told", "publishing/retry.py",
          "if in_doubt and not may_repeat(delivery, rules=rules, repeats=repeats, now=moment):", "if False:",
          "test_retry.py::test_the_next_try"),
    Guard("an old doubt is left to a person", "publishing/dead_claims.py",
          "if delivery.state is DeliveryState.IN_DOUBT and not self._may_repeat(delivery, seen.at)", "if False", "test_simulator.py::test_a_doubt_that_is_older_than_its_outlet_remembers_is_left_to_a_person"),
    Guard("a program's fault in sending is unsure", "publishing/sender.py",
          """failed while sending"
            return self._answered(outlet, delivery, DeliveryFailed(Certainty.UNSURE, reason))""",
          """failed while sending"
            return self._answered(outlet, delivery, DeliveryFailed(Certainty.NOT_SENT, reason))""",
          "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("a program's fault in looking is unsure", "publishing/sender.py",
          """failed while looking"
            return self._answered(outlet, delivery, DeliveryFailed(Certainty.UNSURE, reason))""",
          """failed while looking"
            return self._answered(outlet, delivery, DeliveryFailed(Certainty.NOT_SENT, reason))""",
          "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("another's claim is not answered for", "store/claims.py",
          '    deliveries.c.owner == bindparam("b_owner"),\n        deliveries.c.claims == bindparam("b_claims"),\n', "", "test_store.py::test_an_answer_to_a_claim_given_back_changes_nothing_of_anothers"),
    Guard("log: noted before the first byte", "publishing/sender.py",
          "            self._alive.log.sending(delivery)\n", "            pass\n",
          "test_simulator.py::test_every_promise_holds_in_histories_by_chance"),
    Guard("log: only of this boot and of this file", "store/send_log.py",
          "if boot is None or first.decode() != _first_line(", "if () and _first_line(", "test_send_log.py::test_another_boot_a_copy_and_no_boot_are_not_believed"),
    Guard("log: a line that no log has", "store/send_log.py",
          "        else:\n            raise ValueError(line)\n", "", "test_send_log.py::test_a_line_that_no_log_has_makes_nothing_of_it_certain"),
    Guard("log: emptied only when nothing is open", "store/send_log.py",
          "if self._size >= LONG and not self._open:", "if self._size >= LONG:", "test_send_log.py::test_it_is_emptied_only_when_nothing_is_open"),
    Guard("log: an answer only where the claim stands", "store/claims.py",
          "    standing = [one for one in results if ledger.connection.execute(_OWN_CLAIM, _values(one)).rowcount]",
          "    standing = [one for one in results if [ledger.connection.execute(_OWN_CLAIM, _values(one))]]", "test_store.py::test_an_answer_from_a_dead_senders_log_counts_only_while_its_claim_lasts"),
    # -- after it is out --------------------------------------------------------------------------------------
    Guard("a withdrawal waits for what is being sent", "store/chain.py", "~_any_older(or_(sending, loose))", "~_any_older(loose)", "test_kill.py::test_a_withdrawal_waits_for_what_is_being_sent_and_goes_if_that_arrived[sqlite]"),
    Guard("a withdrawal waits until a slow first one can no longer arrive", "store/chain.py", "~_any_older(or_(sending, loose))", "~_any_older(sending)", "test_kill.py::test_the_withdrawal_waits_after_a_timeout_until_the_slow_first_one_can_no_longer_arrive[sqlite]"),
    Guard("who may have it gets the withdrawal", "store/kills.py", "        deliveries.c.unanswered > 0,\n", "", "test_kill.py::test_a_kill_takes_back_what_somebody_has_or_may_have"),
    Guard("each claim may have left something", "store/chain.py", '"unanswered": deliveries.c.unanswered + 1', '"unanswered": deliveries.c.unanswered', "test_kill.py::test_a_kill_takes_back_what_somebody_has_or_may_have"),
    Guard("a sure no ends no older doubt", "release/delivery.py", "            unanswered=max(0, self.unanswered - sure),", "            unanswered=0 if sure else self.unanswered,", "test_kill.py::test_a_kill_takes_back_what_somebody_has_or_may_have"),
    Guard("an answer counts once", "store/claims.py", "    if _is_answered(ledger, result.claimed):", "    if False:", "test_kill.py::test_an_answer_that_is_recorded_twice_ends_no_other_doubt[sqlite]"),
    Guard("nothing revives what was killed", "store/chain.py", '            ledger.connection.execute(_OVERTAKE_ONE, place | {"before_n": row["n"] + 1})\n', "", "test_kill.py::test_what_surely_did_not_arrive_is_not_withdrawn_and_never_sent"),
    Guard("nobody is told of what they never had", "store/chain.py", '            ledger.connection.execute(_WITHDRAWAL, place | {"at_now": ledger.micros})\n', "", "test_kill.py::test_what_surely_did_not_arrive_is_not_withdrawn_and_never_sent"),
    Guard("before the first byte: somebody has it", "store/final_check.py", '        return "" if anyone else "nobody there', '        return "" if True else "nobody there', "test_kill.py::test_a_guard_asks_again_whether_anybody_has_it[sqlite]"),
    Guard("a withdrawal has a key of its own", "release/delivery.py", "    if (n, action) != (1, Action.PUBLISH):", "    if False:", "test_kill.py::test_each_recipient_has_a_withdrawal_of_its_own_with_a_key_of_its_own[sqlite]"),
    Guard("the journal knows of the withdrawal", "store/agreement.py", "                if words := _withdrawal_differs(one, sets.get(slug, {}), row):", "                if words := \"\":", "test_kill.py::test_a_withdrawal_that_the_journal_knows_nothing_of_is_not_claimed"),
    Guard("a stop keeps no withdrawal", "publishing/snapshot.py", "tuple(one for one in self.plan.due if one.withdraws) if self.stopped", "() if self.stopped", "test_killing.py::test_it_withdraws_what_is_out_though_everything_is_stopped"),
    Guard("killed is for good", "store/event_lifts.py", "    if release.word is Directive.KILLED:", "    if False:", "test_killing.py::test_one_that_is_not_out_is_called_off_for_good"),
    Guard("claim: this version's number", "store/claims.py", "            releases.c.n == deliveries.c.n,\n", "", "test_correct.py::test_of_two_versions_with_the_same_text_only_the_newest_leaves[sqlite]"),
    Guard("publish or correct is decided by the claim", "store/chain.py", '        "action": action_now(),\n', "", "test_correct.py::test_a_correction_reaches_each_recipient_as_what_it_is_to_them"),
    Guard("a repeat says the same again", "store/chain.py", "same = or_(_is_first, withdraws, deliveries.c.unanswered > 0)", "same = or_(_is_first, withdraws)", "test_correct.py::test_a_repeat_of_what_is_itself_in_doubt_says_the_same_again[sqlite]"),
    Guard("before the first byte: as what it was claimed as", "store/final_check.py", '    return "" if row["action"] == meant else', '    return "" if True else', "test_correct.py::test_a_late_answer_revives_nothing_that_was_overtaken[sqlite]"),
    Guard("whom an outlet refused gets no correction", "store/corrections.py", "for error in (refused.get((outlet, recipient)),)", "for error in (None,)", "test_correct.py::test_a_correction_reaches_each_recipient_as_what_it_is_to_them"),
    Guard("an approval of the same text counts for one version only", "store/corrections.py", '    ledger.connection.execute(_APPROVALS, which | {"at_now": ledger.micros})\n    ledger.connection.execute(_CLEARANCES, which)\n    require', "    require", "test_correct.py::test_approvals_of_the_first_text_do_not_count_for_a_correction_that_restores_it[sqlite]"),
    Guard("a hold outlives a correction taken back", "store/corrections.py", '{"slug", "word", "word_by", "word_at", "why"}', '{"slug"}', "test_correct.py::test_a_hold_outlives_a_correction_that_is_taken_back[sqlite]"),
    Guard("what has started is not taken back", "store/corrections.py", "not any(one.claims for one in dossier.deliveries)", "True", "test_correct.py::test_what_has_started_is_not_taken_back[sqlite]"),
    Guard("a withdrawal is of what was out", "store/kills.py", "    if release.n > 1 and may_be_taken_back(", "    if False and may_be_taken_back(", "test_correct.py::test_a_kill_takes_an_unstarted_correction_back_and_withdraws_what_was_out[sqlite]"),
    Guard("the journal has the number and the note", "store/replay.py", 'if row["n"] != expected.n or (row["note"] or "") != expected.note:', "if False:", "test_correct.py::test_a_correction_that_was_edited_in_the_database_is_not_claimed"),
    # -- a person's word ----------------------------------------------------------------------------------
    Guard("settle: only those named", "services/settling.py", "for one in may if one in asked)", "for one in may)", "test_settling.py::test_one_recipient_is_settled_and_the_others_stay_in_doubt"),
    Guard("settle: an address in a log is no proof", "services/settling.py",
          'alone := _ADDRESS.fullmatch(line.rstrip("\\r\\n"))', "alone := _ADDRESS.search(line)", "test_settling.py::test_a_log_settles_those_whose_message_id_it_has_and_no_address_alone"),
    Guard("settle: one word for several is confirmed", "cli/settling.py",
          "named or len(chosen.settled) == 1 or", "True or", "test_settling.py::test_a_word_for_several_that_names_none_needs_a_yes"),
    Guard("settle: a resend asks for the slug", "cli/settling.py",
          'session.may_ask and verdict == "resend"', "False", "test_settling.py::test_at_a_terminal_it_asks_as_the_verdict_asks_for"),
    Guard("undo: only what nothing followed", "services/settling.py",
          "        found.pop(place, None)\n", "", "test_settling.py::test_what_was_tried_again_since_is_not_taken_back"),
    # -- the record ---------------------------------------------------------------------------------------
    Guard("journal: each line has the one before", "store/journal.py",
          "if line.prev != before.hash:", "if False:", "test_store.py::test_a_rewritten_line_with_a_right_hash_is_found_by_the_one_after_it"),
    Guard("journal: append-only", "store/engine.py",
          "(*PARTIAL_INDEXES, *_JOURNAL_TRIGGERS[of_kind], _NO_REPLACE[of_kind])", "PARTIAL_INDEXES", "test_store.py::test_the_journal_refuses_change"),
    Guard("a signal handler takes no lock", "scheduler/run.py",
          "signal.signal(number, _leave_to_listener)", "signal.signal(number, lambda *_: self.end())",
          "test_signals.py::test_no_handler_ends_it_itself"),
    Guard("a vanished record is not replaced", "store/engine.py",
          "    if origin.marker.exists():\n        raise", "    if False:\n        raise", "test_store_file.py::test_a_vanished_store_is_never_replaced_by_an_empty_one"),
    Guard("an act and its line in one transaction", "store/engine.py",
          "    except BaseException:\n        _undo(begun)\n", "    except BaseException:\n        begun.commit()\n", "test_store.py::test_an_act_and_its_line_are_kept_together_or_not_at_all"),
    # -- what is owed after it went out ------------------------------------------------------------------------
    # -- what a phrase may mean -----------------------------------------------------------------------------
    Guard("phrase: a far year is asked about", "when/make_embargo.py",
          "elif day > office.today + _WITH_YEAR and not", "elif False and not",
          "test_suggestions.py::test_a_year_more_than_two_years_ahead_is_asked_about"),
    Guard("phrase: nothing without a year is far ahead", "when/make_embargo.py",
          "if day > office.today + _WITHOUT_YEAR:", "if False:",
          "test_suggestions.py::test_nothing_without_a_year_is_more_than_eleven_months_ahead"),
    Guard("phrase: three numbers in more than one order", "when/calendar.py",
          "if len(part.readings) == 2:", "if True:",
          "test_suggestions.py::test_three_numbers_that_fit_more_than_one_order_are_asked_about"),
    Guard("phrase: a malformed offset", "when/doubts.py",
          "    _refuse_malformed_offset(phrase)\n", "",
          "test_suggestions.py::test_a_malformed_offset_is_refused"),
    Guard("phrase: a zone or a half of the day in Spanish", "when/doubts.py",
          "if (place := spanish_word(phrase.text)) is not None:", "if (place := spanish_word(phrase.text)) is not None and False:",
          "test_when_embargo.py::test_embargo_lines"),
    Guard("phrase: a mistyped day beside a date", "when/doubts.py",
          "if (slip := mistyped_day(tokens, phrase.text)) is not None:", "if False:",
          "test_suggestions.py::test_a_mistyped_day_beside_a_whole_date_is_asked_about"),
    Guard("phrase: only what is accepted is offered", "when/wording.py",
          "forms = [form for form in self._forms(value) if accepts(form)]", "forms = list(self._forms(value))",
          "test_suggestions.py::test_what_is_offered_in_a_file_can_be_written_into_it"),
    Guard("phrase: the later reading first", "when/refusals.py",
          "tuple(reversed(tuple(candidates)))", "tuple(candidates)",
          "test_suggestions.py::test_a_refusal_names_what_may_have_been_meant"),
    Guard("phrase: a number that could be an hour in prose", "when/lines.py",
          "and not any(_may_be_a_time(line, index) for index in range(len(line)))", "",
          "test_when_embargo.py::test_embargo_lines"),
    Guard("promise: a follow-up must say what was promised", "promises/fulfillment.py",
          "if one.text and not says_what_was_promised(promise.text, one.text)", "if False",
          "test_promises_kept.py::test_a_follower_keeps_a_promise_by_itself_only_if_it_says_what_was_promised"),
    Guard("promise: a calendar file has no name", "services/coming.py",
          '"SUMMARY:A press release goes out"', 'f"SUMMARY:{one.slug}"',
          "test_coming.py::test_a_calendar_file_has_the_moments_and_no_name"),
    Guard("promise: a draft's is not settled", "services/promising.py",
          "if one.made_by is ReleaseState.DRAFT:", "if False:",
          "test_promises_kept.py::test_the_promise_of_a_draft_is_not_settled"),
    Guard("outcome: owed until it is recorded", "store/after_publication.py", "<> 'delivery.' AND t.event = 'release.outcome')", "<> 'delivery.' AND t.event = 'none')",
          "test_outcomes.py::test_what_is_owed_is_on_the_first_screen_until_it_is_recorded"),
    Guard("outcome: owed of the accused", "services/scheduling.py", "return bool(release.case) or speaks_of_accused(release)", "return False",
          "test_outcomes.py::test_what_is_owed_is_on_the_first_screen_until_it_is_recorded"),
    Guard("removal: asked for until it is recorded", "notifications/removals.py", "if removal.what in done or \"\" in done or removal.due(out_at) > now:", "if removal.due(out_at) > now:",
          "test_removals.py::test_it_is_asked_for_when_it_is_due_until_it_is_recorded"),
    Guard("removal: never before it goes out", "check/removal.py", "one.at <= lift:", "False:",
          "test_removals.py::test_what_can_not_be_kept_is_not_scheduled"),
    Guard("removal: a booking photograph in time", "check/removal.py", "return removal.due(lift) - lift <= longest", "return True",
          "test_removals.py::test_what_can_not_be_kept_is_not_scheduled"),
    # -- an archive of the record -----------------------------------------------------------------------------
    Guard("export: no line of another release", "services/exporting/__init__.py", "whole = line.slug in slugs or", "whole = True or",
          "test_exporting.py::test_nothing_of_another_release_is_in_it"),
    Guard("export: embargo on top", "services/exporting/summary.py", "return [_RULE, *lines, _RULE, \"\"] if lines else []", "return []",
          "test_exporting.py::test_a_release_under_embargo_says_so_everywhere"),
    Guard("export: what never left is marked", "services/exporting/contents.py", "if not version.left:", "if False:",
          "test_exporting.py::test_what_was_never_sent_does_not_look_released"),
    Guard("checkpoint: of this journal", "services/checkpoints.py", "if checkpoint is None or (store_id,", "if False and (store_id,",
          "test_checkpoints.py::test_a_journal_that_was_written_again_is_found_by_its_checkpoint"),
    Guard("checkpoint: its stamp is checked", "signing/timestamps.py", "except client.VerificationError:\n        return", "except client.VerificationError:\n        return \"\" and",
          "test_checkpoints.py::test_a_stamp_by_an_authority_that_is_not_trusted_is_refused"),
    Guard("checkpoint: the answer to this request", "signing/timestamps.py", "if response.tst_info.nonce != request.nonce:", "if False:",
          "test_checkpoints.py::test_a_stamp_for_another_request_is_refused"),
    Guard("verify: one name, one file", "services/exporting/verify_archive.py", "len({name.lower() for name in names}) != len(names)", "False",
          "test_exporting.py::test_a_hostile_archive_is_refused[a doubled name]"),
    Guard("verify: nothing too large", "services/exporting/verify_archive.py", "info.file_size > LARGEST_FILE", "False",
          "test_exporting.py::test_a_hostile_archive_is_refused[a bomb]"),
    Guard("verify: a version is what it is named", "services/exporting/verify_archive.py", "if name != whole and not (", "if False and not (",
          "test_exporting.py::test_a_change_is_seen_though_the_index_fits_it[the text]"),
    Guard("verify: signed for this", "services/exporting/verify_archive.py", "if any(text.get(key) != value for key, value in wanted.items()):", "if False:",
          "test_exporting.py::test_a_change_is_seen_though_the_index_fits_it[the signed words]"),
    Guard("verify: a receipt is the journal's", "services/exporting/verify_archive.py", "elif not any(_same_receipt(row, detail) for detail in details):", "elif False:",
          "test_exporting.py::test_a_change_is_seen_though_the_index_fits_it[a receipt]"),
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
            print(f"{one.guard.name:42} {one.seconds:7.1f}  {one.guard.test}")
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


def _copy(
    source: Path,
    target: Path,
    ignore: Callable[[str, list[str]], set[str]] | None = None,
    each: Callable[[str, str], object] = shutil.copy2,
) -> None:
    target.mkdir()
    for part in ("pressrelease", "tests"):
        shutil.copytree(source / part, target / part, ignore=ignore, copy_function=each)
    each(str(source / "pyproject.toml"), str(target / "pyproject.toml"))


def _compile(whole: Path) -> None:
    """Compile the package and the tests once; each copy brings what was compiled along, and its age."""
    asked = [sys.executable, "-m", "pytest", "-n", "0", "-qq", "-p", "no:cacheprovider", "--collect-only", "-m", ""]
    asked += sorted(
        {str(place) for guard in GUARDS for place in (whole / "tests").rglob(guard.test.partition("::")[0])}
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(whole)
    subprocess.run([sys.executable, "-m", "compileall", "-qq", "pressrelease"], cwd=whole, env=environment, check=True)
    subprocess.run(asked, cwd=whole, env=environment, stdout=subprocess.DEVNULL, check=False)


def _load() -> None:
    """Import once what each run needs of others; the runs are forks of this process. Nothing of this program."""
    for name in LOADED:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.partition(".")[0] == "pressrelease"]
    sys.dont_write_bytecode = True
    os.environ |= {"HYPOTHESIS_PROFILE": "repeatable", "PYTHONDONTWRITEBYTECODE": "1"}


def _tried(chosen: Sequence[Guard], whole: Path) -> Iterator[Outcome]:
    """Run the tests of each guard on a copy without it, several at a time."""
    fork = multiprocessing.get_context("fork")
    waiting = list(reversed(chosen))
    running: dict[int, tuple[BaseProcess, Guard, Path, float]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            guard, began = waiting.pop(), time.monotonic()
            made = Path(tempfile.mkdtemp(dir=whole.parent))
            made.chmod(0o755)
            if trouble := _without(guard, whole, made / "copy"):
                yield Outcome(guard, trouble, time.monotonic() - began)
                continue
            process = fork.Process(target=_run, args=(made, guard.test))
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
    _copy(whole, folder, each=os.link)  # no test writes into the program or the tests
    path = folder / "pressrelease" / guard.file
    path.unlink()
    path.write_text(source.replace(guard.holds, guard.becomes), encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
        compiled.unlink()
    return ""


def _run(made: Path, test: str) -> None:
    """In a fork: run the cases of a test up to the first that fails, on this copy; pytest's words go to a file beside it."""
    folder = made / "copy"
    file, separator, name = test.partition("::")
    place = next((folder / "tests").rglob(file), Path(file))
    os.chdir(folder)
    out = os.open(made / "out", os.O_WRONLY | os.O_CREAT, 0o644)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.environ["PYTHONPATH"] = str(folder)
    sys.path.insert(0, str(folder))
    import pytest

    code = pytest.main(
        [
            "-n",
            "0",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "--tb=no",
            "--disable-warnings",
            "-m",
            "",
            "-k",
            "not postgresql",
            f"{place}{separator}{name}",
        ]
    )
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
