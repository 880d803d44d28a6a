"""A real PostgreSQL server for the tests: in a temporary directory, as an unprivileged user, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tools.prerequisites import postgresql_bin

UNPRIVILEGED = "nobody"
# Beside the tables, what a new deployment has in them.
KEEP_ROWS = """
DO $$ DECLARE one record; BEGIN
    CREATE SCHEMA kept;
    FOR one IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE kept.%1$I AS TABLE public.%1$I', one.name);
    END LOOP;
    CREATE TABLE kept.counters AS SELECT sequencename AS name, last_value, start_value FROM pg_sequences;
END $$
"""
# Neither references nor triggers are asked: all of it fits together at the end.
RESTORE_ROWS = """
DO $$ DECLARE one record; BEGIN
    SET LOCAL session_replication_role = replica;
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR one IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%1$I', one.name);
        EXECUTE format('INSERT INTO public.%1$I OVERRIDING SYSTEM VALUE SELECT * FROM kept.%1$I', one.name);
    END LOOP;
    FOR one IN SELECT * FROM kept.counters LOOP
        PERFORM setval(format('public.%I', one.name), coalesce(one.last_value, one.start_value),
            one.last_value IS NOT NULL);
    END LOOP;
END $$
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, and how to stop and start it again."""

    port: int
    data: Path
    # By database, the connection that empties it: what a new one learns about every table is most of the work.
    links: dict[str, psycopg.Connection] = field(default_factory=dict)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://grayscale@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str) -> psycopg.Connection:
        where = f"host=127.0.0.1 port={self.port} user=grayscale dbname={database}"
        return psycopg.connect(where, autocommit=True)

    def execute(self, statement: str, database: str = "postgres") -> None:
        with self.connect(database) as link:
            link.execute(statement)

    def empty(self, database: str, template: str) -> None:
        """Make *database* like the *template*: a copy of it if it is new, else its rows alone, which is ten times as
        quick."""
        if database not in self.links:
            self.execute(f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY FILE_COPY")
            self.links[database] = self.connect(database)
            self.links[database].execute(KEEP_ROWS)
            return
        try:
            self.links[database].execute(RESTORE_ROWS)
        except psycopg.OperationalError:  # the server was restarted
            self.links[database] = self.connect(database)
            self.links[database].execute(RESTORE_ROWS)

    def control(self, *arguments: str) -> None:
        """Run ``pg_ctl`` on this server and wait until it is done."""
        _run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data / "server.log"), *arguments)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server until the block ends. Its data need not survive a crash, so it is told not to wait for the disk."""
    folder = Path(tempfile.mkdtemp(prefix="grayscale-postgresql-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam(UNPRIVILEGED)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    server = Server(port=_free_port(), data=folder / "data")
    try:
        _run("initdb", "-D", str(server.data), "-U", "grayscale", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {server.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        with (server.data / "postgresql.conf").open("a") as settings:
            settings.write("\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 100\n")
        server.control("-o", options, "start")
        yield server
    finally:
        for link in server.links.values():
            link.close()
        if server.data.exists():
            server.control("-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(program: str, *arguments: str) -> None:
    folder = postgresql_bin()
    if folder is None:
        raise RuntimeError("no PostgreSQL server is installed; run: python -m tools.prerequisites")
    # PostgreSQL refuses to run as root.
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    done = subprocess.run(
        [str(folder / program), *arguments], user=user, cwd="/", check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        stderr=subprocess.STDOUT if program == "initdb" else subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stdout}")
