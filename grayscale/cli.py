"""The commands of ``flask --app app``."""

import click
from flask import Flask
from flask.cli import AppGroup

from grayscale.domain import users
from grayscale.domain.errors import DomainError
from grayscale.models import Role

users_group = AppGroup("users", help="People who may sign in.")


def register(app: Flask) -> None:
    app.cli.add_command(users_group)


@users_group.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", required=True, type=click.Choice([str(role) for role in Role]))
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password as one line from standard input.")
def create_user(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Create a user."""
    password = click.get_text_stream("stdin").readline().rstrip("\r\n")
    try:
        user = users.create(email=email, name=name, role=Role(role), password=password)
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Created {user.role.value} {user.email}.")
