"""A Lever, an application on a day's data that knows two of its candidates, and a Chromium with the extension in it."""

import io
import json
import logging
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect
from werkzeug.serving import make_server

from grayscale import create_app
from grayscale.database import transaction
from grayscale.domain import sessions
from grayscale.extensions import db, limiter
from grayscale.models import Candidate, Opportunity, User
from grayscale.sandbox import Sandbox, start_sandbox
from grayscale.web.auth import CARRIED
from tests.chromium import FLAGS, shared_playwright
from tests.conftest import make_config
from tests.inbox.conftest import Office, demo_file
from tools import demo_data
from tools.demo import free_port
from tools.prerequisites import chromium

__all__ = ["demo_file"]

# What blocks third-party cookies in Chromium, as its settings page does.
NO_THIRD_PARTY_COOKIES = {"profile": {"block_third_party_cookies": True, "cookie_controls_mode": 1}}


@pytest.fixture
def lever() -> Iterator[Sandbox]:
    with start_sandbox(candidates=8, seed=7) as running:
        yield running


@dataclass
class Place:
    """The application, and the addresses in Lever of two candidates that stand one after the other there."""

    office: Office
    mira: str
    next_to_mira: str


@pytest.fixture
def place(demo_file: Path, tmp_path: Path, lever: Sandbox) -> Iterator[Place]:
    path = tmp_path / "office.db"
    shutil.copyfile(demo_file, path)
    port = free_port(0)
    # Another host than Lever's, as in life.
    url = f"http://localhost:{port}"
    app = create_app(make_config(f"sqlite:///{path}", public_url=url, port=port))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    rows = sorted(
        (row for row in lever.lever.data.opportunities.values() if row.archived is None),
        key=lambda row: -(row.last_interaction_at or 0),
    )
    with app.app_context():
        limiter.enabled = False
        with transaction() as session:
            session.execute(db.update(Opportunity).values(url=f"{lever.lever_origin}/candidates/elsewhere"))
        for name, row in (("Mira Okafor", rows[0]), ("Tomás Herrera", rows[1])):
            become(name, row.id)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        office = Office(app, url, None)  # type: ignore[arg-type]  # its people bring a browser of their own
        yield Place(office, *(f"{lever.lever_origin}/candidates/{row.id}" for row in rows[:2]))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


def become(name: str, lever_id: str) -> None:
    """Give a candidate of the day's data the id of one in Lever."""
    with transaction() as session:
        opportunity = session.scalars(
            db.select(Opportunity).join(Candidate).where(Candidate.name == name).order_by(Opportunity.id)
        ).first()
        assert opportunity is not None
        opportunity.lever_id = lever_id


class Desk:
    """A person's Chromium with the extension, third-party cookies blocked."""

    def __init__(self, context: BrowserContext, app: Flask, url: str, profile: Path) -> None:
        self.context, self.app, self.url, self._profile = context, app, url, profile
        context.set_default_timeout(15_000)
        # It may take an empty tab over for its set-up page: nobody else begins before it has.
        self.set_up = self._named("options.html", context)
        expect.set_options(timeout=15_000)

    def sign_in(self, first_name: str) -> Page:
        page = self.context.new_page()
        page.goto(f"{self.url}/login")
        page.get_by_label("Email").fill(f"{first_name.lower()}@harbor.example")
        page.get_by_label("Password", exact=True).fill(demo_data.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/inbox*")
        return page

    def panel(self) -> Page:
        """The side panel, which only the debugger of the browser as a whole lists among its pages."""
        port = (self._profile / "DevToolsActivePort").read_text().split()[0]
        whole = shared_playwright().chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        return self._named("/panel.html?tab=", whole.contexts[0])

    def _named(self, part: str, among: BrowserContext) -> Page:
        for _ in range(300):
            for page in among.pages:
                if part in page.url:
                    return page
            # Lets the browser say what it opened meanwhile.
            among.pages[0].wait_for_timeout(50)
        raise AssertionError(f"no page {part} in {[page.url for page in among.pages]}")


def conversation(panel: Page) -> FrameLocator:
    return panel.frame_locator("#conversation")


@pytest.fixture
def desk(place: Place, tmp_path: Path) -> Iterator[Desk]:
    app, url = place.office.app, place.office.url
    folder, profile = tmp_path / "extension", tmp_path / "profile"
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps(NO_THIRD_PARTY_COOKIES))
    jonas = app.test_client()
    with app.app_context():
        user = db.session.scalars(db.select(User).where(User.email == "jonas@harbor.example")).one()
        token = sessions.begin(user.id, label="Download")
    with jonas.session_transaction(base_url=url) as session:
        session[CARRIED] = token
    # The very file a person downloads.
    download = jonas.get("/text-from-lever/extension.zip", base_url=url)
    zipfile.ZipFile(io.BytesIO(download.data)).extractall(folder)
    context = shared_playwright().chromium.launch_persistent_context(
        str(profile),
        executable_path=chromium(),
        viewport={"width": 1280, "height": 820},
        ignore_default_args=["--disable-extensions"],
        args=[
            *FLAGS, "--headless=new", "--remote-debugging-port=0",
            f"--disable-extensions-except={folder}", f"--load-extension={folder}",
        ],
    )  # fmt: skip
    try:
        yield Desk(context, app, url, profile)
    finally:
        expect.set_options(timeout=5_000)
        context.close()

