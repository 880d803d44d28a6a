"""What stands in the frame of every page: navigation, banners, the chosen theme."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, request
from markupsafe import Markup

from grayscale.web.auth import me

THEME_COOKIE = "theme"
THEMES = ("light", "dark")

# Blueprint, words, icon.
MAIN = (("inbox", "Inbox", "inbox"), ("candidates", "Candidates", "people"), ("notes", "Notes", "note"))
# Group, then blueprint, words, for super admins only.
SETTINGS = (
    ("ATS Integration", (("settings_lever", "Lever", True), ("events", "Events", True))),
    (
        "Texting",
        (
            ("settings_texting", "Texting", True),
            ("wording", "Templates", False),
            ("settings_interviews", "Interviews", True),
        ),
    ),
    (
        "Company",
        (
            ("settings_company", "Company", True),
            ("settings_users", "Users", True),
            ("settings_sign_in", "Single sign-on", True),
            ("audit", "Audit", True),
        ),
    ),
    ("You", (("account", "My account", False), ("text_from_lever", "Text from Lever", False))),
)


@dataclass(frozen=True, slots=True)
class Item:
    label: str
    url: str
    icon: str
    is_current: bool


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(
        navigation=navigation, settings_navigation=settings_navigation, theme_attribute=theme_attribute
    )


def navigation() -> list[Item]:
    """The rail: what everybody has, and Settings with the first page this person may open."""
    return _for(me().is_super_admin, request.blueprint)[0]


def settings_navigation() -> list[tuple[str, list[Item]]]:
    """The settings this person may open, in groups."""
    return _for(me().is_super_admin, request.blueprint)[1]


def _for(is_super_admin: bool, current: str | None) -> tuple[list[Item], list[tuple[str, list[Item]]]]:
    """The rail and the settings, as one of the application's few kinds of pages shows them to one of two kinds of
    people: put together once."""
    made: dict[Any, tuple[list[Item], list[tuple[str, list[Item]]]]]
    made = current_app.extensions.setdefault("grayscale.navigation", {})
    key = is_super_admin, current
    if key not in made:
        groups = _groups(is_super_admin, current)
        items = [_item(blueprint, current, label, icon) for blueprint, label, icon in MAIN]
        if groups:
            pages = [item for _, group in groups for item in group]
            items.append(Item("Settings", pages[0].url, "settings", any(item.is_current for item in pages)))
        made[key] = [item for item in items if item is not None], groups
    return made[key]


def _groups(is_super_admin: bool, current: str | None) -> list[tuple[str, list[Item]]]:
    groups = []
    for name, pages in SETTINGS:
        found = [
            item
            for blueprint, label, admins_only in pages
            if (is_super_admin or not admins_only) and (item := _item(blueprint, current, label))
        ]
        if found:
            groups.append((name, found))
    return groups


def theme_attribute() -> Markup:
    """``data-theme`` when this browser chose one; without it the device decides."""
    theme = request.cookies.get(THEME_COOKIE)
    return Markup(' data-theme="{}"').format(theme) if theme in THEMES else Markup()


def _item(blueprint: str, current: str | None, label: str, icon: str = "") -> Item | None:
    """Its page is the shortest path of the blueprint that opens by itself."""
    paths = [
        rule.rule
        for rule in current_app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{blueprint}.") and not rule.arguments and "GET" in (rule.methods or ())
    ]
    return Item(label, min(paths, key=len), icon, current == blueprint) if paths else None
