"""What a request gives, kept to what a database takes: no numbers beyond its own, no NUL characters.

A form or an address can hold either, by mistake or on purpose; neither is worth a failure on our side.
"""

from typing import Any

from flask import Flask, abort, request
from werkzeug.datastructures import ImmutableMultiDict

#: Row ids have 64 bits.
LARGEST = 2**63 - 1


class Given(ImmutableMultiDict[str, Any]):
    """Query or form: texts without what databases refuse; a number no row can have counts as not given.

    ``items`` and the like answer what came, which is what a signature covers.
    """

    # The original has an overload for each way to call it, which say no more than this.
    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]
        value = super().get(key, default, type)
        if isinstance(value, int) and abs(value) > LARGEST:
            return default
        return _without_nul(value)

    def getlist(self, key: str, type: Any = None) -> list[Any]:
        return [_without_nul(value) for value in super().getlist(key, type)]


def init_app(app: Flask) -> None:
    # Other extensions have a request of their own, which this one extends: bind it after them.
    app.request_class = type("GivenRequest", (app.request_class,), {"parameter_storage_class": Given})
    app.before_request(refuse_impossible)


def refuse_impossible() -> None:
    """An address with an id that no row can have, or with a NUL, leads nowhere."""
    for value in (request.view_args or {}).values():
        if (isinstance(value, int) and value > LARGEST) or (isinstance(value, str) and "\x00" in value):
            abort(404)


def _without_nul(value: Any) -> Any:
    return value.replace("\x00", "") if isinstance(value, str) else value
