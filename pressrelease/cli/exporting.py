"""`export`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pressrelease.cli.options import MaybeSlugsArgument, command
from pressrelease.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from pressrelease.config import Config
    from pressrelease.services.exporting import Exported
    from pressrelease.services.exporting.verify_archive import Finding, Outside

app = typer.Typer()


@command(app, "export", dry_run=True)
def export(
    session: Session,
    slugs: MaybeSlugsArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The new archive, which only you can read.", show_default=False
        ),
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option("--verify", metavar="FILE", help="Check an archive instead of making one.", show_default=False),
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option(
            "--signers",
            metavar="FILE",
            help="With --verify: who signs with which key. Default: allowed_signers of config.toml.",
            show_default=False,
        ),
    ] = None,
    authorities: Annotated[
        Path | None,
        typer.Option(
            "--authorities",
            metavar="FILE",
            help="With --verify: whose time stamps count (PEM). Default: timestamp_ca of config.toml.",
            show_default=False,
        ),
    ] = None,
    head: Annotated[
        str,
        typer.Option(
            "--head",
            metavar="N:HASH",
            help="With --verify: a head of the journal that you kept, which must be in it.",
            show_default=False,
        ),
    ] = "",
    index: Annotated[
        str,
        typer.Option(
            "--index",
            metavar="SHA256",
            help="With --verify: the archive's SHA-256, as `export` printed it.",
            show_default=False,
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Write everything about releases into one archive, which can be checked without this program.

    Every version as text, HTML and Word, approvals with signatures, clearances, deliveries with receipts, the journal,
    a summary, and a script that checks it all. A release under embargo is exported too, and marked as embargoed.

    \b
    pressrelease export names-released -o record.zip
    pressrelease export --verify record.zip
    """
    from pressrelease.errors import Usage
    from pressrelease.services.exporting.verify_archive import Outside

    if verify is not None:
        if slugs or output is not None:
            raise Usage("--verify checks an archive and makes none.", hint="`pressrelease export --verify FILE`")
        known = Outside(_signers(session, signers), head, index, authorities=_authorities(session, authorities))
        _verify(session, verify, known)
        return
    if not slugs or output is None:
        raise Usage("Which releases, and into which file?", hint="`pressrelease export SLUG -o FILE`")
    from pressrelease.cli.journal_sentences import journal_sentence
    from pressrelease.cli.reporting import give_refused
    from pressrelease.services.exporting import export as write

    context = session.context()
    sentence = partial(journal_sentence, timezone=context.config.office.timezone, named=False)
    exported = write(context, slugs, output, sentence=sentence, force=force)
    session.give(_answer(session, exported))
    _say(session, exported)
    give_refused(session, exported.results, not_done="NOT IN IT")


def _answer(session: Session, exported: Exported) -> dict[str, Any]:
    return {
        "file": str(exported.file),
        "bytes": exported.size,
        "releases": [{"slug": slug} for slug in exported.results.done],
        "index": exported.index,
        "head": str(exported.head),
        "embargoed": list(exported.embargoes),
        "dry_run": session.dry_run,
    } | exported.results.as_json()


def _say(session: Session, exported: Exported) -> None:
    what = "Would write" if session.dry_run else "Wrote"
    session.warn(*exported.embargoes)
    session.say(
        f"{what} {exported.file} ({max(1, exported.size >> 10)} KiB, 0600): {', '.join(exported.results.done)}.",
        *exported.left_out,
        *(
            ["It contains text that nobody outside may read yet, so keep it where only you can."]
            if exported.embargoes
            else []
        ),
        "Keep these elsewhere, to show later that nothing was changed:",
        f"  index: {exported.index}",
        f"  head:  {exported.head}",
    )


def _verify(session: Session, file: Path, outside: Outside) -> None:
    from pressrelease.errors import NotFound, Refused
    from pressrelease.services.exporting.verify_archive import verify
    from pressrelease.system.programs import system_program

    if not file.is_file():
        raise NotFound(f"There is no file {file}.", hint="Name the archive that `export` wrote.", code="no_archive")
    ssh_keygen, openssl = system_program("ssh-keygen"), system_program("openssl")
    found = verify(str(file), outside._replace(ssh_keygen=ssh_keygen, openssl=openssl))
    wrong = [one for one in found if one.holds is False]
    session.give(
        {
            "file": str(file),
            "holds": not wrong,
            "findings": [{"holds": one.holds, "message": one.says} for one in found],
        }
    )
    if not session.as_json:
        session.say(*(_line(one) for one in found))
    if wrong:
        raise Refused(
            f"Does not hold: {len(wrong)} of {len(found)} checks of {file.name}.",
            hint="Don't rely on this archive. Ask who made it for another copy.",
            code="archive_refused",
        )
    session.say("Everything that was checked holds.")


def _line(finding: Finding) -> str:
    mark = {True: "holds        ", False: "DOES NOT HOLD", None: "not checked  "}[finding.holds]
    return f"{mark}  {finding.says}"


def _signers(session: Session, named: Path | None) -> bytes | None:
    """Return the file of signers that was named, or that of config.toml; None where there is none."""
    from pressrelease.errors import NotFound, Usage
    from pressrelease.signing.signers import read_signers

    path = named or _configured(session, lambda config: config.policy.allowed_signers)
    if path is None:
        return None
    try:
        trusted, others = read_signers(path)
    except OSError:
        raise NotFound(f"{path} can't be read.", hint="Name the file of signers.", code="no_signers") from None
    if others:
        raise Usage(
            f"{path} can't be trusted: {others}. Nothing was checked.",
            hint="Put it where only its owner can write: `chmod go-w FILE`, and the same for every folder above it.",
            code="signers_untrusted",
        )
    return trusted


def _authorities(session: Session, named: Path | None) -> bytes | None:
    """Return the certificates that were named, or those of config.toml; None where there are none."""
    from pressrelease.errors import NotFound

    path = named or _configured(session, lambda config: config.journal.timestamp_ca)
    try:
        return path.read_bytes() if path is not None else None
    except OSError:
        raise NotFound(f"{path} can't be read.", hint="Name the certificates.", code="no_authorities") from None


def _configured(session: Session, key: Callable[[Config], str]) -> Path | None:
    """Return a file that config.toml names; None where there is no workspace, as anywhere else."""
    from pressrelease.errors import PressReleaseError

    try:
        named = key(session.workspace.config)
    except PressReleaseError:
        return None
    return Path(named) if named else None
