"""Filling in a site's own forms by their labels, as a person would: the standard library and requests are enough."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

TIMEOUT_SECONDS = 30


class FormError(Exception):
    """A page lacks the form or field that was looked for, or refused what was sent."""


@dataclass
class Field:
    name: str
    value: str
    kind: str
    id: str
    label: str = ""
    checked: bool = False


@dataclass
class Form:
    action: str
    fields: list[Field] = field(default_factory=list)
    # (text, name, value, formaction) of each button.
    buttons: list[tuple[str, str, str, str]] = field(default_factory=list)

    def has(self, labels: set[str], button: str) -> bool:
        return labels <= {entry.label for entry in self.fields} and button in {text for text, *_ in self.buttons}


class Page(HTMLParser):
    """The forms of a page and the fields outside of any."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.fields: list[Field] = []
        self.labels: dict[str, str] = {}
        self._form: Form | None = None
        self._text: list[str] | None = None
        self._label_for = ""
        self._label_fields: list[Field] = []
        self._in_label = False
        self._button: dict[str, str] | None = None
        self._select: Field | None = None
        self._has_option = False
        self._textarea: Field | None = None
        self.feed(html)
        for entry in self.fields:
            entry.label = entry.label or self.labels.get(entry.id, "")

    def _add(self, entry: Field) -> None:
        self.fields.append(entry)
        if self._form is not None:
            self._form.fields.append(entry)
        if self._in_label:
            self._label_fields.append(entry)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        common = (given.get("name", ""), given.get("value", ""))
        match tag:
            case "form":
                self._form = Form(given.get("action", ""))
                self.forms.append(self._form)
            case "label":
                self._in_label, self._label_for, self._label_fields, self._text = True, given.get("for", ""), [], []
            case "button":
                self._button, self._text = given, []
            case "input":
                kind = given.get("type", "text")
                self._add(
                    Field(*common, kind, given.get("id", ""), given.get("aria-label", ""), checked="checked" in given)
                )
            case "textarea":
                self._textarea = Field(given.get("name", ""), "", "textarea", given.get("id", ""))
                self._add(self._textarea)
            case "select":
                self._select = Field(given.get("name", ""), "", "select", given.get("id", ""))
                self._add(self._select)
                self._has_option = False
            case "option" if self._select is not None:
                # As a browser does: the selected option (the last, of several), else the first.
                is_selected = "selected" in given
                if is_selected or not self._has_option:
                    self._select.value = given.get("value", "")
                self._has_option = True

    def handle_endtag(self, tag: str) -> None:
        words = " ".join("".join(self._text or []).split())
        match tag:
            case "form":
                self._form = None
            case "label":
                if self._label_for:
                    self.labels[self._label_for] = words
                for entry in self._label_fields:
                    entry.label = words
                self._in_label, self._text = False, None
            case "button":
                if self._form is not None and self._button is not None:
                    given = self._button
                    self._form.buttons.append(
                        (words, given.get("name", ""), given.get("value", ""), given.get("formaction", ""))
                    )
                self._button, self._text = None, None
            case "select":
                self._select = None
            case "textarea":
                self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)
        if self._textarea is not None:
            self._textarea.value += data

    def value_of(self, label: str) -> str:
        """What the field with this label holds."""
        for entry in self.fields:
            if entry.label == label:
                return entry.value
        raise FormError(f"the page has no field labelled {label!r}")


class Session:
    """A signed-in person without a browser."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.http = requests.Session()

    def get(self, path: str) -> Page:
        response = self.http.get(urljoin(self.origin, path), timeout=TIMEOUT_SECONDS)
        if not response.ok:
            raise FormError(f"{path} answered {response.status_code}")
        return Page(response.text)

    def submit(self, path: str, values: dict[str, str], *, button: str) -> requests.Response:
        """Open *path*, fill the form that has all the labels of *values*, press *button*.

        Raises ``FormError`` when there is no such form or the answer is not a success.
        """
        page = self.get(path)
        form = next((form for form in page.forms if form.has(set(values), button)), None)
        if form is None:
            raise FormError(f"{path} has no form with {', '.join(values)} and the button {button!r}")
        data: list[tuple[str, str]] = []
        for entry in form.fields:
            if entry.label in values:
                data.append((entry.name, values[entry.label]))
            elif entry.name and (entry.kind not in ("checkbox", "radio", "file", "submit") or entry.checked):
                data.append((entry.name, entry.value))
        _, name, value, formaction = next(entry for entry in form.buttons if entry[0] == button)
        if name:
            data.append((name, value))
        target = urljoin(urljoin(self.origin, path), formaction or form.action or path)
        response = self.http.post(target, data=data, timeout=TIMEOUT_SECONDS, headers={"Referer": self.origin + path})
        if not response.ok:
            raise FormError(f"{path} answered {response.status_code} to {button!r}")
        return response
