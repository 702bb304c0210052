"""Statements compiled once for all SQLite stores of a process.

SQLAlchemy keeps what it compiled with the engine, and each command that a test calls in its process opens an engine of
its own: a tenth of the processor time of those tests went into compiling the same statements again.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine

_compiled: dict[Any, Any] = {}


@cache
def _dialect() -> Dialect:
    """The one that goes with the statements; it has learned at a connection what the library can do."""
    with create_engine("sqlite://").connect() as connection:
        return connection.dialect


def engine_that_shares(url: str, **how: Any) -> Engine:
    """What `create_engine` makes; on SQLite with what others of this process have compiled."""
    engine = create_engine(url, **how)
    if engine.dialect.name == "sqlite":
        engine.dialect = _dialect()
        engine.update_execution_options(compiled_cache=_compiled)
    return engine
