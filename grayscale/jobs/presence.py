"""Knowing that no other process works, so that the leases a killed one left behind need not run out first.

Every process that runs jobs holds a shared lock as long as it lives; the operating system, or PostgreSQL, lets go of it
however the process dies. Whoever can take that lock exclusively for a moment is alone, and every lease there is belongs
to the dead. What such a row's last attempt did is still unknown: it is looked up, not repeated.
"""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from grayscale.logging import get_logger

log = get_logger(__name__)

LOCK = 4_726_172


class Presence:
    """This process's place among those that run jobs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_here = False
        self._file: IO[str] | None = None
        self._connection: Connection | None = None

    def arrive(self, when_alone: Callable[[], object] = lambda: None) -> bool:
        """Take a place; True when no other process holds one.

        *when_alone* is called in that case, and nobody else arrives before it is done.
        """
        self._is_here = True
        if self._engine.dialect.name == "sqlite":
            return self._arrive_at_file(Path(f"{self._engine.url.database}.jobs-lock"), when_alone)
        return self._arrive_at_server(when_alone)

    def _arrive_at_file(self, path: Path, when_alone: Callable[[], object]) -> bool:
        self._file = path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except OSError:
            alone = False
        if alone:
            when_alone()
        fcntl.flock(self._file, fcntl.LOCK_SH)
        return alone

    def _arrive_at_server(self, when_alone: Callable[[], object] = lambda: None) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            alone = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}))
            if alone:
                when_alone()
            connection.execute(text("SELECT pg_advisory_lock_shared(:lock)"), {"lock": LOCK})
            if alone:
                connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        except BaseException:
            # Back in the pool it would keep whatever lock it got.
            connection.invalidate()
            connection.close()
            raise
        self._connection = connection
        return alone

    def confirm(self) -> None:
        """Keep the place: a server drops connections that say nothing, and with them the lock.

        Raises what the database raises while it is away; the next call takes the place again.
        """
        if not self._is_here or self._file is not None:
            return
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
                return
            except DBAPIError as error:
                log.warning("lost the place among the working processes; taking it again", reason=str(error.orig))
                self._let_go()
        self._arrive_at_server()

    def leave(self) -> None:
        """Give the place up."""
        self._is_here = False
        self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
