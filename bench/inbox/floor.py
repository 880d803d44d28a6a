"""The floor: a bare Flask view, and a bare Flask+Jinja page of as many bytes as ours. gunicorn bench.inbox.floor:app"""

import os

from flask import Flask

app = Flask(__name__)
SIZE = int(os.environ.get("FLOOR_BYTES", "40000"))
ROW = "<li><a href='/inbox/{{ n }}'>{{ name }}</a> {{ words }}</li>\n"
# Compiled once, as a template file is.
PAGE = app.jinja_env.from_string(
    "<!doctype html><title>{{ title }}</title><ul>{% for n, name, words in rows %}" + ROW + "{% endfor %}</ul>"
)
ROWS = [(n, f"Candidate {n}", "x" * 900) for n in range(SIZE // 960)]


@app.get("/bare")
def bare() -> tuple[str, int]:
    return "", 204


@app.get("/page")
def page() -> str:
    return PAGE.render(title="Floor", rows=ROWS)
