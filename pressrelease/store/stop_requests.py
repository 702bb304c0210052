"""Copy what STOP and HOLD files ask for into the record and the journal, in the name of the file's owner."""

from __future__ import annotations

import contextlib
from datetime import datetime

from pressrelease.errors import NotPermitted
from pressrelease.status.dossier import Directive
from pressrelease.store import Store, commands
from pressrelease.system import stop_file


def record_stop_files(store: Store, now: datetime) -> None:
    """Record what the files in a workspace's folder ask for, and remove them. One that can't be removed stays in force.

    The hold of a release that is not scheduled stays a file, and holds it once it is. In a copied workspace, or beside
    an older record, all files stay: recorded there, they would be gone once the right record is back.
    """
    if store.read.control().not_the_original:
        return
    stop = stop_file.requested_stop(store.workspace)
    if stop is not None:
        with store.ledger(now=now, actor=stop.by) as ledger:
            # Checked again inside the transaction: another pass may have recorded it, and a person resumed since.
            if stop_file.is_stopped(store.workspace) and not store.read.control().stopped:
                commands.stop(ledger, by=stop.by, why=stop.why)
        stop_file.remove(stop)
    for asked in stop_file.requested_holds(store.workspace):
        release = store.read.release(asked.slug)
        if release is None:
            continue
        with contextlib.suppress(NotPermitted), store.ledger(now=now, actor=asked.by) as ledger:  # it is out already
            if stop_file.is_held(store.workspace, asked.slug) and release.word is not Directive.HELD:
                commands.set_directive(ledger, asked.slug, Directive.HELD, by=asked.by, why=asked.why)
        stop_file.remove(asked)
