"""One page of a list as Lever answers it, and the answers that are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from grayscale.clients.errors import Retryable
from grayscale.clients.lever.fields import MissingId
from grayscale.clients.lever.types import Page

T = TypeVar("T")


class NotAPage(Retryable):
    """Lever answered 200 with something that is no page of a list. Asked again, it mostly is one."""


def read_page(body: Mapping[str, Any], parse: Callable[[object], T], offset: str | None) -> Page[T]:
    """The page asked for by *offset*. Raises ``NotAPage``."""
    rows = body.get("data")
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list):
        raise NotAPage("Lever's answer holds no list.", status=200)
    token = body.get("next")
    if type(token) is int:
        token = str(token)
    # Some lists leave hasNext out; a token alone then says that there is more.
    goes_on = body.get("hasNext")
    if goes_on is None:
        goes_on = token is not None
    if goes_on and not (isinstance(token, str) and token):
        # Going on as if this were the last page would quietly lose the rest.
        raise NotAPage("Lever's answer holds no token for the next page.", status=200)
    if goes_on and token == offset:
        raise NotAPage("Lever's answer leads back to the same page.", status=200)
    found: list[T] = []
    oddities: list[str] = []
    for row in rows:
        try:
            found.append(parse(row))
        except MissingId as error:
            oddities.append(str(error))
    return Page(tuple(found), token if goes_on else None, tuple(oddities))
