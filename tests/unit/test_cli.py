"""The commands an operator types."""

import pytest
from flask import Flask

from grayscale.config import current_config
from grayscale.domain import invitations, users
from grayscale.models import Role


def create(app: Flask, *, email: str = "Ana@Harbor.example", role: str = "super_admin", password: str = "admin-pw-1\n"):
    options = ["--email", email, "--name", "Ana Castillo", "--role", role, "--password-stdin"]
    return app.test_cli_runner().invoke(args=["users", "create", *options], input=password)


def test_a_user_is_created_from_one_line_of_standard_input(app: Flask) -> None:
    result = create(app)
    assert result.exit_code == 0, result.output
    user = users.authenticate("ana@harbor.example", "admin-pw-1")
    assert user is not None
    assert user.role is Role.SUPER_ADMIN
    assert "admin-pw-1" not in result.output


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"email": "not an address"}, "not an e-mail address"),
        ({"role": "owner"}, "'owner' is not one of"),
        ({"password": "\n"}, "needs 8 to"),
        ({"password": "12345678\n"}, "tried first"),
        ({"password": "password\n"}, "tried first"),
    ],
)
def test_bad_input_is_refused_in_words(app: Flask, values: dict[str, str], says: str) -> None:
    result = create(app, **values)
    assert result.exit_code != 0
    assert says in result.output
    assert "Traceback" not in result.output
    assert not users.exist()


def test_an_address_is_taken_once_whatever_its_case(app: Flask) -> None:
    assert create(app).exit_code == 0
    again = create(app, email="ANA@harbor.EXAMPLE")
    assert again.exit_code != 0
    assert "already a user" in again.output


def test_whoever_runs_the_server_gives_a_lost_password_back(app: Flask) -> None:
    create(app)
    result = app.test_cli_runner().invoke(args=["users", "link", "--email", "Ana@harbor.example"])
    assert result.exit_code == 0, result.output
    link = result.output.split()[-1]
    assert link.startswith(f"{current_config().public_url}/join/")
    assert invitations.accept(link.rsplit("/", 1)[1], "another long password").email == "ana@harbor.example"
    nobody = app.test_cli_runner().invoke(args=["users", "link", "--email", "who@harbor.example"])
    assert (nobody.exit_code, "no user with" in nobody.output) == (1, True)
