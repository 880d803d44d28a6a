"""Template filters: times, numbers and names as people read them."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the filters."""
