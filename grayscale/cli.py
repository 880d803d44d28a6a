"""The commands of ``flask --app app``."""

import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from prometheus_client import start_http_server

from grayscale import memory, metrics
from grayscale.cli_database import database_group
from grayscale.cli_sync import sync_command
from grayscale.config import current_config
from grayscale.crypto import UnreadableSecret
from grayscale.domain import audit, invitations, keys, single_sign_on, users
from grayscale.domain.errors import DomainError
from grayscale.models import Role
from grayscale.startup import NotReady, prepare

# Where the audit record says what is done here came from.
COMMAND_LINE = "command line"

users_group = AppGroup("users", help="People who may sign in.")
keys_group = AppGroup("keys", help="The keys that encrypt stored secrets.")


def register(app: Flask) -> None:
    for command in (users_group, keys_group, database_group, sync_command, work):
        app.cli.add_command(command)


@keys_group.command("rotate")
def rotate_keys() -> None:
    """Re-encrypt every secret with the first key of FERNET_KEYS."""
    audit.come_from(COMMAND_LINE)
    try:
        count = keys.rotate()
    except UnreadableSecret as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Re-encrypted {count} secrets with the first key; the other keys are no longer needed.")


@click.command("work")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Serve this process's own counters there.")
@with_appcontext
def work(metrics_port: int | None) -> None:
    """Run the jobs only, until SIGTERM: any number of such processes on one PostgreSQL."""
    if current_config().jobs != "workers":
        raise click.ClickException("JOBS is 'in-process': the web process runs the jobs; set JOBS=workers first.")
    # What it rests on is imported by none of the other commands, nor by a web process.
    from grayscale.jobs.worker import Worker  # noqa: PLC0415

    memory.keep_small()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        prepare(app, invites=False)
    except NotReady as error:
        raise click.ClickException(str(error)) from None
    if metrics_port is not None:
        start_http_server(metrics_port, registry=metrics.registry)
    Worker(app).run()


@users_group.command("allow-passwords")
def allow_passwords() -> None:
    """Let people sign in by password again, when the identity provider fails."""
    audit.come_from(COMMAND_LINE)
    was_off = single_sign_on.allow_passwords()
    click.echo("Password sign-in is on." if was_off else "Password sign-in was on already.")


@users_group.command("link")
@click.option("--email", required=True)
def make_link(email: str) -> None:
    """Make a one-time link by which a user chooses a new password."""
    audit.come_from(COMMAND_LINE)
    try:
        token = invitations.renew(users.called(email).id, by=None)
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Within three days, and once: {invitations.address(token)}")


@users_group.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([str(role) for role in Role]))
@click.option("--password-stdin", is_flag=True, required=True, help="One line on standard input.")
def create_user(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Create a user."""
    audit.come_from(COMMAND_LINE)
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        user = users.create(email=email, name=name, role=Role(role), password=password, by_operator=True)
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Created {user.role.value} {user.email}.")
