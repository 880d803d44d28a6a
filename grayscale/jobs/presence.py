"""Knowing that no other process works, so that the leases a killed one left behind need not run out first.

Every process that runs jobs holds a shared lock as long as it lives; the operating system, or PostgreSQL, lets go of it
however the process dies. Whoever can take that lock exclusively for a moment is alone, and every lease there is belongs
to the dead. What such a row's last attempt did is still unknown: it is looked up, not repeated.
"""

import fcntl
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
        self._file: IO[str] | None = None
        self._connection: Connection | None = None

    def arrive(self) -> bool:
        """Take a place; True when no other process holds one."""
        if self._engine.dialect.name == "sqlite":
            return self._arrive_at_file(Path(f"{self._engine.url.database}.jobs-lock"))
        return self._arrive_at_server()

    def _arrive_at_file(self, path: Path) -> bool:
        self._file = path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except OSError:
            alone = False
        fcntl.flock(self._file, fcntl.LOCK_SH)
        return alone

    def _arrive_at_server(self) -> bool:
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self._connection = connection
        alone = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}))
        connection.execute(text("SELECT pg_advisory_lock_shared(:lock)"), {"lock": LOCK})
        if alone:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        return alone

    def confirm(self) -> None:
        """Keep the place: a server drops connections that say nothing, and with them the lock."""
        if self._connection is None:
            return
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError as error:
            log.warning("lost the place among the working processes; taking it again", reason=str(error.orig))
            self.leave()
            self._arrive_at_server()

    def leave(self) -> None:
        """Give the place up."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
