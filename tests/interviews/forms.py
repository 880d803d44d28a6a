"""Filling in a form of a parsed page."""

from typing import Any

from bs4 import Tag


def fields(form: Tag, **values: Any) -> dict[str, Any]:
    """What a browser would send, with *values* filled in."""
    found: dict[str, Any] = {}
    for element in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(element["name"]), element.get("type", "")
        if kind in ("checkbox", "radio"):
            if element.has_attr("checked"):
                found.setdefault(name, []).append(element["value"])
        elif element.name == "select":
            chosen = element.select_one("option[selected]") or element.select_one("option")
            found[name] = chosen["value"] if chosen else ""
        else:
            found[name] = element.get_text().lstrip("\n") if element.name == "textarea" else element.get("value", "")
    return {**found, **values}
