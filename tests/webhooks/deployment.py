"""A deployment as a process of its own, its eight webhooks set up on both sides."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from grayscale import create_app
from grayscale.config import load_config
from grayscale.domain.lever import connection, tokens
from grayscale.extensions import db
from grayscale.models import LeverEvent
from grayscale.sandbox import Sandbox
from tests.flow.product import RECRUITER, Product

STAND_IN = "0123456789abcdef" * 3


@contextlib.contextmanager
def running(
    folder: Path, sandbox: Sandbox | None, database_url: str, *, fresh: bool = False
) -> Iterator[tuple[Product, str, dict[str, str]]]:
    """The product, its webhook URL and event -> token. Without a *sandbox* no API key is saved."""
    with contextlib.ExitStack() as stack:
        lever = sandbox or stack.enter_context(Sandbox(candidates=0))
        product = Product(folder, lever, database_url, fresh=fresh)
        product.command("db", "upgrade")
        product.create_user(RECRUITER, "Jonas Rehn", "recruiter")
        product.start()
        stack.callback(product.kill)
        app = create_app(load_config(product.environment, instance=folder))
        with app.app_context():
            url = tokens.webhook_url()
            saved = dict.fromkeys((event.value for event in LeverEvent), STAND_IN)
            if sandbox is not None:
                for event in LeverEvent:
                    webhook = sandbox.webhooks.set_page_url(event.value, url)
                    assert webhook is not None
                    saved[event.value] = webhook.signature_token
            for event in LeverEvent:
                tokens.save(event, saved[event.value], None)
            if sandbox is not None:
                connection.save_key(sandbox.api_key, None)
            db.session.remove()
            db.engine.dispose()
        yield product, url, saved
