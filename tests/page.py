"""A browser for tests: every page it gets is parsed and held to what any page must be."""

from collections import Counter
from typing import Any

import html5lib
from bs4 import BeautifulSoup
from flask import Flask, g
from werkzeug.test import TestResponse

from grayscale.domain import sessions
from grayscale.models import User
from grayscale.web.auth import CARRIED


class Page:
    """One answer, and what a person sees in it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.get_data(as_text=True) if (response.mimetype or "").startswith("text/") else ""
        self.soup = BeautifulSoup(self.text, "lxml")

    @property
    def words(self) -> str:
        """The visible text, blanks folded."""
        return " ".join(self.soup.get_text(" ").split())

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    def select(self, css: str) -> list[Any]:
        return list(self.soup.select(css))

    def one(self, css: str) -> Any:
        """The only element that matches."""
        found = self.select(css)
        assert len(found) == 1, f"{len(found)} elements match {css}"
        return found[0]

    def field(self, label: str) -> Any:
        """The form field with this label, as a screen reader finds it."""
        for element in self.soup.select("label"):
            if " ".join(element.get_text(" ").split()) == label:
                return self.one(f'[id="{element["for"]}"]') if element.get("for") else element.find(
                    ["input", "select", "textarea"]
                )
        for element in self.soup.select(f'[aria-label="{label}"]'):
            return element
        raise AssertionError(f"no field is labelled {label!r}")


class Browser:
    """A test client, signed in as *user* if one is given, that sends the CSRF token as the page's forms do."""

    def __init__(self, app: Flask, user: User | None = None) -> None:
        self.client = app.test_client()
        self.app = app
        if user is not None:
            with self.client.session_transaction(base_url="https://texting.test") as session:
                session[CARRIED] = sessions.begin(user.id, label="Test browser")

    def get(self, path: str, *, htmx: bool = False, **kwargs: Any) -> Page:
        return self._open("GET", path, htmx=htmx, **kwargs)

    def post(self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **kwargs: Any) -> Page:
        return self._open("POST", path, htmx=htmx, data=data or {}, **kwargs)

    def fetch(self, method: str, path: str, *, htmx: bool = False, **kwargs: Any) -> TestResponse:
        """One answer as it came, not looked at."""
        headers = dict(kwargs.pop("headers", {}))
        if htmx:
            headers["HX-Request"] = "true"
        # Requests share the application context of the test; none may see who signed in the one before.
        for name in list(g):
            g.pop(name)
        before = self.app.config.get("WTF_CSRF_ENABLED", True)
        # Guards over all routes prove the tokens; here they would only cost a page before each post.
        self.app.config["WTF_CSRF_ENABLED"] = kwargs.pop("check_csrf", False)
        try:
            return self.client.open(path, method=method, headers=headers, base_url="https://texting.test", **kwargs)
        finally:
            self.app.config["WTF_CSRF_ENABLED"] = before

    def _open(self, method: str, path: str, *, htmx: bool, **kwargs: Any) -> Page:
        response = self.fetch(method, path, htmx=htmx, **kwargs)
        page = Page(response)
        if response.mimetype == "text/html" and page.text.strip():
            lint(page, whole="<html" in page.text[:500].lower())
        return page


# Pages of the same elements in the same order, and as many end tags, are valid together or not at all.
_valid: set[int] = set()


def lint(page: Page, *, whole: bool) -> None:
    """What no page may get wrong."""
    elements = page.soup.find_all(True)
    ids = Counter(element["id"] for element in elements if element.get("id"))
    doubled = [name for name, times in ids.items() if times > 1]
    assert not doubled, f"ids used twice: {sorted(doubled)}"
    labelled = {element["for"] for element in elements if element.name == "label" and element.get("for")}
    for element in elements:
        inline = [name for name in element.attrs if name == "style" or name.startswith(("on", "hx-on"))]
        assert not inline, f"inline {inline} on {str(element)[:200]}"
        if element.name == "form":
            assert element.get("action"), f"a form without an action: {str(element)[:200]}"
        elif element.name == "script":
            is_known = element.get("src") or element.get("nonce") or element.get("type") == "application/json"
            assert is_known, str(element)[:200]
        elif element.name in ("input", "select", "textarea") and element.get("type") not in ("hidden", "submit"):
            named = element.get("aria-label") or element.get("aria-labelledby") or element.find_parent("label")
            assert named or element.get("id") in labelled, f"no label: {str(element)[:200]}"
    if whole:
        made_of = hash((page.text.count("</"), *((element.name, *element.attrs) for element in elements)))
        if made_of not in _valid:
            parser = html5lib.HTMLParser(strict=False)
            parser.parse(page.text)
            assert not parser.errors, f"not valid HTML: {parser.errors[:3]}"
            _valid.add(made_of)
        assert len(page.select("h1")) == 1, "a page has one h1"
        assert page.soup.title is not None, "a page has a title"
        assert page.soup.title.get_text(strip=True), "a title has words"
        assert page.soup.html["lang"] == "en"
