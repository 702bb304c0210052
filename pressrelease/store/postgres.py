"""Connect to PostgreSQL, translate its refusals, and reject servers that can't keep the promise.

A server that may forget a commit, a standby that may lag behind a stop, and a pooler that hands each transaction to
another session could each let a release leave that must not, or twice. They are refused with a message that names them.
"""

from __future__ import annotations

import re
import select
import time
from typing import TYPE_CHECKING, Any

from pressrelease.errors import NOTHING_SENT, StateUnreadable, WillRetry

if TYPE_CHECKING:
    import psycopg
    from sqlalchemy import Engine

#: Seconds that a server may take to accept a connection, and again to answer on it.
PATIENCE = 10

#: Seconds that a second connection may take that is only opened to detect a pooler.
PROBE_PATIENCE = 2

#: The code of a WillRetry if no server answered; `store_busy` is the code if one did.
UNREACHABLE = "store_unreachable"

#: What libpq quotes from a server that turned the connection away: its severity, two spaces, its message.
_ANSWERED = re.compile(r"\b[A-Z]{4,}:  (.+)")

#: The refusals that a person must fix, by messages of the server or of libpq. Other languages count as unreachable.
_FOR_A_PERSON = re.compile(
    r"authentication failed|no password supplied|does not exist|no pg_hba\.conf entry|permission denied"
    r"|certificate|is not permitted to log in",
    re.IGNORECASE,
)

#: SQLSTATEs (PostgreSQL's manual, appendix A): a prepared statement that is another session's, or nobody's.
_OF_A_POOLER = frozenset({"26000", "42P05"})
_READ_ONLY = "25006"
_NOT_ALLOWED = "42501"

#: The settings of a server that forgets commits it confirmed, after a crash or a power cut.
_FORGETS = {"fsync": "off", "synchronous_commit": "off"}

#: One round trip starts a write: it takes the writers' turn and asks what the server is.
TURN = (
    "SELECT set_config('idle_in_transaction_session_timeout', '30s', true) AS idle,"
    " set_config('lock_timeout', '{milliseconds}ms', true) AS patience,"
    " pg_advisory_xact_lock(7046029254386353132) AS turn,"
    " current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,"
    " pg_is_in_recovery() AS standby"
)


def libpq_url(url: str) -> str:
    """Return the address as libpq takes it: SQLAlchemy's names its driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def connect(url: str, *, autocommit: bool = False, patience: int | None = None) -> psycopg.Connection[Any]:
    """Return a connection to a server that has answered on it.

    `patience` is in seconds (PATIENCE by default), for the connection and again for the first answer.

    Raises: WillRetry if no server can be reached, StateUnreadable if one refuses us or is a standby.
    """
    driver, patience = _driver(), PATIENCE if patience is None else patience
    given = {} if "connect_timeout" in url else {"connect_timeout": patience}
    connection: psycopg.Connection[Any]
    try:
        connection = driver.connect(libpq_url(url), autocommit=autocommit, **given)
    except driver.Error as error:
        raise _not_connected(error) from error
    try:
        if connection.info.parameter_status("in_hot_standby") == "on":
            raise _standby()
        _first_answer(connection, patience)
    except BaseException:
        connection.close()
        raise
    return connection


def engine(url: str, **options: Any) -> Engine:
    """Return SQLAlchemy's engine over connections made here. Raises StateUnreadable if the driver is missing."""
    _driver()
    from sqlalchemy import create_engine

    return create_engine(url, creator=lambda: connect(url), **options)


def refuse_a_pooler_by_transaction(url: str) -> None:
    """Refuse a connection pooler that gives each transaction another session. Raises StateUnreadable, WillRetry.

    A direct connection is recognized by the server's own process id. A pooler is proved by a second client that is
    given the session of a first one while that one is still connected.
    """
    with connect(url, autocommit=True) as first:
        session = _first_answer(first, PATIENCE)
        if session == first.info.backend_pid:
            return
        try:
            with connect(url, patience=PROBE_PATIENCE) as second:
                shared = _first_answer(second, PROBE_PATIENCE, b"BEGIN; SELECT pg_backend_pid()") == session
        except WillRetry:
            return  # it has no session to spare; a shared one would still be found out by its prepared statements
    if shared:
        raise _pooled()


def refuse_unfit(url: str) -> None:
    """Run every check that a write runs first, changing nothing. Raises StateUnreadable, WillRetry."""
    driver = _driver()
    with connect(url) as connection:
        try:
            turn = connection.cursor(row_factory=driver.rows.namedtuple_row).execute(TURN.format(milliseconds=3000))
            refuse_unsafe(turn.fetchone())
        except driver.Error as error:
            raise translated(error) from error
        finally:
            connection.rollback()
    refuse_a_pooler_by_transaction(url)


def refuse_unsafe(turn: Any) -> None:
    """Refuse a server that may forget a commit, or a standby; `turn` is the row that TURN returned.

    Raises: StateUnreadable.
    """
    if turn.standby:
        raise _standby()
    for name, value in _FORGETS.items():
        if getattr(turn, name) == value:
            raise StateUnreadable(
                f"The database server runs with {name} = {value}: after a crash it can forget what has gone out.",
                outcome=NOTHING_SENT,
                hint=f"Set {name} = on for this database, then try again.",
                code="store_unsafe",
            )


def translated(error: BaseException) -> StateUnreadable | WillRetry:
    """Return the driver's error as ours. The server's message is left out: it can quote a row."""
    driver = _driver()
    state = getattr(error, "sqlstate", None)
    if state in _OF_A_POOLER:
        return _pooled()
    if state == _READ_ONLY:
        return _standby()
    if isinstance(error, driver.OperationalError):
        if state is None:
            return _unreachable("it closed the connection")
        return WillRetry(
            f"The database server is busy or shutting down ({_named(error)}). Nothing more was sent.",
            hint="The next pass tries again. To see whether the server answers: `pressrelease doctor`.",
            code="store_busy",
        )
    hint = (
        "Ask the server's administrator to make this account the owner of the database's tables."
        if state == _NOT_ALLOWED
        else "Show this to your server's administrator. The database was not changed."
    )
    return StateUnreadable(f"The database server refused a query ({_named(error)}). Nothing more was sent.", hint=hint)


def _driver() -> Any:
    try:
        import psycopg
    except ImportError:
        raise StateUnreadable(
            "config.toml names a PostgreSQL database, and the PostgreSQL driver is not installed.",
            outcome=NOTHING_SENT,
            hint="Install it where pressrelease is installed: pip install 'psycopg[binary]>=3.2,<4'",
            code="store_driver_missing",
        ) from None
    return psycopg


def _not_connected(error: Exception) -> StateUnreadable | WillRetry:
    words = str(error).partition("\n\t")[0]
    answered = _ANSWERED.search(words)
    reason = " ".join((answered.group(1) if answered else words.rpartition("failed: ")[2]).split())
    if _FOR_A_PERSON.search(reason):
        return StateUnreadable(
            f"The database server refused the connection: {reason}.",
            outcome=NOTHING_SENT,
            hint="Check [store] url in config.toml, and the password in ~/.pgpass (a file of mode 0600) of the account"
            " that runs this command.",
            code="store_refused",
        )
    return _unreachable(reason)


def _unreachable(reason: str) -> WillRetry:
    return WillRetry(
        f"The database server can't be reached: {reason}. Nothing more was sent.",
        hint="Check that it is running and that [store] url in config.toml is right. The next pass tries again.",
        code=UNREACHABLE,
    )


def _standby() -> StateUnreadable:
    return StateUnreadable(
        "The database server is a read-only standby, which can lag behind a stop or a hold.",
        outcome=NOTHING_SENT,
        hint="Name the primary server in [store] url of config.toml.",
        code="store_unsafe",
    )


def _pooled() -> StateUnreadable:
    return StateUnreadable(
        "The connection goes through a pooler (PgBouncer?) in transaction mode. pressrelease needs its own sessions.",
        outcome=NOTHING_SENT,
        hint='In [store] url, name the database server itself, or set pool_mode = "session" for this database.',
        code="store_pooled",
    )


def _named(error: BaseException) -> str:
    """Return PostgreSQL's name for an error, such as `InsufficientPrivilege 42501`."""
    return f"{type(error).__name__} {getattr(error, 'sqlstate', None) or ''}".strip()


def _first_answer(connection: psycopg.Connection[Any], patience: float, ask: bytes = b"SELECT pg_backend_pid()") -> int:
    """Return the id of the server's process that answers. Raises WillRetry after `patience` seconds.

    A pooler accepts a connection at once and may then wait minutes for a free session; the driver would wait with it.
    """
    driver = _driver()
    line, end = connection.pgconn, time.monotonic() + patience
    found = 0
    try:
        line.send_query(ask)
        while True:
            while line.is_busy():
                if not select.select([line.socket], [], [], max(0.0, end - time.monotonic()))[0]:
                    raise _unreachable(f"it accepted the connection and did not answer for {patience} s")
                line.consume_input()
            result = line.get_result()
            if result is None:
                return found
            if result.status == driver.pq.ExecStatus.TUPLES_OK:
                found = int(result.get_value(0, 0) or 0)
            elif result.status == driver.pq.ExecStatus.FATAL_ERROR:
                raise _unreachable("it closed the connection")
    except driver.Error as error:
        raise translated(error) from error
