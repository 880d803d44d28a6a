"""``flask database``: a copy of a serving SQLite database, and the move to PostgreSQL."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from grayscale.config import ConfigError, current_config, parse_database_url
from grayscale.domain import moving
from grayscale.extensions import db
from grayscale.jobs.presence import Presence
from grayscale.startup import NotReady, check_schema

database_group = AppGroup("database", help="Copies of the database: a backup, and the move to PostgreSQL.")


@database_group.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(file: Path) -> None:
    """Write the SQLite database to FILE while the application serves, and check the copy."""
    if not current_config().is_sqlite:
        raise click.ClickException('DATABASE_URL is PostgreSQL; use: pg_dump --format=custom "$DATABASE_URL"')
    if file.exists():
        raise click.ClickException(f"{file} exists; name a file that does not.")
    path = db.engine.url.database or ""
    if not Path(path).exists():
        raise click.ClickException(f"{path} does not exist yet; there is nothing to back up.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    # It holds everything: readable for its owner alone, from the first byte.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as source:
            source.execute("VACUUM INTO ?", [str(unfinished)])
        with closing(sqlite3.connect(unfinished)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        unfinished.unlink(missing_ok=True)
        raise click.ClickException(f"The copy could not be made: {error}") from None
    if verdict != "ok":
        unfinished.unlink(missing_ok=True)
        raise click.ClickException(f"The copy is damaged: {verdict}")
    unfinished.rename(file)
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, checked.")


@database_group.command("move")
@click.argument("target", envvar="TARGET_DATABASE_URL")
@click.option("--rehearse", is_flag=True, help="Copy while the application serves; what is written meanwhile is not.")
@with_appcontext
def move(target: str, rehearse: bool) -> None:
    """Copy everything from SQLite into the migrated, empty PostgreSQL database TARGET, and verify it.

    Stop the application first. The SQLite file stays as it is: going back is starting with it again. TARGET may also
    come as TARGET_DATABASE_URL, which keeps its password out of the list of processes.
    """
    if not current_config().is_sqlite:
        raise click.ClickException("DATABASE_URL is not SQLite: there is nothing to move.")
    try:
        url = parse_database_url(target, name="TARGET")
        check_schema()
    except (ConfigError, NotReady) as error:
        raise click.ClickException(str(error)) from None
    if url.startswith("sqlite"):
        raise click.ClickException("TARGET: must begin with postgresql:// or postgres://")
    here = Presence(db.engine)
    there = create_engine(url, hide_parameters=True)
    try:
        if not here.arrive() and not rehearse:
            raise click.ClickException(
                "The application is running on this database. Stop it first, so that nothing is written meanwhile;"
                " --rehearse copies it all the same, to see how long it takes."
            )
        _same_schema(db.engine, there)
        click.echo(f"{'table':<28}{'rows':>10}  checksum")
        moving.move(db.engine, there, lambda done: click.echo(f"{done.table:<28}{done.rows:>10}  {done.checksum}"))
    except moving.MoveFailed as error:
        raise click.ClickException(f"Nothing was moved: {error}.") from None
    except DBAPIError as error:
        raise click.ClickException(f"Nothing was moved: {str(error.orig).splitlines()[0]}") from None
    finally:
        here.leave()
        there.dispose()
    if rehearse:
        click.echo("All tables are as they were when the copy began. A rehearsal: empty the target before the move.")
    else:
        click.echo("All tables are the same on both sides. Now set DATABASE_URL to the new database and start.")


def _same_schema(source: Engine, target: Engine) -> None:
    """Raises ``MoveFailed`` unless both are migrated to the same version."""
    with target.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise moving.MoveFailed("the target has no tables yet; run there first: flask --app app db upgrade")
        there = connection.scalar(text("SELECT version_num FROM alembic_version"))
    with source.connect() as connection:
        here = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if here != there:
        raise moving.MoveFailed(f"the target is at version {there} and this database at {here}")
