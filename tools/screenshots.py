"""Pictures of every state of the inbox, on demo data: ``python -m tools.screenshots [folder]``.

Laptop and phone, light and dark. The application runs in this process on a temporary database.
"""

import argparse
import logging
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from grayscale import create_app
from grayscale.config import load_config
from grayscale.domain.company import ensure_rows
from grayscale.extensions import db, limiter
from grayscale.models import Role, User
from tools import demo_data, demo_states
from tools.prerequisites import headless_chromium

ROOT = Path(__file__).parent.parent
SIZES = {"laptop": {"width": 1280, "height": 820}, "phone": {"width": 390, "height": 780}}
SCHEMES = ("light", "dark")


@contextmanager
def office(*, empty: bool) -> Iterator[tuple[Flask, str]]:
    """The application on loopback, with a day's data or with nothing but one super admin."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        url = f"http://127.0.0.1:{port}"
        environment = {
            "SECRET_KEY": "only-for-pictures-" * 2,
            "FERNET_KEYS": Fernet.generate_key().decode(),
            "PUBLIC_URL": url,
            "PORT": str(port),
            "DATABASE_URL": f"sqlite:///{folder}/pictures.db",
        }
        app = create_app(load_config(environment, instance=Path(folder)))
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        with app.app_context():
            limiter.enabled = False
            upgrade(directory=str(ROOT / "migrations"))
            if empty:
                ensure_rows()
                db.session.add(
                    User(
                        name="Ana Castillo",
                        email="ana@harbor.example",
                        role=Role.SUPER_ADMIN,
                        password_hash=demo_data.PASSWORD_HASH,
                        created_at=demo_data.ago(0),
                    )
                )
                db.session.commit()
            else:
                demo_data.seed()
            db.session.remove()
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield app, url
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            with app.app_context():
                db.engine.dispose()


def conversation(app: Flask, name: str) -> str:
    with app.app_context():
        return f"/inbox/{demo_states.conversation_of(name).id}"


def typed_search(page: Page) -> None:
    page.get_by_label("Search conversations").fill("forklift")
    page.locator("#list mark").first.wait_for()


def disconnected(page: Page) -> None:
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('inbox:poll'))")
    page.locator("#offline").wait_for(timeout=15_000)


def send_later(page: Page) -> None:
    page.locator("#later summary").click()


def candidate(page: Page) -> None:
    button = page.get_by_role("button", name="Candidate", exact=True)
    if button.is_visible():
        button.click()


def keys(page: Page) -> None:
    page.keyboard.press("?")


def quiet(app: Flask) -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
        with app.app_context():
            demo_states.quiet_hours()
        page.reload()
        with app.app_context():
            demo_states.any_hour()

    return prepare


def writing(app: Flask) -> Callable[[Page], None]:
    def prepare(page: Page) -> None:
        with app.app_context():
            demo_states.is_writing("Mei", "Mira Okafor")
        page.locator("#presence .avatar").wait_for()

    return prepare


def answered(app: Flask) -> Callable[[Page], None]:
    """A colleague's answer comes in between, and Send says so."""

    def prepare(page: Page) -> None:
        page.get_by_label("Message", exact=True).fill("The east entrance, and parking is free")
        with app.app_context():
            demo_states.answers("Mei", "Mira Okafor", "Use the east entrance, parking is free there.")
        page.get_by_role("button", name="Send", exact=True).click()
        page.locator(".meanwhile").wait_for()

    return prepare


State = tuple[str, str, Callable[[Page], None] | None]


def shoot(browser: Browser, url: str, who: str, states: list[State], folder: Path) -> None:
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport=viewport, color_scheme=scheme, base_url=url)  # type: ignore[arg-type]
            page = context.new_page()
            page.goto("/login")
            page.get_by_label("Email").fill(f"{who}@harbor.example")
            page.get_by_label("Password", exact=True).fill(demo_data.PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/inbox*")
            for name, path, prepare in states:
                page.goto(path)
                if prepare is not None:
                    prepare(page)
                page.wait_for_timeout(250)
                target = folder / f"{name}-{size}-{scheme}.png"
                page.screenshot(path=target)
                page.context.set_offline(False)
                print(target, flush=True)
            context.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "screenshots")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    path = headless_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with office(empty=True) as (_, url):
            shoot(
                browser, url, "ana", [("first-run", "/inbox", None), ("candidates-empty", "/candidates", None)], folder
            )
        with office(empty=False) as (app, url):
            with app.app_context():
                demo_states.unsure("Lucía Moreno")
                demo_states.sounds_like_stop("Ibrahim Sesay")
            shoot(
                browser,
                url,
                "jonas",
                [
                    ("list", "/inbox?view=mine", None),
                    ("busy", conversation(app, "Mira Okafor"), None),
                    ("candidate", conversation(app, "Mira Okafor"), candidate),
                    ("scheduled", conversation(app, "Aisha Karim"), send_later),
                    ("opted-out", conversation(app, "Grace Lindqvist"), None),
                    ("failed", conversation(app, "Deshawn Brooks"), None),
                    ("search", "/inbox", typed_search),
                    ("candidates", "/candidates", None),
                    ("unsure", conversation(app, "Lucía Moreno"), None),
                    ("opt-out-suggested", conversation(app, "Ibrahim Sesay"), None),
                    ("quiet-hours", conversation(app, "Wei Zhang"), quiet(app)),
                    ("presence", conversation(app, "Mira Okafor"), writing(app)),
                    ("keys", "/inbox", keys),
                    ("disconnected", conversation(app, "Tomás Herrera"), disconnected),
                    # These two last: one is remembered as the view, the other adds a text to the day.
                    ("empty", "/inbox?view=archived&after=2000-01-01T00:00:00%2B00:00~1", None),
                    ("answered-meanwhile", conversation(app, "Mira Okafor"), answered(app)),
                ],
                folder,
            )
        browser.close()
    # The README's picture.
    shutil.copyfile(folder / "busy-laptop-light.png", ROOT / "docs" / "images" / "inbox.png")


if __name__ == "__main__":
    main()
