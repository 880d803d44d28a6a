"""What follows once it is certain who somebody is, however they proved it."""

from flask import Response, make_response, redirect

from grayscale.domain import users
from grayscale.models import User
from grayscale.web import throttle
from grayscale.web.auth import sign_in


def let_in(user: User, target: str, by: str = "password") -> Response:
    """Sign this person in, remember that this browser is theirs, and go on to *target*. *by* is how they proved it."""
    sign_in(user)
    users.signed_in(user.id, by=by)
    return throttle.remember_device(make_response(redirect(target, 303)), user.email)
